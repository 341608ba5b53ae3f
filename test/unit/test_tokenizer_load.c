/* Saved tokenizers that are not what they should be, memory that runs out, and threads. */
#include "scratch.h"

#include <pthread.h>

#include "one_ctx.h"
#include "sample_lines.h"

static const char corpus[] =
	"El perro ama al perro.\nDer Hund läuft, der Hund läuft\nel perro läuft al Hund\n";

static const char *const symbols[] = {"<de>", "<es>"};

static const heed_tokenizer_options kinds[] = {
	{.kind = "bpe", .merges = 40, .symbols = symbols, .symbol_count = 2},
	{.kind = "bpe", .merges = 12, .no_byte_fallback = 1, .normalization = HEED_NORMALIZE_NFKC},
	{.kind = "unigram", .vocab = 300, .symbols = symbols, .symbol_count = 2},
	{.kind = "unigram", .no_byte_fallback = 1, .min_count = 1},
	{.kind = "char", .lowercase = 1},
	{.kind = "word", .normalization = HEED_NORMALIZE_NONE},
	{.kind = "byte", .symbols = symbols, .symbol_count = 1},
	{.kind = "space", .symbols = symbols, .symbol_count = 1},
	{.kind = "sentence", .lowercase = 1},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static heed_tokenizer *train(size_t k)
{
	heed_tokenizer *t = train_on(ctx, &kinds[k], corpus);

	if (!t)
		fail_msg("%s", heed_error_message(ctx));
	return t;
}

/* Loads bytes that may be anything, from a block just as large. What is taken must work and be canonical; what
 * is not must say why. Returns whether it was taken. */
static bool load(const char *bytes, size_t len)
{
	char *exact = malloc(len > 0 ? len : 1);
	static const char text[] = "El Hund läuft  ama\n!";
	heed_tokenizer *t;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	heed_error_clear(ctx);
	t = heed_tokenizer_load(ctx, exact, len);
	if (t) {
		heed_coder *c = heed_coder_new(ctx, t);
		size_t saved_len, decoded_len;
		const char *saved = heed_tokenizer_saved(t, &saved_len), *decoded;
		heed_encoding x;

		assert_int_equal(saved_len, len);
		assert_memory_equal(saved, bytes, len);
		assert_int_equal(heed_coder_encode(c, text, sizeof text - 1, &x), HEED_OK);
		assert_int_equal(x.start[x.count], x.length);
		assert_int_equal(heed_coder_decode(c, x.ids, x.count, &decoded, &decoded_len), HEED_OK);
		heed_coder_free(c);
	} else {
		assert_int_equal(heed_error_code(ctx), HEED_E_FORMAT);
		assert_message(ctx, "tokenizer: ");
	}
	heed_tokenizer_free(t);
	free(exact);
	return t != NULL;
}

static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		heed_tokenizer *t = train(k);
		size_t len;
		const char *saved = heed_tokenizer_saved(t, &len);

		assert_true(load(saved, len));
		for (size_t n = 0; n < len; n++)
			assert_false(load(saved, n));
		heed_tokenizer_free(t);
	}
}

/* One to three random changes: a byte set, removed, put in, or a stretch copied over another. */
static size_t mutate(heed__rng *rng, char *bytes, size_t len, size_t room)
{
	static const char likely[] = "0123456789 \n-\xE2\x96\x81\xFF<>ab";
	const int changes = 1 + (int)heed__rng_below(rng, 3);

	for (int i = 0; i < changes; i++) {
		const size_t at = (size_t)heed__rng_below(rng, len), from = (size_t)heed__rng_below(rng, len);
		const char byte = heed__rng_below(rng, 4) == 0
					  ? (char)heed__rng_below(rng, 256)
					  : likely[heed__rng_below(rng, sizeof likely - 1)];
		size_t n;

		switch (heed__rng_below(rng, 4)) {
		case 0:
			bytes[at] = byte;
			break;
		case 1:
			memmove(bytes + at, bytes + at + 1, len - at - 1);
			len--;
			break;
		case 2:
			if (len == room)
				break;
			memmove(bytes + at + 1, bytes + at, len - at);
			bytes[at] = byte;
			len++;
			break;
		default:
			n = (size_t)heed__rng_below(rng, 20);
			if (at + n <= len && from + n <= len)
				memmove(bytes + at, bytes + from, n);
		}
	}
	return len;
}

static void survives_random_changes(void **state)
{
	heed__rng rng = test_rng(3);
	int taken = 0, refused = 0;

	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		heed_tokenizer *t = train(k);
		size_t len;
		const char *saved = heed_tokenizer_saved(t, &len);
		char *changed = malloc(len + 8);

		assert_non_null(changed);
		for (int i = 0; i < 4000; i++) {
			memcpy(changed, saved, len);
			if (load(changed, mutate(&rng, changed, len, len + 8)))
				taken++;
			else
				refused++;
		}
		free(changed);
		heed_tokenizer_free(t);
	}
	assert_true(taken > 100 && refused > 10000);
}

#define HEAD       "heed-tokenizer 1\nkind bpe\nnormalization nfc\nlowercase 0\nbytes 0\nsymbols 0\n"
#define WORDS_HEAD "heed-tokenizer 1\nkind word\nnormalization nfc\nlowercase 0\nbytes 0\nsymbols 0\n"
#define SPACE      "\xE2\x96\x81"

/* Without bytes and symbols the space is id 3, and what is learned begins at 4. */
static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *bytes, *message;
	} cases[] = {
		{"", "ends too early, in line 1 (byte 0)"},
		{"safetensors\n", "expected 'heed-tokenizer 1' in line 1"},
		{"heed-tokenizer 2\n", "expected 'heed-tokenizer 1' in line 1"},
		{"heed-tokenizer 1\nkind bip\n", "kind in line 2"},
		{"heed-tokenizer 1\nkind bpe\nnormalization nfd\n", "nfc, nfkc or none in line 3"},
		{"heed-tokenizer 1\nkind bpe\nnormalization nfc\nlowercase 2\n", "from 0 to 1 in line 4"},
		{"heed-tokenizer 1\nkind word\nnormalization nfc\nlowercase 0\nbytes 1\n",
		 "bytes is 1 in line 5, but kind word has none"},
		{"heed-tokenizer 1\nkind byte\nnormalization nfc\nlowercase 0\nbytes 0\n",
		 "bytes is 0 in line 5, but kind byte needs them"},
		{"heed-tokenizer 1\nkind bpe\nnormalization nfc\nlowercase 0\nbytes 1\nsymbols 1\n<s>\n",
		 "'<s>' is there already"},
		{"heed-tokenizer 1\nkind bpe\nnormalization nfc\nlowercase 0\nbytes 1\nsymbols -1\n",
		 "'symbols' with a number"},
		{HEAD "pieces 99999999999999999999\n", "'pieces' with a number from 0 to 4194300 in line 7"},
		{HEAD "pieces 4000000\na\n", "ends too early, in line 9"},
		{HEAD "pieces 2\na\na\n", "'a' comes a second time in line 9"},
		{HEAD "pieces 1\nab\n", "piece 4 is 'ab', expected one character"},
		{HEAD "pieces 1\n\n", "line 8 is no piece"},
		{HEAD "pieces 1\n\x01\n", "line 8 is no piece"},
		{HEAD "pieces 1\n\xFF\n", "line 8 is no piece"},
		{HEAD "pieces 1\n" SPACE "\n", "comes a second time"},
		{HEAD "pieces 1\n<unk>\n", "comes a second time"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4\n", "two numbers from 0 to 5 in line 11"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 6\n", "two numbers from 0 to 5 in line 11"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 5 5\n", "two numbers"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 2\n", "below 3 are never merged"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 3\n", "make no new piece"},
		{HEAD "pieces 2\na\nb\nmerges 2\n4 5\n4 5\n", "in line 12 make no new piece"},
		{HEAD "pieces 2\na\nb\nmerges 9\n4 4\n6 6\n7 7\n8 8\n9 9\n10 10\n11 11\n12 12\n13 13\n",
		 "in line 19 make no new piece of at most 256 bytes"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 5\nend", "ends too early, in line 12"},
		{HEAD "pieces 2\na\nb\nmerges 1\n4 5\nend\n\n",
		 "expected 'end' and nothing behind it in line 12"},
		{HEAD "pieces 02\na\nb\nmerges 1\n4 5\nend\n", "not as heed writes it"},
		{WORDS_HEAD "pieces 1\na b\nend\n", "line 8 is no piece"},
		{WORDS_HEAD "pieces 1\na" SPACE "b\nend\n", "line 8 is no piece"},
	};

	(void)state;
	assert_true(load(HEAD "pieces 2\na\nb\nmerges 2\n4 5\n3 6\nend\n",
			 sizeof HEAD "pieces 2\na\nb\nmerges 2\n4 5\n3 6\nend\n" - 1));
	assert_true(load(WORDS_HEAD "pieces 1\n" SPACE "b\nend\n",
			 sizeof WORDS_HEAD "pieces 1\n" SPACE "b\nend\n" - 1));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(load(cases[i].bytes, strlen(cases[i].bytes)));
		assert_message(ctx, cases[i].message);
	}
}

/* Trains, saves, loads, encodes and decodes. True: all went well. */
static bool whole_life(size_t k)
{
	heed_tokenizer *t = train_on(ctx, &kinds[k], corpus), *u = NULL;
	heed_coder *c = NULL;
	heed_encoding x;
	const char *text;
	size_t len;
	bool well = false;

	if (!t)
		return false;
	text = heed_tokenizer_saved(t, &len);
	u = heed_tokenizer_load(ctx, text, len);
	if (u)
		c = heed_coder_new(ctx, u);
	if (c)
		well = heed_coder_encode(c, "El Hund la\xCC\x88uft", 14, &x) == HEED_OK &&
		       heed_coder_decode(c, x.ids, x.count, &text, &len) == HEED_OK &&
		       heed_coder_decode_next(c, HEED_EOS_ID, &text, &len) == HEED_OK;
	heed_coder_free(c);
	heed_tokenizer_free(t);
	heed_tokenizer_free(u);
	return well;
}

static void survives_every_failed_allocation(void **state)
{
	(void)state;
	memory.kept = memory.blocks;
	memory.rest = true;
	for (size_t k = 0; k < KINDS; k++) {
		heed_code code;

		memory.tries = 0;
		do {
			heed_error_clear(ctx);
			shortage_begin(&memory);
			code = whole_life(k) ? HEED_OK : heed_error_code(ctx);
		} while (shortage_felt(&memory, code));
		assert_true(memory.tries > 10);
	}
}

typedef struct job {
	const heed_tokenizer *t;
	uint64_t sum;
} job;

/* Encodes with a context and a coder of its own. */
static void *encode_much(void *arg)
{
	job *j = arg;
	heed_ctx *own = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	heed_coder *c = heed_coder_new(own, j->t);
	heed__rng rng = test_rng(9);

	for (int i = 0; i < 2000; i++) {
		char text[60];
		heed_encoding x;

		if (heed_coder_encode(c, text, random_text(&rng, text, sizeof text), &x))
			break;
		for (int n = 0; n < x.count; n++)
			j->sum = j->sum * 31 + (uint64_t)x.ids[n];
	}
	heed_coder_free(c);
	heed_ctx_free(own);
	return NULL;
}

static void serves_several_threads(void **state)
{
	heed_tokenizer *t = train(0);
	job jobs[3] = {{.t = t}, {.t = t}, {.t = t}};
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, encode_much, &jobs[i]), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(jobs[0].sum != 0);
	assert_true(jobs[0].sum == jobs[1].sum && jobs[1].sum == jobs[2].sum);
	heed_tokenizer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(survives_random_changes),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(survives_every_failed_allocation),
		cmocka_unit_test(serves_several_threads),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
