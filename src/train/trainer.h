/* The parts of a training run that planning needs too. */
#ifndef HEED_TRAINER_H
#define HEED_TRAINER_H

#include "train/run.h"

/* Tokenizers, datasets, model, optimizer; with a checkpoint, the state it holds. Close it even when this fails. */
heed_code heed__run_open(heed__run *r, heed_ctx *ctx, const heed_train_job *job,
			 const heed_model_file *checkpoint);
void heed__run_close(heed__run *r);
heed_code heed__run_loop(heed__run *r);
/* The batch of the epoch with the most rows: memory is at its peak there. */
int heed__run_largest(const heed__run *r);
/* One update. */
heed_code heed__run_step(heed__run *r);
/* The whole training of a family that estimates itself (fit.c). */
heed_code heed__run_fit(heed__run *r);

#endif
