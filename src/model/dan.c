/* The deep averaging network (Iyyer et al. 2015): the mean of a text's vectors, whatever their order, through a
 * feed-forward network to a label.
 *
 *	source -> mean of the embeddings [texts, D] -> act(W z + b), several times -> scores [texts, C] */
#include "nn/blocks.h"

#include <math.h>

typedef struct config {
	int width, layers, hidden, activation;
	double word_dropout, dropout, smoothing;
} config;

enum { ACTIVATION_RELU, ACTIVATION_TANH };

static const heed_field fields[] = {
	{"width", HEED_INT(config, width), .initial = "128", .min = 1, .max = 65536,
	 .help = "numbers that stand for a token", .group = "Shape"},
	{"layers", HEED_INT(config, layers), .initial = "2", .max = HEED__MOST_LAYERS,
	 .help = "layers between mean and scores"},
	{"hidden", HEED_INT(config, hidden), .initial = "128", .min = 1, .max = 65536,
	 .help = "width of these layers"},
	{"activation", HEED_CHOICE(config, activation), .initial = "relu", .choices = "relu tanh",
	 .help = "of these layers"},
	{"word-dropout", HEED_FLOAT(config, word_dropout), .initial = "0.3", .max = 0.95,
	 .help = "probability that a token is left out of the mean", .group = "Regularisation"},
	{"dropout", HEED_FLOAT(config, dropout), .initial = "0.2", .max = 0.95,
	 .help = "of what the layers give"},
	{"label-smoothing", HEED_FLOAT(config, smoothing), .max = 0.95,
	 .help = "share of the target spread over all answers"},
	{0},
};

static const heed_preset presets[] = {
	{"iyyer", "Iyyer et al. 2015, for sentiment",
	 HEED__SETTINGS("width", "300", "layers", "3", "hidden", "300", "activation", "tanh", "word-dropout",
			"0.3", "dropout", "0"),
	 HEED__SETTINGS("optimizer", "adagrad", "lr", "0.01", "schedule", "constant", "warmup", "0")},
	{0},
};

typedef struct parts {
	heed_tensor *embed;
	heed__hidden hidden;
	heed__linear output;
} parts;

static heed_code init(heed_model *m)
{
	const config *c = m->config;
	const heed_activation act = c->activation == ACTIVATION_TANH ? HEED_ACT_TANH : HEED_ACT_RELU;
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	t->embed = heed__reading_table_new(m, c->width);
	t->hidden = heed__hidden_new(m->params, c->layers, c->width, c->hidden, c->hidden, act, c->dropout);
	t->output = heed__labels_new(m, c->layers > 0 ? c->hidden : c->width);
	return HEED_OK;
}

static heed_tensor *read_texts(const heed_model *m, heed_tape *tape, heed_ragged source)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const mean =
		heed_embedding_mean(tape, t->embed,
				    (heed_embedding_mean_options){.ids = source.ids,
								  .spans = source.spans,
								  .scale = sqrt(c->width),
								  .dropout = c->word_dropout});

	return heed__hidden_run(tape, &t->hidden, heed_named(tape, mean, "mean"));
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;

	return heed__cross_entropy(tape, read_texts(m, tape, batch->source), t->output, batch->labels,
				   batch->weight, c->smoothing, nll);
}

static heed_tensor *classify(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;

	return heed_linear(tape, read_texts(m, tape, batch->source), t->output.w, t->output.b, HEED_ACT_NONE,
			   0);
}

static const char *const training[] = {"tokenizer", "word", "batch-tokens", "1024", "warmup", "100", NULL};

const heed_model_class heed__model_dan = {
	.name = "dan",
	.about = "deep averaging network (Iyyer et al. 2015), a classifier of texts; preset iyyer",
	.task = HEED_TASK_CLASSIFY,
	.config_size = sizeof(config),
	.fields = fields,
	.presets = presets,
	.training = training,
	.init = init,
	.loss = loss,
	.classify = classify,
};
