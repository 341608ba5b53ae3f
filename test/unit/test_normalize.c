#include "scratch.h"

#include <utf8proc.h>

#include "one_ctx.h"
#include "sample_lines.h"
#include "text/unicode.h"

/* Normalises; the caller frees the string with heed__str_release. */
static heed__str normalized(heed_normalization form, bool lowercase, const char *text, size_t len)
{
	heed__normalizer n = heed__normalizer_init(ctx, form, lowercase);
	heed__str out = heed__str_init(ctx, 0);

	assert_int_equal(heed__normalize(&n, text, len, &out), HEED_OK);
	heed__normalizer_release(&n);
	return out;
}

static void expect(heed_normalization form, bool lowercase, const char *text, const char *expected)
{
	heed__str out = normalized(form, lowercase, text, strlen(text));

	assert_string_equal(out.data, expected);
	heed__str_release(&out);
}

static void composes(void **state)
{
	(void)state;
	expect(HEED_NORMALIZE_NFC, false, "", "");
	expect(HEED_NORMALIZE_NFC, false, "plain text, 7 words", "plain text, 7 words");
	expect(HEED_NORMALIZE_NFC, false, "corrio\xCC\x81", "corri\xC3\xB3");
	expect(HEED_NORMALIZE_NFC, false, "\xCC\x81 at the start", "\xCC\x81 at the start");
	expect(HEED_NORMALIZE_NFC, false, "\xE2\x84\xAB", "\xC3\x85"); /* Angstrom sign */
	/* Two marks in the wrong order: dot below goes before dot above. */
	expect(HEED_NORMALIZE_NFC, false, "s\xCC\x87\xCC\xA3x", "\xE1\xB9\xA9x");
	/* Hangul syllables from their letters */
	expect(HEED_NORMALIZE_NFC, false, "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C");
	/* A ligature is not canonical. */
	expect(HEED_NORMALIZE_NFC, false, "\xEF\xAC\x81n", "\xEF\xAC\x81n");
}

static void composes_compatibly(void **state)
{
	(void)state;
	expect(HEED_NORMALIZE_NFKC, false, "\xEF\xAC\x81n \xC2\xBD\xC2\xA0\xEF\xBC\xA1",
	       "fin 1\xE2\x81\x84"
	       "2 A");
	expect(HEED_NORMALIZE_NFKC, true, "\xEF\xBC\xA1\xE2\x84\x8C", "ah");
}

static void leaves_alone(void **state)
{
	(void)state;
	expect(HEED_NORMALIZE_NONE, false, "o\xCC\x81 \xEF\xAC\x81 \xE2\x84\xAB",
	       "o\xCC\x81 \xEF\xAC\x81 \xE2\x84\xAB");
	expect(HEED_NORMALIZE_NONE, true,
	       "\xC3\x84"
	       "A\xE2\x84\xAB",
	       "\xC3\xA4"
	       "a\xC3\xA5");
}

static void lowers(void **state)
{
	(void)state;
	expect(HEED_NORMALIZE_NFC, true, "Der GRÜNE Fuß, ÉL, ΑΒΓ, Ж", "der grüne fuß, él, αβγ, ж");
	expect(HEED_NORMALIZE_NFC, true, "E\xCC\x81\xC4\xB0", "\xC3\xA9i\xCC\x87");
	expect(HEED_NORMALIZE_NFC, false, "Der GRÜNE", "Der GRÜNE");
}

static void replaces_bad_bytes(void **state)
{
	static const heed_normalization forms[] = {HEED_NORMALIZE_NFC, HEED_NORMALIZE_NFKC,
						   HEED_NORMALIZE_NONE};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		heed__str out;

		expect(forms[i], false,
		       "a\xFF"
		       "b",
		       "a\xEF\xBF\xBD"
		       "b");
		expect(forms[i], false, "\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD");
		expect(forms[i], true, "\xC0\x80Z\xED\xA0\x80",
		       "\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
		out = normalized(forms[i], false, "a\0b", 3);
		assert_int_equal(out.len, 3);
		assert_memory_equal(out.data, "a\0b", 3);
		heed__str_release(&out);
	}
}

/* The same as utf8proc does with a whole string, on random text; and once more changes nothing. */
static void agrees_with_utf8proc(void **state)
{
	heed__rng rng = test_rng(1);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const bool compatible = i % 2, lowercase = i % 3 == 0;
		const heed_normalization form = compatible ? HEED_NORMALIZE_NFKC : HEED_NORMALIZE_NFC;
		const unsigned options =
			UTF8PROC_STABLE | UTF8PROC_COMPOSE | (compatible ? UTF8PROC_COMPAT : 0u);
		char text[64];
		const size_t len = random_text(&rng, text, sizeof text);
		heed__str out = normalized(form, lowercase, text, len);
		heed__str again = normalized(form, lowercase, out.data, out.len);
		uint8_t *expected;
		const utf8proc_ssize_t expected_len = utf8proc_map(
			(const uint8_t *)text, (utf8proc_ssize_t)len, &expected, (utf8proc_option_t)options);

		assert_true(expected_len >= 0);
		if (!lowercase) {
			assert_int_equal(out.len, expected_len);
			assert_memory_equal(out.data, expected, out.len);
		}
		assert_int_equal(heed__utf8_valid(out.data, out.len), out.len);
		assert_int_equal(again.len, out.len);
		assert_memory_equal(again.data, out.data, out.len);
		free(expected);
		heed__str_release(&out);
		heed__str_release(&again);
	}
}

/* A million marks in alternating order would take hours if they were sorted one by one. */
static void orders_endless_marks(void **state)
{
	enum { PAIRS = 500000 };
	char *text = malloc(4 * PAIRS + 1);
	heed__str out;

	(void)state;
	assert_non_null(text);
	text[0] = 'q';
	for (size_t i = 0; i < PAIRS; i++)
		memcpy(text + 1 + 4 * i, "\xCC\x81\xCC\xA3", 4); /* above (230), below (220) */
	out = normalized(HEED_NORMALIZE_NFC, false, text, 4 * PAIRS + 1);
	assert_int_equal(out.len, 4 * PAIRS + 1);
	assert_memory_equal(out.data + 1, "\xCC\xA3\xCC\xA3", 4);
	assert_memory_equal(out.data + out.len - 4, "\xCC\x81\xCC\x81", 4);
	heed__str_release(&out);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(composes),
		cmocka_unit_test(composes_compatibly),
		cmocka_unit_test(leaves_alone),
		cmocka_unit_test(lowers),
		cmocka_unit_test(replaces_bad_bytes),
		cmocka_unit_test(agrees_with_utf8proc),
		cmocka_unit_test(orders_endless_marks),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
