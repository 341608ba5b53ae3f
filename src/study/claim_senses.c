/* A static vector can't tell the senses of a word apart, a contextual one can.
 *
 *	Server, can I have the check?            somebody who brings food
 *	Looks like I just crashed the server     a machine
 *
 * A small corpus of sentences from patterns has the word in both senses. Two models learn from it: a classifier that is
 * told whether a sentence is about a restaurant or about computers, and a language model that is told nothing. */
#include "study/pattern.h"
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/model.h"

#include <math.h>
#include <string.h>

enum {
	SENSES = 2,
	SHOWN = 4, /* sentences of each sense that are looked at, beside the notes' */
	PATTERNS = 12,
	SENTENCES = 4000,
	LAYERS = 2,
	DEPTHS = HEED__SENSES_DEPTHS,
	FAMILIES = HEED__SENSES_FAMILIES,
	WIDTH = 32,
};

#define WORD "\xE2\x96\x81server"

static const char *const labels[SENSES] = {"restaurant", "computers"};

/* The word stands at the start, inside and at the end of sentences in both senses, and some words go with both. */
static const char *const patterns[SENSES][PATTERNS] = {
	{
		"server, can {we|you|they} have the {check|menu|bill|table}?",
		"server, {may|could} I {have|see} the {menu|bill|wine list}, please?",
		"the {old|new|young|} server brought {me|us|them} the {soup|menu|check|wine|dessert}",
		"I {asked|told|begged} the {new|slow|kind|} server for {bread|water|the check|a table}",
		"our server was {friendly|slow|tired|new|busy} {tonight|today|again}",
		"{we|they} left a {good|small|large} tip for the server",
		"{looks|seems} like {we|they} just {tipped|thanked|paid} the server",
		"the {cook|guest|waiter} {thanked|called|ran into} the server",
		"the {soup|wine|dessert} at this {restaurant|table} {is|was} {good|cold|old}",
		"{we|they} ordered {bread|soup|wine} and {paid|waited|left}",
		("the {cook|guest|waiter|owner} {says|thinks|knows} the {new|old|} server {spilled the "
		 "wine|brought the soup|wants a tip}"),
		"in this {restaurant|kitchen|bar} {our|the|every} server {smiles|wants a tip|brings bread}",
	},
	{
		"server, {cache|log} and {table|database} are {down|new|offline}",
		"server {check|restart|update} {is|was} {slow|done} {today|again}",
		("the {old|new|slow|} server {restarted|went down|stopped|ran out of memory} "
		 "{again|today|tonight}"),
		"I {asked|told} the {admin|support} to {restart|check|update} the {new|slow|old|} server",
		"our server was {offline|slow|down|new|busy} {tonight|today|again}",
		"{she|they} installed a {new|large|small} {database|update|program} on the server",
		"{looks|seems} like {you|they} just {rebooted|stopped|broke} the server",
		"the {program|update|backup} {crashed|stopped|runs on} the server",
		"the {table|list|menu} of this {program|database} {is|was} {new|slow|old}",
		"{she|they} ran the {program|backup|update} and {waited|crashed it|left}",
		("the {admin|engineer|expert|hacker} {says|thinks|knows} the {new|old|} server "
		 "{restarted|ran the backup|needs an update}"),
		("in this {network|office|lab} {our|the|every} server {crashes|needs an update|runs a "
		 "database}"),
	},
};

/* Looked at, and never trained on. The notes' two come first; in the others the word has its context before it, so that
 * a model that reads from left to right has seen it, too, and what comes after it depends on the sense. */
static const char *const shown[SENSES][1 + SHOWN] = {
	{"server, can I have the check?", "the cook says the old server brought the soup",
	 "the guest thinks the server wants a tip", "in this kitchen our server brings bread",
	 "in this bar the server smiles"},
	{"looks like I just crashed the server", "the admin says the old server ran the backup",
	 "the expert thinks the server needs an update", "in this lab our server runs a database",
	 "in this network the server crashes"},
};

static const char *const families[FAMILIES] = {"encoder", "gpt"};
#define LESSON                                                                                               \
	"tokenizer", "word", "lowercase", "true", "batch-tokens", "1024", "lr", "0.002", "warmup", "50",     \
		"schedule", "cosine", "layers", "2", "width", "32", "heads", "4", "feed-forward", "64",      \
		"dropout", "0", "max-length", "32"
static const char *const *const settings[FAMILIES] = {
	HEED__LESSON(LESSON),
	HEED__LESSON(LESSON, "unit", "lines"),
};

static const int64_t steps[FAMILIES] = {300, 1200}, quick_steps[FAMILIES] = {200, 1000};

/* Mean cosines [family][depth][seed] between the word in two sentences of one sense, and of two. */
typedef struct found {
	double same[FAMILIES][DEPTHS][HEED__SEEDS], other[FAMILIES][DEPTHS][HEED__SEEDS];
	double pair[FAMILIES][HEED__SEEDS]; /* of the notes' two sentences, after the last layer */
} found;

/* --- the corpus --- */

static bool is_shown(const char *text)
{
	for (int i = 0; i < SENSES * (1 + SHOWN); i++)
		if (strcmp(text, shown[i / (1 + SHOWN)][i % (1 + SHOWN)]) == 0)
			return true;
	return false;
}

static heed_examples *make_corpus(heed_ctx *ctx, int count)
{
	heed_examples *const e = heed_examples_new(ctx);
	heed__rng rng = {.seed = heed_ctx_seed(ctx), .stream = HEED__STREAM_CORPUS};
	heed__str text = heed__str_init(ctx, 0);
	heed_code code = e != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < count;) {
		const int sense = (int)heed__rng_below(&rng, SENSES);
		const char *const pattern = patterns[sense][heed__rng_below(&rng, PATTERNS)];

		heed__str_clear(&text);
		heed__pattern_draw(pattern, &rng, &text);
		if (text.failed || is_shown(text.data)) {
			code = text.failed ? HEED_E_MEMORY : HEED_OK;
			continue;
		}
		code = heed_examples_add(e, text.data, text.len, labels[sense], strlen(labels[sense]));
		i++;
	}
	heed__str_release(&text);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

/* --- vectors --- */

/* The word's vector at every depth, [DEPTHS][WIDTH]: 0 is the table's. */
typedef struct vectors {
	float at[DEPTHS][WIDTH];
} vectors;

/* Row `row` of what each layer gives. */
static void copy_layers(const heed_trained *trained, const heed_tape *tape, int id, int row, vectors *v)
{
	const heed_tensor *const table = heed_model_vectors(trained->model);
	const bool encoder = trained->model->family->task == HEED_TASK_CLASSIFY;

	memcpy(v->at[0], table->data + (size_t)id * WIDTH, sizeof v->at[0]);
	for (int l = 0; l < LAYERS; l++) {
		const heed_tensor *x;
		char name[16];

		snprintf(name, sizeof name, "%s%d", encoder ? "enc" : "dec", l);
		x = heed_tape_find(tape, name);
		memcpy(v->at[l + 1], x->data + (size_t)row * WIDTH, sizeof v->at[0]);
	}
}

static heed_code read_tokens(const heed_trained *trained, heed_tape *tape, const heed_encoding *text,
			     vectors *v)
{
	const int id = heed_tokenizer_id(trained->source, WORD, strlen(WORD));
	const bool encoder = trained->model->family->task == HEED_TASK_CLASSIFY;
	const int count = text->count + !encoder; /* a language model reads the start of the text, too */
	const int start[] = {0, count};
	int ids[64], row = 0;
	heed_ragged tokens = {{1, start}, ids};
	const heed_batch batch = {.source = tokens, .input = tokens};

	ids[0] = HEED_BOS_ID;
	for (int i = 0; i < text->count; i++) {
		ids[i + !encoder] = text->ids[i];
		if (text->ids[i] == id)
			row = i + !encoder;
	}
	heed_tape_reset(tape, 0);
	if (trained->model->family->contextual(trained->model, tape, &batch) != NULL)
		copy_layers(trained, tape, id, row, v);
	return heed_tape_code(tape);
}

static heed_code read_shown(const heed_trained *trained, vectors v[SENSES][1 + SHOWN])
{
	/* With gradients, so that nothing is given back before it is looked at. */
	heed_tape *const tape = heed_tape_new(trained->ctx, HEED_TAPE_GRAD);
	heed_coder *const coder = heed_coder_new(trained->ctx, trained->source);
	heed_code code = tape != NULL && coder != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < SENSES * (1 + SHOWN); i++) {
		const int sense = i / (1 + SHOWN), n = i % (1 + SHOWN);
		heed_encoding x;

		code = heed_coder_encode(coder, shown[sense][n], strlen(shown[sense][n]), &x);
		if (code == HEED_OK)
			code = read_tokens(trained, tape, &x, &v[sense][n]);
	}
	heed_coder_free(coder);
	heed_tape_free(tape);
	return code;
}

static double cosine(const float *a, const float *b)
{
	double ab = 0, aa = 0, bb = 0;

	for (int k = 0; k < WIDTH; k++) {
		ab += (double)a[k] * (double)b[k];
		aa += (double)a[k] * (double)a[k];
		bb += (double)b[k] * (double)b[k];
	}
	return ab / sqrt(aa * bb);
}

/* Means over pairs of sentences, without the notes'. Sentence n of the one sense is built like sentence n of the other:
 * such pairs are left out, so that the sentences of a pair are as unlike in form within a sense as between the senses. */
static void compare(vectors v[SENSES][1 + SHOWN], int depth, double *same, double *other)
{
	double sums[2] = {0, 0};
	int pairs[2] = {0, 0};

	for (int i = 0; i < SENSES * SHOWN; i++)
		for (int j = 0; j < i; j++) {
			const bool is_same = i / SHOWN == j / SHOWN;

			if (i % SHOWN == j % SHOWN)
				continue;
			sums[is_same] += cosine(v[i / SHOWN][1 + i % SHOWN].at[depth],
						v[j / SHOWN][1 + j % SHOWN].at[depth]);
			pairs[is_same]++;
		}
	*same = sums[1] / pairs[1];
	*other = sums[0] / pairs[0];
}

static heed_code try_family(heed__trial *t)
{
	found *const f = t->user;
	heed_examples *const corpus = make_corpus(t->ctx, heed__study_examples(t->study, SENTENCES));
	const heed__lesson lesson = {
		.family = families[t->kind],
		.settings = settings[t->kind],
		.steps = heed__study_steps(t->study, steps[t->kind], quick_steps[t->kind]),
		.train = corpus};
	vectors v[SENSES][1 + SHOWN];
	heed_trained *trained = NULL;
	heed_code code = corpus != NULL ? heed__trial_train(t, &lesson, &trained) : HEED_E_MEMORY;

	if (code == HEED_OK)
		code = read_shown(trained, v);
	for (int d = 0; code == HEED_OK && d < DEPTHS; d++)
		compare(v, d, &f->same[t->kind][d][t->seed], &f->other[t->kind][d][t->seed]);
	if (code == HEED_OK)
		f->pair[t->kind][t->seed] = cosine(v[0][0].at[DEPTHS - 1], v[1][0].at[DEPTHS - 1]);
	heed_trained_close(trained);
	heed_examples_free(corpus);
	return code;
}

/* --- verdict --- */

heed_finding heed__senses_verdict(const double same[HEED__SENSES_FAMILIES][HEED__SEEDS],
				  const double other[HEED__SENSES_FAMILIES][HEED__SEEDS], int seeds,
				  heed__str *sentence)
{
	heed_finding finding = HEED_FOUND_SO;

	heed__str_adds(sentence, "The table has one vector for both senses: cosine 1. ");
	for (int k = 0; k < FAMILIES; k++) {
		const heed_finding each = heed__exceeds(same[k], other[k], seeds);

		heed__str_addf(sentence,
			       "After the layers of the %s the cosine is %.2f between sentences of one "
			       "sense and %.2f between the senses%s. ",
			       k == 0 ? "classifier" : "language model", heed_mean_of(same[k], seeds).mean,
			       heed_mean_of(other[k], seeds).mean,
			       each == HEED_FOUND_SO     ? ", lower in every run"
			       : each == HEED_FOUND_OPEN ? ", lower on average but not in every run"
							 : ": it does not tell them apart");
		finding = heed__both(finding, each);
	}
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_plot(heed__study *study, const found *f)
{
	static const char *const names[FAMILIES][2] = {{"encoder, one sense", "encoder, two senses"},
						       {"gpt, one sense", "gpt, two senses"}};
	static const char *const depths[DEPTHS] = {"table", "layer 1", "layer 2"};
	double x[DEPTHS], y[FAMILIES][2][DEPTHS], spread[FAMILIES][2][DEPTHS];
	heed_series series[FAMILIES * 2];

	for (int k = 0; k < FAMILIES; k++)
		for (int other = 0; other < 2; other++) {
			for (int d = 0; d < DEPTHS; d++) {
				const heed_mean m = heed_mean_of(other ? f->other[k][d] : f->same[k][d],
								 study->options->seeds);

				x[d] = d;
				y[k][other][d] = m.mean;
				spread[k][other][d] = m.deviation;
			}
			series[2 * k + other] =
				(heed_series){names[k][other], DEPTHS, x, y[k][other], spread[k][other]};
		}
	heed_report_plot(study->report, "senses",
			 &(heed_plot){.title = "Cosine between \"server\" in two sentences",
				      .y_label = "cosine",
				      .x_names = depths,
				      .x_name_count = DEPTHS,
				      .series = series,
				      .count = FAMILIES * 2});
}

static void add_table(heed__study *study, const found *f)
{
	static const heed_column columns[] = {{"one sense, table", 2},
					      {"two senses, table", 2},
					      {"one sense, layer 2", 2},
					      {"two senses, layer 2", 2},
					      {"the notes' pair", 2}};
	const int seeds = study->options->seeds;

	heed_report_table(study->report, "Cosine between \"server\" in two sentences", "model", columns, 5);
	for (int k = 0; k < FAMILIES; k++) {
		heed_report_row(study->report, families[k]);
		heed_report_numbers(study->report, f->same[k][0], seeds);
		heed_report_numbers(study->report, f->other[k][0], seeds);
		heed_report_numbers(study->report, f->same[k][DEPTHS - 1], seeds);
		heed_report_numbers(study->report, f->other[k][DEPTHS - 1], seeds);
		heed_report_numbers(study->report, f->pair[k], seeds);
	}
}

static void report(heed__study *study, void *findings)
{
	const found *const f = findings;
	double same[FAMILIES][HEED__SEEDS], other[FAMILIES][HEED__SEEDS];
	heed__str sentence = heed__str_init(study->ctx, 0);
	heed_finding finding;

	for (int k = 0; k < FAMILIES; k++) {
		memcpy(same[k], f->same[k][DEPTHS - 1], sizeof same[k]);
		memcpy(other[k], f->other[k][DEPTHS - 1], sizeof other[k]);
	}
	finding = heed__senses_verdict((const double(*)[HEED__SEEDS])same,
				       (const double(*)[HEED__SEEDS])other, study->options->seeds, &sentence);
	heed_report_text(study->report,
			 "%d made sentences about restaurants and computers, most of them with a "
			 "\"server\". A classifier (encoder) learns which is which; a language model (gpt) "
			 "learns the next word and is not told. Then %d sentences that neither has seen, "
			 "half of each sense: cosines of the vectors of \"server\" between two of them, "
			 "means over the pairs. The notes' pair is \"%s\" and \"%s\"; in the first of "
			 "these the language model meets the word before it has read anything.",
			 heed__study_examples(study, SENTENCES), SENSES * SHOWN, shown[0][0], shown[1][0]);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	add_table(study, f);
	add_plot(study, f);
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, FAMILIES, try_family, sizeof(found), report);
}

const heed__claim heed__claim_senses = {
	.name = "senses",
	.place = 4,
	.claim = "A static vector can't tell the senses of a word apart, a contextual one can",
	.run = run,
};
