/* Random inputs for the cases of ops: a function of the case and of nothing else. */
#include "tensor/cases.h"

static heed_tensor *add_leaf(heed__case_inputs *in, heed_tensor *x)
{
	if (x == NULL || in->count == HEED__CASE_LEAVES)
		return x;
	if (in->count == in->nudged)
		x->data[in->element] = (float)(x->data[in->element] + in->nudge);
	in->leaves[in->count++] = x;
	return x;
}

heed_tensor *heed__case_leaf(heed__case_inputs *in, int rows, int cols)
{
	const int dim[] = {rows, cols};
	const size_t n = (size_t)rows * (size_t)(cols > 0 ? cols : 1);
	float *const data = heed__tape_alloc(in->tape, n * sizeof *data);

	if (data == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		data[i] = (float)(2.0 * heed__rng_uniform(&in->rng) - 1.0);
	return add_leaf(in, heed_leaf(in->tape, data, cols > 0 ? 2 : 1, dim, true));
}

int *heed__case_ids(heed__case_inputs *in, int count, int limit)
{
	int *const ids = heed__tape_alloc(in->tape, (size_t)(count > 0 ? count : 1) * sizeof *ids);

	for (int i = 0; ids != NULL && i < count; i++)
		ids[i] = (int)heed__rng_below(&in->rng, (uint64_t)limit);
	return ids;
}

heed_spans heed__case_spans(heed__case_inputs *in, int count, int longest)
{
	int *const start = heed__tape_alloc(in->tape, ((size_t)count + 1) * sizeof *start);

	if (start == NULL)
		return (heed_spans){0};
	start[0] = 0;
	for (int i = 0; i < count; i++)
		start[i + 1] = start[i] + 1 + (int)heed__rng_below(&in->rng, (uint64_t)longest);
	return (heed_spans){count, start};
}
