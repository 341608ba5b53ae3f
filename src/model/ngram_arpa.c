#include "model/ngram_arpa.h"

#include "base/map.h"
#include "base/strbuf.h"
#include "base/vector.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK     65536u
#define UNK_ALONE -100.0f /* of unk where a file has none, as KenLM has it */

/* Decimal numbers, written and read without the C library, whose decimal point depends on the host program. */

static double power_of_ten(int n)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
					1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

	return n < (int)(sizeof powers / sizeof *powers) ? powers[n] : pow(10, n);
}

static double decimal(uint64_t digits, int exponent)
{
	return exponent < 0 ? (double)digits / power_of_ten(-exponent)
			    : (double)digits * power_of_ten(exponent);
}

/* "123.456" for 123456 and 3. */
static void add_fixed(heed__str *out, uint64_t digits, int places)
{
	char text[32], *at = text + sizeof text;

	for (; digits > 0 || places >= 0; digits /= 10, places--) {
		*--at = (char)('0' + digits % 10);
		if (places == 1)
			*--at = '.';
	}
	heed__str_add(out, at, (size_t)(text + sizeof text - at));
}

/* The number with the fewest places behind the point that is read as x again; a very small one with an exponent. */
static void add_number(heed__str *out, float x)
{
	const double size = fabs((double)x);

	if (signbit(x) && size > 0)
		heed__str_addc(out, '-');
	for (int places = 0; places < 15 && size * power_of_ten(places) < 1e15; places++) {
		const uint64_t digits = (uint64_t)(size * power_of_ten(places) + 0.5);

		if ((float)decimal(digits, -places) == (float)size) {
			add_fixed(out, digits, places);
			return;
		}
	}
	for (int exponent = -55; exponent <= 38; exponent++) {
		const double digits =
			exponent < 0 ? size * power_of_ten(-exponent) : size / power_of_ten(exponent);

		if (digits < 1e10 && digits >= 1e8) {
			heed__str_addf(out, "%" PRIu64 "e%d", (uint64_t)(digits + 0.5), exponent);
			return;
		}
	}
}

/* Reads text[0..len), a decimal number and nothing else. */
static bool read_number(const char *text, size_t len, float *x)
{
	size_t i = len > 0 && (text[0] == '-' || text[0] == '+'), any = 0;
	int exponent = 0, given = 0;
	bool point = false;
	uint64_t digits = 0;
	double value;

	for (; i < len && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !point)); i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		any++;
		if (digits < UINT64_C(100000000000000000)) {
			digits = 10 * digits + (uint64_t)(text[i] - '0');
			exponent -= point;
		} else {
			exponent += !point;
		}
	}
	if (any > 0 && i + 1 < len && (text[i] == 'e' || text[i] == 'E')) {
		const bool minus = text[++i] == '-';

		i += i + 1 < len && (text[i] == '-' || text[i] == '+');
		for (; i < len && text[i] >= '0' && text[i] <= '9' && given < 1000; i++)
			given = 10 * given + (text[i] - '0');
		exponent += minus ? -given : given;
	}
	value = decimal(digits, exponent > -400 ? exponent : -400);
	*x = (float)(text[0] == '-' && value > 0 ? -value : value);
	return any > 0 && i == len && isfinite(*x);
}

/* Writing. */

typedef struct writer {
	const heed__ngram *model;
	heed__arpa_name_fn *name;
	void *name_user;
	heed_write_fn *write;
	void *write_user;
	heed__str out;
	uint32_t row[HEED__NGRAM_ORDER_MAX + 1]; /* of the first 1, 2, ... words of the n-gram in hand */
} writer;

static heed_code flush(writer *w, size_t least)
{
	heed_code code = w->out.failed ? HEED_E_MEMORY : HEED_OK;

	if (code == HEED_OK && w->out.len >= least && w->out.len > 0) {
		code = w->write(w->write_user, w->out.data, w->out.len);
		heed__str_clear(&w->out);
	}
	return code;
}

static bool is_there(const heed__ngram *m, int n, uint32_t row)
{
	return n > 1 || heed__ngram_prob(m, 1, row) <= 0;
}

/* Moves to the first words of the n-gram whose last word is row[n]; rows only rise. */
static void climb(writer *w, int n)
{
	for (int k = n - 1; k >= 1; k--)
		while (heed__ngram_begin(w->model, k, w->row[k] + 1) <= w->row[k + 1])
			w->row[k]++;
}

static heed_code write_row(writer *w, int n)
{
	const heed__ngram *const m = w->model;

	add_number(&w->out, heed__ngram_prob(m, n, w->row[n]));
	for (int k = 1; k <= n; k++) {
		size_t len;
		const char *const word = w->name(w->name_user, (int)heed__ngram_word(m, k, w->row[k]), &len);

		if (word == NULL)
			return HEED_E_UNSUPPORTED;
		heed__str_addc(&w->out, k == 1 ? '\t' : ' ');
		heed__str_add(&w->out, word, len);
	}
	if (n < m->order) {
		heed__str_addc(&w->out, '\t');
		add_number(&w->out, heed__ngram_weight(m, n, w->row[n]));
	}
	heed__str_addc(&w->out, '\n');
	return flush(w, BLOCK);
}

static heed_code write_section(writer *w, int n)
{
	heed_code code = HEED_OK;

	heed__str_addf(&w->out, "\n\\%d-grams:\n", n);
	memset(w->row, 0, sizeof w->row);
	for (uint32_t i = 0; i < w->model->n[n].count && code == HEED_OK; i++) {
		if (!is_there(w->model, n, i))
			continue;
		w->row[n] = i;
		climb(w, n);
		code = write_row(w, n);
	}
	return code;
}

static void write_head(writer *w)
{
	heed__str_adds(&w->out, "\\data\\\n");
	for (int n = 1; n <= w->model->order; n++) {
		uint32_t count = 0;

		for (uint32_t i = 0; i < w->model->n[n].count; i++)
			count += is_there(w->model, n, i);
		heed__str_addf(&w->out, "ngram %d=%" PRIu32 "\n", n, count);
	}
}

heed_code heed__arpa_write(heed_ctx *ctx, const heed__ngram *m, heed__arpa_name_fn *name, void *user,
			   heed_write_fn *write, void *write_user)
{
	writer w = {m, name, user, write, write_user, heed__str_init(ctx, 0), {0}};
	heed_code code = HEED_OK;

	write_head(&w);
	for (int n = 1; n <= m->order && code == HEED_OK; n++)
		code = write_section(&w, n);
	heed__str_adds(&w.out, "\n\\end\\\n");
	if (code == HEED_OK)
		code = flush(&w, 0);
	heed__str_release(&w.out);
	return code;
}

/* Reading. */

typedef struct entry {
	uint64_t key; /* row of the words before the last, in the table of their length; the last word */
	float prob, weight; /* logarithms */
	int64_t line;
} entry;

HEED__VECTOR(entries, entry);

typedef struct reader {
	heed_ctx *ctx;
	const heed__arpa_source *source;
	heed__ngram_table *table;
	const char *line; /* NULL: behind the last */
	size_t len;
	int64_t number;
	int64_t announced[HEED__NGRAM_ORDER_MAX + 1];
	heed__map ids; /* of the words of the 1-grams */
	entries section;
} reader;

static heed_code wrong_at(reader *r, int64_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define WRONG(r, ...) wrong_at((r), (r)->number, __VA_ARGS__)

static heed_code wrong_at(reader *r, int64_t line, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return heed__error(r->ctx, HEED_E_FORMAT, "%s:%" PRId64 ": %s", r->source->name, line, what);
}

/* As much of a word as a message should show: whole characters. */
static int shown(const char *word, size_t len)
{
	size_t n = len < 60 ? len : 60;

	while (n < len && n > 0 && ((unsigned char)word[n] & 0xC0) == 0x80)
		n--;
	return (int)n;
}

static heed_code next_line(reader *r)
{
	const heed_code code = r->source->next(r->source->next_user, &r->line, &r->len);

	r->number++;
	if (heed_interrupted(r->ctx))
		return heed__error(r->ctx, HEED_E_INTERRUPTED, "%s: stopped while reading", r->source->name);
	if (code == HEED_OK)
		while (r->line != NULL && r->len > 0 &&
		       (r->line[r->len - 1] == ' ' || r->line[r->len - 1] == '\t' ||
			r->line[r->len - 1] == '\r'))
			r->len--;
	return code;
}

/* The next line that is not empty. */
static heed_code next_full(reader *r)
{
	heed_code code;

	do
		code = next_line(r);
	while (code == HEED_OK && r->line != NULL && r->len == 0);
	return code;
}

static bool line_is(const reader *r, const char *text)
{
	return r->line != NULL && r->len == strlen(text) && memcmp(r->line, text, r->len) == 0;
}

/* The next stretch without spaces and tabs from *at on; its length, 0 at the end. */
static size_t next_field(const reader *r, size_t *at, const char **field)
{
	size_t end;

	while (*at < r->len && (r->line[*at] == ' ' || r->line[*at] == '\t'))
		++*at;
	for (end = *at; end < r->len && r->line[end] != ' ' && r->line[end] != '\t'; end++)
		;
	*field = r->line + *at;
	*at = end;
	return (size_t)(r->line + end - *field);
}

/* "ngram 2=1234" */
static heed_code read_count(reader *r)
{
	const int n = r->table->order + 1;
	int64_t count = 0;
	char head[32];
	const size_t head_len = (size_t)snprintf(head, sizeof head, "ngram %d=", n);
	size_t i = head_len;

	if (n > HEED__NGRAM_ORDER_MAX)
		return WRONG(r, "n-grams of more than %d words", HEED__NGRAM_ORDER_MAX);
	if (r->len <= head_len || memcmp(r->line, head, head_len) != 0)
		return WRONG(r, "expected \"%sCOUNT\", found \"%.*s\"", head, shown(r->line, r->len),
			     r->line);
	for (; i < r->len && r->line[i] >= '0' && r->line[i] <= '9' && count < INT32_MAX; i++)
		count = 10 * count + (r->line[i] - '0');
	if (i < r->len || count >= INT32_MAX)
		return WRONG(r, "expected a number of %d-grams below 2147483647, found \"%.*s\"", n,
			     shown(r->line + head_len, r->len - head_len), r->line + head_len);
	r->announced[n] = count;
	r->table->order = n;
	return HEED_OK;
}

static heed_code read_head(reader *r)
{
	heed_code code;

	do
		code = next_full(r);
	while (code == HEED_OK && r->line != NULL && !line_is(r, "\\data\\"));
	if (code == HEED_OK && r->line == NULL)
		return heed__error(r->ctx, HEED_E_FORMAT, "%s: no ARPA file: it has no line \"\\data\\\"",
				   r->source->name);
	while (code == HEED_OK && (code = next_full(r)) == HEED_OK && r->line != NULL && r->line[0] != '\\')
		code = read_count(r);
	if (code == HEED_OK && r->table->order == 0)
		code = WRONG(r, "expected \"ngram 1=COUNT\" behind \"\\data\\\"");
	return code;
}

static heed_code read_log(reader *r, const char *what, const char *field, size_t len, float *x)
{
	if (!read_number(field, len, x))
		return WRONG(r, "expected %s, a finite number, found \"%.*s\"", what, shown(field, len),
			     field);
	return HEED_OK;
}

/* The id of a word of the 1-grams, which must be new. */
static heed_code new_word(reader *r, const char *word, size_t len, uint32_t *id)
{
	const char *problem = NULL;
	int64_t *place;
	int given;

	if (heed__map_get(&r->ids, word, len) != NULL)
		return WRONG(r, "the 1-gram \"%.*s\" comes a second time", shown(word, len), word);
	given = r->source->id(r->source->user, word, len, &problem);
	if (given < 0)
		return problem != NULL ? WRONG(r, "\"%.*s\": %s", shown(word, len), word, problem)
				       : HEED_E_MEMORY;
	place = heed__map_put(&r->ids, word, len, given);
	*id = (uint32_t)given;
	return place != NULL ? HEED_OK : HEED_E_MEMORY;
}

static uint32_t row_of(const heed__ngram_table *t, int n, uint32_t parent, uint32_t word)
{
	uint32_t first = t->n[n - 1].begin[parent], end = t->n[n - 1].begin[parent + 1];

	while (first < end) {
		const uint32_t middle = first + (end - first) / 2;

		if (t->n[n].word[middle] == word)
			return middle;
		if (t->n[n].word[middle] < word)
			first = middle + 1;
		else
			end = middle;
	}
	return HEED__NGRAM_NONE;
}

/* The n words of a line: the row of those before the last, and the last. */
static heed_code read_words(reader *r, int n, size_t *at, entry *e)
{
	const size_t start = *at;
	uint32_t row = 0, id = 0;

	for (int i = 1; i <= n; i++) {
		const char *word;
		const size_t len = next_field(r, at, &word);
		const int64_t *known;

		if (len == 0)
			return WRONG(r, "expected %d words, found %d", n, i - 1);
		if (n == 1) {
			const heed_code code = new_word(r, word, len, &id);

			if (code != HEED_OK)
				return code;
			break;
		}
		known = heed__map_get(&r->ids, word, len);
		if (known == NULL)
			return WRONG(r, "\"%.*s\" is not among the 1-grams", shown(word, len), word);
		id = (uint32_t)*known;
		if (i < n)
			row = i == 1 ? id : row_of(r->table, i, row, id);
		if (row == HEED__NGRAM_NONE) {
			const char *text;
			size_t from = start;

			next_field(r, &from, &text);
			return WRONG(r, "its context \"%.*s\" is not among the %d-grams",
				     shown(text, (size_t)(r->line + *at - text)), text, i);
		}
	}
	e->key = (uint64_t)row << 32 | id;
	return HEED_OK;
}

static heed_code read_entry(reader *r, int n)
{
	entry e = {.line = r->number};
	const char *field;
	size_t at = 0, len = next_field(r, &at, &field);
	heed_code code = read_log(r, "a log-probability", field, len, &e.prob);

	if (code == HEED_OK && e.prob > 0)
		code = WRONG(r, "the log-probability %.*s is above 0", shown(field, len), field);
	if (code == HEED_OK)
		code = read_words(r, n, &at, &e);
	if (code != HEED_OK)
		return code;
	len = next_field(r, &at, &field);
	if (len > 0 && n == r->table->order)
		return WRONG(r, "expected nothing behind %d words of the longest n-grams, found \"%.*s\"", n,
			     shown(field, len), field);
	if (len > 0)
		code = read_log(r, "a back-off weight behind the words", field, len, &e.weight);
	if (code == HEED_OK && next_field(r, &at, &field) > 0)
		code = WRONG(r, "expected nothing behind the back-off weight of %d words", n);
	if (code == HEED_OK && (int64_t)r->section.len == r->announced[n])
		code = WRONG(r, "more than the %" PRId64 " %d-grams that were announced", r->announced[n], n);
	return code != HEED_OK ? code : HEED__PUSH(r->ctx, &r->section, e) ? HEED_OK : HEED_E_MEMORY;
}

static int compare_entries(const void *pa, const void *pb)
{
	const entry *const a = pa, *const b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Sorts what is not sorted yet, as our own files are; nothing may come twice. */
static heed_code sort_section(reader *r, int n)
{
	const entries *const s = &r->section;
	size_t i = 1;

	while (i < s->len && s->data[i - 1].key < s->data[i].key)
		i++;
	if (i < s->len)
		qsort(s->data, s->len, sizeof *s->data, compare_entries);
	for (i = 1; i < s->len; i++)
		if (s->data[i - 1].key == s->data[i].key)
			return wrong_at(r, s->data[i].line,
					"the %d-gram of line %" PRId64 " comes a second time", n,
					s->data[i - 1].line);
	return HEED_OK;
}

static heed_code new_rows(reader *r, int n, uint32_t count)
{
	heed__ngram_rows *const rows = &r->table->n[n];

	rows->count = count;
	rows->value = heed__calloc(r->ctx, count, sizeof *rows->value);
	rows->link = heed__calloc(r->ctx, count, sizeof *rows->link);
	if (n > 1)
		rows->word = heed__calloc(r->ctx, count, sizeof *rows->word);
	if (n < r->table->order)
		rows->begin = heed__calloc(r->ctx, (size_t)count + 1, sizeof *rows->begin);
	return rows->value != NULL && rows->link != NULL && (n == 1 || rows->word != NULL) &&
			       (n == r->table->order || rows->begin != NULL)
		       ? HEED_OK
		       : HEED_E_MEMORY;
}

static heed_code fill_words(reader *r)
{
	heed__ngram_rows *const rows = &r->table->n[1];
	heed_code code;

	r->table->vocab = r->source->vocab(r->source->user);
	code = new_rows(r, 1, (uint32_t)r->table->vocab);
	if (code != HEED_OK)
		return code;
	for (uint32_t w = 0; w < rows->count; w++)
		rows->value[w].number = HEED__NGRAM_ABSENT;
	for (size_t i = 0; i < r->section.len; i++) {
		const entry *const e = &r->section.data[i];

		rows->value[(uint32_t)e->key].number = e->prob;
		rows->link[(uint32_t)e->key].number = e->weight;
	}
	if (rows->value[HEED_BOS_ID].number > 0 || rows->value[HEED_EOS_ID].number > 0)
		return WRONG(r, "%s is not among the 1-grams",
			     rows->value[HEED_BOS_ID].number > 0 ? "<s>" : "</s>");
	if (rows->value[HEED_UNK_ID].number > 0) {
		heed__log(r->ctx, HEED_LOG_WARN,
			  "%s has no <unk>: the logarithm of its probability is taken for %g",
			  r->source->name, (double)UNK_ALONE);
		rows->value[HEED_UNK_ID].number = UNK_ALONE;
	}
	return HEED_OK;
}

static heed_code fill_section(reader *r, int n)
{
	heed__ngram_rows *const shorter = &r->table->n[n - 1], *const rows = &r->table->n[n];
	const heed_code code = new_rows(r, n, (uint32_t)r->section.len);
	size_t i = 0;

	if (code != HEED_OK)
		return code;
	for (uint32_t parent = 0; parent < shorter->count; parent++) {
		shorter->begin[parent] = (uint32_t)i;
		for (; i < r->section.len && r->section.data[i].key >> 32 == parent; i++) {
			rows->word[i] = (uint32_t)r->section.data[i].key;
			rows->value[i].number = r->section.data[i].prob;
			rows->link[i].number = r->section.data[i].weight;
		}
	}
	shorter->begin[shorter->count] = (uint32_t)i;
	return HEED_OK;
}

/* From the line with the section's name to the one with the next name. */
static heed_code read_section(reader *r, int n)
{
	heed_code code = HEED_OK;
	char name[32];

	snprintf(name, sizeof name, "\\%d-grams:", n);
	if (!line_is(r, name))
		return r->line == NULL ? WRONG(r, "expected \"%s\", found the end", name)
				       : WRONG(r, "expected \"%s\", found \"%.*s\"", name,
					       shown(r->line, r->len), r->line);
	r->section.len = 0;
	while (code == HEED_OK && (code = next_full(r)) == HEED_OK && r->line != NULL && r->line[0] != '\\')
		code = read_entry(r, n);
	if (code == HEED_OK && (int64_t)r->section.len != r->announced[n])
		code = WRONG(r, "%" PRId64 " %d-grams were announced, found %zu", r->announced[n], n,
			     r->section.len);
	if (code == HEED_OK)
		code = sort_section(r, n);
	if (code == HEED_OK)
		code = n == 1 ? fill_words(r) : fill_section(r, n);
	return code;
}

static heed_code read_all(reader *r)
{
	heed_code code = read_head(r);

	for (int n = 1; code == HEED_OK && n <= r->table->order; n++)
		code = read_section(r, n);
	if (code != HEED_OK)
		return code;
	if (!line_is(r, "\\end\\"))
		return r->line == NULL ? WRONG(r, "expected \"\\end\\\", found the end")
				       : WRONG(r, "expected \"\\end\\\", found \"%.*s\"",
					       shown(r->line, r->len), r->line);
	code = next_full(r);
	if (code == HEED_OK && r->line != NULL)
		code = WRONG(r, "expected nothing behind \"\\end\\\", found \"%.*s\"", shown(r->line, r->len),
			     r->line);
	return code;
}

heed_code heed__arpa_read(heed_ctx *ctx, const heed__arpa_source *source, heed__ngram_table *t)
{
	reader r = {.ctx = ctx, .source = source, .table = t, .ids = heed__map_init(ctx)};
	heed_code code;

	*t = (heed__ngram_table){.ctx = ctx};
	code = read_all(&r);
	heed__map_release(&r.ids);
	HEED__VECTOR_RELEASE(ctx, &r.section);
	return code;
}
