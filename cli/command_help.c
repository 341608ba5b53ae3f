/* What --help shows, in 80 columns. */
#include "command_help.h"

#include <string.h>

enum { WIDTH = 80, HELP_COLUMN = 30 };

const char *const heed_kind_titles[HEED_KINDS] = {
	[HEED_KIND_TRAIN] = "Train",
	[HEED_KIND_USE] = "Use",
	[HEED_KIND_LOOK] = "Look",
	[HEED_KIND_SHIP] = "Ship",
};

/* Columns that UTF-8 text takes; help has no wide characters. */
static int columns(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Words of text from column `at`, further lines from column `indent`; ends the line. */
static void wrap(FILE *out, const char *text, int at, int indent)
{
	bool first = true;

	while (*text) {
		const size_t len = strcspn(text, " \n");
		const int width = columns(text, len);

		if (len > 0) {
			if (!first && at + 1 + width > WIDTH) {
				fprintf(out, "\n%*s", indent, "");
				at = indent;
			} else if (!first) {
				fputc(' ', out);
				at++;
			}
			fwrite(text, 1, len, out);
			at += width;
			first = false;
		}
		if (text[len] == '\n') {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
			first = true;
		}
		text += len + (text[len] != '\0');
	}
	fputc('\n', out);
}

const char *heed_option_unit(const heed_field *f)
{
	if (f->unit)
		return f->unit;
	switch (f->type) {
	case HEED_FIELD_INT:
	case HEED_FIELD_INT64:
		return "N";
	case HEED_FIELD_FLOAT:
		return "X";
	case HEED_FIELD_PATH:
		return "FILE";
	case HEED_FIELD_CHOICE:
		return "WORD";
	case HEED_FIELD_TEXT:
	case HEED_FIELD_LIST:
		return "TEXT";
	case HEED_FIELD_FLAG:
		break;
	}
	return "";
}

/* A flag that is on by default is offered as its opposite. */
const char *heed_option_prefix(const heed_field *f)
{
	return f->type == HEED_FIELD_FLAG && f->initial && strcmp(f->initial, "true") == 0 ? "no-" : "";
}

/* "1 to 64" of "an integer from 1 to 64", "at least 0" of "a number of at least 0". */
static const char *range_words(const char *expects)
{
	const char *kinds[] = {"an integer from ", "an integer of ", "a number from ", "a number of "};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(expects, kinds[i], strlen(kinds[i])) == 0)
			return expects + strlen(kinds[i]);
	return expects;
}

/* The help text with what the option takes and its default: "beam width (1 to 64, default 5)". */
void heed_option_text(const heed_field *f, char *out, size_t size)
{
	const bool flag = f->type == HEED_FIELD_FLAG, ranged = f->min < f->max && !flag;
	char expects[512], inside[256];
	size_t used = 0;

	heed_field_expects(f, expects, sizeof expects);
	*inside = '\0';
	if (ranged)
		used += (size_t)snprintf(inside, sizeof inside, "%s", range_words(expects));
	if (f->required && used < sizeof inside)
		used += (size_t)snprintf(inside + used, sizeof inside - used, "%sneeded", used ? ", " : "");
	if (f->initial && !flag && used < sizeof inside)
		snprintf(inside + used, sizeof inside - used, "%sdefault %s", used ? ", " : "", f->initial);
	snprintf(out, size, "%s%s%s%s%s%s", f->help, f->type == HEED_FIELD_CHOICE ? ": " : "",
		 f->type == HEED_FIELD_CHOICE ? expects : "", *inside ? " (" : "", inside,
		 *inside ? ")" : "");
}

/* The option as it begins with this family. */
static heed_field begun(const heed_field *f, const heed_family *family)
{
	heed_field own = *f;

	for (const char *const *s = family ? family->settings : NULL; s && *s; s += 2)
		if (strcmp(*s, f->name) == 0)
			own.initial = s[1];
	return own;
}

static void show_option(FILE *out, const heed_field *f)
{
	char left[80], text[1024];
	int width;

	snprintf(left, sizeof left, "  %c%c%s--%s%s%s%s", f->letter ? '-' : ' ', f->letter ? f->letter : ' ',
		 f->letter ? ", " : "  ", heed_option_prefix(f), f->name,
		 f->type == HEED_FIELD_FLAG ? "" : " ", heed_option_unit(f));
	heed_option_text(f, text, sizeof text);
	width = columns(left, strlen(left));
	fputs(left, out);
	if (width + 2 > HELP_COLUMN) {
		fputc('\n', out);
		width = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - width, "");
	wrap(out, text, HELP_COLUMN, HELP_COLUMN);
}

/* A heading stands above the first option shown of each group. */
static void show_options(FILE *out, const heed_field *fields, const heed_family *family, const char *title)
{
	for (const heed_field *f = fields; f && f->name; f++) {
		heed_field own;

		if (f->group)
			title = f->group;
		if (f->hidden)
			continue;
		if (title)
			fprintf(out, "\n%s:\n", title);
		title = NULL;
		own = begun(f, family);
		show_option(out, &own);
	}
}

/* "  name    about", the names in one column. */
static void show_name(FILE *out, const char *name, const char *about, int column)
{
	fprintf(out, "  %-*s", column - 2, name);
	wrap(out, about, column, column);
}

static void show_parts(FILE *out, const heed_command *command)
{
	heed_family family;

	if (command->parts) {
		fputs("\nParts:\n", out);
		for (const heed_command *part = command->parts; part->name; part++)
			show_name(out, part->name, part->about, 16);
	}
	if (!command->family)
		return;
	fputs("\nFamilies:\n", out);
	for (int i = 0; command->family(i, &family); i++)
		show_name(out, family.name, family.about, 20);
	fprintf(out, "\nheed %s FAMILY --help shows the options of a family.\n", command->name);
}

/* How far a command line goes on until an option or a pipe follows: a place where it may be broken. */
static size_t unbroken(const char *text, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
		if (text[i] == ' ' && (text[i + 1] == '-' || text[i + 1] == '|'))
			return i;
	return len;
}

static void show_example(FILE *out, const char *line, size_t len)
{
	const bool comment = *line == '#';
	int at = 2;

	fputs("  ", out);
	while (len > 0) {
		const size_t piece = comment ? len : unbroken(line, len);
		const int width = columns(line, piece);

		/* A piece begins with the space before it; two columns stay free for a backslash. */
		if (at > 2 && at + width + 2 > WIDTH) {
			fputs(" \\\n     ", out);
			at = 5;
		}
		fwrite(line, 1, piece, out);
		at += width;
		line += piece;
		len -= piece;
	}
	fputc('\n', out);
}

static void show_examples(FILE *out, const char *examples)
{
	const char *end;

	fputs("\nExamples:\n", out);
	for (; *examples; examples = *end ? end + 1 : end) {
		end = examples + strcspn(examples, "\n");
		show_example(out, examples, (size_t)(end - examples));
	}
}

void heed_help_command(FILE *out, const heed_command *command, const char *title, const heed_family *family)
{
	const char *rest = command->parts ? "PART" : command->operands ? command->operands : "";

	fprintf(out, "heed %s: ", title);
	wrap(out, family && family->name && family->about ? family->about : command->about,
	     (int)strlen(title) + 7, 4);
	fprintf(out, "\nusage: heed %s%s [OPTION]...%s%s\n", title,
		command->family && !(family && family->name) ? " FAMILY"
		: command->parts                             ? " PART"
							     : "",
		*rest && !command->parts ? " " : "", command->parts ? "" : rest);
	if (command->details) {
		fputc('\n', out);
		wrap(out, command->details, 0, 0);
	}
	if (!family || !family->name)
		show_parts(out, command);
	show_options(out, command->options, family, "Options");
	if (family && family->name)
		show_options(out, family->fields, NULL, "Options of the family");
	show_options(out, heed_common_options, NULL, "Everywhere");
	if (command->examples)
		show_examples(out, command->examples);
}

void heed_help_all(FILE *out)
{
	fputs("heed: sequence models with attention, and their forerunners, on a plain computer\n\n"
	      "usage: heed COMMAND [OPTION]... [OPERAND]...\n",
	      out);
	for (int kind = 0; kind < HEED_KINDS; kind++) {
		bool shown = false;

		for (const heed_command *const *c = heed_commands(); *c; c++) {
			if ((int)(*c)->kind != kind)
				continue;
			if (!shown)
				fprintf(out, "\n%s:\n", heed_kind_titles[kind]);
			shown = true;
			show_name(out, (*c)->name, (*c)->about, 16);
		}
	}
	fputs("\nheed COMMAND --help tells more about one, heed --version what was built.\n", out);
}
