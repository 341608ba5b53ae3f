/* The autoencoder of words against PyTorch, and that it learns to say the token again. */
#include "golden.h"
#include "model_checks.h"
#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void agrees_with_torch(void **state)
{
	static const char *const layers[][2] = {{"code", "code"}, {0}};
	golden_case c = {.family = "autoencoder", .source_vocab = 21, .target_vocab = 21, .layers = layers};

	(void)state;
	c.path = "test/golden/autoencoder/cross_entropy.safetensors";
	c.settings = SETTINGS("width", "8");
	golden_agrees(&c);
	c.path = "test/golden/autoencoder/squared_l2.safetensors";
	c.settings = SETTINGS("width", "8", "loss", "squared-l2");
	golden_agrees(&c);
	c.path = "test/golden/autoencoder/squared_l2_tied.safetensors";
	c.settings = SETTINGS("width", "8", "loss", "squared-l2", "tie", "all");
	golden_agrees(&c);
}

/* A table as wide as the vocabulary can hold every token; the loss of the distance then falls to 0 as well. */
static void says_it_again(void **state)
{
	(void)state;
	check_overfits("autoencoder", SETTINGS("width", "8"), 200, 0.05, 0.01);
	check_overfits("autoencoder", SETTINGS("width", "8", "tie", "all"), 200, 0.05, 0.01);
	check_overfits("autoencoder", SETTINGS("width", "32", "loss", "squared-l2"), 200, 0.05, 0.01);
	check_overfits("autoencoder", SETTINGS("width", "32", "loss", "squared-l2", "tie", "all"), 200, 0.05,
		       0.01);
}

static void plans_its_memory(void **state)
{
	(void)state;
	check_plan("autoencoder", SETTINGS("width", "8"));
	check_plan("autoencoder", SETTINGS("width", "8", "loss", "squared-l2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_torch),
		cmocka_unit_test(says_it_again),
		cmocka_unit_test(plans_its_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
