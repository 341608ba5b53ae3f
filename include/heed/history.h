/* What a model file says of its training: the validations and, in a checkpoint, where the run stands.
 *
 *	heed_history *h;
 *	if (heed_history_read(ctx, file, &h) == HEED_OK)
 *		for (size_t i = 0; i < h->count; i++)
 *			printf("%lld\t%g\n", (long long)h->points[i].step, h->points[i].valid_loss);
 *	heed_history_free(h);
 */
#ifndef HEED_HISTORY_H
#define HEED_HISTORY_H

#include "heed/model_file.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One validation. A number that the file does not have is NaN, -1 where it is whole. */
typedef struct heed_history_point {
	int64_t step, epoch;
	double loss; /* of training, a token; the mean since the validation before */
	double valid_loss;
	double bleu, chrf;
} heed_history_point;

/* A training option: its text, or a number when that is NULL. */
typedef struct heed_history_setting {
	const char *name, *text;
	int64_t number;
} heed_history_setting;

/* Where a checkpoint stands; -1 and NaN as above. */
typedef struct heed_history_state {
	int64_t step, epoch, batch; /* steps done, the epoch (from 0) and batch that come next */
	int64_t tokens;             /* source and target, so far */
	int64_t skipped;            /* steps without a finite gradient */
	double seconds;             /* of training */
	bool finished;
} heed_history_state;

typedef struct heed_history {
	heed_ctx *ctx;
	const heed_history_point *points; /* [count] from the first to the last */
	size_t count;
	bool checkpoint; /* the rest is there */
	heed_history_state state;
	const heed_history_setting *settings; /* [setting_count] the options that shape the result */
	size_t setting_count;
	void *texts; /* what the settings point into */
} heed_history;

/* Everything is copied. HEED_E_FORMAT: an entry is not what it should be; HEED_E_MEMORY. */
heed_code heed_history_read(heed_ctx *ctx, const heed_model_file *file, heed_history **history);
void heed_history_free(heed_history *h); /* accepts NULL */

#ifdef __cplusplus
}
#endif
#endif
