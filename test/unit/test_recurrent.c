/* Recurrences as a whole: against plain loops in double, without gradients, at any number of threads, looked into, and
 * with states that are handed on. Each op alone is checked by its cases in test_ops. */
#include "heed/ops.h"
#include "nn/recurrent.h"
#include "tensor/tape.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { H = 10, SEQUENCES = 4, TOKENS = 15, LONGEST = 7, MOST = 4 * H };
enum cell { RNN, LSTM, GRU };

static const int start[] = {0, 3, 4, 11, 15}, sequence_of[] = {0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3};
static const heed_spans spans = {SEQUENCES, start};

/* What a recurrence reads, and the gradient of it all. */
typedef struct numbers {
	float x[TOKENS * MOST], w[MOST * H], h[SEQUENCES * H], c[SEQUENCES * H], bias[H];
} numbers;

typedef struct fixture {
	heed_ctx *ctx;
	heed_tape *tape;
	numbers n;
	float dy[TOKENS * H];
	heed_tensor *x, *w, *h, *c, *bias;
} fixture;

static int gates(enum cell kind)
{
	return kind == LSTM ? 4 : kind == GRU ? 3 : 1;
}

static void fill(float *x, size_t n, unsigned seed, float scale)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = scale * ((float)(seed >> 8) / (float)(1 << 23) - 1.0f);
	}
}

static void leaves(fixture *f, enum cell kind)
{
	const int g = gates(kind);

	f->x = heed_leaf(f->tape, f->n.x, 2, (int[]){TOKENS, g * H}, true);
	f->w = heed_leaf(f->tape, f->n.w, 2, (int[]){g * H, H}, true);
	f->h = heed_leaf(f->tape, f->n.h, 2, (int[]){SEQUENCES, H}, true);
	f->c = heed_leaf(f->tape, f->n.c, 2, (int[]){SEQUENCES, H}, true);
	f->bias = heed_leaf(f->tape, f->n.bias, 1, (int[]){H}, true);
}

static void make(fixture *f, enum cell kind, int threads, int flags)
{
	*f = (fixture){.ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads})};
	assert_non_null(f->ctx);
	f->tape = heed_tape_new(f->ctx, flags);
	assert_non_null(f->tape);
	fill(f->n.x, TOKENS * MOST, 1, 1);
	fill(f->n.w, MOST * H, 2, 0.6f);
	fill(f->n.h, SEQUENCES * H, 3, 1);
	fill(f->n.c, SEQUENCES * H, 4, 1);
	fill(f->n.bias, H, 5, 0.3f);
	fill(f->dy, TOKENS * H, 6, 1);
	leaves(f, kind);
}

static void destroy(fixture *f)
{
	heed_tape_free(f->tape);
	heed_ctx_free(f->ctx);
}

static heed_tensor *run(const fixture *f, enum cell kind, bool reverse)
{
	const heed_recurrence_options o = {spans, reverse};

	return kind == LSTM  ? heed_lstm(f->tape, f->x, f->w, f->h, f->c, NULL, o)
	       : kind == GRU ? heed_gru(f->tape, f->x, f->w, f->bias, f->h, o)
			     : heed_rnn(f->tape, f->x, f->w, f->h, HEED_ACT_TANH, o);
}

/* y with the last cell of an LSTM, or the last state, added to every row of its sequence: gradients come both ways. */
static heed_tensor *with_end(const fixture *f, enum cell kind, heed_tensor *y)
{
	heed_tensor *const end =
		heed_recurrence_read(f->tape, y, kind == LSTM ? HEED_RECURRENCE_CELL : HEED_RECURRENCE_STATE);

	return heed_residual(f->tape, y, heed_gather(f->tape, end, sequence_of, TOKENS), 0);
}

static void close_to(const char *what, const float *a, const double *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(fabs(a[i] - b[i]) <= 1e-5 * (1 + fabs(b[i]))))
			fail_msg("%s: number %zu is %.8g, expected %.8g", what, i, (double)a[i], b[i]);
}

/* --- the plain loop, one sequence at a time --- */

typedef struct plain {
	const fixture *f;
	enum cell kind;
	int tokens, token[LONGEST]; /* in the order of steps */
	double h[LONGEST + 1][H], c[LONGEST + 1][H], gate[LONGEST][MOST], sum[LONGEST][H];
	double out[TOKENS * H]; /* y with the end added */
	double dx[TOKENS * MOST], dw[MOST * H], dh0[SEQUENCES * H], dc0[SEQUENCES * H], dbias[H];
} plain;

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static void plain_step(plain *p, int t)
{
	const int g = gates(p->kind);
	double *const v = p->gate[t];

	for (int i = 0; i < g * H; i++) {
		v[i] = 0;
		for (int j = 0; j < H; j++)
			v[i] += (double)p->f->n.w[i * H + j] * p->h[t][j];
	}
	for (int i = 0; i < H; i++) {
		const float *x = p->f->n.x + p->token[t] * g * H;

		if (p->kind == RNN) {
			p->h[t + 1][i] = v[i] = tanh(v[i] + (double)x[i]);
		} else if (p->kind == LSTM) {
			for (int k = 0; k < 4; k++)
				v[k * H + i] = k == 2 ? tanh(v[k * H + i] + (double)x[k * H + i])
						      : sigmoid(v[k * H + i] + (double)x[k * H + i]);
			p->c[t + 1][i] = v[H + i] * p->c[t][i] + v[i] * v[2 * H + i];
			p->h[t + 1][i] = v[3 * H + i] * tanh(p->c[t + 1][i]);
		} else {
			v[i] = sigmoid(v[i] + (double)x[i]);
			v[H + i] = sigmoid(v[H + i] + (double)x[H + i]);
			p->sum[t][i] = v[2 * H + i] + (double)p->f->n.bias[i];
			v[2 * H + i] = tanh((double)x[2 * H + i] + v[i] * p->sum[t][i]);
			p->h[t + 1][i] = (1 - v[H + i]) * v[2 * H + i] + v[H + i] * p->h[t][i];
		}
	}
}

/* dh, dc: gradients of what step t gives, then of what it began with. */
static void plain_step_back(plain *p, int t, double *dh, double *dc)
{
	const int g = gates(p->kind);
	const double *const v = p->gate[t];
	double sums[MOST], *const dx = p->dx + p->token[t] * g * H, before[H] = {0};

	for (int i = 0; i < H; i++) {
		if (p->kind == RNN) {
			dx[i] = sums[i] = dh[i] * (1 - v[i] * v[i]);
		} else if (p->kind == LSTM) {
			const double tc = tanh(p->c[t + 1][i]),
				     d = dc[i] + dh[i] * v[3 * H + i] * (1 - tc * tc);

			sums[i] = d * v[2 * H + i] * v[i] * (1 - v[i]);
			sums[H + i] = d * p->c[t][i] * v[H + i] * (1 - v[H + i]);
			sums[2 * H + i] = d * v[i] * (1 - v[2 * H + i] * v[2 * H + i]);
			sums[3 * H + i] = dh[i] * tc * v[3 * H + i] * (1 - v[3 * H + i]);
			dc[i] = d * v[H + i];
			for (int k = 0; k < 4; k++)
				dx[k * H + i] = sums[k * H + i];
		} else {
			const double r = v[i], z = v[H + i], n = v[2 * H + i];
			const double dn = dh[i] * (1 - z) * (1 - n * n);

			dx[i] = sums[i] = dn * p->sum[t][i] * r * (1 - r);
			dx[H + i] = sums[H + i] = dh[i] * (p->h[t][i] - n) * z * (1 - z);
			dx[2 * H + i] = dn;
			sums[2 * H + i] = dn * r;
			p->dbias[i] += dn * r;
			before[i] = dh[i] * z;
		}
	}
	for (int i = 0; i < g * H; i++)
		for (int j = 0; j < H; j++) {
			p->dw[i * H + j] += sums[i] * p->h[t][j];
			before[j] += sums[i] * (double)p->f->n.w[i * H + j];
		}
	memcpy(dh, before, sizeof before);
}

static void plain_sequence(plain *p, int s, bool reverse)
{
	double dh[H], dc[H] = {0}, end[H] = {0};
	const int n = p->tokens = start[s + 1] - start[s];

	for (int i = 0; i < H; i++) {
		p->h[0][i] = (double)p->f->n.h[s * H + i];
		p->c[0][i] = (double)p->f->n.c[s * H + i];
	}
	for (int t = 0; t < n; t++) {
		p->token[t] = reverse ? start[s + 1] - 1 - t : start[s] + t;
		plain_step(p, t);
	}
	for (int t = 0; t < n; t++)
		for (int i = 0; i < H; i++) {
			p->out[p->token[t] * H + i] =
				p->h[t + 1][i] + (p->kind == LSTM ? p->c[n][i] : p->h[n][i]);
			end[i] += (double)p->f->dy[p->token[t] * H + i];
		}
	memset(dh, 0, sizeof dh);
	memcpy(p->kind == LSTM ? dc : dh, end, sizeof end);
	for (int t = n; t-- > 0;) {
		for (int i = 0; i < H; i++)
			dh[i] += (double)p->f->dy[p->token[t] * H + i];
		plain_step_back(p, t, dh, dc);
	}
	memcpy(p->dh0 + s * H, dh, sizeof dh);
	memcpy(p->dc0 + s * H, dc, sizeof dc);
}

static void agrees_with_plain_loop(enum cell kind, bool reverse)
{
	plain *const p = test_calloc(1, sizeof *p);
	heed_tensor *out;
	fixture f;

	make(&f, kind, 2, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	*p = (plain){.f = &f, .kind = kind};
	for (int s = 0; s < SEQUENCES; s++)
		plain_sequence(p, s, reverse);
	out = with_end(&f, kind, run(&f, kind, reverse));
	assert_non_null(out);
	close_to("y", out->data, p->out, TOKENS * H);
	assert_int_equal(heed__tape_backward_from(f.tape, out, f.dy), HEED_OK);
	close_to("dx", f.x->grad, p->dx, (size_t)(TOKENS * gates(kind) * H));
	close_to("dw", f.w->grad, p->dw, (size_t)(gates(kind) * H * H));
	close_to("dh", f.h->grad, p->dh0, SEQUENCES * H);
	if (kind == LSTM)
		close_to("dc", f.c->grad, p->dc0, SEQUENCES * H);
	if (kind == GRU)
		close_to("dbias", f.bias->grad, p->dbias, H);
	destroy(&f);
	test_free(p);
}

static void equals_a_plain_loop(void **state)
{
	(void)state;
	for (int kind = RNN; kind <= GRU; kind++) {
		agrees_with_plain_loop((enum cell)kind, false);
		agrees_with_plain_loop((enum cell)kind, true);
	}
}

/* Gradients of two recurrences over the same sums, with the same weights and states, add up. */
static void gradients_add_up(void **state)
{
	(void)state;
	for (int kind = RNN; kind <= GRU; kind++) {
		const size_t n = (size_t)(TOKENS * gates((enum cell)kind) * H);
		float dx[2][TOKENS * MOST], dh[2][SEQUENCES * H];
		heed_tensor *sum;
		fixture f;

		make(&f, (enum cell)kind, 1, HEED_TAPE_GRAD);
		for (int reverse = 0; reverse < 2; reverse++) {
			heed_tape_reset(f.tape, 0);
			leaves(&f, (enum cell)kind);
			sum = run(&f, (enum cell)kind, reverse != 0);
			assert_int_equal(heed__tape_backward_from(f.tape, sum, f.dy), HEED_OK);
			memcpy(dx[reverse], f.x->grad, n * sizeof(float));
			memcpy(dh[reverse], f.h->grad, sizeof dh[0]);
		}
		heed_tape_reset(f.tape, 0);
		leaves(&f, (enum cell)kind);
		sum = heed_residual(f.tape, run(&f, (enum cell)kind, false), run(&f, (enum cell)kind, true),
				    0);
		assert_int_equal(heed__tape_backward_from(f.tape, sum, f.dy), HEED_OK);
		for (size_t i = 0; i < n; i++)
			assert_float_equal(f.x->grad[i], dx[0][i] + dx[1][i], 1e-5);
		for (int i = 0; i < SEQUENCES * H; i++)
			assert_float_equal(f.h->grad[i], dh[0][i] + dh[1][i], 1e-5);
		destroy(&f);
	}
}

/* Without a backward pass the steps share one block of memory: the same bits. */
static void same_without_gradients(void **state)
{
	(void)state;
	for (int kind = RNN; kind <= GRU; kind++) {
		fixture a, b;
		const heed_tensor *x, *y;

		make(&a, (enum cell)kind, 1, HEED_TAPE_GRAD);
		make(&b, (enum cell)kind, 1, 0);
		x = with_end(&a, (enum cell)kind, run(&a, (enum cell)kind, true));
		y = with_end(&b, (enum cell)kind, run(&b, (enum cell)kind, true));
		assert_non_null(x);
		assert_non_null(y);
		assert_memory_equal(x->data, y->data, TOKENS * H * sizeof(float));
		assert_true(heed_tape_used(b.tape).data_bytes < heed_tape_used(a.tape).data_bytes);
		destroy(&a);
		destroy(&b);
	}
}

static void same_bytes_at_any_thread_count(void **state)
{
	static const int threads[] = {1, 2, 3, 8};
	float first[MOST * H];

	(void)state;
	for (int kind = RNN; kind <= GRU; kind++)
		for (int i = 0; i < 4; i++) {
			const size_t bytes = (size_t)(gates((enum cell)kind) * H * H) * sizeof(float);
			fixture f;
			heed_tensor *y;

			make(&f, (enum cell)kind, threads[i], HEED_TAPE_GRAD);
			y = with_end(&f, (enum cell)kind, run(&f, (enum cell)kind, false));
			assert_int_equal(heed__tape_backward_from(f.tape, y, f.dy), HEED_OK);
			if (i == 0)
				memcpy(first, f.w->grad, bytes);
			else
				assert_memory_equal(first, f.w->grad, bytes);
			destroy(&f);
		}
}

static void no_allocation_in_the_steady_state(void **state)
{
	uint64_t before = 0;
	fixture f;

	(void)state;
	make(&f, LSTM, 2, HEED_TAPE_GRAD);
	for (uint32_t step = 0; step < 10; step++) {
		if (step == 2)
			before = heed_ctx_memory(f.ctx).allocations;
		heed_tape_reset(f.tape, step);
		leaves(&f, LSTM);
		assert_int_equal(
			heed__tape_backward_from(f.tape, with_end(&f, LSTM, run(&f, LSTM, false)), f.dy),
			HEED_OK);
	}
	assert_int_equal(heed_ctx_memory(f.ctx).allocations, before);
	destroy(&f);
}

/* y = o tanh(c) and c = f c' + i g with the gates and cells that are read. */
static void gates_and_cells_explain_the_states(void **state)
{
	heed_tensor *y, *gate, *c;
	fixture f;

	(void)state;
	make(&f, LSTM, 1, HEED_TAPE_WEIGHTS);
	y = run(&f, LSTM, false);
	gate = heed_recurrence_read(f.tape, y, HEED_RECURRENCE_GATES);
	c = heed_recurrence_read(f.tape, y, HEED_RECURRENCE_CELLS);
	assert_non_null(gate);
	assert_non_null(c);
	for (int i = 0; i < TOKENS; i++)
		for (int j = 0; j < H; j++) {
			const float *v = gate->data + i * 4 * H + j;
			const int s = sequence_of[i];
			const float last = i == start[s] ? f.n.c[s * H + j] : c->data[(i - 1) * H + j];

			assert_float_equal(c->data[i * H + j], v[H] * last + v[0] * v[2 * H], 1e-6);
			assert_float_equal(y->data[i * H + j], v[3 * H] * tanhf(c->data[i * H + j]), 1e-6);
		}
	destroy(&f);
}

static void gates_are_kept_only_where_wanted(void **state)
{
	fixture f;

	(void)state;
	make(&f, GRU, 1, 0);
	assert_null(heed_recurrence_read(f.tape, run(&f, GRU, false), HEED_RECURRENCE_GATES));
	assert_string_equal(
		heed_error_message(f.ctx),
		"recurrence_read: gates and cells are kept by a tape with HEED_TAPE_WEIGHTS only");
	destroy(&f);
}

/* --- stacks --- */

typedef struct stack {
	heed_ctx *ctx;
	heed_params *params;
	heed_tape *tape;
	heed__recurrent r;
	float x[TOKENS * H];
} stack;

static void make_stack(stack *s, enum heed__cell_kind cell, int layers, int projected, bool both, int flags)
{
	*s = (stack){.ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2, .seed = 5})};
	assert_non_null(s->ctx);
	s->params = heed_params_new(s->ctx);
	s->r = heed__recurrent_new(s->params,
				   &(heed__recurrent_shape){.cell = cell,
							    .layers = layers,
							    .in = H,
							    .units = 6,
							    .projected = projected,
							    .both = both,
							    .forget_bias = 1},
				   "rnn");
	assert_int_equal(heed_params_commit(s->params, false, true), HEED_OK);
	s->tape = heed_tape_new(s->ctx, flags);
	assert_non_null(s->tape);
	fill(s->x, TOKENS * H, 9, 1);
}

static void destroy_stack(stack *s)
{
	heed_tape_free(s->tape);
	heed_params_free(s->params);
	heed_ctx_free(s->ctx);
}

/* Rows [first, first + count) of x as sequences of `length` each. */
static heed_tensor *run_rows(stack *s, int first, const int *from, int sequences, float *carry)
{
	heed__recurrent_states begin = {0}, end = {0};
	heed_tensor *x = heed_leaf_matrix(s->tape, s->x + first * H, from[sequences], H), *y;

	heed__recurrent_take_up(s->tape, &s->r, carry, sequences, &begin);
	y = heed__recurrent_run(s->tape, &s->r, x, (heed_spans){sequences, from}, &begin, &end);
	heed__recurrent_hand_on(&s->r, &end, sequences, carry);
	assert_non_null(y);
	return y;
}

/* One sequence in three windows is the sequence at once. */
static void hands_on(enum heed__cell_kind cell, int projected)
{
	static const int whole[] = {0, 12}, window[] = {0, 4};
	float carry[64] = {0};
	stack s;
	const heed_tensor *all;

	make_stack(&s, cell, 2, projected, false, 0);
	assert_true(heed__recurrent_carry(&s.r) <= 64);
	all = run_rows(&s, 0, whole, 1, NULL);
	for (int w = 0; w < 3; w++) {
		const heed_tensor *y = run_rows(&s, 4 * w, window, 1, carry);

		for (int i = 0; i < 4 * s.r.width; i++)
			assert_float_equal(y->data[i], all->data[4 * w * s.r.width + i], 1e-6);
	}
	destroy_stack(&s);
}

static void windows_hand_their_states_on(void **state)
{
	(void)state;
	hands_on(HEED__CELL_TANH, 0);
	hands_on(HEED__CELL_LSTM, 0);
	hands_on(HEED__CELL_LSTM, 4);
	hands_on(HEED__CELL_GRU, 0);
}

/* The second direction is the first one on a text that is turned round. */
static void both_directions(void **state)
{
	static const int one[] = {0, 5};
	float turned[5 * H];
	const heed_tensor *y, *z;
	stack s;

	(void)state;
	make_stack(&s, HEED__CELL_LSTM, 1, 0, true, HEED_TAPE_WEIGHTS);
	for (int i = 0; i < 5; i++)
		memcpy(turned + i * H, s.x + (4 - i) * H, sizeof(float) * H);
	y = run_rows(&s, 0, one, 1, NULL);
	assert_int_equal(y->dim[1], 12);
	assert_non_null(heed_tape_find(s.tape, "rnn0"));
	assert_int_equal(heed_tape_find(s.tape, "rnn0.back.gates")->dim[1], 24);
	assert_int_equal(heed_tape_find(s.tape, "rnn0.cells")->dim[1], 6);
	s.r.layers[0] = s.r.layers[1];
	s.r.shape.both = false;
	memcpy(s.x, turned, sizeof turned);
	z = run_rows(&s, 0, one, 1, NULL);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 6; j++)
			assert_float_equal(y->data[i * 12 + 6 + j], z->data[(4 - i) * 6 + j], 1e-6);
	destroy_stack(&s);
}

/* --- additive attention --- */

/* Queries that name their sequences get what one query a sequence gets, and the weights are kept. */
static void queries_name_their_sequences(void **state)
{
	static const int source[] = {2, 0, 3, 3, 1};
	float q[5 * H], named[5 * H], k[TOKENS * H], v[H];
	heed_tensor *kt, *vt, *one, *many;
	heed_weights weights;
	fixture f;

	(void)state;
	make(&f, RNN, 2, HEED_TAPE_WEIGHTS);
	fill(q, SEQUENCES * H, 11, 1);
	fill(k, TOKENS * H, 12, 1);
	fill(v, H, 13, 1);
	for (int i = 0; i < 5; i++)
		memcpy(named + i * H, q + source[i] * H, sizeof(float) * H);
	kt = heed_leaf_matrix(f.tape, k, TOKENS, H);
	vt = heed_leaf(f.tape, v, 1, (int[]){H}, false);
	one = heed_additive_attention(f.tape, heed_leaf_matrix(f.tape, q, SEQUENCES, H), kt, f.x, vt,
				      (heed_additive_options){.name = "look", .keys = spans});
	many = heed_additive_attention(f.tape, heed_leaf_matrix(f.tape, named, 5, H), kt, f.x, vt,
				       (heed_additive_options){.keys = spans, .source = source});
	assert_non_null(one);
	assert_non_null(many);
	for (int i = 0; i < 5; i++)
		assert_memory_equal(many->data + i * H, one->data + source[i] * H, sizeof(float) * H);
	assert_int_equal(heed_tape_weights_count(f.tape), 1);
	weights = heed_tape_weights(f.tape, 0);
	assert_string_equal(weights.name, "look");
	for (int s = 0; s < SEQUENCES; s++) {
		double sum = 0, first = 0;

		assert_int_equal(weights.queries.start[s + 1] - weights.queries.start[s], 1);
		for (int j = 0; j < start[s + 1] - start[s]; j++) {
			sum += (double)weights.data[weights.start[s] + (size_t)j];
			first += (double)weights.data[weights.start[s] + (size_t)j] *
				 (double)f.n.x[(start[s] + j) * H];
		}
		assert_float_equal(sum, 1, 1e-6);
		assert_float_equal(first, one->data[s * H], 1e-6);
	}
	destroy(&f);
}

/* --- pooling --- */

/* Of rows that are alike, the first one has the maximum. */
static void a_maximum_has_one_row(void **state)
{
	static const int from[] = {0, 3};
	const float dy[] = {1, 2};
	float x[] = {1, 5, 4, 5, 4, 3};
	fixture f;
	heed_tensor *leaf, *y;

	(void)state;
	make(&f, RNN, 1, HEED_TAPE_GRAD);
	leaf = heed_leaf(f.tape, x, 2, (int[]){3, 2}, true);
	y = heed_pool(f.tape, leaf, (heed_spans){1, from}, HEED_POOL_MAX);
	assert_memory_equal(y->data, ((float[]){4, 5}), sizeof dy);
	assert_int_equal(heed__tape_backward_from(f.tape, y, dy), HEED_OK);
	assert_memory_equal(leaf->grad, ((float[]){0, 2, 1, 0, 0, 0}), sizeof x);
	destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_a_plain_loop),
		cmocka_unit_test(gradients_add_up),
		cmocka_unit_test(same_without_gradients),
		cmocka_unit_test(same_bytes_at_any_thread_count),
		cmocka_unit_test(no_allocation_in_the_steady_state),
		cmocka_unit_test(gates_and_cells_explain_the_states),
		cmocka_unit_test(gates_are_kept_only_where_wanted),
		cmocka_unit_test(windows_hand_their_states_on),
		cmocka_unit_test(both_directions),
		cmocka_unit_test(queries_name_their_sequences),
		cmocka_unit_test(a_maximum_has_one_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
