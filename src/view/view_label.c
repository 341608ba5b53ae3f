/* What labels look like. Widths are those of Unicode's East Asian Width, by way of utf8proc. */
#include "view/view_label.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT       0xFFFDu
#define DOTTED_CIRCLE     0x25CCu /* carries a mark that has no letter under it */
#define ZERO_WIDTH_JOINER 0x200Du

/* Marks that reorder or break what follows them, and what XML forbids. */
static bool unsafe(uint32_t c)
{
	return (c >= 0x80 && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || (c & 0xFFFE) == 0xFFFE;
}

bool heed__label_code(const char *text, size_t *at, uint32_t *code)
{
	const char *const s = text + *at;
	int len;

	if (*s == '\0')
		return false;
	len = heed__utf8_decode(s, strlen(s), code);
	*at += len > 0 ? (size_t)len : 1;
	if (len == 0 || unsafe(*code))
		*code = REPLACEMENT;
	else if (*code < 0x20)
		*code += 0x2400;
	else if (*code == 0x7F)
		*code = 0x2421;
	return true;
}

static int cells(uint32_t code)
{
	return utf8proc_charwidth((utf8proc_int32_t)code);
}

static void append(heed__glyph *g, uint32_t code)
{
	char bytes[4];
	const size_t n = (size_t)heed__utf8_encode(code, bytes);

	if (g->len + n >= sizeof g->text)
		return;
	memcpy(g->text + g->len, bytes, n);
	g->len += n;
	g->text[g->len] = '\0';
}

bool heed__label_glyph(const char *text, size_t *at, heed__glyph *glyph)
{
	size_t next;
	uint32_t c;

	if (!heed__label_code(text, at, &c))
		return false;
	*glyph = (heed__glyph){.cells = cells(c)};
	if (glyph->cells < 1) {
		glyph->cells = 1;
		append(glyph, DOTTED_CIRCLE);
	}
	append(glyph, c);
	for (next = *at; heed__label_code(text, &next, &c) && cells(c) < 1; *at = next)
		if (c != ZERO_WIDTH_JOINER)
			append(glyph, c);
	return true;
}

int heed__label_cells(const char *text)
{
	heed__glyph g;
	size_t at = 0;
	int n = 0;

	while (heed__label_glyph(text, &at, &g))
		n += g.cells;
	return n;
}

int heed__label_glyphs(const char *text)
{
	heed__glyph g;
	size_t at = 0;
	int n = 0;

	while (heed__label_glyph(text, &at, &g))
		n++;
	return n;
}
