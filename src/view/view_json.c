/* Attention maps as JSON. */
#include "view/view_json.h"

#include "view/view_scale.h"

#include <math.h>

static void add_labels(heed__sink *s, const char *key, const char *const *labels, int count)
{
	heed__sink_format(s, ",\"%s\":", key);
	for (int i = 0; i < count; i++) {
		heed__sink_text(s, i == 0 ? "[\"" : ",\"");
		heed__sink_json(s, labels[i]);
		heed__sink_text(s, "\"");
	}
	heed__sink_text(s, "]");
}

static void add_map(heed__sink *s, const heed_attention_map *m)
{
	const float *w = m->weights;

	heed__sink_text(s, "{\"name\":\"");
	heed__sink_json(s, m->name);
	heed__sink_format(s, "\",\"layer\":%d,\"head\":%d", m->layer, m->head);
	add_labels(s, "rows", m->row_labels, m->rows);
	add_labels(s, "columns", m->col_labels, m->cols);
	heed__sink_text(s, ",\"weights\":");
	for (int i = 0; i < m->rows; i++) {
		heed__sink_text(s, i == 0 ? "[" : ",");
		for (int j = 0; j < m->cols; j++, w++) {
			heed__sink_text(s, j == 0 ? "[" : ",");
			if (isfinite(*w))
				heed__sink_shortest(s, (double)*w, 9);
			else
				heed__sink_text(s, "null");
		}
		heed__sink_text(s, "]");
	}
	heed__sink_text(s, "]}");
}

void heed__view_json(heed__sink *s, const char *title, const heed_attention_map *maps, int count)
{
	heed__sink_text(s, "{\"title\":\"");
	heed__sink_json(s, title != NULL ? title : "");
	heed__sink_text(s, "\",\"maps\":[");
	for (int i = 0; i < count; i++) {
		if (i > 0)
			heed__sink_text(s, ",");
		add_map(s, &maps[i]);
	}
	heed__sink_text(s, "]}");
}

heed_code heed_view_json(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			 heed_write_fn *write, void *user)
{
	heed__sink s;

	if (heed__view_check(ctx, maps, count) != HEED_OK)
		return HEED_E_ARGUMENT;
	s = heed__sink_open(ctx, write, user);
	heed__view_json(&s, title, maps, count);
	heed__sink_text(&s, "\n");
	return heed__sink_close(&s);
}
