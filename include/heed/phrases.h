/* The built-in phrase corpus: English-Spanish sentence pairs from a grammar of heed's own.
 *
 *	heed_phrases *phrases = heed_phrases_new(ctx, 1, HEED_PHRASES_TRAIN, 0);
 *	while (wanted-- > 0 && heed_phrases_next(phrases, &pair) == HEED_OK)
 *		printf("%s\t%s\n", pair.english, pair.spanish);
 *	heed_phrases_free(phrases);
 *
 * A pair is a function of (seed, split, index). Whether an English sentence belongs to training, validation or
 * test is a function of the sentence alone, so no two splits share one, whatever the seeds and counts. Each
 * English sentence has one translation: where Spanish is free the grammar chooses. "you" is tu with an accent
 * and nobody else; subject pronouns are dropped; "it", "they", "them" and an "I" or "we" that an adjective
 * describes are masculine. Text is UTF-8 in NFC, begins with a capital, and a statement has no full stop. */
#ifndef HEED_PHRASES_H
#define HEED_PHRASES_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_phrases_split {
	HEED_PHRASES_TRAIN, /* 98 of 100 sentences */
	HEED_PHRASES_VALID, /* 1 of 100 */
	HEED_PHRASES_TEST,  /* 1 of 100 */
	HEED_PHRASES_SHOWN, /* the sentences of heed_phrases_shown(), in no other split */
} heed_phrases_split;

/* Bytes that either side of a pair takes at most, the NUL included. */
#define HEED_PHRASES_BYTES 256

typedef struct heed_phrases_pair {
	char english[HEED_PHRASES_BYTES], spanish[HEED_PHRASES_BYTES];
} heed_phrases_pair;

/* Pairs in order. With `distinct` an English sentence that already came is passed over, which costs memory for
 * each; without it one may come again, short ones often do. NULL: out of memory. The caller
 * frees it. */
typedef struct heed_phrases heed_phrases;
heed_phrases *heed_phrases_new(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, int distinct);
void heed_phrases_free(heed_phrases *phrases);
heed_code heed_phrases_next(heed_phrases *phrases, heed_phrases_pair *pair);

/* The pair of one index, as an iterator without `distinct` gives it. index must be below 2^40. Thread safe but
 * for the error it may record. */
heed_code heed_phrases_at(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, uint64_t index,
			  heed_phrases_pair *pair);

/* The split of any English text, in the grammar or not. */
heed_phrases_split heed_phrases_split_of(const char *english);

/* The i-th of the sentences kept for showing what a trained model can do, with its translation. Both strings are
 * constants. Returns 0, and leaves them alone, when there is no i-th. */
int heed_phrases_shown(int i, const char **english, const char **spanish);

#ifdef __cplusplus
}
#endif
#endif
