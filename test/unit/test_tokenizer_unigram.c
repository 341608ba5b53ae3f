/* The unigram tokenizer against slow and plain implementations that list every segmentation. */
#include "scratch.h"

#include <math.h>

#include "sample_lines.h"
#include "text/unigram.h"
#include "text/word_split.h"

#define SPACE "\xE2\x96\x81"

static heed_ctx *ctx;

static int make_ctx(void **state)
{
	(void)state;
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = 3});
	return ctx ? 0 : -1;
}

static int free_ctx(void **state)
{
	(void)state;
	heed_ctx_free(ctx);
	return 0;
}

#define assert_near(a, b, most)                                                                              \
	do {                                                                                                 \
		const double a_ = (a), b_ = (b);                                                             \
		if (!(fabs(a_ - b_) <= (most)))                                                              \
			fail_msg("%.12g is not %.12g", a_, b_);                                              \
	} while (0)

/* ---- lattices: pieces of three symbols, scores that are often equal ---- */

enum { SYMBOLS = 3, PIECES = 12, LENGTH = 9 };

typedef struct sample {
	heed__trie trie;
	int piece[PIECES][4], piece_length[PIECES];
	double scores[PIECES];
	int symbols[LENGTH];
	heed__lattice lattice;
} sample;

static int find_piece(const sample *s, int count, const int *symbols, int length)
{
	for (int i = 0; i < count; i++)
		if (s->piece_length[i] == length &&
		    memcmp(s->piece[i], symbols, (size_t)length * sizeof(int)) == 0)
			return i;
	return -1;
}

static void make_sample(sample *s, uint32_t seed)
{
	heed__rng rng = test_rng(seed);

	memset(s, 0, sizeof *s);
	assert_true(heed__trie_init(&s->trie, ctx));
	for (int i = 0; i < PIECES; i++) {
		do {
			s->piece_length[i] = i < SYMBOLS ? 1 : 2 + (int)heed__rng_below(&rng, 3);
			for (int k = 0; k < s->piece_length[i]; k++)
				s->piece[i][k] = i < SYMBOLS ? i : (int)heed__rng_below(&rng, SYMBOLS);
		} while (find_piece(s, i, s->piece[i], s->piece_length[i]) >= 0);
		s->scores[i] = -1 - (double)heed__rng_below(&rng, 4);
		assert_true(heed__trie_add(&s->trie, ctx, s->piece[i], s->piece_length[i], i));
	}
	for (int i = 0; i < LENGTH; i++)
		s->symbols[i] = (int)heed__rng_below(&rng, SYMBOLS + 1) - (heed__rng_below(&rng, 2) == 0);
	for (int i = 0; i < LENGTH; i++)
		if (s->symbols[i] >= SYMBOLS)
			s->symbols[i] = 0;
	s->lattice =
		(heed__lattice){&s->trie, s->scores, -7, s->symbols, 1 + (int)heed__rng_below(&rng, LENGTH)};
}

/* Every segmentation from the end to the start. */
typedef struct listing {
	const sample *s;
	double power, sum;
	int excluded;
	int places[LENGTH + 1]; /* where pieces begin, the last one first */
	double best_score;
	int best[LENGTH + 1], best_count;
} listing;

/* Of equals the one with the longer last piece. */
static bool is_better(const listing *a, double score, int count)
{
	if (score != a->best_score)
		return score > a->best_score;
	for (int i = 0; i < count && i < a->best_count; i++)
		if (a->places[i] != a->best[i])
			return a->places[i] < a->best[i];
	return false;
}

static void list(listing *a, int end, int count, double score)
{
	const heed__lattice *l = &a->s->lattice;

	if (end == 0) {
		a->sum += exp(a->power * score);
		if (is_better(a, score, count)) {
			memcpy(a->best, a->places, sizeof a->best);
			a->best_count = count;
			a->best_score = score;
		}
		return;
	}
	for (int length = 1; length <= 4 && length <= end; length++) {
		const int *symbols = l->symbols + end - length;
		const int piece = find_piece(a->s, PIECES, symbols, length);

		a->places[count] = end - length;
		if (length == 1 && symbols[0] < 0)
			list(a, end - 1, count + 1, score + l->unknown);
		else if (piece >= 0 && piece != a->excluded)
			list(a, end - length, count + 1, score + l->scores[piece]);
	}
}

static void finds_the_best_of_all(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 500; seed++) {
		static sample s;
		heed__step steps[LENGTH + 1];
		listing a = {.s = &s, .excluded = -1, .best_score = -INFINITY};
		int at, n = 0;

		make_sample(&s, seed);
		a.excluded = seed % 2 ? -1 : SYMBOLS + (int)seed % (PIECES - SYMBOLS);
		list(&a, s.lattice.count, 0, 0);
		heed__lattice_best(&s.lattice, a.excluded, steps);
		assert_true(steps[s.lattice.count].score == a.best_score);
		for (at = s.lattice.count; at > 0; at = steps[at].before, n++) {
			const int before = steps[at].before;

			assert_int_equal(before, a.best[n]);
			assert_int_equal(steps[before].next, at);
			assert_int_equal(steps[at].piece,
					 find_piece(&s, PIECES, s.symbols + before, at - before));
		}
		assert_int_equal(n, a.best_count);
		heed__trie_release(&s.trie, ctx);
	}
}

static void sums_over_all(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 200; seed++) {
		static sample s;
		double sums[LENGTH + 1];
		listing a = {.s = &s, .excluded = -1, .best_score = -INFINITY};

		make_sample(&s, seed);
		a.power = (double)(seed % 5) / 2;
		list(&a, s.lattice.count, 0, 0);
		heed__lattice_sum(&s.lattice, a.power, sums);
		assert_near(sums[0], log(a.sum), 1e-9);
		heed__trie_release(&s.trie, ctx);
	}
}

/* ---- seeds ---- */

static bool same(const heed__symbol_runs *runs, int at, const int *symbols, int length)
{
	return memcmp(runs->symbols.data + at, symbols, (size_t)length * sizeof(int)) == 0;
}

/* How often symbols[0..length) occur in the runs. */
static int64_t occurrences(const heed__symbol_runs *runs, const int *symbols, int length)
{
	int64_t count = 0;

	for (size_t r = 0; r < runs->counts->count; r++)
		for (int i = runs->first.data[r]; i + length < runs->first.data[r + 1]; i++)
			if (same(runs, i, symbols, length))
				count += runs->counts->entries[r].value;
	return count;
}

/* Whether a substring should be a seed. */
static bool deserves(const heed__symbol_runs *runs, const int *symbols, int length, int64_t min_count)
{
	const int64_t count = occurrences(runs, symbols, length);
	int longer[HEED__SEED_LENGTH_MAX + 1];

	for (int k = 0; k < length; k++)
		if (symbols[k] < 0)
			return false;
	memcpy(longer, symbols, (size_t)length * sizeof *longer);
	for (int next = 0; next < SYMBOLS && length < HEED__SEED_LENGTH_MAX; next++) {
		longer[length] = next;
		if (occurrences(runs, longer, length + 1) == count)
			return false;
	}
	return count >= min_count;
}

static void finds_the_frequent_substrings(void **state)
{
	heed__rng rng = test_rng(1);

	(void)state;
	for (int round = 0; round < 20; round++) {
		heed__map counts = heed__map_init(ctx);
		heed__symbol_runs runs = {.counts = &counts};
		heed__seeds seeds = {0};
		const int64_t min_count = 1 + round % 4;

		assert_true(HEED__PUSH(ctx, &runs.first, 0));
		for (int r = 0; r < 12; r++) {
			const int length = 1 + (int)heed__rng_below(&rng, r == 0 ? 40 : 8);
			char key[16];

			snprintf(key, sizeof key, "%d", r);
			*heed__map_put(&counts, key, strlen(key), 0) = 1 + (int64_t)heed__rng_below(&rng, 3);
			for (int i = 0; i < length; i++)
				assert_true(HEED__PUSH(ctx, &runs.symbols,
						       (int)heed__rng_below(&rng, SYMBOLS + 1) - 1));
			assert_true(HEED__PUSH(ctx, &runs.symbols, -1));
			assert_true(HEED__PUSH(ctx, &runs.first, (int)runs.symbols.len));
		}
		assert_int_equal(heed__unigram_seeds(ctx, &runs, min_count, &seeds), HEED_OK);
		for (size_t i = 0; i < seeds.len; i++) {
			const heed__seed s = seeds.data[i];
			const int *symbols = runs.symbols.data + s.start;

			assert_true(deserves(&runs, symbols, s.length, min_count));
			assert_int_equal(s.count, occurrences(&runs, symbols, s.length));
			assert_true(i == 0 ||
				    seeds.data[i - 1].count * seeds.data[i - 1].length >= s.count * s.length);
			for (size_t j = 0; j < i; j++)
				assert_false(seeds.data[j].length == s.length &&
					     same(&runs, seeds.data[j].start, symbols, s.length));
		}
		/* And none is missing. */
		for (int at = 0; at < (int)runs.symbols.len; at++)
			for (int length = 2;
			     length <= HEED__SEED_LENGTH_MAX && at + length < (int)runs.symbols.len;
			     length++) {
				const int *symbols = runs.symbols.data + at;
				bool found = !deserves(&runs, symbols, length, min_count);

				for (size_t i = 0; i < seeds.len && !found; i++)
					found = seeds.data[i].length == length &&
						same(&runs, seeds.data[i].start, symbols, length);
				assert_true(found);
			}
		HEED__VECTOR_RELEASE(ctx, &seeds);
		HEED__VECTOR_RELEASE(ctx, &runs.symbols);
		HEED__VECTOR_RELEASE(ctx, &runs.first);
		heed__map_release(&counts);
	}
}

/* ---- training ---- */

static const char words[] = "abab ab abba ba ab\nbab abab ab baba ab\n";

/* What the pieces of " abab" and so on count in two rounds of estimation, by listing all segmentations. Pieces are
 * those of the tokenizer, which wants more than there are, so that nothing is pruned. */
typedef struct estimate {
	const heed_tokenizer *t;
	int count;
	double scores[64], counts[64];
} estimate;

/* Adds weight * P(segmentation) * pieces for all segmentations that begin with what `used` has. */
static void add_segmentations(estimate *e, const char *left, double p, int *used, int n, double weight,
			      double *total)
{
	if (*left == '\0') {
		*total += p;
		for (int i = 0; i < n && weight > 0; i++)
			e->counts[used[i]] += weight * p;
	}
	for (size_t length = 1; length <= strlen(left); length++) {
		char name[HEED_PIECE_BYTES_MAX];
		const size_t name_len = heed__piece_name(left, length, name);
		const int id = heed_tokenizer_id(e->t, name, name_len);

		if (id < e->t->space)
			continue;
		used[n] = id - e->t->space;
		add_segmentations(e, left + length, p * exp(e->scores[used[n]]), used, n + 1, weight, total);
	}
}

static double slow_digamma(double x)
{
	const double h = 1e-4;

	return (8 * (lgamma(x + h) - lgamma(x - h)) - (lgamma(x + 2 * h) - lgamma(x - 2 * h))) / (12 * h);
}

static void set_scores(estimate *e, double (*weight)(double))
{
	double sum = 0;

	for (int i = 0; i < e->count; i++)
		sum += fmax(e->counts[i], 0.5);
	for (int i = 0; i < e->count; i++) {
		e->scores[i] = weight(fmax(e->counts[i], 0.5)) - weight(sum);
		e->counts[i] = 0;
	}
}

/* Every word with the space in front, as often as it comes. */
static const struct {
	const char *text;
	int count;
} word_counts[] = {{" ab", 4}, {" abab", 2}, {" abba", 1}, {" ba", 1}, {" bab", 1}, {" baba", 1}};

enum { WORDS = sizeof word_counts / sizeof *word_counts };

static void start_counts(estimate *e)
{
	for (int i = 0; i < e->count; i++) {
		const char *name = heed_tokenizer_piece(e->t, e->t->space + i);
		const bool spaced = strncmp(name, SPACE, 3) == 0;
		char text[16];

		snprintf(text, sizeof text, "%s%s", spaced ? " " : "", name + (spaced ? 3 : 0));
		for (int w = 0; w < WORDS; w++)
			for (const char *p = word_counts[w].text; (p = strstr(p, text)) != NULL; p++)
				e->counts[i] += word_counts[w].count * (double)strlen(text);
	}
}

static void estimates_as_by_listing_all(void **state)
{
	heed_tokenizer *t = train_on(ctx, &(heed_tokenizer_options){.kind = "unigram"}, words);
	const heed__unigram *u = t->learned;
	estimate e = {.t = t, .count = heed_tokenizer_size(t) - t->space};
	int used[16];

	(void)state;
	/* " ", a, b; and what occurs twice or more and is not always followed by one same character. */
	assert_in_range(e.count, 12, 30);
	start_counts(&e);
	set_scores(&e, log);
	for (int round = 0; round < 2; round++) {
		for (int w = 0; w < WORDS; w++) {
			double total = 0, again = 0;

			add_segmentations(&e, word_counts[w].text, 1, used, 0, 0, &total);
			add_segmentations(&e, word_counts[w].text, 1, used, 0, word_counts[w].count / total,
					  &again);
		}
		set_scores(&e, slow_digamma);
	}
	for (int i = 0; i < e.count; i++)
		assert_near(u->scores.data[i] / HEED__UNIGRAM_UNITS, e.scores[i], 2e-6);
	heed_tokenizer_free(t);
}

/* Words out of stems and endings, each once: with room for these and the letters, these are found. */
static void finds_stems_and_endings(void **state)
{
	static const char *const stems[] = {"lauf", "spring", "tanz",   "sing",
					    "mal",  "koch",   "wander", "lern"};
	static const char *const endings[] = {"en", "st", "te", "ung", "er"};
	enum { STEMS = 8, ENDINGS = 5, LETTERS = 20 };
	char text[4096] = "";
	size_t used = 0;
	heed_tokenizer_options options = {.kind = "unigram", .no_byte_fallback = 1};
	heed_tokenizer *t, *again;
	size_t len, again_len;

	(void)state;
	for (int i = 0; i < STEMS * ENDINGS; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%c", stems[i % STEMS],
					 endings[i / STEMS % ENDINGS], i % 7 ? ' ' : '\n');
	options.vocab = HEED_SPECIAL_IDS + 1 + LETTERS + STEMS + ENDINGS;
	t = train_on(ctx, &options, text);
	assert_non_null(t);
	assert_int_equal(heed_tokenizer_size(t), options.vocab);
	for (int i = 0; i < STEMS; i++) {
		char name[32];

		snprintf(name, sizeof name, SPACE "%s", stems[i]);
		assert_true(heed_tokenizer_id(t, name, strlen(name)) > 0);
	}
	for (int i = 0; i < ENDINGS; i++)
		assert_true(heed_tokenizer_id(t, endings[i], strlen(endings[i])) > 0);
	again = train_on(ctx, &options, text);
	assert_string_equal(heed_tokenizer_saved(t, &len), heed_tokenizer_saved(again, &again_len));
	heed_tokenizer_free(again);
	heed_tokenizer_free(t);
	/* No room but for the letters, and not even that. */
	options.vocab = HEED_SPECIAL_IDS + 1 + LETTERS;
	t = train_on(ctx, &options, text);
	assert_int_equal(heed_tokenizer_size(t), options.vocab);
	heed_tokenizer_free(t);
	options.vocab = HEED_SPECIAL_IDS + 3;
	t = train_on(ctx, &options, text);
	assert_int_equal(heed_tokenizer_size(t), options.vocab);
	heed_tokenizer_free(t);
}

static void never_learns_reserved_names(void **state)
{
	const char *symbol = "--";
	heed_tokenizer *t = train_on(
		ctx, &(heed_tokenizer_options){.kind = "unigram", .symbols = &symbol, .symbol_count = 1},
		"a-- b-- c-- d--- e---- -- --");
	heed_coder *c = heed_coder_new(ctx, t);
	heed_encoding x;

	(void)state;
	assert_int_equal(heed_coder_encode(c, "--a--", 5, &x), HEED_OK);
	for (int i = 0; i < x.count; i++)
		assert_int_not_equal(x.ids[i], HEED_SPECIAL_IDS);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

/* ---- encoding ---- */

#define HEAD "heed-tokenizer 1\nkind unigram\nnormalization nfc\nlowercase 0\nbytes 0\nsymbols 0\n"
/* The space is id 3, a is 4, b is 5. */
#define PIECES_AB "pieces 2\na\nb\npieces 3\naa\n" SPACE "a\naaa\n"

static heed_tokenizer *load(const char *bytes)
{
	heed_tokenizer *t = heed_tokenizer_load(ctx, bytes, strlen(bytes));

	if (!t)
		fail_msg("%s", heed_error_message(ctx));
	return t;
}

static void expect_pieces(const heed_tokenizer *t, const char *text, const char *expected)
{
	heed_coder *c = heed_coder_new(ctx, t);
	char joined[256] = "";
	size_t used = 0;
	heed_encoding x;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	for (int i = 0; i < x.count; i++)
		used += (size_t)snprintf(joined + used, sizeof joined - used, "%s|",
					 heed_tokenizer_piece(t, x.ids[i]));
	assert_string_equal(joined, expected);
	heed_coder_free(c);
}

static void takes_the_most_probable(void **state)
{
	/* Costs of the space, a, b, aa, space a, aaa. */
	heed_tokenizer *t =
		load(HEAD PIECES_AB "costs 6\n1000000\n2000000\n2000000\n3500000\n2999999\n6000000\nend\n");

	(void)state;
	expect_pieces(t, "a", SPACE "a|"); /* cheaper by a millionth */
	expect_pieces(t, "baaa",
		      SPACE "|b|a|aa|"); /* a aa and aa a cost the same, the last piece is longer */
	expect_pieces(t, "bac", SPACE "|b|a|<unk>|");
	expect_pieces(t, "cc", SPACE "|<unk>|<unk>|");
	expect_pieces(t, "  a", SPACE "|" SPACE "|" SPACE "a|");
	heed_tokenizer_free(t);
	t = load(HEAD PIECES_AB "costs 6\n1000000\n2000000\n2000000\n4000000\n3000001\n6000000\nend\n");
	expect_pieces(t, "a", SPACE "|a|");
	expect_pieces(t, "baaa", SPACE "|b|aaa|"); /* all equal */
	heed_tokenizer_free(t);
}

/* "aaa" is a a a, aa a, a aa, aaa. */
static void draws_in_proportion(void **state)
{
	enum { ROUNDS = 20000 };
	static const double alphas[] = {0, 0.25, 1, 3};
	/* Behind a tab, which no piece holds, the a's are a run of their own: tab, a a a. */
	heed_tokenizer *t =
		load(HEAD PIECES_AB "costs 6\n0\n1000000\n1000000\n1500000\n9000000\n2500000\nend\n");
	heed_coder *c = heed_coder_new(ctx, t);

	(void)state;
	for (size_t k = 0; k < sizeof alphas / sizeof *alphas; k++) {
		const double alpha = alphas[k];
		const double weights[] = {exp(-3 * alpha), exp(-2.5 * alpha), exp(-2.5 * alpha),
					  exp(-2.5 * alpha)};
		double share[4] = {0};

		for (uint32_t i = 0; i < ROUNDS; i++) {
			heed_encoding x;

			assert_int_equal(heed_coder_dropout(c, 1 / (1 + alpha), (uint32_t)k, i), HEED_OK);
			assert_int_equal(heed_coder_encode(c, "\taaa", 4, &x), HEED_OK);
			assert_in_range(x.count, 3, 5);
			share[x.count == 5 ? 0 : x.count == 3 ? 3 : x.start[3] == 3 ? 1 : 2] += 1.0 / ROUNDS;
		}
		for (int i = 0; i < 4; i++)
			assert_near(share[i],
				    weights[i] / (weights[0] + weights[1] + weights[2] + weights[3]), 0.015);
	}
	assert_int_equal(heed_coder_dropout(c, 0, 0, 0), HEED_OK);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static void repeats_its_draws(void **state)
{
	heed_tokenizer *t = train_on(ctx, &(heed_tokenizer_options){.kind = "unigram"}, words);
	heed_coder *c = heed_coder_new(ctx, t);
	int ids[20][64], counts[20], different = 0;
	heed_encoding x;

	(void)state;
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < 20; i++) {
			const uint32_t item = pass ? 19 - i : i;

			assert_int_equal(heed_coder_dropout(c, 0.6, 1, item), HEED_OK);
			assert_int_equal(heed_coder_encode(c, "abab abba babab", 15, &x), HEED_OK);
			assert_in_range(x.count, 3, 18);
			if (pass) {
				assert_int_equal(x.count, counts[item]);
				assert_memory_equal(x.ids, ids[item], (size_t)x.count * sizeof(int));
				continue;
			}
			counts[i] = x.count;
			memcpy(ids[i], x.ids, (size_t)x.count * sizeof(int));
			different +=
				i > 0 && (counts[i] != counts[i - 1] ||
					  memcmp(ids[i], ids[i - 1], (size_t)counts[i] * sizeof(int)) != 0);
		}
	assert_true(different > 10);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static void refuses_bad_files(void **state)
{
	static const struct {
		const char *bytes, *message;
	} cases[] = {
		{HEAD "pieces 2\na\nb\nend\n", "expected 'pieces ...' in line 10"},
		{HEAD "pieces 1\nab\n", "piece 4 is 'ab', expected one character"},
		{HEAD "pieces 1\na\npieces 1\na\n", "'a' comes a second time in line 10"},
		{HEAD "pieces 1\na\npieces 1\n" SPACE "\n", "comes a second time in line 10"},
		{HEAD "pieces 1\na\npieces 1\na" SPACE "\n", "line 10 is no piece of kind unigram"},
		{HEAD "pieces 1\na\npieces 0\ncosts 3\n", "3 costs in line 10, expected 2"},
		{HEAD "pieces 1\na\npieces 0\ncosts 2\n1\n-1\n", "a number from 0 to 2147483647 in line 12"},
		{HEAD "pieces 1\na\npieces 0\ncosts 2\n1\n2147483648\n", "in line 12"},
		{HEAD "pieces 1\na\npieces 0\ncosts 2\n1\n\n", "in line 12"},
		{HEAD "pieces 1\na\npieces 1\nac\ncosts 3\n1\n1\n1\nend\n",
		 "piece 5 is 'ac', but 'c' is no piece"},
		{HEAD "pieces 1\na\npieces 0\ncosts 2\n1\n01\nend\n", "not as heed writes it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(heed_tokenizer_load(ctx, cases[i].bytes, strlen(cases[i].bytes)));
		assert_int_equal(heed_error_code(ctx), HEED_E_FORMAT);
		assert_message(ctx, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_best_of_all),
		cmocka_unit_test(sums_over_all),
		cmocka_unit_test(finds_the_frequent_substrings),
		cmocka_unit_test(estimates_as_by_listing_all),
		cmocka_unit_test(finds_stems_and_endings),
		cmocka_unit_test(never_learns_reserved_names),
		cmocka_unit_test(takes_the_most_probable),
		cmocka_unit_test(draws_in_proportion),
		cmocka_unit_test(repeats_its_draws),
		cmocka_unit_test(refuses_bad_files),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
