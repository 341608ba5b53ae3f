/* A string that grows, with a maximum given at the start; always NUL-terminated.
 *
 *	heed__str s = heed__str_init(ctx, 1 << 20);
 *	heed__str_addf(&s, "%d", 7);
 *	if (s.failed) ...           errors are sticky: look once, at the end
 *	heed__str_release(&s);
 */
#ifndef HEED_STRBUF_H
#define HEED_STRBUF_H

#include "base/context_impl.h"

typedef struct heed__str {
	heed_ctx *ctx;
	char *data; /* "" before the first byte; never NULL */
	size_t len, cap, max;
	bool failed; /* out of memory, or the maximum was passed; ctx has the error */
} heed__str;

heed__str heed__str_init(heed_ctx *ctx, size_t max); /* max 0: no limit */
void heed__str_release(heed__str *s);                /* frees; s is empty and usable */
void heed__str_clear(heed__str *s);                  /* empty, keeps its memory */
void heed__str_add(heed__str *s, const char *bytes, size_t n);
void heed__str_adds(heed__str *s, const char *text);
void heed__str_addc(heed__str *s, char c);
void heed__str_addf(heed__str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *heed__str_take(heed__str *s); /* the caller owns the bytes (heed__free); NULL when failed */

#endif
