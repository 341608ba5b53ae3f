/* BLEU (Papineni et al. 2002) and chrF (Popovic 2015, 2017), digit for digit as sacreBLEU 2.6.0 prints them
 * (Post 2018), and paired bootstrap resampling between two outputs (Koehn 2004).
 *
 *	heed_metric *bleu = heed_bleu_new(ctx, NULL);
 *	heed_measure score;
 *
 *	for each line:
 *		heed_metric_add(bleu, hypothesis, &reference, 1);
 *	if (heed_metric_score(bleu, &score) == HEED_OK)
 *		puts(heed_metric_line(bleu, &score, 1));
 *	heed_metric_free(bleu);
 *
 * Text is UTF-8, one segment a call, raw (not tokenized) unless the tokenizer is HEED_BLEU_NONE. A byte that
 * is not UTF-8 counts as one character that equals only itself. */
#ifndef HEED_METRIC_H
#define HEED_METRIC_H

#include "heed/context.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One line of text without its newline; borrowed during the call. As a reference, text == NULL says that
 * this segment lacks the reference. */
typedef struct heed_segment {
	const char *text;
	size_t len;
} heed_segment;

static inline heed_segment heed_segment_of(const char *text)
{
	heed_segment s = {text, text != NULL ? strlen(text) : 0};

	return s;
}

typedef enum heed_bleu_tokenizer {
	HEED_BLEU_13A,  /* mteval-v13a: separates ASCII punctuation */
	HEED_BLEU_NONE, /* the text is tokenized already */
	HEED_BLEU_CHAR, /* every character is a token */
	HEED_BLEU_INTL, /* mteval-v14: separates Unicode punctuation and symbols */
} heed_bleu_tokenizer;

/* What stands for the precision of an order without a match (Chen and Cherry 2014). */
typedef enum heed_bleu_smoothing {
	HEED_BLEU_EXP,         /* 1/2, 1/4, ... of one match, as NIST does */
	HEED_BLEU_FLOOR,       /* smooth_value matches */
	HEED_BLEU_ADD_K,       /* smooth_value more matches and n-grams in all orders but the first */
	HEED_BLEU_NO_SMOOTHING /* nothing: the score is 0 */
} heed_bleu_smoothing;

typedef struct heed_bleu_options {
	heed_bleu_tokenizer tokenizer;
	heed_bleu_smoothing smoothing;
	double smooth_value; /* 0: 0.1 for floor, 1 for add-k */
	int lowercase;
	int effective_order; /* leave out orders longer than the text: for scores of single segments */
} heed_bleu_options;

typedef struct heed_chrf_options {
	int char_order; /* 1..8; 0: 6 */
	int word_order; /* 0..4; 2 is chrF++ */
	int beta;       /* 1..100, weight of recall; 0: 2 */
	int lowercase;
} heed_chrf_options;

/* What a metric has seen so far; keeps 10 numbers a segment for BLEU, 18 for chrF, no text. */
typedef struct heed_metric heed_metric;

/* NULL options are sacreBLEU's defaults. Return NULL with the error in ctx when memory is short or an option is
 * out of range. */
heed_metric *heed_bleu_new(heed_ctx *ctx, const heed_bleu_options *options);
heed_metric *heed_chrf_new(heed_ctx *ctx, const heed_chrf_options *options);
void heed_metric_free(heed_metric *m);
void heed_metric_reset(heed_metric *m); /* forgets the segments */

/* Adds one segment with its references, of which at least one must be there. HEED_E_ARGUMENT when there is none
 * or a text has 2^31 bytes; then nothing was added. */
heed_code heed_metric_add(heed_metric *m, heed_segment hypothesis, const heed_segment *references, int count);
size_t heed_metric_segments(const heed_metric *m);

typedef struct heed_measure {
	double score; /* 0..100 */
	/* BLEU only, else 0: */
	double precision[4];      /* per cent, of n-grams of order 1..4, smoothed */
	double brevity;           /* brevity penalty, 0..1 */
	double ratio;             /* hyp_len / ref_len */
	int64_t hyp_len, ref_len; /* tokens; of the references the one closest in length */
} heed_measure;

/* The score of all segments, and that of one alone (add effective_order for BLEU). HEED_E_ARGUMENT when there
 * is no such segment, or none at all. */
heed_code heed_metric_score(heed_metric *m, heed_measure *score);
heed_code heed_metric_segment_score(heed_metric *m, size_t segment, heed_measure *score);

/* "BLEU", "chrF2", "chrF2++"; the signature; and the line that sacreBLEU prints with `--width digits`:
 * BLEU|nrefs:1|... = 31.4 ... They belong to m; signature and line live until the next call of the same. */
const char *heed_metric_name(const heed_metric *m);
const char *heed_metric_signature(heed_metric *m);
const char *heed_metric_line(heed_metric *m, const heed_measure *score, int digits);

/* Two outputs of the same segments. */
typedef struct heed_resampled {
	double score;    /* of the segments themselves */
	double mean;     /* over the resamples */
	double interval; /* half the width of the middle 95 % of the resamples */
} heed_resampled;

typedef struct heed_comparison {
	heed_resampled baseline, system;
	/* How often chance alone makes a difference as large as the one seen, if both came from one process. */
	double p_value;
	int resamples;
	uint64_t seed;
} heed_comparison;

/* Draws the segments with replacement `resamples` times (0: 1000) and scores both outputs on each draw. The
 * statistics are those of `sacrebleu --paired-bs`; the draws are a function of the seed of the context and of
 * the number of segments, so that several metrics see the same ones. Both metrics must have the same context
 * and options, and must have been given the same references in the same order. HEED_E_ARGUMENT when kind,
 * options or number of segments differ. */
heed_code heed_metric_compare(heed_metric *baseline, heed_metric *system, int resamples,
			      heed_comparison *out);

/* The table that `sacrebleu --paired-bs --format text` prints, then the signatures: one column for each of
 * the comparisons, all of the same two outputs; metrics[i] is either side of comparisons[i]. */
heed_code heed_comparison_write(heed_metric *const *metrics, const heed_comparison *comparisons, int count,
				const char *baseline_name, const char *system_name, int digits,
				heed_write_fn *write, void *user);

/* The text as BLEU sees it: trailing space removed, tokenized; tokens have one space between them (but
 * HEED_BLEU_NONE leaves the text alone). */
heed_code heed_bleu_tokenize(heed_ctx *ctx, heed_bleu_tokenizer tokenizer, heed_segment text,
			     heed_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif
#endif
