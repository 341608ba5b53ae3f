#include "golden.h"

#include "base/context_impl.h"
#include "heed/model.h"
#include "io/safetensors.h"
#include "kernel/kernel.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT       1e-5
#define STEPS_LIMIT 1e-4

typedef struct golden {
	const golden_case *c;
	heed_ctx *ctx;
	heed__safetensors file;
	heed_model *model;
	heed_batch batch;
} golden;

static const heed__file_tensor *find(const golden *g, const char *prefix, const char *name,
				     const char *suffix)
{
	char full[128];

	snprintf(full, sizeof full, "%s%s%s", prefix, name, suffix);
	return heed__safetensors_find(&g->file, full);
}

static const heed__file_tensor *need(const golden *g, const char *prefix, const char *name)
{
	const heed__file_tensor *t = find(g, prefix, name, "");

	if (t == NULL)
		print_error("the golden file has no %s%s\n", prefix, name);
	assert_non_null(t);
	return t;
}

/* |a - b| / |b| */
static double distance(const float *a, const void *bytes, size_t n)
{
	double difference = 0, size = 0;

	for (size_t i = 0; i < n; i++) {
		float b;

		memcpy(&b, (const char *)bytes + i * sizeof b, sizeof b);
		difference += ((double)a[i] - b) * ((double)a[i] - b);
		size += (double)b * b;
	}
	return sqrt(difference) / (sqrt(size) + 1e-12);
}

static void close_to(const golden *g, const char *prefix, const char *name, const float *x, size_t n,
		     double limit)
{
	const heed__file_tensor *t = need(g, prefix, name);
	double d;

	assert_int_equal(t->bytes, n * sizeof *x);
	d = distance(x, t->data, n);
	if (!(d <= limit))
		print_error("%s%s: distance %g, limit %g\n", prefix, name, d, limit);
	assert_true(d <= limit);
}

/* A copy, as the file may hold its numbers anywhere; NULL when there are none of that name. */
static const int *ids(const golden *g, const char *name, const char *suffix)
{
	const heed__file_tensor *t = find(g, "ids.", name, suffix);
	int *copy;

	if (t == NULL)
		return NULL;
	copy = heed__alloc(g->ctx, t->bytes);
	assert_non_null(copy);
	return memcpy(copy, t->data, t->bytes);
}

static heed_ragged sequences(const golden *g, const char *name, const char *starts)
{
	const heed__file_tensor *t = find(g, "ids.", starts, ".start");

	if (t == NULL)
		return (heed_ragged){0};
	return (heed_ragged){{(int)(t->bytes / sizeof(int)) - 1, ids(g, starts, ".start")}, ids(g, name, "")};
}

static void open_golden(golden *g, const golden_case *c)
{
	const heed_model_class *family = heed_model_class_find(c->family);
	char config[1024];

	*g = (golden){.c = c, .ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2})};
	assert_non_null(family);
	assert_int_equal(heed__safetensors_open(g->ctx, c->path, &g->file), HEED_OK);
	assert_true(family->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(g->ctx, family->fields, config), HEED_OK);
	for (const char *const *s = c->settings; *s != NULL; s += 2)
		assert_int_equal(heed_field_set(g->ctx, heed_field_find(family->fields, s[0]), config, s[1]),
				 HEED_OK);
	g->model = heed_model_new(g->ctx, family, config, c->source_vocab, c->target_vocab, HEED_MODEL_TRAIN);
	assert_non_null(g->model);
	for (int i = 0; i < heed_params_count(g->model->params); i++) {
		heed_tensor *t = heed_params_at(g->model->params, i);
		const heed__file_tensor *from = need(g, "", t->name);

		assert_int_equal(from->bytes, heed_tensor_size(t) * sizeof *t->data);
		memcpy(t->data, from->data, from->bytes);
	}
	g->batch = (heed_batch){.source = sequences(g, "source", "source"),
				.input = sequences(g, "input", "target"),
				.targets = ids(g, "target", ""),
				.labels = ids(g, "labels", "")};
}

static void close_golden(golden *g)
{
	const int *const copies[] = {
		g->batch.source.spans.start, g->batch.source.ids, g->batch.input.spans.start,
		g->batch.input.ids,          g->batch.targets,    g->batch.labels};

	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
		heed__free(g->ctx, (void *)(uintptr_t)copies[i]);
	heed_model_free(g->model);
	heed__safetensors_close(&g->file);
	heed_ctx_free(g->ctx);
}

static void check_layers(const golden *g, const heed_tape *tape)
{
	for (const char *const(*l)[2] = g->c->layers; (*l)[0] != NULL; l++) {
		const heed_tensor *t = heed_tape_find(tape, (*l)[0]);

		assert_non_null(t);
		close_to(g, "out.", (*l)[1], t->data, heed_tensor_size(t), LIMIT);
	}
}

/* Forward and backward once; the gradients are in the parameters. */
static float run(const golden *g, heed_tape *tape, uint32_t step, bool layers)
{
	heed_tensor *loss;

	heed_tape_reset(tape, step);
	heed_params_begin(g->model->params);
	loss = g->model->family->loss(g->model, tape, &g->batch, NULL);
	assert_non_null(loss);
	if (layers)
		check_layers(g, tape);
	assert_int_equal(heed_tape_backward(tape, loss), HEED_OK);
	heed_params_settle(g->model->params);
	return loss->data[0];
}

/* The bias of keys adds the same number to all scores of a query, so its gradient is zero but for rounding, and
 * Adam makes whole steps of rounding. That part of a bias says nothing and is left out. */
static void close_after_steps(const golden *g, const heed_tensor *t)
{
	const heed__file_tensor *want = need(g, "adam.", t->name);
	const size_t n = heed_tensor_size(t);
	const bool self = strstr(t->name, "self.qkv.bias") != NULL,
		   cross = strstr(t->name, "cross.kv.bias") != NULL;
	const size_t skip0 = self ? n / 3 : 0, skip1 = self ? 2 * (n / 3) : cross ? n / 2 : 0;
	const char *bytes = want->data;
	const double a = distance(t->data, bytes, skip0);
	const double b = distance(t->data + skip1, bytes + skip1 * sizeof *t->data, n - skip1);

	if (!(a <= STEPS_LIMIT && b <= STEPS_LIMIT))
		print_error("%s: distances %g, %g, limit %g\n", t->name, a, b, STEPS_LIMIT);
	assert_true(a <= STEPS_LIMIT && b <= STEPS_LIMIT);
}

static void ten_steps(const golden *g, heed_tape *tape)
{
	heed_params *p = g->model->params;
	const size_t n = heed_params_size(p);
	float *m = heed__calloc(g->ctx, n, sizeof *m), *v = heed__calloc(g->ctx, n, sizeof *v), losses[11];

	for (int s = 0; s <= 10; s++) {
		losses[s] = run(g, tape, (uint32_t)s, false);
		if (s < 10)
			heed__ctx_kernels(g->ctx)->adam(
				n, heed_params_values(p), heed_params_gradients(p), m, v, 1, 1e-3f, 0.9f,
				0.98f, 1e-9f, 0, (float)(1 - pow(0.9, s + 1)), (float)(1 - pow(0.98, s + 1)));
	}
	close_to(g, "adam.", "loss", losses, 11, STEPS_LIMIT);
	for (int i = 0; i < heed_params_count(p); i++)
		close_after_steps(g, heed_params_at(p, i));
	heed__free(g->ctx, m);
	heed__free(g->ctx, v);
}

void golden_agrees(const golden_case *c)
{
	golden g;
	heed_tape *tape;
	float loss;

	open_golden(&g, c);
	tape = heed_tape_new(g.ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	loss = run(&g, tape, 0, true);
	close_to(&g, "", "loss", &loss, 1, LIMIT);
	for (int i = 0; i < heed_params_count(g.model->params); i++) {
		const heed_tensor *t = heed_params_at(g.model->params, i);

		close_to(&g, "grad.", t->name, t->grad, heed_tensor_size(t), LIMIT);
	}
	ten_steps(&g, tape);
	heed_tape_free(tape);
	close_golden(&g);
}
