/* stack: tensors one under another, y = (x_0; x_1; ...).
 *
 *	x_i [T_i, D]   y [T_0 + T_1 + ..., D] */
#include "base/context_impl.h"
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

static heed_code shape(heed_node *node)
{
	const int cols = node->in[0]->dim[1];
	int rows = 0;

	for (int i = 0; i < HEED__MAX_IN && node->in[i] != NULL; i++) {
		const heed_tensor *x = node->in[i];

		if (x->rank != 2 || x->dim[1] != cols)
			return heed__misfit(node, "tensor %d is [%d,%d]; expected %d columns as the first", i,
					    x->dim[0], x->dim[1], cols);
		rows += x->dim[0];
	}
	heed__shape_matrix(node, rows, cols);
	return HEED_OK;
}

static void forward(heed_node *node)
{
	float *y = node->out->data;

	for (int i = 0; i < HEED__MAX_IN && node->in[i] != NULL; i++) {
		const size_t n = heed_tensor_size(node->in[i]);

		memcpy(y, node->in[i]->data, n * sizeof *y);
		y += n;
	}
}

/* dx_i += its rows of dy */
static void backward(heed_node *node)
{
	const float *dy = node->out->grad;

	for (int i = 0; i < HEED__MAX_IN && node->in[i] != NULL; i++) {
		const size_t n = heed_tensor_size(node->in[i]);
		bool accumulate;
		float *const dx = heed__grad_of(node, node->in[i], &accumulate);

		if (dx != NULL && accumulate)
			node->kernels->add(n, dy, dx);
		else if (dx != NULL)
			memcpy(dx, dy, n * sizeof *dx);
		dy += n;
	}
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

/* parts, rows of the first, rows more in each next one, columns, columns more in the last one, first part again? */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *parts[16] = {NULL};

	for (int i = 0; i < n[0]; i++)
		parts[i] = heed__case_leaf(inputs, n[1] + i * n[2], n[3] + (i == n[0] - 1 ? n[4] : 0));
	if (n[5] && n[0] > 0)
		parts[n[0] - 1] = parts[0];
	return heed_stack(tape, parts, n[0]);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {3, 2, 1, 5}},
	{.name = "one", build, {1, 1, 0, 1}},
	{.name = "more than a call takes", build, {15, 1, 1, 3}},
	{.name = "a tensor twice", build, {8, 2, 0, 4, 0, 1}},
	{.name = "no rows at first", build, {3, 0, 2, 4}},
	{.name = "columns differ", build, {3, 2, 1, 5, 1}, .bad = true},
	{.name = "none", build, {0}, .bad = true},
	{0},
};

const heed_op heed__op_stack = {
	.name = "stack",
	.inputs = 1,
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

/* Where the i-th of the groups begins that parts are put together in. */
static int group(int count, int i)
{
	return (int)((int64_t)count * i / HEED__MAX_IN);
}

heed_tensor *heed_stack(heed_tape *tape, heed_tensor *const *parts, int count)
{
	heed_tensor *groups[HEED__MAX_IN], *y;

	if (count < 1) {
		heed__tape_fail(tape, heed__error(heed_tape_ctx(tape), HEED_E_SHAPE, "stack: no tensors"));
		return NULL;
	}
	for (int i = 0; i < count; i++)
		if (parts[i] == NULL)
			return NULL;
	if (count <= HEED__MAX_IN)
		return heed__record(tape, &heed__op_stack, parts, count, NULL);
	for (int i = 0; i < HEED__MAX_IN; i++)
		groups[i] = heed_stack(tape, parts + group(count, i), group(count, i + 1) - group(count, i));
	y = heed__record(tape, &heed__op_stack, groups, HEED__MAX_IN, NULL);
	for (int i = 0; i < HEED__MAX_IN; i++)
		heed__tape_drop(tape, groups[i]);
	return y;
}
