/* What is said of sequence models, tried out: each claim is an experiment that can come out either way.
 *
 *	heed_report *r = heed_report_new(ctx, "Claims");
 *	heed_claims_options o = heed_claims_defaults();
 *
 *	for (int i = 0; heed_claim_name(i, NULL) != NULL; i++)
 *		if (heed_claim_try(ctx, heed_claim_name(i, NULL), &o, r) != HEED_OK) ...
 *	heed_report_html(r, write, user);
 *	heed_report_free(r);
 *
 * Data are made, not read: a function of the seed. Every family is trained with several seeds, as many at a time as the
 * context has threads, each on one thread; what comes out does not depend on their number, but for measured times. The
 * sentence of a finding follows from the numbers, and says so when a claim did not hold. */
#ifndef HEED_CLAIMS_H
#define HEED_CLAIMS_H

#include "heed/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_CLAIM_SEEDS_MAX 16

typedef struct heed_claims_options {
	int seeds;          /* runs of each family, 3..HEED_CLAIM_SEEDS_MAX; default 3 */
	bool quick;         /* less training: a first look, in two minutes */
	int64_t most_steps; /* of any training; 0, the default: as many as the experiment has */
	/* Called now and then with the share of the claim that is done, 0..1: on any thread, but one at a time. May be
	 * NULL. */
	void (*tell)(void *user, const char *claim, double share);
	void *user;
} heed_claims_options;
heed_claims_options heed_claims_defaults(void);

/* The name of the n-th claim, and what is claimed; NULL behind the last one. */
const char *heed_claim_name(int n, const char **claim);

/* Tries one claim and adds a section to the report: how it was tried, tables, plots, and the finding. HEED_E_ARGUMENT:
 * no claim has that name, or an option is out of range; HEED_E_INTERRUPTED, HEED_E_MEMORY. */
heed_code heed_claim_try(heed_ctx *ctx, const char *name, const heed_claims_options *options,
			 heed_report *report);

#ifdef __cplusplus
}
#endif
#endif
