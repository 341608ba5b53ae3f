/* Decoding of a tiny Transformer: searches against slow ones written here, scores against the full pass. */
#include "scratch.h"

#include "base/context_impl.h"
#include "sample_lines.h"
#include "decode/translator_impl.h"
#include "heed/translate.h"
#include "kernel/kernel.h"
#include "nn/state.h"
#include "shortage.h"

#include <math.h>

/* A model over words that are letters; its own context, so that tests can differ in threads and allocators. */
typedef struct fixture {
	heed_ctx *ctx;
	heed_trained trained;
} fixture;

static const char words_4[] = "a b c d\nb c d a\nc d a b";
static const char words_10[] = "a b c d e f g h i j\nb c d e f g h i j a";

static bool make_in(fixture *f, heed_ctx *ctx, const char *words, const char *longest)
{
	const char *const settings[][2] = {
		{"encoder-layers", "1"}, {"decoder-layers", "3"},   {"width", "16"},
		{"heads", "2"},          {"feed-forward", "24"},    {"dropout", "0"},
		{"init", "normal"},      {"init-deviation", "0.5"}, {"label-smoothing", "0"},
		{"norm", "pre"},         {"max-length", longest},   {"tie", "none"}};
	const heed_model_class *family = heed_model_class_find("transformer");
	const heed_tokenizer_options word = {.kind = "word"};
	char config[1024];
	int size;

	*f = (fixture){.ctx = ctx, .trained = {.ctx = ctx}};
	assert_true(family->config_size <= sizeof config);
	if (heed_fields_default(ctx, family->fields, config) != HEED_OK)
		return false;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		assert_int_equal(heed_field_set(ctx, heed_field_find(family->fields, settings[i][0]), config,
						settings[i][1]),
				 HEED_OK);
	f->trained.source = f->trained.target = train_on(ctx, &word, words);
	if (f->trained.source == NULL)
		return false;
	size = heed_tokenizer_size(f->trained.source);
	f->trained.model = heed_model_new(ctx, family, config, size, size, HEED_MODEL_TRAIN);
	return f->trained.model != NULL;
}

static void drop(fixture *f)
{
	heed_model_free(f->trained.model);
	heed_tokenizer_free(f->trained.source);
}

static void make(fixture *f, int threads, const char *words, const char *longest)
{
	assert_true(
		make_in(f, heed_ctx_new(&(heed_ctx_options){.threads = threads, .seed = 7}), words, longest));
}

static void destroy(fixture *f)
{
	drop(f);
	assert_int_equal(heed_ctx_memory(f->ctx).bytes <= heed_ctx_memory(f->ctx).peak, 1);
	heed_ctx_free(f->ctx);
}

static heed_source line_of(const char *text)
{
	return (heed_source){.text = text, .len = strlen(text)};
}

/* Copies of what a call gave. */
enum { MOST = 4096, LENGTH = 64 };
typedef struct kept {
	size_t index;
	int rank, count, link_count;
	int ids[LENGTH];
	float logp[LENGTH];
	heed_link links[LENGTH];
	bool finished, cut;
	double score, ranked;
	char text[256];
} kept;
static kept all[MOST];
static int kept_count;

static heed_code keep(void *user, const heed_translation *t)
{
	(void)user;
	for (int n = 0; n < t->count; n++) {
		const heed_hypothesis *h = &t->best[n];
		kept *k = &all[kept_count++];

		assert_true(kept_count <= MOST && h->count < LENGTH && h->len < sizeof k->text);
		*k = (kept){.index = t->index,
			    .rank = n,
			    .count = h->count,
			    .link_count = h->link_count,
			    .finished = h->finished,
			    .cut = t->cut,
			    .score = h->score,
			    .ranked = h->ranked};
		for (int i = 0; i < h->count; i++)
			k->ids[i] = h->ids[i];
		for (int i = 0; h->logp != NULL && i < h->count + h->finished; i++)
			k->logp[i] = h->logp[i];
		for (int i = 0; i < h->link_count; i++)
			k->links[i] = h->links[i];
		memcpy(k->text, h->text, h->len + 1);
		assert_int_equal(strlen(k->text), h->len);
	}
	return HEED_OK;
}

static void translate(const fixture *f, const heed_translate_options *o, const heed_source *lines,
		      size_t count)
{
	heed_translator *t = heed_translator_new(&f->trained, o);

	assert_non_null(t);
	kept_count = 0;
	if (heed_translate(t, lines, count, keep, NULL) != HEED_OK)
		fail_msg("%s", heed_error_message(f->ctx));
	heed_translator_free(t);
}

static int encode(const fixture *f, const char *text, int *ids)
{
	heed_coder *c = heed_coder_new(f->ctx, f->trained.source);
	heed_encoding x;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	memcpy(ids, x.ids, (size_t)x.count * sizeof *ids);
	ids[x.count] = HEED_EOS_ID;
	heed_coder_free(c);
	return x.count;
}

/* The full pass over one pair: -log p of each token and of eos. */
static void full_pass(const fixture *f, const char *source, const int *ids, int count, float *nll)
{
	heed_tape *tape = heed_tape_new(f->ctx, 0);
	int s[LENGTH], input[LENGTH] = {HEED_BOS_ID}, targets[LENGTH];
	const int source_start[] = {0, encode(f, source, s) + 1}, start[] = {0, count + 1};
	const heed_batch batch = {
		.source = {{1, source_start}, s}, .input = {{1, start}, input}, .targets = targets};

	for (int i = 0; i < count; i++)
		input[i + 1] = targets[i] = ids[i];
	targets[count] = HEED_EOS_ID;
	assert_non_null(f->trained.model->family->loss(f->trained.model, tape, &batch, nll));
	heed_tape_free(tape);
}

/* Some steps of Adam towards translating every word by the next letter, in reverse order. */
static const char *const lessons[][2] = {{"a b c", "d c b"}, {"c d", "e d"},         {"j i h g", "h i j a"},
					 {"e", "f"},         {"f a f a", "b g b g"}, {"d d e", "f e e"},
					 {"h j", "a i"},     {"b g i a", "b j h c"}};
enum { LESSONS = sizeof lessons / sizeof *lessons };

static void teach(const fixture *f, int steps)
{
	heed_params *p = f->trained.model->params;
	const size_t n = heed_params_size(p);
	float *m = heed__calloc(f->ctx, n, sizeof *m), *v = heed__calloc(f->ctx, n, sizeof *v);
	heed_tape *tape = heed_tape_new(f->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	int source[256], input[256], targets[256], source_start[LESSONS + 1] = {0}, start[LESSONS + 1] = {0};
	const heed_batch batch = {.source = {{LESSONS, source_start}, source},
				  .input = {{LESSONS, start}, input},
				  .targets = targets};

	for (int l = 0; l < LESSONS; l++) {
		source_start[l + 1] =
			source_start[l] + encode(f, lessons[l][0], source + source_start[l]) + 1;
		start[l + 1] = start[l] + encode(f, lessons[l][1], targets + start[l]) + 1;
		for (int i = start[l]; i < start[l + 1]; i++)
			input[i] = i == start[l] ? HEED_BOS_ID : targets[i - 1];
	}
	for (int s = 0; s < steps; s++) {
		heed_tape_reset(tape, (uint32_t)s);
		heed_params_begin(p);
		assert_int_equal(heed_tape_backward(tape, f->trained.model->family->loss(f->trained.model,
											 tape, &batch, NULL)),
				 HEED_OK);
		heed_params_settle(p);
		heed__ctx_kernels(f->ctx)->adam(n, heed_params_values(p), heed_params_gradients(p), m, v, 1,
						0.01f, 0.9f, 0.98f, 1e-9f, 0, (float)(1 - pow(0.9, s + 1)),
						(float)(1 - pow(0.98, s + 1)));
	}
	heed_tape_free(tape);
	heed__free(f->ctx, m);
	heed__free(f->ctx, v);
}

static const char *const texts[] = {"a b c", "j",         "d d e f g h", "",
				    "a b",   "c",         "  ",          "b c d e f g h i j a b c",
				    "h g h", "i a i b i", "a b c",       "a   b  c  d"};
enum { TEXTS = sizeof texts / sizeof *texts };

static const heed_source *text_lines(void)
{
	static heed_source lines[TEXTS];

	for (int i = 0; i < TEXTS; i++)
		lines[i] = line_of(texts[i]);
	return lines;
}

static void learns_and_translates(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	heed_source lines[LESSONS];
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	teach(&f, 150);
	for (int i = 0; i < LESSONS; i++)
		lines[i] = line_of(lessons[i][0]);
	for (o.beam = 1; o.beam <= 4; o.beam += 3) {
		translate(&f, &o, lines, LESSONS);
		assert_int_equal(kept_count, LESSONS);
		for (int i = 0; i < LESSONS; i++) {
			assert_int_equal(all[i].index, i);
			assert_string_equal(all[i].text, lessons[i][1]);
			assert_true(all[i].finished);
		}
	}
	destroy(&f);
}

/* What decoding step by step says of its tokens is what the full pass says of them. */
static void check_scores(const fixture *f, const char *source, const kept *k)
{
	float nll[LENGTH];
	double sum = 0, full = 0;

	full_pass(f, source, k->ids, k->count, nll);
	for (int i = 0; i < k->count + k->finished; i++) {
		assert_true(fabs((double)(k->logp[i] + nll[i])) < 1e-4);
		sum += (double)k->logp[i];
		full -= (double)nll[i];
	}
	assert_true(fabs(k->score - sum) < 1e-6);
	assert_true(fabs(k->score - full) < 1e-4);
}

static void scores_are_those_of_the_full_pass(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	for (int trained = 0; trained < 2; trained++) {
		for (o.beam = 1; o.beam <= 6; o.beam += 5) {
			o.nbest = o.beam > 3 ? 3 : 1;
			o.length_penalty = o.beam > 3 ? 0.6 : 1;
			translate(&f, &o, text_lines(), TEXTS);
			for (int i = 0; i < kept_count; i++) {
				const kept *k = &all[i];

				if (k->count == 0 && !k->finished)
					fail();
				if (k->logp[0] != 0)
					check_scores(&f, texts[k->index], k);
				assert_true(fabs(k->ranked - k->score / pow(k->count + k->finished > 0
										    ? k->count + k->finished
										    : 1,
									    o.length_penalty)) < 1e-9);
			}
		}
		teach(&f, 40);
	}
	destroy(&f);
}

/* The slow greedy search: one sentence alone, the most probable token each time. */
static int slow_greedy(const fixture *f, const char *source, int limit, int *ids)
{
	const heed_model *m = f->trained.model;
	heed_tape *tape = heed_tape_new(f->ctx, 0);
	heed_state *s = heed_state_new(f->ctx, 1, limit);
	int source_ids[LENGTH], token = HEED_BOS_ID, count = 0;
	const int start[] = {0, encode(f, source, source_ids) + 1};
	const heed_batch batch = {.source = {{1, start}, source_ids}};

	assert_int_equal(heed_model_start(m, tape, s, &batch), HEED_OK);
	while (count < limit) {
		const heed_tensor *z;

		heed_tape_reset(tape, 0);
		z = heed_model_step(m, tape, s, &token);
		token = HEED_EOS_ID;
		for (int j = HEED_EOS_ID; j < z->dim[1]; j++)
			if (z->data[j] > z->data[token])
				token = j;
		if (token == HEED_EOS_ID)
			break;
		ids[count++] = token;
	}
	heed_state_free(s);
	heed_tape_free(tape);
	return count;
}

static void beam_of_one_is_greedy(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	fixture f;

	(void)state;
	o.beam = 1;
	o.length_ratio = 0;
	o.length_extra = 15;
	make(&f, 2, words_10, "32");
	for (int taught = 0; taught < 3; taught++) {
		translate(&f, &o, text_lines(), TEXTS);
		for (int i = 0; i < TEXTS; i++) {
			int ids[LENGTH];
			const int count = strspn(texts[i], " ") == strlen(texts[i])
						  ? 0
						  : slow_greedy(&f, texts[i], 15, ids);

			assert_int_equal(all[i].index, i);
			assert_int_equal(all[i].count, count);
			assert_memory_equal(all[i].ids, ids, (size_t)count * sizeof *ids);
			assert_int_equal(all[i].finished, count < 15);
		}
		teach(&f, 10);
	}
	destroy(&f);
}

/* The best of all outputs of at most `limit` tokens, by trying them all. */
typedef struct best {
	const fixture *f;
	const char *source;
	int limit, vocab;
	double penalty, ranked;
	int ids[8], count;
} best;

static void try_all(best *b, int *ids, int count)
{
	float nll[8];
	double sum = 0;
	int length;

	full_pass(b->f, b->source, ids, count, nll);
	for (int i = 0; i < count; i++)
		sum -= (double)nll[i];
	length = count < b->limit ? count + 1 : count; /* with eos, or cut off */
	sum -= count < b->limit ? (double)nll[count] : 0;
	sum /= pow(length, b->penalty);
	if (sum > b->ranked) {
		b->ranked = sum;
		b->count = count;
		memcpy(b->ids, ids, (size_t)count * sizeof *ids);
	}
	for (int j = HEED_EOS_ID + 1; j < b->vocab && count < b->limit; j++) {
		ids[count] = j;
		try_all(b, ids, count + 1);
	}
}

static void wide_beam_finds_the_best(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	const char *const sources[] = {"a b c", "d a"};
	fixture f;

	(void)state;
	make(&f, 2, words_4, "16");
	o.beam = 400;
	o.length_ratio = 0;
	o.length_extra = 3;
	for (int i = 0; i < 4; i++) {
		best b = {&f,    sources[i % 2], 3,   heed_tokenizer_size(f.trained.target),
			  i / 2, -INFINITY,      {0}, 0};
		const heed_source line = line_of(b.source);
		int ids[8];

		try_all(&b, ids, 0);
		o.length_penalty = b.penalty;
		translate(&f, &o, &line, 1);
		assert_int_equal(kept_count, 1);
		assert_int_equal(all[0].count, b.count);
		assert_memory_equal(all[0].ids, b.ids, (size_t)b.count * sizeof *b.ids);
		assert_true(fabs(all[0].ranked - b.ranked) < 1e-4);
	}
	destroy(&f);
}

/* The beam search as its definition reads, one sentence alone and all continuations sorted. */
typedef struct path {
	int ids[LENGTH], count;
	double score, ranked;
	int row; /* its rank before the step */
	bool finished;
} path;

static int by_score(const void *a, const void *b)
{
	const path *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->ids[x->count - 1] < y->ids[y->count - 1] ? -1 : 1;
}

static int by_rank(const void *a, const void *b)
{
	const path *x = a, *y = b;

	return x->ranked > y->ranked ? -1 : x->ranked < y->ranked;
}

static int slow_beam(const fixture *f, const char *source, int beam, double penalty, int limit, path *ended)
{
	const heed_model *m = f->trained.model;
	heed_tape *tape = heed_tape_new(f->ctx, 0);
	heed_state *s = heed_state_new(f->ctx, beam, limit);
	int source_ids[LENGTH], tokens[16] = {HEED_BOS_ID}, running_count = 1, ended_count = 0;
	const int start[] = {0, encode(f, source, source_ids) + 1};
	path running[16] = {{{0}, 0, 0, 0, 0, false}}, next[16 * 16];
	bool done = false;

	heed_model_start(m, tape, s, &(heed_batch){.source = {{1, start}, source_ids}});
	for (int t = 0; !done; t++) {
		int count = 0, parents[16];
		const heed_tensor *z;

		heed_tape_reset(tape, 0);
		z = heed_model_step(m, tape, s, tokens);
		for (int r = 0; r < running_count; r++) {
			const float *x = z->data + r * z->dim[1];
			double sum = 0;

			for (int j = 0; j < z->dim[1]; j++)
				sum += exp((double)x[j]);
			for (int j = HEED_EOS_ID; j < z->dim[1]; j++) {
				next[count] = running[r];
				next[count].ids[t] = j;
				next[count].count = t + 1;
				next[count].row = r;
				next[count].score += (double)x[j] - log(sum);
				next[count].ranked = next[count].score / pow(t + 1, penalty);
				next[count++].finished = j == HEED_EOS_ID;
			}
		}
		qsort(next, (size_t)count, sizeof *next, by_score);
		running_count = 0;
		for (int i = 0; i < count && i < 2 * beam && running_count < beam; i++) {
			if (next[i].finished || t + 1 == limit) {
				if (i < beam) {
					ended[ended_count++] = next[i];
					qsort(ended, (size_t)ended_count, sizeof *ended, by_rank);
					ended_count = ended_count > beam ? beam : ended_count;
				}
			} else {
				parents[running_count] = next[i].row;
				tokens[running_count] = next[i].ids[t];
				running[running_count++] = next[i];
			}
		}
		done = running_count == 0 ||
		       (ended_count == beam && (beam == 1 || ended[beam - 1].ranked >= running[0].ranked));
		if (!done)
			heed_model_reorder(m, s, parents, running_count);
	}
	heed_state_free(s);
	heed_tape_free(tape);
	return ended_count;
}

static void beam_search_is_as_defined(void **state)
{
	const double penalties[] = {0, 0.6, 1, 2};
	heed_translate_options o = heed_translate_defaults();
	fixture f;

	(void)state;
	o.length_ratio = 0;
	make(&f, 2, words_10, "32");
	for (int way = 0; way < 24; way++) {
		o.beam = o.nbest = 1 + way % 6;
		o.length_penalty = penalties[way % 4];
		o.length_extra = way % 5 == 0 ? 3 : 14;
		if (way % 6 == 5)
			teach(&f, 8);
		translate(&f, &o, text_lines(), TEXTS);
		for (int i = 0; i < kept_count; i += o.nbest) {
			path ended[16];
			int count;

			if (all[i].logp[0] == 0) {
				i += 1 - o.nbest;
				continue;
			}
			count = slow_beam(&f, texts[all[i].index], o.beam, o.length_penalty, o.length_extra,
					  ended);
			assert_int_equal(count, o.nbest);
			for (int n = 0; n < count; n++) {
				const kept *k = &all[i + n];

				assert_int_equal(k->rank, n);
				assert_true(fabs(k->ranked - ended[n].ranked) < 1e-5);
				assert_int_equal(k->finished, ended[n].finished);
				assert_int_equal(k->count, ended[n].count - ended[n].finished);
				assert_memory_equal(k->ids, ended[n].ids, (size_t)k->count * sizeof *k->ids);
			}
		}
	}
	destroy(&f);
}

/* Few different scores, so that there are many ties. */
static void choices_are_the_best(void **state)
{
	enum { ROWS = 3, VOCAB = 321, BEST = 9 };
	heed_ctx *ctx = heed_ctx_new(NULL);
	static float z[ROWS][VOCAB];
	static path expected[ROWS * VOCAB];

	(void)state;
	for (uint32_t round = 0; round < 50; round++) {
		heed__rng rng = test_rng(round);
		heed__choice items[BEST];
		heed__choices c = {items, 0, BEST};
		int count = 0;

		for (int r = 0; r < ROWS; r++) {
			const double before = -(double)heed__rng_below(&rng, 3);
			double lse;

			for (int j = 0; j < VOCAB; j++) {
				z[r][j] = (float)heed__rng_below(&rng, round % 2 ? 20 : 1 << 20) /
					  (round % 2 ? 1.0f : 1 << 14);
			}
			z[r][r] = -INFINITY;
			assert_true(heed__choice_lse(heed__ctx_kernels(ctx), z[r], VOCAB, &lse));
			heed__choices_offer(&c, z[r], VOCAB, lse, r, before);
			for (int j = HEED_EOS_ID; j < VOCAB; j++)
				if (isfinite(z[r][j]))
					expected[count++] = (path){
						{j}, 1, before + (double)(float)((double)z[r][j] - lse),
						0,   r, 0};
		}
		heed__choices_sort(&c);
		qsort(expected, (size_t)count, sizeof *expected, by_score);
		assert_int_equal(c.count, BEST);
		for (int i = 0; i < BEST; i++) {
			assert_int_equal(items[i].row, expected[i].row);
			assert_int_equal(items[i].token, expected[i].ids[0]);
			assert_true(items[i].score == expected[i].score);
		}
	}
	z[0][7] = NAN;
	assert_false(heed__choice_lse(heed__ctx_kernels(ctx), z[0], VOCAB, &(double){0}));
	z[0][7] = INFINITY;
	assert_false(heed__choice_lse(heed__ctx_kernels(ctx), z[0], VOCAB, &(double){0}));
	heed_ctx_free(ctx);
}

static bool same_ids(const kept *a, const kept *b)
{
	return a->count == b->count && a->finished == b->finished &&
	       memcmp(a->ids, b->ids, (size_t)a->count * sizeof *a->ids) == 0;
}

static void nbest_is_sorted_and_distinct(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	fixture f;
	int lines = 0;

	(void)state;
	o.beam = 8;
	o.nbest = 8;
	make(&f, 2, words_10, "32");
	teach(&f, 20);
	translate(&f, &o, text_lines(), TEXTS);
	for (int i = 0; i < kept_count; i++) {
		lines += all[i].rank == 0;
		for (int j = i + 1; j < kept_count && all[j].index == all[i].index; j++) {
			assert_true(all[j].ranked <= all[i].ranked);
			assert_int_equal(all[j].rank, all[i].rank + j - i);
			assert_false(same_ids(&all[i], &all[j]));
		}
	}
	assert_int_equal(lines, TEXTS);
	assert_true(kept_count > 6 * (TEXTS - 2));
	destroy(&f);
}

static void prefix_is_forced(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	heed_source lines[4];
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	teach(&f, 40);
	for (int i = 0; i < 4; i++)
		lines[i] = line_of("a b c");
	lines[1].prefix = "g h i j a b";
	lines[1].prefix_len = 3; /* "g h" */
	lines[2].prefix = "d";
	lines[2].prefix_len = 1;
	lines[3].prefix = "";
	for (o.beam = 1; o.beam <= 5; o.beam += 2) {
		translate(&f, &o, lines, 4);
		assert_memory_equal(all[1].text, "g h", 3);
		assert_memory_equal(all[2].text, "d", 1);
		assert_true(same_ids(&all[0], &all[3]));
		assert_string_equal(all[0].text, "d c b");
		assert_true(same_ids(&all[0], &all[2]));
		check_scores(&f, "a b c", &all[1]);
	}
	o.max_length = 1;
	translate(&f, &o, lines, 4);
	assert_int_equal(all[1].count + all[1].finished, 3); /* one beyond the prefix in any case */
	o.sample = true;
	o.max_length = 0;
	translate(&f, &o, lines, 4);
	assert_memory_equal(all[1].text, "g h", 3);
	check_scores(&f, "a b c", &all[1]);
	destroy(&f);
}

static void sampling_repeats_itself(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	static kept first[TEXTS * 3];
	heed_translator *t;
	fixture f;
	int differ = 0;

	(void)state;
	o.sample = true;
	o.nbest = 3;
	o.temperature = 1.5;
	make(&f, 2, words_10, "32");
	translate(&f, &o, text_lines(), TEXTS);
	memcpy(first, all, sizeof first);
	for (int i = 0; i < kept_count; i++)
		if (all[i].logp[0] != 0)
			check_scores(&f, texts[all[i].index], &all[i]);
	for (int batch = 1; batch < 6; batch += 4) {
		o.batch_sentences = batch;
		translate(&f, &o, text_lines(), TEXTS);
		for (int i = 0; i < kept_count; i++)
			assert_true(same_ids(&first[i], &all[i]));
	}
	/* one by one, and again under the same number */
	t = heed_translator_new(&f.trained, &o);
	kept_count = 0;
	for (size_t i = 0; i < TEXTS; i++)
		assert_int_equal(heed_translate(t, text_lines() + i, 1, keep, NULL), HEED_OK);
	for (int i = 0; i < kept_count; i++)
		assert_true(same_ids(&first[i], &all[i]));
	kept_count = 0;
	for (int again = 0; again < 2; again++) {
		assert_int_equal(heed_translate(t, text_lines(), 1, keep, NULL), HEED_OK);
		differ += !same_ids(&all[0], &first[0]);
		kept_count = 0;
		heed_translator_number(t, 0);
	}
	assert_int_equal(differ, 1);
	heed_translator_free(t);
	destroy(&f);
}

static void sampling_follows_the_model(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	const heed_source line = line_of("c d");
	int seen[LENGTH] = {0}, source[LENGTH], vocab;
	double p[LENGTH], produced = 0;
	int pairs = 0, repeats = 0;
	heed_tape *tape;
	heed_state *s;
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	vocab = heed_tokenizer_size(f.trained.target);
	tape = heed_tape_new(f.ctx, 0);
	s = heed_state_new(f.ctx, 1, 1);
	{
		const int start[] = {0, encode(&f, "c d", source) + 1}, token = HEED_BOS_ID;
		const heed_tensor *z;

		heed_model_start(f.trained.model, tape, s, &(heed_batch){.source = {{1, start}, source}});
		z = heed_model_step(f.trained.model, tape, s, &token);
		for (int j = 0; j < vocab; j++) {
			p[j] = j < HEED_EOS_ID ? 0 : exp((double)z->data[j] / 2);
			produced += p[j];
		}
	}
	heed_state_free(s);
	heed_tape_free(tape);
	o.sample = true;
	o.nbest = 1024;
	o.temperature = 2;
	o.max_length = 1;
	translate(&f, &o, &line, 1);
	assert_int_equal(kept_count, 1024);
	for (int i = 0; i < kept_count; i++)
		seen[all[i].count > 0 ? all[i].ids[0] : HEED_EOS_ID]++;
	for (int j = 0; j < vocab; j++) {
		const double q = p[j] / produced;

		assert_true(fabs(seen[j] - 1024 * q) <= 5 * sqrt(1024 * q * (1 - q)) + 1e-9);
	}
	/* each token is drawn by itself: few are like the one before */
	o.nbest = 1;
	o.temperature = 100;
	o.max_length = 30;
	translate(&f, &o, text_lines(), TEXTS);
	for (int i = 0; i < kept_count; i++)
		for (int j = 1; j < all[i].count; j++, pairs++)
			repeats += all[i].ids[j] == all[i].ids[j - 1];
	assert_true(pairs > 50 && repeats < pairs / 3);
	o.temperature = 2;
	/* narrowed to the likeliest token it is the greedy search */
	o.nbest = 1;
	o.max_length = 0;
	for (int way = 0; way < 3; way++) {
		static kept narrow[TEXTS];

		o.sample = way < 2;
		o.top_k = way == 0;
		o.top_p = way == 1 ? 1e-6 : 1;
		o.beam = 1;
		translate(&f, &o, text_lines(), TEXTS);
		for (int i = 0; i < TEXTS && way > 0; i++)
			assert_true(same_ids(&narrow[i], &all[i]));
		memcpy(narrow, all, sizeof narrow);
	}
	/* two of them: nothing else is ever drawn */
	o.sample = true;
	o.top_k = 2;
	o.nbest = 500;
	o.max_length = 1;
	memset(seen, 0, sizeof seen);
	translate(&f, &o, &line, 1);
	for (int i = 0; i < kept_count; i++)
		seen[all[i].count > 0 ? all[i].ids[0] : HEED_EOS_ID] = 1;
	vocab = 0;
	for (int j = 0; j < LENGTH; j++)
		vocab += seen[j];
	assert_int_equal(vocab, 2);
	destroy(&f);
}

static void threads_and_batches_change_nothing(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	static kept first[TEXTS * 4];
	int first_count = 0;

	(void)state;
	o.nbest = 4;
	for (int way = 0; way < 5; way++) {
		fixture f;

		make(&f, way < 3 ? way + 1 : 2, words_10, "32");
		teach(&f, 15);
		o.batch_sentences = way == 3 ? 1 : 64;
		o.batch_tokens = way == 4 ? 12 : 4096;
		translate(&f, &o, text_lines(), TEXTS);
		if (way == 0) {
			assert_true(kept_count <= TEXTS * 4);
			memcpy(first, all, sizeof first);
			first_count = kept_count;
		}
		assert_int_equal(kept_count, first_count);
		for (int i = 0; i < kept_count; i++) {
			assert_int_equal(all[i].index, first[i].index);
			assert_true(same_ids(&first[i], &all[i]));
			assert_true(fabs(first[i].score - all[i].score) < 1e-5);
		}
		destroy(&f);
	}
}

/* A hypothesis that was moved, doubled or whose neighbours left goes on as if it were alone. */
static void reordering_moves_the_past(void **state)
{
	fixture f;
	const heed_model *m;
	heed_tape *tape;
	heed_state *s;
	int ids[2][LENGTH], both[LENGTH], start[3] = {0};
	const int said[3][3] = {{HEED_BOS_ID, 4, 6}, {HEED_BOS_ID, 5, 7}, {HEED_BOS_ID, 5, 8}};
	const int source_of[3] = {0, 1, 1};
	float moved[3][LENGTH];
	const heed_tensor *z;

	(void)state;
	make(&f, 1, words_10, "32");
	m = f.trained.model;
	for (int i = 0; i < 2; i++) {
		const int n = encode(&f, i ? "c d e f" : "a b", ids[i]) + 1;

		memcpy(both + start[i], ids[i], (size_t)n * sizeof *both);
		start[i + 1] = start[i] + n;
	}
	tape = heed_tape_new(f.ctx, 0);
	s = heed_state_new(f.ctx, 4, 3);
	heed_model_start(m, tape, s, &(heed_batch){.source = {{2, start}, both}});
	heed_model_step(m, tape, s, (int[]){HEED_BOS_ID, HEED_BOS_ID});
	assert_int_equal(heed_model_reorder(m, s, (int[]){1, 0}, 2), HEED_OK);
	heed_model_step(m, tape, s, (int[]){5, 4});
	assert_int_equal(heed_model_reorder(m, s, (int[]){1, 0, 0}, 3), HEED_OK);
	assert_int_equal(heed_state_rows(s), 3);
	z = heed_model_step(m, tape, s, (int[]){6, 7, 8});
	for (int r = 0; r < 3; r++)
		memcpy(moved[r], z->data + r * z->dim[1], (size_t)z->dim[1] * sizeof(float));
	for (int r = 0; r < 3; r++) {
		const int from = source_of[r], one[2] = {0, start[from + 1] - start[from]};

		heed_model_start(m, tape, s, &(heed_batch){.source = {{1, one}, ids[from]}});
		for (int i = 0; i < 3; i++)
			z = heed_model_step(m, tape, s, &said[r][i]);
		for (int j = 0; j < z->dim[1]; j++)
			assert_true(fabsf(z->data[j] - moved[r][j]) < 1e-5f);
	}
	assert_int_equal(heed_model_reorder(m, s, (int[]){1}, 1), HEED_E_ARGUMENT);
	heed_state_free(s);
	heed_tape_free(tape);
	destroy(&f);
}

static void pairs_have_scores(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	heed_pair pairs[LESSONS + 2];
	heed_pair_score scores[LESSONS + 2], alone;
	heed_translator *t;
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	teach(&f, 30);
	for (int i = 0; i < LESSONS; i++)
		pairs[i] = (heed_pair){lessons[i][0], strlen(lessons[i][0]), lessons[i][1],
				       strlen(lessons[i][1])};
	pairs[LESSONS] = (heed_pair){"a b", 3, "", 0};
	pairs[LESSONS + 1] = (heed_pair){"", 0, "a b", 3};
	o.batch_tokens = 20;
	t = heed_translator_new(&f.trained, &o);
	assert_int_equal(heed_score_pairs(t, pairs, LESSONS + 2, scores), HEED_OK);
	for (int i = 0; i < LESSONS + 2; i++) {
		int ids[LENGTH];
		const int count = encode(&f, pairs[i].target, ids);
		float nll[LENGTH];
		double sum = 0;

		full_pass(&f, pairs[i].source, ids, count, nll);
		for (int j = 0; j <= count; j++)
			sum -= (double)nll[j];
		assert_int_equal(scores[i].tokens, count + 1);
		assert_true(fabs(scores[i].logp - sum) < 1e-4);
		assert_false(scores[i].cut);
		assert_int_equal(heed_score_pairs(t, &pairs[i], 1, &alone), HEED_OK);
		assert_true(fabs(alone.logp - sum) < 1e-4);
	}
	heed_translator_free(t);
	destroy(&f);
}

static void lengths_are_respected(void **state)
{
	static const char long_text[] = "a b c d e f g h i j a b c d e f g h i j";
	heed_translate_options o = heed_translate_defaults();
	const heed_source lines[] = {line_of(long_text), line_of("a b")};
	heed_pair_score score;
	heed_translator *t;
	fixture f;

	(void)state;
	make(&f, 2, words_10, "12");
	o.beam = 2;
	translate(&f, &o, lines, 2);
	assert_true(all[0].cut);
	assert_false(all[1].cut);
	for (int i = 0; i < 2; i++)
		assert_true(all[i].count + all[i].finished <= 12);
	/* the cut text is read as far as it goes: eleven words and eos */
	translate(&f, &o, (heed_source[]){{.text = long_text, .len = 21}}, 1);
	assert_false(all[0].cut);
	o.strict = true;
	t = heed_translator_new(&f.trained, &o);
	assert_int_equal(heed_translate(t, lines, 2, keep, NULL), HEED_E_TEXT);
	assert_message(f.ctx, "input 1", "11 tokens");
	assert_int_equal(heed_score_pairs(t, &(heed_pair){"a", 1, long_text, strlen(long_text)}, 1, &score),
			 HEED_E_TEXT);
	assert_null(heed_attend(t, long_text, "a"));
	heed_translator_free(t);
	o.strict = false;
	for (o.max_length = 1; o.max_length < 5; o.max_length++) {
		translate(&f, &o, lines, 2);
		for (int i = 0; i < kept_count; i++)
			assert_true(all[i].count + all[i].finished <= o.max_length);
	}
	o.max_length = 0;
	o.length_ratio = 1;
	o.length_extra = 1;
	translate(&f, &o, lines + 1, 1);
	assert_true(all[0].count + all[0].finished <= 3);
	t = heed_translator_new(&f.trained, &o);
	assert_int_equal(heed_score_pairs(t, &(heed_pair){long_text, strlen(long_text), "a", 1}, 1, &score),
			 HEED_OK);
	assert_true(score.cut);
	heed_translator_free(t);
	destroy(&f);
}

static void empty_lines_are_empty(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	fixture f;

	(void)state;
	o.nbest = 3;
	make(&f, 2, words_10, "32");
	translate(&f, &o, text_lines(), TEXTS);
	for (int i = 0; i < kept_count; i++)
		if (all[i].index == 3 || all[i].index == 6) {
			assert_int_equal(all[i].rank, 0);
			assert_int_equal(all[i].count, 0);
			assert_string_equal(all[i].text, "");
			assert_true(all[i + 1].index != all[i].index);
		}
	translate(&f, &o, text_lines() + 3, 1);
	assert_int_equal(kept_count, 1);
	translate(&f, &o, NULL, 0);
	assert_int_equal(kept_count, 0);
	destroy(&f);
}

static void check_map(const heed_attention_map *m)
{
	const bool causal = strncmp(m->name, "dec", 3) == 0 && strstr(m->name, "self") != NULL;

	for (int i = 0; i < m->rows; i++) {
		double sum = 0;

		assert_non_null(m->row_labels[i]);
		for (int j = 0; j < m->cols; j++) {
			const float w = m->weights[i * m->cols + j];

			assert_true(w >= 0);
			if (causal && j > i)
				assert_true(w == 0);
			sum += (double)w;
		}
		assert_true(fabs(sum - 1) < 1e-5);
	}
}

static void attention_is_shown(void **state)
{
	heed_translator *t;
	heed_attended *a;
	fixture f;
	int ids[LENGTH], cross = 0;

	(void)state;
	make(&f, 2, words_10, "32");
	t = heed_translator_new(&f.trained, NULL);
	a = heed_attend(t, "a b c", "d c");
	assert_non_null(a);
	assert_int_equal(a->source_count, 4);
	assert_int_equal(a->target_count, 3);
	assert_string_equal(a->source[3], "</s>");
	assert_string_equal(a->input[0], "<s>");
	assert_string_equal(a->target[2], "</s>");
	assert_string_equal(a->target[0], a->input[1]);
	assert_string_equal(a->text, "d c");
	assert_int_equal(a->mean_count, 1 + 3 + 3);
	assert_int_equal(a->map_count, 2 * a->mean_count);
	for (int i = 0; i < a->map_count; i++) {
		const heed_attention_map *m = &a->maps[i];

		check_map(m);
		assert_int_equal(m->head, i % 2);
		if (strcmp(m->name, "dec2.cross") == 0) {
			assert_int_equal(m->layer, 2);
			assert_int_equal(m->rows, 3);
			assert_int_equal(m->cols, 4);
			assert_ptr_equal(m->row_labels, a->target);
			assert_ptr_equal(m->col_labels, a->source);
			cross++;
		}
	}
	assert_int_equal(cross, 2);
	for (int i = 0; i < a->mean_count; i++) {
		const heed_attention_map *m = &a->means[i], *h = &a->maps[2 * i];

		check_map(m);
		assert_int_equal(m->head, -1);
		for (int j = 0; j < m->rows * m->cols; j++)
			assert_true(fabsf(m->weights[j] - (h[0].weights[j] + h[1].weights[j]) / 2) < 1e-6f);
	}
	{
		float nll[LENGTH];
		double sum = 0;

		full_pass(&f, "a b c", ids, encode(&f, "d c", ids), nll);
		for (int i = 0; i < 3; i++)
			sum -= (double)nll[i];
		assert_true(fabs(a->score - sum) < 1e-4);
	}
	heed_attended_free(a);
	/* without a target it is that of the translation */
	a = heed_attend(t, "a b c", NULL);
	kept_count = 0;
	assert_int_equal(heed_translate(t, text_lines(), 1, keep, NULL), HEED_OK);
	assert_string_equal(a->text, all[0].text);
	assert_int_equal(a->target_count, all[0].count + 1);
	heed_attended_free(a);
	heed_translator_free(t);
	destroy(&f);
}

static const char *const spaced[] = {"a b c", "  j  a", "a    b    c     d", "j", "c d e f g"};
enum { SPACED = sizeof spaced / sizeof *spaced };

/* The n-th word of the source for its c-th token, when words are tokens; -1 for a space alone. */
static int word_of_column(const heed_attended *a, int c)
{
	int word = -1;

	if (strcmp(a->source[c], "\xE2\x96\x81") == 0)
		return -1;
	for (int i = 0; i <= c; i++)
		word += strcmp(a->source[i], "\xE2\x96\x81") != 0;
	return word;
}

static int best_word_of(const heed_attended *a, const heed_attention_map *map, int row)
{
	float most = -1;
	int at = -1;

	for (int c = 0; c < map->cols - 1; c++)
		if (word_of_column(a, c) >= 0 && map->weights[row * map->cols + c] > most) {
			most = map->weights[row * map->cols + c];
			at = word_of_column(a, c);
		}
	return at;
}

/* With a word a token, the links are the largest weights of the middle layer's mean, eos and spaces left out. */
static int check_links(heed_translator *t, const kept *k)
{
	heed_attended *a = heed_attend(t, spaced[k->index], k->text);
	int checked = 0;

	assert_non_null(a);
	for (int m = 0; m < a->mean_count && a->target_count == k->count + 1; m++) {
		if (strcmp(a->means[m].name, "dec1.cross") != 0 || strstr(k->text, "  ") ||
		    k->text[0] == ' ' || (k->count > 0 && k->text[strlen(k->text) - 1] == ' '))
			continue;
		assert_int_equal(k->link_count, k->count);
		for (int r = 0; r < k->count; r++) {
			assert_int_equal(k->links[r].target, r);
			assert_int_equal(k->links[r].source, best_word_of(a, &a->means[m], r));
		}
		checked++;
	}
	heed_attended_free(a);
	return checked;
}

static void words_are_aligned(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	heed_source lines[SPACED];
	heed_translator *t;
	fixture f;
	int checked = 0;

	(void)state;
	o.alignment = true;
	o.nbest = 4;
	make(&f, 2, words_10, "32");
	t = heed_translator_new(&f.trained, &o);
	for (int i = 0; i < SPACED; i++)
		lines[i] = line_of(spaced[i]);
	for (int taught = 0; taught < 5; taught++) {
		translate(&f, &o, lines, SPACED);
		for (int i = 0; i < kept_count; i++)
			checked += check_links(t, &all[i]);
		teach(&f, 12);
	}
	assert_true(checked > 20);
	heed_translator_free(t);
	destroy(&f);
}

static void pieces_belong_to_words(void **state)
{
	static const char text[] = "  ab c\t\xC3\xA9 ";
	const int start[] = {0, 1, 3, 4, 5, 6, 7, 7, 9, 10}, expected[] = {-1, 0, 0, -1, 1, -1, 2, 2, -1};
	int words[9];

	(void)state;
	heed__words(text, sizeof text - 1, start, 9, words);
	assert_memory_equal(words, expected, sizeof words);
}

static void options_are_checked(void **state)
{
	heed_translate_options o;
	fixture f;

	(void)state;
	make(&f, 1, words_4, "16");
#define REFUSED(member, value)                                                                               \
	o = heed_translate_defaults();                                                                       \
	o.member = value;                                                                                    \
	assert_null(heed_translator_new(&f.trained, &o));                                                    \
	assert_int_equal(heed_error_code(f.ctx), HEED_E_ARGUMENT)
	REFUSED(beam, 0);
	REFUSED(beam, HEED_BEAM_MAX + 1);
	REFUSED(nbest, 6);
	REFUSED(nbest, 0);
	REFUSED(temperature, 0);
	REFUSED(temperature, NAN);
	REFUSED(top_p, 0);
	REFUSED(top_k, -1);
	REFUSED(length_extra, 0);
	REFUSED(max_length, -1);
	REFUSED(batch_sentences, 0);
	REFUSED(length_penalty, INFINITY);
#undef REFUSED
	destroy(&f);
}

static void numbers_that_are_none_are_reported(void **state)
{
	heed_translator *t;
	fixture f;

	(void)state;
	make(&f, 2, words_4, "16");
	heed_params_values(f.trained.model->params)[0] = NAN;
	for (size_t i = 0; i < heed_params_size(f.trained.model->params); i++)
		heed_params_values(f.trained.model->params)[i] = NAN;
	t = heed_translator_new(&f.trained, NULL);
	assert_int_equal(heed_translate(t, text_lines(), 3, keep, NULL), HEED_E_NONFINITE);
	assert_message(f.ctx, "token 1");
	heed_translator_free(t);
	destroy(&f);
}

static heed_code refuse(void *user, const heed_translation *t)
{
	(void)t;
	++*(int *)user;
	return HEED_E_IO;
}

static void callers_can_stop(void **state)
{
	heed_translator *t;
	fixture f;
	int calls = 0;

	(void)state;
	make(&f, 2, words_4, "16");
	t = heed_translator_new(&f.trained, NULL);
	assert_int_equal(heed_translate(t, text_lines(), 3, refuse, &calls), HEED_E_IO);
	assert_int_equal(calls, 1);
	heed_interrupt(f.ctx);
	assert_int_equal(heed_translate(t, text_lines(), 3, refuse, &calls), HEED_E_INTERRUPTED);
	assert_int_equal(calls, 1);
	heed_error_clear(f.ctx);
	heed_translator_free(t);
	destroy(&f);
}

static void repeated_work_allocates_nothing(void **state)
{
	heed_translate_options o = heed_translate_defaults();
	heed_pair_score scores[2];
	const heed_pair pairs[] = {{"a b", 3, "c d", 3}, {"a", 1, "d d d", 5}};
	uint64_t before = 0;
	heed_translator *t;
	fixture f;

	(void)state;
	make(&f, 2, words_10, "32");
	o.alignment = true;
	t = heed_translator_new(&f.trained, &o);
	for (int i = 0; i < 6; i++) {
		if (i == 4)
			before = heed_ctx_memory(f.ctx).allocations;
		kept_count = 0;
		assert_int_equal(heed_translate(t, text_lines(), TEXTS, keep, NULL), HEED_OK);
		assert_int_equal(heed_score_pairs(t, pairs, 2, scores), HEED_OK);
	}
	assert_int_equal(heed_ctx_memory(f.ctx).allocations, before);
	heed_translator_free(t);
	destroy(&f);
}

/* Everything there is to do; whether all of it went well. */
static bool do_all(const fixture *f, bool sample)
{
	heed_translate_options o = heed_translate_defaults();
	const heed_pair pair = {"a b", 3, "c d", 3};
	heed_pair_score score;
	heed_attended *a;
	heed_translator *t;
	bool good;

	o.alignment = true;
	o.sample = sample;
	o.top_p = 0.9;
	o.nbest = 2;
	t = heed_translator_new(&f->trained, &o);
	if (t == NULL)
		return false;
	kept_count = 0;
	good = heed_translate(t, text_lines(), TEXTS, keep, NULL) == HEED_OK &&
	       heed_score_pairs(t, &pair, 1, &score) == HEED_OK;
	a = good ? heed_attend(t, "a b", NULL) : NULL;
	good = a != NULL;
	heed_attended_free(a);
	heed_translator_free(t);
	return good;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (int sample = 0; sample < 2; sample++) {
		shortage s = {.optional = true}; /* one block in place of the several that an arena had */
		heed_code code;

		do {
			fixture f;
			long before;

			assert_true(make_in(&f, shortage_ctx(&s), words_4, "16"));
			before = s.blocks;
			shortage_begin(&s);
			code = do_all(&f, sample) ? HEED_OK : heed_error_code(f.ctx);
			/* what stays is scratch of the context */
			assert_true(s.blocks <= before + 2);
			destroy(&f);
		} while (shortage_felt(&s, code));
		assert_true(s.tries > 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_and_translates),
		cmocka_unit_test(scores_are_those_of_the_full_pass),
		cmocka_unit_test(beam_of_one_is_greedy),
		cmocka_unit_test(wide_beam_finds_the_best),
		cmocka_unit_test(beam_search_is_as_defined),
		cmocka_unit_test(choices_are_the_best),
		cmocka_unit_test(nbest_is_sorted_and_distinct),
		cmocka_unit_test(prefix_is_forced),
		cmocka_unit_test(sampling_repeats_itself),
		cmocka_unit_test(sampling_follows_the_model),
		cmocka_unit_test(threads_and_batches_change_nothing),
		cmocka_unit_test(reordering_moves_the_past),
		cmocka_unit_test(pairs_have_scores),
		cmocka_unit_test(lengths_are_respected),
		cmocka_unit_test(empty_lines_are_empty),
		cmocka_unit_test(attention_is_shown),
		cmocka_unit_test(words_are_aligned),
		cmocka_unit_test(pieces_belong_to_words),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(numbers_that_are_none_are_reported),
		cmocka_unit_test(callers_can_stop),
		cmocka_unit_test(repeated_work_allocates_nothing),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
