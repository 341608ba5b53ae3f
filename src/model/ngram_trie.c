#include "model/ngram_trie.h"

#include "base/context_impl.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

#define MAGIC   "heedngrm"
#define VERSION 1u
#define HEADER  72u

static int bits_for(uint64_t largest)
{
	int bits = 0;

	while (largest >> bits > 0)
		bits++;
	return bits;
}

/* Bytes of the parts of table n; counts are below 2^32, so nothing overflows. */
static size_t bits_size(uint64_t count, int bits)
{
	return (size_t)((count * (uint64_t)bits + 63) / 64 * 8 + 8);
}

static size_t floats_size(uint64_t count)
{
	return (size_t)((count + 1) / 2 * 8);
}

/* Gives the parts of all tables their places; the counts are known. Returns the size of all. */
static size_t lay_out(heed__ngram *m)
{
	size_t at = HEADER;

	m->vocab = m->n[1].count;
	m->word_bits = bits_for(m->vocab > 0 ? m->vocab - 1 : 0);
	for (int n = 1; n <= m->order; n++) {
		heed__ngram_level *const l = &m->n[n];

		if (n > 1) {
			l->word = at;
			at += bits_size(l->count, m->word_bits);
		}
		l->prob = at;
		at += floats_size(l->count);
		if (n == m->order)
			break;
		l->weight = at;
		at += floats_size(l->count);
		l->begin = at;
		l->begin_bits = bits_for(m->n[n + 1].count);
		at += bits_size((uint64_t)l->count + 1, l->begin_bits);
	}
	return at;
}

static void put_bits(unsigned char *to, int bits, const uint32_t *numbers, uint32_t count)
{
	uint64_t word = 0;
	int used = 0;

	for (uint32_t i = 0; i < count; i++) {
		word |= (uint64_t)numbers[i] << used;
		used += bits;
		if (used < 64)
			continue;
		memcpy(to, &word, sizeof word);
		to += sizeof word;
		used -= 64;
		word = used > 0 ? (uint64_t)numbers[i] >> (bits - used) : 0;
	}
	memcpy(to, &word, sizeof word);
	if (used > 0) /* the part ends with at least eight bytes that say nothing */
		memset(to + sizeof word, 0, sizeof word);
}

static void put_floats(unsigned char *to, const heed__ngram_cell *numbers, uint32_t count)
{
	if (count > 0)
		memcpy(to, numbers, count * sizeof *numbers);
	memset(to + count * sizeof *numbers, 0, floats_size(count) - count * sizeof *numbers);
}

static void put_header(unsigned char *to, const heed__ngram *m)
{
	const uint32_t version = VERSION, order = (uint32_t)m->order;

	memset(to, 0, HEADER);
	memcpy(to, MAGIC, 8);
	memcpy(to + 8, &version, sizeof version);
	memcpy(to + 12, &order, sizeof order);
	for (int n = 1; n <= m->order; n++) {
		const uint64_t count = m->n[n].count;

		memcpy(to + 8 + 8 * n, &count, sizeof count);
	}
}

/* Each byte is written once, and each table freed as soon as it is packed: this is where memory is at its peak. */
heed_code heed__ngram_pack(heed__ngram_table *t, void **bytes, size_t *size)
{
	heed__ngram m = {.order = t->order};
	unsigned char *base;

	for (int n = 1; n <= t->order; n++)
		m.n[n].count = t->n[n].count;
	*size = lay_out(&m);
	*bytes = base = heed__alloc(t->ctx, *size);
	if (base == NULL)
		return HEED_E_MEMORY;
	put_header(base, &m);
	for (int n = 1; n <= t->order; n++) {
		const heed__ngram_rows *const rows = &t->n[n];

		if (n > 1)
			put_bits(base + m.n[n].word, m.word_bits, rows->word, rows->count);
		put_floats(base + m.n[n].prob, rows->value, rows->count);
		if (n < t->order) {
			put_floats(base + m.n[n].weight, rows->link, rows->count);
			put_bits(base + m.n[n].begin, m.n[n].begin_bits, rows->begin, rows->count + 1);
		}
		heed__ngram_rows_release(t->ctx, &t->n[n]);
	}
	return HEED_OK;
}

static heed_code damaged(heed_ctx *ctx, int n, uint32_t row, const char *what)
{
	return heed__error(ctx, HEED_E_FORMAT, "ngram: %s, row %" PRIu32 " of the %d-grams", what, row, n);
}

static heed_code check_numbers(heed_ctx *ctx, const heed__ngram *m, int n)
{
	const heed__ngram_level *const l = &m->n[n];

	for (uint32_t i = 0; i < l->count; i++) {
		const float p = heed__ngram_prob(m, n, i);

		if (!(p <= 0 && p >= -FLT_MAX) && !(n == 1 && p == HEED__NGRAM_ABSENT))
			return damaged(ctx, n, i, "a number that is no logarithm of a probability");
		if (n < m->order && !isfinite(heed__ngram_weight(m, n, i)))
			return damaged(ctx, n, i, "a weight of back-off that is no number");
	}
	if (n == 1 && heed__ngram_prob(m, 1, HEED_UNK_ID) > 0)
		return damaged(ctx, n, HEED_UNK_ID, "unk has no probability");
	return HEED_OK;
}

/* The rows that follow each row of table n - 1: one behind the other, their words rising. */
static heed_code check_order(heed_ctx *ctx, const heed__ngram *m, int n)
{
	uint32_t first = 0;

	if (heed__ngram_begin(m, n - 1, 0) != 0)
		return damaged(ctx, n - 1, 0, "the first row has another beginning than 0");
	for (uint32_t parent = 0; parent < m->n[n - 1].count; parent++) {
		const uint32_t end = heed__ngram_begin(m, n - 1, parent + 1);

		if (end < first || end > m->n[n].count)
			return damaged(ctx, n - 1, parent,
				       "an end that is before its beginning, or behind all");
		for (uint32_t i = first; i < end; i++) {
			const uint32_t word = heed__ngram_word(m, n, i);

			if (word >= m->vocab || (i > first && word <= heed__ngram_word(m, n, i - 1)))
				return damaged(ctx, n, i, "a word that is none, or not in order");
		}
		first = end;
	}
	if (first != m->n[n].count)
		return damaged(ctx, n, first, "a row that follows none");
	return HEED_OK;
}

static heed_code read_header(heed_ctx *ctx, const unsigned char *base, size_t size, heed__ngram *m)
{
	uint32_t version, order;

	if (size < HEADER || memcmp(base, MAGIC, 8) != 0)
		return heed__error(ctx, HEED_E_FORMAT, "ngram: these %zu bytes are no n-grams of heed", size);
	memcpy(&version, base + 8, sizeof version);
	memcpy(&order, base + 12, sizeof order);
	if (version != VERSION)
		return heed__error(ctx, HEED_E_UNSUPPORTED, "ngram: version %" PRIu32 ", expected %u",
				   version, VERSION);
	if (order < 1 || order > HEED__NGRAM_ORDER_MAX)
		return heed__error(ctx, HEED_E_FORMAT, "ngram: order %" PRIu32 ", expected 1 to %d", order,
				   HEED__NGRAM_ORDER_MAX);
	m->order = (int)order;
	for (int n = 1; n <= HEED__NGRAM_ORDER_MAX; n++) {
		uint64_t count;

		memcpy(&count, base + 8 + 8 * n, sizeof count);
		if (count >= UINT32_C(1) << 31 || (n > m->order && count > 0) ||
		    (n == 1 && count < HEED_SPECIAL_IDS))
			return heed__error(ctx, HEED_E_FORMAT, "ngram: there can't be %" PRIu64 " %d-grams",
					   count, n);
		m->n[n].count = (uint32_t)count;
	}
	return HEED_OK;
}

heed_code heed__ngram_open(heed_ctx *ctx, const void *bytes, size_t size, heed__ngram *m)
{
	heed_code code;
	size_t expected;

	*m = (heed__ngram){0};
	code = read_header(ctx, bytes, size, m);
	if (code != HEED_OK)
		return code;
	m->bytes = bytes;
	expected = lay_out(m);
	if (expected != size)
		return heed__error(ctx, HEED_E_FORMAT, "ngram: %zu bytes, expected %zu", size, expected);
	for (int n = 1; n <= m->order && code == HEED_OK; n++) {
		code = check_numbers(ctx, m, n);
		if (n > 1 && code == HEED_OK)
			code = check_order(ctx, m, n);
	}
	return code;
}

/* The row of table n that has `word` behind row `parent` of table n - 1. */
static uint32_t follow(const heed__ngram *m, int n, uint32_t parent, uint32_t word)
{
	uint32_t first, end;

	if (n == 1)
		return word < m->vocab ? word : HEED__NGRAM_NONE;
	if (parent == HEED__NGRAM_NONE)
		return HEED__NGRAM_NONE;
	first = heed__ngram_begin(m, n - 1, parent);
	end = heed__ngram_begin(m, n - 1, parent + 1);
	while (first < end) {
		const uint32_t middle = first + (end - first) / 2;
		const uint32_t there = heed__ngram_word(m, n, middle);

		if (there == word)
			return middle;
		if (there < word)
			first = middle + 1;
		else
			end = middle;
	}
	return HEED__NGRAM_NONE;
}

uint32_t heed__ngram_find(const heed__ngram *m, const int *words, int n)
{
	uint32_t row = HEED__NGRAM_NONE;

	for (int i = 1; i <= n; i++)
		row = follow(m, i, row, (uint32_t)words[i - 1]);
	return row;
}

heed__ngram_context heed__ngram_context_of(const heed__ngram *m, const int *words, int count)
{
	heed__ngram_context c = {{HEED__NGRAM_NONE}};

	for (int n = 1; n < HEED__NGRAM_ORDER_MAX; n++)
		c.row[n] = n < m->order && n <= count ? heed__ngram_find(m, words + count - n, n)
						      : HEED__NGRAM_NONE;
	return c;
}

double heed__ngram_back_off(const heed__ngram *m, const heed__ngram_context *c, int n)
{
	return c->row[n] != HEED__NGRAM_NONE ? (double)heed__ngram_weight(m, n, c->row[n]) : 0;
}

double heed__ngram_next(const heed__ngram *m, heed__ngram_context *c, uint32_t word, int *found)
{
	uint32_t row[HEED__NGRAM_ORDER_MAX + 1];
	int longest = 0;
	double p;

	for (int n = 1; n <= m->order; n++) {
		row[n] = follow(m, n, c->row[n - 1], word);
		if (row[n] != HEED__NGRAM_NONE)
			longest = n;
	}
	if (longest == 1 && heed__ngram_prob(m, 1, row[1]) > 0)
		longest = 0;
	p = longest > 0 ? (double)heed__ngram_prob(m, longest, row[longest])
			: (double)heed__ngram_prob(m, 1, HEED_UNK_ID);
	for (int n = longest > 0 ? longest : 1; n < m->order; n++)
		p += heed__ngram_back_off(m, c, n);
	memcpy(c->row + 1, row + 1, (size_t)(m->order - 1) * sizeof *row);
	if (found != NULL)
		*found = longest;
	return p;
}
