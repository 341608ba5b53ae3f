/* The feed-forward language model against PyTorch, and what a language model must do. */
#include "golden.h"
#include "model_checks.h"
#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define SHAPE "window", "3", "width", "12", "hidden", "20", "dropout", "0"
/* A window longer than any text here, relu, two layers, one matrix. */
#define SENTENCE SHAPE, "window", "32", "activation", "relu", "layers", "2", "tie", "all"
#define DIRECT   SHAPE, "direct", "true"

static void agrees_with_torch(void **state)
{
	static const char *const layers[][2] = {{"window", "window"}, {0}};
	golden_case c = {.family = "ffn", .source_vocab = 19, .target_vocab = 19, .layers = layers};

	(void)state;
	c.path = "test/golden/ffn/tanh_direct.safetensors";
	c.settings = SETTINGS(DIRECT);
	golden_agrees(&c);
	c.path = "test/golden/ffn/relu_sentence_tied.safetensors";
	c.settings = SETTINGS(SENTENCE, "window", "9", "label-smoothing", "0.1");
	golden_agrees(&c);
}

static void step_equals_pass(void **state)
{
	(void)state;
	check_step_equals_pass("ffn", SETTINGS(DIRECT));
	check_step_equals_pass("ffn", SETTINGS(SENTENCE));
	check_step_equals_pass("ffn", SETTINGS(SHAPE, "window", "1"));
}

static void sees_nothing_later(void **state)
{
	(void)state;
	check_sees_nothing_later("ffn", SETTINGS(DIRECT));
	check_sees_nothing_later("ffn", SETTINGS(SENTENCE));
}

static void ragged_equals_alone(void **state)
{
	(void)state;
	check_ragged_equals_alone("ffn", SETTINGS(DIRECT));
	check_ragged_equals_alone("ffn", SETTINGS(SENTENCE));
}

static void overfits(void **state)
{
	(void)state;
	check_overfits("ffn", SETTINGS(SHAPE), 300, 0.01, 0.35);
	check_overfits("ffn", SETTINGS(DIRECT), 300, 0.01, 0.35);
	check_overfits("ffn", SETTINGS(SENTENCE), 300, 0.01, 0.35);
}

static void plans(void **state)
{
	(void)state;
	check_plan("ffn", SETTINGS(DIRECT));
}

static void survives_failures(void **state)
{
	(void)state;
	check_survives_failures("ffn", SETTINGS(DIRECT));
}

static void refuses_settings_that_contradict(void **state)
{
	(void)state;
	check_refused("ffn", SETTINGS("direct", "true", "tie", "all"), "direct: ");
	check_refused("ffn", SETTINGS("window", "65536", "width", "257"),
		      "window: 65536 tokens of width 257; expected at most 16777216 numbers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_torch),  cmocka_unit_test(step_equals_pass),
		cmocka_unit_test(sees_nothing_later), cmocka_unit_test(ragged_equals_alone),
		cmocka_unit_test(overfits),           cmocka_unit_test(plans),
		cmocka_unit_test(survives_failures),  cmocka_unit_test(refuses_settings_that_contradict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
