/* A handful of pairs is learned by heart by every shape, choice and optimizer, and said again. */
#include "training_names.h"

#include "heed/translate.h"

static heed_code compare(void *user, const heed_translation *t)
{
	const tiny *s = user;
	size_t len;
	const char *expected = heed_examples_text(s->train, (int64_t)t->index, true, &len);

	if (strcmp(expected, t->best[0].text) != 0)
		fail_msg("\"%s\", expected \"%s\"", t->best[0].text, expected);
	return HEED_OK;
}

/* The model of `output` translates its training data as it stands there. */
static void knows_by_heart(const tiny *trained)
{
	heed_translate_options o = heed_translate_defaults();
	tiny t = *trained;
	heed_source sources[16];
	heed_trained *model;
	heed_translator *translator;

	assert_int_equal(tiny_open(&t), HEED_OK);
	assert_in_range(t.pairs, 1, 16);
	for (int i = 0; i < t.pairs; i++)
		sources[i] = (heed_source){0};
	for (int i = 0; i < t.pairs; i++)
		sources[i].text = heed_examples_text(t.train, i, false, &sources[i].len);
	o.beam = 1;
	assert_int_equal(heed_trained_open(t.ctx, t.output, &model), HEED_OK);
	translator = heed_translator_new(model, &o);
	assert_non_null(translator);
	assert_int_equal(heed_translate(translator, sources, (size_t)t.pairs, compare, &t), HEED_OK);
	heed_translator_free(translator);
	heed_trained_close(model);
	tiny_close(&t);
}

static void overfits(const char *const *settings, double bound)
{
	tiny t = {.output = output, .settings = settings, .pairs = 6, .text = 6, .seed = 2};

	tiny_forget(output);
	if (tiny_train(&t) != HEED_OK)
		fail_msg("%s", t.message);
	if (!(t.last[HEED_TRAIN_STEP].loss < bound)) {
		for (; *settings != NULL; settings += 2)
			fprintf(stderr, " %s %s", settings[0], settings[1]);
		fail_msg(": loss %g, bound %g", t.last[HEED_TRAIN_STEP].loss, bound);
	}
	knows_by_heart(&t);
}

static void overfits_each_shape(void **state)
{
	(void)state;
	overfits(SETTINGS(BY_HEART), 0.02);
	overfits(SETTINGS(BY_HEART, "norm", "pre"), 0.02);
	overfits(SETTINGS(BY_HEART, "encoder-layers", "2", "decoder-layers", "3"), 0.05);
	overfits(SETTINGS(BY_HEART, "heads", "1", "projections", "none"), 0.05);
	overfits(SETTINGS(BY_HEART, "tokenizer", "byte", "max-length", "64", "steps", "200"), 0.05);
	overfits(SETTINGS(BY_HEART, "tokenizer", "char", "max-length", "64", "steps", "200"), 0.05);
	overfits(SETTINGS(BY_HEART, "separate-vocab", "true", "tie", "none"), 0.02);
}

static void overfits_each_choice(const char *name, const char *const *choices, double bound)
{
	for (; *choices != NULL; choices++)
		overfits(SETTINGS(BY_HEART, "steps", "300", name, *choices), bound);
}

static void overfits_each_position(void **state)
{
	(void)state;
	overfits_each_choice("position", SETTINGS("none", "index", "onehot", "sin", "sincos", "learned"),
			     0.05);
}

static void overfits_each_tie(void **state)
{
	(void)state;
	overfits_each_choice("tie", SETTINGS("none", "source-target", "target-output", "all"), 0.01);
}

static void overfits_each_activation(void **state)
{
	(void)state;
	overfits_each_choice("activation", SETTINGS("relu", "gelu", "swish"), 0.01);
}

static void overfits_each_start(void **state)
{
	(void)state;
	overfits_each_choice("init", SETTINGS("xavier", "normal", "kaiming"), 0.01);
	overfits_each_choice("depth-scale", SETTINGS("none", "layer", "stack"), 0.01);
}

static void overfits_with_each_optimizer(void **state)
{
	(void)state;
	overfits(SETTINGS(BY_HEART, "optimizer", "adam"), 0.02);
	overfits(SETTINGS(BY_HEART, "optimizer", "adamw", "weight-decay", "0.001"), 0.02);
	overfits(SETTINGS(BY_HEART, "optimizer", "sgd", "lr", "0.1", "steps", "400", "schedule", "constant",
			  "clip", "1"),
		 0.05);
	overfits(SETTINGS(BY_HEART, "optimizer", "adagrad", "lr", "0.1", "schedule", "constant", "clip", "1"),
		 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overfits_each_shape), cmocka_unit_test(overfits_each_position),
		cmocka_unit_test(overfits_each_tie),   cmocka_unit_test(overfits_each_activation),
		cmocka_unit_test(overfits_each_start), cmocka_unit_test(overfits_with_each_optimizer),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
