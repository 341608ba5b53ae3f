/* Batches: each example once an epoch, within limits, and a function of seed, epoch and index. */
#include "tiny_training.h"

#include "base/context_impl.h"

typedef struct data {
	heed_ctx *ctx;
	heed_examples *examples;
	heed_tokenizer *tokenizer;
	heed_coder *coder;
} data;

static data open_data(uint64_t seed, int count, const char *kind)
{
	data d = {.ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1, .seed = seed})};
	heed_examples_cursor cursor;

	d.examples = tiny_examples(d.ctx, 1, 0, count);
	assert_non_null(d.examples);
	cursor = (heed_examples_cursor){d.examples, 0, true, true};
	d.tokenizer = heed_tokenizer_train(
		d.ctx, &(heed_tokenizer_options){.kind = kind, .vocab = strcmp(kind, "bpe") == 0 ? 300 : 0},
		heed_examples_line, &cursor);
	assert_non_null(d.tokenizer);
	d.coder = heed_coder_new(d.ctx, d.tokenizer);
	assert_non_null(d.coder);
	return d;
}

static void close_data(data *d)
{
	heed_examples_free(d->examples);
	heed_coder_free(d->coder);
	heed_tokenizer_free(d->tokenizer);
	heed_ctx_free(d->ctx);
}

static heed_dataset *make(const data *d, heed_dataset_options o)
{
	heed_dataset *dataset;

	o.max_length = o.max_length > 0 ? o.max_length : 1000;
	o.bucket = o.bucket > 0 ? o.bucket : 1;
	assert_int_equal(heed_dataset_new(d->examples, d->tokenizer, d->tokenizer, &o, &dataset), HEED_OK);
	return dataset;
}

/* Whether a sequence of ids, eos left out, says that text. */
static void says(const data *d, const int *ids, int count, int64_t index, bool target)
{
	size_t len, expected_len;
	const char *expected = heed_examples_text(d->examples, index, target, &expected_len), *text;

	assert_int_equal(heed_coder_decode(d->coder, ids, count - 1, &text, &len), HEED_OK);
	assert_string_equal(text, expected);
	assert_int_equal(len, expected_len);
	assert_int_equal(ids[count - 1], HEED_EOS_ID);
}

/* Checks a batch in itself and marks its examples. */
static void check_batch(const data *d, heed_dataset *dataset, int index, int limit, int *seen)
{
	heed_batch b;
	int source_rows, target_rows;

	assert_int_equal(heed_dataset_batch(dataset, index, &b), HEED_OK);
	heed_dataset_measure(dataset, index, &source_rows, &target_rows);
	assert_int_equal(heed_spans_rows(b.source.spans), source_rows);
	assert_int_equal(heed_spans_rows(b.input.spans), target_rows);
	assert_in_range(source_rows, 1, limit);
	assert_in_range(target_rows, 1, limit);
	assert_int_equal(b.source.spans.count, b.input.spans.count);
	assert_int_equal(b.weight, 0);
	for (int i = 0; i < b.source.spans.count; i++) {
		const int s0 = b.source.spans.start[i], s1 = b.source.spans.start[i + 1];
		const int t0 = b.input.spans.start[i], t1 = b.input.spans.start[i + 1];

		seen[b.items[i]]++;
		says(d, b.source.ids + s0, s1 - s0, b.items[i], false);
		says(d, b.targets + t0, t1 - t0, b.items[i], true);
		assert_int_equal(b.input.ids[t0], HEED_BOS_ID);
		assert_memory_equal(b.input.ids + t0 + 1, b.targets + t0,
				    (size_t)(t1 - t0 - 1) * sizeof(int));
	}
}

static void each_example_once_an_epoch(void **state)
{
	static const struct {
		int count, batch_tokens, bucket;
		const char *kind;
		double dropout;
	} cases[] = {
		{200, 40, 4, "word", 0}, {200, 40, 1, "word", 0},  {200, 100000, 8, "word", 0},
		{100, 60, 3, "bpe", 0},  {100, 90, 3, "bpe", 0.5}, {100, 80, 1000000, "byte", 0},
		{1, 40, 4, "word", 0},
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		data d = open_data(9, cases[c].count, cases[c].kind);
		heed_dataset *dataset = make(&d, (heed_dataset_options){.batch_tokens = cases[c].batch_tokens,
									.bucket = cases[c].bucket,
									.bpe_dropout = cases[c].dropout});

		for (int epoch = 0; epoch < 3; epoch++) {
			int seen[200] = {0};

			assert_int_equal(heed_dataset_epoch(dataset, epoch), HEED_OK);
			for (int i = 0; i < heed_dataset_batches(dataset); i++)
				check_batch(&d, dataset, i, cases[c].batch_tokens, seen);
			for (int i = 0; i < cases[c].count; i++)
				assert_int_equal(seen[i], 1);
		}
		assert_int_equal(heed_dataset_used(dataset), cases[c].count);
		heed_dataset_free(dataset);
		close_data(&d);
	}
}

/* All ids and items of an epoch, summed so that order counts. */
static uint64_t digest(heed_dataset *dataset, int epoch)
{
	uint64_t sum = 0;

	assert_int_equal(heed_dataset_epoch(dataset, epoch), HEED_OK);
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		sum = sum * 31 + (uint64_t)b.source.spans.count;
		for (int s = 0; s < b.source.spans.count; s++)
			sum = sum * 31 + (uint64_t)b.items[s];
		for (int r = 0; r < heed_spans_rows(b.source.spans); r++)
			sum = sum * 31 + (uint64_t)b.source.ids[r];
		for (int r = 0; r < heed_spans_rows(b.input.spans); r++)
			sum = sum * 31 + (uint64_t)b.targets[r];
	}
	return sum;
}

static uint64_t digest_of(uint64_t seed, heed_dataset_options o, int epoch)
{
	data d = open_data(seed, 60, "bpe");
	heed_dataset *dataset = make(&d, o);
	const uint64_t sum = digest(dataset, epoch);

	heed_dataset_free(dataset);
	close_data(&d);
	return sum;
}

static void batches_are_a_function_of_seed_and_epoch(void **state)
{
	static const heed_dataset_options sorts[] = {{.batch_tokens = 60, .bucket = 1},
						     {.batch_tokens = 60, .bucket = 4},
						     {.batch_tokens = 60, .bucket = 4, .bpe_dropout = 0.2}};

	(void)state;
	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
		data d = open_data(1, 60, "bpe");
		heed_dataset *dataset = make(&d, sorts[i]);
		uint64_t sums[5];

		for (int epoch = 0; epoch < 5; epoch++)
			sums[epoch] = digest(dataset, epoch);
		assert_true(digest(dataset, 2) == sums[2]); /* back */
		assert_true(digest(dataset, 2) == sums[2]); /* again */
		for (int epoch = 0; epoch < 5; epoch++) {
			assert_true(digest_of(1, sorts[i], epoch) == sums[epoch]); /* at once */
			assert_true(digest_of(2, sorts[i], epoch) != sums[epoch]);
			for (int other = 0; other < epoch; other++)
				assert_true(sums[other] != sums[epoch]);
		}
		heed_dataset_free(dataset);
		close_data(&d);
	}
}

static void validation_stays_in_order(void **state)
{
	data d = open_data(1, 50, "word");
	heed_dataset *dataset =
		make(&d, (heed_dataset_options){.batch_tokens = 30, .bucket = 4, .in_order = true});
	int64_t next = 0;

	(void)state;
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		for (int s = 0; s < b.source.spans.count; s++)
			assert_int_equal(b.items[s], next++);
	}
	assert_int_equal(next, 50);
	heed_dataset_free(dataset);
	close_data(&d);
}

/* The next batch's first example would not have fitted. */
static void batches_are_full(void **state)
{
	data d = open_data(1, 200, "word");
	heed_dataset *dataset = make(&d, (heed_dataset_options){.batch_tokens = 45, .bucket = 1});

	(void)state;
	for (int i = 0; i + 1 < heed_dataset_batches(dataset); i++) {
		int source, target;
		heed_batch next;

		heed_dataset_measure(dataset, i, &source, &target);
		assert_int_equal(heed_dataset_batch(dataset, i + 1, &next), HEED_OK);
		assert_true(source + next.source.spans.start[1] > 45 ||
			    target + next.input.spans.start[1] > 45);
	}
	heed_dataset_free(dataset);
	close_data(&d);
}

/* Sum over all batches of the difference between the longest and the shortest target. */
static int spread(const data *d, int bucket)
{
	heed_dataset *dataset = make(d, (heed_dataset_options){.batch_tokens = 40, .bucket = bucket});
	int sum = 0;

	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		int least = 1000, most = 0;
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		for (int s = 0; s < b.input.spans.count; s++) {
			const int n = b.input.spans.start[s + 1] - b.input.spans.start[s];

			least = n < least ? n : least;
			most = n > most ? n : most;
		}
		sum += most - least;
	}
	heed_dataset_free(dataset);
	return sum;
}

static void buckets_bring_lengths_together(void **state)
{
	data d = open_data(1, 400, "word");
	const int none = spread(&d, 1), some = spread(&d, 8), all = spread(&d, 100000);

	(void)state;
	assert_true(all <= 10); /* one batch for each change of length, of 3 to 13 */
	assert_true(some < none / 2);
	assert_true(all < some);
	close_data(&d);
}

/* Batches of a bucket do not come from the shortest to the longest. */
static void sorted_batches_are_shuffled(void **state)
{
	data d = open_data(1, 400, "word");
	heed_dataset *dataset = make(&d, (heed_dataset_options){.batch_tokens = 40, .bucket = 100000});
	int falls = 0, last = 0;

	(void)state;
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		falls += b.input.spans.start[1] < last;
		last = b.input.spans.start[1];
	}
	assert_true(falls > heed_dataset_batches(dataset) / 4);
	heed_dataset_free(dataset);
	close_data(&d);
}

/* "ka ka ka" */
static size_t repeat(const char *word, int count, char *text, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < count; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? " " : "", word);
	return n;
}

/* An example with sides of so many words. */
static void add_words(heed_examples *e, int source, int target)
{
	char a[256], b[256];
	const size_t n = repeat("ka", source, a, sizeof a), m = repeat("mi", target, b, sizeof b);

	assert_int_equal(heed_examples_add(e, a, n, b, m), HEED_OK);
}

static void long_examples_are_left_out(void **state)
{
	data d = open_data(1, 1, "word");
	heed_dataset *dataset;
	int64_t first;
	int seen[8] = {0};

	(void)state;
	heed_examples_free(d.examples);
	d.examples = heed_examples_new(d.ctx);
	add_words(d.examples, 9, 9); /* with its end 10 tokens */
	add_words(d.examples, 10, 2);
	add_words(d.examples, 2, 10);
	add_words(d.examples, 1, 1);
	add_words(d.examples, 40, 40);
	dataset = make(&d, (heed_dataset_options){.batch_tokens = 100, .max_length = 10});
	assert_int_equal(heed_dataset_used(dataset), 2);
	assert_int_equal(heed_dataset_left_out(dataset, &first), 3);
	assert_int_equal(first, 1);
	assert_int_equal(heed_dataset_tokens(dataset, false), 12);
	assert_int_equal(heed_dataset_tokens(dataset, true), 12);
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		for (int s = 0; s < b.source.spans.count; s++)
			seen[b.items[s]]++;
	}
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[3], 1);
	heed_dataset_free(dataset);

	dataset = make(&d, (heed_dataset_options){.batch_tokens = 11, .max_length = 1000});
	assert_int_equal(heed_dataset_used(dataset), 4);
	assert_int_equal(heed_dataset_left_out(dataset, &first), 1);
	assert_int_equal(first, 4);
	heed_dataset_free(dataset);

	assert_int_equal(
		heed_dataset_new(d.examples, d.tokenizer, d.tokenizer,
				 &(heed_dataset_options){.batch_tokens = 100, .max_length = 1, .bucket = 1},
				 &dataset),
		HEED_E_ARGUMENT);
	assert_message(d.ctx, "none of 5 examples", "1 tokens");
	assert_null(dataset);
	close_data(&d);
}

static void no_examples_are_an_error(void **state)
{
	data d = open_data(1, 1, "word");
	heed_dataset *dataset;

	(void)state;
	heed_examples_free(d.examples);
	d.examples = heed_examples_new(d.ctx);
	assert_int_equal(
		heed_dataset_new(d.examples, d.tokenizer, d.tokenizer,
				 &(heed_dataset_options){.batch_tokens = 9, .max_length = 9, .bucket = 1},
				 &dataset),
		HEED_E_ARGUMENT);
	close_data(&d);
}

/* How many tokens an epoch has. */
static int64_t tokens_in(heed_dataset *dataset, int epoch)
{
	assert_int_equal(heed_dataset_epoch(dataset, epoch), HEED_OK);
	return heed_dataset_tokens(dataset, false) + heed_dataset_tokens(dataset, true);
}

static void bpe_dropout_cuts_anew_in_each_epoch(void **state)
{
	data d = open_data(1, 60, "bpe");
	heed_dataset *plain = make(&d, (heed_dataset_options){.batch_tokens = 400});
	heed_dataset *dropping = make(&d, (heed_dataset_options){.batch_tokens = 400, .bpe_dropout = 0.3});
	const int64_t whole = tokens_in(plain, 0), first = tokens_in(dropping, 0);
	bool differs = false;

	(void)state;
	assert_true(first > whole);
	for (int epoch = 1; epoch < 5; epoch++) {
		assert_int_equal(tokens_in(plain, epoch), whole);
		differs |= tokens_in(dropping, epoch) != first;
	}
	assert_true(differs);
	assert_int_equal(tokens_in(dropping, 0), first);
	heed_dataset_free(plain);
	heed_dataset_free(dropping);
	close_data(&d);
}

static uint32_t fingerprint_of(const char *const *texts)
{
	data d = open_data(1, 1, "byte");
	heed_dataset *dataset;
	uint32_t print;

	heed_examples_free(d.examples);
	d.examples = heed_examples_new(d.ctx);
	for (; *texts != NULL; texts += 2)
		assert_int_equal(
			heed_examples_add(d.examples, texts[0], strlen(texts[0]), texts[1], strlen(texts[1])),
			HEED_OK);
	dataset = make(&d, (heed_dataset_options){.batch_tokens = 100});
	print = heed_dataset_fingerprint(dataset);
	heed_dataset_free(dataset);
	close_data(&d);
	return print;
}

static void fingerprints_tell_texts_apart(void **state)
{
	const uint32_t print = fingerprint_of(SETTINGS("ab", "c", "d", "e"));

	(void)state;
	assert_true(fingerprint_of(SETTINGS("ab", "c", "d", "e")) == print);
	assert_true(fingerprint_of(SETTINGS("a", "bc", "d", "e")) != print);
	assert_true(fingerprint_of(SETTINGS("d", "e", "ab", "c")) != print);
	assert_true(fingerprint_of(SETTINGS("ab", "c")) != print);
	assert_true(fingerprint_of(SETTINGS("ab", "c", "d", "f")) != print);
}

/* Memory is had once for all epochs. */
static void epochs_allocate_nothing(void **state)
{
	static const int buckets[] = {1, 4};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		data d = open_data(1, 200, "word");
		heed_dataset *dataset =
			make(&d, (heed_dataset_options){.batch_tokens = 40, .bucket = buckets[i]});
		uint64_t before;

		for (int epoch = 0; epoch < 20; epoch++)
			digest(dataset, epoch);
		before = heed_ctx_memory(d.ctx).allocations;
		for (int epoch = 20; epoch < 60; epoch++)
			digest(dataset, epoch);
		assert_in_range(heed_ctx_memory(d.ctx).allocations, before, before + 1); /* a larger batch */
		heed_dataset_free(dataset);
		close_data(&d);
	}
}

/* The source texts of d as one row of ids, each with its eos: what streams are cut from. */
static int *join(const data *d, int *count)
{
	int *all = calloc(1 << 16, sizeof *all);

	*count = 0;
	for (int64_t i = 0; i < heed_examples_count(d->examples); i++) {
		size_t len;
		const char *text = heed_examples_text(d->examples, i, false, &len);
		heed_encoding e;

		assert_int_equal(heed_coder_encode(d->coder, text, len, &e), HEED_OK);
		assert_in_range(*count + e.count, 0, (1 << 16) - 1);
		memcpy(all + *count, e.ids, (size_t)e.count * sizeof *all);
		*count += e.count;
		all[(*count)++] = HEED_EOS_ID;
	}
	return all;
}

static void lines_are_texts_alone(void **state)
{
	data d = open_data(1, 40, "word");
	heed_dataset *dataset = make(&d, (heed_dataset_options){.form = HEED_FORM_LINES, .batch_tokens = 50});
	int seen[40] = {0};
	heed_batch b;

	(void)state;
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		assert_int_equal(b.source.spans.count, 0);
		for (int k = 0; k < b.input.spans.count; k++) {
			const int from = b.input.spans.start[k], to = b.input.spans.start[k + 1];

			seen[b.items[k]]++;
			says(&d, b.targets + from, to - from, b.items[k], false);
			assert_int_equal(b.input.ids[from], HEED_BOS_ID);
			for (int j = from + 1; j < to; j++)
				assert_int_equal(b.input.ids[j], b.targets[j - 1]);
		}
	}
	for (int i = 0; i < 40; i++)
		assert_int_equal(seen[i], 1);
	heed_dataset_free(dataset);
	close_data(&d);
}

/* Sequence k of each batch goes on where it ended in the last one; all of them together are the text. */
static void streams_go_on(void **state)
{
	data d = open_data(1, 40, "word");
	heed_dataset *dataset =
		make(&d, (heed_dataset_options){.form = HEED_FORM_STREAM, .window = 7, .batch_tokens = 30});
	int count, at[4] = {0}, total = 0;
	int *const all = join(&d, &count);

	(void)state;
	assert_int_equal(heed_dataset_sequences(dataset), 4);
	for (int k = 1; k < 4; k++)
		at[k] = at[k - 1] + count / 4 + (k - 1 < count % 4);
	for (int i = 0; i < heed_dataset_batches(dataset); i++) {
		int source, target;
		heed_batch b;

		assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
		heed_dataset_measure(dataset, i, &source, &target);
		assert_int_equal(heed_spans_rows(b.input.spans), target);
		for (int k = 0; k < b.input.spans.count; k++)
			for (int j = b.input.spans.start[k]; j < b.input.spans.start[k + 1]; j++) {
				assert_int_equal(b.input.ids[j], at[k] > 0 ? all[at[k] - 1] : HEED_EOS_ID);
				assert_int_equal(b.targets[j], all[at[k]++]);
				total++;
			}
	}
	assert_int_equal(total, count);
	free(all);
	heed_dataset_free(dataset);
	close_data(&d);
}

/* Each token is predicted once an epoch, in windows whose places differ from epoch to epoch. */
static void blocks_cover_the_text(void **state)
{
	data d = open_data(1, 40, "word");
	heed_dataset *dataset =
		make(&d, (heed_dataset_options){.form = HEED_FORM_BLOCKS, .window = 16, .batch_tokens = 50});
	int count, first[4];
	int *const all = join(&d, &count);

	(void)state;
	for (int epoch = 0; epoch < 4; epoch++) {
		int64_t sum = 0, expected = 0, total = 0;
		heed_batch b;

		assert_int_equal(heed_dataset_epoch(dataset, epoch), HEED_OK);
		for (int i = 0; i < heed_dataset_batches(dataset); i++) {
			assert_int_equal(heed_dataset_batch(dataset, i, &b), HEED_OK);
			assert_in_range(b.input.spans.count, 1, 3);
			if (i == 0)
				first[epoch] = b.targets[0];
			total += heed_spans_rows(b.input.spans);
			for (int j = 0; j < heed_spans_rows(b.input.spans); j++)
				sum += b.targets[j];
		}
		for (int j = 0; j < count; j++)
			expected += all[j];
		assert_int_equal(total, count);
		assert_true(sum == expected);
	}
	assert_false(first[0] == first[1] && first[1] == first[2] && first[2] == first[3]);
	free(all);
	heed_dataset_free(dataset);
	close_data(&d);
}

/* The target side as labels: one number a text, counted from 0. */
static void labels_are_numbers(void **state)
{
	data d = open_data(1, 0, "word");
	heed_examples_cursor cursor = {d.examples, 0, false, true};
	heed_tokenizer *labels;
	heed_dataset *dataset;
	heed_batch b;

	(void)state;
	heed_examples_add(d.examples, "a b", 3, "good", 4);
	heed_examples_add(d.examples, "", 0, "very bad", 8);
	heed_examples_add(d.examples, "a", 1, "good", 4);
	labels = heed_tokenizer_train(d.ctx, &(heed_tokenizer_options){.kind = "sentence"},
				      heed_examples_line, &cursor);
	assert_non_null(labels);
	assert_int_equal(heed_dataset_new(d.examples, d.tokenizer, labels,
					  &(heed_dataset_options){.form = HEED_FORM_LABELLED,
								  .batch_tokens = 50,
								  .max_length = 50,
								  .bucket = 1,
								  .in_order = true},
					  &dataset),
			 HEED_OK);
	assert_int_equal(heed_dataset_batch(dataset, 0, &b), HEED_OK);
	assert_int_equal(b.source.spans.count, 3);
	assert_int_equal(b.labels[0], 0);
	assert_int_equal(b.labels[1], 1);
	assert_int_equal(b.labels[2], 0);
	assert_int_equal(b.source.spans.start[2] - b.source.spans.start[1], 1); /* an empty text is its eos */
	assert_int_equal(b.source.ids[b.source.spans.start[1]], HEED_EOS_ID);
	heed_dataset_free(dataset);
	heed_examples_add(d.examples, "a", 1, "unheard of", 10);
	assert_int_equal(heed_dataset_new(d.examples, d.tokenizer, labels,
					  &(heed_dataset_options){.form = HEED_FORM_LABELLED,
								  .batch_tokens = 50,
								  .max_length = 50,
								  .bucket = 1},
					  &dataset),
			 HEED_E_ARGUMENT);
	assert_non_null(strstr(heed_error_message(d.ctx), "example 4 has the label \"unheard of\""));
	heed_tokenizer_free(labels);
	close_data(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_once_an_epoch),
		cmocka_unit_test(batches_are_a_function_of_seed_and_epoch),
		cmocka_unit_test(validation_stays_in_order),
		cmocka_unit_test(batches_are_full),
		cmocka_unit_test(buckets_bring_lengths_together),
		cmocka_unit_test(sorted_batches_are_shuffled),
		cmocka_unit_test(long_examples_are_left_out),
		cmocka_unit_test(no_examples_are_an_error),
		cmocka_unit_test(bpe_dropout_cuts_anew_in_each_epoch),
		cmocka_unit_test(fingerprints_tell_texts_apart),
		cmocka_unit_test(epochs_allocate_nothing),
		cmocka_unit_test(lines_are_texts_alone),
		cmocka_unit_test(streams_go_on),
		cmocka_unit_test(blocks_cover_the_text),
		cmocka_unit_test(labels_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
