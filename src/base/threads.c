/* The thread pool: fixed-size chunks claimed by an atomic counter. The caller claims too, and so finishes
 * whatever nobody else did; it waits only for chunks that a worker has in hand. */
#include "base/context_struct.h"

#include <pthread.h>
#include <sched.h>

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() sched_yield()
#endif

#define SPINS 4000 /* looks for new work before sleeping: about 50 microseconds */

typedef struct worker {
	struct heed__pool *pool;
	pthread_t thread;
	int index;
} worker;

typedef struct heed__pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	atomic_uint round; /* grows with every job */
	atomic_int sleepers;
	atomic_int quit;

	/* The job of this round. `ticket` holds the round in its high half and the next chunk in its low half, so
	 * that a late worker can't claim a chunk of a later job with an earlier job's function. */
	atomic_uint_least64_t ticket;
	heed__work_fn *_Atomic work;
	void *_Atomic arg;
	atomic_int chunks;
	atomic_int done;

	int count; /* workers beside the caller */
	worker workers[];
} heed__pool;

static _Thread_local bool inside;

static void run_chunks(heed__pool *p, uint32_t round, int thread)
{
	uint64_t t = atomic_load(&p->ticket);

	while ((uint32_t)(t >> 32) == round) {
		/* If these are of a later job already, the ticket has moved on and the claim fails. */
		const int chunk = (int)(uint32_t)t;
		heed__work_fn *const work = atomic_load(&p->work);
		void *const arg = atomic_load(&p->arg);

		if (chunk >= atomic_load(&p->chunks))
			return;
		if (!atomic_compare_exchange_weak(&p->ticket, &t, t + 1))
			continue;
		work(arg, chunk, thread);
		atomic_fetch_add(&p->done, 1);
		t = atomic_load(&p->ticket);
	}
}

static void *worker_main(void *arg)
{
	worker *const w = arg;
	heed__pool *const p = w->pool;
	uint32_t seen = 0;

	inside = true;
	for (;;) {
		uint32_t round = atomic_load(&p->round);

		for (int i = 0; i < SPINS && round == seen && !atomic_load(&p->quit); i++) {
			PAUSE();
			round = atomic_load(&p->round);
		}
		if (round == seen) {
			pthread_mutex_lock(&p->lock);
			atomic_fetch_add(&p->sleepers, 1);
			while (atomic_load(&p->round) == seen && !atomic_load(&p->quit))
				pthread_cond_wait(&p->wake, &p->lock);
			atomic_fetch_sub(&p->sleepers, 1);
			pthread_mutex_unlock(&p->lock);
			round = atomic_load(&p->round);
		}
		if (atomic_load(&p->quit))
			return NULL;
		seen = round;
		run_chunks(p, round, w->index);
	}
}

static void stop(heed_ctx *ctx, heed__pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->quit, 1);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->count; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	heed__free(ctx, p);
}

/* A pool with as many workers as the system gives; with none the caller simply does all the work. */
static heed__pool *start(heed_ctx *ctx)
{
	const size_t workers = (size_t)ctx->threads - 1;
	heed__pool *const p = heed__calloc(ctx, 1, sizeof *p + workers * sizeof *p->workers);

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	while (p->count < (int)workers) {
		worker *const w = &p->workers[p->count];

		w->pool = p;
		w->index = p->count + 1;
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			break;
		p->count++;
	}
	return p;
}

void heed__pool_free(heed_ctx *ctx)
{
	if (ctx->pool != NULL)
		stop(ctx, ctx->pool);
	ctx->pool = NULL;
}

void heed__parallel(heed_ctx *ctx, int chunks, heed__work_fn *work, void *arg)
{
	heed__pool *p = ctx->pool;
	uint32_t round;

	if (chunks > 1 && ctx->threads > 1 && !inside && p == NULL)
		p = ctx->pool = start(ctx);
	if (chunks <= 1 || ctx->threads == 1 || inside || p == NULL) {
		for (int i = 0; i < chunks; i++)
			work(arg, i, 0);
		return;
	}
	/* The ticket first: from here on nobody claims a chunk of the last job, whose number of chunks may be smaller
	 * than this one's; the round last: only then is there something to claim. */
	round = atomic_load(&p->round) + 1;
	atomic_store(&p->ticket, (uint64_t)round << 32);
	atomic_store(&p->work, work);
	atomic_store(&p->arg, arg);
	atomic_store(&p->chunks, chunks);
	atomic_store(&p->done, 0);
	atomic_store(&p->round, round);
	if (atomic_load(&p->sleepers) > 0) {
		pthread_mutex_lock(&p->lock);
		pthread_cond_broadcast(&p->wake);
		pthread_mutex_unlock(&p->lock);
	}
	inside = true;
	run_chunks(p, round, 0);
	inside = false;
	for (int i = 0; atomic_load(&p->done) < chunks; i++)
		if (i < SPINS)
			PAUSE();
		else
			sched_yield(); /* a worker that holds a chunk is not running: let it */
}
