/* A ragged batch one token of each sequence at a time, for decoders in which a token's turn comes only when the one
 * before it has given its state. Sequences that have ended take no part in later steps. */
#ifndef HEED_STEPS_H
#define HEED_STEPS_H

#include "heed/tensor.h"

/* Step t: the t-th tokens of all sequences that have one, in the order of the sequences. */
typedef struct heed__step {
	int rows;
	const int *tokens;  /* [rows] which rows of the batch they are */
	const int *before;  /* [rows] their sequences' rows at the step before; NULL: all go on */
	heed_spans queries; /* of all sequences of the batch: one row each, none of those that have ended */
} heed__step;

typedef struct heed__steps {
	int count; /* as many as the longest sequence has tokens */
	heed_spans spans;
	heed__step *step; /* [count] */
	int *place; /* [tokens] where each token of the batch is when all steps stand one under another */
} heed__steps;

/* false: out of memory, which the tape knows. All of it lives until the tape's reset. */
bool heed__steps_make(heed_tape *tape, heed_spans spans, heed__steps *steps);
/* Of the state after the step before, the rows of those that go on. NULL stays NULL. */
heed_tensor *heed__step_go_on(heed_tape *tape, const heed__step *step, heed_tensor *state);
/* [tokens, D] in the order of the batch from what each step gave, parts [steps->count]. */
heed_tensor *heed__steps_join(heed_tape *tape, const heed__steps *steps, heed_tensor *const *parts);
/* The attention weights that the tape has kept since there were `first`, one call a step, become those of one
 * attention of whole sequences. */
void heed__steps_join_weights(heed_tape *tape, const heed__steps *steps, int first);

#endif
