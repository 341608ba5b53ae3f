/* Plots as SVG:
 *
 *	+-- title -------------------------+
 *	| y label, ticks | frame with the  | names of the series, each beside
 *	|                | lines           | the end of its line
 *	+----------------+-----------------+
 *	                   ticks, x label
 *
 * Series differ in colour, in the mark of their points and in the dashes of their lines. Fonts are the viewer's, so
 * room for text is estimated from the number of its characters. */
#include "view/view_plot.h"

#include "view/view_label.h"

#include <math.h>
#include <string.h>

enum {
	WIDTH = 760,
	HEIGHT = 400,
	FONT = 13,
	TITLE_FONT = 15,
	GAP = 8,
	NAME_HEIGHT = 18,
	MOST_TICKS = 16,
	MOST_NAMES = 64, /* series beyond are drawn without a name */
	COLORS = 8,
	MARKS = 6,
};

#define EM 0.58 /* width of a character, in ems of the font */

typedef struct axis {
	double low, high; /* values at its ends; of their logarithms when log */
	double from, to;  /* pixels at its ends */
	bool log;
	double ticks[MOST_TICKS];
	int tick_count;
} axis;

typedef struct canvas {
	heed__sink *sink;
	const heed_plot *plot;
	axis x, y;
	double top, bottom, left, right; /* of the frame */
} canvas;

/* Okabe and Ito's colours, darkened where white would swallow them. */
static const char *const colors[COLORS] = {"#0072b2", "#d55e00", "#009e73", "#b5579a",
					   "#c48a00", "#3d9ad1", "#7a5bd0", "#7d8894"};
static const char *const dashes[] = {"none", "6 3", "2 3", "9 3 2 3"};

/* --- axes --- */

static bool usable(const axis *a, double v)
{
	return fabs(v) < 1e300 && (!a->log || v > 1e-300); /* not for NaN */
}

static double scaled(const axis *a, double v)
{
	return a->log ? log10(v) : v;
}

static double place(const axis *a, double v)
{
	const double t = (scaled(a, v) - a->low) / (a->high - a->low);

	return a->from + fmin(fmax(t, -1), 2) * (a->to - a->from);
}

static bool drawn(const canvas *c, const heed_series *s, int i)
{
	return usable(&c->x, s->x[i]) && usable(&c->y, s->y[i]);
}

static double spread_of(const heed_series *s, int i)
{
	return s->spread != NULL && isfinite(s->spread[i]) && s->spread[i] > 0 ? s->spread[i] : 0;
}

static void include(axis *a, double v)
{
	if (!usable(a, v))
		return;
	a->low = fmin(a->low, scaled(a, v));
	a->high = fmax(a->high, scaled(a, v));
}

static void include_points(canvas *c)
{
	for (int k = 0; k < c->plot->count; k++)
		for (int i = 0; i < c->plot->series[k].count; i++) {
			const heed_series *const s = &c->plot->series[k];

			if (!drawn(c, s, i))
				continue;
			include(&c->x, s->x[i]);
			include(&c->y, s->y[i]);
			include(&c->y, s->y[i] + spread_of(s, i));
			include(&c->y, s->y[i] - spread_of(s, i));
		}
	if (c->plot->y_low < c->plot->y_high) {
		include(&c->y, c->plot->y_low);
		include(&c->y, c->plot->y_high);
	}
}

static void add_tick(axis *a, double v)
{
	if (a->tick_count < MOST_TICKS)
		a->ticks[a->tick_count++] = v;
}

/* 1, 2 or 5 times a power of ten, and at least x. */
static double round_up(double x)
{
	const double power = pow(10, floor(log10(x)));
	const double times = x / power;

	return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void tick_linear(axis *a, bool widen)
{
	const double step = round_up((a->high - a->low) / 6);
	double first, count;

	if (widen) {
		a->low = floor(a->low / step + 1e-9) * step;
		a->high = ceil(a->high / step - 1e-9) * step;
	}
	first = ceil(a->low / step - 1e-9);
	count = fmin(floor(a->high / step + 1e-9) - first + 1, MOST_TICKS);
	for (int i = 0; i < (int)count; i++)
		add_tick(a, (first + i) * step + 0.0); /* not -0 */
}

/* A logarithmic axis over so little that it looks linear. */
static void tick_within_decade(axis *a)
{
	axis plain = {.low = pow(10, a->low), .high = pow(10, a->high)};

	tick_linear(&plain, false);
	a->tick_count = 0;
	for (int i = 0; i < plain.tick_count; i++)
		add_tick(a, plain.ticks[i]);
}

static int decades(const axis *a)
{
	return (int)(floor(a->high + 1e-9) - ceil(a->low - 1e-9)) + 1;
}

static void tick_powers(axis *a, const double *times, int count, int every)
{
	a->tick_count = 0;
	for (int p = (int)floor(a->low); p <= (int)ceil(a->high); p++)
		for (int t = 0; t < count; t++) {
			const double at = p + log10(times[t]);

			if (at >= a->low - 1e-9 && at <= a->high + 1e-9 && p % every == 0)
				add_tick(a, pow(10, at));
		}
}

/* Powers of ten, and where these are few, some of their multiples, too. */
static void tick_log(axis *a)
{
	static const double times[] = {1, 2, 5}, fine[] = {1, 1.5, 2, 3, 4, 5, 6, 8};
	const int many = decades(a), every = many > 8 ? (many + 7) / 8 : 1;

	tick_powers(a, times, many > 3 ? 1 : 3, every);
	if (a->tick_count < 4)
		tick_powers(a, fine, 8, 1);
	if (a->tick_count < 3)
		tick_within_decade(a);
}

/* Widens an axis that shows nothing: of one point, or a logarithmic one over less than a factor of two, on which noise
 * would look like a difference. */
static void range(axis *a)
{
	double least, middle, half;

	if (a->low > a->high)
		a->low = a->high = a->log ? 0 : 0.5;
	least = a->log ? log10(2) : 1e-12 * fmax(1, fabs(a->low));
	if (a->high - a->low >= least)
		return;
	middle = 0.5 * (a->low + a->high);
	half = a->log ? 0.3 : fmax(0.5 * fabs(middle), 1e-6);
	a->low = middle - half;
	a->high = middle + half;
}

/* Where the points of all series stand, when these are few places. */
static bool tick_points(canvas *c)
{
	axis *const a = &c->x;

	for (int k = 0; k < c->plot->count; k++)
		for (int i = 0; i < c->plot->series[k].count; i++) {
			bool known = !drawn(c, &c->plot->series[k], i);

			for (int t = 0; !known && t < a->tick_count; t++)
				known = a->ticks[t] == c->plot->series[k].x[i];
			if (known)
				continue;
			if (a->tick_count == 10) {
				a->tick_count = 0;
				return false;
			}
			add_tick(a, c->plot->series[k].x[i]);
		}
	return a->tick_count > 1;
}

static void measure_x(canvas *c)
{
	axis *const a = &c->x;
	double pad;

	if (c->plot->x_names != NULL) {
		a->low = -0.5;
		a->high = c->plot->x_name_count - 0.5;
		for (int i = 0; i < c->plot->x_name_count; i++)
			add_tick(a, i);
		return;
	}
	range(a);
	pad = 0.03 * (a->high - a->low);
	a->low = !a->log && a->low >= 0 ? fmax(a->low - pad, 0) : a->low - pad;
	a->high += pad;
	if (a->log && (c->plot->dots || !tick_points(c)))
		tick_log(a);
	else if (!a->log)
		tick_linear(a, false);
}

static void measure_y(canvas *c)
{
	axis *const a = &c->y;

	range(a);
	if (a->log) {
		const double pad = 0.05 * (a->high - a->low);

		a->low -= pad;
		a->high += pad;
		tick_log(a);
	} else {
		tick_linear(a, true);
	}
}

/* --- pieces of SVG --- */

/* name="x" */
static void add_attribute(heed__sink *s, const char *name, double x)
{
	heed__sink_format(s, " %s=\"", name);
	heed__sink_shortest(s, x, 6);
	heed__sink_text(s, "\"");
}

static void add_point(heed__sink *s, const char *before, double x, double y)
{
	heed__sink_text(s, before);
	heed__sink_shortest(s, x, 6);
	heed__sink_text(s, " ");
	heed__sink_shortest(s, y, 6);
}

static void add_line(heed__sink *s, const char *class, double x0, double y0, double x1, double y1)
{
	heed__sink_format(s, "<path class=\"%s\"", class);
	add_point(s, " d=\"M", x0, y0);
	add_point(s, "L", x1, y1);
	heed__sink_text(s, "\"/>\n");
}

static void open_text(heed__sink *s, const char *class, double x, double y)
{
	heed__sink_format(s, "<text class=\"%s\"", class);
	add_attribute(s, "x", x);
	add_attribute(s, "y", y);
	heed__sink_text(s, ">");
}

static void add_text(heed__sink *s, const char *class, double x, double y, const char *text)
{
	open_text(s, class, x, y);
	heed__sink_xml(s, text);
	heed__sink_text(s, "</text>\n");
}

static double text_width(const char *text)
{
	return heed__label_cells(text) * FONT * EM;
}

static void add_exponent(heed__sink *s, int n)
{
	static const char *const digits[] = {"\xE2\x81\xB0", "\xC2\xB9",     "\xC2\xB2",     "\xC2\xB3",
					     "\xE2\x81\xB4", "\xE2\x81\xB5", "\xE2\x81\xB6", "\xE2\x81\xB7",
					     "\xE2\x81\xB8", "\xE2\x81\xB9"};

	if (n < 0)
		heed__sink_text(s, "\xE2\x81\xBB");
	n = n < 0 ? -n : n;
	if (n >= 100)
		heed__sink_text(s, digits[n / 100 % 10]);
	if (n >= 10)
		heed__sink_text(s, digits[n / 10 % 10]);
	heed__sink_text(s, digits[n % 10]);
}

void heed__plot_number(heed__sink *s, double x)
{
	const double size = fabs(x);
	int power;
	double times;

	if (size == 0 || (size >= 1e-3 && size < 1e6)) {
		heed__sink_shortest(s, x, size >= 1e5 ? 6 : size >= 1e4 ? 5 : 4);
		return;
	}
	power = (int)floor(log10(size) + 1e-9);
	times = x / pow(10, power);
	if (fabs(times - 1) > 0.005) {
		heed__sink_shortest(s, times, 3);
		heed__sink_text(s, "\xC2\xB7");
	}
	heed__sink_text(s, "10");
	add_exponent(s, power);
}

/* Room for a tick of the y axis: its number in characters. */
static double tick_width(double x)
{
	const double size = fabs(x);

	return (size == 0 || (size >= 1e-3 && size < 1e6) ? 6.0 : 7.0) * FONT * EM;
}

/* --- the frame --- */

static void add_style(heed__sink *s)
{
	heed__sink_text(
		s,
		"<style>\n"
		".heed-plot { font: 13px ui-sans-serif, system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', "
		"Arial, sans-serif }\n"
		".heed-plot text { fill: #1c2430 }\n"
		".heed-plot .t { font-size: 15px; font-weight: 600 }\n"
		".heed-plot .k { fill: #5b6675 }\n"
		".heed-plot .e { text-anchor: end }\n"
		".heed-plot .m { text-anchor: middle }\n"
		".heed-plot .g { stroke: #e3e8ee }\n"
		".heed-plot .f { stroke: #8b95a3 }\n"
		".heed-plot .l { fill: none; stroke-width: 2; stroke-linejoin: round }\n"
		".heed-plot .b { fill-opacity: .14; stroke: none }\n"
		".heed-plot .p { fill: #fff }\n"
		"@media (prefers-color-scheme: dark) {\n"
		".heed-plot text { fill: #e6e9ef }\n"
		".heed-plot .k { fill: #98a2b3 }\n"
		".heed-plot .g { stroke: #2a3040 }\n"
		".heed-plot .f { stroke: #667085 }\n"
		".heed-plot .p { fill: #12141b }\n"
		".heed-plot .b { fill-opacity: .25 }\n"
		"}\n"
		"</style>\n");
}

static void add_head(const canvas *c)
{
	heed__sink *const s = c->sink;

	heed__sink_format(s,
			  "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"heed-plot\" width=\"%d\" "
			  "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n",
			  WIDTH, HEIGHT, WIDTH, HEIGHT);
	if (c->plot->title != NULL) {
		heed__sink_text(s, "<title>");
		heed__sink_xml(s, c->plot->title);
		heed__sink_text(s, "</title>\n");
	}
	add_style(s);
	heed__sink_text(s, "<rect class=\"p\" width=\"100%\" height=\"100%\"/>\n");
	if (c->plot->title != NULL)
		add_text(s, "t", GAP, GAP + TITLE_FONT, c->plot->title);
}

static void add_x_axis(const canvas *c)
{
	heed__sink *const s = c->sink;

	for (int i = 0; i < c->x.tick_count; i++) {
		const double at = place(&c->x, c->x.ticks[i]);

		if (c->plot->x_names == NULL)
			add_line(s, "g", at, c->top, at, c->bottom);
		if (c->plot->x_names != NULL) {
			add_text(s, "k m", at, c->bottom + FONT + GAP, c->plot->x_names[i]);
			continue;
		}
		open_text(s, "k m", at, c->bottom + FONT + GAP);
		heed__plot_number(s, c->x.ticks[i]);
		heed__sink_text(s, "</text>\n");
	}
	add_line(s, "f", c->left, c->bottom, c->right, c->bottom);
	if (c->plot->x_label != NULL)
		add_text(s, "m", (c->left + c->right) / 2, HEIGHT - GAP, c->plot->x_label);
}

static void add_y_axis(const canvas *c)
{
	heed__sink *const s = c->sink;

	for (int i = 0; i < c->y.tick_count; i++) {
		const double at = place(&c->y, c->y.ticks[i]);

		add_line(s, "g", c->left, at, c->right, at);
		open_text(s, "k e", c->left - GAP, at + 0.35 * FONT);
		heed__plot_number(s, c->y.ticks[i]);
		heed__sink_text(s, "</text>\n");
	}
	add_line(s, "f", c->left, c->top, c->left, c->bottom);
	if (c->plot->y_label == NULL)
		return;
	heed__sink_text(s, "<text class=\"m\" transform=\"translate(");
	add_point(s, "", FONT + 2, (c->top + c->bottom) / 2);
	heed__sink_text(s, ") rotate(-90)\">");
	heed__sink_xml(s, c->plot->y_label);
	heed__sink_text(s, "</text>\n");
}

/* --- the series --- */

/* One of six marks around a point. */
static void add_mark(heed__sink *s, int kind, double x, double y)
{
	static const char *const marks[MARKS] = {
		"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
		"m-3.5-3.5h7v7h-7z",
		"m0-4.6l4.4 7.6h-8.8z",
		"m0-5l5 5l-5 5l-5-5z",
		"m0 4.6l4.4-7.6h-8.8z",
		"m-1.4-4.5h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z"};

	add_point(s, " d=\"M", x, y);
	heed__sink_format(s, "%s\"", marks[kind % MARKS]);
}

static const char *color_of(int series)
{
	return colors[series % COLORS];
}

/* Stretches of points that are all there: the next one from *first on, [*first, *end). */
static bool next_stretch(const canvas *c, const heed_series *s, int *first, int *end)
{
	while (*first < s->count && !drawn(c, s, *first))
		++*first;
	for (*end = *first; *end < s->count && drawn(c, s, *end);)
		++*end;
	return *first < s->count;
}

static double below(const canvas *c, const heed_series *s, int i)
{
	const double v = s->y[i] - spread_of(s, i);

	return usable(&c->y, v) ? fmin(place(&c->y, v), c->bottom) : c->bottom;
}

static void add_band(const canvas *c, int k, int first, int end)
{
	const heed_series *const s = &c->plot->series[k];

	heed__sink_format(c->sink, "<path class=\"b\" fill=\"%s\" d=\"", color_of(k));
	for (int i = first; i < end; i++)
		add_point(c->sink, i == first ? "M" : "L", place(&c->x, s->x[i]),
			  place(&c->y, s->y[i] + spread_of(s, i)));
	for (int i = end - 1; i >= first; i--)
		add_point(c->sink, "L", place(&c->x, s->x[i]), below(c, s, i));
	heed__sink_text(c->sink, "z\"/>\n");
}

static void add_curve(const canvas *c, int k, int first, int end)
{
	const heed_series *const s = &c->plot->series[k];

	heed__sink_format(c->sink, "<path class=\"l\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"",
			  color_of(k), dashes[k / 2 % (int)(sizeof dashes / sizeof *dashes)]);
	for (int i = first; i < end; i++)
		add_point(c->sink, i == first ? "M" : "L", place(&c->x, s->x[i]), place(&c->y, s->y[i]));
	heed__sink_text(c->sink, "\"/>\n");
}

static void add_bar(const canvas *c, int k, int i)
{
	const heed_series *const s = &c->plot->series[k];
	const double x = place(&c->x, s->x[i]);

	heed__sink_format(c->sink, "<path class=\"l\" stroke=\"%s\"", color_of(k));
	add_point(c->sink, " d=\"M", x, place(&c->y, s->y[i] + spread_of(s, i)));
	add_point(c->sink, "L", x, below(c, s, i));
	heed__sink_text(c->sink, "\"/>\n");
}

static void add_marks(const canvas *c, int k)
{
	const heed_series *const s = &c->plot->series[k];

	for (int i = 0; i < s->count; i++) {
		if (!drawn(c, s, i))
			continue;
		if (c->plot->dots && spread_of(s, i) > 0)
			add_bar(c, k, i);
		heed__sink_format(c->sink, "<path fill=\"%s\"", color_of(k));
		add_mark(c->sink, k, place(&c->x, s->x[i]), place(&c->y, s->y[i]));
		heed__sink_text(c->sink, "><title>");
		if (s->name != NULL) {
			heed__sink_xml(c->sink, s->name);
			heed__sink_text(c->sink, ": ");
		}
		heed__plot_number(c->sink, s->x[i]);
		heed__sink_text(c->sink, ", ");
		heed__plot_number(c->sink, s->y[i]);
		if (spread_of(s, i) > 0) {
			heed__sink_text(c->sink, " \xC2\xB1 ");
			heed__plot_number(c->sink, spread_of(s, i));
		}
		heed__sink_text(c->sink, "</title></path>\n");
	}
}

/* So many points that marks would hide the line. */
static bool crowded(const heed_series *s)
{
	return s->count > 40;
}

static void add_series(const canvas *c, int k)
{
	const heed_series *const s = &c->plot->series[k];

	for (int first = 0, end; !c->plot->dots && next_stretch(c, s, &first, &end); first = end) {
		if (s->spread != NULL)
			add_band(c, k, first, end);
		add_curve(c, k, first, end);
	}
	if (c->plot->dots || !crowded(s))
		add_marks(c, k);
}

/* --- names --- */

typedef struct name {
	int series;
	double x, y; /* of the point that it belongs to, then of the name itself */
} name;

/* The last point of each series that has a name. */
static int collect_names(const canvas *c, name *names)
{
	int count = 0;

	for (int k = 0; k < c->plot->count && count < MOST_NAMES; k++) {
		const heed_series *const s = &c->plot->series[k];
		int i = s->count - 1;

		while (i >= 0 && !drawn(c, s, i))
			i--;
		if (i >= 0 && s->name != NULL)
			names[count++] = (name){k, place(&c->x, s->x[i]), place(&c->y, s->y[i])};
	}
	return count;
}

static void sort_by_height(name *names, int count)
{
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && names[j].y < names[j - 1].y; j--) {
			const name swap = names[j];

			names[j] = names[j - 1];
			names[j - 1] = swap;
		}
}

/* Names that would stand on each other move apart, inside the frame. */
static void spread_names(const canvas *c, name *names, int count)
{
	double floor_at = c->bottom;

	for (int i = 1; i < count; i++)
		names[i].y = fmax(names[i].y, names[i - 1].y + NAME_HEIGHT);
	for (int i = count - 1; i >= 0; i--) {
		names[i].y = fmin(names[i].y, floor_at);
		floor_at = names[i].y - NAME_HEIGHT;
	}
}

/* In the margin, each with its mark. */
static void add_names_aside(const canvas *c)
{
	name names[MOST_NAMES];
	const int count = collect_names(c, names);

	sort_by_height(names, count);
	spread_names(c, names, count);
	for (int i = 0; i < count; i++) {
		const double x = c->right + 2 * GAP;

		heed__sink_format(c->sink, "<path fill=\"%s\"", color_of(names[i].series));
		add_mark(c->sink, names[i].series, x, names[i].y);
		heed__sink_text(c->sink, "/>\n");
		add_text(c->sink, "", x + GAP, names[i].y + 0.35 * FONT,
			 c->plot->series[names[i].series].name);
	}
}

/* Beside the only point of each series; lower where another name stands already. */
static void add_names_at_points(const canvas *c)
{
	name names[MOST_NAMES];
	double wide[MOST_NAMES];
	bool before[MOST_NAMES]; /* the point, not behind it */
	const int count = collect_names(c, names);

	sort_by_height(names, count);
	for (int i = 0; i < count; i++) {
		const char *const text = c->plot->series[names[i].series].name;

		wide[i] = text_width(text);
		before[i] = names[i].x + GAP + wide[i] > WIDTH - GAP;
		names[i].x += before[i] ? -GAP - wide[i] : GAP;
		for (int j = 0; j < i; j++)
			if (names[i].y < names[j].y + FONT + 2 && names[j].x < names[i].x + wide[i] &&
			    names[i].x < names[j].x + wide[j])
				names[i].y = names[j].y + FONT + 2;
		add_text(c->sink, before[i] ? "e" : "", names[i].x + (before[i] ? wide[i] : 0),
			 names[i].y + 0.35 * FONT, text);
	}
}

static bool names_at_points(const heed_plot *p)
{
	for (int k = 0; k < p->count; k++)
		if (p->series[k].count > 1)
			return false;
	return p->dots && p->x_names == NULL;
}

/* --- the whole --- */

static void lay_out(canvas *c)
{
	double names = 0, ticks = 0;

	for (int k = 0; k < c->plot->count; k++)
		if (c->plot->series[k].name != NULL && c->plot->series[k].count > 0)
			names = fmax(names, text_width(c->plot->series[k].name));
	for (int i = 0; i < c->y.tick_count; i++)
		ticks = fmax(ticks, tick_width(c->y.ticks[i]));
	c->left = ticks + 2 * GAP + (c->plot->y_label != NULL ? FONT + GAP : 0);
	c->right = WIDTH - (names_at_points(c->plot) ? 3 * GAP : fmin(names, WIDTH / 3.0) + 4 * GAP);
	c->top = c->plot->title != NULL ? TITLE_FONT + 3 * GAP : 2 * GAP;
	c->bottom = HEIGHT - 3 * GAP - FONT - (c->plot->x_label != NULL ? FONT + GAP : 0);
	c->x.from = c->left;
	c->x.to = c->right;
	c->y.from = c->bottom;
	c->y.to = c->top;
}

heed_code heed__plot_check(heed_ctx *ctx, const heed_plot *p)
{
	if (p->count < 0 || p->x_name_count < 0 || (p->count > 0 && p->series == NULL))
		return heed__error(ctx, HEED_E_ARGUMENT, "plot: expected series, found %d of them", p->count);
	for (int k = 0; k < p->count; k++)
		if (p->series[k].count < 0 ||
		    (p->series[k].count > 0 && (p->series[k].x == NULL || p->series[k].y == NULL)))
			return heed__error(ctx, HEED_E_ARGUMENT,
					   "plot: series %d has %d points without numbers", k + 1,
					   p->series[k].count);
	return HEED_OK;
}

void heed__plot_add(heed__sink *s, const heed_plot *plot)
{
	canvas c = {.sink = s,
		    .plot = plot,
		    .x = {.low = INFINITY, .high = -INFINITY, .log = plot->log_x},
		    .y = {.low = INFINITY, .high = -INFINITY, .log = plot->log_y}};

	include_points(&c);
	measure_x(&c);
	measure_y(&c);
	lay_out(&c);
	add_head(&c);
	add_x_axis(&c);
	add_y_axis(&c);
	for (int k = 0; k < plot->count; k++)
		add_series(&c, k);
	if (names_at_points(plot))
		add_names_at_points(&c);
	else
		add_names_aside(&c);
	heed__sink_text(s, "</svg>\n");
}

heed_code heed_plot_svg(heed_ctx *ctx, const heed_plot *plot, heed_write_fn *write, void *user)
{
	heed__sink s;

	if (heed__plot_check(ctx, plot) != HEED_OK)
		return HEED_E_ARGUMENT;
	s = heed__sink_open(ctx, write, user);
	heed__plot_add(&s, plot);
	return heed__sink_close(&s);
}
