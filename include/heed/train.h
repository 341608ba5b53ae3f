/* Training, from examples to a model file.
 *
 *	heed_train_options o;
 *	heed_fields_default(ctx, heed_train_fields, &o);
 *	o.minutes = 10;
 *	heed_train_job job = { .family = heed_model_class_find("transformer"), .config = &config, .options = &o,
 *			       .train = examples, .valid = valid, .output = "en-es.heed", .event = print };
 *	if (heed_train(ctx, &job) != HEED_OK) ...
 *
 * Files: OUTPUT is the model to use, written when a validation is the best so far and at the end. OUTPUT.run/
 * holds `checkpoint`, from which an interrupted run goes on to the same bytes, and `step-N.heed`, the weights of
 * the last and of the best validations. */
#ifndef HEED_TRAIN_H
#define HEED_TRAIN_H

#include "heed/dataset.h"
#include "heed/trained.h"

#ifdef __cplusplus
extern "C" {
#endif

enum heed_optimizer { HEED_ADAM, HEED_ADAMW, HEED_SGD, HEED_ADAGRAD };
enum heed_schedule { HEED_CONSTANT, HEED_INVERSE_SQRT, HEED_LINEAR, HEED_COSINE, HEED_PLATEAU };
enum heed_valid_metric { HEED_VALID_LOSS, HEED_VALID_BLEU, HEED_VALID_CHRF, HEED_VALID_ACCURACY };

typedef struct heed_train_options {
	/* Tokenizer, when the job brings none. */
	int tokenizer; /* of HEED_TOKENIZER_KINDS */
	int vocab, merges, min_count, normalization;
	bool separate, lowercase;
	double bpe_dropout;
	/* Budget: whichever ends first; 0: no limit. */
	int epochs;
	int64_t steps;
	double minutes;
	/* Batches. */
	int batch_tokens, accumulate, bucket;
	/* Optimizer. */
	int optimizer, schedule;
	double lr, lr_end, beta1, beta2, epsilon, weight_decay, momentum, clip;
	double plateau_factor;
	int plateau_patience;
	int64_t warmup;
	int precision;
	/* Validation and files. */
	int64_t valid_every, save_every;
	int valid_metric, patience, valid_beam;
	int keep, keep_best, average;
	bool average_best;
	double ema;
	bool resume;
} heed_train_options;

/* The options as a table, for command lines, help and checks. */
extern const heed_field heed_train_fields[];

typedef enum heed_train_kind {
	HEED_TRAIN_START, /* after reading: parameters, tokens, batches */
	HEED_TRAIN_STEP,
	HEED_TRAIN_FIT, /* a family that estimates itself is at work: `text`, `seconds_left` */
	HEED_TRAIN_VALID,
	HEED_TRAIN_SAVE,
	HEED_TRAIN_STOP, /* the reason is in `text` */
} heed_train_kind;

/* What just happened. Numbers that have no value are NaN or -1. */
typedef struct heed_train_event {
	heed_train_kind kind;
	const char *text;    /* START: what is trained; SAVE: the path; STOP: why */
	int64_t step, steps; /* done and planned (0: unknown) */
	int epoch, batch, batches;
	int64_t tokens; /* source and target, since the very start */
	double loss;    /* STEP: of this step, a token; VALID: negative log-likelihood a target token */
	double lr, grad_norm;
	double tokens_per_second; /* of this process */
	double seconds;           /* of training since the very start, interruptions not counted */
	double seconds_left;      /* until the budget is spent */
	double bleu, chrf, accuracy, best;
	bool improved;
	int64_t skipped;      /* steps with a non-finite gradient so far */
	uint64_t allocations; /* made by the context so far */
	size_t parameters, memory_peak;
} heed_train_event;

/* Called on the training thread; must not call the library with the same context. */
typedef void heed_train_fn(void *user, const heed_train_event *event);

typedef struct heed_train_job {
	const heed_model_class *family;
	const void *config;
	const heed_train_options *options;
	const heed_examples *train, *valid;    /* valid may be NULL */
	const heed_tokenizer *source, *target; /* NULL: trained here from `train`; labels always are */
	const char *
		embeddings; /* a model or a file of word vectors that the source's embeddings begin with; may be NULL */
	const char *output;
	heed_train_fn *event; /* may be NULL */
	void *user;
} heed_train_job;

/* HEED_E_INTERRUPTED: stopped on request with the checkpoint saved. HEED_E_NONFINITE: five steps in a row had
 * no finite gradient; the files stay as they were. HEED_E_ARGUMENT, HEED_E_FORMAT (a checkpoint of another
 * configuration or other data), HEED_E_IO, HEED_E_MEMORY. */
heed_code heed_train(heed_ctx *ctx, const heed_train_job *job);

/* Trains without a file: job->output is not used. The model is what the last step left, with tokenizers of its
 * own; the caller closes it. */
heed_code heed_train_in_memory(heed_ctx *ctx, const heed_train_job *job, heed_trained **trained);

/* The step that OUTPUT's checkpoint stands at, 0 when there is none. */
heed_code heed_train_position(heed_ctx *ctx, const char *output, int64_t *step);

/* What a training would take. */
typedef struct heed_plan {
	size_t parameters;      /* numbers */
	size_t parameter_bytes; /* values, gradients, moments, averages */
	size_t batch_bytes;     /* activations, saved values, scratch of the largest batch */
	size_t data_bytes;      /* texts, ids, tokenizers */
	size_t memory;          /* peak of the process */
	int64_t steps;          /* until the budget is spent */
	double tokens_per_step, flops_per_step;
	double seconds_per_step, seconds;
} heed_plan;

/* Runs a few steps on the largest batches and throws them away. job->output is not used. */
heed_code heed_plan_training(heed_ctx *ctx, const heed_train_job *job, heed_plan *plan);
/* Parameters and memory for a vocabulary, without data: batches of `batch_tokens` in sentences of 25. */
heed_code heed_plan_shape(heed_ctx *ctx, const heed_train_job *job, int source_vocab, int target_vocab,
			  heed_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
