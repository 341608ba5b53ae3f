/* Lines to ids and pieces and back, for `heed tokenizer` and `heed tokenize`. */
#ifndef HEED_CODING_H
#define HEED_CODING_H

#include "heed/tokenizer.h"
#include "options.h"

/* What stands on a line of encoded text. */
enum heed_coding_form { HEED_CODING_PIECES, HEED_CODING_IDS };

/* The tokenizer of a file that `heed tokenizer train` or `heed train` wrote. NULL: the error is in cli->ctx. */
heed_tokenizer *heed_coding_open(heed_cli *cli, const char *path);

/* Every line of the input files (none: standard input) as its ids or pieces with spaces between them.
 * `dropout` is the p of BPE-dropout. An exit status. */
int heed_coding_encode(heed_cli *cli, const heed_tokenizer *t, FILE *out, enum heed_coding_form form,
		       double dropout);
/* Every line of ids as text. */
int heed_coding_decode(heed_cli *cli, const heed_tokenizer *t, FILE *out);

#endif
