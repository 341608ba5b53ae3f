/* Scores of lines and texts, with a model whose losses are a hash of all that it has read of a sequence: what it
 * carries from batch to batch included. */
#include "scratch.h"

#include "base/context_impl.h"
#include "heed/score.h"
#include "sample_lines.h"
#include "shortage.h"

#include <math.h>

typedef struct config {
	int longest, form, window;
} config;

static const heed_field limited_fields[] = {
	{"max-length", HEED_INT(config, longest), .min = 1, .max = 1000, .initial = "8"}, {0}};
static const heed_field no_fields[] = {{0}};

static heed_code init(heed_model *m)
{
	(void)m;
	return HEED_OK;
}

static heed_form form(const void *settings, int *window)
{
	const config *c = settings;

	*window = c->window;
	return (heed_form)c->form;
}

/* A hash small enough to be carried as a float. */
static uint32_t mix(uint32_t h, int id)
{
	h = (h * 31 + (uint32_t)id + 7) * 2654435761u;
	return h >> 12;
}

static float nll_of(uint32_t h, int target)
{
	return (float)(mix(h, target + 100) % 4096) / 512;
}

static int batches, most_sequences;
static bool carried;

static heed_tensor *hashed(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	static float mean = 1;
	const heed_spans spans = batch->input.spans;

	(void)m;
	batches++;
	carried = batch->carry != NULL;
	if (spans.count > most_sequences)
		most_sequences = spans.count;
	for (int s = 0; s < spans.count; s++) {
		uint32_t h = carried ? (uint32_t)batch->carry[s] : 0;

		for (int r = spans.start[s]; r < spans.start[s + 1]; r++) {
			h = mix(h, batch->input.ids[r]);
			nll[r] = nll_of(h, batch->targets[r]);
		}
		if (carried)
			batch->carry[s] = (float)h;
	}
	return heed_leaf_matrix(tape, &mean, 1, 1);
}

static heed_tensor *broken(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	heed_tensor *const t = hashed(m, tape, batch, nll);

	nll[0] = NAN;
	return t;
}

static heed_tensor *certain(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	heed_tensor *const t = hashed(m, tape, batch, nll);

	nll[0] = INFINITY;
	return t;
}

static int carry(const heed_model *m)
{
	(void)m;
	return 1;
}

#define FAMILY(table, does, hands_on)                                                                        \
	{                                                                                                    \
		.name = "made-up", .task = HEED_TASK_GENERATE, .config_size = sizeof(config),                \
		.fields = table, .init = init, .form = form, .loss = does, .carry = hands_on                 \
	}
static const heed_model_class limited = FAMILY(limited_fields, hashed, NULL);
static const heed_model_class unlimited = FAMILY(no_fields, hashed, NULL);
static const heed_model_class recurrent = FAMILY(no_fields, hashed, carry);
static const heed_model_class bad_numbers = FAMILY(no_fields, broken, NULL);
static const heed_model_class impossible = FAMILY(no_fields, certain, NULL);

typedef struct fixture {
	heed_ctx *ctx;
	heed_trained trained;
	heed_examples *examples;
} fixture;

static const char *const texts[] = {"a b c", "", "d  e\tf", "zebra a", "a b c d e f a b c d e f a b c",
				    "f",     "", "b"};
enum { TEXTS = sizeof texts / sizeof *texts, LENGTH = 64 };

static bool make_in(fixture *f, heed_ctx *ctx, const heed_model_class *family, config c)
{
	int size;

	*f = (fixture){.ctx = ctx, .trained = {.ctx = ctx}, .examples = heed_examples_new(ctx)};
	f->trained.source = f->trained.target =
		train_on(ctx, &(heed_tokenizer_options){.kind = "word"}, "a b c d e f");
	if (f->trained.source == NULL || f->examples == NULL)
		return false;
	for (int i = 0; i < TEXTS; i++)
		if (heed_examples_add(f->examples, texts[i], strlen(texts[i]), NULL, 0) != HEED_OK)
			return false;
	size = heed_tokenizer_size(f->trained.source);
	f->trained.model = heed_model_new(ctx, family, &c, size, size, 0);
	return f->trained.model != NULL;
}

static void make(fixture *f, const heed_model_class *family, config c)
{
	assert_true(make_in(f, heed_ctx_new(&(heed_ctx_options){.threads = 1}), family, c));
}

static void drop(fixture *f)
{
	heed_examples_free(f->examples);
	heed_model_free(f->trained.model);
	heed_tokenizer_free(f->trained.source);
	heed_ctx_free(f->ctx);
}

static const heed_line *text_lines(void)
{
	static heed_line lines[TEXTS];

	for (int i = 0; i < TEXTS; i++)
		lines[i] = (heed_line){texts[i], strlen(texts[i])};
	return lines;
}

static heed_code score_code(const fixture *f, const heed_score_options *o, heed_line_score *scores)
{
	heed_scorer *const s = heed_scorer_new(&f->trained, o);
	const heed_code code =
		s != NULL ? heed_score_lines(s, text_lines(), TEXTS, scores) : heed_error_code(f->ctx);

	heed_scorer_free(s);
	return code;
}

/* first, the tokens, eos; returns how many tokens there are. */
static int encode(const fixture *f, const char *text, int first, int *ids)
{
	heed_coder *const c = heed_coder_new(f->ctx, f->trained.source);
	heed_encoding x;
	int count;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	count = x.count;
	ids[0] = first;
	memcpy(ids + 1, x.ids, (size_t)count * sizeof *ids);
	ids[count + 1] = HEED_EOS_ID;
	heed_coder_free(c);
	return count;
}

/* -log p of ids[1], ..., ids[count], the memory being lost at every multiple of `forget`. */
static double slow(const int *ids, int count, int forget)
{
	uint32_t h = 0;
	double sum = 0;

	for (int i = 0; i < count; i++) {
		if (i % forget == 0)
			h = 0;
		h = mix(h, ids[i]);
		sum += (double)nll_of(h, ids[i + 1]);
	}
	return sum;
}

static void check_lines(const heed_model_class *family, int longest, heed_form how)
{
	heed_score_options o = heed_score_defaults();
	heed_line_score scores[TEXTS], again[TEXTS];
	fixture f;

	make(&f, family, (config){longest, (int)how, 1000});
	memset(again, 0, sizeof again);
	assert_int_equal(score_code(&f, &o, scores), HEED_OK);
	for (int i = 0; i < TEXTS; i++) {
		int ids[LENGTH], unknown = 0;
		const int n = encode(&f, texts[i], how == HEED_FORM_LINES ? HEED_BOS_ID : HEED_EOS_ID, ids);

		for (int t = 1; t <= n; t++)
			unknown += ids[t] == HEED_UNK_ID;
		assert_int_equal(scores[i].tokens, n + 1);
		assert_int_equal(scores[i].unknown, unknown);
		assert_int_equal(scores[i].cut, n + 1 > longest);
		assert_true(fabs(scores[i].logp + slow(ids, n + 1, longest)) < 1e-9);
	}
	for (o.batch_tokens = 1; o.batch_tokens <= 8; o.batch_tokens *= 2) {
		assert_int_equal(score_code(&f, &o, again), HEED_OK);
		for (int i = 0; i < TEXTS; i++)
			assert_true(scores[i].logp == again[i].logp);
	}
	drop(&f);
}

static void lines_have_scores(void **state)
{
	(void)state;
	batches = 0;
	check_lines(&unlimited, 1000, HEED_FORM_LINES);
	assert_true(batches > 4);
	check_lines(&unlimited, 1000, HEED_FORM_STREAM);
	check_lines(&recurrent, 1000, HEED_FORM_STREAM);
	assert_false(carried);
}

static void long_lines_are_read_in_pieces(void **state)
{
	heed_score_options o = heed_score_defaults();
	heed_line_score scores[TEXTS];
	fixture f;

	(void)state;
	check_lines(&limited, 4, HEED_FORM_LINES);
	check_lines(&limited, 1, HEED_FORM_LINES);
	check_lines(&limited, 15, HEED_FORM_BLOCKS);
	check_lines(&limited, 16, HEED_FORM_BLOCKS);
	make(&f, &limited, (config){8, HEED_FORM_LINES, 0});
	o.strict = true;
	assert_int_equal(score_code(&f, &o, scores), HEED_E_TEXT);
	assert_message(f.ctx, "line 5", "7 tokens");
	drop(&f);
}

/* All texts, each with its eos, behind an eos. */
static int stream_of(const fixture *f, int *ids)
{
	int n = 1;

	ids[0] = HEED_EOS_ID;
	for (int i = 0; i < TEXTS; i++)
		n += encode(f, texts[i], ids[n - 1], ids + n - 1) + 1;
	return n - 1;
}

static double told;

static void tell(void *user, double share)
{
	assert_true(share > told && share <= 1);
	assert_ptr_equal(user, &told);
	told = share;
}

static heed_text_score score_text(const fixture *f, int batch_tokens)
{
	const heed_score_options o = {.batch_tokens = batch_tokens};
	heed_scorer *const s = heed_scorer_new(&f->trained, &o);
	heed_text_score score;

	assert_non_null(s);
	told = 0;
	if (heed_score_text(s, f->examples, tell, &told, &score) != HEED_OK)
		fail_msg("%s", heed_error_message(f->ctx));
	assert_true(told == 1);
	heed_scorer_free(s);
	return score;
}

/* Whatever the form. */
static void check_counts(const fixture *f, const heed_text_score *score)
{
	int ids[256];

	assert_int_equal(score->tokens, stream_of(f, ids));
	assert_int_equal(score->unknown, 3); /* "zebra", the tab, and "f" without a space in front */
	assert_int_equal(score->words, 3 + 3 + 2 + 15 + 1 + 1 + TEXTS);
	assert_int_equal(score->characters, 5 + 6 + 7 + 29 + 1 + 1 + TEXTS);
	assert_int_equal(score->lines, TEXTS);
}

static void texts_of_lines(void **state)
{
	heed_line_score lines[TEXTS];
	heed_text_score score;
	double sum = 0;
	fixture f;

	(void)state;
	make(&f, &limited, (config){5, HEED_FORM_LINES, 0});
	assert_int_equal(score_code(&f, NULL, lines), HEED_OK);
	for (int i = 0; i < TEXTS; i++)
		sum += lines[i].logp;
	score = score_text(&f, 4096);
	check_counts(&f, &score);
	assert_true(fabs(score.logp - sum) < 1e-9);
	assert_int_equal(score.cut, 2);
	assert_int_equal(score.first_cut, 2);
	drop(&f);
}

static void texts_of_blocks(void **state)
{
	heed_text_score score;
	int ids[256];
	fixture f;

	(void)state;
	make(&f, &limited, (config){64, HEED_FORM_BLOCKS, 7});
	for (int tokens = 1; tokens < 100; tokens += 15) {
		const int n = stream_of(&f, ids);

		most_sequences = 0;
		score = score_text(&f, tokens);
		check_counts(&f, &score);
		assert_true(fabs(score.logp + slow(ids, n, 7)) < 1e-9);
		assert_int_equal(most_sequences, tokens < 14 ? 1 : tokens / 7 < 6 ? tokens / 7 : (n + 6) / 7);
	}
	drop(&f);
}

/* Ten parts; each goes on from window to window. */
static void texts_of_a_stream(void **state)
{
	int ids[256], windows[] = {1, 2, 3, 1000};
	fixture f;

	(void)state;
	for (int w = 0; w < 4; w++) {
		heed_text_score score;
		double sum = 0;
		int n, at = 0;

		make(&f, &recurrent, (config){0, HEED_FORM_STREAM, windows[w]});
		n = stream_of(&f, ids);
		for (int part = 0; part < 10; part++) {
			const int length = n / 10 + (part < n % 10);

			sum += slow(ids + at, length, 1000);
			at += length;
		}
		most_sequences = 0;
		score = score_text(&f, 4096);
		check_counts(&f, &score);
		assert_true(carried);
		assert_int_equal(most_sequences, 10);
		assert_true(fabs(score.logp + sum) < 1e-9);
		drop(&f);
	}
}

static void numbers_are_looked_at(void **state)
{
	heed_line_score scores[TEXTS];
	fixture f;

	(void)state;
	make(&f, &bad_numbers, (config){0, HEED_FORM_LINES, 0});
	assert_int_equal(score_code(&f, NULL, scores), HEED_E_NONFINITE);
	drop(&f);
	/* What can't be has a probability too. */
	make(&f, &impossible, (config){0, HEED_FORM_LINES, 0});
	assert_int_equal(score_code(&f, NULL, scores), HEED_OK);
	assert_true(isinf(scores[4].logp) && scores[4].logp < 0);
	drop(&f);
}

static void wrong_things_are_reported(void **state)
{
	heed_score_options o = heed_score_defaults();
	heed_model_class other = unlimited;
	heed_line_score scores[TEXTS];
	fixture f;

	(void)state;
	make(&f, &unlimited, (config){0, HEED_FORM_LINES, 0});
	o.batch_tokens = 0;
	assert_null(heed_scorer_new(&f.trained, &o));
	assert_message(f.ctx, "batch-tokens");
	heed_interrupt(f.ctx);
	assert_int_equal(score_code(&f, NULL, scores), HEED_E_INTERRUPTED);
	heed_error_clear(f.ctx);
	other.task = HEED_TASK_EMBED;
	f.trained.model->family = &other;
	assert_null(heed_scorer_new(&f.trained, NULL));
	assert_int_equal(heed_error_code(f.ctx), HEED_E_UNSUPPORTED);
	assert_message(f.ctx, "scoring", "made-up", "vectors");
	f.trained.model->family = &unlimited;
	drop(&f);
	heed_scorer_free(NULL);
}

static heed_code do_all(const fixture *f)
{
	heed_scorer *const s = heed_scorer_new(&f->trained, NULL);
	heed_line_score scores[TEXTS];
	heed_text_score score;
	heed_code code;

	if (s == NULL)
		return HEED_E_MEMORY;
	code = heed_score_lines(s, text_lines(), TEXTS, scores);
	if (code == HEED_OK)
		code = heed_score_text(s, f->examples, NULL, NULL, &score);
	heed_scorer_free(s);
	return code;
}

static void every_allocation_may_fail(void **state)
{
	shortage s = {0};
	heed_code code;

	(void)state;
	do {
		fixture f;

		assert_true(make_in(&f, shortage_ctx(&s), &recurrent, (config){0, HEED_FORM_STREAM, 3}));
		shortage_begin(&s);
		code = do_all(&f);
		assert_int_equal(heed_error_code(f.ctx), code);
		drop(&f);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_scores),
		cmocka_unit_test(long_lines_are_read_in_pieces),
		cmocka_unit_test(texts_of_lines),
		cmocka_unit_test(texts_of_blocks),
		cmocka_unit_test(texts_of_a_stream),
		cmocka_unit_test(numbers_are_looked_at),
		cmocka_unit_test(wrong_things_are_reported),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
