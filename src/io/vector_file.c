/* Files of word vectors, in and out. They come from strangers: sizes are compared with the bytes that are there before
 * anything is made of them. */
#include "heed/vectors.h"

#include "base/context_impl.h"
#include "base/decimal.h"
#include "base/file.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_WIDTH 65536
#define MOST_WORD  4096 /* bytes */

struct heed_vector_file {
	heed_ctx *ctx;
	char *path;
	heed__file_map map;
	size_t at;
	int64_t line; /* that begins at `at`, of text */
	int count, width, read;
	bool binary;
	float *vector; /* [width] */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* --- reading --- */

static const char *bytes_of(const heed_vector_file *f)
{
	return (const char *)f->map.data;
}

/* Where the line at `at` ends: its line feed, or the end of the file. */
static const char *line_end(const heed_vector_file *f, size_t at)
{
	const char *const start = bytes_of(f) + at, *const feed = memchr(start, '\n', f->map.len - at);

	return feed != NULL ? feed : bytes_of(f) + f->map.len;
}

static bool read_count(const char **at, const char *end, int most, int *out)
{
	int64_t n = 0;

	if (*at == end || !is_digit(**at))
		return false;
	for (; *at < end && is_digit(**at); ++*at) {
		n = n * 10 + (**at - '0');
		if (n > most)
			return false;
	}
	*out = (int)n;
	return n > 0;
}

static heed_code read_head(heed_vector_file *f)
{
	const char *at = bytes_of(f), *const end = f->map.len > 0 ? line_end(f, 0) : at;

	if (f->map.len == 0 || !read_count(&at, end, INT32_MAX, &f->count) || at == end || *at++ != ' ' ||
	    !read_count(&at, end, MOST_WIDTH, &f->width) || (at != end && *at != ' ' && *at != '\r'))
		return heed__error(
			f->ctx, HEED_E_FORMAT,
			"%s:1: expected the number of words and the width of their vectors, 1 to %d", f->path,
			MOST_WIDTH);
	f->at = (size_t)(end - bytes_of(f)) + (end < bytes_of(f) + f->map.len);
	f->line = 2;
	return HEED_OK;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* The numbers of a line behind its word into f->vector; returns how many there are, -1 - n when the n-th is none.
 * Those past the width are counted only. */
static int read_numbers(heed_vector_file *f, const char *at, const char *end)
{
	int n = 0;

	for (at = skip_blanks(at, end); at < end; at = skip_blanks(at, end)) {
		double x;

		if (!heed__decimal_read(&at, end, &x) || (at < end && !is_blank(*at)) || !isfinite((float)x))
			return -1 - n;
		if (n < f->width)
			f->vector[n] = (float)x;
		n++;
	}
	return n;
}

/* The end of the word that begins at `at`: the first space. */
static const char *word_end(const heed_vector_file *f, size_t at)
{
	const size_t left = f->map.len - at, most = left < MOST_WORD ? left : MOST_WORD;

	return memchr(bytes_of(f) + at, ' ', most);
}

/* A file is text when the first line behind its head is: a word and numbers. That floats look so by chance is as good
 * as impossible. */
static heed_code find_format(heed_vector_file *f)
{
	const char *const space = word_end(f, f->at);
	const char *const end = line_end(f, f->at);
	const size_t width = (size_t)f->width;
	size_t least;

	f->binary = !(space != NULL && space < end && read_numbers(f, space, end) == f->width);
	least = f->binary ? 2 + 4 * width : 2 + 2 * width;
	if ((size_t)f->count > (f->map.len - f->at + 1) / least)
		return heed__error(
			f->ctx, HEED_E_FORMAT,
			"%s: %zu bytes can't hold %d vectors of %d numbers, as its first line says", f->path,
			f->map.len, f->count, f->width);
	return HEED_OK;
}

heed_code heed_vector_file_open(heed_ctx *ctx, const char *path, heed_vector_file **file)
{
	heed_vector_file *const f = heed__calloc(ctx, 1, sizeof *f);
	heed_code code;

	*file = NULL;
	if (f == NULL)
		return HEED_E_MEMORY;
	f->ctx = ctx;
	f->path = heed__strdup(ctx, path);
	code = f->path != NULL ? heed__file_map_open(ctx, path, &f->map) : HEED_E_MEMORY;
	if (code == HEED_OK)
		code = read_head(f);
	if (code == HEED_OK && (f->vector = heed__calloc(ctx, (size_t)f->width, sizeof *f->vector)) == NULL)
		code = HEED_E_MEMORY;
	if (code == HEED_OK)
		code = find_format(f);
	if (code == HEED_OK)
		*file = f;
	else
		heed_vector_file_close(f);
	return code;
}

void heed_vector_file_close(heed_vector_file *f)
{
	if (f == NULL)
		return;
	heed__file_map_close(&f->map);
	heed__free(f->ctx, f->vector);
	heed__free(f->ctx, f->path);
	heed__free(f->ctx, f);
}

int heed_vector_file_count(const heed_vector_file *f)
{
	return f->count;
}

int heed_vector_file_width(const heed_vector_file *f)
{
	return f->width;
}

static heed_code read_text(heed_vector_file *f, const char *space)
{
	const char *const end = line_end(f, f->at);
	const int n = space != NULL && space < end ? read_numbers(f, space, end) : 0;

	if (n < 0)
		return heed__error(f->ctx, HEED_E_FORMAT, "%s:%lld: number %d is none, or not finite",
				   f->path, (long long)f->line, -n);
	if (n != f->width)
		return heed__error(f->ctx, HEED_E_FORMAT, "%s:%lld: expected a word and %d numbers, found %d",
				   f->path, (long long)f->line, f->width, n);
	f->at = (size_t)(end - bytes_of(f)) + (end < bytes_of(f) + f->map.len);
	f->line++;
	return HEED_OK;
}

static float read_float(const unsigned char *p)
{
	const uint32_t bits =
		(uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static heed_code read_binary(heed_vector_file *f, const char *space)
{
	const size_t width = (size_t)f->width;
	const size_t first = space != NULL ? (size_t)(space - bytes_of(f)) + 1 : f->map.len;

	if (f->map.len - first < 4 * width)
		return heed__error(
			f->ctx, HEED_E_FORMAT,
			"%s: word %d at byte %zu: expected a word, a space and %zu bytes of numbers", f->path,
			f->read + 1, f->at, 4 * width);
	for (size_t i = 0; i < width; i++) {
		f->vector[i] = read_float(f->map.data + first + 4 * i);
		if (!isfinite(f->vector[i]))
			return heed__error(f->ctx, HEED_E_FORMAT,
					   "%s: word %d: number %zu at byte %zu is not finite", f->path,
					   f->read + 1, i + 1, first + 4 * i);
	}
	f->at = first + 4 * width;
	if (f->at < f->map.len && f->map.data[f->at] == '\n')
		f->at++;
	return HEED_OK;
}

static heed_code check_end(const heed_vector_file *f)
{
	for (size_t i = f->at; i < f->map.len; i++)
		if (f->map.data[i] != '\n' && !is_blank((char)f->map.data[i]))
			return heed__error(f->ctx, HEED_E_FORMAT,
					   "%s: expected %d words, found more at byte %zu", f->path, f->count,
					   i);
	return HEED_OK;
}

heed_code heed_vector_file_next(heed_vector_file *f, const char **word, size_t *len, const float **vector)
{
	const char *space;
	heed_code code;

	*word = NULL;
	if (f->read == f->count)
		return check_end(f);
	*word = bytes_of(f) + f->at;
	space = word_end(f, f->at);
	if (space == *word ||
	    (f->binary && space != NULL && memchr(*word, '\n', (size_t)(space - *word)) != NULL))
		code = heed__error(f->ctx, HEED_E_FORMAT,
				   "%s: word %d at byte %zu: expected a word, found none", f->path,
				   f->read + 1, f->at);
	else
		code = f->binary ? read_binary(f, space) : read_text(f, space);
	*len = space != NULL ? (size_t)(space - *word) : 0;
	*vector = f->vector;
	f->read++;
	return code;
}

/* --- writing --- */

heed_code heed_vectors_write_head(int count, int width, heed_write_fn *write, void *user)
{
	char line[32];
	const int n = snprintf(line, sizeof line, "%d %d\n", count, width);

	return write(user, line, (size_t)n);
}

/* printf has the decimal point of the host program's language. */
static heed_code write_number(float x, heed_write_fn *write, void *user)
{
	const char *const point = localeconv()->decimal_point;
	char text[32] = " ";
	int n = snprintf(text + 1, sizeof text - 1, "%.9g", (double)x) + 1;
	char *const found = strstr(text, point);

	if (found != NULL && strcmp(point, ".") != 0) {
		const size_t size = strlen(point);

		*found = '.';
		memmove(found + 1, found + size, strlen(found + size) + 1);
		n -= (int)size - 1;
	}
	return write(user, text, (size_t)n);
}

static heed_code write_text(const float *vector, int width, heed_write_fn *write, void *user)
{
	heed_code code = HEED_OK;

	for (int i = 0; i < width && code == HEED_OK; i++)
		code = write_number(vector[i], write, user);
	return code;
}

static heed_code write_binary(const float *vector, int width, heed_write_fn *write, void *user)
{
	heed_code code = write(user, " ", 1);

	for (int i = 0; i < width && code == HEED_OK; i++) {
		uint32_t bits;
		char bytes[4];

		memcpy(&bits, &vector[i], sizeof bits);
		for (int b = 0; b < 4; b++)
			bytes[b] = (char)(bits >> 8 * b);
		code = write(user, bytes, sizeof bytes);
	}
	return code;
}

heed_code heed_vectors_write(heed_ctx *ctx, heed_vector_format format, const char *word, const float *vector,
			     int width, heed_write_fn *write, void *user)
{
	const size_t len = strlen(word);
	heed_code code;

	if (len == 0 || len >= MOST_WORD || strpbrk(word, " \n") != NULL)
		return heed__error(
			ctx, HEED_E_ARGUMENT,
			"vectors: \"%.80s\" can't stand in a vector file: expected 1 to %d bytes without "
			"spaces",
			word, MOST_WORD - 1);
	code = write(user, word, len);
	if (code == HEED_OK)
		code = format == HEED_VECTORS_TEXT ? write_text(vector, width, write, user)
						   : write_binary(vector, width, write, user);
	return code == HEED_OK ? write(user, "\n", 1) : code;
}
