/* n-gram models: against KenLM's lmplz, against figures worked by hand, and against bytes and files that lie. */
#include "scratch.h"

#include "base/strbuf.h"
#include "base/vector.h"
#include "heed/ngram.h"
#include "heed/tensor.h"
#include "model/ngram_trie.h"
#include "sample_lines.h"
#include "shortage.h"

#include <math.h>

#define SPACE "\xE2\x96\x81"

static heed_ctx *ctx;

static int make_ctx(void **state)
{
	(void)state;
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2});
	return ctx ? 0 : -1;
}

static int free_ctx(void **state)
{
	(void)state;
	heed_ctx_free(ctx);
	return 0;
}

static void good(heed_ctx *c, heed_code code)
{
	if (code != HEED_OK)
		fail_msg("%s", heed_error_message(c));
}

/* --- models of small texts --- */

static char *read_text(const char *path)
{
	size_t n;
	unsigned char *const bytes = scratch_read(path, &n);

	assert_true(n < 1 << 20);
	bytes[n] = '\0';
	return (char *)bytes;
}

static heed_tokenizer *words_of(heed_ctx *c, const char *text)
{
	return train_on(c,
			&(heed_tokenizer_options){
				.kind = "space", .min_count = 1, .normalization = HEED_NORMALIZE_NONE},
			text);
}

/* The lines of the text, each with its eos. */
static bool ids_of(heed_ctx *c, const heed_tokenizer *t, const char *text, heed__ints *ids)
{
	heed_coder *const coder = heed_coder_new(c, t);
	corpus_lines lines = corpus_of(text);
	bool done = coder != NULL;
	heed_encoding x;
	const char *line;
	size_t len;

	while (done && next_corpus_line(&lines, &line, &len) == HEED_OK && line != NULL) {
		done = heed_coder_encode(coder, line, len, &x) == HEED_OK;
		for (int i = 0; done && i < x.count; i++)
			done = HEED__PUSH(c, ids, x.ids[i]);
		done = done && HEED__PUSH(c, ids, HEED_EOS_ID);
	}
	heed_coder_free(coder);
	return done;
}

static heed_model *new_model(heed_ctx *c, int vocab, const char *const *settings)
{
	const heed_model_class *const family = heed_model_class_find("ngram");
	_Alignas(max_align_t) char config[256];

	assert_true(family->config_size <= sizeof config);
	if (heed_fields_default(c, family->fields, config) != HEED_OK)
		return NULL;
	for (; *settings != NULL; settings += 2)
		if (heed_field_set(c, heed_field_find(family->fields, settings[0]), config, settings[1]))
			return NULL;
	return heed_model_new(c, family, config, vocab, vocab, 0);
}

static heed_code fit(heed_ctx *c, heed_model *m, const heed_tokenizer *t, const char *text)
{
	heed__ints ids = {0};
	heed_code code = HEED_E_MEMORY;

	if (ids_of(c, t, text, &ids))
		code = m->family->fit(m, &(heed_fit){.ids = ids.data, .count = (int64_t)ids.len});
	HEED__VECTOR_RELEASE(c, &ids);
	return code;
}

/* The tokenizer has the words of the text; NULL: an error in c. */
static heed_trained *train_settings(heed_ctx *c, const char *text, const char *const *settings)
{
	heed_trained *const t = heed__calloc(c, 1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->ctx = c;
	t->source = t->target = words_of(c, text);
	t->history = heed__strdup(c, "[]");
	if (t->source != NULL && t->history != NULL)
		t->model = new_model(c, heed_tokenizer_size(t->source), settings);
	if (t->model != NULL && fit(c, t->model, t->source, text) == HEED_OK)
		return t;
	heed_trained_close(t);
	return NULL;
}

static heed_trained *train_with(const char *text, const char *const *settings)
{
	heed_trained *const t = train_settings(ctx, text, settings);

	if (t == NULL)
		fail_msg("%s", heed_error_message(ctx));
	return t;
}

#define TRAIN(text, ...) train_with((text), (const char *const[]){__VA_ARGS__, NULL})

/* An id of a special or of a word between spaces. */
static int id_of(const heed_trained *t, const char *word)
{
	char piece[64];
	int id = heed_tokenizer_id(t->source, word, strlen(word));

	snprintf(piece, sizeof piece, SPACE "%s", word);
	if (id < 0)
		id = heed_tokenizer_id(t->source, piece, strlen(piece));
	assert_true(id >= 0);
	return id;
}

/* p of the last of the words, which stand between single spaces. */
static heed_ngram_look look_at(const heed_trained *t, const char *words)
{
	int ids[16], count = 0;
	heed_ngram_look look;
	char text[256], *rest = text;

	snprintf(text, sizeof text, "%s", words);
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		ids[count++] = id_of(t, word);
	good(ctx, heed_ngram_look_at(t->model, ids, count - 1, ids[count - 1], &look));
	return look;
}

static void is_p(const heed_trained *t, const char *words, double p)
{
	const double found = pow(10, look_at(t, words).total);

	if (!(fabs(found - p) < 1e-6))
		fail_msg("%s: %.9g, expected %.9g", words, found, p);
}

/* --- figures --- */

#define TWO "a b a\na b b\n"

static void maximum_likelihood_counts_and_normalises(void **state)
{
	heed_trained *const t = TRAIN(TWO, "order", "2", "smoothing", "mle");

	(void)state;
	is_p(t, "<s> a", 1);
	is_p(t, "<s> b", 0);
	is_p(t, "a b", 2.0 / 3);
	is_p(t, "a </s>", 1.0 / 3);
	is_p(t, "a a", 0);
	is_p(t, "b a", 1.0 / 3);
	is_p(t, "b b", 1.0 / 3);
	is_p(t, "b </s>", 1.0 / 3);
	is_p(t, "<unk> a", 3.0 / 8); /* a context that was not seen: by no context */
	is_p(t, "<unk> </s>", 2.0 / 8);
	is_p(t, "a <unk>", 0);
	assert_true(look_at(t, "a <unk>").total <= -99);
	heed_trained_close(t);
}

static void add_k_adds_k(void **state)
{
	heed_trained *const t = TRAIN(TWO, "order", "2", "smoothing", "add-k", "k", "0.5");
	heed_trained *const u = TRAIN(TWO, "order", "3", "smoothing", "add-k", "k", "0.5");
	heed_trained *const v = TRAIN(TWO, "order", "1", "smoothing", "add-k", "k", "0.5");

	(void)state;
	is_p(t, "a b", 2.5 / 5);
	is_p(t, "a a", 0.5 / 5);
	is_p(t, "a <unk>", 0.5 / 5);
	is_p(t, "<s> a", 2.5 / 4);
	is_p(t, "<unk> a", 1.0 / 4);
	is_p(u, "<s> a", 2.5 / 4);
	is_p(u, "<s> b", 0.5 / 4);
	is_p(u, "<s> a b", 2.5 / 4);
	is_p(u, "a b b", 1.5 / 4);
	is_p(u, "a b </s>", 0.5 / 4);
	is_p(u, "b a a", 0.5 / 3);
	is_p(u, "b b b", 0.5 / 3);
	is_p(u, "a a b", 1.0 / 4);
	is_p(v, "a", 3.5 / 10);
	is_p(v, "b </s>", 2.5 / 10);
	is_p(v, "<unk>", 0.5 / 10);
	heed_trained_close(t);
	heed_trained_close(u);
	heed_trained_close(v);
}

/* Bigrams of these lines: <s> a 2, <s> b 1, a b 2, b a 1, a </s> 1, b </s> 2; different words before a 2, b 2,
 * </s> 2. The counts of counts of a text so small give no discounts, so 0.5, 1 and 1.5 are taken. */
static void kneser_ney_by_hand(void **state)
{
	heed_trained *const t = TRAIN("a b\na b\nb a\n", "order", "2");
	const double uniform = 0.5 / 4; /* 3 counts of 2 give 1 each of 6, over a, b, </s> and <unk> */
	const double a = 1.0 / 6 + uniform;

	(void)state;
	is_p(t, "<unk> a", a);
	is_p(t, "<unk> <unk>", uniform);
	is_p(t, "a b", 1.0 / 3 + 1.5 / 3 * a);
	is_p(t, "a </s>", 0.5 / 3 + 1.5 / 3 * a);
	is_p(t, "a a", 1.5 / 3 * a);
	is_p(t, "<s> b", 0.5 / 3 + 1.5 / 3 * a);
	heed_trained_close(t);
}

static void the_look_says_how(void **state)
{
	heed_trained *const t = TRAIN("a b\na b\nb a\n", "order", "3");
	heed_ngram_look look = look_at(t, "<s> a b");
	const int ids[] = {HEED_BOS_ID, 99};

	(void)state;
	assert_int_equal(look.order, 3);
	assert_int_equal(look.length, 3);
	assert_true(look.prob == look.total);
	assert_int_equal(look.words[0], 4); /* with unk and </s> */
	assert_int_equal(look.words[1], 2); /* a b, a </s> */
	assert_int_equal(look.words[2], 1);
	look = look_at(t, "b a a");
	assert_int_equal(look.length, 1);
	assert_true(fabs(look.total - look.prob - look.weight[1] - look.weight[2]) < 1e-6);
	assert_true(look.weight[1] < 0 && look.weight[2] < 0);
	assert_int_equal(heed_ngram_look_at(t->model, ids, 2, 0, &look), HEED_E_ARGUMENT);
	assert_int_equal(heed_ngram_look_at(t->model, ids, 1, -1, &look), HEED_E_ARGUMENT);
	heed_trained_close(t);
}

/* --- what a model of sequences must do --- */

#define SOME                                                                                                 \
	"the dog ran\nthe cat saw the dog\nthe dog saw the cat run\na cat ran really fast\n\nthe old dog "   \
	"ran\nthe dog barks\nwho saw the dog ran fast\n"

/* Scores after each prefix of a text, as decoding asks for them. */
static void step_equals_loss(const char *text, const char *const *settings)
{
	heed_trained *const t = train_with(SOME, settings);
	const int vocab = heed_tokenizer_size(t->source), none[] = {0, 0};
	heed_tape *const tape = heed_tape_new(ctx, 0);
	heed__ints ids = {0};
	heed_state *state;
	float nll[64];
	int input[64] = {HEED_BOS_ID};
	heed_tensor *loss;
	double sum = 0;
	heed_batch batch;

	assert_true(ids_of(ctx, t->source, text, &ids));
	memcpy(input + 1, ids.data, (ids.len - 1) * sizeof *input);
	batch = (heed_batch){.input = {{1, (int[]){0, (int)ids.len}}, input}, .targets = ids.data};
	heed_tape_reset(tape, 0);
	loss = t->model->family->loss(t->model, tape, &batch, nll);
	assert_non_null(loss);
	state = heed_state_new(ctx, 1, (int)ids.len);
	good(ctx, heed_model_start(t->model, tape, state, &(heed_batch){.source = {{1, none}, NULL}}));
	for (size_t i = 0; i < ids.len; i++) {
		const heed_tensor *const scores = heed_model_step(t->model, tape, state, &input[i]);
		double all = 0;

		assert_non_null(scores);
		assert_int_equal(scores->dim[0], 1);
		assert_int_equal(scores->dim[1], vocab);
		for (int w = 0; w < vocab; w++)
			all += exp((double)scores->data[w]);
		assert_true(fabs(all - 1) < 1e-5);
		assert_true(fabsf(scores->data[ids.data[i]] + nll[i]) < 1e-4f);
		sum += (double)nll[i];
	}
	assert_true(fabs((double)loss->data[0] - sum / (double)ids.len) < 1e-4);
	heed_state_free(state);
	heed_tape_free(tape);
	HEED__VECTOR_RELEASE(ctx, &ids);
	heed_trained_close(t);
}

static void steps_are_the_loss_and_sum_to_one(void **state)
{
	static const char *const texts[] = {"the dog saw a dog\n", "\n", "zebra ran the zebra\n",
					    "fast fast fast fast\n"};
	static const char *const settings[][7] = {
		{"order", "1"},
		{"order", "3"},
		{"order", "7"},
		{"order", "4", "prune", "0 0 1"},
		{"order", "3", "prune", "0 1"},
		{"order", "3", "smoothing", "add-k", "k", "0.1"},
		{"order", "2", "smoothing", "mle"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t k = 0; k < sizeof settings / sizeof *settings; k++)
			step_equals_loss(texts[i], settings[k]);
}

/* Many sequences at once, against one word at a time. */
static void a_batch_is_its_sequences(void **state)
{
	enum { MOST = 8192 };
	static int input[MOST], start[MOST];
	static float nll[MOST];
	char *const text = read_text("test/golden/ngram/text");
	heed_trained *const t = TRAIN(text, "order", "4", "prune", "0 0 1");
	heed_tape *const tape = heed_tape_new(ctx, 0);
	heed__ints ids = {0};
	int count = 0;
	heed_batch batch;

	(void)state;
	assert_true(ids_of(ctx, t->source, text, &ids) && ids.len < MOST);
	for (int i = 0; i < (int)ids.len; i++) {
		const bool begins = i == 0 || ids.data[i - 1] == HEED_EOS_ID;

		input[i] = begins ? HEED_BOS_ID : ids.data[i - 1];
		if (begins)
			start[count++] = i;
	}
	start[count] = (int)ids.len;
	assert_int_equal(count, 400);
	batch = (heed_batch){.input = {{count, start}, input}, .targets = ids.data};
	heed_tape_reset(tape, 0);
	assert_non_null(t->model->family->loss(t->model, tape, &batch, nll));
	for (int s = 0; s < count; s++)
		for (int i = start[s]; i < start[s + 1]; i++) {
			heed_ngram_look look;

			good(ctx, heed_ngram_look_at(t->model, input + start[s], i - start[s] + 1,
						     ids.data[i], &look));
			assert_true(fabs(look.total * log(10) + (double)nll[i]) < 1e-4);
		}
	heed_tape_free(tape);
	HEED__VECTOR_RELEASE(ctx, &ids);
	heed_trained_close(t);
	free(text);
}

/* Words that the tokenizer does not know are a word of their own. */
static void unknown_words_of_the_text_count(void **state)
{
	const heed_tokenizer_options few = {.kind = "space", .min_count = 2};
	heed_tokenizer *const t = train_on(ctx, &few, "a b a\na c b\n");
	heed_trained trained = {.ctx = ctx, .source = t, .target = t};

	(void)state;
	trained.model = new_model(ctx, heed_tokenizer_size(t),
				  (const char *const[]){"order", "2", "smoothing", "mle", NULL});
	good(ctx, fit(ctx, trained.model, t, "a b a\na c b\n"));
	is_p(&trained, "a <unk>", 1.0 / 3);
	is_p(&trained, "<unk> b", 1);
	heed_model_free(trained.model);
	heed_tokenizer_free(t);
}

/* Zipf's words, enough for several chunks and for groups of all sizes. */
static heed__ints many_ids(int count, int vocab)
{
	heed__rng rng = test_rng(1);
	heed__ints ids = {0};

	while (ids.len < (size_t)count) {
		const double rank = exp(heed__rng_uniform(&rng) * log(vocab - 2));

		assert_true(HEED__PUSH(ctx, &ids, 1 + (int)rank)); /* 2, eos, is the most frequent */
	}
	assert_true(HEED__PUSH(ctx, &ids, HEED_EOS_ID));
	return ids;
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
	heed__ints ids = many_ids(300000, 5000);
	const heed_fit text = {.ids = ids.data, .count = (int64_t)ids.len};
	heed_model *first = NULL;
	heed_ctx *own[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		heed_model *m;

		own[i] = heed_ctx_new(&(heed_ctx_options){.threads = (int[]){1, 2, 5}[i]});
		m = new_model(own[i], 5000, (const char *const[]){"order", "4", "prune", "0 0 0 1", NULL});
		assert_non_null(m);
		good(own[i], m->family->fit(m, &text));
		assert_true(m->packed_size > 1000000);
		if (first == NULL) {
			first = m;
			continue;
		}
		assert_int_equal(m->packed_size, first->packed_size);
		assert_memory_equal(m->packed, first->packed, m->packed_size);
		heed_model_free(m);
		heed_ctx_free(own[i]);
	}
	heed_model_free(first);
	heed_ctx_free(own[0]);
	HEED__VECTOR_RELEASE(ctx, &ids);
}

/* Every n-gram of such a text, counted one by one. */
static void counts_are_those_of_a_plain_loop(void **state)
{
	enum { VOCAB = 60, COUNT = 4000 };
	static int pairs[VOCAB][VOCAB], alone[VOCAB];
	heed__ints ids = many_ids(COUNT, VOCAB);
	const heed__ngram_recipe recipe = {.order = 2, .vocab = VOCAB, .smoothing = HEED__NGRAM_MLE};
	heed__ngram_table t;
	uint32_t rows = 0;

	(void)state;
	for (size_t i = 0; i < ids.len; i++) {
		const bool begins = i == 0 || ids.data[i - 1] == HEED_EOS_ID;

		pairs[begins ? HEED_BOS_ID : ids.data[i - 1]][ids.data[i]]++;
		alone[ids.data[i]]++;
	}
	good(ctx,
	     heed__ngram_count(ctx, &recipe, &(heed_fit){.ids = ids.data, .count = (int64_t)ids.len}, &t));
	for (int a = 0; a < VOCAB; a++)
		for (int b = 0; b < VOCAB; b++)
			rows += pairs[a][b] > 0;
	assert_int_equal(t.n[2].count, rows);
	for (int a = 0; a < VOCAB; a++) {
		if (a != HEED_BOS_ID)
			assert_int_equal(t.n[1].value[a].count, alone[a]);
		for (uint32_t i = t.n[1].begin[a]; i < t.n[1].begin[a + 1]; i++) {
			assert_int_equal(t.n[2].value[i].count, pairs[a][t.n[2].word[i]]);
			assert_int_equal(t.n[2].link[i].count, t.n[2].word[i]);
		}
	}
	heed__ngram_table_release(&t);
	HEED__VECTOR_RELEASE(ctx, &ids);
}

/* --- KenLM --- */

static heed_code import_text(heed_ctx *c, const char *text, const heed_tokenizer *t, heed_trained **trained)
{
	corpus_lines lines = corpus_of(text);

	return heed_ngram_import(c, "a.arpa", next_corpus_line, &lines, t, trained);
}

static void tries_agree(const heed__ngram *a, const heed__ngram *b)
{
	assert_int_equal(a->order, b->order);
	for (int n = 1; n <= a->order; n++) {
		assert_int_equal(a->n[n].count, b->n[n].count);
		for (uint32_t i = 0; i < a->n[n].count; i++) {
			const float p = heed__ngram_prob(a, n, i), q = heed__ngram_prob(b, n, i);

			assert_int_equal(heed__ngram_word(a, n, i), heed__ngram_word(b, n, i));
			if (!(fabsf(p - q) <= 1e-5f))
				fail_msg("row %u of %d: %g, KenLM %g", i, n, (double)p, (double)q);
			if (n == a->order)
				continue;
			assert_int_equal(heed__ngram_begin(a, n, i + 1), heed__ngram_begin(b, n, i + 1));
			assert_true(fabsf(heed__ngram_weight(a, n, i) - heed__ngram_weight(b, n, i)) <=
				    1e-5f);
		}
	}
}

static void agrees_with_lmplz(const char *text_path, const char *path, const char *order, const char *prune)
{
	char *const text = read_text(text_path), *const arpa = read_text(path);
	heed_trained *const ours = TRAIN(text, "order", order, "prune", prune);
	heed_trained *theirs;

	good(ctx, import_text(ctx, arpa, ours->source, &theirs));
	tries_agree(ours->model->parts, theirs->model->parts);
	heed_trained_close(ours);
	heed_trained_close(theirs);
	free(text);
	free(arpa);
}

static void kenlm_has_the_same_numbers(void **state)
{
	(void)state;
	agrees_with_lmplz("test/golden/ngram/text", "test/golden/ngram/order4.arpa", "4", "0");
	agrees_with_lmplz("test/golden/ngram/text", "test/golden/ngram/order3_pruned.arpa", "3", "0 0 1");
	agrees_with_lmplz("test/golden/ngram/few", "test/golden/ngram/few_order5.arpa", "5", "0");
}

/* --- ARPA files --- */

static heed_code add_text(void *out, const char *bytes, size_t n)
{
	heed__str_add(out, bytes, n);
	return ((heed__str *)out)->failed ? HEED_E_MEMORY : HEED_OK;
}

static heed__str exported(const heed_trained *t)
{
	heed__str out = heed__str_init(t->ctx, 0);

	good(t->ctx, heed_ngram_export(t, add_text, &out));
	return out;
}

static void an_export_comes_back_as_the_same_bytes(void **state)
{
	static const char *const settings[][7] = {
		{"order", "5"},
		{"order", "1"},
		{"order", "3", "prune", "0 0 1"},
		{"order", "3", "prune", "1"},
		{"order", "4", "smoothing", "add-k"},
		{"order", "3", "smoothing", "mle"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		heed_trained *const t = train_with(SOME, settings[i]), *again;
		heed__str text = exported(t), second;
		const bool whole = strcmp(settings[i][3] != NULL ? settings[i][3] : "", "1") != 0;

		good(ctx, import_text(ctx, text.data, whole ? NULL : t->source, &again));
		assert_int_equal(again->model->packed_size, t->model->packed_size);
		assert_memory_equal(again->model->packed, t->model->packed, t->model->packed_size);
		second = exported(again);
		assert_string_equal(text.data, second.data);
		heed__str_release(&text);
		heed__str_release(&second);
		heed_trained_close(t);
		heed_trained_close(again);
	}
}

static void a_text_may_hold_the_names_of_specials(void **state)
{
	heed_trained *const t = TRAIN("the <unk> ran\nthe <s> ran\n", "order", "2"), *again;
	heed__str text = exported(t);

	(void)state;
	assert_non_null(strstr(text.data, "\t" SPACE "<unk>\t"));
	good(ctx, import_text(ctx, text.data, NULL, &again));
	assert_int_equal(id_of(again, SPACE "<unk>"), id_of(t, SPACE "<unk>"));
	assert_memory_equal(again->model->packed, t->model->packed, t->model->packed_size);
	heed__str_release(&text);
	heed_trained_close(t);
	heed_trained_close(again);
}

#define HEAD  "\\data\\\nngram 1=4\nngram 2=2\n\n"
#define ONES  "\\1-grams:\n-1\t<unk>\n0\t<s>\t-0.3\n-0.5\t</s>\n-0.25\ta\t-1.5e-1\n\n"
#define TWOS  "\\2-grams:\n-0.4\t<s> a\n-0.3\ta </s>\n\n"
#define WHOLE HEAD ONES TWOS "\\end\\\n"

static void a_small_file_is_read(void **state)
{
	heed_trained *t;

	(void)state;
	good(ctx, import_text(ctx, "made by hand\n" WHOLE "\n\n", NULL, &t));
	assert_string_equal(heed_tokenizer_piece(t->source, 3), SPACE "a");
	assert_true(fabs(look_at(t, "<s> a").total + 0.4) < 1e-6);
	assert_true(fabs(look_at(t, "a a").total + 0.15 + 0.25) < 1e-6);
	assert_true(fabs(look_at(t, "<s> <unk>").total + 1.3) < 1e-6);
	heed_trained_close(t);
}

static void without_unk_there_is_a_little(void **state)
{
	heed_trained *t;

	(void)state;
	good(ctx, import_text(ctx,
			      "\\data\\\r\nngram 1=3\r\n\r\n\\1-grams:\r\n-1 <s>\r\n-1 </s>\r\n-0.2\ta\r\n"
			      "\\end\\\r\n",
			      NULL, &t));
	assert_true(look_at(t, "<unk>").total == -100);
	heed_trained_close(t);
}

static void a_file_with_a_lie_is_refused(void **state)
{
	static const struct lie {
		const char *text, *where, *what;
	} lies[] = {
		{"hello\n", "a.arpa:", "\\data\\"},
		{"\\data\\\nngram 1=x\n", "a.arpa:2:", "a number of 1-grams"},
		{"\\data\\\nngram 1=\n", "a.arpa:2:", "expected"},
		{"\\data\\\nngram 1=99999999999\n", "a.arpa:2:", "below 2147483647"},
		{"\\data\\\nngram 2=1\n", "a.arpa:2:", "ngram 1="},
		{"\\data\\\nngram 1=4\nngram 3=1\n", "a.arpa:3:", "ngram 2="},
		{"\\data\\\n\\1-grams:\n", "a.arpa:2:", "ngram 1="},
		{"\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\nngram "
		 "7=1\nngram 8=1\n",
		 "a.arpa:9:", "more than 7 words"},
		{HEAD, "a.arpa:5:", "\\1-grams:"},
		{HEAD TWOS, "a.arpa:5:", "expected \"\\1-grams:\""},
		{HEAD ONES, "a.arpa:11:", "\\2-grams:"},
		{HEAD ONES "\\3-grams:\n", "a.arpa:11:", "expected \"\\2-grams:\""},
		{HEAD ONES TWOS, "a.arpa:15:", "\\end\\"},
		{HEAD ONES TWOS "\\3-grams:\n", "a.arpa:15:", "\\end\\"},
		{WHOLE "more\n", "a.arpa:16:", "nothing behind"},
		{HEAD ONES "\\2-grams:\n-0.4\t<s> a\n\n\\end\\\n",
		 "a.arpa:14:", "2 2-grams were announced, found 1"},
		{HEAD ONES "\\2-grams:\n-1\t<s> a\n-1\ta a\n-1\ta </s>\n",
		 "a.arpa:14:", "more than the 2 2-grams"},
		{HEAD ONES "\\2-grams:\n-1\t<s> a\n-1\t<s> a\n\\end\\\n", "a.arpa:13:", "a second time"},
		{HEAD "\\1-grams:\n-1\ta\n-1\ta\n", "a.arpa:7:", "a second time"},
		{HEAD "\\1-grams:\n-1\t" SPACE "a\n", "a.arpa:6:", "without control characters and U+2581"},
		{HEAD "\\1-grams:\n-1\t<unk>\n-1\tb\n-1\t</s>\n-1\ta\n\n\\2-grams:\n",
		 "a.arpa:11:", "<s> is not among"},
		{HEAD "\\1-grams:\n0.5\ta\n", "a.arpa:6:", "above 0"},
		{HEAD "\\1-grams:\nnan\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n-inf\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n-1e99\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n-1.5.2\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n-\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n0x1\ta\n", "a.arpa:6:", "a log-probability"},
		{HEAD "\\1-grams:\n-1\n", "a.arpa:6:", "expected 1 words, found 0"},
		{HEAD "\\1-grams:\n-1\ta\tb\n", "a.arpa:6:", "a back-off weight"},
		{HEAD "\\1-grams:\n-1\ta\t-1 2\n", "a.arpa:6:", "nothing behind the back-off weight"},
		{HEAD "\\1-grams:\n-1\ta\x01\n", "a.arpa:6:", "1 to 253 bytes"},
		{HEAD ONES "\\2-grams:\n-1\t<s>\n", "a.arpa:12:", "expected 2 words, found 1"},
		{HEAD ONES "\\2-grams:\n-1\t<s> b\n", "a.arpa:12:", "\"b\" is not among the 1-grams"},
		{HEAD ONES "\\2-grams:\n-1\t<s> a\t-1\n", "a.arpa:12:", "the longest"},
		{"\\data\\\nngram 1=4\nngram 2=1\nngram 3=1\n" ONES
		 "\\2-grams:\n-1\t<s> a\t0\n\\3-grams:\n-1\ta a </s>\n",
		 "a.arpa:14:", "context \"a a\" is not among the 2-grams"},
	};
	heed_trained *t;

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		if (import_text(ctx, lies[i].text, NULL, &t) != HEED_E_FORMAT)
			fail_msg("lie %zu: %s", i, heed_error_message(ctx));
		assert_null(t);
		assert_message(ctx, lies[i].where, lies[i].what);
	}
}

static void a_tokenizer_must_have_the_words(void **state)
{
	heed_tokenizer *const words = words_of(ctx, "a b\n"), *const other = words_of(ctx, "b c\n");
	heed_trained *t;

	(void)state;
	good(ctx, import_text(ctx, WHOLE, words, &t));
	assert_int_equal(heed_tokenizer_size(t->source), heed_tokenizer_size(words));
	assert_true(look_at(t, "<s> b").total == look_at(t, "<s> <unk>").total);
	heed_trained_close(t);
	assert_int_equal(import_text(ctx, WHOLE, other, &t), HEED_E_FORMAT);
	assert_message(ctx, "a.arpa:9:", "no such piece");
	heed_tokenizer_free(words);
	heed_tokenizer_free(other);
}

static void numbers_come_back_as_they_were(void **state)
{
	static const float hard[] = {-1e-30f,        -1.1754944e-38f, -1.4e-45f,   -3.0000001f,
				     -0.1f,          -1.2345678e-5f,  -12345.678f, -8388608.5f,
				     -3.4028235e38f, -0.99999994f};
	heed_trained *const t = TRAIN(SOME, "order", "1"), *again;
	float *const prob = (float *)(void *)((char *)(uintptr_t)t->model->packed + 72);
	heed__rng rng = test_rng(2);

	(void)state;
	for (int round = 0; round < 300; round++) {
		heed__str text;

		for (int i = 0; i < heed_tokenizer_size(t->source); i++)
			if (round < 10)
				prob[i] = hard[round];
			else
				prob[i] = (float)-exp(heed__rng_uniform(&rng) * 40 - 30);
		text = exported(t);
		good(ctx, import_text(ctx, text.data, NULL, &again));
		assert_memory_equal(again->model->packed, t->model->packed, t->model->packed_size);
		heed__str_release(&text);
		heed_trained_close(again);
	}
	heed_trained_close(t);
}

/* --- bytes and settings that lie --- */

static void use_up(const heed_trained *t)
{
	heed__str out = heed__str_init(ctx, 0);
	heed_ngram_look look;

	for (int w = 0; w < heed_tokenizer_size(t->source); w++)
		good(ctx, heed_ngram_look_at(t->model, (int[]){HEED_BOS_ID, 3, w}, 3, w, &look));
	good(ctx, heed_ngram_export(t, add_text, &out));
	heed__str_release(&out);
}

/* Takes bytes that may be anything, in memory of just their size. */
static heed_code attach_copy(const heed_trained *t, const unsigned char *bytes, size_t size)
{
	heed_model *const m = t->model;
	const void *const packed = m->packed;
	const size_t packed_size = m->packed_size;
	unsigned char *const copy = malloc(size > 0 ? size : 1);
	heed_code code;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	m->packed = copy;
	m->packed_size = size;
	code = m->family->attach(m);
	if (code == HEED_OK)
		use_up(t);
	m->packed = packed;
	m->packed_size = packed_size;
	free(copy);
	return code;
}

static void damaged_bytes_are_refused_or_harmless(void **state)
{
	static const unsigned char changes[] = {0x01, 0x80, 0xFF, 0x10};
	heed_trained *const t = TRAIN("a b c a\na b b\nc c a b\n", "order", "4");
	const size_t size = t->model->packed_size;
	unsigned char *const bytes = malloc(size + 8);
	size_t refused = 0;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0, size + 8);
	memcpy(bytes, t->model->packed, size);
	good(ctx, attach_copy(t, bytes, size));
	for (size_t i = 0; i < size; i++)
		for (size_t k = 0; k < sizeof changes; k++) {
			bytes[i] ^= changes[k];
			refused += attach_copy(t, bytes, size) != HEED_OK;
			bytes[i] ^= changes[k];
		}
	assert_true(refused > size / 4);
	for (size_t n = 0; n < size; n++)
		assert_int_not_equal(attach_copy(t, bytes, n), HEED_OK);
	assert_int_not_equal(attach_copy(t, bytes, size + 8), HEED_OK);
	good(ctx, t->model->family->attach(t->model));
	free(bytes);
	heed_trained_close(t);
}

static void bad_settings_are_refused(void **state)
{
	static const char *const prunes[] = {"1 0", "0 0 0 1", "-1", "x", "", "0,1", "99999999", "0 1x"};
	const int bad[][2] = {{5, HEED_EOS_ID}, {-1, HEED_EOS_ID}, {HEED_BOS_ID, HEED_EOS_ID}, {3, 3}};
	heed_model *m;

	(void)state;
	for (size_t i = 0; i < sizeof prunes / sizeof *prunes; i++) {
		heed_error_clear(ctx);
		m = new_model(ctx, 5, (const char *const[]){"order", "3", "prune", prunes[i], NULL});
		assert_null(m);
		assert_message(ctx, "prune");
	}
	m = new_model(ctx, 5, (const char *const[]){"order", "3", "prune", " 0  1 ", NULL});
	assert_non_null(m);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(m->family->fit(m, &(heed_fit){.ids = bad[i], .count = 2}), HEED_E_ARGUMENT);
	assert_int_equal(m->family->fit(m, &(heed_fit){.count = 0}), HEED_E_ARGUMENT);
	heed_model_free(m);
}

static bool never(void *user, double share, const char *text)
{
	(void)share;
	(void)text;
	return --*(int *)user > 0;
}

static void it_stops_when_told(void **state)
{
	const int ids[] = {3, 4, HEED_EOS_ID, 4, HEED_EOS_ID};
	heed_model *const m = new_model(ctx, 5, (const char *const[]){"order", "3", NULL});

	(void)state;
	for (int calls = 1; calls <= 5; calls++) {
		int left = calls;
		const heed_fit text = {.ids = ids, .count = 5, .tell = never, .user = &left};

		if (calls < 5) {
			assert_int_equal(m->family->fit(m, &text), HEED_E_INTERRUPTED);
			assert_null(m->packed);
		} else {
			good(ctx, m->family->fit(m, &text));
		}
	}
	heed_model_free(m);
}

/* --- memory that runs out --- */

static heed_code there_and_back(heed_ctx *c)
{
	heed_trained *const t =
		train_settings(c, SOME, (const char *const[]){"order", "3", "prune", "0 0 1", NULL});
	heed_trained *again = NULL;
	heed__str text = heed__str_init(c, 0);
	heed_code code = t != NULL ? heed_ngram_export(t, add_text, &text) : heed_error_code(c);

	if (code == HEED_OK)
		code = import_text(c, text.data, NULL, &again);
	heed__str_release(&text);
	heed_trained_close(again);
	heed_trained_close(t);
	return code;
}

static void memory_may_run_out_anywhere(void **state)
{
	shortage s = {0};
	heed_code code;

	(void)state;
	do {
		heed_ctx *c;

		shortage_begin(&s);
		c = shortage_ctx(&s);
		code = c != NULL ? there_and_back(c) : HEED_E_MEMORY;
		heed_ctx_free(c);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maximum_likelihood_counts_and_normalises),
		cmocka_unit_test(add_k_adds_k),
		cmocka_unit_test(kneser_ney_by_hand),
		cmocka_unit_test(the_look_says_how),
		cmocka_unit_test(steps_are_the_loss_and_sum_to_one),
		cmocka_unit_test(a_batch_is_its_sequences),
		cmocka_unit_test(unknown_words_of_the_text_count),
		cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
		cmocka_unit_test(counts_are_those_of_a_plain_loop),
		cmocka_unit_test(kenlm_has_the_same_numbers),
		cmocka_unit_test(an_export_comes_back_as_the_same_bytes),
		cmocka_unit_test(a_text_may_hold_the_names_of_specials),
		cmocka_unit_test(a_small_file_is_read),
		cmocka_unit_test(without_unk_there_is_a_little),
		cmocka_unit_test(a_file_with_a_lie_is_refused),
		cmocka_unit_test(a_tokenizer_must_have_the_words),
		cmocka_unit_test(numbers_come_back_as_they_were),
		cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
		cmocka_unit_test(bad_settings_are_refused),
		cmocka_unit_test(it_stops_when_told),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
