/* Files: whole reads, maps, and writes that happen whole or not at all. */
#include "base/file.h"

#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER ((size_t)256 << 10)

double heed__clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int open_retry(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static ssize_t read_retry(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

static heed_code system_error(heed_ctx *ctx, const char *path, const char *doing)
{
	return heed__error(ctx, HEED_E_IO, "%s: %s: %s", path, doing, strerror(errno));
}

static heed_code read_all(heed_ctx *ctx, int fd, const char *path, size_t max, heed__str *s)
{
	char block[16384];
	ssize_t got;

	while ((got = read_retry(fd, block, sizeof block)) > 0) {
		if (max > 0 && (size_t)got > max - s->len)
			return heed__error(ctx, HEED_E_FORMAT, "%s: larger than the %zu bytes allowed", path,
					   max);
		heed__str_add(s, block, (size_t)got);
		if (s->failed)
			return heed_error_code(ctx);
	}
	return got < 0 ? system_error(ctx, path, "reading failed") : HEED_OK;
}

heed_code heed__file_read(heed_ctx *ctx, const char *path, size_t max, char **data, size_t *len)
{
	const bool standard = strcmp(path, "-") == 0;
	const int fd = standard ? STDIN_FILENO : open_retry(path, O_RDONLY, 0);
	heed__str s = heed__str_init(ctx, 0);
	heed_code code;

	*data = NULL;
	*len = 0;
	if (fd < 0)
		return system_error(ctx, path, "could not be opened");
	code = read_all(ctx, fd, standard ? "standard input" : path, max, &s);
	if (!standard)
		close(fd);
	*len = s.len;
	if (code == HEED_OK && (*data = heed__str_take(&s)) == NULL)
		code = HEED_E_MEMORY;
	heed__str_release(&s);
	return code;
}

heed_code heed__file_map_open(heed_ctx *ctx, const char *path, heed__file_map *map)
{
	const int fd = open_retry(path, O_RDONLY, 0);
	heed_code code = HEED_OK;
	struct stat st;

	*map = (heed__file_map){0};
	if (fd < 0)
		return system_error(ctx, path, "could not be opened");
	if (fstat(fd, &st) != 0) {
		code = system_error(ctx, path, "could not be examined");
	} else if (!S_ISREG(st.st_mode)) {
		code = heed__error(ctx, HEED_E_FORMAT, "%s: not a regular file", path);
	} else if (st.st_size > 0) {
		void *const p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (p == MAP_FAILED)
			code = system_error(ctx, path, "could not be mapped");
		else
			*map = (heed__file_map){p, (size_t)st.st_size};
	}
	close(fd);
	return code;
}

void heed__file_map_close(heed__file_map *map)
{
	if (map->data != NULL)
		munmap((void *)(uintptr_t)map->data, map->len);
	*map = (heed__file_map){0};
}

static heed_code writer_failed(heed__file_writer *w, const char *doing)
{
	if (w->code == HEED_OK)
		w->code = system_error(w->ctx, w->path, doing);
	return w->code;
}

heed_code heed__file_writer_open(heed_ctx *ctx, heed__file_writer *w, const char *path)
{
	const size_t n = strlen(path) + 32;
	struct stat st;

	*w = (heed__file_writer){.ctx = ctx, .fd = -1};
	w->path = heed__strdup(ctx, path);
	w->temporary = heed__alloc(ctx, n);
	w->buffer = heed__alloc(ctx, BUFFER);
	if (w->path == NULL || w->temporary == NULL || w->buffer == NULL) {
		heed__file_writer_abort(w);
		return HEED_E_MEMORY;
	}
	snprintf(w->temporary, n, "%s.tmp.%ld", path, (long)getpid());
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		heed__error(ctx, HEED_E_ARGUMENT, "%s: it exists and is not a regular file", path);
		heed__free(ctx, w->temporary);
		w->temporary = NULL;
		heed__file_writer_abort(w);
		return HEED_E_ARGUMENT;
	}
	unlink(w->temporary); /* of an earlier process with our number */
	w->fd = open_retry(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
	if (w->fd < 0) {
		const heed_code code = writer_failed(w, "could not be created");

		heed__file_writer_abort(w);
		return code;
	}
	return HEED_OK;
}

static void write_all(heed__file_writer *w, const char *bytes, size_t n)
{
	while (n > 0 && w->code == HEED_OK) {
		const ssize_t put = write(w->fd, bytes, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			writer_failed(w, "writing failed");
			return;
		}
		bytes += put;
		n -= (size_t)put;
	}
}

static void drain(heed__file_writer *w)
{
	write_all(w, w->buffer, w->used);
	w->used = 0;
}

void heed__file_writer_put(heed__file_writer *w, const void *bytes, size_t n)
{
	if (w->code != HEED_OK || n == 0)
		return;
	if (n > BUFFER - w->used)
		drain(w);
	if (n > BUFFER) {
		write_all(w, bytes, n);
		return;
	}
	memcpy(w->buffer + w->used, bytes, n);
	w->used += n;
}

/* A rename is on disk only when its folder is. */
static void sync_folder(const heed__file_writer *w)
{
	const char *slash = strrchr(w->path, '/');
	char folder[4096] = ".";
	int fd;

	if (slash == w->path)
		memcpy(folder, "/", 2);
	else if (slash != NULL && (size_t)(slash - w->path) < sizeof folder) {
		memcpy(folder, w->path, (size_t)(slash - w->path));
		folder[slash - w->path] = '\0';
	}
	fd = open_retry(folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return;  /* a folder that can be written but not read */
	(void)fsync(fd); /* refused by some file systems; the file itself is safe */
	close(fd);
}

heed_code heed__file_writer_commit(heed__file_writer *w)
{
	heed_code code;

	drain(w);
	if (w->code == HEED_OK && fsync(w->fd) != 0 && errno != EINVAL)
		writer_failed(w, "flushing failed");
	if (close(w->fd) != 0 && errno != EINTR)
		writer_failed(w, "closing failed");
	w->fd = -1;
	if (w->code == HEED_OK && rename(w->temporary, w->path) != 0)
		writer_failed(w, "renaming failed");
	if (w->code == HEED_OK) {
		heed__free(w->ctx, w->temporary);
		w->temporary = NULL;
		sync_folder(w);
	}
	code = w->code;
	heed__file_writer_abort(w);
	return code;
}

void heed__file_writer_abort(heed__file_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->temporary != NULL)
		unlink(w->temporary);
	heed__free(w->ctx, w->temporary);
	heed__free(w->ctx, w->path);
	heed__free(w->ctx, w->buffer);
	*w = (heed__file_writer){.ctx = w->ctx, .fd = -1, .code = w->code};
}
