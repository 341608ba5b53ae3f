/* Trainings as a whole: the same bytes, what is learned, what is kept, and what numbers events tell. */
#include "training_names.h"

#include "base/context_impl.h"
#include "heed/translate.h"
#include "io/json_reader.h"
#include "train/trainer.h"

static void train(tiny *t)
{
	tiny_forget(t->output);
	if (tiny_train(t) != HEED_OK)
		fail_msg("%s", t->message);
}

/* --- the same bytes --- */

static void bytes_depend_on_the_seed_alone(void **state)
{
	static const int threads[] = {2, 3, 8};
	tiny t = {.output = output,
		  .settings = SETTINGS("width", "32", "accumulate", "2", "ema", "0.9", "bpe-dropout", "0.1",
				       "tokenizer", "bpe", "vocab", "300", "batch-tokens", "300", "clip", "1",
				       "attention-dropout", "0.1"),
		  .pairs = 60,
		  .valid_pairs = 8};

	(void)state;
	train(&t);
	t.output = other;
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
		t.threads = threads[i];
		train(&t);
		assert_true(same_files(output, other));
	}
	t.seed = 1;
	train(&t);
	assert_false(same_files(output, other));
}

/* --- what a step does --- */

/* A run inside, to be stepped by hand. */
static heed__run open_run(tiny *t)
{
	heed__run r;

	assert_int_equal(tiny_open(t), HEED_OK);
	assert_int_equal(heed__run_open(&r, t->ctx, &t->job, NULL), HEED_OK);
	return r;
}

static void close_run(heed__run *r, tiny *t)
{
	heed__run_close(r);
	tiny_close(t);
}

static float *copy_block(const heed__run *r, const float *block)
{
	const size_t n = heed_params_size(r->trained.model->params);
	float *copy = malloc(n * sizeof *copy);

	assert_non_null(copy);
	return memcpy(copy, block, n * sizeof *copy);
}

/* |a - b| / |b| */
static double distance(const float *a, const float *b, size_t n)
{
	double difference = 0, size = 0;

	for (size_t i = 0; i < n; i++) {
		difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
		size += (double)b[i] * (double)b[i];
	}
	return sqrt(difference) / (sqrt(size) + 1e-30);
}

static void accumulated_batches_are_one_large_batch(void **state)
{
	tiny large = {.settings = SETTINGS("batch-tokens", "10000", "dropout", "0"), .pairs = 50};
	tiny small = {.settings = SETTINGS("batch-tokens", "30", "dropout", "0", "accumulate", "1000"),
		      .pairs = 50};
	heed__run a = open_run(&large), b = open_run(&small);
	const size_t n = heed_params_size(a.trained.model->params);

	(void)state;
	assert_int_equal(heed_dataset_batches(a.train), 1);
	assert_in_range(heed_dataset_batches(b.train), 8, 40);
	for (int step = 0; step < 3; step++) {
		assert_int_equal(heed__run_step(&a), HEED_OK);
		assert_int_equal(heed__run_step(&b), HEED_OK);
		assert_true(distance(heed_params_gradients(b.trained.model->params),
				     heed_params_gradients(a.trained.model->params), n) < 1e-5);
		assert_true(fabs(small.last[HEED_TRAIN_STEP].loss - large.last[HEED_TRAIN_STEP].loss) < 1e-5);
		assert_int_equal(small.last[HEED_TRAIN_STEP].tokens, large.last[HEED_TRAIN_STEP].tokens);
		assert_int_equal(b.batch, heed_dataset_batches(b.train));
		a.batch = b.batch = 0;
		memcpy(heed_params_values(b.trained.model->params),
		       heed_params_values(a.trained.model->params), n * sizeof(float));
	}
	close_run(&a, &large);
	close_run(&b, &small);
}

/* Steps of `accumulate` batches, and what is left of the epoch for the last one. */
static void groups_end_with_the_epoch(void **state)
{
	tiny t = {.settings = SETTINGS("batch-tokens", "40", "accumulate", "3"), .pairs = 50};
	heed__run r = open_run(&t);
	const int batches = heed_dataset_batches(r.train);
	int64_t tokens = heed_dataset_tokens(r.train, false) + heed_dataset_tokens(r.train, true);

	(void)state;
	assert_true(batches % 3 != 0);
	for (int at = 0; at < batches; at += 3) {
		assert_int_equal(r.batch, at);
		assert_int_equal(heed__run_step(&r), HEED_OK);
	}
	assert_int_equal(r.batch, batches);
	assert_int_equal(r.micro, batches);
	assert_int_equal(r.step, (batches + 2) / 3);
	assert_int_equal(r.tokens, tokens);
	close_run(&r, &t);
}

/* One step of plain gradient descent at a rate of 0.5; returns how far it should have gone without a limit, and
 * checks that it went `scale` times as far. */
static double step_with_limit(double limit, double scale)
{
	char text[32];
	tiny t = {.settings = SETTINGS("optimizer", "sgd", "momentum", "0", "lr", "0.5", "schedule",
				       "constant", "warmup", "0", "clip", text),
		  .pairs = 20};
	heed__run r;
	float *before, *moved, *gradients;
	double norm;
	size_t n;

	snprintf(text, sizeof text, "%.17g", limit);
	r = open_run(&t);
	n = heed_params_size(r.trained.model->params);
	before = copy_block(&r, heed_params_values(r.trained.model->params));
	assert_int_equal(heed__run_step(&r), HEED_OK);
	gradients = copy_block(&r, heed_params_gradients(r.trained.model->params));
	moved = copy_block(&r, heed_params_values(r.trained.model->params));
	norm = t.last[HEED_TRAIN_STEP].grad_norm;
	for (size_t j = 0; j < n; j++) {
		moved[j] -= before[j];
		gradients[j] *= (float)(-0.5 * scale);
	}
	assert_true(distance(moved, gradients, n) < 1e-4);
	free(before);
	free(moved);
	free(gradients);
	close_run(&r, &t);
	return norm;
}

static void gradients_are_clipped_to_their_norm(void **state)
{
	const double norm = step_with_limit(0, 1);

	(void)state;
	assert_true(norm > 0.01);
	step_with_limit(norm * 1.1, 1);
	step_with_limit(norm / 1.1, 1 / 1.1);
	step_with_limit(norm / 50, 0.02);
}

static void norms_and_rates_are_told(void **state)
{
	tiny t = {.settings = SETTINGS("lr", "0.5", "warmup", "2", "schedule", "inverse-sqrt"), .pairs = 20};
	heed__run r = open_run(&t);
	static const double rates[] = {0.25, 0.5, 0.40824829046386302, 0.35355339059327376};

	(void)state;
	for (int step = 0; step < 4; step++) {
		const heed_params *p = r.trained.model->params;
		double sum = 0;

		r.batch = 0;
		assert_int_equal(heed__run_step(&r), HEED_OK);
		for (size_t i = 0; i < heed_params_size(p); i++)
			sum += (double)heed_params_gradients(p)[i] * (double)heed_params_gradients(p)[i];
		assert_true(fabs(t.last[HEED_TRAIN_STEP].grad_norm / sqrt(sum) - 1) < 1e-12);
		assert_true(fabs(t.last[HEED_TRAIN_STEP].lr - rates[step]) < 1e-15);
	}
	close_run(&r, &t);
}

static void moving_averages_follow_the_weights(void **state)
{
	tiny t = {.settings = SETTINGS("ema", "0.3", "lr", "0.05"), .pairs = 60};
	heed__run r = open_run(&t);
	const size_t n = heed_params_size(r.trained.model->params);
	double *expected = malloc(n * sizeof *expected);

	(void)state;
	assert_non_null(expected);
	for (size_t i = 0; i < n; i++)
		expected[i] = (double)heed_params_values(r.trained.model->params)[i];
	for (int u = 1; u <= 6; u++) { /* (1 + u) / (10 + u) is above 0.3 from the third update on */
		const double memory = u == 1 ? 2.0 / 11 : u == 2 ? 3.0 / 12 : 0.3;

		assert_int_equal(heed__run_step(&r), HEED_OK);
		for (size_t i = 0; i < n; i++)
			expected[i] = memory * expected[i] +
				      (1 - memory) * (double)heed_params_values(r.trained.model->params)[i];
	}
	for (size_t i = 0; i < n; i++)
		assert_true(fabs(expected[i] - (double)r.ema[i]) < 1e-6);
	assert_ptr_equal(heed__run_weights(&r), r.ema);
	free(expected);
	close_run(&r, &t);
}

/* --- memory --- */

typedef struct watch {
	uint64_t allocations;
	int64_t since; /* the step after which there was none more */
} watch;

static watch watched;

static void watch_allocations(tiny *t, const heed_train_event *e)
{
	(void)t;
	if (e->kind != HEED_TRAIN_STEP)
		return;
	if (e->allocations != watched.allocations)
		watched = (watch){e->allocations, e->step};
}

static void steps_allocate_nothing(void **state)
{
	static const char *const sorts[][2] = {
		{"ema", "0.9"}, {"norm", "pre"}, {"accumulate", "3"}, {"clip", "1"}};

	(void)state;
	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
		tiny t = {.output = output,
			  .settings =
				  SETTINGS("steps", "500", "valid-every", "1000", sorts[i][0], sorts[i][1]),
			  .pairs = 60,
			  .threads = 2,
			  .event = watch_allocations};

		watched = (watch){0, 0};
		train(&t);
		assert_true(t.last[HEED_TRAIN_STEP].epoch > 10);
		assert_in_range(watched.since, 1, 200); /* while batches still grow */
	}
}

/* --- numbers that are not finite --- */

static uint64_t poisoned_steps; /* a bit each */
static bool poison_loss;        /* or else the gradient */

static void poison(tiny *t, heed_tape *tape, heed_tensor *mean)
{
	heed_tensor *memory = heed_tape_find(tape, "memory");

	if ((heed_tape_flags(tape) & HEED_TAPE_TRAIN) == 0 || (poisoned_steps >> t->step & 1) == 0)
		return;
	if (poison_loss)
		mean->data[0] = NAN;
	else
		memory->data[0] = INFINITY; /* which the backward pass reads */
}

static tiny poisoned(uint64_t steps)
{
	static const char *const settings[] = {"steps", "12", "valid-every", "5", "save-every", "1", NULL};

	poisoned_steps = steps;
	return (tiny){
		.output = output, .settings = settings, .pairs = 20, .valid_pairs = 4, .forward = poison};
}

static void bad_steps_are_skipped_and_counted(void **state)
{
	(void)state;
	for (int loss = 0; loss < 2; loss++) {
		tiny t = poisoned(1u << 1 | 0xFu << 4);

		poison_loss = loss;
		train(&t);
		assert_int_equal(t.last[HEED_TRAIN_STOP].skipped, 5);
		assert_int_equal(t.count[HEED_TRAIN_STEP], 12);
		assert_true(isfinite(t.last[HEED_TRAIN_VALID].loss));
	}
	poison_loss = false;
}

/* A step that is skipped changes no weight and no moment. */
static void bad_steps_change_nothing(void **state)
{
	tiny t = poisoned(1u << 2);
	heed__run r = open_run(&t);
	const heed_params *p = r.trained.model->params;
	const size_t n = heed_params_size(p);
	float *values, *m, *v;

	(void)state;
	assert_int_equal(heed__run_step(&r), HEED_OK);
	assert_int_equal(heed__run_step(&r), HEED_OK);
	values = copy_block(&r, heed_params_values(p));
	m = copy_block(&r, r.optimizer.m);
	v = copy_block(&r, r.optimizer.v);
	assert_int_equal(heed__run_step(&r), HEED_OK);
	assert_int_equal(r.skipped, 1);
	assert_true(!isfinite(t.last[HEED_TRAIN_STEP].grad_norm));
	assert_memory_equal(values, heed_params_values(p), n * sizeof *values);
	assert_memory_equal(m, r.optimizer.m, n * sizeof *m);
	assert_memory_equal(v, r.optimizer.v, n * sizeof *v);
	assert_int_equal(r.optimizer.updates, 2);
	assert_int_equal(heed__run_step(&r), HEED_OK);
	assert_true(distance(heed_params_values(p), values, n) > 0);
	free(values);
	free(m);
	free(v);
	close_run(&r, &t);
}

static void opens(const char *path)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_trained *model;

	if (heed_trained_open(ctx, path, &model) != HEED_OK)
		fail_msg("%s", heed_error_message(ctx));
	heed_trained_close(model);
	heed_ctx_free(ctx);
}

static void five_bad_steps_in_a_row_end_the_training(void **state)
{
	tiny t, good = poisoned(0);

	(void)state;
	good.settings = SETTINGS("steps", "5", "valid-every", "5", "save-every", "1");
	good.output = other;
	train(&good);
	tiny_forget(output);
	t = poisoned(0x1Fu << 5);
	assert_int_equal(tiny_train(&t), HEED_E_NONFINITE);
	assert_non_null(strstr(t.message, "step 10 is the 5th in a row"));
	assert_int_equal(t.last[HEED_TRAIN_STEP].step, 9);
	assert_int_equal(t.last[HEED_TRAIN_STEP].skipped, 4);
	assert_true(same_files(output, other)); /* the validation at step 5 */
	opens(checkpoint);

	/* its checkpoint knows how many were bad: one more is too many */
	t.resume = true;
	assert_int_equal(tiny_train(&t), HEED_E_NONFINITE);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 0);
	/* and with good ones it goes on */
	poisoned_steps = 0;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.last[HEED_TRAIN_STOP].skipped, 4);
	opens(output);
}

/* Without any help: a learning rate that blows everything up. */
static void explosions_end_the_training(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "200", "optimizer", "sgd", "lr", "1000", "warmup", "0",
				       "schedule", "constant", "norm", "pre", "valid-every", "2"),
		  .pairs = 20,
		  .valid_pairs = 4};

	(void)state;
	tiny_forget(output);
	assert_int_equal(tiny_train(&t), HEED_E_NONFINITE);
	if (t.count[HEED_TRAIN_VALID] > 0)
		opens(output);
}

/* --- what is kept --- */

/* Steps 2, 4, ..., 12; the best is 8, then 12, then 4. */
static double six_scores(int64_t step)
{
	static const double scores[] = {5, 3, 4, 1, 6, 2};

	return scores[(step / 2 - 1) % 6];
}

/* The values of the model in a file; the caller frees them. */
static float *values_of(const char *path, size_t *n)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_trained *model;
	float *copy;

	if (heed_trained_open(ctx, path, &model) != HEED_OK)
		fail_msg("%s", heed_error_message(ctx));
	*n = heed_params_size(model->model->params);
	copy = malloc(*n * sizeof *copy);
	assert_non_null(copy);
	memcpy(copy, heed_params_values(model->model->params), *n * sizeof *copy);
	heed_trained_close(model);
	heed_ctx_free(ctx);
	return copy;
}

static void snapshot_path(int step, char *path, size_t size)
{
	snprintf(path, size, "%s.run/step-%08d.heed", output, step);
}

/* That the model is the mean of those snapshots. */
static void is_mean_of(const int *steps)
{
	double *sum = NULL;
	float *model;
	size_t n, count = 0;

	model = values_of(output, &n);
	sum = calloc(n, sizeof *sum);
	assert_non_null(sum);
	for (; steps[count] > 0; count++) {
		char path[600];
		size_t same;
		float *values;

		snapshot_path(steps[count], path, sizeof path);
		values = values_of(path, &same);
		assert_int_equal(same, n);
		for (size_t i = 0; i < n; i++)
			sum[i] += (double)values[i];
		free(values);
	}
	for (size_t i = 0; i < n; i++)
		if (!(fabs((double)model[i] - sum[i] / (double)count) <= 1e-7 * (1 + fabs(sum[i]))))
			fail_msg("value %zu is %g, expected %g", i, (double)model[i], sum[i] / (double)count);
	free(sum);
	free(model);
}

static double all_equal(int64_t step)
{
	(void)step;
	return 5;
}

/* Trains with six validations; then those files must be there and no others, and the model made of `mean`. */
static void keeps(const char *const *settings, double (*score)(int64_t step), const int *files,
		  const int *mean)
{
	tiny t = {.output = output,
		  .settings = settings,
		  .pairs = 20,
		  .valid_pairs = score != NULL ? 4 : 0,
		  .score = score};
	int count = 0;

	train(&t);
	for (; files[count] > 0; count++) {
		char path[600];

		snapshot_path(files[count], path, sizeof path);
		opens(path);
	}
	assert_int_equal(tiny_files(output, NULL), count + 1); /* and the checkpoint */
	is_mean_of(mean);
}

#define STEPS(...) ((const int[]){__VA_ARGS__, 0})
#define SIX        "steps", "12", "valid-every", "2", "lr", "0.05"

static void last_and_best_weights_are_kept(void **state)
{
	(void)state;
	keeps(SETTINGS(SIX), six_scores, STEPS(8, 12), STEPS(8));
	keeps(SETTINGS(SIX, "keep", "2", "keep-best", "3"), six_scores, STEPS(4, 8, 10, 12), STEPS(8));
	keeps(SETTINGS(SIX, "keep", "0", "keep-best", "0"), six_scores, STEPS(8), STEPS(8));
	keeps(SETTINGS(SIX, "keep", "100", "keep-best", "100"), six_scores, STEPS(2, 4, 6, 8, 10, 12),
	      STEPS(8));
	keeps(SETTINGS(SIX, "average", "3"), six_scores, STEPS(8, 10, 12), STEPS(8, 10, 12));
	keeps(SETTINGS(SIX, "average", "2"), six_scores, STEPS(8, 10, 12), STEPS(10, 12));
	keeps(SETTINGS(SIX, "average", "3", "average-best", "true"), six_scores, STEPS(4, 8, 12),
	      STEPS(4, 8, 12));
	keeps(SETTINGS(SIX, "average", "2", "average-best", "true", "keep", "2"), six_scores,
	      STEPS(8, 10, 12), STEPS(8, 12));
	keeps(SETTINGS(SIX, "average", "100"), six_scores, STEPS(2, 4, 6, 8, 10, 12),
	      STEPS(2, 4, 6, 8, 10, 12));
	keeps(SETTINGS(SIX, "keep", "2"), NULL, STEPS(10, 12), STEPS(12));
	keeps(SETTINGS(SIX, "average", "3"), NULL, STEPS(8, 10, 12), STEPS(8, 10, 12));
	/* of equals the later one is better */
	keeps(SETTINGS(SIX), all_equal, STEPS(12), STEPS(12));
	keeps(SETTINGS(SIX, "keep-best", "2"), all_equal, STEPS(10, 12), STEPS(12));
	keeps(SETTINGS(SIX, "average", "2", "average-best", "true"), all_equal, STEPS(10, 12), STEPS(10, 12));
}

/* The last weights are validated though the end falls between two validations. */
static void the_end_is_validated(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "7", "valid-every", "2"),
		  .pairs = 20,
		  .valid_pairs = 4};

	(void)state;
	train(&t);
	assert_int_equal(t.count[HEED_TRAIN_VALID], 4);
	assert_int_equal(t.last[HEED_TRAIN_VALID].step, 7);
	assert_true(tiny_has(output, "step-00000007.heed"));
	t.settings = SETTINGS("steps", "8", "valid-every", "2", "keep", "0");
	t.score = six_scores;
	train(&t);
	assert_int_equal(t.count[HEED_TRAIN_VALID], 4);
}

static void moving_averages_are_validated_and_shipped(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "12", "valid-every", "12", "ema", "0.9", "lr", "0.05"),
		  .pairs = 20};
	char path[560];
	float *model, *weights;
	size_t n, m;

	(void)state;
	train(&t);
	snprintf(path, sizeof path, "%s.run/checkpoint", output);
	model = values_of(output, &n);
	weights = values_of(path, &m);
	assert_int_equal(n, m);
	assert_true(distance(model, weights, n) > 1e-3);
	is_mean_of(STEPS(12));
	free(model);
	free(weights);
}

static void trainings_in_memory_end_alike(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "9", "valid-every", "100", "ema", "0.5"),
		  .pairs = 20};
	heed_trained *trained;
	float *expected;
	size_t n;

	(void)state;
	train(&t);
	expected = values_of(output, &n);
	assert_int_equal(tiny_open(&t), HEED_OK);
	t.job.output = NULL;
	assert_int_equal(heed_train_in_memory(t.ctx, &t.job, &trained), HEED_OK);
	assert_int_equal(heed_params_size(trained->model->params), n);
	assert_memory_equal(heed_params_values(trained->model->params), expected, n * sizeof *expected);
	heed_trained_close(trained);
	free(expected);
	tiny_close(&t);
}

/* --- validation --- */

static double number_of(const heed__json *entry, const char *name)
{
	double x = NAN;

	heed__json_number(heed__json_get(entry, name), &x);
	return x;
}

/* What a file's history says, an object a validation; the caller frees it with the context. */
static heed__json *history_of(heed_ctx *ctx, const char *path)
{
	heed_trained *model;
	heed__json *root;

	assert_int_equal(heed_trained_open(ctx, path, &model), HEED_OK);
	assert_int_equal(
		heed__json_parse(ctx, "history", model->history, strlen(model->history), 1000, &root),
		HEED_OK);
	heed_trained_close(model);
	return root;
}

/* Losses of the steps between two validations, and what validations find, as events told them. */
static double told_loss[16], told_valid[16], told_bleu[16], told_chrf[16], loss_sum;
static int loss_count, told;

static void collect(tiny *t, const heed_train_event *e)
{
	(void)t;
	if (e->kind == HEED_TRAIN_STEP) {
		loss_sum += e->loss;
		loss_count++;
	}
	if (e->kind != HEED_TRAIN_VALID)
		return;
	assert_in_range(told, 0, 15);
	told_loss[told] = loss_sum / loss_count;
	told_valid[told] = e->loss;
	told_bleu[told] = e->bleu;
	told_chrf[told++] = e->chrf;
	loss_sum = loss_count = 0;
}

static void check_history(int64_t every, bool translations)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed__json *history = history_of(ctx, output);

	assert_int_equal(heed__json_size(history), told);
	for (int i = 0; i < told; i++) {
		const heed__json *e = heed__json_at(history, (size_t)i);

		assert_true(number_of(e, "step") == (double)(every * (i + 1)));
		assert_true(fabs(number_of(e, "loss") - told_loss[i]) < 1e-9);
		assert_true(number_of(e, "valid_loss") == told_valid[i]);
		if (translations) {
			assert_true(number_of(e, "bleu") == told_bleu[i]);
			assert_true(number_of(e, "chrf") == told_chrf[i]);
		} else {
			assert_null(heed__json_get(e, "bleu"));
		}
	}
	heed__json_free(history);
	heed_ctx_free(ctx);
}

static void history_tells_all_validations(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "12", "valid-every", "3", "average", "2"),
		  .pairs = 20,
		  .valid_pairs = 6,
		  .event = collect};

	(void)state;
	told = loss_count = 0;
	loss_sum = 0;
	train(&t);
	assert_int_equal(told, 4);
	check_history(3, false);
}

static void translations_are_scored(void **state)
{
	static const char *const metrics[] = {"bleu", "chrf"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		tiny t = {.output = output,
			  .settings = SETTINGS(BY_HEART, "valid-every", "20", "valid-metric", metrics[i]),
			  .pairs = 6,
			  .valid_pairs = 6,
			  .text = 6,
			  .valid_text = 6,
			  .seed = 2,
			  .event = collect};

		told = loss_count = 0;
		loss_sum = 0;
		train(&t);
		check_history(20, true);
		assert_true(told_bleu[0] < 90);
		assert_true(fabs(told_bleu[told - 1] - 100) < 1e-6);
		assert_true(fabs(told_chrf[told - 1] - 100) < 1e-6);
		assert_true(fabs(t.last[HEED_TRAIN_VALID].best - 100) < 1e-6);
	}
}

/* The loss of a validation is that of its tokens, all weighing the same, with neither dropout nor smoothing. */
static void loss_is_a_mean_over_tokens(const char *ema)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "30", "valid-every", "30", "batch-tokens", "20", "ema", ema),
		  .pairs = 30,
		  .valid_pairs = 12};
	heed_translate_options o = heed_translate_defaults();
	heed_translator *translator;
	heed_trained *model;
	double sum = 0;
	int tokens = 0;

	train(&t);
	assert_int_equal(tiny_open(&t), HEED_OK);
	assert_int_equal(heed_trained_open(t.ctx, output, &model), HEED_OK);
	translator = heed_translator_new(model, &o);
	for (int i = 0; i < t.valid_pairs; i++) {
		heed_pair_score score;
		heed_pair pair;

		pair.source = heed_examples_text(t.valid, i, false, &pair.source_len);
		pair.target = heed_examples_text(t.valid, i, true, &pair.target_len);
		assert_int_equal(heed_score_pairs(translator, &pair, 1, &score), HEED_OK);
		sum -= score.logp;
		tokens += score.tokens;
	}
	assert_true(fabs(t.last[HEED_TRAIN_VALID].loss - sum / tokens) < 1e-5);
	heed_translator_free(translator);
	heed_trained_close(model);
	tiny_close(&t);
}

static void validation_loss_is_that_of_the_model(void **state)
{
	(void)state;
	loss_is_a_mean_over_tokens("0");
	loss_is_a_mean_over_tokens("0.9");
}

static double never_better(int64_t step)
{
	return (double)step;
}

static void patience_ends(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "0", "valid-every", "2", "patience", "3"),
		  .pairs = 20,
		  .valid_pairs = 4,
		  .score = never_better};

	(void)state;
	train(&t);
	assert_int_equal(t.last[HEED_TRAIN_STOP].step, 8);
	assert_string_equal(t.last[HEED_TRAIN_STOP].text, "no better validation for long");
	is_mean_of(STEPS(2));
}

static void plateaus_lower_the_rate(void **state)
{
	tiny t = {.output = output,
		  .settings = SETTINGS("steps", "16", "valid-every", "2", "schedule", "plateau", "lr", "0.08",
				       "warmup", "0", "plateau-factor", "0.5", "plateau-patience", "3"),
		  .pairs = 20,
		  .valid_pairs = 4,
		  .score = never_better};

	(void)state;
	train(&t); /* bad ones at 4, 6, 8: lower; at 10, 12, 14: lower */
	assert_true(fabs(t.last[HEED_TRAIN_STEP].lr - 0.02) < 1e-12);
}

static void budgets_end(void **state)
{
	tiny t = {.output = output, .settings = SETTINGS("steps", "0", "epochs", "3"), .pairs = 20};

	(void)state;
	train(&t);
	assert_int_equal(t.last[HEED_TRAIN_STEP].epoch, 3);
	assert_int_equal(t.last[HEED_TRAIN_STEP].batch, t.last[HEED_TRAIN_STEP].batches);
	assert_in_range(t.last[HEED_TRAIN_START].steps, t.last[HEED_TRAIN_STEP].step - 3,
			t.last[HEED_TRAIN_STEP].step + 3); /* epochs differ by a batch */
	assert_string_equal(t.last[HEED_TRAIN_STOP].text, "all epochs are done");

	t.settings = SETTINGS("steps", "5", "epochs", "3");
	train(&t);
	assert_int_equal(t.last[HEED_TRAIN_STEP].step, 5);
	assert_string_equal(t.last[HEED_TRAIN_STOP].text, "all steps are done");

	t.settings = SETTINGS("steps", "0", "minutes", "1e-9");
	train(&t);
	assert_string_equal(t.last[HEED_TRAIN_STOP].text, "the time is up");
	opens(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_depend_on_the_seed_alone),
		cmocka_unit_test(accumulated_batches_are_one_large_batch),
		cmocka_unit_test(groups_end_with_the_epoch),
		cmocka_unit_test(gradients_are_clipped_to_their_norm),
		cmocka_unit_test(norms_and_rates_are_told),
		cmocka_unit_test(moving_averages_follow_the_weights),
		cmocka_unit_test(steps_allocate_nothing),
		cmocka_unit_test(bad_steps_are_skipped_and_counted),
		cmocka_unit_test(bad_steps_change_nothing),
		cmocka_unit_test(five_bad_steps_in_a_row_end_the_training),
		cmocka_unit_test(explosions_end_the_training),
		cmocka_unit_test(last_and_best_weights_are_kept),
		cmocka_unit_test(the_end_is_validated),
		cmocka_unit_test(moving_averages_are_validated_and_shipped),
		cmocka_unit_test(trainings_in_memory_end_alike),
		cmocka_unit_test(history_tells_all_validations),
		cmocka_unit_test(translations_are_scored),
		cmocka_unit_test(validation_loss_is_that_of_the_model),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(plateaus_lower_the_rate),
		cmocka_unit_test(budgets_end),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
