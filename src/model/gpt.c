/* The decoder-only Transformer as a language model (Radford et al. 2018): every token looks at those before it, and
 * all of a text are predicted at once.
 *
 *	input [T] -> embedding + position -> layers of masked self-attention -> [T, D] -> logits [T, V]
 *
 * Texts come one by one, or as windows of one stream of text. */
#include "nn/transformer_blocks.h"

#include "base/context_impl.h"

typedef struct config {
	heed__transformer t;
	int layers, tie, unit, window;
} config;

enum { TIE_NONE, TIE_ALL };
enum { UNIT_BLOCKS, UNIT_LINES };

static const heed_field fields[] = {
	{"layers", HEED_INT(config, layers), .initial = "4", .min = 1, .max = HEED__MOST_LAYERS,
	 .help = "layers of attention and feed-forward", .group = "Shape"},
	HEED__TRANSFORMER_SHAPE("gelu", "pre", "learned", "256"),
	{"tie", HEED_CHOICE(config, tie), .initial = "all", .choices = "none all",
	 .help = "whether embeddings and output are one matrix"},
	{"unit", HEED_CHOICE(config, unit), .initial = "blocks", .choices = "blocks lines",
	 .help = "what a sequence is: a window of all text in a row, or a line"},
	{"window", HEED_INT(config, window), .max = 1048576, .help = "tokens of a block; 0: as --max-length"},
	HEED__TRANSFORMER_REST("0.1", "0", "normal"),
	{0},
};

/* Karpathy's nanoGPT has the first two settings, for a small processor and for a graphics card. */
#define NANO_GPT                                                                                             \
	"unit", "blocks", "norm", "pre", "activation", "gelu", "init", "normal", "depth-scale", "stack"
#define NANO_GPT_TRAINING                                                                                    \
	"tokenizer", "char", "optimizer", "adamw", "weight-decay", "0.1", "beta2", "0.99", "clip", "1",      \
		"lr-end", "0.0001", "schedule", "cosine", "warmup", "100"

static const heed_preset presets[] = {
	{"char", "characters on a small processor, in minutes",
	 HEED__SETTINGS(NANO_GPT, "layers", "4", "heads", "4", "width", "128", "feed-forward", "512",
			"max-length", "64", "dropout", "0"),
	 HEED__SETTINGS(NANO_GPT_TRAINING, "lr", "0.006", "batch-tokens", "768", "steps", "2000")},
	{"shakespeare", "characters, for hours",
	 HEED__SETTINGS(NANO_GPT, "layers", "6", "heads", "6", "width", "384", "feed-forward", "1536",
			"max-length", "256", "dropout", "0.2", "attention-dropout", "0.2"),
	 HEED__SETTINGS(NANO_GPT_TRAINING, "lr", "0.001", "batch-tokens", "16384", "steps", "5000")},
	{"gpt2", "Radford et al. 2019, the smallest",
	 HEED__SETTINGS(NANO_GPT, "layers", "12", "heads", "12", "width", "768", "feed-forward", "3072",
			"max-length", "1024", "dropout", "0.1", "attention-dropout", "0.1"),
	 HEED__SETTINGS("tokenizer", "bpe", "vocab", "50257", "optimizer", "adamw", "weight-decay", "0.1",
			"clip", "1", "lr", "0.0006", "schedule", "cosine", "warmup", "2000")},
	{0},
};

typedef struct parts {
	heed__token_vectors input;
	heed__linear output;
	heed__stack stack;
} parts;

/* Places beyond the window would never be trained. */
static heed_code check(const heed_model *m)
{
	const config *c = m->config;

	if (c->window > c->t.longest)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "window: %d tokens but max-length is %d",
				   c->window, c->t.longest);
	return heed__transformer_check(m);
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
	t->input = (heed__token_vectors){.scale = heed__vector_scale(m), .dropout = c->t.dropout};
	t->input.table = heed__vectors_new(m, m->target_vocab, "embed");
	t->output.w =
		c->tie == TIE_ALL ? t->input.table : heed__vectors_new(m, m->target_vocab, "output.weight");
	t->input.places = heed__places_new(m, "positions");
	t->stack = heed__stack_new(m, c->layers, false, "dec", "states");
	heed__stack_finish(m, &t->stack);
	return HEED_OK;
}

static heed_form form(const void *settings, int *window)
{
	const config *c = settings;

	*window = c->window > 0 ? c->window : c->t.longest;
	return c->unit == UNIT_LINES ? HEED_FORM_LINES : HEED_FORM_BLOCKS;
}

static heed_tensor *read_tokens(const heed_model *m, heed_tape *tape, heed_ragged tokens, heed_state *state)
{
	const parts *t = m->parts;
	heed_tensor *const x = heed__token_vectors_read(tape, &t->input, tokens, state);

	return heed__stack_run(tape, &t->stack, heed_named(tape, x, "input"),
			       &(heed__pass){.spans = tokens.spans, .causal = true, .state = state});
}

static heed_tensor *contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	return read_tokens(m, tape, batch->input, NULL);
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const config *c = m->config;
	const parts *t = m->parts;

	return heed__cross_entropy(tape, contextual(m, tape, batch), t->output, batch->targets, batch->weight,
				   c->t.smoothing, nll);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const parts *t = m->parts;
	heed_tensor *const x = read_tokens(m, tape, (heed_ragged){.ids = tokens}, state);

	return heed_linear(tape, x, t->output.w, t->output.b, HEED_ACT_NONE, 0);
}

const heed_model_class heed__model_gpt = {
	.name = "gpt",
	.about = "decoder-only Transformer (Radford et al. 2018), a language model; presets char, "
		 "shakespeare, gpt2",
	.task = HEED_TASK_GENERATE,
	.config_size = sizeof(config),
	.fields = fields,
	.presets = presets,
	.init = init,
	.form = form,
	.loss = loss,
	.contextual = contextual,
	.step = step,
};
