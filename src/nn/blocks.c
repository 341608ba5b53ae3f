/* The blocks of models. */
#include "nn/blocks.h"

#include "nn/state.h"
#include "tensor/tape.h"

#include <math.h>
#include <stdio.h>

/* Names x for those who look at the pass. */
static heed_tensor *shown(heed_tape *tape, heed_tensor *x, const char *name)
{
	return (heed_tape_flags(tape) & HEED_TAPE_WEIGHTS) != 0 ? heed_named(tape, x, name) : x;
}

static heed_init first_values(heed__start start, int out, int in)
{
	heed_init init = start.kind == HEED__START_XAVIER    ? heed_init_xavier(out, in)
			 : start.kind == HEED__START_KAIMING ? heed_init_kaiming(in)
							     : heed_init_normal(start.deviation);

	init.scale *= start.scale;
	return init;
}

heed__linear heed__linear_new(heed_params *p, heed__start start, int out, int in, int parts, const char *name)
{
	return (heed__linear){
		heed_param(p, first_values(start, out / parts, in), 2, (int[]){out, in}, "%s.weight", name),
		heed_param(p, (heed_init){HEED_INIT_ZERO, 0}, 1, (int[]){out}, "%s.bias", name),
	};
}

heed_tensor *heed__table_new(heed_params *p, int rows, int width, const char *name)
{
	return heed_param(p, heed_init_normal(1 / sqrt(width)), 2, (int[]){rows, width}, "%s", name);
}

heed_tensor *heed__reading_table_new(const heed_model *m, int width)
{
	return heed_param(m->params, heed_init_normal(0.1 / sqrt(width)), 2, (int[]){m->source_vocab, width},
			  "embed");
}

heed__linear heed__words_new(const heed_model *m, heed_tensor *tied, int in)
{
	const heed__start start = {HEED__START_NORMAL, 1 / sqrt(in), 1};

	if (tied == NULL)
		return heed__linear_new(m->params, start, m->target_vocab, in, 1, "output");
	return (heed__linear){tied, heed_param(m->params, (heed_init){HEED_INIT_ZERO, 0}, 1,
					       (int[]){m->target_vocab}, "output.bias")};
}

heed__linear heed__labels_new(const heed_model *m, int in)
{
	const heed__start start = {.kind = HEED__START_XAVIER, .scale = 1};

	return heed__linear_new(m->params, start, m->target_vocab - HEED_SPECIAL_IDS, in, 1, "output");
}

heed__hidden heed__hidden_new(heed_params *p, int count, int in, int width, int out, heed_activation act,
			      double dropout)
{
	const heed__start start = {act == HEED_ACT_RELU ? HEED__START_KAIMING : HEED__START_XAVIER, 0, 1};
	heed__hidden h = {.count = count, .act = act, .dropout = dropout};

	h.layers = heed_params_alloc(p, (size_t)count * sizeof *h.layers);
	h.names = heed_params_alloc(p, (size_t)count * sizeof *h.names);
	for (int l = 0; h.layers != NULL && h.names != NULL && l < count; l++) {
		const int to = l + 1 < count ? width : out;
		char name[32];

		snprintf(name, sizeof name, "hidden%d", l);
		h.layers[l] = heed__linear_new(p, start, to, in, 1, name);
		h.names[l] = heed_params_text(p, "%s", name);
		in = to;
	}
	return h;
}

heed_tensor *heed__hidden_run(heed_tape *tape, const heed__hidden *h, heed_tensor *x)
{
	for (int l = 0; l < h->count; l++)
		x = shown(tape, heed_linear(tape, x, h->layers[l].w, h->layers[l].b, h->act, h->dropout),
			  h->names[l]);
	return x;
}

heed_tensor *heed__cross_entropy(heed_tape *tape, heed_tensor *x, heed__linear output, const int *targets,
				 int64_t weight, double smoothing, float *nll)
{
	const bool train = (heed_tape_flags(tape) & HEED_TAPE_TRAIN) != 0;

	return heed_linear_cross_entropy(tape, x, output.w, output.b,
					 (heed_cross_entropy_options){.targets = targets,
								      .weight = weight,
								      .smoothing = train ? smoothing : 0,
								      .nll = nll});
}

heed__sublayer heed__sublayer_new(heed_params *p, int width, bool pre, double dropout, const char *name)
{
	return (heed__sublayer){
		heed_param(p, (heed_init){HEED_INIT_ONE, 0}, 1, (int[]){width}, "%s.norm.weight", name),
		heed_param(p, (heed_init){HEED_INIT_ZERO, 0}, 1, (int[]){width}, "%s.norm.bias", name),
		pre,
		dropout,
	};
}

heed_tensor *heed__enter(heed_tape *tape, const heed__sublayer *s, heed_tensor *x)
{
	return s->pre ? heed_norm(tape, x, s->gain, s->bias, HEED__NORM_EPS) : x;
}

heed_tensor *heed__leave(heed_tape *tape, const heed__sublayer *s, heed_tensor *x, heed_tensor *y)
{
	heed_tensor *const sum =
		s->pre ? heed_residual(tape, x, y, s->dropout)
		       : heed_residual_norm(tape, x, y, s->gain, s->bias, HEED__NORM_EPS, s->dropout);

	heed__tape_drop(tape, y);
	return sum;
}

/* A part of a block: "enc0.self" and "qkv" give "enc0.self.qkv". */
static heed__linear part(heed_params *p, heed__start start, int out, int in, int parts, const char *block,
			 const char *name)
{
	char full[96];

	snprintf(full, sizeof full, "%s.%s", block, name);
	return heed__linear_new(p, start, out, in, parts, full);
}

static heed__attention attention_new(heed_params *p, const heed__attention_shape *shape, const char *name)
{
	return (heed__attention){
		.around = heed__sublayer_new(p, shape->width, shape->pre, shape->residual_dropout, name),
		.projections = shape->projections,
		.width = shape->width,
		.heads = shape->heads,
		.dropout = shape->dropout,
		.name = heed_params_text(p, "%s", name),
		.qkv_name = heed_params_text(p, "%s.qkv", name),
		.q_name = heed_params_text(p, "%s.q", name),
		.kv_name = heed_params_text(p, "%s.kv", name)};
}

heed__attention heed__self_attention_new(heed_params *p, heed__start start, heed__start out,
					 const heed__attention_shape *shape, const char *name)
{
	const int d = shape->width;
	heed__attention a = attention_new(p, shape, name);

	if (a.projections) {
		a.qkv = part(p, start, 3 * d, d, 3, name, "qkv");
		a.out = part(p, out, d, d, 1, name, "out");
	}
	return a;
}

heed__attention heed__cross_attention_new(heed_params *p, heed__start start, heed__start out,
					  const heed__attention_shape *shape, const char *name)
{
	const int d = shape->width;
	heed__attention a = attention_new(p, shape, name);

	if (a.projections) {
		a.q = part(p, start, d, d, 1, name, "q");
		a.kv = part(p, start, 2 * d, d, 2, name, "kv");
		a.out = part(p, out, d, d, 1, name, "out");
	}
	return a;
}

static heed_tensor *apply(heed_tape *tape, const heed__linear *l, heed_tensor *x)
{
	return heed_linear(tape, x, l->w, l->b, HEED_ACT_NONE, 0);
}

static heed_tensor *finish(heed_tape *tape, const heed__attention *a, heed_tensor *x, heed_tensor *y)
{
	return heed__leave(tape, &a->around, x, a->projections ? apply(tape, &a->out, y) : y);
}

heed_tensor *heed__self_attend(heed_tape *tape, const heed__attention *a, heed_tensor *x, heed_spans spans,
			       bool causal, heed_state *state, int layer)
{
	heed_tensor *const in = heed__enter(tape, &a->around, x);
	heed_tensor *const qkv = shown(tape, a->projections ? apply(tape, &a->qkv, in) : in, a->qkv_name);
	const int d = a->width, keys_at = a->projections ? d : 0, values_at = a->projections ? 2 * d : 0;
	heed_tensor *y;

	if (state == NULL) {
		y = heed_attention(tape, qkv, qkv,
				   (heed_attention_options){.name = a->name,
							    .queries = spans,
							    .keys = spans,
							    .width = d,
							    .heads = a->heads,
							    .k_at = keys_at,
							    .v_at = values_at,
							    .causal = causal,
							    .dropout = a->dropout});
	} else {
		heed_tensor *const cache =
			heed__state_append(state, tape, layer, qkv, keys_at, a->projections ? 2 * d : d);

		y = heed_attention_step(tape, qkv, cache,
					(heed_attention_step_options){.name = a->name,
								      .count = state->counts,
								      .gather = state->slots,
								      .gather_row = state->max_steps,
								      .width = d,
								      .heads = a->heads,
								      .v_at = a->projections ? d : 0});
	}
	return finish(tape, a, x, y);
}

heed_tensor *heed__cross_keys(heed_tape *tape, const heed__attention *a, heed_tensor *source)
{
	return shown(tape, a->projections ? apply(tape, &a->kv, source) : source, a->kv_name);
}

heed_tensor *heed__cross_attend(heed_tape *tape, const heed__attention *a, heed_tensor *x, heed_spans spans,
				heed_tensor *keys, heed_spans sources, heed_state *state)
{
	heed_tensor *const in = heed__enter(tape, &a->around, x);
	heed_tensor *const q = shown(tape, a->projections ? apply(tape, &a->q, in) : in, a->q_name);
	const int values_at = a->projections ? a->width : 0;
	heed_tensor *y;

	if (state == NULL)
		y = heed_attention(tape, q, keys,
				   (heed_attention_options){.name = a->name,
							    .queries = spans,
							    .keys = sources,
							    .width = a->width,
							    .heads = a->heads,
							    .v_at = values_at,
							    .dropout = a->dropout});
	else
		y = heed_attention_step(tape, q, keys,
					(heed_attention_step_options){.name = a->name,
								      .first = state->key_first,
								      .count = state->key_count,
								      .width = a->width,
								      .heads = a->heads,
								      .v_at = values_at});
	return finish(tape, a, x, y);
}

heed__feed_forward heed__feed_forward_new(heed_params *p, heed__start start, heed__start out, int width,
					  int inner, heed_activation act, bool pre, double residual_dropout,
					  double dropout, const char *name)
{
	heed__feed_forward f = {.around = heed__sublayer_new(p, width, pre, residual_dropout, name),
				.act = act,
				.dropout = dropout};

	f.up = part(p, start, inner, width, 1, name, "up");
	f.down = part(p, out, width, inner, 1, name, "down");
	return f;
}

heed_tensor *heed__feed(heed_tape *tape, const heed__feed_forward *f, heed_tensor *x)
{
	heed_tensor *const in = heed__enter(tape, &f->around, x);
	heed_tensor *const up = heed_linear(tape, in, f->up.w, f->up.b, f->act, f->dropout);

	return heed__leave(tape, &f->around, x, apply(tape, &f->down, up));
}

/* Vaswani et al. 2017, section 3.5, and the notes' single sine. */
static double position_value(enum heed__position kind, int t, int i, int width)
{
	switch (kind) {
	case HEED__POSITION_INDEX:
		return i == 0 ? t : 0;
	case HEED__POSITION_ONEHOT:
		return i == t;
	case HEED__POSITION_SIN:
		return sin(t / pow(10000, (double)i / width));
	case HEED__POSITION_SINCOS: {
		const double angle = t / pow(10000, (double)(i - i % 2) / width);

		return i % 2 == 0 ? sin(angle) : cos(angle);
	}
	default:
		return 0;
	}
}

heed_tensor *heed__positions_new(heed_params *p, enum heed__position kind, int longest, int width, bool plan)
{
	heed_tensor *t;

	if (kind == HEED__POSITION_NONE)
		return NULL;
	t = heed_params_alloc(p, sizeof *t);
	if (t == NULL)
		return NULL;
	*t = (heed_tensor){.rank = 2, .dim = {longest, width, 1, 1}, .name = "positions"};
	t->data = plan ? NULL : heed_params_alloc(p, (size_t)longest * (size_t)width * sizeof *t->data);
	for (int i = 0; t->data != NULL && i < longest * width; i++)
		t->data[i] = (float)position_value(kind, i / width, i % width, width);
	return t;
}
