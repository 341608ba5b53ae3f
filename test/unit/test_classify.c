/* Classes of texts, with a model whose scores are a hash of what it reads of each text. */
#include "scratch.h"

#include "base/context_impl.h"
#include "heed/classify.h"
#include "heed/ops.h"
#include "sample_lines.h"
#include "shortage.h"

#include <math.h>

typedef struct config {
	int longest;
} config;

static const heed_field limited_fields[] = {
	{"max-length", HEED_INT(config, longest), .min = 1, .max = 1000, .initial = "8"}, {0}};
static const heed_field no_fields[] = {{0}};

static heed_code init(heed_model *m)
{
	(void)m;
	return HEED_OK;
}

enum { LABELS = 3, TEXTS_MAX = 64 };
static const char labels[] = "good\nvery bad\nok\ngood\ngood\nvery bad";
static float scores[TEXTS_MAX * LABELS];
static int batches, largest_batch; /* how often the model was asked, and the most texts */

static void score(const int *ids, int count, float *z)
{
	uint64_t h = 17;

	for (int i = 0; i < count; i++) {
		h = (h ^ (uint64_t)ids[i]) * 0x9E3779B97F4A7C15u;
		h ^= h >> 31;
	}
	for (int k = 0; k < LABELS; k++)
		z[k] = (float)(h >> (8 * k + 7) & 0xFF) / 64;
}

static heed_tensor *hashed(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const heed_spans spans = batch->source.spans;

	(void)m;
	assert_true(spans.count <= TEXTS_MAX);
	batches++;
	if (spans.count > largest_batch)
		largest_batch = spans.count;
	for (int i = 0; i < spans.count; i++) {
		assert_true(spans.start[i + 1] > spans.start[i]); /* no text without tokens */
		score(batch->source.ids + spans.start[i], spans.start[i + 1] - spans.start[i],
		      scores + (size_t)i * LABELS);
	}
	return heed_leaf_matrix(tape, scores, spans.count, LABELS);
}

static heed_tensor *broken(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	heed_tensor *const t = hashed(m, tape, batch);

	t->data[1] = NAN;
	return t;
}

static heed_tensor *narrow(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	hashed(m, tape, batch);
	return heed_leaf_matrix(tape, scores, batch->source.spans.count, LABELS - 1);
}

#define FAMILY(table, does)                                                                                  \
	{                                                                                                    \
		.name = "made-up", .task = HEED_TASK_CLASSIFY, .config_size = sizeof(config),                \
		.fields = table, .init = init, .classify = does                                              \
	}
static const heed_model_class unlimited = FAMILY(no_fields, hashed);
static const heed_model_class limited = FAMILY(limited_fields, hashed);
static const heed_model_class bad_numbers = FAMILY(no_fields, broken);
static const heed_model_class bad_shape = FAMILY(no_fields, narrow);

typedef struct fixture {
	heed_ctx *ctx;
	heed_trained trained;
} fixture;

static bool make_in(fixture *f, heed_ctx *ctx, const heed_model_class *family, int longest)
{
	const config c = {longest};

	*f = (fixture){.ctx = ctx, .trained = {.ctx = ctx}};
	f->trained.source =
		train_on(ctx, &(heed_tokenizer_options){.kind = "word"}, "a film to see a b c d e f g");
	f->trained.target = train_on(ctx, &(heed_tokenizer_options){.kind = "sentence"}, labels);
	if (f->trained.source != NULL && f->trained.target != NULL)
		f->trained.model = heed_model_new(ctx, family, &c, heed_tokenizer_size(f->trained.source),
						  heed_tokenizer_size(f->trained.target), 0);
	return f->trained.model != NULL;
}

static void make(fixture *f, const heed_model_class *family, int longest)
{
	assert_true(make_in(f, heed_ctx_new(&(heed_ctx_options){.threads = 1}), family, longest));
}

static void drop(fixture *f)
{
	heed_model_free(f->trained.model);
	heed_tokenizer_free(f->trained.source);
	heed_tokenizer_free(f->trained.target);
	heed_ctx_free(f->ctx);
}

static const char *const texts[] = {"a film", "",  "see",
				    "a a b",  " ", "a film to see a film to see a b c d e f g",
				    "zebra",  "b", "zebra see"};
enum { TEXTS = sizeof texts / sizeof *texts };

static const heed_line *text_lines(void)
{
	static heed_line lines[TEXTS];

	for (int i = 0; i < TEXTS; i++)
		lines[i] = (heed_line){texts[i], strlen(texts[i])};
	return lines;
}

typedef struct kept {
	int label, tokens, unknown;
	bool cut;
	float p[LABELS];
} kept;
static kept all[TEXTS];
static size_t given;

static heed_code keep(void *user, const heed_classified *x)
{
	(void)user;
	assert_int_equal(x->index, given);
	all[given] = (kept){x->label, x->tokens, x->unknown, x->cut, {0}};
	memcpy(all[given++].p, x->probabilities, sizeof all[0].p);
	return HEED_OK;
}

static heed_code classify_code(const fixture *f, const heed_classify_options *o)
{
	heed_classifier *const c = heed_classifier_new(&f->trained, o);
	heed_code code = HEED_E_MEMORY;

	given = 0;
	memset(all, 0, sizeof all);
	if (c != NULL)
		code = heed_classify(c, text_lines(), TEXTS, keep, NULL);
	heed_classifier_free(c);
	return code;
}

static void classify(const fixture *f, const heed_classify_options *o)
{
	if (classify_code(f, o) != HEED_OK)
		fail_msg("%s", heed_error_message(f->ctx));
	assert_int_equal(given, TEXTS);
}

static void labels_have_names(void **state)
{
	heed_classifier *c;
	fixture f;
	int found;

	(void)state;
	make(&f, &unlimited, 0);
	c = heed_classifier_new(&f.trained, NULL);
	assert_non_null(c);
	assert_int_equal(heed_classifier_labels(c), LABELS);
	assert_string_equal(heed_classifier_label(c, 0), "good");
	assert_string_equal(heed_classifier_label(c, 1), "very bad");
	assert_string_equal(heed_classifier_label(c, 2), "ok");
	for (int k = 0; k < LABELS; k++) {
		const char *const label = heed_classifier_label(c, k);

		assert_int_equal(heed_classifier_find(c, label, strlen(label), &found), HEED_OK);
		assert_int_equal(found, k);
	}
	assert_int_equal(heed_classifier_find(c, "bad", 3, &found), HEED_OK);
	assert_int_equal(found, -1);
	assert_int_equal(heed_classifier_find(c, "", 0, &found), HEED_OK);
	assert_int_equal(found, -1);
	assert_int_equal(heed_classifier_find(c, "</s>", 4, &found), HEED_OK);
	assert_int_equal(found, -1);
	heed_classifier_free(c);
	drop(&f);
}

/* What the model should have read of a text. */
static int ids_of(const fixture *f, const char *text, int *ids, int *unknown)
{
	heed_coder *const c = heed_coder_new(f->ctx, f->trained.source);
	heed_encoding x;
	int count;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	memcpy(ids, x.ids, (size_t)x.count * sizeof *ids);
	*unknown = 0;
	for (int i = 0; i < x.count; i++)
		*unknown += x.ids[i] == HEED_UNK_ID;
	count = x.count;
	heed_coder_free(c);
	return count;
}

static void check(const fixture *f, int longest)
{
	for (int i = 0; i < TEXTS; i++) {
		int ids[64], unknown, best = 0, count = ids_of(f, texts[i], ids, &unknown);
		float z[LABELS];
		double sum = 0;

		assert_int_equal(all[i].cut, longest > 0 && count > longest);
		if (longest > 0 && count > longest)
			count = longest;
		assert_int_equal(all[i].tokens, count);
		if (longest == 0)
			assert_int_equal(all[i].unknown, unknown);
		if (count == 0)
			ids[count++] = HEED_EOS_ID;
		score(ids, count, z);
		for (int k = 0; k < LABELS; k++) {
			sum += exp((double)z[k]);
			best = z[k] > z[best] ? k : best;
		}
		assert_int_equal(all[i].label, best);
		for (int k = 0; k < LABELS; k++)
			assert_true(fabs(exp((double)z[k]) / sum - (double)all[i].p[k]) < 1e-6);
	}
}

static void classes_are_those_of_the_model(void **state)
{
	heed_classify_options o = heed_classify_defaults();
	kept before[TEXTS];
	fixture f;

	(void)state;
	make(&f, &unlimited, 0);
	batches = 0;
	classify(&f, &o);
	assert_int_equal(batches, 1);
	check(&f, 0);
	memcpy(before, all, sizeof all);
	/* Batches change nothing. */
	o.batch_tokens = 4;
	batches = largest_batch = 0;
	classify(&f, &o);
	assert_true(batches > 3 && largest_batch > 1);
	assert_memory_equal(before, all, sizeof all);
	o.batch_tokens = 1;
	classify(&f, &o);
	assert_memory_equal(before, all, sizeof all);
	drop(&f);
}

static void long_texts_are_cut(void **state)
{
	heed_classify_options o = heed_classify_defaults();
	fixture f;

	(void)state;
	make(&f, &limited, 4);
	classify(&f, &o);
	check(&f, 4);
	o.strict = true;
	assert_int_equal(classify_code(&f, &o), HEED_E_TEXT);
	assert_message(f.ctx, "text 6", "4 tokens");
	drop(&f);
}

static heed_code stop(void *user, const heed_classified *x)
{
	(void)x;
	return ++*(int *)user == 3 ? HEED_E_IO : HEED_OK;
}

static void wrong_things_are_reported(void **state)
{
	heed_classify_options o = heed_classify_defaults();
	heed_model_class other = unlimited;
	heed_classifier *c;
	int calls = 0;
	fixture f;

	(void)state;
	make(&f, &bad_numbers, 0);
	assert_int_equal(classify_code(&f, &o), HEED_E_NONFINITE);
	drop(&f);
	make(&f, &bad_shape, 0);
	assert_int_equal(classify_code(&f, &o), HEED_E_FORMAT);
	assert_message(f.ctx, "[9,2]", "[9,3]");
	drop(&f);

	make(&f, &unlimited, 0);
	o.batch_tokens = 0;
	assert_null(heed_classifier_new(&f.trained, &o));
	assert_message(f.ctx, "batch-tokens");
	c = heed_classifier_new(&f.trained, NULL);
	assert_int_equal(heed_classify(c, text_lines(), TEXTS, stop, &calls), HEED_E_IO);
	assert_int_equal(calls, 3);
	heed_interrupt(f.ctx);
	assert_int_equal(heed_classify(c, text_lines(), TEXTS, stop, &calls), HEED_E_INTERRUPTED);
	heed_error_clear(f.ctx);
	assert_int_equal(heed_classify(c, NULL, 0, stop, &calls), HEED_OK);
	heed_classifier_free(c);
	other.task = HEED_TASK_TRANSLATE;
	f.trained.model->family = &other;
	assert_null(heed_classifier_new(&f.trained, NULL));
	assert_int_equal(heed_error_code(f.ctx), HEED_E_UNSUPPORTED);
	assert_message(f.ctx, "classification", "made-up", "translates");
	f.trained.model->family = &unlimited;
	drop(&f);
	heed_classifier_free(NULL);
}

static void every_allocation_may_fail(void **state)
{
	shortage s = {0};
	heed_code code;

	(void)state;
	do {
		fixture f;

		assert_true(make_in(&f, shortage_ctx(&s), &unlimited, 0));
		shortage_begin(&s);
		code = classify_code(&f, NULL);
		assert_int_equal(heed_error_code(f.ctx), code);
		drop(&f);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_have_names),         cmocka_unit_test(classes_are_those_of_the_model),
		cmocka_unit_test(long_texts_are_cut),        cmocka_unit_test(wrong_things_are_reported),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
