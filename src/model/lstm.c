/* Long short-term memory as a language model (Hochreiter and Schmidhuber 1997; Zaremba et al. 2014), with the gated
 * recurrent unit (Cho et al. 2014) as its other cell. */
#include "model/recurrent_lm.h"

#include "base/context_impl.h"

enum { CELL_LSTM, CELL_GRU };

static const heed_field fields[] = {
	{"cell", HEED_CHOICE(heed__recurrent_lm, cell), .initial = "lstm", .choices = "lstm gru",
	 .help = "long short-term memory, or gated recurrent units", .group = "Shape"},
	HEED__RECURRENT_LM_SHAPE,
	{"projection", HEED_INT(heed__recurrent_lm, projection), .max = 65536,
	 .help = "width that the states of an lstm are projected to; 0: not at all"},
	{"forget-bias", HEED_FLOAT(heed__recurrent_lm, forget_bias), .initial = "1", .min = -10, .max = 10,
	 .help = "what the bias of forget gates begins with"},
	HEED__RECURRENT_LM_REST("0.2"),
	{0},
};

static const heed_preset presets[] = {
	{"small", "200 units and tied embeddings, for a few million words",
	 HEED__SETTINGS("layers", "2", "width", "200", "tie", "all", "embedding-scale", "4", "window", "35",
			"dropout", "0.1", "embedding-dropout", "0.1", "output-dropout", "0.1"),
	 HEED__SETTINGS("tokenizer", "word", "batch-tokens", "350", "optimizer", "sgd", "momentum", "0", "lr",
			"20", "clip", "0.25", "schedule", "cosine", "epochs", "6")},
	{"medium", "Zaremba et al. 2014",
	 HEED__SETTINGS("layers", "2", "width", "650", "window", "35", "dropout", "0.5", "embedding-dropout",
			"0.5", "output-dropout", "0.5"),
	 HEED__SETTINGS("tokenizer", "word", "batch-tokens", "700", "clip", "5")},
	{"char", "characters",
	 HEED__SETTINGS("layers", "2", "width", "64", "hidden", "256", "window", "64", "dropout", "0",
			"embedding-dropout", "0", "output-dropout", "0"),
	 HEED__SETTINGS("tokenizer", "char", "batch-tokens", "2048", "lr", "0.004")},
	{0},
};

static const char *const training[] = {"tokenizer", "word", "batch-tokens", "700", "lr",    "0.002",
				       "clip",      "1",    "warmup",       "100", "beta2", "0.999",
				       NULL};

static heed_code init(heed_model *m)
{
	const heed__recurrent_lm *c = m->config;
	const bool gru = c->cell == CELL_GRU;

	if (gru && c->projection > 0)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "projection: only cell lstm has one");
	return heed__recurrent_lm_init(m, gru ? HEED__CELL_GRU : HEED__CELL_LSTM, c->projection,
				       c->forget_bias);
}

const heed_model_class heed__model_lstm = {
	.name = "lstm",
	.about = "long short-term memory (Hochreiter and Schmidhuber 1997), a language model; presets small, "
		 "medium, char",
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
