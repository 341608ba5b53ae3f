/* Model files from inside: tensors in place, and writing. */
#ifndef HEED_MODEL_FILE_IMPL_H
#define HEED_MODEL_FILE_IMPL_H

#include "heed/model_file.h"
#include "io/safetensors.h"

/* Names with a meaning; all other tensors are weights. */
#define HEED__FAMILY           "heed.family"           /* metadata */
#define HEED__CONFIG           "heed.config"           /* metadata: JSON object */
#define HEED__HISTORY          "heed.history"          /* metadata: JSON array */
#define HEED__TOKENIZER        "heed.tokenizer"        /* metadata: its kind; U8 tensor: its bytes */
#define HEED__TOKENIZER_TARGET "heed.tokenizer.target" /* U8 tensor, when the target's is another */
#define HEED__PACKED           "heed.packed"           /* U8 tensor: what a family that counts has counted */
#define HEED__STATE            "heed.state."           /* prefix of what only a checkpoint holds */
#define HEED__COUNTERS         HEED__STATE "counters"  /* metadata: JSON object */
#define HEED__SETTINGS         HEED__STATE "settings" /* metadata: JSON object of the options that shape the result */

/* NULL when there is none of that name. data points into the map and may be unaligned. */
const heed__file_tensor *heed__model_file_find(const heed_model_file *file, const char *name);
/* heed__model_file_find, but its absence, another dtype or another shape is HEED_E_FORMAT. */
heed_code heed__model_file_need(const heed_model_file *file, const char *name, heed__file_dtype dtype,
				int rank, const size_t *shape, const heed__file_tensor **out);

/* Writes a model file that appears whole or not at all; the same input gives the same bytes. Sorts `tensors`
 * in place. `metadata` are the caller's keys; "format", "heed.format", "heed.version" and the checksums are
 * added here. HEED_E_NONFINITE names the tensor with an infinity or NaN; an older file then stays as it was,
 * as after any error. */
heed_code heed__model_file_write(heed_ctx *ctx, const char *path, heed__file_tensor *tensors, size_t count,
				 const heed__metadata *metadata, size_t metadata_count);

#endif
