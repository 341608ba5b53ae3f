/* Word2vec's descent.
 *
 * Windows are trained in batches: all of a batch from the values before it, then the sums of their gradients are added
 * to the rows. No thread writes what another one reads, so the same seed gives the same bytes at any number of
 * threads, and one thread gains too: a window is three small products, since the negative samples are drawn for the
 * window and not for each of its words (Ji et al. 2016, "Parallelizing word2vec in shared and distributed memory",
 * section 3). A batch has so few windows that a frequent word is hardly in two of them more than it would be among
 * the threads of the usual lock-free training (Mikolov's program; Recht et al. 2011, "Hogwild!").
 *
 *	windows of a batch, in chunks         each: rows -> gradients of rows, listed by slice
 *	slices of the rows of both matrices   each: its rows += gradients, in the order of the chunks
 */
#include "model/word2vec_train.h"

#include "heed/batch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STRETCH (1 << 16) /* tokens of the text that are subsampled at a time */
#define CHUNK   16        /* windows */
#define BATCH   256       /* windows, at most */
#define SLICES  16        /* of the rows, for the sums */

heed_code heed__word2vec_init(heed__word2vec *t, heed_ctx *ctx, const heed__word2vec_settings *settings,
			      const int *ids, int64_t count, int vocab)
{
	heed_code code;

	*t = (heed__word2vec){.ctx = ctx,
			      .kernels = heed__ctx_kernels(ctx),
			      .settings = *settings,
			      .ids = ids,
			      .count = count,
			      .most_outputs = settings->loss == HEED__HIERARCHICAL ? HEED__HUFFMAN_BITS
										   : settings->negative + 1};
	code = heed__word_draw_init(&t->draw, ctx, ids, count, vocab, settings->subsample);
	if (code == HEED_OK && settings->loss == HEED__HIERARCHICAL)
		code = heed__huffman_init(&t->tree, ctx, t->draw.counts, vocab);
	if (code == HEED_OK &&
	    (t->kept = heed__realloc_array(ctx, NULL, STRETCH + 2, sizeof *t->kept)) == NULL)
		code = HEED_E_MEMORY;
	if (code != HEED_OK)
		heed__word2vec_release(t);
	return code;
}

void heed__word2vec_release(heed__word2vec *t)
{
	if (t->ctx == NULL)
		return;
	heed__word_draw_release(&t->draw);
	if (t->tree.ctx != NULL)
		heed__huffman_release(&t->tree);
	heed__free(t->ctx, t->kept);
	*t = (heed__word2vec){0};
}

/* --- windows --- */

void heed__word2vec_rewind(heed__word2vec *t, int epoch)
{
	t->epoch = epoch;
	t->at = 0;
	t->kept_before = t->kept_count = 0;
	t->stay = (heed__draws){
		.seed = heed_ctx_seed(t->ctx), .stream = HEED__STREAM_SUBSAMPLE, .step = (uint32_t)epoch};
}

static bool stays(heed__word2vec *t, int word)
{
	if (t->stay.used == 1024) {
		t->stay.index++;
		t->stay.used = 0;
	}
	return heed__draws_next(&t->stay) <= t->draw.keep[word];
}

bool heed__word2vec_stretch(heed__word2vec *t)
{
	int64_t end = t->at + STRETCH;
	int n = 0;

	t->kept_before += t->kept_count;
	if (t->at >= t->count)
		return false;
	if (end > t->count)
		end = t->count;
	/* Not in the middle of a text, unless it is longer than a stretch. */
	for (int64_t e = end; end < t->count && e > t->at; e--)
		if (t->ids[e - 1] == HEED_EOS_ID) {
			end = e;
			break;
		}
	t->kept[n++] = HEED_EOS_ID;
	for (; t->at < end; t->at++) {
		const int word = t->ids[t->at];

		if (word == HEED_EOS_ID || (t->draw.counts[word] > 0 && stays(t, word)))
			t->kept[n++] = word;
	}
	t->kept[n++] = HEED_EOS_ID;
	t->kept_count = n;
	return true;
}

static void ask_samples(const heed__word2vec *t, int word, heed__draws *draws, heed__word_window *w)
{
	w->output[0] = word;
	w->answer[0] = 1;
	w->outputs = 1;
	for (int i = 0; i < t->settings.negative; i++) {
		const int other = heed__word_draw_negative(&t->draw, heed__draws_next(draws));

		if (other == word)
			continue;
		w->output[w->outputs] = other;
		w->answer[w->outputs++] = 0;
	}
}

static void ask_path(const heed__word2vec *t, int word, heed__word_window *w)
{
	const size_t start = t->tree.start[word];

	w->outputs = (int)(t->tree.start[word + 1] - start);
	for (int i = 0; i < w->outputs; i++) {
		w->output[i] = t->tree.node[start + (size_t)i];
		w->answer[i] = t->tree.branch[start + (size_t)i] ? 0 : 1;
	}
}

void heed__word2vec_window(const heed__word2vec *t, int place, heed__word_window *w)
{
	const int word = t->kept[place];
	heed__draws draws = {.seed = heed_ctx_seed(t->ctx),
			     .index = (uint64_t)(t->kept_before + place),
			     .stream = HEED__STREAM_WINDOW,
			     .step = (uint32_t)t->epoch};
	int reach, first = place, last = place;

	w->inputs = w->outputs = 0;
	if (word == HEED_EOS_ID)
		return;
	reach = 1 + (int)((uint64_t)heed__draws_next(&draws) * (uint32_t)t->settings.window >> 32);
	while (place - first < reach && t->kept[first - 1] != HEED_EOS_ID)
		first--;
	while (last - place < reach && t->kept[last + 1] != HEED_EOS_ID)
		last++;
	for (int i = first; i <= last; i++)
		if (i != place)
			w->input[w->inputs++] = t->kept[i];
	if (w->inputs > 0 && t->settings.loss == HEED__HIERARCHICAL)
		ask_path(t, word, w);
	else if (w->inputs > 0)
		ask_samples(t, word, &draws, w);
}

/* --- the gradient of one window --- */

/* -log of the probability of the answers, from the sigmoids. */
static double loss_of(const heed__logistic *s)
{
	double loss = 0;

	for (int i = 0; i < s->m; i++)
		for (int j = 0; j < s->k; j++) {
			const double p = (double)s->g[i * s->k + j];

			loss -= log(fmax(s->answer[j] > 0 ? p : 1 - p, 1e-12));
		}
	return loss;
}

double heed__logistic_step(const struct heed__kernels *kernels, const heed__logistic *s)
{
	const size_t n = (size_t)s->width;
	double loss = 0;

	kernels->row_dots(s->m, s->k, n, s->x, s->y, s->g);
	kernels->act((size_t)s->m * (size_t)s->k, s->g, s->g, HEED__ACT_SIGMOID);
	if (s->want_loss)
		loss = loss_of(s);
	for (int i = 0; i < s->m; i++)
		for (int j = 0; j < s->k; j++)
			s->g[i * s->k + j] = s->rate * (s->answer[j] - s->g[i * s->k + j]);
	kernels->row_sums(s->m, s->k, n, s->g, s->k, 1, s->y, s->dx, s->stride);
	kernels->row_sums(s->k, s->m, n, s->g, 1, s->k, s->x, s->dy, s->stride);
	return loss;
}

/* --- batches --- */

/* A row of embed, or after those a row of output, and the gradient that is added to it. */
typedef struct update {
	int row, gradient;
} update;

/* What the windows of a chunk leave for the sums. */
typedef struct chunk {
	update *found, *sorted; /* [CHUNK most rows] in the order of the windows; by slice */
	int count;
	int start[SLICES + 1];
	float *gradients; /* [CHUNK most rows][stride] */
	int gradient_count;
	heed__word_window window;
	const float **x, **y; /* rows of a window */
	float *g, *mean;
	double loss;
	int64_t asked;
} chunk;

typedef struct batch {
	heed__word2vec *t;
	ptrdiff_t stride;
	int windows; /* at most */
	chunk chunks[BATCH / CHUNK];
	int *often; /* [vocab + vocab] how many updates a row has in this batch */
	/* The batch at hand: */
	int first, end, used;
	float rate;
	bool want_loss;
} batch;

static size_t most_rows(const heed__word2vec *t)
{
	const size_t inputs = 2 * (size_t)t->settings.window;

	return inputs + (size_t)t->most_outputs;
}

static bool chunk_init(chunk *c, const heed__word2vec *t, size_t stride)
{
	heed_ctx *const ctx = t->ctx;
	const size_t inputs = 2 * (size_t)t->settings.window, outputs = (size_t)t->most_outputs;
	const size_t rows = CHUNK * most_rows(t);

	c->found = heed__realloc_array(ctx, NULL, rows, sizeof *c->found);
	c->sorted = heed__realloc_array(ctx, NULL, rows, sizeof *c->sorted);
	c->gradients = heed__realloc_array(ctx, NULL, rows, stride * sizeof *c->gradients);
	c->window.input = heed__realloc_array(ctx, NULL, inputs, sizeof *c->window.input);
	c->window.output = heed__realloc_array(ctx, NULL, outputs, sizeof *c->window.output);
	c->window.answer = heed__realloc_array(ctx, NULL, outputs, sizeof *c->window.answer);
	c->x = heed__realloc_array(ctx, NULL, inputs, sizeof *c->x);
	c->y = heed__realloc_array(ctx, NULL, outputs, sizeof *c->y);
	c->g = heed__realloc_array(ctx, NULL, inputs, outputs * sizeof *c->g);
	c->mean = heed__realloc_array(ctx, NULL, stride, sizeof *c->mean);
	return c->found != NULL && c->sorted != NULL && c->gradients != NULL && c->window.input != NULL &&
	       c->window.output != NULL && c->window.answer != NULL && c->x != NULL && c->y != NULL &&
	       c->g != NULL && c->mean != NULL;
}

static void chunk_release(chunk *c, heed_ctx *ctx)
{
	heed__free(ctx, c->found);
	heed__free(ctx, c->sorted);
	heed__free(ctx, c->gradients);
	heed__free(ctx, c->window.input);
	heed__free(ctx, c->window.output);
	heed__free(ctx, c->window.answer);
	heed__free(ctx, c->x);
	heed__free(ctx, c->y);
	heed__free(ctx, c->g);
	heed__free(ctx, c->mean);
}

/* A word is in the windows of (window + 1) neighbours on average. */
int heed__word2vec_batch(const heed__word2vec *t)
{
	const double most = HEED__WORD2VEC_OFTEN / ((t->settings.window + 1) * t->draw.most);

	return most < 1 ? 1 : most < BATCH ? (int)most : BATCH;
}

static void batch_release(batch *b)
{
	for (int i = 0; i < BATCH / CHUNK; i++)
		chunk_release(&b->chunks[i], b->t->ctx);
	heed__free(b->t->ctx, b->often);
	heed__free(b->t->ctx, b);
}

static batch *batch_new(heed__word2vec *t)
{
	batch *const b = heed__calloc(t->ctx, 1, sizeof *b);
	bool good = b != NULL;

	if (b == NULL)
		return NULL;
	b->t = t;
	b->stride = (t->settings.width + 15) / 16 * 16;
	b->windows = heed__word2vec_batch(t);
	b->often = heed__calloc(t->ctx, 2 * (size_t)t->draw.vocab, sizeof *b->often);
	for (int i = 0; i * CHUNK < b->windows && good; i++)
		good = chunk_init(&b->chunks[i], t, (size_t)b->stride);
	if (good && b->often != NULL)
		return b;
	batch_release(b);
	return NULL;
}

static void list_update(chunk *c, int row, int gradient)
{
	c->found[c->count++] = (update){row, gradient};
}

/* The words around predict by their mean, and all of them get its gradient whole, as in Mikolov's program. */
static void mean_of(const heed__word2vec *t, chunk *c)
{
	const size_t n = (size_t)t->settings.width;
	const int m = c->window.inputs;

	t->kernels->scale(n, 1.0f / (float)m, c->x[0], c->mean);
	for (int i = 1; i < m; i++)
		t->kernels->axpy(n, 1.0f / (float)m, c->x[i], c->mean);
	c->x[0] = c->mean;
}

static void train_window(const batch *b, chunk *c)
{
	const heed__word2vec *const t = b->t;
	const heed__word_window *const w = &c->window;
	const size_t width = (size_t)t->settings.width;
	const bool cbow = t->settings.mode == HEED__CBOW;
	const int m = cbow ? 1 : w->inputs, first = c->gradient_count;

	for (int i = 0; i < w->inputs; i++) {
		c->x[i] = t->embed + (size_t)w->input[i] * width;
		list_update(c, w->input[i], cbow ? first : first + i);
	}
	for (int j = 0; j < w->outputs; j++) {
		c->y[j] = t->output + (size_t)w->output[j] * width;
		list_update(c, t->draw.vocab + w->output[j], first + m + j);
	}
	if (cbow)
		mean_of(t, c);
	c->gradient_count += m + w->outputs;
	c->asked += (int64_t)m * w->outputs;
	c->loss += heed__logistic_step(t->kernels,
				       &(heed__logistic){.m = m,
							 .k = w->outputs,
							 .width = t->settings.width,
							 .x = c->x,
							 .y = c->y,
							 .answer = w->answer,
							 .rate = b->rate,
							 .g = c->g,
							 .dx = c->gradients + first * b->stride,
							 .dy = c->gradients + (first + m) * b->stride,
							 .stride = b->stride,
							 .want_loss = b->want_loss});
}

static void sort_by_slice(chunk *c)
{
	int next[SLICES] = {0};

	for (int i = 0; i < c->count; i++)
		next[c->found[i].row % SLICES]++;
	c->start[0] = 0;
	for (int s = 0; s < SLICES; s++) {
		c->start[s + 1] = c->start[s] + next[s];
		next[s] = c->start[s];
	}
	for (int i = 0; i < c->count; i++)
		c->sorted[next[c->found[i].row % SLICES]++] = c->found[i];
}

static void train_chunk(void *arg, int index, int thread)
{
	batch *const b = arg;
	chunk *const c = &b->chunks[index];
	const int first = b->first + index * CHUNK, end = first + CHUNK < b->end ? first + CHUNK : b->end;

	(void)thread;
	c->count = c->gradient_count = 0;
	for (int place = first; place < end; place++) {
		heed__word2vec_window(b->t, place, &c->window);
		if (c->window.outputs > 0)
			train_window(b, c);
	}
	sort_by_slice(c);
}

static float *row_of(const heed__word2vec *t, int row)
{
	const size_t width = (size_t)t->settings.width;

	return row < t->draw.vocab ? t->embed + (size_t)row * width
				   : t->output + (size_t)(row - t->draw.vocab) * width;
}

static void add_slice(void *arg, int slice, int thread)
{
	batch *const b = arg;
	const heed__word2vec *const t = b->t;

	(void)thread;
	for (int i = 0; i < b->used; i++)
		for (int u = b->chunks[i].start[slice]; u < b->chunks[i].start[slice + 1]; u++)
			b->often[b->chunks[i].sorted[u].row]++;
	for (int i = 0; i < b->used; i++) {
		const chunk *const c = &b->chunks[i];

		for (int u = c->start[slice]; u < c->start[slice + 1]; u++) {
			const int row = c->sorted[u].row, often = b->often[row];

			t->kernels->axpy(
				(size_t)t->settings.width,
				often > HEED__WORD2VEC_MOST ? (float)HEED__WORD2VEC_MOST / (float)often : 1,
				c->gradients + c->sorted[u].gradient * b->stride, row_of(t, row));
		}
	}
	for (int i = 0; i < b->used; i++)
		for (int u = b->chunks[i].start[slice]; u < b->chunks[i].start[slice + 1]; u++)
			b->often[b->chunks[i].sorted[u].row] = 0;
}

static void train_batch(batch *b, int first, int end, float rate, bool want_loss)
{
	b->first = first;
	b->end = end;
	b->used = (end - first + CHUNK - 1) / CHUNK;
	b->rate = rate;
	b->want_loss = want_loss;
	heed__parallel(b->t->ctx, b->used, train_chunk, b);
	heed__parallel(b->t->ctx, SLICES, add_slice, b);
}

/* The mean loss of an answer since the last time. */
static double take_loss(batch *b)
{
	double loss = 0;
	int64_t asked = 0;

	for (int i = 0; i < b->used; i++) {
		loss += b->chunks[i].loss;
		asked += b->chunks[i].asked;
	}
	return asked > 0 ? loss / (double)asked : 0;
}

static void forget_loss(batch *b)
{
	for (int i = 0; i < BATCH / CHUNK; i++) {
		b->chunks[i].loss = 0;
		b->chunks[i].asked = 0;
	}
}

/* --- the text --- */

static bool tell(const heed__word2vec *t, const heed_fit *text, const batch *b, double done, double loss)
{
	char words[96];

	if (heed_interrupted(t->ctx))
		return false;
	if (text->tell == NULL)
		return true;
	snprintf(words, sizeof words, "epoch %d, loss %.3f, lr %.2g", t->epoch + 1, loss, (double)b->rate);
	return text->tell(text->user, done, words);
}

/* The stretch at hand. The learning rate falls with the share of the text that is done, from `from` to `to`, to 1/10000
 * of what it was. */
static void train_stretch(batch *b, double lr, double from, double to)
{
	const int count = b->t->kept_count - 1;

	for (int first = 1; first < count; first += b->windows) {
		const int end = first + b->windows < count ? first + b->windows : count;
		const double done = from + (to - from) * first / count;

		if (end == count)
			forget_loss(b);
		train_batch(b, first, end, (float)(lr * fmax(1 - done, 1e-4)), end == count);
	}
}

static heed_code train_text(batch *b, const heed_fit *text, int epochs, double lr)
{
	heed__word2vec *const t = b->t;
	const double all = (double)t->count * epochs;

	for (int epoch = 0; epoch < epochs; epoch++) {
		const double before = (double)t->count * epoch;
		int64_t at = 0;

		for (heed__word2vec_rewind(t, epoch); heed__word2vec_stretch(t); at = t->at) {
			const double done = (before + (double)t->at) / all;

			train_stretch(b, lr, (before + (double)at) / all, done);
			if (!tell(t, text, b, done, take_loss(b)))
				return heed__error(t->ctx, HEED_E_INTERRUPTED,
						   "word2vec: stopped in epoch %d of %d", epoch + 1, epochs);
		}
	}
	return HEED_OK;
}

heed_code heed__word2vec_fit(heed__word2vec *t, const heed_fit *text, int epochs, double lr)
{
	const size_t width = (size_t)t->settings.width;
	heed_code code;
	batch *b;

	if (t->draw.total == 0)
		return heed__error(
			t->ctx, HEED_E_ARGUMENT,
			"word2vec: none of the %lld tokens of the text is a word of the vocabulary; "
			"min-count may be too high",
			(long long)(text->count - text->texts));
	b = batch_new(t);
	if (b == NULL)
		return HEED_E_MEMORY;
	/* What the text has no word for has no vector. */
	for (int w = 0; w < t->draw.vocab; w++)
		if (t->draw.counts[w] == 0)
			memset(t->embed + (size_t)w * width, 0, width * sizeof *t->embed);
	code = train_text(b, text, epochs, lr);
	batch_release(b);
	if (code == HEED_OK && !t->kernels->all_finite((size_t)t->draw.vocab * width, t->embed))
		code = heed__error(
			t->ctx, HEED_E_NONFINITE,
			"word2vec: vectors are not finite any more; the learning rate %g is too high", lr);
	return code;
}
