/* The Transformer of "Attention Is All You Need" (Vaswani et al. 2017): an encoder reads the source, a decoder
 * says the target one token at a time, looking at what it has said and, by cross-attention, at the source.
 *
 *	source [S] -> embedding + position -> encoder layers -> memory [S, D]
 *	target [T] -> embedding + position -> decoder layers (memory) -> [T, D] -> logits [T, V]
 *
 * S and T count the tokens of all sequences of a batch, one after another. */
#include "nn/blocks.h"

#include "nn/state.h"
#include "tensor/tape.h"

#include <math.h>
#include <stdio.h>

typedef struct config {
	int encoder_layers, decoder_layers, width, feed_forward, heads, longest;
	int activation, norm, position, tie, start, depth_scale, projections;
	double dropout, attention_dropout, activation_dropout, smoothing, deviation;
} config;

enum { NORM_POST, NORM_PRE };
enum { TIE_NONE, TIE_SOURCE_TARGET, TIE_TARGET_OUTPUT, TIE_ALL };
enum { DEPTH_NONE, DEPTH_LAYER, DEPTH_STACK };
enum { PROJECT_NONE, PROJECT_FULL };

static const heed_field fields[] = {
	{"encoder-layers", HEED_INT(config, encoder_layers), .initial = "4", .min = 1, .max = 32,
	 .help = "layers that read the source", .group = "Shape"},
	{"decoder-layers", HEED_INT(config, decoder_layers), .initial = "4", .min = 1, .max = 32,
	 .help = "layers that say the target"},
	{"width", HEED_INT(config, width), .initial = "128", .min = 1, .max = 65536,
	 .help = "numbers that stand for a token"},
	{"heads", HEED_INT(config, heads), .initial = "4", .min = 1, .max = 1024,
	 .help = "attention heads; they divide the width"},
	{"feed-forward", HEED_INT(config, feed_forward), .initial = "256", .min = 1, .max = 262144,
	 .help = "inner width of the feed-forward part"},
	{"activation", HEED_CHOICE(config, activation), .initial = "relu", .choices = "relu gelu swish",
	 .help = "of the feed-forward part"},
	{"norm", HEED_CHOICE(config, norm), .initial = "post", .choices = "post pre",
	 .help = "layer norm after each sub-layer, or before it"},
	{"position", HEED_CHOICE(config, position), .initial = "sincos", .choices = HEED__POSITION_CHOICES,
	 .help = "what marks the order of tokens"},
	{"max-length", HEED_INT(config, longest), .initial = "1024", .min = 2, .max = 1048576,
	 .help = "most tokens in a sequence"},
	{"tie", HEED_CHOICE(config, tie), .initial = "all", .choices = "none source-target target-output all",
	 .help = "embeddings that are one matrix"},
	{"projections", HEED_CHOICE(config, projections), .initial = "full", .choices = "none full",
	 .help = "queries, keys and values by matrices, or the tokens themselves"},
	{"dropout", HEED_FLOAT(config, dropout), .initial = "0.1", .max = 0.95,
	 .help = "of embeddings and of what each sub-layer adds", .group = "Regularisation"},
	{"attention-dropout", HEED_FLOAT(config, attention_dropout), .max = 0.95,
	 .help = "of attention weights"},
	{"activation-dropout", HEED_FLOAT(config, activation_dropout), .max = 0.95,
	 .help = "inside the feed-forward part"},
	{"label-smoothing", HEED_FLOAT(config, smoothing), .initial = "0.1", .max = 0.95,
	 .help = "share of the target spread over the vocabulary"},
	{"init", HEED_CHOICE(config, start), .initial = "xavier", .choices = HEED__START_CHOICES,
	 .help = "how weights begin", .group = "Initial values"},
	{"init-deviation", HEED_FLOAT(config, deviation), .initial = "0.02", .min = 1e-6, .max = 10,
	 .help = "standard deviation of --init normal"},
	{"depth-scale", HEED_CHOICE(config, depth_scale), .initial = "none", .choices = "none layer stack",
	 .help = "weights of layer l by 1/sqrt(l), or last matrices by 1/sqrt(2 layers)"},
	{0},
};

#define SETTINGS(...)                                                                                        \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

static const heed_preset presets[] = {
	{"tiny", "Wu et al. 2021, for Multi30k",
	 SETTINGS("encoder-layers", "4", "decoder-layers", "4", "width", "128", "heads", "4", "feed-forward",
		  "256", "dropout", "0.3", "label-smoothing", "0.1"),
	 SETTINGS("lr", "0.005", "warmup", "2000")},
	{"base", "Vaswani et al. 2017, table 3",
	 SETTINGS("encoder-layers", "6", "decoder-layers", "6", "width", "512", "heads", "8", "feed-forward",
		  "2048", "dropout", "0.1", "label-smoothing", "0.1"),
	 SETTINGS("lr", "0.0007", "warmup", "4000")},
	{"big", "Vaswani et al. 2017, table 3",
	 SETTINGS("encoder-layers", "6", "decoder-layers", "6", "width", "1024", "heads", "16",
		  "feed-forward", "4096", "dropout", "0.3", "label-smoothing", "0.1"),
	 SETTINGS("lr", "0.0005", "warmup", "4000")},
	{0},
};

typedef struct encoder_layer {
	const char *name; /* "enc0": of what the layer gives */
	heed__attention self;
	heed__feed_forward feed;
} encoder_layer;

typedef struct decoder_layer {
	const char *name;
	heed__attention self, cross;
	heed__feed_forward feed;
} decoder_layer;

typedef struct parts {
	heed_tensor *source, *target,
		*output; /* embeddings [V, D] and the output matrix, perhaps one tensor */
	heed_tensor *source_places, *target_places;
	encoder_layer *encoder;
	decoder_layer *decoder;
	heed__sublayer encoder_end, decoder_end; /* pre-norm only */
} parts;

static heed_code check(const heed_model *m)
{
	const config *c = m->config;

	if (c->width % c->heads != 0)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "heads: %d do not divide the width %d", c->heads,
				   c->width);
	if (c->position == HEED__POSITION_ONEHOT && c->longest > c->width)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "position: onehot has %d places but max-length is %d", c->width,
				   c->longest);
	if ((c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET) && m->source_vocab != m->target_vocab)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "tie: source and target have vocabularies of %d and %d; one matrix needs "
				   "one vocabulary",
				   m->source_vocab, m->target_vocab);
	return HEED_OK;
}

/* Scale of what layer l of `layers` begins with; `ends` for the matrices that feed the residual stream. */
static heed__start start_of(const config *c, int l, int layers, bool ends)
{
	heed__start s = {(enum heed__start_kind)c->start, c->deviation, 1};

	if (c->depth_scale == DEPTH_LAYER) /* Zhang, Titov and Sennrich 2019, section 4.1 */
		s.scale = 1 / sqrt(l + 1);
	else if (c->depth_scale == DEPTH_STACK && ends) /* Radford et al. 2019, section 2.3 */
		s.scale = 1 / sqrt(2.0 * layers);
	return s;
}

static heed__feed_forward feed_new(const heed_model *m, int l, int layers, const char *name)
{
	const config *c = m->config;

	return heed__feed_forward_new(m->params, start_of(c, l, layers, false), start_of(c, l, layers, true),
				      c->width, c->feed_forward,
				      (heed_activation)(c->activation + HEED_ACT_RELU), c->norm == NORM_PRE,
				      c->dropout, c->activation_dropout, name);
}

static void layers_new(const heed_model *m, parts *t)
{
	const config *c = m->config;
	const int encoder = c->encoder_layers, decoder = c->decoder_layers;
	const heed__attention_shape shape = {c->width,
					     c->heads,
					     c->projections == PROJECT_FULL,
					     c->norm == NORM_PRE,
					     c->attention_dropout,
					     c->dropout};
	char name[32];

	for (int l = 0; t->encoder != NULL && l < encoder; l++) {
		t->encoder[l].name = heed_params_text(m->params, "enc%d", l);
		snprintf(name, sizeof name, "enc%d.self", l);
		t->encoder[l].self = heed__self_attention_new(m->params, start_of(c, l, encoder, false),
							      start_of(c, l, encoder, true), &shape, name);
		snprintf(name, sizeof name, "enc%d.ffn", l);
		t->encoder[l].feed = feed_new(m, l, encoder, name);
	}
	for (int l = 0; t->decoder != NULL && l < decoder; l++) {
		t->decoder[l].name = heed_params_text(m->params, "dec%d", l);
		snprintf(name, sizeof name, "dec%d.self", l);
		t->decoder[l].self = heed__self_attention_new(m->params, start_of(c, l, decoder, false),
							      start_of(c, l, decoder, true), &shape, name);
		snprintf(name, sizeof name, "dec%d.cross", l);
		t->decoder[l].cross = heed__cross_attention_new(m->params, start_of(c, l, decoder, false),
								start_of(c, l, decoder, true), &shape, name);
		snprintf(name, sizeof name, "dec%d.ffn", l);
		t->decoder[l].feed = feed_new(m, l, decoder, name);
	}
	if (c->norm == NORM_PRE) {
		t->encoder_end = heed__sublayer_new(m->params, c->width, true, 0, "enc");
		t->decoder_end = heed__sublayer_new(m->params, c->width, true, 0, "dec");
	}
}

static void embeddings_new(const heed_model *m, parts *t)
{
	const config *c = m->config;
	const heed_init init = heed_init_normal(1 / sqrt(c->width));
	const int source[] = {m->source_vocab, c->width}, target[] = {m->target_vocab, c->width};
	const bool one = c->tie == TIE_ALL || c->tie == TIE_SOURCE_TARGET;

	t->source = heed_param(m->params, init, 2, source, one ? "embed" : "embed.source");
	t->target = one ? t->source : heed_param(m->params, init, 2, target, "embed.target");
	t->output = c->tie == TIE_ALL || c->tie == TIE_TARGET_OUTPUT
			    ? t->target
			    : heed_param(m->params, init, 2, target, "output.weight");
	t->source_places = heed__positions_new(m->params, (enum heed__position)c->position, c->longest,
					       c->width, m->planning, "positions.source");
	t->target_places = c->position == HEED__POSITION_LEARNED
				   ? heed__positions_new(m->params, HEED__POSITION_LEARNED, c->longest,
							 c->width, m->planning, "positions.target")
				   : t->source_places;
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
	t->encoder = heed_params_alloc(m->params, (size_t)c->encoder_layers * sizeof *t->encoder);
	t->decoder = heed_params_alloc(m->params, (size_t)c->decoder_layers * sizeof *t->decoder);
	embeddings_new(m, t);
	layers_new(m, t);
	return HEED_OK;
}

static heed_tensor *embed(const heed_model *m, heed_tape *tape, heed_tensor *table, heed_tensor *places,
			  heed_ragged tokens, int count, int place)
{
	const config *c = m->config;

	return heed_embedding(tape, table, places,
			      (heed_embedding_options){.ids = tokens.ids,
						       .count = count,
						       .spans = tokens.spans,
						       .position = place,
						       .scale = sqrt(c->width),
						       .dropout = c->dropout});
}

static heed_tensor *end(const heed_model *m, heed_tape *tape, const heed__sublayer *s, heed_tensor *x,
			const char *name)
{
	const config *c = m->config;

	return heed_named(tape, c->norm == NORM_PRE ? heed__enter(tape, s, x) : x, name);
}

static heed_tensor *encode(const heed_model *m, heed_tape *tape, heed_ragged source)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *x =
		embed(m, tape, t->source, t->source_places, source, heed_spans_rows(source.spans), 0);

	heed_named(tape, x, "source");
	for (int l = 0; l < c->encoder_layers; l++) {
		x = heed__self_attend(tape, &t->encoder[l].self, x, source.spans, false, NULL, 0);
		x = heed__feed(tape, &t->encoder[l].feed, x);
		heed_named(tape, x, t->encoder[l].name);
	}
	return end(m, tape, &t->encoder_end, x, "memory");
}

/* The decoder over whole sequences, or over one token a row of a state, whose kept tensors are the keys of the
 * source, a layer each. */
static heed_tensor *decode(const heed_model *m, heed_tape *tape, heed_tensor *x, heed_spans spans,
			   heed_tensor *memory, heed_spans sources, heed_state *state)
{
	const config *c = m->config;
	const parts *t = m->parts;

	for (int l = 0; l < c->decoder_layers; l++) {
		const decoder_layer *const d = &t->decoder[l];
		heed_tensor *keys;

		x = heed__self_attend(tape, &d->self, x, spans, true, state, l);
		keys = state != NULL ? state->kept[l] : heed__cross_keys(tape, &d->cross, memory);
		x = heed__cross_attend(tape, &d->cross, x, spans, keys, sources, state);
		x = heed__feed(tape, &d->feed, x);
		heed_named(tape, x, d->name);
	}
	return end(m, tape, &t->decoder_end, x, "states");
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;
	const bool train = (heed_tape_flags(tape) & HEED_TAPE_TRAIN) != 0;
	const heed_ragged input = batch->input;
	heed_tensor *const memory = encode(m, tape, batch->source);
	heed_tensor *x = embed(m, tape, t->target, t->target_places, input, heed_spans_rows(input.spans), 0);

	heed_named(tape, x, "input");
	x = decode(m, tape, x, input.spans, memory, batch->source.spans, NULL);
	return heed_linear_cross_entropy(tape, x, t->output, NULL,
					 (heed_cross_entropy_options){.targets = batch->targets,
								      .weight = batch->weight,
								      .smoothing = train ? c->smoothing : 0,
								      .nll = nll});
}

static heed_code start(const heed_model *m, heed_tape *tape, heed_state *state, const heed_batch *source)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const memory = encode(m, tape, source->source);

	for (int l = 0; l < c->decoder_layers && heed_tape_code(tape) == HEED_OK; l++) {
		const heed_tensor *const keys = heed__cross_keys(tape, &t->decoder[l].cross, memory);

		if (keys != NULL && !heed__state_keep(state, keys))
			return HEED_E_MEMORY;
	}
	return heed_tape_code(tape);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const parts *t = m->parts;
	const heed_ragged input = {.ids = tokens};
	heed_tensor *x = embed(m, tape, t->target, t->target_places, input, state->rows, state->step);

	x = decode(m, tape, x, (heed_spans){0}, NULL, (heed_spans){0}, state);
	return heed_linear(tape, x, t->output, NULL, HEED_ACT_NONE, 0);
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
	.start = start,
	.step = step,
};
