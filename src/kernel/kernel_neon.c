/* NEON as every 64-bit Arm has it: 4 floats a register, 32 registers. */
#if defined(__aarch64__)

#include "kernel/kernel_prelude.h"

#include <arm_neon.h>

#define NAME neon
#define VN   4
#define ROWS 8

typedef float VF __attribute__((vector_size(16)));
typedef uint32_t VU __attribute__((vector_size(16)));
typedef uint64_t VL __attribute__((vector_size(16)));
typedef double VD __attribute__((vector_size(16)));

static const uint32_t block_of_lane[VN] = {0, 1, 2, 3};

static bool runs_here(void)
{
	return true;
}

INLINE VF vload(const float *p)
{
	return (VF)vld1q_f32(p);
}

INLINE void vstore(float *p, VF v)
{
	vst1q_f32(p, (float32x4_t)v);
}

INLINE VF vload_n(const float *p, size_t n)
{
	VF v = {0};

	for (size_t i = 0; i < n; i++)
		v[i] = p[i];
	return v;
}

INLINE void vstore_n(float *p, VF v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = v[i];
}

INLINE VF vset(float x)
{
	return (VF)vdupq_n_f32(x);
}

INLINE VF vfma(VF a, VF b, VF c)
{
	return (VF)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

INLINE VF vmin(VF a, VF b)
{
	return (VF)vminq_f32((float32x4_t)a, (float32x4_t)b);
}

INLINE VF vmax(VF a, VF b)
{
	return (VF)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
}

INLINE VF vsqrt(VF v)
{
	return (VF)vsqrtq_f32((float32x4_t)v);
}

INLINE float vsum(VF v)
{
	return vaddvq_f32((float32x4_t)v);
}

INLINE float vgreatest(VF v)
{
	return vmaxvq_f32((float32x4_t)v);
}

INLINE VD vlow(VF v)
{
	return (VD)vcvt_f64_f32(vget_low_f32((float32x4_t)v));
}

INLINE VD vhigh(VF v)
{
	return (VD)vcvt_high_f64_f32((float32x4_t)v);
}

INLINE VL vmul32(VL a, VL b)
{
	return (VL)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}

INLINE VU vhalves(const uint16_t *p)
{
	return (VU)vmovl_u16(vld1_u16(p));
}

INLINE void vwords(VU w[4])
{
	const uint32x4x2_t a = vtrnq_u32((uint32x4_t)w[0], (uint32x4_t)w[1]);
	const uint32x4x2_t b = vtrnq_u32((uint32x4_t)w[2], (uint32x4_t)w[3]);

	w[0] = (VU)vcombine_u32(vget_low_u32(a.val[0]), vget_low_u32(b.val[0]));
	w[1] = (VU)vcombine_u32(vget_low_u32(a.val[1]), vget_low_u32(b.val[1]));
	w[2] = (VU)vcombine_u32(vget_high_u32(a.val[0]), vget_high_u32(b.val[0]));
	w[3] = (VU)vcombine_u32(vget_high_u32(a.val[1]), vget_high_u32(b.val[1]));
}

INLINE void vtranspose(VF r[VN])
{
	VU w[VN];

	UNROLLED (i, VN)
		w[i] = (VU)r[i];
	vwords(w);
	UNROLLED (i, VN)
		r[i] = (VF)w[i];
}

#include "kernel/kernel_vector.h"

#else
typedef int heed__no_neon; /* a translation unit may not be empty */
#endif
