/* The kernels: plain against straightforward double arithmetic, every set that runs here against plain. */
#include "base/philox.h"
#include "kernel/kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef const struct heed__kernels set;

/* Numbers to work on. */

static uint32_t random_state = 1;

static float uniform(void) /* [-1, 1) */
{
	random_state = random_state * 1664525u + 1013904223u;
	return (float)(random_state >> 8) * 0x1p-23f - 1.0f;
}

/* n random floats; the caller frees. Exactly n, so that a sanitizer sees every step beyond them. */
static float *numbers(size_t n, float size)
{
	float *x = malloc((n > 0 ? n : 1) * sizeof *x);

	assert_non_null(x);
	for (size_t i = 0; i < n; i++)
		x[i] = size * uniform();
	return x;
}

static float *copy_of(const float *x, size_t n)
{
	float *y = malloc((n > 0 ? n : 1) * sizeof *y);

	assert_non_null(y);
	if (n > 0)
		memcpy(y, x, n * sizeof *x);
	return y;
}

static void check_near(const char *what, const char *name, size_t at, double got, double expected,
		       double tolerance)
{
	const double error = fabs(got - expected);

	if (isinf(expected) ? got == expected : error <= tolerance * (1.0 + fabs(expected)))
		return;
	fail_msg("%s, %s: element %zu is %.9g, expected %.9g", what, name, at, got, expected);
}

static void check_all(const char *what, const char *name, const float *got, const float *expected, size_t n,
		      double tolerance)
{
	for (size_t i = 0; i < n; i++)
		check_near(what, name, i, (double)got[i], (double)expected[i], tolerance);
}

/* Runs a check for each vector set of this machine against plain. */
static void for_sets(void (*check)(set *plain, set *k))
{
	set *const plain = heed__kernels_all()[0];

	assert_string_equal(plain->name, "plain");
	for (set *const *k = heed__kernels_all() + 1; *k; k++)
		if ((*k)->runs_here())
			check(plain, *k);
}

static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,   9,   15,  16,
			       17, 31, 32, 33, 63, 64, 65, 100, 127, 129, 1000};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Choice of a set. */

static void test_find(void **state)
{
	(void)state;
	assert_null(heed__kernels_find("no such set"));
	assert_string_equal(heed__kernels_find("plain")->name, "plain");
	for (set *const *k = heed__kernels_all(); *k; k++)
		assert_ptr_equal(heed__kernels_find((*k)->name), (*k)->runs_here() ? *k : NULL);
	assert_int_equal(setenv("HEED_CPU", "plain", 1), 0);
	assert_string_equal(heed__kernels_find(NULL)->name, "plain");
	assert_int_equal(setenv("HEED_CPU", "no such set", 1), 0);
	assert_null(heed__kernels_find(NULL));
	assert_int_equal(unsetenv("HEED_CPU"), 0);
	assert_non_null(heed__kernels_find(NULL));
}

/* Vectors. */

static void check_elementwise(set *plain, set *k)
{
	for (int s = 0; s < SIZES; s++) {
		const size_t n = sizes[s];
		float *x = numbers(n, 3.0f), *y = numbers(n, 3.0f), *a = copy_of(y, n), *b = copy_of(y, n);

		plain->add(n, x, a);
		k->add(n, x, b);
		check_all("add", k->name, b, a, n, 0.0);
		plain->axpy(n, 0.7f, x, a);
		k->axpy(n, 0.7f, x, b);
		check_all("axpy", k->name, b, a, n, 1e-6);
		plain->scale(n, 0.3f, a, a);
		k->scale(n, 0.3f, b, b);
		check_all("scale", k->name, b, a, n, 1e-6);
		plain->mul(n, a, x, a);
		k->mul(n, b, x, b);
		check_all("mul", k->name, b, a, n, 1e-6);
		plain->lerp(n, 0.25f, y, a);
		k->lerp(n, 0.25f, y, b);
		check_all("lerp", k->name, b, a, n, 1e-6);
		check_near("dot", k->name, n, (double)k->dot(n, x, y), (double)plain->dot(n, x, y), 1e-4);
		check_near("sum_squares", k->name, n, k->sum_squares(n, x), plain->sum_squares(n, x), 1e-13);
		free(x);
		free(y);
		free(a);
		free(b);
	}
}

static void test_elementwise(void **state)
{
	(void)state;
	for_sets(check_elementwise);
}

/* Rows in any order, one of them twice, at distances that are no multiple of a register. */
static void check_rows(set *plain, set *k)
{
	enum { ROWS = 11, LD = 1003 };
	float *const numbers_of_rows = numbers((size_t)2 * ROWS * LD, 1.0f), *const a = numbers(ROWS * ROWS,
												1.0f);
	const float *x[ROWS], *y[ROWS];

	for (int i = 0; i < ROWS; i++) {
		x[i] = numbers_of_rows + (ptrdiff_t)((i * 7) % 10) * LD;
		y[i] = numbers_of_rows + (ptrdiff_t)(ROWS + (i * 3) % 10) * LD;
	}
	for (int m = 0; m <= ROWS; m++)
		for (int columns = 0; columns <= ROWS; columns++) {
			const size_t n = sizes[(m * 5 + columns) % SIZES];
			float *z = numbers(ROWS * ROWS, 1.0f), *want_z = copy_of(z, ROWS * ROWS);
			float *out = numbers(ROWS * LD, 1.0f), *want = copy_of(out, ROWS * LD);

			plain->row_dots(m, columns, n, x, y, want_z);
			k->row_dots(m, columns, n, x, y, z);
			check_all("row_dots", k->name, z, want_z, ROWS * ROWS, 1e-4);
			plain->row_sums(m, columns, n, a, columns, 1, y, want, LD);
			k->row_sums(m, columns, n, a, columns, 1, y, out, LD);
			check_all("row_sums", k->name, out, want, ROWS * LD, 1e-5);
			plain->row_sums(m, columns, n, a, 1, m, y, want, LD);
			k->row_sums(m, columns, n, a, 1, m, y, out, LD);
			check_all("row_sums", k->name, out, want, ROWS * LD, 1e-5);
			free(z);
			free(want_z);
			free(out);
			free(want);
		}
	free(numbers_of_rows);
	free(a);
}

static void test_rows(void **state)
{
	const float x[] = {1, 2, 3}, y[] = {4, -5, 6}, z[] = {0.5f, 0, -1}, a[] = {2, 3, -1, 4};
	const float *const rows[] = {x, y}, *const other[] = {z, x};
	set *const plain = heed__kernels_all()[0];
	float out[6];

	(void)state;
	plain->row_dots(2, 2, 3, rows, other, out);
	check_all("row_dots", "plain", out, (const float[]){-2.5f, 14, -4, 12}, 4, 0);
	plain->row_sums(2, 2, 3, a, 2, 1, rows, out, 3);
	check_all("row_sums", "plain", out, (const float[]){14, -11, 24, 15, -22, 21}, 6, 0);
	for_sets(check_rows);
}

static void test_all_finite(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int s = 0; (*k)->runs_here() && s < SIZES; s++) {
			const size_t n = sizes[s];
			const float bad[] = {NAN, INFINITY, -INFINITY};
			float *x = numbers(n, 1e30f);

			assert_true((*k)->all_finite(n, x));
			for (size_t i = 0; i < n; i++)
				for (int b = 0; b < 3; b++) {
					const float kept = x[i];

					x[i] = bad[b];
					assert_false((*k)->all_finite(n, x));
					x[i] = kept;
				}
			free(x);
		}
}

static const heed__act acts[] = {HEED__ACT_NONE,  HEED__ACT_RELU, HEED__ACT_GELU,
				 HEED__ACT_SWISH, HEED__ACT_TANH, HEED__ACT_SIGMOID};
enum { ACTS = sizeof acts / sizeof *acts };

static double act_double(double x, heed__act act)
{
	switch (act) {
	case HEED__ACT_RELU:
		return x > 0.0 ? x : 0.0;
	case HEED__ACT_GELU:
		return 0.5 * x * erfc(-x * sqrt(0.5));
	case HEED__ACT_SWISH:
		return x / (1.0 + exp(-x));
	case HEED__ACT_TANH:
		return tanh(x);
	case HEED__ACT_SIGMOID:
		return 1.0 / (1.0 + exp(-x));
	case HEED__ACT_NONE:
		break;
	}
	return x;
}

/* All sets, plain too, over the whole range in which something happens, and far outside. */
static void test_act(void **state)
{
	enum { N = 40001 };
	float *x = numbers(N, 1.0f), *y = numbers(N, 1.0f), *dx = numbers(N, 1.0f), *dy = numbers(N, 1.0f);

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = (float)(i - N / 2) * 0.001f;
	x[0] = -1e4f;
	x[1] = 1e4f;
	x[2] = -88.5f;
	x[3] = 1e-20f;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int a = 0; (*k)->runs_here() && a < ACTS; a++) {
			(*k)->act(N, x, y, acts[a]);
			(*k)->act_grad(N, x, y, dy, dx, acts[a]);
			for (size_t i = 0; i < N; i++) {
				const double xi = (double)x[i], h = 1e-5;
				const double slope =
					(act_double(xi + h, acts[a]) - act_double(xi - h, acts[a])) /
					(2.0 * h);

				check_near("act", (*k)->name, i, (double)y[i], act_double(xi, acts[a]), 5e-7);
				if (fabs(xi) > 1e-4) /* not at the corner of relu */
					check_near("act_grad", (*k)->name, i, (double)dx[i],
						   (double)dy[i] * slope, 2e-6);
			}
		}
	free(x);
	free(y);
	free(dx);
	free(dy);
}

static void test_act_tails(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int s = 0; (*k)->runs_here() && s < SIZES; s++)
			for (int a = 0; a < ACTS; a++) {
				const size_t n = sizes[s];
				const bool pre = acts[a] == HEED__ACT_GELU || acts[a] == HEED__ACT_SWISH;
				float *x = numbers(n, 3.0f), *y = numbers(n, 1.0f), *dy = numbers(n, 1.0f);
				float *in_place = copy_of(x, n), *dx = copy_of(dy, n);

				(*k)->act(n, x, y, acts[a]);
				(*k)->act(n, in_place, in_place, acts[a]);
				check_all("act in place", (*k)->name, in_place, y, n, 0.0);
				/* The argument that isn't needed may be missing, dx may be dy. */
				(*k)->act_grad(n, pre ? x : NULL, pre ? NULL : y, dx, dx, acts[a]);
				(*k)->act_grad(n, x, y, dy, in_place, acts[a]);
				check_all("act_grad in place", (*k)->name, dx, in_place, n, 0.0);
				free(x);
				free(y);
				free(dy);
				free(in_place);
				free(dx);
			}
}

/* tanh and the others have to be right relative to their size, too, not only to 1. */
static void test_act_small(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int i = 0; (*k)->runs_here() && i < 2000; i++) {
			const float x = expf(uniform() * 15.0f - 15.0f);
			float y;

			(*k)->act(1, &x, &y, HEED__ACT_TANH);
			check_near("tanh / x", (*k)->name, (size_t)i, (double)(y / x),
				   tanh((double)x) / (double)x, 3e-7);
			(*k)->act(1, &x, &y, HEED__ACT_GELU);
			check_near("gelu / x", (*k)->name, (size_t)i, (double)(y / x),
				   act_double((double)x, HEED__ACT_GELU) / (double)x, 3e-7);
		}
}

/* Dropout. */

static void check_dropout(set *plain, set *k)
{
	const uint64_t firsts[] = {0, 8, 800, (UINT64_C(1) << 35) - 64, (UINT64_C(1) << 40) + 16};
	const float probabilities[] = {0.0f, 0.1f, 0.5f, 1.0f};

	for (int s = 0; s < SIZES; s++)
		for (int f = 0; f < 5; f++)
			for (int p = 0; p < 4; p++) {
				const heed__mask mask = {.seed = UINT64_C(0x123456789abcdef0),
							 .stream = 77,
							 .step = 3,
							 .p = probabilities[p]};
				const size_t n = sizes[s];
				float *x = numbers(n, 3.0f), *a = numbers(n, 1.0f), *b = copy_of(a, n);

				plain->dropout_add(n, x, a, &mask, firsts[f]);
				k->dropout_add(n, x, b, &mask, firsts[f]);
				check_all("dropout_add", k->name, b, a, n, 1e-6);
				plain->dropout(n, x, a, &mask, firsts[f]);
				k->dropout(n, x, x, &mask, firsts[f]);
				check_all("dropout", k->name, x, a, n, 0.0);
				free(x);
				free(a);
				free(b);
			}
}

static void test_dropout(void **state)
{
	(void)state;
	for_sets(check_dropout);
}

/* The share that is dropped, the scale, and that parts make the whole. */
static void test_dropout_meaning(void **state)
{
	enum { N = 100000 };
	const heed__mask mask = {.seed = 5, .stream = 1, .step = 2, .p = 0.25f};

	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++) {
		float *x = numbers(N, 1.0f), *y = numbers(N, 1.0f), *parts = numbers(N, 1.0f);
		int dropped = 0;

		if ((*k)->runs_here()) {
			(*k)->dropout(N, x, y, &mask, 16);
			for (size_t i = 0; i < N; i++) {
				dropped += y[i] == 0.0f;
				assert_true(y[i] == 0.0f || y[i] == x[i] * (65536.0f / 49152.0f));
			}
			assert_in_range(dropped, 24400, 25600);
			(*k)->dropout(40, x, parts, &mask, 16);
			(*k)->dropout(N - 40, x + 40, parts + 40, &mask, 56);
			check_all("dropout in parts", (*k)->name, parts, y, N, 0.0);
		}
		free(x);
		free(y);
		free(parts);
	}
}

/* An element is dropped when its bits are below the threshold, not when they are equal to it. */
static void test_dropout_threshold(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (uint32_t i = 0; (*k)->runs_here() && i < 8; i++) {
			const heed__philox block = heed__philox4x32(3, 0, 7, 6, 5, 0);
			const uint32_t bits = block.v[i / 2] >> 16 * (i % 2) & 0xffff;
			heed__mask mask = {.seed = 5, .stream = 6, .step = 7};
			float x[8] = {1, 1, 1, 1, 1, 1, 1, 1}, y[8];

			mask.p = (float)bits / 65536.0f;
			(*k)->dropout(8, x, y, &mask, 24);
			assert_true(y[i] > 0.0f);
			mask.p = (float)(bits + 1) / 65536.0f;
			(*k)->dropout(8, x, y, &mask, 24);
			assert_true(y[i] == 0.0f);
		}
}

/* Products. */

typedef struct product {
	int m, n, k, act;
	bool a_turned, b_turned, accumulate, bias, pre, packed;
} product;

typedef struct matrices {
	float *a, *b, *bias, *c, *pre, *packed;
	heed__gemm g;
} matrices;

/* Rows are wider than they need to be, and C has one more. */
static matrices make_matrices(const product *p)
{
	const int lda = (p->a_turned ? p->m : p->k) + 3, ldb = (p->b_turned ? p->k : p->n) + 2;
	matrices x = {
		.a = numbers((size_t)((p->a_turned ? p->k : p->m) * lda), 1.0f),
		.b = numbers((size_t)((p->b_turned ? p->n : p->k) * ldb), 1.0f),
		.bias = numbers((size_t)p->n, 1.0f),
		.c = numbers((size_t)((p->m + 1) * (p->n + 5)), 1.0f),
		.pre = numbers((size_t)((p->m + 1) * (p->n + 5)), 1.0f),
	};

	x.g = (heed__gemm){
		.m = p->m,
		.n = p->n,
		.k = p->k,
		.a = x.a,
		.a_row = p->a_turned ? 1 : lda,
		.a_col = p->a_turned ? lda : 1,
		.b = x.b,
		.b_row = p->b_turned ? 1 : ldb,
		.b_col = p->b_turned ? ldb : 1,
		.c = x.c,
		.ldc = p->n + 5,
		.accumulate = p->accumulate,
		.bias = p->bias ? x.bias : NULL,
		.act = (heed__act)p->act,
		.pre = p->pre ? x.pre : NULL,
	};
	return x;
}

static void free_matrices(matrices *x)
{
	free(x->a);
	free(x->b);
	free(x->bias);
	free(x->c);
	free(x->pre);
	free(x->packed);
}

static void check_product(heed_ctx *ctx, const product *p)
{
	matrices x = make_matrices(p);
	const size_t count = (size_t)((p->m + 1) * (p->n + 5));
	const double tolerance = 5e-6 + 5e-8 * p->k; /* a sum is one chain */
	float *before = copy_of(x.c, count), *pre_before = copy_of(x.pre, count);

	if (p->packed) {
		x.packed = numbers(heed__gemm_packed_size(ctx, p->k, p->n), 1.0f);
		heed__gemm_pack(ctx, &x.g, x.packed);
		x.g.packed = x.packed;
		x.g.b = NULL;
	}
	assert_int_equal(heed__gemm_run(ctx, &x.g), HEED_OK);
	for (int i = 0; i <= p->m; i++)
		for (int j = 0; j < p->n + 5; j++) {
			const size_t at = (size_t)(i * (p->n + 5) + j);
			double sum = p->accumulate ? (double)before[at] : 0.0;

			if (i == p->m || j >= p->n) { /* beside the rows nothing may change */
				assert_true(x.c[at] == before[at] && x.pre[at] == pre_before[at]);
				continue;
			}
			for (int l = 0; l < p->k; l++)
				sum += (double)x.a[i * x.g.a_row + l * x.g.a_col] *
				       (double)x.b[l * x.g.b_row + j * x.g.b_col];
			sum += p->bias ? (double)x.bias[j] : 0.0;
			if (p->pre)
				check_near("gemm pre", heed_ctx_cpu(ctx), at, (double)x.pre[at], sum,
					   tolerance);
			check_near("gemm", heed_ctx_cpu(ctx), at, (double)x.c[at],
				   act_double(sum, (heed__act)p->act), tolerance);
		}
	free(before);
	free(pre_before);
	free_matrices(&x);
}

static int pick(int n)
{
	return (int)((uniform() + 1.0f) * 0.5f * (float)n);
}

static void test_products(void **state)
{
	const int edges[] = {1, 2, 3, 5, 6, 7, 8, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 64, 65, 97};

	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++) {
		heed_ctx *ctx;

		if (!(*k)->runs_here())
			continue;
		ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .cpu = (*k)->name});
		assert_non_null(ctx);
		for (int i = 0; i < 400; i++) {
			const product p = {
				.m = edges[pick(22)],
				.n = edges[pick(22)],
				.k = i % 16 == 0 ? 0 : edges[pick(22)] * (i % 7 == 0 ? 9 : 1),
				.act = pick(ACTS),
				.a_turned = i & 1,
				.b_turned = i & 2,
				.accumulate = i & 4,
				.bias = i & 8,
				.pre = i & 16,
				.packed = i & 32,
			};

			check_product(ctx, &p);
		}
		heed_ctx_free(ctx);
	}
}

static void test_empty_product(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	float c = 5.0f;
	heed__gemm g = {.k = 3, .n = 1, .a_col = 1, .b_col = 1, .c = &c, .ldc = 1};

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(heed__gemm_run(ctx, &g), HEED_OK);
	g.m = 1;
	g.n = 0;
	assert_int_equal(heed__gemm_run(ctx, &g), HEED_OK);
	assert_true(c == 5.0f);
	heed_ctx_free(ctx);
}

/* The same bits for any number of threads, packed or not, and for rows done alone. */
static void check_bits(set *k, const product *p)
{
	matrices x = make_matrices(p);
	const size_t bytes = (size_t)(p->m * (p->n + 5)) * sizeof(float);
	const int threads[] = {1, 2, 3, 8};
	float *before = copy_of(x.c, bytes / sizeof(float)), *expected = NULL;

	for (int t = 0; t < 4; t++) {
		heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads[t], .cpu = k->name});
		const float *a = x.g.a;

		assert_non_null(ctx);
		x.g.packed = NULL;
		for (int way = 0; way < 3; way++) {
			memcpy(x.c, before, bytes);
			if (way == 1) {
				x.packed = numbers(heed__gemm_packed_size(ctx, p->k, p->n), 1.0f);
				heed__gemm_pack(ctx, &x.g, x.packed);
				x.g.packed = x.packed;
			}
			for (int i = 0; i < (way == 2 ? p->m : 1); i++) {
				x.g.m = way == 2 ? 1 : p->m;
				x.g.a = a + i * x.g.a_row;
				x.g.c = x.c + i * x.g.ldc;
				assert_int_equal(heed__gemm_run(ctx, &x.g), HEED_OK);
			}
			x.g.a = a;
			x.g.c = x.c;
			x.g.m = p->m;
			if (!expected)
				expected = copy_of(x.c, bytes / sizeof(float));
			assert_memory_equal(x.c, expected, bytes);
		}
		free(x.packed);
		x.packed = NULL;
		heed_ctx_free(ctx);
	}
	free(before);
	free(expected);
	free_matrices(&x);
}

static void test_product_bits(void **state)
{
	const product cases[] = {
		{.m = 150, .n = 200, .k = 300, .bias = true, .b_turned = true, .act = HEED__ACT_GELU},
		{.m = 130, .n = 70, .k = 600, .a_turned = true, .accumulate = true},
		{.m = 1, .n = 1000, .k = 64, .b_turned = true},
		{.m = 97, .n = 33, .k = 257},
	};

	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int i = 0; (*k)->runs_here() && i < 4; i++)
			check_bits(*k, &cases[i]);
}

static void *refuse(void *user, void *p, size_t n)
{
	if (n == 0) {
		free(p);
		return NULL;
	}
	return n > *(const size_t *)user ? NULL : realloc(p, n);
}

static void test_product_memory(void **state)
{
	size_t most = 50000;
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .alloc = refuse, .alloc_user = &most});
	const product p = {.m = 20, .n = 100, .k = 300, .a_turned = true};
	matrices x = make_matrices(&p);

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(heed__gemm_run(ctx, &x.g), HEED_E_MEMORY);
	assert_int_equal(heed_error_code(ctx), HEED_E_MEMORY);
	heed_error_clear(ctx);
	most = SIZE_MAX;
	assert_int_equal(heed__gemm_run(ctx, &x.g), HEED_OK);
	free_matrices(&x);
	heed_ctx_free(ctx);
}

/* Rows. */

static const int widths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129, 1000};
enum { WIDTHS = sizeof widths / sizeof *widths };

static void test_softmax(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int w = 0; (*k)->runs_here() && w < WIDTHS; w++) {
			const int n = widths[w], ld = n + 3;
			float *x = numbers((size_t)(3 * ld), 20.0f), *y = numbers((size_t)(3 * ld), 1.0f);
			float *logs = numbers((size_t)(3 * ld), 1.0f);

			x[ld] = -INFINITY; /* row 1 partly masked, row 2 wholly */
			for (int j = 0; j < n; j++)
				x[2 * ld + j] = -INFINITY;
			(*k)->softmax(3, n, x, ld, y, ld);
			(*k)->log_softmax(3, n, x, ld, logs, ld);
			for (int i = 0; i < 3; i++) {
				double sum = 0.0;

				for (int j = 0; j < n; j++)
					sum += exp((double)x[i * ld + j]);
				for (int j = 0; j < n; j++) {
					const double xj = (double)x[i * ld + j];

					check_near("softmax", (*k)->name, (size_t)j, (double)y[i * ld + j],
						   sum > 0.0 ? exp(xj) / sum : 0.0, 1e-6);
					check_near("log_softmax", (*k)->name, (size_t)j,
						   (double)logs[i * ld + j], sum > 0.0 ? xj - log(sum) : xj,
						   1e-6);
				}
			}
			(*k)->softmax(3, n, x, ld, x, ld);
			for (int i = 0; i < 3; i++)
				check_all("softmax in place", (*k)->name, x + i * ld, y + i * ld, (size_t)n,
					  0.0);
			free(x);
			free(y);
			free(logs);
		}
}

/* The gradient of the loss by its formula from softmax in double. */
static void check_cross_entropy(set *k, int n, float eps, bool grad)
{
	enum { ROWS = 3 };
	const int ld = n + 2, targets[ROWS] = {0, n / 2, n - 1};
	float *z = numbers((size_t)(ROWS * ld), 8.0f), *before = copy_of(z, (size_t)(ROWS * ld)), nll[ROWS];
	const double got = k->cross_entropy(ROWS, n, z, ld, targets, eps, grad, 0.3f, nll);
	double total = 0.0;

	for (int i = 0; i < ROWS; i++) {
		const float *zi = before + i * ld;
		const double zt = (double)zi[targets[i]], e = (double)eps;
		double exps = 0.0, sum = 0.0, lse;

		for (int j = 0; j < n; j++) {
			exps += exp((double)zi[j]);
			sum += (double)zi[j];
		}
		lse = log(exps);
		total += lse - (1.0 - e) * zt - e / n * sum;
		check_near("nll", k->name, (size_t)i, (double)nll[i], lse - zt, 1e-6);
		for (int j = 0; j < n; j++) {
			const double dz =
				exp((double)zi[j] - lse) - (j == targets[i] ? 1.0 - e : 0.0) - e / n;

			if (grad)
				check_near("cross_entropy gradient", k->name, (size_t)j,
					   (double)z[i * ld + j], (double)0.3f * dz, 1e-6);
			else
				assert_true(z[i * ld + j] == zi[j]);
		}
	}
	check_near("cross_entropy", k->name, (size_t)n, got, total, 2e-6);
	assert_true(k->cross_entropy(ROWS, n, before, ld, targets, eps, grad, 0.3f, NULL) == got);
	free(z);
	free(before);
}

static void test_cross_entropy(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int w = 0; (*k)->runs_here() && w < WIDTHS; w++)
			for (int grad = 0; grad < 2; grad++) {
				check_cross_entropy(*k, widths[w], 0.0f, grad);
				check_cross_entropy(*k, widths[w], 0.1f, grad);
			}
}

static void test_column_sums(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int w = 0; (*k)->runs_here() && w < WIDTHS; w++) {
			const int n = widths[w], ld = n + 1, rows = 1 + w;
			float *x = numbers((size_t)(rows * ld), 1.0f), *sums = numbers((size_t)n, 1.0f);
			float *before = copy_of(sums, (size_t)n);

			(*k)->column_sums(0, n, x, ld, sums);
			(*k)->column_sums(rows, n, x, ld, sums);
			for (int j = 0; j < n; j++) {
				double sum = (double)before[j];

				for (int i = 0; i < rows; i++)
					sum += (double)x[i * ld + j];
				check_near("column_sums", (*k)->name, (size_t)j, (double)sums[j], sum, 1e-6);
			}
			free(x);
			free(sums);
			free(before);
		}
}

/* Layer normalisation: forward by its formula; gradients against finite differences of the forward pass in
 * double. */

static void norm_double(int n, const double *s, const float *gamma, const float *beta, double eps, double *y)
{
	double mean = 0.0, variance = 0.0;

	for (int j = 0; j < n; j++)
		mean += s[j] / n;
	for (int j = 0; j < n; j++)
		variance += (s[j] - mean) * (s[j] - mean) / n;
	for (int j = 0; j < n; j++)
		y[j] = (double)gamma[j] * (s[j] - mean) / sqrt(variance + eps) + (double)beta[j];
}

/* sum_j dy_j y_j when s_at moves by h */
static double norm_moved(int n, const float *s, const float *gamma, const float *beta, const float *dy,
			 int at, double h)
{
	double moved[1000] = {0.0}, y[1000], sum = 0.0;

	for (int j = 0; j < n; j++)
		moved[j] = (double)s[j] + (j == at ? h : 0.0);
	norm_double(n, moved, gamma, beta, 1e-3, y);
	for (int j = 0; j < n; j++)
		sum += (double)dy[j] * y[j];
	return sum;
}

static void check_norm(set *k, int n, float p)
{
	enum { ROWS = 3 };
	const size_t all = (size_t)(ROWS * n), width = (size_t)n;
	const heed__mask mask = {.seed = 9, .stream = 4, .p = p};
	float *x = numbers(all, 2.0f), *r = numbers(all, 2.0f), *gamma = numbers(width, 2.0f);
	float *beta = numbers(width, 1.0f), *y = numbers(all, 1.0f), *sum = numbers(all, 1.0f);
	float *xhat = numbers(all, 1.0f), *rstd = numbers(ROWS, 1.0f), *expected = copy_of(x, all);
	float *dy = numbers(all, 1.0f), *ds = numbers(all, 1.0f), *dgamma = numbers(width, 1.0f);
	float *dbeta = numbers(width, 1.0f), *gamma_before = copy_of(dgamma, width);
	float *beta_before = copy_of(dbeta, width), *alone = numbers(all, 1.0f);

	k->norm(ROWS, n, x, p < 0.0f ? NULL : r, &mask, 16, gamma, beta, 1e-3f, y, sum, xhat, rstd);
	if (p >= 0.0f)
		heed__kernels_all()[0]->dropout_add(all, r, expected, &mask, 16);
	check_all("norm sum", k->name, sum, expected, all, 1e-6);
	k->norm_grad(ROWS, n, dy, xhat, rstd, gamma, ds, dgamma, dbeta);
	for (int i = 0; i < ROWS; i++) {
		double s[1000] = {0.0}, yd[1000];

		for (int j = 0; j < n; j++)
			s[j] = (double)sum[i * n + j];
		norm_double(n, s, gamma, beta, 1e-3, yd);
		for (int j = 0; j < n; j++) {
			const int at = i * n + j;
			const double h = 1e-4;
			const double slope = (norm_moved(n, sum + i * n, gamma, beta, dy + i * n, j, h) -
					      norm_moved(n, sum + i * n, gamma, beta, dy + i * n, j, -h)) /
					     (2.0 * h);

			check_near("norm", k->name, (size_t)at, (double)y[at], yd[j], n > 1 ? 1e-5 : 1e-3);
			if (n > 2) /* two numbers have a fixed normal form; its slope is all cancellation */
				check_near("norm_grad", k->name, (size_t)at, (double)ds[at], slope, 1e-4);
		}
	}
	for (int j = 0; j < n; j++) {
		double g = (double)gamma_before[j], b = (double)beta_before[j];

		for (int i = 0; i < ROWS; i++) {
			g += (double)dy[i * n + j] * (double)xhat[i * n + j];
			b += (double)dy[i * n + j];
		}
		check_near("dgamma", k->name, (size_t)j, (double)dgamma[j], g, 1e-5);
		check_near("dbeta", k->name, (size_t)j, (double)dbeta[j], b, 1e-5);
	}
	/* What isn't wanted may be missing, and rows may be done alone. */
	for (int i = 0; i < ROWS; i++)
		k->norm(1, n, x + i * n, p < 0.0f ? NULL : r + i * n, &mask, 16 + (uint64_t)(i * n), gamma,
			beta, 1e-3f, alone + i * n, NULL, NULL, NULL);
	check_all("norm by rows", k->name, alone, y, all, 0.0);
	k->norm_grad(ROWS, n, dy, xhat, rstd, gamma, alone, NULL, NULL);
	check_all("norm_grad alone", k->name, alone, ds, all, 0.0);
	free(x);
	free(r);
	free(gamma);
	free(beta);
	free(y);
	free(sum);
	free(xhat);
	free(rstd);
	free(expected);
	free(dy);
	free(ds);
	free(dgamma);
	free(dbeta);
	free(gamma_before);
	free(beta_before);
	free(alone);
}

static void test_norm(void **state)
{
	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int w = 0; (*k)->runs_here() && w < WIDTHS; w++) {
			if (widths[w] == 1000)
				continue; /* finite differences of a thousand take long; 100 and 129 say the same */
			check_norm(*k, widths[w], -1.0f); /* without r */
			check_norm(*k, widths[w], 0.0f);
			check_norm(*k, widths[w], 0.3f);
		}
}

/* Attention. */

typedef struct attention {
	int queries, keys, width;
	bool causal, gather, weights;
	float p;
} attention;

typedef struct arrays {
	float *q, *k, *v, *out, *lse, *weights, *dout, *dq, *dk, *dv;
	int *gather;
	size_t q_size, k_size, w_size;
	heed__attend a;
	heed__attend_grad g;
} arrays;

/* Three heads side by side of which the second is used, in rows that are a little wider still. */
static arrays make_arrays(const attention *c)
{
	const int row = 3 * c->width + 2, at = c->width;
	arrays x = {.q_size = (size_t)(c->queries * row),
		    .k_size = (size_t)(c->keys * row),
		    .w_size = (size_t)(c->queries * c->keys)};

	x.q = numbers(x.q_size, 1.0f);
	x.k = numbers(x.k_size, 1.0f);
	x.v = numbers(x.k_size, 1.0f);
	x.out = numbers(x.q_size, 1.0f);
	x.lse = numbers((size_t)(c->queries * 2), 1.0f);
	x.weights = numbers(x.w_size, 1.0f);
	x.dout = numbers(x.q_size, 1.0f);
	x.dq = numbers(x.q_size, 1.0f);
	x.dk = numbers(x.k_size, 1.0f);
	x.dv = numbers(x.k_size, 1.0f);
	x.gather = malloc((size_t)(c->keys + 1) * sizeof *x.gather);
	assert_non_null(x.gather);
	for (int j = 0; j < c->keys; j++)
		x.gather[j] = (j * 7 + 3) % c->keys;
	x.a = (heed__attend){
		.queries = c->queries,
		.keys = c->keys,
		.width = c->width,
		.q = x.q + at,
		.k = x.k + at,
		.v = x.v + at,
		.q_row = row,
		.k_row = row,
		.v_row = row,
		.gather = c->gather ? x.gather : NULL,
		.causal = c->causal,
		.scale = 1.5f / sqrtf((float)c->width),
		.mask = {.seed = 11, .stream = 2, .step = 1, .p = c->p},
		.mask_first = 80,
		.mask_row = (c->keys + 7) / 8 * 8 + 8,
		.out = x.out + at,
		.out_row = row,
		.lse = x.lse,
		.lse_row = 2,
		.weights = c->weights ? x.weights : NULL,
	};
	x.g = (heed__attend_grad){.dout = x.dout + at, .dq = x.dq + at, .dk = x.dk + at, .dv = x.dv + at};
	return x;
}

static void free_arrays(arrays *x)
{
	free(x->q);
	free(x->k);
	free(x->v);
	free(x->out);
	free(x->lse);
	free(x->weights);
	free(x->dout);
	free(x->dq);
	free(x->dk);
	free(x->dv);
	free(x->gather);
}

static int key_at(const heed__attend *a, int j)
{
	return a->gather ? a->gather[j] : j;
}

/* The weights of query i in double, and log sum exp. */
static double weights_double(const heed__attend *a, int i, double *w)
{
	const int seen = a->causal ? i + 1 + a->keys - a->queries : a->keys;
	double sum = 0.0;

	for (int j = 0; j < a->keys; j++) {
		double s = 0.0;

		for (int l = 0; l < a->width; l++)
			s += (double)a->q[i * a->q_row + l] * (double)a->k[key_at(a, j) * a->k_row + l];
		w[j] = j < seen ? exp((double)a->scale * s) : 0.0;
		sum += w[j];
	}
	for (int j = 0; j < a->keys; j++)
		w[j] /= sum > 0.0 ? sum : 1.0;
	return log(sum);
}

static void factors_double(const heed__attend *a, int i, double *f)
{
	float row[2048];

	for (int j = 0; j < a->keys; j++)
		row[j] = 1.0f;
	heed__kernels_all()[0]->dropout((size_t)a->keys, row, row, &a->mask,
					a->mask_first + (uint64_t)i * (uint64_t)a->mask_row);
	for (int j = 0; j < a->keys; j++)
		f[j] = (double)row[j];
}

static void check_attend(set *k, const attention *c)
{
	arrays x = make_arrays(c);
	float *before = copy_of(x.out, x.q_size);
	double w[2048], f[2048];

	k->attend(&x.a);
	for (int i = 0; i < c->queries; i++) {
		const double lse = weights_double(&x.a, i, w);

		check_near("lse", k->name, (size_t)i, (double)x.lse[2 * i], lse, 2e-6);
		factors_double(&x.a, i, f);
		for (int j = 0; c->weights && j < c->keys; j++)
			check_near("weights", k->name, (size_t)j, (double)x.weights[i * c->keys + j], w[j],
				   2e-6);
		for (int l = 0; l < c->width; l++) {
			double sum = 0.0;

			for (int j = 0; j < c->keys; j++)
				sum += f[j] * w[j] * (double)x.a.v[key_at(&x.a, j) * x.a.v_row + l];
			check_near("attend", k->name, (size_t)(i * c->width + l),
				   (double)x.a.out[i * x.a.out_row + l], sum, 3e-6);
		}
	}
	/* Nothing beside the rows may change. */
	for (size_t at = 0; at < x.q_size; at++)
		if ((int)at % (3 * c->width + 2) / c->width != 1)
			assert_true(x.out[at] == before[at]);
	free(before);
	free_arrays(&x);
}

/* dq, dk, dv by the formulas (see attend_grad in kernel_plain.c) in double. */
static void check_attend_grad(set *k, const attention *c)
{
	arrays x = make_arrays(c);
	const heed__attend *a = &x.a;
	double *dq = calloc(x.q_size + 1, sizeof *dq), *dk = calloc(x.k_size + 1, sizeof *dk);
	double *dv = calloc(x.k_size + 1, sizeof *dv), w[2048], f[2048], dw[2048];

	assert_true(dq && dk && dv);
	for (size_t at = 0; at < x.q_size; at++)
		dq[at] = (double)x.dq[at];
	for (size_t at = 0; at < x.k_size; at++) {
		dk[at] = (double)x.dk[at];
		dv[at] = (double)x.dv[at];
	}
	k->attend(&x.a);
	k->attend_grad(&x.a, &x.g);
	for (int i = 0; i < c->queries; i++) {
		const float *dout = x.g.dout + i * a->out_row;
		double mean = 0.0;

		weights_double(a, i, w);
		factors_double(a, i, f);
		for (int j = 0; j < c->keys; j++) {
			dw[j] = 0.0;
			for (int l = 0; l < c->width; l++) {
				dv[j * a->v_row + c->width + l] += f[j] * w[j] * (double)dout[l];
				dw[j] += f[j] * (double)dout[l] * (double)a->v[j * a->v_row + l];
			}
			mean += w[j] * dw[j];
		}
		for (int j = 0; j < c->keys; j++)
			for (int l = 0; l < c->width; l++) {
				const double ds = (double)a->scale * w[j] * (dw[j] - mean);

				dq[i * a->q_row + c->width + l] += ds * (double)a->k[j * a->k_row + l];
				dk[j * a->k_row + c->width + l] += ds * (double)a->q[i * a->q_row + l];
			}
	}
	for (size_t at = 0; at < x.q_size; at++)
		check_near("dq", k->name, at, (double)x.dq[at], dq[at], 1e-5);
	for (size_t at = 0; at < x.k_size; at++) {
		check_near("dk", k->name, at, (double)x.dk[at], dk[at], 1e-5);
		check_near("dv", k->name, at, (double)x.dv[at], dv[at], 1e-5);
	}
	free(dq);
	free(dk);
	free(dv);
	free_arrays(&x);
}

static void test_attend(void **state)
{
	const attention cases[] = {
		{1, 1, 1, false, false, true, 0.0f},       {1, 20, 32, false, false, true, 0.1f},
		{2, 70, 64, true, false, true, 0.2f},      {1, 130, 100, true, true, true, 0.2f},
		{4, 9, 20, false, true, false, 0.0f},      {5, 5, 8, true, false, true, 0.0f},
		{15, 15, 32, true, false, true, 0.1f},     {15, 13, 32, false, false, false, 0.3f},
		{16, 33, 31, false, false, true, 0.0f},    {17, 17, 33, true, false, false, 0.5f},
		{31, 64, 64, false, false, true, 0.1f},    {33, 65, 16, true, false, true, 0.1f},
		{40, 3, 24, false, false, true, 0.0f},     {10, 4, 12, true, false, true, 0.2f},
		{3, 200, 300, false, false, false, 0.1f},  {70, 200, 129, true, false, true, 0.0f},
		{130, 130, 48, true, false, false, 0.25f}, {7, 0, 8, false, false, true, 0.0f},
		{0, 7, 8, false, false, true, 0.0f},       {1, 300, 5, false, false, true, 0.0f},
		{40, 1000, 16, true, false, true, 0.1f},   {3, 3, 1, true, false, true, 0.9f},
	};

	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (size_t i = 0; (*k)->runs_here() && i < sizeof cases / sizeof *cases; i++) {
			check_attend(*k, &cases[i]);
			if (!cases[i].gather)
				check_attend_grad(*k, &cases[i]);
		}
}

/* Scores far apart: the running maximum has to carry, in any order of the keys. */
static void test_attend_extremes(void **state)
{
	enum { T = 200 };

	(void)state;
	for (set *const *k = heed__kernels_all(); *k; k++)
		for (int direction = -1; (*k)->runs_here() && direction <= 1; direction += 2) {
			float q[4] = {1.0f, 1.0f, 1.0f, 1.0f}, keys[T], values[T], out[4];
			heed__attend a = {.queries = 4,
					  .keys = T,
					  .width = 1,
					  .q = q,
					  .k = keys,
					  .v = values,
					  .q_row = 1,
					  .k_row = 1,
					  .v_row = 1,
					  .scale = 1.0f,
					  .out = out,
					  .out_row = 1};

			for (int j = 0; j < T; j++) {
				keys[j] = (float)(direction * (j - T / 2)) * 100.0f;
				values[j] = (float)j;
			}
			(*k)->attend(&a);
			for (int i = 0; i < 4; i++)
				check_near("extremes", (*k)->name, (size_t)i, (double)out[i],
					   direction > 0 ? T - 1.0 : 0.0, 1e-6);
			a.queries = 1;
			(*k)->attend(&a);
			check_near("extremes, one query", (*k)->name, 0, (double)out[0],
				   direction > 0 ? T - 1.0 : 0.0, 1e-6);
		}
}

/* Optimizers. */

static void check_optimizers(set *plain, set *k)
{
	for (int s = 0; s < SIZES; s++) {
		const size_t n = sizes[s];
		float *g = numbers(n, 1.0f), *w = numbers(n, 1.0f), *m = numbers(n, 1.0f),
		      *v = numbers(n, 1.0f);
		float *w2, *m2, *v2;

		for (size_t i = 0; i < n; i++)
			v[i] = fabsf(v[i]);
		w2 = copy_of(w, n);
		m2 = copy_of(m, n);
		v2 = copy_of(v, n);
		for (int step = 0; step < 3; step++) {
			plain->adam(n, w, g, m, v, 0.5f, 0.01f, 0.9f, 0.98f, 1e-9f, 0.1f, 0.2f, 0.04f);
			k->adam(n, w2, g, m2, v2, 0.5f, 0.01f, 0.9f, 0.98f, 1e-9f, 0.1f, 0.2f, 0.04f);
			plain->sgd(n, w, g, m, 0.5f, 0.01f, 0.9f);
			k->sgd(n, w2, g, m2, 0.5f, 0.01f, 0.9f);
			plain->adagrad(n, w, g, v, 0.5f, 0.01f, 1e-8f);
			k->adagrad(n, w2, g, v2, 0.5f, 0.01f, 1e-8f);
		}
		check_all("optimizers, w", k->name, w2, w, n, 2e-6);
		check_all("optimizers, m", k->name, m2, m, n, 2e-6);
		check_all("optimizers, v", k->name, v2, v, n, 2e-6);
		free(g);
		free(w);
		free(m);
		free(v);
		free(w2);
		free(m2);
		free(v2);
	}
}

static void test_optimizers(void **state)
{
	(void)state;
	for_sets(check_optimizers);
}

/* One step of plain Adam, worked out with the formulas. */
static void test_adam_formula(void **state)
{
	float w = 2.0f, g = 4.0f, m = 0.5f, v = 0.25f;
	const double gs = 4.0 * 0.5, m1 = 0.9 * 0.5 + 0.1 * gs, v1 = 0.99 * 0.25 + 0.01 * gs * gs;
	const double w1 = 2.0 - 0.1 * 0.01 * 2.0 - 0.1 / 0.19 * m1 / (sqrt(v1) / sqrt(0.02) + 1e-8);

	(void)state;
	heed__kernels_all()[0]->adam(1, &w, &g, &m, &v, 0.5f, 0.1f, 0.9f, 0.99f, 1e-8f, 0.01f, 0.19f, 0.02f);
	check_near("adam", "plain", 0, (double)w, w1, 1e-6);
	check_near("adam m", "plain", 0, (double)m, m1, 1e-6);
	check_near("adam v", "plain", 0, (double)v, v1, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_elementwise),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all_finite),
		cmocka_unit_test(test_act),
		cmocka_unit_test(test_act_tails),
		cmocka_unit_test(test_act_small),
		cmocka_unit_test(test_dropout),
		cmocka_unit_test(test_dropout_meaning),
		cmocka_unit_test(test_dropout_threshold),
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_empty_product),
		cmocka_unit_test(test_product_bits),
		cmocka_unit_test(test_product_memory),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_cross_entropy),
		cmocka_unit_test(test_column_sums),
		cmocka_unit_test(test_norm),
		cmocka_unit_test(test_attend),
		cmocka_unit_test(test_attend_extremes),
		cmocka_unit_test(test_optimizers),
		cmocka_unit_test(test_adam_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
