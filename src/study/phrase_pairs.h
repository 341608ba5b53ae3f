/* Pairs of the built-in phrase corpus, alone or several in a row. */
#ifndef HEED_PHRASE_PAIRS_H
#define HEED_PHRASE_PAIRS_H

#include "heed/dataset.h"
#include "heed/phrases.h"

/* `count` texts of `least` to `most` sentences each, on both sides as many. NULL: out of memory. */
heed_examples *heed__phrase_pairs(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, int count,
				  int least, int most);

#endif
