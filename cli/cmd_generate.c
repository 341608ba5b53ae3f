/* heed generate: texts go on as a language model would have them. */
#include "heed/generate.h"
#include "heed/json.h"
#include "lines.h"
#include "opening.h"
#include "search_options.h"

#include <stdlib.h>
#include <string.h>

struct generate_options {
	const char *model, *prompt;
	int max_tokens, count, top_k, batch;
	double temperature, top_p;
	bool line, continuation;
};

static const heed_field options[] = {
	HEED_MODEL_OPTION(struct generate_options),
	{.name = "prompt",
	 .letter = 'p',
	 HEED_TEXT(struct generate_options, prompt),
	 .help = "what the text begins with; -: each line of standard input",
	 .group = "Text"},
	{.name = "max-tokens",
	 .letter = 'n',
	 HEED_INT(struct generate_options, max_tokens),
	 .min = 1,
	 .max = HEED_GENERATE_TOKENS_MAX,
	 .initial = "200",
	 .help = "most tokens that are added"},
	{.name = "line", HEED_FLAG(struct generate_options, line), .help = "stop at the end of the line"},
	{.name = "continuation",
	 HEED_FLAG(struct generate_options, continuation),
	 .help = "print what is added only, without the prompt"},
	{.name = "count",
	 .letter = 'c',
	 HEED_INT(struct generate_options, count),
	 .min = 1,
	 .max = HEED_GENERATE_COUNT_MAX,
	 .initial = "1",
	 .help = "texts for each prompt",
	 .group = "Sampling"},
	HEED_SAMPLING_OPTIONS(struct generate_options, 0,
			      "below 1 the probable becomes more probable, above 1 less; 0: always the most "
			      "probable token"),
	{.name = "batch",
	 HEED_INT(struct generate_options, batch),
	 .min = 1,
	 .max = 1 << 16,
	 .initial = "64",
	 .help = "prompts continued at a time",
	 .group = "Input"},
	{0},
};

/* A text on its way out. One is printed as it comes; those after it wait. */
struct text {
	char *bytes; /* what waits; with --json all of it */
	size_t len, cap;
	bool begun, complete;
	char newest; /* the latest character that was printed */
	int tokens;
	double score;
	bool finished;
};

struct work {
	heed_cli *cli;
	const struct generate_options *o;
	heed_generator *generator;
	const heed_line *prompts;
	struct text *texts; /* [texts_cap]: of each prompt `count` */
	size_t count, cap;
	size_t next; /* the one that is printed */
	int64_t before;
	bool lines;    /* a text is a line */
	bool separate; /* a line stands between two texts */
	bool failed;   /* out of memory */
};

static const heed_line *prompt_of(const struct work *w, size_t text)
{
	return &w->prompts[text / (size_t)w->o->count];
}

/* Where a text is a line, ends of lines inside it become spaces. */
static void print(const struct work *w, struct text *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		putchar(w->lines && (bytes[i] == '\n' || bytes[i] == '\r') ? ' ' : bytes[i]);
	if (n)
		t->newest = bytes[n - 1];
}

static void begin_text(struct work *w, struct text *t)
{
	const heed_line *p = prompt_of(w, w->next);

	if (!w->o->continuation)
		print(w, t, p->text, p->len);
	print(w, t, t->bytes, t->len);
	t->len = 0;
	t->begun = true;
}

static void end_text(struct work *w, const struct text *t)
{
	if (w->lines || t->newest != '\n')
		putchar('\n');
	if (w->separate)
		puts("----------");
	w->next++;
}

static void print_json(struct work *w, const struct text *t)
{
	const heed_line *p = prompt_of(w, w->next);
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_int(&j, "index", w->before + (int64_t)(w->next / (size_t)w->o->count));
	heed_json_int(&j, "sample", (int64_t)(w->next % (size_t)w->o->count));
	heed_json_bytes(&j, "prompt", p->text, p->len);
	heed_json_bytes(&j, "text", t->bytes ? t->bytes : "", t->len);
	heed_json_double(&j, "log_probability", t->score);
	heed_json_int(&j, "tokens", t->tokens);
	heed_json_bool(&j, "finished", t->finished);
	heed_json_end(&j);
	putchar('\n');
	w->next++;
}

/* Prints what can be printed in order. */
static void print_ready(struct work *w)
{
	while (w->next < w->count) {
		struct text *t = &w->texts[w->next];

		if (w->cli->json) {
			if (!t->complete)
				return;
			print_json(w, t);
			continue;
		}
		if (!t->begun)
			begin_text(w, t);
		if (!t->complete)
			return;
		end_text(w, t);
	}
}

static bool add_bytes(struct text *t, const char *bytes, size_t n)
{
	if (t->cap - t->len < n) {
		const size_t cap = 2 * t->cap + n + 64;
		char *more = realloc(t->bytes, cap);

		if (!more)
			return false;
		t->bytes = more;
		t->cap = cap;
	}
	if (n)
		memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
	return true;
}

static heed_code take(void *user, const heed_generated *g)
{
	struct work *w = user;
	const size_t number = g->index * (size_t)w->o->count + (size_t)g->sample;
	struct text *t = &w->texts[number];

	t->tokens = g->tokens;
	t->score = g->score;
	t->complete = g->last;
	t->finished = g->finished;
	if (t->begun)
		print(w, t, g->text, g->len);
	else if (!add_bytes(t, g->text, g->len)) {
		w->failed = true;
		return HEED_E_MEMORY;
	}
	if (number != w->next)
		return HEED_OK;
	print_ready(w);
	return fflush(stdout) ? HEED_E_IO : HEED_OK;
}

static void clear_texts(struct work *w)
{
	for (size_t i = 0; i < w->cap; i++) {
		free(w->texts[i].bytes);
		w->texts[i] = (struct text){0};
	}
}

static int generate(struct work *w, const heed_line *prompts, size_t count)
{
	heed_code code;

	w->prompts = prompts;
	w->count = count * (size_t)w->o->count;
	w->next = 0;
	clear_texts(w);
	if (w->count > w->cap) {
		struct text *more = reallocarray(w->texts, w->count, sizeof *more);

		if (!more)
			return heed_cli_stop(w->cli, "out of memory");
		memset(more + w->cap, 0, (w->count - w->cap) * sizeof *more);
		w->texts = more;
		w->cap = w->count;
	}
	if (!w->cli->json)
		print_ready(w); /* the first prompt */
	code = heed_generate(w->generator, prompts, count, take, w);
	w->before += (int64_t)count;
	if (code == HEED_OK)
		return HEED_EXIT_OK;
	if (ferror(stdout))
		return heed_cli_flush(w->cli);
	return w->failed ? heed_cli_stop(w->cli, "out of memory") : heed_cli_fail(w->cli);
}

static int generate_lines(struct work *w)
{
	heed_lines in;
	int status = heed_lines_open(&in, w->cli, (heed_files){0}, (size_t)w->o->batch, false);

	while (status == HEED_EXIT_OK && (status = heed_lines_read(&in)) == HEED_EXIT_OK && in.count > 0)
		status = generate(w, in.lines, in.count);
	heed_lines_close(&in);
	return status;
}

static int with_model(heed_cli *cli, const heed_trained *model)
{
	const struct generate_options *o = cli->options;
	const heed_generate_options g = {.max_tokens = o->max_tokens,
					 .count = o->count,
					 .temperature = o->temperature,
					 .top_k = o->top_k,
					 .top_p = o->top_p,
					 .one_line = o->line,
					 .batch = o->batch};
	const bool from_input = o->prompt && strcmp(o->prompt, "-") == 0;
	const heed_line prompt = {o->prompt ? o->prompt : "", o->prompt ? strlen(o->prompt) : 0};
	struct work w = {.cli = cli, .o = o, .generator = heed_generator_new(model, &g)};
	int status;

	if (!w.generator)
		return heed_cli_fail(cli);
	w.lines = o->line || !heed_generator_streams(w.generator);
	w.separate = !w.lines && (from_input || o->count > 1);
	status = from_input ? generate_lines(&w) : generate(&w, &prompt, 1);
	clear_texts(&w);
	free(w.texts);
	heed_generator_free(w.generator);
	return status;
}

static int run(heed_cli *cli)
{
	const struct generate_options *o = cli->options;
	heed_trained *model;
	int status = heed_cli_open_model(cli, o->model, 1U << HEED_TASK_GENERATE, &model);

	if (status)
		return status;
	status = with_model(cli, model);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_generate = {
	.name = "generate",
	.kind = HEED_KIND_USE,
	.about = "continue texts with a language model",
	.options = options,
	.size = sizeof(struct generate_options),
	.run = run,
	.details =
		"The prompt and what the model adds to it, as it comes; without --prompt the text begins "
		"from "
		"nothing. The same --seed, model and options give the same text.\n"
		"A model that was trained on lines ends with the line. One that was trained on a stream of "
		"lines goes on in the next line until there are --max-tokens, unless --line is given; "
		"several "
		"texts have a line ---------- behind each.\n"
		"A model that sees a limited number of tokens (its --max-length) can say any number: when "
		"they "
		"are full it goes on from the newest half of them.",
	.examples = "heed generate -m shakespeare.heed --prompt 'ROMEO:' --temperature 0.8\n"
		    "heed generate -m lstm.heed --count 5 --line --top-p 0.9 --seed 3\n"
		    "heed generate -m gpt.heed --prompt - --temperature 0 --json <prompts.txt\n",
};
