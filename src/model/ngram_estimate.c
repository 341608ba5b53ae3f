/* From counts to probabilities.
 *
 * Interpolated modified Kneser-Ney (Chen and Goodman 1999, "An empirical study of smoothing techniques for language
 * modeling", equations 22 to 26), as KenLM's lmplz computes it (Heafield et al. 2013, "Scalable modified Kneser-Ney
 * language model estimation"). With c the counts of heed__ngram_count, h the words before w, h' those without the
 * first, and D(c) the discount of the length, which depends on c = 1, 2, 3 and more:
 *
 *	p(w | h)  = (c(h w) - D(c(h w))) / sum_v c(h v) + g(h) p(w | h')
 *	g(h)      = (sum of what was taken off, and of the counts that are pruned) / sum_v c(h v)
 *
 * and 1-grams are interpolated with the uniform distribution over the words that were seen, eos and unk. g is the
 * weight of back-off.
 *
 * Maximum likelihood: c(h w) / c(h). Zero where h was seen but not h w; for an h that was not seen, by h'.
 *
 * Add-k: (c(h w) + k) / (c(h) + k V), V all tokens but bos, for h of the full length or back to bos. So that this
 * is a model of the same form, all shorter n-grams have 1 / V, and g(h) = k V / (c(h) + k V). */
#include "model/ngram_table.h"

#include "base/context_impl.h"

#include <math.h>
#include <string.h>

#define CHUNK 4096u /* rows of the shorter table that a thread takes at a time */
#define LEFT  -1.0f /* the probability of what does not stay */

typedef struct discount {
	double d[4]; /* of the counts 0, 1, 2, 3 and more */
} discount;

typedef struct estimate {
	heed__ngram_table *table;
	const heed__ngram_recipe *recipe;
	int n; /* the length that is being estimated */
	discount discount;
} estimate;

static uint32_t seen(heed__ngram_cell cell)
{
	return cell.count & ~HEED__NGRAM_PRUNED;
}

static uint32_t kept(heed__ngram_cell cell)
{
	return cell.count & HEED__NGRAM_PRUNED ? 0 : cell.count;
}

static double off(const discount *d, uint32_t count)
{
	return d->d[count < 3 ? count : 3];
}

/* Chen and Goodman's equation 26. Where there are no n-grams of a count, or what comes out is no discount, these of
 * lmplz's --discount_fallback are taken: texts that are small or have been made may need that. */
static discount discount_of(const heed__ngram_table *t, int n)
{
	const discount fallback = {{0, 0.5, 1, 1.5}};
	discount d = {{0}};
	double with[5] = {0}, y;

	for (uint32_t i = 0; i < t->n[n].count; i++)
		if (seen(t->n[n].value[i]) < 5)
			with[seen(t->n[n].value[i])]++;
	y = with[1] / (with[1] + 2 * with[2]);
	for (int c = 1; c <= 3; c++) {
		d.d[c] = c - (c + 1) * y * with[c + 1] / with[c];
		if (with[c] > 0 && d.d[c] >= 0 && d.d[c] <= c)
			continue;
		if (t->n[n].count > 0)
			heed__log(
				t->ctx, HEED_LOG_WARN,
				"ngram: %.0f, %.0f, %.0f and %.0f %d-grams count 1, 2, 3 and 4: no discounts "
				"follow, so 0.5, 1 and 1.5 are taken",
				with[1], with[2], with[3], with[4], n);
		return fallback;
	}
	heed__log(t->ctx, HEED_LOG_INFO, "ngram: %d-grams: discounts %.4f, %.4f, %.4f", n, d.d[1], d.d[2],
		  d.d[3]);
	return d;
}

/* What the rows [first, end) of one context have in common. */
typedef struct context {
	double total;    /* of the counts */
	double released; /* counts taken off, and pruned */
	double kept;     /* counts not pruned */
} context;

static context context_of(const heed__ngram_cell *value, uint32_t first, uint32_t end, const discount *d)
{
	context c = {0};

	for (uint32_t i = first; i < end; i++) {
		const uint32_t all = seen(value[i]), stays = kept(value[i]);

		c.total += all;
		c.kept += stays;
		c.released += all - stays + off(d, stays);
	}
	return c;
}

/* The rows of table n that follow row `parent` of table n - 1; returns the parent's weight of back-off. */
typedef double follow_fn(const estimate *e, uint32_t parent, uint32_t first, uint32_t end);

static double follow_kneser_ney(const estimate *e, uint32_t parent, uint32_t first, uint32_t end)
{
	const heed__ngram_rows *const rows = &e->table->n[e->n];
	const heed__ngram_cell *const shorter = e->table->n[e->n - 1].value;
	const context c = context_of(rows->value, first, end, &e->discount);
	const double weight = c.total > 0 ? c.released / c.total : 1;

	(void)parent;
	for (uint32_t i = first; i < end; i++) {
		const uint32_t count = kept(rows->value[i]);

		rows->value[i].number =
			count > 0 ? (float)((count - off(&e->discount, count)) / c.total +
					    weight * (double)shorter[rows->link[i].count].number)
				  : LEFT;
	}
	return weight;
}

static double follow_mle(const estimate *e, uint32_t parent, uint32_t first, uint32_t end)
{
	const heed__ngram_rows *const rows = &e->table->n[e->n];
	const context c = context_of(rows->value, first, end, &e->discount);

	(void)parent;
	for (uint32_t i = first; i < end; i++) {
		const uint32_t count = kept(rows->value[i]);

		rows->value[i].number = count > 0 ? (float)(count / c.kept) : LEFT;
	}
	return c.kept > 0 ? 0 : 1;
}

static double follow_add_k(const estimate *e, uint32_t parent, uint32_t first, uint32_t end)
{
	const heed__ngram_table *const t = e->table;
	const heed__ngram_rows *const rows = &t->n[e->n];
	const context c = context_of(rows->value, first, end, &e->discount);
	const double k = e->recipe->k, v = t->vocab - 1;
	const bool full =
		e->n == t->order || (parent >= t->bos_first[e->n - 1] && parent < t->bos_end[e->n - 1]);

	for (uint32_t i = first; i < end; i++) {
		const uint32_t count = kept(rows->value[i]);

		if (count == 0)
			rows->value[i].number = LEFT;
		else
			rows->value[i].number = (float)(full ? (count + k) / (c.kept + k * v) : 1 / v);
	}
	return full ? k * v / (c.kept + k * v) : 1;
}

static follow_fn *const followers[] = {
	[HEED__NGRAM_KNESER_NEY] = follow_kneser_ney,
	[HEED__NGRAM_ADD_K] = follow_add_k,
	[HEED__NGRAM_MLE] = follow_mle,
};

static void follow_chunk(void *arg, int index, int thread)
{
	const estimate *const e = arg;
	const heed__ngram_rows *const shorter = &e->table->n[e->n - 1];
	const uint32_t first = (uint32_t)index * CHUNK;
	const uint32_t end = shorter->count - first < CHUNK ? shorter->count : first + CHUNK;

	(void)thread;
	for (uint32_t i = first; i < end; i++)
		shorter->link[i].number = (float)followers[e->recipe->smoothing](e, i, shorter->begin[i],
										 shorter->begin[i + 1]);
}

/* The words: those seen and the specials, but bos is never predicted. */
static bool is_word(const heed__ngram_rows *rows, uint32_t w)
{
	return w == HEED_UNK_ID || w == HEED_EOS_ID || (w != HEED_BOS_ID && kept(rows->value[w]) > 0);
}

static void words_kneser_ney(estimate *e)
{
	const heed__ngram_rows *const rows = &e->table->n[1];
	const context c = context_of(rows->value, 0, rows->count, &e->discount);
	double words = 0, uniform;

	for (uint32_t w = 0; w < rows->count; w++)
		words += is_word(rows, w);
	uniform = c.released / c.total / words;
	for (uint32_t w = 0; w < rows->count; w++) {
		const uint32_t count = kept(rows->value[w]);

		rows->value[w].number =
			is_word(rows, w) ? (float)((count - off(&e->discount, count)) / c.total + uniform)
					 : LEFT;
	}
}

static void words_mle(estimate *e)
{
	const heed__ngram_rows *const rows = &e->table->n[1];
	double total = 0;

	for (uint32_t w = 0; w < rows->count; w++)
		total += w != HEED_BOS_ID ? kept(rows->value[w]) : 0;
	for (uint32_t w = 0; w < rows->count; w++)
		rows->value[w].number = is_word(rows, w) ? (float)(kept(rows->value[w]) / total) : LEFT;
}

/* All tokens: one that was not seen is as probable as any other such. */
static void words_add_k(estimate *e)
{
	const heed__ngram_rows *const rows = &e->table->n[1];
	const double k = e->recipe->k, v = e->table->vocab - 1;
	double total = 0;

	for (uint32_t w = 0; w < rows->count; w++)
		total += w != HEED_BOS_ID ? kept(rows->value[w]) : 0;
	for (uint32_t w = 0; w < rows->count; w++)
		rows->value[w].number =
			(float)(e->table->order == 1 ? (kept(rows->value[w]) + k) / (total + k * v) : 1 / v);
}

/* As in ARPA files bos has the probability 1, which nobody asks for. */
static void estimate_words(estimate *e)
{
	heed__ngram_cell *const value = e->table->n[1].value;

	if (e->recipe->smoothing == HEED__NGRAM_KNESER_NEY) {
		/* bos is there, but never predicted. */
		value[HEED_BOS_ID].count = 0;
		e->discount = discount_of(e->table, 1);
		words_kneser_ney(e);
	} else if (e->recipe->smoothing == HEED__NGRAM_ADD_K) {
		words_add_k(e);
	} else {
		words_mle(e);
	}
	value[HEED_BOS_ID].number = 1;
}

/* Drops the rows that do not stay, longest first, so that what follows a row that goes is gone already. */
static void drop_rows(heed__ngram_table *t, int n)
{
	heed__ngram_rows *const shorter = &t->n[n - 1], *const rows = &t->n[n];
	uint32_t to = 0, i = 0;

	for (uint32_t parent = 0; parent < shorter->count; parent++) {
		const uint32_t end = shorter->begin[parent + 1];

		shorter->begin[parent] = to;
		for (; i < end; i++) {
			if (rows->value[i].number < 0)
				continue;
			rows->word[to] = rows->word[i];
			rows->value[to] = rows->value[i];
			rows->link[to] = rows->link[i];
			if (rows->begin != NULL)
				rows->begin[to] = rows->begin[i];
			to++;
		}
	}
	shorter->begin[shorter->count] = to;
	if (rows->begin != NULL)
		rows->begin[to] = rows->begin[rows->count];
	rows->count = to;
}

static float logarithm(float x)
{
	return x > 0 ? log10f(x) : HEED__NGRAM_ZERO;
}

static void log_chunk(void *arg, int index, int thread)
{
	const estimate *const e = arg;
	const heed__ngram_rows *const rows = &e->table->n[e->n];
	const uint32_t first = (uint32_t)index * CHUNK;
	const uint32_t end = rows->count - first < CHUNK ? rows->count : first + CHUNK;

	(void)thread;
	for (uint32_t i = first; i < end; i++) {
		const float p = rows->value[i].number;

		rows->value[i].number = p == LEFT ? HEED__NGRAM_ABSENT : fminf(logarithm(p), 0);
		if (e->n < e->table->order)
			rows->link[i].number = logarithm(rows->link[i].number);
	}
}

static int chunks_of(uint32_t rows)
{
	return (int)(rows / CHUNK + (rows % CHUNK > 0));
}

heed_code heed__ngram_estimate(heed__ngram_table *t, const heed__ngram_recipe *recipe)
{
	estimate e = {.table = t, .recipe = recipe, .n = 1};

	estimate_words(&e);
	for (e.n = 2; e.n <= t->order; e.n++) {
		if (recipe->smoothing == HEED__NGRAM_KNESER_NEY)
			e.discount = discount_of(t, e.n);
		heed__parallel(t->ctx, chunks_of(t->n[e.n - 1].count), follow_chunk, &e);
	}
	for (int n = t->order; n > 1 && recipe->prune[t->order] > 0; n--)
		drop_rows(t, n);
	for (e.n = 1; e.n <= t->order; e.n++)
		heed__parallel(t->ctx, chunks_of(t->n[e.n].count), log_chunk, &e);
	return HEED_OK;
}
