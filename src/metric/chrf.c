/* chrF (Popovic 2015) and chrF++ (Popovic 2017): statistics of a segment are, for each order of characters and
 * then of words,
 *
 *	n-grams of the hypothesis, n-grams of the reference, matches
 *
 * of the reference with which the segment scores best. Characters are counted without the space between words. */
#include "metric/metric_impl.h"

#include <stdio.h>

enum { HYP, REF, MATCH, TRIPLE };

heed_metric *heed_chrf_new(heed_ctx *ctx, const heed_chrf_options *options)
{
	heed_chrf_options o = {0};
	heed_metric *m;
	size_t n;

	if (options != NULL)
		o = *options;
	if (o.char_order == 0)
		o.char_order = 6;
	if (o.beta == 0)
		o.beta = 2;
	if (o.char_order < 1 || o.char_order > HEED__CHRF_CHAR_ORDERS || o.word_order < 0 ||
	    o.word_order > HEED__CHRF_WORD_ORDERS || o.beta < 1 || o.beta > 100) {
		heed__error(ctx, HEED_E_ARGUMENT,
			    "chrf: character order %d (of 1..%d), word order %d (of 0..%d) or beta %d (of "
			    "1..100)",
			    o.char_order, HEED__CHRF_CHAR_ORDERS, o.word_order, HEED__CHRF_WORD_ORDERS,
			    o.beta);
		return NULL;
	}
	m = heed__metric_new(ctx, &heed__chrf_kind, TRIPLE * (size_t)(o.char_order + o.word_order));
	if (m == NULL)
		return NULL;
	m->chrf = o;
	n = (size_t)snprintf(m->name, sizeof m->name, "chrF%d", o.beta);
	memset(m->name + n, '+', (size_t)o.word_order);
	return m;
}

static void revise(heed_metric *m, heed_segment segment)
{
	heed__revision_start(&m->revision, segment.text, segment.len);
	if (m->chrf.lowercase)
		heed__revision_lowercase(&m->revision);
}

static bool push_characters(heed_metric *m, bool hypothesis, heed_segment segment)
{
	uint32_t c;

	(void)hypothesis;
	revise(m, segment);
	for (size_t i = 0; i < m->revision.text.len;) {
		i += (size_t)heed__metric_char(m->revision.text.data + i, m->revision.text.len - i, &c);
		if (!heed__metric_space(c) && !heed__ngrams_push(&m->ngrams, c))
			return false;
	}
	return !m->revision.text.failed && heed__ngrams_end(&m->ngrams);
}

static bool ascii_punctuation(char c)
{
	return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
	       (c >= '{' && c <= '~');
}

/* One mark is split off a word of two characters or more: the last, else the first. */
static bool push_split_word(heed_metric *m, bool hypothesis, const char *word, size_t len)
{
	uint32_t c;
	size_t cut = 0;

	if ((size_t)heed__metric_char(word, len, &c) < len) {
		if (ascii_punctuation(word[len - 1]))
			cut = len - 1;
		else if (ascii_punctuation(word[0]))
			cut = 1;
	}
	if (cut == 0)
		return heed__metric_push_word(m, hypothesis, word, len);
	return heed__metric_push_word(m, hypothesis, word, cut) &&
	       heed__metric_push_word(m, hypothesis, word + cut, len - cut);
}

static bool push_words(heed_metric *m, bool hypothesis, heed_segment segment)
{
	const char *word;
	size_t at = 0, len;

	revise(m, segment);
	if (m->revision.text.failed)
		return false;
	while (heed__metric_word(m->revision.text.data, m->revision.text.len, &at, &word, &len))
		if (!push_split_word(m, hypothesis, word, len))
			return false;
	return heed__ngrams_end(&m->ngrams);
}

/* Fills orders [first, first + orders) of the statistics with every reference. */
static bool count_orders(heed_metric *m, heed_segment hypothesis, const heed_segment *references, size_t n,
			 bool (*push)(heed_metric *, bool, heed_segment), int first, int orders)
{
	heed__ngrams *const g = &m->ngrams;

	heed__ngrams_clear(g);
	if (!push(m, true, hypothesis))
		return false;
	for (size_t k = 0; k < n; k++)
		if (!push(m, false, references[k]))
			return false;
	if (!heed__ngrams_begin(g))
		return false;
	for (int i = first; i < first + orders; i++) {
		heed__ngrams_next(g);
		for (size_t k = 0; k < n; k++) {
			uint32_t *const s = m->by_reference.data + k * m->width + TRIPLE * i;

			s[REF] = (uint32_t)heed__ngrams_total(g, k + 1);
			s[HYP] = s[REF] > 0 ? (uint32_t)heed__ngrams_total(g, 0) : 0;
			s[MATCH] = (uint32_t)g->matched[k];
		}
	}
	return true;
}

static double f_score(const heed_metric *m, const uint64_t *stats)
{
	const double factor = m->chrf.beta * m->chrf.beta;
	double precision = 0, recall = 0;
	int orders = 0;

	for (int i = 0; i < m->chrf.char_order + m->chrf.word_order; i++) {
		const uint64_t *const s = stats + TRIPLE * i;

		if (s[HYP] == 0 || s[REF] == 0)
			continue;
		precision += (double)s[MATCH] / (double)s[HYP];
		recall += (double)s[MATCH] / (double)s[REF];
		orders++;
	}
	if (orders == 0)
		return 0;
	precision /= orders;
	recall /= orders;
	if (precision + recall <= 0)
		return 0;
	return 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

static heed_code count(heed_metric *m, heed_segment hypothesis, const heed_segment *references, size_t n,
		       uint32_t *stats)
{
	double best = -1;

	m->by_reference.len = 0;
	heed__map_clear(&m->words);
	if (!HEED__RESERVE(m->ctx, &m->by_reference, n * m->width) ||
	    !count_orders(m, hypothesis, references, n, push_characters, 0, m->chrf.char_order))
		return HEED_E_MEMORY;
	if (m->chrf.word_order > 0 &&
	    !count_orders(m, hypothesis, references, n, push_words, m->chrf.char_order, m->chrf.word_order))
		return HEED_E_MEMORY;
	for (size_t k = 0; k < n; k++) {
		const uint32_t *const one = m->by_reference.data + k * m->width;
		uint64_t wide[HEED__METRIC_STATS];
		double f;

		for (size_t i = 0; i < m->width; i++)
			wide[i] = one[i];
		f = f_score(m, wide);
		if (f > best) {
			best = f;
			memcpy(stats, one, m->width * sizeof *stats);
		}
	}
	return HEED_OK;
}

static void score(const heed_metric *m, const uint64_t *stats, heed_measure *out)
{
	*out = (heed_measure){.score = f_score(m, stats)};
}

static int describe(const heed_metric *m, char *out, size_t size)
{
	return snprintf(out, size, "case:%s|eff:yes|nc:%d|nw:%d|space:no", m->chrf.lowercase ? "lc" : "mixed",
			m->chrf.char_order, m->chrf.word_order);
}

static bool same_options(const heed_metric *a, const heed_metric *b)
{
	return a->chrf.char_order == b->chrf.char_order && a->chrf.word_order == b->chrf.word_order &&
	       a->chrf.beta == b->chrf.beta && !a->chrf.lowercase == !b->chrf.lowercase;
}

const heed__metric_kind heed__chrf_kind = {count, score, describe, NULL, same_options};
