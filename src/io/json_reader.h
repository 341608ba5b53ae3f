/* JSON text into values, strictly: no duplicate keys, valid UTF-8, no lone surrogates, no NUL, at most
 * HEED__JSON_MAX_DEPTH levels. An integer that fits into 64 bits is exact, any other number a double.
 *
 *	heed__json *root;
 *	if (heed__json_parse(ctx, "config.json", text, len, 1 << 16, &root)) return ...;
 *	if (!heed__json_int(heed__json_get(root, "d_model"), &width)) ...
 *	heed__json_free(root);
 *
 * All values belong to the root and die with it. Every getter accepts NULL, as a value that is not there. */
#ifndef HEED_JSON_READER_H
#define HEED_JSON_READER_H

#include "base/strbuf.h"
#include "heed/json.h"

typedef struct heed__json heed__json;

#define HEED__JSON_MAX_DEPTH 64

/* `what` names the text in errors ("config.json"). Takes 32 bytes a value beside the length of the text; a
 * text of more than max_values values is refused. HEED_E_FORMAT with line and column, HEED_E_MEMORY. */
heed_code heed__json_parse(heed_ctx *ctx, const char *what, const char *text, size_t len, size_t max_values,
			   heed__json **root);
void heed__json_free(heed__json *root);

bool heed__json_is_object(const heed__json *v);
bool heed__json_is_array(const heed__json *v);
bool heed__json_is_null(const heed__json *v);
size_t heed__json_size(const heed__json *v); /* members or elements; 0 for anything else */
/* These two look at one member or element after another; for all of them there is heed__json_next. */
const heed__json *heed__json_get(const heed__json *object, const char *key);
const heed__json *heed__json_at(const heed__json *array, size_t i);

/* Walks an object or array in the order of its text: start with *place = NULL; false at the end. *key is NULL
 * in an array. */
bool heed__json_next(const heed__json *container, void **place, const char **key, const heed__json **value);

/* false, *out untouched: another type, or not there. */
bool heed__json_text(const heed__json *v, const char **out); /* NUL-terminated, holds no other NUL */
bool heed__json_int(const heed__json *v, int64_t *out);      /* 2.0 is none */
bool heed__json_number(const heed__json *v, double *out);
bool heed__json_bool(const heed__json *v, bool *out);

/* The writer of heed/json.h into a string; s has the error when it fails. */
void heed__json_to_str(heed_json *w, heed__str *s);

#endif
