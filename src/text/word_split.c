#include "text/word_split.h"

#include "base/utf8.h"
#include "text/unicode.h"

/* The kind of the character at text[0..len), len > 0, and its length. */
static heed__char_kind kind_at(const char *text, size_t len, size_t *length)
{
	const unsigned char c = (unsigned char)text[0];
	uint32_t code = c;

	*length = 1;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return HEED__CHAR_LETTER;
	if (c >= 0x80)
		*length = (size_t)heed__utf8_decode(text, len, &code);
	return heed__char_kind_of(code);
}

static bool goes_on(heed__char_kind run, heed__char_kind next, bool words)
{
	if (next == HEED__CHAR_MARK)
		return true;
	if (words)
		return run == HEED__CHAR_LETTER && (next == HEED__CHAR_LETTER || next == HEED__CHAR_DIGIT);
	return next == run;
}

size_t heed__run_length(const char *text, size_t len, bool words)
{
	const size_t space = text[0] == ' ';
	size_t end, length;
	heed__char_kind run;

	if (space == len || text[space] == ' ')
		return space;
	run = kind_at(text + space, len - space, &length);
	if (space && run == HEED__CHAR_WHITE)
		return space;
	if (words && run == HEED__CHAR_DIGIT)
		run = HEED__CHAR_LETTER;
	end = space + length;
	while (end < len && text[end] != ' ') {
		const heed__char_kind next = kind_at(text + end, len - end, &length);

		if (!goes_on(run, next, words) || end + length > HEED__RUN_BYTES_MAX)
			break;
		end += length;
	}
	return end;
}
