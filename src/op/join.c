/* join: two tensors side by side, y_i = (a_i, b_i).
 *
 *	a [T, A]   b [T, B]   y [T, A + B] */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

enum { A, B };
#define GRAIN 64 /* rows a chunk */

static heed_code shape(heed_node *node)
{
	const heed_tensor *a = node->in[A], *b = node->in[B];

	if (a->rank != 2 || b->rank != 2 || a->dim[0] != b->dim[0])
		return heed__misfit(node, "a is [%d,%d] but b is [%d,%d]; rows must agree", a->dim[0],
				    a->dim[1], b->dim[0], b->dim[1]);
	heed__shape_matrix(node, a->dim[0], a->dim[1] + b->dim[1]);
	return HEED_OK;
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const size_t left = (size_t)node->in[A]->dim[1], right = (size_t)node->in[B]->dim[1];

	(void)chunk;
	for (size_t i = (size_t)row0; i < (size_t)row1; i++) {
		float *const y = node->out->data + i * (left + right);

		memcpy(y, node->in[A]->data + i * left, left * sizeof *y);
		memcpy(y + left, node->in[B]->data + i * right, right * sizeof *y);
	}
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], GRAIN, rows);
}

/* dx += columns [at, at + its width) of dy; a and b may be one tensor, so one after the other. */
static void part_gradient(heed_node *node, heed_tensor *x, size_t at)
{
	const size_t n = (size_t)x->dim[1], all = (size_t)node->out->dim[1];
	float *const dx = heed__grad_add(node, x);

	for (size_t i = 0; dx != NULL && i < (size_t)x->dim[0]; i++)
		node->kernels->add(n, node->out->grad + i * all + at, dx + i * n);
}

static void backward(heed_node *node)
{
	part_gradient(node, node->in[A], 0);
	part_gradient(node, node->in[B], (size_t)node->in[A]->dim[1]);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

/* rows, columns of a, of b, rows more in b, twice the same? */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *a = heed__case_leaf(inputs, n[0], n[1]);
	heed_tensor *b = n[4] ? a : heed__case_leaf(inputs, n[0] + n[3], n[2]);

	return heed_join(tape, a, b);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {5, 3, 7}},
	{.name = "one number each", build, {1, 1, 1}},
	{.name = "a tensor with itself", build, {4, 5, 5, 0, 1}},
	{.name = "no rows", build, {0, 3, 4}},
	{.name = "rows differ", build, {5, 3, 7, 1}, .bad = true},
	{0},
};

const heed_op heed__op_join = {
	.name = "join",
	.inputs = 2,
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_join(heed_tape *tape, heed_tensor *a, heed_tensor *b)
{
	return heed__record(tape, &heed__op_join, (heed_tensor *[]){a, b}, 2, NULL);
}
