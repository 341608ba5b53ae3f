/* The shared parts of the ops that end in a layer norm. */
#include "op/norm_rows.h"

#include <string.h>

heed_code heed__norm_shape(heed_node *node, const heed_tensor *x, const heed_tensor *gain,
			   const heed_tensor *bias)
{
	const int d = heed__cols(x);
	const size_t rows = (size_t)heed__rows(x);

	if (x->rank != 2 || gain->rank != 1 || bias->rank != 1 || gain->dim[0] != d || bias->dim[0] != d)
		return heed__misfit(node, "x is [%d,%d] but gain has %d and bias %d numbers", x->dim[0],
				    x->dim[1], gain->dim[0], bias->dim[0]);
	heed__shape_matrix(node, x->dim[0], d);
	if (node->grad) {
		const size_t chunks = (size_t)heed__row_chunks(x->dim[0], HEED__NORM_GRAIN);

		node->saved_floats = rows * (size_t)d + rows;
		node->scratch_floats = rows * (size_t)d + chunks * 2 * (size_t)d;
	}
	return HEED_OK;
}

void heed__norm_rows(heed_node *node, int row0, int row1, const heed_tensor *x, const heed_tensor *r,
		     const heed__mask *mask, const heed_tensor *gain, const heed_tensor *bias, double eps)
{
	const int d = x->dim[1];
	const size_t at = (size_t)row0 * (size_t)d;
	float *const xhat = node->saved_floats > 0 ? node->saved : NULL;
	float *const rstd = xhat != NULL ? xhat + (size_t)x->dim[0] * (size_t)d : NULL;

	node->kernels->norm(row1 - row0, d, x->data + at, r != NULL ? r->data + at : NULL, mask, at,
			    gain->data, bias->data, (float)eps, node->out->data + at, NULL,
			    xhat != NULL ? xhat + at : NULL, rstd != NULL ? rstd + row0 : NULL);
}

/* ds of some rows, and their part of the sums for gain and bias. */
static void sum_gradient(heed_node *node, int row0, int row1, int chunk)
{
	const int d = node->out->dim[1];
	const size_t size = (size_t)node->out->dim[0] * (size_t)d, at = (size_t)row0 * (size_t)d;
	float *const parts = node->scratch + size + (size_t)chunk * 2 * (size_t)d;

	memset(parts, 0, 2 * (size_t)d * sizeof *parts);
	node->kernels->norm_grad(row1 - row0, d, node->out->grad + at, node->saved + at,
				 node->saved + size + row0, node->in[node->op->inputs - 2]->data,
				 node->scratch + at, parts, parts + d);
}

static void add_rows(heed_node *node, float *y, const float *x)
{
	node->kernels->add(heed_tensor_size(node->out), x, y);
}

const float *heed__norm_backward(heed_node *node, heed_tensor *x, heed_tensor *gain, heed_tensor *bias)
{
	const size_t d = (size_t)node->out->dim[1], size = heed_tensor_size(node->out);
	const int chunks = heed__row_chunks(node->out->dim[0], HEED__NORM_GRAIN);
	const float *parts = node->scratch + size;
	float *dgain, *dbias, *dx;
	bool accumulate;

	heed__for_rows(node, node->out->dim[0], HEED__NORM_GRAIN, sum_gradient);
	dgain = heed__grad_add(node, gain);
	dbias = heed__grad_add(node, bias);
	for (int c = 0; c < chunks; c++, parts += 2 * d) {
		if (dgain != NULL)
			node->kernels->add(d, parts, dgain);
		if (dbias != NULL)
			node->kernels->add(d, parts + d, dbias);
	}
	dx = heed__grad_of(node, x, &accumulate);
	if (dx != NULL && accumulate)
		add_rows(node, dx, node->scratch);
	else if (dx != NULL && size > 0)
		memcpy(dx, node->scratch, size * sizeof *dx);
	return node->scratch;
}
