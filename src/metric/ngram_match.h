/* Counts the n-grams that a hypothesis shares with its references.
 *
 *	heed__ngrams_clear(&g);
 *	heed__ngrams_push(&g, symbol) ...; heed__ngrams_end(&g);     the hypothesis
 *	heed__ngrams_push(&g, symbol) ...; heed__ngrams_end(&g);     each reference
 *	if (heed__ngrams_begin(&g)) ...
 *	for (n = 1; n <= N; n++)
 *		heed__ngrams_next(&g);                               g.clipped, g.matched[k]: order n
 *
 * A symbol is any number below HEED__NO_SYMBOL: a character, or a word's number. Equal n-grams of an order get one
 * number, made from the number of their first n - 1 symbols and the last symbol, so no n-gram is ever compared
 * symbol by symbol. */
#ifndef HEED_NGRAM_MATCH_H
#define HEED_NGRAM_MATCH_H

#include "base/vector.h"

#include <stdint.h>

#define HEED__NO_SYMBOL UINT32_MAX /* in a reference: equal to nothing */

HEED__VECTOR(heed__symbols, uint32_t);
HEED__VECTOR(heed__ends, size_t);

typedef struct heed__ngrams {
	heed_ctx *ctx;
	heed__symbols symbols; /* of all sequences, one after another */
	heed__ends ends;       /* where each sequence ends; sequence 0 is the hypothesis */
	size_t order;          /* the last one counted */
	size_t clipped;  /* matches, each n-gram at most as often as in the reference that has most of it */
	size_t *matched; /* [references] matches with each reference alone */

	heed__symbols number; /* of the n-gram that begins at each symbol, or HEED__NO_SYMBOL */
	heed__symbols counts; /* [3][n-grams of the hypothesis]: there, in this reference, in any at most */
	uint64_t *keys;       /* hash table of the n-grams of the hypothesis */
	uint32_t *values;     /* [slots] their numbers */
	size_t slots, matched_cap;
} heed__ngrams;

heed__ngrams heed__ngrams_init(heed_ctx *ctx);
void heed__ngrams_release(heed__ngrams *g);
void heed__ngrams_clear(heed__ngrams *g);
bool heed__ngrams_push(heed__ngrams *g, uint32_t symbol);
bool heed__ngrams_end(heed__ngrams *g);
/* Makes room for the counts of the sequences pushed. False: out of memory. */
bool heed__ngrams_begin(heed__ngrams *g);
void heed__ngrams_next(heed__ngrams *g);
/* How many n-grams of the current order sequence k has (0: the hypothesis). */
size_t heed__ngrams_total(const heed__ngrams *g, size_t k);

#endif
