/* An n-gram model in its packed form: a trie from the first word to the last, read where it lies.
 *
 *	bytes   0  "heedngrm"
 *	        8  u32 version, 1
 *	       12  u32 order, 1 to 7
 *	       16  u64 rows of table 1, 2, ..., 7 (0 above order)
 *	       72  table 1, 2, ..., order, each of these parts:
 *	           words   of tables above 1: the last word of each row, so many bits each as the largest token needs
 *	           prob    f32, logarithm to base 10; in table 1 a positive one: no such 1-gram
 *	           weight  f32, logarithm to base 10 of the weight of back-off; in tables below order
 *	           begin   rows + 1 numbers of the rows of the next table, so many bits each as its count needs; in
 *	                   tables below order
 *
 * Numbers are little-endian; the lowest bits come first. Each part is filled up to a multiple of 8 bytes, parts in
 * bits with 8 bytes more, so that they can be read eight bytes at a time. What the rows mean is said in
 * ngram_table.h. The bytes need no alignment. */
#ifndef HEED_NGRAM_TRIE_H
#define HEED_NGRAM_TRIE_H

#include "model/ngram_table.h"

#include <string.h>

#define HEED__NGRAM_NONE UINT32_MAX

typedef struct heed__ngram_level {
	size_t word, prob, weight, begin; /* where each part begins */
	uint32_t count;
	int begin_bits;
} heed__ngram_level;

typedef struct heed__ngram {
	const unsigned char *bytes;
	int order, word_bits;
	uint32_t vocab;
	heed__ngram_level n[HEED__NGRAM_ORDER_MAX + 1]; /* n[0] is not used */
} heed__ngram;

/* The rows of the last 1, 2, ... words, HEED__NGRAM_NONE where these were not seen together. */
typedef struct heed__ngram_context {
	uint32_t row[HEED__NGRAM_ORDER_MAX]; /* row[0] is not used; row[n] for n < order */
} heed__ngram_context;

static inline float heed__ngram_float(const heed__ngram *m, size_t part, uint32_t index)
{
	float x;

	memcpy(&x, m->bytes + part + (size_t)index * sizeof x, sizeof x);
	return x;
}

static inline uint32_t heed__ngram_bits(const heed__ngram *m, size_t part, int bits, uint32_t index)
{
	const uint64_t place = (uint64_t)index * (uint64_t)bits;
	uint64_t x;

	memcpy(&x, m->bytes + part + place / 8, sizeof x);
	return (uint32_t)(x >> place % 8 & ((UINT64_C(1) << bits) - 1));
}

/* The parts of a row of table n. */
static inline uint32_t heed__ngram_word(const heed__ngram *m, int n, uint32_t row)
{
	return n == 1 ? row : heed__ngram_bits(m, m->n[n].word, m->word_bits, row);
}

static inline float heed__ngram_prob(const heed__ngram *m, int n, uint32_t row)
{
	return heed__ngram_float(m, m->n[n].prob, row);
}

static inline float heed__ngram_weight(const heed__ngram *m, int n, uint32_t row)
{
	return heed__ngram_float(m, m->n[n].weight, row);
}

static inline uint32_t heed__ngram_begin(const heed__ngram *m, int n, uint32_t row)
{
	return heed__ngram_bits(m, m->n[n].begin, m->n[n].begin_bits, row);
}

/* Packs the table, which is empty then. The caller frees *bytes. */
heed_code heed__ngram_pack(heed__ngram_table *t, void **bytes, size_t *size);
/* Looks at every byte before it is trusted: they may come from a stranger. The bytes are borrowed. */
heed_code heed__ngram_open(heed_ctx *ctx, const void *bytes, size_t size, heed__ngram *m);

/* The row of `words` [n] in table n. */
uint32_t heed__ngram_find(const heed__ngram *m, const int *words, int n);
/* The context that words [count] are; only the last order - 1 count. */
heed__ngram_context heed__ngram_context_of(const heed__ngram *m, const int *words, int count);
/* Logarithm to base 10 of the probability of a word; context may be moved on to behind it. *found, when given, is
 * the length of the longest n-gram that was there, 0 for one that has no 1-gram: it is taken for unk. */
double heed__ngram_next(const heed__ngram *m, heed__ngram_context *context, uint32_t word, int *found);
/* Logarithm to base 10 of the weight with which a context of n words backs off; 0 where it was not seen. */
double heed__ngram_back_off(const heed__ngram *m, const heed__ngram_context *context, int n);

#endif
