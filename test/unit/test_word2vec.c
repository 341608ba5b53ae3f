/* word2vec: its tree, its draws, its gradients and whole trainings against plain loops in double, and what it learns. */
#include "base/context_impl.h"
#include "heed/batch.h"
#include "heed/model.h"
#include "model/word2vec_train.h"
#include "shortage.h"

#include <math.h>
#include <string.h>

static heed_ctx *context(int threads)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads, .seed = 7});

	assert_non_null(ctx);
	return ctx;
}

/* --- the tree --- */

static int path_length(const heed__huffman *h, int word)
{
	return (int)(h->start[word + 1] - h->start[word]);
}

static bool is_prefix(const heed__huffman *h, int a, int b)
{
	if (path_length(h, a) > path_length(h, b))
		return false;
	for (int i = 0; i < path_length(h, a); i++)
		if (h->branch[h->start[a] + (size_t)i] != h->branch[h->start[b] + (size_t)i])
			return false;
	return true;
}

/* The example of Cormen et al., "Introduction to algorithms", section 16.3, with a word that never comes. */
static void huffman_codes(void **state)
{
	static const int64_t counts[] = {45, 13, 0, 12, 16, 9, 5};
	static const int lengths[] = {1, 3, 0, 3, 3, 4, 4};
	heed_ctx *ctx = context(1);
	heed__huffman h;

	(void)state;
	assert_int_equal(heed__huffman_init(&h, ctx, counts, 7), HEED_OK);
	for (int w = 0; w < 7; w++) {
		assert_int_equal(path_length(&h, w), lengths[w]);
		for (int v = 0; v < 7; v++)
			if (v != w && v != 2 && w != 2)
				assert_false(is_prefix(&h, w, v));
		for (size_t i = h.start[w]; i < h.start[w + 1]; i++)
			assert_in_range(h.node[i], 0, 4); /* one less than words that come */
		if (lengths[w] > 0)
			assert_int_equal(h.node[h.start[w]], 0); /* the root */
	}
	heed__huffman_release(&h);
	assert_int_equal(heed__huffman_init(&h, ctx, (const int64_t[]){0, 8}, 2), HEED_OK);
	assert_int_equal(h.start[2], 0);
	heed__huffman_release(&h);
	heed_ctx_free(ctx);
}

/* Two words at the same node go on by different branches, so a node and a branch name a subtree. */
static void huffman_nodes_are_places_of_the_tree(void **state)
{
	int64_t counts[40];
	int parent[39], parent_branch[39];
	heed_ctx *ctx = context(1);
	heed__huffman h;

	(void)state;
	for (int i = 0; i < 40; i++)
		counts[i] = 1 + (i * 37) % 23;
	for (int i = 0; i < 39; i++)
		parent[i] = -1;
	assert_int_equal(heed__huffman_init(&h, ctx, counts, 40), HEED_OK);
	for (int w = 0; w < 40; w++)
		for (size_t i = h.start[w] + 1; i < h.start[w + 1]; i++) {
			const int node = h.node[i];

			if (parent[node] >= 0) {
				assert_int_equal(parent[node], h.node[i - 1]);
				assert_int_equal(parent_branch[node], h.branch[i - 1]);
			}
			parent[node] = h.node[i - 1];
			parent_branch[node] = h.branch[i - 1];
		}
	heed__huffman_release(&h);
	heed_ctx_free(ctx);
}

/* --- the draws --- */

enum { EOS = HEED_EOS_ID, UNK = HEED_UNK_ID };

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* A text in which word 3 + i comes often[i] times, shuffled, with an eos after every eighth word. */
static int *text_with(const int *often, int words, int64_t *count)
{
	int total = 0, n = 0, at = 0;
	uint32_t seed = 1;
	int *ids, *mixed;

	for (int w = 0; w < words; w++)
		total += often[w];
	mixed = malloc((size_t)total * sizeof *mixed);
	ids = malloc(2 * (size_t)total * sizeof *ids);
	assert_non_null(mixed);
	assert_non_null(ids);
	for (int w = 0; w < words; w++)
		for (int i = 0; i < often[w]; i++, at++) {
			const int other = (int)(draw(&seed) % (uint32_t)(at + 1));

			mixed[at] = mixed[other];
			mixed[other] = w + 3;
		}
	for (int i = 0; i < total; i++) {
		ids[n++] = mixed[i];
		if (i % 8 == 7)
			ids[n++] = EOS;
	}
	ids[n++] = EOS;
	free(mixed);
	*count = n;
	return ids;
}

static const int often[] = {6000, 2000, 1000, 300, 60, 1};
enum { WORDS = 6, EVEN_WORDS = 40, VOCAB = EVEN_WORDS + 3 + 2 }; /* and words that don't come */

/* Words that come all alike: then batches are large. */
static int *even_text(int64_t *count)
{
	int each[EVEN_WORDS];

	for (int w = 0; w < EVEN_WORDS; w++)
		each[w] = 50;
	return text_with(each, EVEN_WORDS, count);
}

static void negative_samples_have_their_share(void **state)
{
	heed_ctx *ctx = context(1);
	double share[VOCAB] = {0}, sum = 0;
	heed__word_draw d;
	int64_t count;
	int *ids = text_with(often, WORDS, &count);

	(void)state;
	ids[count - 1] = UNK; /* instead of an eos */
	assert_int_equal(heed__word_draw_init(&d, ctx, ids, count, VOCAB, 0), HEED_OK);
	assert_int_equal(d.words, WORDS);
	assert_int_equal(d.total, 6000 + 2000 + 1000 + 300 + 60 + 1);
	assert_int_equal(d.counts[3], 6000);
	assert_int_equal(d.counts[UNK] + d.counts[HEED_BOS_ID] + d.counts[EOS] + d.counts[9] + d.counts[10],
			 0);
	for (int i = 0; i < d.words; i++) {
		const double first = (double)d.alias[i].limit * 0x1p-32;

		share[d.alias[i].first] += first / WORDS;
		share[d.alias[i].second] += (1 - first) / WORDS;
	}
	for (int w = 0; w < VOCAB; w++)
		sum += pow((double)d.counts[w], 0.75);
	for (int w = 0; w < VOCAB; w++)
		assert_true(fabs(share[w] - pow((double)d.counts[w], 0.75) / sum) < 1e-8);
	/* The bits choose the place by their upper part and the word in it by the rest. */
	assert_int_equal(heed__word_draw_negative(&d, 0), d.alias[0].first);
	assert_int_equal(heed__word_draw_negative(&d, UINT32_MAX), d.alias[WORDS - 1].limit == UINT32_MAX
									   ? d.alias[WORDS - 1].first
									   : d.alias[WORDS - 1].second);
	heed__word_draw_release(&d);
	heed_ctx_free(ctx);
	free(ids);
}

static heed__word2vec trainer(heed_ctx *ctx, const heed__word2vec_settings *s, const int *ids, int64_t count,
			      int vocab)
{
	heed__word2vec t;

	assert_int_equal(heed__word2vec_init(&t, ctx, s, ids, count, vocab), HEED_OK);
	return t;
}

static void frequent_words_are_left_out(void **state)
{
	const double s = 0.02;
	heed_ctx *ctx = context(1);
	int64_t count, kept[VOCAB] = {0};
	int *ids = text_with(often, WORDS, &count);
	heed__word2vec t = trainer(
		ctx, &(heed__word2vec_settings){.width = 4, .window = 2, .negative = 2, .subsample = s}, ids,
		count, VOCAB);
	double most = 0, all = 0;

	(void)state;
	for (int epoch = 0; epoch < 20; epoch++)
		for (heed__word2vec_rewind(&t, epoch); heed__word2vec_stretch(&t);)
			for (int i = 0; i < t.kept_count; i++)
				kept[t.kept[i]]++;
	for (int w = 0; w < WORDS; w++) {
		const double n = often[w], f = n / (double)t.draw.total;
		const double p = fmin(1, sqrt(s / f) + s / f);

		assert_true(fabs((double)t.draw.keep[w + 3] / UINT32_MAX - p) < 1e-8);
		/* five standard deviations */
		assert_true(fabs((double)kept[w + 3] - 20 * n * p) <= 5 * sqrt(20 * n * p * (1 - p)));
		most = fmax(most, n * p);
		all += n * p;
	}
	assert_true(fabs(t.draw.most - most / all) < 1e-9);
	heed__word2vec_release(&t);
	heed_ctx_free(ctx);
	free(ids);
}

typedef struct window_memory {
	heed__word_window w;
	int input[64], output[128];
	float answer[128];
} window_memory;

static void window_init(window_memory *m)
{
	m->w = (heed__word_window){.input = m->input, .output = m->output, .answer = m->answer};
}

static void windows_stay_inside_texts(void **state)
{
	/* texts of 1, 2, 30 and no words; the third has a word that nobody knows */
	int ids[64], n = 0;
	int64_t reaches[6] = {0};
	heed_ctx *ctx = context(1);
	heed__word2vec t;
	window_memory m;

	(void)state;
	ids[n++] = 3;
	ids[n++] = EOS;
	ids[n++] = 4;
	ids[n++] = 5;
	ids[n++] = EOS;
	for (int i = 0; i < 30; i++)
		ids[n++] = i == 20 ? UNK : 6 + i;
	ids[n++] = EOS;
	ids[n++] = EOS;
	t = trainer(ctx, &(heed__word2vec_settings){.width = 4, .window = 5, .negative = 3}, ids, n, 40);
	window_init(&m);
	for (int epoch = 0; epoch < 2000; epoch++) {
		heed__word2vec_rewind(&t, epoch);
		assert_true(heed__word2vec_stretch(&t));
		assert_int_equal(t.kept_count, n - 1 + 2); /* one unknown; an eos in front and behind */
		for (int place = 0; place < t.kept_count; place++) {
			const int word = t.kept[place];

			if (word == EOS)
				continue; /* the ends have no neighbours to look at */
			heed__word2vec_window(&t, place, &m.w);
			if (word == 3) {
				assert_int_equal(m.w.inputs, 0);
			} else if (word < 6) {
				assert_int_equal(m.w.inputs, 1);
				assert_int_equal(m.input[0], 9 - word);
			} else {
				for (int i = 0; i < m.w.inputs; i++) {
					assert_in_range(m.input[i], 6, 35);
					assert_int_not_equal(m.input[i], word);
				}
			}
			if (word == 16) { /* ten words on both sides, two draws away from the gap */
				assert_int_equal(m.w.inputs % 2, 0);
				reaches[m.w.inputs / 2]++;
				assert_int_equal(m.input[0], 16 - m.w.inputs / 2);
			}
		}
		assert_false(heed__word2vec_stretch(&t));
	}
	assert_int_equal(reaches[0], 0);
	for (int r = 1; r <= 5; r++) /* even, within five standard deviations */
		assert_true(fabs((double)reaches[r] - 400) < 5 * sqrt(2000 * 0.2 * 0.8));
	heed__word2vec_release(&t);
	heed_ctx_free(ctx);
}

static void windows_ask_for_the_word_and_others(void **state)
{
	heed_ctx *ctx = context(1);
	int64_t count;
	int *ids = text_with(often, WORDS, &count);
	heed__word2vec t = trainer(ctx, &(heed__word2vec_settings){.width = 4, .window = 2, .negative = 4},
				   ids, count, VOCAB);
	window_memory m;

	(void)state;
	window_init(&m);
	heed__word2vec_rewind(&t, 0);
	assert_true(heed__word2vec_stretch(&t));
	for (int place = 1; place < 2000; place++) {
		heed__word2vec_window(&t, place, &m.w);
		if (m.w.inputs == 0)
			continue;
		assert_in_range(m.w.outputs, 1, 5);
		assert_int_equal(m.output[0], t.kept[place]);
		assert_true(m.answer[0] == 1.0f);
		for (int i = 1; i < m.w.outputs; i++) {
			assert_int_not_equal(m.output[i], t.kept[place]);
			assert_in_range(m.output[i], 3, 3 + WORDS - 1);
			assert_true(m.answer[i] == 0.0f);
		}
	}
	heed__word2vec_release(&t);
	heed_ctx_free(ctx);
	free(ids);
}

/* A text longer than a stretch, with and without ends of texts in it: every word is there once, in order. */
static void stretches_make_up_the_text(void **state)
{
	enum { N = 150000 };
	int *ids = malloc(N * sizeof *ids);

	(void)state;
	assert_non_null(ids);
	for (int every = 100; every <= N; every *= 1500) {
		heed_ctx *ctx = context(1);
		int64_t at = 0;
		int stretches = 0;
		heed__word2vec t;

		for (int i = 0; i < N; i++)
			ids[i] = i % every == every - 1 ? EOS : 3 + i % 7;
		t = trainer(ctx, &(heed__word2vec_settings){.width = 4, .window = 2, .negative = 1}, ids, N,
			    10);
		for (heed__word2vec_rewind(&t, 0); heed__word2vec_stretch(&t); stretches++) {
			assert_true(t.kept_before >= at); /* no two windows draw the same numbers */
			assert_int_equal(t.kept[0], EOS);
			assert_int_equal(t.kept[t.kept_count - 1], EOS);
			for (int i = 1; i < t.kept_count - 1; i++)
				assert_int_equal(t.kept[i], ids[at++]);
			if (every == 100)
				assert_int_equal(ids[at - 1], EOS);
		}
		assert_int_equal(at, N);
		assert_int_equal(stretches, 3);
		heed__word2vec_release(&t);
		heed_ctx_free(ctx);
	}
	free(ids);
}

/* --- gradients --- */

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static void near_to(double found, double expected, double limit)
{
	if (!(fabs(found - expected) <= limit * (1 + fabs(expected))))
		fail_msg("found %.9g, expected %.9g", found, expected);
}

enum { MOST_ROWS = 9, MOST_WIDTH = 70 };

/* m rows x and k rows y, by the formula. */
static void check_step(heed_ctx *ctx, int m, int k, int width)
{
	float x[MOST_ROWS][MOST_WIDTH], y[MOST_ROWS][MOST_WIDTH], dx[MOST_ROWS][80], dy[MOST_ROWS][80];
	float g[MOST_ROWS * MOST_ROWS], answer[MOST_ROWS];
	const float *xs[MOST_ROWS], *ys[MOST_ROWS];
	double want_dx[MOST_ROWS][MOST_WIDTH] = {{0}}, want_dy[MOST_ROWS][MOST_WIDTH] = {{0}}, loss = 0;
	double found;

	for (int i = 0; i < MOST_ROWS; i++)
		for (int d = 0; d < MOST_WIDTH; d++) {
			x[i][d] = (float)sin(i * 31 + d * 7) * 0.6f;
			y[i][d] = (float)cos(i * 17 + d * 5) * 0.6f;
		}
	for (int i = 0; i < MOST_ROWS; i++) {
		xs[i] = x[(i * 2) % MOST_ROWS];
		ys[i] = y[(i * 4) % MOST_ROWS];
		answer[i] = i % 3 == 0 ? 1 : 0;
	}
	for (int i = 0; i < m; i++)
		for (int j = 0; j < k; j++) {
			double z = 0, e;

			for (int d = 0; d < width; d++)
				z += (double)xs[i][d] * ys[j][d];
			e = 0.3 * (answer[j] - sigmoid(z));
			loss -= log(answer[j] > 0 ? sigmoid(z) : sigmoid(-z));
			for (int d = 0; d < width; d++) {
				want_dx[i][d] += e * ys[j][d];
				want_dy[j][d] += e * xs[i][d];
			}
		}
	found = heed__logistic_step(heed__ctx_kernels(ctx), &(heed__logistic){.m = m,
									      .k = k,
									      .width = width,
									      .x = xs,
									      .y = ys,
									      .answer = answer,
									      .rate = 0.3f,
									      .g = g,
									      .dx = dx[0],
									      .dy = dy[0],
									      .stride = 80,
									      .want_loss = true});
	near_to(found, loss, 1e-5);
	for (int d = 0; d < width; d++) {
		for (int i = 0; i < m; i++)
			near_to((double)dx[i][d], want_dx[i][d], 1e-5);
		for (int j = 0; j < k; j++)
			near_to((double)dy[j][d], want_dy[j][d], 1e-5);
	}
}

static void a_step_is_its_formula(void **state)
{
	static const int sizes[][3] = {{1, 1, 1},  {1, 6, 33}, {6, 1, 64}, {5, 6, 70},
				       {8, 9, 47}, {9, 4, 16}, {2, 7, 48}, {7, 5, 5}};

	(void)state;
	for (const struct heed__kernels *const *set = heed__kernels_all(); *set != NULL; set++) {
		heed_ctx *ctx;

		if (!(*set)->runs_here())
			continue;
		ctx = heed_ctx_new(&(heed_ctx_options){.cpu = (*set)->name});
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			check_step(ctx, sizes[i][0], sizes[i][1], sizes[i][2]);
		heed_ctx_free(ctx);
	}
}

/* --- whole trainings against a plain loop --- */

enum { WIDTH = 10 };

typedef struct plain {
	double embed[VOCAB][WIDTH], output[VOCAB][WIDTH];
	double d_embed[VOCAB][WIDTH], d_output[VOCAB][WIDTH];
	int in_embed[VOCAB], in_output[VOCAB];
} plain;

static void plain_window(plain *p, const heed__word2vec *t, const heed__word_window *w, double rate)
{
	const bool cbow = t->settings.mode == HEED__CBOW;
	const int inputs = cbow ? 1 : w->inputs;

	for (int i = 0; i < inputs; i++) {
		double h[WIDTH] = {0}, dh[WIDTH] = {0};

		for (int k = 0; k < (cbow ? w->inputs : 1); k++)
			for (int d = 0; d < WIDTH; d++)
				h[d] += p->embed[w->input[i + k]][d] / (cbow ? w->inputs : 1);
		for (int j = 0; j < w->outputs; j++) {
			double z = 0, e;

			for (int d = 0; d < WIDTH; d++)
				z += h[d] * p->output[w->output[j]][d];
			e = rate * (w->answer[j] - sigmoid(z));
			for (int d = 0; d < WIDTH; d++) {
				dh[d] += e * p->output[w->output[j]][d];
				p->d_output[w->output[j]][d] += e * h[d];
			}
		}
		for (int k = 0; k < (cbow ? w->inputs : 1); k++)
			for (int d = 0; d < WIDTH; d++)
				p->d_embed[w->input[i + k]][d] += dh[d];
	}
	for (int i = 0; i < w->inputs; i++)
		p->in_embed[w->input[i]]++;
	for (int j = 0; j < w->outputs; j++)
		p->in_output[w->output[j]]++;
}

static void plain_add(double row[WIDTH], double d_row[WIDTH], int *in)
{
	for (int d = 0; d < WIDTH; d++) {
		row[d] += d_row[d] * (*in > HEED__WORD2VEC_MOST ? (double)HEED__WORD2VEC_MOST / *in : 1);
		d_row[d] = 0;
	}
	*in = 0;
}

static void plain_fit(plain *p, heed__word2vec *t, int epochs, double lr)
{
	const int windows = heed__word2vec_batch(t);
	window_memory m;

	window_init(&m);
	for (int epoch = 0; epoch < epochs; epoch++) {
		int64_t at = 0;

		for (heed__word2vec_rewind(t, epoch); heed__word2vec_stretch(t); at = t->at)
			for (int first = 1; first < t->kept_count - 1; first += windows) {
				const double part = (double)first / (t->kept_count - 1);
				const double done = (double)epoch * (double)t->count + (double)at +
						    (double)(t->at - at) * part;
				const double rate = lr * fmax(1e-4, 1 - done / ((double)t->count * epochs));

				for (int i = first; i < first + windows && i < t->kept_count - 1; i++) {
					heed__word2vec_window(t, i, &m.w);
					if (m.w.outputs > 0)
						plain_window(p, t, &m.w, rate);
				}
				for (int w = 0; w < VOCAB; w++) {
					plain_add(p->embed[w], p->d_embed[w], &p->in_embed[w]);
					plain_add(p->output[w], p->d_output[w], &p->in_output[w]);
				}
			}
	}
}

static heed_model *model_new(heed_ctx *ctx, const heed__word2vec_settings *settings, int vocab)
{
	heed_model *m = heed_model_new(ctx, heed_model_class_find("word2vec"), settings, vocab, vocab, 0);

	assert_non_null(m);
	return m;
}

static void equals_plain_loop(const heed__word2vec_settings *s, const int *ids, int64_t count)
{
	heed_ctx *ctx = context(2);
	heed_model *m = model_new(ctx, s, VOCAB);
	float *embed = heed_params_find(m->params, "embed")->data;
	float *output = heed_params_find(m->params, "output")->data;
	heed__word2vec t = trainer(ctx, s, ids, count, VOCAB);
	plain *p = calloc(1, sizeof *p);

	assert_non_null(p);
	for (int w = 0; w < VOCAB; w++)
		for (int d = 0; d < WIDTH && t.draw.counts[w] > 0; d++)
			p->embed[w][d] = (double)embed[w * WIDTH + d];
	plain_fit(p, &t, 2, 0.1);
	assert_int_equal(heed_params_find(m->params, "output")->dim[0],
			 s->loss == HEED__HIERARCHICAL ? VOCAB - 1 : VOCAB);
	assert_int_equal(m->family->fit(m, &(heed_fit){.ids = ids, .count = count, .epochs = 2, .lr = 0.1}),
			 HEED_OK);
	for (int w = 0; w < VOCAB; w++)
		for (int d = 0; d < WIDTH; d++) {
			near_to((double)embed[w * WIDTH + d], p->embed[w][d], 1e-3);
			if (w < heed_params_find(m->params, "output")->dim[0])
				near_to((double)output[w * WIDTH + d], p->output[w][d], 1e-3);
		}
	free(p);
	heed__word2vec_release(&t);
	heed_model_free(m);
	heed_ctx_free(ctx);
}

static void trainings_are_plain_loops(void **state)
{
	int64_t few_count, even_count;
	int *few = text_with(often, WORDS, &few_count), *even = even_text(&even_count);

	(void)state;
	for (int mode = HEED__SKIP_GRAM; mode <= HEED__CBOW; mode++)
		for (int loss = HEED__NEGATIVE_SAMPLING; loss <= HEED__HIERARCHICAL; loss++) {
			const heed__word2vec_settings s = {.mode = mode,
							   .loss = loss,
							   .width = WIDTH,
							   .window = 3,
							   .negative = 4,
							   .subsample = 0.05};

			equals_plain_loop(&s, few, few_count);
			equals_plain_loop(&s, even, even_count);
		}
	free(few);
	free(even);
}

/* --- what it learns --- */

/* Texts of six words from one of two groups each, from a generator of its own. */
static int *two_groups(int texts, int64_t *count)
{
	int *ids = malloc((size_t)texts * 7 * sizeof *ids), n = 0;
	uint32_t seed = 12345;

	assert_non_null(ids);
	for (int i = 0; i < texts; i++) {
		for (int k = 0; k < 6; k++)
			ids[n++] = 3 + (i % 2) * 5 + (int)(draw(&seed) % 5);
		ids[n++] = EOS;
	}
	*count = n;
	return ids;
}

static double cosine(const float *a, const float *b, int n)
{
	double ab = 0, aa = 0, bb = 0;

	for (int i = 0; i < n; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return ab / sqrt(aa * bb);
}

static void learns_groups(int mode, int loss)
{
	const heed__word2vec_settings s = {
		.mode = mode, .loss = loss, .width = 16, .window = 3, .negative = 5, .subsample = 0};
	heed_ctx *ctx = context(1);
	heed_model *m = model_new(ctx, &s, 13);
	const float *e = heed_params_find(m->params, "embed")->data;
	double within = 1, between = -1;
	int64_t count;
	int *ids = two_groups(2000, &count);

	assert_int_equal(m->family->fit(m, &(heed_fit){.ids = ids, .count = count, .texts = 2000}), HEED_OK);
	for (int a = 3; a < 13; a++)
		for (int b = 3; b < a; b++) {
			const double c = cosine(e + a * 16, e + b * 16, 16);

			if ((a < 8) == (b < 8))
				within = fmin(within, c);
			else
				between = fmax(between, c);
		}
	if (!(within > between + 0.3))
		fail_msg("mode %d, loss %d: cosines are %g at least within groups, %g at most between them",
			 mode, loss, within, between);
	heed_model_free(m);
	heed_ctx_free(ctx);
	free(ids);
}

static void learns_the_obvious(void **state)
{
	(void)state;
	for (int mode = HEED__SKIP_GRAM; mode <= HEED__CBOW; mode++)
		for (int loss = HEED__NEGATIVE_SAMPLING; loss <= HEED__HIERARCHICAL; loss++)
			learns_groups(mode, loss);
}

static void same_bytes_at_any_number_of_threads(void **state)
{
	static const int threads[] = {1, 1, 2, 3, 8};
	const heed__word2vec_settings s = {.width = 24, .window = 4, .negative = 5, .subsample = 1e-3};
	float *first = NULL;
	int64_t count;
	int *ids = even_text(&count);

	(void)state;
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
		heed_ctx *ctx = context(threads[i]);
		heed_model *m = model_new(ctx, &s, VOCAB);
		const size_t size = heed_params_size(m->params) * sizeof *first;
		heed__word2vec t = trainer(ctx, &s, ids, count, VOCAB);

		assert_true(heed__word2vec_batch(&t) > 64); /* several chunks */
		heed__word2vec_release(&t);
		assert_int_equal(m->family->fit(m, &(heed_fit){.ids = ids, .count = count, .epochs = 3}),
				 HEED_OK);
		if (first == NULL) {
			first = malloc(size);
			assert_non_null(first);
			memcpy(first, heed_params_values(m->params), size);
		}
		assert_memory_equal(first, heed_params_values(m->params), size);
		heed_model_free(m);
		heed_ctx_free(ctx);
	}
	free(first);
	free(ids);
}

/* --- what can go wrong --- */

static heed_code fit_text(heed_ctx *ctx, const heed__word2vec_settings *s, const int *ids, int64_t count,
			  double lr, float *vector)
{
	heed_model *m = model_new(ctx, s, 5);
	const heed_code code =
		m->family->fit(m, &(heed_fit){.ids = ids, .count = count, .texts = 1, .lr = lr});

	if (vector != NULL)
		memcpy(vector, heed_params_find(m->params, "embed")->data, 5 * sizeof *vector);
	heed_model_free(m);
	return code;
}

static void odd_texts(void **state)
{
	static const int ends[] = {EOS, EOS}, unknown[] = {UNK, UNK, EOS}, one[] = {3, 3, 3, EOS},
			 alone[] = {3, EOS};
	heed_ctx *ctx = context(2);
	float zero[5] = {1, 1, 1, 1, 1};

	(void)state;
	for (int loss = HEED__NEGATIVE_SAMPLING; loss <= HEED__HIERARCHICAL; loss++) {
		const heed__word2vec_settings s = {.loss = loss, .width = 5, .window = 2, .negative = 2};

		assert_int_equal(fit_text(ctx, &s, one, 4, 0, zero), HEED_OK);
		for (int d = 0; d < 5; d++) /* the unknown word has no vector */
			assert_true(zero[d] == 0.0f);
		assert_int_equal(fit_text(ctx, &s, alone, 2, 0, NULL), HEED_OK);
		assert_int_equal(fit_text(ctx, &s, ends, 2, 0, NULL), HEED_E_ARGUMENT);
		assert_int_equal(fit_text(ctx, &s, unknown, 3, 0, NULL), HEED_E_ARGUMENT);
		assert_non_null(strstr(heed_error_message(ctx), "none of the 2 tokens"));
	}
	heed_ctx_free(ctx);
}

static void too_high_a_rate_is_said(void **state)
{
	static const int ids[] = {3, 4, 3, 4, 4, 3, EOS};
	const heed__word2vec_settings s = {.width = 5, .window = 2, .negative = 2};
	heed_ctx *ctx = context(1);

	(void)state;
	assert_int_equal(fit_text(ctx, &s, ids, 7, 1e30, NULL), HEED_E_NONFINITE);
	assert_non_null(strstr(heed_error_message(ctx), "1e+30"));
	heed_ctx_free(ctx);
}

typedef struct listener {
	double last;
	int calls, stop_at;
} listener;

static bool listen(void *user, double share, const char *text)
{
	listener *l = user;

	assert_true(share > l->last && share <= 1);
	assert_non_null(strstr(text, "loss 0."));
	l->last = share;
	return ++l->calls != l->stop_at;
}

static void tells_and_stops(void **state)
{
	const heed__word2vec_settings s = {.width = 5, .window = 2, .negative = 2};
	heed_ctx *ctx = context(1);
	heed_model *m = model_new(ctx, &s, VOCAB);
	int64_t count;
	int *ids = text_with(often, WORDS, &count);
	listener l = {0};
	heed_fit fit = {.ids = ids, .count = count, .epochs = 3, .tell = listen, .user = &l};

	(void)state;
	assert_int_equal(m->family->fit(m, &fit), HEED_OK);
	assert_int_equal(l.calls, 3);
	assert_true(l.last == 1.0);
	l = (listener){.stop_at = 2};
	assert_int_equal(m->family->fit(m, &fit), HEED_E_INTERRUPTED);
	assert_int_equal(l.calls, 2);
	heed_error_clear(ctx);
	heed_interrupt(ctx);
	l = (listener){0};
	assert_int_equal(m->family->fit(m, &fit), HEED_E_INTERRUPTED);
	assert_int_equal(l.calls, 0);
	heed_model_free(m);
	heed_ctx_free(ctx);
	free(ids);
}

/* --- memory --- */

static void no_memory_is_an_error(void **state)
{
	static const int ids[] = {3, 4, 3, 4, 4, 3, EOS};
	const heed__word2vec_settings s = {.loss = HEED__HIERARCHICAL, .width = 5, .window = 2};
	shortage memory = {0};
	heed_code code;

	(void)state;
	do {
		heed_model *m = NULL;
		heed_ctx *ctx;

		code = HEED_E_MEMORY;
		shortage_begin(&memory);
		ctx = shortage_ctx(&memory);
		if (ctx != NULL)
			m = heed_model_new(ctx, heed_model_class_find("word2vec"), &s, 5, 5, 0);
		if (m != NULL)
			code = m->family->fit(m, &(heed_fit){.ids = ids, .count = 7, .texts = 1});
		heed_model_free(m);
		heed_ctx_free(ctx);
	} while (shortage_felt(&memory, code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huffman_codes),
		cmocka_unit_test(huffman_nodes_are_places_of_the_tree),
		cmocka_unit_test(negative_samples_have_their_share),
		cmocka_unit_test(frequent_words_are_left_out),
		cmocka_unit_test(windows_stay_inside_texts),
		cmocka_unit_test(windows_ask_for_the_word_and_others),
		cmocka_unit_test(stretches_make_up_the_text),
		cmocka_unit_test(a_step_is_its_formula),
		cmocka_unit_test(trainings_are_plain_loops),
		cmocka_unit_test(learns_the_obvious),
		cmocka_unit_test(same_bytes_at_any_number_of_threads),
		cmocka_unit_test(odd_texts),
		cmocka_unit_test(too_high_a_rate_is_said),
		cmocka_unit_test(tells_and_stops),
		cmocka_unit_test(no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
