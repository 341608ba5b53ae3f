/* Counting n-grams by sorting the places of a text.
 *
 * Place i is that before ids[i]. The n-gram that begins there is first(i), ids[i], ids[i + 1], ..., where first(i) is
 * ids[i - 1], or bos where a text begins. `at` holds all places, those where the same n words begin side by side: a
 * group. To get from n to n + 1 words each group is sorted by the next word; the groups are independent, so threads
 * share them. Nothing is hashed, the order of the rows follows from the text alone, and a place costs 8 bytes. */
#include "model/ngram_table.h"

#include "base/context_impl.h"

#include <inttypes.h>
#include <string.h>

#define FIRST     (UINT32_C(1) << 31) /* of a place: a new n-gram begins here */
#define CHUNK     65536u              /* places that a thread takes at a time, at least */
#define FEW       32u                 /* so many are sorted by insertion */
#define TEXT_MOST INT64_C(0x7FFFFFFF)

typedef struct chunk {
	uint32_t row, end; /* rows of table n */
	uint32_t rows;     /* of table n + 1 that come of them; then the number of the first */
} chunk;

typedef struct counter {
	heed__ngram_table *table;
	const int *ids; /* [size] */
	uint32_t size;
	uint32_t *at;                 /* [size] */
	uint32_t *rank;               /* [size] the row of the n-gram that begins at a place; from n = 2 on */
	uint32_t *first, *next_first; /* where the group of a row begins in `at` */
	uint32_t largest;             /* group */
	int n;                        /* length of the n-grams so far */
	chunk *chunks;
	int chunk_count;
} counter;

void heed__ngram_rows_release(heed_ctx *ctx, heed__ngram_rows *rows)
{
	heed__free(ctx, rows->word);
	heed__free(ctx, rows->begin);
	heed__free(ctx, rows->value);
	heed__free(ctx, rows->link);
	*rows = (heed__ngram_rows){0};
}

void heed__ngram_table_release(heed__ngram_table *t)
{
	for (int n = 1; n <= HEED__NGRAM_ORDER_MAX; n++)
		heed__ngram_rows_release(t->ctx, &t->n[n]);
}

static heed_code check_text(heed_ctx *ctx, const heed_fit *text, int vocab)
{
	if (text->count == 0 || text->ids[text->count - 1] != HEED_EOS_ID)
		return heed__error(ctx, HEED_E_ARGUMENT, "ngram: the text does not end with eos");
	if (text->count > TEXT_MOST)
		return heed__error(ctx, HEED_E_UNSUPPORTED,
				   "ngram: a text of %" PRId64 " tokens; at most %" PRId64 " can be counted",
				   text->count, TEXT_MOST);
	for (int64_t i = 0; i < text->count; i++)
		if (text->ids[i] < 0 || text->ids[i] >= vocab || text->ids[i] == HEED_BOS_ID)
			return heed__error(ctx, HEED_E_ARGUMENT,
					   "ngram: token %d at place %" PRId64
					   "; expected 0 to %d without bos",
					   text->ids[i], i, vocab - 1);
	return HEED_OK;
}

static heed_code open_counter(counter *c, const heed_fit *text)
{
	heed_ctx *const ctx = c->table->ctx;
	const heed_code code = check_text(ctx, text, c->table->vocab);

	if (code != HEED_OK)
		return code;
	c->ids = text->ids;
	c->size = (uint32_t)text->count;
	c->at = heed__realloc_array(ctx, NULL, c->size, sizeof *c->at);
	c->rank = heed__realloc_array(ctx, NULL, c->size, sizeof *c->rank);
	c->chunks = heed__realloc_array(ctx, NULL, c->size / CHUNK + 1, sizeof *c->chunks);
	return c->at != NULL && c->rank != NULL && c->chunks != NULL ? HEED_OK : HEED_E_MEMORY;
}

static void close_counter(counter *c)
{
	heed_ctx *const ctx = c->table->ctx;

	heed__free(ctx, c->at);
	heed__free(ctx, c->rank);
	heed__free(ctx, c->first);
	heed__free(ctx, c->next_first);
	heed__free(ctx, c->chunks);
}

/* The first word of the n-grams of a place. */
static int first_word(const counter *c, uint32_t place)
{
	return place == 0 || c->ids[place - 1] == HEED_EOS_ID ? HEED_BOS_ID : c->ids[place - 1];
}

/* The size of the group of a row: of eos there is none, since nothing follows it. */
static uint32_t group_size(const counter *c, uint32_t row)
{
	const heed__ngram_rows *const rows = &c->table->n[c->n];

	return (rows->word != NULL ? rows->word[row] : row) == HEED_EOS_ID ? 0 : rows->value[row].count;
}

/* Table 1, and the places in the order of their first words. */
static heed_code count_words(counter *c)
{
	heed_ctx *const ctx = c->table->ctx;
	heed__ngram_rows *const rows = &c->table->n[1];
	const uint32_t vocab = (uint32_t)c->table->vocab;
	uint32_t sum = 0;

	rows->count = vocab;
	rows->value = heed__calloc(ctx, vocab, sizeof *rows->value);
	rows->link = heed__calloc(ctx, vocab, sizeof *rows->link);
	c->first = heed__realloc_array(ctx, NULL, vocab, sizeof *c->first);
	if (rows->value == NULL || rows->link == NULL || c->first == NULL)
		return HEED_E_MEMORY;
	for (uint32_t i = 0; i < c->size; i++)
		rows->value[c->ids[i]].count++;
	rows->value[HEED_BOS_ID].count = rows->value[HEED_EOS_ID].count;
	for (uint32_t w = 0; w < vocab; w++) {
		const uint32_t group = group_size(c, w);

		c->first[w] = sum;
		sum += group;
		c->largest = group > c->largest ? group : c->largest;
	}
	for (uint32_t i = 0; i < c->size; i++)
		c->at[c->first[first_word(c, i)]++] = i;
	for (uint32_t w = 0; w < vocab; w++)
		c->first[w] -= group_size(c, w);
	c->table->bos_first[1] = HEED_BOS_ID;
	c->table->bos_end[1] = HEED_BOS_ID + 1;
	return HEED_OK;
}

/* By insertion, and by counting the bytes of the words. Places of equal words stay in their order. */
static void sort_few(uint64_t *items, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		const uint64_t x = items[i];
		uint32_t to = i;

		for (; to > 0 && items[to - 1] > x; to--)
			items[to] = items[to - 1];
		items[to] = x;
	}
}

static void sort_by_byte(const uint64_t *from, uint64_t *to, uint32_t count, int shift)
{
	uint32_t place[256] = {0}, sum = 0;

	for (uint32_t i = 0; i < count; i++)
		place[from[i] >> shift & 255]++;
	for (int b = 0; b < 256; b++) {
		const uint32_t here = place[b];

		place[b] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < count; i++)
		to[place[from[i] >> shift & 255]++] = from[i];
}

/* items [2 count], the second half for moving things about; returns the half with the result. */
static const uint64_t *sort_items(uint64_t *items, uint32_t count, int vocab)
{
	uint64_t *other = items + count;

	if (count <= FEW) {
		sort_few(items, count);
		return items;
	}
	for (int shift = 32; shift < 64 && (uint32_t)(vocab - 1) >> (shift - 32) > 0; shift += 8) {
		uint64_t *const swap = items;

		sort_by_byte(items, other, count, shift);
		items = other;
		other = swap;
	}
	return items;
}

/* Sorts a group by the next word and marks where one begins; returns how many there are. */
static uint32_t sort_group(const counter *c, uint32_t *at, uint32_t count, uint64_t *scratch)
{
	const int *const next = c->ids + c->n - 1;
	const uint64_t *sorted;
	uint32_t words = 1;

	if (count == 1) {
		at[0] |= FIRST;
		return 1;
	}
	for (uint32_t i = 0; i < count; i++)
		scratch[i] = (uint64_t)next[at[i]] << 32 | at[i];
	sorted = sort_items(scratch, count, c->table->vocab);
	at[0] = (uint32_t)sorted[0] | FIRST;
	for (uint32_t i = 1; i < count; i++) {
		const bool another = sorted[i] >> 32 != sorted[i - 1] >> 32;

		at[i] = (uint32_t)sorted[i] | (another ? FIRST : 0);
		words += another;
	}
	return words;
}

static void sort_chunk(void *arg, int index, int thread)
{
	const counter *const c = arg;
	chunk *const k = &c->chunks[index];
	uint64_t *const scratch = heed__scratch_thread(c->table->ctx, thread);

	k->rows = 0;
	for (uint32_t row = k->row; row < k->end; row++) {
		const uint32_t size = group_size(c, row);

		if (size > 0)
			k->rows += sort_group(c, c->at + c->first[row], size, scratch);
	}
}

/* Writes the rows of table n + 1 that come of a group of table n. */
static uint32_t write_group(const counter *c, uint32_t start, uint32_t size, uint32_t next)
{
	heed__ngram_rows *const rows = &c->table->n[c->n + 1];

	for (uint32_t i = start; i < start + size; i++) {
		if (c->at[i] & FIRST) {
			const uint32_t at = c->at[i] &= ~FIRST;

			rows->word[next] = (uint32_t)c->ids[at + (uint32_t)c->n - 1];
			rows->link[next].count = c->n == 1 ? rows->word[next] : c->rank[at + 1];
			rows->value[next].count = 0;
			if (c->n + 1 < c->table->order)
				c->next_first[next] = i;
			next++;
		}
		rows->value[next - 1].count++;
	}
	return next;
}

static void write_chunk(void *arg, int index, int thread)
{
	const counter *const c = arg;
	const chunk *const k = &c->chunks[index];
	uint32_t next = k->rows;

	(void)thread;
	for (uint32_t row = k->row; row < k->end; row++) {
		c->table->n[c->n].begin[row] = next;
		next = write_group(c, c->first[row], group_size(c, row), next);
	}
}

/* Tells the places of the rows of table n + 1, when nobody looks for those of table n any more. */
static void rank_chunk(void *arg, int index, int thread)
{
	const counter *const c = arg;
	const heed__ngram_rows *const rows = &c->table->n[c->n + 1];
	const uint32_t end = index + 1 < c->chunk_count ? c->chunks[index + 1].rows : rows->count;

	(void)thread;
	for (uint32_t row = c->chunks[index].rows; row < end; row++)
		for (uint32_t i = 0; i < rows->value[row].count; i++)
			c->rank[c->at[c->next_first[row] + i]] = row;
}

/* Chunks of about equal work, which depend on the text alone. */
static void make_chunks(counter *c)
{
	const uint32_t count = c->table->n[c->n].count;

	c->chunk_count = 0;
	for (uint32_t row = 0, end; row < count; row = end) {
		for (end = row + 1; end < count && c->first[end] - c->first[row] < CHUNK; end++)
			;
		c->chunks[c->chunk_count++] = (chunk){.row = row, .end = end};
	}
}

static heed_code new_rows(counter *c, uint32_t count)
{
	heed_ctx *const ctx = c->table->ctx;
	heed__ngram_rows *const rows = &c->table->n[c->n + 1];

	rows->count = count;
	rows->word = heed__realloc_array(ctx, NULL, count, sizeof *rows->word);
	rows->value = heed__realloc_array(ctx, NULL, count, sizeof *rows->value);
	rows->link = heed__realloc_array(ctx, NULL, count, sizeof *rows->link);
	c->next_first =
		heed__realloc_array(ctx, NULL, c->n + 1 < c->table->order ? count : 0, sizeof *c->next_first);
	return rows->word != NULL && rows->value != NULL && rows->link != NULL && c->next_first != NULL
		       ? HEED_OK
		       : HEED_E_MEMORY;
}

/* From n words to n + 1. */
static heed_code lengthen(counter *c)
{
	heed__ngram_table *const t = c->table;
	heed__ngram_rows *const rows = &t->n[c->n];
	uint32_t count = 0;

	make_chunks(c);
	heed__parallel(t->ctx, c->chunk_count, sort_chunk, c);
	for (int i = 0; i < c->chunk_count; i++) {
		const uint32_t here = c->chunks[i].rows;

		c->chunks[i].rows = count;
		count += here;
	}
	rows->begin = heed__realloc_array(t->ctx, NULL, (size_t)rows->count + 1, sizeof *rows->begin);
	if (rows->begin == NULL || new_rows(c, count) != HEED_OK)
		return HEED_E_MEMORY;
	heed__parallel(t->ctx, c->chunk_count, write_chunk, c);
	if (c->n + 1 < t->order)
		heed__parallel(t->ctx, c->chunk_count, rank_chunk, c);
	rows->begin[rows->count] = count;
	t->bos_first[c->n + 1] = rows->begin[t->bos_first[c->n]];
	t->bos_end[c->n + 1] = rows->begin[t->bos_end[c->n]];
	heed__free(t->ctx, c->first);
	c->first = c->next_first;
	c->next_first = NULL;
	return HEED_OK;
}

/* The counts of table n become those that Kneser-Ney wants. What lacks its first word never begins with bos. */
static void count_words_before(heed__ngram_table *t, int n)
{
	heed__ngram_cell *const value = t->n[n].value;
	const heed__ngram_rows *const longer = &t->n[n + 1];

	for (uint32_t i = 0; i < t->n[n].count; i++)
		if (i < t->bos_first[n] || i >= t->bos_end[n])
			value[i].count &= HEED__NGRAM_PRUNED;
	for (uint32_t i = 0; i < longer->count; i++)
		value[longer->link[i].count].count++;
}

/* The special tokens always stay. */
static void mark_rare(heed__ngram_rows *rows, int n, uint32_t limit)
{
	for (uint32_t i = n == 1 ? HEED_SPECIAL_IDS : 0; i < rows->count && limit > 0; i++)
		if (rows->value[i].count <= limit)
			rows->value[i].count |= HEED__NGRAM_PRUNED;
}

static bool goes_on(const heed_fit *text, int n, int order)
{
	return text->tell == NULL || text->tell(text->user, 0.8 * (n - 1) / order, "counting n-grams");
}

static heed_code count_all(counter *c, const heed__ngram_recipe *recipe, const heed_fit *text)
{
	heed__ngram_table *const t = c->table;
	heed_code code = open_counter(c, text);

	if (code == HEED_OK)
		code = count_words(c);
	if (code == HEED_OK &&
	    !heed__scratch_reserve(t->ctx, 2 * sizeof(uint64_t) * ((size_t)c->largest + 1)))
		code = HEED_E_MEMORY;
	for (; code == HEED_OK && c->n <= t->order; c->n++) {
		if (!goes_on(text, c->n, t->order))
			return heed__error(t->ctx, HEED_E_INTERRUPTED, "ngram: stopped while counting");
		if (c->n < t->order)
			code = lengthen(c);
		if (code != HEED_OK)
			break;
		mark_rare(&t->n[c->n], c->n, recipe->prune[c->n]);
		if (c->n < t->order && recipe->smoothing == HEED__NGRAM_KNESER_NEY)
			count_words_before(t, c->n);
	}
	return code;
}

heed_code heed__ngram_count(heed_ctx *ctx, const heed__ngram_recipe *recipe, const heed_fit *text,
			    heed__ngram_table *t)
{
	counter c = {.table = t, .n = 1};
	heed_code code;

	*t = (heed__ngram_table){.ctx = ctx, .order = recipe->order, .vocab = recipe->vocab};
	code = count_all(&c, recipe, text);
	close_counter(&c);
	if (code != HEED_OK)
		heed__ngram_table_release(t);
	return code;
}
