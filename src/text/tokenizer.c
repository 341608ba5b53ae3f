/* Tokenizers as a whole: their list, reserved pieces, training, access. The saved form is in tokenizer_file.c. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "text/tokenizer_build.h"

#define X(name) extern const heed__tokenizer_class heed__tokenizer_##name;
#include "gen/tokenizer_list.h"
#undef X

static const heed__tokenizer_class *const kinds[] = {
#define X(name) &heed__tokenizer_##name,
#include "gen/tokenizer_list.h"
#undef X
};

#define KINDS ((int)(sizeof kinds / sizeof *kinds))

const char *heed_tokenizer_kind(int n, const char **about)
{
	if (n < 0 || n >= KINDS)
		return NULL;
	if (about)
		*about = kinds[n]->about;
	return kinds[n]->name;
}

const heed__tokenizer_class *heed__tokenizer_find_kind(const char *name, size_t len)
{
	for (int i = 0; i < KINDS; i++)
		if (strlen(kinds[i]->name) == len && memcmp(kinds[i]->name, name, len) == 0)
			return kinds[i];
	return NULL;
}

heed_tokenizer *heed__tokenizer_new(heed_ctx *ctx, const heed__tokenizer_class *kind,
				    heed_normalization normalization, bool lowercase)
{
	heed_tokenizer *t = heed__calloc(ctx, 1, sizeof *t);

	if (!t)
		return NULL;
	t->ctx = ctx;
	t->kind = kind;
	t->normalization = normalization;
	t->lowercase = lowercase;
	t->first_byte = t->space = -1;
	t->pieces = heed__map_init(ctx);
	t->saved = heed__str_init(ctx, 0);
	if (kind->learned_size > 0) {
		t->learned = heed__calloc(ctx, 1, kind->learned_size);
		if (!t->learned) {
			heed_tokenizer_free(t);
			return NULL;
		}
	}
	return t;
}

void heed_tokenizer_free(heed_tokenizer *t)
{
	if (!t)
		return;
	if (t->learned && t->kind->release)
		t->kind->release(t);
	heed__free(t->ctx, t->learned);
	heed__str_release(&t->saved);
	heed__map_release(&t->pieces);
	heed__free(t->ctx, t);
}

bool heed__tokenizer_add(heed_tokenizer *t, const char *piece, size_t len)
{
	return heed__map_put(&t->pieces, piece, len, (int64_t)t->pieces.count) != NULL;
}

/* True when nothing in text[0..len) must stay out of a piece. */
static bool is_plain(const char *text, size_t len)
{
	uint32_t code;

	for (size_t pos = 0; pos < len;) {
		const int length = heed__utf8_decode(text + pos, len - pos, &code);

		if (length == 0 || code <= ' ' || (code >= 0x7F && code < 0xA0) || code == 0x2581)
			return false;
		pos += (size_t)length;
	}
	return true;
}

bool heed__piece_valid(const char *piece, size_t len)
{
	const size_t space = len >= HEED__SPACE_SIZE && memcmp(piece, HEED__SPACE, HEED__SPACE_SIZE) == 0
				     ? HEED__SPACE_SIZE
				     : 0;

	return len > 0 && len <= HEED_PIECE_BYTES_MAX && is_plain(piece + space, len - space);
}

size_t heed__piece_name(const char *text, size_t len, char name[HEED_PIECE_BYTES_MAX])
{
	const size_t space = len > 0 && text[0] == ' ', rest = len - space;
	const size_t marker = space ? HEED__SPACE_SIZE : 0;

	if (rest > HEED_PIECE_BYTES_MAX - marker || !is_plain(text + space, rest))
		return 0;
	memcpy(name, HEED__SPACE, marker);
	memcpy(name + marker, text + space, rest);
	return marker + rest;
}

static bool add_bytes(heed_tokenizer *t)
{
	t->first_byte = (int)t->pieces.count;
	for (unsigned byte = 0; byte < 256; byte++) {
		char name[8];

		snprintf(name, sizeof name, "<0x%02X>", byte);
		if (!heed__tokenizer_add(t, name, strlen(name)))
			return false;
	}
	return true;
}

static bool is_byte_name(const char *name, size_t len)
{
	return len == 6 && memcmp(name, "<0x", 3) == 0 && name[5] == '>';
}

bool heed__tokenizer_add_specials(heed_tokenizer *t)
{
	return heed__tokenizer_add(t, "<unk>", 5) && heed__tokenizer_add(t, "<s>", 3) &&
	       heed__tokenizer_add(t, "</s>", 4);
}

heed_code heed__tokenizer_add_symbol(heed_tokenizer *t, const char *name, size_t len, heed_code blame)
{
	if (len == 0 || len > HEED_PIECE_BYTES_MAX || !is_plain(name, len))
		return heed__error(
			t->ctx, blame,
			"tokenizer: symbol %d must be 1 to %d bytes of UTF-8 without spaces, control "
			"characters and U+2581",
			t->symbols, HEED_PIECE_BYTES_MAX);
	if (is_byte_name(name, len) || heed__map_get(&t->pieces, name, len))
		return heed__error(t->ctx, blame, "tokenizer: symbol %d '%.*s' is there already", t->symbols,
				   (int)len, name);
	t->symbols++;
	return heed__tokenizer_add(t, name, len) ? HEED_OK : HEED_E_MEMORY;
}

heed_code heed__tokenizer_add_reserved(heed_tokenizer *t, bool bytes)
{
	if (bytes && !add_bytes(t))
		return HEED_E_MEMORY;
	if (!t->kind->no_space) {
		t->space = (int)t->pieces.count;
		if (!heed__tokenizer_add(t, HEED__SPACE, HEED__SPACE_SIZE))
			return HEED_E_MEMORY;
	}
	t->reserved = (int)t->pieces.count;
	return HEED_OK;
}

static heed_code check_options(heed_ctx *ctx, const heed_tokenizer_options *o)
{
	if (o->vocab < 0 || o->vocab > HEED_VOCAB_MAX)
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: vocab is %d, expected 1 to %d", o->vocab,
				   HEED_VOCAB_MAX);
	if (o->merges < 0 || o->merges > HEED_VOCAB_MAX)
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: merges is %d, expected 1 to %d",
				   o->merges, HEED_VOCAB_MAX);
	if (o->min_count < 0)
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: min_count is %d, expected 1 or more",
				   o->min_count);
	if (!(o->coverage >= 0 && o->coverage <= 1))
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: coverage is %g, expected 0 to 1",
				   o->coverage);
	if ((unsigned)o->normalization > HEED_NORMALIZE_NONE)
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: normalization is %d, expected 0 to %d",
				   (int)o->normalization, HEED_NORMALIZE_NONE);
	if (o->symbol_count < 0 || o->symbol_count > HEED_VOCAB_MAX)
		return heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: symbol_count is %d, expected 0 to %d",
				   o->symbol_count, HEED_VOCAB_MAX);
	return HEED_OK;
}

/* Everything before learning. */
static heed_code add_reserved(heed_tokenizer *t, const heed_tokenizer_options *o)
{
	const bool bytes = t->kind->bytes == HEED__BYTES_ALWAYS ||
			   (t->kind->bytes == HEED__BYTES_MAYBE && !o->no_byte_fallback);
	heed_code code;

	if (!heed__tokenizer_add_specials(t))
		return HEED_E_MEMORY;
	for (int i = 0; i < o->symbol_count; i++) {
		code = heed__tokenizer_add_symbol(t, o->symbols[i], strlen(o->symbols[i]), HEED_E_ARGUMENT);
		if (code)
			return code;
	}
	code = heed__tokenizer_add_reserved(t, bytes);
	if (code == HEED_OK && o->vocab > 0 && o->vocab < t->reserved)
		code = heed__error(t->ctx, HEED_E_ARGUMENT,
				   "tokenizer: vocab is %d, but %d are reserved (%d specials, %d symbols, %d "
				   "bytes, %d space)",
				   o->vocab, t->reserved, HEED_SPECIAL_IDS, t->symbols, bytes ? 256 : 0,
				   t->space >= 0);
	return code;
}

static heed_code learn(heed_tokenizer *t, const heed_tokenizer_options *o, heed_line_fn *next, void *user)
{
	heed__training_text lines = {
		.ctx = t->ctx,
		.next = next,
		.user = user,
		.normalizer = heed__normalizer_init(t->ctx, t->normalization, t->lowercase),
		.text = heed__str_init(t->ctx, INT32_MAX),
		.space = t->kind->runs,
	};
	const heed_code code = t->kind->train(t, o, &lines);

	heed__normalizer_release(&lines.normalizer);
	heed__str_release(&lines.text);
	return code;
}

heed_tokenizer *heed_tokenizer_train(heed_ctx *ctx, const heed_tokenizer_options *options, heed_line_fn *next,
				     void *user)
{
	const heed_tokenizer_options defaults = {0}, *o = options ? options : &defaults;
	const char *name = o->kind ? o->kind : "bpe";
	const heed__tokenizer_class *kind = heed__tokenizer_find_kind(name, strlen(name));
	heed_tokenizer *t;

	if (!kind) {
		heed__error(ctx, HEED_E_ARGUMENT, "tokenizer: there is no kind '%s'", name);
		return NULL;
	}
	if (check_options(ctx, o))
		return NULL;
	t = heed__tokenizer_new(ctx, kind, o->normalization, o->lowercase != 0);
	if (!t)
		return NULL;
	if (add_reserved(t, o) || (kind->train && learn(t, o, next, user)) || heed__tokenizer_write(t)) {
		heed_tokenizer_free(t);
		return NULL;
	}
	return t;
}

int heed_tokenizer_size(const heed_tokenizer *t)
{
	return (int)t->pieces.count;
}

const char *heed_tokenizer_piece(const heed_tokenizer *t, int id)
{
	return id >= 0 && (size_t)id < t->pieces.count ? t->pieces.entries[id].key : NULL;
}

int heed_tokenizer_id(const heed_tokenizer *t, const char *piece, size_t len)
{
	const int64_t *id = heed__map_get(&t->pieces, piece, len);

	return id ? (int)*id : -1;
}

void heed_tokenizer_describe(const heed_tokenizer *t, heed_tokenizer_options *out)
{
	*out = (heed_tokenizer_options){
		.kind = t->kind->name,
		.vocab = heed_tokenizer_size(t),
		.merges = t->kind->merges ? t->kind->merges(t) : 0,
		.normalization = t->normalization,
		.lowercase = t->lowercase,
		.no_byte_fallback = t->first_byte < 0,
		.symbol_count = t->symbols,
	};
}
