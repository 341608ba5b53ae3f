/* Classifiers: accuracy and F1. */
#include "evaluation.h"

#include "heed/classify.h"
#include "heed/json.h"
#include "progress.h"

#include <math.h>

enum { WINDOW = 1024 }; /* texts that are sorted by length together */

struct work {
	heed_cli *cli;
	heed_classifier *classifier;
	heed_examples *examples;
	heed_line lines[WINDOW];
	int64_t first; /* of the window */
	double loss;   /* sum over the known labels */
	int64_t known, right;
};

static heed_code add(void *user, const heed_classified *x)
{
	struct work *w = user;
	size_t len;
	const char *label = heed_examples_text(w->examples, w->first + (int64_t)x->index, true, &len);
	int wanted;
	const heed_code code = heed_classifier_find(w->classifier, label, len, &wanted);

	if (code == HEED_OK && wanted >= 0) {
		w->known++;
		w->right += wanted == x->label;
		w->loss -= log((double)x->probabilities[wanted]);
	}
	return code;
}

static heed_code classify_all(struct work *w)
{
	const int64_t all = heed_examples_count(w->examples);
	heed_progress p = heed_progress_start(w->cli, "evaluating", "text", all);
	heed_code code = HEED_OK;

	for (w->first = 0; w->first < all && code == HEED_OK; w->first += WINDOW) {
		const int64_t left = all - w->first, n = left < WINDOW ? left : WINDOW;

		for (int64_t i = 0; i < n; i++)
			w->lines[i].text =
				heed_examples_text(w->examples, w->first + i, false, &w->lines[i].len);
		code = heed_classify(w->classifier, w->lines, (size_t)n, add, w);
		heed_progress_at(&p, w->first + n, NULL);
	}
	heed_progress_end(&p);
	return code;
}

int heed_eval_labelled(heed_cli *cli, const heed_trained *model)
{
	struct work w = {.cli = cli, .classifier = heed_classifier_new(model, NULL)};
	const struct eval_options *o = cli->options;
	const heed_corpus_options each = heed_eval_every_line(o);
	heed_corpus *corpus = NULL;
	heed_code code;
	int status;

	if (!w.classifier)
		return heed_cli_fail(cli);
	code = heed_corpus_open_labelled(cli->ctx, heed_eval_files(&o->labelled), &each, &corpus);
	status = heed_eval_read(cli, code, corpus, &o->labelled, &w.examples);
	if (status == HEED_EXIT_OK && classify_all(&w))
		status = heed_cli_fail(cli);
	if (status == HEED_EXIT_OK)
		printf("accuracy\t%.4f\n", (double)w.right / (double)heed_examples_count(w.examples));
	heed_examples_free(w.examples);
	heed_classifier_free(w.classifier);
	return status;
}
