/* Recurrent models against PyTorch, and what language models and classifiers must do. */
#include "golden.h"
#include "model_checks.h"

#include "base/context_impl.h"
#include "heed/model.h"
#include "io/safetensors.h"
#include "kernel/kernel.h"
#include "settings.h"
#include "shortage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN(name) "test/golden/rnn/" name ".safetensors"
#define DRY          "dropout", "0", "embedding-dropout", "0"
#define LM           "width", "12", "hidden", "10", "output-dropout", "0", DRY
#define CLASSIFIER   "width", "12", "hidden", "10", DRY

static const char *const one_layer[][2] = {{"input", "input"}, {"rnn0", "rnn0"}, {"states", "rnn0"}, {0}};
static const char *const two_layers[][2] = {
	{"input", "input"}, {"rnn0", "rnn0"}, {"rnn1", "rnn1"}, {"states", "rnn1"}, {0}};
static const char *const both_ways[][2] = {
	{"input", "input"}, {"rnn0", "rnn0"}, {"rnn0.back", "rnn0.back"}, {0}};

static void lm_agrees(const char *family, const char *path, const char *const (*layers)[2],
		      const char *const *settings)
{
	golden_agrees(&(golden_case){.path = path,
				     .family = family,
				     .source_vocab = 17,
				     .target_vocab = 17,
				     .settings = settings,
				     .layers = layers});
}

static void language_models_agree_with_torch(void **state)
{
	(void)state;
	lm_agrees("rnn", GOLDEN("tanh"), one_layer, SETTINGS(LM, "layers", "1"));
	lm_agrees("rnn", GOLDEN("relu"), two_layers,
		  SETTINGS(LM, "cell", "relu", "hidden", "0", "tie", "all", "label-smoothing", "0.1"));
	lm_agrees("lstm", GOLDEN("lstm"), two_layers, SETTINGS(LM));
	lm_agrees("lstm", GOLDEN("lstm_tied"), one_layer,
		  SETTINGS(LM, "layers", "1", "hidden", "12", "tie", "all", "embedding-scale", "2",
			   "label-smoothing", "0.1"));
	lm_agrees("lstm", GOLDEN("lstm_projected"), two_layers, SETTINGS(LM, "projection", "6"));
	lm_agrees("lstm", GOLDEN("gru"), two_layers, SETTINGS(LM, "cell", "gru"));
}

static void classifier_agrees(const char *path, const char *const *settings)
{
	golden_agrees(&(golden_case){.path = path,
				     .family = "birnn",
				     .source_vocab = 17,
				     .target_vocab = 7,
				     .settings = settings,
				     .layers = both_ways});
}

static void classifiers_agree_with_torch(void **state)
{
	(void)state;
	classifier_agrees(GOLDEN("birnn_last"), SETTINGS(CLASSIFIER, "layers", "2", "pooling", "last"));
	classifier_agrees(GOLDEN("birnn_max"),
			  SETTINGS(CLASSIFIER, "cell", "rnn", "pooling", "max", "label-smoothing", "0.1"));
	classifier_agrees(GOLDEN("birnn_mean"),
			  SETTINGS(CLASSIFIER, "cell", "gru", "layers", "2", "pooling", "mean"));
	classifier_agrees(GOLDEN("birnn_attention"), SETTINGS(CLASSIFIER, "pooling", "attention"));
}

/* --- streams: two windows of the same sequences, the second from where the first has ended --- */

enum { VOCAB = 17, SEQUENCES = 2, STEPS = 10 };

typedef struct stream {
	heed_ctx *ctx;
	heed__safetensors file;
	heed_model *model;
	heed_tape *tape;
	float *carry;
	size_t carry_floats;
} stream;

static const heed__file_tensor *need(const stream *s, const char *prefix, const char *name)
{
	char full[128];
	const heed__file_tensor *t;

	snprintf(full, sizeof full, "%s%s", prefix, name);
	t = heed__safetensors_find(&s->file, full);
	if (t == NULL)
		print_error("the golden file has no %s\n", full);
	assert_non_null(t);
	return t;
}

static void close_to(const stream *s, const char *prefix, const char *name, const float *x, size_t n,
		     double limit)
{
	const heed__file_tensor *t = need(s, prefix, name);
	double difference = 0, size = 0;

	assert_int_equal(t->bytes, n * sizeof *x);
	for (size_t i = 0; i < n; i++) {
		float want;

		memcpy(&want, (const char *)t->data + i * sizeof want, sizeof want);
		difference += ((double)x[i] - want) * ((double)x[i] - want);
		size += (double)want * want;
	}
	if (!(sqrt(difference) <= limit * sqrt(size)))
		fail_msg("%s%s: distance %g, limit %g", prefix, name, sqrt(difference / size), limit);
}

static heed_model *new_model_of(heed_ctx *ctx, const char *name, int vocab, const char *const *settings)
{
	const heed_model_class *const family = heed_model_class_find(name);
	double config[128];

	assert_non_null(family);
	assert_true(family->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(ctx, family->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(heed_field_set(ctx, heed_field_find(family->fields, settings[0]), config,
						settings[1]),
				 HEED_OK);
	return heed_model_new(ctx, family, config, vocab, vocab, HEED_MODEL_TRAIN);
}

static heed_model *new_model(heed_ctx *ctx, const char *name, const char *const *settings)
{
	return new_model_of(ctx, name, VOCAB, settings);
}

static void open_stream(stream *s, const char *family, const char *path, const char *const *settings)
{
	*s = (stream){.ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2})};
	assert_int_equal(heed__safetensors_open(s->ctx, path, &s->file), HEED_OK);
	s->model = new_model(s->ctx, family, settings);
	assert_non_null(s->model);
	for (int i = 0; i < heed_params_count(s->model->params); i++) {
		heed_tensor *t = heed_params_at(s->model->params, i);

		memcpy(t->data, need(s, "", t->name)->data, heed_tensor_size(t) * sizeof *t->data);
	}
	s->carry_floats = (size_t)s->model->family->carry(s->model) * SEQUENCES;
	s->carry = heed__calloc(s->ctx, s->carry_floats, sizeof *s->carry);
	s->tape = heed_tape_new(s->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	assert_non_null(s->tape);
}

static void close_stream(stream *s)
{
	heed_tape_free(s->tape);
	heed__free(s->ctx, s->carry);
	heed_model_free(s->model);
	heed__safetensors_close(&s->file);
	heed_ctx_free(s->ctx);
}

/* A copy of ids of the file, which may lie anywhere in it. */
static const int *ids(const stream *s, const char *window, const char *what, int *copy, size_t most)
{
	char full[64];
	const heed__file_tensor *t;

	snprintf(full, sizeof full, "%s%s", window, what);
	t = need(s, "ids.", full);
	assert_true(t->bytes <= most * sizeof *copy);
	return memcpy(copy, t->data, t->bytes);
}

/* The loss of a window; its gradients too, when they are wanted. */
static float run_window(stream *s, const char *window, bool gradients)
{
	int start[SEQUENCES + 1], input[32], targets[32];
	const heed_batch batch = {
		.input = {{SEQUENCES, ids(s, window, ".start", start, SEQUENCES + 1)},
			  ids(s, window, "", input, 32)},
		.targets = ids(s, window, ".target", targets, 32),
		.carry = s->carry,
	};
	heed_tensor *loss;
	float value;

	heed_tape_reset(s->tape, 0);
	heed_params_begin(s->model->params);
	loss = s->model->family->loss(s->model, s->tape, &batch, NULL);
	assert_non_null(loss);
	value = loss->data[0];
	if (gradients)
		assert_int_equal(heed_tape_backward(s->tape, loss), HEED_OK);
	heed_params_settle(s->model->params);
	return value;
}

/* Both windows; gradients and carry are those of the second. */
static void run_stream(stream *s, float *first, float *second)
{
	memset(s->carry, 0, s->carry_floats * sizeof *s->carry);
	*first = run_window(s, "first", false);
	*second = run_window(s, "second", true);
}

static void stream_agrees(const char *family, const char *path, const char *const *settings)
{
	float first, losses[STEPS + 1], *m, *v;
	size_t n;
	stream s;

	open_stream(&s, family, path, settings);
	n = heed_params_size(s.model->params);
	m = heed__calloc(s.ctx, n, sizeof *m);
	v = heed__calloc(s.ctx, n, sizeof *v);
	for (int step = 0; step <= STEPS; step++) {
		run_stream(&s, &first, &losses[step]);
		if (step == 0) {
			close_to(&s, "", "first.loss", &first, 1, 1e-5);
			close_to(&s, "", "loss", losses, 1, 1e-5);
			close_to(&s, "", "carry", s.carry, s.carry_floats, 1e-5);
			for (int i = 0; i < heed_params_count(s.model->params); i++) {
				const heed_tensor *t = heed_params_at(s.model->params, i);

				close_to(&s, "grad.", t->name, t->grad, heed_tensor_size(t), 1e-5);
			}
		}
		if (step < STEPS)
			heed__ctx_kernels(s.ctx)->adam(n, heed_params_values(s.model->params),
						       heed_params_gradients(s.model->params), m, v, 1, 1e-3f,
						       0.9f, 0.98f, 1e-9f, 0, (float)(1 - pow(0.9, step + 1)),
						       (float)(1 - pow(0.98, step + 1)));
	}
	close_to(&s, "adam.", "loss", losses, STEPS + 1, 1e-4);
	for (int i = 0; i < heed_params_count(s.model->params); i++) {
		const heed_tensor *t = heed_params_at(s.model->params, i);

		close_to(&s, "adam.", t->name, t->data, heed_tensor_size(t), 1e-4);
	}
	heed__free(s.ctx, m);
	heed__free(s.ctx, v);
	close_stream(&s);
}

static void streams_agree_with_torch(void **state)
{
	(void)state;
	stream_agrees("rnn", GOLDEN("stream_tanh"), SETTINGS(LM));
	stream_agrees("lstm", GOLDEN("stream_lstm"), SETTINGS(LM));
	stream_agrees("lstm", GOLDEN("stream_lstm_projected"), SETTINGS(LM, "projection", "6"));
	stream_agrees("lstm", GOLDEN("stream_gru"), SETTINGS(LM, "cell", "gru", "layers", "1"));
}

/* --- what they must do --- */

static void step_equals_pass(void **state)
{
	(void)state;
	check_step_equals_pass("rnn", SETTINGS(LM));
	check_step_equals_pass("rnn", SETTINGS(LM, "cell", "relu", "layers", "3"));
	check_step_equals_pass("lstm", SETTINGS(LM));
	check_step_equals_pass("lstm", SETTINGS(LM, "projection", "6"));
	check_step_equals_pass("lstm", SETTINGS(LM, "cell", "gru"));
}

static void sees_nothing_later(void **state)
{
	(void)state;
	check_sees_nothing_later("rnn", SETTINGS(LM));
	check_sees_nothing_later("lstm", SETTINGS(LM));
	check_sees_nothing_later("lstm", SETTINGS(LM, "cell", "gru"));
}

static void ragged_equals_alone(void **state)
{
	(void)state;
	check_ragged_equals_alone("rnn", SETTINGS(LM));
	check_ragged_equals_alone("lstm", SETTINGS(LM, "projection", "6"));
	check_ragged_equals_alone("lstm", SETTINGS(LM, "cell", "gru"));
	check_ragged_equals_alone("birnn", SETTINGS(CLASSIFIER, "pooling", "last", "layers", "2"));
	check_ragged_equals_alone("birnn", SETTINGS(CLASSIFIER, "pooling", "max", "cell", "rnn"));
	check_ragged_equals_alone("birnn", SETTINGS(CLASSIFIER, "pooling", "mean", "cell", "gru"));
	check_ragged_equals_alone("birnn", SETTINGS(CLASSIFIER, "pooling", "attention"));
}

/* The first token of a text can't be known from bos, so the loss of language models has a floor. */
static void overfits(void **state)
{
	(void)state;
	check_overfits("rnn", SETTINGS(LM), 150, 0.01, 0.35);
	check_overfits("rnn", SETTINGS(LM, "cell", "relu"), 150, 0.01, 0.35);
	check_overfits("lstm", SETTINGS(LM), 150, 0.02, 0.35);
	check_overfits("lstm", SETTINGS(LM, "projection", "6"), 150, 0.02, 0.35);
	check_overfits("lstm", SETTINGS(LM, "cell", "gru", "tie", "all", "hidden", "12"), 150, 0.02, 0.35);
	check_overfits("birnn", SETTINGS(CLASSIFIER, "pooling", "last", "cell", "rnn"), 100, 0.01, 0.02);
	check_overfits("birnn", SETTINGS(CLASSIFIER, "pooling", "max", "layers", "2"), 100, 0.01, 0.02);
	check_overfits("birnn", SETTINGS(CLASSIFIER, "pooling", "mean", "cell", "gru"), 100, 0.01, 0.02);
	check_overfits("birnn", SETTINGS(CLASSIFIER, "pooling", "attention"), 100, 0.01, 0.02);
}

static void order_counts(void **state)
{
	(void)state;
	check_order("birnn", SETTINGS(CLASSIFIER, "pooling", "last"), true);
	check_order("birnn", SETTINGS(CLASSIFIER, "pooling", "attention"), true);
}

static void plans(void **state)
{
	(void)state;
	check_plan("rnn", SETTINGS(LM));
	check_plan("lstm", SETTINGS(LM, "projection", "6", "dropout", "0.5"));
	check_plan("lstm", SETTINGS(LM, "cell", "gru", "output-dropout", "0.5"));
	check_plan("birnn", SETTINGS(CLASSIFIER, "layers", "2", "dropout", "0.3"));
	check_plan("birnn", SETTINGS(CLASSIFIER, "pooling", "attention"));
	check_plan("birnn", SETTINGS(CLASSIFIER, "pooling", "last"));
}

static void refuses_settings_that_contradict(void **state)
{
	(void)state;
	check_refused("lstm", SETTINGS("cell", "gru", "projection", "6"),
		      "projection: only cell lstm has one");
	check_refused("rnn", SETTINGS(LM, "tie", "all"),
		      "tie: the embeddings are 12 wide but the last layer is 10 wide");
	check_refused("lstm", SETTINGS(LM, "tie", "all", "hidden", "12", "projection", "6"),
		      "the last layer is 6 wide");
}

/* The bias of forget gates begins where it is told, the others at zero. */
static void forget_bias_is_set(void **state)
{
	heed_ctx *const ctx = heed_ctx_new(NULL);
	heed_model *const m = new_model(ctx, "lstm", SETTINGS(LM, "forget-bias", "2.5"));
	const heed_tensor *b;

	(void)state;
	assert_non_null(m);
	b = heed_params_find(m->params, "rnn1.input.bias");
	assert_non_null(b);
	assert_int_equal(b->dim[0], 40);
	for (int i = 0; i < 40; i++)
		assert_float_equal(b->data[i], i >= 10 && i < 20 ? 2.5f : 0.0f, 0);
	heed_model_free(m);
	heed_ctx_free(ctx);
}

/* With values that shrink with the vocabulary a stacked LSTM learns nothing for long. */
static void output_begins_alike_for_any_vocabulary(void **state)
{
	static const char *const families[] = {"ffn", "rnn", "lstm", "seq2seq", "seq2seq-attention"};
	heed_ctx *const ctx = heed_ctx_new(NULL);

	(void)state;
	for (size_t f = 0; f < sizeof families / sizeof *families; f++)
		for (int vocab = 300; vocab <= 3000; vocab *= 10) {
			heed_model *const m = new_model_of(ctx, families[f], vocab, SETTINGS("tie", "none"));
			const heed_tensor *w;
			double squares = 0;

			assert_non_null(m);
			w = heed_params_find(m->params, "output.weight");
			assert_non_null(w);
			assert_int_equal(w->dim[0], vocab);
			for (size_t i = 0; i < heed_tensor_size(w); i++)
				squares += (double)w->data[i] * (double)w->data[i];
			assert_true(fabs(squares / vocab - 1) < 0.03); /* the mean squared length of a row */
			heed_model_free(m);
		}
	heed_ctx_free(ctx);
}

/* --- memory that runs out --- */

/* A step of training and one of decoding; HEED_OK: all of it worked. */
static heed_code train_and_step(heed_ctx *ctx, const char *family, const char *const *settings)
{
	static const int from[] = {0, 3, 5}, input[] = {1, 5, 4, 1, 7}, targets[] = {5, 4, 2, 7, 2};
	heed_batch batch = {.source = {{2, from}, input}, .input = {{2, from}, input}, .targets = targets};
	heed_model *const m = new_model(ctx, family, settings);
	heed_tape *const tape = m != NULL ? heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN) : NULL;
	heed_state *const states = tape != NULL ? heed_state_new(ctx, 2, 4) : NULL;
	heed_code code = HEED_E_MEMORY;

	batch.labels = from;
	batch.carry = m != NULL && m->family->carry != NULL
			      ? heed__calloc(ctx, (size_t)m->family->carry(m) * 2, sizeof(float))
			      : NULL;
	if (states != NULL)
		code = heed_tape_backward(tape, m->family->loss(m, tape, &batch, NULL));
	if (code == HEED_OK)
		code = heed_tape_code(tape);
	if (code == HEED_OK && m->family->step != NULL) {
		heed_tape_reset(tape, 1);
		code = heed_model_start(m, tape, states, &batch);
		if (code == HEED_OK && heed_model_step(m, tape, states, input) == NULL)
			code = heed_error_code(ctx);
	}
	heed__free(ctx, batch.carry);
	heed_state_free(states);
	heed_tape_free(tape);
	heed_model_free(m);
	return code;
}

static void survives(const char *family, const char *const *settings)
{
	shortage s = {.optional = true}; /* what backward gives back is then not used again */
	heed_code code;

	do {
		heed_ctx *ctx;

		shortage_begin(&s);
		ctx = shortage_ctx(&s);
		code = ctx != NULL ? train_and_step(ctx, family, settings) : HEED_E_MEMORY;
		heed_ctx_free(ctx);
	} while (shortage_felt(&s, code));
}

static void survives_every_allocation_that_fails(void **state)
{
	(void)state;
	survives("rnn", SETTINGS(LM));
	survives("lstm", SETTINGS(LM, "projection", "6"));
	survives("lstm", SETTINGS(LM, "cell", "gru"));
	survives("birnn", SETTINGS(CLASSIFIER, "pooling", "attention"));
	survives("birnn", SETTINGS(CLASSIFIER, "pooling", "last"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(language_models_agree_with_torch),
		cmocka_unit_test(classifiers_agree_with_torch),
		cmocka_unit_test(streams_agree_with_torch),
		cmocka_unit_test(step_equals_pass),
		cmocka_unit_test(sees_nothing_later),
		cmocka_unit_test(ragged_equals_alone),
		cmocka_unit_test(overfits),
		cmocka_unit_test(order_counts),
		cmocka_unit_test(plans),
		cmocka_unit_test(refuses_settings_that_contradict),
		cmocka_unit_test(forget_bias_is_set),
		cmocka_unit_test(output_begins_alike_for_any_vocabulary),
		cmocka_unit_test(survives_every_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
