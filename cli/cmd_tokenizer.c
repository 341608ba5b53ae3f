/* heed tokenizer train, encode, decode: tokenizers apart from models. */
#include "coding.h"
#include "heed/corpus.h"

struct train_options {
	const char *kind;
	int vocab, merges, normalization, min_count;
	double coverage;
	bool lowercase, byte_fallback;
	heed_list symbols;
	const char *output;
};

static const heed_field train_options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct train_options, output),
	 .required = true,
	 .help = "the tokenizer file"},
	{.name = "kind",
	 .letter = 'k',
	 HEED_TEXT(struct train_options, kind),
	 .initial = "bpe",
	 .unit = "KIND",
	 .help = "how text is cut: bpe, unigram, word, space, char, byte or sentence"},
	{.name = "vocab",
	 HEED_INT(struct train_options, vocab),
	 .min = 0,
	 .max = HEED_VOCAB_MAX,
	 .initial = "0",
	 .help = "at most so many ids; 0 is 8000 for bpe without --merges, else no limit"},
	{.name = "merges",
	 HEED_INT(struct train_options, merges),
	 .min = 0,
	 .max = HEED_VOCAB_MAX,
	 .initial = "0",
	 .help = "bpe: at most so many merges; 0 is as many as fit"},
	{.name = "normalization",
	 HEED_CHOICE(struct train_options, normalization),
	 .choices = "nfc nfkc none",
	 .initial = "nfc",
	 .help = "the Unicode form that text is brought into"},
	{.name = "lowercase", HEED_FLAG(struct train_options, lowercase), .help = "text becomes lower case"},
	{.name = "byte-fallback",
	 HEED_FLAG(struct train_options, byte_fallback),
	 .initial = "true",
	 .help = "char, bpe: characters without a piece are unknown instead of spelled in bytes"},
	{.name = "min-count",
	 HEED_INT(struct train_options, min_count),
	 .min = 0,
	 .max = 1000000000,
	 .initial = "0",
	 .help = "what is seen less often gets no piece; 0 is 2 for bpe, else 1"},
	{.name = "coverage",
	 HEED_FLOAT(struct train_options, coverage),
	 .min = 0,
	 .max = 1,
	 .initial = "1",
	 .help = "char, bpe: share of the text whose characters get pieces"},
	{.name = "symbol",
	 HEED_LIST(struct train_options, symbols),
	 .help = "a reserved name such as \"<de>\"; again for more"},
	{0},
};

static heed_code next_line(void *user, const char **line, size_t *len)
{
	heed_record r;
	const heed_code code = heed_corpus_next(user, &r);

	*line = code ? NULL : r.source;
	*len = code ? 0 : r.source_len;
	return code;
}

static heed_tokenizer *train(heed_cli *cli, heed_corpus *corpus)
{
	const struct train_options *o = cli->options;
	const heed_normalization forms[] = {HEED_NORMALIZE_NFC, HEED_NORMALIZE_NFKC, HEED_NORMALIZE_NONE};
	const heed_tokenizer_options options = {
		.kind = o->kind,
		.vocab = o->vocab,
		.merges = o->merges,
		.normalization = forms[o->normalization],
		.lowercase = o->lowercase,
		.no_byte_fallback = !o->byte_fallback,
		.min_count = o->min_count,
		.coverage = o->coverage,
		.symbols = o->symbols.items,
		.symbol_count = (int)o->symbols.count,
	};

	return heed_tokenizer_train(cli->ctx, &options, next_line, corpus);
}

static int run_train(heed_cli *cli)
{
	const struct train_options *o = cli->options;
	const char *standard_input = "-";
	const heed_files files = {cli->word_count ? (const char *const *)cli->words : &standard_input,
				  cli->word_count ? cli->word_count : 1};
	heed_corpus *corpus = NULL;
	heed_tokenizer *t = NULL;
	int status = HEED_EXIT_OK;

	if (heed_corpus_open_text(cli->ctx, files, NULL, &corpus) || !(t = train(cli, corpus)) ||
	    heed_tokenizer_save_file(cli->ctx, t, o->output))
		status = heed_cli_fail(cli);
	heed_corpus_warn(corpus);
	if (status == HEED_EXIT_OK)
		heed_cli_note(cli, "%s: %s tokenizer with %d ids", o->output, o->kind,
			      heed_tokenizer_size(t));
	heed_tokenizer_free(t);
	heed_corpus_close(corpus);
	return status;
}

struct coding_options {
	const char *model, *output;
	int form, side;
	double dropout;
};

#define CODING_OPTIONS                                                                                       \
	{.name = "model",                                                                                    \
	 .letter = 'm',                                                                                      \
	 HEED_PATH(struct coding_options, model),                                                            \
	 .required = true,                                                                                   \
	 .help = "a tokenizer file, or a model with a tokenizer inside"},                                    \
		{.name = "side",                                                                             \
		 HEED_CHOICE(struct coding_options, side),                                                   \
		 .choices = HEED_CODING_SIDES,                                                               \
		 .initial = "source",                                                                        \
		 .help = "whose tokenizer, when a model has two"},                                           \
	{                                                                                                    \
		.name = "output", .letter = 'o', HEED_PATH(struct coding_options, output),                   \
		.help = "a file instead of standard output"                                                  \
	}

static const heed_field encode_options[] = {
	CODING_OPTIONS,
	{.name = "as",
	 HEED_CHOICE(struct coding_options, form),
	 .choices = "pieces ids",
	 .initial = "ids",
	 .help = "what is printed"},
	{.name = "dropout",
	 HEED_FLOAT(struct coding_options, dropout),
	 .min = 0,
	 .max = 1,
	 .initial = "0",
	 .help = "bpe: probability that a merge is skipped"},
	{0},
};

static const heed_field decode_options[] = {
	CODING_OPTIONS,
	{0},
};

static int run_coding(heed_cli *cli, bool encode)
{
	const struct coding_options *o = cli->options;
	heed_coding coding;
	FILE *out = NULL;
	int status = HEED_EXIT_FAILED;

	if (!heed_coding_open(cli, o->model, o->side, &coding))
		return heed_cli_fail(cli);
	if ((out = heed_cli_output(cli, o->output)))
		status = encode ? heed_coding_encode(cli, coding.tokenizer, out,
						     (enum heed_coding_form)o->form, o->dropout)
				: heed_coding_decode(cli, coding.tokenizer, out);
	heed_coding_close(&coding);
	return status ? status : heed_cli_commit(cli);
}

static int run_encode(heed_cli *cli)
{
	return run_coding(cli, true);
}

static int run_decode(heed_cli *cli)
{
	return run_coding(cli, false);
}

static const heed_command parts[] = {
	{
		.name = "train",
		.about = "learn a tokenizer from text",
		.operands = "[TEXT]...",
		.max_words = -1,
		.options = train_options,
		.size = sizeof(struct train_options),
		.run = run_train,
		.details =
			"The lines of all TEXT files together, or of standard input, are learned from. The "
			"same text gives the same file.",
		.examples = "heed tokenizer train --vocab 8000 -o bpe.tok train.en train.de\n"
			    "heed tokenizer train --kind word --min-count 3 -o words.tok train.en\n",
	},
	{
		.name = "encode",
		.about = "text to ids or pieces",
		.operands = "[TEXT]...",
		.max_words = -1,
		.options = encode_options,
		.size = sizeof(struct coding_options),
		.run = run_encode,
		.examples = "echo 'Te amo mucho' | heed tokenizer encode -m bpe.tok --as pieces\n",
	},
	{
		.name = "decode",
		.about = "ids to text",
		.operands = "[IDS]...",
		.max_words = -1,
		.options = decode_options,
		.size = sizeof(struct coding_options),
		.run = run_decode,
		.examples = "heed tokenizer encode -m bpe.tok text | heed tokenizer decode -m bpe.tok\n",
	},
	{0},
};

const heed_command heed_cmd_tokenizer = {
	.name = "tokenizer",
	.kind = HEED_KIND_TRAIN,
	.about = "train a tokenizer, encode and decode text",
	.parts = parts,
};
