/* BLEU (Papineni et al. 2002): statistics of a segment are
 *
 *	tokens of the hypothesis, tokens of the closest reference, matches of order 1..4, n-grams of order 1..4
 *
 * and the arithmetic follows sacreBLEU's order of operations, since the last printed digit depends on it. */
#include "metric/metric_impl.h"

#include <math.h>
#include <stdio.h>

enum { HYP_LEN, REF_LEN, MATCHES, TOTALS = MATCHES + HEED__BLEU_ORDERS, STATS = TOTALS + HEED__BLEU_ORDERS };

static const char *const tokenizer_names[] = {
	[HEED_BLEU_13A] = "13a",
	[HEED_BLEU_NONE] = "none",
	[HEED_BLEU_CHAR] = "char",
	[HEED_BLEU_INTL] = "intl",
};

heed_metric *heed_bleu_new(heed_ctx *ctx, const heed_bleu_options *options)
{
	static const heed_bleu_options defaults = {.tokenizer = HEED_BLEU_13A};
	heed_metric *m;

	if (options == NULL)
		options = &defaults;
	if ((unsigned)options->tokenizer > HEED_BLEU_INTL ||
	    (unsigned)options->smoothing > HEED_BLEU_NO_SMOOTHING ||
	    !(options->smooth_value >= 0 && options->smooth_value <= 1e6)) {
		heed__error(
			ctx, HEED_E_ARGUMENT,
			"bleu: tokenizer %d (of 0..3), smoothing %d (of 0..3) or its value %g (of 0..1e6)",
			(int)options->tokenizer, (int)options->smoothing, options->smooth_value);
		return NULL;
	}
	m = heed__metric_new(ctx, &heed__bleu_kind, STATS);
	if (m == NULL)
		return NULL;
	snprintf(m->name, sizeof m->name, "BLEU");
	m->bleu = *options;
	if (options->smooth_value <= 0)
		m->bleu.smooth_value = options->smoothing == HEED_BLEU_FLOOR ? 0.1 : 1;
	return m;
}

/* Adds the tokens of a text as the next sequence. */
static bool push_text(heed_metric *m, bool hypothesis, heed_segment segment)
{
	heed__revision *const r = &m->revision;
	const char *word;
	size_t at = 0, len;

	heed__revision_start(r, segment.text, segment.len);
	if (m->bleu.lowercase)
		heed__revision_lowercase(r);
	heed__revision_rstrip(r);
	heed__revision_tokenize(r, m->bleu.tokenizer);
	if (r->text.failed)
		return false;
	while (heed__metric_word(r->text.data, r->text.len, &at, &word, &len))
		if (!heed__metric_push_word(m, hypothesis, word, len))
			return false;
	return heed__ngrams_end(&m->ngrams);
}

/* The length of the reference closest to the hypothesis; of two equally close, the shorter. */
static size_t closest_length(const heed__ngrams *g)
{
	const size_t hypothesis = g->ends.data[0];
	size_t best = 0, best_distance = SIZE_MAX;

	for (size_t k = 1; k < g->ends.len; k++) {
		const size_t len = g->ends.data[k] - g->ends.data[k - 1];
		const size_t distance = len > hypothesis ? len - hypothesis : hypothesis - len;

		if (distance < best_distance || (distance == best_distance && len < best)) {
			best = len;
			best_distance = distance;
		}
	}
	return best;
}

static heed_code count(heed_metric *m, heed_segment hypothesis, const heed_segment *references, size_t n,
		       uint32_t *stats)
{
	heed__ngrams *const g = &m->ngrams;

	heed__map_clear(&m->words);
	heed__ngrams_clear(g);
	if (!push_text(m, true, hypothesis))
		return HEED_E_MEMORY;
	for (size_t i = 0; i < n; i++)
		if (!push_text(m, false, references[i]))
			return HEED_E_MEMORY;
	if (!heed__ngrams_begin(g))
		return HEED_E_MEMORY;
	stats[HYP_LEN] = (uint32_t)g->ends.data[0];
	stats[REF_LEN] = (uint32_t)closest_length(g);
	for (size_t i = 0; i < HEED__BLEU_ORDERS; i++) {
		heed__ngrams_next(g);
		stats[MATCHES + i] = (uint32_t)g->clipped;
		stats[TOTALS + i] = (uint32_t)heed__ngrams_total(g, 0);
	}
	return HEED_OK;
}

static double brevity_penalty(double hyp_len, double ref_len)
{
	if (hyp_len >= ref_len)
		return 1;
	return hyp_len > 0 ? exp(1 - ref_len / hyp_len) : 0;
}

/* Fills the precisions, in per cent, and returns up to which order they count. */
static int precisions(const heed_bleu_options *o, const uint64_t *stats, double *precision)
{
	double halves = 1; /* 2^k after k orders without a match */
	int orders = HEED__BLEU_ORDERS;

	for (int i = 0; i < HEED__BLEU_ORDERS; i++) {
		double matches = (double)stats[MATCHES + i], total = (double)stats[TOTALS + i];

		if (o->smoothing == HEED_BLEU_ADD_K && i > 0) {
			matches += o->smooth_value;
			total += o->smooth_value;
		}
		if (total <= 0)
			break;
		if (o->effective_order)
			orders = i + 1;
		if (matches > 0) {
			precision[i] = 100.0 * matches / total;
		} else if (o->smoothing == HEED_BLEU_EXP) {
			halves *= 2;
			precision[i] = 100.0 / (halves * total);
		} else if (o->smoothing == HEED_BLEU_FLOOR) {
			precision[i] = 100.0 * o->smooth_value / total;
		}
	}
	return orders;
}

static void score(const heed_metric *m, const uint64_t *stats, heed_measure *out)
{
	const double hyp_len = (double)stats[HYP_LEN], ref_len = (double)stats[REF_LEN];
	uint64_t matches = 0;
	double sum = 0;
	int orders;

	*out = (heed_measure){.hyp_len = (int64_t)stats[HYP_LEN], .ref_len = (int64_t)stats[REF_LEN]};
	out->brevity = brevity_penalty(hyp_len, ref_len);
	out->ratio = ref_len > 0 ? hyp_len / ref_len : 0;
	for (int i = 0; i < HEED__BLEU_ORDERS; i++)
		matches += stats[MATCHES + i];
	if (matches == 0)
		return;
	orders = precisions(&m->bleu, stats, out->precision);
	for (int i = 0; i < orders; i++)
		sum += out->precision[i] > 0 ? log(out->precision[i]) : -9999999999.0;
	out->score = out->brevity * exp(sum / orders);
}

static int describe(const heed_metric *m, char *out, size_t size)
{
	char smoothing[32] = "exp";

	if (m->bleu.smoothing == HEED_BLEU_FLOOR || m->bleu.smoothing == HEED_BLEU_ADD_K)
		snprintf(smoothing, sizeof smoothing, "%s[%.2f]",
			 m->bleu.smoothing == HEED_BLEU_FLOOR ? "floor" : "add-k", m->bleu.smooth_value);
	else if (m->bleu.smoothing == HEED_BLEU_NO_SMOOTHING)
		snprintf(smoothing, sizeof smoothing, "none");
	return snprintf(out, size, "case:%s|eff:%s|tok:%s|smooth:%s", m->bleu.lowercase ? "lc" : "mixed",
			m->bleu.effective_order ? "yes" : "no", tokenizer_names[m->bleu.tokenizer],
			smoothing);
}

static int detail(const heed_measure *s, char *out, size_t size)
{
	return snprintf(out, size,
			" %.1f/%.1f/%.1f/%.1f (BP = %.3f ratio = %.3f hyp_len = %lld ref_len = %lld)",
			s->precision[0], s->precision[1], s->precision[2], s->precision[3], s->brevity,
			s->ratio, (long long)s->hyp_len, (long long)s->ref_len);
}

static bool same_options(const heed_metric *a, const heed_metric *b)
{
	return a->bleu.tokenizer == b->bleu.tokenizer && a->bleu.smoothing == b->bleu.smoothing &&
	       !(a->bleu.smooth_value < b->bleu.smooth_value) &&
	       !(a->bleu.smooth_value > b->bleu.smooth_value) && !a->bleu.lowercase == !b->bleu.lowercase &&
	       !a->bleu.effective_order == !b->bleu.effective_order;
}

const heed__metric_kind heed__bleu_kind = {count, score, describe, detail, same_options};
