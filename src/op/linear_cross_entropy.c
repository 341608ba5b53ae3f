/* linear_cross_entropy: the mean cross-entropy of softmax(x W^T + b), in blocks of rows.
 *
 *	x [T, D]   w [V, D]   b [V] or absent   loss: one number
 *	loss = 1/weight sum_i (lse_i - (1-eps) z_(i,target_i) - eps/V sum_j z_ij),  z = x W^T + b
 *
 * The logits of a block stand in scratch only while it is worked on. When gradients are wanted they are
 * computed there and then, for a gradient of one with respect to the loss, because the logits will be gone:
 *
 *	dz_i = (softmax(z_i) - (1-eps) onehot(target_i) - eps/V) / weight;  dx = dz W;  dW = dz^T x;  db = sum_i dz_i
 *
 * Saved: dx [T, D], dW [V, D], db [V]; the backward pass scales and adds them. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef heed_cross_entropy_options attr;

enum { X, W, B };
#define BLOCK 256 /* rows whose logits stand in scratch together */
#define GRAIN 8   /* rows of logits a chunk */

/* The parts of scratch, in order. */
typedef struct scratch {
	float *logits;             /* [BLOCK, V] */
	float *forward, *backward; /* W packed for z = x W^T and for dx = dz W */
	double *losses;            /* [BLOCK / GRAIN] */
} scratch;

static int block_rows(const heed_node *node)
{
	return node->in[X]->dim[0] < BLOCK ? node->in[X]->dim[0] : BLOCK;
}

static size_t round16(size_t floats)
{
	return (floats + 15) / 16 * 16;
}

/* The floats of scratch; with `s` also where its parts are. */
static size_t lay_out(const heed_node *node, scratch *s)
{
	const int v = node->in[W]->dim[0], d = node->in[W]->dim[1];
	const size_t logits = round16((size_t)block_rows(node) * (size_t)v);
	const size_t forward = round16(heed__gemm_packed_size(node->ctx, d, v));
	const size_t backward = node->grad ? round16(heed__gemm_packed_size(node->ctx, v, d)) : 0;
	const size_t losses = (BLOCK / GRAIN + 1) * sizeof(double) / sizeof(float);

	if (s != NULL) {
		s->logits = node->scratch;
		s->forward = s->logits + logits;
		s->backward = s->forward + forward;
		s->losses = (double *)(void *)(s->backward + backward);
	}
	return logits + forward + backward + losses;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X], *w = node->in[W], *b = node->in[B];
	const attr *a = node->attr;

	if (x->rank != 2 || w->rank != 2 || x->dim[1] != w->dim[1])
		return heed__misfit(node, "x is [%d,%d] but w is [%d,%d]; last axes must agree", x->dim[0],
				    x->dim[1], w->dim[0], w->dim[1]);
	if (b != NULL && (b->rank != 1 || b->dim[0] != w->dim[0]))
		return heed__misfit(node, "bias has %d numbers but w is [%d,%d]", b->dim[0], w->dim[0],
				    w->dim[1]);
	if (a->smoothing < 0 || a->smoothing >= 1 || a->weight < 0)
		return heed__misfit(
			node, "smoothing is %g and weight %lld; expected 0 <= smoothing < 1 and weight >= 0",
			a->smoothing, (long long)a->weight);
	for (int i = 0; i < x->dim[0]; i++)
		if (a->targets[i] < 0 || a->targets[i] >= w->dim[0])
			return heed__misfit(node, "target %d of token %d is outside the vocabulary of %d",
					    a->targets[i], i, w->dim[0]);
	node->out->rank = 1;
	node->out->dim[0] = 1;
	if (node->grad)
		node->saved_floats =
			heed_tensor_size(x) + heed_tensor_size(w) + (b != NULL ? (size_t)b->dim[0] : 0);
	node->scratch_floats = lay_out(node, NULL);
	return HEED_OK;
}

static double weight_of(const heed_node *node)
{
	const attr *a = node->attr;

	return a->weight > 0 ? (double)a->weight : node->in[X]->dim[0] > 0 ? node->in[X]->dim[0] : 1;
}

/* One block of rows on its way: softmax, losses, and dz written over the logits. */
typedef struct block {
	heed_node *node;
	scratch s;
	int row0, rows;
} block;

static void run_rows(void *arg, int chunk, int thread)
{
	const block *const b = arg;
	const attr *a = b->node->attr;
	const int v = b->node->in[W]->dim[0], at = chunk * GRAIN, row = b->row0 + at;
	const int rows = b->rows - at < GRAIN ? b->rows - at : GRAIN;

	(void)thread;
	b->s.losses[chunk] = b->node->kernels->cross_entropy(
		rows, v, b->s.logits + (size_t)at * (size_t)v, v, a->targets + row, (float)a->smoothing,
		b->node->grad, (float)(1.0 / weight_of(b->node)), a->nll != NULL ? a->nll + row : NULL);
}

static void block_logits(const block *k)
{
	const heed_tensor *x = k->node->in[X], *w = k->node->in[W], *b = k->node->in[B];
	const int v = w->dim[0], d = w->dim[1];
	const heed__gemm g = {.m = k->rows,
			      .n = v,
			      .k = d,
			      .a = x->data + (size_t)k->row0 * (size_t)d,
			      .a_row = d,
			      .a_col = 1,
			      .b = w->data,
			      .b_row = 1,
			      .b_col = d,
			      .packed = k->s.forward,
			      .c = k->s.logits,
			      .ldc = v,
			      .bias = b != NULL ? b->data : NULL};

	heed__tape_fail(k->node->tape, heed__gemm_run(k->node->ctx, &g));
}

static void block_gradients(const block *k)
{
	heed_node *const node = k->node;
	const heed_tensor *x = node->in[X], *w = node->in[W], *b = node->in[B];
	const int v = w->dim[0], d = w->dim[1];
	float *const dx = node->saved, *const dw = dx + heed_tensor_size(x),
		     *const db = dw + heed_tensor_size(w);
	const heed__gemm to_x = {.m = k->rows,
				 .n = d,
				 .k = v,
				 .a = k->s.logits,
				 .a_row = v,
				 .a_col = 1,
				 .b = w->data,
				 .b_row = d,
				 .b_col = 1,
				 .packed = k->s.backward,
				 .c = dx + (size_t)k->row0 * (size_t)d,
				 .ldc = d};
	const heed__gemm to_w = {.m = v,
				 .n = d,
				 .k = k->rows,
				 .a = k->s.logits,
				 .a_row = 1,
				 .a_col = v,
				 .b = x->data + (size_t)k->row0 * (size_t)d,
				 .b_row = d,
				 .b_col = 1,
				 .c = dw,
				 .ldc = d,
				 .accumulate = k->row0 > 0};

	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &to_x));
	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &to_w));
	if (b != NULL)
		node->kernels->column_sums(k->rows, v, k->s.logits, v, db);
}

static void pack(heed_node *node, const scratch *s)
{
	const heed_tensor *w = node->in[W];
	const int v = w->dim[0], d = w->dim[1];

	heed__gemm_pack(node->ctx, &(heed__gemm){.n = v, .k = d, .b = w->data, .b_row = 1, .b_col = d},
			s->forward);
	if (node->grad)
		heed__gemm_pack(node->ctx,
				&(heed__gemm){.n = d, .k = v, .b = w->data, .b_row = d, .b_col = 1},
				s->backward);
}

static void forward(heed_node *node)
{
	const int rows = node->in[X]->dim[0];
	block k = {.node = node};
	double loss = 0;

	lay_out(node, &k.s);
	pack(node, &k.s);
	if (node->grad)
		memset(node->saved, 0, node->saved_floats * sizeof *node->saved);
	for (; k.row0 < rows && heed_tape_code(node->tape) == HEED_OK; k.row0 += BLOCK) {
		k.rows = rows - k.row0 < BLOCK ? rows - k.row0 : BLOCK;
		block_logits(&k);
		heed__parallel(node->ctx, heed__row_chunks(k.rows, GRAIN), run_rows, &k);
		for (int c = 0; c < heed__row_chunks(k.rows, GRAIN); c++)
			loss += k.s.losses[c];
		if (node->grad)
			block_gradients(&k);
	}
	node->out->data[0] = (float)(loss / weight_of(node));
}

static void add_scaled(heed_node *node, heed_tensor *t, float g, const float *saved)
{
	bool accumulate;
	float *const grad = heed__grad_of(node, t, &accumulate);

	if (grad != NULL && accumulate)
		node->kernels->axpy(heed_tensor_size(t), g, saved, grad);
	else if (grad != NULL)
		node->kernels->scale(heed_tensor_size(t), g, saved, grad);
}

static void backward(heed_node *node)
{
	heed_tensor *const x = node->in[X], *const w = node->in[W];
	const float g = node->out->grad[0];
	const float *dw = node->saved + heed_tensor_size(x);

	add_scaled(node, x, g, node->saved);
	add_scaled(node, w, g, dw);
	add_scaled(node, node->in[B], g, dw + heed_tensor_size(w));
}

static double flops(const heed_node *node)
{
	return 2.0 * node->in[X]->dim[0] * node->in[W]->dim[0] * node->in[W]->dim[1];
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]), *w = heed__case_leaf(inputs, n[2], n[1] + n[5]);
	heed_tensor *b = n[3] ? heed__case_leaf(inputs, n[2], 0) : NULL;
	const int *targets = heed__case_ids(inputs, n[0], n[2] + n[6]);

	return heed_linear_cross_entropy(
		tape, x, w, b,
		(heed_cross_entropy_options){.targets = targets, .weight = n[7], .smoothing = n[4] / 100.0});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {5, 4, 7, 0, 10}},
	{.name = "bias, no smoothing", build, {4, 3, 6, 1}},
	{.name = "one class", build, {2, 3, 1}, .rough = true},
	{.name = "several blocks", build, {300, 2, 3, 1, 10}},
	{.name = "other weight", build, {5, 4, 7, 0, 10, 0, 0, 9}},
	{.name = "no rows", build, {0, 4, 7}},
	{.name = "inner axes differ", build, {5, 4, 7, 0, 10, 1}, .bad = true},
	{.name = "target outside", build, {40, 4, 7, 0, 10, 0, 7}, .bad = true},
	{.name = "a batch", build, {3500, 128, 10000, 0, 10}, .timed = true},
	{0},
};

const heed_op heed__op_linear_cross_entropy = {
	.name = "linear_cross_entropy",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_linear_cross_entropy(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *b,
				       heed_cross_entropy_options options)
{
	return heed__record(tape, &heed__op_linear_cross_entropy, (heed_tensor *[]){x, w, b}, 3, &options);
}
