/* n-gram models to and from ARPA files: where the model and its tokenizer meet. */
#include "heed/ngram.h"
#include "model/ngram_arpa.h"
#include "text/tokenizer_build.h"

#include <stdio.h>
#include <string.h>

static const char *const specials[] = {
	[HEED_UNK_ID] = "<unk>", [HEED_BOS_ID] = "<s>", [HEED_EOS_ID] = "</s>"};

/* The id of a special word, or -1. */
static int special_of(const char *word, size_t len)
{
	for (int i = 0; i < HEED_SPECIAL_IDS; i++)
		if (strlen(specials[i]) == len && memcmp(specials[i], word, len) == 0)
			return i;
	return -1;
}

static bool begins_with_space(const char *piece, size_t len)
{
	return len >= HEED__SPACE_SIZE && memcmp(piece, HEED__SPACE, HEED__SPACE_SIZE) == 0;
}

static bool cuts_at_spaces(const heed_tokenizer *t)
{
	return strcmp(t->kind->name, "space") == 0;
}

static const char *name_of(void *user, int id, size_t *len)
{
	const heed_tokenizer *const t = user;
	const char *name = heed_tokenizer_piece(t, id);

	*len = strlen(name);
	if (strpbrk(name, " \t\r\n") != NULL) {
		heed__error(t->ctx, HEED_E_UNSUPPORTED,
			    "ngram: piece %d has a space inside, which no word of an ARPA file may", id);
		return NULL;
	}
	/* Unless that is the name of a special: one that stood in the text as a word. */
	if (!cuts_at_spaces(t) || *len <= HEED__SPACE_SIZE || !begins_with_space(name, *len) ||
	    heed_tokenizer_id(t, name + HEED__SPACE_SIZE, *len - HEED__SPACE_SIZE) >= 0)
		return name;
	*len -= HEED__SPACE_SIZE;
	return name + HEED__SPACE_SIZE;
}

static bool is_ngram(const heed_model *m)
{
	return strcmp(m->family->name, "ngram") == 0;
}

heed_code heed_ngram_export(const heed_trained *t, heed_write_fn *write, void *user)
{
	if (!is_ngram(t->model))
		return heed__error(t->ctx, HEED_E_UNSUPPORTED,
				   "ngram: the model is of family %s; only n-gram models become ARPA files",
				   t->model->family->name);
	return heed__arpa_write(t->ctx, t->model->parts, name_of, t->target, write, user);
}

/* The words of a file: found in a tokenizer, or gathered for a new one. */
typedef struct words {
	heed_ctx *ctx;
	const heed_tokenizer *given;
	heed__str pieces; /* gathered, a line each */
	int count;
} words;

/* The readable form of a word in a tokenizer of kind "space", and its length; 0: it can be none. */
static size_t piece_of(const char *word, size_t len, char piece[HEED_PIECE_BYTES_MAX])
{
	const bool special = begins_with_space(word, len) &&
			     special_of(word + HEED__SPACE_SIZE, len - HEED__SPACE_SIZE) >= 0;
	const size_t space = special ? 0 : HEED__SPACE_SIZE;

	if (len > HEED_PIECE_BYTES_MAX - space)
		return 0;
	memcpy(piece, HEED__SPACE, space);
	memcpy(piece + space, word, len);
	return heed__piece_valid(piece, space + len) ? space + len : 0;
}

static int look_up(const heed_tokenizer *t, const char *word, size_t len)
{
	char piece[HEED_PIECE_BYTES_MAX];
	const int id = heed_tokenizer_id(t, word, len);
	const size_t piece_len = id < 0 && cuts_at_spaces(t) ? piece_of(word, len, piece) : 0;

	return piece_len > 0 ? heed_tokenizer_id(t, piece, piece_len) : id;
}

static int id_of(void *user, const char *word, size_t len, const char **problem)
{
	words *const w = user;
	const int special = special_of(word, len);
	char piece[HEED_PIECE_BYTES_MAX];
	size_t piece_len;

	if (special >= 0)
		return special;
	if (w->given != NULL) {
		*problem = "the tokenizer has no such piece";
		return look_up(w->given, word, len);
	}
	piece_len = piece_of(word, len, piece);
	if (piece_len == 0 || w->count >= HEED_VOCAB_MAX - HEED_SPECIAL_IDS) {
		*problem = piece_len == 0 ? "expected 1 to 253 bytes of UTF-8 without control "
					    "characters and U+2581"
					  : "more words than a tokenizer can have";
		return -1;
	}
	heed__str_add(&w->pieces, piece, piece_len);
	heed__str_addc(&w->pieces, '\n');
	return w->pieces.failed ? -1 : HEED_SPECIAL_IDS + w->count++;
}

static int vocab_of(void *user)
{
	const words *const w = user;

	return w->given != NULL ? heed_tokenizer_size(w->given) : HEED_SPECIAL_IDS + w->count;
}

static heed_tokenizer *tokenizer_of(const words *w)
{
	heed__str text = heed__str_init(w->ctx, 0);
	heed_tokenizer *t = NULL;
	size_t len;
	const char *saved;

	if (w->given != NULL) {
		saved = heed_tokenizer_saved(w->given, &len);
		return heed_tokenizer_load(w->ctx, saved, len);
	}
	heed__str_addf(&text,
		       "heed-tokenizer 1\nkind space\nnormalization none\nlowercase 0\nbytes 0\nsymbols 0\n"
		       "pieces %d\n",
		       w->count);
	heed__str_add(&text, w->pieces.data, w->pieces.len);
	heed__str_adds(&text, "end\n");
	if (!text.failed)
		t = heed_tokenizer_load(w->ctx, text.data, text.len);
	heed__str_release(&text);
	return t;
}

static heed_code make_model(heed_trained *t, heed__ngram_table *table)
{
	const heed_model_class *const family = heed_model_class_find("ngram");
	void *config = heed__alloc(t->ctx, family->config_size), *bytes = NULL;
	size_t size = 0;
	char order[16];
	heed_code code = HEED_E_MEMORY;

	if (config != NULL)
		code = heed_fields_default(t->ctx, family->fields, config);
	snprintf(order, sizeof order, "%d", table->order);
	if (code == HEED_OK)
		code = heed_field_set(t->ctx, heed_field_find(family->fields, "order"), config, order);
	if (code == HEED_OK)
		t->model = heed_model_new(t->ctx, family, config, heed_tokenizer_size(t->source),
					  heed_tokenizer_size(t->source), 0);
	heed__free(t->ctx, config);
	if (t->model == NULL)
		return heed_error_code(t->ctx);
	code = heed__ngram_pack(table, &bytes, &size);
	if (code != HEED_OK)
		return code;
	t->model->packed = bytes;
	t->model->packed_size = size;
	return family->attach(t->model);
}

static heed_code make_trained(const words *w, heed__ngram_table *table, heed_trained **trained)
{
	heed_trained *const t = heed__calloc(w->ctx, 1, sizeof *t);
	heed_code code;

	if (t == NULL)
		return HEED_E_MEMORY;
	t->ctx = w->ctx;
	t->source = t->target = tokenizer_of(w);
	t->history = heed__strdup(w->ctx, "[]");
	code = t->source != NULL && t->history != NULL ? make_model(t, table) : heed_error_code(w->ctx);
	if (code == HEED_OK)
		*trained = t;
	else
		heed_trained_close(t);
	return code;
}

heed_code heed_ngram_import(heed_ctx *ctx, const char *name, heed_line_fn *next, void *user,
			    const heed_tokenizer *tokenizer, heed_trained **trained)
{
	words w = {.ctx = ctx, .given = tokenizer, .pieces = heed__str_init(ctx, 0)};
	const heed__arpa_source source = {
		.name = name, .next = next, .next_user = user, .id = id_of, .vocab = vocab_of, .user = &w};
	heed__ngram_table table;
	heed_code code;

	*trained = NULL;
	code = heed__arpa_read(ctx, &source, &table);
	if (code == HEED_OK)
		code = make_trained(&w, &table, trained);
	heed__ngram_table_release(&table);
	heed__str_release(&w.pieces);
	return code;
}
