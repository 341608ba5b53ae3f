/* Checksums of a model file:
 *
 *	N | {"__metadata__":{"format":"pt","heed.checksum":"<16 digits>",...,"heed.checksums":"<16 digits> ..."},...} | data
 *
 * heed.checksums has one checksum for each tensor's data, in their order. heed.checksum is that of everything
 * before the data but its own 16 digits. Damage to any byte is thus seen, in the digits too. */
#include "io/model_file_impl.h"
#include "io/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT    "1"
#define DIGITS    16
#define CHECKSUM  "heed.checksum"
#define CHECKSUMS "heed.checksums"

struct heed_model_file {
	heed_ctx *ctx;
	char *path;
	heed__safetensors st;
};

static void to_digits(uint64_t sum, char out[DIGITS + 1])
{
	snprintf(out, DIGITS + 1, "%016" PRIx64, sum);
}

/* The digits of heed.checksum among the first n bytes of a file, NULL when they are not there. Quotes inside
 * of JSON strings are escaped, so this finds nothing but the key itself. */
static const char *find_digits(const char *head, size_t n)
{
	static const char key[] = "\"" CHECKSUM "\":\"";
	const char *found = memmem(head, n, key, sizeof key - 1);

	if (!found || n - (size_t)(found - head) < sizeof key - 1 + DIGITS)
		return NULL;
	return found + sizeof key - 1;
}

static uint64_t sum_head(const char *head, size_t n, const char *digits)
{
	const size_t before = (size_t)(digits - head);
	const uint64_t sum = heed__checksum(0, head, before);

	return heed__checksum(sum, digits + DIGITS, n - before - DIGITS);
}

/* --- reading --- */

static heed_code check_head(heed_model_file *f)
{
	const char *head = (const char *)f->st.map.data;
	const size_t n = 8 + f->st.header_len;
	const char *format = heed__safetensors_metadata(&f->st, "heed.format");
	const char *version = heed__safetensors_metadata(&f->st, "heed.version");
	const char *stored = find_digits(head, n);
	char found[DIGITS + 1];

	if (!format || !version || !stored)
		return heed__error(
			f->ctx, HEED_E_FORMAT,
			"%s: not a model of heed: its metadata lacks heed.format, heed.version or " CHECKSUM,
			f->path);
	if (strcmp(format, FORMAT) != 0)
		return heed__error(
			f->ctx, HEED_E_UNSUPPORTED,
			"%s: written in format %.20s by heed %.20s, this is heed %s and reads format " FORMAT,
			f->path, format, version, HEED_VERSION);
	to_digits(sum_head(head, n, stored), found);
	if (memcmp(stored, found, DIGITS) != 0)
		return heed__error(f->ctx, HEED_E_FORMAT,
				   "%s: damaged: the header has the checksum %s but %.16s is stored in it",
				   f->path, found, stored);
	return HEED_OK;
}

static heed_code check_tensors(heed_model_file *f, bool log_each)
{
	const char *const text = heed__safetensors_metadata(&f->st, CHECKSUMS), *stored = text ? text : "";
	const size_t len = strlen(stored), count = f->st.count;
	const heed__file_tensor *first = NULL;
	size_t damaged = 0;

	if (len != (count > 0 ? count * (DIGITS + 1) - 1 : 0))
		return heed__error(f->ctx, HEED_E_FORMAT,
				   "%s: %zu characters of " CHECKSUMS " for %zu tensors", f->path, len,
				   count);
	for (size_t i = 0; i < count; i++, stored += DIGITS + 1) {
		const heed__file_tensor *t = &f->st.tensors[i];
		char found[DIGITS + 1];

		to_digits(heed__checksum(0, t->data, t->bytes), found);
		if (memcmp(stored, found, DIGITS) == 0)
			continue;
		if (log_each)
			heed__log(f->ctx, HEED_LOG_WARN,
				  "%s: tensor %.80s has the checksum %s but %.16s is stored", f->path,
				  t->name, found, stored);
		if (damaged++ == 0)
			first = t;
	}
	if (damaged > 0)
		return heed__error(f->ctx, HEED_E_FORMAT,
				   "%s: damaged: %zu of %zu tensors, the first is %.80s", f->path, damaged,
				   count, first->name);
	return HEED_OK;
}

static heed_code open_file(heed_ctx *ctx, const char *path, bool log_each, heed_model_file **out)
{
	heed_model_file *f = heed__calloc(ctx, 1, sizeof *f);
	heed_code code;

	*out = NULL;
	if (!f)
		return HEED_E_MEMORY;
	f->ctx = f->st.ctx = ctx;
	f->path = heed__strdup(ctx, path);
	if (!f->path) {
		code = HEED_E_MEMORY;
	} else {
		code = heed__safetensors_open(ctx, path, &f->st);
		if (code == HEED_OK)
			code = check_head(f);
		if (code == HEED_OK)
			code = check_tensors(f, log_each);
	}
	if (code == HEED_OK)
		*out = f;
	else
		heed_model_file_close(f);
	return code;
}

heed_code heed_model_file_open(heed_ctx *ctx, const char *path, heed_model_file **file)
{
	return open_file(ctx, path, false, file);
}

void heed_model_file_close(heed_model_file *f)
{
	if (!f)
		return;
	heed__safetensors_close(&f->st);
	heed__free(f->ctx, f->path);
	heed__free(f->ctx, f);
}

heed_code heed_model_file_verify(heed_ctx *ctx, const char *path)
{
	heed_model_file *f;
	const heed_code code = open_file(ctx, path, true, &f);

	heed_model_file_close(f);
	return code;
}

const char *heed_model_file_text(const heed_model_file *f, const char *key)
{
	return heed__safetensors_metadata(&f->st, key);
}

size_t heed_model_file_count(const heed_model_file *f)
{
	return f->st.count;
}

size_t heed_model_file_bytes(const heed_model_file *f)
{
	return f->st.map.len;
}

heed_model_file_entry heed_model_file_tensor(const heed_model_file *f, size_t i)
{
	const heed__file_tensor *t = &f->st.tensors[i];
	const char *sums = heed__safetensors_metadata(&f->st, CHECKSUMS);
	heed_model_file_entry e = {.name = t->name,
				   .dtype = heed__file_dtype_name(t->dtype),
				   .rank = t->rank,
				   .bytes = t->bytes};

	memcpy(e.shape, t->shape, (size_t)t->rank * sizeof *t->shape);
	memcpy(e.checksum, sums + i * (DIGITS + 1), DIGITS);
	return e;
}

const heed__file_tensor *heed__model_file_find(const heed_model_file *f, const char *name)
{
	return heed__safetensors_find(&f->st, name);
}

/* "[2,3]" */
static void print_shape(int rank, const size_t *shape, char *out, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < rank && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%zu", i > 0 ? "," : "", shape[i]);
	if (rank == 0)
		out[0] = '\0';
}

heed_code heed__model_file_need(const heed_model_file *f, const char *name, heed__file_dtype dtype, int rank,
				const size_t *shape, const heed__file_tensor **out)
{
	const heed__file_tensor *t = heed__model_file_find(f, name);
	char want[100], got[100];

	if (!t)
		return heed__error(f->ctx, HEED_E_FORMAT, "%s: tensor %.80s is missing", f->path, name);
	if (t->dtype == dtype && t->rank == rank &&
	    (rank == 0 || memcmp(t->shape, shape, (size_t)rank * sizeof *shape) == 0)) {
		*out = t;
		return HEED_OK;
	}
	print_shape(rank, shape, want, sizeof want);
	print_shape(t->rank, t->shape, got, sizeof got);
	return heed__error(f->ctx, HEED_E_FORMAT, "%s: tensor %.80s is %s [%s], expected %s [%s]", f->path,
			   name, heed__file_dtype_name(t->dtype), got, heed__file_dtype_name(dtype), want);
}

/* --- writing --- */

/* "<digits> <digits> ..." */
static void sum_tensors(const heed__file_tensor *tensors, size_t count, heed__str *out)
{
	for (size_t i = 0; i < count; i++) {
		char digits[DIGITS + 1];

		to_digits(heed__checksum(0, tensors[i].data, tensors[i].bytes), digits);
		heed__str_addf(out, "%s%s", i > 0 ? " " : "", digits);
	}
}

/* The whole metadata: ours around the caller's. */
static heed_code make_head(heed_ctx *ctx, const heed__file_tensor *tensors, size_t count,
			   const heed__metadata *metadata, size_t metadata_count, const char *sums,
			   heed__str *head)
{
	const heed__metadata first[] = {
		{"format", "pt"},
		{CHECKSUM, "0000000000000000"},
		{"heed.format", FORMAT},
		{"heed.version", HEED_VERSION},
	};
	const size_t before = sizeof first / sizeof *first;
	heed__metadata *all = heed__calloc(ctx, before + metadata_count + 1, sizeof *all);
	char found[DIGITS + 1];
	heed_code code;
	size_t at;

	if (!all)
		return HEED_E_MEMORY;
	memcpy(all, first, sizeof first);
	if (metadata_count > 0)
		memcpy(all + before, metadata, metadata_count * sizeof *metadata);
	all[before + metadata_count] = (heed__metadata){CHECKSUMS, sums};
	code = heed__safetensors_header(ctx, tensors, count, all, before + metadata_count + 1, head);
	heed__free(ctx, all);
	if (code)
		return code;
	at = (size_t)(find_digits(head->data, head->len) - head->data);
	to_digits(sum_head(head->data, head->len, head->data + at), found);
	memcpy(head->data + at, found, DIGITS);
	return HEED_OK;
}

heed_code heed__model_file_write(heed_ctx *ctx, const char *path, heed__file_tensor *tensors, size_t count,
				 const heed__metadata *metadata, size_t metadata_count)
{
	heed__str sums = heed__str_init(ctx, 0), head = heed__str_init(ctx, 0);
	heed_code code = heed__safetensors_sort(ctx, tensors, count);

	if (code == HEED_OK)
		code = heed__safetensors_finite(ctx, tensors, count);
	if (code == HEED_OK) {
		sum_tensors(tensors, count, &sums);
		code = sums.failed
			       ? heed_error_code(ctx)
			       : make_head(ctx, tensors, count, metadata, metadata_count, sums.data, &head);
	}
	if (code)
		heed__error_prefix(ctx, "%s: not saved", path);
	else
		code = heed__safetensors_write(ctx, path, &head, tensors, count);
	heed__str_release(&sums);
	heed__str_release(&head);
	return code;
}
