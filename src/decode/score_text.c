/* Scores of lines and of whole texts under a language model, by its loss. */
#include "heed/score.h"

#include "decode/sequences.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum { PARTS = 10 }; /* of a stream, read side by side */

struct heed_scorer {
	heed_ctx *ctx;
	const heed_trained *trained; /* borrowed */
	heed_score_options options;
	int longest; /* tokens that the model reads at a time */
	heed_coder *coder;
	heed_tape *tape;
	heed__arena call, batch; /* memory until the next call, the next batch */
};

static const heed_field fields[] = {
	{"batch-tokens", HEED_INT(heed_score_options, batch_tokens), .min = 1, .max = 1 << 24},
	{0},
};

heed_score_options heed_score_defaults(void)
{
	return (heed_score_options){.batch_tokens = 4096};
}

heed_scorer *heed_scorer_new(const heed_trained *trained, const heed_score_options *options)
{
	heed_ctx *const ctx = trained->ctx;
	const heed_score_options o = options != NULL ? *options : heed_score_defaults();
	const int longest = heed__model_longest(trained->model);
	heed_scorer *s;

	if (heed__need_task(trained, HEED_TASK_GENERATE, "scoring of text") != HEED_OK ||
	    heed_fields_check(ctx, fields, &o) != HEED_OK || (s = heed__calloc(ctx, 1, sizeof *s)) == NULL)
		return NULL;
	s->ctx = ctx;
	s->trained = trained;
	s->options = o;
	s->longest = longest > 0 ? longest : 1 << 20;
	heed__arena_init(&s->call, ctx, false);
	heed__arena_init(&s->batch, ctx, false);
	s->coder = heed_coder_new(ctx, trained->target);
	s->tape = heed_tape_new(ctx, 0);
	if (s->coder == NULL || s->tape == NULL) {
		heed_scorer_free(s);
		return NULL;
	}
	return s;
}

void heed_scorer_free(heed_scorer *s)
{
	if (s == NULL)
		return;
	heed_tape_free(s->tape);
	heed_coder_free(s->coder);
	heed__arena_release(&s->batch);
	heed__arena_release(&s->call);
	heed__free(s->ctx, s);
}

/* -log p of every target of the batch, in s->batch. NULL: error in the context. */
static const float *nll_of(heed_scorer *s, const heed_batch *batch)
{
	const heed_model *const m = s->trained->model;
	float *const nll =
		heed__arena_alloc(&s->batch, (size_t)heed_spans_rows(batch->input.spans) * sizeof *nll);

	if (heed_interrupted(s->ctx)) {
		heed__error(s->ctx, HEED_E_INTERRUPTED, "scoring: interrupted");
		return NULL;
	}
	if (nll == NULL)
		return NULL;
	heed_tape_reset(s->tape, 0);
	m->family->loss(m, s->tape, batch, nll);
	return heed_tape_code(s->tape) == HEED_OK ? nll : NULL;
}

/* Adds the n values up; a token without a number is an error. */
static heed_code add_logp(const heed_scorer *s, const float *nll, int n, double *logp)
{
	for (int i = 0; i < n; i++) {
		if (isnan(nll[i]))
			return heed__error(s->ctx, HEED_E_NONFINITE,
					   "scoring: the probability of a token is not a number");
		*logp -= (double)nll[i];
	}
	return HEED_OK;
}

/* --- lines --- */

/* Tokens [at, at + count) of a line are read, those one further are predicted. */
typedef struct piece {
	const heed__sequence *line;
	heed_line_score *score;
	int at, count;
} piece;

static heed_code score_batch(heed_scorer *s, const piece *pieces, const heed__job *jobs, int count)
{
	heed__part *const parts = heed__arena_alloc(&s->batch, (size_t)count * sizeof *parts);
	heed_ragged said = {0};
	heed_batch batch = {0};
	const float *nll;
	heed_code code = HEED_OK;

	if (parts == NULL)
		return HEED_E_MEMORY;
	for (int ahead = 0; ahead < 2; ahead++) {
		for (int i = 0; i < count; i++) {
			const piece *const p = &pieces[jobs[i].index];

			parts[i] = (heed__part){p->line->ids + p->at + ahead, p->count};
		}
		if (!heed__parts_join(parts, count, &s->batch, ahead ? &said : &batch.input))
			return HEED_E_MEMORY;
	}
	batch.targets = said.ids;
	nll = nll_of(s, &batch);
	if (nll == NULL)
		return heed_error_code(s->ctx);
	for (int i = 0; i < count && code == HEED_OK; i++)
		code = add_logp(s, nll + said.spans.start[i], parts[i].count,
				&pieces[jobs[i].index].score->logp);
	return code;
}

static heed_code score_pieces(heed_scorer *s, const piece *pieces, size_t count)
{
	heed__job *const jobs = heed__arena_alloc(&s->call, count * sizeof *jobs);
	heed_code code = HEED_OK;

	if (jobs == NULL)
		return HEED_E_MEMORY;
	for (size_t i = 0; i < count; i++)
		jobs[i] = (heed__job){pieces[i].count, i};
	heed__jobs_sort(jobs, count);
	for (size_t done = 0; done < count && code == HEED_OK;) {
		const int n = heed__jobs_batch(jobs + done, count - done, INT32_MAX, s->options.batch_tokens);

		heed__arena_reset(&s->batch);
		code = score_batch(s, pieces, jobs + done, n);
		done += (size_t)n;
	}
	return code;
}

static heed_code read_line(heed_scorer *s, const heed_line *in, size_t index, heed__sequence *x,
			   heed_line_score *score)
{
	const heed_code code =
		heed__sequence_read(s->coder, in->text, in->len, INT32_MAX - 2, false, &s->call, x);

	if (code != HEED_OK)
		return code;
	x->ids[0] = heed_model_first(s->trained->model);
	*score = (heed_line_score){.tokens = x->count + 1, .cut = x->count + 1 > s->longest};
	for (int i = 1; i <= x->count; i++)
		score->unknown += x->ids[i] == HEED_UNK_ID;
	if (score->cut && s->options.strict)
		return heed__error(s->ctx, HEED_E_TEXT, "scoring: line %zu has more than %d tokens",
				   index + 1, s->longest - 1);
	return HEED_OK;
}

heed_code heed_score_lines(heed_scorer *s, const heed_line *lines, size_t count, heed_line_score *scores)
{
	heed__sequence *sequences;
	piece *pieces;
	size_t n = 0, at = 0;
	heed_code code = HEED_OK;

	heed__arena_reset(&s->call);
	if (count == 0)
		return HEED_OK;
	if (count > SIZE_MAX / sizeof *sequences)
		return heed__error(s->ctx, HEED_E_MEMORY, "scoring: %zu lines", count);
	sequences = heed__arena_alloc(&s->call, count * sizeof *sequences);
	if (sequences == NULL)
		return HEED_E_MEMORY;
	for (size_t i = 0; i < count && code == HEED_OK; i++) {
		code = read_line(s, &lines[i], i, &sequences[i], &scores[i]);
		n += ((size_t)sequences[i].count + (size_t)s->longest) / (size_t)s->longest;
	}
	if (code != HEED_OK)
		return code;
	pieces = heed__arena_alloc(&s->call, n * sizeof *pieces);
	if (pieces == NULL)
		return HEED_E_MEMORY;
	for (size_t i = 0; i < count; i++)
		for (int from = 0; from <= sequences[i].count; from += s->longest) {
			const int left = sequences[i].count + 1 - from;

			pieces[at++] = (piece){&sequences[i], &scores[i], from,
					       left < s->longest ? left : s->longest};
		}
	return score_pieces(s, pieces, n);
}

/* --- whole texts --- */

static void count_words(const char *text, size_t len, heed_text_score *score)
{
	bool inside = false;

	for (size_t i = 0; i < len; i++) {
		const bool space = text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r');

		score->words += !space && !inside;
		inside = !space;
	}
	score->words++;
	score->characters += (int64_t)heed__utf8_count(text, len) + 1;
	score->lines++;
}

static void count_all(const heed_examples *text, heed_text_score *score)
{
	*score = (heed_text_score){0};
	for (int64_t i = 0; i < heed_examples_count(text); i++) {
		size_t len;
		const char *const line = heed_examples_text(text, i, false, &len);

		count_words(line, len, score);
	}
}

typedef struct telling {
	heed_score_tell_fn *tell; /* may be NULL */
	void *user;
} telling;

static void tell(const telling *t, int64_t done, int64_t all)
{
	if (t->tell != NULL)
		t->tell(t->user, (double)done / (double)all);
}

static heed_code score_as_lines(heed_scorer *s, const heed_examples *text, const telling *t,
				heed_text_score *score)
{
	enum { WINDOW = 1024 }; /* lines that are sorted by length together */
	static const heed_line none;
	heed_line lines[WINDOW] = {none};
	heed_line_score scores[WINDOW];
	const int64_t all = heed_examples_count(text);
	heed_code code = HEED_OK;

	for (int64_t first = 0; first < all && code == HEED_OK; first += WINDOW) {
		const int n = all - first < WINDOW ? (int)(all - first) : WINDOW;

		for (int i = 0; i < n; i++)
			lines[i].text = heed_examples_text(text, first + i, false, &lines[i].len);
		code = heed_score_lines(s, lines, (size_t)n, scores);
		for (int i = 0; i < n && code == HEED_OK; i++) {
			score->logp += scores[i].logp;
			score->tokens += scores[i].tokens;
			score->unknown += scores[i].unknown;
			if (scores[i].cut && score->cut++ == 0)
				score->first_cut = first + i;
		}
		tell(t, first + n, all);
	}
	return code;
}

static heed_code score_dataset(heed_scorer *s, heed_dataset *d, float *carry, const telling *t,
			       heed_text_score *score)
{
	heed_code code = HEED_OK;

	for (int i = 0; i < heed_dataset_batches(d) && code == HEED_OK; i++) {
		const float *nll = NULL;
		heed_batch batch;
		int rows;

		heed__arena_reset(&s->batch);
		code = heed_dataset_batch(d, i, &batch);
		if (code != HEED_OK)
			break;
		batch.carry = carry;
		rows = heed_spans_rows(batch.input.spans);
		nll = nll_of(s, &batch);
		code = nll != NULL ? add_logp(s, nll, rows, &score->logp) : heed_error_code(s->ctx);
		score->tokens += rows;
		for (int r = 0; r < rows; r++)
			score->unknown += batch.targets[r] == HEED_UNK_ID;
		tell(t, i + 1, heed_dataset_batches(d));
	}
	return code;
}

static heed_code score_as_stream(heed_scorer *s, const heed_examples *text, heed_form form, int window,
				 const telling *t, heed_text_score *score)
{
	const heed_model *const m = s->trained->model;
	const int carry = form == HEED_FORM_STREAM && m->family->carry != NULL ? m->family->carry(m) : 0;
	const int64_t parts = (int64_t)PARTS * window;
	heed_dataset_options o = {.form = form,
				  .window = window,
				  .batch_tokens = s->options.batch_tokens,
				  .max_length = s->longest,
				  .in_order = true};
	heed_dataset *d = NULL;
	float *memory = NULL;
	heed_code code;

	if (form == HEED_FORM_STREAM)
		o.batch_tokens = parts < INT32_MAX ? (int)parts : INT32_MAX;
	code = heed_dataset_new(text, s->trained->target, s->trained->target, &o, &d);
	if (code == HEED_OK && carry > 0) {
		memory = heed__calloc(s->ctx, (size_t)heed_dataset_sequences(d),
				      (size_t)carry * sizeof *memory);
		code = memory != NULL ? HEED_OK : HEED_E_MEMORY;
	}
	if (code == HEED_OK)
		code = score_dataset(s, d, memory, t, score);
	heed__free(s->ctx, memory);
	heed_dataset_free(d);
	return code;
}

heed_code heed_score_text(heed_scorer *s, const heed_examples *text, heed_score_tell_fn *tell_fn, void *user,
			  heed_text_score *score)
{
	const heed_model *const m = s->trained->model;
	const telling t = {tell_fn, user};
	int window;
	const heed_form form = heed_model_form(m->family, m->config, &window);

	count_all(text, score);
	return form == HEED_FORM_LINES ? score_as_lines(s, text, &t, score)
				       : score_as_stream(s, text, form, window, &t, score);
}
