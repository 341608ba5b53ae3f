/* What a model file says of its training, read back; and files that say nonsense. */
#include "scratch.h"

#include "heed/history.h"
#include "io/model_file_impl.h"
#include "one_ctx.h"

#include <math.h>

static int setup(void **state)
{
	return make_ctx(state) == 0 ? scratch_make(state) : -1;
}

static int teardown(void **state)
{
	return scratch_remove(state) == 0 ? free_ctx(state) : -1;
}

/* A file with these metadata; NULL: without. */
static heed_model_file *file_of(const char *history, const char *counters, const char *settings)
{
	const struct {
		const char *key, *text;
	} given[] = {{HEED__HISTORY, history}, {HEED__COUNTERS, counters}, {HEED__SETTINGS, settings}};
	const char *path = scratch("m.heed");
	heed__metadata metadata[3];
	heed_model_file *file;
	size_t count = 0;

	for (int i = 0; i < 3; i++)
		if (given[i].text)
			metadata[count++] = (heed__metadata){given[i].key, given[i].text};
	assert_int_equal(heed__model_file_write(ctx, path, NULL, 0, metadata, count), HEED_OK);
	assert_int_equal(heed_model_file_open(ctx, path, &file), HEED_OK);
	return file;
}

static const char history_text[] = "[{\"step\":10,\"epoch\":1,\"loss\":5.5,\"valid_loss\":5,\"later\":true},"
				   "{\"step\":20,\"epoch\":2,\"loss\":null,\"valid_loss\":4.25,\"bleu\":12.5,"
				   "\"chrf\":30}]";
static const char counters_text[] = "{\"step\":20,\"tokens\":12345,\"skipped\":1,\"epoch\":2,\"batch\":7,"
				    "\"seconds\":1.5,\"finished\":true}";
static const char settings_text[] = "{\"lr\":\"0.001\",\"seed\":7}";

static void a_model(void **state)
{
	heed_model_file *const file = file_of(history_text, NULL, NULL);
	heed_history *h;

	(void)state;
	assert_int_equal(heed_history_read(ctx, file, &h), HEED_OK);
	heed_model_file_close(file);
	assert_int_equal(h->count, 2);
	assert_int_equal(h->points[0].step, 10);
	assert_int_equal(h->points[0].epoch, 1);
	assert_true(h->points[0].loss == 5.5 && h->points[0].valid_loss == 5);
	assert_true(isnan(h->points[0].bleu) && isnan(h->points[0].chrf) && isnan(h->points[1].loss));
	assert_true(h->points[1].valid_loss == 4.25 && h->points[1].bleu == 12.5 && h->points[1].chrf == 30);
	assert_false(h->checkpoint);
	assert_int_equal(h->setting_count, 0);
	heed_history_free(h);
}

static void a_checkpoint(void **state)
{
	heed_model_file *const file = file_of("[]", counters_text, settings_text);
	heed_history *h;

	(void)state;
	assert_int_equal(heed_history_read(ctx, file, &h), HEED_OK);
	heed_model_file_close(file);
	assert_int_equal(h->count, 0);
	assert_true(h->checkpoint && h->state.finished);
	assert_int_equal(h->state.step, 20);
	assert_int_equal(h->state.epoch, 2);
	assert_int_equal(h->state.batch, 7);
	assert_int_equal(h->state.tokens, 12345);
	assert_int_equal(h->state.skipped, 1);
	assert_true(h->state.seconds == 1.5);
	assert_int_equal(h->setting_count, 2);
	assert_string_equal(h->settings[0].name, "lr");
	assert_string_equal(h->settings[0].text, "0.001");
	assert_string_equal(h->settings[1].name, "seed");
	assert_null(h->settings[1].text);
	assert_int_equal(h->settings[1].number, 7);
	heed_history_free(h);
}

static void nothing_at_all(void **state)
{
	heed_model_file *const file = file_of(NULL, NULL, NULL);
	heed_history *h;

	(void)state;
	assert_int_equal(heed_history_read(ctx, file, &h), HEED_OK);
	assert_int_equal(h->count, 0);
	assert_false(h->checkpoint);
	heed_history_free(h);
	heed_history_free(NULL);
	heed_model_file_close(file);
}

static void nonsense(void **state)
{
	static const struct {
		const char *history, *counters, *settings, *word;
	} cases[] = {
		{"{\"step\":1}", NULL, NULL, "expected an array"},
		{"[{\"step\":1},2]", NULL, NULL, "entry 2"},
		{"[", NULL, NULL, HEED__HISTORY},
		{"", NULL, NULL, HEED__HISTORY},
		{"[]", "{", NULL, HEED__COUNTERS},
		{"[]", "{}", "{\"lr\":[]}", "entry 1"},
		{"[]", "{}", "{\"lr\":0.5}", "entry 1"},
		{"[]", "{}", "[1]", "entry 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		heed_model_file *const file = file_of(cases[i].history, cases[i].counters, cases[i].settings);
		heed_history *h;

		assert_int_equal(heed_history_read(ctx, file, &h), HEED_E_FORMAT);
		assert_null(h);
		assert_message(ctx, cases[i].word);
		heed_model_file_close(file);
	}
}

/* Counters of another type or none are as if they were not there. */
static void missing_counters(void **state)
{
	heed_model_file *const file = file_of(NULL, "{\"step\":\"x\",\"seconds\":null}", NULL);
	heed_history *h;

	(void)state;
	assert_int_equal(heed_history_read(ctx, file, &h), HEED_OK);
	assert_true(h->checkpoint && !h->state.finished && isnan(h->state.seconds));
	assert_int_equal(h->state.step, -1);
	assert_int_equal(h->state.tokens, -1);
	heed_history_free(h);
	heed_model_file_close(file);
}

static void without_memory(void **state)
{
	heed_model_file *const file = file_of(history_text, counters_text, settings_text);
	heed_history *h;
	heed_code code;

	(void)state;
	memory.kept = memory.blocks;
	do {
		shortage_begin(&memory);
		code = heed_history_read(ctx, file, &h);
		assert_true(code == HEED_OK || h == NULL);
		heed_history_free(h);
	} while (shortage_felt(&memory, code));
	assert_in_range(memory.tries, 4, 100);
	heed_model_file_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model),          cmocka_unit_test(a_checkpoint),
		cmocka_unit_test(nothing_at_all),   cmocka_unit_test(nonsense),
		cmocka_unit_test(missing_counters), cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
