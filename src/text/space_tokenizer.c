/* What stands between white space is a piece, as in text that others have cut already: "the <unk> said , \" yes \"".
 * How much white space there is, and of which ASCII kind, says nothing: the normalised text has one space
 * between words and none at its ends. */
#include <string.h>

#include "text/tokenizer_impl.h"

static bool is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Leaves one space in front of each word, and that of an empty text. */
static void squeeze(heed__str *text)
{
	size_t end = 1;

	if (text->len == 0)
		return;
	for (size_t i = 1; i < text->len; i++) {
		if (is_white(text->data[i]))
			continue;
		if (end > 1 && is_white(text->data[i - 1]))
			text->data[end++] = ' ';
		text->data[end++] = text->data[i];
	}
	text->len = end;
	text->data[end] = '\0';
}

/* The length of " word" at the start of squeezed text[0..len), or 0 when there is none. */
static size_t word_length(const char *text, size_t len)
{
	const char *next = len > 1 ? memchr(text + 1, ' ', len - 1) : NULL;

	return next ? (size_t)(next - text) : len > 1 ? len : 0;
}

static heed_code count_words(heed__training_text *lines, heed__map *counts)
{
	for (;;) {
		bool more;
		heed_code code = heed__training_next(lines, &more);
		size_t length;

		if (code || !more)
			return code;
		squeeze(&lines->text);
		for (size_t pos = 0;
		     (length = word_length(lines->text.data + pos, lines->text.len - pos)) > 0;
		     pos += length) {
			code = heed__count(counts, lines->text.data + pos, length, 1);
			if (code)
				return code;
		}
	}
}

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__map counts = heed__map_init(t->ctx);
	heed_code code = count_words(lines, &counts);

	if (code == HEED_OK)
		code = heed__tokenizer_add_frequent(t, &counts, options->min_count,
						    options->vocab > 0 ? options->vocab : HEED_VOCAB_MAX, 1);
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
	size_t length;

	squeeze(&c->text);
	for (size_t pos = 0; (length = word_length(c->text.data + pos, c->text.len - pos)) > 0;
	     pos += length) {
		char name[HEED_PIECE_BYTES_MAX];
		const size_t name_len = heed__piece_name(c->text.data + pos, length, name);
		const int64_t *id = name_len > 0 ? heed__map_get(&c->t->pieces, name, name_len) : NULL;

		if (!heed__coder_push(c, id ? (int)*id : HEED_UNK_ID, (int)length))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

const heed__tokenizer_class heed__tokenizer_space = {
	.name = "space",
	.about = "text that is cut already: what stands between white space is a piece; words not seen in "
		 "training are unknown",
	.bytes = HEED__BYTES_NEVER,
	.no_space = true,
	.runs = true,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
};
