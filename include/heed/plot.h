/* Plots of numbers as SVG: lines with bands for their spread, or dots.
 *
 *	const double length[] = {8, 16, 32}, rnn[] = {1.1, 2.3, 4.9}, around[] = {.1, .1, .3};
 *	const heed_series series[] = {{"rnn", 3, length, rnn, around}};
 *	const heed_plot plot = {.title = "A step", .x_label = "length", .y_label = "milliseconds", .log_x = true,
 *				.series = series, .count = 1};
 *
 *	heed_plot_svg(ctx, &plot, write, user);
 *
 * The drawing is a whole SVG file that can also stand inside an HTML page; it follows the reader's choice of light or
 * dark. Texts are UTF-8 of any content, and escaped. */
#ifndef HEED_PLOT_H
#define HEED_PLOT_H

#include "heed/context.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One line of a plot. A point whose numbers are not finite, or not above 0 on a logarithmic axis, is left out. */
typedef struct heed_series {
	const char *name; /* stands beside the line; NULL: none */
	int count;        /* points; a series of none is not drawn, but keeps its place among the colours */
	const double *x, *y;  /* [count] */
	const double *spread; /* [count] half the height of the band around y; NULL: none */
} heed_series;

/* Everything is borrowed during the call; texts may be NULL. */
typedef struct heed_plot {
	const char *title, *x_label, *y_label;
	const char *const *x_names; /* [x_name_count] what x = 0, 1, ... stands for; NULL: x is a number */
	int x_name_count;
	bool log_x, log_y;
	bool dots;            /* points by themselves, each with its spread as a bar, not lines */
	double y_low, y_high; /* that the axis shows in any case; equal: whatever the points need */
	const heed_series *series;
	int count;
} heed_plot;

/* HEED_E_ARGUMENT: a negative count, or points without numbers; HEED_E_MEMORY; or what `write` returned. */
heed_code heed_plot_svg(heed_ctx *ctx, const heed_plot *plot, heed_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif
#endif
