/* What word vectors know: neighbours, analogies, and how both agree with people.
 *
 *	heed_neighbour near[10];
 *	int found;
 *	heed_vectors_look_up(v, "king", 4, &word);
 *	heed_nearest(v, word.vector, &word.index, 1, 10, near, &found);
 *	for (int i = 0; i < found; i++)
 *		printf("%s\t%.4f\n", heed_vectors_word(v, near[i].index), near[i].cosine);
 */
#ifndef HEED_NEAREST_H
#define HEED_NEAREST_H

#include "heed/vectors.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_neighbour {
	int index; /* which word */
	float cosine;
} heed_neighbour;

/* The at most `count` words whose vectors have the largest cosine with `vector` [width], from the nearest on, without
 * those listed in `except` (-1 is none). HEED_E_ARGUMENT: the vector is zero; HEED_E_MEMORY. */
heed_code heed_nearest(const heed_vectors *v, const float *vector, const int *except, int except_count,
		       int count, heed_neighbour *out, int *found);

/* a is to b as c is to: the words nearest to b/|b| - a/|a| + c/|c|, without the three themselves (Mikolov et al. 2013;
 * 3CosAdd of Levy and Goldberg 2014). */
heed_code heed_analogy(heed_vectors *v, const char *a, const char *b, const char *c, int count,
		       heed_neighbour *out, int *found);

/* How a file of analogies was answered. The file is that of Mikolov et al. 2013, questions-words.txt: lines
 * ": SECTION", and lines of four words between them, of which the fourth is to be found. */
typedef struct heed_analogy_section {
	const char *name;
	int64_t asked, right;
	int64_t skipped; /* questions with a word that the table does not have: not asked */
} heed_analogy_section;

typedef struct heed_analogies {
	heed_ctx *ctx;
	heed_analogy_section *sections; /* [count], in the order of the file */
	int count;
	heed_analogy_section total;
} heed_analogies;

/* HEED_E_FORMAT: a line has not four words; HEED_E_IO, HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_analogies_evaluate(heed_vectors *v, const char *path, heed_analogies **result);
void heed_analogies_free(heed_analogies *a); /* accepts NULL */

/* How cosines agree with people's judgements: a file with WORD WORD NUMBER a line, with blanks or commas between them,
 * such as WordSim-353 or SimLex-999; empty lines and those that begin with # say nothing. */
typedef struct heed_similarity {
	int64_t pairs;   /* compared */
	int64_t skipped; /* with a word that the table does not have */
	double spearman; /* rank correlation; NaN for less than two pairs, or when all are alike */
} heed_similarity;

/* HEED_E_FORMAT: a line is not two words and a number; HEED_E_IO, HEED_E_MEMORY. */
heed_code heed_similarity_evaluate(heed_vectors *v, const char *path, heed_similarity *result);

/* Spearman's rank correlation of n pairs: the correlation of their ranks, where equal numbers share the mean of
 * theirs (Spearman 1904). NaN as above. */
heed_code heed_spearman(heed_ctx *ctx, size_t n, const double *x, const double *y, double *rho);

#ifdef __cplusplus
}
#endif
#endif
