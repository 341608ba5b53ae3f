/* Words that belong together, by what the decoder looks at. Of several cross-attentions, a Transformer's, that of the
 * last but one layer follows the words best (Garg et al. 2019, "Jointly learning to align and translate with
 * Transformer models", section 3); its heads are averaged. */
#include "decode/translator_impl.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void heed__words(const char *text, size_t len, const int *start, int count, int *words)
{
	size_t at = 0;
	int word = -1; /* the latest that began before `at` */

	for (int i = 0; i < count; i++) {
		size_t first = (size_t)start[i];

		while (first < (size_t)start[i + 1] && is_space(text[first]))
			first++;
		/* A token without bytes of its own is a part of the character that begins there. */
		if (first == (size_t)start[i + 1] && (start[i] < start[i + 1] || first == len)) {
			words[i] = -1;
			continue;
		}
		for (; at <= first; at++)
			word += !is_space(text[at]) && (at == 0 || is_space(text[at - 1]));
		words[i] = word;
	}
}

/* Whether those who look are not those who are looked at. */
static bool is_cross(const heed_weights *w)
{
	return w->queries.start != w->keys.start;
}

/* The cross-attention to go by. False: the model has none. */
static bool find_cross(const heed_tape *tape, heed_weights *out)
{
	int skip = -1;

	for (int i = 0; i < heed_tape_weights_count(tape); i++) {
		*out = heed_tape_weights(tape, i);
		skip += is_cross(out);
	}
	for (int i = 0; i < heed_tape_weights_count(tape); i++) {
		*out = heed_tape_weights(tape, i);
		if (is_cross(out) && --skip <= 0)
			return true;
	}
	return false;
}

/* The word that query i of sequence s looks at most, or -1. */
static int best_word(const heed_weights *w, int s, int i, const heed__sequence *source)
{
	const int queries = w->queries.start[s + 1] - w->queries.start[s];
	const int keys = w->keys.start[s + 1] - w->keys.start[s];
	double best = -1;
	int word = -1;

	for (int j = 0; j < source->count; j++) {
		const float *p = w->data + w->start[s] + (size_t)i * (size_t)keys + (size_t)j;
		double sum = 0;

		for (int h = 0; h < w->heads; h++)
			sum += (double)p[(size_t)h * (size_t)queries * (size_t)keys];
		if (source->words[j] >= 0 && sum > best) {
			best = sum;
			word = source->words[j];
		}
	}
	return word;
}

/* Adds a link unless it is there; links are ordered, and the target is not less than that of any. */
static int add(heed_link *links, int count, heed_link x)
{
	int at = count;

	while (at > 0 && links[at - 1].target == x.target && links[at - 1].source > x.source)
		at--;
	if (at > 0 && links[at - 1].target == x.target && links[at - 1].source == x.source)
		return count;
	memmove(links + at + 1, links + at, (size_t)(count - at) * sizeof *links);
	links[at] = x;
	return count + 1;
}

heed_code heed__align(heed_translator *t, int number, const heed__sequence *source,
		      const heed__sequence *target, const heed_link **links, int *count)
{
	heed_link *const made = heed__arena_alloc(&t->call, (size_t)target->count * sizeof *made);
	heed_weights w;

	if (made == NULL)
		return HEED_E_MEMORY;
	if (!find_cross(t->looking, &w))
		return heed__error(t->ctx, HEED_E_UNSUPPORTED,
				   "alignment: a %s has no attention to the source",
				   t->trained->model->family->name);
	*links = made;
	*count = 0;
	for (int i = 0; i < target->count; i++) {
		const int word = target->words[i] >= 0 ? best_word(&w, number, i, source) : -1;

		if (word >= 0)
			*count = add(made, *count, (heed_link){word, target->words[i]});
	}
	return HEED_OK;
}
