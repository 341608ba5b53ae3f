/* window_embedding: y_i = scale [E[w_(i-n+1)] ... E[w_i]], the last n tokens up to each one.
 *
 *	table E [V, D]   y [T, n D], or [sequences, n D] of the last tokens alone
 *
 * w_j is token j of its sequence; places before the beginning hold the token `before` (Bengio et al. 2003, section
 * 2). */
#include "heed/ops.h"
#include "tensor/tape.h"

typedef heed_window_options attr;

enum { TABLE };
#define SLICES 16 /* of the rows of the table, for the scattered sums */

static heed_code shape(heed_node *node)
{
	const heed_tensor *e = node->in[TABLE];
	const attr *a = node->attr;
	const int v = e->dim[0], rows = heed_spans_rows(a->spans);

	if (e->rank != 2 || a->window < 1 || a->before < 0 || a->before >= v)
		return heed__misfit(node, "a window of %d that begins with id %d, of a table of %d rows",
				    a->window, a->before, v);
	if (e->dim[1] > INT32_MAX / a->window)
		return heed__misfit(node, "a window of %d vectors of %d numbers is too wide", a->window,
				    e->dim[1]);
	for (int i = 0; i < rows; i++)
		if (a->ids[i] < 0 || a->ids[i] >= v)
			return heed__misfit(node, "id %d of token %d is outside the table of %d rows",
					    a->ids[i], i, v);
	heed__shape_matrix(node, a->last ? a->spans.count : rows, a->window * e->dim[1]);
	return HEED_OK;
}

/* The token in slot k of the window that ends with token i of the sequence that begins at start. */
static int id_at(const attr *a, int start, int i, int k)
{
	const int j = i - a->window + 1 + k;

	return j < 0 ? a->before : a->ids[start + j];
}

static size_t row_at(const attr *a, int sequence, int i)
{
	return (size_t)(a->last ? sequence : a->spans.start[sequence] + i);
}

static void look_up(heed_node *node, int s0, int s1, int chunk)
{
	const heed_tensor *e = node->in[TABLE];
	const attr *a = node->attr;
	const size_t d = (size_t)e->dim[1];

	(void)chunk;
	for (int s = s0; s < s1; s++) {
		const int start = a->spans.start[s], n = a->spans.start[s + 1] - start;

		for (int i = a->last ? n - 1 : 0; i < n; i++) {
			float *y = node->out->data + row_at(a, s, i) * (size_t)node->out->dim[1];

			for (int k = 0; k < a->window; k++, y += d)
				node->kernels->scale(d, (float)a->scale,
						     e->data + (size_t)id_at(a, start, i, k) * d, y);
		}
	}
}

static void forward(heed_node *node)
{
	const attr *a = node->attr;

	heed__for_rows(node, a->spans.count, 1, look_up);
}

/* dE[w_k] += scale dy_k: each slice of the table takes its own rows, in order. */
static void scatter(heed_node *node, int v0, int v1, int chunk)
{
	heed_tensor *const e = node->in[TABLE];
	const attr *a = node->attr;
	const size_t d = (size_t)e->dim[1];

	(void)chunk;
	for (int s = 0; s < a->spans.count; s++) {
		const int start = a->spans.start[s], n = a->spans.start[s + 1] - start;

		for (int i = a->last ? n - 1 : 0; i < n; i++) {
			const float *dy = node->out->grad + row_at(a, s, i) * (size_t)node->out->dim[1];

			for (int k = 0; k < a->window; k++, dy += d) {
				const int id = id_at(a, start, i, k);

				if (id >= v0 && id < v1)
					node->kernels->axpy(d, (float)a->scale, dy, e->grad + (size_t)id * d);
			}
		}
	}
}

static void backward(heed_node *node)
{
	heed_tensor *const e = node->in[TABLE];

	if (heed__grad_add(node, e) != NULL)
		heed__for_rows(node, e->dim[0], e->dim[0] / SLICES + 1, scatter);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = heed__case_spans(inputs, n[2], n[3]);
	const int *const ids = heed__case_ids(inputs, heed_spans_rows(spans), n[0]);

	return heed_window_embedding(tape, heed__case_leaf(inputs, n[0] - n[6], n[1]),
				     (heed_window_options){.ids = ids,
							   .spans = spans,
							   .window = n[4],
							   .before = n[7],
							   .scale = 1.5,
							   .last = n[5] != 0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {11, 3, 4, 7, 3, 0, 0, 1}},
	{.name = "one token", build, {1, 1, 1, 1, 1}},
	{.name = "no sequences", build, {3, 4, 0, 1, 2}},
	{.name = "longer than any text", build, {6, 2, 3, 4, 9}},
	{.name = "last tokens", build, {6, 5, 3, 4, 2, 1}},
	{.name = "id outside", build, {3, 4, 4, 9, 2, 0, 2}, .bad = true},
	{.name = "no window", build, {3, 4, 2, 3, 0}, .bad = true},
	{.name = "begins with an id outside", build, {3, 4, 2, 3, 2, 0, 0, 3}, .bad = true},
	{.name = "a batch", build, {10000, 64, 140, 29, 5}, .timed = true},
	{0},
};

const heed_op heed__op_window_embedding = {
	.name = "window_embedding",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_window_embedding(heed_tape *tape, heed_tensor *table, heed_window_options options)
{
	return heed__record(tape, &heed__op_window_embedding, &table, 1, &options);
}
