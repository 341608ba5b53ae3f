/* Attention: one head of one layer, from the vectors of the tokens to what the head gives. */
#include "view/explain_build.h"

#include "nn/transformer_blocks.h"

#include <math.h>
#include <string.h>

/* --- embeddings --- */

static bool places_into(heed__explaining *x, bool target, heed_explain_table *t)
{
	const heed_field *const f = heed_field_find(x->model->family->fields, "position");
	const int kind = *(const int *)(const void *)((const char *)x->model->config + f->offset);
	const char *const names[] = {"positions", target ? "positions.target" : "positions.source"};
	heed_params *const p = heed_params_new(x->ctx);
	const heed_tensor *places = NULL;

	for (int i = 0; i < 2 && kind == HEED__POSITION_LEARNED && places == NULL; i++)
		places = heed_params_find(x->model->params, names[i]);
	if (p != NULL && places == NULL && kind != HEED__POSITION_LEARNED)
		places = heed__positions_new(p, (enum heed__position)kind, t->rows, t->cols, false);
	if (places != NULL && places->data != NULL)
		memcpy(heed__explain_values(t), places->data,
		       (size_t)t->rows * (size_t)t->cols * sizeof *places->data);
	else
		x->memory.failed = true;
	heed_params_free(p);
	return !x->memory.failed;
}

static bool has_places(heed__explaining *x)
{
	const char *const kind = heed__explain_choice(x, "position");

	return kind[0] != '\0' && strcmp(kind, "none") != 0;
}

/* Families without positions are no Transformers; they multiply by the root. */
static double vector_scale(const heed__explaining *x, int width)
{
	const bool transformer = heed_field_find(x->model->family->fields, "position") != NULL;

	return transformer ? heed__vector_scale(x->model) : sqrt(width);
}

static const char *vectors_formula(heed__explaining *x, int width)
{
	return vector_scale(x, width) > 1 ? heed__explain_say(x, "sqrt(%d) E[token]", width) : "E[token]";
}

static void add_lookup(heed__explaining *x, const heed__explain_side *side, const heed_tensor *table)
{
	const int width = table->dim[1];
	heed_explain_table *const t =
		heed__explain_table(x, "embeddings", vectors_formula(x, width), side->count, width);
	const float scale = (float)vector_scale(x, width);

	if (t == NULL)
		return;
	t->row_labels = side->labels;
	for (int i = 0; i < side->count; i++)
		for (int j = 0; j < width; j++)
			heed__explain_values(t)[i * width + j] =
				scale * table->data[(size_t)side->ids[i] * (size_t)width + (size_t)j];
}

static void add_places(heed__explaining *x, const heed__explain_side *side, bool target, int width)
{
	heed_explain_table *const t = heed__explain_table(x, "positions", "P[place]", side->count, width);

	if (t == NULL)
		return;
	t->row_labels = side->labels;
	places_into(x, target, t);
}

void heed__explain_embeddings(heed__explaining *x, const heed__explain_side *side, bool target,
			      const char *tensor)
{
	const heed_params *const p = x->model->params;
	const heed_tensor *const own = target ? heed_params_find(p, "embed.target") : NULL;
	const heed_tensor *const table = own != NULL ? own : heed_model_vectors(x->model);
	const bool places = has_places(x);

	if (table == NULL)
		return;
	heed__explain_step(
		x, side == &x->input ? "input.embeddings" : "source.embeddings",
		places ? "Embeddings and positions" : "Embeddings",
		heed__explain_say(x, "x = %s%s", vectors_formula(x, table->dim[1]),
				  places ? " + P[place]" : ""),
		places ? heed__explain_say(
				 x,
				 "Each token is looked up in a table of vectors, and a vector for its "
				 "place (%s) is added, since attention itself knows of no order.",
				 heed__explain_choice(x, "position"))
		       : "Each token is looked up in a table with a vector for every token.");
	add_lookup(x, side, table);
	if (!places)
		return;
	add_places(x, side, target, table->dim[1]);
	heed__explain_tensor(x, tensor, "sum", "x, their sum", side);
}

/* --- one head --- */

static bool is_pre(heed__explaining *x)
{
	return strcmp(heed__explain_choice(x, "norm"), "pre") == 0;
}

bool heed__explain_find_weights(const heed__explaining *x, const char *name, heed_weights *w)
{
	for (int i = 0; i < heed_tape_weights_count(x->tape); i++) {
		*w = heed_tape_weights(x->tape, i);
		if (strcmp(w->name, name) == 0)
			return true;
	}
	return false;
}

/* A head that looks. q, k and v are columns of tensors; of additive attention only the values are known. */
typedef struct looking {
	const char *name; /* "enc0.self" */
	const heed__explain_side *queries, *keys;
	const float *weights; /* [queries][keys] */
	const heed_tensor *q, *kv;
	int head, width; /* of the head */
	int q_at, k_at, v_at;
	bool causal;
} looking;

static const float *row_of(const heed_tensor *t, int row, int at)
{
	return t->data + (size_t)row * (size_t)t->dim[1] + at;
}

/* The columns of the head in tensors that hold several projections side by side, or one thing for all of them. */
static void find_columns(heed__explaining *x, looking *l, int heads)
{
	const char *const self = heed__explain_say(x, "%s.qkv", l->name);
	const char *const query = heed__explain_say(x, "%s.q", l->name);
	const char *const rest = heed__explain_say(x, "%s.kv", l->name);
	const heed_tensor *both;
	int d;

	if (self == NULL || query == NULL || rest == NULL)
		return;
	both = heed_tape_find(x->tape, self);
	l->q = both != NULL ? both : heed_tape_find(x->tape, query);
	l->kv = both != NULL ? both : heed_tape_find(x->tape, rest);
	if (l->q == NULL || l->kv == NULL)
		return;
	d = heed_model_vectors(x->model)->dim[1];
	l->width = d / heads;
	l->q_at = l->k_at = l->v_at = l->head * l->width;
	if (l->kv->dim[1] == 3 * d) {
		l->k_at += d;
		l->v_at += 2 * d;
	} else if (l->kv->dim[1] == 2 * d) {
		l->v_at += d;
	}
}

/* How queries, keys and values come about: x is the token's vector, m that of a token of the source. */
static const char *projections_formula(heed__explaining *x, const looking *l)
{
	const bool none = strcmp(heed__explain_choice(x, "projections"), "none") == 0;
	const char *const in = is_pre(x) ? "norm(x)" : "x", *const keys = l->queries == l->keys ? in : "m";

	return none ? heed__explain_say(x, "q = %s   k = v = %s", in, keys)
		    : heed__explain_say(x, "q = W_q %s + b_q   k = W_k %s + b_k   v = W_v %s + b_v", in, keys,
					keys);
}

static void add_projections(heed__explaining *x, const looking *l)
{
	heed__explain_step(
		x, heed__explain_say(x, "%s.qkv", l->name),
		heed__explain_say(x, "%s, head %d: queries, keys and values", l->name, l->head),
		projections_formula(x, l),
		heed__explain_say(x,
				  "A query is what a token looks for, a key what a token%s is found by, a "
				  "value what it gives; head %d has columns %d to %d of each.",
				  l->queries == l->keys ? "" : " of the source", l->head, l->head * l->width,
				  (l->head + 1) * l->width - 1));
	heed__explain_vectors(x, "q", "q", l->queries, l->q->data, l->q->dim[1], l->q_at, l->width);
	heed__explain_vectors(x, "k", "k", l->keys, l->kv->data, l->kv->dim[1], l->k_at, l->width);
	heed__explain_vectors(x, "v", "v", l->keys, l->kv->data, l->kv->dim[1], l->v_at, l->width);
}

static void add_scores(heed__explaining *x, const looking *l)
{
	heed_explain_table *const t =
		heed__explain_table(x, "scores", heed__explain_say(x, "q k^T / sqrt(%d)", l->width),
				    l->queries->count, l->keys->count);
	const float scale = (float)(1 / sqrt(l->width));

	if (t == NULL)
		return;
	t->row_labels = l->queries->labels;
	t->col_labels = l->keys->labels;
	t->digits = 2;
	for (int i = 0; i < t->rows; i++)
		for (int j = 0; j < t->cols; j++) {
			const float *const q = row_of(l->q, i, l->q_at), *const k = row_of(l->kv, j, l->k_at);
			float sum = 0;

			for (int c = 0; c < l->width; c++)
				sum += q[c] * k[c];
			heed__explain_values(t)[i * t->cols + j] = l->causal && j > i ? NAN : scale * sum;
		}
}

static void add_weights(heed__explaining *x, const looking *l)
{
	heed_explain_table *const t =
		heed__explain_table(x, "weights", "weights", l->queries->count, l->keys->count);

	if (t == NULL)
		return;
	t->row_labels = l->queries->labels;
	t->col_labels = l->keys->labels;
	t->weights = true;
	memcpy(heed__explain_values(t), l->weights, (size_t)t->rows * (size_t)t->cols * sizeof *l->weights);
}

/* How scores are reckoned, as the family has it. */
static const char *weights_formula(heed__explaining *x, const looking *l)
{
	const char *const score = heed__explain_choice(x, "score");

	if (l->q != NULL)
		return heed__explain_say(x, "weights = softmax(q k^T / sqrt(%d))", l->width);
	if (strcmp(score, "dot") == 0)
		return "weights = softmax(s . h_j)";
	if (strcmp(score, "general") == 0)
		return "weights = softmax(Q s . h_j)";
	return "weights = softmax(v . tanh(Q s + K h_j))";
}

static void add_looks(heed__explaining *x, const looking *l)
{
	const char *const who =
		l->q == NULL ? "The state before a word is compared with every token of the source"
		: l->causal  ? "Each query is multiplied with the keys of its token and those before it"
			     : "Each query is multiplied with every key";

	heed__explain_step(
		x, heed__explain_say(x, "%s.weights", l->name),
		heed__explain_say(x, "%s, head %d: scores and weights", l->name, l->head),
		weights_formula(x, l),
		heed__explain_say(x, "%s; the softmax of a row of scores are weights that sum to one.", who));
	if (l->q != NULL)
		add_scores(x, l);
	add_weights(x, l);
}

static void add_output(heed__explaining *x, const looking *l)
{
	heed_explain_table *t;

	heed__explain_step(x, heed__explain_say(x, "%s.output", l->name),
			   heed__explain_say(x, "%s, head %d: what it gives", l->name, l->head),
			   l->q != NULL ? "output = weights v" : "c = sum_j weight_j h_j",
			   "Each token gets the mean of the values, each as heavy as its weight.");
	t = heed__explain_table(x, "output", "output", l->queries->count, l->width);
	if (t == NULL)
		return;
	t->row_labels = l->queries->labels;
	for (int i = 0; i < t->rows; i++)
		for (int j = 0; j < l->keys->count; j++) {
			const float w = l->weights[(size_t)i * (size_t)l->keys->count + (size_t)j];
			const float *const v = row_of(l->kv, j, l->v_at);

			for (int c = 0; c < l->width; c++)
				heed__explain_values(t)[i * l->width + c] += w * v[c];
		}
}

/* The head of an attention by name; nothing when there is no such attention or head. */
static void explain_head(heed__explaining *x, const char *name, const heed__explain_side *queries,
			 const heed__explain_side *keys, const char *values)
{
	looking l = {.name = name, .queries = queries, .keys = keys, .head = x->options.head};
	heed_weights w;

	if (name == NULL || !heed__explain_find_weights(x, name, &w))
		return;
	x->heads = w.heads > x->heads ? w.heads : x->heads;
	if (l.head >= w.heads || w.queries.start[1] != queries->count || w.keys.start[1] != keys->count)
		return;
	l.weights = w.data + (size_t)l.head * (size_t)queries->count * (size_t)keys->count;
	l.causal = strncmp(name, "dec", 3) == 0 && queries == keys;
	find_columns(x, &l, w.heads);
	if (l.q != NULL) {
		add_projections(x, &l);
	} else {
		l.kv = heed_tape_find(x->tape, values);
		l.width = l.kv != NULL ? l.kv->dim[1] : 0;
	}
	add_looks(x, &l);
	if (l.kv != NULL)
		add_output(x, &l);
}

void heed__explain_cross(heed__explaining *x, const char *layer, const heed__explain_side *rows)
{
	explain_head(x, heed__explain_say(x, "%s.cross", layer), rows, &x->source, "memory");
}

void heed__explain_attention_layer(heed__explaining *x, const char *layer, const heed__explain_side *rows)
{
	const bool pre = is_pre(x);

	explain_head(x, heed__explain_say(x, "%s.self", layer), rows, rows, NULL);
	heed__explain_cross(x, layer, rows);
	heed__explain_step(
		x, layer, heed__explain_say(x, "Output of layer %s", layer),
		heed__explain_say(
			x,
			pre ? "x = x + W_o heads(norm(x)) + b_o\ny = x + W_2 %s(W_1 norm(x) + b_1) + b_2"
			    : "x = norm(x + W_o heads(x) + b_o)\n"
			      "y = norm(x + W_2 %s(W_1 x + b_1) + b_2)",
			heed__explain_choice(x, "activation")),
		"What all heads give, side by side, is mixed and added to what came in; then a feed-forward "
		"part does its share for each token alone.");
	heed__explain_tensor(x, layer, layer, layer, rows);
}
