/* Neighbours, analogies and rank correlation against scikit-learn 1.9 and SciPy, and vectors in context. */
#include "scratch.h"

#include "heed/contextual.h"
#include "heed/nearest.h"

#include <math.h>

static heed_ctx *ctx;
static heed_vectors *v;

/* Row i, number d: sin(13 i + 7 d + 1). */
static const char table[] = "12 5\n"
			    "w0 0.841471 0.989358 0.650288 -0.008851 -0.663634\n"
			    "w1 0.990607 0.836656 0.270906 -0.428183 -0.916522\n"
			    "w2 0.956376 0.529083 -0.158623 -0.768255 -0.999755\n"
			    "w3 0.745113 0.123573 -0.558789 -0.966118 -0.897928\n"
			    "w4 0.395925 -0.304811 -0.855520 -0.985146 -0.629888\n"
			    "w5 -0.026551 -0.676772 -0.993889 -0.821818 -0.245252\n"
			    "w6 -0.444113 -0.923458 -0.948282 -0.506366 0.184782\n"
			    "w7 -0.779466 -0.999207 -0.727143 -0.097182 0.580611\n"
			    "w8 -0.970535 -0.889996 -0.371404 0.329991 0.868966\n"
			    "w9 -0.981952 -0.616040 0.053084 0.696080 0.996469\n"
			    "w10 -0.811603 -0.228052 0.467745 0.933321 0.939520\n"
			    "w11 -0.491022 0.202150 0.795824 0.997797 0.708659\n";

static int setup(void **state)
{
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .seed = 5});
	if (ctx == NULL || scratch_make(state) != 0)
		return -1;
	return heed_vectors_open(ctx, scratch_write("t.vec", table, sizeof table - 1), &v) == HEED_OK ? 0
												      : -1;
}

static int teardown(void **state)
{
	heed_vectors_free(v);
	heed_ctx_free(ctx);
	return scratch_remove(state);
}

/* --- neighbours --- */

static void are(const heed_neighbour *near, int found, const int *indices, const double *cosines, int count)
{
	assert_int_equal(found, count);
	for (int i = 0; i < count; i++) {
		assert_int_equal(near[i].index, indices[i]);
		if (!(fabs((double)near[i].cosine - cosines[i]) < 2e-6))
			fail_msg("cosine %d is %.8f, expected %.8f", i, (double)near[i].cosine, cosines[i]);
	}
}

static void neighbours(void **state)
{
	static const int words[3] = {0, 5, 11};
	static const int indices[3][4] = {{1, 2, 3, 4}, {4, 6, 3, 7}, {10, 9, 8, 7}};
	static const double cosines[3][4] = {{0.920275, 0.708078, 0.382945, -0.040044},
					     {0.887908, 0.882086, 0.612911, 0.583230},
					     {0.912409, 0.689746, 0.368222, -0.034102}};
	static const float query[] = {1, -2, 0.5f, 3, 0};
	heed_neighbour near[20];
	int found;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(heed_nearest(v, heed_vectors_at(v, words[i]), &words[i], 1, 4, near, &found),
				 HEED_OK);
		are(near, found, indices[i], cosines[i], 4);
	}
	assert_int_equal(heed_nearest(v, query, NULL, 0, 3, near, &found), HEED_OK);
	are(near, found, (const int[]){10, 11, 9}, (const double[]){0.433137, 0.425644, 0.372797}, 3);
	assert_int_equal(heed_nearest(v, query, (const int[]){11, -1, 10}, 3, 1, near, &found), HEED_OK);
	are(near, found, (const int[]){9}, (const double[]){0.372797}, 1);
}

static void more_than_there_are(void **state)
{
	static const float query[] = {1, -2, 0.5f, 3, 0};
	heed_neighbour near[20];
	int found;

	(void)state;
	assert_int_equal(heed_nearest(v, query, (const int[]){3}, 1, 20, near, &found), HEED_OK);
	assert_int_equal(found, 11);
	for (int i = 1; i < found; i++)
		assert_true(near[i].cosine <= near[i - 1].cosine);
	assert_int_equal(heed_nearest(v, query, NULL, 0, 0, near, &found), HEED_OK);
	assert_int_equal(found, 0);
}

static void no_direction(void **state)
{
	static const float zero[5] = {0}, infinite[5] = {INFINITY};
	heed_neighbour near[2];
	int found = 7;

	(void)state;
	assert_int_equal(heed_nearest(v, zero, NULL, 0, 2, near, &found), HEED_E_ARGUMENT);
	assert_message(ctx, "a vector of length 0 has no direction");
	assert_int_equal(found, 0);
	assert_int_equal(heed_nearest(v, infinite, NULL, 0, 2, near, &found), HEED_E_ARGUMENT);
}

/* Equal words in the order of the table, whatever the number of threads and chunks. */
static void many_words(void **state)
{
	enum { N = 5000 };
	const char *path = scratch("n.vec");
	FILE *f = fopen(path, "wb");
	heed_neighbour near[8];
	heed_vectors *many;
	int found;

	(void)state;
	assert_non_null(f);
	fprintf(f, "%d 2\n", N);
	for (int i = 0; i < N; i++)
		fprintf(f, "w%d %d 3\n", i, i % 1500 == 1499 ? 4 : -5);
	fclose(f);
	assert_int_equal(heed_vectors_open(ctx, path, &many), HEED_OK);
	assert_int_equal(heed_nearest(many, (const float[]){4, 3}, NULL, 0, 5, near, &found), HEED_OK);
	assert_int_equal(found, 5);
	assert_int_equal(near[0].index, 1499);
	assert_int_equal(near[1].index, 2999);
	assert_int_equal(near[2].index, 4499);
	assert_int_equal(near[3].index, 0);
	assert_int_equal(near[4].index, 1);
	assert_true(fabsf(near[2].cosine - 1) < 1e-6f);
	heed_vectors_free(many);
}

static void analogies(void **state)
{
	static const char *const asked[][3] = {{"w0", "w1", "w2"},   {"w3", "w4", "w5"}, {"w6", "w7", "w8"},
					       {"w9", "w10", "w11"}, {"w1", "w0", "w5"}, {"w2", "w7", "w4"}};
	static const int indices[][2] = {{3, 4}, {6, 7}, {9, 10}, {0, 8}, {6, 4}, {6, 8}};
	static const double cosines[][2] = {{0.991942, 0.847219}, {0.972009, 0.768224}, {0.994469, 0.880816},
					    {0.180465, 0.124794}, {0.957515, 0.780080}, {0.943441, 0.862381}};
	heed_neighbour near[2];
	int found;

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		assert_int_equal(heed_analogy(v, asked[i][0], asked[i][1], asked[i][2], 2, near, &found),
				 HEED_OK);
		are(near, found, indices[i], cosines[i], 2);
	}
	assert_int_equal(heed_analogy(v, "w0", "nobody", "w2", 2, near, &found), HEED_E_ARGUMENT);
	assert_message(ctx, "\"nobody\"");
	assert_int_equal(found, 0);
}

/* --- files of tests --- */

static heed_code evaluate(const char *text, heed_analogies **a)
{
	return heed_analogies_evaluate(v, scratch_write("q.txt", text, strlen(text)), a);
}

static void a_file_of_analogies(void **state)
{
	static const char text[] = ": right\nw0 w1 w2 w3\nw3 w4 w5 w6\n\nw6 w7 w8 w9\n"
				   ":half\nw1 w0 w5 w6\nw2 w7 w4 w8\nw0 who w2 w3\nwhat w0 w2 w3\n"
				   ": none at all\n";
	heed_analogies *a;

	(void)state;
	assert_int_equal(evaluate(text, &a), HEED_OK);
	assert_int_equal(a->count, 3);
	assert_string_equal(a->sections[0].name, "right");
	assert_int_equal(a->sections[0].asked, 3);
	assert_int_equal(a->sections[0].right, 3);
	assert_int_equal(a->sections[0].skipped, 0);
	assert_string_equal(a->sections[1].name, "half");
	assert_int_equal(a->sections[1].asked, 2);
	assert_int_equal(a->sections[1].right, 1);
	assert_int_equal(a->sections[1].skipped, 2);
	assert_string_equal(a->sections[2].name, "none");
	assert_int_equal(a->sections[2].asked, 0);
	assert_int_equal(a->total.asked, 5);
	assert_int_equal(a->total.right, 4);
	assert_int_equal(a->total.skipped, 2);
	heed_analogies_free(a);
	heed_analogies_free(NULL);
	assert_int_equal(evaluate("w0 w1 w2 w3\n", &a), HEED_OK); /* no section */
	assert_int_equal(a->count, 1);
	assert_int_equal(a->total.right, 1);
	heed_analogies_free(a);
}

/* Blocks of the table and of the questions give what single questions give. */
static void many_analogies(void **state)
{
	enum { N = 9000, QUESTIONS = 700 };
	const char *path = scratch("n.vec"), *questions = scratch("n.txt");
	FILE *f = fopen(path, "wb"), *q = fopen(questions, "wb");
	heed_vectors *many;
	heed_analogies *a;
	int right = 0;

	(void)state;
	assert_non_null(f);
	assert_non_null(q);
	fprintf(f, "%d 6\n", N);
	for (int i = 0; i < N; i++) {
		fprintf(f, "w%d", i);
		for (int d = 0; d < 6; d++)
			fprintf(f, " %.9g", sin(i * 0.7 + d * d * 1.3 + (i * 31 + d * 17) % 101));
		fputc('\n', f);
	}
	fclose(f);
	assert_int_equal(heed_vectors_open(ctx, path, &many), HEED_OK);
	for (int i = 0; i < QUESTIONS; i++) {
		char words[3][16];
		heed_neighbour near;
		int found;

		for (int k = 0; k < 3; k++)
			snprintf(words[k], sizeof words[k], "w%d", (i * 7919 + k * 4001) % N);
		fprintf(q, "%s %s %s ", words[0], words[1], words[2]);
		if (i % 10 == 0 &&
		    heed_analogy(many, words[0], words[1], words[2], 1, &near, &found) == HEED_OK) {
			fprintf(q, "%s\n", heed_vectors_word(many, near.index));
			right++;
		} else {
			fprintf(q, "%s\n", words[0]); /* which is never an answer */
		}
	}
	fclose(q);
	assert_int_equal(heed_analogies_evaluate(many, questions, &a), HEED_OK);
	assert_int_equal(a->total.asked, QUESTIONS);
	assert_int_equal(a->total.right, right);
	heed_analogies_free(a);
	heed_vectors_free(many);
}

static void bad_files_of_analogies(void **state)
{
	heed_analogies *a;

	(void)state;
	assert_int_equal(evaluate(": s\nw0 w1 w2 w3\nw0 w1 w2\n", &a), HEED_E_FORMAT);
	assert_message(ctx, "q.txt:3: expected four words, found 3");
	assert_null(a);
	assert_int_equal(evaluate("w0 w1 w2 w3 w4\n", &a), HEED_E_FORMAT);
	assert_message(ctx, "q.txt:1: expected four words, found 5 or more");
	assert_int_equal(evaluate("", &a), HEED_E_FORMAT);
	assert_int_equal(heed_analogies_evaluate(v, scratch("missing"), &a), HEED_E_IO);
}

static void rank_correlation(void **state)
{
	static const double x[] = {1, 2, 2, 3, 3, 3, 7.5, -1, 0, 4}, y[] = {2, 1, 4, 4, 4, 0, 9, -3, 2, 2};
	static const double iq[] = {106, 100, 86, 101, 99, 103, 97, 113, 112, 110};
	static const double hours[] = {7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
	static const double same[] = {4, 4, 4};
	double rho;

	(void)state;
	assert_int_equal(heed_spearman(ctx, 10, x, y, &rho), HEED_OK);
	assert_true(fabs(rho - 0.555229911637576) < 1e-12);
	assert_int_equal(heed_spearman(ctx, 10, iq, hours, &rho), HEED_OK);
	assert_true(fabs(rho + 0.175757575757576) < 1e-12);
	assert_int_equal(heed_spearman(ctx, 10, iq, iq, &rho), HEED_OK);
	assert_true(fabs(rho - 1) < 1e-12);
	assert_int_equal(heed_spearman(ctx, 3, same, x, &rho), HEED_OK);
	assert_true(isnan(rho));
	assert_int_equal(heed_spearman(ctx, 1, x, y, &rho), HEED_OK);
	assert_true(isnan(rho));
	assert_int_equal(heed_spearman(ctx, 0, NULL, NULL, &rho), HEED_OK);
	assert_true(isnan(rho));
}

static heed_code compare(const char *text, heed_similarity *s)
{
	return heed_similarity_evaluate(v, scratch_write("s.txt", text, strlen(text)), s);
}

static void a_file_of_similarities(void **state)
{
	heed_similarity s;

	(void)state;
	assert_int_equal(compare("# a remark\nw0 w1 3.5\nw2\tw3\t1\nw4,w5,9.25\n\nw6 w7 1.00\nw8 w9 -2\n"
				 "w1 who 7\nw10 w11 5e0\nw0 w11 1\n",
				 &s),
			 HEED_OK);
	assert_int_equal(s.pairs, 7);
	assert_int_equal(s.skipped, 1);
	assert_true(fabs(s.spearman + 0.444749589996661) < 1e-12);
	assert_int_equal(compare("who what 1\n", &s), HEED_OK);
	assert_int_equal(s.pairs, 0);
	assert_true(isnan(s.spearman));
}

static void bad_files_of_similarities(void **state)
{
	static const char *const bad[] = {"w0 w1 3\nw0 w1\n", "w0 w1 3\nw0 w1 x\n", "w0 w1 3\nw0 w1 3 4\n",
					  "w0 w1 3\nw0 w1 3x\n"};
	heed_similarity s;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(compare(bad[i], &s), HEED_E_FORMAT);
		assert_message(ctx, "s.txt:2: expected two words and a number");
	}
	assert_int_equal(compare("", &s), HEED_E_FORMAT);
}

/* --- in context --- */

static heed_code next_line(void *user, const char **line, size_t *len)
{
	static const char text[] = "can I have the check server please I just crashed it";
	bool *done = user;

	*line = *done ? NULL : text;
	*len = sizeof text - 1;
	*done = true;
	return HEED_OK;
}

/* An untrained model; the caller frees its parts. */
static heed_trained model_of(const char *family, const char *const *settings)
{
	const heed_model_class *c = heed_model_class_find(family);
	heed_trained t = {.ctx = ctx};
	char config[1024];
	bool done = false;

	t.source = t.target =
		heed_tokenizer_train(ctx, &(heed_tokenizer_options){.kind = "word"}, next_line, &done);
	assert_non_null(t.source);
	assert_non_null(c);
	assert_true(c->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(ctx, c->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(
			heed_field_set(ctx, heed_field_find(c->fields, settings[0]), config, settings[1]),
			HEED_OK);
	t.model = heed_model_new(ctx, c, config, heed_tokenizer_size(t.source), heed_tokenizer_size(t.source),
				 0);
	assert_non_null(t.model);
	return t;
}

static void free_model(heed_trained *t)
{
	heed_model_free(t->model);
	heed_tokenizer_free(t->source);
}

enum { WIDTH = 16 };

/* The vectors of a text's tokens; returns how many. */
static int read_text(heed_contextual *c, const char *text, float out[][WIDTH], bool cut)
{
	heed_context_vectors x;

	assert_int_equal(heed_contextual_read(c, text, strlen(text), &x), HEED_OK);
	assert_int_equal(x.cut, cut);
	if (x.count > 0) {
		assert_int_equal(x.width, WIDTH);
		memcpy(out, x.vectors, (size_t)x.count * WIDTH * sizeof(float));
	}
	return x.count;
}

static double distance(const float *a, const float *b)
{
	double sum = 0;

	for (int d = 0; d < WIDTH; d++)
		sum += fabs((double)a[d] - b[d]);
	return sum;
}

static void a_word_depends_on_its_context(const char *family, const char *const *settings, bool sees_later)
{
	heed_trained t = model_of(family, settings);
	heed_contextual *c = heed_contextual_new(&t);
	float a[8][WIDTH], b[8][WIDTH];

	assert_non_null(c);
	assert_int_equal(read_text(c, "the server crashed", a, false), 3);
	assert_int_equal(read_text(c, "the server crashed", b, false), 3);
	for (int i = 0; i < 3; i++)
		assert_true(distance(a[i], b[i]) == 0);
	assert_int_equal(read_text(c, "I crashed the server", b, false), 4);
	assert_true(distance(a[1], b[3]) > 1e-3);
	/* What comes later changes a word or it doesn't. */
	assert_int_equal(read_text(c, "the server please", b, false), 3);
	assert_true((distance(a[1], b[1]) > 1e-3) == sees_later);
	assert_true(distance(a[2], b[2]) > 1e-3);
	assert_int_equal(read_text(c, "", b, false), 0);
	heed_contextual_free(c);
	free_model(&t);
}

static void words_in_context(void **state)
{
	static const char *const encoder[] = {"layers",       "1", "width", "16", "heads", "2",
					      "feed-forward", "8", NULL};
	static const char *const transformer[] = {
		"encoder-layers", "1", "decoder-layers", "1",  "width", "16",
		"heads",          "2", "feed-forward",   "24", NULL};

	(void)state;
	a_word_depends_on_its_context("transformer", transformer, true);
	a_word_depends_on_its_context("encoder", encoder, true);
	a_word_depends_on_its_context("gpt", encoder, false);
}

/* As in training, the source of a translation has its end. */
static void sources_have_their_end(void **state)
{
	static const char *const settings[] = {"encoder-layers", "1", "decoder-layers", "1",  "width", "16",
					       "heads",          "2", "feed-forward",   "24", NULL};
	static const int start[] = {0, 3};
	heed_trained t = model_of("transformer", settings);
	heed_contextual *c = heed_contextual_new(&t);
	heed_tape *tape = heed_tape_new(ctx, 0);
	const int ids[] = {heed_tokenizer_id(t.source, "\xE2\x96\x81server", 9),
			   heed_tokenizer_id(t.source, "\xE2\x96\x81please", 9), HEED_EOS_ID};
	const heed_batch batch = {.source = {{1, start}, ids}};
	float x[2][WIDTH];
	const heed_tensor *want;

	(void)state;
	assert_non_null(c);
	assert_int_equal(read_text(c, "server please", x, false), 2);
	want = t.model->family->contextual(t.model, tape, &batch);
	assert_non_null(want);
	for (int i = 0; i < 2; i++)
		assert_true(distance(x[i], want->data + (size_t)i * WIDTH) == 0);
	heed_tape_free(tape);
	heed_contextual_free(c);
	free_model(&t);
}

static void long_texts_are_cut(void **state)
{
	static const char *const settings[] = {"layers",     "1", "width",        "16", "heads", "2",
					       "max-length", "4", "feed-forward", "8",  NULL};
	heed_trained t = model_of("encoder", settings);
	heed_contextual *c = heed_contextual_new(&t);
	float x[8][WIDTH];

	(void)state;
	assert_non_null(c);
	assert_int_equal(read_text(c, "can I have the", x, false), 4);
	assert_int_equal(read_text(c, "can I have the check please", x, true), 4);
	heed_contextual_free(c);
	free_model(&t);
}

static void some_have_no_context(void **state)
{
	static const char *const settings[] = {"width", "16", NULL};
	heed_trained t = model_of("word2vec", settings);

	(void)state;
	assert_null(heed_contextual_new(&t));
	assert_int_equal(heed_error_code(ctx), HEED_E_UNSUPPORTED);
	assert_message(ctx, "word2vec");
	heed_contextual_free(NULL);
	free_model(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours),
		cmocka_unit_test(more_than_there_are),
		cmocka_unit_test(no_direction),
		cmocka_unit_test(many_words),
		cmocka_unit_test(analogies),
		cmocka_unit_test(a_file_of_analogies),
		cmocka_unit_test(many_analogies),
		cmocka_unit_test(bad_files_of_analogies),
		cmocka_unit_test(rank_correlation),
		cmocka_unit_test(a_file_of_similarities),
		cmocka_unit_test(bad_files_of_similarities),
		cmocka_unit_test(words_in_context),
		cmocka_unit_test(sources_have_their_end),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(some_have_no_context),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
