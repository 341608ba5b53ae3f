/* heed score: how probable a model finds given text. */
#include "heed/corpus.h"
#include "heed/json.h"
#include "heed/translate.h"
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1000 }; /* pairs read ahead and sorted by length */

struct score_options {
	const char *model;
	heed_list src, tgt;
	int batch_tokens;
	bool strict;
};

static const heed_field options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct score_options, model),
	 .required = true,
	 .help = "a model that heed train made"},
	{.name = "src",
	 HEED_LIST(struct score_options, src),
	 .unit = "FILE",
	 .help = "source text, a sentence a line"},
	{.name = "tgt",
	 HEED_LIST(struct score_options, tgt),
	 .unit = "FILE",
	 .help = "target text, line n belonging to line n of the source"},
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
	heed_translator *translator;
	heed_corpus *corpus;
	char *texts[WINDOW]; /* source and target of a pair, one after the other */
	heed_pair pairs[WINDOW];
	heed_pair_score scores[WINDOW];
	int count;
	double logp;
	int64_t lines, tokens, cut, first_cut;
};

static void free_texts(struct work *w)
{
	for (int i = 0; i < w->count; i++)
		free(w->texts[i]);
	w->count = 0;
}

static int read_window(struct work *w)
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

static void print_score(struct work *w, const heed_pair_score *s)
{
	heed_json json;

	w->lines++;
	w->logp += s->logp;
	w->tokens += s->tokens;
	if (s->cut && w->cut++ == 0)
		w->first_cut = w->lines;
	if (!w->cli->json) {
		printf("%.6f\t%d\n", s->logp, s->tokens);
		return;
	}
	heed_json_to_file(&json, stdout);
	heed_json_object(&json, NULL);
	heed_json_double(&json, "log_probability", s->logp);
	heed_json_int(&json, "tokens", s->tokens);
	if (s->cut)
		heed_json_bool(&json, "cut", true);
	heed_json_end(&json);
	putchar('\n');
}

static int score_all(struct work *w)
{
	int status;

	while ((status = read_window(w)) == HEED_EXIT_OK && w->count > 0) {
		if (heed_score_pairs(w->translator, w->pairs, (size_t)w->count, w->scores))
			return heed_cli_fail(w->cli);
		for (int i = 0; i < w->count; i++)
			print_score(w, &w->scores[i]);
		if (fflush(stdout))
			return heed_cli_flush(w->cli);
	}
	return status;
}

static void tell_total(const struct work *w)
{
	if (w->cut > 0)
		heed_cli_note(w->cli,
			      "warning: %lld %s longer than the model takes and cut off, first in line %lld",
			      (long long)w->cut, w->cut == 1 ? "pair was" : "pairs were",
			      (long long)w->first_cut);
	if (w->tokens > 0)
		heed_cli_note(w->cli, "total %.6f of %lld tokens, perplexity %.6g", w->logp,
			      (long long)w->tokens, exp(-w->logp / (double)w->tokens));
}

static int with_model(heed_cli *cli, const heed_trained *model, struct work *w)
{
	const struct score_options *o = cli->options;
	const heed_corpus_options each = {
		.flags = HEED_CORPUS_EVERY_LINE | (o->strict ? HEED_CORPUS_STRICT : 0), .max_line = 1 << 24};
	heed_translate_options t = heed_translate_defaults();
	int status;

	t.batch_tokens = o->batch_tokens;
	t.strict = o->strict;
	w->cli = cli;
	w->translator = heed_translator_new(model, &t);
	if (!w->translator ||
	    heed_corpus_open_pairs(cli->ctx, (heed_files){o->src.items, (int)o->src.count},
				   (heed_files){o->tgt.items, (int)o->tgt.count}, &each, &w->corpus))
		status = heed_cli_fail(cli);
	else if ((status = score_all(w)) == HEED_EXIT_OK)
		tell_total(w);
	heed_corpus_warn(w->corpus);
	heed_corpus_close(w->corpus);
	heed_translator_free(w->translator);
	free_texts(w);
	return status;
}

static int run(heed_cli *cli)
{
	const struct score_options *o = cli->options;
	struct work *w;
	heed_trained *model;
	int status;

	if (o->src.count == 0 || o->tgt.count == 0)
		return heed_cli_refuse(cli, "expected --src and --tgt");
	if (heed_trained_open(cli->ctx, o->model, &model))
		return heed_cli_fail(cli);
	w = calloc(1, sizeof *w);
	status = w ? with_model(cli, model, w) : heed_cli_stop(cli, "out of memory");
	free(w);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_score = {
	.name = "score",
	.kind = HEED_KIND_USE,
	.about = "log-probability of given translations",
	.options = options,
	.size = sizeof(struct score_options),
	.run = run,
	.details = "A line for each pair: the natural logarithm of the probability that the model gives the "
		   "target "
		   "when it has read the source, a tab, and the number of tokens of the target, its end "
		   "included. "
		   "Total and perplexity go to standard error.",
	.examples = "heed score -m en-de.heed --src test.en --tgt test.de\n",
};
