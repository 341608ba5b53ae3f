#include "base/utf8.h"
#include "io/json_reader.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "heed writes numbers as they lie in memory, which must be little-endian"
#endif

/* Data starts at a multiple of this, so that a mapped file serves as memory for vector instructions. */
#define ALIGN 64u

static int compare_order(const void *a, const void *b)
{
	const heed__file_tensor *x = a, *y = b;

	if (x->dtype != y->dtype)
		return x->dtype < y->dtype ? -1 : 1;
	return strcmp(x->name, y->name);
}

static heed_code check_name(heed_ctx *ctx, const char *name)
{
	if (!*name || strcmp(name, "__metadata__") == 0 ||
	    heed__utf8_valid(name, strlen(name)) != strlen(name))
		return heed__error(ctx, HEED_E_ARGUMENT, "safetensors: \"%.80s\" is no name for a tensor",
				   name);
	return HEED_OK;
}

static heed_code measure(heed_ctx *ctx, heed__file_tensor *t)
{
	size_t bytes = heed__file_dtype_size(t->dtype);

	if (t->rank < 0 || t->rank > HEED__TENSOR_RANK)
		return heed__error(ctx, HEED_E_ARGUMENT,
				   "safetensors: tensor %.80s: %d dimensions, possible are 0 to %d", t->name,
				   t->rank, HEED__TENSOR_RANK);
	for (int i = 0; i < t->rank; i++)
		if (t->shape[i] > INT64_MAX || !heed__mul(bytes, t->shape[i], &bytes))
			return heed__error(ctx, HEED_E_ARGUMENT, "safetensors: tensor %.80s: too large",
					   t->name);
	t->bytes = bytes;
	return HEED_OK;
}

static heed_code refuse_twins(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count)
{
	heed__map names = heed__map_init(ctx);
	heed_code code = HEED_OK;

	for (size_t i = 0; i < count && code == HEED_OK; i++) {
		const char *name = tensors[i].name;
		const int64_t *first = heed__map_put(&names, name, strlen(name), (int64_t)i);

		if (!first)
			code = HEED_E_MEMORY;
		else if (*first != (int64_t)i)
			code = heed__error(ctx, HEED_E_ARGUMENT, "safetensors: two tensors are named %.80s",
					   name);
	}
	heed__map_release(&names);
	return code;
}

heed_code heed__safetensors_sort(heed_ctx *ctx, heed__file_tensor *tensors, size_t count)
{
	heed_code code;

	for (size_t i = 0; i < count; i++)
		if ((code = check_name(ctx, tensors[i].name)) || (code = measure(ctx, &tensors[i])))
			return code;
	if (count > 1)
		qsort(tensors, count, sizeof *tensors, compare_order);
	return refuse_twins(ctx, tensors, count);
}

/* The first element of n whose exponent bits are all ones; n when there is none. */
static size_t find_nonfinite_words(const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t x;

		memcpy(&x, data + 4 * i, sizeof x);
		if ((x & 0x7f800000u) == 0x7f800000u)
			return i;
	}
	return n;
}

static size_t find_nonfinite_halves(const unsigned char *data, size_t n, uint16_t exponent)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t x;

		memcpy(&x, data + 2 * i, sizeof x);
		if ((x & exponent) == exponent)
			return i;
	}
	return n;
}

heed_code heed__safetensors_finite(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const heed__file_tensor *t = &tensors[i];
		const size_t n = t->bytes / heed__file_dtype_size(t->dtype);
		size_t bad = n;

		if (t->dtype == HEED__FILE_F32)
			bad = find_nonfinite_words(t->data, n);
		else if (t->dtype == HEED__FILE_BF16)
			bad = find_nonfinite_halves(t->data, n, 0x7f80);
		else if (t->dtype == HEED__FILE_F16)
			bad = find_nonfinite_halves(t->data, n, 0x7c00);
		if (bad < n)
			return heed__error(ctx, HEED_E_NONFINITE,
					   "tensor %.80s: element %zu of %zu is infinite or not a number",
					   t->name, bad, n);
	}
	return HEED_OK;
}

static heed_code refuse_twin_keys(heed_ctx *ctx, const heed__metadata *metadata, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(metadata[i].key, metadata[k].key) == 0)
				return heed__error(ctx, HEED_E_ARGUMENT,
						   "safetensors: two metadata named %.80s", metadata[i].key);
	return HEED_OK;
}

static void put_metadata(heed_json *w, const heed__metadata *metadata, size_t count)
{
	heed_json_object(w, "__metadata__");
	for (size_t i = 0; i < count; i++)
		heed_json_string(w, metadata[i].key, metadata[i].value);
	heed_json_end(w);
}

static void put_tensor(heed_json *w, const heed__file_tensor *t, size_t begin)
{
	heed_json_object(w, t->name);
	heed_json_string(w, "dtype", heed__file_dtype_name(t->dtype));
	heed_json_array(w, "shape");
	for (int i = 0; i < t->rank; i++)
		heed_json_int(w, NULL, (int64_t)t->shape[i]);
	heed_json_end(w);
	heed_json_array(w, "data_offsets");
	heed_json_int(w, NULL, (int64_t)begin);
	heed_json_int(w, NULL, (int64_t)(begin + t->bytes));
	heed_json_end(w);
	heed_json_end(w);
}

heed_code heed__safetensors_header(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count,
				   const heed__metadata *metadata, size_t metadata_count, heed__str *out)
{
	heed_code code = refuse_twin_keys(ctx, metadata, metadata_count);
	size_t begin = 0;
	heed_json w;

	if (code)
		return code;
	heed__str_clear(out);
	heed__str_add(out, "\0\0\0\0\0\0\0\0", 8);
	heed__json_to_str(&w, out);
	heed_json_object(&w, NULL);
	if (metadata_count > 0)
		put_metadata(&w, metadata, metadata_count);
	for (size_t i = 0; i < count; i++) {
		put_tensor(&w, &tensors[i], begin);
		if (!heed__add(begin, tensors[i].bytes, &begin))
			return heed__error(ctx, HEED_E_ARGUMENT,
					   "safetensors: tensors of more than %zu bytes", SIZE_MAX);
	}
	heed_json_end(&w);
	while (out->len % ALIGN != 0 && !out->failed)
		heed__str_addc(out, ' ');
	if (out->failed)
		return heed_error_code(ctx);
	if (w.code)
		return heed__error(ctx, w.code, "safetensors: a header that is no JSON");
	for (size_t i = 0; i < 8; i++)
		out->data[i] = (char)((uint64_t)(out->len - 8) >> 8 * i);
	return HEED_OK;
}

heed_code heed__safetensors_write(heed_ctx *ctx, const char *path, const heed__str *header,
				  const heed__file_tensor *tensors, size_t count)
{
	heed__file_writer w;
	heed_code code = heed__file_writer_open(ctx, &w, path);

	if (code)
		return code;
	heed__file_writer_put(&w, header->data, header->len);
	for (size_t i = 0; i < count; i++)
		heed__file_writer_put(&w, tensors[i].data, tensors[i].bytes);
	return heed__file_writer_commit(&w);
}
