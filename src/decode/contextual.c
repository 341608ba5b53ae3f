#include "heed/contextual.h"

#include "decode/sequences.h"

struct heed_contextual {
	heed_ctx *ctx;
	const heed_trained *trained;
	heed_coder *coder;
	heed_tape *tape;
	heed__arena memory; /* of one text */
	heed_form form;
	int longest; /* tokens of a text, without its marks */
};

heed_contextual *heed_contextual_new(const heed_trained *trained)
{
	const heed_model *const m = trained->model;
	const int longest = heed__model_longest(m);
	heed_contextual *c;
	int window;

	if (m->family->contextual == NULL) {
		heed__error(trained->ctx, HEED_E_UNSUPPORTED,
			    "a %s gives a word the same vector wherever it stands: it has none in context",
			    m->family->name);
		return NULL;
	}
	c = heed__calloc(trained->ctx, 1, sizeof *c);
	if (c == NULL)
		return NULL;
	c->ctx = trained->ctx;
	c->trained = trained;
	c->form = heed_model_form(m->family, m->config, &window);
	c->longest = longest > 0 ? longest - (c->form != HEED_FORM_LABELLED) : 1 << 20;
	heed__arena_init(&c->memory, c->ctx, false);
	c->coder = heed_coder_new(c->ctx, trained->source);
	c->tape = heed_tape_new(c->ctx, 0);
	if (c->coder != NULL && c->tape != NULL)
		return c;
	heed_contextual_free(c);
	return NULL;
}

void heed_contextual_free(heed_contextual *c)
{
	if (c == NULL)
		return;
	heed_tape_free(c->tape);
	heed_coder_free(c->coder);
	heed__arena_release(&c->memory);
	heed__free(c->ctx, c);
}

/* The text in the form that the model was trained on; *first is the row of its first token. */
static heed_code make_batch(heed_contextual *c, heed__sequence *text, heed_batch *batch, int *first)
{
	const heed__part source = {text->ids + 1, text->count + (c->form == HEED_FORM_PAIRS)};
	const heed__part input = {text->ids, text->count + 1};
	const bool reads_source = c->form == HEED_FORM_PAIRS || c->form == HEED_FORM_LABELLED;

	*batch = (heed_batch){0};
	*first = reads_source ? 0 : 1;
	text->ids[0] = heed_model_first(c->trained->model);
	return heed__parts_join(reads_source ? &source : &input, 1, &c->memory,
				reads_source ? &batch->source : &batch->input)
		       ? HEED_OK
		       : HEED_E_MEMORY;
}

heed_code heed_contextual_read(heed_contextual *c, const char *text, size_t len, heed_context_vectors *out)
{
	const heed_model *const m = c->trained->model;
	const heed_tensor *x;
	heed__sequence sequence;
	heed_batch batch;
	heed_code code;
	int first;

	heed__arena_reset(&c->memory);
	*out = (heed_context_vectors){0};
	code = heed__sequence_read(c->coder, text, len, c->longest, false, &c->memory, &sequence);
	if (code != HEED_OK || sequence.count == 0)
		return code;
	code = make_batch(c, &sequence, &batch, &first);
	if (code != HEED_OK)
		return code;
	heed_tape_reset(c->tape, 0);
	x = m->family->contextual(m, c->tape, &batch);
	if (x == NULL || heed_tape_code(c->tape) != HEED_OK)
		return heed_tape_code(c->tape);
	*out = (heed_context_vectors){.count = sequence.count,
				      .width = x->dim[1],
				      .ids = sequence.ids + 1,
				      .vectors = x->data + (size_t)first * (size_t)x->dim[1],
				      .cut = sequence.cut};
	return HEED_OK;
}
