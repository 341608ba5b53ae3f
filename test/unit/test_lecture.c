/* The figures of the lecture, digit by digit. */
#include "heed/lecture.h"
#include "one_ctx.h"
#include "scratch.h"

#include <math.h>

/* What heed must give, in four digits, and whether the notes have it. */
static const struct {
	const char *figure, *row, *op, *digits;
	bool in_notes;
} expected[] = {
	{"attention", "scores", "linear", "0.0000 0.0000 1.0000 0.0000", true},
	{"attention", "weights, e as 3", "attention", "0.1667 0.1667 0.5000 0.1667", true},
	{"attention", "weights", "attention", "0.1749 0.1749 0.4754 0.1749", true},
	{"attention", "output, e as 3", "attention", "0.5000 0.5000", true},
	{"attention", "output", "attention", "0.5246 0.4754", true},
	{"mean", "output", "embedding_mean", "0.7500 0.2500", true},
	{"sharp", "scores", "linear", "0.0000 0.0000 10.0000 0.0000", true},
	{"sharp", "weights", "attention", "0.0000 0.0000 0.9999 0.0000", true},
	{"sharp", "output", "attention", "0.0001 0.9999", true},
	{"sharp", "query W_q [0 1]", "linear", "0.0000 10.0000", true},
	{"sharp", "weights with W_q", "attention", "0.0000 0.0000 0.9999 0.0000", true},
	{"sharp", "output with W_q", "attention", "0.0001 0.9999", true},
	{"scores", "S_1", "linear", "10.0000 10.0000 0.0000 10.0000", true},
	{"scores", "S_2", "linear", "10.0000 10.0000 0.0000 10.0000", true},
	{"scores", "S_3", "linear", "0.0000 0.0000 10.0000 0.0000", true},
	{"scores", "S_4", "linear", "10.0000 10.0000 0.0000 10.0000", true},
	{"masked", "h_1", "attention", "1.0000 0.0000 0.0000", true},
	{"masked", "h_2", "attention", "0.3000 0.7000 0.0000", true},
	{"masked", "h_3", "attention", "0.3000 0.5000 0.2000", true},
	/* .3 and .7 beside exp(5). */
	{"masked", "h_2 without mask", "attention", "0.0020 0.0047 0.9933", false},
	{"alignment", "I", "attention", "0.7500 0.2500 0.0000 0.0000 0.0000", true},
	{"alignment", "love", "attention", "0.5000 0.5000 0.0000 0.0000 0.0000", true},
	{"alignment", "you", "attention", "0.0000 0.0000 1.0000 0.0000 0.0000", true},
	{"alignment", "a", "attention", "0.0000 0.0000 0.0000 0.7500 0.2500", true},
	{"alignment", "lot", "attention", "0.0000 0.0000 0.0000 0.0000 1.0000", true},
	{"alignment", "amo", "attention", "0.2500 0.7500 0.0000 0.0000 0.0000", true},
	{"normalise", "exp(w) / sum", "attention", "0.1749 0.1749 0.4754 0.1749", false},
	/* exp(1) and exp(e) over 3 exp(1) + exp(e). */
	{"normalise", "softmax(exp(w))", "attention", "0.1166 0.1166 0.6501 0.1166", false},
	{"pairs", "W_11 W_12", "linear", "17.0000 23.0000", false},
	{"pairs", "W_21 W_22", "linear", "39.0000 53.0000", false},
	{"projections", "q = W_q x", "linear", "0.0000 10.0000", false},
	{"projections", "k = W_k x", "linear", "0.0000 1.0000", false},
	{"projections", "v = W_v x", "linear", "1.0000 0.0000", false},
};

enum { ROWS = sizeof expected / sizeof *expected };

typedef struct reading {
	int rows, figures, slips;
	bool quiet; /* nothing is compared */
} reading;

static void check_row(const heed_lecture_row *row, int at)
{
	char digits[80] = "";
	size_t used = 0;
	double sum = 0;

	assert_string_equal(row->name, expected[at].row);
	assert_string_equal(row->op, expected[at].op);
	assert_int_equal(row->written != NULL, expected[at].in_notes);
	assert_true(row->agrees);
	for (int i = 0; i < row->count; i++) {
		used += (size_t)snprintf(digits + used, sizeof digits - used, "%s%.4f", i ? " " : "",
					 (double)row->heed[i]);
		sum += (double)row->heed[i];
		if (row->written)
			assert_true(fabs((double)row->heed[i] - row->notes[i]) <= row->within);
	}
	assert_true(row->within <= 5e-4);
	assert_string_equal(digits, expected[at].digits);
	/* Weights, and mixtures of one-hot vectors, sum to one. */
	if (strcmp(row->op, "linear") != 0)
		assert_true(fabs(sum - 1) < 1e-6);
}

static void read_figure(void *user, const heed_lecture_figure *f)
{
	reading *r = user;

	if (r->quiet)
		return;
	assert_in_range(f->notes, 0, 4);
	for (int i = 0; i < f->row_count; i++, r->rows++) {
		assert_true(r->rows < ROWS);
		assert_string_equal(f->name, expected[r->rows].figure);
		check_row(&f->rows[i], r->rows);
	}
	r->figures++;
	r->slips += f->slip != NULL;
}

static void holds_each_digit(void **state)
{
	reading r = {0};

	(void)state;
	assert_int_equal(heed_lecture(ctx, read_figure, &r), HEED_OK);
	assert_int_equal(r.rows, ROWS);
	assert_int_equal(r.figures, 9);
	assert_int_equal(r.slips, 5);
}

/* Weights exactly as [1 1 e 1] / (3 + e), not only in four digits. */
static void read_exactly(void *user, const heed_lecture_figure *f)
{
	const double z = 3 + exp(1);

	(void)user;
	if (strcmp(f->name, "attention") != 0)
		return;
	for (int i = 0; i < 4; i++)
		assert_true(fabs((double)f->rows[2].heed[i] - (i == 2 ? exp(1) : 1) / z) < 2e-7);
	assert_true(fabs((double)f->rows[4].heed[0] - 3 / z) < 2e-7);
}

static void is_as_exact_as_floats_are(void **state)
{
	(void)state;
	assert_int_equal(heed_lecture(ctx, read_exactly, NULL), HEED_OK);
}

static void survives_every_failed_allocation(void **state)
{
	reading quiet = {.quiet = true};
	heed_code code;

	(void)state;
	/* the context's own scratch is there */
	assert_int_equal(heed_lecture(ctx, read_figure, &quiet), HEED_OK);
	memory.kept = memory.blocks;
	memory.rest = true;
	do {
		shortage_begin(&memory);
		code = heed_lecture(ctx, read_figure, &quiet);
	} while (shortage_felt(&memory, code));
	assert_true(memory.tries > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_each_digit),
		cmocka_unit_test(is_as_exact_as_floats_are),
		cmocka_unit_test(survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
