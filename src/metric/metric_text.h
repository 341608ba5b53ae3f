/* What the metrics do to text before they count: lower case, trailing space, tokens. Works on UTF-8; a bad byte
 * stands for itself. Space is what Python's str.isspace() says. */
#ifndef HEED_METRIC_TEXT_H
#define HEED_METRIC_TEXT_H

#include "base/strbuf.h"
#include "heed/metric.h"

/* The next character of s[0..n), n > 0: its length in bytes. A bad byte b is the code 0xDC00 | b, which no
 * valid text contains. */
int heed__metric_char(const char *s, size_t n, uint32_t *code);
bool heed__metric_space(uint32_t code);
/* Finds the next word of s[*at..n) and moves *at behind it. False: there is none. */
bool heed__metric_word(const char *s, size_t n, size_t *at, const char **word, size_t *len);

/* A text under revision: each step reads `text` and leaves its result there. Errors stick in `text`. */
typedef struct heed__revision {
	heed__str text, spare;
} heed__revision;

heed__revision heed__revision_init(heed_ctx *ctx);
void heed__revision_release(heed__revision *r);
void heed__revision_start(heed__revision *r, const char *s, size_t n);
void heed__revision_lowercase(heed__revision *r); /* as Python's str.lower(), final sigma included */
void heed__revision_rstrip(heed__revision *r);
void heed__revision_tokenize(heed__revision *r, heed_bleu_tokenizer tokenizer);

#endif
