#include "model/word_draw.h"

#include "heed/batch.h"

#include <math.h>

static heed_code count_words(heed__word_draw *d, const int *ids, int64_t count)
{
	d->counts = heed__calloc(d->ctx, (size_t)d->vocab, sizeof *d->counts);
	if (d->counts == NULL)
		return HEED_E_MEMORY;
	for (int64_t i = 0; i < count; i++)
		d->counts[ids[i]]++;
	d->counts[HEED_UNK_ID] = d->counts[HEED_BOS_ID] = d->counts[HEED_EOS_ID] = 0;
	for (int w = 0; w < d->vocab; w++) {
		d->total += d->counts[w];
		d->words += d->counts[w] > 0;
	}
	return HEED_OK;
}

static heed_code choose_kept(heed__word_draw *d, double subsample)
{
	double kept = 0, most = 0;

	d->keep = heed__calloc(d->ctx, (size_t)d->vocab, sizeof *d->keep);
	if (d->keep == NULL)
		return HEED_E_MEMORY;
	for (int w = 0; w < d->vocab; w++) {
		const double count = (double)d->counts[w];
		const double s = count > 0 ? subsample * (double)d->total / count : 0;
		const double p = subsample > 0 && sqrt(s) + s < 1 ? sqrt(s) + s : 1;

		d->keep[w] = (uint32_t)(p * UINT32_MAX);
		kept += p * count;
		most = fmax(most, p * count);
	}
	d->most = kept > 0 ? most / kept : 1;
	return HEED_OK;
}

/* Places with less than an even share are filled up from those with more. */
static void fill_alias(heed__alias *alias, double *share, int *work, int n)
{
	int few = 0, many = n;

	for (int i = n - 1; i >= 0; i--) {
		if (share[i] < 1)
			work[few++] = i;
		else
			work[--many] = i;
	}
	while (few > 0 && many < n) {
		const int low = work[--few], high = work[many];

		alias[low].limit = (uint32_t)(share[low] * 0x1p32);
		alias[low].second = alias[high].first;
		share[high] -= 1 - share[low];
		if (share[high] < 1) {
			many++;
			work[few++] = high;
		}
	}
	/* What is left has an even share but for rounding. */
	while (few > 0)
		alias[work[--few]].limit = UINT32_MAX;
	while (many < n)
		alias[work[many++]].limit = UINT32_MAX;
}

static heed_code make_alias(heed__word_draw *d)
{
	const size_t n = (size_t)d->words;
	double *const share = heed__calloc(d->ctx, n, sizeof *share), sum = 0;
	int *const work = heed__calloc(d->ctx, n, sizeof *work);
	heed_code code = HEED_E_MEMORY;

	d->alias = heed__calloc(d->ctx, n, sizeof *d->alias);
	if (d->alias != NULL && share != NULL && work != NULL) {
		for (int w = 0, i = 0; w < d->vocab; w++)
			if (d->counts[w] > 0) {
				d->alias[i].first = d->alias[i].second = w;
				sum += share[i++] = pow((double)d->counts[w], 0.75);
			}
		for (size_t i = 0; i < n; i++)
			share[i] *= (double)n / sum;
		fill_alias(d->alias, share, work, d->words);
		code = HEED_OK;
	}
	heed__free(d->ctx, share);
	heed__free(d->ctx, work);
	return code;
}

heed_code heed__word_draw_init(heed__word_draw *d, heed_ctx *ctx, const int *ids, int64_t count, int vocab,
			       double subsample)
{
	heed_code code;

	*d = (heed__word_draw){.ctx = ctx, .vocab = vocab};
	code = count_words(d, ids, count);
	if (code == HEED_OK)
		code = choose_kept(d, subsample);
	if (code == HEED_OK)
		code = make_alias(d);
	if (code != HEED_OK)
		heed__word_draw_release(d);
	return code;
}

void heed__word_draw_release(heed__word_draw *d)
{
	heed__free(d->ctx, d->counts);
	heed__free(d->ctx, d->keep);
	heed__free(d->ctx, d->alias);
	*d = (heed__word_draw){.ctx = d->ctx};
}
