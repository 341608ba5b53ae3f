/* Attention aligns words.
 *
 * Translators learn the phrase corpus; then they are led through translations that they have never seen, and each word
 * is asked which word of the source it looked at most when it was said. Of a Transformer's layers that is the last but
 * one, its heads averaged, as in `heed translate --alignment`. */
#include "study/phrase_pairs.h"
#include "study/verdict.h"
#include "study/verdicts.h"

#include "heed/translate.h"

#include <stdio.h>
#include <string.h>

enum {
	FAMILIES = HEED__ALIGNMENT_FAMILIES,
	PAIRS = 20000,
	STEPS = 700,
	QUICK_STEPS = 250,
	MOST_WORDS = 16,
};

/* A pair from the corpus's sentences for showing, and for each word of the translation those it may look at: their
 * numbers from 0, as digits. */
typedef struct known {
	const char *english, *spanish;
	const char *links[MOST_WORDS];
} known;

static const known sentences[] = {
	{"I love you a lot", "Te amo mucho", {"2", "1", "34"}},
	{"The dog ran really fast", "El perro corri\xC3\xB3 muy r\xC3\xA1pido", {"0", "1", "2", "3", "4"}},
	{"The cat did not eat the fish",
	 "El gato no comi\xC3\xB3 el pescado",
	 {"0", "1", "23", "4", "5", "6"}},
	{"My sister is reading an interesting book",
	 "Mi hermana est\xC3\xA1 leyendo un libro interesante",
	 {"0", "1", "2", "3", "4", "6", "5"}},
	{"The flowers are very beautiful", "Las flores son muy hermosas", {"0", "1", "2", "3", "4"}},
	{"We bought two white shirts yesterday",
	 "Compramos dos camisas blancas ayer",
	 {"01", "2", "4", "3", "5"}},
	{"The old woman never drinks wine", "La mujer vieja nunca bebe vino", {"0", "2", "1", "3", "4", "5"}},
	{"There are two birds in the garden",
	 "Hay dos p\xC3\xA1jaros en el jard\xC3\xADn",
	 {"01", "2", "3", "4", "5", "6"}},
	{"I see him every day",
	 "Lo veo todos los d\xC3\xAD"
	 "as",
	 {"2", "1", "3", "3", "4"}},
	{"The children do not want to go to the park",
	 "Los ni\xC3\xB1os no quieren ir al parque",
	 {"0", "1", "23", "4", "56", "78", "9"}},
};

enum { SENTENCES = sizeof sentences / sizeof *sentences };

static const char *const families[FAMILIES] = {"seq2seq-attention", "transformer"};
#define LESSON                                                                                               \
	"tokenizer", "word", "batch-tokens", "512", "warmup", "60", "schedule", "cosine", "dropout", "0",    \
		"clip", "1", "label-smoothing", "0"
#define RECURRENT                                                                                            \
	"cell", "gru", "lr", "0.006", "layers", "1", "width", "64", "hidden", "128", "embedding-dropout",    \
		"0", "output-dropout", "0"
static const char *const *const settings[FAMILIES] = {
	HEED__LESSON(LESSON, RECURRENT),
	HEED__LESSON(LESSON, "lr", "0.005", "encoder-layers", "2", "decoder-layers", "2", "width", "64",
		     "feed-forward", "128", "heads", "4", "norm", "pre"),
};

typedef struct found {
	double share[FAMILIES][HEED__SEEDS]; /* of words that looked at the right one */
	double love[FAMILIES][HEED__SEEDS];  /* whether "amo" looked at "love" */
	double words;                        /* asked in all */
	/* Which word each one looked at with the first seed; -1: the end of the sentence. */
	int looked[FAMILIES][SENTENCES][MOST_WORDS];
} found;

/* --- looking --- */

static int strongest(const heed_attention_map *map, int row)
{
	const float *const w = map->weights + (size_t)row * (size_t)map->cols;
	int best = 0;

	for (int j = 1; j < map->cols; j++)
		if (w[j] > w[best])
			best = j;
	return best;
}

/* The cross-attention to go by: the last but one, or the only one. */
static const heed_attention_map *find_cross(const heed_attended *a)
{
	const heed_attention_map *last = NULL, *before = NULL;

	for (int i = 0; i < a->mean_count; i++)
		if (strstr(a->means[i].name, "cross") != NULL) {
			before = last;
			last = &a->means[i];
		}
	return before != NULL ? before : last;
}

static bool is_linked(const char *links, int word)
{
	return word < 10 && strchr(links, '0' + word) != NULL;
}

static heed_code look(heed__trial *t, heed_translator *translator, int n, int *right, int *words)
{
	found *const f = t->user;
	const known *const k = &sentences[n];
	heed_attended *const a = heed_attend(translator, k->english, k->spanish);
	const heed_attention_map *const map = a != NULL ? find_cross(a) : NULL;

	for (int i = 0; map != NULL && i < MOST_WORDS && i < map->rows && k->links[i] != NULL; i++) {
		const int word = strongest(map, i);

		*right += is_linked(k->links[i], word);
		++*words;
		if (t->seed == 0)
			f->looked[t->kind][n][i] = word + 1 < map->cols ? word : -1;
		if (n == 0 && i == 1)
			f->love[t->kind][t->seed] = word == 1;
	}
	heed_attended_free(a);
	if (a == NULL)
		return heed_error_code(t->ctx);
	return map != NULL ? HEED_OK
			   : heed__error(t->ctx, HEED_E_UNSUPPORTED, "%s: it has no attention to the source",
					 families[t->kind]);
}

static heed_code look_at_all(heed__trial *t, const heed_trained *trained)
{
	found *const f = t->user;
	heed_translator *const translator = heed_translator_new(trained, NULL);
	heed_code code = translator != NULL ? HEED_OK : heed_error_code(t->ctx);
	int right = 0, words = 0;

	for (int n = 0; code == HEED_OK && n < SENTENCES; n++)
		code = look(t, translator, n, &right, &words);
	f->share[t->kind][t->seed] = (double)right / words;
	heed_translator_free(translator);
	return code;
}

static heed_code try_family(heed__trial *t)
{
	heed_examples *const pairs = heed__phrase_pairs(t->ctx, heed_ctx_seed(t->ctx), HEED_PHRASES_TRAIN,
							heed__study_examples(t->study, PAIRS), 1, 1);
	const heed__lesson lesson = {.family = families[t->kind],
				     .settings = settings[t->kind],
				     .steps = heed__study_steps(t->study, STEPS, QUICK_STEPS),
				     .train = pairs};
	heed_trained *trained = NULL;
	heed_code code = pairs != NULL ? heed__trial_train(t, &lesson, &trained) : HEED_E_MEMORY;

	if (code == HEED_OK)
		code = look_at_all(t, trained);
	heed_trained_close(trained);
	heed_examples_free(pairs);
	return code;
}

/* --- verdict --- */

/* The share of right words that pointing at random would give. */
static double chance(void)
{
	double sum = 0;
	int words = 0;

	for (int n = 0; n < SENTENCES; n++) {
		double length = 2; /* words and the end */

		for (const char *c = sentences[n].english; *c != '\0'; c++)
			length += *c == ' ';
		for (int i = 0; i < MOST_WORDS && sentences[n].links[i] != NULL; i++, words++)
			sum += (double)strlen(sentences[n].links[i]) / length;
	}
	return sum / words;
}

heed_finding heed__alignment_verdict(const double share[HEED__ALIGNMENT_FAMILIES][HEED__SEEDS],
				     const double love[HEED__ALIGNMENT_FAMILIES][HEED__SEEDS], int seeds,
				     double guessing, heed__str *sentence)
{
	heed_finding finding = HEED_FOUND_SO;

	for (int k = 0; k < FAMILIES; k++) {
		const heed_mean m = heed_mean_of(share[k], seeds);
		const heed_finding each = heed__least(share[k], seeds) > 0.5 ? HEED_FOUND_SO
					  : m.mean > 0.5                     ? HEED_FOUND_OPEN
									     : HEED_FOUND_NOT_SO;

		heed__str_addf(
			sentence,
			"In the %s %.0f %% of the words look most at the right word (guessing: %.0f %%), "
			"and \"amo\" looks at \"love\" in %.0f of %d runs. ",
			families[k], 100 * m.mean, 100 * guessing, seeds * heed_mean_of(love[k], seeds).mean,
			seeds);
		finding = heed__both(finding, each);
	}
	heed__str_adds(sentence,
		       finding == HEED_FOUND_SO ? "That is more than half of them in every run. " : "");
	heed__str_adds(sentence, heed__verdict_words(finding));
	return finding;
}

/* --- report --- */

static void add_shares(heed__study *study, const found *f)
{
	static const heed_column columns[] = {{"right words", 2}, {"amo looks at love", 2}, {"guessing", 2}};
	const double guessing = chance();

	heed_report_table(study->report, "Share of words that look most at the right word", "family", columns,
			  3);
	for (int k = 0; k < FAMILIES; k++) {
		heed_report_row(study->report, families[k]);
		heed_report_numbers(study->report, f->share[k], study->options->seeds);
		heed_report_numbers(study->report, f->love[k], study->options->seeds);
		heed_report_numbers(study->report, &guessing, 1);
	}
}

/* Word n of a text into out. */
static void word_at(const char *text, int n, char *out, size_t size)
{
	size_t len;

	while (n-- > 0)
		text += strcspn(text, " ") + 1;
	len = strcspn(text, " ");
	snprintf(out, size, "%.*s", (int)len, text);
}

/* "Te: you  amo: love  mucho: lot" */
static void say_links(heed__str *out, const known *k, const int *looked)
{
	for (int i = 0; i < MOST_WORDS && k->links[i] != NULL; i++) {
		char says[48], sees[48] = "(the end)";

		word_at(k->spanish, i, says, sizeof says);
		if (looked[i] >= 0)
			word_at(k->english, looked[i], sees, sizeof sees);
		heed__str_addf(out, "%s%s \xE2\x86\x92 %s%s", i > 0 ? ", " : "", says, sees,
			       looked[i] >= 0 && is_linked(k->links[i], looked[i]) ? "" : " \xE2\x9C\x97");
	}
}

static void add_words(heed__study *study, const found *f)
{
	static const heed_column columns[] = {{"what each word looks at", 0}};
	heed__str links = heed__str_init(study->ctx, 0);

	for (int k = 0; k < FAMILIES; k++) {
		char title[80];

		snprintf(title, sizeof title, "%s, the first run (\xE2\x9C\x97: not the right word)",
			 families[k]);
		heed_report_table(study->report, title, "sentence", columns, 1);
		for (int n = 0; n < SENTENCES; n++) {
			heed__str_clear(&links);
			say_links(&links, &sentences[n], f->looked[k][n]);
			heed_report_row(study->report, sentences[n].english);
			heed_report_words(study->report, "%s", links.data);
		}
	}
	heed__str_release(&links);
}

static void add_plot(heed__study *study, const found *f)
{
	double x[FAMILIES] = {0}, y[FAMILIES] = {0}, spread[FAMILIES] = {0}, ends[] = {-0.4, FAMILIES - 0.6};
	double guess[] = {chance(), chance()};
	heed_series series[] = {{"right words", FAMILIES, x, y, spread}, {"guessing", 2, ends, guess, NULL}};

	for (int k = 0; k < FAMILIES; k++) {
		const heed_mean m = heed_mean_of(f->share[k], study->options->seeds);

		x[k] = k;
		y[k] = m.mean;
		spread[k] = m.deviation;
	}
	heed_report_plot(study->report, "alignment",
			 &(heed_plot){.title = "Words that look most at the right word",
				      .y_label = "share",
				      .x_names = families,
				      .x_name_count = FAMILIES,
				      .y_low = 0,
				      .y_high = 1,
				      .dots = true,
				      .series = series,
				      .count = 2});
}

static void report(heed__study *study, void *findings)
{
	const found *const f = findings;
	heed__str sentence = heed__str_init(study->ctx, 0);
	const heed_finding finding = heed__alignment_verdict((const double(*)[HEED__SEEDS])f->share,
							     (const double(*)[HEED__SEEDS])f->love,
							     study->options->seeds, chance(), &sentence);

	heed_report_text(
		study->report,
		"Two translators learn %d pairs of the built-in phrase corpus in %lld steps. Then they are "
		"led through the translations of %d sentences that were kept from them and whose words a "
		"person has aligned: which word of the source has the largest weight when a word is said? "
		"Of the Transformer's layers the last but one is asked, the mean of its heads.",
		heed__study_examples(study, PAIRS), (long long)heed__study_steps(study, STEPS, QUICK_STEPS),
		SENTENCES);
	heed_report_finding(study->report, finding, "%s", sentence.data);
	add_shares(study, f);
	add_plot(study, f);
	add_words(study, f);
	heed__str_release(&sentence);
}

static heed_code run(heed__study *study)
{
	return heed__study_try(study, FAMILIES, try_family, sizeof(found), report);
}

const heed__claim heed__claim_alignment = {
	.name = "alignment",
	.place = 5,
	.claim = "Attention aligns words: \"amo\" looks at \"love\"",
	.run = run,
};
