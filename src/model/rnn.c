/* The simple recurrent network as a language model (Elman 1990; Mikolov et al. 2010). */
#include "model/recurrent_lm.h"

enum { CELL_TANH, CELL_RELU };

static const heed_field fields[] = {
	{"cell", HEED_CHOICE(heed__recurrent_lm, cell), .initial = "tanh", .choices = "tanh relu",
	 .help = "activation of the states", .group = "Shape"},
	HEED__RECURRENT_LM_SHAPE,
	HEED__RECURRENT_LM_REST("0.1"),
	{0},
};

static const heed_preset presets[] = {
	{"char", "characters",
	 HEED__SETTINGS("layers", "2", "width", "64", "hidden", "256", "window", "64", "dropout", "0",
			"embedding-dropout", "0", "output-dropout", "0"),
	 HEED__SETTINGS("tokenizer", "char", "batch-tokens", "2048", "lr", "0.002")},
	{0},
};

static const char *const training[] = {"tokenizer", "word", "batch-tokens", "700", "lr",    "0.001",
				       "clip",      "1",    "warmup",       "100", "beta2", "0.999",
				       NULL};

static heed_code init(heed_model *m)
{
	const heed__recurrent_lm *c = m->config;

	return heed__recurrent_lm_init(m, c->cell == CELL_TANH ? HEED__CELL_TANH : HEED__CELL_RELU, 0, 0);
}

const heed_model_class heed__model_rnn = {
	.name = "rnn",
	.about = "simple recurrent network (Elman 1990), a language model; preset char",
	.task = HEED_TASK_GENERATE,
	.config_size = sizeof(heed__recurrent_lm),
	.fields = fields,
	.presets = presets,
	.training = training,
	.init = init,
	.loss = heed__recurrent_lm_loss,
	.form = heed__recurrent_lm_form,
	.carry = heed__recurrent_lm_carry,
	.contextual = heed__recurrent_lm_contextual,
	.step = heed__recurrent_lm_step,
};
