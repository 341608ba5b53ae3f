/* Learning the merges of byte-pair encoding (Sennrich et al. 2016, algorithm 1): again and again the most
 * frequent pair of neighbours becomes one piece. Instead of counting anew, a merge goes to the places where its
 * pair stands and changes the counts of the neighbours there; a heap has the pairs in order of count.
 *
 * The runs stand one after another in `slots`, a slot a character, each run ended by BARRIER. A piece of n
 * characters fills n slots: its id is in the first and in the last, GONE in between, so that from any piece one
 * steps to the next and to the one before:
 *
 *	l o w e r |     low  .  low  er er  |        "low" is one piece, "er" is one piece */
#include <stdlib.h>

#include "text/bpe_merges.h"
#include "text/min_heap.h"

enum { BARRIER = -1, GONE = -2 };

/* A pair gains only in the merge that makes its newer piece; from then on it loses. So it enters the heap once,
 * after that merge, and its count there is never too small. */
typedef struct pair {
	int left, right;
	int64_t count;
	uint32_t places; /* list of where it may stand: index + 1 in `places`; 0: none */
} pair;

typedef struct place {
	uint32_t slot; /* the first one of the left piece */
	uint32_t run;
	uint32_t next;
} place;

HEED__VECTOR(pairs, pair);
HEED__VECTOR(places, place);
HEED__VECTOR(heap, heed__heap_item);

typedef struct trainer {
	heed_tokenizer *t;
	heed_ctx *ctx;
	int64_t min_count;     /* pairs seen less often never enter the heap */
	const heed__map *runs; /* entry i is run i and its count */
	heed__ints slots;      /* ids, BARRIER (also for a character without a piece), or GONE */
	heed__ints sizes;      /* how many slots a piece fills: [id - t->space] */
	pairs pairs;
	heed__pair_table index; /* (left, right) to pair */
	places places;
	uint32_t free_place; /* list of unused places */
	places sorted;       /* scratch */
	heap heap;           /* key: UINT64_MAX - count, tie: left and right */
} trainer;

static int size_of(const trainer *tr, int id)
{
	return tr->sizes.data[id - tr->t->space];
}

static pair *find_pair(trainer *tr, int left, int right)
{
	int32_t i = heed__pair_table_get(&tr->index, (uint32_t)left, (uint32_t)right);

	if (i >= 0)
		return &tr->pairs.data[i];
	i = (int32_t)tr->pairs.len;
	if (!HEED__PUSH(tr->ctx, &tr->pairs, ((pair){.left = left, .right = right})) ||
	    !heed__pair_table_add(&tr->index, (uint32_t)left, (uint32_t)right, i))
		return NULL;
	return &tr->pairs.data[i];
}

static bool add_place(trainer *tr, pair *p, uint32_t slot, uint32_t run)
{
	uint32_t i = tr->free_place;

	if (i > 0) {
		tr->free_place = tr->places.data[i - 1].next;
	} else {
		if (!HEED__PUSH(tr->ctx, &tr->places, ((place){0})))
			return false;
		i = (uint32_t)tr->places.len;
	}
	tr->places.data[i - 1] = (place){.slot = slot, .run = run, .next = p->places};
	p->places = i;
	return true;
}

static bool gain(trainer *tr, int left, int right, uint32_t slot, uint32_t run)
{
	pair *p = find_pair(tr, left, right);

	if (!p)
		return false;
	p->count += tr->runs->entries[run].value;
	return add_place(tr, p, slot, run);
}

/* The pair was counted before. */
static void lose(trainer *tr, int left, int right, uint32_t run)
{
	find_pair(tr, left, right)->count -= tr->runs->entries[run].value;
}

/* Makes one piece of the two that begin at a place, if they are still there. */
static bool merge_at(trainer *tr, place here, int left, int right, int id)
{
	int *slot = tr->slots.data + here.slot;
	const int left_size = size_of(tr, left), size = left_size + size_of(tr, right);
	int before, after;

	if (slot[0] != left || slot[left_size] != right)
		return true;
	before = here.slot > 0 ? slot[-1] : BARRIER;
	after = slot[size];
	slot[left_size - 1] = slot[left_size] = GONE;
	slot[0] = slot[size - 1] = id;
	if (before >= 0) {
		lose(tr, before, left, here.run);
		if (!gain(tr, before, id, here.slot - (uint32_t)size_of(tr, before), here.run))
			return false;
	}
	if (after >= 0) {
		lose(tr, right, after, here.run);
		if (!gain(tr, id, after, here.slot, here.run))
			return false;
	}
	return true;
}

static int compare_places(const void *a, const void *b)
{
	const uint32_t x = ((const place *)a)->slot, y = ((const place *)b)->slot;

	return x < y ? -1 : x > y;
}

/* Takes a pair's places into tr->sorted, from left to right: of three equal pieces the first two are merged. */
static bool take_places(trainer *tr, pair *p)
{
	tr->sorted.len = 0;
	for (uint32_t i = p->places; i > 0;) {
		place *here = &tr->places.data[i - 1];
		const uint32_t next = here->next;

		if (!HEED__PUSH(tr->ctx, &tr->sorted, *here))
			return false;
		here->next = tr->free_place;
		tr->free_place = i;
		i = next;
	}
	p->places = 0;
	if (tr->sorted.len > 0)
		qsort(tr->sorted.data, tr->sorted.len, sizeof *tr->sorted.data, compare_places);
	return true;
}

/* Puts a pair into the heap, which has room. */
static void queue(trainer *tr, const pair *p)
{
	const heed__heap_item item = {
		.key = UINT64_MAX - (uint64_t)p->count,
		.tie = heed__pair_key((uint32_t)p->left, (uint32_t)p->right),
	};

	if (p->count >= tr->min_count)
		heed__heap_push(tr->heap.data, &tr->heap.len, item);
}

/* Puts the pairs from `first` on into the heap. */
static bool queue_from(trainer *tr, size_t first)
{
	if (!HEED__RESERVE(tr->ctx, &tr->heap, tr->pairs.len - first))
		return false;
	for (size_t i = first; i < tr->pairs.len; i++)
		queue(tr, &tr->pairs.data[i]);
	return true;
}

/* Takes the most frequent pair out of the heap, or returns NULL when none is left. */
static const pair *next_pair(trainer *tr)
{
	while (tr->heap.len > 0) {
		const heed__heap_item item = heed__heap_pop(tr->heap.data, &tr->heap.len);
		const pair *p = find_pair(tr, (int)(item.tie >> 32), (int)(uint32_t)item.tie);

		if ((uint64_t)p->count == UINT64_MAX - item.key)
			return p;
		queue(tr, p); /* it lost since it was put in */
	}
	return NULL;
}

/* Merges a pair wherever it stands. */
static bool merge_everywhere(trainer *tr, int left, int right, int id)
{
	const size_t known = tr->pairs.len;

	if (!HEED__PUSH(tr->ctx, &tr->sizes, size_of(tr, left) + size_of(tr, right)) ||
	    !take_places(tr, find_pair(tr, left, right)))
		return false;
	for (size_t i = 0; i < tr->sorted.len; i++)
		if (!merge_at(tr, tr->sorted.data[i], left, right, id))
			return false;
	return queue_from(tr, known);
}

/* Cuts a run into characters and counts its pairs. */
static heed_code add_run(trainer *tr, uint32_t run)
{
	const heed__bpe *bpe = tr->t->learned;
	const heed__map_entry *text = &tr->runs->entries[run];
	int before = BARRIER;
	size_t length;

	if (tr->slots.len > INT32_MAX - text->len)
		return heed__error(tr->ctx, HEED_E_UNSUPPORTED,
				   "tokenizer: more than %d characters in distinct words", INT32_MAX);
	for (size_t pos = 0; pos < text->len; pos += length) {
		const int id = heed__alphabet_find(&bpe->alphabet, text->key + pos, text->len - pos, &length);

		if (before >= 0 && id >= 0 && !gain(tr, before, id, (uint32_t)tr->slots.len - 1, run))
			return HEED_E_MEMORY;
		if (!HEED__PUSH(tr->ctx, &tr->slots, id))
			return HEED_E_MEMORY;
		before = id;
	}
	return HEED__PUSH(tr->ctx, &tr->slots, BARRIER) ? HEED_OK : HEED_E_MEMORY;
}

static heed_code start(trainer *tr)
{
	heed_code code = HEED_OK;

	for (size_t id = (size_t)tr->t->space; id < tr->t->pieces.count; id++)
		if (!HEED__PUSH(tr->ctx, &tr->sizes, 1))
			return HEED_E_MEMORY;
	for (size_t i = 0; i < tr->runs->count && code == HEED_OK; i++)
		code = add_run(tr, (uint32_t)i);
	return code ? code : queue_from(tr, 0) ? HEED_OK : HEED_E_MEMORY;
}

static heed_code learn(trainer *tr, int vocab, int merges)
{
	const heed__bpe *bpe = tr->t->learned;

	while ((int)tr->t->pieces.count < vocab && (int)bpe->merges.len < merges) {
		const pair *p = next_pair(tr);
		bool made;
		heed_code code;

		if (!p)
			break;
		if (heed_interrupted(tr->ctx))
			return heed__error(tr->ctx, HEED_E_INTERRUPTED, "tokenizer: stopped after %zu merges",
					   bpe->merges.len);
		code = heed__bpe_merge(tr->t, p->left, p->right, &made);
		if (code)
			return code;
		if (made && !merge_everywhere(tr, p->left, p->right, (int)tr->t->pieces.count - 1))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

heed_code heed__bpe_train(heed_tokenizer *t, const heed__map *runs, int64_t min_count, int vocab, int merges)
{
	trainer tr = {
		.t = t,
		.ctx = t->ctx,
		.min_count = min_count,
		.runs = runs,
		.index = heed__pair_table_init(t->ctx),
	};
	heed_code code = start(&tr);

	if (code == HEED_OK)
		code = learn(&tr, vocab, merges);
	HEED__VECTOR_RELEASE(t->ctx, &tr.slots);
	HEED__VECTOR_RELEASE(t->ctx, &tr.sizes);
	HEED__VECTOR_RELEASE(t->ctx, &tr.pairs);
	heed__pair_table_release(&tr.index);
	HEED__VECTOR_RELEASE(t->ctx, &tr.places);
	HEED__VECTOR_RELEASE(t->ctx, &tr.sorted);
	HEED__VECTOR_RELEASE(t->ctx, &tr.heap);
	return code;
}
