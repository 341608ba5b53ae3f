/* What nearest and analogy share. */
#ifndef HEED_NEIGHBOURS_H
#define HEED_NEIGHBOURS_H

#include "heed/nearest.h"
#include "options.h"

#define HEED_NEIGHBOURS_MAX 1000

struct neighbour_options {
	const char *model;
	int count;
};

#define HEED_NEIGHBOUR_OPTIONS                                                                               \
	{.name = "model",                                                                                    \
	 .letter = 'm',                                                                                      \
	 HEED_PATH(struct neighbour_options, model),                                                         \
	 .required = true,                                                                                   \
	 .help = "a model, or a file of vectors in one of word2vec's formats"},                              \
	{                                                                                                    \
		.name = "count", .letter = 'n', HEED_INT(struct neighbour_options, count), .min = 1,         \
		.max = HEED_NEIGHBOURS_MAX, .initial = "10", .help = "how many words"                        \
	}

struct neighbours {
	const heed_vectors *vectors;
	const char *query;
	bool title; /* the query stands in front of each of its answers */
	heed_neighbour near[HEED_NEIGHBOURS_MAX];
	int count;
};

/* To standard output: a line each, or one object of JSON. */
void heed_neighbours_print(const heed_cli *cli, const struct neighbours *n);

#endif
