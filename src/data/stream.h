/* One long row of ids, cut into windows: the batches of HEED_FORM_BLOCKS and HEED_FORM_STREAM. */
#ifndef HEED_STREAM_H
#define HEED_STREAM_H

#include "base/philox.h"
#include "base/vector.h"
#include "heed/batch.h"

typedef struct heed__token_stream {
	heed_ctx *ctx;
	const int *ids;
	int64_t count;
	int window, tracks; /* tokens of a sequence, sequences of a batch */
	/* Carried: sequence k of every batch is from track k, an even share of the ids. Else windows in any order;
	 * the first of them has `offset` tokens. */
	bool carried;
	int offset;
	heed__ints order; /* of the windows */
	heed__ints ends;  /* [tracks + 1] of the batch at hand */
	heed__ints rows;  /* its input, then its targets */
} heed__token_stream;

/* ids are borrowed. `rng` orders the windows, NULL: as they stand. Release the stream even when this fails. */
heed_code heed__stream_begin(heed__token_stream *s, const int *ids, int64_t count, heed__rng *rng);
void heed__stream_release(heed__token_stream *s);
int heed__stream_batches(const heed__token_stream *s);
int heed__stream_measure(const heed__token_stream *s, int index); /* tokens of a batch */
heed_code heed__stream_batch(heed__token_stream *s, int index, heed_batch *batch);

#endif
