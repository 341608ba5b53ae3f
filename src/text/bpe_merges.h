/* The merges of byte-pair encoding: what bpe_train.c learns and bpe.c applies. */
#ifndef HEED_BPE_MERGES_H
#define HEED_BPE_MERGES_H

#include "text/alphabet.h"

typedef struct heed__merge {
	int left, right; /* ids */
} heed__merge;

HEED__VECTOR(heed__merges, heed__merge);

typedef struct heed__bpe {
	heed__alphabet alphabet;
	heed__merges merges;    /* in order of rank; merge i makes the id t->reserved + alphabet.count + i */
	heed__pair_table ranks; /* (left, right) to rank */
} heed__bpe;

/* Appends the merge of two pieces and the piece it makes. *made is false when they make none: it would be too
 * long, have a space inside, or there is one of that form. (That last case never comes up in training but for
 * reserved names: what is merged inside a stretch of text that no merge has crossed depends on that stretch
 * alone, so no piece comes about in two ways.) */
heed_code heed__bpe_merge(heed_tokenizer *t, int left, int right, bool *made);
/* Learns merges from the counts of runs; the alphabet is there. */
heed_code heed__bpe_train(heed_tokenizer *t, const heed__map *runs, int64_t min_count, int vocab, int merges);

#endif
