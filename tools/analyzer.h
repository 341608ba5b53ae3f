/* Read before every file by tools/lint.sh, for what the analyzer can't see: an error is never HEED_OK. */
#include "base/context_impl.h"

#define heed__error(ctx, code, ...) (heed__error((ctx), (code), __VA_ARGS__), (code))
