/* Text of the metrics: lower case and BLEU's tokenizers. Sources: mteval-v13a.pl and mteval-v14.pl of NIST for
 * the tokenizers, the Unicode Standard 15, section 3.13, for lower case. */
#include "metric/metric_text.h"

#include "base/utf8.h"

#include <utf8proc.h>

#define BAD_BYTE 0xDC00u

int heed__metric_char(const char *s, size_t n, uint32_t *code)
{
	const int len = heed__utf8_decode(s, n, code);

	if (len > 0)
		return len;
	*code = BAD_BYTE | (unsigned char)s[0];
	return 1;
}

bool heed__metric_space(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
	return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool heed__metric_word(const char *s, size_t n, size_t *at, const char **word, size_t *len)
{
	size_t i = *at, begin;
	uint32_t c;
	int step;

	for (; i < n; i += (size_t)step) {
		step = heed__metric_char(s + i, n - i, &c);
		if (!heed__metric_space(c))
			break;
	}
	for (begin = i; i < n; i += (size_t)step) {
		step = heed__metric_char(s + i, n - i, &c);
		if (heed__metric_space(c))
			break;
	}
	*at = i;
	*word = s + begin;
	*len = i - begin;
	return i > begin;
}

heed__revision heed__revision_init(heed_ctx *ctx)
{
	return (heed__revision){heed__str_init(ctx, 0), heed__str_init(ctx, 0)};
}

void heed__revision_release(heed__revision *r)
{
	heed__str_release(&r->text);
	heed__str_release(&r->spare);
}

void heed__revision_start(heed__revision *r, const char *s, size_t n)
{
	heed__str_clear(&r->text);
	heed__str_add(&r->text, s, n);
}

/* Ends a step that read text and wrote spare. */
static void turn(heed__revision *r)
{
	const heed__str old = r->text;

	if (r->text.failed)
		return;
	r->text = r->spare;
	r->spare = old;
}

void heed__revision_rstrip(heed__revision *r)
{
	const char *s = r->text.data;
	const size_t n = r->text.len;
	size_t end = 0;
	uint32_t c;

	for (size_t i = 0; i < n;) {
		i += (size_t)heed__metric_char(s + i, n - i, &c);
		if (!heed__metric_space(c))
			end = i;
	}
	if (end < n) {
		r->text.len = end;
		r->text.data[end] = '\0';
	}
}

/* Lower case. */

static bool in_ranges(uint32_t c, const uint32_t (*ranges)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

/* The property Case_Ignorable. */
static bool case_ignorable(uint32_t c)
{
	/* Word_Break = MidLetter, MidNumLet or Single_Quote */
	static const uint32_t within[][2] = {
		{0x27, 0x27},     {0x2E, 0x2E},     {0x3A, 0x3A},     {0xB7, 0xB7},
		{0x387, 0x387},   {0x55F, 0x55F},   {0x5F4, 0x5F4},   {0x2018, 0x2019},
		{0x2024, 0x2024}, {0x2027, 0x2027}, {0xFE13, 0xFE13}, {0xFE52, 0xFE52},
		{0xFE55, 0xFE55}, {0xFF07, 0xFF07}, {0xFF0E, 0xFF0E}, {0xFF1A, 0xFF1A},
	};

	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_SK:
		return true;
	default:
		return in_ranges(c, within, sizeof within / sizeof within[0]);
	}
}

/* The property Cased, for characters that are not case-ignorable. */
static bool cased(uint32_t c)
{
	/* Other_Lowercase and Other_Uppercase: ordinals, Roman numerals, letters in circles and squares */
	static const uint32_t other[][2] = {
		{0xAA, 0xAA},       {0xBA, 0xBA},       {0x2160, 0x217F},   {0x24B6, 0x24E9},
		{0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
	};

	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
		return true;
	default:
		return in_ranges(c, other, sizeof other / sizeof other[0]);
	}
}

/* Whether the first character of s[0..n) that is not case-ignorable is cased. */
static bool cased_follows(const char *s, size_t n)
{
	uint32_t c;

	for (size_t i = 0; i < n;) {
		i += (size_t)heed__metric_char(s + i, n - i, &c);
		if (!case_ignorable(c))
			return cased(c);
	}
	return false;
}

static void add_code(heed__str *out, uint32_t code)
{
	char bytes[4];

	heed__str_add(out, bytes, (size_t)heed__utf8_encode(code, bytes));
}

void heed__revision_lowercase(heed__revision *r)
{
	const char *s = r->text.data;
	const size_t n = r->text.len;
	bool after_cased = false; /* the last character before this one that is not case-ignorable is cased */
	uint32_t c;

	heed__str_clear(&r->spare);
	for (size_t i = 0; i < n;) {
		const size_t len = (size_t)heed__metric_char(s + i, n - i, &c);

		if (c < 0x80) {
			heed__str_addc(&r->spare, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
		} else if (c == 0x130) { /* dotted capital I: i and a combining dot */
			heed__str_adds(&r->spare, "i\xCC\x87");
		} else if (c == 0x3A3) { /* sigma has another form at the end of a word */
			add_code(&r->spare,
				 after_cased && !cased_follows(s + i + len, n - i - len) ? 0x3C2 : 0x3C3);
		} else if (c >> 8 == BAD_BYTE >> 8) {
			heed__str_add(&r->spare, s + i, 1);
		} else {
			add_code(&r->spare, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
		}
		if (!case_ignorable(c))
			after_cased = cased(c);
		i += len;
	}
	turn(r);
}

/* Tokenizers. They are rows of rewriting steps, each over the whole text from left to right, where a match
 * begins behind the last one. */

typedef bool class_fn(uint32_t code);

static bool always(uint32_t c)
{
	(void)c;
	return true;
}

static bool digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool not_digit(uint32_t c)
{
	return !digit(c);
}

static bool stop_or_comma(uint32_t c)
{
	return c == '.' || c == ',';
}

static bool hyphen(uint32_t c)
{
	return c == '-';
}

/* All of ASCII's punctuation but ' , - . and with the space, as mteval-v13a has it. */
static bool ascii_mark(uint32_t c)
{
	return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
	       (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static bool number(uint32_t c)
{
	const utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);

	return k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO;
}

static bool not_number(uint32_t c)
{
	return !number(c);
}

static bool punctuation(uint32_t c)
{
	const utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);

	return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

static bool symbol(uint32_t c)
{
	const utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);

	return k >= UTF8PROC_CATEGORY_SM && k <= UTF8PROC_CATEGORY_SO;
}

/* Puts a space before and behind each character of the class. */
static void set_apart(heed__revision *r, class_fn *member)
{
	const char *s = r->text.data;
	const size_t n = r->text.len;
	uint32_t c;

	heed__str_clear(&r->spare);
	for (size_t i = 0; i < n;) {
		const size_t len = (size_t)heed__metric_char(s + i, n - i, &c);
		const bool apart = member(c);

		if (apart)
			heed__str_addc(&r->spare, ' ');
		heed__str_add(&r->spare, s + i, len);
		if (apart)
			heed__str_addc(&r->spare, ' ');
		i += len;
	}
	turn(r);
}

/* For each pair of neighbours a of class `left` and b of class `right`: a b becomes "a b " (SECOND stands
 * alone) or " a b" (FIRST does). */
enum alone { FIRST, SECOND };

static void split_pairs(heed__revision *r, class_fn *left, class_fn *right, enum alone alone)
{
	const char *s = r->text.data;
	const size_t n = r->text.len;
	uint32_t a, b;

	heed__str_clear(&r->spare);
	for (size_t i = 0; i < n;) {
		const size_t la = (size_t)heed__metric_char(s + i, n - i, &a);
		size_t lb;

		if (i + la < n && left(a)) {
			lb = (size_t)heed__metric_char(s + i + la, n - i - la, &b);
			if (right(b)) {
				if (alone == FIRST)
					heed__str_addc(&r->spare, ' ');
				heed__str_add(&r->spare, s + i, la);
				heed__str_addc(&r->spare, ' ');
				heed__str_add(&r->spare, s + i + la, lb);
				if (alone == SECOND)
					heed__str_addc(&r->spare, ' ');
				i += la + lb;
				continue;
			}
		}
		heed__str_add(&r->spare, s + i, la);
		i += la;
	}
	turn(r);
}

static void replace(heed__revision *r, const char *old, const char *new)
{
	const size_t len = strlen(old);
	const char *s = r->text.data, *end = s + r->text.len, *found;

	if (memmem(s, r->text.len, old, len) == NULL)
		return;
	heed__str_clear(&r->spare);
	while ((found = memmem(s, (size_t)(end - s), old, len)) != NULL) {
		heed__str_add(&r->spare, s, (size_t)(found - s));
		heed__str_adds(&r->spare, new);
		s = found + len;
	}
	heed__str_add(&r->spare, s, (size_t)(end - s));
	turn(r);
}

/* One space between words, none around them. */
static void join_words(heed__revision *r)
{
	const char *word;
	size_t at = 0, len;

	heed__str_clear(&r->spare);
	while (heed__metric_word(r->text.data, r->text.len, &at, &word, &len)) {
		if (r->spare.len > 0)
			heed__str_addc(&r->spare, ' ');
		heed__str_add(&r->spare, word, len);
	}
	turn(r);
}

static void surround(heed__revision *r)
{
	heed__str_clear(&r->spare);
	heed__str_addc(&r->spare, ' ');
	heed__str_add(&r->spare, r->text.data, r->text.len);
	heed__str_addc(&r->spare, ' ');
	turn(r);
}

static void tokenize_13a(heed__revision *r)
{
	replace(r, "<skipped>", "");
	replace(r, "-\n", "");
	replace(r, "\n", " ");
	replace(r, "&quot;", "\"");
	replace(r, "&amp;", "&");
	replace(r, "&lt;", "<");
	replace(r, "&gt;", ">");
	surround(r);
	set_apart(r, ascii_mark);
	split_pairs(r, not_digit, stop_or_comma, SECOND);
	split_pairs(r, stop_or_comma, not_digit, FIRST);
	split_pairs(r, digit, hyphen, SECOND);
}

static void tokenize_intl(heed__revision *r)
{
	split_pairs(r, not_number, punctuation, SECOND);
	split_pairs(r, punctuation, not_number, FIRST);
	set_apart(r, symbol);
}

void heed__revision_tokenize(heed__revision *r, heed_bleu_tokenizer tokenizer)
{
	switch (tokenizer) {
	case HEED_BLEU_NONE:
		return;
	case HEED_BLEU_13A:
		tokenize_13a(r);
		break;
	case HEED_BLEU_CHAR:
		set_apart(r, always);
		break;
	case HEED_BLEU_INTL:
		tokenize_intl(r);
		break;
	}
	join_words(r);
}
