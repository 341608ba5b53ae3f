/* Ragged batches step by step. */
#include "nn/steps.h"

#include "heed/ops.h"
#include "tensor/tape.h"

#include <string.h>

static int length(heed_spans spans, int s)
{
	return spans.start[s + 1] - spans.start[s];
}

/* Step t, whose step before had `rows` rows. `tokens` is the memory for its own. */
static bool make_step(heed_tape *tape, heed_spans spans, int t, int rows, int *tokens, heed__step *step)
{
	const size_t most = (size_t)spans.count + 1;
	int *const before = heed__tape_alloc(tape, 2 * most * sizeof *before);
	int *start, last = 0; /* rows of the step before, so far */

	if (before == NULL)
		return false;
	start = before + most;
	*step = (heed__step){.tokens = tokens, .before = before, .queries = {spans.count, start}};
	for (int s = 0; s < spans.count; s++) {
		start[s] = step->rows;
		if (length(spans, s) > t) {
			before[step->rows] = last;
			tokens[step->rows++] = spans.start[s] + t;
		}
		last += t == 0 || length(spans, s) >= t;
	}
	start[spans.count] = step->rows;
	if (step->rows == rows)
		step->before = NULL;
	return true;
}

bool heed__steps_make(heed_tape *tape, heed_spans spans, heed__steps *steps)
{
	int *tokens, rows = spans.count, done = 0;

	*steps = (heed__steps){.spans = spans};
	for (int s = 0; s < spans.count; s++)
		steps->count = length(spans, s) > steps->count ? length(spans, s) : steps->count;
	steps->step = heed__tape_alloc(tape, ((size_t)steps->count + 1) * sizeof *steps->step);
	tokens = heed__tape_alloc(tape, 2 * ((size_t)heed_spans_rows(spans) + 1) * sizeof *tokens);
	if (steps->step == NULL || tokens == NULL)
		return false;
	steps->place = tokens + heed_spans_rows(spans);
	for (int t = 0; t < steps->count; t++) {
		if (!make_step(tape, spans, t, rows, tokens + done, &steps->step[t]))
			return false;
		rows = steps->step[t].rows;
		for (int i = 0; i < rows; i++)
			steps->place[tokens[done + i]] = done + i;
		done += rows;
	}
	return true;
}

heed_tensor *heed__step_go_on(heed_tape *tape, const heed__step *step, heed_tensor *state)
{
	return step->before == NULL || state == NULL ? state
						     : heed_gather(tape, state, step->before, step->rows);
}

heed_tensor *heed__steps_join(heed_tape *tape, const heed__steps *steps, heed_tensor *const *parts)
{
	heed_tensor *const stacked = heed_stack(tape, parts, steps->count);
	heed_tensor *const y = heed_gather(tape, stacked, steps->place, heed_spans_rows(steps->spans));

	heed__tape_drop(tape, stacked);
	return y;
}

/* Copies the row that step t has of sequence s for each head. */
static void copy_rows(const heed_weights *from, int s, int t, const heed_weights *to, float *data)
{
	const size_t keys = (size_t)length(to->keys, s), queries = (size_t)length(to->queries, s);

	for (size_t h = 0; h < (size_t)to->heads; h++)
		memcpy(data + to->start[s] + (h * queries + (size_t)t) * keys,
		       from->data + from->start[s] + h * keys, keys * sizeof *data);
}

void heed__steps_join_weights(heed_tape *tape, const heed__steps *steps, int first)
{
	const heed_spans spans = steps->spans;
	heed_weights all;
	size_t *start, size = 0;
	float *data;

	if (steps->count == 0 || heed_tape_weights_count(tape) != first + steps->count)
		return;
	all = heed_tape_weights(tape, first);
	start = heed__tape_alloc(tape, ((size_t)spans.count + 1) * sizeof *start);
	for (int s = 0; start != NULL && s < spans.count; s++) {
		start[s] = size;
		size += (size_t)all.heads * (size_t)length(spans, s) * (size_t)length(all.keys, s);
	}
	data = heed__tape_alloc(tape, size * sizeof *data);
	if (start == NULL || data == NULL)
		return;
	start[spans.count] = size;
	all.queries = spans;
	all.start = start;
	all.data = data;
	for (int t = 0; t < steps->count; t++) {
		const heed_weights one = heed_tape_weights(tape, first + t);

		for (int s = 0; s < spans.count; s++)
			if (length(spans, s) > t)
				copy_rows(&one, s, t, &all, data);
	}
	heed__tape_forget_weights(tape, first);
	heed__tape_keep_weights(tape, &all);
}
