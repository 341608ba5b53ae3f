/* What train and plan share. */
#include "training.h"

#include "heed/corpus.h"

#include <string.h>

bool heed_training_family(int index, heed_family *family)
{
	const heed_model_class *c = heed_model_class_at(index);

	if (!c)
		return false;
	*family = (heed_family){
		.name = c->name, .about = c->about, .fields = c->fields, .size = c->config_size};
	return true;
}

static heed_files files_of(const heed_list *list)
{
	return (heed_files){list->items, (int)list->count};
}

/* Reads pairs from two lists of files or from a list of TSV files into fresh examples. */
static int read_examples(heed_cli *cli, const heed_list *src, const heed_list *tgt, const heed_list *pairs,
			 heed_examples **examples)
{
	const struct training_options *o = cli->options;
	const heed_corpus_options how = {o->strict ? HEED_CORPUS_STRICT : 0, (size_t)o->max_line};
	heed_corpus *corpus = NULL;
	heed_code code;

	code = pairs->count ? heed_corpus_open_tsv(cli->ctx, files_of(pairs), &how, &corpus)
			    : heed_corpus_open_pairs(cli->ctx, files_of(src), files_of(tgt), &how, &corpus);
	*examples = code ? NULL : heed_examples_new(cli->ctx);
	if (*examples)
		code = heed_examples_read(*examples, corpus);
	heed_corpus_close(corpus);
	return code || !*examples ? heed_cli_fail(cli) : HEED_EXIT_OK;
}

/* What the options say of data, before any file is opened. */
static int check_data(heed_cli *cli, bool need)
{
	const struct training_options *o = cli->options;

	if (o->pairs.count && (o->src.count || o->tgt.count))
		return heed_cli_refuse(cli, "--pairs: expected instead of --src and --tgt, found both");
	if (!o->src.count != !o->tgt.count)
		return heed_cli_refuse(cli, "--src and --tgt: expected both, found one");
	if (o->valid_pairs.count && (o->valid_src.count || o->valid_tgt.count))
		return heed_cli_refuse(
			cli, "--valid-pairs: expected instead of --valid-src and --valid-tgt, found both");
	if (!o->valid_src.count != !o->valid_tgt.count)
		return heed_cli_refuse(cli, "--valid-src and --valid-tgt: expected both, found one");
	if (need && !o->pairs.count && !o->src.count)
		return heed_cli_refuse(cli, "no data: expected --src and --tgt, or --pairs");
	return HEED_EXIT_OK;
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
	int status = HEED_EXIT_OK;

	if (o->tokenizer_file) {
		t->tokenizer = heed_tokenizer_load_file(cli->ctx, o->tokenizer_file);
		if (!t->tokenizer)
			return heed_cli_fail(cli);
	}
	if (o->src.count || o->pairs.count)
		status = read_examples(cli, &o->src, &o->tgt, &o->pairs, &t->train);
	if (!status && (o->valid_src.count || o->valid_pairs.count))
		status = read_examples(cli, &o->valid_src, &o->valid_tgt, &o->valid_pairs, &t->valid);
	return status;
}

int heed_training_open(heed_cli *cli, struct training *t, bool need_data)
{
	const struct training_options *o = cli->options;
	const heed_model_class *family = heed_model_class_find(cli->family.name);
	int status = check_data(cli, need_data);

	memset(t, 0, sizeof *t);
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
				  .output = o->output};
	return status;
}

void heed_training_close(struct training *t)
{
	heed_examples_free(t->train);
	heed_examples_free(t->valid);
	heed_tokenizer_free(t->tokenizer);
}
