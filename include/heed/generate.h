/* Continuing texts with a language model.
 *
 *	static heed_code show(void *user, const heed_generated *g)
 *	{
 *		fwrite(g->text, 1, g->len, stdout);
 *		return HEED_OK;
 *	}
 *
 *	heed_generate_options o = heed_generate_defaults();
 *	heed_generator *g = heed_generator_new(model, &o);
 *
 *	if (g == NULL || heed_generate(g, &(heed_line){"Once upon", 9}, 1, show, NULL) != HEED_OK)
 *		fprintf(stderr, "%s\n", heed_error_message(ctx));
 *	heed_generator_free(g);
 *
 * Each token is drawn from softmax(scores / temperature), restricted to the top_k most probable tokens and to the
 * fewest that together have the probability top_p (Holtzman et al. 2020, "The curious case of neural text
 * degeneration"). unk and bos are never said. What comes is a function of the model, the prompt, the options, the
 * context's seed and the number of the prompt; neither of other prompts nor of the number of threads.
 *
 * Models of lines (HEED_FORM_LINES) begin with bos and are done with eos. Models of a stream of lines
 * (HEED_FORM_BLOCKS and _STREAM) begin after the end of a line and go on: their eos is an end of line, in what
 * they say and, where it is a line feed, in prompts.
 *
 * A model that reads a limited number of tokens at a time (its "max-length", or the length of its blocks) has them
 * after so many steps. It then begins anew and reads the newest half of them, of lines with bos before it. So any
 * number of tokens can be said; what the model remembers varies between half of its limit and all of it. Of a
 * prompt that is longer, the newest half of the limit is read. */
#ifndef HEED_GENERATE_H
#define HEED_GENERATE_H

#include "heed/line.h"
#include "heed/trained.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_GENERATE_COUNT_MAX  4096
#define HEED_GENERATE_TOKENS_MAX (1 << 20)

typedef struct heed_generate_options {
	int max_tokens; /* of a continuation, ends of lines included; 1..HEED_GENERATE_TOKENS_MAX; default 200 */
	int count;      /* continuations of each prompt; 1..HEED_GENERATE_COUNT_MAX; default 1 */
	double temperature; /* 0..100; 0: always the most probable token; default 1 */
	int top_k;          /* 0, the default: all */
	double top_p;       /* in (0, 1]; default 1 */
	bool one_line;      /* an end of line is the end, of streams too */
	int batch;          /* most prompts at a time; default 64 */
} heed_generate_options;
heed_generate_options heed_generate_defaults(void);

typedef struct heed_generator heed_generator;

/* Borrows `trained`, and uses its context. NULL options: the defaults. NULL with the error in the context: out
 * of memory, an option out of range, HEED_E_UNSUPPORTED for a model that does not continue texts. */
heed_generator *heed_generator_new(const heed_trained *trained, const heed_generate_options *options);
void heed_generator_free(heed_generator *g); /* accepts NULL */

/* Whether what the model says goes on after an end of line. */
bool heed_generator_streams(const heed_generator *g);

/* A token of a continuation. */
typedef struct heed_generated {
	size_t index;  /* of the prompt in the call's array */
	int sample;    /* which of its continuations, from 0 */
	int id;        /* of the token */
	float logp;    /* its log-probability by the model itself, whatever the temperature */
	int tokens;    /* so far, this one included */
	double score;  /* sum of logp so far */
	bool last;     /* the continuation is complete */
	bool finished; /* ... because the model ended it, not because of max_tokens */
	/* The text that became certain: whole characters of UTF-8, perhaps none; valid during the call. */
	const char *text;
	size_t len;
} heed_generated;

/* Anything but HEED_OK ends the work and is returned. */
typedef heed_code heed_generate_fn(void *user, const heed_generated *piece);

/* Tokens of one continuation come in order, those of the continuations of a batch in turn. HEED_E_NONFINITE: the
 * model's scores are no numbers; HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_generate(heed_generator *g, const heed_line *prompts, size_t count, heed_generate_fn *give,
			void *user);

/* The n-th prompt since the generator was made has the n-th part of the context's random numbers; this sets n for
 * the next one, so that work can be repeated. */
void heed_generator_number(heed_generator *g, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
