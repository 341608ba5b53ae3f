/* Lines to ids and pieces and back, for `heed tokenizer` and `heed tokenize`. */
#ifndef HEED_CODING_H
#define HEED_CODING_H

#include "heed/tokenizer.h"
#include "heed/trained.h"
#include "options.h"

/* What stands on a line of encoded text. */
enum heed_coding_form { HEED_CODING_PIECES, HEED_CODING_IDS };

/* Which of a model's two tokenizers, when they differ: the choices of --side. */
#define HEED_CODING_SIDES "source target"

/* A tokenizer and the file it came from: one that `heed tokenizer train` wrote, or a model. */
typedef struct heed_coding {
	const heed_tokenizer *tokenizer;
	heed_tokenizer *alone;
	heed_trained *model;
} heed_coding;

/* False: the error is in cli->ctx. */
bool heed_coding_open(heed_cli *cli, const char *path, int side, heed_coding *coding);
void heed_coding_close(heed_coding *coding);

/* Every line of the input files (none: standard input) as its ids or pieces with spaces between them.
 * `dropout` is the p of BPE-dropout. An exit status. */
int heed_coding_encode(heed_cli *cli, const heed_tokenizer *t, FILE *out, enum heed_coding_form form,
		       double dropout);
/* Every line of ids as text. */
int heed_coding_decode(heed_cli *cli, const heed_tokenizer *t, FILE *out);

#endif
