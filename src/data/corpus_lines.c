#include "data/corpus_lines.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 65536u
#define MARK  "\xef\xbb\xbf"

heed_code heed__lines_open(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
			   heed__lines *l)
{
	const size_t max = options && options->max_line ? options->max_line : HEED_CORPUS_MAX_LINE;

	*l = (heed__lines){.ctx = ctx, .flags = options ? options->flags : 0, .max_line = max};
	l->pending = heed__str_init(ctx, 0);
	l->clean = heed__str_init(ctx, 0);
	if (files.count < 1)
		return heed__error(ctx, HEED_E_ARGUMENT, "corpus: no file is given");
	if (max > (size_t)1 << 30)
		return heed__error(ctx, HEED_E_ARGUMENT,
				   "corpus: lines of %zu bytes, at most 2^30 are possible", max);
	l->block = heed__alloc(ctx, BLOCK);
	l->paths = heed__calloc(ctx, (size_t)files.count, sizeof *l->paths);
	if (!l->block || !l->paths)
		return HEED_E_MEMORY;
	for (; l->count < files.count; l->count++)
		if (!(l->paths[l->count] = heed__strdup(ctx, files.paths[l->count])))
			return HEED_E_MEMORY;
	return HEED_OK;
}

void heed__lines_close(heed__lines *l)
{
	if (l->is_open)
		heed__stream_close(&l->stream);
	for (int i = 0; i < l->count; i++)
		heed__free(l->ctx, l->paths[i]);
	heed__free(l->ctx, l->paths);
	heed__free(l->ctx, l->block);
	heed__str_release(&l->pending);
	heed__str_release(&l->clean);
	*l = (heed__lines){.ctx = l->ctx};
}

void heed__lines_name(const heed__lines *l, char *out, size_t size)
{
	if (l->count > 1)
		snprintf(out, size, "%s and %d more", l->paths[0], l->count - 1);
	else
		snprintf(out, size, "%s", l->paths[0]);
}

static heed_code read_block(heed__lines *l)
{
	l->pos = 0;
	l->used = 0;
	return heed__stream_read(&l->stream, l->block, BLOCK, &l->used);
}

/* Bytes that no UTF-8 text has; a character cut by the end of the block may add up to three. */
static size_t count_bad(const char *s, size_t n)
{
	size_t bad = 0;
	uint32_t code;

	for (size_t i = 0; i < n;) {
		const int len = heed__utf8_decode(s + i, n - i, &code);

		bad += len == 0 || s[i] == '\0';
		i += len > 0 ? (size_t)len : 1;
	}
	return bad;
}

/* Text with a few odd bytes is repaired; a file full of them was given by mistake. */
static heed_code refuse_binary(heed__lines *l)
{
	const size_t bad = count_bad(l->block, l->used);

	if (bad <= 8 || bad <= l->used / 10 || l->flags & HEED_CORPUS_ANY_BYTES)
		return HEED_OK;
	return heed__error(
		l->ctx, HEED_E_FORMAT,
		"%s: looks like a binary file or text that is not UTF-8: %zu of its first %zu bytes "
		"are no text",
		l->stream.path, bad, l->used);
}

/* Opens the next file and reads its first block. */
static heed_code open_next(heed__lines *l)
{
	const char *path = l->paths[l->at];
	heed_code code = heed__stream_open(l->ctx, path, &l->stream);

	if (code)
		return code;
	l->is_open = true;
	l->at++;
	l->line = 0;
	l->mark = 0;
	if ((code = read_block(l)) != HEED_OK)
		return code;
	/* a pipe may give the mark byte by byte */
	while (l->used > 0 && l->used < 3 && memcmp(l->block, MARK, l->used) == 0) {
		size_t got;

		code = heed__stream_read(&l->stream, l->block + l->used, BLOCK - l->used, &got);
		if (code)
			return code;
		if (got == 0)
			break;
		l->used += got;
	}
	if (l->used == 0 && !(l->flags & HEED_CORPUS_EVERY_LINE))
		return heed__error(l->ctx, HEED_E_FORMAT, "%s: an empty file", l->stream.path);
	if (l->used >= 3 && memcmp(l->block, MARK, 3) == 0)
		l->pos = l->mark = 3;
	return refuse_binary(l);
}

static void close_current(heed__lines *l)
{
	heed__stream_close(&l->stream);
	l->is_open = false;
	l->pos = l->used = 0;
}

/* Makes text of raw bytes between two line ends. */
static void finish_line(heed__lines *l, const char *text, size_t len, heed__line *line)
{
	if (len > 0 && text[len - 1] == '\r')
		len--;
	l->line++;
	l->total++;
	*line = (heed__line){.text = text, .len = len, .place = {.file = l->stream.path, .line = l->line}};
	if (len > l->max_line) {
		line->text = "";
		line->len = 0;
		line->too_long = true;
	}
}

/* Keeps no more than it takes to see that a line with its \r is too long. */
static heed_code keep(heed__lines *l, const char *bytes, size_t n)
{
	const size_t most = l->max_line + 2;
	const size_t room = most - (l->pending.len < most ? l->pending.len : most);

	heed__str_add(&l->pending, bytes, n < room ? n : room);
	return l->pending.failed ? heed_error_code(l->ctx) : HEED_OK;
}

heed_code heed__lines_next(heed__lines *l, heed__line *line)
{
	heed_code code;

	heed__str_clear(&l->pending);
	*line = (heed__line){0};
	for (;;) {
		const char *const begin = l->block + l->pos;
		const size_t left = l->used - l->pos;
		const char *end;

		if (!l->is_open) {
			if (l->at == l->count)
				return HEED_OK;
			if ((code = open_next(l)) != HEED_OK)
				return code;
			continue;
		}
		end = left > 0 ? memchr(begin, '\n', left) : NULL;
		if (end && l->pending.len == 0) {
			l->pos += (size_t)(end - begin) + 1;
			finish_line(l, begin, (size_t)(end - begin), line);
			return HEED_OK;
		}
		if ((code = keep(l, begin, end ? (size_t)(end - begin) : left)) != HEED_OK)
			return code;
		if (end) {
			l->pos += (size_t)(end - begin) + 1;
			finish_line(l, l->pending.data, l->pending.len, line);
			return HEED_OK;
		}
		if ((code = read_block(l)) != HEED_OK)
			return code;
		if (l->used > 0)
			continue;
		if (l->pending.len > 0) {
			finish_line(l, l->pending.data, l->pending.len, line);
			close_current(l);
			return HEED_OK;
		}
		close_current(l);
	}
}

bool heed__lines_ready(const heed__lines *l)
{
	if (!l->is_open)
		return l->at == l->count || heed__stream_can_open(l->paths[l->at]);
	return memchr(l->block + l->pos, '\n', l->used - l->pos) != NULL || heed__stream_ready(&l->stream);
}

static heed_code note_invalid(heed__lines *l, const heed__line *line, size_t i, heed_corpus_report *report)
{
	const size_t mark = line->place.line == 1 ? l->mark : 0;
	heed_corpus_place place = line->place;

	place.byte = (int64_t)(i + mark) + 1;
	if (report->invalid_bytes++ == 0)
		report->first_invalid = place;
	if (!(l->flags & HEED_CORPUS_STRICT))
		return HEED_OK;
	return heed__error(l->ctx, HEED_E_TEXT,
			   "corpus: the byte 0x%02x is not valid UTF-8 text, %s:%" PRId64 ":%" PRId64,
			   (unsigned)(unsigned char)line->text[i], place.file, place.line, place.byte);
}

heed_code heed__lines_clean(heed__lines *l, heed__line *line, heed_corpus_report *report)
{
	const char *const s = line->text;
	const size_t n = line->len;
	heed_code code;

	if (heed__utf8_valid(s, n) == n && !memchr(s, '\0', n))
		return HEED_OK;
	heed__str_clear(&l->clean);
	for (size_t i = 0; i < n;) {
		uint32_t c;
		const int len = heed__utf8_decode(s + i, n - i, &c);

		if (len > 0 && s[i] != '\0') {
			heed__str_add(&l->clean, s + i, (size_t)len);
			i += (size_t)len;
			continue;
		}
		heed__str_adds(&l->clean, "\xef\xbf\xbd");
		if ((code = note_invalid(l, line, i++, report)) != HEED_OK)
			return code;
	}
	line->text = l->clean.data;
	line->len = l->clean.len;
	return l->clean.failed ? heed_error_code(l->ctx) : HEED_OK;
}
