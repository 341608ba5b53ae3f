/* The recurrent language model, whatever its cell: what the families rnn and lstm share.
 *
 *	input [T] -> embedding -> dropout -> recurrent layers -> dropout -> [T, D] -> logits [T, V]
 *
 * Texts come one by one, or as windows of one stream of text. In a stream each sequence goes on from the state that it
 * ended with in the batch before; gradients end at the window (Mikolov et al. 2010). */
#ifndef HEED_RECURRENT_LM_H
#define HEED_RECURRENT_LM_H

#include "nn/blocks.h"
#include "nn/recurrent.h"

/* The configuration of these families; rnn has no projection and no forget_bias. */
typedef struct heed__recurrent_lm {
	int cell; /* among those of the family */
	int layers, width, hidden, projection, tie, unit, window;
	double embedding_scale, forget_bias, dropout, embedding_dropout, output_dropout, smoothing;
} heed__recurrent_lm;

/* clang-format off */
#define HEED__RECURRENT_LM_SHAPE \
	{"layers", HEED_INT(heed__recurrent_lm, layers), .initial = "2", .min = 1, .max = HEED__RECURRENT_LAYERS, \
	 .help = "recurrent layers"}, \
	{"width", HEED_INT(heed__recurrent_lm, width), .initial = "200", .min = 1, .max = 65536, \
	 .help = "numbers that stand for a token"}, \
	{"hidden", HEED_INT(heed__recurrent_lm, hidden), .max = 65536, \
	 .help = "units of a recurrent layer; 0: as --width"}
#define HEED__RECURRENT_LM_REST(p) \
	{"tie", HEED_CHOICE(heed__recurrent_lm, tie), .initial = "none", .choices = "none all", \
	 .help = "whether embeddings and output are one matrix; the last layer then has the width"}, \
	{"embedding-scale", HEED_FLOAT(heed__recurrent_lm, embedding_scale), .max = 1000, \
	 .help = "what the layers' input multiplies embeddings by; 0: the root of the width. The output makes " \
		 "embeddings that it shares longer; a factor of about 4 keeps gates from being stuck then"}, \
	{"unit", HEED_CHOICE(heed__recurrent_lm, unit), .initial = "stream", .choices = "stream lines", \
	 .help = "what a sequence is: all text in a row with its state carried on, or a line"}, \
	{"window", HEED_INT(heed__recurrent_lm, window), .initial = "35", .min = 1, .max = 65536, \
	 .help = "tokens of a stream that gradients go back through"}, \
	{"dropout", HEED_FLOAT(heed__recurrent_lm, dropout), .initial = p, .max = 0.95, \
	 .help = "between layers", .group = "Regularisation"}, \
	{"embedding-dropout", HEED_FLOAT(heed__recurrent_lm, embedding_dropout), .initial = p, .max = 0.95, \
	 .help = "of embeddings"}, \
	{"output-dropout", HEED_FLOAT(heed__recurrent_lm, output_dropout), .initial = p, .max = 0.95, \
	 .help = "of what the last layer gives"}, \
	{"label-smoothing", HEED_FLOAT(heed__recurrent_lm, smoothing), .max = 0.95, \
	 .help = "share of the target spread over all answers"}
/* clang-format on */

/* The slots of the families; init() says which cell their configuration means, what it is projected to and what its
 * forget gates begin with. */
heed_code heed__recurrent_lm_init(heed_model *m, enum heed__cell_kind cell, int projected,
				  double forget_bias);
heed_form heed__recurrent_lm_form(const void *settings, int *window);
int heed__recurrent_lm_carry(const heed_model *m);
heed_tensor *heed__recurrent_lm_loss(const heed_model *m, heed_tape *tape, const heed_batch *batch,
				     float *nll);
heed_tensor *heed__recurrent_lm_contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch);
heed_tensor *heed__recurrent_lm_step(const heed_model *m, heed_tape *tape, heed_state *state,
				     const int *tokens);

#endif
