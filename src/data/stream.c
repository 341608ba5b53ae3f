/* Windows of a stream: each token is predicted once an epoch, and read by what comes after it. */
#include "data/stream.h"

#include <string.h>

void heed__stream_release(heed__token_stream *s)
{
	HEED__VECTOR_RELEASE(s->ctx, &s->order);
	HEED__VECTOR_RELEASE(s->ctx, &s->ends);
	HEED__VECTOR_RELEASE(s->ctx, &s->rows);
}

static int64_t windows(const heed__token_stream *s)
{
	return (s->offset > 0) + (s->count - s->offset + s->window - 1) / s->window;
}

static heed_code order_windows(heed__token_stream *s, heed__rng *rng)
{
	int *order;
	size_t n;

	s->offset = rng != NULL ? (int)heed__rng_below(rng, (uint64_t)s->window) : 0;
	if (s->offset >= s->count)
		s->offset = 0;
	n = (size_t)windows(s);
	if (n > INT32_MAX)
		return heed__error(s->ctx, HEED_E_ARGUMENT, "dataset: %lld windows of %d tokens; at most %d",
				   (long long)n, s->window, INT32_MAX);
	s->order.len = 0;
	if (!HEED__RESERVE(s->ctx, &s->order, n))
		return HEED_E_MEMORY;
	order = s->order.data;
	s->order.len = n;
	for (size_t i = 0; i < n; i++)
		order[i] = (int)i;
	for (size_t i = n; rng != NULL && i > 1; i--) {
		const size_t j = (size_t)heed__rng_below(rng, i);
		const int swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	return HEED_OK;
}

heed_code heed__stream_begin(heed__token_stream *s, const int *ids, int64_t count, heed__rng *rng)
{
	s->ids = ids;
	s->count = count;
	if (s->tracks > count)
		s->tracks = (int)count;
	return s->carried ? HEED_OK : order_windows(s, rng);
}

/* The first ones are longer by one when the ids can't be shared evenly. */
static int64_t track_length(const heed__token_stream *s, int track)
{
	return s->count / s->tracks + (track < s->count % s->tracks);
}

static int64_t track_start(const heed__token_stream *s, int track)
{
	const int64_t longer = s->count % s->tracks;

	return s->count / s->tracks * track + (track < longer ? track : longer);
}

/* Where sequence k of a batch lies in the ids; 0 tokens: the batch has no such sequence. */
static int sequence(const heed__token_stream *s, int index, int k, int64_t *start)
{
	int64_t left, n;

	if (s->carried) {
		*start = (int64_t)index * s->window;
		left = track_length(s, k) - *start;
		*start += track_start(s, k);
	} else {
		n = (int64_t)index * s->tracks + k;
		if (n >= (int64_t)s->order.len)
			return 0;
		n = s->order.data[n];
		if (s->offset > 0 && n == 0) {
			*start = 0;
			return s->offset;
		}
		*start = s->offset + (n - (s->offset > 0)) * s->window;
		left = s->count - *start;
	}
	return left <= 0 ? 0 : left < s->window ? (int)left : s->window;
}

int heed__stream_batches(const heed__token_stream *s)
{
	return s->carried ? (int)((track_length(s, 0) + s->window - 1) / s->window)
			  : (int)(((int64_t)s->order.len + s->tracks - 1) / s->tracks);
}

int heed__stream_measure(const heed__token_stream *s, int index)
{
	int64_t start;
	int rows = 0;

	for (int k = 0; k < s->tracks; k++)
		rows += sequence(s, index, k, &start);
	return rows;
}

/* What is read is what is predicted, one place later; before the first token stands the end of a text. */
static void fill(const heed__token_stream *s, int64_t start, int n, int *input, int *targets)
{
	memcpy(targets, s->ids + start, (size_t)n * sizeof *targets);
	input[0] = start > 0 ? s->ids[start - 1] : HEED_EOS_ID;
	memcpy(input + 1, targets, (size_t)(n - 1) * sizeof *input);
}

heed_code heed__stream_batch(heed__token_stream *s, int index, heed_batch *batch)
{
	const size_t rows = (size_t)heed__stream_measure(s, index);
	int count = 0, *input, *targets, *ends;

	s->rows.len = s->ends.len = 0;
	if (!HEED__RESERVE(s->ctx, &s->rows, 2 * rows) ||
	    !HEED__RESERVE(s->ctx, &s->ends, (size_t)s->tracks + 1))
		return HEED_E_MEMORY;
	input = s->rows.data;
	targets = input + rows;
	ends = s->ends.data;
	ends[0] = 0;
	for (int k = 0; k < s->tracks; k++) {
		int64_t start;
		const int n = sequence(s, index, k, &start);

		if (n == 0)
			break;
		fill(s, start, n, input + ends[k], targets + ends[k]);
		ends[k + 1] = ends[k] + n;
		count++;
	}
	*batch = (heed_batch){.input = {{count, ends}, input}, .targets = targets};
	return HEED_OK;
}
