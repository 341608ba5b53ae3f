/* heed bench: how fast this machine is, without any data. */
#include "heed/json.h"
#include "heed/selftest.h"
#include "heed/train.h"
#include "heed/translate.h"
#include "options.h"
#include "progress.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct bench_options {
	const char *op;
	int repeats;
	bool train, translate;
};

static const heed_field options[] = {
	{.name = "op", HEED_TEXT(struct bench_options, op), .unit = "NAME", .help = "time this op only"},
	{.name = "train",
	 HEED_FLAG(struct bench_options, train),
	 .help = "time training instead: steps of the preset tiny on made-up sentences"},
	{.name = "translate",
	 HEED_FLAG(struct bench_options, translate),
	 .help = "time translation instead, with the preset tiny"},
	{.name = "repeats",
	 .letter = 'n',
	 HEED_INT(struct bench_options, repeats),
	 .min = 1,
	 .max = 100000,
	 .initial = "10",
	 .help = "how often each thing is timed"},
	{0},
};

/* The work: a vocabulary and sentences as long as those of Multi30k with 10,000 pieces of BPE. */
enum { VOCABULARY = 10000, BATCH_TOKENS = 4096, PAIRS = 6000, SHORTEST = 6, LONGEST = 22 };
enum { WARM_STEPS = 3, SENTENCES = 256 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* --- ops --- */

struct table {
	heed_cli *cli;
	bool begun;
};

static void print_row(struct table *table, const heed_timing *t)
{
	if (!table->begun)
		printf("%-20s %-24s %-7s %8s %9s %7s\n", "op", "case", "kernels", "best ms", "median ms",
		       "GFLOP/s");
	table->begun = true;
	printf("%-20s %-24s %-7s %8.3f %9.3f", t->op, t->name, t->cpu, 1e3 * t->best, 1e3 * t->median);
	if (t->flops > 0)
		printf(" %7.1f", t->flops / t->best / 1e9);
	putchar('\n');
}

static void print_object(const heed_timing *t)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "op", t->op);
	heed_json_string(&j, "case", t->name);
	heed_json_string(&j, "kernels", t->cpu);
	heed_json_int(&j, "threads", t->threads);
	heed_json_double(&j, "best_seconds", t->best);
	heed_json_double(&j, "median_seconds", t->median);
	heed_json_double(&j, "flops", t->flops);
	heed_json_end(&j);
	putchar('\n');
}

static void print_timing(void *user, const heed_timing *t)
{
	struct table *table = user;

	if (table->cli->json)
		print_object(t);
	else
		print_row(table, t);
	fflush(stdout);
}

static int bench_ops(heed_cli *cli)
{
	const struct bench_options *o = cli->options;
	struct table table = {.cli = cli};
	const heed_code code = heed_bench_ops(cli->ctx, o->op, o->repeats, print_timing, &table);

	if (code == HEED_E_ARGUMENT)
		return heed_cli_refuse(cli, "--op: there is no op \"%s\"", o->op);
	return code ? heed_cli_fail(cli) : HEED_EXIT_OK;
}

/* --- made-up text --- */

static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Words "w0", "w1", ... as often as Zipf's law has it: the n-th about 1/n as often as the first. */
static size_t write_sentence(uint64_t *state, int words, char *out, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < words; i++) {
		const double u = (double)draw(state) / 2147483648.0;
		const int word = (int)exp(u * log(VOCABULARY));

		used += (size_t)snprintf(out + used, size - used, "%sw%d", i ? " " : "", word);
	}
	return used;
}

static heed_code add_pair(heed_examples *e, uint64_t *state)
{
	const int words = SHORTEST + (int)(draw(state) % (LONGEST - SHORTEST + 1));
	char source[16 * LONGEST], target[16 * (LONGEST + 2)];
	const size_t source_len = write_sentence(state, words, source, sizeof source);
	const size_t target_len =
		write_sentence(state, words - 2 + (int)(draw(state) % 5), target, sizeof target);

	return heed_examples_add(e, source, source_len, target, target_len);
}

static heed_examples *make_examples(heed_ctx *ctx, int pairs)
{
	heed_examples *e = heed_examples_new(ctx);
	heed_code code = e ? HEED_OK : HEED_E_MEMORY;
	uint64_t state = 1;

	for (int i = 0; i < pairs && code == HEED_OK; i++)
		code = add_pair(e, &state);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}

struct word_list {
	int next;
	char word[16];
};

static heed_code next_word(void *user, const char **line, size_t *len)
{
	struct word_list *list = user;

	*line = list->next < VOCABULARY ? list->word : NULL;
	*len = (size_t)snprintf(list->word, sizeof list->word, "w%d", list->next++);
	return HEED_OK;
}

static heed_tokenizer *make_tokenizer(heed_ctx *ctx)
{
	struct word_list list = {0};

	return heed_tokenizer_train(ctx, &(heed_tokenizer_options){.kind = "word", .vocab = VOCABULARY},
				    next_word, &list);
}

/* --- results --- */

struct rates {
	double *seconds; /* [count] that each run took */
	int64_t *tokens; /* [count] */
	int count;
};

static double rate_at(const struct rates *r, double *sorted, double place)
{
	for (int i = 0; i < r->count; i++)
		sorted[i] = (double)r->tokens[i] / r->seconds[i];
	qsort(sorted, (size_t)r->count, sizeof *sorted, by_size);
	return sorted[(int)(place * (r->count - 1))];
}

static int print_rates(heed_cli *cli, const char *what, const struct rates *r)
{
	double *sorted = calloc((size_t)r->count + 1, sizeof *sorted);
	double best, median;
	struct rusage usage;
	heed_json j;

	if (!sorted)
		return heed_cli_stop(cli, "out of memory");
	best = rate_at(r, sorted, 1);
	median = rate_at(r, sorted, 0.5);
	free(sorted);
	getrusage(RUSAGE_SELF, &usage);
	if (!cli->json) {
		printf("%-30s %-8s %7d %12.0f %12.0f %6ld\n", what, heed_ctx_cpu(cli->ctx),
		       heed_ctx_threads(cli->ctx), best, median, usage.ru_maxrss / 1000);
		return HEED_EXIT_OK;
	}
	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "work", what);
	heed_json_string(&j, "kernels", heed_ctx_cpu(cli->ctx));
	heed_json_int(&j, "threads", heed_ctx_threads(cli->ctx));
	heed_json_int(&j, "runs", r->count);
	heed_json_double(&j, "best_tokens_per_second", best);
	heed_json_double(&j, "median_tokens_per_second", median);
	heed_json_int(&j, "peak_rss_bytes", (int64_t)usage.ru_maxrss * 1024);
	heed_json_end(&j);
	putchar('\n');
	return HEED_EXIT_OK;
}

static void print_rates_head(const heed_cli *cli)
{
	if (!cli->json)
		printf("%-30s %-8s %7s %12s %12s %6s\n", "", "kernels", "threads", "best tok/s",
		       "median tok/s", "MB");
}

static bool make_rates(struct rates *r, int count)
{
	*r = (struct rates){calloc((size_t)count, sizeof *r->seconds),
			    calloc((size_t)count, sizeof *r->tokens), 0};
	return r->seconds && r->tokens;
}

static void free_rates(struct rates *r)
{
	free(r->seconds);
	free(r->tokens);
}

/* --- training --- */

/* The preset tiny, what it works on, and how. */
struct job {
	const heed_model_class *family;
	void *config;
	heed_train_options train;
	heed_examples *examples;
	heed_tokenizer *tokenizer;
};

static heed_code set_all(heed_ctx *ctx, const heed_field *fields, void *values, const char *const *settings)
{
	heed_code code = HEED_OK;

	for (; code == HEED_OK && *settings; settings += 2)
		code = heed_field_set(ctx, heed_field_find(fields, settings[0]), values, settings[1]);
	return code;
}

/* Whatever it returns, free_job follows. */
static heed_code make_job(heed_ctx *ctx, struct job *job, int pairs)
{
	const heed_preset *tiny;
	heed_code code;

	job->examples = make_examples(ctx, pairs);
	job->tokenizer = make_tokenizer(ctx);
	job->family = heed_model_class_find("transformer");
	tiny = heed_preset_find(ctx, job->family, "tiny");
	job->config = calloc(1, job->family->config_size);
	if (!tiny || !job->config || !job->examples || !job->tokenizer)
		return HEED_E_MEMORY;
	(void)((code = heed_fields_default(ctx, job->family->fields, job->config)) ||
	       (code = set_all(ctx, job->family->fields, job->config, tiny->settings)) ||
	       (code = heed_fields_default(ctx, heed_train_fields, &job->train)) ||
	       (code = set_all(ctx, heed_train_fields, &job->train, tiny->training)));
	return code;
}

static void free_job(struct job *job)
{
	free(job->config);
	heed_tokenizer_free(job->tokenizer);
	heed_examples_free(job->examples);
}

struct watch {
	struct rates *rates;
	heed_progress progress;
	int64_t tokens;
	double time; /* of the event before */
};

static void on_event(void *user, const heed_train_event *e)
{
	struct watch *w = user;
	const double time = now();

	if (e->kind == HEED_TRAIN_STEP && e->step > WARM_STEPS) {
		w->rates->seconds[w->rates->count] = time - w->time;
		w->rates->tokens[w->rates->count++] = e->tokens - w->tokens;
		heed_progress_at(&w->progress, e->step - WARM_STEPS, NULL);
	}
	w->tokens = e->tokens;
	w->time = now();
}

/* Removes a folder and the files and folders in it. */
static void remove_folder(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		char name[4096];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (snprintf(name, sizeof name, "%s/%s", path, e->d_name) < (int)sizeof name &&
		    unlink(name) != 0)
			remove_folder(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static heed_code train(heed_cli *cli, struct job *job, const char *folder, struct rates *rates)
{
	const struct bench_options *o = cli->options;
	struct watch watch = {.rates = rates};
	char output[4200];
	heed_code code;

	snprintf(output, sizeof output, "%s/model", folder);
	job->train.steps = WARM_STEPS + o->repeats;
	job->train.batch_tokens = BATCH_TOKENS;
	job->train.valid_every = job->train.save_every = INT32_MAX;
	watch.progress = heed_progress_start(cli, "training", "step", o->repeats);
	code = heed_train(cli->ctx, &(heed_train_job){.family = job->family,
						      .config = job->config,
						      .options = &job->train,
						      .train = job->examples,
						      .source = job->tokenizer,
						      .output = output,
						      .event = on_event,
						      .user = &watch});
	heed_progress_end(&watch.progress);
	return code;
}

static int train_failed(heed_cli *cli, heed_code code)
{
	return code == HEED_E_INTERRUPTED ? heed_cli_stop(cli, "interrupted") : heed_cli_fail(cli);
}

/* A real training, into a folder that is thrown away. */
static int bench_train(heed_cli *cli)
{
	const struct bench_options *o = cli->options;
	const char *base = getenv("TMPDIR");
	struct job job = {0};
	struct rates rates;
	char folder[4096];
	int status;

	if (!make_rates(&rates, o->repeats) || make_job(cli->ctx, &job, PAIRS))
		status = heed_cli_stop(cli, "out of memory");
	else if (snprintf(folder, sizeof folder, "%s/heed-bench.XXXXXX", base && *base ? base : "/tmp") >=
			 (int)sizeof folder ||
		 !mkdtemp(folder))
		status = heed_cli_stop(cli, "no folder for the files of a training could be made in %s",
				       base && *base ? base : "/tmp");
	else {
		const heed_code code = train(cli, &job, folder, &rates);

		status = code ? train_failed(cli, code) : HEED_EXIT_OK;
		remove_folder(folder);
	}
	if (!status)
		status = print_rates(cli, "training tiny", &rates);
	free_job(&job);
	free_rates(&rates);
	return status;
}

/* --- translation --- */

static heed_code count_tokens(void *user, const heed_translation *t)
{
	int64_t *tokens = user;

	*tokens += t->best[0].count + t->best[0].finished;
	return HEED_OK;
}

/* Translates the sentences `repeats` times. The weights are those a model begins with: it never ends a sentence
 * by itself, so each one is as long as it may be: by a token longer than its source. */
static int translate(heed_cli *cli, const heed_trained *model, const heed_source *sources, int beam)
{
	const struct bench_options *o = cli->options;
	heed_translate_options t = heed_translate_defaults();
	heed_translator *translator;
	heed_code code = HEED_OK;
	heed_progress progress;
	struct rates rates;
	char what[40];
	int status;

	t.beam = beam;
	t.length_ratio = t.length_extra = 1;
	translator = heed_translator_new(model, &t);
	if (!make_rates(&rates, o->repeats) || !translator)
		code = HEED_E_MEMORY;
	progress = heed_progress_start(cli, "translating", "run", o->repeats);
	for (int i = -1; i < o->repeats && code == HEED_OK; i++) { /* the first run warms up */
		const double start = now();
		int64_t tokens = 0;

		code = heed_translate(translator, sources, SENTENCES, count_tokens, &tokens);
		if (i < 0)
			continue;
		rates.seconds[rates.count] = now() - start;
		rates.tokens[rates.count++] = tokens;
		heed_progress_at(&progress, rates.count, NULL);
	}
	heed_progress_end(&progress);
	snprintf(what, sizeof what,
		 beam == 1 ? "translation by tiny, greedy" : "translation by tiny, beam %d", beam);
	status = code ? heed_cli_fail(cli) : print_rates(cli, what, &rates);
	heed_translator_free(translator);
	free_rates(&rates);
	return status;
}

static int bench_translate(heed_cli *cli)
{
	heed_source sources[SENTENCES] = {{0}};
	heed_trained model = {.ctx = cli->ctx, .history = NULL};
	struct job job = {0};
	int status = HEED_EXIT_OK;

	if (make_job(cli->ctx, &job, SENTENCES) == HEED_OK)
		model.model =
			heed_model_new(cli->ctx, job.family, job.config, heed_tokenizer_size(job.tokenizer),
				       heed_tokenizer_size(job.tokenizer), 0);
	if (!model.model)
		status = heed_cli_stop(cli, "out of memory");
	model.source = model.target = job.tokenizer;
	for (int i = 0; i < SENTENCES && !status; i++)
		sources[i].text = heed_examples_text(job.examples, i, false, &sources[i].len);
	if (!status)
		status = translate(cli, &model, sources, 1);
	if (!status)
		status = translate(cli, &model, sources, 5);
	heed_model_free(model.model);
	free_job(&job);
	return status;
}

static int run(heed_cli *cli)
{
	const struct bench_options *o = cli->options;
	int status = HEED_EXIT_OK;

	if (o->op && (o->train || o->translate))
		return heed_cli_refuse(cli, "--op: not together with --train and --translate");
	if (!o->train && !o->translate)
		return bench_ops(cli);
	print_rates_head(cli);
	if (o->train)
		status = bench_train(cli);
	return !status && o->translate ? bench_translate(cli) : status;
}

const heed_command heed_cmd_bench = {
	.name = "bench",
	.kind = HEED_KIND_SHIP,
	.about = "how fast heed is on this machine",
	.options = options,
	.size = sizeof(struct bench_options),
	.run = run,
	.details =
		"Times the ops, forward and backward together: the best and the median of all repeats, and "
		"arithmetic by the best. --train and --translate time whole steps and whole translations of "
		"the preset tiny with 10,000 words and batches of 4096 tokens, on made-up sentences of 6 to "
		"22 words; a rate of training counts source and target tokens, one of translation what is "
		"said.\n"
		"HEED_CPU=plain, avx2, avx512 or neon picks the kernels.",
	.examples = "heed bench\n"
		    "heed bench --op linear --repeats 50 --threads 1\n"
		    "heed bench --train --translate\n",
};
