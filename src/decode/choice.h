/* The choice of the next token from a row of scores z [V]. log p_j = z_j - lse, lse = log sum_j exp z_j. */
#ifndef HEED_CHOICE_H
#define HEED_CHOICE_H

#include "kernel/kernel.h"

/* A continuation of a hypothesis. */
typedef struct heed__choice {
	double score; /* of the whole hypothesis */
	int row, token;
	float logp; /* of the token */
} heed__choice;

/* The best `most` choices seen so far: a heap with the worst on top. */
typedef struct heed__choices {
	heed__choice *items; /* [most] */
	int count, most;
} heed__choices;

/* False: the scores hold a NaN, or are infinite. */
bool heed__choice_lse(const struct heed__kernels *k, const float *z, int vocab, double *lse);
/* Offers all tokens of a row but unk and bos as continuations of a hypothesis with the given score. */
void heed__choices_offer(heed__choices *c, const float *z, int vocab, double lse, int row, double score);
/* From the best to the worst: by score, then row, then token. Nothing can be offered after that. */
void heed__choices_sort(heed__choices *c);

typedef struct heed__sampling {
	double temperature;
	int top_k;    /* 0: all */
	double top_p; /* 1: all */
} heed__sampling;

/* Draws a token other than unk and bos. u is uniform in [0, 1). Bytes of scratch: heed__sample_scratch. */
int heed__sample(const struct heed__kernels *k, const heed__sampling *s, const float *z, int vocab, double u,
		 void *scratch);
size_t heed__sample_scratch(int vocab);

#endif
