/* What a training would take, before it begins: a few real steps, thrown away, or counting alone. */
#include "train/trainer.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#define LEAST_STEPS     4
#define TIMED_STEPS     64  /* at most, and */
#define TIMED_SECONDS   4.0 /* when so long has been measured, no more */
#define SENTENCE        25  /* tokens, when there is no data to look at */
#define VALID_BATCHES   3
#define VALID_SENTENCES 128

/* Blocks of the parameters' size that a training holds: values, gradients, moments, moving average. */
static size_t blocks(const heed_train_options *o)
{
	return 2 + (size_t)heed__optimizer_moments(o) + (o->ema > 0);
}

static heed_code step_at(heed__run *r, int batch, double *seconds)
{
	const double start = heed__clock();
	heed_code code;

	r->batch = batch;
	code = heed__run_step(r);
	*seconds = heed__clock() - start;
	return code;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Seconds and arithmetic of a token: the median over steps on the epoch's first batches, after two that warm up. */
static heed_code time_steps(heed__run *r, double *seconds_per_token, double *flops_per_token)
{
	const int batches = heed_dataset_batches(r->train);
	double each[TIMED_STEPS], total = 0, seconds;
	int timed = 0;
	heed_code code = step_at(r, heed__run_largest(r), &seconds);

	if (code == HEED_OK)
		code = step_at(r, 0, &seconds);
	while (code == HEED_OK && timed < TIMED_STEPS && (timed < LEAST_STEPS || total < TIMED_SECONDS)) {
		const int64_t before = r->tokens_here;

		code = step_at(r, timed * r->options->accumulate % batches, &seconds);
		if (code != HEED_OK)
			break;
		each[timed++] = seconds / (double)(r->tokens_here - before);
		total += seconds;
		*flops_per_token = heed_tape_used(r->tape).flops * r->options->accumulate /
				   (double)(r->tokens_here - before);
	}
	if (code == HEED_OK) {
		qsort(each, (size_t)timed, sizeof *each, by_size);
		*seconds_per_token = each[timed / 2];
	}
	return code;
}

/* Seconds that the translations of a validation take: a fresh model says more than one that has learned, so they
 * are reckoned by the tokens of the references. */
static heed_code time_translations(heed__run *r, double *seconds)
{
	const double start = heed__clock();
	int64_t said = 1;
	heed_code code;

	*seconds = 0;
	if (!heed__validate_translates(r))
		return HEED_OK;
	code = heed__validate_longest(r, VALID_SENTENCES, &said);
	*seconds = (heed__clock() - start) * (double)heed_dataset_tokens(r->valid, true) / (double)said;
	return code;
}

/* Seconds that one validation takes. */
static heed_code time_validation(heed__run *r, double *seconds)
{
	int64_t measured = 0, all = 0;
	const double start = heed__clock();
	double translations;
	heed_code code;

	*seconds = 0;
	if (r->valid == NULL)
		return HEED_OK;
	for (int i = 0; i < heed_dataset_batches(r->valid); i++) {
		int source, target;
		double loss;

		heed_dataset_measure(r->valid, i, &source, &target);
		all += target;
		if (i >= VALID_BATCHES)
			continue;
		measured += target;
		if (heed__validate_batch(r, i, &loss) != HEED_OK)
			return heed_error_code(r->ctx);
	}
	*seconds = (heed__clock() - start) * (double)all / (double)measured;
	code = time_translations(r, &translations);
	*seconds += translations;
	return code;
}

/* The peak of the process: what the library holds at most and what stands beside it, plus the copies of the
 * weights that writing and averaging make. */
static size_t process_peak(const heed__run *r)
{
	const heed_memory memory = heed_ctx_memory(r->ctx);
	const size_t weights = heed_params_size(r->trained.model->params) * sizeof(float);
	const size_t shipping = memory.bytes + (r->options->average > 1 ? 4 : 2) * weights;
	struct rusage usage;
	size_t beside;

	getrusage(RUSAGE_SELF, &usage);
	beside = (size_t)usage.ru_maxrss * 1024 > memory.peak ? (size_t)usage.ru_maxrss * 1024 - memory.peak
							      : 0;
	return (shipping > memory.peak ? shipping : memory.peak) + beside;
}

static void reckon(heed__run *r, double seconds_per_token, double flops_per_token, double validation,
		   heed_plan *p)
{
	const heed_train_options *const o = r->options;
	const int batches = heed_dataset_batches(r->train),
		  steps = (batches + o->accumulate - 1) / o->accumulate;
	const double tokens =
		(double)heed_dataset_tokens(r->train, false) + (double)heed_dataset_tokens(r->train, true);
	double every;

	p->tokens_per_step = tokens / steps;
	p->flops_per_step = flops_per_token * p->tokens_per_step;
	p->seconds_per_step = seconds_per_token * p->tokens_per_step;
	every = o->valid_every > 0 ? (double)o->valid_every : steps;
	p->steps = heed__run_steps(r);
	if (o->minutes > 0) {
		const double fit = o->minutes * 60 / (p->seconds_per_step + validation / every);

		if (p->steps == 0 || fit < (double)p->steps)
			p->steps = (int64_t)fit;
	}
	p->seconds = (double)p->steps * p->seconds_per_step + floor((double)p->steps / every) * validation;
}

/* There are no steps to time where a family reads the whole text at once. */
static heed_code check_descends(heed_ctx *ctx, const heed_train_job *job)
{
	return job->family->fit == NULL
		       ? HEED_OK
		       : heed__error(ctx, HEED_E_UNSUPPORTED,
				     "plan: %s estimates itself and has no steps to time", job->family->name);
}

heed_code heed_plan_training(heed_ctx *ctx, const heed_train_job *job, heed_plan *plan)
{
	heed_train_job quiet = *job;
	double seconds_per_token = 0, flops_per_token = 0, validation = 0;
	heed__run run;
	heed_code code;

	*plan = (heed_plan){0};
	quiet.event = NULL;
	if (check_descends(ctx, job) != HEED_OK)
		return HEED_E_UNSUPPORTED;
	code = heed__run_open(&run, ctx, &quiet, NULL);
	if (code == HEED_OK) {
		const size_t size = heed_params_size(run.trained.model->params);

		plan->parameters = heed_params_total(run.trained.model->params);
		plan->parameter_bytes = size * sizeof(float) * blocks(job->options);
		(void)((code = time_steps(&run, &seconds_per_token, &flops_per_token)) != HEED_OK ||
		       (code = time_validation(&run, &validation)) != HEED_OK);
	}
	if (code == HEED_OK) {
		const heed_tape_usage used = heed_tape_used(run.tape);

		plan->batch_bytes = used.data_bytes + used.scratch_bytes + used.meta_bytes;
		plan->data_bytes = heed_ctx_memory(ctx).bytes - plan->parameter_bytes - plan->batch_bytes;
		plan->memory = process_peak(&run);
		reckon(&run, seconds_per_token, flops_per_token, validation, plan);
	}
	heed__run_close(&run);
	return code;
}

/* A batch of equal sentences, made of the first real id. */
static void even_batch(int sentences, int *start, int *ids, heed_batch *batch)
{
	for (int i = 0; i <= sentences; i++)
		start[i] = i * SENTENCE;
	for (int i = 0; i < sentences * SENTENCE; i++)
		ids[i] = HEED_EOS_ID;
	*batch = (heed_batch){.source = {{sentences, start}, ids},
			      .input = {{sentences, start}, ids},
			      .targets = ids,
			      .labels = ids};
}

static heed_code count_batch(heed_ctx *ctx, const heed_model *model, int tokens, heed_plan *plan)
{
	const int sentences = tokens / SENTENCE + 1;
	int *const numbers = heed__calloc(ctx, (size_t)sentences * (SENTENCE + 1) + 1, sizeof *numbers);
	heed_tape *const tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN | HEED_TAPE_PLAN);
	heed_code code = HEED_E_MEMORY;
	heed_batch batch;

	if (numbers != NULL && tape != NULL) {
		even_batch(sentences, numbers, numbers + sentences + 1, &batch);
		code = heed_tape_backward(tape, model->family->loss(model, tape, &batch, NULL));
		if (code == HEED_OK)
			code = heed_tape_code(tape);
	}
	if (code == HEED_OK) {
		const heed_tape_usage used = heed_tape_used(tape);

		plan->batch_bytes = used.data_bytes + used.scratch_bytes + used.meta_bytes;
		plan->flops_per_step = used.flops;
		plan->tokens_per_step = 2.0 * sentences * SENTENCE;
	}
	heed_tape_free(tape);
	heed__free(ctx, numbers);
	return code;
}

heed_code heed_plan_shape(heed_ctx *ctx, const heed_train_job *job, int source_vocab, int target_vocab,
			  heed_plan *plan)
{
	heed_model *model;
	heed_code code;

	*plan = (heed_plan){0};
	if (check_descends(ctx, job) != HEED_OK)
		return HEED_E_UNSUPPORTED;
	model = heed_model_new(ctx, job->family, job->config, source_vocab, target_vocab,
			       HEED_MODEL_TRAIN | HEED_MODEL_PLAN);
	if (model == NULL)
		return heed_error_code(ctx);
	plan->parameters = heed_params_total(model->params);
	plan->parameter_bytes = heed_params_size(model->params) * sizeof(float) * blocks(job->options);
	code = count_batch(ctx, model, job->options->batch_tokens, plan);
	plan->memory = plan->parameter_bytes + plan->batch_bytes;
	heed_model_free(model);
	return code;
}
