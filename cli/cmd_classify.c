/* heed classify: a text a line in, its class and how probable that is out. */
#include "heed/classify.h"
#include "heed/json.h"
#include "lines.h"
#include "opening.h"
#include "search_options.h"

#include <stdlib.h>

struct classify_options {
	const char *model;
	bool all, strict;
	int batch_tokens, window;
};

static const heed_field options[] = {
	HEED_MODEL_OPTION(struct classify_options),
	{.name = "all",
	 .letter = 'a',
	 HEED_FLAG(struct classify_options, all),
	 .help = "every label and its probability, from the most probable on"},
	{.name = "batch-tokens",
	 HEED_INT(struct classify_options, batch_tokens),
	 .min = 1,
	 .max = 1 << 24,
	 .initial = "4096",
	 .help = "most tokens read at a time"},
	{.name = "window",
	 HEED_INT(struct classify_options, window),
	 .min = 1,
	 .max = 1 << 20,
	 .initial = "1000",
	 .help = "lines read ahead and sorted by length; fewer when input is slow to come"},
	{.name = "strict",
	 HEED_FLAG(struct classify_options, strict),
	 .help = "bad bytes and texts that are too long are errors, not repaired or cut"},
	{0},
};

/* A label with its probability, to be sorted. */
struct rank {
	int label;
	float probability;
};

struct work {
	heed_cli *cli;
	const struct classify_options *o;
	heed_classifier *classifier;
	heed_lines in;
	struct rank *ranks; /* [labels] */
	int64_t cut, first_cut, unknown, first_unknown;
};

static int by_probability(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return x->label - y->label;
}

static void rank_labels(const struct work *w, const heed_classified *x)
{
	const int n = heed_classifier_labels(w->classifier);

	for (int k = 0; k < n; k++)
		w->ranks[k] = (struct rank){k, x->probabilities[k]};
	qsort(w->ranks, (size_t)n, sizeof *w->ranks, by_probability);
}

static void print_text(const struct work *w, int count)
{
	for (int k = 0; k < count; k++)
		printf("%s%s\t%.6f", k ? "\t" : "", heed_classifier_label(w->classifier, w->ranks[k].label),
		       (double)w->ranks[k].probability);
	putchar('\n');
}

static void print_json(const struct work *w, int count, const heed_classified *x)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "label", heed_classifier_label(w->classifier, x->label));
	heed_json_float(&j, "probability", x->probabilities[x->label]);
	if (w->o->all) {
		heed_json_object(&j, "probabilities");
		for (int k = 0; k < count; k++)
			heed_json_float(&j, heed_classifier_label(w->classifier, w->ranks[k].label),
					w->ranks[k].probability);
		heed_json_end(&j);
	}
	heed_json_int(&j, "tokens", x->tokens);
	heed_json_int(&j, "unknown", x->unknown);
	if (x->cut)
		heed_json_bool(&j, "cut", true);
	heed_json_end(&j);
	putchar('\n');
}

static heed_code print(void *user, const heed_classified *x)
{
	struct work *w = user;
	const int64_t line = w->in.before + (int64_t)x->index + 1;
	const int count = w->o->all ? heed_classifier_labels(w->classifier) : 1;

	if (x->cut && w->cut++ == 0)
		w->first_cut = line;
	if (x->tokens > 0 && x->unknown == x->tokens && w->unknown++ == 0)
		w->first_unknown = line;
	if (w->o->all)
		rank_labels(w, x);
	else
		w->ranks[0] = (struct rank){x->label, x->probabilities[x->label]};
	if (w->cli->json)
		print_json(w, count, x);
	else
		print_text(w, count);
	return HEED_OK;
}

static int classify_all(struct work *w)
{
	int status;

	while ((status = heed_lines_read(&w->in)) == HEED_EXIT_OK && w->in.count > 0) {
		if (heed_classify(w->classifier, w->in.lines, w->in.count, print, w))
			return heed_cli_fail(w->cli);
		if (fflush(stdout))
			return heed_cli_flush(w->cli);
	}
	return status;
}

static void tell(const struct work *w)
{
	heed_cli_warn_long(w->cli, w->cut, "text", "cut off", w->first_cut);
	if (w->unknown > 0)
		heed_cli_warn(w->cli, "%lld %s no word that the model knows, first in line %lld",
			      (long long)w->unknown, w->unknown == 1 ? "text has" : "texts have",
			      (long long)w->first_unknown);
}

static int with_model(heed_cli *cli, const heed_trained *model)
{
	const struct classify_options *o = cli->options;
	const heed_classify_options c = {o->batch_tokens, o->strict};
	struct work w = {.cli = cli, .o = o, .classifier = heed_classifier_new(model, &c)};
	int status;

	if (!w.classifier)
		return heed_cli_fail(cli);
	w.ranks = calloc((size_t)heed_classifier_labels(w.classifier), sizeof *w.ranks);
	status = heed_lines_open(&w.in, cli, (heed_files){(const char *const *)cli->words, cli->word_count},
				 (size_t)o->window, o->strict);
	if (!w.ranks)
		status = heed_cli_stop(cli, "out of memory");
	if (status == HEED_EXIT_OK)
		status = classify_all(&w);
	heed_lines_close(&w.in);
	tell(&w);
	free(w.ranks);
	heed_classifier_free(w.classifier);
	return status;
}

static int run(heed_cli *cli)
{
	const struct classify_options *o = cli->options;
	heed_trained *model;
	int status = heed_cli_open_model(cli, o->model, 1U << HEED_TASK_CLASSIFY, &model);

	if (status)
		return status;
	status = with_model(cli, model);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_classify = {
	.name = "classify",
	.kind = HEED_KIND_USE,
	.about = "find the classes of texts, one a line",
	.operands = "[FILE]",
	.max_words = 1,
	.options = options,
	.size = sizeof(struct classify_options),
	.run = run,
	.details =
		"A line for each text, in their order: its most probable label, a tab, and the probability. "
		"With --all the other labels and probabilities follow, with tabs between them. Without FILE "
		"texts are read from standard input, and what is there is answered as soon as no more is at "
		"hand.\n"
		"An empty line has a class too. So has a text without a word that the model knows; that is "
		"said.",
	.examples = "echo 'a film to remember' | heed classify -m sst2.heed\n"
		    "heed classify -m trec.heed --all questions.txt\n",
};
