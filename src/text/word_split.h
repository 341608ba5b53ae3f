/* Cutting normalised text into the runs inside which pieces are made. */
#ifndef HEED_WORD_SPLIT_H
#define HEED_WORD_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* No run is longer: what exceeds it is cut, so that work and memory for one run are bounded. */
#define HEED__RUN_BYTES_MAX 4096

/* The length of the run at the start of valid UTF-8 text[0..len), len > 0. A space belongs to the run behind
 * it; one before another space, before white space or at the end is alone. A run is of letters, of digits, of
 * white space, or of anything else, each with the marks that follow. As words, letters and digits make one run,
 * and any other character is alone. The lengths add up to the text. */
size_t heed__run_length(const char *text, size_t len, bool words);

#endif
