/* Growth of typed arrays. */
#include "base/vector.h"

bool heed__vector_reserve(heed_ctx *ctx, void **data, size_t *cap, size_t len, size_t extra, size_t size)
{
	size_t need, grown = *cap + *cap / 2 + 8;
	void *p;

	if (!heed__add(len, extra, &need))
		need = SIZE_MAX;
	if (need <= *cap)
		return true;
	if (grown < need)
		grown = need;
	p = heed__realloc_array(ctx, *data, grown, size);
	if (p == NULL)
		return false;
	*data = p;
	*cap = grown;
	return true;
}
