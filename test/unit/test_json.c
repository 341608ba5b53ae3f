#include "scratch.h"

#include "heed/json.h"
#include "io/json_reader.h"
#include "one_ctx.h"

#include <locale.h>
#include <math.h>

static heed_code parse(const char *text, heed__json **root)
{
	return heed__json_parse(ctx, "t.json", text, strlen(text), 1000, root);
}

static void reads_every_kind(void **state)
{
	heed__json *root;
	const heed__json *v, *element;
	const char *text, *key;
	void *place = NULL;
	int64_t n = 0;
	double x = 0;
	bool b = false;

	(void)state;
	assert_int_equal(parse("{\"i\":-9223372036854775808,\"x\":2.5e-3,\"s\":\"a\\u00e9\\n\\ud83d\\ude00\","
			       "\"t\":true,"
			       "\"z\":null,\"a\":[1,[],{}]}",
			       &root),
			 HEED_OK);
	assert_true(heed__json_is_object(root));
	assert_int_equal(heed__json_size(root), 6);
	assert_true(heed__json_int(heed__json_get(root, "i"), &n));
	assert_true(n == INT64_MIN);
	assert_true(heed__json_number(heed__json_get(root, "x"), &x));
	assert_true(x == 2.5e-3);
	assert_false(heed__json_int(heed__json_get(root, "x"), &n));
	assert_true(heed__json_number(heed__json_get(root, "i"), &x));
	assert_true(heed__json_text(heed__json_get(root, "s"), &text));
	assert_string_equal(text, "a\xc3\xa9\n\xf0\x9f\x98\x80");
	assert_true(heed__json_bool(heed__json_get(root, "t"), &b));
	assert_true(b);
	assert_true(heed__json_is_null(heed__json_get(root, "z")));
	assert_false(heed__json_is_null(heed__json_get(root, "absent")));
	v = heed__json_get(root, "a");
	assert_true(heed__json_is_array(v));
	assert_int_equal(heed__json_size(v), 3);
	assert_true(heed__json_int(heed__json_at(v, 0), &n));
	assert_int_equal(n, 1);
	assert_null(heed__json_at(v, 3));

	for (size_t i = 0; heed__json_next(v, &place, &key, &element); i++) {
		assert_null(key);
		assert_ptr_equal(element, heed__json_at(v, i));
	}
	place = NULL;

	/* in the order of the text */
	for (const char *expected = "ixstza"; *expected; expected++) {
		assert_true(heed__json_next(root, &place, &key, &v));
		assert_int_equal(key[0], *expected);
	}
	assert_false(heed__json_next(root, &place, &key, &v));
	assert_int_equal(heed__json_size(heed__json_get(root, "i")), 0);
	heed__json_free(root);
	assert_int_equal(parse(" \t\r\n\"\"\n", &root), HEED_OK);
	assert_true(heed__json_text(root, &text));
	assert_string_equal(text, "");
	heed__json_free(root);
	assert_int_equal(parse("[]", &root), HEED_OK);
	place = NULL;
	assert_false(heed__json_next(root, &place, &key, &v));
	heed__json_free(root);
}

static void getters_accept_what_is_not_there(void **state)
{
	int64_t n = 7;
	const char *text = "kept";
	const char *key;
	const heed__json *v;
	void *place = NULL;

	(void)state;
	assert_null(heed__json_get(NULL, "a"));
	assert_null(heed__json_at(NULL, 0));
	assert_int_equal(heed__json_size(NULL), 0);
	assert_false(heed__json_int(NULL, &n));
	assert_false(heed__json_text(NULL, &text));
	assert_false(heed__json_next(NULL, &place, &key, &v));
	assert_int_equal(n, 7);
	assert_string_equal(text, "kept");
	heed__json_free(NULL);
}

static void refuses_what_is_no_json(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,]",
		"{\"a\":1,}",
		"{\"a\":1,\"a\":2}",
		"[01]",
		"[1.]",
		"[.5]",
		"[+1]",
		"[NaN]",
		"[Infinity]",
		"[-Infinity]",
		"[1e999]",
		"[--1]",
		"[1e]",
		"[1e+]",
		"[-]",
		"[,1]",
		"{,}",
		"{\"a\":1 \"b\":2}",
		"{\"a\"}",
		"{\"a\":}",
		"[1",
		"[\"\\",
		"[\"\\u12",
		"[\"\\u12g4\"]",
		"[\"\\ud800\\u0041\"]",
		"[\"\\ud800x\"]",
		"[truex]",
		"nul",
		"{\"a\":1}}",
		"[1}",
		"\xef\xbb\xbf[]",
		"[\"\xff\"]",
		"[\"\xc0\x80\"]",
		"[\"\xed\xa0\x80\"]",
		"[\"\\ud800\"]",
		"[\"\\udc00\"]",
		"[\"\\u0000\"]",
		"[\"\\x\"]",
		"[\"a\nb\"]",
		"[\"a]",
		"[1] 2",
		"[1]]",
		"{1:2}",
		"{\"a\" 1}",
		"[1 2]",
		"tru",
		"/* no */ 1",
		"'a'",
	};
	heed__json *root;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse(bad[i], &root) != HEED_E_FORMAT)
			fail_msg("accepted: %s", bad[i]);
		assert_null(root);
		assert_message(ctx, "t.json: not valid JSON: ");
		if (!strstr(heed_error_message(ctx), "duplicate key"))
			assert_message(ctx, ", line ", " column ");
	}
	assert_int_equal(heed__json_parse(ctx, "t.json", "[1\0]", 4, 1000, &root), HEED_E_FORMAT);
	assert_message(ctx, "line 1 column 3");
	assert_int_equal(parse("{\n  \"a\": 1,\n  \"b\": }", &root), HEED_E_FORMAT);
	assert_message(ctx, "expected a value, line 3 column 8");
}

static void check_integer(const char *text, bool fits, int64_t expected)
{
	heed__json *root;
	int64_t n = 0;
	double x = 0;

	assert_int_equal(parse(text, &root), HEED_OK);
	assert_int_equal(heed__json_int(root, &n), fits);
	assert_true(!fits || n == expected);
	assert_true(heed__json_number(root, &x));
	assert_true(x == strtod(text, NULL));
	heed__json_free(root);
}

static void integers_are_exact(void **state)
{
	(void)state;
	check_integer("0", true, 0);
	check_integer("-0", true, 0);
	check_integer("9007199254740993", true, 9007199254740993);
	check_integer("9223372036854775807", true, INT64_MAX);
	check_integer("-9223372036854775808", true, INT64_MIN);
	check_integer("9223372036854775808", false, 0);
	check_integer("-9223372036854775809", false, 0);
	check_integer("99999999999999999999", false, 0);
	check_integer("1e3", false, 0);
	check_integer("2.0", false, 0);
}

static void finds_twins_among_many_keys(void **state)
{
	heed__str s = heed__str_init(ctx, 0);
	heed__json *root;
	int64_t n = 0;

	(void)state;
	heed__str_adds(&s, "{\"k\":-1");
	for (int i = 0; i < 300; i++)
		heed__str_addf(&s, ",\"k%d\":%d", i, i);
	heed__str_addc(&s, '}');
	assert_int_equal(heed__json_parse(ctx, "many", s.data, s.len, 1000, &root), HEED_OK);
	assert_int_equal(heed__json_size(root), 301);
	assert_true(heed__json_int(heed__json_get(root, "k299"), &n));
	assert_int_equal(n, 299);
	heed__json_free(root);
	s.data[s.len - 1] = ',';
	heed__str_adds(&s, "\"k\\u0031\":0}");
	assert_int_equal(heed__json_parse(ctx, "many", s.data, s.len, 1000, &root), HEED_E_FORMAT);
	assert_message(ctx, "many: not valid JSON: duplicate key \"k1\"");
	heed__str_release(&s);
}

static void limits_depth_and_size(void **state)
{
	char text[140];
	heed__json *root;

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_int_equal(heed__json_parse(ctx, "deep", text, 128, 1000, &root), HEED_OK);
	heed__json_free(root);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_int_equal(heed__json_parse(ctx, "deep", text, 130, 1000, &root), HEED_E_FORMAT);
	assert_message(ctx, "deep: ", "more than 64 levels, line 1 column 65");
	/* brackets in strings are no levels, and a quote behind a backslash ends no string */
	assert_int_equal(
		parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"]",
		      &root),
		HEED_OK);
	heed__json_free(root);
	assert_int_equal(heed__json_parse(ctx, "wide", "[1,2,3]", 7, 4, &root), HEED_OK);
	heed__json_free(root);
	assert_int_equal(heed__json_parse(ctx, "wide", "[1,2,3]", 7, 3, &root), HEED_E_FORMAT);
	assert_message(ctx, "wide: ", "4 values", "at most 3");
}

static void writes_objects(void **state)
{
	heed__str s = heed__str_init(ctx, 0);
	heed_json w;

	(void)state;
	heed__json_to_str(&w, &s);
	heed_json_object(&w, NULL);
	heed_json_string(&w, "s", "a\"b\\c\n\t\x01\x7f/\xc3\xa9");
	heed_json_bytes(&w, "bad", "x\xff\xc3y\0z", 6);
	heed_json_string(&w, "none", NULL);
	heed_json_array(&w, "a");
	heed_json_int(&w, NULL, INT64_MIN);
	heed_json_bool(&w, NULL, true);
	heed_json_object(&w, NULL);
	heed_json_end(&w);
	heed_json_array(&w, NULL);
	heed_json_end(&w);
	heed_json_end(&w);
	heed_json_raw(&w, "raw", "[1]");
	heed_json_null(&w, "k\"ey");
	heed_json_end(&w);
	assert_int_equal(w.code, HEED_OK);
	assert_true(w.done);
	assert_string_equal(s.data, "{\"s\":\"a\\\"b\\\\c\\n\\t\\u0001\\u007f/\xc3\xa9\","
				    "\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbdy\\u0000z\",\"none\":null,"
				    "\"a\":[-9223372036854775808,true,{},[]],\"raw\":[1],\"k\\\"ey\":null}");
	heed__str_release(&s);
}

static void check_number(double x, const char *expected)
{
	heed__str s = heed__str_init(ctx, 0);
	heed_json w;

	heed__json_to_str(&w, &s);
	heed_json_double(&w, NULL, x);
	assert_int_equal(w.code, HEED_OK);
	assert_string_equal(s.data, expected);
	heed__str_release(&s);
}

static void numbers_come_back(void **state)
{
	static const double numbers[] = {
		0.1, 1.0 / 3, 1e300, 5e-324, 123456789.123456789, 2.2250738585072014e-308};

	(void)state;
	check_number(0.1, "0.1");
	check_number(-0.0, "-0.0");
	check_number(1e21, "1e+21");
	check_number(HUGE_VAL, "null");
	check_number(-HUGE_VAL, "null");
	check_number(nan(""), "null");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		heed__str s = heed__str_init(ctx, 0);
		heed__json *root;
		double x = 0;
		heed_json w;

		heed__json_to_str(&w, &s);
		heed_json_array(&w, NULL);
		heed_json_double(&w, NULL, numbers[i]);
		heed_json_float(&w, NULL, (float)numbers[i]);
		heed_json_end(&w);
		assert_int_equal(heed__json_parse(ctx, "numbers", s.data, s.len, 10, &root), HEED_OK);
		assert_true(heed__json_number(heed__json_at(root, 0), &x));
		assert_true(x == numbers[i]);
		if (heed__json_number(heed__json_at(root, 1), &x))
			assert_true((float)x == (float)numbers[i]);
		else
			assert_true(isinf((float)numbers[i]));
		heed__json_free(root);
		heed__str_release(&s);
	}
}

static void numbers_ignore_the_locale(void **state)
{
	heed__json *root;
	double x = 0;

	(void)state;
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
		skip();
	check_number(0.5, "0.5");
	check_number(-1.25e-7, "-1.25e-07");
	assert_int_equal(parse("2.5e-1", &root), HEED_OK);
	assert_true(heed__json_number(root, &x));
	assert_true(x == 0.25);
	heed__json_free(root);
	setlocale(LC_NUMERIC, "C");
}

static void misuse_is_noticed(void **state)
{
	heed__str s = heed__str_init(ctx, 0);
	heed_json w;

	(void)state;
	heed__json_to_str(&w, &s);
	heed_json_end(&w);
	assert_int_equal(w.code, HEED_E_ARGUMENT);

	heed__json_to_str(&w, &s);
	heed_json_int(&w, "key", 1);
	assert_int_equal(w.code, HEED_E_ARGUMENT);

	heed__json_to_str(&w, &s);
	heed_json_object(&w, NULL);
	heed_json_int(&w, NULL, 1);
	assert_int_equal(w.code, HEED_E_ARGUMENT);

	heed__json_to_str(&w, &s);
	heed_json_int(&w, NULL, 1);
	heed_json_int(&w, NULL, 2);
	assert_int_equal(w.code, HEED_E_ARGUMENT);

	heed__json_to_str(&w, &s);
	for (int i = 0; i < HEED_JSON_DEPTH; i++)
		heed_json_array(&w, NULL);
	assert_int_equal(w.code, HEED_OK);
	heed_json_array(&w, NULL);
	assert_int_equal(w.code, HEED_E_ARGUMENT);
	heed__str_release(&s);
}

static void a_full_stream_is_noticed(void **state)
{
	heed__str s = heed__str_init(ctx, 8);
	FILE *full = fopen("/dev/full", "w");
	heed_json w;

	(void)state;
	heed__json_to_str(&w, &s);
	heed_json_string(&w, NULL, "longer than eight");
	assert_int_equal(w.code, heed_error_code(ctx));
	assert_int_not_equal(w.code, HEED_OK);
	heed__str_release(&s);

	if (!full)
		skip();
	setvbuf(full, NULL, _IONBF, 0);
	heed_json_to_file(&w, full);
	heed_json_string(&w, NULL, "text");
	assert_int_equal(w.code, HEED_E_IO);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(getters_accept_what_is_not_there),
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(integers_are_exact),
		cmocka_unit_test(finds_twins_among_many_keys),
		cmocka_unit_test(limits_depth_and_size),
		cmocka_unit_test(writes_objects),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(numbers_ignore_the_locale),
		cmocka_unit_test(misuse_is_noticed),
		cmocka_unit_test(a_full_stream_is_noticed),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
