/* Fields: what they accept, refuse, print and suggest. */
#include "heed/field.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct settings {
	bool tied, shuffled;
	int layers, order;
	int64_t steps;
	double dropout, free_number;
	const char *name, *path;
	heed_list files;
};

static const heed_field fields[] = {
	{.name = "tied", HEED_FLAG(struct settings, tied), .initial = "true"},
	{.name = "shuffled", HEED_FLAG(struct settings, shuffled)},
	{.name = "layers", HEED_INT(struct settings, layers), .min = 1, .max = 64, .initial = "6"},
	{.name = "steps", HEED_INT64(struct settings, steps), .min = 0, .max = 0x1p63, .initial = "0"},
	{.name = "dropout", HEED_FLOAT(struct settings, dropout), .min = 0, .max = 0.99, .initial = "0.1"},
	{.name = "free-number", HEED_FLOAT(struct settings, free_number)},
	{.name = "order", HEED_CHOICE(struct settings, order), .choices = "pre post none", .initial = "post"},
	{.name = "name", HEED_TEXT(struct settings, name)},
	{.name = "path", HEED_PATH(struct settings, path), .initial = "here"},
	{.name = "files", HEED_LIST(struct settings, files)},
	{0},
};

static heed_ctx *ctx;

static int setup(void **state)
{
	(void)state;
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	return ctx ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	heed_ctx_free(ctx);
	return 0;
}

static struct settings defaults(void)
{
	struct settings s;

	memset(&s, 0xa5, sizeof s);
	assert_int_equal(heed_fields_default(ctx, fields, &s), HEED_OK);
	return s;
}

static heed_code set(struct settings *s, const char *name, const char *text)
{
	return heed_field_set(ctx, heed_field_find(fields, name), s, text);
}

static void defaults_fill_everything(void **state)
{
	const struct settings s = defaults();

	(void)state;
	assert_true(s.tied && !s.shuffled);
	assert_int_equal(s.layers, 6);
	assert_int_equal(s.order, 1);
	assert_int_equal(s.steps, 0);
	assert_true(s.dropout == 0.1 && s.free_number == 0);
	assert_null(s.name);
	assert_string_equal(s.path, "here");
	assert_int_equal(s.files.count, 0);
}

static void a_wrong_default_is_our_mistake(void **state)
{
	const heed_field wrong[] = {
		{.name = "layers", HEED_INT(struct settings, layers), .min = 1, .max = 4, .initial = "5"},
		{0},
	};
	struct settings s;

	(void)state;
	assert_int_equal(heed_fields_default(ctx, wrong, &s), HEED_E_INTERNAL);
	assert_string_equal(heed_error_message(ctx), "layers: the default \"5\" is no value of it");
}

static void good_values_are_read(void **state)
{
	struct settings s = defaults();

	(void)state;
	assert_int_equal(set(&s, "tied", "false"), HEED_OK);
	assert_int_equal(set(&s, "layers", "64"), HEED_OK);
	assert_int_equal(set(&s, "steps", "9223372036854775807"), HEED_OK);
	assert_int_equal(set(&s, "dropout", ".5"), HEED_OK);
	assert_int_equal(set(&s, "free-number", "-1.5e-3"), HEED_OK);
	assert_int_equal(set(&s, "order", "none"), HEED_OK);
	assert_int_equal(set(&s, "name", ""), HEED_OK);
	assert_false(s.tied);
	assert_int_equal(s.layers, 64);
	assert_true(s.steps == INT64_MAX);
	assert_true(s.dropout == 0.5 && s.free_number == -1.5e-3);
	assert_int_equal(s.order, 2);
	assert_string_equal(s.name, "");
}

static void bad_values_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{"tied", "yes"},
		{"tied", ""},
		{"layers", "0"},
		{"layers", "65"},
		{"layers", ""},
		{"layers", "-"},
		{"layers", "+"},
		{"layers", "6 "},
		{"layers", " 6"},
		{"layers", "6.0"},
		{"layers", "0x6"},
		{"layers", "4294967302"},
		{"layers", "1e1"},
		{"steps", "-1"},
		{"steps", "9223372036854775808"},
		{"steps", "99999999999999999999999"},
		{"dropout", "1"},
		{"dropout", "-0.1"},
		{"dropout", "nan"},
		{"dropout", "inf"},
		{"dropout", "0x1p-1"},
		{"dropout", "."},
		{"dropout", "0,5"},
		{"dropout", "0.5e"},
		{"dropout", "0.5f"},
		{"dropout", ""},
		{"free-number", "1e999"},
		{"free-number", "--1"},
		{"order", "p"},
		{"order", "pre post"},
		{"order", ""},
		{"order", "preposterous"},
		{"path", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct settings s = defaults();
		const struct settings before = s;

		assert_int_equal(set(&s, bad[i][0], bad[i][1]), HEED_E_ARGUMENT);
		assert_memory_equal(&s, &before, sizeof s);
		assert_non_null(strstr(heed_error_message(ctx), bad[i][0]));
	}
}

static void refusals_say_what_was_expected(void **state)
{
	struct settings s = defaults();

	(void)state;
	set(&s, "layers", "x");
	assert_string_equal(heed_error_message(ctx), "layers: expected an integer from 1 to 64, found \"x\"");
	set(&s, "steps", "-1");
	assert_string_equal(heed_error_message(ctx),
			    "steps: expected an integer of at least 0, found \"-1\"");
	set(&s, "dropout", "1");
	assert_string_equal(heed_error_message(ctx),
			    "dropout: expected a number from 0 to 0.99, found \"1\"");
	set(&s, "order", "x");
	assert_string_equal(heed_error_message(ctx), "order: expected pre, post or none, found \"x\"");
	set(&s, "tied", "1");
	assert_string_equal(heed_error_message(ctx), "tied: expected true or false, found \"1\"");
}

static void lists_grow_and_are_freed(void **state)
{
	const size_t before = heed_ctx_memory(ctx).bytes;
	struct settings s = defaults();
	char text[16];

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(set(&s, "files", i % 2 ? "b" : "a"), HEED_OK);
	assert_int_equal(s.files.count, 20);
	assert_string_equal(s.files.items[19], "b");
	assert_int_equal(heed_field_format(heed_field_find(fields, "files"), &s, text, sizeof text), 39);
	assert_string_equal(text, "a,b,a,b,a,b,a,b");
	heed_fields_release(ctx, fields, &s);
	assert_int_equal(s.files.count, 0);
	assert_int_equal(heed_ctx_memory(ctx).bytes, before);
}

static void what_is_printed_reads_back(void **state)
{
	static const double numbers[] = {0,    -0.0,    1,      0.1,     1.0 / 3,       3e-4,
					 1e22, DBL_MIN, 5e-324, DBL_MAX, 123456789.125, -2.5e-10};
	const heed_field *f = heed_field_find(fields, "free-number");
	struct settings s = defaults(), t = defaults();
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		s.free_number = numbers[i];
		heed_field_format(f, &s, text, sizeof text);
		assert_int_equal(heed_field_set(ctx, f, &t, text), HEED_OK);
		assert_memory_equal(&s.free_number, &t.free_number, sizeof s.free_number);
	}
	s.free_number = 0.1;
	heed_field_format(f, &s, text, sizeof text);
	assert_string_equal(text, "0.1");
	heed_field_format(heed_field_find(fields, "tied"), &s, text, sizeof text);
	assert_string_equal(text, "true");
	heed_field_format(heed_field_find(fields, "order"), &s, text, sizeof text);
	assert_string_equal(text, "post");
	heed_field_format(heed_field_find(fields, "name"), &s, text, sizeof text);
	assert_string_equal(text, "");
	assert_int_equal(heed_field_format(heed_field_find(fields, "path"), &s, text, 3), 4);
	assert_string_equal(text, "he");
	assert_int_equal(heed_field_format(heed_field_find(fields, "path"), &s, NULL, 0), 4);
}

static void a_host_with_decimal_commas_changes_nothing(void **state)
{
	struct settings s = defaults();
	const char *found = setlocale(LC_ALL, "de_DE.UTF-8");
	char text[32];

	(void)state;
	if (!found)
		skip();
	assert_int_equal(set(&s, "dropout", "0.25"), HEED_OK);
	heed_field_format(heed_field_find(fields, "dropout"), &s, text, sizeof text);
	setlocale(LC_ALL, "C");
	assert_true(s.dropout == 0.25);
	assert_string_equal(text, "0.25");
}

static void checks_find_values_out_of_range(void **state)
{
	struct settings s = defaults();

	(void)state;
	assert_int_equal(heed_fields_check(ctx, fields, &s), HEED_OK);
	s.layers = 65;
	assert_int_equal(heed_fields_check(ctx, fields, &s), HEED_E_ARGUMENT);
	assert_string_equal(heed_error_message(ctx),
			    "layers: expected an integer from 1 to 64, found \"65\"");
	s = defaults();
	s.order = 3;
	assert_int_equal(heed_fields_check(ctx, fields, &s), HEED_E_ARGUMENT);
	s = defaults();
	s.free_number = (double)NAN;
	assert_int_equal(heed_fields_check(ctx, fields, &s), HEED_E_ARGUMENT);
	s = defaults();
	s.steps = -1;
	assert_int_equal(heed_fields_check(ctx, fields, &s), HEED_E_ARGUMENT);
}

static void names_are_found_and_guessed(void **state)
{
	(void)state;
	assert_ptr_equal(heed_field_find(fields, "layers"), &fields[2]);
	assert_null(heed_field_find(fields, "layer"));
	assert_null(heed_field_find(NULL, "layers"));
	assert_int_equal(heed_word_distance("beam", "beam"), 0);
	assert_int_equal(heed_word_distance("beam", "baem"), 1);
	assert_int_equal(heed_word_distance("beam", "bea"), 1);
	assert_int_equal(heed_word_distance("", "beam"), 4);
	assert_int_equal(heed_word_distance("kitten", "sitting"), 3);
	assert_true(heed_word_near("metrc", "metric"));
	assert_false(heed_word_near("xyz", "metric"));
	assert_false(heed_word_near("as", "it"));
}

static void *fail_alloc(void *user, void *p, size_t n)
{
	int *left = user;

	if (n == 0 || (*left)-- > 0)
		return n ? test_realloc(p, n) : (test_free(p), NULL);
	return NULL;
}

static void a_list_without_memory_stays_as_it_was(void **state)
{
	int left = 1 << 20;
	heed_ctx *poor =
		heed_ctx_new(&(heed_ctx_options){.threads = 1, .alloc = fail_alloc, .alloc_user = &left});
	struct settings s;

	(void)state;
	assert_non_null(poor);
	assert_int_equal(heed_fields_default(poor, fields, &s), HEED_OK);
	assert_int_equal(heed_field_set(poor, heed_field_find(fields, "files"), &s, "a"), HEED_OK);
	left = 0;
	assert_int_equal(heed_field_set(poor, heed_field_find(fields, "files"), &s, "b"), HEED_E_MEMORY);
	assert_int_equal(s.files.count, 1);
	left = 1 << 20;
	heed_fields_release(poor, fields, &s);
	heed_ctx_free(poor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_everything),
		cmocka_unit_test(a_wrong_default_is_our_mistake),
		cmocka_unit_test(good_values_are_read),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(refusals_say_what_was_expected),
		cmocka_unit_test(lists_grow_and_are_freed),
		cmocka_unit_test(what_is_printed_reads_back),
		cmocka_unit_test(a_host_with_decimal_commas_changes_nothing),
		cmocka_unit_test(checks_find_values_out_of_range),
		cmocka_unit_test(names_are_found_and_guessed),
		cmocka_unit_test(a_list_without_memory_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
