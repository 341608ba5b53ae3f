/* Which kernel tables there are, and which one a context gets. */
#include "kernel/kernel_sets.h"

#include <stdlib.h>
#include <string.h>

/* From the slowest to the fastest. */
static const struct heed__kernels *const sets[] = {
	&heed__kernels_plain,
#if defined(__x86_64__)
	&heed__kernels_avx2,
	&heed__kernels_avx512,
#elif defined(__aarch64__)
	&heed__kernels_neon,
#endif
	NULL,
};

const struct heed__kernels *const *heed__kernels_all(void)
{
	return sets;
}

const struct heed__kernels *heed__kernels_find(const char *name)
{
	const struct heed__kernels *found = NULL;

	if (!name)
		name = getenv("HEED_CPU");
	for (int i = 0; sets[i]; i++) {
		const bool wanted = !name || !*name || strcmp(name, sets[i]->name) == 0;

		if (wanted && sets[i]->runs_here())
			found = sets[i];
	}
	return found;
}
