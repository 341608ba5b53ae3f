/* embedding_mean: the mean of the vectors of a sequence's tokens, some of them left out in training.
 *
 *	table E [V, D]   y [sequences, D]
 *	y_s = scale/kept_s sum_i r_i E[ids_i] over the tokens i of s;  r_i is 0 with probability `dropout`, else 1
 *
 * (Iyyer et al. 2015, section 3.1: word dropout). kept_s = sum_i r_i; a sequence of which all tokens would go keeps
 * them all, and an empty one gives 0. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef heed_embedding_mean_options attr;

enum { TABLE };
#define GRAIN  8
#define SLICES 16 /* of the rows of the table, for the scattered sums */

static heed_code shape(heed_node *node)
{
	const heed_tensor *e = node->in[TABLE];
	const attr *a = node->attr;
	const int rows = heed_spans_rows(a->spans);

	if (e->rank != 2)
		return heed__misfit(node, "a table of %d axes; expected 2", e->rank);
	for (int i = 0; i < rows; i++)
		if (a->ids[i] < 0 || a->ids[i] >= e->dim[0])
			return heed__misfit(node, "id %d of token %d is outside the table of %d rows",
					    a->ids[i], i, e->dim[0]);
	heed__shape_matrix(node, a->spans.count, e->dim[1]);
	node->scratch_floats = (size_t)rows;
	return HEED_OK;
}

/* What each token counts in its mean, into scratch. */
static void weigh(heed_node *node)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	float *const weight = node->scratch;

	for (int i = 0; i < heed_spans_rows(a->spans); i++)
		weight[i] = 1;
	node->kernels->dropout((size_t)heed_spans_rows(a->spans), weight, weight, &mask, 0);
	for (int s = 0; s < a->spans.count; s++) {
		const int first = a->spans.start[s], end = a->spans.start[s + 1];
		int kept = 0;

		for (int i = first; i < end; i++)
			kept += weight[i] > 0;
		for (int i = first; i < end; i++)
			if (kept == 0 || weight[i] > 0)
				weight[i] = (float)(a->scale / (kept > 0 ? kept : end - first));
	}
}

static void average(heed_node *node, int s0, int s1, int chunk)
{
	const heed_tensor *e = node->in[TABLE];
	const attr *a = node->attr;
	const size_t d = (size_t)e->dim[1];

	(void)chunk;
	memset(node->out->data + (size_t)s0 * d, 0, (size_t)(s1 - s0) * d * sizeof(float));
	for (int s = s0; s < s1; s++)
		for (int i = a->spans.start[s]; i < a->spans.start[s + 1]; i++)
			node->kernels->axpy(d, node->scratch[i], e->data + (size_t)a->ids[i] * d,
					    node->out->data + (size_t)s * d);
}

static void forward(heed_node *node)
{
	weigh(node);
	heed__for_rows(node, node->out->dim[0], GRAIN, average);
}

/* dE[ids_i] += weight_i dy_s: each slice of the table takes its own rows, in order. */
static void scatter(heed_node *node, int v0, int v1, int chunk)
{
	heed_tensor *const e = node->in[TABLE];
	const attr *a = node->attr;
	const size_t d = (size_t)e->dim[1];

	(void)chunk;
	for (int s = 0; s < a->spans.count; s++)
		for (int i = a->spans.start[s]; i < a->spans.start[s + 1]; i++)
			if (a->ids[i] >= v0 && a->ids[i] < v1)
				node->kernels->axpy(d, node->scratch[i], node->out->grad + (size_t)s * d,
						    e->grad + (size_t)a->ids[i] * d);
}

static void backward(heed_node *node)
{
	heed_tensor *const e = node->in[TABLE];

	if (heed__grad_add(node, e) == NULL)
		return;
	weigh(node);
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

	return heed_embedding_mean(tape, heed__case_leaf(inputs, n[0] - n[5], n[1]),
				   (heed_embedding_mean_options){ids, spans, 1.5, n[4] / 100.0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {11, 6, 4, 5}},
	{.name = "one token", build, {1, 1, 1, 1}},
	{.name = "no sequences", build, {3, 4, 0, 1}},
	{.name = "dropout", build, {9, 16, 6, 12, 40}},
	{.name = "all dropped", build, {9, 3, 4, 2, 99}},
	{.name = "id outside", build, {3, 4, 4, 9, 0, 2}, .bad = true},
	{.name = "a batch", build, {10000, 128, 240, 29, 30}, .timed = true},
	{0},
};

const heed_op heed__op_embedding_mean = {
	.name = "embedding_mean",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_embedding_mean(heed_tape *tape, heed_tensor *table, heed_embedding_mean_options options)
{
	return heed__record(tape, &heed__op_embedding_mean, &table, 1, &options);
}
