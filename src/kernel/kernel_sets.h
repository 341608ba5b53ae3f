/* The tables of this build, one a file. */
#ifndef HEED_KERNEL_SETS_H
#define HEED_KERNEL_SETS_H

#include "kernel/kernel.h"

extern const struct heed__kernels heed__kernels_plain;
#if defined(__x86_64__)
extern const struct heed__kernels heed__kernels_avx2, heed__kernels_avx512;
#elif defined(__aarch64__)
extern const struct heed__kernels heed__kernels_neon;
#endif

#endif
