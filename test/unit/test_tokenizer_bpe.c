/* Byte-pair encoding against slow and plain implementations of the same rules. */
#include "scratch.h"

#include "one_ctx.h"
#include "sample_lines.h"
#include "text/bpe_merges.h"
#include "text/word_split.h"

/* A corpus that repeats itself: words of few letters, some of them long runs of one. */
static char *random_corpus(uint32_t seed, int letters, int words)
{
	heed__rng rng = test_rng(seed);
	char *text = malloc((size_t)words * 16 + 1), *p = text;

	assert_non_null(text);
	for (int w = 0; w < words; w++) {
		const int length = 1 + (int)heed__rng_below(&rng, 14);

		for (int i = 0; i < length; i++)
			*p++ = (char)('a' +
				      heed__rng_below(&rng, 1 + heed__rng_below(&rng, (uint64_t)letters)));
		*p++ = heed__rng_below(&rng, 8) == 0 ? '\n' : ' ';
	}
	*p = '\0';
	return text;
}

/* ---- training: every pair counted anew for every merge ---- */

enum { PIECES_MAX = 900, RUNS_MAX = 4000, MERGES_MAX = 700 };

typedef struct slow {
	char *names[PIECES_MAX];
	int piece_count;
	int runs[RUNS_MAX][24], lengths[RUNS_MAX], run_count;
	heed__merge merges[MERGES_MAX];
	int merge_count;
	long counts[PIECES_MAX][PIECES_MAX];
} slow;

/* Takes over the characters of t; every run stands here as often as in the text. */
static slow *slow_start(const heed_tokenizer *t, const char *text)
{
	const heed__bpe *bpe = t->learned;
	slow *s = calloc(1, sizeof *s);
	corpus_lines lines = corpus_of(text);
	const char *line;
	size_t len;

	assert_non_null(s);
	s->piece_count = t->reserved + bpe->alphabet.count;
	for (int id = 0; id < s->piece_count; id++)
		s->names[id] = strdup(heed_tokenizer_piece(t, id));
	while (next_corpus_line(&lines, &line, &len) == HEED_OK && line) {
		char spaced[4096];
		size_t length, at;

		assert_true(len + 2 < sizeof spaced);
		snprintf(spaced, sizeof spaced, " %.*s", (int)len, line);
		for (size_t pos = 0; pos < (len > 0 ? len + 1 : 0); pos += length) {
			int *run = s->runs[s->run_count];

			length = heed__run_length(spaced + pos, len + 1 - pos, false);
			for (size_t i = 0; i < length; i += at)
				run[s->lengths[s->run_count]++] = heed__alphabet_find(
					&bpe->alphabet, spaced + pos + i, length - i, &at);
			s->run_count++;
			assert_true(s->run_count < RUNS_MAX);
		}
	}
	return s;
}

static void slow_free(slow *s)
{
	for (int id = 0; id < s->piece_count; id++)
		free(s->names[id]);
	free(s);
}

static void slow_count(slow *s)
{
	memset(s->counts, 0, sizeof s->counts);
	for (int r = 0; r < s->run_count; r++)
		for (int i = 0; i + 1 < s->lengths[r]; i++)
			if (s->runs[r][i] >= 0 && s->runs[r][i + 1] >= 0)
				s->counts[s->runs[r][i]][s->runs[r][i + 1]]++;
}

static void slow_apply(slow *s, int left, int right, int id)
{
	for (int r = 0; r < s->run_count; r++) {
		int *run = s->runs[r], out = 0;

		for (int i = 0; i < s->lengths[r]; out++) {
			if (i + 1 < s->lengths[r] && run[i] == left && run[i + 1] == right) {
				run[out] = id;
				i += 2;
			} else {
				run[out] = run[i++];
			}
		}
		s->lengths[r] = out;
	}
}

static int slow_join(slow *s, int left, int right)
{
	char name[512];

	snprintf(name, sizeof name, "%s%s", s->names[left], s->names[right]);
	for (int id = 0; id < s->piece_count; id++)
		assert_string_not_equal(s->names[id], name); /* no piece comes about in two ways */
	assert_true(s->piece_count < PIECES_MAX);
	s->names[s->piece_count] = strdup(name);
	return s->piece_count++;
}

static void slow_train(slow *s, long min_count, int merges)
{
	while (s->merge_count < merges) {
		int left = -1, right = -1;

		slow_count(s);
		for (int l = 0; l < s->piece_count; l++)
			for (int r = 0; r < s->piece_count; r++)
				if (s->counts[l][r] >= min_count &&
				    (left < 0 || s->counts[l][r] > s->counts[left][right])) {
					left = l;
					right = r;
				}
		if (left < 0)
			break;
		s->merges[s->merge_count++] = (heed__merge){.left = left, .right = right};
		slow_apply(s, left, right, slow_join(s, left, right));
	}
}

static void learns_as_by_counting_anew(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 12; seed++) {
		const int letters = 1 + (int)seed % 6;
		const int merges = seed < 6 ? 250 : 60, min_count = 1 + (int)seed % 3;
		char *text = random_corpus(seed, letters, 150 + 20 * (int)seed);
		heed_tokenizer *t = train_on(ctx,
					     &(heed_tokenizer_options){
						     .merges = merges,
						     .min_count = min_count,
						     .no_byte_fallback = 1,
					     },
					     text);
		const heed__bpe *bpe;
		slow *s;

		assert_non_null(t);
		bpe = t->learned;
		s = slow_start(t, text);
		slow_train(s, min_count, merges);
		assert_int_equal(bpe->merges.len, s->merge_count);
		for (int m = 0; m < s->merge_count; m++) {
			assert_int_equal(bpe->merges.data[m].left, s->merges[m].left);
			assert_int_equal(bpe->merges.data[m].right, s->merges[m].right);
		}
		assert_int_equal(heed_tokenizer_size(t), s->piece_count);
		for (int id = 0; id < s->piece_count; id++)
			assert_string_equal(heed_tokenizer_piece(t, id), s->names[id]);
		slow_free(s);
		heed_tokenizer_free(t);
		free(text);
	}
}

/* ---- encoding: the whole list of merges looked through for every merge ---- */

static int slow_encode(const heed_tokenizer *t, const char *run, size_t len, int *ids)
{
	const heed__bpe *bpe = t->learned;
	int count = 0;
	size_t length;

	for (size_t pos = 0; pos < len; pos += length) {
		ids[count] = heed__alphabet_find(&bpe->alphabet, run + pos, len - pos, &length);
		if (ids[count] >= 0) {
			count++;
			continue;
		}
		for (size_t i = 0; i < length; i++)
			ids[count++] = t->first_byte + (unsigned char)run[pos + i];
	}
	for (size_t rank = 0; rank < bpe->merges.len;) {
		const heed__merge m = bpe->merges.data[rank++];

		for (int i = 0; i + 1 < count; i++) {
			if (ids[i] != m.left || ids[i + 1] != m.right)
				continue;
			ids[i] = t->reserved + bpe->alphabet.count + (int)rank - 1;
			memmove(ids + i + 1, ids + i + 2, (size_t)(count - i - 2) * sizeof *ids);
			count--;
			rank = 0;
			break;
		}
	}
	return count;
}

static void encodes_as_by_looking_through_all_merges(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 4; seed++) {
		char *text = random_corpus(20 + seed, 2 + (int)seed, 1500);
		heed_tokenizer *t = train_on(ctx, &(heed_tokenizer_options){.merges = 200}, text);
		heed_coder *c = heed_coder_new(ctx, t);
		heed__rng rng = test_rng(30 + seed);

		for (int i = 0; i < 3000; i++) {
			char word[64] = " ";
			size_t len = 1 + (size_t)heed__rng_below(&rng, 40);
			int expected[128], count;
			heed_encoding x;

			for (size_t j = 1; j < len; j++)
				word[j] = (char)('a' + heed__rng_below(&rng, 3 + seed));
			if (i % 7 == 0 && len > 1) {
				memcpy(word + len,
				       "\xC3\xA9"
				       "ab",
				       5);
				len += 4;
			}
			if (len == 1)
				continue;
			count = slow_encode(t, word, len, expected);
			assert_int_equal(heed_coder_encode(c, word + 1, len - 1, &x), HEED_OK);
			assert_int_equal(x.count, count);
			assert_memory_equal(x.ids, expected, (size_t)count * sizeof *expected);
		}
		heed_coder_free(c);
		heed_tokenizer_free(t);
		free(text);
	}
}

/* No piece passes the limit, however long the runs are. */
static void stops_at_the_longest_piece(void **state)
{
	char text[1601];
	heed_tokenizer *t;

	(void)state;
	memset(text, 'a', 1600);
	text[800] = ' ';
	text[1600] = '\0';
	t = train_on(ctx, &(heed_tokenizer_options){.merges = 300, .min_count = 1}, text);
	assert_non_null(t);
	for (int id = 0; id < heed_tokenizer_size(t); id++)
		assert_true(strlen(heed_tokenizer_piece(t, id)) <= HEED_PIECE_BYTES_MAX);
	assert_true(heed_tokenizer_id(t, text, HEED_PIECE_BYTES_MAX) > 0);
	heed_tokenizer_free(t);
}

/* Text that looks like a reserved piece does not become it. */
static void never_learns_a_reserved_name(void **state)
{
	const char *symbol = "--";
	heed_tokenizer *t =
		train_on(ctx, &(heed_tokenizer_options){.merges = 50, .symbols = &symbol, .symbol_count = 1},
			 "a-- b-- c-- d--- e----");
	const heed__bpe *bpe = t->learned;
	heed_coder *c = heed_coder_new(ctx, t);
	heed_encoding x;

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), t->reserved + bpe->alphabet.count + (int)bpe->merges.len);
	assert_int_equal(heed_coder_encode(c, "--", 2, &x), HEED_OK);
	for (int i = 0; i < x.count; i++)
		assert_int_not_equal(x.ids[i], HEED_SPECIAL_IDS);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_as_by_counting_anew),
		cmocka_unit_test(encodes_as_by_looking_through_all_merges),
		cmocka_unit_test(stops_at_the_longest_piece),
		cmocka_unit_test(never_learns_a_reserved_name),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
