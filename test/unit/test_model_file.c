#include "scratch.h"

#include "io/checksum.h"
#include "io/model_file_impl.h"
#include "shortage.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static heed_ctx *ctx;

static char last_log[512];
static int log_lines;

static void keep_log(void *user, heed_log_level level, const char *line)
{
	(void)user;
	assert_int_equal(level, HEED_LOG_WARN);
	snprintf(last_log, sizeof last_log, "%s", line);
	log_lines++;
}

/* An allocator that refuses the call of one number. */
static shortage memory;

static int setup(void **state)
{
	ctx = heed_ctx_new(&(heed_ctx_options){
		.threads = 1, .log = keep_log, .alloc = shortage_alloc, .alloc_user = &memory});
	return ctx ? scratch_make(state) : -1;
}

static int teardown(void **state)
{
	heed_ctx_free(ctx);
	return scratch_remove(state) == 0 && memory.blocks == 0 ? 0 : -1;
}

static float weights[6] = {1, 2, 3, -4, 5.5f, 0};
static const int64_t step = 12345;

static heed_code save_to(heed_ctx *c, const char *path)
{
	heed__file_tensor t[] = {
		{.name = HEED__TOKENIZER, .dtype = HEED__FILE_U8, .rank = 1, .shape = {5}, .data = "a\nb\0c"},
		{.name = "enc0.w", .dtype = HEED__FILE_F32, .rank = 2, .shape = {2, 3}, .data = weights},
		{.name = HEED__STATE "step", .dtype = HEED__FILE_I64, .rank = 0, .data = &step},
	};
	const heed__metadata metadata[] = {
		{HEED__FAMILY, "transformer"},
		{HEED__CONFIG, "{\"width\":8,\"norm\":\"pre\"}"},
		{HEED__TOKENIZER, "char"},
		{HEED__HISTORY, "[]"},
	};

	return heed__model_file_write(c, path, t, 3, metadata, 4);
}

static heed_code save(const char *path)
{
	return save_to(ctx, path);
}

static void saves_and_opens(void **state)
{
	const heed__file_tensor *t = NULL;
	heed_model_file_entry e;
	heed_model_file *f;

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	assert_int_equal(scratch_count(false), 1);
	assert_int_equal(heed_model_file_open(ctx, scratch("m"), &f), HEED_OK);
	assert_string_equal(heed_model_file_text(f, "heed.family"), "transformer");
	assert_string_equal(heed_model_file_text(f, "heed.config"), "{\"width\":8,\"norm\":\"pre\"}");
	assert_string_equal(heed_model_file_text(f, "heed.tokenizer"), "char");
	assert_string_equal(heed_model_file_text(f, "heed.version"), HEED_VERSION);
	assert_string_equal(heed_model_file_text(f, "format"), "pt");
	assert_null(heed_model_file_text(f, "heed.absent"));

	assert_int_equal(heed_model_file_count(f), 3);
	e = heed_model_file_tensor(f, 1);
	assert_string_equal(e.name, "enc0.w");
	assert_string_equal(e.dtype, "F32");
	assert_int_equal(e.rank, 2);
	assert_int_equal(e.shape[1], 3);
	assert_int_equal(e.bytes, 24);
	assert_int_equal(strspn(e.checksum, "0123456789abcdef"), 16);
	assert_int_equal(heed_model_file_bytes(f) % 64, 8 + 24 + 5);

	assert_non_null(heed__model_file_find(f, HEED__TOKENIZER));
	assert_memory_equal(heed__model_file_find(f, HEED__TOKENIZER)->data, "a\nb\0c", 5);
	assert_int_equal(heed__model_file_need(f, "enc0.w", HEED__FILE_F32, 2, (size_t[]){2, 3}, &t),
			 HEED_OK);
	assert_true(heed__file_tensor_aligned(t));
	assert_memory_equal(t->data, weights, sizeof weights);
	heed_model_file_close(f);
	assert_int_equal(heed_model_file_verify(ctx, scratch("m")), HEED_OK);
	assert_int_equal(log_lines, 0);
	heed_model_file_close(NULL);
}

static void says_what_is_not_as_needed(void **state)
{
	const heed__file_tensor *t;
	heed_model_file *f;

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	assert_int_equal(heed_model_file_open(ctx, scratch("m"), &f), HEED_OK);
	assert_int_equal(heed__model_file_need(f, "dec", HEED__FILE_F32, 1, (size_t[]){2}, &t),
			 HEED_E_FORMAT);
	assert_message(ctx, "/m: tensor dec is missing");
	assert_int_equal(heed__model_file_need(f, "enc0.w", HEED__FILE_F32, 2, (size_t[]){3, 2}, &t),
			 HEED_E_FORMAT);
	assert_message(ctx, "tensor enc0.w is F32 [2,3], expected F32 [3,2]");
	assert_int_equal(heed__model_file_need(f, "enc0.w", HEED__FILE_I8, 0, NULL, &t), HEED_E_FORMAT);
	assert_message(ctx, "tensor enc0.w is F32 [2,3], expected I8 []");
	heed_model_file_close(f);
}

static void the_same_model_is_the_same_bytes(void **state)
{
	size_t n[2];
	unsigned char *bytes[2];

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	assert_int_equal(save(scratch("m2")), HEED_OK);
	bytes[0] = scratch_read(scratch("m"), &n[0]);
	bytes[1] = scratch_read(scratch("m2"), &n[1]);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(bytes[0], bytes[1], n[0]);
	free(bytes[0]);
	free(bytes[1]);
}

static void must_not_open(const unsigned char *bytes, size_t n, const char *what, size_t where)
{
	heed_model_file *f;
	const heed_code code = heed_model_file_open(ctx, scratch_write("damaged", bytes, n), &f);

	if (code != HEED_E_FORMAT && code != HEED_E_UNSUPPORTED)
		fail_msg("%s at byte %zu of %zu: code %d", what, where, n, code);
	assert_null(f);
	assert_message(ctx, "/damaged: ");
}

static void every_truncation_is_seen(void **state)
{
	unsigned char *bytes;
	size_t n;

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes = scratch_read(scratch("m"), &n);
	for (size_t i = 0; i < n; i++)
		must_not_open(bytes, i, "cut", i);
	bytes[n] = 0;
	must_not_open(bytes, n + 1, "one more", n);
	free(bytes);
}

static void every_damaged_byte_is_seen(void **state)
{
	static const unsigned char changes[] = {0x01, 0x20, 0x80, 0xff};
	unsigned char *bytes;
	size_t n;

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes = scratch_read(scratch("m"), &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof changes; k++) {
			bytes[i] ^= changes[k];
			must_not_open(bytes, n, "flip", i);
			bytes[i] ^= changes[k];
		}
	}
	free(bytes);
}

static void verify_names_every_damaged_tensor(void **state)
{
	unsigned char *bytes;
	size_t n;

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes = scratch_read(scratch("m"), &n);
	bytes[n - 1] ^= 4;
	bytes[n - 6] ^= 4;
	scratch_write("d", bytes, n);
	log_lines = 0;
	assert_int_equal(heed_model_file_verify(ctx, scratch("d")), HEED_E_FORMAT);
	assert_message(ctx, "/d: damaged: 2 of 3 tensors, the first is enc0.w");
	assert_int_equal(log_lines, 2);
	assert_non_null(strstr(last_log, "tensor heed.tokenizer has the checksum "));
	free(bytes);

	assert_int_equal(heed_model_file_verify(ctx, scratch("absent")), HEED_E_IO);
	assert_message(ctx, "absent", strerror(ENOENT));
}

static void other_files_are_no_models(void **state)
{
	static const char plain[] = "\x02\0\0\0\0\0\0\0{}";
	unsigned char *bytes, *at;
	size_t n;

	(void)state;
	must_not_open((const unsigned char *)plain, 10, "plain safetensors", 0);
	assert_message(ctx, "not a model of heed");
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes = scratch_read(scratch("m"), &n);
	at = memmem(bytes, n, "\"heed.format\":\"1\"", 17);
	assert_non_null(at);
	at[15] = '2';
	must_not_open(bytes, n, "format 2", 0);
	assert_int_equal(heed_error_code(ctx), HEED_E_UNSUPPORTED);
	assert_message(ctx, "format 2 by heed " HEED_VERSION);
	free(bytes);
}

static void what_is_not_finite_is_not_saved(void **state)
{
	size_t n[2];
	unsigned char *bytes[2];

	(void)state;
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes[0] = scratch_read(scratch("m"), &n[0]);
	weights[4] = nanf("");
	assert_int_equal(save(scratch("m")), HEED_E_NONFINITE);
	weights[4] = 5.5f;
	assert_message(ctx, "/m: not saved: tensor enc0.w: element 4 of 6");
	bytes[1] = scratch_read(scratch("m"), &n[1]);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(bytes[0], bytes[1], n[0]);
	free(bytes[0]);
	free(bytes[1]);
}

static void metadata_of_heed_cannot_be_given(void **state)
{
	const heed__metadata own = {"heed.checksum", "0123456789abcdef"};

	(void)state;
	assert_int_equal(heed__model_file_write(ctx, scratch("x"), NULL, 0, &own, 1), HEED_E_ARGUMENT);
	assert_message(ctx, "heed.checksum");
	assert_int_equal(heed__model_file_write(ctx, scratch("x"), NULL, 0, NULL, 0), HEED_OK);
	assert_int_equal(heed_model_file_verify(ctx, scratch("x")), HEED_OK);
}

static void where_it_cannot_write_it_says_so(void **state)
{
	char path[600];

	(void)state;
	scratch_count(true);
	assert_int_equal(save(scratch("no/folder/m")), HEED_E_IO);
	assert_message(ctx, "no/folder/m", strerror(ENOENT));
	scratch_write("file", "", 0);
	assert_int_equal(save(scratch("file/m")), HEED_E_IO);
	assert_message(ctx, "file/m", strerror(ENOTDIR));
	assert_int_equal(mkdir(scratch("locked"), 0500), 0);
	snprintf(path, sizeof path, "%s/m", scratch("locked"));
	if (geteuid() != 0) { /* root may write anywhere */
		assert_int_equal(save(path), HEED_E_IO);
		assert_message(ctx, "locked/m", strerror(EACCES));
	}
	assert_int_equal(scratch_count(true), 2);
}

/* A limit on the size of files stands for a full disk: write() fails half-way. */
static void a_full_disk_leaves_the_old_file(void **state)
{
	struct rlimit old, low;
	unsigned char *bytes;
	heed_code code;
	size_t n;

	(void)state;
	scratch_count(true);
	assert_int_equal(save(scratch("m")), HEED_OK);
	bytes = scratch_read(scratch("m"), &n);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (size_t limit = 0; limit < n; limit += 97) {
		low = old;
		low.rlim_cur = limit;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
		code = save(scratch("m"));
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(code, HEED_E_IO);
		assert_message(ctx, "/m: ", strerror(EFBIG));
		assert_int_equal(scratch_count(false), 1);
		assert_int_equal(heed_model_file_verify(ctx, scratch("m")), HEED_OK);
	}
	free(bytes);
}

static void every_failed_allocation_is_survived(void **state)
{
	heed_code code;

	(void)state;
	scratch_count(true);
	memory.kept = memory.blocks;
	do {
		heed_model_file *f = NULL;

		shortage_begin(&memory);
		code = save(scratch("m"));
		if (code == HEED_OK)
			code = heed_model_file_open(ctx, scratch("m"), &f);
		heed_model_file_close(f);
	} while (shortage_felt(&memory, code));
	assert_true(memory.tries > 10);
	assert_int_equal(scratch_count(true), 1);
}

/* The values are part of the format. */
static void checksums_are_known(void **state)
{
	unsigned char bytes[100];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	assert_true(heed__checksum(0, NULL, 0) == UINT64_C(0x6c6761b68f8e4978));
	assert_true(heed__checksum(0, bytes, 100) == UINT64_C(0x05d623867979ad99));
	assert_true(heed__checksum(1, bytes + 1, 31) == UINT64_C(0x06ef7cca982aab88));
}

static void checksums_see_every_bit(void **state)
{
	unsigned char bytes[75] = {0};

	(void)state;
	for (size_t n = 1; n <= sizeof bytes; n++) {
		const uint64_t sum = heed__checksum(0, bytes, n);

		assert_true(sum != heed__checksum(1, bytes, n));
		assert_true(sum != heed__checksum(0, bytes, n - 1));
		for (size_t i = 0; i < 8 * n; i++) {
			bytes[i / 8] ^= (unsigned char)(1 << i % 8);
			assert_true(sum != heed__checksum(0, bytes, n));
			bytes[i / 8] ^= (unsigned char)(1 << i % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saves_and_opens),
		cmocka_unit_test(says_what_is_not_as_needed),
		cmocka_unit_test(the_same_model_is_the_same_bytes),
		cmocka_unit_test(every_truncation_is_seen),
		cmocka_unit_test(every_damaged_byte_is_seen),
		cmocka_unit_test(verify_names_every_damaged_tensor),
		cmocka_unit_test(other_files_are_no_models),
		cmocka_unit_test(what_is_not_finite_is_not_saved),
		cmocka_unit_test(metadata_of_heed_cannot_be_given),
		cmocka_unit_test(where_it_cannot_write_it_says_so),
		cmocka_unit_test(a_full_disk_leaves_the_old_file),
		cmocka_unit_test(every_failed_allocation_is_survived),
		cmocka_unit_test(checksums_are_known),
		cmocka_unit_test(checksums_see_every_bit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
