/* Every character (code point) is a piece. */
#include "base/utf8.h"
#include "text/alphabet.h"

static heed_code count_chars(heed__training_text *lines, heed__map *counts)
{
	for (;;) {
		bool more;
		heed_code code = heed__training_next(lines, &more);
		size_t length;
		uint32_t point;

		if (code || !more)
			return code;
		for (size_t pos = 0; pos < lines->text.len; pos += length) {
			length = (size_t)heed__utf8_decode(lines->text.data + pos, lines->text.len - pos,
							   &point);
			code = heed__count(counts, lines->text.data + pos, length, 1);
			if (code)
				return code;
		}
	}
}

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__map counts = heed__map_init(t->ctx);
	heed_code code = count_chars(lines, &counts);

	if (code == HEED_OK)
		code = heed__alphabet_train(t->learned, t, options, &counts, options->min_count,
					    options->vocab > 0 ? options->vocab : HEED_VOCAB_MAX);
	heed__map_release(&counts);
	return code;
}

static heed_code load(heed_tokenizer *t, heed__line_reader *in)
{
	return heed__alphabet_load(t->learned, t, in);
}

static void save(const heed_tokenizer *t, heed__str *out)
{
	const heed__alphabet *alphabet = t->learned;

	heed__save_pieces(t, t->reserved, alphabet->count, out);
}

static heed_code encode(heed_coder *c)
{
	const heed__alphabet *alphabet = c->t->learned;
	size_t length;

	for (size_t pos = 0; pos < c->text.len; pos += length) {
		const char *place = c->text.data + pos;
		const int id = heed__alphabet_find(alphabet, place, c->text.len - pos, &length);
		const bool pushed = id >= 0 ? heed__coder_push(c, id, (int)length)
					    : heed__coder_push_char(c, place, (int)length);

		if (!pushed)
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

static void release(heed_tokenizer *t)
{
	heed__alphabet_release(t->learned);
}

const heed__tokenizer_class heed__tokenizer_char = {
	.name = "char",
	.about = "every character is a piece, rare ones are spelled in bytes",
	.bytes = HEED__BYTES_MAYBE,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
	.release = release,
	.learned_size = sizeof(heed__alphabet),
};
