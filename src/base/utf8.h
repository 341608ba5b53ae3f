/* UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef HEED_UTF8_H
#define HEED_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Reads one code point of s[0..n), n > 0. Returns its length in bytes (1..4) and sets *code; for a bad
 * byte returns 0 and leaves *code alone. */
int heed__utf8_decode(const char *s, size_t n, uint32_t *code);
/* Writes 1..4 bytes, returns how many. code must be a valid scalar value. */
int heed__utf8_encode(uint32_t code, char out[4]);
/* The offset of the first bad byte, or n when all is well. */
size_t heed__utf8_valid(const char *s, size_t n);
size_t heed__utf8_count(const char *s, size_t n); /* code points of valid text */

#endif
