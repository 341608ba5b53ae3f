/* Rows of option tables that several commands have. S is the command's struct, whose members have the names of the
 * options. */
#ifndef HEED_SEARCH_OPTIONS_H
#define HEED_SEARCH_OPTIONS_H

#include "heed/translate.h"
#include "options.h"

/* The group "Search". */
#define HEED_SEARCH_OPTIONS(S)                                                                               \
	{.name = "beam",                                                                                     \
	 .letter = 'b',                                                                                      \
	 HEED_INT(S, beam),                                                                                  \
	 .min = 1,                                                                                           \
	 .max = HEED_BEAM_MAX,                                                                               \
	 .initial = "5",                                                                                     \
	 .help = "hypotheses that are followed at a time; 1 is the greedy search",                           \
	 .group = "Search"},                                                                                 \
	{                                                                                                    \
		.name = "length-penalty", HEED_FLOAT(S, length_penalty), .min = -10, .max = 10,              \
		.initial = "1",                                                                              \
		.help = "translations of n tokens are ranked by their log-probability over n to this power"  \
	}

/* least: the lowest temperature. */
#define HEED_SAMPLING_OPTIONS(S, least, what)                                                                \
	{.name = "temperature",                                                                              \
	 HEED_FLOAT(S, temperature),                                                                         \
	 .min = (least),                                                                                     \
	 .max = 100,                                                                                         \
	 .initial = "1",                                                                                     \
	 .help = what},                                                                                      \
		{.name = "top-k",                                                                            \
		 HEED_INT(S, top_k),                                                                         \
		 .min = 0,                                                                                   \
		 .max = HEED_VOCAB_MAX,                                                                      \
		 .initial = "0",                                                                             \
		 .help = "draw from so many of the most probable tokens only; 0: from all"},                 \
	{                                                                                                    \
		.name = "top-p", HEED_FLOAT(S, top_p), .min = 1e-6, .max = 1, .initial = "1",                \
		.help = "draw from the fewest tokens that have this probability together"                    \
	}

#define HEED_MODEL_OPTION(S)                                                                                 \
	{                                                                                                    \
		.name = "model", .letter = 'm', HEED_PATH(S, model), .required = true,                       \
		.help = "a model that heed train made"                                                       \
	}

#endif
