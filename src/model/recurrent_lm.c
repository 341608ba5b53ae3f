/* The recurrent language model. */
#include "model/recurrent_lm.h"

#include "base/context_impl.h"

#include <math.h>

enum { TIE_NONE, TIE_ALL };
enum { UNIT_STREAM, UNIT_LINES };

typedef heed__recurrent_lm config;

typedef struct parts {
	heed_tensor *embed;
	heed__recurrent layers;
	heed__linear output;
} parts;

heed_code heed__recurrent_lm_init(heed_model *m, enum heed__cell_kind cell, int projected, double forget_bias)
{
	const config *c = m->config;
	const heed__recurrent_shape shape = {.cell = cell,
					     .layers = c->layers,
					     .in = c->width,
					     .units = c->hidden > 0 ? c->hidden : c->width,
					     .projected = projected,
					     .forget_bias = forget_bias,
					     .dropout = c->dropout};
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	t->embed = heed__table_new(m->params, m->target_vocab, c->width, "embed");
	t->layers = heed__recurrent_new(m->params, &shape, "rnn");
	if (c->tie == TIE_ALL && t->layers.width != c->width)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "tie: the embeddings are %d wide but the last layer is %d wide", c->width,
				   t->layers.width);
	t->output = heed__words_new(m, c->tie == TIE_ALL ? t->embed : NULL, t->layers.width);
	return HEED_OK;
}

heed_form heed__recurrent_lm_form(const void *settings, int *window)
{
	const config *c = settings;

	*window = c->window;
	return c->unit == UNIT_LINES ? HEED_FORM_LINES : HEED_FORM_STREAM;
}

int heed__recurrent_lm_carry(const heed_model *m)
{
	return heed__recurrent_carry(&((const parts *)m->parts)->layers);
}

static heed_tensor *embed(const heed_model *m, heed_tape *tape, heed_ragged tokens, int count)
{
	const config *c = m->config;
	const parts *t = m->parts;
	const double scale = c->embedding_scale > 0 ? c->embedding_scale : sqrt(c->width);
	heed_tensor *const x = heed_embedding(tape, t->embed, NULL,
					      (heed_embedding_options){.ids = tokens.ids,
								       .count = count,
								       .spans = tokens.spans,
								       .scale = scale,
								       .dropout = c->embedding_dropout});

	return heed_named(tape, x, "input");
}

/* The input of a batch through the layers; a stream's states from and to the carry. */
heed_tensor *heed__recurrent_lm_contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const config *c = m->config;
	const parts *t = m->parts;
	const heed_spans spans = batch->input.spans;
	const bool stream = c->unit == UNIT_STREAM;
	heed__recurrent_states start = {0}, end = {0};
	heed_tensor *x = embed(m, tape, batch->input, heed_spans_rows(spans));

	heed__recurrent_take_up(tape, &t->layers, batch->carry, spans.count, &start);
	x = heed__recurrent_run(tape, &t->layers, x, spans, &start, stream ? &end : NULL);
	heed__recurrent_hand_on(&t->layers, &end, spans.count, batch->carry);
	return heed_named(tape, x, "states");
}

heed_tensor *heed__recurrent_lm_loss(const heed_model *m, heed_tape *tape, const heed_batch *batch,
				     float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const x =
		heed_dropout(tape, heed__recurrent_lm_contextual(m, tape, batch), c->output_dropout);

	return heed__cross_entropy(tape, x, t->output, batch->targets, batch->weight, c->smoothing, nll);
}

heed_tensor *heed__recurrent_lm_step(const heed_model *m, heed_tape *tape, heed_state *state,
				     const int *tokens)
{
	const parts *t = m->parts;
	heed_tensor *const x = embed(m, tape, (heed_ragged){.ids = tokens}, state->rows);

	return heed_linear(tape, heed__recurrent_step(tape, &t->layers, x, state, 0), t->output.w,
			   t->output.b, HEED_ACT_NONE, 0);
}
