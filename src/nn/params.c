/* The parameter set: declared one by one, then laid out in one block. */
#include "heed/params.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/philox.h"
#include "base/vector.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ALIGN 16 /* floats */

typedef struct entry {
	heed_tensor *tensor;
	heed_init init;
	size_t at; /* in the blocks */
} entry;

HEED__VECTOR(entry_list, entry);

struct heed_params {
	heed_ctx *ctx;
	heed__arena arena; /* tensors, names, the model's structs */
	entry_list entries;
	heed__map names;
	size_t size, total;
	float *values, *gradients;
	heed_code code;
};

heed_init heed_init_xavier(int out, int in)
{
	return (heed_init){HEED_INIT_UNIFORM, sqrt(6.0 / ((double)in + out))};
}

heed_init heed_init_kaiming(int in)
{
	return heed_init_normal(sqrt(2.0 / in));
}

heed_init heed_init_normal(double deviation)
{
	return (heed_init){HEED_INIT_NORMAL, deviation};
}

heed_params *heed_params_new(heed_ctx *ctx)
{
	heed_params *const p = heed__calloc(ctx, 1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->ctx = ctx;
	heed__arena_init(&p->arena, ctx, false);
	p->names = heed__map_init(ctx);
	return p;
}

void heed_params_free(heed_params *p)
{
	if (p == NULL)
		return;
	heed__map_release(&p->names);
	HEED__VECTOR_RELEASE(p->ctx, &p->entries);
	heed__free(p->ctx, p->values);
	heed__free(p->ctx, p->gradients);
	heed__arena_release(&p->arena);
	heed__free(p->ctx, p);
}

void *heed_params_alloc(heed_params *p, size_t bytes)
{
	void *const m = heed__arena_alloc(&p->arena, bytes);

	if (m == NULL)
		p->code = HEED_E_MEMORY;
	return m != NULL ? memset(m, 0, bytes) : NULL;
}

static const char *keep_text(heed_params *p, const char *text)
{
	char *const kept = heed_params_alloc(p, strlen(text) + 1);

	return kept != NULL ? memcpy(kept, text, strlen(text) + 1) : NULL;
}

const char *heed_params_text(heed_params *p, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return keep_text(p, text);
}

static heed_tensor *fail(heed_params *p, heed_code code)
{
	if (p->code == HEED_OK)
		p->code = code;
	return NULL;
}

/* Numbers of the tensor, or 0 when there is no such tensor. */
static size_t count_numbers(int rank, const int *dim)
{
	size_t n = 1;

	for (int i = 0; i < rank; i++)
		if (dim[i] < 1 || !heed__mul(n, (size_t)dim[i], &n) || n > (size_t)1 << 40)
			return 0;
	return n;
}

heed_tensor *heed_param(heed_params *p, heed_init init, int rank, const int *dim, const char *fmt, ...)
{
	const size_t n = count_numbers(rank, dim);
	char text[128];
	heed_tensor *t;
	const char *name;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (p->code != HEED_OK)
		return NULL;
	if (n == 0)
		return fail(p, heed__error(p->ctx, HEED_E_SHAPE,
					   "parameter %s: its shape is empty or too large", text));
	if (heed__map_get(&p->names, text, strlen(text)) != NULL)
		return fail(p, heed__error(p->ctx, HEED_E_INTERNAL, "parameter %s is declared twice", text));
	t = heed_params_alloc(p, sizeof *t);
	name = keep_text(p, text);
	if (t == NULL || name == NULL ||
	    heed__map_put(&p->names, text, strlen(text), (int64_t)p->entries.len) == NULL ||
	    !HEED__PUSH(p->ctx, &p->entries, ((entry){t, init, p->size})))
		return fail(p, HEED_E_MEMORY);
	*t = (heed_tensor){.rank = rank, .dim = {1, 1, 1, 1}, .name = name};
	memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
	p->total += n;
	p->size += (n + ALIGN - 1) / ALIGN * ALIGN;
	return t;
}

static void draw(const heed_params *p, size_t index)
{
	const entry *const e = &p->entries.data[index];
	heed__rng rng = {.seed = heed_ctx_seed(p->ctx), .stream = HEED__STREAM_INIT, .step = (uint32_t)index};
	const size_t n = heed_tensor_size(e->tensor);
	float *const x = e->tensor->data;

	for (size_t i = 0; i < n; i++)
		switch (e->init.kind) {
		case HEED_INIT_ZERO:
			x[i] = 0;
			break;
		case HEED_INIT_ONE:
			x[i] = 1;
			break;
		case HEED_INIT_UNIFORM:
			x[i] = (float)((2 * heed__rng_uniform(&rng) - 1) * e->init.scale);
			break;
		case HEED_INIT_NORMAL:
			x[i] = (float)(heed__rng_normal(&rng) * e->init.scale);
			break;
		case HEED_INIT_FORGET:
			x[i] = 4 * i / n == 1 ? (float)e->init.scale : 0;
			break;
		}
}

heed_code heed_params_commit(heed_params *p, bool gradients, bool values)
{
	for (size_t i = 0; i < p->entries.len; i++)
		p->entries.data[i].tensor->needs_grad = gradients;
	if (p->code != HEED_OK || !values)
		return p->code;
	p->values = heed__calloc(p->ctx, p->size, sizeof *p->values);
	p->gradients = gradients ? heed__calloc(p->ctx, p->size, sizeof *p->gradients) : NULL;
	if (p->values == NULL || (gradients && p->gradients == NULL))
		return p->code = HEED_E_MEMORY;
	for (size_t i = 0; i < p->entries.len; i++) {
		const entry *const e = &p->entries.data[i];

		e->tensor->data = p->values + e->at;
		e->tensor->grad = gradients ? p->gradients + e->at : NULL;
		draw(p, i);
	}
	return HEED_OK;
}

int heed_params_count(const heed_params *p)
{
	return (int)p->entries.len;
}

heed_tensor *heed_params_at(const heed_params *p, int index)
{
	return p->entries.data[index].tensor;
}

heed_tensor *heed_params_find(const heed_params *p, const char *name)
{
	const int64_t *const index = heed__map_get(&p->names, name, strlen(name));

	return index != NULL ? p->entries.data[*index].tensor : NULL;
}

size_t heed_params_total(const heed_params *p)
{
	return p->total;
}

size_t heed_params_size(const heed_params *p)
{
	return p->size;
}

float *heed_params_values(const heed_params *p)
{
	return p->values;
}

float *heed_params_gradients(const heed_params *p)
{
	return p->gradients;
}

float *heed_params_use(heed_params *p, float *values)
{
	float *const before = p->values;

	if (values == NULL)
		return before;
	for (size_t i = 0; i < p->entries.len; i++)
		p->entries.data[i].tensor->data = values + p->entries.data[i].at;
	p->values = values;
	return before;
}

void heed_params_begin(heed_params *p)
{
	for (size_t i = 0; i < p->entries.len; i++)
		p->entries.data[i].tensor->has_grad = false;
}

void heed_params_settle(heed_params *p)
{
	for (size_t i = 0; i < p->entries.len; i++) {
		heed_tensor *const t = p->entries.data[i].tensor;

		if (!t->has_grad && t->grad != NULL)
			memset(t->grad, 0, heed_tensor_size(t) * sizeof *t->grad);
	}
}
