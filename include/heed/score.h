/* How probable a language model finds text.
 *
 *	heed_scorer *s = heed_scorer_new(model, NULL);
 *	heed_line_score score;
 *
 *	if (s == NULL || heed_score_lines(s, &(heed_line){"The dog ran.", 12}, 1, &score) != HEED_OK)
 *		fprintf(stderr, "%s\n", heed_error_message(ctx));
 *	heed_scorer_free(s);
 *
 * Scores of translations are in heed/translate.h. */
#ifndef HEED_SCORE_H
#define HEED_SCORE_H

#include "heed/dataset.h"
#include "heed/line.h"
#include "heed/trained.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_score_options {
	int batch_tokens; /* most tokens at a time; default 4096 */
	bool strict;      /* a line longer than the model reads at a time is an error */
} heed_score_options;
heed_score_options heed_score_defaults(void);

typedef struct heed_scorer heed_scorer;

/* Borrows `trained`, and uses its context. NULL options: the defaults. NULL with the error in the context: out
 * of memory, an option out of range, HEED_E_UNSUPPORTED for a model that is no language model. */
heed_scorer *heed_scorer_new(const heed_trained *trained, const heed_score_options *options);
void heed_scorer_free(heed_scorer *s); /* accepts NULL */

typedef struct heed_line_score {
	double logp; /* of all tokens of the line and of its end */
	int tokens;  /* end included: perplexity = exp(-sum logp / sum tokens) */
	int unknown; /* of them; a model that knows few words finds unknown ones probable */
	bool cut;    /* longer than the model reads at a time, see below */
} heed_line_score;

/* Each line by itself: after bos, or for models of streams after the end of a line. A line with more tokens than
 * the model reads at a time is read in pieces, each beginning with the last token of the one before. scores
 * [count]. HEED_E_TEXT: too long, in strict mode; HEED_E_NONFINITE: the model's probabilities are no numbers (a
 * probability of zero is one: logp is -infinity); HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_score_lines(heed_scorer *s, const heed_line *lines, size_t count, heed_line_score *scores);

/* A text as a whole. With N = -logp in nats:
 *
 *	perplexity            exp(N / tokens)
 *	word perplexity       exp(N / words)              the same for all tokenizers that know every word
 *	bits per character    N / (ln 2 * characters)     likewise
 */
typedef struct heed_text_score {
	double logp;
	int64_t tokens, unknown; /* ends of lines are tokens */
	int64_t words;           /* between white space; each end of a line is one more */
	int64_t characters;      /* code points; each end of a line is one more */
	int64_t lines, cut;      /* cut: those read in pieces, of models of lines */
	int64_t first_cut;       /* the first of them, from 0 */
} heed_text_score;

/* Called now and then with the share that is done, 0..1. */
typedef void heed_score_tell_fn(void *user, double share);

/* In the form that the model was trained on: lines by themselves; blocks, each beginning with an empty memory; or a
 * stream, read in ten parts side by side, each of which begins so and then goes on to its end. Source texts only;
 * tell may be NULL. Errors as above. */
heed_code heed_score_text(heed_scorer *s, const heed_examples *text, heed_score_tell_fn *tell, void *user,
			  heed_text_score *score);

#ifdef __cplusplus
}
#endif
#endif
