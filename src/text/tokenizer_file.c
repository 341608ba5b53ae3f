/* The saved form of a tokenizer: lines of UTF-8, each ended by "\n".
 *
 *	heed-tokenizer 1        the version of this format
 *	kind bpe
 *	normalization nfc       nfc, nfkc or none
 *	lowercase 0             or 1
 *	bytes 1                 1: there are the 256 byte pieces
 *	symbols 2               reserved names, one a line
 *	<de>
 *	<fr>
 *	pieces 3                word and space: words; sentence: texts; char and bpe: characters; byte: this section
 *	                        is absent
 *	e
 *	n
 *	z
 *	merges 1                bpe only: ids of the left and right piece, in order of rank
 *	262 263
 *	pieces 2                unigram only: pieces of several characters, and then
 *	en
 *	ze
 *	costs 6                 minus the logarithm of the probability of the space, the characters, and these pieces,
 *	4011820                 in millionths
 *	...
 *	end
 *
 * Ids are not written: they follow from the order (heed/tokenizer.h). U+2581 at the start of a piece stands for
 * the space; no piece holds a control character, and none but those of `sentence` a space or another U+2581, so
 * that nothing needs an escape.
 * There is one saved form of a tokenizer, and no other is read. */
#include <string.h>

#include "base/file.h"
#include "text/tokenizer_build.h"

#define FIRST_LINE     "heed-tokenizer 1"
#define FILE_BYTES_MAX ((size_t)1 << 30)

static const char *const normalization_names[] = {
	[HEED_NORMALIZE_NFC] = "nfc",
	[HEED_NORMALIZE_NFKC] = "nfkc",
	[HEED_NORMALIZE_NONE] = "none",
};

heed_code heed__line_reader_next(heed__line_reader *in, const char **line, size_t *len)
{
	const char *start = in->bytes + in->pos;
	const size_t left = in->len - in->pos;
	const char *end = left > 0 ? memchr(start, '\n', left) : NULL;

	in->line++;
	if (!end)
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: it ends too early, in line %d (byte %zu)", in->line, in->len);
	*line = start;
	*len = (size_t)(end - start);
	in->pos += *len + 1;
	return HEED_OK;
}

/* Reads the digits at text[0..len) that make a number in [0, max]; returns how many, or 0. */
static size_t read_number(const char *text, size_t len, int max, int *number)
{
	int64_t value = 0;
	size_t n = 0;

	for (; n < len && text[n] >= '0' && text[n] <= '9'; n++) {
		value = 10 * value + (text[n] - '0');
		if (value > max)
			return 0;
	}
	*number = (int)value;
	return n;
}

/* The next line, which is "name REST". */
static heed_code read_named(heed__line_reader *in, const char *name, const char **rest, size_t *len)
{
	const size_t name_len = strlen(name);
	const char *line;
	heed_code code = heed__line_reader_next(in, &line, len);

	if (code)
		return code;
	if (*len <= name_len || memcmp(line, name, name_len) != 0 || line[name_len] != ' ')
		return heed__error(in->ctx, HEED_E_FORMAT, "tokenizer: expected '%s ...' in line %d", name,
				   in->line);
	*rest = line + name_len + 1;
	*len -= name_len + 1;
	return HEED_OK;
}

heed_code heed__line_reader_number(heed__line_reader *in, const char *name, int max, int *number)
{
	const char *rest;
	size_t len;
	heed_code code = read_named(in, name, &rest, &len);

	if (code)
		return code;
	if (len == 0 || read_number(rest, len, max, number) != len)
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: expected '%s' with a number from 0 to %d in line %d", name,
				   max, in->line);
	return HEED_OK;
}

heed_code heed__line_reader_value(heed__line_reader *in, int max, int *value)
{
	const char *line;
	size_t len;
	heed_code code = heed__line_reader_next(in, &line, &len);

	if (code)
		return code;
	if (len == 0 || read_number(line, len, max, value) != len)
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: expected a number from 0 to %d in line %d", max, in->line);
	return HEED_OK;
}

heed_code heed__line_reader_pair(heed__line_reader *in, int max, int *a, int *b)
{
	const char *line;
	size_t len, first;
	heed_code code = heed__line_reader_next(in, &line, &len);

	if (code)
		return code;
	first = read_number(line, len, max, a);
	if (first == 0 || first + 1 >= len || line[first] != ' ' ||
	    read_number(line + first + 1, len - first - 1, max, b) != len - first - 1)
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: expected two numbers from 0 to %d in line %d", max, in->line);
	return HEED_OK;
}

void heed__save_pieces(const heed_tokenizer *t, int first, int count, heed__str *out)
{
	heed__str_addf(out, "pieces %d\n", count);
	for (int i = 0; i < count; i++) {
		heed__str_adds(out, t->pieces.entries[first + i].key);
		heed__str_addc(out, '\n');
	}
}

heed_code heed__load_pieces(heed_tokenizer *t, heed__line_reader *in)
{
	bool (*const valid)(const char *, size_t) = t->kind->valid ? t->kind->valid : heed__piece_valid;
	int count = 0;
	heed_code code =
		heed__line_reader_number(in, "pieces", HEED_VOCAB_MAX - (int)t->pieces.count, &count);

	for (int i = 0; i < count && code == HEED_OK; i++) {
		const char *piece;
		size_t len;

		code = heed__line_reader_next(in, &piece, &len);
		if (code)
			break;
		if (!valid(piece, len))
			code = heed__error(t->ctx, HEED_E_FORMAT, "tokenizer: line %d is no piece of kind %s",
					   in->line, t->kind->name);
		else if (heed__map_get(&t->pieces, piece, len))
			code = heed__error(t->ctx, HEED_E_FORMAT,
					   "tokenizer: piece '%.*s' comes a second time in line %d", (int)len,
					   piece, in->line);
		else if (!heed__tokenizer_add(t, piece, len))
			code = HEED_E_MEMORY;
	}
	return code;
}

heed_code heed__tokenizer_write(heed_tokenizer *t)
{
	heed__str *out = &t->saved;

	heed__str_addf(out, FIRST_LINE "\nkind %s\nnormalization %s\nlowercase %d\nbytes %d\nsymbols %d\n",
		       t->kind->name, normalization_names[t->normalization], t->lowercase, t->first_byte >= 0,
		       t->symbols);
	for (int i = 0; i < t->symbols; i++)
		heed__str_addf(out, "%s\n", t->pieces.entries[HEED_SPECIAL_IDS + i].key);
	if (t->kind->save)
		t->kind->save(t, out);
	heed__str_adds(out, "end\n");
	return out->failed ? HEED_E_MEMORY : HEED_OK;
}

const char *heed_tokenizer_saved(const heed_tokenizer *t, size_t *len)
{
	*len = t->saved.len;
	return t->saved.data;
}

heed_code heed_tokenizer_save_file(heed_ctx *ctx, const heed_tokenizer *t, const char *path)
{
	heed__file_writer w;
	const heed_code code = heed__file_writer_open(ctx, &w, path);

	if (code)
		return code;
	heed__file_writer_put(&w, t->saved.data, t->saved.len);
	return heed__file_writer_commit(&w);
}

/* Reads the lines before `symbols` and makes the tokenizer. */
static heed_code load_head(heed__line_reader *in, heed_tokenizer **t, int *bytes)
{
	const heed__tokenizer_class *kind;
	const char *text;
	size_t len;
	int form = HEED_NORMALIZE_NFC, lowercase;
	heed_code code = heed__line_reader_next(in, &text, &len);

	if (code)
		return code;
	if (len != strlen(FIRST_LINE) || memcmp(text, FIRST_LINE, len) != 0)
		return heed__error(in->ctx, HEED_E_FORMAT, "tokenizer: expected '" FIRST_LINE "' in line 1");
	code = read_named(in, "kind", &text, &len);
	if (code)
		return code;
	kind = heed__tokenizer_find_kind(text, len);
	if (!kind)
		return heed__error(in->ctx, HEED_E_FORMAT, "tokenizer: the kind in line %d is unknown",
				   in->line);
	code = read_named(in, "normalization", &text, &len);
	if (code)
		return code;
	while (form <= HEED_NORMALIZE_NONE && (len != strlen(normalization_names[form]) ||
					       memcmp(text, normalization_names[form], len) != 0))
		form++;
	if (form > HEED_NORMALIZE_NONE)
		return heed__error(in->ctx, HEED_E_FORMAT, "tokenizer: expected nfc, nfkc or none in line %d",
				   in->line);
	code = heed__line_reader_number(in, "lowercase", 1, &lowercase);
	if (code == HEED_OK)
		code = heed__line_reader_number(in, "bytes", 1, bytes);
	if (code)
		return code;
	if (kind->bytes != HEED__BYTES_MAYBE && *bytes != (kind->bytes == HEED__BYTES_ALWAYS))
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: bytes is %d in line %d, but kind %s %s", *bytes, in->line,
				   kind->name, *bytes ? "has none" : "needs them");
	*t = heed__tokenizer_new(in->ctx, kind, (heed_normalization)form, lowercase);
	return *t ? HEED_OK : HEED_E_MEMORY;
}

/* Reads the symbols and what is learned. */
static heed_code load_pieces(heed__line_reader *in, heed_tokenizer *t, int bytes)
{
	int symbols;
	heed_code code = heed__line_reader_number(in, "symbols", HEED_VOCAB_MAX / 2, &symbols);

	if (code)
		return code;
	if (!heed__tokenizer_add_specials(t))
		return HEED_E_MEMORY;
	for (int i = 0; i < symbols && code == HEED_OK; i++) {
		const char *name;
		size_t len;

		code = heed__line_reader_next(in, &name, &len);
		if (code == HEED_OK)
			code = heed__tokenizer_add_symbol(t, name, len, HEED_E_FORMAT);
	}
	if (code == HEED_OK)
		code = heed__tokenizer_add_reserved(t, bytes);
	if (code == HEED_OK && t->kind->load)
		code = t->kind->load(t, in);
	return code;
}

/* Reads the end; a second look from above finds whatever is written in another way than we write it. */
static heed_code load_end(heed__line_reader *in, heed_tokenizer *t)
{
	const char *line;
	size_t len, same = 0;
	heed_code code = heed__line_reader_next(in, &line, &len);

	if (code)
		return code;
	if (len != 3 || memcmp(line, "end", 3) != 0 || in->pos != in->len)
		return heed__error(in->ctx, HEED_E_FORMAT,
				   "tokenizer: expected 'end' and nothing behind it in line %d", in->line);
	code = heed__tokenizer_write(t);
	if (code)
		return code;
	while (same < in->len && same < t->saved.len && in->bytes[same] == t->saved.data[same])
		same++;
	if (same < in->len || same < t->saved.len)
		return heed__error(in->ctx, HEED_E_FORMAT, "tokenizer: not as heed writes it at byte %zu",
				   same);
	return HEED_OK;
}

heed_tokenizer *heed_tokenizer_load(heed_ctx *ctx, const char *bytes, size_t len)
{
	heed__line_reader in = {.ctx = ctx, .bytes = bytes, .len = len};
	heed_tokenizer *t = NULL;
	int byte_pieces = 0;

	if (load_head(&in, &t, &byte_pieces) || load_pieces(&in, t, byte_pieces) || load_end(&in, t)) {
		heed_tokenizer_free(t);
		return NULL;
	}
	return t;
}

heed_tokenizer *heed_tokenizer_load_file(heed_ctx *ctx, const char *path)
{
	heed_tokenizer *t;
	char *bytes;
	size_t len;

	if (heed__file_read(ctx, path, FILE_BYTES_MAX, &bytes, &len))
		return NULL;
	t = heed_tokenizer_load(ctx, bytes, len);
	if (!t)
		heed__error_prefix(ctx, "%s", path);
	heed__free(ctx, bytes);
	return t;
}
