/* Reports: what was found, kept until it is written down. */
#include "view/view_report.h"

#include "base/strbuf.h"
#include "view/view_plot.h"
#include "view/view_sink.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

heed_mean heed_mean_of(const double *values, int count)
{
	heed_mean m = {0, 0, 0};
	double squares = 0;

	for (int i = 0; i < count; i++)
		if (isfinite(values[i])) {
			m.mean += values[i];
			m.count++;
		}
	m.mean = m.count > 0 ? m.mean / m.count : NAN;
	for (int i = 0; i < count; i++)
		if (isfinite(values[i]))
			squares += (values[i] - m.mean) * (values[i] - m.mean);
	m.deviation = m.count > 1 ? sqrt(squares / (m.count - 1)) : NAN;
	return m;
}

const char *heed_finding_name(heed_finding finding)
{
	return finding == HEED_FOUND_SO ? "held" : finding == HEED_FOUND_NOT_SO ? "did not hold" : "open";
}

heed_report *heed_report_new(heed_ctx *ctx, const char *title)
{
	heed_report *const r = heed__calloc(ctx, 1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->ctx = ctx;
	heed__arena_init(&r->memory, ctx, false);
	r->title = heed__strdup(ctx, title);
	if (r->title != NULL)
		return r;
	heed_report_free(r);
	return NULL;
}

void heed_report_free(heed_report *r)
{
	if (r == NULL)
		return;
	heed__free(r->ctx, (void *)(uintptr_t)r->title);
	heed__arena_release(&r->memory);
	heed__free(r->ctx, r);
}

heed_code heed_report_code(const heed_report *r)
{
	return r != NULL ? r->code : HEED_E_MEMORY;
}

/* --- copies --- */

static bool working(const heed_report *r)
{
	return r != NULL && r->code == HEED_OK;
}

/* Cleared; NULL: out of memory, which the report remembers. */
static void *get(heed_report *r, size_t n)
{
	void *const p = heed__arena_alloc(&r->memory, n > 0 ? n : 1);

	if (p == NULL)
		r->code = HEED_E_MEMORY;
	else
		memset(p, 0, n > 0 ? n : 1);
	return p;
}

static const char *copy_text(heed_report *r, const char *text)
{
	const size_t n = text != NULL ? strlen(text) + 1 : 0;
	char *const copy = n > 0 ? get(r, n) : NULL;

	return copy != NULL ? memcpy(copy, text, n) : NULL;
}

static const double *copy_numbers(heed_report *r, const double *values, int count)
{
	const size_t n = (size_t)count * sizeof *values;
	double *const copy = values != NULL ? get(r, n) : NULL;

	return copy != NULL && n > 0 ? memcpy(copy, values, n) : copy;
}

static const char *print(heed_report *r, const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = get(r, (size_t)(n > 0 ? n : 0) + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, fmt, args);
	return text;
}

/* --- parts --- */

static heed__report_part *add_part(heed_report *r, heed__report_kind kind, const char *name, const char *text)
{
	heed__report_part *const p = get(r, sizeof *p);

	if (p == NULL)
		return NULL;
	*p = (heed__report_part){.kind = kind, .name = copy_text(r, name), .text = text};
	if (r->last != NULL)
		r->last->next = p;
	else
		r->parts = p;
	r->last = p;
	return p;
}

void heed_report_section(heed_report *r, const char *name, const char *title)
{
	if (working(r) && add_part(r, HEED__REPORT_SECTION, name, copy_text(r, title)) != NULL)
		r->sections++;
}

void heed_report_text(heed_report *r, const char *fmt, ...)
{
	va_list args;

	if (!working(r))
		return;
	va_start(args, fmt);
	add_part(r, HEED__REPORT_TEXT, NULL, print(r, fmt, args));
	va_end(args);
}

void heed_report_finding(heed_report *r, heed_finding finding, const char *fmt, ...)
{
	heed__report_part *p;
	va_list args;

	if (!working(r))
		return;
	va_start(args, fmt);
	p = add_part(r, HEED__REPORT_FINDING, NULL, print(r, fmt, args));
	va_end(args);
	if (p != NULL)
		p->finding = finding;
}

void heed_report_table(heed_report *r, const char *title, const char *first, const heed_column *columns,
		       int count)
{
	heed__report_part *p;
	heed__report_table *t;

	if (!working(r))
		return;
	p = add_part(r, HEED__REPORT_TABLE, NULL, copy_text(r, title));
	t = p != NULL ? get(r, sizeof *t) : NULL;
	if (t == NULL)
		return;
	p->table = t;
	t->title = p->text;
	t->first = copy_text(r, first);
	t->columns = get(r, (size_t)count * sizeof *columns);
	for (int i = 0; t->columns != NULL && i < count; i++)
		t->columns[i] = (heed_column){copy_text(r, columns[i].name), columns[i].digits};
	t->count = t->columns != NULL ? count : 0;
}

/* The table that is being filled; NULL is an error of the caller. */
static heed__report_table *open_table(heed_report *r)
{
	if (r->last != NULL && r->last->table != NULL)
		return r->last->table;
	r->code = heed__error(r->ctx, HEED_E_ARGUMENT, "report: expected a table before its rows");
	return NULL;
}

void heed_report_row(heed_report *r, const char *name)
{
	heed__report_table *const t = working(r) ? open_table(r) : NULL;
	heed__report_row *const row = t != NULL ? get(r, sizeof *row) : NULL;

	if (row == NULL)
		return;
	row->name = copy_text(r, name);
	if (t->last != NULL)
		t->last->next = row;
	else
		t->rows = row;
	t->last = row;
}

/* NULL: there is no row with room for it. */
static heed__report_cell *add_cell(heed_report *r)
{
	heed__report_table *const t = working(r) ? open_table(r) : NULL;
	heed__report_cell *cell;

	if (t == NULL)
		return NULL;
	if (t->last == NULL || t->last->count == t->count) {
		r->code = heed__error(r->ctx, HEED_E_ARGUMENT, "report: a row has at most %d cells",
				      t->last != NULL ? t->count : 0);
		return NULL;
	}
	cell = get(r, sizeof *cell);
	if (cell == NULL)
		return NULL;
	if (t->last->last != NULL)
		t->last->last->next = cell;
	else
		t->last->cells = cell;
	t->last->last = cell;
	t->last->count++;
	return cell;
}

void heed_report_numbers(heed_report *r, const double *values, int count)
{
	heed__report_cell *const cell = add_cell(r);

	if (cell == NULL)
		return;
	cell->values = copy_numbers(r, values, count);
	cell->count = cell->values != NULL ? count : 0;
	cell->mean = heed_mean_of(cell->values, cell->count);
}

void heed_report_words(heed_report *r, const char *fmt, ...)
{
	heed__report_cell *const cell = add_cell(r);
	va_list args;

	if (cell == NULL)
		return;
	va_start(args, fmt);
	cell->words = print(r, fmt, args);
	va_end(args);
}

/* --- plots --- */

static void copy_names(heed_report *r, heed_plot *to, const heed_plot *from)
{
	const char **const names = get(r, (size_t)from->x_name_count * sizeof *names);

	for (int i = 0; names != NULL && i < from->x_name_count; i++)
		names[i] = copy_text(r, from->x_names[i]);
	to->x_names = names;
}

static const heed_plot *copy_plot(heed_report *r, const heed_plot *plot)
{
	heed_plot *const copy = get(r, sizeof *copy);
	heed_series *const series = get(r, (size_t)plot->count * sizeof *series);

	if (copy == NULL || series == NULL)
		return NULL;
	*copy = *plot;
	copy->title = copy_text(r, plot->title);
	copy->x_label = copy_text(r, plot->x_label);
	copy->y_label = copy_text(r, plot->y_label);
	if (plot->x_names != NULL)
		copy_names(r, copy, plot);
	for (int k = 0; k < plot->count; k++) {
		const heed_series *const s = &plot->series[k];

		series[k] =
			(heed_series){copy_text(r, s->name), s->count, copy_numbers(r, s->x, s->count),
				      copy_numbers(r, s->y, s->count), copy_numbers(r, s->spread, s->count)};
	}
	copy->series = series;
	return copy;
}

void heed_report_plot(heed_report *r, const char *name, const heed_plot *plot)
{
	heed__report_part *p;

	if (!working(r))
		return;
	r->code = heed__plot_check(r->ctx, plot);
	p = working(r) ? add_part(r, HEED__REPORT_PLOT, name, copy_text(r, plot->title)) : NULL;
	if (p == NULL)
		return;
	p->plot = copy_plot(r, plot);
	r->plots++;
}

int heed_report_plots(const heed_report *r)
{
	return r != NULL ? r->plots : 0;
}

static const heed__report_part *plot_at(const heed_report *r, int index)
{
	for (const heed__report_part *p = r->parts; p != NULL; p = p->next)
		if (p->kind == HEED__REPORT_PLOT && index-- == 0)
			return p;
	return NULL;
}

const char *heed_report_plot_name(const heed_report *r, int index)
{
	const heed__report_part *const p = plot_at(r, index);

	return p != NULL ? p->name : NULL;
}

heed_code heed_report_plot_svg(const heed_report *r, int index, heed_write_fn *write, void *user)
{
	const heed__report_part *const p = heed_report_code(r) == HEED_OK ? plot_at(r, index) : NULL;

	if (p != NULL)
		return heed_plot_svg(r->ctx, p->plot, write, user);
	return heed_report_code(r) != HEED_OK
		       ? heed_report_code(r)
		       : heed__error(r->ctx, HEED_E_ARGUMENT, "report: there is no plot %d among %d", index,
				     r->plots);
}

/* --- what the writers share --- */

const heed__report_part *heed__report_finding_of(const heed__report_part *section)
{
	for (const heed__report_part *p = section->next; p != NULL && p->kind != HEED__REPORT_SECTION;
	     p = p->next)
		if (p->kind == HEED__REPORT_FINDING)
			return p;
	return NULL;
}

const heed__report_cell *heed__report_cell_at(const heed__report_row *row, int i)
{
	const heed__report_cell *cell = row->cells;

	while (cell != NULL && i-- > 0)
		cell = cell->next;
	return cell;
}

bool heed__report_has_words(const heed__report_table *t, int i)
{
	for (const heed__report_row *row = t->rows; row != NULL; row = row->next) {
		const heed__report_cell *const cell = heed__report_cell_at(row, i);

		if (cell != NULL && cell->words != NULL)
			return true;
	}
	return false;
}

/* Digits behind the point that show so many digits of x. */
static int decimals(double x, int digits)
{
	const int power = x != 0 ? (int)floor(log10(fabs(x)) + 1e-9) : 0;
	const int n = digits - 1 - power;

	return n < 0 ? 0 : n > 9 ? 9 : n;
}

static bool plain(double x)
{
	return x == 0 || (fabs(x) >= 1e-4 && fabs(x) < 1e15);
}

static void add_cell_text(heed__sink *s, const heed_mean *m, int digits)
{
	const int places = digits >= 0 ? digits : decimals(m->mean, -digits);

	if (plain(m->mean))
		heed__sink_fixed(s, m->mean, places);
	else
		heed__plot_number(s, m->mean);
	if (m->count < 2)
		return;
	heed__sink_text(s, " \xC2\xB1 ");
	if (plain(m->mean))
		heed__sink_fixed(s, m->deviation, places);
	else
		heed__plot_number(s, m->deviation);
}

void heed__report_cell_text(heed_ctx *ctx, const heed__report_cell *cell, const heed_column *column,
			    char *out, size_t size)
{
	heed__sink s;

	if (cell->words != NULL || cell->mean.count == 0) {
		snprintf(out, size, "%s", cell->words != NULL ? cell->words : "");
		return;
	}
	s = heed__sink_open(ctx, NULL, NULL); /* so little is never written on */
	add_cell_text(&s, &cell->mean, column->digits);
	snprintf(out, size, "%s", s.buffer.data);
	heed__str_release(&s.buffer);
}
