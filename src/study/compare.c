/* Families compared: their settings, their training, and what it cost. */
#include "heed/compare.h"

#include "base/context_impl.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "heed/train.h"
#include "study/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A configuration on its way, and a text that says what it is. */
typedef struct shape {
	heed_ctx *ctx;
	const heed_compare_job *job;
	const heed_field *fields;
	void *config;
	heed__str *said;
	heed_code code;
} shape;

/* Sets a value, where the family has it. */
static void put_text(shape *s, const char *name, const char *value)
{
	const heed_field *const f = heed_field_find(s->fields, name);
	char said[64];

	if (f == NULL || s->code != HEED_OK)
		return;
	s->code = heed_field_set(s->ctx, f, s->config, value);
	heed_field_format(f, s->config, said, sizeof said);
	heed__str_addf(s->said, "%s%s %s", s->said->len > 0 ? ", " : "", name, said);
}

static void put(shape *s, const char *name, int value)
{
	char text[32];

	snprintf(text, sizeof text, "%d", value);
	put_text(s, name, text);
}

static void put_dropout(shape *s, const char *name)
{
	char text[32];

	/* Numbers of options have a point, whatever the locale. */
	snprintf(text, sizeof text, "0.%04d", (int)(s->job->dropout * 1e4 + 0.5));
	put_text(s, name, text);
}

/* The most heads that give each at least 16 numbers, and divide the width. */
static int heads_of(int width)
{
	int heads = 8;

	while (heads > 1 && (width % heads != 0 || width / heads < 16))
		heads /= 2;
	return heads;
}

static void shape_ngram(shape *s)
{
	put(s, "order", 5);
}

static void shape_ffn(shape *s)
{
	put(s, "window", 5);
	put(s, "layers", 1);
	put(s, "hidden", 2 * s->job->width);
}

static void shape_recurrent(shape *s)
{
	put(s, "layers", s->job->layers);
	put(s, "window", 64);
	put_text(s, "embedding-dropout", "0");
	put_dropout(s, "output-dropout");
}

static void shape_gpt(shape *s)
{
	put(s, "layers", s->job->layers);
	put(s, "heads", heads_of(s->job->width));
	put(s, "feed-forward", 4 * s->job->width);
	put(s, "max-length", 64);
}

static void shape_classifier(shape *s)
{
	put(s, "layers", s->job->layers);
	put(s, "hidden", s->job->width);
}

static void shape_birnn(shape *s)
{
	put(s, "layers", 1);
	put(s, "hidden", s->job->width);
	put_dropout(s, "embedding-dropout");
}

static void shape_encoder(shape *s)
{
	put(s, "layers", s->job->layers);
	put(s, "heads", heads_of(s->job->width));
	put(s, "feed-forward", 4 * s->job->width);
}

static void shape_seq2seq(shape *s)
{
	put(s, "layers", s->job->layers);
	put(s, "hidden", s->job->width);
	put_dropout(s, "embedding-dropout");
	put_dropout(s, "output-dropout");
}

static void shape_transformer(shape *s)
{
	put(s, "encoder-layers", s->job->layers);
	put(s, "decoder-layers", s->job->layers);
	put(s, "heads", heads_of(s->job->width));
	put(s, "feed-forward", 4 * s->job->width);
	put_text(s, "norm", "pre");
}

static const struct contender {
	heed_task task;
	const char *family;
	const char *lr;
	void (*shape)(shape *s); /* what is not the same for all */
} contenders[] = {
	{HEED_TASK_GENERATE, "ngram", "0.001", shape_ngram},
	{HEED_TASK_GENERATE, "ffn", "0.002", shape_ffn},
	{HEED_TASK_GENERATE, "rnn", "0.002", shape_recurrent},
	{HEED_TASK_GENERATE, "lstm", "0.004", shape_recurrent},
	{HEED_TASK_GENERATE, "gpt", "0.002", shape_gpt},
	{HEED_TASK_CLASSIFY, "dan", "0.002", shape_classifier},
	{HEED_TASK_CLASSIFY, "birnn", "0.002", shape_birnn},
	{HEED_TASK_CLASSIFY, "encoder", "0.001", shape_encoder},
	{HEED_TASK_TRANSLATE, "seq2seq", "0.004", shape_seq2seq},
	{HEED_TASK_TRANSLATE, "seq2seq-attention", "0.004", shape_seq2seq},
	{HEED_TASK_TRANSLATE, "transformer", "0.004", shape_transformer},
};

enum {
	CONTENDERS = sizeof contenders / sizeof *contenders,
	WATCHED = 500,     /* examples that validations on the way look at */
	MOST_WARMUP = 100, /* steps */
};

heed_compare_job heed_compare_defaults(heed_task task)
{
	return (heed_compare_job){.task = task,
				  .epochs = task == HEED_TASK_CLASSIFY ? 10 : 0,
				  .width = 128,
				  .layers = 2,
				  .dropout = 0.1,
				  .batch_tokens = 1024,
				  .tokenizer = task == HEED_TASK_TRANSLATE ? "bpe" : "word",
				  .vocab = 8000,
				  .validations = 12};
}

const char *heed_compare_family(heed_task task, int n)
{
	for (int i = 0; i < CONTENDERS; i++)
		if (contenders[i].task == task && heed_model_class_find(contenders[i].family) != NULL &&
		    n-- == 0)
			return contenders[i].family;
	return NULL;
}

static const struct contender *find_contender(const heed_compare_job *job, const char *family)
{
	for (int i = 0; i < CONTENDERS; i++)
		if (contenders[i].task == job->task && strcmp(contenders[i].family, family) == 0 &&
		    heed_model_class_find(family) != NULL)
			return &contenders[i];
	return NULL;
}

/* Fresh memory (heed__free), or NULL. */
static void *make_config(heed_ctx *ctx, const heed_compare_job *job, const struct contender *c,
			 heed__str *said)
{
	const heed_model_class *const family = heed_model_class_find(c->family);
	shape s = {ctx, job, family->fields, heed__calloc(ctx, 1, family->config_size), said, HEED_OK};

	if (s.config == NULL)
		return NULL;
	s.code = heed_fields_default(ctx, family->fields, s.config);
	put(&s, "width", job->width);
	c->shape(&s);
	put_dropout(&s, "dropout");
	if (s.code == HEED_OK && !said->failed)
		return s.config;
	heed__free(ctx, s.config);
	return NULL;
}

size_t heed_compare_settings(heed_ctx *ctx, const heed_compare_job *job, const char *family, char *out,
			     size_t size)
{
	const struct contender *const c = find_contender(job, family);
	heed__str said = heed__str_init(ctx, 0);
	size_t len;

	if (c != NULL)
		heed__free(ctx, make_config(ctx, job, c, &said));
	len = said.len;
	if (size > 0)
		snprintf(out, size, "%s", said.data);
	heed__str_release(&said);
	return len;
}

/* --- one family --- */

typedef struct contest {
	heed_ctx *parent, *ctx; /* the family has a context of its own, whose memory is its */
	const heed_compare_job *job;
	const struct contender *contender;
	heed_examples *train, *watched; /* copies in that context; of what it is judged by, some */
	heed_train_options options;
	void *config;
	heed_rival *rival;
} contest;

/* All examples, or `most` of them at even distances. */
static heed_examples *copy_examples(heed_ctx *ctx, const heed_examples *from, int64_t most)
{
	const int64_t all = heed_examples_count(from), count = all < most ? all : most;
	heed_examples *const to = heed_examples_new(ctx);
	heed_code code = to != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int64_t i = 0; code == HEED_OK && i < count; i++) {
		const int64_t at = i * all / count;
		size_t n, m;
		const char *const source = heed_examples_text(from, at, false, &n);
		const char *const target = heed_examples_text(from, at, true, &m);

		code = heed_examples_add(to, source, n, target, m);
	}
	if (code == HEED_OK)
		return to;
	heed_examples_free(to);
	return NULL;
}

/* Every second point goes when there is no room for another one. */
static void add_point(heed_rival *r, double seconds, double loss)
{
	if (r->points == HEED_COMPARE_CURVE) {
		for (int i = 0; i < HEED_COMPARE_CURVE / 2; i++) {
			r->at[i] = r->at[2 * i + 1];
			r->loss[i] = r->loss[2 * i + 1];
		}
		r->points = HEED_COMPARE_CURVE / 2;
	}
	r->at[r->points] = seconds;
	r->loss[r->points++] = loss;
}

static bool tell(contest *c, double share, const char *text)
{
	const heed_compare_job *const job = c->job;

	return !heed_interrupted(c->parent) &&
	       (job->tell == NULL || job->tell(job->user, c->contender->family, share, text));
}

static bool stop(void *user)
{
	contest *const c = user;

	return !tell(c, 1, "evaluation");
}

static void on_event(void *user, const heed_train_event *e)
{
	contest *const c = user;
	const bool known = e->seconds_left >= 0 && e->seconds + e->seconds_left > 0;
	char text[64];

	if (e->kind == HEED_TRAIN_VALID)
		add_point(c->rival, e->seconds, e->loss);
	if (e->kind == HEED_TRAIN_STOP) {
		c->rival->seconds = e->seconds;
		c->rival->steps = (double)e->step;
		c->rival->tokens_a_second =
			e->tokens_per_second > 0 ? e->tokens_per_second : (double)e->tokens / e->seconds;
		if (e->parameters > 0)
			c->rival->parameters = (double)e->parameters;
	}
	snprintf(text, sizeof text, "step %lld", (long long)e->step);
	if (!tell(c, known ? e->seconds / (e->seconds + e->seconds_left) : -1, text))
		heed_interrupt(c->ctx);
}

static heed_code set_option(contest *c, const char *name, const char *value)
{
	return heed_field_set(c->ctx, heed_field_find(heed_train_fields, name), &c->options, value);
}

static heed_code fill_options(contest *c)
{
	heed_train_options *const o = &c->options;
	heed_code code = heed_fields_default(c->ctx, heed_train_fields, o);

	if (code == HEED_OK)
		code = set_option(c, "lr", c->contender->lr);
	if (code == HEED_OK)
		code = set_option(c, "tokenizer", c->job->tokenizer);
	if (c->job->lr > 0)
		o->lr = c->job->lr;
	o->clip = 1;
	o->vocab = c->job->vocab;
	o->lowercase = c->job->lowercase;
	o->batch_tokens = c->job->batch_tokens;
	o->minutes = c->job->minutes;
	o->steps = c->job->steps;
	o->epochs = c->job->epochs;
	return code;
}

static bool counts(const contest *c)
{
	return heed_model_class_find(c->contender->family)->fit != NULL;
}

/* Lays warm-up, the fall of the learning rate and the validations over as many steps as the budget has. */
static heed_code spread_budget(contest *c, const heed_train_job *job)
{
	heed_train_options *const o = &c->options;
	heed_plan plan = {.steps = o->steps};
	heed_code code = HEED_OK;

	if (counts(c))
		return HEED_OK;
	if (o->minutes > 0 || o->epochs > 0)
		code = heed_plan_training(c->ctx, job, &plan);
	o->steps = plan.steps > 1 ? plan.steps : 1;
	o->schedule = HEED_COSINE;
	o->warmup = o->steps < 10 * MOST_WARMUP ? o->steps / 10 : MOST_WARMUP;
	o->valid_every = o->steps > c->job->validations ? o->steps / c->job->validations : 1;
	return code;
}

/* FOLDER/NAME.heed, for heed__free. */
static char *model_path(heed_ctx *ctx, const char *folder, const char *family)
{
	heed__str s = heed__str_init(ctx, 0);

	heed__str_addf(&s, "%s/%s.heed", folder, family);
	return heed__str_take(&s);
}

static heed_code train_to_file(contest *c, heed_train_job *job, heed_trained **trained)
{
	char *const path = model_path(c->ctx, c->job->folder, c->contender->family);
	heed_code code = HEED_E_MEMORY;

	if (path != NULL) {
		job->output = path;
		code = heed_train(c->ctx, job);
		c->rival->memory = (double)heed_ctx_memory(c->ctx).peak;
		if (code == HEED_OK)
			code = heed_trained_open(c->ctx, path, trained);
	}
	heed__free(c->ctx, path);
	return code;
}

static double size_of(const heed_trained *t)
{
	if (t->file != NULL)
		return (double)heed_model_file_bytes(t->file);
	return (double)heed_params_total(t->model->params) * (double)sizeof(float) +
	       (double)t->model->packed_size;
}

static heed_code train(contest *c, heed_trained **trained)
{
	heed_train_job job = {.family = heed_model_class_find(c->contender->family),
			      .config = c->config,
			      .options = &c->options,
			      .train = c->train,
			      .valid = c->watched};
	heed_code code = spread_budget(c, &job);

	job.event = on_event;
	job.user = c;
	if (code != HEED_OK)
		return code;
	if (c->job->folder != NULL)
		return train_to_file(c, &job, trained);
	code = heed_train_in_memory(c->ctx, &job, trained);
	c->rival->memory = (double)heed_ctx_memory(c->ctx).peak;
	return code;
}

static heed_code run_contest(contest *c)
{
	heed__str said = heed__str_init(c->ctx, 0);
	heed_trained *trained = NULL;
	heed_code code;

	c->train = copy_examples(c->ctx, c->job->train, INT64_MAX);
	c->watched = copy_examples(c->ctx, c->job->valid, WATCHED);
	c->config = make_config(c->ctx, c->job, c->contender, &said);
	code = c->train != NULL && c->watched != NULL && c->config != NULL ? fill_options(c)
									   : heed_error_code(c->ctx);
	if (code == HEED_OK)
		code = train(c, &trained);
	if (code == HEED_OK)
		code = heed__measure(trained, c->job->valid, stop, c, c->rival);
	if (code == HEED_OK)
		c->rival->bytes = size_of(trained);
	heed_trained_close(trained);
	heed__str_release(&said);
	heed__free(c->ctx, c->config);
	heed_examples_free(c->train);
	heed_examples_free(c->watched);
	return code;
}

static heed_code check_job(heed_ctx *ctx, const heed_compare_job *job, const struct contender *c,
			   const char *family)
{
	if (c == NULL)
		return heed__error(ctx, HEED_E_ARGUMENT, "%s: it is none of the families that are compared",
				   family);
	if (job->minutes <= 0 && job->steps <= 0 && job->epochs <= 0)
		return heed__error(ctx, HEED_E_ARGUMENT, "%s: expected minutes, steps or epochs to train for",
				   family);
	if (job->width < 1 || job->layers < 1 || job->batch_tokens < 1 || job->validations < 1)
		return heed__error(
			ctx, HEED_E_ARGUMENT,
			"%s: expected width, layers, batch tokens and validations of at least 1, found %d, "
			"%d, %d and %d",
			family, job->width, job->layers, job->batch_tokens, job->validations);
	if (job->train == NULL || job->valid == NULL || heed_examples_count(job->valid) == 0)
		return heed__error(ctx, HEED_E_ARGUMENT, "%s: expected text to train on and text to judge by",
				   family);
	return HEED_OK;
}

heed_code heed_compare_run(heed_ctx *ctx, const heed_compare_job *job, const char *family, heed_rival *rival)
{
	contest c = {.parent = ctx, .job = job, .contender = find_contender(job, family), .rival = rival};
	heed_code code = check_job(ctx, job, c.contender, family);

	if (code != HEED_OK)
		return code;
	*rival = (heed_rival){.family = c.contender->family,
			      .perplexity = NAN,
			      .bits = NAN,
			      .accuracy = NAN,
			      .f1 = NAN,
			      .bleu = NAN,
			      .chrf = NAN,
			      .speed = NAN,
			      .parameters = NAN};
	c.ctx = heed__ctx_beside(ctx, heed_ctx_threads(ctx), heed_ctx_seed(ctx));
	if (c.ctx == NULL)
		return heed__error(ctx, HEED_E_MEMORY, "memory: no context for another training");
	code = run_contest(&c);
	if (code == HEED_E_INTERRUPTED)
		heed__error(ctx, code, "%s: stopped on request", family);
	else if (code != HEED_OK)
		heed__error(ctx, code, "%s: %s", family, heed_error_message(c.ctx));
	heed_ctx_free(c.ctx);
	return code;
}
