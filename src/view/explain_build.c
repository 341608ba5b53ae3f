/* Steps and tables, as they are added. */
#include "view/explain_build.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cleared memory of the explanation. */
static void *clear(heed__explaining *x, size_t count, size_t size)
{
	size_t bytes;
	void *p = NULL;

	if (heed__mul(count, size, &bytes))
		p = heed__arena_alloc(&x->memory, bytes);
	else
		x->memory.failed = true;
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

heed_code heed__explain_code(const heed__explaining *x)
{
	return x->memory.failed ? HEED_E_MEMORY : HEED_OK;
}

const char *heed__explain_say(heed__explaining *x, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	text = n >= 0 ? heed__arena_alloc(&x->memory, (size_t)n + 1) : NULL;
	if (text == NULL)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

void heed__explain_step(heed__explaining *x, const char *name, const char *title, const char *formula,
			const char *what)
{
	heed_explain_step *const s = clear(x, 1, sizeof *s);

	if (s == NULL)
		return;
	*s = (heed_explain_step){.name = name, .title = title, .formula = formula, .what = what};
	if (x->step != NULL)
		x->step->next = s;
	else
		x->shown.steps = s;
	x->step = s;
	x->table = NULL;
}

heed_explain_table *heed__explain_table(heed__explaining *x, const char *name, const char *title, int rows,
					int cols)
{
	heed_explain_table *const t = clear(x, 1, sizeof *t);
	float *const values = clear(x, (size_t)rows * (size_t)cols, sizeof *values);

	if (t == NULL || values == NULL || heed__explain_code(x) != HEED_OK)
		return NULL;
	*t = (heed_explain_table){
		.name = name, .title = title, .rows = rows, .cols = cols, .values = values, .digits = 4};
	if (x->table != NULL)
		x->table->next = t;
	else
		x->step->tables = t;
	x->table = t;
	return t;
}

float *heed__explain_values(heed_explain_table *t)
{
	return (float *)(uintptr_t)t->values;
}

const char **heed__explain_words(heed__explaining *x, heed_explain_table *t)
{
	const char **const words = clear(x, (size_t)t->rows * (size_t)t->cols, sizeof *words);

	t->words = words;
	return words;
}

void heed__explain_vectors(heed__explaining *x, const char *name, const char *title,
			   const heed__explain_side *rows, const float *data, int stride, int at, int cols)
{
	heed_explain_table *const t = heed__explain_table(x, name, title, rows->count, cols);

	if (t == NULL)
		return;
	t->row_labels = rows->labels;
	for (int i = 0; i < rows->count; i++)
		memcpy(heed__explain_values(t) + (size_t)i * (size_t)cols,
		       data + (size_t)i * (size_t)stride + at, (size_t)cols * sizeof *data);
}

void heed__explain_tensor(heed__explaining *x, const char *tensor, const char *name, const char *title,
			  const heed__explain_side *rows)
{
	const heed_tensor *const t = tensor != NULL ? heed_tape_find(x->tape, tensor) : NULL;

	if (t != NULL && t->rank == 2 && t->dim[0] == rows->count)
		heed__explain_vectors(x, name, title, rows, t->data, t->dim[1], 0, t->dim[1]);
}

const char *heed__explain_choice(heed__explaining *x, const char *field)
{
	const heed_field *const f = heed_field_find(x->model->family->fields, field);
	char word[64] = "";
	const char *kept;

	if (f != NULL && f->type == HEED_FIELD_CHOICE)
		heed_field_format(f, x->model->config, word, sizeof word);
	kept = heed__explain_say(x, "%s", word);
	return kept != NULL ? kept : "";
}

heed_code heed__explain_side_of(heed__explaining *x, const heed_tokenizer *tokenizer, const int *ids,
				int count, heed__explain_side *side)
{
	const char **const labels = clear(x, (size_t)count, sizeof *labels);
	int *const copy = clear(x, (size_t)count, sizeof *copy);

	if (labels == NULL || copy == NULL)
		return HEED_E_MEMORY;
	for (int i = 0; i < count; i++) {
		copy[i] = ids[i];
		labels[i] = heed__explain_say(x, "%s", heed_tokenizer_piece(tokenizer, ids[i]));
	}
	*side = (heed__explain_side){copy, labels, count};
	return heed__explain_code(x);
}

const char *heed__explain_cell(const heed_explain_table *t, int row, int col, char *out, size_t size)
{
	const size_t at = (size_t)row * (size_t)t->cols + (size_t)col;
	const double value = (double)t->values[at];
	const int digits = col < t->whole ? 0 : t->digits;
	const double least = 0.5 * pow(10, -digits); /* what is below is 0 in so many digits */

	if (t->words != NULL && t->words[at] != NULL)
		return t->words[at];
	if (isnan(value))
		return "-";
	if (!(fabs(value) < 1e6))
		snprintf(out, size, "%.4g", value);
	else
		snprintf(out, size, "%.*f", digits, fabs(value) < least ? 0 : value);
	for (char *c = out; *c != '\0'; c++)
		if (*c == ',') /* the locale's point */
			*c = '.';
	return out;
}
