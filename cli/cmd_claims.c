/* heed claims: what is said of sequence models, tried out. */
#include "heed/claims.h"
#include "progress.h"
#include "report_files.h"

struct claims_options {
	const char *output;
	bool quick;
	int seeds;
	int64_t steps;
};

static const heed_field options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct claims_options, output),
	 .unit = "DIR",
	 .help = "a folder for the page (index.html), the plots (*.svg) and the numbers (claims.json)"},
	{.name = "quick",
	 HEED_FLAG(struct claims_options, quick),
	 .help = "train less: a first look, in two minutes"},
	{.name = "seeds",
	 HEED_INT(struct claims_options, seeds),
	 .min = 3,
	 .max = HEED_CLAIM_SEEDS_MAX,
	 .initial = "3",
	 .help = "runs of each family"},
	{.name = "steps",
	 HEED_INT64(struct claims_options, steps),
	 .max = 1e9,
	 .initial = "0",
	 .help = "most steps of any training; 0: as many as the experiment has"},
	{0},
};

static void tell(void *user, const char *claim, double share)
{
	heed_progress *p = user;

	heed_progress_estimate(p, share, -1);
	heed_progress_at(p, (int64_t)(100 * share), "%s", claim);
}

static int try_one(heed_cli *cli, const char *name, heed_report *report)
{
	const struct claims_options *o = cli->options;
	heed_progress progress = heed_progress_start(cli, name, "per cent", 100);
	heed_claims_options how = heed_claims_defaults();
	heed_code code;

	how.seeds = o->seeds;
	how.quick = o->quick;
	how.most_steps = o->steps;
	how.tell = tell;
	how.user = &progress;
	code = heed_claim_try(cli->ctx, name, &how, report);
	heed_progress_end(&progress);
	return code ? heed_cli_fail(cli) : HEED_EXIT_OK;
}

static int try_all(heed_cli *cli, heed_report *report)
{
	const char *name;
	int status = HEED_EXIT_OK;

	if (cli->word_count > 0) {
		for (int i = 0; !status && i < cli->word_count; i++)
			status = try_one(cli, cli->words[i], report);
		return status;
	}
	for (int i = 0; !status && (name = heed_claim_name(i, NULL)) != NULL; i++)
		status = try_one(cli, name, report);
	return status;
}

/* Before hours of work: are all of these claims? */
static int check_words(heed_cli *cli)
{
	for (int w = 0; w < cli->word_count; w++) {
		const char *name;
		int i = 0;

		while ((name = heed_claim_name(i, NULL)) != NULL && strcmp(name, cli->words[w]) != 0)
			i++;
		if (!name)
			return heed_cli_refuse(cli, "no claim \"%s\"; heed claims --help lists them",
					       cli->words[w]);
	}
	return HEED_EXIT_OK;
}

static int run(heed_cli *cli)
{
	const struct claims_options *o = cli->options;
	heed_report *report;
	int status = check_words(cli);

	if (!status && o->output)
		status = heed_report_folder(cli, o->output);
	if (status)
		return status;
	report = heed_report_new(cli->ctx, "What is said of sequence models, tried out");
	status = report ? try_all(cli, report) : heed_cli_fail(cli);
	if (!status && o->output)
		status = heed_report_files(cli, report, o->output, "claims.json");
	if (!status)
		status = heed_report_print(cli, report);
	heed_report_free(report);
	return status;
}

const heed_command heed_cmd_claims = {
	.name = "claims",
	.kind = HEED_KIND_LOOK,
	.about = "try out what is said of sequence models",
	.operands = "[NAME]...",
	.max_words = -1,
	.options = options,
	.size = sizeof(struct claims_options),
	.details = "Each claim is an experiment that can come out either way: data are made, families of "
		   "models are trained on them with several seeds, and a sentence follows from the "
		   "numbers. Without a name all are tried, in some ten minutes on two processors.\n"
		   "memory: an RNN forgets, an LSTM forgets later, attention has no distance\n"
		   "bottleneck: one vector is too narrow for long sentences\n"
		   "parallel: an RNN works step by step, attention all at once\n"
		   "sets: without positions, attention does not see the order of words\n"
		   "senses: in context one word has different vectors\n"
		   "alignment: attention finds the words that belong together\n"
		   "baselines: no language model is the best one in everything",
	.examples = "heed claims -o claims\nheed claims memory --quick\n",
	.run = run,
};
