/* A text that somebody else holds: a line of a file, a prompt. */
#ifndef HEED_LINE_H
#define HEED_LINE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heed_line {
	const char *text; /* [len] valid UTF-8 or not, no NUL needed; may be empty */
	size_t len;
} heed_line;

#ifdef __cplusplus
}
#endif
#endif
