#include "decode/search.h"

#include "base/philox.h"

#include <math.h>
#include <string.h>

typedef struct node {
	int token, parent;
	float logp;
} node;

/* A running hypothesis, and the row of the model's state that continues it. */
typedef struct hypothesis {
	double score;
	int token, parent;
	float logp;
	int sample;
} hypothesis;

/* What is known of an input. Its rows are [first, first + rows); none: it is done. */
typedef struct line {
	int first, rows, next; /* next: hypotheses after this step */
	int found;
} line;

struct heed__search {
	heed_ctx *ctx;
	heed__search_options options;
	int most_rows, most_steps, most_lines; /* what there is memory for */
	heed_state *state;
	node *tree;            /* [most_steps, most_rows] */
	double *score;         /* [most_rows] of the running hypotheses */
	int *tokens, *parents; /* [most_rows] */
	int *samples;          /* [most_rows] which sample each row is */
	line *lines;           /* [most_lines] */
	heed__found *found;    /* [most_lines, width] best first */
	hypothesis *next;      /* [most_lines, width] */
	heed__choice *choices; /* [most_lines, 2 width] */
	bool *failed;          /* [most_lines] the model's scores were no numbers */
	/* of the search at work */
	const heed__search_line *input;
	int count, step, rows, vocab;
	const float *z; /* [rows, vocab] */
};

heed__search *heed__search_new(heed_ctx *ctx, const heed__search_options *options)
{
	heed__search *const s = heed__calloc(ctx, 1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->ctx = ctx;
	s->options = *options;
	return s;
}

static void release(heed__search *s)
{
	heed_state_free(s->state);
	heed__free(s->ctx, s->tree);
	heed__free(s->ctx, s->score);
	heed__free(s->ctx, s->tokens);
	heed__free(s->ctx, s->lines);
	heed__free(s->ctx, s->found);
	heed__free(s->ctx, s->next);
	heed__free(s->ctx, s->choices);
	heed__free(s->ctx, s->failed);
	*s = (heed__search){.ctx = s->ctx, .options = s->options};
}

void heed__search_free(heed__search *s)
{
	if (s == NULL)
		return;
	release(s);
	heed__free(s->ctx, s);
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

/* Memory for so many lines and steps; it only grows. */
static heed_code reserve(heed__search *s, int lines, int steps)
{
	const int width = s->options.width;
	size_t rows, nodes;

	if (lines <= s->most_lines && steps <= s->most_steps)
		return HEED_OK;
	lines = larger(lines, s->most_lines);
	steps = larger((steps + 31) / 32 * 32, s->most_steps);
	release(s);
	rows = (size_t)lines * (size_t)width;
	if (rows > INT32_MAX || !heed__mul(rows, (size_t)steps, &nodes))
		return heed__error(s->ctx, HEED_E_MEMORY,
				   "decoding: %d inputs with %d hypotheses of %d tokens each", lines, width,
				   steps);
	s->state = heed_state_new(s->ctx, (int)rows, steps);
	s->tree = heed__realloc_array(s->ctx, NULL, nodes, sizeof *s->tree);
	s->score = heed__calloc(s->ctx, rows, sizeof *s->score);
	s->tokens = heed__calloc(s->ctx, rows, 3 * sizeof *s->tokens);
	s->lines = heed__calloc(s->ctx, (size_t)lines, sizeof *s->lines);
	s->found = heed__calloc(s->ctx, rows, sizeof *s->found);
	s->next = heed__calloc(s->ctx, rows, sizeof *s->next);
	s->choices = heed__calloc(s->ctx, rows, 2 * sizeof *s->choices);
	s->failed = heed__calloc(s->ctx, (size_t)lines, sizeof *s->failed);
	if (s->state == NULL || s->tree == NULL || s->score == NULL || s->tokens == NULL ||
	    s->lines == NULL || s->found == NULL || s->next == NULL || s->choices == NULL ||
	    s->failed == NULL) {
		release(s);
		return HEED_E_MEMORY;
	}
	s->parents = s->tokens + rows;
	s->samples = s->parents + rows;
	s->most_rows = (int)rows;
	s->most_steps = steps;
	s->most_lines = lines;
	return HEED_OK;
}

const heed__found *heed__search_found(const heed__search *s, int l, int *count)
{
	*count = s->lines[l].found;
	return s->found + (size_t)l * (size_t)s->options.width;
}

void heed__search_path(const heed__search *s, const heed__found *found, int *ids, float *logp)
{
	int row = found->row;

	ids[found->count - 1] = found->last;
	logp[found->count - 1] = found->last_logp;
	for (int t = found->count - 2; t >= 0; t--) {
		const node *const n = &s->tree[(size_t)t * (size_t)s->most_rows + (size_t)row];

		ids[t] = n->token;
		logp[t] = n->logp;
		row = n->parent;
	}
}

/* Keeps the best `width` of what ended, equal ones in the order in which they came. */
static void end_with(heed__search *s, int l, const hypothesis *h)
{
	const int width = s->options.width, count = s->step + 1;
	heed__found *const found = s->found + (size_t)l * (size_t)width;
	const double ranked = h->score / pow(count, s->options.length_penalty);
	int at = s->lines[l].found;

	if (at == width && !(ranked > found[width - 1].ranked))
		return;
	if (at < width)
		s->lines[l].found++;
	else
		at--;
	for (; at > 0 && ranked > found[at - 1].ranked; at--)
		found[at] = found[at - 1];
	found[at] = (heed__found){.score = h->score,
				  .ranked = ranked,
				  .count = count,
				  .row = h->parent,
				  .last = h->token,
				  .last_logp = h->logp,
				  .finished = h->token == HEED_EOS_ID};
}

static bool at_limit(const heed__search *s, int l)
{
	return s->step + 1 == s->input[l].limit;
}

/* Ends the hypothesis or lets it go on. */
static void follow(heed__search *s, int l, const hypothesis *h)
{
	if (h->token == HEED_EOS_ID || at_limit(s, l))
		end_with(s, l, h);
	else
		s->next[(size_t)l * (size_t)s->options.width + (size_t)s->lines[l].next++] = *h;
}

static const float *row_scores(const heed__search *s, int row)
{
	return s->z + (size_t)row * (size_t)s->vocab;
}

static double lse_of(heed__search *s, int l, int row)
{
	double lse = 0;

	if (!heed__choice_lse(heed__ctx_kernels(s->ctx), row_scores(s, row), s->vocab, &lse))
		s->failed[l] = true;
	return lse;
}

static hypothesis continued(const heed__search *s, int row, int token, double lse)
{
	const float logp = (float)((double)row_scores(s, row)[token] - lse);

	return (hypothesis){s->score[row] + (double)logp, token, row, logp, s->samples[row]};
}

/* The prefix, of which there is one hypothesis. */
static void force(heed__search *s, int l)
{
	const int row = s->lines[l].first;
	const int token = s->input[l].prefix[s->step];

	s->next[(size_t)l * (size_t)s->options.width] = continued(s, row, token, lse_of(s, l, row));
	s->lines[l].next = 1;
}

static void extend_beam(heed__search *s, int l)
{
	const int width = s->options.width;
	line *const x = &s->lines[l];
	heed__choices c = {s->choices + (size_t)l * 2 * (size_t)width, 0, 2 * width};

	for (int r = x->first; r < x->first + x->rows; r++)
		heed__choices_offer(&c, row_scores(s, r), s->vocab, lse_of(s, l, r), r, s->score[r]);
	heed__choices_sort(&c);
	for (int i = 0; i < c.count && x->next < width; i++) {
		const heed__choice *const y = &c.items[i];

		if (i < width || y->token != HEED_EOS_ID)
			follow(s, l, &(hypothesis){y->score, y->token, y->row, y->logp, 0});
	}
}

/* Whether those that run can add nothing to what was found. */
static bool is_done(const heed__search *s, int l)
{
	const int width = s->options.width;
	const line *const x = &s->lines[l];
	const heed__found *const worst = s->found + ((size_t)l + 1) * (size_t)width - 1;

	if (x->next == 0)
		return true;
	if (s->options.sample || x->found < width)
		return false;
	return worst->ranked >=
	       s->next[(size_t)l * (size_t)width].score / pow(s->step + 1, s->options.length_penalty);
}

static void draw(heed__search *s, int l, int row, int sample, int thread)
{
	heed__rng rng = {.seed = heed_ctx_seed(s->ctx),
			 .index = (uint64_t)s->input[l].number,
			 .stream = HEED__STREAM_SAMPLE | (uint32_t)sample << 8,
			 .step = (uint32_t)s->step};
	const double lse = lse_of(s, l, row);
	hypothesis h;
	int token;

	if (s->failed[l])
		return;
	token = heed__sample(heed__ctx_kernels(s->ctx), &s->options.sampling, row_scores(s, row), s->vocab,
			     heed__rng_uniform(&rng), heed__scratch_thread(s->ctx, thread));
	h = continued(s, row, token, lse);
	h.sample = sample;
	follow(s, l, &h);
}

/* The one row after the prefix becomes as many as there are samples. */
static void extend_samples(heed__search *s, int l, int thread)
{
	const line *const x = &s->lines[l];

	if (s->step == s->input[l].prefix_count)
		for (int i = 0; i < s->options.width; i++)
			draw(s, l, x->first, i, thread);
	else
		for (int r = x->first; r < x->first + x->rows; r++)
			draw(s, l, r, s->samples[r], thread);
}

static void extend(void *arg, int l, int thread)
{
	heed__search *const s = arg;
	line *const x = &s->lines[l];

	x->next = 0;
	if (x->rows == 0)
		return;
	if (s->step < s->input[l].prefix_count)
		force(s, l);
	else if (s->options.sample)
		extend_samples(s, l, thread);
	else
		extend_beam(s, l);
	if (s->step >= s->input[l].prefix_count && is_done(s, l))
		x->next = 0;
}

/* Packs the rows of what goes on, and writes the tree. */
static heed_code pack(heed__search *s, const heed_model *model)
{
	node *const nodes = s->tree + (size_t)s->step * (size_t)s->most_rows;

	s->rows = 0;
	for (int l = 0; l < s->count; l++) {
		line *const x = &s->lines[l];

		if (s->failed[l])
			return heed__error(s->ctx, HEED_E_NONFINITE,
					   "decoding: the scores of token %d are no finite numbers",
					   s->step + 1);
		x->first = s->rows;
		x->rows = x->next;
		for (int i = 0; i < x->next; i++, s->rows++) {
			const hypothesis *const h =
				&s->next[(size_t)l * (size_t)s->options.width + (size_t)i];

			nodes[s->rows] = (node){h->token, h->parent, h->logp};
			s->tokens[s->rows] = h->token;
			s->parents[s->rows] = h->parent;
			s->samples[s->rows] = h->sample;
			s->score[s->rows] = h->score;
		}
	}
	return s->rows > 0 ? heed_model_reorder(model, s->state, s->parents, s->rows) : HEED_OK;
}

static heed_code take_step(heed__search *s, const heed_model *model, heed_tape *tape)
{
	const heed_tensor *z;

	if (heed_interrupted(s->ctx))
		return heed__error(s->ctx, HEED_E_INTERRUPTED, "decoding: interrupted");
	heed_tape_reset(tape, (uint32_t)s->step);
	z = heed_model_step(model, tape, s->state, s->tokens);
	if (z == NULL)
		return heed_error_code(s->ctx);
	s->z = z->data;
	s->vocab = z->dim[1];
	if (s->options.sample && !heed__scratch_reserve(s->ctx, heed__sample_scratch(s->vocab)))
		return HEED_E_MEMORY;
	heed__parallel(s->ctx, s->count, extend, s);
	return pack(s, model);
}

heed_code heed__search_run(heed__search *s, const heed_model *model, heed_tape *tape,
			   const heed_batch *source, const heed__search_line *input, int count)
{
	int steps = 1;
	heed_code code;

	for (int l = 0; l < count; l++)
		steps = larger(steps, input[l].limit);
	code = reserve(s, count, steps);
	if (code != HEED_OK)
		return code;
	heed_tape_reset(tape, 0);
	code = heed_model_start(model, tape, s->state, source);
	s->input = input;
	s->count = s->rows = count;
	for (int l = 0; l < count; l++) {
		s->lines[l] = (line){.first = l, .rows = 1};
		s->failed[l] = false;
		s->score[l] = 0;
		s->samples[l] = 0;
		s->tokens[l] = HEED_BOS_ID;
	}
	for (s->step = 0; code == HEED_OK && s->rows > 0; s->step++)
		code = take_step(s, model, tape);
	for (int l = 0; l < count && code == HEED_OK; l++)
		if (s->lines[l].found == 0)
			code = heed__error(s->ctx, HEED_E_NONFINITE,
					   "decoding: no token has a probability above zero");
	return code;
}
