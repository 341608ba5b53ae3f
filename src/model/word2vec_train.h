/* Word2vec's training as its parts, so that tests can look at them. */
#ifndef HEED_WORD2VEC_TRAIN_H
#define HEED_WORD2VEC_TRAIN_H

#include "heed/model.h"
#include "kernel/kernel.h"
#include "model/huffman.h"
#include "model/word_draw.h"

enum heed__word2vec_mode { HEED__SKIP_GRAM, HEED__CBOW };
enum heed__word2vec_loss { HEED__NEGATIVE_SAMPLING, HEED__HIERARCHICAL };

typedef struct heed__word2vec_settings {
	int mode, loss, width, window, negative;
	double subsample;
} heed__word2vec_settings;

/* One word with those around it: the rows of `embed` that predict, and the rows of `output` that are asked, with the
 * answers, 1 or 0. */
typedef struct heed__word_window {
	int inputs, outputs;
	int *input;    /* [2 window] */
	int *output;   /* [most outputs] */
	float *answer; /* [most outputs] */
} heed__word_window;

typedef struct heed__word2vec {
	heed_ctx *ctx;
	const struct heed__kernels *kernels;
	heed__word2vec_settings settings;
	heed__word_draw draw;
	heed__huffman tree; /* of HEED__HIERARCHICAL */
	int most_outputs;   /* of a window */
	float *embed, *output;

	const int *ids; /* the text */
	int64_t count;
	int64_t at; /* where the next stretch begins */
	int epoch;
	heed__draws stay; /* draws for subsampling */
	int *kept;        /* [kept_count] what is left of the stretch at hand, an eos in front and behind */
	int kept_count;
	int64_t kept_before; /* tokens kept in this epoch before the stretch */
} heed__word2vec;

heed_code heed__word2vec_init(heed__word2vec *t, heed_ctx *ctx, const heed__word2vec_settings *settings,
			      const int *ids, int64_t count, int vocab);
void heed__word2vec_release(heed__word2vec *t);

/* Draws what stays of the next stretch of the text; false at its end. heed__word2vec_rewind begins an epoch. */
void heed__word2vec_rewind(heed__word2vec *t, int epoch);
bool heed__word2vec_stretch(heed__word2vec *t);
/* The window around kept[place]; it has no inputs when there is nothing to learn. */
void heed__word2vec_window(const heed__word2vec *t, int place, heed__word_window *w);

/* One step of logistic regression between m rows x_i and k rows y_j at the values they have now:
 * g_ij = rate (answer_j - sigmoid(x_i . y_j)), dx_i = sum_j g_ij y_j, dy_j = sum_i g_ij x_i. dx and dy have rows of
 * `stride` floats and overwrite; g is room for m k floats. Returns the loss -sum log p(answer) when wanted, else 0. */
typedef struct heed__logistic {
	int m, k, width;
	const float *const *x, *const *y;
	const float *answer;
	float rate;
	float *g, *dx, *dy;
	ptrdiff_t stride;
	bool want_loss;
} heed__logistic;
double heed__logistic_step(const struct heed__kernels *kernels, const heed__logistic *s);

/* Windows that are trained from the same values, at most: so few that the most frequent word is expected among the
 * words of HEED__WORD2VEC_OFTEN of them. A row that more than HEED__WORD2VEC_MOST windows of a batch add to (the root of
 * the tree, above all) moves by the mean of its gradients as if it were so many. */
#define HEED__WORD2VEC_OFTEN 16
#define HEED__WORD2VEC_MOST  64
int heed__word2vec_batch(const heed__word2vec *t);

/* The whole training; fills embed and output. */
heed_code heed__word2vec_fit(heed__word2vec *t, const heed_fit *text, int epochs, double lr);

#endif
