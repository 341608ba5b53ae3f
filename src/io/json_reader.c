/* Own parser: jansson, tried first, loses characters without a word when memory is short in the middle of a
 * string, swallows a NUL behind a number, and takes up to 300 bytes a value that no context counts.
 *
 * All values are one array in the order of the text, so that the first child of a container stands right
 * behind it; strings are decoded into one block of the text's length, which always suffices since quotes and
 * escapes only take room in the text. */
#include "io/json_reader.h"
#include "base/map.h"
#include "base/utf8.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { NUL, BOOL, INTEGER, REAL, TEXT, ARRAY, OBJECT } kind;

struct heed__json {
	kind kind;
	const char *key;  /* of an object's member */
	heed__json *next; /* in the same container */
	union {
		bool b;
		int64_t i;
		double x;
		const char *text;
		size_t count;
	} u;
};

typedef struct document {
	heed_ctx *ctx;
	heed__json values[];
} document;

#define MAX_NUMBER 400

typedef struct parser {
	heed_ctx *ctx;
	const char *what, *text;
	size_t len, at;
	heed__json *values;
	size_t used, cap;
	char *strings; /* where the next one goes */
	heed__json *open[HEED__JSON_MAX_DEPTH], *last[HEED__JSON_MAX_DEPTH];
	int depth;
} parser;

static heed_code wrong(const parser *p, const char *how)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < p->at; i++) {
		column = p->text[i] == '\n' ? 1 : column + 1;
		line += p->text[i] == '\n';
	}
	return heed__error(p->ctx, HEED_E_FORMAT, "%s: not valid JSON: %s, line %zu column %zu", p->what, how,
			   line, column);
}

static char peek(const parser *p)
{
	return p->at < p->len ? p->text[p->at] : '\0';
}

static bool take(parser *p, char c)
{
	if (p->at == p->len || p->text[p->at] != c)
		return false;
	p->at++;
	return true;
}

static void skip_space(parser *p)
{
	while (p->at < p->len && memchr(" \t\n\r", p->text[p->at], 4))
		p->at++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool skip_digits(parser *p)
{
	const size_t begin = p->at;

	while (is_digit(peek(p)))
		p->at++;
	return p->at > begin;
}

static bool read_hex(parser *p, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char c = peek(p);
		const char *d = c ? strchr(digits, c) : NULL;

		if (!d)
			return false;
		*out = *out << 4 | (uint32_t)(d - digits > 15 ? d - digits - 6 : d - digits);
		p->at++;
	}
	return true;
}

static heed_code read_escape(parser *p)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char c = peek(p);
	const char *name = c ? strchr(names, c) : NULL;
	uint32_t code, low;

	if (c)
		p->at++;
	if (name) {
		*p->strings++ = values[name - names];
		return HEED_OK;
	}
	if (c != 'u' || !read_hex(p, &code))
		return wrong(p, "an unknown escape in a string");
	if (code >= 0xd800 && code < 0xdc00) {
		if (!take(p, '\\') || !take(p, 'u') || !read_hex(p, &low) || low < 0xdc00 || low > 0xdfff)
			return wrong(p, "half a surrogate pair in a string");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code >= 0xdc00 && code < 0xe000) {
		return wrong(p, "half a surrogate pair in a string");
	}
	if (code == 0)
		return wrong(p, "a NUL in a string");
	p->strings += heed__utf8_encode(code, p->strings);
	return HEED_OK;
}

static heed_code read_string(parser *p, const char **out)
{
	heed_code code;

	*out = p->strings;
	p->at++;
	while (!take(p, '"')) {
		uint32_t c;
		int n;

		if (p->at == p->len)
			return wrong(p, "a string that does not end");
		if (take(p, '\\')) {
			if ((code = read_escape(p)) != HEED_OK)
				return code;
			continue;
		}
		if ((unsigned char)p->text[p->at] < 0x20)
			return wrong(p, "a control character in a string");
		n = heed__utf8_decode(p->text + p->at, p->len - p->at, &c);
		if (n == 0)
			return wrong(p, "a string that is not valid UTF-8");
		memcpy(p->strings, p->text + p->at, (size_t)n);
		p->strings += n;
		p->at += (size_t)n;
	}
	*p->strings++ = '\0';
	return HEED_OK;
}

/* false: does not fit into 64 bits. */
static bool to_integer(const char *s, size_t n, int64_t *out)
{
	const bool minus = s[0] == '-';
	int64_t x = 0;

	for (size_t i = minus; i < n; i++) {
		const int digit = s[i] - '0';

		/* downwards, where there is one number more */
		if (x < (INT64_MIN + digit) / 10)
			return false;
		x = 10 * x - digit;
	}
	if (!minus && x == INT64_MIN)
		return false;
	*out = minus ? x : -x;
	return true;
}

/* strtod wants the host program's decimal point. */
static double to_real(const char *s, size_t n)
{
	const char *point = localeconv()->decimal_point;
	char copy[MAX_NUMBER + 16];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '.')
			copy[used++] = s[i];
		else
			for (const char *c = point; *c && used < MAX_NUMBER + 15; c++)
				copy[used++] = *c;
	}
	copy[used] = '\0';
	return strtod(copy, NULL);
}

static heed_code read_number(parser *p, heed__json *v)
{
	const size_t begin = p->at;
	bool real = false;

	take(p, '-');
	if (!take(p, '0') && !skip_digits(p))
		return wrong(p, "expected a value");
	if (take(p, '.')) {
		real = true;
		if (!skip_digits(p))
			return wrong(p, "a number without digits behind its point");
	}
	if (take(p, 'e') || take(p, 'E')) {
		real = true;
		if (!take(p, '-'))
			take(p, '+');
		if (!skip_digits(p))
			return wrong(p, "a number without digits in its exponent");
	}
	if (p->at - begin > MAX_NUMBER)
		return wrong(p, "a number of more than 400 characters");
	v->kind = INTEGER;
	if (!real && to_integer(p->text + begin, p->at - begin, &v->u.i))
		return HEED_OK;
	v->kind = REAL;
	v->u.x = to_real(p->text + begin, p->at - begin);
	return isfinite(v->u.x) ? HEED_OK : wrong(p, "a number that is too large");
}

static bool read_word(parser *p, const char *word)
{
	const size_t n = strlen(word);

	if (p->len - p->at < n || memcmp(p->text + p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static heed_code read_container(parser *p, heed__json *v)
{
	v->kind = peek(p) == '{' ? OBJECT : ARRAY;
	v->u.count = 0;
	if (p->depth == HEED__JSON_MAX_DEPTH)
		return wrong(p, "more than 64 levels");
	p->at++;
	p->last[p->depth] = NULL;
	p->open[p->depth++] = v;
	return HEED_OK;
}

/* Reads a value, of a container only the beginning. */
static heed_code read_value(parser *p, const char *key)
{
	heed__json *v = &p->values[p->used];

	if (p->used == p->cap)
		return wrong(p, "expected a value");
	p->used++;
	*v = (heed__json){.key = key};
	if (p->depth > 0) {
		heed__json **last = &p->last[p->depth - 1];

		if (*last)
			(*last)->next = v;
		*last = v;
		p->open[p->depth - 1]->u.count++;
	}
	switch (peek(p)) {
	case '{':
	case '[':
		return read_container(p, v);
	case '"':
		v->kind = TEXT;
		return read_string(p, &v->u.text);
	case 't':
	case 'f':
		v->kind = BOOL;
		v->u.b = peek(p) == 't';
		return read_word(p, v->u.b ? "true" : "false") ? HEED_OK : wrong(p, "expected a value");
	case 'n':
		return read_word(p, "null") ? HEED_OK : wrong(p, "expected a value");
	default:
		return read_number(p, v);
	}
}

static heed_code twin(const parser *p, const char *key)
{
	return heed__error(p->ctx, HEED_E_FORMAT, "%s: not valid JSON: duplicate key \"%.80s\"", p->what,
			   key);
}

static heed_code refuse_twins(const parser *p, const heed__json *object)
{
	heed__map keys = heed__map_init(p->ctx);
	const heed__json *v = object + 1;
	heed_code code = HEED_OK;

	for (size_t i = 0; i < object->u.count && code == HEED_OK; i++, v = v->next) {
		const int64_t *first = heed__map_put(&keys, v->key, strlen(v->key), (int64_t)i);

		if (!first)
			code = HEED_E_MEMORY;
		else if (*first != (int64_t)i)
			code = twin(p, v->key);
	}
	heed__map_release(&keys);
	return code;
}

/* The map costs more than it gains for the few keys that most objects have. */
static heed_code refuse_few_twins(const parser *p, const heed__json *object)
{
	const heed__json *v = object + 1, *w;

	for (size_t i = 0; i < object->u.count; i++, v = v->next)
		for (w = object + 1; w != v; w = w->next)
			if (strcmp(v->key, w->key) == 0)
				return twin(p, v->key);
	return HEED_OK;
}

/* In an open container: its end, or its next value. */
static heed_code read_on(parser *p)
{
	const heed__json *top = p->open[p->depth - 1];
	const bool object = top->kind == OBJECT;
	const char *key = NULL;
	heed_code code;

	skip_space(p);
	if (take(p, object ? '}' : ']')) {
		p->depth--;
		if (!object)
			return HEED_OK;
		return top->u.count <= 8 ? refuse_few_twins(p, top) : refuse_twins(p, top);
	}
	if (top->u.count > 0 && !take(p, ','))
		return wrong(p, object ? "expected ',' or '}'" : "expected ',' or ']'");
	skip_space(p);
	if (object) {
		if (peek(p) != '"')
			return wrong(p, "expected a key");
		if ((code = read_string(p, &key)) != HEED_OK)
			return code;
		skip_space(p);
		if (!take(p, ':'))
			return wrong(p, "expected ':'");
		skip_space(p);
	}
	return read_value(p, key);
}

static heed_code read_document(parser *p)
{
	heed_code code;

	skip_space(p);
	code = read_value(p, NULL);
	while (code == HEED_OK && p->depth > 0)
		code = read_on(p);
	if (code)
		return code;
	skip_space(p);
	return p->at == p->len ? HEED_OK : wrong(p, "more text behind the value");
}

/* No fewer values than the text can have: one, and one for each container and comma outside of strings. */
static size_t count_values(const char *text, size_t len)
{
	size_t count = 1;
	bool string = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			string = !string;
		else if (string)
			i += text[i] == '\\';
		else
			count += text[i] == ',' || text[i] == '[' || text[i] == '{';
	}
	return count;
}

heed_code heed__json_parse(heed_ctx *ctx, const char *what, const char *text, size_t len, size_t max_values,
			   heed__json **root)
{
	const size_t values = count_values(text, len);
	parser p = {.ctx = ctx, .what = what, .text = text, .len = len, .cap = values};
	document *d;
	heed_code code;
	size_t size;

	*root = NULL;
	if (values > max_values)
		return heed__error(ctx, HEED_E_FORMAT, "%s: JSON of %zu values, at most %zu are read", what,
				   values, max_values);
	if (!heed__mul(values, sizeof *d->values, &size) || !heed__add(size, sizeof *d + 1, &size) ||
	    !heed__add(size, len, &size))
		return heed__error(ctx, HEED_E_MEMORY, "%s: JSON of %zu bytes is too large", what, len);
	d = heed__alloc(ctx, size);
	if (!d)
		return HEED_E_MEMORY;
	d->ctx = ctx;
	p.values = d->values;
	p.strings = (char *)(d->values + values);
	code = read_document(&p);
	if (code)
		heed__free(ctx, d);
	else
		*root = d->values;
	return code;
}

void heed__json_free(heed__json *root)
{
	document *d;

	if (!root)
		return;
	d = (document *)((char *)root - offsetof(document, values));
	heed__free(d->ctx, d);
}

static bool is(const heed__json *v, kind k)
{
	return v && v->kind == k;
}

bool heed__json_is_object(const heed__json *v)
{
	return is(v, OBJECT);
}

bool heed__json_is_array(const heed__json *v)
{
	return is(v, ARRAY);
}

bool heed__json_is_null(const heed__json *v)
{
	return is(v, NUL);
}

size_t heed__json_size(const heed__json *v)
{
	return is(v, OBJECT) || is(v, ARRAY) ? v->u.count : 0;
}

static const heed__json *first_child(const heed__json *v)
{
	return heed__json_size(v) > 0 ? v + 1 : NULL;
}

bool heed__json_next(const heed__json *container, void **place, const char **key, const heed__json **value)
{
	const heed__json *last = *place;
	const heed__json *v = last ? last->next : first_child(container);

	if (!v)
		return false;
	*place = (void *)(uintptr_t)v;
	*key = v->key;
	*value = v;
	return true;
}

const heed__json *heed__json_get(const heed__json *object, const char *key)
{
	const heed__json *v = is(object, OBJECT) ? first_child(object) : NULL;

	while (v && strcmp(v->key, key) != 0)
		v = v->next;
	return v;
}

const heed__json *heed__json_at(const heed__json *array, size_t i)
{
	const heed__json *v = is(array, ARRAY) ? first_child(array) : NULL;

	for (; v && i > 0; i--)
		v = v->next;
	return v;
}

bool heed__json_text(const heed__json *v, const char **out)
{
	if (!is(v, TEXT))
		return false;
	*out = v->u.text;
	return true;
}

bool heed__json_int(const heed__json *v, int64_t *out)
{
	if (!is(v, INTEGER))
		return false;
	*out = v->u.i;
	return true;
}

bool heed__json_number(const heed__json *v, double *out)
{
	if (!is(v, INTEGER) && !is(v, REAL))
		return false;
	*out = v->kind == REAL ? v->u.x : (double)v->u.i;
	return true;
}

bool heed__json_bool(const heed__json *v, bool *out)
{
	if (!is(v, BOOL))
		return false;
	*out = v->u.b;
	return true;
}
