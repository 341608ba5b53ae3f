/* Scales and colour ramps. Both ramps change steadily in lightness, so they also work without colour. */
#include "view/view_scale.h"

#include <math.h>

const heed__ramp heed__ramp_on_dark = {
	{24, 26, 38},  {44, 42, 92},   {92, 46, 126},   {158, 56, 118},
	{221, 92, 82}, {246, 156, 68}, {252, 232, 150},
};

const heed__ramp heed__ramp_on_light = {
	{244, 247, 251}, {208, 225, 242}, {158, 196, 226}, {98, 158, 206},
	{48, 116, 180},  {18, 76, 142},   {8, 38, 88},
};

static bool drawable(const heed_attention_map *m)
{
	if (m->name == NULL || m->rows < 1 || m->cols < 1 || m->row_labels == NULL || m->col_labels == NULL ||
	    m->weights == NULL)
		return false;
	for (int i = 0; i < m->rows; i++)
		if (m->row_labels[i] == NULL)
			return false;
	for (int i = 0; i < m->cols; i++)
		if (m->col_labels[i] == NULL)
			return false;
	return true;
}

heed_code heed__view_check(heed_ctx *ctx, const heed_attention_map *maps, int count)
{
	if (maps == NULL || count < 1)
		return heed__error(ctx, HEED_E_ARGUMENT, "view: %d attention maps, expected 1 at least",
				   count);
	for (int i = 0; i < count; i++)
		if (!drawable(&maps[i]))
			return heed__error(
				ctx, HEED_E_ARGUMENT,
				"view: map %d (%s) is %dx%d; it needs a name, rows, columns, a label for "
				"each, and weights",
				i, maps[i].name != NULL ? maps[i].name : "no name", maps[i].rows,
				maps[i].cols);
	return HEED_OK;
}

heed__scale heed__scale_of(const heed_attention_map *maps, int count)
{
	heed__scale s = {0, 0};

	for (int k = 0; k < count; k++) {
		const size_t n = (size_t)maps[k].rows * (size_t)maps[k].cols;

		for (size_t i = 0; i < n; i++) {
			const double x = (double)maps[k].weights[i];

			if (isfinite(x)) {
				s.low = fmin(s.low, x);
				s.high = fmax(s.high, x);
			}
		}
	}
	if (s.high <= s.low)
		s.high = s.low + 1;
	return s;
}

double heed__scale_at(heed__scale scale, double x)
{
	return isfinite(x) ? (x - scale.low) / (scale.high - scale.low) : -1;
}

static unsigned char between(unsigned char a, unsigned char b, double t)
{
	return (unsigned char)lround(a + (b - a) * t);
}

heed__rgb heed__ramp_color(const heed__rgb *ramp, double t)
{
	const double x = fmin(fmax(t, 0), 1) * (HEED__RAMP_STOPS - 1);
	const int i = x >= HEED__RAMP_STOPS - 1 ? HEED__RAMP_STOPS - 2 : (int)x;
	const heed__rgb a = ramp[i], b = ramp[i + 1];

	return (heed__rgb){between(a.r, b.r, x - i), between(a.g, b.g, x - i), between(a.b, b.b, x - i)};
}
