/* Texts in memory: one block of bytes and where each text begins. */
#include "data/examples.h"

#include "base/strbuf.h"
#include "base/vector.h"

#include <string.h>

HEED__VECTOR(offsets, size_t);

struct heed_examples {
	heed_ctx *ctx;
	heed__str bytes; /* source NUL target NUL source NUL ... */
	offsets starts;  /* of every text, two an example */
};

heed_examples *heed_examples_new(heed_ctx *ctx)
{
	heed_examples *const e = heed__calloc(ctx, 1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->ctx = ctx;
	e->bytes = heed__str_init(ctx, 0);
	return e;
}

void heed_examples_free(heed_examples *e)
{
	if (e == NULL)
		return;
	heed__str_release(&e->bytes);
	HEED__VECTOR_RELEASE(e->ctx, &e->starts);
	heed__free(e->ctx, e);
}

static heed_code add_text(heed_examples *e, const char *text, size_t len)
{
	if (!HEED__PUSH(e->ctx, &e->starts, e->bytes.len))
		return HEED_E_MEMORY;
	heed__str_add(&e->bytes, text, len);
	heed__str_addc(&e->bytes, '\0');
	return e->bytes.failed ? HEED_E_MEMORY : HEED_OK;
}

heed_code heed_examples_add(heed_examples *e, const char *source, size_t source_len, const char *target,
			    size_t target_len)
{
	const heed_code code = add_text(e, source, source_len);

	return code != HEED_OK ? code
			       : add_text(e, target != NULL ? target : "", target != NULL ? target_len : 0);
}

heed_code heed_examples_read(heed_examples *e, heed_corpus *corpus)
{
	heed_code code;
	heed_record r;

	while ((code = heed_corpus_next(corpus, &r)) == HEED_OK && r.source != NULL) {
		code = heed_examples_add(e, r.source, r.source_len, r.target, r.target_len);
		if (code != HEED_OK)
			break;
	}
	heed_corpus_warn(corpus);
	return code;
}

int64_t heed_examples_count(const heed_examples *e)
{
	return (int64_t)(e->starts.len / 2);
}

const char *heed_examples_text(const heed_examples *e, int64_t index, bool target, size_t *len)
{
	const size_t i = (size_t)index * 2 + target;
	const size_t end = i + 1 < e->starts.len ? e->starts.data[i + 1] : e->bytes.len;

	*len = end - e->starts.data[i] - 1;
	return e->bytes.data + e->starts.data[i];
}

heed_code heed_examples_line(void *user, const char **line, size_t *len)
{
	heed_examples_cursor *const c = user;

	for (; c->next < 2 * heed_examples_count(c->examples); c->next++) {
		const bool target = c->next % 2 != 0;

		if (target ? c->targets : c->sources) {
			*line = heed_examples_text(c->examples, c->next / 2, target, len);
			c->next++;
			return HEED_OK;
		}
	}
	*line = NULL;
	*len = 0;
	return HEED_OK;
}

heed_ctx *heed__examples_ctx(const heed_examples *e)
{
	return e->ctx;
}
