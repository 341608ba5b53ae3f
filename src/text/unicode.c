#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

#define REPLACEMENT 0xFFFDu
/* No character decomposes into more code points (U+FDFA has 18). */
#define DECOMPOSITION_MAX 32

heed__char_kind heed__char_kind_of(uint32_t code)
{
	switch (utf8proc_category((int32_t)code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return HEED__CHAR_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
		return HEED__CHAR_MARK;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return HEED__CHAR_DIGIT;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
		return HEED__CHAR_WHITE;
	default:
		return HEED__CHAR_OTHER;
	}
}

heed__normalizer heed__normalizer_init(heed_ctx *ctx, heed_normalization form, bool lowercase)
{
	return (heed__normalizer){.ctx = ctx, .form = form, .lowercase = lowercase};
}

void heed__normalizer_release(heed__normalizer *n)
{
	HEED__VECTOR_RELEASE(n->ctx, &n->points);
}

/* Reads one code point of s[0..n), n > 0; a bad byte is one U+FFFD. */
static size_t read_point(const char *s, size_t n, uint32_t *code)
{
	const int length = heed__utf8_decode(s, n, code);

	if (length > 0)
		return (size_t)length;
	*code = REPLACEMENT;
	return 1;
}

/* Below this code point nothing changes in the form, nor does anything join what is before it. U+0100 for lower
 * case, since the small letters of Latin-1 are in Latin-1, each under the same marks. */
static uint32_t plain_below(const heed__normalizer *n)
{
	switch (n->form) {
	case HEED_NORMALIZE_NFC:
		return n->lowercase ? 0x100 : 0x300;
	case HEED_NORMALIZE_NFKC:
		return 0xA0;
	default:
		return 0x110000;
	}
}

static void add_point(const heed__normalizer *n, uint32_t code, heed__str *out)
{
	char bytes[4];

	if (n->lowercase)
		code = (uint32_t)utf8proc_tolower((int32_t)code);
	heed__str_add(out, bytes, (size_t)heed__utf8_encode(code, bytes));
}

/* Adds plain characters, as they are wherever possible. */
static void add_plain(const heed__normalizer *n, const char *text, size_t len, heed__str *out)
{
	size_t pos = 0, copied = 0;

	while (pos < len) {
		const unsigned char byte = (unsigned char)text[pos];
		uint32_t code;
		size_t step;

		if (byte < 0x80 && !(n->lowercase && byte >= 'A' && byte <= 'Z')) {
			pos++;
			continue;
		}
		step = read_point(text + pos, len - pos, &code);
		if (n->lowercase || code == REPLACEMENT) {
			heed__str_add(out, text + copied, pos - copied);
			add_point(n, code, out);
			copied = pos + step;
		}
		pos += step;
	}
	heed__str_add(out, text + copied, len - copied);
}

static int combining_class(int32_t point)
{
	return utf8proc_get_property(point)->combining_class;
}

/* Sorts marks by combining class, keeping the order of equals; scratch has room for as many. */
static void sort_marks(int32_t *points, size_t count, int32_t *scratch)
{
	size_t place[257] = {0};

	for (size_t i = 0; i < count; i++)
		place[combining_class(points[i]) + 1]++;
	for (int class = 0; class < 256; class ++)
		place[class + 1] += place[class];
	for (size_t i = 0; i < count; i++)
		scratch[place[combining_class(points[i])]++] = points[i];
	memcpy(points, scratch, count * sizeof *points);
}

/* The canonical order of a decomposed text (Unicode 15, section 3.11). */
static void order_marks(int32_t *points, size_t count, int32_t *scratch)
{
	size_t start = 0;

	while (start < count) {
		size_t end = start;
		bool sorted = true;

		for (int before = 0; end < count && combining_class(points[end]) > 0; end++) {
			sorted = sorted && combining_class(points[end]) >= before;
			before = combining_class(points[end]);
		}
		if (!sorted)
			sort_marks(points + start, end - start, scratch);
		start = end + 1;
	}
}

/* Appends the decomposition of one code point to the scratch. */
static bool decompose(heed__normalizer *n, uint32_t code)
{
	const unsigned options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
				 (n->form == HEED_NORMALIZE_NFKC ? UTF8PROC_COMPAT : 0u);
	int32_t *place;
	utf8proc_ssize_t count;
	int boundary = 0;

	if (!HEED__RESERVE(n->ctx, &n->points, DECOMPOSITION_MAX))
		return false;
	place = n->points.data + n->points.len;
	count = utf8proc_decompose_char((int32_t)code, place, DECOMPOSITION_MAX, (utf8proc_option_t)options,
					&boundary);
	if (count < 0 || count > DECOMPOSITION_MAX) {
		place[0] = (int32_t)code;
		count = 1;
	}
	for (utf8proc_ssize_t i = 0; n->lowercase && i < count; i++)
		place[i] = utf8proc_tolower(place[i]);
	n->points.len += (size_t)count;
	return true;
}

/* Orders and composes the scratch and adds it to out. */
static heed_code add_composed(heed__normalizer *n, heed__str *out)
{
	const size_t count = n->points.len;
	utf8proc_ssize_t left;

	if (!HEED__RESERVE(n->ctx, &n->points, count))
		return HEED_E_MEMORY;
	order_marks(n->points.data, count, n->points.data + count);
	left = utf8proc_normalize_utf32(n->points.data, (utf8proc_ssize_t)count,
					UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	for (utf8proc_ssize_t i = 0; i < left; i++) {
		char bytes[4];

		heed__str_add(out, bytes, (size_t)heed__utf8_encode((uint32_t)n->points.data[i], bytes));
	}
	return HEED_OK;
}

/* The text falls into stretches of plain characters and of others; an other one may change the plain one just
 * before it (a letter gets its accent), so that one goes along. */
heed_code heed__normalize(heed__normalizer *n, const char *text, size_t len, heed__str *out)
{
	const uint32_t limit = plain_below(n);
	size_t pos = 0, start = 0, last = 0;
	uint32_t code;

	while (pos < len) {
		size_t step = read_point(text + pos, len - pos, &code);

		if (code < limit) {
			last = pos;
			pos += step;
			continue;
		}
		if (pos == start)
			last = start;
		add_plain(n, text + start, last - start, out);
		n->points.len = 0;
		for (pos = last; pos < len; pos += step) {
			step = read_point(text + pos, len - pos, &code);
			if (code < limit && pos > last)
				break;
			if (!decompose(n, code))
				return HEED_E_MEMORY;
		}
		if (add_composed(n, out))
			return HEED_E_MEMORY;
		start = last = pos;
	}
	add_plain(n, text + start, len - start, out);
	return out->failed ? heed_error_code(n->ctx) : HEED_OK;
}
