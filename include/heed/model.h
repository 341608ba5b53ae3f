/* Models: what all of them offer, whoever trains or decodes with them.
 *
 * A model is a class (one file of src/model), a configuration (the struct its table of fields describes) and
 * parameters. A model that counts and one that descends are used alike: `step` gives the scores of the next
 * token, whoever made them. */
#ifndef HEED_MODEL_H
#define HEED_MODEL_H

#include "heed/field.h"
#include "heed/params.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum heed_task {
	HEED_TASK_TRANSLATE, /* source and target text */
	HEED_TASK_GENERATE,  /* one text */
	HEED_TASK_CLASSIFY,  /* text and label */
	HEED_TASK_EMBED,     /* text, vectors out */
} heed_task;

typedef struct heed_model_class heed_model_class;

typedef struct heed_model {
	heed_ctx *ctx;
	const heed_model_class *family;
	void *config; /* [family->config_size] */
	int source_vocab, target_vocab;
	bool planning; /* parameters have shapes but no values */
	heed_params *params;
	void *parts; /* the class's own struct of parameters, inside params */
	/* Families that count: what they know, as bytes in a form of their own. Allocated by the context, or borrowed
	 * from a mapped file. */
	const void *packed;
	size_t packed_size;
	bool packed_borrowed;
} heed_model;

/* A model at work on a batch of inputs: the rows are hypotheses, each continuing one input. */
typedef struct heed_state heed_state;

/* A named set of values: of the family's fields, and of the training options that go with them. Each list is
 * name, value, name, value, ..., NULL. */
typedef struct heed_preset {
	const char *name, *about;
	const char *const *settings;
	const char *const *training;
} heed_preset;

/* The whole training text for a family that estimates itself: every text with its eos. */
typedef struct heed_fit {
	const int *ids;
	int64_t count;
	int64_t texts;
	int epochs; /* 0: the family's own idea; so for lr */
	double lr;
	/* How much is done, 0..1, and a few words on it; returns false when the work is to stop (HEED_E_INTERRUPTED). */
	bool (*tell)(void *user, double share, const char *text);
	void *user;
} heed_fit;

/* Slots that a family has no use for are NULL. */
struct heed_model_class {
	const char *name, *about;
	heed_task task;
	size_t config_size;
	const heed_field *fields;   /* ends with a NULL name */
	const heed_preset *presets; /* ends with a NULL name; may be NULL */
	const char *const *
		training; /* training options that begin otherwise here: name, value, ..., NULL; may be NULL */
	/* Checks the configuration and declares the parameters; model->parts is set here. */
	heed_code (*init)(heed_model *model);
	/* The mean loss of the batch, one number on the tape. Label smoothing counts on training tapes only; nll,
	 * when given, gets -log p of every target. */
	heed_tensor *(*loss)(const heed_model *model, heed_tape *tape, const heed_batch *batch, float *nll);
	/* The form of its batches, and the tokens of a window of a stream. NULL: PAIRS, LINES or LABELLED, by task. */
	heed_form (*form)(const void *config, int *window);
	/* Numbers a sequence of a stream hands on to the next batch. NULL: none. */
	int (*carry)(const heed_model *model);
	/* Classifiers: [sequences, labels] scores of batch->source. */
	heed_tensor *(*classify)(const heed_model *model, heed_tape *tape, const heed_batch *batch);
	/* Vectors in context: [tokens, width] of batch->source (translation, classification) or batch->input. */
	heed_tensor *(*contextual)(const heed_model *model, heed_tape *tape, const heed_batch *batch);
	/* Decoding. `start` reads the sources; then the state has one row a source. `step` takes the last token of
	 * every row and returns the scores (logits) of the next [rows, vocab]. */
	heed_code (*start)(const heed_model *model, heed_tape *tape, heed_state *state,
			   const heed_batch *source);
	heed_tensor *(*step)(const heed_model *model, heed_tape *tape, heed_state *state, const int *tokens);
	/* Families that are not trained by descent over batches estimate themselves from the whole text: they fill the
	 * parameters, or make model->packed. */
	heed_code (*fit)(heed_model *model, const heed_fit *text);
	/* Checks model->packed, which may come from a stranger, and sets model->parts to read it where it lies. */
	heed_code (*attach)(heed_model *model);
};

/* All classes of this build by number, NULL behind the last; and by name, NULL when there is none. */
const heed_model_class *heed_model_class_at(int index);
const heed_model_class *heed_model_class_find(const char *name);

/* A model with fresh parameters; config is copied. Gradients only for training; without memory (`plan`) the
 * parameters are declared but have no values. The caller frees it. */
enum heed_model_flags { HEED_MODEL_TRAIN = 1 << 0, HEED_MODEL_PLAN = 1 << 1 };
heed_model *heed_model_new(heed_ctx *ctx, const heed_model_class *family, const void *config,
			   int source_vocab, int target_vocab, int flags);
void heed_model_free(heed_model *model);

/* The form of a model's batches, given its configuration; *window is set for streams. */
heed_form heed_model_form(const heed_model_class *family, const void *config, int *window);
/* The token that stands before the first one of a text: bos, or eos where texts are a stream. */
int heed_model_first(const heed_model *model);
/* The matrix [vocabulary, width] of the vectors of single tokens of the source or only side ("embed" or
 * "embed.source"), NULL when the model has none. */
const heed_tensor *heed_model_vectors(const heed_model *model);

/* The preset of that name. NULL with HEED_E_ARGUMENT, which names those there are. */
const heed_preset *heed_preset_find(heed_ctx *ctx, const heed_model_class *family, const char *name);

/* The state of decoding. At most `rows` hypotheses and `steps` tokens each. */
heed_state *heed_state_new(heed_ctx *ctx, int rows, int steps);
void heed_state_free(heed_state *state);
/* Reads the sources; clears what was before. */
heed_code heed_model_start(const heed_model *model, heed_tape *tape, heed_state *state,
			   const heed_batch *source);
/* [rows, vocab] scores after each row's last token. The tape is reset by the caller. */
heed_tensor *heed_model_step(const heed_model *model, heed_tape *tape, heed_state *state, const int *tokens);
/* Row i of `rows` becomes a copy of row parent[i]. */
heed_code heed_model_reorder(const heed_model *model, heed_state *state, const int *parent, int rows);
int heed_state_rows(const heed_state *state);

#ifdef __cplusplus
}
#endif
#endif
