/* Explanations in the terminal: a sentence, a formula, and tables that keep within its width. */
#include "view/explain_build.h"
#include "view/view_label.h"
#include "view/view_sink.h"

#include <stdio.h>
#include <string.h>

enum {
	WIDTH = 80,
	INDENT = 3,
	COLUMNS = 6,     /* of a vector */
	LABEL_MOST = 24, /* columns of the terminal for labels of rows */
	HEAD_MOST = 22,  /* and for those of columns */
	GAP = 2,
	NARROWEST = 40,
	CELL_TEXT = 64,
	WORD_TEXT = 512,
};

typedef struct canvas {
	heed__sink sink;
	heed_ctx *ctx;
	heed_explain_view view;
	int width;        /* of the terminal */
	bool line_begins; /* in a drawing that is passed on */
} canvas;

static void add_spaces(canvas *c, int n)
{
	heed__sink_repeat(&c->sink, " ", n);
}

/* A text in exactly `room` columns, at their right or left end; too long ones are cut. */
static void add_cell(canvas *c, const char *text, int room, bool right)
{
	const int cells = heed__label_cells(text), most = cells > room ? room - 1 : room;
	int used = 0;
	heed__glyph g;
	size_t at = 0;

	if (right && cells < room)
		add_spaces(c, room - cells);
	while (heed__label_glyph(text, &at, &g) && used + g.cells <= most) {
		heed__sink_add(&c->sink, g.text, g.len);
		used += g.cells;
	}
	if (cells > room) {
		heed__sink_text(&c->sink, "\xE2\x80\xA6");
		used++;
	}
	if (!right || cells > room)
		add_spaces(c, room - used);
}

/* All of a text on this line, controls made visible. */
static void add_text(canvas *c, const char *text)
{
	add_cell(c, text, heed__label_cells(text), false);
}

/* Words, wrapped; the line has `at` columns already. A word wider than a line is cut. */
static void add_words(canvas *c, const char *text, int at)
{
	char word[WORD_TEXT];

	for (bool first = true; *text != '\0'; first = false) {
		const size_t length = strcspn(text, " ");
		int cells;

		snprintf(word, sizeof word, "%.*s", (int)length, text);
		cells = heed__label_cells(word);
		cells = cells < c->width - INDENT ? cells : c->width - INDENT;
		if (!first && at + 1 + cells > c->width) {
			heed__sink_text(&c->sink, "\n");
			add_spaces(c, INDENT);
			at = INDENT;
		} else if (!first) {
			add_spaces(c, 1);
			at++;
		}
		add_cell(c, word, cells, false);
		at += cells;
		text += length + (text[length] == ' ');
	}
	heed__sink_text(&c->sink, "\n");
}

static void add_title(canvas *c, int number, const char *title)
{
	heed__sink_format(&c->sink, "\n%s%d. ", c->view.bold ? "\033[1m" : "", number);
	add_text(c, title);
	heed__sink_text(&c->sink, c->view.bold ? "\033[0m\n" : "\n");
}

static void add_formula(canvas *c, const char *formula)
{
	while (*formula != '\0') {
		const size_t length = strcspn(formula, "\n");

		add_spaces(c, INDENT + 2);
		heed__sink_add(&c->sink, formula, length);
		heed__sink_text(&c->sink, "\n");
		formula += length + (formula[length] == '\n');
	}
}

/* --- tables --- */

static int widest_label(const heed_explain_table *t)
{
	int most = 0;

	for (int i = 0; i < t->rows; i++) {
		const int cells = heed__label_cells(t->row_labels[i]);

		most = cells > most ? cells : most;
	}
	return most < LABEL_MOST ? most : LABEL_MOST;
}

static int column_width(const heed_explain_table *t, int col)
{
	char text[CELL_TEXT];
	int most = t->col_labels != NULL ? heed__label_cells(t->col_labels[col]) : 0;

	for (int i = 0; i < t->rows; i++) {
		const int cells = heed__label_cells(heed__explain_cell(t, i, col, text, sizeof text));

		most = cells > most ? cells : most;
	}
	return (most < HEAD_MOST ? most : HEAD_MOST) + GAP;
}

/* The columns of vectors, of which `shown` are shown, are all as wide as the widest. */
static int vector_width(const heed_explain_table *t, int shown)
{
	int most = 0;

	for (int i = 0; i < shown; i++) {
		const int width = column_width(t, i);

		most = width > most ? width : most;
	}
	return most;
}

/* Words in the last column begin where it does, and have no end. */
static bool is_open(const heed_explain_table *t, int col)
{
	return t->words != NULL && col == t->cols - 1;
}

/* How many columns from `first` on find room; at least one. */
static int fitting(const canvas *c, const heed_explain_table *t, int first, int label, int end)
{
	int used = INDENT + label, n = 0;

	while (first + n < end) {
		used += column_width(t, first + n);
		if (n > 0 && used > c->width)
			break;
		n++;
	}
	return n;
}

static void add_column(canvas *c, const char *text, int width, bool open)
{
	if (open && text[0] == '\0')
		return;
	add_spaces(c, GAP);
	if (open)
		add_text(c, text);
	else
		add_cell(c, text, width - GAP, true);
}

/* Columns [first, first + count); `more`: there are some that are not shown. */
static void add_part(canvas *c, const heed_explain_table *t, int first, int count, int label, bool more)
{
	const int same = t->col_labels == NULL ? vector_width(t, count) : 0;
	char text[CELL_TEXT];

	for (int row = t->col_labels != NULL ? -1 : 0; row < t->rows; row++) {
		add_spaces(c, INDENT);
		add_cell(c, row < 0 ? "" : t->row_labels[row], label, false);
		for (int i = first; i < first + count; i++)
			add_column(c,
				   row < 0 ? t->col_labels[i]
					   : heed__explain_cell(t, row, i, text, sizeof text),
				   same > 0 ? same : column_width(t, i), is_open(t, i));
		heed__sink_text(&c->sink, more ? " ...\n" : "\n");
	}
}

/* Passes a drawing on, moved to the right. */
static heed_code indented(void *user, const char *bytes, size_t n)
{
	canvas *const c = user;

	for (size_t i = 0; i < n; i++) {
		if (c->line_begins && bytes[i] != '\n')
			add_spaces(c, INDENT);
		c->line_begins = bytes[i] == '\n';
		heed__sink_add(&c->sink, bytes + i, 1);
	}
	return HEED_OK;
}

static void add_map(canvas *c, const heed_explain_table *t)
{
	const heed_attention_map map = {.name = t->title,
					.head = -1,
					.rows = t->rows,
					.cols = t->cols,
					.row_labels = t->row_labels,
					.col_labels = t->col_labels,
					.weights = t->values};
	const heed_view_terminal_options view = {c->view.terminal.paint, c->width - INDENT};
	heed_code code;

	c->line_begins = true;
	code = heed_view_terminal(c->ctx, &map, &view, indented, c);
	if (code != HEED_OK && c->sink.code == HEED_OK)
		c->sink.code = code;
}

static void add_table(canvas *c, const heed_explain_table *t)
{
	const int label = widest_label(t);
	const int columns = c->view.columns > 0 ? c->view.columns : COLUMNS;
	const int shown = t->col_labels == NULL && columns < t->cols ? columns : t->cols;
	int count;

	heed__sink_text(&c->sink, "\n");
	if (t->weights) {
		add_map(c, t);
		return;
	}
	add_spaces(c, INDENT);
	add_text(c, t->title);
	heed__sink_format(&c->sink, t->col_labels == NULL ? "  [%d, %d]\n" : "\n", t->rows, t->cols);
	for (int first = 0; first < shown; first += count) {
		count = t->col_labels != NULL ? fitting(c, t, first, label, shown) : shown;
		if (first > 0)
			heed__sink_text(&c->sink, "\n");
		add_part(c, t, first, count, label, shown < t->cols);
	}
}

/* What is explained, on the first line. */
static void add_text_and_target(canvas *c, const heed_explanation *e)
{
	heed__sink_format(&c->sink, "%s: ", e->family);
	add_words(c, e->text, (int)strlen(e->family) + 2);
	if (e->target != NULL) {
		heed__sink_text(&c->sink, "-> ");
		add_words(c, e->target, INDENT);
	}
}

heed_code heed_explain_terminal(heed_ctx *ctx, const heed_explanation *e, const heed_explain_view *view,
				heed_write_fn *write, void *user)
{
	canvas c = {.sink = heed__sink_open(ctx, write, user), .ctx = ctx};
	int number = 0;

	if (view != NULL)
		c.view = *view;
	c.width = c.view.terminal.width > 0 ? c.view.terminal.width : WIDTH;
	c.width = c.width > NARROWEST ? c.width : NARROWEST;
	add_text_and_target(&c, e);
	for (const heed_explain_step *s = e->steps; s != NULL; s = s->next) {
		add_title(&c, ++number, s->title);
		add_spaces(&c, INDENT);
		add_words(&c, s->what, INDENT);
		if (s->formula != NULL)
			add_formula(&c, s->formula);
		for (const heed_explain_table *t = s->tables; t != NULL; t = t->next)
			add_table(&c, t);
	}
	return heed__sink_close(&c.sink);
}
