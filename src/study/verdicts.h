/* The verdicts of the claims, each in its claim's file. They add their sentence to `sentence`. */
#ifndef HEED_VERDICTS_H
#define HEED_VERDICTS_H

#include "base/strbuf.h"
#include "study/study.h"

/* memory: how far back each of rnn, lstm and gpt remembers, from its share of right answers at every distance, and what is
 * left, at the longest distance, of the gradient that an untrained one has at the shortest. */
enum { HEED__MEMORY_FAMILIES = 3, HEED__MEMORY_DISTANCES = 10 };
double heed__memory_reach(const double accuracy[HEED__MEMORY_DISTANCES]);
heed_finding heed__memory_verdict(const double reach[HEED__MEMORY_FAMILIES][HEED__SEEDS],
				  const double left[HEED__MEMORY_FAMILIES][HEED__SEEDS], int seeds,
				  heed__str *sentence);

/* parallel: the share of its speed in short sequences that is left to each of rnn, lstm and gpt in one long sequence, and
 * how much faster two threads make the long one. */
enum { HEED__PARALLEL_FAMILIES = 3, HEED__PARALLEL_LENGTHS = 5 };
heed_finding heed__parallel_verdict(const double left[HEED__PARALLEL_FAMILIES][HEED__SEEDS],
				    const double speedup[HEED__PARALLEL_FAMILIES][HEED__SEEDS], int rounds,
				    heed__str *sentence);

/* sets: how much the vectors of the two sentences differ, without positions and with each kind of them. */
enum { HEED__SETS_POSITIONS = 6, HEED__SETS_MACHINES = 3 };
heed_finding heed__sets_verdict(const double difference[HEED__SETS_POSITIONS][HEED__SEEDS], int seeds,
				heed__str *sentence);

/* senses: cosines of a word between sentences of one sense and of two, after the layers of a classifier and of a language
 * model. */
enum { HEED__SENSES_FAMILIES = 2, HEED__SENSES_DEPTHS = 3 };
heed_finding heed__senses_verdict(const double same[HEED__SENSES_FAMILIES][HEED__SEEDS],
				  const double other[HEED__SENSES_FAMILIES][HEED__SEEDS], int seeds,
				  heed__str *sentence);

/* bottleneck: the points of BLEU that seq2seq, seq2seq-attention and transformer lose from short sentences to long ones. */
enum { HEED__BOTTLENECK_FAMILIES = 3, HEED__BOTTLENECK_LENGTHS = 4 };
heed_finding heed__bottleneck_verdict(const double lost[HEED__BOTTLENECK_FAMILIES][HEED__SEEDS], int seeds,
				      heed__str *sentence);

/* alignment: the share of words that look most at the right word, and whether "amo" looks at "love". */
enum { HEED__ALIGNMENT_FAMILIES = 2 };
heed_finding heed__alignment_verdict(const double share[HEED__ALIGNMENT_FAMILIES][HEED__SEEDS],
				     const double love[HEED__ALIGNMENT_FAMILIES][HEED__SEEDS], int seeds,
				     double guessing, heed__str *sentence);

/* baselines: what each family has on each text; less is better. */
enum { HEED__BASELINE_PERPLEXITY, HEED__BASELINE_SECONDS, HEED__BASELINE_BYTES, HEED__BASELINE_CRITERIA };
enum { HEED__BASELINE_TEXTS = 2, HEED__BASELINE_FAMILIES = 5 };
typedef double heed__baselines[HEED__BASELINE_TEXTS][HEED__BASELINE_CRITERIA][HEED__BASELINE_FAMILIES]
			      [HEED__SEEDS];
heed_finding heed__baselines_verdict(const heed__baselines values, int seeds, heed__str *sentence);

#endif
