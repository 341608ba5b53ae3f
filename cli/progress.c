#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const double redraw = 0.1, first_line = 2, longest_period = 30;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void heed_progress_duration(double seconds, char *out, size_t size)
{
	const int64_t s = (int64_t)(fmin(fmax(seconds, 0), 1e9) + 0.5);

	if (s < 60)
		snprintf(out, size, "%" PRId64 " s", s);
	else if (s < 3600)
		snprintf(out, size, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		snprintf(out, size, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
}

heed_progress heed_progress_start(const heed_cli *cli, const char *what, const char *unit, int64_t total)
{
	heed_progress p = {.what = what, .unit = unit, .total = total, .left = -1, .bar_done = -1};

	p.silent = cli->quiet;
	p.bar = isatty(STDERR_FILENO) && heed_terminal_can_move();
	p.color = p.bar && heed_cli_color(cli, stderr);
	p.started = p.drawn = now();
	p.period = first_line;
	p.marks[0].when = p.started;
	p.mark_count = 1;
	return p;
}

void heed_progress_estimate(heed_progress *p, double share, double left)
{
	p->bar_done = share;
	p->left = left;
}

/* Marks are half a second apart, so the ring spans the last eight seconds. */
static void measure(heed_progress *p, double time)
{
	const int last = (p->mark_count - 1) % HEED_PROGRESS_MARKS;
	const int oldest = p->mark_count > HEED_PROGRESS_MARKS ? p->mark_count % HEED_PROGRESS_MARKS : 0;

	if (time - p->marks[oldest].when > 0)
		p->rate = (double)(p->done - p->marks[oldest].done) / (time - p->marks[oldest].when);
	if (time - p->marks[last].when >= 0.5)
		p->marks[p->mark_count++ % HEED_PROGRESS_MARKS] = (struct heed_progress_mark){time, p->done};
}

static int columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static double share_done(const heed_progress *p)
{
	const double share = p->bar_done >= 0 ? p->bar_done
			     : p->total > 0   ? (double)p->done / (double)p->total
					      : -1;

	return share > 1 ? 1 : share;
}

/* "3.1k" and the like, in four columns. */
static void print_rate(double rate, char *out, size_t size)
{
	if (rate >= 1e6)
		snprintf(out, size, "%.1fM", rate / 1e6);
	else if (rate >= 1e4)
		snprintf(out, size, "%.0fk", rate / 1e3);
	else if (rate >= 1e3)
		snprintf(out, size, "%.1fk", rate / 1e3);
	else
		snprintf(out, size, rate >= 10 ? "%.0f" : "%.1f", rate);
}

/* Everything but the bar itself. */
static void describe(const heed_progress *p, const char *words, char *out, size_t size)
{
	char count[64] = "", rate[64] = "", left[32], short_rate[16];
	double seconds = p->left;

	if (p->total > 0)
		snprintf(count, sizeof count, "%s %" PRId64 "/%" PRId64, p->unit, p->done, p->total);
	else
		snprintf(count, sizeof count, "%s %" PRId64, p->unit, p->done);
	print_rate(p->rate, short_rate, sizeof short_rate);
	if (p->rate > 0)
		snprintf(rate, sizeof rate, ", %s/s", short_rate);
	if (seconds < 0 && p->total > 0 && p->rate > 0)
		seconds = (double)(p->total - p->done) / p->rate;
	if (seconds >= 0) {
		heed_progress_duration(seconds, left, sizeof left);
		snprintf(out, size, "%s%s%s%s, %s left", count, rate, *words ? ", " : "", words, left);
	} else
		snprintf(out, size, "%s%s%s%s", count, rate, *words ? ", " : "", words);
}

/* One column of the bar: done, just behind that, or still to do. Without colour thin lines are to do. */
static const char *bar_cell(const heed_progress *p, int i, int full)
{
	if (i < full)
		return "━";
	if (!p->color)
		return "─";
	return i == full ? "\033[90m━" : "━";
}

static void draw_bar(heed_progress *p, const char *text)
{
	const int width = columns(), room = width < 60 ? 0 : width < 100 ? 14 : 24;
	const int used = (int)strlen(p->what) + 1 + (room ? room + 1 : 0);
	const double share = share_done(p);
	const int full = share > 0 ? (int)(share * room) : 0;

	fprintf(stderr, "\r\033[K%s ", p->what);
	if (share >= 0 && room) {
		fputs(p->color ? "\033[32m" : "", stderr);
		for (int i = 0; i < room; i++)
			fputs(bar_cell(p, i, full), stderr);
		fputs(p->color ? "\033[0m " : " ", stderr);
	}
	fprintf(stderr, "%.*s", width > used ? width - used - 1 : 0, text);
	fflush(stderr);
	p->open = true;
}

void heed_progress_at(heed_progress *p, int64_t done, const char *fmt, ...)
{
	const double time = now();
	char words[160] = "", text[400];
	va_list args;

	p->done = done;
	if (p->silent || time - p->drawn < (p->bar ? redraw : p->period))
		return;
	measure(p, time);
	if (fmt) {
		va_start(args, fmt);
		vsnprintf(words, sizeof words, fmt, args);
		va_end(args);
	}
	describe(p, words, text, sizeof text);
	if (p->bar)
		draw_bar(p, text);
	else
		fprintf(stderr, "%s: %s\n", p->what, text);
	p->drawn = time;
	p->period = fmin(p->period * 1.5, longest_period);
}

void heed_progress_clear(heed_progress *p)
{
	if (p->open)
		fputs("\r\033[K", stderr);
	p->open = false;
}

void heed_progress_end(heed_progress *p)
{
	heed_progress_clear(p);
}
