#include "model_checks.h"

#include "base/context_impl.h"
#include "heed/model.h"
#include "kernel/kernel.h"
#include "shortage.h"

#include <math.h>
#include <string.h>

enum { VOCAB = 17, CLASSES = 4, TEXTS = 5, ROWS = 64 };

/* The tokens of each text; the second is empty, but for classifiers, which then read its end. */
static const int words[TEXTS][12] = {
	{5, 16, 9, 9, 3}, {HEED_EOS_ID}, {3, 12, 14, 8, 5, 12, 6, 4, 15}, {7}, {9, 5, 3, 16, 9}};
static const int lengths[TEXTS] = {5, 0, 9, 1, 5};
static const int labels[TEXTS] = {2, 0, 3, 2, 1};

/* A model with a context of its own, and a batch of some of the texts. */
typedef struct fixture {
	heed_ctx *ctx;
	heed_model *model;
	heed_tape *tape;
	int start[TEXTS + 1], ids[ROWS], targets[ROWS], labels[TEXTS];
	int source_start[TEXTS + 1], source_ids[ROWS]; /* of what is translated: another of the texts */
	heed_batch batch;
} fixture;

static bool classifies(const fixture *f)
{
	return f->model->family->classify != NULL;
}

static bool translates(const fixture *f)
{
	return f->model->family->task == HEED_TASK_TRANSLATE;
}

static heed_model *new_model(heed_ctx *ctx, const char *name, const char *const *settings, int flags)
{
	const heed_model_class *family = heed_model_class_find(name);
	double config[128];
	int target = VOCAB;

	assert_non_null(family);
	assert_true(family->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(ctx, family->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(heed_field_set(ctx, heed_field_find(family->fields, settings[0]), config,
						settings[1]),
				 HEED_OK);
	if (family->task == HEED_TASK_CLASSIFY)
		target = HEED_SPECIAL_IDS + CLASSES;
	return heed_model_new(ctx, family, config, VOCAB, target, flags);
}

static void make(fixture *f, const char *family, const char *const *settings)
{
	*f = (fixture){.ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .seed = 3})};
	assert_non_null(f->ctx);
	f->model = new_model(f->ctx, family, settings, HEED_MODEL_TRAIN);
	assert_non_null(f->model);
	f->tape = heed_tape_new(f->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	assert_non_null(f->tape);
}

static void destroy(fixture *f)
{
	heed_tape_free(f->tape);
	heed_model_free(f->model);
	heed_ctx_free(f->ctx);
}

/* The sources of texts [first, first + count), each with its eos. */
static heed_ragged sources(fixture *f, int first, int count)
{
	int rows = 0;

	for (int s = 0; s < count; s++) {
		const int text = (first + s + 2) % TEXTS;

		f->source_start[s] = rows;
		memcpy(f->source_ids + rows, words[text], (size_t)lengths[text] * sizeof(int));
		rows += lengths[text];
		f->source_ids[rows++] = HEED_EOS_ID;
	}
	f->source_start[count] = rows;
	return (heed_ragged){{count, f->source_start}, f->source_ids};
}

/* The batch of texts [first, first + count). */
static void fill(fixture *f, int first, int count)
{
	int rows = 0;

	for (int s = 0; s < count; s++) {
		const int *const text = words[first + s], n = lengths[first + s];

		f->start[s] = rows;
		f->labels[s] = labels[first + s];
		if (!classifies(f))
			f->ids[rows] = HEED_BOS_ID;
		for (int i = 0; i < n; i++) {
			f->ids[rows + i + !classifies(f)] = text[i];
			f->targets[rows + i] = text[i];
		}
		if (classifies(f) && n == 0)
			f->ids[rows] = HEED_EOS_ID;
		f->targets[rows + n] = HEED_EOS_ID;
		rows += !classifies(f) || n == 0 ? n + 1 : n;
	}
	f->start[count] = rows;
	f->batch = (heed_batch){0};
	*(classifies(f) ? &f->batch.source : &f->batch.input) = (heed_ragged){{count, f->start}, f->ids};
	if (translates(f))
		f->batch.source = sources(f, first, count);
	f->batch.targets = f->targets;
	f->batch.labels = f->labels;
}

/* -log p of every target of the batch, or the scores of every text. */
static void judge(fixture *f, float *out)
{
	heed_tape *const tape = heed_tape_new(f->ctx, 0);

	assert_non_null(tape);
	if (classifies(f)) {
		const heed_tensor *const scores = f->model->family->classify(f->model, tape, &f->batch);

		assert_non_null(scores);
		assert_int_equal(scores->dim[0], f->batch.source.spans.count);
		assert_int_equal(scores->dim[1], CLASSES);
		memcpy(out, scores->data, heed_tensor_size(scores) * sizeof *out);
	} else {
		assert_non_null(f->model->family->loss(f->model, tape, &f->batch, out));
	}
	heed_tape_free(tape);
}

static void same(const float *a, const float *b, int n)
{
	for (int i = 0; i < n; i++)
		if (!(fabsf(a[i] - b[i]) <= 2e-5f * (1 + fabsf(b[i]))))
			fail_msg("number %d is %.8g, expected %.8g", i, (double)a[i], (double)b[i]);
}

/* Puts the rows of the state in the opposite order; text[row] says whose each is. */
static void turn_rows(const fixture *f, heed_state *state, int *text)
{
	int parent[TEXTS], before[TEXTS];

	memcpy(before, text, sizeof before);
	for (int r = 0; r < TEXTS; r++) {
		parent[r] = TEXTS - 1 - r;
		text[r] = before[parent[r]];
	}
	assert_int_equal(heed_model_reorder(f->model, state, parent, TEXTS), HEED_OK);
}

void check_step_equals_pass(const char *family, const char *const *settings)
{
	static const int nothing[TEXTS + 1];
	float nll[ROWS], logp[TEXTS * VOCAB];
	int text[TEXTS], tokens[TEXTS];
	heed_state *state;
	heed_tape *tape;
	fixture f;

	make(&f, family, settings);
	fill(&f, 0, TEXTS);
	judge(&f, nll);
	state = heed_state_new(f.ctx, TEXTS, 16);
	tape = heed_tape_new(f.ctx, 0);
	for (int r = 0; r < TEXTS; r++)
		text[r] = r;
	if (!translates(&f))
		f.batch.source = (heed_ragged){.spans = {TEXTS, nothing}};
	assert_int_equal(heed_model_start(f.model, tape, state, &f.batch), HEED_OK);
	for (int step = 0; step < 10; step++) {
		const heed_tensor *scores;

		if (step == 2 || step == 5)
			turn_rows(&f, state, text);
		for (int r = 0; r < TEXTS; r++)
			tokens[r] = f.start[text[r]] + step < f.start[text[r] + 1]
					    ? f.ids[f.start[text[r]] + step]
					    : HEED_EOS_ID;
		heed_tape_reset(tape, 0);
		scores = heed_model_step(f.model, tape, state, tokens);
		assert_non_null(scores);
		heed__ctx_kernels(f.ctx)->log_softmax(TEXTS, VOCAB, scores->data, VOCAB, logp, VOCAB);
		for (int r = 0; r < TEXTS; r++) {
			const int row = f.start[text[r]] + step;

			if (row < f.start[text[r] + 1])
				same(&(float){-logp[r * VOCAB + f.targets[row]]}, &nll[row], 1);
		}
	}
	heed_tape_free(tape);
	heed_state_free(state);
	destroy(&f);
}

void check_sees_nothing_later(const char *family, const char *const *settings)
{
	float before[ROWS], after[ROWS];
	fixture f;

	make(&f, family, settings);
	fill(&f, 2, 1);
	judge(&f, before);
	f.ids[6] = 4;
	f.ids[7] = 11;
	judge(&f, after);
	same(after, before, 6);
	assert_true(fabsf(after[6] - before[6]) > 1e-4f); /* the change was one */
	destroy(&f);
}

void check_ragged_equals_alone(const char *family, const char *const *settings)
{
	float all[ROWS], alone[ROWS];
	fixture f;
	int at = 0;

	make(&f, family, settings);
	fill(&f, 0, TEXTS);
	judge(&f, all);
	for (int s = 0; s < TEXTS; s++) {
		int n;

		fill(&f, s, 1);
		judge(&f, alone);
		n = classifies(&f) ? CLASSES : f.start[1];
		same(all + at, alone, n);
		at += n;
	}
	destroy(&f);
}

void check_overfits(const char *family, const char *const *settings, int steps, double rate, double bound)
{
	double loss = INFINITY;
	float *m, *v;
	size_t n;
	fixture f;

	make(&f, family, settings);
	fill(&f, 0, TEXTS);
	n = heed_params_size(f.model->params);
	m = heed__calloc(f.ctx, n, sizeof *m);
	v = heed__calloc(f.ctx, n, sizeof *v);
	for (int s = 1; s <= steps; s++) {
		heed_tensor *mean;

		heed_tape_reset(f.tape, (uint32_t)s);
		heed_params_begin(f.model->params);
		mean = f.model->family->loss(f.model, f.tape, &f.batch, NULL);
		assert_int_equal(heed_tape_backward(f.tape, mean), HEED_OK);
		loss = mean->data[0];
		heed_params_settle(f.model->params);
		heed__ctx_kernels(f.ctx)->adam(n, heed_params_values(f.model->params),
					       heed_params_gradients(f.model->params), m, v, 1, (float)rate,
					       0.9f, 0.98f, 1e-9f, 0, (float)(1 - pow(0.9, s)),
					       (float)(1 - pow(0.98, s)));
	}
	if (!(loss < bound))
		fail_msg("%s: the loss is %g after %d steps, bound %g", family, loss, steps, bound);
	heed__free(f.ctx, m);
	heed__free(f.ctx, v);
	destroy(&f);
}

void check_order(const char *family, const char *const *settings, bool counts)
{
	float before[CLASSES], after[CLASSES];
	fixture f;
	int swap;

	make(&f, family, settings);
	fill(&f, 2, 1);
	judge(&f, before);
	swap = f.ids[1];
	f.ids[1] = f.ids[7];
	f.ids[7] = swap;
	judge(&f, after);
	if (counts)
		assert_true(fabsf(after[0] - before[0]) > 1e-4f);
	else
		same(after, before, CLASSES);
	destroy(&f);
}

void check_plan(const char *family, const char *const *settings)
{
	heed_tape_usage planned, used;
	heed_tape *plan;
	fixture f;

	make(&f, family, settings);
	fill(&f, 0, TEXTS);
	plan = heed_tape_new(f.ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN | HEED_TAPE_PLAN);
	assert_non_null(plan);
	assert_int_equal(heed_tape_backward(plan, f.model->family->loss(f.model, plan, &f.batch, NULL)),
			 HEED_OK);
	planned = heed_tape_used(plan);
	heed_tape_free(plan);
	heed_params_begin(f.model->params);
	assert_int_equal(heed_tape_backward(f.tape, f.model->family->loss(f.model, f.tape, &f.batch, NULL)),
			 HEED_OK);
	used = heed_tape_used(f.tape);
	assert_int_equal(planned.data_bytes, used.data_bytes);
	assert_int_equal(planned.scratch_bytes, used.scratch_bytes);
	destroy(&f);
}

static bool uses(fixture *f)
{
	static const int nothing[TEXTS + 1], first[TEXTS] = {HEED_BOS_ID};
	heed_state *state;
	bool good;

	if (classifies(f))
		return f->model->family->classify(f->model, f->tape, &f->batch) != NULL;
	state = heed_state_new(f->ctx, TEXTS, 4);
	if (!translates(f))
		f->batch.source = (heed_ragged){.spans = {TEXTS, nothing}};
	good = state != NULL && heed_model_start(f->model, f->tape, state, &f->batch) == HEED_OK &&
	       heed_model_step(f->model, f->tape, state, first) != NULL;
	heed_state_free(state);
	return good;
}

static bool works(fixture *f, const char *family, const char *const *settings)
{
	f->model = new_model(f->ctx, family, settings, HEED_MODEL_TRAIN);
	f->tape = heed_tape_new(f->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	if (f->model == NULL || f->tape == NULL)
		return false;
	fill(f, 0, TEXTS);
	if (heed_tape_backward(f->tape, f->model->family->loss(f->model, f->tape, &f->batch, NULL)) !=
	    HEED_OK)
		return false;
	heed_tape_mode(f->tape, 0);
	heed_tape_reset(f->tape, 1);
	return uses(f);
}

void check_survives_failures(const char *family, const char *const *settings)
{
	/* what backward gives back is then not used again */
	shortage s = {.rest = true, .optional = true};
	heed_code code;

	do {
		fixture f = {0};

		code = HEED_E_MEMORY;
		shortage_begin(&s);
		f.ctx = shortage_ctx(&s);
		if (f.ctx != NULL)
			code = works(&f, family, settings) ? HEED_OK : heed_error_code(f.ctx);
		destroy(&f);
	} while (shortage_felt(&s, code));
}

void check_refused(const char *family, const char *const *settings, const char *expected)
{
	heed_ctx *const ctx = heed_ctx_new(NULL);

	assert_non_null(ctx);
	assert_null(new_model(ctx, family, settings, HEED_MODEL_TRAIN));
	assert_int_equal(heed_error_code(ctx), HEED_E_ARGUMENT);
	if (strstr(heed_error_message(ctx), expected) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", heed_error_message(ctx), expected);
	heed_ctx_free(ctx);
}
