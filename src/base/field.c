#include "heed/field.h"

#include "base/context_impl.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool *as_flag(const heed_field *f, const void *values)
{
	return (bool *)((uintptr_t)values + f->offset);
}

static int *as_int(const heed_field *f, const void *values)
{
	return (int *)((uintptr_t)values + f->offset);
}

static int64_t *as_int64(const heed_field *f, const void *values)
{
	return (int64_t *)((uintptr_t)values + f->offset);
}

static double *as_float(const heed_field *f, const void *values)
{
	return (double *)((uintptr_t)values + f->offset);
}

static const char **as_text(const heed_field *f, const void *values)
{
	return (const char **)((uintptr_t)values + f->offset);
}

static heed_list *as_list(const heed_field *f, const void *values)
{
	return (heed_list *)((uintptr_t)values + f->offset);
}

const heed_field *heed_field_find(const heed_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* The word of `choices` that begins at *at, and its length; moves *at behind it. NULL at the end. */
static const char *next_word(const char **at, size_t *len)
{
	const char *word = *at;

	if (!word || !*word)
		return NULL;
	*len = strcspn(word, " ");
	*at = word + *len + (word[*len] == ' ');
	return word;
}

static int choice_index(const heed_field *f, const char *text)
{
	const char *at = f->choices, *word;
	size_t len;

	for (int i = 0; (word = next_word(&at, &len)); i++)
		if (strlen(text) == len && memcmp(word, text, len) == 0)
			return i;
	return -1;
}

size_t heed_field_choice(const heed_field *f, int index, char *out, size_t size)
{
	const char *at = f->choices, *word;
	size_t len;

	for (int i = 0; (word = next_word(&at, &len)); i++)
		if (i == index)
			return (size_t)snprintf(out, size, "%.*s", (int)len, word);
	if (size)
		*out = '\0';
	return 0;
}

/* All of text must be one decimal number; false otherwise and when it does not fit 64 bits. */
static bool read_int64(const char *text, int64_t *value)
{
	const bool negative = *text == '-';
	uint64_t sum = 0, limit = (uint64_t)INT64_MAX + negative;

	text += *text == '-' || *text == '+';
	if (!*text)
		return false;
	for (; *text; text++) {
		const unsigned digit = (unsigned char)*text - '0';

		if (digit > 9 || sum > (limit - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return true;
}

static size_t skip_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* digits[.digits][e[sign]digits], nothing else: no hexadecimal, no infinity, the same in every locale. */
static bool looks_like_float(const char *text)
{
	size_t whole, part = 0;

	text += *text == '-' || *text == '+';
	whole = skip_digits(text);
	text += whole;
	if (*text == '.') {
		part = skip_digits(++text);
		text += part;
	}
	if (whole + part == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		part = skip_digits(text);
		text += part;
		if (part == 0)
			return false;
	}
	return !*text;
}

/* A host program may have set a locale with a decimal comma. The C locale of glibc needs no memory. */
static bool read_float(const char *text, double *value)
{
	locale_t plain, before;

	if (!looks_like_float(text) || !(plain = newlocale(LC_ALL_MASK, "C", (locale_t)0)))
		return false;
	before = uselocale(plain);
	*value = strtod(text, NULL);
	uselocale(before);
	freelocale(plain);
	return isfinite(*value);
}

/* The shortest form that reads back to the same bits; whole numbers as one writes them. */
static size_t print_float(double value, char *out, size_t size)
{
	char text[40] = "";
	double back;
	locale_t plain, before = (locale_t)0;

	if (fabs(value) < 1e7 && value == trunc(value))
		return (size_t)snprintf(out, size, "%.0f", value);
	plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain)
		before = uselocale(plain);
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (read_float(text, &back) && back == value)
			break;
	}
	if (plain) {
		uselocale(before);
		freelocale(plain);
	}
	return (size_t)snprintf(out, size, "%s", text);
}

static bool in_range(const heed_field *f, double value)
{
	return f->min == f->max || (value >= f->min && value <= f->max);
}

/* The largest number of a type is no limit worth printing. */
static bool unlimited(const heed_field *f)
{
	return f->max >= (f->type == HEED_FIELD_INT     ? INT32_MAX
			  : f->type == HEED_FIELD_INT64 ? 0x1p63
							: DBL_MAX);
}

static size_t expects_number(const heed_field *f, const char *what, char *out, size_t size)
{
	char low[40], high[40];

	print_float(f->min, low, sizeof low);
	print_float(f->max, high, sizeof high);
	if (f->type != HEED_FIELD_FLOAT) {
		snprintf(low, sizeof low, "%.0f", f->min);
		snprintf(high, sizeof high, "%.0f", f->max);
	}
	if (f->min == f->max)
		return (size_t)snprintf(out, size, "%s", what);
	if (unlimited(f))
		return (size_t)snprintf(out, size, "%s of at least %s", what, low);
	return (size_t)snprintf(out, size, "%s from %s to %s", what, low, high);
}

/* "one of a, b or c" */
static size_t expects_choice(const heed_field *f, char *out, size_t size)
{
	const char *at = f->choices, *word;
	size_t len, used = 0, n = 0;

	while ((word = next_word(&at, &len))) {
		const char *before = n++ == 0 ? "" : *at ? ", " : " or ";
		const size_t room = used < size ? size - used : 0;

		used += (size_t)snprintf(room ? out + used : NULL, room, "%s%.*s", before, (int)len, word);
	}
	return used;
}

size_t heed_field_expects(const heed_field *f, char *out, size_t size)
{
	switch (f->type) {
	case HEED_FIELD_FLAG:
		return (size_t)snprintf(out, size, "true or false");
	case HEED_FIELD_INT:
	case HEED_FIELD_INT64:
		return expects_number(f, "an integer", out, size);
	case HEED_FIELD_FLOAT:
		return expects_number(f, "a number", out, size);
	case HEED_FIELD_CHOICE:
		return expects_choice(f, out, size);
	case HEED_FIELD_TEXT:
	case HEED_FIELD_LIST:
		return (size_t)snprintf(out, size, "text");
	case HEED_FIELD_PATH:
		return (size_t)snprintf(out, size, "a file name");
	}
	return 0;
}

static heed_code refuse(heed_ctx *ctx, const heed_field *f, const char *text)
{
	char expected[512];

	heed_field_expects(f, expected, sizeof expected);
	return heed__error(ctx, HEED_E_ARGUMENT, "%s: expected %s, found \"%.200s\"", f->name, expected,
			   text);
}

static heed_code add_item(heed_ctx *ctx, heed_list *list, const char *text)
{
	const char **items =
		heed__realloc_array(ctx, (void *)list->items, list->count + 1, sizeof *list->items);

	if (!items)
		return HEED_E_MEMORY;
	list->items = items;
	list->items[list->count++] = text;
	return HEED_OK;
}

heed_code heed_field_set(heed_ctx *ctx, const heed_field *f, void *values, const char *text)
{
	int64_t whole;
	double number;
	int index;

	switch (f->type) {
	case HEED_FIELD_FLAG:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return refuse(ctx, f, text);
		*as_flag(f, values) = *text == 't';
		return HEED_OK;
	case HEED_FIELD_INT:
		if (!read_int64(text, &whole) || whole < INT32_MIN || whole > INT32_MAX ||
		    !in_range(f, (double)whole))
			return refuse(ctx, f, text);
		*as_int(f, values) = (int)whole;
		return HEED_OK;
	case HEED_FIELD_INT64:
		if (!read_int64(text, &whole) || !in_range(f, (double)whole))
			return refuse(ctx, f, text);
		*as_int64(f, values) = whole;
		return HEED_OK;
	case HEED_FIELD_FLOAT:
		if (!read_float(text, &number) || !in_range(f, number))
			return refuse(ctx, f, text);
		*as_float(f, values) = number;
		return HEED_OK;
	case HEED_FIELD_CHOICE:
		if ((index = choice_index(f, text)) < 0)
			return refuse(ctx, f, text);
		*as_int(f, values) = index;
		return HEED_OK;
	case HEED_FIELD_PATH:
		if (!*text)
			return refuse(ctx, f, text);
		*as_text(f, values) = text;
		return HEED_OK;
	case HEED_FIELD_TEXT:
		*as_text(f, values) = text;
		return HEED_OK;
	case HEED_FIELD_LIST:
		return add_item(ctx, as_list(f, values), text);
	}
	return heed__error(ctx, HEED_E_INTERNAL, "%s: field of unknown type %d", f->name, (int)f->type);
}

static void set_nothing(const heed_field *f, void *values)
{
	switch (f->type) {
	case HEED_FIELD_FLAG:
		*as_flag(f, values) = false;
		break;
	case HEED_FIELD_INT:
		*as_int(f, values) = 0;
		break;
	case HEED_FIELD_CHOICE:
		*as_int(f, values) = -1;
		break;
	case HEED_FIELD_INT64:
		*as_int64(f, values) = 0;
		break;
	case HEED_FIELD_FLOAT:
		*as_float(f, values) = 0;
		break;
	case HEED_FIELD_TEXT:
	case HEED_FIELD_PATH:
		*as_text(f, values) = NULL;
		break;
	case HEED_FIELD_LIST:
		*as_list(f, values) = (heed_list){NULL, 0};
		break;
	}
}

heed_code heed_fields_default(heed_ctx *ctx, const heed_field *fields, void *values)
{
	for (const heed_field *f = fields; f && f->name; f++)
		set_nothing(f, values);
	for (const heed_field *f = fields; f && f->name; f++) {
		const heed_code code = f->initial ? heed_field_set(ctx, f, values, f->initial) : HEED_OK;

		if (code == HEED_E_ARGUMENT)
			return heed__error(ctx, HEED_E_INTERNAL, "%s: the default \"%s\" is no value of it",
					   f->name, f->initial);
		if (code)
			return code;
	}
	return HEED_OK;
}

heed_code heed_fields_check(heed_ctx *ctx, const heed_field *fields, const void *values)
{
	char text[64];

	for (const heed_field *f = fields; f && f->name; f++) {
		bool good = true;

		if (f->type == HEED_FIELD_INT)
			good = in_range(f, *as_int(f, values));
		else if (f->type == HEED_FIELD_INT64)
			good = in_range(f, (double)*as_int64(f, values));
		else if (f->type == HEED_FIELD_FLOAT)
			good = isfinite(*as_float(f, values)) && in_range(f, *as_float(f, values));
		else if (f->type == HEED_FIELD_CHOICE)
			good = heed_field_choice(f, *as_int(f, values), text, sizeof text) > 0;
		if (good)
			continue;
		if (f->type == HEED_FIELD_CHOICE)
			snprintf(text, sizeof text, "choice %d", *as_int(f, values));
		else
			heed_field_format(f, values, text, sizeof text);
		return refuse(ctx, f, text);
	}
	return HEED_OK;
}

size_t heed_field_format(const heed_field *f, const void *values, char *out, size_t size)
{
	const heed_list *list;
	size_t used = 0;

	switch (f->type) {
	case HEED_FIELD_FLAG:
		return (size_t)snprintf(out, size, "%s", *as_flag(f, values) ? "true" : "false");
	case HEED_FIELD_INT:
		return (size_t)snprintf(out, size, "%d", *as_int(f, values));
	case HEED_FIELD_INT64:
		return (size_t)snprintf(out, size, "%" PRId64, *as_int64(f, values));
	case HEED_FIELD_FLOAT:
		return print_float(*as_float(f, values), out, size);
	case HEED_FIELD_CHOICE:
		return heed_field_choice(f, *as_int(f, values), out, size);
	case HEED_FIELD_TEXT:
	case HEED_FIELD_PATH:
		return (size_t)snprintf(out, size, "%s", *as_text(f, values) ? *as_text(f, values) : "");
	case HEED_FIELD_LIST:
		list = as_list(f, values);
		if (size)
			*out = '\0';
		for (size_t i = 0; i < list->count; i++) {
			const size_t room = used < size ? size - used : 0;

			used += (size_t)snprintf(room ? out + used : NULL, room, "%s%s", i ? "," : "",
						 list->items[i]);
		}
		return used;
	}
	return 0;
}

void heed_fields_release(heed_ctx *ctx, const heed_field *fields, void *values)
{
	for (const heed_field *f = fields; f && f->name; f++) {
		if (f->type != HEED_FIELD_LIST)
			continue;
		heed__free(ctx, (void *)as_list(f, values)->items);
		*as_list(f, values) = (heed_list){NULL, 0};
	}
}

/* Longer words are compared by their beginnings, which is all that a hint needs. */
enum { DISTANCE_WORD = 40 };

static int min3(int a, int b, int c)
{
	const int low = a < b ? a : b;

	return low < c ? low : c;
}

int heed_word_distance(const char *a, const char *b)
{
	int d[DISTANCE_WORD + 1][DISTANCE_WORD + 1];
	const int na = (int)strnlen(a, DISTANCE_WORD), nb = (int)strnlen(b, DISTANCE_WORD);

	for (int i = 0; i <= na; i++)
		d[i][0] = i;
	for (int j = 0; j <= nb; j++)
		d[0][j] = j;
	for (int i = 1; i <= na; i++) {
		for (int j = 1; j <= nb; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

bool heed_word_near(const char *found, const char *meant)
{
	const size_t len = strlen(found), other = strlen(meant), longer = len > other ? len : other;

	return heed_word_distance(found, meant) <= (longer < 4 ? 1 : longer < 8 ? 2 : 3);
}
