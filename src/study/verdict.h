/* Verdicts: what follows from the numbers of an experiment. Pure functions of them, so that tests can show each one both
 * kinds of numbers. */
#ifndef HEED_VERDICT_H
#define HEED_VERDICT_H

#include "base/strbuf.h"
#include "study/study.h"

/* Whether a exceeds b: so when every run of a is above every run of b; not so when a's mean is not above b's; open
 * otherwise. */
heed_finding heed__exceeds(const double *a, const double *b, int runs);
/* The finding of two that must both be so. */
heed_finding heed__both(heed_finding a, heed_finding b);
double heed__least(const double *values, int count);
double heed__most(const double *values, int count);

/* "The claim held." or the like, at the end of a sentence's paragraph. */
const char *heed__verdict_words(heed_finding finding);

#endif
