/* recurrence_lstm: long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000).
 *
 *	x [T, 4H]   w [4H, P]   h [sequences, P]   c [sequences, H]   projection p [P, H]   y [T, P]
 *	i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of the quarters of x_t + w h_(t-1)
 *	c_t = f c_(t-1) + i g      m_t = o tanh(c_t)      h_t = m_t, or p m_t (Sak et al. 2014)
 *
 * h, c and p may be absent; without p, P = H.
 *
 * Saved, packed (see recurrence.h): the gates, the cells, the states before each step; with gradients, that of the
 * last cells, to which recurrence_read adds before backward() runs; with p also m. The gates become the gradients of
 * their sums in the backward pass. */
#include "op/recurrence.h"

#include <string.h>

enum { X = HEED__RECURRENCE_X, W, H, C, P };

typedef struct attr {
	heed__recurrence r; /* first, as recurrence.c expects */
	float *outputs;     /* [rows, H] packed: m, with p only */
	float *projected; /* forward: [sequences, P]; backward: [rows, P] packed, the gradient of h; with p only */
	float *zeros; /* [H] the cell that no sequence brings */
	float *dc;    /* backward: [sequences, H] sorted */
	float *dm;    /* backward: [sequences, H] sorted, with p only */
	heed__recurrence_weight w, p;
} attr;

/* Hands out memory from *at on; when that is NULL the sizes only add up. */
static float *next(float **at, size_t *used, size_t floats)
{
	float *const here = *at;

	*used += floats;
	if (here != NULL)
		*at = here + floats;
	return here;
}

static size_t lay_saved(const heed_node *node, attr *a, float *saved)
{
	const size_t rows = heed__recurrence_rows(&a->r), units = (size_t)a->r.units;
	size_t used = 0;

	a->r.gate_values = next(&saved, &used, rows * 4 * units);
	a->r.cells = next(&saved, &used, rows * units);
	a->r.before = next(&saved, &used, rows * (size_t)a->r.width);
	a->r.end_grad = next(&saved, &used, node->grad ? (size_t)a->r.count * units : 0);
	if (node->in[P] != NULL)
		a->outputs = next(&saved, &used, rows * units);
	return used;
}

static size_t lay_scratch(const heed_node *node, attr *a, float *scratch, bool back)
{
	const size_t count = (size_t)a->r.count, units = (size_t)a->r.units, width = (size_t)a->r.width;
	size_t used = 0;

	a->w = (heed__recurrence_weight){node->in[W], back, NULL};
	a->p = (heed__recurrence_weight){node->in[P], back, NULL};
	a->w.packed = next(&scratch, &used, heed__recurrence_weight_size(node, node->in[W]));
	a->zeros = next(&scratch, &used, units);
	if (node->in[P] != NULL) {
		a->p.packed = next(&scratch, &used, heed__recurrence_weight_size(node, node->in[P]));
		a->projected = next(&scratch, &used, (back ? heed__recurrence_rows(&a->r) : count) * width);
		a->dm = next(&scratch, &used, back ? count * units : 0);
	}
	if (back) {
		a->r.dh = next(&scratch, &used, count * width);
		a->dc = next(&scratch, &used, count * units);
	}
	return used;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *w = node->in[W], *c = node->in[C], *p = node->in[P];
	attr *const a = node->attr;
	heed_code code;

	if (p != NULL && (p->rank != 2 || p->dim[0] < 1 || 4 * p->dim[1] != w->dim[0]))
		return heed__misfit(node,
				    "the projection is [%d,%d] but w is [%d,%d]; expected [P,H] and [4H,P]",
				    p->dim[0], p->dim[1], w->dim[0], w->dim[1]);
	code = heed__recurrence_shape(node, 4, p != NULL ? p->dim[0] : 0);
	if (code != HEED_OK)
		return code;
	if (c != NULL && (c->rank != 2 || c->dim[0] != a->r.count || c->dim[1] != a->r.units))
		return heed__misfit(node, "the cells are [%d,%d]; expected [%d,%d]", c->dim[0], c->dim[1],
				    a->r.count, a->r.units);
	node->saved_floats = lay_saved(node, a, NULL);
	node->scratch_floats = lay_scratch(node, a, NULL, node->grad);
	return HEED_OK;
}

/* The cell that row r has before this step. Without gradients all steps use one block of cells. */
static const float *cell_before(const heed_node *node, int r)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.units;

	if (!a->r.keep || a->r.step > 0)
		return a->r.cells + heed__recurrence_packed(&a->r, a->r.step - 1, r) * n;
	return node->in[C] != NULL ? node->in[C]->data + (size_t)a->r.order[r] * n : a->zeros;
}

static void cell_rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t token = heed__recurrence_token(&a->r, a->r.step, r) * n;
		const size_t at = heed__recurrence_packed(&a->r, a->r.step, r) * n;

		node->kernels->lstm(n, node->in[X]->data + 4 * token, a->r.gate_values + 4 * at,
				    cell_before(node, r), a->r.cells + at,
				    a->outputs != NULL ? a->outputs + at : node->out->data + token);
		if (a->outputs == NULL)
			heed__recurrence_pass(node, r);
	}
}

/* h_t = p m_t */
static void project(heed_node *node)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.width, first = heed__recurrence_packed(&a->r, a->r.step, 0);
	const int rows = a->r.active[a->r.step];

	heed__recurrence_product(node, &a->p, rows, a->outputs + first * (size_t)a->r.units, a->projected,
				 false);
	for (int r = 0; r < rows; r++) {
		memcpy(node->out->data + heed__recurrence_token(&a->r, a->r.step, r) * n,
		       a->projected + (size_t)r * n, n * sizeof *a->projected);
		heed__recurrence_pass(node, r);
	}
}

static void forward(heed_node *node)
{
	attr *const a = node->attr;

	lay_saved(node, a, node->saved);
	lay_scratch(node, a, node->scratch, false);
	memset(a->zeros, 0, (size_t)a->r.units * sizeof *a->zeros);
	if (node->grad)
		memset(a->r.end_grad, 0, (size_t)a->r.count * (size_t)a->r.units * sizeof *a->zeros);
	heed__recurrence_sort(&a->r, node->in[H], a->r.width, a->r.before);
	if (!a->r.keep)
		heed__recurrence_sort(&a->r, node->in[C], a->r.units, a->r.cells);
	heed__recurrence_pack(node, &a->w);
	if (node->in[P] != NULL)
		heed__recurrence_pack(node, &a->p);
	for (a->r.step = 0; a->r.step < a->r.steps; a->r.step++) {
		heed__recurrence_sums(node, &a->w);
		heed__for_rows(node, a->r.active[a->r.step], heed__recurrence_grain(&a->r), cell_rows);
		if (node->in[P] != NULL)
			project(node);
	}
}

/* h_t = p m_t: dm = dh_t p. dh_t is kept for the gradient of p. */
static void project_grad(heed_node *node)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.width;
	const int rows = a->r.active[a->r.step];
	float *const dh = a->projected + (size_t)a->r.first[a->r.step] * n;

	for (int r = 0; r < rows; r++)
		memcpy(dh + (size_t)r * n, heed__recurrence_take(node, r), n * sizeof *dh);
	heed__recurrence_product(node, &a->p, rows, dh, a->dm, false);
}

/* The gradient of the sums of the gates, which is also that of x_t. */
static void cell_rows_grad(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const size_t n = (size_t)a->r.units;

	(void)chunk;
	for (int r = row0; r < row1; r++) {
		const size_t at = heed__recurrence_packed(&a->r, a->r.step, r) * n;
		float *const gates = a->r.gate_values + 4 * at;
		const float *dm = a->dm != NULL ? a->dm + (size_t)r * n : heed__recurrence_take(node, r);

		node->kernels->lstm_grad(n, gates, cell_before(node, r), a->r.cells + at, dm,
					 a->dc + (size_t)r * n);
		heed__recurrence_give(node, r, 0, 4 * a->r.units, gates);
	}
}

static void backward(heed_node *node)
{
	attr *const a = node->attr;
	const size_t units = (size_t)a->r.units, count = (size_t)a->r.count;

	lay_scratch(node, a, node->scratch, true);
	a->r.dx = heed__grad_of(node, node->in[X], &a->r.add_dx);
	memset(a->zeros, 0, units * sizeof *a->zeros);
	memset(a->r.dh, 0, count * (size_t)a->r.width * sizeof *a->r.dh);
	memcpy(a->dc, a->r.end_grad, count * units * sizeof *a->dc);
	heed__recurrence_pack(node, &a->w);
	if (node->in[P] != NULL)
		heed__recurrence_pack(node, &a->p);
	for (a->r.step = a->r.steps - 1; a->r.step >= 0; a->r.step--) {
		const int rows = a->r.active[a->r.step];

		if (node->in[P] != NULL)
			project_grad(node);
		heed__for_rows(node, rows, heed__recurrence_grain(&a->r), cell_rows_grad);
		if (a->r.step > 0 || node->in[H] != NULL) /* dh = dgates w */
			heed__recurrence_product(node, &a->w, rows,
						 a->r.gate_values + (size_t)a->r.first[a->r.step] * 4 * units,
						 a->r.dh, false);
	}
	heed__recurrence_sort_grad(node, node->in[H], a->r.width, a->r.dh);
	heed__recurrence_sort_grad(node, node->in[C], a->r.units, a->dc);
	heed__recurrence_weight_grad(node, node->in[W], a->r.gate_values, a->r.before);
	if (node->in[P] != NULL)
		heed__recurrence_weight_grad(node, node->in[P], a->projected, a->outputs);
}

static double flops(const heed_node *node)
{
	const heed_tensor *p = node->in[P];

	return heed__recurrence_flops(node) +
	       (p != NULL ? 2.0 * node->out->dim[0] * p->dim[0] * p->dim[1] : 0);
}

/* sequences (0: single steps), longest, units, with states, reverse, projected width (0: none), misfit of w,
 * of the cells */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = n[0] > 0 ? heed__case_spans(inputs, n[0], n[1]) : (heed_spans){0};
	const int tokens = n[0] > 0 ? heed_spans_rows(spans) : n[1], count = n[0] > 0 ? n[0] : n[1];
	const int width = n[5] > 0 ? n[5] : n[2];
	heed_tensor *x = heed__case_leaf(inputs, tokens, 4 * n[2]);
	heed_tensor *w = heed__case_leaf(inputs, 4 * n[2], width + n[6]);
	heed_tensor *h = n[3] ? heed__case_leaf(inputs, count, width) : NULL;
	heed_tensor *c = n[3] ? heed__case_leaf(inputs, count + n[7], n[2]) : NULL;
	heed_tensor *p = n[5] > 0 ? heed__case_leaf(inputs, n[5], n[2]) : NULL;

	return heed_lstm(tape, x, w, h, c, p, (heed_recurrence_options){spans, n[4] != 0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {3, 5, 6, 1}},
	{.name = "backwards", build, {4, 5, 5, 1, 1}},
	{.name = "from nothing", build, {5, 4, 3}},
	{.name = "one number", build, {1, 1, 1, 1}},
	{.name = "single steps", build, {0, 6, 7, 1}},
	{.name = "projected", build, {4, 4, 5, 1, 0, 3}},
	{.name = "projected backwards", build, {3, 4, 3, 0, 1, 4}},
	{.name = "no rows", build, {0, 0, 4}},
	{.name = "w is too wide", build, {3, 5, 6, 1, 0, 0, 1}, .bad = true},
	{.name = "w and projection differ", build, {3, 5, 6, 1, 0, 3, 1}, .bad = true},
	{.name = "a cell too many", build, {3, 5, 6, 1, 0, 0, 0, 1}, .bad = true},
	{.name = "a stream of words", build, {20, 35, 650, 1}, .timed = true},
	{.name = "a batch", build, {64, 40, 256, 0}, .timed = true},
	{0},
};

const heed_op heed__op_recurrence_lstm = {
	.name = "recurrence_lstm",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = heed__recurrence_keeps_result,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_lstm(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *h, heed_tensor *c,
		       heed_tensor *projection, heed_recurrence_options options)
{
	return heed__record(tape, &heed__op_recurrence_lstm, (heed_tensor *[]){x, w, h, c, projection}, 5,
			    &(attr){.r = {.o = options}});
}
