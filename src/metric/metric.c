/* The accumulator of a metric: segments in, statistics kept, scores and lines out. */
#include "metric/metric_impl.h"

#include <stdio.h>

#define SEGMENT_MAX ((size_t)INT32_MAX) /* bytes, so that every count fits 32 bits */

heed_metric *heed__metric_new(heed_ctx *ctx, const heed__metric_kind *kind, size_t width)
{
	heed_metric *m = heed__calloc(ctx, 1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->ctx = ctx;
	m->kind = kind;
	m->width = width;
	m->revision = heed__revision_init(ctx);
	m->words = heed__map_init(ctx);
	m->ngrams = heed__ngrams_init(ctx);
	return m;
}

void heed_metric_free(heed_metric *m)
{
	if (m == NULL)
		return;
	HEED__VECTOR_RELEASE(m->ctx, &m->stats);
	HEED__VECTOR_RELEASE(m->ctx, &m->present);
	HEED__VECTOR_RELEASE(m->ctx, &m->by_reference);
	heed__revision_release(&m->revision);
	heed__map_release(&m->words);
	heed__ngrams_release(&m->ngrams);
	heed__free(m->ctx, m);
}

void heed_metric_reset(heed_metric *m)
{
	m->stats.len = 0;
	m->segments = m->references = 0;
	m->references_vary = false;
	memset(m->sum, 0, sizeof m->sum);
}

bool heed__metric_push_word(heed_metric *m, bool hypothesis, const char *word, size_t len)
{
	int64_t *number;

	if (!hypothesis) {
		number = heed__map_get(&m->words, word, len);
		return heed__ngrams_push(&m->ngrams, number != NULL ? (uint32_t)*number : HEED__NO_SYMBOL);
	}
	number = heed__map_put(&m->words, word, len, (int64_t)m->words.count);
	return number != NULL && heed__ngrams_push(&m->ngrams, (uint32_t)*number);
}

/* The references that are there, checked. */
static heed_code gather(heed_metric *m, heed_segment hypothesis, const heed_segment *references, int count)
{
	if (hypothesis.text == NULL)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "%s: segment %zu has no hypothesis", m->name,
				   m->segments + 1);
	m->present.len = 0;
	for (int i = 0; i < count; i++)
		if (references[i].text != NULL && !HEED__PUSH(m->ctx, &m->present, references[i]))
			return HEED_E_MEMORY;
	if (m->present.len == 0)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "%s: segment %zu has no reference", m->name,
				   m->segments + 1);
	for (size_t i = 0; i <= m->present.len; i++) {
		const size_t len = i > 0 ? m->present.data[i - 1].len : hypothesis.len;

		if (len > SEGMENT_MAX)
			return heed__error(m->ctx, HEED_E_ARGUMENT,
					   "%s: segment %zu has a text of %zu bytes, more than %zu", m->name,
					   m->segments + 1, len, SEGMENT_MAX);
	}
	return HEED_OK;
}

heed_code heed_metric_add(heed_metric *m, heed_segment hypothesis, const heed_segment *references, int count)
{
	const heed_code refused = gather(m, hypothesis, references, count);
	uint32_t *row;
	heed_code code;

	if (refused != HEED_OK)
		return refused;
	if (!HEED__RESERVE(m->ctx, &m->stats, m->width))
		return HEED_E_MEMORY;
	row = m->stats.data + m->stats.len;
	code = m->kind->count(m, hypothesis, m->present.data, m->present.len, row);
	if (code != HEED_OK)
		return code;
	for (size_t i = 0; i < m->width; i++)
		m->sum[i] += row[i];
	m->stats.len += m->width;
	if (m->segments > 0 && m->references != m->present.len)
		m->references_vary = true;
	m->references = m->present.len;
	m->segments++;
	return HEED_OK;
}

size_t heed_metric_segments(const heed_metric *m)
{
	return m->segments;
}

heed_code heed_metric_score(heed_metric *m, heed_measure *score)
{
	if (m->segments == 0)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "%s: there is no segment to score", m->name);
	m->kind->score(m, m->sum, score);
	return HEED_OK;
}

heed_code heed_metric_segment_score(heed_metric *m, size_t segment, heed_measure *score)
{
	uint64_t stats[HEED__METRIC_STATS];

	if (segment >= m->segments)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "%s: segment %zu of %zu", m->name, segment,
				   m->segments);
	for (size_t i = 0; i < m->width; i++)
		stats[i] = m->stats.data[segment * m->width + i];
	m->kind->score(m, stats, score);
	return HEED_OK;
}

const char *heed_metric_name(const heed_metric *m)
{
	return m->name;
}

void heed__metric_point(char *printed)
{
	while ((printed = strchr(printed, ',')) != NULL)
		*printed = '.';
}

int heed__metric_describe(const heed_metric *m, const heed_comparison *bootstrap, char *out, size_t size)
{
	char references[24] = "var", samples[64] = "", options[96];

	if (!m->references_vary)
		snprintf(references, sizeof references, "%zu", m->references);
	if (bootstrap != NULL)
		snprintf(samples, sizeof samples, "bs:%d|seed:%llu|", bootstrap->resamples,
			 (unsigned long long)bootstrap->seed);
	m->kind->describe(m, options, sizeof options);
	heed__metric_point(options);
	return snprintf(out, size, "nrefs:%s|%s%s|version:" HEED__METRIC_SACREBLEU, references, samples,
			options);
}

const char *heed_metric_signature(heed_metric *m)
{
	heed__metric_describe(m, NULL, m->signature, sizeof m->signature);
	return m->signature;
}

const char *heed_metric_line(heed_metric *m, const heed_measure *score, int digits)
{
	int n;

	digits = digits < 0 ? 0 : digits > 17 ? 17 : digits;
	n = snprintf(m->line, sizeof m->line, "%s|%s = %.*f", m->name, heed_metric_signature(m), digits,
		     score->score);
	if (m->kind->detail != NULL)
		m->kind->detail(score, m->line + n, sizeof m->line - (size_t)n);
	heed__metric_point(m->line);
	return m->line;
}

heed_code heed_bleu_tokenize(heed_ctx *ctx, heed_bleu_tokenizer tokenizer, heed_segment text,
			     heed_write_fn *write, void *user)
{
	heed__revision r = heed__revision_init(ctx);
	heed_code code;

	heed__revision_start(&r, text.text, text.len);
	heed__revision_rstrip(&r);
	heed__revision_tokenize(&r, tokenizer);
	code = r.text.failed ? HEED_E_MEMORY : write(user, r.text.data, r.text.len);
	heed__revision_release(&r);
	return code;
}
