/* Tensors and the tape.
 *
 * A tensor is a row-major array of at most four axes. Those an op makes live as long as their tape and cannot
 * be freed alone; parameters live with their heed_params; leaves borrow the caller's memory.
 *
 * A tape computes eagerly: an op runs when it is called and is recorded only when gradients are wanted.
 * Ops take NULL and return NULL, and the tape keeps the first error, so that a model reads like its paper and
 * is checked once:
 *
 *	heed_tape *tape = heed_tape_new(ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
 *	for (step = 0; ...; step++) {
 *		heed_tape_reset(tape, step);
 *		heed_tensor *loss = model->class->loss(model, tape, batch);
 *		if (heed_tape_backward(tape, loss) != HEED_OK) ...
 *	}
 *
 * A tape made with HEED_TAPE_PLAN runs the same code without touching data and adds up memory and arithmetic.
 * After its largest batch a tape allocates nothing more. One tape serves one calling thread. */
#ifndef HEED_TENSOR_H
#define HEED_TENSOR_H

#include "heed/context.h"
#include "heed/batch.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_MAX_RANK 4

typedef enum heed_dtype { HEED_F32 } heed_dtype;

struct heed_node;

typedef struct heed_tensor {
	int rank;
	int dim[HEED_MAX_RANK]; /* dim[rank..] are 1 */
	heed_dtype dtype;
	bool needs_grad;
	bool has_grad; /* grad holds something: the next contribution is added, the first one overwrites */
	float *data;   /* NULL on a planning tape */
	float *grad;   /* of the shape of data; of an op's result it is there during backward only */
	const char *name;
	struct heed_node *node; /* the op that made it, when recorded */
} heed_tensor;

typedef struct heed_tape heed_tape;

enum heed_tape_flags {
	HEED_TAPE_GRAD = 1 << 0,    /* record, so that heed_tape_backward can run */
	HEED_TAPE_TRAIN = 1 << 1,   /* dropout is on */
	HEED_TAPE_WEIGHTS = 1 << 2, /* attention keeps its weights: heed_tape_weights */
	HEED_TAPE_PLAN = 1 << 3,    /* no data: count memory and arithmetic */
};

heed_tape *heed_tape_new(heed_ctx *ctx, int flags);
void heed_tape_free(heed_tape *tape);
/* Forgets all tensors, keeps the memory. `step` is the counter that dropout draws from. */
void heed_tape_reset(heed_tape *tape, uint32_t step);
/* From the next reset on the tape has these flags, so that one tape's memory serves training and validation. Only
 * HEED_TAPE_PLAN stays what it was. */
void heed_tape_mode(heed_tape *tape, int flags);
heed_ctx *heed_tape_ctx(const heed_tape *tape);
int heed_tape_flags(const heed_tape *tape);
/* The first error since the reset; its message is in the context. */
heed_code heed_tape_code(const heed_tape *tape);

/* Gradients of `loss` (one number) into the grad of everything it depends on and that needs one. Leaves and
 * parameters keep theirs; those of ops are recycled, and so is the data of the ops' own results, except the
 * loss. */
heed_code heed_tape_backward(heed_tape *tape, heed_tensor *loss);

/* Tensors that come from outside. Rows and columns of a matrix; the data is borrowed, not copied. */
heed_tensor *heed_leaf(heed_tape *tape, float *data, int rank, const int *dim, bool needs_grad);
heed_tensor *heed_leaf_matrix(heed_tape *tape, float *data, int rows, int cols);
/* Gives an op's result a name (borrowed) for heed_tape_find, heed_tape_weights and error messages. */
heed_tensor *heed_named(heed_tape *tape, heed_tensor *x, const char *name);
heed_tensor *heed_tape_find(const heed_tape *tape, const char *name);
size_t heed_tensor_size(const heed_tensor *t); /* elements */

typedef struct heed_tape_usage {
	size_t data_bytes; /* activations, saved values and gradients at their peak */
	size_t scratch_bytes;
	size_t meta_bytes;
	double flops; /* forward and, with HEED_TAPE_GRAD after heed_tape_backward, backward */
} heed_tape_usage;
heed_tape_usage heed_tape_used(const heed_tape *tape); /* since the reset; bytes: at most since it was made */

/* Attention weights that a tape with HEED_TAPE_WEIGHTS kept: of the named attention, for each sequence s a
 * block [heads][queries of s][keys of s] at data + start[s]. false: none of that name. */
typedef struct heed_weights {
	const char *name;
	int heads;
	heed_spans queries, keys;
	const size_t *start;
	const float *data;
} heed_weights;
int heed_tape_weights_count(const heed_tape *tape);
heed_weights heed_tape_weights(const heed_tape *tape, int index);

#ifdef __cplusplus
}
#endif
#endif
