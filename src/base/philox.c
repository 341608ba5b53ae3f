/* Normal numbers from uniform ones. */
#include "base/philox.h"

#include <math.h>

double heed__rng_normal(heed__rng *r)
{
	const double u = 1.0 - heed__rng_uniform(r), v = heed__rng_uniform(r);

	return sqrt(-2.0 * log(u)) * cos(6.28318530717958647692 * v);
}
