/* The characters that have pieces of their own. */
#ifndef HEED_ALPHABET_H
#define HEED_ALPHABET_H

#include "text/pair_table.h"
#include "text/tokenizer_impl.h"

typedef struct heed__alphabet {
	heed__pair_table ids; /* (code point, 0) to id; the space is among them */
	int count;            /* their ids follow t->reserved */
} heed__alphabet;

/* Chooses from the counts of characters and adds the pieces; a must be zero. */
heed_code heed__alphabet_train(heed__alphabet *a, heed_tokenizer *t, const heed_tokenizer_options *options,
			       const heed__map *counts, int64_t min_count, int vocab);
heed_code heed__alphabet_load(heed__alphabet *a, heed_tokenizer *t, heed__line_reader *in);
void heed__alphabet_release(heed__alphabet *a);
/* The id of the character at text[0..len), len > 0, or -1; sets its length. */
int heed__alphabet_find(const heed__alphabet *a, const char *text, size_t len, size_t *length);

#endif
