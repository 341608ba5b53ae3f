/* Experiments from inside: claims, and runs with several seeds side by side. */
#ifndef HEED_STUDY_H
#define HEED_STUDY_H

#include "base/context_impl.h"
#include "base/philox.h"
#include "heed/claims.h"
#include "heed/dataset.h"
#include "heed/trained.h"

#include <stdio.h>

enum { HEED__SEEDS = HEED_CLAIM_SEEDS_MAX };

typedef struct heed__study {
	heed_ctx *ctx;
	const heed_claims_options *options;
	heed_report *report;
	const char *claim; /* its name */
} heed__study;

/* A claim is one file, src/study/claim_NAME.c, found by its definition `const heed__claim heed__claim_NAME`. */
typedef struct heed__claim {
	const char *name;
	int place; /* among the claims, from 0 */
	const char *claim;
	/* Adds to the report; the section is begun, and reports errors itself. */
	heed_code (*run)(heed__study *study);
} heed__claim;

/* Steps of a training: `steps`, or `quick` of them in a quick study, but never more than the options allow. */
int64_t heed__study_steps(const heed__study *study, int64_t steps, int64_t quick);
/* Examples to learn from: `count`, but no more than the steps that the options allow can get through. */
int heed__study_examples(const heed__study *study, int count);

/* One run of many, on a thread and with a context of its own. */
typedef struct heed__trials heed__trials;
typedef struct heed__trial {
	heed__study *study;
	heed_ctx *ctx;
	int kind, seed; /* which one of the kinds and of the seeds, both from 0 */
	void *user;
	heed__trials *all;
	double before,
		part; /* share of the trial that trainings before took, and that the present one takes */
	double told;  /* share that is known to be done */
} heed__trial;
typedef heed_code heed__trial_fn(heed__trial *trial);

/* Runs work for every kind and seed, as many at a time as the study has threads. The first error ends all. What a
 * trial finds goes where `user` says, each in its own place. */
heed_code heed__study_trials(heed__study *study, int kinds, heed__trial_fn *work, void *user);
/* What most claims do: runs the trials, whose `user` are `size` bytes, zero at first, and has them reported. */
typedef void heed__findings_fn(heed__study *study, void *findings);
heed_code heed__study_try(heed__study *study, int kinds, heed__trial_fn *work, size_t size,
			  heed__findings_fn *report);
/* Tells that this share of the trial is done; HEED_E_INTERRUPTED when the study is to stop. */
heed_code heed__trial_at(heed__trial *trial, double share);

/* A training: settings are name, value, ..., NULL, of the family or of the training's options. */
typedef struct heed__lesson {
	const char *family;
	const char *const *settings;
	int64_t steps;
	const heed_examples *train; /* made with the trial's context */
	double part;                /* of the trial that this training is; 0: all of it */
	double *seconds;            /* that it took; may be NULL */
} heed__lesson;
/* The caller closes *trained. */
heed_code heed__trial_train(heed__trial *trial, const heed__lesson *lesson, heed_trained **trained);

/* The configuration of a family in fresh memory (heed__free), set by those settings that are its own. */
void *heed__study_config(heed_ctx *ctx, const heed_model_class *family, const char *const *settings);

#define HEED__LESSON(...)                                                                                    \
	(const char *const[])                                                                                \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

#endif
