/* Checkpoints: the model file of the moment, with the optimizer's moments, the counters and the settings, so that
 * a run that goes on from it reaches the same bytes. */
#include "train/run.h"

#include "base/file.h"
#include "io/json_reader.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_M HEED__STATE "m"
#define MOMENT_V HEED__STATE "v"
#define AVERAGE  HEED__STATE "ema"
#define CARRY    HEED__STATE "carry"

/* Options that may differ between the run and its continuation. */
static const char *const free_options[] = {"epochs",    "steps",  "minutes",    "patience", "keep",
					   "keep-best", "resume", "save-every", NULL};

static bool is_free(const char *name, const heed_train_options *o)
{
	/* the end of these schedules depends on the budget */
	const bool bound = o->schedule == HEED_LINEAR || o->schedule == HEED_COSINE;

	for (int i = bound ? 2 : 0; free_options[i] != NULL; i++)
		if (strcmp(name, free_options[i]) == 0)
			return true;
	return false;
}

static void write_settings(const heed__run *r, heed__str *out)
{
	char text[64];
	heed_json json;

	heed__json_to_str(&json, out);
	heed_json_object(&json, NULL);
	for (const heed_field *f = heed_train_fields; f->name != NULL; f++)
		if (!is_free(f->name, r->options)) {
			heed_field_format(f, r->options, text, sizeof text);
			heed_json_string(&json, f->name, text);
		}
	heed_json_int(&json, "seed", (int64_t)heed_ctx_seed(r->ctx));
	heed_json_int(&json, "data", heed_dataset_fingerprint(r->train));
	heed_json_int(&json, "valid-data",
		      r->valid != NULL ? (int64_t)heed_dataset_fingerprint(r->valid) : 0);
	heed_json_end(&json);
}

static void write_counters(const heed__run *r, heed__str *out)
{
	heed_json json;

	heed__json_to_str(&json, out);
	heed_json_object(&json, NULL);
	heed_json_int(&json, "step", r->step);
	heed_json_int(&json, "tokens", r->tokens);
	heed_json_int(&json, "skipped", r->skipped);
	heed_json_int(&json, "validated", r->validated);
	heed_json_int(&json, "epoch", r->epoch);
	heed_json_int(&json, "batch", r->batch);
	heed_json_int(&json, "micro", r->micro);
	heed_json_int(&json, "bad_in_row", r->bad_in_row);
	heed_json_int(&json, "plateau_bad", r->plateau_bad);
	heed_json_int(&json, "bad_validations", r->bad_validations);
	heed_json_int(&json, "updates", r->optimizer.updates);
	heed_json_int(&json, "loss_steps", r->loss_steps);
	heed_json_double(&json, "plateau", r->plateau);
	heed_json_double(&json, "best", r->best); /* null before the first validation */
	heed_json_double(&json, "loss_sum", r->loss_sum);
	heed_json_double(&json, "seconds", heed__run_seconds(r));
	heed_json_bool(&json, "finished", r->finished);
	heed_json_array(&json, "snapshots");
	for (int i = 0; i < r->snapshot_count; i++) {
		heed_json_array(&json, NULL);
		heed_json_int(&json, NULL, r->snapshots[i].step);
		heed_json_double(&json, NULL, r->snapshots[i].score);
		heed_json_end(&json);
	}
	heed_json_end(&json);
	heed_json_end(&json);
}

static heed__file_tensor block(const char *name, const float *data, size_t floats)
{
	return (heed__file_tensor){
		.name = name, .dtype = HEED__FILE_F32, .rank = 1, .shape = {floats}, .data = data};
}

static heed_code write_checkpoint(heed__run *r, const char *path, const heed__str *counters,
				  const heed__str *settings)
{
	const size_t size = heed_params_size(r->trained.model->params);
	heed__file_tensor blocks[4];
	size_t count = 0;

	blocks[count++] = block(MOMENT_M, r->optimizer.m, size);
	if (r->optimizer.v != NULL)
		blocks[count++] = block(MOMENT_V, r->optimizer.v, size);
	if (r->ema != NULL)
		blocks[count++] = block(AVERAGE, r->ema, size);
	if (r->carry != NULL)
		blocks[count++] = block(CARRY, r->carry, r->carry_floats);
	return heed__run_write(
		r, path, NULL, blocks, count,
		(heed__metadata[]){{HEED__COUNTERS, counters->data}, {HEED__SETTINGS, settings->data}}, 2);
}

static heed__str checkpoint_path(heed_ctx *ctx, const char *output)
{
	heed__str path = heed__str_init(ctx, 0);

	heed__str_addf(&path, "%s.run/checkpoint", output);
	return path;
}

heed_code heed__checkpoint_save(heed__run *r)
{
	heed__str counters = heed__str_init(r->ctx, 0), settings = heed__str_init(r->ctx, 0);
	heed__str path;
	heed_code code = HEED_E_MEMORY;

	if (r->folder == NULL)
		return HEED_OK;
	path = checkpoint_path(r->ctx, r->job->output);
	write_counters(r, &counters);
	write_settings(r, &settings);
	if (!counters.failed && !settings.failed && !path.failed)
		code = write_checkpoint(r, path.data, &counters, &settings);
	heed__str_release(&counters);
	heed__str_release(&settings);
	heed__str_release(&path);
	return code;
}

heed_code heed__checkpoint_find(heed_ctx *ctx, const char *output, heed_model_file **file)
{
	heed__str path = checkpoint_path(ctx, output);
	heed_code code = path.failed ? HEED_E_MEMORY : HEED_OK;

	*file = NULL;
	if (code == HEED_OK && access(path.data, F_OK) == 0)
		code = heed_model_file_open(ctx, path.data, file);
	heed__str_release(&path);
	return code;
}

/* The counters as JSON; *root NULL on an error. */
static heed_code parse_counters(heed_ctx *ctx, const heed_model_file *file, heed__json **root)
{
	const char *const text = heed_model_file_text(file, HEED__COUNTERS);

	*root = NULL;
	if (text == NULL)
		return heed__error(ctx, HEED_E_FORMAT, "checkpoint: it has no state of a training");
	return heed__json_parse(ctx, "checkpoint", text, strlen(text), 16 * HEED__SNAPSHOTS, root);
}

heed_code heed__checkpoint_finished(heed_ctx *ctx, const heed_model_file *file, bool *finished, int64_t *step)
{
	heed__json *root;
	heed_code code = parse_counters(ctx, file, &root);

	if (code == HEED_OK && (!heed__json_bool(heed__json_get(root, "finished"), finished) ||
				!heed__json_int(heed__json_get(root, "step"), step)))
		code = heed__error(ctx, HEED_E_FORMAT, "checkpoint: its state is incomplete");
	heed__json_free(root);
	return code;
}

#define ANEW "removing its folder begins anew"

static heed_code misfit(heed_ctx *ctx, const char *name, const heed__json *before, const heed__json *now)
{
	const char *a, *b;
	int64_t x, y = 0;

	if (heed__json_text(now, &a))
		return heed__error(ctx, HEED_E_FORMAT, "checkpoint: it was made with --%s %s, now %s; " ANEW,
				   name, heed__json_text(before, &b) ? b : "unset", a);
	heed__json_int(before, &y);
	return heed__error(ctx, HEED_E_FORMAT,
			   "checkpoint: it was made with another %s (%lld, now %lld); " ANEW, name,
			   (long long)y, heed__json_int(now, &x) ? (long long)x : 0);
}

static bool same(const heed__json *a, const heed__json *b)
{
	const char *s = "", *t = "";
	int64_t x = 0, y = 0;

	return heed__json_text(a, &s) ? heed__json_text(b, &t) && strcmp(s, t) == 0
				      : heed__json_int(a, &x) && heed__json_int(b, &y) && x == y;
}

/* Every member of the object `now` must be in `then` with the same value. */
static heed_code compare(heed_ctx *ctx, const char *then, const heed__str *now)
{
	const heed__json *value;
	const char *name;
	heed__json *old = NULL, *new = NULL;
	void *place = NULL;
	heed_code code;

	if (then == NULL)
		return heed__error(ctx, HEED_E_FORMAT, "checkpoint: it has no settings");
	if (now->failed)
		return HEED_E_MEMORY;
	code = heed__json_parse(ctx, "settings", now->data, now->len, 4096, &new);
	if (code == HEED_OK)
		code = heed__json_parse(ctx, "checkpoint settings", then, strlen(then), 4096, &old);
	while (code == HEED_OK && heed__json_next(new, &place, &name, &value))
		if (!same(heed__json_get(old, name), value))
			code = misfit(ctx, name, heed__json_get(old, name), value);
	heed__json_free(new);
	heed__json_free(old);
	return code;
}

static heed_code check_settings(heed__run *r, const heed_model_file *file)
{
	heed__str now = heed__str_init(r->ctx, 0);
	heed_code code;

	write_settings(r, &now);
	code = compare(r->ctx, heed_model_file_text(file, HEED__SETTINGS), &now);
	heed__str_release(&now);
	return code;
}

static heed_code check_config(heed__run *r, const heed_model_file *file)
{
	heed__str now = heed__str_init(r->ctx, 0);
	const char *const family = heed_model_file_text(file, HEED__FAMILY);
	heed_code code = heed__config_write(r->ctx, r->trained.model, &now);

	if (code == HEED_OK && (family == NULL || strcmp(family, r->job->family->name) != 0))
		code = heed__error(r->ctx, HEED_E_FORMAT, "checkpoint: it is of family %s, not %s; " ANEW,
				   family != NULL ? family : "none", r->job->family->name);
	if (code == HEED_OK)
		code = compare(r->ctx, heed_model_file_text(file, HEED__CONFIG), &now);
	heed__str_release(&now);
	return code;
}

static bool is_saved_as(const heed_tokenizer *t, const heed__file_tensor *stored)
{
	size_t len;
	const char *const bytes = heed_tokenizer_saved(t, &len);

	return stored != NULL && stored->bytes == len && memcmp(stored->data, bytes, len) == 0;
}

/* The job may bring another tokenizer of the same size. */
static heed_code check_tokenizers(heed__run *r, const heed_model_file *file)
{
	const heed__file_tensor *const source = heed__model_file_find(file, HEED__TOKENIZER);
	const heed__file_tensor *const target = heed__model_file_find(file, HEED__TOKENIZER_TARGET);
	const heed_trained *const t = &r->trained;

	if (is_saved_as(t->source, source) &&
	    (t->target == t->source ? target == NULL : is_saved_as(t->target, target)))
		return HEED_OK;
	return heed__error(r->ctx, HEED_E_FORMAT, "checkpoint: it was made with another tokenizer; " ANEW);
}

static bool read_int(const heed__json *root, const char *name, int64_t least, int64_t most, int64_t *out)
{
	return heed__json_int(heed__json_get(root, name), out) && *out >= least && *out <= most;
}

static bool read_snapshots(heed__run *r, const heed__json *list)
{
	const size_t n = heed__json_size(list);

	if (!heed__json_is_array(list) || n > HEED__SNAPSHOTS)
		return false;
	for (size_t i = 0; i < n; i++) {
		const heed__json *const pair = heed__json_at(list, i);
		heed__snapshot *const s = &r->snapshots[i];

		s->score = INFINITY;
		if (!heed__json_int(heed__json_at(pair, 0), &s->step) || s->step < 0)
			return false;
		heed__json_number(heed__json_at(pair, 1), &s->score);
	}
	r->snapshot_count = (int)n;
	return true;
}

static bool read_counters(heed__run *r, const heed__json *root)
{
	int64_t epoch, batch, micro, bad, plateau_bad, bad_validations;

	r->best = INFINITY;
	heed__json_number(heed__json_get(root, "best"), &r->best);
	if (!read_int(root, "step", 0, INT64_MAX, &r->step) ||
	    !read_int(root, "tokens", 0, INT64_MAX, &r->tokens) ||
	    !read_int(root, "skipped", 0, INT64_MAX, &r->skipped) ||
	    !read_int(root, "validated", 0, r->step, &r->validated) ||
	    !read_int(root, "epoch", 0, INT32_MAX, &epoch) ||
	    !read_int(root, "batch", 0, INT32_MAX, &batch) ||
	    !read_int(root, "micro", 0, UINT32_MAX, &micro) || !read_int(root, "bad_in_row", 0, 5, &bad) ||
	    !read_int(root, "plateau_bad", 0, INT32_MAX, &plateau_bad) ||
	    !read_int(root, "bad_validations", 0, INT32_MAX, &bad_validations) ||
	    !read_int(root, "updates", 0, INT64_MAX, &r->optimizer.updates) ||
	    !read_int(root, "loss_steps", 0, INT64_MAX, &r->loss_steps) ||
	    !heed__json_number(heed__json_get(root, "plateau"), &r->plateau) ||
	    !heed__json_number(heed__json_get(root, "loss_sum"), &r->loss_sum) ||
	    !heed__json_number(heed__json_get(root, "seconds"), &r->seconds) ||
	    !read_snapshots(r, heed__json_get(root, "snapshots")))
		return false;
	r->epoch = (int)epoch;
	r->batch = (int)batch;
	r->micro = (uint32_t)micro;
	r->bad_in_row = (int)bad;
	r->plateau_bad = (int)plateau_bad;
	r->bad_validations = (int)bad_validations;
	return true;
}

static heed_code read_block(const heed_model_file *file, const char *name, float *data, size_t floats)
{
	const heed__file_tensor *t;
	heed_code code;

	if (data == NULL) /* this run has none */
		return HEED_OK;
	code = heed__model_file_need(file, name, HEED__FILE_F32, 1, &floats, &t);
	if (code == HEED_OK)
		memcpy(data, t->data, t->bytes);
	return code;
}

/* The history goes on where it was: its brackets are put back when a file is written. */
static heed_code read_history(heed__run *r, const heed_model_file *file)
{
	const char *const text = heed_model_file_text(file, HEED__HISTORY);
	const size_t n = text != NULL ? strlen(text) : 0;

	heed__str_clear(&r->history);
	if (n > 2)
		heed__str_add(&r->history, text + 1, n - 2);
	return r->history.failed ? HEED_E_MEMORY : HEED_OK;
}

heed_code heed__checkpoint_load(heed__run *r, const heed_model_file *file)
{
	heed_params *const p = r->trained.model->params;
	const size_t size = heed_params_size(p);
	heed__json *root = NULL;
	heed_code code;

	(void)((code = check_config(r, file)) != HEED_OK || (code = check_settings(r, file)) != HEED_OK ||
	       (code = check_tokenizers(r, file)) != HEED_OK ||
	       (code = heed__trained_read_values(file, p, heed_params_values(p))) != HEED_OK ||
	       (code = read_block(file, MOMENT_M, r->optimizer.m, size)) != HEED_OK ||
	       (code = read_block(file, MOMENT_V, r->optimizer.v, size)) != HEED_OK ||
	       (code = read_block(file, AVERAGE, r->ema, size)) != HEED_OK ||
	       (code = read_block(file, CARRY, r->carry, r->carry_floats)) != HEED_OK ||
	       (code = read_history(r, file)) != HEED_OK ||
	       (code = parse_counters(r->ctx, file, &root)) != HEED_OK);
	if (code == HEED_OK && !read_counters(r, root))
		code = heed__error(r->ctx, HEED_E_FORMAT,
				   "checkpoint: its counters are incomplete or out of range");
	heed__json_free(root);
	return code;
}
