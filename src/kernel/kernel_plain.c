/* The specification: each function as its formula reads, in plain C. It runs everywhere and is what the
 * vector sets are compared with; it isn't made to be fast. */
#include "kernel/kernel.h"

#include "base/philox.h"
#include "kernel/dropout_mask.h"

#include <math.h>
#include <string.h>

#define PANEL 8

static bool runs_here(void)
{
	return true;
}

/* Elementwise. */

static float act_one(float x, heed__act act)
{
	switch (act) {
	case HEED__ACT_RELU:
		return x > 0.0f ? x : 0.0f;
	case HEED__ACT_GELU:
		return 0.5f * x * (1.0f + erff(x * 0.70710678f));
	case HEED__ACT_SWISH:
		return x / (1.0f + expf(-x));
	case HEED__ACT_TANH:
		return tanhf(x);
	case HEED__ACT_SIGMOID:
		return 1.0f / (1.0f + expf(-x));
	case HEED__ACT_NONE:
		break;
	}
	return x;
}

/* The derivative where the activation's argument is x and its value y. */
static float act_slope(float x, float y, heed__act act)
{
	switch (act) {
	case HEED__ACT_RELU:
		return y > 0.0f ? 1.0f : 0.0f;
	case HEED__ACT_GELU: /* Phi(x) + x phi(x) */
		return 0.5f * (1.0f + erff(x * 0.70710678f)) + x * 0.39894228f * expf(-0.5f * x * x);
	case HEED__ACT_SWISH: { /* s (1 + x (1 - s)) */
		const float s = 1.0f / (1.0f + expf(-x));

		return s * (1.0f + x * (1.0f - s));
	}
	case HEED__ACT_TANH:
		return 1.0f - y * y;
	case HEED__ACT_SIGMOID:
		return y * (1.0f - y);
	case HEED__ACT_NONE:
		break;
	}
	return 1.0f;
}

static void act(size_t n, const float *x, float *y, heed__act kind)
{
	for (size_t i = 0; i < n; i++)
		y[i] = act_one(x[i], kind);
}

static void act_grad(size_t n, const float *pre, const float *post, const float *dy, float *dx,
		     heed__act kind)
{
	for (size_t i = 0; i < n; i++)
		dx[i] = dy[i] * act_slope(pre ? pre[i] : 0.0f, post ? post[i] : 0.0f, kind);
}

static void add(size_t n, const float *x, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

static void axpy(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

static void scale(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a * x[i];
}

static void mul(size_t n, const float *a, const float *b, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a[i] * b[i];
}

static void lerp(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * (x[i] - y[i]);
}

static float dot(size_t n, const float *x, const float *y)
{
	float sum = 0.0f;

	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

static void row_dots(int m, int k, size_t n, const float *const *x, const float *const *y, float *z)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < k; j++)
			z[i * k + j] = dot(n, x[i], y[j]);
}

static void row_sums(int m, int k, size_t n, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
		     const float *const *y, float *out, ptrdiff_t ld)
{
	for (int i = 0; i < m; i++)
		for (size_t c = 0; c < n; c++) {
			float sum = 0.0f;

			for (int j = 0; j < k; j++)
				sum += a[i * a_row + j * a_col] * y[j][c];
			out[i * ld + (ptrdiff_t)c] = sum;
		}
}

static double sum_squares(size_t n, const float *x)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	return sum;
}

static bool all_finite(size_t n, const float *x)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

/* What dropout multiplies element `index` by: 0 or the scale. */
static float mask_factor(const heed__mask *mask, uint64_t index)
{
	const uint32_t threshold = heed__mask_threshold(mask);
	const uint64_t block = index / 8;
	heed__philox bits;
	uint32_t word;

	if (threshold == 0)
		return 1.0f;
	bits = heed__philox4x32((uint32_t)block, (uint32_t)(block >> 32), mask->step, mask->stream,
				(uint32_t)mask->seed, (uint32_t)(mask->seed >> 32));
	word = bits.v[index % 8 / 2];
	return (index % 2 ? word >> 16 : word & 0xffff) < threshold ? 0.0f : heed__mask_scale(threshold);
}

static void dropout(size_t n, const float *x, float *y, const heed__mask *mask, uint64_t first)
{
	for (size_t i = 0; i < n; i++)
		y[i] = mask_factor(mask, first + i) * x[i];
}

static void dropout_add(size_t n, const float *x, float *y, const heed__mask *mask, uint64_t first)
{
	for (size_t i = 0; i < n; i++)
		y[i] += mask_factor(mask, first + i) * x[i];
}

/* Products. */

static void gemm_pack_panel(const heed__gemm *g, int column, float *panel)
{
	for (int l = 0; l < g->k; l++)
		for (int j = 0; j < PANEL; j++)
			panel[(ptrdiff_t)l * PANEL + j] =
				column + j < g->n ? g->b[l * g->b_row + (column + j) * g->b_col] : 0.0f;
}

static void gemm_element(const heed__gemm_block *b, int i, int j)
{
	const heed__gemm *g = b->g;
	const float *arow = b->a + i * b->a_tile;
	const ptrdiff_t at = (b->row0 + i) * g->ldc + b->column + j;
	float sum = 0.0f;

	for (int l = 0; l < b->l1 - b->l0; l++)
		sum += arow[l * b->a_col] * b->panel[(ptrdiff_t)l * PANEL + j];
	if (g->accumulate || b->l0 > 0)
		sum = g->c[at] + sum;
	if (b->l1 == g->k) {
		if (g->bias)
			sum += g->bias[b->column + j];
		if (g->pre)
			g->pre[at] = sum;
		sum = act_one(sum, g->act);
	}
	g->c[at] = sum;
}

static void gemm_block(const heed__gemm_block *b)
{
	for (int i = 0; i < b->row1 - b->row0; i++)
		for (int j = 0; j < PANEL && b->column + j < b->g->n; j++)
			gemm_element(b, i, j);
}

static void gemm_copy_rows(const heed__gemm_block *b, float *copy)
{
	const int depth = b->l1 - b->l0;

	for (int i = 0; i < b->row1 - b->row0; i++)
		for (int l = 0; l < depth; l++)
			copy[i * (depth + 1) + l] = b->a[i * b->a_tile + l * b->a_col];
}

/* Rows. */

static float maximum(int n, const float *x)
{
	float max = -INFINITY;

	for (int j = 0; j < n; j++)
		max = x[j] > max ? x[j] : max;
	return max;
}

/* log sum_j exp x_j; exact for a row that is all -inf. */
static double log_sum_exp(int n, const float *x)
{
	const double max = (double)maximum(n, x);
	double sum = 0.0;

	if (max == -INFINITY)
		return max;
	for (int j = 0; j < n; j++)
		sum += exp((double)x[j] - max);
	return max + log(sum);
}

static void softmax(int rows, int n, const float *x, ptrdiff_t ld, float *y, ptrdiff_t ldy)
{
	for (int i = 0; i < rows; i++) {
		const float *xi = x + i * ld;
		float *yi = y + i * ldy;
		const double lse = log_sum_exp(n, xi);

		for (int j = 0; j < n; j++)
			yi[j] = lse == -INFINITY ? 0.0f : (float)exp((double)xi[j] - lse);
	}
}

static void log_softmax(int rows, int n, const float *x, ptrdiff_t ld, float *y, ptrdiff_t ldy)
{
	for (int i = 0; i < rows; i++) {
		const float *xi = x + i * ld;
		float *yi = y + i * ldy;
		const double lse = log_sum_exp(n, xi);

		for (int j = 0; j < n; j++)
			yi[j] = lse == -INFINITY ? -INFINITY : (float)((double)xi[j] - lse);
	}
}

static double cross_entropy(int rows, int n, float *z, ptrdiff_t ld, const int *targets, float eps, bool grad,
			    float grad_scale, float *nll)
{
	double total = 0.0;

	for (int i = 0; i < rows; i++) {
		float *zi = z + i * ld;
		const double lse = log_sum_exp(n, zi), zt = (double)zi[targets[i]], e = (double)eps;
		double sum = 0.0;

		for (int j = 0; j < n; j++)
			sum += (double)zi[j];
		total += lse - (1.0 - e) * zt - e / n * sum;
		if (nll)
			nll[i] = (float)(lse - zt);
		for (int j = 0; grad && j < n; j++)
			zi[j] = grad_scale *
				(float)(exp((double)zi[j] - lse) - e / n - (j == targets[i] ? 1.0 - e : 0.0));
	}
	return total;
}

static void norm(int rows, int n, const float *x, const float *r, const heed__mask *mask, uint64_t first,
		 const float *gamma, const float *beta, float eps, float *y, float *sum, float *xhat,
		 float *rstd)
{
	for (int i = 0; i < rows; i++) {
		const ptrdiff_t at = (ptrdiff_t)i * n;
		double mean = 0.0, variance = 0.0, inverse;

		/* y holds s until the statistics are known. */
		for (int j = 0; j < n; j++) {
			y[at + j] = x[at + j];
			if (r)
				y[at + j] += mask_factor(mask, first + (uint64_t)(at + j)) * r[at + j];
			mean += (double)y[at + j];
		}
		mean /= n;
		for (int j = 0; j < n; j++)
			variance += ((double)y[at + j] - mean) * ((double)y[at + j] - mean);
		inverse = 1.0 / sqrt(variance / n + (double)eps);
		if (rstd)
			rstd[i] = (float)inverse;
		for (int j = 0; j < n; j++) {
			const float s = y[at + j], h = (float)(((double)s - mean) * inverse);

			if (sum)
				sum[at + j] = s;
			if (xhat)
				xhat[at + j] = h;
			y[at + j] = gamma[j] * h + beta[j];
		}
	}
}

/* With h = xhat and e = dy gamma: ds = rstd (e - mean(e) - h mean(e h)). */
static void norm_grad(int rows, int n, const float *dy, const float *xhat, const float *rstd,
		      const float *gamma, float *ds, float *dgamma, float *dbeta)
{
	for (int i = 0; i < rows; i++) {
		const float *dyi = dy + (ptrdiff_t)i * n, *h = xhat + (ptrdiff_t)i * n;
		double mean = 0.0, mean_h = 0.0;

		for (int j = 0; j < n; j++) {
			mean += (double)(dyi[j] * gamma[j]) / n;
			mean_h += (double)(dyi[j] * gamma[j] * h[j]) / n;
			if (dgamma)
				dgamma[j] += dyi[j] * h[j];
			if (dbeta)
				dbeta[j] += dyi[j];
		}
		for (int j = 0; j < n; j++)
			ds[(ptrdiff_t)i * n + j] =
				rstd[i] * (dyi[j] * gamma[j] - (float)mean - h[j] * (float)mean_h);
	}
}

static void column_sums(int rows, int n, const float *x, ptrdiff_t ld, float *sums)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < n; j++)
			sums[j] += x[i * ld + j];
}

/* Attention. */

static const float *key_row(const heed__attend *a, const float *base, ptrdiff_t row, int j)
{
	return base + (a->gather ? a->gather[j] : j) * row;
}

/* How many keys query i sees. */
static int visible(const heed__attend *a, int i)
{
	const int n = a->causal ? i + 1 + a->keys - a->queries : a->keys;

	return n > 0 ? n : 0;
}

static float score(const heed__attend *a, int i, int j)
{
	return a->scale * dot((size_t)a->width, a->q + i * a->q_row, key_row(a, a->k, a->k_row, j));
}

/* log sum exp of the scores, in one pass. */
static float attend_lse(const heed__attend *a, int i)
{
	double max = -INFINITY, sum = 0.0;

	for (int j = 0; j < visible(a, i); j++) {
		const double s = (double)score(a, i, j);

		if (s > max) {
			sum *= exp(max - s);
			max = s;
		}
		sum += exp(s - max);
	}
	return (float)(max + log(sum));
}

static float attend_factor(const heed__attend *a, int i, int j)
{
	return mask_factor(&a->mask, a->mask_first + (uint64_t)i * (uint64_t)a->mask_row + (uint64_t)j);
}

static void attend(const heed__attend *a)
{
	for (int i = 0; i < a->queries; i++) {
		float *out = a->out + i * a->out_row;
		const float lse = attend_lse(a, i);

		memset(out, 0, (size_t)a->width * sizeof *out);
		for (int j = 0; j < visible(a, i); j++) {
			const float w = expf(score(a, i, j) - lse);

			axpy((size_t)a->width, w * attend_factor(a, i, j), key_row(a, a->v, a->v_row, j),
			     out);
			if (a->weights)
				a->weights[(ptrdiff_t)i * a->keys + j] = w;
		}
		for (int j = visible(a, i); a->weights && j < a->keys; j++)
			a->weights[(ptrdiff_t)i * a->keys + j] = 0.0f;
		if (a->lse)
			a->lse[i * a->lse_row] = lse;
	}
}

/* out_i = sum_j f_ij w_ij v_j, f the dropout factors, so dv_j = sum_i f_ij w_ij dout_i and
 * dw_ij = f_ij dout_i . v_j; through the softmax ds_ij = w_ij (dw_ij - sum_j w_ij dw_ij), where that sum is
 * dout_i . out_i; s_ij = scale q_i . k_j. */
static void attend_grad(const heed__attend *a, const heed__attend_grad *g)
{
	const size_t width = (size_t)a->width;

	for (int i = 0; i < a->queries; i++) {
		const float *dout = g->dout + i * a->out_row;
		const float mean = dot(width, dout, a->out + i * a->out_row);

		for (int j = 0; j < visible(a, i); j++) {
			const float w = expf(score(a, i, j) - a->lse[i * a->lse_row]);
			const float factor = attend_factor(a, i, j);
			const float dw = factor * dot(width, dout, a->v + j * a->v_row);
			const float ds = a->scale * w * (dw - mean);

			axpy(width, factor * w, dout, g->dv + j * a->v_row);
			axpy(width, ds, a->k + j * a->k_row, g->dq + i * a->q_row);
			axpy(width, ds, a->q + i * a->q_row, g->dk + j * a->k_row);
		}
	}
}

/* Recurrent cells. */

static float sigmoid(float x)
{
	return act_one(x, HEED__ACT_SIGMOID);
}

static void lstm(size_t n, const float *x, float *gates, const float *c, float *c_next, float *h)
{
	for (size_t j = 0; j < n; j++) {
		const float i = sigmoid(x[j] + gates[j]), f = sigmoid(x[n + j] + gates[n + j]);
		const float g = tanhf(x[2 * n + j] + gates[2 * n + j]);
		const float o = sigmoid(x[3 * n + j] + gates[3 * n + j]);

		c_next[j] = f * c[j] + i * g;
		h[j] = o * tanhf(c_next[j]);
		gates[j] = i;
		gates[n + j] = f;
		gates[2 * n + j] = g;
		gates[3 * n + j] = o;
	}
}

static void lstm_grad(size_t n, float *gates, const float *c, const float *c_next, const float *dh, float *dc)
{
	for (size_t j = 0; j < n; j++) {
		const float i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j];
		const float t = tanhf(c_next[j]), d = dc[j] + dh[j] * o * (1.0f - t * t);

		gates[j] = d * g * i * (1.0f - i);
		gates[n + j] = d * c[j] * f * (1.0f - f);
		gates[2 * n + j] = d * i * (1.0f - g * g);
		gates[3 * n + j] = dh[j] * t * o * (1.0f - o);
		dc[j] = d * f;
	}
}

static void gru(size_t n, const float *x, float *gates, float *s, const float *bias, const float *h,
		float *h_next)
{
	for (size_t j = 0; j < n; j++) {
		const float r = sigmoid(x[j] + gates[j]), z = sigmoid(x[n + j] + gates[n + j]);
		float value;

		s[j] = gates[2 * n + j] + bias[j];
		value = tanhf(x[2 * n + j] + r * s[j]);
		h_next[j] = value + z * (h[j] - value);
		gates[j] = r;
		gates[n + j] = z;
		gates[2 * n + j] = value;
	}
}

static void gru_grad(size_t n, float *gates, float *s, const float *h, float *dh)
{
	for (size_t j = 0; j < n; j++) {
		const float r = gates[j], z = gates[n + j], value = gates[2 * n + j];
		const float d = dh[j] * (1.0f - z) * (1.0f - value * value);

		gates[j] = d * s[j] * r * (1.0f - r);
		gates[n + j] = dh[j] * (h[j] - value) * z * (1.0f - z);
		gates[2 * n + j] = d * r;
		s[j] = d;
		dh[j] *= z;
	}
}

/* Additive scores. */

static float tanh_dot(size_t n, const float *q, const float *k, const float *v)
{
	float sum = 0.0f;

	for (size_t j = 0; j < n; j++)
		sum += v[j] * tanhf(q[j] + k[j]);
	return sum;
}

static void tanh_dot_grad(size_t n, float ds, const float *q, const float *k, const float *v, float *dq,
			  float *dk, float *dv)
{
	for (size_t j = 0; j < n; j++) {
		const float t = tanhf(q[j] + k[j]), d = ds * v[j] * (1.0f - t * t);

		dq[j] += d;
		dk[j] += d;
		dv[j] += ds * t;
	}
}

/* Optimizers. */

static void adam(size_t n, float *w, const float *g, float *m, float *v, float gscale, float lr, float b1,
		 float b2, float eps, float decay, float correction1, float correction2)
{
	const float rate = lr / correction1, root = 1.0f / sqrtf(correction2);

	for (size_t i = 0; i < n; i++) {
		const float gi = g[i] * gscale;

		m[i] = b1 * m[i] + (1.0f - b1) * gi;
		v[i] = b2 * v[i] + (1.0f - b2) * gi * gi;
		w[i] -= lr * decay * w[i];
		w[i] -= rate * m[i] / (sqrtf(v[i]) * root + eps);
	}
}

static void sgd(size_t n, float *w, const float *g, float *m, float gscale, float lr, float momentum)
{
	for (size_t i = 0; i < n; i++) {
		m[i] = momentum * m[i] + g[i] * gscale;
		w[i] -= lr * m[i];
	}
}

static void adagrad(size_t n, float *w, const float *g, float *v, float gscale, float lr, float eps)
{
	for (size_t i = 0; i < n; i++) {
		const float gi = g[i] * gscale;

		v[i] += gi * gi;
		w[i] -= lr * gi / (sqrtf(v[i]) + eps);
	}
}

const struct heed__kernels heed__kernels_plain = {
	.name = "plain",
	.vector = 1,
	.runs_here = runs_here,
	.panel = PANEL,
	.tile_rows = 1,
	.gemm_pack_panel = gemm_pack_panel,
	.gemm_block = gemm_block,
	.gemm_copy_rows = gemm_copy_rows,
	.add = add,
	.axpy = axpy,
	.scale = scale,
	.mul = mul,
	.dot = dot,
	.row_dots = row_dots,
	.row_sums = row_sums,
	.sum_squares = sum_squares,
	.all_finite = all_finite,
	.dropout = dropout,
	.dropout_add = dropout_add,
	.act = act,
	.act_grad = act_grad,
	.softmax = softmax,
	.log_softmax = log_softmax,
	.norm = norm,
	.norm_grad = norm_grad,
	.column_sums = column_sums,
	.cross_entropy = cross_entropy,
	.attend = attend,
	.attend_grad = attend_grad,
	.lstm = lstm,
	.lstm_grad = lstm_grad,
	.gru = gru,
	.gru_grad = gru_grad,
	.tanh_dot = tanh_dot,
	.tanh_dot_grad = tanh_dot_grad,
	.adam = adam,
	.sgd = sgd,
	.adagrad = adagrad,
	.lerp = lerp,
};
