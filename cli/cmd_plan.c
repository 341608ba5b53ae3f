/* heed plan FAMILY: parameters, memory and time of a training, before it begins. */
#include "heed/json.h"
#include "progress.h"
#include "training.h"

#include <math.h>

static const heed_field options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct training_options, output),
	 .help = "not used; there so that the options of train can be pasted"},
	{.name = "log", HEED_PATH(struct training_options, log), .help = "not used"},
	TRAINING_DATA,
	HEED_TRAIN_FIELDS,
	{0},
};

static void print_json(const heed_plan *p, bool timed)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_int(&j, "parameters", (int64_t)p->parameters);
	heed_json_int(&j, "parameter_bytes", (int64_t)p->parameter_bytes);
	heed_json_int(&j, "batch_bytes", (int64_t)p->batch_bytes);
	heed_json_int(&j, "data_bytes", (int64_t)p->data_bytes);
	heed_json_int(&j, "memory_bytes", (int64_t)p->memory);
	heed_json_double(&j, "tokens_per_step", p->tokens_per_step);
	heed_json_double(&j, "flops_per_step", p->flops_per_step);
	if (timed) {
		heed_json_double(&j, "seconds_per_step", p->seconds_per_step);
		heed_json_int(&j, "steps", p->steps);
		heed_json_double(&j, "seconds", p->seconds);
	}
	heed_json_end(&j);
	putchar('\n');
}

static void print_table(const heed_plan *p, bool timed)
{
	const double megabyte = 1e6;
	char time[32];

	printf("parameters      %.1f M (%zu)\n", (double)p->parameters / 1e6, p->parameters);
	printf("memory          %.0f MB", (double)p->memory / megabyte);
	printf(" (parameters, gradients, moments %.0f, a batch %.0f", (double)p->parameter_bytes / megabyte,
	       (double)p->batch_bytes / megabyte);
	if (timed)
		printf(", data %.0f", (double)p->data_bytes / megabyte);
	printf(")\n");
	printf("a step          %.0f tokens, %.1f GFLOP", p->tokens_per_step, p->flops_per_step / 1e9);
	if (timed)
		printf(", %.2f s, %.0f tokens/s", p->seconds_per_step,
		       p->tokens_per_step / p->seconds_per_step);
	printf("\n");
	if (timed && p->steps > 0) {
		heed_progress_duration(p->seconds, time, sizeof time);
		printf("time            %s for %lld steps\n", time, (long long)p->steps);
	}
}

/* The vocabulary when there is no data to learn one from: the tokenizer file's, or --vocab. */
static int vocabulary(const struct training *t, const struct training_options *o)
{
	return t->tokenizer ? heed_tokenizer_size(t->tokenizer) : o->train.vocab;
}

static int run(heed_cli *cli)
{
	const struct training_options *o = cli->options;
	heed_plan plan = {0};
	struct training t;
	int status = heed_training_open(cli, &t, false);
	const bool timed = t.train != NULL;

	if (!status) {
		heed_code code;

		if (timed && !o->train.steps && !o->train.epochs && o->train.minutes <= 0 &&
		    !o->train.patience)
			((struct training_options *)cli->options)->train.epochs = 1;
		code = timed ? heed_plan_training(cli->ctx, &t.job, &plan)
			     : heed_plan_shape(cli->ctx, &t.job, vocabulary(&t, o), vocabulary(&t, o), &plan);
		status = code ? heed_cli_fail(cli) : HEED_EXIT_OK;
	}
	if (!status && cli->json)
		print_json(&plan, timed);
	else if (!status)
		print_table(&plan, timed);
	heed_training_close(&t);
	return status;
}

const heed_command heed_cmd_plan = {
	.name = "plan",
	.kind = HEED_KIND_TRAIN,
	.about = "say what a training would take: parameters, memory, time",
	.family = heed_training_family,
	.options = options,
	.size = sizeof(struct training_options),
	.details = "Takes the options of heed train. With data it runs a few steps on this machine and "
		   "throws them away; "
		   "without, it counts parameters and memory for --vocab pieces and sentences of 25 tokens.",
	.examples = "heed plan transformer --preset base --vocab 37000\n"
		    "heed plan transformer --preset tiny --src train.en --tgt train.de --epochs 30\n",
	.run = run,
};
