/* heed tokenize: how a model's tokenizer cuts text. */
#include "coding.h"

struct tokenize_options {
	const char *model;
	bool ids;
	int side;
	double dropout;
};

static const heed_field options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct tokenize_options, model),
	 .required = true,
	 .help = "a model, or a tokenizer file"},
	{.name = "side",
	 HEED_CHOICE(struct tokenize_options, side),
	 .choices = HEED_CODING_SIDES,
	 .initial = "source",
	 .help = "whose tokenizer, when a model has two"},
	{.name = "ids", HEED_FLAG(struct tokenize_options, ids), .help = "ids instead of pieces"},
	{.name = "dropout",
	 HEED_FLOAT(struct tokenize_options, dropout),
	 .min = 0,
	 .max = 1,
	 .initial = "0",
	 .help = "bpe: probability that a merge is skipped, as in training with BPE-dropout"},
	{0},
};

static int run(heed_cli *cli)
{
	const struct tokenize_options *o = cli->options;
	heed_coding coding;
	int status;

	if (!heed_coding_open(cli, o->model, o->side, &coding))
		return heed_cli_fail(cli);
	status = heed_coding_encode(cli, coding.tokenizer, stdout,
				    o->ids ? HEED_CODING_IDS : HEED_CODING_PIECES, o->dropout);
	heed_coding_close(&coding);
	return status;
}

const heed_command heed_cmd_tokenize = {
	.name = "tokenize",
	.kind = HEED_KIND_USE,
	.about = "show how a tokenizer cuts text",
	.operands = "[TEXT]...",
	.max_words = -1,
	.options = options,
	.size = sizeof(struct tokenize_options),
	.run = run,
	.examples = "echo 'The dog ran really fast' | heed tokenize -m en-es.heed\n",
};
