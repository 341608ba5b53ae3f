#include "text/alphabet.h"

#include "base/utf8.h"

/* Makes the table for the pieces behind the reserved ones. */
static heed_code index_pieces(heed__alphabet *a, const heed_tokenizer *t)
{
	a->count = (int)t->pieces.count - t->reserved;
	a->ids = heed__pair_table_init(t->ctx);
	if (!heed__pair_table_add(&a->ids, ' ', 0, t->space))
		return HEED_E_MEMORY;
	for (int id = t->reserved; id < (int)t->pieces.count; id++) {
		const heed__map_entry *piece = &t->pieces.entries[id];
		uint32_t code;

		if ((size_t)heed__utf8_decode(piece->key, piece->len, &code) != piece->len)
			return heed__error(t->ctx, HEED_E_FORMAT,
					   "tokenizer: piece %d is '%s', expected one character", id,
					   piece->key);
		if (!heed__pair_table_add(&a->ids, code, 0, id))
			return HEED_E_MEMORY;
	}
	return HEED_OK;
}

heed_code heed__alphabet_train(heed__alphabet *a, heed_tokenizer *t, const heed_tokenizer_options *options,
			       const heed__map *counts, int64_t min_count, int vocab)
{
	const double coverage = options->coverage > 0 ? options->coverage : 1;
	const heed_code code = heed__tokenizer_add_frequent(t, counts, min_count, vocab, coverage);

	return code ? code : index_pieces(a, t);
}

heed_code heed__alphabet_load(heed__alphabet *a, heed_tokenizer *t, heed__line_reader *in)
{
	const heed_code code = heed__load_pieces(t, in);

	return code ? code : index_pieces(a, t);
}

void heed__alphabet_release(heed__alphabet *a)
{
	if (a->ids.ctx)
		heed__pair_table_release(&a->ids);
}

int heed__alphabet_find(const heed__alphabet *a, const char *text, size_t len, size_t *length)
{
	uint32_t code = (unsigned char)text[0];

	*length = 1;
	if (code >= 0x80)
		*length = (size_t)heed__utf8_decode(text, len, &code);
	return heed__pair_table_get(&a->ids, code, 0);
}
