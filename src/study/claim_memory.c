/* An RNN forgets, an LSTM forgets later, attention has no distance.
 *
 *	A A B A A A ? B          B, because there was a B before
 *	A A A A ? A              A, because there was none
 *
 * Every letter of a line is B by chance, whatever came before, so that only the answer says that a B is worth
 * remembering. Asked are lines with one B; its distance is that from the question mark: 1 is the letter before it. */
#include "study/gradient.h"
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/score.h"

#include <math.h>
#include <string.h>

enum {
	LONGEST = 96, /* letters */
	LINES = 20000,
	LINE_BYTES = 2 * LONGEST + 8,
	PLACES = HEED__MEMORY_DISTANCES,
	LENGTHS = 8, /* of lines that each distance is tried in */
	WIDEST = 64,
	STEPS = 2000,
	QUICK_STEPS = 600,
};

static const int distances[PLACES] = {1, 2, 4, 8, 16, 24, 32, 48, 64, 96};
static const char *const families[HEED__MEMORY_FAMILIES] = {"rnn", "lstm", "gpt"};

#define LESSON                                                                                               \
	"tokenizer", "word", "batch-tokens", "2048", "lr", "0.003", "warmup", "100", "schedule", "cosine",   \
		"clip", "1", "unit", "lines", "dropout", "0"
#define RECURRENT "layers", "1", "width", "32", "embedding-dropout", "0", "output-dropout", "0"

static const char *const *const settings[HEED__MEMORY_FAMILIES] = {
	HEED__LESSON(LESSON, RECURRENT),
	HEED__LESSON(LESSON, RECURRENT),
	HEED__LESSON(LESSON, "layers", "2", "width", "32", "heads", "2", "feed-forward", "64", "tie", "none",
		     "position", "sincos", "max-length", "128"),
};

/* What the trials find, [family][seed][distance]. */
typedef double measure[HEED__MEMORY_FAMILIES][HEED__SEEDS][PLACES];
typedef struct found {
	measure accuracy;
	measure fresh, taught; /* gradients before training and after */
} found;

/* Letters, the question and the answer. */
static size_t finish_line(char *out, const char *letters, int count, char answer)
{
	char *c = out;

	for (int i = 0; i < count; i++) {
		*c++ = letters[i];
		*c++ = ' ';
	}
	*c++ = '?';
	*c++ = ' ';
	*c++ = answer;
	return (size_t)(c - out);
}

/* A line to learn from: half of them have a B, whatever their length. */
static size_t draw_line(char *out, heed__rng *rng)
{
	const int count = 1 + (int)heed__rng_below(rng, LONGEST);
	const double chance = 1 - pow(0.5, 1.0 / count);
	char letters[LONGEST], answer = 'A';

	for (int i = 0; i < count; i++) {
		letters[i] = heed__rng_uniform(rng) < chance ? 'B' : 'A';
		answer = letters[i] == 'B' ? 'B' : answer;
	}
	return finish_line(out, letters, count, answer);
}

static heed_examples *make_lines(heed_ctx *ctx, int count)
{
	heed_examples *const e = heed_examples_new(ctx);
	heed__rng rng = {.seed = heed_ctx_seed(ctx), .stream = HEED__STREAM_CORPUS};
	heed_code code = e != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < count; i++) {
		char line[LINE_BYTES];
		const size_t len = draw_line(line, &rng);

		code = heed_examples_add(e, line, len, NULL, 0);
	}
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

/* --- accuracy --- */

/* Whether the right answer is more probable than the other, for a line with its only B at `distance` (0: none). */
static heed_code ask(heed_scorer *s, int count, int distance, bool *right)
{
	char letters[LONGEST], yes[LINE_BYTES], no[LINE_BYTES];
	heed_line_score scores[2];
	heed_line lines[] = {{yes, 0}, {no, 0}};
	heed_code code;

	for (int i = 0; i < count; i++)
		letters[i] = count - i == distance ? 'B' : 'A';
	lines[0].len = finish_line(yes, letters, count, 'B');
	lines[1].len = finish_line(no, letters, count, 'A');
	code = heed_score_lines(s, lines, 2, scores);
	*right = (scores[0].logp > scores[1].logp) == (distance > 0);
	return code;
}

/* The mean of how often a B at this distance is remembered and how often none is imagined. */
static heed_code try_distance(heed_scorer *s, int distance, double *accuracy)
{
	heed_code code = HEED_OK;
	int right = 0, asked = 0;

	for (int i = 0; code == HEED_OK && i < LENGTHS; i++) {
		const int count = distance + (LONGEST - distance) * i / (LENGTHS - 1);
		bool seen = false, none = false;

		code = ask(s, count, distance, &seen);
		if (code == HEED_OK)
			code = ask(s, count, 0, &none);
		right += seen + none;
		asked += 2;
	}
	*accuracy = (double)right / asked;
	return code;
}

static heed_code measure_accuracy(const heed_trained *trained, double *accuracy)
{
	heed_scorer *const s = heed_scorer_new(trained, NULL);
	heed_code code = s != NULL ? HEED_OK : heed_error_code(trained->ctx);

	for (int i = 0; code == HEED_OK && i < PLACES; i++)
		code = try_distance(s, distances[i], &accuracy[i]);
	heed_scorer_free(s);
	return code;
}

/* --- gradients --- */

static int letter_id(const heed_tokenizer *t, char letter)
{
	const char piece[] = {'\xE2', '\x96', '\x81', letter};

	return heed_tokenizer_id(t, piece, sizeof piece);
}

/* The ids of bos, a line with its B at `distance`, and its question mark; returns how many. */
static int line_ids(const heed_tokenizer *t, int distance, int *ids)
{
	int n = 0;

	ids[n++] = HEED_BOS_ID;
	for (int i = LONGEST; i > 0; i--)
		ids[n++] = letter_id(t, i == distance ? 'B' : 'A');
	ids[n++] = letter_id(t, '?');
	return n;
}

/* The direction in which the score of B rises against that of A. */
static const float *direction(const heed_model *m, const heed_tokenizer *t, float out[WIDEST])
{
	const heed_tensor *const w = heed_params_find(m->params, "output.weight");
	const size_t width = (size_t)w->dim[1];

	for (size_t i = 0; i < width; i++)
		out[i] = w->data[(size_t)letter_id(t, 'B') * width + i] -
			 w->data[(size_t)letter_id(t, 'A') * width + i];
	return out;
}

/* Relative to that of a B right before the question. */
static heed_code measure_gradients(heed_model *m, const heed_tokenizer *t, double *gradients)
{
	heed_code code = HEED_OK;

	for (int i = 0; code == HEED_OK && i < PLACES; i++) {
		double norms[LONGEST + 2] = {0};
		int ids[LONGEST + 2];
		const int n = line_ids(t, distances[i], ids);
		float score[WIDEST];

		code = heed__token_gradients(m, ids, n, direction(m, t, score), norms);
		gradients[i] = norms[n - 1 - distances[i]];
	}
	for (int i = PLACES - 1; i >= 0; i--)
		gradients[i] /= gradients[0];
	return code;
}

static heed_code measure_fresh(const heed_trained *trained, double *gradients)
{
	const heed_model *const m = trained->model;
	heed_model *const fresh = heed_model_new(trained->ctx, m->family, m->config, m->source_vocab,
						 m->target_vocab, HEED_MODEL_TRAIN);
	const heed_code code = fresh != NULL ? measure_gradients(fresh, trained->source, gradients)
					     : heed_error_code(trained->ctx);

	heed_model_free(fresh);
	return code;
}

static heed_code try_family(heed__trial *t)
{
	found *const f = t->user;
	const int k = t->kind, seed = t->seed;
	heed_examples *const lines = make_lines(t->ctx, heed__study_examples(t->study, LINES));
	const heed__lesson lesson = {.family = families[k],
				     .settings = settings[k],
				     .steps = heed__study_steps(t->study, STEPS, QUICK_STEPS),
				     .train = lines};
	heed_trained *trained = NULL;
	heed_code code = lines != NULL ? heed__trial_train(t, &lesson, &trained) : HEED_E_MEMORY;

	if (code == HEED_OK)
		code = measure_accuracy(trained, f->accuracy[k][seed]);
	if (code == HEED_OK)
		code = measure_fresh(trained, f->fresh[k][seed]);
	if (code == HEED_OK)
		code = measure_gradients(trained->model, trained->source, f->taught[k][seed]);
	heed_trained_close(trained);
	heed_examples_free(lines);
	return code;
}

/* --- verdict --- */

/* The longest distance up to which nearly all answers are right. */
double heed__memory_reach(const double accuracy[HEED__MEMORY_DISTANCES])
{
	double reach = 0;

	for (int i = 0; i < PLACES && accuracy[i] >= 0.9; i++)
		reach = distances[i];
	return reach;
}

static heed_finding judge_answers(const double reach[HEED__MEMORY_FAMILIES][HEED__SEEDS], int seeds,
				  heed__str *sentence)
{
	const double longest = distances[PLACES - 1];
	const heed_mean rnn = heed_mean_of(reach[0], seeds), lstm = heed_mean_of(reach[1], seeds),
			gpt = heed_mean_of(reach[2], seeds);
	const heed_finding later = heed__exceeds(reach[1], reach[0], seeds);
	const heed_finding free_of_it = heed__least(reach[2], seeds) >= longest ? HEED_FOUND_SO
					: gpt.mean > lstm.mean                  ? HEED_FOUND_OPEN
										: HEED_FOUND_NOT_SO;

	heed__str_addf(
		sentence,
		"Nine answers of ten are right as far back as %.0f letters with the RNN, %.0f with the "
		"LSTM and %.0f with attention, of %.0f at most (means of %d runs). ",
		rnn.mean, lstm.mean, gpt.mean, longest, seeds);
	heed__str_adds(sentence,
		       later == HEED_FOUND_SO ? "In every run the LSTM remembers longer than the RNN in any. "
		       : later == HEED_FOUND_OPEN
			       ? "The LSTM remembers longer than the RNN on average, but not in every run. "
			       : "The LSTM does not remember longer than the RNN. ");
	heed__str_adds(sentence,
		       free_of_it == HEED_FOUND_SO
			       ? "To attention the distance makes no difference. "
			       : "Attention did not learn to be free of the distance in every run. ");
	return heed__both(later, free_of_it);
}

static heed_finding judge_gradients(const double left[HEED__MEMORY_FAMILIES][HEED__SEEDS], int seeds,
				    heed__str *sentence)
{
	heed__str_addf(
		sentence,
		"Before training, the gradient that reaches a letter %d back is %.1g of that one letter "
		"back with the RNN, %.1g with the LSTM and %.1g with attention. ",
		distances[PLACES - 1], heed_mean_of(left[0], seeds).mean, heed_mean_of(left[1], seeds).mean,
		heed_mean_of(left[2], seeds).mean);
	return heed__both(heed__exceeds(left[1], left[0], seeds), heed__exceeds(left[2], left[1], seeds));
}

heed_finding heed__memory_verdict(const double reach[HEED__MEMORY_FAMILIES][HEED__SEEDS],
				  const double left[HEED__MEMORY_FAMILIES][HEED__SEEDS], int seeds,
				  heed__str *sentence)
{
	const heed_finding answers = judge_answers(reach, seeds, sentence);
	const heed_finding gradients = judge_gradients(left, seeds, sentence);

	if (answers == HEED_FOUND_NOT_SO && gradients == HEED_FOUND_SO) {
		heed__str_adds(sentence, "The claim held here of the gradients, but not of the answers.");
		return HEED_FOUND_OPEN;
	}
	heed__str_adds(sentence, heed__verdict_words(heed__both(answers, gradients)));
	return heed__both(answers, gradients);
}

/* --- report --- */

static void seeds_at(heed__study *study, measure values, int family, int place, double *each)
{
	for (int s = 0; s < study->options->seeds; s++)
		each[s] = values[family][s][place];
}

/* Mean and deviation over the seeds at each distance. */
static void add_plot(heed__study *study, const char *name, const char *title, const char *label,
		     measure values, bool log_y)
{
	double x[PLACES], y[HEED__MEMORY_FAMILIES][PLACES], spread[HEED__MEMORY_FAMILIES][PLACES];
	heed_series series[HEED__MEMORY_FAMILIES];

	for (int f = 0; f < HEED__MEMORY_FAMILIES; f++) {
		for (int i = 0; i < PLACES; i++) {
			double each[HEED__SEEDS];
			heed_mean m;

			seeds_at(study, values, f, i, each);
			m = heed_mean_of(each, study->options->seeds);
			x[i] = distances[i];
			y[f][i] = m.mean;
			spread[f][i] = m.deviation;
		}
		series[f] = (heed_series){families[f], PLACES, x, y[f], spread[f]};
	}
	heed_report_plot(study->report, name,
			 &(heed_plot){.title = title,
				      .x_label = "distance of the only B",
				      .y_label = label,
				      .log_x = true,
				      .log_y = log_y,
				      .y_low = log_y ? 0 : 0.4,
				      .y_high = log_y ? 0 : 1,
				      .series = series,
				      .count = HEED__MEMORY_FAMILIES});
}

static void add_table(heed__study *study, const char *title, measure values, int digits)
{
	heed_column columns[PLACES];
	char names[PLACES][8];

	for (int i = 0; i < PLACES; i++) {
		snprintf(names[i], sizeof names[i], "%d", distances[i]);
		columns[i] = (heed_column){names[i], digits};
	}
	heed_report_table(study->report, title, "family", columns, PLACES);
	for (int f = 0; f < HEED__MEMORY_FAMILIES; f++) {
		heed_report_row(study->report, families[f]);
		for (int i = 0; i < PLACES; i++) {
			double each[HEED__SEEDS];

			seeds_at(study, values, f, i, each);
			heed_report_numbers(study->report, each, study->options->seeds);
		}
	}
}

static void add_finding(heed__study *study, found *f)
{
	double reach[HEED__MEMORY_FAMILIES][HEED__SEEDS] = {{0}};
	double left[HEED__MEMORY_FAMILIES][HEED__SEEDS] = {{0}};
	heed__str sentence = heed__str_init(study->ctx, 0);
	heed_finding finding;

	for (int k = 0; k < HEED__MEMORY_FAMILIES; k++)
		for (int s = 0; s < study->options->seeds; s++) {
			reach[k][s] = heed__memory_reach(f->accuracy[k][s]);
			left[k][s] = f->fresh[k][s][PLACES - 1];
		}
	finding = heed__memory_verdict((const double(*)[HEED__SEEDS])reach,
				       (const double(*)[HEED__SEEDS])left, study->options->seeds, &sentence);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	heed__str_release(&sentence);
}

static void report(heed__study *study, void *findings)
{
	found *const f = findings;

	heed_report_text(study->report,
			 "Lines of 1 to %d letters, each A or by chance B, then a question mark and the "
			 "answer: B if there was a B, else A. Language models of width 32 learn %d such "
			 "lines in %lld steps. Asked: lines of %d lengths with their only B at each "
			 "distance from the question, and as many without a B; half is what guessing gives.",
			 LONGEST, heed__study_examples(study, LINES),
			 (long long)heed__study_steps(study, STEPS, QUICK_STEPS), LENGTHS);
	add_finding(study, f);
	add_table(study, "Share of right answers against the distance of the only B", f->accuracy, 2);
	add_plot(study, "memory-answers", "Right answers", "share", f->accuracy, false);
	heed_report_text(
		study->report,
		"What reaches the B in training: the length of the gradient of (score of B - score of A) "
		"with respect to its vector, as a share of that at distance 1, before training and after.");
	add_table(study, "Gradient that reaches the B, before training", f->fresh, -2);
	add_plot(study, "memory-gradient-before", "Gradient that reaches the B, before training",
		 "share of that at distance 1", f->fresh, true);
	add_plot(study, "memory-gradient-after", "Gradient that reaches the B, after training",
		 "share of that at distance 1", f->taught, true);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, HEED__MEMORY_FAMILIES, try_family, sizeof(found), report);
}

const heed__claim heed__claim_memory = {
	.name = "memory",
	.place = 0,
	.claim = "An RNN forgets, an LSTM forgets later, attention has no distance",
	.run = run,
};
