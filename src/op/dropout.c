/* dropout: y = mask x, each number kept with probability 1 - p and scaled up by its inverse (Srivastava et al. 2014).
 *
 *	x, y [T, D] */
#include "heed/ops.h"
#include "tensor/tape.h"

typedef struct attr {
	double dropout;
} attr;

enum { X };
#define GRAIN 64 /* rows a chunk */

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X];

	if (x->rank != 2)
		return heed__misfit(node, "x has %d axes; expected 2", x->rank);
	heed__shape_matrix(node, x->dim[0], x->dim[1]);
	return HEED_OK;
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const heed__mask mask = heed__node_mask(node, ((const attr *)node->attr)->dropout);
	const size_t d = (size_t)node->out->dim[1], at = (size_t)row0 * d;

	(void)chunk;
	node->kernels->dropout((size_t)(row1 - row0) * d, node->in[X]->data + at, node->out->data + at, &mask,
			       at);
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], GRAIN, rows);
}

/* dx += mask dy, with the bits of the forward pass */
static void rows_grad(heed_node *node, int row0, int row1, int chunk)
{
	const heed__mask mask = heed__node_mask(node, ((const attr *)node->attr)->dropout);
	const size_t d = (size_t)node->out->dim[1], at = (size_t)row0 * d;

	(void)chunk;
	node->kernels->dropout_add((size_t)(row1 - row0) * d, node->out->grad + at, node->in[X]->grad + at,
				   &mask, at);
}

static void backward(heed_node *node)
{
	if (heed__grad_add(node, node->in[X]) != NULL)
		heed__for_rows(node, node->out->dim[0], GRAIN, rows_grad);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

/* rows, columns, per cent, a vector? */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	return heed_dropout(tape, heed__case_leaf(inputs, n[0], n[3] ? 0 : n[1]), n[2] / 100.0);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {20, 24, 40}},
	{.name = "odd columns", build, {130, 7, 10}},
	{.name = "one number", build, {1, 1, 50}},
	{.name = "a vector", build, {4, 1, 50, 1}, .bad = true},
	{.name = "a batch", build, {700, 650, 50}, .timed = true},
	{0},
};

const heed_op heed__op_dropout = {
	.name = "dropout",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_dropout(heed_tape *tape, heed_tensor *x, double probability)
{
	if (probability <= 0 || (heed_tape_flags(tape) & HEED_TAPE_TRAIN) == 0)
		return x;
	return heed__record(tape, &heed__op_dropout, (heed_tensor *[]){x}, 1, &(attr){probability});
}
