/* A folder for the files of one test program, and files in it. */
#ifndef HEED_TEST_SCRATCH_H
#define HEED_TEST_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch_folder[256];

/* A name inside the folder; the last sixteen stay valid. */
static inline const char *scratch(const char *name)
{
	static char paths[16][512];
	static int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
	return path;
}

static inline int scratch_make(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(scratch_folder, sizeof scratch_folder, "%s/heed_test_XXXXXX", base && *base ? base : "/tmp");
	return mkdtemp(scratch_folder) ? 0 : -1;
}

/* How many files there are; removes them when asked to. */
static inline int scratch_count(bool remove_them)
{
	DIR *d = opendir(scratch_folder);
	int count = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' && (e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		count++;
		if (remove_them)
			remove(scratch(e->d_name));
	}
	closedir(d);
	return count;
}

static inline int scratch_remove(void **state)
{
	(void)state;
	scratch_count(true);
	return rmdir(scratch_folder);
}

static inline const char *scratch_write(const char *name, const void *bytes, size_t n)
{
	const char *path = scratch(name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* The caller frees the bytes. */
static inline unsigned char *scratch_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	unsigned char *bytes = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(bytes);
	*n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

/* The message of the last error must be one line and hold every one of the words. */
#define assert_message(ctx, ...)                                                                             \
	do {                                                                                                 \
		const char *const words_[] = {__VA_ARGS__};                                                  \
		const char *message_ = heed_error_message(ctx);                                              \
		for (size_t w_ = 0; w_ < sizeof words_ / sizeof *words_; w_++)                               \
			if (!strstr(message_, words_[w_]))                                                   \
				fail_msg("\"%s\" is not in \"%s\"", words_[w_], message_);                   \
		assert_null(strchr(message_, '\n'));                                                         \
	} while (0)

#endif
