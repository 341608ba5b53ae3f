/* One context for all tests of a program, in memory that can run short. */
#ifndef HEED_TEST_ONE_CTX_H
#define HEED_TEST_ONE_CTX_H

#include "shortage.h"

static shortage memory;
static heed_ctx *ctx;

static inline int make_ctx(void **state)
{
	(void)state;
	ctx = shortage_ctx(&memory);
	return ctx ? 0 : -1;
}

/* Fails when a test kept something. */
static inline int free_ctx(void **state)
{
	(void)state;
	heed_ctx_free(ctx);
	return memory.blocks == 0 ? 0 : -1;
}

#endif
