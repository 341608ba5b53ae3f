/* The Transformer against PyTorch: the loss, what each layer gives, every gradient, and ten steps of Adam. */
#include "golden.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const layers[][2] = {{"source", "source"}, {"enc0", "enc0"},   {"enc1", "enc1"},
					{"memory", "enc"},    {"input", "input"}, {"dec0", "dec0"},
					{"dec1", "dec1"},     {"states", "dec"},  {0}};

static void agrees(const char *path, const char *const *settings)
{
	golden_agrees(&(golden_case){.path = path,
				     .family = "transformer",
				     .source_vocab = 23,
				     .target_vocab = 23,
				     .settings = settings,
				     .layers = layers});
}

#define SHAPE                                                                                                \
	"encoder-layers", "2", "decoder-layers", "2", "width", "16", "heads", "2", "feed-forward", "24",     \
		"dropout", "0"

static void post_norm_tied_relu(void **state)
{
	(void)state;
	agrees("test/golden/transformer/post_tied_relu.safetensors", (const char *const[]){SHAPE, NULL});
}

static void post_norm_untied_swish(void **state)
{
	(void)state;
	agrees("test/golden/transformer/post_untied_swish.safetensors",
	       (const char *const[]){SHAPE, "tie", "none", "activation", "swish", NULL});
}

static void pre_norm_untied_gelu(void **state)
{
	(void)state;
	agrees("test/golden/transformer/pre_untied_gelu.safetensors",
	       (const char *const[]){SHAPE, "norm", "pre", "tie", "none", "activation", "gelu", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(post_norm_tied_relu),
		cmocka_unit_test(post_norm_untied_swish),
		cmocka_unit_test(pre_norm_untied_gelu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
