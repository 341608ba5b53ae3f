/* Learning rates at given steps, worked out by hand. */
#include "scratch.h"

#include "base/context_impl.h"
#include "train/schedule.h"

#include <math.h>

static heed_train_options options(int schedule, double lr, int64_t warmup, double lr_end)
{
	return (heed_train_options){.schedule = schedule, .lr = lr, .warmup = warmup, .lr_end = lr_end};
}

static void rate_is(const heed_train_options *o, int64_t step, int64_t steps, double plateau, double expected)
{
	const double found = heed__schedule_rate(o, step, steps, plateau);

	if (!(fabs(found - expected) <= 1e-12 * fabs(expected) + 1e-18))
		fail_msg("step %lld: %.17g, expected %.17g", (long long)step, found, expected);
}

static void warmup_rises_in_a_line(void **state)
{
	(void)state;
	for (int s = HEED_CONSTANT; s <= HEED_PLATEAU; s++) {
		const heed_train_options o = options(s, 0.5, 10, 0);

		rate_is(&o, 1, 100, 1, 0.05);
		rate_is(&o, 5, 100, 1, 0.25);
		rate_is(&o, 9, 100, 1, 0.45);
		rate_is(&o, 10, 100, 1, 0.5); /* the top, whatever follows */
	}
}

static void constant(void **state)
{
	const heed_train_options o = options(HEED_CONSTANT, 0.003, 0, 0);

	(void)state;
	rate_is(&o, 1, 0, 1, 0.003);
	rate_is(&o, 1000000, 0, 0.5, 0.003);
}

static void inverse_sqrt(void **state)
{
	const heed_train_options o = options(HEED_INVERSE_SQRT, 0.001, 1000, 0);
	const heed_train_options no_warmup = options(HEED_INVERSE_SQRT, 0.001, 0, 0);

	(void)state;
	rate_is(&o, 4000, 0, 1, 0.0005);
	rate_is(&o, 100000, 0, 1, 0.0001);
	rate_is(&no_warmup, 1, 0, 1, 0.001);
	rate_is(&no_warmup, 100, 0, 1, 0.0001);
}

/* lrate = d^-0.5 min(step^-0.5, step warmup^-1.5) (Vaswani et al. 2017, equation 3) */
static void noam(void **state)
{
	const double width = 512, warmup = 4000;
	const heed_train_options o = options(HEED_INVERSE_SQRT, 1 / sqrt(width * warmup), (int64_t)warmup, 0);

	(void)state;
	for (int64_t step = 1; step < 200000; step += 1 + step / 7) {
		const double s = (double)step;

		rate_is(&o, step, 0, 1, pow(width, -0.5) * fmin(pow(s, -0.5), s * pow(warmup, -1.5)));
	}
}

static void linear(void **state)
{
	const heed_train_options o = options(HEED_LINEAR, 1, 100, 0.2);

	(void)state;
	rate_is(&o, 100, 1100, 1, 1);
	rate_is(&o, 350, 1100, 1, 0.8);
	rate_is(&o, 600, 1100, 1, 0.6);
	rate_is(&o, 1100, 1100, 1, 0.2);
	rate_is(&o, 5000, 1100, 1, 0.2); /* past the end */
	rate_is(&o, 150, 50, 1, 0.2);    /* an end before the warm-up's */
}

static void cosine(void **state)
{
	const heed_train_options o = options(HEED_COSINE, 1, 100, 0.2);

	(void)state;
	rate_is(&o, 100, 1100, 1, 1);
	rate_is(&o, 350, 1100, 1, 0.2 + 0.8 * (0.5 + sqrt(0.125)));
	rate_is(&o, 600, 1100, 1, 0.6);
	rate_is(&o, 850, 1100, 1, 0.2 + 0.8 * (0.5 - sqrt(0.125)));
	rate_is(&o, 1100, 1100, 1, 0.2);
	rate_is(&o, 5000, 1100, 1, 0.2);
}

static void plateau(void **state)
{
	const heed_train_options o = options(HEED_PLATEAU, 0.8, 4, 0.15);

	(void)state;
	rate_is(&o, 2, 0, 0.5, 0.4); /* factors wait for the end of the warm-up */
	rate_is(&o, 4, 0, 1, 0.8);
	rate_is(&o, 100, 0, 0.25, 0.2);
	rate_is(&o, 100, 0, 0.125, 0.15);
}

static void schedules_need_an_end(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_train_options o = options(HEED_LINEAR, 1, 0, 0);

	(void)state;
	o.minutes = 5;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_E_ARGUMENT);
	assert_message(ctx, "schedule", "linear", "--steps");
	o.schedule = HEED_COSINE;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_E_ARGUMENT);
	assert_message(ctx, "schedule", "cosine", "--epochs");
	o.epochs = 1;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_OK);
	o.epochs = 0;
	o.steps = 10;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_OK);
	heed_ctx_free(ctx);
}

static void trainings_need_an_end(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_train_options o = options(HEED_CONSTANT, 1, 0, 0);

	(void)state;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_E_ARGUMENT);
	assert_message(ctx, "--epochs", "--steps", "--minutes", "--patience");
	o.patience = 1;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_OK);
	o.patience = 0;
	o.minutes = 0.1;
	assert_int_equal(heed__schedule_check(ctx, &o), HEED_OK);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warmup_rises_in_a_line),
		cmocka_unit_test(constant),
		cmocka_unit_test(inverse_sqrt),
		cmocka_unit_test(noam),
		cmocka_unit_test(linear),
		cmocka_unit_test(cosine),
		cmocka_unit_test(plateau),
		cmocka_unit_test(schedules_need_an_end),
		cmocka_unit_test(trainings_need_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
