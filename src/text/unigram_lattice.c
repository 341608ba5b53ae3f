/* Segmentations of a run: the best one, and sums over all. */
#include <math.h>

#include "text/unigram.h"

bool heed__trie_init(heed__trie *trie, heed_ctx *ctx)
{
	*trie = (heed__trie){.steps = heed__pair_table_init(ctx)};
	return HEED__PUSH(ctx, &trie->pieces, -1);
}

void heed__trie_release(heed__trie *trie, heed_ctx *ctx)
{
	if (trie->steps.ctx)
		heed__pair_table_release(&trie->steps);
	HEED__VECTOR_RELEASE(ctx, &trie->pieces);
}

bool heed__trie_add(heed__trie *trie, heed_ctx *ctx, const int *symbols, int count, int piece)
{
	int node = 0;

	for (int i = 0; i < count; i++) {
		int next = heed__pair_table_get(&trie->steps, (uint32_t)node, (uint32_t)symbols[i]);

		if (next < 0) {
			next = (int)trie->pieces.len;
			if (!HEED__PUSH(ctx, &trie->pieces, -1) ||
			    !heed__pair_table_add(&trie->steps, (uint32_t)node, (uint32_t)symbols[i], next))
				return false;
		}
		node = next;
	}
	trie->pieces.data[node] = piece;
	return true;
}

void heed__lattice_best(const heed__lattice *l, int excluded, heed__step *steps)
{
	steps[0].score = 0;
	for (int i = 1; i <= l->count; i++)
		steps[i].score = -INFINITY;
	for (int i = 0; i < l->count; i++)
		for (heed__edge e = {.end = i}; heed__edge_next(l, &e);) {
			const double score = steps[i].score + e.score;

			if (score > steps[e.end].score && (e.piece < 0 || e.piece != excluded))
				steps[e.end] = (heed__step){.score = score, .piece = e.piece, .before = i};
		}
	for (int i = l->count; i > 0; i = steps[i].before)
		steps[steps[i].before].next = i;
}

void heed__lattice_sum(const heed__lattice *l, double power, double *sums)
{
	sums[l->count] = 0;
	for (int i = l->count - 1; i >= 0; i--) {
		double most = -INFINITY, sum = 0; /* the sum is exp(most) * sum */

		for (heed__edge e = {.end = i}; heed__edge_next(l, &e);) {
			const double score = power * e.score + sums[e.end];

			if (score > most) {
				sum = sum * exp(most - score) + 1;
				most = score;
			} else {
				sum += exp(score - most);
			}
		}
		sums[i] = most + log(sum);
	}
}
