/* The heat map of a terminal:
 *
 *	dec0.cross, head 1
 *	            d
 *	        t   o
 *	        h   g
 *	        e   s
 *	     el .90 .10       a cell is 2 to 6 columns wide; 4 and more show the weight
 *	perros  .20 .80
 *	0 ... 0.90
 *
 * Labels of columns stand upright, one character a line, unless all of them fit across. A map too wide for the
 * terminal comes in parts of about equal width. */
#include "view/view_label.h"
#include "view/view_scale.h"
#include "view/view_sink.h"

#include <math.h>
#include <stdio.h>

enum {
	WIDTH = 80,
	CELL_MIN = 2,
	CELL_MAX = 6,
	CELL_WITH_NUMBER = 4,
	UPRIGHT_MAX = 14,  /* lines of upright labels; longer ones are cut */
	ROW_LABEL_MIN = 6, /* columns that row labels may always have; more up to a third of the width */
	LEGEND_STEPS = 10,
	WIDE_ENOUGH_TO_INDENT = 40, /* the legend */
};

typedef struct canvas {
	heed__sink sink;
	const heed_attention_map *map;
	heed__scale scale;
	heed_view_paint paint;
	int width; /* of the terminal */
	int label; /* columns of row labels */
	int cell;  /* columns of a cell */
	int at;    /* where in it a single character stands */
	bool across;
	bool numbers; /* cells are wide enough to show weights */
} canvas;

static const char *const shades[] = {" ", "\xE2\x96\x91", "\xE2\x96\x92", "\xE2\x96\x93", "\xE2\x96\x88"};

static bool in_color(const canvas *c)
{
	return c->paint == HEED_VIEW_COLOR_256 || c->paint == HEED_VIEW_TRUECOLOR;
}

/* From dark violet to light yellow; the cube of xterm has no nearer neighbours of the ramp that stay in order
 * of lightness. */
static const unsigned char xterm_ramp[] = {234, 235, 236, 53, 89, 125, 161, 167, 209, 215, 221, 229};

enum { XTERM_STEPS = sizeof xterm_ramp, XTERM_LIGHT = 8, BLACK = 16, WHITE = 231 };

static void set_background(canvas *c, double t)
{
	if (c->paint == HEED_VIEW_TRUECOLOR) {
		const heed__rgb b = heed__ramp_color(heed__ramp_on_dark, t);
		const int ink = 299 * b.r + 587 * b.g + 114 * b.b > 120000 ? BLACK : WHITE;

		heed__sink_format(&c->sink, "\033[48;2;%d;%d;%d;38;5;%dm", b.r, b.g, b.b, ink);
	} else {
		const int step = (int)(t * (XTERM_STEPS - 1) + 0.5);

		heed__sink_format(&c->sink, "\033[48;5;%d;38;5;%dm", xterm_ramp[step],
				  step >= XTERM_LIGHT ? BLACK : WHITE);
	}
}

static void end_color(canvas *c)
{
	if (in_color(c))
		heed__sink_text(&c->sink, "\033[0m");
}

/* Writes a label into `room` columns, cut with an ellipsis if need be, to the right or left. */
static void add_label(canvas *c, const char *label, int room, bool right)
{
	const int cells = heed__label_cells(label);
	int used = 0;
	heed__glyph g;
	size_t at = 0;

	if (right && cells < room)
		heed__sink_repeat(&c->sink, " ", room - cells);
	while (heed__label_glyph(label, &at, &g) && used + g.cells <= (cells > room ? room - 1 : room)) {
		heed__sink_add(&c->sink, g.text, g.len);
		used += g.cells;
	}
	if (cells > room) {
		heed__sink_text(&c->sink, "\xE2\x80\xA6");
		used++;
	}
	if (!right || cells > room)
		heed__sink_repeat(&c->sink, " ", room - used);
}

static int widest(const char *const *labels, int count)
{
	int most = 0;

	for (int i = 0; i < count; i++) {
		const int w = heed__label_cells(labels[i]);

		most = w > most ? w : most;
	}
	return most;
}

/* Chooses the widths. Returns how many map columns make a part. */
static int lay_out(canvas *c)
{
	const heed_attention_map *const m = c->map;
	const int third = c->width / 3 > ROW_LABEL_MIN ? c->width / 3 : ROW_LABEL_MIN;
	const int rows = widest(m->row_labels, m->rows), cols = widest(m->col_labels, m->cols);
	int room, fit, parts;

	c->label = rows < third ? rows : third;
	room = c->width - c->label - 1;
	c->cell = room / m->cols;
	c->cell = c->cell < CELL_MIN ? CELL_MIN : c->cell > CELL_MAX ? CELL_MAX : c->cell;
	c->across = cols < c->cell;
	if (!c->across && (cols + 1) <= room / m->cols) {
		c->cell = cols + 1;
		c->across = true;
	}
	if (!c->across && c->cell > CELL_WITH_NUMBER)
		c->cell = CELL_WITH_NUMBER;
	c->at = c->across ? c->cell - 1 : c->cell > 2 ? c->cell / 2 : 0;
	c->numbers = c->cell >= CELL_WITH_NUMBER && c->paint != HEED_VIEW_SHADES;
	fit = room / c->cell;
	fit = fit > 0 ? fit : 1;
	parts = (m->cols + fit - 1) / fit;
	return (m->cols + parts - 1) / parts;
}

static void add_indent(canvas *c)
{
	heed__sink_repeat(&c->sink, " ", c->label + 1);
}

static void add_labels_across(canvas *c, int first, int last)
{
	add_indent(c);
	for (int j = first; j < last; j++)
		add_label(c, c->map->col_labels[j], c->cell, true);
	heed__sink_text(&c->sink, "\n");
}

/* The glyph that an upright label shows on line `line` of `lines`, counted from above; the last line is its
 * end, or the mark of a cut. */
static bool upright_glyph(const char *label, int line, int lines, heed__glyph *g)
{
	const int count = heed__label_glyphs(label), shown = count < lines ? count : lines;
	const int wanted = line - (lines - shown);
	size_t at = 0;

	if (wanted < 0)
		return false;
	if (count > lines && line == lines - 1) {
		*g = (heed__glyph){.text = "\xE2\x8B\xAE", .len = 3, .cells = 1};
		return true;
	}
	for (int i = 0; i <= wanted; i++)
		heed__label_glyph(label, &at, g);
	return true;
}

static void add_labels_upright(canvas *c, int first, int last)
{
	int lines = 0;
	heed__glyph g;

	for (int j = first; j < last; j++) {
		const int n = heed__label_glyphs(c->map->col_labels[j]);

		lines = n > lines ? n : lines;
	}
	lines = lines < UPRIGHT_MAX ? lines : UPRIGHT_MAX;
	for (int line = 0; line < lines; line++) {
		add_indent(c);
		for (int j = first; j < last; j++) {
			g = (heed__glyph){.text = " ", .len = 1, .cells = 1};
			upright_glyph(c->map->col_labels[j], line, lines, &g);
			heed__sink_repeat(&c->sink, " ", c->at);
			heed__sink_add(&c->sink, g.text, g.len);
			heed__sink_repeat(&c->sink, " ", c->cell - c->at - g.cells);
		}
		heed__sink_text(&c->sink, "\n");
	}
}

/* A weight in four columns: " .87", " 1.0"; nothing below 0.005. False: it needs more room. */
static bool format_weight(double w, char out[8])
{
	const int tenths = w >= 0 && w < 9.95 ? (int)lround(10 * w) : 0;

	if (!(w >= 0) || w >= 9.95)
		return false;
	if (w < 0.005)
		snprintf(out, 8, "    ");
	else if (w < 0.995)
		snprintf(out, 8, " .%02d", (int)lround(100 * w) % 100);
	else
		snprintf(out, 8, " %d.%d", tenths / 10 % 10, tenths % 10);
	return true;
}

/* A single character where the label of the column stands. */
static void add_mark(canvas *c, char mark)
{
	heed__sink_repeat(&c->sink, " ", c->at);
	heed__sink_add(&c->sink, &mark, 1);
	heed__sink_repeat(&c->sink, " ", c->cell - c->at - 1);
}

static char digit(double t)
{
	const int tenths = (int)(10 * t + 0.5);

	return (char)(tenths < 1 ? '.' : tenths > 9 ? '9' : '0' + tenths);
}

static void add_cell(canvas *c, double weight)
{
	const double t = heed__scale_at(c->scale, weight);
	char number[8];

	if (t < 0) {
		end_color(c);
		add_mark(c, '?');
		return;
	}
	if (in_color(c))
		set_background(c, t);
	if (c->numbers && format_weight(weight, number)) {
		heed__sink_repeat(&c->sink, " ", c->cell - CELL_WITH_NUMBER);
		heed__sink_text(&c->sink, number);
	} else if (c->paint == HEED_VIEW_DIGITS) {
		add_mark(c, digit(t));
	} else {
		heed__sink_repeat(&c->sink, c->paint == HEED_VIEW_SHADES ? shades[(int)(4 * t + 0.5)] : " ",
				  c->cell);
	}
}

static void add_part(canvas *c, int first, int last)
{
	const heed_attention_map *const m = c->map;

	if (c->across)
		add_labels_across(c, first, last);
	else
		add_labels_upright(c, first, last);
	for (int i = 0; i < m->rows; i++) {
		add_label(c, m->row_labels[i], c->label, true);
		heed__sink_text(&c->sink, " ");
		for (int j = first; j < last; j++)
			add_cell(c, (double)m->weights[(size_t)i * (size_t)m->cols + (size_t)j]);
		end_color(c);
		heed__sink_text(&c->sink, "\n");
	}
}

static void add_title(canvas *c)
{
	size_t at = 0;
	heed__glyph g;

	while (heed__label_glyph(c->map->name, &at, &g))
		heed__sink_add(&c->sink, g.text, g.len);
	if (c->map->head >= 0)
		heed__sink_format(&c->sink, ", head %d", c->map->head);
	heed__sink_text(&c->sink, "\n");
}

static void add_legend(canvas *c)
{
	heed__sink_text(&c->sink, "\n");
	if (c->width >= WIDE_ENOUGH_TO_INDENT)
		add_indent(c);
	heed__sink_shortest(&c->sink, c->scale.low, 3);
	heed__sink_text(&c->sink, " ");
	if (in_color(c)) {
		for (int i = 0; i < LEGEND_STEPS; i++) {
			set_background(c, (double)i / (LEGEND_STEPS - 1));
			heed__sink_text(&c->sink, " ");
		}
		end_color(c);
	} else if (c->paint == HEED_VIEW_SHADES) {
		for (int i = 0; i < 5; i++)
			heed__sink_repeat(&c->sink, shades[i], 2);
	} else {
		heed__sink_text(&c->sink, ".123456789");
	}
	heed__sink_text(&c->sink, " ");
	heed__sink_shortest(&c->sink, c->scale.high, 3);
	heed__sink_text(&c->sink, "\n");
}

heed_code heed_view_terminal(heed_ctx *ctx, const heed_attention_map *map,
			     const heed_view_terminal_options *options, heed_write_fn *write, void *user)
{
	const int width = options != NULL && options->width != 0 ? options->width : WIDTH;
	const heed_view_paint paint = options != NULL ? options->paint : HEED_VIEW_DIGITS;
	canvas c;
	int part;

	if (heed__view_check(ctx, map, 1) != HEED_OK)
		return HEED_E_ARGUMENT;
	if (width < 20 || width > 1000 || (unsigned)paint > HEED_VIEW_TRUECOLOR)
		return heed__error(ctx, HEED_E_ARGUMENT, "view: width %d (of 20..1000) or paint %d (of 0..3)",
				   width, (int)paint);
	c = (canvas){.sink = heed__sink_open(ctx, write, user),
		     .map = map,
		     .scale = heed__scale_of(map, 1),
		     .paint = paint,
		     .width = width};
	part = lay_out(&c);
	add_title(&c);
	for (int first = 0; first < map->cols; first += part) {
		heed__sink_text(&c.sink, "\n");
		add_part(&c, first, first + part < map->cols ? first + part : map->cols);
	}
	if (!(paint == HEED_VIEW_DIGITS && c.numbers))
		add_legend(&c);
	return heed__sink_close(&c.sink);
}
