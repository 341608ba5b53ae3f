/* Examples in memory, and the batches cut from them.
 *
 *	heed_examples *e = heed_examples_new(ctx);
 *	heed_examples_read(e, corpus);
 *	heed_dataset *d;
 *	heed_dataset_new(e, tokenizer, tokenizer, &(heed_dataset_options){ .batch_tokens = 4096 }, &d);
 *	heed_dataset_epoch(d, epoch);
 *	for (int i = 0; i < heed_dataset_batches(d); i++) {
 *		heed_dataset_batch(d, i, &batch);
 *		...
 *	}
 *
 * A batch is a function of (seed, epoch, index) and of nothing else. */
#ifndef HEED_DATASET_H
#define HEED_DATASET_H

#include "heed/batch.h"
#include "heed/corpus.h"
#include "heed/tokenizer.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Texts one after another: pairs of source and target, or sources alone. */
typedef struct heed_examples heed_examples;

heed_examples *heed_examples_new(heed_ctx *ctx);
void heed_examples_free(heed_examples *e); /* accepts NULL */
/* Copies one example; target may be NULL. */
heed_code heed_examples_add(heed_examples *e, const char *source, size_t source_len, const char *target,
			    size_t target_len);
/* All that is left of the corpus, then its warnings. */
heed_code heed_examples_read(heed_examples *e, heed_corpus *corpus);
int64_t heed_examples_count(const heed_examples *e);
/* The NUL-terminated text of one side; "" when there is none. Lives as long as e. */
const char *heed_examples_text(const heed_examples *e, int64_t index, bool target, size_t *len);
/* A heed_line_fn over all texts of both sides, sources and targets in turn; user is a heed_examples_cursor. */
typedef struct heed_examples_cursor {
	const heed_examples *examples;
	int64_t next;
	bool sources, targets; /* which sides to give */
} heed_examples_cursor;
heed_code heed_examples_line(void *cursor, const char **line, size_t *len);

typedef struct heed_dataset_options {
	heed_form form;
	int window;         /* of streams: tokens of a sequence; a batch has batch_tokens / window of them */
	int batch_tokens;   /* at most so many tokens on each side of a batch, ends included */
	int max_length;     /* tokens of a side, its end included; longer examples are left out and counted */
	int bucket;         /* batches whose examples are sorted by length together; 1: not at all */
	double bpe_dropout; /* of both sides; then every epoch encodes anew */
	bool in_order;      /* no shuffling: for validation */
} heed_dataset_options;

typedef struct heed_dataset heed_dataset;

/* Encodes the examples (borrowed). Of HEED_FORM_LABELLED the target texts are labels: tokens of a tokenizer of kind
 * "sentence". HEED_E_ARGUMENT when not one fits into max_length and batch_tokens, or for a label the tokenizer lacks. */
heed_code heed_dataset_new(const heed_examples *examples, const heed_tokenizer *source,
			   const heed_tokenizer *target, const heed_dataset_options *options,
			   heed_dataset **dataset);
void heed_dataset_free(heed_dataset *d); /* accepts NULL */

int64_t heed_dataset_used(const heed_dataset *d);                     /* examples that fit */
int64_t heed_dataset_left_out(const heed_dataset *d, int64_t *first); /* that do not, and the first's index */
int64_t heed_dataset_tokens(const heed_dataset *d, bool target);      /* of an epoch, ends included */
uint32_t heed_dataset_fingerprint(const heed_dataset *d);             /* of the texts and ids */

/* Orders the examples of an epoch and cuts them into batches. */
heed_code heed_dataset_epoch(heed_dataset *d, int epoch);
int heed_dataset_batches(const heed_dataset *d);
/* Tokens read and things predicted (tokens, or labels) of a batch without making it. */
void heed_dataset_measure(const heed_dataset *d, int index, int *source_rows, int *target_rows);
/* Sequences of the largest batch. */
int heed_dataset_sequences(const heed_dataset *d);
/* All ids in the order of the examples, each text with its eos: for families that count. */
const int *heed_dataset_ids(const heed_dataset *d, int64_t *count);
/* Valid until the next call. */
heed_code heed_dataset_batch(heed_dataset *d, int index, heed_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
