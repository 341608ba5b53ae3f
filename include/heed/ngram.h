/* n-gram models: how they come to a probability, and ARPA files, which other programs read and write.
 *
 *	heed_ngram_look look;
 *	heed_ngram_look_at(model, (int[]){HEED_BOS_ID, the, dog}, 3, barks, &look);
 *	printf("%d words matched, log10 p = %g\n", look.length, look.total); */
#ifndef HEED_NGRAM_H
#define HEED_NGRAM_H

#include "heed/model.h"
#include "heed/tokenizer.h"
#include "heed/trained.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_NGRAM_ORDER_MAX 7

/* How likely a word is behind a context. Logarithms are to base 10. */
typedef struct heed_ngram_look {
	int order; /* of the model */
	int length; /* of the longest n-gram that it has and that ends with the word; 0: it does not know the word
	               and takes unk's probability */
	double prob; /* of that n-gram */
	double total; /* prob and the weights of the contexts that it backed off from, those longer than length - 1 */
	/* Of the contexts of 1, 2, ... order - 1 words: the weight of back-off, and how many different words the model
	 * knows behind it; 0 and 0 when it doesn't know the context. [0]: of no words. */
	double weight[HEED_NGRAM_ORDER_MAX];
	int64_t words[HEED_NGRAM_ORDER_MAX];
} heed_ngram_look;

/* The words of the context are ids, bos first when it begins a text. HEED_E_ARGUMENT when the model is no n-gram
 * model, or an id is none of its. */
heed_code heed_ngram_look_at(const heed_model *model, const int *context, int count, int word,
			     heed_ngram_look *look);

/* Writes an n-gram model as an ARPA file. Its words are the readable forms of the tokenizer's pieces; those of a
 * tokenizer of kind "space" without the U+2581 in front, save for a "<unk>", "<s>" or "</s>" that stood in the text.
 * HEED_E_UNSUPPORTED for other models, and for pieces with a space inside. */
heed_code heed_ngram_export(const heed_trained *trained, heed_write_fn *write, void *user);

/* Makes a model of an ARPA file. `next` gives its lines, empty ones too, *line NULL at the end; `name` is what
 * messages call it. With a tokenizer (copied) each word must be one of its pieces; without, the words become a
 * tokenizer of kind "space". Where an n-gram of the file begins with words that are none, a number is none or a
 * log-probability above 0, something comes twice or in the wrong place, or a count is not what was announced:
 * HEED_E_FORMAT with the line. The caller closes *trained. */
heed_code heed_ngram_import(heed_ctx *ctx, const char *name, heed_line_fn *next, void *user,
			    const heed_tokenizer *tokenizer, heed_trained **trained);

#ifdef __cplusplus
}
#endif
#endif
