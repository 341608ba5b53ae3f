/* What every vector set includes before it names its instructions. */
#ifndef HEED_KERNEL_PRELUDE_H
#define HEED_KERNEL_PRELUDE_H

#include "base/philox.h"
#include "kernel/dropout_mask.h"
#include "kernel/kernel_sets.h"

#include <math.h>
#include <string.h>

/* A loop over registers whose count is a constant: it has to vanish, or they end up in memory. */
#if defined(__clang__)
#define UNROLLED(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)
#else
#define UNROLLED(i, n) _Pragma("GCC unroll 16") for (int i = 0; i < (n); i++)
#endif

#define INLINE static inline __attribute__((always_inline))

#endif
