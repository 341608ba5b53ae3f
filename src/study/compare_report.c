/* What a comparison found, as one table and three plots. */
#include "heed/compare.h"

#include "base/context_impl.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

enum { MOST = 16, MOST_COLUMNS = 12 };

/* A column of the table: a member of heed_rival, and what it is divided by. */
typedef struct measure {
	const char *name;
	int digits;
	size_t member;
	double unit;
} measure;

#define MEMBER(name) offsetof(heed_rival, name)
#define MIB          1048576.0

/* The first one is the quality that plots show. */
static const measure generate[] = {{"perplexity", 2, MEMBER(perplexity), 1},
				   {"bits a character", 3, MEMBER(bits), 1}};
static const measure classify[] = {{"accuracy", 4, MEMBER(accuracy), 1}, {"macro F1", 4, MEMBER(f1), 1}};
static const measure translate[] = {
	{"BLEU", 2, MEMBER(bleu), 1}, {"chrF", 2, MEMBER(chrf), 1}, {"perplexity", 2, MEMBER(perplexity), 1}};
static const measure costs[] = {{"training, s", 1, MEMBER(seconds), 1},
				{"tokens/s in training", 0, MEMBER(tokens_a_second), 1},
				{"", 0, MEMBER(speed), 1},
				{"size, MiB", 2, MEMBER(bytes), MIB},
				{"memory, MiB", 1, MEMBER(memory), MIB},
				{"parameters", 0, MEMBER(parameters), 1}};

enum { COSTS = sizeof costs / sizeof *costs, SPEED = 2 };

static const measure *qualities(heed_task task, int *count)
{
	*count = task == HEED_TASK_TRANSLATE ? 3 : 2;
	return task == HEED_TASK_TRANSLATE ? translate : task == HEED_TASK_CLASSIFY ? classify : generate;
}

static double value_of(const heed_rival *r, const measure *m)
{
	return *(const double *)(const void *)((const char *)r + m->member) / m->unit;
}

static void add_table(heed_report *report, const heed_compare_job *job, const heed_rival *rivals, int count)
{
	heed_column columns[MOST_COLUMNS];
	int n;
	const measure *const q = qualities(job->task, &n);

	for (int i = 0; i < n + COSTS; i++) {
		const measure *const m = i < n ? &q[i] : &costs[i - n];

		columns[i] = (heed_column){m->name, m->digits};
	}
	columns[n + SPEED].name = job->task == HEED_TASK_CLASSIFY ? "texts/s in use" : "tokens/s in use";
	heed_report_table(report, "Quality and cost", "family", columns, n + COSTS);
	for (int k = 0; k < count; k++) {
		heed_report_row(report, rivals[k].family);
		for (int i = 0; i < n + COSTS; i++) {
			const double value = value_of(&rivals[k], i < n ? &q[i] : &costs[i - n]);

			heed_report_numbers(report, &value, 1);
		}
	}
}

static void add_curves(heed_report *report, const heed_rival *rivals, int count, const char *ylabel)
{
	double y[MOST][HEED_COMPARE_CURVE];
	heed_series series[MOST];

	for (int k = 0; k < count; k++) {
		for (int i = 0; i < rivals[k].points; i++)
			y[k][i] = exp(rivals[k].loss[i]);
		series[k] = (heed_series){rivals[k].family, rivals[k].points, rivals[k].at, y[k], NULL};
	}
	heed_report_plot(report, "curves",
			 &(heed_plot){.title = "Learning curves, on text that is not trained on",
				      .x_label = "seconds of training",
				      .y_label = ylabel,
				      .log_y = true,
				      .series = series,
				      .count = count});
}

static void add_dots(heed_report *report, const heed_compare_job *job, const heed_rival *rivals, int count,
		     const char *name, const char *title, const char *label, const measure *against)
{
	double x[MOST], y[MOST];
	heed_series series[MOST];
	int n;
	const measure *const q = qualities(job->task, &n);

	for (int k = 0; k < count; k++) {
		x[k] = value_of(&rivals[k], against);
		y[k] = value_of(&rivals[k], q);
		series[k] = (heed_series){rivals[k].family, 1, &x[k], &y[k], NULL};
	}
	heed_report_plot(report, name,
			 &(heed_plot){.title = title,
				      .x_label = label,
				      .y_label = q->name,
				      .log_x = true,
				      .log_y = job->task == HEED_TASK_GENERATE,
				      .dots = true,
				      .series = series,
				      .count = count});
}

void heed_compare_report(heed_report *report, const heed_compare_job *job, const heed_rival *rivals,
			 int count)
{
	static const measure time = {"seconds", 0, MEMBER(seconds), 1}, size = {"MiB", 0, MEMBER(bytes), MIB};

	count = count < MOST ? count : MOST;
	add_table(report, job, rivals, count);
	add_curves(report, rivals, count,
		   job->task == HEED_TASK_CLASSIFY ? "perplexity of the label" : "perplexity");
	add_dots(report, job, rivals, count, "quality-time", "Quality against time", "seconds of training",
		 &time);
	add_dots(report, job, rivals, count, "quality-size", "Quality against size", "MiB", &size);
}
