/* Records: lines, pairs of lines, or the two fields of a line. */
#include "heed/corpus.h"
#include "data/corpus_lines.h"

#include <inttypes.h>
#include <string.h>

/* What becomes of the two sides of a record. */
typedef enum kind { TEXT, PAIRS, TSV, LABELLED } kind;

struct heed_corpus {
	heed_ctx *ctx;
	kind kind;
	int flags;
	size_t max_line;
	heed__lines source, target; /* target: of PAIRS only */
	heed_corpus_report report;
	bool ended;
};

static int count_standard_input(heed_files files)
{
	int count = 0;

	for (int i = 0; i < files.count; i++)
		count += strcmp(files.paths[i], "-") == 0;
	return count;
}

static heed_code open_corpus(heed_ctx *ctx, kind k, heed_files source, heed_files target,
			     const heed_corpus_options *options, heed_corpus **out)
{
	heed_corpus *c;
	heed_code code;

	*out = NULL;
	if (count_standard_input(source) + count_standard_input(target) > 1)
		return heed__error(ctx, HEED_E_ARGUMENT, "corpus: standard input is given more than once");
	c = heed__calloc(ctx, 1, sizeof *c);
	if (!c)
		return HEED_E_MEMORY;
	*c = (heed_corpus){.ctx = ctx, .kind = k, .source.ctx = ctx, .target.ctx = ctx};
	code = heed__lines_open(ctx, source, options, &c->source);
	if (code == HEED_OK && k == PAIRS)
		code = heed__lines_open(ctx, target, options, &c->target);
	if (code) {
		heed_corpus_close(c);
		return code;
	}
	c->flags = c->source.flags;
	c->max_line = c->source.max_line;
	*out = c;
	return HEED_OK;
}

heed_code heed_corpus_open_text(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
				heed_corpus **corpus)
{
	return open_corpus(ctx, TEXT, files, (heed_files){0}, options, corpus);
}

heed_code heed_corpus_open_pairs(heed_ctx *ctx, heed_files source, heed_files target,
				 const heed_corpus_options *options, heed_corpus **corpus)
{
	return open_corpus(ctx, PAIRS, source, target, options, corpus);
}

heed_code heed_corpus_open_tsv(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
			       heed_corpus **corpus)
{
	return open_corpus(ctx, TSV, files, (heed_files){0}, options, corpus);
}

heed_code heed_corpus_open_labelled(heed_ctx *ctx, heed_files files, const heed_corpus_options *options,
				    heed_corpus **corpus)
{
	return open_corpus(ctx, LABELLED, files, (heed_files){0}, options, corpus);
}

void heed_corpus_close(heed_corpus *c)
{
	if (!c)
		return;
	heed__lines_close(&c->source);
	heed__lines_close(&c->target);
	heed__free(c->ctx, c);
}

int heed_corpus_ready(const heed_corpus *c)
{
	return heed__lines_ready(&c->source) && (c->kind != PAIRS || heed__lines_ready(&c->target));
}

heed_corpus_report heed_corpus_tell(const heed_corpus *c)
{
	return c->report;
}

static bool is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && (s[i] < '\t' || s[i] > '\r'))
			return false;
	return true;
}

static heed_code note_long(heed_corpus *c, heed_corpus_place place)
{
	if (c->report.long_records++ == 0)
		c->report.first_long = place;
	if (!(c->flags & HEED_CORPUS_STRICT))
		return HEED_OK;
	return heed__error(c->ctx, HEED_E_TEXT, "corpus: a line of more than %zu bytes, %s:%" PRId64,
			   c->max_line, place.file, place.line);
}

/* one_side: the other side has text, so that a translation is missing. */
static heed_code note_empty(heed_corpus *c, heed_corpus_place place, bool one_side)
{
	if (c->report.empty_records++ == 0)
		c->report.first_empty = place;
	if (!one_side || !(c->flags & HEED_CORPUS_STRICT))
		return HEED_OK;
	return heed__error(c->ctx, HEED_E_TEXT, "corpus: a pair with one empty side, %s:%" PRId64, place.file,
			   place.line);
}

/* One side has ended: counts the lines of the other, too. */
static heed_code sides_differ(heed_corpus *c, bool source_ended)
{
	heed__lines *longer = source_ended ? &c->target : &c->source;
	char source[300], target[300];
	heed__line line;
	heed_code code;

	do
		if ((code = heed__lines_next(longer, &line)) != HEED_OK)
			return code;
	while (line.text);
	heed__lines_name(&c->source, source, sizeof source);
	heed__lines_name(&c->target, target, sizeof target);
	return heed__error(c->ctx, HEED_E_FORMAT,
			   "corpus: sides of unequal length: %" PRId64 " lines in %s but %" PRId64 " in %s",
			   c->source.total, source, c->target.total, target);
}

static heed_code at_end(heed_corpus *c)
{
	const heed_corpus_report *r = &c->report;
	char name[300];

	c->ended = true;
	if (r->records > 0 || c->flags & HEED_CORPUS_EVERY_LINE)
		return HEED_OK;
	heed__lines_name(&c->source, name, sizeof name);
	return heed__error(c->ctx, HEED_E_FORMAT,
			   "%s: nothing to use: of %" PRId64 " lines %" PRId64 " are empty and %" PRId64
			   " too long",
			   name, r->lines, r->empty_records, r->long_records);
}

/* Reads what the next record is made of; source->text is NULL at the end. */
static heed_code read_lines(heed_corpus *c, heed__line *source, heed__line *target)
{
	heed_code code = heed__lines_next(&c->source, source);

	*target = (heed__line){0};
	if (code == HEED_OK && c->kind == PAIRS) {
		code = heed__lines_next(&c->target, target);
		if (code == HEED_OK && !source->text != !target->text)
			code = sides_differ(c, !source->text);
	}
	return code;
}

/* Splits a line at its tab; a blank line has two blank fields. */
static heed_code split(heed_corpus *c, heed__line *source, heed__line *target)
{
	const char *const text = source->text, *const end = text + source->len;
	const char *const tab = memchr(text, '\t', source->len);
	int fields = 1;

	*target = *source;
	if (!tab && is_blank(text, source->len))
		return HEED_OK;
	for (const char *p = text; p < end; p++)
		fields += *p == '\t';
	if (fields != 2)
		return heed__error(c->ctx, HEED_E_FORMAT,
				   "corpus: %d fields separated by tabs, expected 2 (%s), %s:%" PRId64,
				   fields, c->kind == TSV ? "source and target" : "label and text",
				   source->place.file, source->place.line);
	source->len = (size_t)(tab - text);
	target->text = tab + 1;
	target->len = (size_t)(end - target->text);
	return HEED_OK;
}

/* The text of a labelled line comes second, but it is the source. */
static heed_code swap_label(heed_corpus *c, heed__line *source, heed__line *target)
{
	const heed__line label = *source;

	*source = *target;
	*target = label;
	if (is_blank(label.text, label.len) && !is_blank(source->text, source->len))
		return heed__error(c->ctx, HEED_E_FORMAT, "corpus: an empty label, %s:%" PRId64,
				   label.place.file, label.place.line);
	return HEED_OK;
}

static heed_code clean(heed_corpus *c, heed__line *source, heed__line *target)
{
	heed_code code = heed__lines_clean(&c->source, source, &c->report);

	if (code == HEED_OK && c->kind == PAIRS)
		code = heed__lines_clean(&c->target, target, &c->report);
	if (code == HEED_OK && (c->kind == TSV || c->kind == LABELLED))
		code = split(c, source, target);
	if (code == HEED_OK && c->kind == LABELLED)
		code = swap_label(c, source, target);
	return code;
}

/* Cleans and splits; *use says whether the record is to be handed out. */
static heed_code prepare(heed_corpus *c, heed__line *source, heed__line *target, bool *use)
{
	bool blank, target_blank;
	heed_code code;

	*use = c->flags & HEED_CORPUS_EVERY_LINE;
	if (source->too_long || target->too_long) {
		source->len = target->len = 0;
		return note_long(c, source->too_long ? source->place : target->place);
	}
	if ((code = clean(c, source, target)) != HEED_OK)
		return code;
	blank = is_blank(source->text, source->len);
	target_blank = c->kind == TEXT ? blank : is_blank(target->text, target->len);
	if (blank || target_blank)
		return note_empty(c, blank ? source->place : target->place, blank != target_blank);
	*use = true;
	return HEED_OK;
}

heed_code heed_corpus_next(heed_corpus *c, heed_record *record)
{
	heed__line source = {0}, target = {0};
	bool use = false;
	heed_code code;

	*record = (heed_record){0};
	while (!use) {
		if (c->ended)
			return HEED_OK;
		if ((code = read_lines(c, &source, &target)) != HEED_OK)
			return code;
		if (!source.text)
			return at_end(c);
		c->report.lines++;
		if ((code = prepare(c, &source, &target, &use)) != HEED_OK)
			return code;
	}
	c->report.records++;
	*record = (heed_record){.source = source.text,
				.source_len = source.len,
				.target = target.text,
				.target_len = target.len,
				.file = source.place.file,
				.line = source.place.line};
	return HEED_OK;
}

static void warn_places(const heed_corpus *c)
{
	const bool all = c->flags & HEED_CORPUS_EVERY_LINE;
	const char *what = c->kind == PAIRS || c->kind == TSV ? "pairs" : "lines";
	const heed_corpus_report *r = &c->report;

	if (r->long_records > 0)
		heed__log(c->ctx, HEED_LOG_WARN,
			  "corpus: %" PRId64
			  " %s %s for being longer than %zu bytes, the first at %s:%" PRId64,
			  r->long_records, what, all ? "taken as empty" : "skipped", c->max_line,
			  r->first_long.file, r->first_long.line);
	if (r->empty_records > 0 && !all)
		heed__log(c->ctx, HEED_LOG_WARN,
			  "corpus: %" PRId64 " of %" PRId64
			  " %s skipped for being empty, the first at %s:%" PRId64,
			  r->empty_records, r->lines, what, r->first_empty.file, r->first_empty.line);
}

void heed_corpus_warn(const heed_corpus *c)
{
	if (!c)
		return;
	if (c->report.invalid_bytes > 0)
		heed__log(c->ctx, HEED_LOG_WARN,
			  "corpus: %" PRId64
			  " bytes that are not valid UTF-8 replaced by U+FFFD, the first at "
			  "%s:%" PRId64 ":%" PRId64,
			  c->report.invalid_bytes, c->report.first_invalid.file, c->report.first_invalid.line,
			  c->report.first_invalid.byte);
	warn_places(c);
}
