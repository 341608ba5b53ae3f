/* n-grams: how each word of a text comes to its probability. */
#include "view/explain_build.h"

#include "heed/ngram.h"

#include <math.h>

/* The words of a context, the last n before word `at` of the input. */
static const char *context_label(heed__explaining *x, int at, int n)
{
	const char *label = n > 0 ? "" : "(no context)";

	for (int i = at - n; i < at && label != NULL; i++)
		label = heed__explain_say(x, "%s%s%s", label, i > at - n ? " " : "", x->input.labels[i]);
	return label;
}

/* What happens behind a context of n words. */
static const char *verdict(const heed_ngram_look *look, int n)
{
	if (look->length == 0 && n == 0)
		return "an unknown word: as <unk>";
	if (n + 1 == look->length)
		return "found";
	return look->words[n] > 0 ? "not there: back off" : "context unknown";
}

/* The path of word `at`: contexts from the longest to the one that has the word, then the sum. */
static void add_path(heed__explaining *x, int at, const heed_ngram_look *look)
{
	static const char *const columns[] = {"words behind it", "log10", "p", ""};
	const int shortest = look->length > 0 ? look->length - 1 : 0;
	const int longest = at < look->order - 1 ? at : look->order - 1;
	const int rows = longest - shortest + 2;
	const char **const labels = heed__arena_alloc(&x->memory, (size_t)rows * sizeof *labels);
	heed_explain_table *const t =
		heed__explain_table(x, "path", heed__explain_say(x, "%s", x->input.labels[at]), rows, 4);
	const char **words = t != NULL ? heed__explain_words(x, t) : NULL;

	float *sum;

	if (labels == NULL || t == NULL || words == NULL)
		return;
	for (int i = 0; i + 1 < rows; i++) {
		float *const row = heed__explain_values(t) + 4 * (size_t)i;
		const int n = longest - i;

		labels[i] = context_label(x, at, n);
		row[0] = (float)look->words[n];
		row[1] = (float)(n == shortest ? look->prob : look->weight[n]);
		row[2] = NAN;
		words[4 * i + 3] = verdict(look, n);
	}
	labels[rows - 1] = "sum";
	sum = heed__explain_values(t) + 4 * (size_t)(rows - 1);
	sum[0] = NAN;
	sum[1] = (float)look->total;
	sum[2] = (float)pow(10, look->total);
	words[4 * rows - 1] = "";
	t->whole = 1;
	t->row_labels = labels;
	t->col_labels = columns;
}

heed_code heed__explain_ngram(heed__explaining *x)
{
	heed_ngram_look look;

	heed__explain_tokens(x, &x->input, "input", "The text as tokens",
			     "A mark for the start stands before the text, which is cut into words; each is "
			     "known to the model by its number.");
	heed__explain_step(
		x, "back-off", "The probability of each word",
		"log p(w | c) = log p*(w | c) if the model has c w,\n"
		"               else weight(c) + log p(w | c without its first word)",
		"The model looks for the longest n-gram that ends with the word; each context that "
		"it has to shorten costs its back-off weight.");
	for (int i = 1; i < x->input.count; i++) {
		const heed_code code = heed_ngram_look_at(x->model, x->input.ids, i, x->input.ids[i], &look);

		if (code != HEED_OK)
			return code;
		add_path(x, i, &look);
	}
	return heed__explain_next(x);
}
