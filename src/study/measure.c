/* Quality and speed of a trained model. Speed is that of one text at a time: what somebody waits for. */
#include "study/measure.h"

#include "base/context_impl.h"
#include "base/file.h"
#include "heed/classes.h"
#include "heed/classify.h"
#include "heed/generate.h"
#include "heed/metric.h"
#include "heed/score.h"
#include "heed/translate.h"

#include <math.h>
#include <string.h>

enum {
	SPOKEN = 128, /* tokens of a generated text */
	MOST_TRANSLATED = 500,
	MOST_TIMED = 50, /* texts */
};

#define LEAST_SECONDS 0.2 /* of a speed */

typedef struct measurement {
	heed_ctx *ctx;
	const heed_trained *trained;
	const heed_examples *valid;
	heed__stop_fn *stop;
	void *user;
	heed_rival *rival;
} measurement;

static heed_code go_on(const measurement *m)
{
	return m->stop(m->user) ? HEED_E_INTERRUPTED : HEED_OK;
}

static heed_line text_at(const measurement *m, int64_t i, bool target)
{
	heed_line line;

	line.text = heed_examples_text(m->valid, i, target, &line.len);
	return line;
}

/* --- language models --- */

static void look_up(void *user, double share)
{
	const measurement *const m = user;

	(void)share;
	if (m->stop(m->user))
		heed_interrupt(m->ctx);
}

static heed_code score_text(measurement *m)
{
	heed_scorer *const s = heed_scorer_new(m->trained, NULL);
	heed_text_score score = {0};
	heed_code code =
		s != NULL ? heed_score_text(s, m->valid, look_up, m, &score) : heed_error_code(m->ctx);

	if (code == HEED_OK) {
		m->rival->perplexity = exp(-score.logp / (double)score.tokens);
		m->rival->bits = -score.logp / log(2) / (double)score.characters;
	}
	heed_scorer_free(s);
	return code;
}

static heed_code count_one(void *user, const heed_generated *piece)
{
	(void)piece;
	++*(int64_t *)user;
	return HEED_OK;
}

static heed_code time_generation(measurement *m)
{
	heed_generate_options o = heed_generate_defaults();
	const double start = heed__clock();
	double seconds = 0;
	int64_t tokens = 0;
	heed_generator *g;
	heed_code code;

	o.max_tokens = SPOKEN;
	g = heed_generator_new(m->trained, &o);
	code = g != NULL ? HEED_OK : heed_error_code(m->ctx);
	while (code == HEED_OK && seconds < LEAST_SECONDS) {
		code = heed_generate(g, &(heed_line){"", 0}, 1, count_one, &tokens);
		if (code == HEED_OK)
			code = go_on(m);
		seconds = heed__clock() - start;
	}
	m->rival->speed = (double)tokens / seconds;
	heed_generator_free(g);
	return code;
}

/* --- classifiers --- */

typedef struct judge {
	measurement *m;
	heed_classifier *classifier;
	heed_classes *classes;
} judge;

/* A label that training did not have is a class behind those of the model. */
static heed_code judge_one(void *user, const heed_classified *x)
{
	const judge *const j = user;
	const heed_line label = text_at(j->m, (int64_t)x->index, true);
	int truth;
	heed_code code = heed_classifier_find(j->classifier, label.text, label.len, &truth);

	if (code == HEED_OK)
		code = heed_classes_add(j->classes,
					truth >= 0 ? truth : heed_classifier_labels(j->classifier), x->label);
	return code != HEED_OK ? code : go_on(j->m);
}

static heed_code pass_over(void *user, const heed_classified *x)
{
	(void)user;
	(void)x;
	return HEED_OK;
}

static heed_code classify_all(judge *j, const heed_line *texts, size_t count)
{
	heed_classes_summary all;
	const heed_code code = heed_classify(j->classifier, texts, count, judge_one, j);

	all = heed_classes_total(j->classes);
	j->m->rival->accuracy = all.accuracy;
	j->m->rival->f1 = all.f1;
	return code;
}

static heed_code time_classes(judge *j, const heed_line *texts, size_t count)
{
	const double start = heed__clock();
	double seconds = 0;
	int64_t done = 0;
	heed_code code = HEED_OK;

	for (size_t i = 0; code == HEED_OK && count > 0 && (i < MOST_TIMED || seconds < LEAST_SECONDS);
	     i++, done++) {
		code = heed_classify(j->classifier, &texts[i % count], 1, pass_over, NULL);
		seconds = heed__clock() - start;
	}
	j->m->rival->speed = (double)done / seconds;
	return code;
}

static heed_code measure_classifier(measurement *m, const heed_line *texts, size_t count)
{
	judge j = {m, heed_classifier_new(m->trained, NULL), heed_classes_new(m->ctx)};
	heed_code code = j.classifier != NULL && j.classes != NULL ? HEED_OK : heed_error_code(m->ctx);

	if (code == HEED_OK)
		code = classify_all(&j, texts, count);
	if (code == HEED_OK)
		code = time_classes(&j, texts, count);
	heed_classes_free(j.classes);
	heed_classifier_free(j.classifier);
	return code;
}

/* --- translators --- */

typedef struct critic {
	measurement *m;
	heed_metric *bleu, *chrf;
	int64_t tokens;
} critic;

static heed_code judge_translation(void *user, const heed_translation *t)
{
	critic *const c = user;
	const heed_line want = text_at(c->m, (int64_t)t->index, true);
	const heed_segment reference = {want.text, want.len}, said = {t->best[0].text, t->best[0].len};
	heed_code code = heed_metric_add(c->bleu, said, &reference, 1);

	if (code == HEED_OK)
		code = heed_metric_add(c->chrf, said, &reference, 1);
	return code != HEED_OK ? code : go_on(c->m);
}

static heed_code count_translation(void *user, const heed_translation *t)
{
	critic *const c = user;

	c->tokens += t->best[0].count + 1;
	return HEED_OK;
}

static heed_code translate_all(critic *c, heed_translator *t, const heed_source *sources, size_t count)
{
	heed_measure bleu, chrf;
	heed_code code = heed_translate(t, sources, count, judge_translation, c);

	if (code == HEED_OK)
		code = heed_metric_score(c->bleu, &bleu);
	if (code == HEED_OK)
		code = heed_metric_score(c->chrf, &chrf);
	if (code == HEED_OK) {
		c->m->rival->bleu = bleu.score;
		c->m->rival->chrf = chrf.score;
	}
	return code;
}

static heed_code time_translations(critic *c, heed_translator *t, const heed_source *sources, size_t count)
{
	const double start = heed__clock();
	double seconds = 0;
	heed_code code = HEED_OK;

	for (size_t i = 0; code == HEED_OK && count > 0 && (i < MOST_TIMED || seconds < LEAST_SECONDS); i++) {
		code = heed_translate(t, &sources[i % count], 1, count_translation, c);
		seconds = heed__clock() - start;
	}
	c->m->rival->speed = (double)c->tokens / seconds;
	return code;
}

/* The perplexity of the references. */
static heed_code score_references(critic *c, heed_translator *t, const heed_source *sources, size_t count)
{
	double logp = 0, tokens = 0;
	heed_code code = HEED_OK;

	for (size_t i = 0; code == HEED_OK && i < count; i++) {
		const heed_line target = text_at(c->m, (int64_t)i, true);
		heed_pair_score score;

		code = heed_score_pairs(
			t, &(heed_pair){sources[i].text, sources[i].len, target.text, target.len}, 1, &score);
		logp += score.logp;
		tokens += score.tokens;
	}
	c->m->rival->perplexity = exp(-logp / tokens);
	return code;
}

static heed_code measure_translator(measurement *m, const heed_source *sources, size_t count)
{
	critic c = {.m = m, .bleu = heed_bleu_new(m->ctx, NULL), .chrf = heed_chrf_new(m->ctx, NULL)};
	heed_translator *const t = heed_translator_new(m->trained, NULL);
	heed_code code = c.bleu != NULL && c.chrf != NULL && t != NULL ? HEED_OK : heed_error_code(m->ctx);

	if (code == HEED_OK)
		code = translate_all(&c, t, sources, count);
	if (code == HEED_OK)
		code = time_translations(&c, t, sources, count);
	if (code == HEED_OK)
		code = score_references(&c, t, sources, count);
	heed_translator_free(t);
	heed_metric_free(c.bleu);
	heed_metric_free(c.chrf);
	return code;
}

/* --- all --- */

static heed_code measure_lines(measurement *m)
{
	const size_t count = (size_t)heed_examples_count(m->valid);
	heed_line *const texts = heed__calloc(m->ctx, count, sizeof *texts);
	heed_code code = HEED_E_MEMORY;

	if (texts != NULL) {
		for (size_t i = 0; i < count; i++)
			texts[i] = text_at(m, (int64_t)i, false);
		code = measure_classifier(m, texts, count);
	}
	heed__free(m->ctx, texts);
	return code;
}

static heed_code measure_pairs(measurement *m)
{
	const size_t all = (size_t)heed_examples_count(m->valid),
		     count = all < MOST_TRANSLATED ? all : MOST_TRANSLATED;
	heed_source *const sources = heed__calloc(m->ctx, count, sizeof *sources);
	heed_code code = HEED_E_MEMORY;

	if (sources != NULL) {
		for (size_t i = 0; i < count; i++) {
			const heed_line line = text_at(m, (int64_t)i, false);

			sources[i] = (heed_source){.text = line.text, .len = line.len};
		}
		code = measure_translator(m, sources, count);
	}
	heed__free(m->ctx, sources);
	return code;
}

heed_code heed__measure(const heed_trained *trained, const heed_examples *valid, heed__stop_fn *stop,
			void *user, heed_rival *rival)
{
	measurement m = {trained->ctx, trained, valid, stop, user, rival};
	heed_code code;

	if (heed_examples_count(valid) == 0)
		return heed__error(m.ctx, HEED_E_ARGUMENT, "there is no text to judge by");
	switch (trained->model->family->task) {
	case HEED_TASK_GENERATE:
		code = score_text(&m);
		return code != HEED_OK ? code : time_generation(&m);
	case HEED_TASK_CLASSIFY:
		return measure_lines(&m);
	case HEED_TASK_TRANSLATE:
		return measure_pairs(&m);
	case HEED_TASK_EMBED:
		break;
	}
	return heed__error(trained->ctx, HEED_E_UNSUPPORTED, "%s: it is not compared",
			   trained->model->family->name);
}
