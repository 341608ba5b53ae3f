/* The worked figures of the lecture notes, computed by heed's own ops, beside what the notes have.
 *
 *	static void tell(void *user, const heed_lecture_figure *f)
 *	{
 *		printf("%s (notes %d)\n", f->title, f->notes);
 *		for (int i = 0; i < f->row_count; i++)
 *			printf("  %s: %g ... %s\n", f->rows[i].name, f->rows[i].heed[0], f->rows[i].written);
 *	}
 *	heed_lecture(ctx, tell, NULL); */
#ifndef HEED_LECTURE_H
#define HEED_LECTURE_H

#include "heed/context.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_LECTURE_VALUES 5

/* A vector. */
typedef struct heed_lecture_row {
	const char *name; /* "weights, e = 3" */
	const char *op;   /* of heed, that gave it: "attention" */
	int count;        /* of values */
	float heed[HEED_LECTURE_VALUES];
	/* What the notes mean, and as they write it, without slips. NULL: the notes do not have it. */
	const char *written;
	double notes[HEED_LECTURE_VALUES];
	double within; /* the notes' values are right to so much */
	bool agrees;   /* no value is further away; true when the notes have none */
} heed_lecture_row;

typedef struct heed_lecture_figure {
	const char *name; /* "attention" */
	const char *title;
	int notes;           /* which ones, 0 to 4 */
	const char *setting; /* what it is computed from, in sentences */
	const char *slip;    /* what the notes write instead, and what they mean; NULL: nothing */
	const char *const
		*columns; /* [HEED_LECTURE_VALUES] names, NULL behind the last; NULL: none have names */
	const heed_lecture_row *rows;
	int row_count;
} heed_lecture_figure;

/* Called for one figure after the other; what it is given lives until it returns. */
typedef void heed_lecture_fn(void *user, const heed_lecture_figure *figure);
heed_code heed_lecture(heed_ctx *ctx, heed_lecture_fn *tell, void *user);

#ifdef __cplusplus
}
#endif
#endif
