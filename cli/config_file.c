/* Configuration files: the part of TOML 1.0 that options need. Values are unescaped in place, which never
 * makes them longer. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 1 << 20 };

struct reader {
	const char *path;
	char *at;
	int line;
	heed_config_set *set;
	void *user;
};

static bool wrong(const struct reader *r, const char *expected)
{
	if (*r->at == '\0' || *r->at == '\n')
		heed_say_error("%s:%d: expected %s, found the end of the %s", r->path, r->line, expected,
			       *r->at ? "line" : "file");
	else
		heed_say_error("%s:%d: expected %s, found \"%.*s\"", r->path, r->line, expected,
			       (int)strcspn(r->at, "\n") < 40 ? (int)strcspn(r->at, "\n") : 40, r->at);
	return false;
}

static void skip_space(struct reader *r)
{
	r->at += strspn(r->at, " \t\r");
	if (*r->at == '#')
		r->at += strcspn(r->at, "\n");
}

static void skip_lines(struct reader *r)
{
	for (skip_space(r); *r->at == '\n'; skip_space(r)) {
		r->at++;
		r->line++;
	}
}

static bool read_hex(struct reader *r, int digits, unsigned *code)
{
	char *const start = r->at - 2;

	*code = 0;
	for (int i = 0; i < digits; i++, r->at++) {
		const char *hex = "0123456789abcdef";
		const char *digit = *r->at ? strchr(hex, *r->at | 32) : NULL;

		if (!digit)
			return wrong(r, "a hexadecimal digit");
		*code = *code << 4 | (unsigned)(digit - hex);
	}
	if (*code == 0 || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) {
		r->at = start;
		return wrong(r, "a character of Unicode");
	}
	return true;
}

static char *put_utf8(char *out, unsigned code)
{
	if (code < 0x80)
		*out++ = (char)code;
	else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* The character behind a backslash. */
static bool read_escape(struct reader *r, char **out)
{
	const char *from = "\"\\btnfr", *to = "\"\\\b\t\n\f\r";
	const char *found = *r->at ? strchr(from, *r->at) : NULL;
	unsigned code;

	if (found) {
		*(*out)++ = to[found - from];
		r->at++;
		return true;
	}
	if (*r->at != 'u' && *r->at != 'U')
		return wrong(r, "an escape of TOML");
	r->at++;
	if (!read_hex(r, r->at[-1] == 'u' ? 4 : 8, &code))
		return false;
	*out = put_utf8(*out, code);
	return true;
}

/* "text with escapes" or 'plain text', on one line. */
static bool read_string(struct reader *r, const char **value)
{
	const char quote = *r->at++;
	char *out = r->at;

	*value = out;
	while (*r->at != quote) {
		if (*r->at == '\0' || *r->at == '\n')
			return wrong(r, quote == '"' ? "a closing \"" : "a closing '");
		if (*r->at == '\\' && quote == '"') {
			r->at++;
			if (!read_escape(r, &out))
				return false;
		} else
			*out++ = *r->at++;
	}
	r->at++;
	*out = '\0';
	return true;
}

static bool read_array(struct reader *r, const char *key, int line)
{
	const char *value;

	r->at++;
	for (skip_lines(r); *r->at != ']'; skip_lines(r)) {
		if (*r->at != '"' && *r->at != '\'')
			return wrong(r, "a string or ]");
		if (!read_string(r, &value) || !r->set(r->user, key, value, true, line))
			return false;
		skip_lines(r);
		if (*r->at == ',')
			r->at++;
		else if (*r->at != ']')
			return wrong(r, ", or ]");
	}
	r->at++;
	return true;
}

/* What follows a value: white space, a comment, the end of the line. */
static bool end_line(struct reader *r)
{
	skip_space(r);
	if (*r->at && *r->at != '\n')
		return wrong(r, "the end of the line");
	return true;
}

static bool read_value(struct reader *r, const char *key)
{
	const int line = r->line;
	const char *value = r->at;
	char *end;

	if (*r->at == '[')
		return read_array(r, key, line) && end_line(r);
	if (*r->at == '"' || *r->at == '\'')
		return read_string(r, &value) && end_line(r) && r->set(r->user, key, value, true, line);
	end = r->at + strcspn(r->at, " \t\r\n#");
	if (end == r->at)
		return wrong(r, "a value");
	r->at = end;
	if (!end_line(r))
		return false;
	if (*end == '\n') {
		r->at++;
		r->line++;
	}
	*end = '\0';
	return r->set(r->user, key, value, false, line);
}

static bool read_line(struct reader *r)
{
	const size_t len = strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	char *const key = r->at, *end = r->at + len;

	if (len == 0)
		return wrong(r, "name = value");
	r->at = end;
	skip_space(r);
	if (*r->at != '=')
		return wrong(r, "=");
	r->at++;
	*end = '\0';
	skip_space(r);
	return read_value(r, key);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(CONFIG_MAX + 1);
	size_t len = 0;

	if (!text)
		heed_say_error("out of memory");
	else if (!file)
		heed_say_error("%s: %s", path, strerror(errno));
	else {
		len = fread(text, 1, CONFIG_MAX + 1, file);
		if (ferror(file))
			heed_say_error("%s: %s", path, strerror(errno));
		else if (len > CONFIG_MAX)
			heed_say_error("%s: expected at most %d bytes of options, found more", path,
				       CONFIG_MAX);
		else if (memchr(text, '\0', len))
			heed_say_error("%s: expected text, found a zero byte", path);
		else {
			text[len] = '\0';
			fclose(file);
			return text;
		}
	}
	if (file)
		fclose(file);
	free(text);
	return NULL;
}

char *heed_config_read(const char *path, heed_config_set *set, void *user)
{
	char *text = read_file(path);
	struct reader r = {.path = path, .at = text, .line = 1, .set = set, .user = user};

	if (!text)
		return NULL;
	for (skip_lines(&r); *r.at; skip_lines(&r)) {
		if (!read_line(&r)) {
			free(text);
			return NULL;
		}
	}
	return text;
}
