/* A sentence being written, word by word. */
#include "data/phrases_line.h"

#include <string.h>

heed__line heed__line_start(char *out, size_t size)
{
	out[0] = 0;
	return (heed__line){.data = out, .size = size};
}

void heed__line_add(heed__line *line, const char *bytes, size_t n)
{
	if (line->full || n >= line->size - line->len) {
		line->full = true;
		return;
	}
	memcpy(line->data + line->len, bytes, n);
	line->len += n;
	line->data[line->len] = 0;
}

void heed__line_open(heed__line *line, const char *mark)
{
	heed__line_add(line, mark, strlen(mark));
	line->glued = true;
}

static void add_word(heed__line *line, const char *word, size_t n)
{
	if (line->len > 0 && !line->glued)
		heed__line_add(line, " ", 1);
	line->glued = false;
	line->last = line->len;
	heed__line_add(line, word, n);
}

void heed__line_words(heed__line *line, const char *words)
{
	while (words && *words) {
		const size_t n = strcspn(words, " ");

		add_word(line, words, n);
		words += n + (words[n] == ' ');
	}
}

void heed__line_form(heed__line *line, const char *forms, int k)
{
	size_t n;
	const char *form = heed__phrases_form(forms, k, &n);

	add_word(line, form, n);
}

bool heed__line_ends(const heed__line *line, const char *word)
{
	return strcmp(line->data + line->last, word) == 0;
}

void heed__line_capitalise(heed__line *line)
{
	static const char mark[] = "¿";
	char *p = line->data;

	if (strncmp(p, mark, sizeof mark - 1) == 0)
		p += sizeof mark - 1;
	if (*p >= 'a' && *p <= 'z')
		*p = (char)(*p - 'a' + 'A');
	else if ((unsigned char)p[0] == 0xC3 && (unsigned char)p[1] >= 0xA0)
		p[1] = (char)(p[1] -
			      0x20); /* the accented letters of Latin-1: e with acute is C3 A9, its capital C3 89 */
}
