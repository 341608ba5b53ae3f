/* Explanations: the text read as the model reads it, the pass, and the steps in the order in which it goes. */
#include "heed/explain.h"

#include "decode/sequences.h"
#include "heed/translate.h"
#include "nn/state.h"
#include "view/explain_build.h"

#include <stdio.h>
#include <string.h>

enum { TOP_MOST = 1000 };

heed_explain_options heed_explain_defaults(void)
{
	return (heed_explain_options){.top = 8};
}

static heed_code check(const heed_trained *trained, const char *target, const heed_explain_options *o)
{
	if (o->layer < 0 || o->head < 0)
		return heed__error(trained->ctx, HEED_E_ARGUMENT,
				   "explain: layer %d and head %d; both count from 0", o->layer, o->head);
	if (o->top < 1 || o->top > TOP_MOST)
		return heed__error(trained->ctx, HEED_E_ARGUMENT,
				   "explain: top is %d; expected a number from 1 to %d", o->top, TOP_MOST);
	if (target != NULL && trained->model->family->task != HEED_TASK_TRANSLATE)
		return heed__error(
			trained->ctx, HEED_E_ARGUMENT,
			"explain: a second text is for models that translate; the family %s does not",
			trained->model->family->name);
	return HEED_OK;
}

/* --- texts --- */

/* Most tokens of a text, beside those that the model sets itself. */
static int most_tokens(const heed_model *m)
{
	const int longest = heed__model_longest(m);
	const int marks = m->family->task == HEED_TASK_CLASSIFY ? 0 : 1;

	return longest == 0 || longest - marks > HEED_EXPLAIN_TOKENS ? HEED_EXPLAIN_TOKENS : longest - marks;
}

static heed_code read_text(heed__explaining *x, heed_coder *coder, const char *text, heed__sequence *out)
{
	const int most = most_tokens(x->model);
	const heed_code code = heed__sequence_read(coder, text, strlen(text), most, false, &x->memory, out);

	if (code == HEED_OK && out->cut)
		return heed__error(x->ctx, HEED_E_TEXT, "explain: the text has more than %d tokens%s", most,
				   most < HEED_EXPLAIN_TOKENS ? ", and the model takes no more" : "");
	return code;
}

static heed_code take_translation(void *user, const heed_translation *t)
{
	heed__explaining *const x = user;

	x->shown.target = heed__explain_say(x, "%s", t->best[0].text);
	return heed__explain_code(x);
}

/* What the model says itself. */
static heed_code translate(heed__explaining *x)
{
	const heed_source line = {.text = x->shown.text, .len = strlen(x->shown.text)};
	heed_translate_options o = heed_translate_defaults();
	heed_translator *t;
	heed_code code;

	o.max_length = most_tokens(x->model);
	t = heed_translator_new(x->trained, &o);
	code = t != NULL ? heed_translate(t, &line, 1, take_translation, x) : heed_error_code(x->ctx);
	heed_translator_free(t);
	return code;
}

/* One sequence as a batch's part; where it begins lies with the ids. */
static bool ragged(heed__explaining *x, const int *ids, int count, heed_ragged *out)
{
	const heed__part part = {ids, count};

	return heed__parts_join(&part, 1, &x->memory, out);
}

static heed_code read_source(heed__explaining *x, heed__sequence *text)
{
	const int marks = x->model->family->task == HEED_TASK_TRANSLATE ? 1 : 0;
	const heed_code code =
		heed__explain_side_of(x, x->trained->source, text->ids + 1, text->count + marks, &x->source);

	return code == HEED_OK && !ragged(x, x->source.ids, x->source.count, &x->batch.source) ? HEED_E_MEMORY
											       : code;
}

static heed_code read_input(heed__explaining *x, heed__sequence *text)
{
	heed_ragged targets;
	heed_code code;

	text->ids[0] = heed_model_first(x->model);
	code = heed__explain_side_of(x, x->trained->target, text->ids, text->count + 1, &x->input);
	if (code != HEED_OK)
		return code;
	if (!ragged(x, x->input.ids, x->input.count, &x->batch.input) ||
	    !ragged(x, text->ids + 1, x->input.count, &targets))
		return HEED_E_MEMORY;
	x->batch.targets = targets.ids;
	return HEED_OK;
}

static heed_code read_target(heed__explaining *x)
{
	heed__sequence text;
	heed_code code = x->shown.target == NULL ? translate(x) : HEED_OK;

	if (code != HEED_OK || x->shown.target == NULL)
		return code;
	code = read_text(x, x->target_coder, x->shown.target, &text);
	return code == HEED_OK ? read_input(x, &text) : code;
}

static heed_code read_texts(heed__explaining *x)
{
	heed__sequence text;
	heed_code code = read_text(x, x->source_coder, x->shown.text, &text);

	if (code == HEED_OK && text.count == 0)
		return heed__error(x->ctx, HEED_E_TEXT, "explain: the text has no tokens");
	if (code != HEED_OK)
		return code;
	if (x->model->family->task == HEED_TASK_GENERATE)
		return read_input(x, &text);
	code = read_source(x, &text);
	return code == HEED_OK && x->model->family->task == HEED_TASK_TRANSLATE ? read_target(x) : code;
}

/* --- the steps --- */

void heed__explain_tokens(heed__explaining *x, const heed__explain_side *side, const char *name,
			  const char *title, const char *what)
{
	static const char *const columns[] = {"place", "id"};
	heed_explain_table *t;

	heed__explain_step(x, name, title, NULL, what);
	t = heed__explain_table(x, "tokens", "tokens", side->count, 2);
	if (t == NULL)
		return;
	t->row_labels = side->labels;
	t->col_labels = columns;
	t->whole = 2;
	for (int i = 0; i < side->count; i++) {
		heed__explain_values(t)[2 * i] = (float)i;
		heed__explain_values(t)[2 * i + 1] = (float)side->ids[i];
	}
}

static bool has_layer(const heed__explaining *x, const char *stack, int layer)
{
	static const char *const ends[] = {".self", ".cross"};
	heed_weights w;
	char name[48];

	snprintf(name, sizeof name, "%s%d", stack, layer);
	if (heed_tape_find(x->tape, name) != NULL)
		return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(name, sizeof name, "%s%d%s", stack, layer, ends[i]);
		if (heed__explain_find_weights(x, name, &w))
			return true;
	}
	return false;
}

void heed__explain_stack(heed__explaining *x, const char *stack, const heed__explain_side *rows,
			 const char *last)
{
	const bool recurrent = heed_field_find(x->model->family->fields, "cell") != NULL;
	const char *const name = heed__explain_say(x, "%s%d", stack, x->options.layer);
	const heed_tensor *const result = heed_tape_find(x->tape, last);
	int layers = 0;

	while (has_layer(x, stack, layers))
		layers++;
	if (name == NULL || layers == 0)
		return;
	x->layers = layers > x->layers ? layers : x->layers;
	if (x->options.layer < layers && recurrent)
		heed__explain_recurrent_layer(x, name, rows);
	else if (x->options.layer < layers)
		heed__explain_attention_layer(x, name, rows);
	if (result == NULL || result == heed_tape_find(x->tape, name))
		return;
	heed__explain_step(x, last, heed__explain_say(x, "What the last layer of \"%s\" gives", stack), NULL,
			   "One vector for each token, which knows of those that the layers looked at.");
	heed__explain_tensor(x, last, last, last, rows);
}

static void explain_source(heed__explaining *x)
{
	heed__explain_tokens(x, &x->source, "source", "The text as tokens",
			     "The text is cut into pieces; each is known to the model by its number.");
	heed__explain_embeddings(x, &x->source, false,
				 heed_tape_find(x->tape, "source") != NULL ? "source" : "input");
	heed__explain_stack(x, "enc", &x->source, "memory");
}

static void explain_input(heed__explaining *x)
{
	const bool translates = x->model->family->task == HEED_TASK_TRANSLATE;

	heed__explain_tokens(
		x, &x->input, "input", translates ? "The translation so far as tokens" : "The text as tokens",
		translates ? "The decoder reads a mark for the start and then what has been said."
			   : "A mark for the start stands before the text, which is cut into pieces; "
			     "each is known to the model by its number.");
	heed__explain_embeddings(x, &x->input, translates, "input");
	heed__explain_window(x);
	heed__explain_hidden(x, &x->input);
	heed__explain_stack(x, "rnn", &x->input, "states");
	heed__explain_stack(x, "dec", &x->input, "states");
}

static heed_code explain_classes(heed__explaining *x)
{
	const heed_tensor *const scores = x->model->family->classify(x->model, x->tape, &x->batch);

	if (scores == NULL)
		return heed_tape_code(x->tape);
	explain_source(x);
	heed__explain_stack(x, "rnn", &x->source, "states");
	heed__explain_pooling(x);
	return heed__explain_labels(x, scores);
}

static heed_code explain_network(heed__explaining *x)
{
	x->tape = heed_tape_new(x->ctx, HEED_TAPE_WEIGHTS);
	if (x->tape == NULL)
		return HEED_E_MEMORY;
	if (x->model->family->classify != NULL)
		return explain_classes(x);
	if (x->model->family->loss(x->model, x->tape, &x->batch, NULL) == NULL)
		return heed_tape_code(x->tape);
	if (x->source.count > 0)
		explain_source(x);
	explain_input(x);
	return heed__explain_next(x);
}

/* Whether the layer and the head were there. */
static heed_code check_choice(const heed__explaining *x)
{
	const heed_explain_options *const o = &x->options;
	const char *const family = x->model->family->name;

	if (o->layer > 0 && x->layers == 0)
		return heed__error(x->ctx, HEED_E_ARGUMENT,
				   "explain: layer %d; of the family %s there are none to choose from",
				   o->layer, family);
	if (o->head > 0 && x->heads == 0)
		return heed__error(x->ctx, HEED_E_ARGUMENT,
				   "explain: head %d; of the family %s there are none to choose from",
				   o->head, family);
	if (x->layers > 0 && o->layer >= x->layers)
		return heed__error(x->ctx, HEED_E_ARGUMENT, "explain: layer %d; expected 0 to %d", o->layer,
				   x->layers - 1);
	if (x->heads > 0 && o->head >= x->heads)
		return heed__error(x->ctx, HEED_E_ARGUMENT, "explain: head %d; expected 0 to %d", o->head,
				   x->heads - 1);
	return HEED_OK;
}

static heed_code explain(heed__explaining *x)
{
	heed_code code;

	x->source_coder = heed_coder_new(x->ctx, x->trained->source);
	x->target_coder = heed_coder_new(x->ctx, x->trained->target);
	if (x->source_coder == NULL || x->target_coder == NULL || heed__explain_code(x) != HEED_OK)
		return HEED_E_MEMORY;
	code = read_texts(x);
	if (code != HEED_OK)
		return code;
	if (x->model->packed != NULL)
		code = heed__explain_ngram(x);
	else if (x->model->family->task == HEED_TASK_EMBED)
		code = heed__explain_words_alone(x);
	else
		code = explain_network(x);
	if (code == HEED_OK)
		code = heed__explain_code(x);
	return code == HEED_OK ? check_choice(x) : code;
}

heed_explanation *heed_explain(const heed_trained *trained, const char *text, const char *target,
			       const heed_explain_options *options)
{
	const heed_explain_options o = options != NULL ? *options : heed_explain_defaults();
	heed__explaining *x;
	heed_code code;

	if (check(trained, target, &o) != HEED_OK || (x = heed__calloc(trained->ctx, 1, sizeof *x)) == NULL)
		return NULL;
	x->ctx = trained->ctx;
	x->trained = trained;
	x->model = trained->model;
	x->options = o;
	heed__arena_init(&x->memory, x->ctx, false);
	x->shown.family = heed__explain_say(x, "%s", x->model->family->name);
	x->shown.text = heed__explain_say(x, "%s", text);
	x->shown.target = target != NULL ? heed__explain_say(x, "%s", target) : NULL;
	code = explain(x);
	heed_tape_free(x->tape);
	heed_coder_free(x->source_coder);
	heed_coder_free(x->target_coder);
	if (code == HEED_OK)
		return &x->shown;
	heed_explanation_free(&x->shown);
	return NULL;
}

void heed_explanation_free(heed_explanation *e)
{
	heed__explaining *const x = (heed__explaining *)(void *)e;

	if (e == NULL)
		return;
	heed__arena_release(&x->memory);
	heed__free(x->ctx, x);
}
