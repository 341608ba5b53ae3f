/* What --help, man pages and completions have in common: how an option is shown. */
#ifndef HEED_COMMAND_HELP_H
#define HEED_COMMAND_HELP_H

#include "options.h"

extern const char *const heed_kind_titles[HEED_KINDS];

const char *heed_option_unit(const heed_field *field);   /* what stands for its value: "N", "FILE" */
const char *heed_option_prefix(const heed_field *field); /* "no-" for flags that are on by default, else "" */
/* Its help with range, choices and default. */
void heed_option_text(const heed_field *field, char *out, size_t size);

#endif
