/* Every byte is a piece. */
#include "text/tokenizer_impl.h"

static heed_code encode(heed_coder *c)
{
	for (size_t i = 0; i < c->text.len; i++)
		if (!heed__coder_push_char(c, c->text.data + i, 1))
			return HEED_E_MEMORY;
	return HEED_OK;
}

const heed__tokenizer_class heed__tokenizer_byte = {
	.name = "byte",
	.about = "every byte is a piece: nothing to train, nothing unknown, long sequences",
	.bytes = HEED__BYTES_ALWAYS,
	.no_space = true,
	.encode = encode,
};
