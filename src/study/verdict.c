#include "study/verdict.h"

#include <math.h>

double heed__least(const double *values, int count)
{
	double least = INFINITY;

	for (int i = 0; i < count; i++)
		least = fmin(least, values[i]);
	return least;
}

double heed__most(const double *values, int count)
{
	double most = -INFINITY;

	for (int i = 0; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

heed_finding heed__exceeds(const double *a, const double *b, int runs)
{
	if (!(heed_mean_of(a, runs).mean > heed_mean_of(b, runs).mean))
		return HEED_FOUND_NOT_SO;
	return heed__least(a, runs) > heed__most(b, runs) ? HEED_FOUND_SO : HEED_FOUND_OPEN;
}

heed_finding heed__both(heed_finding a, heed_finding b)
{
	if (a == HEED_FOUND_NOT_SO || b == HEED_FOUND_NOT_SO)
		return HEED_FOUND_NOT_SO;
	return a == HEED_FOUND_SO ? b : a;
}

const char *heed__verdict_words(heed_finding finding)
{
	static const char *const words[] = {
		[HEED_FOUND_SO] = "The claim held here.",
		[HEED_FOUND_NOT_SO] = "The claim did not hold here.",
		[HEED_FOUND_OPEN] =
			"The runs differ too much among themselves to say whether the claim holds.",
	};

	return words[finding];
}
