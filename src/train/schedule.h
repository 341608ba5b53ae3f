/* Learning rates as a function of the step. */
#ifndef HEED_SCHEDULE_H
#define HEED_SCHEDULE_H

#include "heed/train.h"

/* The learning rate of update `step` (from 1) of `steps` (0: unknown). `plateau` is the product of the factors
 * that the plateau schedule has applied so far.
 *
 *	warm-up       lr step/warmup while step < warmup
 *	inverse-sqrt  lr sqrt(warmup/step): with lr = 1/sqrt(width warmup) it is Vaswani et al. 2017, equation 3
 *	linear        from lr to lr-end over the rest of the steps
 *	cosine        the same along half a cosine (Loshchilov and Hutter 2017)
 *	plateau       lr times the factors, at least lr-end */
double heed__schedule_rate(const heed_train_options *o, int64_t step, int64_t steps, double plateau);
/* HEED_E_ARGUMENT when the schedule needs a number of steps that the budget does not give. */
heed_code heed__schedule_check(heed_ctx *ctx, const heed_train_options *o);

#endif
