/* attention_step: each row of q is one query with keys of its own, as decoding token by token needs.
 *
 *	q [R, ...]   kv [N, ...]   y [R, width]
 *	y_r = sum_j softmax_j(scale q_r . k_j) v_j over the rows of kv that are r's */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <math.h>

typedef heed_attention_step_options attr;

enum { Q, KV };
#define GRAIN 4 /* rows a chunk */

static heed_code check_rows(heed_node *node, const attr *a)
{
	const int rows = node->in[KV]->dim[0];

	for (int r = 0; r < node->in[Q]->dim[0]; r++) {
		const int first = a->gather == NULL ? a->first[r] : 0;

		if (a->count[r] < 1 || first < 0 || (a->gather == NULL && first > rows - a->count[r]) ||
		    (a->gather != NULL && a->count[r] > a->gather_row))
			return heed__misfit(node, "query %d has %d keys from row %d of %d", r, a->count[r],
					    first, rows);
		for (int j = 0; a->gather != NULL && j < a->count[r]; j++) {
			const int row = a->gather[(size_t)r * (size_t)a->gather_row + (size_t)j];

			if (row < 0 || row >= rows)
				return heed__misfit(node, "query %d has key row %d of %d", r, row, rows);
		}
	}
	return HEED_OK;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *q = node->in[Q], *kv = node->in[KV];
	const attr *a = node->attr;

	if (q->rank != 2 || kv->rank != 2 || a->heads < 1 || a->width < 1 || a->width % a->heads != 0 ||
	    a->q_at < 0 || a->k_at < 0 || a->v_at < 0 || a->q_at > q->dim[1] - a->width ||
	    a->k_at > kv->dim[1] - a->width || a->v_at > kv->dim[1] - a->width)
		return heed__misfit(
			node, "width %d in %d heads from columns %d, %d, %d leaves q [%d,%d] or kv [%d,%d]",
			a->width, a->heads, a->q_at, a->k_at, a->v_at, q->dim[0], q->dim[1], kv->dim[0],
			kv->dim[1]);
	heed__shape_matrix(node, q->dim[0], a->width);
	return check_rows(node, a);
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const heed_tensor *q = node->in[Q], *kv = node->in[KV];
	const attr *a = node->attr;
	const int d = a->width / a->heads;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t first = a->gather == NULL ? (size_t)a->first[r] : 0;
		const float *const base = kv->data + first * (size_t)kv->dim[1];

		for (int h = 0; h < a->heads; h++)
			node->kernels->attend(&(heed__attend){
				.queries = 1,
				.keys = a->count[r],
				.width = d,
				.q = q->data + (size_t)r * (size_t)q->dim[1] + a->q_at + h * d,
				.q_row = q->dim[1],
				.k = base + a->k_at + h * d,
				.k_row = kv->dim[1],
				.v = base + a->v_at + h * d,
				.v_row = kv->dim[1],
				.gather = a->gather != NULL ? a->gather + (size_t)r * (size_t)a->gather_row
							    : NULL,
				.scale = (float)(a->scale > 0 ? a->scale : 1.0 / sqrt(d)),
				.out = node->out->data + (size_t)r * (size_t)a->width + h * d,
				.out_row = a->width});
	}
}

static void forward(heed_node *node)
{
	heed__for_rows(node, node->out->dim[0], GRAIN, rows);
}

static double flops(const heed_node *node)
{
	const attr *a = node->attr;
	double keys = 0;

	for (int r = 0; r < node->out->dim[0]; r++)
		keys += a->count[r];
	return 4.0 * keys * a->width;
}

/* rows, heads, width of a head, keys, rows of kv, gathered?, misfit in columns */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const int width = n[1] * n[2];
	heed_tensor *q = heed__case_leaf(inputs, n[0], width), *kv = heed__case_leaf(inputs, n[4], 2 * width);
	int *const gather = n[5] ? heed__case_ids(inputs, n[0] * n[3], n[4]) : NULL;
	int *const first = heed__case_ids(inputs, n[0], n[5] ? 1 : n[4] - n[3] + 1);
	int *const count = heed__case_ids(inputs, n[0], 1);

	if (first == NULL || count == NULL)
		return NULL;
	for (int r = 0; r < n[0]; r++)
		count[r] = n[3] - r % 2;
	return heed_attention_step(tape, q, kv,
				   (heed_attention_step_options){.first = first,
								 .count = count,
								 .gather = gather,
								 .gather_row = n[3],
								 .width = width,
								 .heads = n[1],
								 .v_at = width + n[6]});
}

static const heed__op_case cases[] = {
	{.name = "span", build, {5, 2, 4, 3, 9, 0}, .rough = true},
	{.name = "gathered", build, {5, 2, 4, 6, 20, 1}, .rough = true},
	{.name = "one key", build, {1, 1, 1, 1, 1, 1}, .rough = true},
	{.name = "no keys", build, {2, 1, 4, 1, 9, 0}, .bad = true},
	{.name = "columns leave kv", build, {5, 2, 4, 3, 9, 0, 1}, .bad = true},
	{.name = "beams", build, {320, 4, 32, 16, 6400, 1}, .timed = true},
	{0},
};

const heed_op heed__op_attention_step = {
	.name = "attention_step",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_attention_step(heed_tape *tape, heed_tensor *q, heed_tensor *kv,
				 heed_attention_step_options options)
{
	return heed__record(tape, &heed__op_attention_step, (heed_tensor *[]){q, kv}, 2, &options);
}
