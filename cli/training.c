/* What train and plan share. */
#include "training.h"

#include "heed/corpus.h"

#include <string.h>

bool heed_training_family(int index, heed_family *family)
{
	const heed_model_class *c = heed_model_class_at(index);

	if (!c)
		return false;
	*family = (heed_family){.name = c->name,
				.about = c->about,
				.fields = c->fields,
				.size = c->config_size,
				.settings = c->training};
	return true;
}

static heed_files files_of(const heed_list *list)
{
	return (heed_files){list->items, (int)list->count};
}

/* The files of one kind of data; which of the four it is depends on the family. */
struct files {
	const heed_list *src, *tgt, *pairs, *text, *labelled;
};

static struct files training_files(const struct training_options *o)
{
	return (struct files){&o->src, &o->tgt, &o->pairs, &o->text, &o->labelled};
}

static struct files validation_files(const struct training_options *o)
{
	return (struct files){&o->valid_src, &o->valid_tgt, &o->valid_pairs, &o->valid_text,
			      &o->valid_labelled};
}

static bool any(const struct files *f)
{
	return f->src->count || f->pairs->count || f->text->count || f->labelled->count;
}

static heed_code open_corpus(heed_ctx *ctx, const struct files *f, int flags, int64_t max_line,
			     heed_corpus **corpus)
{
	heed_corpus_options how = {flags, (size_t)max_line};

	if (f->pairs->count)
		return heed_corpus_open_tsv(ctx, files_of(f->pairs), &how, corpus);
	if (f->labelled->count)
		return heed_corpus_open_labelled(ctx, files_of(f->labelled), &how, corpus);
	if (f->src->count)
		return heed_corpus_open_pairs(ctx, files_of(f->src), files_of(f->tgt), &how, corpus);
	how.flags |= HEED_CORPUS_EVERY_LINE; /* an empty line of a text is an end of line */
	return heed_corpus_open_text(ctx, files_of(f->text), &how, corpus);
}

static int read_examples(heed_cli *cli, const struct files *files, heed_examples **examples)
{
	const struct training_options *o = cli->options;
	heed_corpus *corpus = NULL;
	heed_code code =
		open_corpus(cli->ctx, files, o->strict ? HEED_CORPUS_STRICT : 0, o->max_line, &corpus);

	*examples = code ? NULL : heed_examples_new(cli->ctx);
	if (*examples)
		code = heed_examples_read(*examples, corpus);
	heed_corpus_close(corpus);
	if (code || !*examples)
		return heed_cli_fail(cli);
	if (heed_examples_count(*examples) == 0)
		return heed_cli_stop(cli, "%s: there is no line in it", files->text->items[0]);
	return HEED_EXIT_OK;
}

static int check_sides(heed_cli *cli, const struct files *f, const char *prefix)
{
	if (f->pairs->count && (f->src->count || f->tgt->count))
		return heed_cli_refuse(cli, "--%spairs: expected instead of --%ssrc and --%stgt, found both",
				       prefix, prefix, prefix);
	if (!f->src->count != !f->tgt->count)
		return heed_cli_refuse(cli, "--%ssrc and --%stgt: expected both, found one", prefix, prefix);
	return HEED_EXIT_OK;
}

/* Data of another kind than the family reads. */
static int check_kind(heed_cli *cli, const heed_model_class *family, const struct files *f)
{
	static const char *const wants[] = {[HEED_TASK_TRANSLATE] = "--src and --tgt, or --pairs",
					    [HEED_TASK_GENERATE] = "--text",
					    [HEED_TASK_CLASSIFY] = "--labelled",
					    [HEED_TASK_EMBED] = "--text"};
	const bool pairs = f->src->count || f->pairs->count;
	const bool right = family->task == HEED_TASK_TRANSLATE  ? !f->text->count && !f->labelled->count
			   : family->task == HEED_TASK_CLASSIFY ? !pairs && !f->text->count
								: !pairs && !f->labelled->count;

	return right ? HEED_EXIT_OK
		     : heed_cli_refuse(cli, "%s learns from %s, found %s", family->name, wants[family->task],
				       pairs            ? "pairs"
				       : f->text->count ? "--text"
							: "--labelled");
}

/* What the options say of data, before any file is opened. */
static int check_data(heed_cli *cli, const heed_model_class *family, bool need)
{
	const struct training_options *o = cli->options;
	const struct files train = training_files(o), valid = validation_files(o);
	int status = check_sides(cli, &train, "");

	if (!status)
		status = check_sides(cli, &valid, "valid-");
	if (!status)
		status = check_kind(cli, family, &train);
	if (!status)
		status = check_kind(cli, family, &valid);
	if (!status && need && !any(&train))
		return heed_cli_refuse(cli, "no data: expected %s",
				       family->task == HEED_TASK_TRANSLATE  ? "--src and --tgt, or --pairs"
				       : family->task == HEED_TASK_CLASSIFY ? "--labelled"
									    : "--text");
	return status;
}

static int set_all(heed_cli *cli, const char *const *settings)
{
	for (; settings && *settings; settings += 2)
		if (heed_cli_preset(cli, settings[0], settings[1]))
			return heed_cli_fail(cli);
	return HEED_EXIT_OK;
}

static int apply_preset(heed_cli *cli, const heed_model_class *family)
{
	const struct training_options *o = cli->options;
	const heed_preset *preset;
	int status;

	if (!o->preset)
		return HEED_EXIT_OK;
	preset = heed_preset_find(cli->ctx, family, o->preset);
	if (!preset)
		return heed_cli_refuse(cli, "%s", heed_error_message(cli->ctx));
	status = set_all(cli, preset->settings);
	return status ? status : set_all(cli, preset->training);
}

static int read_all(heed_cli *cli, struct training *t)
{
	const struct training_options *o = cli->options;
	const struct files train = training_files(o), valid = validation_files(o);
	int status = HEED_EXIT_OK;

	if (o->tokenizer_file) {
		t->tokenizer = heed_tokenizer_load_file(cli->ctx, o->tokenizer_file);
		if (!t->tokenizer)
			return heed_cli_fail(cli);
	}
	if (any(&train))
		status = read_examples(cli, &train, &t->train);
	if (!status && any(&valid))
		status = read_examples(cli, &valid, &t->valid);
	return status;
}

int heed_training_open(heed_cli *cli, struct training *t, bool need_data)
{
	const struct training_options *o = cli->options;
	const heed_model_class *family = heed_model_class_find(cli->family.name);
	int status = check_data(cli, family, need_data);

	memset(t, 0, sizeof *t);
	if (!status)
		status = set_all(cli, family->training);
	if (!status)
		status = apply_preset(cli, family);
	if (!status)
		status = read_all(cli, t);
	t->job = (heed_train_job){.family = family,
				  .config = cli->family_values,
				  .options = &o->train,
				  .train = t->train,
				  .valid = t->valid,
				  .source = t->tokenizer,
				  .target = t->tokenizer,
				  .embeddings = o->embeddings,
				  .output = o->output};
	return status;
}

void heed_training_close(struct training *t)
{
	heed_examples_free(t->train);
	heed_examples_free(t->valid);
	heed_tokenizer_free(t->tokenizer);
}
