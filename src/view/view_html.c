/* The stand-alone page: its fixed parts, with the title, the numbers and the colours between them. */
#include "view/view_json.h"
#include "view/view_page.h"
#include "view/view_scale.h"

#define LINES(a) (int)(sizeof(a) / sizeof *(a))

static void add_lines(heed__sink *s, const char *const *lines, int count)
{
	for (int i = 0; i < count; i++) {
		heed__sink_text(s, lines[i]);
		heed__sink_text(s, "\n");
	}
}

static void add_ramp(heed__sink *s, const char *name, const heed__rgb *ramp)
{
	heed__sink_format(s, "%s:[", name);
	for (int i = 0; i < HEED__RAMP_STOPS; i++)
		heed__sink_format(s, "%s[%d,%d,%d]", i == 0 ? "" : ",", ramp[i].r, ramp[i].g, ramp[i].b);
	heed__sink_text(s, "]");
}

heed_code heed_view_html(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			 heed_write_fn *write, void *user)
{
	const char *const shown = title != NULL ? title : "Attention";
	heed__sink s;

	if (heed__view_check(ctx, maps, count) != HEED_OK)
		return HEED_E_ARGUMENT;
	s = heed__sink_open(ctx, write, user);
	add_lines(&s, heed__page_top, LINES(heed__page_top));
	heed__sink_text(&s, "<title>");
	heed__sink_xml(&s, shown);
	heed__sink_text(&s, "</title>\n</head>\n<body>\n<header><h1>");
	heed__sink_xml(&s, shown);
	heed__sink_text(&s, "</h1>\n");
	add_lines(&s, heed__page_middle, LINES(heed__page_middle));
	heed__sink_text(&s, "<script type='application/json' id='data'>");
	heed__view_json(&s, title, maps, count);
	heed__sink_text(&s, "</script>\n<script>\n'use strict';\nconst RAMPS = {");
	add_ramp(&s, "light", heed__ramp_on_light);
	heed__sink_text(&s, ",");
	add_ramp(&s, "dark", heed__ramp_on_dark);
	heed__sink_text(&s, "};\n");
	add_lines(&s, heed__page_bottom, LINES(heed__page_bottom));
	heed__sink_text(&s, "</script>\n</body>\n</html>\n");
	return heed__sink_close(&s);
}
