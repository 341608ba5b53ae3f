/* Attention in the terminal, in the colours that it has. */
#ifndef HEED_HEATMAP_H
#define HEED_HEATMAP_H

#include "heed/view.h"
#include "options.h"

/* How weights are drawn: as the terminal can, or as said. The words are in the order of the numbers. */
typedef enum heed_heatmap_paint {
	HEED_HEATMAP_AUTO,
	HEED_HEATMAP_DIGITS,
	HEED_HEATMAP_SHADES,
	HEED_HEATMAP_256,
	HEED_HEATMAP_TRUECOLOR,
} heed_heatmap_paint;
#define HEED_HEATMAP_PAINTS "auto digits shades 256 truecolor"

/* What that means on this terminal. */
heed_view_terminal_options heed_heatmap_view(const heed_cli *cli, heed_heatmap_paint paint);
/* Draws on standard output; returns an exit status. */
int heed_heatmap_print(heed_cli *cli, const heed_attention_map *map, heed_heatmap_paint paint);
/* A heed_write_fn to a FILE. */
heed_code heed_heatmap_write(void *file, const char *bytes, size_t n);

#endif
