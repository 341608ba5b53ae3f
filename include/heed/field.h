/* Settings as tables: one row says name, type, range, default and help of a value that lies in some struct.
 * Command-line options, configuration files, help, man pages and the configuration inside model files all
 * come from such tables.
 *
 *	struct settings { int layers; double dropout; int order; };
 *
 *	static const heed_field fields[] = {
 *		{"layers", HEED_INT(struct settings, layers), .min = 1, .max = 64, .initial = "6",
 *		 .help = "layers of the encoder"},
 *		{"dropout", HEED_FLOAT(struct settings, dropout), .max = 0.99, .initial = "0.1",
 *		 .help = "probability that an activation is dropped"},
 *		{"norm", HEED_CHOICE(struct settings, order), .choices = "pre post", .initial = "pre",
 *		 .help = "where layers are normalised"},
 *		{0},
 *	};
 *
 *	struct settings s;
 *	heed_fields_default(ctx, fields, &s);
 *	heed_field_set(ctx, heed_field_find(fields, "layers"), &s, "12");
 *	heed_fields_release(ctx, fields, &s);            only needed where a table has lists
 */
#ifndef HEED_FIELD_H
#define HEED_FIELD_H

#include "heed/context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The type of a field and of the member that holds its value. */
typedef enum heed_field_type {
	HEED_FIELD_FLAG,   /* bool */
	HEED_FIELD_INT,    /* int */
	HEED_FIELD_INT64,  /* int64_t */
	HEED_FIELD_FLOAT,  /* double, finite */
	HEED_FIELD_TEXT,   /* const char *, borrowed; NULL when it has no default and was not set */
	HEED_FIELD_CHOICE, /* int, the place of the word in `choices`: 0, 1, ...; -1 when not set */
	HEED_FIELD_PATH,   /* const char *, as TEXT; help and completion know that it names a file */
	HEED_FIELD_LIST,   /* heed_list, in the order given */
} heed_field_type;

typedef struct heed_list {
	const char **items; /* [count]; the array is owned, the strings are borrowed */
	size_t count;
} heed_list;

typedef struct heed_field {
	const char *name; /* lower case with dashes: "label-smoothing"; NULL ends a table */
	heed_field_type type;
	size_t offset;       /* of the member in its struct; HEED_INT and the like fill in type and offset */
	double min, max;     /* numbers: both inclusive; equal: no limits */
	const char *initial; /* the default as text; NULL: false, 0, no text */
	const char *choices; /* CHOICE: words separated by one space */
	const char *help;    /* what it does, lower case, no full stop */
	const char *unit;    /* what stands for the value in help: "N", "FILE"; NULL: by type */
	const char
		*group; /* command line: heading of this option and those after it in help; NULL: as before */
	char letter;    /* command line: the short option, 0 for none */
	bool required;  /* command line: must be given */
	bool hidden;    /* command line: not shown in help */
} heed_field;

/* Type and offset of a member at once; the compiler warns when the member's type is not the field's. */
#define HEED_FIELD_AT(kind, ctype, strukt, member)                                                           \
	.type = kind, .offset = offsetof(strukt, member) + 0 * sizeof(1 ? &((strukt *)0)->member : (ctype *)0)
#define HEED_FLAG(strukt, member)   HEED_FIELD_AT(HEED_FIELD_FLAG, bool, strukt, member)
#define HEED_INT(strukt, member)    HEED_FIELD_AT(HEED_FIELD_INT, int, strukt, member)
#define HEED_INT64(strukt, member)  HEED_FIELD_AT(HEED_FIELD_INT64, int64_t, strukt, member)
#define HEED_FLOAT(strukt, member)  HEED_FIELD_AT(HEED_FIELD_FLOAT, double, strukt, member)
#define HEED_TEXT(strukt, member)   HEED_FIELD_AT(HEED_FIELD_TEXT, const char *, strukt, member)
#define HEED_CHOICE(strukt, member) HEED_FIELD_AT(HEED_FIELD_CHOICE, int, strukt, member)
#define HEED_PATH(strukt, member)   HEED_FIELD_AT(HEED_FIELD_PATH, const char *, strukt, member)
#define HEED_LIST(strukt, member)   HEED_FIELD_AT(HEED_FIELD_LIST, heed_list, strukt, member)

/* NULL when there is none of that name. A NULL table is an empty one. */
const heed_field *heed_field_find(const heed_field *fields, const char *name);

/* Sets all values to their defaults, whatever was in the struct before (it may be uninitialised).
 * HEED_E_INTERNAL when a default is no value of its own field. */
heed_code heed_fields_default(heed_ctx *ctx, const heed_field *fields, void *values);

/* Reads `text` into the field's member; "true" and "false" for flags; a list gets one more item. TEXT, PATH
 * and LIST keep the pointer. HEED_E_ARGUMENT says "NAME: expected ..., found ..." and leaves the value. */
heed_code heed_field_set(heed_ctx *ctx, const heed_field *field, void *values, const char *text);

/* Whether every number and choice of the struct is in its range: for structs that were filled otherwise. */
heed_code heed_fields_check(heed_ctx *ctx, const heed_field *fields, const void *values);

/* Writes the value as text that heed_field_set reads back to the same bits; a list with commas between its
 * items, an unset text as "". Like snprintf it returns the length of the whole and cuts what does not fit. */
size_t heed_field_format(const heed_field *field, const void *values, char *out, size_t size);

/* What the field takes, as in "an integer from 1 to 64", and like snprintf as above. */
size_t heed_field_expects(const heed_field *field, char *out, size_t size);

/* The word of a CHOICE at an index, cut like snprintf; 0 when there is no such index. */
size_t heed_field_choice(const heed_field *field, int index, char *out, size_t size);

/* Frees the arrays of lists and leaves them empty. */
void heed_fields_release(heed_ctx *ctx, const heed_field *fields, void *values);

/* How unlike two words are: insertions, deletions, replacements and swaps of neighbours (Damerau 1964). */
int heed_word_distance(const char *a, const char *b);
/* Whether `distance` is small enough that `meant` may be what the writer of `found` had in mind. */
bool heed_word_near(const char *found, const char *meant);

#ifdef __cplusplus
}
#endif
#endif
