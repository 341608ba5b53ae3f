/* linear: y = dropout(act(x W^T + b)).
 *
 *	x [T, in]   w [out, in]   b [out] or absent   y [T, out]
 *
 * Saved: what the derivative of the activation is computed from, when that is not y itself. */
#include "heed/ops.h"
#include "tensor/tape.h"

typedef struct attr {
	heed__act act;
	double dropout;
} attr;

enum { X, W, B };
#define GRAIN 64 /* rows a chunk */

static bool needs_pre(const attr *a)
{
	return a->act == HEED__ACT_GELU || a->act == HEED__ACT_SWISH;
}

/* tanh and sigmoid are differentiated from their value, which a dropout spoils. */
static bool needs_post(const attr *a)
{
	return (a->act == HEED__ACT_TANH || a->act == HEED__ACT_SIGMOID) && a->dropout > 0;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X], *w = node->in[W], *b = node->in[B];
	const attr *a = node->attr;
	const size_t size = (size_t)x->dim[0] * (size_t)w->dim[0];

	if (x->rank != 2 || w->rank != 2 || x->dim[1] != w->dim[1])
		return heed__misfit(node, "x is [%d,%d] but w is [%d,%d]; last axes must agree", x->dim[0],
				    x->dim[1], w->dim[0], w->dim[1]);
	if (b != NULL && (b->rank != 1 || b->dim[0] != w->dim[0]))
		return heed__misfit(node, "bias has %d numbers but w is [%d,%d]", b->dim[0], w->dim[0],
				    w->dim[1]);
	heed__shape_matrix(node, x->dim[0], w->dim[0]);
	node->saved_floats = node->grad && (needs_pre(a) || needs_post(a)) ? size : 0;
	node->scratch_floats = node->grad && (a->act != HEED__ACT_NONE || a->dropout > 0) ? size : 0;
	return HEED_OK;
}

static void drop_rows(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const size_t n = (size_t)node->out->dim[1], at = (size_t)row0 * n;
	float *y = node->out->data + at;

	(void)chunk;
	if (node->saved != NULL && needs_post(a))
		node->kernels->scale((size_t)(row1 - row0) * n, 1.0f, y, node->saved + at);
	node->kernels->dropout((size_t)(row1 - row0) * n, y, y, &mask, at);
}

static void forward(heed_node *node)
{
	const heed_tensor *x = node->in[X], *w = node->in[W], *b = node->in[B];
	const attr *a = node->attr;
	const heed__gemm product = {
		.m = x->dim[0],
		.n = w->dim[0],
		.k = x->dim[1],
		.a = x->data,
		.a_row = x->dim[1],
		.a_col = 1,
		.b = w->data,
		.b_row = 1,
		.b_col = w->dim[1],
		.c = node->out->data,
		.ldc = w->dim[0],
		.bias = b != NULL ? b->data : NULL,
		.act = a->act,
		.pre = node->saved_floats > 0 && needs_pre(a) ? node->saved : NULL,
	};

	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &product));
	if (node->train && a->dropout > 0)
		heed__for_rows(node, x->dim[0], GRAIN, drop_rows);
}

/* dz = dropout(dy) act'(z), z = x W^T + b, into scratch */
static void pre_gradient(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const heed__mask mask = heed__node_mask(node, a->dropout);
	const size_t n = (size_t)node->out->dim[1], at = (size_t)row0 * n, size = (size_t)(row1 - row0) * n;
	const float *saved = node->saved != NULL ? node->saved + at : NULL;
	const float *post = needs_post(a) && saved != NULL ? saved : node->out->data + at;

	(void)chunk;
	node->kernels->dropout(size, node->out->grad + at, node->scratch + at, &mask, at);
	if (a->act != HEED__ACT_NONE)
		node->kernels->act_grad(size, needs_pre(a) ? saved : NULL, post, node->scratch + at,
					node->scratch + at, a->act);
}

static void backward(heed_node *node)
{
	heed_tensor *x = node->in[X], *w = node->in[W], *b = node->in[B];
	const attr *a = node->attr;
	const int rows = x->dim[0], in = x->dim[1], out = w->dim[0];
	const float *dz = node->out->grad;
	heed__gemm g;
	bool accumulate;
	float *grad;

	if (a->act != HEED__ACT_NONE || (a->dropout > 0 && node->train)) {
		heed__for_rows(node, rows, GRAIN, pre_gradient);
		dz = node->scratch;
	}
	grad = heed__grad_of(node, x, &accumulate);
	if (grad != NULL) { /* dx = dz W */
		g = (heed__gemm){.m = rows,
				 .n = in,
				 .k = out,
				 .a = dz,
				 .a_row = out,
				 .a_col = 1,
				 .b = w->data,
				 .b_row = in,
				 .b_col = 1,
				 .c = grad,
				 .ldc = in,
				 .accumulate = accumulate};
		heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
	}
	grad = heed__grad_of(node, w, &accumulate);
	if (grad != NULL) { /* dW = dz^T x */
		g = (heed__gemm){.m = out,
				 .n = in,
				 .k = rows,
				 .a = dz,
				 .a_row = 1,
				 .a_col = out,
				 .b = x->data,
				 .b_row = in,
				 .b_col = 1,
				 .c = grad,
				 .ldc = in,
				 .accumulate = accumulate};
		heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
	}
	grad = heed__grad_add(node, b);
	if (grad != NULL) /* db = sum of the rows of dz */
		node->kernels->column_sums(rows, out, dz, out, grad);
}

/* Only the derivative of an activation may look at what came out. */
static bool keeps_result(const heed_node *node)
{
	const attr *a = node->attr;

	return a->act != HEED__ACT_NONE;
}

static double flops(const heed_node *node)
{
	return 2.0 * node->in[X]->dim[0] * node->in[W]->dim[0] * node->in[W]->dim[1];
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]), *w = heed__case_leaf(inputs, n[2], n[1] + n[5]);
	heed_tensor *b = n[3] ? heed__case_leaf(inputs, n[2] + n[6], 0) : NULL;

	return heed_linear(tape, x, w, b, (heed_activation)n[4], n[7] / 100.0);
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {5, 7, 3, 1, HEED_ACT_NONE}},
	{.name = "one number", build, {1, 1, 1, 0, HEED_ACT_NONE}},
	{.name = "relu", build, {9, 17, 33, 1, HEED_ACT_RELU}, .rough = true},
	{.name = "gelu", build, {4, 6, 5, 1, HEED_ACT_GELU}},
	{.name = "swish", build, {4, 6, 5, 0, HEED_ACT_SWISH}},
	{.name = "tanh", build, {4, 6, 5, 1, HEED_ACT_TANH}},
	{.name = "sigmoid", build, {4, 6, 5, 1, HEED_ACT_SIGMOID}},
	{.name = "dropout", build, {6, 8, 10, 1, HEED_ACT_NONE, 0, 0, 30}},
	{.name = "gelu and dropout", build, {6, 8, 10, 1, HEED_ACT_GELU, 0, 0, 30}},
	{.name = "tanh and dropout", build, {6, 8, 10, 1, HEED_ACT_TANH, 0, 0, 50}},
	{.name = "no rows", build, {0, 4, 3, 1, HEED_ACT_RELU}},
	{.name = "inner axes differ", build, {5, 7, 3, 1, HEED_ACT_NONE, 1}, .bad = true},
	{.name = "bias too long", build, {5, 7, 3, 1, HEED_ACT_NONE, 0, 1}, .bad = true},
	{.name = "feed-forward of a batch", build, {3500, 128, 256, 1, HEED_ACT_RELU}, .timed = true},
	{0},
};

const heed_op heed__op_linear = {
	.name = "linear",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_linear(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_tensor *b, heed_activation act,
			 double dropout)
{
	return heed__record(tape, &heed__op_linear, (heed_tensor *[]){x, w, b}, 3,
			    &(attr){(heed__act)act, dropout});
}
