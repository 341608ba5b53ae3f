#include "lines.h"

#include <stdlib.h>
#include <string.h>

int heed_lines_open(heed_lines *in, heed_cli *cli, heed_files files, size_t window, bool strict)
{
	static const char *const standard_input = "-";
	const heed_corpus_options each = {.flags = HEED_CORPUS_EVERY_LINE | (strict ? HEED_CORPUS_STRICT : 0),
					  .max_line = 1 << 24};

	*in = (heed_lines){.cli = cli, .window = window};
	if (files.count == 0)
		files = (heed_files){&standard_input, 1};
	in->lines = calloc(window, sizeof *in->lines);
	if (!in->lines)
		return heed_cli_stop(cli, "out of memory");
	return heed_corpus_open_text(cli->ctx, files, &each, &in->corpus) ? heed_cli_fail(cli) : HEED_EXIT_OK;
}

static bool add_bytes(heed_lines *in, const char *text, size_t len)
{
	if (in->cap - in->used < len) {
		const size_t cap = 2 * in->cap + len + 4096;
		char *more = realloc(in->bytes, cap);

		if (!more)
			return false;
		in->bytes = more;
		in->cap = cap;
	}
	if (len)
		memcpy(in->bytes + in->used, text, len);
	in->used += len;
	return true;
}

int heed_lines_read(heed_lines *in)
{
	size_t at = 0;
	heed_record r;

	in->before += (int64_t)in->count;
	in->count = in->used = 0;
	do {
		if (heed_corpus_next(in->corpus, &r))
			return heed_cli_fail(in->cli);
		if (!r.source)
			break;
		if (!add_bytes(in, r.source, r.source_len))
			return heed_cli_stop(in->cli, "out of memory");
		in->lines[in->count++].len = r.source_len;
	} while (in->count < in->window && heed_corpus_ready(in->corpus));
	for (size_t i = 0; i < in->count; i++) { /* the bytes stay where they are now */
		in->lines[i].text = in->bytes + at;
		at += in->lines[i].len;
	}
	return HEED_EXIT_OK;
}

void heed_lines_close(heed_lines *in)
{
	heed_corpus_warn(in->corpus);
	heed_corpus_close(in->corpus);
	free(in->lines);
	free(in->bytes);
}
