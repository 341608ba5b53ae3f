/* The Transformer against PyTorch: the loss, what each layer gives, every gradient, and ten steps of Adam. */
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

typedef struct golden {
	heed_ctx *ctx;
	heed__safetensors file;
	heed_model *model;
	heed_batch batch;
} golden;

static const heed__file_tensor *need(const golden *g, const char *prefix, const char *name)
{
	const heed__file_tensor *t;
	char full[128];

	snprintf(full, sizeof full, "%s%s", prefix, name);
	t = heed__safetensors_find(&g->file, full);
	if (t == NULL)
		print_error("the golden file has no %s\n", full);
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

static const int *ids(const golden *g, const char *name)
{
	const heed__file_tensor *t = need(g, "ids.", name);
	int *copy = heed__alloc(g->ctx, t->bytes);

	assert_non_null(copy);
	return memcpy(copy, t->data, t->bytes);
}

static void open_golden(golden *g, const char *path, const char *const *settings)
{
	const heed_model_class *family = heed_model_class_find("transformer");
	char config[1024];

	*g = (golden){.ctx = heed_ctx_new(&(heed_ctx_options){.threads = 2})};
	assert_int_equal(heed__safetensors_open(g->ctx, path, &g->file), HEED_OK);
	assert_true(family->config_size <= sizeof config);
	assert_int_equal(heed_fields_default(g->ctx, family->fields, config), HEED_OK);
	for (; *settings != NULL; settings += 2)
		assert_int_equal(heed_field_set(g->ctx, heed_field_find(family->fields, settings[0]), config,
						settings[1]),
				 HEED_OK);
	g->model = heed_model_new(g->ctx, family, config, 23, 23, HEED_MODEL_TRAIN);
	assert_non_null(g->model);
	for (int i = 0; i < heed_params_count(g->model->params); i++) {
		heed_tensor *t = heed_params_at(g->model->params, i);

		memcpy(t->data, need(g, "", t->name)->data, heed_tensor_size(t) * sizeof *t->data);
	}
	g->batch = (heed_batch){.source = {{3, ids(g, "source.start")}, ids(g, "source")},
				.input = {{3, ids(g, "target.start")}, ids(g, "input")},
				.targets = ids(g, "target")};
}

static void close_golden(golden *g)
{
	heed__free(g->ctx, (void *)(uintptr_t)g->batch.source.spans.start);
	heed__free(g->ctx, (void *)(uintptr_t)g->batch.source.ids);
	heed__free(g->ctx, (void *)(uintptr_t)g->batch.input.spans.start);
	heed__free(g->ctx, (void *)(uintptr_t)g->batch.input.ids);
	heed__free(g->ctx, (void *)(uintptr_t)g->batch.targets);
	heed_model_free(g->model);
	heed__safetensors_close(&g->file);
	heed_ctx_free(g->ctx);
}

static void check_layers(const golden *g, const heed_tape *tape)
{
	static const char *const layers[][2] = {{"source", "source"}, {"enc0", "enc0"},   {"enc1", "enc1"},
						{"memory", "enc"},    {"input", "input"}, {"dec0", "dec0"},
						{"dec1", "dec1"},     {"states", "dec"}};

	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
		const heed_tensor *t = heed_tape_find(tape, layers[i][0]);

		assert_non_null(t);
		close_to(g, "out.", layers[i][1], t->data, heed_tensor_size(t), 1e-5);
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
	const size_t d = 16, n = heed_tensor_size(t);
	const bool self = strstr(t->name, "qkv.bias") != NULL,
		   cross = strstr(t->name, "cross.kv.bias") != NULL;
	const size_t skip0 = self ? d : 0, skip1 = self ? 2 * d : cross ? d : 0;
	const char *bytes = want->data;
	const double a = distance(t->data, bytes, skip0);
	const double b = distance(t->data + skip1, bytes + skip1 * sizeof *t->data, n - skip1);

	if (!(a <= 1e-4 && b <= 1e-4))
		print_error("%s: distances %g, %g, limit 1e-4\n", t->name, a, b);
	assert_true(a <= 1e-4 && b <= 1e-4);
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
	close_to(g, "adam.", "loss", losses, 11, 1e-4);
	for (int i = 0; i < heed_params_count(p); i++)
		close_after_steps(g, heed_params_at(p, i));
	heed__free(g->ctx, m);
	heed__free(g->ctx, v);
}

static void agrees(const char *path, const char *const *settings)
{
	golden g;
	heed_tape *tape;
	float loss;

	open_golden(&g, path, settings);
	tape = heed_tape_new(g.ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
	loss = run(&g, tape, 0, true);
	close_to(&g, "", "loss", &loss, 1, 1e-5);
	for (int i = 0; i < heed_params_count(g.model->params); i++) {
		const heed_tensor *t = heed_params_at(g.model->params, i);

		close_to(&g, "grad.", t->name, t->grad, heed_tensor_size(t), 1e-5);
	}
	ten_steps(&g, tape);
	heed_tape_free(tape);
	close_golden(&g);
}

#define SHAPE                                                                                                \
	"encoder-layers", "2", "decoder-layers", "2", "width", "16", "heads", "2", "feed-forward", "24",     \
		"dropout", "0"

static void post_norm_tied_relu(void **state)
{
	(void)state;
	agrees("test/golden/transformer/post_tied_relu.safetensors", (const char *const[]){SHAPE, NULL});
}

static void post_norm_untied_swish(void **state)
{
	(void)state;
	agrees("test/golden/transformer/post_untied_swish.safetensors",
	       (const char *const[]){SHAPE, "tie", "none", "activation", "swish", NULL});
}

static void pre_norm_untied_gelu(void **state)
{
	(void)state;
	agrees("test/golden/transformer/pre_untied_gelu.safetensors",
	       (const char *const[]){SHAPE, "norm", "pre", "tie", "none", "activation", "gelu", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(post_norm_tied_relu),
		cmocka_unit_test(post_norm_untied_swish),
		cmocka_unit_test(pre_norm_untied_gelu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
