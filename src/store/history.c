/* The history and the state that src/train writes into model files, for whoever wants to look at them. */
#include "heed/history.h"

#include "io/json_reader.h"
#include "store/trained_impl.h"

#include <math.h>
#include <string.h>

#define MAX_VALUES (1 << 22)

/* The metadata `key` as JSON; *root stays NULL when the file has none. */
static heed_code parse(heed_ctx *ctx, const heed_model_file *file, const char *key, heed__json **root)
{
	const char *const text = heed_model_file_text(file, key);

	*root = NULL;
	return text != NULL ? heed__json_parse(ctx, key, text, strlen(text), MAX_VALUES, root) : HEED_OK;
}

static int64_t integer(const heed__json *object, const char *key)
{
	int64_t x = -1;

	heed__json_int(heed__json_get(object, key), &x);
	return x;
}

static double number(const heed__json *object, const char *key)
{
	double x = NAN;

	heed__json_number(heed__json_get(object, key), &x);
	return x;
}

static heed_code read_points(heed_history *h, const heed_model_file *file)
{
	heed_history_point *points = NULL;
	const heed__json *value;
	void *place = NULL;
	const char *key;
	heed__json *root;
	heed_code code = parse(h->ctx, file, HEED__HISTORY, &root);

	if (code == HEED_OK && root != NULL && !heed__json_is_array(root))
		code = heed__error(h->ctx, HEED_E_FORMAT, "%s: expected an array", HEED__HISTORY);
	if (code == HEED_OK &&
	    (points = heed__calloc(h->ctx, heed__json_size(root) + 1, sizeof *points)) == NULL)
		code = HEED_E_MEMORY;
	h->points = points;
	while (code == HEED_OK && heed__json_next(root, &place, &key, &value)) {
		if (!heed__json_is_object(value)) {
			code = heed__error(h->ctx, HEED_E_FORMAT, "%s: entry %zu is no object", HEED__HISTORY,
					   h->count + 1);
			break;
		}
		points[h->count++] = (heed_history_point){.step = integer(value, "step"),
							  .epoch = integer(value, "epoch"),
							  .loss = number(value, "loss"),
							  .valid_loss = number(value, "valid_loss"),
							  .bleu = number(value, "bleu"),
							  .chrf = number(value, "chrf")};
	}
	heed__json_free(root);
	return code;
}

static heed_code read_state(heed_history *h, const heed_model_file *file)
{
	heed__json *root;
	const heed_code code = parse(h->ctx, file, HEED__COUNTERS, &root);

	if (code != HEED_OK || root == NULL)
		return code;
	h->checkpoint = true;
	h->state = (heed_history_state){.step = integer(root, "step"),
					.epoch = integer(root, "epoch"),
					.batch = integer(root, "batch"),
					.tokens = integer(root, "tokens"),
					.skipped = integer(root, "skipped"),
					.seconds = number(root, "seconds")};
	heed__json_bool(heed__json_get(root, "finished"), &h->state.finished);
	heed__json_free(root);
	return HEED_OK;
}

static heed_code read_settings(heed_history *h, const heed_model_file *file)
{
	heed_history_setting *settings;
	const heed__json *value;
	void *place = NULL;
	const char *key;
	heed__json *root;
	const heed_code code = parse(h->ctx, file, HEED__SETTINGS, &root);

	if (code != HEED_OK || root == NULL)
		return code;
	h->texts = root;
	h->settings = settings = heed__calloc(h->ctx, heed__json_size(root) + 1, sizeof *settings);
	if (settings == NULL)
		return HEED_E_MEMORY;
	while (heed__json_next(root, &place, &key, &value)) {
		heed_history_setting *const s = &settings[h->setting_count++];

		s->name = key;
		if (key == NULL || (!heed__json_text(value, &s->text) && !heed__json_int(value, &s->number)))
			return heed__error(h->ctx, HEED_E_FORMAT, "%s: entry %zu is no setting",
					   HEED__SETTINGS, h->setting_count);
	}
	return HEED_OK;
}

heed_code heed_history_read(heed_ctx *ctx, const heed_model_file *file, heed_history **history)
{
	heed_history *const h = heed__calloc(ctx, 1, sizeof *h);
	heed_code code;

	*history = NULL;
	if (h == NULL)
		return HEED_E_MEMORY;
	h->ctx = ctx;
	code = read_points(h, file);
	if (code == HEED_OK)
		code = read_state(h, file);
	if (code == HEED_OK)
		code = read_settings(h, file);
	if (code == HEED_OK)
		*history = h;
	else
		heed_history_free(h);
	return code;
}

void heed_history_free(heed_history *h)
{
	if (h == NULL)
		return;
	heed__json_free(h->texts);
	heed__free(h->ctx, (void *)(uintptr_t)h->points);
	heed__free(h->ctx, (void *)(uintptr_t)h->settings);
	heed__free(h->ctx, h);
}
