/* Strings that grow. */
#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

static char empty[1] = "";

heed__str heed__str_init(heed_ctx *ctx, size_t max)
{
	return (heed__str){.ctx = ctx, .data = empty, .max = max};
}

void heed__str_release(heed__str *s)
{
	if (s->cap > 0)
		heed__free(s->ctx, s->data);
	*s = heed__str_init(s->ctx, s->max);
}

void heed__str_clear(heed__str *s)
{
	s->len = 0;
	s->failed = false;
	if (s->cap > 0)
		s->data[0] = '\0';
}

/* Room for n more bytes and a NUL. */
static bool reserve(heed__str *s, size_t n)
{
	size_t need, grown;
	char *p;

	if (s->failed)
		return false;
	if (!heed__add(s->len, n, &need) || need == SIZE_MAX || (s->max > 0 && need > s->max)) {
		heed__error(s->ctx, HEED_E_MEMORY, "text: longer than the %zu bytes allowed", s->max);
		s->failed = true;
		return false;
	}
	if (need + 1 <= s->cap)
		return true;
	grown = s->cap + s->cap / 2 + 32;
	if (grown < need + 1)
		grown = need + 1;
	p = heed__realloc(s->ctx, s->cap > 0 ? s->data : NULL, grown);
	if (p == NULL) {
		s->failed = true;
		return false;
	}
	s->data = p;
	s->cap = grown;
	return true;
}

void heed__str_add(heed__str *s, const char *bytes, size_t n)
{
	if (!reserve(s, n))
		return;
	if (n > 0)
		memcpy(s->data + s->len, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void heed__str_adds(heed__str *s, const char *text)
{
	heed__str_add(s, text, strlen(text));
}

void heed__str_addc(heed__str *s, char c)
{
	heed__str_add(s, &c, 1);
}

void heed__str_addf(heed__str *s, const char *fmt, ...)
{
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n < 0)
		s->failed = true;
	else if (reserve(s, (size_t)n)) {
		vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
		s->len += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

char *heed__str_take(heed__str *s)
{
	char *taken = NULL;

	heed__str_add(s, "", 0);
	if (!s->failed) {
		taken = s->data;
		s->cap = 0;
	}
	heed__str_release(s);
	return taken;
}
