/* gather: rows of a tensor by number, y_i = x_(rows[i]).
 *
 *	x [T, D]   y [count, D] */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef struct attr {
	const int *rows;
	int count;
} attr;

enum { X };

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X];
	const attr *a = node->attr;

	if (x->rank != 2 || a->count < 0)
		return heed__misfit(node, "%d rows of [%d,%d]", a->count, x->dim[0], x->dim[1]);
	for (int i = 0; i < a->count; i++)
		if (a->rows[i] < 0 || a->rows[i] >= x->dim[0])
			return heed__misfit(node, "row %d is outside of [%d,%d]", a->rows[i], x->dim[0],
					    x->dim[1]);
	heed__shape_matrix(node, a->count, x->dim[1]);
	return HEED_OK;
}

static void forward(heed_node *node)
{
	const attr *a = node->attr;
	const size_t n = (size_t)node->out->dim[1];

	for (int i = 0; i < a->count; i++)
		memcpy(node->out->data + (size_t)i * n, node->in[X]->data + (size_t)a->rows[i] * n,
		       n * sizeof(float));
}

/* dx_(rows[i]) += dy_i, in the order of i */
static void backward(heed_node *node)
{
	const attr *a = node->attr;
	const size_t n = (size_t)node->out->dim[1];
	float *const dx = heed__grad_add(node, node->in[X]);

	for (int i = 0; dx != NULL && i < a->count; i++)
		node->kernels->add(n, node->out->grad + (size_t)i * n, dx + (size_t)a->rows[i] * n);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

/* rows, columns, count, what the row numbers overshoot by */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	int *const rows = heed__case_ids(inputs, n[2], n[0]);

	if (rows == NULL)
		return NULL;
	if (n[2] > 0)
		rows[0] += n[3];
	return heed_gather(tape, heed__case_leaf(inputs, n[0], n[1]), rows, n[2]);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {9, 5, 4}},
	{.name = "rows that come often", build, {3, 17, 11}},
	{.name = "one number", build, {1, 1, 1}},
	{.name = "none", build, {4, 3, 0}},
	{.name = "row outside", build, {4, 3, 2, 4}, .bad = true},
	{.name = "row below zero", build, {4, 3, 2, -4}, .bad = true},
	{0},
};

const heed_op heed__op_gather = {
	.name = "gather",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_gather(heed_tape *tape, heed_tensor *x, const int *rows, int count)
{
	return heed__record(tape, &heed__op_gather, (heed_tensor *[]){x}, 1, &(attr){rows, count});
}
