/* All n-grams of a text or a file, a table a length, on the way to the packed form.
 *
 * Table n (n = 1, 2, ..., order) has a row for each n-gram. Rows with the same first n - 1 words lie side by side,
 * in the order of the table of these words, and among them in the order of their last word:
 *
 *	table 1    row w is token w, whether it was seen or not
 *	table n    word[i] is the last word of row i; the longer n-grams that begin with it are rows
 *	           [begin[i], begin[i + 1]) of table n + 1
 *
 * An array serves two things, one after the other, since these are the largest things in memory. */
#ifndef HEED_NGRAM_TABLE_H
#define HEED_NGRAM_TABLE_H

#include "heed/model.h"

#include "base/context_impl.h"

#define HEED__NGRAM_ORDER_MAX 7

/* Of a count: the n-gram was seen too rarely to stay. */
#define HEED__NGRAM_PRUNED (UINT32_C(1) << 31)
/* Of a logarithm in table 1: there is no such 1-gram. */
#define HEED__NGRAM_ABSENT 1.0f
/* Stands for the logarithm of zero, as in ARPA files. */
#define HEED__NGRAM_ZERO -99.0f

typedef union heed__ngram_cell {
	uint32_t count;
	float number;
} heed__ngram_cell;

typedef struct heed__ngram_rows {
	uint32_t count;
	uint32_t *word;          /* [count]; NULL in table 1 */
	uint32_t *begin;         /* [count + 1]; NULL in the last table */
	heed__ngram_cell *value; /* [count] counts; later probabilities, and their logarithms to base 10 */
	heed__ngram_cell *
		link; /* [count] the row of table n - 1 of the n-gram without its first word; later weights of
	                             back-off and their logarithms; may be NULL in tables 1 and `order` */
} heed__ngram_rows;

typedef struct heed__ngram_table {
	heed_ctx *ctx;
	int order, vocab;
	heed__ngram_rows n[HEED__NGRAM_ORDER_MAX + 1]; /* n[0] is not used */
	/* Rows [bos_first[n], bos_end[n]) of table n begin with bos. */
	uint32_t bos_first[HEED__NGRAM_ORDER_MAX + 1], bos_end[HEED__NGRAM_ORDER_MAX + 1];
} heed__ngram_table;

void heed__ngram_rows_release(heed_ctx *ctx, heed__ngram_rows *rows);
void heed__ngram_table_release(heed__ngram_table *t);

/* What a model is estimated with. */
typedef enum heed__ngram_smoothing {
	HEED__NGRAM_KNESER_NEY,
	HEED__NGRAM_ADD_K,
	HEED__NGRAM_MLE,
} heed__ngram_smoothing;

typedef struct heed__ngram_recipe {
	int order, vocab;
	heed__ngram_smoothing smoothing;
	double k;
	uint32_t prune[HEED__NGRAM_ORDER_MAX +
		       1]; /* [n] n-grams seen at most so often do not stay; never falls with n */
} heed__ngram_recipe;

/* Counts the n-grams of the text: each text begins with bos, which is never predicted, and ends with its eos. With
 * Kneser-Ney, values of n-grams shorter than the longest that don't begin with bos are the number of different
 * words before them; all others are how often the n-gram is there. */
heed_code heed__ngram_count(heed_ctx *ctx, const heed__ngram_recipe *recipe, const heed_fit *text,
			    heed__ngram_table *t);
/* Makes logarithms of probabilities and weights out of the counts, and leaves out what is pruned. */
heed_code heed__ngram_estimate(heed__ngram_table *t, const heed__ngram_recipe *recipe);

#endif
