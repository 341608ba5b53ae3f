/* A run of letters and digits is a piece, with the space before it, and so is any other character. */
#include "text/tokenizer_impl.h"
#include "text/word_split.h"

static heed_code train(heed_tokenizer *t, const heed_tokenizer_options *options, heed__training_text *lines)
{
	heed__map counts = heed__map_init(t->ctx);
	heed_code code = heed__count_runs(lines, true, &counts);

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

static int find_word(const heed_tokenizer *t, const char *word, size_t len)
{
	char name[HEED_PIECE_BYTES_MAX];
	const size_t name_len = heed__piece_name(word, len, name);
	const int64_t *id = name_len > 0 ? heed__map_get(&t->pieces, name, name_len) : NULL;

	return id && *id >= t->space ? (int)*id : HEED_UNK_ID;
}

static heed_code encode(heed_coder *c)
{
	size_t length;

	for (size_t pos = 0; pos < c->text.len; pos += length) {
		const char *word = c->text.data + pos;

		length = heed__run_length(word, c->text.len - pos, true);
		if (!heed__coder_push(c, find_word(c->t, word, length), (int)length))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

const heed__tokenizer_class heed__tokenizer_word = {
	.name = "word",
	.about = "words and punctuation marks are pieces; words not seen in training are unknown",
	.bytes = HEED__BYTES_NEVER,
	.runs = true,
	.train = train,
	.load = load,
	.save = save,
	.encode = encode,
};
