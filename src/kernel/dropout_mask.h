/* The two numbers that follow from a dropout probability (see heed__mask in kernel.h). */
#ifndef HEED_DROPOUT_MASK_H
#define HEED_DROPOUT_MASK_H

#include "kernel/kernel.h"

/* Elements whose 16 bits are below this are dropped. */
static inline uint32_t heed__mask_threshold(const heed__mask *mask)
{
	return mask ? (uint32_t)(mask->p * 65536.0f + 0.5f) : 0;
}

/* What the others are multiplied by. */
static inline float heed__mask_scale(uint32_t threshold)
{
	return threshold < 65536 ? 65536.0f / (float)(65536 - threshold) : 0.0f;
}

#endif
