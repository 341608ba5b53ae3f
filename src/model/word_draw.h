/* What word2vec draws at random: which tokens of a text stay, and which words stand for all the others. */
#ifndef HEED_WORD_DRAW_H
#define HEED_WORD_DRAW_H

#include "base/philox.h"
#include "base/context_impl.h"

/* Random numbers of 32 bits, `index` apart from each other: at most 1024 of one index. */
typedef struct heed__draws {
	uint64_t seed, index;
	uint32_t stream, step;
	int used;
	heed__philox block;
} heed__draws;

static inline uint32_t heed__draws_next(heed__draws *d)
{
	if (d->used % 4 == 0) {
		const uint64_t at = d->index << 8 | (uint64_t)d->used / 4;

		d->block = heed__philox4x32((uint32_t)at, (uint32_t)(at >> 32), d->step, d->stream,
					    (uint32_t)d->seed, (uint32_t)(d->seed >> 32));
	}
	return d->block.v[d->used++ % 4];
}

/* One of n by one draw: the alias method (Walker 1977; Vose 1991). Every place has two words. */
typedef struct heed__alias {
	uint32_t limit; /* the first one below this */
	int first, second;
} heed__alias;

typedef struct heed__word_draw {
	heed_ctx *ctx;
	int vocab;
	int64_t *counts;    /* [vocab] of trained words; 0: not one */
	int64_t total;      /* their sum */
	int words;          /* how many are not 0 */
	uint32_t *keep;     /* [vocab] a token stays when 32 random bits are not above this */
	heed__alias *alias; /* [words] */
	double most;        /* share of the most frequent word among the tokens that stay */
} heed__word_draw;

/* Counts the ids but for unknown, bos and eos. A token of share f of the text stays with probability
 * sqrt(s/f) + s/f, s = subsample; 0: all stay. Negative samples are drawn with count^0.75. */
heed_code heed__word_draw_init(heed__word_draw *d, heed_ctx *ctx, const int *ids, int64_t count, int vocab,
			       double subsample);
void heed__word_draw_release(heed__word_draw *d);

static inline int heed__word_draw_negative(const heed__word_draw *d, uint32_t bits)
{
	const uint64_t product = (uint64_t)bits * (uint32_t)d->words;
	const heed__alias *const a = &d->alias[product >> 32];

	return (uint32_t)product < a->limit ? a->first : a->second;
}

#endif
