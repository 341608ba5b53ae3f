#include "study/pattern.h"

#include <string.h>

/* The n-th of the choices between | up to the closing brace. */
static const char *choice(const char *at, uint64_t n, size_t *len)
{
	while (n-- > 0)
		at += strcspn(at, "|}") + 1;
	*len = strcspn(at, "|}");
	return at;
}

static uint64_t count_choices(const char *at)
{
	uint64_t n = 1;

	for (; *at != '\0' && *at != '}'; at++)
		n += *at == '|';
	return n;
}

void heed__pattern_draw(const char *pattern, heed__rng *rng, heed__str *out)
{
	while (*pattern != '\0') {
		const size_t plain = strcspn(pattern, "{");
		size_t len;

		heed__str_add(out, pattern, plain);
		pattern += plain;
		if (*pattern == '\0')
			return;
		pattern++;
		{
			const char *const one =
				choice(pattern, heed__rng_below(rng, count_choices(pattern)), &len);

			heed__str_add(out, one, len);
		}
		pattern += strcspn(pattern, "}");
		pattern += *pattern == '}';
	}
}
