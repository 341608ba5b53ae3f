/* Runs the cases of the ops: gradients, agreement of kernels, refusals, and times. */
#include "heed/selftest.h"

#include "base/file.h"
#include "tensor/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Limits by norm over norm. Kernels of different sets differ by the order of their sums; finite differences of
 * float results by rounding over the step. */
#define KERNEL_LIMIT   2e-5
#define GRADIENT_LIMIT 5e-4
#define STEP           0.02

typedef struct checker {
	heed_check_fn *report;
	void *user;
	int failures;
} checker;

/* One case on one tape: the inputs, the result, and a fixed random gradient for it. */
typedef struct trial {
	heed_tape *tape;
	heed__case_inputs inputs;
	heed_tensor *out;
	float *seed; /* [elements of out] */
} trial;

static void tell(checker *c, heed_ctx *ctx, const heed_op *op, const heed__op_case *k, const char *kind,
		 bool passed, double error, double limit)
{
	c->failures += !passed;
	c->report(c->user, &(heed_check){op->name, k->name, kind, heed_ctx_cpu(ctx), passed, error, limit,
					 passed ? "" : heed_error_message(ctx)});
}

static void run(trial *t, const heed__op_case *k, int leaf, size_t element, double nudge)
{
	heed__rng seeds = {.seed = 1, .stream = HEED__STREAM_TEST, .step = 1};

	heed_tape_reset(t->tape, 5);
	t->inputs = (heed__case_inputs){.tape = t->tape,
					.rng = {.seed = 1, .stream = HEED__STREAM_TEST},
					.nudged = leaf,
					.element = element,
					.nudge = nudge};
	t->out = k->build(t->tape, &t->inputs, k->n);
	t->seed =
		t->out != NULL ? heed__tape_alloc(t->tape, heed_tensor_size(t->out) * sizeof *t->seed) : NULL;
	for (size_t i = 0; t->seed != NULL && i < heed_tensor_size(t->out); i++)
		t->seed[i] = (float)(2 * heed__rng_uniform(&seeds) - 1);
}

/* sum_i seed_i out_i in double: the number whose gradient is checked. */
static double value(const trial *t)
{
	double sum = 0;

	for (size_t i = 0; i < heed_tensor_size(t->out); i++)
		sum += (double)t->seed[i] * t->out->data[i];
	return sum;
}

static double value_at(trial *t, const heed__op_case *k, int leaf, size_t element, double nudge)
{
	run(t, k, leaf, element, nudge);
	return t->seed != NULL ? value(t) : NAN;
}

/* The gradients of all leaves one after another; NULL: the case failed. The caller frees it. */
static float *gradients(heed_ctx *ctx, trial *t, const heed__op_case *k, size_t *count)
{
	float *all;

	run(t, k, -1, 0, 0);
	if (t->seed == NULL || heed__tape_backward_from(t->tape, t->out, t->seed) != HEED_OK)
		return NULL;
	*count = 0;
	for (int l = 0; l < t->inputs.count; l++)
		*count += heed_tensor_size(t->inputs.leaves[l]);
	all = heed__calloc(ctx, *count + 1, sizeof *all);
	for (int l = 0, at = 0; all != NULL && l < t->inputs.count; l++) {
		const heed_tensor *x = t->inputs.leaves[l];

		if (x->has_grad)
			memcpy(all + at, x->grad, heed_tensor_size(x) * sizeof *all);
		at += (int)heed_tensor_size(x);
	}
	return all;
}

static double distance(const float *a, const float *b, size_t n)
{
	double difference = 0, size = 0;

	for (size_t i = 0; i < n; i++) {
		difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
		size += (double)b[i] * b[i];
	}
	return sqrt(difference) / (sqrt(size) + 1e-3);
}

/* Central differences of fourth order: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h. */
static double slope(trial *t, const heed__op_case *k, int leaf, size_t element)
{
	const double near = value_at(t, k, leaf, element, STEP) - value_at(t, k, leaf, element, -STEP);
	const double far = value_at(t, k, leaf, element, 2 * STEP) - value_at(t, k, leaf, element, -2 * STEP);

	return (8 * near - far) / (12 * STEP);
}

static void check_gradient(checker *c, heed_ctx *ctx, trial *t, const heed_op *op, const heed__op_case *k)
{
	size_t count = 0;
	float *const exact = gradients(ctx, t, k, &count);
	float *const numeric = heed__calloc(ctx, count + 1, sizeof *numeric);
	double error = INFINITY;

	if (exact != NULL && numeric != NULL) {
		const int leaves = t->inputs.count;
		size_t at = 0;

		for (int l = 0; l < leaves; l++) {
			const size_t n = heed_tensor_size(t->inputs.leaves[l]);

			for (size_t i = 0; i < n; i++)
				numeric[at++] = (float)slope(t, k, l, i);
		}
		error = distance(exact, numeric, count);
	}
	tell(c, ctx, op, k, "gradient", error <= GRADIENT_LIMIT, error, GRADIENT_LIMIT);
	heed__free(ctx, exact);
	heed__free(ctx, numeric);
}

/* The result and the gradients under these kernels against plain C. */
static void check_kernels(checker *c, heed_ctx *ctx, heed_ctx *plain, const heed_op *op,
			  const heed__op_case *k)
{
	trial here = {.tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN)};
	trial there = {.tape = heed_tape_new(plain, HEED_TAPE_GRAD | HEED_TAPE_TRAIN)};
	double error = INFINITY;

	if (here.tape != NULL && there.tape != NULL) {
		size_t n = 0, m = 0;
		float *a, *b;

		run(&here, k, -1, 0, 0);
		run(&there, k, -1, 0, 0);
		if (here.seed != NULL && there.seed != NULL)
			error = distance(here.out->data, there.out->data, heed_tensor_size(there.out));
		a = gradients(ctx, &here, k, &n);
		b = gradients(plain, &there, k, &m);
		error = a != NULL && b != NULL && n == m ? fmax(error, distance(a, b, n)) : INFINITY;
		heed__free(ctx, a);
		heed__free(plain, b);
	}
	tell(c, ctx, op, k, "kernels", error <= KERNEL_LIMIT, error, KERNEL_LIMIT);
	heed_tape_free(here.tape);
	heed_tape_free(there.tape);
}

static void check_refusal(checker *c, heed_ctx *ctx, trial *t, const heed_op *op, const heed__op_case *k)
{
	bool refused;

	run(t, k, -1, 0, 0);
	refused = t->out == NULL &&
		  (heed_tape_code(t->tape) == HEED_E_SHAPE || heed_tape_code(t->tape) == HEED_E_ARGUMENT);
	tell(c, ctx, op, k, "refusal", refused, refused ? 0 : 1, 0);
}

static void check_op(checker *c, heed_ctx *ctx, heed_ctx *plain, trial *t, const heed_op *op)
{
	for (const heed__op_case *k = op->cases; k->name != NULL; k++) {
		heed_error_clear(ctx);
		if (k->timed)
			continue;
		if (k->bad) {
			check_refusal(c, ctx, t, op, k);
			continue;
		}
		if (!k->rough)
			check_gradient(c, ctx, t, op, k);
		if (strcmp(heed_ctx_cpu(ctx), "plain") != 0)
			check_kernels(c, ctx, plain, op, k);
	}
}

static heed_ctx *context_for(const char *cpu, int threads)
{
	return heed_ctx_new(&(heed_ctx_options){.cpu = cpu, .threads = threads, .seed = 3});
}

heed_code heed_selftest(heed_ctx *ctx, const char *op, heed_check_fn *report, void *user)
{
	heed_ctx *const plain = context_for("plain", heed_ctx_threads(ctx));
	checker c = {report, user, 0};
	int found = 0;

	if (plain == NULL)
		return heed__error(ctx, HEED_E_MEMORY, "selftest: no context for plain kernels");
	for (const struct heed__kernels *const *set = heed__kernels_all(); *set != NULL; set++) {
		heed_ctx *const here = context_for((*set)->name, heed_ctx_threads(ctx));
		trial t = {.tape = here != NULL ? heed_tape_new(here, HEED_TAPE_GRAD | HEED_TAPE_TRAIN)
						: NULL};

		for (const heed_op *const *o = heed__ops();
		     t.tape != NULL && *o != NULL && !heed_interrupted(ctx); o++)
			if (op == NULL || strcmp(op, (*o)->name) == 0) {
				found++;
				check_op(&c, here, plain, &t, *o);
			}
		heed_tape_free(t.tape);
		heed_ctx_free(here);
	}
	heed_ctx_free(plain);
	if (heed_interrupted(ctx))
		return heed__error(ctx, HEED_E_INTERRUPTED, "selftest: interrupted");
	if (found == 0)
		return heed__error(ctx, HEED_E_ARGUMENT, "selftest: there is no op \"%s\"", op);
	if (c.failures > 0)
		return heed__error(ctx, HEED_E_INTERNAL, "selftest: %d checks failed", c.failures);
	return HEED_OK;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static heed_code time_case(heed_ctx *ctx, trial *t, const heed_op *op, const heed__op_case *k, int repeats,
			   heed_timing_fn *report, void *user)
{
	double *const seconds = heed__calloc(ctx, (size_t)repeats, sizeof *seconds);

	if (seconds == NULL)
		return HEED_E_MEMORY;
	for (int r = -1; r < repeats; r++) { /* the first run warms up */
		double start;

		run(t, k, -1, 0, 0);
		if (t->seed == NULL)
			break;
		start = heed__clock();
		t->out->node->op->forward(t->out->node);
		if (heed__tape_backward_from(t->tape, t->out, t->seed) != HEED_OK)
			break;
		if (r >= 0)
			seconds[r] = heed__clock() - start;
	}
	qsort(seconds, (size_t)repeats, sizeof *seconds, by_size);
	if (heed_tape_code(t->tape) == HEED_OK)
		report(user, &(heed_timing){op->name, k->name, heed_ctx_cpu(ctx), heed_ctx_threads(ctx),
					    seconds[0], seconds[repeats / 2], heed_tape_used(t->tape).flops});
	heed__free(ctx, seconds);
	return heed_tape_code(t->tape);
}

heed_code heed_bench_ops(heed_ctx *ctx, const char *op, int repeats, heed_timing_fn *report, void *user)
{
	trial t = {.tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN)};
	heed_code code = t.tape != NULL ? HEED_OK : HEED_E_MEMORY;
	int found = 0;

	for (const heed_op *const *o = heed__ops(); code == HEED_OK && *o != NULL; o++) {
		if (op != NULL && strcmp(op, (*o)->name) != 0)
			continue;
		found++;
		for (const heed__op_case *k = (*o)->cases; code == HEED_OK && k->name != NULL; k++)
			if (heed_interrupted(ctx))
				code = heed__error(ctx, HEED_E_INTERRUPTED, "bench: interrupted");
			else if (k->timed)
				code = time_case(ctx, &t, *o, k, repeats, report, user);
	}
	heed_tape_free(t.tape);
	if (code == HEED_OK && found == 0)
		return heed__error(ctx, HEED_E_ARGUMENT, "bench: there is no op \"%s\"", op);
	return code;
}
