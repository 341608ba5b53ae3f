/* Accuracy, precision, recall and F1 of guessed classes, against scikit-learn 1.9 (test/oracle/classes_golden.py). */
#include "heed/classes.h"
#include "one_ctx.h"
#include "scratch.h"

#include <math.h>

enum { CLASSES = 8 };

/* A letter is an item of that class. */
static const struct {
	const char *truths, *guesses;
	double accuracy, macro[3]; /* precision, recall, F1 */
	double precision[CLASSES], recall[CLASSES], f1[CLASSES];
	int confusion[CLASSES][CLASSES]; /* [truth][guess] */
} cases[] = {
	/* From scikit-learn: */
	{"caacbcababcabbaccabc",
	 "hadcheacacedbegcecea",
	 0.3,
	 {0.3071428571428571, 0.12585034013605442, 0.16635745207173777},
	 {0.75, 1.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.42857142857142855, 0.16666666666666666, 0.2857142857142857, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.5454545454545454, 0.2857142857142857, 0.3333333333333333, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{3, 0, 1, 2, 0, 0, 1, 0},
	  {0, 1, 2, 0, 2, 0, 0, 1},
	  {1, 0, 2, 0, 3, 0, 0, 1},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"agabaaafggdabfdefafbddafgbfbfdafeefebgdbeggedgdbaggdbfabbdeg",
	 "agagaaagggdabfaafgfedbbfgbfdfdehaefhbgabeageegdbegghhaabbgef",
	 0.6333333333333333,
	 {0.5976495726495726, 0.5374768089053804, 0.5539682539682539},
	 {0.5384615384615384, 0.7777777777777778, 0.0, 0.8, 0.5, 0.875, 0.6923076923076923, 0.0},
	 {0.6363636363636364, 0.6363636363636364, 0.0, 0.4, 0.5714285714285714, 0.7, 0.8181818181818182, 0.0},
	 {0.5833333333333334, 0.7, 0.0, 0.5333333333333333, 0.5333333333333333, 0.7777777777777778, 0.75,
	  0.0},
	 {{7, 1, 0, 0, 2, 0, 1, 0},
	  {0, 7, 0, 1, 1, 0, 1, 1},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {2, 1, 0, 4, 1, 0, 1, 1},
	  {2, 0, 0, 0, 4, 0, 0, 1},
	  {1, 0, 0, 0, 0, 7, 1, 1},
	  {1, 0, 0, 0, 0, 1, 9, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"dfhbg",
	 "dfabg",
	 0.8,
	 {0.6666666666666666, 0.6666666666666666, 0.6666666666666666},
	 {0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0},
	 {0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0},
	 {0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 1, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 1, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 1, 0, 0},
	  {0, 0, 0, 0, 0, 0, 1, 0},
	  {1, 0, 0, 0, 0, 0, 0, 0}}},
	{"gd",
	 "aa",
	 0.0,
	 {0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {1, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {1, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"hgfeghfefgfgfhffehecefcgcegfhccgfhceeeggchggehefhfffffgehfee",
	 "fgfagbfdcgfgfgffabfcafdgcggccccbfdcdcaggcgbgcccfdfbfffgfcfaa",
	 0.5,
	 {0.25266645119586295, 0.31425070028011204, 0.2743697478991597},
	 {0.0, 0.0, 0.42857142857142855, 0.0, 0.0, 0.8235294117647058, 0.7692307692307693, 0.0},
	 {0.0, 0.0, 0.8571428571428571, 0.0, 0.0, 0.8235294117647058, 0.8333333333333334, 0.0},
	 {0.0, 0.0, 0.5714285714285714, 0.0, 0.0, 0.8235294117647058, 0.8, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 6, 1, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {6, 0, 3, 2, 0, 2, 1, 0},
	  {0, 1, 2, 0, 0, 14, 0, 0},
	  {0, 2, 0, 0, 0, 0, 10, 0},
	  {0, 2, 3, 2, 0, 1, 2, 0}}},
	{"cacgf",
	 "eacea",
	 0.4,
	 {0.3, 0.3, 0.26666666666666666},
	 {0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {1.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.6666666666666666, 0.0, 0.6666666666666666, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{1, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 1, 0, 1, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {1, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 1, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"e",
	 "g",
	 0.0,
	 {0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 1, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"hg",
	 "hd",
	 0.5,
	 {0.3333333333333333, 0.3333333333333333, 0.3333333333333333},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 1, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 1}}},
	{"cdcch",
	 "cecce",
	 0.6,
	 {0.25, 0.25, 0.25},
	 {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 3, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 1, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 1, 0, 0, 0}}},
	{"eh",
	 "bg",
	 0.0,
	 {0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 1, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 1, 0}}},
	{"d",
	 "e",
	 0.0,
	 {0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 1, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0}}},
	{"bh",
	 "bh",
	 1.0,
	 {1.0, 1.0, 1.0},
	 {0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0},
	 {{0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 1, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 0},
	  {0, 0, 0, 0, 0, 0, 0, 1}}},
	/* Till here. */
};

static void assert_same(double x, double expected)
{
	if (!(fabs(x - expected) < 1e-14))
		fail_msg("%.17g is not %.17g", x, expected);
}

static heed_classes *count(const char *truths, const char *guesses)
{
	heed_classes *c = heed_classes_new(ctx);

	assert_non_null(c);
	for (size_t i = 0; truths[i]; i++)
		assert_int_equal(heed_classes_add(c, truths[i] - 'a', guesses[i] - 'a'), HEED_OK);
	return c;
}

static void equals_scikit_learn(void **state)
{
	(void)state;
	assert_true(sizeof cases / sizeof *cases >= 10);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		heed_classes *c = count(cases[k].truths, cases[k].guesses);
		const heed_classes_summary all = heed_classes_total(c);

		assert_int_equal(all.items, strlen(cases[k].truths));
		assert_same(all.accuracy, cases[k].accuracy);
		assert_same(all.precision, cases[k].macro[0]);
		assert_same(all.recall, cases[k].macro[1]);
		assert_same(all.f1, cases[k].macro[2]);
		for (int i = 0; i < CLASSES; i++) {
			const heed_class_score s = heed_classes_score(c, i);
			int truths = 0, guesses = 0;

			assert_same(s.precision, cases[k].precision[i]);
			assert_same(s.recall, cases[k].recall[i]);
			assert_same(s.f1, cases[k].f1[i]);
			assert_int_equal(s.right, cases[k].confusion[i][i]);
			for (int j = 0; j < CLASSES; j++) {
				assert_int_equal(heed_classes_confusion(c, i, j), cases[k].confusion[i][j]);
				truths += cases[k].confusion[i][j];
				guesses += cases[k].confusion[j][i];
			}
			assert_int_equal(s.truths, truths);
			assert_int_equal(s.guesses, guesses);
		}
		heed_classes_free(c);
	}
}

static void divides_by_nothing(void **state)
{
	heed_classes *c = heed_classes_new(ctx);
	heed_classes_summary all = heed_classes_total(c);

	(void)state;
	assert_int_equal(heed_classes_count(c), 0);
	assert_true(all.items == 0 && all.classes == 0 && all.accuracy == 0 && all.f1 == 0);
	/* Class 2 is true and never said, 0 said and never true, 1 neither: it doesn't count. */
	assert_int_equal(heed_classes_add(c, 2, 0), HEED_OK);
	all = heed_classes_total(c);
	assert_int_equal(heed_classes_count(c), 3);
	assert_int_equal(all.classes, 2);
	assert_true(all.accuracy == 0 && all.precision == 0 && all.recall == 0 && all.f1 == 0);
	assert_int_equal(heed_classes_confusion(c, 2, 0), 1);
	assert_int_equal(heed_classes_confusion(c, 0, 2), 0);
	assert_int_equal(heed_classes_score(c, -1).truths + heed_classes_score(c, 3).truths, 0);
	heed_classes_free(c);
}

static void refuses_what_is_no_class(void **state)
{
	heed_classes *c = heed_classes_new(ctx);

	(void)state;
	assert_int_equal(heed_classes_add(c, -1, 0), HEED_E_ARGUMENT);
	assert_message(ctx, "truth -1 and guess 0", "0 to 4194303");
	assert_int_equal(heed_classes_add(c, 0, HEED_CLASSES_MAX), HEED_E_ARGUMENT);
	assert_int_equal(heed_classes_count(c), 0);
	assert_int_equal(heed_classes_add(c, 0, HEED_CLASSES_MAX - 1), HEED_OK);
	assert_int_equal(heed_classes_total(c).classes, 2);
	heed_classes_free(c);
}

static void survives_every_failed_allocation(void **state)
{
	heed_code code;

	(void)state;
	memory.kept = memory.blocks;
	memory.rest = true;
	do {
		heed_classes *c;

		heed_error_clear(ctx);
		shortage_begin(&memory);
		c = heed_classes_new(ctx);
		code = c != NULL ? HEED_OK : heed_error_code(ctx);
		for (int i = 0; i < 200 && code == HEED_OK; i++)
			code = heed_classes_add(c, i, i / 2);
		heed_classes_free(c);
	} while (shortage_felt(&memory, code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_scikit_learn),
		cmocka_unit_test(divides_by_nothing),
		cmocka_unit_test(refuses_what_is_no_class),
		cmocka_unit_test(survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
