/* Classifiers of whole texts against PyTorch, and what a classifier must do. */
#include "golden.h"
#include "model_checks.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ENCODER                                                                                              \
	"layers", "2", "width", "16", "heads", "2", "feed-forward", "24", "dropout", "0", "init", "normal",  \
		"init-deviation", "0.3"
#define DAN "width", "16", "hidden", "24", "layers", "2", "word-dropout", "0", "dropout", "0"

static void encoder_agrees(const char *path, const char *const *settings)
{
	static const char *const layers[][2] = {{"source", "source"}, {"enc0", "enc0"},     {"enc1", "enc1"},
						{"states", "enc"},    {"pooled", "pooled"}, {0}};

	golden_agrees(&(golden_case){.path = path,
				     .family = "encoder",
				     .source_vocab = 17,
				     .target_vocab = 7,
				     .settings = settings,
				     .layers = layers});
}

static void encoder_agrees_with_torch(void **state)
{
	(void)state;
	encoder_agrees("test/golden/classifier/encoder_pre_mean.safetensors", SETTINGS(ENCODER));
	encoder_agrees("test/golden/classifier/encoder_post_max.safetensors",
		       SETTINGS(ENCODER, "norm", "post", "activation", "relu", "pooling", "max",
				"label-smoothing", "0.1"));
	encoder_agrees("test/golden/classifier/encoder_pre_first.safetensors",
		       SETTINGS(ENCODER, "activation", "swish", "pooling", "first"));
}

static void dan_agrees(const char *path, const char *const *settings)
{
	static const char *const layers[][2] = {{"mean", "mean"}, {0}};

	golden_agrees(&(golden_case){.path = path,
				     .family = "dan",
				     .source_vocab = 17,
				     .target_vocab = 7,
				     .settings = settings,
				     .layers = layers});
}

static void dan_agrees_with_torch(void **state)
{
	(void)state;
	dan_agrees("test/golden/classifier/dan_relu.safetensors", SETTINGS(DAN, "label-smoothing", "0.1"));
	dan_agrees("test/golden/classifier/dan_tanh.safetensors",
		   SETTINGS(DAN, "layers", "3", "hidden", "20", "activation", "tanh"));
}

static void ragged_equals_alone(void **state)
{
	(void)state;
	check_ragged_equals_alone("encoder", SETTINGS(ENCODER));
	check_ragged_equals_alone("encoder", SETTINGS(ENCODER, "pooling", "max"));
	check_ragged_equals_alone("encoder", SETTINGS(ENCODER, "pooling", "first"));
	check_ragged_equals_alone("dan", SETTINGS(DAN));
}

/* Two of the five texts are the same tokens in another order: who is blind to it can't do better than 2/5 log 2. */
#define ALL_BUT_ORDER 0.28

static void overfits(void **state)
{
	(void)state;
	check_overfits("encoder", SETTINGS(ENCODER), 100, 0.01, 0.02);
	check_overfits("encoder", SETTINGS(ENCODER, "heads", "1"), 100, 0.01, 0.02);
	check_overfits("encoder", SETTINGS(ENCODER, "projections", "none"), 100, 0.01, 0.02);
	check_overfits("encoder", SETTINGS(ENCODER, "pooling", "max"), 100, 0.01, 0.02);
	check_overfits("encoder", SETTINGS(ENCODER, "pooling", "first"), 100, 0.01, 0.02);
	check_overfits("dan", SETTINGS(DAN), 100, 0.01, ALL_BUT_ORDER);
	check_overfits("dan", SETTINGS(DAN, "layers", "0"), 200, 0.02, ALL_BUT_ORDER);
	check_overfits("encoder", SETTINGS(ENCODER, "position", "none"), 100, 0.01, ALL_BUT_ORDER);
}

/* A set has no order: only positions tell a Transformer of one. */
static void order_counts_by_positions_only(void **state)
{
	(void)state;
	check_order("dan", SETTINGS(DAN), false);
	check_order("encoder", SETTINGS(ENCODER, "position", "none"), false);
	check_order("encoder", SETTINGS(ENCODER), true);
	check_order("encoder", SETTINGS(ENCODER, "position", "learned"), true);
}

static void plans(void **state)
{
	(void)state;
	check_plan("encoder", SETTINGS(ENCODER));
	check_plan("dan", SETTINGS(DAN));
}

static void survives_failures(void **state)
{
	(void)state;
	check_survives_failures("encoder", SETTINGS(ENCODER));
	check_survives_failures("dan", SETTINGS(DAN));
}

static void refuses_settings_that_contradict(void **state)
{
	(void)state;
	check_refused("encoder", SETTINGS("width", "10"), "heads: 4 do not divide the width 10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoder_agrees_with_torch),
		cmocka_unit_test(dan_agrees_with_torch),
		cmocka_unit_test(ragged_equals_alone),
		cmocka_unit_test(overfits),
		cmocka_unit_test(order_counts_by_positions_only),
		cmocka_unit_test(plans),
		cmocka_unit_test(survives_failures),
		cmocka_unit_test(refuses_settings_that_contradict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
