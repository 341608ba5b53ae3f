#include "coding.h"

#include "heed/corpus.h"
#include "heed/json.h"

#include <stdlib.h>
#include <string.h>

/* Tokenizer files say so in their first line. */
static bool is_tokenizer(const char *path)
{
	const char mark[] = "heed-tokenizer";
	char start[sizeof mark - 1];
	FILE *file = fopen(path, "rb");
	const bool is = file && fread(start, 1, sizeof start, file) == sizeof start &&
			memcmp(start, mark, sizeof start) == 0;

	if (file)
		fclose(file);
	return is;
}

bool heed_coding_open(heed_cli *cli, const char *path, int side, heed_coding *coding)
{
	*coding = (heed_coding){0};
	if (is_tokenizer(path)) {
		coding->alone = heed_tokenizer_load_file(cli->ctx, path);
		coding->tokenizer = coding->alone;
	} else if (heed_trained_open(cli->ctx, path, &coding->model) == HEED_OK)
		coding->tokenizer = side ? coding->model->target : coding->model->source;
	return coding->tokenizer;
}

void heed_coding_close(heed_coding *coding)
{
	heed_tokenizer_free(coding->alone);
	heed_trained_close(coding->model);
	*coding = (heed_coding){0};
}

/* Work on one line of input; an exit status. */
typedef int line_fn(heed_cli *cli, heed_coder *coder, const heed_record *line, void *user);

static int each_line_of(heed_cli *cli, heed_corpus *corpus, heed_coder *coder, line_fn *work, void *user)
{
	heed_record line;
	int status = HEED_EXIT_OK;

	while (status == HEED_EXIT_OK) {
		if (heed_corpus_next(corpus, &line))
			return heed_cli_fail(cli);
		if (!line.source)
			break;
		status = work(cli, coder, &line, user);
	}
	return status;
}

static int each_line(heed_cli *cli, const heed_tokenizer *t, line_fn *work, void *user)
{
	const char *standard_input = "-";
	const heed_files files = {cli->word_count ? (const char *const *)cli->words : &standard_input,
				  cli->word_count ? cli->word_count : 1};
	const heed_corpus_options options = {.flags = HEED_CORPUS_EVERY_LINE, .max_line = 1 << 30};
	heed_coder *coder = heed_coder_new(cli->ctx, t);
	heed_corpus *corpus = NULL;
	int status;

	if (!coder || heed_corpus_open_text(cli->ctx, files, &options, &corpus))
		status = heed_cli_fail(cli);
	else
		status = each_line_of(cli, corpus, coder, work, user);
	heed_corpus_warn(corpus);
	heed_corpus_close(corpus);
	heed_coder_free(coder);
	return status;
}

struct encoding {
	const heed_tokenizer *tokenizer;
	FILE *out;
	enum heed_coding_form form;
	double dropout;
	uint32_t item;
};

static void print_json(const struct encoding *e, const heed_encoding *x)
{
	heed_json w;

	heed_json_to_file(&w, e->out);
	heed_json_object(&w, NULL);
	heed_json_array(&w, "ids");
	for (int i = 0; i < x->count; i++)
		heed_json_int(&w, NULL, x->ids[i]);
	heed_json_end(&w);
	heed_json_array(&w, "pieces");
	for (int i = 0; i < x->count; i++)
		heed_json_string(&w, NULL, heed_tokenizer_piece(e->tokenizer, x->ids[i]));
	heed_json_end(&w);
	heed_json_end(&w);
}

static int encode_line(heed_cli *cli, heed_coder *coder, const heed_record *in, void *user)
{
	struct encoding *e = user;
	heed_encoding x;

	if (heed_coder_dropout(coder, e->dropout, 0, e->item++) ||
	    heed_coder_encode(coder, in->source, in->source_len, &x))
		return heed_cli_fail(cli);
	if (cli->json)
		print_json(e, &x);
	else
		for (int i = 0; i < x.count; i++) {
			const char *space = i ? " " : "";

			if (e->form == HEED_CODING_IDS)
				fprintf(e->out, "%s%d", space, x.ids[i]);
			else
				fprintf(e->out, "%s%s", space, heed_tokenizer_piece(e->tokenizer, x.ids[i]));
		}
	putc('\n', e->out);
	return HEED_EXIT_OK;
}

int heed_coding_encode(heed_cli *cli, const heed_tokenizer *t, FILE *out, enum heed_coding_form form,
		       double dropout)
{
	struct encoding e = {.tokenizer = t, .out = out, .form = form, .dropout = dropout};

	return each_line(cli, t, encode_line, &e);
}

struct decoding {
	int size; /* of the vocabulary */
	FILE *out;
	int *ids;
	size_t count, cap;
};

/* A word of digits below `size`, or -1. */
static int read_id(const char *word, size_t len, int size)
{
	int64_t id = 0;

	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' || id >= size)
			return -1;
		id = id * 10 + (word[i] - '0');
	}
	return id < size ? (int)id : -1;
}

static bool add_id(struct decoding *d, int id)
{
	const size_t cap = d->cap ? 2 * d->cap : 256;

	if (d->count == d->cap) {
		int *more = reallocarray(d->ids, cap, sizeof *more);

		if (!more)
			return false;
		d->ids = more;
		d->cap = cap;
	}
	d->ids[d->count++] = id;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static int read_ids(heed_cli *cli, struct decoding *d, const heed_record *in)
{
	const char *at = in->source, *end = at + in->source_len;

	d->count = 0;
	while (at < end) {
		const char *word = at;
		size_t len;
		int id;

		while (at < end && !is_space(*at))
			at++;
		len = (size_t)(at - word);
		at += at < end;
		if (len == 0)
			continue;
		id = read_id(word, len, d->size);
		if (id < 0)
			return heed_cli_stop(cli, "expected ids from 0 to %d, found \"%.*s\" (%s, line %lld)",
					     d->size - 1, len < 40 ? (int)len : 40, word, in->file,
					     (long long)in->line);
		if (!add_id(d, id))
			return heed_cli_stop(cli, "out of memory");
	}
	return HEED_EXIT_OK;
}

static int decode_line(heed_cli *cli, heed_coder *coder, const heed_record *in, void *user)
{
	struct decoding *d = user;
	const char *text;
	size_t len;
	int status = read_ids(cli, d, in);
	heed_json w;

	if (status)
		return status;
	if (heed_coder_decode(coder, d->ids, (int)d->count, &text, &len))
		return heed_cli_fail(cli);
	if (cli->json) {
		heed_json_to_file(&w, d->out);
		heed_json_object(&w, NULL);
		heed_json_bytes(&w, "text", text, len);
		heed_json_end(&w);
	} else
		fwrite(text, 1, len, d->out);
	putc('\n', d->out);
	return HEED_EXIT_OK;
}

int heed_coding_decode(heed_cli *cli, const heed_tokenizer *t, FILE *out)
{
	struct decoding d = {.size = heed_tokenizer_size(t), .out = out};
	const int status = each_line(cli, t, decode_line, &d);

	free(d.ids);
	return status;
}
