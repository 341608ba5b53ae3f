/* heed metric: BLEU and chrF as sacreBLEU prints them, and paired bootstrap between two outputs. */
#include "heed/corpus.h"
#include "heed/json.h"
#include "heed/metric.h"
#include "options.h"

#include <string.h>

enum { REFERENCES_MAX = 16, METRICS = 2 };

struct metric_options {
	heed_list references;
	bool lowercase;
	int tokenize, smooth, which;
	int word_order, digits, resamples;
};

enum { WHICH_BOTH, WHICH_BLEU, WHICH_CHRF };

static const heed_field options[] = {
	{.name = "ref",
	 .letter = 'r',
	 HEED_LIST(struct metric_options, references),
	 .required = true,
	 .unit = "FILE",
	 .help = "reference translations, one a line; again for more than one reference"},
	{.name = "metric",
	 HEED_CHOICE(struct metric_options, which),
	 .choices = "both bleu chrf",
	 .initial = "both",
	 .help = "what to print"},
	{.name = "lowercase", HEED_FLAG(struct metric_options, lowercase), .help = "ignore case"},
	{.name = "tokenize",
	 HEED_CHOICE(struct metric_options, tokenize),
	 .choices = "13a none char intl",
	 .initial = "13a",
	 .help = "how BLEU splits words"},
	{.name = "smooth",
	 HEED_CHOICE(struct metric_options, smooth),
	 .choices = "exp floor add-k none",
	 .initial = "exp",
	 .help = "what BLEU takes for orders without a match"},
	{.name = "chrf-word-order",
	 HEED_INT(struct metric_options, word_order),
	 .min = 0,
	 .max = 4,
	 .initial = "0",
	 .help = "longest word n-grams in chrF; 2 is chrF++"},
	{.name = "digits",
	 HEED_INT(struct metric_options, digits),
	 .min = 0,
	 .max = 16,
	 .initial = "1",
	 .help = "digits after the point"},
	{.name = "resamples",
	 HEED_INT(struct metric_options, resamples),
	 .min = 1,
	 .max = 1000000,
	 .initial = "1000",
	 .help = "draws of the paired bootstrap"},
	{0},
};

/* BLEU and chrF of one hypothesis file; NULL where not wanted. */
struct scores {
	heed_metric *metric[METRICS];
};

static bool make_metrics(heed_cli *cli, struct scores *s)
{
	const struct metric_options *o = cli->options;
	const heed_bleu_tokenizer tokenizers[] = {HEED_BLEU_13A, HEED_BLEU_NONE, HEED_BLEU_CHAR,
						  HEED_BLEU_INTL};
	const heed_bleu_smoothing smoothings[] = {HEED_BLEU_EXP, HEED_BLEU_FLOOR, HEED_BLEU_ADD_K,
						  HEED_BLEU_NO_SMOOTHING};

	if (o->which != WHICH_CHRF)
		s->metric[0] =
			heed_bleu_new(cli->ctx, &(heed_bleu_options){.tokenizer = tokenizers[o->tokenize],
								     .smoothing = smoothings[o->smooth],
								     .lowercase = o->lowercase});
	if (o->which != WHICH_BLEU)
		s->metric[1] = heed_chrf_new(cli->ctx, &(heed_chrf_options){.word_order = o->word_order,
									    .lowercase = o->lowercase});
	return (s->metric[0] || o->which == WHICH_CHRF) && (s->metric[1] || o->which == WHICH_BLEU);
}

static void free_metrics(struct scores *s)
{
	for (int m = 0; m < METRICS; m++)
		heed_metric_free(s->metric[m]);
}

/* One file of lines; `line` is the latest, its text NULL behind the last. */
struct side {
	const char *name; /* as messages say it */
	heed_corpus *corpus;
	heed_record line;
};

static heed_code open_side(heed_cli *cli, struct side *side, const char *path)
{
	const heed_corpus_options as_it_is = {.flags = HEED_CORPUS_EVERY_LINE | HEED_CORPUS_ANY_BYTES,
					      .max_line = 1 << 30};

	side->name = strcmp(path, "-") == 0 ? "standard input" : path;
	return heed_corpus_open_text(cli->ctx, (heed_files){&path, 1}, &as_it_is, &side->corpus);
}

static int unequal(heed_cli *cli, const struct side *ended, const struct side *other)
{
	return heed_cli_stop(cli, "%s has %lld lines but %s has more; expected equally many", ended->name,
			     (long long)heed_corpus_tell(ended->corpus).lines, other->name);
}

/* The next line of all sides; *more is false behind the last. sides[0] is the hypothesis. */
static int next_lines(heed_cli *cli, struct side *sides, int count, bool *more)
{
	for (int i = 0; i < count; i++)
		if (heed_corpus_next(sides[i].corpus, &sides[i].line))
			return heed_cli_fail(cli);
	*more = sides[0].line.source;
	for (int i = 1; i < count; i++) {
		if (*more && !sides[i].line.source)
			return unequal(cli, &sides[i], &sides[0]);
		if (!*more && sides[i].line.source)
			return unequal(cli, &sides[0], &sides[i]);
	}
	return HEED_EXIT_OK;
}

static int add_lines(heed_cli *cli, struct scores *s, struct side *sides, int count)
{
	heed_segment segments[1 + REFERENCES_MAX] = {{NULL, 0}};
	bool more = false;
	int status;

	while ((status = next_lines(cli, sides, count, &more)) == HEED_EXIT_OK && more) {
		for (int i = 0; i < count; i++)
			segments[i] = (heed_segment){sides[i].line.source, sides[i].line.source_len};
		for (int m = 0; m < METRICS; m++)
			if (s->metric[m] &&
			    heed_metric_add(s->metric[m], segments[0], segments + 1, count - 1))
				return heed_cli_fail(cli);
	}
	return status;
}

/* Fills s with the lines of one hypothesis file beside all references. */
static int read_hypothesis(heed_cli *cli, struct scores *s, const char *path)
{
	const struct metric_options *o = cli->options;
	struct side sides[1 + REFERENCES_MAX] = {{0}};
	const int count = 1 + (int)o->references.count;
	bool good = make_metrics(cli, s) && open_side(cli, &sides[0], path) == HEED_OK;
	int status;

	for (int i = 1; good && i < count; i++)
		good = open_side(cli, &sides[i], o->references.items[i - 1]) == HEED_OK;
	status = good ? add_lines(cli, s, sides, count) : heed_cli_fail(cli);
	for (int i = 0; i < count; i++)
		heed_corpus_close(sides[i].corpus);
	return status;
}

static void print_json(heed_metric *m, const heed_measure *score)
{
	heed_json w;

	heed_json_to_file(&w, stdout);
	heed_json_object(&w, NULL);
	heed_json_string(&w, "name", heed_metric_name(m));
	heed_json_double(&w, "score", score->score);
	heed_json_string(&w, "signature", heed_metric_signature(m));
	if (score->ref_len > 0) {
		heed_json_array(&w, "precisions");
		for (int i = 0; i < 4; i++)
			heed_json_double(&w, NULL, score->precision[i]);
		heed_json_end(&w);
		heed_json_double(&w, "brevity_penalty", score->brevity);
		heed_json_int(&w, "hyp_len", score->hyp_len);
		heed_json_int(&w, "ref_len", score->ref_len);
	}
	heed_json_int(&w, "lines", (int64_t)heed_metric_segments(m));
	heed_json_end(&w);
	putchar('\n');
}

static int print_scores(heed_cli *cli, struct scores *s)
{
	const struct metric_options *o = cli->options;
	heed_measure score;

	for (int m = 0; m < METRICS; m++) {
		if (!s->metric[m])
			continue;
		if (heed_metric_score(s->metric[m], &score))
			return heed_cli_fail(cli);
		if (cli->json)
			print_json(s->metric[m], &score);
		else
			puts(heed_metric_line(s->metric[m], &score, o->digits));
	}
	return HEED_EXIT_OK;
}

static int score_one(heed_cli *cli)
{
	struct scores s = {{NULL}};
	int status = read_hypothesis(cli, &s, cli->word_count ? cli->words[0] : "-");

	if (status == HEED_EXIT_OK)
		status = print_scores(cli, &s);
	free_metrics(&s);
	return status;
}

static void print_resampled(heed_json *w, const char *key, const char *file, const heed_resampled *r)
{
	heed_json_object(w, key);
	heed_json_string(w, "file", file);
	heed_json_double(w, "score", r->score);
	heed_json_double(w, "mean", r->mean);
	heed_json_double(w, "interval", r->interval);
	heed_json_end(w);
}

static void print_comparison(const heed_cli *cli, heed_metric *m, const heed_comparison *c)
{
	heed_json w;

	heed_json_to_file(&w, stdout);
	heed_json_object(&w, NULL);
	heed_json_string(&w, "name", heed_metric_name(m));
	print_resampled(&w, "baseline", cli->words[0], &c->baseline);
	print_resampled(&w, "system", cli->words[1], &c->system);
	heed_json_double(&w, "p_value", c->p_value);
	heed_json_int(&w, "resamples", c->resamples);
	heed_json_string(&w, "signature", heed_metric_signature(m));
	heed_json_end(&w);
	putchar('\n');
}

static heed_code to_stdout(void *user, const char *bytes, size_t n)
{
	(void)user;
	return fwrite(bytes, 1, n, stdout) == n ? HEED_OK : HEED_E_IO;
}

static int compare(heed_cli *cli, struct scores *a, struct scores *b)
{
	const struct metric_options *o = cli->options;
	heed_comparison comparisons[METRICS];
	heed_metric *metrics[METRICS];
	int count = 0;

	for (int m = 0; m < METRICS; m++) {
		if (!a->metric[m])
			continue;
		if (heed_metric_compare(a->metric[m], b->metric[m], o->resamples, &comparisons[count]))
			return heed_cli_fail(cli);
		metrics[count++] = a->metric[m];
	}
	if (cli->json)
		for (int i = 0; i < count; i++)
			print_comparison(cli, metrics[i], &comparisons[i]);
	else if (heed_comparison_write(metrics, comparisons, count, cli->words[0], cli->words[1], o->digits,
				       to_stdout, NULL))
		return ferror(stdout) ? heed_cli_flush(cli) : heed_cli_fail(cli);
	return HEED_EXIT_OK;
}

static int compare_two(heed_cli *cli)
{
	struct scores a = {{NULL}}, b = {{NULL}};
	int status = read_hypothesis(cli, &a, cli->words[0]);

	if (status == HEED_EXIT_OK)
		status = read_hypothesis(cli, &b, cli->words[1]);
	if (status == HEED_EXIT_OK)
		status = compare(cli, &a, &b);
	free_metrics(&a);
	free_metrics(&b);
	return status;
}

static int run(heed_cli *cli)
{
	const struct metric_options *o = cli->options;

	if (o->references.count > REFERENCES_MAX)
		return heed_cli_refuse(cli, "expected at most %d references, found %zu", REFERENCES_MAX,
				       o->references.count);
	return cli->word_count == 2 ? compare_two(cli) : score_one(cli);
}

const heed_command heed_cmd_metric = {
	.name = "metric",
	.kind = HEED_KIND_USE,
	.about = "BLEU and chrF of translations, as sacreBLEU counts them",
	.operands = "[HYP [HYP2]]",
	.min_words = 0,
	.max_words = 2,
	.options = options,
	.size = sizeof(struct metric_options),
	.run = run,
	.details =
		"HYP holds a translation a line; without it they come from standard input. Of two files the "
		"first is the baseline, and a paired bootstrap says how likely chance alone makes their "
		"difference.",
	.examples = "heed translate -m en-de.heed <test.en | heed metric --ref test.de\n"
		    "heed metric --ref test.de baseline.de better.de\n",
};
