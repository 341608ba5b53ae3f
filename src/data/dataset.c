/* Batches of whole texts: ids in one block, an order for each epoch, and the ragged arrays of the batch at hand.
 * Where texts are a stream, stream.c cuts the same ids. */
#include "data/examples.h"

#include "data/stream.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* One example: where its ids lie, the end of sequence included where there is one. A text alone is a target; a
 * label is a target of one id. */
typedef struct item {
	size_t source, target; /* offsets into ids */
	int source_len, target_len;
	int64_t index; /* of the example */
} item;

/* One place in the order of an epoch. */
typedef struct place {
	uint64_t key; /* sorts the examples of a bucket */
	int item;
} place;

HEED__VECTOR(item_list, item);
HEED__VECTOR(place_list, place);

struct heed_dataset {
	heed_ctx *ctx;
	const heed_examples *examples;
	heed_coder *source, *target;
	heed_dataset_options options;
	int labels; /* of HEED_FORM_LABELLED */
	item_list items;
	heed__ints ids;
	int64_t left_out, first_left_out;
	int epoch; /* that ids and order are of, -1: none */

	place_list order, moved; /* [items]; the other one while batches are shuffled */
	heed__ints batches;      /* where each begins in order; one more at the end */
	heed__ints shuffled;     /* numbers of batches, then where they begin */

	bool streams;
	heed__token_stream stream;

	heed__ints batch_ids, batch_starts; /* of the batch at hand */
	int64_t *batch_items;
	size_t batch_items_cap;
};

/* What stands behind the ids of a text. */
enum end { END_NONE, END_EOS, END_WHEN_EMPTY };

static heed_code encode_text(heed_dataset *d, heed_coder *coder, int64_t index, bool target, enum end end,
			     size_t *at, int *len)
{
	heed_encoding e;
	size_t bytes;
	const char *text = heed_examples_text(d->examples, index, target, &bytes);
	heed_code code;

	if (d->options.bpe_dropout > 0) {
		code = heed_coder_dropout(coder, d->options.bpe_dropout, (uint32_t)d->epoch,
					  (uint32_t)index * 2 + target);
		if (code != HEED_OK)
			return code;
	}
	code = heed_coder_encode(coder, text, bytes, &e);
	if (code != HEED_OK)
		return code;
	if (!HEED__RESERVE(d->ctx, &d->ids, (size_t)e.count + 1))
		return HEED_E_MEMORY;
	*at = d->ids.len;
	if (e.count > 0)
		memcpy(d->ids.data + d->ids.len, e.ids, (size_t)e.count * sizeof *e.ids);
	d->ids.len += (size_t)e.count;
	if (end == END_EOS || (end == END_WHEN_EMPTY && e.count == 0))
		d->ids.data[d->ids.len++] = HEED_EOS_ID;
	*len = (int)(d->ids.len - *at);
	return HEED_OK;
}

static heed_code encode_label(heed_dataset *d, int64_t index, item *x)
{
	const heed_code code = encode_text(d, d->target, index, true, END_NONE, &x->target, &x->target_len);
	size_t len;

	if (code == HEED_OK && (x->target_len != 1 || d->ids.data[x->target] < HEED_SPECIAL_IDS))
		return heed__error(
			d->ctx, HEED_E_ARGUMENT,
			"dataset: example %lld has the label \"%.60s\", which is none of the %d of "
			"the training data",
			(long long)index + 1, heed_examples_text(d->examples, index, true, &len), d->labels);
	return code;
}

static heed_code encode_example(heed_dataset *d, int64_t index, item *x)
{
	heed_code code;

	switch (d->options.form) {
	case HEED_FORM_PAIRS:
		code = encode_text(d, d->source, index, false, END_EOS, &x->source, &x->source_len);
		return code != HEED_OK
			       ? code
			       : encode_text(d, d->target, index, true, END_EOS, &x->target, &x->target_len);
	case HEED_FORM_LABELLED:
		code = encode_text(d, d->source, index, false, END_WHEN_EMPTY, &x->source, &x->source_len);
		return code != HEED_OK ? code : encode_label(d, index, x);
	case HEED_FORM_LINES:
	case HEED_FORM_BLOCKS:
	case HEED_FORM_STREAM:
		break;
	}
	return encode_text(d, d->source, index, false, END_EOS, &x->target, &x->target_len);
}

/* A stream takes texts of any length. */
static bool fits(const heed_dataset *d, const item *x)
{
	const int most = d->options.max_length < d->options.batch_tokens ? d->options.max_length
									 : d->options.batch_tokens;

	return d->streams || (x->source_len <= most && x->target_len <= most);
}

/* All examples into ids and items. With BPE-dropout every epoch's are others. */
static heed_code encode_all(heed_dataset *d)
{
	d->ids.len = d->items.len = 0;
	d->left_out = 0;
	for (int64_t i = 0; i < heed_examples_count(d->examples); i++) {
		const size_t before = d->ids.len;
		item x = {.index = i};
		heed_code code = encode_example(d, i, &x);

		if (code != HEED_OK)
			return code;
		if (heed_interrupted(d->ctx))
			return heed__error(d->ctx, HEED_E_INTERRUPTED, "stopped while encoding example %lld",
					   (long long)i + 1);
		if (!fits(d, &x)) {
			if (d->left_out++ == 0)
				d->first_left_out = i;
			d->ids.len = before;
		} else if (!HEED__PUSH(d->ctx, &d->items, x)) {
			return HEED_E_MEMORY;
		}
	}
	if (d->items.len == 0)
		return heed__error(
			d->ctx, HEED_E_ARGUMENT,
			"dataset: none of %lld examples fits into %d tokens a side (batches of %d)",
			(long long)heed_examples_count(d->examples), d->options.max_length,
			d->options.batch_tokens);
	return HEED_OK;
}

heed_code heed_dataset_new(const heed_examples *examples, const heed_tokenizer *source,
			   const heed_tokenizer *target, const heed_dataset_options *options,
			   heed_dataset **dataset)
{
	heed_ctx *const ctx = heed__examples_ctx(examples);
	heed_dataset *const d = heed__calloc(ctx, 1, sizeof *d);
	heed_code code = HEED_E_MEMORY;

	*dataset = NULL;
	if (d == NULL)
		return HEED_E_MEMORY;
	d->ctx = ctx;
	d->examples = examples;
	d->options = *options;
	d->labels = heed_tokenizer_size(target) - HEED_SPECIAL_IDS;
	d->streams = options->form == HEED_FORM_BLOCKS || options->form == HEED_FORM_STREAM;
	d->stream = (heed__token_stream){.ctx = ctx,
					 .window = options->window,
					 .tracks = d->streams && options->batch_tokens > options->window
							   ? options->batch_tokens / options->window
							   : 1,
					 .carried = options->form == HEED_FORM_STREAM};
	d->epoch = -1;
	d->source = heed_coder_new(ctx, source);
	d->target = heed_coder_new(ctx, target);
	if (d->source != NULL && d->target != NULL)
		code = options->bpe_dropout > 0 ? HEED_OK : encode_all(d); /* else with each epoch */
	if (code == HEED_OK)
		code = heed_dataset_epoch(d, 0);
	if (code == HEED_OK)
		*dataset = d;
	else
		heed_dataset_free(d);
	return code;
}

void heed_dataset_free(heed_dataset *d)
{
	if (d == NULL)
		return;
	heed_coder_free(d->source);
	heed_coder_free(d->target);
	HEED__VECTOR_RELEASE(d->ctx, &d->items);
	HEED__VECTOR_RELEASE(d->ctx, &d->ids);
	HEED__VECTOR_RELEASE(d->ctx, &d->order);
	HEED__VECTOR_RELEASE(d->ctx, &d->moved);
	HEED__VECTOR_RELEASE(d->ctx, &d->batches);
	HEED__VECTOR_RELEASE(d->ctx, &d->shuffled);
	HEED__VECTOR_RELEASE(d->ctx, &d->batch_ids);
	HEED__VECTOR_RELEASE(d->ctx, &d->batch_starts);
	heed__stream_release(&d->stream);
	heed__free(d->ctx, d->batch_items);
	heed__free(d->ctx, d);
}

int64_t heed_dataset_used(const heed_dataset *d)
{
	return (int64_t)d->items.len;
}

int64_t heed_dataset_left_out(const heed_dataset *d, int64_t *first)
{
	*first = d->first_left_out;
	return d->left_out;
}

int64_t heed_dataset_tokens(const heed_dataset *d, bool target)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->items.len; i++)
		n += target ? d->items.data[i].target_len : d->items.data[i].source_len;
	return n;
}

uint32_t heed_dataset_fingerprint(const heed_dataset *d)
{
	uLong sum = crc32(0, NULL, 0);

	for (int64_t i = 0; i < heed_examples_count(d->examples); i++)
		for (int side = 0; side < 2; side++) {
			size_t len;
			const char *const text = heed_examples_text(d->examples, i, side, &len);

			sum = crc32_z(sum, (const Bytef *)text, len + 1);
		}
	return (uint32_t)sum;
}

static int by_key(const void *a, const void *b)
{
	const place *const x = a, *const y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

static void shuffle(heed__rng *rng, place *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const size_t j = (size_t)heed__rng_below(rng, i);
		const place swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

/* Cuts the order into batches: a new one begins when a side would pass its tokens. */
static heed_code cut(heed_dataset *d)
{
	int64_t source = 0, target = 0;

	d->batches.len = 0;
	for (size_t i = 0; i < d->items.len; i++) {
		const item *const x = &d->items.data[d->order.data[i].item];

		source += x->source_len;
		target += x->target_len;
		if (i == 0 || source > d->options.batch_tokens || target > d->options.batch_tokens) {
			if (!HEED__PUSH(d->ctx, &d->batches, (int)i))
				return HEED_E_MEMORY;
			source = x->source_len;
			target = x->target_len;
		}
	}
	return HEED__PUSH(d->ctx, &d->batches, (int)d->items.len) ? HEED_OK : HEED_E_MEMORY;
}

/* Sorts the examples of each run of `bucket` batches by length, ties in random order. */
static void sort_buckets(heed_dataset *d, heed__rng *rng)
{
	const int64_t source = heed_dataset_tokens(d, false), target = heed_dataset_tokens(d, true);
	const int64_t tokens = source > target ? source : target;
	const int64_t batches = tokens / d->options.batch_tokens + 1;
	const size_t n = d->items.len, size = n * (size_t)d->options.bucket / (size_t)batches + 1;

	for (size_t i = 0; i < n; i++) {
		const item *const x = &d->items.data[d->order.data[i].item];

		d->order.data[i].key = (uint64_t)x->target_len << 48 |
				       (uint64_t)(x->source_len & 0xFFFF) << 32 |
				       (uint32_t)heed__rng_next(rng);
	}
	for (size_t i = 0; i < n; i += size)
		qsort(d->order.data + i, n - i < size ? n - i : size, sizeof *d->order.data, by_key);
}

/* Batches in random order; the examples of one stay together. */
static heed_code shuffle_batches(heed_dataset *d, heed__rng *rng)
{
	const size_t count = d->batches.len - 1;
	const place_list order = d->order;
	int *numbers;
	size_t at = 0;

	if (!HEED__RESERVE(d->ctx, &d->moved, d->items.len) ||
	    !HEED__RESERVE(d->ctx, &d->shuffled, 2 * count))
		return HEED_E_MEMORY;
	numbers = d->shuffled.data;
	for (size_t b = 0; b < count; b++)
		numbers[b] = (int)b;
	for (size_t i = count; i > 1; i--) {
		const size_t j = (size_t)heed__rng_below(rng, i);
		const int swap = numbers[i - 1];

		numbers[i - 1] = numbers[j];
		numbers[j] = swap;
	}
	for (size_t b = 0; b < count; b++) {
		const int first = d->batches.data[numbers[b]], last = d->batches.data[numbers[b] + 1];

		memcpy(d->moved.data + at, order.data + first, (size_t)(last - first) * sizeof *order.data);
		numbers[count + b] = (int)at;
		at += (size_t)(last - first);
	}
	memcpy(d->batches.data, numbers + count, count * sizeof *numbers);
	d->order = d->moved;
	d->moved = order;
	return HEED_OK;
}

heed_code heed_dataset_epoch(heed_dataset *d, int epoch)
{
	heed__rng rng = {
		.seed = heed_ctx_seed(d->ctx), .stream = HEED__STREAM_SHUFFLE, .step = (uint32_t)epoch};
	heed_code code;
	place *order;

	if (d->epoch == epoch)
		return HEED_OK;
	d->epoch = epoch;
	if (d->options.bpe_dropout > 0 && (code = encode_all(d)) != HEED_OK)
		return code;
	if (d->streams)
		return heed__stream_begin(&d->stream, d->ids.data, (int64_t)d->ids.len,
					  d->options.in_order ? NULL : &rng);
	if (!HEED__RESERVE(d->ctx, &d->order, d->items.len))
		return HEED_E_MEMORY;
	order = d->order.data;
	for (size_t i = 0; i < d->items.len; i++)
		order[i] = (place){0, (int)i};
	if (d->options.in_order)
		return cut(d);
	shuffle(&rng, order, d->items.len);
	if (d->options.bucket > 1)
		sort_buckets(d, &rng);
	code = cut(d);
	return code == HEED_OK && d->options.bucket > 1 ? shuffle_batches(d, &rng) : code;
}

int heed_dataset_batches(const heed_dataset *d)
{
	return d->streams ? heed__stream_batches(&d->stream) : (int)d->batches.len - 1;
}

int heed_dataset_sequences(const heed_dataset *d)
{
	int most = 0;

	if (d->streams)
		return d->stream.tracks;
	for (size_t i = 0; i + 1 < d->batches.len; i++)
		if (d->batches.data[i + 1] - d->batches.data[i] > most)
			most = d->batches.data[i + 1] - d->batches.data[i];
	return most;
}

const int *heed_dataset_ids(const heed_dataset *d, int64_t *count)
{
	*count = (int64_t)d->ids.len;
	return d->ids.data;
}

void heed_dataset_measure(const heed_dataset *d, int index, int *source_rows, int *target_rows)
{
	*source_rows = *target_rows = 0;
	if (d->streams) {
		*target_rows = heed__stream_measure(&d->stream, index);
		return;
	}
	for (int i = d->batches.data[index]; i < d->batches.data[index + 1]; i++) {
		*source_rows += d->items.data[d->order.data[i].item].source_len;
		*target_rows += d->items.data[d->order.data[i].item].target_len;
	}
}

/* Room for the batch; its arrays lie in two blocks:
 *
 *	ids     source [S] | input [T] | targets [T]
 *	starts  source [n+1] | input [n+1] */
static heed_code make_room(heed_dataset *d, int n, int source_rows, int target_rows)
{
	d->batch_ids.len = d->batch_starts.len = 0;
	if (!HEED__RESERVE(d->ctx, &d->batch_ids, (size_t)source_rows + 2 * (size_t)target_rows) ||
	    !HEED__RESERVE(d->ctx, &d->batch_starts, 2 * ((size_t)n + 1)) ||
	    !heed__vector_reserve(d->ctx, (void **)&d->batch_items, &d->batch_items_cap, 0, (size_t)n,
				  sizeof *d->batch_items))
		return HEED_E_MEMORY;
	return HEED_OK;
}

/* Copies one side of n examples of the batch one after another. */
static void lay_out(const heed_dataset *d, int first, int n, bool target, int *ids, int *start)
{
	start[0] = 0;
	for (int i = 0; i < n; i++) {
		const item *const x = &d->items.data[d->order.data[first + i].item];
		const int len = target ? x->target_len : x->source_len;

		if (len > 0)
			memcpy(ids + start[i], d->ids.data + (target ? x->target : x->source),
			       (size_t)len * sizeof *ids);
		start[i + 1] = start[i] + len;
	}
}

/* input: targets moved on by one place, bos first. */
static void shift(const int *targets, heed_spans spans, int *input)
{
	for (int i = 0; i < spans.count; i++) {
		const int first = spans.start[i], words = spans.start[i + 1] - first;

		input[first] = HEED_BOS_ID;
		memcpy(input + first + 1, targets + first, (size_t)(words - 1) * sizeof *input);
	}
}

heed_code heed_dataset_batch(heed_dataset *d, int index, heed_batch *batch)
{
	int first, n, source_rows, target_rows, *source, *input, *targets, *starts;

	if (d->streams)
		return heed__stream_batch(&d->stream, index, batch);
	first = d->batches.data[index];
	n = d->batches.data[index + 1] - first;
	heed_dataset_measure(d, index, &source_rows, &target_rows);
	if (make_room(d, n, source_rows, target_rows) != HEED_OK)
		return HEED_E_MEMORY;
	source = d->batch_ids.data;
	input = source + source_rows;
	targets = input + target_rows;
	starts = d->batch_starts.data;
	for (int i = 0; i < n; i++)
		d->batch_items[i] = d->items.data[d->order.data[first + i].item].index;
	lay_out(d, first, n, false, source, starts);
	lay_out(d, first, n, true, targets, starts + n + 1);
	*batch = (heed_batch){.items = d->batch_items};
	if (d->options.form != HEED_FORM_LINES)
		batch->source = (heed_ragged){{n, starts}, source};
	if (d->options.form == HEED_FORM_LABELLED) {
		for (int i = 0; i < n; i++)
			targets[i] -= HEED_SPECIAL_IDS;
		batch->labels = targets;
	} else {
		batch->input = (heed_ragged){{n, starts + n + 1}, input};
		batch->targets = targets;
		shift(targets, batch->input.spans, input);
	}
	return HEED_OK;
}
