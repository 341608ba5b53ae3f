/* Counting what a corpus is made of, and choosing the most frequent. */
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer_impl.h"
#include "text/word_split.h"

heed_code heed__training_next(heed__training_text *lines, bool *more)
{
	const char *line = NULL;
	size_t len = 0;
	heed_code code;

	*more = false;
	if (heed_interrupted(lines->ctx))
		return heed__error(lines->ctx, HEED_E_INTERRUPTED, "tokenizer: stopped while counting");
	code = lines->next(lines->user, &line, &len);
	if (code && heed_error_code(lines->ctx) == HEED_OK)
		return heed__error(lines->ctx, code, "tokenizer: the corpus can't be read");
	if (code || !line)
		return code;
	heed__str_clear(&lines->text);
	if (lines->space && len > 0)
		heed__str_addc(&lines->text, ' ');
	*more = true;
	return heed__normalize(&lines->normalizer, line, len, &lines->text);
}

heed_code heed__count(heed__map *counts, const char *key, size_t len, int64_t n)
{
	int64_t *count = heed__map_put(counts, key, len, 0);

	if (!count)
		return HEED_E_MEMORY;
	*count += n;
	return HEED_OK;
}

heed_code heed__count_runs(heed__training_text *lines, bool words, heed__map *counts)
{
	for (;;) {
		bool more;
		heed_code code = heed__training_next(lines, &more);
		size_t length;

		if (code || !more)
			return code;
		for (size_t pos = 0; pos < lines->text.len; pos += length) {
			length = heed__run_length(lines->text.data + pos, lines->text.len - pos, words);
			code = heed__count(counts, lines->text.data + pos, length, 1);
			if (code)
				return code;
		}
	}
}

heed_code heed__count_chars(const heed__map *runs, heed__map *chars)
{
	heed_code code = HEED_OK;

	for (size_t i = 0; i < runs->count; i++) {
		const heed__map_entry *run = &runs->entries[i];
		size_t pos = 0;

		while (pos < run->len && code == HEED_OK) {
			size_t end = pos + 1;

			while (end < run->len && ((unsigned char)run->key[end] & 0xC0) == 0x80)
				end++;
			code = heed__count(chars, run->key + pos, end - pos, run->value);
			pos = end;
		}
	}
	return code;
}

/* The most frequent first; equals in the order of their bytes. */
static int compare_entries(const void *pa, const void *pb)
{
	const heed__map_entry *a = *(const heed__map_entry *const *)pa;
	const heed__map_entry *b = *(const heed__map_entry *const *)pb;
	int order;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	order = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
	if (order == 0 && a->len != b->len)
		order = a->len < b->len ? -1 : 1;
	return order;
}

const heed__map_entry **heed__sort_counts(heed_ctx *ctx, const heed__map *counts)
{
	const heed__map_entry **sorted = heed__realloc_array(ctx, NULL, counts->count, sizeof *sorted);

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < counts->count; i++)
		sorted[i] = &counts->entries[i];
	qsort(sorted, counts->count, sizeof(const heed__map_entry *), compare_entries);
	return sorted;
}

heed_code heed__tokenizer_add_frequent(heed_tokenizer *t, const heed__map *counts, int64_t min_count,
				       int vocab, double coverage)
{
	const heed__map_entry **sorted = heed__sort_counts(t->ctx, counts);
	double total = 0, covered = 0;
	heed_code code = HEED_OK;

	if (!sorted)
		return HEED_E_MEMORY;
	for (size_t i = 0; i < counts->count; i++)
		total += (double)sorted[i]->value;
	for (size_t i = 0; i < counts->count && code == HEED_OK; i++) {
		char name[HEED_PIECE_BYTES_MAX];
		const size_t len = heed__piece_name(sorted[i]->key, sorted[i]->len, name);

		if (sorted[i]->value < min_count || covered >= coverage * total ||
		    t->pieces.count >= (size_t)vocab)
			break;
		covered += (double)sorted[i]->value;
		if (len > 0 && !heed__map_get(&t->pieces, name, len) && !heed__tokenizer_add(t, name, len))
			code = HEED_E_MEMORY;
	}
	heed__free(t->ctx, sorted);
	return code;
}
