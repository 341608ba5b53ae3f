/* ARPA files: n-gram models as text.
 *
 *	\data\
 *	ngram 1=4
 *	ngram 2=2
 *
 *	\1-grams:
 *	-1.2	<unk>	0
 *	0	<s>	-0.30103
 *	...
 *	\2-grams:
 *	-0.4	<s> dog
 *	...
 *	\end\
 *
 * A line is the logarithm to base 10 of a probability, the words, and, but for the longest n-grams, the logarithm of
 * the weight of back-off; it may be left out when it is 0. */
#ifndef HEED_NGRAM_ARPA_H
#define HEED_NGRAM_ARPA_H

#include "model/ngram_trie.h"
#include "heed/tokenizer.h"

/* The word of an id, and its length. NULL: it can't be written, which has been recorded. */
typedef const char *heed__arpa_name_fn(void *user, int id, size_t *len);
heed_code heed__arpa_write(heed_ctx *ctx, const heed__ngram *m, heed__arpa_name_fn *name, void *user,
			   heed_write_fn *write, void *write_user);

typedef struct heed__arpa_source {
	const char *name;   /* of the file, for messages */
	heed_line_fn *next; /* gives all of its lines */
	void *next_user;
	/* The id of a word of the 1-grams, each of which is asked for once; -1: `problem` says what is wrong with it. */
	int (*id)(void *user, const char *word, size_t len, const char **problem);
	int (*vocab)(void *user); /* how many ids there are, when all 1-grams have been asked for */
	void *user;
} heed__arpa_source;

/* The caller releases the table, which holds logarithms. */
heed_code heed__arpa_read(heed_ctx *ctx, const heed__arpa_source *source, heed__ngram_table *t);

#endif
