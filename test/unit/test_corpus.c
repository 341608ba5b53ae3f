#include "scratch.h"

#include "heed/corpus.h"
#include "shortage.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

static heed_ctx *ctx;
static char logged[4][512];
static int log_lines;

static void keep_log(void *user, heed_log_level level, const char *line)
{
	(void)user;
	assert_int_equal(level, HEED_LOG_WARN);
	snprintf(logged[log_lines++ % 4], sizeof logged[0], "%s", line);
}

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

/* A file of a string that may hold NULs. */
#define FILE_OF(name, literal) scratch_write(name, literal, sizeof(literal) - 1)

static heed_files one(const char **path)
{
	return (heed_files){path, 1};
}

/* Reads all records into one string: "source|target\n" each; the code of the end. */
static char got[1 << 16];
static heed_corpus_report report;

static heed_code read_all(heed_code code, heed_corpus *c)
{
	heed_record r;
	size_t used = 0;

	got[0] = '\0';
	while (code == HEED_OK && (code = heed_corpus_next(c, &r)) == HEED_OK && r.source) {
		used += (size_t)snprintf(got + used, sizeof got - used, "%.*s", (int)r.source_len, r.source);
		if (r.target)
			used += (size_t)snprintf(got + used, sizeof got - used, "|%.*s", (int)r.target_len,
						 r.target);
		used += (size_t)snprintf(got + used, sizeof got - used, "\n");
		assert_true(used < sizeof got);
	}
	if (code == HEED_OK) { /* and it stays at the end */
		assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
		assert_null(r.source);
	}
	if (c)
		report = heed_corpus_tell(c);
	return code;
}

static heed_code read_text(const char *path, int flags, size_t max_line)
{
	heed_corpus *c;
	heed_code code = heed_corpus_open_text(
		ctx, one(&path), &(heed_corpus_options){.flags = flags, .max_line = max_line}, &c);

	code = read_all(code, c);
	log_lines = 0;
	heed_corpus_warn(c);
	heed_corpus_close(c);
	return code;
}

static heed_code read_pairs(const char *source, const char *target, int flags, size_t max_line)
{
	heed_corpus *c;
	heed_code code =
		heed_corpus_open_pairs(ctx, one(&source), one(&target),
				       &(heed_corpus_options){.flags = flags, .max_line = max_line}, &c);

	code = read_all(code, c);
	log_lines = 0;
	heed_corpus_warn(c);
	heed_corpus_close(c);
	return code;
}

static heed_code read_fields(const char *path, bool labelled, int flags)
{
	heed_corpus *c;
	const heed_corpus_options o = {.flags = flags, .max_line = 20};
	heed_code code = labelled ? heed_corpus_open_labelled(ctx, one(&path), &o, &c)
				  : heed_corpus_open_tsv(ctx, one(&path), &o, &c);

	code = read_all(code, c);
	heed_corpus_close(c);
	return code;
}

static void lines_end_in_every_way(void **state)
{
	(void)state;
	assert_int_equal(read_text(FILE_OF("a", "one\ntwo\r\nthree\r\r\n fo ur "), 0, 0), HEED_OK);
	assert_string_equal(got, "one\ntwo\nthree\r\n fo ur \n");
	assert_int_equal(report.lines, 4);
	assert_int_equal(report.records, 4);
	assert_int_equal(report.empty_records, 0);
	assert_int_equal(log_lines, 0);
	assert_int_equal(read_text(FILE_OF("a", "\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"), 0, 0), HEED_OK);
	assert_string_equal(got, "one\n\xef\xbb\xbftwo\n");
	assert_int_equal(read_text(FILE_OF("a", "x"), 0, 0), HEED_OK);
	assert_string_equal(got, "x\n");
	assert_int_equal(read_text(FILE_OF("a", "x\r"), 0, 0), HEED_OK);
	assert_string_equal(got, "x\n");
}

static void records_know_their_place(void **state)
{
	const char *const paths[] = {FILE_OF("a", "1\n2"), FILE_OF("b", "\xef\xbb\xbf\n3\n")};
	heed_corpus *c;
	heed_record r;

	(void)state;
	assert_int_equal(heed_corpus_open_text(ctx, (heed_files){paths, 2}, NULL, &c), HEED_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
		assert_int_equal(r.source[0], '1' + i);
		assert_int_equal(r.source_len, 1);
		assert_string_equal(r.file, paths[i / 2]);
		assert_int_equal(r.line, i == 0 ? 1 : 2);
		assert_null(r.target);
	}
	assert_int_equal(heed_corpus_tell(c).empty_records, 1);
	assert_string_equal(heed_corpus_tell(c).first_empty.file, paths[1]);
	heed_corpus_close(c);
	heed_corpus_close(NULL);
	heed_corpus_warn(NULL);
}

static void bad_bytes_are_replaced_and_counted(void **state)
{
	const char *path = FILE_OF("bad", "good\n\xc3\xa9\xff\xc3x\0y\n\xed\xa0\x80z\n");

	(void)state;
	assert_int_equal(read_text(path, 0, 0), HEED_OK);
	assert_string_equal(got, "good\n\xc3\xa9\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbdy\n"
				 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\n");
	assert_int_equal(report.invalid_bytes, 6);
	assert_int_equal(report.first_invalid.line, 2);
	assert_int_equal(report.first_invalid.byte, 3);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(logged[0],
			       "corpus: 6 bytes that are not valid UTF-8 replaced by U+FFFD, the first at"));
	assert_non_null(strstr(logged[0], "/bad:2:3"));

	assert_int_equal(read_text(path, HEED_CORPUS_STRICT, 0), HEED_E_TEXT);
	assert_message(ctx, "corpus: the byte 0xff is not valid UTF-8", "/bad:2:3");
	assert_string_equal(got, "good\n");
	assert_int_equal(read_text(FILE_OF("nul", "a\0b\n"), HEED_CORPUS_STRICT, 0), HEED_E_TEXT);
	assert_message(ctx, "0x00", "/nul:1:2");
	/* places count from the start of the file's line, the byte order mark included */
	assert_int_equal(read_text(FILE_OF("mark", "\xef\xbb\xbf\xff\n"), HEED_CORPUS_STRICT, 0),
			 HEED_E_TEXT);
	assert_message(ctx, "/mark:1:4");
}

static void long_lines_are_skipped_and_counted(void **state)
{
	const char *path =
		FILE_OF("long", "12345\n123456\n12345\r\n12345\r\r\n123456\r\nxxxxxxxxxxxx\n\nend");

	(void)state;
	assert_int_equal(read_text(path, 0, 5), HEED_OK);
	assert_string_equal(got, "12345\n12345\nend\n");
	assert_int_equal(report.lines, 8);
	assert_int_equal(report.records, 3);
	assert_int_equal(report.long_records, 4);
	assert_int_equal(report.empty_records, 1);
	assert_int_equal(report.first_long.line, 2);
	assert_int_equal(log_lines, 2);
	assert_non_null(strstr(logged[0], "4 lines skipped for being longer than 5 bytes, the first at "));
	assert_non_null(strstr(logged[0], "/long:2"));
	assert_non_null(strstr(logged[1], "1 of 8 lines skipped for being empty, the first at "));
	assert_int_equal(read_text(path, HEED_CORPUS_STRICT, 5), HEED_E_TEXT);
	assert_message(ctx, "more than 5 bytes", "/long:2");

	/* one for one */
	assert_int_equal(read_text(path, HEED_CORPUS_EVERY_LINE, 5), HEED_OK);
	assert_string_equal(got, "12345\n\n12345\n\n\n\n\nend\n");
	assert_int_equal(report.records, report.lines);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(logged[0], "4 lines taken as empty"));
}

/* Lines of every length around the size of the reader's block, where a line has two parts. */
static void blocks_leave_no_seams(void **state)
{
	const size_t size = 65536;
	char *bytes = malloc(size + 64);

	(void)state;
	assert_non_null(bytes);
	for (size_t first = size - 4; first <= size + 1; first++) {
		heed_corpus *c;
		heed_record r;
		const char *path;

		memset(bytes, 'a', first);
		memcpy(bytes + first, "\r\n\xc3\xa9t\xc3\xa9\nlast", 12);
		path = scratch_write("seam", bytes, first + 12);
		assert_int_equal(heed_corpus_open_text(ctx, one(&path), NULL, &c), HEED_OK);
		assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
		if (first <= HEED_CORPUS_MAX_LINE) {
			assert_int_equal(r.source_len, first);
			assert_memory_equal(r.source, bytes, first);
			assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
		}
		assert_int_equal(r.source_len, 5);
		assert_memory_equal(r.source, "\xc3\xa9t\xc3\xa9", 5);
		assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
		assert_int_equal(r.source_len, 4);
		assert_int_equal(heed_corpus_tell(c).long_records, first > HEED_CORPUS_MAX_LINE);
		assert_int_equal(heed_corpus_tell(c).invalid_bytes, 0);
		heed_corpus_close(c);
	}
	free(bytes);
}

static void a_huge_line_costs_no_memory(void **state)
{
	const size_t size = 1 << 22;
	char *bytes = malloc(size);
	const size_t before = heed_ctx_memory(ctx).bytes;
	heed_corpus *c;
	heed_record r;
	const char *path;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	memcpy(bytes + size - 5, "\nend\n", 5);
	path = scratch_write("huge", bytes, size);
	free(bytes);
	assert_int_equal(heed_corpus_open_text(ctx, one(&path), NULL, &c), HEED_OK);
	assert_int_equal(heed_corpus_next(c, &r), HEED_OK);
	assert_int_equal(r.line, 2);
	assert_memory_equal(r.source, "end", 3);
	assert_true(heed_ctx_memory(ctx).bytes - before < 4 * HEED_CORPUS_MAX_LINE);
	heed_corpus_close(c);
}

static void pairs_stay_together(void **state)
{
	const char *source = FILE_OF("s", "one\n\ntwo\nthree is long\nfour\n  \n\xff"
					  "\n");
	const char *target = FILE_OF("t", "eins\nleer\n\ndrei\nvier ist lang\n\t\nsechs");

	(void)state;
	assert_int_equal(read_pairs(source, target, 0, 8), HEED_OK);
	assert_string_equal(got, "one|eins\n\xef\xbf\xbd|sechs\n");
	assert_int_equal(report.lines, 7);
	assert_int_equal(report.records, 2);
	assert_int_equal(report.empty_records, 3);
	assert_int_equal(report.long_records, 2);
	assert_int_equal(report.invalid_bytes, 1);
	assert_non_null(strstr(logged[1], "/s:4"));
	assert_int_equal(report.first_long.line, 4);
	assert_int_equal(report.first_empty.line, 2);
	assert_int_equal(log_lines, 3);
	assert_non_null(strstr(logged[2], "3 of 7 pairs skipped for being empty"));

	assert_int_equal(read_pairs(source, target, HEED_CORPUS_STRICT, 8), HEED_E_TEXT);
	assert_message(ctx, "a pair with one empty side", "/s:2");
	assert_int_equal(read_pairs(source, target, HEED_CORPUS_EVERY_LINE, 8), HEED_OK);
	assert_string_equal(got, "one|eins\n|leer\ntwo|\n|\n|\n  |\t\n\xef\xbf\xbd|sechs\n");

	/* a blank line on both sides is no lost translation */
	assert_int_equal(read_pairs(FILE_OF("s", "a\n\n"), FILE_OF("t", "b\n\n"), HEED_CORPUS_STRICT, 8),
			 HEED_OK);
	assert_int_equal(report.empty_records, 1);
}

static void sides_of_unequal_length_are_an_error(void **state)
{
	const char *paths[] = {FILE_OF("t1", "1\n2\n"), FILE_OF("t2", "3\n4")};
	const char *source = FILE_OF("s", "1\n2\n3\n");
	heed_corpus *c;

	(void)state;
	assert_int_equal(read_pairs(FILE_OF("a", "1\n2\n3\n"), FILE_OF("b", "1\n2\n"), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "corpus: sides of unequal length: 3 lines in ", "/a but 2 in ", "/b");
	assert_int_equal(read_pairs(FILE_OF("a", "1\n"), FILE_OF("b", "1\n2\n3\n4"), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "1 lines in ", "/a but 4 in ", "/b");

	assert_int_equal(heed_corpus_open_pairs(ctx, one(&source), (heed_files){paths, 2}, NULL, &c),
			 HEED_OK);
	assert_int_equal(read_all(HEED_OK, c), HEED_E_FORMAT);
	assert_message(ctx, "3 lines in ", "/s but 4 in ", "/t1 and 1 more");
	heed_corpus_close(c);
	scratch_write("s", "1\n2\n3\n4\n", 8);
	assert_int_equal(heed_corpus_open_pairs(ctx, one(&source), (heed_files){paths, 2}, NULL, &c),
			 HEED_OK);
	assert_int_equal(read_all(HEED_OK, c), HEED_OK);
	assert_string_equal(got, "1|1\n2|2\n3|3\n4|4\n");
	heed_corpus_close(c);
}

static void tsv_has_two_fields(void **state)
{
	(void)state;
	assert_int_equal(
		read_fields(FILE_OF("t", "a\tb\r\n\nx y\tz\n\tno\nno\t\n \t \n123456789012345678901\n"),
			    false, 0),
		HEED_OK);
	assert_string_equal(got, "a|b\nx y|z\n");
	assert_int_equal(report.lines, 7);
	assert_int_equal(report.empty_records, 4);
	assert_int_equal(report.long_records, 1);
	assert_int_equal(report.first_empty.line, 2);
	assert_int_equal(read_fields(FILE_OF("t", "a\tb\na\tb\tc\n"), false, 0), HEED_E_FORMAT);
	assert_message(ctx, "3 fields separated by tabs, expected 2 (source and target)", "/t:2");
	assert_int_equal(read_fields(FILE_OF("t", "a b\n"), false, 0), HEED_E_FORMAT);
	assert_message(ctx, "1 fields separated by tabs", "/t:1");
	assert_int_equal(read_fields(FILE_OF("t", "a\t\n"), false, HEED_CORPUS_STRICT), HEED_E_TEXT);
	assert_message(ctx, "one empty side", "/t:1");
}

static void labelled_text_has_a_label(void **state)
{
	(void)state;
	assert_int_equal(read_fields(FILE_OF("l", "good\tfine film\nbad\t\xff\n\ngood\t\n"), true, 0),
			 HEED_OK);
	assert_string_equal(got, "fine film|good\n\xef\xbf\xbd|bad\n");
	assert_int_equal(report.empty_records, 2);
	assert_int_equal(read_fields(FILE_OF("l", "good\tfine\n\tno label\n"), true, 0), HEED_E_FORMAT);
	assert_message(ctx, "an empty label", "/l:2");
	assert_int_equal(read_fields(FILE_OF("l", "good\n"), true, 0), HEED_E_FORMAT);
	assert_message(ctx, "expected 2 (label and text)", "/l:1");
}

static const char *pack(const char *name, const char *mode, const char *text, size_t n)
{
	const char *path = scratch(name);
	gzFile f = gzopen(path, mode);

	assert_non_null(f);
	assert_int_equal(gzwrite(f, text, (unsigned)n), n);
	assert_int_equal(gzclose(f), Z_OK);
	return path;
}

static void gzip_is_read_as_it_is(void **state)
{
	const char *path = pack("g.gz", "wb", "one\ntw", 6);

	(void)state;
	assert_int_equal(read_text(path, 0, 0), HEED_OK);
	assert_string_equal(got, "one\ntw\n");
	/* members follow each other as one text */
	pack("g.gz", "ab", "o\n", 2);
	pack("g.gz", "ab", "", 0);
	pack("g.gz", "ab", "three", 5);
	assert_int_equal(read_text(path, 0, 0), HEED_OK);
	assert_string_equal(got, "one\ntwo\nthree\n");
	assert_int_equal(read_text(pack("g.gz", "wb", "", 0), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "g.gz: an empty file");
	/* a plain file may begin like a gzip file and not be one */
	assert_int_equal(read_text(FILE_OF("a", "\x1f"), 0, 0), HEED_OK);
	assert_int_equal(read_text(FILE_OF("a", "\x1fx"), 0, 0), HEED_OK);
}

static void damaged_gzip_is_an_error(void **state)
{
	static char text[3000];
	unsigned char *bytes;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 50 == 49 ? '\n' : (char)('a' + (i * i + i / 7) % 26);
	bytes = scratch_read(pack("g.gz", "wb", text, sizeof text), &n);
	for (size_t i = 2; i < n; i++) {
		assert_int_equal(read_text(scratch_write("cut", bytes, i), 0, 0), HEED_E_FORMAT);
		assert_message(ctx, "/cut: cut off: the gzip data ends early, after ", " bytes of text");
	}
	bytes[n / 2] ^= 0x10;
	assert_int_equal(read_text(scratch_write("damaged", bytes, n), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "/damaged: damaged gzip data after ");
	bytes[n / 2] ^= 0x10;
	bytes[n - 8] ^= 1; /* the checksum at the end */
	assert_int_equal(read_text(scratch_write("damaged", bytes, n), 0, 0), HEED_E_FORMAT);
	bytes[n - 8] ^= 1;
	bytes[n] = 'x';
	assert_int_equal(read_text(scratch_write("damaged", bytes, n + 1), 0, 0), HEED_E_FORMAT);
	bytes[n + 1] = 'y';
	assert_int_equal(read_text(scratch_write("damaged", bytes, n + 2), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "/damaged: damaged gzip data after 3000 bytes of text: incorrect header check");
	free(bytes);
}

static void what_cannot_be_read_says_why(void **state)
{
	const char *none = NULL;
	heed_corpus *c;

	(void)state;
	assert_int_equal(read_text(scratch("absent"), 0, 0), HEED_E_IO);
	assert_message(ctx, "/absent: could not be opened: ", strerror(ENOENT));
	assert_int_equal(read_text(scratch_folder, 0, 0), HEED_E_IO);
	assert_message(ctx, scratch_folder, strerror(EISDIR));
	if (geteuid() != 0) { /* root may read anything */
		assert_int_equal(chmod(FILE_OF("locked", "x"), 0), 0);
		assert_int_equal(read_text(scratch("locked"), 0, 0), HEED_E_IO);
		assert_message(ctx, "/locked: ", strerror(EACCES));
	}
	assert_int_equal(read_text(FILE_OF("empty", ""), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "/empty: an empty file");
	assert_int_equal(read_text(FILE_OF("empty", ""), HEED_CORPUS_EVERY_LINE, 0), HEED_OK);
	assert_int_equal(read_text(FILE_OF("blank", "\n \n123456\n"), 0, 5), HEED_E_FORMAT);
	assert_message(ctx, "/blank: nothing to use: of 3 lines 2 are empty and 1 too long");
	assert_int_equal(read_text(FILE_OF("blank", "\xef\xbb\xbf"), 0, 0), HEED_E_FORMAT);
	assert_message(ctx, "/blank: nothing to use: of 0 lines");
	assert_int_equal(read_pairs(FILE_OF("a", "x\n"), scratch("absent"), 0, 0), HEED_E_IO);

	assert_int_equal(heed_corpus_open_text(ctx, (heed_files){&none, 0}, NULL, &c), HEED_E_ARGUMENT);
	assert_null(c);
	assert_int_equal(read_text(scratch("a"), 0, SIZE_MAX), HEED_E_ARGUMENT);
	assert_int_equal(read_pairs("-", "-", 0, 0), HEED_E_ARGUMENT);
	assert_message(ctx, "standard input is given more than once");
}

static void binary_files_are_refused(void **state)
{
	unsigned char bytes[1000];
	static const char utf16[] = "\xff\xfeh\0e\0l\0l\0o\0 \0w\0o\0r\0l\0d\0\n\0";

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 167 + i / 3);
	assert_int_equal(read_text(scratch_write("bin", bytes, sizeof bytes), 0, 0), HEED_E_FORMAT);
	assert_message(
		ctx, "/bin: looks like a binary file or text that is not UTF-8: ", "of its first 1000 bytes");
	assert_int_equal(read_text(scratch("bin"), HEED_CORPUS_ANY_BYTES, 0), HEED_OK);
	assert_true(report.invalid_bytes > 100);
	assert_int_equal(read_text(scratch_write("bin", utf16, sizeof utf16 - 1), 0, 0), HEED_E_FORMAT);
	/* nine bad bytes in a hundred are text with errors */
	memset(bytes, 'a', sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i += 11)
		bytes[i] = 0xe4;
	assert_int_equal(read_text(scratch_write("latin", bytes, sizeof bytes), 0, 0), HEED_OK);
	assert_int_equal(report.invalid_bytes, 91);
}

static void standard_input_is_a_file(void **state)
{
	int ends[2], saved = dup(STDIN_FILENO);
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) { /* byte by byte, so that nothing comes in one piece */
		for (const char *p = "\xef\xbb\xbfone\r\n\xff\nx"; *p; p++) {
			if (write(ends[1], p, 1) != 1)
				_exit(1);
			usleep(1000);
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	assert_int_equal(read_text("-", 0, 0), HEED_OK);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_string_equal(got, "one\n\xef\xbf\xbd\nx\n");
	assert_non_null(strstr(logged[0], "standard input:2:1"));
}

static void every_failed_allocation_is_survived(void **state)
{
	const char *source = pack("g.gz", "wb", "a\xff\nb\n", 5);
	const char *target = FILE_OF("t", "x\ny");
	heed_code code;

	(void)state;
	memory.kept = memory.blocks;
	do {
		shortage_begin(&memory);
		code = read_pairs(source, target, 0, 0);
	} while (shortage_felt(&memory, code));
	assert_true(memory.tries > 8);
	assert_string_equal(got, "a\xef\xbf\xbd|x\nb|y\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_in_every_way),
		cmocka_unit_test(records_know_their_place),
		cmocka_unit_test(bad_bytes_are_replaced_and_counted),
		cmocka_unit_test(long_lines_are_skipped_and_counted),
		cmocka_unit_test(blocks_leave_no_seams),
		cmocka_unit_test(a_huge_line_costs_no_memory),
		cmocka_unit_test(pairs_stay_together),
		cmocka_unit_test(sides_of_unequal_length_are_an_error),
		cmocka_unit_test(tsv_has_two_fields),
		cmocka_unit_test(labelled_text_has_a_label),
		cmocka_unit_test(gzip_is_read_as_it_is),
		cmocka_unit_test(damaged_gzip_is_an_error),
		cmocka_unit_test(what_cannot_be_read_says_why),
		cmocka_unit_test(binary_files_are_refused),
		cmocka_unit_test(standard_input_is_a_file),
		cmocka_unit_test(every_failed_allocation_is_survived),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
