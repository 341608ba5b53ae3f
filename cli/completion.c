/* Completion for bash and zsh, from the same tables as --help. Both know the commands, their parts and families,
 * the options of each and what these take. */
#include "command_help.h"

#include <string.h>

/* Calls visit for a command, or for each of its parts or families, with the words that lead to it. */
typedef void visitor(FILE *out, const heed_command *command, const char *words, const heed_field *more);

static void each(FILE *out, visitor *visit)
{
	for (const heed_command *const *c = heed_commands(); *c; c++) {
		char words[96];
		heed_family family;

		visit(out, *c, (*c)->name, NULL);
		for (const heed_command *part = (*c)->parts; part && part->name; part++) {
			snprintf(words, sizeof words, "%s %s", (*c)->name, part->name);
			visit(out, part, words, NULL);
		}
		for (int i = 0; (*c)->family && (*c)->family(i, &family); i++) {
			snprintf(words, sizeof words, "%s %s", (*c)->name, family.name);
			visit(out, *c, words, family.fields);
		}
	}
}

static void names(FILE *out, const heed_command *command)
{
	heed_family family;

	for (const heed_command *part = command->parts; part && part->name; part++)
		fprintf(out, "%s ", part->name);
	for (int i = 0; command->family && command->family(i, &family); i++)
		fprintf(out, "%s ", family.name);
}

static void bash_options(FILE *out, const heed_field *fields)
{
	for (const heed_field *f = fields; f && f->name; f++)
		if (!f->hidden)
			fprintf(out, " --%s%s", heed_option_prefix(f), f->name);
}

static void bash_command(FILE *out, const heed_command *command, const char *words, const heed_field *more)
{
	fprintf(out, "\t\"%s\") words=\"", words);
	if (!more && !strchr(words, ' '))
		names(out, command);
	bash_options(out, command->options);
	bash_options(out, more);
	bash_options(out, heed_common_options);
	fputs("\" ;;\n", out);
}

static void bash_values(FILE *out, const char *words, const heed_field *fields)
{
	for (const heed_field *f = fields; f && f->name; f++) {
		if (f->hidden || f->type == HEED_FIELD_FLAG)
			continue;
		fprintf(out, "\t\"%s --%s\"", words, f->name);
		if (f->letter)
			fprintf(out, " | \"%s -%c\"", words, f->letter);
		if (f->type == HEED_FIELD_CHOICE)
			fprintf(out, ") words=\"%s\"; files= ;;\n", f->choices);
		else
			fprintf(out, ") words=; files=%s ;;\n", f->type == HEED_FIELD_PATH ? "yes" : "");
	}
}

static void bash_command_values(FILE *out, const heed_command *command, const char *words,
				const heed_field *more)
{
	bash_values(out, words, command->options);
	bash_values(out, words, more);
	bash_values(out, words, heed_common_options);
}

void heed_completion_bash(FILE *out)
{
	fputs("# bash completion for heed, made by heed itself\n"
	      "_heed()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal words= files=yes path=${COMP_WORDS[1]}\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	      "\t\twords=\"--help --version",
	      out);
	for (const heed_command *const *c = heed_commands(); *c; c++)
		fprintf(out, " %s", (*c)->name);
	fputs("\"\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n\t\treturn\n\tfi\n"
	      "\tif [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	      "\t\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n",
	      out);
	for (const heed_command *const *c = heed_commands(); *c; c++) {
		heed_family family;

		for (const heed_command *part = (*c)->parts; part && part->name; part++)
			fprintf(out, "\t\t\"%s %s\") path=\"%s %s\" ;;\n", (*c)->name, part->name, (*c)->name,
				part->name);
		for (int i = 0; (*c)->family && (*c)->family(i, &family); i++)
			fprintf(out, "\t\t\"%s %s\") path=\"%s %s\" ;;\n", (*c)->name, family.name,
				(*c)->name, family.name);
	}
	fputs("\t\tesac\n\tfi\n\tcase $path in\n", out);
	each(out, bash_command);
	fputs("\tesac\n\tcase \"$path $previous\" in\n", out);
	each(out, bash_command_values);
	fputs("\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\"; "
	      "[ -z \"$files\" ] || [ \"${current#-}\" != \"$current\" ] || compgen -f -- \"$current\")\n"
	      "}\n"
	      "complete -o filenames -F _heed heed\n",
	      out);
}

/* Text inside an argument of _arguments, which stands in single quotes. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void zsh_option(FILE *out, const heed_field *f, bool letter)
{
	fputs(" \\\n\t\t\t'", out);
	if (letter)
		fprintf(out, "-%c", f->letter);
	else
		fprintf(out, "--%s%s", heed_option_prefix(f), f->name);
	fputc('[', out);
	zsh_text(out, f->help);
	fputc(']', out);
	if (f->type == HEED_FIELD_CHOICE)
		fprintf(out, ":%s:(%s)", heed_option_unit(f), f->choices);
	else if (f->type == HEED_FIELD_PATH)
		fprintf(out, ":%s:_files", heed_option_unit(f));
	else if (f->type != HEED_FIELD_FLAG)
		fprintf(out, ":%s: ", heed_option_unit(f));
	fputc('\'', out);
}

static void zsh_options(FILE *out, const heed_field *fields)
{
	for (const heed_field *f = fields; f && f->name; f++) {
		if (f->hidden)
			continue;
		zsh_option(out, f, false);
		if (f->letter)
			zsh_option(out, f, true);
	}
}

static void zsh_command(FILE *out, const heed_command *command, const char *words, const heed_field *more)
{
	fprintf(out, "\t'%s')\n\t\t_arguments", words);
	zsh_options(out, command->options);
	zsh_options(out, more);
	zsh_options(out, heed_common_options);
	if (!more && !strchr(words, ' ') && (command->parts || command->family)) {
		fputs(" \\\n\t\t\t'1:part:(", out);
		names(out, command);
		fputs(")'", out);
	}
	fputs(" \\\n\t\t\t'*:file:_files' ;;\n", out);
}

void heed_completion_zsh(FILE *out)
{
	fputs("#compdef heed\n# zsh completion for heed, made by heed itself\n"
	      "local -a commands\ncommands=(\n",
	      out);
	for (const heed_command *const *c = heed_commands(); *c; c++) {
		fprintf(out, "\t'%s:", (*c)->name);
		zsh_text(out, (*c)->about);
		fputs("'\n", out);
	}
	fputs(")\nif (( CURRENT == 2 )); then\n\t_describe command commands\n\treturn\nfi\n"
	      "local path_words=${words[2]}\n"
	      "if (( CURRENT > 3 )); then\n\tcase \"${words[2]} ${words[3]}\" in\n",
	      out);
	for (const heed_command *const *c = heed_commands(); *c; c++) {
		heed_family family;

		for (const heed_command *part = (*c)->parts; part && part->name; part++)
			fprintf(out, "\t'%s %s') path_words='%s %s'; shift words; (( CURRENT-- )) ;;\n",
				(*c)->name, part->name, (*c)->name, part->name);
		for (int i = 0; (*c)->family && (*c)->family(i, &family); i++)
			fprintf(out, "\t'%s %s') path_words='%s %s'; shift words; (( CURRENT-- )) ;;\n",
				(*c)->name, family.name, (*c)->name, family.name);
	}
	fputs("\tesac\nfi\nshift words\n(( CURRENT-- ))\ncase $path_words in\n", out);
	each(out, zsh_command);
	fputs("esac\n", out);
}
