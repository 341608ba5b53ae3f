#include "heed/json.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "io/json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void heed_json_init(heed_json *w, heed_write_fn *put, void *user)
{
	*w = (heed_json){.put = put, .user = user};
}

static heed_code put_to_file(void *user, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, user) == n ? HEED_OK : HEED_E_IO;
}

void heed_json_to_file(heed_json *w, FILE *file)
{
	heed_json_init(w, put_to_file, file);
}

static heed_code put_to_str(void *user, const char *bytes, size_t n)
{
	heed__str *s = user;

	heed__str_add(s, bytes, n);
	return s->failed ? heed_error_code(s->ctx) : HEED_OK;
}

void heed__json_to_str(heed_json *w, heed__str *s)
{
	heed_json_init(w, put_to_str, s);
}

static void put(heed_json *w, const char *bytes, size_t n)
{
	if (w->code == HEED_OK && n > 0)
		w->code = w->put(w->user, bytes, n);
}

static void refuse(heed_json *w)
{
	if (w->code == HEED_OK)
		w->code = HEED_E_ARGUMENT;
}

static void puts_json(heed_json *w, const char *text)
{
	put(w, text, strlen(text));
}

static void put_escaped(heed_json *w, unsigned char c)
{
	static const char names[] = "btn?fr"; /* of the bytes 8 to 13 */
	char out[8];

	if (c == '"' || c == '\\')
		snprintf(out, sizeof out, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && c != '\v')
		snprintf(out, sizeof out, "\\%c", names[c - '\b']);
	else
		snprintf(out, sizeof out, "\\u%04x", c);
	puts_json(w, out);
}

static void put_string(heed_json *w, const char *text, size_t n)
{
	size_t begin = 0, i = 0;

	put(w, "\"", 1);
	while (i < n) {
		const unsigned char c = (unsigned char)text[i];
		uint32_t code;
		const int len = heed__utf8_decode(text + i, n - i, &code);

		if (len > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			i += (size_t)len;
			continue;
		}
		put(w, text + begin, i - begin);
		if (len == 0)
			puts_json(w, "\xef\xbf\xbd");
		else
			put_escaped(w, c);
		begin = ++i;
	}
	put(w, text + begin, n - begin);
	put(w, "\"", 1);
}

/* Whatever stands before a value: a comma, the key, a colon. Notes misuse. */
static void begin_value(heed_json *w, const char *key)
{
	const uint64_t bit = w->depth > 0 ? UINT64_C(1) << (w->depth - 1) : 0;

	if (w->done || ((w->in_object & bit) != 0) != (key != NULL))
		refuse(w);
	if (w->not_empty & bit)
		put(w, ",", 1);
	w->not_empty |= bit;
	if (key) {
		put_string(w, key, strlen(key));
		put(w, ":", 1);
	}
	w->done = w->depth == 0;
}

static void open_level(heed_json *w, const char *key, bool object)
{
	begin_value(w, key);
	w->done = false;
	if (w->depth == HEED_JSON_DEPTH) {
		refuse(w);
		return;
	}
	put(w, object ? "{" : "[", 1);

	const uint64_t bit = UINT64_C(1) << w->depth++;

	w->not_empty &= ~bit;
	w->in_object = object ? w->in_object | bit : w->in_object & ~bit;
}

void heed_json_object(heed_json *w, const char *key)
{
	open_level(w, key, true);
}

void heed_json_array(heed_json *w, const char *key)
{
	open_level(w, key, false);
}

void heed_json_end(heed_json *w)
{
	if (w->depth == 0) {
		refuse(w);
		return;
	}
	w->depth--;
	put(w, w->in_object >> w->depth & 1 ? "}" : "]", 1);
	w->done = w->depth == 0;
}

void heed_json_bytes(heed_json *w, const char *key, const char *text, size_t n)
{
	begin_value(w, key);
	put_string(w, text, n);
}

void heed_json_string(heed_json *w, const char *key, const char *text)
{
	if (text)
		heed_json_bytes(w, key, text, strlen(text));
	else
		heed_json_null(w, key);
}

void heed_json_raw(heed_json *w, const char *key, const char *json)
{
	begin_value(w, key);
	puts_json(w, json);
}

void heed_json_int(heed_json *w, const char *key, int64_t x)
{
	char out[24];

	snprintf(out, sizeof out, "%" PRId64, x);
	heed_json_raw(w, key, out);
}

void heed_json_bool(heed_json *w, const char *key, bool x)
{
	heed_json_raw(w, key, x ? "true" : "false");
}

void heed_json_null(heed_json *w, const char *key)
{
	heed_json_raw(w, key, "null");
}

/* printf writes the host program's decimal point, which JSON does not know. */
static void plain_point(char *number)
{
	char *out = number;

	for (const char *in = number; *in; in++) {
		if (strchr("+-0123456789e", *in))
			*out++ = *in;
		else if (out == number || out[-1] != '.')
			*out++ = '.';
	}
	*out = '\0';
}

static void put_number(heed_json *w, const char *key, double x, int digits, int most, bool single)
{
	char out[40] = "null";

	for (; isfinite(x) && digits <= most; digits++) {
		snprintf(out, sizeof out, "%.*g", digits, x);
		if (single ? strtof(out, NULL) == (float)x : strtod(out, NULL) == x)
			break;
	}
	if (isfinite(x))
		plain_point(out);
	if (strcmp(out, "-0") == 0) /* which reads as the integer 0 */
		snprintf(out, sizeof out, "-0.0");
	heed_json_raw(w, key, out);
}

void heed_json_double(heed_json *w, const char *key, double x)
{
	put_number(w, key, x, 15, 17, false);
}

void heed_json_float(heed_json *w, const char *key, float x)
{
	put_number(w, key, (double)x, 6, 9, true);
}
