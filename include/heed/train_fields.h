/* The rows of the table of training options, for tables that hold them beside others: their struct begins with
 * a heed_train_options. */
#ifndef HEED_TRAIN_FIELDS_H
#define HEED_TRAIN_FIELDS_H

#include "heed/train.h"

#define HEED_TOKENIZER_KINDS "word char byte bpe unigram space sentence"

/* clang-format off */
#define HEED_TRAIN_FIELDS \
	{"tokenizer", HEED_CHOICE(heed_train_options, tokenizer), .initial = "bpe", \
	 .choices = HEED_TOKENIZER_KINDS, .help = "how text is cut, when there is no --tokenizer-file", \
	 .group = "Tokenizer"}, \
	{"vocab", HEED_INT(heed_train_options, vocab), .initial = "8000", .min = 4, .max = 1 << 22, \
	 .help = "most pieces of the vocabulary"}, \
	{"merges", HEED_INT(heed_train_options, merges), .initial = "0", .max = 1 << 22, \
	 .help = "most merges of bpe; 0: as --vocab allows"}, \
	{"min-count", HEED_INT(heed_train_options, min_count), .initial = "0", .max = 1 << 20, \
	 .help = "rarer words, characters and pairs get no piece; 0: 2 for bpe and unigram, else 1"}, \
	{"normalize", HEED_CHOICE(heed_train_options, normalization), .initial = "nfc", \
	 .choices = "nfc nfkc none", .help = "Unicode normal form"}, \
	{"separate-vocab", HEED_FLAG(heed_train_options, separate), .help = "a tokenizer for each side"}, \
	{"lowercase", HEED_FLAG(heed_train_options, lowercase), .help = "lower-case all text"}, \
	{"bpe-dropout", HEED_FLOAT(heed_train_options, bpe_dropout), .initial = "0", .max = 0.9, \
	 .help = "skip merges at random, anew in each epoch; unigram: draw the pieces, with alpha = 1/p - 1"}, \
 \
	{"epochs", HEED_INT(heed_train_options, epochs), .initial = "0", .max = 1 << 20, \
	 .help = "passes over the data; 0: no limit", .group = "Budget"}, \
	{"steps", HEED_INT64(heed_train_options, steps), .initial = "0", .max = 1e12, \
	 .help = "updates; 0: no limit"}, \
	{"minutes", HEED_FLOAT(heed_train_options, minutes), .initial = "0", .max = 1e6, \
	 .help = "time, validation included; 0: no limit"}, \
 \
	{"batch-tokens", HEED_INT(heed_train_options, batch_tokens), .initial = "4096", .min = 1, \
	 .max = 1 << 24, .help = "most tokens of a batch, on each side", .group = "Batches"}, \
	{"accumulate", HEED_INT(heed_train_options, accumulate), .initial = "1", .min = 1, .max = 4096, \
	 .help = "batches whose gradients are added up before a step"}, \
	{"bucket", HEED_INT(heed_train_options, bucket), .initial = "8", .min = 1, .max = 1 << 20, \
	 .help = "batches whose sentences are sorted by length together"}, \
 \
	{"optimizer", HEED_CHOICE(heed_train_options, optimizer), .initial = "adam", \
	 .choices = "adam adamw sgd adagrad", .help = "rule of the updates", .group = "Optimizer"}, \
	{"lr", HEED_FLOAT(heed_train_options, lr), .initial = "0.001", .min = 1e-12, .max = 1e3, \
	 .help = "highest learning rate"}, \
	{"schedule", HEED_CHOICE(heed_train_options, schedule), .initial = "inverse-sqrt", \
	 .choices = "constant inverse-sqrt linear cosine plateau", \
	 .help = "how the learning rate falls after warm-up"}, \
	{"warmup", HEED_INT64(heed_train_options, warmup), .initial = "1000", .max = 1e9, \
	 .help = "steps over which the learning rate rises"}, \
	{"lr-end", HEED_FLOAT(heed_train_options, lr_end), .initial = "0", .max = 1e3, \
	 .help = "where linear and cosine end, and the least of plateau"}, \
	{"beta1", HEED_FLOAT(heed_train_options, beta1), .initial = "0.9", .max = 0.9999, \
	 .help = "memory of Adam's mean"}, \
	{"beta2", HEED_FLOAT(heed_train_options, beta2), .initial = "0.98", .max = 0.999999, \
	 .help = "memory of Adam's mean square"}, \
	{"epsilon", HEED_FLOAT(heed_train_options, epsilon), .initial = "1e-9", .min = 1e-16, .max = 1, \
	 .help = "added to the root of the mean square"}, \
	{"weight-decay", HEED_FLOAT(heed_train_options, weight_decay), .initial = "0.01", .max = 10, \
	 .help = "of adamw"}, \
	{"momentum", HEED_FLOAT(heed_train_options, momentum), .initial = "0.9", .max = 0.9999, \
	 .help = "of sgd"}, \
	{"clip", HEED_FLOAT(heed_train_options, clip), .initial = "0", .max = 1e6, \
	 .help = "longest gradient, by its norm; 0: no limit"}, \
	{"plateau-factor", HEED_FLOAT(heed_train_options, plateau_factor), .initial = "0.5", .min = 0.01, \
	 .max = 0.99, .help = "what plateau multiplies the learning rate by"}, \
	{"plateau-patience", HEED_INT(heed_train_options, plateau_patience), .initial = "2", .min = 1, \
	 .max = 1000, .help = "validations without a better one until it does"}, \
	{"precision", HEED_CHOICE(heed_train_options, precision), .initial = "f32", .choices = "f32", \
	 .help = "numbers of the products"}, \
 \
	{"valid-every", HEED_INT64(heed_train_options, valid_every), .initial = "0", .max = 1e12, \
	 .help = "steps between validations; 0: an epoch", .group = "Validation and files"}, \
	{"valid-metric", HEED_CHOICE(heed_train_options, valid_metric), .initial = "loss", \
	 .choices = "loss bleu chrf accuracy", .help = "what decides which weights are best"}, \
	{"valid-beam", HEED_INT(heed_train_options, valid_beam), .initial = "1", .min = 1, .max = 64, \
	 .help = "beam of the translations for bleu and chrf"}, \
	{"patience", HEED_INT(heed_train_options, patience), .initial = "0", .max = 1 << 20, \
	 .help = "stop after so many validations without a better one; 0: never"}, \
	{"save-every", HEED_INT64(heed_train_options, save_every), .initial = "0", .max = 1e12, \
	 .help = "steps between checkpoints; 0: with each validation"}, \
	{"keep", HEED_INT(heed_train_options, keep), .initial = "1", .min = 0, .max = 1000, \
	 .help = "weights of the last validations that stay on disk"}, \
	{"keep-best", HEED_INT(heed_train_options, keep_best), .initial = "1", .min = 0, .max = 1000, \
	 .help = "weights of the best validations that stay on disk"}, \
	{"average", HEED_INT(heed_train_options, average), .initial = "0", .max = 1000, \
	 .help = "the model is the mean of so many validations' weights; 0: the best one's"}, \
	{"average-best", HEED_FLAG(heed_train_options, average_best), \
	 .help = "average the best validations, not the last"}, \
	{"ema", HEED_FLOAT(heed_train_options, ema), .initial = "0", .max = 0.999999, \
	 .help = "validate and keep a moving average of the weights with this memory; 0: none"}, \
	{"resume", HEED_FLAG(heed_train_options, resume), \
	 .help = "go on from the checkpoint, if there is one"}
/* clang-format on */

#endif
