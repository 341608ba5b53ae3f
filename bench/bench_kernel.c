/* Times the kernel sets of this build on the shapes of training and decoding.
 *
 *	bench_kernel [set [threads]]
 *
 * Products and attention are given in GFLOP/s and as a share of the peak of that many cores, which is measured
 * with a loop that touches nothing but registers; the others in nanoseconds for a thousand elements. Each figure
 * is the best of many short runs, since other processes only ever make things slower. */
#include "base/file.h"
#include "kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 25 };

static bool one_thread;

/* With one thread the time it ran, so that processes beside it don't count. */
static double seconds_now(void)
{
	struct timespec t;

	if (!one_thread)
		return heed__clock();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *arena; /* filled with small numbers */
static const size_t ARENA_FLOATS = (size_t)40 << 20;

/* Peak. */

/* 24 fused multiply-adds of whole registers a round, in chains long enough apart; returns flops done. */
static double peak_rounds(const char *set, long rounds)
{
#if defined(__x86_64__)
#define A(r) "vfmadd231ps %%" r "0, %%" r "1, %%" r
#define ROUND(r)                                                                                             \
	A(r)                                                                                                 \
	"2\n" A(r) "3\n" A(r) "4\n" A(r) "5\n" A(r) "6\n" A(r) "7\n" A(r) "8\n" A(r) "9\n" A(r) "10\n" A(    \
		r) "11\n" A(r) "12\n" A(r) "13\n"
#define CLOBBERS                                                                                             \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",    \
		"xmm12", "xmm13"
	if (strcmp(set, "avx512") == 0) {
		for (long i = 0; i < rounds; i++)
			__asm__ volatile(ROUND("zmm") ROUND("zmm") : : : CLOBBERS);
		return 24.0 * 32.0 * (double)rounds;
	}
	if (strcmp(set, "avx2") == 0) {
		for (long i = 0; i < rounds; i++)
			__asm__ volatile(ROUND("ymm") ROUND("ymm") : : : CLOBBERS);
		return 24.0 * 16.0 * (double)rounds;
	}
#elif defined(__aarch64__)
#define A(n)  "fmla v" #n ".4s, v0.4s, v1.4s\n"
#define ROUND A(2) A(3) A(4) A(5) A(6) A(7) A(16) A(17) A(18) A(19) A(20) A(21)
	if (strcmp(set, "neon") == 0) {
		for (long i = 0; i < rounds; i++)
			__asm__ volatile(ROUND ROUND
					 :
					 :
					 : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17",
					   "v18", "v19", "v20", "v21");
		return 24.0 * 8.0 * (double)rounds;
	}
#endif
	(void)rounds;
	(void)set;
	return 0.0;
}

static double peak(const char *set)
{
	double best = 0.0;

	for (int run = 0; run < RUNS; run++) {
		const double start = seconds_now();
		const double flops = peak_rounds(set, 200000);
		const double rate = flops / (seconds_now() - start) * 1e-9;

		best = rate > best ? rate : best;
	}
	return best;
}

/* Timing: the least seconds of a call. */

typedef void timed_fn(void *arg);

static double least_seconds(timed_fn *call, void *arg)
{
	double best = 1e30;
	int calls = 1;

	for (int run = 0; run < RUNS; run++) {
		const double start = seconds_now();
		double seconds;

		for (int i = 0; i < calls; i++)
			call(arg);
		seconds = seconds_now() - start;
		if (seconds < 0.002 && calls < 1 << 20) {
			calls *= 2;
			run = -1;
			continue;
		}
		best = seconds / calls < best ? seconds / calls : best;
	}
	return best;
}

static void report(const char *what, double flops, double seconds, double all_peak)
{
	const double rate = flops / seconds * 1e-9;

	printf("  %-44s %8.1f GFLOP/s", what, rate);
	if (all_peak > 0.0)
		printf(" %5.1f %%", 100.0 * rate / all_peak);
	printf("  %10.2f us\n", seconds * 1e6);
}

/* Products. */

typedef struct product {
	const char *what;
	char form; /* 'f': x W^T, 'x': dY W, 'w': dY^T X accumulated */
	int m, n, k;
	bool packed;
	heed__act act;
} product;

static const product products[] = {
	{"forward 128 -> 128, 1024 tokens", 'f', 1024, 128, 128, false, HEED__ACT_NONE},
	{"forward 128 -> 256, 4000 tokens, relu", 'f', 4000, 256, 128, false, HEED__ACT_RELU},
	{"forward 128 -> 384, 4000 tokens", 'f', 4000, 384, 128, false, HEED__ACT_NONE},
	{"forward 256 -> 128, 4000 tokens", 'f', 4000, 128, 256, false, HEED__ACT_NONE},
	{"forward 512 -> 512, 4000 tokens", 'f', 4000, 512, 512, false, HEED__ACT_NONE},
	{"forward 512 -> 512, 4000 tokens, gelu", 'f', 4000, 512, 512, false, HEED__ACT_GELU},
	{"forward 128 -> 10000, 256 tokens", 'f', 256, 10000, 128, false, HEED__ACT_NONE},
	{"dX 128 <- 128, 1024 tokens", 'x', 1024, 128, 128, false, HEED__ACT_NONE},
	{"dX 128 <- 256, 4000 tokens", 'x', 4000, 128, 256, false, HEED__ACT_NONE},
	{"dX 512 <- 512, 4000 tokens", 'x', 4000, 512, 512, false, HEED__ACT_NONE},
	{"dX 128 <- 10000, 256 tokens", 'x', 256, 128, 10000, false, HEED__ACT_NONE},
	{"dW 128 x 128, 4000 tokens", 'w', 128, 128, 4000, false, HEED__ACT_NONE},
	{"dW 256 x 128, 4000 tokens", 'w', 256, 128, 4000, false, HEED__ACT_NONE},
	{"dW 384 x 128, 1024 tokens", 'w', 384, 128, 1024, false, HEED__ACT_NONE},
	{"dW 512 x 512, 4000 tokens", 'w', 512, 512, 4000, false, HEED__ACT_NONE},
	{"dW 10000 x 128, 256 tokens", 'w', 10000, 128, 256, false, HEED__ACT_NONE},
	{"decode 1 x 128 -> 128, packed", 'f', 1, 128, 128, true, HEED__ACT_NONE},
	{"decode 4 x 128 -> 128, packed", 'f', 4, 128, 128, true, HEED__ACT_NONE},
	{"decode 16 x 128 -> 256, packed", 'f', 16, 256, 128, true, HEED__ACT_NONE},
	{"decode 64 x 128 -> 256, packed", 'f', 64, 256, 128, true, HEED__ACT_NONE},
	{"decode 256 x 128 -> 256, packed", 'f', 256, 256, 128, true, HEED__ACT_NONE},
	{"decode 320 x 512 -> 512, packed", 'f', 320, 512, 512, true, HEED__ACT_NONE},
	{"decode 1 x 128 -> 10000, packed", 'f', 1, 10000, 128, true, HEED__ACT_NONE},
	{"decode 4 x 128 -> 10000, packed", 'f', 4, 10000, 128, true, HEED__ACT_NONE},
	{"decode 64 x 128 -> 10000, packed", 'f', 64, 10000, 128, true, HEED__ACT_NONE},
	{"decode 4 x 128 -> 256, not packed", 'f', 4, 256, 128, false, HEED__ACT_NONE},
};

typedef struct product_call {
	heed_ctx *ctx;
	heed__gemm g;
} product_call;

static void run_product(void *arg)
{
	const product_call *c = arg;

	heed__gemm_run(c->ctx, &c->g);
}

static void bench_product(heed_ctx *ctx, const product *p, double all_peak)
{
	float *a = arena, *b = a + (size_t)p->m * (size_t)p->k, *c = b + (size_t)p->k * (size_t)p->n;
	float *bias = c + (size_t)p->m * (size_t)p->n, *packed = bias + p->n;
	product_call call = {.ctx = ctx, .g = {.m = p->m, .n = p->n, .k = p->k, .a = a, .b = b, .c = c}};
	heed__gemm *g = &call.g;

	g->ldc = p->n;
	g->a_row = p->form == 'w' ? 1 : p->k;
	g->a_col = p->form == 'w' ? p->m : 1;
	g->b_row = p->form == 'f' ? 1 : p->n;
	g->b_col = p->form == 'f' ? p->k : 1;
	g->accumulate = p->form == 'w';
	g->bias = p->form == 'f' ? bias : NULL;
	g->act = p->act;
	if (p->packed) {
		heed__gemm_pack(ctx, g, packed);
		g->packed = packed;
	}
	report(p->what, 2.0 * p->m * p->n * p->k, least_seconds(run_product, &call), all_peak);
	memset(c, 0, (size_t)p->m * (size_t)p->n * sizeof *c);
}

/* Attention: HEADS heads of each of `sequences` sequences, rows as in a fused projection. */

enum { HEADS = 4 };

typedef struct attention_call {
	const struct heed__kernels *kernels;
	int sequences;
	bool grad;
	heed__attend a;
	heed__attend_grad g;
} attention_call;

static void run_attention(void *arg)
{
	const attention_call *c = arg;
	heed__attend a = c->a;
	heed__attend_grad g = c->g;

	for (int s = 0; s < c->sequences * HEADS; s++) {
		const int head = s % HEADS, next = head == HEADS - 1;
		const ptrdiff_t width = a.width, back = next ? -(HEADS - 1) * width : width;

		if (c->grad)
			c->kernels->attend_grad(&a, &g);
		else
			c->kernels->attend(&a);
		a.q += next * a.queries * a.q_row + back;
		a.k += next * a.keys * a.k_row + back;
		a.v += next * a.keys * a.v_row + back;
		a.out += next * a.queries * a.out_row + back;
		a.lse += a.queries;
		g.dq += next * a.queries * a.q_row + back;
		g.dk += next * a.keys * a.k_row + back;
		g.dv += next * a.keys * a.v_row + back;
		g.dout += next * a.queries * a.out_row + back;
	}
}

static void bench_attention(const struct heed__kernels *kernels, int queries, int keys, int width,
			    bool causal, float p, double core_peak)
{
	const int row = 3 * HEADS * width;
	const int sequences = 4096 / keys > 0 ? 4096 / keys : 1;
	const size_t rows = (size_t)sequences * (size_t)keys;
	float *qkv = arena, *dqkv = qkv + rows * (size_t)row, *out = dqkv + rows * (size_t)row;
	float *dout = out + rows * (size_t)(HEADS * width), *lse = dout + rows * (size_t)(HEADS * width);
	attention_call c = {
		.kernels = kernels,
		.sequences = sequences,
		.a = {.queries = queries,
		      .keys = keys,
		      .width = width,
		      .q = qkv,
		      .k = qkv + HEADS * width,
		      .v = qkv + 2 * HEADS * width,
		      .q_row = row,
		      .k_row = row,
		      .v_row = row,
		      .causal = causal,
		      .scale = 0.1f,
		      .mask = {.seed = 1, .p = p},
		      .mask_row = (keys + 7) / 8 * 8,
		      .out = out,
		      .out_row = HEADS * width,
		      .lse = lse,
		      .lse_row = 1},
		.g = {.dout = dout, .dq = dqkv, .dk = dqkv + HEADS * width, .dv = dqkv + 2 * HEADS * width},
	};
	/* Causal products count half. */
	const double pairs = (double)HEADS * queries * keys * sequences * (causal ? 0.5 : 1.0);
	char what[80];

	for (int grad = 0; grad < (queries > 1 ? 2 : 1); grad++) {
		c.grad = grad;
		snprintf(what, sizeof what, "attention%s %dx%dx%d%s, dropout %.1f", grad ? " gradient" : "",
			 queries, keys, width, causal ? " causal" : "", (double)p);
		report(what, (grad ? 10.0 : 4.0) * pairs * width, least_seconds(run_attention, &c),
		       core_peak);
	}
	memset(dqkv, 0, rows * (size_t)row * sizeof *dqkv);
}

/* The rest. */

typedef struct small_call {
	const struct heed__kernels *kernels;
	int what, rows, n;
	float *x, *y, *z;
	int *targets;
} small_call;

static const char *const small_names[] = {
	"add",           "scale",       "sum of squares", "dropout 0.1",
	"relu",          "gelu",        "gelu gradient",  "tanh",
	"sigmoid",       "softmax",     "norm",           "norm with dropout 0.1",
	"norm gradient", "column sums", "cross entropy",  "cross entropy with gradient",
	"adam",          NULL,
};

static void run_small(void *arg)
{
	const small_call *c = arg;
	const struct heed__kernels *k = c->kernels;
	const size_t all = (size_t)c->rows * (size_t)c->n;
	const heed__mask mask = {.seed = 1, .p = 0.1f};
	float *x = c->x, *y = c->y, *z = c->z, *column = z + all;
	volatile double sink;

	switch (c->what) {
	case 0:
		k->add(all, x, y);
		break;
	case 1:
		k->scale(all, 0.5f, x, y);
		break;
	case 2:
		sink = k->sum_squares(all, x);
		(void)sink;
		break;
	case 3:
		k->dropout(all, x, y, &mask, 0);
		break;
	case 4:
		k->act(all, x, y, HEED__ACT_RELU);
		break;
	case 5:
		k->act(all, x, y, HEED__ACT_GELU);
		break;
	case 6:
		k->act_grad(all, x, NULL, z, y, HEED__ACT_GELU);
		break;
	case 7:
		k->act(all, x, y, HEED__ACT_TANH);
		break;
	case 8:
		k->act(all, x, y, HEED__ACT_SIGMOID);
		break;
	case 9:
		k->softmax(c->rows, c->n, x, c->n, y, c->n);
		break;
	case 10:
		k->norm(c->rows, c->n, x, NULL, NULL, 0, column, column, 1e-5f, y, NULL, z, column + c->n);
		break;
	case 11:
		k->norm(c->rows, c->n, x, z, &mask, 0, column, column, 1e-5f, y, NULL, z, column + c->n);
		break;
	case 12:
		k->norm_grad(c->rows, c->n, x, z, column + c->n, column, y, column, column);
		break;
	case 13:
		k->column_sums(c->rows, c->n, x, c->n, column);
		break;
	case 14:
	case 15:
		sink = k->cross_entropy(c->rows, c->n, y, c->n, c->targets, 0.1f, c->what == 15, 0.1f, NULL);
		(void)sink;
		break;
	case 16:
		k->adam(all, x, y, z, z + all, 1.0f, 0.0f, 0.9f, 0.99f, 1e-8f, 0.0f, 1.0f, 1.0f);
		break;
	default:
		break;
	}
}

static void bench_small(const struct heed__kernels *kernels, int rows, int n)
{
	const size_t all = (size_t)rows * (size_t)n;
	static int targets[4096];
	small_call c = {.kernels = kernels,
			.rows = rows,
			.n = n,
			.x = arena,
			.y = arena + all,
			.z = arena + 2 * all,
			.targets = targets};

	for (c.what = 0; small_names[c.what]; c.what++) {
		const double seconds = least_seconds(run_small, &c);

		printf("  %-44s %8.1f ns a thousand\n", small_names[c.what], seconds * 1e12 / (double)all);
	}
}

static void fill(void)
{
	uint32_t state = 1;

	for (size_t i = 0; i < ARENA_FLOATS; i++) {
		state = state * 1664525u + 1013904223u;
		arena[i] = (float)(state >> 8) * 0x1p-24f - 0.5f;
	}
}

static int bench_set(const struct heed__kernels *kernels, int threads)
{
	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){.threads = threads, .cpu = kernels->name});
	double core;

	if (!ctx)
		return 1;
	one_thread = true;
	core = peak(kernels->name);
	one_thread = threads == 1;
	fill();
	printf("%s, %d threads, peak of a core %.1f GFLOP/s\n", kernels->name, threads, core);
	for (size_t i = 0; i < sizeof products / sizeof *products; i++)
		bench_product(ctx, &products[i], core * threads);
	if (threads == 1) {
		bench_attention(kernels, 15, 15, 32, false, 0.0f, core);
		bench_attention(kernels, 15, 15, 32, true, 0.1f, core);
		bench_attention(kernels, 30, 30, 32, false, 0.0f, core);
		bench_attention(kernels, 128, 128, 64, false, 0.0f, core);
		bench_attention(kernels, 128, 128, 64, true, 0.1f, core);
		bench_attention(kernels, 1024, 1024, 64, true, 0.0f, core);
		bench_attention(kernels, 1, 20, 32, false, 0.0f, core);
		printf("  rows of 128\n");
		bench_small(kernels, 512, 128);
		printf("  rows of 10000\n");
		bench_small(kernels, 32, 10000);
	}
	heed_ctx_free(ctx);
	return 0;
}

int main(int argc, char **argv)
{
	const int threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	int failures = 0;

	arena = malloc(ARENA_FLOATS * sizeof *arena);
	if (!arena)
		return 1;
	for (const struct heed__kernels *const *k = heed__kernels_all(); *k; k++) {
		const bool wanted = argc > 1 ? strcmp(argv[1], (*k)->name) == 0 : (*k)->vector > 1;

		for (int t = 1; wanted && (*k)->runs_here() && t <= 2; t++)
			if (threads == 0 || threads == t)
				failures += bench_set(*k, t);
	}
	free(arena);
	return failures > 0;
}
