#include "decode/translator_impl.h"

/* One pair as ids; in t->call. */
typedef struct item {
	heed__sequence source, target;
} item;

static heed_code read_pair(heed_translator *t, const heed_pair *in, size_t index, item *x)
{
	heed_code code = heed__sequence_read(t->source, in->source, in->source_len, t->longest - 1, false,
					     &t->call, &x->source);

	if (code == HEED_OK)
		code = heed__sequence_read(t->target, in->target, in->target_len, t->longest - 1, false,
					   &t->call, &x->target);
	if (code == HEED_OK && t->options.strict && (x->source.cut || x->target.cut))
		return heed__error(t->ctx, HEED_E_TEXT, "scoring: the %s of pair %zu has more than %d tokens",
				   x->source.cut ? "source" : "target", index + 1, t->longest - 1);
	return code;
}

static heed_code score_batch(heed_translator *t, const item *items, const heed__job *jobs, int count,
			     heed_pair_score *scores)
{
	const heed_model *const m = t->trained->model;
	const heed__sequence **pairs;
	heed_batch batch;
	float *nll = NULL;
	heed_code code;

	heed__arena_reset(&t->batch);
	pairs = heed__arena_alloc(&t->batch, (size_t)count * 2 * sizeof *pairs);
	if (pairs == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count; i++) {
		pairs[i] = &items[jobs[i].index].source;
		pairs[count + i] = &items[jobs[i].index].target;
	}
	code = heed__batch_make(t, pairs, pairs + count, count, &batch);
	if (code == HEED_OK)
		nll = heed__arena_alloc(&t->batch, (size_t)heed_spans_rows(batch.input.spans) * sizeof *nll);
	if (nll == NULL)
		return HEED_E_MEMORY;
	heed_tape_reset(t->tape, 0);
	m->family->loss(m, t->tape, &batch, nll);
	for (int i = 0; i < count && heed_tape_code(t->tape) == HEED_OK; i++) {
		heed_pair_score *const s = &scores[jobs[i].index];

		*s = (heed_pair_score){.tokens = pairs[count + i]->count + 1,
				       .cut = pairs[i]->cut || pairs[count + i]->cut};
		for (int r = batch.input.spans.start[i]; r < batch.input.spans.start[i + 1]; r++)
			s->logp -= (double)nll[r];
	}
	return heed_tape_code(t->tape);
}

heed_code heed_score_pairs(heed_translator *t, const heed_pair *pairs, size_t count, heed_pair_score *scores)
{
	heed__job *jobs;
	item *items;
	heed_code code = HEED_OK;

	heed__arena_reset(&t->call);
	if (count == 0)
		return HEED_OK;
	if (count > SIZE_MAX / sizeof *items)
		return heed__error(t->ctx, HEED_E_MEMORY, "scoring: %zu pairs", count);
	items = heed__arena_alloc(&t->call, count * sizeof *items);
	jobs = heed__arena_alloc(&t->call, count * sizeof *jobs);
	if (items == NULL || jobs == NULL)
		return HEED_E_MEMORY;
	for (size_t i = 0; i < count && code == HEED_OK; i++) {
		code = read_pair(t, &pairs[i], i, &items[i]);
		jobs[i] = (heed__job){items[i].source.count + items[i].target.count + 2, i};
	}
	if (code == HEED_OK)
		heed__jobs_sort(jobs, count);
	for (size_t done = 0; done < count && code == HEED_OK;) {
		const int n = heed__jobs_batch(jobs + done, count - done, t->most, t->options.batch_tokens);

		if (heed_interrupted(t->ctx))
			return heed__error(t->ctx, HEED_E_INTERRUPTED, "scoring: interrupted");
		code = score_batch(t, items, jobs + done, n, scores);
		done += (size_t)n;
	}
	return code;
}
