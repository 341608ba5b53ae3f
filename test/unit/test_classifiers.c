/* Classifiers of whole texts against PyTorch, and what a classifier must do. */
#include "golden.h"
#include "heed/ops.h"
#include "model_checks.h"
#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

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

/* Of a text of eight different tokens with one-hot vectors the mean shows which are left: kept tokens weigh 1/kept. */
static void word_dropout_keeps_a_mean(void **state)
{
	static const int ids[] = {0, 1, 2, 3, 4, 5, 6, 7}, start[] = {0, 8};
	heed_ctx *const ctx = heed_ctx_new(NULL);
	heed_tape *const tape = heed_tape_new(ctx, HEED_TAPE_TRAIN);
	float table[64] = {0};
	int all = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		table[9 * i] = 1;
	for (uint32_t step = 0; step < 500; step++) {
		const heed_tensor *y;
		int kept = 0;

		heed_tape_reset(tape, step);
		y = heed_embedding_mean(
			tape, heed_leaf_matrix(tape, table, 8, 8),
			(heed_embedding_mean_options){
				.ids = ids, .spans = {1, start}, .scale = 3, .dropout = 0.75});
		assert_non_null(y);
		for (int i = 0; i < 8; i++)
			kept += y->data[i] > 0;
		for (int i = 0; i < 8; i++)
			assert_true(y->data[i] == 0 || fabsf(y->data[i] * (float)kept - 3) < 1e-5f);
		assert_in_range(kept, 1, 8);
		all += kept;
	}
	/* 2 a step, and 8 where all would go, which is one step in ten: 2.8, with a deviation of 0.1 */
	assert_in_range(all, 1200, 1600);
	heed_tape_free(tape);
	heed_ctx_free(ctx);
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
		cmocka_unit_test(word_dropout_keeps_a_mean),
		cmocka_unit_test(plans),
		cmocka_unit_test(survives_failures),
		cmocka_unit_test(refuses_settings_that_contradict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
