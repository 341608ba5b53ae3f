/* Writes JSON piece by piece: compact, always valid, no memory of its own.
 *
 *	heed_json w;
 *	heed_json_to_file(&w, stdout);
 *	heed_json_object(&w, NULL);
 *	heed_json_string(&w, "name", "tiny");
 *	heed_json_array(&w, "loss");
 *	heed_json_double(&w, NULL, 2.5);
 *	heed_json_end(&w);
 *	heed_json_end(&w);                {"name":"tiny","loss":[2.5]}
 *	if (w.code) ...                   the stream refused bytes, or calls did not nest
 *
 * `key` is needed inside an object and must be NULL elsewhere. Text that is not UTF-8 is written with U+FFFD
 * for each bad byte. Numbers come back as they were: the shortest of the usual decimal forms that reads as the
 * same number; infinities and NaN become null, since JSON has no word for them. */
#ifndef HEED_JSON_H
#define HEED_JSON_H

#include "heed/context.h"

#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_JSON_DEPTH 64

typedef struct heed_json {
	heed_write_fn *put;
	void *user;
	uint64_t in_object, not_empty; /* one bit a level */
	int depth;
	bool done;      /* the outermost value is complete */
	heed_code code; /* sticky: what `put` returned, or HEED_E_ARGUMENT for calls that make no JSON */
} heed_json;

void heed_json_init(heed_json *w, heed_write_fn *put, void *user); /* borrows user */
void heed_json_to_file(heed_json *w, FILE *file);                  /* borrows file */

void heed_json_object(heed_json *w, const char *key);
void heed_json_array(heed_json *w, const char *key);
void heed_json_end(heed_json *w); /* of the innermost object or array */

void heed_json_string(heed_json *w, const char *key, const char *text); /* NULL text is null */
void heed_json_bytes(heed_json *w, const char *key, const char *text, size_t n);
void heed_json_int(heed_json *w, const char *key, int64_t x);
void heed_json_double(heed_json *w, const char *key, double x);
void heed_json_float(heed_json *w, const char *key, float x); /* as many digits as a float needs */
void heed_json_bool(heed_json *w, const char *key, bool x);
void heed_json_null(heed_json *w, const char *key);
/* A value that is JSON already, copied as it is. */
void heed_json_raw(heed_json *w, const char *key, const char *json);

#ifdef __cplusplus
}
#endif
#endif
