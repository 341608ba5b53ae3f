#include "decode/choice.h"

#include "heed/batch.h"

#include <math.h>

#define BLOCK 32

/* Whether any of BLOCK scores is above the limit; without a branch, so that it becomes vector code. */
static bool any_above(const float *z, float limit)
{
	int any = 0;

	for (int j = 0; j < BLOCK; j++)
		any |= z[j] > limit;
	return any != 0;
}

bool heed__choice_lse(const struct heed__kernels *k, const float *z, int vocab, double *lse)
{
	int t = 0; /* any token with a finite score will do */

	while (t < vocab - 1 && !isfinite(z[t]))
		t++;
	/* the loss of t is lse - z_t; without gradients z is only read */
	*lse = (double)z[t] + k->cross_entropy(1, vocab, (float *)(uintptr_t)z, vocab, &t, 0, false, 0, NULL);
	return isfinite(*lse);
}

static bool before(const heed__choice *a, const heed__choice *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return a->row != b->row ? a->row < b->row : a->token < b->token;
}

/* Puts x where it belongs below the hole at i. */
static void sift_down(heed__choice *heap, int count, int i, heed__choice x)
{
	for (int child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&x, &heap[child]))
			break;
		heap[i] = heap[child];
	}
	heap[i] = x;
}

static void add(heed__choices *c, heed__choice x)
{
	int i = c->count;

	if (c->count == c->most) {
		if (before(&x, &c->items[0]))
			sift_down(c->items, c->count, 0, x);
		return;
	}
	for (c->count++; i > 0 && before(&c->items[(i - 1) / 2], &x); i = (i - 1) / 2)
		c->items[i] = c->items[(i - 1) / 2];
	c->items[i] = x;
}

/* A limit that a row's score z_j must pass to be of interest: generous by some rounding, the heap knows better. */
static float interesting(const heed__choices *c, double lse, double score)
{
	double z;

	if (c->count < c->most)
		return -INFINITY;
	z = c->items[0].score - score + lse;
	return (float)(z - 1e-5 * (fabs(z) + fabs(lse) + 1));
}

void heed__choices_offer(heed__choices *c, const float *z, int vocab, double lse, int row, double score)
{
	float limit = interesting(c, lse, score);
	int j = HEED_EOS_ID; /* unk and bos come before it */

	while (j < vocab) {
		if (vocab - j >= BLOCK && !any_above(z + j, limit)) {
			j += BLOCK;
			continue;
		}
		for (const int end = vocab - j < BLOCK ? vocab : j + BLOCK; j < end; j++) {
			if (z[j] > limit) {
				const float logp = (float)((double)z[j] - lse);

				add(c, (heed__choice){score + (double)logp, row, j, logp});
				limit = interesting(c, lse, score);
			}
		}
	}
}

void heed__choices_sort(heed__choices *c)
{
	for (int last = c->count - 1; last > 0; last--) {
		const heed__choice worst = c->items[0];

		sift_down(c->items, last, 0, c->items[last]);
		c->items[last] = worst;
	}
}

size_t heed__sample_scratch(int vocab)
{
	return (size_t)vocab * (sizeof(float) + sizeof(int));
}

static bool likelier(const float *p, int a, int b)
{
	return p[a] != p[b] ? p[a] > p[b] : a < b;
}

static void sift(const float *p, int *heap, int count, int i, int x)
{
	for (int child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && likelier(p, heap[child + 1], heap[child]))
			child++;
		if (!likelier(p, heap[child], x))
			break;
		heap[i] = heap[child];
	}
	heap[i] = x;
}

/* Sets all but the likeliest tokens to zero: a heap sort that ends early. Returns what is left of the sum. */
static double restrict_to(const heed__sampling *s, float *p, int *heap, int vocab, double total)
{
	int most = s->top_k > 0 && s->top_k < vocab ? s->top_k : vocab;
	double sum = 0;
	int left = vocab;

	for (int j = 0; j < vocab; j++)
		heap[j] = j;
	for (int i = vocab / 2 - 1; i >= 0; i--)
		sift(p, heap, vocab, i, heap[i]);
	while (left > 0 && most-- > 0 && (left == vocab || sum < s->top_p * total)) {
		sum += (double)p[heap[0]];
		left--;
		sift(p, heap, left, 0, heap[left]);
	}
	for (int i = 0; i < left; i++)
		p[heap[i]] = 0;
	return sum;
}

int heed__sample(const struct heed__kernels *k, const heed__sampling *s, const float *z, int vocab, double u,
		 void *scratch)
{
	float *const p = scratch;
	int *const heap = (int *)(void *)(p + vocab);
	double total = 0, sum = 0;
	int drawn = HEED_EOS_ID;

	k->scale((size_t)vocab, (float)(1 / s->temperature), z, p);
	k->softmax(1, vocab, p, vocab, p, vocab);
	p[HEED_UNK_ID] = p[HEED_BOS_ID] = 0;
	for (int j = 0; j < vocab; j++)
		total += (double)p[j];
	if (s->top_k > 0 || s->top_p < 1)
		total = restrict_to(s, p, heap, vocab, total);
	for (int j = 0; j < vocab; j++) {
		sum += (double)p[j];
		if (p[j] > 0)
			drawn = j;
		if (sum > u * total)
			break;
	}
	return drawn;
}
