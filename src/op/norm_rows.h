/* What norm and residual_norm share: shapes, the rows of the forward pass, the gradients of x, gain and bias.
 *
 * Saved: the normalised rows [T, D], then 1/sqrt(var + eps) [T]. */
#ifndef HEED_NORM_ROWS_H
#define HEED_NORM_ROWS_H

#include "tensor/tape.h"

#define HEED__NORM_GRAIN 32

heed_code heed__norm_shape(heed_node *node, const heed_tensor *x, const heed_tensor *gain,
			   const heed_tensor *bias);
/* r and mask may be NULL: y = norm(x + mask r) */
void heed__norm_rows(heed_node *node, int row0, int row1, const heed_tensor *x, const heed_tensor *r,
		     const heed__mask *mask, const heed_tensor *gain, const heed_tensor *bias, double eps);
/* Adds to the gradients of x, gain and bias. Returns the gradient with respect to the normalised sum
 * [T, D], which lives until the node is done. NULL: out of memory. */
const float *heed__norm_backward(heed_node *node, heed_tensor *x, heed_tensor *gain, heed_tensor *bias);

#endif
