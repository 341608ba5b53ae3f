/* The body of a vector set, written once over a register of VN floats. A file that includes it first defines
 *
 *	NAME    the table's name as an identifier, e.g. avx2
 *	VN      floats in a register, a multiple of 4
 *	ROWS    rows of a product that are summed at a time, in ROWS x 2 registers
 *	block_of_lane[VN]    see random_halves
 *	VF VU VL VD    vectors as long as a register of float, uint32_t, uint64_t, double
 *
 * and these functions, all static inline:
 *
 *	runs_here()                       whether the processor and the system have these instructions
 *	vload(p) vstore(p, v)             no alignment needed
 *	vload_n(p, n) vstore_n(p, v, n)   the first n < VN lanes; the others are loaded as 0, not stored
 *	vset(f)                           all lanes f
 *	vfma(a, b, c)                     a b + c, rounded once
 *	vmin(a, b) vmax(a, b)             b when one is not a number (or not a number)
 *	vsqrt(v)
 *	vsum(v) vgreatest(v)              over the lanes, in a fixed order
 *	vlow(v) vhigh(v)                  halves of v as doubles
 *	vmul32(a, b)                      products of the low halves of 64-bit lanes
 *	vhalves(p)                        VN uint16_t as uint32_t
 *	vwords(w)                         w[0..3] transposed as VN/4 blocks of 4x4, see vwords below
 *	vtranspose(r)                     r[0..VN) as a VN x VN matrix
 *
 * Letters: i query or row, j key or column, l what is summed over. */

#include "kernel/kernel_prelude.h"

#define PANEL (2 * VN)

INLINE VF load(const float *p, size_t left)
{
	return left >= VN ? vload(p) : vload_n(p, left);
}

INLINE void store(float *p, VF v, size_t left)
{
	if (left >= VN)
		vstore(p, v);
	else
		vstore_n(p, v, left);
}

INLINE VF vzero(void)
{
	return vset(0.0f);
}

INLINE VU vset_u(uint32_t x)
{
	return (VU){0} + x;
}

INLINE VF choose(VU condition, VF yes, VF no)
{
	return (VF)((condition & (VU)yes) | (~condition & (VU)no));
}

INLINE VF vabs(VF x)
{
	return (VF)((VU)x & 0x7fffffffu);
}

/* Functions of one vector. The coefficients are minimax fits of our own; the errors named were measured
 * over the whole range. */

/* exp x to 2 units in the last place. 0 below -87, no more than exp 88 above. With n = round(x/log 2) and
 * r = x - n log 2: exp x = 2^n exp r; adding 3*2^22 rounds to an integer that stands in the low bits. */
INLINE VF vexp(VF x)
{
	const VF shift = vset(12582912.0f);
	const VF clamped = vmin(vset(88.0f), x);
	const VF t = vfma(clamped, vset(1.44269504f), shift), n = t - shift;
	const VF r = vfma(n, vset(1.90465430e-9f), vfma(n, vset(-0.693147182f), clamped));
	VF p = vset(0.00139504892f);

	p = vfma(p, r, vset(0.00836888956f));
	p = vfma(p, r, vset(0.0416662058f));
	p = vfma(p, r, vset(0.166665188f));
	p = vfma(p, r, vset(0.50000001f));
	p = vfma(p * r, r, r) + 1.0f;
	p = (VF)((VU)p + ((VU)t << 23));
	return (VF)(~(VU)(x < -87.0f) & (VU)p);
}

/* log x to 2 units in the last place, for normal x > 0: x = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2). */
INLINE VF vlog(VF x)
{
	const VU bits = (VU)x - 0x3f3504f3u;
	const VF f = (VF)((bits & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
	const VU biased = ((bits + 0x40000000u) >> 23) | 0x4b000000u; /* 2^23 + e + 128 as a float */
	const VF e = (VF)biased - 8388736.0f;
	VF p = vset(0.0691516552f);

	p = vfma(p, f, vset(-0.11789705f));
	p = vfma(p, f, vset(0.118730129f));
	p = vfma(p, f, vset(-0.123843685f));
	p = vfma(p, f, vset(0.142186557f));
	p = vfma(p, f, vset(-0.166692496f));
	p = vfma(p, f, vset(0.200022267f));
	p = vfma(p, f, vset(-0.249999866f));
	p = vfma(p, f, vset(0.333333104f));
	p = vfma(p * f, f * f, vfma(f * f, vset(-0.5f), e * -1.90465430e-9f)) + f;
	return vfma(e, vset(0.693147182f), p);
}

INLINE VF vsigmoid(VF x)
{
	return 1.0f / (1.0f + vexp(-x));
}

/* tanh x to 3 units in the last place: a polynomial near 0, else 1 - 2/(exp 2|x| + 1). */
INLINE VF vtanh(VF x)
{
	const VF u = vabs(x), z = x * x;
	const VF far = 1.0f - 2.0f / (vexp(u + u) + 1.0f);
	VF near = vset(-0.00571703655f);

	near = vfma(near, z, vset(0.020650579f));
	near = vfma(near, z, vset(-0.0537434953f));
	near = vfma(near, z, vset(0.133314912f));
	near = vfma(near, z, vset(-0.333332839f));
	near = vfma(near * z, u, u);
	return (VF)((VU)choose((VU)(u < 0.625f), near, far) | ((VU)x & 0x80000000u));
}

/* The normal distribution function to 1e-7. Its tail P(X > u) is exp(-u R(u))/2. */
INLINE VF vphi(VF x)
{
	const VF u = vabs(x), v = vmin(vset(6.0f), u);
	VF r = vset(1.82606231e-8f), tail;

	r = vfma(r, v, vset(-5.46317469e-7f));
	r = vfma(r, v, vset(7.02369944e-6f));
	r = vfma(r, v, vset(-4.93166926e-5f));
	r = vfma(r, v, vset(0.000180166281f));
	r = vfma(r, v, vset(3.0201843e-5f));
	r = vfma(r, v, vset(-0.00485375955f));
	r = vfma(r, v, vset(0.0363760334f));
	r = vfma(r, v, vset(0.318299106f));
	r = vfma(r, v, vset(0.797885525f));
	tail = 0.5f * vexp(-u * r);
	return choose((VU)(x < 0.0f), tail, 1.0f - tail);
}

INLINE VF vact(VF x, heed__act kind)
{
	switch (kind) {
	case HEED__ACT_RELU:
		return vmax(x, vzero());
	case HEED__ACT_GELU:
		return x * vphi(x);
	case HEED__ACT_SWISH:
		return x * vsigmoid(x);
	case HEED__ACT_TANH:
		return vtanh(x);
	case HEED__ACT_SIGMOID:
		return vsigmoid(x);
	case HEED__ACT_NONE:
		break;
	}
	return x;
}

/* The derivative where the activation's argument is x and its value y. */
INLINE VF vslope(VF x, VF y, heed__act kind)
{
	switch (kind) {
	case HEED__ACT_RELU:
		return choose((VU)(y > 0.0f), vset(1.0f), vzero());
	case HEED__ACT_GELU: /* Phi(x) + x phi(x) */
		return vfma(x * 0.39894228f, vexp(-0.5f * x * x), vphi(x));
	case HEED__ACT_SWISH: { /* s (1 + x (1 - s)) */
		const VF s = vsigmoid(x);

		return s * vfma(x, 1.0f - s, vset(1.0f));
	}
	case HEED__ACT_TANH:
		return 1.0f - y * y;
	case HEED__ACT_SIGMOID:
		return y * (1.0f - y);
	case HEED__ACT_NONE:
		break;
	}
	return vset(1.0f);
}

/* Vectors. */

static void add(size_t n, const float *x, float *y)
{
	for (size_t i = 0; i < n; i += VN)
		store(y + i, load(y + i, n - i) + load(x + i, n - i), n - i);
}

static void axpy(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i += VN)
		store(y + i, vfma(vset(a), load(x + i, n - i), load(y + i, n - i)), n - i);
}

static void scale(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i += VN)
		store(y + i, a * load(x + i, n - i), n - i);
}

static void mul(size_t n, const float *a, const float *b, float *y)
{
	for (size_t i = 0; i < n; i += VN)
		store(y + i, load(a + i, n - i) * load(b + i, n - i), n - i);
}

static void lerp(size_t n, float a, const float *x, float *y)
{
	for (size_t i = 0; i < n; i += VN) {
		const VF yi = load(y + i, n - i);

		store(y + i, vfma(vset(a), load(x + i, n - i) - yi, yi), n - i);
	}
}

static float dot(size_t n, const float *x, const float *y)
{
	VF sum[4] = {vzero(), vzero(), vzero(), vzero()};
	size_t i = 0;

	for (; i + 4 * VN <= n; i += 4 * VN)
		for (size_t s = 0; s < 4; s++)
			sum[s] = vfma(vload(x + i + s * VN), vload(y + i + s * VN), sum[s]);
	for (; i < n; i += VN)
		sum[0] = vfma(load(x + i, n - i), load(y + i, n - i), sum[0]);
	return vsum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* Two rows of x by four of y, or fewer: then pointers come twice. */
INLINE void dots_2x4(size_t n, const float *const *x, const float *const *y, float z[8])
{
	VF sum[8];

	UNROLLED (s, 8)
		sum[s] = vzero();
	for (size_t c = 0; c < n; c += VN) {
		const VF x0 = load(x[0] + c, n - c), x1 = load(x[1] + c, n - c);

		UNROLLED (j, 4) {
			const VF yj = load(y[j] + c, n - c);

			sum[j] = vfma(x0, yj, sum[j]);
			sum[4 + j] = vfma(x1, yj, sum[4 + j]);
		}
	}
	UNROLLED (s, 8)
		z[s] = vsum(sum[s]);
}

static void row_dots(int m, int k, size_t n, const float *const *x, const float *const *y, float *z)
{
	for (int i = 0; i < m; i += 2)
		for (int j = 0; j < k; j += 4) {
			const int rows = m - i < 2 ? m - i : 2, columns = k - j < 4 ? k - j : 4;
			const float *const xs[2] = {x[i], x[i + rows - 1]};
			const float *const ys[4] = {y[j], y[j + (columns > 1)], y[j + (columns > 2 ? 2 : 0)],
						    y[j + (columns > 3 ? 3 : 0)]};
			float sums[8];

			dots_2x4(n, xs, ys, sums);
			for (int r = 0; r < rows; r++)
				for (int s = 0; s < columns; s++)
					z[(i + r) * k + j + s] = sums[4 * r + s];
		}
}

/* Four rows of sums, or fewer: then coefficients come twice. */
INLINE void sums_4(int rows, int k, size_t n, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
		   const float *const *y, float *out, ptrdiff_t ld)
{
	const ptrdiff_t at[4] = {0, (rows > 1) * a_row, (rows > 2 ? 2 : 0) * a_row,
				 (rows > 3 ? 3 : 0) * a_row};

	for (size_t c = 0; c < n; c += 2 * VN) {
		const size_t left = n - c, more = left > VN ? left - VN : 0;
		VF low[4], high[4];

		UNROLLED (r, 4)
			low[r] = high[r] = vzero();
		for (int j = 0; j < k; j++) {
			const VF y0 = load(y[j] + c, left),
				 y1 = more > 0 ? load(y[j] + c + VN, more) : vzero();

			UNROLLED (r, 4) {
				const VF f = vset(a[at[r] + j * a_col]);

				low[r] = vfma(f, y0, low[r]);
				high[r] = vfma(f, y1, high[r]);
			}
		}
		UNROLLED (r, 4)
			if (r < rows) {
				store(out + r * ld + c, low[r], left);
				if (more > 0)
					store(out + r * ld + c + VN, high[r], more);
			}
	}
}

static void row_sums(int m, int k, size_t n, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
		     const float *const *y, float *out, ptrdiff_t ld)
{
	for (int i = 0; i < m; i += 4)
		sums_4(m - i < 4 ? m - i : 4, k, n, a + i * a_row, a_row, a_col, y, out + i * ld, ld);
}

static double sum_squares(size_t n, const float *x)
{
	VD low = {0}, high = {0};
	double sum = 0.0;

	for (size_t i = 0; i < n; i += VN) {
		const VF xi = load(x + i, n - i);

		low += vlow(xi) * vlow(xi);
		high += vhigh(xi) * vhigh(xi);
	}
	low += high;
	for (int lane = 0; lane < VN / 2; lane++)
		sum += low[lane];
	return sum;
}

/* x - x is 0 unless x is infinite or not a number. */
static bool all_finite(size_t n, const float *x)
{
	VF sum = vzero();

	for (size_t i = 0; i < n; i += VN) {
		const VF xi = load(x + i, n - i);

		sum += xi - xi; /* NOLINT(misc-redundant-expression): not for infinities */
	}
	return vsum(sum) == 0.0f;
}

/* A switch outside the loop, so that each activation has a loop of its own. */
#define FOR_ACT(kind, LOOP)                                                                                  \
	switch (kind) {                                                                                      \
	case HEED__ACT_RELU:                                                                                 \
		LOOP(HEED__ACT_RELU) break;                                                                  \
	case HEED__ACT_GELU:                                                                                 \
		LOOP(HEED__ACT_GELU) break;                                                                  \
	case HEED__ACT_SWISH:                                                                                \
		LOOP(HEED__ACT_SWISH) break;                                                                 \
	case HEED__ACT_TANH:                                                                                 \
		LOOP(HEED__ACT_TANH) break;                                                                  \
	case HEED__ACT_SIGMOID:                                                                              \
		LOOP(HEED__ACT_SIGMOID) break;                                                               \
	case HEED__ACT_NONE:                                                                                 \
		LOOP(HEED__ACT_NONE) break;                                                                  \
	}

static void act(size_t n, const float *x, float *y, heed__act kind)
{
#define LOOP(constant)                                                                                       \
	for (size_t i = 0; i < n; i += VN)                                                                   \
		store(y + i, vact(load(x + i, n - i), constant), n - i);
	FOR_ACT(kind, LOOP)
#undef LOOP
}

static void act_grad(size_t n, const float *pre, const float *post, const float *dy, float *dx,
		     heed__act kind)
{
	const bool from_pre = kind == HEED__ACT_GELU || kind == HEED__ACT_SWISH;
	const float *from = from_pre ? pre : post;

	if (!from) /* HEED__ACT_NONE */
		from = dy;
#define LOOP(constant)                                                                                       \
	for (size_t i = 0; i < n; i += VN) {                                                                 \
		const VF at = load(from + i, n - i);                                                         \
                                                                                                             \
		store(dx + i, load(dy + i, n - i) * vslope(at, at, constant), n - i);                        \
	}
	FOR_ACT(kind, LOOP)
#undef LOOP
}

/* Dropout. */

/* One round of Philox with a block a lane, in 64-bit lanes of which only the low halves count. See
 * heed__philox4x32. */
INLINE void philox_round(VL c[4], VL k0, VL k1)
{
	const VL p0 = vmul32(c[0], (VL){0} + 0xD2511F53u), p1 = vmul32(c[2], (VL){0} + 0xCD9E8D57u);

	c[0] = (p1 >> 32) ^ (c[1] ^ k0);
	c[1] = p1;
	c[2] = (p0 >> 32) ^ (c[3] ^ k1);
	c[3] = p0;
}

/* The random words of the blocks whose numbers are low + 2^32 high, one a lane. */
INLINE void random_words(const heed__mask *mask, VU low, VU high, VU words[4])
{
	VL even[4] = {(VL)low, (VL)high, (VL){0} + mask->step, (VL){0} + mask->stream};
	VL odd[4] = {(VL)low >> 32, (VL)high >> 32, even[2], even[3]};

	VL k0 = (VL){0} + (uint32_t)mask->seed, k1 = (VL){0} + (mask->seed >> 32);

	UNROLLED (round, 10) {
		philox_round(even, k0, k1);
		philox_round(odd, k0, k1);
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	UNROLLED (w, 4)
		words[w] = (VU)((even[w] & 0xffffffffu) | (odd[w] << 32));
}

/* low + 2^32 high += x, in each lane */
INLINE void add_wide(VU *low, VU *high, VU x)
{
	*low += x;
	*high -= (VU)(*low < x);
}

/* The 16 random bits of each of the 8 VN elements from 8 block on. vwords leaves lane 4q+p of w[0..3] as
 * lanes 4q..4q+3 of w[p]; so that lane has to hold block p VN/4 + q for blocks to come out in order:
 * block_of_lane. */
static void random_halves(const heed__mask *mask, uint64_t block, uint16_t *halves)
{
	VU low = vset_u((uint32_t)block), high = vset_u((uint32_t)(block >> 32)), lane, words[4];

	memcpy(&lane, block_of_lane, sizeof lane);
	add_wide(&low, &high, lane);
	random_words(mask, low, high, words);
	vwords(words);
	memcpy(halves, words, sizeof words);
}

/* 0 or `factor`: what elements with these random bits are multiplied by. */
INLINE VF mask_factor(VU bits, uint32_t threshold, float factor)
{
	return (VF)((VU)vset(factor) & (VU)(bits >= threshold));
}

/* y = base + mask x; base NULL: y = mask x. */
INLINE void masked(size_t n, const float *base, const float *x, float *y, const heed__mask *mask,
		   uint64_t first)
{
	const uint32_t threshold = heed__mask_threshold(mask);
	const float factor = heed__mask_scale(threshold);
	uint16_t halves[8 * VN + VN]; /* the last are read beside a tail, never used */
	size_t count;

	if (threshold == 0) {
		for (size_t i = 0; i < n; i += VN) {
			const VF xi = load(x + i, n - i);

			store(y + i, base ? load(base + i, n - i) + xi : xi, n - i);
		}
		return;
	}
	memset(halves + 8 * VN, 0, VN * sizeof *halves);
	for (size_t at = 0; at < n; at += count) {
		const size_t skip = (first + at) % 8;

		random_halves(mask, (first + at) / 8, halves);
		count = n - at < 8 * VN - skip ? n - at : 8 * VN - skip;
		for (size_t i = 0; i < count; i += VN) {
			const VF f = mask_factor(vhalves(halves + skip + i), threshold, factor);
			const VF xi = load(x + at + i, count - i);
			const VF sum = base ? vfma(f, xi, load(base + at + i, count - i)) : f * xi;

			store(y + at + i, sum, count - i);
		}
	}
}

static void dropout(size_t n, const float *x, float *y, const heed__mask *mask, uint64_t first)
{
	masked(n, NULL, x, y, mask, first);
}

static void dropout_add(size_t n, const float *x, float *y, const heed__mask *mask, uint64_t first)
{
	masked(n, y, x, y, mask, first);
}

/* Products. */

/* Up to ROWS rows of C[.][vecs VN] = init + A[.][k] B[k][vecs VN], summed in registers. What the sums are added
 * to is read at the end, so that nothing waits for it. */
typedef struct tile {
	int k;
	const float *a, *b, *init;
	ptrdiff_t a_row, a_col, b_row, init_row;
	float *c;
	ptrdiff_t c_row;
} tile;

INLINE void run_tile(const tile *t, const int rows, const int vecs)
{
	const ptrdiff_t a_row = t->a_row, a_col = t->a_col, b_row = t->b_row, c_row = t->c_row;
	const ptrdiff_t init_row = t->init_row;
	const float *a[(ROWS + 2) / 3], *b = t->b, *init = t->init; /* every third row has a pointer */
	float *c = t->c;
	VF sum[ROWS][2];

	UNROLLED (i, (rows + 2) / 3)
		a[i] = t->a + 3 * i * a_row;
	UNROLLED (i, rows) {
		UNROLLED (j, vecs)
			sum[i][j] = vzero();
		__builtin_prefetch(c + i * c_row, 1);
		__builtin_prefetch(c + i * c_row + vecs * VN - 1, 1);
	}
	for (int l = t->k; l > 0; l--, b += b_row) {
		VF bl[2];

		UNROLLED (j, vecs)
			bl[j] = vload(b + j * VN);
		UNROLLED (i, rows) {
			const VF ail = vset(a[i / 3][i % 3 * a_row]);

			UNROLLED (j, vecs)
				sum[i][j] = vfma(ail, bl[j], sum[i][j]);
		}
		UNROLLED (i, (rows + 2) / 3)
			a[i] += a_col;
	}
	UNROLLED (i, rows) {
		UNROLLED (j, vecs)
			vstore(c + i * c_row + j * VN, vload(init + i * init_row + j * VN) + sum[i][j]);
	}
}

typedef void tile_fn(const tile *t);

#define TILE(rows)                                                                                           \
	static void tile_##rows##_1(const tile *t)                                                           \
	{                                                                                                    \
		run_tile(t, rows, 1);                                                                        \
	}                                                                                                    \
	static void tile_##rows##_2(const tile *t)                                                           \
	{                                                                                                    \
		run_tile(t, rows, 2);                                                                        \
	}
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if ROWS > 6
TILE(7)
TILE(8)
#endif
#if ROWS > 8
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif

static tile_fn *const tiles[ROWS][2] = {
	{tile_1_1, tile_1_2}, {tile_2_1, tile_2_2},   {tile_3_1, tile_3_2},   {tile_4_1, tile_4_2},
	{tile_5_1, tile_5_2}, {tile_6_1, tile_6_2},
#if ROWS > 6
	{tile_7_1, tile_7_2}, {tile_8_1, tile_8_2},
#endif
#if ROWS > 8
	{tile_9_1, tile_9_2}, {tile_10_1, tile_10_2}, {tile_11_1, tile_11_2}, {tile_12_1, tile_12_2},
#endif
};

static const float zeros[PANEL];
static const uint32_t lane_numbers[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
					16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

INLINE void copy_rows(int rows, int cols, const float *from, ptrdiff_t from_row, float *to, ptrdiff_t to_row)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < cols; j++)
			to[i * to_row + j] = from[i * from_row + j];
}

/* A product of any number of rows with one panel of at most PANEL columns; B has whole registers of them. */
typedef struct panel_product {
	tile t;
	int rows, cols;
	ptrdiff_t a_tile;  /* as in heed__gemm_block; 0: A is one matrix */
	const float *next; /* the B that comes next, or NULL */
} panel_product;

/* Calls `done` for the rows of each tile when they are ready, while they are in the cache. */
INLINE void run_panel(const panel_product *p, void (*done)(void *, int row0, int rows), void *arg)
{
	const int vecs = p->cols > VN ? 2 : 1, count = (p->rows + ROWS - 1) / ROWS;
	const bool whole = p->cols == vecs * VN;
	tile t = p->t;
	float edge[ROWS * PANEL]; /* where the columns end inside a register */

	for (int n = 0, row0 = 0, row1; n < count; n++, row0 = row1) {
		if (p->a_tile) {
			row1 = row0 + ROWS < p->rows ? row0 + ROWS : p->rows;
			t.a = p->t.a + n * p->a_tile;
		} else { /* tiles of nearly equal height are faster than full ones and a rest */
			row1 = (int)((int64_t)p->rows * (n + 1) / count);
			t.a = p->t.a + row0 * t.a_row;
		}
		t.init = p->t.init + row0 * p->t.init_row;
		t.c = p->t.c + row0 * p->t.c_row;
		if (!whole) {
			memset(edge, 0, sizeof edge);
			copy_rows(row1 - row0, p->cols, t.init, p->t.init_row, edge, PANEL);
			t.init = t.c = edge;
			t.init_row = t.c_row = PANEL;
		}
		if (p->next)
			for (int l = t.k * n / count; l < t.k * (n + 1) / count; l++)
				for (int j = 0; j < PANEL; j += 16)
					__builtin_prefetch(p->next + (ptrdiff_t)l * PANEL + j, 0, 2);
		tiles[row1 - row0 - 1][vecs - 1](&t);
		if (!whole)
			copy_rows(row1 - row0, p->cols, edge, PANEL, p->t.c + row0 * p->t.c_row, p->t.c_row);
		if (done)
			done(arg, row0, row1 - row0);
	}
}

/* C[rows][cols] = init + A[rows][k] B[k][cols] for any number of columns; k <= DEPTH. */
enum { DEPTH = 64 };

static void product(int rows, int cols, const tile *whole)
{
	for (int j = 0; j < cols; j += PANEL) {
		panel_product p = {.t = *whole, .rows = rows, .cols = cols - j < PANEL ? cols - j : PANEL};
		float edge[DEPTH * PANEL];

		p.t.b += j;
		p.t.c += j;
		p.t.init += whole->init_row ? j : 0;
		if (p.cols % VN) {
			memset(edge, 0, (size_t)(p.t.k * PANEL) * sizeof *edge);
			copy_rows(p.t.k, p.cols, p.t.b, p.t.b_row, edge, PANEL);
			p.t.b = edge;
			p.t.b_row = PANEL;
		}
		run_panel(&p, NULL, NULL);
	}
}

/* rows x cols of x, transposed: to[j*to_row + i]. Writes whole registers of VN rows, zeros where there are none. */
static void transpose(int rows, int cols, const float *x, ptrdiff_t x_row, float factor, float *to,
		      ptrdiff_t to_row)
{
	for (int i = 0; i < rows; i += VN)
		for (int j = 0; j < cols; j += VN) {
			const size_t left = (size_t)(cols - j);
			VF r[VN];

			if (i + VN <= rows && left >= VN) {
				UNROLLED (s, VN)
					r[s] = factor * vload(x + (i + s) * x_row + j);
			} else {
				UNROLLED (s, VN)
					r[s] = i + s < rows ? factor * load(x + (i + s) * x_row + j, left)
							    : vzero();
			}
			vtranspose(r);
			if (left >= VN) {
				UNROLLED (s, VN)
					vstore(to + (j + s) * to_row + i, r[s]);
			} else {
				for (size_t s = 0; s < left; s++)
					vstore(to + (j + (ptrdiff_t)s) * to_row + i, r[s]);
			}
		}
}

static void gemm_pack_panel(const heed__gemm *g, int column, float *panel)
{
	const int cols = g->n - column < PANEL ? g->n - column : PANEL;
	const float *b = g->b + column * g->b_col;

	if (g->b_col != 1) {
		transpose(cols, g->k, b, g->b_col, 1.0f, panel, PANEL);
		for (int l = 0; cols <= VN && l < g->k; l++)
			vstore(panel + (ptrdiff_t)l * PANEL + VN, vzero());
		return;
	}
	for (int l = 0; l < g->k; l++, b += g->b_row, panel += PANEL) {
		vstore(panel, load(b, (size_t)cols));
		vstore(panel + VN, cols > VN ? load(b + VN, (size_t)(cols - VN)) : vzero());
	}
}

typedef struct finish {
	const heed__gemm_block *b;
	int cols;
} finish;

/* What comes after the sums. */
static void finish_rows(void *arg, int row0, int rows)
{
	const finish *f = arg;
	const heed__gemm *g = f->b->g;
	const size_t cols = (size_t)f->cols;
	const ptrdiff_t at = (f->b->row0 + row0) * g->ldc + f->b->column;
	float *c = g->c + at;

	for (int i = 0; i < rows; i++) {
		if (g->bias && g->accumulate)
			add(cols, g->bias + f->b->column, c + i * g->ldc);
		if (g->pre)
			memcpy(g->pre + at + i * g->ldc, c + i * g->ldc, cols * sizeof *c);
	}
#define LOOP(constant)                                                                                       \
	for (int i = 0; i < rows; i++, c += g->ldc)                                                          \
		for (size_t j = 0; j < cols; j += VN)                                                        \
			store(c + j, vact(load(c + j, cols - j), constant), cols - j);
	if (g->act != HEED__ACT_NONE)
		FOR_ACT(g->act, LOOP)
#undef LOOP
}

static void gemm_block(const heed__gemm_block *b)
{
	const heed__gemm *g = b->g;
	const int cols = g->n - b->column < PANEL ? g->n - b->column : PANEL;
	const bool last = b->l1 == g->k;
	const bool more = last && (g->act != HEED__ACT_NONE || g->pre || (g->bias && g->accumulate));
	finish f = {b, cols};
	panel_product p = {
		.t = {.k = b->l1 - b->l0,
		      .a = b->a,
		      .a_row = b->a_row,
		      .a_col = b->a_col,
		      .b = b->panel,
		      .b_row = PANEL,
		      .init = zeros,
		      .c = g->c + b->row0 * g->ldc + b->column,
		      .c_row = g->ldc},
		.rows = b->row1 - b->row0,
		.cols = cols,
		.a_tile = b->a_tile == ROWS * b->a_row ? 0 : b->a_tile,
		.next = b->next,
	};

	if (b->l0 > 0 || g->accumulate) {
		p.t.init = p.t.c;
		p.t.init_row = g->ldc;
	} else if (g->bias) {
		p.t.init = g->bias + b->column;
	}
	run_panel(&p, more ? finish_rows : NULL, &f);
}

enum { COPY_AHEAD = 12 }; /* rows that are asked for before they are needed */

static void gemm_copy_rows(const heed__gemm_block *b, float *copy)
{
	const int rows = b->row1 - b->row0, depth = b->l1 - b->l0;
	const ptrdiff_t tile_floats = (ptrdiff_t)ROWS * depth + VN;

	for (int l = 0; l < depth; l++) {
		const float *from = b->a + l * b->a_col;
		float *to = copy + (ptrdiff_t)l * ROWS;
		int i = 0;

		for (int r = 0; r < rows && l + COPY_AHEAD < depth; r += 16)
			__builtin_prefetch(from + COPY_AHEAD * b->a_col + r);
		/* The last register may reach into the next l, which comes later, or into the gap. */
		for (; i + ROWS + VN <= rows; i += ROWS, to += tile_floats)
			UNROLLED (r, (ROWS + VN - 1) / VN)
				vstore(to + r * VN, vload(from + i + r * VN));
		for (; i < rows; i += ROWS, to += tile_floats)
			for (int r = 0; r < ROWS && i + r < rows; r += VN)
				vstore(to + r, load(from + i + r, (size_t)(rows - i - r)));
	}
}

/* Rows. */

static float maximum(int n, const float *x)
{
	const size_t count = (size_t)n;
	VF max = vset(-INFINITY);
	size_t i = 0;

	for (; i + VN <= count; i += VN)
		max = vmax(max, vload(x + i));
	for (; i < count; i++)
		max = vmax(max, vset(x[i]));
	return vgreatest(max);
}

/* y_j = exp(x_j - max) and the sum of them. */
static float exp_row(int n, const float *x, float max, float *y)
{
	const size_t count = (size_t)n;
	VF sum = vzero();
	float rest[VN];
	size_t i = 0;

	for (; i + VN <= count; i += VN) {
		const VF e = vexp(vload(x + i) - max);

		vstore(y + i, e);
		sum += e;
	}
	if (i < count) {
		vstore(rest, vexp(vload_n(x + i, count - i) - max));
		vstore_n(y + i, vload(rest), count - i);
		sum += vload_n(rest, count - i);
	}
	return vsum(sum);
}

static float exp_sum(int n, const float *x, float max)
{
	const size_t count = (size_t)n;
	VF sum = vzero();
	float rest[VN];
	size_t i = 0;

	for (; i + VN <= count; i += VN)
		sum += vexp(vload(x + i) - max);
	if (i < count) {
		vstore(rest, vexp(vload_n(x + i, count - i) - max));
		sum += vload_n(rest, count - i);
	}
	return vsum(sum);
}

static void softmax(int rows, int n, const float *x, ptrdiff_t ld, float *y, ptrdiff_t ldy)
{
	for (int i = 0; i < rows; i++) {
		const float max = maximum(n, x + i * ld);

		if (max == -INFINITY)
			memset(y + i * ldy, 0, (size_t)n * sizeof *y);
		else
			scale((size_t)n, 1.0f / exp_row(n, x + i * ld, max, y + i * ldy), y + i * ldy,
			      y + i * ldy);
	}
}

static void log_softmax(int rows, int n, const float *x, ptrdiff_t ld, float *y, ptrdiff_t ldy)
{
	const size_t count = (size_t)n;

	for (int i = 0; i < rows; i++, x += ld, y += ldy) {
		const float max = maximum(n, x);
		const float shift = max == -INFINITY ? 0.0f : logf(exp_sum(n, x, max));

		for (size_t j = 0; j < count; j += VN)
			store(y + j, load(x + j, count - j) - (max == -INFINITY ? 0.0f : max) - shift,
			      count - j);
	}
}

static float row_sum(size_t n, const float *x)
{
	VF sum = vzero();

	for (size_t j = 0; j < n; j += VN)
		sum += load(x + j, n - j);
	return vsum(sum);
}

static double cross_entropy(int rows, int n, float *z, ptrdiff_t ld, const int *targets, float eps, bool grad,
			    float grad_scale, float *nll)
{
	const size_t count = (size_t)n;
	const float even = eps / (float)n;
	double total = 0.0;

	for (int i = 0; i < rows; i++, z += ld) {
		const float max = maximum(n, z), zt = z[targets[i]];
		const double mean = eps > 0.0f ? (double)row_sum(count, z) / n : 0.0;
		const float sum = grad ? exp_row(n, z, max, z) : exp_sum(n, z, max);
		const double lse = (double)max + log((double)sum);

		total += lse - (1.0 - (double)eps) * (double)zt - (double)eps * mean;
		if (nll)
			nll[i] = (float)(lse - (double)zt);
		if (!grad)
			continue;
		for (size_t j = 0; j < count; j += VN)
			store(z + j,
			      vfma(load(z + j, count - j), vset(grad_scale / sum), vset(-grad_scale * even)),
			      count - j);
		z[targets[i]] -= grad_scale * (1.0f - eps);
	}
	return total;
}

/* sum_j (x_j - mean)^2 */
static float spread(size_t n, const float *x, float mean)
{
	VF sum = vzero();
	size_t j = 0;

	for (; j + VN <= n; j += VN) {
		const VF d = vload(x + j) - mean;

		sum = vfma(d, d, sum);
	}
	if (j < n) {
		float rest[VN];
		VF d;

		vstore(rest, vload_n(x + j, n - j) - mean);
		d = vload_n(rest, n - j);
		sum = vfma(d, d, sum);
	}
	return vsum(sum);
}

static void norm(int rows, int n, const float *x, const float *r, const heed__mask *mask, uint64_t first,
		 const float *gamma, const float *beta, float eps, float *y, float *sum, float *xhat,
		 float *rstd)
{
	const size_t count = (size_t)n;

	for (int i = 0; i < rows; i++) {
		const size_t at = (size_t)i * count;
		const float *s = x + at;
		float mean, inverse;

		if (r) {
			masked(count, s, r + at, y + at, mask, first + at);
			s = y + at;
		}
		mean = row_sum(count, s) / (float)n;
		inverse = 1.0f / sqrtf(spread(count, s, mean) / (float)n + eps);
		if (rstd)
			rstd[i] = inverse;
		for (size_t j = 0; j < count; j += VN) {
			const size_t left = count - j;
			const VF sj = load(s + j, left), h = (sj - mean) * inverse;

			if (sum)
				store(sum + at + j, sj, left);
			if (xhat)
				store(xhat + at + j, h, left);
			store(y + at + j, vfma(load(gamma + j, left), h, load(beta + j, left)), left);
		}
	}
}

/* With h = xhat and e = dy gamma: ds = rstd (e - mean(e) - h mean(e h)). */
static void norm_grad(int rows, int n, const float *dy, const float *xhat, const float *rstd,
		      const float *gamma, float *ds, float *dgamma, float *dbeta)
{
	const size_t count = (size_t)n;

	for (int i = 0; i < rows; i++, dy += n, xhat += n, ds += n) {
		VF sum = vzero(), sum_h = vzero();
		float mean, mean_h;

		for (size_t j = 0; j < count; j += VN) {
			const size_t left = count - j;
			const VF d = load(dy + j, left), h = load(xhat + j, left);
			const VF e = d * load(gamma + j, left);

			sum += e;
			sum_h = vfma(e, h, sum_h);
			if (dgamma)
				store(dgamma + j, vfma(d, h, load(dgamma + j, left)), left);
			if (dbeta)
				store(dbeta + j, load(dbeta + j, left) + d, left);
		}
		mean = vsum(sum) / (float)n;
		mean_h = vsum(sum_h) / (float)n;
		for (size_t j = 0; j < count; j += VN) {
			const size_t left = count - j;
			const VF e = load(dy + j, left) * load(gamma + j, left) - mean;

			store(ds + j, rstd[i] * vfma(load(xhat + j, left), vset(-mean_h), e), left);
		}
	}
}

static void column_sums(int rows, int n, const float *x, ptrdiff_t ld, float *sums)
{
	int j = 0;

	for (; j + 4 * VN <= n; j += 4 * VN) {
		VF sum[4];

		for (int s = 0; s < 4; s++)
			sum[s] = vload(sums + j + s * VN);
		for (int i = 0; i < rows; i++)
			for (int s = 0; s < 4; s++)
				sum[s] += vload(x + i * ld + j + s * VN);
		for (int s = 0; s < 4; s++)
			vstore(sums + j + s * VN, sum[s]);
	}
	for (; j < n; j += VN) {
		const size_t left = (size_t)(n - j);
		VF sum = load(sums + j, left);

		for (int i = 0; i < rows; i++)
			sum += load(x + i * ld + j, left);
		store(sums + j, sum, left);
	}
}

#include "kernel/kernel_attend.h"

/* Recurrent cells. */

static void lstm(size_t n, const float *x, float *gates, const float *c, float *c_next, float *h)
{
	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;
		float *const at = gates + j;
		const VF i = vsigmoid(load(x + j, left) + load(at, left));
		const VF f = vsigmoid(load(x + n + j, left) + load(at + n, left));
		const VF g = vtanh(load(x + 2 * n + j, left) + load(at + 2 * n, left));
		const VF o = vsigmoid(load(x + 3 * n + j, left) + load(at + 3 * n, left));
		const VF next = vfma(f, load(c + j, left), i * g);

		store(at, i, left);
		store(at + n, f, left);
		store(at + 2 * n, g, left);
		store(at + 3 * n, o, left);
		store(c_next + j, next, left);
		store(h + j, o * vtanh(next), left);
	}
}

static void lstm_grad(size_t n, float *gates, const float *c, const float *c_next, const float *dh, float *dc)
{
	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;
		float *const at = gates + j;
		const VF i = load(at, left), f = load(at + n, left), g = load(at + 2 * n, left),
			 o = load(at + 3 * n, left);
		const VF t = vtanh(load(c_next + j, left)), dhj = load(dh + j, left);
		const VF d = vfma(dhj * o, 1.0f - t * t, load(dc + j, left));

		store(at, d * g * i * (1.0f - i), left);
		store(at + n, d * load(c + j, left) * f * (1.0f - f), left);
		store(at + 2 * n, d * i * (1.0f - g * g), left);
		store(at + 3 * n, dhj * t * o * (1.0f - o), left);
		store(dc + j, d * f, left);
	}
}

static void gru(size_t n, const float *x, float *gates, float *s, const float *bias, const float *h,
		float *h_next)
{
	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;
		float *const at = gates + j;
		const VF r = vsigmoid(load(x + j, left) + load(at, left));
		const VF z = vsigmoid(load(x + n + j, left) + load(at + n, left));
		const VF sum = load(at + 2 * n, left) + load(bias + j, left);
		const VF value = vtanh(vfma(r, sum, load(x + 2 * n + j, left)));

		store(at, r, left);
		store(at + n, z, left);
		store(at + 2 * n, value, left);
		store(s + j, sum, left);
		store(h_next + j, vfma(z, load(h + j, left) - value, value), left);
	}
}

static void gru_grad(size_t n, float *gates, float *s, const float *h, float *dh)
{
	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;
		float *const at = gates + j;
		const VF r = load(at, left), z = load(at + n, left), value = load(at + 2 * n, left);
		const VF dhj = load(dh + j, left), d = dhj * (1.0f - z) * (1.0f - value * value);

		store(at, d * load(s + j, left) * r * (1.0f - r), left);
		store(at + n, dhj * (load(h + j, left) - value) * z * (1.0f - z), left);
		store(at + 2 * n, d * r, left);
		store(s + j, d, left);
		store(dh + j, dhj * z, left);
	}
}

/* Additive scores. */

static float tanh_dot(size_t n, const float *q, const float *k, const float *v)
{
	VF sum = vzero();

	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;

		sum = vfma(load(v + j, left), vtanh(load(q + j, left) + load(k + j, left)), sum);
	}
	return vsum(sum);
}

static void tanh_dot_grad(size_t n, float ds, const float *q, const float *k, const float *v, float *dq,
			  float *dk, float *dv)
{
	for (size_t j = 0; j < n; j += VN) {
		const size_t left = n - j;
		const VF t = vtanh(load(q + j, left) + load(k + j, left));
		const VF d = ds * load(v + j, left) * (1.0f - t * t);

		store(dq + j, load(dq + j, left) + d, left);
		store(dk + j, load(dk + j, left) + d, left);
		store(dv + j, vfma(vset(ds), t, load(dv + j, left)), left);
	}
}

/* Optimizers. */

static void adam(size_t n, float *w, const float *g, float *m, float *v, float gscale, float lr, float b1,
		 float b2, float eps, float decay, float correction1, float correction2)
{
	const VF keep = vset(1.0f - lr * decay), rate = vset(-lr / correction1);
	const VF root = vset(1.0f / sqrtf(correction2));

	for (size_t i = 0; i < n; i += VN) {
		const size_t left = n - i;
		const VF gi = load(g + i, left) * gscale;
		const VF mi = vfma(vset(b1), load(m + i, left), (1.0f - b1) * gi);
		const VF vi = vfma(vset(b2), load(v + i, left), (1.0f - b2) * gi * gi);
		const VF step = rate * mi / vfma(vsqrt(vi), root, vset(eps));

		store(m + i, mi, left);
		store(v + i, vi, left);
		store(w + i, vfma(keep, load(w + i, left), step), left);
	}
}

static void sgd(size_t n, float *w, const float *g, float *m, float gscale, float lr, float momentum)
{
	for (size_t i = 0; i < n; i += VN) {
		const size_t left = n - i;
		const VF mi = vfma(vset(momentum), load(m + i, left), load(g + i, left) * gscale);

		store(m + i, mi, left);
		store(w + i, vfma(vset(-lr), mi, load(w + i, left)), left);
	}
}

static void adagrad(size_t n, float *w, const float *g, float *v, float gscale, float lr, float eps)
{
	for (size_t i = 0; i < n; i += VN) {
		const size_t left = n - i;
		const VF gi = load(g + i, left) * gscale, vi = vfma(gi, gi, load(v + i, left));

		store(v + i, vi, left);
		store(w + i, load(w + i, left) - lr * gi / (vsqrt(vi) + eps), left);
	}
}

#define TEXT(x)      #x
#define NAME_TEXT(x) TEXT(x)
#define JOIN(a, b)   a##b
#define TABLE(name)  JOIN(heed__kernels_, name)

const struct heed__kernels TABLE(NAME) = {
	.name = NAME_TEXT(NAME),
	.vector = VN,
	.runs_here = runs_here,
	.panel = PANEL,
	.tile_rows = ROWS,
	.gemm_pack_panel = gemm_pack_panel,
	.gemm_block = gemm_block,
	.gemm_copy_rows = gemm_copy_rows,
	.add = add,
	.axpy = axpy,
	.scale = scale,
	.mul = mul,
	.dot = dot,
	.row_dots = row_dots,
	.row_sums = row_sums,
	.sum_squares = sum_squares,
	.all_finite = all_finite,
	.dropout = dropout,
	.dropout_add = dropout_add,
	.act = act,
	.act_grad = act_grad,
	.softmax = softmax,
	.log_softmax = log_softmax,
	.norm = norm,
	.norm_grad = norm_grad,
	.column_sums = column_sums,
	.cross_entropy = cross_entropy,
	.attend = attend,
	.attend_grad = attend_grad,
	.lstm = lstm,
	.lstm_grad = lstm_grad,
	.gru = gru,
	.gru_grad = gru_grad,
	.tanh_dot = tanh_dot,
	.tanh_dot_grad = tanh_dot_grad,
	.adam = adam,
	.sgd = sgd,
	.adagrad = adagrad,
	.lerp = lerp,
};
