/* What a training would take, before it begins: a few real steps, thrown away, or counting alone. */
#include "train/trainer.h"

#include "base/file.h"

#include <math.h>
#include <sys/resource.h>

#define TIMED_STEPS   4
#define SENTENCE      25 /* tokens, when there is no data to look at */
#define VALID_BATCHES 3

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

/* Seconds and arithmetic of a token, from steps over the epoch's first batches after one that warms up. */
static heed_code time_steps(heed__run *r, double *seconds_per_token, double *flops_per_token)
{
	const int batches = heed_dataset_batches(r->train);
	const int64_t before = r->tokens_here;
	double total = 0, seconds;
	heed_code code = step_at(r, heed__run_largest(r), &seconds);
	int64_t warm = r->tokens_here, last;

	for (int i = 0; code == HEED_OK && i < TIMED_STEPS; i++) {
		last = r->tokens_here;
		code = step_at(r, i * r->options->accumulate % batches, &seconds);
		total += seconds;
		if (code == HEED_OK && r->tokens_here > last)
			*flops_per_token = heed_tape_used(r->tape).flops * r->options->accumulate /
					   (double)(r->tokens_here - last);
	}
	warm -= before;
	*seconds_per_token = total / (double)(r->tokens_here - before - warm);
	return code;
}

/* Seconds that one validation takes; translations are reckoned from the cost of the loss. */
static heed_code time_validation(heed__run *r, double *seconds)
{
	int64_t measured = 0, all = 0;
	const double start = heed__clock();

	*seconds = 0;
	for (int i = 0; r->valid != NULL && i < heed_dataset_batches(r->valid); i++) {
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
	if (measured > 0)
		*seconds = (heed__clock() - start) * (double)all / (double)measured;
	if (r->options->valid_metric != HEED_VALID_LOSS)
		*seconds *= 1 + 2 * r->options->valid_beam;
	return HEED_OK;
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

heed_code heed_plan_training(heed_ctx *ctx, const heed_train_job *job, heed_plan *plan)
{
	heed_train_job quiet = *job;
	double seconds_per_token = 0, flops_per_token = 0, validation = 0;
	heed__run run;
	heed_code code;

	*plan = (heed_plan){0};
	quiet.event = NULL;
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
	heed_model *const model = heed_model_new(ctx, job->family, job->config, source_vocab, target_vocab,
						 HEED_MODEL_TRAIN | HEED_MODEL_PLAN);
	heed_code code;

	*plan = (heed_plan){0};
	if (model == NULL)
		return heed_error_code(ctx);
	plan->parameters = heed_params_total(model->params);
	plan->parameter_bytes = heed_params_size(model->params) * sizeof(float) * blocks(job->options);
	code = count_batch(ctx, model, job->options->batch_tokens, plan);
	plan->memory = plan->parameter_bytes + plan->batch_bytes;
	heed_model_free(model);
	return code;
}
