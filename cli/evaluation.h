/* What the kinds of `heed eval` share: the options, and reading of data. */
#ifndef HEED_EVALUATION_H
#define HEED_EVALUATION_H

#include "heed/dataset.h"
#include "heed/trained.h"
#include "options.h"

struct eval_options {
	const char *model, *output;
	heed_list src, tgt, pairs, text, labelled, analogies, similarity;
	int beam, batch, batch_tokens;
	double length_penalty;
	bool lowercase, tokenized, strict;
};

/* The measures of a model, printed; cli->options is a struct eval_options. They return an exit status, what is wrong
 * has been said. */
int heed_eval_translation(heed_cli *cli, const heed_trained *model);
int heed_eval_text(heed_cli *cli, const heed_trained *model);
int heed_eval_labelled(heed_cli *cli, const heed_trained *model);
/* Opens the model itself: files of vectors will do. */
int heed_eval_vectors(heed_cli *cli);

heed_files heed_eval_files(const heed_list *list);
/* Every line counts, empty ones too: that is how others score the same file. */
heed_corpus_options heed_eval_every_line(const struct eval_options *o);
/* All that a corpus holds, which was opened with this result and is closed here. No line is an error that names the
 * first file. An exit status. */
int heed_eval_read(heed_cli *cli, heed_code opened, heed_corpus *corpus, const heed_list *files,
		   heed_examples **examples);

#endif
