/* How cosines of word vectors rank pairs of words, beside how people do. */
#include "heed/nearest.h"

#include "base/context_impl.h"
#include "base/decimal.h"
#include "base/vector.h"
#include "decode/word_lines.h"
#include "kernel/kernel.h"
#include "store/vectors_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- rank correlation --- */

typedef struct ranked {
	double value;
	size_t index;
} ranked;

static int by_value(const void *a, const void *b)
{
	const ranked *const x = a, *const y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Ranks from 1; equal numbers get the mean of theirs. */
static void rank(size_t n, const double *x, ranked *work, double *ranks)
{
	for (size_t i = 0; i < n; i++)
		work[i] = (ranked){x[i], i};
	qsort(work, n, sizeof *work, by_value);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && !(work[end].value > work[i].value);)
			end++;
		for (size_t k = i; k < end; k++)
			ranks[work[k].index] = (double)(i + 1 + end) / 2;
	}
}

/* Pearson's correlation. */
static double correlation(size_t n, const double *x, const double *y)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		mx += x[i] / (double)n;
		my += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

heed_code heed_spearman(heed_ctx *ctx, size_t n, const double *x, const double *y, double *rho)
{
	ranked *const work = heed__realloc_array(ctx, NULL, n + 1, sizeof *work);
	double *const rx = heed__realloc_array(ctx, NULL, n + 1, sizeof *rx);
	double *const ry = heed__realloc_array(ctx, NULL, n + 1, sizeof *ry);
	const bool good = work != NULL && rx != NULL && ry != NULL;

	if (good) {
		rank(n, x, work, rx);
		rank(n, y, work, ry);
		*rho = n < 2 ? NAN : correlation(n, rx, ry);
	}
	heed__free(ctx, work);
	heed__free(ctx, rx);
	heed__free(ctx, ry);
	return good ? HEED_OK : HEED_E_MEMORY;
}

/* --- a file of judgements --- */

HEED__VECTOR(double_list, double);

typedef struct judgements {
	heed_vectors *v;
	float *first; /* [width] room for the vector of the first word of a pair */
	double_list people, cosines;
	int64_t skipped;
} judgements;

static float cosine(const heed_vectors *v, const float *a, const float *b)
{
	const struct heed__kernels *const kernels = heed__ctx_kernels(heed__vectors_ctx(v));
	const size_t n = (size_t)heed_vectors_width(v);
	const double norms = sqrt(kernels->sum_squares(n, a) * kernels->sum_squares(n, b));

	return norms > 0 ? (float)(kernels->dot(n, a, b) / norms) : 0;
}

/* *known is false when the table lacks one of the words. */
static heed_code compare(judgements *j, const heed__field *words, bool *known, double *out)
{
	heed_ctx *const ctx = heed__vectors_ctx(j->v);
	heed_word word;
	heed_code code = heed_vectors_look_up(j->v, words[0].text, words[0].len, &word);

	if (code == HEED_OK) {
		memcpy(j->first, word.vector, (size_t)heed_vectors_width(j->v) * sizeof *j->first);
		code = heed_vectors_look_up(j->v, words[1].text, words[1].len, &word);
	}
	*known = code == HEED_OK;
	if (*known)
		*out = (double)cosine(j->v, j->first, word.vector);
	if (code != HEED_E_ARGUMENT)
		return code;
	heed_error_clear(ctx);
	return HEED_OK;
}

static heed_code take_judgement(void *user, const heed__word_line *line)
{
	judgements *const j = user;
	heed_ctx *const ctx = heed__vectors_ctx(j->v);
	const heed__field *const number = &line->fields[2];
	const char *at = number->text;
	double people, found;
	heed_code code;
	bool known;

	if (line->count != 3 || !heed__decimal_read(&at, number->text + number->len, &people) ||
	    at != number->text + number->len)
		return heed__error(ctx, HEED_E_FORMAT, "%s:%lld: expected two words and a number", line->file,
				   (long long)line->number);
	code = compare(j, line->fields, &known, &found);
	if (code != HEED_OK)
		return code;
	if (!known)
		j->skipped++;
	else if (!HEED__PUSH(ctx, &j->people, people) || !HEED__PUSH(ctx, &j->cosines, found))
		return HEED_E_MEMORY;
	return HEED_OK;
}

heed_code heed_similarity_evaluate(heed_vectors *v, const char *path, heed_similarity *result)
{
	heed_ctx *const ctx = heed__vectors_ctx(v);
	judgements j = {.v = v, .first = heed__calloc(ctx, (size_t)heed_vectors_width(v), sizeof *j.first)};
	heed_code code =
		j.first != NULL ? heed__word_lines(ctx, path, " \t,", take_judgement, &j) : HEED_E_MEMORY;

	*result = (heed_similarity){.pairs = (int64_t)j.people.len, .skipped = j.skipped, .spearman = NAN};
	if (code == HEED_OK)
		code = heed_spearman(ctx, j.people.len, j.people.data, j.cosines.data, &result->spearman);
	HEED__VECTOR_RELEASE(ctx, &j.people);
	HEED__VECTOR_RELEASE(ctx, &j.cosines);
	heed__free(ctx, j.first);
	return code;
}
