/* A bump allocator: everything in it dies together. After a reset it is one block as large as it ever was,
 * so that a loop that repeats allocates nothing.
 *
 * In counting mode it hands out no memory at all: alloc returns NULL and only the sizes add up; the
 * code that plans memory runs as it is and the numbers come out (`peak`). */
#ifndef HEED_ARENA_H
#define HEED_ARENA_H

#include "base/context_impl.h"

typedef struct heed__arena_block heed__arena_block;

typedef struct heed__arena {
	heed_ctx *ctx;
	heed__arena_block *first, *last;
	size_t used, peak; /* bytes handed out now and at most, padding included */
	bool counting;
	bool failed; /* out of memory since the last reset */
} heed__arena;

#define HEED__ARENA_ALIGN 64

void heed__arena_init(heed__arena *a, heed_ctx *ctx, bool counting);
void heed__arena_release(heed__arena *a);
/* Not cleared, aligned to 64 bytes. NULL when counting, or when memory is short (then a->failed is set). */
void *heed__arena_alloc(heed__arena *a, size_t n);
void heed__arena_reset(heed__arena *a);
/* Makes sure that `bytes` can be handed out without another allocation. False: out of memory. */
bool heed__arena_reserve(heed__arena *a, size_t bytes);

#endif
