/* The tape: records calls of ops, runs them backwards, and owns the memory of both. */
#include "tensor/tape.h"

#include "base/vector.h"

#include <stdio.h>
#include <string.h>

typedef struct free_block {
	float *data; /* NULL on a planning tape */
	size_t bytes;
} free_block;

HEED__VECTOR(free_blocks, free_block);
HEED__VECTOR(node_list, heed_node *);
typedef struct named_tensor {
	const char *name;
	heed_tensor *tensor;
} named_tensor;

HEED__VECTOR(tensor_list, named_tensor);
HEED__VECTOR(weights_list, heed_weights);

struct heed_tape {
	heed_ctx *ctx;
	int flags, next_flags; /* next_flags: from the next reset on */
	uint32_t step, calls;
	heed_code code;
	heed__arena meta, data;
	free_blocks free; /* of the data arena: what the backward pass has finished with */
	node_list nodes;
	tensor_list named;
	weights_list weights;
	float *scratch;
	size_t scratch_bytes;
	double flops;
};

heed_tape *heed_tape_new(heed_ctx *ctx, int flags)
{
	heed_tape *const t = heed__calloc(ctx, 1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->ctx = ctx;
	t->flags = t->next_flags = flags;
	heed__arena_init(&t->meta, ctx, false);
	heed__arena_init(&t->data, ctx, (flags & HEED_TAPE_PLAN) != 0);
	return t;
}

void heed_tape_free(heed_tape *t)
{
	if (t == NULL)
		return;
	heed__arena_release(&t->meta);
	heed__arena_release(&t->data);
	HEED__VECTOR_RELEASE(t->ctx, &t->free);
	HEED__VECTOR_RELEASE(t->ctx, &t->nodes);
	HEED__VECTOR_RELEASE(t->ctx, &t->named);
	HEED__VECTOR_RELEASE(t->ctx, &t->weights);
	heed__free(t->ctx, t->scratch);
	heed__free(t->ctx, t);
}

void heed_tape_reset(heed_tape *t, uint32_t step)
{
	heed__arena_reset(&t->meta);
	heed__arena_reset(&t->data);
	t->free.len = t->nodes.len = t->named.len = t->weights.len = 0;
	t->flags = t->next_flags;
	t->step = step;
	t->calls = 0;
	t->code = HEED_OK;
	t->flops = 0;
}

void heed_tape_mode(heed_tape *t, int flags)
{
	t->next_flags = (flags & ~HEED_TAPE_PLAN) | (t->flags & HEED_TAPE_PLAN);
}

heed_ctx *heed_tape_ctx(const heed_tape *t)
{
	return t->ctx;
}

int heed_tape_flags(const heed_tape *t)
{
	return t->flags;
}

heed_code heed_tape_code(const heed_tape *t)
{
	return t->code;
}

void heed__tape_fail(heed_tape *t, heed_code code)
{
	if (t->code == HEED_OK)
		t->code = code;
}

bool heed__tape_planning(const heed_tape *t)
{
	return (t->flags & HEED_TAPE_PLAN) != 0;
}

void *heed__tape_alloc(heed_tape *t, size_t bytes)
{
	void *const p = t->code == HEED_OK ? heed__arena_alloc(&t->meta, bytes) : NULL;

	if (p == NULL)
		heed__tape_fail(t, HEED_E_MEMORY);
	return p;
}

/* Memory for data: a recycled block when one is large enough, its rest kept, else fresh. On a planning tape
 * only the sizes move; *data stays NULL. false: out of memory. */
static bool take(heed_tape *t, size_t bytes, float **data)
{
	size_t best = t->free.len;

	bytes = (bytes + HEED__ARENA_ALIGN - 1) / HEED__ARENA_ALIGN * HEED__ARENA_ALIGN;
	for (size_t i = 0; i < t->free.len; i++)
		if (t->free.data[i].bytes >= bytes &&
		    (best == t->free.len || t->free.data[i].bytes < t->free.data[best].bytes))
			best = i;
	if (best < t->free.len) {
		free_block *const b = &t->free.data[best];

		*data = b->data;
		b->bytes -= bytes;
		if (b->bytes == 0)
			*b = t->free.data[--t->free.len];
		else if (b->data != NULL)
			b->data += bytes / sizeof(float);
		return true;
	}
	*data = heed__arena_alloc(&t->data, bytes);
	if (!t->data.failed)
		return true;
	heed__tape_fail(t, HEED_E_MEMORY);
	return false;
}

static void give(heed_tape *t, float *data, size_t bytes)
{
	bytes = (bytes + HEED__ARENA_ALIGN - 1) / HEED__ARENA_ALIGN * HEED__ARENA_ALIGN;
	if (bytes > 0 && (data != NULL || heed__tape_planning(t)))
		(void)HEED__PUSH(t->ctx, &t->free, ((free_block){data, bytes}));
}

static size_t tensor_bytes(const heed_tensor *t)
{
	return heed_tensor_size(t) * sizeof(float);
}

size_t heed_tensor_size(const heed_tensor *t)
{
	size_t n = 1;

	for (int i = 0; i < t->rank; i++)
		n *= (size_t)t->dim[i];
	return n;
}

int heed__cols(const heed_tensor *t)
{
	return t->rank > 0 ? t->dim[t->rank - 1] : 1;
}

int heed__rows(const heed_tensor *t)
{
	int rows = 1;

	for (int i = 0; i + 1 < t->rank; i++)
		rows *= t->dim[i];
	return rows;
}

void heed__shape_matrix(heed_node *node, int rows, int cols)
{
	node->out->rank = 2;
	node->out->dim[0] = rows;
	node->out->dim[1] = cols;
}

static heed_tensor *new_tensor(heed_tape *t)
{
	heed_tensor *const x = heed__tape_alloc(t, sizeof *x);

	if (x != NULL)
		*x = (heed_tensor){.dim = {1, 1, 1, 1}};
	return x;
}

heed_tensor *heed_leaf(heed_tape *t, float *data, int rank, const int *dim, bool needs_grad)
{
	heed_tensor *const x = new_tensor(t);

	if (x == NULL)
		return NULL;
	x->rank = rank;
	memcpy(x->dim, dim, (size_t)rank * sizeof *dim);
	x->data = data;
	x->needs_grad = needs_grad;
	return x;
}

heed_tensor *heed_leaf_matrix(heed_tape *t, float *data, int rows, int cols)
{
	return heed_leaf(t, data, 2, (int[]){rows, cols}, false);
}

heed_tensor *heed_named(heed_tape *t, heed_tensor *x, const char *name)
{
	if (x == NULL)
		return NULL;
	x->name = name;
	if (!HEED__PUSH(t->ctx, &t->named, ((named_tensor){name, x})))
		heed__tape_fail(t, HEED_E_MEMORY);
	return x;
}

heed_tensor *heed_tape_find(const heed_tape *t, const char *name)
{
	for (size_t i = 0; i < t->named.len; i++)
		if (strcmp(t->named.data[i].name, name) == 0)
			return t->named.data[i].tensor;
	return NULL;
}

void heed__tape_keep_weights(heed_tape *t, const heed_weights *weights)
{
	if (!HEED__PUSH(t->ctx, &t->weights, *weights))
		heed__tape_fail(t, HEED_E_MEMORY);
}

void heed__tape_forget_weights(heed_tape *t, int count)
{
	t->weights.len = (size_t)count;
}

int heed_tape_weights_count(const heed_tape *t)
{
	return (int)t->weights.len;
}

heed_weights heed_tape_weights(const heed_tape *t, int index)
{
	return t->weights.data[index];
}

heed_tape_usage heed_tape_used(const heed_tape *t)
{
	return (heed_tape_usage){t->data.peak, t->scratch_bytes, t->meta.peak, t->flops};
}

heed_code heed__tape_reserve(heed_tape *t, heed_tape_usage usage)
{
	heed__arena_reset(&t->data);
	return heed__arena_reserve(&t->data, usage.data_bytes) ? HEED_OK : HEED_E_MEMORY;
}

heed_code heed__misfit(heed_node *node, const char *fmt, ...)
{
	const char *name = NULL;
	char message[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof message, fmt, args);
	va_end(args);
	for (int i = 0; i < HEED__MAX_IN && name == NULL; i++)
		name = node->in[i] != NULL ? node->in[i]->name : NULL;
	if (name == NULL)
		return heed__error(node->ctx, HEED_E_SHAPE, "%s: %s", node->op->name, message);
	return heed__error(node->ctx, HEED_E_SHAPE, "%s: %s (%s)", node->op->name, message, name);
}

/* Scratch of one call; only its size matters when planning. */
static bool give_scratch(heed_tape *t, heed_node *node)
{
	const size_t bytes = node->scratch_floats * sizeof(float);

	if (bytes > t->scratch_bytes) {
		heed__free(t->ctx, t->scratch);
		t->scratch = NULL;
		t->scratch_bytes = 0;
		if (!heed__tape_planning(t) && (t->scratch = heed__alloc(t->ctx, bytes)) == NULL) {
			heed__tape_fail(t, HEED_E_MEMORY);
			return false;
		}
		t->scratch_bytes = bytes;
	}
	node->scratch = t->scratch;
	return true;
}

static heed_node *new_node(heed_tape *t, const heed_op *op, heed_tensor *const *in, int count,
			   const void *attr)
{
	heed_node *const node = heed__tape_alloc(t, sizeof *node);
	void *const copy = heed__tape_alloc(t, op->attr_size);

	if (node == NULL || copy == NULL)
		return NULL;
	*node = (heed_node){.op = op,
			    .tape = t,
			    .ctx = t->ctx,
			    .kernels = heed__ctx_kernels(t->ctx),
			    .attr = copy,
			    .id = t->calls++,
			    .train = (t->flags & HEED_TAPE_TRAIN) != 0};
	if (op->attr_size > 0)
		memcpy(copy, attr, op->attr_size);
	for (int i = 0; i < count; i++) {
		node->in[i] = in[i];
		node->grad |= in[i] != NULL && in[i]->needs_grad && (t->flags & HEED_TAPE_GRAD) != 0;
	}
	node->out = new_tensor(t);
	return node->out != NULL ? node : NULL;
}

heed_tensor *heed__record(heed_tape *t, const heed_op *op, heed_tensor *const *in, int count,
			  const void *attr)
{
	heed_node *node;
	heed_code code;

	for (int i = 0; i < op->inputs; i++)
		if (in[i] == NULL)
			return NULL;
	if (t->code != HEED_OK || (node = new_node(t, op, in, count, attr)) == NULL)
		return NULL;
	code = op->shape(node);
	if (code != HEED_OK) {
		heed__tape_fail(t, code);
		return NULL;
	}
	if (!take(t, tensor_bytes(node->out), &node->out->data) ||
	    !take(t, node->saved_floats * sizeof(float), &node->saved) || !give_scratch(t, node))
		return NULL;
	if (op->flops != NULL)
		t->flops += op->flops(node);
	if (!heed__tape_planning(t))
		op->forward(node);
	if (node->grad) {
		node->out->needs_grad = true;
		node->out->node = node;
		if (!HEED__PUSH(t->ctx, &t->nodes, node))
			heed__tape_fail(t, HEED_E_MEMORY);
	}
	return t->code == HEED_OK ? node->out : NULL;
}

float *heed__grad_of(heed_node *node, heed_tensor *x, bool *accumulate)
{
	*accumulate = x != NULL && x->has_grad;
	if (x == NULL || !x->needs_grad || node->tape->code != HEED_OK)
		return NULL;
	if (x->grad == NULL && !x->has_grad && !take(node->tape, tensor_bytes(x), &x->grad))
		return NULL;
	x->has_grad = true;
	return x->grad;
}

float *heed__grad_add(heed_node *node, heed_tensor *x)
{
	bool accumulate;
	float *const grad = heed__grad_of(node, x, &accumulate);

	if (grad != NULL && !accumulate)
		memset(grad, 0, tensor_bytes(x));
	return grad;
}

heed__mask heed__node_mask(const heed_node *node, double p)
{
	return (heed__mask){.seed = heed_ctx_seed(node->ctx),
			    .stream = HEED__STREAM_DROPOUT | node->id << 8,
			    .step = node->tape->step,
			    .p = node->train ? (float)p : 0.0f};
}

/* What one node's backward pass needs is asked for even when planning, so that the sizes add up. */
static void plan_node(heed_node *node)
{
	bool accumulate;

	for (int i = 0; i < HEED__MAX_IN; i++)
		heed__grad_of(node, node->in[i], &accumulate);
}

static void give_result(heed_tape *t, heed_node *node)
{
	if (!node->dropped)
		give(t, node->out->data, tensor_bytes(node->out));
	node->out->data = NULL;
	node->dropped = true;
}

void heed__tape_drop(heed_tape *t, heed_tensor *x)
{
	heed_node *const node = x != NULL ? x->node : NULL;

	if (node != NULL && node->op->keeps_result != NULL && !node->op->keeps_result(node))
		give_result(t, node);
}

static void recycle(heed_tape *t, heed_node *node, const heed_tensor *loss)
{
	heed_tensor *const out = node->out;

	give(t, out->grad, out->has_grad ? tensor_bytes(out) : 0);
	give(t, node->saved, node->saved_floats * sizeof(float));
	if (out != loss)
		give_result(t, node);
	node->saved = out->grad = NULL;
	out->has_grad = false;
}

heed_code heed__tape_backward_from(heed_tape *t, heed_tensor *out, const float *seed)
{
	bool accumulate;
	float *grad;

	if (out == NULL || t->code != HEED_OK)
		return t->code;
	if (out->node == NULL) {
		heed__tape_fail(t, heed__error(t->ctx, HEED_E_ARGUMENT, "backward: nothing was recorded"));
		return t->code;
	}
	grad = heed__grad_of(out->node, out, &accumulate);
	if (grad != NULL)
		memcpy(grad, seed, tensor_bytes(out));
	for (size_t i = t->nodes.len; i-- > 0 && t->code == HEED_OK;) {
		heed_node *const node = t->nodes.data[i];

		if (node->out->has_grad && node->op->backward != NULL && give_scratch(t, node)) {
			if (node->op->flops != NULL)
				t->flops += 2 * node->op->flops(node);
			if (heed__tape_planning(t))
				plan_node(node);
			else
				node->op->backward(node);
		}
		recycle(t, node, out);
	}
	return t->code;
}

heed_code heed_tape_backward(heed_tape *t, heed_tensor *loss)
{
	const float one = 1.0f;

	if (loss != NULL && t->code == HEED_OK && heed_tensor_size(loss) != 1)
		heed__tape_fail(t, heed__error(t->ctx, HEED_E_ARGUMENT,
					       "backward: expected one number, found %zu",
					       heed_tensor_size(loss)));
	return heed__tape_backward_from(t, loss, &one);
}

typedef struct row_job {
	heed_node *node;
	heed__rows_fn *work;
	int rows, grain;
} row_job;

static void run_rows(void *arg, int chunk, int thread)
{
	const row_job *const j = arg;
	const int row0 = chunk * j->grain;

	(void)thread;
	j->work(j->node, row0, j->rows - row0 < j->grain ? j->rows : row0 + j->grain, chunk);
}

int heed__row_chunks(int rows, int grain)
{
	return rows / grain + (rows % grain != 0);
}

void heed__for_rows(heed_node *node, int rows, int grain, heed__rows_fn *work)
{
	row_job job = {node, work, rows, grain};

	heed__parallel(node->ctx, heed__row_chunks(rows, grain), run_rows, &job);
}
