/* recurrence_rnn: h_t = act(x_t + W h_(t-1)), act tanh or relu (Elman 1990).
 *
 *	x [T, H]   w [H, H]   h [sequences, H] or absent   y [T, H]
 *
 * Saved: the values h_t, packed; the states before each step, packed (see recurrence.h). The values become the
 * gradients of the sums in the backward pass. */
#include "op/recurrence.h"

#include <string.h>

enum { X = HEED__RECURRENCE_X, W, H };

static heed_code shape(heed_node *node)
{
	heed__recurrence *const a = node->attr;
	const heed_code code = heed__recurrence_shape(node, 1, 0);

	if (code != HEED_OK)
		return code;
	if (a->act != HEED__ACT_TANH && a->act != HEED__ACT_RELU)
		return heed__misfit(node, "the activation must be tanh or relu");
	node->saved_floats = 2 * heed__recurrence_rows(a) * (size_t)a->units;
	node->scratch_floats = heed__recurrence_weight_size(node, node->in[W]) +
			       (node->grad ? (size_t)a->count * (size_t)a->units : 0);
	return HEED_OK;
}

static void rows(heed_node *node, int row0, int row1, int chunk)
{
	const heed__recurrence *a = node->attr;
	const size_t n = (size_t)a->units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t token = heed__recurrence_token(a, a->step, r);
		float *const value = a->gate_values + heed__recurrence_packed(a, a->step, r) * n;

		node->kernels->add(n, node->in[X]->data + token * n, value);
		node->kernels->act(n, value, value, a->act);
		memcpy(node->out->data + token * n, value, n * sizeof *value);
		heed__recurrence_pass(node, r);
	}
}

static void forward(heed_node *node)
{
	heed__recurrence *const a = node->attr;
	heed__recurrence_weight w = {node->in[W], false, node->scratch};

	a->gate_values = node->saved;
	a->before = node->saved + heed__recurrence_rows(a) * (size_t)a->units;
	heed__recurrence_sort(a, node->in[H], a->width, a->before);
	heed__recurrence_pack(node, &w);
	for (a->step = 0; a->step < a->steps; a->step++) {
		heed__recurrence_sums(node, &w);
		heed__for_rows(node, a->active[a->step], heed__recurrence_grain(a), rows);
	}
}

/* With s = x_t + W h_(t-1): ds = (dy_t + dh) act'(s); dx_t += ds */
static void rows_grad(heed_node *node, int row0, int row1, int chunk)
{
	const heed__recurrence *a = node->attr;
	const size_t n = (size_t)a->units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		float *const value = a->gate_values + heed__recurrence_packed(a, a->step, r) * n;

		node->kernels->act_grad(n, NULL, value, heed__recurrence_take(node, r), value, a->act);
		heed__recurrence_give(node, r, 0, a->units, value);
	}
}

static void backward(heed_node *node)
{
	heed__recurrence *const a = node->attr;
	const size_t n = (size_t)a->units;
	heed__recurrence_weight w = {node->in[W], true, node->scratch};

	a->dh = node->scratch + heed__recurrence_weight_size(node, node->in[W]);
	a->dx = heed__grad_of(node, node->in[X], &a->add_dx);
	memset(a->dh, 0, (size_t)a->count * n * sizeof *a->dh);
	heed__recurrence_pack(node, &w);
	for (a->step = a->steps - 1; a->step >= 0; a->step--) {
		heed__for_rows(node, a->active[a->step], heed__recurrence_grain(a), rows_grad);
		if (a->step > 0 || node->in[H] != NULL) /* dh = ds W */
			heed__recurrence_product(node, &w, a->active[a->step],
						 a->gate_values + (size_t)a->first[a->step] * n, a->dh,
						 false);
	}
	heed__recurrence_sort_grad(node, node->in[H], a->width, a->dh);
	heed__recurrence_weight_grad(node, node->in[W], a->gate_values, a->before);
}

/* sequences (0: single steps), longest, units, with a state, activation, reverse, misfit of w, of the state */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = n[0] > 0 ? heed__case_spans(inputs, n[0], n[1]) : (heed_spans){0};
	const int tokens = n[0] > 0 ? heed_spans_rows(spans) : n[1], count = n[0] > 0 ? n[0] : n[1];
	heed_tensor *x = heed__case_leaf(inputs, tokens, n[2]),
		    *w = heed__case_leaf(inputs, n[2], n[2] + n[6]);
	heed_tensor *h = n[3] ? heed__case_leaf(inputs, count + n[7], n[2]) : NULL;

	return heed_rnn(tape, x, w, h, (heed_activation)n[4], (heed_recurrence_options){spans, n[5] != 0});
}

static const heed__op_case cases[] = {
	{.name = "tanh", build, {3, 5, 6, 1, HEED_ACT_TANH}},
	{.name = "backwards", build, {4, 5, 5, 1, HEED_ACT_TANH, 1}},
	{.name = "from nothing", build, {5, 4, 3, 0, HEED_ACT_TANH}},
	{.name = "one number", build, {1, 1, 1, 1, HEED_ACT_TANH}},
	{.name = "single steps", build, {0, 6, 7, 1, HEED_ACT_TANH}},
	{.name = "relu", build, {6, 7, 17, 1, HEED_ACT_RELU}, .rough = true},
	{.name = "no rows", build, {0, 0, 4, 0, HEED_ACT_TANH}},
	{.name = "w is not square", build, {3, 5, 6, 1, HEED_ACT_TANH, 0, 1}, .bad = true},
	{.name = "a state too many", build, {3, 5, 6, 1, HEED_ACT_TANH, 0, 0, 1}, .bad = true},
	{.name = "gelu", build, {3, 5, 6, 1, HEED_ACT_GELU}, .bad = true},
	{.name = "a batch", build, {20, 70, 256, 1, HEED_ACT_TANH}, .timed = true},
	{0},
};

const heed_op heed__op_recurrence_rnn = {
	.name = "recurrence_rnn",
	.inputs = 2,
	.attr_size = sizeof(heed__recurrence),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = heed__recurrence_keeps_result,
	.flops = heed__recurrence_flops,
	.cases = cases,
};

heed_tensor *heed_rnn(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *h, heed_activation act,
		      heed_recurrence_options options)
{
	return heed__record(tape, &heed__op_recurrence_rnn, (heed_tensor *[]){x, w, h}, 3,
			    &(heed__recurrence){.o = options, .act = (heed__act)act});
}
