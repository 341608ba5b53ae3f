/* recurrence_read: what a recurrence knows beside its result y [T, P].
 *
 *	states after each sequence: rows of y [sequences, P]      cells after each sequence, of an LSTM [sequences, H]
 *	values of the gates [T, G H]                              cells, of an LSTM [T, H]
 *
 * The gradient of the last cells goes to where the recurrence looks for it. Gates and cells have none. */
#include "op/recurrence.h"

#include <string.h>

typedef struct attr {
	heed_recurrence_part part;
} attr;

enum { Y };

static heed_recurrence_part part_of(const heed_node *node)
{
	return ((const attr *)node->attr)->part;
}

/* Last sequences or all tokens. */
static bool of_ends(const heed_node *node)
{
	return part_of(node) == HEED_RECURRENCE_STATE || part_of(node) == HEED_RECURRENCE_CELL;
}

static int width(const heed__recurrence *a, heed_recurrence_part part)
{
	return part == HEED_RECURRENCE_STATE ? a->width
					     : (part == HEED_RECURRENCE_GATES ? a->gates : 1) * a->units;
}

static heed_code shape(heed_node *node)
{
	const heed__recurrence *a = heed__recurrence_of(node->in[Y]->node);
	const heed_recurrence_part part = part_of(node);

	if (a == NULL || node->in[Y]->node->dropped)
		return heed__misfit(node, "expected what a recurrence just gave, found another [%d,%d]",
				    node->in[Y]->dim[0], node->in[Y]->dim[1]);
	if ((part == HEED_RECURRENCE_CELL || part == HEED_RECURRENCE_CELLS) && a->gates != 4)
		return heed__misfit(node, "only an LSTM has cells");
	if (part == HEED_RECURRENCE_GATES && a->gates == 1)
		return heed__misfit(node, "an RNN has no gates");
	if (!of_ends(node) && !a->keep)
		return heed__misfit(node, "gates and cells are kept by a tape with HEED_TAPE_WEIGHTS only");
	heed__shape_matrix(node, of_ends(node) ? a->count : node->in[Y]->dim[0], width(a, part));
	return HEED_OK;
}

static int length(const heed__recurrence *a, int r)
{
	const int s = a->order[r];

	return a->o.spans.start[s + 1] - a->o.spans.start[s];
}

/* The packed row, or the token, that ends sequence r. */
static size_t last_packed(const heed__recurrence *a, int r)
{
	return heed__recurrence_packed(a, length(a, r) - 1, r);
}

static size_t last_token(const heed__recurrence *a, int r)
{
	return heed__recurrence_token(a, length(a, r) - 1, r);
}

static void read_ends(heed_node *node, const heed__recurrence *a)
{
	const bool state = part_of(node) == HEED_RECURRENCE_STATE;
	const size_t n = (size_t)node->out->dim[1];

	for (int r = 0; r < a->count; r++)
		memcpy(node->out->data + (size_t)a->order[r] * n,
		       state ? node->in[Y]->data + last_token(a, r) * n : a->cells + last_packed(a, r) * n,
		       n * sizeof(float));
}

static void read_tokens(heed_node *node, const heed__recurrence *a)
{
	const float *from = part_of(node) == HEED_RECURRENCE_GATES ? a->gate_values : a->cells;
	const size_t n = (size_t)node->out->dim[1];

	for (int t = 0; t < a->steps; t++)
		for (int r = 0; r < a->active[t]; r++)
			memcpy(node->out->data + heed__recurrence_token(a, t, r) * n,
			       from + heed__recurrence_packed(a, t, r) * n, n * sizeof(float));
}

static void forward(heed_node *node)
{
	const heed__recurrence *a = heed__recurrence_of(node->in[Y]->node);

	if (of_ends(node))
		read_ends(node, a);
	else
		read_tokens(node, a);
}

static void backward(heed_node *node)
{
	const heed__recurrence *a = heed__recurrence_of(node->in[Y]->node);
	const bool state = part_of(node) == HEED_RECURRENCE_STATE;
	const size_t n = (size_t)node->out->dim[1];
	/* Also for the cells: only nodes whose result has a gradient are run. */
	float *const dy = heed__grad_add(node, node->in[Y]);

	for (int r = 0; dy != NULL && of_ends(node) && r < a->count; r++)
		node->kernels->add(n, node->out->grad + (size_t)a->order[r] * n,
				   state ? dy + last_token(a, r) * n : a->end_grad + (size_t)r * n);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

/* part, sequences, longest, units, gates (1 RNN, 3 GRU, 4 LSTM), reverse, something in between, projected width */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = heed__case_spans(inputs, n[1], n[2]);
	const heed_recurrence_options options = {spans, n[5] != 0};
	const int p = n[7] > 0 ? n[7] : n[3];
	heed_tensor *x = heed__case_leaf(inputs, heed_spans_rows(spans), n[4] * n[3]);
	heed_tensor *w = heed__case_leaf(inputs, n[4] * n[3], p);
	heed_tensor *y;

	if (n[4] == 4)
		y = heed_lstm(tape, x, w, NULL, NULL, n[7] > 0 ? heed__case_leaf(inputs, p, n[3]) : NULL,
			      options);
	else if (n[4] == 3)
		y = heed_gru(tape, x, w, heed__case_leaf(inputs, n[3], 0), NULL, options);
	else
		y = heed_rnn(tape, x, w, NULL, HEED_ACT_TANH, options);
	if (n[6])
		y = heed_residual(tape, y, y, 0);
	return heed_recurrence_read(tape, y, (heed_recurrence_part)n[0]);
}

static const heed__op_case cases[] = {
	{.name = "states of an RNN", build, {HEED_RECURRENCE_STATE, 4, 5, 6, 1}},
	{.name = "states of a GRU", build, {HEED_RECURRENCE_STATE, 4, 5, 3, 3, 1}},
	{.name = "states of an LSTM", build, {HEED_RECURRENCE_STATE, 1, 1, 1, 4}},
	{.name = "projected states", build, {HEED_RECURRENCE_STATE, 4, 5, 5, 4, 0, 0, 3}},
	{.name = "cells", build, {HEED_RECURRENCE_CELL, 5, 4, 6, 4}},
	{.name = "cells backwards", build, {HEED_RECURRENCE_CELL, 5, 4, 5, 4, 1}},
	{.name = "projected cells", build, {HEED_RECURRENCE_CELL, 4, 4, 5, 4, 0, 0, 3}},
	{.name = "gates", build, {HEED_RECURRENCE_GATES, 3, 4, 5, 4, 1}, .rough = true},
	{.name = "all cells", build, {HEED_RECURRENCE_CELLS, 3, 4, 5, 4}, .rough = true},
	{.name = "cells of a GRU", build, {HEED_RECURRENCE_CELL, 3, 4, 5, 3}, .bad = true},
	{.name = "gates of an RNN", build, {HEED_RECURRENCE_GATES, 3, 4, 5, 1}, .bad = true},
	{.name = "of something else", build, {HEED_RECURRENCE_STATE, 3, 4, 5, 4, 0, 1}, .bad = true},
	{0},
};

const heed_op heed__op_recurrence_read = {
	.name = "recurrence_read",
	.inputs = 1,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.cases = cases,
};

heed_tensor *heed_recurrence_read(heed_tape *tape, heed_tensor *y, heed_recurrence_part part)
{
	return heed__record(tape, &heed__op_recurrence_read, (heed_tensor *[]){y}, 1, &(attr){part});
}
