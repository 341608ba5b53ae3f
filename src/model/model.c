/* Making models of any class, and finding the classes. */
#include "nn/blocks.h"

#include "base/context_impl.h"

#include <stdio.h>
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

heed_model *heed_model_new(heed_ctx *ctx, const heed_model_class *family, const void *config,
			   int source_vocab, int target_vocab, int flags)
{
	heed_model *const m = heed__calloc(ctx, 1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->ctx = ctx;
	m->family = family;
	m->source_vocab = source_vocab;
	m->target_vocab = target_vocab;
	m->planning = (flags & HEED_MODEL_PLAN) != 0;
	m->config = heed__alloc(ctx, family->config_size);
	m->params = heed_params_new(ctx);
	if (m->config == NULL || m->params == NULL) {
		heed_model_free(m);
		return NULL;
	}
	memcpy(m->config, config, family->config_size);
	if (family->init(m) != HEED_OK ||
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
	if (!m->packed_borrowed)
		heed__free(m->ctx, (void *)(uintptr_t)m->packed);
	heed__free(m->ctx, m->config);
	heed__free(m->ctx, m);
}

heed_form heed_model_form(const heed_model_class *family, const void *config, int *window)
{
	*window = 0;
	if (family->form != NULL)
		return family->form(config, window);
	switch (family->task) {
	case HEED_TASK_TRANSLATE:
		return HEED_FORM_PAIRS;
	case HEED_TASK_CLASSIFY:
		return HEED_FORM_LABELLED;
	case HEED_TASK_GENERATE:
	case HEED_TASK_EMBED:
		break;
	}
	return HEED_FORM_LINES;
}

int heed_model_first(const heed_model *m)
{
	int window;
	const heed_form form = heed_model_form(m->family, m->config, &window);

	return form == HEED_FORM_BLOCKS || form == HEED_FORM_STREAM ? HEED_EOS_ID : HEED_BOS_ID;
}

const heed_tensor *heed_model_vectors(const heed_model *m)
{
	const heed_tensor *const t = heed_params_find(m->params, "embed");

	return t != NULL ? t : heed_params_find(m->params, "embed.source");
}

const heed_preset *heed_preset_find(heed_ctx *ctx, const heed_model_class *family, const char *name)
{
	char known[256] = "none";
	size_t used = 0;

	for (const heed_preset *p = family->presets; p != NULL && p->name != NULL; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
		if (used < sizeof known)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
						 used > 0 ? ", " : "", p->name);
	}
	heed__error(ctx, HEED_E_ARGUMENT, "preset: %s has no \"%s\"; it has %s", family->name, name, known);
	return NULL;
}
