/* Stacks of recurrent layers. */
#include "nn/recurrent.h"

#include "tensor/tape.h"

#include <string.h>

static bool is_lstm(const heed__recurrent *r)
{
	return r->shape.cell == HEED__CELL_LSTM;
}

int heed__recurrent_directions(const heed__recurrent *r)
{
	return r->shape.both ? 2 : 1;
}

/* P, the width of one direction. */
static int state_width(const heed__recurrent_shape *s)
{
	return s->projected > 0 ? s->projected : s->units;
}

static int gates(enum heed__cell_kind cell)
{
	return cell == HEED__CELL_LSTM ? 4 : cell == HEED__CELL_GRU ? 3 : 1;
}

static heed__recurrent_layer layer_new(heed_params *p, const heed__recurrent_shape *s, int in,
				       const char *name)
{
	const int g = gates(s->cell), h = s->units, width = state_width(s);
	const heed_init zero = {HEED_INIT_ZERO, 0}, forget = {HEED_INIT_FORGET, s->forget_bias};
	heed__recurrent_layer l = {.name = name};

	l.gates = g > 1 ? heed_params_text(p, "%s.gates", name) : NULL;
	l.cells = s->cell == HEED__CELL_LSTM ? heed_params_text(p, "%s.cells", name) : NULL;
	l.in = heed_param(p, heed_init_xavier(h, in), 2, (int[]){g * h, in}, "%s.input.weight", name);
	l.in_bias = heed_param(p, s->cell == HEED__CELL_LSTM ? forget : zero, 1, (int[]){g * h},
			       "%s.input.bias", name);
	l.w = heed_param(p, heed_init_xavier(h, width), 2, (int[]){g * h, width}, "%s.recurrent.weight",
			 name);
	if (s->cell == HEED__CELL_GRU)
		l.bias = heed_param(p, zero, 1, (int[]){h}, "%s.recurrent.bias", name);
	if (s->projected > 0)
		l.projection = heed_param(p, heed_init_xavier(width, h), 2, (int[]){width, h},
					  "%s.projection.weight", name);
	return l;
}

heed__recurrent heed__recurrent_new(heed_params *p, const heed__recurrent_shape *shape, const char *name)
{
	heed__recurrent r = {.shape = *shape};
	const int directions = heed__recurrent_directions(&r), count = shape->layers * directions;
	int in = shape->in;

	r.width = state_width(shape) * directions;
	r.layers = heed_params_alloc(p, (size_t)count * sizeof *r.layers);
	for (int i = 0; r.layers != NULL && i < count; i++) {
		const char *back = i % directions > 0 ? ".back" : "";
		const char *full = heed_params_text(p, "%s%d%s", name, i / directions, back);

		if (full == NULL)
			break;
		r.layers[i] = layer_new(p, shape, in, full);
		if ((i + 1) % directions == 0)
			in = r.width;
	}
	return r;
}

/* What a tape that is looked at shows of a layer. */
static void show(heed_tape *tape, const heed__recurrent_layer *l, heed_tensor *y)
{
	heed_named(tape, y, l->name);
	if ((heed_tape_flags(tape) & HEED_TAPE_WEIGHTS) == 0)
		return;
	if (l->gates != NULL)
		heed_named(tape, heed_recurrence_read(tape, y, HEED_RECURRENCE_GATES), l->gates);
	if (l->cells != NULL)
		heed_named(tape, heed_recurrence_read(tape, y, HEED_RECURRENCE_CELLS), l->cells);
}

/* What the gates of layer i of the list begin with. */
static heed_tensor *layer_sums(heed_tape *tape, const heed__recurrent *r, int i, heed_tensor *x)
{
	const heed__recurrent_layer *l = &r->layers[i];

	return heed_linear(tape, x, l->in, l->in_bias, HEED_ACT_NONE, 0);
}

/* The states after layer i gave y. Of single steps y is the state. */
static void end_layer(heed_tape *tape, const heed__recurrent *r, int i, heed_tensor *y, heed_spans spans,
		      heed__recurrent_states *end)
{
	end->h[i] = spans.count > 0 ? heed_recurrence_read(tape, y, HEED_RECURRENCE_STATE) : y;
	end->c[i] = is_lstm(r) ? heed_recurrence_read(tape, y, HEED_RECURRENCE_CELL) : NULL;
}

/* Layer i of the list from its sums, which nobody needs any more. */
static heed_tensor *run_layer(heed_tape *tape, const heed__recurrent *r, int i, heed_tensor *sums,
			      heed_spans spans, const heed__recurrent_states *start,
			      heed__recurrent_states *end)
{
	const heed__recurrent_layer *l = &r->layers[i];
	const heed_recurrence_options options = {spans,
						 r->shape.backward || i % heed__recurrent_directions(r) > 0};
	heed_tensor *const h = start != NULL ? start->h[i] : NULL;
	heed_tensor *y;

	if (is_lstm(r))
		y = heed_lstm(tape, sums, l->w, h, start != NULL ? start->c[i] : NULL, l->projection,
			      options);
	else if (r->shape.cell == HEED__CELL_GRU)
		y = heed_gru(tape, sums, l->w, l->bias, h, options);
	else
		y = heed_rnn(tape, sums, l->w, h,
			     r->shape.cell == HEED__CELL_RELU ? HEED_ACT_RELU : HEED_ACT_TANH, options);
	heed__tape_drop(tape, sums);
	if (spans.count > 0)
		show(tape, l, y);
	if (end != NULL)
		end_layer(tape, r, i, y, spans, end);
	return y;
}

/* The layers from the i-th of the list on, which begins a new one. */
static heed_tensor *run_from(heed_tape *tape, const heed__recurrent *r, int i, heed_tensor *x,
			     heed_spans spans, const heed__recurrent_states *start,
			     heed__recurrent_states *end)
{
	const int directions = heed__recurrent_directions(r);

	for (; i < r->shape.layers * directions; i += directions) {
		heed_tensor *const in = i > 0 ? heed_dropout(tape, x, r->shape.dropout) : x;

		if (in != x)
			heed__tape_drop(tape, x);
		x = run_layer(tape, r, i, layer_sums(tape, r, i, in), spans, start, end);
		if (r->shape.both)
			x = heed_join(
				tape, x,
				run_layer(tape, r, i + 1, layer_sums(tape, r, i + 1, in), spans, start, end));
	}
	return x;
}

heed_tensor *heed__recurrent_run(heed_tape *tape, const heed__recurrent *r, heed_tensor *x, heed_spans spans,
				 const heed__recurrent_states *start, heed__recurrent_states *end)
{
	return run_from(tape, r, 0, x, spans, start, end);
}

int heed__recurrent_sums_width(const heed__recurrent *r)
{
	return gates(r->shape.cell) * r->shape.units;
}

heed_tensor *heed__recurrent_sums(heed_tape *tape, const heed__recurrent *r, heed_tensor *x)
{
	return layer_sums(tape, r, 0, x);
}

heed_tensor *heed__recurrent_first(heed_tape *tape, const heed__recurrent *r, heed_tensor *sums,
				   heed_spans spans, const heed__recurrent_states *start,
				   heed__recurrent_states *end)
{
	return run_layer(tape, r, 0, sums, spans, start, end);
}

heed_tensor *heed__recurrent_above(heed_tape *tape, const heed__recurrent *r, heed_tensor *x,
				   heed_spans spans, const heed__recurrent_states *start,
				   heed__recurrent_states *end)
{
	return run_from(tape, r, 1, x, spans, start, end);
}

int heed__recurrent_cells(const heed__recurrent *r)
{
	return r->shape.layers * (is_lstm(r) ? 2 : 1);
}

heed_tensor *heed__recurrent_step(heed_tape *tape, const heed__recurrent *r, heed_tensor *x,
				  heed_state *state, int first)
{
	heed__recurrent_states start = {0}, end = {0};

	heed__recurrent_load(state, tape, r, first, &start);
	x = heed__recurrent_run(tape, r, x, (heed_spans){0}, &start, &end);
	if (x != NULL)
		heed__recurrent_store(state, tape, r, first, &end);
	return x;
}

void heed__recurrent_load(heed_state *state, heed_tape *tape, const heed__recurrent *r, int first,
			  heed__recurrent_states *states)
{
	const int layers = r->shape.layers;

	for (int l = 0; l < layers; l++) {
		states->h[l] = heed__state_cell(state, tape, first + l, state_width(&r->shape));
		states->c[l] =
			is_lstm(r) ? heed__state_cell(state, tape, first + layers + l, r->shape.units) : NULL;
	}
}

void heed__recurrent_store(heed_state *state, heed_tape *tape, const heed__recurrent *r, int first,
			   const heed__recurrent_states *states)
{
	for (int l = 0; l < r->shape.layers; l++) {
		heed__state_set(state, tape, first + l, states->h[l]);
		heed__state_set(state, tape, first + r->shape.layers + l, states->c[l]);
	}
}

/* Where in a sequence's numbers those of a layer begin: first all h, then all c. */
static int carry_at(const heed__recurrent *r, int layer, bool cell)
{
	return cell ? r->shape.layers * state_width(&r->shape) + layer * r->shape.units
		    : layer * state_width(&r->shape);
}

int heed__recurrent_carry(const heed__recurrent *r)
{
	return is_lstm(r) ? carry_at(r, r->shape.layers, true) : carry_at(r, r->shape.layers, false);
}

/* [sequences, width] from columns [at, at + width) of the carry. */
static heed_tensor *take_up(heed_tape *tape, const heed__recurrent *r, const float *carry, int sequences,
			    int at, int width)
{
	const size_t n = (size_t)width, row = (size_t)heed__recurrent_carry(r);
	float *const data = heed__tape_alloc(tape, (size_t)sequences * n * sizeof *data);

	for (int s = 0; data != NULL && s < sequences; s++)
		memcpy(data + (size_t)s * n, carry + (size_t)s * row + at, n * sizeof *data);
	return data != NULL ? heed_leaf_matrix(tape, data, sequences, width) : NULL;
}

void heed__recurrent_take_up(heed_tape *tape, const heed__recurrent *r, const float *carry, int sequences,
			     heed__recurrent_states *states)
{
	for (int l = 0; carry != NULL && l < r->shape.layers; l++) {
		states->h[l] =
			take_up(tape, r, carry, sequences, carry_at(r, l, false), state_width(&r->shape));
		if (is_lstm(r))
			states->c[l] =
				take_up(tape, r, carry, sequences, carry_at(r, l, true), r->shape.units);
	}
}

/* Nothing when t is NULL or, on a planning tape, has no data. */
static void hand_on(const heed__recurrent *r, const heed_tensor *t, int sequences, int at, float *carry)
{
	const size_t n = t != NULL ? (size_t)t->dim[1] : 0, row = (size_t)heed__recurrent_carry(r);

	for (int s = 0; t != NULL && t->data != NULL && s < sequences; s++)
		memcpy(carry + (size_t)s * row + at, t->data + (size_t)s * n, n * sizeof *carry);
}

void heed__recurrent_hand_on(const heed__recurrent *r, const heed__recurrent_states *states, int sequences,
			     float *carry)
{
	for (int l = 0; carry != NULL && l < r->shape.layers; l++) {
		hand_on(r, states->h[l], sequences, carry_at(r, l, false), carry);
		hand_on(r, states->c[l], sequences, carry_at(r, l, true), carry);
	}
}
