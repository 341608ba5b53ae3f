/* The lines of several files, one file after another, as they are; cleaning them is the next step. */
#ifndef HEED_CORPUS_LINES_H
#define HEED_CORPUS_LINES_H

#include "base/strbuf.h"
#include "data/corpus_stream.h"
#include "heed/corpus.h"

typedef struct heed__lines {
	heed_ctx *ctx;
	char **paths; /* [count], ours */
	int count, at;
	int flags;
	size_t max_line;
	heed__stream stream; /* of paths[at - 1] when is_open */
	bool is_open;
	char *block;
	size_t pos, used;  /* what of the block is not yet consumed */
	heed__str pending; /* a line that goes on beyond its block */
	heed__str clean;
	int64_t line, total; /* in this file, in all */
	size_t mark;         /* length of the byte order mark before line 1 of this file */
} heed__lines;

typedef struct heed__line {
	const char *text; /* NULL: no more lines; lives until the next call */
	size_t len;
	bool too_long; /* text is "" */
	heed_corpus_place place;
} heed__line;

/* Copies the paths. After a failure, close. */
heed_code heed__lines_open(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
			   heed__lines *l);
void heed__lines_close(heed__lines *l);
heed_code heed__lines_next(heed__lines *l, heed__line *line);
bool heed__lines_ready(const heed__lines *l);
/* Replaces what is not text in place, counting it in the report; in strict mode HEED_E_TEXT. */
heed_code heed__lines_clean(heed__lines *l, heed__line *line, heed_corpus_report *report);
/* "a.txt", "a.txt and 2 more" into out[size] */
void heed__lines_name(const heed__lines *l, char *out, size_t size);

#endif
