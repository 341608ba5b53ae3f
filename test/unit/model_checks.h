/* What every model must do, whatever it is: families by name with settings (name, value, ..., NULL), on texts and
 * labels made here. */
#ifndef HEED_TEST_MODEL_CHECKS_H
#define HEED_TEST_MODEL_CHECKS_H

#include <stdbool.h>

/* Language models and translators: decoding token by token, with rows that change places, gives the probabilities of
 * the full pass. */
void check_step_equals_pass(const char *family, const char *const *settings);
/* The same: what follows a token changes nothing before it. */
void check_sees_nothing_later(const char *family, const char *const *settings);
/* All of them and classifiers: a text's result is the same alone and among others. */
void check_ragged_equals_alone(const char *family, const char *const *settings);
/* One batch is learned by heart: after so many steps of Adam, without dropout, the loss is below the bound. */
void check_overfits(const char *family, const char *const *settings, int steps, double rate, double bound);
/* Classifiers: whether the order of the tokens makes a difference. */
void check_order(const char *family, const char *const *settings, bool counts);
/* Planning reckons the memory of training to the byte. */
void check_plan(const char *family, const char *const *settings);
/* Every allocation of making, training and using the model may fail: nothing crashes, nothing leaks. */
void check_survives_failures(const char *family, const char *const *settings);
/* The settings are refused, by a message with these words in it. */
void check_refused(const char *family, const char *const *settings, const char *words);

#endif
