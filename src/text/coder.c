/* Encoding and decoding: what all kinds of tokenizers have in common. */
#include <string.h>

#include "base/utf8.h"
#include "text/tokenizer_impl.h"
#include "text/word_split.h"

/* What is cached: runs up to so long, until there are so many. */
#define CACHED_BYTES_MAX 64
#define CACHED_RUNS_MAX  ((size_t)1 << 16)
#define TEXT_BYTES_MAX   ((size_t)1 << 30)
#define REPLACEMENT      "\xEF\xBF\xBD" /* U+FFFD */

heed_coder *heed_coder_new(heed_ctx *ctx, const heed_tokenizer *t)
{
	heed_coder *c = heed__calloc(ctx, 1, sizeof *c);

	if (!c)
		return NULL;
	c->ctx = ctx;
	c->t = t;
	c->normalizer = heed__normalizer_init(ctx, t->normalization, t->lowercase);
	c->text = heed__str_init(ctx, INT32_MAX);
	c->cache = heed__map_init(ctx);
	c->decoded = heed__str_init(ctx, 0);
	return c;
}

void heed_coder_free(heed_coder *c)
{
	if (!c)
		return;
	heed__normalizer_release(&c->normalizer);
	heed__str_release(&c->text);
	HEED__VECTOR_RELEASE(c->ctx, &c->ids);
	HEED__VECTOR_RELEASE(c->ctx, &c->ends);
	heed__map_release(&c->cache);
	HEED__VECTOR_RELEASE(c->ctx, &c->cached);
	heed__free(c->ctx, c->scratch);
	heed__str_release(&c->decoded);
	heed__free(c->ctx, c);
}

bool heed__coder_push(heed_coder *c, int id, int bytes)
{
	const int start = c->ends.len > 0 ? c->ends.data[c->ends.len - 1] : 0;

	return HEED__PUSH(c->ctx, &c->ids, id) && HEED__PUSH(c->ctx, &c->ends, start + bytes);
}

bool heed__coder_push_char(heed_coder *c, const char *bytes, int count)
{
	bool pushed = true;

	if (c->t->first_byte < 0)
		return heed__coder_push(c, HEED_UNK_ID, count);
	for (int i = 0; i < count; i++)
		pushed = pushed && heed__coder_push(c, c->t->first_byte + (unsigned char)bytes[i], 1);
	return pushed;
}

void *heed__coder_scratch(heed_coder *c, size_t size)
{
	if (!c->scratch)
		c->scratch = heed__alloc(c->ctx, size);
	return c->scratch;
}

/* Keeps the pieces from `first` on as those of the run. */
static heed_code cache_run(heed_coder *c, const char *run, size_t len, size_t first)
{
	const size_t count = c->ids.len - first;
	int64_t *place;

	if (c->cache.count >= CACHED_RUNS_MAX) {
		heed__map_clear(&c->cache);
		c->cached.len = 0;
	}
	if (!HEED__RESERVE(c->ctx, &c->cached, 1 + 2 * count))
		return HEED_E_MEMORY;
	place = heed__map_put(&c->cache, run, len, (int64_t)c->cached.len);
	if (!place)
		return HEED_E_MEMORY;
	c->cached.data[c->cached.len++] = (int)count;
	for (size_t i = first; i < c->ids.len; i++) {
		c->cached.data[c->cached.len++] = c->ids.data[i];
		c->cached.data[c->cached.len++] = c->ends.data[i] - (i > 0 ? c->ends.data[i - 1] : 0);
	}
	return HEED_OK;
}

static heed_code encode_cached(heed_coder *c, const char *run, size_t len, heed__encode_run *encode_run)
{
	const int64_t *place = heed__map_get(&c->cache, run, len);
	const size_t first = c->ids.len;
	heed_code code;

	if (!place) {
		code = encode_run(c, run, len);
		return code ? code : cache_run(c, run, len, first);
	}
	for (int i = 0; i < c->cached.data[*place]; i++)
		if (!heed__coder_push(c, c->cached.data[*place + 1 + 2 * i],
				      c->cached.data[*place + 2 + 2 * i]))
			return HEED_E_MEMORY;
	return HEED_OK;
}

heed_code heed__coder_encode_runs(heed_coder *c, heed__encode_run *encode_run)
{
	size_t length;

	for (size_t pos = 0; pos < c->text.len; pos += length) {
		const char *run = c->text.data + pos;
		heed_code code;

		length = heed__run_length(run, c->text.len - pos, false);
		if (c->dropout > 0 || length > CACHED_BYTES_MAX)
			code = encode_run(c, run, length);
		else
			code = encode_cached(c, run, length, encode_run);
		if (code)
			return code;
	}
	return HEED_OK;
}

heed_code heed_coder_dropout(heed_coder *c, double p, uint32_t step, uint32_t item)
{
	if (!(p >= 0 && p <= 1))
		return heed__error(c->ctx, HEED_E_ARGUMENT, "bpe-dropout: p is %g, expected 0 to 1", p);
	c->dropout = p;
	c->rng = (heed__rng){
		.seed = heed_ctx_seed(c->ctx),
		.stream = HEED__STREAM_BPE,
		.step = step,
		.index = (uint64_t)item << 32,
	};
	return HEED_OK;
}

heed_code heed_coder_encode(heed_coder *c, const char *text, size_t len, heed_encoding *out)
{
	const int space = c->t->kind->runs && len > 0;
	heed_code code;

	if (len > TEXT_BYTES_MAX)
		return heed__error(c->ctx, HEED_E_ARGUMENT,
				   "tokenizer: a text of %zu bytes, at most %zu can be encoded", len,
				   TEXT_BYTES_MAX);
	c->ids.len = c->ends.len = 0;
	heed__str_clear(&c->text);
	if (space)
		heed__str_addc(&c->text, ' ');
	code = heed__normalize(&c->normalizer, text, len, &c->text);
	if (code == HEED_OK)
		code = c->t->kind->encode(c);
	if (code)
		return code;
	if (!HEED__RESERVE(c->ctx, &c->ids, 1) || !HEED__RESERVE(c->ctx, &c->ends, 1))
		return HEED_E_MEMORY;
	/* Ends become starts, without the space in front. */
	memmove(c->ends.data + 1, c->ends.data, c->ids.len * sizeof *c->ends.data);
	c->ends.data[0] = 0;
	for (size_t i = 1; i <= c->ids.len; i++)
		c->ends.data[i] -= space;
	*out = (heed_encoding){
		.text = c->text.data + space,
		.length = (int)c->text.len - space,
		.ids = c->ids.data,
		.start = c->ends.data,
		.count = (int)c->ids.len,
	};
	return HEED_OK;
}

/* How many bytes a character has that begins with this one; 1 for a byte that begins none. */
static size_t expected_bytes(unsigned char first)
{
	return first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
}

/* Gives up the first pending byte. */
static void drop_pending(heed_coder *c)
{
	heed__str_adds(&c->decoded, REPLACEMENT);
	c->pending_count--;
	memmove(c->pending, c->pending + 1, c->pending_count);
}

static void add_byte(heed_coder *c, unsigned char byte)
{
	c->pending[c->pending_count++] = (char)byte;
	while (c->pending_count > 0) {
		const size_t expected = expected_bytes((unsigned char)c->pending[0]);
		size_t good = 1;
		uint32_t code;

		while (good < c->pending_count && good < expected &&
		       ((unsigned char)c->pending[good] & 0xC0) == 0x80)
			good++;
		if (good == c->pending_count && good < expected)
			return; /* may become a character yet */
		if (good == expected && heed__utf8_decode(c->pending, good, &code) == (int)good) {
			heed__str_add(&c->decoded, c->pending, good);
			c->pending_count -= good;
			memmove(c->pending, c->pending + good, c->pending_count);
		} else {
			drop_pending(c);
		}
	}
}

static heed_code add_id(heed_coder *c, int id)
{
	const heed_tokenizer *t = c->t;
	const heed__map_entry *piece;
	size_t space;

	if (id < 0 || (size_t)id >= t->pieces.count)
		return heed__error(c->ctx, HEED_E_ARGUMENT, "tokenizer: id %d, expected 0 to %d", id,
				   heed_tokenizer_size(t) - 1);
	if (t->first_byte >= 0 && id >= t->first_byte && id < t->first_byte + 256) {
		c->started = true;
		add_byte(c, (unsigned char)(id - t->first_byte));
		return c->decoded.failed ? HEED_E_MEMORY : HEED_OK;
	}
	while (c->pending_count > 0)
		drop_pending(c);
	if (id >= HEED_SPECIAL_IDS + t->symbols) {
		piece = &t->pieces.entries[id];
		space = strncmp(piece->key, HEED__SPACE, HEED__SPACE_SIZE) == 0 ? HEED__SPACE_SIZE : 0;
		if (space > 0 && (c->started || !t->kind->runs))
			heed__str_addc(&c->decoded, ' ');
		heed__str_add(&c->decoded, piece->key + space, piece->len - space);
		c->started = true;
	}
	return c->decoded.failed ? HEED_E_MEMORY : HEED_OK;
}

void heed_coder_decode_start(heed_coder *c)
{
	c->started = false;
	c->pending_count = 0;
}

heed_code heed_coder_decode_next(heed_coder *c, int id, const char **text, size_t *len)
{
	heed_code code;

	heed__str_clear(&c->decoded);
	code = add_id(c, id);
	*text = c->decoded.data;
	*len = c->decoded.len;
	return code;
}

heed_code heed_coder_decode(heed_coder *c, const int *ids, int count, const char **text, size_t *len)
{
	heed_code code = HEED_OK;

	heed_coder_decode_start(c);
	heed__str_clear(&c->decoded);
	for (int i = 0; i < count && code == HEED_OK; i++)
		code = add_id(c, ids[i]);
	if (code == HEED_OK)
		code = add_id(c, HEED_EOS_ID);
	*text = c->decoded.data;
	*len = c->decoded.len;
	return code;
}
