/* Vector files in and out, tables of vectors from files and models, and rows of a parameter filled. */
#include "scratch.h"

#include "base/context_impl.h"
#include "base/decimal.h"
#include "heed/vectors.h"
#include "shortage.h"

#include <math.h>

static heed_ctx *ctx;

static int setup(void **state)
{
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2});
	return ctx != NULL ? scratch_make(state) : -1;
}

static int teardown(void **state)
{
	heed_ctx_free(ctx);
	return scratch_remove(state);
}

/* --- numbers --- */

static void decimals(void **state)
{
	static const struct {
		const char *text;
		double value;
	} good[] = {
		{"0", 0},
		{"-0.0", 0},
		{"1", 1},
		{"+1.5", 1.5},
		{"-12.25", -12.25},
		{".5", 0.5},
		{"3.", 3},
		{"1e3", 1000},
		{"1E+3", 1000},
		{"2.5e-3", 0.0025},
		{"0.1", 0.1},
		{"123456789012345678", 123456789012345678.0},
		{"1234567890123456789012", 1234567890123456789012.0},
		{"0.00000000000000000000000000001", 1e-29},
		{"1e-320", 1e-320},
		{"1e-999999999999", 0},
		{"0e999999999999", 0},
		{"1.7976931348623157e308", 1.7976931348623157e308},
		{"0.000000000000000000000000000000000000000000000000000000000000000000000000000001e78", 1},
	};
	static const char *const bad[] = {"",    ".", "-",   "+",   "e5",    "1e",
					  "1e+", "x", "nan", "inf", "1e309", "-1e400"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const char *at = good[i].text;
		double x = NAN;

		assert_true(heed__decimal_read(&at, at + strlen(at), &x));
		assert_int_equal(*at, '\0');
		if (!(fabs(x - good[i].value) <= 4e-16 * fabs(good[i].value)) && x > 1e-300)
			fail_msg("%s: found %.17g", good[i].text, x);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *at = bad[i];
		double x;

		if (heed__decimal_read(&at, at + strlen(at), &x))
			fail_msg("\"%s\" was read as %g", bad[i], x);
	}
}

/* --- files --- */

static heed_code put(void *user, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, user) == n ? HEED_OK : HEED_E_IO;
}

enum { COUNT = 5, WIDTH = 7 };
static const char *const words[COUNT] = {"the", "\xE5\xAD\x97", "don't", "1.5", "x\xFFy"};

static float number(int i, int d)
{
	static const float odd[] = {0, -0.0f, 1e-38f, 3.4e38f, 1e-45f, 1.17549435e-38f, 0.1f, 16777214};

	return i == 2 ? odd[d] : (float)sin(i * 13 + d * 7 + 1) * (float)pow(10, d - 3);
}

static const char *write_vectors(const char *name, heed_vector_format format)
{
	const char *path = scratch(name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(heed_vectors_write_head(COUNT, WIDTH, put, f), HEED_OK);
	for (int i = 0; i < COUNT; i++) {
		float x[WIDTH];

		for (int d = 0; d < WIDTH; d++)
			x[d] = number(i, d);
		assert_int_equal(heed_vectors_write(ctx, format, words[i], x, WIDTH, put, f), HEED_OK);
	}
	assert_int_equal(fclose(f), 0);
	return path;
}

/* All words of a file; the code that it ends with. */
static heed_code read_through(const char *path, int *read)
{
	heed_vector_file *file;
	heed_code code = heed_vector_file_open(ctx, path, &file);
	const float *vector;
	const char *word = "";
	size_t len;

	*read = 0;
	if (code != HEED_OK) {
		assert_null(file);
		return code;
	}
	while ((code = heed_vector_file_next(file, &word, &len, &vector)) == HEED_OK && word != NULL) {
		assert_true(len > 0);
		for (int d = 0; d < heed_vector_file_width(file); d++)
			assert_true(isfinite(vector[d]));
		++*read;
	}
	heed_vector_file_close(file);
	return code;
}

static void both_formats_come_back(void **state)
{
	(void)state;
	for (int format = HEED_VECTORS_TEXT; format <= HEED_VECTORS_BINARY; format++) {
		const char *path = write_vectors("a.vec", (heed_vector_format)format), *word;
		heed_vector_file *file;
		const float *vector;
		size_t len;

		assert_int_equal(heed_vector_file_open(ctx, path, &file), HEED_OK);
		assert_int_equal(heed_vector_file_count(file), COUNT);
		assert_int_equal(heed_vector_file_width(file), WIDTH);
		for (int i = 0; i < COUNT; i++) {
			assert_int_equal(heed_vector_file_next(file, &word, &len, &vector), HEED_OK);
			assert_int_equal(len, strlen(words[i]));
			assert_memory_equal(word, words[i], len);
			for (int d = 0; d < WIDTH; d++) {
				const float x = number(i, d);

				assert_memory_equal(&vector[d], &x, sizeof x);
			}
		}
		assert_int_equal(heed_vector_file_next(file, &word, &len, &vector), HEED_OK);
		assert_null(word);
		heed_vector_file_close(file);
	}
}

static void the_formats_are_word2vecs(void **state)
{
	static const char text[] = "1 3\nab 1 -0.5 0.25\n";
	static const char binary[] = "1 3\nab \0\0\x80\x3F\0\0\0\xBF\0\0\x80\x3E\n";
	static const float x[] = {1, -0.5f, 0.25f};
	size_t n;

	(void)state;
	for (int format = HEED_VECTORS_TEXT; format <= HEED_VECTORS_BINARY; format++) {
		const char *path = scratch("b.vec");
		FILE *f = fopen(path, "wb");
		unsigned char *bytes;

		assert_non_null(f);
		assert_int_equal(heed_vectors_write_head(1, 3, put, f), HEED_OK);
		assert_int_equal(heed_vectors_write(ctx, (heed_vector_format)format, "ab", x, 3, put, f),
				 HEED_OK);
		fclose(f);
		bytes = scratch_read(path, &n);
		assert_int_equal(n, format == HEED_VECTORS_TEXT ? sizeof text - 1 : sizeof binary - 1);
		assert_memory_equal(bytes, format == HEED_VECTORS_TEXT ? text : binary, n);
		free(bytes);
	}
}

static heed_code refuse(void *user, const char *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	return --*(int *)user > 0 ? HEED_OK : HEED_E_IO;
}

static void what_cannot_be_written(void **state)
{
	static const char *const bad[] = {"", "a b", "a\nb"};
	const float x[2] = {1, 2};
	char word[5000];
	int left = 100;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(heed_vectors_write(ctx, HEED_VECTORS_TEXT, bad[i], x, 2, refuse, &left),
				 HEED_E_ARGUMENT);
		assert_message(ctx, "without spaces");
	}
	memset(word, 'x', sizeof word);
	word[sizeof word - 1] = '\0';
	assert_int_equal(heed_vectors_write(ctx, HEED_VECTORS_TEXT, word, x, 2, refuse, &left),
			 HEED_E_ARGUMENT);
	assert_int_equal(left, 100);
	for (int format = HEED_VECTORS_TEXT; format <= HEED_VECTORS_BINARY; format++)
		for (int calls = 1; calls < 4; calls++) {
			left = calls;
			assert_int_equal(
				heed_vectors_write(ctx, (heed_vector_format)format, "w", x, 2, refuse, &left),
				HEED_E_IO);
		}
	left = 1;
	assert_int_equal(heed_vectors_write_head(1, 1, refuse, &left), HEED_E_IO);
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void ways_of_others(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int words;
	} files[] = {
		{BYTES("2 2\nthe 1 2 \nof 3 4 \n"), 2},           /* fastText leaves a space behind */
		{BYTES("2 2\r\nthe 1 2\r\nof 3 4\r\n"), 2},       /* DOS */
		{BYTES("2 2\nthe 1 2\nof 3 4"), 2},               /* no end of the last line */
		{BYTES("2 2\nthe 1e0\t2.\nof +.3 -4E-2\n\n"), 2}, /* numbers of all sorts */
		{BYTES("2 2 \nthe 1 2\nof 3 4\n"), 2},
		{BYTES("1 2\nthe \0\0\x80\x3F\0\0\0\xBF"), 1}, /* older gensim: no line feeds */
		{BYTES("2 1\nthe \0\0\x80\x3Fof \0\0\0\xBF"), 2},
		{BYTES("2 1\nthe \0\0\x80\x3F\nof \0\0\0\xBF\n"), 2},
		{BYTES("2 1\nthe \x0A\x20\x0A\x3F\nof \x20\x20\x20\x20\n"),
		 2}, /* spaces and line feeds in floats */
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		int read;
		const heed_code code =
			read_through(scratch_write("c.vec", files[i].bytes, files[i].n), &read);

		if (code != HEED_OK)
			fail_msg("file %zu: %s", i, heed_error_message(ctx));
		assert_int_equal(read, files[i].words);
	}
}

static void what_cannot_be_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *says;
	} files[] = {
		{BYTES(""), "d.vec:1: expected the number of words"},
		{BYTES("\n"), "d.vec:1: expected the number of words"},
		{BYTES("2"), "d.vec:1:"},
		{BYTES("2 \n"), "d.vec:1:"},
		{BYTES("0 2\n"), "d.vec:1:"},
		{BYTES("2 0\n"), "d.vec:1:"},
		{BYTES("-2 2\nthe 1 2\n"), "d.vec:1:"},
		{BYTES("2 65537\nthe 1 2\n"), "d.vec:1:"},
		{BYTES("9999999999999999999999 2\nthe 1 2\n"), "d.vec:1:"},
		{BYTES("2 2x\nthe 1 2\n"), "d.vec:1:"},
		{BYTES("the 1 2\n"), "d.vec:1:"},
		{BYTES("2147483647 2\nthe 1 2\n"), "can't hold 2147483647 vectors of 2 numbers"},
		{BYTES("1 65536\nthe 1 2\n"), "can't hold 1 vectors of 65536 numbers"},
		{BYTES("3 2\nthe 1 2\nof 3 4 5\nand 5\n"), "d.vec:3: expected a word and 2 numbers, found 3"},
		{BYTES("3 2\nthe 1 2\nof 3 4\nand 1111\n"),
		 "d.vec:4: expected a word and 2 numbers, found 1"},
		{BYTES("3 2\nthe 1 2\nof 3 4\nand\n 5 6\n"),
		 "d.vec:4: expected a word and 2 numbers, found 0"},
		{BYTES("2 2\nthe 1 2\nof 3 x    \n"), "d.vec:3: number 2 is none"},
		{BYTES("2 2\nthe 1 2\nof nan 1  \n"), "d.vec:3: number 1 is none"},
		{BYTES("2 2\nthe 1 2\nof 1e39 1 \n"), "d.vec:3: number 1 is none, or not finite"},
		{BYTES("2 2\nthe 1 2\n 1 2     \n"), "word 2 at byte 12: expected a word, found none"},
		{BYTES("1 2\nthe 1 2\nof 1 2\n"), "expected 1 words, found more at byte 12"},
		{BYTES("2 1\nthe \0\0\x80\x3F\n \0\0\0\xBF\n"), "word 2 at byte 13: expected a word"},
		{BYTES("2 1\nthe \0\0\x80\x3F\no\nf \0\0\0\xBF\n"), "word 2 at byte 13"},
		{BYTES("2 1\nthe \0\0\x80\x3F\nooof \0\0\0"),
		 "word 2 at byte 13: expected a word, a space and 4 bytes"},
		{BYTES("2 1\nthe \0\0\x80\x3F\nooofffff"), "word 2 at byte 13"},
		{BYTES("2 1\nthe \0\0\x80\x3F\nof \0\0\x80\x7F\n"),
		 "word 2: number 1 at byte 16 is not finite"},
		{BYTES("1 1\nthe \0\0\xC0\x7F\n"), "word 1: number 1 at byte 8 is not finite"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *path = scratch_write("d.vec", files[i].bytes, files[i].n);
		int read;

		if (read_through(path, &read) != HEED_E_FORMAT)
			fail_msg("file %zu was read", i);
		assert_message(ctx, files[i].says, path);
	}
	{
		int read;

		assert_int_equal(read_through(scratch("missing"), &read), HEED_E_IO);
		assert_int_equal(read_through(scratch_folder, &read), HEED_E_FORMAT);
	}
}

/* Files that are cut off or changed in a byte anywhere: read or refused. */
static void damaged_files(void **state)
{
	(void)state;
	for (int format = HEED_VECTORS_TEXT; format <= HEED_VECTORS_BINARY; format++) {
		size_t n;
		unsigned char *bytes = scratch_read(write_vectors("e.vec", (heed_vector_format)format), &n);
		int read;

		for (size_t len = 0; len < n; len++) {
			const heed_code code = read_through(scratch_write("f.vec", bytes, len), &read);

			/* Only the last line feed, and in text the end of the last number, are nowhere missed. */
			if (code == HEED_OK)
				assert_true(len >= (format == HEED_VECTORS_TEXT ? n - 12 : n - 1));
		}
		for (size_t i = 0; i < n; i++) {
			const unsigned char before = bytes[i];

			bytes[i] = (unsigned char)(i * 37 + 11);
			read_through(scratch_write("f.vec", bytes, n), &read);
			bytes[i] = before;
		}
		free(bytes);
	}
}

/* --- tables --- */

static const char *word_of(const heed_vectors *v, int i)
{
	return heed_vectors_word(v, i);
}

static void a_table_from_a_file(void **state)
{
	static const char text[] = "6 2\nthe 3 4\nof 0 0\nthe 9 9\na\x1B[m 1 0\nOf 0 2\nx\xFFy 5 12\n";
	heed_vectors *v;
	heed_word word;

	(void)state;
	assert_int_equal(heed_vectors_open(ctx, scratch_write("g.vec", text, sizeof text - 1), &v), HEED_OK);
	/* Zeros are no direction, the second "the" is not wanted, and nothing moves a terminal. */
	assert_int_equal(heed_vectors_count(v), 4);
	assert_int_equal(heed_vectors_width(v), 2);
	assert_string_equal(word_of(v, 0), "the");
	assert_string_equal(word_of(v, 1), "a\xEF\xBF\xBD[m");
	assert_string_equal(word_of(v, 2), "Of");
	assert_string_equal(word_of(v, 3), "x\xEF\xBF\xBDy");
	assert_true(heed_vectors_at(v, 0)[1] == 4.0f);
	assert_true(heed_vectors_norm(v, 0) == 5.0f);
	assert_true(heed_vectors_norm(v, 3) == 13.0f);
	assert_int_equal(heed_vectors_look_up(v, "Of", 2, &word), HEED_OK);
	assert_int_equal(word.index, 2);
	assert_int_equal(word.pieces, 1);
	assert_true(word.vector[1] == 2.0f);
	assert_int_equal(heed_vectors_look_up(v, "of", 2, &word), HEED_E_ARGUMENT);
	assert_message(ctx, "\"of\" is not among the 4 words");
	assert_int_equal(heed_vectors_look_up(v, "", 0, &word), HEED_E_ARGUMENT);
	heed_vectors_free(v);
	heed_vectors_free(NULL);
}

typedef struct text_lines {
	const char *const *lines;
} text_lines;

static heed_code next_line(void *user, const char **line, size_t *len)
{
	text_lines *t = user;

	*line = *t->lines;
	if (*line != NULL) {
		*len = strlen(*line);
		t->lines++;
	}
	return HEED_OK;
}

static heed_tokenizer *tokenizer(const char *kind, int vocab, int lowercase)
{
	static const char *const lines[] = {"The dog, the dog, the cat. it's",
					    "the dog barks, the cat doesn't.", NULL};
	text_lines text = {lines};
	heed_tokenizer *t = heed_tokenizer_train(
		ctx, &(heed_tokenizer_options){.kind = kind, .vocab = vocab, .lowercase = lowercase},
		next_line, &text);

	assert_non_null(t);
	return t;
}

/* A model whose row i is [i + 1, 1, 1]; those of `zero` are zeros. */
static heed_trained trained_with(heed_tokenizer *t, const char *family, int zero)
{
	const heed_model_class *c = heed_model_class_find(family);
	const int size = heed_tokenizer_size(t);
	char config[512];
	heed_trained trained = {.ctx = ctx, .source = t, .target = t};
	heed_tensor *e;

	assert_true(c->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(ctx, c->fields, config), HEED_OK);
	assert_int_equal(heed_field_set(ctx, heed_field_find(c->fields, "width"), config, "3"), HEED_OK);
	trained.model = heed_model_new(ctx, c, config, size, size, 0);
	assert_non_null(trained.model);
	e = heed_params_find(trained.model->params, "embed");
	for (int i = 0; i < size; i++)
		for (int d = 0; d < 3; d++)
			e->data[i * 3 + d] = i == zero ? 0 : d == 0 ? (float)(i + 1) : 1;
	return trained;
}

static void free_trained(heed_trained *t)
{
	heed_model_free(t->model);
	heed_tokenizer_free(t->source);
}

static void a_table_from_a_model_of_words(void **state)
{
	heed_tokenizer *t = tokenizer("word", 0, 1);
	const int the = heed_tokenizer_id(t, "\xE2\x96\x81the", 6), barks = heed_tokenizer_id(t,
											      "\xE2\x96\x81"
											      "barks",
											      8);
	const int comma = heed_tokenizer_id(t, ",", 1), it = heed_tokenizer_id(t, "\xE2\x96\x81it", 5);
	const int quote = heed_tokenizer_id(t, "'", 1), s = heed_tokenizer_id(t, "s", 1);
	heed_trained trained = trained_with(t, "word2vec", barks);
	heed_vectors *v;
	heed_word word;

	(void)state;
	assert_true(the > 0 && barks > 0 && comma > 0 && it > 0 && quote > 0 && s > 0);
	assert_int_equal(heed_vectors_of(&trained, &v), HEED_OK);
	assert_int_equal(heed_vectors_width(v), 3);
	/* No reserved piece; the space alone, then the most frequent word, without the space in front. */
	assert_string_equal(word_of(v, 0), "\xE2\x96\x81");
	assert_string_equal(word_of(v, 1), "the");
	for (int i = 0; i < heed_vectors_count(v); i++)
		assert_string_not_equal(word_of(v, i), "barks");
	assert_int_equal(heed_vectors_look_up(v, "THE", 3, &word), HEED_OK);
	assert_int_equal(word.index, 1);
	assert_true(word.vector[0] == (float)(the + 1));
	assert_int_equal(heed_vectors_look_up(v, ",", 1, &word),
			 HEED_OK); /* which has no piece with a space */
	assert_true(word.index >= 0 && word.vector[0] == (float)(comma + 1));
	assert_int_equal(heed_vectors_look_up(v, "It's", 4, &word), HEED_OK);
	assert_int_equal(word.index, -1);
	assert_int_equal(word.pieces, 3);
	assert_true(fabsf(word.vector[0] - (float)(it + quote + s + 3) / 3) < 1e-5f);
	assert_true(fabsf(word.vector[1] - 1) < 1e-6f);
	assert_int_equal(heed_vectors_look_up(v, "barks", 5, &word), HEED_E_ARGUMENT);
	assert_int_equal(heed_vectors_look_up(v, "the barks", 9, &word), HEED_E_ARGUMENT);
	assert_int_equal(heed_vectors_look_up(v, "the horse", 9, &word), HEED_E_ARGUMENT);
	assert_message(ctx, "\"the horse\"");
	assert_int_equal(heed_vectors_look_up(v, "", 0, &word), HEED_E_ARGUMENT);
	heed_vectors_free(v);
	free_trained(&trained);
}

static void a_table_from_a_model_of_pieces(void **state)
{
	heed_tokenizer *t = tokenizer("bpe", 300, 0);
	heed_trained trained = trained_with(t, "autoencoder", -1);
	heed_vectors *v;
	heed_word word;
	int dog = -1;

	(void)state;
	assert_int_equal(heed_vectors_of(&trained, &v), HEED_OK);
	assert_int_equal(heed_vectors_count(v), heed_tokenizer_size(t) - HEED_SPECIAL_IDS);
	for (int i = 0; i < heed_vectors_count(v); i++) {
		assert_string_equal(word_of(v, i), heed_tokenizer_piece(t, i + HEED_SPECIAL_IDS));
		if (strcmp(word_of(v, i), "\xE2\x96\x81"
					  "dog") == 0)
			dog = i;
	}
	assert_true(dog >= 0);
	assert_int_equal(heed_vectors_look_up(v, "dog", 3, &word), HEED_OK);
	assert_int_equal(word.index, dog);
	assert_int_equal(heed_vectors_look_up(v, "zz", 2, &word), HEED_OK); /* a space and two bytes */
	assert_int_equal(word.index, -1);
	assert_true(word.pieces >= 2);
	heed_vectors_free(v);
	free_trained(&trained);
}

static void a_model_file_is_a_table_too(void **state)
{
	heed_tokenizer *t = tokenizer("word", 0, 0);
	heed_trained trained = trained_with(t, "word2vec", -1);
	const char *path = scratch("w.heed");
	heed_vectors *v, *w;

	(void)state;
	assert_int_equal(heed_trained_save(&trained, path), HEED_OK);
	assert_int_equal(heed_vectors_of(&trained, &v), HEED_OK);
	assert_int_equal(heed_vectors_open(ctx, path, &w), HEED_OK);
	assert_int_equal(heed_vectors_count(v), heed_vectors_count(w));
	for (int i = 0; i < heed_vectors_count(v); i++) {
		assert_string_equal(word_of(v, i), word_of(w, i));
		assert_memory_equal(heed_vectors_at(v, i), heed_vectors_at(w, i), 3 * sizeof(float));
	}
	heed_vectors_free(v);
	heed_vectors_free(w);
	assert_int_equal(heed_vectors_open(ctx, scratch("missing"), &v), HEED_E_IO);
	assert_null(v);
	free_trained(&trained);
}

/* --- filling --- */

static void rows_are_filled(void **state)
{
	static const char text[] = "6 3\nthe 9 9 9\ndog 8 8 8\n\xE2\x96\x81"
				   "dog 7 7 7\nhorse 6 6 6\n</s> 5 5 5\nthe 4 4 4\n";
	heed_tokenizer *t = tokenizer("word", 0, 0);
	const int the = heed_tokenizer_id(t, "\xE2\x96\x81the", 6), dog = heed_tokenizer_id(t,
											    "\xE2\x96\x81"
											    "dog",
											    6);
	heed_trained trained = trained_with(t, "word2vec", -1);
	heed_tensor *e = heed_params_find(trained.model->params, "embed");
	heed_vectors_filled filled;

	(void)state;
	assert_int_equal(heed_vectors_fill(ctx, scratch_write("h.vec", text, sizeof text - 1), t, e, &filled),
			 HEED_OK);
	assert_int_equal(filled.rows, 2);
	assert_int_equal(filled.known, 3); /* the, dog, and dog with its space */
	assert_int_equal(filled.file, 6);
	for (int i = 0; i < heed_tokenizer_size(t); i++) {
		const float first = e->data[i * 3], rest = e->data[i * 3 + 2];

		assert_true(first == (i == the ? 9.0f : i == dog ? 7.0f : (float)(i + 1)));
		assert_true(rest == (i == the ? 9.0f : i == dog ? 7.0f : 1.0f));
	}
	assert_int_equal(heed_vectors_fill(ctx, scratch_write("h.vec", "1 2\nthe 1 2\n", 12), t, e, &filled),
			 HEED_E_SHAPE);
	assert_message(ctx, "h.vec: its vectors have 2 numbers, but those of the model have 3 (embed)");
	assert_int_equal(heed_vectors_fill(ctx, scratch_write("h.vec", "2 3\nthe 1 2 3\ndog 1 2\n", 21), t, e,
					   &filled),
			 HEED_E_FORMAT);
	e->dim[0]--;
	assert_int_equal(heed_vectors_fill(ctx, scratch_write("h.vec", text, sizeof text - 1), t, e, &filled),
			 HEED_E_SHAPE);
	e->dim[0]++;
	free_trained(&trained);
}

static void rows_are_filled_from_a_model(void **state)
{
	heed_tokenizer *t = tokenizer("word", 0, 0);
	heed_trained trained = trained_with(t, "word2vec", -1);
	heed_tensor *e = heed_params_find(trained.model->params, "embed");
	const size_t size = (size_t)e->dim[0] * (size_t)e->dim[1];
	const char *path = scratch("start.heed");
	float *const before = malloc(size * sizeof *before);
	heed_vectors_filled filled;

	(void)state;
	assert_non_null(before);
	memcpy(before, e->data, size * sizeof *before);
	assert_int_equal(heed_trained_save(&trained, path), HEED_OK);
	memset(e->data, 0, size * sizeof *before);
	assert_int_equal(heed_vectors_fill(ctx, path, t, e, &filled), HEED_OK);
	assert_int_equal(filled.rows, heed_tokenizer_size(t) - HEED_SPECIAL_IDS);
	assert_int_equal(filled.known, filled.rows);
	assert_int_equal(filled.file, filled.rows);
	for (int i = 0; i < heed_tokenizer_size(t); i++)
		for (int k = 0; k < e->dim[1]; k++) {
			const int at = i * e->dim[1] + k;

			assert_true(e->data[at] == (i < HEED_SPECIAL_IDS ? 0 : before[at]));
		}
	free(before);
	free_trained(&trained);
}

/* --- memory --- */

static void no_memory_is_an_error(void **state)
{
	heed_tokenizer *t = tokenizer("word", 0, 0);
	heed_trained trained = trained_with(t, "word2vec", -1);
	const char *const paths[] = {scratch("m.heed"), scratch("m.vec")};
	const char text[] = "2 3\nthe 1 2 3\ndog 4 5 6\n";

	(void)state;
	assert_int_equal(heed_trained_save(&trained, paths[0]), HEED_OK);
	scratch_write("m.vec", text, sizeof text - 1);
	for (int i = 0; i < 2; i++) {
		shortage s = {0};
		heed_code code;

		do {
			heed_vectors *v = NULL;
			heed_ctx *poor;
			heed_word word;

			shortage_begin(&s);
			poor = shortage_ctx(&s);
			code = poor != NULL ? heed_vectors_open(poor, paths[i], &v) : HEED_E_MEMORY;
			if (code == HEED_OK)
				code = heed_vectors_look_up(v, "dog", 3, &word);
			heed_vectors_free(v);
			heed_ctx_free(poor);
		} while (shortage_felt(&s, code));
	}
	free_trained(&trained);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals),
		cmocka_unit_test(both_formats_come_back),
		cmocka_unit_test(the_formats_are_word2vecs),
		cmocka_unit_test(what_cannot_be_written),
		cmocka_unit_test(ways_of_others),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(a_table_from_a_file),
		cmocka_unit_test(a_table_from_a_model_of_words),
		cmocka_unit_test(a_table_from_a_model_of_pieces),
		cmocka_unit_test(a_model_file_is_a_table_too),
		cmocka_unit_test(rows_are_filled),
		cmocka_unit_test(rows_are_filled_from_a_model),
		cmocka_unit_test(no_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
