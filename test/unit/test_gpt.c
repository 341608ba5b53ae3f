/* The decoder-only Transformer against PyTorch, and what a language model must do. */
#include "golden.h"
#include "model_checks.h"
#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "heed/model.h"

#define SHAPE "layers", "2", "width", "16", "heads", "4", "feed-forward", "24", "dropout", "0"

static void agrees_with_torch(void **state)
{
	static const char *const layers[][2] = {
		{"input", "input"}, {"dec0", "dec0"}, {"dec1", "dec1"}, {"states", "dec"}, {0}};
	golden_case c = {.family = "gpt", .source_vocab = 19, .target_vocab = 19, .layers = layers};

	(void)state;
	c.path = "test/golden/gpt/pre_learned_tied.safetensors";
	c.settings = SETTINGS(SHAPE, "max-length", "8");
	golden_agrees(&c);
	c.path = "test/golden/gpt/post_sincos_plain.safetensors";
	c.settings = SETTINGS(SHAPE, "norm", "post", "tie", "none", "activation", "swish", "position",
			      "sincos", "heads", "1", "projections", "none", "label-smoothing", "0.1");
	golden_agrees(&c);
}

/* Far from the beginning, so that tokens matter. */
#define WILD SHAPE, "init", "normal", "init-deviation", "0.4"

static void step_equals_pass(void **state)
{
	(void)state;
	check_step_equals_pass("gpt", SETTINGS(WILD));
	check_step_equals_pass("gpt", SETTINGS(WILD, "norm", "post", "position", "sincos", "tie", "none"));
	check_step_equals_pass("gpt", SETTINGS(WILD, "projections", "none", "heads", "1"));
}

static void sees_nothing_later(void **state)
{
	(void)state;
	check_sees_nothing_later("gpt", SETTINGS(WILD));
	check_sees_nothing_later("gpt", SETTINGS(WILD, "projections", "none", "position", "none"));
}

static void ragged_equals_alone(void **state)
{
	(void)state;
	check_ragged_equals_alone("gpt", SETTINGS(WILD));
}

static void overfits(void **state)
{
	(void)state;
	check_overfits("gpt", SETTINGS(SHAPE), 150, 0.01, 0.35);
	check_overfits("gpt", SETTINGS(SHAPE, "heads", "1"), 150, 0.01, 0.35);
	check_overfits("gpt", SETTINGS(SHAPE, "projections", "none"), 150, 0.01, 0.35);
	check_overfits("gpt", SETTINGS(SHAPE, "projections", "none", "heads", "1", "norm", "post"), 150, 0.01,
		       0.35);
}

/* One matrix for embeddings and output must not make every token predict itself: at first all 17 are alike. */
static void begins_undecided(void **state)
{
	(void)state;
	check_overfits("gpt", SETTINGS("dropout", "0"), 1, 0, 3.5);
}

static void plans(void **state)
{
	(void)state;
	check_plan("gpt", SETTINGS(SHAPE));
}

static heed_form form_of(const char *const *settings, int *window)
{
	const heed_model_class *const gpt = heed_model_class_find("gpt");
	heed_ctx *const ctx = heed_ctx_new(NULL);
	double config[64];
	heed_form form;

	assert_non_null(gpt);
	assert_true(gpt->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(ctx, gpt->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(
			heed_field_set(ctx, heed_field_find(gpt->fields, settings[0]), config, settings[1]),
			HEED_OK);
	form = heed_model_form(gpt, config, window);
	heed_ctx_free(ctx);
	return form;
}

static void blocks_are_as_long_as_the_window(void **state)
{
	int window;

	(void)state;
	assert_int_equal(form_of(SETTINGS("max-length", "64"), &window), HEED_FORM_BLOCKS);
	assert_int_equal(window, 64);
	assert_int_equal(form_of(SETTINGS("max-length", "64", "window", "32"), &window), HEED_FORM_BLOCKS);
	assert_int_equal(window, 32);
	assert_int_equal(form_of(SETTINGS("unit", "lines"), &window), HEED_FORM_LINES);
}

static void survives_failures(void **state)
{
	(void)state;
	check_survives_failures("gpt", SETTINGS(SHAPE));
}

static void refuses_settings_that_contradict(void **state)
{
	(void)state;
	check_refused("gpt", SETTINGS("max-length", "64", "window", "65"),
		      "window: 65 tokens but max-length is 64");
	check_refused("gpt", SETTINGS("width", "10"), "heads: 4 do not divide the width 10");
	check_refused("gpt", SETTINGS("position", "onehot"), "onehot has 128 places but max-length is 256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_torch),
		cmocka_unit_test(step_equals_pass),
		cmocka_unit_test(sees_nothing_later),
		cmocka_unit_test(ragged_equals_alone),
		cmocka_unit_test(overfits),
		cmocka_unit_test(begins_undecided),
		cmocka_unit_test(plans),
		cmocka_unit_test(blocks_are_as_long_as_the_window),
		cmocka_unit_test(survives_failures),
		cmocka_unit_test(refuses_settings_that_contradict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
