/* Explanations as JSON. */
#include "heed/explain.h"

#include "heed/json.h"

static void add_row(heed_json *j, const heed_explain_table *t, int row)
{
	heed_json_array(j, NULL);
	for (int i = 0; i < t->cols; i++) {
		const size_t at = (size_t)row * (size_t)t->cols + (size_t)i;

		if (t->words != NULL && t->words[at] != NULL)
			heed_json_string(j, NULL, t->words[at]);
		else
			heed_json_float(j, NULL, t->values[at]);
	}
	heed_json_end(j);
}

static void add_labels(heed_json *j, const char *key, const char *const *labels, int count)
{
	if (labels == NULL) {
		heed_json_null(j, key);
		return;
	}
	heed_json_array(j, key);
	for (int i = 0; i < count; i++)
		heed_json_string(j, NULL, labels[i]);
	heed_json_end(j);
}

static void add_table(heed_json *j, const heed_explain_table *t)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "name", t->name);
	heed_json_string(j, "title", t->title);
	add_labels(j, "rows", t->row_labels, t->rows);
	add_labels(j, "columns", t->col_labels, t->cols);
	heed_json_array(j, "values");
	for (int i = 0; i < t->rows; i++)
		add_row(j, t, i);
	heed_json_end(j);
	heed_json_end(j);
}

static void add_step(heed_json *j, const heed_explain_step *s)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "name", s->name);
	heed_json_string(j, "title", s->title);
	heed_json_string(j, "what", s->what);
	heed_json_string(j, "formula", s->formula);
	heed_json_array(j, "tables");
	for (const heed_explain_table *t = s->tables; t != NULL; t = t->next)
		add_table(j, t);
	heed_json_end(j);
	heed_json_end(j);
}

heed_code heed_explain_json(const heed_explanation *e, heed_write_fn *write, void *user)
{
	heed_json j;

	heed_json_init(&j, write, user);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "family", e->family);
	heed_json_string(&j, "text", e->text);
	heed_json_string(&j, "target", e->target);
	heed_json_array(&j, "steps");
	for (const heed_explain_step *s = e->steps; s != NULL; s = s->next)
		add_step(&j, s);
	heed_json_end(&j);
	heed_json_end(&j);
	return j.code != HEED_OK ? j.code : write(user, "\n", 1);
}
