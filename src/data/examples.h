/* What datasets need to know of examples. */
#ifndef HEED_EXAMPLES_H
#define HEED_EXAMPLES_H

#include "heed/dataset.h"

heed_ctx *heed__examples_ctx(const heed_examples *e);

#endif
