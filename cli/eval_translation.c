/* Translations and their references: loss, BLEU, chrF. */
#include "evaluation.h"

#include "heed/dataset.h"
#include "heed/json.h"
#include "heed/metric.h"
#include "heed/translate.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 512 }; /* sentences that are sorted by length together */

enum { BLEU, CHRF, BLEU_TOKENIZED, METRICS };
static const char *const metric_names[] = {"bleu", "chrf", "bleu-tokenized"};
static const char *const json_names[] = {"bleu", "chrf", "bleu_tokenized"};

struct work {
	heed_cli *cli;
	heed_examples *examples;
	heed_translator *translator;
	heed_metric *metrics[METRICS]; /* NULL: not asked for */
	heed_progress progress;
	FILE *out; /* NULL: translations are not kept */
	heed_source sources[WINDOW];
	heed_pair pairs[WINDOW];
	heed_pair_score scores[WINDOW];
	int64_t first; /* of the window */
	char *line;    /* [line_cap] a translation as one line */
	size_t line_cap;
	double logp;
	int64_t tokens, cut, first_cut;
};

static int read_examples(struct work *w)
{
	const struct eval_options *o = w->cli->options;
	const heed_corpus_options each = heed_eval_every_line(o);
	heed_ctx *ctx = w->cli->ctx;
	heed_corpus *corpus = NULL;
	const heed_code code = o->pairs.count
				       ? heed_corpus_open_tsv(ctx, heed_eval_files(&o->pairs), &each, &corpus)
				       : heed_corpus_open_pairs(ctx, heed_eval_files(&o->src),
								heed_eval_files(&o->tgt), &each, &corpus);

	return heed_eval_read(w->cli, code, corpus, o->pairs.count ? &o->pairs : &o->src, &w->examples);
}

/* --- scoring --- */

/* A translation is a line: ends of lines that a model says become spaces. */
static bool as_line(struct work *w, const heed_hypothesis *h, heed_segment *line)
{
	if (w->line_cap <= h->len) {
		char *more = realloc(w->line, 2 * h->len + 256);

		if (!more)
			return false;
		w->line = more;
		w->line_cap = 2 * h->len + 256;
	}
	memcpy(w->line, h->text, h->len + 1);
	for (size_t i = 0; i < h->len; i++)
		if (w->line[i] == '\n' || w->line[i] == '\r')
			w->line[i] = ' ';
	*line = (heed_segment){w->line, h->len};
	return true;
}

static heed_code add_translation(void *user, const heed_translation *t)
{
	struct work *w = user;
	const int64_t index = w->first + (int64_t)t->index;
	heed_segment said, reference;
	heed_code code = HEED_OK;

	if (!as_line(w, &t->best[0], &said))
		return HEED_E_MEMORY;
	reference.text = heed_examples_text(w->examples, index, true, &reference.len);
	for (int m = 0; m < METRICS && code == HEED_OK; m++)
		if (w->metrics[m])
			code = heed_metric_add(w->metrics[m], said, &reference, 1);
	if (w->out && (fwrite(said.text, 1, said.len, w->out) != said.len || putc('\n', w->out) == EOF))
		return HEED_E_IO;
	return code;
}

static void add_score(struct work *w, int64_t index, const heed_pair_score *s)
{
	w->logp += s->logp;
	w->tokens += s->tokens;
	if (s->cut && w->cut++ == 0)
		w->first_cut = index + 1;
}

static heed_code eval_window(struct work *w, size_t count)
{
	heed_code code;

	for (size_t i = 0; i < count; i++) {
		heed_source *s = &w->sources[i];
		heed_pair *p = &w->pairs[i];

		*s = (heed_source){0};
		s->text = heed_examples_text(w->examples, w->first + (int64_t)i, false, &s->len);
		p->source = s->text;
		p->source_len = s->len;
		p->target = heed_examples_text(w->examples, w->first + (int64_t)i, true, &p->target_len);
	}
	code = heed_score_pairs(w->translator, w->pairs, count, w->scores);
	for (size_t i = 0; i < count && code == HEED_OK; i++)
		add_score(w, w->first + (int64_t)i, &w->scores[i]);
	return code == HEED_OK ? heed_translate(w->translator, w->sources, count, add_translation, w) : code;
}

static int eval_all(struct work *w)
{
	const int64_t total = heed_examples_count(w->examples);
	heed_code code = HEED_OK;

	w->progress = heed_progress_start(w->cli, "evaluating", "sentence", total);
	for (w->first = 0; w->first < total && code == HEED_OK; w->first += WINDOW) {
		const int64_t left = total - w->first, count = left < WINDOW ? left : WINDOW;

		code = eval_window(w, (size_t)count);
		heed_progress_at(&w->progress, w->first + count, NULL);
	}
	heed_progress_end(&w->progress);
	if (code == HEED_OK)
		return HEED_EXIT_OK;
	if (w->out && ferror(w->out))
		return heed_cli_commit(w->cli); /* says what is wrong */
	return heed_error_code(w->cli->ctx) == code ? heed_cli_fail(w->cli)
						    : heed_cli_stop(w->cli, "out of memory");
}

/* --- telling --- */

static void print_json(const struct work *w, const heed_measure *measures)
{
	const double loss = -w->logp / (double)w->tokens;
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_double(&j, "loss", loss);
	heed_json_double(&j, "perplexity", exp(loss));
	heed_json_int(&j, "tokens", w->tokens);
	heed_json_int(&j, "sentences", heed_examples_count(w->examples));
	for (int m = 0; m < METRICS; m++)
		if (w->metrics[m])
			heed_json_double(&j, json_names[m], measures[m].score);
	heed_json_object(&j, "signatures");
	for (int m = 0; m < METRICS; m++)
		if (w->metrics[m])
			heed_json_string(&j, json_names[m], heed_metric_signature(w->metrics[m]));
	heed_json_end(&j);
	heed_json_int(&j, "cut", w->cut);
	heed_json_end(&j);
	putchar('\n');
}

static void print_text(const struct work *w, const heed_measure *measures)
{
	const double loss = -w->logp / (double)w->tokens;

	printf("loss\t%.4f\nperplexity\t%.4f\n", loss, exp(loss));
	printf("tokens\t%lld\nsentences\t%lld\n", (long long)w->tokens,
	       (long long)heed_examples_count(w->examples));
	for (int m = 0; m < METRICS; m++)
		if (w->metrics[m])
			printf("%s\t%.2f\n", metric_names[m], measures[m].score);
}

static int tell(struct work *w)
{
	heed_measure measures[METRICS];

	heed_cli_warn_long(w->cli, w->cut, "pair", "cut off", w->first_cut);
	for (int m = 0; m < METRICS; m++) {
		if (!w->metrics[m])
			continue;
		if (heed_metric_score(w->metrics[m], &measures[m]))
			return heed_cli_fail(w->cli);
		heed_cli_note(w->cli, "%s", heed_metric_line(w->metrics[m], &measures[m], 2));
	}
	if (w->cli->json)
		print_json(w, measures);
	else
		print_text(w, measures);
	return HEED_EXIT_OK;
}

/* --- all of it --- */

static bool make_metrics(struct work *w)
{
	const struct eval_options *o = w->cli->options;
	heed_ctx *ctx = w->cli->ctx;

	w->metrics[BLEU] = heed_bleu_new(ctx, &(heed_bleu_options){.lowercase = o->lowercase});
	w->metrics[CHRF] = heed_chrf_new(ctx, &(heed_chrf_options){.lowercase = o->lowercase});
	if (o->tokenized)
		w->metrics[BLEU_TOKENIZED] = heed_bleu_new(ctx, &(heed_bleu_options){.lowercase = 1});
	return w->metrics[BLEU] && w->metrics[CHRF] && (w->metrics[BLEU_TOKENIZED] || !o->tokenized);
}

static int eval_model(struct work *w, const heed_trained *model)
{
	const struct eval_options *o = w->cli->options;
	heed_translate_options t = heed_translate_defaults();
	int status;

	t.beam = o->beam;
	t.length_penalty = o->length_penalty;
	t.batch_sentences = o->batch;
	t.batch_tokens = o->batch_tokens;
	t.strict = o->strict;
	w->translator = heed_translator_new(model, &t);
	if (!w->translator || !make_metrics(w))
		return heed_cli_fail(w->cli);
	status = read_examples(w);
	if (!status && o->output && !(w->out = heed_cli_output(w->cli, o->output)))
		status = HEED_EXIT_FAILED;
	if (!status)
		status = eval_all(w);
	if (!status && w->out)
		status = heed_cli_commit(w->cli);
	return status ? status : tell(w);
}

static void release(struct work *w)
{
	heed_translator_free(w->translator);
	heed_examples_free(w->examples);
	for (int m = 0; m < METRICS; m++)
		heed_metric_free(w->metrics[m]);
	free(w->line);
	free(w);
}

int heed_eval_translation(heed_cli *cli, const heed_trained *model)
{
	struct work *w = calloc(1, sizeof *w);
	int status;

	if (!w)
		return heed_cli_stop(cli, "out of memory");
	w->cli = cli;
	status = eval_model(w, model);
	release(w);
	return status;
}
