/* The feed-forward language model of Bengio et al. (2003): the next word from the last n, each at its own place.
 *
 *	input -> windows of embeddings x [T, n D] -> h = act(W x + b), several times -> logits [T, V] = U h (+ W' x)
 *
 * A window as long as the longest text makes it a model of whole sentences of bounded length. */
#include "nn/blocks.h"

#include "nn/state.h"
#include "tensor/tape.h"

#include <math.h>
#include <string.h>

typedef struct config {
	int window, width, layers, hidden, activation, tie;
	bool direct;
	double dropout, smoothing;
} config;

enum { ACTIVATION_TANH, ACTIVATION_RELU };
enum { TIE_NONE, TIE_ALL };
#define WIDEST (1 << 24) /* numbers of a window */

static const heed_field fields[] = {
	{"window", HEED_INT(config, window), .initial = "4", .min = 1, .max = 65536,
	 .help = "tokens that the next one is predicted from", .group = "Shape"},
	{"width", HEED_INT(config, width), .initial = "64", .min = 1, .max = 65536,
	 .help = "numbers that stand for a token"},
	{"layers", HEED_INT(config, layers), .initial = "1", .min = 1, .max = HEED__MOST_LAYERS,
	 .help = "hidden layers"},
	{"hidden", HEED_INT(config, hidden), .initial = "256", .min = 1, .max = 65536,
	 .help = "width of the hidden layers"},
	{"activation", HEED_CHOICE(config, activation), .initial = "tanh", .choices = "tanh relu",
	 .help = "of the hidden layers"},
	{"direct", HEED_FLAG(config, direct), .help = "connect the window with the output directly, too"},
	{"tie", HEED_CHOICE(config, tie), .initial = "none", .choices = "none all",
	 .help = "whether embeddings and output are one matrix; the last hidden layer then has its width"},
	{"dropout", HEED_FLOAT(config, dropout), .initial = "0.1", .max = 0.95,
	 .help = "of what the hidden layers give", .group = "Regularisation"},
	{"label-smoothing", HEED_FLOAT(config, smoothing), .max = 0.95,
	 .help = "share of the target spread over all answers"},
	{0},
};

static const heed_preset presets[] = {
	{"bengio", "Bengio et al. 2003, table 1, MLP5",
	 HEED__SETTINGS("window", "4", "width", "30", "layers", "1", "hidden", "50", "activation", "tanh",
			"direct", "true", "tie", "none", "dropout", "0"),
	 HEED__SETTINGS("tokenizer", "word")},
	{"sentence", "a whole sentence of up to 64 tokens at a time",
	 HEED__SETTINGS("window", "64", "width", "64", "hidden", "256"), NULL},
	{0},
};

typedef struct parts {
	heed_tensor *embed;
	heed__hidden hidden;
	heed__linear output;
} parts;

static heed_code check(const heed_model *m)
{
	const config *c = m->config;

	if (c->direct && c->tie == TIE_ALL)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "direct: the output matrix can't also be the embeddings (tie all)");
	if (c->window > WIDEST / c->width)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "window: %d tokens of width %d; expected at most %d numbers in all",
				   c->window, c->width, WIDEST);
	return HEED_OK;
}

static heed_code init(heed_model *m)
{
	const config *c = m->config;
	const heed_activation act = c->activation == ACTIVATION_TANH ? HEED_ACT_TANH : HEED_ACT_RELU;
	parts *const t = heed_params_alloc(m->params, sizeof *t);
	int wide, last;

	if (check(m) != HEED_OK)
		return heed_error_code(m->ctx);
	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	wide = c->window * c->width;
	last = c->tie == TIE_ALL ? c->width : c->hidden;
	t->embed = heed__table_new(m->params, m->target_vocab, c->width, "embed");
	t->hidden = heed__hidden_new(m->params, c->layers, wide, c->hidden, last, act, c->dropout);
	t->output = heed__words_new(m, c->tie == TIE_ALL ? t->embed : NULL, c->direct ? wide + last : last);
	return HEED_OK;
}

/* What the output reads, for every token or for the last of each sequence. */
static heed_tensor *features(const heed_model *m, heed_tape *tape, heed_ragged tokens, bool last)
{
	const config *c = m->config;
	const parts *t = m->parts;
	heed_tensor *const x = heed_window_embedding(tape, t->embed,
						     (heed_window_options){.ids = tokens.ids,
									   .spans = tokens.spans,
									   .window = c->window,
									   .before = HEED_BOS_ID,
									   .scale = sqrt(c->width),
									   .last = last});
	heed_tensor *const h = heed__hidden_run(tape, &t->hidden, heed_named(tape, x, "window"));

	return c->direct ? heed_join(tape, x, h) : h;
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;

	return heed__cross_entropy(tape, features(m, tape, batch->input, false), t->output, batch->targets,
				   batch->weight, c->smoothing, nll);
}

/* The last tokens of every row, as many as the window sees; ids NULL: out of memory. */
static heed_ragged recent(const heed_model *m, heed_tape *tape, const heed_state *state)
{
	const config *c = m->config;
	const int all = state->step + 1, n = all < c->window ? all : c->window, rows = state->rows;
	int *const ids = heed__tape_alloc(tape, (size_t)rows * (size_t)n * sizeof *ids);
	int *const start = heed__tape_alloc(tape, ((size_t)rows + 1) * sizeof *start);

	if (ids == NULL || start == NULL)
		return (heed_ragged){0};
	start[0] = 0;
	for (int r = 0; r < rows; r++) {
		memcpy(ids + (size_t)r * (size_t)n, heed__state_tokens(state, r) + all - n,
		       (size_t)n * sizeof *ids);
		start[r + 1] = start[r] + n;
	}
	return (heed_ragged){{rows, start}, ids};
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const parts *t = m->parts;
	const heed_ragged window = recent(m, tape, state);

	(void)tokens; /* they are the newest of the state's */
	if (window.ids == NULL)
		return NULL;
	return heed_linear(tape, features(m, tape, window, true), t->output.w, t->output.b, HEED_ACT_NONE, 0);
}

const heed_model_class heed__model_ffn = {
	.name = "ffn",
	.about = "feed-forward language model with a fixed window (Bengio et al. 2003); presets bengio, "
		 "sentence",
	.task = HEED_TASK_GENERATE,
	.config_size = sizeof(config),
	.fields = fields,
	.presets = presets,
	.init = init,
	.loss = loss,
	.step = step,
};
