/* A plot as a part of a page. */
#ifndef HEED_VIEW_PLOT_H
#define HEED_VIEW_PLOT_H

#include "heed/plot.h"
#include "view/view_sink.h"

/* HEED_E_ARGUMENT when the plot can't be drawn. */
heed_code heed__plot_check(heed_ctx *ctx, const heed_plot *plot);
/* The SVG element; the plot has been checked. */
void heed__plot_add(heed__sink *s, const heed_plot *plot);
/* A number for readers: 0.25, 1200, 3·10⁻⁷. */
void heed__plot_number(heed__sink *s, double x);

#endif
