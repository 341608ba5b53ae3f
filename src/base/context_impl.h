/* What the inside of the library may know of a context: errors, log, memory, threads. */
#ifndef HEED_CONTEXT_IMPL_H
#define HEED_CONTEXT_IMPL_H

#include "heed/context.h"

#include <stdarg.h>
#include <stdbool.h>

/* Records an error and returns its code, so that a caller can `return heed__error(...)`. fmt makes one
 * line, lower case, no full stop: what, expected and found, place. Not from worker threads. */
heed_code heed__error(heed_ctx *ctx, heed_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the message of the error already recorded and returns its code. */
heed_code heed__error_prefix(heed_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void heed__log(heed_ctx *ctx, heed_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Memory. All of it is counted in ctx. alloc and realloc record HEED_E_MEMORY and return NULL when it is
 * short; n == 0 asks for one byte. free accepts NULL. The array forms multiply with a check. */
void *heed__alloc(heed_ctx *ctx, size_t n); /* not cleared; 64-byte aligned */
void *heed__calloc(heed_ctx *ctx, size_t count, size_t size);
void *heed__realloc(heed_ctx *ctx, void *p, size_t n);
void *heed__realloc_array(heed_ctx *ctx, void *p, size_t count, size_t size);
void heed__free(heed_ctx *ctx, void *p);
char *heed__strdup(heed_ctx *ctx, const char *s);
char *heed__strndup(heed_ctx *ctx, const char *s, size_t n); /* adds the NUL */
/* false on overflow, *out untouched */
bool heed__mul(size_t a, size_t b, size_t *out);
bool heed__add(size_t a, size_t b, size_t *out);

/* Threads: calls work(arg, i) for every chunk i in [0, chunks), on the calling thread and on any worker
 * that is free. The caller finishes whatever nobody claimed, so it never waits for a thread that is not
 * running. Returns when all chunks are done. Which thread runs a chunk is not defined, so a chunk's result
 * must depend on i only; `thread` is in [0, heed_ctx_threads) and may index scratch. A call from inside a
 * chunk runs in place. Chunks must not be made from the number of threads (bits that repeat). */
typedef void heed__work_fn(void *arg, int chunk, int thread);
void heed__parallel(heed_ctx *ctx, int chunks, heed__work_fn *work, void *arg);

/* One growing buffer a context for the inside of a product (packed panels) and one a thread for the inside of
 * a chunk; contents do not survive the call that asked. 64-byte aligned. NULL: out of memory, recorded. Ask
 * for the buffers of all threads before heed__parallel, never inside a chunk. */
void *heed__scratch_shared(heed_ctx *ctx, size_t bytes);
bool heed__scratch_reserve(heed_ctx *ctx, size_t bytes_a_thread);
void *heed__scratch_thread(heed_ctx *ctx, int thread);

/* The kernel table of src/kernel, chosen when ctx was made. */
struct heed__kernels;
heed_ctx *heed__ctx_make(const heed_ctx_options *options, const struct heed__kernels *kernels);
const struct heed__kernels *heed__ctx_kernels(const heed_ctx *ctx);
/* A context of its own for work beside that of `parent`, with its allocator and kernels; it logs nothing. Its blocks
 * count as its own. NULL: out of memory (not recorded). The caller frees it before the parent. */
heed_ctx *heed__ctx_beside(const heed_ctx *parent, int threads, uint64_t seed);

#endif
