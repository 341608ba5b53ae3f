/* Files: whole reads, maps, and writes that either happen whole or not at all. */
#ifndef HEED_FILE_H
#define HEED_FILE_H

#include "base/context_impl.h"

/* Reads a file of at most `max` bytes (0: no limit) into fresh memory with a NUL behind it; "-" is standard
 * input. The caller frees *data with heed__free. */
heed_code heed__file_read(heed_ctx *ctx, const char *path, size_t max, char **data, size_t *len);

/* A read-only map of a whole file. */
typedef struct heed__file_map {
	const unsigned char *data; /* page aligned; NULL for an empty file */
	size_t len;
} heed__file_map;
heed_code heed__file_map_open(heed_ctx *ctx, const char *path, heed__file_map *map);
void heed__file_map_close(heed__file_map *map);

/* A file that appears under its name only when it is complete: written to a temporary beside it, flushed,
 * renamed, its folder flushed. Until then an older file of that name stays as it was.
 *
 *	heed__file_writer w;
 *	if (heed__file_writer_open(ctx, &w, path)) return ...;
 *	heed__file_writer_put(&w, bytes, n);        sticky: the first failure is kept
 *	return heed__file_writer_commit(&w);        or heed__file_writer_abort(&w), which leaves nothing
 */
typedef struct heed__file_writer {
	heed_ctx *ctx;
	char *path, *temporary;
	int fd;
	char *buffer;
	size_t used;
	heed_code code;
} heed__file_writer;
heed_code heed__file_writer_open(heed_ctx *ctx, heed__file_writer *w, const char *path);
void heed__file_writer_put(heed__file_writer *w, const void *bytes, size_t n);
heed_code heed__file_writer_commit(heed__file_writer *w);
void heed__file_writer_abort(heed__file_writer *w);

double heed__clock(void); /* seconds of the monotonic clock */

#endif
