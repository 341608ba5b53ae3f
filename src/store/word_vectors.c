/* Tables of word vectors: from a file of them, or the embedding of a model with the words of its tokenizer. */
#include "store/vectors_impl.h"

#include "base/file.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/vector.h"
#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

#define SPACE       "\xE2\x96\x81" /* U+2581 */
#define SPACE_SIZE  3
#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

HEED__VECTOR(float_list, float);

struct heed_vectors {
	heed_ctx *ctx;
	int width;
	heed__map words;  /* entry i is the name of word i */
	float_list norms; /* [words.count] */
	heed__ints rows;  /* [words.count] of the matrix; of a model only: a file's are in order */
	float *own;       /* the matrix of a file */
	const float *matrix;
	heed_trained *opened; /* by heed_vectors_open */
	/* Of a model: */
	const heed_tokenizer *tokenizer;
	heed_coder *coder;
	bool whole;   /* pieces are words, and named without the space in front */
	int *word_of; /* [tokenizer's size] the word of a piece, or -1 */
	float *mean;  /* [width] */
};

static const float *row_at(const heed_vectors *v, int row)
{
	return v->matrix + (size_t)row * (size_t)v->width;
}

static float norm_of(const heed_vectors *v, int row)
{
	return (float)sqrt(heed__ctx_kernels(v->ctx)->sum_squares((size_t)v->width, row_at(v, row)));
}

heed_ctx *heed__vectors_ctx(const heed_vectors *v)
{
	return v->ctx;
}

int heed_vectors_count(const heed_vectors *v)
{
	return (int)v->words.count;
}

int heed_vectors_width(const heed_vectors *v)
{
	return v->width;
}

const char *heed_vectors_word(const heed_vectors *v, int index)
{
	return v->words.entries[index].key;
}

const float *heed_vectors_at(const heed_vectors *v, int index)
{
	return row_at(v, v->rows.data != NULL ? v->rows.data[index] : index);
}

float heed_vectors_norm(const heed_vectors *v, int index)
{
	return v->norms.data[index];
}

void heed_vectors_free(heed_vectors *v)
{
	if (v == NULL)
		return;
	heed_coder_free(v->coder);
	heed__map_release(&v->words);
	HEED__VECTOR_RELEASE(v->ctx, &v->norms);
	HEED__VECTOR_RELEASE(v->ctx, &v->rows);
	heed__free(v->ctx, v->own);
	heed__free(v->ctx, v->word_of);
	heed__free(v->ctx, v->mean);
	heed_trained_close(v->opened);
	heed__free(v->ctx, v);
}

static heed_vectors *vectors_new(heed_ctx *ctx, int width)
{
	heed_vectors *const v = heed__calloc(ctx, 1, sizeof *v);

	if (v == NULL)
		return NULL;
	v->ctx = ctx;
	v->width = width;
	v->words = heed__map_init(ctx);
	return v;
}

/* --- from a file --- */

/* Words are shown on terminals and pages: bytes that are not UTF-8 and control characters become U+FFFD. */
static void clean_word(const char *word, size_t len, heed__str *out)
{
	heed__str_clear(out);
	for (size_t at = 0; at < len;) {
		uint32_t code = 0;
		const int n = heed__utf8_decode(word + at, len - at, &code);

		if (n == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0))
			heed__str_adds(out, REPLACEMENT);
		else
			heed__str_add(out, word + at, (size_t)n);
		at += n > 0 ? (size_t)n : 1;
	}
}

/* Takes the word unless it is there already, or its vector has no direction. */
static heed_code take_word(heed_vectors *v, const heed__str *name, const float *vector)
{
	const size_t count = v->words.count, width = (size_t)v->width;
	int64_t *place;

	if (name->failed)
		return heed_error_code(v->ctx);
	memcpy(v->own + count * width, vector, width * sizeof *vector);
	if (!(norm_of(v, (int)count) > 0))
		return HEED_OK;
	place = heed__map_put(&v->words, name->data, name->len, (int64_t)count);
	if (place == NULL ||
	    (v->words.count > count && !HEED__PUSH(v->ctx, &v->norms, norm_of(v, (int)count))))
		return HEED_E_MEMORY;
	return HEED_OK;
}

static heed_code read_words(heed_vectors *v, heed_vector_file *file)
{
	heed__str name = heed__str_init(v->ctx, 0);
	heed_code code;

	for (;;) {
		const char *word;
		const float *vector;
		size_t len;

		code = heed_vector_file_next(file, &word, &len, &vector);
		if (code != HEED_OK || word == NULL)
			break;
		clean_word(word, len, &name);
		code = take_word(v, &name, vector);
		if (code != HEED_OK)
			break;
	}
	heed__str_release(&name);
	return code;
}

static heed_code open_file(heed_ctx *ctx, const char *path, heed_vectors **vectors)
{
	heed_vector_file *file;
	heed_code code = heed_vector_file_open(ctx, path, &file);
	heed_vectors *v;

	if (code != HEED_OK)
		return code;
	v = vectors_new(ctx, heed_vector_file_width(file));
	if (v != NULL)
		v->matrix = v->own = heed__realloc_array(ctx, NULL, (size_t)heed_vector_file_count(file),
							 (size_t)v->width * sizeof *v->own);
	code = v != NULL && v->own != NULL ? read_words(v, file) : HEED_E_MEMORY;
	heed_vector_file_close(file);
	if (code == HEED_OK)
		*vectors = v;
	else
		heed_vectors_free(v);
	return code;
}

/* --- from a model --- */

/* Kinds of tokenizers whose pieces are words. */
static bool has_words(const heed_tokenizer *t)
{
	static const char *const kinds[] = {"word", "space", "sentence"};
	heed_tokenizer_options options;

	heed_tokenizer_describe(t, &options);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(options.kind, kinds[i]) == 0)
			return true;
	return false;
}

static const char *name_of(const heed_vectors *v, int id)
{
	const char *const piece = heed_tokenizer_piece(v->tokenizer, id);
	const bool space = strncmp(piece, SPACE, SPACE_SIZE) == 0 && piece[SPACE_SIZE] != '\0';

	return v->whole && space ? piece + SPACE_SIZE : piece;
}

static heed_code list_pieces(heed_vectors *v, int reserved)
{
	const int size = heed_tokenizer_size(v->tokenizer);

	for (int id = 0; id < size; id++) {
		const char *const name = name_of(v, id);
		const int64_t count = (int64_t)v->words.count;
		const float norm = norm_of(v, id);
		const int64_t *place;

		v->word_of[id] = -1;
		if (id < reserved || !(norm > 0))
			continue;
		place = heed__map_put(&v->words, name, strlen(name), count);
		if (place == NULL)
			return HEED_E_MEMORY;
		v->word_of[id] = (int)*place;
		if (*place == count &&
		    (!HEED__PUSH(v->ctx, &v->norms, norm) || !HEED__PUSH(v->ctx, &v->rows, id)))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static heed_code fill_from_model(heed_vectors *v, const heed_trained *t)
{
	heed_tokenizer_options options;

	heed_tokenizer_describe(t->source, &options);
	v->tokenizer = t->source;
	v->whole = has_words(t->source);
	v->coder = heed_coder_new(v->ctx, t->source);
	v->word_of = heed__calloc(v->ctx, (size_t)heed_tokenizer_size(t->source), sizeof *v->word_of);
	v->mean = heed__calloc(v->ctx, (size_t)v->width, sizeof *v->mean);
	if (v->coder == NULL || v->word_of == NULL || v->mean == NULL)
		return HEED_E_MEMORY;
	return list_pieces(v, HEED_SPECIAL_IDS + options.symbol_count);
}

heed_code heed_vectors_of(const heed_trained *trained, heed_vectors **vectors)
{
	const heed_tensor *const matrix = heed_model_vectors(trained->model);
	heed_vectors *v;
	heed_code code;

	*vectors = NULL;
	if (matrix == NULL || matrix->dim[0] != heed_tokenizer_size(trained->source))
		return heed__error(trained->ctx, HEED_E_UNSUPPORTED, "the family %s has no vectors of words",
				   trained->model->family->name);
	v = vectors_new(trained->ctx, matrix->dim[1]);
	if (v == NULL)
		return HEED_E_MEMORY;
	v->matrix = matrix->data;
	code = fill_from_model(v, trained);
	if (code == HEED_OK)
		*vectors = v;
	else
		heed_vectors_free(v);
	return code;
}

/* A safetensors file begins with the length of its JSON, in eight bytes. */
static heed_code looks_like_model(heed_ctx *ctx, const char *path, bool *model)
{
	heed__file_map map;
	const heed_code code = heed__file_map_open(ctx, path, &map);

	*model = code == HEED_OK && map.len > 8 && map.data[7] == 0 && map.data[8] == '{';
	heed__file_map_close(&map);
	return code;
}

static heed_code open_model(heed_ctx *ctx, const char *path, heed_vectors **vectors)
{
	heed_trained *trained;
	heed_code code = heed_trained_open(ctx, path, &trained);

	if (code != HEED_OK)
		return code;
	code = heed_vectors_of(trained, vectors);
	if (code == HEED_OK) {
		(*vectors)->opened = trained;
		return HEED_OK;
	}
	heed_trained_close(trained);
	return code == HEED_E_UNSUPPORTED ? heed__error_prefix(ctx, "%s", path) : code;
}

heed_code heed_vectors_open(heed_ctx *ctx, const char *path, heed_vectors **vectors)
{
	bool model;
	const heed_code code = looks_like_model(ctx, path, &model);

	*vectors = NULL;
	if (code != HEED_OK)
		return code;
	return model ? open_model(ctx, path, vectors) : open_file(ctx, path, vectors);
}

/* --- looking up --- */

static heed_code unknown(const heed_vectors *v, const char *text, size_t len)
{
	return heed__error(v->ctx, HEED_E_ARGUMENT, "\"%.*s\" is not among the %d words that have a vector",
			   len < 200 ? (int)len : 200, text, heed_vectors_count(v));
}

static heed_word word_at(const heed_vectors *v, int index)
{
	return (heed_word){.index = index, .pieces = 1, .vector = heed_vectors_at(v, index)};
}

/* The mean of the rows of several pieces. False: one of them has no vector. */
static bool mean_of(heed_vectors *v, const heed_encoding *x)
{
	const struct heed__kernels *const kernels = heed__ctx_kernels(v->ctx);

	memset(v->mean, 0, (size_t)v->width * sizeof *v->mean);
	for (int i = 0; i < x->count; i++) {
		if (v->word_of[x->ids[i]] < 0)
			return false;
		kernels->axpy((size_t)v->width, 1.0f / (float)x->count, row_at(v, x->ids[i]), v->mean);
	}
	return x->count > 0;
}

static heed_code look_up_pieces(heed_vectors *v, const char *text, size_t len, heed_word *word)
{
	const int64_t *known;
	heed_encoding x;
	const heed_code code = heed_coder_encode(v->coder, text, len, &x);

	if (code != HEED_OK)
		return code;
	known = v->whole ? heed__map_get(&v->words, x.text, (size_t)x.length) : NULL;
	if (known != NULL)
		*word = word_at(v, (int)*known);
	else if (x.count == 1 && v->word_of[x.ids[0]] >= 0)
		*word = word_at(v, v->word_of[x.ids[0]]);
	else if (mean_of(v, &x))
		*word = (heed_word){.index = -1, .pieces = x.count, .vector = v->mean};
	else
		return unknown(v, text, len);
	return HEED_OK;
}

heed_code heed_vectors_look_up(heed_vectors *v, const char *text, size_t len, heed_word *word)
{
	const int64_t *known;

	if (v->coder != NULL)
		return look_up_pieces(v, text, len, word);
	known = heed__map_get(&v->words, text, len);
	if (known == NULL)
		return unknown(v, text, len);
	*word = word_at(v, (int)*known);
	return HEED_OK;
}

/* --- into a parameter --- */

/* Words and vectors one by one: of a file, which is not held as a whole, or of a model. */
typedef struct origin {
	heed_vector_file *file;
	heed_vectors *table;
	int count, width;
	int next; /* of the table */
} origin;

static heed_code open_origin(heed_ctx *ctx, const char *path, origin *o)
{
	bool model;
	heed_code code = looks_like_model(ctx, path, &model);

	*o = (origin){0};
	if (code == HEED_OK)
		code = model ? open_model(ctx, path, &o->table) : heed_vector_file_open(ctx, path, &o->file);
	if (o->table != NULL) {
		o->count = heed_vectors_count(o->table);
		o->width = heed_vectors_width(o->table);
	} else if (o->file != NULL) {
		o->count = heed_vector_file_count(o->file);
		o->width = heed_vector_file_width(o->file);
	}
	return code;
}

static void close_origin(origin *o)
{
	heed_vector_file_close(o->file);
	heed_vectors_free(o->table);
}

/* *word is NULL at the end. */
static heed_code next_of(origin *o, const char **word, size_t *len, const float **vector)
{
	if (o->file != NULL)
		return heed_vector_file_next(o->file, word, len, vector);
	*word = NULL;
	if (o->next == o->count)
		return HEED_OK;
	*word = heed_vectors_word(o->table, o->next);
	*len = strlen(*word);
	*vector = heed_vectors_at(o->table, o->next++);
	return HEED_OK;
}

typedef struct filling {
	const heed_tokenizer *tokenizer;
	heed_tensor *rows;
	unsigned char *
		by; /* [rows] what filled a row: nothing, a word without the space in front, the piece itself */
	heed_vectors_filled *filled;
} filling;

enum { NOTHING, BARE, EXACT };

static bool fill_row(const filling *f, int id, unsigned char by, const float *vector)
{
	const size_t width = (size_t)f->rows->dim[1];

	if (id < HEED_SPECIAL_IDS || f->by[id] >= by)
		return false;
	f->filled->rows += f->by[id] == NOTHING;
	f->by[id] = by;
	memcpy(f->rows->data + (size_t)id * width, vector, width * sizeof *vector);
	return true;
}

static heed_code fill_rows(const filling *f, origin *from, heed__str *piece)
{
	for (;;) {
		const char *word;
		const float *vector;
		size_t len;
		bool exact, bare;
		const heed_code code = next_of(from, &word, &len, &vector);

		if (code != HEED_OK || word == NULL)
			return code;
		heed__str_clear(piece);
		heed__str_adds(piece, SPACE);
		heed__str_add(piece, word, len);
		if (piece->failed)
			return HEED_E_MEMORY;
		exact = fill_row(f, heed_tokenizer_id(f->tokenizer, word, len), EXACT, vector);
		bare = fill_row(f, heed_tokenizer_id(f->tokenizer, piece->data, piece->len), BARE, vector);
		f->filled->known += exact || bare;
	}
}

heed_code heed_vectors_fill(heed_ctx *ctx, const char *path, const heed_tokenizer *tokenizer,
			    heed_tensor *rows, heed_vectors_filled *filled)
{
	heed__str piece = heed__str_init(ctx, 0);
	filling f = {.tokenizer = tokenizer, .rows = rows, .filled = filled};
	origin from;
	heed_code code = open_origin(ctx, path, &from);

	*filled = (heed_vectors_filled){0};
	if (code != HEED_OK)
		return code;
	filled->file = from.count;
	if (rows->dim[1] != from.width)
		code = heed__error(ctx, HEED_E_SHAPE,
				   "%s: its vectors have %d numbers, but those of the model have %d (%s)",
				   path, from.width, rows->dim[1], rows->name);
	else if (rows->dim[0] != heed_tokenizer_size(tokenizer))
		code = heed__error(ctx, HEED_E_SHAPE, "%s has %d rows, but the tokenizer has %d pieces",
				   rows->name, rows->dim[0], heed_tokenizer_size(tokenizer));
	else if ((f.by = heed__calloc(ctx, (size_t)rows->dim[0], 1)) == NULL)
		code = HEED_E_MEMORY;
	else
		code = fill_rows(&f, &from, &piece);
	heed__free(ctx, f.by);
	heed__str_release(&piece);
	close_origin(&from);
	return code;
}
