/* heed eval: how good a model is, by what it is for. */
#include "evaluation.h"
#include "opening.h"
#include "search_options.h"

#include <string.h>

static const heed_field options[] = {
	HEED_MODEL_OPTION(struct eval_options),
	{.name = "src",
	 HEED_LIST(struct eval_options, src),
	 .unit = "FILE",
	 .help = "translation: source text, a sentence a line",
	 .group = "Data"},
	{.name = "tgt",
	 HEED_LIST(struct eval_options, tgt),
	 .unit = "FILE",
	 .help = "reference translations, line n belonging to line n of the source"},
	{.name = "pairs",
	 HEED_LIST(struct eval_options, pairs),
	 .unit = "FILE",
	 .help = "both in one file, source<TAB>target"},
	{.name = "text",
	 HEED_LIST(struct eval_options, text),
	 .unit = "FILE",
	 .help = "language models: text"},
	{.name = "labelled",
	 HEED_LIST(struct eval_options, labelled),
	 .unit = "FILE",
	 .help = "classifiers: label<TAB>text, a text a line"},
	{.name = "analogies",
	 HEED_LIST(struct eval_options, analogies),
	 .unit = "FILE",
	 .help = "word vectors: questions of four words a line, sections begin with a colon"},
	{.name = "similarity",
	 HEED_LIST(struct eval_options, similarity),
	 .unit = "FILE",
	 .help = "word vectors: two words and how alike people find them, a pair a line"},
	{.name = "strict",
	 HEED_FLAG(struct eval_options, strict),
	 .help = "bad bytes and sentences that are too long are errors, not repaired or cut"},
	HEED_SEARCH_OPTIONS(struct eval_options),
	{.name = "batch",
	 HEED_INT(struct eval_options, batch),
	 .min = 1,
	 .max = 1 << 16,
	 .initial = "64",
	 .help = "sentences translated at a time"},
	{.name = "batch-tokens",
	 HEED_INT(struct eval_options, batch_tokens),
	 .min = 1,
	 .max = 1 << 24,
	 .initial = "4096",
	 .help = "most tokens read at a time"},
	{.name = "lowercase",
	 HEED_FLAG(struct eval_options, lowercase),
	 .help = "bleu and chrf ignore case",
	 .group = "Measures"},
	{.name = "tokenized",
	 HEED_FLAG(struct eval_options, tokenized),
	 .help = "add bleu-tokenized, BLEU of lower-cased, tokenized text as in older papers"},
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct eval_options, output),
	 .help = "a file for the translations, one a line"},
	{0},
};

heed_files heed_eval_files(const heed_list *list)
{
	return (heed_files){list->items, (int)list->count};
}

heed_corpus_options heed_eval_every_line(const struct eval_options *o)
{
	return (heed_corpus_options){.flags = HEED_CORPUS_EVERY_LINE | (o->strict ? HEED_CORPUS_STRICT : 0),
				     .max_line = 1 << 24};
}

int heed_eval_read(heed_cli *cli, heed_code opened, heed_corpus *corpus, const heed_list *files,
		   heed_examples **examples)
{
	heed_code code = opened;

	*examples = code ? NULL : heed_examples_new(cli->ctx);
	if (*examples)
		code = heed_examples_read(*examples, corpus);
	heed_corpus_close(corpus);
	if (code || !*examples)
		return heed_cli_fail(cli);
	if (heed_examples_count(*examples) == 0)
		return heed_cli_stop(cli, "%s: there is no line in it", files->items[0]);
	return HEED_EXIT_OK;
}

/* The kinds of evaluation, by the options that bring their data. */
static const struct kind {
	const char *data;
	unsigned tasks;
	int (*run)(heed_cli *cli, const heed_trained *model);
} kinds[] = {
	{"--src and --tgt, or --pairs", 1U << HEED_TASK_TRANSLATE, heed_eval_translation},
	{"--text", 1U << HEED_TASK_GENERATE, heed_eval_text},
	{"--labelled", 1U << HEED_TASK_CLASSIFY, heed_eval_labelled},
	{"--analogies or --similarity", 0, NULL}, /* of files of vectors too */
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Which of them the options ask for. NULL: what is wrong has been said. */
static const struct kind *kind_of(heed_cli *cli)
{
	const struct eval_options *o = cli->options;
	const bool given[KINDS] = {o->src.count || o->tgt.count || o->pairs.count, o->text.count,
				   o->labelled.count, o->analogies.count || o->similarity.count};
	const struct kind *kind = NULL;

	for (int i = 0; i < KINDS; i++) {
		if (!given[i])
			continue;
		if (kind) {
			heed_cli_refuse(cli, "expected one kind of data, found %s, and %s", kind->data,
					kinds[i].data);
			return NULL;
		}
		kind = &kinds[i];
	}
	if (!kind)
		heed_cli_refuse(cli, "expected --src and --tgt, --pairs, --text, --labelled, --analogies or "
				     "--similarity");
	return kind;
}

static int check_sides(heed_cli *cli)
{
	const struct eval_options *o = cli->options;

	if (o->pairs.count && (o->src.count || o->tgt.count))
		return heed_cli_refuse(cli, "--pairs: expected instead of --src and --tgt, found both");
	if (!o->src.count != !o->tgt.count)
		return heed_cli_refuse(cli, "--src and --tgt: expected both, found one");
	if (o->output && strcmp(o->output, "-") == 0)
		return heed_cli_refuse(cli, "--output: expected a file, found \"-\"; the measures go to "
					    "standard output");
	return HEED_EXIT_OK;
}

static int run(heed_cli *cli)
{
	const struct eval_options *o = cli->options;
	const struct kind *kind = kind_of(cli);
	heed_trained *model;
	int status;

	if (!kind)
		return HEED_EXIT_USAGE;
	status = check_sides(cli);
	if (status)
		return status;
	if (!kind->run)
		return heed_eval_vectors(cli);
	status = heed_cli_open_model(cli, o->model, kind->tasks, &model);
	if (status)
		return status;
	status = kind->run(cli, model);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_eval = {
	.name = "eval",
	.kind = HEED_KIND_USE,
	.about = "measure a model",
	.options = options,
	.size = sizeof(struct eval_options),
	.run = run,
	.details =
		"A measure a line, its name, a tab and its value.\n"
		"Translation: loss is the negative log-likelihood of a token of the references, their ends "
		"included; bleu and chrf are those of the translations. The lines that sacreBLEU prints for "
		"them, with its signatures, go to standard error. bleu-tokenized is case-insensitive BLEU "
		"with the tokenizer 13a, which equals BLEU of lower-cased text that was tokenized so "
		"before.\n"
		"Language models (--text): loss and perplexity of a token; word-perplexity and "
		"bits-per-character, which models with different tokenizers share as long as none of them "
		"finds words unknown. Ends of lines count as tokens, words and characters. Text is read in "
		"the form that the model was trained on: lines, blocks, or a stream in ten parts side by "
		"side.\n"
		"Classifiers (--labelled): accuracy, and macro-f1, the mean over the classes of the harmonic "
		"mean of precision and recall. A text with a label that the model does not know counts as "
		"wrong.\n"
		"Word vectors (--analogies, --similarity): the share of questions answered rightly, and rank "
		"correlation with what people say.",
	.examples = "heed eval -m en-de.heed --src test.en --tgt test.de\n"
		    "heed eval -m en-de.heed --src test.en --tgt test.de --beam 1 --tokenized -o test.out\n"
		    "heed eval -m lstm.heed --text test.txt\n"
		    "heed eval -m trec.heed --labelled test.tsv --json\n"
		    "heed eval -m words.heed --analogies questions-words.txt --similarity ws353.tsv\n",
};
