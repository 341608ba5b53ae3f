/* Classifiers: loss, accuracy, F1. */
#include "evaluation.h"

#include "heed/classes.h"
#include "heed/classify.h"
#include "heed/json.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>

enum { WINDOW = 1024 }; /* texts that are sorted by length together */

struct work {
	heed_cli *cli;
	heed_classifier *classifier;
	heed_classes *classes; /* those of the model, and one more for labels it does not know */
	heed_examples *examples;
	heed_line lines[WINDOW];
	int64_t index[WINDOW]; /* of their examples */
	double loss;           /* sum over the texts with known labels */
	int64_t known, cut, first_cut, first_unknown;
};

static heed_code add(void *user, const heed_classified *x)
{
	struct work *w = user;
	const int64_t index = w->index[x->index];
	size_t len;
	const char *label = heed_examples_text(w->examples, index, true, &len);
	int truth;
	const heed_code code = heed_classifier_find(w->classifier, label, len, &truth);

	if (code)
		return code;
	if (x->cut && w->cut++ == 0)
		w->first_cut = index;
	if (truth >= 0) {
		w->known++;
		w->loss -= log((double)x->probabilities[truth]);
	} else {
		truth = heed_classifier_labels(w->classifier);
		if (w->first_unknown < 0)
			w->first_unknown = index;
	}
	return heed_classes_add(w->classes, truth, x->label);
}

/* The next texts, from an example on; blank lines are none. */
static size_t fill_window(struct work *w, int64_t *next)
{
	size_t count = 0;

	for (; *next < heed_examples_count(w->examples) && count < WINDOW; ++*next) {
		heed_line *line = &w->lines[count];
		size_t label_len;

		line->text = heed_examples_text(w->examples, *next, false, &line->len);
		heed_examples_text(w->examples, *next, true, &label_len);
		if (line->len > 0 || label_len > 0)
			w->index[count++] = *next;
	}
	return count;
}

static heed_code classify_all(struct work *w)
{
	heed_progress p = heed_progress_start(w->cli, "evaluating", "text", heed_examples_count(w->examples));
	heed_code code = HEED_OK;
	int64_t next = 0;
	size_t count;

	w->first_unknown = -1;
	while (code == HEED_OK && (count = fill_window(w, &next)) > 0) {
		code = heed_classify(w->classifier, w->lines, count, add, w);
		heed_progress_at(&p, next, NULL);
	}
	heed_progress_end(&p);
	return code;
}

/* --- telling --- */

static void json_score(heed_json *j, const char *label, const heed_class_score *s)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "label", label);
	heed_json_double(j, "precision", s->precision);
	heed_json_double(j, "recall", s->recall);
	heed_json_double(j, "f1", s->f1);
	heed_json_int(j, "texts", s->truths);
	heed_json_int(j, "guessed", s->guesses);
	heed_json_int(j, "right", s->right);
	heed_json_end(j);
}

static void print_json(const struct work *w, const heed_classes_summary *s)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_double(&j, "loss", w->loss / (double)w->known);
	heed_json_double(&j, "accuracy", s->accuracy);
	heed_json_double(&j, "macro_f1", s->f1);
	heed_json_double(&j, "macro_precision", s->precision);
	heed_json_double(&j, "macro_recall", s->recall);
	heed_json_int(&j, "texts", s->items);
	heed_json_int(&j, "unknown_labels", s->items - w->known);
	heed_json_array(&j, "classes");
	for (int k = 0; k < heed_classifier_labels(w->classifier); k++) {
		const heed_class_score score = heed_classes_score(w->classes, k);

		json_score(&j, heed_classifier_label(w->classifier, k), &score);
	}
	heed_json_end(&j);
	heed_json_int(&j, "cut", w->cut);
	heed_json_end(&j);
	putchar('\n');
}

static void warn(const struct work *w, int64_t unknown)
{
	size_t len;

	heed_cli_warn_long(w->cli, w->cut, "text", "cut off", w->first_cut + 1);
	if (unknown > 0)
		heed_cli_warn(w->cli,
			      "%lld %s a label that the model does not know, first \"%.60s\" in line %lld; "
			      "they count as wrong",
			      (long long)unknown, unknown == 1 ? "text has" : "texts have",
			      heed_examples_text(w->examples, w->first_unknown, true, &len),
			      (long long)w->first_unknown + 1);
}

static void tell(const struct work *w)
{
	const heed_classes_summary s = heed_classes_total(w->classes);

	warn(w, s.items - w->known);
	if (w->cli->json) {
		print_json(w, &s);
		return;
	}
	printf("loss\t%.4f\naccuracy\t%.4f\n", w->loss / (double)w->known, s.accuracy);
	printf("macro-f1\t%.4f\ntexts\t%lld\n", s.f1, (long long)s.items);
}

/* --- all of it --- */

static int eval(struct work *w, const heed_trained *model)
{
	const struct eval_options *o = w->cli->options;
	const heed_corpus_options each = heed_eval_every_line(o);
	heed_corpus *corpus = NULL;
	heed_code code;
	int status;

	w->classifier = heed_classifier_new(model, &(heed_classify_options){o->batch_tokens, o->strict});
	w->classes = heed_classes_new(w->cli->ctx);
	if (!w->classifier || !w->classes)
		return heed_cli_fail(w->cli);
	code = heed_corpus_open_labelled(w->cli->ctx, heed_eval_files(&o->labelled), &each, &corpus);
	status = heed_eval_read(w->cli, code, corpus, &o->labelled, &w->examples);
	if (status)
		return status;
	if (classify_all(w))
		return heed_cli_fail(w->cli);
	if (w->known == 0)
		return heed_cli_stop(w->cli, "%s: no text in it has a label that the model knows",
				     o->labelled.items[0]);
	tell(w);
	return HEED_EXIT_OK;
}

int heed_eval_labelled(heed_cli *cli, const heed_trained *model)
{
	struct work *w = calloc(1, sizeof *w);
	int status;

	if (!w)
		return heed_cli_stop(cli, "out of memory");
	w->cli = cli;
	status = eval(w, model);
	heed_examples_free(w->examples);
	heed_classes_free(w->classes);
	heed_classifier_free(w->classifier);
	free(w);
	return status;
}
