/* Classification: texts to batches, scores to probabilities, in the order of the input. */
#include "heed/classify.h"

#include "decode/sequences.h"
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

struct heed_classifier {
	heed_ctx *ctx;
	const heed_trained *trained; /* borrowed */
	heed_classify_options options;
	int longest; /* tokens of a text at most */
	int label_count;
	const char **labels; /* [label_count] */
	heed_coder *names;   /* of labels */
	heed_coder *coder;   /* of texts */
	heed_tape *tape;
	heed__arena always, call, batch; /* memory for good, until the next call, the next batch */
};

/* One text and what becomes of it; in c->call. */
typedef struct item {
	heed__sequence text;
	heed_classified found;
} item;

static const heed_field fields[] = {
	{"batch-tokens", HEED_INT(heed_classify_options, batch_tokens), .min = 1, .max = 1 << 24},
	{0},
};

heed_classify_options heed_classify_defaults(void)
{
	return (heed_classify_options){.batch_tokens = 4096};
}

static heed_code read_label(heed_classifier *c, int label)
{
	const int id = label + HEED_SPECIAL_IDS;
	const char *text;
	char *copy;
	size_t len;
	const heed_code code = heed_coder_decode(c->names, &id, 1, &text, &len);

	if (code != HEED_OK)
		return code;
	copy = heed__arena_alloc(&c->always, len + 1);
	if (copy == NULL)
		return HEED_E_MEMORY;
	memcpy(copy, text, len + 1);
	c->labels[label] = copy;
	return HEED_OK;
}

static heed_code read_labels(heed_classifier *c)
{
	heed_code code = HEED_OK;

	c->label_count = heed_tokenizer_size(c->trained->target) - HEED_SPECIAL_IDS;
	c->labels = heed__arena_alloc(&c->always, (size_t)c->label_count * sizeof *c->labels);
	if (c->labels == NULL)
		return HEED_E_MEMORY;
	for (int k = 0; k < c->label_count && code == HEED_OK; k++)
		code = read_label(c, k);
	return code;
}

heed_classifier *heed_classifier_new(const heed_trained *trained, const heed_classify_options *options)
{
	heed_ctx *const ctx = trained->ctx;
	const heed_classify_options o = options != NULL ? *options : heed_classify_defaults();
	const int longest = heed__model_longest(trained->model);
	heed_classifier *c;

	if (heed__need_task(trained, HEED_TASK_CLASSIFY, "classification") != HEED_OK ||
	    heed_fields_check(ctx, fields, &o) != HEED_OK || (c = heed__calloc(ctx, 1, sizeof *c)) == NULL)
		return NULL;
	c->ctx = ctx;
	c->trained = trained;
	c->options = o;
	c->longest = longest > 0 ? longest : INT32_MAX - 2;
	heed__arena_init(&c->always, ctx, false);
	heed__arena_init(&c->call, ctx, false);
	heed__arena_init(&c->batch, ctx, false);
	c->coder = heed_coder_new(ctx, trained->source);
	c->names = heed_coder_new(ctx, trained->target);
	c->tape = heed_tape_new(ctx, 0);
	if (c->coder == NULL || c->names == NULL || c->tape == NULL || read_labels(c) != HEED_OK) {
		heed_classifier_free(c);
		return NULL;
	}
	return c;
}

void heed_classifier_free(heed_classifier *c)
{
	if (c == NULL)
		return;
	heed_tape_free(c->tape);
	heed_coder_free(c->coder);
	heed_coder_free(c->names);
	heed__arena_release(&c->batch);
	heed__arena_release(&c->call);
	heed__arena_release(&c->always);
	heed__free(c->ctx, c);
}

int heed_classifier_labels(const heed_classifier *c)
{
	return c->label_count;
}

const char *heed_classifier_label(const heed_classifier *c, int label)
{
	return c->labels[label];
}

heed_code heed_classifier_find(heed_classifier *c, const char *label, size_t len, int *found)
{
	heed_encoding x;
	const heed_code code = heed_coder_encode(c->names, label, len, &x);

	*found = -1;
	if (code == HEED_OK && x.count == 1 && x.ids[0] >= HEED_SPECIAL_IDS)
		*found = x.ids[0] - HEED_SPECIAL_IDS;
	return code;
}

static heed_code read_text(heed_classifier *c, const heed_line *in, size_t index, item *x)
{
	const heed_code code =
		heed__sequence_read(c->coder, in->text, in->len, c->longest, false, &c->call, &x->text);

	if (code != HEED_OK)
		return code;
	x->found = (heed_classified){.index = index, .tokens = x->text.count, .cut = x->text.cut};
	for (int i = 1; i <= x->text.count; i++)
		x->found.unknown += x->text.ids[i] == HEED_UNK_ID;
	if (x->text.cut && c->options.strict)
		return heed__error(c->ctx, HEED_E_TEXT, "classification: text %zu has more than %d tokens",
				   index + 1, c->longest);
	return HEED_OK;
}

/* What the model reads of a text: its tokens; of an empty one its end. */
static heed__part part_of(const heed__sequence *text)
{
	return (heed__part){text->ids + 1, text->count > 0 ? text->count : 1};
}

static heed_code take_scores(heed_classifier *c, const float *scores, item *x)
{
	const size_t n = (size_t)c->label_count;
	float *const p = heed__arena_alloc(&c->call, n * sizeof *p);

	if (p == NULL)
		return HEED_E_MEMORY;
	heed__ctx_kernels(c->ctx)->softmax(1, c->label_count, scores, c->label_count, p, c->label_count);
	for (int k = 0; k < c->label_count; k++) {
		if (!isfinite(p[k]))
			return heed__error(c->ctx, HEED_E_NONFINITE,
					   "classification: the scores of text %zu are no finite numbers",
					   x->found.index + 1);
		if (p[k] > p[x->found.label])
			x->found.label = k;
	}
	x->found.probabilities = p;
	return HEED_OK;
}

static heed_code classify_batch(heed_classifier *c, item *items, const heed__job *jobs, int count)
{
	const heed_model *const m = c->trained->model;
	const heed_tensor *scores;
	heed_batch batch = {0};
	heed__part *parts;
	heed_code code = HEED_OK;

	heed__arena_reset(&c->batch);
	parts = heed__arena_alloc(&c->batch, (size_t)count * sizeof *parts);
	if (parts == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count; i++)
		parts[i] = part_of(&items[jobs[i].index].text);
	if (!heed__parts_join(parts, count, &c->batch, &batch.source))
		return HEED_E_MEMORY;
	heed_tape_reset(c->tape, 0);
	scores = m->family->classify(m, c->tape, &batch);
	if (scores == NULL)
		return heed_tape_code(c->tape);
	if (scores->dim[0] != count || scores->dim[1] != c->label_count)
		return heed__error(c->ctx, HEED_E_FORMAT,
				   "classification: scores are [%d,%d], expected [%d,%d] by the labels",
				   scores->dim[0], scores->dim[1], count, c->label_count);
	for (int i = 0; i < count && code == HEED_OK; i++)
		code = take_scores(c, scores->data + (size_t)i * (size_t)c->label_count,
				   &items[jobs[i].index]);
	return code;
}

static heed_code classify_all(heed_classifier *c, const heed_line *texts, size_t count, item *items)
{
	heed__job *const jobs = heed__arena_alloc(&c->call, count * sizeof *jobs);
	heed_code code = jobs != NULL ? HEED_OK : HEED_E_MEMORY;

	for (size_t i = 0; i < count && code == HEED_OK; i++) {
		code = read_text(c, &texts[i], i, &items[i]);
		if (code == HEED_OK)
			jobs[i] = (heed__job){part_of(&items[i].text).count, i};
	}
	if (code == HEED_OK)
		heed__jobs_sort(jobs, count);
	for (size_t done = 0; done < count && code == HEED_OK;) {
		const int n = heed__jobs_batch(jobs + done, count - done, INT32_MAX, c->options.batch_tokens);

		if (heed_interrupted(c->ctx))
			return heed__error(c->ctx, HEED_E_INTERRUPTED, "classification: interrupted");
		code = classify_batch(c, items, jobs + done, n);
		done += (size_t)n;
	}
	return code;
}

heed_code heed_classify(heed_classifier *c, const heed_line *texts, size_t count, heed_classify_fn *give,
			void *user)
{
	item *items;
	heed_code code;

	heed__arena_reset(&c->call);
	if (count == 0)
		return HEED_OK;
	items = count <= SIZE_MAX / sizeof *items ? heed__arena_alloc(&c->call, count * sizeof *items) : NULL;
	if (items == NULL)
		return HEED_E_MEMORY;
	code = classify_all(c, texts, count, items);
	for (size_t i = 0; i < count && code == HEED_OK; i++)
		code = give(user, &items[i].found);
	return code;
}
