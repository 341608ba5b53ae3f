/* heed analogy: A is to B as C is to what? */
#include "neighbours.h"

static const heed_field options[] = {
	HEED_NEIGHBOUR_OPTIONS,
	{0},
};

static int run(heed_cli *cli)
{
	const struct neighbour_options *o = cli->options;
	char *const *w = cli->words;
	struct neighbours n = {.query = w[2]};
	char query[1024];
	heed_vectors *v;
	int status = HEED_EXIT_OK;

	if (heed_vectors_open(cli->ctx, o->model, &v))
		return heed_cli_fail(cli);
	snprintf(query, sizeof query, "%s : %s :: %s : ?", w[0], w[1], w[2]);
	n.vectors = v;
	n.query = query;
	if (heed_analogy(v, w[0], w[1], w[2], o->count, n.near, &n.count))
		status = heed_cli_fail(cli);
	else
		heed_neighbours_print(cli, &n);
	heed_vectors_free(v);
	return status;
}

const heed_command heed_cmd_analogy = {
	.name = "analogy",
	.kind = HEED_KIND_USE,
	.about = "complete \"A is to B as C is to\"",
	.operands = "A B C",
	.min_words = 3,
	.max_words = 3,
	.options = options,
	.size = sizeof(struct neighbour_options),
	.run = run,
	.details = "The words nearest to B - A + C, each vector taken with length 1 (3CosAdd), without the "
		   "three "
		   "themselves: a line each, with the cosine.",
	.examples = "heed analogy -m en.heed man king woman\n",
};
