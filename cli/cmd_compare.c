/* heed compare: every family that fits the data, on the same tokens and budget. */
#include "heed/compare.h"
#include "heed/corpus.h"
#include "heed/train_fields.h"
#include "progress.h"
#include "report_files.h"

struct compare_options {
	heed_list src, tgt, text, labelled;
	heed_list valid_src, valid_tgt, valid_text, valid_labelled;
	heed_list only;
	const char *output;
	double minutes, dropout, lr;
	int64_t steps;
	int epochs, width, layers, batch_tokens, tokenizer, vocab, validations;
	bool lowercase;
};

static const heed_field options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct compare_options, output),
	 .unit = "DIR",
	 .required = true,
	 .help = "a folder for the page (index.html), the plots (*.svg), the numbers (compare.json) and the "
		 "models"},
	{.name = "src",
	 HEED_LIST(struct compare_options, src),
	 .unit = "FILE",
	 .help = "source text, a sentence a line, plain or gzip; again for more",
	 .group = "Data"},
	{.name = "tgt", HEED_LIST(struct compare_options, tgt), .unit = "FILE", .help = "its translation"},
	{.name = "valid-src",
	 HEED_LIST(struct compare_options, valid_src),
	 .unit = "FILE",
	 .help = "source text to judge by"},
	{.name = "valid-tgt",
	 HEED_LIST(struct compare_options, valid_tgt),
	 .unit = "FILE",
	 .help = "its translation"},
	{.name = "text",
	 HEED_LIST(struct compare_options, text),
	 .unit = "FILE",
	 .help = "text for language models"},
	{.name = "valid-text",
	 HEED_LIST(struct compare_options, valid_text),
	 .unit = "FILE",
	 .help = "text to judge them by"},
	{.name = "labelled",
	 HEED_LIST(struct compare_options, labelled),
	 .unit = "FILE",
	 .help = "label<TAB>text for classifiers"},
	{.name = "valid-labelled",
	 HEED_LIST(struct compare_options, valid_labelled),
	 .unit = "FILE",
	 .help = "the same, to judge them by"},
	{.name = "minutes",
	 HEED_FLOAT(struct compare_options, minutes),
	 .initial = "0",
	 .max = 1e6,
	 .help = "time for each family; 0: no limit. With neither steps nor epochs: 2",
	 .group = "Budget"},
	{.name = "steps",
	 HEED_INT64(struct compare_options, steps),
	 .initial = "0",
	 .max = 1e12,
	 .help = "updates of each family; 0: no limit"},
	{.name = "epochs",
	 HEED_INT(struct compare_options, epochs),
	 .initial = "0",
	 .max = 1 << 20,
	 .help = "passes over the data; 0: no limit. With no steps either: 10 of classifiers"},
	{.name = "validations",
	 HEED_INT(struct compare_options, validations),
	 .initial = "12",
	 .min = 1,
	 .max = HEED_COMPARE_CURVE,
	 .help = "about so many on the way"},
	{.name = "only",
	 HEED_LIST(struct compare_options, only),
	 .unit = "FAMILY",
	 .help = "this family, not all that fit; again for more",
	 .group = "Models"},
	{.name = "width",
	 HEED_INT(struct compare_options, width),
	 .initial = "128",
	 .min = 1,
	 .max = 65536,
	 .help = "numbers that stand for a token, in every family"},
	{.name = "layers",
	 HEED_INT(struct compare_options, layers),
	 .initial = "2",
	 .min = 1,
	 .max = 16,
	 .help = "layers of those that are stacked"},
	{.name = "dropout",
	 HEED_FLOAT(struct compare_options, dropout),
	 .initial = "0.1",
	 .max = 0.95,
	 .help = "in every family"},
	{.name = "lr",
	 HEED_FLOAT(struct compare_options, lr),
	 .initial = "0",
	 .max = 1e3,
	 .help = "highest learning rate, of all; 0: 0.001 to 0.004, by family"},
	{.name = "batch-tokens",
	 HEED_INT(struct compare_options, batch_tokens),
	 .initial = "1024",
	 .min = 1,
	 .max = 1 << 24,
	 .help = "most tokens of a batch"},
	{.name = "tokenizer",
	 HEED_CHOICE(struct compare_options, tokenizer),
	 .initial = "auto",
	 .choices = "auto " HEED_TOKENIZER_KINDS,
	 .help = "how text is cut, for all; auto: bpe for translations, else word",
	 .group = "Tokens"},
	{.name = "vocab",
	 HEED_INT(struct compare_options, vocab),
	 .initial = "8000",
	 .min = 260,
	 .max = 1 << 22,
	 .help = "most pieces of the vocabulary"},
	{.name = "lowercase", HEED_FLAG(struct compare_options, lowercase), .help = "lower-case all text"},
	{0},
};

/* --- data --- */

struct files {
	const heed_list *src, *tgt, *text, *labelled;
};

static heed_files files_of(const heed_list *list)
{
	return (heed_files){list->items, (int)list->count};
}

static int kinds_of(const struct files *f)
{
	return (f->src->count || f->tgt->count) + (f->text->count > 0) + (f->labelled->count > 0);
}

static heed_task task_of(const struct files *f)
{
	return f->labelled->count ? HEED_TASK_CLASSIFY
	       : f->text->count   ? HEED_TASK_GENERATE
				  : HEED_TASK_TRANSLATE;
}

/* What the command line says of data, before any file is opened. */
static int check_data(heed_cli *cli, const struct files *train, const struct files *valid)
{
	const char *const wanted = "--text, --labelled, or --src and --tgt";

	if (kinds_of(train) != 1)
		return heed_cli_refuse(cli, "expected one kind of data, %s; found %s", wanted,
				       kinds_of(train) == 0 ? "none" : "several");
	if (!train->src->count != !train->tgt->count || !valid->src->count != !valid->tgt->count)
		return heed_cli_refuse(cli, "expected both sides of the translations, found one");
	if (kinds_of(valid) != 1 || task_of(valid) != task_of(train))
		return heed_cli_refuse(cli, "expected data of the same kind to judge by, %s",
				       train->text->count       ? "--valid-text"
				       : train->labelled->count ? "--valid-labelled"
								: "--valid-src and --valid-tgt");
	return HEED_EXIT_OK;
}

static heed_code open_corpus(heed_ctx *ctx, const struct files *f, heed_corpus **corpus)
{
	const heed_corpus_options every_line = {.flags = HEED_CORPUS_EVERY_LINE};

	if (f->labelled->count)
		return heed_corpus_open_labelled(ctx, files_of(f->labelled), NULL, corpus);
	if (f->text->count) /* an empty line of a text is an end of line */
		return heed_corpus_open_text(ctx, files_of(f->text), &every_line, corpus);
	return heed_corpus_open_pairs(ctx, files_of(f->src), files_of(f->tgt), NULL, corpus);
}

static const char *first_of(const struct files *f)
{
	const heed_list *list = f->labelled->count ? f->labelled : f->text->count ? f->text : f->src;

	return list->items[0];
}

static int read_examples(heed_cli *cli, const struct files *f, heed_examples **examples)
{
	heed_corpus *corpus = NULL;
	heed_code code = open_corpus(cli->ctx, f, &corpus);

	*examples = code ? NULL : heed_examples_new(cli->ctx);
	if (*examples)
		code = heed_examples_read(*examples, corpus);
	heed_corpus_close(corpus);
	if (code || !*examples)
		return heed_cli_fail(cli);
	if (heed_examples_count(*examples) == 0)
		return heed_cli_stop(cli, "%s: there is no line in it", first_of(f));
	return HEED_EXIT_OK;
}

/* --- the comparison --- */

enum { MOST = 16 };

struct comparison {
	heed_compare_job job;
	const char *families[MOST];
	heed_rival rivals[MOST];
	int count;
	char tokenizer[16];
	char failed[512]; /* why families are missing */
	heed_progress progress;
};

static bool tell(void *user, const char *family, double share, const char *text)
{
	struct comparison *c = user;

	(void)family;
	heed_progress_estimate(&c->progress, share, -1);
	heed_progress_at(&c->progress, share > 0 ? (int64_t)(100 * share) : 0, "%s", text);
	return true;
}

/* All that fit, or those that were named. */
static int choose_families(heed_cli *cli, struct comparison *c)
{
	const struct compare_options *o = cli->options;
	const char *name;

	for (int i = 0; (name = heed_compare_family(c->job.task, i)) && c->count < MOST; i++) {
		bool wanted = !o->only.count;

		for (size_t k = 0; k < o->only.count; k++)
			wanted |= strcmp(o->only.items[k], name) == 0;
		if (wanted)
			c->families[c->count++] = name;
	}
	for (size_t k = 0; k < o->only.count; k++) {
		bool fits = false;

		for (int i = 0; i < c->count; i++)
			fits |= strcmp(o->only.items[k], c->families[i]) == 0;
		if (!fits)
			return heed_cli_refuse(cli, "--only: \"%s\" is no family for such data",
					       o->only.items[k]);
	}
	return HEED_EXIT_OK;
}

static void fill_job(heed_cli *cli, struct comparison *c, heed_task task)
{
	const struct compare_options *o = cli->options;
	heed_compare_job *job = &c->job;

	*job = heed_compare_defaults(task);
	if (o->steps || o->epochs)
		job->epochs = o->epochs;
	job->minutes = o->minutes > 0 || o->steps || o->epochs ? o->minutes : 2;
	job->steps = o->steps;
	job->width = o->width;
	job->layers = o->layers;
	job->dropout = o->dropout;
	job->lr = o->lr;
	job->batch_tokens = o->batch_tokens;
	heed_field_choice(heed_field_find(options, "tokenizer"), o->tokenizer, c->tokenizer,
			  sizeof c->tokenizer);
	if (o->tokenizer > 0)
		job->tokenizer = c->tokenizer;
	job->vocab = o->vocab;
	job->lowercase = o->lowercase;
	job->validations = o->validations;
	job->folder = o->output;
	job->tell = tell;
	job->user = c;
}

static heed_code run_one(heed_cli *cli, struct comparison *c, const char *family, heed_rival *rival)
{
	heed_code code;

	c->progress = heed_progress_start(cli, family, "per cent", 100);
	code = heed_compare_run(cli->ctx, &c->job, family, rival);
	heed_progress_end(&c->progress);
	return code;
}

/* A family that fails is told of and left out; the others go on. */
static int run_all(heed_cli *cli, struct comparison *c)
{
	const int all = c->count;
	size_t told = 0;

	c->count = 0;
	for (int i = 0; i < all; i++) {
		const heed_code code = run_one(cli, c, c->families[i], &c->rivals[c->count]);

		if (!code) {
			c->families[c->count++] = c->families[i];
			continue;
		}
		heed_cli_fail(cli);
		if (code == HEED_E_INTERRUPTED)
			return HEED_EXIT_FAILED;
		if (told < sizeof c->failed)
			told += (size_t)snprintf(c->failed + told, sizeof c->failed - told, "%s%s",
						 told ? "; " : "", heed_error_message(cli->ctx));
	}
	return c->count ? HEED_EXIT_OK : HEED_EXIT_FAILED;
}

/* What all had in common. */
static void say_common(const struct compare_options *o, const struct comparison *c, heed_report *report)
{
	char budget[64];

	if (c->job.minutes > 0 && c->job.epochs)
		snprintf(budget, sizeof budget, "%.4g min or %d epochs, whichever ended first,",
			 c->job.minutes, c->job.epochs);
	else if (c->job.minutes > 0)
		snprintf(budget, sizeof budget, "%.4g min", c->job.minutes);
	else if (c->job.steps)
		snprintf(budget, sizeof budget, "%lld steps", (long long)c->job.steps);
	else
		snprintf(budget, sizeof budget, "%d epochs", c->job.epochs);
	heed_report_text(
		report,
		"All learned the same %lld examples, cut by the same tokenizer (%s, at most %d pieces), "
		"for %s each, in batches of %d tokens; those that count needed no more than one reading. "
		"They are judged on %lld other example%s, with the weights that did best on some of these "
		"on the way. Settings are the same wherever families share them, and tuned for none.",
		(long long)heed_examples_count(c->job.train), c->job.tokenizer, o->vocab, budget,
		o->batch_tokens, (long long)heed_examples_count(c->job.valid),
		heed_examples_count(c->job.valid) == 1 ? "" : "s");
	if (c->failed[0])
		heed_report_text(report, "Missing, because they failed: %s.", c->failed);
}

/* And what they had not. */
static void say_settings(heed_cli *cli, const struct comparison *c, heed_report *report)
{
	static const heed_column columns[] = {{"settings", 0}};

	heed_report_table(report, "Settings", "family", columns, 1);
	for (int i = 0; i < c->count; i++) {
		char text[512];

		heed_compare_settings(cli->ctx, &c->job, c->families[i], text, sizeof text);
		heed_report_row(report, c->families[i]);
		heed_report_words(report, "%s", text);
	}
}

static int report_all(heed_cli *cli, const struct comparison *c)
{
	const struct compare_options *o = cli->options;
	heed_report *report = heed_report_new(cli->ctx, "Families compared");
	int status;

	if (!report)
		return heed_cli_fail(cli);
	heed_report_section(report, "compare", "The same text, the same tokens, the same budget");
	say_common(o, c, report);
	heed_compare_report(report, &c->job, c->rivals, c->count);
	say_settings(cli, c, report);
	status = heed_report_files(cli, report, o->output, "compare.json");
	if (!status)
		status = heed_report_print(cli, report);
	heed_report_free(report);
	return c->failed[0] ? HEED_EXIT_FAILED : status;
}

static int run(heed_cli *cli)
{
	const struct compare_options *o = cli->options;
	const struct files train = {&o->src, &o->tgt, &o->text, &o->labelled},
			   valid = {&o->valid_src, &o->valid_tgt, &o->valid_text, &o->valid_labelled};
	struct comparison c = {0};
	heed_examples *examples = NULL, *judged = NULL;
	int status = check_data(cli, &train, &valid);

	if (status)
		return status;
	fill_job(cli, &c, task_of(&train));
	status = choose_families(cli, &c);
	if (!status)
		status = heed_report_folder(cli, o->output);
	if (!status)
		status = read_examples(cli, &train, &examples);
	if (!status)
		status = read_examples(cli, &valid, &judged);
	c.job.train = examples;
	c.job.valid = judged;
	if (!status)
		status = run_all(cli, &c);
	if (!status)
		status = report_all(cli, &c);
	heed_examples_free(examples);
	heed_examples_free(judged);
	return status;
}

const heed_command heed_cmd_compare = {
	.name = "compare",
	.kind = HEED_KIND_LOOK,
	.about = "train every family that fits some data, and compare them",
	.options = options,
	.size = sizeof(struct compare_options),
	.details = "Trains every family that learns from such data, each for the same time, on the same "
		   "tokens and with the same width, and says what each one made of it: quality, time, "
		   "speed in use, size and memory, in a table and on a page with plots. Speed in use is "
		   "that of one text at a time. The models stay in DIR, as FAMILY.heed.",
	.examples = "heed compare --text train.txt --valid-text valid.txt --minutes 5 -o compared\n"
		    "heed compare --labelled train.tsv --valid-labelled valid.tsv -o compared\n",
	.run = run,
};
