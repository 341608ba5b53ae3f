/* What the recurrences share: the order in which sequences run, the products of the steps, and the way of rows
 * between the order of tokens and that of steps.
 *
 * Sequences are sorted by length, the longest first, so that those which still run at a step are the first ones.
 * "Packed" rows are in the order of steps: step t begins at row first[t] and holds active[t] rows, row r of the
 * sequence order[r]. What the backward pass needs is kept packed; without one there is room for one step only, which
 * all steps use in turn.
 *
 *	x [T, G H]  w [G H, P]  h [sequences, P] or absent  y [T, P];  P = H unless there is a projection */
#ifndef HEED_RECURRENCE_H
#define HEED_RECURRENCE_H

#include "heed/ops.h"
#include "tensor/tape.h"

typedef struct heed__recurrence {
	heed_recurrence_options o;
	heed__act act; /* of an RNN */
	int gates;     /* G */
	int units;     /* H */
	int width;     /* P */
	int count, steps;
	bool keep;          /* packed rows of all steps, not of one */
	int *order;         /* [count] */
	int *active;        /* [steps + 1], 0 at the end */
	int *first;         /* [steps + 1] */
	int step;           /* the one under way */
	float *gate_values; /* [rows, G H] packed */
	float *before;      /* [rows, P] packed: the state that each step begins with */
	float *cells;       /* [rows, H] packed, LSTM */
	float *end_grad;    /* [count, H] sorted: gradient of the last cells, LSTM */
	float *dx;          /* backward: the gradient of x, NULL when it needs none */
	bool add_dx;
	float *dh; /* [count, P] sorted: the gradient of the state on its way back */
} heed__recurrence;

enum { HEED__RECURRENCE_X, HEED__RECURRENCE_W, HEED__RECURRENCE_H }; /* the first inputs of all of them */

/* For shape(): checks x, w and h, sorts the sequences, sets the result. `projected` is P, or 0. */
heed_code heed__recurrence_shape(heed_node *node, int gates, int projected);
/* Rows of packed tensors. */
size_t heed__recurrence_rows(const heed__recurrence *a);
/* Rows that one chunk of a step takes. */
int heed__recurrence_grain(const heed__recurrence *a);

/* The packed row of sequence r at step t, and its row among the tokens. */
static inline size_t heed__recurrence_packed(const heed__recurrence *a, int t, int r)
{
	return (size_t)(a->keep ? a->first[t] : 0) + (size_t)r;
}

static inline size_t heed__recurrence_token(const heed__recurrence *a, int t, int r)
{
	const int s = a->order[r];

	return (size_t)(a->o.reverse ? a->o.spans.start[s + 1] - 1 - t : a->o.spans.start[s] + t);
}

/* sorted [count, width] = rows of t in the order of the sequences; zeros when t is NULL. */
void heed__recurrence_sort(const heed__recurrence *a, const heed_tensor *t, int width, float *sorted);
/* The other way, into the gradient of t, which may be NULL. */
void heed__recurrence_sort_grad(heed_node *node, heed_tensor *t, int width, const float *sorted);

/* y = x w^T of rows [rows, in], w [out, in] packed before; or y = x w with transposed = true. */
typedef struct heed__recurrence_weight {
	const heed_tensor *w;
	bool transposed; /* of the product by w itself, backwards */
	float *packed;
} heed__recurrence_weight;
size_t heed__recurrence_weight_size(const heed_node *node, const heed_tensor *w);
void heed__recurrence_pack(heed_node *node, heed__recurrence_weight *w);
void heed__recurrence_product(heed_node *node, const heed__recurrence_weight *w, int rows, const float *x,
			      float *y, bool accumulate);
/* dw += dy^T x over all packed rows; w [out, in], dy [rows, out], x [rows, in] */
void heed__recurrence_weight_grad(heed_node *node, heed_tensor *w, const float *dy, const float *x);

/* The sums that the gates of this step begin with: before w^T. */
void heed__recurrence_sums(heed_node *node, const heed__recurrence_weight *w);
/* Passes the state of row r after this step, which is in its row of the result, on to the next step. */
void heed__recurrence_pass(heed_node *node, int r);
/* Adds a row to the gradient of x: columns [at, at + n) of row r at this step. */
void heed__recurrence_give(heed_node *node, int r, int at, int n, const float *row);
/* dh of row r at this step, with the gradient of the result added. */
float *heed__recurrence_take(heed_node *node, int r);

double heed__recurrence_flops(const heed_node *node);
/* Whether node is one of them, and its attr. */
heed__recurrence *heed__recurrence_of(const heed_node *node);
bool heed__recurrence_keeps_result(const heed_node *node);

#endif
