/* Explanations as a stand-alone page without script. Numbers are shaded: weights and probabilities by themselves, those
 * of vectors by how far they are from zero. */
#include "view/explain_build.h"
#include "view/view_sink.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 12, CELL_TEXT = 64 };

static const char style[] =
	":root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fff; --card: #f4f6f9;\n"
	"  --line: #d5dce4; --more: #e4572e; --less: #2e7be4 }\n"
	"@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --paper: #12141b;\n"
	"  --card: #1b1e28; --line: #323848; --more: #e0643c; --less: #4f8fe6 } }\n"
	"* { box-sizing: border-box }\n"
	"body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1080px; background: var(--paper);\n"
	"  color: var(--ink);\n"
	"  font: 16px/1.55 ui-sans-serif, system-ui, 'Segoe UI', 'Noto Sans', Arial, sans-serif }\n"
	"h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere }\n"
	"h1 + p { color: var(--soft); margin: 0 0 16px }\n"
	"h2 { font-size: 19px; line-height: 1.3; margin: 0 0 6px }\n"
	"section { border-top: 1px solid var(--line); padding: 22px 0 10px }\n"
	"p { margin: 6px 0; max-width: 70ch }\n"
	"pre { background: var(--card); border-radius: 8px; padding: 8px 14px; margin: 10px 0;\n"
	"  overflow-x: auto; font: 14px/1.6 ui-monospace, 'DejaVu Sans Mono', monospace }\n"
	"nav ol { columns: 2; padding-left: 24px; margin: 12px 0 24px }\n"
	"a { color: inherit }\n"
	".tables { display: flex; flex-wrap: wrap; gap: 12px 36px }\n"
	".table { overflow-x: auto; max-width: 100% }\n"
	"table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }\n"
	"caption { text-align: left; font-weight: 600; padding: 6px 0; white-space: nowrap }\n"
	"caption small { font-weight: 400; color: var(--soft) }\n"
	"th, td { padding: 3px 8px; text-align: right; white-space: pre; border: 1px solid var(--line) }\n"
	"th { font-weight: 500; background: var(--card) }\n"
	"th:first-child { text-align: left }\n"
	"td { background: color-mix(in srgb, var(--hue, transparent) calc(var(--s, 0) * 70%), transparent) "
	"}\n"
	"td.more { --hue: var(--more) } td.less { --hue: var(--less) }\n"
	"td.words { text-align: left }\n"
	"td.rest { border: 0; color: var(--soft) }\n";

static void add_element(heed__sink *s, const char *open, const char *text, const char *close)
{
	heed__sink_text(s, open);
	heed__sink_xml(s, text);
	heed__sink_text(s, close);
}

static void add_head(heed__sink *s, const heed_explanation *e)
{
	heed__sink_text(s, "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
			   "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
			   "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
			   "style-src 'unsafe-inline'\">\n<style>\n");
	heed__sink_text(s, style);
	add_element(s, "</style>\n<title>", e->text, "</title>\n</head>\n<body>\n");
	add_element(s, "<h1>", e->text, "");
	if (e->target != NULL)
		add_element(s, " \xE2\x86\x92 ", e->target, "");
	add_element(s, "</h1>\n<p>One pass of a model of the family ", e->family, ", step by step.</p>\n");
}

static void add_contents(heed__sink *s, const heed_explanation *e)
{
	heed__sink_text(s, "<nav><ol>\n");
	for (const heed_explain_step *step = e->steps; step != NULL; step = step->next) {
		add_element(s, "<li><a href='#", step->name, "'>");
		add_element(s, "", step->title, "</a></li>\n");
	}
	heed__sink_text(s, "</ol></nav>\n");
}

/* What is shaded fully: the largest number of a table whose columns are of one kind. 0: nothing is shaded. */
static double largest(const heed_explain_table *t)
{
	double most = 0;

	if (t->weights || t->whole > 0 || t->shares > 0)
		return 0;
	for (size_t i = 0; i < (size_t)t->rows * (size_t)t->cols; i++)
		if (isfinite(t->values[i]) && fabs((double)t->values[i]) > most)
			most = fabs((double)t->values[i]);
	return most;
}

static void add_cell(heed__sink *s, const heed_explain_table *t, int row, int col, double most)
{
	const double x = (double)t->values[(size_t)row * (size_t)t->cols + (size_t)col];
	char text[CELL_TEXT];

	if (t->weights || col < t->shares)
		most = 1;
	if (t->words != NULL && t->words[(size_t)row * (size_t)t->cols + (size_t)col] != NULL) {
		heed__sink_text(s, "<td class='words'>");
	} else if (most > 0 && isfinite(x) && fabs(x) / most >= 0.005) {
		heed__sink_format(s, "<td class='%s' style='--s:", x < 0 ? "less" : "more");
		heed__sink_fixed(s, fabs(x) / most, 2);
		heed__sink_text(s, "'>");
	} else {
		heed__sink_text(s, "<td>");
	}
	heed__sink_xml(s, heed__explain_cell(t, row, col, text, sizeof text));
	heed__sink_text(s, "</td>");
}

static void add_heads(heed__sink *s, const heed_explain_table *t)
{
	if (t->col_labels == NULL)
		return;
	heed__sink_text(s, "<thead><tr><th></th>");
	for (int i = 0; i < t->cols; i++)
		add_element(s, "<th scope='col'>", t->col_labels[i], "</th>");
	heed__sink_text(s, "</tr></thead>\n");
}

static void add_table(heed__sink *s, const heed_explain_table *t, int columns)
{
	const int shown = t->col_labels == NULL && columns < t->cols ? columns : t->cols;
	const double most = largest(t);

	add_element(s, "<div class='table'><table>\n<caption>", t->title, "");
	if (t->col_labels == NULL)
		heed__sink_format(s, " <small>%d \xC3\x97 %d</small>", t->rows, t->cols);
	heed__sink_text(s, "</caption>\n");
	add_heads(s, t);
	heed__sink_text(s, "<tbody>\n");
	for (int row = 0; row < t->rows; row++) {
		add_element(s, "<tr><th scope='row'>", t->row_labels[row], "</th>");
		for (int i = 0; i < shown; i++)
			add_cell(s, t, row, i, most);
		heed__sink_text(s, shown < t->cols ? "<td class='rest'>\xE2\x80\xA6</td></tr>\n" : "</tr>\n");
	}
	heed__sink_text(s, "</tbody></table></div>\n");
}

static void add_step(heed__sink *s, const heed_explain_step *step, int number, int columns)
{
	add_element(s, "<section id='", step->name, "'>\n");
	heed__sink_format(s, "<h2>%d. ", number);
	add_element(s, "", step->title, "</h2>\n");
	add_element(s, "<p>", step->what, "</p>\n");
	if (step->formula != NULL) {
		heed__sink_text(s, "<pre>");
		for (const char *line = step->formula; *line != '\0';) {
			const size_t length = strcspn(line, "\n");
			char text[160];

			snprintf(text, sizeof text, "%.*s", (int)length, line);
			add_element(s, line > step->formula ? "\n" : "", text, "");
			line += length + (line[length] == '\n');
		}
		heed__sink_text(s, "</pre>\n");
	}
	heed__sink_text(s, "<div class='tables'>\n");
	for (const heed_explain_table *t = step->tables; t != NULL; t = t->next)
		add_table(s, t, columns);
	heed__sink_text(s, "</div>\n</section>\n");
}

heed_code heed_explain_html(heed_ctx *ctx, const heed_explanation *e, const heed_explain_view *view,
			    heed_write_fn *write, void *user)
{
	const int columns = view != NULL && view->columns > 0 ? view->columns : COLUMNS;
	heed__sink s = heed__sink_open(ctx, write, user);
	int number = 0;

	add_head(&s, e);
	add_contents(&s, e);
	for (const heed_explain_step *step = e->steps; step != NULL; step = step->next)
		add_step(&s, step, ++number, columns);
	heed__sink_text(&s, "</body>\n</html>\n");
	return heed__sink_close(&s);
}
