/* Files of words: a few fields a line, as tests of word vectors are kept. */
#ifndef HEED_WORD_LINES_H
#define HEED_WORD_LINES_H

#include "heed/context.h"

#include <stdint.h>

#define HEED__WORD_FIELDS 5

typedef struct heed__field {
	const char *text;
	size_t len;
} heed__field;

typedef struct heed__word_line {
	heed__field fields[HEED__WORD_FIELDS]; /* [count], and empty ones behind them */
	int count;                             /* HEED__WORD_FIELDS: so many or more */
	const char *file;
	int64_t number; /* of the line, from 1 */
} heed__word_line;

/* Calls take for every line but empty ones and those that begin with #, cut at the bytes of `between`. Another code
 * than HEED_OK ends the reading, and is returned. */
typedef heed_code heed__take_line(void *user, const heed__word_line *line);
heed_code heed__word_lines(heed_ctx *ctx, const char *path, const char *between, heed__take_line *take,
			   void *user);

#endif
