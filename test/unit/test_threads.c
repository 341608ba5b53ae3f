/* The thread pool: every chunk of every job runs exactly once, with its own job's function and argument. */
#include "scratch.h"

#include "base/context_impl.h"

#include <stdatomic.h>

enum { CHUNKS = 64, JOBS = 100000 };

struct job {
	int chunks;
	atomic_int strays; /* chunks that belong to another job */
	atomic_int ran[CHUNKS];
};

/* Two functions, each with a job of its own kind: a mixture of one's function and the other's argument shows. */
static void few(void *arg, int chunk, int thread)
{
	struct job *const j = arg;

	(void)thread;
	if (j->chunks != 2 || chunk >= j->chunks)
		atomic_fetch_add(&j->strays, 1);
	atomic_fetch_add(&j->ran[chunk], 1);
}

static void many(void *arg, int chunk, int thread)
{
	struct job *const j = arg;

	(void)thread;
	if (j->chunks != CHUNKS || chunk >= j->chunks)
		atomic_fetch_add(&j->strays, 1);
	atomic_fetch_add(&j->ran[chunk], 1);
}

/* Short jobs of changing sizes follow each other at once, so that a worker is often still leaving the last one. */
static void each_chunk_runs_once_with_its_own_job(void **state)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 4});
	struct job jobs[2] = {{.chunks = 2}, {.chunks = CHUNKS}};
	int wrong = 0;

	(void)state;
	for (int i = 0; i < JOBS; i++) {
		struct job *const j = &jobs[i & 1];

		for (int c = 0; c < CHUNKS; c++)
			atomic_store_explicit(&j->ran[c], 0, memory_order_relaxed);
		heed__parallel(ctx, j->chunks, i & 1 ? many : few, j);
		for (int c = 0; c < CHUNKS; c++)
			wrong += atomic_load(&j->ran[c]) != (c < j->chunks);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(jobs[0].strays, 0);
	assert_int_equal(jobs[1].strays, 0);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_chunk_runs_once_with_its_own_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
