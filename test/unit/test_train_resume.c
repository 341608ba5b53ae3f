/* A training that is killed at any moment and resumed reaches the bytes of one that was not. */
#include "tiny_training.h"

#include "io/model_file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- being killed --- */

/* The system calls that change a folder, here so that the process can die before the n-th of them. */
static int strikes, deadly_strike;

static void strike(void)
{
	if (++strikes == deadly_strike)
		raise(SIGKILL);
}

int fsync(int fd)
{
	(void)fd;
	strike();
	return 0; /* the machine does not die */
}

int rename(const char *from, const char *to)
{
	strike();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
	strike();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
	strike();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static void die_at_step(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == t->number)
		raise(SIGKILL);
}

static void die_at_validation(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_VALID && e->step >= t->number)
		raise(SIGKILL);
}

/* How a training is to die, in a process of its own. */
typedef struct death {
	int64_t step;       /* after it, before anything is saved; 0: not so */
	int64_t validation; /* in the first one at this step or later */
	int strike;         /* before this system call */
	rlim_t file_size;   /* when a file grows beyond it */
} death;

/* Whether it died; false: it came to its end. */
static bool train_until(tiny t, const death *d, bool resume)
{
	pid_t child;
	int status;

	if (!resume)
		tiny_forget(t.output);
	child = fork();
	assert_true(child >= 0);
	if (child > 0) {
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFEXITED(status))
			assert_int_equal(WEXITSTATUS(status), 0);
		return WIFSIGNALED(status);
	}
	if (d->file_size > 0)
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){d->file_size, d->file_size});
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	t.number = d->step > 0 ? d->step : d->validation;
	t.event = d->step > 0 ? die_at_step : d->validation > 0 ? die_at_validation : NULL;
	t.resume = resume;
	t.code = tiny_open(&t);
	strikes = 0;
	deadly_strike = d->strike;
	if (t.code == HEED_OK)
		t.code = heed_train(t.ctx, &t.job);
	if (t.code != HEED_OK)
		fprintf(stderr, "%s\n", t.ctx != NULL ? heed_error_message(t.ctx) : "no memory");
	_exit((int)t.code);
}

/* --- trainings of all sorts --- */

typedef struct sort {
	const char *name;
	int pairs, valid_pairs;
	const char *const *settings;
} sort;

static const sort sorts[] = {
	{"everything", 30, 8,
	 SETTINGS("steps", "24", "valid-every", "4", "save-every", "3", "accumulate", "2", "ema", "0.8",
		  "average", "2", "schedule", "plateau", "plateau-patience", "1", "bpe-dropout", "0.3",
		  "tokenizer", "bpe", "vocab", "300", "batch-tokens", "60", "lr", "0.05")},
	{"no validation", 20, 0,
	 SETTINGS("steps", "20", "valid-every", "6", "save-every", "5", "optimizer", "adamw",
		  "separate-vocab", "true", "tie", "none", "average", "2")},
	{"epochs", 16, 6,
	 SETTINGS("steps", "0", "epochs", "6", "optimizer", "sgd", "schedule", "cosine", "clip", "1",
		  "valid-metric", "bleu", "valid-beam", "2", "keep", "0")},
	{"best ones", 16, 6,
	 SETTINGS("steps", "0", "epochs", "8", "optimizer", "adagrad", "schedule", "linear", "keep", "2",
		  "keep-best", "2", "average", "3", "average-best", "true", "lr", "0.3", "norm", "pre")},
	{"patience", 16, 6,
	 SETTINGS("steps", "60", "valid-every", "3", "save-every", "2", "patience", "2", "lr", "0.2",
		  "warmup", "0", "optimizer", "adam", "schedule", "constant")},
};

#define SORTS (sizeof sorts / sizeof *sorts)

static char output[512]; /* of trainings that die */
static char whole[SORTS][512];

static tiny training_of(const sort *s)
{
	return (tiny){.output = output,
		      .settings = s->settings,
		      .pairs = s->pairs,
		      .valid_pairs = s->valid_pairs,
		      .seed = 5};
}

/* The models of uninterrupted trainings, and how many steps those took. */
static int64_t steps_of[SORTS];
static int validations_of[SORTS];

static int train_whole(void **state)
{
	if (scratch_make(state) != 0)
		return -1;
	snprintf(output, sizeof output, "%s", scratch("killed"));
	for (size_t i = 0; i < SORTS; i++) {
		tiny t = training_of(&sorts[i]);

		snprintf(whole[i], sizeof *whole, "%s", scratch(sorts[i].name));
		t.output = whole[i];
		if (tiny_train(&t) != HEED_OK) {
			fprintf(stderr, "%s: %s\n", sorts[i].name, t.message);
			return -1;
		}
		steps_of[i] = t.last[HEED_TRAIN_STEP].step;
		validations_of[i] = t.count[HEED_TRAIN_VALID];
	}
	return 0;
}

static int forget_whole(void **state)
{
	for (size_t i = 0; i < SORTS; i++)
		tiny_forget(whole[i]);
	tiny_forget(output);
	return scratch_remove(state);
}

/* Goes on with the training of `output` to its end and compares. */
static void ends_the_same(const sort *s, const char *after, long long which)
{
	tiny t = training_of(s);

	t.resume = true;
	if (tiny_train(&t) != HEED_OK)
		fail_msg("%s: %s after %s %lld", s->name, t.message, after, which);
	if (!same_files(output, whole[s - sorts]))
		fail_msg("%s: another model after %s %lld", s->name, after, which);
	tiny_forget(output);
}

static void killed_between_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < SORTS; i++)
		for (int64_t step = 1; step <= steps_of[i]; step += 1 + step / 4) {
			const tiny t = training_of(&sorts[i]);

			assert_true(train_until(t, &(death){.step = step}, false));
			ends_the_same(&sorts[i], "death after step", step);
		}
}

static void killed_in_validations(void **state)
{
	(void)state;
	for (size_t i = 0; i < SORTS; i++) {
		const tiny t = training_of(&sorts[i]);

		if (sorts[i].valid_pairs == 0)
			continue;
		assert_true(train_until(t, &(death){.validation = 6}, false));
		ends_the_same(&sorts[i], "death in the validation at step", 6);
	}
}

/* One that comes no further than a few steps at a time. */
static void killed_again_and_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < SORTS; i++) {
		const tiny t = training_of(&sorts[i]);

		for (int64_t step = 4; step < steps_of[i]; step += 7)
			assert_true(train_until(t, &(death){.step = step}, step > 4));
		ends_the_same(&sorts[i], "deaths, the last before step", steps_of[i]);
	}
}

/* That a resumed training begins at that step. */
static void goes_on_after(const char *const *settings, int64_t death_after, int64_t step)
{
	tiny t = {.output = output, .settings = settings, .pairs = 20, .valid_pairs = 4};

	assert_true(train_until(t, &(death){.step = death_after}, false));
	t.resume = true;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.last[HEED_TRAIN_START].step, step);
}

static void checkpoints_are_saved_when_due(void **state)
{
	(void)state;
	goes_on_after(SETTINGS("valid-every", "4"), 7, 4);
	goes_on_after(SETTINGS("valid-every", "4", "save-every", "3"), 7, 6);
	goes_on_after(SETTINGS("valid-every", "4", "save-every", "6"), 6, 4);
	goes_on_after(SETTINGS("valid-every", "100", "save-every", "5"), 11, 10);
}

/* Before every system call that a training makes to its folder. */
static void killed_while_saving(void **state)
{
	(void)state;
	for (size_t i = 0; i < SORTS; i++) {
		const tiny t = training_of(&sorts[i]);
		int n = 1;

		for (; train_until(t, &(death){.strike = n}, false); n++)
			ends_the_same(&sorts[i], "death before system call", n);
		assert_true(n > 10);
		tiny_forget(output);
	}
}

static void killed_in_the_middle_of_writing(void **state)
{
	static const rlim_t sizes[] = {1, 700, 20000, 40000};
	const tiny t = training_of(&sorts[0]);

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_true(train_until(t, &(death){.file_size = sizes[i]}, false));
		ends_the_same(&sorts[0], "death in a file at byte", (long long)sizes[i]);
	}
}

/* --- being interrupted --- */

static void interrupt_at_step(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == t->number)
		heed_interrupt(t->ctx);
}

static void interrupted_at_every_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < SORTS; i++)
		for (int64_t step = 1; step <= steps_of[i]; step++) {
			tiny t = training_of(&sorts[i]);

			tiny_forget(output);
			t.event = interrupt_at_step;
			t.number = step;
			if (tiny_train(&t) == HEED_E_INTERRUPTED)
				assert_non_null(strstr(t.message, "--resume"));
			else /* nothing was left to do but to write the model */
				assert_true(t.code == HEED_OK && step == steps_of[i]);
			assert_int_equal(t.last[HEED_TRAIN_STEP].step, step);
			assert_true(tiny_has(output, "checkpoint"));
			ends_the_same(&sorts[i], "interruption after step", step);
		}
}

/* Again after each step, until there is nothing to interrupt. */
static void interrupted_again_and_again(void **state)
{
	tiny t = training_of(&sorts[2]);

	(void)state;
	tiny_forget(output);
	t.event = interrupt_at_step;
	t.resume = true;
	for (t.number = 1; t.number <= steps_of[2]; t.number++) {
		assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
		assert_int_equal(t.count[HEED_TRAIN_STEP], 1);
	}
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 0);
	assert_true(same_files(output, whole[2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_between_steps),
		cmocka_unit_test(killed_in_validations),
		cmocka_unit_test(killed_again_and_again),
		cmocka_unit_test(checkpoints_are_saved_when_due),
		cmocka_unit_test(killed_while_saving),
		cmocka_unit_test(killed_in_the_middle_of_writing),
		cmocka_unit_test(interrupted_at_every_step),
		cmocka_unit_test(interrupted_again_and_again),
	};

	return cmocka_run_group_tests(tests, train_whole, forget_whole);
}
