/* Makes a context: joins src/base, which knows no arithmetic, to the kernels of this machine. */
#include "kernel/kernel.h"

heed_ctx *heed_ctx_new(const heed_ctx_options *options)
{
	const heed_ctx_options defaults = {0};
	const heed_ctx_options *const o = options != NULL ? options : &defaults;
	const struct heed__kernels *const kernels = heed__kernels_find(o->cpu);

	return kernels != NULL ? heed__ctx_make(o, kernels) : NULL;
}

const char *heed_ctx_cpu(const heed_ctx *ctx)
{
	return heed__ctx_kernels(ctx)->name;
}
