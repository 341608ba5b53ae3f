/* Claims: every verdict can come out either way, and the machinery around them. */
#include "study/gradient.h"
#include "study/pattern.h"
#include "study/phrase_pairs.h"
#include "study/verdict.h"
#include "study/verdicts.h"

#include "markup.h"
#include "shortage.h"
#include "tensor/tape.h"

#include <math.h>
#include <stdio.h>

enum { SEEDS = 3 };

static int setup(void **state)
{
	*state = heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = 1});
	return *state == NULL;
}

static int teardown(void **state)
{
	const int left = heed_ctx_memory(*state).bytes > 0;

	heed_ctx_free(*state);
	return left;
}

/* After arithmetic the context keeps scratch memory. */
static int drop(void **state)
{
	heed_ctx_free(*state);
	return 0;
}

/* --- verdicts --- */

static void test_exceeds(void **state)
{
	static const double low[] = {1, 2, 3}, high[] = {4, 5, 6}, between[] = {2, 3, 7};

	(void)state;
	assert_int_equal(heed__exceeds(high, low, 3), HEED_FOUND_SO);
	assert_int_equal(heed__exceeds(low, high, 3), HEED_FOUND_NOT_SO);
	assert_int_equal(heed__exceeds(between, low, 3), HEED_FOUND_OPEN);
	assert_int_equal(heed__exceeds(low, between, 3), HEED_FOUND_NOT_SO);
	assert_int_equal(heed__exceeds(low, low, 3), HEED_FOUND_NOT_SO);
	assert_int_equal(heed__both(HEED_FOUND_SO, HEED_FOUND_SO), HEED_FOUND_SO);
	assert_int_equal(heed__both(HEED_FOUND_SO, HEED_FOUND_OPEN), HEED_FOUND_OPEN);
	assert_int_equal(heed__both(HEED_FOUND_OPEN, HEED_FOUND_NOT_SO), HEED_FOUND_NOT_SO);
}

/* The sentence has the words of the finding, and these ones. */
static void says(heed__str *sentence, heed_finding finding, heed_finding expected, const char *words)
{
	assert_int_equal(finding, expected);
	assert_false(sentence->failed);
	if (strstr(sentence->data, heed__verdict_words(expected)) == NULL ||
	    strstr(sentence->data, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", sentence->data, words);
	heed__str_release(sentence);
}

static void test_memory_verdict(void **state)
{
	static const double all[HEED__MEMORY_DISTANCES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
			    some[HEED__MEMORY_DISTANCES] = {1, 1, 0.9, 0.89, 1, 1, 1, 1, 1, 1},
			    none[HEED__MEMORY_DISTANCES] = {0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	const double longest = heed__memory_reach(all);
	const double as_claimed[3][HEED__SEEDS] = {{4, 2, 4}, {24, 8, 24}, {longest, longest, longest}};
	const double same[3][HEED__SEEDS] = {{24, 24, 24}, {24, 24, 24}, {longest, longest, longest}};
	const double mixed[3][HEED__SEEDS] = {{4, 8, 4}, {24, 4, 24}, {longest, longest, longest}};
	const double near[3][HEED__SEEDS] = {{4, 2, 4}, {24, 8, 24}, {8, 4, 8}};
	const double vanish[3][HEED__SEEDS] = {{1e-9, 1e-8, 1e-9}, {1e-4, 1e-5, 1e-4}, {1, 0.8, 1}};
	const double stay[3][HEED__SEEDS] = {{1, 1, 1}, {0.5, 0.5, 0.5}, {1, 0.8, 1}};
	heed__str s = heed__str_init(*state, 0);

	assert_true(heed__memory_reach(some) == 4);
	assert_true(heed__memory_reach(none) == 0);
	says(&s, heed__memory_verdict(as_claimed, vanish, SEEDS, &s), HEED_FOUND_SO, "makes no difference");
	says(&s, heed__memory_verdict(same, stay, SEEDS, &s), HEED_FOUND_NOT_SO, "does not remember longer");
	says(&s, heed__memory_verdict(mixed, vanish, SEEDS, &s), HEED_FOUND_OPEN, "not in every run");
	says(&s, heed__memory_verdict(near, stay, SEEDS, &s), HEED_FOUND_NOT_SO, "did not learn");
	says(&s, heed__memory_verdict(as_claimed, stay, SEEDS, &s), HEED_FOUND_NOT_SO, "did not hold");
	assert_int_equal(heed__memory_verdict(same, vanish, SEEDS, &s), HEED_FOUND_OPEN);
	assert_non_null(strstr(s.data, "held here of the gradients, but not of the answers"));
	heed__str_release(&s);
}

static void test_bottleneck_verdict(void **state)
{
	const double as_claimed[3][HEED__SEEDS] = {{40, 50, 60}, {1, 2, -1}, {3, 5, 8}};
	const double open[3][HEED__SEEDS] = {{40, 50, 60}, {1, 2, -1}, {30, 45, 8}};
	const double otherwise[3][HEED__SEEDS] = {{1, 1, 1}, {1, 2, -1}, {3, 5, 8}};
	heed__str s = heed__str_init(*state, 0);

	says(&s, heed__bottleneck_verdict(as_claimed, SEEDS, &s), HEED_FOUND_SO, "loses 50.0 points");
	says(&s, heed__bottleneck_verdict(open, SEEDS, &s), HEED_FOUND_OPEN, "not in every run");
	says(&s, heed__bottleneck_verdict(otherwise, SEEDS, &s), HEED_FOUND_NOT_SO, "the Transformer 5.3");
}

static void test_parallel_verdict(void **state)
{
	const double one[3][HEED__SEEDS] = {{1, 1, 1}, {1, 1, 1}, {1, 1.5, 1}};
	const double as_claimed[3][HEED__SEEDS] = {{0.2, 0.3, 0.2}, {0.4, 0.4, 0.4}, {0.7, 0.9, 0.9}};
	const double open[3][HEED__SEEDS] = {{0.2, 0.3, 0.2}, {0.4, 0.8, 0.4}, {0.7, 0.9, 0.9}};
	const double otherwise[3][HEED__SEEDS] = {{0.8, 0.9, 0.8}, {0.4, 0.4, 0.4}, {0.5, 0.5, 0.5}};
	heed__str s = heed__str_init(*state, 0);

	says(&s, heed__parallel_verdict(as_claimed, one, SEEDS, &s), HEED_FOUND_SO, "the LSTM 40 %");
	says(&s, heed__parallel_verdict(open, one, SEEDS, &s), HEED_FOUND_OPEN, "1.17 for attention");
	says(&s, heed__parallel_verdict(otherwise, one, SEEDS, &s), HEED_FOUND_NOT_SO, "attention 50 %");
}

static void test_sets_verdict(void **state)
{
	double d[HEED__SETS_POSITIONS][HEED__SEEDS];
	heed__str s = heed__str_init(*state, 0);

	for (int p = 0; p < HEED__SETS_POSITIONS; p++)
		for (int i = 0; i < SEEDS; i++)
			d[p][i] = p == 0 ? 1e-7 : 0.5;
	says(&s, heed__sets_verdict((const double(*)[HEED__SEEDS])d, SEEDS, &s), HEED_FOUND_SO,
	     "the same set");
	d[3][1] = 1e-6;
	says(&s, heed__sets_verdict((const double(*)[HEED__SEEDS])d, SEEDS, &s), HEED_FOUND_NOT_SO,
	     "may be rounding");
	d[3][1] = 0.5;
	d[0][2] = 0.1;
	says(&s, heed__sets_verdict((const double(*)[HEED__SEEDS])d, SEEDS, &s), HEED_FOUND_NOT_SO,
	     "not the same set");
}

static void test_senses_verdict(void **state)
{
	const double same[2][HEED__SEEDS] = {{0.9, 0.8, 0.9}, {0.7, 0.8, 0.7}};
	const double other[2][HEED__SEEDS] = {{0.1, -0.2, 0.1}, {0.3, 0.4, 0.3}};
	const double near[2][HEED__SEEDS] = {{0.1, -0.2, 0.1}, {0.3, 0.75, 0.3}};
	heed__str s = heed__str_init(*state, 0);

	says(&s, heed__senses_verdict(same, other, SEEDS, &s), HEED_FOUND_SO, "lower in every run");
	says(&s, heed__senses_verdict(same, near, SEEDS, &s), HEED_FOUND_OPEN, "not in every run");
	says(&s, heed__senses_verdict(other, same, SEEDS, &s), HEED_FOUND_NOT_SO, "does not tell them apart");
}

static void test_alignment_verdict(void **state)
{
	const double good[2][HEED__SEEDS] = {{0.9, 0.8, 0.9}, {0.7, 0.8, 0.7}},
		     mixed[2][HEED__SEEDS] = {{0.9, 0.8, 0.9}, {0.7, 0.8, 0.4}},
		     bad[2][HEED__SEEDS] = {{0.9, 0.8, 0.9}, {0.2, 0.1, 0.3}},
		     love[2][HEED__SEEDS] = {{1, 0, 1}, {1, 1, 1}};
	heed__str s = heed__str_init(*state, 0);

	says(&s, heed__alignment_verdict(good, love, SEEDS, 0.15, &s), HEED_FOUND_SO, "in 2 of 3 runs");
	says(&s, heed__alignment_verdict(mixed, love, SEEDS, 0.15, &s), HEED_FOUND_OPEN, "guessing: 15 %");
	says(&s, heed__alignment_verdict(bad, love, SEEDS, 0.15, &s), HEED_FOUND_NOT_SO, "20 % of the words");
}

static void test_baselines_verdict(void **state)
{
	heed__baselines values;
	heed__str s = heed__str_init(*state, 0);

	for (int t = 0; t < HEED__BASELINE_TEXTS; t++)
		for (int c = 0; c < HEED__BASELINE_CRITERIA; c++)
			for (int k = 0; k < HEED__BASELINE_FAMILIES; k++)
				for (int i = 0; i < SEEDS; i++)
					values[t][c][k][i] = 1 + k;
#define GIVEN (const double(*)[HEED__BASELINE_CRITERIA][HEED__BASELINE_FAMILIES][HEED__SEEDS])
	says(&s, heed__baselines_verdict(GIVEN values, SEEDS, &s), HEED_FOUND_NOT_SO, "in 3 of 3 runs");
	values[1][HEED__BASELINE_BYTES][2][1] = 0.5;
	says(&s, heed__baselines_verdict(GIVEN values, SEEDS, &s), HEED_FOUND_OPEN, "in 2 of 3 runs");
	for (int i = 0; i < SEEDS; i++)
		values[0][HEED__BASELINE_PERPLEXITY][4][i] = 0.5;
	says(&s, heed__baselines_verdict(GIVEN values, SEEDS, &s), HEED_FOUND_SO,
	     "gpt has the lowest perplexity");
}

/* --- what experiments are made of --- */

/* With tokens that are all different, a row of the table is a place of the text. */
static void gradients_of(heed_ctx *ctx, const char *name, const char *const *settings)
{
	enum { N = 4, V = 8 };
	static const int ids[N] = {1, 4, 6, 3}, start[] = {0, N};
	const heed_model_class *family = heed_model_class_find(name);
	void *config = heed__study_config(ctx, family, settings);
	heed_model *m = heed_model_new(ctx, family, config, V, V, HEED_MODEL_TRAIN);
	const heed_batch batch = {.input = {{1, start}, ids}};
	heed_tape *tape = heed_tape_new(ctx, 0);
	const heed_tensor *table = heed_params_find(m->params, "embed");
	const int width = table->dim[1];
	float score[64];
	double norms[N];

	for (int k = 0; k < 64; k++)
		score[k] = (float)sin(k + 1);
	assert_int_equal(heed__token_gradients(m, ids, N, score, norms), HEED_OK);
	assert_int_equal(table->dim[0], V); /* it is as it was */
	for (int i = 0; i < N; i++) {
		double sum = 0;

		for (int k = 0; k < width; k++) {
			float *const x = table->data + ids[i] * width + k;
			const float was = *x;
			double side[2];

			for (int up = 0; up < 2; up++) {
				const heed_tensor *states;

				*x = was + (up ? 1e-3f : -1e-3f);
				heed_tape_reset(tape, 0);
				states = family->contextual(m, tape, &batch);
				side[up] = 0;
				for (int j = 0; j < states->dim[1]; j++)
					side[up] += (double)score[j] *
						    (double)states->data[(N - 1) * states->dim[1] + j];
			}
			*x = was;
			sum += (side[1] - side[0]) * (side[1] - side[0]) / 4e-6;
		}
		if (fabs(sqrt(sum) - norms[i]) > 0.02 * norms[i] + 1e-4)
			fail_msg("%s, token %d: %g but differences say %g", name, i, norms[i], sqrt(sum));
	}
	heed_tape_free(tape);
	heed_model_free(m);
	heed__free(ctx, config);
}

static void test_gradients(void **state)
{
	gradients_of(*state, "rnn",
		     HEED__LESSON("width", "6", "layers", "1", "unit", "lines", "embedding-dropout", "0",
				  "output-dropout", "0", "dropout", "0"));
	gradients_of(*state, "lstm",
		     HEED__LESSON("width", "6", "layers", "1", "unit", "lines", "embedding-dropout", "0",
				  "output-dropout", "0", "dropout", "0"));
	gradients_of(*state, "gpt",
		     HEED__LESSON("width", "8", "layers", "1", "heads", "2", "feed-forward", "8", "tie",
				  "none", "dropout", "0", "max-length", "8"));
}

static void test_patterns(void **state)
{
	heed__rng rng = {.seed = 1};
	heed__str s = heed__str_init(*state, 0);
	bool seen[4] = {false};

	for (int i = 0; i < 100; i++) {
		static const char *const all[] = {"an old dog", "an old ", "a dog", "a "};
		int n = 0;

		heed__str_clear(&s);
		heed__pattern_draw("a{n old|} {dog|}", &rng, &s);
		while (n < 4 && strcmp(s.data, all[n]) != 0)
			n++;
		assert_true(n < 4);
		seen[n] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
	heed__str_clear(&s);
	heed__pattern_draw("plain", &rng, &s);
	heed__pattern_draw("{open", &rng, &s);
	assert_string_equal(s.data, "plainopen");
	heed__str_release(&s);
}

static void test_phrase_pairs(void **state)
{
	heed_examples *e = heed__phrase_pairs(*state, 1, HEED_PHRASES_TEST, 20, 2, 3);
	heed_examples *again = heed__phrase_pairs(*state, 1, HEED_PHRASES_TEST, 20, 2, 3);

	assert_int_equal(heed_examples_count(e), 20);
	for (int i = 0; i < 20; i++)
		for (int target = 0; target < 2; target++) {
			size_t n;
			const char *const text = heed_examples_text(e, i, target, &n);
			const size_t ends = occurrences(text, ". ") + occurrences(text, "? ");

			assert_in_range(ends, 1, 2);
			assert_string_equal(text, heed_examples_text(again, i, target, &n));
		}
	heed_examples_free(e);
	heed_examples_free(again);
}

/* --- claims --- */

static void test_names(void **state)
{
	static const char *const names[] = {"memory", "bottleneck", "parallel", "sets",
					    "senses", "alignment",  "baselines"};
	heed_claims_options o = heed_claims_defaults();
	heed_report *r = heed_report_new(*state, "t");
	const char *claim = NULL;

	for (int i = 0; i < 7; i++) {
		assert_string_equal(heed_claim_name(i, &claim), names[i]);
		assert_true(strlen(claim) > 10);
	}
	assert_null(heed_claim_name(7, &claim));
	assert_int_equal(heed_claim_try(*state, "nonsense", &o, r), HEED_E_ARGUMENT);
	assert_non_null(strstr(heed_error_message(*state), "memory, bottleneck"));
	o.seeds = 2;
	assert_int_equal(heed_claim_try(*state, "sets", &o, r), HEED_E_ARGUMENT);
	o.seeds = HEED_CLAIM_SEEDS_MAX + 1;
	assert_int_equal(heed_claim_try(*state, "sets", &o, r), HEED_E_ARGUMENT);
	heed_report_free(r);
}

static char *numbers_of(int threads)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads, .seed = 1});
	const heed_claims_options o = heed_claims_defaults();
	heed_report *r = heed_report_new(ctx, "t");
	sink s = {NULL, 0};
	heed_json w;

	heed_json_init(&w, put, &s);
	assert_int_equal(heed_claim_try(ctx, "sets", &o, r), HEED_OK);
	assert_int_equal(heed_report_json(r, &w), HEED_OK);
	heed_report_free(r);
	heed_ctx_free(ctx);
	return s.text;
}

/* Runs side by side find what runs in turn find. */
static void test_threads(void **state)
{
	char *one = numbers_of(1), *three = numbers_of(3);

	(void)state;
	assert_non_null(strstr(one, "\"finding\":\"held\""));
	assert_string_equal(one, three);
	free(one);
	free(three);
}

static void stop(void *user, const char *claim, double share)
{
	(void)claim;
	assert_true(share >= 0 && share <= 1.000001);
	heed_interrupt(user);
}

static void test_interrupted(void **state)
{
	heed_claims_options o = heed_claims_defaults();
	heed_report *r = heed_report_new(*state, "t");

	o.most_steps = 5;
	o.tell = stop;
	o.user = *state;
	assert_int_equal(heed_claim_try(*state, "memory", &o, r), HEED_E_INTERRUPTED);
	heed_report_free(r);
}

static heed_code try_sets(heed_ctx *ctx)
{
	const heed_claims_options o = heed_claims_defaults();
	heed_report *r = heed_report_new(ctx, "t");
	const heed_code code = r != NULL ? heed_claim_try(ctx, "sets", &o, r) : HEED_E_MEMORY;

	heed_report_free(r);
	return code;
}

static void test_memory(void **state)
{
	shortage s = {.rest = true, .optional = true}; /* a reset arena does without one block */
	heed_code code;

	(void)state;
	do {
		heed_ctx *ctx;

		s.tries += s.tries < 60 ? 0 : 60; /* a whole try takes its time */
		shortage_begin(&s);
		ctx = shortage_ctx(&s);
		code = ctx != NULL ? try_sets(ctx) : HEED_E_MEMORY;
		heed_ctx_free(ctx);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exceeds),
		cmocka_unit_test_setup_teardown(test_memory_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bottleneck_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parallel_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sets_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_senses_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alignment_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_baselines_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gradients, setup, drop),
		cmocka_unit_test_setup_teardown(test_patterns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_phrase_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test(test_threads),
		cmocka_unit_test_setup_teardown(test_interrupted, setup, drop),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
