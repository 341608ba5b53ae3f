/* The steps in which tokenizer.c (training) and tokenizer_file.c (loading) make a tokenizer. */
#ifndef HEED_TOKENIZER_BUILD_H
#define HEED_TOKENIZER_BUILD_H

#include "text/tokenizer_impl.h"

/* NULL when there is none. */
const heed__tokenizer_class *heed__tokenizer_find_kind(const char *name, size_t len);
/* Without any pieces. NULL: out of memory. */
heed_tokenizer *heed__tokenizer_new(heed_ctx *ctx, const heed__tokenizer_class *kind,
				    heed_normalization normalization, bool lowercase);
/* Pieces come in this order: specials, symbols (errors get the code `blame`), reserved, learned. */
bool heed__tokenizer_add_specials(heed_tokenizer *t);
heed_code heed__tokenizer_add_symbol(heed_tokenizer *t, const char *name, size_t len, heed_code blame);
heed_code heed__tokenizer_add_reserved(heed_tokenizer *t, bool bytes);
/* True when it may be the readable form of a learned piece. */
bool heed__piece_valid(const char *piece, size_t len);
/* Fills t->saved. */
heed_code heed__tokenizer_write(heed_tokenizer *t);

#endif
