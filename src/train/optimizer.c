/* Adam, AdamW, SGD with momentum and Adagrad over one flat block, in chunks of a fixed size. */
#include "train/optimizer.h"

#include "base/context_impl.h"
#include "kernel/kernel.h"

#include <math.h>

#define CHUNK ((size_t)32768) /* floats */

typedef struct job {
	const heed__optimizer *o;
	const struct heed__kernels *kernels;
	float *values, *average;
	const float *gradients, *source;
	float scale, lr, correction1, correction2, weight;
	double *partial;
} job;

static int chunks(const heed__optimizer *o)
{
	return (int)((o->size + CHUNK - 1) / CHUNK);
}

static size_t length(const heed__optimizer *o, size_t at)
{
	return o->size - at < CHUNK ? o->size - at : CHUNK;
}

int heed__optimizer_moments(const heed_train_options *options)
{
	return options->optimizer == HEED_ADAM || options->optimizer == HEED_ADAMW ? 2 : 1;
}

heed_code heed__optimizer_init(heed__optimizer *o, heed_ctx *ctx, const heed_train_options *options,
			       size_t size)
{
	*o = (heed__optimizer){.ctx = ctx, .options = options, .size = size};
	o->partial = heed__calloc(ctx, (size_t)chunks(o), sizeof *o->partial);
	o->m = heed__calloc(ctx, size, sizeof *o->m);
	if (heed__optimizer_moments(options) == 2)
		o->v = heed__calloc(ctx, size, sizeof *o->v);
	if (o->partial != NULL && o->m != NULL && (o->v != NULL || heed__optimizer_moments(options) < 2))
		return HEED_OK;
	heed__optimizer_release(o);
	return HEED_E_MEMORY;
}

void heed__optimizer_release(heed__optimizer *o)
{
	heed__free(o->ctx, o->m);
	heed__free(o->ctx, o->v);
	heed__free(o->ctx, o->partial);
	o->m = o->v = NULL;
	o->partial = NULL;
}

static void sum_chunk(void *arg, int chunk, int thread)
{
	const job *const j = arg;
	const size_t at = (size_t)chunk * CHUNK;

	(void)thread;
	j->partial[chunk] = j->kernels->sum_squares(length(j->o, at), j->gradients + at);
}

double heed__optimizer_norm(const heed__optimizer *o, const float *gradients)
{
	job j = {.o = o, .kernels = heed__ctx_kernels(o->ctx), .gradients = gradients, .partial = o->partial};
	double sum = 0;

	heed__parallel(o->ctx, chunks(o), sum_chunk, &j);
	for (int c = 0; c < chunks(o); c++)
		sum += o->partial[c];
	return sqrt(sum);
}

static void update_chunk(void *arg, int chunk, int thread)
{
	const job *const j = arg;
	const heed_train_options *const s = j->o->options;
	const size_t at = (size_t)chunk * CHUNK, n = length(j->o, at);
	float *const w = j->values + at, *const m = j->o->m + at;
	const float *const g = j->gradients + at;

	(void)thread;
	switch ((enum heed_optimizer)s->optimizer) {
	case HEED_ADAM:
	case HEED_ADAMW:
		j->kernels->adam(n, w, g, m, j->o->v + at, j->scale, j->lr, (float)s->beta1, (float)s->beta2,
				 (float)s->epsilon, s->optimizer == HEED_ADAMW ? (float)s->weight_decay : 0,
				 j->correction1, j->correction2);
		break;
	case HEED_SGD:
		j->kernels->sgd(n, w, g, m, j->scale, j->lr, (float)s->momentum);
		break;
	case HEED_ADAGRAD:
		j->kernels->adagrad(n, w, g, m, j->scale, j->lr, (float)s->epsilon);
		break;
	}
}

void heed__optimizer_step(heed__optimizer *o, float *values, const float *gradients, double scale, double lr)
{
	const double t = (double)++o->updates;
	job j = {.o = o,
		 .kernels = heed__ctx_kernels(o->ctx),
		 .values = values,
		 .gradients = gradients,
		 .scale = (float)scale,
		 .lr = (float)lr,
		 .correction1 = (float)(1 - pow(o->options->beta1, t)),
		 .correction2 = (float)(1 - pow(o->options->beta2, t))};

	heed__parallel(o->ctx, chunks(o), update_chunk, &j);
}

static void average_chunk(void *arg, int chunk, int thread)
{
	const job *const j = arg;
	const size_t at = (size_t)chunk * CHUNK;

	(void)thread;
	j->kernels->lerp(length(j->o, at), j->weight, j->source + at, j->average + at);
}

void heed__optimizer_average(const heed__optimizer *o, const float *values, float *average, double memory)
{
	job j = {.o = o,
		 .kernels = heed__ctx_kernels(o->ctx),
		 .source = values,
		 .average = average,
		 .weight = (float)(1 - memory)};

	heed__parallel(o->ctx, chunks(o), average_chunk, &j);
}
