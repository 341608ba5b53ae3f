/* Vectors of words: each word's own, and those nearest to it. */
#include "view/explain_build.h"

#include "heed/nearest.h"

#include <math.h>
#include <string.h>

/* The words of the text in the table of vectors; -1: it has none. */
static heed_code find_words(heed__explaining *x, heed_vectors *v, int *index)
{
	for (int i = 0; i < x->source.count; i++) {
		heed_word word;
		const char *text;
		size_t len;
		heed_code code = heed_coder_decode(x->source_coder, x->source.ids + i, 1, &text, &len);

		if (code == HEED_OK)
			code = heed_vectors_look_up(v, text, len, &word);
		index[i] = code == HEED_OK ? word.index : -1;
		if (code == HEED_E_ARGUMENT)
			heed_error_clear(x->ctx);
		else if (code != HEED_OK)
			return code;
	}
	return HEED_OK;
}

static void add_nearest(heed__explaining *x, const heed_vectors *v, int word, const char *label)
{
	static const char *const columns[] = {"cosine"};
	heed_neighbour *const near = heed__arena_alloc(&x->memory, (size_t)x->options.top * sizeof *near);
	const char **const labels = heed__arena_alloc(&x->memory, (size_t)x->options.top * sizeof *labels);
	heed_explain_table *t;
	int found;

	if (near == NULL || labels == NULL ||
	    heed_nearest(v, heed_vectors_at(v, word), &word, 1, x->options.top, near, &found) != HEED_OK) {
		x->memory.failed = true;
		return;
	}
	t = found > 0 ? heed__explain_table(x, "nearest", heed__explain_say(x, "nearest to %s", label), found,
					    1)
		      : NULL;
	if (t == NULL)
		return;
	for (int i = 0; i < found; i++) {
		labels[i] = heed__explain_say(x, "%s", heed_vectors_word(v, near[i].index));
		heed__explain_values(t)[i] = near[i].cosine;
	}
	t->shares = 1;
	t->row_labels = labels;
	t->col_labels = columns;
}

static void add_vectors(heed__explaining *x)
{
	const heed_tensor *const table = heed_model_vectors(x->model);
	const int width = table->dim[1];
	heed_explain_table *const t = heed__explain_table(x, "vectors", "E[token]", x->source.count, width);

	if (t == NULL)
		return;
	t->row_labels = x->source.labels;
	for (int i = 0; i < x->source.count; i++)
		memcpy(heed__explain_values(t) + (size_t)i * (size_t)width,
		       table->data + (size_t)x->source.ids[i] * (size_t)width,
		       (size_t)width * sizeof *table->data);
}

/* An autoencoder tells each token from its vector again. */
static heed_code add_loss(heed__explaining *x)
{
	static const char *const columns[] = {"loss"};
	const bool squared = strcmp(heed__explain_choice(x, "loss"), "squared-l2") == 0;
	heed_explain_table *t;
	const heed_batch batch = {.input = x->batch.source, .targets = x->source.ids};

	heed__explain_step(
		x, "back", "Each token from its vector again",
		squared ? "loss = |onehot(token) - W e|^2" : "loss = -log softmax(W e)[token]",
		"The output matrix gives a score for each token of the vocabulary, among which the "
		"token itself should stand out.");
	t = heed__explain_table(x, "loss", "how far what comes back is from the token", x->source.count, 1);
	x->tape = heed_tape_new(x->ctx, 0);
	if (t == NULL || x->tape == NULL)
		return HEED_E_MEMORY;
	t->row_labels = x->source.labels;
	t->col_labels = columns;
	return x->model->family->loss(x->model, x->tape, &batch, heed__explain_values(t)) != NULL
		       ? HEED_OK
		       : heed_tape_code(x->tape);
}

static heed_code explain_nearest(heed__explaining *x)
{
	int *const index = heed__arena_alloc(&x->memory, (size_t)x->source.count * sizeof *index);
	heed_vectors *v = NULL;
	heed_code code = index != NULL ? heed_vectors_of(x->trained, &v) : HEED_E_MEMORY;

	if (code == HEED_OK)
		code = find_words(x, v, index);
	heed__explain_step(x, "nearest", "The nearest words", "cosine = a . b / (|a| |b|)",
			   "The nearer the cosine is to 1, the more two vectors point the same way.");
	for (int i = 0; i < x->source.count && code == HEED_OK; i++)
		if (index[i] >= 0)
			add_nearest(x, v, index[i], x->source.labels[i]);
	heed_vectors_free(v);
	return code;
}

heed_code heed__explain_words_alone(heed__explaining *x)
{
	heed_code code;

	heed__explain_tokens(x, &x->source, "source", "The text as tokens",
			     "The text is cut into words; each is known to the model by its number.");
	heed__explain_step(x, "vectors", "Vectors", "e = E[token]",
			   "Each word is looked up in the table that the training made; the words around it "
			   "make no difference.");
	add_vectors(x);
	code = explain_nearest(x);
	return code == HEED_OK && x->model->family->loss != NULL ? add_loss(x) : code;
}
