/* An explanation while it is made. Steps and their tables follow each other as they are added; what fails leaves a
 * mark, and the end looks at it once. */
#ifndef HEED_EXPLAIN_BUILD_H
#define HEED_EXPLAIN_BUILD_H

#include "base/arena.h"
#include "heed/explain.h"

/* One side of what the model reads. */
typedef struct heed__explain_side {
	const int *ids;            /* [count] */
	const char *const *labels; /* [count] readable pieces */
	int count;
} heed__explain_side;

typedef struct heed__explaining {
	heed_explanation shown; /* first: what the caller gets */
	heed_ctx *ctx;
	heed__arena memory; /* of all that is shown */
	heed_explain_step *step;
	heed_explain_table *table; /* the last ones */
	/* From here on only while it is made. */
	const heed_trained *trained;
	const heed_model *model;
	heed_explain_options options;
	heed_coder *source_coder, *target_coder;
	heed_tape *tape; /* of the pass; keeps weights */
	heed_batch batch;
	heed__explain_side source, input;
	int layers, heads; /* that there are, to choose from */
} heed__explaining;

/* A text in the explanation's memory; NULL: out of memory, which is remembered. */
const char *heed__explain_say(heed__explaining *x, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Begins a step; texts must live as long as the explanation. */
void heed__explain_step(heed__explaining *x, const char *name, const char *title, const char *formula,
			const char *what);
/* A table of the last step for the caller to fill, all zero so far. NULL: out of memory, which is remembered. */
heed_explain_table *heed__explain_table(heed__explaining *x, const char *name, const char *title, int rows,
					int cols);
/* Its numbers and words, to be written. */
float *heed__explain_values(heed_explain_table *t);
const char **heed__explain_words(heed__explaining *x, heed_explain_table *t);
/* A table of vectors: columns [at, at + cols) of `data`, of which a row has `stride` numbers. */
void heed__explain_vectors(heed__explaining *x, const char *name, const char *title,
			   const heed__explain_side *rows, const float *data, int stride, int at, int cols);
/* The tensor of the pass with that name, if its rows are those of a side. */
void heed__explain_tensor(heed__explaining *x, const char *tensor, const char *name, const char *title,
			  const heed__explain_side *rows);
heed_code heed__explain_code(const heed__explaining *x);

/* The word of a choice of the family's fields; "" when it has no such field. Never NULL. */
const char *heed__explain_choice(heed__explaining *x, const char *field);

/* What stands in a cell of a table: its words, or the number, written to out. */
const char *heed__explain_cell(const heed_explain_table *t, int row, int col, char *out, size_t size);

/* Makes a side of ids, with a label each. */
heed_code heed__explain_side_of(heed__explaining *x, const heed_tokenizer *tokenizer, const int *ids,
				int count, heed__explain_side *side);

/* The parts, in their files. */
void heed__explain_tokens(heed__explaining *x, const heed__explain_side *side, const char *name,
			  const char *title, const char *what);
void heed__explain_embeddings(heed__explaining *x, const heed__explain_side *side, bool target,
			      const char *tensor);
/* The chosen layer of a stack of attention or of a recurrence: "enc", "dec", "rnn". `last`: what the whole gives. */
void heed__explain_stack(heed__explaining *x, const char *stack, const heed__explain_side *rows,
			 const char *last);
void heed__explain_attention_layer(heed__explaining *x, const char *layer, const heed__explain_side *rows);
void heed__explain_cross(heed__explaining *x, const char *layer, const heed__explain_side *rows);
void heed__explain_recurrent_layer(heed__explaining *x, const char *layer, const heed__explain_side *rows);
/* The weights that stand under a name, if there are any: false when not. */
bool heed__explain_find_weights(const heed__explaining *x, const char *name, heed_weights *w);
void heed__explain_pooling(heed__explaining *x);
void heed__explain_window(heed__explaining *x);
void heed__explain_hidden(heed__explaining *x, const heed__explain_side *rows);
heed_code heed__explain_labels(heed__explaining *x, const heed_tensor *scores);
heed_code heed__explain_next(heed__explaining *x);
heed_code heed__explain_ngram(heed__explaining *x);
heed_code heed__explain_words_alone(heed__explaining *x);

#endif
