/* The ops: what a model is made of. Each is one file in src/op with its formula, its gradient and its cases.
 *
 * All take NULL and return NULL (see tensor.h). Names of axes: T tokens (rows of a ragged batch), D width, V
 * vocabulary, H heads. Weights of products are [out, in]: y = x W^T + b. */
#ifndef HEED_OPS_H
#define HEED_OPS_H

#include "heed/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_activation {
	HEED_ACT_NONE,
	HEED_ACT_RELU,
	HEED_ACT_GELU,
	HEED_ACT_SWISH,
	HEED_ACT_TANH,
	HEED_ACT_SIGMOID,
} heed_activation;

/* [T, D]: row i is dropout(scale table[ids[i]] + positions[p_i]), where p_i is i's place in its sequence, or
 * `position` for every row when spans.count is 0. positions [longest, D] may be NULL. ids are borrowed until
 * the tape is reset. Vaswani et al. 2017, sections 3.4 and 3.5. */
typedef struct heed_embedding_options {
	const int *ids;
	int count;
	heed_spans spans;
	int position;
	double scale, dropout;
} heed_embedding_options;
heed_tensor *heed_embedding(heed_tape *tape, heed_tensor *table, heed_tensor *positions,
			    heed_embedding_options options);

/* [T, window D]: row i is scale times the vectors of token i and the window - 1 before it in its sequence, the oldest
 * first; places before the beginning hold the token `before` (Bengio et al. 2003, section 2). last: only the last
 * token of each sequence gives a row, [sequences, window D]. ids and spans are borrowed until the reset. */
typedef struct heed_window_options {
	const int *ids;
	heed_spans spans;
	int window, before;
	double scale;
	bool last;
} heed_window_options;
heed_tensor *heed_window_embedding(heed_tape *tape, heed_tensor *table, heed_window_options options);

/* [sequences, D]: scale times the mean vector of each sequence's tokens, of which in training each is left out with
 * the probability `dropout`, but never all of a sequence (Iyyer et al. 2015, section 3.1). An empty sequence gives 0.
 * ids and spans are borrowed until the reset. */
typedef struct heed_embedding_mean_options {
	const int *ids;
	heed_spans spans;
	double scale, dropout;
} heed_embedding_mean_options;
heed_tensor *heed_embedding_mean(heed_tape *tape, heed_tensor *table, heed_embedding_mean_options options);

/* [T, out]: dropout(act(x W^T + b)); x [T, in], w [out, in], b [out] or NULL. */
heed_tensor *heed_linear(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *b, heed_activation act,
			 double dropout);

/* [Tq, width]: multi-head scaled dot-product attention of each sequence of `queries` to the sequence of the
 * same number in `keys` (Vaswani et al. 2017, equation 1). The three projections are columns of q and kv:
 * queries [q_at, q_at + width) of q, keys and values from k_at and v_at of kv; q and kv may be one tensor.
 * Head h has columns [h width/heads, (h+1) width/heads). causal: query i sees keys up to its own place. Spans
 * are borrowed until the reset. The name is what heed_tape_weights finds it by; may be NULL. */
typedef struct heed_attention_options {
	const char *name;
	heed_spans queries, keys;
	int width, heads;
	int q_at, k_at, v_at;
	bool causal;
	double scale; /* 0: 1/sqrt(width/heads) */
	double dropout;
	size_t *first; /* for the op's own use */
} heed_attention_options;
heed_tensor *heed_attention(heed_tape *tape, heed_tensor *q, heed_tensor *kv, heed_attention_options options);

/* [R, width]: attention of single queries while decoding; no gradient. Row r of q attends to count[r] rows of kv:
 * to kv rows gather[r gather_row + j], or when gather is NULL to first[r] + j. The arrays are borrowed until the
 * reset. */
typedef struct heed_attention_step_options {
	const char *name;
	const int *first, *count, *gather;
	int gather_row;
	int width, heads;
	int q_at, k_at, v_at;
	double scale; /* 0: 1/sqrt(width/heads) */
} heed_attention_step_options;
heed_tensor *heed_attention_step(heed_tape *tape, heed_tensor *q, heed_tensor *kv,
				 heed_attention_step_options options);

/* Recurrences over whole sequences: a step is one product for all sequences that still run. What the tokens
 * contribute is reckoned for all steps at once before: x = tokens W_x^T + b is a heed_linear [T, G H] with G = 1, 3
 * or 4 gates a unit. w [G H, H] are the weights from the last state. h [sequences, H] is the state that each sequence
 * begins with, NULL: zeros. reverse runs each sequence from its last token to its first. No sequence may be empty;
 * spans.count 0: every row is a sequence of its own, one step each (decoding). Spans are borrowed until the reset. */
typedef struct heed_recurrence_options {
	heed_spans spans;
	bool reverse;
} heed_recurrence_options;
/* [T, H]: h_t = act(x_t + W h_(t-1)); act tanh or relu (Elman 1990). */
heed_tensor *heed_rnn(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *h, heed_activation act,
		      heed_recurrence_options options);
/* [T, H]: h_t = o tanh(c_t), c_t = f c_(t-1) + i g; the columns of x and the rows of w are i, f, g, o (Hochreiter and
 * Schmidhuber 1997; Gers et al. 2000). c [sequences, H] as h, NULL: zeros. projection [P, H], when given, makes the
 * state h_t = P o tanh(c_t) narrower: then w is [4H, P], h [sequences, P] and the result [T, P] (Sak et al. 2014). */
heed_tensor *heed_lstm(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *h, heed_tensor *c,
		       heed_tensor *projection, heed_recurrence_options options);
/* [T, H]: h_t = (1-z) n + z h_(t-1), n = tanh(x_n + r (W_n h_(t-1) + bias)); the columns of x and the rows of w are
 * r, z, n; bias [H] (Cho et al. 2014, with the reset gate behind the product). */
heed_tensor *heed_gru(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *bias, heed_tensor *h,
		      heed_recurrence_options options);

/* What else a recurrence knows; y is the result of heed_rnn, heed_lstm or heed_gru itself, before anything else
 * was made of it. */
typedef enum heed_recurrence_part {
	HEED_RECURRENCE_STATE, /* [sequences, H] h after each sequence, with its gradient */
	HEED_RECURRENCE_CELL,  /* [sequences, H] c of an LSTM after each sequence, with its gradient */
	HEED_RECURRENCE_GATES, /* [T, G H] values of all gates, on a tape with HEED_TAPE_WEIGHTS; no gradient */
	HEED_RECURRENCE_CELLS, /* [T, H] all c of an LSTM; likewise */
} heed_recurrence_part;
heed_tensor *heed_recurrence_read(heed_tape *tape, heed_tensor *y, heed_recurrence_part part);

/* [queries, D]: additive attention (Bahdanau et al. 2015, appendix A.1.2): query i sees the keys of one sequence,
 * e_ij = v . tanh(q_i + k_j), y_i = sum_j softmax_j(e_ij) values_j. q [queries, A] and k [T, A] are W s and U h; v [A];
 * values [T, D]. The queries of sequence s in `queries` see sequence s of `keys`; with queries.count 0, query i sees
 * sequence i, or sequence source[i] when source is given (decoding; then there is no gradient). Spans and source are
 * borrowed until the reset. The name is what heed_tape_weights finds it by; may be NULL. */
typedef struct heed_additive_options {
	const char *name;
	heed_spans queries, keys;
	const int *source;
} heed_additive_options;
heed_tensor *heed_additive_attention(heed_tape *tape, heed_tensor *q, heed_tensor *k, heed_tensor *values,
				     heed_tensor *v, heed_additive_options options);

/* [sequences, D]: one row of each sequence. No sequence may be empty; the spans are borrowed until the reset. */
typedef enum heed_pooling { HEED_POOL_LAST, HEED_POOL_FIRST, HEED_POOL_MAX, HEED_POOL_MEAN } heed_pooling;
heed_tensor *heed_pool(heed_tape *tape, heed_tensor *x, heed_spans spans, heed_pooling pooling);
/* [T, A + B]: the columns of a, then those of b. */
heed_tensor *heed_join(heed_tape *tape, heed_tensor *a, heed_tensor *b);
/* [T_0 + T_1 + ..., D]: the rows of parts[0], then those of parts[1] and so on; count is at least 1. */
heed_tensor *heed_stack(heed_tape *tape, heed_tensor *const *parts, int count);
/* [count, D]: row rows[i] of x for every i; a row may come often or never. rows is borrowed until the reset. */
heed_tensor *heed_gather(heed_tape *tape, heed_tensor *x, const int *rows, int count);
/* [T, D]: x with each number dropped with that probability, the others scaled up (Srivastava et al. 2014). x itself
 * unless the tape trains. */
heed_tensor *heed_dropout(heed_tape *tape, heed_tensor *x, double probability);

/* [T, D]: x + dropout(r). */
heed_tensor *heed_residual(heed_tape *tape, heed_tensor *x, heed_tensor *r, double dropout);
/* [T, D]: gain (x - mean)/sqrt(var + eps) + bias over each row (Ba et al. 2016); gain and bias [D]. */
heed_tensor *heed_norm(heed_tape *tape, heed_tensor *x, heed_tensor *gain, heed_tensor *bias, double eps);
/* norm(x + dropout(r)) in one pass. */
heed_tensor *heed_residual_norm(heed_tape *tape, heed_tensor *x, heed_tensor *r, heed_tensor *gain,
				heed_tensor *bias, double eps, double dropout);

/* One number: the mean over `weight` tokens (0: T) of the cross-entropy of softmax(x W^T + b) against targets
 * [T], smoothed: loss_i = lse_i - (1-eps) z_target - eps/V sum_j z_j (Szegedy et al. 2016, section 7). Rows go
 * through in blocks, so that [T, V] never stands in memory. nll, when given, gets -log p(target) of each
 * row. targets are borrowed until the reset. */
typedef struct heed_cross_entropy_options {
	const int *targets;
	int64_t weight;
	double smoothing;
	float *nll;
} heed_cross_entropy_options;
heed_tensor *heed_linear_cross_entropy(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *b,
				       heed_cross_entropy_options options);

/* One number: the mean over `weight` tokens (0: T) of |onehot(target_i) - x_i W^T|^2, x [T, D], w [V, D]; [T, V] never
 * stands in memory. squared, when given, gets the distance of each row. targets are borrowed until the reset. */
typedef struct heed_one_hot_l2_options {
	const int *targets;
	int64_t weight;
	float *squared;
} heed_one_hot_l2_options;
heed_tensor *heed_one_hot_l2(heed_tape *tape, heed_tensor *x, heed_tensor *w,
			     heed_one_hot_l2_options options);

#ifdef __cplusplus
}
#endif
#endif
