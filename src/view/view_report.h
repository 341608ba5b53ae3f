/* What a report holds, for those who write it down. */
#ifndef HEED_VIEW_REPORT_H
#define HEED_VIEW_REPORT_H

#include "base/arena.h"
#include "heed/report.h"

typedef struct heed__report_cell heed__report_cell;
struct heed__report_cell {
	const char *words;    /* NULL: numbers, or nothing at all */
	const double *values; /* [count] */
	int count;
	heed_mean mean;
	heed__report_cell *next;
};

typedef struct heed__report_row heed__report_row;
struct heed__report_row {
	const char *name;
	heed__report_cell *cells, *last;
	int count;
	heed__report_row *next;
};

typedef struct heed__report_table {
	const char *title, *first;
	heed_column *columns; /* [count] */
	int count;
	heed__report_row *rows, *last;
} heed__report_table;

typedef enum heed__report_kind {
	HEED__REPORT_SECTION,
	HEED__REPORT_TEXT,
	HEED__REPORT_FINDING,
	HEED__REPORT_TABLE,
	HEED__REPORT_PLOT,
} heed__report_kind;

typedef struct heed__report_part heed__report_part;
struct heed__report_part {
	heed__report_kind kind;
	const char *name; /* of sections and plots */
	const char *text; /* title, paragraph or sentence */
	heed_finding finding;
	heed__report_table *table;
	const heed_plot *plot;
	heed__report_part *next;
};

struct heed_report {
	heed_ctx *ctx;
	heed__arena memory;
	heed_code code;
	const char *title;
	heed__report_part *parts, *last;
	int sections, plots;
};

/* The finding of the section that begins with `section`, or NULL. */
const heed__report_part *heed__report_finding_of(const heed__report_part *section);
/* Words, a number, or mean and deviation, as the column wants it. */
void heed__report_cell_text(heed_ctx *ctx, const heed__report_cell *cell, const heed_column *column,
			    char *out, size_t size);
/* The cell of column i of a row, NULL when it has none. */
const heed__report_cell *heed__report_cell_at(const heed__report_row *row, int i);
/* Whether column i has words in it: these stand on its left edge. */
bool heed__report_has_words(const heed__report_table *t, int i);

#endif
