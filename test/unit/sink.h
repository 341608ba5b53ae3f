/* Where tests of what is written have it put. */
#ifndef HEED_TEST_SINK_H
#define HEED_TEST_SINK_H

#include "heed/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct sink {
	char *text; /* NULL: nothing was put; the test frees it */
	size_t len;
} sink;

/* A heed_write_fn. */
static inline heed_code put(void *user, const char *bytes, size_t n)
{
	sink *const s = user;

	s->text = realloc(s->text, s->len + n + 1);
	assert_non_null(s->text);
	memcpy(s->text + s->len, bytes, n);
	s->text[s->len += n] = '\0';
	return HEED_OK;
}

/* One that takes nothing. */
static inline heed_code refuse(void *user, const char *bytes, size_t n)
{
	(void)user;
	(void)bytes;
	(void)n;
	return HEED_E_IO;
}

#endif
