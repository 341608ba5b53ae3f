/* additive_attention: each query looks at the keys of one sequence (Bahdanau et al. 2015, appendix A.1.2).
 *
 *	q [Tq, A]   k [Tk, A]   values u [Tk, D]   v [A]   y [Tq, D]
 *	e_ij = v . tanh(q_i + k_j)   w_i = softmax_j(e_ij)   y_i = sum_j w_ij u_j
 *
 * Saved: the weights, for each group of queries of one sequence a block [queries][keys]. */
#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

typedef struct attr {
	heed_additive_options o;
	int groups;    /* of queries: sequences, or with o.source every query alone */
	size_t *first; /* [groups + 1] where the weights of a group begin */
} attr;

enum { Q, K, U, V };

static int length(heed_spans spans, int s)
{
	return spans.start[s + 1] - spans.start[s];
}

/* The sequence of keys that group g sees. */
static int sequence(const attr *a, int g)
{
	return a->o.source != NULL ? a->o.source[g] : g;
}

/* Queries that come without spans: each is a group of its own. */
static heed_code single_queries(heed_node *node, attr *a)
{
	const int rows = node->in[Q]->dim[0];
	int *const start = heed__tape_alloc(node->tape, ((size_t)rows + 1) * sizeof *start);

	if (start == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i <= rows; i++)
		start[i] = i;
	a->o.queries = (heed_spans){rows, start};
	return HEED_OK;
}

static heed_code check_groups(heed_node *node, attr *a)
{
	const int rows = node->in[Q]->dim[0];

	if (a->o.source == NULL && a->o.queries.count != a->o.keys.count)
		return heed__misfit(node, "%d sequences of queries but %d of keys", a->o.queries.count,
				    a->o.keys.count);
	if (heed_spans_rows(a->o.queries) != rows)
		return heed__misfit(node, "q has %d rows but its spans hold %d", rows,
				    heed_spans_rows(a->o.queries));
	for (int g = 0; g < a->groups; g++) {
		const int s = sequence(a, g);

		if (s < 0 || s >= a->o.keys.count)
			return heed__misfit(node, "query %d looks at sequence %d of %d", g, s,
					    a->o.keys.count);
		if (length(a->o.keys, s) < 1 && length(a->o.queries, g) > 0)
			return heed__misfit(node, "sequence %d has no keys", s);
	}
	return HEED_OK;
}

static heed_code check_tensors(heed_node *node, const attr *a)
{
	const heed_tensor *q = node->in[Q], *k = node->in[K], *u = node->in[U], *v = node->in[V];

	if (q->rank != 2 || k->rank != 2 || u->rank != 2 || v->rank != 1 || q->dim[1] != k->dim[1] ||
	    v->dim[0] != k->dim[1] || k->dim[0] != u->dim[0])
		return heed__misfit(node, "q is [%d,%d], k [%d,%d], values [%d,%d], v [%d]; must agree",
				    q->dim[0], q->dim[1], k->dim[0], k->dim[1], u->dim[0], u->dim[1],
				    v->dim[0]);
	if (heed_spans_rows(a->o.keys) != k->dim[0])
		return heed__misfit(node, "k has %d rows but its spans hold %d", k->dim[0],
				    heed_spans_rows(a->o.keys));
	if (node->grad && a->o.source != NULL)
		return heed__misfit(node, "there is no gradient through queries that share sequences");
	if (node->grad && !(q->needs_grad && k->needs_grad && u->needs_grad && v->needs_grad))
		return heed__misfit(node, "gradients are wanted of some inputs only");
	return HEED_OK;
}

static heed_code shape(heed_node *node)
{
	attr *const a = node->attr;
	heed_code code = check_tensors(node, a);

	if (code == HEED_OK && (a->o.queries.count == 0 || a->o.source != NULL))
		code = single_queries(node, a);
	a->groups = a->o.queries.count;
	if (code != HEED_OK || (code = check_groups(node, a)) != HEED_OK)
		return code;
	a->first = heed__tape_alloc(node->tape, ((size_t)a->groups + 1) * sizeof *a->first);
	if (a->first == NULL)
		return HEED_E_MEMORY;
	a->first[0] = 0;
	for (int g = 0; g < a->groups; g++)
		a->first[g + 1] = a->first[g] +
				  (size_t)length(a->o.queries, g) * (size_t)length(a->o.keys, sequence(a, g));
	heed__shape_matrix(node, node->in[Q]->dim[0], node->in[U]->dim[1]);
	node->saved_floats = a->first[a->groups];
	node->scratch_floats = node->grad ? (size_t)a->groups * (size_t)node->in[V]->dim[0] : 0;
	return HEED_OK;
}

static const float *row(const heed_tensor *t, int i)
{
	return t->data + (size_t)i * (size_t)t->dim[1];
}

static float *grad_row(const heed_tensor *t, int i)
{
	return t->grad + (size_t)i * (size_t)t->dim[1];
}

/* Query i over its keys; w [keys] gets the weights. */
static void look(heed_node *node, int i, int key, int keys, float *w)
{
	const heed_tensor *k = node->in[K], *u = node->in[U];
	const size_t width = (size_t)u->dim[1];
	float *const y = node->out->data + (size_t)i * width;

	for (int j = 0; j < keys; j++)
		w[j] = node->kernels->tanh_dot((size_t)k->dim[1], row(node->in[Q], i), row(k, key + j),
					       node->in[V]->data);
	node->kernels->softmax(1, keys, w, keys, w, keys);
	memset(y, 0, width * sizeof *y);
	for (int j = 0; j < keys; j++)
		node->kernels->axpy(width, w[j], row(u, key + j), y);
}

static void groups(heed_node *node, int g0, int g1, int chunk)
{
	const attr *a = node->attr;

	(void)chunk;
	for (int g = g0; g < g1; g++) {
		const int s = sequence(a, g), keys = length(a->o.keys, s), query = a->o.queries.start[g];

		for (int i = 0; i < length(a->o.queries, g); i++)
			look(node, query + i, a->o.keys.start[s], keys,
			     node->saved + a->first[g] + (size_t)i * (size_t)keys);
	}
}

static void forward(heed_node *node)
{
	const attr *a = node->attr;

	heed__for_rows(node, a->groups, 1, groups);
	if ((heed_tape_flags(node->tape) & HEED_TAPE_WEIGHTS) != 0 && a->o.source == NULL)
		heed__tape_keep_weights(
			node->tape,
			&(heed_weights){.name = a->o.name != NULL ? a->o.name : "additive_attention",
					.heads = 1,
					.queries = a->o.queries,
					.keys = a->o.keys,
					.start = a->first,
					.data = node->saved});
}

/* y_i = sum_j w_ij u_j: du_j += w_ij dy_i; dw_ij = dy_i . u_j; through the softmax de_ij = w_ij (dw_ij - dy_i . y_i);
 * e_ij = v . tanh(q_i + k_j). dv gets what this sequence has to say of v. */
static void look_grad(heed_node *node, int i, int key, int keys, const float *w, float *dv)
{
	const heed_tensor *q = node->in[Q], *k = node->in[K], *u = node->in[U];
	const size_t width = (size_t)u->dim[1], inner = (size_t)k->dim[1];
	const float *dy = node->out->grad + (size_t)i * width;
	const float mean = node->kernels->dot(width, dy, node->out->data + (size_t)i * width);

	for (int j = 0; j < keys; j++) {
		const float dw = node->kernels->dot(width, dy, row(u, key + j));

		node->kernels->axpy(width, w[j], dy, grad_row(u, key + j));
		node->kernels->tanh_dot_grad(inner, w[j] * (dw - mean), row(q, i), row(k, key + j),
					     node->in[V]->data, grad_row(q, i), grad_row(k, key + j), dv);
	}
}

static void groups_grad(heed_node *node, int g0, int g1, int chunk)
{
	const attr *a = node->attr;
	const size_t inner = (size_t)node->in[V]->dim[0];

	(void)chunk;
	for (int g = g0; g < g1; g++) {
		const int s = sequence(a, g), keys = length(a->o.keys, s), query = a->o.queries.start[g];
		float *const dv = node->scratch + (size_t)g * inner;

		memset(dv, 0, inner * sizeof *dv);
		for (int i = 0; i < length(a->o.queries, g); i++)
			look_grad(node, query + i, a->o.keys.start[s], keys,
				  node->saved + a->first[g] + (size_t)i * (size_t)keys, dv);
	}
}

static void backward(heed_node *node)
{
	const attr *a = node->attr;
	const int inner = node->in[V]->dim[0];

	for (int i = Q; i <= V; i++)
		if (heed__grad_add(node, node->in[i]) == NULL)
			return;
	heed__for_rows(node, a->groups, 1, groups_grad);
	node->kernels->column_sums(a->groups, inner, node->scratch, inner, node->in[V]->grad);
}

static double flops(const heed_node *node)
{
	const attr *a = node->attr;

	return (double)a->first[a->groups] * (4.0 * node->in[V]->dim[0] + 2.0 * node->in[U]->dim[1]);
}

/* sequences, most keys, most queries (0: one each), width of keys, of values, misfit of v, of the keys */
static heed_tensor *build(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans keys = heed__case_spans(inputs, n[0], n[1]);
	const heed_spans queries = n[2] > 0 ? heed__case_spans(inputs, n[0], n[2]) : (heed_spans){0};
	heed_tensor *q = heed__case_leaf(inputs, n[2] > 0 ? heed_spans_rows(queries) : n[0], n[3]);
	heed_tensor *k = heed__case_leaf(inputs, heed_spans_rows(keys) + n[6], n[3]);
	heed_tensor *u = heed__case_leaf(inputs, heed_spans_rows(keys) + n[6], n[4]);
	heed_tensor *v = heed__case_leaf(inputs, n[3] + n[5], 0);

	return heed_additive_attention(tape, q, k, u, v,
				       (heed_additive_options){.queries = queries, .keys = keys});
}

/* The keys are the values. */
static heed_tensor *build_bare(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans keys = heed__case_spans(inputs, n[0], n[1]);
	heed_tensor *q = heed__case_leaf(inputs, n[0], n[3]);
	heed_tensor *k = heed__case_leaf(inputs, heed_spans_rows(keys), n[3]);

	return heed_additive_attention(tape, q, k, k, heed__case_leaf(inputs, n[3], 0),
				       (heed_additive_options){.keys = keys});
}

/* Queries that name their sequence, which a gradient can't follow. */
static heed_tensor *build_sources(heed_tape *tape, heed__case_inputs *inputs, const int *n)
{
	const heed_spans keys = heed__case_spans(inputs, n[0], n[1]);
	heed_tensor *q = heed__case_leaf(inputs, n[2], n[3]);
	heed_tensor *k = heed__case_leaf(inputs, heed_spans_rows(keys), n[3]);
	const int *source = heed__case_ids(inputs, n[2], n[0]);

	return heed_additive_attention(tape, q, k, k, heed__case_leaf(inputs, n[3], 0),
				       (heed_additive_options){.keys = keys, .source = source});
}

static const heed__op_case cases[] = {
	{.name = "usual", build, {4, 5, 3, 6, 7}},
	{.name = "one query each", build, {5, 6, 0, 17, 3}},
	{.name = "one number", build, {1, 1, 1, 1, 1}},
	{.name = "keys that are values", build_bare, {4, 5, 0, 6}},
	{.name = "v too long", build, {4, 5, 3, 6, 7, 1}, .bad = true},
	{.name = "keys too many", build, {4, 5, 3, 6, 7, 0, 1}, .bad = true},
	{.name = "gradient of shared sequences", build_sources, {4, 5, 7, 6}, .bad = true},
	{.name = "a batch", build, {80, 14, 14, 256, 512}, .timed = true},
	{0},
};

const heed_op heed__op_additive_attention = {
	.name = "additive_attention",
	.inputs = 4,
	.attr_size = sizeof(attr),
	.shape = shape,
	.forward = forward,
	.backward = backward,
	.flops = flops,
	.cases = cases,
};

heed_tensor *heed_additive_attention(heed_tape *tape, heed_tensor *q, heed_tensor *k, heed_tensor *values,
				     heed_tensor *v, heed_additive_options options)
{
	return heed__record(tape, &heed__op_additive_attention, (heed_tensor *[]){q, k, values, v}, 4,
			    &(attr){.o = options});
}
