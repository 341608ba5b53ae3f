/* From weights to colours. */
#ifndef HEED_VIEW_SCALE_H
#define HEED_VIEW_SCALE_H

#include "base/context_impl.h"
#include "heed/view.h"

/* HEED_E_ARGUMENT when the map can't be drawn. */
heed_code heed__view_check(heed_ctx *ctx, const heed_attention_map *maps, int count);

typedef struct heed__scale {
	double low, high; /* low < high */
} heed__scale;

heed__scale heed__scale_of(const heed_attention_map *maps, int count);
/* 0..1, or -1 when x is not finite. */
double heed__scale_at(heed__scale scale, double x);

typedef struct heed__rgb {
	unsigned char r, g, b;
} heed__rgb;

enum { HEED__RAMP_STOPS = 7 };
typedef heed__rgb heed__ramp[HEED__RAMP_STOPS]; /* evenly spaced from 0 to 1 */

extern const heed__ramp heed__ramp_on_dark, heed__ramp_on_light;
heed__rgb heed__ramp_color(const heed__rgb *ramp, double t);

#endif
