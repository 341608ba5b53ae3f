/* The figures. Matrices stand a row a token, and weights of products are [out, in]: heed_linear(x, W) is W x for
 * every row x, and heed_linear(Q, K) is Q K^T. */
#include "heed/lecture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "heed/ops.h"

#define E      2.718281828459045
#define EXACT  1e-6      /* a few roundings of a 32-bit float near 1 */
#define ABOUT  5e-4      /* the notes have 0 and 1 for what is close to them */
#define HIDDEN (-200.0F) /* a score that leaves no weight: exp(-200) is 0 as a 32-bit float */

enum { ROWS_MAX = 8 };

typedef struct lecture {
	heed_tape *tape;
	heed_lecture_fn *tell;
	void *user;
	heed_lecture_figure figure;
	heed_lecture_row rows[ROWS_MAX];
} lecture;

static void begin(lecture *l, heed_lecture_figure figure)
{
	heed_tape_reset(l->tape, 0);
	l->figure = figure;
	l->figure.rows = l->rows;
}

/* A row with the values that an op gave; none once the tape has failed. */
static void show(lecture *l, const char *name, const char *op, int count, const float *values)
{
	heed_lecture_row *row;

	if (heed_tape_code(l->tape) != HEED_OK)
		return;
	assert(l->figure.row_count < ROWS_MAX && count <= HEED_LECTURE_VALUES);
	row = &l->rows[l->figure.row_count];
	*row = (heed_lecture_row){.name = name, .op = op, .count = count, .agrees = true};
	memcpy(row->heed, values, (size_t)count * sizeof *values);
	l->figure.row_count++;
}

/* A row of the notes. */
typedef struct said {
	const char *written;
	double within;
	double values[HEED_LECTURE_VALUES];
} said;

/* What the notes have for the last row. */
static void notes_have(lecture *l, said notes)
{
	heed_lecture_row *row;

	if (heed_tape_code(l->tape) != HEED_OK)
		return;
	row = &l->rows[l->figure.row_count - 1];
	row->written = notes.written;
	row->within = notes.within;
	memcpy(row->notes, notes.values, sizeof row->notes);
	for (int i = 0; i < row->count; i++)
		row->agrees = row->agrees && fabs((double)row->heed[i] - notes.values[i]) <= notes.within;
}

static heed_code end(lecture *l)
{
	const heed_code code = heed_tape_code(l->tape);

	if (code == HEED_OK)
		l->tell(l->user, &l->figure);
	return code;
}

/* ---- ops ---- */

static heed_tensor *matrix(lecture *l, float *data, int rows, int cols)
{
	return heed_leaf_matrix(l->tape, data, rows, cols);
}

/* x W^T, [rows of x, rows of w]. */
static heed_tensor *linear(lecture *l, heed_tensor *x, heed_tensor *w)
{
	return heed_linear(l->tape, x, w, NULL, HEED_ACT_NONE, 0);
}

static const float *row_of(const heed_tensor *x, int i)
{
	return x ? x->data + (size_t)i * (size_t)x->dim[1] : NULL;
}

/* One sequence, one head: weights [queries, keys] = softmax(scale q k^T), mixture [queries, width] = weights v. */
typedef struct attended {
	double scale;
	bool causal;
	int queries[2], keys[2]; /* spans */
	const heed_tensor *mixture;
	const float *weights;
} attended;

static void attend(lecture *l, attended *a, heed_tensor *q, heed_tensor *k, heed_tensor *v)
{
	const int kept = heed_tape_weights_count(l->tape);
	heed_tensor *kv = heed_join(l->tape, k, v);

	if (!q || !kv)
		return;
	a->queries[1] = q->dim[0];
	a->keys[1] = k->dim[0];
	a->mixture = heed_attention(l->tape, q, kv,
				    (heed_attention_options){
					    .queries = {1, a->queries},
					    .keys = {1, a->keys},
					    .width = k->dim[1],
					    .heads = 1,
					    .v_at = k->dim[1],
					    .causal = a->causal,
					    .scale = a->scale,
				    });
	if (a->mixture)
		a->weights = heed_tape_weights(l->tape, kept).data;
}

static const float *weights_of(const attended *a, int query)
{
	return a->weights ? a->weights + (size_t)query * (size_t)a->keys[1] : NULL;
}

/* ---- the figures ---- */

static const char *const aaba[] = {"A", "A", "B", "A", NULL};

/* The scores are 0 and 1, so that a scale of log 3 makes e a 3. */
static heed_code attention_figure(lecture *l)
{
	float embeddings[] = {1, 0, 1, 0, 0, 1, 1, 0}, wanted[] = {0, 1};
	attended with_3 = {.scale = log(3)}, exact = {.scale = 1};
	heed_tensor *keys, *query;

	begin(l, (heed_lecture_figure){
			 .name = "attention",
			 .title = "Attention finds the B",
			 .notes = 3,
			 .setting = "A = [1 0], B = [0 1], the sequence is A A B A, the query [0 1]; keys "
				    "and values "
				    "are the embeddings. The notes take e as 3, as a scale of log 3 does.",
			 .slip = "the weights [16 16 12 16] are [1/6 1/6 1/2 1/6]",
			 .columns = aaba,
		 });
	keys = matrix(l, embeddings, 4, 2);
	query = matrix(l, wanted, 1, 2);
	attend(l, &with_3, query, keys, keys);
	attend(l, &exact, query, keys, keys);
	show(l, "scores", "linear", 4, row_of(linear(l, query, keys), 0));
	notes_have(l, (said){"0 0 1 0", EXACT, {0, 0, 1, 0}});
	show(l, "weights, e as 3", "attention", 4, weights_of(&with_3, 0));
	notes_have(l, (said){"1/6 1/6 1/2 1/6", EXACT, {1.0 / 6, 1.0 / 6, 1.0 / 2, 1.0 / 6}});
	show(l, "weights", "attention", 4, weights_of(&exact, 0));
	notes_have(l, (said){"[1 1 e 1]/(3+e)", EXACT, {1 / (3 + E), 1 / (3 + E), E / (3 + E), 1 / (3 + E)}});
	show(l, "output, e as 3", "attention", 2, row_of(with_3.mixture, 0));
	notes_have(l, (said){"1/2 1/2", EXACT, {1.0 / 2, 1.0 / 2}});
	show(l, "output", "attention", 2, row_of(exact.mixture, 0));
	notes_have(l, (said){"[3 e]/(3+e)", EXACT, {3 / (3 + E), E / (3 + E)}});
	return end(l);
}

static heed_code mean_figure(lecture *l)
{
	static const int ids[] = {0, 0, 1, 0}, start[] = {0, 4};
	float embeddings[] = {1, 0, 0, 1};
	heed_tensor *mean;

	begin(l, (heed_lecture_figure){
			 .name = "mean",
			 .title = "A deep averaging network weighs all alike",
			 .notes = 3,
			 .setting = "The same embeddings; the output is the mean over A A B A.",
			 .slip = "the output [3/4 4 4 4] is [3/4 1/4]",
		 });
	mean = heed_embedding_mean(
		l->tape, matrix(l, embeddings, 2, 2),
		(heed_embedding_mean_options){.ids = ids, .spans = {1, start}, .scale = 1});
	show(l, "output", "embedding_mean", 2, row_of(mean, 0));
	notes_have(l, (said){"3/4 1/4", EXACT, {3.0 / 4, 1.0 / 4}});
	return end(l);
}

static heed_code sharp_figure(lecture *l)
{
	float embeddings[] = {1, 0, 1, 0, 0, 1, 1, 0}, wanted[] = {0, 10}, b[] = {0, 1};
	float times_10[] = {10, 0, 0, 10}, identity[] = {1, 0, 0, 1};
	attended direct = {.scale = 1}, projected = {.scale = 1};
	heed_tensor *e, *query, *made, *keys;

	begin(l, (heed_lecture_figure){
			 .name = "sharp",
			 .title = "A longer query, or W_q times 10, looks at the B alone",
			 .notes = 3,
			 .setting = "First the query is [0 10]; then it is W_q [0 1] with W_q = 10 I, and "
				    "the keys are "
				    "W_k x with W_k = I.",
			 .columns = aaba,
		 });
	e = matrix(l, embeddings, 4, 2);
	query = matrix(l, wanted, 1, 2);
	made = linear(l, matrix(l, b, 1, 2), matrix(l, times_10, 2, 2));
	keys = linear(l, e, matrix(l, identity, 2, 2));
	attend(l, &direct, query, e, e);
	attend(l, &projected, made, keys, e);
	show(l, "scores", "linear", 4, row_of(linear(l, query, e), 0));
	notes_have(l, (said){"0 0 10 0", EXACT, {0, 0, 10, 0}});
	show(l, "weights", "attention", 4, weights_of(&direct, 0));
	notes_have(l, (said){"0 0 1 0", ABOUT, {0, 0, 1, 0}});
	show(l, "output", "attention", 2, row_of(direct.mixture, 0));
	notes_have(l, (said){"0 1", ABOUT, {0, 1}});
	show(l, "query W_q [0 1]", "linear", 2, row_of(made, 0));
	notes_have(l, (said){"0 10", EXACT, {0, 10}});
	show(l, "weights with W_q", "attention", 4, weights_of(&projected, 0));
	notes_have(l, (said){"0 0 1 0", ABOUT, {0, 0, 1, 0}});
	show(l, "output with W_q", "attention", 2, row_of(projected.mixture, 0));
	notes_have(l, (said){"0 1", ABOUT, {0, 1}});
	return end(l);
}

static heed_code scores_figure(lecture *l)
{
	static const char *const names[] = {"S_1", "S_2", "S_3", "S_4"};
	static const said a = {"10 10 0 10", EXACT, {10, 10, 0, 10}}, b = {"0 0 10 0", EXACT, {0, 0, 10, 0}};
	float embeddings[] = {1, 0, 1, 0, 0, 1, 1, 0}, times_10[] = {10, 0, 0, 10};
	heed_tensor *e, *s;

	begin(l, (heed_lecture_figure){
			 .name = "scores",
			 .title = "Every token is a query: S = Q K^T",
			 .notes = 3,
			 .setting = "Q = E W_q with W_q = 10 I and K = E, both 4 x 2. S_ij is row i of Q "
				    "times row j "
				    "of K.",
			 .columns = aaba,
		 });
	e = matrix(l, embeddings, 4, 2);
	s = linear(l, linear(l, e, matrix(l, times_10, 2, 2)), e);
	for (int i = 0; i < 4; i++) {
		show(l, names[i], "linear", 4, row_of(s, i));
		notes_have(l, i == 2 ? b : a);
	}
	return end(l);
}

/* Keys and values are one-hot, so that the scores are the queries, and the mixture shows the weights. */
static heed_code masked_figure(lecture *l)
{
	static const char *const words[] = {"students", "opened", "their", NULL};
	float queries[] = {0, 5, 5, logf(0.3F), logf(0.7F), 5, logf(0.3F), logf(0.5F), logf(0.2F)};
	float one_hot[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
	attended masked = {.scale = 1, .causal = true}, open = {.scale = 1};
	heed_tensor *q, *v;

	begin(l, (heed_lecture_figure){
			 .name = "masked",
			 .title = "Masked self-attention sees nothing later",
			 .notes = 2,
			 .setting = "Keys and values are one-hot. The scores are the logarithms of the "
				    "notes' weights, "
				    "and 5 wherever a word would see a later one, as q_2 . k_3: no cheating.",
			 .columns = words,
		 });
	q = matrix(l, queries, 3, 3);
	v = matrix(l, one_hot, 3, 3);
	attend(l, &masked, q, v, v);
	attend(l, &open, q, v, v);
	show(l, "h_1", "attention", 3, row_of(masked.mixture, 0));
	notes_have(l, (said){"v_1", EXACT, {1, 0, 0}});
	show(l, "h_2", "attention", 3, row_of(masked.mixture, 1));
	notes_have(l, (said){".3 v_1 + .7 v_2", EXACT, {0.3, 0.7, 0}});
	show(l, "h_3", "attention", 3, row_of(masked.mixture, 2));
	notes_have(l, (said){".3 .5 .2", EXACT, {0.3, 0.5, 0.2}});
	show(l, "h_2 without mask", "attention", 3, row_of(open.mixture, 1));
	return end(l);
}

/* Scores are the logarithms of weights; keys are one-hot. */
static heed_code alignment_figure(lecture *l)
{
	static const char *const words[] = {"I", "love", "you", "a", "lot"};
	static const said table[] = {
		{"3/4 1/4", EXACT, {0.75, 0.25}}, {"1/2 1/2", EXACT, {0.5, 0.5}},
		{"1", EXACT, {0, 0, 1}},          {"3/4 1/4", EXACT, {0, 0, 0, 0.75, 0.25}},
		{"0 1", EXACT, {0, 0, 0, 0, 1}},
	};
	float queries[5][5], amo[] = {logf(0.25F), logf(0.75F), HIDDEN, HIDDEN, HIDDEN};
	float one_hot[5][5] = {{0}};
	attended self = {.scale = 1}, cross = {.scale = 1};
	heed_tensor *english;

	for (int i = 0; i < 5; i++) {
		one_hot[i][i] = 1;
		for (int j = 0; j < 5; j++)
			queries[i][j] = table[i].values[j] > 0 ? (float)log(table[i].values[j]) : HIDDEN;
	}
	begin(l, (heed_lecture_figure){
			 .name = "alignment",
			 .title = "\"I love you a lot\", \"Te amo mucho\"",
			 .notes = 0,
			 .setting = "Embeddings are one-hot, the scores the logarithms of the notes' "
				    "weights. Each row is "
				    "a word as a mixture of the words above.",
			 .columns = words,
		 });
	english = matrix(l, one_hot[0], 5, 5);
	attend(l, &self, matrix(l, queries[0], 5, 5), english, english);
	attend(l, &cross, matrix(l, amo, 1, 5), english, english);
	for (int i = 0; i < 5; i++) {
		show(l, words[i], "attention", 5, row_of(self.mixture, i));
		notes_have(l, table[i]);
	}
	show(l, "amo", "attention", 5, row_of(cross.mixture, 0));
	notes_have(l, (said){"1/4 I + 3/4 love", EXACT, {0.25, 0.75, 0, 0, 0}});
	return end(l);
}

/* ---- slips in formulas ---- */

static heed_code normalise_figure(lecture *l)
{
	float w[] = {0, 0, 1, 0}, exp_w[] = {1, 1, (float)E, 1}, one[] = {1};
	attended meant = {.scale = 1}, as_written = {.scale = 1};
	heed_tensor *query, *scores;

	begin(l, (heed_lecture_figure){
			 .name = "normalise",
			 .title = "Rows of weights are normalised by exp(w) over its sum",
			 .notes = 0,
			 .setting = "The scores w of the first figure, [0 0 1 0].",
			 .slip = "softmax(exp(w)) over the sum is exp(w) over the sum, which is softmax(w)",
		 });
	query = matrix(l, one, 1, 1);
	scores = matrix(l, w, 4, 1);
	attend(l, &meant, query, scores, scores);
	scores = matrix(l, exp_w, 4, 1);
	attend(l, &as_written, query, scores, scores);
	show(l, "exp(w) / sum", "attention", 4, weights_of(&meant, 0));
	show(l, "softmax(exp(w))", "attention", 4, weights_of(&as_written, 0));
	return end(l);
}

static heed_code pairs_figure(lecture *l)
{
	float queries[] = {1, 2, 3, 4}, keys[] = {5, 6, 7, 8};
	heed_tensor *s;

	begin(l, (heed_lecture_figure){
			 .name = "pairs",
			 .title = "W_ij = q_i . k_j, and W_ji = q_j . k_i",
			 .notes = 0,
			 .setting = "q_1 = [1 2], q_2 = [3 4], k_1 = [5 6], k_2 = [7 8].",
			 .slip = "W_ji = q_i^T k_i is q_j^T k_i: W_21 is 39 here, not q_1 . k_1 = 17",
		 });
	s = linear(l, matrix(l, queries, 2, 2), matrix(l, keys, 2, 2));
	show(l, "W_11 W_12", "linear", 2, row_of(s, 0));
	show(l, "W_21 W_22", "linear", 2, row_of(s, 1));
	return end(l);
}

static heed_code projections_figure(lecture *l)
{
	float x[] = {0, 1}, w_q[] = {10, 0, 0, 10}, w_k[] = {1, 0, 0, 1}, w_v[] = {0, 1, 1, 0};
	heed_tensor *token;

	begin(l, (heed_lecture_figure){
			 .name = "projections",
			 .title = "Query, key and value have a matrix each",
			 .notes = 1,
			 .setting = "x = [0 1], W_q = 10 I, W_k = I, and W_v exchanges the two numbers.",
			 .slip = "k = W_q x, v = W_q x are k = W_k x, v = W_v x; else all three were [0 10] "
				 "here",
		 });
	token = matrix(l, x, 1, 2);
	show(l, "q = W_q x", "linear", 2, row_of(linear(l, token, matrix(l, w_q, 2, 2)), 0));
	show(l, "k = W_k x", "linear", 2, row_of(linear(l, token, matrix(l, w_k, 2, 2)), 0));
	show(l, "v = W_v x", "linear", 2, row_of(linear(l, token, matrix(l, w_v, 2, 2)), 0));
	return end(l);
}

heed_code heed_lecture(heed_ctx *ctx, heed_lecture_fn *tell, void *user)
{
	static heed_code (*const figures[])(lecture *) = {
		attention_figure, mean_figure,      sharp_figure, scores_figure,      masked_figure,
		alignment_figure, normalise_figure, pairs_figure, projections_figure,
	};
	lecture l = {.tape = heed_tape_new(ctx, HEED_TAPE_WEIGHTS), .tell = tell, .user = user};
	heed_code code = l.tape ? HEED_OK : HEED_E_MEMORY;

	for (size_t i = 0; i < sizeof figures / sizeof *figures && code == HEED_OK; i++)
		code = figures[i](&l);
	heed_tape_free(l.tape);
	return code;
}
