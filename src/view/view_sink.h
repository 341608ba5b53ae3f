/* Where drawings go: a small buffer before the caller's write function. Errors stick; look once, at the end. */
#ifndef HEED_VIEW_SINK_H
#define HEED_VIEW_SINK_H

#include "base/strbuf.h"

typedef struct heed__sink {
	heed__str buffer;
	heed_write_fn *write;
	void *user;
	heed_code code; /* the first failure of write */
} heed__sink;

heed__sink heed__sink_open(heed_ctx *ctx, heed_write_fn *write, void *user);
void heed__sink_add(heed__sink *s, const char *bytes, size_t n);
void heed__sink_text(heed__sink *s, const char *text);
void heed__sink_repeat(heed__sink *s, const char *text, int times);
/* No %f, %g or %e: these follow the locale. */
void heed__sink_format(heed__sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A number with a point whatever the locale: %.{precision}f, or %.{precision}g when shortest. */
void heed__sink_fixed(heed__sink *s, double x, int precision);
void heed__sink_shortest(heed__sink *s, double x, int precision);
/* Text inside a JSON string, with < and the line separators escaped, too, so that it can stand in a script. */
void heed__sink_json(heed__sink *s, const char *text);
/* Text inside XML or HTML, in an element or a quoted attribute, controls made visible. */
void heed__sink_xml(heed__sink *s, const char *text);
heed_code heed__sink_close(heed__sink *s);

#endif
