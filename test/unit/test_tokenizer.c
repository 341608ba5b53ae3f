/* What every kind of tokenizer promises. */
#include "scratch.h"

#include "one_ctx.h"
#include "sample_lines.h"

static const char corpus[] = "Ein Hund läuft über die grüne Wiese.\n"
			     "Zwei Hunde laufen über die Straße, 2016!\n"
			     "El perro corrió muy rápido; ¿no?\n"
			     "Te amo mucho. El perro ama al gato.\n"
			     "\n"
			     "A dog runs really fast. The dogs ran, and I don't know why\n"
			     "犬が走る。犬はとても速く走った。\n"
			     "I love you a lot  😀 👩‍👩‍👧 done";

static const char *const texts[] = {
	"",
	" ",
	"   ",
	"a",
	" a",
	"a ",
	"  two  spaces  ",
	"El perro corrió muy rápido.",
	"¿Qué? ¡No! «así»",
	"Straßenbahnhaltestelle über 2016",
	"犬がとても速く走った。私は　見た。",
	"👩‍👩‍👧‍👦 and 🏳️‍🌈 and 👍🏽",
	"e\xCC\x81\xCC\xA3 q\xCC\x87\xCC\xA3 \xCC\x81",
	"tab\there\nline\r\n\n  \t end\x7F\x01",
	"\xE2\x96\x81 literal \xE2\x96\x81space\xE2\x96\x81 \xE2\x96\x81\xE2\x96\x81",
	"<s> </s> <unk> <de> <0x41> <0x0A>",
	"हिन्दी देवनागरी, עִבְרִית, العربية, ไทย, 한국어",
	"no\xC2\xA0"
	"break, soft\xC2\xAD"
	"hyphen, \xEF\xBB\xBF"
	"bom",
};

enum { TEXTS = sizeof texts / sizeof *texts };

static heed_tokenizer *train(const heed_tokenizer_options *options)
{
	heed_tokenizer *t = train_on(ctx, options, corpus);

	if (!t)
		fail_msg("%s", heed_error_message(ctx));
	return t;
}

/* Pieces cover the text without gaps. */
static void check_encoding(const heed_tokenizer *t, const heed_encoding *x)
{
	assert_int_equal(x->start[0], 0);
	assert_int_equal(x->start[x->count], x->length);
	for (int i = 0; i < x->count; i++) {
		assert_true(x->start[i] <= x->start[i + 1]);
		assert_in_range(x->ids[i], 0, heed_tokenizer_size(t) - 1);
		assert_int_not_equal(x->ids[i], HEED_BOS_ID);
		assert_int_not_equal(x->ids[i], HEED_EOS_ID);
	}
	assert_int_equal(x->text[x->length], 0);
}

/* Encodes and decodes, at once and id by id; both must give the normalised text, unless something is unknown. */
static void round_trip(const heed_tokenizer *t, heed_coder *c, const char *text, size_t len)
{
	heed_coder *d = heed_coder_new(ctx, t);
	heed_encoding x;
	const char *decoded, *next;
	size_t decoded_len, next_len, pos = 0;

	assert_non_null(d);
	assert_int_equal(heed_coder_encode(c, text, len, &x), HEED_OK);
	check_encoding(t, &x);
	heed_coder_decode_start(d);
	for (int i = 0; i < x.count; i++) {
		assert_int_not_equal(x.ids[i], HEED_UNK_ID);
		assert_int_equal(heed_coder_decode_next(d, x.ids[i], &next, &next_len), HEED_OK);
		assert_true(pos + next_len <= (size_t)x.length);
		assert_memory_equal(next, x.text + pos, next_len);
		pos += next_len;
	}
	assert_int_equal(pos, x.length);
	assert_int_equal(heed_coder_decode(d, x.ids, x.count, &decoded, &decoded_len), HEED_OK);
	assert_int_equal(decoded_len, x.length);
	assert_memory_equal(decoded, x.text, decoded_len);
	heed_coder_free(d);
}

static const heed_tokenizer_options kinds[] = {
	{.kind = "bpe", .vocab = 400},
	{.kind = "bpe", .vocab = 270, .coverage = 0.5, .normalization = HEED_NORMALIZE_NONE},
	{.kind = "bpe", .merges = 1000, .min_count = 1, .normalization = HEED_NORMALIZE_NFKC, .lowercase = 1},
	{.kind = "unigram", .vocab = 400},
	{.kind = "unigram", .vocab = 290, .coverage = 0.8, .normalization = HEED_NORMALIZE_NONE},
	{.kind = "unigram", .min_count = 1, .normalization = HEED_NORMALIZE_NFKC, .lowercase = 1},
	{.kind = "char"},
	{.kind = "char", .coverage = 0.9, .lowercase = 1},
	{.kind = "char", .vocab = 265, .normalization = HEED_NORMALIZE_NONE},
	{.kind = "byte"},
	{.kind = "byte", .normalization = HEED_NORMALIZE_NFKC},
};

static void loses_nothing(void **state)
{
	heed__rng rng = test_rng(2);

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		heed_tokenizer *t = train(&kinds[k]);
		heed_coder *c = heed_coder_new(ctx, t);
		corpus_lines lines = corpus_of(corpus);
		const char *line;
		size_t len;

		for (size_t i = 0; i < TEXTS; i++)
			round_trip(t, c, texts[i], strlen(texts[i]));
		while (next_corpus_line(&lines, &line, &len) == HEED_OK && line)
			round_trip(t, c, line, len);
		for (int i = 0; i < 1000; i++) {
			char text[80];

			round_trip(t, c, text, random_text(&rng, text, sizeof text));
		}
		for (int i = 0; i < 300; i++) {
			char noise[40];

			for (size_t j = 0; j < sizeof noise; j++)
				noise[j] = (char)heed__rng_below(&rng, 256);
			round_trip(t, c, noise, (size_t)heed__rng_below(&rng, sizeof noise + 1));
		}
		heed_coder_free(c);
		heed_tokenizer_free(t);
	}
}

static void loses_nothing_in_long_runs(void **state)
{
	enum { LENGTH = 20000 };
	char *text = malloc(LENGTH);

	(void)state;
	assert_non_null(text);
	for (int k = 0; k < 2; k++) {
		heed_tokenizer *t =
			train(&(heed_tokenizer_options){.kind = k ? "unigram" : "bpe", .vocab = 400});
		heed_coder *c = heed_coder_new(ctx, t);

		memset(text, 'a', LENGTH);
		round_trip(t, c, text, LENGTH);
		for (size_t i = 0; i + 2 <= LENGTH; i += 2)
			memcpy(text + i, "\xC3\xBC", 2);
		round_trip(t, c, text, LENGTH);
		memset(text, ' ', LENGTH);
		round_trip(t, c, text, LENGTH);
		heed_coder_free(c);
		heed_tokenizer_free(t);
	}
	free(text);
}

/* The pieces of a text, joined by "|". */
static void expect_pieces(const heed_tokenizer *t, const char *text, const char *expected)
{
	heed_coder *c = heed_coder_new(ctx, t);
	char joined[1024] = "";
	size_t used = 0;
	heed_encoding x;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	check_encoding(t, &x);
	for (int i = 0; i < x.count; i++)
		used += (size_t)snprintf(joined + used, sizeof joined - used, "%s|",
					 heed_tokenizer_piece(t, x.ids[i]));
	assert_string_equal(joined, expected);
	heed_coder_free(c);
}

static void cuts_words(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "word"});
	heed_coder *c = heed_coder_new(ctx, t);
	corpus_lines lines = corpus_of(corpus);
	const char *line;
	size_t len;

	(void)state;
	while (next_corpus_line(&lines, &line, &len) == HEED_OK && line)
		round_trip(t, c, line, len);
	round_trip(t, c, "  I don't  love dogs. ", 22);
	expect_pieces(t, "I don't know, dog", "▁I|▁don|'|t|▁know|,|▁dog|");
	expect_pieces(t, "The cat", "▁The|<unk>|");
	expect_pieces(t,
		      "dog  \xE2\x96\x81 \xE2\x96\x81"
		      "dog",
		      "▁dog|▁|<unk>|<unk>|<unk>|");
	heed_coder_free(c);
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "word", .min_count = 2});
	expect_pieces(t, "El perro ama", "▁El|▁perro|<unk>|");
	heed_tokenizer_free(t);
	/* Marks and joiners stay with what they follow. */
	t = train_on(ctx, &(heed_tokenizer_options){.kind = "word"},
		     "aq\xCC\x87z !\xCC\x87 \xF0\x9F\x8F\xB3\xEF\xB8\x8F");
	expect_pieces(t, "aq\xCC\x87z!\xCC\x87", "▁aq\xCC\x87z|<unk>|");
	expect_pieces(t, "\xF0\x9F\x8F\xB3\xEF\xB8\x8F", "▁\xF0\x9F\x8F\xB3\xEF\xB8\x8F|");
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "word", .vocab = 6});
	assert_int_equal(heed_tokenizer_size(t), 6);
	assert_string_equal(heed_tokenizer_piece(t, 3), "▁");
	assert_string_equal(heed_tokenizer_piece(t, 4), ".");
	heed_tokenizer_free(t);
}

static void cuts_chars_and_bytes(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "char"});

	(void)state;
	expect_pieces(t, "a ß\n語", "a|▁|ß|<0x0A>|<0xE8>|<0xAA>|<0x9E>|");
	heed_tokenizer_free(t);
	t = train_on(ctx, &(heed_tokenizer_options){.kind = "char", .coverage = 0.8}, "aaaaab aaaac");
	expect_pieces(t, "abc", "a|<0x62>|<0x63>|"); /* 9 of 12 are too few, 10 with the space are enough */
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 256 + 2);
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "char", .no_byte_fallback = 1});
	expect_pieces(t, "a ß\n語", "a|▁|ß|<unk>|<unk>|");
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "byte"});
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 256);
	expect_pieces(t, "a ß", "<0x61>|<0x20>|<0xC3>|<0x9F>|");
	heed_tokenizer_free(t);
}

static void merges_pieces(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.merges = 500, .no_byte_fallback = 1});

	(void)state;
	expect_pieces(t, "El perro Hund.", "▁El|▁perro|▁Hund|.|");
	expect_pieces(t, "\n perro", "▁|<unk>|▁perro|");
	heed_tokenizer_free(t);
	/* "aa" is the only pair seen twice. */
	t = train_on(ctx, &(heed_tokenizer_options){0}, "xaab yaac");
	expect_pieces(t, "aaa", "▁|aa|a|");
	heed_tokenizer_free(t);
}

static void spans_point_into_the_text(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.merges = 500});
	heed_coder *c = heed_coder_new(ctx, t);
	static const int starts[] = {0, 2, 8, 9, 10, 11, 12, 13};
	heed_encoding x;

	(void)state;
	/* "El" covers no space, " perro" does; the bytes of a character one each. */
	assert_int_equal(heed_coder_encode(c, "El perro  \xE8\xAA\x9E", 13, &x), HEED_OK);
	assert_int_equal(x.count, 7);
	assert_memory_equal(x.start, starts, sizeof starts);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static void keeps_symbols_out_of_text(void **state)
{
	static const char *const symbols[] = {"<de>", "<es>"};
	static const char *const bad[] = {"<unk>", "", "a b", "<0x41>", "\xFF", "a\n", "\xE2\x96\x81z"};
	heed_tokenizer *t =
		train(&(heed_tokenizer_options){.merges = 9, .symbols = symbols, .symbol_count = 2});
	heed_coder *c = heed_coder_new(ctx, t);
	heed_encoding x;
	int ids[3] = {HEED_BOS_ID};
	const char *text;
	size_t len;

	(void)state;
	ids[1] = heed_tokenizer_id(t, "<es>", 4);
	ids[2] = HEED_EOS_ID;
	assert_int_equal(ids[1], HEED_SPECIAL_IDS + 1);
	assert_int_equal(heed_coder_encode(c, "<es> <de>", 9, &x), HEED_OK);
	for (int i = 0; i < x.count; i++)
		assert_true(x.ids[i] >= HEED_SPECIAL_IDS + 2);
	assert_int_equal(heed_coder_decode(c, ids, 3, &text, &len), HEED_OK);
	assert_int_equal(len, 0);
	heed_coder_free(c);
	heed_tokenizer_free(t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_null(train_on(ctx, &(heed_tokenizer_options){.symbols = &bad[i], .symbol_count = 1},
				     corpus));
		assert_int_equal(heed_error_code(ctx), HEED_E_ARGUMENT);
		assert_message(ctx, "symbol 0");
	}
}

static void knows_its_pieces(void **state)
{
	heed_tokenizer_options got;
	heed_tokenizer *t = train(&(heed_tokenizer_options){.vocab = 310, .lowercase = 1});
	const char *about = NULL;

	(void)state;
	assert_string_equal(heed_tokenizer_piece(t, HEED_UNK_ID), "<unk>");
	assert_string_equal(heed_tokenizer_piece(t, HEED_BOS_ID), "<s>");
	assert_string_equal(heed_tokenizer_piece(t, HEED_EOS_ID), "</s>");
	assert_string_equal(heed_tokenizer_piece(t, HEED_SPECIAL_IDS + 10), "<0x0A>");
	assert_string_equal(heed_tokenizer_piece(t, HEED_SPECIAL_IDS + 256), "▁");
	assert_null(heed_tokenizer_piece(t, -1));
	assert_null(heed_tokenizer_piece(t, heed_tokenizer_size(t)));
	assert_int_equal(heed_tokenizer_id(t, "no such piece", 13), -1);
	for (int id = 0; id < heed_tokenizer_size(t); id++) {
		const char *piece = heed_tokenizer_piece(t, id);

		assert_int_equal(heed_tokenizer_id(t, piece, strlen(piece)), id);
	}
	heed_tokenizer_describe(t, &got);
	assert_string_equal(got.kind, "bpe");
	assert_int_equal(got.vocab, 310);
	assert_true(got.merges > 0 && got.merges < 310);
	assert_int_equal(got.lowercase, 1);
	assert_int_equal(got.no_byte_fallback, 0);
	heed_tokenizer_free(t);
	assert_non_null(heed_tokenizer_kind(0, &about));
	assert_non_null(about);
	assert_null(heed_tokenizer_kind(1000, NULL));
}

static void decodes_what_models_say(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "byte"});
	heed_coder *c = heed_coder_new(ctx, t);
	enum { B = HEED_SPECIAL_IDS };
	static const struct {
		int ids[6], count;
		const char *text;
	} cases[] = {
		{{B + 'a', HEED_UNK_ID, B + 'b'}, 3, "ab"},
		{{B + 0xE8, B + 0xAA, B + 0x9E}, 3, "\xE8\xAA\x9E"},
		{{B + 0xE8, B + 0xAA}, 2, "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{{B + 0xE8, B + 'a'},
		 2,
		 "\xEF\xBF\xBD"
		 "a"},
		{{B + 0xE8, B + 0xC3, B + 0x9F}, 3, "\xEF\xBF\xBD\xC3\x9F"},
		{{B + 0xE8, HEED_EOS_ID, B + 0xAA}, 3, "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{{B + 0xFF, B + 0x80, B + 'x'}, 3, "\xEF\xBF\xBD\xEF\xBF\xBDx"},
		{{B + 0xED, B + 0xA0, B + 0x80}, 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
		{{B + 0xF0, B + 0x9F, B + 0x98, B + 0x80}, 4, "\xF0\x9F\x98\x80"},
	};
	const char *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(heed_coder_decode(c, cases[i].ids, cases[i].count, &text, &len), HEED_OK);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(len, strlen(text));
	}
	assert_int_equal(heed_coder_decode(c, (int[]){B + 256}, 1, &text, &len), HEED_E_ARGUMENT);
	assert_message(ctx, "259", "258");
	assert_int_equal(heed_coder_decode(c, (int[]){-1}, 1, &text, &len), HEED_E_ARGUMENT);
	heed_coder_decode_start(c);
	assert_int_equal(heed_coder_decode_next(c, B + 0xC3, &text, &len), HEED_OK);
	assert_int_equal(len, 0);
	assert_int_equal(heed_coder_decode_next(c, B + 0x9F, &text, &len), HEED_OK);
	assert_string_equal(text, "\xC3\x9F");
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static void refuses_bad_options(void **state)
{
	static const struct {
		heed_tokenizer_options options;
		const char *message;
	} cases[] = {
		{{.kind = "bep"}, "'bep'"},
		{{.vocab = -1}, "vocab is -1"},
		{{.vocab = HEED_VOCAB_MAX + 1}, "vocab is 4194305"},
		{{.vocab = 100}, "260 are reserved"},
		{{.merges = -5}, "merges is -5"},
		{{.min_count = -1}, "min_count is -1"},
		{{.coverage = 1.5}, "coverage is 1.5"},
		{{.coverage = -0.5}, "coverage is -0.5"},
		{{.normalization = (heed_normalization)9}, "normalization is 9"},
		{{.symbol_count = -1}, "symbol_count is -1"},
	};
	heed_tokenizer *t;
	heed_coder *c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(train_on(ctx, &cases[i].options, corpus));
		assert_int_equal(heed_error_code(ctx), HEED_E_ARGUMENT);
		assert_message(ctx, cases[i].message);
	}
	t = train(NULL);
	c = heed_coder_new(ctx, t);
	assert_int_equal(heed_coder_dropout(c, 1.5, 0, 0), HEED_E_ARGUMENT);
	assert_message(ctx, "p is 1.5");
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static heed_code fail_to_read(void *user, const char **line, size_t *len)
{
	(void)user;
	(void)line;
	(void)len;
	return HEED_E_IO;
}

static void passes_errors_of_the_corpus_on(void **state)
{
	(void)state;
	heed_error_clear(ctx);
	assert_null(heed_tokenizer_train(ctx, NULL, fail_to_read, NULL));
	assert_int_equal(heed_error_code(ctx), HEED_E_IO);
	assert_message(ctx, "corpus");
	heed_error_clear(ctx);
	heed_interrupt(ctx);
	assert_null(train_on(ctx, NULL, corpus));
	assert_int_equal(heed_error_code(ctx), HEED_E_INTERRUPTED);
	heed_error_clear(ctx);
}

static void learns_from_an_empty_corpus(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		heed_tokenizer *t = train_on(ctx, &kinds[k], "");
		heed_coder *c;

		assert_non_null(t);
		c = heed_coder_new(ctx, t);
		round_trip(t, c, "  any text", 10);
		heed_coder_free(c);
		heed_tokenizer_free(t);
	}
}

/* The same seed, step and item give the same pieces, whatever was encoded before; another gives others. */
static void drops_merges(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.merges = 500});
	heed_coder *c = heed_coder_new(ctx, t);
	const char *text = "El perro corrió muy rápido. Zwei Hunde laufen über die Straße";
	enum { ROUNDS = 40, IDS = 100 };
	static int ids[ROUNDS][IDS];
	int counts[ROUNDS], whole, different = 0;
	heed_encoding x;

	(void)state;
	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	whole = x.count;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(heed_coder_dropout(c, 0.3, i / 20, i % 20), HEED_OK);
		round_trip(t, c, text, strlen(text));
		assert_int_equal(heed_coder_dropout(c, 0.3, i / 20, i % 20), HEED_OK);
		assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
		assert_true(x.count >= whole && x.count < IDS);
		counts[i] = x.count;
		memcpy(ids[i], x.ids, (size_t)x.count * sizeof(int));
		different += i > 0 && (counts[i] != counts[i - 1] ||
				       memcmp(ids[i], ids[i - 1], (size_t)x.count * sizeof(int)) != 0);
	}
	assert_true(different > ROUNDS / 2);
	for (uint32_t i = ROUNDS; i-- > 0;) {
		assert_int_equal(heed_coder_dropout(c, 0.3, i / 20, i % 20), HEED_OK);
		assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
		assert_int_equal(x.count, counts[i]);
		assert_memory_equal(x.ids, ids[i], (size_t)x.count * sizeof(int));
	}
	assert_int_equal(heed_coder_dropout(c, 1, 0, 0), HEED_OK);
	expect_pieces(t, "El perro", "▁El|▁perro|");
	assert_int_equal(heed_coder_encode(c, "El perro", 8, &x), HEED_OK);
	assert_int_equal(x.count, 9); /* the first space, and eight characters */
	assert_int_equal(heed_coder_dropout(c, 0, 0, 0), HEED_OK);
	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	assert_int_equal(x.count, whole);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

/* "aaaa" with the one merge of two a's and p = 1/2: none of its three candidates is taken with probability 1/8.
 * Two merges need the first candidate (1/2) or, with it passed over, the last (1/8), and then the other, which
 * is drawn anew (1/2): 5/16. */
static void drops_as_often_as_it_should(void **state)
{
	enum { ROUNDS = 20000 };
	heed_tokenizer *t = train_on(ctx, &(heed_tokenizer_options){.merges = 1}, "baa caa");
	heed_coder *c = heed_coder_new(ctx, t);
	double share[6] = {0};
	heed_encoding x;

	(void)state;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(heed_coder_dropout(c, 0.5, 0, i), HEED_OK);
		assert_int_equal(heed_coder_encode(c, "aaaa", 4, &x), HEED_OK);
		assert_in_range(x.count, 3, 5); /* the space, and 2 to 4 */
		share[x.count] += 1.0 / ROUNDS;
	}
	assert_float_equal(share[5], 1 / 8.0, 0.01);
	assert_float_equal(share[3], 5 / 16.0, 0.01);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

/* Saving and loading: in memory and in a file, the same bytes and the same pieces. */
static void saves_and_loads(void **state)
{
	static const char *const symbols[] = {"<de>", "<es>"};

	(void)state;
	for (size_t k = 0; k <= sizeof kinds / sizeof *kinds; k++) {
		heed_tokenizer_options options = {.kind = "word", .symbols = symbols, .symbol_count = 2};
		heed_tokenizer *t = train(k < sizeof kinds / sizeof *kinds ? &kinds[k] : &options), *u, *v;
		heed_coder *c = heed_coder_new(ctx, t), *d;
		size_t len, loaded_len;
		const char *bytes = heed_tokenizer_saved(t, &len);

		u = heed_tokenizer_load(ctx, bytes, len);
		assert_non_null(u);
		assert_memory_equal(heed_tokenizer_saved(u, &loaded_len), bytes, len);
		assert_int_equal(loaded_len, len);
		assert_int_equal(heed_tokenizer_save_file(ctx, t, scratch("saved.tok")), HEED_OK);
		v = heed_tokenizer_load_file(ctx, scratch("saved.tok"));
		assert_non_null(v);
		assert_memory_equal(heed_tokenizer_saved(v, &loaded_len), bytes, len);
		d = heed_coder_new(ctx, v);
		for (size_t i = 0; i < TEXTS; i++) {
			heed_encoding x, y;

			assert_int_equal(heed_coder_encode(c, texts[i], strlen(texts[i]), &x), HEED_OK);
			assert_int_equal(heed_coder_encode(d, texts[i], strlen(texts[i]), &y), HEED_OK);
			assert_int_equal(x.count, y.count);
			assert_memory_equal(x.ids, y.ids, (size_t)x.count * sizeof(int));
		}
		assert_int_equal(heed_tokenizer_size(u), heed_tokenizer_size(t));
		heed_coder_free(c);
		heed_coder_free(d);
		heed_tokenizer_free(t);
		heed_tokenizer_free(u);
		heed_tokenizer_free(v);
	}
	assert_null(heed_tokenizer_load_file(ctx, scratch("absent.tok")));
	assert_message(ctx, "absent.tok");
	scratch_write("bad.tok", "heed-tokenizer 2\n", 17);
	assert_null(heed_tokenizer_load_file(ctx, scratch("bad.tok")));
	assert_message(ctx, "bad.tok", "heed-tokenizer 1");
}

static int set_up(void **state)
{
	return make_ctx(state) || scratch_make(state) ? -1 : 0;
}

static int tear_down(void **state)
{
	return scratch_remove(state) || free_ctx(state) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_nothing),
		cmocka_unit_test(loses_nothing_in_long_runs),
		cmocka_unit_test(cuts_words),
		cmocka_unit_test(cuts_chars_and_bytes),
		cmocka_unit_test(merges_pieces),
		cmocka_unit_test(spans_point_into_the_text),
		cmocka_unit_test(keeps_symbols_out_of_text),
		cmocka_unit_test(knows_its_pieces),
		cmocka_unit_test(decodes_what_models_say),
		cmocka_unit_test(refuses_bad_options),
		cmocka_unit_test(passes_errors_of_the_corpus_on),
		cmocka_unit_test(learns_from_an_empty_corpus),
		cmocka_unit_test(drops_merges),
		cmocka_unit_test(drops_as_often_as_it_should),
		cmocka_unit_test(saves_and_loads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
