/* Memory through the context's allocator: aligned, counted, every failure recorded. */
#include "base/context_struct.h"

#include <string.h>

/* What stands before each block, at a 64-byte boundary:
 *
 *	raw ...| size | raw |<- 64-aligned pointer that the caller has
 */
typedef struct header {
	size_t size;
	void *raw;
} header;

#define ALIGN 64

bool heed__mul(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

bool heed__add(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static header *header_of(void *p)
{
	return (header *)(void *)((char *)p - sizeof(header));
}

static void count(heed_ctx *ctx, size_t n)
{
	const size_t now = atomic_fetch_add(&ctx->bytes, n) + n;
	size_t peak = atomic_load(&ctx->peak);

	atomic_fetch_add(&ctx->allocations, 1);
	while (now > peak && !atomic_compare_exchange_weak(&ctx->peak, &peak, now))
		;
}

void *heed__alloc(heed_ctx *ctx, size_t n)
{
	size_t total;
	char *raw, *p;
	header *h;

	n = n > 0 ? n : 1;
	raw = heed__add(n, ALIGN + sizeof(header), &total) ? ctx->alloc(ctx->alloc_user, NULL, total) : NULL;
	if (raw == NULL) {
		heed__error(ctx, HEED_E_MEMORY, "memory: %zu bytes could not be had", n);
		return NULL;
	}
	p = raw + sizeof(header);
	p += (ALIGN - (uintptr_t)p % ALIGN) % ALIGN;
	h = header_of(p);
	h->size = n;
	h->raw = raw;
	count(ctx, n);
	return p;
}

void heed__free(heed_ctx *ctx, void *p)
{
	if (p == NULL)
		return;
	atomic_fetch_sub(&ctx->bytes, header_of(p)->size);
	ctx->alloc(ctx->alloc_user, header_of(p)->raw, 0);
}

void *heed__calloc(heed_ctx *ctx, size_t count_, size_t size)
{
	void *const p = heed__realloc_array(ctx, NULL, count_, size);

	return p != NULL ? memset(p, 0, count_ * size) : NULL;
}

void *heed__realloc(heed_ctx *ctx, void *p, size_t n)
{
	void *const q = heed__alloc(ctx, n);

	if (q == NULL || p == NULL)
		return q;
	memcpy(q, p, header_of(p)->size < n ? header_of(p)->size : n);
	heed__free(ctx, p);
	return q;
}

void *heed__realloc_array(heed_ctx *ctx, void *p, size_t count_, size_t size)
{
	size_t n;

	if (!heed__mul(count_, size, &n)) {
		heed__error(ctx, HEED_E_MEMORY, "memory: %zu elements of %zu bytes are more than there is",
			    count_, size);
		return NULL;
	}
	return heed__realloc(ctx, p, n);
}

char *heed__strndup(heed_ctx *ctx, const char *s, size_t n)
{
	char *const copy = heed__alloc(ctx, n + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *heed__strdup(heed_ctx *ctx, const char *s)
{
	return heed__strndup(ctx, s, strlen(s));
}

heed_memory heed_ctx_memory(const heed_ctx *ctx)
{
	return (heed_memory){atomic_load(&ctx->allocations), atomic_load(&ctx->bytes),
			     atomic_load(&ctx->peak)};
}

void *heed__scratch_shared(heed_ctx *ctx, size_t bytes)
{
	if (ctx->shared.bytes >= bytes)
		return ctx->shared.data;
	heed__free(ctx, ctx->shared.data);
	ctx->shared.data = heed__alloc(ctx, bytes);
	ctx->shared.bytes = ctx->shared.data != NULL ? bytes : 0;
	return ctx->shared.data;
}

bool heed__scratch_reserve(heed_ctx *ctx, size_t bytes)
{
	size_t total;

	bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (ctx->each.bytes >= bytes && ctx->each.data != NULL)
		return true;
	heed__free(ctx, ctx->each.data);
	ctx->each.bytes = 0;
	ctx->each.data = heed__mul(bytes, (size_t)ctx->threads, &total) ? heed__alloc(ctx, total) : NULL;
	if (ctx->each.data == NULL)
		return false;
	ctx->each.bytes = bytes;
	return true;
}

void *heed__scratch_thread(heed_ctx *ctx, int thread)
{
	return (char *)ctx->each.data + ctx->each.bytes * (size_t)thread;
}
