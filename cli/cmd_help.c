/* heed help: the same texts as --help, and those that `make docs` and `make install` want. */
#include "options.h"

#include <string.h>

struct help_options {
	bool man;
	int completion;
};

enum { SHELL_BASH, SHELL_ZSH };

static const heed_field options[] = {
	{.name = "man",
	 HEED_FLAG(struct help_options, man),
	 .hidden = true,
	 .help = "the manual page, as roff"},
	{.name = "completion",
	 HEED_CHOICE(struct help_options, completion),
	 .hidden = true,
	 .choices = "bash zsh",
	 .help = "completion for a shell"},
	{0},
};

static int help_command(const heed_cli *cli)
{
	const heed_command *command = heed_command_find(cli->words[0]);
	heed_family family = {0};
	char title[96];

	if (!command)
		return HEED_EXIT_USAGE;
	snprintf(title, sizeof title, "%s", cli->words[0]);
	if (cli->word_count > 1) {
		snprintf(title, sizeof title, "%s %s", cli->words[0], cli->words[1]);
		if (command->parts)
			command = heed_command_part(command, cli->words[1]);
		else if (!command->family) {
			heed_say_error("help: %s has no parts, found \"%.60s\"", command->name,
				       cli->words[1]);
			return HEED_EXIT_USAGE;
		} else if (!heed_command_family(command, cli->words[1], &family))
			return HEED_EXIT_USAGE;
		if (!command)
			return HEED_EXIT_USAGE;
	}
	heed_help_command(stdout, command, title, &family);
	return HEED_EXIT_OK;
}

static int run(heed_cli *cli)
{
	const struct help_options *o = cli->options;
	const heed_command *command;

	if (o->completion == SHELL_BASH)
		heed_completion_bash(stdout);
	else if (o->completion == SHELL_ZSH)
		heed_completion_zsh(stdout);
	else if (o->man) {
		command = cli->word_count ? heed_command_find(cli->words[0]) : NULL;
		if (cli->word_count && !command)
			return HEED_EXIT_USAGE;
		heed_manual(stdout, command);
	} else if (cli->word_count)
		return help_command(cli);
	else
		heed_help_all(stdout);
	return HEED_EXIT_OK;
}

const heed_command heed_cmd_help = {
	.name = "help",
	.kind = HEED_KIND_LOOK,
	.about = "what a command does and which options it takes",
	.operands = "[COMMAND [PART]]",
	.min_words = 0,
	.max_words = 2,
	.options = options,
	.size = sizeof(struct help_options),
	.run = run,
	.examples = "heed help train\nheed help tokenizer train\n",
};
