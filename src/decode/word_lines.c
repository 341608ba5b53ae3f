#include "decode/word_lines.h"

#include "heed/corpus.h"

#include <string.h>

static heed__word_line cut(const heed_record *record, const char *between)
{
	heed__word_line line = {.file = record->file, .number = record->line};
	const char *at = record->source, *const end = at + record->source_len;

	for (int i = 0; i < HEED__WORD_FIELDS; i++)
		line.fields[i].text = end;
	while (line.count < HEED__WORD_FIELDS) {
		heed__field *const field = &line.fields[line.count];

		while (at < end && strchr(between, *at) != NULL)
			at++;
		if (at == end)
			break;
		field->text = at;
		while (at < end && strchr(between, *at) == NULL)
			at++;
		field->len = (size_t)(at - field->text);
		line.count++;
	}
	return line;
}

heed_code heed__word_lines(heed_ctx *ctx, const char *path, const char *between, heed__take_line *take,
			   void *user)
{
	heed_corpus *corpus;
	heed_code code = heed_corpus_open_text(ctx, (heed_files){&path, 1}, NULL, &corpus);

	while (code == HEED_OK) {
		heed_record record;
		heed__word_line line;

		code = heed_corpus_next(corpus, &record);
		if (code != HEED_OK || record.source == NULL)
			break;
		line = cut(&record, between);
		if (line.count > 0 && *line.fields[0].text != '#')
			code = take(user, &line);
	}
	heed_corpus_close(corpus);
	return code;
}
