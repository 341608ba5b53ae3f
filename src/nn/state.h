/* What a model remembers while it decodes: keys and values of earlier tokens, and what it made of the sources.
 *
 * The cache of a layer is a matrix with a row for every (token, hypothesis) pair ever computed; slots[row] lists
 * the rows that a hypothesis has come through, so that reordering hypotheses moves a few integers and no
 * keys:
 *
 *	cache row = step * max_rows + row at that step        slots [max_rows, steps]
 */
#ifndef HEED_STATE_H
#define HEED_STATE_H

#include "base/arena.h"
#include "heed/model.h"

#define HEED__STATE_LAYERS 64

typedef struct heed__cache {
	float *data; /* [capacity * max_rows, width] */
	int width, capacity;
} heed__cache;

/* What a recurrence remembers of each row: the newest value only. */
typedef struct heed__cell {
	float *data, *next; /* [max_rows, width] */
	int width;
} heed__cell;

struct heed_state {
	heed_ctx *ctx;
	int max_rows, max_steps;
	int rows, step;             /* hypotheses now; tokens taken by each of them */
	int *source;                /* [max_rows] which source each continues */
	int *slots, *next_slots;    /* [max_rows, max_steps] */
	int *counts;                /* [max_rows] step + 1 during a step */
	int *key_first, *key_count; /* [max_rows] rows of each one's source */
	heed__cache caches[HEED__STATE_LAYERS];
	heed__cell cells[HEED__STATE_LAYERS];
	int *tokens, *next_tokens; /* [max_rows, max_steps] what each row has been given */
	heed__arena memory;        /* of the sources; begins anew with each start */
	heed_spans sources;
	heed_tensor *kept[HEED__STATE_LAYERS];
	int kept_count;
};

/* A copy of t that lives until the next start, numbered in order: state->kept[n]. False: out of memory. */
bool heed__state_keep(heed_state *state, const heed_tensor *t);
/* The memory of a recurrence, [rows, width]: zeros before the first set of this layer after a start. */
heed_tensor *heed__state_cell(heed_state *state, heed_tape *tape, int layer, int width);
/* Remembers t [rows, width] instead; in start() it has a row a source. NULL does nothing. */
void heed__state_set(heed_state *state, heed_tape *tape, int layer, const heed_tensor *t);
/* The tokens of a row, [state->step + 1] during a step, the newest last. */
const int *heed__state_tokens(const heed_state *state, int row);
/* Writes columns [at, at + width) of every row of t to the layer's cache as this step's keys and values, and
 * returns the cache as a tensor on the tape. */
heed_tensor *heed__state_append(heed_state *state, heed_tape *tape, int layer, const heed_tensor *t, int at,
				int width);

#endif
