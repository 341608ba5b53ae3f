#include "scratch.h"

#include "io/safetensors.h"

#include <errno.h>
#include <math.h>

static heed_ctx *ctx;

static int setup(void **state)
{
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	return ctx ? scratch_make(state) : -1;
}

static int teardown(void **state)
{
	heed_ctx_free(ctx);
	return scratch_remove(state);
}

/* A file with this header and n zero bytes of data. */
static const char *make_file(const char *header, size_t header_len, size_t n)
{
	unsigned char bytes[4096] = {0};

	assert_true(8 + header_len + n <= sizeof bytes);
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)header_len >> 8 * i);
	memcpy(bytes + 8, header, header_len);
	return scratch_write("t.safetensors", bytes, 8 + header_len + n);
}

static heed_code open_header(const char *header, size_t n, heed__safetensors *st)
{
	return heed__safetensors_open(ctx, make_file(header, strlen(header), n), st);
}

static void reads_a_file_made_by_others(void **state)
{
	heed__safetensors st;
	const heed__file_tensor *t;

	(void)state;
	assert_int_equal(
		open_header("{ \"b\" : {\"shape\":[2,3],\"data_offsets\":[2,8],\"dtype\":\"U8\"},\n"
			    "\"__metadata__\":{\"k\":\"v\",\"\":\"empty key\"},"
			    "\"a\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,2]},"
			    "\"none\":{\"dtype\":\"I64\",\"shape\":[0,7],\"data_offsets\":[2,2]}}   ",
			    8, &st),
		HEED_OK);
	assert_int_equal(st.count, 3);
	assert_string_equal(st.tensors[0].name, "a");
	assert_string_equal(st.tensors[1].name, "none");
	assert_string_equal(st.tensors[2].name, "b");
	t = heed__safetensors_find(&st, "b");
	assert_ptr_equal(t, &st.tensors[2]);
	assert_int_equal(t->dtype, HEED__FILE_U8);
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->shape[0], 2);
	assert_int_equal(t->shape[1], 3);
	assert_int_equal(t->bytes, 6);
	assert_ptr_equal(t->data, st.map.data + st.map.len - 6);
	assert_int_equal(heed__safetensors_find(&st, "a")->bytes, 2);
	assert_null(heed__safetensors_find(&st, "__metadata__"));
	assert_null(heed__safetensors_find(&st, "c"));
	assert_string_equal(heed__safetensors_metadata(&st, "k"), "v");
	assert_string_equal(heed__safetensors_metadata(&st, ""), "empty key");
	assert_null(heed__safetensors_metadata(&st, "b"));
	heed__safetensors_close(&st);

	assert_int_equal(open_header("{}", 0, &st), HEED_OK);
	assert_int_equal(st.count, 0);
	heed__safetensors_close(&st);
	assert_int_equal(
		open_header("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, &st),
		HEED_OK);
	assert_int_equal(heed__file_tensor_aligned(&st.tensors[0]), (8 + st.header_len) % 4 == 0);
	heed__safetensors_close(&st);
}

#define T(dtype, shape, offsets)                                                                             \
	"\"x\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void refuses_hostile_headers(void **state)
{
	static const struct {
		const char *header;
		size_t data;
		heed_code code;
		const char *word;
	} bad[] = {
		{"", 0, HEED_E_FORMAT, "no JSON object"},
		{"    ", 0, HEED_E_FORMAT, "no JSON object"},
		{"[]", 0, HEED_E_FORMAT, "no JSON object"},
		{" {}", 0, HEED_E_FORMAT, "no JSON object"},
		{"{}\n", 0, HEED_E_FORMAT, "no JSON object"},
		{"{", 0, HEED_E_FORMAT, "no JSON object"},
		{"{}{}", 0, HEED_E_FORMAT, "line 1"},
		{"{\"\xff\":{}}", 0, HEED_E_FORMAT, "not valid UTF-8"},
		{"{}", 1, HEED_E_FORMAT, "1 bytes of data but the tensors take 0"},
		{"{" T("U8", "[1]", "[0,1]") "," T("U8", "[1]", "[0,1]") "}", 1, HEED_E_FORMAT, "duplicate"},
		{"{\"__metadata__\":{},\"__metadata__\":{}}", 0, HEED_E_FORMAT, "duplicate"},
		{"{\"__metadata__\":[]}", 0, HEED_E_FORMAT, "__metadata__ is no object"},
		{"{\"__metadata__\":{\"a\":1}}", 0, HEED_E_FORMAT, "a is no string"},
		{"{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", 0, HEED_E_FORMAT, "duplicate"},
		{"{\"x\":1}", 0, HEED_E_FORMAT, "x: its entry is no object"},
		{"{\"x\":{}}", 0, HEED_E_FORMAT, "dtype is missing"},
		{"{\"x\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, HEED_E_FORMAT, "dtype is"},
		{"{\"x\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, HEED_E_FORMAT, "shape is missing"},
		{"{\"x\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, HEED_E_FORMAT, "data_offsets"},
		{"{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"y\":0}}", 1, HEED_E_FORMAT,
		 "keys beside"},
		{"{" T("F64", "[1]", "[0,8]") "}", 8, HEED_E_UNSUPPORTED, "unsupported dtype F64"},
		{"{" T("f32", "[1]", "[0,4]") "}", 4, HEED_E_UNSUPPORTED, "unsupported dtype f32"},
		{"{" T("", "[1]", "[0,4]") "}", 4, HEED_E_UNSUPPORTED, "unsupported dtype"},
		{"{" T("U8", "1", "[0,1]") "}", 1, HEED_E_FORMAT, "shape is missing or no array"},
		{"{" T("U8", "[-1]", "[0,1]") "}", 1, HEED_E_FORMAT, "shape holds"},
		{"{" T("U8", "[1.0]", "[0,1]") "}", 1, HEED_E_FORMAT, "shape holds"},
		{"{" T("U8", "[\"1\"]", "[0,1]") "}", 1, HEED_E_FORMAT, "shape holds"},
		{"{" T("U8", "[null]", "[0,1]") "}", 1, HEED_E_FORMAT, "shape holds"},
		{"{" T("U8", "[18446744073709551616]", "[0,1]") "}", 1, HEED_E_FORMAT, "shape holds"},
		{"{" T("U8", "[4294967296,4294967296]", "[0,0]") "}", 0, HEED_E_FORMAT, "too large"},
		{"{" T("F32", "[4611686018427387904]", "[0,0]") "}", 0, HEED_E_FORMAT, "too large"},
		{"{" T("I64", "[9223372036854775807,3]", "[0,8]") "}", 8, HEED_E_FORMAT, "too large"},
		{"{" T("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, HEED_E_UNSUPPORTED, "9 dimensions"},
		{"{" T("U8", "[1]", "[0]") "}", 1, HEED_E_FORMAT, "data_offsets is not"},
		{"{" T("U8", "[1]", "[0,1,1]") "}", 1, HEED_E_FORMAT, "data_offsets is not"},
		{"{" T("U8", "[1]", "[0,-1]") "}", 1, HEED_E_FORMAT, "data_offsets is not"},
		{"{" T("U8", "[1]", "{\"0\":0,\"1\":1}") "}", 1, HEED_E_FORMAT, "data_offsets is not"},
		{"{" T("U8", "[1]", "[1,0]") "}", 1, HEED_E_FORMAT, "[1,0] do not lie"},
		{"{" T("U8", "[1]", "[0,2]") "}", 1, HEED_E_FORMAT, "[0,2] do not lie in the 1"},
		{"{" T("U8", "[9223372036854775807]", "[0,9223372036854775807]") "}", 1, HEED_E_FORMAT,
		 "do not lie"},
		{"{" T("U8", "[2]", "[0,1]") "}", 1, HEED_E_FORMAT, "needs 2 bytes but data_offsets give 1"},
		{"{" T("F32", "[1]", "[0,1]") "}", 1, HEED_E_FORMAT, "needs 4 bytes but data_offsets give 1"},
		{"{" T("U8", "[]", "[0,0]") "}", 0, HEED_E_FORMAT, "needs 1 bytes"},
		{"{" T("U8", "[1]", "[1,2]") "}", 2, HEED_E_FORMAT, "begins at byte 1"},
		{"{" T("U8", "[1]", "[0,1]") "}", 2, HEED_E_FORMAT, "2 bytes of data but the tensors take 1"},
		{"{" T("U8", "[2]",
		       "[0,2]") ",\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
		 3, HEED_E_FORMAT, "y: data begins at byte 1 but that of its predecessor ends at 2"},
		{"{" T("U8", "[1]",
		       "[0,1]") ",\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
		 3, HEED_E_FORMAT, "y: data begins at byte 2 but that of its predecessor ends at 1"},
		{"{" T("U8", "[2]",
		       "[0,2]") ",\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
		 2, HEED_E_FORMAT, "begins at byte 0 but"},
		{"{" T("U8", "[2]",
		       "[0,2]") ",\"y\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
		 2, HEED_E_FORMAT, "y: data begins at byte 1"},
		{"{\"a\\nb\\u001b[31m\":{}}", 0, HEED_E_FORMAT, "a?b?[31m"},
		{"{\"\\u0000\":{}}", 0, HEED_E_FORMAT, "line 1"},
	};
	heed__safetensors st;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const heed_code code = open_header(bad[i].header, bad[i].data, &st);

		if (code != bad[i].code)
			fail_msg("%s: code %d, %s", bad[i].header, code, heed_error_message(ctx));
		assert_message(ctx, "t.safetensors: ", bad[i].word);
	}
}

static void refuses_bad_lengths(void **state)
{
	static const uint64_t lengths[] = {3, 100000001, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63};
	unsigned char bytes[10] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
	heed__safetensors st;

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		assert_int_equal(heed__safetensors_open(ctx, scratch_write("s", bytes, n), &st),
				 HEED_E_FORMAT);
		assert_message(ctx, "/s: ", "bytes");
	}
	assert_int_equal(heed__safetensors_open(ctx, scratch_write("s", bytes, 10), &st), HEED_OK);
	heed__safetensors_close(&st);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memcpy(bytes, &lengths[i], 8);
		assert_int_equal(heed__safetensors_open(ctx, scratch_write("s", bytes, 10), &st),
				 HEED_E_FORMAT);
		assert_message(ctx, "/s: ", "a header of");
	}
	assert_int_equal(heed__safetensors_open(ctx, scratch("absent"), &st), HEED_E_IO);
	assert_message(ctx, "absent", strerror(ENOENT));
	assert_int_not_equal(heed__safetensors_open(ctx, scratch_folder, &st), HEED_OK);
}

/* More JSON values than a header of tensors can need are refused before they cost memory. */
static void refuses_to_be_flooded(void **state)
{
	const size_t n = 1000100;
	char *bytes = malloc(8 + n);
	const uint64_t len = n;
	heed__safetensors st;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, &len, 8);
	memset(bytes + 8, ',', n);
	bytes[8] = '{';
	bytes[8 + n - 1] = '}';
	assert_int_equal(heed__safetensors_open(ctx, scratch_write("flood", bytes, 8 + n), &st),
			 HEED_E_FORMAT);
	assert_message(ctx, "flood", "values, at most");
	free(bytes);
}

static const float floats[6] = {1, 2, 3, -4, 5.5f, 0};
static const int64_t numbers[2] = {-1, INT64_MAX};
static const uint16_t halves[3] = {0x3c00, 0x3f80, 1};

static size_t make_tensors(heed__file_tensor *t)
{
	const heed__file_tensor all[] = {
		{.name = "z.bytes", .dtype = HEED__FILE_U8, .rank = 1, .shape = {3}, .data = "abc"},
		{.name = "w", .dtype = HEED__FILE_F32, .rank = 2, .shape = {2, 3}, .data = floats},
		{.name = "h", .dtype = HEED__FILE_BF16, .rank = 1, .shape = {3}, .data = halves},
		{.name = "b", .dtype = HEED__FILE_F32, .rank = 1, .shape = {1}, .data = floats},
		{.name = "n", .dtype = HEED__FILE_I64, .rank = 1, .shape = {2}, .data = numbers},
		{.name = "none", .dtype = HEED__FILE_F32, .rank = 2, .shape = {0, 4}},
		{.name = "one \"q\" \xc3\xa9", .dtype = HEED__FILE_I8, .rank = 0, .data = "\x7f"},
	};

	memcpy(t, all, sizeof all);
	return sizeof all / sizeof *all;
}

static heed_code write_tensors(const char *path, heed__file_tensor *t, size_t n)
{
	const heed__metadata metadata[] = {{"format", "pt"}, {"text", "line\nquote\" \xe2\x82\xac"}};
	heed__str header = heed__str_init(ctx, 0);
	heed_code code = heed__safetensors_sort(ctx, t, n);

	if (code == HEED_OK)
		code = heed__safetensors_header(ctx, t, n, metadata, 2, &header);
	if (code == HEED_OK)
		code = heed__safetensors_write(ctx, path, &header, t, n);
	heed__str_release(&header);
	return code;
}

static void writes_what_it_reads(void **state)
{
	static const char *const order[] = {"n", "b", "none", "w", "h", "one \"q\" \xc3\xa9", "z.bytes"};
	heed__file_tensor t[8], in[8];
	heed__safetensors st;
	size_t n = make_tensors(t);

	(void)state;
	memcpy(in, t, sizeof in);
	assert_int_equal(write_tensors(scratch("w"), t, n), HEED_OK);
	assert_int_equal(heed__safetensors_open(ctx, scratch("w"), &st), HEED_OK);
	assert_int_equal(st.count, n);
	assert_int_equal((8 + st.header_len) % 64, 0);
	for (size_t i = 0; i < n; i++) {
		const heed__file_tensor *got = heed__safetensors_find(&st, in[i].name);

		assert_string_equal(st.tensors[i].name, order[i]);
		assert_non_null(got);
		assert_int_equal(got->dtype, in[i].dtype);
		assert_int_equal(got->rank, in[i].rank);
		assert_memory_equal(got->shape, in[i].shape, sizeof in[i].shape);
		assert_true(heed__file_tensor_aligned(got));
		if (got->bytes > 0)
			assert_memory_equal(got->data, in[i].data, got->bytes);
	}
	assert_string_equal(heed__safetensors_metadata(&st, "text"), "line\nquote\" \xe2\x82\xac");
	heed__safetensors_close(&st);
}

static void the_order_given_does_not_matter(void **state)
{
	heed__file_tensor t[8];
	size_t n = make_tensors(t), len[2];
	unsigned char *bytes[2];

	(void)state;
	assert_int_equal(write_tensors(scratch("w"), t, n), HEED_OK);
	bytes[0] = scratch_read(scratch("w"), &len[0]);
	n = make_tensors(t);
	for (size_t i = 0; i < n / 2; i++) {
		const heed__file_tensor swap = t[i];

		t[i] = t[n - 1 - i];
		t[n - 1 - i] = swap;
	}
	assert_int_equal(write_tensors(scratch("w"), t, n), HEED_OK);
	bytes[1] = scratch_read(scratch("w"), &len[1]);
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(bytes[0], bytes[1], len[0]);
	free(bytes[0]);
	free(bytes[1]);
}

/* These bytes are the format: a change breaks old files. */
static void the_bytes_are_known(void **state)
{
	static const char expected[] = "\xb8\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\",\"text\":"
				       "\"line\\nquote\\\" \xe2\x82\xac\"},"
				       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
				       "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[4,7]}}"
				       "                    "
				       "\0\0\x80\x3f"
				       "abc";
	heed__file_tensor t[2] = {
		{.name = "a", .dtype = HEED__FILE_U8, .rank = 1, .shape = {3}, .data = "abc"},
		{.name = "b", .dtype = HEED__FILE_F32, .rank = 1, .shape = {1}, .data = floats},
	};
	size_t len;
	unsigned char *bytes;

	(void)state;
	assert_int_equal(write_tensors(scratch("w"), t, 2), HEED_OK);
	bytes = scratch_read(scratch("w"), &len);
	assert_int_equal(len, sizeof expected - 1);
	assert_memory_equal(bytes, expected, len);
	free(bytes);
}

static void refuses_to_write_nonsense(void **state)
{
	heed__file_tensor t[2] = {
		{.name = "a", .dtype = HEED__FILE_U8, .rank = 1, .shape = {1}, .data = "a"},
		{.name = "a", .dtype = HEED__FILE_I8, .rank = 1, .shape = {1}, .data = "a"},
	};
	static const char *const names[] = {"", "__metadata__", "\xff"};
	const heed__metadata twins[] = {{"a", ""}, {"b", ""}, {"a", ""}};
	heed__str header = heed__str_init(ctx, 0);

	(void)state;
	assert_int_equal(write_tensors(scratch("bad"), t, 2), HEED_E_ARGUMENT);
	assert_message(ctx, "two tensors are named a");
	for (size_t i = 0; i < 3; i++) {
		t[0].name = names[i];
		assert_int_equal(write_tensors(scratch("bad"), t, 1), HEED_E_ARGUMENT);
	}
	t[0].name = "a";
	t[0].rank = 9;
	assert_int_equal(write_tensors(scratch("bad"), t, 1), HEED_E_ARGUMENT);
	t[0].rank = 2;
	t[0].shape[0] = t[0].shape[1] = SIZE_MAX / 2;
	assert_int_equal(write_tensors(scratch("bad"), t, 1), HEED_E_ARGUMENT);
	assert_int_equal(heed__safetensors_header(ctx, t, 0, twins, 3, &header), HEED_E_ARGUMENT);
	heed__str_release(&header);
	assert_int_equal(access(scratch("bad"), F_OK), -1);
}

static heed_code check_finite(heed__file_dtype dtype, const void *data)
{
	heed__file_tensor t = {.name = "x", .dtype = dtype, .rank = 1, .shape = {2}, .data = data};

	assert_int_equal(heed__safetensors_sort(ctx, &t, 1), HEED_OK);
	return heed__safetensors_finite(ctx, &t, 1);
}

static void finds_what_is_not_finite(void **state)
{
	(void)state;
	assert_int_equal(check_finite(HEED__FILE_F32, (float[]){3.4e38f, -1e-45f}), HEED_OK);
	assert_int_equal(check_finite(HEED__FILE_F32, (float[]){1, (float)-HUGE_VAL}), HEED_E_NONFINITE);
	assert_message(ctx, "tensor x: element 1 of 2");
	assert_int_equal(check_finite(HEED__FILE_F32, (float[]){nanf(""), 1}), HEED_E_NONFINITE);
	assert_int_equal(check_finite(HEED__FILE_F16, (uint16_t[]){0x7bff, 0x7c00}), HEED_E_NONFINITE);
	assert_int_equal(check_finite(HEED__FILE_F16, (uint16_t[]){0x7bff, 0x3f80}), HEED_OK);
	assert_int_equal(check_finite(HEED__FILE_BF16, (uint16_t[]){0x7f7f, 0x7fc0}), HEED_E_NONFINITE);
	assert_int_equal(check_finite(HEED__FILE_BF16, (uint16_t[]){0x7f7f, 0x7c00}), HEED_OK);
	assert_int_equal(check_finite(HEED__FILE_I32, (uint32_t[]){0x7f800000, 0}), HEED_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_file_made_by_others),
		cmocka_unit_test(refuses_hostile_headers),
		cmocka_unit_test(refuses_bad_lengths),
		cmocka_unit_test(refuses_to_be_flooded),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(the_order_given_does_not_matter),
		cmocka_unit_test(the_bytes_are_known),
		cmocka_unit_test(refuses_to_write_nonsense),
		cmocka_unit_test(finds_what_is_not_finite),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
