/* heed translate: a sentence a line in, a translation a line out. */
#include "heed/corpus.h"
#include "heed/json.h"
#include "heed/translate.h"
#include "opening.h"
#include "search_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct translate_options {
	const char *model, *output, *prefix, *prefix_file;
	int beam, nbest, top_k, max_length, batch, window;
	double length_penalty, temperature, top_p;
	bool scores, alignment, sample, strict;
};

static const heed_field options[] = {
	HEED_MODEL_OPTION(struct translate_options),
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct translate_options, output),
	 .help = "where the translations go instead of standard output"},
	HEED_SEARCH_OPTIONS(struct translate_options),
	{.name = "max-length",
	 HEED_INT(struct translate_options, max_length),
	 .min = 0,
	 .max = 1 << 20,
	 .initial = "0",
	 .help = "most tokens of a translation; 0: twice as many as the sentence has and 20 more"},
	{.name = "prefix",
	 HEED_TEXT(struct translate_options, prefix),
	 .help = "what every translation begins with"},
	{.name = "prefix-file",
	 HEED_PATH(struct translate_options, prefix_file),
	 .help = "what each one begins with, a line for each sentence"},
	{.name = "sample",
	 HEED_FLAG(struct translate_options, sample),
	 .help = "draw translations at random instead of searching for the best",
	 .group = "Sampling"},
	HEED_SAMPLING_OPTIONS(struct translate_options, 0.01,
			      "below 1 the probable becomes more probable, above 1 less"),
	{.name = "nbest",
	 .letter = 'n',
	 HEED_INT(struct translate_options, nbest),
	 .min = 1,
	 .max = HEED_BEAM_MAX,
	 .initial = "1",
	 .help = "several translations of a sentence, as lines INDEX ||| TEXT ||| SCORE",
	 .group = "Output"},
	{.name = "scores",
	 HEED_FLAG(struct translate_options, scores),
	 .help = "add ||| and the score by which translations are ranked"},
	{.name = "alignment",
	 HEED_FLAG(struct translate_options, alignment),
	 .help = "add ||| and which words belong together, as SOURCE-TARGET counted from 0"},
	{.name = "batch",
	 HEED_INT(struct translate_options, batch),
	 .min = 1,
	 .max = 1 << 16,
	 .initial = "64",
	 .help = "sentences translated at a time",
	 .group = "Input"},
	{.name = "window",
	 HEED_INT(struct translate_options, window),
	 .min = 1,
	 .max = 1 << 20,
	 .initial = "1000",
	 .help = "lines read ahead and sorted by length; fewer when input is slow to come"},
	{.name = "strict",
	 HEED_FLAG(struct translate_options, strict),
	 .help = "bad bytes and sentences that are too long are errors, not repaired or cut"},
	{0},
};

/* A line of the window: where its text and its prefix begin in the window's bytes. */
struct line {
	size_t text, len, prefix, prefix_len;
};

struct work {
	heed_cli *cli;
	const struct translate_options *o;
	heed_translator *translator;
	heed_corpus *input, *prefixes;
	FILE *out;
	struct line *lines;
	heed_source *sources; /* [window] as lines, with pointers */
	size_t count;
	char *bytes; /* of the texts in the window */
	size_t used, cap;
	int64_t before; /* lines in earlier windows */
	int64_t cut, first_cut, line_count;
};

static int no_memory(struct work *w)
{
	return heed_cli_stop(w->cli, "out of memory");
}

static bool add_bytes(struct work *w, const char *text, size_t len, size_t *at)
{
	if (w->cap - w->used < len) {
		const size_t cap = 2 * w->cap + len + 4096;
		char *more = realloc(w->bytes, cap);

		if (!more)
			return false;
		w->bytes = more;
		w->cap = cap;
	}
	*at = w->used;
	if (len)
		memcpy(w->bytes + w->used, text, len);
	w->used += len;
	return true;
}

/* The prefix of the next line. */
static int read_prefix(struct work *w, heed_record *prefix)
{
	*prefix = (heed_record){.source = w->o->prefix ? w->o->prefix : ""};
	prefix->source_len = strlen(prefix->source);
	if (!w->prefixes)
		return HEED_EXIT_OK;
	if (heed_corpus_next(w->prefixes, prefix))
		return heed_cli_fail(w->cli);
	if (!prefix->source)
		return heed_cli_stop(w->cli, "%s has %lld lines but the input has more", w->o->prefix_file,
				     (long long)heed_corpus_tell(w->prefixes).lines);
	return HEED_EXIT_OK;
}

/* Fills the window with what is there, waiting for one line at least; no line: the input has ended. */
static int read_window(struct work *w)
{
	heed_record text, prefix;
	int status;

	w->count = w->used = 0;
	do {
		struct line *x = &w->lines[w->count];

		if (heed_corpus_next(w->input, &text))
			return heed_cli_fail(w->cli);
		if (!text.source)
			break;
		if (!add_bytes(w, text.source, text.source_len, &x->text))
			return no_memory(w);
		x->len = text.source_len;
		if ((status = read_prefix(w, &prefix)) != HEED_EXIT_OK)
			return status;
		if (!add_bytes(w, prefix.source, prefix.source_len, &x->prefix))
			return no_memory(w);
		x->prefix_len = prefix.source_len;
		w->count++;
	} while (w->count < (size_t)w->o->window && heed_corpus_ready(w->input));
	for (size_t i = 0; i < w->count; i++)
		w->sources[i] = (heed_source){w->bytes + w->lines[i].text, w->lines[i].len,
					      w->bytes + w->lines[i].prefix, w->lines[i].prefix_len};
	return HEED_EXIT_OK;
}

/* A translation is a line: ends of lines that a model says become spaces. */
static void print_text(FILE *out, const heed_hypothesis *h)
{
	for (size_t i = 0; i < h->len; i++)
		putc(h->text[i] == '\n' || h->text[i] == '\r' ? ' ' : h->text[i], out);
}

static void print_links(FILE *out, const heed_hypothesis *h)
{
	fputs(" |||", out);
	for (int i = 0; i < h->link_count; i++)
		fprintf(out, " %d-%d", h->links[i].source, h->links[i].target);
}

static void print_lines(const struct work *w, const heed_translation *t)
{
	const bool list = heed_cli_given(w->cli, "nbest");

	for (int n = 0; n < t->count; n++) {
		const heed_hypothesis *h = &t->best[n];

		if (list)
			fprintf(w->out, "%" PRId64 " ||| ", w->before + (int64_t)t->index);
		print_text(w->out, h);
		if (list || w->o->scores)
			fprintf(w->out, " ||| %.6f", h->ranked);
		if (w->o->alignment)
			print_links(w->out, h);
		putc('\n', w->out);
	}
}

static void print_hypothesis(heed_json *json, const heed_hypothesis *h, bool alignment)
{
	heed_json_object(json, NULL);
	heed_json_bytes(json, "text", h->text, h->len);
	heed_json_double(json, "score", h->ranked);
	heed_json_double(json, "log_probability", h->score);
	heed_json_int(json, "tokens", h->count + h->finished);
	heed_json_bool(json, "finished", h->finished);
	if (alignment) {
		heed_json_array(json, "alignment");
		for (int i = 0; i < h->link_count; i++) {
			heed_json_array(json, NULL);
			heed_json_int(json, NULL, h->links[i].source);
			heed_json_int(json, NULL, h->links[i].target);
			heed_json_end(json);
		}
		heed_json_end(json);
	}
	heed_json_end(json);
}

static void print_json(const struct work *w, const heed_translation *t)
{
	heed_json json;

	heed_json_to_file(&json, w->out);
	heed_json_object(&json, NULL);
	heed_json_int(&json, "index", w->before + (int64_t)t->index);
	heed_json_array(&json, "translations");
	for (int n = 0; n < t->count; n++)
		print_hypothesis(&json, &t->best[n], w->o->alignment);
	heed_json_end(&json);
	if (t->cut)
		heed_json_bool(&json, "cut", true);
	heed_json_end(&json);
	putc('\n', w->out);
}

static heed_code print(void *user, const heed_translation *t)
{
	struct work *w = user;

	if (t->cut && w->cut++ == 0)
		w->first_cut = w->before + (int64_t)t->index + 1;
	if (w->cli->json)
		print_json(w, t);
	else
		print_lines(w, t);
	return HEED_OK;
}

static int translate_all(struct work *w)
{
	int status;

	while ((status = read_window(w)) == HEED_EXIT_OK && w->count > 0) {
		if (heed_translate(w->translator, w->sources, w->count, print, w))
			return heed_cli_fail(w->cli);
		w->before += (int64_t)w->count;
		if (fflush(w->out))
			return heed_cli_flush(w->cli);
	}
	return status;
}

static bool open_input(struct work *w)
{
	const heed_corpus_options each = {.flags = HEED_CORPUS_EVERY_LINE |
						   (w->o->strict ? HEED_CORPUS_STRICT : 0),
					  .max_line = 1 << 24};
	const char *path = w->cli->word_count ? w->cli->words[0] : "-";

	return heed_corpus_open_text(w->cli->ctx, (heed_files){&path, 1}, &each, &w->input) == HEED_OK &&
	       (!w->o->prefix_file || heed_corpus_open_text(w->cli->ctx, (heed_files){&w->o->prefix_file, 1},
							    &each, &w->prefixes) == HEED_OK);
}

static int with_model(heed_cli *cli, const heed_trained *model)
{
	const struct translate_options *o = cli->options;
	heed_translate_options t = heed_translate_defaults();
	struct work w = {.cli = cli, .o = o};
	int status;

	t.beam = heed_cli_given(cli, "beam") || o->nbest < o->beam ? o->beam : o->nbest;
	t.length_penalty = o->length_penalty;
	t.nbest = o->nbest;
	t.sample = o->sample;
	t.temperature = o->temperature;
	t.top_k = o->top_k;
	t.top_p = o->top_p;
	t.max_length = o->max_length;
	t.batch_sentences = o->batch;
	t.strict = o->strict;
	t.alignment = o->alignment;
	w.lines = calloc((size_t)o->window, sizeof *w.lines);
	w.sources = calloc((size_t)o->window, sizeof *w.sources);
	w.translator = heed_translator_new(model, &t);
	if (!w.lines || !w.sources)
		status = no_memory(&w);
	else if (!w.translator || !open_input(&w))
		status = heed_cli_fail(cli);
	else if (!(w.out = heed_cli_output(cli, o->output)))
		status = HEED_EXIT_FAILED;
	else if ((status = translate_all(&w)) == HEED_EXIT_OK)
		status = heed_cli_commit(cli);
	heed_corpus_warn(w.input);
	heed_cli_warn_long(w.cli, w.cut, "sentence", "cut off", w.first_cut);
	heed_corpus_close(w.prefixes);
	heed_corpus_close(w.input);
	heed_translator_free(w.translator);
	free(w.bytes);
	free(w.sources);
	free(w.lines);
	return status;
}

static int run(heed_cli *cli)
{
	const struct translate_options *o = cli->options;
	heed_trained *model;
	int status;

	if (o->prefix && o->prefix_file)
		return heed_cli_refuse(cli, "expected --prefix or --prefix-file, found both");
	if (!o->sample && heed_cli_given(cli, "beam") && o->nbest > o->beam)
		return heed_cli_refuse(cli, "--nbest: expected at most --beam, which is %d, found %d",
				       o->beam, o->nbest);
	status = heed_cli_open_model(cli, o->model, 1U << HEED_TASK_TRANSLATE, &model);
	if (status)
		return status;
	status = with_model(cli, model);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_translate = {
	.name = "translate",
	.kind = HEED_KIND_USE,
	.about = "translate text, a sentence a line",
	.operands = "[FILE]",
	.max_words = 1,
	.options = options,
	.size = sizeof(struct translate_options),
	.run = run,
	.details = "Translations come in the order of the sentences, one a line; an empty line stays one. "
		   "Without "
		   "FILE they are read from standard input, and what is there is translated as soon as no "
		   "more is "
		   "at hand.",
	.examples = "echo 'The dog ran.' | heed translate -m en-es.heed\n"
		    "heed translate -m en-de.heed --beam 1 test.en | heed metric --ref test.de\n"
		    "heed translate -m en-de.heed --nbest 5 --alignment test.en\n",
};
