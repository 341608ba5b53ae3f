/* Drawings of attention: widths, escapes, and that the numbers drawn are those given. */
#include "heed/view.h"
#include "markup.h"
#include "shortage.h"
#include "view/view_label.h"

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

/* Labels that try to break out of every format. */
static const char *const hostile[] = {
	"</script><script>alert(1)</script>",
	"\"'\\&amp;<b>",
	"a\nb\tc\x01\x7F",
	"\xFF\xC3(",
	"]]>--><!--",
	"\xE2\x80\xAE(abc",
	"\033[31mred",
	"",
	"\xE2\x80\xA8",
	"\xEF\xBF\xBF",
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

static const float hostile_weights[HOSTILE * HOSTILE] = {0.125f, 1e-30f, 3.4e38f, -0.1f, 0.3333333433f};

static const heed_attention_map hostile_map = {
	"<dec0>.\"cross\"", 0, 1, HOSTILE, HOSTILE, hostile, hostile, hostile_weights,
};

static const char *const rows[] = {"el", "perro", "\xE6\x97\xA5\xE6\x9C\xAC"};
static const char *const columns[] = {"the", "dog", "cafe\xCC\x81", "."};
static const float weights[] = {0.9f, 0.1f, 0, 0, 0.25f, 0.5f, 0.25f, 1, 0.004f, 0.0049f, 0.006f, 0.99f};
static const heed_attention_map small = {"dec0.cross", 0, 2, 3, 4, rows, columns, weights};

static void test_widths(void **state)
{
	(void)state;
	assert_int_equal(heed__label_cells("perro"), 5);
	assert_int_equal(heed__label_cells("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
	assert_int_equal(heed__label_glyphs("\xE6\x97\xA5\xE6\x9C\xAC"), 2);
	assert_int_equal(heed__label_cells("cafe\xCC\x81"), 4);
	assert_int_equal(heed__label_glyphs("cafe\xCC\x81"), 4);
	assert_int_equal(heed__label_cells("\xCC\x81"), 1); /* a mark without its letter */
	assert_int_equal(heed__label_cells("\x01\xFF\n"), 3);
	assert_int_equal(heed__label_cells(""), 0);
	assert_int_equal(heed__label_cells("\xF0\x9F\x91\x8D"), 2);
}

static void test_glyph_is_bounded(void **state)
{
	char text[256] = "e";
	heed__glyph g;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		memcpy(text + 1 + 2 * i, "\xCC\x81", 3);
	assert_true(heed__label_glyph(text, &at, &g));
	assert_true(g.len < sizeof g.text);
	assert_int_equal(strlen(g.text), g.len);
	assert_int_equal(at, 201);
}

static void test_terminal(void **state)
{
	sink s = {NULL, 0};

	assert_int_equal(heed_view_terminal(*state, &small, NULL, put, &s), HEED_OK);
	assert_string_equal(s.text, "dec0.cross, head 2\n"
				    "\n"
				    "         the   dog  cafe\xCC\x81     .\n"
				    "   el    .90   .10            \n"
				    "perro    .25   .50   .25   1.0\n"
				    " \xE6\x97\xA5\xE6\x9C\xAC                .01   .99\n");
	free(s.text);
}

static void test_terminal_narrow(void **state)
{
	sink s = {NULL, 0};
	const heed_view_terminal_options options = {.paint = HEED_VIEW_DIGITS, .width = 20};

	assert_int_equal(heed_view_terminal(*state, &small, &options, put, &s), HEED_OK);
	assert_string_equal(s.text, "dec0.cross, head 2\n"
				    "\n"
				    "             c    \n"
				    "       t  d  a    \n"
				    "       h  o  f    \n"
				    "       e  g  e\xCC\x81  . \n"
				    "   el  9  1  .  . \n"
				    "perro  3  5  3  9 \n"
				    " \xE6\x97\xA5\xE6\x9C\xAC  .  .  .  9 \n"
				    "\n"
				    "0 .123456789 1\n");
	free(s.text);
}

/* Labels that find no room are cut, and what is not a number is marked. */
static void test_terminal_cuts(void **state)
{
	static const char *const long_rows[] = {"Donaudampfschiff",
						"\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC"};
	static const char *const long_columns[] = {"abcdefghijklmnop", "b"};
	static const float w[] = {NAN, 1, INFINITY, 0.5f};
	const heed_attention_map map = {"x", 0, -1, 2, 2, long_rows, long_columns, w};
	sink s = {NULL, 0};

	assert_int_equal(
		heed_view_terminal(*state, &map, &(heed_view_terminal_options){.width = 20}, put, &s),
		HEED_OK);
	assert_non_null(strstr(s.text, "         l     \n         m     \n         \xE2\x8B\xAE   b \n"));
	assert_non_null(strstr(s.text, "Donau\xE2\x80\xA6   ?  1.0\n"));
	assert_non_null(strstr(s.text, "\xE6\x97\xA5\xE6\x9C\xAC\xE2\x80\xA6    ?  .50\n"));
	free(s.text);
}

/* Columns of one line, colours left out; *at moves behind its newline. Dies on any other control character. */
static int line_cells(const char *text, size_t *at)
{
	char line[8192];
	size_t n = 0;

	for (; text[*at] != '\n'; ++*at) {
		assert_true(text[*at] != '\0' && n + 1 < sizeof line);
		if (text[*at] == '\033') {
			*at += strcspn(text + *at, "m");
			continue;
		}
		assert_true((unsigned char)text[*at] >= 0x20 && text[*at] != 0x7F);
		line[n++] = text[*at];
	}
	++*at;
	line[n] = '\0';
	return heed__label_cells(line);
}

static void check_lines(heed_ctx *ctx, const heed_attention_map *map, heed_view_paint paint, int width)
{
	const heed_view_terminal_options options = {.paint = paint, .width = width};
	sink s = {NULL, 0};
	size_t at = 0;
	int lines = 0;

	assert_int_equal(heed_view_terminal(ctx, map, &options, put, &s), HEED_OK);
	line_cells(s.text, &at); /* the title may be long */
	for (; at < s.len; lines++)
		assert_true(line_cells(s.text, &at) <= width);
	assert_true(lines > map->rows);
	free(s.text);
}

/* No line is wider than the terminal, however many the columns and however long the labels. */
static void test_terminal_fits(void **state)
{
	enum { N = 70 };
	static const char *const label[] = {"a", "Donaudampfschifffahrtsgesellschaft",
					    "\xE6\x97\xA5\xE6\x9C\xAC", "x\xCC\x81", "\xFF\033"};
	const char *labels[N];
	float *w = calloc(N * N, sizeof *w);

	assert_non_null(w);
	for (int i = 0; i < N; i++)
		labels[i] = label[i % 5];
	for (int i = 0; i < N * N; i++)
		w[i] = (float)(i % 11) / 11;
	w[5] = NAN;
	for (int n = 1; n <= N; n += 3) {
		const heed_attention_map map = {"enc0.self", 0, 0, n, n, labels, labels, w};

		for (int paint = HEED_VIEW_DIGITS; paint <= HEED_VIEW_TRUECOLOR; paint++) {
			check_lines(*state, &map, (heed_view_paint)paint, 20);
			check_lines(*state, &map, (heed_view_paint)paint, 80);
			check_lines(*state, &map, (heed_view_paint)paint, 131);
		}
	}
	check_lines(*state, &hostile_map, HEED_VIEW_DIGITS, 80);
	free(w);
}

/* Colours at both ends of the scale. */
static void test_terminal_colors(void **state)
{
	static const float two[] = {0, 0.5f};
	const heed_attention_map map = {"x", 0, -1, 1, 2, rows, columns, two};
	sink s = {NULL, 0};

	heed_view_terminal(*state, &map, &(heed_view_terminal_options){.paint = HEED_VIEW_TRUECOLOR}, put,
			   &s);
	assert_non_null(strstr(s.text, "el \033[48;2;24;26;38;38;5;231m"));
	assert_non_null(strstr(s.text, "\033[48;2;252;232;150;38;5;16m   .50\033[0m\n"));
	assert_non_null(strstr(s.text, " 0.5\n"));
	s.len = 0;
	heed_view_terminal(*state, &map, &(heed_view_terminal_options){.paint = HEED_VIEW_COLOR_256}, put,
			   &s);
	assert_non_null(strstr(s.text, "el \033[48;5;234;38;5;231m"));
	assert_non_null(strstr(s.text, "\033[48;5;229;38;5;16m   .50\033[0m\n"));
	s.len = 0;
	heed_view_terminal(*state, &map, &(heed_view_terminal_options){.paint = HEED_VIEW_SHADES}, put, &s);
	assert_null(strchr(s.text, '\033'));
	assert_non_null(strstr(s.text, "\xE2\x96\x88\n"));
	free(s.text);
}

/* Every weight comes back to the bit, every label to the byte (bad bytes become U+FFFD). */
static void check_json(const json_t *root, const heed_attention_map *map)
{
	const json_t *m = json_array_get(json_object_get(root, "maps"), 0),
		     *w = json_object_get(m, "weights");

	assert_non_null(m);
	assert_string_equal(json_string_value(json_object_get(m, "name")), map->name);
	assert_int_equal(json_integer_value(json_object_get(m, "layer")), map->layer);
	assert_int_equal(json_integer_value(json_object_get(m, "head")), map->head);
	assert_int_equal(json_array_size(json_object_get(m, "rows")), map->rows);
	assert_int_equal(json_array_size(json_object_get(m, "columns")), map->cols);
	for (int i = 0; i < map->rows; i++) {
		const char *label = json_string_value(json_array_get(json_object_get(m, "rows"), (size_t)i));

		if (strcmp(map->row_labels[i], "\xFF\xC3(") == 0)
			assert_string_equal(label, "\xEF\xBF\xBD\xEF\xBF\xBD(");
		else
			assert_string_equal(label, map->row_labels[i]);
		for (int j = 0; j < map->cols; j++) {
			const float want = map->weights[i * map->cols + j];
			const json_t *x = json_array_get(json_array_get(w, (size_t)i), (size_t)j);
			const float found = (float)json_number_value(x);

			if (isfinite(want))
				assert_memory_equal(&found, &want, sizeof want);
			else
				assert_true(json_is_null(x));
		}
	}
}

static void test_json(void **state)
{
	sink s = {NULL, 0};
	json_error_t error;
	json_t *root;

	assert_int_equal(heed_view_json(*state, "a \"title\"", &hostile_map, 1, put, &s), HEED_OK);
	assert_null(strchr(s.text, '<'));
	root = json_loads(s.text, 0, &error);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "title")), "a \"title\"");
	check_json(root, &hostile_map);
	json_decref(root);
	free(s.text);
}

static void test_json_random_floats(void **state)
{
	enum { N = 40 };
	static float w[N * N];
	const char *labels[N];
	const heed_attention_map map = {"x", 3, -1, N, N, labels, labels, w};
	uint32_t bits = 1;
	sink s = {NULL, 0};
	json_t *root;

	for (int i = 0; i < N; i++)
		labels[i] = "w";
	for (int i = 0; i < N * N; i++) {
		bits = bits * 1664525u + 1013904223u;
		memcpy(&w[i], &bits, sizeof bits);
	}
	assert_int_equal(heed_view_json(*state, NULL, &map, 1, put, &s), HEED_OK);
	root = json_loads(s.text, 0, NULL);
	assert_non_null(root);
	check_json(root, &map);
	json_decref(root);
	free(s.text);
}

/* Numbers have a point in every locale. */
static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
	sink s = {NULL, 0};
	size_t i = 0;

	while (i < 4 && setlocale(LC_NUMERIC, names[i]) == NULL)
		i++;
	heed_view_json(*state, NULL, &small, 1, put, &s);
	setlocale(LC_NUMERIC, "C");
	assert_non_null(strstr(s.text, "[0.899999976,0.100000001,0,0]"));
	free(s.text);
}

/* The tooltips, in order, against the data. */
static void test_svg_numbers(void **state)
{
	const heed_attention_map maps[2] = {small, small};
	sink s = {NULL, 0};
	const char *at;

	assert_int_equal(heed_view_svg(*state, "<title>", maps, 2, put, &s), HEED_OK);
	check_xml(s.text);
	assert_non_null(strstr(s.text, "<title>&lt;title&gt;</title>"));
	assert_int_equal(occurrences(s.text, "<rect"), 2 * 12 + 2);
	at = strstr(s.text, "class=\"m\"");
	for (int k = 0; k < 2 * 12; k++) {
		char tip[128];
		const int i = k % 12 / 4, j = k % 4;

		snprintf(tip, sizeof tip, "%s \xE2\x86\x92 %s: %.4f</title>", rows[i], columns[j],
			 (double)weights[4 * i + j]);
		at = strstr(at, "<title>");
		assert_non_null(at);
		at += strlen("<title>");
		assert_memory_equal(at, tip, strlen(tip));
	}
	free(s.text);
}

/* Cells stand in a grid, row under row. */
static void test_svg_grid(void **state)
{
	sink s = {NULL, 0};
	double x[12], y[12];
	const char *at;

	assert_int_equal(heed_view_svg(*state, NULL, &small, 1, put, &s), HEED_OK);
	at = strstr(s.text, "class=\"m\"");
	for (int k = 0; k < 12; k++) {
		at = strstr(at, "<rect x=\"") + strlen("<rect x=\"");
		x[k] = strtod(at, NULL);
		at = strstr(at, "y=\"") + strlen("y=\"");
		y[k] = strtod(at, NULL);
	}
	for (int k = 0; k < 12; k++) {
		assert_true(fabs(x[k] - (x[0] + 28 * (k % 4))) < 1e-3);
		assert_true(fabs(y[k] - (y[0] + 28 * (k / 4))) < 1e-3);
	}
	free(s.text);
}

/* The darkest and the lightest cell, and one that is no number. */
static void test_svg_colors(void **state)
{
	static const float three[] = {0, 2, NAN};
	const heed_attention_map map = {"x", 0, -1, 1, 3, rows, columns, three};
	sink s = {NULL, 0};

	assert_int_equal(heed_view_svg(*state, NULL, &map, 1, put, &s), HEED_OK);
	check_xml(s.text);
	assert_non_null(strstr(s.text, "fill=\"#f4f7fb\"><title>el \xE2\x86\x92 the: 0.0000<"));
	assert_non_null(strstr(s.text, "fill=\"#082658\"><title>el \xE2\x86\x92 dog: 2.0000<"));
	assert_non_null(strstr(s.text, "cafe\xCC\x81: not finite<"));
	free(s.text);
}

static void test_svg_escapes(void **state)
{
	sink s = {NULL, 0};

	assert_int_equal(heed_view_svg(*state, hostile[0], &hostile_map, 1, put, &s), HEED_OK);
	check_xml(s.text);
	assert_null(strstr(s.text, "<script"));
	assert_null(strstr(s.text, "\xE2\x80\xAE"));
	assert_non_null(strstr(s.text, "a\xE2\x90\x8A"
				       "b\xE2\x90\x89"
				       "c\xE2\x90\x81\xE2\x90\xA1"));
	free(s.text);
}

static void test_html(void **state)
{
	static const char data[] = "<script type='application/json' id='data'>";
	sink s = {NULL, 0};
	const char *begin, *end;
	json_t *root;

	assert_int_equal(heed_view_html(*state, hostile[0], &hostile_map, 1, put, &s), HEED_OK);
	assert_int_equal(occurrences(s.text, "<script"), 2);
	assert_int_equal(occurrences(s.text, "</script>"), 2);
	assert_non_null(strstr(s.text, "<title>&lt;/script&gt;&lt;script&gt;alert(1)"));
	begin = strstr(s.text, data);
	assert_non_null(begin);
	begin += strlen(data);
	end = strstr(begin, "</script>");
	root = json_loadb(begin, (size_t)(end - begin), 0, NULL);
	assert_non_null(root);
	check_json(root, &hostile_map);
	json_decref(root);
	free(s.text);
}

/* Nothing on the page is fetched: the only address is the name of SVG's namespace. */
static void test_html_stands_alone(void **state)
{
	static const char *const fetches[] = {"src=", "href=", "url(", "import", "fetch(", "XMLHttpRequest"};
	sink s = {NULL, 0};

	assert_int_equal(heed_view_html(*state, "t", &small, 1, put, &s), HEED_OK);
	for (size_t i = 0; i < sizeof fetches / sizeof fetches[0]; i++)
		assert_null(strstr(s.text, fetches[i]));
	assert_int_equal(occurrences(s.text, "://"), 1);
	assert_non_null(strstr(s.text, "default-src 'none'"));
	free(s.text);
}

static void test_refusals(void **state)
{
	static const char *const gap[] = {"a", NULL, "b", "c"};
	heed_attention_map bad[6] = {small, small, small, small, small, small};

	bad[0].name = NULL;
	bad[1].rows = 0;
	bad[2].cols = -1;
	bad[3].weights = NULL;
	bad[4].col_labels = gap;
	bad[5].row_labels = NULL;
	for (int i = 0; i < 6; i++) {
		sink s = {NULL, 0};

		assert_int_equal(heed_view_terminal(*state, &bad[i], NULL, put, &s), HEED_E_ARGUMENT);
		assert_int_equal(heed_view_svg(*state, NULL, &bad[i], 1, put, &s), HEED_E_ARGUMENT);
		assert_int_equal(heed_view_html(*state, NULL, &bad[i], 1, put, &s), HEED_E_ARGUMENT);
		assert_int_equal(heed_view_json(*state, NULL, &bad[i], 1, put, &s), HEED_E_ARGUMENT);
		assert_null(s.text);
	}
	assert_int_equal(heed_view_svg(*state, NULL, &small, 0, refuse, NULL), HEED_E_ARGUMENT);
	assert_int_equal(
		heed_view_terminal(*state, &small, &(heed_view_terminal_options){.width = 19}, refuse, NULL),
		HEED_E_ARGUMENT);
	assert_int_equal(heed_view_terminal(*state, &small, NULL, refuse, NULL), HEED_E_IO);
	assert_int_equal(heed_view_svg(*state, NULL, &small, 1, refuse, NULL), HEED_E_IO);
	assert_int_equal(heed_view_html(*state, NULL, &small, 1, refuse, NULL), HEED_E_IO);
	assert_int_equal(heed_view_json(*state, NULL, &small, 1, refuse, NULL), HEED_E_IO);
}

static heed_code draw_all(heed_ctx *ctx)
{
	sink s = {NULL, 0};
	heed_code code = heed_view_terminal(ctx, &small, NULL, put, &s);

	if (code == HEED_OK)
		code = heed_view_svg(ctx, "t", &small, 1, put, &s);
	if (code == HEED_OK)
		code = heed_view_html(ctx, "t", &small, 1, put, &s);
	free(s.text);
	return code;
}

static void test_memory(void **state)
{
	(void)state;
	assert_in_range(shortage_run(draw_all), 5, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_glyph_is_bounded),
		cmocka_unit_test_setup_teardown(test_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal_cuts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal_colors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json_random_floats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_svg_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_svg_grid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_svg_colors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_svg_escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_html, setup, teardown),
		cmocka_unit_test_setup_teardown(test_html_stands_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
