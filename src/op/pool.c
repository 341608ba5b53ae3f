/* pool: one row of each sequence.
 *
 *	x [T, D]   y [sequences, D]
 *	last, first: that row of the sequence;   max, mean: over its rows, column by column
 *
 * The gradient of a maximum goes to the first row that has it. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef struct attr {
	heed_spans spans;
	heed_pooling pooling;
} attr;

enum { X };
#define GRAIN 8 /* sequences a chunk */

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X];
	const attr *a = node->attr;

	if (x->rank != 2 || heed_spans_rows(a->spans) != x->dim[0])
		return heed__misfit(node, "x is [%d,%d] but the spans hold %d rows", x->dim[0], x->dim[1],
				    heed_spans_rows(a->spans));
	for (int s = 0; s < a->spans.count; s++)
		if (a->spans.start[s + 1] <= a->spans.start[s])
			return heed__misfit(node, "sequence %d is empty", s);
	heed__shape_matrix(node, a->spans.count, x->dim[1]);
	return HEED_OK;
}

/* The one row that first and last take. */
static size_t chosen(const attr *a, int s)
{
	return (size_t)(a->pooling == HEED_POOL_FIRST ? a->spans.start[s] : a->spans.start[s + 1] - 1);
}

static void max_into(size_t n, const float *x, float *y)
{
	for (size_t j = 0; j < n; j++)
		y[j] = x[j] > y[j] ? x[j] : y[j];
}

static void rows(heed_node *node, int s0, int s1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)node->out->dim[1];

	(void)chunk;
	for (int s = s0; s < s1; s++) {
		const int first = a->spans.start[s], end = a->spans.start[s + 1];
		const bool all = a->pooling == HEED_POOL_MAX || a->pooling == HEED_POOL_MEAN;
		const float *x = node->in[X]->data + (all ? (size_t)first : chosen(a, s)) * n;
		float *const y = node->out->data + (size_t)s * n;

		memcpy(y, x, n * sizeof *y);
		for (int i = first + 1; all && i < end; i++)
			if (a->pooling == HEED_POOL_MAX)
				max_into(n, node->in[X]->data + (size_t)i * n, y);
			else
				node->kernels->add(n, node->in[X]->data + (size_t)i * n, y);
		if (a->pooling == HEED_POOL_MEAN)
			node->kernels->scale(n, 1.0f / (float)(end - first), y, y);
	}
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], GRAIN, rows);
}

/* Each dy_j to the first row of x, from row `first` on, where x_j is the maximum y_j. */
static void max_grad(const heed_node *node, int s, int first, int end)
{
	const size_t n = (size_t)node->out->dim[1], at = (size_t)s * n;

	for (size_t j = 0; j < n; j++)
		for (int i = first; i < end; i++) {
			const size_t from = (size_t)i * n + j;

			if (node->in[X]->data[from] == node->out->data[at + j]) {
				node->in[X]->grad[from] += node->out->grad[at + j];
				break;
			}
		}
}

static void rows_grad(heed_node *node, int s0, int s1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)node->out->dim[1];
	float *const dx = node->in[X]->grad;

	(void)chunk;
	for (int s = s0; s < s1; s++) {
		const int first = a->spans.start[s], end = a->spans.start[s + 1];
		const float *dy = node->out->grad + (size_t)s * n;

		if (a->pooling == HEED_POOL_MAX)
			max_grad(node, s, first, end);
		else if (a->pooling == HEED_POOL_MEAN)
			for (int i = first; i < end; i++)
				node->kernels->axpy(n, 1.0f / (float)(end - first), dy, dx + (size_t)i * n);
		else
			node->kernels->add(n, dy, dx + chosen(a, s) * n);
	}
}

static void backward(heed_node *node)
{
	if (heed__grad_add(node, node->in[X]) != NULL)
		heed__for_rows(node, node->out->dim[0], GRAIN, rows_grad);
}

static bool keeps_result(const heed_node *node)
{
	return ((const attr *)node->attr)->pooling == HEED_POOL_MAX;
}

/* sequences, longest, columns, pooling, rows too many */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = heed__case_spans(inputs, n[0], n[1]);
	heed_tensor *x = heed__case_leaf(inputs, heed_spans_rows(spans) + n[4], n[2]);

	return heed_pool(tape, x, spans, (heed_pooling)n[3]);
}

/* The second of two sequences is empty. */
static heed_tensor *build_empty(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	static const int start[] = {0, 3, 3};

	return heed_pool(tape, heed__case_leaf(inputs, 3, 4), (heed_spans){2, start}, (heed_pooling)n[3]);
}

static const heed__op_case cases[] = {
	{.name = "last", build, {5, 6, 7, HEED_POOL_LAST}},
	{.name = "first", build, {5, 6, 7, HEED_POOL_FIRST}},
	{.name = "mean", build, {20, 6, 7, HEED_POOL_MEAN}},
	{.name = "max", build, {20, 6, 17, HEED_POOL_MAX}, .rough = true},
	{.name = "max of one", build, {4, 1, 3, HEED_POOL_MAX}},
	{.name = "rows too many", build, {5, 6, 7, HEED_POOL_MEAN, 1}, .bad = true},
	{.name = "an empty sequence", build_empty, {0, 0, 0, HEED_POOL_MEAN}, .bad = true},
	{0},
};

const heed_op heed__op_pool = {
	.name = "pool",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_pool(heed_tape *tape, heed_tensor *x, heed_spans spans, heed_pooling pooling)
{
	return heed__record(tape, &heed__op_pool, (heed_tensor *[]){x}, 1, &(attr){spans, pooling});
}
