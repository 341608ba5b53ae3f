/* Plots and reports: that the numbers drawn are those given, and that no text breaks out of its place. */
#include "markup.h"

#include "heed/report.h"
#include "shortage.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

static int setup(void **state)
{
	*state = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	return *state == NULL;
}

static int teardown(void **state)
{
	const int left = heed_ctx_memory(*state).bytes > 0;

	heed_ctx_free(*state);
	return left;
}

/* --- plots --- */

static const double steps[] = {1, 2, 4, 8}, falling[] = {8, 4, 2, 1}, around[] = {1, 0.5, 0.5, 0};
static const heed_series lines[] = {
	{"a", 4, steps, falling, around}, {"b", 4, steps, steps, NULL}, {"empty", 0, NULL, NULL, NULL}};

/* The text of the plot; the caller frees it. */
static char *draw(heed_ctx *ctx, const heed_plot *plot)
{
	sink s = {NULL, 0};

	assert_int_equal(heed_plot_svg(ctx, plot, put, &s), HEED_OK);
	check_xml(s.text);
	assert_null(strstr(s.text, "nan"));
	assert_null(strstr(s.text, "inf"));
	return s.text;
}

/* Places of the marks of one colour, in order; returns how many. */
static int marks(const char *svg, const char *color, double *x, double *y, int most)
{
	char wanted[64];
	int n = 0;

	snprintf(wanted, sizeof wanted, "<path fill=\"%s\" d=\"M", color);
	for (const char *at = svg; (at = strstr(at, wanted)) != NULL; at++) {
		if (strncmp(strchr(at, '>') - 1, "/>", 2) == 0) /* beside a name */
			continue;
		assert_true(n < most);
		assert_int_equal(sscanf(at + strlen(wanted), "%lf %lf", &x[n], &y[n]), 2);
		n++;
	}
	return n;
}

/* Both axes are logarithmic: equal factors are equal distances, and the lines mirror each other. */
static void test_log_axes(void **state)
{
	const heed_plot plot = {.title = "t", .log_x = true, .log_y = true, .series = lines, .count = 2};
	char *svg = draw(*state, &plot);
	double ax[4], ay[4], bx[4], by[4];

	assert_int_equal(marks(svg, "#0072b2", ax, ay, 4), 4);
	assert_int_equal(marks(svg, "#d55e00", bx, by, 4), 4);
	for (int i = 0; i < 4; i++) {
		assert_true(fabs(ax[i] - bx[i]) < 0.01);
		assert_true(fabs(ay[i] - by[3 - i]) < 0.01);
		if (i > 1)
			assert_true(fabs((ax[i] - ax[i - 1]) - (ax[1] - ax[0])) < 0.01);
		if (i > 0) {
			assert_true(ax[i] > ax[i - 1]);
			assert_true(ay[i] > ay[i - 1]); /* down is larger */
		}
	}
	free(svg);
}

/* On linear axes equal differences are equal distances. */
static void test_linear_axes(void **state)
{
	static const double y[] = {0, 5, 20};
	static const heed_series one = {"a", 3, y, y, NULL};
	char *svg = draw(*state, &(heed_plot){.series = &one, .count = 1});
	double px[3], py[3];

	assert_int_equal(marks(svg, "#0072b2", px, py, 3), 3);
	assert_true(fabs((px[2] - px[0]) - 4 * (px[1] - px[0])) < 0.01);
	assert_true(fabs((py[0] - py[2]) - 4 * (py[0] - py[1])) < 0.01);
	free(svg);
}

/* What can't be drawn is left out, and the line has a gap there. */
static void test_missing_points(void **state)
{
	static const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, NAN, 4, INFINITY, -1};
	static const heed_series one = {"a", 6, x, y, NULL};
	heed_plot plot = {.series = &one, .count = 1};
	double px[6], py[6];
	char *svg = draw(*state, &plot);

	assert_int_equal(marks(svg, "#0072b2", px, py, 6), 4);
	assert_int_equal(occurrences(svg, "stroke-dasharray"), 3);
	free(svg);
	plot.log_y = true;
	svg = draw(*state, &plot);
	assert_int_equal(marks(svg, "#0072b2", px, py, 6), 3);
	free(svg);
}

static void test_extremes(void **state)
{
	static const double one[] = {3}, wide[] = {-1e299, 1e299}, tiny[] = {1e-299, 1e299},
			    huge[] = {1e308, -1e308}, zero[] = {0, 0};
	const heed_series series[] = {{"one", 1, one, one, NULL},    {"wide", 2, wide, wide, NULL},
				      {"tiny", 2, tiny, tiny, wide}, {"huge", 2, huge, huge, huge},
				      {"zero", 2, zero, zero, NULL}, {NULL, 0, NULL, NULL, NULL}};

	for (int i = 0; i < 6; i++)
		for (int kind = 0; kind < 8; kind++)
			free(draw(*state, &(heed_plot){.log_x = kind & 1,
						       .log_y = kind & 2,
						       .dots = kind & 4,
						       .series = &series[i],
						       .count = 1}));
	free(draw(*state, &(heed_plot){.count = 0}));
}

static void test_plot_refuses(void **state)
{
	const heed_series bad = {"a", 2, NULL, NULL, NULL}, negative = {"a", -1, steps, steps, NULL};
	sink s = {NULL, 0};

	assert_int_equal(heed_plot_svg(*state, &(heed_plot){.series = &bad, .count = 1}, put, &s),
			 HEED_E_ARGUMENT);
	assert_int_equal(heed_plot_svg(*state, &(heed_plot){.series = &negative, .count = 1}, put, &s),
			 HEED_E_ARGUMENT);
	assert_int_equal(heed_plot_svg(*state, &(heed_plot){.count = -1}, put, &s), HEED_E_ARGUMENT);
	assert_null(s.text);
	assert_int_equal(heed_plot_svg(*state, &(heed_plot){.series = lines, .count = 3}, refuse, NULL),
			 HEED_E_IO);
}

/* Numbers on the axes as people write them. */
static void test_ticks(void **state)
{
	static const double x[] = {0, 300000}, small[] = {1e-7, 1e-3};
	const heed_series a = {"a", 2, x, x, NULL}, b = {"b", 2, small, small, NULL};
	char *svg = draw(*state, &(heed_plot){.series = &a, .count = 1});

	assert_non_null(strstr(svg, ">100000</text>"));
	assert_non_null(strstr(svg, ">0</text>"));
	assert_null(strstr(svg, ">-0</text>"));
	free(svg);
	svg = draw(*state, &(heed_plot){.log_y = true, .series = &b, .count = 1});
	assert_non_null(strstr(svg, ">10\xE2\x81\xBB\xE2\x81\xB5</text>"));
	assert_non_null(strstr(svg, ">0.001</text>"));
	free(svg);
}

static void test_names(void **state)
{
	static const double x[] = {0, 1}, y[] = {1, 2};
	static const char *const names[] = {"none & nothing", "<index>"};
	const heed_series a = {"</text><script>", 2, x, y, NULL};
	char *svg = draw(*state, &(heed_plot){.title = "a < b",
					      .x_names = names,
					      .x_name_count = 2,
					      .dots = true,
					      .series = &a,
					      .count = 1});

	assert_non_null(strstr(svg, ">none &amp; nothing</text>"));
	assert_non_null(strstr(svg, ">&lt;index&gt;</text>"));
	assert_non_null(strstr(svg, ">&lt;/text&gt;&lt;script&gt;</text>"));
	assert_null(strstr(svg, "<script"));
	free(svg);
}

/* Many names at one height are still apart, and inside. */
static void test_names_apart(void **state)
{
	enum { N = 12 };
	heed_series series[N];
	char *svg;
	double last = -1;
	int found = 0;

	for (int i = 0; i < N; i++)
		series[i] = (heed_series){"same", 4, steps, falling, NULL};
	svg = draw(*state, &(heed_plot){.series = series, .count = N});
	for (const char *at = svg; (at = strstr(at, ">same</text>")) != NULL; at++, found++) {
		const char *y = at;
		double height;

		while (strncmp(y, "y=\"", 3) != 0)
			y--;
		height = strtod(y + 3, NULL);
		assert_true(height > last + 12);
		assert_true(height > 0 && height < 400);
		last = height;
	}
	assert_int_equal(found, N);
	free(svg);
}

/* --- means --- */

static void test_mean(void **state)
{
	static const double values[] = {2, 4, NAN, 9};
	const heed_mean m = heed_mean_of(values, 4), one = heed_mean_of(values, 1),
			none = heed_mean_of(values, 0);

	(void)state;
	assert_int_equal(m.count, 3);
	assert_true(fabs(m.mean - 5) < 1e-12);
	assert_true(fabs(m.deviation - sqrt(13)) < 1e-12);
	assert_true(one.count == 1 && one.mean == 2 && isnan(one.deviation));
	assert_true(none.count == 0 && isnan(none.mean));
}

/* --- reports --- */

static const double three[] = {0.5, 0.25, 0.75}, single[] = {1234.6};

static heed_report *make_report(heed_ctx *ctx)
{
	static const heed_column columns[] = {{"share", 2}, {"size", -2}, {"note", 0}};
	const heed_plot plot = {.title = "p<lot", .series = lines, .count = 3};
	heed_report *r = heed_report_new(ctx, "T & <u>");

	heed_report_section(r, "first", "The \"first\"");
	heed_report_text(r, "%d words, </p>", 3);
	heed_report_finding(r, HEED_FOUND_NOT_SO, "It is %s.", "otherwise");
	heed_report_table(r, "numbers", "family", columns, 3);
	heed_report_row(r, "rnn");
	heed_report_numbers(r, three, 3);
	heed_report_numbers(r, single, 1);
	heed_report_words(r, "%s", "<b>");
	heed_report_row(r, "lstm");
	heed_report_numbers(r, NULL, 0);
	heed_report_plot(r, "lot", &plot);
	heed_report_section(r, "second", "The second");
	heed_report_finding(r, HEED_FOUND_OPEN, "Who knows.");
	return r;
}

static void test_html(void **state)
{
	heed_report *r = make_report(*state);
	sink s = {NULL, 0};

	assert_int_equal(heed_report_html(r, put, &s), HEED_OK);
	assert_non_null(strstr(s.text, "<h1>T &amp; &lt;u&gt;</h1>"));
	assert_non_null(strstr(s.text, "<p>3 words, &lt;/p&gt;</p>"));
	assert_non_null(
		strstr(s.text, "<td>0.50 \xC2\xB1 0.25</td><td>1235</td><td class='words'>&lt;b&gt;</td>"));
	assert_non_null(strstr(s.text, "<th scope='row'>lstm</th><td></td><td></td><td></td>"));
	assert_int_equal(occurrences(s.text, "<svg "), 1);
	assert_int_equal(occurrences(s.text, "did not hold"), 2); /* in the contents and in the section */
	assert_non_null(strstr(s.text, "<a href='#second'>"));
	assert_null(strstr(s.text, "<script"));
	assert_null(strstr(s.text, "http-equiv='refresh'"));
	free(s.text);
	heed_report_free(r);
}

static void test_terminal(void **state)
{
	heed_report *r = make_report(*state);
	sink s = {NULL, 0};

	assert_int_equal(heed_report_terminal(r, 30, put, &s), HEED_OK);
	assert_non_null(strstr(s.text, "The \"first\"\n-----------\n\n3 words, </p>\n\n"
				       "did not hold: It is otherwise.\n\n"
				       "numbers:\n"
				       "  family        share  size  note\n"
				       "  rnn     0.50 \xC2\xB1 0.25  1235  <b>\n"
				       "  lstm\n"));
	free(s.text);
	heed_report_free(r);
}

static void test_wraps(void **state)
{
	heed_report *r = heed_report_new(*state, "t");
	sink s = {NULL, 0};

	heed_report_text(r, "one two three four five six seven eight\x1b[31m nine");
	assert_int_equal(heed_report_terminal(r, 12, put, &s), HEED_OK);
	assert_string_equal(s.text, "one two\nthree four\nfive six\nseven\neight\xE2\x90\x9B[31m\nnine\n");
	free(s.text);
	heed_report_free(r);
}

static heed_code put_json(void *user, const char *bytes, size_t n)
{
	return put(user, bytes, n);
}

static void test_json(void **state)
{
	heed_report *r = make_report(*state);
	sink s = {NULL, 0};
	heed_json w;
	json_t *root, *section, *row, *plot;
	json_error_t e;

	heed_json_init(&w, put_json, &s);
	assert_int_equal(heed_report_json(r, &w), HEED_OK);
	root = json_loads(s.text, 0, &e);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "sections")), 2);
	section = json_array_get(json_object_get(root, "sections"), 0);
	assert_string_equal(json_string_value(json_object_get(section, "finding")), "did not hold");
	assert_string_equal(json_string_value(json_object_get(section, "sentence")), "It is otherwise.");
	row = json_array_get(json_object_get(json_array_get(json_object_get(section, "tables"), 0), "rows"),
			     0);
	assert_true(json_real_value(json_array_get(json_object_get(json_object_get(row, "share"), "values"),
						   1)) == 0.25);
	assert_true(json_is_null(json_object_get(json_object_get(row, "size"), "deviation")));
	assert_string_equal(json_string_value(json_object_get(row, "note")), "<b>");
	plot = json_array_get(json_object_get(section, "plots"), 0);
	assert_string_equal(json_string_value(json_object_get(plot, "name")), "lot");
	assert_int_equal(json_array_size(json_object_get(plot, "series")), 3);
	json_decref(root);
	free(s.text);
	heed_report_free(r);
}

static void test_plots_of_a_report(void **state)
{
	heed_report *r = make_report(*state);
	sink s = {NULL, 0};

	assert_int_equal(heed_report_plots(r), 1);
	assert_string_equal(heed_report_plot_name(r, 0), "lot");
	assert_null(heed_report_plot_name(r, 1));
	assert_int_equal(heed_report_plot_svg(r, 0, put, &s), HEED_OK);
	check_xml(s.text);
	assert_int_equal(heed_report_plot_svg(r, 1, put, &s), HEED_E_ARGUMENT);
	free(s.text);
	heed_report_free(r);
}

/* Rows without a table, cells without a column, a plot without numbers: kept, and said at the end. */
static void test_misuse(void **state)
{
	static const heed_column columns[] = {{"a", 0}};
	const heed_series bad = {"a", 2, NULL, NULL, NULL};
	sink s = {NULL, 0};

	for (int kind = 0; kind < 4; kind++) {
		heed_report *r = heed_report_new(*state, "t");

		if (kind == 0)
			heed_report_row(r, "a");
		heed_report_table(r, "t", "f", columns, 1);
		if (kind == 1)
			heed_report_words(r, "a");
		heed_report_row(r, "a");
		heed_report_words(r, "a");
		if (kind == 2)
			heed_report_words(r, "b");
		if (kind == 3)
			heed_report_plot(r, "p", &(heed_plot){.series = &bad, .count = 1});
		assert_int_equal(heed_report_code(r), HEED_E_ARGUMENT);
		assert_int_equal(heed_report_html(r, put, &s), HEED_E_ARGUMENT);
		assert_int_equal(heed_report_terminal(r, 0, put, &s), HEED_E_ARGUMENT);
		heed_report_free(r);
	}
	assert_null(s.text);
	heed_report_section(NULL, "a", "b"); /* as after a report that could not be made */
	assert_int_equal(heed_report_code(NULL), HEED_E_MEMORY);
}

static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
	heed_report *r = make_report(*state);
	sink s = {NULL, 0};
	size_t i = 0;

	while (i < 4 && setlocale(LC_NUMERIC, names[i]) == NULL)
		i++;
	heed_report_html(r, put, &s);
	setlocale(LC_NUMERIC, "C");
	assert_non_null(strstr(s.text, "<td>0.50 \xC2\xB1 0.25</td>"));
	free(s.text);
	heed_report_free(r);
}

static heed_code write_all(heed_ctx *ctx)
{
	heed_report *r = make_report(ctx);
	sink s = {NULL, 0};
	heed_code code = heed_report_html(r, put, &s);

	if (code == HEED_OK)
		code = heed_report_terminal(r, 0, put, &s);
	heed_report_free(r);
	free(s.text);
	return code;
}

static void test_memory(void **state)
{
	(void)state;
	assert_in_range(shortage_run(write_all), 5, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_log_axes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_linear_axes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_points, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extremes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plot_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ticks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_apart, setup, teardown),
		cmocka_unit_test(test_mean),
		cmocka_unit_test_setup_teardown(test_html, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wraps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plots_of_a_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_misuse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locale, setup, teardown),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
