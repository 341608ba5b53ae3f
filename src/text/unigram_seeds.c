/* Candidates for pieces: frequent substrings, counted level by level. Every place knows the substring of so many
 * symbols that begins there; with the next symbol it becomes a longer one. Only what is frequent is made longer. */
#include <stdlib.h>

#include "text/unigram.h"

typedef struct substring {
	int64_t count;
	int start, length;
	int parent;    /* without the last symbol */
	bool followed; /* always by the same symbol */
} substring;

HEED__VECTOR(substrings, substring);

typedef struct counting {
	heed_ctx *ctx;
	const heed__symbol_runs *runs;
	int64_t min_count;
	heed__pair_table index; /* (substring, symbol) to substring */
	substrings all;         /* 0 is empty */
	heed__ints at;          /* [symbols]: the substring that begins here, or -1 */
} counting;

/* The substring with one symbol more, seen `count` times more. -1: out of memory. */
static int extend(counting *c, int parent, int symbol, int start, int64_t count)
{
	int32_t i = heed__pair_table_get(&c->index, (uint32_t)parent, (uint32_t)symbol);

	if (i < 0) {
		const substring s = {
			.start = start, .length = c->all.data[parent].length + 1, .parent = parent};

		i = (int32_t)c->all.len;
		if (!HEED__PUSH(c->ctx, &c->all, s) ||
		    !heed__pair_table_add(&c->index, (uint32_t)parent, (uint32_t)symbol, i))
			return -1;
	}
	c->all.data[i].count += count;
	return i;
}

/* Makes the substrings of `length` symbols one longer. */
static bool count_level(counting *c, int length)
{
	const heed__symbol_runs *runs = c->runs;
	const size_t known = c->all.len;

	for (size_t r = 0; r < runs->counts->count; r++)
		for (int i = runs->first.data[r]; i < runs->first.data[r + 1]; i++) {
			int *at = &c->at.data[i];
			const int symbol = *at < 0 ? -1 : runs->symbols.data[i + length];

			if (symbol < 0 || c->all.data[*at].count < c->min_count) {
				*at = -1;
				continue;
			}
			*at = extend(c, *at, symbol, i, runs->counts->entries[r].value);
			if (*at < 0)
				return false;
		}
	for (size_t i = known; i < c->all.len; i++) {
		substring *parent = &c->all.data[c->all.data[i].parent];

		if (parent->count == c->all.data[i].count)
			parent->followed = true;
	}
	return true;
}

static bool count_all(counting *c)
{
	if (!HEED__PUSH(c->ctx, &c->all, ((substring){.count = INT64_MAX})) ||
	    !HEED__RESERVE(c->ctx, &c->at, c->runs->symbols.len))
		return false;
	for (size_t i = 0; i < c->runs->symbols.len; i++)
		c->at.data[i] = 0;
	for (int length = 0; length < HEED__SEED_LENGTH_MAX; length++)
		if (!count_level(c, length))
			return false;
	return true;
}

static int compare_seeds(const void *pa, const void *pb)
{
	const heed__seed *a = pa, *b = pb;
	const double x = (double)a->count * a->length, y = (double)b->count * b->length;

	if (x != y)
		return x > y ? -1 : 1;
	return a->start != b->start ? (a->start < b->start ? -1 : 1) : a->length - b->length;
}

static bool collect(const counting *c, heed__seeds *seeds)
{
	for (size_t i = 1; i < c->all.len; i++) {
		const substring *s = &c->all.data[i];

		if (s->length >= 2 && s->count >= c->min_count && !s->followed &&
		    !HEED__PUSH(c->ctx, seeds, ((heed__seed){s->start, s->length, s->count})))
			return false;
	}
	if (seeds->len > 0)
		qsort(seeds->data, seeds->len, sizeof *seeds->data, compare_seeds);
	return true;
}

heed_code heed__unigram_seeds(heed_ctx *ctx, const heed__symbol_runs *runs, int64_t min_count,
			      heed__seeds *seeds)
{
	counting c = {
		.ctx = ctx,
		.runs = runs,
		.min_count = min_count,
		.index = heed__pair_table_init(ctx),
	};
	const bool done = count_all(&c) && collect(&c, seeds);

	heed__pair_table_release(&c.index);
	HEED__VECTOR_RELEASE(ctx, &c.all);
	HEED__VECTOR_RELEASE(ctx, &c.at);
	return done ? HEED_OK : HEED_E_MEMORY;
}
