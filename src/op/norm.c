/* norm: y = gain (x - mean)/sqrt(var + eps) + bias over each row (Ba, Kiros and Hinton 2016, equation 4).
 *
 *	x [T, D]   gain, bias [D]   y [T, D] */
#include "heed/ops.h"
#include "op/norm_rows.h"

typedef struct attr {
	double eps;
} attr;

enum { X, GAIN, BIAS };

static heed_code shape(heed_node *node)
{
	return heed__norm_shape(node, node->in[X], node->in[GAIN], node->in[BIAS]);
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;

	(void)chunk;
	heed__norm_rows(node, row0, row1, node->in[X], NULL, NULL, node->in[GAIN], node->in[BIAS], a->eps);
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], HEED__NORM_GRAIN, rows);
}

static void backward(heed_node *node)
{
	heed__norm_backward(node, node->in[X], node->in[GAIN], node->in[BIAS]);
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]);
	heed_tensor *gain = heed__case_leaf(inputs, n[1] + n[2], 0), *bias = heed__case_leaf(inputs, n[1], 0);

	return heed_norm(tape, x, gain, bias, 1e-5);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {4, 7}},
	{.name = "two numbers", build, {1, 2}, .rough = true},
	{.name = "several chunks", build, {70, 5}},
	{.name = "no rows", build, {0, 8}},
	{.name = "gain too long", build, {4, 7, 1}, .bad = true},
	{.name = "a batch", build, {3500, 128}, .timed = true},
	{0},
};

const heed_op heed__op_norm = {
	.name = "norm",
	.inputs = 3,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.cases = cases,
};

heed_tensor *heed_norm(heed_tape *tape, heed_tensor *x, heed_tensor *gain, heed_tensor *bias, double eps)
{
	return heed__record(tape, &heed__op_norm, (heed_tensor *[]){x, gain, bias}, 3, &(attr){eps});
}
