/* Drawings of attention: what each token looked at, as a terminal heat map, an SVG sheet, a stand-alone HTML page,
 * or JSON.
 *
 *	const char *rows[] = {"el", "perro"}, *columns[] = {"the", "dog"};
 *	const float weights[] = {0.9f, 0.1f, 0.2f, 0.8f};
 *	const heed_attention_map map = {"dec0.cross", 0, 0, 2, 2, rows, columns, weights};
 *
 *	heed_view_terminal(ctx, &map, NULL, write, user);
 *
 * Labels are UTF-8 of any script and any content: control characters, bad bytes and marks that would turn the
 * direction of a line are shown as pictures or U+FFFD, and everything is escaped. Weights are what they are; they
 * need not sum to one. A weight that is not finite is drawn as missing (null in JSON). */
#ifndef HEED_VIEW_H
#define HEED_VIEW_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One head of one layer. Everything is borrowed during the call. */
typedef struct heed_attention_map {
	const char *name;              /* where the weights come from: "enc0.self", "dec3.cross" */
	int layer, head;               /* from 0; head < 0: there is only one, or their mean */
	int rows, cols;                /* at least 1 */
	const char *const *row_labels; /* [rows] the tokens that look */
	const char *const *col_labels; /* [cols] the tokens they look at */
	const float *weights;          /* [rows][cols] */
} heed_attention_map;

typedef enum heed_view_paint {
	HEED_VIEW_DIGITS,    /* 0..9, ASCII but for labels */
	HEED_VIEW_SHADES,    /* block characters */
	HEED_VIEW_COLOR_256, /* backgrounds from xterm's 256 colours */
	HEED_VIEW_TRUECOLOR, /* backgrounds in 24 bits */
} heed_view_paint;

typedef struct heed_view_terminal_options {
	heed_view_paint paint;
	int width; /* columns of the terminal, 20..1000; 0: 80. Maps that are wider come in parts */
} heed_view_terminal_options;

/* All of these return HEED_E_ARGUMENT for a map without rows, columns, labels or weights, HEED_E_MEMORY, or what
 * `write` returned. Output comes in pieces, so after an error it may be incomplete. */
heed_code heed_view_terminal(heed_ctx *ctx, const heed_attention_map *map,
			     const heed_view_terminal_options *options, heed_write_fn *write, void *user);

/* One sheet with all the maps, in their order; a new name begins a new line. The title may be NULL. Colours run
 * from 0 (or the smallest weight, if negative) to the largest weight of the sheet. */
heed_code heed_view_svg(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			heed_write_fn *write, void *user);

/* A page that shows one map at a time, chosen by layer and head; it asks nothing of the network. */
heed_code heed_view_html(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			 heed_write_fn *write, void *user);

/* {"title": ..., "maps": [{"name", "layer", "head", "rows": [labels], "columns": [labels],
 * "weights": [[...], ...]}, ...]}, on one line. Weights have nine digits, which give every float back. */
heed_code heed_view_json(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			 heed_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif
#endif
