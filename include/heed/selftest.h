/* heed checks itself: every op's gradient against finite differences, every kernel set of this machine against
 * plain C, every bad shape for its error. */
#ifndef HEED_SELFTEST_H
#define HEED_SELFTEST_H

#include "heed/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_check {
	const char *op, *name; /* of the case */
	const char *kind;      /* "gradient", "kernels" or "refusal" */
	const char *cpu;       /* kernels that ran */
	int passed;
	double error, limit; /* distance by norm over norm, and what is allowed */
	const char *message; /* what went wrong, or "" */
} heed_check;

typedef void heed_check_fn(void *user, const heed_check *check);

/* Runs the cases of the op named (NULL: of all). Returns HEED_E_INTERNAL when any check failed. */
heed_code heed_selftest(heed_ctx *ctx, const char *op, heed_check_fn *report, void *user);

/* Times the cases marked for it: calls report with seconds and arithmetic, forward and backward together, best
 * of `repeats`. */
typedef struct heed_timing {
	const char *op, *name, *cpu;
	int threads;
	double best, median; /* seconds */
	double flops;        /* 0: not worth counting */
} heed_timing;
typedef void heed_timing_fn(void *user, const heed_timing *timing);
heed_code heed_bench_ops(heed_ctx *ctx, const char *op, int repeats, heed_timing_fn *report, void *user);

#ifdef __cplusplus
}
#endif
#endif
