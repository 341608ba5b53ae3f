#include "io/json_reader.h"

#include <jansson.h>
#include <string.h>

/* What the text would cost, found without building anything: levels and values outside of strings. */
typedef struct scan {
	size_t values, depth, deepest;
} scan;

static scan scan_text(const char *text, size_t len)
{
	scan s = {.values = 1};
	bool string = false;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				string = false;
		} else if (c == '"') {
			string = true;
		} else if (c == '[' || c == '{') {
			s.values++;
			if (++s.depth > s.deepest)
				s.deepest = s.depth;
		} else if ((c == ']' || c == '}') && s.depth > 0) {
			s.depth--;
		} else if (c == ',') {
			s.values++;
		}
	}
	return s;
}

heed_code heed__json_parse(heed_ctx *ctx, const char *what, const char *text, size_t len, size_t max_values,
			   heed__json **root)
{
	const scan s = scan_text(text, len);
	/* jansson loses a NUL behind a number */
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
	json_error_t error;

	*root = NULL;
	if (nul)
		return heed__error(ctx, HEED_E_FORMAT, "%s: not valid JSON: a NUL at byte %zu", what,
				   (size_t)(nul - text));
	if (s.deepest > HEED__JSON_MAX_DEPTH)
		return heed__error(ctx, HEED_E_FORMAT, "%s: JSON nests %zu levels deep, at most %d are read",
				   what, s.deepest, HEED__JSON_MAX_DEPTH);
	if (s.values > max_values)
		return heed__error(ctx, HEED_E_FORMAT, "%s: JSON of %zu values, at most %zu are read", what,
				   s.values, max_values);

	*root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (*root)
		return HEED_OK;
	if (json_error_code(&error) == json_error_out_of_memory)
		return heed__error(ctx, HEED_E_MEMORY, "%s: out of memory while reading JSON of %zu bytes",
				   what, len);
	return heed__error(ctx, HEED_E_FORMAT, "%s: not valid JSON: %s, line %d column %d", what, error.text,
			   error.line, error.column);
}

void heed__json_free(heed__json *root)
{
	json_decref(root);
}

bool heed__json_is_object(const heed__json *v)
{
	return json_is_object(v);
}

bool heed__json_is_array(const heed__json *v)
{
	return json_is_array(v);
}

bool heed__json_is_null(const heed__json *v)
{
	return json_is_null(v);
}

size_t heed__json_size(const heed__json *v)
{
	return json_is_array(v) ? json_array_size(v) : json_object_size(v);
}

const heed__json *heed__json_get(const heed__json *object, const char *key)
{
	return json_object_get(object, key);
}

const heed__json *heed__json_at(const heed__json *array, size_t i)
{
	return json_array_get(array, i);
}

/* jansson's iterators want an object that may be changed, but do not change it. */
static json_t *unconst(const heed__json *v)
{
	union {
		const json_t *in;
		json_t *out;
	} cast = {.in = v};

	return cast.out;
}

bool heed__json_next(const heed__json *object, void **place, const char **key, const heed__json **value)
{
	json_t *o = unconst(object);

	*place = *place ? json_object_iter_next(o, *place) : json_object_iter(o);
	if (!*place)
		return false;
	*key = json_object_iter_key(*place);
	*value = json_object_iter_value(*place);
	return true;
}

bool heed__json_text(const heed__json *v, const char **out)
{
	if (!json_is_string(v))
		return false;
	*out = json_string_value(v);
	return true;
}

bool heed__json_int(const heed__json *v, int64_t *out)
{
	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return true;
	}
	return false;
}

bool heed__json_number(const heed__json *v, double *out)
{
	if (!json_is_number(v))
		return false;
	*out = json_number_value(v);
	return true;
}

bool heed__json_bool(const heed__json *v, bool *out)
{
	if (!json_is_boolean(v))
		return false;
	*out = json_is_true(v);
	return true;
}
