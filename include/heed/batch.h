/* A ragged batch: the tokens of all its sequences one after another, no padding. */
#ifndef HEED_BATCH_H
#define HEED_BATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where each sequence begins among the rows of a ragged batch: sequence s is rows [start[s], start[s+1]). */
typedef struct heed_spans {
	int count;
	const int *start; /* [count + 1]; start[0] = 0 */
} heed_spans;

static inline int heed_spans_rows(heed_spans spans)
{
	return spans.count > 0 ? spans.start[spans.count] : 0;
}

typedef struct heed_ragged {
	heed_spans spans;
	const int *ids; /* [rows] token ids */
} heed_ragged;

/* One batch, as a dataset fills it and a model reads it. All pointers live until the dataset is asked for the
 * next batch. Models read the parts their task has; the others are empty. */
typedef struct heed_batch {
	heed_ragged source; /* translation: source tokens, each sequence ends with eos */
	heed_ragged input;  /* what the predicting side reads: bos, then the tokens */
	const int *targets; /* [rows of input] what it must say: the tokens, then eos */
	const int *labels;  /* classification: [sequences of source], from 0 */
	float *carry; /* recurrent models: [sequences, model's carry] the state that each sequence begins with,
	                         and where the one it ends with goes; NULL: zeros, and it goes nowhere */
	const int64_t *items; /* [sequences] which examples of the dataset these are; may be NULL */
	int64_t weight; /* number of targets over which the loss is averaged; 0: those of this batch. Larger than
	                   that when gradients of several batches are added up before a step */
} heed_batch;

/* How texts become the sequences of a batch. A model says which form it reads. */
typedef enum heed_form {
	HEED_FORM_PAIRS, /* source: the text and eos; input, targets: the other text */
	HEED_FORM_LINES, /* input, targets: each text alone, from bos to eos */
	HEED_FORM_BLOCKS, /* all texts as one stream, each with its eos; input, targets: windows of it in any order */
	HEED_FORM_STREAM, /* the same, but sequence i of a batch goes on where sequence i of the last one ended */
	HEED_FORM_LABELLED, /* source: the text (an empty one: its eos); labels */
} heed_form;

/* Ids that every tokenizer of heed keeps for the same thing. */
enum heed_special_id { HEED_UNK_ID = 0, HEED_BOS_ID = 1, HEED_EOS_ID = 2, HEED_SPECIAL_IDS = 3 };

#ifdef __cplusplus
}
#endif
#endif
