/* What is between the tokens and the answer where there is no attention, and the answers themselves. */
#include "view/explain_build.h"

#include "decode/sequences.h"
#include "heed/classify.h"
#include "kernel/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- layers --- */

void heed__explain_window(heed__explaining *x)
{
	static const char *const text[] = {"text"};
	const heed__explain_side one = {.labels = text, .count = 1};

	if (heed_tape_find(x->tape, "window") != NULL) {
		heed__explain_step(x, "window", "Window", NULL,
				   "The vectors of a token and of those before it stand side by side, the "
				   "oldest first; places before the text hold the mark of the start.");
		heed__explain_tensor(x, "window", "window", "x", &x->input);
	}
	if (heed_tape_find(x->tape, "mean") != NULL) {
		heed__explain_step(
			x, "mean", "Mean", "z = 1/n sum_i x_i",
			"The mean of the vectors of all tokens stands for the text, whatever their "
			"order.");
		heed__explain_tensor(x, "mean", "mean", "z", &one);
	}
}

void heed__explain_hidden(heed__explaining *x, const heed__explain_side *rows)
{
	const char *const act = heed__explain_choice(x, "activation");
	char name[32] = "hidden0";

	for (int l = 0; heed_tape_find(x->tape, name) != NULL; l++) {
		const char *const kept = heed__explain_say(x, "%s", name);

		heed__explain_step(x, kept, heed__explain_say(x, "Hidden layer %d", l),
				   heed__explain_say(x, "h = %s(W x + b)", act),
				   "Each unit adds up all numbers below it, by weights of its own.");
		heed__explain_tensor(x, kept, "h", "h", rows);
		snprintf(name, sizeof name, "hidden%d", l + 1);
	}
}

/* The weights by which the states of a text become one. */
static void add_pooling_weights(heed__explaining *x)
{
	static const char *const text[] = {"text"};
	heed_explain_table *t;
	heed_weights w;

	if (!heed__explain_find_weights(x, "attention", &w) || w.keys.start[1] != x->source.count)
		return;
	t = heed__explain_table(x, "weights", "weights", 1, x->source.count);
	if (t == NULL)
		return;
	t->row_labels = text;
	t->col_labels = x->source.labels;
	t->weights = true;
	memcpy(heed__explain_values(t), w.data, (size_t)t->cols * sizeof *w.data);
}

void heed__explain_pooling(heed__explaining *x)
{
	static const char *const text[] = {"text"};
	const heed__explain_side one = {.labels = text, .count = 1};
	const char *const kind = heed__explain_choice(x, "pooling");

	heed__explain_window(x);
	heed__explain_hidden(x, &one);
	if (heed_tape_find(x->tape, "pooled") == NULL)
		return;
	heed__explain_step(x, "pooled", heed__explain_say(x, "One vector for the text: %s", kind),
			   strcmp(kind, "attention") == 0
				   ? "z = sum_t w_t h_t   w = softmax_t(v . tanh(q + W h_t))"
				   : NULL,
			   "The vectors of all tokens become one.");
	add_pooling_weights(x);
	heed__explain_tensor(x, "pooled", "pooled", "z", &one);
}

/* --- answers --- */

/* The `most` largest of n numbers, from the largest on, and of equal ones the first: their places. Returns how many. */
static int largest(const float *p, int n, int most, int *places)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		int at = count;

		while (at > 0 && p[i] > p[places[at - 1]])
			at--;
		if (at == most)
			continue;
		count += count < most;
		memmove(places + at + 1, places + at, (size_t)(count - at - 1) * sizeof *places);
		places[at] = i;
	}
	return count;
}

/* The softmax of n scores. */
static heed_code probabilities(const heed__explaining *x, const float *scores, int n, float *p)
{
	heed__ctx_kernels(x->ctx)->softmax(1, n, scores, n, p, n);
	for (int i = 0; i < n; i++)
		if (!isfinite(p[i]))
			return heed__error(x->ctx, HEED_E_NONFINITE,
					   "explain: the model's scores are no numbers");
	return HEED_OK;
}

/* The best answers with scores and probabilities; name(user, i) is what answer i is called. */
typedef const char *name_fn(void *user, int answer);
static void add_answers(heed__explaining *x, const char *title, const float *scores, const float *p, int n,
			name_fn *name, void *user)
{
	static const char *const columns[] = {"probability", "score"};
	const int most = n < x->options.top ? n : x->options.top;
	int *const best = heed__arena_alloc(&x->memory, ((size_t)most + 1) * sizeof *best);
	const char **const labels = heed__arena_alloc(&x->memory, (size_t)most * sizeof *labels);
	heed_explain_table *const t = heed__explain_table(x, "answers", title, most, 2);

	if (best == NULL || labels == NULL || t == NULL)
		return;
	largest(p, n, most, best);
	for (int i = 0; i < most; i++) {
		labels[i] = heed__explain_say(x, "%s", name(user, best[i]));
		heed__explain_values(t)[2 * i] = p[best[i]];
		heed__explain_values(t)[2 * i + 1] = scores[best[i]];
	}
	t->row_labels = labels;
	t->col_labels = columns;
	t->shares = 1;
}

static const char *label_name(void *user, int label)
{
	return heed_classifier_label(user, label);
}

static heed_code add_labels(heed__explaining *x, heed_classifier *names, const heed_tensor *scores)
{
	const int n = heed_classifier_labels(names);
	float *const p = heed__arena_alloc(&x->memory, (size_t)n * sizeof *p);
	heed_code code;

	if (p == NULL)
		return HEED_E_MEMORY;
	if (scores->dim[0] != 1 || scores->dim[1] != n)
		return heed__error(x->ctx, HEED_E_FORMAT, "explain: scores are [%d,%d], expected [1,%d]",
				   scores->dim[0], scores->dim[1], n);
	code = probabilities(x, scores->data, n, p);
	if (code == HEED_OK)
		add_answers(x, "labels", scores->data, p, n, label_name, names);
	return code;
}

heed_code heed__explain_labels(heed__explaining *x, const heed_tensor *scores)
{
	heed_classifier *const names = heed_classifier_new(x->trained, NULL);
	heed_code code;

	heed__explain_step(x, "labels", "What the text is", "p = softmax(W z + b)",
			   "Each label has a score; the softmax of the scores are probabilities that sum to "
			   "one.");
	code = names != NULL ? add_labels(x, names, scores) : heed_error_code(x->ctx);
	heed_classifier_free(names);
	return code;
}

static const char *piece_name(void *user, int id)
{
	return heed_tokenizer_piece(user, id);
}

/* The scores after every token that is read, one token at a time; the last ones stay. */
typedef struct saying {
	heed_state *state;
	heed_tape *tape;
	heed_explain_table *said; /* of each token that follows another */
	const char **words;
	const float *scores; /* of the last one */
	float *p;            /* [vocabulary] and its probabilities */
} saying;

/* What the model gave the token that came. */
static void add_said(heed__explaining *x, const saying *s, int i)
{
	float *const row = heed__explain_values(s->said) + 3 * (size_t)i;
	int best = 0;

	largest(s->p, x->model->target_vocab, 1, &best);
	row[0] = s->p[x->input.ids[i + 1]];
	row[1] = s->p[best];
	s->words[3 * i + 2] = heed__explain_say(x, "%s", heed_tokenizer_piece(x->trained->target, best));
}

static heed_code say_all(heed__explaining *x, saying *s)
{
	for (int i = 0; i < x->input.count; i++) {
		const heed_tensor *scores;
		heed_code code;

		if (heed_interrupted(x->ctx))
			return heed__error(x->ctx, HEED_E_INTERRUPTED, "explain: interrupted");
		heed_tape_reset(s->tape, (uint32_t)i);
		scores = heed_model_step(x->model, s->tape, s->state, x->input.ids + i);
		if (scores == NULL)
			return heed_tape_code(s->tape);
		s->scores = scores->data;
		code = probabilities(x, scores->data, x->model->target_vocab, s->p);
		if (code != HEED_OK)
			return code;
		if (i + 1 < x->input.count && s->said != NULL)
			add_said(x, s, i);
	}
	return HEED_OK;
}

static void begin_said(heed__explaining *x, saying *s)
{
	static const char *const columns[] = {"probability", "the highest", "of"};

	if (x->input.count < 2)
		return;
	s->said = heed__explain_table(x, "said", "each token after those before it", x->input.count - 1, 3);
	if (s->said == NULL)
		return;
	s->said->row_labels = x->input.labels + 1;
	s->said->col_labels = columns;
	s->said->shares = 2;
	s->words = heed__explain_words(x, s->said);
	if (s->words == NULL)
		s->said = NULL;
}

static heed_code run_steps(heed__explaining *x, saying *s)
{
	static const int nothing[] = {0, 0};
	heed_batch source = {.source = x->batch.source};
	heed_code code;

	if (x->source.count == 0)
		source.source = (heed_ragged){{1, nothing}, NULL};
	code = heed_model_start(x->model, s->tape, s->state, &source);
	return code == HEED_OK ? say_all(x, s) : code;
}

heed_code heed__explain_next(heed__explaining *x)
{
	const bool translates = x->model->family->task == HEED_TASK_TRANSLATE;
	const int n = x->model->target_vocab;
	saying s = {.state = heed_state_new(x->ctx, 1, x->input.count), .tape = heed_tape_new(x->ctx, 0)};
	heed_code code;

	s.p = heed__arena_alloc(&x->memory, (size_t)n * sizeof *s.p);
	code = s.state != NULL && s.tape != NULL && s.p != NULL ? HEED_OK : HEED_E_MEMORY;
	heed__explain_step(
		x, "next", translates ? "The next word of the translation" : "What comes next",
		x->model->packed != NULL ? NULL : "p = softmax(W h + b)",
		heed__explain_say(x,
				  "Each of the %d tokens of the vocabulary gets a score; the softmax of the "
				  "scores are probabilities that sum to one.",
				  n));
	begin_said(x, &s);
	if (code == HEED_OK)
		code = run_steps(x, &s);
	if (code == HEED_OK && s.scores != NULL)
		add_answers(x, heed__explain_say(x, "behind \"%s\"", x->input.labels[x->input.count - 1]),
			    s.scores, s.p, n, piece_name, (void *)(uintptr_t)x->trained->target);
	heed_tape_free(s.tape);
	heed_state_free(s.state);
	return code;
}
