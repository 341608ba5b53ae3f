/* Arenas: blocks in a list while they grow, one block after a reset. */
#include "base/arena.h"

struct heed__arena_block {
	heed__arena_block *next;
	size_t size, used;
	/* the bytes follow at the next 64-byte boundary */
};

#define HEADER HEED__ARENA_ALIGN
#define LEAST  ((size_t)1 << 16)

void heed__arena_init(heed__arena *a, heed_ctx *ctx, bool counting)
{
	*a = (heed__arena){.ctx = ctx, .counting = counting};
}

static void free_blocks(heed__arena *a)
{
	for (heed__arena_block *b = a->first, *next; b != NULL; b = next) {
		next = b->next;
		heed__free(a->ctx, b);
	}
	a->first = a->last = NULL;
}

void heed__arena_release(heed__arena *a)
{
	free_blocks(a);
	heed__arena_init(a, a->ctx, a->counting);
}

static bool add_block(heed__arena *a, size_t size)
{
	heed__arena_block *b = size > SIZE_MAX - HEADER ? NULL : heed__alloc(a->ctx, HEADER + size);

	if (b == NULL) {
		a->failed = true;
		return false;
	}
	*b = (heed__arena_block){.size = size};
	if (a->last != NULL)
		a->last->next = b;
	else
		a->first = b;
	a->last = b;
	return true;
}

void *heed__arena_alloc(heed__arena *a, size_t n)
{
	heed__arena_block *b;
	char *p;

	if (n > SIZE_MAX - 2 * HEADER) {
		a->failed = true;
		heed__error(a->ctx, HEED_E_MEMORY, "memory: %zu bytes could not be had", n);
		return NULL;
	}
	n = (n + HEED__ARENA_ALIGN - 1) / HEED__ARENA_ALIGN * HEED__ARENA_ALIGN;
	if (!a->counting) {
		b = a->last;
		if (b == NULL || b->size - b->used < n) {
			const size_t grown = a->used / 4 > LEAST ? a->used / 4 : LEAST;

			if (!add_block(a, n > grown ? n : grown))
				return NULL;
			b = a->last;
		}
		p = (char *)b + HEADER + b->used;
		b->used += n;
	} else {
		p = NULL;
	}
	a->used += n;
	if (a->used > a->peak)
		a->peak = a->used;
	return p;
}

bool heed__arena_reserve(heed__arena *a, size_t bytes)
{
	if (a->counting || (a->last != NULL && a->last->size - a->last->used >= bytes))
		return true;
	return add_block(a, bytes);
}

void heed__arena_reset(heed__arena *a)
{
	const bool one = a->first != NULL && a->first == a->last;
	const size_t peak = a->peak;

	a->used = 0;
	a->failed = false;
	if (one) {
		a->first->used = 0;
	} else if (a->first != NULL) {
		free_blocks(a);
		add_block(a, peak); /* if this fails the next alloc says so */
		a->failed = false;
	}
}
