/* Caches of decoding, and the moves of hypotheses among them. */
#include "nn/state.h"

#include "tensor/tape.h"

#include <string.h>

heed_state *heed_state_new(heed_ctx *ctx, int rows, int steps)
{
	heed_state *const s = heed__calloc(ctx, 1, sizeof *s);
	size_t slots;

	if (s == NULL)
		return NULL;
	s->ctx = ctx;
	s->max_rows = rows;
	s->max_steps = steps;
	heed__arena_init(&s->memory, ctx, false);
	if (rows < 1 || steps < 1 || !heed__mul((size_t)rows, (size_t)steps, &slots)) {
		heed__error(ctx, HEED_E_ARGUMENT,
			    "decoding: %d hypotheses of %d tokens; expected at least one", rows, steps);
		heed_state_free(s);
		return NULL;
	}
	s->source = heed__calloc(ctx, (size_t)rows, 4 * sizeof *s->source);
	s->slots = heed__realloc_array(ctx, NULL, slots, 2 * sizeof *s->slots);
	if (s->source == NULL || s->slots == NULL) {
		heed_state_free(s);
		return NULL;
	}
	s->counts = s->source + rows;
	s->key_first = s->counts + rows;
	s->key_count = s->key_first + rows;
	s->next_slots = s->slots + slots;
	return s;
}

void heed_state_free(heed_state *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < HEED__STATE_LAYERS; i++)
		heed__free(s->ctx, s->caches[i].data);
	heed__free(s->ctx, s->source);
	heed__free(s->ctx, s->slots < s->next_slots || s->next_slots == NULL ? s->slots : s->next_slots);
	heed__arena_release(&s->memory);
	heed__free(s->ctx, s);
}

int heed_state_rows(const heed_state *s)
{
	return s->rows;
}

bool heed__state_keep(heed_state *s, const heed_tensor *t)
{
	heed_tensor *const copy = heed__arena_alloc(&s->memory, sizeof *copy);
	float *const data = heed__arena_alloc(&s->memory, heed_tensor_size(t) * sizeof *data);

	if (copy == NULL || data == NULL || s->kept_count == HEED__STATE_LAYERS)
		return false;
	*copy = *t;
	copy->data = data;
	memcpy(data, t->data, heed_tensor_size(t) * sizeof *data);
	s->kept[s->kept_count++] = copy;
	return true;
}

static bool grow(heed_state *s, heed__cache *c, int width)
{
	const int capacity = s->step < 16 ? 32 : 2 * (s->step + 1);
	float *data;

	if (c->width == width && s->step < c->capacity)
		return true;
	data = heed__realloc_array(s->ctx, c->width == width ? c->data : NULL, (size_t)capacity,
				   (size_t)s->max_rows * (size_t)width * sizeof *data);
	if (data == NULL)
		return false;
	if (c->width != width)
		heed__free(s->ctx, c->data);
	*c = (heed__cache){data, width, capacity};
	return true;
}

heed_tensor *heed__state_append(heed_state *s, heed_tape *tape, int layer, const heed_tensor *t, int at,
				int width)
{
	heed__cache *const c = &s->caches[layer];

	if (t == NULL)
		return NULL;
	if (!grow(s, c, width)) {
		heed__tape_fail(tape, HEED_E_MEMORY);
		return NULL;
	}
	for (int r = 0; r < s->rows; r++)
		memcpy(c->data + ((size_t)s->step * (size_t)s->max_rows + (size_t)r) * (size_t)width,
		       t->data + (size_t)r * (size_t)t->dim[1] + at, (size_t)width * sizeof *c->data);
	return heed_leaf_matrix(tape, c->data, c->capacity * s->max_rows, width);
}

heed_code heed_model_start(const heed_model *model, heed_tape *tape, heed_state *s, const heed_batch *source)
{
	const int count = source->source.spans.count;
	int *start;

	if (count < 1 || count > s->max_rows)
		return heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: %d inputs; expected 1 to %d", count,
				   s->max_rows);
	heed__arena_reset(&s->memory);
	s->kept_count = s->step = 0;
	s->rows = count;
	start = heed__arena_alloc(&s->memory, ((size_t)count + 1) * sizeof *start);
	if (start == NULL)
		return HEED_E_MEMORY;
	memcpy(start, source->source.spans.start, ((size_t)count + 1) * sizeof *start);
	s->sources = (heed_spans){count, start};
	for (int i = 0; i < count; i++)
		s->source[i] = i;
	return model->family->start(model, tape, s, source);
}

heed_tensor *heed_model_step(const heed_model *model, heed_tape *tape, heed_state *s, const int *tokens)
{
	heed_tensor *scores;

	if (s->step >= s->max_steps) {
		heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: more than the %d tokens that were planned",
			    s->max_steps);
		return NULL;
	}
	for (int r = 0; r < s->rows; r++) {
		s->slots[(size_t)r * (size_t)s->max_steps + (size_t)s->step] = s->step * s->max_rows + r;
		s->counts[r] = s->step + 1;
		s->key_first[r] = s->sources.start[s->source[r]];
		s->key_count[r] = s->sources.start[s->source[r] + 1] - s->key_first[r];
	}
	scores = model->family->step(model, tape, s, tokens);
	s->step++;
	return scores;
}

heed_code heed_model_reorder(const heed_model *model, heed_state *s, const int *parent, int rows)
{
	int *const swap = s->slots;
	int *const source = s->counts; /* written anew at the next step */

	(void)model;
	if (rows < 0 || rows > s->max_rows)
		return heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: %d hypotheses; expected at most %d",
				   rows, s->max_rows);
	for (int r = 0; r < rows; r++) {
		if (parent[r] < 0 || parent[r] >= s->rows)
			return heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: hypothesis %d of %d",
					   parent[r], s->rows);
		memcpy(s->next_slots + (size_t)r * (size_t)s->max_steps,
		       s->slots + (size_t)parent[r] * (size_t)s->max_steps,
		       (size_t)s->step * sizeof *s->slots);
		source[r] = s->source[parent[r]];
	}
	memcpy(s->source, source, (size_t)rows * sizeof *source);
	s->slots = s->next_slots;
	s->next_slots = swap;
	s->rows = rows;
	return HEED_OK;
}
