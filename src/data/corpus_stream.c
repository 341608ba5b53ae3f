#include "data/corpus_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536u

static heed_code system_error(heed__stream *s, const char *doing)
{
	return heed__error(s->ctx, HEED_E_IO, "%s: %s: %s", s->path, doing, strerror(errno));
}

static heed_code read_some(heed__stream *s, void *out, size_t max, size_t *got)
{
	ssize_t n;

	while ((n = read(s->fd, out, max)) < 0) {
		if (errno != EINTR)
			return system_error(s, "reading failed");
		if (heed_interrupted(s->ctx))
			return heed__error(s->ctx, HEED_E_INTERRUPTED, "%s: interrupted while reading",
					   s->path);
	}
	*got = (size_t)n;
	return HEED_OK;
}

/* Adds to the bytes not yet used; false in *more: the file has ended. */
static heed_code refill(heed__stream *s, bool *more)
{
	size_t got;
	heed_code code;

	if (s->z.avail_in > 0)
		memmove(s->in, s->z.next_in, s->z.avail_in);
	s->z.next_in = s->in;
	code = read_some(s, s->in + s->z.avail_in, BLOCK - s->z.avail_in, &got);
	if (code)
		return code;
	s->z.avail_in += (uInt)got;
	*more = got > 0;
	return HEED_OK;
}

static voidpf allocate(voidpf ctx, uInt count, uInt size)
{
	return heed__calloc(ctx, count, size);
}

static void release(voidpf ctx, voidpf p)
{
	heed__free(ctx, p);
}

/* Looks at the first two bytes. */
static heed_code detect(heed__stream *s)
{
	bool more;
	heed_code code = refill(s, &more);

	if (code == HEED_OK && s->z.avail_in == 1 && s->in[0] == 0x1f)
		code = refill(s, &more);
	if (code || s->z.avail_in < 2 || s->in[0] != 0x1f || s->in[1] != 0x8b)
		return code;
	s->z.zalloc = allocate;
	s->z.zfree = release;
	s->z.opaque = s->ctx;
	switch (inflateInit2(&s->z, 15 + 16)) { /* the largest window; a gzip header */
	case Z_OK:
		s->gzip = s->between = true;
		return HEED_OK;
	case Z_MEM_ERROR:
		return HEED_E_MEMORY;
	default:
		return heed__error(s->ctx, HEED_E_INTERNAL, "%s: zlib refuses to begin", s->path);
	}
}

heed_code heed__stream_open(heed_ctx *ctx, const char *path, heed__stream *s)
{
	heed_code code;

	*s = (heed__stream){.ctx = ctx, .path = path, .fd = STDIN_FILENO};
	if (strcmp(path, "-") == 0)
		s->path = "standard input";
	else
		while ((s->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			if (errno != EINTR)
				return system_error(s, "could not be opened");
	s->in = heed__alloc(ctx, BLOCK);
	code = s->in ? detect(s) : HEED_E_MEMORY;
	if (code)
		heed__stream_close(s);
	return code;
}

void heed__stream_close(heed__stream *s)
{
	if (s->gzip)
		inflateEnd(&s->z);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	heed__free(s->ctx, s->in);
	*s = (heed__stream){.ctx = s->ctx, .fd = -1};
}

static heed_code read_plain(heed__stream *s, char *out, size_t max, size_t *got)
{
	if (s->z.avail_in == 0)
		return read_some(s, out, max, got);
	*got = s->z.avail_in < max ? s->z.avail_in : max;
	memcpy(out, s->z.next_in, *got);
	s->z.next_in += *got;
	s->z.avail_in -= (uInt)*got;
	return HEED_OK;
}

static heed_code inflate_some(heed__stream *s)
{
	if (s->between && inflateReset(&s->z) != Z_OK)
		return heed__error(s->ctx, HEED_E_INTERNAL, "%s: zlib refuses to go on", s->path);
	s->between = false;
	switch (inflate(&s->z, Z_NO_FLUSH)) {
	case Z_STREAM_END:
		s->between = true;
		return HEED_OK;
	case Z_OK:
	case Z_BUF_ERROR: /* wants more input */
		return HEED_OK;
	case Z_MEM_ERROR:
		return HEED_E_MEMORY;
	default:
		return heed__error(s->ctx, HEED_E_FORMAT,
				   "%s: damaged gzip data after %" PRIu64 " bytes of text: %s", s->path,
				   s->delivered, s->z.msg ? s->z.msg : "no such code");
	}
}

static heed_code read_gzip(heed__stream *s, char *out, size_t max, size_t *got)
{
	heed_code code;

	s->z.next_out = (Bytef *)out;
	s->z.avail_out = (uInt)max;
	do {
		bool more = true;

		if (s->z.avail_in == 0 && (code = refill(s, &more)) != HEED_OK)
			return code;
		if (!more && s->between)
			break;
		if (!more)
			return heed__error(s->ctx, HEED_E_FORMAT,
					   "%s: cut off: the gzip data ends early, after %" PRIu64
					   " bytes of text",
					   s->path, s->delivered);
		if ((code = inflate_some(s)) != HEED_OK)
			return code;
	} while (s->z.avail_out == max);
	*got = max - s->z.avail_out;
	return HEED_OK;
}

heed_code heed__stream_read(heed__stream *s, char *out, size_t max, size_t *got)
{
	const heed_code code = s->gzip ? read_gzip(s, out, max, got) : read_plain(s, out, max, got);

	if (code == HEED_OK)
		s->delivered += *got;
	return code;
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) != 0; /* an error is for the read to find */
}

bool heed__stream_ready(const heed__stream *s)
{
	return s->z.avail_in > 0 || readable(s->fd);
}

bool heed__stream_can_open(const char *path)
{
	return strcmp(path, "-") != 0 || readable(STDIN_FILENO);
}
