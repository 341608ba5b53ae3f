/* Language models at work: prompts in, continuations out token by token.
 *
 * The rows of the model's state are the continuations that run. A prompt has one row until it is read; then that
 * row becomes as many as there are continuations. All rows are at the same place of their texts, so they reach the
 * model's limit together.
 *
 *	step s reads token s of each row's text: first, prompt[0], ..., prompt[n - 1], what is said ... */
#include "heed/generate.h"

#include "base/philox.h"
#include "base/strbuf.h"
#include "base/vector.h"
#include "decode/choice.h"
#include "decode/sequences.h"
#include "nn/state.h"

#include <string.h>

/* A prompt as first, ids[1..count]; in g->batch. */
typedef struct prompt {
	int *ids;
	int count;
	size_t index;
} prompt;

typedef struct row {
	int prompt;     /* in the batch */
	int sample;     /* -1: the prompt is being read */
	int said;       /* tokens of the continuation */
	int read, next; /* the row of the state it continues; the token that the model reads next */
	float logp;     /* of that token, when it was drawn */
	double score;
} row;

struct heed_generator {
	heed_ctx *ctx;
	const heed_trained *trained; /* borrowed */
	heed_generate_options options;
	bool stream;    /* eos is an end of line */
	int longest;    /* tokens that the model reads at a time; 0: any number */
	int most;       /* prompts of a batch */
	int64_t number; /* of the next prompt */
	heed_coder *coder;
	heed_coder **speakers; /* [speaker_count] the text of each continuation; made when they are needed */
	int speaker_count;
	heed_tape *tape;
	heed_state *state;
	int state_rows, state_steps;
	heed__arena batch; /* until the next batch */
	heed__str piece;
	/* of the batch at work */
	prompt *prompts;
	row *rows, *next_rows;           /* [most rows] */
	int *tokens, *parents, *nothing; /* [most rows]; [most rows + 1] zeros */
	bool *failed;                    /* [most rows] the model's scores were no numbers */
	int *recent;                     /* [most rows, longest / 2] */
	int row_count, at;               /* at: tokens that each row has read */
	const float *z;                  /* [row_count, vocab] */
	int vocab;
	heed_generate_fn *give;
	void *user;
};

static const heed_field fields[] = {
	{"max-tokens", HEED_INT(heed_generate_options, max_tokens), .min = 1,
	 .max = HEED_GENERATE_TOKENS_MAX},
	{"count", HEED_INT(heed_generate_options, count), .min = 1, .max = HEED_GENERATE_COUNT_MAX},
	{"temperature", HEED_FLOAT(heed_generate_options, temperature), .min = 0, .max = 100},
	{"top-k", HEED_INT(heed_generate_options, top_k), .min = 0, .max = HEED_VOCAB_MAX},
	{"top-p", HEED_FLOAT(heed_generate_options, top_p), .min = 1e-6, .max = 1},
	{"batch", HEED_INT(heed_generate_options, batch), .min = 1, .max = 1 << 16},
	{0},
};

heed_generate_options heed_generate_defaults(void)
{
	return (heed_generate_options){
		.max_tokens = 200, .count = 1, .temperature = 1, .top_p = 1, .batch = 64};
}

static heed_code check(const heed_trained *trained, const heed_generate_options *o)
{
	if (heed__need_task(trained, HEED_TASK_GENERATE, "generation") != HEED_OK ||
	    heed_fields_check(trained->ctx, fields, o) != HEED_OK)
		return heed_error_code(trained->ctx);
	return HEED_OK;
}

/* As many prompts as were asked for, unless the scores of all continuations, [rows, vocab], get too large. */
static int most_prompts(const heed_trained *trained, const heed_generate_options *o)
{
	const int64_t scores = 1 << 26; /* 256 MiB */
	const int64_t most = scores / ((int64_t)o->count * trained->model->target_vocab);

	return most < 1 ? 1 : most < o->batch ? (int)most : o->batch;
}

heed_generator *heed_generator_new(const heed_trained *trained, const heed_generate_options *options)
{
	heed_ctx *const ctx = trained->ctx;
	const heed_generate_options o = options != NULL ? *options : heed_generate_defaults();
	heed_generator *g;

	if (check(trained, &o) != HEED_OK || (g = heed__calloc(ctx, 1, sizeof *g)) == NULL)
		return NULL;
	g->ctx = ctx;
	g->trained = trained;
	g->options = o;
	g->stream = heed_model_first(trained->model) == HEED_EOS_ID;
	g->longest = heed__model_longest(trained->model);
	g->most = most_prompts(trained, &o);
	heed__arena_init(&g->batch, ctx, false);
	g->piece = heed__str_init(ctx, 0);
	g->coder = heed_coder_new(ctx, trained->target);
	g->tape = heed_tape_new(ctx, 0);
	if (g->coder == NULL || g->tape == NULL) {
		heed_generator_free(g);
		return NULL;
	}
	return g;
}

void heed_generator_free(heed_generator *g)
{
	if (g == NULL)
		return;
	for (int i = 0; i < g->speaker_count; i++)
		heed_coder_free(g->speakers[i]);
	heed__free(g->ctx, g->speakers);
	heed_state_free(g->state);
	heed_tape_free(g->tape);
	heed_coder_free(g->coder);
	heed__str_release(&g->piece);
	heed__arena_release(&g->batch);
	heed__free(g->ctx, g);
}

bool heed_generator_streams(const heed_generator *g)
{
	return g->stream;
}

void heed_generator_number(heed_generator *g, int64_t n)
{
	g->number = n;
}

/* --- prompts --- */

/* Adds the tokens of a line, and those of the end of the line before it. */
static heed_code read_line(heed_generator *g, const char *text, size_t len, bool first, heed__ints *ids)
{
	heed_encoding x;
	const heed_code code = heed_coder_encode(g->coder, text, len, &x);

	if (code != HEED_OK)
		return code;
	if (!HEED__RESERVE(g->ctx, ids, (size_t)x.count + 1))
		return HEED_E_MEMORY;
	if (!first)
		ids->data[ids->len++] = HEED_EOS_ID;
	if (x.count > 0)
		memcpy(ids->data + ids->len, x.ids, (size_t)x.count * sizeof *x.ids);
	ids->len += (size_t)x.count;
	return HEED_OK;
}

static heed_code read_lines(heed_generator *g, const heed_line *in, heed__ints *ids)
{
	const char *at = in->text, *const end = in->text + in->len;
	heed_code code = HEED_OK;

	for (bool first = true; code == HEED_OK; first = false) {
		const char *const stop = g->stream && at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

		code = read_line(g, at, (size_t)((stop != NULL ? stop : end) - at), first, ids);
		if (stop == NULL)
			break;
		at = stop + 1;
	}
	return code;
}

static heed_code read_prompt(heed_generator *g, const heed_line *in, prompt *out)
{
	heed__ints ids = {0};
	heed_code code = read_lines(g, in, &ids);
	size_t skip = 0;

	if (g->longest > 0 && ids.len >= (size_t)g->longest)
		skip = ids.len - (size_t)(g->longest / 2);
	out->count = (int)(ids.len - skip);
	out->ids = heed__arena_alloc(&g->batch, ((size_t)out->count + 1) * sizeof *out->ids);
	if (code == HEED_OK && out->ids == NULL)
		code = HEED_E_MEMORY;
	if (code == HEED_OK) {
		out->ids[0] =
			skip > 0 && g->stream ? ids.data[skip - 1] : heed_model_first(g->trained->model);
		if (out->count > 0)
			memcpy(out->ids + 1, ids.data + skip, (size_t)out->count * sizeof *out->ids);
	}
	HEED__VECTOR_RELEASE(g->ctx, &ids);
	return code;
}

/* --- what is said --- */

static heed_coder *speaker(const heed_generator *g, const row *x)
{
	return g->speakers[x->prompt * g->options.count + x->sample];
}

/* The text goes on where the prompt ends. */
static heed_code begin_text(const heed_generator *g, const row *x)
{
	const prompt *const p = &g->prompts[x->prompt];
	heed_coder *const coder = speaker(g, x);
	heed_code code = HEED_OK;

	heed_coder_decode_start(coder);
	for (int i = 1; i <= p->count && code == HEED_OK; i++) {
		const char *text;
		size_t len;

		if (p->ids[i] == HEED_EOS_ID)
			heed_coder_decode_start(coder);
		else
			code = heed_coder_decode_next(coder, p->ids[i], &text, &len);
	}
	return code;
}

static heed_code add_text(heed_generator *g, const row *x, int id)
{
	const char *text;
	size_t len;
	const heed_code code = heed_coder_decode_next(speaker(g, x), id, &text, &len);

	if (code == HEED_OK)
		heed__str_add(&g->piece, text, len);
	return code;
}

/* Gives what the row has just said. *last: it says nothing more. */
static heed_code say(heed_generator *g, row *x, bool *last)
{
	const bool line_ends = x->next == HEED_EOS_ID;
	const bool finished = line_ends && (!g->stream || g->options.one_line);
	heed_code code = x->said++ == 0 ? begin_text(g, x) : HEED_OK;

	x->score += (double)x->logp;
	*last = finished || x->said == g->options.max_tokens;
	heed__str_clear(&g->piece);
	if (code == HEED_OK)
		code = add_text(g, x, x->next);
	if (code == HEED_OK && *last && !line_ends)
		code = add_text(g, x, HEED_EOS_ID); /* gives up an unfinished character */
	if (line_ends && !finished) {
		heed__str_addc(&g->piece, '\n');
		heed_coder_decode_start(speaker(g, x));
	}
	if (code != HEED_OK || g->piece.failed)
		return code != HEED_OK ? code : HEED_E_MEMORY;
	return g->give(g->user, &(heed_generated){.index = g->prompts[x->prompt].index,
						  .sample = x->sample,
						  .id = x->next,
						  .logp = x->logp,
						  .tokens = x->said,
						  .score = x->score,
						  .last = *last,
						  .finished = finished,
						  .text = g->piece.data,
						  .len = g->piece.len});
}

/* --- choosing tokens --- */

static int most_probable(const float *z, int vocab, double lse)
{
	heed__choice best = {.token = HEED_EOS_ID};
	heed__choices c = {&best, 0, 1};

	heed__choices_offer(&c, z, vocab, lse, 0, 0);
	return best.token;
}

/* Chooses the token of next_rows[i]. */
static void choose(void *arg, int i, int thread)
{
	heed_generator *const g = arg;
	row *const x = &g->next_rows[i];
	const float *const z = g->z + (size_t)x->read * (size_t)g->vocab;
	const struct heed__kernels *const k = heed__ctx_kernels(g->ctx);
	const heed_generate_options *const o = &g->options;
	const heed__sampling sampling = {o->temperature, o->top_k, o->top_p};
	heed__rng rng = {.seed = heed_ctx_seed(g->ctx),
			 .index = (uint64_t)g->number + g->prompts[x->prompt].index,
			 .stream = HEED__STREAM_SAMPLE | (uint32_t)x->sample << 8,
			 .step = (uint32_t)x->said};
	double lse;

	g->failed[i] = false;
	if (x->sample < 0)
		return;
	g->failed[i] = !heed__choice_lse(k, z, g->vocab, &lse);
	if (g->failed[i])
		return;
	x->next = o->temperature > 0 ? heed__sample(k, &sampling, z, g->vocab, heed__rng_uniform(&rng),
						    heed__scratch_thread(g->ctx, thread))
				     : most_probable(z, g->vocab, lse);
	x->logp = (float)((double)z[x->next] - lse);
}

/* The rows that continue the present ones: those that still read go on reading, those that have read become
 * `count`. */
static int continue_rows(heed_generator *g)
{
	int count = 0;

	for (int r = 0; r < g->row_count; r++) {
		const prompt *const p = &g->prompts[g->rows[r].prompt];
		row x = g->rows[r];

		x.read = r;
		if (x.sample < 0 && g->at <= p->count) {
			x.next = p->ids[g->at];
			g->next_rows[count++] = x;
		} else if (x.sample < 0) {
			for (x.sample = 0; x.sample < g->options.count; x.sample++)
				g->next_rows[count++] = x;
		} else {
			g->next_rows[count++] = x;
		}
	}
	return count;
}

/* Says what was chosen, and makes the rows that go on the present ones. */
static heed_code take_rows(heed_generator *g, int count)
{
	bool moved = false;
	int kept = 0;

	for (int i = 0; i < count; i++) {
		row x = g->next_rows[i];
		bool last = false;

		if (g->failed[i])
			return heed__error(g->ctx, HEED_E_NONFINITE,
					   "generation: the scores of token %d are no finite numbers",
					   x.said + 1);
		if (x.sample >= 0) {
			const heed_code code = say(g, &x, &last);

			if (code != HEED_OK)
				return code;
		}
		if (last)
			continue;
		moved |= x.read != kept;
		g->parents[kept] = x.read;
		g->tokens[kept] = x.next;
		g->rows[kept++] = x;
	}
	moved |= kept != g->row_count;
	g->row_count = kept;
	return moved && kept > 0 ? heed_model_reorder(g->trained->model, g->state, g->parents, kept)
				 : HEED_OK;
}

/* --- the model --- */

static heed_code begin_state(heed_generator *g)
{
	const heed_batch nothing = {.source.spans = {g->row_count, g->nothing}};

	heed_tape_reset(g->tape, 0);
	return heed_model_start(g->trained->model, g->tape, g->state, &nothing);
}

static const heed_tensor *step(heed_generator *g, const int *tokens)
{
	if (heed_interrupted(g->ctx)) {
		heed__error(g->ctx, HEED_E_INTERRUPTED, "generation: interrupted");
		return NULL;
	}
	heed_tape_reset(g->tape, (uint32_t)g->state->step);
	return heed_model_step(g->trained->model, g->tape, g->state, tokens);
}

/* The state is full: a new one reads the newest half of what every row has read. */
static heed_code begin_anew(heed_generator *g)
{
	const int half = g->longest / 2;
	int *const column = g->parents; /* free between steps */
	heed_code code;

	for (int r = 0; r < g->row_count; r++) {
		int *const recent = g->recent + (size_t)r * (size_t)half;

		memcpy(recent, heed__state_tokens(g->state, r) + g->longest - half,
		       (size_t)half * sizeof *recent);
		if (half > 0 && !g->stream)
			recent[0] = HEED_BOS_ID;
	}
	code = begin_state(g);
	for (int s = 0; s < half && code == HEED_OK; s++) {
		for (int r = 0; r < g->row_count; r++)
			column[r] = g->recent[(size_t)r * (size_t)half + (size_t)s];
		if (step(g, column) == NULL)
			code = heed_error_code(g->ctx);
	}
	return code;
}

static heed_code take_step(heed_generator *g)
{
	const heed_tensor *z;
	heed_code code = HEED_OK;
	int count;

	if (g->longest > 0 && g->state->step == g->longest)
		code = begin_anew(g);
	if (code != HEED_OK)
		return code;
	z = step(g, g->tokens);
	if (z == NULL)
		return heed_error_code(g->ctx);
	g->z = z->data;
	g->vocab = z->dim[1];
	g->at++;
	if (!heed__scratch_reserve(g->ctx, heed__sample_scratch(g->vocab)))
		return HEED_E_MEMORY;
	count = continue_rows(g);
	heed__parallel(g->ctx, count, choose, g);
	return take_rows(g, count);
}

/* --- a batch --- */

static heed_code reserve_state(heed_generator *g, int rows, int64_t steps)
{
	if (g->longest > 0 && steps > g->longest)
		steps = g->longest;
	if (steps > INT32_MAX)
		return heed__error(g->ctx, HEED_E_MEMORY, "generation: a text of %lld tokens",
				   (long long)steps);
	if (rows <= g->state_rows && steps <= g->state_steps)
		return HEED_OK;
	heed_state_free(g->state);
	g->state_rows = rows > g->state_rows ? rows : g->state_rows;
	g->state_steps = steps > g->state_steps ? (int)steps : g->state_steps;
	g->state = heed_state_new(g->ctx, g->state_rows, g->state_steps);
	if (g->state != NULL)
		return HEED_OK;
	g->state_rows = g->state_steps = 0;
	return HEED_E_MEMORY;
}

static heed_code reserve_speakers(heed_generator *g, int rows)
{
	heed_coder **more;

	if (rows <= g->speaker_count)
		return HEED_OK;
	more = heed__realloc_array(g->ctx, g->speakers, (size_t)rows, sizeof *more);
	if (more == NULL)
		return HEED_E_MEMORY;
	g->speakers = more;
	for (; g->speaker_count < rows; g->speaker_count++) {
		more[g->speaker_count] = heed_coder_new(g->ctx, g->trained->target);
		if (more[g->speaker_count] == NULL)
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static heed_code reserve_rows(heed_generator *g, int rows, int64_t steps)
{
	const size_t n = (size_t)rows;
	const size_t half = g->longest > 0 && steps > g->longest ? (size_t)(g->longest / 2) : 0;

	g->rows = heed__arena_alloc(&g->batch, 2 * n * sizeof *g->rows);
	g->tokens = heed__arena_alloc(&g->batch, (3 * n + 1) * sizeof *g->tokens);
	g->failed = heed__arena_alloc(&g->batch, n * sizeof *g->failed);
	g->recent = heed__arena_alloc(&g->batch, n * half * sizeof *g->recent);
	if (g->rows == NULL || g->tokens == NULL || g->failed == NULL || g->recent == NULL)
		return HEED_E_MEMORY;
	g->next_rows = g->rows + n;
	g->parents = g->tokens + n;
	g->nothing = g->parents + n;
	memset(g->nothing, 0, (n + 1) * sizeof *g->nothing);
	return HEED_OK;
}

static heed_code generate_batch(heed_generator *g, int count)
{
	const int rows = count * g->options.count;
	int64_t steps = 0;
	heed_code code;

	for (int i = 0; i < count; i++)
		if (steps < (int64_t)g->prompts[i].count + g->options.max_tokens)
			steps = (int64_t)g->prompts[i].count + g->options.max_tokens;
	(void)((code = reserve_rows(g, rows, steps)) != HEED_OK ||
	       (code = reserve_speakers(g, rows)) != HEED_OK ||
	       (code = reserve_state(g, rows, steps)) != HEED_OK);
	if (code != HEED_OK)
		return code;
	g->row_count = count;
	g->at = 0;
	for (int i = 0; i < count; i++) {
		g->rows[i] = (row){.prompt = i, .sample = -1};
		g->tokens[i] = g->prompts[i].ids[0];
	}
	code = begin_state(g);
	while (code == HEED_OK && g->row_count > 0)
		code = take_step(g);
	return code;
}

heed_code heed_generate(heed_generator *g, const heed_line *prompts, size_t count, heed_generate_fn *give,
			void *user)
{
	heed_code code = HEED_OK;

	g->give = give;
	g->user = user;
	for (size_t done = 0; done < count && code == HEED_OK;) {
		const int n = count - done < (size_t)g->most ? (int)(count - done) : g->most;

		heed__arena_reset(&g->batch);
		g->prompts = heed__arena_alloc(&g->batch, (size_t)n * sizeof *g->prompts);
		if (g->prompts == NULL)
			return HEED_E_MEMORY;
		for (int i = 0; i < n && code == HEED_OK; i++) {
			g->prompts[i].index = done + (size_t)i;
			code = read_prompt(g, &prompts[done + (size_t)i], &g->prompts[i]);
		}
		if (code == HEED_OK)
			code = generate_batch(g, n);
		done += (size_t)n;
	}
	g->number += (int64_t)count;
	return code;
}
