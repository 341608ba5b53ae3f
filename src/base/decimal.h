/* Decimal numbers in text, whatever language the host program has set. */
#ifndef HEED_DECIMAL_H
#define HEED_DECIMAL_H

#include <stdbool.h>

/* Reads digits with an optional sign, point and exponent at *at, and moves *at behind them. False: there is no number,
 * or it is too large for a double; *at is then anywhere. The result is as near as 18 digits and one rounding allow
 * where the exponent is within 22, and else within a few units in the last place. */
bool heed__decimal_read(const char **at, const char *end, double *out);

#endif
