/* The part that all recurrences share. */
#include "op/recurrence.h"

#include <string.h>

enum { X = HEED__RECURRENCE_X, W, H };
#define CHUNK_FLOATS 8192 /* of gates a chunk */

extern const heed_op heed__op_recurrence_rnn, heed__op_recurrence_lstm, heed__op_recurrence_gru;

heed__recurrence *heed__recurrence_of(const heed_node *node)
{
	const bool is = node != NULL &&
			(node->op == &heed__op_recurrence_rnn || node->op == &heed__op_recurrence_lstm ||
			 node->op == &heed__op_recurrence_gru);

	return is ? node->attr : NULL;
}

/* Every row a sequence: start = 0, 1, ..., rows. */
static heed_code one_step_each(heed_node *node, heed__recurrence *a, int rows)
{
	int *const start = heed__tape_alloc(node->tape, ((size_t)rows + 1) * sizeof *start);

	if (start == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i <= rows; i++)
		start[i] = i;
	a->o.spans = (heed_spans){rows, start};
	return HEED_OK;
}

static int length(const heed__recurrence *a, int s)
{
	return a->o.spans.start[s + 1] - a->o.spans.start[s];
}

/* A counting sort; sequences of one length stay in their order. */
static heed_code sort_sequences(heed_node *node, heed__recurrence *a)
{
	int *next;

	a->count = a->o.spans.count;
	a->steps = 0;
	for (int s = 0; s < a->count; s++) {
		if (length(a, s) < 1)
			return heed__misfit(node, "sequence %d is empty", s);
		a->steps = length(a, s) > a->steps ? length(a, s) : a->steps;
	}
	a->order = heed__tape_alloc(node->tape, ((size_t)a->count + 1) * sizeof *a->order);
	a->active = heed__tape_alloc(node->tape, ((size_t)a->steps + 1) * 3 * sizeof *a->active);
	if (a->order == NULL || a->active == NULL)
		return HEED_E_MEMORY;
	a->first = a->active + a->steps + 1;
	next = a->first + a->steps + 1;
	memset(a->active, 0, ((size_t)a->steps + 1) * sizeof *a->active);
	for (int s = 0; s < a->count; s++)
		a->active[length(a, s) - 1]++;
	for (int t = a->steps - 1; t >= 0; t--)
		a->active[t] += a->active[t + 1];
	a->first[0] = 0;
	for (int t = 0; t < a->steps; t++) {
		a->first[t + 1] = a->first[t] + a->active[t];
		next[t + 1] = a->active[t + 1];
	}
	for (int s = 0; s < a->count; s++)
		a->order[next[length(a, s)]++] = s;
	return HEED_OK;
}

heed_code heed__recurrence_shape(heed_node *node, int gates, int projected)
{
	const heed_tensor *x = node->in[X], *w = node->in[W], *h = node->in[H];
	heed__recurrence *const a = node->attr;
	heed_code code;

	a->gates = gates;
	a->units = w->dim[0] / gates;
	a->width = projected > 0 ? projected : a->units;
	if (a->units < 1 || x->rank != 2 || w->rank != 2 || w->dim[0] != gates * a->units ||
	    x->dim[1] != w->dim[0] || w->dim[1] != a->width)
		return heed__misfit(node, "x is [%d,%d] but w is [%d,%d]; expected [T,%dH] and [%dH,%s]",
				    x->dim[0], x->dim[1], w->dim[0], w->dim[1], gates, gates,
				    projected > 0 ? "P" : "H");
	if (a->o.spans.count == 0 && (code = one_step_each(node, a, x->dim[0])) != HEED_OK)
		return code;
	if (heed_spans_rows(a->o.spans) != x->dim[0])
		return heed__misfit(node, "x is [%d,%d] but the spans hold %d rows", x->dim[0], x->dim[1],
				    heed_spans_rows(a->o.spans));
	if (h != NULL && (h->rank != 2 || h->dim[0] != a->o.spans.count || h->dim[1] != a->width))
		return heed__misfit(node, "the state is [%d,%d]; expected [%d,%d]", h->dim[0], h->dim[1],
				    a->o.spans.count, a->width);
	if ((code = sort_sequences(node, a)) != HEED_OK)
		return code;
	a->keep = node->grad || (heed_tape_flags(node->tape) & HEED_TAPE_WEIGHTS) != 0;
	heed__shape_matrix(node, x->dim[0], a->width);
	node->out->node = node; /* heed_recurrence_read finds the rest here, with or without gradients */
	return HEED_OK;
}

size_t heed__recurrence_rows(const heed__recurrence *a)
{
	return (size_t)(a->keep ? a->first[a->steps] : a->count);
}

int heed__recurrence_grain(const heed__recurrence *a)
{
	return 1 + CHUNK_FLOATS / (a->gates * a->units);
}

void heed__recurrence_sort(const heed__recurrence *a, const heed_tensor *t, int width, float *sorted)
{
	const size_t n = (size_t)width;

	if (t == NULL) {
		memset(sorted, 0, (size_t)a->count * n * sizeof *sorted);
		return;
	}
	for (int r = 0; r < a->count; r++)
		memcpy(sorted + (size_t)r * n, t->data + (size_t)a->order[r] * n, n * sizeof *sorted);
}

void heed__recurrence_sort_grad(heed_node *node, heed_tensor *t, int width, const float *sorted)
{
	const heed__recurrence *a = node->attr;
	const size_t n = (size_t)width;
	float *const grad = heed__grad_add(node, t);

	for (int r = 0; grad != NULL && r < a->count; r++)
		node->kernels->add(n, sorted + (size_t)r * n, grad + (size_t)a->order[r] * n);
}

size_t heed__recurrence_weight_size(const heed_node *node, const heed_tensor *w)
{
	const size_t there = heed__gemm_packed_size(node->ctx, w->dim[1], w->dim[0]);
	const size_t back = heed__gemm_packed_size(node->ctx, w->dim[0], w->dim[1]);

	return there > back ? there : back;
}

static heed__gemm gemm_of(const heed__recurrence_weight *w)
{
	const int out = w->w->dim[0], in = w->w->dim[1];

	return (heed__gemm){.n = w->transposed ? in : out,
			    .k = w->transposed ? out : in,
			    .a_row = w->transposed ? out : in,
			    .a_col = 1,
			    .b = w->w->data,
			    .b_row = w->transposed ? in : 1,
			    .b_col = w->transposed ? 1 : in,
			    .ldc = w->transposed ? in : out};
}

void heed__recurrence_pack(heed_node *node, heed__recurrence_weight *w)
{
	const heed__gemm g = gemm_of(w);

	heed__gemm_pack(node->ctx, &g, w->packed);
}

void heed__recurrence_product(heed_node *node, const heed__recurrence_weight *w, int rows, const float *x,
			      float *y, bool accumulate)
{
	heed__gemm g = gemm_of(w);

	g.m = rows;
	g.a = x;
	g.c = y;
	g.packed = w->packed;
	g.accumulate = accumulate;
	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
}

void heed__recurrence_weight_grad(heed_node *node, heed_tensor *w, const float *dy, const float *x)
{
	const heed__recurrence *a = node->attr;
	const int out = w->dim[0], in = w->dim[1];
	bool accumulate;
	float *const grad = heed__grad_of(node, w, &accumulate);
	const heed__gemm g = {.m = out,
			      .n = in,
			      .k = (int)heed__recurrence_rows(a),
			      .a = dy,
			      .a_row = 1,
			      .a_col = out,
			      .b = x,
			      .b_row = in,
			      .b_col = 1,
			      .c = grad,
			      .ldc = in,
			      .accumulate = accumulate};

	if (grad != NULL)
		heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
}

void heed__recurrence_sums(heed_node *node, const heed__recurrence_weight *w)
{
	const heed__recurrence *a = node->attr;
	const size_t row = heed__recurrence_packed(a, a->step, 0), n = (size_t)a->gates * (size_t)a->units;
	const int rows = a->active[a->step];

	if (a->step == 0 && node->in[H] == NULL)
		memset(a->gate_values, 0, (size_t)rows * n * sizeof *a->gate_values);
	else
		heed__recurrence_product(node, w, rows, a->before + row * (size_t)a->width,
					 a->gate_values + row * n, false);
}

void heed__recurrence_pass(heed_node *node, int r)
{
	const heed__recurrence *a = node->attr;
	const size_t n = (size_t)a->width;

	if (r < a->active[a->step + 1])
		memcpy(a->before + heed__recurrence_packed(a, a->step + 1, r) * n,
		       node->out->data + heed__recurrence_token(a, a->step, r) * n, n * sizeof *a->before);
}

void heed__recurrence_give(heed_node *node, int r, int at, int n, const float *row)
{
	const heed__recurrence *a = node->attr;
	float *to;

	if (a->dx == NULL)
		return;
	to = a->dx + heed__recurrence_token(a, a->step, r) * (size_t)a->gates * (size_t)a->units + at;
	if (a->add_dx)
		node->kernels->add((size_t)n, row, to);
	else
		memcpy(to, row, (size_t)n * sizeof *to);
}

float *heed__recurrence_take(heed_node *node, int r)
{
	const heed__recurrence *a = node->attr;
	const size_t n = (size_t)a->width;
	float *const dh = a->dh + (size_t)r * n;

	node->kernels->add(n, node->out->grad + heed__recurrence_token(a, a->step, r) * n, dh);
	return dh;
}

double heed__recurrence_flops(const heed_node *node)
{
	const heed_tensor *x = node->in[X], *w = node->in[W];

	return 2.0 * x->dim[0] * w->dim[0] * w->dim[1];
}

/* What the backward pass needs of it is in `before`. */
bool heed__recurrence_keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}
