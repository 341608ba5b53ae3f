/* heed score: how probable a model finds given text. */
#include "heed/json.h"
#include "heed/score.h"
#include "heed/translate.h"
#include "lines.h"
#include "opening.h"
#include "search_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1000 }; /* texts read ahead and sorted by length */

struct score_options {
	const char *model;
	heed_list src, tgt, text;
	int batch_tokens;
	bool strict;
};

static const heed_field options[] = {
	HEED_MODEL_OPTION(struct score_options),
	{.name = "src",
	 HEED_LIST(struct score_options, src),
	 .unit = "FILE",
	 .help = "translation: source text, a sentence a line"},
	{.name = "tgt",
	 HEED_LIST(struct score_options, tgt),
	 .unit = "FILE",
	 .help = "target text, line n belonging to line n of the source"},
	{.name = "text",
	 HEED_LIST(struct score_options, text),
	 .unit = "FILE",
	 .help = "language models: text, instead of standard input"},
	{.name = "batch-tokens",
	 HEED_INT(struct score_options, batch_tokens),
	 .min = 1,
	 .max = 1 << 24,
	 .initial = "4096",
	 .help = "most tokens read at a time"},
	{.name = "strict",
	 HEED_FLAG(struct score_options, strict),
	 .help = "bad bytes and sentences that are too long are errors, not repaired or cut"},
	{0},
};

struct work {
	heed_cli *cli;
	double logp;
	int64_t lines, tokens, unknown, cut, first_cut;

	/* Of translations. */
	heed_translator *translator;
	heed_corpus *corpus;
	char *texts[WINDOW]; /* source and target of a pair, one after the other */
	heed_pair pairs[WINDOW];
	heed_pair_score pair_scores[WINDOW];
	int count;

	/* Of lines. */
	heed_scorer *scorer;
	heed_lines in;
	heed_line_score line_scores[WINDOW];
};

static heed_files files_of(const heed_list *list)
{
	return (heed_files){list->items, (int)list->count};
}

/* unknown: -1 where it is not told. */
static void print_score(struct work *w, double logp, int tokens, int unknown, bool cut)
{
	heed_json json;

	w->lines++;
	w->logp += logp;
	w->tokens += tokens;
	w->unknown += unknown > 0 ? unknown : 0;
	if (cut && w->cut++ == 0)
		w->first_cut = w->lines;
	if (!w->cli->json) {
		printf("%.6f\t%d\n", logp, tokens);
		return;
	}
	heed_json_to_file(&json, stdout);
	heed_json_object(&json, NULL);
	heed_json_double(&json, "log_probability", logp);
	heed_json_int(&json, "tokens", tokens);
	if (unknown >= 0)
		heed_json_int(&json, "unknown", unknown);
	if (cut)
		heed_json_bool(&json, unknown >= 0 ? "pieces" : "cut", true);
	heed_json_end(&json);
	putchar('\n');
}

/* --- translations --- */

static void free_texts(struct work *w)
{
	for (int i = 0; i < w->count; i++)
		free(w->texts[i]);
	w->count = 0;
}

static int read_pairs(struct work *w)
{
	heed_record r;

	free_texts(w);
	do {
		char *text;

		if (heed_corpus_next(w->corpus, &r))
			return heed_cli_fail(w->cli);
		if (!r.source)
			break;
		text = malloc(r.source_len + r.target_len + 1);
		if (!text)
			return heed_cli_stop(w->cli, "out of memory");
		memcpy(text, r.source, r.source_len);
		memcpy(text + r.source_len, r.target, r.target_len);
		w->texts[w->count] = text;
		w->pairs[w->count++] = (heed_pair){text, r.source_len, text + r.source_len, r.target_len};
	} while (w->count < WINDOW && heed_corpus_ready(w->corpus));
	return HEED_EXIT_OK;
}

static int score_pairs(struct work *w)
{
	int status;

	while ((status = read_pairs(w)) == HEED_EXIT_OK && w->count > 0) {
		if (heed_score_pairs(w->translator, w->pairs, (size_t)w->count, w->pair_scores))
			return heed_cli_fail(w->cli);
		for (int i = 0; i < w->count; i++) {
			const heed_pair_score *s = &w->pair_scores[i];

			print_score(w, s->logp, s->tokens, -1, s->cut);
		}
		if (fflush(stdout))
			return heed_cli_flush(w->cli);
	}
	return status;
}

static int score_translations(struct work *w, const heed_trained *model)
{
	const struct score_options *o = w->cli->options;
	const heed_corpus_options each = {
		.flags = HEED_CORPUS_EVERY_LINE | (o->strict ? HEED_CORPUS_STRICT : 0), .max_line = 1 << 24};
	heed_translate_options t = heed_translate_defaults();
	int status;

	t.batch_tokens = o->batch_tokens;
	t.strict = o->strict;
	w->translator = heed_translator_new(model, &t);
	if (!w->translator ||
	    heed_corpus_open_pairs(w->cli->ctx, files_of(&o->src), files_of(&o->tgt), &each, &w->corpus))
		status = heed_cli_fail(w->cli);
	else
		status = score_pairs(w);
	heed_corpus_warn(w->corpus);
	heed_corpus_close(w->corpus);
	heed_translator_free(w->translator);
	free_texts(w);
	return status;
}

/* --- lines --- */

static int score_lines(struct work *w)
{
	int status;

	while ((status = heed_lines_read(&w->in)) == HEED_EXIT_OK && w->in.count > 0) {
		if (heed_score_lines(w->scorer, w->in.lines, w->in.count, w->line_scores))
			return heed_cli_fail(w->cli);
		for (size_t i = 0; i < w->in.count; i++) {
			const heed_line_score *s = &w->line_scores[i];

			print_score(w, s->logp, s->tokens, s->unknown, s->cut);
		}
		if (fflush(stdout))
			return heed_cli_flush(w->cli);
	}
	return status;
}

static int score_text(struct work *w, const heed_trained *model)
{
	const struct score_options *o = w->cli->options;
	const heed_score_options s = {o->batch_tokens, o->strict};
	int status;

	w->scorer = heed_scorer_new(model, &s);
	if (!w->scorer)
		return heed_cli_fail(w->cli);
	status = heed_lines_open(&w->in, w->cli, files_of(&o->text), WINDOW, o->strict);
	if (status == HEED_EXIT_OK)
		status = score_lines(w);
	heed_lines_close(&w->in);
	heed_scorer_free(w->scorer);
	return status;
}

/* --- all of it --- */

static void tell_total(const struct work *w, bool pairs)
{
	heed_cli_warn_long(w->cli, w->cut, pairs ? "pair" : "line", pairs ? "cut off" : "read in pieces",
			   w->first_cut);
	if (w->tokens > 0)
		heed_cli_note(w->cli, "total %.6f of %lld tokens, perplexity %.6g", w->logp,
			      (long long)w->tokens, exp(-w->logp / (double)w->tokens));
	if (w->unknown > 0)
		heed_cli_note(w->cli, "%lld of the tokens are unknown to the model", (long long)w->unknown);
}

static int run(heed_cli *cli)
{
	const struct score_options *o = cli->options;
	const bool pairs = o->src.count > 0 || o->tgt.count > 0;
	heed_trained *model;
	struct work *w;
	int status;

	if (pairs && o->text.count > 0)
		return heed_cli_refuse(cli, "--text: expected instead of --src and --tgt, found both");
	if (pairs && (o->src.count == 0 || o->tgt.count == 0))
		return heed_cli_refuse(cli, "expected --src and --tgt");
	status = heed_cli_open_model(cli, o->model, 1U << HEED_TASK_TRANSLATE | 1U << HEED_TASK_GENERATE,
				     &model);
	if (status)
		return status;
	w = calloc(1, sizeof *w);
	if (!w)
		status = heed_cli_stop(cli, "out of memory");
	else if (pairs != (model->model->family->task == HEED_TASK_TRANSLATE))
		status = heed_cli_stop(cli, "%s is a model of the family %s: expected %s", o->model,
				       model->model->family->name,
				       pairs ? "lines, on standard input or in --text" : "--src and --tgt");
	else {
		w->cli = cli;
		status = pairs ? score_translations(w, model) : score_text(w, model);
		if (status == HEED_EXIT_OK)
			tell_total(w, pairs);
	}
	free(w);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_score = {
	.name = "score",
	.kind = HEED_KIND_USE,
	.about = "log-probability of given text or translations",
	.options = options,
	.size = sizeof(struct score_options),
	.run = run,
	.details =
		"A line for each line or pair: the natural logarithm of the probability that the model gives "
		"it, of a translation when it has read the source; a tab; and the number of its tokens, its "
		"end included. Total and perplexity go to standard error.\n"
		"A language model reads each line by itself. A line with more tokens than it reads at a time "
		"is read in pieces, each beginning with the last token of the one before. Unknown words are "
		"one token, which a model that knows few words finds probable.",
	.examples = "echo 'The dog ran.' | heed score -m lstm.heed\n"
		    "heed score -m gpt.heed --text test.txt\n"
		    "heed score -m en-de.heed --src test.en --tgt test.de\n",
};
