/* A typed array that grows.
 *
 *	HEED__VECTOR(heed__ints, int)         declares struct heed__ints { int *data; size_t len, cap; }
 *	heed__ints v = { 0 };
 *	if (!HEED__PUSH(ctx, &v, 7)) ...      false: out of memory, recorded in ctx
 *	HEED__VECTOR_RELEASE(ctx, &v);
 */
#ifndef HEED_VECTOR_H
#define HEED_VECTOR_H

#include "base/context_impl.h"

#define HEED__VECTOR(name, type)                                                                             \
	typedef struct name {                                                                                \
		type *data;                                                                                  \
		size_t len, cap;                                                                             \
	} name

/* Makes room for `extra` more elements. */
#define HEED__RESERVE(ctx, v, extra)                                                                         \
	heed__vector_reserve((ctx), (void **)&(v)->data, &(v)->cap, (v)->len, (extra), sizeof *(v)->data)
#define HEED__PUSH(ctx, v, value)                                                                            \
	(HEED__RESERVE((ctx), (v), 1) ? ((v)->data[(v)->len++] = (value), true) : false)
#define HEED__VECTOR_RELEASE(ctx, v)                                                                         \
	do {                                                                                                 \
		heed__free((ctx), (v)->data);                                                                \
		(v)->data = NULL;                                                                            \
		(v)->len = (v)->cap = 0;                                                                     \
	} while (0)

bool heed__vector_reserve(heed_ctx *ctx, void **data, size_t *cap, size_t len, size_t extra, size_t size);

HEED__VECTOR(heed__ints, int);

#endif
