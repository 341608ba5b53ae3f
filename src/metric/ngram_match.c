/* Matching n-grams by number. */
#include "metric/ngram_match.h"

#include <string.h>

heed__ngrams heed__ngrams_init(heed_ctx *ctx)
{
	return (heed__ngrams){.ctx = ctx};
}

void heed__ngrams_release(heed__ngrams *g)
{
	HEED__VECTOR_RELEASE(g->ctx, &g->symbols);
	HEED__VECTOR_RELEASE(g->ctx, &g->ends);
	HEED__VECTOR_RELEASE(g->ctx, &g->number);
	HEED__VECTOR_RELEASE(g->ctx, &g->counts);
	heed__free(g->ctx, g->keys);
	heed__free(g->ctx, g->values);
	heed__free(g->ctx, g->matched);
	*g = heed__ngrams_init(g->ctx);
}

void heed__ngrams_clear(heed__ngrams *g)
{
	g->symbols.len = g->ends.len = 0;
}

bool heed__ngrams_push(heed__ngrams *g, uint32_t symbol)
{
	return HEED__PUSH(g->ctx, &g->symbols, symbol);
}

bool heed__ngrams_end(heed__ngrams *g)
{
	return HEED__PUSH(g->ctx, &g->ends, g->symbols.len);
}

static size_t sequence_begin(const heed__ngrams *g, size_t k)
{
	return k > 0 ? g->ends.data[k - 1] : 0;
}

size_t heed__ngrams_total(const heed__ngrams *g, size_t k)
{
	const size_t len = g->ends.data[k] - sequence_begin(g, k);

	return len >= g->order ? len - g->order + 1 : 0;
}

/* A table at most half full, as large as the longest hypothesis so far needs. */
static bool grow_table(heed__ngrams *g, size_t entries)
{
	size_t slots = g->slots > 0 ? g->slots : 64;

	while (slots / 2 < entries)
		slots *= 2;
	if (slots == g->slots)
		return true;
	heed__free(g->ctx, g->keys);
	heed__free(g->ctx, g->values);
	g->slots = 0;
	g->values = NULL;
	g->keys = heed__calloc(g->ctx, slots, sizeof *g->keys);
	if (g->keys == NULL)
		return false;
	g->values = heed__calloc(g->ctx, slots, sizeof *g->values);
	if (g->values == NULL)
		return false;
	g->slots = slots;
	return true;
}

bool heed__ngrams_begin(heed__ngrams *g)
{
	const size_t hypothesis = g->ends.data[0];

	g->number.len = g->counts.len = 0;
	if (!HEED__RESERVE(g->ctx, &g->number, g->symbols.len) ||
	    !HEED__RESERVE(g->ctx, &g->counts, 3 * hypothesis) || !grow_table(g, hypothesis))
		return false;
	if (g->matched_cap < g->ends.len) {
		size_t *matched = heed__realloc_array(g->ctx, g->matched, g->ends.len, sizeof *matched);

		if (matched == NULL)
			return false;
		g->matched = matched;
		g->matched_cap = g->ends.len;
	}
	g->order = 0;
	for (size_t i = 0; i < g->symbols.len; i++)
		g->number.data[i] = 0;
	return true;
}

/* The slot of the key, or the empty one where it belongs. */
static size_t find_slot(const heed__ngrams *g, uint64_t key)
{
	const size_t mask = g->slots - 1;
	size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & mask;

	while (g->values[i] != HEED__NO_SYMBOL && g->keys[i] != key)
		i = (i + 1) & mask;
	return i;
}

static uint64_t key_at(const heed__ngrams *g, size_t i)
{
	return (uint64_t)g->number.data[i] << 32 | g->symbols.data[i + g->order - 1];
}

/* Numbers the n-grams of the hypothesis and counts them. Returns how many different ones there are. */
static uint32_t count_hypothesis(heed__ngrams *g)
{
	const size_t total = heed__ngrams_total(g, 0);
	uint32_t *const count = g->counts.data, known = 0;

	memset(g->values, 0xFF, g->slots * sizeof *g->values);
	for (size_t i = 0; i < total; i++) {
		const uint64_t key = key_at(g, i);
		const size_t slot = find_slot(g, key);

		if (g->values[slot] == HEED__NO_SYMBOL) {
			g->keys[slot] = key;
			g->values[slot] = known;
			count[known++] = 0;
		}
		g->number.data[i] = g->values[slot];
		count[g->values[slot]]++;
	}
	return known;
}

static void match_reference(heed__ngrams *g, size_t k, uint32_t known)
{
	const size_t begin = sequence_begin(g, k), total = heed__ngrams_total(g, k);
	const uint32_t *const count = g->counts.data;
	uint32_t *const here = g->counts.data + known, *const most = here + known;
	size_t matched = 0;

	memset(here, 0, known * sizeof *here);
	for (size_t i = begin; i < begin + total; i++) {
		uint32_t id;

		if (g->number.data[i] == HEED__NO_SYMBOL)
			continue;
		id = g->number.data[i] = g->values[find_slot(g, key_at(g, i))];
		if (id == HEED__NO_SYMBOL)
			continue;
		here[id]++;
		if (here[id] <= count[id])
			matched++;
		if (here[id] > most[id]) {
			most[id] = here[id];
			if (most[id] <= count[id])
				g->clipped++;
		}
	}
	g->matched[k - 1] = matched;
}

void heed__ngrams_next(heed__ngrams *g)
{
	uint32_t known;

	g->order++;
	g->clipped = 0;
	known = count_hypothesis(g);
	if (known > 0)
		memset(g->counts.data + 2 * (size_t)known, 0, known * sizeof *g->counts.data);
	for (size_t k = 1; k < g->ends.len; k++) {
		if (known > 0)
			match_reference(g, k, known);
		else
			g->matched[k - 1] = 0;
	}
}
