/* Text to ids and back.
 *
 *	heed_tokenizer *t = heed_tokenizer_train(
 *		ctx, &(heed_tokenizer_options){.kind = "bpe", .vocab = 8000}, next_line, file);
 *	heed_coder *c = heed_coder_new(ctx, t);
 *	heed_encoding x;
 *
 *	if (heed_coder_encode(c, "Te amo mucho", 12, &x) == HEED_OK)
 *		for (int i = 0; i < x.count; i++)
 *			printf("%s at byte %d\n", heed_tokenizer_piece(t, x.ids[i]), x.start[i]);
 *	heed_coder_free(c);
 *	heed_tokenizer_free(t);
 *
 * Text is first normalised; after that nothing is lost: decoding what was encoded gives the normalised text back
 * to the byte, double, leading and trailing spaces included. (Except for unknown texts of `sentence`, unknown
 * words of `word` and `space`, and unknown characters where byte fallback was turned off: these become
 * HEED_UNK_ID, and that says nothing.)
 *
 * How the kinds cut text:
 *	byte      every byte is a piece. Nothing is trained.
 *	char      every character (code point) is a piece.
 *	word      a run of letters and digits is a piece, and so is any other character.
 *	space     what stands between ASCII white space is a piece, for text that is cut already. How much white
 *	          space there is says nothing: normalised text has one space between words and none at its ends.
 *	sentence  the whole text is a piece. The i-th text learned, from 0, in order of count and then of bytes, has
 *	          the id HEED_SPECIAL_IDS + symbol_count + i: a table of labels.
 *	bpe       text is cut into runs of letters, of digits, of white space, and of anything else; inside a run,
 *	          pieces are merged pairs of pieces (Sennrich et al. 2016, "Neural machine translation of rare words
 *	          with subword units").
 *	unigram   inside the same runs, those pieces whose probabilities have the highest product (Kudo 2018,
 *	          "Subword regularization: improving neural network translation models with multiple subword
 *	          candidates").
 * But for byte and char, a space belongs to the run behind it, and the text is read as if a space stood in front
 * of it, so that a word is the same piece at the start of a text and inside. Decoding drops that first space
 * again. A space with no run behind it is a piece of its own. In a piece's readable form the space is U+2581, as
 * in SentencePiece (Kudo and Richardson 2018). A U+2581 in the text itself is no space: it is never part of a
 * piece, and control characters are not either. Like all characters without a piece they become bytes or unknown.
 * (Pieces of sentence are U+2581 and the text as it is, whatever its length, but for control characters.)
 *
 * Ids: unk, bos, eos (heed/batch.h), the reserved symbols, the 256 bytes where there are any, the space, then
 * characters, words or texts from the most frequent to the least, then merged pieces in the order they were
 * learned, or the longer pieces of unigram from the most useful to the least. */
#ifndef HEED_TOKENIZER_H
#define HEED_TOKENIZER_H

#include "heed/batch.h"
#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable once it is made, so that any number of coders in any threads may use it. */
typedef struct heed_tokenizer heed_tokenizer;

typedef enum heed_normalization {
	HEED_NORMALIZE_NFC,
	HEED_NORMALIZE_NFKC,
	HEED_NORMALIZE_NONE, /* only bytes that are not UTF-8 are replaced by U+FFFD, as in the other two */
} heed_normalization;

/* All zero is a good start: BPE with 8000 pieces, NFC, byte fallback. Where bpe is named, but for merges, the same
 * is true of unigram. */
typedef struct heed_tokenizer_options {
	const char *kind; /* NULL: "bpe" */
	int vocab;        /* at most so many ids in all. 0: 8000 for bpe without `merges`, else no limit */
	int merges;       /* bpe: at most so many merges; 0: as many as fit in vocab */
	heed_normalization normalization;
	int lowercase;        /* by simple case mapping, one code point to one */
	int no_byte_fallback; /* char, bpe: characters without a piece are unknown instead of spelled in bytes */
	int min_count;        /* what is seen less often gets no piece. 0: 2 for bpe, else 1 */
	double coverage; /* char, bpe: the most frequent characters that make up this share of the text get
	                         a piece. 0: 1, all of them */
	const char *const
		*symbols; /* [symbol_count] reserved names such as "<de>", found by heed_tokenizer_id.
	                               No text is ever encoded to them, and they decode to nothing */
	int symbol_count;
} heed_tokenizer_options;

#define HEED_VOCAB_MAX       (1 << 22)
#define HEED_PIECE_BYTES_MAX 256 /* none but those of sentence are longer; the readable space counts 3 */

/* Gives the next line of a corpus without its newline, valid until the next call; *line NULL at the end. Another
 * code than HEED_OK stops the training, which returns NULL. Lines need not be valid UTF-8. */
typedef heed_code heed_line_fn(void *user, const char **line, size_t *len);

/* Learns from the lines; in memory stand only the distinct words and their counts. The same lines and options
 * give the same tokenizer. When pairs are equally frequent, BPE merges the one with the smaller left id, then
 * the smaller right id. NULL: error in ctx. The caller frees it before ctx, after all of its coders. */
heed_tokenizer *heed_tokenizer_train(heed_ctx *ctx, const heed_tokenizer_options *options, heed_line_fn *next,
				     void *user);
void heed_tokenizer_free(heed_tokenizer *t);

/* The saved form: a text in UTF-8, borrowed from t (src/text/tokenizer_file.c has the format). Equal tokenizers have
 * equal bytes. Loading takes exactly what saving gives, and refuses anything else with HEED_E_FORMAT and the
 * line; NULL then. It copies what it needs of the bytes. */
const char *heed_tokenizer_saved(const heed_tokenizer *t, size_t *len);
heed_tokenizer *heed_tokenizer_load(heed_ctx *ctx, const char *bytes, size_t len);
heed_code heed_tokenizer_save_file(heed_ctx *ctx, const heed_tokenizer *t, const char *path);
heed_tokenizer *heed_tokenizer_load_file(heed_ctx *ctx, const char *path);

int heed_tokenizer_size(const heed_tokenizer *t); /* ids are [0, size) */
/* The readable form: "▁dog" has a space before it, "<0x0A>" is a byte, "<s>" special. Lives as long as t. NULL
 * when there is no such id. */
const char *heed_tokenizer_piece(const heed_tokenizer *t, int id);
/* The id with that readable form, or -1. */
int heed_tokenizer_id(const heed_tokenizer *t, const char *piece, size_t len);
/* What it was made with, as far as that is kept: kind, vocab (its size), merges, normalization, lowercase,
 * no_byte_fallback, symbol_count (their ids begin at HEED_SPECIAL_IDS). */
void heed_tokenizer_describe(const heed_tokenizer *t, heed_tokenizer_options *out);
/* Name of the n-th kind and what it is good for; NULL behind the last one. */
const char *heed_tokenizer_kind(int n, const char **about);

/* Encodes and decodes for one thread at a time: keeps the buffers and a cache of words. ctx takes its errors
 * and memory, and must be that thread's; t is borrowed. What it gives out is borrowed too, until its next call. */
typedef struct heed_coder heed_coder;

/* Piece i is ids[i] (no bos, no eos) and covers bytes [start[i], start[i + 1]) of text. There are no gaps:
 * start[0] is 0 and start[count] is length. */
typedef struct heed_encoding {
	const char *text; /* [length] the normalised text, and a NUL */
	int length;
	const int *ids;   /* [count] */
	const int *start; /* [count + 1] */
	int count;
} heed_encoding;

heed_coder *heed_coder_new(heed_ctx *ctx, const heed_tokenizer *t);
void heed_coder_free(heed_coder *c);

/* At most 1 GiB of text. Bytes that are not UTF-8 count as U+FFFD. */
heed_code heed_coder_encode(heed_coder *c, const char *text, size_t len, heed_encoding *out);

/* BPE-dropout (Provilkov et al. 2020, "BPE-dropout: simple and effective subword regularization") for the
 * texts encoded from now on: every merge is skipped with probability p in [0, 1]. The draws are a function of
 * the context's seed, step and item, so call this before each text. p = 0 turns it off. In unigram a segmentation
 * is drawn with probability proportional to its own raised to the power 1 / p - 1 (the subword regularization of
 * Kudo 2018 with alpha = 1 / p - 1, over all segmentations): p = 0.5 draws as the model has it. The other kinds
 * ignore p. */
heed_code heed_coder_dropout(heed_coder *c, double p, uint32_t step, uint32_t item);

/* Always valid UTF-8 (byte pieces that make no character give U+FFFD), NUL-terminated. An id that does not
 * exist is HEED_E_ARGUMENT. */
heed_code heed_coder_decode(heed_coder *c, const int *ids, int count, const char **text, size_t *len);

/* The same id by id, as a model says them: gives the text that became certain. A character spelled in bytes
 * comes with its last byte. Special ids say nothing but give up an unfinished character, so that eos ends a text
 * well. heed_coder_decode_start begins a new text. */
void heed_coder_decode_start(heed_coder *c);
heed_code heed_coder_decode_next(heed_coder *c, int id, const char **text, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
