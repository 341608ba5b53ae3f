/* What the kinds of tokenizers share inside the library. A kind is one file that defines
 *
 *	const heed__tokenizer_class heed__tokenizer_NAME = {...};
 *
 * at the start of a line; the build finds it there. */
#ifndef HEED_TOKENIZER_IMPL_H
#define HEED_TOKENIZER_IMPL_H

#include "base/map.h"
#include "base/philox.h"
#include "base/strbuf.h"
#include "base/vector.h"
#include "heed/tokenizer.h"
#include "text/unicode.h"

typedef struct heed__tokenizer_class heed__tokenizer_class;

/* The readable space, U+2581. */
#define HEED__SPACE      "\xE2\x96\x81"
#define HEED__SPACE_SIZE 3

struct heed_tokenizer {
	heed_ctx *ctx;
	const heed__tokenizer_class *kind;
	heed_normalization normalization;
	bool lowercase;
	int symbols;
	int first_byte;   /* id of byte 0, or -1 */
	int space;        /* id of the space, or -1 */
	int reserved;     /* ids below this one are not learned */
	heed__map pieces; /* entry i is the readable form of id i */
	heed__str saved;
	void *learned; /* the kind's own */
};

/* The lines of a corpus, normalised. */
typedef struct heed__training_text {
	heed_ctx *ctx;
	heed_line_fn *next;
	void *user;
	heed__normalizer normalizer;
	heed__str text; /* the line, behind a space where the kind has runs */
	bool space;
} heed__training_text;

/* *more is false at the end. */
heed_code heed__training_next(heed__training_text *lines, bool *more);

/* Reads the saved form line by line. */
typedef struct heed__line_reader {
	heed_ctx *ctx;
	const char *bytes;
	size_t len, pos;
	int line; /* of the last line read, from 1 */
} heed__line_reader;

/* The next line without its newline. */
heed_code heed__line_reader_next(heed__line_reader *in, const char **line, size_t *len);
/* The next line, which is "name NUMBER" with a number in [0, max]. */
heed_code heed__line_reader_number(heed__line_reader *in, const char *name, int max, int *number);
/* The next line, which is a number in [0, max]. */
heed_code heed__line_reader_value(heed__line_reader *in, int max, int *value);
/* The next line, which is "A B", both in [0, max]. */
heed_code heed__line_reader_pair(heed__line_reader *in, int max, int *a, int *b);

struct heed__tokenizer_class {
	const char *name, *about;
	enum {
		HEED__BYTES_NEVER,
		HEED__BYTES_MAYBE,
		HEED__BYTES_ALWAYS
	} bytes;       /* maybe: as the options say */
	bool no_space; /* has no piece for the space */
	bool runs;     /* a space is read in front of each text, and dropped again in decoding */
	bool (*valid)(const char *piece, size_t len); /* may a saved piece be this? NULL: heed__piece_valid */
	/* The reserved pieces are there; these two add the others, and what encode needs to t->learned. NULL:
	 * nothing is learned. */
	heed_code (*train)(heed_tokenizer *t, const heed_tokenizer_options *options,
			   heed__training_text *lines);
	heed_code (*load)(heed_tokenizer *t, heed__line_reader *in);
	void (*save)(const heed_tokenizer *t, heed__str *out); /* what load reads */
	heed_code (*encode)(heed_coder *c);                    /* pushes pieces for all of c->text */
	void (*release)(heed_tokenizer *t); /* frees what is in t->learned, not that itself; may be NULL */
	size_t learned_size;                /* t->learned has so many bytes, zero at first */
	int (*merges)(const heed_tokenizer *t); /* NULL: none */
};

/* Adds a piece under the next id. False: out of memory, recorded. The form must be new. */
bool heed__tokenizer_add(heed_tokenizer *t, const char *piece, size_t len);
/* The readable form of a stretch of text that may begin with a space, or 0 when it can't be a piece: too
 * long, or with a control character, an inner space, or U+2581. */
size_t heed__piece_name(const char *text, size_t len, char name[HEED_PIECE_BYTES_MAX]);
/* The entries from the highest count to the lowest, equals in the order of their bytes. The caller frees the array,
 * not the entries. NULL: out of memory, recorded. */
const heed__map_entry **heed__sort_counts(heed_ctx *ctx, const heed__map *counts);
/* Goes through the keys from the highest count to the lowest, equals in the order of their bytes, and adds those
 * that can be pieces, until a key counts less than min_count, there are `vocab` pieces, or the keys so far make up
 * `coverage` of all. */
heed_code heed__tokenizer_add_frequent(heed_tokenizer *t, const heed__map *counts, int64_t min_count,
				       int vocab, double coverage);
/* Counts the runs of all lines. */
heed_code heed__count_runs(heed__training_text *lines, bool words, heed__map *counts);
/* Counts the characters of counted runs. */
heed_code heed__count_chars(const heed__map *runs, heed__map *chars);
/* Adds n to the count of a key. */
heed_code heed__count(heed__map *counts, const char *key, size_t len, int64_t n);

/* "pieces N" and N lines: the pieces [first, first + count). Loading adds them behind those that are there. */
void heed__save_pieces(const heed_tokenizer *t, int first, int count, heed__str *out);
heed_code heed__load_pieces(heed_tokenizer *t, heed__line_reader *in);

struct heed_coder {
	heed_ctx *ctx;
	const heed_tokenizer *t;
	heed__normalizer normalizer;
	heed__str text; /* what the kind encodes: valid UTF-8, with the space in front where it has runs */
	heed__ints ids; /* pushed so far */
	heed__ints
		ends; /* [ids.len] where in text each ends; then [ids.len + 1] the starts of heed_encoding */
	heed__map cache;   /* run to place in cached */
	heed__ints cached; /* count, then id and bytes of each piece */
	void *scratch;
	double dropout;
	heed__rng rng;

	heed__str decoded;
	char pending[4]; /* bytes of an unfinished character */
	size_t pending_count;
	bool started; /* a piece was decoded */
};

/* The next piece, which covers so many bytes more. False: out of memory, recorded. */
bool heed__coder_push(heed_coder *c, int id, int bytes);
/* A character without a piece: its bytes where there are byte pieces, else unknown. */
bool heed__coder_push_char(heed_coder *c, const char *bytes, int count);
/* Encodes run by run (text/word_split.h, not as words) with a function that pushes the pieces of one run; what it
 * pushed for a short run is remembered while there is no dropout. */
typedef heed_code heed__encode_run(heed_coder *c, const char *run, size_t len);
heed_code heed__coder_encode_runs(heed_coder *c, heed__encode_run *encode_run);
/* A buffer of the coder, always asked for with the same size. NULL: out of memory, recorded. */
void *heed__coder_scratch(heed_coder *c, size_t size);

#endif
