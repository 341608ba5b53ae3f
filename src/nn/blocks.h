/* The blocks that models are built of: parameters by name, and the forward pass over them. */
#ifndef HEED_BLOCKS_H
#define HEED_BLOCKS_H

#include "heed/model.h"
#include "heed/ops.h"

#define HEED__NORM_EPS    1e-5
#define HEED__MOST_LAYERS 64

/* A list of settings as presets hold them: name, value, ..., NULL. */
#define HEED__SETTINGS(...)                                                                                  \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

/* How weights of products begin: by `kind`, times `scale`. */
typedef struct heed__start {
	enum heed__start_kind { HEED__START_XAVIER, HEED__START_NORMAL, HEED__START_KAIMING } kind;
	double deviation; /* of the normal one */
	double scale;
} heed__start;
#define HEED__START_CHOICES "xavier normal kaiming"

/* y = x W^T + b with W [out, in] drawn as if it were `parts` matrices of out/parts rows. */
typedef struct heed__linear {
	heed_tensor *w, *b;
} heed__linear;
heed__linear heed__linear_new(heed_params *p, heed__start start, int out, int in, int parts,
			      const char *name);

/* A table of vectors [rows, width] whose values have the variance 1/width. */
heed_tensor *heed__table_new(heed_params *p, int rows, int width, const char *name);

/* The table of a classifier, "embed" [source vocabulary, width]. Its vectors begin a tenth as long as those above, so
 * that a word which was seen once or twice adds little noise to its text. */
heed_tensor *heed__reading_table_new(const heed_model *m, int width);

/* The output of a language model, "output": a row for each word, which are the rows of `tied` [target vocabulary, in],
 * or its own when that is NULL. Those have the variance 1/in, however many words there are: with the smaller ones of
 * Glorot and Bengio 2010 little of the gradient reaches the layers below, and stacked LSTMs learn nothing but how
 * frequent words are for hundreds of steps. */
heed__linear heed__words_new(const heed_model *m, heed_tensor *tied, int in);

/* The output of a classifier, "output": a row for each label. */
heed__linear heed__labels_new(const heed_model *m, int in);

/* Layers of a plain feed-forward network, "hidden0" and so on: x -> dropout(act(x W^T + b)), again and again. */
typedef struct heed__hidden {
	heed__linear *layers; /* [count] */
	const char **names;   /* [count] of what they give, on tapes that keep weights */
	int count;
	heed_activation act;
	double dropout;
} heed__hidden;
/* From `in` numbers to `width`, and in the last layer to `out`. */
heed__hidden heed__hidden_new(heed_params *p, int count, int in, int width, int out, heed_activation act,
			      double dropout);
heed_tensor *heed__hidden_run(heed_tape *tape, const heed__hidden *h, heed_tensor *x);

/* The mean cross-entropy of softmax(x W^T + b) against the targets of a batch, a row of x each; smoothing counts on
 * training tapes only. */
heed_tensor *heed__cross_entropy(heed_tape *tape, heed_tensor *x, heed__linear output, const int *targets,
				 int64_t weight, double smoothing, float *nll);

/* A residual connection around a sub-layer with its layer norm, before it or after. */
typedef struct heed__sublayer {
	heed_tensor *gain, *bias;
	bool pre;
	double dropout;
} heed__sublayer;
heed__sublayer heed__sublayer_new(heed_params *p, int width, bool pre, double dropout, const char *name);
/* What the sub-layer reads: x, or norm(x) when the norm comes before. */
heed_tensor *heed__enter(heed_tape *tape, const heed__sublayer *s, heed_tensor *x);
/* norm(x + dropout(y)), or x + dropout(y). */
heed_tensor *heed__leave(heed_tape *tape, const heed__sublayer *s, heed_tensor *x, heed_tensor *y);

/* Multi-head attention with its projections and residual. Without projections q = k = v = x. */
typedef struct heed__attention {
	heed__sublayer around;
	heed__linear qkv;   /* self: [3D, D] rows q, k, v */
	heed__linear q, kv; /* cross: [D, D] and [2D, D] */
	heed__linear out;
	bool projections;
	int width, heads;
	double dropout;
	const char *name;                        /* what its weights are found by */
	const char *qkv_name, *q_name, *kv_name; /* and these, on tapes that keep weights: "enc0.self.qkv" */
} heed__attention;

typedef struct heed__attention_shape {
	int width, heads;
	bool projections, pre;
	double dropout, residual_dropout;
} heed__attention_shape;
/* name: "enc0.self" and the like */
heed__attention heed__self_attention_new(heed_params *p, heed__start start, heed__start out,
					 const heed__attention_shape *shape, const char *name);
heed__attention heed__cross_attention_new(heed_params *p, heed__start start, heed__start out,
					  const heed__attention_shape *shape, const char *name);

/* x [T, D] to [T, D], each sequence of spans to itself. With a state: x is one new token a row, attending to
 * all that its hypothesis has said; `layer` numbers the cache. */
heed_tensor *heed__self_attend(heed_tape *tape, const heed__attention *a, heed_tensor *x, heed_spans spans,
			       bool causal, heed_state *state, int layer);
/* Keys and values of the source, [S, 2D]. */
heed_tensor *heed__cross_keys(heed_tape *tape, const heed__attention *a, heed_tensor *source);
/* x [T, D] to [T, D], each sequence to the same one of the source; with a state, each row to its own. */
heed_tensor *heed__cross_attend(heed_tape *tape, const heed__attention *a, heed_tensor *x, heed_spans spans,
				heed_tensor *keys, heed_spans sources, heed_state *state);

/* Position-wise feed-forward: act(x W1^T + b1) W2^T + b2 (Vaswani et al. 2017, equation 2) with its residual. */
typedef struct heed__feed_forward {
	heed__sublayer around;
	heed__linear up, down;
	heed_activation act;
	double dropout; /* of the activation */
} heed__feed_forward;
heed__feed_forward heed__feed_forward_new(heed_params *p, heed__start start, heed__start out, int width,
					  int inner, heed_activation act, bool pre, double residual_dropout,
					  double dropout, const char *name);
heed_tensor *heed__feed(heed_tape *tape, const heed__feed_forward *f, heed_tensor *x);

/* What marks the order of tokens. */
enum heed__position {
	HEED__POSITION_NONE,
	HEED__POSITION_INDEX,  /* p_t = [t 0 0 ...] */
	HEED__POSITION_ONEHOT, /* p_t = e_t; needs longest <= width */
	HEED__POSITION_SIN,    /* p_ti = sin(t / c_i), c_i = 10000^(i/width) */
	HEED__POSITION_SINCOS, /* p_t(2i) = sin(t / 10000^(2i/width)), p_t(2i+1) = cos of the same */
	HEED__POSITION_LEARNED,
};
#define HEED__POSITION_CHOICES "none index onehot sin sincos learned"
/* A constant table [longest, width] that lives with p; NULL for none. Learned positions are parameters instead. */
heed_tensor *heed__positions_new(heed_params *p, enum heed__position kind, int longest, int width, bool plan);

#endif
