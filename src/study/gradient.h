/* How much of a gradient reaches a token. */
#ifndef HEED_GRADIENT_H
#define HEED_GRADIENT_H

#include "heed/model.h"

/* norms[i]: the length of the gradient, with respect to the vector of input token i, of what the model says after the
 * last token: `score` [width of the states] is the direction there. For language models whose vectors are the parameter
 * "embed" and nothing else's; the model must have gradients. */
heed_code heed__token_gradients(heed_model *model, const int *ids, int count, const float *score,
				double *norms);

#endif
