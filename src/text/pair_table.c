#include "text/pair_table.h"

#define FIRST_SLOTS 64

heed__pair_table heed__pair_table_init(heed_ctx *ctx)
{
	return (heed__pair_table){.ctx = ctx};
}

void heed__pair_table_release(heed__pair_table *t)
{
	heed__free(t->ctx, t->slots);
	*t = heed__pair_table_init(t->ctx);
}

/* The slot of the key, or the free one where it belongs. */
static heed__pair_slot *find(heed__pair_slot *slots, size_t slot_count, uint64_t key)
{
	uint64_t hash = key * 0x9E3779B97F4A7C15u;
	size_t i;

	hash ^= hash >> 32;
	hash *= 0xD6E8FEB86659FD93u;
	i = (size_t)(hash >> 20) & (slot_count - 1);
	while (slots[i].value >= 0 && slots[i].key != key)
		i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

int32_t heed__pair_table_get(const heed__pair_table *t, uint32_t left, uint32_t right)
{
	if (!t->slots)
		return -1;
	return find(t->slots, t->slot_count, heed__pair_key(left, right))->value;
}

static bool grow(heed__pair_table *t)
{
	const size_t slot_count = t->slots ? 2 * t->slot_count : FIRST_SLOTS;
	heed__pair_slot *slots = heed__realloc_array(t->ctx, NULL, slot_count, sizeof *slots);

	if (!slots)
		return false;
	for (size_t i = 0; i < slot_count; i++)
		slots[i] = (heed__pair_slot){.value = -1};
	for (size_t i = 0; i < t->slot_count; i++)
		if (t->slots[i].value >= 0)
			*find(slots, slot_count, t->slots[i].key) = t->slots[i];
	heed__free(t->ctx, t->slots);
	t->slots = slots;
	t->slot_count = slot_count;
	return true;
}

bool heed__pair_table_add(heed__pair_table *t, uint32_t left, uint32_t right, int32_t value)
{
	const uint64_t key = heed__pair_key(left, right);

	if (2 * t->count >= t->slot_count && !grow(t))
		return false;
	*find(t->slots, t->slot_count, key) = (heed__pair_slot){.key = key, .value = value};
	t->count++;
	return true;
}
