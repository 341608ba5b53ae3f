/* Claims by name, and runs side by side. */
#include "study/study.h"

#include "base/file.h"
#include "heed/train.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define X(name) extern const heed__claim heed__claim_##name;
#include "gen/claim_list.h"
#undef X

static const heed__claim *const claims[] = {
#define X(name) &heed__claim_##name,
#include "gen/claim_list.h"
#undef X
};

enum { CLAIMS = sizeof claims / sizeof *claims };

heed_claims_options heed_claims_defaults(void)
{
	return (heed_claims_options){.seeds = 3};
}

/* The claim with n others before it. */
static const heed__claim *claim_at(int n)
{
	for (int i = 0; i < CLAIMS; i++) {
		int before = 0;

		for (int j = 0; j < CLAIMS; j++)
			before += claims[j]->place < claims[i]->place;
		if (before == n)
			return claims[i];
	}
	return NULL;
}

const char *heed_claim_name(int n, const char **claim)
{
	const heed__claim *const c = claim_at(n);

	if (c != NULL && claim != NULL)
		*claim = c->claim;
	return c != NULL ? c->name : NULL;
}

static heed_code find_claim(heed_ctx *ctx, const char *name, const heed__claim **found)
{
	char known[256] = "";
	size_t used = 0;

	for (int i = 0; (*found = claim_at(i)) != NULL; i++) {
		if (strcmp((*found)->name, name) == 0)
			return HEED_OK;
		if (used < sizeof known)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
						 (*found)->name);
	}
	return heed__error(ctx, HEED_E_ARGUMENT, "there is no claim \"%s\"; there are %s", name, known);
}

heed_code heed_claim_try(heed_ctx *ctx, const char *name, const heed_claims_options *options,
			 heed_report *report)
{
	heed__study study = {ctx, options, report, name};
	const heed__claim *claim;
	heed_code code = find_claim(ctx, name, &claim);

	if (code != HEED_OK)
		return code;
	if (options->seeds < 3 || options->seeds > HEED__SEEDS)
		return heed__error(ctx, HEED_E_ARGUMENT, "seeds: expected 3 to %d, found %d", HEED__SEEDS,
				   options->seeds);
	study.claim = claim->name;
	heed_report_section(report, claim->name, claim->claim);
	code = claim->run(&study);
	return code != HEED_OK ? code : heed_report_code(report);
}

int64_t heed__study_steps(const heed__study *study, int64_t steps, int64_t quick)
{
	const int64_t wanted = study->options->quick ? quick : steps, most = study->options->most_steps;

	return most > 0 && wanted > most ? most : wanted;
}

int heed__study_examples(const heed__study *study, int count)
{
	const int64_t most = study->options->most_steps;

	return most > 0 && most < count / 200 ? (int)most * 200 : count;
}

/* --- trials --- */

struct heed__trials {
	heed__study *study;
	int kinds;
	heed__trial_fn *work;
	void *user;
	pthread_mutex_t lock; /* of what follows */
	double done;          /* in trials */
	heed_code code;       /* of the first that failed, with its message */
	char message[1024];
};

static int trial_count(const heed__trials *all)
{
	return all->kinds * all->study->options->seeds;
}

/* One trial is `grown` further. */
static void tell(heed__trials *all, double grown)
{
	const heed_claims_options *const o = all->study->options;

	pthread_mutex_lock(&all->lock);
	all->done += grown;
	if (o->tell != NULL)
		o->tell(o->user, all->study->claim, all->done / trial_count(all));
	pthread_mutex_unlock(&all->lock);
}

static bool stopping(heed__trials *all)
{
	bool stop;

	pthread_mutex_lock(&all->lock);
	stop = all->code != HEED_OK;
	pthread_mutex_unlock(&all->lock);
	return stop || heed_interrupted(all->study->ctx);
}

static void keep_error(heed__trials *all, heed_code code, const char *message)
{
	pthread_mutex_lock(&all->lock);
	if (all->code == HEED_OK) {
		all->code = code;
		snprintf(all->message, sizeof all->message, "%s", message);
	}
	pthread_mutex_unlock(&all->lock);
}

heed_code heed__trial_at(heed__trial *trial, double share)
{
	const double now = trial->before + share * trial->part;

	if (now > trial->told) {
		tell(trial->all, now - trial->told);
		trial->told = now;
	}
	return stopping(trial->all) ? HEED_E_INTERRUPTED : HEED_OK;
}

static void run_trial(void *arg, int chunk, int thread)
{
	heed__trials *const all = arg;
	const int seeds = all->study->options->seeds;
	heed__trial t = {.study = all->study,
			 .kind = chunk / seeds,
			 .seed = chunk % seeds,
			 .user = all->user,
			 .all = all,
			 .part = 1};
	heed_code code;

	(void)thread;
	if (stopping(all))
		return;
	t.ctx = heed__ctx_beside(all->study->ctx, 1, heed_ctx_seed(all->study->ctx) + (uint64_t)t.seed);
	if (t.ctx == NULL) {
		keep_error(all, HEED_E_MEMORY, "memory: no context for another run");
		return;
	}
	code = all->work(&t);
	if (code != HEED_OK)
		keep_error(all, code, heed_error_message(t.ctx));
	else
		tell(all, 1 - t.told);
	heed_ctx_free(t.ctx);
}

heed_code heed__study_trials(heed__study *study, int kinds, heed__trial_fn *work, void *user)
{
	heed__trials all = {.study = study, .kinds = kinds, .work = work, .user = user};

	pthread_mutex_init(&all.lock, NULL);
	heed__parallel(study->ctx, trial_count(&all), run_trial, &all);
	pthread_mutex_destroy(&all.lock);
	if (heed_interrupted(study->ctx))
		return heed__error(study->ctx, HEED_E_INTERRUPTED, "%s: stopped on request", study->claim);
	return all.code != HEED_OK ? heed__error(study->ctx, all.code, "%s: %s", study->claim, all.message)
				   : HEED_OK;
}

heed_code heed__study_try(heed__study *study, int kinds, heed__trial_fn *work, size_t size,
			  heed__findings_fn *report)
{
	void *const findings = heed__calloc(study->ctx, 1, size);
	const heed_code code =
		findings != NULL ? heed__study_trials(study, kinds, work, findings) : HEED_E_MEMORY;

	if (code == HEED_OK)
		report(study, findings);
	heed__free(study->ctx, findings);
	return code;
}

/* --- lessons --- */

/* Sets those values that the table has; *known counts them. */
static heed_code set_known(heed_ctx *ctx, const heed_field *fields, void *values, const char *const *settings,
			   int *known)
{
	heed_code code = heed_fields_default(ctx, fields, values);

	for (; code == HEED_OK && settings != NULL && *settings != NULL; settings += 2) {
		const heed_field *const f = heed_field_find(fields, settings[0]);

		if (f == NULL)
			continue;
		code = heed_field_set(ctx, f, values, settings[1]);
		++*known;
	}
	return code;
}

void *heed__study_config(heed_ctx *ctx, const heed_model_class *family, const char *const *settings)
{
	void *const config = heed__calloc(ctx, 1, family->config_size);
	int known = 0;

	if (config != NULL && set_known(ctx, family->fields, config, settings, &known) == HEED_OK)
		return config;
	heed__free(ctx, config);
	return NULL;
}

static int count_settings(const char *const *settings)
{
	int n = 0;

	for (; settings != NULL && *settings != NULL; settings += 2)
		n++;
	return n;
}

static void on_event(void *user, const heed_train_event *e)
{
	heed__trial *const t = user;
	const double share = e->seconds_left >= 0 && e->seconds + e->seconds_left > 0
				     ? e->seconds / (e->seconds + e->seconds_left)
				     : 0;

	if (heed__trial_at(t, e->steps > 0 ? (double)e->step / (double)e->steps : share) != HEED_OK)
		heed_interrupt(t->ctx);
}

/* The options of the training, and the family's own that begin otherwise. */
static heed_code fill_options(heed_ctx *ctx, const heed_model_class *family, const heed__lesson *lesson,
			      heed_train_options *o, void *config)
{
	int known = 0;
	heed_code code = set_known(ctx, heed_train_fields, o, lesson->settings, &known);

	if (code == HEED_OK)
		code = set_known(ctx, family->fields, config, lesson->settings, &known);
	if (code == HEED_OK && known != count_settings(lesson->settings))
		code = heed__error(ctx, HEED_E_INTERNAL, "%s: %d of %d settings are known", lesson->family,
				   known, count_settings(lesson->settings));
	o->steps = lesson->steps;
	o->valid_every = lesson->steps;
	return code;
}

heed_code heed__trial_train(heed__trial *t, const heed__lesson *lesson, heed_trained **trained)
{
	const heed_model_class *const family = heed_model_class_find(lesson->family);
	void *const config = family != NULL ? heed__calloc(t->ctx, 1, family->config_size) : NULL;
	const double start = heed__clock();
	heed_train_options o;
	heed_code code;

	*trained = NULL;
	if (config == NULL)
		return family != NULL ? HEED_E_MEMORY
				      : heed__error(t->ctx, HEED_E_UNSUPPORTED, "this build has no family %s",
						    lesson->family);
	t->part = lesson->part > 0 ? lesson->part : 1 - t->before;
	code = fill_options(t->ctx, family, lesson, &o, config);
	if (code == HEED_OK)
		code = heed_train_in_memory(t->ctx,
					    &(heed_train_job){.family = family,
							      .config = config,
							      .options = &o,
							      .train = lesson->train,
							      .event = on_event,
							      .user = t},
					    trained);
	t->before += t->part;
	heed__free(t->ctx, config);
	if (lesson->seconds != NULL)
		*lesson->seconds = heed__clock() - start;
	return code;
}
