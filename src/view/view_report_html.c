/* A report as a stand-alone page without script. */
#include "view/view_plot.h"
#include "view/view_report.h"

#include <string.h>

enum { CELL_TEXT = 512 };

static const char style[] =
	":root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fff; --card: #f4f6f9;\n"
	"  --line: #d5dce4; --good: #08745a; --bad: #b3401c; --open: #8a6500 }\n"
	"@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --paper: #12141b;\n"
	"  --card: #1b1e28; --line: #323848; --good: #4ccaa5; --bad: #ff9168; --open: #e7bd4a } }\n"
	"* { box-sizing: border-box }\n"
	"body { margin: 0 auto; padding: 32px 24px 64px; max-width: 960px; background: var(--paper);\n"
	"  color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, 'Segoe UI', 'Noto Sans', Arial, "
	"sans-serif }\n"
	"h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px }\n"
	"h2 { font-size: 20px; line-height: 1.3; margin: 48px 0 8px; padding-top: 16px;\n"
	"  border-top: 1px solid var(--line) }\n"
	"p { margin: 8px 0 }\n"
	"nav ol { padding-left: 24px }\n"
	"nav b, .finding b { font-size: 13px; letter-spacing: .02em; border: 1px solid; border-radius: 6px;\n"
	"  padding: 1px 7px; margin-right: 6px; white-space: nowrap }\n"
	".held b, b.held { color: var(--good) } .not b, b.not { color: var(--bad) } .open b, b.open { color: "
	"var(--open) }\n"
	".finding { background: var(--card); border-left: 4px solid var(--line); border-radius: 4px;\n"
	"  padding: 10px 14px; margin: 14px 0 }\n"
	".held.finding { border-color: var(--good) } .not.finding { border-color: var(--bad) }\n"
	".open.finding { border-color: var(--open) }\n"
	"a { color: inherit }\n"
	".table { overflow-x: auto; margin: 16px 0 }\n"
	"table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }\n"
	"caption { text-align: left; font-weight: 600; padding: 0 0 6px }\n"
	"th, td { padding: 4px 0 4px 18px; text-align: right; border-bottom: 1px solid var(--line);\n"
	"  white-space: nowrap }\n"
	"th:first-child { text-align: left; padding-left: 0 }\n"
	"td.words, th.words { text-align: left; white-space: normal }\n"
	"thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; white-space: normal }\n"
	"tbody th { font-weight: 500 }\n"
	"figure { margin: 20px 0; overflow-x: auto }\n"
	"svg.heed-plot { display: block; max-width: 100%; height: auto }\n";

static const char *finding_class(heed_finding f)
{
	return f == HEED_FOUND_SO ? "held" : f == HEED_FOUND_NOT_SO ? "not" : "open";
}

static void add_element(heed__sink *s, const char *open, const char *text, const char *close)
{
	heed__sink_text(s, open);
	heed__sink_xml(s, text != NULL ? text : "");
	heed__sink_text(s, close);
}

static void add_head(heed__sink *s, const heed_report *r)
{
	heed__sink_text(s, "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
			   "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
			   "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
			   "style-src 'unsafe-inline'\">\n<style>\n");
	heed__sink_text(s, style);
	add_element(s, "</style>\n<title>", r->title, "</title>\n</head>\n<body>\n");
	add_element(s, "<h1>", r->title, "</h1>\n");
}

static void add_contents(heed__sink *s, const heed_report *r)
{
	heed__sink_text(s, "<nav><ol>\n");
	for (const heed__report_part *p = r->parts; p != NULL; p = p->next) {
		const heed__report_part *const f =
			p->kind == HEED__REPORT_SECTION ? heed__report_finding_of(p) : NULL;

		if (p->kind != HEED__REPORT_SECTION)
			continue;
		heed__sink_text(s, "<li>");
		if (f != NULL) {
			heed__sink_format(s, "<b class='%s'>", finding_class(f->finding));
			add_element(s, "", heed_finding_name(f->finding), "</b>");
		}
		add_element(s, "<a href='#", p->name, "'>");
		add_element(s, "", p->text, "</a></li>\n");
	}
	heed__sink_text(s, "</ol></nav>\n");
}

static void add_table(heed__sink *s, heed_ctx *ctx, const heed__report_table *t)
{
	char text[CELL_TEXT];

	add_element(s, "<div class='table'><table>\n<caption>", t->title, "</caption>\n");
	add_element(s, "<thead><tr><th scope='col'>", t->first, "</th>");
	for (int i = 0; i < t->count; i++)
		add_element(s,
			    heed__report_has_words(t, i) ? "<th scope='col' class='words'>"
							 : "<th scope='col'>",
			    t->columns[i].name, "</th>");
	heed__sink_text(s, "</tr></thead>\n<tbody>\n");
	for (const heed__report_row *row = t->rows; row != NULL; row = row->next) {
		add_element(s, "<tr><th scope='row'>", row->name, "</th>");
		for (int i = 0; i < t->count; i++) {
			const heed__report_cell *const cell = heed__report_cell_at(row, i);
			const bool words = cell != NULL && cell->words != NULL;

			text[0] = '\0';
			if (cell != NULL && !words)
				heed__report_cell_text(ctx, cell, &t->columns[i], text, sizeof text);
			add_element(s, words ? "<td class='words'>" : "<td>", words ? cell->words : text,
				    "</td>");
		}
		heed__sink_text(s, "</tr>\n");
	}
	heed__sink_text(s, "</tbody></table></div>\n");
}

static void add_part(heed__sink *s, const heed_report *r, const heed__report_part *p)
{
	switch (p->kind) {
	case HEED__REPORT_SECTION:
		add_element(s, "<h2 id='", p->name, "'>");
		add_element(s, "", p->text, "</h2>\n");
		break;
	case HEED__REPORT_TEXT:
		add_element(s, "<p>", p->text, "</p>\n");
		break;
	case HEED__REPORT_FINDING:
		heed__sink_format(s, "<p class='finding %s'><b>", finding_class(p->finding));
		add_element(s, "", heed_finding_name(p->finding), "</b> ");
		add_element(s, "", p->text, "</p>\n");
		break;
	case HEED__REPORT_TABLE:
		add_table(s, r->ctx, p->table);
		break;
	case HEED__REPORT_PLOT:
		heed__sink_text(s, "<figure>\n");
		heed__plot_add(s, p->plot);
		heed__sink_text(s, "</figure>\n");
		break;
	}
}

heed_code heed_report_html(const heed_report *r, heed_write_fn *write, void *user)
{
	heed__sink s;

	if (heed_report_code(r) != HEED_OK)
		return heed_report_code(r);
	s = heed__sink_open(r->ctx, write, user);
	add_head(&s, r);
	if (r->sections > 1)
		add_contents(&s, r);
	for (const heed__report_part *p = r->parts; p != NULL; p = p->next)
		add_part(&s, r, p);
	heed__sink_text(&s, "</body>\n</html>\n");
	return heed__sink_close(&s);
}
