/* What the Transformers have in common: settings, stacks of layers, embeddings. The configuration of each of
 * these families begins with a heed__transformer. */
#ifndef HEED_TRANSFORMER_BLOCKS_H
#define HEED_TRANSFORMER_BLOCKS_H

#include "nn/blocks.h"

typedef struct heed__transformer {
	int width, feed_forward, heads, longest;
	int activation, norm, position, projections, start, depth_scale;
	double dropout, attention_dropout, activation_dropout, smoothing, deviation;
} heed__transformer;

enum { HEED__NORM_POST, HEED__NORM_PRE };

/* Rows of the tables of fields, with what begins otherwise from family to family. */
/* clang-format off */
#define HEED__TRANSFORMER_SHAPE(ACTIVATION, NORM, POSITION, LENGTH) \
	{"width", HEED_INT(heed__transformer, width), .initial = "128", .min = 1, .max = 65536, \
	 .help = "numbers that stand for a token"}, \
	{"heads", HEED_INT(heed__transformer, heads), .initial = "4", .min = 1, .max = 1024, \
	 .help = "attention heads; they divide the width"}, \
	{"feed-forward", HEED_INT(heed__transformer, feed_forward), .initial = "256", .min = 1, \
	 .max = 262144, .help = "inner width of the feed-forward part"}, \
	{"activation", HEED_CHOICE(heed__transformer, activation), .initial = ACTIVATION, \
	 .choices = "relu gelu swish", .help = "of the feed-forward part"}, \
	{"norm", HEED_CHOICE(heed__transformer, norm), .initial = NORM, .choices = "post pre", \
	 .help = "layer norm after each sub-layer, or before it"}, \
	{"position", HEED_CHOICE(heed__transformer, position), .initial = POSITION, \
	 .choices = HEED__POSITION_CHOICES, .help = "what marks the order of tokens"}, \
	{"max-length", HEED_INT(heed__transformer, longest), .initial = LENGTH, .min = 2, .max = 1048576, \
	 .help = "most tokens in a sequence"}

#define HEED__TRANSFORMER_REST(DROPOUT, SMOOTHING, START) \
	{"projections", HEED_CHOICE(heed__transformer, projections), .initial = "full", \
	 .choices = "none full", .help = "queries, keys and values by matrices, or the tokens themselves"}, \
	{"dropout", HEED_FLOAT(heed__transformer, dropout), .initial = DROPOUT, .max = 0.95, \
	 .help = "of embeddings and of what each sub-layer adds", .group = "Regularisation"}, \
	{"attention-dropout", HEED_FLOAT(heed__transformer, attention_dropout), .max = 0.95, \
	 .help = "of attention weights"}, \
	{"activation-dropout", HEED_FLOAT(heed__transformer, activation_dropout), .max = 0.95, \
	 .help = "inside the feed-forward part"}, \
	{"label-smoothing", HEED_FLOAT(heed__transformer, smoothing), .initial = SMOOTHING, .max = 0.95, \
	 .help = "share of the target spread over all answers"}, \
	{"init", HEED_CHOICE(heed__transformer, start), .initial = START, .choices = HEED__START_CHOICES, \
	 .help = "how weights begin", .group = "Initial values"}, \
	{"init-deviation", HEED_FLOAT(heed__transformer, deviation), .initial = "0.02", .min = 1e-6, \
	 .max = 10, .help = "standard deviation of --init normal"}, \
	{"depth-scale", HEED_CHOICE(heed__transformer, depth_scale), .initial = "none", \
	 .choices = "none layer stack", \
	 .help = "weights of layer l by 1/sqrt(l), or last matrices by 1/sqrt(2 layers)"}
/* clang-format on */

/* Whether the settings agree with each other. */
heed_code heed__transformer_check(const heed_model *m);

/* Layers of self-attention, cross-attention where there is any, and feed-forward. */
typedef struct heed__transformer_layer {
	const char *name; /* "enc0": of what the layer gives */
	heed__attention self, cross;
	heed__feed_forward feed;
} heed__transformer_layer;

typedef struct heed__stack {
	heed__transformer_layer *layers; /* [count] */
	int count;
	bool cross;
	const char *name, *result; /* "enc", and what the output of the whole is found by */
	heed__sublayer end;        /* the last norm; pre-norm only */
} heed__stack;

/* Declares the layers as NAME0.self and so on; the name is borrowed. */
heed__stack heed__stack_new(const heed_model *m, int layers, bool cross, const char *name,
			    const char *result);
/* Declares the last norm, when the settings have one. */
void heed__stack_finish(const heed_model *m, heed__stack *s);

/* What a pass through a stack looks at. With a state x is one new token a row, and the keys of the memory are
 * state->kept[layer]. */
typedef struct heed__pass {
	heed_spans spans; /* of x */
	bool causal;
	heed_tensor *memory; /* [S, D], for cross-attention */
	heed_spans sources;
	heed_state *state;
} heed__pass;
heed_tensor *heed__stack_run(heed_tape *tape, const heed__stack *s, heed_tensor *x, const heed__pass *pass);

/* What vectors of tokens are multiplied by: sqrt(width), so that fixed positions do not drown them; 1 in a language
 * model with learned positions or none. There they begin short, with the deviation of --init normal, or else every
 * token would first predict itself where one matrix is embeddings and output (Radford et al. 2019). */
double heed__vector_scale(const heed_model *m);

/* Tokens as vectors: [T, D] = dropout(scale table[ids] + places). */
typedef struct heed__token_vectors {
	heed_tensor *table, *places; /* [V, D]; [longest, D] or NULL */
	double scale, dropout;
} heed__token_vectors;
/* A table of vectors [vocab, D], and of places [longest, D] or NULL, drawn as the scale asks for. */
heed_tensor *heed__vectors_new(const heed_model *m, int vocab, const char *name);
heed_tensor *heed__places_new(const heed_model *m, const char *name);
/* With a state: one token a row, at the place of its step. */
heed_tensor *heed__token_vectors_read(heed_tape *tape, const heed__token_vectors *v, heed_ragged tokens,
				      const heed_state *state);

#endif
