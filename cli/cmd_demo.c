/* heed demo: trains a Transformer on the built-in phrase corpus and shows what it has learned. */
#include "heatmap.h"
#include "heed/metric.h"
#include "heed/phrases.h"
#include "heed/train.h"
#include "heed/translate.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

struct demo_options {
	const char *output;
	int pairs, unseen;
	int64_t steps;
};

static const heed_field options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct demo_options, output),
	 .help = "keep the model, to go on with: heed translate, attend, inspect"},
	{.name = "pairs",
	 HEED_INT(struct demo_options, pairs),
	 .min = 100,
	 .max = 10000000,
	 .initial = "120000",
	 .help = "sentence pairs to train on"},
	{.name = "steps",
	 HEED_INT64(struct demo_options, steps),
	 .min = 1,
	 .max = 1000000,
	 .initial = "1150",
	 .help = "updates"},
	{.name = "unseen",
	 HEED_INT(struct demo_options, unseen),
	 .min = 1,
	 .max = 100000,
	 .initial = "500",
	 .help = "sentences of the test set to translate"},
	{0},
};

/* The family's settings and the training's, as name, value, name, value. */
static const char *const shape[] = {"encoder-layers", "2",   "decoder-layers",  "2",   "width", "128",
				    "feed-forward",   "256", "heads",           "4",   "norm",  "pre",
				    "dropout",        "0",   "label-smoothing", "0.1", NULL};
static const char *const training[] = {"tokenizer", "bpe",    "vocab", "2600",   "batch-tokens",
				       "1024",      "lr",     "0.004", "warmup", "150",
				       "schedule",  "cosine", NULL};

static heed_code set_all(heed_ctx *ctx, const heed_field *fields, void *values, const char *const *settings)
{
	heed_code code = heed_fields_default(ctx, fields, values);

	for (; code == HEED_OK && *settings; settings += 2)
		code = heed_field_set(ctx, heed_field_find(fields, settings[0]), values, settings[1]);
	return code;
}

/* Pairs of one split; the caller frees them. */
static heed_examples *make_pairs(heed_ctx *ctx, int64_t seed, heed_phrases_split split, int count)
{
	heed_examples *e = heed_examples_new(ctx);
	heed_phrases *phrases = heed_phrases_new(ctx, (uint64_t)seed, split, split != HEED_PHRASES_TRAIN);
	heed_code code = e && phrases ? HEED_OK : HEED_E_MEMORY;
	heed_phrases_pair p;

	for (int i = 0; code == HEED_OK && i < count; i++) {
		code = heed_phrases_next(phrases, &p);
		if (code == HEED_OK)
			code = heed_examples_add(e, p.english, strlen(p.english), p.spanish,
						 strlen(p.spanish));
	}
	heed_phrases_free(phrases);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

static void on_event(void *user, const heed_train_event *e)
{
	heed_progress *p = user;

	if (e->kind == HEED_TRAIN_STEP)
		heed_progress_at(p, e->step, "loss %.3f, %.0f tokens/s", e->loss, e->tokens_per_second);
}

static int train(heed_cli *cli, heed_trained **model)
{
	const struct demo_options *o = cli->options;
	const heed_model_class *family = heed_model_class_find("transformer");
	heed_progress progress = heed_progress_start(cli, "training", "step", o->steps);
	heed_examples *examples = make_pairs(cli->ctx, cli->seed, HEED_PHRASES_TRAIN, o->pairs);
	void *config = calloc(1, family->config_size);
	heed_train_options how;
	heed_code code = HEED_E_MEMORY;

	if (examples && config) {
		code = set_all(cli->ctx, family->fields, config, shape);
		if (code == HEED_OK)
			code = set_all(cli->ctx, heed_train_fields, &how, training);
		how.steps = o->steps;
		how.valid_every = o->steps;
		if (code == HEED_OK)
			code = heed_train_in_memory(cli->ctx,
						    &(heed_train_job){.family = family,
								      .config = config,
								      .options = &how,
								      .train = examples,
								      .event = on_event,
								      .user = &progress},
						    model);
	}
	heed_progress_end(&progress);
	heed_examples_free(examples);
	free(config);
	return code ? heed_cli_fail(cli) : HEED_EXIT_OK;
}

/* What happens to each translation: counted, scored, and printed where `say` is set. */
struct judge {
	const heed_segment *expected;
	heed_metric *bleu, *chrf;
	const heed_source *sources;
	int exact, seen;
	bool say;
};

static heed_code judge_one(void *user, const heed_translation *t)
{
	struct judge *j = user;
	const heed_segment want = j->expected[t->index], got = {t->best[0].text, t->best[0].len};
	const bool exact = got.len == want.len && memcmp(got.text, want.text, want.len) == 0;
	heed_code code = HEED_OK;

	j->seen++;
	j->exact += exact;
	if (j->say) {
		printf("  %s\n    %s%s", j->sources[t->index].text, got.text, exact ? "\n" : "   expected: ");
		if (!exact)
			printf("%s\n", want.text);
	}
	if (j->bleu && (code = heed_metric_add(j->bleu, got, &want, 1)) == HEED_OK)
		code = heed_metric_add(j->chrf, got, &want, 1);
	return code;
}

static int show_kept(heed_cli *cli, heed_translator *t)
{
	heed_source sources[32] = {{0}};
	heed_segment expected[32];
	struct judge j = {.expected = expected, .sources = sources, .say = true};
	const char *english, *spanish;
	size_t n = 0;

	for (; n < 32 && heed_phrases_shown((int)n, &english, &spanish); n++) {
		sources[n].text = english;
		sources[n].len = strlen(english);
		expected[n] = heed_segment_of(spanish);
	}
	printf("Sentences that it has never seen:\n");
	if (heed_translate(t, sources, n, judge_one, &j))
		return heed_cli_fail(cli);
	return HEED_EXIT_OK;
}

static int score_all(heed_cli *cli, heed_translator *t, const heed_examples *test, struct judge *j,
		     heed_source *sources, heed_segment *expected)
{
	const size_t n = (size_t)heed_examples_count(test);
	heed_measure bleu, chrf;

	for (size_t i = 0; i < n; i++) {
		sources[i].text = heed_examples_text(test, (int64_t)i, false, &sources[i].len);
		expected[i].text = heed_examples_text(test, (int64_t)i, true, &expected[i].len);
	}
	if (heed_translate(t, sources, n, judge_one, j) || heed_metric_score(j->bleu, &bleu) ||
	    heed_metric_score(j->chrf, &chrf))
		return heed_cli_fail(cli);
	printf("\n%d of %d unseen test sentences are exactly right: %.1f %%\n%s\n%s\n", j->exact, j->seen,
	       100.0 * j->exact / j->seen, heed_metric_line(j->bleu, &bleu, 1),
	       heed_metric_line(j->chrf, &chrf, 1));
	return HEED_EXIT_OK;
}

static int show_scores(heed_cli *cli, heed_translator *t)
{
	const struct demo_options *o = cli->options;
	heed_examples *test = make_pairs(cli->ctx, cli->seed, HEED_PHRASES_TEST, o->unseen);
	heed_source *sources = calloc((size_t)o->unseen, sizeof *sources);
	heed_segment *expected = calloc((size_t)o->unseen, sizeof *expected);
	struct judge j = {.expected = expected,
			  .sources = sources,
			  .bleu = heed_bleu_new(cli->ctx, NULL),
			  .chrf = heed_chrf_new(cli->ctx, NULL)};
	int status = test && sources && expected && j.bleu && j.chrf
			     ? score_all(cli, t, test, &j, sources, expected)
			     : heed_cli_fail(cli);

	heed_metric_free(j.bleu);
	heed_metric_free(j.chrf);
	heed_examples_free(test);
	free(sources);
	free(expected);
	return status;
}

/* The last layer's cross-attention for the notes' second sentence. */
static int show_attention(heed_cli *cli, heed_translator *t)
{
	heed_attended *a = heed_attend(t, "The dog ran really fast", NULL);
	int status = a ? HEED_EXIT_OK : heed_cli_fail(cli);

	for (int i = a ? a->mean_count - 1 : -1; i >= 0; i--)
		if (strstr(a->means[i].name, "cross")) {
			printf("\nWhere \"%s\" looks in \"The dog ran really fast\" (mean of the last "
			       "layer's heads):\n\n",
			       a->text);
			status = heed_heatmap_print(cli, &a->means[i], HEED_HEATMAP_AUTO);
			break;
		}
	heed_attended_free(a);
	return status;
}

static int show(heed_cli *cli, const heed_trained *model)
{
	heed_translator *t = heed_translator_new(model, NULL);
	int status = t ? show_kept(cli, t) : heed_cli_fail(cli);

	if (!status)
		status = show_scores(cli, t);
	if (!status)
		status = show_attention(cli, t);
	heed_translator_free(t);
	return status;
}

static int run(heed_cli *cli)
{
	const struct demo_options *o = cli->options;
	heed_trained *model = NULL;
	int status;

	heed_cli_note(cli,
		      "A Transformer learns English to Spanish from %d sentence pairs of a built-in grammar.",
		      o->pairs);
	status = train(cli, &model);
	if (!status)
		status = show(cli, model);
	if (!status && o->output && heed_trained_save(model, o->output))
		status = heed_cli_fail(cli);
	if (!status && o->output)
		printf("\nTry: heed translate -m %s, heed attend -m %s 'I love you a lot'\n", o->output,
		       o->output);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_demo = {
	.name = "demo",
	.kind = HEED_KIND_SHIP,
	.about = "train on the built-in phrase corpus and translate, in a minute or two",
	.options = options,
	.size = sizeof(struct demo_options),
	.details = "Trains a small Transformer on sentence pairs of a built-in English-Spanish grammar, "
		   "translates "
		   "sentences that are in no training set, counts how many unseen ones come out exactly "
		   "right, and "
		   "draws the attention of one translation.",
	.examples = "heed demo\nheed demo -o en-es.heed\n",
	.run = run,
};
