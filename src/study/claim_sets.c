/* Attention alone maps a set to a set.
 *
 *	Jack gave water to Jill        Jill gave water to Jack
 *
 * The second sentence has the words of the first in another order. If order says nothing to a model, its vectors are the
 * same ones in another order, too. */
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/model.h"

#include <math.h>
#include <string.h>

enum { WORDS = 5, WIDTH = 32, VOCABULARY = HEED_SPECIAL_IDS + WORDS };

/* Words by number in the two sentences. */
static const int first[WORDS] = {3, 4, 5, 6, 7}, second[WORDS] = {7, 4, 5, 6, 3};

static const char *const positions[HEED__SETS_POSITIONS] = {"none", "index",  "onehot",
							    "sin",  "sincos", "learned"};
static const struct machine {
	const char *name, *family, *projections;
} machines[HEED__SETS_MACHINES] = {
	{"encoder", "encoder", "full"},
	{"encoder without matrices", "encoder", "none"},
	{"gpt (masked)", "gpt", "full"},
};

typedef struct found {
	double difference[HEED__SETS_MACHINES][HEED__SETS_POSITIONS][HEED__SEEDS];
} found;

/* --- vectors --- */

/* The vectors of a sentence's words into out [WORDS, WIDTH]. */
static heed_code read_sentence(const heed_model *m, const int *ids, float *out)
{
	static const int start[] = {0, WORDS};
	const heed_ragged text = {{1, start}, ids};
	const heed_batch batch = {.source = text, .input = text};
	heed_tape *const tape = heed_tape_new(m->ctx, 0);
	const heed_tensor *x;
	heed_code code;

	if (tape == NULL)
		return HEED_E_MEMORY;
	x = m->family->contextual(m, tape, &batch);
	code = heed_tape_code(tape);
	if (x != NULL)
		memcpy(out, x->data, (size_t)WORDS * WIDTH * sizeof *out);
	heed_tape_free(tape);
	return code;
}

static double distance(const float *a, const float *b)
{
	double most = 0;

	for (int k = 0; k < WIDTH; k++) {
		const double apart = fabs((double)a[k] - (double)b[k]);

		if (apart > most)
			most = apart;
	}
	return most;
}

/* The least that the worst pair differs by when rows i and on of a are matched with rows of b that are not taken. */
static double best_match(const float *a, const float *b, int i, unsigned taken)
{
	double best = INFINITY;

	if (i == WORDS)
		return 0;
	for (int j = 0; j < WORDS; j++) {
		const unsigned bit = 1u << j;

		if ((taken & bit) == 0) {
			const double here = distance(a + (size_t)i * WIDTH, b + (size_t)j * WIDTH);

			best = fmin(best, fmax(here, best_match(a, b, i + 1, taken | bit)));
		}
	}
	return best;
}

/* Relative to the size of the numbers. */
static double difference_of(const float *a, const float *b)
{
	double squares = 0;

	for (int k = 0; k < WORDS * WIDTH; k++)
		squares += (double)a[k] * (double)a[k];
	return best_match(a, b, 0, 0) / sqrt(squares / (WORDS * WIDTH));
}

static heed_code try_model(const heed_model *m, double *difference)
{
	float a[WORDS * WIDTH] = {0}, b[WORDS * WIDTH] = {0};
	heed_code code = read_sentence(m, first, a);

	if (code == HEED_OK)
		code = read_sentence(m, second, b);
	if (code == HEED_OK)
		*difference = difference_of(a, b);
	return code;
}

static heed_code try_position(heed__trial *t, const struct machine *machine, int position, double *difference)
{
	const heed_model_class *const family = heed_model_class_find(machine->family);
	void *const config =
		heed__study_config(t->ctx, family,
				   HEED__LESSON("layers", "2", "width", "32", "heads", "4", "feed-forward",
						"64", "max-length", "16", "position", positions[position],
						"projections", machine->projections, "dropout", "0"));
	heed_model *const m =
		config != NULL ? heed_model_new(t->ctx, family, config, VOCABULARY, VOCABULARY, 0) : NULL;
	const heed_code code = m != NULL ? try_model(m, difference) : heed_error_code(t->ctx);

	heed_model_free(m);
	heed__free(t->ctx, config);
	return code;
}

static heed_code try_machine(heed__trial *t)
{
	found *const f = t->user;
	heed_code code = HEED_OK;

	for (int p = 0; code == HEED_OK && p < HEED__SETS_POSITIONS; p++)
		code = try_position(t, &machines[t->kind], p, &f->difference[t->kind][p][t->seed]);
	return code;
}

/* --- verdict --- */

heed_finding heed__sets_verdict(const double difference[HEED__SETS_POSITIONS][HEED__SEEDS], int seeds,
				heed__str *sentence)
{
	const double rounding = 1e-4, without = heed__most(difference[0], seeds);
	double with = INFINITY;
	heed_finding finding;

	for (int p = 1; p < HEED__SETS_POSITIONS; p++)
		with = fmin(with, heed__least(difference[p], seeds));
	finding = without <= rounding && with > rounding ? HEED_FOUND_SO : HEED_FOUND_NOT_SO;
	heed__str_addf(
		sentence,
		"Without positions the two sentences' vectors differ by at most %.1e of their size, after "
		"the best matching: %s. With positions of any kind they differ by %.1e at least: %s. ",
		without,
		without <= rounding ? "that is rounding, they are the same set"
				    : "that is more than rounding, they are not the same set",
		with, with > rounding ? "they are two sets" : "that may be rounding");
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_plot(heed__study *study, const found *f)
{
	double x[HEED__SETS_MACHINES][HEED__SETS_POSITIONS], y[HEED__SETS_MACHINES][HEED__SETS_POSITIONS];
	heed_series series[HEED__SETS_MACHINES];

	for (int k = 0; k < HEED__SETS_MACHINES; k++) {
		for (int p = 0; p < HEED__SETS_POSITIONS; p++) {
			x[k][p] = p + 0.12 * (k - 1);
			y[k][p] = fmax(heed_mean_of(f->difference[k][p], study->options->seeds).mean, 1e-8);
		}
		series[k] = (heed_series){machines[k].name, HEED__SETS_POSITIONS, x[k], y[k], NULL};
	}
	heed_report_plot(study->report, "sets",
			 &(heed_plot){.title = "Largest difference between the two sentences' vectors",
				      .x_label = "what marks the places",
				      .y_label = "share of their size",
				      .x_names = positions,
				      .x_name_count = HEED__SETS_POSITIONS,
				      .log_y = true,
				      .dots = true,
				      .series = series,
				      .count = HEED__SETS_MACHINES});
}

static void add_table(heed__study *study, const found *f)
{
	heed_column columns[HEED__SETS_POSITIONS];

	for (int p = 0; p < HEED__SETS_POSITIONS; p++)
		columns[p] = (heed_column){positions[p], -2};
	heed_report_table(study->report, "Largest difference, as a share of the vectors' size, by positions",
			  "model", columns, HEED__SETS_POSITIONS);
	for (int k = 0; k < HEED__SETS_MACHINES; k++) {
		heed_report_row(study->report, machines[k].name);
		for (int p = 0; p < HEED__SETS_POSITIONS; p++)
			heed_report_numbers(study->report, f->difference[k][p], study->options->seeds);
	}
}

static void report(heed__study *study, void *findings)
{
	const found *const f = findings;
	heed__str sentence = heed__str_init(study->ctx, 0);
	const heed_finding finding = heed__sets_verdict((const double(*)[HEED__SEEDS])f->difference[0],
							study->options->seeds, &sentence);

	heed_report_text(study->report,
			 "\"Jack gave water to Jill\" and \"Jill gave water to Jack\" go through two layers "
			 "of width %d with random weights, and the vectors of the one sentence are matched "
			 "with those of the other so that the worst pair differs least. The masked model is "
			 "there for comparison: each word sees only those before it, which is an order, too.",
			 WIDTH);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	add_table(study, f);
	add_plot(study, f);
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, HEED__SETS_MACHINES, try_machine, sizeof(found), report);
}

const heed__claim heed__claim_sets = {
	.name = "sets",
	.place = 3,
	.claim = "Attention alone maps a set to a set: without positions it does not see the order of words",
	.run = run,
};
