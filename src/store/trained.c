/* A model and its tokenizers, to and from one file. */
#include "store/trained_impl.h"

#include "io/json_reader.h"

#include <string.h>

heed_code heed__config_write(heed_ctx *ctx, const heed_model *m, heed__str *out)
{
	heed_json json;

	heed__json_to_str(&json, out);
	heed_json_object(&json, NULL);
	for (const heed_field *f = m->family->fields; f->name != NULL; f++) {
		char text[64];

		heed_field_format(f, m->config, text, sizeof text);
		heed_json_string(&json, f->name, text);
	}
	heed_json_end(&json);
	return out->failed ? heed_error_code(ctx) : HEED_OK;
}

/* Sets the fields that the text names; those it does not name keep their defaults, so that files of an older
 * heed with fewer settings still open. Texts among them live as long as *root, which the caller frees. */
static heed_code read_config(heed_ctx *ctx, const heed_model_class *family, const char *text, void *config,
			     heed__json **root)
{
	const heed__json *value;
	const char *name, *word;
	void *place = NULL;
	heed_code code = heed__json_parse(ctx, "configuration", text, strlen(text), 4096, root);

	if (code != HEED_OK)
		return code;
	code = heed_fields_default(ctx, family->fields, config);
	while (code == HEED_OK && heed__json_next(*root, &place, &name, &value)) {
		const heed_field *const field = heed_field_find(family->fields, name);

		if (field == NULL || !heed__json_text(value, &word))
			code = heed__error(ctx, HEED_E_FORMAT, "configuration: %s has no setting \"%s\"",
					   family->name, name);
		else
			code = heed_field_set(ctx, field, config, word);
	}
	return code;
}

static heed_tokenizer *read_tokenizer(heed_ctx *ctx, const heed_model_file *file, const char *name)
{
	const heed__file_tensor *const t = heed__model_file_find(file, name);

	if (t == NULL || t->dtype != HEED__FILE_U8) {
		heed__error(ctx, HEED_E_FORMAT, "there is no %s", name);
		return NULL;
	}
	return heed_tokenizer_load(ctx, t->data, t->bytes);
}

static heed_code read_tokenizers(heed_trained *t, const heed_model_file *file)
{
	t->source = read_tokenizer(t->ctx, file, HEED__TOKENIZER);
	if (t->source == NULL)
		return heed_error_code(t->ctx);
	t->target = heed__model_file_find(file, HEED__TOKENIZER_TARGET) != NULL
			    ? read_tokenizer(t->ctx, file, HEED__TOKENIZER_TARGET)
			    : t->source;
	return t->target != NULL ? HEED_OK : heed_error_code(t->ctx);
}

heed_code heed__trained_read_values(const heed_model_file *file, const heed_params *p, float *values)
{
	for (int i = 0; i < heed_params_count(p); i++) {
		const heed_tensor *const t = heed_params_at(p, i);
		const heed__file_tensor *stored;
		size_t shape[HEED_MAX_RANK];
		heed_code code;

		for (int a = 0; a < t->rank; a++)
			shape[a] = (size_t)t->dim[a];
		code = heed__model_file_need(file, t->name, HEED__FILE_F32, t->rank, shape, &stored);
		if (code != HEED_OK)
			return code;
		memcpy(values + (t->data - heed_params_values(p)), stored->data, stored->bytes);
	}
	return HEED_OK;
}

/* What a family that counts has packed stays where it is in the file. */
static heed_code attach_packed(heed_trained *t, heed_model_file *file)
{
	const heed__file_tensor *const packed = heed__model_file_find(file, HEED__PACKED);
	heed_model *const m = t->model;

	if (m->family->attach == NULL)
		return HEED_OK;
	if (packed == NULL || packed->dtype != HEED__FILE_U8)
		return heed__error(t->ctx, HEED_E_FORMAT, "there is no %s", HEED__PACKED);
	m->packed = packed->data;
	m->packed_size = packed->bytes;
	m->packed_borrowed = true;
	t->file = file;
	return m->family->attach(m);
}

static heed_code read_model(heed_trained *t, const heed_model_file *file)
{
	const char *const name = heed_model_file_text(file, HEED__FAMILY);
	const char *const text = heed_model_file_text(file, HEED__CONFIG);
	const heed_model_class *family;
	heed_code code = HEED_E_MEMORY;
	heed__json *texts = NULL;
	void *config;

	if (name == NULL || text == NULL)
		return heed__error(t->ctx, HEED_E_FORMAT, "it has no family or configuration");
	family = heed_model_class_find(name);
	if (family == NULL)
		return heed__error(t->ctx, HEED_E_UNSUPPORTED, "its family \"%s\" is not in this build",
				   name);
	config = heed__alloc(t->ctx, family->config_size);
	if (config != NULL)
		code = read_config(t->ctx, family, text, config, &texts);
	if (code == HEED_OK) {
		t->model = heed_model_new(t->ctx, family, config, heed_tokenizer_size(t->source),
					  heed_tokenizer_size(t->target), 0);
		code = t->model != NULL ? heed__trained_read_values(file, t->model->params,
								    heed_params_values(t->model->params))
					: heed_error_code(t->ctx);
	}
	heed__json_free(texts);
	heed__free(t->ctx, config);
	return code;
}

heed_code heed_trained_open(heed_ctx *ctx, const char *path, heed_trained **trained)
{
	heed_trained *const t = heed__calloc(ctx, 1, sizeof *t);
	heed_model_file *file = NULL;
	const char *history;
	heed_code code;

	*trained = NULL;
	if (t == NULL)
		return HEED_E_MEMORY;
	t->ctx = ctx;
	code = heed_model_file_open(ctx, path, &file);
	if (code == HEED_OK &&
	    ((code = read_tokenizers(t, file)) != HEED_OK || (code = read_model(t, file)) != HEED_OK ||
	     (code = attach_packed(t, file)) != HEED_OK))
		heed__error_prefix(ctx, "%s", path);
	history = code == HEED_OK ? heed_model_file_text(file, HEED__HISTORY) : NULL;
	if (code == HEED_OK && (t->history = heed__strdup(ctx, history != NULL ? history : "[]")) == NULL)
		code = HEED_E_MEMORY;
	if (t->file == NULL)
		heed_model_file_close(file);
	if (code == HEED_OK)
		*trained = t;
	else
		heed_trained_close(t);
	return code;
}

void heed_trained_close(heed_trained *t)
{
	if (t == NULL)
		return;
	heed_model_free(t->model);
	if (t->target != t->source)
		heed_tokenizer_free(t->target);
	heed_tokenizer_free(t->source);
	heed_model_file_close(t->file);
	heed__free(t->ctx, t->history);
	heed__free(t->ctx, t);
}

static heed__file_tensor tokenizer_tensor(const heed_tokenizer *tokenizer, const char *name)
{
	size_t len;
	const char *const bytes = heed_tokenizer_saved(tokenizer, &len);

	return (heed__file_tensor){
		.name = name, .dtype = HEED__FILE_U8, .rank = 1, .shape = {len}, .data = bytes};
}

/* The parameters as tensors of the file, their values from a block of the parameters' layout. */
static size_t list_parameters(const heed_params *p, const float *values, heed__file_tensor *tensors)
{
	for (int i = 0; i < heed_params_count(p); i++) {
		const heed_tensor *const t = heed_params_at(p, i);

		tensors[i] = (heed__file_tensor){.name = t->name,
						 .dtype = HEED__FILE_F32,
						 .rank = t->rank,
						 .data = values + (t->data - heed_params_values(p))};
		for (int a = 0; a < t->rank; a++)
			tensors[i].shape[a] = (size_t)t->dim[a];
	}
	return (size_t)heed_params_count(p);
}

static heed_code write_file(const heed_trained *t, const char *path, heed__file_tensor *tensors, size_t count,
			    const heed__metadata *texts, size_t text_count)
{
	heed__metadata *const metadata = heed__calloc(t->ctx, text_count + 4, sizeof *metadata);
	heed__str config = heed__str_init(t->ctx, 0);
	heed_tokenizer_options tokenizer;
	heed_code code = HEED_E_MEMORY;

	heed_tokenizer_describe(t->source, &tokenizer);
	if (metadata != NULL && heed__config_write(t->ctx, t->model, &config) == HEED_OK) {
		metadata[0] = (heed__metadata){HEED__FAMILY, t->model->family->name};
		metadata[1] = (heed__metadata){HEED__CONFIG, config.data};
		metadata[2] = (heed__metadata){HEED__TOKENIZER, tokenizer.kind};
		metadata[3] = (heed__metadata){HEED__HISTORY, t->history != NULL ? t->history : "[]"};
		if (text_count > 0)
			memcpy(metadata + 4, texts, text_count * sizeof *texts);
		code = heed__model_file_write(t->ctx, path, tensors, count, metadata, text_count + 4);
	}
	heed__str_release(&config);
	heed__free(t->ctx, metadata);
	return code;
}

heed_code heed__trained_write(const heed_trained *t, const char *path, const float *values,
			      const heed__file_tensor *extra, size_t extra_count, const heed__metadata *texts,
			      size_t text_count)
{
	const heed_params *const p = t->model->params;
	const size_t most = (size_t)heed_params_count(p) + 3 + extra_count;
	heed__file_tensor *const tensors = heed__calloc(t->ctx, most, sizeof *tensors);
	size_t count;
	heed_code code;

	if (tensors == NULL)
		return HEED_E_MEMORY;
	count = list_parameters(p, values != NULL ? values : heed_params_values(p), tensors);
	tensors[count++] = tokenizer_tensor(t->source, HEED__TOKENIZER);
	if (t->target != t->source)
		tensors[count++] = tokenizer_tensor(t->target, HEED__TOKENIZER_TARGET);
	if (t->model->packed != NULL)
		tensors[count++] = (heed__file_tensor){.name = HEED__PACKED,
						       .dtype = HEED__FILE_U8,
						       .rank = 1,
						       .shape = {t->model->packed_size},
						       .data = t->model->packed};
	if (extra_count > 0)
		memcpy(tensors + count, extra, extra_count * sizeof *extra);
	code = write_file(t, path, tensors, count + extra_count, texts, text_count);
	heed__free(t->ctx, tensors);
	return code;
}

heed_code heed_trained_save(const heed_trained *t, const char *path)
{
	return heed__trained_write(t, path, NULL, NULL, 0, NULL, 0);
}
