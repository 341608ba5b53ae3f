/* Optimizers against a scalar one in double, with every kernel set; norms and moving averages. */
#include "scratch.h"

#include "base/context_impl.h"
#include "base/philox.h"
#include "kernel/kernel.h"
#include "train/optimizer.h"

#include <math.h>

#define N     70001 /* three chunks, the last one not a multiple of any register */
#define STEPS 7

static heed_train_options defaults(heed_ctx *ctx)
{
	heed_train_options o;

	assert_int_equal(heed_fields_default(ctx, heed_train_fields, &o), HEED_OK);
	return o;
}

/* The gradient of parameter i at a step: large and small ones, and zeros. */
static float gradient(int step, size_t i)
{
	heed__rng rng = {.seed = 3, .stream = HEED__STREAM_TEST, .step = (uint32_t)step, .index = i};
	const double u = heed__rng_uniform(&rng);

	return i % 97 == 0 ? 0 : (float)((u - 0.5) * pow(10, (double)(i % 7) - 4));
}

static float start(size_t i)
{
	return (float)(sin((double)i) * 0.7);
}

/* One parameter through all steps by the formulas as the papers have them. */
static double by_hand(const heed_train_options *o, size_t i, double scale)
{
	double w = (double)start(i), m = 0, v = 0;

	for (int t = 1; t <= STEPS; t++) {
		const double g = (double)gradient(t, i) * scale, lr = 0.01 * t;

		switch ((enum heed_optimizer)o->optimizer) {
		case HEED_ADAMW:
			w -= lr * o->weight_decay * w;
			/* fall through */
		case HEED_ADAM:
			m = o->beta1 * m + (1 - o->beta1) * g;
			v = o->beta2 * v + (1 - o->beta2) * g * g;
			w -= lr * (m / (1 - pow(o->beta1, t))) /
			     (sqrt(v / (1 - pow(o->beta2, t))) + o->epsilon);
			break;
		case HEED_SGD:
			m = o->momentum * m + g;
			w -= lr * m;
			break;
		case HEED_ADAGRAD:
			v += g * g;
			w -= v > 0 ? lr * g / (sqrt(v) + o->epsilon) : 0;
			break;
		}
	}
	return w;
}

/* All parameters through all steps; the caller frees them. */
static float *by_kernels(heed_ctx *ctx, const heed_train_options *o, double scale)
{
	heed__optimizer optimizer;
	float *w = heed__alloc(ctx, N * sizeof *w), *g = heed__alloc(ctx, N * sizeof *g);

	assert_int_equal(heed__optimizer_init(&optimizer, ctx, o, N), HEED_OK);
	for (size_t i = 0; i < N; i++)
		w[i] = start(i);
	for (int t = 1; t <= STEPS; t++) {
		for (size_t i = 0; i < N; i++)
			g[i] = gradient(t, i);
		heed__optimizer_step(&optimizer, w, g, scale, 0.01 * t);
	}
	assert_int_equal(optimizer.updates, STEPS);
	heed__optimizer_release(&optimizer);
	heed__free(ctx, g);
	return w;
}

static void agrees(int rule, double epsilon, double scale)
{
	for (const struct heed__kernels *const *set = heed__kernels_all(); *set != NULL; set++) {
		heed_ctx *ctx;
		heed_train_options o;
		float *w;

		if (!(*set)->runs_here())
			continue;
		ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .cpu = (*set)->name});
		o = defaults(ctx);
		o.optimizer = rule;
		o.epsilon = epsilon;
		w = by_kernels(ctx, &o, scale);
		for (size_t i = 0; i < N; i++) {
			const double expected = by_hand(&o, i, scale);

			if (!(fabs((double)w[i] - expected) <= 2e-6 * (1 + fabs(expected))))
				fail_msg("%s: parameter %zu is %.9g, expected %.9g", (*set)->name, i,
					 (double)w[i], expected);
		}
		heed__free(ctx, w);
		heed_ctx_free(ctx);
	}
}

static void adam(void **state)
{
	(void)state;
	agrees(HEED_ADAM, 1e-9, 1);
	agrees(HEED_ADAM, 1e-3, 0.25);
}

static void adamw(void **state)
{
	(void)state;
	agrees(HEED_ADAMW, 1e-8, 1);
}

static void sgd(void **state)
{
	(void)state;
	agrees(HEED_SGD, 1e-9, 0.01);
}

static void adagrad(void **state)
{
	(void)state;
	agrees(HEED_ADAGRAD, 1e-9, 1);
}

static void bits_do_not_depend_on_threads(void **state)
{
	heed_ctx *one = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	heed_ctx *four = heed_ctx_new(&(heed_ctx_options){.threads = 4});
	heed_train_options o = defaults(one);

	(void)state;
	for (o.optimizer = HEED_ADAM; o.optimizer <= HEED_ADAGRAD; o.optimizer++) {
		float *a = by_kernels(one, &o, 0.5), *b = by_kernels(four, &o, 0.5);

		assert_memory_equal(a, b, N * sizeof *a);
		heed__free(one, a);
		heed__free(four, b);
	}
	heed_ctx_free(one);
	heed_ctx_free(four);
}

static void norms(void **state)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 3});
	heed_train_options o = defaults(ctx);
	heed__optimizer optimizer;
	float *g = heed__alloc(ctx, N * sizeof *g);
	long double sum = 0;
	double norm;

	(void)state;
	assert_int_equal(heed__optimizer_init(&optimizer, ctx, &o, N), HEED_OK);
	for (size_t i = 0; i < N; i++) {
		g[i] = gradient(1, i);
		sum += (long double)g[i] * g[i];
	}
	norm = heed__optimizer_norm(&optimizer, g);
	assert_true(fabs(norm - (double)sqrtl(sum)) <= 1e-12 * norm);

	for (size_t i = 0; i < N; i++)
		g[i] = 1e30f; /* whose squares are no floats */
	norm = heed__optimizer_norm(&optimizer, g);
	assert_true(fabs(norm / ((double)1e30f * sqrt(N)) - 1) < 1e-9);

	for (size_t at = 0; at < N; at += N / 5) {
		const float before = g[at];

		g[at] = NAN;
		assert_true(!isfinite(heed__optimizer_norm(&optimizer, g)));
		g[at] = -INFINITY;
		assert_true(!isfinite(heed__optimizer_norm(&optimizer, g)));
		g[at] = before;
	}
	heed__optimizer_release(&optimizer);
	heed__free(ctx, g);
	heed_ctx_free(ctx);
}

static void averages(void **state)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2});
	heed_train_options o = defaults(ctx);
	heed__optimizer optimizer;
	float *w = heed__alloc(ctx, N * sizeof *w), *average = heed__calloc(ctx, N, sizeof *average);

	(void)state;
	assert_int_equal(heed__optimizer_init(&optimizer, ctx, &o, N), HEED_OK);
	for (size_t i = 0; i < N; i++)
		w[i] = start(i);
	heed__optimizer_average(&optimizer, w, average, 0.75);
	heed__optimizer_average(&optimizer, w, average, 0.5);
	for (size_t i = 0; i < N; i++)
		assert_true(fabsf(average[i] - 0.625f * w[i]) <= 1e-7f);
	heed__optimizer_average(&optimizer, w, average, 0);
	for (size_t i = 0; i < N; i++)
		assert_true(fabsf(average[i] - w[i]) <= 1e-7f);
	heed__optimizer_release(&optimizer);
	heed__free(ctx, w);
	heed__free(ctx, average);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adam),
		cmocka_unit_test(adamw),
		cmocka_unit_test(sgd),
		cmocka_unit_test(adagrad),
		cmocka_unit_test(bits_do_not_depend_on_threads),
		cmocka_unit_test(norms),
		cmocka_unit_test(averages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
