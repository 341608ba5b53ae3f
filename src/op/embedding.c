/* embedding: y_i = dropout(scale E[ids_i] + P[p_i]).
 *
 *	table E [V, D]   positions P [longest, D] or absent   y [T, D]
 *
 * p_i is the place of row i in its sequence, or one place for all rows (decoding). */
#include "heed/ops.h"
#include "tensor/tape.h"

typedef heed_embedding_options attr;

enum { TABLE, POSITIONS };
#define GRAIN  64
#define SLICES 16 /* of the rows of a table, for the scattered sums */

static heed_code check_ids(heed_node *node, const attr *a)
{
	const int v = node->in[TABLE]->dim[0];

	for (int i = 0; i < a->count; i++)
		if (a->ids[i] < 0 || a->ids[i] >= v)
			return heed__misfit(node, "id %d of token %d is outside the table of %d rows",
					    a->ids[i], i, v);
	return HEED_OK;
}

static heed_code check_positions(heed_node *node, const attr *a)
{
	const heed_tensor *p = node->in[POSITIONS];
	int longest = a->spans.count == 0 ? a->position + 1 : 0;

	for (int s = 0; s < a->spans.count; s++) {
		const int n = a->spans.start[s + 1] - a->spans.start[s];

		longest = n > longest ? n : longest;
	}
	if (p->rank != 2 || p->dim[1] != node->in[TABLE]->dim[1])
		return heed__misfit(node, "positions are %d wide but the table is %d wide", p->dim[1],
				    node->in[TABLE]->dim[1]);
	if (a->count > 0 && longest > p->dim[0])
		return heed__misfit(node, "a sequence has %d tokens but there are %d positions", longest,
				    p->dim[0]);
	return HEED_OK;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *e = node->in[TABLE];
	const attr *a = node->attr;

	if (e->rank != 2 || a->count < 0 || (a->spans.count > 0 && heed_spans_rows(a->spans) != a->count))
		return heed__misfit(node, "%d ids but the spans hold %d rows", a->count,
				    heed_spans_rows(a->spans));
	heed__shape_matrix(node, a->count, e->dim[1]);
	node->scratch_floats = node->grad ? (size_t)a->count * (size_t)e->dim[1] : 0;
	if (check_ids(node, a) != HEED_OK ||
	    (node->in[POSITIONS] != NULL && check_positions(node, a) != HEED_OK))
		return heed_error_code(node->ctx);
	return HEED_OK;
}

/* The sequence that row i belongs to, by bisection. */
static int sequence_of(heed_spans spans, int row)
{
	int low = 0, high = spans.count;

	while (high - low > 1) {
		const int mid = low + (high - low) / 2;

		if (spans.start[mid] <= row)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static void look_up(heed_node *node, int row0, int row1, int chunk)
{
	const heed_tensor *e = node->in[TABLE], *p = node->in[POSITIONS];
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const size_t d = (size_t)e->dim[1];
	int s = a->spans.count > 0 ? sequence_of(a->spans, row0) : 0;

	(void)chunk;
	for (int i = row0; i < row1; i++) {
		float *const y = node->out->data + (size_t)i * d;

		while (a->spans.count > 0 && i >= a->spans.start[s + 1])
			s++;
		node->kernels->scale(d, (float)a->scale, e->data + (size_t)a->ids[i] * d, y);
		if (p != NULL) {
			const int place = a->spans.count > 0 ? i - a->spans.start[s] : a->position;

			node->kernels->add(d, p->data + (size_t)place * d, y);
		}
	}
	if (mask.p > 0) {
		float *const y = node->out->data + (size_t)row0 * d;

		node->kernels->dropout((size_t)(row1 - row0) * d, y, y, &mask, (size_t)row0 * d);
	}
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], GRAIN, look_up);
}

/* d = mask dy, into scratch */
static void unmask(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const size_t d = (size_t)node->out->dim[1], at = (size_t)row0 * d;

	(void)chunk;
	node->kernels->dropout((size_t)(row1 - row0) * d, node->out->grad + at, node->scratch + at, &mask,
			       at);
}

/* dE[ids_i] += scale d_i: each slice of the table takes its own rows, in order. */
static void scatter_table(heed_node *node, int v0, int v1, int chunk)
{
	const attr *a = node->attr;
	const size_t d = (size_t)node->out->dim[1];

	(void)chunk;
	for (int i = 0; i < a->count; i++)
		if (a->ids[i] >= v0 && a->ids[i] < v1)
			node->kernels->axpy(d, (float)a->scale, node->scratch + (size_t)i * d,
					    node->in[TABLE]->grad + (size_t)a->ids[i] * d);
}

/* dP[p] += d_i */
static void scatter_positions(heed_node *node, int p0, int p1, int chunk)
{
	const attr *a = node->attr;
	const size_t d = (size_t)node->out->dim[1];
	float *const grad = node->in[POSITIONS]->grad;

	(void)chunk;
	if (a->spans.count == 0 && a->position >= p0 && a->position < p1)
		for (int i = 0; i < a->count; i++)
			node->kernels->add(d, node->scratch + (size_t)i * d, grad + (size_t)a->position * d);
	for (int s = 0; s < a->spans.count; s++) {
		const int start = a->spans.start[s], n = a->spans.start[s + 1] - start;

		for (int p = p0; p < p1 && p < n; p++)
			node->kernels->add(d, node->scratch + (size_t)(start + p) * d, grad + (size_t)p * d);
	}
}

static int slice(int rows)
{
	return rows / SLICES + 1;
}

static void backward(heed_node *node)
{
	heed_tensor *const e = node->in[TABLE], *const p = node->in[POSITIONS];

	heed__for_rows(node, node->out->dim[0], GRAIN, unmask);
	if (heed__grad_add(node, e) != NULL)
		heed__for_rows(node, e->dim[0], slice(e->dim[0]), scatter_table);
	if (heed__grad_add(node, p) != NULL)
		heed__for_rows(node, p->dim[0], slice(p->dim[0]), scatter_positions);
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = n[2] > 0 ? heed__case_spans(inputs, n[2], n[3]) : (heed_spans){0};
	const int count = n[2] > 0 ? heed_spans_rows(spans) : n[3];
	const int *ids = heed__case_ids(inputs, count, n[0]);
	heed_tensor *table = heed__case_leaf(inputs, n[0] - n[6], n[1]);
	heed_tensor *positions = n[4] > 0 ? heed__case_leaf(inputs, n[4], n[1] + n[7]) : NULL;

	return heed_embedding(tape, table, positions,
			      (heed_embedding_options){ids, count, spans, 1, 2.5, n[5] / 100.0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {11, 6, 3, 5, 7}},
	{.name = "no positions", build, {4, 3, 2, 4, 0}},
	{.name = "one row", build, {1, 1, 1, 1, 1}},
	{.name = "one place for all", build, {5, 4, 0, 6, 3}},
	{.name = "dropout", build, {9, 16, 4, 6, 8, 25}},
	{.name = "no rows", build, {5, 4, 0, 0, 3}},
	{.name = "id outside", build, {3, 4, 4, 9, 0, 0, 2}, .bad = true},
	{.name = "too few positions", build, {5, 4, 0, 6, 1}, .bad = true},
	{.name = "positions too wide", build, {5, 4, 0, 6, 3, 0, 0, 1}, .bad = true},
	{.name = "a batch", build, {10000, 128, 240, 29, 64, 30}, .timed = true},
	{0},
};

const heed_op heed__op_embedding = {
	.name = "embedding",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.cases = cases,
};

heed_tensor *heed_embedding(heed_tape *tape, heed_tensor *table, heed_tensor *positions,
			    heed_embedding_options options)
{
	return heed__record(tape, &heed__op_embedding, (heed_tensor *[]){table, positions}, 2, &options);
}
