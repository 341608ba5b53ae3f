/* Vectors of words in context: what a model makes of each token of a text when it has read the text around it.
 *
 *	heed_contextual *c = heed_contextual_new(trained);
 *	heed_context_vectors x;
 *	if (heed_contextual_read(c, "Server, can I have the check?", 29, &x) == HEED_OK)
 *		... x.vectors[i * x.width] and on for token i
 *	heed_contextual_free(c);
 */
#ifndef HEED_CONTEXTUAL_H
#define HEED_CONTEXTUAL_H

#include "heed/trained.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_contextual heed_contextual;

/* The model is borrowed. NULL: error in its context; HEED_E_UNSUPPORTED for families that read no context. */
heed_contextual *heed_contextual_new(const heed_trained *trained);
void heed_contextual_free(heed_contextual *c); /* accepts NULL */

/* The tokens of a text, without the marks of its start and end, and their vectors. All lives until the next call. */
typedef struct heed_context_vectors {
	int count, width;
	const int *ids;       /* [count] of the source tokenizer */
	const float *vectors; /* [count, width] */
	bool cut;             /* the text was longer than the model reads, and its end is missing */
} heed_context_vectors;
heed_code heed_contextual_read(heed_contextual *c, const char *text, size_t len, heed_context_vectors *out);

#ifdef __cplusplus
}
#endif
#endif
