/* Arithmetic on plain arrays: pointers and sizes, nothing else. kernel_plain.c is the specification; each
 * other file is one instruction set, compared with it by the tests. One table is chosen when a context is
 * made and reached by heed__ctx_kernels(ctx).
 *
 * Every function gives the same bits for the same input whatever thread runs it and whatever part of the
 * rows it is given at a time; sums run in a fixed order. Sets agree with each other to rounding only.
 * No function allocates. Matrices are row-major; a `_row` or `ld` is the distance between rows in floats.
 * "+=" marks results that are added to what is there, "=" results that overwrite it. */
#ifndef HEED_KERNEL_H
#define HEED_KERNEL_H

#include "base/context_impl.h"

typedef enum heed__act {
	HEED__ACT_NONE,
	HEED__ACT_RELU,
	HEED__ACT_GELU,  /* x/2 (1 + erf(x/sqrt 2)) (Hendrycks and Gimpel 2016) */
	HEED__ACT_SWISH, /* x sigmoid(x) (Ramachandran et al. 2017) */
	HEED__ACT_TANH,
	HEED__ACT_SIGMOID,
} heed__act;

/* Which numbers a dropout draws (Srivastava et al. 2014; inverted scaling). With t = round(p 65536), element
 * i is dropped when its 16 random bits are below t; otherwise it is multiplied by 65536/(65536-t). The bits
 * of element i are half i%8 (v[0] low, v[0] high, v[1] low, ...) of the Philox block with counter words
 * {i/8 low, i/8 high, step, stream} and key = seed. p == 0: nothing is dropped and nothing drawn. */
typedef struct heed__mask {
	uint64_t seed;
	uint32_t stream, step;
	float p;
} heed__mask;

/* C[m,n] = A[m,k] B[k,n] (+ C when accumulate), then + bias[n] when given, then the activation. Element
 * A(i,l) is a[i*a_row + l*a_col], B(l,j) is b[l*b_row + j*b_col]; of each pair of strides one is 1. When
 * `pre` is given (row stride ldc) it gets the values before the activation. */
typedef struct heed__gemm {
	int m, n, k;
	const float *a;
	ptrdiff_t a_row, a_col;
	const float *b;
	ptrdiff_t b_row, b_col;
	const float *packed; /* NULL, or B as heed__gemm_pack left it: then b is not read */
	float *c;
	ptrdiff_t ldc;
	bool accumulate;
	const float *bias;
	heed__act act;
	float *pre;
} heed__gemm;

/* The part of a product that is done at a time: rows [row0,row1) of C in the columns of one packed panel,
 * summed over [l0,l1). l0 == 0 begins the sums, l1 == k ends them with the activation. The sum over [l0,l1) is
 * one chain in the order of l and then added to what is there, so that cutting the rows or columns of C
 * changes no bits. */
typedef struct heed__gemm_block {
	const heed__gemm *g;
	/* A(row0 + t*tile_rows + i, l0 + l) is a[t*a_tile + i*a_row + l*a_col], in place or in a copy */
	const float *a;
	ptrdiff_t a_tile, a_row, a_col;
	const float *panel; /* row l0 of the panel */
	const float *next;  /* row l0 of the panel that comes next, to be fetched meanwhile; may be NULL */
	int column;         /* of C, where the panel begins */
	int row0, row1, l0, l1;
} heed__gemm_block;

/* Scaled dot-product attention of one head over one sequence (Vaswani et al. 2017, equation 1), in one pass
 * with an online softmax (Milakov and Gimelshein 2018; Dao et al. 2022): out_i = sum_j w_ij v_j,
 * w_i = softmax_j(scale q_i . k_j), then dropout on the weights. A query that sees no key gets 0 and an lse of
 * -inf. Calls with one or two queries, and those that gather, sum in another order than the others. */
typedef struct heed__attend {
	int queries, keys, width;
	const float *q, *k, *v;
	ptrdiff_t q_row, k_row, v_row;
	const int *gather; /* NULL, or [keys]: key and value j are in row gather[j] (decoding caches) */
	bool causal;       /* query i sees keys j <= i + keys - queries */
	float scale;
	heed__mask mask;     /* weight (i,j) is element mask_first + i*mask_row + j */
	uint64_t mask_first; /* a multiple of 8, as is mask_row */
	int mask_row;
	float *out; /* = [queries][width] */
	ptrdiff_t out_row;
	float *lse; /* = log sum exp of the scaled scores of query i, at lse[i*lse_row]; may be NULL */
	ptrdiff_t lse_row;
	float *weights; /* NULL, or = [queries][keys]: the weights before dropout, 0 where masked */
} heed__attend;

typedef struct heed__attend_grad {
	const float *dout;   /* [queries][width], rows as out_row */
	float *dq, *dk, *dv; /* +=, rows as q_row, k_row, v_row; may overlap when q, k, v do */
} heed__attend_grad;

struct heed__kernels {
	const char *name;
	int vector; /* floats in a register */
	bool (*runs_here)(void);

	/* Products. One panel of the packed B is `panel` columns wide, zero-padded: B's column block p begins
	 * at packed + p*panel*k and holds row l at + l*panel. */
	int panel;
	int tile_rows; /* rows of C that are summed in registers at once */
	void (*gemm_pack_panel)(const heed__gemm *g, int column, float *panel);
	void (*gemm_block)(const heed__gemm_block *b);
	/* Copies the A of a block whose a_row is 1 to where a_tile is tile_rows (l1 - l0) + vector and a_col is
	 * tile_rows. */
	void (*gemm_copy_rows)(const heed__gemm_block *b, float *copy);

	/* Vectors of n floats. */
	void (*add)(size_t n, const float *x, float *y);                 /* y += x */
	void (*axpy)(size_t n, float a, const float *x, float *y);       /* y += a x */
	void (*scale)(size_t n, float a, const float *x, float *y);      /* y = a x; y may be x */
	void (*mul)(size_t n, const float *a, const float *b, float *y); /* y = a b elementwise; may alias */
	float (*dot)(size_t n, const float *x, const float *y);
	/* Small products of m rows x_i and k rows y_j that lie anywhere: z[i k + j] = x_i . y_j */
	void (*row_dots)(int m, int k, size_t n, const float *const *x, const float *const *y, float *z);
	/* row i of out = sum_j a[i a_row + j a_col] y_j, for m rows of out and k of y */
	void (*row_sums)(int m, int k, size_t n, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
			 const float *const *y, float *out, ptrdiff_t ld);
	double (*sum_squares)(size_t n, const float *x); /* in double */
	bool (*all_finite)(size_t n, const float *x);
	void (*dropout)(size_t n, const float *x, float *y, const heed__mask *mask,
			uint64_t first); /* y = mask x; y may be x; first is a multiple of 8 */
	void (*dropout_add)(size_t n, const float *x, float *y, const heed__mask *mask,
			    uint64_t first);                            /* y += mask x */
	void (*act)(size_t n, const float *x, float *y, heed__act act); /* y = act(x); y may be x */
	/* dx = dy act'(.), from the value before the activation `pre` (GELU, swish) or after it `post` (the
	 * others); the one not needed may be NULL. dx may be any of them. */
	void (*act_grad)(size_t n, const float *pre, const float *post, const float *dy, float *dx,
			 heed__act act);

	/* Rows of width n. */
	void (*softmax)(int rows, int n, const float *x, ptrdiff_t ld, float *y,
			ptrdiff_t ldy); /* y may be x */
	void (*log_softmax)(int rows, int n, const float *x, ptrdiff_t ld, float *y, ptrdiff_t ldy);
	/* s = x + dropout(r) (r NULL: s = x; element (i,j) of the mask is first + i*n + j, all multiples of 8
	 * at row starts when n is; n need not be), y = gamma (s - mean)/sqrt(var + eps) + beta, xhat the
	 * normalised s, rstd[i] = 1/sqrt(var + eps) (Ba et al. 2016). sum, xhat, rstd may be NULL. */
	void (*norm)(int rows, int n, const float *x, const float *r, const heed__mask *mask, uint64_t first,
		     const float *gamma, const float *beta, float eps, float *y, float *sum, float *xhat,
		     float *rstd);
	/* ds = gradient with respect to s (overwrites), dgamma += , dbeta += over these rows in order; either
	 * of the pair may be NULL. */
	void (*norm_grad)(int rows, int n, const float *dy, const float *xhat, const float *rstd,
			  const float *gamma, float *ds, float *dgamma, float *dbeta);
	void (*column_sums)(int rows, int n, const float *x, ptrdiff_t ld,
			    float *sums); /* sums[j] += sum_i x_ij */
	/* loss_i = lse_i - (1-eps) z_t - (eps/n) sum_j z_j with t = targets[i] (Szegedy et al. 2016, section 7);
	 * nll[i] = lse_i - z_t. When grad: z becomes grad_scale d loss_i/d z. Returns the sum of the losses in
	 * double; nll may be NULL. */
	double (*cross_entropy)(int rows, int n, float *z, ptrdiff_t ld, const int *targets, float eps,
				bool grad, float grad_scale, float *nll);

	/* Attention. */
	void (*attend)(const heed__attend *a);
	/* Needs out and lse of the forward pass; recomputes the weights from q, k, lse. */
	void (*attend_grad)(const heed__attend *a, const heed__attend_grad *g);

	/* Recurrent cells: one step of one sequence, n units. `gates` comes with the recurrent part of their sums and
	 * leaves with their values; x is the other part. Where a new state is written, the old one may stand. */
	/* Hochreiter and Schmidhuber 1997, Gers et al. 2000; gates and x [4n] are i f g o: i, f, o sigmoids, g tanh;
	 * c_next = f c + i g; h = o tanh(c_next). */
	void (*lstm)(size_t n, const float *x, float *gates, const float *c, float *c_next, float *h);
	/* gates: their values in, the gradient of their sums out. dc: the gradient of c_next but for what comes
	 * through h, in; of c, out. */
	void (*lstm_grad)(size_t n, float *gates, const float *c, const float *c_next, const float *dh,
			  float *dc);
	/* Cho et al. 2014, the reset gate behind the product; gates and x [3n] are r z n: r, z sigmoids,
	 * n = tanh(x_n + r s) with s = the recurrent sum + bias, which is kept; h_next = (1-z) n + z h. */
	void (*gru)(size_t n, const float *x, float *gates, float *s, const float *bias, const float *h,
		    float *h_next);
	/* gates: their values in, the gradient of their recurrent sums out; s: that of the input's part of n's sum
	 * out; dh: the gradient of h_next in, of h but for what comes through the sums, out. */
	void (*gru_grad)(size_t n, float *gates, float *s, const float *h, float *dh);

	/* Additive scores (Bahdanau et al. 2015, appendix A.1.2). */
	float (*tanh_dot)(size_t n, const float *q, const float *k, const float *v); /* v . tanh(q + k) */
	/* dq += ds (1 - t^2) v, dk += the same, dv += ds t, with t = tanh(q + k); dq, dk, dv don't overlap */
	void (*tanh_dot_grad)(size_t n, float ds, const float *q, const float *k, const float *v, float *dq,
			      float *dk, float *dv);

	/* Optimizers, elementwise over n parameters. */
	/* Adam (Kingma and Ba 2015, algorithm 1) and, with decay > 0, AdamW (Loshchilov and Hutter 2019):
	 * w -= lr decay w first; g' = g gscale; m = b1 m + (1-b1) g'; v = b2 v + (1-b2) g'^2;
	 * w -= lr/correction1 m / (sqrt(v)/sqrt(correction2) + eps). */
	void (*adam)(size_t n, float *w, const float *g, float *m, float *v, float gscale, float lr, float b1,
		     float b2, float eps, float decay, float correction1, float correction2);
	/* m = momentum m + g gscale; w -= lr m */
	void (*sgd)(size_t n, float *w, const float *g, float *m, float gscale, float lr, float momentum);
	/* v += g'^2; w -= lr g' / (sqrt(v) + eps) (Duchi et al. 2011) */
	void (*adagrad)(size_t n, float *w, const float *g, float *v, float gscale, float lr, float eps);
	void (*lerp)(size_t n, float a, const float *x, float *y); /* y += a (x - y): moving averages */
};

/* The table by name, NULL when there is none or it can't run here. NULL name: $HEED_CPU, else the best. */
const struct heed__kernels *heed__kernels_find(const char *name);
/* All tables of this build, plain first, NULL at the end, whether or not they run here. */
const struct heed__kernels *const *heed__kernels_all(void);

/* The whole product on all threads of ctx: B is packed once (scratch kept in ctx between calls), then row
 * blocks are claimed. Same bits for any number of threads. HEED_E_MEMORY when scratch can't be had. */
heed_code heed__gemm_run(heed_ctx *ctx, const heed__gemm *g);
/* For weights that are used many times: floats needed, and the packing. */
size_t heed__gemm_packed_size(const heed_ctx *ctx, int k, int n);
void heed__gemm_pack(heed_ctx *ctx, const heed__gemm *g, float *packed);

#endif
