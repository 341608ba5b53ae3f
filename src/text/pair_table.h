/* A hash table from pairs of numbers to a number. */
#ifndef HEED_PAIR_TABLE_H
#define HEED_PAIR_TABLE_H

#include "base/context_impl.h"

typedef struct heed__pair_slot {
	uint64_t key;
	int32_t value; /* -1: free */
} heed__pair_slot;

typedef struct heed__pair_table {
	heed_ctx *ctx;
	heed__pair_slot *slots; /* open addressing, at most half full; NULL while empty */
	size_t count, slot_count;
} heed__pair_table;

static inline uint64_t heed__pair_key(uint32_t left, uint32_t right)
{
	return (uint64_t)left << 32 | right;
}

heed__pair_table heed__pair_table_init(heed_ctx *ctx);
void heed__pair_table_release(heed__pair_table *t);
/* -1 when the pair is absent. */
int32_t heed__pair_table_get(const heed__pair_table *t, uint32_t left, uint32_t right);
/* The pair must be absent; value >= 0. False: out of memory, recorded. */
bool heed__pair_table_add(heed__pair_table *t, uint32_t left, uint32_t right, int32_t value);

#endif
