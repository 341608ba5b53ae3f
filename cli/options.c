#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One "option has value" of the command line or of the configuration file. */
struct setting {
	const heed_field *field;
	const char *text;
	int line; /* of the configuration file; 0: the command line */
};

/* What one option name on the command line means. */
struct choice {
	const heed_field *field;
	const char *fixed; /* "true" or "false" for flags, NULL when the value is the next word */
	char name[48];
};

struct common {
	bool help, version, quiet, json, color;
	int threads;
	int64_t seed;
	const char *config;
};

enum { TABLES = 3 }; /* everybody's, the command's, the family's */

struct heed_cli_parse {
	struct common common;
	const heed_field *tables[TABLES];
	void *values[TABLES];
	struct choice *choices;
	struct option *longs;
	size_t choice_count;
	struct setting *settings; /* those of the file first */
	size_t setting_count, setting_cap;
	char *config_text;
	char title[96];
};

const heed_field heed_common_options[] = {
	{.name = "help",
	 .letter = 'h',
	 .group = "Everywhere",
	 HEED_FLAG(struct common, help),
	 .help = "show this and stop"},
	{.name = "version", HEED_FLAG(struct common, version), .help = "show the version and stop"},
	{.name = "quiet",
	 .letter = 'q',
	 HEED_FLAG(struct common, quiet),
	 .help = "no progress and no news on standard error, errors only"},
	{.name = "json", HEED_FLAG(struct common, json), .help = "results as JSON, an object or one a line"},
	{.name = "color",
	 HEED_FLAG(struct common, color),
	 .initial = "true",
	 .help = "plain text on terminals too; so does the environment variable NO_COLOR"},
	{.name = "threads",
	 HEED_INT(struct common, threads),
	 .min = 0,
	 .max = 64,
	 .initial = "0",
	 .help = "how many threads compute; 0 is one a processor. Results do not depend on it"},
	{.name = "seed",
	 HEED_INT64(struct common, seed),
	 .min = 0,
	 .max = 0x1p63,
	 .initial = "1",
	 .help = "of every random number"},
	{.name = "config",
	 HEED_PATH(struct common, config),
	 .help = "read options from a file: lines of TOML, name = value, without the dashes; the command "
		 "line "
		 "comes before it"},
	{0},
};

void heed_say_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("heed: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}

bool heed_terminal_can_move(void)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0;
}

bool heed_cli_color(const heed_cli *cli, FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	return cli->parse->common.color && !(no_color && *no_color) && heed_terminal_can_move() &&
	       isatty(fileno(stream));
}

static bool no_memory(const void *p)
{
	if (!p)
		heed_say_error("out of memory");
	return !p;
}

/* The commands. */

#define X(name) extern const heed_command heed_cmd_##name;
#include "gen/command_list.h"
#undef X

const heed_command *const *heed_commands(void)
{
	static const heed_command *const all[] = {
#define X(name) &heed_cmd_##name,
#include "gen/command_list.h"
#undef X
		NULL,
	};

	return all;
}

/* The likelier of two guesses. */
static void guess(const char *found, const char *meant, const char **best)
{
	if (heed_word_near(found, meant) &&
	    (!*best || heed_word_distance(found, meant) < heed_word_distance(found, *best)))
		*best = meant;
}

const heed_command *heed_command_find(const char *name)
{
	const char *near = NULL;

	for (const heed_command *const *c = heed_commands(); *c; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
		guess(name, (*c)->name, &near);
	}
	if (near)
		heed_say_error("no command \"%.60s\"; did you mean %s?", name, near);
	else
		heed_say_error("no command \"%.60s\"; heed --help lists them", name);
	return NULL;
}

/* A name that is to be one of several, and those that it was compared with. */
typedef struct offer {
	const char *name; /* NULL: none was given */
	const char *near;
	char all[512];
	size_t used;
} offer;

/* Whether it is this one. */
static bool taken(offer *o, const char *candidate)
{
	if (o->name && strcmp(candidate, o->name) == 0)
		return true;
	if (o->name)
		guess(o->name, candidate, &o->near);
	if (o->used < sizeof o->all)
		o->used += (size_t)snprintf(o->all + o->used, sizeof o->all - o->used, "%s%s",
					    o->used ? ", " : "", candidate);
	return false;
}

/* It was none of them: `what` it should have been, and what to say when it is missing. */
static void refuse(const offer *o, const char *command, const char *what, const char *missing)
{
	if (!o->name)
		heed_say_error("%s: %s %s", command, missing, o->all);
	else if (o->near)
		heed_say_error("%s: no %s \"%.60s\"; did you mean %s?", command, what, o->name, o->near);
	else
		heed_say_error("%s: no %s \"%.60s\"; expected one of %s", command, what, o->name, o->all);
}

const heed_command *heed_command_part(const heed_command *command, const char *name)
{
	offer o = {.name = name};

	for (const heed_command *part = command->parts; part->name; part++)
		if (taken(&o, part->name))
			return part;
	refuse(&o, command->name, "part", "expected one of");
	return NULL;
}

bool heed_command_family(const heed_command *command, const char *name, heed_family *family)
{
	offer o = {.name = name};

	for (int i = 0; command->family(i, family); i++)
		if (taken(&o, family->name))
			return true;
	refuse(&o, command->name, "family", "expected a family first:");
	return false;
}

/* The command line. */

static size_t count_fields(const heed_field *fields)
{
	size_t n = 0;

	while (fields && fields[n].name)
		n++;
	return n;
}

static void add_choice(struct heed_cli_parse *p, const heed_field *f, const char *prefix, const char *fixed)
{
	struct choice *c = &p->choices[p->choice_count];

	c->field = f;
	c->fixed = fixed;
	snprintf(c->name, sizeof c->name, "%s%s", prefix, f->name);
	p->longs[p->choice_count] = (struct option){c->name, fixed ? no_argument : required_argument, NULL,
						    CHAR_MAX + 1 + (int)p->choice_count};
	p->choice_count++;
}

static bool collect_choices(struct heed_cli_parse *p)
{
	size_t fields = 0;

	for (int t = 0; t < TABLES; t++)
		fields += count_fields(p->tables[t]);
	p->choices = calloc(2 * fields + 1, sizeof *p->choices);
	p->longs = calloc(2 * fields + 1, sizeof *p->longs);
	if (no_memory(p->choices) || no_memory(p->longs))
		return false;
	for (int t = 0; t < TABLES; t++) {
		for (const heed_field *f = p->tables[t]; f && f->name; f++) {
			const bool flag = f->type == HEED_FIELD_FLAG;

			add_choice(p, f, "", flag ? "true" : NULL);
			/* A question can't be taken back. */
			if (flag && f != &heed_common_options[0] && f != &heed_common_options[1])
				add_choice(p, f, "no-", "false");
		}
	}
	return true;
}

/* getopt's short options: a colon first, so that a missing value is told from an unknown option. */
static void short_options(const struct heed_cli_parse *p, char *out, size_t size)
{
	size_t used = 0;

	out[used++] = ':';
	for (int t = 0; t < TABLES; t++) {
		for (const heed_field *f = p->tables[t]; f && f->name && used + 3 < size; f++) {
			if (f->letter)
				out[used++] = f->letter;
			if (f->letter && f->type != HEED_FIELD_FLAG)
				out[used++] = ':';
		}
	}
	out[used] = '\0';
}

static const struct choice *choice_of(const struct heed_cli_parse *p, int code)
{
	if (code > CHAR_MAX && (size_t)(code - CHAR_MAX - 1) < p->choice_count)
		return &p->choices[code - CHAR_MAX - 1];
	for (size_t i = 0; i < p->choice_count; i++) {
		const heed_field *f = p->choices[i].field;

		if (f && f->letter == code)
			return &p->choices[i];
	}
	return NULL;
}

static bool add_setting(struct heed_cli_parse *p, const heed_field *field, const char *text, int line)
{
	if (p->setting_count == p->setting_cap) {
		const size_t cap = p->setting_cap ? 2 * p->setting_cap : 32;
		struct setting *more = reallocarray(p->settings, cap, sizeof *more);

		if (no_memory(more))
			return false;
		p->settings = more;
		p->setting_cap = cap;
	}
	p->settings[p->setting_count++] = (struct setting){field, text, line};
	return true;
}

static void refuse_unknown(const heed_cli *cli, const char *word)
{
	const struct heed_cli_parse *p = cli->parse;
	const size_t len = strcspn(word, "=");
	const char *near = NULL, *first = NULL, *second = NULL;
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)(len < 60 ? len : 60), word);
	for (size_t i = 0; i < p->choice_count; i++) {
		const char *option = p->choices[i].name;

		guess(name, option, &near);
		if (strncmp(option, name, strlen(name)) == 0) {
			second = second ? second : first ? option : NULL;
			first = first ? first : option;
		}
	}
	if (second)
		heed_say_error("%s: --%s may be --%s or --%s", cli->title, name, first, second);
	else if (near)
		heed_say_error("%s: no option --%s; did you mean --%s?", cli->title, name, near);
	else
		heed_say_error("%s: no option --%s", cli->title, name);
}

/* getopt returned '?' or ':' on the word before argv[optind]. */
static void refuse_option(const heed_cli *cli, int code, char **argv)
{
	const struct choice *c = choice_of(cli->parse, optopt);
	const char *word = argv[optind - 1];
	char expected[256];

	if (code == ':' && c) {
		heed_field_expects(c->field, expected, sizeof expected);
		heed_say_error("--%s: expected %s, found nothing", c->name, expected);
	} else if (c && c->fixed && optopt > CHAR_MAX)
		heed_say_error("--%s: expected no value, found \"%.60s\"", c->name, strchr(word, '=') + 1);
	else if (optopt > 0 && optopt <= CHAR_MAX)
		heed_say_error("%s: no option -%c", cli->title, optopt);
	else
		refuse_unknown(cli, word + 2);
}

static bool read_words(heed_cli *cli, int argc, char **argv)
{
	struct heed_cli_parse *p = cli->parse;
	char shorts[160];
	int code;

	short_options(p, shorts, sizeof shorts);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, shorts, p->longs, NULL)) != -1) {
		const struct choice *c;

		if (code == '?' || code == ':') {
			refuse_option(cli, code, argv);
			return false;
		}
		c = choice_of(p, code);
		if (!c || !add_setting(p, c->field, c->fixed ? c->fixed : optarg, 0))
			return false;
	}
	cli->words = argv + optind;
	cli->word_count = argc - optind;
	return true;
}

/* The last value that an option got, NULL when none. */
static const char *setting_text(const struct heed_cli_parse *p, const heed_field *field)
{
	for (size_t i = p->setting_count; i-- > 0;)
		if (p->settings[i].field == field)
			return p->settings[i].text;
	return NULL;
}

static bool flag_set(const struct heed_cli_parse *p, const char *name)
{
	const char *text = setting_text(p, heed_field_find(heed_common_options, name));

	return text && strcmp(text, "true") == 0;
}

/* The configuration file. */

static const heed_field *find_field(const struct heed_cli_parse *p, const char *name)
{
	const heed_field *f = NULL;

	for (int t = TABLES; t-- > 0 && !f;)
		f = heed_field_find(p->tables[t], name);
	return f;
}

static bool set_from_config(void *user, const char *key, const char *value, bool quoted, int line)
{
	struct heed_cli_parse *p = user;
	const char *path = setting_text(p, heed_field_find(heed_common_options, "config"));
	const heed_field *f = find_field(p, key);
	const char *near = NULL;
	bool bare;

	if (f == heed_field_find(heed_common_options, "config")) {
		heed_say_error("%s:%d: config: expected on the command line only", path, line);
		return false;
	}
	if (!f) {
		for (size_t i = 0; i < p->choice_count; i++)
			if (strncmp(p->choices[i].name, "no-", 3) != 0)
				guess(key, p->choices[i].name, &near);
		heed_say_error("%s:%d: no option \"%.60s\"%s%s%s", path, line, key,
			       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		return false;
	}
	bare = f->type == HEED_FIELD_FLAG || f->type == HEED_FIELD_INT || f->type == HEED_FIELD_INT64 ||
	       f->type == HEED_FIELD_FLOAT;
	if (quoted == bare) {
		heed_say_error("%s:%d: %s: expected %s, found %.60s", path, line, key,
			       quoted ? "a value without quotes" : "a string in quotes", value);
		return false;
	}
	for (size_t i = 0; i < p->setting_count; i++) {
		const struct setting *s = &p->settings[i];

		if (s->field == f && s->line > 0 && (f->type != HEED_FIELD_LIST || s->line != line)) {
			heed_say_error("%s:%d: %s: given before in line %d", path, line, key, s->line);
			return false;
		}
	}
	return add_setting(p, f, value, line);
}

/* Values. */

static bool apply(struct heed_cli_parse *p, heed_ctx *ctx, int table, bool from_file)
{
	const char *path = setting_text(p, heed_field_find(heed_common_options, "config"));

	for (size_t i = 0; i < p->setting_count; i++) {
		const struct setting *s = &p->settings[i];

		if (heed_field_find(p->tables[table], s->field->name) != s->field ||
		    (s->line > 0) != from_file)
			continue;
		if (heed_field_set(ctx, s->field, p->values[table], s->text) == HEED_OK)
			continue;
		if (s->line)
			heed_say_error("%s:%d: %s", path, s->line, heed_error_message(ctx));
		else
			heed_say_error("--%s", heed_error_message(ctx));
		return false;
	}
	return true;
}

static bool fill_table(struct heed_cli_parse *p, heed_ctx *ctx, int table)
{
	if (heed_fields_default(ctx, p->tables[table], p->values[table])) {
		heed_say_error("%s: %s", p->title, heed_error_message(ctx));
		return false;
	}
	return apply(p, ctx, table, true) && apply(p, ctx, table, false);
}

static void log_line(void *user, heed_log_level level, const char *line)
{
	const bool *quiet = user;

	if (!*quiet)
		fprintf(stderr, "%s%s\n", level == HEED_LOG_WARN ? "warning: " : "", line);
}

/* Before the real context there is a small one for the options that make it. */
static bool fill_common(heed_cli *cli)
{
	heed_ctx *small = heed_ctx_new(&(heed_ctx_options){.threads = 1, .cpu = "plain"});
	const bool good = !no_memory(small) && fill_table(cli->parse, small, 0);

	heed_ctx_free(small);
	cli->quiet = cli->parse->common.quiet;
	cli->json = cli->parse->common.json;
	cli->color = heed_cli_color(cli, stdout);
	cli->threads = cli->parse->common.threads;
	cli->seed = cli->parse->common.seed;
	return good;
}

static bool make_context(heed_cli *cli)
{
	const char *cpu = getenv("HEED_CPU");

	cli->ctx = heed_ctx_new(&(heed_ctx_options){.threads = cli->threads,
						    .seed = (uint64_t)cli->seed,
						    .log = log_line,
						    .log_user = &cli->quiet});
	if (!cli->ctx && cpu && *cpu)
		heed_say_error("HEED_CPU: no kernels \"%.60s\" that run on this processor", cpu);
	else if (!cli->ctx)
		heed_say_error("out of memory");
	return cli->ctx;
}

static bool check_required(const heed_cli *cli)
{
	const struct heed_cli_parse *p = cli->parse;

	for (int t = 1; t < TABLES; t++) {
		for (const heed_field *f = p->tables[t]; f && f->name; f++) {
			if (!f->required || setting_text(p, f))
				continue;
			heed_say_error("%s: --%s is needed", cli->title, f->name);
			return false;
		}
	}
	return true;
}

static bool check_words(const heed_cli *cli)
{
	const heed_command *c = cli->command;
	const int n = cli->word_count;

	if (n >= c->min_words && (c->max_words < 0 || n <= c->max_words))
		return true;
	if (c->max_words == 0)
		heed_say_error("%s: expected options only, found \"%.60s\"", cli->title, cli->words[0]);
	else if (n < c->min_words)
		heed_say_error("%s: expected %s%s, found %s%.60s%s", cli->title, c->operands,
			       c->min_words > 1 && n > 0 ? " in full" : "", n ? "only \"" : "nothing",
			       n ? cli->words[n - 1] : "", n ? "\"" : "");
	else
		heed_say_error("%s: expected %s, found one more, \"%.60s\"", cli->title, c->operands,
			       cli->words[c->max_words]);
	return false;
}

/* Which part of the command, which family; how many words of argv that took, 0 when it is wrong. */
static int pick_command(heed_cli *cli, int argc, char **argv)
{
	const char *word = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;

	if (!word || (!cli->command->parts && !cli->command->family))
		return 1;
	if (cli->command->parts) {
		cli->command = heed_command_part(cli->command, word);
		if (!cli->command)
			return 0;
	} else if (!heed_command_family(cli->command, word, &cli->family)) {
		return 0;
	}
	snprintf(cli->parse->title, sizeof cli->parse->title, "%s %s", argv[0], word);
	return 2;
}

static bool make_tables(heed_cli *cli)
{
	struct heed_cli_parse *p = cli->parse;

	p->tables[0] = heed_common_options;
	p->values[0] = &p->common;
	p->tables[1] = cli->command->options;
	p->values[1] = cli->options = calloc(1, cli->command->size + 1);
	p->tables[2] = cli->family.fields;
	p->values[2] = cli->family_values = calloc(1, cli->family.size + 1);
	return !no_memory(cli->options) && !no_memory(cli->family_values) && collect_choices(p);
}

static bool read_config(heed_cli *cli)
{
	struct heed_cli_parse *p = cli->parse;
	const char *path = setting_text(p, heed_field_find(heed_common_options, "config"));

	if (!path)
		return true;
	p->config_text = heed_config_read(path, set_from_config, p);
	return p->config_text;
}

/* The command was one of parts or families and none was named. */
static bool lacks_name(const heed_cli *cli)
{
	heed_family family;

	if (cli->command->parts) {
		heed_command_part(cli->command, NULL);
		return true;
	}
	if (cli->command->family && !cli->family.name) {
		heed_command_family(cli->command, NULL, &family);
		return true;
	}
	return false;
}

heed_parsed heed_cli_parse(heed_cli *cli, int argc, char **argv)
{
	int used;

	cli->parse = calloc(1, sizeof *cli->parse);
	if (no_memory(cli->parse))
		return HEED_PARSED_WRONG;
	cli->title = cli->parse->title;
	snprintf(cli->parse->title, sizeof cli->parse->title, "%s", argv[0]);
	cli->command = heed_command_find(argv[0]);
	if (!cli->command || !(used = pick_command(cli, argc, argv)) || !make_tables(cli))
		return HEED_PARSED_WRONG;
	if (!read_words(cli, argc - used + 1, argv + used - 1))
		return HEED_PARSED_WRONG;
	if (flag_set(cli->parse, "help"))
		return HEED_PARSED_HELP;
	if (flag_set(cli->parse, "version"))
		return HEED_PARSED_VERSION;
	if (lacks_name(cli) || !read_config(cli) || !fill_common(cli) || !make_context(cli) ||
	    !fill_table(cli->parse, cli->ctx, 1) || !fill_table(cli->parse, cli->ctx, 2) ||
	    !check_required(cli) || !check_words(cli))
		return HEED_PARSED_WRONG;
	return HEED_PARSED_RUN;
}

void heed_cli_release(heed_cli *cli)
{
	struct heed_cli_parse *p = cli->parse;

	heed_cli_discard(cli);
	if (p && cli->ctx)
		for (int t = 1; t < TABLES; t++)
			heed_fields_release(cli->ctx, p->tables[t], p->values[t]);
	if (p) {
		free(p->choices);
		free(p->longs);
		free(p->settings);
		free(p->config_text);
	}
	free(p);
	free(cli->options);
	free(cli->family_values);
	heed_ctx_free(cli->ctx);
	*cli = (heed_cli){0};
}

bool heed_cli_given(const heed_cli *cli, const char *name)
{
	const heed_field *f = find_field(cli->parse, name);

	return f && setting_text(cli->parse, f);
}

heed_code heed_cli_preset(heed_cli *cli, const char *name, const char *text)
{
	const struct heed_cli_parse *p = cli->parse;

	for (int t = 1; t < TABLES; t++) {
		const heed_field *f = heed_field_find(p->tables[t], name);

		if (f)
			return setting_text(p, f) ? HEED_OK : heed_field_set(cli->ctx, f, p->values[t], text);
	}
	return HEED_E_ARGUMENT;
}

int heed_cli_fail(heed_cli *cli)
{
	heed_say_error("%s", heed_error_message(cli->ctx));
	return HEED_EXIT_FAILED;
}

static void say_error(const heed_cli *cli, const char *fmt, va_list args)
{
	fprintf(stderr, "heed: %s: ", cli->title);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

int heed_cli_stop(heed_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_error(cli, fmt, args);
	va_end(args);
	return HEED_EXIT_FAILED;
}

int heed_cli_refuse(heed_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_error(cli, fmt, args);
	va_end(args);
	return HEED_EXIT_USAGE;
}

static void say_news(const heed_cli *cli, const char *begin, const char *fmt, va_list args)
{
	if (cli->quiet)
		return;
	fputs(begin, stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void heed_cli_note(heed_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_news(cli, "", fmt, args);
	va_end(args);
}

void heed_cli_warn(heed_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_news(cli, "warning: ", fmt, args);
	va_end(args);
}

void heed_cli_warn_long(heed_cli *cli, int64_t count, const char *what, const char *done, int64_t first)
{
	if (count > 0)
		heed_cli_warn(cli, "%lld %s%s longer than the model takes and %s, first in line %lld",
			      (long long)count, what, count == 1 ? " was" : "s were", done, (long long)first);
}
