/* Answering a file of analogies: all questions are products of one matrix with the table of words, in blocks, and each
 * remembers its best answer so far. */
#include "heed/nearest.h"

#include "base/context_impl.h"
#include "base/vector.h"
#include "decode/word_lines.h"
#include "kernel/kernel.h"
#include "store/vectors_impl.h"

#include <math.h>
#include <string.h>

#define WORDS     4096 /* of the table at a time */
#define QUESTIONS 256  /* at a time */
#define GRAIN     16   /* questions a chunk */

typedef struct question {
	int words[4]; /* of the table */
	int section;
	int best;
	float cosine;
} question;

HEED__VECTOR(question_list, question);
HEED__VECTOR(section_list, heed_analogy_section);

typedef struct quiz {
	heed_ctx *ctx;
	heed_vectors *v;
	section_list sections;
	question_list questions;
} quiz;

/* --- the file --- */

static heed_code begin_section(quiz *q, const char *name, size_t len)
{
	char *const copy = heed__strndup(q->ctx, name, len);

	if (copy != NULL && HEED__PUSH(q->ctx, &q->sections, ((heed_analogy_section){.name = copy})))
		return HEED_OK;
	heed__free(q->ctx, copy);
	return HEED_E_MEMORY;
}

/* The place of a word in the table; *index is -1 when it has none of its own. */
static heed_code find_word(const quiz *q, const heed__field *word, int *index)
{
	heed_word found = {.index = -1};
	const heed_code code = heed_vectors_look_up(q->v, word->text, word->len, &found);

	*index = code == HEED_OK ? found.index : -1;
	if (code != HEED_E_ARGUMENT)
		return code;
	heed_error_clear(q->ctx);
	return HEED_OK;
}

static heed_code take_question(quiz *q, const heed__word_line *line)
{
	question asked = {.section = (int)q->sections.len - 1, .best = -1, .cosine = -INFINITY};
	bool known = true;

	if (line->count != 4)
		return heed__error(q->ctx, HEED_E_FORMAT, "%s:%lld: expected four words, found %d%s",
				   line->file, (long long)line->number, line->count,
				   line->count == HEED__WORD_FIELDS ? " or more" : "");
	for (int i = 0; i < 4; i++) {
		const heed_code code = find_word(q, &line->fields[i], &asked.words[i]);

		if (code != HEED_OK)
			return code;
		known = known && asked.words[i] >= 0;
	}
	if (!known) {
		q->sections.data[asked.section].skipped++;
		return HEED_OK;
	}
	q->sections.data[asked.section].asked++;
	return HEED__PUSH(q->ctx, &q->questions, asked) ? HEED_OK : HEED_E_MEMORY;
}

static heed_code take_line(void *user, const heed__word_line *line)
{
	quiz *const q = user;
	const heed__field *const first = &line->fields[0];

	if (*first->text == ':') {
		const bool apart = first->len == 1 && line->count > 1; /* ": name" or ":name" */

		return apart ? begin_section(q, line->fields[1].text, line->fields[1].len)
			     : begin_section(q, first->text + 1, first->len - 1);
	}
	if (q->sections.len == 0 && begin_section(q, "all", 3) != HEED_OK)
		return HEED_E_MEMORY;
	return take_question(q, line);
}

/* --- the answers --- */

typedef struct answering {
	const quiz *q;
	const struct heed__kernels *kernels;
	size_t width;
	float *asked;  /* [questions, width] b/|b| - a/|a| + c/|c| */
	float *words;  /* [WORDS, width] directions of those at hand */
	float *packed; /* the same for products */
	float *scores; /* [QUESTIONS, WORDS] */
	int first_word, word_count;
	size_t first_question;
	int question_count;
} answering;

static void add_direction(const answering *a, int word, float factor, float *sum)
{
	const heed_vectors *const v = a->q->v;

	a->kernels->axpy(a->width, factor / heed_vectors_norm(v, word), heed_vectors_at(v, word), sum);
}

static void answer_chunk(void *arg, int chunk, int thread)
{
	const answering *const a = arg;
	const int first = chunk * GRAIN;

	(void)thread;
	for (int i = first; i < first + GRAIN && i < a->question_count; i++) {
		question *const q = &a->q->questions.data[a->first_question + (size_t)i];
		const float *const scores = a->scores + (size_t)i * WORDS;

		for (int w = 0; w < a->word_count; w++) {
			const int word = a->first_word + w;

			if (scores[w] > q->cosine && word != q->words[0] && word != q->words[1] &&
			    word != q->words[2]) {
				q->cosine = scores[w];
				q->best = word;
			}
		}
	}
}

static heed_code ask_words(answering *a)
{
	const size_t questions = a->q->questions.len;
	const heed__gemm words = {.n = a->word_count,
				  .k = (int)a->width,
				  .b = a->words,
				  .b_row = 1,
				  .b_col = (ptrdiff_t)a->width};

	heed__gemm_pack(a->q->ctx, &words, a->packed);
	for (a->first_question = 0; a->first_question < questions; a->first_question += QUESTIONS) {
		const size_t left = questions - a->first_question;
		heed__gemm g = words;
		heed_code code;

		a->question_count = left < QUESTIONS ? (int)left : QUESTIONS;
		g.m = a->question_count;
		g.a = a->asked + a->first_question * a->width;
		g.a_row = (ptrdiff_t)a->width;
		g.a_col = 1;
		g.packed = a->packed;
		g.c = a->scores;
		g.ldc = WORDS;
		code = heed__gemm_run(a->q->ctx, &g);
		if (code != HEED_OK)
			return code;
		heed__parallel(a->q->ctx, (a->question_count + GRAIN - 1) / GRAIN, answer_chunk, a);
	}
	return HEED_OK;
}

static heed_code ask_all(answering *a)
{
	const quiz *const q = a->q;
	const int words = heed_vectors_count(q->v);

	for (size_t i = 0; i < q->questions.len; i++) {
		const int *const w = q->questions.data[i].words;
		float *const sum = a->asked + i * a->width;

		add_direction(a, w[0], -1, sum);
		add_direction(a, w[1], 1, sum);
		add_direction(a, w[2], 1, sum);
	}
	for (a->first_word = 0; a->first_word < words; a->first_word += WORDS) {
		heed_code code;

		a->word_count = words - a->first_word < WORDS ? words - a->first_word : WORDS;
		memset(a->words, 0, WORDS * a->width * sizeof *a->words);
		for (int w = 0; w < a->word_count; w++)
			add_direction(a, a->first_word + w, 1, a->words + (size_t)w * a->width);
		code = heed_interrupted(q->ctx)
			       ? heed__error(q->ctx, HEED_E_INTERRUPTED, "analogies: stopped on request")
			       : ask_words(a);
		if (code != HEED_OK)
			return code;
	}
	return HEED_OK;
}

static heed_code answer(const quiz *q)
{
	const size_t width = (size_t)heed_vectors_width(q->v);
	answering a = {.q = q,
		       .kernels = heed__ctx_kernels(q->ctx),
		       .width = width,
		       .asked = heed__calloc(q->ctx, q->questions.len + 1, width * sizeof *a.asked),
		       .words = heed__realloc_array(q->ctx, NULL, WORDS, width * sizeof *a.words),
		       .packed = heed__realloc_array(q->ctx, NULL,
						     heed__gemm_packed_size(q->ctx, (int)width, WORDS),
						     sizeof *a.packed),
		       .scores = heed__realloc_array(q->ctx, NULL, QUESTIONS, WORDS * sizeof *a.scores)};
	const bool good = a.asked != NULL && a.words != NULL && a.packed != NULL && a.scores != NULL;
	const heed_code code = good ? ask_all(&a) : HEED_E_MEMORY;

	heed__free(q->ctx, a.asked);
	heed__free(q->ctx, a.words);
	heed__free(q->ctx, a.packed);
	heed__free(q->ctx, a.scores);
	return code;
}

static void count_right(const quiz *q, heed_analogies *a)
{
	for (size_t i = 0; i < q->questions.len; i++)
		a->sections[q->questions.data[i].section].right +=
			q->questions.data[i].best == q->questions.data[i].words[3];
	a->total.name = "total";
	for (int s = 0; s < a->count; s++) {
		a->total.asked += a->sections[s].asked;
		a->total.right += a->sections[s].right;
		a->total.skipped += a->sections[s].skipped;
	}
}

heed_code heed_analogies_evaluate(heed_vectors *v, const char *path, heed_analogies **result)
{
	heed_ctx *const ctx = heed__vectors_ctx(v);
	heed_analogies *const a = heed__calloc(ctx, 1, sizeof *a);
	quiz q = {.ctx = ctx, .v = v};
	heed_code code = a != NULL ? heed__word_lines(ctx, path, " \t", take_line, &q) : HEED_E_MEMORY;

	*result = NULL;
	if (code == HEED_OK)
		code = answer(&q);
	if (a != NULL)
		*a = (heed_analogies){.ctx = ctx, .sections = q.sections.data, .count = (int)q.sections.len};
	if (code == HEED_OK)
		count_right(&q, a);
	HEED__VECTOR_RELEASE(ctx, &q.questions);
	if (code == HEED_OK)
		*result = a;
	else
		heed_analogies_free(a);
	return code;
}

void heed_analogies_free(heed_analogies *a)
{
	if (a == NULL)
		return;
	for (int i = 0; i < a->count; i++)
		heed__free(a->ctx, (void *)(uintptr_t)a->sections[i].name);
	heed__free(a->ctx, a->sections);
	heed__free(a->ctx, a);
}
