/* Manual pages, from the same tables as --help. */
#include "command_help.h"

#include <string.h>

/* Text in roff: backslashes doubled, hyphens as they are typed, no line taken for a request. */
static void put(FILE *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		start = *text == '\n';
	}
}

static void paragraph(FILE *out, const char *text)
{
	put(out, text);
	fputc('\n', out);
}

static void option(FILE *out, const heed_field *f)
{
	char text[1024];

	fputs(".TP\n", out);
	if (f->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", f->letter);
	fputs("\\fB\\-\\-", out);
	put(out, heed_option_prefix(f));
	put(out, f->name);
	fputs("\\fR", out);
	if (f->type != HEED_FIELD_FLAG) {
		fputs(" \\fI", out);
		put(out, heed_option_unit(f));
		fputs("\\fR", out);
	}
	fputc('\n', out);
	heed_option_text(f, text, sizeof text);
	paragraph(out, text);
}

static void options(FILE *out, const heed_field *fields, const char *section)
{
	const char *group = NULL;

	for (const heed_field *f = fields; f && f->name; f++) {
		if (f->group)
			group = f->group;
		if (f->hidden)
			continue;
		if (section)
			fprintf(out, ".SH %s\n", section);
		if (group) {
			fputs(".SS ", out);
			paragraph(out, group);
		}
		section = group = NULL;
		option(out, f);
	}
}

/* Paragraphs of one string are divided by line breaks. */
static void details(FILE *out, const char *text)
{
	while (text && *text) {
		const size_t len = strcspn(text, "\n");
		char one[2048];

		snprintf(one, sizeof one, "%.*s", (int)len, text);
		fputs(".PP\n", out);
		paragraph(out, one);
		text += len + (text[len] == '\n');
	}
}

static void examples(FILE *out, const char *text)
{
	if (!text)
		return;
	fputs(".SH EXAMPLES\n.nf\n", out);
	put(out, text);
	fputs(".fi\n", out);
}

static void head(FILE *out, const char *page, const char *about)
{
	fputs(".TH ", out);
	for (const char *c = page; *c; c++)
		fputc(*c >= 'a' && *c <= 'z' ? *c - 32 : *c, out);
	fprintf(out, " 1 \"\" \"heed %s\" \"heed manual\"\n.SH NAME\n", HEED_VERSION);
	put(out, page);
	fputs(" \\- ", out);
	paragraph(out, about);
}

static void synopsis(FILE *out, const heed_command *c, const char *before)
{
	fputs(".B heed ", out);
	put(out, before);
	put(out, c->name);
	fputs("\n", out);
	if (c->family)
		fputs("\\fIFAMILY\\fR\n", out);
	fputs("[\\fIOPTION\\fR]...\n", out);
	if (c->operands)
		paragraph(out, c->operands);
}

static void parts(FILE *out, const heed_command *command)
{
	char before[64];

	snprintf(before, sizeof before, "%s ", command->name);
	for (const heed_command *part = command->parts; part && part->name; part++) {
		fprintf(out, ".SH \"%s %s\"\n", command->name, part->name);
		synopsis(out, part, before);
		fputs(".PP\n", out);
		paragraph(out, part->about);
		details(out, part->details);
		options(out, part->options, NULL);
		examples(out, part->examples);
	}
}

static void families(FILE *out, const heed_command *command)
{
	heed_family family;

	for (int i = 0; command->family && command->family(i, &family); i++) {
		fputs(".SH \"OPTIONS OF ", out);
		put(out, family.name);
		fputs("\"\n", out);
		paragraph(out, family.about);
		options(out, family.fields, NULL);
	}
}

static void tail(FILE *out)
{
	fputs(".SH EXIT STATUS\n0 when all went well, 1 when the work failed, 2 when the command line is "
	      "wrong, "
	      "128 and the number of a signal that ended it.\n"
	      ".SH ENVIRONMENT\n"
	      ".TP\n.B NO_COLOR\nplain text on terminals.\n"
	      ".TP\n.B HEED_CPU\nthe kernels to use: plain, avx2, avx512 or neon instead of the best of "
	      "them.\n",
	      out);
}

static void program_page(FILE *out)
{
	const heed_command *const *c;

	head(out, "heed", "sequence models with attention, and their forerunners");
	fputs(".SH SYNOPSIS\n.B heed\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n"
	      ".SH DESCRIPTION\nheed trains, uses and shows the models of the paper \"Attention Is All You "
	      "Need\" "
	      "and those before it. Every command has a page of its own, such as\n.BR heed\\-train (1).\n",
	      out);
	for (int kind = 0; kind < HEED_KINDS; kind++) {
		fprintf(out, ".SS %s\n", heed_kind_titles[kind]);
		for (c = heed_commands(); *c; c++) {
			if ((int)(*c)->kind != kind)
				continue;
			fprintf(out, ".TP\n.B %s\n", (*c)->name);
			paragraph(out, (*c)->about);
		}
	}
	fputs(".SH OPTIONS\nof every command\n", out);
	for (const heed_field *f = heed_common_options; f->name; f++)
		option(out, f);
	tail(out);
}

void heed_manual(FILE *out, const heed_command *command)
{
	char page[64];

	if (!command) {
		program_page(out);
		return;
	}
	snprintf(page, sizeof page, "heed-%s", command->name);
	head(out, page, command->about);
	fputs(".SH SYNOPSIS\n", out);
	if (command->parts)
		for (const heed_command *part = command->parts; part->name; part++) {
			snprintf(page, sizeof page, "%s ", command->name);
			synopsis(out, part, page);
			fputs(".br\n", out);
		}
	else
		synopsis(out, command, "");
	fputs(".SH DESCRIPTION\n", out);
	paragraph(out, command->about);
	details(out, command->details);
	parts(out, command);
	options(out, command->options, "OPTIONS");
	families(out, command);
	fputs(".SH OPTIONS EVERYWHERE\n", out);
	for (const heed_field *f = heed_common_options; f->name; f++)
		option(out, f);
	examples(out, command->examples);
	tail(out);
	fputs(".SH SEE ALSO\n.BR heed (1)\n", out);
}
