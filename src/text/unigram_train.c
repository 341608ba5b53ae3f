/* Learning a unigram model (Kudo 2018, section 3.2): from many candidates on, the probabilities of the pieces are
 * estimated by expectation maximisation, and the pieces that the likelihood misses least are dropped, until as
 * many are left as are wanted. In the maximisation exp(digamma(count)) stands for the count, as under a sparse
 * Dirichlet prior (Liang and Klein 2007, "Structured Bayesian nonparametric models with variational inference"):
 * what is rare becomes rarer. */
#include <math.h>
#include <stdlib.h>

#include "text/unigram.h"

#define CANDIDATES_MAX ((size_t)1 << 20)
#define KEPT_SHARE     0.75 /* of the pieces, in one pruning */
#define ROUNDS         2    /* of estimation between prunings */
#define COUNT_MIN      0.5  /* of any piece, so that none becomes impossible */

typedef struct candidate {
	int start, length; /* in the symbols of the runs; of single symbols the length alone counts */
	double count;      /* expected, or on the best paths */
	double loss;       /* of the log-likelihood without it */
	int order;         /* as it was found */
} candidate;

HEED__VECTOR(candidates, candidate);

typedef struct trainer {
	heed_tokenizer *t;
	heed_ctx *ctx;
	heed__symbol_runs runs;
	candidates pieces; /* the space and the characters first, as in t; then the others */
	size_t singles;
	heed__doubles scores; /* [pieces] */
	heed__trie trie;
	double unknown;
	/* For the longest run. */
	double *sums, *flow;
	heed__step *steps;
} trainer;

/* ---- the start: runs as symbols, seeds as pieces ---- */

static heed_code add_run(trainer *tr, const heed__map_entry *run)
{
	const heed__unigram *u = tr->t->learned;
	size_t length;

	if (tr->runs.symbols.len > INT32_MAX - run->len - 1)
		return heed__error(tr->ctx, HEED_E_UNSUPPORTED,
				   "tokenizer: more than %d characters in distinct words", INT32_MAX);
	for (size_t pos = 0; pos < run->len; pos += length) {
		const int id = heed__alphabet_find(&u->alphabet, run->key + pos, run->len - pos, &length);

		if (!HEED__PUSH(tr->ctx, &tr->runs.symbols, id))
			return HEED_E_MEMORY;
	}
	if (!HEED__PUSH(tr->ctx, &tr->runs.symbols, -1) ||
	    !HEED__PUSH(tr->ctx, &tr->runs.first, (int)tr->runs.symbols.len))
		return HEED_E_MEMORY;
	return HEED_OK;
}

static heed_code add_runs(trainer *tr, const heed__map *counts)
{
	size_t longest = 0;
	heed_code code = HEED_OK;

	tr->runs.counts = counts;
	if (!HEED__PUSH(tr->ctx, &tr->runs.first, 0))
		return HEED_E_MEMORY;
	for (size_t i = 0; i < counts->count && code == HEED_OK; i++) {
		code = add_run(tr, &counts->entries[i]);
		longest = counts->entries[i].len > longest ? counts->entries[i].len : longest;
	}
	if (code)
		return code;
	tr->sums = heed__realloc_array(tr->ctx, NULL, longest + 1, sizeof *tr->sums);
	tr->flow = heed__realloc_array(tr->ctx, NULL, longest + 1, sizeof *tr->flow);
	tr->steps = heed__realloc_array(tr->ctx, NULL, longest + 1, sizeof *tr->steps);
	return tr->sums && tr->flow && tr->steps ? HEED_OK : HEED_E_MEMORY;
}

/* The count of a single symbol comes from the runs, that of a longer candidate from the seeds, times its length. */
static heed_code add_candidates(trainer *tr, int64_t min_count)
{
	heed__seeds seeds = {0};
	heed_code code = heed__unigram_seeds(tr->ctx, &tr->runs, min_count, &seeds);

	tr->singles = tr->t->pieces.count - (size_t)tr->t->space;
	for (size_t i = 0; i < tr->singles && code == HEED_OK; i++)
		if (!HEED__PUSH(tr->ctx, &tr->pieces, ((candidate){.length = 1, .order = (int)i})))
			code = HEED_E_MEMORY;
	for (size_t i = 0; i < seeds.len && i < CANDIDATES_MAX && code == HEED_OK; i++) {
		const heed__seed s = seeds.data[i];
		const candidate piece = {.start = s.start,
					 .length = s.length,
					 .count = (double)s.count * s.length,
					 .order = (int)tr->pieces.len};

		if (!HEED__PUSH(tr->ctx, &tr->pieces, piece))
			code = HEED_E_MEMORY;
	}
	HEED__VECTOR_RELEASE(tr->ctx, &seeds);
	for (size_t r = 0; r < tr->runs.counts->count && code == HEED_OK; r++)
		for (int i = tr->runs.first.data[r]; i < tr->runs.first.data[r + 1]; i++)
			if (tr->runs.symbols.data[i] >= 0)
				tr->pieces.data[tr->runs.symbols.data[i] - tr->t->space].count +=
					(double)tr->runs.counts->entries[r].value;
	return code;
}

/* ---- the lattice of the present pieces ---- */

static const int *symbols_of(const trainer *tr, size_t i, int *single)
{
	*single = tr->t->space + (int)i;
	return i < tr->singles ? single : tr->runs.symbols.data + tr->pieces.data[i].start;
}

/* Makes the trie for the pieces as they are now. */
static heed_code index_pieces(trainer *tr)
{
	heed__trie_release(&tr->trie, tr->ctx);
	if (!heed__trie_init(&tr->trie, tr->ctx))
		return HEED_E_MEMORY;
	for (size_t i = 0; i < tr->pieces.len; i++) {
		int single;

		if (!heed__trie_add(&tr->trie, tr->ctx, symbols_of(tr, i, &single), tr->pieces.data[i].length,
				    (int)i))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static heed__lattice lattice_of(const trainer *tr, const int *symbols, int count)
{
	return (heed__lattice){&tr->trie, tr->scores.data, tr->unknown, symbols, count};
}

static heed__lattice run_lattice(const trainer *tr, size_t r)
{
	const int first = tr->runs.first.data[r];

	return lattice_of(tr, tr->runs.symbols.data + first, tr->runs.first.data[r + 1] - 1 - first);
}

static void clear_counts(trainer *tr)
{
	for (size_t i = 0; i < tr->pieces.len; i++)
		tr->pieces.data[i].count = 0;
}

/* Scores from counts, each put through `weight`. */
static bool set_scores(trainer *tr, double (*weight)(double))
{
	double sum = 0, least = 0;

	tr->scores.len = 0;
	if (!HEED__RESERVE(tr->ctx, &tr->scores, tr->pieces.len))
		return false;
	for (size_t i = 0; i < tr->pieces.len; i++)
		sum += fmax(tr->pieces.data[i].count, COUNT_MIN);
	for (size_t i = 0; i < tr->pieces.len; i++) {
		const double score = weight(fmax(tr->pieces.data[i].count, COUNT_MIN)) - weight(sum);

		tr->scores.data[tr->scores.len++] = score;
		least = fmin(least, score);
	}
	tr->unknown = least - HEED__UNIGRAM_PENALTY;
	return true;
}

/* ---- estimation ---- */

/* The derivative of the logarithm of the gamma function: digamma(x) = digamma(x + 1) - 1 / x, and far out the
 * asymptotic series with the Bernoulli numbers. x > 0. */
static double digamma(double x)
{
	double below = 0, y;

	while (x < 10) {
		below += 1 / x;
		x += 1;
	}
	y = 1 / (x * x);
	return log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y / 240))) - below;
}

/* Adds the expected counts of the pieces in a run: flow[i] is the probability that a piece ends at i. */
static void expect_run(trainer *tr, size_t r)
{
	const heed__lattice l = run_lattice(tr, r);
	const double count = (double)tr->runs.counts->entries[r].value;

	heed__lattice_sum(&l, 1, tr->sums);
	tr->flow[0] = 1;
	for (int i = 1; i <= l.count; i++)
		tr->flow[i] = 0;
	for (int i = 0; i < l.count; i++)
		for (heed__edge e = {.end = i}; heed__edge_next(&l, &e);) {
			const double p = tr->flow[i] * exp(e.score + tr->sums[e.end] - tr->sums[i]);

			tr->flow[e.end] += p;
			if (e.piece >= 0)
				tr->pieces.data[e.piece].count += count * p;
		}
}

static bool estimate(trainer *tr)
{
	for (int round = 0; round < ROUNDS; round++) {
		clear_counts(tr);
		for (size_t r = 0; r < tr->runs.counts->count; r++)
			expect_run(tr, r);
		if (!set_scores(tr, digamma))
			return false;
	}
	return true;
}

/* ---- pruning ---- */

/* Counts the pieces on the best paths of all runs. */
static double count_best(trainer *tr)
{
	double total = 0;

	clear_counts(tr);
	for (size_t r = 0; r < tr->runs.counts->count; r++) {
		const heed__lattice l = run_lattice(tr, r);
		const double count = (double)tr->runs.counts->entries[r].value;

		heed__lattice_best(&l, -1, tr->steps);
		for (int i = l.count; i > 0; i = tr->steps[i].before)
			if (tr->steps[i].piece >= 0) {
				tr->pieces.data[tr->steps[i].piece].count += count;
				total += count;
			}
	}
	return total;
}

/* How much of the log-likelihood goes when the best pieces without it stand wherever the piece stands now: the
 * counts of those grow by its own. */
static double loss_without(trainer *tr, size_t i, double total)
{
	const candidate *piece = &tr->pieces.data[i];
	const heed__lattice l = lattice_of(tr, tr->runs.symbols.data + piece->start, piece->length);
	const double count = piece->count;
	double others = 0;
	int n = 0;

	if (count == 0)
		return 0;
	heed__lattice_best(&l, (int)i, tr->steps);
	for (int at = l.count; at > 0; at = tr->steps[at].before, n++)
		others += log(tr->pieces.data[tr->steps[at].piece].count + count);
	return count * (log(count) - log(total) - others + n * log(total + count * (n - 1)));
}

static int compare_losses(const void *pa, const void *pb)
{
	const candidate *a = pa, *b = pb;

	if (a->loss != b->loss)
		return a->loss > b->loss ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Keeps `kept` pieces, single symbols among them. */
static heed_code prune(trainer *tr, size_t kept)
{
	const double total = count_best(tr);

	for (size_t i = tr->singles; i < tr->pieces.len; i++)
		tr->pieces.data[i].loss = loss_without(tr, i, total);
	qsort(tr->pieces.data + tr->singles, tr->pieces.len - tr->singles, sizeof *tr->pieces.data,
	      compare_losses);
	tr->pieces.len = kept;
	if (!set_scores(tr, log))
		return HEED_E_MEMORY;
	return index_pieces(tr);
}

static heed_code learn(trainer *tr, size_t wanted)
{
	heed_code code = set_scores(tr, log) ? index_pieces(tr) : HEED_E_MEMORY;

	wanted = wanted > tr->singles ? wanted : tr->singles;
	while (code == HEED_OK) {
		size_t kept;

		if (heed_interrupted(tr->ctx))
			return heed__error(tr->ctx, HEED_E_INTERRUPTED, "tokenizer: stopped at %zu pieces",
					   tr->pieces.len);
		if (!estimate(tr))
			return HEED_E_MEMORY;
		if (tr->pieces.len <= wanted)
			break;
		kept = (size_t)(KEPT_SHARE * (double)tr->pieces.len);
		code = prune(tr, kept > wanted ? kept : wanted);
	}
	return code;
}

/* ---- the end ---- */

/* The readable form of a piece; false: one that is reserved, or too long. */
static bool name_piece(const trainer *tr, size_t i, heed__str *name)
{
	const candidate *piece = &tr->pieces.data[i];

	heed__str_clear(name);
	for (int k = 0; k < piece->length; k++)
		heed__str_adds(name, heed_tokenizer_piece(tr->t, tr->runs.symbols.data[piece->start + k]));
	return name->len <= HEED_PIECE_BYTES_MAX && !heed__map_get(&tr->t->pieces, name->data, name->len);
}

static heed_code add_pieces(trainer *tr)
{
	heed__unigram *u = tr->t->learned;
	heed__str name = heed__str_init(tr->ctx, 0);
	bool added = HEED__RESERVE(tr->ctx, &u->scores, tr->pieces.len);

	for (size_t i = 0; i < tr->pieces.len && added; i++) {
		if (i >= tr->singles) {
			if (!name_piece(tr, i, &name))
				continue;
			added = !name.failed && heed__tokenizer_add(tr->t, name.data, name.len);
		}
		u->scores.data[u->scores.len++] = round(tr->scores.data[i] * HEED__UNIGRAM_UNITS);
	}
	heed__str_release(&name);
	return added ? HEED_OK : HEED_E_MEMORY;
}

heed_code heed__unigram_train(heed_tokenizer *t, const heed__map *runs, int64_t min_count, int vocab)
{
	trainer tr = {.t = t, .ctx = t->ctx};
	heed_code code = add_runs(&tr, runs);

	if (code == HEED_OK)
		code = add_candidates(&tr, min_count);
	if (code == HEED_OK)
		code = learn(&tr, (size_t)(vocab - t->space));
	if (code == HEED_OK)
		code = add_pieces(&tr);
	HEED__VECTOR_RELEASE(t->ctx, &tr.runs.symbols);
	HEED__VECTOR_RELEASE(t->ctx, &tr.runs.first);
	HEED__VECTOR_RELEASE(t->ctx, &tr.pieces);
	HEED__VECTOR_RELEASE(t->ctx, &tr.scores);
	heed__trie_release(&tr.trie, t->ctx);
	heed__free(t->ctx, tr.sums);
	heed__free(t->ctx, tr.flow);
	heed__free(t->ctx, tr.steps);
	return code;
}
