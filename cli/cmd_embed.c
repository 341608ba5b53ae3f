/* heed embed: vectors of words, alone or in context. */
#include "heed/contextual.h"
#include "heed/json.h"
#include "heed/vectors.h"
#include "lines.h"

#include <errno.h>
#include <string.h>

enum form { TEXT, BINARY, JSON };

struct embed_options {
	const char *model, *output;
	int format;
	bool all, contextual;
};

static const heed_field options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct embed_options, model),
	 .required = true,
	 .help = "a model, or a file of vectors in one of word2vec's formats"},
	{.name = "all", HEED_FLAG(struct embed_options, all), .help = "the whole table, as a vector file"},
	{.name = "contextual",
	 HEED_FLAG(struct embed_options, contextual),
	 .help = "of each token of a text, as the model sees it among the others"},
	{.name = "format",
	 HEED_CHOICE(struct embed_options, format),
	 .choices = "text binary json",
	 .initial = "text",
	 .help = "word2vec's text or, with --all, binary format, or JSON"},
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct embed_options, output),
	 .help = "where the vectors go instead of standard output"},
	{0},
};

struct work {
	heed_cli *cli;
	FILE *out;
	enum form form;
	heed_vectors *vectors;
	heed_trained *trained;
	heed_contextual *contextual;
	int64_t cut, first_cut, texts;
};

static heed_code put(void *user, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, user) == n ? HEED_OK : HEED_E_IO;
}

static int failed(const struct work *w)
{
	if (ferror(w->out))
		return heed_cli_stop(w->cli, "writing failed: %s", strerror(errno));
	return heed_cli_fail(w->cli);
}

static void print_vector(heed_json *json, const char *key, const float *vector, int width)
{
	heed_json_array(json, key);
	for (int i = 0; i < width; i++)
		heed_json_float(json, NULL, vector[i]);
	heed_json_end(json);
}

/* --- words --- */

static void print_json_word(struct work *w, const char *text, size_t len, const heed_word *word)
{
	heed_json json;

	heed_json_to_file(&json, w->out);
	heed_json_object(&json, NULL);
	heed_json_bytes(&json, "word", text, len);
	heed_json_int(&json, "pieces", word->pieces);
	print_vector(&json, "vector", word->vector, heed_vectors_width(w->vectors));
	heed_json_end(&json);
	putc('\n', w->out);
}

static void print_text_row(struct work *w, const char *text, size_t len, const float *vector, int width)
{
	fwrite(text, 1, len, w->out);
	for (int i = 0; i < width; i++)
		fprintf(w->out, " %.9g", (double)vector[i]);
	putc('\n', w->out);
}

/* An unknown word is said and leaves the others their turn. */
static int embed_word(struct work *w, const char *text, size_t len)
{
	heed_word word;

	if (heed_vectors_look_up(w->vectors, text, len, &word))
		return heed_cli_fail(w->cli);
	if (w->form == JSON)
		print_json_word(w, text, len, &word);
	else
		print_text_row(w, text, len, word.vector, heed_vectors_width(w->vectors));
	return HEED_EXIT_OK;
}

/* --- the whole table --- */

static int embed_all(struct work *w)
{
	heed_vectors *const v = w->vectors;
	const heed_vector_format format = w->form == BINARY ? HEED_VECTORS_BINARY : HEED_VECTORS_TEXT;
	const int count = heed_vectors_count(v), width = heed_vectors_width(v);

	if (w->form != JSON && heed_vectors_write_head(count, width, put, w->out))
		return failed(w);
	for (int i = 0; i < count; i++) {
		const char *word = heed_vectors_word(v, i);

		if (w->form == JSON)
			print_json_word(
				w, word, strlen(word),
				&(heed_word){.index = i, .pieces = 1, .vector = heed_vectors_at(v, i)});
		else if (heed_vectors_write(w->cli->ctx, format, word, heed_vectors_at(v, i), width, put,
					    w->out))
			return failed(w);
	}
	return HEED_EXIT_OK;
}

/* --- in context --- */

static void print_json_context(struct work *w, const heed_context_vectors *x)
{
	heed_json json;

	heed_json_to_file(&json, w->out);
	heed_json_object(&json, NULL);
	heed_json_array(&json, "tokens");
	for (int i = 0; i < x->count; i++)
		heed_json_string(&json, NULL, heed_tokenizer_piece(w->trained->source, x->ids[i]));
	heed_json_end(&json);
	heed_json_array(&json, "vectors");
	for (int i = 0; i < x->count; i++)
		print_vector(&json, NULL, x->vectors + (size_t)i * (size_t)x->width, x->width);
	heed_json_end(&json);
	if (x->cut)
		heed_json_bool(&json, "cut", true);
	heed_json_end(&json);
	putc('\n', w->out);
}

static int embed_text(struct work *w, const char *text, size_t len)
{
	heed_context_vectors x;

	w->texts++;
	if (heed_contextual_read(w->contextual, text, len, &x))
		return heed_cli_fail(w->cli);
	if (x.cut && w->cut++ == 0)
		w->first_cut = w->texts;
	if (w->form == JSON) {
		print_json_context(w, &x);
		return HEED_EXIT_OK;
	}
	for (int i = 0; i < x.count; i++) {
		const char *piece = heed_tokenizer_piece(w->trained->source, x.ids[i]);

		print_text_row(w, piece, strlen(piece), x.vectors + (size_t)i * (size_t)x.width, x.width);
	}
	putc('\n', w->out);
	return HEED_EXIT_OK;
}

/* --- what there is to do --- */

static int embed_one(struct work *w, const char *text, size_t len)
{
	return w->contextual ? embed_text(w, text, len) : embed_word(w, text, len);
}

static int embed_lines(struct work *w)
{
	heed_lines in;
	int status = heed_lines_open(&in, w->cli, (heed_files){0}, 1000, false), worst = HEED_EXIT_OK;

	while (!status && (status = heed_lines_read(&in)) == HEED_EXIT_OK && in.count)
		for (size_t i = 0; i < in.count; i++)
			if (embed_one(w, in.lines[i].text, in.lines[i].len))
				worst = HEED_EXIT_FAILED;
	heed_lines_close(&in);
	return status ? status : worst;
}

static int embed_words(struct work *w)
{
	int worst = HEED_EXIT_OK;

	for (int i = 0; i < w->cli->word_count; i++)
		if (embed_one(w, w->cli->words[i], strlen(w->cli->words[i])))
			worst = HEED_EXIT_FAILED;
	return worst;
}

static bool open_model(struct work *w, const struct embed_options *o)
{
	heed_ctx *ctx = w->cli->ctx;

	if (!o->contextual)
		return heed_vectors_open(ctx, o->model, &w->vectors) == HEED_OK;
	return heed_trained_open(ctx, o->model, &w->trained) == HEED_OK &&
	       (w->contextual = heed_contextual_new(w->trained));
}

static int embed(struct work *w, const struct embed_options *o)
{
	int status;

	if (!open_model(w, o))
		return heed_cli_fail(w->cli);
	w->out = heed_cli_output(w->cli, o->output);
	if (!w->out)
		return HEED_EXIT_FAILED;
	status = o->all ? embed_all(w) : w->cli->word_count ? embed_words(w) : embed_lines(w);
	heed_cli_warn_long(w->cli, w->cut, "text", "cut off", w->first_cut);
	return status ? status : heed_cli_commit(w->cli);
}

static int run(heed_cli *cli)
{
	const struct embed_options *o = cli->options;
	struct work w = {.cli = cli, .form = cli->json ? JSON : (enum form)o->format};
	int status;

	if (o->all && (o->contextual || cli->word_count))
		return heed_cli_refuse(cli, "--all: expected neither words nor --contextual beside it");
	if (w.form == BINARY && !o->all)
		return heed_cli_refuse(cli, "--format binary: expected with --all");
	status = embed(&w, o);
	heed_vectors_free(w.vectors);
	heed_contextual_free(w.contextual);
	heed_trained_close(w.trained);
	return status;
}

const heed_command heed_cmd_embed = {
	.name = "embed",
	.kind = HEED_KIND_USE,
	.about = "vectors of words, or of words in context",
	.operands = "[WORD or TEXT]...",
	.max_words = -1,
	.options = options,
	.size = sizeof(struct embed_options),
	.run = run,
	.details = "Reads words, one a line, from standard input when none are given, and writes a line for "
		   "each: the "
		   "word and the numbers of its vector. A word that the tokenizer cuts into pieces has the "
		   "mean of their "
		   "vectors; for one that the model does not know there is a message instead, and the exit "
		   "status is 1.\n"
		   "With --contextual every word or line is a text, and gets a line for each of its tokens "
		   "and an empty "
		   "line behind them.\n"
		   "With --all, words that were not in the training text are left out.",
	.examples = "heed embed -m en.heed king queen\n"
		    "heed embed -m en.heed --all --format binary -o en.bin\n"
		    "heed embed -m en-de.heed --contextual --json 'Server, can I have the check?'\n",
};
