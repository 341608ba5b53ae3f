/* A 64-bit checksum against damage, not against enemies. */
#ifndef HEED_CHECKSUM_H
#define HEED_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Of n bytes and of `seed`, which may be the checksum of what came before. A change within any aligned eight
 * bytes always changes the result; any other goes unseen once in about 2^64. The values are part of the file
 * format and never change. */
uint64_t heed__checksum(uint64_t seed, const void *data, size_t n);

#endif
