/* A sheet of heat maps as one stand-alone SVG. Each map is a panel:
 *
 *	            +-- head: title, then the labels of the columns, slanted
 *	+-- label --+-- cols * cell --+-- overhang of the last slanted labels
 *
 * Panels stand side by side until the sheet is full or the name changes. Fonts are the viewer's, so room for
 * text is estimated from the width of its characters. */
#include "view/view_label.h"
#include "view/view_scale.h"
#include "view/view_sink.h"

#include <math.h>
#include <string.h>

enum {
	SHEET = 1600, /* a line of panels is not wider, unless one panel is */
	MARGIN = 24,
	GAP = 28,
	TITLE_SIZE = 20,
	TITLE_HEIGHT = 40,
	PANEL_TITLE = 26,
	LEGEND_WIDTH = 220,
	LEGEND_HEIGHT = 60,
	LABEL_GLYPHS = 24, /* longer labels are cut; their tooltips are not */
};

#define SLANT     50.0 /* degrees */
#define EM_A_CELL 0.60 /* width of a character, in ems of the font */

typedef struct panel {
	const heed_attention_map *map;
	double cell, font;
	double label, head, overhang;
	double width, height;
} panel;

typedef struct sheet {
	heed__sink sink;
	heed__scale scale;
	double width, height;
} sheet;

static int cells_shown(const char *label)
{
	heed__glyph g;
	size_t at = 0;
	int cells = 0;

	for (int i = 0; i < LABEL_GLYPHS && heed__label_glyph(label, &at, &g); i++)
		cells += g.cells;
	return cells;
}

static double label_width(const char *label, double font)
{
	return cells_shown(label) * font * EM_A_CELL;
}

static double widest(const char *const *labels, int count, double font)
{
	double most = 0;

	for (int i = 0; i < count; i++)
		most = fmax(most, label_width(labels[i], font));
	return most;
}

/* How far slanted labels reach beyond the last column. */
static double overhang(const heed_attention_map *map, double cell, double font, double slant)
{
	double most = 0;

	for (int j = 0; j < map->cols; j++)
		most = fmax(most,
			    label_width(map->col_labels[j], font) * cos(slant) - (map->cols - j - 1) * cell);
	return most;
}

/* One map alone may be large; many share the sheet. */
static panel measure(const heed_attention_map *map, int count)
{
	const double slant = SLANT * acos(-1.0) / 180;
	panel p = {.map = map, .cell = count == 1 ? 28 : count <= 4 ? 22 : 16};

	p.font = floor(0.45 * p.cell + 2);
	p.label = widest(map->row_labels, map->rows, p.font) + 8;
	p.head = PANEL_TITLE + widest(map->col_labels, map->cols, p.font) * sin(slant) + p.font + 4;
	p.overhang = overhang(map, p.cell, p.font, slant);
	p.width = p.label + map->cols * p.cell + p.overhang;
	p.height = p.head + map->rows * p.cell;
	return p;
}

static void add_shown(heed__sink *s, const char *label)
{
	heed__glyph g;
	size_t at = 0;

	for (int i = 0; i < LABEL_GLYPHS && heed__label_glyph(label, &at, &g); i++)
		heed__sink_xml(s, g.text);
	if (label[at] != '\0')
		heed__sink_text(s, "\xE2\x80\xA6");
}

/* name="x" */
static void add_attribute(heed__sink *s, const char *name, double x)
{
	heed__sink_format(s, " %s=\"", name);
	heed__sink_shortest(s, x, 6);
	heed__sink_text(s, "\"");
}

static void open_text(heed__sink *s, const char *class, double x, double y, double font)
{
	heed__sink_format(s, "<text class=\"%s\"", class);
	add_attribute(s, "x", x);
	add_attribute(s, "y", y);
	add_attribute(s, "font-size", font);
}

static void add_labels(heed__sink *s, const panel *p, double x, double y)
{
	for (int i = 0; i < p->map->rows; i++) {
		open_text(s, "r", x + p->label - 6, y + p->head + (i + 0.5) * p->cell + 0.35 * p->font,
			  p->font);
		heed__sink_text(s, ">");
		add_shown(s, p->map->row_labels[i]);
		heed__sink_text(s, "</text>\n");
	}
	for (int j = 0; j < p->map->cols; j++) {
		const double at = x + p->label + (j + 0.5) * p->cell + 0.3 * p->font, above = y + p->head - 5;

		open_text(s, "c", at, above, p->font);
		heed__sink_text(s, " transform=\"rotate(-");
		heed__sink_shortest(s, SLANT, 6);
		heed__sink_text(s, " ");
		heed__sink_shortest(s, at, 6);
		heed__sink_text(s, " ");
		heed__sink_shortest(s, above, 6);
		heed__sink_text(s, ")\">");
		add_shown(s, p->map->col_labels[j]);
		heed__sink_text(s, "</text>\n");
	}
}

static void add_cell(sheet *h, const panel *p, double x, double y, int i, int j)
{
	heed__sink *const s = &h->sink;
	const double weight = (double)p->map->weights[(size_t)i * (size_t)p->map->cols + (size_t)j];
	const double t = heed__scale_at(h->scale, weight);

	heed__sink_text(s, "<rect");
	add_attribute(s, "x", x + p->label + j * p->cell);
	add_attribute(s, "y", y + p->head + i * p->cell);
	add_attribute(s, "width", p->cell);
	add_attribute(s, "height", p->cell);
	if (t >= 0) {
		const heed__rgb c = heed__ramp_color(heed__ramp_on_light, t);

		heed__sink_format(s, " fill=\"#%02x%02x%02x\"><title>", c.r, c.g, c.b);
	} else {
		heed__sink_text(s, " fill=\"#e8b4b4\"><title>");
	}
	heed__sink_xml(s, p->map->row_labels[i]);
	heed__sink_text(s, " \xE2\x86\x92 ");
	heed__sink_xml(s, p->map->col_labels[j]);
	heed__sink_text(s, ": ");
	if (t >= 0)
		heed__sink_fixed(s, weight, 4);
	else
		heed__sink_text(s, "not finite");
	heed__sink_text(s, "</title></rect>\n");
}

static void add_panel(sheet *h, const panel *p, double x, double y)
{
	heed__sink *const s = &h->sink;

	heed__sink_text(s, "<g>\n");
	open_text(s, "n", x + p->label, y + 14, 14);
	heed__sink_text(s, ">");
	heed__sink_xml(s, p->map->name);
	if (p->map->head >= 0)
		heed__sink_format(s, " <tspan class=\"h\">head %d</tspan>", p->map->head);
	heed__sink_text(s, "</text>\n");
	add_labels(s, p, x, y);
	heed__sink_text(s, "<g class=\"m\">\n");
	for (int i = 0; i < p->map->rows; i++)
		for (int j = 0; j < p->map->cols; j++)
			add_cell(h, p, x, y, i, j);
	heed__sink_text(s, "</g>\n</g>\n");
}

/* Walks over the panels in order; draws them, or only finds the size of the sheet. */
static void place_panels(sheet *h, const heed_attention_map *maps, int count, double top, bool draw)
{
	double x = MARGIN, y = top, line = 0;

	for (int i = 0; i < count; i++) {
		const panel p = measure(&maps[i], count);

		if (i > 0 && (strcmp(maps[i].name, maps[i - 1].name) != 0 || x + p.width + MARGIN > SHEET)) {
			x = MARGIN;
			y += line + GAP;
			line = 0;
		}
		if (draw)
			add_panel(h, &p, x, y);
		line = fmax(line, p.height);
		h->width = fmax(h->width, x + p.width + MARGIN);
		h->height = fmax(h->height, y + p.height + MARGIN);
		x += p.width + GAP;
	}
}

static void add_head(sheet *h, const char *title)
{
	heed__sink *const s = &h->sink;

	heed__sink_text(s, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	add_attribute(s, "width", ceil(h->width));
	add_attribute(s, "height", ceil(h->height + LEGEND_HEIGHT));
	heed__sink_text(s, " viewBox=\"0 0 ");
	heed__sink_shortest(s, ceil(h->width), 9);
	heed__sink_text(s, " ");
	heed__sink_shortest(s, ceil(h->height + LEGEND_HEIGHT), 9);
	heed__sink_text(s,
			"\" font-family=\"ui-sans-serif, system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', "
			"Arial, sans-serif\">\n<title>");
	heed__sink_xml(s, title != NULL ? title : "Attention");
	heed__sink_text(s, "</title>\n<style>\n"
			   "text { fill: #1c2430 }\n"
			   ".r { text-anchor: end }\n"
			   ".n { font-weight: 600 }\n"
			   ".h, .l { fill: #5b6675; font-weight: 400 }\n"
			   ".m rect { stroke: #fff; stroke-width: 1 }\n"
			   ".m rect:hover { stroke: #e4572e; stroke-width: 2 }\n"
			   "</style>\n"
			   "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	if (title != NULL) {
		open_text(s, "n", MARGIN, MARGIN + TITLE_SIZE - 4, TITLE_SIZE);
		heed__sink_text(s, ">");
		heed__sink_xml(s, title);
		heed__sink_text(s, "</text>\n");
	}
}

static void add_legend(sheet *h)
{
	heed__sink *const s = &h->sink;
	const double y = h->height;

	heed__sink_text(s, "<defs><linearGradient id=\"ramp\">");
	for (int i = 0; i < HEED__RAMP_STOPS; i++) {
		const heed__rgb c = heed__ramp_on_light[i];

		heed__sink_text(s, "<stop");
		add_attribute(s, "offset", (double)i / (HEED__RAMP_STOPS - 1));
		heed__sink_format(s, " stop-color=\"#%02x%02x%02x\"/>", c.r, c.g, c.b);
	}
	heed__sink_text(s, "</linearGradient></defs>\n<rect fill=\"url(#ramp)\" stroke=\"#c3ccd6\"");
	add_attribute(s, "x", MARGIN);
	add_attribute(s, "y", y);
	add_attribute(s, "width", LEGEND_WIDTH);
	add_attribute(s, "height", 12);
	heed__sink_text(s, "/>\n");
	open_text(s, "l", MARGIN, y + 28, 12);
	heed__sink_text(s, ">");
	heed__sink_shortest(s, h->scale.low, 3);
	heed__sink_text(s, "</text>\n");
	open_text(s, "r l", MARGIN + LEGEND_WIDTH, y + 28, 12);
	heed__sink_text(s, ">");
	heed__sink_shortest(s, h->scale.high, 3);
	heed__sink_text(s, "</text>\n</svg>\n");
}

heed_code heed_view_svg(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			heed_write_fn *write, void *user)
{
	sheet h = {.width = 2 * MARGIN + LEGEND_WIDTH};
	double top = MARGIN;

	if (heed__view_check(ctx, maps, count) != HEED_OK)
		return HEED_E_ARGUMENT;
	if (title != NULL) {
		h.width = fmax(h.width, 2 * MARGIN + heed__label_cells(title) * TITLE_SIZE * EM_A_CELL);
		top += TITLE_HEIGHT;
	}
	h.scale = heed__scale_of(maps, count);
	h.sink = heed__sink_open(ctx, write, user);
	place_panels(&h, maps, count, top, false);
	add_head(&h, title);
	place_panels(&h, maps, count, top, true);
	add_legend(&h);
	return heed__sink_close(&h.sink);
}
