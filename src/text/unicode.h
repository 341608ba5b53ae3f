/* All that heed knows of Unicode beyond UTF-8: kinds of characters, and normal forms. */
#ifndef HEED_UNICODE_H
#define HEED_UNICODE_H

#include "base/strbuf.h"
#include "base/vector.h"
#include "heed/tokenizer.h"

typedef enum heed__char_kind {
	HEED__CHAR_LETTER,
	HEED__CHAR_DIGIT,
	HEED__CHAR_WHITE, /* control characters, line ends and spaces */
	HEED__CHAR_MARK, /* combining marks, joiners and other format characters: they go with what is before */
	HEED__CHAR_OTHER, /* punctuation, symbols, private and unassigned characters */
} heed__char_kind;

heed__char_kind heed__char_kind_of(uint32_t code);

HEED__VECTOR(heed__points, int32_t);

typedef struct heed__normalizer {
	heed_ctx *ctx;
	heed_normalization form;
	bool lowercase;
	heed__points points; /* scratch */
} heed__normalizer;

heed__normalizer heed__normalizer_init(heed_ctx *ctx, heed_normalization form, bool lowercase);
void heed__normalizer_release(heed__normalizer *n);

/* Appends the normal form of text[0..len) to out; each byte that is not part of a valid character counts as
 * U+FFFD. The result is valid UTF-8, and its own normal form. Lower case is taken between the decomposition and
 * the composition. Time is linear in len, whatever the text. */
heed_code heed__normalize(heed__normalizer *n, const char *text, size_t len, heed__str *out);

#endif
