/* Model files with more in them than a model: checkpoints. */
#ifndef HEED_TRAINED_IMPL_H
#define HEED_TRAINED_IMPL_H

#include "heed/trained.h"
#include "io/model_file_impl.h"

/* Writes t with these tensors and metadata beside its own. `values` replaces the parameters' values by a block
 * of the same layout (averages); NULL: the values themselves. */
heed_code heed__trained_write(const heed_trained *t, const char *path, const float *values,
			      const heed__file_tensor *extra, size_t extra_count, const heed__metadata *texts,
			      size_t text_count);

/* Copies the parameters of a file into a block laid out as params'. Each must be there with its shape. */
heed_code heed__trained_read_values(const heed_model_file *file, const heed_params *params, float *values);

/* The configuration of a model as a JSON object of option names and values. */
heed_code heed__config_write(heed_ctx *ctx, const heed_model *model, heed__str *out);

#endif
