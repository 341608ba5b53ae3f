/* Making models of any class, and finding the classes. */
#include "nn/blocks.h"

#include "base/context_impl.h"

#include <string.h>

#define X(name) extern const heed_model_class heed__model_##name;
#include "gen/model_list.h"
#undef X

static const heed_model_class *const classes[] = {
#define X(name) &heed__model_##name,
#include "gen/model_list.h"
#undef X
};

#define CLASSES ((int)(sizeof classes / sizeof *classes))

const heed_model_class *heed_model_class_at(int index)
{
	return index >= 0 && index < CLASSES ? classes[index] : NULL;
}

const heed_model_class *heed_model_class_find(const char *name)
{
	for (int i = 0; i < CLASSES; i++)
		if (strcmp(classes[i]->name, name) == 0)
			return classes[i];
	return NULL;
}

heed_model *heed_model_new(heed_ctx *ctx, const heed_model_class *class, const void *config, int source_vocab,
			   int target_vocab, int flags)
{
	heed_model *const m = heed__calloc(ctx, 1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->ctx = ctx;
	m->class = class;
	m->source_vocab = source_vocab;
	m->target_vocab = target_vocab;
	m->planning = (flags & HEED_MODEL_PLAN) != 0;
	m->config = heed__alloc(ctx, class->config_size);
	m->params = heed_params_new(ctx);
	if (m->config == NULL || m->params == NULL) {
		heed_model_free(m);
		return NULL;
	}
	memcpy(m->config, config, class->config_size);
	if (class->init(m) != HEED_OK ||
	    heed_params_commit(m->params, (flags & HEED_MODEL_TRAIN) != 0, !m->planning) != HEED_OK) {
		heed_model_free(m);
		return NULL;
	}
	return m;
}

void heed_model_free(heed_model *m)
{
	if (m == NULL)
		return;
	heed_params_free(m->params);
	heed__free(m->ctx, m->config);
	heed__free(m->ctx, m);
}

static heed_code unknown_preset(heed_ctx *ctx, const heed_model_class *class, const char *name)
{
	char known[256] = "";

	for (const heed_preset *p = class->presets; p != NULL && p->name != NULL; p++) {
		const size_t used = strlen(known);

		if (used + strlen(p->name) + 3 < sizeof known) {
			memcpy(known + used, used > 0 ? ", " : "", used > 0 ? 3 : 1);
			memcpy(known + strlen(known), p->name, strlen(p->name) + 1);
		}
	}
	return heed__error(ctx, HEED_E_ARGUMENT, "preset: %s has no \"%s\"; it has %s", class->name, name,
			   known[0] != '\0' ? known : "none");
}

/* One "name=value" of a preset. */
static heed_code set_one(heed_ctx *ctx, const heed_model_class *class, void *config, const char *text,
			 size_t n)
{
	char copy[64], *equals;
	const heed_field *field;

	if (n >= sizeof copy)
		return heed__error(ctx, HEED_E_INTERNAL, "preset: a setting is too long");
	memcpy(copy, text, n);
	copy[n] = '\0';
	equals = strchr(copy, '=');
	if (equals == NULL)
		return heed__error(ctx, HEED_E_INTERNAL, "preset: \"%s\" has no value", copy);
	*equals = '\0';
	field = heed_field_find(class->fields, copy);
	if (field == NULL)
		return heed__error(ctx, HEED_E_INTERNAL, "preset: %s has no setting \"%s\"", class->name,
				   copy);
	return heed_field_set(ctx, field, config, equals + 1);
}

heed_code heed_model_preset(heed_ctx *ctx, const heed_model_class *class, void *config, const char *name)
{
	for (const heed_preset *p = class->presets; p != NULL && p->name != NULL; p++) {
		const char *s = p->values;

		if (strcmp(p->name, name) != 0)
			continue;
		while (*s != '\0') {
			const size_t n = strcspn(s, " ");
			const heed_code code = n > 0 ? set_one(ctx, class, config, s, n) : HEED_OK;

			if (code != HEED_OK)
				return code;
			s += n + (s[n] == ' ');
		}
		return HEED_OK;
	}
	return unknown_preset(ctx, class, name);
}
