/* The loop: batches, gradients, updates, validations, checkpoints, until the budget is spent. */
#include "train/trainer.h"

#include "base/file.h"
#include "heed/vectors.h"
#include "tensor/tape.h"
#include "train/schedule.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAD_STEPS 5 /* in a row without a finite gradient end the run */

const float *heed__run_weights(const heed__run *r)
{
	return r->ema != NULL ? r->ema : heed_params_values(r->trained.model->params);
}

double heed__run_seconds(const heed__run *r)
{
	return r->seconds + (heed__clock() - r->started);
}

int64_t heed__run_steps(const heed__run *r)
{
	const heed_train_options *const o = r->options;
	const int64_t epoch = (heed_dataset_batches(r->train) + o->accumulate - 1) / o->accumulate;
	const int64_t by_epochs = o->epochs * epoch;

	if (o->steps > 0 && by_epochs > 0)
		return o->steps < by_epochs ? o->steps : by_epochs;
	return o->steps > 0 ? o->steps : by_epochs;
}

static double seconds_left(const heed__run *r)
{
	const double spent = heed__run_seconds(r);
	const int64_t steps = heed__run_steps(r);
	double left =
		steps > 0 && r->step > 0 ? spent / (double)r->step * (double)(steps - r->step) : INFINITY;

	if (r->options->minutes > 0)
		left = fmin(left, r->options->minutes * 60 - spent);
	return isfinite(left) ? fmax(left, 0) : -1;
}

void heed__run_tell(const heed__run *r, heed_train_event *e)
{
	const heed_memory memory = heed_ctx_memory(r->ctx);

	*e = (heed_train_event){
		.step = r->step,
		.steps = heed__run_steps(r),
		.epoch = r->epoch +
			 (r->batch > 0 || r->epoch == 0), /* that is being, or has just been, gone through */
		.batch = r->batch,
		.batches = heed_dataset_batches(r->train),
		.tokens = r->tokens,
		.loss = NAN,
		.lr = NAN,
		.grad_norm = NAN,
		.tokens_per_second = r->step_seconds > 0 ? (double)r->tokens_here / r->step_seconds : NAN,
		.seconds = heed__run_seconds(r),
		.seconds_left = seconds_left(r),
		.bleu = NAN,
		.chrf = NAN,
		.accuracy = NAN,
		.best = NAN,
		.skipped = r->skipped,
		.allocations = memory.allocations,
		.parameters = heed_params_total(r->trained.model->params),
		.memory_peak = memory.peak,
	};
}

void heed__run_report(const heed__run *r, const heed_train_event *e)
{
	if (r->job->event != NULL)
		r->job->event(r->job->user, e);
}

static void tell_text(heed__run *r, heed_train_kind kind, const char *text)
{
	heed_train_event e;

	heed__run_tell(r, &e);
	e.kind = kind;
	e.text = text;
	heed__run_report(r, &e);
}

/* --- one step --- */

/* Batches of the next step: as many as are accumulated, fewer at the end of the epoch. */
static int group_size(const heed__run *r)
{
	const int left = heed_dataset_batches(r->train) - r->batch;

	return left < r->options->accumulate ? left : r->options->accumulate;
}

static int64_t group_targets(const heed__run *r, int count, int64_t *tokens)
{
	const bool labels = r->job->family->task == HEED_TASK_CLASSIFY;
	int64_t targets = 0;

	*tokens = 0;
	for (int i = 0; i < count; i++) {
		int source, target;

		heed_dataset_measure(r->train, r->batch + i, &source, &target);
		targets += target;
		*tokens += labels ? source : source + target;
	}
	return targets;
}

/* Gradients of one batch, added to those of the group. */
static heed_code batch_gradient(heed__run *r, int index, int64_t weight, double *loss)
{
	heed_batch batch;
	heed_tensor *mean;
	heed_code code = heed_dataset_batch(r->train, index, &batch);

	if (code != HEED_OK)
		return code;
	batch.weight = weight;
	batch.carry = r->carry;
	if (r->carry != NULL && index == 0) /* the stream begins anew */
		memset(r->carry, 0, r->carry_floats * sizeof *r->carry);
	heed_tape_reset(r->tape, r->micro++);
	mean = r->job->family->loss(r->trained.model, r->tape, &batch, NULL);
	code = heed_tape_backward(r->tape, mean);
	if (code == HEED_OK)
		*loss += mean->data[0];
	return code;
}

static heed_code group_gradient(heed__run *r, int count, int64_t *tokens, double *loss)
{
	heed_params *const p = r->trained.model->params;
	const int64_t weight = group_targets(r, count, tokens);
	heed_code code = HEED_OK;

	heed_params_begin(p);
	for (int i = 0; code == HEED_OK && i < count; i++)
		code = batch_gradient(r, r->batch + i, weight, loss);
	heed_params_settle(p);
	return code;
}

/* The update, unless a number of the gradient is not finite. */
static heed_code apply(heed__run *r, double loss, heed_train_event *e)
{
	const heed_train_options *const o = r->options;
	heed_params *const p = r->trained.model->params;
	const double norm = heed__optimizer_norm(&r->optimizer, heed_params_gradients(p));

	e->grad_norm = norm;
	e->lr = heed__schedule_rate(o, r->step + 1, heed__run_steps(r), r->plateau);
	if (!isfinite(norm) || !isfinite(loss)) {
		r->skipped++;
		if (++r->bad_in_row == BAD_STEPS)
			return heed__error(r->ctx, HEED_E_NONFINITE,
					   "training: step %lld is the %dth in a row without a finite "
					   "gradient (loss %g, "
					   "norm %g); the last good files stay; try a lower --lr or --clip 1",
					   (long long)r->step + 1, BAD_STEPS, fabs(loss), fabs(norm));
		return HEED_OK;
	}
	r->bad_in_row = 0;
	r->loss_sum += loss;
	r->loss_steps++;
	heed__optimizer_step(&r->optimizer, heed_params_values(p), heed_params_gradients(p),
			     o->clip > 0 && norm > o->clip ? o->clip / norm : 1, e->lr);
	if (r->ema != NULL) /* a short memory while there is little to remember */
		heed__optimizer_average(&r->optimizer, heed_params_values(p), r->ema,
					fmin(o->ema, (1.0 + (double)r->optimizer.updates) /
							     (10.0 + (double)r->optimizer.updates)));
	return HEED_OK;
}

heed_code heed__run_step(heed__run *r)
{
	const double start = heed__clock();
	const int count = group_size(r);
	double loss = 0, lr, norm;
	int64_t tokens;
	heed_train_event e = {0};
	heed_code code = group_gradient(r, count, &tokens, &loss);

	if (code == HEED_OK)
		code = apply(r, loss, &e);
	if (code != HEED_OK)
		return code;
	lr = e.lr;
	norm = e.grad_norm;
	r->step++;
	r->batch += count;
	r->tokens += tokens;
	r->tokens_here += tokens;
	r->step_seconds += heed__clock() - start;
	heed__run_tell(r, &e);
	e.kind = HEED_TRAIN_STEP;
	e.loss = loss;
	e.lr = lr;
	e.grad_norm = norm;
	heed__run_report(r, &e);
	return HEED_OK;
}

/* --- the run --- */

static const char *spent(const heed__run *r)
{
	const heed_train_options *const o = r->options;

	if (o->steps > 0 && r->step >= o->steps)
		return "all steps are done";
	if (o->epochs > 0 && r->epoch >= o->epochs)
		return "all epochs are done";
	if (o->patience > 0 && r->bad_validations >= o->patience)
		return "no better validation for long";
	if (o->minutes > 0 && heed__run_seconds(r) >= o->minutes * 60)
		return "the time is up";
	return NULL;
}

static bool due(int64_t step, int64_t every)
{
	return every > 0 && step % every == 0;
}

/* Whether these weights are to be validated and have not been: with no number of steps, at the ends of epochs. */
static bool validation_due(const heed__run *r)
{
	const int64_t every = r->options->valid_every;

	return r->validated < r->step && (every > 0 ? due(r->step, every) : r->batch == 0);
}

/* What follows a step: the next epoch, validation, checkpoint. */
static heed_code after_step(heed__run *r)
{
	heed_code code = HEED_OK;

	if (r->batch == heed_dataset_batches(r->train)) {
		r->epoch++;
		r->batch = 0;
		code = heed_dataset_epoch(r->train, r->epoch);
	}
	if (code == HEED_OK && validation_due(r))
		code = heed__validate(r);
	else if (code == HEED_OK && due(r->step, r->options->save_every))
		code = heed__checkpoint_save(r);
	return code;
}

/* The checkpoint of an interrupted run; the error is the interruption, or that it could not be saved. */
static heed_code save_interrupted(heed__run *r)
{
	heed_code code = heed__checkpoint_save(r);

	if (code == HEED_OK)
		code = heed__error(
			r->ctx, HEED_E_INTERRUPTED,
			"training: stopped on request after step %lld; --resume goes on from there",
			(long long)r->step);
	return code;
}

static heed_code finish(heed__run *r, const char *why)
{
	heed_code code = r->validated < r->step ? heed__validate(r) : HEED_OK;

	if (code == HEED_OK)
		code = heed__snapshot_ship(r);
	if (code == HEED_OK) {
		r->finished = true;
		code = heed__checkpoint_save(r);
	}
	if (code == HEED_OK)
		tell_text(r, HEED_TRAIN_STOP, why);
	return code;
}

heed_code heed__run_loop(heed__run *r)
{
	const char *why = NULL;
	heed_code code = HEED_OK;

	tell_text(r, HEED_TRAIN_START, r->step > 0 ? "goes on" : "begins");
	if (r->job->family->fit != NULL)
		return heed__run_fit(r);
	if (validation_due(r)) /* it was interrupted there */
		code = heed__validate(r);
	while (code == HEED_OK && (why = spent(r)) == NULL) {
		code = heed_interrupted(r->ctx) ? HEED_E_INTERRUPTED : heed__run_step(r);
		if (code == HEED_OK)
			code = after_step(r);
	}
	if (code == HEED_OK)
		code = finish(r, why);
	return code == HEED_E_INTERRUPTED ? save_interrupted(r) : code;
}

/* --- setting up --- */

static heed_tokenizer *learn(heed__run *r, bool sources, bool targets)
{
	static const char *const kinds[] = {"word", "char", "byte", "bpe", "unigram", "space", "sentence"};
	static const heed_normalization forms[] = {HEED_NORMALIZE_NFC, HEED_NORMALIZE_NFKC,
						   HEED_NORMALIZE_NONE};
	const heed_train_options *const o = r->options;
	heed_examples_cursor cursor = {r->job->train, 0, sources, targets};

	return heed_tokenizer_train(r->ctx,
				    &(heed_tokenizer_options){.kind = kinds[o->tokenizer],
							      .vocab = o->merges > 0 ? 0 : o->vocab,
							      .merges = o->merges,
							      .min_count = o->min_count,
							      .normalization = forms[o->normalization],
							      .lowercase = o->lowercase},
				    heed_examples_line, &cursor);
}

/* The labels of classifiers: each is one token. */
static heed_tokenizer *learn_labels(heed__run *r)
{
	heed_examples_cursor cursor = {r->job->train, 0, false, true};

	return heed_tokenizer_train(
		r->ctx, &(heed_tokenizer_options){.kind = "sentence", .normalization = HEED_NORMALIZE_NONE},
		heed_examples_line, &cursor);
}

/* A tokenizer of the checkpoint, copied: it was learned from the same data. */
static heed_tokenizer *reload(heed__run *r, const heed_model_file *file, const char *name)
{
	const heed__file_tensor *const t = heed__model_file_find(file, name);

	if (t != NULL && t->dtype == HEED__FILE_U8)
		return heed_tokenizer_load(r->ctx, t->data, t->bytes);
	heed__error(r->ctx, HEED_E_FORMAT, "checkpoint: there is no %s", name);
	return NULL;
}

/* The target's own tokenizer; it is the source's where both sides share one. */
static heed_tokenizer *get_target(heed__run *r, const heed_model_file *checkpoint)
{
	const heed_model_class *const family = r->job->family;
	const bool separate = family->task == HEED_TASK_CLASSIFY ||
			      (family->task == HEED_TASK_TRANSLATE && r->options->separate);

	if (!separate)
		return r->trained.source;
	r->own_target = true;
	if (checkpoint != NULL)
		return reload(r, checkpoint, HEED__TOKENIZER_TARGET);
	return family->task == HEED_TASK_CLASSIFY ? learn_labels(r) : learn(r, false, true);
}

static heed_code get_tokenizers(heed__run *r, const heed_model_file *checkpoint)
{
	const heed_train_job *const job = r->job;
	const bool pairs = job->family->task == HEED_TASK_TRANSLATE;
	heed_trained *const t = &r->trained;

	r->own_source = job->source == NULL;
	if (job->source != NULL)
		t->source = (heed_tokenizer *)(uintptr_t)job->source;
	else if (checkpoint != NULL)
		t->source = reload(r, checkpoint, HEED__TOKENIZER);
	else
		t->source = learn(r, true, pairs && !r->options->separate);
	if (t->source == NULL)
		return heed_error_code(r->ctx);
	if (pairs && job->target != NULL)
		t->target = (heed_tokenizer *)(uintptr_t)job->target;
	else
		t->target = get_target(r, checkpoint);
	return t->target != NULL ? HEED_OK : heed_error_code(r->ctx);
}

/* max-length of the family, or none. */
static int longest_of(const heed_train_job *job)
{
	const heed_field *const f = heed_field_find(job->family->fields, "max-length");

	return f != NULL ? *(const int *)(const void *)((const char *)job->config + f->offset) : INT32_MAX;
}

static heed_code make_dataset(heed__run *r, const heed_examples *examples, bool valid, heed_dataset **dataset)
{
	const heed_train_options *const o = r->options;
	const bool whole = r->job->family->fit != NULL && !valid; /* no batches are made */
	int window;
	const heed_form form = heed_model_form(r->job->family, r->job->config, &window);
	const heed_code code =
		heed_dataset_new(examples, r->trained.source, r->trained.target,
				 &(heed_dataset_options){.form = form,
							 .window = window,
							 .batch_tokens = whole ? INT32_MAX : o->batch_tokens,
							 .max_length = longest_of(r->job),
							 .bucket = o->bucket,
							 .bpe_dropout = valid ? 0 : o->bpe_dropout,
							 .in_order = valid},
				 dataset);
	int64_t first, left_out;

	if (code != HEED_OK)
		return heed__error_prefix(r->ctx, "%s", valid ? "validation data" : "training data");
	left_out = heed_dataset_left_out(*dataset, &first);
	if (left_out > 0)
		heed__log(r->ctx, HEED_LOG_WARN,
			  "%s: %lld of %lld examples are too long and left out, the first is number %lld",
			  valid ? "validation data" : "training data", (long long)left_out,
			  (long long)heed_examples_count(examples), (long long)first + 1);
	return HEED_OK;
}

int heed__run_largest(const heed__run *r)
{
	int best = 0, most = 0;

	for (int i = 0; i < heed_dataset_batches(r->train); i++) {
		int source, target;

		heed_dataset_measure(r->train, i, &source, &target);
		if (source + target > most) {
			most = source + target;
			best = i;
		}
	}
	return best;
}

/* Counts what the largest batch needs, and gets it at once: no growth in the first steps, no gaps. */
static heed_code reserve(heed__run *r)
{
	heed_tape *const plan = heed_tape_new(r->ctx, HEED__TRAIN_TAPE | HEED_TAPE_PLAN);
	heed_batch batch;
	heed_code code = HEED_E_MEMORY;

	if (plan != NULL)
		code = heed_dataset_batch(r->train, heed__run_largest(r), &batch);
	if (code == HEED_OK)
		code = heed_tape_backward(plan, r->job->family->loss(r->trained.model, plan, &batch, NULL));
	if (code == HEED_OK && (code = heed_tape_code(plan)) == HEED_OK)
		code = heed__tape_reserve(r->tape, heed_tape_used(plan));
	heed_params_begin(r->trained.model->params);
	heed_tape_free(plan);
	return code;
}

/* What the sequences of a stream hand on, where there is anything of the kind. */
static float *new_carry(heed__run *r, const heed_dataset *d, size_t *floats)
{
	const int each = r->job->family->carry(r->trained.model);

	*floats = (size_t)each * (size_t)heed_dataset_sequences(d);
	return heed__calloc(r->ctx, *floats, sizeof(float));
}

static heed_code make_carries(heed__run *r)
{
	int window;

	if (r->job->family->carry == NULL ||
	    heed_model_form(r->job->family, r->job->config, &window) != HEED_FORM_STREAM)
		return HEED_OK;
	r->carry = new_carry(r, r->train, &r->carry_floats);
	if (r->valid != NULL)
		r->valid_carry = new_carry(r, r->valid, &r->valid_carry_floats);
	return r->carry != NULL && (r->valid == NULL || r->valid_carry != NULL) ? HEED_OK : HEED_E_MEMORY;
}

/* Vectors that were learned elsewhere, for the tokens that their file has. */
static heed_code start_embeddings(heed__run *r)
{
	const char *const path = r->job->embeddings;
	heed_tensor *const rows = (heed_tensor *)(uintptr_t)heed_model_vectors(r->trained.model);
	heed_vectors_filled filled;
	heed_code code;

	if (path == NULL)
		return HEED_OK;
	if (rows == NULL || r->job->family->fit != NULL)
		return heed__error(r->ctx, HEED_E_ARGUMENT, "embeddings: %s can't begin with vectors",
				   r->job->family->name);
	code = heed_vectors_fill(r->ctx, path, r->trained.source, rows, &filled);
	if (code == HEED_OK)
		heed__log(r->ctx, HEED_LOG_INFO, "%s: %d of %d tokens begin with its vectors", path,
			  filled.rows, rows->dim[0]);
	return code;
}

static heed_code make_model(heed__run *r)
{
	heed_trained *const t = &r->trained;
	const heed_train_options *const o = r->options;
	const bool descends = r->job->family->fit == NULL;
	size_t size;
	heed_code code;

	t->model = heed_model_new(r->ctx, r->job->family, r->job->config, heed_tokenizer_size(t->source),
				  heed_tokenizer_size(t->target), descends ? HEED_MODEL_TRAIN : 0);
	r->tape = heed_tape_new(r->ctx, HEED__TRAIN_TAPE);
	if (t->model == NULL || r->tape == NULL)
		return heed_error_code(r->ctx);
	code = start_embeddings(r);
	if (code != HEED_OK || !descends)
		return code;
	code = make_carries(r);
	if (code != HEED_OK)
		return code;
	size = heed_params_size(t->model->params);
	code = heed__optimizer_init(&r->optimizer, r->ctx, o, size);
	if (code == HEED_OK)
		code = reserve(r);
	if (code != HEED_OK || o->ema <= 0)
		return code;
	r->ema = heed__alloc(r->ctx, size * sizeof *r->ema);
	if (r->ema == NULL)
		return HEED_E_MEMORY;
	memcpy(r->ema, heed_params_values(t->model->params), size * sizeof *r->ema);
	return HEED_OK;
}

static heed_code check_metric(heed_ctx *ctx, const heed_train_job *job)
{
	const int metric = job->options->valid_metric;
	const bool fits = metric == HEED_VALID_ACCURACY ? job->family->classify != NULL
			  : metric != HEED_VALID_LOSS   ? job->family->task == HEED_TASK_TRANSLATE
							: true;

	return fits ? HEED_OK
		    : heed__error(ctx, HEED_E_ARGUMENT, "valid-metric: %s is not measured for %s",
				  metric == HEED_VALID_ACCURACY ? "accuracy"
				  : metric == HEED_VALID_BLEU   ? "bleu"
								: "chrf",
				  job->family->name);
}

heed_code heed__run_open(heed__run *r, heed_ctx *ctx, const heed_train_job *job,
			 const heed_model_file *checkpoint)
{
	heed_code code;

	*r = (heed__run){.ctx = ctx,
			 .job = job,
			 .options = job->options,
			 .trained = {.ctx = ctx},
			 .plateau = 1,
			 .best = INFINITY,
			 .started = heed__clock()};
	r->optimizer.ctx = ctx;
	r->history = heed__str_init(ctx, 0);
	(void)((code = heed_fields_check(ctx, heed_train_fields, job->options)) != HEED_OK ||
	       (code = check_metric(ctx, job)) != HEED_OK ||
	       (job->family->fit == NULL && (code = heed__schedule_check(ctx, job->options)) != HEED_OK) ||
	       (code = get_tokenizers(r, checkpoint)) != HEED_OK ||
	       (code = make_dataset(r, job->train, false, &r->train)) != HEED_OK);
	if (code == HEED_OK && job->valid != NULL)
		code = make_dataset(r, job->valid, true, &r->valid);
	if (code == HEED_OK)
		code = make_model(r);
	if (code == HEED_OK && checkpoint != NULL) {
		code = heed__checkpoint_load(r, checkpoint);
		if (code == HEED_OK)
			code = heed_dataset_epoch(r->train, r->epoch);
		if (code == HEED_OK && r->batch >= heed_dataset_batches(r->train))
			code = heed__error(ctx, HEED_E_FORMAT,
					   "checkpoint: it stands at batch %d of %d in epoch %d",
					   r->batch + 1, heed_dataset_batches(r->train), r->epoch + 1);
	}
	return code;
}

void heed__run_close(heed__run *r)
{
	heed_model_free(r->trained.model);
	if (r->own_target)
		heed_tokenizer_free(r->trained.target);
	if (r->own_source)
		heed_tokenizer_free(r->trained.source);
	heed_dataset_free(r->train);
	heed_dataset_free(r->valid);
	heed_tape_free(r->tape);
	heed__optimizer_release(&r->optimizer);
	heed__free(r->ctx, r->ema);
	heed__free(r->ctx, r->carry);
	heed__free(r->ctx, r->valid_carry);
	heed__free(r->ctx, r->folder);
	heed__str_release(&r->history);
}

/* The checkpoint to go on from, NULL for a fresh run. One that is unfinished is not thrown away unasked. */
static heed_code find_checkpoint(heed_ctx *ctx, const heed_train_job *job, heed_model_file **file)
{
	bool finished = true;
	int64_t step = 0;
	heed_code code = heed__checkpoint_find(ctx, job->output, file);

	if (code != HEED_OK || *file == NULL)
		return code;
	code = heed__checkpoint_finished(ctx, *file, &finished, &step);
	if (code == HEED_OK && job->options->resume)
		return HEED_OK;
	heed_model_file_close(*file);
	*file = NULL;
	if (code == HEED_OK && !finished)
		code = heed__error(
			ctx, HEED_E_ARGUMENT,
			"%s.run: it holds an unfinished training (step %lld); --resume goes on with it, "
			"removing the folder begins anew",
			job->output, (long long)step);
	return code;
}

/* Makes the folder of the run, the caller frees its name. A place that can't be written is seen here and not when
 * hours of work are to be saved. */
static heed_code make_folder(heed_ctx *ctx, const char *output, char **folder)
{
	heed__str s = heed__str_init(ctx, 0);
	struct stat st;
	char *name;

	*folder = NULL;
	if (stat(output, &st) == 0 && !S_ISREG(st.st_mode))
		return heed__error(ctx, HEED_E_ARGUMENT, "%s: it exists and is not a regular file", output);
	heed__str_addf(&s, "%s.run", output);
	name = heed__str_take(&s);
	if (name == NULL)
		return HEED_E_MEMORY;
	if ((mkdir(name, 0777) == 0 || errno == EEXIST) && stat(name, &st) == 0 &&
	    (S_ISDIR(st.st_mode) || (errno = ENOTDIR) == 0) && access(name, W_OK | X_OK) == 0) {
		*folder = name;
		return HEED_OK;
	}
	heed__error(ctx, HEED_E_IO, "%s: this folder can not be written: %s", name, strerror(errno));
	heed__free(ctx, name);
	return HEED_E_IO;
}

heed_code heed_train(heed_ctx *ctx, const heed_train_job *job)
{
	heed_model_file *checkpoint;
	heed_code code = find_checkpoint(ctx, job, &checkpoint);
	const bool anew = checkpoint == NULL;
	char *folder = NULL;
	heed__run run;

	if (code == HEED_OK)
		code = make_folder(ctx, job->output, &folder);
	if (code == HEED_OK && job->family->fit != NULL) { /* it can be written, more need not be known */
		rmdir(folder);
		heed__free(ctx, folder);
		folder = NULL;
	}
	if (code != HEED_OK) {
		heed_model_file_close(checkpoint);
		return code;
	}
	code = heed__run_open(&run, ctx, job, checkpoint);
	heed_model_file_close(checkpoint);
	run.output = job->output;
	run.folder = folder;
	if (code == HEED_OK && folder != NULL)
		heed__snapshot_sweep(&run, anew);
	if (code == HEED_OK)
		code = heed__run_loop(&run);
	else if (folder != NULL)
		rmdir(folder); /* when there was nothing in it */
	heed__run_close(&run);
	return code;
}

/* Moves the model and its tokenizers out of the run. */
static heed_code hand_over(heed__run *r, heed_trained **trained)
{
	heed_params *const p = r->trained.model->params;
	heed_trained *const t = heed__calloc(r->ctx, 1, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	if (r->ema != NULL)
		memcpy(heed_params_values(p), r->ema, heed_params_size(p) * sizeof *r->ema);
	*t = r->trained;
	r->trained = (heed_trained){.ctx = r->ctx};
	*trained = t;
	return HEED_OK;
}

heed_code heed_train_in_memory(heed_ctx *ctx, const heed_train_job *job, heed_trained **trained)
{
	heed__run run;
	heed_code code;

	*trained = NULL;
	if (job->source != NULL)
		return heed__error(ctx, HEED_E_ARGUMENT,
				   "training in memory: tokenizers can't be lent to the result");
	code = heed__run_open(&run, ctx, job, NULL);
	if (code == HEED_OK)
		code = heed__run_loop(&run);
	if (code == HEED_OK)
		code = hand_over(&run, trained);
	heed__run_close(&run);
	return code;
}

heed_code heed_train_position(heed_ctx *ctx, const char *output, int64_t *step)
{
	heed_model_file *file;
	bool finished;
	heed_code code = heed__checkpoint_find(ctx, output, &file);

	*step = 0;
	if (code == HEED_OK && file != NULL)
		code = heed__checkpoint_finished(ctx, file, &finished, step);
	heed_model_file_close(file);
	return code;
}
