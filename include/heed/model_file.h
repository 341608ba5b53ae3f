/* Model files: one valid safetensors file holds weights, configuration, tokenizer and history of a model; a
 * checkpoint is the same with the state of the optimizer. Every byte is under a checksum.
 *
 *	heed_model_file *file;
 *	if (heed_model_file_open(ctx, "en-es.heed", &file)) ...
 *	puts(heed_model_file_text(file, "heed.family"));
 *	heed_model_file_close(file);
 */
#ifndef HEED_MODEL_FILE_H
#define HEED_MODEL_FILE_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_model_file heed_model_file;

/* Maps the file and checks all of it. HEED_E_FORMAT says what is wrong: no model of heed, cut off, damaged
 * and where; HEED_E_UNSUPPORTED: written by a later heed; HEED_E_IO, HEED_E_MEMORY. */
heed_code heed_model_file_open(heed_ctx *ctx, const char *path, heed_model_file **file);
void heed_model_file_close(heed_model_file *file); /* accepts NULL */

/* A text of the metadata, NULL when the file has none of that key: "heed.version" that wrote the file,
 * "heed.family", "heed.config" (JSON object of option names and values), "heed.tokenizer" (its kind),
 * "heed.history" (JSON array of validation points). It lives as long as the file. */
const char *heed_model_file_text(const heed_model_file *file, const char *key);

/* All tensors, the weights and the others ("heed.tokenizer", "heed.state.*"), in the order of the file. The
 * texts live as long as the file. */
typedef struct heed_model_file_entry {
	const char *name;
	const char *dtype; /* "F32", "BF16", "I8", "U8", "I64" ... */
	int rank;
	size_t shape[8];
	size_t bytes;
	char checksum[17]; /* 16 hexadecimal digits */
} heed_model_file_entry;

size_t heed_model_file_count(const heed_model_file *file);
heed_model_file_entry heed_model_file_tensor(const heed_model_file *file, size_t i); /* i < count */
size_t heed_model_file_bytes(const heed_model_file *file);

/* Checks a model file as opening does, but looks at every tensor and logs a warning for each damaged one. */
heed_code heed_model_file_verify(heed_ctx *ctx, const char *path);

#ifdef __cplusplus
}
#endif
#endif
