/* Recurrent encoder-decoders: what the families seq2seq and seq2seq-attention share.
 *
 *	source [S] -> embedding -> layers, in one direction or both -> memory [S, M], states at the end
 *	states at the end -> bridge -> states that the decoder begins with
 *	input [T] -> embedding -> layers, which may see a context of the source -> states [T, H]
 *	states, or states, context and embedding -> readout -> [T, R] -> logits [T, V]
 *
 * The bridge gives each layer of the decoder the states of the same layer of the encoder: as they are when they fit,
 * else h = tanh(W h' + b), where h' are those of both directions side by side, and of an LSTM also c = W c'. The
 * readout is tanh(W x + b), as wide as the embeddings, or x itself. */
#ifndef HEED_SEQ2SEQ_PARTS_H
#define HEED_SEQ2SEQ_PARTS_H

#include "nn/blocks.h"
#include "nn/recurrent.h"

/* The configuration of these families; each has some of the fields only. */
typedef struct heed__seq2seq {
	int cell, layers, width, hidden, encoder, encoder_hidden, readout, tie;
	int context;                /* seq2seq */
	int score, attention_width; /* seq2seq-attention */
	double forget_bias, dropout, embedding_dropout, output_dropout, smoothing;
} heed__seq2seq;

enum heed__seq2seq_context { HEED__SEQ2SEQ_ONCE, HEED__SEQ2SEQ_EVERY_STEP };

/* clang-format off */
#define HEED__SEQ2SEQ_SHAPE(cells) \
	{"cell", HEED_CHOICE(heed__seq2seq, cell), .initial = cells, .choices = "lstm gru rnn", \
	 .help = "long short-term memory, gated recurrent units, or tanh units", .group = "Shape"}, \
	{"layers", HEED_INT(heed__seq2seq, layers), .initial = "1", .min = 1, .max = HEED__RECURRENT_LAYERS, \
	 .help = "layers that read the source, and as many that say the target"}, \
	{"width", HEED_INT(heed__seq2seq, width), .initial = "256", .min = 1, .max = 65536, \
	 .help = "numbers that stand for a token"}, \
	{"hidden", HEED_INT(heed__seq2seq, hidden), .initial = "256", .min = 1, .max = 32768, \
	 .help = "units of a layer of the decoder"}, \
	{"encoder", HEED_CHOICE(heed__seq2seq, encoder), .initial = "both", .choices = "forward backward both", \
	 .help = "directions in which the source is read"}, \
	{"encoder-hidden", HEED_INT(heed__seq2seq, encoder_hidden), .max = 32768, \
	 .help = "units of a layer of the encoder in each direction; 0: as --hidden"}
#define HEED__SEQ2SEQ_REST \
	{"readout", HEED_CHOICE(heed__seq2seq, readout), .initial = "tanh", .choices = "tanh direct", \
	 .help = "whether a layer as wide as the embeddings is between states and output"}, \
	{"tie", HEED_CHOICE(heed__seq2seq, tie), .initial = "target-output", \
	 .choices = "none source-target target-output all", .help = "embeddings that are one matrix"}, \
	{"forget-bias", HEED_FLOAT(heed__seq2seq, forget_bias), .initial = "1", .min = -10, .max = 10, \
	 .help = "what the bias of an lstm's forget gates begins with"}, \
	{"dropout", HEED_FLOAT(heed__seq2seq, dropout), .initial = "0.2", .max = 0.95, \
	 .help = "between layers", .group = "Regularisation"}, \
	{"embedding-dropout", HEED_FLOAT(heed__seq2seq, embedding_dropout), .initial = "0.2", .max = 0.95, \
	 .help = "of embeddings"}, \
	{"output-dropout", HEED_FLOAT(heed__seq2seq, output_dropout), .initial = "0.2", .max = 0.95, \
	 .help = "of what the output reads"}, \
	{"label-smoothing", HEED_FLOAT(heed__seq2seq, smoothing), .max = 0.95, \
	 .help = "share of the target spread over all answers"}
/* clang-format on */

typedef struct heed__seq2seq_bridge {
	heed__linear h;
	heed_tensor *c; /* of an LSTM */
} heed__seq2seq_bridge;

typedef struct heed__seq2seq_parts {
	heed_tensor *source, *target; /* embeddings */
	heed__recurrent encoder, decoder;
	heed__seq2seq_bridge *bridges; /* [layers], NULL when states fit */
	const char **starts;           /* [layers] "dec0.start", ...: names of the states it begins with */
	heed_tensor *context;          /* [G H, C] what the context adds to the first layer's sums, or NULL */
	heed__linear readout;          /* [width, H] or [width, H + C + width]; NULL: none */
	heed__linear output;
} heed__seq2seq_parts;

/* The matrix between the states of the encoder's last layer and the decoder is `memory` wide: heed__seq2seq_memory.
 * context: C, the width of a context that the decoder's first layer and the readout see, 0: none. */
int heed__seq2seq_memory(const heed__seq2seq *c);
heed_code heed__seq2seq_init(heed_model *m, heed__seq2seq_parts *t, int context);

/* memory [S, M]; *start are the states that the decoder begins with. */
heed_tensor *heed__seq2seq_encode(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				  heed_ragged source, heed__recurrent_states *start);
/* Embeddings of what the decoder reads; without spans there are `rows` of them. */
heed_tensor *heed__seq2seq_embed(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				 heed_ragged input, int rows);
/* sums + W context: what the first layer begins with. */
heed_tensor *heed__seq2seq_feed(heed_tape *tape, const heed__seq2seq_parts *t, heed_tensor *sums,
				heed_tensor *context);
/* What the output reads, of states [T, H] and, with a context, also that [T, C] and the embeddings. */
heed_tensor *heed__seq2seq_read(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				heed_tensor *states, heed_tensor *context, heed_tensor *embedded);
heed_tensor *heed__seq2seq_loss(const heed_model *m, const heed__seq2seq_parts *t, heed_tape *tape,
				heed_tensor *read, const heed_batch *batch, float *nll);
heed_tensor *heed__seq2seq_scores(const heed__seq2seq_parts *t, heed_tape *tape, heed_tensor *read);

#endif
