/* Byte-pair encoding (Sennrich et al. 2016): a run begins as characters; of the neighbours that can be merged
 * those of the lowest rank are, the leftmost first, until none can. With dropout (Provilkov et al. 2020) each
 * candidate is passed over with probability p, anew after every merge. */
#include <string.h>

#include "text/bpe_merges.h"
#include "text/min_heap.h"
#include "text/word_split.h"

#define DEFAULT_VOCAB     8000
#define DEFAULT_MIN_COUNT 2

heed_code heed__bpe_merge(heed_tokenizer *t, int left, int right, bool *made)
{
	heed__bpe *bpe = t->learned;
	const heed__map_entry *l = &t->pieces.entries[left], *r = &t->pieces.entries[right];
	const heed__merge merge = {.left = left, .right = right};
	const size_t len = l->len + r->len;
	char piece[HEED_PIECE_BYTES_MAX];

	*made = false;
	if (len > sizeof piece || strncmp(r->key, HEED__SPACE, HEED__SPACE_SIZE) == 0)
		return HEED_OK;
	memcpy(piece, l->key, l->len);
	memcpy(piece + l->len, r->key, r->len);
	if (heed__map_get(&t->pieces, piece, len))
		return HEED_OK;
	*made = true;
	if (!heed__tokenizer_add(t, piece, len) ||
	    !heed__pair_table_add(&bpe->ranks, (uint32_t)left, (uint32_t)right, (int32_t)bpe->merges.len) ||
	    !HEED__PUSH(t->ctx, &bpe->merges, merge))
		return HEED_E_MEMORY;
	return HEED_OK;
}

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__bpe *bpe = t->learned;
	const int64_t min_count = options->min_count > 0 ? options->min_count : DEFAULT_MIN_COUNT;
	const int merges = options->merges > 0 ? options->merges : HEED_VOCAB_MAX;
	const int vocab = options->vocab > 0    ? options->vocab
			  : options->merges > 0 ? HEED_VOCAB_MAX
						: DEFAULT_VOCAB;
	heed__map runs = heed__map_init(t->ctx), chars = heed__map_init(t->ctx);
	heed_code code = heed__count_runs(lines, false, &runs);

	bpe->ranks = heed__pair_table_init(t->ctx);
	if (code == HEED_OK)
		code = heed__count_chars(&runs, &chars);
	if (code == HEED_OK)
		code = heed__alphabet_train(&bpe->alphabet, t, options, &chars, min_count, vocab);
	if (code == HEED_OK)
		code = heed__bpe_train(t, &runs, min_count, vocab, merges);
	heed__map_release(&chars);
	heed__map_release(&runs);
	return code;
}

static heed_code load_merge(heed_tokenizer *t, heed__line_reader *in)
{
	int left, right;
	bool made;
	heed_code code = heed__line_reader_pair(in, (int)t->pieces.count - 1, &left, &right);

	if (code)
		return code;
	if (left < t->space || right < t->space)
		return heed__error(t->ctx, HEED_E_FORMAT,
				   "tokenizer: ids %d and %d in line %d, but those below %d are never merged",
				   left, right, in->line, t->space);
	code = heed__bpe_merge(t, left, right, &made);
	if (code == HEED_OK && !made)
		code = heed__error(
			t->ctx, HEED_E_FORMAT,
			"tokenizer: ids %d and %d in line %d make no new piece of at most %d bytes", left,
			right, in->line, HEED_PIECE_BYTES_MAX);
	return code;
}

static heed_code load(heed_tokenizer *t, heed__line_reader *in)
{
	heed__bpe *bpe = t->learned;
	int merges = 0;
	heed_code code;

	bpe->ranks = heed__pair_table_init(t->ctx);
	code = heed__alphabet_load(&bpe->alphabet, t, in);
	if (code == HEED_OK)
		code = heed__line_reader_number(in, "merges", HEED_VOCAB_MAX - (int)t->pieces.count, &merges);
	for (int i = 0; i < merges && code == HEED_OK; i++)
		code = load_merge(t, in);
	return code;
}

static void save(const heed_tokenizer *t, heed__str *out)
{
	const heed__bpe *bpe = t->learned;

	heed__save_pieces(t, t->reserved, bpe->alphabet.count, out);
	heed__str_addf(out, "merges %zu\n", bpe->merges.len);
	for (size_t i = 0; i < bpe->merges.len; i++)
		heed__str_addf(out, "%d %d\n", bpe->merges.data[i].left, bpe->merges.data[i].right);
}

static void release(heed_tokenizer *t)
{
	heed__bpe *bpe = t->learned;

	heed__alphabet_release(&bpe->alphabet);
	HEED__VECTOR_RELEASE(t->ctx, &bpe->merges);
	if (bpe->ranks.ctx)
		heed__pair_table_release(&bpe->ranks);
}

static int merge_count(const heed_tokenizer *t)
{
	return (int)((const heed__bpe *)t->learned)->merges.len;
}

/* A piece of the run at work; pieces are nodes of a list, linked by index, -1 ends the list. */
typedef struct node {
	int id; /* -1: merged into the one before */
	int bytes, before, next;
} node;

/* A run of n nodes has at most 3 n candidates: n - 1 at first, and each of n - 1 merges adds two. */
#define CANDIDATES_MAX ((size_t)3 * HEED__RUN_BYTES_MAX)

typedef struct workspace {
	node nodes[HEED__RUN_BYTES_MAX];
	int count;
	heed__heap_item heap[CANDIDATES_MAX],
		dropped[CANDIDATES_MAX]; /* key: rank, tie: index of the left node */
	size_t heap_count, dropped_count;
} workspace;

static void add_node(workspace *w, int id, int bytes)
{
	const int i = w->count++;

	w->nodes[i] = (node){.id = id, .bytes = bytes, .before = i - 1, .next = i + 1};
}

static void split_run(const heed_tokenizer *t, workspace *w, const char *run, size_t len)
{
	const heed__bpe *bpe = t->learned;
	size_t length;

	w->count = 0;
	for (size_t pos = 0; pos < len; pos += length) {
		const int id = heed__alphabet_find(&bpe->alphabet, run + pos, len - pos, &length);

		if (id >= 0)
			add_node(w, id, (int)length);
		else if (t->first_byte < 0)
			add_node(w, HEED_UNK_ID, (int)length);
		else
			for (size_t i = 0; i < length; i++)
				add_node(w, t->first_byte + (unsigned char)run[pos + i], 1);
	}
	w->nodes[w->count - 1].next = -1;
}

static void consider(const heed__bpe *bpe, workspace *w, int i)
{
	const int next = i >= 0 ? w->nodes[i].next : -1;
	int rank;

	if (next < 0)
		return;
	rank = heed__pair_table_get(&bpe->ranks, (uint32_t)w->nodes[i].id, (uint32_t)w->nodes[next].id);
	if (rank >= 0)
		heed__heap_push(w->heap, &w->heap_count,
				(heed__heap_item){.key = (uint64_t)rank, .tie = (uint64_t)i});
}

static void merge_nodes(const heed__bpe *bpe, workspace *w, int i, int id)
{
	node *l = &w->nodes[i], *gone = &w->nodes[l->next];

	l->id = id;
	l->bytes += gone->bytes;
	l->next = gone->next;
	gone->id = -1;
	if (l->next >= 0)
		w->nodes[l->next].before = i;
	consider(bpe, w, l->before);
	consider(bpe, w, i);
}

static void merge_all(heed_coder *c, const heed__bpe *bpe, workspace *w)
{
	const int first_id = c->t->reserved + bpe->alphabet.count;

	w->heap_count = w->dropped_count = 0;
	for (int i = 0; i < w->count; i++)
		consider(bpe, w, i);
	while (w->heap_count > 0) {
		const heed__heap_item item = heed__heap_pop(w->heap, &w->heap_count);
		const heed__merge merge = bpe->merges.data[item.key];
		const int i = (int)item.tie, next = w->nodes[i].next;

		if (w->nodes[i].id != merge.left || next < 0 || w->nodes[next].id != merge.right)
			continue; /* gone since */
		if (c->dropout > 0 && heed__rng_uniform(&c->rng) < c->dropout) {
			w->dropped[w->dropped_count++] = item;
			continue;
		}
		merge_nodes(bpe, w, i, first_id + (int)item.key);
		while (w->dropped_count > 0)
			heed__heap_push(w->heap, &w->heap_count, w->dropped[--w->dropped_count]);
	}
}

static heed_code encode_run(heed_coder *c, const char *run, size_t len)
{
	workspace *w = heed__coder_scratch(c, sizeof *w);

	if (!w)
		return HEED_E_MEMORY;
	split_run(c->t, w, run, len);
	merge_all(c, c->t->learned, w);
	for (int i = 0; i >= 0; i = w->nodes[i].next)
		if (!heed__coder_push(c, w->nodes[i].id, w->nodes[i].bytes))
			return HEED_E_MEMORY;
	return HEED_OK;
}

static heed_code encode(heed_coder *c)
{
	return heed__coder_encode_runs(c, encode_run);
}

const heed__tokenizer_class heed__tokenizer_bpe = {
	.name = "bpe",
	.about = "pieces of words, merged from the most frequent pairs; rare characters are spelled in bytes",
	.bytes = HEED__BYTES_MAYBE,
	.runs = true,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
	.release = release,
	.learned_size = sizeof(heed__bpe),
	.merges = merge_count,
};
