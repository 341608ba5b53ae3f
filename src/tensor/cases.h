/* The inputs of one case of an op, as the checks of src/op/check.c see them. */
#ifndef HEED_CASES_H
#define HEED_CASES_H

#include "tensor/tape.h"

#define HEED__CASE_LEAVES 8

struct heed__case_inputs {
	heed_tape *tape;
	heed__rng rng;
	heed_tensor *leaves[HEED__CASE_LEAVES]; /* in order of creation */
	int count;
	int nudged; /* the leaf of which one element is moved, -1: none */
	size_t element;
	double nudge;
};

#endif
