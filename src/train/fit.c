/* Families that estimate themselves from the whole text: one call, one validation, one file. */
#include "train/trainer.h"

#include <math.h>

/* Passes the model's news on; false when somebody wants it to stop. */
static bool tell(void *user, double share, const char *text)
{
	const heed__run *const r = user;
	const double spent = heed__run_seconds(r);
	heed_train_event e;

	heed__run_tell(r, &e);
	e.kind = HEED_TRAIN_FIT;
	e.text = text;
	e.seconds_left = share > 0 ? spent / share * (1 - share) : -1;
	heed__run_report(r, &e);
	return !heed_interrupted(r->ctx);
}

static heed_code estimate(heed__run *r)
{
	heed_fit fit = {.texts = heed_dataset_used(r->train),
			.epochs = r->options->epochs,
			.lr = r->options->lr,
			.tell = tell,
			.user = r};

	fit.ids = heed_dataset_ids(r->train, &fit.count);
	r->tokens = fit.count;
	return r->job->family->fit(r->trained.model, &fit);
}

heed_code heed__run_fit(heed__run *r)
{
	heed_train_event e;
	heed_code code = estimate(r);

	if (code == HEED_OK) {
		r->step = 1;
		r->epoch = 1;
		if (r->job->family->loss != NULL)
			code = heed__validate(r);
	}
	if (code == HEED_OK && r->output != NULL)
		code = heed__run_write(r, r->output, NULL, NULL, 0, NULL, 0);
	if (code == HEED_OK) {
		heed__run_tell(r, &e);
		e.kind = HEED_TRAIN_STOP;
		e.text = "the text has been read";
		heed__run_report(r, &e);
	}
	return code;
}
