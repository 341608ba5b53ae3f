/* The whole text is a piece. Its readable form is U+2581 and the text as it is, so that none is ever the name of
 * a reserved piece. As there is no piece for the space either, id - HEED_SPECIAL_IDS numbers the texts: a
 * sentence tokenizer is also the table of a classifier's labels. */
#include <string.h>

#include "base/utf8.h"
#include "text/tokenizer_impl.h"

/* Valid UTF-8 is asked for. */
static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7F || (c == 0xC2 && (unsigned char)text[i + 1] < 0xA0))
			return true;
	}
	return false;
}

static bool is_piece(const char *piece, size_t len)
{
	return len > HEED__SPACE_SIZE && memcmp(piece, HEED__SPACE, HEED__SPACE_SIZE) == 0 &&
	       heed__utf8_valid(piece, len) == len && !has_control(piece, len);
}

/* The readable form of " text". */
static void set_name(heed__str *name, const char *text, size_t len)
{
	heed__str_clear(name);
	heed__str_adds(name, HEED__SPACE);
	heed__str_add(name, text + 1, len - 1);
}

static heed_code count_texts(heed__training_text *lines, heed__map *counts)
{
	for (;;) {
		bool more;
		heed_code code = heed__training_next(lines, &more);

		if (code || !more)
			return code;
		if (lines->text.len > 0 && !has_control(lines->text.data, lines->text.len))
			code = heed__count(counts, lines->text.data, lines->text.len, 1);
		if (code)
			return code;
	}
}

static heed_code add_texts(heed_tokenizer *t, const heed_tokenizer_options *options, const heed__map *counts)
{
	const size_t vocab = options->vocab > 0 ? (size_t)options->vocab : HEED_VOCAB_MAX;
	const heed__map_entry **sorted = heed__sort_counts(t->ctx, counts);
	heed__str name = heed__str_init(t->ctx, 0);
	heed_code code = sorted ? HEED_OK : HEED_E_MEMORY;

	for (size_t i = 0; i < counts->count && code == HEED_OK; i++) {
		if (sorted[i]->value < options->min_count || t->pieces.count >= vocab)
			break;
		set_name(&name, sorted[i]->key, sorted[i]->len);
		if (name.failed || !heed__tokenizer_add(t, name.data, name.len))
			code = HEED_E_MEMORY;
	}
	heed__str_release(&name);
	heed__free(t->ctx, sorted);
	return code;
}

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__map counts = heed__map_init(t->ctx);
	heed_code code = count_texts(lines, &counts);

	if (code == HEED_OK)
		code = add_texts(t, options, &counts);
	heed__map_release(&counts);
	return code;
}

static heed_code load(heed_tokenizer *t, heed__line_reader *in)
{
	return heed__load_pieces(t, in);
}

static void save(const heed_tokenizer *t, heed__str *out)
{
	heed__save_pieces(t, t->reserved, (int)t->pieces.count - t->reserved, out);
}

static heed_code encode(heed_coder *c)
{
	heed__str name = heed__str_init(c->ctx, 0);
	heed_code code = HEED_OK;
	const int64_t *id;

	if (c->text.len == 0)
		return HEED_OK;
	set_name(&name, c->text.data, c->text.len);
	id = heed__map_get(&c->t->pieces, name.data, name.len);
	if (name.failed || !heed__coder_push(c, id ? (int)*id : HEED_UNK_ID, (int)c->text.len))
		code = HEED_E_MEMORY;
	heed__str_release(&name);
	return code;
}

const heed__tokenizer_class heed__tokenizer_sentence = {
	.name = "sentence",
	.about = "every text as a whole is a piece; texts not seen in training are unknown",
	.bytes = HEED__BYTES_NEVER,
	.no_space = true,
	.runs = true,
	.valid = is_piece,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
};
