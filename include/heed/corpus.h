/* Text for training and for use, read as a stream: plain or gzip files, "-" for standard input, one thing
 * after another, never the whole file in memory.
 *
 *	heed_corpus *corpus;
 *	heed_record r;
 *	heed_code code = heed_corpus_open_pairs(ctx, english, german, NULL, &corpus);
 *	while (code == HEED_OK && (code = heed_corpus_next(corpus, &r)) == HEED_OK && r.source)
 *		use(r.source, r.source_len, r.target, r.target_len);
 *	heed_corpus_warn(corpus);
 *	heed_corpus_close(corpus);
 *
 * A line ends with \n, the last one may end with the file; one \r before it and a byte order mark at the
 * start of a file are removed. Bytes that are not UTF-8, and NULs, become U+FFFD. Lines that are too long
 * and pairs with an empty side are skipped. All of this is counted, with the first place of each. */
#ifndef HEED_CORPUS_H
#define HEED_CORPUS_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_CORPUS_MAX_LINE 65536 /* bytes, unless options say otherwise */

enum heed_corpus_flags {
	/* Bad bytes, lines that are too long and pairs with just one empty side are errors. */
	HEED_CORPUS_STRICT = 1 << 0,
	/* Records come one for one, so that an answer can stand beside each line: empty ones as they are, those
	 * that are too long as empty text on both sides. An input without any line is then no error. */
	HEED_CORPUS_EVERY_LINE = 1 << 1,
	/* Reads on when a file looks like a binary one. */
	HEED_CORPUS_ANY_BYTES = 1 << 2,
};

typedef struct heed_corpus_options {
	int flags;       /* of heed_corpus_flags */
	size_t max_line; /* bytes without the end of the line; 0: HEED_CORPUS_MAX_LINE; at most 2^30 */
} heed_corpus_options;

/* Files that are read one after another as if they were one. */
typedef struct heed_files {
	const char *const *paths;
	int count;
} heed_files;

/* Which line and byte, from 1; byte 0: the whole line. file is NULL when nothing of the kind happened. */
typedef struct heed_corpus_place {
	const char *file;
	int64_t line, byte;
} heed_corpus_place;

typedef struct heed_corpus_report {
	int64_t lines;   /* read so far; of pairs: on each side */
	int64_t records; /* handed out */
	int64_t invalid_bytes, long_records, empty_records;
	heed_corpus_place first_invalid, first_long, first_empty;
} heed_corpus_report;

/* One line or pair. The texts are not NUL-terminated, are valid UTF-8 without \n and NUL, and live until the
 * next call with the same corpus. */
typedef struct heed_record {
	const char *source; /* the text; of pairs its source side; NULL: the corpus has ended */
	size_t source_len;
	const char *target; /* of pairs the target side, of labelled text the label, else NULL */
	size_t target_len;
	const char *file; /* where the source stands; lives as long as the corpus */
	int64_t line;
} heed_record;

typedef struct heed_corpus heed_corpus;

/* Paths are copied, options may be NULL. HEED_E_ARGUMENT, HEED_E_MEMORY; files are opened when they are due. */
heed_code heed_corpus_open_text(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
				heed_corpus **corpus);
/* Line n of the one side belongs to line n of the other. */
heed_code heed_corpus_open_pairs(heed_ctx *ctx, heed_files source, heed_files target,
				 const heed_corpus_options *options, heed_corpus **corpus);
/* Lines of source<TAB>target. */
heed_code heed_corpus_open_tsv(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
			       heed_corpus **corpus);
/* Lines of label<TAB>text. */
heed_code heed_corpus_open_labelled(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
				    heed_corpus **corpus);
void heed_corpus_close(heed_corpus *corpus); /* accepts NULL */

/* Errors name file and line: HEED_E_IO (missing, unreadable, a folder), HEED_E_FORMAT (empty, binary, gzip
 * data cut off or damaged, sides of unequal length, a wrong number of fields, no usable line at all),
 * HEED_E_TEXT (what only HEED_CORPUS_STRICT forbids), HEED_E_INTERRUPTED, HEED_E_MEMORY. After an error, close. */
heed_code heed_corpus_next(heed_corpus *corpus, heed_record *record);

/* Whether the next record can be had at once. If not, asking for it waits for somebody who types or writes to a
 * pipe: time to answer what is there already. */
int heed_corpus_ready(const heed_corpus *corpus);

/* What was read until now. Its file names live as long as the corpus. */
heed_corpus_report heed_corpus_tell(const heed_corpus *corpus);
/* Logs one warning for each kind of thing that was replaced or skipped. Accepts NULL. */
void heed_corpus_warn(const heed_corpus *corpus);

#ifdef __cplusplus
}
#endif
#endif
