/* Optimizers: from a block of gradients to a block of parameters. */
#ifndef HEED_OPTIMIZER_H
#define HEED_OPTIMIZER_H

#include "heed/train.h"

typedef struct heed__optimizer {
	heed_ctx *ctx;
	const heed_train_options *options;
	size_t size;     /* floats of a block */
	float *m, *v;    /* moments; NULL where the rule has none */
	double *partial; /* sums of squares, a chunk each */
	int64_t updates; /* done */
} heed__optimizer;

heed_code heed__optimizer_init(heed__optimizer *o, heed_ctx *ctx, const heed_train_options *options,
			       size_t size);
void heed__optimizer_release(heed__optimizer *o);
/* Blocks of moments that a rule keeps: 0, 1 or 2. */
int heed__optimizer_moments(const heed_train_options *options);
/* Norm of the gradients, summed in double; infinite or NaN when one of them is. */
double heed__optimizer_norm(const heed__optimizer *o, const float *gradients);
/* One update at this learning rate, gradients multiplied by `scale`. */
void heed__optimizer_step(heed__optimizer *o, float *values, const float *gradients, double scale, double lr);
/* average += (1 - memory) (values - average) */
void heed__optimizer_average(const heed__optimizer *o, const float *values, float *average, double memory);

#endif
