/* Building the tree with two queues: the words from the rarest on, and the inner nodes, which come out in order of
 * their counts by themselves. */
#include "model/huffman.h"

#include <stdlib.h>
#include <string.h>

typedef struct huffman_leaf {
	int64_t count;
	int word;
} huffman_leaf;

typedef struct tree {
	int leaves;
	huffman_leaf *leaf; /* [leaves] by count */
	int64_t *inner;     /* [leaves - 1] counts of the inner nodes, in the order they were made */
	int *up; /* [2 leaves - 1] parent of leaf i, then of inner node i, as the number of an inner node */
	unsigned char *branch;
} tree;

static int by_count(const void *a, const void *b)
{
	const huffman_leaf *const x = a, *const y = b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->word < y->word ? -1 : x->word > y->word;
}

/* The rarest that has no parent yet, of leaves from *l and of inner nodes from *i: its place in `up`. */
static int take(const tree *t, int *l, int *i, int made, int64_t *count)
{
	if (*i >= made || (*l < t->leaves && t->leaf[*l].count <= t->inner[*i])) {
		*count += t->leaf[*l].count;
		return (*l)++;
	}
	*count += t->inner[*i];
	return t->leaves + (*i)++;
}

static void join(tree *t)
{
	int l = 0, i = 0;

	for (int made = 0; made < t->leaves - 1; made++) {
		int a, b;

		t->inner[made] = 0;
		a = take(t, &l, &i, made, &t->inner[made]);
		b = take(t, &l, &i, made, &t->inner[made]);
		t->up[a] = t->up[b] = made;
		t->branch[a] = 0;
		t->branch[b] = 1;
	}
}

/* Nodes from a leaf to the root. */
static int depth(const tree *t, int leaf)
{
	int n = 0;

	if (t->leaves < 2)
		return 0;
	for (int at = leaf; at != 2 * t->leaves - 2; at = t->leaves + t->up[at])
		n++;
	return n;
}

/* The root gets number 0, so that the nodes that are used most stand together. */
static void write_path(const tree *t, int leaf, heed__huffman *h)
{
	const int word = t->leaf[leaf].word;
	size_t place = h->start[word + 1];
	int at = leaf;

	while (place > h->start[word]) {
		h->node[--place] = t->leaves - 2 - t->up[at];
		h->branch[place] = t->branch[at];
		at = t->leaves + t->up[at];
	}
}

static heed_code write_paths(const tree *t, int words, heed__huffman *h)
{
	for (int i = 0; i < t->leaves; i++)
		h->start[t->leaf[i].word + 1] = (size_t)depth(t, i);
	for (int w = 0; w < words; w++)
		h->start[w + 1] += h->start[w];
	h->node = heed__realloc_array(h->ctx, NULL, h->start[words] + 1, sizeof *h->node);
	h->branch = heed__alloc(h->ctx, h->start[words]);
	if (h->node == NULL || h->branch == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < t->leaves; i++)
		write_path(t, i, h);
	return HEED_OK;
}

heed_code heed__huffman_init(heed__huffman *h, heed_ctx *ctx, const int64_t *counts, int words)
{
	const size_t n = (size_t)words;
	tree t = {.leaf = heed__calloc(ctx, n, sizeof *t.leaf),
		  .inner = heed__calloc(ctx, n, sizeof *t.inner),
		  .up = heed__calloc(ctx, 2 * n, sizeof *t.up),
		  .branch = heed__calloc(ctx, 2 * n, 1)};
	heed_code code = HEED_E_MEMORY;

	*h = (heed__huffman){.ctx = ctx, .start = heed__calloc(ctx, n + 1, sizeof *h->start)};
	if (t.leaf != NULL && t.inner != NULL && t.up != NULL && t.branch != NULL && h->start != NULL) {
		for (int w = 0; w < words; w++)
			if (counts[w] > 0)
				t.leaf[t.leaves++] = (huffman_leaf){counts[w], w};
		qsort(t.leaf, (size_t)t.leaves, sizeof *t.leaf, by_count);
		join(&t);
		code = write_paths(&t, words, h);
	}
	heed__free(ctx, t.leaf);
	heed__free(ctx, t.inner);
	heed__free(ctx, t.up);
	heed__free(ctx, t.branch);
	if (code != HEED_OK)
		heed__huffman_release(h);
	return code;
}

void heed__huffman_release(heed__huffman *h)
{
	heed__free(h->ctx, h->start);
	heed__free(h->ctx, h->node);
	heed__free(h->ctx, h->branch);
	*h = (heed__huffman){.ctx = h->ctx};
}
