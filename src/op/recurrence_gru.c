/* recurrence_gru: the gated recurrent unit (Cho et al. 2014), the reset gate behind the product.
 *
 *	x [T, 3H]   w [3H, H]   bias [H]   h [sequences, H] or absent   y [T, H]
 *	r, z = sigmoid of the first thirds of x_t + w h_(t-1);   s = w_n h_(t-1) + bias
 *	n = tanh(x_n + r s)      h_t = (1-z) n + z h_(t-1)
 *
 * Saved, packed (see recurrence.h): the gates r z n, the states before each step, s. In the backward pass the gates
 * become the gradients of their recurrent sums, and s that of x_n. */
#include "op/recurrence.h"

#include <string.h>

enum { X = HEED__RECURRENCE_X, W, H, BIAS };

typedef struct attr {
	heed__recurrence r; /* first, as recurrence.c expects */
	float *s;           /* [rows, H] packed */
} attr;

static heed_code shape(heed_node *node)
{
	const heed_tensor *bias = node->in[BIAS];
	attr *const a = node->attr;
	const heed_code code = heed__recurrence_shape(node, 3, 0);

	if (code != HEED_OK)
		return code;
	if (bias == NULL || bias->rank != 1 || bias->dim[0] != a->r.units)
		return heed__misfit(node, "the bias of the candidate has %d numbers; expected %d",
				    bias != NULL ? bias->dim[0] : 0, a->r.units);
	node->saved_floats = 5 * heed__recurrence_rows(&a->r) * (size_t)a->r.units;
	node->scratch_floats = heed__recurrence_weight_size(node, node->in[W]) +
			       (node->grad ? (size_t)a->r.count * (size_t)a->r.units : 0);
	return HEED_OK;
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t token = heed__recurrence_token(&a->r, a->r.step, r) * n;
		const size_t at = heed__recurrence_packed(&a->r, a->r.step, r) * n;

		node->kernels->gru(n, node->in[X]->data + 3 * token, a->r.gate_values + 3 * at, a->s + at,
				   node->in[BIAS]->data, a->r.before + at, node->out->data + token);
		heed__recurrence_pass(node, r);
	}
}

static void forward(heed_node *node)
{
	attr *const a = node->attr;
	const size_t size = heed__recurrence_rows(&a->r) * (size_t)a->r.units;
	heed__recurrence_weight w = {node->in[W], false, node->scratch};

	a->r.gate_values = node->saved;
	a->r.before = node->saved + 3 * size;
	a->s = node->saved + 4 * size;
	heed__recurrence_sort(&a->r, node->in[H], a->r.width, a->r.before);
	heed__recurrence_pack(node, &w);
	for (a->r.step = 0; a->r.step < a->r.steps; a->r.step++) {
		heed__recurrence_sums(node, &w);
		heed__for_rows(node, a->r.active[a->r.step], heed__recurrence_grain(&a->r), rows);
	}
}

/* The gradient of x_t is that of the sums, but for n, whose recurrent sum is behind r. */
static void rows_grad(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t at = heed__recurrence_packed(&a->r, a->r.step, r) * n;
		float *const gates = a->r.gate_values + 3 * at;

		node->kernels->gru_grad(n, gates, a->s + at, a->r.before + at,
					heed__recurrence_take(node, r));
		heed__recurrence_give(node, r, 0, 2 * a->r.units, gates);
		heed__recurrence_give(node, r, 2 * a->r.units, a->r.units, a->s + at);
	}
}

static void backward(heed_node *node)
{
	attr *const a = node->attr;
	const size_t n = (size_t)a->r.units;
	heed__recurrence_weight w = {node->in[W], true, node->scratch};
	float *dbias;

	a->r.dh = node->scratch + heed__recurrence_weight_size(node, node->in[W]);
	a->r.dx = heed__grad_of(node, node->in[X], &a->r.add_dx);
	memset(a->r.dh, 0, (size_t)a->r.count * n * sizeof *a->r.dh);
	heed__recurrence_pack(node, &w);
	for (a->r.step = a->r.steps - 1; a->r.step >= 0; a->r.step--) {
		heed__for_rows(node, a->r.active[a->r.step], heed__recurrence_grain(&a->r), rows_grad);
		if (a->r.step > 0 || node->in[H] != NULL) /* dh = z dh + dsums w */
			heed__recurrence_product(node, &w, a->r.active[a->r.step],
						 a->r.gate_values + (size_t)a->r.first[a->r.step] * 3 * n,
						 a->r.dh, true);
	}
	heed__recurrence_sort_grad(node, node->in[H], a->r.width, a->r.dh);
	heed__recurrence_weight_grad(node, node->in[W], a->r.gate_values, a->r.before);
	dbias = heed__grad_add(node, node->in[BIAS]);
	if (dbias != NULL)
		node->kernels->column_sums(node->out->dim[0], a->r.units, a->r.gate_values + 2 * n,
					   3 * a->r.units, dbias);
}

/* sequences (0: single steps), longest, units, with a state, reverse, misfit of w, of the bias */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = n[0] > 0 ? heed__case_spans(inputs, n[0], n[1]) : (heed_spans){0};
	const int tokens = n[0] > 0 ? heed_spans_rows(spans) : n[1], count = n[0] > 0 ? n[0] : n[1];
	heed_tensor *x = heed__case_leaf(inputs, tokens, 3 * n[2]);
	heed_tensor *w = heed__case_leaf(inputs, 3 * n[2], n[2] + n[5]);
	heed_tensor *bias = heed__case_leaf(inputs, n[2] + n[6], 0);
	heed_tensor *h = n[3] ? heed__case_leaf(inputs, count, n[2]) : NULL;

	return heed_gru(tape, x, w, bias, h, (heed_recurrence_options){spans, n[4] != 0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {3, 5, 6, 1}},
	{.name = "backwards", build, {4, 5, 5, 1, 1}},
	{.name = "from nothing", build, {5, 4, 3}},
	{.name = "one number", build, {1, 1, 1, 1}},
	{.name = "single steps", build, {0, 6, 7, 1}},
	{.name = "no rows", build, {0, 0, 4}},
	{.name = "w is too wide", build, {3, 5, 6, 1, 0, 1}, .bad = true},
	{.name = "bias too long", build, {3, 5, 6, 1, 0, 0, 1}, .bad = true},
	{.name = "a batch", build, {64, 40, 256}, .timed = true},
	{0},
};

const heed_op heed__op_recurrence_gru = {
	.name = "recurrence_gru",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = heed__recurrence_keeps_result,
	.flops = heed__recurrence_flops,
	.cases = cases,
};

heed_tensor *heed_gru(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *bias, heed_tensor *h,
		      heed_recurrence_options options)
{
	return heed__record(tape, &heed__op_recurrence_gru, (heed_tensor *[]){x, w, h, bias}, 4,
			    &(attr){.r = {.o = options}});
}
