/* heed inspect: what a model file holds. */
#include "heed/history.h"
#include "heed/json.h"
#include "heed/trained.h"
#include "options.h"
#include "progress.h"

#include <math.h>
#include <string.h>

enum { SHOWN_POINTS = 20 };

struct inspect_options {
	bool tensors, history;
};

static const heed_field options[] = {
	{.name = "tensors",
	 HEED_FLAG(struct inspect_options, tensors),
	 .help = "list all tensors with shape, size and checksum"},
	{.name = "history",
	 HEED_FLAG(struct inspect_options, history),
	 .help = "show every validation, not about 20 of them"},
	{0},
};

/* The file from all its sides. */
struct subject {
	const char *path;
	heed_model_file *file;
	heed_trained *trained;
	heed_history *history;
};

/* --- text, 80 columns --- */

/* 1234567 as "1,234,567". */
static const char *grouped(int64_t n, char out[32])
{
	char digits[24];
	const int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	int at = 0;

	for (int i = 0; i < len; i++) {
		out[at++] = digits[i];
		if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
			out[at++] = ',';
	}
	out[at] = '\0';
	return out;
}

/* "1,234 bytes", "10.4 MB" */
static const char *readable_bytes(size_t n, char out[32])
{
	if (n < 1000000)
		snprintf(out, 32, "%.1f kB", (double)n / 1e3);
	else
		snprintf(out, 32, n < 1000000000 ? "%.1f MB" : "%.2f GB",
			 (double)n / (n < 1000000000 ? 1e6 : 1e9));
	return out;
}

static void print_tokenizer(const char *title, const heed_tokenizer *t)
{
	static const char *const forms[] = {"NFC", "NFKC", "no normal form"};
	heed_tokenizer_options o;

	heed_tokenizer_describe(t, &o);
	printf("%-13s %s, %d pieces", title, o.kind, heed_tokenizer_size(t));
	if (o.merges)
		printf(" by %d merges", o.merges);
	printf(", %s", forms[o.normalization]);
	if (o.lowercase)
		printf(", lower case");
	if (strcmp(o.kind, "bpe") == 0 || strcmp(o.kind, "unigram") == 0 || strcmp(o.kind, "char") == 0)
		printf(", %s", o.no_byte_fallback ? "no byte fallback" : "byte fallback");
	if (o.symbol_count)
		printf(", %d symbols", o.symbol_count);
	putchar('\n');
}

static void print_tokenizers(const heed_trained *t)
{
	if (t->source == t->target) {
		print_tokenizer("tokenizer", t->source);
		return;
	}
	print_tokenizer("source side", t->source);
	print_tokenizer("target side", t->target);
}

/* The words of a text in lines of at most 80 columns, below each other behind the titles. */
static void print_words(const char *text)
{
	int column = 0;

	while (*text) {
		const int len = (int)strcspn(text, " ");

		if (column == 0 || column + 1 + len > 80)
			column = printf("%s%-13s", column ? "\n" : "", "");
		column += printf(" %.*s", len, text);
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

static void print_head(const struct subject *s)
{
	const heed_model *m = s->trained->model;
	const size_t count = heed_params_total(m->params), bytes = heed_model_file_bytes(s->file);
	char number[32], size[32];

	printf("%-13s %s\n", "family", m->family->name);
	print_words(m->family->about);
	printf("%-13s %s in %d tensors, %s as f32\n", "parameters", grouped((int64_t)count, number),
	       heed_params_count(m->params), readable_bytes(4 * count, size));
	print_tokenizers(s->trained);
	printf("%-13s %s bytes, written by heed %s\n", "file", grouped((int64_t)bytes, number),
	       heed_model_file_text(s->file, "heed.version"));
	printf("%-13s header %s, %zu tensors: all good\n", "checksums",
	       heed_model_file_text(s->file, "heed.checksum"), heed_model_file_count(s->file));
}

/* Two columns of names and values; call with index 0, 1, ... and end the last line when it is half. */
static void print_setting(size_t index, const char *name, const char *value)
{
	printf(index % 2 ? "%-19s %s\n" : "  %-19s %-17s", name, value);
}

static void end_settings(size_t count)
{
	if (count % 2)
		putchar('\n');
}

static void print_config(const heed_model *m)
{
	size_t count = 0;

	printf("\nConfiguration\n");
	for (const heed_field *f = m->family->fields; f->name; f++) {
		char value[64];

		heed_field_format(f, m->config, value, sizeof value);
		print_setting(count++, f->name, value);
	}
	end_settings(count);
}

/* A number in a column of the history, blank when there is none. */
static void print_cell(int width, int digits, double x)
{
	if (isnan(x))
		printf(" %*s", width, "");
	else
		printf(" %*.*f", width, digits, x);
}

static void print_point(const heed_history_point *p, bool best)
{
	printf("  %9lld %6lld", (long long)p->step, (long long)p->epoch);
	print_cell(9, 4, p->loss);
	print_cell(11, 4, p->valid_loss);
	print_cell(11, 2, exp(p->valid_loss));
	print_cell(6, 2, p->bleu);
	print_cell(6, 2, p->chrf);
	printf("%s\n", best ? "  lowest" : "");
}

static size_t lowest_loss(const heed_history *h)
{
	size_t best = 0;

	for (size_t i = 1; i < h->count; i++)
		if (h->points[i].valid_loss < h->points[best].valid_loss)
			best = i;
	return best;
}

static void print_history(const heed_history *h, bool all)
{
	const size_t stride = all ? 1 : (h->count + SHOWN_POINTS - 1) / SHOWN_POINTS, best = lowest_loss(h);

	if (h->count == 0)
		return;
	printf("\nHistory, %zu validation%s%s\n", h->count, h->count == 1 ? "" : "s",
	       stride > 1 ? "; --history shows them all" : "");
	printf("  %9s %6s %9s %11s %11s %6s %6s\n", "step", "epoch", "loss", "valid loss", "perplexity",
	       "BLEU", "chrF");
	for (size_t i = 0; i < h->count; i++)
		if ((h->count - 1 - i) % stride == 0 || i == best)
			print_point(&h->points[i], i == best);
}

static void print_state(const heed_history *h)
{
	const heed_history_state *s = &h->state;
	char tokens[32], time[32];

	if (!h->checkpoint)
		return;
	heed_progress_duration(isnan(s->seconds) ? 0 : s->seconds, time, sizeof time);
	printf("\nCheckpoint\n");
	printf("  %s after step %lld; next is batch %lld of epoch %lld\n",
	       s->finished ? "finished" : "unfinished", (long long)s->step, (long long)s->batch + 1,
	       (long long)s->epoch + 1);
	printf("  %s tokens in %s of training, %lld steps skipped\n", grouped(s->tokens, tokens), time,
	       (long long)s->skipped);
	printf("\nTraining options\n");
	for (size_t i = 0; i < h->setting_count; i++) {
		const heed_history_setting *set = &h->settings[i];
		char number[24];

		snprintf(number, sizeof number, "%lld", (long long)set->number);
		print_setting(i, set->name, set->text ? set->text : number);
	}
	end_settings(h->setting_count);
}

static void shape_of(const heed_model_file_entry *e, char *out, size_t size)
{
	size_t used = 0;

	snprintf(out, size, "%s", e->rank == 0 ? "1" : "");
	for (int a = 0; a < e->rank && used < size; a++)
		used += (size_t)snprintf(out + used, size - used, "%s%zu", a ? "x" : "", e->shape[a]);
}

static void print_tensors(const heed_model_file *file)
{
	printf("\nTensors\n  %-30s %-4s %-13s %10s %16s\n", "name", "type", "shape", "bytes", "checksum");
	for (size_t i = 0; i < heed_model_file_count(file); i++) {
		const heed_model_file_entry e = heed_model_file_tensor(file, i);
		char shape[128];

		shape_of(&e, shape, sizeof shape);
		printf("  %-30s %-4s %-13s %10zu %16s\n", e.name, e.dtype, shape, e.bytes, e.checksum);
	}
}

static void print_text(const struct subject *s, const struct inspect_options *o)
{
	printf("%s\n\n", s->path);
	print_head(s);
	print_config(s->trained->model);
	print_history(s->history, o->history);
	print_state(s->history);
	if (o->tensors)
		print_tensors(s->file);
}

/* --- JSON --- */

static void json_config(heed_json *j, const heed_model *m)
{
	heed_json_object(j, "config");
	for (const heed_field *f = m->family->fields; f->name; f++) {
		char value[64];

		heed_field_format(f, m->config, value, sizeof value);
		if (f->type == HEED_FIELD_INT || f->type == HEED_FIELD_INT64 || f->type == HEED_FIELD_FLOAT ||
		    f->type == HEED_FIELD_FLAG)
			heed_json_raw(j, f->name, value);
		else
			heed_json_string(j, f->name, value);
	}
	heed_json_end(j);
}

static void json_tokenizer(heed_json *j, const char *key, const heed_tokenizer *t)
{
	static const char *const forms[] = {"nfc", "nfkc", "none"};
	heed_tokenizer_options o;

	heed_tokenizer_describe(t, &o);
	heed_json_object(j, key);
	heed_json_string(j, "kind", o.kind);
	heed_json_int(j, "size", heed_tokenizer_size(t));
	heed_json_int(j, "merges", o.merges);
	heed_json_string(j, "normalization", forms[o.normalization]);
	heed_json_bool(j, "lowercase", o.lowercase);
	heed_json_bool(j, "byte_fallback", !o.no_byte_fallback);
	heed_json_int(j, "symbols", o.symbol_count);
	heed_json_end(j);
}

static void json_history(heed_json *j, const heed_history *h)
{
	heed_json_array(j, "history");
	for (size_t i = 0; i < h->count; i++) {
		const heed_history_point *p = &h->points[i];

		heed_json_object(j, NULL);
		heed_json_int(j, "step", p->step);
		heed_json_int(j, "epoch", p->epoch);
		heed_json_double(j, "loss", p->loss);
		heed_json_double(j, "valid_loss", p->valid_loss);
		if (!isnan(p->bleu))
			heed_json_double(j, "bleu", p->bleu);
		if (!isnan(p->chrf))
			heed_json_double(j, "chrf", p->chrf);
		heed_json_end(j);
	}
	heed_json_end(j);
}

static void json_state(heed_json *j, const heed_history *h)
{
	heed_json_object(j, "checkpoint");
	heed_json_int(j, "step", h->state.step);
	heed_json_int(j, "epoch", h->state.epoch);
	heed_json_int(j, "batch", h->state.batch);
	heed_json_int(j, "tokens", h->state.tokens);
	heed_json_int(j, "skipped", h->state.skipped);
	heed_json_double(j, "seconds", h->state.seconds);
	heed_json_bool(j, "finished", h->state.finished);
	heed_json_object(j, "options");
	for (size_t i = 0; i < h->setting_count; i++)
		if (h->settings[i].text)
			heed_json_string(j, h->settings[i].name, h->settings[i].text);
		else
			heed_json_int(j, h->settings[i].name, h->settings[i].number);
	heed_json_end(j);
	heed_json_end(j);
}

static void json_tensors(heed_json *j, const heed_model_file *file)
{
	heed_json_array(j, "tensors");
	for (size_t i = 0; i < heed_model_file_count(file); i++) {
		const heed_model_file_entry e = heed_model_file_tensor(file, i);

		heed_json_object(j, NULL);
		heed_json_string(j, "name", e.name);
		heed_json_string(j, "dtype", e.dtype);
		heed_json_array(j, "shape");
		for (int a = 0; a < e.rank; a++)
			heed_json_int(j, NULL, (int64_t)e.shape[a]);
		heed_json_end(j);
		heed_json_int(j, "bytes", (int64_t)e.bytes);
		heed_json_string(j, "checksum", e.checksum);
		heed_json_end(j);
	}
	heed_json_end(j);
}

static void print_json(const struct subject *s, const struct inspect_options *o)
{
	const heed_model *m = s->trained->model;
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "file", s->path);
	heed_json_int(&j, "bytes", (int64_t)heed_model_file_bytes(s->file));
	heed_json_string(&j, "version", heed_model_file_text(s->file, "heed.version"));
	heed_json_string(&j, "checksum", heed_model_file_text(s->file, "heed.checksum"));
	heed_json_string(&j, "family", m->family->name);
	heed_json_int(&j, "parameters", (int64_t)heed_params_total(m->params));
	json_config(&j, m);
	json_tokenizer(&j, "source_tokenizer", s->trained->source);
	json_tokenizer(&j, "target_tokenizer", s->trained->target);
	heed_json_bool(&j, "one_tokenizer", s->trained->source == s->trained->target);
	json_history(&j, s->history);
	if (s->history->checkpoint)
		json_state(&j, s->history);
	if (o->tensors)
		json_tensors(&j, s->file);
	heed_json_end(&j);
	putchar('\n');
}

/* --- all of it --- */

static int open_subject(heed_cli *cli, struct subject *s)
{
	if (heed_trained_open(cli->ctx, s->path, &s->trained) ||
	    heed_model_file_open(cli->ctx, s->path, &s->file))
		return heed_cli_fail(cli);
	if (heed_history_read(cli->ctx, s->file, &s->history))
		return heed_cli_stop(cli, "%s: %s", s->path, heed_error_message(cli->ctx));
	return HEED_EXIT_OK;
}

static int inspect(heed_cli *cli, const char *path)
{
	struct subject s = {.path = path};
	const int status = open_subject(cli, &s);

	if (!status && cli->json)
		print_json(&s, cli->options);
	else if (!status)
		print_text(&s, cli->options);
	heed_history_free(s.history);
	heed_model_file_close(s.file);
	heed_trained_close(s.trained);
	return status;
}

static int run(heed_cli *cli)
{
	int status = HEED_EXIT_OK;

	for (int i = 0; i < cli->word_count && !heed_interrupted(cli->ctx); i++) {
		const int one = inspect(cli, cli->words[i]);

		status = one ? one : status;
		if (!cli->json && i + 1 < cli->word_count)
			putchar('\n');
	}
	return status;
}

const heed_command heed_cmd_inspect = {
	.name = "inspect",
	.kind = HEED_KIND_LOOK,
	.about = "show what a model file holds",
	.operands = "MODEL...",
	.min_words = 1,
	.max_words = -1,
	.options = options,
	.size = sizeof(struct inspect_options),
	.run = run,
	.details = "Family, configuration, parameters, tokenizers, history of the training, checksums; of a "
		   "checkpoint also where the training stands. A file that is damaged is not shown: heed "
		   "verify says what is wrong with it.",
	.examples = "heed inspect en-de.heed\n"
		    "heed inspect --tensors en-de.heed.run/checkpoint\n"
		    "heed inspect --json en-de.heed\n",
};
