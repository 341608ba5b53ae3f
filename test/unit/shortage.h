/* Memory that runs out: in the n-th try the n-th request is refused, until a try asks for less than that.
 *
 *	shortage s = {0};
 *	heed_code code;
 *
 *	do {
 *		heed_ctx *ctx;
 *
 *		shortage_begin(&s);
 *		ctx = shortage_ctx(&s);
 *		code = ctx != NULL ? try_it(ctx) : HEED_E_MEMORY;
 *		heed_ctx_free(ctx);
 *	} while (shortage_felt(&s, code));
 *	assert_true(s.tries > 10);
 */
#ifndef HEED_TEST_SHORTAGE_H
#define HEED_TEST_SHORTAGE_H

#include "heed/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct shortage {
	/* What the test says. */
	bool rest;     /* all requests from the n-th on are refused, not only that one */
	bool optional; /* it can do without some: all may go well although one was refused */
	long kept;     /* blocks that outlive a try */

	long tries;
	long at;              /* number of the request that is refused; 0: none */
	atomic_long requests; /* since the try began */
	atomic_long blocks;   /* held now */
} shortage;

/* A heed_alloc_fn. */
static inline void *shortage_alloc(void *user, void *p, size_t n)
{
	shortage *const s = user;
	long request;

	if (n == 0) {
		atomic_fetch_sub(&s->blocks, p != NULL);
		free(p);
		return NULL;
	}
	request = atomic_fetch_add(&s->requests, 1) + 1;
	if (s->at > 0 && (request == s->at || (s->rest && request > s->at)))
		return NULL;
	atomic_fetch_add(&s->blocks, p == NULL);
	return realloc(p, n);
}

/* NULL when this is what is refused. */
static inline heed_ctx *shortage_ctx(shortage *s)
{
	return heed_ctx_new(&(heed_ctx_options){.threads = 1, .alloc = shortage_alloc, .alloc_user = s});
}

/* From here on requests count. */
static inline void shortage_begin(shortage *s)
{
	s->requests = 0;
	s->at = ++s->tries;
}

/* Whether something was refused in the try that ends here; if so it must say so, and in any case keep nothing. */
static inline bool shortage_felt(shortage *s, heed_code code)
{
	const bool felt = s->requests >= s->at;

	s->at = 0;
	if (code != (felt ? HEED_E_MEMORY : HEED_OK) && !(s->optional && code == HEED_OK))
		fail_msg("request %ld of %ld: %s", s->tries, (long)s->requests, heed_code_name(code));
	if (s->blocks != s->kept)
		fail_msg("request %ld: %ld blocks were not freed", s->tries, s->blocks - s->kept);
	return felt;
}

/* Does all that with work that needs only a context; every request from the n-th on is refused. How many tries. */
static inline long shortage_run(heed_code (*work)(heed_ctx *ctx))
{
	shortage s = {.rest = true};
	heed_code code;

	do {
		heed_ctx *ctx;

		code = HEED_E_MEMORY;
		shortage_begin(&s);
		ctx = shortage_ctx(&s);
		if (ctx != NULL) {
			code = work(ctx);
			assert_int_equal(heed_error_code(ctx), code);
		}
		heed_ctx_free(ctx);
	} while (shortage_felt(&s, code));
	return s.tries;
}

#endif
