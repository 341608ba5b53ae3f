/* Attention for people to look at: the weights that the forward pass kept, as maps with labels. */
#include "decode/translator_impl.h"

#include <math.h>
#include <string.h>

/* What the caller gets, and the memory that everything in it lies in. */
typedef struct owned {
	heed_attended shown; /* first */
	heed_ctx *ctx;
	heed__arena arena;
	char *text;
	const char **source, **input, **target;
	heed_attention_map *maps, *means;
} owned;

void heed_attended_free(heed_attended *a)
{
	owned *const o = (owned *)(void *)a;

	if (a == NULL)
		return;
	heed__arena_release(&o->arena);
	heed__free(o->ctx, o);
}

static char *copy_text(owned *o, const char *text, size_t len)
{
	char *const copy = heed__arena_alloc(&o->arena, len + 1);

	if (copy != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

static const char **copy_pieces(owned *o, const heed_tokenizer *tokenizer, const int *ids, int count)
{
	const char **const pieces = heed__arena_alloc(&o->arena, (size_t)count * sizeof *pieces);

	for (int i = 0; i < count && pieces != NULL; i++) {
		const char *const piece = heed_tokenizer_piece(tokenizer, ids[i]);

		pieces[i] = copy_text(o, piece, strlen(piece));
		if (pieces[i] == NULL)
			return NULL;
	}
	return pieces;
}

static heed_code label(heed_translator *t, owned *o, const heed__sequence *source,
		       const heed__sequence *target)
{
	o->source = copy_pieces(o, t->trained->source, source->ids + 1, source->count + 1);
	o->input = copy_pieces(o, t->trained->target, target->ids, target->count + 1);
	o->target = copy_pieces(o, t->trained->target, target->ids + 1, target->count + 1);
	o->shown.source = o->source;
	o->shown.input = o->input;
	o->shown.target = o->target;
	o->shown.source_count = source->count + 1;
	o->shown.target_count = target->count + 1;
	return o->source != NULL && o->input != NULL && o->target != NULL ? HEED_OK : HEED_E_MEMORY;
}

/* The first number in a name: "dec3.cross" is of layer 3. */
static int layer_of(const char *name)
{
	int layer = 0;

	name += strcspn(name, "0123456789");
	for (; *name >= '0' && *name <= '9' && layer < 100000; name++)
		layer = 10 * layer + (*name - '0');
	return layer;
}

/* The map of these weights, without them: who looks at what. */
static heed_attention_map blank_map(const owned *o, const heed_weights *w, const char *name,
				    const heed_batch *batch)
{
	const bool from_source = w->queries.start == batch->source.spans.start;
	const bool to_source = w->keys.start == batch->source.spans.start;
	const heed_attended *const a = &o->shown;

	return (heed_attention_map){
		.name = name,
		.layer = layer_of(name),
		.rows = from_source ? a->source_count : a->target_count,
		.cols = to_source ? a->source_count : a->target_count,
		.row_labels = from_source ? a->source
			      : to_source ? a->target
					  : a->input,
		.col_labels = to_source ? a->source : a->input,
	};
}

static heed_code take_weights(heed_translator *t, owned *o, const heed_weights *w, const heed_batch *batch)
{
	const char *const name = copy_text(o, w->name, strlen(w->name));
	const int rows = w->queries.start[1], cols = w->keys.start[1];
	const size_t size = (size_t)rows * (size_t)cols;
	float *const data = heed__arena_alloc(&o->arena, ((size_t)w->heads + 1) * size * sizeof *data);
	float *const mean = data != NULL ? data + (size_t)w->heads * size : NULL;
	const struct heed__kernels *const k = heed__ctx_kernels(t->ctx);
	heed_attention_map map;

	if (name == NULL || data == NULL)
		return HEED_E_MEMORY;
	map = blank_map(o, w, name, batch);
	if (map.rows != rows || map.cols != cols)
		return heed__error(t->ctx, HEED_E_INTERNAL, "attention: %s is [%d,%d]; expected [%d,%d]",
				   name, rows, cols, map.rows, map.cols);
	memcpy(data, w->data + w->start[0], (size_t)w->heads * size * sizeof *data);
	memset(mean, 0, size * sizeof *mean);
	for (int h = 0; h < w->heads; h++) {
		map.head = h;
		map.weights = data + (size_t)h * size;
		k->axpy(size, 1.0f / (float)w->heads, map.weights, mean);
		o->maps[o->shown.map_count++] = map;
	}
	map.head = -1;
	map.weights = mean;
	o->means[o->shown.mean_count++] = map;
	return HEED_OK;
}

static heed_code take_all(heed_translator *t, owned *o, const heed_batch *batch)
{
	const int count = heed_tape_weights_count(t->looking);
	size_t heads = 0;
	heed_code code = HEED_OK;

	if (count == 0)
		return heed__error(t->ctx, HEED_E_UNSUPPORTED, "attention: a %s has none",
				   t->trained->model->family->name);
	for (int i = 0; i < count; i++)
		heads += (size_t)heed_tape_weights(t->looking, i).heads;
	o->maps = heed__arena_alloc(&o->arena, heads * sizeof *o->maps);
	o->means = heed__arena_alloc(&o->arena, (size_t)count * sizeof *o->means);
	if (o->maps == NULL || o->means == NULL)
		return HEED_E_MEMORY;
	o->shown.maps = o->maps;
	o->shown.means = o->means;
	for (int i = 0; i < count && code == HEED_OK; i++) {
		const heed_weights w = heed_tape_weights(t->looking, i);

		code = take_weights(t, o, &w, batch);
	}
	return code;
}

/* The forward pass over the pair, and what it kept. */
static heed_code look(heed_translator *t, owned *o, const heed__sequence *source,
		      const heed__sequence *target)
{
	float *nll = NULL;
	heed_batch batch;
	heed_code code = label(t, o, source, target);

	if (code == HEED_OK)
		code = heed__batch_make(t, &source, &target, 1, &batch);
	if (code == HEED_OK)
		nll = heed__arena_alloc(&t->batch, ((size_t)target->count + 1) * sizeof *nll);
	if (code == HEED_OK && nll == NULL)
		code = HEED_E_MEMORY;
	if (code == HEED_OK)
		code = heed__translator_look(t, &batch, nll);
	for (int i = 0; i <= target->count && code == HEED_OK; i++)
		o->shown.score -= (double)nll[i];
	return code == HEED_OK ? take_all(t, o, &batch) : code;
}

typedef struct answer {
	owned *o;
	heed__sequence *target;
} answer;

static heed_code keep_translation(void *user, const heed_translation *x)
{
	const answer *const a = user;

	a->o->text = copy_text(a->o, x->best[0].text, x->best[0].len);
	if (a->o->text == NULL)
		return HEED_E_MEMORY;
	return heed__sequence_of_ids(x->best[0].ids, x->best[0].count, &a->o->arena, a->target);
}

static heed_code too_long(heed_translator *t)
{
	return heed__error(t->ctx, HEED_E_TEXT, "attention: the text has more than %d tokens",
			   t->longest - 1);
}

static heed_code attend(heed_translator *t, owned *o, const char *source_text, const char *target_text)
{
	const heed_source line = {.text = source_text, .len = strlen(source_text)};
	heed__sequence source = {0}, target = {0};
	answer a = {o, &target};
	heed_code code;

	if (target_text == NULL) {
		code = heed_translate(t, &line, 1, keep_translation, &a);
	} else {
		o->text = copy_text(o, target_text, strlen(target_text));
		code = o->text == NULL ? HEED_E_MEMORY
				       : heed__sequence_read(t->target, target_text, strlen(target_text),
							     t->longest - 1, false, &o->arena, &target);
	}
	o->shown.text = o->text;
	heed__arena_reset(&t->batch);
	if (code == HEED_OK)
		code = heed__sequence_read(t->source, line.text, line.len, t->longest - 1, false, &o->arena,
					   &source);
	if (code == HEED_OK && (source.cut || target.cut))
		code = too_long(t);
	return code == HEED_OK ? look(t, o, &source, &target) : code;
}

heed_attended *heed_attend(heed_translator *t, const char *source, const char *target)
{
	owned *const o = heed__calloc(t->ctx, 1, sizeof *o);

	if (o == NULL)
		return NULL;
	o->ctx = t->ctx;
	heed__arena_init(&o->arena, t->ctx, false);
	if (attend(t, o, source, target) != HEED_OK) {
		heed_attended_free(&o->shown);
		return NULL;
	}
	return &o->shown;
}
