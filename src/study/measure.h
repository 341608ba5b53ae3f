/* What a trained model is worth, by the task of its family. */
#ifndef HEED_MEASURE_H
#define HEED_MEASURE_H

#include "heed/compare.h"
#include "heed/trained.h"

/* Fills the members of quality and speed. `stop` is asked now and then; true ends the work with HEED_E_INTERRUPTED. */
typedef bool heed__stop_fn(void *user);
heed_code heed__measure(const heed_trained *trained, const heed_examples *valid, heed__stop_fn *stop,
			void *user, heed_rival *rival);

#endif
