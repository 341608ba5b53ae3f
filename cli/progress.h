/* How far long work has come, on standard error: a bar that is drawn again at most ten times a second on a
 * terminal, a plain line now and then elsewhere, nothing under --quiet.
 *
 *	heed_progress p = heed_progress_start(cli, "training", "step", 2000);
 *	while (...)
 *		heed_progress_at(&p, step, "loss %.3f", loss);
 *	heed_progress_end(&p);
 *
 * The rate is that of the last seconds, the time left is made from it. */
#ifndef HEED_PROGRESS_H
#define HEED_PROGRESS_H

#include "options.h"

enum { HEED_PROGRESS_MARKS = 16 };

typedef struct heed_progress {
	const char *what, *unit;
	int64_t total; /* 0: not known */
	int64_t done;
	bool silent, bar, color;
	double started, drawn, period; /* seconds; a plain line is written each period */
	struct heed_progress_mark {
		double when;
		int64_t done;
	} marks[HEED_PROGRESS_MARKS]; /* a ring, for the rate */
	int mark_count;
	double rate;     /* units a second; 0: not known yet */
	double left;     /* seconds to go when the caller knows better; negative: by the rate */
	double bar_done; /* how full the bar is, 0..1, when the caller knows better; negative: done/total */
	bool open;       /* something stands in the terminal's last line */
} heed_progress;

heed_progress heed_progress_start(const heed_cli *cli, const char *what, const char *unit, int64_t total);
/* `fmt` makes a few words that stand at the end of the line; NULL for none. Cheap enough for every step. */
void heed_progress_at(heed_progress *p, int64_t done, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Work that ends by the clock or by whichever of several limits comes first: share of it done (0..1) and
 * seconds left, both from now on instead of what total says. */
void heed_progress_estimate(heed_progress *p, double share, double left);
/* Takes the bar away so that something else can be written to standard error; it comes back by itself. */
void heed_progress_clear(heed_progress *p);
void heed_progress_end(heed_progress *p);

/* "4 s", "3 min 20 s", "2 h 5 min" */
void heed_progress_duration(double seconds, char *out, size_t size);

#endif
