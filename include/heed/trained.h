/* A trained model as it is shipped: the model, its tokenizers and how it was trained, in one file.
 *
 *	heed_trained *t;
 *	if (heed_trained_open(ctx, "en-es.heed", &t) != HEED_OK) ...
 *	...
 *	heed_trained_close(t);
 */
#ifndef HEED_TRAINED_H
#define HEED_TRAINED_H

#include "heed/model.h"
#include "heed/model_file.h"
#include "heed/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_trained {
	heed_ctx *ctx;
	heed_model *model;
	heed_tokenizer *source, *target; /* often the same one; a classifier's target has its labels */
	heed_model_file *file;           /* kept open while the model reads from it; may be NULL */
	char *history;                   /* JSON array: what each validation found, in order */
} heed_trained;

/* Reads the file and checks all of it; the model can be used but not trained on. Errors name the file:
 * HEED_E_IO, HEED_E_FORMAT (not a model of heed, cut off, damaged, a parameter missing or of another shape),
 * HEED_E_UNSUPPORTED (a family this build lacks), HEED_E_MEMORY. */
heed_code heed_trained_open(heed_ctx *ctx, const char *path, heed_trained **trained);
void heed_trained_close(heed_trained *t); /* accepts NULL */
/* Writes the file whole or not at all. */
heed_code heed_trained_save(const heed_trained *t, const char *path);

#ifdef __cplusplus
}
#endif
#endif
