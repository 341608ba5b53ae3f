#include "io/safetensors.h"
#include "io/json_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Every format has it; more than this is no header but an attack. */
#define MAX_HEADER 100000000u
/* A tensor is about nine JSON values; at 32 bytes a value a hostile header takes 32 MB and its own length. */
#define MAX_VALUES 1000000u
#define METADATA   "__metadata__"

static const struct {
	const char *name;
	size_t bytes;
} dtypes[] = {
#define X(dtype, name, bytes) {name, bytes},
	HEED__FILE_DTYPES(X)
#undef X
};

#define DTYPES (sizeof dtypes / sizeof *dtypes)

const char *heed__file_dtype_name(heed__file_dtype dtype)
{
	return dtypes[dtype].name;
}

size_t heed__file_dtype_size(heed__file_dtype dtype)
{
	return dtypes[dtype].bytes;
}

bool heed__file_tensor_aligned(const heed__file_tensor *t)
{
	return (uintptr_t)t->data % dtypes[t->dtype].bytes == 0;
}

/* false: the product does not fit into size_t. */
static bool count_bytes(const heed__file_tensor *t, size_t *out)
{
	size_t bytes = dtypes[t->dtype].bytes;

	for (int i = 0; i < t->rank; i++)
		if (!heed__mul(bytes, t->shape[i], &bytes))
			return false;
	*out = bytes;
	return true;
}

/* --- reading --- */

/* What open_header and its helpers share. */
typedef struct reader {
	heed_ctx *ctx;
	const char *path;
	heed__safetensors *st;
	const unsigned char *data; /* behind the header */
	size_t data_len;
} reader;

static const char *copy_string(reader *r, const char *text)
{
	const size_t n = strlen(text) + 1;
	char *copy = heed__arena_alloc(&r->st->strings, n);

	if (copy)
		memcpy(copy, text, n);
	return copy;
}

static heed_code tensor_error(reader *r, const char *name, const char *what)
{
	return heed__error(r->ctx, HEED_E_FORMAT, "%s: tensor %.80s: %s", r->path, name, what);
}

static heed_code read_dtype(reader *r, const heed__json *v, heed__file_tensor *t)
{
	const char *name;

	if (!heed__json_text(v, &name))
		return tensor_error(r, t->name, "dtype is missing or no string");
	for (size_t i = 0; i < DTYPES; i++) {
		if (strcmp(dtypes[i].name, name) == 0) {
			t->dtype = (heed__file_dtype)i;
			return HEED_OK;
		}
	}
	return heed__error(r->ctx, HEED_E_UNSUPPORTED,
			   "%s: tensor %.80s: unsupported dtype %.16s, heed reads F32 F16 BF16 I8 U8 I32 I64",
			   r->path, t->name, name);
}

static bool read_size(const heed__json *v, size_t *out)
{
	int64_t n;

	if (!heed__json_int(v, &n) || n < 0 || (uint64_t)n > SIZE_MAX)
		return false;
	*out = (size_t)n;
	return true;
}

static heed_code read_shape(reader *r, const heed__json *v, heed__file_tensor *t)
{
	const size_t rank = heed__json_size(v);

	if (!heed__json_is_array(v))
		return tensor_error(r, t->name, "shape is missing or no array");
	if (rank > HEED__TENSOR_RANK)
		return heed__error(r->ctx, HEED_E_UNSUPPORTED,
				   "%s: tensor %.80s: %zu dimensions, heed reads at most %d", r->path,
				   t->name, rank, HEED__TENSOR_RANK);
	t->rank = (int)rank;
	for (size_t i = 0; i < rank; i++)
		if (!read_size(heed__json_at(v, i), &t->shape[i]))
			return tensor_error(r, t->name, "shape holds something else than integers from 0");
	if (!count_bytes(t, &t->bytes))
		return tensor_error(r, t->name, "shape is too large for this machine");
	return HEED_OK;
}

static heed_code read_offsets(reader *r, const heed__json *v, heed__file_tensor *t)
{
	size_t begin, end;

	if (!heed__json_is_array(v) || heed__json_size(v) != 2 || !read_size(heed__json_at(v, 0), &begin) ||
	    !read_size(heed__json_at(v, 1), &end))
		return tensor_error(r, t->name, "data_offsets is not an array of two integers from 0");
	if (begin > end || end > r->data_len)
		return heed__error(
			r->ctx, HEED_E_FORMAT,
			"%s: tensor %.80s: data_offsets [%zu,%zu] do not lie in the %zu bytes of data",
			r->path, t->name, begin, end, r->data_len);
	if (end - begin != t->bytes)
		return heed__error(r->ctx, HEED_E_FORMAT,
				   "%s: tensor %.80s: its shape needs %zu bytes but data_offsets give %zu",
				   r->path, t->name, t->bytes, end - begin);
	t->data = r->data + begin;
	return HEED_OK;
}

static heed_code read_tensor(reader *r, const char *name, const heed__json *v)
{
	heed__file_tensor *t = &r->st->tensors[r->st->count];
	heed_code code;

	t->name = copy_string(r, name);
	if (!t->name)
		return HEED_E_MEMORY;
	if (!heed__json_is_object(v))
		return tensor_error(r, name, "its entry is no object");
	if ((code = read_dtype(r, heed__json_get(v, "dtype"), t)) ||
	    (code = read_shape(r, heed__json_get(v, "shape"), t)) ||
	    (code = read_offsets(r, heed__json_get(v, "data_offsets"), t)))
		return code;
	if (heed__json_size(v) != 3)
		return tensor_error(r, name, "its entry has keys beside dtype, shape and data_offsets");
	r->st->count++;
	return HEED_OK;
}

static heed_code read_metadata(reader *r, const heed__json *object)
{
	heed__safetensors *st = r->st;
	void *place = NULL;
	const char *key, *value;
	const heed__json *v;

	if (!heed__json_is_object(object))
		return heed__error(r->ctx, HEED_E_FORMAT, "%s: " METADATA " is no object", r->path);
	st->metadata = heed__calloc(r->ctx, heed__json_size(object), sizeof *st->metadata);
	if (!st->metadata)
		return HEED_E_MEMORY;
	while (heed__json_next(object, &place, &key, &v)) {
		heed__metadata *m = &st->metadata[st->metadata_count];

		if (!heed__json_text(v, &value))
			return heed__error(r->ctx, HEED_E_FORMAT, "%s: " METADATA ": %.80s is no string",
					   r->path, key);
		m->key = copy_string(r, key);
		m->value = copy_string(r, value);
		if (!m->key || !m->value)
			return HEED_E_MEMORY;
		st->metadata_count++;
	}
	return HEED_OK;
}

/* By place in the data; empty tensors share a place, so the name decides. */
static int compare_place(const void *a, const void *b)
{
	const heed__file_tensor *x = a, *y = b;

	if (x->data != y->data)
		return (uintptr_t)x->data < (uintptr_t)y->data ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The tensors must follow each other without a gap from the first byte of data to the last. */
static heed_code check_places(reader *r)
{
	heed__safetensors *st = r->st;
	size_t end = 0;

	if (st->count > 1)
		qsort(st->tensors, st->count, sizeof *st->tensors, compare_place);
	for (size_t i = 0; i < st->count; i++) {
		const heed__file_tensor *t = &st->tensors[i];
		const size_t begin = (size_t)((const unsigned char *)t->data - r->data);

		if (begin != end)
			return heed__error(r->ctx, HEED_E_FORMAT,
					   "%s: tensor %.80s: data begins at byte %zu but that of its "
					   "predecessor ends at %zu",
					   r->path, t->name, begin, end);
		end += t->bytes;
	}
	if (end != r->data_len)
		return heed__error(r->ctx, HEED_E_FORMAT, "%s: %zu bytes of data but the tensors take %zu",
				   r->path, r->data_len, end);
	return HEED_OK;
}

static heed_code index_names(reader *r)
{
	heed__safetensors *st = r->st;

	for (size_t i = 0; i < st->count; i++)
		if (!heed__map_put(&st->names, st->tensors[i].name, strlen(st->tensors[i].name), (int64_t)i))
			return HEED_E_MEMORY;
	return HEED_OK;
}

static heed_code read_header(reader *r, const heed__json *root)
{
	heed__safetensors *st = r->st;
	void *place = NULL;
	const char *name;
	const heed__json *v;
	heed_code code;

	st->tensors = heed__calloc(r->ctx, heed__json_size(root), sizeof *st->tensors);
	if (!st->tensors)
		return HEED_E_MEMORY;
	while (heed__json_next(root, &place, &name, &v)) {
		code = strcmp(name, METADATA) == 0 ? read_metadata(r, v) : read_tensor(r, name, v);
		if (code)
			return code;
	}
	if ((code = check_places(r)))
		return code;
	return index_names(r);
}

/* Finds header and data in the map. */
static heed_code split(reader *r)
{
	const heed__file_map *map = &r->st->map;
	uint64_t n = 0;

	if (map->len < 8)
		return heed__error(r->ctx, HEED_E_FORMAT,
				   "%s: not a safetensors file: %zu bytes, at least 8 are needed", r->path,
				   map->len);
	for (int i = 7; i >= 0; i--)
		n = n << 8 | map->data[i];
	if (n > MAX_HEADER)
		return heed__error(r->ctx, HEED_E_FORMAT,
				   "%s: not a safetensors file: a header of %" PRIu64
				   " bytes, at most %u are read",
				   r->path, n, MAX_HEADER);
	if (n > map->len - 8)
		return heed__error(r->ctx, HEED_E_FORMAT,
				   "%s: cut off or not a safetensors file: a header of %" PRIu64
				   " bytes but only %zu follow",
				   r->path, n, map->len - 8);
	r->st->header = (const char *)map->data + 8;
	r->st->header_len = (size_t)n;
	r->data = map->data + 8 + n;
	r->data_len = map->len - 8 - (size_t)n;
	return HEED_OK;
}

static heed_code parse(reader *r)
{
	const char *header = r->st->header;
	size_t len = r->st->header_len;
	heed__json *root;
	heed_code code;

	while (len > 0 && header[len - 1] == ' ')
		len--;
	if (len == 0 || header[0] != '{' || header[len - 1] != '}')
		return heed__error(r->ctx, HEED_E_FORMAT,
				   "%s: not a safetensors file: the header of %zu bytes is no JSON object",
				   r->path, r->st->header_len);
	code = heed__json_parse(r->ctx, r->path, header, len, MAX_VALUES, &root);
	if (code)
		return code;
	code = read_header(r, root);
	heed__json_free(root);
	return code;
}

heed_code heed__safetensors_open(heed_ctx *ctx, const char *path, heed__safetensors *st)
{
	reader r = {.ctx = ctx, .path = path, .st = st};
	heed_code code;

	*st = (heed__safetensors){.ctx = ctx, .names = heed__map_init(ctx)};
	heed__arena_init(&st->strings, ctx, false);
	if ((code = heed__file_map_open(ctx, path, &st->map)) || (code = split(&r)) || (code = parse(&r)))
		heed__safetensors_close(st);
	return code;
}

void heed__safetensors_close(heed__safetensors *st)
{
	heed__map_release(&st->names);
	heed__arena_release(&st->strings);
	heed__free(st->ctx, st->tensors);
	heed__free(st->ctx, st->metadata);
	heed__file_map_close(&st->map);
	*st = (heed__safetensors){.ctx = st->ctx};
}

const heed__file_tensor *heed__safetensors_find(const heed__safetensors *st, const char *name)
{
	const int64_t *i = heed__map_get(&st->names, name, strlen(name));

	return i ? &st->tensors[*i] : NULL;
}

const char *heed__safetensors_metadata(const heed__safetensors *st, const char *key)
{
	for (size_t i = 0; i < st->metadata_count; i++)
		if (strcmp(st->metadata[i].key, key) == 0)
			return st->metadata[i].value;
	return NULL;
}
