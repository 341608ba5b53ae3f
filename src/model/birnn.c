/* The bidirectional recurrent classifier (Schuster and Paliwal 1997; Graves and Schmidhuber 2005): a text is read from
 * both ends, and one vector of it goes to a label.
 *
 *	source [T] -> embedding -> layers in both directions -> h [T, 2H] -> pooling [texts, 2H] -> scores [texts, C]
 *
 * pooling   last: the states after the last token of each direction;   max, mean: of every column;
 *           attention: sum_t w_t h_t with w = softmax_t(v . tanh(q + W h_t)) (Yang et al. 2016, equations 5 to 7) */
#include "nn/blocks.h"
#include "nn/recurrent.h"

#include "tensor/tape.h"

#include <math.h>
#include <string.h>

typedef struct config {
	int cell, layers, width, hidden, pooling;
	double forget_bias, dropout, embedding_dropout, smoothing;
} config;

enum { CELL_RNN, CELL_LSTM, CELL_GRU };
enum { POOL_LAST, POOL_MAX, POOL_MEAN, POOL_ATTENTION };

static const heed_field fields[] = {
	{"cell", HEED_CHOICE(config, cell), .initial = "lstm", .choices = "rnn lstm gru",
	 .help = "tanh units, long short-term memory, or gated recurrent units", .group = "Shape"},
	{"layers", HEED_INT(config, layers), .initial = "1", .min = 1, .max = HEED__RECURRENT_LAYERS,
	 .help = "layers, each in both directions"},
	{"width", HEED_INT(config, width), .initial = "128", .min = 1, .max = 65536,
	 .help = "numbers that stand for a token"},
	{"hidden", HEED_INT(config, hidden), .initial = "128", .min = 1, .max = 32768,
	 .help = "units of a layer in each direction"},
	{"pooling", HEED_CHOICE(config, pooling), .initial = "max", .choices = "last max mean attention",
	 .help = "how the states of a text become one vector"},
	{"forget-bias", HEED_FLOAT(config, forget_bias), .initial = "1", .min = -10, .max = 10,
	 .help = "what the bias of an lstm's forget gates begins with"},
	{"dropout", HEED_FLOAT(config, dropout), .initial = "0.3", .max = 0.95,
	 .help = "between layers and before the scores", .group = "Regularisation"},
	{"embedding-dropout", HEED_FLOAT(config, embedding_dropout), .initial = "0.3", .max = 0.95,
	 .help = "of embeddings"},
	{"label-smoothing", HEED_FLOAT(config, smoothing), .max = 0.95,
	 .help = "share of the target spread over all answers"},
	{0},
};

typedef struct parts {
	heed_tensor *embed;
	heed__recurrent layers;
	heed_tensor *query, *keys, *score; /* [1, 2H], [2H, 2H], [2H]: of the attention */
	heed__linear output;
} parts;

static heed_code init(heed_model *m)
{
	static const enum heed__cell_kind cells[] = {HEED__CELL_TANH, HEED__CELL_LSTM, HEED__CELL_GRU};
	const config *c = m->config;
	const heed__recurrent_shape shape = {.cell = cells[c->cell],
					     .layers = c->layers,
					     .in = c->width,
					     .units = c->hidden,
					     .both = true,
					     .forget_bias = c->forget_bias,
					     .dropout = c->dropout};
	parts *const t = heed_params_alloc(m->params, sizeof *t);
	int d;

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	t->embed = heed__reading_table_new(m, c->width);
	t->layers = heed__recurrent_new(m->params, &shape, "rnn");
	d = t->layers.width;
	if (c->pooling == POOL_ATTENTION) {
		t->query = heed_param(m->params, (heed_init){HEED_INIT_ZERO, 0}, 2, (int[]){1, d},
				      "attention.query");
		t->keys = heed_param(m->params, heed_init_xavier(d, d), 2, (int[]){d, d},
				     "attention.keys.weight");
		t->score = heed_param(m->params, heed_init_xavier(1, d), 1, (int[]){d}, "attention.score");
	}
	t->output = heed__labels_new(m, d);
	return HEED_OK;
}

/* The states of all tokens; `end`, when given, those after each text. */
static heed_tensor *read_texts(const heed_model *m, heed_tape *tape, heed_ragged source,
			       heed__recurrent_states *end)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const x = heed_embedding(tape, t->embed, NULL,
					      (heed_embedding_options){.ids = source.ids,
								       .count = heed_spans_rows(source.spans),
								       .spans = source.spans,
								       .scale = sqrt(c->width),
								       .dropout = c->embedding_dropout});
	heed_tensor *const y =
		heed__recurrent_run(tape, &t->layers, heed_named(tape, x, "input"), source.spans, NULL, end);

	return heed_named(tape, y, "states");
}

/* One query, the same for all texts. */
static heed_tensor *attend(const heed_model *m, heed_tape *tape, heed_tensor *h, heed_spans spans)
{
	const parts *t = m->parts;
	const size_t bytes = (size_t)spans.count * sizeof(int);
	int *const row = heed__tape_alloc(tape, bytes);
	heed_tensor *const keys = heed_linear(tape, h, t->keys, NULL, HEED_ACT_NONE, 0);

	if (row == NULL)
		return NULL;
	memset(row, 0, bytes);
	return heed_additive_attention(tape, heed_gather(tape, t->query, row, spans.count), keys, h, t->score,
				       (heed_additive_options){.name = "attention", .keys = spans});
}

/* [texts, 2H] */
static heed_tensor *pool_states(const heed_model *m, heed_tape *tape, heed_ragged source)
{
	const config *c = m->config;
	heed__recurrent_states end = {0};
	heed_tensor *const h = read_texts(m, tape, source, c->pooling == POOL_LAST ? &end : NULL);
	const int last = 2 * (c->layers - 1);

	switch (c->pooling) {
	case POOL_LAST:
		return heed_join(tape, end.h[last], end.h[last + 1]);
	case POOL_ATTENTION:
		return attend(m, tape, h, source.spans);
	default:
		return heed_pool(tape, h, source.spans,
				 c->pooling == POOL_MAX ? HEED_POOL_MAX : HEED_POOL_MEAN);
	}
}

static heed_tensor *pool(const heed_model *m, heed_tape *tape, heed_ragged source)
{
	return heed_named(tape, pool_states(m, tape, source), "pooled");
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const z = heed_dropout(tape, pool(m, tape, batch->source), c->dropout);

	return heed__cross_entropy(tape, z, t->output, batch->labels, batch->weight, c->smoothing, nll);
}

static heed_tensor *classify(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;

	return heed_linear(tape, pool(m, tape, batch->source), t->output.w, t->output.b, HEED_ACT_NONE, 0);
}

static heed_tensor *contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	return read_texts(m, tape, batch->source, NULL);
}

static const char *const training[] = {"tokenizer", "word", "batch-tokens", "1024", "lr", "0.001", "clip",
				       "1",         NULL};

const heed_model_class heed__model_birnn = {
	.name = "birnn",
	.about = "bidirectional recurrent network (Schuster and Paliwal 1997), a classifier of texts",
	.task = HEED_TASK_CLASSIFY,
	.config_size = sizeof(config),
	.fields = fields,
	.training = training,
	.init = init,
	.loss = loss,
	.classify = classify,
	.contextual = contextual,
};
