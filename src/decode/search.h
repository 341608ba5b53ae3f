/* Search for the best outputs of one batch of inputs: beam search, or sampling.
 *
 * Each step the model scores the next token of all running hypotheses, its rows; each line (one input) chooses
 * among the continuations of its own rows; then the rows are packed anew and the lines that are done have none.
 * What was chosen is kept as a tree:
 *
 *	tree [steps, rows]    node = token, its log-probability, its parent's row one step earlier
 */
#ifndef HEED_SEARCH_H
#define HEED_SEARCH_H

#include "decode/choice.h"
#include "heed/model.h"

typedef struct heed__search_options {
	int width; /* hypotheses a line: the beam, or the samples */
	double length_penalty;
	bool sample;
	heed__sampling sampling;
} heed__search_options;

/* One input. */
typedef struct heed__search_line {
	const int *prefix; /* tokens that the output begins with; borrowed during the search */
	int prefix_count;
	int limit;      /* tokens of the output at most, eos included; more than prefix_count */
	int64_t number; /* names the random numbers of sampling */
} heed__search_line;

/* An output: `last`, after the path to (row, count - 2). */
typedef struct heed__found {
	double score, ranked;
	int count; /* tokens, eos included */
	int row, last;
	float last_logp;
	bool finished; /* last is eos */
} heed__found;

typedef struct heed__search heed__search;

heed__search *heed__search_new(heed_ctx *ctx, const heed__search_options *options);
void heed__search_free(heed__search *s);
/* Searches for the outputs of all lines, one for each sequence of the source. */
heed_code heed__search_run(heed__search *s, const heed_model *model, heed_tape *tape,
			   const heed_batch *source, const heed__search_line *lines, int count);

/* What was found for a line by the latest search, best first: *count outputs. */
const heed__found *heed__search_found(const heed__search *s, int line, int *count);
/* The tokens of one of them and their log-probabilities, found->count each. */
void heed__search_path(const heed__search *s, const heed__found *found, int *ids, float *logp);

#endif
