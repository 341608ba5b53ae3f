/* Families of models compared: the same text, the same tokens, the same budget.
 *
 *	heed_compare_job job = heed_compare_defaults(HEED_TASK_GENERATE);
 *	heed_rival rivals[16];
 *	int count = 0;
 *
 *	job.train = examples;
 *	job.valid = valid;
 *	job.minutes = 2;
 *	for (const char *name; (name = heed_compare_family(job.task, count)) != NULL; count++)
 *		if (heed_compare_run(ctx, &job, name, &rivals[count]) != HEED_OK) ...
 *	heed_compare_report(report, &job, rivals, count);
 *
 * All families get the same tokenizer, width, optimizer and length of batches; what of their settings is not the same
 * for all is in src/study/compare.c. Nothing is tuned for one of them: who wants the best of a family trains it. */
#ifndef HEED_COMPARE_H
#define HEED_COMPARE_H

#include "heed/dataset.h"
#include "heed/model.h"
#include "heed/report.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HEED_COMPARE_CURVE = 64 }; /* validations that are kept of each family */

typedef struct heed_compare_job {
	heed_task task; /* GENERATE, CLASSIFY or TRANSLATE */
	const heed_examples *train, *valid;
	/* Of the training of each family: whichever ends first; 0: no limit, but one of the three is needed. Families
	 * that count need none. The learning rate falls to nothing over as many steps as there are in the budget. */
	double minutes;
	int64_t steps;
	int epochs;        /* default 10 for classifiers, else 0 */
	int width, layers; /* default 128, 2 */
	double dropout;    /* default 0.1 */
	double lr;         /* 0, the default: what suits each kind of network */
	int batch_tokens;  /* default 1024 */
	const char
		*tokenizer; /* as option --tokenizer of a training; default bpe for translations, else word */
	int vocab;          /* default 8000 */
	bool lowercase;
	int validations; /* of a training, about; default 12: on some hundred examples at even distances */
	const char *
		folder; /* where the models stay, NAME.heed: those of the best validation. NULL: they are not kept, and
	                       the last weights count */
	/* Called now and then; share is 0..1, or negative when it is not known. May be NULL. Not to call the library with the
	 * same context; false stops the work (HEED_E_INTERRUPTED). */
	bool (*tell)(void *user, const char *family, double share, const char *text);
	void *user;
} heed_compare_job;
heed_compare_job heed_compare_defaults(heed_task task);

/* What a family made of it. Numbers that have no value are NaN. */
typedef struct heed_rival {
	const char *family;
	double perplexity;      /* of a token; of translations that of the reference */
	double bits;            /* language models: bits a character */
	double accuracy, f1;    /* classifiers: share of right labels, macro F1 */
	double bleu, chrf;      /* translations by a beam of 5 */
	double seconds;         /* of training, validations included */
	double tokens_a_second; /* of training; in the case of families that count, of the whole text */
	double steps;
	double speed; /* tokens that are said a second, one text at a time; classifiers: texts a second */
	double parameters, bytes, memory; /* bytes: of the model; memory: at most during training */
	int points;                       /* of the curve: seconds, and the loss of the validation then */
	double at[HEED_COMPARE_CURVE], loss[HEED_COMPARE_CURVE];
} heed_rival;

/* The n-th family for a task; NULL behind the last one. */
const char *heed_compare_family(heed_task task, int n);
/* Settings that a family has in a comparison, "layers 2, width 128, ...", for a report; cut like snprintf. */
size_t heed_compare_settings(heed_ctx *ctx, const heed_compare_job *job, const char *family, char *out,
			     size_t size);

/* Trains and measures one family. HEED_E_ARGUMENT: the family is none for the task, or no budget; else the errors of
 * heed_train and of evaluation. */
heed_code heed_compare_run(heed_ctx *ctx, const heed_compare_job *job, const char *family, heed_rival *rival);

/* Adds one table and the plots: learning curves, quality against time and against size. */
void heed_compare_report(heed_report *report, const heed_compare_job *job, const heed_rival *rivals,
			 int count);

#ifdef __cplusplus
}
#endif
#endif
