/* Random numbers that are counters: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
 * 1, 2, 3", section 3.3). A number is a function of (seed, stream, step, index), so nothing drifts after a
 * resume and any element can be drawn alone, in any order, on any thread. */
#ifndef HEED_PHILOX_H
#define HEED_PHILOX_H

#include <stdint.h>

/* What a stream is for; the low bits of a stream may carry a layer or node number beside it. */
enum heed__stream {
	HEED__STREAM_INIT = 1,    /* initial parameters */
	HEED__STREAM_SHUFFLE = 2, /* order of batches */
	HEED__STREAM_DROPOUT = 3,
	HEED__STREAM_SAMPLE = 4, /* decoding */
	HEED__STREAM_BPE = 5,    /* BPE-dropout */
	HEED__STREAM_CORPUS = 6, /* the built-in phrase corpus */
	HEED__STREAM_BOOTSTRAP = 7,
	HEED__STREAM_TEST = 8,
	HEED__STREAM_SUBSAMPLE = 9, /* word2vec: which tokens stay */
	HEED__STREAM_WINDOW = 10,   /* word2vec: reach and negative samples */
};

typedef struct heed__philox {
	uint32_t v[4];
} heed__philox;

static inline heed__philox heed__philox4x32(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0,
					    uint32_t k1)
{
	for (int round = 0; round < 10; round++) {
		const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;

		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)p1;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)p0;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	return (heed__philox){{c0, c1, c2, c3}};
}

/* A position in one stream of numbers: draws advance `index`. */
typedef struct heed__rng {
	uint64_t seed, index;
	uint32_t stream, step;
} heed__rng;

static inline uint64_t heed__rng_next(heed__rng *r)
{
	const heed__philox x = heed__philox4x32((uint32_t)r->index, (uint32_t)(r->index >> 32), r->step,
						r->stream, (uint32_t)r->seed, (uint32_t)(r->seed >> 32));

	r->index++;
	return (uint64_t)x.v[1] << 32 | x.v[0];
}

/* Uniform in [0, 1), 53 bits. */
static inline double heed__rng_uniform(heed__rng *r)
{
	return (double)(heed__rng_next(r) >> 11) * 0x1p-53;
}

/* Uniform in [0, n), n > 0, without bias worth the name (the product method on 64 bits). */
static inline uint64_t heed__rng_below(heed__rng *r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)heed__rng_next(r) * n >> 64);
}

double heed__rng_normal(heed__rng *r); /* mean 0, variance 1 (Box and Muller 1958) */

#endif
