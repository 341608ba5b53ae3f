#include "decode/sequences.h"

#include <stdlib.h>
#include <string.h>

heed_code heed__sequence_of_ids(const int *ids, int count, heed__arena *arena, heed__sequence *out)
{
	out->count = count;
	out->ids = heed__arena_alloc(arena, ((size_t)count + 2) * sizeof *out->ids);
	if (out->ids == NULL)
		return HEED_E_MEMORY;
	out->ids[0] = HEED_BOS_ID;
	if (count > 0)
		memcpy(out->ids + 1, ids, (size_t)count * sizeof *ids);
	out->ids[count + 1] = HEED_EOS_ID;
	return HEED_OK;
}

heed_code heed__sequence_read(heed_coder *coder, const char *text, size_t len, int most, bool words,
			      heed__arena *arena, heed__sequence *out)
{
	heed_encoding x;
	heed_code code = heed_coder_encode(coder, text, len, &x);

	*out = (heed__sequence){0};
	if (code != HEED_OK)
		return code;
	out->cut = x.count > most;
	code = heed__sequence_of_ids(x.ids, out->cut ? most : x.count, arena, out);
	if (code != HEED_OK || !words)
		return code;
	out->words = heed__arena_alloc(arena, (size_t)out->count * sizeof *out->words);
	if (out->words == NULL)
		return HEED_E_MEMORY;
	heed__words(x.text, (size_t)x.length, x.start, out->count, out->words);
	return HEED_OK;
}

static int compare(const void *a, const void *b)
{
	const heed__job *const x = a, *const y = b;

	if (x->length != y->length)
		return x->length > y->length ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void heed__jobs_sort(heed__job *jobs, size_t count)
{
	qsort(jobs, count, sizeof *jobs, compare);
}

int heed__jobs_batch(const heed__job *jobs, size_t count, int most, int tokens)
{
	int64_t sum = 0;
	size_t n = 0;

	while (n < count && n < (size_t)most) {
		sum += jobs[n].length;
		if (n > 0 && sum > tokens)
			break;
		n++;
	}
	return (int)n;
}

bool heed__parts_join(const heed__part *parts, int count, heed__arena *arena, heed_ragged *out)
{
	int *const start = heed__arena_alloc(arena, ((size_t)count + 1) * sizeof *start);
	int *ids;

	if (start == NULL)
		return false;
	start[0] = 0;
	for (int i = 0; i < count; i++)
		start[i + 1] = start[i] + parts[i].count;
	ids = heed__arena_alloc(arena, (size_t)start[count] * sizeof *ids);
	if (ids == NULL)
		return false;
	for (int i = 0; i < count; i++)
		memcpy(ids + start[i], parts[i].ids, (size_t)parts[i].count * sizeof *ids);
	*out = (heed_ragged){{count, start}, ids};
	return true;
}

int heed__model_longest(const heed_model *m)
{
	const heed_field *const field = heed_field_find(m->family->fields, "max-length");
	int window, longest;

	if (field == NULL || field->type != HEED_FIELD_INT)
		return 0;
	longest = *(const int *)(const void *)((const char *)m->config + field->offset);
	if (heed_model_form(m->family, m->config, &window) == HEED_FORM_BLOCKS && window < longest)
		return window;
	return longest;
}

heed_code heed__need_task(const heed_trained *trained, heed_task task, const char *what)
{
	static const char *const does[] = {
		[HEED_TASK_TRANSLATE] = "translates",
		[HEED_TASK_GENERATE] = "continues texts",
		[HEED_TASK_CLASSIFY] = "classifies",
		[HEED_TASK_EMBED] = "makes vectors",
	};
	const heed_model_class *const family = trained->model->family;

	if (family->task == task)
		return HEED_OK;
	return heed__error(trained->ctx, HEED_E_UNSUPPORTED,
			   "%s: expected a model that %s, found one of the family %s, which %s", what,
			   does[task], family->name, does[family->task]);
}
