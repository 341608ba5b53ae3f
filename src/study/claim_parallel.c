/* An RNN is sequential, attention parallel.
 *
 * A training step over always the same number of tokens, in few long sequences or in many short ones. The layers of all
 * three models have as many weights, so that a token costs the same arithmetic in each; what attention needs beside, for
 * pairs of tokens, is counted. Where steps have to follow one another, the products become small and the processor
 * idle: less arithmetic is done a second. */
#include "study/verdict.h"
#include "study/verdicts.h"

#include "base/file.h"
#include "heed/model.h"

#include <math.h>

enum {
	TOKENS = 2048,
	VOCABULARY = 64,
	LENGTHS = HEED__PARALLEL_LENGTHS,
	FAMILIES = HEED__PARALLEL_FAMILIES,
	THREADS = 2,
	TRIES = 3, /* the fastest counts */
};

static const int lengths[LENGTHS] = {8, 32, 128, 512, 2048};
static const char *const families[FAMILIES] = {"rnn", "lstm", "gpt"};
static const char *const *const settings[FAMILIES] = {
	HEED__LESSON("layers", "4", "width", "128", "unit", "lines", "dropout", "0"),
	HEED__LESSON("layers", "1", "width", "128", "unit", "lines", "dropout", "0"),
	HEED__LESSON("layers", "1", "width", "128", "heads", "4", "feed-forward", "256", "max-length", "2048",
		     "dropout", "0"),
};

typedef struct found {
	double seconds[THREADS][FAMILIES][LENGTHS][HEED__SEEDS]; /* of a step */
	double rate[THREADS][FAMILIES][LENGTHS][HEED__SEEDS];    /* operations a second */
} found;

/* A batch of random tokens. */
typedef struct tokens {
	int ids[TOKENS], targets[TOKENS], start[TOKENS + 1];
} tokens;

static heed_batch make_batch(tokens *t, int length, uint64_t seed)
{
	heed__rng rng = {.seed = seed, .stream = HEED__STREAM_CORPUS};

	for (int i = 0; i < TOKENS; i++) {
		t->ids[i] = HEED_SPECIAL_IDS + (int)heed__rng_below(&rng, VOCABULARY - HEED_SPECIAL_IDS);
		t->targets[i] = t->ids[i];
	}
	for (int i = 0; i <= TOKENS / length; i++)
		t->start[i] = i * length;
	return (heed_batch){.input = {{TOKENS / length, t->start}, t->ids}, .targets = t->targets};
}

static heed_code run_step(heed_model *m, heed_tape *tape, const heed_batch *batch, double *seconds)
{
	const double before = heed__clock();
	heed_code code;

	heed_params_begin(m->params);
	heed_tape_reset(tape, 0);
	code = heed_tape_backward(tape, m->family->loss(m, tape, batch, NULL));
	*seconds = heed__clock() - before;
	return code;
}

/* The fastest of some steps, the first one not counted: it gets the memory. */
static heed_code time_steps(heed_model *m, const heed_batch *batch, double *seconds, double *operations)
{
	heed_tape *const tape = heed_tape_new(m->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	heed_code code = tape != NULL ? HEED_OK : HEED_E_MEMORY;

	*seconds = INFINITY;
	for (int i = 0; code == HEED_OK && i <= TRIES; i++) {
		double now;

		code = run_step(m, tape, batch, &now);
		if (i > 0)
			*seconds = fmin(*seconds, now);
	}
	if (code == HEED_OK)
		*operations = heed_tape_used(tape).flops;
	heed_tape_free(tape);
	return code;
}

static heed_code try_length(heed_ctx *ctx, int family, int length, double *seconds, double *rate)
{
	const heed_model_class *const class = heed_model_class_find(families[family]);
	void *const config = heed__study_config(ctx, class, settings[family]);
	heed_model *const m =
		config != NULL ? heed_model_new(ctx, class, config, VOCABULARY, VOCABULARY, HEED_MODEL_TRAIN)
			       : NULL;
	tokens *const t = heed__alloc(ctx, sizeof *t);
	double operations = 0;
	heed_code code = HEED_E_MEMORY;

	if (m != NULL && t != NULL) {
		const heed_batch batch = make_batch(t, length, heed_ctx_seed(ctx));

		code = time_steps(m, &batch, seconds, &operations);
		*rate = operations / *seconds;
	}
	heed__free(ctx, t);
	heed_model_free(m);
	heed__free(ctx, config);
	return code;
}

/* One round over everything; rounds lie apart in time, as seeds do elsewhere. */
static heed_code try_round(heed__study *study, int round, found *f)
{
	heed_code code = HEED_OK;

	for (int n = 0; code == HEED_OK && n < THREADS; n++) {
		heed_ctx *const ctx =
			heed__ctx_beside(study->ctx, n + 1, heed_ctx_seed(study->ctx) + (uint64_t)round);

		if (ctx == NULL)
			return heed__error(study->ctx, HEED_E_MEMORY, "memory: no context for another run");
		for (int i = 0; code == HEED_OK && i < LENGTHS * FAMILIES; i++) {
			const int family = i % FAMILIES, length = i / FAMILIES;

			code = heed_interrupted(study->ctx)
				       ? HEED_E_INTERRUPTED
				       : try_length(ctx, family, lengths[length],
						    &f->seconds[n][family][length][round],
						    &f->rate[n][family][length][round]);
		}
		if (code != HEED_OK)
			heed__error(study->ctx, code, "%s",
				    code == HEED_E_INTERRUPTED ? "stopped on request"
							       : heed_error_message(ctx));
		heed_ctx_free(ctx);
	}
	return code;
}

/* --- verdict --- */

heed_finding heed__parallel_verdict(const double left[HEED__PARALLEL_FAMILIES][HEED__SEEDS],
				    const double speedup[HEED__PARALLEL_FAMILIES][HEED__SEEDS], int rounds,
				    heed__str *sentence)
{
	const heed_finding finding =
		heed__both(heed__exceeds(left[2], left[0], rounds), heed__exceeds(left[2], left[1], rounds));

	heed__str_addf(sentence,
		       "In one sequence of %d tokens the RNN does %.0f %% of the arithmetic a second that "
		       "it does in sequences of %d, the LSTM %.0f %%, attention %.0f %%. A second thread "
		       "makes the long sequence %.2f times as fast for the RNN, %.2f for the LSTM and %.2f "
		       "for attention. ",
		       lengths[LENGTHS - 1], 100 * heed_mean_of(left[0], rounds).mean, lengths[0],
		       100 * heed_mean_of(left[1], rounds).mean, 100 * heed_mean_of(left[2], rounds).mean,
		       heed_mean_of(speedup[0], rounds).mean, heed_mean_of(speedup[1], rounds).mean,
		       heed_mean_of(speedup[2], rounds).mean);
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_plot(heed__study *study, const char *name, const char *title, const char *label,
		     double values[THREADS][FAMILIES][LENGTHS][HEED__SEEDS], double scale)
{
	static const char *const names[THREADS][FAMILIES] = {
		{"rnn, 1 thread", "lstm, 1 thread", "gpt, 1 thread"},
		{"rnn, 2 threads", "lstm, 2 threads", "gpt, 2 threads"}};
	double x[LENGTHS], y[THREADS][FAMILIES][LENGTHS], spread[THREADS][FAMILIES][LENGTHS];
	heed_series series[THREADS * FAMILIES];

	for (int n = 0; n < THREADS; n++)
		for (int k = 0; k < FAMILIES; k++) {
			for (int i = 0; i < LENGTHS; i++) {
				const heed_mean m = heed_mean_of(values[n][k][i], study->options->seeds);

				x[i] = lengths[i];
				y[n][k][i] = scale * m.mean;
				spread[n][k][i] = scale * m.deviation;
			}
			series[n * FAMILIES + k] =
				(heed_series){names[n][k], LENGTHS, x, y[n][k], spread[n][k]};
		}
	heed_report_plot(study->report, name,
			 &(heed_plot){.title = title,
				      .x_label = "tokens of a sequence",
				      .y_label = label,
				      .log_x = true,
				      .log_y = true,
				      .series = series,
				      .count = THREADS * FAMILIES});
}

static void add_table(heed__study *study, const char *title,
		      double values[THREADS][FAMILIES][LENGTHS][HEED__SEEDS], double scale, int digits)
{
	heed_column columns[LENGTHS];
	char names[LENGTHS][8];

	for (int i = 0; i < LENGTHS; i++) {
		snprintf(names[i], sizeof names[i], "%d", lengths[i]);
		columns[i] = (heed_column){names[i], digits};
	}
	heed_report_table(study->report, title, "family, threads", columns, LENGTHS);
	for (int k = 0; k < FAMILIES; k++)
		for (int n = 0; n < THREADS; n++) {
			char name[32];

			snprintf(name, sizeof name, "%s, %d", families[k], n + 1);
			heed_report_row(study->report, name);
			for (int i = 0; i < LENGTHS; i++) {
				double scaled[HEED__SEEDS];

				for (int s = 0; s < study->options->seeds; s++)
					scaled[s] = scale * values[n][k][i][s];
				heed_report_numbers(study->report, scaled, study->options->seeds);
			}
		}
}

static void report(heed__study *study, found *f)
{
	double left[FAMILIES][HEED__SEEDS] = {{0}}, speedup[FAMILIES][HEED__SEEDS] = {{0}};
	heed__str sentence = heed__str_init(study->ctx, 0);
	heed_finding finding;

	for (int k = 0; k < FAMILIES; k++)
		for (int s = 0; s < study->options->seeds; s++) {
			left[k][s] = f->rate[0][k][LENGTHS - 1][s] / f->rate[0][k][0][s];
			speedup[k][s] = f->seconds[0][k][LENGTHS - 1][s] / f->seconds[1][k][LENGTHS - 1][s];
		}
	finding = heed__parallel_verdict((const double(*)[HEED__SEEDS])left,
					 (const double(*)[HEED__SEEDS])speedup, study->options->seeds,
					 &sentence);
	heed_report_text(
		study->report,
		"A step of training over %d tokens, forwards and backwards: one sequence, or up to %d of "
		"them. An RNN of four layers, an LSTM of one and a Transformer of one, all of width 128, "
		"have the same number of weights in their layers. The fastest of %d steps counts; the "
		"spread is that of %d rounds. Times are of this machine as it was, with whatever else ran "
		"on it.",
		TOKENS, TOKENS / lengths[0], TRIES, study->options->seeds);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	add_table(study, "Milliseconds of a step against the tokens of a sequence", f->seconds, 1e3, -3);
	add_table(study, "Arithmetic, in thousand millions of operations a second", f->rate, 1e-9, -3);
	add_plot(study, "parallel-time", "A step over 2048 tokens", "milliseconds", f->seconds, 1e3);
	add_plot(study, "parallel-rate", "Arithmetic a second", "thousand million operations", f->rate, 1e-9);
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	found *const f = heed__calloc(study->ctx, 1, sizeof *f);
	heed_code code = f != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int round = 0; code == HEED_OK && round < study->options->seeds; round++) {
		code = try_round(study, round, f);
		if (study->options->tell != NULL)
			study->options->tell(study->options->user, study->claim,
					     (round + 1.0) / study->options->seeds);
	}
	if (code == HEED_OK)
		report(study, f);
	heed__free(study->ctx, f);
	return code;
}

const heed__claim heed__claim_parallel = {
	.name = "parallel",
	.place = 2,
	.claim = "An RNN is sequential, attention parallel",
	.run = run,
};
