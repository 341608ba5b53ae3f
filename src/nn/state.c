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
	s->tokens = heed__realloc_array(ctx, NULL, slots, 2 * sizeof *s->tokens);
	if (s->source == NULL || s->slots == NULL || s->tokens == NULL) {
		heed_state_free(s);
		return NULL;
	}
	s->counts = s->source + rows;
	s->key_first = s->counts + rows;
	s->key_count = s->key_first + rows;
	s->next_slots = s->slots + slots;
	s->next_tokens = s->tokens + slots;
	return s;
}

/* Of two halves of one block that change places, where the block begins. */
static int *block_of(int *half, int *other)
{
	return half < other || other == NULL ? half : other;
}

void heed_state_free(heed_state *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < HEED__STATE_LAYERS; i++) {
		heed__free(s->ctx, s->caches[i].data);
		heed__free(s->ctx, s->cells[i].data);
		heed__free(s->ctx, s->cells[i].next);
	}
	heed__free(s->ctx, s->source);
	heed__free(s->ctx, block_of(s->slots, s->next_slots));
	heed__free(s->ctx, block_of(s->tokens, s->next_tokens));
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

/* Room for the layer's memory, all zeros when there was none. */
static heed__cell *cell_of(heed_state *s, heed_tape *tape, int layer, int width)
{
	heed__cell *const c = &s->cells[layer];
	const size_t rows = (size_t)s->max_rows;

	if (c->width == width)
		return c;
	heed__free(s->ctx, c->data);
	heed__free(s->ctx, c->next);
	c->data = heed__calloc(s->ctx, rows, (size_t)width * sizeof *c->data);
	c->next = heed__calloc(s->ctx, rows, (size_t)width * sizeof *c->next);
	c->width = c->data != NULL && c->next != NULL ? width : 0;
	if (c->width == 0)
		heed__tape_fail(tape, HEED_E_MEMORY);
	return c->width > 0 ? c : NULL;
}

heed_tensor *heed__state_cell(heed_state *s, heed_tape *tape, int layer, int width)
{
	const heed__cell *const c = cell_of(s, tape, layer, width);

	return c != NULL ? heed_leaf_matrix(tape, c->data, s->rows, width) : NULL;
}

void heed__state_set(heed_state *s, heed_tape *tape, int layer, const heed_tensor *t)
{
	const heed__cell *const c = t != NULL ? cell_of(s, tape, layer, t->dim[1]) : NULL;

	if (c != NULL)
		memcpy(c->data, t->data, (size_t)s->rows * (size_t)c->width * sizeof *c->data);
}

const int *heed__state_tokens(const heed_state *s, int row)
{
	return s->tokens + (size_t)row * (size_t)s->max_steps;
}

/* Row r of every layer's memory becomes that of row parent[r]. */
static void move_cells(heed_state *s, const int *parent, int rows)
{
	for (int i = 0; i < HEED__STATE_LAYERS; i++) {
		heed__cell *const c = &s->cells[i];
		float *const swap = c->data;
		const size_t width = (size_t)c->width;

		for (int r = 0; r < rows && width > 0; r++)
			memcpy(c->next + (size_t)r * width, c->data + (size_t)parent[r] * width,
			       width * sizeof *c->data);
		c->data = c->next;
		c->next = swap;
	}
}

/* Of a model that reads nothing before it begins. */
static void forget_cells(heed_state *s)
{
	for (int i = 0; i < HEED__STATE_LAYERS; i++)
		if (s->cells[i].width > 0)
			memset(s->cells[i].data, 0,
			       (size_t)s->max_rows * (size_t)s->cells[i].width * sizeof(float));
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
	forget_cells(s);
	return model->family->start != NULL ? model->family->start(model, tape, s, source) : HEED_OK;
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
		s->tokens[(size_t)r * (size_t)s->max_steps + (size_t)s->step] = tokens[r];
		s->counts[r] = s->step + 1;
		s->key_first[r] = s->sources.start[s->source[r]];
		s->key_count[r] = s->sources.start[s->source[r] + 1] - s->key_first[r];
	}
	scores = model->family->step(model, tape, s, tokens);
	s->step++;
	return scores;
}

/* Row `to` of one table becomes row `from` of the other, as far as it is written. */
static void copy_line(const heed_state *s, int *table, int to, const int *other, int from)
{
	memcpy(table + (size_t)to * (size_t)s->max_steps, other + (size_t)from * (size_t)s->max_steps,
	       (size_t)s->step * sizeof *table);
}

heed_code heed_model_reorder(const heed_model *model, heed_state *s, const int *parent, int rows)
{
	int *const slots = s->slots, *const tokens = s->tokens;
	int *const source = s->counts; /* written anew at the next step */

	(void)model;
	if (rows < 0 || rows > s->max_rows)
		return heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: %d hypotheses; expected at most %d",
				   rows, s->max_rows);
	for (int r = 0; r < rows; r++) {
		if (parent[r] < 0 || parent[r] >= s->rows)
			return heed__error(s->ctx, HEED_E_ARGUMENT, "decoding: hypothesis %d of %d",
					   parent[r], s->rows);
		copy_line(s, s->next_slots, r, slots, parent[r]);
		copy_line(s, s->next_tokens, r, tokens, parent[r]);
		source[r] = s->source[parent[r]];
	}
	memcpy(s->source, source, (size_t)rows * sizeof *source);
	move_cells(s, parent, rows);
	s->slots = s->next_slots;
	s->next_slots = slots;
	s->tokens = s->next_tokens;
	s->next_tokens = tokens;
	s->rows = rows;
	return HEED_OK;
}
