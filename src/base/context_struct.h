/* The context itself, for src/base only. */
#ifndef HEED_CONTEXT_STRUCT_H
#define HEED_CONTEXT_STRUCT_H

#include "base/context_impl.h"

#include <stdatomic.h>

#define HEED__MAX_THREADS 64

struct heed__pool;

struct heed_ctx {
	heed_alloc_fn *alloc;
	void *alloc_user;
	atomic_size_t bytes, peak;
	atomic_uint_least64_t allocations;

	int threads;
	struct heed__pool *pool; /* made at the first call with work for two */
	struct {
		void *data;
		size_t bytes;
	} shared, each; /* scratch; `each` holds `bytes` for every thread */

	uint64_t seed;
	const struct heed__kernels *kernels;
	heed_log_fn *log;
	void *log_user;
	heed_code code;
	char message[1024];
	atomic_int interrupted;
};

void heed__pool_free(heed_ctx *ctx);

#endif
