/* Every case of every op: gradients, agreement of the kernel sets, refusals; then the tape's own promises. */
#include "heed/ops.h"
#include "heed/selftest.h"
#include "tensor/tape.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_failure(void *user, const heed_check *c)
{
	++*(int *)user;
	if (!c->passed)
		print_error("%s: %s: %s under %s: error %g, limit %g %s\n", c->op, c->name, c->kind, c->cpu,
			    c->error, c->limit, c->message);
}

static void every_case_passes(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	int checks = 0;

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(heed_selftest(ctx, getenv("HEED_TEST_OP"), print_failure, &checks), HEED_OK);
	assert_true(checks > 0);
	heed_ctx_free(ctx);
}

/* A small graph with dropout, through both passes; the bytes of its gradient. */
static void small_graph(heed_tape *tape, float *dw)
{
	static const int start[] = {0, 3, 7, 9}, ids[] = {1, 4, 2, 0, 3, 3, 1, 2, 4},
			 targets[] = {0, 1, 2, 3, 4, 0, 1, 2, 3};
	float table[5 * 16], w[48 * 16];
	heed_tensor *e, *x, *qkv, *y, *loss, *wt;

	for (int i = 0; i < 5 * 16; i++)
		table[i] = (float)((i * 37) % 19) / 19 - 0.5f;
	for (int i = 0; i < 48 * 16; i++)
		w[i] = (float)((i * 53) % 23) / 23 - 0.5f;
	e = heed_leaf(tape, table, 2, (int[]){5, 16}, true);
	wt = heed_leaf(tape, w, 2, (int[]){48, 16}, true);
	x = heed_embedding(tape, e, NULL,
			   (heed_embedding_options){
				   .ids = ids, .count = 9, .spans = {3, start}, .scale = 4, .dropout = 0.2});
	qkv = heed_linear(tape, x, wt, NULL, HEED_ACT_NONE, 0);
	y = heed_attention(tape, qkv, qkv,
			   (heed_attention_options){.name = "self",
						    .queries = {3, start},
						    .keys = {3, start},
						    .width = 16,
						    .heads = 2,
						    .k_at = 16,
						    .v_at = 32,
						    .causal = true,
						    .dropout = 0.1});
	y = heed_residual(tape, x, y, 0.3);
	loss = heed_linear_cross_entropy(tape, y, e, NULL,
					 (heed_cross_entropy_options){.targets = targets, .smoothing = 0.1});
	assert_int_equal(heed_tape_backward(tape, loss), HEED_OK);
	memcpy(dw, wt->grad, sizeof w);
}

static void same_bytes_at_any_thread_count(void **state)
{
	static const int threads[] = {1, 2, 3, 8};
	float first[48 * 16], dw[48 * 16];

	(void)state;
	for (int i = 0; i < 4; i++) {
		heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads[i], .seed = 9});
		heed_tape *tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);

		small_graph(tape, i == 0 ? first : dw);
		if (i > 0)
			assert_memory_equal(first, dw, sizeof dw);
		heed_tape_free(tape);
		heed_ctx_free(ctx);
	}
}

static void no_allocation_in_the_steady_state(void **state)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2});
	heed_tape *tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	uint64_t before = 0;
	float dw[48 * 16];

	(void)state;
	for (uint32_t step = 0; step < 20; step++) {
		if (step == 2)
			before = heed_ctx_memory(ctx).allocations;
		heed_tape_reset(tape, step);
		small_graph(tape, dw);
	}
	heed_tape_reset(tape, 0);
	assert_int_equal(heed_ctx_memory(ctx).allocations, before);
	heed_tape_free(tape);
	heed_ctx_free(ctx);
}

static void the_first_error_stays(void **state)
{
	heed_ctx *ctx = heed_ctx_new(NULL);
	heed_tape *tape = heed_tape_new(ctx, 0);
	float data[6] = {0};
	heed_tensor *x = heed_named(tape, heed_leaf_matrix(tape, data, 2, 3), "x"),
		    *w = heed_leaf_matrix(tape, data, 3, 2);

	(void)state;
	assert_null(heed_linear(tape, x, w, NULL, HEED_ACT_NONE, 0));
	assert_null(heed_residual(tape, NULL, x, 0));
	assert_null(heed_residual(tape, x, x, 0));
	assert_int_equal(heed_tape_code(tape), HEED_E_SHAPE);
	assert_string_equal(heed_error_message(ctx),
			    "linear: x is [2,3] but w is [3,2]; last axes must agree (x)");
	heed_tape_reset(tape, 0);
	assert_int_equal(heed_tape_code(tape), HEED_OK);
	heed_tape_free(tape);
	heed_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_passes),
		cmocka_unit_test(same_bytes_at_any_thread_count),
		cmocka_unit_test(no_allocation_in_the_steady_state),
		cmocka_unit_test(the_first_error_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
