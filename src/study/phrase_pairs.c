#include "study/phrase_pairs.h"

#include "base/philox.h"
#include "base/strbuf.h"

#include <string.h>

/* Another sentence behind those that are there. */
static void add_sentence(heed__str *text, const char *sentence)
{
	if (text->len > 0)
		heed__str_adds(text, text->data[text->len - 1] == '?' ? " " : ". ");
	heed__str_adds(text, sentence);
}

static heed_code add_text(heed_examples *e, heed_phrases *phrases, uint64_t sentences, heed__str *english,
			  heed__str *spanish)
{
	heed_code code = HEED_OK;

	heed__str_clear(english);
	heed__str_clear(spanish);
	for (uint64_t i = 0; code == HEED_OK && i < sentences; i++) {
		heed_phrases_pair pair;

		code = heed_phrases_next(phrases, &pair);
		if (code == HEED_OK) {
			add_sentence(english, pair.english);
			add_sentence(spanish, pair.spanish);
		}
	}
	if (code == HEED_OK && (english->failed || spanish->failed))
		code = HEED_E_MEMORY;
	return code != HEED_OK
		       ? code
		       : heed_examples_add(e, english->data, english->len, spanish->data, spanish->len);
}

heed_examples *heed__phrase_pairs(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, int count,
				  int least, int most)
{
	heed_phrases *const phrases = heed_phrases_new(ctx, seed, split, split != HEED_PHRASES_TRAIN);
	heed_examples *const e = heed_examples_new(ctx);
	heed__str english = heed__str_init(ctx, 0), spanish = heed__str_init(ctx, 0);
	heed__rng rng = {.seed = seed, .stream = HEED__STREAM_CORPUS, .step = (uint32_t)split};
	const uint64_t first = (uint64_t)least, kinds = (uint64_t)most - first + 1;
	heed_code code = phrases != NULL && e != NULL ? HEED_OK : HEED_E_MEMORY;

	for (int i = 0; code == HEED_OK && i < count; i++)
		code = add_text(e, phrases, first + heed__rng_below(&rng, kinds), &english, &spanish);
	heed__str_release(&english);
	heed__str_release(&spanish);
	heed_phrases_free(phrases);
	if (code == HEED_OK)
		return e;
	heed_examples_free(e);
	return NULL;
}
