/* The hash map: open addressing over an array of entries in order of insertion. */
#include "base/map.h"

#include <string.h>

#define BLOCK ((size_t)64 << 10)

/* FNV-1a's mixing over 8 bytes at a time, finished as MurmurHash3 does. Equal keys only matter to lookups,
 * never to the order in which anything is seen. */
static uint64_t hash_bytes(const char *key, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u ^ len, w;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, key + i, 8);
		h = (h ^ w) * 0x9E3779B97F4A7C15u;
		h ^= h >> 32;
	}
	for (; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	return h;
}

heed__map heed__map_init(heed_ctx *ctx)
{
	return (heed__map){.ctx = ctx};
}

static void free_keys(heed__map *m)
{
	for (size_t i = 0; i < m->block_count; i++)
		heed__free(m->ctx, m->blocks[i]);
	heed__free(m->ctx, m->blocks);
	m->blocks = NULL;
	m->block_count = m->block_used = m->block_size = 0;
}

void heed__map_release(heed__map *m)
{
	free_keys(m);
	heed__free(m->ctx, m->entries);
	heed__free(m->ctx, m->slots);
	*m = heed__map_init(m->ctx);
}

void heed__map_clear(heed__map *m)
{
	free_keys(m);
	m->count = 0;
	if (m->slots != NULL)
		memset(m->slots, 0, m->slot_count * sizeof *m->slots);
}

/* The slot that holds the key, or the free one where it would go. */
static size_t find_slot(const heed__map *m, const char *key, size_t len, uint64_t hash)
{
	const size_t mask = m->slot_count - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		const heed__map_entry *e;

		if (m->slots[i] == 0)
			return i;
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0)
			return i;
	}
}

int64_t *heed__map_get(const heed__map *m, const char *key, size_t len)
{
	size_t slot;

	if (m->slot_count == 0)
		return NULL;
	slot = find_slot(m, key, len, hash_bytes(key, len));
	return m->slots[slot] == 0 ? NULL : &m->entries[m->slots[slot] - 1].value;
}

static bool grow_slots(heed__map *m)
{
	const size_t count = m->slot_count > 0 ? 2 * m->slot_count : 64;
	uint32_t *slots = heed__calloc(m->ctx, count, sizeof *slots);

	if (slots == NULL)
		return false;
	for (size_t e = 0; e < m->count; e++) {
		size_t i = (size_t)m->entries[e].hash & (count - 1);

		while (slots[i] != 0)
			i = (i + 1) & (count - 1);
		slots[i] = (uint32_t)e + 1;
	}
	heed__free(m->ctx, m->slots);
	m->slots = slots;
	m->slot_count = count;
	return true;
}

static bool grow_entries(heed__map *m)
{
	const size_t cap = m->cap > 0 ? 2 * m->cap : 32;
	heed__map_entry *entries;

	if (m->count >= UINT32_MAX - 1) {
		heed__error(m->ctx, HEED_E_MEMORY, "map: more than %u keys", UINT32_MAX - 1);
		return false;
	}
	entries = heed__realloc_array(m->ctx, m->entries, cap, sizeof *entries);
	if (entries == NULL)
		return false;
	m->entries = entries;
	m->cap = cap;
	return true;
}

static char *store_key(heed__map *m, const char *key, size_t len)
{
	char *p;

	if (m->block_count == 0 || m->block_size - m->block_used < len + 1) {
		const size_t size = len + 1 > BLOCK ? len + 1 : BLOCK;
		char **blocks = heed__realloc_array(m->ctx, m->blocks, m->block_count + 1, sizeof *m->blocks);

		if (blocks == NULL)
			return NULL;
		m->blocks = blocks;
		m->blocks[m->block_count] = heed__alloc(m->ctx, size);
		if (m->blocks[m->block_count] == NULL)
			return NULL;
		m->block_count++;
		m->block_size = size;
		m->block_used = 0;
	}
	p = m->blocks[m->block_count - 1] + m->block_used;
	memcpy(p, key, len);
	p[len] = '\0';
	m->block_used += len + 1;
	return p;
}

int64_t *heed__map_put(heed__map *m, const char *key, size_t len, int64_t initial)
{
	const uint64_t hash = hash_bytes(key, len);
	heed__map_entry *e;
	size_t slot;
	char *copy;

	if ((m->count + 1) * 4 > m->slot_count * 3 && !grow_slots(m))
		return NULL;
	slot = find_slot(m, key, len, hash);
	if (m->slots[slot] != 0)
		return &m->entries[m->slots[slot] - 1].value;
	if (m->count == m->cap && !grow_entries(m))
		return NULL;
	copy = store_key(m, key, len);
	if (copy == NULL)
		return NULL;
	e = &m->entries[m->count++];
	*e = (heed__map_entry){.key = copy, .len = len, .value = initial, .hash = hash};
	m->slots[slot] = (uint32_t)m->count;
	return &e->value;
}
