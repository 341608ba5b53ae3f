/* The inside of an accumulator: what BLEU and chrF share, and the slots each of them fills. */
#ifndef HEED_METRIC_IMPL_H
#define HEED_METRIC_IMPL_H

#include "base/map.h"
#include "base/vector.h"
#include "heed/metric.h"
#include "metric/metric_text.h"
#include "metric/ngram_match.h"

#define HEED__METRIC_SACREBLEU "2.6.0" /* whose output this is */

enum {
	HEED__BLEU_ORDERS = 4,
	HEED__CHRF_CHAR_ORDERS = 8,
	HEED__CHRF_WORD_ORDERS = 4,
	HEED__METRIC_STATS = 3 * (HEED__CHRF_CHAR_ORDERS + HEED__CHRF_WORD_ORDERS),
};

typedef struct heed__metric_kind {
	/* Turns a segment into its statistics. References that are missing have been left out; count > 0. */
	heed_code (*count)(heed_metric *m, heed_segment hypothesis, const heed_segment *references,
			   size_t count, uint32_t *stats);
	/* The score of statistics added up over segments. */
	void (*score)(const heed_metric *m, const uint64_t *stats, heed_measure *score);
	/* The part of the signature between nrefs and version. */
	int (*describe)(const heed_metric *m, char *out, size_t size);
	/* What follows the score on sacreBLEU's line; NULL: nothing. */
	int (*detail)(const heed_measure *score, char *out, size_t size);
	bool (*same_options)(const heed_metric *a, const heed_metric *b);
} heed__metric_kind;

extern const heed__metric_kind heed__bleu_kind, heed__chrf_kind;

HEED__VECTOR(heed__stats, uint32_t);
HEED__VECTOR(heed__segments, heed_segment);

struct heed_metric {
	heed_ctx *ctx;
	const heed__metric_kind *kind;
	heed_bleu_options bleu;
	heed_chrf_options chrf;
	char name[16];
	size_t width;                     /* statistics of a segment */
	heed__stats stats;                /* [segments][width] */
	uint64_t sum[HEED__METRIC_STATS]; /* over the segments */
	size_t segments;
	size_t references;    /* of each segment so far, */
	bool references_vary; /* unless they differ */

	/* scratch of the segment in work */
	heed__segments present;
	heed__revision revision;
	heed__map words;
	heed__ngrams ngrams;
	heed__stats by_reference;

	char signature[160], line[512];
};

heed_metric *heed__metric_new(heed_ctx *ctx, const heed__metric_kind *kind, size_t width);

/* Numbers have a point whatever the locale: replaces the comma that printf may have written. */
void heed__metric_point(char *printed);

/* Writes the signature; bootstrap NULL leaves out what only a comparison has. */
int heed__metric_describe(const heed_metric *m, const heed_comparison *bootstrap, char *out, size_t size);

/* Pushes the words of a text as symbols: those of the hypothesis get new numbers, those of a reference the
 * numbers of the hypothesis. */
bool heed__metric_push_word(heed_metric *m, bool hypothesis, const char *word, size_t len);

#endif
