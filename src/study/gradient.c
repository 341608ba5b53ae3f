/* For a while the table of vectors is another one, with a row for every place of the text instead of every word. Then
 * the gradient of the table says, row by row, what reached each place. */
#include "study/gradient.h"

#include "base/context_impl.h"
#include "tensor/tape.h"

#include <math.h>
#include <string.h>

/* Memory of one call, and the table as it was. */
typedef struct pass {
	heed_tensor *table, before;
	float *rows, *gradients, *seed;
	int *ids;
	heed_tape *tape;
} pass;

static bool open_pass(heed_model *m, pass *p, int count)
{
	p->table = heed_params_find(m->params, "embed");
	p->before = *p->table;
	p->rows = heed__calloc(m->ctx, (size_t)count * (size_t)p->table->dim[1], sizeof *p->rows);
	p->gradients = heed__calloc(m->ctx, (size_t)count * (size_t)p->table->dim[1], sizeof *p->gradients);
	p->ids = heed__calloc(m->ctx, (size_t)count, sizeof *p->ids);
	p->tape = heed_tape_new(m->ctx, HEED_TAPE_GRAD);
	return p->rows != NULL && p->gradients != NULL && p->ids != NULL && p->tape != NULL;
}

static void close_pass(heed_model *m, pass *p)
{
	*p->table = p->before;
	heed_tape_free(p->tape);
	heed__free(m->ctx, p->rows);
	heed__free(m->ctx, p->gradients);
	heed__free(m->ctx, p->ids);
	heed__free(m->ctx, p->seed);
}

static void lay_table(pass *p, const int *ids, int count)
{
	const size_t width = (size_t)p->table->dim[1];

	for (int i = 0; i < count; i++) {
		memcpy(p->rows + (size_t)i * width, p->before.data + (size_t)ids[i] * width,
		       width * sizeof *p->rows);
		p->ids[i] = i;
	}
	p->table->dim[0] = count;
	p->table->data = p->rows;
	p->table->grad = p->gradients;
	p->table->has_grad = false;
	p->table->needs_grad = true;
}

static heed_code run_pass(const heed_model *m, pass *p, int count, const float *score)
{
	const int start[] = {0, count};
	const heed_batch batch = {.input = {.spans = {1, start}, .ids = p->ids}};
	heed_tensor *const x = m->family->contextual(m, p->tape, &batch);
	size_t width;

	if (x == NULL)
		return heed_tape_code(p->tape);
	width = (size_t)x->dim[1];
	p->seed = heed__calloc(m->ctx, (size_t)count * width, sizeof *p->seed);
	if (p->seed == NULL)
		return HEED_E_MEMORY;
	memcpy(p->seed + ((size_t)count - 1) * width, score, width * sizeof *p->seed);
	return heed__tape_backward_from(p->tape, x, p->seed);
}

heed_code heed__token_gradients(heed_model *m, const int *ids, int count, const float *score, double *norms)
{
	pass p = {0};
	heed_code code = HEED_E_MEMORY;

	heed_params_begin(m->params);
	if (open_pass(m, &p, count)) {
		const size_t width = (size_t)p.table->dim[1];

		lay_table(&p, ids, count);
		code = run_pass(m, &p, count, score);
		for (int i = 0; code == HEED_OK && i < count; i++) {
			double sum = 0;

			for (size_t k = 0; k < width; k++) {
				const double g = (double)p.gradients[(size_t)i * width + k];

				sum += g * g;
			}
			norms[i] = sqrt(sum);
		}
	}
	close_pass(m, &p);
	return code;
}
