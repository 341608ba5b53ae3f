/* One pass of a trained model, step by step with its numbers: from the tokens to what the model makes of them.
 *
 *	heed_explain_options o = heed_explain_defaults();
 *	heed_explanation *e = heed_explain(trained, "the dog", NULL, &o);
 *
 *	if (e != NULL)
 *		heed_explain_terminal(ctx, e, NULL, write, user);
 *	heed_explanation_free(e);
 *
 * What is shown depends on the family. Attention: embeddings, positions, queries, keys, values, scores, weights and
 * output of one head of one layer; recurrent networks: gates, cells and states of one layer; n-grams: how each word
 * backs off; feed-forward networks: window or mean, and the layers; vectors: their neighbours. Then what the model
 * says: the next tokens or the labels, with probabilities. */
#ifndef HEED_EXPLAIN_H
#define HEED_EXPLAIN_H

#include "heed/trained.h"
#include "heed/view.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEED_EXPLAIN_TOKENS 1024 /* of a text, at most */

typedef struct heed_explain_options {
	int layer, head; /* which ones, from 0; default 0 and 0 */
	int top;         /* most probable answers and nearest words shown, 1..1000; default 8 */
} heed_explain_options;
heed_explain_options heed_explain_defaults(void);

/* Numbers, a row a token for most of them. */
typedef struct heed_explain_table heed_explain_table;
struct heed_explain_table {
	const char *name;  /* for JSON: lower case, no spaces */
	const char *title; /* half a line */
	int rows, cols;
	const char *const *row_labels; /* [rows] */
	const char *const *col_labels; /* [cols]; NULL: the columns are those of a vector */
	const float *values;           /* [rows][cols]; NaN: there is none */
	const char *const *words; /* [rows][cols] what stands there instead of a number, NULL: the number;
	                                  NULL: nowhere */
	int digits;               /* behind the point, but for the first columns: */
	int whole;                /* so many of them hold whole numbers */
	int shares;               /* the first so many columns hold shares from 0 to 1 */
	bool weights;             /* all of them do, and are drawn as shades */
	const heed_explain_table *next;
};

typedef struct heed_explain_step heed_explain_step;
struct heed_explain_step {
	const char *name;    /* for JSON: "enc0.self.weights" */
	const char *title;   /* half a line */
	const char *what;    /* a sentence that says what is computed */
	const char *formula; /* in ASCII; NULL: none */
	const heed_explain_table *tables;
	const heed_explain_step *next;
};

/* Lives by itself; texts are UTF-8. */
typedef struct heed_explanation {
	const char *family, *text;
	const char *
		target; /* of models that translate: as given or, without one, as the model says it; else NULL */
	const heed_explain_step *steps;
} heed_explanation;

/* target: what has been said of the translation so far; NULL: the model's own, whole. Other models take none. NULL
 * with the error in the model's context: HEED_E_TEXT (no tokens, or more than the model or this takes), HEED_E_ARGUMENT
 * (no such layer or head, a target that has no use), HEED_E_NONFINITE, HEED_E_MEMORY. */
heed_explanation *heed_explain(const heed_trained *trained, const char *text, const char *target,
			       const heed_explain_options *options);
void heed_explanation_free(heed_explanation *e); /* accepts NULL */

typedef struct heed_explain_view {
	int columns; /* of a vector that are shown; 0: 6 in the terminal, 12 on the page */
	heed_view_terminal_options terminal;
	bool bold; /* titles in the terminal */
} heed_explain_view;

/* Views may be NULL. HEED_E_MEMORY, or what `write` returned. */
heed_code heed_explain_terminal(heed_ctx *ctx, const heed_explanation *e, const heed_explain_view *view,
				heed_write_fn *write, void *user);
/* A page that asks nothing of the network and has no script. */
heed_code heed_explain_html(heed_ctx *ctx, const heed_explanation *e, const heed_explain_view *view,
			    heed_write_fn *write, void *user);
/* {"family", "text", "target", "steps": [{"name", "title", "what", "formula", "tables": [{"name", "title", "rows":
 * [labels], "columns": [labels] or null, "values": [[...], ...]}]}]}, on one line, all numbers in full. */
heed_code heed_explain_json(const heed_explanation *e, heed_write_fn *write, void *user);

#ifdef __cplusplus
}
#endif
#endif
