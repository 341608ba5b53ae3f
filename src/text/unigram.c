/* Pieces under a unigram language model (Kudo 2018): a run is cut so that the product of the pieces' probabilities
 * is highest. With dropout p a cut is drawn instead, with probability proportional to that product raised to the
 * power 1 / p - 1 (section 3.1 there, with all segmentations instead of the n best): near 0 the best one, at
 * 1/2 as the model says, at 1 any with equal chance. */
#include <math.h>
#include <string.h>

#include "text/unigram.h"
#include "text/word_split.h"

#define DEFAULT_VOCAB     8000
#define DEFAULT_MIN_COUNT 2

/* The trie and what follows from the scores. */
static heed_code index_pieces(heed_tokenizer *t)
{
	heed__unigram *u = t->learned;
	int symbols[HEED_PIECE_BYTES_MAX];
	double least = 0;

	if (!heed__trie_init(&u->trie, t->ctx))
		return HEED_E_MEMORY;
	for (int id = t->space; id < (int)t->pieces.count; id++) {
		const heed__map_entry *piece = &t->pieces.entries[id];
		const size_t space =
			strncmp(piece->key, HEED__SPACE, HEED__SPACE_SIZE) == 0 ? HEED__SPACE_SIZE : 0;
		int count = 0;
		size_t length;

		if (space > 0)
			symbols[count++] = t->space;
		for (size_t pos = space; pos < piece->len; pos += length) {
			symbols[count] = heed__alphabet_find(&u->alphabet, piece->key + pos, piece->len - pos,
							     &length);
			if (symbols[count++] < 0)
				return heed__error(t->ctx, HEED_E_FORMAT,
						   "tokenizer: piece %d is '%s', but '%.*s' is no piece", id,
						   piece->key, (int)length, piece->key + pos);
		}
		if (!heed__trie_add(&u->trie, t->ctx, symbols, count, id - t->space))
			return HEED_E_MEMORY;
		least = fmin(least, u->scores.data[id - t->space]);
	}
	u->unknown = least - HEED__UNIGRAM_PENALTY * HEED__UNIGRAM_UNITS;
	return HEED_OK;
}

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__unigram *u = t->learned;
	const int64_t min_count = options->min_count > 0 ? options->min_count : DEFAULT_MIN_COUNT;
	const int vocab = options->vocab > 0 ? options->vocab : DEFAULT_VOCAB;
	heed__map runs = heed__map_init(t->ctx), chars = heed__map_init(t->ctx);
	heed_code code = heed__count_runs(lines, false, &runs);

	if (code == HEED_OK)
		code = heed__count_chars(&runs, &chars);
	if (code == HEED_OK)
		code = heed__alphabet_train(&u->alphabet, t, options, &chars, min_count, vocab);
	if (code == HEED_OK)
		code = heed__unigram_train(t, &runs, min_count, vocab);
	heed__map_release(&chars);
	heed__map_release(&runs);
	return code ? code : index_pieces(t);
}

static heed_code load_scores(heed_tokenizer *t, heed__line_reader *in)
{
	heed__unigram *u = t->learned;
	const int wanted = (int)t->pieces.count - t->space;
	int count;
	heed_code code = heed__line_reader_number(in, "costs", HEED_VOCAB_MAX, &count);

	if (code)
		return code;
	if (count != wanted)
		return heed__error(t->ctx, HEED_E_FORMAT, "tokenizer: %d costs in line %d, expected %d",
				   count, in->line, wanted);
	for (int i = 0; i < count; i++) {
		int cost;

		code = heed__line_reader_value(in, INT32_MAX, &cost);
		if (code)
			return code;
		if (!HEED__PUSH(t->ctx, &u->scores, -(double)cost))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static heed_code load(heed_tokenizer *t, heed__line_reader *in)
{
	heed__unigram *u = t->learned;
	heed_code code = heed__alphabet_load(&u->alphabet, t, in);

	if (code == HEED_OK)
		code = heed__load_pieces(t, in);
	if (code == HEED_OK)
		code = load_scores(t, in);
	return code ? code : index_pieces(t);
}

static void save(const heed_tokenizer *t, heed__str *out)
{
	const heed__unigram *u = t->learned;
	const int first = t->reserved + u->alphabet.count;

	heed__save_pieces(t, t->reserved, u->alphabet.count, out);
	heed__save_pieces(t, first, (int)t->pieces.count - first, out);
	heed__str_addf(out, "costs %zu\n", u->scores.len);
	for (size_t i = 0; i < u->scores.len; i++)
		heed__str_addf(out, "%d\n", (int)-u->scores.data[i]);
}

static void release(heed_tokenizer *t)
{
	heed__unigram *u = t->learned;

	heed__alphabet_release(&u->alphabet);
	heed__trie_release(&u->trie, t->ctx);
	HEED__VECTOR_RELEASE(t->ctx, &u->scores);
}

typedef struct workspace {
	int symbols[HEED__RUN_BYTES_MAX];
	int starts[HEED__RUN_BYTES_MAX + 1]; /* of each symbol, in bytes */
	heed__step steps[HEED__RUN_BYTES_MAX + 1];
	double sums[HEED__RUN_BYTES_MAX + 1];
} workspace;

static int split_run(const heed__unigram *u, workspace *w, const char *run, size_t len)
{
	int count = 0;
	size_t length;

	for (size_t pos = 0; pos < len; pos += length) {
		w->starts[count] = (int)pos;
		w->symbols[count++] = heed__alphabet_find(&u->alphabet, run + pos, len - pos, &length);
	}
	w->starts[count] = (int)len;
	return count;
}

/* Draws a piece that begins at i. */
static heed__edge draw_piece(const heed__lattice *l, double power, const double *sums, int i, heed__rng *rng)
{
	double left = heed__rng_uniform(rng);
	heed__edge drawn = {0};

	for (heed__edge e = {.end = i}; left >= 0 && heed__edge_next(l, &e);) {
		drawn = e;
		left -= exp(power * e.score + sums[e.end] - sums[i]);
	}
	return drawn;
}

/* Fills the path of w->steps as heed__lattice_best does. */
static void draw_path(const heed__lattice *l, workspace *w, double dropout, heed__rng *rng)
{
	const double power = (1 / dropout - 1) / HEED__UNIGRAM_UNITS;

	heed__lattice_sum(l, power, w->sums);
	for (int i = 0; i < l->count; i = w->steps[i].next) {
		const heed__edge e = draw_piece(l, power, w->sums, i, rng);

		w->steps[i].next = e.end;
		w->steps[e.end].piece = e.piece;
	}
}

static heed_code encode_run(heed_coder *c, const char *run, size_t len)
{
	const heed__unigram *u = c->t->learned;
	workspace *w = heed__coder_scratch(c, sizeof *w);
	heed__lattice l = {&u->trie, u->scores.data, u->unknown, NULL, 0};

	if (!w)
		return HEED_E_MEMORY;
	l.symbols = w->symbols;
	l.count = split_run(u, w, run, len);
	if (c->dropout > 0)
		draw_path(&l, w, c->dropout, &c->rng);
	else
		heed__lattice_best(&l, -1, w->steps);
	for (int i = 0; i < l.count; i = w->steps[i].next) {
		const int next = w->steps[i].next, piece = w->steps[next].piece;
		const int bytes = w->starts[next] - w->starts[i];
		const bool pushed = piece >= 0 ? heed__coder_push(c, c->t->space + piece, bytes)
					       : heed__coder_push_char(c, run + w->starts[i], bytes);

		if (!pushed)
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static heed_code encode(heed_coder *c)
{
	return heed__coder_encode_runs(c, encode_run);
}

const heed__tokenizer_class heed__tokenizer_unigram = {
	.name = "unigram",
	.about = "pieces of words, the most probable ones together; rare characters are spelled in bytes",
	.bytes = HEED__BYTES_MAYBE,
	.runs = true,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
	.release = release,
	.learned_size = sizeof(heed__unigram),
};
