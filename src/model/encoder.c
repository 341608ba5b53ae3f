/* The encoder-only Transformer: every token in the context of all others, and from their vectors a label.
 *
 *	source [S] -> embedding + position -> layers of self-attention -> [S, D] -> pooled [texts, D] -> scores [texts, C] */
#include "nn/transformer_blocks.h"

typedef struct config {
	heed__transformer t;
	int layers, pooling;
} config;

static const heed_field fields[] = {
	{"layers", HEED_INT(config, layers), .initial = "2", .min = 1, .max = HEED__MOST_LAYERS,
	 .help = "layers of attention and feed-forward", .group = "Shape"},
	HEED__TRANSFORMER_SHAPE("gelu", "pre", "sincos", "512"),
	{"pooling", HEED_CHOICE(config, pooling), .initial = "mean", .choices = "mean max first",
	 .help = "what of the tokens' vectors stands for the text"},
	HEED__TRANSFORMER_REST("0.3", "0", "xavier"),
	{0},
};

typedef struct parts {
	heed__token_vectors source;
	heed__linear output;
	heed__stack stack;
} parts;

static heed_code init(heed_model *m)
{
	const config *c = m->config;
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (heed__transformer_check(m) != HEED_OK)
		return heed_error_code(m->ctx);
	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	t->source = (heed__token_vectors){.table = heed__reading_table_new(m, c->t.width),
					  .places = heed__places_new(m, "positions"),
					  .scale = heed__vector_scale(m),
					  .dropout = c->t.dropout};
	t->stack = heed__stack_new(m, c->layers, false, "enc", "states");
	heed__stack_finish(m, &t->stack);
	t->output = heed__labels_new(m, c->t.width);
	return HEED_OK;
}

static heed_tensor *contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;
	heed_tensor *const x = heed__token_vectors_read(tape, &t->source, batch->source, NULL);

	return heed__stack_run(tape, &t->stack, heed_named(tape, x, "source"),
			       &(heed__pass){.spans = batch->source.spans});
}

static heed_tensor *pool(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	static const heed_pooling kinds[] = {HEED_POOL_MEAN, HEED_POOL_MAX, HEED_POOL_FIRST};
	const config *c = m->config;

	return heed_named(tape,
			  heed_pool(tape, contextual(m, tape, batch), batch->source.spans, kinds[c->pooling]),
			  "pooled");
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;

	return heed__cross_entropy(tape, pool(m, tape, batch), t->output, batch->labels, batch->weight,
				   c->t.smoothing, nll);
}

static heed_tensor *classify(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;

	return heed_linear(tape, pool(m, tape, batch), t->output.w, t->output.b, HEED_ACT_NONE, 0);
}

static const char *const training[] = {"tokenizer", "word", "batch-tokens", "1024", "warmup", "100", NULL};

const heed_model_class heed__model_encoder = {
	.name = "encoder",
	.about = "encoder-only Transformer, a classifier of texts",
	.task = HEED_TASK_CLASSIFY,
	.config_size = sizeof(config),
	.fields = fields,
	.training = training,
	.init = init,
	.loss = loss,
	.classify = classify,
	.contextual = contextual,
};
