/* Labels as a reader sees them: nothing invisible that acts, and a known width. */
#ifndef HEED_VIEW_LABEL_H
#define HEED_VIEW_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next character of text to show, *at moving behind it; false at the end. Control characters become their
 * pictures (U+2400...), bad bytes and directional marks U+FFFD. */
bool heed__label_code(const char *text, size_t *at, uint32_t *code);

/* A character that takes room and the marks that stand on it. */
typedef struct heed__glyph {
	char text[48]; /* UTF-8; marks that find no room are left out */
	size_t len;
	int cells; /* 1 or 2 columns of a terminal */
} heed__glyph;

bool heed__label_glyph(const char *text, size_t *at, heed__glyph *glyph);
int heed__label_cells(const char *text);
int heed__label_glyphs(const char *text);

#endif
