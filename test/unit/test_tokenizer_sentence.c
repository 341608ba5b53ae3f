/* Whole texts as pieces, and words between white space. */
#include "scratch.h"

#include "one_ctx.h"
#include "sample_lines.h"

#define SPACE "\xE2\x96\x81"

static heed_tokenizer *train(const heed_tokenizer_options *options, const char *corpus)
{
	heed_tokenizer *t = train_on(ctx, options, corpus);

	if (!t)
		fail_msg("%s", heed_error_message(ctx));
	return t;
}

/* The only id of a text, which must be decoded to `back`. */
static int id_of(const heed_tokenizer *t, const char *text, const char *back)
{
	heed_coder *c = heed_coder_new(ctx, t);
	heed_encoding x;
	const char *decoded;
	size_t len;
	int id;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.start[0], 0);
	assert_int_equal(x.start[1], x.length);
	id = x.ids[0];
	assert_int_equal(heed_coder_decode(c, &id, 1, &decoded, &len), HEED_OK);
	assert_int_equal(len, strlen(back));
	assert_string_equal(decoded, back);
	heed_coder_free(c);
	return id;
}

/* A second tokenizer out of what the first one saved. */
static heed_tokenizer *loaded(const heed_tokenizer *t)
{
	size_t len, again_len;
	const char *saved = heed_tokenizer_saved(t, &len);
	heed_tokenizer *u = heed_tokenizer_load(ctx, saved, len);

	if (!u)
		fail_msg("%s", heed_error_message(ctx));
	assert_string_equal(heed_tokenizer_saved(u, &again_len), saved);
	assert_int_equal(again_len, len);
	return u;
}

static void numbers_the_texts(void **state)
{
	static const char *const texts[] = {
		"very negative", " <unk>",           "</s>",
		"<0x41>",        "Positiv \xC3\x9C", SPACE "x" SPACE " \xF0\x9F\x98\x80",
		"a  b ",
	};
	heed_tokenizer *t =
		train(&(heed_tokenizer_options){.kind = "sentence"},
		      "a  b \nPositiv \xC3\x9C\n\nvery negative\n</s>\n <unk>\nvery negative\n" SPACE
		      "x" SPACE " \xF0\x9F\x98\x80\n<0x41>\n");
	heed_tokenizer *u = loaded(t);
	const int classes = sizeof texts / sizeof *texts;

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + classes);
	assert_int_equal(id_of(t, "very negative", "very negative"), HEED_SPECIAL_IDS);
	assert_int_equal(id_of(t, " <unk>", " <unk>"), HEED_SPECIAL_IDS + 1);
	assert_int_equal(id_of(t, "</s>", "</s>"), HEED_SPECIAL_IDS + 2);
	for (int i = 0; i < classes; i++) {
		const int id = id_of(t, texts[i], texts[i]);

		assert_in_range(id, HEED_SPECIAL_IDS, HEED_SPECIAL_IDS + classes - 1);
		assert_int_equal(id_of(u, texts[i], texts[i]), id);
	}
	assert_string_equal(heed_tokenizer_piece(t, HEED_SPECIAL_IDS), SPACE "very negative");
	assert_int_equal(id_of(t, "very", ""), HEED_UNK_ID);
	assert_int_equal(id_of(t, "<unk>", ""), HEED_UNK_ID);
	assert_int_equal(id_of(t, "Very negative", ""), HEED_UNK_ID);
	heed_tokenizer_free(t);
	heed_tokenizer_free(u);
}

static void says_nothing_for_an_empty_text(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "sentence"}, "\n\n");
	heed_coder *c = heed_coder_new(ctx, t);
	heed_encoding x;

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS);
	assert_int_equal(heed_coder_encode(c, "", 0, &x), HEED_OK);
	assert_int_equal(x.count, 0);
	assert_int_equal(id_of(t, " ", ""), HEED_UNK_ID);
	heed_coder_free(c);
	heed_tokenizer_free(t);
}

static void keeps_to_the_options(void **state)
{
	static const char corpus[] = "B b\nb B\nB b\nb b\nB b\nb B\n";
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "sentence", .min_count = 2}, corpus);

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 2);
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "sentence", .vocab = HEED_SPECIAL_IDS + 1}, corpus);
	assert_int_equal(id_of(t, "B b", "B b"), HEED_SPECIAL_IDS);
	assert_int_equal(id_of(t, "b B", ""), HEED_UNK_ID);
	heed_tokenizer_free(t);
	t = train(&(heed_tokenizer_options){.kind = "sentence", .lowercase = 1}, corpus);
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 1);
	assert_int_equal(id_of(t, "B B", "b b"), HEED_SPECIAL_IDS);
	heed_tokenizer_free(t);
	/* Without normalisation two spellings of one character are two texts. */
	t = train(&(heed_tokenizer_options){.kind = "sentence", .normalization = HEED_NORMALIZE_NONE},
		  "e\xCC\x81\n\xC3\xA9\n");
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 2);
	heed_tokenizer_free(t);
}

static void has_no_control_characters(void **state)
{
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "sentence"},
				  "a\tb\nc\x7F\nd\xC2\x85\n\xC3\x85\xC2\xA0\n");

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 1);
	assert_int_equal(id_of(t, "a\tb", ""), HEED_UNK_ID);
	assert_int_equal(id_of(t, "\xC3\x85\xC2\xA0", "\xC3\x85\xC2\xA0"), HEED_SPECIAL_IDS);
	heed_tokenizer_free(t);
}

static void takes_long_texts(void **state)
{
	enum { LENGTH = 5000 };
	char text[LENGTH + 1];
	heed_tokenizer *t, *u;

	(void)state;
	memset(text, 'x', LENGTH);
	text[LENGTH] = '\0';
	t = train(&(heed_tokenizer_options){.kind = "sentence"}, text);
	u = loaded(t);
	assert_int_equal(id_of(u, text, text), HEED_SPECIAL_IDS);
	assert_int_equal(id_of(u, text + 1, ""), HEED_UNK_ID);
	heed_tokenizer_free(t);
	heed_tokenizer_free(u);
}

static void refuses_bad_pieces(void **state)
{
#define HEAD "heed-tokenizer 1\nkind sentence\nnormalization nfc\nlowercase 0\nbytes 0\nsymbols 0\n"
	static const char *const bad[] = {
		HEAD "pieces 1\nyes\nend\n",
		HEAD "pieces 1\n" SPACE "\nend\n",
		HEAD "pieces 1\n" SPACE "a\tb\nend\n",
		HEAD "pieces 1\n" SPACE "a\xFF\nend\n",
		HEAD "pieces 1\n" SPACE "a\xC2\x80\nend\n",
		HEAD "pieces 2\n" SPACE "a\n" SPACE "a\nend\n",
	};
	static const char good[] = HEAD "pieces 2\n" SPACE "a b\n" SPACE SPACE "\nend\n";
	heed_tokenizer *t = heed_tokenizer_load(ctx, good, strlen(good));

	(void)state;
	assert_non_null(t);
	heed_tokenizer_free(t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_null(heed_tokenizer_load(ctx, bad[i], strlen(bad[i])));
		assert_int_equal(heed_error_code(ctx), HEED_E_FORMAT);
		assert_message(ctx, i + 1 < sizeof bad / sizeof *bad ? "line 8 is no piece of kind sentence"
								     : "comes a second time in line 9");
	}
}

/* ---- space ---- */

/* The normalised text, and its pieces joined by "|". */
static void expect_words(const heed_tokenizer *t, const char *text, const char *normal, const char *pieces)
{
	heed_coder *c = heed_coder_new(ctx, t);
	char joined[512] = "";
	size_t used = 0;
	heed_encoding x;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	assert_string_equal(x.text, normal);
	assert_int_equal(x.length, strlen(normal));
	assert_int_equal(x.start[0], 0);
	assert_int_equal(x.start[x.count], x.length);
	for (int i = 0; i < x.count; i++)
		used += (size_t)snprintf(joined + used, sizeof joined - used, "%s|",
					 heed_tokenizer_piece(t, x.ids[i]));
	assert_string_equal(joined, pieces);
	heed_coder_free(c);
}

static void cuts_at_white_space(void **state)
{
	static const char corpus[] = " the <unk> said , \" yes \"  \n\n it 's 4 @,@ 000 \xC2\xA0"
				     "ii \n";
	heed_tokenizer *t = train(&(heed_tokenizer_options){.kind = "space"}, corpus), *u = loaded(t);
	heed_coder *c = heed_coder_new(ctx, u);
	heed_encoding x;
	const char *back;
	size_t len;

	(void)state;
	assert_int_equal(heed_tokenizer_size(t), HEED_SPECIAL_IDS + 12);
	assert_string_equal(heed_tokenizer_piece(t, HEED_SPECIAL_IDS), SPACE "\"");
	expect_words(u, "the <unk> said , \" yes \"", "the <unk> said , \" yes \"",
		     "▁the|▁<unk>|▁said|▁,|▁\"|▁yes|▁\"|");
	expect_words(u, "\t the\r\n  4  @,@ 000 \v\f", "the 4 @,@ 000", "▁the|▁4|▁@,@|▁000|");
	expect_words(u,
		     "the, \xC2\xA0"
		     "ii no",
		     "the, \xC2\xA0"
		     "ii no",
		     "<unk>|▁\xC2\xA0"
		     "ii|<unk>|");
	expect_words(u, "", "", "");
	expect_words(u, " \t ", "", "");
	expect_words(u, SPACE "the a" SPACE, SPACE "the a" SPACE, "<unk>|<unk>|");
	assert_int_equal(heed_coder_encode(c, "  yes   it 's ", 14, &x), HEED_OK);
	assert_int_equal(heed_coder_decode(c, x.ids, x.count, &back, &len), HEED_OK);
	assert_string_equal(back, "yes it 's");
	heed_coder_free(c);
	heed_tokenizer_free(t);
	heed_tokenizer_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_the_texts),    cmocka_unit_test(says_nothing_for_an_empty_text),
		cmocka_unit_test(keeps_to_the_options), cmocka_unit_test(has_no_control_characters),
		cmocka_unit_test(takes_long_texts),     cmocka_unit_test(refuses_bad_pieces),
		cmocka_unit_test(cuts_at_white_space),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
