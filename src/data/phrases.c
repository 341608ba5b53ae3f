/* The built-in phrase corpus: splits, pairs by index, and the sentences kept for showing. */
#include "heed/phrases.h"

#include "base/context_impl.h"
#include "base/map.h"
#include "data/phrases_clause.h"

#include <inttypes.h>
#include <string.h>

enum {
	INDEX_BITS = 40,
	DRAW_BITS = 24, /* throws of the dice that one pair may use: a test pair needs about 3000 */
	MOST_WORDS = 12,
	MOST_REPEATS = 100000, /* in a row, before a distinct iterator gives up */
};

struct heed_phrases {
	heed_ctx *ctx;
	uint64_t seed, index, given;
	heed_phrases_split split;
	bool distinct;
	heed__map seen;
};

/* The grammar makes each of these; a test finds the way. */
static const char *const shown[][2] = {
	{"I love you a lot", "Te amo mucho"},
	{"The dog ran really fast", "El perro corrió muy rápido"},
	{"Jack gave water to Jill", "Jack le dio agua a Jill"},
	{"The cat did not eat the fish", "El gato no comió el pescado"},
	{"She gave it to me yesterday", "Me lo dio ayer"},
	{"I see him every day", "Lo veo todos los días"},
	{"My sister is reading an interesting book", "Mi hermana está leyendo un libro interesante"},
	{"The flowers are very beautiful", "Las flores son muy hermosas"},
	{"We bought two white shirts yesterday", "Compramos dos camisas blancas ayer"},
	{"Where do your parents live?", "¿Dónde viven tus padres?"},
	{"Do you have a new car?", "¿Tienes un coche nuevo?"},
	{"Maria is tired because she worked a lot", "María está cansada porque trabajó mucho"},
	{"We will travel to Spain next week", "Viajaremos a España la próxima semana"},
	{"The children do not want to go to the park", "Los niños no quieren ir al parque"},
	{"My mother likes coffee a lot", "A mi madre le gusta mucho el café"},
	{"There are two birds in the garden", "Hay dos pájaros en el jardín"},
	{"The old woman never drinks wine", "La mujer vieja nunca bebe vino"},
};
static const int shown_count = sizeof shown / sizeof shown[0];

int heed_phrases_shown(int i, const char **english, const char **spanish)
{
	if (i < 0 || i >= shown_count)
		return 0;
	*english = shown[i][0];
	*spanish = shown[i][1];
	return 1;
}

/* FNV-1a (Fowler, Noll and Vo), then the finisher of MurmurHash3 so that every bit counts. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

heed_phrases_split heed_phrases_split_of(const char *english)
{
	for (int i = 0; i < shown_count; i++)
		if (strcmp(english, shown[i][0]) == 0)
			return HEED_PHRASES_SHOWN;
	switch (hash(english) % 100) {
	case 0:
		return HEED_PHRASES_VALID;
	case 1:
		return HEED_PHRASES_TEST;
	default:
		return HEED_PHRASES_TRAIN;
	}
}

static int words(const char *s)
{
	int n = 1;

	for (; *s; s++)
		n += *s == ' ';
	return n;
}

heed_code heed_phrases_at(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, uint64_t index,
			  heed_phrases_pair *pair)
{
	heed__dice dice = {.rng = {.seed = seed,
				   .index = index << DRAW_BITS,
				   .stream = HEED__STREAM_CORPUS,
				   .step = (uint32_t)split}};
	heed__sentence sentence;

	if (split != HEED_PHRASES_TRAIN && split != HEED_PHRASES_VALID && split != HEED_PHRASES_TEST)
		return heed__error(ctx, HEED_E_ARGUMENT, "phrases: split %d has no pairs to draw",
				   (int)split);
	if (index >> INDEX_BITS)
		return heed__error(ctx, HEED_E_ARGUMENT, "phrases: index %" PRIu64 " is not below 2^%d",
				   index, INDEX_BITS);
	while (dice.used >> DRAW_BITS == 0) {
		heed__phrases_draw(&dice, &sentence);
		if (heed__phrases_english(&sentence, pair->english, sizeof pair->english) &&
		    words(pair->english) <= MOST_WORDS && heed_phrases_split_of(pair->english) == split &&
		    heed__phrases_spanish(&sentence, pair->spanish, sizeof pair->spanish))
			return HEED_OK;
	}
	return heed__error(ctx, HEED_E_INTERNAL, "phrases: no sentence of split %d in 2^%d throws",
			   (int)split, DRAW_BITS);
}

heed_phrases *heed_phrases_new(heed_ctx *ctx, uint64_t seed, heed_phrases_split split, int distinct)
{
	heed_phrases *phrases = heed__calloc(ctx, 1, sizeof *phrases);

	if (!phrases)
		return NULL;
	*phrases = (heed_phrases){.ctx = ctx,
				  .seed = seed,
				  .split = split,
				  .distinct = distinct != 0,
				  .seen = heed__map_init(ctx)};
	return phrases;
}

void heed_phrases_free(heed_phrases *phrases)
{
	if (!phrases)
		return;
	heed__map_release(&phrases->seen);
	heed__free(phrases->ctx, phrases);
}

/* Notes the sentence; false: out of memory. *fresh tells whether it is the first time. */
static bool note(heed_phrases *phrases, const char *english, bool *fresh)
{
	const size_t before = phrases->seen.count;

	if (!heed__map_put(&phrases->seen, english, strlen(english), 0))
		return false;
	*fresh = phrases->seen.count > before;
	return true;
}

heed_code heed_phrases_next(heed_phrases *phrases, heed_phrases_pair *pair)
{
	for (int tries = 0; tries < MOST_REPEATS; tries++) {
		const heed_code code =
			heed_phrases_at(phrases->ctx, phrases->seed, phrases->split, phrases->index, pair);
		bool fresh = true;

		if (code != HEED_OK)
			return code;
		if (phrases->distinct && !note(phrases, pair->english, &fresh))
			return HEED_E_MEMORY;
		phrases->index++;
		if (fresh) {
			phrases->given++;
			return HEED_OK;
		}
	}
	return heed__error(phrases->ctx, HEED_E_ARGUMENT,
			   "phrases: %" PRIu64 " distinct sentences given, and no new one in %d draws",
			   phrases->given, MOST_REPEATS);
}
