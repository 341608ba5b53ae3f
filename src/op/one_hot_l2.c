/* one_hot_l2: the mean squared distance of x W^T from rows that are 1 at their target and 0 elsewhere.
 *
 *	x [T, D]   w [V, D]   loss: one number
 *	loss = 1/weight sum_i |onehot(target_i) - W x_i|^2
 *	     = 1/weight sum_i (1 - 2 w_(target_i) . x_i + x_i^T G x_i),  G = W^T W [D, D]
 *
 * The second form needs no [T, V] at all, and 2 V D^2 operations instead of 2 T V D. It takes small differences of
 * numbers near 1: a loss below 1e-6 is rounding. Saved: dx [T, D] for a gradient of one with respect to the loss. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef heed_one_hot_l2_options attr;

enum { X, W };
#define GRAIN  64 /* rows of x a chunk */
#define SLICES 16 /* of the rows of W, for the scattered sums */

/* The parts of scratch, in order: a square [D, D], then x G [T, D] unless it is saved, then the sums of the chunks. */
static size_t square_floats(const heed_node *node)
{
	const size_t d = (size_t)node->in[X]->dim[1];

	return (d * d + 15) / 16 * 16;
}

static size_t product_floats(const heed_node *node)
{
	return node->grad ? 0 : (heed_tensor_size(node->in[X]) + 15) / 16 * 16;
}

static float *product(const heed_node *node)
{
	return node->grad ? node->saved : node->scratch + square_floats(node);
}

static double *sums(const heed_node *node)
{
	return (double *)(void *)(node->scratch + square_floats(node) + product_floats(node));
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *x = node->in[X], *w = node->in[W];
	const attr *a = node->attr;

	if (x->rank != 2 || w->rank != 2 || x->dim[1] != w->dim[1])
		return heed__misfit(node, "x is [%d,%d] but w is [%d,%d]; last axes must agree", x->dim[0],
				    x->dim[1], w->dim[0], w->dim[1]);
	if (a->weight < 0)
		return heed__misfit(node, "weight is %lld; expected 0 or more", (long long)a->weight);
	for (int i = 0; i < x->dim[0]; i++)
		if (a->targets[i] < 0 || a->targets[i] >= w->dim[0])
			return heed__misfit(node, "target %d of token %d is outside the vocabulary of %d",
					    a->targets[i], i, w->dim[0]);
	node->out->rank = 1;
	node->out->dim[0] = 1;
	node->saved_floats = node->grad ? heed_tensor_size(x) : 0;
	node->scratch_floats = square_floats(node) + product_floats(node) +
			       (size_t)heed__row_chunks(x->dim[0], GRAIN) * sizeof(double) / sizeof(float);
	return HEED_OK;
}

static double weight_of(const heed_node *node)
{
	const attr *a = node->attr;

	return a->weight > 0 ? (double)a->weight : node->in[X]->dim[0] > 0 ? node->in[X]->dim[0] : 1;
}

static const float *target_row(const heed_node *node, int i)
{
	const attr *a = node->attr;

	return node->in[W]->data + (size_t)a->targets[i] * (size_t)node->in[W]->dim[1];
}

/* The distances of rows, and their gradients over x G. */
static void measure(heed_node *node, int row0, int row1, int chunk)
{
	const attr *a = node->attr;
	const struct heed__kernels *const k = node->kernels;
	const size_t d = (size_t)node->in[X]->dim[1];
	const float scale = (float)(2 / weight_of(node));
	double sum = 0;

	for (int i = row0; i < row1; i++) {
		const float *const x = node->in[X]->data + (size_t)i * d, *const w = target_row(node, i);
		float *const xg = product(node) + (size_t)i * d;
		const double squared = 1 - 2 * (double)k->dot(d, w, x) + (double)k->dot(d, x, xg);

		sum += squared;
		if (a->squared != NULL)
			a->squared[i] = (float)squared;
		if (node->grad) { /* dx = 2/weight (x G - w_target) */
			k->axpy(d, -1, w, xg);
			k->scale(d, scale, xg, xg);
		}
	}
	sums(node)[chunk] = sum;
}

/* [D, D] = m^T m of a matrix m [rows, D], into the square. */
static void square(heed_node *node, const heed_tensor *m)
{
	const int rows = m->dim[0], d = m->dim[1];
	const heed__gemm g = {.m = d,
			      .n = d,
			      .k = rows,
			      .a = m->data,
			      .a_row = 1,
			      .a_col = d,
			      .b = m->data,
			      .b_row = d,
			      .b_col = 1,
			      .c = node->scratch,
			      .ldc = d};

	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
}

/* c (+)= m S with the square S. */
static void times_square(heed_node *node, const heed_tensor *m, float *c, bool accumulate)
{
	const int rows = m->dim[0], d = m->dim[1];
	const heed__gemm g = {.m = rows,
			      .n = d,
			      .k = d,
			      .a = m->data,
			      .a_row = d,
			      .a_col = 1,
			      .b = node->scratch,
			      .b_row = d,
			      .b_col = 1,
			      .c = c,
			      .ldc = d,
			      .accumulate = accumulate};

	heed__tape_fail(node->tape, heed__gemm_run(node->ctx, &g));
}

static void forward(heed_node *node)
{
	const int rows = node->in[X]->dim[0];
	double loss = 0;

	square(node, node->in[W]);
	times_square(node, node->in[X], product(node), false);
	heed__for_rows(node, rows, GRAIN, measure);
	for (int c = 0; c < heed__row_chunks(rows, GRAIN); c++)
		loss += sums(node)[c];
	node->out->data[0] = (float)(loss / weight_of(node));
}

/* dw_(target_i) -= 2 dloss/weight x_i: each slice of W takes its own rows, in order. */
static void scatter(heed_node *node, int v0, int v1, int chunk)
{
	const attr *a = node->attr;
	const heed_tensor *x = node->in[X];
	const size_t d = (size_t)x->dim[1];
	const float scale = (float)(-2 * (double)node->out->grad[0] / weight_of(node));

	(void)chunk;
	for (int i = 0; i < x->dim[0]; i++)
		if (a->targets[i] >= v0 && a->targets[i] < v1)
			node->kernels->axpy(d, scale, x->data + (size_t)i * d,
					    node->in[W]->grad + (size_t)a->targets[i] * d);
}

static void backward(heed_node *node)
{
	heed_tensor *const x = node->in[X], *const w = node->in[W];
	const size_t d = (size_t)x->dim[1];
	const float g = node->out->grad[0];
	bool accumulate;
	float *grad = heed__grad_of(node, x, &accumulate);

	if (grad != NULL && accumulate)
		node->kernels->axpy(heed_tensor_size(x), g, node->saved, grad);
	else if (grad != NULL)
		node->kernels->scale(heed_tensor_size(x), g, node->saved, grad);
	grad = heed__grad_of(node, w, &accumulate);
	if (grad == NULL)
		return;
	/* dW = 2 dloss/weight W S, S = x^T x, and the rows of the targets */
	square(node, x);
	node->kernels->scale(d * d, (float)(2 * (double)g / weight_of(node)), node->scratch, node->scratch);
	times_square(node, w, grad, accumulate);
	heed__for_rows(node, w->dim[0], w->dim[0] / SLICES + 1, scatter);
}

static bool keeps_result(const heed_node *node)
{
	(void)node;
	return false;
}

static double flops(const heed_node *node)
{
	const double d = node->in[X]->dim[1];

	return 2 * d * d * ((double)node->in[W]->dim[0] + node->in[X]->dim[0]);
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	heed_tensor *x = heed__case_leaf(inputs, n[0], n[1]), *w = heed__case_leaf(inputs, n[2], n[1] + n[4]);
	const int *targets = heed__case_ids(inputs, n[0], n[2] + n[5]);

	return heed_one_hot_l2(tape, x, w, (heed_one_hot_l2_options){.targets = targets, .weight = n[3]});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {5, 4, 7}},
	{.name = "one of each", build, {1, 1, 1}},
	{.name = "several chunks", build, {150, 3, 20}},
	{.name = "other weight", build, {5, 4, 7, 9}},
	{.name = "no rows", build, {0, 4, 7}},
	{.name = "inner axes differ", build, {5, 4, 7, 0, 1}, .bad = true},
	{.name = "target outside", build, {40, 4, 7, 0, 0, 7}, .bad = true},
	{.name = "weight below 0", build, {5, 4, 7, -1}, .bad = true},
	{.name = "a batch", build, {3500, 128, 10000}, .timed = true},
	{0},
};

const heed_op heed__op_one_hot_l2 = {
	.name = "one_hot_l2",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.keeps_result = keeps_result,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_one_hot_l2(heed_tape *tape, heed_tensor *x, heed_tensor *w, heed_one_hot_l2_options options)
{
	return heed__record(tape, &heed__op_one_hot_l2, (heed_tensor *[]){x, w}, 2, &options);
}
