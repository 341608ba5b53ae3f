/* What trainings of families other than translators need of the loop: carried states, labels, word vectors, and
 * families that estimate themselves. */
#include "training_names.h"

#include "heed/vectors.h"
#include "train/trainer.h"

static void train(tiny *t)
{
	if (!t->resume)
		tiny_forget(t->output);
	if (tiny_train(t) != HEED_OK)
		fail_msg("%s", t->message);
}

static void stop_at_step_five(tiny *t, const heed_train_event *e)
{
	if (e->kind == HEED_TRAIN_STEP && e->step == 5)
		heed_interrupt(t->ctx);
}

/* A recurrence over a stream, in the middle of an epoch: the state of each sequence goes through the checkpoint. */
static void carried_states_are_resumed(void **state)
{
	tiny t = {.family = heed_model_class_find("lstm"),
		  .output = output,
		  .settings = SETTINGS("unit", "stream", "window", "5", "layers", "2", "batch-tokens", "20",
				       "steps", "9"),
		  .pairs = 60,
		  .valid_pairs = 6};
	tiny u = t;

	(void)state;
	train(&t);
	u.output = other;
	u.event = stop_at_step_five;
	tiny_forget(other);
	assert_int_equal(tiny_train(&u), HEED_E_INTERRUPTED);
	assert_int_equal(u.last[HEED_TRAIN_STEP].epoch, 1);
	u.event = NULL;
	u.resume = true;
	train(&u);
	assert_true(same_files(output, other));
}

/* Without the carried state the same text gives another loss. */
static void states_are_carried(void **state)
{
	tiny t = {.family = heed_model_class_find("rnn"),
		  .output = output,
		  .settings = SETTINGS("unit", "stream", "window", "5", "batch-tokens", "20", "steps", "1"),
		  .pairs = 60};
	double with[2], without[2];
	heed__run run;

	(void)state;
	assert_int_equal(tiny_open(&t), HEED_OK);
	t.job.output = NULL;
	assert_int_equal(heed__run_open(&run, t.ctx, &t.job, NULL), HEED_OK);
	run.valid = run.train;
	run.valid_carry = calloc(run.carry_floats, sizeof(float));
	run.valid_carry_floats = run.carry_floats;
	for (int i = 0; i < 2; i++)
		assert_int_equal(heed__validate_batch(&run, i, &with[i]), HEED_OK);
	free(run.valid_carry);
	run.valid_carry = NULL;
	for (int i = 0; i < 2; i++)
		assert_int_equal(heed__validate_batch(&run, i, &without[i]), HEED_OK);
	run.valid = NULL;
	assert_true(with[0] == without[0]);
	assert_true(with[1] != without[1]);
	heed__run_close(&run);
	tiny_close(&t);
}

/* The target side of the examples as labels. */
static void labels_are_learned(void **state)
{
	tiny t = {.family = heed_model_class_find("dan"),
		  .output = output,
		  .settings = SETTINGS("steps", "200", "batch-tokens", "200", "word-dropout", "0", "dropout",
				       "0", "valid-metric", "accuracy"),
		  .pairs = 24,
		  .valid_pairs = 24,
		  .valid_text = 7,
		  .text = 7};
	heed_trained *trained;
	heed_ctx *ctx;

	(void)state;
	train(&t);
	assert_true(t.last[HEED_TRAIN_VALID].accuracy > 0.99);
	ctx = heed_ctx_new(NULL);
	assert_int_equal(heed_trained_open(ctx, output, &trained), HEED_OK);
	assert_true(trained->target != trained->source);
	assert_int_equal(heed_tokenizer_size(trained->target), trained->model->target_vocab);
	heed_trained_close(trained);
	heed_ctx_free(ctx);
}

static void metrics_must_fit_the_task(void **state)
{
	tiny t = {.family = heed_model_class_find("dan"),
		  .output = output,
		  .settings = SETTINGS("valid-metric", "bleu"),
		  .pairs = 6};

	(void)state;
	tiny_forget(output);
	assert_int_equal(tiny_train(&t), HEED_E_ARGUMENT);
	assert_string_equal(t.message, "valid-metric: bleu is not measured for dan");
	t.family = heed_model_class_find("gpt");
	t.settings = SETTINGS("valid-metric", "accuracy");
	assert_int_equal(tiny_train(&t), HEED_E_ARGUMENT);
	assert_string_equal(t.message, "valid-metric: accuracy is not measured for gpt");
}

/* A file with the vector of one word of the text: (.5, 1, 1.5, ...). */
static const char *vector_file(int width)
{
	const char *const path = scratch("vectors");
	FILE *const f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "2 %d\nlolo", width);
	for (int i = 0; i < width; i++)
		fprintf(f, " %g", 0.5 * (i + 1));
	fputs("\nunheard", f);
	for (int i = 0; i < width; i++)
		fputs(" 9", f);
	fputc('\n', f);
	fclose(f);
	return path;
}

static void vectors_begin_the_embeddings(void **state)
{
	tiny t = {.family = heed_model_class_find("gpt"),
		  .output = output,
		  .settings = SETTINGS("steps", "1", "lr", "1e-12", "unit", "lines"),
		  .embeddings = vector_file(16),
		  .pairs = 20};
	heed_vectors *v;
	heed_word word;
	heed_ctx *ctx = heed_ctx_new(NULL);

	(void)state;
	train(&t);
	assert_int_equal(heed_vectors_open(ctx, output, &v), HEED_OK);
	assert_int_equal(heed_vectors_look_up(v, "lolo", 4, &word), HEED_OK);
	for (int i = 0; i < 16; i++)
		assert_true(fabs(word.vector[i] - 0.5 * (i + 1)) < 1e-6);
	assert_int_equal(heed_vectors_look_up(v, "mi", 2, &word), HEED_OK);
	assert_true(fabs(word.vector[0]) < 0.4);
	heed_vectors_free(v);
	heed_ctx_free(ctx);
	t.embeddings = vector_file(15);
	tiny_forget(output);
	assert_int_equal(tiny_train(&t), HEED_E_SHAPE);
}

/* A family that estimates itself: one file, no folder beside it, and the same validation as others. */
static void counted_models_are_saved(void **state)
{
	tiny t = {.family = heed_model_class_find("word2vec"),
		  .output = output,
		  .settings = SETTINGS("width", "8", "epochs", "2"),
		  .pairs = 40};
	heed_trained *trained;
	heed_ctx *ctx = heed_ctx_new(NULL);

	(void)state;
	train(&t);
	assert_int_equal(tiny_files(output, NULL), -1);
	assert_true(t.count[HEED_TRAIN_FIT] > 0);
	assert_int_equal(t.count[HEED_TRAIN_STOP], 1);
	assert_int_equal(heed_trained_open(ctx, output, &trained), HEED_OK);
	assert_non_null(heed_model_vectors(trained->model));
	heed_trained_close(trained);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carried_states_are_resumed),   cmocka_unit_test(states_are_carried),
		cmocka_unit_test(labels_are_learned),           cmocka_unit_test(metrics_must_fit_the_task),
		cmocka_unit_test(vectors_begin_the_embeddings), cmocka_unit_test(counted_models_are_saved),
	};

	return cmocka_run_group_tests(tests, make_names, remove_names);
}
