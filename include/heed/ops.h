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

#ifdef __cplusplus
}
#endif
#endif
