/* The unigram language model over pieces (Kudo 2018, "Subword regularization: improving neural network translation
 * models with multiple subword candidates"): every piece has a probability, and that of a segmentation is the
 * product of its pieces'. What unigram_train.c learns and unigram.c applies.
 *
 * Text is a run of symbols: the ids of its characters (text/alphabet.h), -1 for one without a piece. */
#ifndef HEED_UNIGRAM_H
#define HEED_UNIGRAM_H

#include "text/alphabet.h"

HEED__VECTOR(heed__doubles, double);

/* Finds the pieces that begin at a place. */
typedef struct heed__trie {
	heed__pair_table steps; /* (node, symbol) to node; 0 is the root */
	heed__ints pieces;      /* [node]: the piece that ends here, or -1 */
} heed__trie;

/* *trie is all zero, or released, and becomes empty. False: out of memory, recorded. */
bool heed__trie_init(heed__trie *trie, heed_ctx *ctx);
void heed__trie_release(heed__trie *trie, heed_ctx *ctx);
/* The piece takes the place of one with the same symbols; symbols are >= 0. False: out of memory, recorded. */
bool heed__trie_add(heed__trie *trie, heed_ctx *ctx, const int *symbols, int count, int piece);

/* The segmentations of symbols[0..count). Every symbol but -1 is a piece of its own. */
typedef struct heed__lattice {
	const heed__trie *trie;
	const double *scores; /* [piece], logarithms of probabilities */
	double unknown;       /* score of a symbol -1 */
	const int *symbols;
	int count;
} heed__lattice;

/* A piece in the lattice. Goes through all that begin at a place, the shortest first:
 *
 *	for (heed__edge e = {.end = begin}; heed__edge_next(lattice, &e);) ... */
typedef struct heed__edge {
	int node;       /* -1: there are no more */
	int end, piece; /* piece -1: an unknown symbol */
	double score;
} heed__edge;

static inline bool heed__edge_next(const heed__lattice *l, heed__edge *e)
{
	while (e->node >= 0 && e->end < l->count) {
		const int symbol = l->symbols[e->end];

		if (symbol < 0) {
			const bool alone = e->node == 0;

			*e = (heed__edge){-1, e->end + 1, -1, l->unknown};
			return alone;
		}
		e->node = heed__pair_table_get(&l->trie->steps, (uint32_t)e->node, (uint32_t)symbol);
		e->end++;
		if (e->node < 0)
			break;
		e->piece = l->trie->pieces.data[e->node];
		if (e->piece >= 0) {
			e->score = l->scores[e->piece];
			return true;
		}
	}
	return false;
}

/* The best way to a place. */
typedef struct heed__step {
	double score;
	int piece, before; /* the last piece, and where it begins */
	int next;          /* where the next piece ends, on the best path only */
} heed__step;

/* Finds the segmentation of the highest score without the piece `excluded` (-1: with all); of equals the one whose
 * last piece is longest, and so on for the rest of it. Fills steps[count + 1]:
 *
 *	for (int i = 0; i < count; i = steps[i].next) ... steps[steps[i].next].piece covers [i, next) ... */
void heed__lattice_best(const heed__lattice *l, int excluded, heed__step *steps);
/* sums[i], i in [0, count]: the logarithm of the sum of exp(power * score) over all segmentations from i on. */
void heed__lattice_sum(const heed__lattice *l, double power, double *sums);

#define HEED__UNIGRAM_UNITS   1e6  /* scores are kept in millionths, as whole numbers: their sums are exact */
#define HEED__UNIGRAM_PENALTY 10.0 /* a symbol without a piece scores so much less than the worst piece */

typedef struct heed__unigram {
	heed__alphabet alphabet;
	heed__trie trie;      /* piece i has the id t->space + i */
	heed__doubles scores; /* [piece], in units */
	double unknown;       /* in units */
} heed__unigram;

/* Learns the pieces from the counts of runs and adds them to t with their scores; the alphabet is there. Stops at
 * `vocab` ids. Substrings seen less often than min_count are no candidates. */
heed_code heed__unigram_train(heed_tokenizer *t, const heed__map *runs, int64_t min_count, int vocab);

/* Counted runs as symbols. */
typedef struct heed__symbol_runs {
	const heed__map *counts; /* entry i is run i and its count */
	heed__ints symbols;      /* of all runs, one after another, each ended by -1 */
	heed__ints first;        /* [runs + 1]: where each begins */
} heed__symbol_runs;

/* A substring of the runs. */
typedef struct heed__seed {
	int start, length; /* in symbols */
	int64_t count;
} heed__seed;

HEED__VECTOR(heed__seeds, heed__seed);

#define HEED__SEED_LENGTH_MAX 16

/* Finds the substrings of 2 to HEED__SEED_LENGTH_MAX symbols, none of them -1, that occur min_count times or more,
 * and that nothing on their right always follows. The one of the highest count * length comes first. */
heed_code heed__unigram_seeds(heed_ctx *ctx, const heed__symbol_runs *runs, int64_t min_count,
			      heed__seeds *seeds);

#endif
