/* heed corpus phrases: the built-in English-Spanish phrase corpus as text. */
#include "heed/json.h"
#include "heed/phrases.h"
#include "options.h"

struct phrases_options {
	int64_t count;
	int split;
	bool distinct;
	const char *output;
};

static const heed_field phrases_options[] = {
	{.name = "count",
	 .letter = 'n',
	 HEED_INT64(struct phrases_options, count),
	 .min = 0,
	 .max = 0x1p40,
	 .initial = "10",
	 .help = "how many pairs"},
	{.name = "split",
	 HEED_CHOICE(struct phrases_options, split),
	 .choices = "train valid test shown",
	 .initial = "train",
	 .help = "which part of the corpus; no English sentence is in two of them, and \"shown\" are the few "
		 "that "
		 "demonstrations use"},
	{.name = "distinct",
	 HEED_FLAG(struct phrases_options, distinct),
	 .help = "pass over English sentences that came before; takes memory for each"},
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct phrases_options, output),
	 .help = "a file instead of standard output"},
	{0},
};

static bool print_pair(const heed_cli *cli, FILE *out, const char *english, const char *spanish)
{
	heed_json w;

	if (!cli->json)
		return fprintf(out, "%s\t%s\n", english, spanish) > 0;
	heed_json_to_file(&w, out);
	heed_json_object(&w, NULL);
	heed_json_string(&w, "english", english);
	heed_json_string(&w, "spanish", spanish);
	heed_json_end(&w);
	return w.code == HEED_OK && fputc('\n', out) != EOF;
}

static bool print_shown(heed_cli *cli, FILE *out, int64_t count)
{
	const char *english, *spanish;
	bool good = true;

	for (int i = 0; good && i < count && heed_phrases_shown(i, &english, &spanish); i++)
		good = print_pair(cli, out, english, spanish);
	return good;
}

static int print_phrases(heed_cli *cli, FILE *out, heed_phrases *phrases, int64_t count)
{
	heed_phrases_pair pair;

	for (int64_t i = 0; i < count && !heed_interrupted(cli->ctx); i++) {
		if (heed_phrases_next(phrases, &pair))
			return heed_cli_fail(cli);
		if (!print_pair(cli, out, pair.english, pair.spanish))
			break;
	}
	return heed_cli_commit(cli);
}

static int run_phrases(heed_cli *cli)
{
	const struct phrases_options *o = cli->options;
	const heed_phrases_split splits[] = {HEED_PHRASES_TRAIN, HEED_PHRASES_VALID, HEED_PHRASES_TEST,
					     HEED_PHRASES_SHOWN};
	FILE *out = heed_cli_output(cli, o->output);
	heed_phrases *phrases;
	int status;

	if (!out)
		return HEED_EXIT_FAILED;
	if (splits[o->split] == HEED_PHRASES_SHOWN) {
		print_shown(cli, out, o->count);
		return heed_cli_commit(cli);
	}
	phrases = heed_phrases_new(cli->ctx, (uint64_t)cli->seed, splits[o->split], o->distinct);
	if (!phrases)
		return heed_cli_fail(cli);
	status = print_phrases(cli, out, phrases, o->count);
	heed_phrases_free(phrases);
	return status;
}

static const heed_command parts[] = {
	{
		.name = "phrases",
		.about = "print English-Spanish pairs of the built-in grammar",
		.options = phrases_options,
		.size = sizeof(struct phrases_options),
		.run = run_phrases,
		.details =
			"Each line is an English sentence, a tab, and its Spanish translation. Pairs are a "
			"function of --seed, --split and their number.",
		.examples = "heed corpus phrases --count 5 --seed 7\n"
			    "heed corpus phrases --count 1000 --split test --distinct -o test.tsv\n",
	},
	{0},
};

const heed_command heed_cmd_corpus = {
	.name = "corpus",
	.kind = HEED_KIND_TRAIN,
	.about = "text to train on that is built in",
	.parts = parts,
};
