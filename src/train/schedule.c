/* Learning rates as a function of the step. */
#include "train/schedule.h"

#include "base/context_impl.h"

#include <math.h>

static double fall(const heed_train_options *o, double progress)
{
	const double share = o->schedule == HEED_COSINE ? 0.5 * (1 + cos(3.14159265358979323846 * progress))
							: 1 - progress;

	return o->lr_end + (o->lr - o->lr_end) * share;
}

double heed__schedule_rate(const heed_train_options *o, int64_t step, int64_t steps, double plateau)
{
	const double s = (double)step, warmup = (double)o->warmup;

	if (step < o->warmup)
		return o->lr * s / warmup;
	switch ((enum heed_schedule)o->schedule) {
	case HEED_CONSTANT:
		return o->lr;
	case HEED_INVERSE_SQRT:
		return o->lr * sqrt(fmax(warmup, 1) / s);
	case HEED_LINEAR:
	case HEED_COSINE:
		return fall(o, steps > o->warmup ? fmin((s - warmup) / ((double)steps - warmup), 1) : 1);
	case HEED_PLATEAU:
		return fmax(o->lr * plateau, o->lr_end);
	}
	return o->lr;
}

heed_code heed__schedule_check(heed_ctx *ctx, const heed_train_options *o)
{
	const bool needs = o->schedule == HEED_LINEAR || o->schedule == HEED_COSINE;

	if (needs && o->steps == 0 && o->epochs == 0)
		return heed__error(ctx, HEED_E_ARGUMENT,
				   "schedule: %s needs --steps or --epochs to know its end",
				   o->schedule == HEED_LINEAR ? "linear" : "cosine");
	if (o->steps == 0 && o->epochs == 0 && o->minutes <= 0 && o->patience == 0)
		return heed__error(
			ctx, HEED_E_ARGUMENT,
			"budget: none of --epochs, --steps, --minutes, --patience says when to stop");
	return HEED_OK;
}
