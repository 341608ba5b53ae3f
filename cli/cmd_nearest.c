/* heed nearest: the words whose vectors are most like a word's. */
#include "heed/nearest.h"
#include "neighbours.h"

#include <string.h>

static const heed_field options[] = {
	HEED_NEIGHBOUR_OPTIONS,
	{0},
};

static int run(heed_cli *cli)
{
	const struct neighbour_options *o = cli->options;
	heed_vectors *v;
	int status = HEED_EXIT_OK;

	if (heed_vectors_open(cli->ctx, o->model, &v))
		return heed_cli_fail(cli);
	for (int i = 0; i < cli->word_count && !status; i++) {
		const char *text = cli->words[i];
		struct neighbours n = {.vectors = v, .query = text, .title = cli->word_count > 1};
		heed_word word;

		if (heed_vectors_look_up(v, text, strlen(text), &word) ||
		    heed_nearest(v, word.vector, &word.index, 1, o->count, n.near, &n.count))
			status = heed_cli_fail(cli);
		else
			heed_neighbours_print(cli, &n);
	}
	heed_vectors_free(v);
	return status;
}

const heed_command heed_cmd_nearest = {
	.name = "nearest",
	.kind = HEED_KIND_USE,
	.about = "words with the most similar vectors",
	.operands = "WORD...",
	.min_words = 1,
	.max_words = -1,
	.options = options,
	.size = sizeof(struct neighbour_options),
	.run = run,
	.details = "A line for each neighbour: the word, a tab, and the cosine of the two vectors; of "
		   "several WORDs "
		   "each line begins with the WORD and a tab. A word that the tokenizer cuts into pieces has "
		   "the mean of their vectors; one that the model does not know is an "
		   "error. Models of any family that has vectors of words do, and vector files.",
	.examples = "heed nearest -m en.heed king\n"
		    "heed nearest -m cc.en.300.vec -n 3 cat dog\n",
};
