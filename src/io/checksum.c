#include "io/checksum.h"

#include <string.h>

/* Odd, so that a product with them can be undone: then a step loses nothing of state or input. */
#define K1 UINT64_C(0x9e3779b97f4a7c15)
#define K2 UINT64_C(0xc2b2ae3d27d4eb4f)

static uint64_t load(const unsigned char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	return x;
}

static uint64_t step(uint64_t state, uint64_t input)
{
	const uint64_t x = (state + input * K2) * K1;

	return x << 31 | x >> 33;
}

uint64_t heed__checksum(uint64_t seed, const void *data, size_t n)
{
	/* Four lanes, since a product takes four cycles and the processor can begin one in each. */
	uint64_t a = seed + K1, b = seed + K2, c = seed ^ K1, d = seed ^ K2, h = step(seed, n);
	const unsigned char *p = data;
	size_t left = n;

	for (; left >= 32; left -= 32, p += 32) {
		a = step(a, load(p));
		b = step(b, load(p + 8));
		c = step(c, load(p + 16));
		d = step(d, load(p + 24));
	}
	h = step(step(step(step(h, a), b), c), d);
	for (; left >= 8; left -= 8, p += 8)
		h = step(h, load(p));
	if (left > 0) {
		unsigned char tail[8] = {0};

		memcpy(tail, p, left);
		h = step(h, load(tail));
	}
	h = (h ^ h >> 29) * K2;
	h = (h ^ h >> 32) * K1;
	return h ^ h >> 29;
}
