/* Trainings that run out of memory or disk: an error, nothing lost, no half-written file. */
#include "shortage.h"
#include "training_names.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A model or checkpoint that is there must be whole. */
static void is_whole_or_not_there(const char *path)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_trained *model = NULL;

	if (access(path, F_OK) == 0 && heed_trained_open(ctx, path, &model) != HEED_OK)
		fail_msg("%s", heed_error_message(ctx));
	heed_trained_close(model);
	heed_ctx_free(ctx);
}

static void has_no_temporary(const char *path)
{
	assert_null(strstr(path, ".tmp."));
}

static void left_nothing_half_written(void)
{
	is_whole_or_not_there(output);
	is_whole_or_not_there(checkpoint);
	tiny_files(output, is_whole_or_not_there);
	tiny_files(output, has_no_temporary);
}

/* --- memory --- */

static tiny small(void)
{
	static const char *const settings[] = {
		"steps",   "3",          "valid-every", "2",           "save-every", "1",   "valid-metric",
		"bleu",    "accumulate", "2",           "bpe-dropout", "0.2",        "ema", "0.5",
		"average", "2",          "tokenizer",   "bpe",         "vocab",      "290", NULL};

	return (tiny){.output = output, .settings = settings, .pairs = 6, .valid_pairs = 3};
}

/* Before a try: how things stand; then one try with its shortage. Returns whether the shortage was felt. */
static bool try_once(void (*before)(void), heed_code (*attempt)(shortage *), long n, bool all)
{
	shortage s = {.at = n, .rest = all};
	heed_code code;

	before();
	code = attempt(&s);
	if (s.requests < n) {
		assert_int_equal(code, HEED_OK);
		return false;
	}
	if (code == HEED_OK) /* it could do without */
		assert_true(same_files(output, other));
	else if (code != HEED_E_MEMORY)
		fail_msg("request %ld: code %d", n, (int)code);
	if (s.blocks != 0)
		fail_msg("request %ld: %ld blocks were not freed", n, s.blocks);
	left_nothing_half_written();
	return true;
}

static void each_request_fails_in_turn(void (*before)(void), heed_code (*attempt)(shortage *), long least)
{
	long n = 1;

	while (try_once(before, attempt, n, false))
		n++;
	assert_true(n > least);
	for (long m = 1; m < n; m += 1 + n / 100)
		try_once(before, attempt, m, true);
}

/* What comes out when nothing fails. */
static void train_undisturbed(void)
{
	tiny t = small();

	tiny_forget(other);
	t.output = other;
	assert_int_equal(tiny_train(&t), HEED_OK);
}

static void with_nothing(void)
{
	tiny_forget(output);
}

static heed_code training(shortage *s)
{
	tiny t = small();

	t.threads = 2; /* whose pool may be refused too */
	t.alloc = shortage_alloc;
	t.alloc_user = s;
	return tiny_train(&t);
}

static void memory_runs_out_in_a_training(void **state)
{
	(void)state;
	train_undisturbed();
	each_request_fails_in_turn(with_nothing, training, 300);
}

/* The checkpoint at step 2, and the snapshot that it names. */
static unsigned char *saved[2];
static size_t saved_size[2];
static char snapshot[600];

static void write_bytes(const char *path, const unsigned char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void with_checkpoint(void)
{
	char folder[560];

	tiny_forget(output);
	snprintf(folder, sizeof folder, "%s.run", output);
	assert_int_equal(mkdir(folder, 0777), 0);
	write_bytes(checkpoint, saved[0], saved_size[0]);
	write_bytes(snapshot, saved[1], saved_size[1]);
}

static heed_code resuming(shortage *s)
{
	tiny t = small();

	t.resume = true;
	t.alloc = shortage_alloc;
	t.alloc_user = s;
	return tiny_train(&t);
}

static void interrupt_at_2(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == 2)
		heed_interrupt(t->ctx);
}

static void memory_runs_out_after_resuming(void **state)
{
	tiny t = small();

	(void)state;
	train_undisturbed();
	tiny_forget(output);
	t.event = interrupt_at_2;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
	t.event = NULL;
	t.resume = true;
	snprintf(snapshot, sizeof snapshot, "%s.run/step-00000002.heed", output);
	assert_int_equal(tiny_train(&t), HEED_OK); /* validates at 2, as it was interrupted there */
	assert_int_equal(t.count[HEED_TRAIN_VALID], 2);

	tiny_forget(output);
	t = small();
	t.settings = SETTINGS("steps", "2", "valid-every", "2", "save-every", "1", "valid-metric", "bleu",
			      "accumulate", "2", "bpe-dropout", "0.2", "ema", "0.5", "average", "2",
			      "tokenizer", "bpe", "vocab", "290");
	assert_int_equal(tiny_train(&t), HEED_OK);
	saved[0] = scratch_read(checkpoint, &saved_size[0]);
	saved[1] = scratch_read(snapshot, &saved_size[1]);
	each_request_fails_in_turn(with_checkpoint, resuming, 300);
	free(saved[0]);
	free(saved[1]);
}

static void with_model(void)
{
}

static heed_code opening(shortage *s)
{
	heed_ctx *ctx = shortage_ctx(s);
	heed_trained *model;
	heed_code code = HEED_E_MEMORY;

	if (ctx != NULL) {
		code = heed_trained_open(ctx, output, &model);
		if (code != HEED_OK)
			assert_null(model);
		heed_trained_close(model);
		heed_ctx_free(ctx);
	}
	return code;
}

static void memory_runs_out_while_opening(void **state)
{
	tiny t = small();

	(void)state;
	train_undisturbed();
	tiny_forget(output);
	assert_int_equal(tiny_train(&t), HEED_OK);
	each_request_fails_in_turn(with_model, opening, 20);
}

/* --- disk --- */

static tiny plain(const char *path)
{
	static const char *const settings[] = {"steps", "8", "valid-every", "4", NULL};

	return (tiny){.output = path, .settings = settings, .pairs = 20, .valid_pairs = 4};
}

/* Trains while no file may grow beyond `size`. */
static heed_code train_on_full_disk(tiny *t, rlim_t size)
{
	struct rlimit before, limit;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	heed_code code;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){size, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	code = tiny_train(t);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	return code;
}

static rlim_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (rlim_t)st.st_size;
}

/* A disk too full for a snapshot, and for the checkpoint, which is larger. */
static void full_disks_leave_the_old_model(void **state)
{
	tiny first = plain(output);
	rlim_t sizes[3];

	(void)state;
	tiny_forget(output);
	tiny_forget(other);
	assert_int_equal(tiny_train(&first), HEED_OK);
	first.output = other;
	assert_int_equal(tiny_train(&first), HEED_OK);
	sizes[0] = 10;
	sizes[1] = size_of(output) - 100;
	sizes[2] = size_of(checkpoint) - 100;
	for (size_t i = 0; i < 3; i++) {
		tiny t = plain(output);

		t.seed = 1;
		assert_int_equal(train_on_full_disk(&t, sizes[i]), HEED_E_IO);
		assert_non_null(strstr(t.message, output));
		assert_non_null(strstr(t.message, strerror(EFBIG)));
		assert_true(same_files(output, other));
		left_nothing_half_written();
	}
}

static void interrupt_at_6(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == 6)
		heed_interrupt(t->ctx);
}

/* One that can't go on for lack of disk goes on once there is some, from where it was. */
static void full_disks_leave_the_old_checkpoint(void **state)
{
	tiny whole = plain(other), t = plain(output);

	(void)state;
	tiny_forget(output);
	tiny_forget(other);
	assert_int_equal(tiny_train(&whole), HEED_OK);
	t.event = interrupt_at_6;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
	t.event = NULL;
	t.resume = true;
	assert_int_equal(train_on_full_disk(&t, 1000), HEED_E_IO);
	assert_int_equal(t.last[HEED_TRAIN_START].step, 6);
	left_nothing_half_written();
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.last[HEED_TRAIN_START].step, 6);
	assert_true(same_files(output, other));
}

/* Before any work is done, that is. */
static void fails_at_once(const char *path, heed_code code, const char *word)
{
	tiny t = plain(path);

	assert_int_equal(tiny_train(&t), code);
	if (strstr(t.message, path) == NULL || strstr(t.message, word) == NULL)
		fail_msg("\"%s\" or \"%s\" is not in \"%s\"", path, word, t.message);
	assert_int_equal(t.count[HEED_TRAIN_START], 0);
}

static void impossible_outputs_are_seen_at_once(void **state)
{
	const char *folder = scratch("folder"), *file = scratch("file");
	char path[600];

	(void)state;
	fails_at_once(scratch("missing/a.heed"), HEED_E_IO, strerror(ENOENT));
	assert_int_equal(mkdir(folder, 0777), 0);
	fails_at_once(folder, HEED_E_ARGUMENT, "not a regular file");
	scratch_write("file", "x", 1);
	snprintf(path, sizeof path, "%s/a.heed", file);
	fails_at_once(path, HEED_E_IO, strerror(ENOTDIR));
	scratch_write("c.heed.run", "x", 1);
	fails_at_once(scratch("c.heed"), HEED_E_IO, strerror(ENOTDIR));
	remove(scratch("c.heed.run"));
	remove(file);
	if (geteuid() != 0) { /* who may write everywhere */
		assert_int_equal(chmod(folder, 0555), 0);
		snprintf(path, sizeof path, "%s/a.heed", folder);
		fails_at_once(path, HEED_E_IO, strerror(EACCES));
		assert_int_equal(chmod(folder, 0777), 0);
		snprintf(path, sizeof path, "%s/a.heed.run", folder);
		assert_int_equal(mkdir(path, 0555), 0);
		snprintf(path, sizeof path, "%s/a.heed", folder);
		fails_at_once(path, HEED_E_IO, strerror(EACCES));
		tiny_forget(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* --- arguments --- */

static void refuses(const char *const *settings, int pairs, heed_code code, const char *word)
{
	tiny t = {.output = output, .settings = settings, .pairs = pairs};

	tiny_forget(output);
	assert_int_equal(tiny_train(&t), code);
	if (strstr(t.message, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, t.message);
	assert_int_equal(access(output, F_OK), -1);
	assert_int_equal(tiny_files(output, NULL), -1);
}

static void impossible_settings_are_refused(void **state)
{
	(void)state;
	refuses(SETTINGS("steps", "0"), 20, HEED_E_ARGUMENT, "budget");
	refuses(SETTINGS("steps", "0", "minutes", "1", "schedule", "cosine"), 20, HEED_E_ARGUMENT,
		"schedule");
	refuses(SETTINGS("heads", "3"), 20, HEED_E_ARGUMENT, "heads: 3");
	refuses(SETTINGS("separate-vocab", "true", "tokenizer", "char"), 20, HEED_E_ARGUMENT, "tie");
	refuses(SETTINGS("max-length", "2"), 20, HEED_E_ARGUMENT, "training data: dataset: none of 20");
	refuses(SETTINGS("steps", "3"), 0, HEED_E_ARGUMENT, "training data");
	refuses(SETTINGS("valid-every", "2", "average", "1001"), 20, HEED_E_ARGUMENT, "average");
}

static void validation_data_that_does_not_fit_is_refused(void **state)
{
	tiny t = plain(output);

	(void)state;
	tiny_forget(output);
	assert_int_equal(tiny_open(&t), HEED_OK);
	heed_examples_free(t.valid);
	t.valid = heed_examples_new(t.ctx);
	t.job.valid = t.valid;
	assert_int_equal(heed_train(t.ctx, &t.job), HEED_E_ARGUMENT);
	assert_message(t.ctx, "validation data", "none of 0");
	tiny_close(&t);
}

static void numbers_out_of_range_are_refused(void **state)
{
	tiny t = plain(output);

	(void)state;
	assert_int_equal(tiny_open(&t), HEED_OK);
	t.options.accumulate = 0;
	assert_int_equal(heed_train(t.ctx, &t.job), HEED_E_ARGUMENT);
	assert_message(t.ctx, "accumulate", "0");
	t.options.accumulate = 1;
	t.options.beta2 = NAN;
	assert_int_equal(heed_train(t.ctx, &t.job), HEED_E_ARGUMENT);
	assert_message(t.ctx, "beta2");
	tiny_close(&t);
}

static void interruption_before_the_start_holds(void **state)
{
	tiny t = plain(output);

	(void)state;
	tiny_forget(output);
	assert_int_equal(tiny_open(&t), HEED_OK);
	heed_interrupt(t.ctx);
	assert_int_equal(heed_train(t.ctx, &t.job), HEED_E_INTERRUPTED);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 0);
	assert_int_equal(access(output, F_OK), -1);
	heed_error_clear(t.ctx);
	t.options.resume = true;
	assert_int_equal(heed_train(t.ctx, &t.job), HEED_OK);
	tiny_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_runs_out_in_a_training),
		cmocka_unit_test(memory_runs_out_after_resuming),
		cmocka_unit_test(memory_runs_out_while_opening),
		cmocka_unit_test(full_disks_leave_the_old_model),
		cmocka_unit_test(full_disks_leave_the_old_checkpoint),
		cmocka_unit_test(impossible_outputs_are_seen_at_once),
		cmocka_unit_test(impossible_settings_are_refused),
		cmocka_unit_test(validation_data_that_does_not_fit_is_refused),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(interruption_before_the_start_holds),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
