/* A sentence being written, word by word, into a buffer of the caller's. */
#ifndef HEED_PHRASES_LINE_H
#define HEED_PHRASES_LINE_H

#include "data/phrases_words.h"

typedef struct heed__line {
	char *data; /* NUL-terminated */
	size_t len, size;
	size_t last; /* where the last word begins */
	bool glued;  /* the next word follows without a blank */
	bool full;   /* something did not fit */
} heed__line;

heed__line heed__line_start(char *out, size_t size);
/* Bytes right behind the last word. */
void heed__line_add(heed__line *line, const char *bytes, size_t n);
/* A mark that the next word follows without a blank. */
void heed__line_open(heed__line *line, const char *mark);
/* One or more words, after a blank unless the line is empty; NULL or "" writes nothing. */
void heed__line_words(heed__line *line, const char *words);
/* The k-th of several forms. */
void heed__line_form(heed__line *line, const char *forms, int k);
/* Does the last word read so? */
bool heed__line_ends(const heed__line *line, const char *word);
/* Puts the first letter into upper case, past an opening question mark. */
void heed__line_capitalise(heed__line *line);

#endif
