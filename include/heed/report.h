/* What an experiment found: sentences, tables and plots, as a stand-alone page, as text for a terminal, or as JSON.
 *
 *	static const heed_column columns[] = {{"perplexity", 1}, {"seconds", -2}};
 *	heed_report *r = heed_report_new(ctx, "Two models");
 *
 *	heed_report_section(r, "models", "Perplexity and time");
 *	heed_report_table(r, "On the same text", "model", columns, 2);
 *	heed_report_row(r, "lstm");
 *	heed_report_numbers(r, perplexities, 3);          one from each seed: shown as mean and deviation
 *	heed_report_numbers(r, &seconds, 1);
 *	heed_report_plot(r, "curves", &plot);
 *	if (heed_report_html(r, write, user) != HEED_OK) ...
 *	heed_report_free(r);
 *
 * Everything is copied. Adding takes NULL, and keeps the first error for the calls that write. Texts are UTF-8 of any
 * content, and escaped. */
#ifndef HEED_REPORT_H
#define HEED_REPORT_H

#include "heed/json.h"
#include "heed/plot.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_report heed_report;

/* NULL: out of memory. The caller frees it before ctx. */
heed_report *heed_report_new(heed_ctx *ctx, const char *title);
void heed_report_free(heed_report *r); /* accepts NULL */
/* The first error since it was made. */
heed_code heed_report_code(const heed_report *r);

/* Begins a section. The name is for links and JSON: lower case, no spaces. */
void heed_report_section(heed_report *r, const char *name, const char *title);
/* A paragraph. */
void heed_report_text(heed_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether what was to be shown came out. */
typedef enum heed_finding {
	HEED_FOUND_SO,     /* as was said */
	HEED_FOUND_NOT_SO, /* not as was said */
	HEED_FOUND_OPEN,   /* the runs differ among themselves too much to tell */
} heed_finding;
/* "held", "did not hold", "open" */
const char *heed_finding_name(heed_finding finding);
/* The sentence that says what the section found; one a section. */
void heed_report_finding(heed_report *r, heed_finding finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A column of numbers or words beside the first one, which names the rows. */
typedef struct heed_column {
	const char *name;
	int digits; /* behind the point; negative: so many digits in all that count */
} heed_column;
/* Begins a table; `first` heads the names of the rows. */
void heed_report_table(heed_report *r, const char *title, const char *first, const heed_column *columns,
		       int count);
/* Begins a row; cells follow from left to right, and those that do not are empty. */
void heed_report_row(heed_report *r, const char *name);
/* One measurement of each run. NaN: this run has none. */
void heed_report_numbers(heed_report *r, const double *values, int count);
void heed_report_words(heed_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A plot; the name is that of its file, without .svg. */
void heed_report_plot(heed_report *r, const char *name, const heed_plot *plot);
int heed_report_plots(const heed_report *r);
const char *heed_report_plot_name(const heed_report *r, int index); /* lives as long as r */
heed_code heed_report_plot_svg(const heed_report *r, int index, heed_write_fn *write, void *user);

/* All of these return the first error of the report, or what `write` returned. The page asks nothing of the network
 * and has no script. The text is wrapped at `width` columns (0: 80) but for tables, and has no plots. */
heed_code heed_report_html(const heed_report *r, heed_write_fn *write, void *user);
heed_code heed_report_terminal(const heed_report *r, int width, heed_write_fn *write, void *user);
/* {"title", "sections": [{"name", "title", "finding", "sentence", "texts": [...], "tables": [{"title", "rows":
 * [{"name", "COLUMN": {"mean", "deviation", "values": [...]} or text, ...}]}], "plots": [{"name", "title", "x", "y",
 * "series": [{"name", "x": [...], "y": [...], "spread": [...]}]}]}]} as the next value of w. */
heed_code heed_report_json(const heed_report *r, heed_json *w);

/* Mean and standard deviation (with n - 1) of those values that are finite. */
typedef struct heed_mean {
	int count;
	double mean;      /* NaN when there are none */
	double deviation; /* NaN when there are fewer than two */
} heed_mean;
heed_mean heed_mean_of(const double *values, int count);

#ifdef __cplusplus
}
#endif
#endif
