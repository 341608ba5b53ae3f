/* One vector is a bottleneck.
 *
 *	the dog sees the old cat and the red horse has the house
 *	el perro ve el gato viejo y el caballo rojo tiene la casa
 *
 * Translators learn sentences of one to LONGEST such clauses from a language of some fifty words, in which Spanish puts
 * its adjectives behind and has them agree. An RNN that has all of a sentence in one vector should lose more on long
 * ones than one that may look back at every word, or a Transformer. */
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/metric.h"
#include "heed/translate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	FAMILIES = HEED__BOTTLENECK_FAMILIES,
	LONGEST = HEED__BOTTLENECK_LENGTHS, /* clauses of a sentence */
	PAIRS = 20000,
	ASKED = 60, /* sentences of each length */
	STEPS = 1000,
	QUICK_STEPS = 300,
	NOUNS = 8,
	ADJECTIVES = 6,
	VERBS = 6,
};

static const char *const families[FAMILIES] = {"seq2seq", "seq2seq-attention", "transformer"};
#define LESSON                                                                                               \
	"tokenizer", "word", "batch-tokens", "512", "warmup", "50", "schedule", "cosine", "clip", "1",       \
		"dropout", "0", "label-smoothing", "0"
#define RECURRENT                                                                                            \
	"cell", "gru", "layers", "1", "width", "32", "hidden", "128", "embedding-dropout", "0",              \
		"output-dropout", "0"
static const char *const *const settings[FAMILIES] = {
	HEED__LESSON(LESSON, RECURRENT, "lr", "0.006", "encoder", "backward", "context", "every-step"),
	HEED__LESSON(LESSON, RECURRENT, "lr", "0.006"),
	HEED__LESSON(LESSON, "lr", "0.005", "encoder-layers", "2", "decoder-layers", "2", "width", "64",
		     "feed-forward", "128", "heads", "4", "norm", "pre"),
};

typedef struct found {
	double bleu[FAMILIES][LONGEST][HEED__SEEDS], exact[FAMILIES][LONGEST][HEED__SEEDS];
	double words[LONGEST]; /* of the source, mean */
} found;

/* --- the language --- */

static const struct noun {
	const char *english, *spanish;
	bool feminine;
} nouns[NOUNS] = {
	{"dog", "perro", false},     {"cat", "gato", false},      {"house", "casa", true},
	{"table", "mesa", true},     {"horse", "caballo", false}, {"book", "libro", false},
	{"window", "ventana", true}, {"boat", "barco", false},
};
/* Without their last letter, which is o or a. */
static const char *const adjectives[ADJECTIVES][2] = {{"old", "viej"},    {"red", "roj"},
						      {"white", "blanc"}, {"small", "peque\xC3\xB1"},
						      {"new", "nuev"},    {"black", "negr"}};
static const char *const verbs[VERBS][2] = {{"sees", "ve"},         {"has", "tiene"},    {"wants", "quiere"},
					    {"finds", "encuentra"}, {"loses", "pierde"}, {"buys", "compra"}};

typedef struct made {
	heed__str english, spanish;
} made;

/* Every second noun has an adjective. */
static void add_noun(made *t, heed__rng *rng)
{
	const struct noun *const n = &nouns[heed__rng_below(rng, NOUNS)];
	const char *const *const a = adjectives[heed__rng_below(rng, ADJECTIVES)];

	if (heed__rng_below(rng, 2) == 0) {
		heed__str_addf(&t->english, "the %s %s", a[0], n->english);
		heed__str_addf(&t->spanish, "%s %s %s%c", n->feminine ? "la" : "el", n->spanish, a[1],
			       n->feminine ? 'a' : 'o');
	} else {
		heed__str_addf(&t->english, "the %s", n->english);
		heed__str_addf(&t->spanish, "%s %s", n->feminine ? "la" : "el", n->spanish);
	}
}

static void add_clause(made *t, heed__rng *rng)
{
	const char *const *const verb = verbs[heed__rng_below(rng, VERBS)];

	if (t->english.len > 0) {
		heed__str_adds(&t->english, " and ");
		heed__str_adds(&t->spanish, " y ");
	}
	add_noun(t, rng);
	heed__str_addf(&t->english, " %s ", verb[0]);
	heed__str_addf(&t->spanish, " %s ", verb[1]);
	add_noun(t, rng);
}

static heed_code add_sentence(heed_examples *e, made *t, uint64_t clauses, heed__rng *rng)
{
	heed__str_clear(&t->english);
	heed__str_clear(&t->spanish);
	for (uint64_t i = 0; i < clauses; i++)
		add_clause(t, rng);
	if (t->english.failed || t->spanish.failed)
		return HEED_E_MEMORY;
	return heed_examples_add(e, t->english.data, t->english.len, t->spanish.data, t->spanish.len);
}

/* Sentences of `clauses`, or for 0 of any number of them. */
static heed_examples *make_sentences(heed_ctx *ctx, uint64_t seed, uint32_t part, int count, int clauses)
{
	heed_examples *const e = heed_examples_new(ctx);
	heed__rng rng = {.seed = seed, .stream = HEED__STREAM_CORPUS, .step = part};
	made t = {heed__str_init(ctx, 0), heed__str_init(ctx, 0)};
	heed_code code = e != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < count; i++)
		code = add_sentence(
			e, &t, clauses > 0 ? (uint64_t)clauses : 1 + heed__rng_below(&rng, LONGEST), &rng);
	heed__str_release(&t.english);
	heed__str_release(&t.spanish);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

/* --- measuring --- */

typedef struct judge {
	const heed_examples *asked;
	heed_metric *bleu;
	int exact;
} judge;

static heed_code judge_one(void *user, const heed_translation *t)
{
	judge *const j = user;
	const heed_segment said = {t->best[0].text, t->best[0].len};
	heed_segment want;

	want.text = heed_examples_text(j->asked, (int64_t)t->index, true, &want.len);
	j->exact += said.len == want.len && memcmp(said.text, want.text, want.len) == 0;
	return heed_metric_add(j->bleu, said, &want, 1);
}

static heed_code translate_all(heed_translator *t, judge *j, double *bleu, double *exact)
{
	heed_source sources[ASKED] = {{0}};
	heed_measure score;
	heed_code code;

	for (int i = 0; i < ASKED; i++)
		sources[i].text = heed_examples_text(j->asked, i, false, &sources[i].len);
	code = heed_translate(t, sources, ASKED, judge_one, j);
	if (code == HEED_OK)
		code = heed_metric_score(j->bleu, &score);
	if (code == HEED_OK) {
		*bleu = score.score;
		*exact = (double)j->exact / ASKED;
	}
	return code;
}

static double mean_words(const heed_examples *asked)
{
	double words = 0;

	for (int i = 0; i < ASKED; i++) {
		size_t len;
		const char *const text = heed_examples_text(asked, i, false, &len);

		words++;
		for (size_t k = 0; k < len; k++)
			words += text[k] == ' ';
	}
	return words / ASKED;
}

static heed_code try_length(heed__trial *t, heed_translator *translator, int length)
{
	found *const f = t->user;
	judge j = {.asked = make_sentences(t->ctx, 1, (uint32_t)length + 1, ASKED, length + 1),
		   .bleu = heed_bleu_new(t->ctx, NULL)};
	heed_code code = HEED_E_MEMORY;

	if (j.asked != NULL && j.bleu != NULL) {
		code = translate_all(translator, &j, &f->bleu[t->kind][length][t->seed],
				     &f->exact[t->kind][length][t->seed]);
		if (t->kind == 0 && t->seed == 0)
			f->words[length] = mean_words(j.asked);
	}
	heed_metric_free(j.bleu);
	heed_examples_free((heed_examples *)(uintptr_t)j.asked);
	return code;
}

static heed_code try_lengths(heed__trial *t, const heed_trained *trained)
{
	heed_translate_options o = heed_translate_defaults();
	heed_translator *translator;
	heed_code code;

	o.beam = 1;
	translator = heed_translator_new(trained, &o);
	code = translator != NULL ? HEED_OK : heed_error_code(t->ctx);
	for (int length = 0; code == HEED_OK && length < LONGEST; length++)
		code = try_length(t, translator, length);
	heed_translator_free(translator);
	return code;
}

static heed_code try_family(heed__trial *t)
{
	heed_examples *const pairs =
		make_sentences(t->ctx, heed_ctx_seed(t->ctx), 0, heed__study_examples(t->study, PAIRS), 0);
	const heed__lesson lesson = {.family = families[t->kind],
				     .settings = settings[t->kind],
				     .steps = heed__study_steps(t->study, STEPS, QUICK_STEPS),
				     .train = pairs};
	heed_trained *trained = NULL;
	heed_code code = pairs != NULL ? heed__trial_train(t, &lesson, &trained) : HEED_E_MEMORY;

	if (code == HEED_OK)
		code = try_lengths(t, trained);
	heed_trained_close(trained);
	heed_examples_free(pairs);
	return code;
}

/* --- verdict --- */

heed_finding heed__bottleneck_verdict(const double lost[HEED__BOTTLENECK_FAMILIES][HEED__SEEDS], int seeds,
				      heed__str *sentence)
{
	const heed_finding attention = heed__exceeds(lost[0], lost[1], seeds),
			   transformer = heed__exceeds(lost[0], lost[2], seeds),
			   finding = heed__both(attention, transformer);

	heed__str_addf(sentence,
		       "From one clause to %d the RNN with one vector loses %.1f points of BLEU, the RNN "
		       "with attention %.1f, the Transformer %.1f",
		       LONGEST, heed_mean_of(lost[0], seeds).mean, heed_mean_of(lost[1], seeds).mean,
		       heed_mean_of(lost[2], seeds).mean);
	heed__str_adds(sentence, finding == HEED_FOUND_SO     ? ": it loses more than either in any run. "
				 : finding == HEED_FOUND_OPEN ? ": it loses more, but not in every run. "
							      : ". ");
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_table(heed__study *study, const found *f, const char *title,
		      const double values[FAMILIES][LONGEST][HEED__SEEDS], int digits)
{
	heed_column columns[LONGEST];
	char names[LONGEST][32];

	for (int i = 0; i < LONGEST; i++) {
		snprintf(names[i], sizeof names[i], "%.1f words", f->words[i]);
		columns[i] = (heed_column){names[i], digits};
	}
	heed_report_table(study->report, title, "family", columns, LONGEST);
	for (int k = 0; k < FAMILIES; k++) {
		heed_report_row(study->report, families[k]);
		for (int i = 0; i < LONGEST; i++)
			heed_report_numbers(study->report, values[k][i], study->options->seeds);
	}
}

static void add_plot(heed__study *study, found *f)
{
	double y[FAMILIES][LONGEST], spread[FAMILIES][LONGEST];
	heed_series series[FAMILIES];

	for (int k = 0; k < FAMILIES; k++) {
		for (int i = 0; i < LONGEST; i++) {
			const heed_mean m = heed_mean_of(f->bleu[k][i], study->options->seeds);

			y[k][i] = m.mean;
			spread[k][i] = m.deviation;
		}
		series[k] = (heed_series){families[k], LONGEST, f->words, y[k], spread[k]};
	}
	heed_report_plot(study->report, "bottleneck",
			 &(heed_plot){.title = "Translation quality against length",
				      .x_label = "words of the source, mean",
				      .y_label = "BLEU",
				      .y_low = 0,
				      .y_high = 100,
				      .series = series,
				      .count = FAMILIES});
}

static void report(heed__study *study, void *findings)
{
	found *const f = findings;
	double lost[FAMILIES][HEED__SEEDS] = {{0}};
	heed__str sentence = heed__str_init(study->ctx, 0);
	heed_finding finding;

	for (int k = 0; k < FAMILIES; k++)
		for (int s = 0; s < study->options->seeds; s++)
			lost[k][s] = f->bleu[k][0][s] - f->bleu[k][LONGEST - 1][s];
	finding = heed__bottleneck_verdict((const double(*)[HEED__SEEDS])lost, study->options->seeds,
					   &sentence);
	heed_report_text(
		study->report,
		"Three translators learn %d sentences of a made language in %lld steps, each of one to %d "
		"clauses, as many of each length: \"the dog sees the old cat and ...\". Then they "
		"translate %d sentences of each length, drawn anew. The RNN with one vector reads "
		"backwards, so that it has just seen the words that it says first, and sees the vector at "
		"every step.",
		heed__study_examples(study, PAIRS), (long long)heed__study_steps(study, STEPS, QUICK_STEPS),
		LONGEST, ASKED);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	add_table(study, f, "BLEU against the length of a sentence", f->bleu, 1);
	add_table(study, f, "Share of translations that are exactly right", f->exact, 2);
	add_plot(study, f);
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, FAMILIES, try_family, sizeof(found), report);
}

const heed__claim heed__claim_bottleneck = {
	.name = "bottleneck",
	.place = 1,
	.claim = "One vector is a bottleneck: without attention an RNN translates long sentences worse",
	.run = run,
};
