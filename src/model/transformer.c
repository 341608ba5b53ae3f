/* The Transformer of "Attention Is All You Need" (Vaswani et al. 2017): an encoder reads the source, a decoder
 * says the target one token at a time, looking at what it has said and, by cross-attention, at the source.
 *
 *	source [S] -> embedding + position -> encoder layers -> memory [S, D]
 *	target [T] -> embedding + position -> decoder layers (memory) -> [T, D] -> logits [T, V]
 *
 * S and T count the tokens of all sequences of a batch, one after another. */
#include "nn/transformer_blocks.h"

#include "nn/state.h"

typedef struct config {
	heed__transformer t;
	int encoder_layers, decoder_layers, tie;
} config;

enum { TIE_NONE, TIE_SOURCE_TARGET, TIE_TARGET_OUTPUT, TIE_ALL };

static const heed_field fields[] = {
	{"encoder-layers", HEED_INT(config, encoder_layers), .initial = "4", .min = 1, .max = 32,
	 .help = "layers that read the source", .group = "Shape"},
	{"decoder-layers", HEED_INT(config, decoder_layers), .initial = "4", .min = 1, .max = 32,
	 .help = "layers that say the target"},
	HEED__TRANSFORMER_SHAPE("relu", "post", "sincos", "1024"),
	{"tie", HEED_CHOICE(config, tie), .initial = "all", .choices = "none source-target target-output all",
	 .help = "embeddings that are one matrix"},
	HEED__TRANSFORMER_REST("0.1", "0.1", "xavier"),
	{0},
};

static const heed_preset presets[] = {
	{"tiny", "Wu et al. 2021, for Multi30k",
	 HEED__SETTINGS("encoder-layers", "4", "decoder-layers", "4", "width", "128", "heads", "4",
			"feed-forward", "256", "dropout", "0.3", "label-smoothing", "0.1"),
	 HEED__SETTINGS("lr", "0.005", "warmup", "2000")},
	{"base", "Vaswani et al. 2017, table 3",
	 HEED__SETTINGS("encoder-layers", "6", "decoder-layers", "6", "width", "512", "heads", "8",
			"feed-forward", "2048", "dropout", "0.1", "label-smoothing", "0.1"),
	 HEED__SETTINGS("lr", "0.0007", "warmup", "4000")},
	{"big", "Vaswani et al. 2017, table 3",
	 HEED__SETTINGS("encoder-layers", "6", "decoder-layers", "6", "width", "1024", "heads", "16",
			"feed-forward", "4096", "dropout", "0.3", "label-smoothing", "0.1"),
	 HEED__SETTINGS("lr", "0.0005", "warmup", "4000")},
	{0},
};

typedef struct parts {
	heed__token_vectors source, target;
	heed__linear output; /* perhaps the table of one of them */
	heed__stack encoder, decoder;
} parts;

static heed_code check(const heed_model *m)
{
	const config *c = m->config;

	if ((c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET) && m->source_vocab != m->target_vocab)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "tie: source and target have vocabularies of %d and %d; one matrix needs "
				   "one vocabulary",
				   m->source_vocab, m->target_vocab);
	return heed__transformer_check(m);
}

static void vectors_new(const heed_model *m, parts *t)
{
	const config *c = m->config;
	const bool one = c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET;
	heed__token_vectors *const source = &t->source, *const target = &t->target;

	*source = *target = (heed__token_vectors){.scale = heed__vector_scale(m), .dropout = c->t.dropout};
	source->table = heed__vectors_new(m, m->source_vocab, one ? "embed" : "embed.source");
	target->table = one ? source->table : heed__vectors_new(m, m->target_vocab, "embed.target");
	t->output.w = c->tie == TIE_ALL || c->tie == TIE_TARGET_OUTPUT
			      ? target->table
			      : heed__vectors_new(m, m->target_vocab, "output.weight");
	source->places = heed__places_new(m, "positions.source");
	target->places = c->t.position == HEED__POSITION_LEARNED ? heed__places_new(m, "positions.target")
								 : source->places;
}

static heed_code init(heed_model *m)
{
	const config *c = m->config;
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (check(m) != HEED_OK)
		return heed_error_code(m->ctx);
	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	vectors_new(m, t);
	t->encoder = heed__stack_new(m, c->encoder_layers, false, "enc", "memory");
	t->decoder = heed__stack_new(m, c->decoder_layers, true, "dec", "states");
	heed__stack_finish(m, &t->encoder);
	heed__stack_finish(m, &t->decoder);
	return HEED_OK;
}

static heed_tensor *encode(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;
	heed_tensor *const x = heed__token_vectors_read(tape, &t->source, batch->source, NULL);

	return heed__stack_run(tape, &t->encoder, heed_named(tape, x, "source"),
			       &(heed__pass){.spans = batch->source.spans});
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const memory = encode(m, tape, batch);
	heed_tensor *x = heed__token_vectors_read(tape, &t->target, batch->input, NULL);

	x = heed__stack_run(tape, &t->decoder, heed_named(tape, x, "input"),
			    &(heed__pass){.spans = batch->input.spans,
					  .causal = true,
					  .memory = memory,
					  .sources = batch->source.spans});
	return heed__cross_entropy(tape, x, t->output, batch->targets, batch->weight, c->t.smoothing, nll);
}

static heed_code start(const heed_model *m, heed_tape *tape, heed_state *state, const heed_batch *source)
{
	const parts *t = m->parts;
	heed_tensor *const memory = encode(m, tape, source);

	for (int l = 0; l < t->decoder.count && heed_tape_code(tape) == HEED_OK; l++) {
		const heed_tensor *const keys = heed__cross_keys(tape, &t->decoder.layers[l].cross, memory);

		if (keys != NULL && !heed__state_keep(state, keys))
			return HEED_E_MEMORY;
	}
	return heed_tape_code(tape);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const parts *t = m->parts;
	heed_tensor *x = heed__token_vectors_read(tape, &t->target, (heed_ragged){.ids = tokens}, state);

	x = heed__stack_run(tape, &t->decoder, x, &(heed__pass){.causal = true, .state = state});
	return heed_linear(tape, x, t->output.w, t->output.b, HEED_ACT_NONE, 0);
}

const heed_model_class heed__model_transformer = {
	.name = "transformer",
	.about =
		"encoder-decoder Transformer (Vaswani et al. 2017), for translation; presets tiny, base, big",
	.task = HEED_TASK_TRANSLATE,
	.config_size = sizeof(config),
	.fields = fields,
	.presets = presets,
	.init = init,
	.loss = loss,
	.contextual = encode,
	.start = start,
	.step = step,
};
