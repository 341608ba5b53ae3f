/* How well classes are guessed: accuracy, precision, recall, F1 and the confusion of any two classes, equal to
 * scikit-learn's (accuracy_score, precision_recall_fscore_support, confusion_matrix) with its defaults.
 *
 *	heed_classes *c = heed_classes_new(ctx);
 *	heed_classes_summary all;
 *
 *	for each item:
 *		heed_classes_add(c, truth, guess);
 *	all = heed_classes_total(c);
 *	printf("accuracy %.4f, macro F1 %.4f\n", all.accuracy, all.f1);
 *	heed_classes_free(c);
 *
 * Classes are numbers from 0. A true class that the model doesn't know is a number like the others: it is never
 * guessed. What would be divided by nothing is 0. */
#ifndef HEED_CLASSES_H
#define HEED_CLASSES_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counts; memory grows with the largest class and with the number of pairs (truth, guess) that occurred. */
typedef struct heed_classes heed_classes;

#define HEED_CLASSES_MAX (1 << 22)

heed_classes *
heed_classes_new(heed_ctx *ctx); /* NULL: out of memory, recorded; the caller frees it before ctx */
void heed_classes_free(heed_classes *c);
/* An item of class `truth` for which `guess` was said, both in [0, HEED_CLASSES_MAX); else HEED_E_ARGUMENT. */
heed_code heed_classes_add(heed_classes *c, int truth, int guess);

typedef struct heed_class_score {
	int64_t truths, guesses; /* items of the class, and said to be of it; truths is the support */
	int64_t right;           /* both */
	double precision;        /* right / guesses */
	double recall;           /* right / truths */
	double f1;               /* 2 right / (truths + guesses), the harmonic mean of the two */
} heed_class_score;

int heed_classes_count(const heed_classes *c); /* one more than the largest class so far */
heed_class_score heed_classes_score(const heed_classes *c, int class_number);
int64_t heed_classes_confusion(const heed_classes *c, int truth, int guess); /* items */

typedef struct heed_classes_summary {
	int64_t items, right;
	int classes;                  /* that occurred as truth or guess */
	double accuracy;              /* right / items */
	double precision, recall, f1; /* macro: the plain means over these classes */
} heed_classes_summary;

heed_classes_summary heed_classes_total(const heed_classes *c);

#ifdef __cplusplus
}
#endif
#endif
