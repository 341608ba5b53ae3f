/* What residual and residual_norm share: the gradient through a sum with dropout on one side. */
#ifndef HEED_RESIDUAL_ROWS_H
#define HEED_RESIDUAL_ROWS_H

#include "tensor/tape.h"

#define HEED__RESIDUAL_GRAIN 64

bool heed__residual_fits(const heed_tensor *x, const heed_tensor *r);
/* Adds mask dy to the gradient of x; dy [T, D]. */
void heed__residual_gradient(heed_node *node, heed_tensor *x, const float *dy, const heed__mask *mask);

#endif
