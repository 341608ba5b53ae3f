/* What a checkpoint holds: every part of it matters, and what does not fit is refused. */
#include "tiny_training.h"

#include "base/context_impl.h"
#include "heed/tensor.h"
#include "io/model_file_impl.h"
#include "train/run.h"

int fsync(int fd)
{
	(void)fd;
	return 0; /* the machine does not die */
}

static char output[512], whole[512], checkpoint[560];

static int make_names(void **state)
{
	if (scratch_make(state) != 0)
		return -1;
	snprintf(output, sizeof output, "%s", scratch("stopped"));
	snprintf(whole, sizeof whole, "%s", scratch("whole"));
	snprintf(checkpoint, sizeof checkpoint, "%s.run/checkpoint", output);
	return 0;
}

static int remove_names(void **state)
{
	tiny_forget(output);
	tiny_forget(whole);
	return scratch_remove(state);
}

/* --- a training in which everything matters --- */

/* Validations that do not depend on rounding: better twice, then worse. */
static double scripted_score(int64_t step)
{
	return step <= 4 ? 9 : step <= 8 ? 8 : 8.6 - 0.01 * (double)step;
}

static void on_event(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == t->number)
		heed_interrupt(t->ctx);
}

static const char *const scripted_settings[] = {"steps",
						"100",
						"valid-every",
						"4",
						"accumulate",
						"2",
						"ema",
						"0.8",
						"average",
						"2",
						"schedule",
						"plateau",
						"plateau-patience",
						"2",
						"patience",
						"3",
						"bpe-dropout",
						"0.3",
						"tokenizer",
						"bpe",
						"vocab",
						"300",
						"batch-tokens",
						"60",
						NULL};

static tiny scripted(void)
{
	return (tiny){.output = output,
		      .settings = scripted_settings,
		      .pairs = 30,
		      .valid_pairs = 4,
		      .score = scripted_score,
		      .event = on_event};
}

/* --- changing checkpoints --- */

/* One change: a tensor is cleared, left out or cut, or a text of the metadata gets other words. */
typedef struct change {
	const char *name;
	enum { CLEAR, LEAVE_OUT, SHORTEN, REPLACE } what;
	const char *key;   /* REPLACE: of the metadata */
	const char *value; /* REPLACE: what stands behind "name": */
} change;

/* The object with another value of one name; NULL when it has none. */
static char *with_value(const char *object, const char *name, const char *value)
{
	char quoted[64], *text;
	const char *at, *end;
	size_t size = strlen(object) + strlen(value) + 1;
	int depth = 0;

	snprintf(quoted, sizeof quoted, "\"%s\":", name);
	at = strstr(object, quoted);
	if (at == NULL)
		return NULL;
	at += strlen(quoted);
	for (end = at; depth > 0 || (*end != ',' && *end != '}'); end++)
		depth += *end == '[' ? 1 : *end == ']' ? -1 : 0;
	text = malloc(size);
	assert_non_null(text);
	snprintf(text, size, "%.*s%s%s", (int)(at - object), object, value, end);
	return text;
}

/* Rewrites the checkpoint; c NULL: as it is. */
static void alter(const change *c)
{
	static const char *const keys[] = {HEED__FAMILY,  HEED__CONFIG,          HEED__TOKENIZER,
					   HEED__HISTORY, "heed.state.counters", "heed.state.settings"};
	static const float zeros[1 << 14];
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed__file_tensor tensors[64];
	heed__metadata texts[6];
	heed_model_file *file;
	char *changed = NULL;
	size_t count = 0;
	bool found = c == NULL;

	assert_int_equal(heed_model_file_open(ctx, checkpoint, &file), HEED_OK);
	assert_true(heed_model_file_count(file) <= 64);
	for (size_t i = 0; i < heed_model_file_count(file); i++) {
		heed__file_tensor t = *heed__model_file_find(file, heed_model_file_tensor(file, i).name);
		const bool meant = c != NULL && c->what != REPLACE && strcmp(c->name, t.name) == 0;

		found |= meant;
		assert_true(t.bytes <= sizeof zeros);
		if (meant && c->what == CLEAR)
			t.data = zeros;
		if (meant && c->what == SHORTEN)
			t.shape[0]--;
		tensors[count] = t;
		if (!meant || c->what != LEAVE_OUT)
			count++;
	}
	for (size_t i = 0; i < 6; i++) {
		texts[i] = (heed__metadata){keys[i], heed_model_file_text(file, keys[i])};
		assert_non_null(texts[i].value);
		if (c == NULL || c->what != REPLACE || strcmp(c->key, keys[i]) != 0)
			continue;
		if (c->name[0] != '\0')
			texts[i].value = changed = with_value(texts[i].value, c->name, c->value);
		else
			texts[i].value = c->value;
		found = texts[i].value != NULL;
	}
	assert_true(found);
	assert_int_equal(heed__model_file_write(ctx, checkpoint, tensors, count, texts, 6), HEED_OK);
	free(changed);
	heed_model_file_close(file);
	heed_ctx_free(ctx);
}

/* Stops the scripted training after a step. */
static void stop_at(int64_t step)
{
	tiny t = scripted();

	tiny_forget(output);
	t.number = step;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
}

static tiny resume_after(int64_t step, const change *c)
{
	tiny t = scripted();

	stop_at(step);
	alter(c);
	t.resume = true;
	tiny_train(&t);
	return t;
}

#define COUNTERS "heed.state.counters"

/* A resumed training that lacks any part of its state becomes another one. */
static void every_part_of_the_state_matters(void **state)
{
	static const struct {
		int64_t step; /* where the training is stopped */
		change change;
	} parts[] = {
		{13, {"heed.state.m", CLEAR, NULL, NULL}},
		{13, {"heed.state.v", CLEAR, NULL, NULL}},
		{13, {"heed.state.ema", CLEAR, NULL, NULL}},
		{13, {"embed", CLEAR, NULL, NULL}},
		{13, {"step", REPLACE, COUNTERS, "12"}},
		{13, {"epoch", REPLACE, COUNTERS, "0"}},
		{13, {"batch", REPLACE, COUNTERS, "0"}},
		{13, {"micro", REPLACE, COUNTERS, "0"}},
		{13, {"updates", REPLACE, COUNTERS, "0"}},
		{13, {"loss_sum", REPLACE, COUNTERS, "0"}},
		{13, {"loss_steps", REPLACE, COUNTERS, "0"}},
		{13, {"plateau_bad", REPLACE, COUNTERS, "0"}},
		{17, {"plateau", REPLACE, COUNTERS, "1"}},
		{13, {"bad_validations", REPLACE, COUNTERS, "0"}},
		{13, {"best", REPLACE, COUNTERS, "null"}},
		{17, {"snapshots", REPLACE, COUNTERS, "[]"}},
		{12, {"validated", REPLACE, COUNTERS, "8"}},
		{13, {"", REPLACE, HEED__HISTORY, "[]"}},
	};
	tiny t = scripted();

	(void)state;
	tiny_forget(whole);
	t.output = whole;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.last[HEED_TRAIN_STEP].step, 20);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		tiny same = resume_after(parts[i].step, NULL), other;

		assert_int_equal(same.code, HEED_OK);
		assert_true(same_files(output, whole));
		assert_int_equal(same.last[HEED_TRAIN_STOP].tokens, t.last[HEED_TRAIN_STOP].tokens);
		other = resume_after(parts[i].step, &parts[i].change);
		if (other.code == HEED_OK && same_files(output, whole))
			fail_msg("%s makes no difference at step %d", parts[i].change.name,
				 (int)parts[i].step);
	}
}

/* What only events tell goes on too. */
static void counts_and_time_go_on(void **state)
{
	static const change changes[] = {{"tokens", REPLACE, COUNTERS, "1000000"},
					 {"skipped", REPLACE, COUNTERS, "7"},
					 {"seconds", REPLACE, COUNTERS, "5000"}};
	tiny t;

	(void)state;
	t = resume_after(14, &changes[0]);
	assert_int_equal(t.code, HEED_OK);
	assert_in_range(t.last[HEED_TRAIN_STOP].tokens, 1000001, 1010000);
	t = resume_after(14, &changes[1]);
	assert_int_equal(t.code, HEED_OK);
	assert_int_equal(t.last[HEED_TRAIN_STOP].skipped, 7);
	t = resume_after(14, &changes[2]);
	assert_int_equal(t.code, HEED_OK);
	assert_true(t.last[HEED_TRAIN_STOP].seconds > 5000 && t.last[HEED_TRAIN_STOP].seconds < 6000);
}

static void broken_states_are_refused(void **state)
{
	static const change changes[] = {
		{"heed.state.m", LEAVE_OUT, NULL, NULL},     {"heed.state.v", SHORTEN, NULL, NULL},
		{"heed.state.ema", LEAVE_OUT, NULL, NULL},   {"embed", LEAVE_OUT, NULL, NULL},
		{"heed.tokenizer", LEAVE_OUT, NULL, NULL},   {"heed.tokenizer", SHORTEN, NULL, NULL},
		{"batch", REPLACE, COUNTERS, "1000"},        {"batch", REPLACE, COUNTERS, "-1"},
		{"epoch", REPLACE, COUNTERS, "99999999999"}, {"micro", REPLACE, COUNTERS, "null"},
		{"validated", REPLACE, COUNTERS, "15"},      {"step", REPLACE, COUNTERS, "\"14\""},
		{"plateau", REPLACE, COUNTERS, "[]"},        {"finished", REPLACE, COUNTERS, "2"},
		{"snapshots", REPLACE, COUNTERS, "[[]]"},    {"snapshots", REPLACE, COUNTERS, "[[-4,1]]"},
		{"snapshots", REPLACE, COUNTERS, "4"},       {"", REPLACE, COUNTERS, "{}"},
		{"", REPLACE, COUNTERS, "{\"step\":"},       {"", REPLACE, "heed.state.settings", "[]"},
		{"", REPLACE, HEED__CONFIG, "{}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const tiny t = resume_after(14, &changes[i]);

		if (t.code != HEED_E_FORMAT)
			fail_msg("%s %s: %d \"%s\"", changes[i].name,
				 changes[i].value != NULL ? changes[i].value : "", (int)t.code, t.message);
		assert_int_equal(t.count[HEED_TRAIN_STEP], 0);
	}
}

static void damaged_files_are_refused(void **state)
{
	size_t n;
	unsigned char *bytes;
	tiny t = scripted();

	(void)state;
	stop_at(6);
	bytes = scratch_read(checkpoint, &n);
	for (int resume = 0; resume < 2; resume++) {
		FILE *f = fopen(checkpoint, "wb");

		bytes[n / 2] ^= 1;
		assert_int_equal(fwrite(bytes, 1, resume ? n : n / 3, f), resume ? n : n / 3);
		fclose(f);
		bytes[n / 2] ^= 1;
		t.resume = resume;
		assert_int_equal(tiny_train(&t), HEED_E_FORMAT);
		assert_non_null(strstr(t.message, checkpoint));
	}
	free(bytes);
}

/* --- other trainings --- */

static const char *const plain_settings[] = {"steps", "12", "valid-every", "4", NULL};

static tiny plain(void)
{
	return (tiny){.output = output, .settings = plain_settings, .pairs = 20, .valid_pairs = 4};
}

static void stop_plain(int64_t step)
{
	tiny t = plain();

	tiny_forget(output);
	t.event = on_event;
	t.number = step;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
}

static void refused(tiny t, heed_code code, const char *a, const char *b)
{
	size_t n, m;
	unsigned char *before = scratch_read(checkpoint, &n), *after;

	assert_int_equal(tiny_train(&t), code);
	if (strstr(t.message, a) == NULL || strstr(t.message, b) == NULL)
		fail_msg("\"%s\" and \"%s\" are not in \"%s\"", a, b, t.message);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 0);
	after = scratch_read(checkpoint, &m);
	assert_int_equal(n, m);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
}

static void unfinished_ones_are_not_overwritten(void **state)
{
	(void)state;
	stop_plain(6);
	refused(plain(), HEED_E_ARGUMENT, "step 6", "--resume");
}

static heed_code word_by_word(void *user, const char **line, size_t *len)
{
	static const char *const lines[] = {"si ka tatu", "lum lum jot"};
	int *next = user;

	*line = *next < 2 ? lines[*next] : NULL;
	*len = *line != NULL ? strlen(*line) : 0;
	++*next;
	return HEED_OK;
}

static void other_trainings_are_refused(void **state)
{
	static const struct {
		const char *name, *value, *expected;
	} settings[] = {
		{"width", "18", "--width 16, now 18"},
		{"dropout", "0.2", "--dropout 0.1, now 0.2"},
		{"lr", "0.02", "--lr 0.01, now 0.02"},
		{"schedule", "constant", "--schedule inverse-sqrt, now constant"},
		{"batch-tokens", "41", "--batch-tokens 40, now 41"},
		{"accumulate", "2", "--accumulate 1, now 2"},
		{"ema", "0.5", "--ema 0, now 0.5"},
		{"valid-every", "5", "--valid-every 4, now 5"},
	};
	heed_model_class other = *heed_model_class_find("transformer");
	tiny t = plain();

	(void)state;
	stop_plain(6);
	t.resume = true;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *const changed[] = {"steps",           "12", "valid-every", "4", settings[i].name,
					       settings[i].value, NULL};

		t.settings = changed;
		refused(t, HEED_E_FORMAT, settings[i].expected, "removing its folder");
	}
	t = plain();
	t.resume = true;
	t.seed = 1;
	refused(t, HEED_E_FORMAT, "seed", "(0, now 1)");
	t.seed = 0;
	t.pairs = 21;
	refused(t, HEED_E_FORMAT, "another data", "removing its folder");
	t.pairs = 20;
	t.text = 1;
	refused(t, HEED_E_FORMAT, "another data", "removing its folder");
	t.text = 0;
	t.valid_pairs = 5;
	refused(t, HEED_E_FORMAT, "another valid-data", "removing its folder");
	t.valid_pairs = 0;
	refused(t, HEED_E_FORMAT, "another valid-data", "removing its folder");
	t.valid_pairs = 4;
	other.name = "transformed";
	t.family = &other;
	refused(t, HEED_E_FORMAT, "family transformer", "transformed");
}

static void other_tokenizers_are_refused(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	const heed_tokenizer_options options = {.kind = "byte"}, lower = {.kind = "byte", .lowercase = 1};
	int next = 0, again = 0;
	heed_tokenizer *bytes = heed_tokenizer_train(ctx, &options, word_by_word, &next);
	heed_tokenizer *others = heed_tokenizer_train(ctx, &lower, word_by_word, &again);
	tiny t = plain();

	(void)state;
	assert_int_equal(heed_tokenizer_size(bytes), heed_tokenizer_size(others));
	tiny_forget(output);
	t.tokenizer = bytes;
	t.event = on_event;
	t.number = 5;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
	t.number = 0;
	t.resume = true;
	t.tokenizer = others;
	refused(t, HEED_E_FORMAT, "another tokenizer", "removing its folder");
	t.tokenizer = bytes;
	assert_int_equal(tiny_train(&t), HEED_OK);
	heed_tokenizer_free(bytes);
	heed_tokenizer_free(others);
	heed_ctx_free(ctx);
}

/* A longer budget, other files kept, more threads: the same training goes on. */
static void budgets_may_change(void **state)
{
	static const char *const more[] = {"steps",     "16", "valid-every", "4",  "keep", "3",
					   "keep-best", "2",  "patience",    "50", NULL};
	tiny t = plain();

	(void)state;
	tiny_forget(whole);
	t.output = whole;
	t.settings = more;
	assert_int_equal(tiny_train(&t), HEED_OK);
	stop_plain(6);
	t.output = output;
	t.resume = true;
	t.threads = 3;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_true(same_files(output, whole));

	/* one that is finished, too */
	tiny_forget(output);
	t = plain();
	assert_int_equal(tiny_train(&t), HEED_OK);
	t.settings = more;
	t.resume = true;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 4);
	assert_true(same_files(output, whole));
}

/* The end of these schedules is the budget. */
static void budgets_of_bound_schedules_may_not(void **state)
{
	tiny t = plain();

	(void)state;
	tiny_forget(output);
	t.settings = SETTINGS("steps", "12", "schedule", "linear");
	t.event = on_event;
	t.number = 6;
	assert_int_equal(tiny_train(&t), HEED_E_INTERRUPTED);
	t.settings = SETTINGS("steps", "13", "schedule", "linear");
	t.resume = true;
	refused(t, HEED_E_FORMAT, "--steps 12, now 13", "removing its folder");
}

static void nothing_to_resume_begins_anew(void **state)
{
	tiny t = plain();

	(void)state;
	tiny_forget(output);
	tiny_forget(whole);
	t.resume = true;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 12);
	t.resume = false;
	t.output = whole;
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_true(same_files(output, whole));
}

/* A finished training is repeated; nothing of the first one stays. */
static void finished_ones_are_replaced(void **state)
{
	tiny t = plain();

	(void)state;
	tiny_forget(output);
	t.settings = SETTINGS("steps", "20", "valid-every", "4", "keep", "9");
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(tiny_files(output, NULL), 6);
	fclose(fopen(scratch("stopped.run/checkpoint.tmp.12345"), "w"));
	fclose(fopen(scratch("stopped.run/step-00000099.heed.tmp.12345"), "w"));
	fclose(fopen(scratch("stopped.run/notes"), "w"));
	t = plain();
	assert_int_equal(tiny_train(&t), HEED_OK);
	assert_int_equal(t.count[HEED_TRAIN_STEP], 12);
	assert_true(tiny_has(output, "checkpoint"));
	assert_true(tiny_has(output, "step-00000012.heed"));
	assert_true(tiny_has(output, "notes"));
	assert_in_range(tiny_files(output, NULL), 3, 4); /* the best one, if it is another */
}

static void position_is_told(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	int64_t step = -1;

	(void)state;
	tiny_forget(output);
	assert_int_equal(heed_train_position(ctx, output, &step), HEED_OK);
	assert_int_equal(step, 0);
	stop_plain(7);
	assert_int_equal(heed_train_position(ctx, output, &step), HEED_OK);
	assert_int_equal(step, 7);
	alter(&(change){"step", REPLACE, COUNTERS, "null"});
	assert_int_equal(heed_train_position(ctx, output, &step), HEED_E_FORMAT);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_of_the_state_matters),
		cmocka_unit_test(counts_and_time_go_on),
		cmocka_unit_test(broken_states_are_refused),
		cmocka_unit_test(damaged_files_are_refused),
		cmocka_unit_test(unfinished_ones_are_not_overwritten),
		cmocka_unit_test(other_trainings_are_refused),
		cmocka_unit_test(other_tokenizers_are_refused),
		cmocka_unit_test(budgets_may_change),
		cmocka_unit_test(budgets_of_bound_schedules_may_not),
		cmocka_unit_test(nothing_to_resume_begins_anew),
		cmocka_unit_test(finished_ones_are_replaced),
		cmocka_unit_test(position_is_told),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
