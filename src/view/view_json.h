/* The numbers of a view as JSON, also for the page that carries them. */
#ifndef HEED_VIEW_JSON_H
#define HEED_VIEW_JSON_H

#include "heed/view.h"
#include "view/view_sink.h"

void heed__view_json(heed__sink *s, const char *title, const heed_attention_map *maps, int count);

#endif
