/* What translating, scoring of pairs and looking share. */
#ifndef HEED_TRANSLATOR_IMPL_H
#define HEED_TRANSLATOR_IMPL_H

#include "decode/search.h"
#include "decode/sequences.h"
#include "heed/translate.h"

struct heed_translator {
	heed_ctx *ctx;
	const heed_trained *trained; /* borrowed */
	heed_translate_options options;
	int longest;    /* tokens of a sequence at most, eos included */
	int most;       /* sentences of a batch at most */
	int64_t number; /* of the next source */
	heed_coder *source, *target;
	heed_tape *tape;
	heed_tape *looking;      /* keeps attention weights; made when it is needed */
	heed__search *search;    /* made when it is needed */
	heed__arena call, batch; /* memory until the next call, the next batch */
};

/* A ragged batch in the memory of t->batch. targets NULL: of sources alone. */
heed_code heed__batch_make(heed_translator *t, const heed__sequence *const *sources,
			   const heed__sequence *const *targets, int count, heed_batch *batch);

/* The model's forward pass over the batch on the tape that keeps attention weights. nll as for a model's loss. */
heed_code heed__translator_look(heed_translator *t, const heed_batch *batch, float *nll);

/* Which words belong together, of one translation after heed__translator_look: its number in the batch.
 * words [target->count]: the word of the translation each token belongs to, or -1. Links live in t->call. */
heed_code heed__align(heed_translator *t, int number, const heed__sequence *source,
		      const heed__sequence *target, const heed_link **links, int *count);

#endif
