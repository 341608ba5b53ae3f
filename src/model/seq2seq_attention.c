/* The recurrent encoder-decoder with attention (Bahdanau, Cho and Bengio 2015): before it says a word the decoder
 * looks for what it needs of the source.
 *
 *	e_tj = score(s_(t-1), h_j)   a_t = softmax(e_t)   c_t = sum_j a_tj h_j
 *	s_t = cell(s_(t-1), E y_(t-1) + C c_t)   p(y_t) = softmax(W tanh(R (s_t, c_t, E y_(t-1))))
 *
 * score     additive: v . tanh(Q s + K h_j), appendix A.1.2;   dot: s . h_j;   general: Q s . h_j (Luong et al. 2015)
 *
 * The state that asks is that of the decoder's first layer, so only this one goes a step at a time over the sequences
 * that still run. What does not depend on it is reckoned before, the layers above it and the output after. */
#include "model/seq2seq_parts.h"
#include "nn/steps.h"

#include "base/context_impl.h"
#include "tensor/tape.h"

enum { SCORE_ADDITIVE, SCORE_DOT, SCORE_GENERAL };
enum { KEPT_MEMORY, KEPT_KEYS };

static const char cross[] = "dec0.cross"; /* what its weights are found by */

static const heed_field fields[] = {
	HEED__SEQ2SEQ_SHAPE("gru"),
	{"score", HEED_CHOICE(heed__seq2seq, score), .initial = "additive", .choices = "additive dot general",
	 .help = "how a state and a word of the source are compared"},
	{"attention-width", HEED_INT(heed__seq2seq, attention_width), .max = 65536,
	 .help = "units of the additive score; 0: as --hidden"},
	HEED__SEQ2SEQ_REST,
	{0},
};

static const heed_preset presets[] = {
	{"small", "one layer of 128 units, for some thousand pairs",
	 HEED__SETTINGS("width", "128", "hidden", "128", "encoder-hidden", "64", "dropout", "0.1",
			"embedding-dropout", "0.1", "output-dropout", "0.1"),
	 HEED__SETTINGS("batch-tokens", "512", "lr", "0.006", "warmup", "50")},
	{"base", "512 gated units, for Multi30k",
	 HEED__SETTINGS("hidden", "512", "dropout", "0.5", "embedding-dropout", "0.5", "output-dropout",
			"0.5"),
	 NULL},
	{0},
};

static const char *const training[] = {"batch-tokens", "2048", "lr",    "0.001", "clip", "1",
				       "warmup",       "200",  "beta2", "0.999", NULL};

typedef struct parts {
	heed__seq2seq_parts common;
	heed_tensor *query; /* Q [A, H], or [M, H] of general */
	heed_tensor *keys;  /* K [A, M] */
	heed_tensor *score; /* v [A] */
} parts;

static heed_code init(heed_model *m)
{
	const heed__seq2seq *c = m->config;
	const int h = c->hidden, memory = heed__seq2seq_memory(c);
	const int a = c->attention_width > 0 ? c->attention_width : h;
	parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	if (c->score == SCORE_DOT && memory != h)
		return heed__error(m->ctx, HEED_E_ARGUMENT,
				   "score: dot compares states of %d units with a source of %d; "
				   "encoder-hidden or score general make them fit",
				   h, memory);
	if (c->score == SCORE_ADDITIVE) {
		t->query = heed_param(m->params, heed_init_xavier(a, h), 2, (int[]){a, h},
				      "dec0.cross.query.weight");
		t->keys = heed_param(m->params, heed_init_xavier(a, memory), 2, (int[]){a, memory},
				     "dec0.cross.keys.weight");
		t->score = heed_param(m->params, heed_init_xavier(1, a), 1, (int[]){a}, "dec0.cross.score");
	} else if (c->score == SCORE_GENERAL) {
		t->query = heed_param(m->params, heed_init_xavier(memory, h), 2, (int[]){memory, h},
				      "dec0.cross.query.weight");
	}
	return heed__seq2seq_init(m, &t->common, memory);
}

/* What is looked at: the source [S, M] and, of the additive score, its keys [S, A]. */
typedef struct source {
	heed_tensor *memory, *keys;
	heed_spans spans;
} source;

static source read_source(const heed_model *m, heed_tape *tape, heed_ragged text,
			  heed__recurrent_states *start)
{
	const parts *t = m->parts;
	heed_tensor *const memory = heed__seq2seq_encode(m, &t->common, tape, text, start);

	return (source){memory,
			t->keys != NULL ? heed_linear(tape, memory, t->keys, NULL, HEED_ACT_NONE, 0) : NULL,
			text.spans};
}

/* What a state is compared by. */
static heed_tensor *ask(const parts *t, heed_tape *tape, heed_tensor *state)
{
	return t->query != NULL ? heed_linear(tape, state, t->query, NULL, HEED_ACT_NONE, 0) : state;
}

/* Contexts [rows, M] of states [rows, H] of the sequences that `queries` says. */
static heed_tensor *look(const parts *t, heed_tape *tape, heed_tensor *state, const source *s,
			 heed_spans queries)
{
	heed_tensor *const q = ask(t, tape, state);

	if (t->score != NULL)
		return heed_additive_attention(
			tape, q, s->keys, s->memory, t->score,
			(heed_additive_options){.name = cross, .queries = queries, .keys = s->spans});
	return heed_attention(tape, q, s->memory,
			      (heed_attention_options){.name = cross,
						       .queries = queries,
						       .keys = s->spans,
						       .width = t->common.context->dim[1],
						       .heads = 1,
						       .scale = 1});
}

/* The same in decoding: each row has a source of its own. */
static heed_tensor *look_once(const parts *t, heed_tape *tape, heed_tensor *state, const heed_state *of)
{
	heed_tensor *const q = ask(t, tape, state);

	if (t->score != NULL)
		return heed_additive_attention(
			tape, q, of->kept[KEPT_KEYS], of->kept[KEPT_MEMORY], t->score,
			(heed_additive_options){.name = cross, .keys = of->sources, .source = of->source});
	return heed_attention_step(tape, q, of->kept[KEPT_MEMORY],
				   (heed_attention_step_options){.name = cross,
								 .first = of->key_first,
								 .count = of->key_count,
								 .width = t->common.context->dim[1],
								 .heads = 1,
								 .scale = 1});
}

/* The first layer over whole sequences: its states [T, H] and contexts [T, M]. */
typedef struct said {
	heed_tensor *states, *contexts;
} said;

/* What the steps gave, [steps->count] each. */
typedef struct taken {
	heed_tensor **sums, **states, **contexts;
} taken;

static bool take_steps(const parts *t, heed_tape *tape, heed_tensor *sums, const source *s,
		       const heed__steps *steps, const heed__recurrent_states *start, taken *out)
{
	const heed__seq2seq_parts *const c = &t->common;
	const size_t count = (size_t)steps->count;
	heed__recurrent_states now = {.h = {start->h[0]}, .c = {start->c[0]}};

	out->sums = heed__tape_alloc(tape, 3 * count * sizeof(heed_tensor *) + 1);
	if (out->sums == NULL)
		return false;
	out->states = out->sums + count;
	out->contexts = out->states + count;
	for (int i = 0; i < steps->count; i++) {
		const heed__step *const step = &steps->step[i];
		heed_tensor *const read = heed_gather(tape, sums, step->tokens, step->rows);

		now.h[0] = heed__step_go_on(tape, step, now.h[0]);
		now.c[0] = heed__step_go_on(tape, step, now.c[0]);
		out->contexts[i] = look(t, tape, now.h[0], s, step->queries);
		out->sums[i] = heed__seq2seq_feed(tape, c, read, out->contexts[i]);
		out->states[i] =
			heed__recurrent_first(tape, &c->decoder, out->sums[i], (heed_spans){0}, &now, &now);
	}
	heed__tape_drop(tape, sums);
	return true;
}

static said run_steps(const parts *t, heed_tape *tape, heed_tensor *sums, const source *s, heed_spans spans,
		      const heed__recurrent_states *start)
{
	const int weights = heed_tape_weights_count(tape);
	heed__steps steps;
	taken all;
	said x;

	if (!heed__steps_make(tape, spans, &steps) || !take_steps(t, tape, sums, s, &steps, start, &all))
		return (said){0};
	x.contexts = heed_named(tape, heed__steps_join(tape, &steps, all.contexts), "contexts");
	if ((heed_tape_flags(tape) & HEED_TAPE_WEIGHTS) == 0) {
		x.states = heed__steps_join(tape, &steps, all.states);
		return x;
	}
	/* Who looks wants to see gates by whole sequences, and now they can run at once. */
	heed__steps_join_weights(tape, &steps, weights);
	x.states = heed__recurrent_first(tape, &t->common.decoder, heed__steps_join(tape, &steps, all.sums),
					 spans, start, NULL);
	return x;
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const parts *t = m->parts;
	const heed__seq2seq_parts *const c = &t->common;
	const heed_spans spans = batch->input.spans;
	heed__recurrent_states start = {0};
	const source s = read_source(m, tape, batch->source, &start);
	heed_tensor *const x = heed__seq2seq_embed(m, c, tape, batch->input, heed_spans_rows(spans));
	const said first = run_steps(t, tape, heed__recurrent_sums(tape, &c->decoder, x), &s, spans, &start);
	heed_tensor *const states =
		heed__recurrent_above(tape, &c->decoder, first.states, spans, &start, NULL);
	heed_tensor *const read = heed__seq2seq_read(m, c, tape, states, first.contexts, x);

	return heed__seq2seq_loss(m, c, tape, read, batch, nll);
}

static heed_tensor *contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	const parts *t = m->parts;

	return heed__seq2seq_encode(m, &t->common, tape, batch->source, NULL);
}

static heed_code start(const heed_model *m, heed_tape *tape, heed_state *state, const heed_batch *batch)
{
	const parts *t = m->parts;
	heed__recurrent_states begin = {0};
	const source s = read_source(m, tape, batch->source, &begin);

	heed__recurrent_store(state, tape, &t->common.decoder, 0, &begin);
	if (heed_tape_code(tape) == HEED_OK &&
	    !(heed__state_keep(state, s.memory) && (s.keys == NULL || heed__state_keep(state, s.keys))))
		return HEED_E_MEMORY;
	return heed_tape_code(tape);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const parts *t = m->parts;
	const heed__seq2seq_parts *const c = &t->common;
	heed_tensor *const x = heed__seq2seq_embed(m, c, tape, (heed_ragged){.ids = tokens}, state->rows);
	heed__recurrent_states begin = {0}, end = {0};
	heed_tensor *context, *y;

	heed__recurrent_load(state, tape, &c->decoder, 0, &begin);
	context = look_once(t, tape, begin.h[0], state);
	y = heed__seq2seq_feed(tape, c, heed__recurrent_sums(tape, &c->decoder, x), context);
	y = heed__recurrent_first(tape, &c->decoder, y, (heed_spans){0}, &begin, &end);
	y = heed__recurrent_above(tape, &c->decoder, y, (heed_spans){0}, &begin, &end);
	if (y != NULL)
		heed__recurrent_store(state, tape, &c->decoder, 0, &end);
	return heed__seq2seq_scores(c, tape, heed__seq2seq_read(m, c, tape, y, context, x));
}

const heed_model_class heed__model_seq2seq_attention = {
	.name = "seq2seq-attention",
	.about = "recurrent encoder-decoder with attention (Bahdanau et al. 2015), for translation; presets "
		 "small, "
		 "base",
	.task = HEED_TASK_TRANSLATE,
	.config_size = sizeof(heed__seq2seq),
	.fields = fields,
	.presets = presets,
	.training = training,
	.init = init,
	.loss = loss,
	.contextual = contextual,
	.start = start,
	.step = step,
};
