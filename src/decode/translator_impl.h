/* What translating, scoring and looking share: texts as ids, and batches of them. */
#ifndef HEED_TRANSLATOR_IMPL_H
#define HEED_TRANSLATOR_IMPL_H

#include "base/arena.h"
#include "decode/search.h"
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

/* A text as bos, ids[1..count], eos. */
typedef struct heed__sequence {
	int *ids; /* [count + 2] */
	int count;
	bool cut; /* the text was longer */
	int *words; /* [count] which word of the text each token belongs to, -1: none; NULL when not asked for */
} heed__sequence;

/* Reads at most `most` tokens of a text into memory of an arena. */
heed_code heed__sequence_read(heed_coder *coder, const char *text, size_t len, int most, bool words,
			      heed__arena *arena, heed__sequence *out);
heed_code heed__sequence_of_ids(const int *ids, int count, heed__arena *arena, heed__sequence *out);

/* One thing to do, by its length; from the longest to the shortest, then by number. */
typedef struct heed__job {
	int length;
	size_t index;
} heed__job;
void heed__jobs_sort(heed__job *jobs, size_t count);
/* How many of the jobs, from the first, make a batch: at least one, at most t->most. */
int heed__jobs_batch(const heed_translator *t, const heed__job *jobs, size_t count);

/* A ragged batch in the memory of t->batch. targets NULL: of sources alone. */
heed_code heed__batch_make(heed_translator *t, const heed__sequence *const *sources,
			   const heed__sequence *const *targets, int count, heed_batch *batch);

/* The model's forward pass over the batch on the tape that keeps attention weights. nll as for a model's loss. */
heed_code heed__translator_look(heed_translator *t, const heed_batch *batch, float *nll);

/* Which words belong together, of one translation after heed__translator_look: its number in the batch.
 * words [target->count]: the word of the translation each token belongs to, or -1. Links live in t->call. */
heed_code heed__align(heed_translator *t, int number, const heed__sequence *source,
		      const heed__sequence *target, const heed_link **links, int *count);

/* The words of a text as heed__sequence has them: token i covers bytes [start[i], start[i + 1]). */
void heed__words(const char *text, size_t len, const int *start, int count, int *words);

#endif
