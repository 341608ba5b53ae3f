/* Every line of BLEU and chrF against what sacreBLEU printed (test/oracle/metric_golden.py). */
#include "heed/metric.h"
#include "sink.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#define GOLDEN "test/golden/metric/sacrebleu.json"

enum { REFERENCES_MAX = 8 };

static int option(const json_t *config, const char *name)
{
	const json_t *v = json_object_get(config, name);

	return json_is_boolean(v) ? json_is_true(v) : (int)json_integer_value(v);
}

static int index_of(const json_t *config, const char *name, const char *const *names)
{
	const char *value = json_string_value(json_object_get(config, name));
	int i = 0;

	while (names[i] != NULL && strcmp(names[i], value) != 0)
		i++;
	assert_non_null(names[i]);
	return i;
}

static heed_metric *make(heed_ctx *ctx, const json_t *config)
{
	static const char *const tokenizers[] = {"13a", "none", "char", "intl", NULL};
	static const char *const smoothings[] = {"exp", "floor", "add-k", "none", NULL};
	heed_metric *m;

	if (strcmp(json_string_value(json_object_get(config, "kind")), "bleu") == 0) {
		const heed_bleu_options o = {
			.tokenizer = (heed_bleu_tokenizer)index_of(config, "tokenize", tokenizers),
			.smoothing = (heed_bleu_smoothing)index_of(config, "smooth_method", smoothings),
			.smooth_value = json_number_value(json_object_get(config, "smooth_value")),
			.lowercase = option(config, "lowercase"),
			.effective_order = option(config, "effective_order"),
		};
		m = heed_bleu_new(ctx, &o);
	} else {
		const heed_chrf_options o = {
			.char_order = option(config, "char_order"),
			.word_order = option(config, "word_order"),
			.beta = option(config, "beta"),
			.lowercase = option(config, "lowercase"),
		};
		m = heed_chrf_new(ctx, &o);
	}
	assert_non_null(m);
	return m;
}

static heed_segment segment_of(const json_t *text)
{
	return (heed_segment){json_string_value(text), json_string_length(text)};
}

static void add_segments(heed_metric *m, const json_t *texts)
{
	for (size_t i = 0; i < json_array_size(texts); i++) {
		const json_t *segment = json_array_get(texts, i);
		const size_t references = json_array_size(segment) - 1;
		heed_segment reference[REFERENCES_MAX];

		assert_true(references <= REFERENCES_MAX);
		for (size_t k = 0; k < references; k++)
			reference[k] = segment_of(json_array_get(segment, k + 1));
		assert_int_equal(heed_metric_add(m, segment_of(json_array_get(segment, 0)), reference,
						 (int)references),
				 HEED_OK);
	}
}

/* Whether the line is the expected one; says what differs when it isn't. */
static int check(heed_metric *m, const json_t *one, const json_t *config, const json_t *expected)
{
	const char *head = json_string_value(json_object_get(json_object_get(config, "heads"),
							     json_string_value(json_array_get(expected, 1))));
	char line[512];
	heed_measure score;

	heed_metric_reset(m);
	add_segments(m, json_array_get(one, 1));
	assert_int_equal(heed_metric_score(m, &score), HEED_OK);
	snprintf(line, sizeof line, "%s = %s", head, json_string_value(json_array_get(expected, 2)));
	if (strcmp(heed_metric_line(m, &score, (int)json_integer_value(json_array_get(one, 0))), line) == 0)
		return 1;
	fprintf(stderr, "expected %s\nfound    %s\n", line, heed_metric_line(m, &score, 5));
	return 0;
}

static void test_lines(void **state)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	json_error_t error;
	json_t *golden = json_load_file(GOLDEN, 0, &error), *configs = json_object_get(golden, "configs"),
	       *cases = json_object_get(golden, "cases");
	heed_metric *metrics[64];
	size_t checked = 0, equal = 0;

	(void)state;
	assert_non_null(golden);
	assert_true(json_array_size(configs) <= 64);
	for (size_t i = 0; i < json_array_size(configs); i++)
		metrics[i] = make(ctx, json_array_get(configs, i));
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *one = json_array_get(cases, i), *list = json_array_get(one, 2);

		for (size_t k = 0; k < json_array_size(list); k++) {
			const json_t *expected = json_array_get(list, k);
			const size_t c = (size_t)json_integer_value(json_array_get(expected, 0));

			equal += (size_t)check(metrics[c], one, json_array_get(configs, c), expected);
			checked++;
		}
	}
	assert_true(checked >= 4000);
	assert_int_equal(equal, checked);
	for (size_t i = 0; i < json_array_size(configs); i++)
		heed_metric_free(metrics[i]);
	json_decref(golden);
	assert_int_equal(heed_ctx_memory(ctx).bytes, 0);
	heed_ctx_free(ctx);
}

static void fill_pair(heed_metric *const *pair, const json_t *segments)
{
	for (size_t i = 0; i < json_array_size(segments); i++) {
		const json_t *s = json_array_get(segments, i);
		const heed_segment reference = segment_of(json_array_get(s, 2));

		for (size_t side = 0; side < 2; side++)
			assert_int_equal(heed_metric_add(pair[side], segment_of(json_array_get(s, side)),
							 &reference, 1),
					 HEED_OK);
	}
}

/* The draws are reproduced in Python, the statistics and the table are sacreBLEU's own. */
static void test_bootstrap(void **state)
{
	json_t *golden = json_load_file(GOLDEN, 0, NULL), *b = json_object_get(golden, "bootstrap");
	const heed_ctx_options options = {.threads = 2,
					  .seed = (uint64_t)json_integer_value(json_object_get(b, "seed"))};
	heed_ctx *ctx = heed_ctx_new(&options);
	heed_metric *pairs[2][2], *first[2];
	heed_comparison c[2];
	sink out = {NULL, 0};
	const char *table = json_string_value(json_object_get(b, "table"));

	(void)state;
	assert_non_null(table);
	for (size_t k = 0; k < 2; k++) {
		const json_t *expected = json_array_get(json_object_get(b, "numbers"), k);
		double found[5];

		for (size_t side = 0; side < 2; side++) {
			pairs[k][side] = k == 0 ? heed_bleu_new(ctx, NULL)
						: heed_chrf_new(ctx, &(heed_chrf_options){.word_order = 2});
			assert_non_null(pairs[k][side]);
		}
		first[k] = pairs[k][0];
		fill_pair(pairs[k], json_object_get(b, "segments"));
		assert_int_equal(heed_metric_compare(pairs[k][0], pairs[k][1],
						     (int)json_integer_value(json_object_get(b, "resamples")),
						     &c[k]),
				 HEED_OK);
		found[0] = c[k].p_value;
		found[1] = c[k].baseline.mean;
		found[2] = c[k].baseline.interval;
		found[3] = c[k].system.mean;
		found[4] = c[k].system.interval;
		for (size_t i = 0; i < 5; i++)
			assert_true(fabs(found[i] - json_real_value(json_array_get(expected, i))) < 1e-9);
	}
	assert_int_equal(heed_comparison_write(first, c, 2, "premi\xC3\xA8re", "second", 1, put, &out),
			 HEED_OK);
	assert_memory_equal(out.text, table, strlen(table));
	assert_non_null(
		strstr(out.text, " - chrF2++    nrefs:1|bs:120|seed:987654321987|case:mixed|eff:yes"));
	free(out.text);
	for (size_t k = 0; k < 2; k++) {
		heed_metric_free(pairs[k][0]);
		heed_metric_free(pairs[k][1]);
	}
	json_decref(golden);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_bootstrap)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
