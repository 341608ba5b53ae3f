/* attention: multi-head scaled dot-product attention over spans (Vaswani et al. 2017, equation 1, section 3.2.2).
 *
 *	q [Tq, ...]   kv [Tk, ...]   y [Tq, width]
 *	head h, sequence s:  y_i = sum_j w_ij v_j,  w_i = dropout(softmax_j(scale q_i . k_j))
 *
 * Saved: log sum exp of the scores [Tq, heads]; with HEED_TAPE_WEIGHTS the weights follow. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <math.h>

typedef heed_attention_options attr;

enum { Q, KV };
#define FEW 16 /* with fewer sequences a chunk is one head of one, otherwise all heads */

static int length(heed_spans spans, int s)
{
	return spans.start[s + 1] - spans.start[s];
}

static int mask_row(const attr *a, int s)
{
	return (length(a->keys, s) + 7) / 8 * 8;
}

static bool keeps_weights(const heed_node *node)
{
	return (heed_tape_flags(node->tape) & HEED_TAPE_WEIGHTS) != 0;
}

/* Where the numbers of sequence s begin: its dropout mask, or its kept weights. */
static heed_code number_sequences(heed_node *node, attr *a, size_t *weights)
{
	size_t next = 0;

	a->first = heed__tape_alloc(node->tape, (size_t)(a->queries.count + 1) * 2 * sizeof *a->first);
	if (a->first == NULL)
		return HEED_E_MEMORY;
	*weights = 0;
	for (int s = 0; s < a->queries.count; s++) {
		const size_t queries = (size_t)a->heads * (size_t)length(a->queries, s);

		a->first[s] = next;
		a->first[a->queries.count + 1 + s] = *weights;
		next += queries * (size_t)mask_row(a, s);
		*weights += queries * (size_t)length(a->keys, s);
	}
	a->first[a->queries.count] = next;
	a->first[2 * a->queries.count + 1] = *weights;
	return HEED_OK;
}

static heed_code shape(heed_node *node)
{
	const heed_tensor *q = node->in[Q], *kv = node->in[KV];
	attr *const a = node->attr;
	size_t weights;

	if (q->rank != 2 || kv->rank != 2 || a->queries.count != a->keys.count ||
	    heed_spans_rows(a->queries) != q->dim[0] || heed_spans_rows(a->keys) != kv->dim[0])
		return heed__misfit(
			node, "%d sequences of queries in [%d,%d], %d of keys in [%d,%d]; must agree",
			a->queries.count, q->dim[0], q->dim[1], a->keys.count, kv->dim[0], kv->dim[1]);
	if (a->heads < 1 || a->width < 1 || a->width % a->heads != 0)
		return heed__misfit(node, "width %d does not divide into %d heads", a->width, a->heads);
	if (a->q_at < 0 || a->k_at < 0 || a->v_at < 0 || a->q_at > q->dim[1] - a->width ||
	    a->k_at > kv->dim[1] - a->width || a->v_at > kv->dim[1] - a->width)
		return heed__misfit(node, "width %d from columns %d, %d, %d leaves q [%d,%d] or kv [%d,%d]",
				    a->width, a->q_at, a->k_at, a->v_at, q->dim[0], q->dim[1], kv->dim[0],
				    kv->dim[1]);
	for (int s = 0; a->causal && s < a->queries.count; s++)
		if (length(a->queries, s) > length(a->keys, s))
			return heed__misfit(node, "causal, but sequence %d has %d queries and %d keys", s,
					    length(a->queries, s), length(a->keys, s));
	if (node->grad && q->needs_grad != kv->needs_grad)
		return heed__misfit(node, "gradients are wanted of one side only");
	heed__shape_matrix(node, q->dim[0], a->width);
	if (number_sequences(node, a, &weights) != HEED_OK)
		return HEED_E_MEMORY;
	node->saved_floats = (size_t)q->dim[0] * (size_t)a->heads + (keeps_weights(node) ? weights : 0);
	return HEED_OK;
}

/* The kernel's view of one head of one sequence. */
static heed__attend head_of(const heed_node *node, int s, int h)
{
	const heed_tensor *q = node->in[Q], *kv = node->in[KV];
	const attr *a = node->attr;
	const int d = a->width / a->heads, queries = length(a->queries, s), keys = length(a->keys, s);
	const ptrdiff_t q0 = a->queries.start[s], k0 = a->keys.start[s];
	heed__attend x = {
		.queries = queries,
		.keys = keys,
		.width = d,
		.q = q->data + q0 * q->dim[1] + a->q_at + h * d,
		.q_row = q->dim[1],
		.k = kv->data + k0 * kv->dim[1] + a->k_at + h * d,
		.k_row = kv->dim[1],
		.v = kv->data + k0 * kv->dim[1] + a->v_at + h * d,
		.v_row = kv->dim[1],
		.causal = a->causal,
		.scale = (float)(a->scale > 0 ? a->scale : 1.0 / sqrt(d)),
		.mask = heed__node_mask(node, a->dropout),
		.mask_first = a->first[s] + (size_t)h * (size_t)queries * (size_t)mask_row(a, s),
		.mask_row = mask_row(a, s),
		.out = node->out->data + q0 * a->width + h * d,
		.out_row = a->width,
		.lse = node->saved + q0 * a->heads + h,
		.lse_row = a->heads,
	};

	if (keeps_weights(node))
		x.weights = node->saved + (size_t)node->out->dim[0] * (size_t)a->heads +
			    a->first[a->queries.count + 1 + s] + (size_t)h * (size_t)queries * (size_t)keys;
	return x;
}

/* Calls one(node, sequence, head, thread) for all, in chunks that depend on the shapes alone. */
typedef struct heads_job {
	heed_node *node;
	void (*one)(heed_node *node, int sequence, int head, int thread);
} heads_job;

static void run_heads(void *arg, int chunk, int thread)
{
	const heads_job *const j = arg;
	const attr *a = j->node->attr;

	if (a->queries.count < FEW) {
		j->one(j->node, chunk / a->heads, chunk % a->heads, thread);
		return;
	}
	for (int h = 0; h < a->heads; h++)
		j->one(j->node, chunk, h, thread);
}

static void for_heads(heed_node *node, void (*one)(heed_node *, int, int, int))
{
	const attr *a = node->attr;
	heads_job job = {node, one};

	heed__parallel(node->ctx, a->queries.count < FEW ? a->queries.count * a->heads : a->queries.count,
		       run_heads, &job);
}

static void forward_head(heed_node *node, int s, int h, int thread)
{
	const heed__attend x = head_of(node, s, h);

	(void)thread;
	node->kernels->attend(&x);
}

static void forward(heed_node *node)
{
	const attr *a = node->attr;

	for_heads(node, forward_head);
	if (keeps_weights(node))
		heed__tape_keep_weights(
			node->tape,
			&(heed_weights){.name = a->name != NULL ? a->name : "attention",
					.heads = a->heads,
					.queries = a->queries,
					.keys = a->keys,
					.start = a->first + a->queries.count + 1,
					.data = node->saved + (size_t)node->out->dim[0] * (size_t)a->heads});
}

/* With p_ij the softmax: dv_j += w_ij dy_i; dp_ij = mask_ij dy_i . v_j; ds_ij = p_ij (dp_ij - dy_i . y_i);
 * dq_i += scale ds_ij k_j; dk_j += scale ds_ij q_i. */
static void backward_head(heed_node *node, int s, int h, int thread)
{
	const heed_tensor *q = node->in[Q], *kv = node->in[KV];
	const heed__attend x = head_of(node, s, h);
	const heed__attend_grad g = {
		.dout = node->out->grad + (x.out - node->out->data),
		.dq = q->grad + (x.q - q->data),
		.dk = kv->grad + (x.k - kv->data),
		.dv = kv->grad + (x.v - kv->data),
	};

	(void)thread;
	node->kernels->attend_grad(&x, &g);
}

static void backward(heed_node *node)
{
	if (heed__grad_add(node, node->in[Q]) != NULL && heed__grad_add(node, node->in[KV]) != NULL)
		for_heads(node, backward_head);
}

static double flops(const heed_node *node)
{
	const attr *a = node->attr;
	double pairs = 0;

	for (int s = 0; s < a->queries.count; s++) {
		const double q = length(a->queries, s), k = length(a->keys, s);

		pairs += a->causal ? q * (k - (q - 1) / 2) : q * k;
	}
	return 4.0 * pairs * a->width;
}

static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans queries = heed__case_spans(inputs, n[0], n[1]);
	const heed_spans keys = n[4] ? heed__case_spans(inputs, n[0], n[1]) : queries;
	const int width = n[2] * n[3];
	heed_tensor *q = heed__case_leaf(inputs, heed_spans_rows(queries), n[4] ? width : 3 * width);
	heed_tensor *kv = n[4] ? heed__case_leaf(inputs, heed_spans_rows(keys), 2 * width) : q;

	return heed_attention(tape, q, kv,
			      (heed_attention_options){.queries = queries,
						       .keys = keys,
						       .width = width + n[7],
						       .heads = n[2],
						       .k_at = n[4] ? 0 : width,
						       .v_at = n[4] ? width : 2 * width,
						       .causal = n[5] != 0,
						       .dropout = n[6] / 100.0});
}

/* Queries, keys and values from the same columns: no projections at all. */
static heed_tensor *build_bare(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans spans = heed__case_spans(inputs, n[0], n[1]);
	heed_tensor *x = heed__case_leaf(inputs, heed_spans_rows(spans), n[2]);

	return heed_attention(
		tape, x, x,
		(heed_attention_options){
			.queries = spans, .keys = spans, .width = n[2], .heads = 1, .scale = 1});
}

/* sequences, longest, heads, width of a head, cross?, causal?, dropout in per cent, misfit */
static const heed__op_case cases[] = {
	{.name = "self", build, {3, 5, 2, 4}},
	{.name = "causal", build, {3, 6, 2, 3, 0, 1}},
	{.name = "cross", build, {4, 6, 2, 4, 1}},
	{.name = "one token", build, {1, 1, 1, 1}},
	{.name = "dropout", build, {3, 6, 2, 4, 0, 1, 30}},
	{.name = "many sequences", build, {20, 4, 2, 2, 1}},
	{.name = "without projections", build_bare, {3, 5, 4}},
	{.name = "width leaves the tensor", build, {3, 5, 2, 4, 0, 0, 0, 8}, .bad = true},
	{.name = "width and heads", build, {3, 5, 2, 4, 0, 0, 0, -1}, .bad = true},
	{.name = "a batch", build, {240, 29, 4, 32, 0, 1, 30}, .timed = true},
	{.name = "long sequences", build, {4, 1024, 4, 32, 0, 1}, .timed = true},
	{0},
};

const heed_op heed__op_attention = {
	.name = "attention",
	.inputs = 2,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_attention(heed_tape *tape, heed_tensor *q, heed_tensor *kv, heed_attention_options options)
{
	return heed__record(tape, &heed__op_attention, (heed_tensor *[]){q, kv}, 2, &options);
}
