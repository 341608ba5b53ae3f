/* The metrics' API: what is refused, what is kept, text that is not UTF-8, and memory that runs out. */
#include "heed/metric.h"
#include "shortage.h"
#include "sink.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

static int setup(void **state)
{
	*state = heed_ctx_new(&(heed_ctx_options){.threads = 2, .seed = 7});
	return *state == NULL;
}

static int teardown(void **state)
{
	heed_ctx_free(*state);
	return 0;
}

static heed_code add(heed_metric *m, const char *hypothesis, const char *reference)
{
	const heed_segment r = heed_segment_of(reference);

	return heed_metric_add(m, heed_segment_of(hypothesis), &r, 1);
}

static double score_of(heed_metric *m)
{
	heed_measure s;

	assert_int_equal(heed_metric_score(m, &s), HEED_OK);
	return s.score;
}

static void test_options(void **state)
{
	heed_ctx *ctx = *state;

	assert_null(heed_bleu_new(ctx, &(heed_bleu_options){.tokenizer = (heed_bleu_tokenizer)9}));
	assert_int_equal(heed_error_code(ctx), HEED_E_ARGUMENT);
	assert_null(heed_bleu_new(ctx, &(heed_bleu_options){.smoothing = (heed_bleu_smoothing)4}));
	assert_null(heed_bleu_new(ctx, &(heed_bleu_options){.smooth_value = -1}));
	assert_null(heed_chrf_new(ctx, &(heed_chrf_options){.char_order = 9}));
	assert_null(heed_chrf_new(ctx, &(heed_chrf_options){.word_order = 5}));
	assert_null(heed_chrf_new(ctx, &(heed_chrf_options){.word_order = -1}));
	assert_null(heed_chrf_new(ctx, &(heed_chrf_options){.beta = 101}));
	assert_int_equal(heed_error_code(ctx), HEED_E_ARGUMENT);
	heed_metric_free(NULL);
}

static void test_refusals(void **state)
{
	heed_metric *m = heed_bleu_new(*state, NULL);
	const heed_segment missing[2] = {{NULL, 0}, {NULL, 0}};
	const heed_segment huge = {"", (size_t)1 << 31};
	heed_measure s;

	assert_int_equal(heed_metric_score(m, &s), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_segment_score(m, 0, &s), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_add(m, heed_segment_of("a"), missing, 2), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_add(m, heed_segment_of("a"), NULL, 0), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_add(m, heed_segment_of(NULL), &huge, 1), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_add(m, heed_segment_of("a"), &huge, 1), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_segments(m), 0);
	assert_int_equal(add(m, "a", "a"), HEED_OK);
	assert_int_equal(heed_metric_segments(m), 1);
	heed_metric_free(m);
}

/* The line of multi-bleu: text lower-cased and tokenized beforehand. */
static void test_signature(void **state)
{
	heed_metric *m =
		heed_bleu_new(*state, &(heed_bleu_options){.tokenizer = HEED_BLEU_NONE, .lowercase = 1});
	heed_measure s;

	assert_int_equal(add(m, "the Cat sat on the mat .", "The cat sat on a mat ."), HEED_OK);
	assert_int_equal(heed_metric_score(m, &s), HEED_OK);
	assert_string_equal(heed_metric_name(m), "BLEU");
	assert_string_equal(heed_metric_line(m, &s, 1),
			    "BLEU|nrefs:1|case:lc|eff:no|tok:none|smooth:exp|version:2.6.0 = 48.9 "
			    "85.7/66.7/40.0/25.0 (BP = 1.000 ratio = 1.000 hyp_len = 7 ref_len = 7)");
	heed_metric_free(m);
}

/* Numbers have a point in every locale (where the system has one with a comma). */
static void test_locale(void **state)
{
	heed_metric *m = heed_bleu_new(*state, &(heed_bleu_options){.smoothing = HEED_BLEU_FLOOR});
	heed_measure s;

	if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
		setlocale(LC_NUMERIC, "fr_FR.UTF-8");
	assert_int_equal(add(m, "a b, c", "a b c"), HEED_OK);
	assert_int_equal(heed_metric_score(m, &s), HEED_OK);
	assert_string_equal(heed_metric_line(m, &s, 1),
			    "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:floor[0.10]|version:2.6.0 = 18.8 "
			    "75.0/33.3/5.0/10.0 (BP = 1.000 ratio = 1.333 hyp_len = 4 ref_len = 3)");
	setlocale(LC_NUMERIC, "C");
	heed_metric_free(m);
}

/* Segments alone, together, and again after a reset. */
static void test_segments(void **state)
{
	heed_metric *all = heed_chrf_new(*state, NULL), *one = heed_chrf_new(*state, NULL);
	static const char *const text[3][2] = {
		{"a dog runs", "the dog runs"}, {"", "x"}, {"blue sky", "blue skies"}};
	heed_measure s;

	for (int i = 0; i < 3; i++)
		assert_int_equal(add(all, text[i][0], text[i][1]), HEED_OK);
	for (int i = 0; i < 3; i++) {
		heed_metric_reset(one);
		assert_int_equal(add(one, text[i][0], text[i][1]), HEED_OK);
		assert_int_equal(heed_metric_segment_score(all, (size_t)i, &s), HEED_OK);
		assert_memory_equal(&s.score, &(double){score_of(one)}, sizeof(double));
	}
	assert_int_equal(heed_metric_segment_score(all, 3, &s), HEED_E_ARGUMENT);
	heed_metric_free(all);
	heed_metric_free(one);
}

/* The number of references is "var" once it differs, and a reset forgets that. */
static void test_varying_references(void **state)
{
	heed_metric *m = heed_chrf_new(*state, NULL);
	const heed_segment two[2] = {heed_segment_of("a b"), heed_segment_of("b")};

	assert_int_equal(add(m, "a", "a"), HEED_OK);
	assert_int_equal(heed_metric_add(m, heed_segment_of("b"), two, 2), HEED_OK);
	assert_string_equal(heed_metric_signature(m),
			    "nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0");
	heed_metric_reset(m);
	assert_int_equal(heed_metric_add(m, heed_segment_of("b"), two, 2), HEED_OK);
	assert_string_equal(heed_metric_signature(m),
			    "nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0");
	heed_metric_free(m);
}

static void test_tokenize(void **state)
{
	static const struct {
		heed_bleu_tokenizer tokenizer;
		const char *text, *tokens;
	} cases[] = {
		{HEED_BLEU_13A, "Hello, world! It's 3.5-4 &quot;ok&quot;.",
		 "Hello , world ! It's 3.5 - 4 \" ok \" ."},
		{HEED_BLEU_13A, " a..b 1,000. ", "a . . b 1,000 ."},
		{HEED_BLEU_13A, "", ""},
		{HEED_BLEU_NONE, "a,  b \t", "a,  b"},
		{HEED_BLEU_CHAR, "ab c", "a b c"},
		{HEED_BLEU_INTL, "\xC2\xABno\xC2\xBB 5\xE2\x82\xAC 3.5.",
		 "\xC2\xAB no \xC2\xBB 5 \xE2\x82\xAC 3.5."},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sink s = {NULL, 0};

		assert_int_equal(heed_bleu_tokenize(*state, cases[i].tokenizer,
						    heed_segment_of(cases[i].text), put, &s),
				 HEED_OK);
		assert_string_equal(s.text, cases[i].tokens);
		free(s.text);
	}
	assert_int_equal(heed_bleu_tokenize(*state, HEED_BLEU_13A, heed_segment_of("a"), refuse, NULL),
			 HEED_E_IO);
}

/* Bad bytes and NULs are characters like others: equal to themselves, to nothing else. */
static void test_bad_bytes(void **state)
{
	heed_metric *m =
		heed_chrf_new(*state, &(heed_chrf_options){.char_order = 1, .beta = 1, .lowercase = 1});
	const heed_segment nul = {"a\0b", 3}, other = {"a\0c", 3};

	assert_int_equal(add(m, "\xFF\xC3", "\xFF\xC3"), HEED_OK);
	assert_true(score_of(m) > 99.9);
	heed_metric_reset(m);
	assert_int_equal(add(m, "\xFF\xFE", "\xFF\xE2\x82"), HEED_OK);
	assert_true(fabs(score_of(m) - 40.0) < 1e-9); /* 1 of 2, 1 of 3 */
	heed_metric_reset(m);
	assert_int_equal(heed_metric_add(m, nul, &other, 1), HEED_OK);
	assert_true(fabs(score_of(m) - 200.0 / 3) < 1e-9);
	heed_metric_free(m);
}

static void fill(heed_metric *m, int seed)
{
	char hypothesis[64];

	for (int i = 0; i < 50; i++) {
		snprintf(hypothesis, sizeof hypothesis, "word %d of %d is here", i % 7 + seed, i);
		assert_int_equal(add(m, hypothesis, "word 3 of 9 is here"), HEED_OK);
	}
}

static void compare_with_threads(int threads, heed_comparison *out)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads, .seed = 5});
	heed_metric *a = heed_chrf_new(ctx, NULL), *b = heed_chrf_new(ctx, NULL);

	fill(a, 0);
	fill(b, 1);
	memset(out, 0, sizeof *out);
	assert_int_equal(heed_metric_compare(a, b, 0, out), HEED_OK);
	heed_metric_free(a);
	heed_metric_free(b);
	heed_ctx_free(ctx);
}

static void test_compare_threads(void **state)
{
	heed_comparison one, three;

	(void)state;
	compare_with_threads(1, &one);
	compare_with_threads(3, &three);
	assert_int_equal(one.resamples, 1000);
	assert_memory_equal(&one, &three, sizeof one);
}

static void test_compare_refusals(void **state)
{
	heed_metric *a = heed_bleu_new(*state, NULL), *b = heed_bleu_new(*state, NULL),
		    *c = heed_bleu_new(*state, &(heed_bleu_options){.lowercase = 1}),
		    *d = heed_chrf_new(*state, NULL);
	heed_comparison out;

	assert_int_equal(heed_metric_compare(a, b, 10, &out), HEED_E_ARGUMENT); /* no segments */
	fill(a, 0);
	fill(b, 0);
	fill(c, 0);
	fill(d, 0);
	assert_int_equal(heed_metric_compare(a, b, 10, &out), HEED_OK);
	/* an output against itself has this in sacreBLEU, too */
	assert_true(fabs(out.p_value - 1.0 / 11) < 1e-12);
	assert_int_equal(heed_metric_compare(a, c, 10, &out), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_compare(a, d, 10, &out), HEED_E_ARGUMENT);
	assert_int_equal(heed_metric_compare(a, b, -1, &out), HEED_E_ARGUMENT);
	assert_int_equal(add(b, "x", "y"), HEED_OK);
	assert_int_equal(heed_metric_compare(a, b, 10, &out), HEED_E_ARGUMENT);
	heed_metric_free(a);
	heed_metric_free(b);
	heed_metric_free(c);
	heed_metric_free(d);
}

static heed_code whole_run(heed_ctx *ctx)
{
	heed_metric *m[4] = {heed_bleu_new(ctx, NULL), heed_bleu_new(ctx, NULL),
			     heed_chrf_new(ctx, &(heed_chrf_options){.word_order = 2, .lowercase = 1}),
			     heed_chrf_new(ctx, &(heed_chrf_options){.word_order = 2, .lowercase = 1})};
	heed_metric *const shown[2] = {m[0], m[2]};
	const heed_segment r[2] = {heed_segment_of("the dog &amp; the CAT ."),
				   heed_segment_of("a dog , the cat")};
	heed_comparison c[2];
	sink s = {NULL, 0};
	heed_code code = HEED_OK;

	for (int i = 0; i < 4 && code == HEED_OK; i++)
		code = m[i] == NULL ? HEED_E_MEMORY
				    : heed_metric_add(m[i], heed_segment_of("a dog, the Cat."), r, 2);
	for (int i = 0; i < 2 && code == HEED_OK; i++)
		code = heed_metric_compare(m[2 * i], m[2 * i + 1], 10, &c[i]);
	if (code == HEED_OK)
		code = heed_comparison_write(shown, c, 2, "a", "b", 1, put, &s);
	for (int i = 0; i < 4; i++)
		heed_metric_free(m[i]);
	free(s.text);
	return code;
}

static void test_memory(void **state)
{
	(void)state;
	assert_in_range(shortage_run(whole_run), 10, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_varying_references, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tokenize, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_bytes, setup, teardown),
		cmocka_unit_test(test_compare_threads),
		cmocka_unit_test_setup_teardown(test_compare_refusals, setup, teardown),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
