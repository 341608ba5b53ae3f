/* What train and plan share: their options, the families, and how data is read. */
#ifndef HEED_TRAINING_H
#define HEED_TRAINING_H

#include "heed/train_fields.h"
#include "options.h"

struct training_options {
	heed_train_options train; /* first, as HEED_TRAIN_FIELDS wants it */
	heed_list src, tgt, pairs, valid_src, valid_tgt, valid_pairs; /* translation */
	heed_list text, valid_text, labelled, valid_labelled;         /* language models; classifiers */
	const char *tokenizer_file, *preset, *embeddings, *output, *log;
	bool strict;
	int64_t max_line;
};

#define TRAINING_DATA                                                                                        \
	{.name = "src",                                                                                      \
	 HEED_LIST(struct training_options, src),                                                            \
	 .unit = "FILE",                                                                                     \
	 .help = "source text, a sentence a line, plain or gzip; again for more",                            \
	 .group = "Data"},                                                                                   \
		{.name = "tgt",                                                                              \
		 HEED_LIST(struct training_options, tgt),                                                    \
		 .unit = "FILE",                                                                             \
		 .help = "target text, line n belonging to line n of the source"},                           \
		{.name = "pairs",                                                                            \
		 HEED_LIST(struct training_options, pairs),                                                  \
		 .unit = "FILE",                                                                             \
		 .help = "both in one file, source<TAB>target"},                                             \
		{.name = "valid-src",                                                                        \
		 HEED_LIST(struct training_options, valid_src),                                              \
		 .unit = "FILE",                                                                             \
		 .help = "source text that is not trained on, to judge by"},                                 \
		{.name = "valid-tgt",                                                                        \
		 HEED_LIST(struct training_options, valid_tgt),                                              \
		 .unit = "FILE",                                                                             \
		 .help = "its target text"},                                                                 \
		{.name = "valid-pairs",                                                                      \
		 HEED_LIST(struct training_options, valid_pairs),                                            \
		 .unit = "FILE",                                                                             \
		 .help = "both in one file"},                                                                \
		{.name = "text",                                                                             \
		 HEED_LIST(struct training_options, text),                                                   \
		 .unit = "FILE",                                                                             \
		 .help = "text for language models and word vectors, plain or gzip; again for more"},        \
		{.name = "valid-text",                                                                       \
		 HEED_LIST(struct training_options, valid_text),                                             \
		 .unit = "FILE",                                                                             \
		 .help = "text that is not trained on, to judge by"},                                        \
		{.name = "labelled",                                                                         \
		 HEED_LIST(struct training_options, labelled),                                               \
		 .unit = "FILE",                                                                             \
		 .help = "label<TAB>text for classifiers, a text a line"},                                   \
		{.name = "valid-labelled",                                                                   \
		 HEED_LIST(struct training_options, valid_labelled),                                         \
		 .unit = "FILE",                                                                             \
		 .help = "the same, not trained on"},                                                        \
		{.name = "strict",                                                                           \
		 HEED_FLAG(struct training_options, strict),                                                 \
		 .help = "bad bytes and lines that are too long are errors, not repaired or skipped"},       \
		{.name = "max-line",                                                                         \
		 HEED_INT64(struct training_options, max_line),                                              \
		 .min = 1,                                                                                   \
		 .max = 1 << 30,                                                                             \
		 .initial = "65536",                                                                         \
		 .unit = "BYTES",                                                                            \
		 .help = "longest line that is read"},                                                       \
		{.name = "preset",                                                                           \
		 HEED_TEXT(struct training_options, preset),                                                 \
		 .unit = "NAME",                                                                             \
		 .help = "settings by name; options given beside it hold"},                                  \
		{.name = "embeddings",                                                                       \
		 HEED_PATH(struct training_options, embeddings),                                             \
		 .help = "word vectors that the source's embeddings begin with: a model, or a file in one "  \
			 "of word2vec's formats"},                                                           \
	{                                                                                                    \
		.name = "tokenizer-file", HEED_PATH(struct training_options, tokenizer_file),                \
		.help = "a tokenizer trained before"                                                         \
	}

/* The families that can be trained, for heed_command.family. */
bool heed_training_family(int index, heed_family *family);

/* A training as the options ask for it. Everything is freed by heed_training_close. */
struct training {
	heed_examples *train, *valid;
	heed_tokenizer *tokenizer;
	heed_train_job job;
};

/* Reads the data and applies the preset; returns an exit status, what is wrong has been said. need_data: no data
 * is an error. */
int heed_training_open(heed_cli *cli, struct training *t, bool need_data);
void heed_training_close(struct training *t);

#endif
