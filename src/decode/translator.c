#include "decode/translator_impl.h"

/* The ranges of options. */
static const heed_field fields[] = {
	{"beam", HEED_INT(heed_translate_options, beam), .min = 1, .max = HEED_BEAM_MAX},
	{"length-penalty", HEED_FLOAT(heed_translate_options, length_penalty), .min = -10, .max = 10},
	{"nbest", HEED_INT(heed_translate_options, nbest), .min = 1, .max = HEED_BEAM_MAX},
	{"temperature", HEED_FLOAT(heed_translate_options, temperature), .min = 0.01, .max = 100},
	{"top-k", HEED_INT(heed_translate_options, top_k), .min = 0, .max = HEED_VOCAB_MAX},
	{"top-p", HEED_FLOAT(heed_translate_options, top_p), .min = 1e-6, .max = 1},
	{"length-ratio", HEED_FLOAT(heed_translate_options, length_ratio), .min = 0, .max = 1000},
	{"length-extra", HEED_INT(heed_translate_options, length_extra), .min = 1, .max = 1 << 20},
	{"max-length", HEED_INT(heed_translate_options, max_length), .min = 0, .max = 1 << 20},
	{"batch-sentences", HEED_INT(heed_translate_options, batch_sentences), .min = 1, .max = 1 << 16},
	{"batch-tokens", HEED_INT(heed_translate_options, batch_tokens), .min = 1, .max = 1 << 24},
	{0},
};

heed_translate_options heed_translate_defaults(void)
{
	return (heed_translate_options){.beam = 5,
					.length_penalty = 1,
					.nbest = 1,
					.temperature = 1,
					.top_p = 1,
					.length_ratio = 2,
					.length_extra = 20,
					.batch_sentences = 64,
					.batch_tokens = 4096};
}

static heed_code check(const heed_trained *trained, const heed_translate_options *o)
{
	if (heed__need_task(trained, HEED_TASK_TRANSLATE, "translation") != HEED_OK ||
	    heed_fields_check(trained->ctx, fields, o) != HEED_OK)
		return heed_error_code(trained->ctx);
	if (!o->sample && o->nbest > o->beam)
		return heed__error(trained->ctx, HEED_E_ARGUMENT,
				   "nbest: a beam of %d can't give %d translations", o->beam, o->nbest);
	return HEED_OK;
}

/* As many sentences as were asked for, unless the scores of all their hypotheses, [rows, vocab], get too large. */
static int most_sentences(const heed_trained *trained, const heed_translate_options *o)
{
	const int64_t scores = 1 << 26; /* 256 MiB */
	const int64_t each = (int64_t)(o->sample ? o->nbest : o->beam) * trained->model->target_vocab;
	const int64_t most = scores / each;

	return most < 1 ? 1 : most < o->batch_sentences ? (int)most : o->batch_sentences;
}

heed_translator *heed_translator_new(const heed_trained *trained, const heed_translate_options *options)
{
	heed_ctx *const ctx = trained->ctx;
	const heed_translate_options o = options != NULL ? *options : heed_translate_defaults();
	heed_translator *t;

	if (check(trained, &o) != HEED_OK || (t = heed__calloc(ctx, 1, sizeof *t)) == NULL)
		return NULL;
	t->ctx = ctx;
	t->trained = trained;
	t->options = o;
	t->longest = heed__model_longest(trained->model);
	if (t->longest == 0)
		t->longest = 1 << 20;
	t->most = most_sentences(trained, &o);
	heed__arena_init(&t->call, ctx, false);
	heed__arena_init(&t->batch, ctx, false);
	t->source = heed_coder_new(ctx, trained->source);
	t->target = heed_coder_new(ctx, trained->target);
	t->tape = heed_tape_new(ctx, 0);
	if (t->source == NULL || t->target == NULL || t->tape == NULL) {
		heed_translator_free(t);
		return NULL;
	}
	return t;
}

void heed_translator_free(heed_translator *t)
{
	if (t == NULL)
		return;
	heed__search_free(t->search);
	heed_tape_free(t->looking);
	heed_tape_free(t->tape);
	heed_coder_free(t->target);
	heed_coder_free(t->source);
	heed__arena_release(&t->batch);
	heed__arena_release(&t->call);
	heed__free(t->ctx, t);
}

void heed_translator_number(heed_translator *t, int64_t n)
{
	t->number = n;
}

/* The sequences' ids from their `from`-th, one fewer than they have. */
static bool join(heed_translator *t, const heed__sequence *const *sequences, int count, int from,
		 heed_ragged *out)
{
	heed__part *const parts = heed__arena_alloc(&t->batch, (size_t)count * sizeof *parts);

	for (int i = 0; i < count && parts != NULL; i++)
		parts[i] = (heed__part){sequences[i]->ids + from, sequences[i]->count + 1};
	return parts != NULL && heed__parts_join(parts, count, &t->batch, out);
}

heed_code heed__batch_make(heed_translator *t, const heed__sequence *const *sources,
			   const heed__sequence *const *targets, int count, heed_batch *batch)
{
	heed_ragged said;

	*batch = (heed_batch){0};
	if (!join(t, sources, count, 1, &batch->source))
		return HEED_E_MEMORY;
	if (targets == NULL)
		return HEED_OK;
	if (!join(t, targets, count, 0, &batch->input) || !join(t, targets, count, 1, &said))
		return HEED_E_MEMORY;
	batch->targets = said.ids;
	return HEED_OK;
}

heed_code heed__translator_look(heed_translator *t, const heed_batch *batch, float *nll)
{
	const heed_model *const m = t->trained->model;

	if (t->looking == NULL)
		t->looking = heed_tape_new(t->ctx, HEED_TAPE_WEIGHTS);
	if (t->looking == NULL)
		return HEED_E_MEMORY;
	heed_tape_reset(t->looking, 0);
	m->family->loss(m, t->looking, batch, nll);
	return heed_tape_code(t->looking);
}
