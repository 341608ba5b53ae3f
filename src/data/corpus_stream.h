/* The bytes of one file, plain or gzip by its first two bytes, "-" for standard input. */
#ifndef HEED_CORPUS_STREAM_H
#define HEED_CORPUS_STREAM_H

#include "base/context_impl.h"

#include <zlib.h>

typedef struct heed__stream {
	heed_ctx *ctx;
	const char *path; /* borrowed */
	int fd;
	bool gzip, between; /* between two members of a gzip file, or before the first */
	z_stream z;         /* next_in, avail_in: what was read but not used; also of a plain file */
	unsigned char *in;
	uint64_t delivered; /* bytes of text */
} heed__stream;

/* Errors name the file: HEED_E_IO, HEED_E_FORMAT, HEED_E_INTERRUPTED, HEED_E_MEMORY. After a failed open, no close is needed. */
heed_code heed__stream_open(heed_ctx *ctx, const char *path, heed__stream *s);
/* Waits for no more than it needs to give something; *got is 0 at the end only. */
heed_code heed__stream_read(heed__stream *s, char *out, size_t max, size_t *got);
/* Whether reading, or opening and reading, gives something or the end without waiting for who writes to a pipe. */
bool heed__stream_ready(const heed__stream *s);
bool heed__stream_can_open(const char *path);
void heed__stream_close(heed__stream *s);

#endif
