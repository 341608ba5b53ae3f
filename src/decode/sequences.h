/* What using any model begins with: texts as ids, sorted by length, joined to ragged batches. */
#ifndef HEED_SEQUENCES_H
#define HEED_SEQUENCES_H

#include "base/arena.h"
#include "heed/trained.h"

#include <stdbool.h>

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

/* The words of a text as heed__sequence has them: token i covers bytes [start[i], start[i + 1]). */
void heed__words(const char *text, size_t len, const int *start, int count, int *words);

/* One thing to do, by its length; from the longest to the shortest, then by number. */
typedef struct heed__job {
	int length;
	size_t index;
} heed__job;
void heed__jobs_sort(heed__job *jobs, size_t count);
/* How many of the jobs, from the first, make a batch of at most `most` jobs and `tokens` in all: at least one. */
int heed__jobs_batch(const heed__job *jobs, size_t count, int most, int tokens);

/* Part of a sequence. */
typedef struct heed__part {
	const int *ids;
	int count;
} heed__part;
/* The parts one after another, in memory of the arena. False: out of memory. */
bool heed__parts_join(const heed__part *parts, int count, heed__arena *arena, heed_ragged *out);

/* How many tokens a model reads at a time: its family's "max-length", and where texts are cut into blocks their
 * length. 0: any number. */
int heed__model_longest(const heed_model *model);

/* HEED_E_UNSUPPORTED, beginning with `what`, unless the model is of that task. */
heed_code heed__need_task(const heed_trained *trained, heed_task task, const char *what);

#endif
