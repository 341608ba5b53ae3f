/* A hash map from byte strings to 64-bit integers. Keys are copied; iteration is in order of insertion. */
#ifndef HEED_MAP_H
#define HEED_MAP_H

#include "base/context_impl.h"

typedef struct heed__map_entry {
	const char *key; /* NUL-terminated copy, may hold NULs of its own */
	size_t len;
	int64_t value;
	uint64_t hash;
} heed__map_entry;

typedef struct heed__map {
	heed_ctx *ctx;
	heed__map_entry *entries; /* [count], in order of insertion */
	size_t count, cap;
	uint32_t *slots; /* open addressing, entry index + 1 */
	size_t slot_count;
	char **blocks; /* key storage */
	size_t block_count, block_used, block_size;
} heed__map;

heed__map heed__map_init(heed_ctx *ctx);
void heed__map_release(heed__map *m);
void heed__map_clear(heed__map *m); /* forgets all, keeps nothing but the slots */
/* The value's place, or NULL when the key is absent. The pointer dies at the next insertion. */
int64_t *heed__map_get(const heed__map *m, const char *key, size_t len);
/* The value's place; a new key starts with `initial`. NULL: out of memory, recorded in ctx. */
int64_t *heed__map_put(heed__map *m, const char *key, size_t len, int64_t initial);

#endif
