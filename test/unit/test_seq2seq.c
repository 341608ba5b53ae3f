/* Recurrent encoder-decoders, with and without attention: against PyTorch, what translators must do, and what the
 * decoder looks at. */
#include "golden.h"
#include "model_checks.h"
#include "training_names.h"

#include "heed/translate.h"
#include "nn/steps.h"

#define GOLDEN(name) "test/golden/seq2seq/" name ".safetensors"
#define DRY          "dropout", "0", "embedding-dropout", "0", "output-dropout", "0"
#define SMALL        "width", "8", "hidden", "6", DRY
#define ATTENTION    "seq2seq-attention"

static const char *const layers[][2] = {{"source", "source"}, {"memory", "memory"},   {"input", "input"},
					{"states", "states"}, {"readout", "readout"}, {0}};
static const char *const looking_layers[][2] = {
	{"memory", "memory"}, {"contexts", "contexts"}, {"states", "states"}, {"readout", "readout"}, {0}};

static void agrees(const char *family, const char *path, const char *const *settings)
{
	golden_agrees(&(golden_case){.path = path,
				     .family = family,
				     .source_vocab = 17,
				     .target_vocab = 17,
				     .settings = settings,
				     .layers = strcmp(family, ATTENTION) == 0 ? looking_layers : layers});
}

static void one_vector_agrees_with_torch(void **state)
{
	(void)state;
	agrees("seq2seq", GOLDEN("lstm"),
	       SETTINGS(SMALL, "layers", "2", "encoder", "forward", "readout", "direct", "tie", "none"));
	agrees("seq2seq", GOLDEN("lstm_both"), SETTINGS(SMALL, "layers", "2", "encoder-hidden", "4"));
	agrees("seq2seq", GOLDEN("rnn_backward"),
	       SETTINGS(SMALL, "cell", "rnn", "encoder", "backward", "tie", "all", "label-smoothing", "0.1"));
	agrees("seq2seq", GOLDEN("gru_context"),
	       SETTINGS(SMALL, "cell", "gru", "layers", "2", "context", "every-step", "label-smoothing",
			"0.1"));
	agrees("seq2seq", GOLDEN("gru_direct"),
	       SETTINGS(SMALL, "cell", "gru", "encoder", "forward", "context", "every-step", "readout",
			"direct", "tie", "none"));
}

static void attention_agrees_with_torch(void **state)
{
	(void)state;
	agrees(ATTENTION, GOLDEN("gru_additive"),
	       SETTINGS(SMALL, "encoder-hidden", "4", "attention-width", "5", "label-smoothing", "0.1"));
	agrees(ATTENTION, GOLDEN("lstm_general"),
	       SETTINGS(SMALL, "cell", "lstm", "layers", "2", "score", "general", "readout", "direct", "tie",
			"none"));
	agrees(ATTENTION, GOLDEN("rnn_dot"),
	       SETTINGS(SMALL, "cell", "rnn", "layers", "2", "encoder", "forward", "score", "dot", "tie",
			"all"));
}

static void step_equals_pass(void **state)
{
	(void)state;
	check_step_equals_pass("seq2seq", SETTINGS(SMALL, "layers", "2"));
	check_step_equals_pass("seq2seq", SETTINGS(SMALL, "encoder", "backward"));
	check_step_equals_pass("seq2seq", SETTINGS(SMALL, "cell", "gru", "context", "every-step"));
	check_step_equals_pass(ATTENTION, SETTINGS(SMALL));
	check_step_equals_pass(ATTENTION, SETTINGS(SMALL, "cell", "lstm", "layers", "2", "score", "general"));
	check_step_equals_pass(ATTENTION,
			       SETTINGS(SMALL, "cell", "rnn", "encoder", "forward", "score", "dot"));
}

static void sees_nothing_later(void **state)
{
	(void)state;
	check_sees_nothing_later("seq2seq", SETTINGS(SMALL, "context", "every-step"));
	check_sees_nothing_later(ATTENTION, SETTINGS(SMALL, "layers", "2"));
}

static void ragged_equals_alone(void **state)
{
	(void)state;
	check_ragged_equals_alone("seq2seq", SETTINGS(SMALL, "layers", "2"));
	check_ragged_equals_alone("seq2seq", SETTINGS(SMALL, "cell", "gru", "context", "every-step"));
	check_ragged_equals_alone(ATTENTION, SETTINGS(SMALL, "layers", "2", "cell", "lstm"));
	check_ragged_equals_alone(ATTENTION, SETTINGS(SMALL, "score", "general"));
}

static void overfits(void **state)
{
	(void)state;
	check_overfits("seq2seq", SETTINGS(SMALL), 200, 0.02, 0.02);
	check_overfits("seq2seq", SETTINGS(SMALL, "cell", "gru", "context", "every-step"), 200, 0.02, 0.02);
	check_overfits("seq2seq", SETTINGS(SMALL, "cell", "rnn", "encoder", "backward"), 200, 0.02, 0.02);
	check_overfits(ATTENTION, SETTINGS(SMALL), 200, 0.02, 0.02);
	check_overfits(ATTENTION, SETTINGS(SMALL, "cell", "lstm", "layers", "2", "score", "general"), 200,
		       0.02, 0.02);
	check_overfits(ATTENTION, SETTINGS(SMALL, "encoder-hidden", "3", "score", "dot"), 200, 0.02, 0.02);
}

static void plans(void **state)
{
	(void)state;
	check_plan("seq2seq", SETTINGS("width", "8", "hidden", "6", "layers", "2", "context", "every-step"));
	check_plan(ATTENTION, SETTINGS("width", "8", "hidden", "6"));
	check_plan(ATTENTION,
		   SETTINGS("width", "8", "hidden", "6", "cell", "lstm", "layers", "2", "score", "general"));
}

static void survives_every_allocation_that_fails(void **state)
{
	(void)state;
	check_survives_failures("seq2seq", SETTINGS(SMALL, "context", "every-step"));
	check_survives_failures(ATTENTION, SETTINGS(SMALL));
	check_survives_failures(ATTENTION, SETTINGS(SMALL, "cell", "lstm", "score", "general"));
}

static void refuses_settings_that_contradict(void **state)
{
	(void)state;
	check_refused(ATTENTION, SETTINGS(SMALL, "score", "dot"),
		      "score: dot compares states of 6 units with a source of 12");
	check_refused("seq2seq", SETTINGS(SMALL, "readout", "direct"),
		      "tie: the embeddings are 8 wide but the output reads 6 numbers");
	check_refused(ATTENTION, SETTINGS(SMALL, "readout", "direct"), "the output reads 26 numbers");
}

/* --- a batch step by step --- */

static void steps_hold_those_that_go_on(void **state)
{
	static const int start[] = {0, 2, 2, 3, 6};
	heed_ctx *const ctx = heed_ctx_new(NULL);
	heed_tape *const tape = heed_tape_new(ctx, 0);
	float given[3][3] = {{1, 2, 3}, {4, 5}, {6}}, begin[4] = {9, 8, 7, 6};
	heed_tensor *parts[3], *x;
	heed__steps steps;

	(void)state;
	assert_true(heed__steps_make(tape, (heed_spans){4, start}, &steps));
	assert_int_equal(steps.count, 3);
	assert_int_equal(steps.step[0].rows, 3);
	assert_int_equal(steps.step[1].rows, 2);
	assert_int_equal(steps.step[2].rows, 1);
	assert_memory_equal(steps.step[0].tokens, ((int[]){0, 2, 3}), 3 * sizeof(int));
	assert_memory_equal(steps.step[1].tokens, ((int[]){1, 4}), 2 * sizeof(int));
	assert_memory_equal(steps.step[2].tokens, ((int[]){5}), sizeof(int));
	assert_memory_equal(steps.step[1].queries.start, ((int[]){0, 1, 1, 1, 2}), 5 * sizeof(int));
	x = heed__step_go_on(tape, &steps.step[0], heed_leaf_matrix(tape, begin, 4, 1));
	assert_memory_equal(x->data, ((float[]){9, 7, 6}), 3 * sizeof(float));
	x = heed__step_go_on(tape, &steps.step[1], x);
	assert_memory_equal(x->data, ((float[]){9, 6}), 2 * sizeof(float));
	x = heed__step_go_on(tape, &steps.step[2], x);
	assert_memory_equal(x->data, ((float[]){6}), sizeof(float));
	for (int t = 0; t < 3; t++)
		parts[t] = heed_leaf_matrix(tape, given[t], steps.step[t].rows, 1);
	x = heed__steps_join(tape, &steps, parts);
	assert_memory_equal(x->data, ((float[]){1, 4, 2, 3, 5, 6}), 6 * sizeof(float));
	heed_tape_free(tape);
	heed_ctx_free(ctx);
}

/* --- what is looked at --- */

static heed_model *make_model(heed_ctx *ctx, const char *const *settings)
{
	const heed_model_class *const family = heed_model_class_find(ATTENTION);
	double config[128];

	assert_int_equal(heed_fields_default(ctx, family->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(heed_field_set(ctx, heed_field_find(family->fields, settings[0]), config,
						settings[1]),
				 HEED_OK);
	return heed_model_new(ctx, family, config, 17, 17, 0);
}

/* Row i of a sequence's weights: they sum to one, and the source in their proportions is the context. */
static void check_row(const float *w, int keys, const float *memory, const float *context, int width)
{
	double sum = 0;

	for (int j = 0; j < keys; j++)
		sum += (double)w[j];
	assert_true(fabs(sum - 1) < 1e-5);
	for (int d = 0; d < width; d++) {
		double x = 0;

		for (int j = 0; j < keys; j++)
			x += (double)w[j] * (double)memory[j * width + d];
		assert_true(fabs(x - (double)context[d]) < 1e-5);
	}
}

static void weights_are_those_of_the_contexts(const char *const *settings, int width)
{
	static const int source_start[] = {0, 5, 6, 13}, start[] = {0, 2, 6, 7};
	static const int source_ids[] = {5, 16, 9, 9, 2, 2, 3, 12, 14, 8, 5, 12, 2};
	static const int ids[] = {1, 11, 1, 7, 7, 16, 1}, targets[] = {11, 2, 7, 7, 16, 2, 2};
	heed_ctx *const ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .seed = 4});
	heed_model *const m = make_model(ctx, settings);
	heed_tape *const tape = heed_tape_new(ctx, HEED_TAPE_WEIGHTS);
	const heed_batch batch = {
		.source = {{3, source_start}, source_ids}, .input = {{3, start}, ids}, .targets = targets};
	heed_weights w;

	assert_non_null(m);
	assert_non_null(m->family->loss(m, tape, &batch, NULL));
	assert_int_equal(heed_tape_weights_count(tape), 1);
	w = heed_tape_weights(tape, 0);
	assert_string_equal(w.name, "dec0.cross");
	assert_int_equal(w.heads, 1);
	assert_ptr_equal(w.queries.start, start);
	assert_ptr_equal(w.keys.start, source_start);
	for (int s = 0; s < 3; s++)
		for (int i = start[s]; i < start[s + 1]; i++) {
			const int keys = source_start[s + 1] - source_start[s];

			check_row(w.data + w.start[s] + (i - start[s]) * keys, keys,
				  heed_tape_find(tape, "memory")->data + source_start[s] * width,
				  heed_tape_find(tape, "contexts")->data + i * width, width);
		}
	assert_int_equal(w.start[3], 2 * 5 + 4 * 1 + 1 * 7);
	heed_tape_free(tape);
	heed_model_free(m);
	heed_ctx_free(ctx);
}

static void weights_are_kept(void **state)
{
	(void)state;
	weights_are_those_of_the_contexts(SETTINGS(SMALL), 12);
	weights_are_those_of_the_contexts(SETTINGS(SMALL, "score", "general", "encoder-hidden", "4"), 8);
	weights_are_those_of_the_contexts(SETTINGS(SMALL, "score", "dot", "encoder", "backward"), 6);
}

/* --- trained, as it is used --- */

static void stop_at_step_five(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == 5)
		heed_interrupt(t->ctx);
}

static void is_resumed(const char *family)
{
	tiny t = {.family = heed_model_class_find(family),
		  .output = output,
		  .settings = SETTINGS("steps", "9", "hidden", "12", "layers", "2"),
		  .pairs = 20,
		  .valid_pairs = 4};
	tiny u = t;

	tiny_forget(output);
	assert_int_equal(tiny_train(&t), HEED_OK);
	u.output = other;
	u.event = stop_at_step_five;
	tiny_forget(other);
	assert_int_equal(tiny_train(&u), HEED_E_INTERRUPTED);
	u.event = NULL;
	u.resume = true;
	assert_int_equal(tiny_train(&u), HEED_OK);
	assert_true(same_files(output, other));
}

static void trainings_are_resumed(void **state)
{
	(void)state;
	is_resumed("seq2seq");
	is_resumed(ATTENTION);
}

enum { PAIRS = 8, TEXT = 3 };

static heed_trained *learned_by_heart(heed_ctx *ctx, const char *family)
{
	tiny t = {.family = heed_model_class_find(family),
		  .output = output,
		  .settings = SETTINGS(DRY, "hidden", "24", "steps", "150", "batch-tokens", "1000", "lr",
				       "0.02", "warmup", "10", "valid-every", "1000", "bucket", "1"),
		  .pairs = PAIRS,
		  .text = TEXT};
	heed_trained *trained;

	tiny_forget(output);
	if (tiny_train(&t) != HEED_OK)
		fail_msg("%s", t.message);
	assert_int_equal(heed_trained_open(ctx, output, &trained), HEED_OK);
	return trained;
}

static heed_code is_the_target(void *user, const heed_translation *t)
{
	const int *const wanted = user; /* translations */
	char source[128], target[128];

	tiny_sentence(TEXT, (int)t->index, source, target, sizeof source);
	assert_string_equal(t->best[0].text, target);
	assert_int_equal(t->count, *wanted);
	for (int i = 1; i < t->count; i++)
		assert_true(t->best[i].ranked <= t->best[i - 1].ranked);
	return HEED_OK;
}

static void translates(const heed_trained *trained, int beam)
{
	heed_translate_options o = heed_translate_defaults();
	char sources[PAIRS][128], target[128];
	heed_source lines[PAIRS];
	heed_translator *t;

	o.beam = beam;
	o.nbest = beam > 1 ? 2 : 1;
	for (int i = 0; i < PAIRS; i++) {
		tiny_sentence(TEXT, i, sources[i], target, sizeof target);
		lines[i] = (heed_source){.text = sources[i], .len = strlen(sources[i])};
	}
	t = heed_translator_new(trained, &o);
	assert_non_null(t);
	assert_int_equal(heed_translate(t, lines, PAIRS, is_the_target, &o.nbest), HEED_OK);
	heed_translator_free(t);
}

static void beams_translate(void **state)
{
	static const char *const families[] = {"seq2seq", ATTENTION};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		heed_ctx *const ctx = heed_ctx_new(NULL);
		heed_trained *const trained = learned_by_heart(ctx, families[i]);

		translates(trained, 1);
		translates(trained, 5);
		heed_trained_close(trained);
		heed_ctx_free(ctx);
	}
}

static heed_code has_links(void *user, const heed_translation *t)
{
	(void)user;
	assert_true(t->best[0].link_count >= 2);
	assert_int_equal(t->best[0].links[0].target, 0);
	assert_int_equal(t->best[0].links[1].target, 1);
	return HEED_OK;
}

static heed_code align(const heed_trained *trained)
{
	heed_translate_options o = heed_translate_defaults();
	const heed_source line = {.text = "ka ve", .len = 5, .prefix = "lum dun", .prefix_len = 7};
	heed_translator *t;
	heed_code code;

	o.alignment = true;
	o.max_length = 4;
	t = heed_translator_new(trained, &o);
	assert_non_null(t);
	code = heed_translate(t, &line, 1, has_links, NULL);
	heed_translator_free(t);
	return code;
}

static void attention_is_shown(void **state)
{
	heed_ctx *const ctx = heed_ctx_new(NULL);
	heed_trained *const trained = learned_by_heart(ctx, ATTENTION);
	heed_translator *const t = heed_translator_new(trained, NULL);
	heed_attended *const a = heed_attend(t, "ka ve mi", "lum dun");

	(void)state;
	assert_non_null(a);
	assert_int_equal(a->map_count, 1);
	assert_int_equal(a->mean_count, 1);
	assert_string_equal(a->maps[0].name, "dec0.cross");
	assert_ptr_equal(a->maps[0].row_labels, a->target);
	assert_ptr_equal(a->maps[0].col_labels, a->source);
	assert_int_equal(a->maps[0].rows, a->target_count);
	assert_int_equal(a->maps[0].cols, a->source_count);
	heed_attended_free(a);
	heed_translator_free(t);
	assert_int_equal(align(trained), HEED_OK);
	heed_trained_close(trained);
	heed_ctx_free(ctx);
}

static void no_attention_is_said_so(void **state)
{
	heed_ctx *const ctx = heed_ctx_new(NULL);
	heed_trained *const trained = learned_by_heart(ctx, "seq2seq");
	heed_translator *const t = heed_translator_new(trained, NULL);

	(void)state;
	assert_null(heed_attend(t, "ka ve mi", NULL));
	assert_int_equal(heed_error_code(ctx), HEED_E_UNSUPPORTED);
	assert_string_equal(heed_error_message(ctx), "attention: a seq2seq has none");
	assert_int_equal(align(trained), HEED_E_UNSUPPORTED);
	heed_translator_free(t);
	heed_trained_close(trained);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_vector_agrees_with_torch),
		cmocka_unit_test(attention_agrees_with_torch),
		cmocka_unit_test(step_equals_pass),
		cmocka_unit_test(sees_nothing_later),
		cmocka_unit_test(ragged_equals_alone),
		cmocka_unit_test(overfits),
		cmocka_unit_test(plans),
		cmocka_unit_test(survives_every_allocation_that_fails),
		cmocka_unit_test(refuses_settings_that_contradict),
		cmocka_unit_test(steps_hold_those_that_go_on),
		cmocka_unit_test(weights_are_kept),
		cmocka_unit_test(trainings_are_resumed),
		cmocka_unit_test(beams_translate),
		cmocka_unit_test(attention_is_shown),
		cmocka_unit_test(no_attention_is_said_so),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
