/* A report as plain text and as JSON. */
#include "view/view_label.h"
#include "view/view_report.h"
#include "view/view_sink.h"

#include <string.h>

enum { CELL_TEXT = 512, INDENT = 2 };

/* --- text --- */

/* Controls made visible. */
static void add_shown(heed__sink *s, const char *text, size_t len)
{
	heed__glyph g;

	for (size_t at = 0; at < len && heed__label_glyph(text, &at, &g);)
		heed__sink_text(s, g.text);
}

/* Words up to `width` columns a line, behind what fills the first `column` already. */
static void add_wrapped(heed__sink *s, const char *text, int column, int width)
{
	while (*(text += strspn(text, " \n")) != '\0') {
		const size_t len = strcspn(text, " \n");
		char word[256];
		int cells;

		memcpy(word, text, len < sizeof word ? len : sizeof word - 1);
		word[len < sizeof word ? len : sizeof word - 1] = '\0';
		cells = heed__label_cells(word);
		if (column > 0 && column + 1 + cells > width) {
			heed__sink_text(s, "\n");
			column = 0;
		}
		if (column > 0)
			heed__sink_text(s, " ");
		add_shown(s, text, len);
		column += cells + (column > 0);
		text += len;
	}
	heed__sink_text(s, "\n");
}

static const char *cell_text(const heed_report *r, const heed__report_table *t, const heed__report_row *row,
			     int i, char *text)
{
	const heed__report_cell *const cell = heed__report_cell_at(row, i);

	text[0] = '\0';
	if (cell != NULL)
		heed__report_cell_text(r->ctx, cell, &t->columns[i], text, CELL_TEXT);
	return text;
}

static void add_padded(heed__sink *s, const char *text, int width, bool left)
{
	const int pad = width - heed__label_cells(text);

	if (!left)
		heed__sink_repeat(s, " ", pad);
	add_shown(s, text, strlen(text));
	if (left)
		heed__sink_repeat(s, " ", pad);
}

/* What column i of a line says; row NULL: the heads of the columns. */
static const char *line_text(const heed_report *r, const heed__report_table *t, const heed__report_row *row,
			     int i, char *text)
{
	const char *const said = row == NULL ? (i < 0 ? t->first : t->columns[i].name)
				 : i < 0     ? row->name
					     : cell_text(r, t, row, i, text);

	return said != NULL ? said : "";
}

/* Columns of the terminal that column i takes; -1 is the first one. */
static int column_width(const heed_report *r, const heed__report_table *t, int i)
{
	char text[CELL_TEXT];
	int most = heed__label_cells(line_text(r, t, NULL, i, text));

	for (const heed__report_row *row = t->rows; row != NULL; row = row->next) {
		const int cells = heed__label_cells(line_text(r, t, row, i, text));

		most = cells > most ? cells : most;
	}
	return most;
}

static void add_line(heed__sink *s, const heed_report *r, const heed__report_table *t,
		     const heed__report_row *row, const int *widths)
{
	char text[CELL_TEXT];
	int last = t->count - 1; /* column that says something */

	while (last >= 0 && *line_text(r, t, row, last, text) == '\0')
		last--;
	for (int i = -1; i <= last; i++) {
		const bool left = i < 0 || heed__report_has_words(t, i); /* as names are */

		heed__sink_repeat(s, " ", INDENT);
		add_padded(s, line_text(r, t, row, i, text), left && i == last ? 0 : widths[i + 1], left);
	}
	heed__sink_text(s, "\n");
}

static heed_code add_table(heed__sink *s, const heed_report *r, const heed__report_table *t)
{
	int *const widths = heed__calloc(r->ctx, (size_t)t->count + 1, sizeof *widths);

	if (widths == NULL)
		return HEED_E_MEMORY;
	for (int i = -1; i < t->count; i++)
		widths[i + 1] = column_width(r, t, i);
	add_shown(s, t->title, strlen(t->title));
	heed__sink_text(s, ":\n");
	add_line(s, r, t, NULL, widths);
	for (const heed__report_row *row = t->rows; row != NULL; row = row->next)
		add_line(s, r, t, row, widths);
	heed__free(r->ctx, widths);
	return HEED_OK;
}

static heed_code add_part(heed__sink *s, const heed_report *r, const heed__report_part *p, int width)
{
	int column = 0;

	if (p->kind == HEED__REPORT_PLOT)
		return HEED_OK;
	if (p != r->parts)
		heed__sink_text(s, "\n");
	if (p->kind == HEED__REPORT_TABLE)
		return add_table(s, r, p->table);
	if (p->kind == HEED__REPORT_FINDING) {
		heed__sink_text(s, heed_finding_name(p->finding));
		heed__sink_text(s, ":");
		column = (int)strlen(heed_finding_name(p->finding)) + 1;
	}
	add_wrapped(s, p->text, column, width);
	if (p->kind == HEED__REPORT_SECTION) {
		heed__sink_repeat(s, "-",
				  heed__label_cells(p->text) < width ? heed__label_cells(p->text) : width);
		heed__sink_text(s, "\n");
	}
	return HEED_OK;
}

heed_code heed_report_terminal(const heed_report *r, int width, heed_write_fn *write, void *user)
{
	heed_code code = heed_report_code(r), closed;
	heed__sink s;

	if (code != HEED_OK)
		return code;
	s = heed__sink_open(r->ctx, write, user);
	for (const heed__report_part *p = r->parts; p != NULL && code == HEED_OK; p = p->next)
		code = add_part(&s, r, p, width > 0 ? width : 80);
	closed = heed__sink_close(&s);
	return code != HEED_OK ? code : closed;
}

/* --- JSON --- */

static void numbers(heed_json *w, const char *key, const double *values, int count)
{
	heed_json_array(w, key);
	for (int i = 0; values != NULL && i < count; i++)
		heed_json_double(w, NULL, values[i]);
	heed_json_end(w);
}

static void json_cell(heed_json *w, const char *column, const heed__report_cell *cell)
{
	if (cell == NULL || cell->words != NULL) {
		heed_json_string(w, column, cell != NULL ? cell->words : NULL);
		return;
	}
	heed_json_object(w, column);
	heed_json_double(w, "mean", cell->mean.mean);
	heed_json_double(w, "deviation", cell->mean.deviation);
	numbers(w, "values", cell->values, cell->count);
	heed_json_end(w);
}

static void json_table(heed_json *w, const heed__report_table *t)
{
	heed_json_object(w, NULL);
	heed_json_string(w, "title", t->title);
	heed_json_array(w, "rows");
	for (const heed__report_row *row = t->rows; row != NULL; row = row->next) {
		heed_json_object(w, NULL);
		heed_json_string(w, "name", row->name);
		for (int i = 0; i < t->count; i++)
			json_cell(w, t->columns[i].name, heed__report_cell_at(row, i));
		heed_json_end(w);
	}
	heed_json_end(w);
	heed_json_end(w);
}

static void json_plot(heed_json *w, const char *name, const heed_plot *p)
{
	heed_json_object(w, NULL);
	heed_json_string(w, "name", name);
	heed_json_string(w, "title", p->title);
	heed_json_string(w, "x", p->x_label);
	heed_json_string(w, "y", p->y_label);
	heed_json_array(w, "series");
	for (int k = 0; k < p->count; k++) {
		const heed_series *const s = &p->series[k];

		heed_json_object(w, NULL);
		heed_json_string(w, "name", s->name);
		numbers(w, "x", s->x, s->count);
		numbers(w, "y", s->y, s->count);
		numbers(w, "spread", s->spread, s->spread != NULL ? s->count : 0);
		heed_json_end(w);
	}
	heed_json_end(w);
	heed_json_end(w);
}

/* The parts of one kind between a section and the next one. */
static void json_parts(heed_json *w, const char *key, heed__report_kind kind,
		       const heed__report_part *section)
{
	heed_json_array(w, key);
	for (const heed__report_part *p = section->next; p != NULL && p->kind != HEED__REPORT_SECTION;
	     p = p->next) {
		if (p->kind != kind)
			continue;
		if (kind == HEED__REPORT_TEXT)
			heed_json_string(w, NULL, p->text);
		else if (kind == HEED__REPORT_TABLE)
			json_table(w, p->table);
		else
			json_plot(w, p->name, p->plot);
	}
	heed_json_end(w);
}

static void json_section(heed_json *w, const heed__report_part *section)
{
	const heed__report_part *const f = heed__report_finding_of(section);

	heed_json_object(w, NULL);
	heed_json_string(w, "name", section->name);
	heed_json_string(w, "title", section->text);
	heed_json_string(w, "finding", f != NULL ? heed_finding_name(f->finding) : NULL);
	heed_json_string(w, "sentence", f != NULL ? f->text : NULL);
	json_parts(w, "texts", HEED__REPORT_TEXT, section);
	json_parts(w, "tables", HEED__REPORT_TABLE, section);
	json_parts(w, "plots", HEED__REPORT_PLOT, section);
	heed_json_end(w);
}

heed_code heed_report_json(const heed_report *r, heed_json *w)
{
	if (heed_report_code(r) != HEED_OK)
		return heed_report_code(r);
	heed_json_object(w, NULL);
	heed_json_string(w, "title", r->title);
	heed_json_array(w, "sections");
	for (const heed__report_part *p = r->parts; p != NULL; p = p->next)
		if (p->kind == HEED__REPORT_SECTION)
			json_section(w, p);
	heed_json_end(w);
	heed_json_end(w);
	return w->code;
}
