/* The buffer before the caller's write function, and escapes. */
#include "view/view_sink.h"

#include "base/utf8.h"
#include "view/view_label.h"

#include <stdio.h>
#include <string.h>

#define FULL ((size_t)32 << 10)

heed__sink heed__sink_open(heed_ctx *ctx, heed_write_fn *write, void *user)
{
	return (heed__sink){.buffer = heed__str_init(ctx, 0), .write = write, .user = user};
}

static void flush(heed__sink *s)
{
	if (s->code == HEED_OK && !s->buffer.failed && s->buffer.len > 0)
		s->code = s->write(s->user, s->buffer.data, s->buffer.len);
	if (!s->buffer.failed)
		heed__str_clear(&s->buffer);
}

void heed__sink_add(heed__sink *s, const char *bytes, size_t n)
{
	heed__str_add(&s->buffer, bytes, n);
	if (s->buffer.len >= FULL)
		flush(s);
}

void heed__sink_text(heed__sink *s, const char *text)
{
	heed__sink_add(s, text, strlen(text));
}

void heed__sink_repeat(heed__sink *s, const char *text, int times)
{
	while (times-- > 0)
		heed__sink_text(s, text);
}

void heed__sink_format(heed__sink *s, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	heed__sink_text(s, text);
}

/* Adds a printed number; whatever is no part of one is the locale's decimal point. */
static void add_number(heed__sink *s, const char *printed)
{
	bool in_point = false;

	for (; *printed != '\0'; printed++) {
		const bool plain = (*printed >= '0' && *printed <= '9') || *printed == '-' ||
				   *printed == '+' || *printed == 'e';

		if (plain)
			heed__sink_add(s, printed, 1);
		else if (!in_point)
			heed__sink_text(s, ".");
		in_point = !plain;
	}
}

void heed__sink_fixed(heed__sink *s, double x, int precision)
{
	char text[400];

	snprintf(text, sizeof text, "%.*f", precision, x);
	add_number(s, text);
}

void heed__sink_shortest(heed__sink *s, double x, int precision)
{
	char text[64];

	snprintf(text, sizeof text, "%.*g", precision, x);
	add_number(s, text);
}

static void add_code(heed__sink *s, uint32_t code)
{
	char bytes[4];

	heed__sink_add(s, bytes, (size_t)heed__utf8_encode(code, bytes));
}

void heed__sink_json(heed__sink *s, const char *text)
{
	const size_t n = strlen(text);
	uint32_t c;

	for (size_t i = 0; i < n;) {
		const int len = heed__utf8_decode(text + i, n - i, &c);

		if (len == 0)
			c = 0xFFFD;
		i += len > 0 ? (size_t)len : 1;
		if (c == '"' || c == '\\')
			heed__sink_format(s, "\\%c", (int)c);
		else if (c < 0x20 || c == 0x7F || c == '<' || c == 0x2028 || c == 0x2029)
			heed__sink_format(s, "\\u%04x", (unsigned)c);
		else
			add_code(s, c);
	}
}

void heed__sink_xml(heed__sink *s, const char *text)
{
	size_t at = 0;
	uint32_t c;

	while (heed__label_code(text, &at, &c)) {
		switch (c) {
		case '&':
			heed__sink_text(s, "&amp;");
			break;
		case '<':
			heed__sink_text(s, "&lt;");
			break;
		case '>':
			heed__sink_text(s, "&gt;");
			break;
		case '"':
			heed__sink_text(s, "&quot;");
			break;
		case '\'':
			heed__sink_text(s, "&#39;");
			break;
		default:
			add_code(s, c);
		}
	}
}

heed_code heed__sink_close(heed__sink *s)
{
	heed_code code;

	flush(s);
	code = s->buffer.failed ? HEED_E_MEMORY : s->code;
	heed__str_release(&s->buffer);
	return code;
}
