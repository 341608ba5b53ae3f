/* Classes of texts.
 *
 *	static heed_code show(void *user, const heed_classified *x)
 *	{
 *		printf("%s %.3f\n", heed_classifier_label(user, x->label), x->probabilities[x->label]);
 *		return HEED_OK;
 *	}
 *
 *	heed_classifier *c = heed_classifier_new(model, NULL);
 *
 *	if (c == NULL || heed_classify(c, lines, count, show, c) != HEED_OK)
 *		fprintf(stderr, "%s\n", heed_error_message(ctx));
 *	heed_classifier_free(c);
 *
 * The texts of one call are sorted by length and cut into batches; answers come in the order of the texts, and do
 * not depend on the other texts or the number of threads. An empty text has a class too: the one of a text that has
 * ended at once. Words that the model does not know are the unknown token to it, also when there are no others. */
#ifndef HEED_CLASSIFY_H
#define HEED_CLASSIFY_H

#include "heed/line.h"
#include "heed/trained.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_classify_options {
	int batch_tokens; /* most tokens at a time; default 4096 */
	bool strict;      /* texts longer than the model takes are an error, not cut */
} heed_classify_options;
heed_classify_options heed_classify_defaults(void);

typedef struct heed_classifier heed_classifier;

/* Borrows `trained`, and uses its context. NULL options: the defaults. NULL with the error in the context: out
 * of memory, an option out of range, HEED_E_UNSUPPORTED for a model that does not classify. */
heed_classifier *heed_classifier_new(const heed_trained *trained, const heed_classify_options *options);
void heed_classifier_free(heed_classifier *c); /* accepts NULL */

/* Class k of the model is label k: [0, labels). The texts live as long as c. */
int heed_classifier_labels(const heed_classifier *c);
const char *heed_classifier_label(const heed_classifier *c, int label);
/* The class with that label, which is normalised as those of the training were; -1: none. */
heed_code heed_classifier_find(heed_classifier *c, const char *label, size_t len, int *found);

typedef struct heed_classified {
	size_t index;               /* of the text in the call's array */
	int label;                  /* the most probable class; of equals the first */
	const float *probabilities; /* [labels] valid during the call */
	int tokens, unknown;        /* that were read; those of them that the model does not know */
	bool cut;                   /* the text was longer than the model takes: the rest was not read */
} heed_classified;

/* Anything but HEED_OK ends the work and is returned. */
typedef heed_code heed_classify_fn(void *user, const heed_classified *x);

/* HEED_E_TEXT: too long, in strict mode; HEED_E_NONFINITE: the model's scores are no numbers;
 * HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_classify(heed_classifier *c, const heed_line *texts, size_t count, heed_classify_fn *give,
			void *user);

#ifdef __cplusplus
}
#endif
#endif
