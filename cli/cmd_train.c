/* heed train FAMILY: from text to a model file. */
#include "heed/json.h"
#include "progress.h"
#include "training.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const heed_field options[] = {
	{.name = "output",
	 .letter = 'o',
	 HEED_PATH(struct training_options, output),
	 .required = true,
	 .help = "the model; beside it MODEL.run/ holds checkpoints"},
	{.name = "log",
	 HEED_PATH(struct training_options, log),
	 .help = "a line of JSON for every step and validation"},
	TRAINING_DATA,
	HEED_TRAIN_FIELDS,
	{0},
};

/* Where the news of a training goes. */
struct news {
	heed_cli *cli;
	heed_progress progress;
	FILE *log;
};

static void write_log(FILE *log, const heed_train_event *e)
{
	static const char *const names[] = {"start", "train", "fit", "eval", "save", "stop"};
	struct rusage usage;
	heed_json j;

	getrusage(RUSAGE_SELF, &usage);
	heed_json_to_file(&j, log);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "event", names[e->kind]);
	heed_json_int(&j, "step", e->step);
	heed_json_int(&j, "epoch", e->epoch);
	heed_json_int(&j, "tokens", e->tokens);
	if (e->kind == HEED_TRAIN_STEP) {
		heed_json_double(&j, "loss", e->loss);
		heed_json_double(&j, "learning_rate", e->lr);
		heed_json_double(&j, "grad_norm", e->grad_norm);
		if (!isfinite(e->loss) || !isfinite(e->grad_norm))
			heed_json_bool(&j, "nonfinite", true);
	}
	if (e->kind == HEED_TRAIN_VALID) {
		heed_json_double(&j, "eval_loss", e->loss);
		heed_json_double(&j, "perplexity", exp(e->loss));
		if (!isnan(e->bleu)) {
			heed_json_double(&j, "bleu", e->bleu);
			heed_json_double(&j, "chrf", e->chrf);
		}
		if (!isnan(e->accuracy))
			heed_json_double(&j, "accuracy", e->accuracy);
	}
	heed_json_double(&j, "tokens_per_second", e->tokens_per_second);
	heed_json_double(&j, "wall_seconds", e->seconds);
	heed_json_int(&j, "rss_bytes", (int64_t)usage.ru_maxrss * 1024);
	heed_json_int(&j, "allocations", (int64_t)e->allocations);
	if (e->text)
		heed_json_string(&j, "text", e->text);
	heed_json_end(&j);
	fputc('\n', log);
	fflush(log);
}

/* Those that have been gone through to their end. */
static int whole_epochs(const heed_train_event *e)
{
	return e->epoch - (e->batch > 0 || e->step == 0);
}

static void say_validation(struct news *n, const heed_train_event *e)
{
	char time[32], more[64] = "";

	heed_progress_duration(e->seconds, time, sizeof time);
	if (!isnan(e->bleu))
		snprintf(more, sizeof more, ", BLEU %.2f, chrF %.2f", e->bleu, e->chrf);
	else if (!isnan(e->accuracy))
		snprintf(more, sizeof more, ", accuracy %.2f %%", 100 * e->accuracy);
	heed_progress_clear(&n->progress);
	heed_cli_note(n->cli, "step %lld, epoch %d, %s: validation loss %.4f, perplexity %.2f%s%s",
		      (long long)e->step, e->epoch, time, e->loss, exp(e->loss), more,
		      e->improved ? ", the best so far" : "");
}

static double share_done(const heed_train_event *e)
{
	if (e->seconds_left < 0)
		return -1;
	return e->seconds + e->seconds_left > 0 ? e->seconds / (e->seconds + e->seconds_left) : 1;
}

static void on_event(void *user, const heed_train_event *e)
{
	struct news *n = user;

	if (n->log)
		write_log(n->log, e);
	switch (e->kind) {
	case HEED_TRAIN_START:
		heed_cli_note(n->cli, "%zu parameters, %d batches an epoch%s", e->parameters, e->batches,
			      e->step > 0 ? "; goes on from the checkpoint" : "");
		n->progress = heed_progress_start(n->cli, "training", "step", e->steps);
		heed_progress_at(&n->progress, e->step, NULL);
		break;
	case HEED_TRAIN_STEP:
		heed_progress_estimate(&n->progress, share_done(e), e->seconds_left);
		heed_progress_at(&n->progress, e->step, "epoch %d, loss %.3f, lr %.2g, %.0f tokens/s%s",
				 e->epoch, e->loss, e->lr, e->tokens_per_second,
				 e->skipped ? ", steps without finite gradient skipped" : "");
		break;
	case HEED_TRAIN_FIT:
		heed_progress_estimate(&n->progress, share_done(e), e->seconds_left);
		heed_progress_at(&n->progress, 0, "%s", e->text);
		break;
	case HEED_TRAIN_VALID:
		say_validation(n, e);
		break;
	case HEED_TRAIN_SAVE:
		break;
	case HEED_TRAIN_STOP:
		heed_progress_end(&n->progress);
		heed_cli_note(n->cli, "%s: %lld steps, %d epochs", e->text, (long long)e->step,
			      whole_epochs(e));
		break;
	}
}

/* The step of a line of the log, -1 when it has none. */
static long long step_of(const char *line)
{
	const char *at = strstr(line, "\"step\":");
	long long step = 0;

	if (!at)
		return -1;
	for (at += 7; *at >= '0' && *at <= '9'; at++)
		step = step * 10 + (*at - '0');
	return step;
}

/* Opens the log; a resumed run goes on behind the lines of the steps that its checkpoint has seen. */
static FILE *open_log(const char *path, bool resume, long long last_step)
{
	FILE *log = fopen(path, resume ? "r+" : "w");
	char line[4096];
	long keep = 0;

	if (!log && resume)
		log = fopen(path, "w");
	if (!log || !resume)
		return log;
	while (fgets(line, sizeof line, log) && step_of(line) <= last_step)
		keep = ftell(log);
	if (fseek(log, keep, SEEK_SET) || ftruncate(fileno(log), keep)) {
		fclose(log);
		return NULL;
	}
	return log;
}

static int run(heed_cli *cli)
{
	const struct training_options *o = cli->options;
	struct news news = {.cli = cli};
	struct training t;
	int status = heed_training_open(cli, &t, true);

	if (!status && o->log) {
		int64_t step = 0;

		if (o->train.resume && heed_train_position(cli->ctx, o->output, &step))
			status = heed_cli_fail(cli);
		else if (!(news.log = open_log(o->log, o->train.resume, (long long)step)))
			status = heed_cli_stop(cli, "%s: could not be opened: %s", o->log, strerror(errno));
	}
	if (!status) {
		t.job.event = on_event;
		t.job.user = &news;
		if (heed_train(cli->ctx, &t.job)) {
			heed_progress_end(&news.progress);
			status = heed_cli_fail(cli);
		} else {
			heed_cli_note(cli, "%s is ready", o->output);
		}
	}
	if (news.log)
		fclose(news.log);
	heed_training_close(&t);
	return status;
}

const heed_command heed_cmd_train = {
	.name = "train",
	.kind = HEED_KIND_TRAIN,
	.about = "train a model on text",
	.family = heed_training_family,
	.options = options,
	.size = sizeof(struct training_options),
	.details = "The model is written when a validation is the best so far, and at the end. An "
		   "interrupted or killed "
		   "training goes on with --resume, to the same bytes that it would have reached without.",
	.examples = "heed train transformer --preset tiny --src train.en --tgt train.de --valid-src val.en "
		    "--valid-tgt val.de --minutes 30 -o en-de.heed\n",
	.run = run,
};
