/* residual_norm: y = norm(x + dropout(r)), the end of a post-norm sub-layer (Vaswani et al. 2017, section 3.1).
 *
 *	x, r [T, D]   gain, bias [D]   y [T, D] */
#include "heed/ops.h"
#include "op/norm_rows.h"
#include "op/residual_rows.h"

typedef struct attr {
	double eps, dropout;
} attr;

enum { X, R, GAIN, BIAS };

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X], *r = node->in[R];

	if (!heed__residual_fits(x, r))
		return heed__misfit(node, "x is [%d,%d] but r is [%d,%d]", x->dim[0], x->dim[1], r->dim[0],
				    r->dim[1]);
	return heed__norm_shape(node, x, node->in[GAIN], node->in[BIAS]);
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);

	(void)chunk;
	heed__norm_rows(node, row0, row1, node->in[X], node->in[R], &mask, node->in[GAIN], node->in[BIAS],
			a->eps);
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], HEED__NORM_GRAIN, rows);
}

static void backward(heed_node *node)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const float *ds = heed__norm_backward(node, node->in[X], node->in[GAIN], node->in[BIAS]);

	heed__residual_gradient(node, node->in[R], ds, &mask);
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]), *r = heed__case_leaf(inputs, n[0] + n[3], n[1]);
	heed_tensor *gain = heed__case_leaf(inputs, n[1], 0), *bias = heed__case_leaf(inputs, n[1] + n[4], 0);

	return heed_residual_norm(tape, x, r, gain, bias, 1e-5, n[2] / 100.0);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {4, 7}},
	{.name = "dropout", build, {6, 16, 30}},
	{.name = "several chunks", build, {70, 8, 10}},
	{.name = "rows differ", build, {4, 7, 0, 1}, .bad = true},
	{.name = "bias too long", build, {4, 7, 0, 0, 1}, .bad = true},
	{.name = "a batch", build, {3500, 128, 10}, .timed = true},
	{0},
};

const heed_op heed__op_residual_norm = {
	.name = "residual_norm",
	.inputs = 4,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.cases = cases,
};

heed_tensor *heed_residual_norm(heed_tape *tape, heed_tensor *x, heed_tensor *r, heed_tensor *gain,
				heed_tensor *bias, double eps, double dropout)
{
	return heed__record(tape, &heed__op_residual_norm, (heed_tensor *[]){x, r, gain, bias}, 4,
			    &(attr){eps, dropout});
}
