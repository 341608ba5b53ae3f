/* Translation: texts to batches, batches through the search, what was found to texts, in the order of the input. */
#include "decode/translator_impl.h"

#include <math.h>
#include <string.h>

/* One source and what becomes of it; in t->call. */
typedef struct item {
	heed__sequence source, prefix;
	heed_hypothesis *best;
	int count;
	bool cut, blank;
} item;

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && (text[i] < '\t' || text[i] > '\r'))
			return false;
	return true;
}

static heed_code too_long(heed_translator *t, size_t index, const char *what, int most)
{
	return heed__error(t->ctx, HEED_E_TEXT, "translation: the %s of input %zu has more than %d tokens",
			   what, index + 1, most);
}

/* An output that has not ended is at most as long as one that has, without its eos: then the forward pass over
 * it, which begins with bos, is one that the model can do. */
static int longest_output(const heed_translator *t)
{
	return t->longest - 1;
}

static heed_code read_source(heed_translator *t, const heed_source *in, size_t index, item *x)
{
	const int most = t->longest - 1, most_prefix = longest_output(t) - 1;
	heed_code code;

	*x = (item){0};
	code = heed__sequence_read(t->source, in->text, in->len, most, t->options.alignment, &t->call,
				   &x->source);
	if (code == HEED_OK)
		code = heed__sequence_read(t->target, in->prefix != NULL ? in->prefix : "",
					   in->prefix != NULL ? in->prefix_len : 0, most_prefix, false,
					   &t->call, &x->prefix);
	x->cut = x->source.cut || x->prefix.cut;
	x->blank = x->source.count == 0 || is_blank(in->text, in->len);
	if (code == HEED_OK && t->options.strict && x->cut)
		return too_long(t, index, x->source.cut ? "text" : "prefix",
				x->source.cut ? most : most_prefix);
	return code;
}

static int smaller(double a, double b)
{
	return (int)(a < b ? a : b);
}

static heed__search_line line_of(const heed_translator *t, const item *x, int64_t number)
{
	const heed_translate_options *const o = &t->options;
	const int prefix = x->prefix.count;
	int limit = smaller(prefix + o->length_ratio * x->source.count + o->length_extra, longest_output(t));

	if (o->max_length > 0)
		limit = smaller(limit, o->max_length > prefix ? o->max_length : prefix + 1);
	return (heed__search_line){
		.prefix = x->prefix.ids + 1, .prefix_count = prefix, .limit = limit, .number = number};
}

static heed_code decode(heed_translator *t, heed_hypothesis *h)
{
	const char *text;
	char *copy;
	const heed_code code = heed_coder_decode(t->target, h->ids, h->count, &text, &h->len);

	if (code != HEED_OK)
		return code;
	copy = heed__arena_alloc(&t->call, h->len + 1);
	if (copy == NULL)
		return HEED_E_MEMORY;
	memcpy(copy, text, h->len + 1);
	h->text = copy;
	return HEED_OK;
}

static heed_code take_found(heed_translator *t, const heed__found *found, heed_hypothesis *h)
{
	int *const ids = heed__arena_alloc(&t->call, (size_t)found->count * sizeof *ids);
	float *const logp = heed__arena_alloc(&t->call, (size_t)found->count * sizeof *logp);

	if (ids == NULL || logp == NULL)
		return HEED_E_MEMORY;
	heed__search_path(t->search, found, ids, logp);
	*h = (heed_hypothesis){.ids = ids,
			       .count = found->count - found->finished,
			       .logp = logp,
			       .finished = found->finished,
			       .score = found->score,
			       .ranked = found->ranked};
	return decode(t, h);
}

static heed_code take_line(heed_translator *t, int line, item *x)
{
	int found_count;
	const heed__found *const found = heed__search_found(t->search, line, &found_count);
	heed_code code = HEED_OK;

	x->count = found_count < t->options.nbest ? found_count : t->options.nbest;
	x->best = heed__arena_alloc(&t->call, (size_t)x->count * sizeof *x->best);
	if (x->best == NULL)
		return HEED_E_MEMORY;
	for (int n = 0; n < x->count && code == HEED_OK; n++)
		code = take_found(t, &found[n], &x->best[n]);
	return code;
}

static heed_code search(heed_translator *t, item *const *items, const heed__sequence **sources,
			const int64_t *numbers, int count)
{
	heed__search_line *const lines = heed__arena_alloc(&t->batch, (size_t)count * sizeof *lines);
	heed_batch batch;
	heed_code code;

	if (lines == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count; i++)
		lines[i] = line_of(t, items[i], numbers[i]);
	code = heed__batch_make(t, sources, NULL, count, &batch);
	if (code == HEED_OK)
		code = heed__search_run(t->search, t->trained->model, t->tape, &batch, lines, count);
	for (int i = 0; i < count && code == HEED_OK; i++)
		code = take_line(t, i, items[i]);
	return code;
}

/* The translation's tokens, and which word each one belongs to. */
static heed_code read_back(heed_translator *t, const heed_hypothesis *h, heed__sequence *out)
{
	int *const start = heed__arena_alloc(&t->batch, ((size_t)h->count + 1) * sizeof *start);
	heed_code code = heed__sequence_of_ids(h->ids, h->count, &t->batch, out);

	out->words = heed__arena_alloc(&t->batch, (size_t)h->count * sizeof *out->words);
	if (code != HEED_OK || start == NULL || out->words == NULL)
		return HEED_E_MEMORY;
	heed_coder_decode_start(t->target);
	start[0] = 0;
	for (int i = 0; i < h->count; i++) {
		const char *text;
		size_t len;

		code = heed_coder_decode_next(t->target, h->ids[i], &text, &len);
		if (code != HEED_OK)
			return code;
		start[i + 1] = start[i] + (int)len;
	}
	heed__words(h->text, h->len, start, h->count, out->words);
	return HEED_OK;
}

/* How many of the items, from the first, are looked at together: the weights of a pair grow with the square of
 * its length. */
static int look_together(item *const *items, int count, int n)
{
	const double most = 1 << 20; /* weights of a head */
	double sum = 0;
	int i = 0;

	for (; i < count; i++) {
		const double target = n < items[i]->count ? items[i]->best[n].count + 1 : 0;
		const double length = items[i]->source.count + 1 + target;

		sum += length * length;
		if (i > 0 && sum > most)
			break;
	}
	return i;
}

/* The links of the n-th best translation of every source that has one. */
static heed_code align_nth(heed_translator *t, item *const *items, int count, int n)
{
	heed__sequence *const targets = heed__arena_alloc(&t->batch, (size_t)count * sizeof *targets);
	const heed__sequence **const pairs = heed__arena_alloc(&t->batch, (size_t)count * 2 * sizeof *pairs);
	heed_hypothesis **const h = heed__arena_alloc(&t->batch, (size_t)count * sizeof *h);
	heed_batch batch;
	heed_code code = HEED_OK;
	int m = 0;

	if (targets == NULL || pairs == NULL || h == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count && code == HEED_OK; i++) {
		if (n >= items[i]->count)
			continue;
		h[m] = &items[i]->best[n];
		pairs[m] = &items[i]->source;
		pairs[count + m] = &targets[m];
		code = read_back(t, h[m], &targets[m]);
		m++;
	}
	if (m == 0 || code != HEED_OK)
		return code;
	code = heed__batch_make(t, pairs, pairs + count, m, &batch);
	if (code == HEED_OK)
		code = heed__translator_look(t, &batch, NULL);
	for (int i = 0; i < m && code == HEED_OK; i++)
		code = heed__align(t, i, pairs[i], pairs[count + i], &h[i]->links, &h[i]->link_count);
	return code;
}

static heed_code align(heed_translator *t, item *const *items, int count)
{
	heed_code code = HEED_OK;

	for (int n = 0; n < t->options.nbest; n++)
		for (int at = 0; at < count && code == HEED_OK;) {
			const int together = look_together(items + at, count - at, n);

			code = align_nth(t, items + at, together, n);
			at += together;
		}
	return code;
}

static heed_code translate_batch(heed_translator *t, item *all, const heed__job *jobs, int count)
{
	item **items;
	const heed__sequence **sources;
	int64_t *numbers;
	heed_code code;

	heed__arena_reset(&t->batch);
	items = heed__arena_alloc(&t->batch, (size_t)count * sizeof(item *));
	sources = heed__arena_alloc(&t->batch, (size_t)count * sizeof *sources);
	numbers = heed__arena_alloc(&t->batch, (size_t)count * sizeof *numbers);
	if (items == NULL || sources == NULL || numbers == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count; i++) {
		items[i] = &all[jobs[i].index];
		sources[i] = &items[i]->source;
		numbers[i] = t->number + (int64_t)jobs[i].index;
	}
	code = search(t, items, sources, numbers, count);
	return code == HEED_OK && t->options.alignment ? align(t, items, count) : code;
}

static heed_code translate_all(heed_translator *t, const heed_source *sources, size_t count, item *items)
{
	heed__job *const jobs = heed__arena_alloc(&t->call, count * sizeof *jobs);
	size_t todo = 0, done = 0;
	heed_code code = jobs != NULL ? HEED_OK : HEED_E_MEMORY;

	for (size_t i = 0; i < count && code == HEED_OK; i++) {
		code = read_source(t, &sources[i], i, &items[i]);
		if (!items[i].blank)
			jobs[todo++] = (heed__job){items[i].source.count + 1, i};
	}
	if (code == HEED_OK)
		heed__jobs_sort(jobs, todo);
	while (done < todo && code == HEED_OK) {
		const int n = heed__jobs_batch(jobs + done, todo - done, t->most, t->options.batch_tokens);

		code = translate_batch(t, items, jobs + done, n);
		done += (size_t)n;
	}
	return code;
}

static heed_code make_search(heed_translator *t)
{
	const heed_translate_options *const o = &t->options;

	if (t->search == NULL)
		t->search = heed__search_new(
			t->ctx, &(heed__search_options){.width = o->sample ? o->nbest : o->beam,
							.length_penalty = o->length_penalty,
							.sample = o->sample,
							.sampling = {o->temperature, o->top_k, o->top_p}});
	return t->search != NULL ? HEED_OK : HEED_E_MEMORY;
}

heed_code heed_translate(heed_translator *t, const heed_source *sources, size_t count,
			 heed_translation_fn *give, void *user)
{
	static const float certain = 0;
	static const heed_hypothesis empty = {.text = "", .logp = &certain, .finished = true};
	heed_code code = make_search(t);
	item *items;

	heed__arena_reset(&t->call);
	if (code != HEED_OK || count == 0)
		return code;
	items = count <= SIZE_MAX / sizeof *items ? heed__arena_alloc(&t->call, count * sizeof *items) : NULL;
	if (items == NULL)
		return HEED_E_MEMORY;
	code = translate_all(t, sources, count, items);
	t->number += (int64_t)count;
	for (size_t i = 0; i < count && code == HEED_OK; i++)
		code = give(user, &(heed_translation){.index = i,
						      .best = items[i].blank ? &empty : items[i].best,
						      .count = items[i].blank ? 1 : items[i].count,
						      .cut = items[i].cut});
	return code;
}
