/* Huffman's code (Huffman 1952): the binary tree in which frequent words are near the root. Word2vec asks on the way
 * from the root to a word at every inner node which way to go (Mikolov et al. 2013b, section 2.1). */
#ifndef HEED_HUFFMAN_H
#define HEED_HUFFMAN_H

#include "base/context_impl.h"

/* No code is longer: a code of n bits needs a count of Fibonacci's n-th number at least. */
#define HEED__HUFFMAN_BITS 92

/* The path of word w is nodes node[start[w]..start[w + 1]), from the root on, and the branches taken there. The inner
 * nodes of n words are 0 to n - 2. */
typedef struct heed__huffman {
	heed_ctx *ctx;
	size_t *start;         /* [words + 1] */
	int *node;             /* [start[words]] */
	unsigned char *branch; /* 0 or 1 */
} heed__huffman;

/* Words with a count of 0 have an empty path, and so has a word that is the only one. */
heed_code heed__huffman_init(heed__huffman *h, heed_ctx *ctx, const int64_t *counts, int words);
void heed__huffman_release(heed__huffman *h);

#endif
