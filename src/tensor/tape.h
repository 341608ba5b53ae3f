/* The inside of the tape, and the contract between a tape and an op.
 *
 * An op is one constant struct in one file of src/op. Its constructor fills a heed_call and hands it to
 * heed__record, which checks the inputs, asks the op for the shape, gets the memory, runs the forward pass and,
 * when any input needs a gradient and the tape records, keeps a node for the backward pass. */
#ifndef HEED_TAPE_H
#define HEED_TAPE_H

#include "base/arena.h"
#include "base/philox.h"
#include "heed/tensor.h"
#include "kernel/kernel.h"

#define HEED__MAX_IN 6

typedef struct heed_op heed_op;

/* One call of an op, and what the backward pass needs of it. */
typedef struct heed_node {
	const heed_op *op;
	heed_tape *tape;
	heed_ctx *ctx;
	const struct heed__kernels *kernels;
	heed_tensor *in[HEED__MAX_IN]; /* an optional input may be NULL */
	heed_tensor *out;
	void *attr;   /* [op->attr_size], the tape's copy */
	float *saved; /* [saved_floats], asked for by shape(), kept for the backward pass */
	size_t saved_floats;
	size_t scratch_floats; /* asked for by shape(): memory for the call, forward and backward each */
	float *scratch;
	uint32_t id;  /* number of the call on its tape: names its stream of random numbers */
	bool dropped; /* the data of the result was given back early */
	bool grad;    /* the backward pass will come */
	bool train;   /* dropout is on */
} heed_node;

/* How a case of an op makes its inputs: random leaves with gradients, reproducible. In a bad case the op must
 * refuse. `n` are the numbers of the case, for the op's own use (sizes, kinds). */
typedef struct heed__case_inputs heed__case_inputs;
typedef struct heed__op_case {
	const char *name;
	heed_tensor *(*build)(heed_tape *tape, heed__case_inputs *inputs, const int *n);
	int n[8];
	bool bad;   /* must give HEED_E_SHAPE or HEED_E_ARGUMENT, not a result */
	bool timed; /* for the bench: large */
	bool rough; /* has kinks or dropout: compare kernels and check shapes, but no finite differences */
} heed__op_case;

/* Leaves [rows, cols] (cols 0: a vector of rows) uniform in [-1, 1); lives as long as the tape. */
heed_tensor *heed__case_leaf(heed__case_inputs *inputs, int rows, int cols);
/* count ids in [0, limit); lives as long as the tape. */
int *heed__case_ids(heed__case_inputs *inputs, int count, int limit);
/* Spans of `count` sequences with lengths 1..longest. */
heed_spans heed__case_spans(heed__case_inputs *inputs, int count, int longest);

struct heed_op {
	const char *name;
	int inputs; /* the first `inputs` entries of `in` are required, later ones optional */
	size_t attr_size;
	/* Checks inputs and attr (heed__misfit when they do not fit), sets out->rank and dim and the sizes of
	 * saved and scratch. */
	heed_code (*shape)(heed_node *node);
	void (*forward)(heed_node *node);
	/* Adds to the gradients of the inputs that need one (heed__grad_of). NULL: not differentiable. */
	void (*backward)(heed_node *node);
	/* Whether backward() reads the result itself. NULL: it does. */
	bool (*keeps_result)(const heed_node *node);
	double (*flops)(const heed_node *node); /* of the forward pass; NULL: not worth counting */
	const heed__op_case *cases;             /* ends with a NULL name */
};

/* NULL: an error, kept by the tape. Inputs beyond op->inputs may be NULL. */
heed_tensor *heed__record(heed_tape *tape, const heed_op *op, heed_tensor *const *in, int count,
			  const void *attr);

/* For shape(): records "op: message (name of the first input)" and returns the code. */
heed_code heed__misfit(heed_node *node, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets out to a matrix. */
void heed__shape_matrix(heed_node *node, int rows, int cols);
int heed__rows(const heed_tensor *t); /* product of all axes but the last */
int heed__cols(const heed_tensor *t); /* the last axis; 1 for a number */

/* For backward(): the gradient of an input, or NULL when it needs none. *accumulate says whether to add (or
 * to overwrite all of it); the tensor then counts as having one. */
float *heed__grad_of(heed_node *node, heed_tensor *t, bool *accumulate);
/* The same, zero-filled when it was empty: always add. */
float *heed__grad_add(heed_node *node, heed_tensor *t);

/* The dropout mask of this call; p is 0 unless the tape trains. */
heed__mask heed__node_mask(const heed_node *node, double p);

/* Memory on the tape that lives until the reset, for constructors (copies of spans and ids). NULL: failed. */
void *heed__tape_alloc(heed_tape *tape, size_t bytes);
/* Keeps weights of an attention for heed_tape_weights. */
void heed__tape_keep_weights(heed_tape *tape, const heed_weights *weights);
/* Keeps the first `count` of them only. */
void heed__tape_forget_weights(heed_tape *tape, int count);
/* heed_tape_backward for an output of any shape, from its given gradient `seed`. */
heed_code heed__tape_backward_from(heed_tape *tape, heed_tensor *out, const float *seed);
/* Gets the memory that a planning tape found to be needed, in one piece, before the first step. */
heed_code heed__tape_reserve(heed_tape *tape, heed_tape_usage usage);
/* The caller will not read the data of x any more, and neither will another op: its memory is used again unless the
 * backward pass needs it. */
void heed__tape_drop(heed_tape *tape, heed_tensor *x);
/* Records the tape's first error. */
void heed__tape_fail(heed_tape *tape, heed_code code);
bool heed__tape_planning(const heed_tape *tape);

/* Runs work over [0, rows) in blocks of at least `grain` rows, the same blocks at any number of threads. */
typedef void heed__rows_fn(heed_node *node, int row0, int row1, int chunk);
void heed__for_rows(heed_node *node, int rows, int grain, heed__rows_fn *work);
int heed__row_chunks(int rows, int grain);

/* All ops of this build, NULL at the end (src/op/op_list.c). */
const heed_op *const *heed__ops(void);

#endif
