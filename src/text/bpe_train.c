/* Learning the merges of byte-pair encoding (Sennrich et al. 2016, algorithm 1): again and again the most
 * frequent pair of neighbours becomes one piece. Instead of counting anew, a merge changes the counts of only
 * those pairs that touch it, in the runs that hold it; a heap has the pairs in order of count. */
#include "text/bpe_merges.h"
#include "text/min_heap.h"

/* A pair gains only in the merge that makes its newer piece; from then on it loses. So it enters the heap once,
 * after that merge, and its count there is never too small. */
typedef struct pair {
	int left, right;
	int64_t count;
	uint32_t places; /* list of the runs that may hold it: index + 1 in `places`; 0: none */
} pair;

typedef struct place {
	uint32_t run, next;
} place;

typedef struct run {
	size_t start; /* in `pieces` */
	int len;
	int64_t count;
} run;

HEED__VECTOR(pairs, pair);
HEED__VECTOR(places, place);
HEED__VECTOR(heap, heed__heap_item);

typedef struct trainer {
	heed_tokenizer *t;
	heed_ctx *ctx;
	int64_t min_count; /* pairs seen less often never enter the heap */
	run *runs;
	size_t run_count;
	heed__ints pieces; /* of all runs; -1 is a character without a piece, which nothing is merged with */
	pairs pairs;
	heed__pair_table index; /* (left, right) to pair */
	places places;
	uint32_t free_place; /* list of unused places */
	heap heap;           /* key: UINT64_MAX - count, tie: left and right */
} trainer;

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

/* Notes that the run may hold the pair; the last one noted is not noted again. */
static bool add_place(trainer *tr, pair *p, uint32_t run_index)
{
	uint32_t i = tr->free_place;

	if (p->places > 0 && tr->places.data[p->places - 1].run == run_index)
		return true;
	if (i > 0) {
		tr->free_place = tr->places.data[i - 1].next;
	} else {
		if (!HEED__PUSH(tr->ctx, &tr->places, ((place){0})))
			return false;
		i = (uint32_t)tr->places.len;
	}
	tr->places.data[i - 1] = (place){.run = run_index, .next = p->places};
	p->places = i;
	return true;
}

static bool gain(trainer *tr, uint32_t run_index, int left, int right)
{
	pair *p = find_pair(tr, left, right);

	if (!p)
		return false;
	p->count += tr->runs[run_index].count;
	return add_place(tr, p, run_index);
}

/* Counts the pairs that begin at pieces[from, to - 1) of a run. */
static bool gain_pairs(trainer *tr, uint32_t run_index, int from, int to)
{
	const int *pieces = tr->pieces.data + tr->runs[run_index].start;

	for (int i = from; i + 1 < to; i++)
		if (pieces[i] >= 0 && pieces[i + 1] >= 0 && !gain(tr, run_index, pieces[i], pieces[i + 1]))
			return false;
	return true;
}

static void lose_pairs(trainer *tr, uint32_t run_index, int from, int to)
{
	const int *pieces = tr->pieces.data + tr->runs[run_index].start;

	for (int i = from; i + 1 < to; i++)
		if (pieces[i] >= 0 && pieces[i + 1] >= 0)
			find_pair(tr, pieces[i], pieces[i + 1])->count -= tr->runs[run_index].count;
}

/* Merges all of a pair in one run, from the left. The pairs from before the first merge to behind the last are
 * counted out, and in again. */
static bool merge_in_run(trainer *tr, uint32_t run_index, int left, int right, int id)
{
	run *r = &tr->runs[run_index];
	int *pieces = tr->pieces.data + r->start;
	int first = 0, last, from, to, out;

	while (first + 1 < r->len && !(pieces[first] == left && pieces[first + 1] == right))
		first++;
	if (first + 1 >= r->len)
		return true;
	last = r->len - 2;
	while (!(pieces[last] == left && pieces[last + 1] == right))
		last--;
	from = first > 0 ? first - 1 : 0;
	to = last + 3 < r->len ? last + 3 : r->len;
	lose_pairs(tr, run_index, from, to);
	out = first;
	for (int i = first; i < r->len; out++) {
		const bool merge = i + 1 < r->len && pieces[i] == left && pieces[i + 1] == right;

		pieces[out] = merge ? id : pieces[i];
		i += merge ? 2 : 1;
	}
	to -= r->len - out;
	r->len = out;
	return gain_pairs(tr, run_index, from, to);
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
	pair *p = find_pair(tr, left, right);
	uint32_t i = p->places;

	p->places = 0;
	while (i > 0) {
		const place here = tr->places.data[i - 1];

		if (!merge_in_run(tr, here.run, left, right, id))
			return false;
		tr->places.data[i - 1].next = tr->free_place;
		tr->free_place = i;
		i = here.next;
	}
	return queue_from(tr, known);
}

/* Cuts a run into characters. */
static bool add_run(trainer *tr, const heed__map_entry *entry)
{
	const heed__bpe *bpe = tr->t->learned;
	run *r = &tr->runs[tr->run_count];
	size_t length;

	*r = (run){.start = tr->pieces.len, .count = entry->value};
	for (size_t pos = 0; pos < entry->len; pos += length) {
		const int id =
			heed__alphabet_find(&bpe->alphabet, entry->key + pos, entry->len - pos, &length);

		if (!HEED__PUSH(tr->ctx, &tr->pieces, id))
			return false;
		r->len++;
	}
	tr->run_count++;
	return true;
}

static bool add_runs(trainer *tr, const heed__map *runs)
{
	tr->runs = heed__realloc_array(tr->ctx, NULL, runs->count, sizeof *tr->runs);
	if (!tr->runs)
		return false;
	for (size_t i = 0; i < runs->count; i++)
		if (!add_run(tr, &runs->entries[i]))
			return false;
	for (size_t i = 0; i < runs->count; i++)
		if (!gain_pairs(tr, (uint32_t)i, 0, tr->runs[i].len))
			return false;
	return queue_from(tr, 0);
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
	trainer tr = {.t = t, .ctx = t->ctx, .min_count = min_count, .index = heed__pair_table_init(t->ctx)};
	heed_code code = add_runs(&tr, runs) ? learn(&tr, vocab, merges) : HEED_E_MEMORY;

	heed__free(t->ctx, tr.runs);
	HEED__VECTOR_RELEASE(t->ctx, &tr.pieces);
	HEED__VECTOR_RELEASE(t->ctx, &tr.pairs);
	heed__pair_table_release(&tr.index);
	HEED__VECTOR_RELEASE(t->ctx, &tr.places);
	HEED__VECTOR_RELEASE(t->ctx, &tr.heap);
	return code;
}
