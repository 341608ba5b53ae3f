/* AVX2 with FMA: 8 floats a register, 16 registers. */
#if defined(__x86_64__)

#include "kernel/kernel_prelude.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#include <immintrin.h>

#define NAME avx2
#define VN   8
#define ROWS 6

typedef float VF __attribute__((vector_size(32)));
typedef uint32_t VU __attribute__((vector_size(32)));
typedef uint64_t VL __attribute__((vector_size(32)));
typedef double VD __attribute__((vector_size(32)));

static const uint32_t block_of_lane[VN] = {0, 2, 4, 6, 1, 3, 5, 7};

static bool runs_here(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

INLINE VF vload(const float *p)
{
	return _mm256_loadu_ps(p);
}

INLINE void vstore(float *p, VF v)
{
	_mm256_storeu_ps(p, v);
}

/* The first n lanes all ones, the others zero. */
INLINE __m256i first_lanes(size_t n)
{
	static const int32_t ones[2 * VN] = {-1, -1, -1, -1, -1, -1, -1, -1};

	return _mm256_loadu_si256((const __m256i_u *)(ones + VN - n));
}

INLINE VF vload_n(const float *p, size_t n)
{
	return _mm256_maskload_ps(p, first_lanes(n));
}

INLINE void vstore_n(float *p, VF v, size_t n)
{
	_mm256_maskstore_ps(p, first_lanes(n), v);
}

INLINE VF vset(float x)
{
	return _mm256_set1_ps(x);
}

INLINE VF vfma(VF a, VF b, VF c)
{
	return _mm256_fmadd_ps(a, b, c);
}

INLINE VF vmin(VF a, VF b)
{
	return _mm256_min_ps(a, b);
}

INLINE VF vmax(VF a, VF b)
{
	return _mm256_max_ps(a, b);
}

INLINE VF vsqrt(VF v)
{
	return _mm256_sqrt_ps(v);
}

INLINE float vsum(VF v)
{
	const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

INLINE float vgreatest(VF v)
{
	const __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

INLINE VD vlow(VF v)
{
	return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}

INLINE VD vhigh(VF v)
{
	return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}

INLINE VL vmul32(VL a, VL b)
{
	return (VL)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

INLINE VU vhalves(const uint16_t *p)
{
	return (VU)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i_u *)p));
}

INLINE void vwords(VU w[4])
{
	const __m256i a = _mm256_unpacklo_epi32((__m256i)w[0], (__m256i)w[1]);
	const __m256i b = _mm256_unpacklo_epi32((__m256i)w[2], (__m256i)w[3]);
	const __m256i c = _mm256_unpackhi_epi32((__m256i)w[0], (__m256i)w[1]);
	const __m256i d = _mm256_unpackhi_epi32((__m256i)w[2], (__m256i)w[3]);

	w[0] = (VU)_mm256_unpacklo_epi64(a, b);
	w[1] = (VU)_mm256_unpackhi_epi64(a, b);
	w[2] = (VU)_mm256_unpacklo_epi64(c, d);
	w[3] = (VU)_mm256_unpackhi_epi64(c, d);
}

/* 4x4 blocks are transposed inside the halves of registers, then the halves. */
INLINE void vtranspose(VF r[VN])
{
	VU w[VN];

	UNROLLED (i, VN)
		w[i] = (VU)r[i];
	vwords(w);
	vwords(w + 4);
	UNROLLED (i, 4) {
		r[i] = _mm256_permute2f128_ps((__m256)w[i], (__m256)w[i + 4], 0x20);
		r[i + 4] = _mm256_permute2f128_ps((__m256)w[i], (__m256)w[i + 4], 0x31);
	}
}

#include "kernel/kernel_vector.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int heed__no_avx2; /* a translation unit may not be empty */
#endif
