/* Translation with a trained model: greedy, beam search or sampling; scores of given translations; attention.
 *
 *	static heed_code show(void *user, const heed_translation *t)
 *	{
 *		puts(t->best[0].text);
 *		return HEED_OK;
 *	}
 *
 *	heed_translate_options o = heed_translate_defaults();
 *	heed_source lines[] = {{.text = "The dog ran.", .len = 12}, {.text = "I am fast.", .len = 10}};
 *	heed_translator *t = heed_translator_new(model, &o);
 *
 *	if (t == NULL || heed_translate(t, lines, 2, show, NULL) != HEED_OK)
 *		fprintf(stderr, "%s\n", heed_error_message(ctx));
 *	heed_translator_free(t);
 *
 * The sources of one call are sorted by length and cut into batches; answers come in the order of the sources.
 * What a source is translated to depends neither on the others in its batch nor on the number of threads. A
 * translator remembers no weights: it may be kept while the model is trained, for validation. After its largest
 * batch it allocates nothing more. */
#ifndef HEED_TRANSLATE_H
#define HEED_TRANSLATE_H

#include "heed/trained.h"
#include "heed/view.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_BEAM_MAX 1024

/* A hypothesis y of n tokens, eos included, has the score s = sum_i log p(y_i | y_<i, x), and is ranked by
 * s / n^length_penalty.
 *
 * Beam search keeps the `beam` best unfinished hypotheses. Of the 2 beam best continuations, those that end
 * count when they are among the first `beam`. A sentence is done when `beam` have ended and none that goes on
 * is ranked above the worst of them at its present length, which for length_penalty > 0 is a guess, as in the
 * transformers library; or at the length limit, where what has not ended is ranked as it is. With beam 1 it is
 * done with the first eos: the greedy search. Equal scores go to the better hypothesis, then to the lower id.
 *
 * Sampling draws `nbest` translations, each token from softmax(scores / temperature), restricted to the top_k
 * most probable tokens and to the fewest that together have the probability top_p (Holtzman et al. 2020, "The
 * curious case of neural text degeneration"). Scores are those of the model itself.
 *
 * unk and bos are never produced. */
typedef struct heed_translate_options {
	int beam;              /* 1..HEED_BEAM_MAX; default 5; not used when sampling */
	double length_penalty; /* -10..10; default 1 */
	int nbest;             /* translations for each source, at most beam; default 1 */
	bool sample;
	double temperature; /* 0.01..100; default 1 */
	int top_k;          /* 0, the default: all */
	double top_p;       /* in (0, 1]; default 1 */
	/* A translation has at most length_ratio (source tokens) + length_extra tokens beyond its prefix, and at
	 * most max_length in all. The model's own limit holds in any case. Defaults 2, 20 and 0, no limit. */
	double length_ratio;
	int length_extra, max_length;
	int batch_sentences,
		batch_tokens; /* most sources, and source tokens, at a time; defaults 64 and 4096 */
	bool strict;          /* sources longer than the model takes are an error, not cut */
	bool alignment;       /* find out which words belong together */
} heed_translate_options;
heed_translate_options heed_translate_defaults(void);

typedef struct heed_translator heed_translator;

/* Borrows `trained`, and uses its context. NULL options: the defaults. NULL with the error in the context: out
 * of memory, an option out of range, HEED_E_UNSUPPORTED for a model that does not translate. */
heed_translator *heed_translator_new(const heed_trained *trained, const heed_translate_options *options);
void heed_translator_free(heed_translator *t); /* accepts NULL */

/* Valid UTF-8 or not, borrowed during the call. The translation begins with the prefix, which counts in its
 * score as if the model had said it; NULL: none. */
typedef struct heed_source {
	const char *text;
	size_t len;
	const char *prefix;
	size_t prefix_len;
} heed_source;

/* A pair of words, each counted from 0 between spaces. */
typedef struct heed_link {
	int source, target;
} heed_link;

typedef struct heed_hypothesis {
	const char *text; /* [len] and a NUL; valid UTF-8 */
	size_t len;
	const int *ids; /* [count] without eos */
	int count;
	const float *logp;      /* [count], and one more for eos when finished */
	bool finished;          /* false: cut off at the length limit */
	double score;           /* sum of logp */
	double ranked;          /* score / n^length_penalty */
	const heed_link *links; /* [link_count] by target word, then source word */
	int link_count;
} heed_hypothesis;

typedef struct heed_translation {
	size_t index; /* of the source in the call's array */
	const heed_hypothesis
		*best; /* [count] from the best to the worst; ids are distinct, unless sampled */
	int count;     /* at least 1; less than nbest when there are no more */
	bool cut;      /* the source (or the prefix) was longer than the model takes: the rest was not read */
} heed_translation;

/* Gets one translation, valid during the call. Anything but HEED_OK ends the work and is returned. */
typedef heed_code heed_translation_fn(void *user, const heed_translation *t);

/* A source of white space only has the empty translation. HEED_E_TEXT: too long, in strict mode;
 * HEED_E_NONFINITE: the model's scores are no numbers; HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_translate(heed_translator *t, const heed_source *sources, size_t count,
			 heed_translation_fn *give, void *user);

/* Sampling draws for the n-th source since the translator was made from the n-th part of the context's random
 * numbers; this sets n for the next one, so that work can be repeated. */
void heed_translator_number(heed_translator *t, int64_t n);

/* log p(target | source), by the model's forward pass over whole sentences. */
typedef struct heed_pair {
	const char *source;
	size_t source_len;
	const char *target;
	size_t target_len;
} heed_pair;

typedef struct heed_pair_score {
	double logp; /* of all tokens of the target and eos */
	int tokens;  /* eos included: perplexity = exp(-sum logp / sum tokens) */
	bool cut;    /* a side was longer than the model takes: the score is that of its beginning */
} heed_pair_score;

/* scores [count]. Errors as above. */
heed_code heed_score_pairs(heed_translator *t, const heed_pair *pairs, size_t count, heed_pair_score *scores);

/* All that the model attends to while it says the target after the source. Lives by itself. */
typedef struct heed_attended {
	/* Readable pieces; source and target end with eos, input is bos and the target without eos. */
	const char *const *source, *const *input, *const *target;
	int source_count, target_count; /* input_count is target_count */
	const char *text;               /* the target */
	double score;                   /* log p(target | source) */
	/* All heads of "enc0.self", ..., "dec0.self", "dec0.cross", ..., and the mean of each one's heads.
	 * Rows are those that look. A row of a cross-attention is labelled with the token that is said there;
	 * one of a decoder's self-attention with the token that was read. */
	const heed_attention_map *maps, *means;
	int map_count, mean_count;
} heed_attended;

/* target NULL: the translation that heed_translate gives. NULL: error in the context. */
heed_attended *heed_attend(heed_translator *t, const char *source, const char *target);
void heed_attended_free(heed_attended *a); /* accepts NULL */

#ifdef __cplusplus
}
#endif
#endif
