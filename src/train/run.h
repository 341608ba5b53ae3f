/* A training run from inside: everything it has and where it stands. */
#ifndef HEED_RUN_H
#define HEED_RUN_H

#include "base/strbuf.h"
#include "heed/train.h"
#include "store/trained_impl.h"
#include "train/optimizer.h"

#define HEED__SNAPSHOTS  1024
#define HEED__TRAIN_TAPE (HEED_TAPE_GRAD | HEED_TAPE_TRAIN)

/* Weights on disk: OUTPUT.run/step-N.heed. */
typedef struct heed__snapshot {
	int64_t step;
	double score; /* smaller is better; infinite without validation */
} heed__snapshot;

typedef struct heed__run {
	heed_ctx *ctx;
	const heed_train_job *job;
	const heed_train_options *options;
	heed_trained trained;
	heed_dataset *train, *valid;
	heed_tape *tape; /* training's and validation's */
	heed__optimizer optimizer;
	float *ema; /* NULL without --ema */
	float *carry; /* [sequences, model's] what the next batch of a stream begins with; NULL: not such a model */
	float *valid_carry;
	size_t carry_floats, valid_carry_floats;
	bool own_source, own_target; /* the tokenizers are not the job's */
	const char *output;          /* NULL: training in memory, no file is written */
	char *folder;                /* OUTPUT.run; NULL: neither checkpoints nor snapshots */

	/* Where it stands: this and the blocks above are what a checkpoint holds. */
	int64_t step, tokens, skipped;
	int64_t validated; /* the step of the last validation */
	int epoch, batch;  /* the next batch */
	uint32_t micro;    /* batches seen: the counter of dropout */
	int bad_in_row;    /* steps without a finite gradient */
	double plateau;    /* product of the factors of the plateau schedule */
	int plateau_bad, bad_validations;
	double best;     /* smallest score; infinite before the first validation */
	double loss_sum; /* of the steps since the last validation */
	int64_t loss_steps;
	heed__snapshot snapshots[HEED__SNAPSHOTS];
	int snapshot_count;
	heed__str history; /* entries of the JSON array, without its brackets */
	double seconds;    /* of training in earlier processes */
	bool finished;

	double started;      /* of this process, clock */
	int64_t tokens_here; /* of this process's steps */
	double step_seconds; /* that they took */
} heed__run;

/* The weights that are validated and shipped: the moving average where there is one. */
const float *heed__run_weights(const heed__run *r);
double heed__run_seconds(const heed__run *r);
int64_t heed__run_steps(const heed__run *r); /* that the budget allows, 0: it does not say */
void heed__run_tell(const heed__run *r, heed_train_event *event); /* the numbers that all events have */

/* checkpoint.c: writes OUTPUT.run/checkpoint, or reads it into a run whose model is made. *file NULL: there is none. */
heed_code heed__checkpoint_save(heed__run *r);
heed_code heed__checkpoint_find(heed_ctx *ctx, const char *output, heed_model_file **file);
heed_code heed__checkpoint_finished(heed_ctx *ctx, const heed_model_file *file, bool *finished,
				    int64_t *step);
heed_code heed__checkpoint_load(heed__run *r, const heed_model_file *file);

/* trainer.c: tells the job, if it wants to know. */
void heed__run_report(const heed__run *r, const heed_train_event *event);

/* snapshots.c: weights of validations on disk, and the model made of them. */
/* Writes a model file with the history so far; the arguments are those of heed__trained_write. */
heed_code heed__run_write(heed__run *r, const char *path, const float *values, const heed__file_tensor *extra,
			  size_t extra_count, const heed__metadata *texts, size_t text_count);
heed_code heed__snapshot_add(heed__run *r, double score);
heed_code heed__snapshot_prune(heed__run *r);
/* Removes what killed or earlier trainings left in the folder; `anew`: their checkpoint too. */
void heed__snapshot_sweep(const heed__run *r, bool anew);
/* Writes OUTPUT: the average, the best, or the weights as they are. */
heed_code heed__snapshot_ship(heed__run *r);

/* validate.c: evaluates the weights, records it in the history and saves. HEED_E_INTERRUPTED: nothing is changed. */
heed_code heed__validate(heed__run *r);
/* The mean loss of a batch of validation data, on the run's tape. */
heed_code heed__validate_batch(heed__run *r, int index, double *loss);
/* Whether a validation translates; and what it translates its `most` longest sources to, in tokens. */
bool heed__validate_translates(const heed__run *r);
heed_code heed__validate_longest(heed__run *r, size_t most, int64_t *tokens);

#endif
