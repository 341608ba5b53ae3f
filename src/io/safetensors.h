/* Files of named tensors in the safetensors format (little-endian machines only, as heed itself):
 *
 *	u64 N | N bytes: JSON {"__metadata__":{...},"name":{"dtype":..,"shape":[..],"data_offsets":[b,e]},...} | data
 *
 * The reader maps a file and believes nothing: when it says HEED_OK, every tensor lies inside the file, no
 * byte of the data belongs to two of them or to none, and each has as many bytes as its shape needs. */
#ifndef HEED_SAFETENSORS_H
#define HEED_SAFETENSORS_H

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/strbuf.h"

#define HEED__TENSOR_RANK 8

/* X(dtype, name, bytes), in the order in which the writer lays them out: wide ones first, so that every
 * tensor is aligned for its elements. */
#define HEED__FILE_DTYPES(X)                                                                                 \
	X(HEED__FILE_I64, "I64", 8)                                                                          \
	X(HEED__FILE_F32, "F32", 4)                                                                          \
	X(HEED__FILE_I32, "I32", 4)                                                                          \
	X(HEED__FILE_BF16, "BF16", 2)                                                                        \
	X(HEED__FILE_F16, "F16", 2)                                                                          \
	X(HEED__FILE_I8, "I8", 1)                                                                            \
	X(HEED__FILE_U8, "U8", 1)

typedef enum heed__file_dtype {
#define X(dtype, name, bytes) dtype,
	HEED__FILE_DTYPES(X)
#undef X
} heed__file_dtype;

const char *heed__file_dtype_name(heed__file_dtype dtype);
size_t heed__file_dtype_size(heed__file_dtype dtype);

/* A tensor in a file or on its way into one: row-major, rank 0 is a single number. */
typedef struct heed__file_tensor {
	const char *name;
	heed__file_dtype dtype;
	int rank;
	size_t shape[HEED__TENSOR_RANK];
	size_t bytes;     /* product of the shape times the size of an element; the writer computes it */
	const void *data; /* in a map: at any alignment, see heed__file_tensor_aligned */
} heed__file_tensor;

/* Whether data may be used in place as elements of its dtype; else copy it out with memcpy. */
bool heed__file_tensor_aligned(const heed__file_tensor *t);

typedef struct heed__metadata {
	const char *key, *value;
} heed__metadata;

/* --- reading --- */

typedef struct heed__safetensors {
	heed_ctx *ctx;
	heed__file_map map;
	const char *header; /* the JSON in the map, with its padding */
	size_t header_len;
	heed__file_tensor *tensors; /* [count], in the order of their data */
	size_t count;
	heed__metadata *metadata; /* [metadata_count], in the order of the file */
	size_t metadata_count;
	heed__map names; /* tensor name to index */
	heed__arena strings;
} heed__safetensors;

/* Errors name the file and what is wrong where: HEED_E_FORMAT, HEED_E_UNSUPPORTED (a dtype or rank that heed
 * does not know), HEED_E_IO, HEED_E_MEMORY; then *st needs no close. All that *st points to lives until the
 * close. The file must not be cut short by others meanwhile, as with any map. */
heed_code heed__safetensors_open(heed_ctx *ctx, const char *path, heed__safetensors *st);
void heed__safetensors_close(heed__safetensors *st);

/* NULL when there is none of that name. */
const heed__file_tensor *heed__safetensors_find(const heed__safetensors *st, const char *name);
const char *heed__safetensors_metadata(const heed__safetensors *st, const char *key);

/* --- writing --- */

/* Puts tensors into the order of the file, dtypes as above, then names, and computes their bytes. HEED_E_ARGUMENT:
 * a name is empty, not UTF-8, "__metadata__" or there twice, or a shape is impossible. */
heed_code heed__safetensors_sort(heed_ctx *ctx, heed__file_tensor *tensors, size_t count);
/* HEED_E_NONFINITE names the first tensor (F32, F16, BF16) that holds an infinity or NaN. */
heed_code heed__safetensors_finite(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count);
/* The file up to its data, N included, of sorted tensors and of metadata in the order given; padded with
 * spaces so that the data starts at a multiple of 64. The same input gives the same bytes. */
heed_code heed__safetensors_header(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count,
				   const heed__metadata *metadata, size_t metadata_count, heed__str *out);
/* Header and data into a file that appears whole or not at all. */
heed_code heed__safetensors_write(heed_ctx *ctx, const char *path, const heed__str *header,
				  const heed__file_tensor *tensors, size_t count);

#endif
