/* A stack of recurrent layers over the sequences of a ragged batch, in one direction or in both.
 *
 *	x [T, in] -> layer 0 -> dropout -> layer 1 -> ... -> [T, width]
 *
 * In both directions each layer runs forwards and backwards over the result of the one below, and its result is the
 * two side by side. */
#ifndef HEED_RECURRENT_H
#define HEED_RECURRENT_H

#include "heed/ops.h"
#include "heed/params.h"
#include "nn/state.h"

#define HEED__RECURRENT_LAYERS 16 /* at most */

enum heed__cell_kind { HEED__CELL_TANH, HEED__CELL_RELU, HEED__CELL_LSTM, HEED__CELL_GRU };

/* One layer in one direction. */
typedef struct heed__recurrent_layer {
	const char *name;          /* "rnn0" or "rnn0.back": of what it gives */
	const char *gates, *cells; /* "rnn0.gates", "rnn0.cells": with HEED_TAPE_WEIGHTS */
	heed_tensor *in, *in_bias; /* [G H, in], [G H] */
	heed_tensor *w, *bias;     /* [G H, P]; [H] of a GRU's candidate */
	heed_tensor *projection;   /* [P, H] or NULL */
} heed__recurrent_layer;

typedef struct heed__recurrent_shape {
	enum heed__cell_kind cell;
	int layers, in, units;
	int projected; /* P of an LSTM, 0: none */
	bool both;     /* directions */
	bool backward; /* the only direction is from the last token to the first */
	double forget_bias;
	double dropout; /* between layers */
} heed__recurrent_shape;

typedef struct heed__recurrent {
	heed__recurrent_shape shape;
	int width;                     /* of the result, both directions together */
	heed__recurrent_layer *layers; /* [layers * directions]: forwards and backwards in turn */
} heed__recurrent;

/* States of every layer and direction in the order of `layers`: h [sequences, P] and, of an LSTM, c [sequences, H];
 * NULL: zeros. */
typedef struct heed__recurrent_states {
	heed_tensor *h[2 * HEED__RECURRENT_LAYERS], *c[2 * HEED__RECURRENT_LAYERS];
} heed__recurrent_states;

/* name: "rnn" and the like. */
heed__recurrent heed__recurrent_new(heed_params *p, const heed__recurrent_shape *shape, const char *name);
int heed__recurrent_directions(const heed__recurrent *r);
/* [T, width]. spans.count 0: every row is one step of a sequence of its own. start: NULL for zeros; end, when given,
 * gets the states after the last token (of the direction), with their gradients. */
heed_tensor *heed__recurrent_run(heed_tape *tape, const heed__recurrent *r, heed_tensor *x, heed_spans spans,
				 const heed__recurrent_states *start, heed__recurrent_states *end);

/* The same in parts, in one direction, for layers that read more than x. The sums [T, G H] are what the first layer's
 * gates begin with; what is added to them counts as read. */
int heed__recurrent_sums_width(const heed__recurrent *r); /* G H */
heed_tensor *heed__recurrent_sums(heed_tape *tape, const heed__recurrent *r, heed_tensor *x);
heed_tensor *heed__recurrent_first(heed_tape *tape, const heed__recurrent *r, heed_tensor *sums,
				   heed_spans spans, const heed__recurrent_states *start,
				   heed__recurrent_states *end);
/* The layers above the first, which gave x. */
heed_tensor *heed__recurrent_above(heed_tape *tape, const heed__recurrent *r, heed_tensor *x,
				   heed_spans spans, const heed__recurrent_states *start,
				   heed__recurrent_states *end);

/* Decoding, in one direction: the states live in the cells `first` and up of a heed_state. `step` takes one row a
 * hypothesis; it loads, runs and stores. */
int heed__recurrent_cells(const heed__recurrent *r); /* how many */
heed_tensor *heed__recurrent_step(heed_tape *tape, const heed__recurrent *r, heed_tensor *x,
				  heed_state *state, int first);
void heed__recurrent_load(heed_state *state, heed_tape *tape, const heed__recurrent *r, int first,
			  heed__recurrent_states *states);
void heed__recurrent_store(heed_state *state, heed_tape *tape, const heed__recurrent *r, int first,
			   const heed__recurrent_states *states);

/* Streams, in one direction: what a sequence hands on to the next batch, [sequences, numbers] (heed_batch.carry).
 * Neither does anything when carry is NULL; gradients end here. */
int heed__recurrent_carry(const heed__recurrent *r);
void heed__recurrent_take_up(heed_tape *tape, const heed__recurrent *r, const float *carry, int sequences,
			     heed__recurrent_states *states);
void heed__recurrent_hand_on(const heed__recurrent *r, const heed__recurrent_states *states, int sequences,
			     float *carry);

#endif
