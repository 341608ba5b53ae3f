/* Word vectors: files of them, and tables of words with a vector each, from such a file or from a model.
 *
 *	heed_vectors *v;
 *	heed_word word;
 *	if (heed_vectors_open(ctx, "en.heed", &v) != HEED_OK) ...
 *	if (heed_vectors_look_up(v, "king", 4, &word) == HEED_OK) ...     word.vector, [heed_vectors_width(v)]
 *	heed_vectors_free(v);
 *
 * The formats are word2vec's two (Mikolov's program), of which the first is also fastText's .vec:
 *
 *	text    COUNT WIDTH\n and for each word: WORD, then WIDTH times a space and a number, \n
 *	binary  COUNT WIDTH\n and for each word: WORD, a space, WIDTH floats of 4 bytes, low byte first, \n
 *
 * Words have at least one byte, no space and no line feed. A reader finds out which of the two a file is. */
#ifndef HEED_VECTORS_H
#define HEED_VECTORS_H

#include "heed/tokenizer.h"
#include "heed/trained.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_vector_format { HEED_VECTORS_TEXT, HEED_VECTORS_BINARY } heed_vector_format;

/* A file of vectors, read word by word. */
typedef struct heed_vector_file heed_vector_file;

/* HEED_E_IO, HEED_E_FORMAT (what is wrong and where), HEED_E_MEMORY. The file must be a regular one and must not
 * change while it is open. */
heed_code heed_vector_file_open(heed_ctx *ctx, const char *path, heed_vector_file **file);
void heed_vector_file_close(heed_vector_file *file); /* accepts NULL */
int heed_vector_file_count(const heed_vector_file *file);
int heed_vector_file_width(const heed_vector_file *file);
/* The next word, not NUL-terminated and of any bytes, and its vector [width] of finite numbers; both live until the
 * next call. *word is NULL at the end. */
heed_code heed_vector_file_next(heed_vector_file *file, const char **word, size_t *len, const float **vector);

/* Writes the first line, then call the other one for each of the `count` words. Numbers are written so that they are
 * read back to the same bits. HEED_E_ARGUMENT: a word that can't stand in such a file; or what `write` returned. */
heed_code heed_vectors_write_head(int count, int width, heed_write_fn *write, void *user);
heed_code heed_vectors_write(heed_ctx *ctx, heed_vector_format format, const char *word, const float *vector,
			     int width, heed_write_fn *write, void *user);

/* Words with a vector each, numbered from 0, mostly from the most frequent on. */
typedef struct heed_vectors heed_vectors;

/* Those of a model file or of a vector file, whichever it is. */
heed_code heed_vectors_open(heed_ctx *ctx, const char *path, heed_vectors **vectors);
/* Those of a model, which is borrowed: the rows of heed_model_vectors() for the words of its source tokenizer, or for
 * its pieces in their readable form where these are parts of words. Reserved pieces and rows of zeros (words that
 * were not in the text) are left out, and so is the rarer one of two pieces that differ in the space before
 * them only. HEED_E_UNSUPPORTED: the family has no vectors. */
heed_code heed_vectors_of(const heed_trained *trained, heed_vectors **vectors);
void heed_vectors_free(heed_vectors *v); /* accepts NULL */

int heed_vectors_count(const heed_vectors *v);
int heed_vectors_width(const heed_vectors *v);
const char *heed_vectors_word(const heed_vectors *v, int index); /* valid UTF-8; lives as long as v */
const float *heed_vectors_at(const heed_vectors *v, int index);  /* [width] */
float heed_vectors_norm(const heed_vectors *v, int index);       /* length of that vector, above 0 */

/* What a table knows of a word. */
typedef struct heed_word {
	int index;           /* which word of the table it is; -1: none, it is made of pieces */
	int pieces;          /* of how many: the vector is their mean */
	const float *vector; /* [width], lives until the next call, for a word of the table as long as that */
} heed_word;
/* Text is normalised as the tokenizer of the model does it (a vector file: taken as it is). A text of several pieces
 * gets the mean of their vectors. HEED_E_ARGUMENT: the word, or a piece of it, is unknown. */
heed_code heed_vectors_look_up(heed_vectors *v, const char *text, size_t len, heed_word *word);

/* Vectors for the rows of a parameter [tokenizer's size, width] from a file of vectors or a model: a row is filled
 * when the file has the readable form of its piece, or that without the U+2581 in front. The others stay as they are.
 * Of a word that the file has twice, the first one counts. */
typedef struct heed_vectors_filled {
	int rows;        /* filled */
	int known, file; /* words of the file that were used, and all it has */
} heed_vectors_filled;
/* HEED_E_SHAPE: the file's vectors have another width than the parameter; HEED_E_UNSUPPORTED: a model without vectors;
 * HEED_E_IO, HEED_E_FORMAT, HEED_E_MEMORY. */
heed_code heed_vectors_fill(heed_ctx *ctx, const char *path, const heed_tokenizer *tokenizer,
			    heed_tensor *rows, heed_vectors_filled *filled);

#ifdef __cplusplus
}
#endif
#endif
