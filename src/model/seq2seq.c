/* The recurrent encoder-decoder with one vector between (Sutskever et al. 2014; Cho et al. 2014): the decoder begins
 * with the states that the encoder ended with. With context every-step (Cho et al. 2014, section 2.2) the one of the
 * last layer, c, is also what every step and the output see:
 *
 *	s_t = cell(s_(t-1), E y_(t-1) + C c)   p(y_t) = softmax(W tanh(R (s_t, c, E y_(t-1)))) */
#include "model/seq2seq_parts.h"

#include "tensor/tape.h"

static const heed_field fields[] = {
	HEED__SEQ2SEQ_SHAPE("lstm"),
	{"context", HEED_CHOICE(heed__seq2seq, context), .initial = "none", .choices = "none every-step",
	 .help = "whether every step of the decoder sees the vector of the source, or only its first state"},
	HEED__SEQ2SEQ_REST,
	{0},
};

static const heed_preset presets[] = {
	{"small", "one layer of 128 units, for some thousand pairs",
	 HEED__SETTINGS("width", "128", "hidden", "128", "dropout", "0.1", "embedding-dropout", "0.1",
			"output-dropout", "0.1"),
	 HEED__SETTINGS("batch-tokens", "512", "lr", "0.006", "warmup", "50")},
	{"lstm", "two layers of 512 units that read backwards, after Sutskever et al. 2014",
	 HEED__SETTINGS("layers", "2", "hidden", "512", "encoder", "backward", "dropout", "0.5",
			"embedding-dropout", "0.5", "output-dropout", "0.5"),
	 NULL},
	{"gru", "512 gated units that see the vector at every step, after Cho et al. 2014",
	 HEED__SETTINGS("cell", "gru", "hidden", "512", "encoder", "forward", "context", "every-step",
			"dropout", "0.5", "embedding-dropout", "0.5", "output-dropout", "0.5"),
	 NULL},
	{0},
};

static const char *const training[] = {"batch-tokens", "2048", "lr",    "0.001", "clip", "1",
				       "warmup",       "200",  "beta2", "0.999", NULL};

static heed_code init(heed_model *m)
{
	const heed__seq2seq *c = m->config;
	heed__seq2seq_parts *const t = heed_params_alloc(m->params, sizeof *t);

	if (t == NULL)
		return HEED_E_MEMORY;
	m->parts = t;
	return heed__seq2seq_init(m, t, c->context == HEED__SEQ2SEQ_EVERY_STEP ? c->hidden : 0);
}

/* The vector of the source. */
static heed_tensor *vector(const heed__seq2seq_parts *t, const heed__recurrent_states *start)
{
	return start->h[t->decoder.shape.layers - 1];
}

/* What a decoder with a context sees of the vector: it [rows, H], and what it adds to the sums of the first layer
 * [rows, G H]. A row is a source, or a token of the target. */
typedef struct seen {
	heed_tensor *vector, *added;
} seen;

static seen see(const heed_model *m, heed_tape *tape, const heed__recurrent_states *start)
{
	const heed__seq2seq_parts *t = m->parts;
	heed_tensor *const c = t->context != NULL ? vector(t, start) : NULL;

	return (seen){c, heed_linear(tape, c, t->context, NULL, HEED_ACT_NONE, 0)};
}

static seen spread(heed_tape *tape, seen of_sources, const int *source, int rows)
{
	if (source == NULL || of_sources.vector == NULL)
		return (seen){0};
	return (seen){heed_gather(tape, of_sources.vector, source, rows),
		      heed_gather(tape, of_sources.added, source, rows)};
}

/* The sequence of each token. */
static const int *sequences(heed_tape *tape, heed_spans spans)
{
	int *const of = heed__tape_alloc(tape, ((size_t)heed_spans_rows(spans) + 1) * sizeof *of);

	for (int s = 0; of != NULL && s < spans.count; s++)
		for (int i = spans.start[s]; i < spans.start[s + 1]; i++)
			of[i] = s;
	return of;
}

/* What the output reads. */
static heed_tensor *decode(const heed_model *m, heed_tape *tape, heed_tensor *embedded, seen context,
			   heed_spans spans, const heed__recurrent_states *start, heed__recurrent_states *end)
{
	const heed__seq2seq_parts *t = m->parts;
	heed_tensor *x = heed__recurrent_sums(tape, &t->decoder, embedded);

	if (t->context != NULL)
		x = heed_residual(tape, x, context.added, 0);
	x = heed__recurrent_first(tape, &t->decoder, x, spans, start, end);
	x = heed__recurrent_above(tape, &t->decoder, x, spans, start, end);
	return heed__seq2seq_read(m, t, tape, x, context.vector, embedded);
}

static heed_tensor *loss(const heed_model *m, heed_tape *tape, const heed_batch *batch, float *nll)
{
	const heed__seq2seq_parts *t = m->parts;
	const heed_spans spans = batch->input.spans;
	const int rows = heed_spans_rows(spans);
	heed__recurrent_states start = {0};
	seen context = {0};
	heed_tensor *x;

	heed__seq2seq_encode(m, t, tape, batch->source, &start);
	x = heed__seq2seq_embed(m, t, tape, batch->input, rows);
	if (t->context != NULL)
		context = spread(tape, see(m, tape, &start), sequences(tape, spans), rows);
	x = decode(m, tape, x, context, spans, &start, NULL);
	return heed__seq2seq_loss(m, t, tape, x, batch, nll);
}

static heed_tensor *contextual(const heed_model *m, heed_tape *tape, const heed_batch *batch)
{
	return heed__seq2seq_encode(m, m->parts, tape, batch->source, NULL);
}

static heed_code start(const heed_model *m, heed_tape *tape, heed_state *state, const heed_batch *source)
{
	const heed__seq2seq_parts *t = m->parts;
	heed__recurrent_states begin = {0};
	seen context;

	heed__seq2seq_encode(m, t, tape, source->source, &begin);
	context = see(m, tape, &begin);
	heed__recurrent_store(state, tape, &t->decoder, 0, &begin);
	if (context.added != NULL &&
	    !(heed__state_keep(state, context.vector) && heed__state_keep(state, context.added)))
		return HEED_E_MEMORY;
	return heed_tape_code(tape);
}

static heed_tensor *step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const heed__seq2seq_parts *t = m->parts;
	heed__recurrent_states begin = {0}, end = {0};
	seen context = {0};
	heed_tensor *x = heed__seq2seq_embed(m, t, tape, (heed_ragged){.ids = tokens}, state->rows);

	heed__recurrent_load(state, tape, &t->decoder, 0, &begin);
	if (t->context != NULL)
		context = spread(tape, (seen){state->kept[0], state->kept[1]}, state->source, state->rows);
	x = decode(m, tape, x, context, (heed_spans){0}, &begin, &end);
	if (x != NULL)
		heed__recurrent_store(state, tape, &t->decoder, 0, &end);
	return heed__seq2seq_scores(t, tape, x);
}

const heed_model_class heed__model_seq2seq = {
	.name = "seq2seq",
	.about = "recurrent encoder-decoder with one vector between (Sutskever et al. 2014; Cho et al. "
		 "2014), for "
		 "translation; presets small, lstm, gru",
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
