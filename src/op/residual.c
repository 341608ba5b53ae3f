/* residual: y = x + dropout(r).
 *
 *	x, r, y [T, D] */
#include "heed/ops.h"
#include "op/residual_rows.h"

typedef struct attr {
	double dropout;
} attr;

enum { X, R };

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X];

	if (!heed__residual_fits(x, node->in[R]))
		return heed__misfit(node, "x is [%d,%d] but r is [%d,%d]", x->dim[0], x->dim[1],
				    node->in[R]->dim[0], node->in[R]->dim[1]);
	heed__shape_matrix(node, x->dim[0], x->dim[1]);
	return HEED_OK;
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const size_t d = (size_t)node->out->dim[1], at = (size_t)row0 * d, n = (size_t)(row1 - row0) * d;

	(void)chunk;
	node->kernels->scale(n, 1.0f, node->in[X]->data + at, node->out->data + at);
	node->kernels->dropout_add(n, node->in[R]->data + at, node->out->data + at, &mask, at);
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], HEED__RESIDUAL_GRAIN, rows);
}

static void backward(heed_node *node)
{
	const attr *a = node->attr;
	const heed__mask none = heed__node_mask(node, 0), mask = heed__node_mask(node, a->dropout);

	heed__residual_gradient(node, node->in[X], node->out->grad, &none);
	heed__residual_gradient(node, node->in[R], node->out->grad, &mask);
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]), *r = heed__case_leaf(inputs, n[0], n[1] + n[3]);

	return heed_residual(tape, x, n[4] ? x : r, n[2] / 100.0);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {4, 7}},
	{.name = "one number", build, {1, 1}},
	{.name = "dropout", build, {40, 24, 40}},
	{.name = "x twice", build, {3, 5, 0, 0, 1}},
	{.name = "widths differ", build, {4, 7, 0, 1}, .bad = true},
	{.name = "a batch", build, {3500, 128, 10}, .timed = true},
	{0},
};

const heed_op heed__op_residual = {
	.name = "residual",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.cases = cases,
};

heed_tensor *heed_residual(heed_tape *tape, heed_tensor *x, heed_tensor *r, double dropout)
{
	return heed__record(tape, &heed__op_residual, (heed_tensor *[]){x, r}, 2, &(attr){dropout});
}
