/* heed ngram export, import: n-gram models as ARPA files. */
#include "heed/corpus.h"
#include "heed/ngram.h"
#include "options.h"

#include <errno.h>
#include <string.h>

struct export_options {
	const char *model, *output;
};

static const heed_field export_options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct export_options, model),
	 .required = true,
	 .help = "an n-gram model"},
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct export_options, output),
	 .help = "the ARPA file instead of standard output"},
	{0},
};

static heed_code write_some(void *out, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, out) == n ? HEED_OK : HEED_E_IO;
}

static int run_export(heed_cli *cli)
{
	const struct export_options *o = cli->options;
	heed_trained *t = NULL;
	FILE *out = NULL;
	int status = HEED_EXIT_FAILED;

	if (heed_trained_open(cli->ctx, o->model, &t))
		status = heed_cli_fail(cli);
	else if ((out = heed_cli_output(cli, o->output)) != NULL) {
		const heed_code code = heed_ngram_export(t, write_some, out);

		if (code == HEED_E_IO)
			status = heed_cli_stop(cli, "%s: %s", o->output ? o->output : "standard output",
					       strerror(errno));
		else
			status = code ? heed_cli_fail(cli) : heed_cli_commit(cli);
	}
	heed_trained_close(t);
	return status;
}

struct import_options {
	const char *tokenizer_file, *output;
};

static const heed_field import_options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct import_options, output),
	 .required = true,
	 .help = "the model"},
	{.name = "tokenizer-file",
	 HEED_PATH(struct import_options, tokenizer_file),
	 .help = "the tokenizer whose pieces are the words of the file"},
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

static heed_code import(heed_cli *cli, const char *path, const heed_tokenizer *tokenizer)
{
	const struct import_options *o = cli->options;
	const heed_files files = {&path, 1};
	const heed_corpus_options how = {.flags = HEED_CORPUS_STRICT | HEED_CORPUS_EVERY_LINE};
	heed_corpus *corpus = NULL;
	heed_trained *t = NULL;
	heed_code code = heed_corpus_open_text(cli->ctx, files, &how, &corpus);

	if (code == HEED_OK)
		code = heed_ngram_import(cli->ctx, strcmp(path, "-") == 0 ? "standard input" : path,
					 next_line, corpus, tokenizer, &t);
	heed_corpus_close(corpus);
	if (code == HEED_OK)
		code = heed_trained_save(t, o->output);
	heed_trained_close(t);
	return code;
}

static int run_import(heed_cli *cli)
{
	const struct import_options *o = cli->options;
	heed_tokenizer *tokenizer = NULL;
	int status = HEED_EXIT_OK;

	if (o->tokenizer_file && !(tokenizer = heed_tokenizer_load_file(cli->ctx, o->tokenizer_file)))
		return heed_cli_fail(cli);
	if (import(cli, cli->words[0], tokenizer))
		status = heed_cli_fail(cli);
	else
		heed_cli_note(cli, "%s is ready", o->output);
	heed_tokenizer_free(tokenizer);
	return status;
}

static const heed_command parts[] = {
	{
		.name = "export",
		.about = "write an n-gram model as an ARPA file",
		.options = export_options,
		.size = sizeof(struct export_options),
		.run = run_export,
		.details = "KenLM, SRILM and others read such files. The words are the pieces of the model's "
			   "tokenizer in their readable form; those of a tokenizer of kind \"space\" are the "
			   "words "
			   "themselves.",
		.examples = "heed ngram export -m words.heed -o words.arpa\n",
	},
	{
		.name = "import",
		.about = "make an n-gram model of an ARPA file",
		.operands = "ARPA",
		.min_words = 1,
		.max_words = 1,
		.options = import_options,
		.size = sizeof(struct import_options),
		.run = run_import,
		.details = "The file may be compressed with gzip. Without --tokenizer-file the model reads "
			   "text whose "
			   "words stand between spaces.",
		.examples = "lmplz -o 3 <text >words.arpa && heed ngram import words.arpa -o words.heed\n",
	},
	{0},
};

const heed_command heed_cmd_ngram = {
	.name = "ngram",
	.kind = HEED_KIND_SHIP,
	.about = "n-gram models to and from ARPA files",
	.parts = parts,
};
