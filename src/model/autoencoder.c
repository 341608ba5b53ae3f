/* Word vectors as an autoencoder: a token, one-hot, through an embedding of `width` numbers, and back.
 *
 *	token t -> e = E_t [D] -> scores W e [V] -> the token again
 *	cross-entropy  -log softmax(W e)_t
 *	squared-l2     |onehot(t) - W e|^2: what principal components do, each token weighted as often as it comes
 *
 * A vector says then which token it is, but unlike word2vec's nothing of what tokens stand beside it. What is reported
 * as a loss a token, and its exponential as perplexity, is of squared-l2 the distance. */
#include "nn/blocks.h"

typedef struct config {
	int width, loss, tie;
} config;

enum { CROSS_ENTROPY, SQUARED_L2 };
enum { TIE_NONE, TIE_ALL };

static const heed_field fields[] = {
	{"width", HEED_INT(config, width), .initial = "100", .min = 1, .max = 65536,
	 .help = "numbers that stand for a token", .group = "Model"},
	{"loss", HEED_CHOICE(config, loss), .initial = "cross-entropy", .choices = "cross-entropy squared-l2",
	 .help = "how far what comes back is from the token"},
	{"tie", HEED_CHOICE(config, tie), .initial = "none", .choices = "none all",
	 .help = "back by the matrix of the embedding, or by one of its own"},
	{0},
};

static const char *const training[] = {"tokenizer", "word", "lr", "0.005", NULL};

typedef struct parts {
	heed_tensor *embed;
	heed__linear output;
} parts;

static heed_code init(heed_model *m)
{
	const config *c = m->config;
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	t->embed = heed__table_new(m->params, m->source_vocab, c->width, "embed");
	t->output.w = c->tie == TIE_ALL
			      ? t->embed
			      : heed__table_new(m->params, m->source_vocab, c->width, "output.weight");
	return HEED_OK;
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const e = heed_named(
		tape,
		heed_embedding(tape, t->embed, NULL,
			       (heed_embedding_options){.ids = batch->targets,
							.count = heed_spans_rows(batch->input.spans),
							.scale = 1}),
		"code");

	if (c->loss == SQUARED_L2)
		return heed_one_hot_l2(tape, e, t->output.w,
				       (heed_one_hot_l2_options){.targets = batch->targets,
								 .weight = batch->weight,
								 .squared = nll});
	return heed__cross_entropy(tape, e, t->output, batch->targets, batch->weight, 0, nll);
}

const heed_model_class heed__model_autoencoder = {
	.name = "autoencoder",
	.about = "word vectors that a token is told from again",
	.task = HEED_TASK_EMBED,
	.config_size = sizeof(config),
	.fields = fields,
	.training = training,
	.init = init,
	.loss = loss,
};
