/* What the inside of the library asks of a table of word vectors. */
#ifndef HEED_VECTORS_IMPL_H
#define HEED_VECTORS_IMPL_H

#include "heed/vectors.h"

heed_ctx *heed__vectors_ctx(const heed_vectors *v);

#endif
