/* Stacks of Transformer layers. */
#include "nn/transformer_blocks.h"

#include "nn/state.h"

#include <math.h>
#include <stdio.h>

enum { DEPTH_NONE, DEPTH_LAYER, DEPTH_STACK };
enum { PROJECT_NONE, PROJECT_FULL };

heed_code heed__transformer_check(const heed_model *m)
{
	const heed__transformer *c = m->config;

	if (c->width % c->heads != 0)
		return heed__error(m->ctx, HEED_E_ARGUMENT, "heads: %d do not divide the width %d", c->heads,
				   c->width);
	if (c->position == HEED__POSITION_ONEHOT && c->longest > c->width)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "position: onehot has %d places but max-length is %d", c->width,
				   c->longest);
	return HEED_OK;
}

/* Scale of what layer l of `layers` begins with; `ends` for the matrices that feed the residual stream. */
static heed__start start_of(const heed__transformer *c, int l, int layers, bool ends)
{
	heed__start s = {(enum heed__start_kind)c->start, c->deviation, 1};

	if (c->depth_scale == DEPTH_LAYER) /* Zhang, Titov and Sennrich 2019, section 4.1 */
		s.scale = 1 / sqrt(l + 1);
	else if (c->depth_scale == DEPTH_STACK && ends) /* Radford et al. 2019, section 2.3 */
		s.scale = 1 / sqrt(2.0 * layers);
	return s;
}

static void layer_new(const heed_model *m, heed__transformer_layer *layer, int l, int layers, bool cross,
		      const char *stack)
{
	const heed__transformer *c = m->config;
	const heed__start start = start_of(c, l, layers, false), out = start_of(c, l, layers, true);
	const heed__attention_shape shape = {c->width,
					     c->heads,
					     c->projections == PROJECT_FULL,
					     c->norm == HEED__NORM_PRE,
					     c->attention_dropout,
					     c->dropout};
	char name[48];

	layer->name = heed_params_text(m->params, "%s%d", stack, l);
	snprintf(name, sizeof name, "%s%d.self", stack, l);
	layer->self = heed__self_attention_new(m->params, start, out, &shape, name);
	snprintf(name, sizeof name, "%s%d.cross", stack, l);
	if (cross)
		layer->cross = heed__cross_attention_new(m->params, start, out, &shape, name);
	snprintf(name, sizeof name, "%s%d.ffn", stack, l);
	layer->feed = heed__feed_forward_new(m->params, start, out, c->width, c->feed_forward,
					     (heed_activation)(c->activation + HEED_ACT_RELU), shape.pre,
					     c->dropout, c->activation_dropout, name);
}

heed__stack heed__stack_new(const heed_model *m, int layers, bool cross, const char *name, const char *result)
{
	heed__stack s = {.count = layers, .cross = cross, .name = name, .result = result};

	s.layers = heed_params_alloc(m->params, (size_t)layers * sizeof *s.layers);
	for (int l = 0; s.layers != NULL && l < layers; l++)
		layer_new(m, &s.layers[l], l, layers, cross, name);
	return s;
}

void heed__stack_finish(const heed_model *m, heed__stack *s)
{
	const heed__transformer *c = m->config;

	if (c->norm == HEED__NORM_PRE)
		s->end = heed__sublayer_new(m->params, c->width, true, 0, s->name);
}

heed_tensor *heed__stack_run(heed_tape *tape, const heed__stack *s, heed_tensor *x, const heed__pass *pass)
{
	for (int i = 0; i < s->count; i++) {
		const heed__transformer_layer *const l = &s->layers[i];

		x = heed__self_attend(tape, &l->self, x, pass->spans, pass->causal, pass->state, i);
		if (s->cross)
			x = heed__cross_attend(tape, &l->cross, x, pass->spans,
					       pass->state != NULL
						       ? pass->state->kept[i]
						       : heed__cross_keys(tape, &l->cross, pass->memory),
					       pass->sources, pass->state);
		x = heed_named(tape, heed__feed(tape, &l->feed, x), l->name);
	}
	return heed_named(tape, s->end.gain != NULL ? heed__enter(tape, &s->end, x) : x, s->result);
}

static bool begins_short(const heed_model *m)
{
	const heed__transformer *c = m->config;

	return m->family->task == HEED_TASK_GENERATE &&
	       (c->position == HEED__POSITION_LEARNED || c->position == HEED__POSITION_NONE);
}

double heed__vector_scale(const heed_model *m)
{
	const heed__transformer *c = m->config;

	return begins_short(m) ? 1 : sqrt(c->width);
}

heed_tensor *heed__vectors_new(const heed_model *m, int vocab, const char *name)
{
	const heed__transformer *c = m->config;
	const double deviation = begins_short(m) ? c->deviation : 1 / sqrt(c->width);

	return heed_param(m->params, heed_init_normal(deviation), 2, (int[]){vocab, c->width}, "%s", name);
}

heed_tensor *heed__places_new(const heed_model *m, const char *name)
{
	const heed__transformer *c = m->config;

	if (c->position == HEED__POSITION_LEARNED)
		return heed__vectors_new(m, c->longest, name);
	return heed__positions_new(m->params, (enum heed__position)c->position, c->longest, c->width,
				   m->planning);
}

heed_tensor *heed__token_vectors_read(heed_tape *tape, const heed__token_vectors *v, heed_ragged tokens,
				      const heed_state *state)
{
	return heed_embedding(
		tape, v->table, v->places,
		(heed_embedding_options){.ids = tokens.ids,
					 .count = state != NULL ? state->rows : heed_spans_rows(tokens.spans),
					 .spans = tokens.spans,
					 .position = state != NULL ? state->step : 0,
					 .scale = v->scale,
					 .dropout = v->dropout});
}
