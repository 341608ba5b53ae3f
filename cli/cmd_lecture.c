/* heed lecture: the worked figures of the lecture notes, by heed's own ops. */
#include "heed/json.h"
#include "heed/lecture.h"
#include "options.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 3 };

struct report {
	heed_cli *cli;
	heed_json json;
	int figures, rows, agreeing; /* rows that the notes have */
};

/* ---- text, 80 columns ---- */

static const char *bold(const struct report *r)
{
	return r->cli->color ? "\033[1m" : "";
}

static const char *plain(const struct report *r)
{
	return r->cli->color ? "\033[0m" : "";
}

/* Words, wrapped and indented; `lead` stands before the first. */
static void print_words(const char *lead, const char *text)
{
	int at = printf("%*s%s", INDENT, "", lead);

	while (*text) {
		const int length = (int)strcspn(text, " ");

		if (at > INDENT && at + 1 + length > WIDTH)
			at = printf("\n%*s", INDENT, "") - 1;
		at += printf("%s%.*s", at > INDENT ? " " : "", length, text);
		text += length;
		text += *text == ' ';
	}
	putchar('\n');
}

/* Whole numbers as such, others with four digits. */
static void print_value(float x)
{
	if (x == floorf(x) && fabsf(x) < 1e6F)
		printf("%8.0f", (double)x);
	else
		printf("%8.4f", (double)x);
}

static void print_columns(const heed_lecture_figure *f)
{
	printf("%*s%-17s", INDENT, "", "");
	for (int i = 0; i < HEED_LECTURE_VALUES && f->columns[i]; i++)
		printf("%8.8s", f->columns[i]);
	putchar('\n');
}

/* Whether the notes' own digits are all there: '=', or '~' when they round, '!' when it is something else. */
static char mark_of(const heed_lecture_row *row)
{
	if (!row->agrees)
		return '!';
	for (int i = 0; i < row->count; i++)
		if (fabs((double)row->heed[i] - row->notes[i]) > 1e-5)
			return '~';
	return '=';
}

static void print_row(const struct report *r, const heed_lecture_row *row)
{
	char mark;

	printf("%*s%-17s", INDENT, "", row->name);
	for (int i = 0; i < row->count; i++)
		print_value(row->heed[i]);
	if (row->written) {
		mark = mark_of(row);
		printf("%*s %s%c%s %s", 8 * (HEED_LECTURE_VALUES - row->count), "",
		       !r->cli->color ? ""
		       : mark == '!'  ? "\033[31m"
				      : "\033[32m",
		       mark, plain(r), row->written);
	}
	putchar('\n');
}

static void print_figure(const struct report *r, const heed_lecture_figure *f)
{
	printf("%s%d. %s%s (notes %d)\n", bold(r), r->figures, f->title, plain(r), f->notes);
	print_words("", f->setting);
	if (f->columns)
		print_columns(f);
	for (int i = 0; i < f->row_count; i++)
		print_row(r, &f->rows[i]);
	if (f->slip)
		print_words("slip:", f->slip);
	putchar('\n');
}

/* ---- JSON ---- */

static void json_row(heed_json *j, const heed_lecture_row *row)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "name", row->name);
	heed_json_string(j, "op", row->op);
	heed_json_array(j, "heed");
	for (int i = 0; i < row->count; i++)
		heed_json_float(j, NULL, row->heed[i]);
	heed_json_end(j);
	if (row->written) {
		heed_json_string(j, "written", row->written);
		heed_json_array(j, "notes");
		for (int i = 0; i < row->count; i++)
			heed_json_double(j, NULL, row->notes[i]);
		heed_json_end(j);
		heed_json_double(j, "within", row->within);
		heed_json_bool(j, "agrees", row->agrees);
	}
	heed_json_end(j);
}

static void json_figure(heed_json *j, const heed_lecture_figure *f)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "name", f->name);
	heed_json_string(j, "title", f->title);
	heed_json_int(j, "notes", f->notes);
	heed_json_string(j, "setting", f->setting);
	heed_json_string(j, "slip", f->slip);
	heed_json_array(j, "rows");
	for (int i = 0; i < f->row_count; i++)
		json_row(j, &f->rows[i]);
	heed_json_end(j);
	heed_json_end(j);
}

static void tell(void *user, const heed_lecture_figure *f)
{
	struct report *r = user;

	r->figures++;
	for (int i = 0; i < f->row_count; i++)
		if (f->rows[i].written) {
			r->rows++;
			r->agreeing += f->rows[i].agrees;
		}
	if (r->cli->json)
		json_figure(&r->json, f);
	else
		print_figure(r, f);
}

static void finish(struct report *r)
{
	if (!r->cli->json) {
		printf("%d of %d rows agree with the notes: = to the digit, ~ as the notes round.\n",
		       r->agreeing, r->rows);
		return;
	}
	heed_json_end(&r->json);
	heed_json_int(&r->json, "rows", r->rows);
	heed_json_int(&r->json, "agree", r->agreeing);
	heed_json_end(&r->json);
	putchar('\n');
}

static int run(heed_cli *cli)
{
	struct report r = {.cli = cli};

	if (cli->json) {
		heed_json_to_file(&r.json, stdout);
		heed_json_object(&r.json, NULL);
		heed_json_array(&r.json, "figures");
	}
	if (heed_lecture(cli->ctx, tell, &r))
		return heed_cli_fail(cli);
	finish(&r);
	if (r.agreeing < r.rows)
		return heed_cli_stop(cli, "%d of %d rows differ from the notes", r.rows - r.agreeing, r.rows);
	return HEED_EXIT_OK;
}

const heed_command heed_cmd_lecture = {
	.name = "lecture",
	.kind = HEED_KIND_LOOK,
	.about = "the lecture notes' worked figures, computed",
	.run = run,
	.details = "Every worked figure of the five lecture notes that heed was made from, computed by "
		   "heed's own ops, "
		   "beside what the notes have. Where the notes slip, what they mean is compared, and the "
		   "slip is "
		   "named. The exit status is 1 when a figure comes out otherwise.",
	.examples = "heed lecture\n"
		    "heed lecture --json | jq '.figures[0].rows'\n",
};
