/* Sentences from patterns: "the {old|new} server {crashed|went down}" is any of four. */
#ifndef HEED_PATTERN_H
#define HEED_PATTERN_H

#include "base/philox.h"
#include "base/strbuf.h"

/* Adds one of a pattern's sentences; braces do not nest. */
void heed__pattern_draw(const char *pattern, heed__rng *rng, heed__str *out);

#endif
