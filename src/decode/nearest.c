/* Neighbours by cosine. */
#include "heed/nearest.h"

#include "base/context_impl.h"
#include "kernel/kernel.h"
#include "store/vectors_impl.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define CHUNK 1024 /* words */

typedef struct comparison {
	const heed_vectors *v;
	const struct heed__kernels *kernels;
	const float *vector;
	float norm;
	float *cosines; /* [words] */
} comparison;

static void compare_chunk(void *arg, int chunk, int thread)
{
	const comparison *const c = arg;
	const int first = chunk * CHUNK, count = heed_vectors_count(c->v);
	const size_t width = (size_t)heed_vectors_width(c->v);

	(void)thread;
	for (int i = first; i < first + CHUNK && i < count; i++)
		c->cosines[i] = c->kernels->dot(width, heed_vectors_at(c->v, i), c->vector) /
				(heed_vectors_norm(c->v, i) * c->norm);
}

static bool is_listed(const int *list, int count, int index)
{
	for (int i = 0; i < count; i++)
		if (list[i] == index)
			return true;
	return false;
}

/* Puts a word where it belongs among the nearest so far; of equal ones the first stays in front. */
static void insert(heed_neighbour *out, int *found, int count, heed_neighbour word)
{
	int at = *found < count ? (*found)++ : count - 1;

	for (; at > 0 && out[at - 1].cosine < word.cosine; at--)
		out[at] = out[at - 1];
	out[at] = word;
}

heed_code heed_nearest(const heed_vectors *v, const float *vector, const int *except, int except_count,
		       int count, heed_neighbour *out, int *found)
{
	heed_ctx *const ctx = heed__vectors_ctx(v);
	const int words = heed_vectors_count(v);
	comparison c = {.v = v, .kernels = heed__ctx_kernels(ctx), .vector = vector};

	*found = 0;
	c.norm = (float)sqrt(c.kernels->sum_squares((size_t)heed_vectors_width(v), vector));
	if (!(c.norm > 0 && isfinite(c.norm)))
		return heed__error(ctx, HEED_E_ARGUMENT, "nearest: a vector of length %g has no direction",
				   (double)c.norm);
	c.cosines = heed__realloc_array(ctx, NULL, (size_t)words + 1, sizeof *c.cosines);
	if (c.cosines == NULL)
		return HEED_E_MEMORY;
	heed__parallel(ctx, (words + CHUNK - 1) / CHUNK, compare_chunk, &c);
	for (int i = 0; i < words && count > 0; i++)
		if ((*found < count || c.cosines[i] > out[count - 1].cosine) &&
		    !is_listed(except, except_count, i))
			insert(out, found, count, (heed_neighbour){i, c.cosines[i]});
	heed__free(ctx, c.cosines);
	return HEED_OK;
}

/* sum += factor x/|x| */
static void add_direction(const heed_vectors *v, const heed_word *word, float factor, float *sum)
{
	const struct heed__kernels *const kernels = heed__ctx_kernels(heed__vectors_ctx(v));
	const size_t width = (size_t)heed_vectors_width(v);
	const double norm = sqrt(kernels->sum_squares(width, word->vector));

	if (norm > 0)
		kernels->axpy(width, (float)(factor / norm), word->vector, sum);
}

heed_code heed_analogy(heed_vectors *v, const char *a, const char *b, const char *c, int count,
		       heed_neighbour *out, int *found)
{
	heed_ctx *const ctx = heed__vectors_ctx(v);
	const char *const texts[] = {a, b, c};
	const float factors[] = {-1, 1, 1};
	float *const sum = heed__calloc(ctx, (size_t)heed_vectors_width(v), sizeof *sum);
	heed_code code = sum != NULL ? HEED_OK : HEED_E_MEMORY;
	int three[3];

	*found = 0;
	for (int i = 0; i < 3 && code == HEED_OK; i++) {
		heed_word word;

		code = heed_vectors_look_up(v, texts[i], strlen(texts[i]), &word);
		if (code == HEED_OK) {
			add_direction(v, &word, factors[i], sum);
			three[i] = word.index;
		}
	}
	if (code == HEED_OK)
		code = heed_nearest(v, sum, three, 3, count, out, found);
	heed__free(ctx, sum);
	return code;
}
