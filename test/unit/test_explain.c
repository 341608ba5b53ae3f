/* Explanations: the numbers shown are those of a plain computation, and the pages hold them. */
#include "base/context_impl.h"
#include "heed/classify.h"
#include "heed/explain.h"
#include "settings.h"
#include "shortage.h"
#include "sink.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#define LAYERS "width", "8", "heads", "2", "feed-forward", "12", "max-length", "16"

static const char text[] = "the dog ran fast";

/* An untrained model with its words. */
typedef struct fixture {
	heed_ctx *ctx;
	heed_trained trained;
	heed_explanation *e;
} fixture;

static const char *const lines[] = {"the dog ran fast", "the cat sat", "a dog sat on the cat", NULL};
static const char *const labels[] = {"bad", "bad", "good", "good", "odd", NULL};

static heed_code next_line(void *user, const char **line, size_t *len)
{
	const char *const **const at = user;

	*line = **at;
	*len = *line != NULL ? strlen(*line) : 0;
	*at += *line != NULL;
	return HEED_OK;
}

static heed_tokenizer *tokenizer_of(heed_ctx *ctx, const char *kind, const char *const *source)
{
	return heed_tokenizer_train(ctx, &(heed_tokenizer_options){.kind = kind}, next_line, &source);
}

static heed_model *model_of(heed_ctx *ctx, const char *name, const char *const *settings, int source,
			    int target)
{
	const heed_model_class *const family = heed_model_class_find(name);
	double config[128];

	assert_non_null(family);
	assert_true(family->config_size <= sizeof config);
	if (heed_fields_default(ctx, family->fields, config) != HEED_OK)
		return NULL;
	for (; settings != NULL && *settings != NULL; settings += 2)
		assert_int_equal(heed_field_set(ctx, heed_field_find(family->fields, settings[0]), config,
						settings[1]),
				 HEED_OK);
	return heed_model_new(ctx, family, config, source, target, 0);
}

/* The n-grams of the lines. */
static heed_code fit(fixture *f)
{
	int ids[64], count = 0;
	heed_coder *const coder = heed_coder_new(f->ctx, f->trained.source);
	heed_code code = coder != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; lines[i] != NULL && code == HEED_OK; i++) {
		heed_encoding x;

		code = heed_coder_encode(coder, lines[i], strlen(lines[i]), &x);
		for (int k = 0; code == HEED_OK && k < x.count; k++)
			ids[count++] = x.ids[k];
		ids[count++] = HEED_EOS_ID;
	}
	heed_coder_free(coder);
	return code == HEED_OK ? f->trained.model->family->fit(
					 f->trained.model,
					 &(heed_fit){.ids = ids, .count = count, .texts = 3, .epochs = 1})
			       : code;
}

/* False: out of memory. */
static bool make_in(fixture *f, heed_ctx *ctx, const char *family, const char *const *settings)
{
	const heed_model_class *const class = heed_model_class_find(family);
	const bool classifies = class != NULL && class->task == HEED_TASK_CLASSIFY;

	*f = (fixture){.ctx = ctx};
	f->trained.ctx = ctx;
	f->trained.source = tokenizer_of(ctx, "word", lines);
	f->trained.target = classifies ? tokenizer_of(ctx, "sentence", labels) : f->trained.source;
	if (f->trained.source == NULL || f->trained.target == NULL)
		return false;
	f->trained.model = model_of(ctx, family, settings, heed_tokenizer_size(f->trained.source),
				    heed_tokenizer_size(f->trained.target));
	return f->trained.model != NULL && (class->fit == NULL || fit(f) == HEED_OK);
}

static void drop(fixture *f)
{
	heed_explanation_free(f->e);
	heed_model_free(f->trained.model);
	if (f->trained.target != f->trained.source)
		heed_tokenizer_free(f->trained.target);
	heed_tokenizer_free(f->trained.source);
	heed_ctx_free(f->ctx);
}

static void make(fixture *f, const char *family, const char *const *settings)
{
	heed_ctx *const ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = 5});

	assert_non_null(ctx);
	assert_true(make_in(f, ctx, family, settings));
}

static void explain(fixture *f, const char *target, int layer, int head)
{
	const heed_explain_options o = {.layer = layer, .head = head, .top = 1000};

	heed_explanation_free(f->e);
	f->e = heed_explain(&f->trained, text, target, &o);
	if (f->e == NULL)
		fail_msg("%s", heed_error_message(f->ctx));
}

static void begin(fixture *f, const char *family, const char *const *settings)
{
	make(f, family, settings);
	explain(f, NULL, 0, 0);
}

/* --- what was shown --- */

static const heed_explain_step *find_step(const fixture *f, const char *name)
{
	const heed_explain_step *s = f->e->steps;

	while (s != NULL && strcmp(s->name, name) != 0)
		s = s->next;
	return s;
}

static const heed_explain_table *find(const fixture *f, const char *step, const char *name)
{
	const heed_explain_step *const s = find_step(f, step);
	const heed_explain_table *t;

	if (s == NULL)
		fail_msg("there is no step %s", step);
	for (t = s->tables; t != NULL && strcmp(t->name, name) != 0; t = t->next)
		;
	if (t == NULL)
		fail_msg("step %s has no table %s", step, name);
	return t;
}

static double at(const heed_explain_table *t, int row, int col)
{
	assert_in_range(row, 0, t->rows - 1);
	assert_in_range(col, 0, t->cols - 1);
	return (double)t->values[(size_t)row * (size_t)t->cols + (size_t)col];
}

static void near(double found, double expected)
{
	if (!(fabs(found - expected) <= 2e-5 * (1 + fabs(expected))))
		fail_msg("%.9g is not %.9g", found, expected);
}

static const heed_tensor *param(const fixture *f, const char *name)
{
	const heed_tensor *const t = heed_params_find(f->trained.model->params, name);

	if (t == NULL)
		fail_msg("no parameter %s", name);
	return t;
}

/* Row `out` of W x + b, x a row of a table. */
static double product(const fixture *f, const char *name, int out, const heed_explain_table *x, int row)
{
	char full[64];
	const heed_tensor *w, *b;
	double sum;

	snprintf(full, sizeof full, "%s.weight", name);
	w = param(f, full);
	snprintf(full, sizeof full, "%s.bias", name);
	b = heed_params_find(f->trained.model->params, full);
	assert_int_equal(w->dim[1], x->cols);
	sum = b != NULL ? (double)b->data[out] : 0;
	for (int c = 0; c < x->cols; c++)
		sum += (double)w->data[out * x->cols + c] * at(x, row, c);
	return sum;
}

static void rows_sum_to_one(const heed_explain_table *t)
{
	for (int i = 0; i < t->rows; i++) {
		double sum = 0;

		for (int j = 0; j < t->cols; j++)
			sum += at(t, i, j);
		near(sum, 1);
	}
}

/* All answers: they sum to one, fall, and are the softmax of their scores. */
static void answers_are_probabilities(const heed_explain_table *t, int count)
{
	double sum = 0, exps = 0;

	assert_int_equal(t->rows, count);
	for (int i = 0; i < t->rows; i++) {
		sum += at(t, i, 0);
		exps += exp(at(t, i, 1));
		assert_true(i == 0 || at(t, i, 0) <= at(t, i - 1, 0));
	}
	near(sum, 1);
	for (int i = 0; i < t->rows; i++)
		near(at(t, i, 0), exp(at(t, i, 1)) / exps);
}

/* --- attention --- */

/* Scores, weights and output of a head from the q, k, v shown. */
static void head_is_right(const fixture *f, const char *name, int width, bool causal)
{
	char step[64];
	const heed_explain_table *q, *k, *v, *scores, *weights, *output;

	snprintf(step, sizeof step, "%s.qkv", name);
	q = find(f, step, "q");
	k = find(f, step, "k");
	v = find(f, step, "v");
	assert_int_equal(q->cols, width);
	snprintf(step, sizeof step, "%s.weights", name);
	scores = find(f, step, "scores");
	weights = find(f, step, "weights");
	rows_sum_to_one(weights);
	snprintf(step, sizeof step, "%s.output", name);
	output = find(f, step, "output");
	for (int i = 0; i < q->rows; i++) {
		const int seen = causal ? i + 1 : k->rows;
		double exps = 0, mean = 0;

		for (int j = 0; j < seen; j++) {
			double score = 0;

			for (int c = 0; c < width; c++)
				score += at(q, i, c) * at(k, j, c);
			near(at(scores, i, j), score / sqrt(width));
			exps += exp(score / sqrt(width));
			mean += at(weights, i, j) * at(v, j, 1);
		}
		near(at(output, i, 1), mean);
		for (int j = 0; j < seen; j++)
			near(at(weights, i, j), exp(at(scores, i, j)) / exps);
		for (int j = seen; j < k->rows; j++) {
			assert_true(isnan(at(scores, i, j)));
			assert_true(at(weights, i, j) == 0);
		}
	}
}

/* Without norm before it, the first layer reads the sum of embeddings and positions. */
static void transformer(void **state)
{
	fixture f;
	const heed_explain_table *x;

	(void)state;
	make(&f, "transformer", SETTINGS(LAYERS, "encoder-layers", "2", "decoder-layers", "1"));
	explain(&f, "a cat", 0, 1);
	assert_string_equal(f.e->target, "a cat");
	x = find(&f, "source.embeddings", "sum");
	assert_int_equal(x->rows, 5);
	for (int i = 0; i < x->rows; i++) {
		near(at(x, i, 3), at(find(&f, "source.embeddings", "embeddings"), i, 3) +
					  at(find(&f, "source.embeddings", "positions"), i, 3));
		near(at(find(&f, "source.embeddings", "positions"), i, 3), cos(i / pow(10000, 2.0 / 8)));
		near(at(find(&f, "enc0.self.qkv", "q"), i, 2), product(&f, "enc0.self.qkv", 6, x, i));
		near(at(find(&f, "enc0.self.qkv", "k"), i, 2), product(&f, "enc0.self.qkv", 14, x, i));
		near(at(find(&f, "enc0.self.qkv", "v"), i, 2), product(&f, "enc0.self.qkv", 22, x, i));
	}
	head_is_right(&f, "enc0.self", 4, false);
	head_is_right(&f, "dec0.self", 4, true);
	head_is_right(&f, "dec0.cross", 4, false);
	x = find(&f, "memory", "memory");
	near(at(find(&f, "dec0.cross.qkv", "k"), 4, 1), product(&f, "dec0.cross.kv", 5, x, 4));
	near(at(find(&f, "dec0.cross.qkv", "v"), 4, 1), product(&f, "dec0.cross.kv", 13, x, 4));
	answers_are_probabilities(find(&f, "next", "answers"), heed_tokenizer_size(f.trained.target));
	explain(&f, NULL, 1, 0);
	assert_non_null(find_step(&f, "enc1"));
	assert_null(find_step(&f, "dec0"));
	drop(&f);
}

static void attention_without_projections(void **state)
{
	fixture f;

	(void)state;
	begin(&f, "encoder", SETTINGS(LAYERS, "projections", "none", "norm", "post"));
	head_is_right(&f, "enc0.self", 4, false);
	near(at(find(&f, "enc0.self.qkv", "v"), 1, 3), at(find(&f, "source.embeddings", "sum"), 1, 3));
	near(at(find(&f, "enc0.self.qkv", "q"), 1, 3), at(find(&f, "source.embeddings", "sum"), 1, 3));
	drop(&f);
}

static void gpt(void **state)
{
	const int first = HEED_EOS_ID;
	fixture f;
	const heed_explain_table *h, *answers, *said;
	const heed_tensor *e;
	float nll[5];
	heed_tape *tape;
	int start[] = {0, 5}, ids[5], targets[5] = {0};

	(void)state;
	begin(&f, "gpt", SETTINGS(LAYERS, "layers", "2"));
	head_is_right(&f, "dec0.self", 4, true);
	h = find(&f, "states", "states");
	e = param(&f, "embed");
	answers = find(&f, "next", "answers");
	answers_are_probabilities(answers, e->dim[0]);
	for (int i = 0; i < answers->rows; i++) {
		const int id = heed_tokenizer_id(f.trained.target, answers->row_labels[i],
						 strlen(answers->row_labels[i]));
		double score = 0;

		for (int c = 0; c < e->dim[1]; c++)
			score += (double)e->data[id * e->dim[1] + c] * at(h, 4, c);
		near(at(answers, i, 1), score);
	}
	said = find(&f, "next", "said");
	assert_int_equal(said->rows, 4);
	for (int i = 0; i < 5; i++)
		ids[i] = i == 0 ? first : (int)at(find(&f, "input", "tokens"), i, 1);
	for (int i = 0; i < 4; i++)
		targets[i] = ids[i + 1];
	tape = heed_tape_new(f.ctx, 0);
	assert_non_null(f.trained.model->family->loss(
		f.trained.model, tape, &(heed_batch){.input = {{1, start}, ids}, .targets = targets}, nll));
	for (int i = 0; i < said->rows; i++)
		near(at(said, i, 0), exp(-(double)nll[i]));
	heed_tape_free(tape);
	drop(&f);
}

/* --- recurrent networks --- */

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

#define RECURRENT "width", "6", "hidden", "4", "layers", "2", "tie", "none"

static void lstm(void **state)
{
	fixture f;
	const heed_explain_table *x, *i, *fg, *g, *o, *c, *h;
	double above;

	(void)state;
	begin(&f, "lstm", SETTINGS(RECURRENT));
	x = find(&f, "input.embeddings", "embeddings");
	i = find(&f, "rnn0.gates", "i");
	fg = find(&f, "rnn0.gates", "f");
	g = find(&f, "rnn0.gates", "g");
	o = find(&f, "rnn0.gates", "o");
	c = find(&f, "rnn0.cells", "c");
	h = find(&f, "rnn0", "h");
	assert_int_equal(h->rows, 5);
	for (int u = 0; u < 4; u++) {
		near(at(i, 0, u), sigmoid(product(&f, "rnn0.input", u, x, 0)));
		near(at(fg, 0, u), sigmoid(product(&f, "rnn0.input", 4 + u, x, 0)));
		near(at(g, 0, u), tanh(product(&f, "rnn0.input", 8 + u, x, 0)));
		near(at(i, 2, u),
		     sigmoid(product(&f, "rnn0.input", u, x, 2) + product(&f, "rnn0.recurrent", u, h, 1)));
		for (int t = 0; t < 5; t++) {
			const double before = t > 0 ? at(c, t - 1, u) : 0;

			near(at(c, t, u), at(fg, t, u) * before + at(i, t, u) * at(g, t, u));
			near(at(h, t, u), at(o, t, u) * tanh(at(c, t, u)));
		}
	}
	assert_string_equal(find_step(&f, "rnn0")->formula, "h = o tanh(c)");
	above = sigmoid(product(&f, "rnn1.input", 0, h, 0));
	explain(&f, NULL, 1, 0);
	near(at(find(&f, "rnn1.gates", "i"), 0, 0), above);
	drop(&f);
}

static void lstm_with_projection(void **state)
{
	fixture f;

	(void)state;
	begin(&f, "lstm", SETTINGS(RECURRENT, "projection", "3"));
	assert_string_equal(find_step(&f, "rnn0")->formula, "h = P (o tanh(c))");
	assert_int_equal(find(&f, "rnn0", "h")->cols, 3);
	drop(&f);
}

static void gru_and_rnn(void **state)
{
	fixture f;
	const heed_explain_table *x, *z, *n, *h;

	(void)state;
	begin(&f, "lstm", SETTINGS(RECURRENT, "cell", "gru"));
	z = find(&f, "rnn0.gates", "z");
	n = find(&f, "rnn0.gates", "n");
	h = find(&f, "rnn0", "h");
	for (int t = 0; t < 5; t++)
		near(at(h, t, 1),
		     (1 - at(z, t, 1)) * at(n, t, 1) + at(z, t, 1) * (t > 0 ? at(h, t - 1, 1) : 0));
	drop(&f);
	begin(&f, "rnn", SETTINGS(RECURRENT, "cell", "relu"));
	x = find(&f, "input.embeddings", "embeddings");
	h = find(&f, "rnn0", "h");
	near(at(h, 1, 2),
	     fmax(0, product(&f, "rnn0.input", 2, x, 1) + product(&f, "rnn0.recurrent", 2, h, 0)));
	assert_non_null(strstr(find_step(&f, "rnn0")->formula, "relu"));
	drop(&f);
}

/* --- recurrent translators --- */

#define TRANSLATOR "width", "6", "hidden", "4", "embedding-dropout", "0"

/* The decoder begins with what the encoder ends with, and its gates with both. */
static void seq2seq(void **state)
{
	fixture f;
	const heed_explain_table *x, *start, *memory, *z;

	(void)state;
	make(&f, "seq2seq", SETTINGS(TRANSLATOR, "cell", "gru", "encoder", "forward"));
	explain(&f, "a cat", 0, 0);
	memory = find(&f, "enc0", "h");
	start = find(&f, "dec0.start", "h");
	assert_int_equal(start->rows, 1);
	for (int u = 0; u < 4; u++)
		near(at(start, 0, u), at(memory, 4, u));
	assert_string_equal(find_step(&f, "dec0.start")->formula, "h = h_end");
	assert_non_null(strstr(find_step(&f, "dec0.start")->what, "nothing else"));
	x = find(&f, "input.embeddings", "embeddings");
	z = find(&f, "dec0.gates", "z");
	near(at(z, 0, 1),
	     sigmoid(product(&f, "dec0.input", 5, x, 0) + product(&f, "dec0.recurrent", 5, start, 0)));
	near(at(find(&f, "dec0", "h"), 0, 1),
	     (1 - at(z, 0, 1)) * at(find(&f, "dec0.gates", "n"), 0, 1) + at(z, 0, 1) * at(start, 0, 1));
	answers_are_probabilities(find(&f, "next", "answers"), heed_tokenizer_size(f.trained.target));
	drop(&f);
	make(&f, "seq2seq", SETTINGS(TRANSLATOR, "cell", "lstm", "layers", "2"));
	explain(&f, "a cat", 1, 0);
	start = find(&f, "dec1.start", "h");
	assert_string_equal(find_step(&f, "dec1.start")->formula, "h = tanh(W h_end + b)");
	assert_int_equal(start->cols, 4);
	drop(&f);
}

/* Weights and contexts are those of the scores, computed anew from the states. */
static void seq2seq_attention(void **state)
{
	fixture f;
	const heed_explain_table *weights, *output, *memory, *h, *start;

	(void)state;
	make(&f, "seq2seq-attention", SETTINGS(TRANSLATOR, "encoder-hidden", "2", "score", "dot"));
	explain(&f, "a cat", 0, 0);
	weights = find(&f, "dec0.cross.weights", "weights");
	output = find(&f, "dec0.cross.output", "output");
	memory = find(&f, "memory", "memory");
	h = find(&f, "dec0", "h");
	start = find(&f, "dec0.start", "h");
	assert_null(strstr(find_step(&f, "dec0.start")->what, "nothing else"));
	rows_sum_to_one(weights);
	for (int i = 0; i < h->rows; i++) {
		const heed_explain_table *const s = i == 0 ? start : h;
		const int row = i == 0 ? 0 : i - 1;
		double score[5], exps = 0, mean = 0;

		for (int j = 0; j < memory->rows; j++) {
			score[j] = 0;
			for (int c = 0; c < 4; c++)
				score[j] += at(s, row, c) * at(memory, j, c);
			exps += exp(score[j]);
		}
		for (int j = 0; j < memory->rows; j++) {
			near(at(weights, i, j), exp(score[j]) / exps);
			mean += at(weights, i, j) * at(memory, j, 3);
		}
		near(at(output, i, 3), mean);
	}
	drop(&f);
}

/* --- classifiers --- */

static heed_code keep_probabilities(void *user, const heed_classified *found)
{
	memcpy(user, found->probabilities, 3 * sizeof(float));
	return HEED_OK;
}

/* The labels shown are those of heed_classify. */
static void labels_are_right(const fixture *f)
{
	const heed_explain_table *const t = find(f, "labels", "answers");
	const heed_line line = {text, strlen(text)};
	heed_classifier *const c = heed_classifier_new(&f->trained, NULL);
	float p[3];

	answers_are_probabilities(t, 3);
	assert_int_equal(heed_classify(c, &line, 1, keep_probabilities, p), HEED_OK);
	for (int i = 0; i < t->rows; i++) {
		int label;

		assert_int_equal(heed_classifier_find(c, t->row_labels[i], strlen(t->row_labels[i]), &label),
				 HEED_OK);
		near(at(t, i, 0), (double)p[label]);
	}
	heed_classifier_free(c);
}

static void dan(void **state)
{
	fixture f;
	const heed_explain_table *x, *mean;

	(void)state;
	begin(&f, "dan", SETTINGS("width", "6", "hidden", "5", "activation", "tanh"));
	x = find(&f, "source.embeddings", "embeddings");
	mean = find(&f, "mean", "mean");
	near(at(mean, 0, 2), (at(x, 0, 2) + at(x, 1, 2) + at(x, 2, 2) + at(x, 3, 2)) / 4);
	near(at(find(&f, "hidden0", "h"), 0, 3), tanh(product(&f, "hidden0", 3, mean, 0)));
	near(at(find(&f, "hidden1", "h"), 0, 3),
	     tanh(product(&f, "hidden1", 3, find(&f, "hidden0", "h"), 0)));
	labels_are_right(&f);
	drop(&f);
}

static void birnn_and_encoder(void **state)
{
	fixture f;
	const heed_explain_table *w, *h, *z;

	(void)state;
	begin(&f, "birnn", SETTINGS("width", "6", "hidden", "3", "pooling", "attention"));
	w = find(&f, "pooled", "weights");
	rows_sum_to_one(w);
	h = find(&f, "states", "states");
	z = find(&f, "pooled", "pooled");
	near(at(h, 2, 4), at(find(&f, "rnn0.back", "h"), 2, 1));
	near(at(z, 0, 4), at(w, 0, 0) * at(h, 0, 4) + at(w, 0, 1) * at(h, 1, 4) + at(w, 0, 2) * at(h, 2, 4) +
				  at(w, 0, 3) * at(h, 3, 4));
	labels_are_right(&f);
	drop(&f);
	begin(&f, "encoder", SETTINGS(LAYERS, "pooling", "mean", "layers", "1", "norm", "post"));
	head_is_right(&f, "enc0.self", 4, false);
	h = find(&f, "enc0", "enc0");
	near(at(find(&f, "pooled", "pooled"), 0, 5),
	     (at(h, 0, 5) + at(h, 1, 5) + at(h, 2, 5) + at(h, 3, 5)) / 4);
	labels_are_right(&f);
	drop(&f);
}

/* --- the others --- */

static void ffn(void **state)
{
	fixture f;
	const heed_explain_table *x, *window;

	(void)state;
	begin(&f, "ffn", SETTINGS("width", "4", "window", "2", "hidden", "5"));
	x = find(&f, "input.embeddings", "embeddings");
	window = find(&f, "window", "window");
	assert_int_equal(window->cols, 8);
	near(at(window, 2, 1), at(x, 1, 1));
	near(at(window, 2, 5), at(x, 2, 1));
	near(at(find(&f, "hidden0", "h"), 2, 4), tanh(product(&f, "hidden0", 4, window, 2)));
	answers_are_probabilities(find(&f, "next", "answers"), heed_tokenizer_size(f.trained.target));
	drop(&f);
}

/* The path of a word sums to its probability, and that is what the scores say. */
static void ngram(void **state)
{
	fixture f;
	const heed_explain_table *said;
	int word = 0;

	(void)state;
	begin(&f, "ngram", SETTINGS("order", "3", "smoothing", "add-k"));
	said = find(&f, "next", "said");
	for (const heed_explain_table *t = find_step(&f, "back-off")->tables; t != NULL;
	     t = t->next, word++) {
		double sum = 0;

		assert_string_equal(t->title, said->row_labels[word]);
		for (int i = 0; i + 1 < t->rows; i++)
			sum += at(t, i, 1);
		near(at(t, t->rows - 1, 1), sum);
		near(at(t, t->rows - 1, 2), pow(10, sum));
		near(at(said, word, 0), pow(10, sum));
		assert_string_equal(t->words[4 * (t->rows - 2) + 3], "found");
	}
	assert_int_equal(word, 4);
	drop(&f);
}

static void vectors(void **state)
{
	fixture f;
	const heed_explain_table *t;
	const heed_tensor *e;
	int id;

	(void)state;
	begin(&f, "autoencoder", SETTINGS("width", "4"));
	e = param(&f, "embed");
	id = (int)at(find(&f, "source", "tokens"), 1, 1);
	near(at(find(&f, "vectors", "vectors"), 1, 2), (double)e->data[4 * id + 2]);
	t = find(&f, "nearest", "nearest");
	assert_true(t->rows > 3 && at(t, 0, 0) >= at(t, 1, 0));
	assert_true(at(find(&f, "back", "loss"), 1, 0) > 0);
	drop(&f);
	begin(&f, "word2vec", SETTINGS("width", "4"));
	assert_non_null(find_step(&f, "nearest"));
	assert_null(find_step(&f, "back"));
	drop(&f);
}

/* --- what can't be explained --- */

static void refused(fixture *f, const char *line, const char *target, heed_explain_options o,
		    const char *message)
{
	assert_null(heed_explain(&f->trained, line, target, &o));
	assert_string_equal(heed_error_message(f->ctx), message);
}

static void refusals(void **state)
{
	const char *const seven = "the the the the the the the the the the the the the the the the";
	fixture f;

	(void)state;
	make(&f, "gpt", SETTINGS(LAYERS, "layers", "2"));
	refused(&f, "", NULL, heed_explain_defaults(), "explain: the text has no tokens");
	refused(&f, seven, NULL, heed_explain_defaults(),
		"explain: the text has more than 15 tokens, and the model takes no more");
	refused(&f, text, NULL, (heed_explain_options){.layer = 2, .top = 8},
		"explain: layer 2; expected 0 to 1");
	refused(&f, text, NULL, (heed_explain_options){.head = 2, .top = 8},
		"explain: head 2; expected 0 to 1");
	refused(&f, text, NULL, (heed_explain_options){.layer = -1, .top = 8},
		"explain: layer -1 and head 0; both count from 0");
	refused(&f, text, NULL, (heed_explain_options){0},
		"explain: top is 0; expected a number from 1 to 1000");
	refused(&f, text, text, heed_explain_defaults(),
		"explain: a second text is for models that translate; the family gpt does not");
	drop(&f);
	make(&f, "dan", NULL);
	refused(&f, text, NULL, (heed_explain_options){.layer = 1, .top = 8},
		"explain: layer 1; of the family dan there are none to choose from");
	refused(&f, text, NULL, (heed_explain_options){.head = 1, .top = 8},
		"explain: head 1; of the family dan there are none to choose from");
	drop(&f);
}

static void scores_that_are_no_numbers(void **state)
{
	fixture f;

	(void)state;
	make(&f, "gpt", SETTINGS(LAYERS));
	heed_params_find(f.trained.model->params, "embed")->data[0] = NAN;
	refused(&f, text, NULL, heed_explain_defaults(), "explain: the model's scores are no numbers");
	drop(&f);
	make(&f, "dan", NULL);
	heed_params_find(f.trained.model->params, "output.bias")->data[0] = NAN;
	refused(&f, text, NULL, heed_explain_defaults(), "explain: the model's scores are no numbers");
	drop(&f);
}

/* --- pages --- */

/* Columns of a line in UTF-8. */
static int cells(const char *line, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)line[i] & 0xC0) != 0x80;
	return count;
}

static void terminal_keeps_its_width(void **state)
{
	fixture f;
	sink s = {0};

	(void)state;
	make(&f, "transformer", SETTINGS(LAYERS, "encoder-layers", "1", "decoder-layers", "1"));
	explain(&f, "a cat sat on the dog the cat ran fast the cat sat", 0, 0);
	assert_int_equal(heed_explain_terminal(f.ctx, f.e, NULL, put, &s), HEED_OK);
	for (const char *line = s.text; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (cells(line, strcspn(line, "\n")) > 80)
			fail_msg("%.*s", (int)strcspn(line, "\n"), line);
	assert_non_null(strstr(s.text, "softmax(q k^T / sqrt(4))"));
	assert_non_null(strstr(s.text, " ...\n"));
	free(s.text);
	s = (sink){0};
	assert_int_equal(heed_explain_terminal(f.ctx, f.e, &(heed_explain_view){.columns = 8}, put, &s),
			 HEED_OK);
	assert_null(strstr(s.text, " ...\n"));
	free(s.text);
	assert_int_equal(heed_explain_terminal(f.ctx, f.e, NULL, refuse, NULL), HEED_E_IO);
	drop(&f);
}

static void json_holds_all_numbers(void **state)
{
	fixture f;
	sink s = {0};
	json_t *root, *steps, *table;

	(void)state;
	begin(&f, "gpt", SETTINGS(LAYERS, "layers", "1"));
	assert_int_equal(heed_explain_json(f.e, put, &s), HEED_OK);
	root = json_loads(s.text, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "family")), "gpt");
	assert_true(json_is_null(json_object_get(root, "target")));
	steps = json_object_get(root, "steps");
	table = json_array_get(json_object_get(json_array_get(steps, 1), "tables"), 2);
	assert_string_equal(json_string_value(json_object_get(table, "name")), "sum");
	for (int i = 0; i < 5; i++)
		for (int c = 0; c < 8; c++)
			assert_true((float)json_number_value(json_array_get(
					    json_array_get(json_object_get(table, "values"), (size_t)i),
					    (size_t)c)) ==
				    (float)at(find(&f, "input.embeddings", "sum"), i, c));
	table = json_array_get(json_object_get(json_array_get(steps, 3), "tables"), 0);
	assert_string_equal(json_string_value(json_object_get(table, "name")), "scores");
	assert_true(json_is_null(json_array_get(json_array_get(json_object_get(table, "values"), 0), 1)));
	json_decref(root);
	free(s.text);
	assert_int_equal(heed_explain_json(f.e, refuse, NULL), HEED_E_IO);
	drop(&f);
}

static void page_is_escaped(void **state)
{
	const heed_explain_options o = heed_explain_defaults();
	fixture f;
	sink s = {0};

	(void)state;
	make(&f, "gpt", SETTINGS(LAYERS, "layers", "1"));
	f.e = heed_explain(&f.trained, "<script>&'", NULL, &o);
	assert_non_null(f.e);
	assert_int_equal(heed_explain_html(f.ctx, f.e, NULL, put, &s), HEED_OK);
	assert_null(strstr(s.text, "<script"));
	assert_null(strstr(s.text, "://"));
	assert_non_null(strstr(s.text, "<h1>&lt;script&gt;&amp;&#39;</h1>"));
	assert_non_null(strstr(s.text, "<td class='more' style='--s:1.00'>1.0000</td>"));
	free(s.text);
	assert_int_equal(heed_explain_html(f.ctx, f.e, NULL, refuse, NULL), HEED_E_IO);
	drop(&f);
}

/* --- memory --- */

/* All that writes, with each allocation failing in turn. */
static heed_code show(fixture *f)
{
	const heed_explain_options o = heed_explain_defaults();
	sink s = {0};
	heed_code code;

	f->e = heed_explain(&f->trained, text, NULL, &o);
	if (f->e == NULL)
		return heed_error_code(f->ctx);
	code = heed_explain_terminal(f->ctx, f->e, NULL, put, &s);
	if (code == HEED_OK)
		code = heed_explain_html(f->ctx, f->e, NULL, put, &s);
	free(s.text);
	return code;
}

static void every_allocation_fails(const char *family, const char *const *settings)
{
	shortage s = {.rest = true};
	heed_code code;

	do {
		heed_ctx *const ctx = heed_ctx_new(&(heed_ctx_options){
			.threads = 1, .seed = 5, .alloc = shortage_alloc, .alloc_user = &s});
		fixture f;

		assert_non_null(ctx);
		assert_true(make_in(&f, ctx, family, settings));
		shortage_begin(&s);
		code = show(&f);
		drop(&f);
	} while (shortage_felt(&s, code));
	assert_in_range(s.tries, 10, 20000);
}

static void memory(void **state)
{
	(void)state;
	every_allocation_fails("transformer",
			       SETTINGS("width", "4", "heads", "2", "feed-forward", "4", "max-length", "8",
					"encoder-layers", "1", "decoder-layers", "1"));
	every_allocation_fails("gpt", SETTINGS("width", "4", "heads", "2", "feed-forward", "4", "max-length",
					       "8", "layers", "1"));
	every_allocation_fails("birnn", SETTINGS("width", "4", "hidden", "3", "pooling", "attention"));
	every_allocation_fails("seq2seq-attention", SETTINGS("width", "4", "hidden", "3"));
	every_allocation_fails("ffn", SETTINGS("width", "4", "hidden", "3"));
	every_allocation_fails("ngram", SETTINGS("order", "2", "smoothing", "add-k"));
	every_allocation_fails("autoencoder", SETTINGS("width", "4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transformer),
		cmocka_unit_test(attention_without_projections),
		cmocka_unit_test(gpt),
		cmocka_unit_test(lstm),
		cmocka_unit_test(lstm_with_projection),
		cmocka_unit_test(gru_and_rnn),
		cmocka_unit_test(seq2seq),
		cmocka_unit_test(seq2seq_attention),
		cmocka_unit_test(dan),
		cmocka_unit_test(birnn_and_encoder),
		cmocka_unit_test(ffn),
		cmocka_unit_test(ngram),
		cmocka_unit_test(vectors),
		cmocka_unit_test(refusals),
		cmocka_unit_test(scores_that_are_no_numbers),
		cmocka_unit_test(terminal_keeps_its_width),
		cmocka_unit_test(json_holds_all_numbers),
		cmocka_unit_test(page_is_escaped),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
