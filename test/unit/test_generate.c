/* Continuing texts, with models made up here: one whose scores are a hash of all that it has read, so that any slip
 * in what it reads shows, and one that says what it is told. */
#include "scratch.h"

#include "base/context_impl.h"
#include "base/utf8.h"
#include "heed/generate.h"
#include "nn/state.h"
#include "sample_lines.h"
#include "shortage.h"

#include <math.h>

typedef struct config {
	int longest, form, window;
} config;

static const heed_field limited_fields[] = {
	{"max-length", HEED_INT(config, longest), .min = 1, .max = 1000, .initial = "8"}, {0}};
static const heed_field no_fields[] = {{0}};

static heed_code init(heed_model *m)
{
	(void)m;
	return HEED_OK;
}

static heed_form form(const void *settings, int *window)
{
	const config *c = settings;

	*window = c->window;
	return (heed_form)c->form;
}

enum { VOCAB_MAX = 300, ROWS_MAX = 8192, LENGTH = 512 };
static float rows[ROWS_MAX * 16 + VOCAB_MAX];

static uint64_t mix(uint64_t x, uint64_t y)
{
	x = (x ^ y) * 0x9E3779B97F4A7C15u;
	return x ^ x >> 29;
}

/* The scores after some tokens. */
static void hashed_scores(const int *tokens, int count, int vocab, float *z)
{
	uint64_t h = 1;

	for (int i = 0; i < count; i++)
		h = mix(h, (uint64_t)tokens[i] + 1);
	for (int j = 0; j < vocab; j++)
		z[j] = (float)(mix(h, (uint64_t)j + 1000) >> 40) * 0x1p-24f * 6;
}

static heed_tensor *hashed_step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const int vocab = m->target_vocab;

	(void)tokens;
	assert_true((size_t)state->rows * (size_t)vocab <= sizeof rows / sizeof *rows);
	for (int r = 0; r < state->rows; r++)
		hashed_scores(heed__state_tokens(state, r), state->step + 1, vocab,
			      rows + (size_t)r * (size_t)vocab);
	return heed_leaf_matrix(tape, rows, state->rows, vocab);
}

/* What it says at each step, whatever it reads. */
static const int *script;
static int script_count;

static heed_tensor *scripted_step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	const int vocab = m->target_vocab;
	const int id = state->step < script_count ? script[state->step] : HEED_EOS_ID;

	(void)tokens;
	for (int i = 0; i < state->rows * vocab; i++)
		rows[i] = i % vocab == id ? 5 : 0;
	return heed_leaf_matrix(tape, rows, state->rows, vocab);
}

static heed_tensor *broken_step(const heed_model *m, heed_tape *tape, heed_state *state, const int *tokens)
{
	heed_tensor *const z = hashed_step(m, tape, state, tokens);

	if (state->step == 3)
		z->data[(size_t)m->target_vocab * (size_t)(state->rows - 1)] = NAN;
	return z;
}

#define FAMILY(table, does)                                                                                  \
	{                                                                                                    \
		.name = "made-up", .task = HEED_TASK_GENERATE, .config_size = sizeof(config),                \
		.fields = table, .init = init, .form = form, .step = does                                    \
	}
static const heed_model_class limited = FAMILY(limited_fields, hashed_step);
static const heed_model_class unlimited = FAMILY(no_fields, hashed_step);
static const heed_model_class scripted = FAMILY(no_fields, scripted_step);
static const heed_model_class broken = FAMILY(no_fields, broken_step);

typedef struct fixture {
	heed_ctx *ctx;
	heed_trained trained;
} fixture;

static bool make_in(fixture *f, heed_ctx *ctx, const heed_model_class *family, config c, const char *kind,
		    const char *words)
{
	int size;

	*f = (fixture){.ctx = ctx, .trained = {.ctx = ctx}};
	f->trained.source = f->trained.target = train_on(ctx, &(heed_tokenizer_options){.kind = kind}, words);
	if (f->trained.source == NULL)
		return false;
	size = heed_tokenizer_size(f->trained.source);
	f->trained.model = heed_model_new(ctx, family, &c, size, size, 0);
	return f->trained.model != NULL;
}

static void make(fixture *f, const heed_model_class *family, config c, const char *kind, const char *words)
{
	assert_true(make_in(f, heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = 7}), family, c, kind,
			    words));
}

static void drop(fixture *f)
{
	heed_model_free(f->trained.model);
	heed_tokenizer_free(f->trained.source);
	heed_ctx_free(f->ctx);
}

static const char letters[] = "a b c d e f\nf e d c b a";

/* --- what comes --- */

typedef struct said {
	int ids[LENGTH], count;
	float logp[LENGTH];
	double score;
	char text[2048];
	size_t len;
	bool last, finished;
} said;

enum { MOST = 64 };
static said all[MOST][16]; /* by prompt and sample */
static int pieces;

static heed_code keep(void *user, const heed_generated *g)
{
	said *const s = &all[g->index][g->sample];

	(void)user;
	assert_true(g->index < MOST && g->sample < 16 && s->count < LENGTH && !s->last);
	pieces++;
	s->ids[s->count] = g->id;
	s->logp[s->count++] = g->logp;
	assert_int_equal(g->tokens, s->count);
	s->score += (double)g->logp;
	assert_true(fabs(s->score - g->score) < 1e-9);
	s->last = g->last;
	s->finished = g->finished;
	assert_true(s->len + g->len < sizeof s->text);
	assert_int_equal(heed__utf8_valid(g->text, g->len), g->len);
	assert_int_equal(g->text[g->len], '\0');
	memcpy(s->text + s->len, g->text, g->len + 1);
	s->len += g->len;
	return HEED_OK;
}

static heed_line line_of(const char *text)
{
	return (heed_line){text, strlen(text)};
}

static heed_code generate_code(const fixture *f, const heed_generate_options *o, const heed_line *prompts,
			       size_t count)
{
	heed_generator *const g = heed_generator_new(&f->trained, o);
	heed_code code = HEED_E_MEMORY;

	memset(all, 0, sizeof all);
	if (g != NULL)
		code = heed_generate(g, prompts, count, keep, NULL);
	heed_generator_free(g);
	return code;
}

static void generate(const fixture *f, const heed_generate_options *o, const heed_line *prompts, size_t count)
{
	if (generate_code(f, o, prompts, count) != HEED_OK)
		fail_msg("%s", heed_error_message(f->ctx));
	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < o->count; k++)
			assert_true(all[i][k].last);
}

static heed_generate_options greedy(int max_tokens)
{
	heed_generate_options o = heed_generate_defaults();

	o.temperature = 0;
	o.max_tokens = max_tokens;
	return o;
}

/* --- the slow way --- */

typedef struct reader {
	int tokens[4 * LENGTH], count;
} reader;

static void read_token(reader *x, int token, int longest, bool stream)
{
	if (longest > 0 && x->count == longest) {
		const int half = longest / 2;

		memmove(x->tokens, x->tokens + longest - half, (size_t)half * sizeof *x->tokens);
		if (half > 0 && !stream)
			x->tokens[0] = HEED_BOS_ID;
		x->count = half;
	}
	x->tokens[x->count++] = token;
}

/* Greedy continuation; -1s behind the end. ids: the prompt with what stands before it. */
static void slow_greedy(const fixture *f, const int *ids, int count, int longest, bool stream, int max,
			int *out)
{
	const int vocab = f->trained.model->target_vocab;
	reader x = {.count = 0};
	float z[VOCAB_MAX];

	for (int i = 0; i < count; i++)
		read_token(&x, ids[i], longest, stream);
	for (int n = 0; n < max; n++) {
		int best = HEED_EOS_ID;

		hashed_scores(x.tokens, x.count, vocab, z);
		for (int j = HEED_EOS_ID; j < vocab; j++)
			if (z[j] > z[best])
				best = j;
		out[n] = best;
		if (best == HEED_EOS_ID && !stream) {
			for (n++; n < max; n++)
				out[n] = -1;
			return;
		}
		read_token(&x, best, longest, stream);
	}
}

static int encode(const fixture *f, const char *text, int first, int *ids)
{
	heed_coder *const c = heed_coder_new(f->ctx, f->trained.source);
	heed_encoding x;

	assert_int_equal(heed_coder_encode(c, text, strlen(text), &x), HEED_OK);
	ids[0] = first;
	memcpy(ids + 1, x.ids, (size_t)x.count * sizeof *x.ids);
	heed_coder_free(c);
	return x.count + 1;
}

static const char *const prompts[] = {"a b", "", "f", "c c c a b f", "zebra a", "d e"};
enum { PROMPTS = sizeof prompts / sizeof *prompts };

static const heed_line *prompt_lines(void)
{
	static heed_line lines[PROMPTS];

	for (int i = 0; i < PROMPTS; i++)
		lines[i] = line_of(prompts[i]);
	return lines;
}

static void check_greedy(const heed_model_class *family, int longest, heed_form how, int max)
{
	const bool stream = how != HEED_FORM_LINES;
	heed_generate_options o = greedy(max);
	fixture f;

	make(&f, family, (config){longest, (int)how, 1000}, "word", letters);
	for (o.batch = 1; o.batch <= 4; o.batch += 3) {
		generate(&f, &o, prompt_lines(), PROMPTS);
		for (int i = 0; i < PROMPTS; i++) {
			int ids[LENGTH], expected[LENGTH];
			const int n = encode(&f, prompts[i], stream ? HEED_EOS_ID : HEED_BOS_ID, ids);
			const said *const s = &all[i][0];

			slow_greedy(&f, ids, n, family == &limited ? longest : 0, stream, max, expected);
			for (int t = 0; t < s->count; t++)
				assert_int_equal(s->ids[t], expected[t]);
			assert_true(s->count == max || expected[s->count] == -1);
			assert_int_equal(s->finished, s->ids[s->count - 1] == HEED_EOS_ID && !stream);
		}
	}
	drop(&f);
}

static void greedy_is_the_slow_way(void **state)
{
	(void)state;
	check_greedy(&unlimited, 0, HEED_FORM_LINES, 100);
	check_greedy(&unlimited, 0, HEED_FORM_STREAM, 100);
	check_greedy(&unlimited, 8, HEED_FORM_BLOCKS, 100);
}

/* Any number of tokens; the prompts are shorter than the limit. */
static void full_models_begin_anew(void **state)
{
	(void)state;
	check_greedy(&limited, 7, HEED_FORM_LINES, 200);
	check_greedy(&limited, 8, HEED_FORM_BLOCKS, 200);
	check_greedy(&limited, 64, HEED_FORM_STREAM, 200);
	check_greedy(&limited, 64, HEED_FORM_BLOCKS, 20);
}

static void blocks_limit_a_model_too(void **state)
{
	const heed_line prompt = line_of("a");
	const heed_generate_options o = greedy(50);
	int ids[LENGTH], expected[LENGTH];
	fixture f;

	(void)state;
	make(&f, &limited, (config){900, HEED_FORM_BLOCKS, 6}, "word", letters);
	generate(&f, &o, &prompt, 1);
	slow_greedy(&f, ids, encode(&f, "a", HEED_EOS_ID, ids), 6, true, 50, expected);
	assert_memory_equal(all[0][0].ids, expected, 50 * sizeof *expected);
	drop(&f);
}

/* The newest half of the limit, and in a stream the token before it; bos in front of lines. */
static void long_prompts_lose_their_beginning(void **state)
{
	const char *const text = "a b c d e f a a b b c c d d e e f f";
	const heed_line prompt = line_of(text);
	const heed_generate_options o = greedy(40);

	(void)state;
	for (int lines = 0; lines < 2; lines++) {
		int ids[LENGTH], expected[LENGTH], n;
		fixture f;

		make(&f, &limited, (config){8, lines ? HEED_FORM_LINES : HEED_FORM_BLOCKS, 1000}, "word",
		     letters);
		generate(&f, &o, &prompt, 1);
		n = encode(&f, text, 0, ids);
		if (lines)
			ids[n - 5] = HEED_BOS_ID;
		slow_greedy(&f, ids + n - 5, 5, 8, !lines, 40, expected);
		for (int t = 0; t < all[0][0].count; t++)
			assert_int_equal(all[0][0].ids[t], expected[t]);
		drop(&f);
	}
}

/* A limit of one token: the model never knows more than the newest. */
static void smallest_limits_work(void **state)
{
	(void)state;
	for (int longest = 1; longest <= 3; longest++) {
		const heed_line prompt = line_of("");
		const heed_generate_options o = greedy(30);
		int ids[1] = {HEED_EOS_ID}, expected[LENGTH];
		fixture f;

		make(&f, &limited, (config){longest, HEED_FORM_BLOCKS, 1000}, "word", letters);
		generate(&f, &o, &prompt, 1);
		slow_greedy(&f, ids, 1, longest, true, 30, expected);
		assert_memory_equal(all[0][0].ids, expected, 30 * sizeof *expected);
		drop(&f);
	}
}

/* --- sampling --- */

static heed_generate_options sampling(int count, int max_tokens)
{
	heed_generate_options o = heed_generate_defaults();

	o.count = count;
	o.max_tokens = max_tokens;
	return o;
}

static void samples_repeat_and_differ(void **state)
{
	static said before[MOST][16];
	heed_generate_options o = sampling(5, 30);
	heed_generator *g;
	fixture f, other;
	int same = 0;

	(void)state;
	make(&f, &limited, (config){9, HEED_FORM_BLOCKS, 1000}, "word", letters);
	generate(&f, &o, prompt_lines(), PROMPTS);
	memcpy(before, all, sizeof all);
	o.batch = 2;
	generate(&f, &o, prompt_lines(), PROMPTS);
	assert_memory_equal(before, all, sizeof all);
	for (int k = 1; k < 5; k++)
		same += memcmp(all[0][0].ids, all[0][k].ids, sizeof all[0][0].ids) == 0;
	same += memcmp(all[0][0].ids, all[1][0].ids, sizeof all[0][0].ids) == 0;
	assert_int_equal(same, 0);

	/* One prompt alone, by its number; with more threads. */
	assert_true(make_in(&other, heed_ctx_new(&(heed_ctx_options){.threads = 3, .seed = 7}), &limited,
			    (config){9, HEED_FORM_BLOCKS, 1000}, "word", letters));
	g = heed_generator_new(&other.trained, &o);
	assert_non_null(g);
	heed_generator_number(g, 3);
	memset(all, 0, sizeof all);
	assert_int_equal(heed_generate(g, prompt_lines() + 3, 1, keep, NULL), HEED_OK);
	assert_memory_equal(before[3], all[0], sizeof all[0]);
	/* The next one has the next number. */
	memset(all, 0, sizeof all);
	assert_int_equal(heed_generate(g, prompt_lines() + 4, 1, keep, NULL), HEED_OK);
	assert_memory_equal(before[4], all[0], sizeof all[0]);
	heed_generator_free(g);
	drop(&other);

	assert_true(make_in(&other, heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = 8}), &limited,
			    (config){9, HEED_FORM_BLOCKS, 1000}, "word", letters));
	generate(&other, &o, prompt_lines(), PROMPTS);
	assert_memory_not_equal(before[0][0].ids, all[0][0].ids, sizeof all[0][0].ids);
	drop(&other);
	drop(&f);
}

/* Rows end while others split, in all orders. */
static void batches_change_nothing(void **state)
{
	static said before[MOST][16];

	(void)state;
	for (int count = 1; count <= 3; count++)
		for (int most = 1; most <= 5; most++) {
			heed_generate_options o = sampling(count, most);
			fixture f;

			make(&f, &unlimited, (config){0, HEED_FORM_LINES, 0}, "word", letters);
			generate(&f, &o, prompt_lines(), PROMPTS);
			memcpy(before, all, sizeof all);
			o.batch = 1;
			generate(&f, &o, prompt_lines(), PROMPTS);
			assert_memory_equal(before, all, sizeof all);
			drop(&f);
		}
}

/* Also where the scores stay the same. */
static void tokens_are_drawn_one_by_one(void **state)
{
	const heed_line prompt = line_of("");
	const heed_generate_options o = sampling(2, 50);
	int nothing[50], other[2] = {0};
	fixture f;

	(void)state;
	for (int i = 0; i < 50; i++)
		nothing[i] = -1;
	script = nothing;
	script_count = 50;
	make(&f, &scripted, (config){0, HEED_FORM_STREAM, 0}, "word", letters);
	generate(&f, &o, &prompt, 1);
	for (int k = 0; k < 2; k++)
		for (int i = 1; i < 50; i++)
			other[k] += all[0][k].ids[i] != all[0][k].ids[0];
	assert_true(other[0] > 25 && other[1] > 25);
	drop(&f);
}

static int tally[VOCAB_MAX];

static heed_code count_first(void *user, const heed_generated *g)
{
	const float *const z = user;

	tally[g->id]++;
	assert_true(fabs((double)(g->logp - z[g->id])) < 1e-4);
	return HEED_OK;
}

/* How often each token comes first, against softmax(z / temperature) without unk and bos. */
static void samples_follow_the_model(void **state)
{
	const heed_line prompt = line_of("a b");
	heed_generate_options o = sampling(HEED_GENERATE_COUNT_MAX, 1);
	double p[VOCAB_MAX], total = 0, sum = 0;
	float z[VOCAB_MAX];
	int ids[LENGTH];
	heed_generator *g;
	fixture f;
	int vocab;

	(void)state;
	make(&f, &unlimited, (config){0, HEED_FORM_LINES, 0}, "word", letters);
	vocab = f.trained.model->target_vocab;
	hashed_scores(ids, encode(&f, "a b", HEED_BOS_ID, ids), vocab, z);
	o.temperature = 1.5;
	for (int j = 0; j < vocab; j++) {
		total += exp((double)z[j]);
		p[j] = j < HEED_EOS_ID ? 0 : exp((double)z[j] / o.temperature);
		sum += p[j];
	}
	for (int j = 0; j < vocab; j++)
		z[j] -= (float)log(total);
	g = heed_generator_new(&f.trained, &o);
	assert_non_null(g);
	memset(tally, 0, sizeof tally);
	assert_int_equal(heed_generate(g, &prompt, 1, count_first, z), HEED_OK);
	for (int j = 0; j < vocab; j++) {
		const double n = o.count, q = p[j] / sum;

		assert_true(fabs(tally[j] - n * q) <= 4.5 * sqrt(n * q * (1 - q)));
	}
	heed_generator_free(g);

	/* Of the two most probable only. */
	o.top_k = 2;
	o.count = 100;
	g = heed_generator_new(&f.trained, &o);
	assert_non_null(g);
	memset(tally, 0, sizeof tally);
	assert_int_equal(heed_generate(g, &prompt, 1, count_first, z), HEED_OK);
	for (int j = 0; j < vocab; j++) {
		int better = 0;

		for (int i = HEED_EOS_ID; i < vocab; i++)
			better += z[i] > z[j];
		assert_true(tally[j] == 0 || (better < 2 && j >= HEED_EOS_ID));
	}
	heed_generator_free(g);
	drop(&f);
}

/* --- text --- */

static void say(const fixture *f, const heed_generate_options *o, const char *prompt, const int *ids,
		int count)
{
	const heed_line line = line_of(prompt);

	script = ids;
	script_count = count;
	generate(f, o, &line, 1);
}

static void characters_come_whole(void **state)
{
	static const char text[] = "d\xC3\xA9j\xC3\xA0 \xE2\x82\xAC 1 \xF0\x9F\x98\x80!";
	const heed_generate_options o = greedy(60);
	heed_generate_options five = greedy(5);
	int ids[LENGTH], n;
	fixture f;

	(void)state;
	make(&f, &scripted, (config){0, HEED_FORM_LINES, 0}, "byte", letters);
	n = encode(&f, text, 0, ids) - 1;
	say(&f, &o, "", ids + 1, n);
	assert_string_equal(all[0][0].text, text);
	assert_int_equal(all[0][0].count, n + 1);
	assert_true(all[0][0].finished);

	/* A first byte without its second, at the end and before another character. */
	say(&f, &five, "", ids + 1, n);
	assert_string_equal(all[0][0].text, "d\xC3\xA9j\xEF\xBF\xBD");
	assert_false(all[0][0].finished);
	ids[3] = ids[1];
	say(&f, &five, "", ids + 1, 3);
	assert_string_equal(all[0][0].text, "d\xEF\xBF\xBD"
					    "d");
	drop(&f);
}

static int id_of(const fixture *f, const char *piece)
{
	const int id = heed_tokenizer_id(f->trained.source, piece, strlen(piece));

	assert_true(id >= 0);
	return id;
}

#define SPACE "\xE2\x96\x81"

static void text_goes_on_where_the_prompt_ends(void **state)
{
	const heed_generate_options o = greedy(60);
	fixture f;
	int ids[8];

	(void)state;
	make(&f, &scripted, (config){0, HEED_FORM_LINES, 0}, "word", letters);
	for (int i = 0; i < 8; i++)
		ids[i] = id_of(&f, i % 2 ? SPACE "b" : SPACE "a");
	say(&f, &o, "", ids, 3);
	assert_string_equal(all[0][0].text, "a b a");
	say(&f, &o, "c d", ids, 5); /* the first step reads bos, the second c */
	assert_string_equal(all[0][0].text, " a b a");
	say(&f, &o, "c d", ids, 0);
	assert_string_equal(all[0][0].text, "");
	assert_int_equal(all[0][0].count, 1);
	assert_true(all[0][0].finished);
	drop(&f);
}

static void streams_go_on_after_a_line(void **state)
{
	heed_generate_options o = greedy(6);
	heed_generator *g;
	fixture f;
	int ids[8];

	(void)state;
	make(&f, &scripted, (config){0, HEED_FORM_STREAM, 0}, "word", letters);
	g = heed_generator_new(&f.trained, NULL);
	assert_true(heed_generator_streams(g));
	heed_generator_free(g);
	for (int i = 0; i < 8; i++)
		ids[i] = i % 3 == 2 ? HEED_EOS_ID : id_of(&f, i % 3 ? SPACE "b" : SPACE "a");
	say(&f, &o, "", ids, 8);
	assert_string_equal(all[0][0].text, "a b\na b\n");
	assert_false(all[0][0].finished);
	/* Line feeds of a prompt are ends of lines, also the last one. */
	say(&f, &o, "c\n\n", ids, 8);
	assert_string_equal(all[0][0].text, "a b\na b\n");
	o.one_line = true;
	say(&f, &o, "c", ids, 8);
	assert_string_equal(all[0][0].text, " b");
	assert_true(all[0][0].finished);
	assert_int_equal(all[0][0].count, 2);
	drop(&f);
}

/* The model reads eos where a prompt has a line feed. */
static void prompts_have_lines(void **state)
{
	const heed_line prompt = line_of("a b\nc\n");
	const heed_generate_options o = greedy(30);
	int ids[LENGTH], expected[LENGTH], n;
	fixture f;

	(void)state;
	make(&f, &unlimited, (config){0, HEED_FORM_BLOCKS, 0}, "word", letters);
	generate(&f, &o, &prompt, 1);
	n = encode(&f, "a b", HEED_EOS_ID, ids);
	n += encode(&f, "c", HEED_EOS_ID, ids + n);
	ids[n++] = HEED_EOS_ID;
	slow_greedy(&f, ids, n, 0, true, 30, expected);
	assert_memory_equal(all[0][0].ids, expected, 30 * sizeof *expected);
	drop(&f);
}

/* --- what can go wrong --- */

static void options_are_checked(void **state)
{
	heed_generate_options o;
	heed_model_class other = unlimited;
	fixture f;

	(void)state;
	make(&f, &unlimited, (config){0}, "word", letters);
	o = heed_generate_defaults();
	o.count = 0;
	assert_null(heed_generator_new(&f.trained, &o));
	assert_message(f.ctx, "count", "0");
	o = heed_generate_defaults();
	o.max_tokens = HEED_GENERATE_TOKENS_MAX + 1;
	assert_null(heed_generator_new(&f.trained, &o));
	assert_message(f.ctx, "max-tokens");
	o = heed_generate_defaults();
	o.temperature = -1;
	assert_null(heed_generator_new(&f.trained, &o));
	assert_message(f.ctx, "temperature");
	o = heed_generate_defaults();
	o.top_p = 0;
	assert_null(heed_generator_new(&f.trained, &o));
	assert_message(f.ctx, "top-p");
	other.task = HEED_TASK_CLASSIFY;
	f.trained.model->family = &other;
	assert_null(heed_generator_new(&f.trained, NULL));
	assert_int_equal(heed_error_code(f.ctx), HEED_E_UNSUPPORTED);
	assert_message(f.ctx, "generation", "made-up", "classifies");
	drop(&f);
	heed_generator_free(NULL);
}

static void numbers_that_are_none_are_reported(void **state)
{
	heed_generate_options o = greedy(20);
	fixture f;

	(void)state;
	make(&f, &broken, (config){0, HEED_FORM_STREAM, 0}, "word", letters);
	for (int i = 0; i < 2; i++) {
		o.temperature = i;
		assert_int_equal(generate_code(&f, &o, prompt_lines(), PROMPTS), HEED_E_NONFINITE);
		assert_message(f.ctx, "token");
	}
	drop(&f);
}

static heed_code stop_at_seven(void *user, const heed_generated *g)
{
	(void)g;
	return ++*(int *)user == 7 ? HEED_E_IO : HEED_OK;
}

static heed_code interrupt(void *user, const heed_generated *g)
{
	(void)g;
	heed_interrupt(user);
	return HEED_OK;
}

static void callers_can_stop(void **state)
{
	const heed_line prompt = line_of("a");
	heed_generator *g;
	int calls = 0;
	fixture f;

	(void)state;
	make(&f, &unlimited, (config){0, HEED_FORM_STREAM, 0}, "word", letters);
	g = heed_generator_new(&f.trained, NULL);
	assert_int_equal(heed_generate(g, &prompt, 1, stop_at_seven, &calls), HEED_E_IO);
	assert_int_equal(calls, 7);
	assert_int_equal(heed_generate(g, &prompt, 1, interrupt, f.ctx), HEED_E_INTERRUPTED);
	heed_error_clear(f.ctx);
	assert_int_equal(heed_generate(g, NULL, 0, keep, NULL), HEED_OK);
	/* It can be used again. */
	memset(all, 0, sizeof all);
	assert_int_equal(heed_generate(g, &prompt, 1, keep, NULL), HEED_OK);
	assert_int_equal(all[0][0].count, 200);
	heed_generator_free(g);
	drop(&f);
}

static void repeated_work_allocates_nothing(void **state)
{
	const heed_generate_options o = sampling(3, 30);
	uint64_t before = 0;
	heed_generator *g;
	fixture f;

	(void)state;
	make(&f, &limited, (config){9, HEED_FORM_BLOCKS, 1000}, "word", letters);
	g = heed_generator_new(&f.trained, &o);
	for (int i = 0; i < 6; i++) {
		if (i == 4)
			before = heed_ctx_memory(f.ctx).allocations;
		memset(all, 0, sizeof all);
		heed_generator_number(g, 0);
		assert_int_equal(heed_generate(g, prompt_lines(), PROMPTS, keep, NULL), HEED_OK);
	}
	/* but for the ids of prompts as they are read */
	assert_true(heed_ctx_memory(f.ctx).allocations - before <= 2 * PROMPTS);
	heed_generator_free(g);
	drop(&f);
}

static void every_allocation_may_fail(void **state)
{
	const heed_generate_options o = sampling(3, 30);
	shortage s = {0};
	heed_code code;

	(void)state;
	do {
		fixture f;

		assert_true(make_in(&f, shortage_ctx(&s), &limited, (config){9, HEED_FORM_BLOCKS, 1000},
				    "byte", letters));
		shortage_begin(&s);
		code = generate_code(&f, &o, prompt_lines(), PROMPTS);
		assert_int_equal(heed_error_code(f.ctx), code);
		drop(&f);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greedy_is_the_slow_way),
		cmocka_unit_test(full_models_begin_anew),
		cmocka_unit_test(blocks_limit_a_model_too),
		cmocka_unit_test(long_prompts_lose_their_beginning),
		cmocka_unit_test(smallest_limits_work),
		cmocka_unit_test(samples_repeat_and_differ),
		cmocka_unit_test(batches_change_nothing),
		cmocka_unit_test(tokens_are_drawn_one_by_one),
		cmocka_unit_test(samples_follow_the_model),
		cmocka_unit_test(characters_come_whole),
		cmocka_unit_test(text_goes_on_where_the_prompt_ends),
		cmocka_unit_test(streams_go_on_after_a_line),
		cmocka_unit_test(prompts_have_lines),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(numbers_that_are_none_are_reported),
		cmocka_unit_test(callers_can_stop),
		cmocka_unit_test(repeated_work_allocates_nothing),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
