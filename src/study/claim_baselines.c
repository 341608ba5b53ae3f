/* No single best baseline.
 *
 * Five language models learn two texts: English of the built-in phrase corpus, whose sentences have a grammar, and a text
 * in which each word is drawn by the two before it and by nothing else, from a table that has to be learned by heart. What
 * counts is perplexity, time of training, and size. */
#include "study/phrase_pairs.h"
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	FAMILIES = HEED__BASELINE_FAMILIES,
	TEXTS = HEED__BASELINE_TEXTS,
	LINES = 12000,
	JUDGED = 500, /* lines */
	STEPS = 400,
	QUICK_STEPS = 60,
	WORDS = 60, /* that the drawn text has, at most 64 */
	NEXT = 4,   /* that may follow two words */
	LINE_WORDS = 10,
	WIDTH = 64,
};

static const char *const families[FAMILIES] = {"ngram", "ffn", "rnn", "lstm", "gpt"};
static const char *const texts[TEXTS] = {"sentences of a grammar", "words drawn by the two before"};

typedef struct found {
	heed__baselines values;
	double speed[TEXTS][FAMILIES][HEED__SEEDS];
} found;

/* --- texts --- */

/* Which word follows a and b: one of NEXT that they determine, the first as often as all others together. */
static int draw_next(uint64_t table, int a, int b, heed__rng *rng)
{
	heed__rng choices = {.seed = table, .stream = HEED__STREAM_CORPUS, .step = (uint32_t)(a * WORDS + b)};
	const uint64_t times = heed__rng_below(rng, 8);

	choices.index = times < 4 ? 0 : times < 6 ? 1 : times < 7 ? 2 : NEXT - 1;
	return (int)heed__rng_below(&choices, WORDS);
}

/* Word n: two syllables. */
static void add_word(heed__str *line, int n)
{
	static const char *const first[] = {"ba", "do", "fi", "ga", "ku", "la", "mo", "ni"},
				 *const last[] = {"pa", "ro", "si", "ta", "vu", "zo", "le", "na"};

	heed__str_addf(line, "%s%s%s", line->len > 0 ? " " : "", first[n % 8], last[n / 8]);
}

static heed_code add_drawn_line(heed_examples *e, uint64_t table, heed__rng *rng, heed__str *line)
{
	int a = 0, b = 0;

	heed__str_clear(line);
	for (int i = 0; i < LINE_WORDS; i++) {
		const int next = draw_next(table, a, b, rng);

		add_word(line, next);
		a = b;
		b = next;
	}
	return line->failed ? HEED_E_MEMORY : heed_examples_add(e, line->data, line->len, NULL, 0);
}

static heed_examples *drawn_text(heed_ctx *ctx, uint64_t table, uint32_t part, int count)
{
	heed_examples *const e = heed_examples_new(ctx);
	heed__rng rng = {.seed = table, .stream = HEED__STREAM_SAMPLE, .step = part};
	heed__str line = heed__str_init(ctx, 0);
	heed_code code = e != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < count; i++)
		code = add_drawn_line(e, table, &rng, &line);
	heed__str_release(&line);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

static heed_examples *make_text(const heed__trial *t, int text, bool valid)
{
	const uint64_t seed = heed_ctx_seed(t->ctx);
	const int count = heed__study_examples(t->study, valid ? JUDGED : LINES);

	if (text == 0)
		return heed__phrase_pairs(t->ctx, seed, valid ? HEED_PHRASES_VALID : HEED_PHRASES_TRAIN,
					  count, 1, 1);
	return drawn_text(t->ctx, seed, valid, count);
}

/* --- trials --- */

static bool tell(void *user, const char *family, double share, const char *text)
{
	(void)family;
	(void)text;
	return heed__trial_at(user, share > 0 ? share : 0) == HEED_OK;
}

static void keep(found *f, int text, int family, int seed, const heed_rival *r)
{
	f->values[text][HEED__BASELINE_PERPLEXITY][family][seed] = r->perplexity;
	f->values[text][HEED__BASELINE_SECONDS][family][seed] = r->seconds;
	f->values[text][HEED__BASELINE_BYTES][family][seed] = r->bytes;
	f->speed[text][family][seed] = r->speed;
}

static heed_code try_family(heed__trial *t)
{
	const int text = t->kind / FAMILIES, family = t->kind % FAMILIES;
	heed_examples *const train = make_text(t, text, false);
	heed_examples *const valid = make_text(t, text, true);
	heed_compare_job job = heed_compare_defaults(HEED_TASK_GENERATE);
	heed_rival rival;
	heed_code code = HEED_E_MEMORY;

	job.train = train;
	job.valid = valid;
	job.steps = heed__study_steps(t->study, STEPS, QUICK_STEPS);
	job.width = WIDTH;
	job.batch_tokens = 1024;
	job.dropout = 0;
	job.validations = 1;
	job.tell = tell;
	job.user = t;
	if (train != NULL && valid != NULL)
		code = heed_compare_run(t->ctx, &job, families[family], &rival);
	if (code == HEED_OK)
		keep(t->user, text, family, t->seed, &rival);
	heed_examples_free(train);
	heed_examples_free(valid);
	return code;
}

/* --- verdict --- */

static int best_of(const double values[HEED__BASELINE_FAMILIES][HEED__SEEDS], int seed)
{
	int best = 0;

	for (int k = 1; k < FAMILIES; k++)
		if (values[k][seed] < values[best][seed])
			best = k;
	return best;
}

static int best_mean(const double values[HEED__BASELINE_FAMILIES][HEED__SEEDS], int seeds)
{
	int best = 0;

	for (int k = 1; k < FAMILIES; k++)
		if (heed_mean_of(values[k], seeds).mean < heed_mean_of(values[best], seeds).mean)
			best = k;
	return best;
}

/* Whether one family has the least of everything on every text. */
static bool one_wins(const heed__baselines values, int seed)
{
	const int first = best_of(values[0][0], seed);

	for (int i = 0; i < TEXTS * HEED__BASELINE_CRITERIA; i++)
		if (best_of(values[i / HEED__BASELINE_CRITERIA][i % HEED__BASELINE_CRITERIA], seed) != first)
			return false;
	return true;
}

heed_finding heed__baselines_verdict(const heed__baselines values, int seeds, heed__str *sentence)
{
	heed_finding finding;
	int wins = 0;

	for (int s = 0; s < seeds; s++)
		wins += one_wins(values, s);
	finding = wins == 0 ? HEED_FOUND_SO : wins == seeds ? HEED_FOUND_NOT_SO : HEED_FOUND_OPEN;
	for (int t = 0; t < TEXTS; t++)
		heed__str_addf(sentence,
			       "On %s %s has the lowest perplexity, %s is trained fastest, %s is smallest. ",
			       texts[t], families[best_mean(values[t][HEED__BASELINE_PERPLEXITY], seeds)],
			       families[best_mean(values[t][HEED__BASELINE_SECONDS], seeds)],
			       families[best_mean(values[t][HEED__BASELINE_BYTES], seeds)]);
	heed__str_addf(sentence, "One family is best in everything in %d of %d runs. ", wins, seeds);
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_table(heed__study *study, const found *f, int text)
{
	static const heed_column columns[] = {
		{"perplexity", 2}, {"training, s", -2}, {"size, KiB", 0}, {"tokens/s in use", 0}};
	const int seeds = study->options->seeds;
	char title[80];

	snprintf(title, sizeof title, "On %s", texts[text]);
	heed_report_table(study->report, title, "family", columns, 4);
	for (int k = 0; k < FAMILIES; k++) {
		double size[HEED__SEEDS];

		for (int s = 0; s < seeds; s++)
			size[s] = f->values[text][HEED__BASELINE_BYTES][k][s] / 1024;
		heed_report_row(study->report, families[k]);
		heed_report_numbers(study->report, f->values[text][HEED__BASELINE_PERPLEXITY][k], seeds);
		heed_report_numbers(study->report, f->values[text][HEED__BASELINE_SECONDS][k], seeds);
		heed_report_numbers(study->report, size, seeds);
		heed_report_numbers(study->report, f->speed[text][k], seeds);
	}
}

static void add_plot(heed__study *study, const found *f, int text)
{
	double x[FAMILIES], y[FAMILIES], spread[FAMILIES];
	heed_series series[FAMILIES];
	char name[32], title[80];

	for (int k = 0; k < FAMILIES; k++) {
		const heed_mean m =
			heed_mean_of(f->values[text][HEED__BASELINE_PERPLEXITY][k], study->options->seeds);

		x[k] = heed_mean_of(f->values[text][HEED__BASELINE_SECONDS][k], study->options->seeds).mean;
		y[k] = m.mean;
		spread[k] = m.deviation;
		series[k] = (heed_series){families[k], 1, &x[k], &y[k], &spread[k]};
	}
	snprintf(name, sizeof name, "baselines-%d", text + 1);
	snprintf(title, sizeof title, "Perplexity against time, on %s", texts[text]);
	heed_report_plot(study->report, name,
			 &(heed_plot){.title = title,
				      .x_label = "seconds of training",
				      .y_label = "perplexity",
				      .log_x = true,
				      .log_y = true,
				      .dots = true,
				      .series = series,
				      .count = FAMILIES});
}

static void report(heed__study *study, void *findings)
{
	const found *const f = findings;
	heed__str sentence = heed__str_init(study->ctx, 0);
	const heed_finding finding = heed__baselines_verdict(
		(const double(*)[HEED__BASELINE_CRITERIA][FAMILIES][HEED__SEEDS])f->values,
		study->options->seeds, &sentence);

	heed_report_text(
		study->report,
		"Five language models learn two texts of %d lines, words as tokens: English of the "
		"built-in phrase corpus, and lines of %d words in which each word is drawn by the two "
		"before it, from a table of chance (%d words, %d of which may follow). The neural ones "
		"have width %d and get %lld steps of 1024 tokens; the 5-gram counts. Judged on %d other "
		"lines.",
		heed__study_examples(study, LINES), LINE_WORDS, WORDS, NEXT, WIDTH,
		(long long)heed__study_steps(study, STEPS, QUICK_STEPS), heed__study_examples(study, JUDGED));
	heed_report_finding(study->report, finding, "%s", sentence.data);
	for (int text = 0; text < TEXTS; text++) {
		add_table(study, f, text);
		add_plot(study, f, text);
	}
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, TEXTS * FAMILIES, try_family, sizeof(found), report);
}

const heed__claim heed__claim_baselines = {
	.name = "baselines",
	.place = 6,
	.claim = "No language model is the best one in everything",
	.run = run,
};
