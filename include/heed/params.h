/* The parameters of a model: named tensors in one flat block of values and another of gradients, so that
 * optimizers, clipping, averaging and saving are loops over one array.
 *
 *	heed_params *p = heed_params_new(ctx);
 *	heed_tensor *w = heed_param(p, heed_init_xavier(256, 128), 2, (int[]){ 256, 128 }, "enc%d.ffn.up.weight", 0);
 *	if (heed_params_commit(p, true, true) != HEED_OK) ...          now w->data and w->grad are there
 *
 * Declaring takes NULL and gives NULL as ops do; heed_params_commit reports the first error. */
#ifndef HEED_PARAMS_H
#define HEED_PARAMS_H

#include "heed/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_init_kind {
	HEED_INIT_ZERO,
	HEED_INIT_ONE,
	HEED_INIT_UNIFORM, /* in [-scale, scale) */
	HEED_INIT_NORMAL,  /* mean 0, standard deviation scale */
	HEED_INIT_FORGET, /* scale in the second of four equal parts, else 0: the bias of an LSTM's gates i f g o */
} heed_init_kind;

typedef struct heed_init {
	heed_init_kind kind;
	double scale;
} heed_init;

/* Uniform with variance 2/(in + out) (Glorot and Bengio 2010, equation 16). */
heed_init heed_init_xavier(int out, int in);
/* Normal with variance 2/in (He et al. 2015, equation 10). */
heed_init heed_init_kaiming(int in);
heed_init heed_init_normal(double deviation);

typedef struct heed_params heed_params;

heed_params *heed_params_new(heed_ctx *ctx);
void heed_params_free(heed_params *p);

/* Declares a parameter. The name is made from fmt; the tensor lives as long as p. Errors: a name twice, a
 * dimension below 1, a block too large. */
heed_tensor *heed_param(heed_params *p, heed_init init, int rank, const int *dim, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Memory of the model's own structs, cleared; lives as long as p. */
void *heed_params_alloc(heed_params *p, size_t bytes);
/* A text that lives as long as p. */
const char *heed_params_text(heed_params *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Gets the blocks and draws the initial values: a function of the context's seed and of each parameter's number.
 * Without gradients the parameters can only be used; without values they can only be counted. */
heed_code heed_params_commit(heed_params *p, bool gradients, bool values);

int heed_params_count(const heed_params *p);
heed_tensor *heed_params_at(const heed_params *p, int index);
heed_tensor *heed_params_find(const heed_params *p, const char *name);
size_t heed_params_total(const heed_params *p); /* numbers in all parameters */

/* The blocks: heed_params_size floats each, with zeros between tensors. NULL before the commit. */
size_t heed_params_size(const heed_params *p);
float *heed_params_values(const heed_params *p);
float *heed_params_gradients(const heed_params *p);
/* Makes all parameters read another block of the same layout (borrowed) and returns the one before: to look at
 * averaged weights for a while. NULL changes nothing. */
float *heed_params_use(heed_params *p, float *values);
/* Before a step: no parameter has a gradient yet. */
void heed_params_begin(heed_params *p);
/* After the backward passes: zeros for parameters that none of them reached. */
void heed_params_settle(heed_params *p);

#ifdef __cplusplus
}
#endif
#endif
