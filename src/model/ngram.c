/* n-gram models: p(w_i | w_1 ... w_(i-1)) = p(w_i | the last order - 1 words), a distribution per context that was
 * seen, stored as it is; other contexts back off to their last words.
 *
 *	text -> ngram_count.c -> ngram_estimate.c -> ngram_trie.c: the packed form, which answers
 *
 * No word has the probability zero but under maximum likelihood, where it is taken for 10^-99. A token that was not
 * in the training text has unk's probability. */
#include "heed/ngram.h"
#include "model/ngram_trie.h"
#include "nn/state.h"
#include "tensor/tape.h"

#include <stdio.h>
#include <string.h>

#define LN10       2.302585092994045684
#define PRUNE_MOST 10000000u /* no threshold is so large */

typedef struct config {
	int order, smoothing;
	double k;
	const char *prune;
} config;

static const heed_field fields[] = {
	{"order", HEED_INT(config, order), .initial = "5", .min = 1, .max = HEED__NGRAM_ORDER_MAX,
	 .help = "words of the longest n-grams", .group = "Estimation"},
	{"smoothing", HEED_CHOICE(config, smoothing), .initial = "kneser-ney",
	 .choices = "kneser-ney add-k mle",
	 .help = "modified Kneser-Ney, interpolated; k added to all counts of the longest n-grams; or none"},
	{"k", HEED_FLOAT(config, k), .initial = "1", .min = 1e-9, .max = 1e9, .help = "what add-k adds"},
	{"prune", HEED_TEXT(config, prune), .initial = "0", .unit = "\"N ...\"",
	 .help = "n-grams of 1, 2, ... words seen at most so often are left out, as \"0 0 1\"; the last "
		 "number holds "
		 "for all longer ones"},
	{0},
};

#define SETTINGS(...)                                                                                        \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

/* One number of a text such as "0 0 1", behind spaces. False: there is none. */
static bool next_threshold(const char **text, uint32_t *value)
{
	const char *c = *text + strspn(*text, " ");
	const char *const first = c;

	*value = 0;
	for (; *c >= '0' && *c <= '9' && *value < PRUNE_MOST / 10; c++)
		*value = 10 * *value + (uint32_t)(*c - '0');
	*text = c;
	return c > first && (*c == ' ' || *c == '\0');
}

/* The thresholds for n-grams of 1, 2, ... words; the last number holds for all longer ones. */
static heed_code read_prune(heed_ctx *ctx, const char *text, int order, uint32_t *prune)
{
	const char *c = text;
	bool good = true;
	uint32_t value;
	int n = 0;

	while (good && c[strspn(c, " ")] != '\0') {
		good = n < order && next_threshold(&c, &value) && value >= prune[n];
		if (good)
			prune[++n] = value;
	}
	if (!good || n == 0)
		return heed__error(ctx, HEED_E_ARGUMENT,
				   "prune: expected 1 to %d numbers that do not fall, as in \"0 0 1\", found "
				   "\"%s\"",
				   order, text);
	for (; n < order; n++)
		prune[n + 1] = prune[n];
	return HEED_OK;
}

static heed_code recipe_of(const heed_model *m, heed__ngram_recipe *recipe)
{
	static const heed__ngram_smoothing smoothings[] = {HEED__NGRAM_KNESER_NEY, HEED__NGRAM_ADD_K,
							   HEED__NGRAM_MLE};
	const config *const c = m->config;

	*recipe = (heed__ngram_recipe){.order = c->order,
				       .vocab = m->target_vocab,
				       .smoothing = smoothings[c->smoothing],
				       .k = c->k};
	return read_prune(m->ctx, c->prune != NULL ? c->prune : "0", c->order, recipe->prune);
}

/* The setting as one writes it, in memory that lives as long as the model. */
static const char *prune_text(const heed_model *m, const heed__ngram_recipe *recipe)
{
	char text[10 * HEED__NGRAM_ORDER_MAX] = "";
	size_t used = 0;

	for (int n = 1; n <= recipe->order; n++)
		used += (size_t)snprintf(text + used, sizeof text - used, n > 1 ? " %u" : "%u",
					 recipe->prune[n]);
	return heed_params_text(m->params, "%s", text);
}

static heed_code init(heed_model *m)
{
	config *const c = m->config;
	heed__ngram_recipe recipe;
	heed_code code;

	if (m->target_vocab < HEED_SPECIAL_IDS)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "ngram: a vocabulary of %d; expected at least %d",
				   m->target_vocab, HEED_SPECIAL_IDS);
	code = recipe_of(m, &recipe);
	if (code != HEED_OK)
		return code;
	c->prune = prune_text(m, &recipe);
	m->parts = heed_params_alloc(m->params, sizeof(heed__ngram));
	return c->prune != NULL && m->parts != NULL ? HEED_OK : HEED_E_MEMORY;
}

static heed_code attach(heed_model *m)
{
	const config *const c = m->config;
	heed__ngram *const trie = m->parts;
	heed_code code = heed__ngram_open(m->ctx, m->packed, m->packed_size, trie);

	if (code == HEED_OK && (trie->order != c->order || trie->vocab != (uint32_t)m->target_vocab))
		code = heed__error(m->ctx, HEED_E_FORMAT,
				   "ngram: order %d and %u words, expected order %d and %d words",
				   trie->order, trie->vocab, c->order, m->target_vocab);
	if (code != HEED_OK)
		*trie = (heed__ngram){0};
	return code;
}

static bool goes_on(const heed_fit *text, double share, const char *news)
{
	return text->tell == NULL || text->tell(text->user, share, news);
}

static heed_code fit(heed_model *m, const heed_fit *text)
{
	heed__ngram_table table;
	heed__ngram_recipe recipe;
	void *bytes = NULL;
	size_t size;
	heed_code code = recipe_of(m, &recipe);

	if (code == HEED_OK)
		code = heed__ngram_count(m->ctx, &recipe, text, &table);
	if (code != HEED_OK)
		return code;
	if (!goes_on(text, 0.8, "estimating probabilities"))
		code = heed__error(m->ctx, HEED_E_INTERRUPTED, "ngram: stopped before the estimation");
	if (code == HEED_OK)
		code = heed__ngram_estimate(&table, &recipe);
	if (code == HEED_OK)
		code = heed__ngram_pack(&table, &bytes, &size);
	heed__ngram_table_release(&table);
	if (code != HEED_OK)
		return code;
	m->packed = bytes;
	m->packed_size = size;
	m->packed_borrowed = false;
	return attach(m);
}

/* The model's trie; NULL: it has not been estimated, which the tape then knows. */
static const heed__ngram *trie_of(const heed_model *m, heed_tape *tape)
{
	const heed__ngram *const trie = m->parts;

	if (trie->order > 0)
		return trie;
	heed__tape_fail(tape,
			heed__error(m->ctx, HEED_E_ARGUMENT, "ngram: the model has not been estimated"));
	return NULL;
}

#define SEQUENCES 64 /* that a thread takes at a time */

typedef struct scoring {
	const heed__ngram *trie;
	const heed_batch *batch;
	float *nll;
} scoring;

static void score_chunk(void *arg, int index, int thread)
{
	const scoring *const s = arg;
	const heed_ragged input = s->batch->input;
	const int first = index * SEQUENCES;
	const int end = input.spans.count - first < SEQUENCES ? input.spans.count : first + SEQUENCES;

	(void)thread;
	for (int i = first; i < end; i++) {
		const int from = input.spans.start[i], to = input.spans.start[i + 1];
		heed__ngram_context c;

		for (int row = from; row < to; row++) {
			/* A target is the next input, so the context has moved on already. */
			if (row == from || input.ids[row] != s->batch->targets[row - 1])
				c = heed__ngram_context_of(s->trie, input.ids + from, row - from + 1);
			s->nll[row] =
				(float)(-LN10 * heed__ngram_next(s->trie, &c,
								 (uint32_t)s->batch->targets[row], NULL));
		}
	}
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const int rows = heed_spans_rows(batch->input.spans);
	float *const number = heed__tape_alloc(tape, sizeof *number);
	float *const each = nll != NULL ? nll : heed__tape_alloc(tape, (size_t)rows * sizeof *each);
	const int64_t weight = batch->weight > 0 ? batch->weight : rows;
	scoring s = {.batch = batch, .nll = each};
	double sum = 0;

	if (heed__tape_planning(tape))
		return heed_leaf_matrix(tape, NULL, 1, 1);
	s.trie = trie_of(m, tape);
	if (s.trie == NULL || number == NULL || each == NULL)
		return NULL;
	heed__parallel(m->ctx, (batch->input.spans.count + SEQUENCES - 1) / SEQUENCES, score_chunk, &s);
	for (int i = 0; i < rows; i++)
		sum += (double)each[i];
	*number = weight > 0 ? (float)(sum / (double)weight) : 0;
	return heed_leaf_matrix(tape, number, 1, 1);
}

/* The logarithms of all words behind a context: first as if none of its n-grams were there, then those that are,
 * from the shortest on. */
static void fill_row(const heed__ngram *m, const heed__ngram_context *c, float *scores)
{
	const float unk = heed__ngram_prob(m, 1, HEED_UNK_ID);
	double weight = 0;

	for (int n = 1; n < m->order; n++)
		weight += heed__ngram_back_off(m, c, n);
	for (uint32_t w = 0; w < m->vocab; w++) {
		const float p = heed__ngram_prob(m, 1, w);

		scores[w] = (float)(LN10 * (weight + (double)(p > 0 ? unk : p)));
	}
	for (int n = 1; n < m->order && c->row[n] != HEED__NGRAM_NONE; n++) {
		const uint32_t end = heed__ngram_begin(m, n, c->row[n] + 1);

		weight -= heed__ngram_back_off(m, c, n);
		for (uint32_t i = heed__ngram_begin(m, n, c->row[n]); i < end; i++)
			scores[heed__ngram_word(m, n + 1, i)] =
				(float)(LN10 * (weight + (double)heed__ngram_prob(m, n + 1, i)));
	}
	scores[HEED_BOS_ID] = (float)(LN10 * (double)HEED__NGRAM_ZERO);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const heed__ngram *const trie = trie_of(m, tape);
	const size_t vocab = (size_t)m->target_vocab;
	float *const scores = heed__tape_alloc(tape, (size_t)state->rows * vocab * sizeof *scores);

	(void)tokens;
	if (trie == NULL || scores == NULL)
		return NULL;
	for (int r = 0; r < state->rows; r++) {
		const heed__ngram_context c =
			heed__ngram_context_of(trie, heed__state_tokens(state, r), state->step + 1);

		fill_row(trie, &c, scores + (size_t)r * vocab);
	}
	return heed_leaf_matrix(tape, scores, state->rows, m->target_vocab);
}

const heed_model_class heed__model_ngram = {
	.name = "ngram",
	.about = "n-gram model, estimated by counting (Chen and Goodman 1999)",
	.task = HEED_TASK_GENERATE,
	.config_size = sizeof(config),
	.fields = fields,
	.training = SETTINGS("tokenizer", "word", "vocab", "4194304", "min-count", "1"),
	.init = init,
	.loss = loss,
	.step = step,
	.fit = fit,
	.attach = attach,
};

static bool are_ids(const int *ids, int count, uint32_t vocab)
{
	for (int i = 0; i < count; i++)
		if (ids[i] < 0 || (uint32_t)ids[i] >= vocab)
			return false;
	return true;
}

heed_code heed_ngram_look_at(const heed_model *model, const int *context, int count, int word,
			     heed_ngram_look *look)
{
	const heed__ngram *const m = model->family == &heed__model_ngram ? model->parts : NULL;
	heed__ngram_context c;

	if (m == NULL || m->order == 0)
		return heed__error(model->ctx, HEED_E_ARGUMENT, "ngram: %s is no n-gram model with n-grams",
				   model->family->name);
	if (!are_ids(context, count, m->vocab) || !are_ids(&word, 1, m->vocab))
		return heed__error(model->ctx, HEED_E_ARGUMENT, "ngram: expected ids from 0 to %u",
				   m->vocab - 1);
	*look = (heed_ngram_look){.order = m->order};
	c = heed__ngram_context_of(m, context, count);
	for (uint32_t w = 0; w < m->vocab; w++)
		look->words[0] += w != HEED_BOS_ID && heed__ngram_prob(m, 1, w) <= 0;
	for (int n = 1; n < m->order; n++) {
		look->weight[n] = heed__ngram_back_off(m, &c, n);
		if (c.row[n] != HEED__NGRAM_NONE)
			look->words[n] =
				heed__ngram_begin(m, n, c.row[n] + 1) - heed__ngram_begin(m, n, c.row[n]);
	}
	look->total = look->prob = heed__ngram_next(m, &c, (uint32_t)word, &look->length);
	for (int n = look->length > 0 ? look->length : 1; n < m->order; n++)
		look->prob -= look->weight[n];
	return HEED_OK;
}
