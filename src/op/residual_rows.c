/* The gradient through a sum with dropout on one side, in rows. */
#include "op/residual_rows.h"

typedef struct job {
	heed_node *node;
	const float *dy;
	float *dx;
	const heed__mask *mask;
	size_t size;
	bool accumulate;
} job;

#define BLOCK ((size_t)8192) /* floats a chunk */

bool heed__residual_fits(const heed_tensor *x, const heed_tensor *r)
{
	return x->rank == 2 && r->rank == 2 && x->dim[0] == r->dim[0] && x->dim[1] == r->dim[1];
}

static void run(void *arg, int chunk, int thread)
{
	const job *const j = arg;
	const size_t at = (size_t)chunk * BLOCK, n = j->size - at < BLOCK ? j->size - at : BLOCK;

	(void)thread;
	if (j->accumulate)
		j->node->kernels->dropout_add(n, j->dy + at, j->dx + at, j->mask, at);
	else
		j->node->kernels->dropout(n, j->dy + at, j->dx + at, j->mask, at);
}

void heed__residual_gradient(heed_node *node, heed_tensor *x, const float *dy, const heed__mask *mask)
{
	job j = {.node = node, .dy = dy, .mask = mask, .size = heed_tensor_size(node->out)};

	j.dx = heed__grad_of(node, x, &j.accumulate);
	if (j.dx != NULL)
		heed__parallel(node->ctx, (int)((j.size + BLOCK - 1) / BLOCK), run, &j);
}
