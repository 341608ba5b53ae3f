/* What recurrent encoder-decoders share. */
#include "model/seq2seq_parts.h"

#include "base/context_impl.h"

#include <math.h>

enum { ENCODER_FORWARD, ENCODER_BACKWARD, ENCODER_BOTH };
enum { READOUT_TANH, READOUT_DIRECT };
enum { TIE_NONE, TIE_SOURCE_TARGET, TIE_TARGET_OUTPUT, TIE_ALL };

static const heed__start plain_start = {.kind = HEED__START_XAVIER, .scale = 1};

static int encoder_units(const heed__seq2seq *c)
{
	return c->encoder_hidden > 0 ? c->encoder_hidden : c->hidden;
}

int heed__seq2seq_memory(const heed__seq2seq *c)
{
	return encoder_units(c) * (c->encoder == ENCODER_BOTH ? 2 : 1);
}

/* The width of what the output reads. */
static int read_width(const heed__seq2seq *c, int context)
{
	if (c->readout == READOUT_TANH)
		return c->width;
	return context > 0 ? c->hidden + context + c->width : c->hidden;
}

static heed_code check(const heed_model *m, int context)
{
	const heed__seq2seq *c = m->config;
	const bool one = c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET;
	const bool output = c->tie == TIE_ALL || c->tie == TIE_TARGET_OUTPUT;

	if (one && m->source_vocab != m->target_vocab)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "tie: source and target have vocabularies of %d and %d; one matrix needs "
				   "one vocabulary",
				   m->source_vocab, m->target_vocab);
	if (output && read_width(c, context) != c->width)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "tie: the embeddings are %d wide but the output reads %d numbers; readout "
				   "tanh makes them equal",
				   c->width, read_width(c, context));
	return HEED_OK;
}

static void tables_new(heed_model *m, heed__seq2seq_parts *t, int context)
{
	const heed__seq2seq *c = m->config;
	const bool one = c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET;
	const bool output = c->tie == TIE_ALL || c->tie == TIE_TARGET_OUTPUT;

	t->source = heed__table_new(m->params, m->source_vocab, c->width, one ? "embed" : "embed.source");
	t->target = one ? t->source : heed__table_new(m->params, m->target_vocab, c->width, "embed.target");
	t->output = heed__words_new(m, output ? t->target : NULL, read_width(c, context));
}

static void layers_new(heed_model *m, heed__seq2seq_parts *t)
{
	static const enum heed__cell_kind cells[] = {HEED__CELL_LSTM, HEED__CELL_GRU, HEED__CELL_TANH};
	const heed__seq2seq *c = m->config;
	heed__recurrent_shape shape = {.cell = cells[c->cell],
				       .layers = c->layers,
				       .in = c->width,
				       .units = encoder_units(c),
				       .both = c->encoder == ENCODER_BOTH,
				       .backward = c->encoder == ENCODER_BACKWARD,
				       .forget_bias = c->forget_bias,
				       .dropout = c->dropout};

	t->encoder = heed__recurrent_new(m->params, &shape, "enc");
	shape.units = c->hidden;
	shape.both = shape.backward = false;
	t->decoder = heed__recurrent_new(m->params, &shape, "dec");
}

static void bridges_new(heed_model *m, heed__seq2seq_parts *t)
{
	const heed__seq2seq *c = m->config;
	const int in = heed__seq2seq_memory(c), h = c->hidden;

	if (c->encoder != ENCODER_BOTH && in == h)
		return;
	t->bridges = heed_params_alloc(m->params, (size_t)c->layers * sizeof *t->bridges);
	for (int l = 0; t->bridges != NULL && l < c->layers; l++) {
		const char *const name = heed_params_text(m->params, "bridge%d.h", l);

		if (name == NULL)
			return;
		t->bridges[l].h = heed__linear_new(m->params, plain_start, h, in, 1, name);
		t->bridges[l].c = t->decoder.shape.cell == HEED__CELL_LSTM
					  ? heed_param(m->params, heed_init_xavier(h, in), 2, (int[]){h, in},
						       "bridge%d.c.weight", l)
					  : NULL;
	}
}

static bool name_starts(heed_model *m, heed__seq2seq_parts *t)
{
	const heed__seq2seq *c = m->config;

	t->starts = heed_params_alloc(m->params, (size_t)c->layers * sizeof *t->starts);
	for (int l = 0; t->starts != NULL && l < c->layers; l++) {
		t->starts[l] = heed_params_text(m->params, "dec%d.start", l);
		if (t->starts[l] == NULL)
			return false;
	}
	return t->starts != NULL;
}

heed_code heed__seq2seq_init(heed_model *m, heed__seq2seq_parts *t, int context)
{
	const heed__seq2seq *c = m->config;

	if (check(m, context) != HEED_OK)
		return heed_error_code(m->ctx);
	tables_new(m, t, context);
	layers_new(m, t);
	bridges_new(m, t);
	if (!name_starts(m, t))
		return HEED_E_MEMORY;
	if (context > 0)
		t->context = heed_param(m->params, heed_init_xavier(c->hidden, context), 2,
					(int[]){heed__recurrent_sums_width(&t->decoder), context},
					"dec0.context.weight");
	if (c->readout == READOUT_TANH)
		t->readout =
			heed__linear_new(m->params, plain_start, c->width,
					 c->hidden + (context > 0 ? context + c->width : 0), 1, "readout");
	return HEED_OK;
}

static heed_tensor *embed(const heed_model *m, heed_tape *tape, heed_tensor *table, heed_ragged tokens,
			  int rows, const char *name)
{
	const heed__seq2seq *c = m->config;
	heed_tensor *const x = heed_embedding(tape, table, NULL,
					      (heed_embedding_options){.ids = tokens.ids,
								       .count = rows,
								       .spans = tokens.spans,
								       .scale = sqrt(c->width),
								       .dropout = c->embedding_dropout});

	return heed_named(tape, x, name);
}

/* Of layer l, from the states at the end of the source. */
static heed_tensor *both_sides(heed_tape *tape, const heed__recurrent *encoder, heed_tensor *const *ends,
			       int l)
{
	return encoder->shape.both ? heed_join(tape, ends[2 * l], ends[2 * l + 1]) : ends[l];
}

static void bridge(heed_tape *tape, const heed__seq2seq_parts *t, const heed__recurrent_states *end,
		   heed__recurrent_states *start)
{
	*start = *end;
	for (int l = 0; t->bridges != NULL && l < t->decoder.shape.layers; l++) {
		const heed__seq2seq_bridge *b = &t->bridges[l];
		heed_tensor *const h = both_sides(tape, &t->encoder, end->h, l);

		start->h[l] = heed_linear(tape, h, b->h.w, b->h.b, HEED_ACT_TANH, 0);
		if (b->c != NULL)
			start->c[l] = heed_linear(tape, both_sides(tape, &t->encoder, end->c, l), b->c, NULL,
						  HEED_ACT_NONE, 0);
	}
}

heed_tensor *heed__seq2seq_encode(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				  heed_ragged source, heed__recurrent_states *start)
{
	heed__recurrent_states end = {0};
	heed_tensor *const x = embed(m, tape, t->source, source, heed_spans_rows(source.spans), "source");
	heed_tensor *const memory =
		heed__recurrent_run(tape, &t->encoder, x, source.spans, NULL, start != NULL ? &end : NULL);

	if (start != NULL)
		bridge(tape, t, &end, start);
	for (int l = 0; start != NULL && l < t->decoder.shape.layers; l++)
		heed_named(tape, start->h[l], t->starts[l]);
	return heed_named(tape, memory, "memory");
}

heed_tensor *heed__seq2seq_embed(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				 heed_ragged input, int rows)
{
	return embed(m, tape, t->target, input, rows, "input");
}

heed_tensor *heed__seq2seq_feed(heed_tape *tape, const heed__seq2seq_parts *t, heed_tensor *sums,
				heed_tensor *context)
{
	return heed_residual(tape, sums, heed_linear(tape, context, t->context, NULL, HEED_ACT_NONE, 0), 0);
}

heed_tensor *heed__seq2seq_read(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				heed_tensor *states, heed_tensor *context, heed_tensor *embedded)
{
	const heed__seq2seq *c = m->config;
	heed_tensor *x = heed_named(tape, states, "states");

	if (t->context != NULL)
		x = heed_join(tape, heed_join(tape, x, context), embedded);
	x = t->readout.w != NULL
		    ? heed_linear(tape, x, t->readout.w, t->readout.b, HEED_ACT_TANH, c->output_dropout)
		    : heed_dropout(tape, x, c->output_dropout);
	return heed_named(tape, x, "readout");
}

heed_tensor *heed__seq2seq_loss(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				heed_tensor *read, const heed_batch *batch, float *nll)
{
	const heed__seq2seq *c = m->config;

	return heed__cross_entropy(tape, read, t->output, batch->targets, batch->weight, c->smoothing, nll);
}

heed_tensor *heed__seq2seq_scores(const heed__seq2seq_parts *t, heed_tape *tape, heed_tensor *read)
{
	return heed_linear(tape, read, t->output.w, t->output.b, HEED_ACT_NONE, 0);
}
