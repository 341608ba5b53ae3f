/* Weights of validations on disk, which of them stay, and the model that is shipped. */
#include "train/run.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SNAPSHOT "step-%08lld.heed"

static heed__str path_of(const heed__run *r, int64_t step)
{
	heed__str path = heed__str_init(r->ctx, 0);

	heed__str_addf(&path, "%s/" SNAPSHOT, r->folder, (long long)step);
	return path;
}

/* The history is put into the file's form for as long as one is written. */
heed_code heed__run_write(heed__run *r, const char *path, const float *values, const heed__file_tensor *extra,
			  size_t extra_count, const heed__metadata *texts, size_t text_count)
{
	heed_code code = HEED_E_MEMORY;
	heed__str text = heed__str_init(r->ctx, 0);

	heed__str_addf(&text, "[%s]", r->history.data);
	r->trained.history = text.data;
	if (!text.failed)
		code = heed__trained_write(&r->trained, path, values, extra, extra_count, texts, text_count);
	r->trained.history = NULL;
	heed__str_release(&text);
	return code;
}

static heed_code write_model(heed__run *r, const char *path, const float *values)
{
	return heed__run_write(r, path, values, NULL, 0, NULL, 0);
}

/* Places of the snapshots from the best to the worst; the later of equals first. */
static void rank(const heed__run *r, int *order)
{
	for (int i = 0; i < r->snapshot_count; i++) {
		int at = i;

		while (at > 0 && r->snapshots[order[at - 1]].score >= r->snapshots[i].score) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

/* Marks what stays: the last and the best, as many as are kept or will be averaged. */
static void choose(const heed__run *r, bool *stays)
{
	const heed_train_options *const o = r->options;
	const int last = o->average_best ? o->keep : larger(o->keep, o->average);
	const int best = larger(o->average_best ? larger(o->keep_best, o->average) : o->keep_best, 1);
	int order[HEED__SNAPSHOTS];

	rank(r, order);
	for (int i = 0; i < r->snapshot_count; i++)
		stays[i] = i >= r->snapshot_count - last;
	for (int i = 0; i < best && i < r->snapshot_count; i++)
		stays[order[i]] = true;
}

heed_code heed__snapshot_add(heed__run *r, double score)
{
	heed__str path;
	heed_code code;

	if (r->folder == NULL)
		return HEED_OK;
	path = path_of(r, r->step);
	code = path.failed ? HEED_E_MEMORY : write_model(r, path.data, heed__run_weights(r));
	heed__str_release(&path);
	if (code == HEED_OK && r->snapshot_count == HEED__SNAPSHOTS)
		code = heed__error(r->ctx, HEED_E_ARGUMENT, "keep: more than %d weights on disk",
				   HEED__SNAPSHOTS);
	if (code == HEED_OK)
		r->snapshots[r->snapshot_count++] = (heed__snapshot){r->step, score};
	return code;
}

/* Files go only after a checkpoint that no longer names them is on disk: a run killed in between finds what it
 * needs. */
heed_code heed__snapshot_prune(heed__run *r)
{
	bool stays[HEED__SNAPSHOTS];
	heed__snapshot gone[HEED__SNAPSHOTS];
	int kept = 0, gone_count = 0;
	heed_code code;

	if (r->folder == NULL)
		return HEED_OK;
	choose(r, stays);
	for (int i = 0; i < r->snapshot_count; i++)
		if (stays[i])
			r->snapshots[kept++] = r->snapshots[i];
		else
			gone[gone_count++] = r->snapshots[i];
	r->snapshot_count = kept;
	code = heed__checkpoint_save(r);
	for (int i = 0; code == HEED_OK && i < gone_count; i++) {
		heed__str path = path_of(r, gone[i].step);

		if (!path.failed)
			unlink(path.data);
		heed__str_release(&path);
	}
	return code;
}

static bool is_kept(const heed__run *r, const char *name)
{
	for (int i = 0; i < r->snapshot_count; i++) {
		char kept[64];

		snprintf(kept, sizeof kept, SNAPSHOT, (long long)r->snapshots[i].step);
		if (strcmp(name, kept) == 0)
			return true;
	}
	return false;
}

void heed__snapshot_sweep(const heed__run *r, bool anew)
{
	static const char snapshot[] = "step-", temporary[] = "checkpoint.tmp.";
	DIR *const folder = opendir(r->folder);
	const struct dirent *e;

	while (folder != NULL && (e = readdir(folder)) != NULL)
		if ((strncmp(e->d_name, snapshot, sizeof snapshot - 1) == 0 && !is_kept(r, e->d_name)) ||
		    strncmp(e->d_name, temporary, sizeof temporary - 1) == 0 ||
		    (anew && strcmp(e->d_name, "checkpoint") == 0))
			unlinkat(dirfd(folder), e->d_name, 0);
	if (folder != NULL)
		closedir(folder);
}

static heed_code read_snapshot(heed__run *r, int64_t step, float *values)
{
	heed__str path = path_of(r, step);
	heed_model_file *file = NULL;
	heed_code code = path.failed ? HEED_E_MEMORY : heed_model_file_open(r->ctx, path.data, &file);

	if (code == HEED_OK)
		code = heed__trained_read_values(file, r->trained.model->params, values);
	heed_model_file_close(file);
	heed__str_release(&path);
	return code;
}

/* The mean of the snapshots in `steps`, summed in double in their order. */
static heed_code average(heed__run *r, const int64_t *steps, int count, float *values)
{
	const size_t size = heed_params_size(r->trained.model->params);
	double *sum;
	heed_code code;

	if (count == 1)
		return read_snapshot(r, steps[0], values);
	sum = heed__calloc(r->ctx, size, sizeof *sum);
	code = sum != NULL ? HEED_OK : HEED_E_MEMORY;
	for (int s = 0; code == HEED_OK && s < count; s++) {
		code = read_snapshot(r, steps[s], values);
		for (size_t i = 0; code == HEED_OK && i < size; i++)
			sum[i] += values[i];
	}
	for (size_t i = 0; code == HEED_OK && i < size; i++)
		values[i] = (float)(sum[i] / count);
	heed__free(r->ctx, sum);
	return code;
}

heed_code heed__snapshot_ship(heed__run *r)
{
	const heed_train_options *const o = r->options;
	const int want = o->average > 0 ? o->average : 1,
		  n = r->snapshot_count < want ? r->snapshot_count : want;
	const bool by_rank = o->average == 0 || o->average_best;
	int64_t steps[HEED__SNAPSHOTS];
	int order[HEED__SNAPSHOTS];
	heed_code code;
	float *values;

	if (r->folder == NULL)
		return HEED_OK;
	if (n == 0)
		return write_model(r, r->job->output, heed__run_weights(r));
	values = heed__calloc(r->ctx, heed_params_size(r->trained.model->params), sizeof *values);
	if (values == NULL)
		return HEED_E_MEMORY;
	rank(r, order);
	for (int i = 0; i < n; i++)
		steps[i] = r->snapshots[by_rank ? order[i] : r->snapshot_count - n + i].step;
	code = average(r, steps, n, values);
	if (code == HEED_OK)
		code = write_model(r, r->job->output, values);
	heed__free(r->ctx, values);
	return code;
}
