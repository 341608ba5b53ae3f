/* Paired bootstrap resampling (Koehn 2004, "Statistical significance tests for machine translation evaluation"):
 * the same draws of segments are scored for both outputs. The p-value is that of sacreBLEU: how often a
 * difference, shifted so that the mean of the differences is 0, passes the difference really seen. */
#include "base/philox.h"
#include "metric/metric_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RESAMPLES = 1000, RESAMPLES_A_CHUNK = 16 };

typedef struct resampling {
	const heed_metric *metric[2];
	int resamples;
	uint64_t seed;
	double *scores[2]; /* [resamples] each */
} resampling;

static void add_row(uint64_t *sum, const heed_metric *m, size_t segment)
{
	const uint32_t *const row = m->stats.data + segment * m->width;

	for (size_t i = 0; i < m->width; i++)
		sum[i] += row[i];
}

static void draw(const resampling *r, int sample)
{
	const size_t segments = r->metric[0]->segments;
	heed__rng rng = {.seed = r->seed, .stream = HEED__STREAM_BOOTSTRAP, .step = (uint32_t)sample};
	uint64_t sum[2][HEED__METRIC_STATS] = {{0}};
	heed_measure score;

	for (size_t i = 0; i < segments; i++) {
		const size_t segment = (size_t)heed__rng_below(&rng, segments);

		add_row(sum[0], r->metric[0], segment);
		add_row(sum[1], r->metric[1], segment);
	}
	for (int side = 0; side < 2; side++) {
		r->metric[side]->kind->score(r->metric[side], sum[side], &score);
		r->scores[side][sample] = score.score;
	}
}

static void draw_chunk(void *arg, int chunk, int thread)
{
	const resampling *const r = arg;

	(void)thread;
	for (int i = chunk * RESAMPLES_A_CHUNK; i < (chunk + 1) * RESAMPLES_A_CHUNK && i < r->resamples; i++)
		draw(r, i);
}

static double mean(const double *x, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += x[i];
	return sum / n;
}

static double p_value(const resampling *r, double difference)
{
	const int n = r->resamples;
	double sum = 0, shift;
	int above = 0;

	for (int i = 0; i < n; i++)
		sum += fabs(r->scores[1][i] - r->scores[0][i]);
	shift = sum / n;
	for (int i = 0; i < n; i++)
		above += fabs(r->scores[1][i] - r->scores[0][i]) - shift > difference;
	return (above + 1.0) / (n + 1.0);
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the scores. */
static void summarize(double *scores, int n, heed_resampled *out)
{
	const int cut = n / 40;

	out->mean = mean(scores, n);
	qsort(scores, (size_t)n, sizeof *scores, ascending);
	out->interval = 0.5 * (scores[n - cut - 1] - scores[cut]);
}

static heed_code check_pair(heed_metric *a, heed_metric *b, int resamples)
{
	if (a->kind != b->kind || !a->kind->same_options(a, b))
		return heed__error(a->ctx, HEED_E_ARGUMENT, "compare: %s and %s with other options", a->name,
				   b->name);
	if (a->segments == 0 || a->segments != b->segments)
		return heed__error(a->ctx, HEED_E_ARGUMENT,
				   "compare: %zu segments against %zu; expected as many, and one at least",
				   a->segments, b->segments);
	if (resamples < 1 || resamples > 10000000)
		return heed__error(a->ctx, HEED_E_ARGUMENT, "compare: %d resamples, expected 1..10000000",
				   resamples);
	return HEED_OK;
}

heed_code heed_metric_compare(heed_metric *baseline, heed_metric *system, int resamples, heed_comparison *out)
{
	heed_ctx *const ctx = baseline->ctx;
	const int n = resamples == 0 ? RESAMPLES : resamples;
	resampling r = {{baseline, system}, n, heed_ctx_seed(ctx), {NULL, NULL}};
	const heed_code refused = check_pair(baseline, system, n);
	heed_measure first, second;

	if (refused != HEED_OK)
		return refused;
	r.scores[0] = heed__realloc_array(ctx, NULL, 2 * (size_t)n, sizeof *r.scores[0]);
	if (r.scores[0] == NULL)
		return HEED_E_MEMORY;
	r.scores[1] = r.scores[0] + n;
	heed__parallel(ctx, (n + RESAMPLES_A_CHUNK - 1) / RESAMPLES_A_CHUNK, draw_chunk, &r);

	baseline->kind->score(baseline, baseline->sum, &first);
	system->kind->score(system, system->sum, &second);
	*out = (heed_comparison){.resamples = n, .seed = r.seed};
	out->baseline.score = first.score;
	out->system.score = second.score;
	out->p_value = p_value(&r, fabs(first.score - second.score));
	summarize(r.scores[0], n, &out->baseline);
	summarize(r.scores[1], n, &out->system);
	heed__free(ctx, r.scores[0]);
	return HEED_OK;
}

/* The table. A cell is centred in its column; column 0 holds the names, to the right. */

static size_t columns_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void add_spaces(heed__str *s, size_t n)
{
	while (n-- > 0)
		heed__str_addc(s, ' ');
}

/* left, a run of dashes a column, the crossing between them, right */
static void add_rule(heed__str *s, const size_t *width, int columns, const char *left, const char *dash,
		     const char *cross, const char *right)
{
	for (int c = 0; c < columns; c++) {
		heed__str_adds(s, c == 0 ? left : cross);
		for (size_t i = 0; i < width[c] + 2; i++)
			heed__str_adds(s, dash);
	}
	heed__str_adds(s, right);
	heed__str_addc(s, '\n');
}

typedef char cell[96];

static void add_row_of_cells(heed__str *s, const size_t *width, int columns, const char *name,
			     const cell *cells)
{
	for (int c = 0; c < columns; c++) {
		const char *const text = c == 0 ? name : cells[c - 1];
		const size_t room = width[c] - columns_of(text), left = c == 0 ? room : room / 2;

		heed__str_adds(s, "\xE2\x94\x82 ");
		add_spaces(s, left);
		heed__str_adds(s, text);
		add_spaces(s, room - left + 1);
	}
	heed__str_adds(s, "\xE2\x94\x82\n");
}

enum table_row { HEADER, BASELINE, SYSTEM, P_VALUE, ROWS };

static void fill_cells(cell *cells[ROWS], int i, const char *metric, const heed_comparison *c, int digits)
{
	snprintf(cells[HEADER][i], sizeof(cell), "%s (\xCE\xBC \xC2\xB1 95%% CI)", metric);
	for (int side = BASELINE; side <= SYSTEM; side++) {
		const heed_resampled *const r = side == BASELINE ? &c->baseline : &c->system;

		snprintf(cells[side][i], sizeof(cell), "%.*f (%.*f \xC2\xB1 %.*f)", digits, r->score, digits,
			 r->mean, digits, r->interval);
		heed__metric_point(cells[side][i]);
	}
	snprintf(cells[P_VALUE][i], sizeof(cell), "(p = %.4f)%s", c->p_value, c->p_value > 0.05 ? "" : "*");
	heed__metric_point(cells[P_VALUE][i]);
}

static void lay_out(heed__str *s, cell *cells[ROWS], size_t *width, int count, const char *baseline_name,
		    const char *system_name)
{
	const char *const names[ROWS] = {"System", baseline_name, system_name, ""};
	const int columns = count + 1;

	for (int c = 0; c < columns; c++) {
		width[c] = 0;
		for (int row = HEADER; row < ROWS; row++) {
			const size_t w =
				columns_of(c == 0 ? names[row] : cells[row][c - 1]) + (row == HEADER ? 2 : 0);

			if (w > width[c])
				width[c] = w;
		}
	}
	add_rule(s, width, columns, "\xE2\x95\x92", "\xE2\x95\x90", "\xE2\x95\xA4", "\xE2\x95\x95");
	for (int row = HEADER; row < ROWS; row++) {
		if (row == BASELINE)
			add_rule(s, width, columns, "\xE2\x95\x9E", "\xE2\x95\x90", "\xE2\x95\xAA",
				 "\xE2\x95\xA1");
		if (row == SYSTEM)
			add_rule(s, width, columns, "\xE2\x94\x9C", "\xE2\x94\x80", "\xE2\x94\xBC",
				 "\xE2\x94\xA4");
		add_row_of_cells(s, width, columns, names[row], (const cell *)cells[row]);
	}
	add_rule(s, width, columns, "\xE2\x95\x98", "\xE2\x95\x90", "\xE2\x95\xA7", "\xE2\x95\x9B");
}

static void add_signatures(heed__str *s, heed_metric *const *metrics, const heed_comparison *comparisons,
			   int count)
{
	char signature[200];

	heed__str_addf(s,
		       "\nPaired bootstrap resampling test with %d resampling trials; * marks p <= 0.05\n\n",
		       comparisons[0].resamples);
	heed__str_adds(s, "-----------------\nMetric signatures\n-----------------\n");
	for (int i = 0; i < count; i++) {
		heed__metric_describe(metrics[i], &comparisons[i], signature, sizeof signature);
		heed__str_addf(s, " - %-10s %s\n", metrics[i]->name, signature);
	}
}

heed_code heed_comparison_write(heed_metric *const *metrics, const heed_comparison *comparisons, int count,
				const char *baseline_name, const char *system_name, int digits,
				heed_write_fn *write, void *user)
{
	heed_ctx *const ctx = metrics[0]->ctx;
	heed__str text = heed__str_init(ctx, 0), baseline = heed__str_init(ctx, 0);
	cell *cells[ROWS] = {heed__calloc(ctx, (size_t)count * ROWS, sizeof(cell))};
	size_t *width = heed__calloc(ctx, (size_t)count + 1, sizeof *width);
	heed_code code = HEED_E_MEMORY;

	heed__str_addf(&baseline, "Baseline: %s", baseline_name);
	if (cells[0] != NULL && width != NULL && !baseline.failed) {
		digits = digits < 0 ? 0 : digits > 17 ? 17 : digits;
		for (int row = 1; row < ROWS; row++)
			cells[row] = cells[0] + row * count;
		for (int i = 0; i < count; i++)
			fill_cells(cells, i, metrics[i]->name, &comparisons[i], digits);
		lay_out(&text, cells, width, count, baseline.data, system_name);
		add_signatures(&text, metrics, comparisons, count);
		if (!text.failed)
			code = write(user, text.data, text.len);
	}
	heed__free(ctx, width);
	heed__free(ctx, cells[0]);
	heed__str_release(&baseline);
	heed__str_release(&text);
	return code;
}
