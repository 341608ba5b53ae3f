/* The frame of the program. A command is one file, cli/cmd_NAME.c, that holds a struct of its options, their
 * table, a run function and a description; main finds it by its definition, no list is edited. From the table
 * come parsing and its errors, --help, the man page, both completions and --config FILE.
 *
 * A whole command, cli/cmd_echo.c:
 *
 *	#include "options.h"
 *
 *	struct echo_options {
 *		int times;
 *		bool upper;
 *		const char *output;
 *	};
 *
 *	static const heed_field options[] = {
 *		{.name = "times", .letter = 'n', HEED_INT(struct echo_options, times), .min = 1, .max = 9,
 *		 .initial = "1", .help = "how often each word is said"},
 *		{.name = "upper", HEED_FLAG(struct echo_options, upper), .help = "in capitals"},
 *		{.name = "output", .letter = 'o', HEED_PATH(struct echo_options, output),
 *		 .help = "where the words go instead of standard output"},
 *		{0},
 *	};
 *
 *	static int run(heed_cli *cli)
 *	{
 *		const struct echo_options *o = cli->options;
 *		FILE *out = heed_cli_output(cli, o->output);
 *
 *		if (!out)
 *			return HEED_EXIT_FAILED;
 *		for (int i = 0; i < cli->word_count; i++)
 *			if (heed_say(cli->ctx, out, cli->words[i], o->times, o->upper))
 *				return heed_cli_fail(cli);
 *		return heed_cli_commit(cli);
 *	}
 *
 *	const heed_command heed_cmd_echo = {
 *		.name = "echo", .kind = HEED_KIND_USE, .about = "say words again",
 *		.operands = "WORD...", .min_words = 1, .max_words = -1,
 *		.options = options, .size = sizeof(struct echo_options), .run = run,
 *		.examples = "heed echo -n 3 hello\n",
 *	};
 *
 * Every command also takes --help --version --quiet --threads --seed --json --no-color and --config; their
 * values are in heed_cli and in its context. */
#ifndef HEED_OPTIONS_H
#define HEED_OPTIONS_H

#include "heed/context.h"
#include "heed/field.h"

#include <stdbool.h>
#include <stdio.h>

enum heed_exit { HEED_EXIT_OK = 0, HEED_EXIT_FAILED = 1, HEED_EXIT_USAGE = 2, HEED_EXIT_SIGNAL = 128 };

/* Where a command stands in `heed --help`. */
typedef enum heed_command_kind {
	HEED_KIND_TRAIN,
	HEED_KIND_USE,
	HEED_KIND_LOOK,
	HEED_KIND_SHIP,
	HEED_KINDS,
} heed_command_kind;

typedef struct heed_cli heed_cli;
typedef struct heed_command heed_command;

/* Something that brings options of its own and is picked by the first operand: a family of models. */
typedef struct heed_family {
	const char *name, *about;
	const heed_field *fields;
	size_t size; /* of the struct they fill */
	/* Options of the command that begin otherwise with this family: name, value, ..., NULL; may be NULL. */
	const char *const *settings;
} heed_family;

struct heed_command {
	const char *name;
	heed_command_kind kind;
	const char *about;    /* half a line, lower case, no full stop */
	const char *operands; /* what follows the options in the usage line: "[HYP [HYP2]]"; NULL: nothing */
	int min_words, max_words; /* how many operands; max_words -1: any number */
	const heed_field *options;
	size_t size;          /* of the struct that they fill */
	const char *details;  /* paragraphs below the usage line, a line break between them; NULL: none */
	const char *examples; /* whole commands, one a line; a line that begins with # explains; NULL: none */
	int (*run)(heed_cli *cli); /* returns an exit status */

	/* A command of commands, as in `heed tokenizer train`: ends with {0}. It has no options and no run. */
	const heed_command *parts;
	/* For `heed train FAMILY`: fills the index-th family, false past the last. The family's name is the
	 * first operand, before the options, and is not among cli->words. */
	bool (*family)(int index, heed_family *family);
};

/* What run sees. */
struct heed_cli {
	heed_ctx *ctx; /* made with --threads and --seed; SIGINT and SIGTERM interrupt it */
	const heed_command *command;
	const char *title;   /* the command as typed, "tokenizer train": messages begin with it */
	void *options;       /* the command's struct */
	heed_family family;  /* of commands that have families */
	void *family_values; /* the family's struct */
	char **words;        /* the operands */
	int word_count;
	bool json, quiet;
	bool color; /* standard output is a terminal that may be coloured */
	int threads;
	int64_t seed;
	struct heed_cli_parse *parse; /* the frame's own */
	struct heed_cli_output *output;
};

/* Whether an option (the command's or the family's) stood on the command line or in the configuration file. */
bool heed_cli_given(const heed_cli *cli, const char *name);
/* Sets an option that was not given; for presets. HEED_E_ARGUMENT when there is none of that name or the value
 * is none of its. `text` must live as long as cli. */
heed_code heed_cli_preset(heed_cli *cli, const char *name, const char *text);

/* Messages go to standard error as one line "heed: ...". */
int heed_cli_fail(heed_cli *cli); /* the context's error; returns HEED_EXIT_FAILED */
int heed_cli_stop(heed_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* an error of the command's own; HEED_EXIT_FAILED */
int heed_cli_refuse(heed_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* the command line is wrong; HEED_EXIT_USAGE */
void heed_cli_note(heed_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* news, not shown under --quiet; no "heed: " */
void heed_cli_warn(heed_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* "warning: ...", not shown under --quiet */
/* Warns, if there were any, of `count` texts that were longer than the model takes: what they are ("line"), what
 * was done with them ("cut off"), and the line, from 1, of the first. */
void heed_cli_warn_long(heed_cli *cli, int64_t count, const char *what, const char *done, int64_t first);

/* An output file that appears under its name only when it is committed. NULL or "-" is standard output. One at a
 * time; NULL when it can't be made, which has been said. An uncommitted file is removed when the program ends. */
FILE *heed_cli_output(heed_cli *cli, const char *path);
int heed_cli_commit(heed_cli *cli); /* HEED_EXIT_OK or, after a message, HEED_EXIT_FAILED */
int heed_cli_flush(heed_cli *cli);  /* the same for standard output; main does it at the end too */

/* Whether a stream may be coloured: a terminal, without --no-color, NO_COLOR and TERM=dumb. */
bool heed_cli_color(const heed_cli *cli, FILE *stream);
bool heed_terminal_can_move(void); /* the cursor: TERM is set and not "dumb" */

/* The rest is for main.c and cmd_help.c. */

typedef enum heed_parsed {
	HEED_PARSED_RUN,
	HEED_PARSED_HELP,
	HEED_PARSED_VERSION,
	HEED_PARSED_WRONG
} heed_parsed;

/* Reads argv, which begins with the command's name, into cli (zeroed before); errors have been said. Whatever
 * the result, heed_cli_release follows. */
heed_parsed heed_cli_parse(heed_cli *cli, int argc, char **argv);
void heed_cli_release(heed_cli *cli);
void heed_cli_discard(heed_cli *cli); /* an output that was not committed */

extern const heed_field heed_common_options[];
const heed_command *const *heed_commands(void); /* all of them, by name, NULL at the end */
/* Says what is wrong and, when it can guess, what may have been meant. NULL: unknown. */
const heed_command *heed_command_find(const char *name);
const heed_command *heed_command_part(const heed_command *command, const char *name);
bool heed_command_family(const heed_command *command, const char *name, heed_family *family);

/* heed --help; and the help of a command, `title` being what one types. family may be NULL. */
void heed_help_all(FILE *out);
void heed_help_command(FILE *out, const heed_command *command, const char *title, const heed_family *family);
/* roff of a command's page; NULL: of the program's. */
void heed_manual(FILE *out, const heed_command *command);
void heed_completion_bash(FILE *out);
void heed_completion_zsh(FILE *out);
void heed_version_print(FILE *out);

/* Reads the lines "key = value" of a configuration file: TOML's strings, numbers, booleans, arrays of strings
 * and comments. set is called for each value (each item of an array) and returns false after it has said what
 * is wrong. NULL when something is wrong, which has been said; else the text that the values lie in, for the
 * caller to free. */
typedef bool heed_config_set(void *user, const char *key, const char *value, bool quoted, int line);
char *heed_config_read(const char *path, heed_config_set *set, void *user);

/* "heed: " and the message, on one line of standard error. */
void heed_say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
