/* Validation: the loss on data that is not trained on, and translations of it where they are asked for. */
#include "train/run.h"

#include "heed/metric.h"
#include "heed/translate.h"
#include "io/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

heed_code heed__validate_batch(heed__run *r, int index, double *loss)
{
	const heed_tensor *mean;
	heed_batch batch;
	heed_code code = heed_dataset_batch(r->valid, index, &batch);

	if (code != HEED_OK)
		return code;
	batch.carry = r->valid_carry;
	if (r->valid_carry != NULL && index == 0)
		memset(r->valid_carry, 0, r->valid_carry_floats * sizeof *r->valid_carry);
	heed_tape_mode(r->tape, 0);
	heed_tape_reset(r->tape, 0);
	mean = r->job->family->loss(r->trained.model, r->tape, &batch, NULL);
	code = heed_tape_code(r->tape);
	if (mean != NULL)
		*loss = mean->data[0];
	heed_tape_mode(r->tape, HEED__TRAIN_TAPE);
	return code;
}

/* The mean negative log-likelihood of a target token, without smoothing or dropout. */
static heed_code valid_loss(heed__run *r, double *loss)
{
	double sum = 0;
	int64_t tokens = 0;

	for (int i = 0; i < heed_dataset_batches(r->valid); i++) {
		double mean = 0;
		int rows, targets;
		const heed_code code = heed__validate_batch(r, i, &mean);

		if (code != HEED_OK)
			return code;
		heed_dataset_measure(r->valid, i, &rows, &targets);
		sum += mean * targets;
		tokens += targets;
	}
	*loss = sum / (double)tokens;
	return HEED_OK;
}

/* Labels of a batch that the model finds most probable. */
static int right_labels(const heed_tensor *scores, const int *labels)
{
	const int classes = scores->dim[1];
	int right = 0;

	for (int i = 0; i < scores->dim[0]; i++) {
		const float *const row = scores->data + (size_t)i * (size_t)classes;
		int best = 0;

		for (int c = 1; c < classes; c++)
			if (row[c] > row[best])
				best = c;
		right += best == labels[i];
	}
	return right;
}

static heed_code valid_accuracy(heed__run *r, double *accuracy)
{
	int64_t right = 0, all = 0;
	heed_code code = HEED_OK;

	for (int i = 0; code == HEED_OK && i < heed_dataset_batches(r->valid); i++) {
		const heed_tensor *scores;
		heed_batch batch;

		code = heed_dataset_batch(r->valid, i, &batch);
		if (code != HEED_OK)
			break;
		heed_tape_mode(r->tape, 0);
		heed_tape_reset(r->tape, 0);
		scores = r->job->family->classify(r->trained.model, r->tape, &batch);
		code = heed_tape_code(r->tape);
		if (scores != NULL)
			right += right_labels(scores, batch.labels);
		all += batch.source.spans.count;
		heed_tape_mode(r->tape, HEED__TRAIN_TAPE);
	}
	*accuracy = (double)right / (double)all;
	return code;
}

/* Translations of the validation set on their way into the metrics. */
typedef struct scorer {
	const heed_examples *examples;
	heed_metric *bleu, *chrf;
} scorer;

static heed_code add_translation(void *user, const heed_translation *t)
{
	const scorer *const s = user;
	const heed_segment said = {t->best[0].text, t->best[0].len};
	heed_segment reference;
	heed_code code;

	reference.text = heed_examples_text(s->examples, (int64_t)t->index, true, &reference.len);
	code = heed_metric_add(s->bleu, said, &reference, 1);
	return code != HEED_OK ? code : heed_metric_add(s->chrf, said, &reference, 1);
}

static heed_source source_at(const heed__run *r, size_t index)
{
	heed_source s = {0};

	s.text = heed_examples_text(r->job->valid, (int64_t)index, false, &s.len);
	return s;
}

static heed_code translate_all(heed__run *r, heed_translator *translator, scorer *s, double *bleu,
			       double *chrf)
{
	const size_t count = (size_t)heed_examples_count(s->examples);
	heed_source *const sources = heed__calloc(r->ctx, count, sizeof *sources);
	heed_measure measure;
	heed_code code = sources != NULL ? HEED_OK : HEED_E_MEMORY;

	for (size_t i = 0; code == HEED_OK && i < count; i++)
		sources[i] = source_at(r, i);
	if (code == HEED_OK)
		code = heed_translate(translator, sources, count, add_translation, s);
	if (code == HEED_OK && (code = heed_metric_score(s->bleu, &measure)) == HEED_OK)
		*bleu = measure.score;
	if (code == HEED_OK && (code = heed_metric_score(s->chrf, &measure)) == HEED_OK)
		*chrf = measure.score;
	heed__free(r->ctx, sources);
	return code;
}

static heed_translator *new_translator(heed__run *r)
{
	heed_translate_options options = heed_translate_defaults();

	options.beam = r->options->valid_beam;
	return heed_translator_new(&r->trained, &options);
}

static heed_code valid_translations(heed__run *r, double *bleu, double *chrf)
{
	scorer s = {r->job->valid, heed_bleu_new(r->ctx, NULL), heed_chrf_new(r->ctx, NULL)};
	heed_translator *const translator = new_translator(r);
	const heed_code code = translator != NULL && s.bleu != NULL && s.chrf != NULL
				       ? translate_all(r, translator, &s, bleu, chrf)
				       : heed_error_code(r->ctx);

	heed_translator_free(translator);
	heed_metric_free(s.bleu);
	heed_metric_free(s.chrf);
	return code;
}

bool heed__validate_translates(const heed__run *r)
{
	return r->options->valid_metric == HEED_VALID_BLEU || r->options->valid_metric == HEED_VALID_CHRF;
}

static int by_length(const void *a, const void *b)
{
	const heed_source *const x = a, *const y = b;

	return (x->len < y->len) - (x->len > y->len);
}

static heed_code count_tokens(void *user, const heed_translation *t)
{
	*(int64_t *)user += t->best[0].count + 1;
	return HEED_OK;
}

heed_code heed__validate_longest(heed__run *r, size_t most, int64_t *tokens)
{
	const size_t count = (size_t)heed_examples_count(r->job->valid);
	heed_source *const sources = heed__calloc(r->ctx, count, sizeof *sources);
	heed_translator *const translator = new_translator(r);
	heed_code code = heed_error_code(r->ctx);

	*tokens = 0;
	if (sources != NULL && translator != NULL) {
		for (size_t i = 0; i < count; i++)
			sources[i] = source_at(r, i);
		qsort(sources, count, sizeof *sources, by_length);
		code = heed_translate(translator, sources, count < most ? count : most, count_tokens, tokens);
	}
	heed_translator_free(translator);
	heed__free(r->ctx, sources);
	return code;
}

/* Smaller is better. */
static double score_of(const heed__run *r, const heed_train_event *e)
{
	const double scores[] = {[HEED_VALID_LOSS] = e->loss,
				 [HEED_VALID_BLEU] = -e->bleu,
				 [HEED_VALID_CHRF] = -e->chrf,
				 [HEED_VALID_ACCURACY] = -e->accuracy};
	const double score = scores[r->options->valid_metric];

	return isfinite(score) ? score : INFINITY;
}

static heed_code record(heed__run *r, const heed_train_event *e)
{
	heed_json json;

	if (r->history.len > 0)
		heed__str_addc(&r->history, ',');
	heed__json_to_str(&json, &r->history);
	heed_json_object(&json, NULL);
	heed_json_int(&json, "step", e->step);
	heed_json_int(&json, "epoch", e->epoch);
	heed_json_double(&json, "loss", r->loss_steps > 0 ? r->loss_sum / (double)r->loss_steps : NAN);
	heed_json_double(&json, "valid_loss", e->loss);
	if (!isnan(e->bleu)) {
		heed_json_double(&json, "bleu", e->bleu);
		heed_json_double(&json, "chrf", e->chrf);
	}
	if (!isnan(e->accuracy))
		heed_json_double(&json, "accuracy", e->accuracy);
	heed_json_end(&json);
	r->loss_sum = 0;
	r->loss_steps = 0;
	return r->history.failed ? HEED_E_MEMORY : HEED_OK;
}

/* What a validation changes: the best score, patience, the plateau schedule. */
static void judge(heed__run *r, double score, bool *improved)
{
	const heed_train_options *const o = r->options;

	*improved = score < r->best;
	if (*improved) {
		r->best = score;
		r->bad_validations = r->plateau_bad = 0;
	} else {
		r->bad_validations++;
		if (++r->plateau_bad >= o->plateau_patience) {
			r->plateau *= o->plateau_factor;
			r->plateau_bad = 0;
		}
	}
}

/* Without validation data the weights are still kept, the latest counting as the best. */
static heed_code keep_unjudged(heed__run *r)
{
	const heed_code code = heed__snapshot_add(r, -(double)r->step);

	r->validated = r->step;
	return code != HEED_OK ? code : heed__snapshot_prune(r);
}

heed_code heed__validate(heed__run *r)
{
	heed_params *const p = r->trained.model->params;
	heed_train_event e;
	heed_code code;
	float *raw;

	if (r->valid == NULL)
		return keep_unjudged(r);
	heed__run_tell(r, &e);
	e.kind = HEED_TRAIN_VALID;
	raw = heed_params_use(p, r->ema);
	code = valid_loss(r, &e.loss);
	if (code == HEED_OK && r->job->family->classify != NULL)
		code = valid_accuracy(r, &e.accuracy);
	if (code == HEED_OK && heed__validate_translates(r))
		code = valid_translations(r, &e.bleu, &e.chrf);
	heed_params_use(p, raw);
	if (code != HEED_OK)
		return code;
	r->validated = r->step;
	judge(r, score_of(r, &e), &e.improved);
	e.best = r->options->valid_metric == HEED_VALID_LOSS ? r->best : -r->best;
	e.seconds = heed__run_seconds(r);
	heed__run_report(r, &e);
	(void)((code = record(r, &e)) != HEED_OK ||
	       (code = heed__snapshot_add(r, score_of(r, &e))) != HEED_OK ||
	       (code = heed__snapshot_prune(r)) != HEED_OK);
	if (code == HEED_OK && e.improved)
		code = heed__snapshot_ship(r);
	return code;
}
