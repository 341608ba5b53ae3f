/* AVX-512 (F, BW, DQ, VL) with FMA: 16 floats a register, 32 registers. */
#if defined(__x86_64__)

#include "kernel/kernel_prelude.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))),         \
			     apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
#include <immintrin.h>

#define NAME avx512
#define VN   16
#define ROWS 12

typedef float VF __attribute__((vector_size(64)));
typedef uint32_t VU __attribute__((vector_size(64)));
typedef uint64_t VL __attribute__((vector_size(64)));
typedef double VD __attribute__((vector_size(64)));

static const uint32_t block_of_lane[VN] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};

static bool runs_here(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

INLINE VF vload(const float *p)
{
	return _mm512_loadu_ps(p);
}

INLINE void vstore(float *p, VF v)
{
	_mm512_storeu_ps(p, v);
}

INLINE VF vload_n(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

INLINE void vstore_n(float *p, VF v, size_t n)
{
	_mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v);
}

INLINE VF vset(float x)
{
	return _mm512_set1_ps(x);
}

INLINE VF vfma(VF a, VF b, VF c)
{
	return _mm512_fmadd_ps(a, b, c);
}

INLINE VF vmin(VF a, VF b)
{
	return _mm512_min_ps(a, b);
}

INLINE VF vmax(VF a, VF b)
{
	return _mm512_max_ps(a, b);
}

INLINE VF vsqrt(VF v)
{
	return _mm512_sqrt_ps(v);
}

INLINE float vsum(VF v)
{
	return _mm512_reduce_add_ps(v);
}

INLINE float vgreatest(VF v)
{
	return _mm512_reduce_max_ps(v);
}

INLINE VD vlow(VF v)
{
	return _mm512_cvtps_pd(_mm512_castps512_ps256(v));
}

INLINE VD vhigh(VF v)
{
	return _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
}

INLINE VL vmul32(VL a, VL b)
{
	return (VL)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

INLINE VU vhalves(const uint16_t *p)
{
	return (VU)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i_u *)p));
}

INLINE void vwords(VU w[4])
{
	const __m512i a = _mm512_unpacklo_epi32((__m512i)w[0], (__m512i)w[1]);
	const __m512i b = _mm512_unpacklo_epi32((__m512i)w[2], (__m512i)w[3]);
	const __m512i c = _mm512_unpackhi_epi32((__m512i)w[0], (__m512i)w[1]);
	const __m512i d = _mm512_unpackhi_epi32((__m512i)w[2], (__m512i)w[3]);

	w[0] = (VU)_mm512_unpacklo_epi64(a, b);
	w[1] = (VU)_mm512_unpackhi_epi64(a, b);
	w[2] = (VU)_mm512_unpacklo_epi64(c, d);
	w[3] = (VU)_mm512_unpackhi_epi64(c, d);
}

/* 4x4 blocks are transposed inside the quarters of registers, then the quarters. */
INLINE void vtranspose(VF r[VN])
{
	VU w[VN];

	UNROLLED (i, VN)
		w[i] = (VU)r[i];
	UNROLLED (i, 4)
		vwords(w + 4 * i);
	UNROLLED (i, 4) {
		const __m512 a = (__m512)w[i], b = (__m512)w[i + 4], c = (__m512)w[i + 8],
			     d = (__m512)w[i + 12];
		const __m512 ab_low = _mm512_shuffle_f32x4(a, b, 0x88),
			     ab_high = _mm512_shuffle_f32x4(a, b, 0xdd);
		const __m512 cd_low = _mm512_shuffle_f32x4(c, d, 0x88),
			     cd_high = _mm512_shuffle_f32x4(c, d, 0xdd);

		r[i] = _mm512_shuffle_f32x4(ab_low, cd_low, 0x88);
		r[i + 4] = _mm512_shuffle_f32x4(ab_high, cd_high, 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(ab_low, cd_low, 0xdd);
		r[i + 12] = _mm512_shuffle_f32x4(ab_high, cd_high, 0xdd);
	}
}

#include "kernel/kernel_vector.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int heed__no_avx512; /* a translation unit may not be empty */
#endif
