/* A training small enough for tests: sentences made here, a Transformer of width 16, options by name.
 *
 *	tiny t = {.output = scratch("a.heed"), .settings = SETTINGS("steps", "8"), .pairs = 20};
 *	assert_int_equal(tiny_train(&t), HEED_OK);
 */
#ifndef HEED_TEST_TINY_TRAINING_H
#define HEED_TEST_TINY_TRAINING_H

#include "base/philox.h"
#include "heed/train.h"
#include "heed/trained.h"
#include "scratch.h"
#include "settings.h"

#include <math.h>

typedef struct tiny tiny;
struct tiny {
	/* What the test says; zeros are defaults. */
	const char *output;
	const char *const *settings; /* name, value, ..., of the training's or of the family's table */
	int pairs, valid_pairs;      /* examples; none for validation by default */
	bool resume;
	uint32_t text;       /* number of the text */
	uint32_t valid_text; /* 0: one that the training does not know */
	int threads;         /* 1 */
	uint64_t seed;
	const char *cpu;
	heed_alloc_fn *alloc;
	void *alloc_user;
	const heed_model_class *family;
	const heed_tokenizer *tokenizer;
	const char *embeddings;
	void (*event)(tiny *t, const heed_train_event *e);
	/* Called after each forward pass of a training or validation batch. */
	void (*forward)(tiny *t, heed_tape *tape, heed_tensor *mean);
	double (*score)(int64_t step); /* what validations find, in place of their loss */
	int64_t number;                /* for the calls' own use */

	/* While it runs. */
	heed_ctx *ctx;
	heed_examples *train, *valid;
	heed_train_options options;
	double config[128]; /* the family's struct */
	heed_train_job job;

	heed_model_class hooked;
	int64_t step; /* the last one that was told of */

	/* How it went. */
	heed_code code;
	char message[1024];
	heed_train_event last[HEED_TRAIN_STOP + 1]; /* of each kind */
	int count[HEED_TRAIN_STOP + 1];
};

static const char *const tiny_settings[] = {"encoder-layers",
					    "1",
					    "decoder-layers",
					    "1",
					    "width",
					    "16",
					    "heads",
					    "2",
					    "feed-forward",
					    "24",
					    "max-length",
					    "64",
					    "tokenizer",
					    "word",
					    "batch-tokens",
					    "40",
					    "bucket",
					    "2",
					    "steps",
					    "12",
					    "lr",
					    "0.01",
					    "warmup",
					    "4",
					    NULL};

/* Sentence i of a text: words, and the same words in another language from the last to the first. */
static inline void tiny_sentence(uint32_t text, int i, char *source, char *target, size_t size)
{
	static const char *const words[][2] = {{"ka", "dun"},     {"lolo", "erb"},  {"mi", "fisfis"},
					       {"no", "gam olo"}, {"pupa", "hort"}, {"ra", "iks"},
					       {"si sa", "jot"},  {"tatu", "kor"},  {"ve", "lum"}};
	heed__rng rng = {.seed = text, .stream = HEED__STREAM_TEST, .step = (uint32_t)i};
	const int n = 2 + (int)heed__rng_below(&rng, 5);
	size_t s = 0, t = 0;
	int picks[8];

	for (int w = 0; w < n; w++)
		picks[w] = (int)heed__rng_below(&rng, sizeof words / sizeof *words);
	for (int w = 0; w < n; w++) {
		s += (size_t)snprintf(source + s, size - s, "%s%s", w > 0 ? " " : "", words[picks[w]][0]);
		t += (size_t)snprintf(target + t, size - t, "%s%s", w > 0 ? " " : "",
				      words[picks[n - 1 - w]][1]);
	}
}

/* NULL: out of memory. */
static inline heed_examples *tiny_examples(heed_ctx *ctx, uint32_t text, int first, int count)
{
	heed_examples *e = heed_examples_new(ctx);

	for (int i = 0; e != NULL && i < count; i++) {
		char source[128], target[128];

		tiny_sentence(text, first + i, source, target, sizeof source);
		if (heed_examples_add(e, source, strlen(source), target, strlen(target)) != HEED_OK) {
			heed_examples_free(e);
			return NULL;
		}
	}
	return e;
}

/* `any`: settings that the family lacks are skipped. */
static inline heed_code tiny_set_all(tiny *t, const char *const *settings, bool any)
{
	for (; settings != NULL && settings[0] != NULL; settings += 2) {
		const heed_field *f = heed_field_find(heed_train_fields, settings[0]);
		const bool family = f == NULL;
		heed_code code;

		if (family)
			f = heed_field_find(t->family->fields, settings[0]);
		if (f == NULL && any)
			continue;
		if (f == NULL) {
			fprintf(stderr, "no setting %s\n", settings[0]);
			return HEED_E_INTERNAL;
		}
		code = heed_field_set(t->ctx, f, family ? (void *)t->config : (void *)&t->options,
				      settings[1]);
		if (code != HEED_OK)
			return code;
	}
	return HEED_OK;
}

static tiny *tiny_now;

static inline heed_tensor *tiny_loss(const heed_model *m, heed_tape *tape, const heed_batch *batch,
				     float *nll)
{
	tiny *t = tiny_now;
	heed_tensor *mean = t->family->loss(m, tape, batch, nll);

	if (mean == NULL || (heed_tape_flags(tape) & HEED_TAPE_PLAN) != 0)
		return mean;
	if (t->score != NULL && (heed_tape_flags(tape) & HEED_TAPE_TRAIN) == 0)
		mean->data[0] = (float)t->score(t->step);
	if (t->forward != NULL)
		t->forward(t, tape, mean);
	return mean;
}

static inline void tiny_on_event(void *user, const heed_train_event *e)
{
	tiny *t = user;

	t->step = e->step;
	t->last[e->kind] = *e;
	t->count[e->kind]++;
	if (t->event != NULL)
		t->event(t, e);
}

/* Everything up to the training; tiny_close even when this fails. */
static inline heed_code tiny_open(tiny *t)
{
	heed_code code;

	t->ctx = heed_ctx_new(&(heed_ctx_options){.threads = t->threads > 0 ? t->threads : 1,
						  .seed = t->seed,
						  .cpu = t->cpu,
						  .alloc = t->alloc,
						  .alloc_user = t->alloc_user});
	if (t->ctx == NULL)
		return HEED_E_MEMORY;
	if (t->family == NULL)
		t->family = heed_model_class_find("transformer");
	if (t->family->config_size > sizeof t->config)
		return HEED_E_INTERNAL;
	(void)((code = heed_fields_default(t->ctx, heed_train_fields, &t->options)) != HEED_OK ||
	       (code = heed_fields_default(t->ctx, t->family->fields, t->config)) != HEED_OK ||
	       (code = tiny_set_all(t, tiny_settings, true)) != HEED_OK ||
	       (code = tiny_set_all(t, t->settings, false)) != HEED_OK);
	if (code != HEED_OK)
		return code;
	t->options.resume |= t->resume;
	t->hooked = *t->family;
	if (t->score != NULL || t->forward != NULL)
		t->hooked.loss = tiny_loss;
	tiny_now = t;
	t->train = tiny_examples(t->ctx, t->text, 0, t->pairs);
	if (t->valid_pairs > 0)
		t->valid = tiny_examples(t->ctx, t->valid_text > 0 ? t->valid_text : t->text + 1000, 0,
					 t->valid_pairs);
	if (t->train == NULL || (t->valid_pairs > 0 && t->valid == NULL))
		return HEED_E_MEMORY;
	t->job = (heed_train_job){.family = &t->hooked,
				  .config = t->config,
				  .options = &t->options,
				  .train = t->train,
				  .valid = t->valid,
				  .source = t->tokenizer,
				  .target = t->tokenizer,
				  .embeddings = t->embeddings,
				  .output = t->output,
				  .event = tiny_on_event,
				  .user = t};
	return HEED_OK;
}

static inline void tiny_close(tiny *t)
{
	heed_examples_free(t->train);
	heed_examples_free(t->valid);
	heed_ctx_free(t->ctx);
	t->train = t->valid = NULL;
	t->ctx = NULL;
}

static inline heed_code tiny_train(tiny *t)
{
	memset(t->count, 0, sizeof t->count);
	t->message[0] = '\0';
	t->code = tiny_open(t);
	if (t->code == HEED_OK)
		t->code = heed_train(t->ctx, &t->job);
	if (t->ctx != NULL)
		snprintf(t->message, sizeof t->message, "%s", heed_error_message(t->ctx));
	tiny_close(t);
	return t->code;
}

/* Calls visit for every file of OUTPUT.run, returns how many there are; -1 when there is no folder. */
static inline int tiny_files(const char *output, void (*visit)(const char *path))
{
	char folder[700];
	DIR *d;
	int count = 0;

	snprintf(folder, sizeof folder, "%s.run", output);
	d = opendir(folder);
	if (d == NULL)
		return -1;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[1000];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		count++;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (visit != NULL)
			visit(path);
	}
	closedir(d);
	return count;
}

static inline void tiny_remove_file(const char *path)
{
	remove(path);
}

/* Removes the model and all that belongs to it. */
static inline void tiny_forget(const char *output)
{
	char folder[700];

	tiny_files(output, tiny_remove_file);
	snprintf(folder, sizeof folder, "%s.run", output);
	remove(folder);
	remove(output);
}

static inline bool tiny_has(const char *output, const char *name)
{
	char path[1000];

	snprintf(path, sizeof path, "%s.run/%s", output, name);
	return access(path, F_OK) == 0;
}

/* Whether two files have the same bytes; both must be there. */
static inline bool same_files(const char *a, const char *b)
{
	size_t n, m;
	unsigned char *x = scratch_read(a, &n), *y = scratch_read(b, &m);
	const bool same = n == m && memcmp(x, y, n) == 0;

	assert_true(n > 0 && n < 1 << 20);
	free(x);
	free(y);
	return same;
}

/* What a handful of pairs is overfitted with, beside the settings of a case. */
#define BY_HEART                                                                                             \
	"steps", "120", "valid-every", "1000", "batch-tokens", "1000", "dropout", "0", "label-smoothing",    \
		"0", "lr", "0.02", "warmup", "10", "max-length", "16"

#endif
