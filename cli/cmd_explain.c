/* heed explain: one pass of a model, step by step with its numbers. */
#include "heed/explain.h"
#include "heatmap.h"
#include "opening.h"

struct explain_options {
	const char *model, *html;
	int layer, head, columns, top, paint;
};

static const heed_field options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct explain_options, model),
	 .required = true,
	 .help = "a model that heed train made"},
	{.name = "layer",
	 HEED_INT(struct explain_options, layer),
	 .min = 0,
	 .max = 1000,
	 .initial = "0",
	 .help = "which layer, from 0"},
	{.name = "head",
	 HEED_INT(struct explain_options, head),
	 .min = 0,
	 .max = 1000,
	 .initial = "0",
	 .help = "which head of it, from 0"},
	{.name = "top",
	 HEED_INT(struct explain_options, top),
	 .min = 1,
	 .max = 1000,
	 .initial = "8",
	 .help = "answers and neighbours that are shown, from the best on"},
	{.name = "columns",
	 HEED_INT(struct explain_options, columns),
	 .min = 0,
	 .max = 65536,
	 .help = "numbers of a vector that are shown; 0: 6 in the terminal, 12 on the page",
	 .group = "Output"},
	{.name = "html", HEED_PATH(struct explain_options, html), .help = "a page instead of text"},
	{.name = "paint",
	 HEED_CHOICE(struct explain_options, paint),
	 .choices = HEED_HEATMAP_PAINTS,
	 .initial = "auto",
	 .help = "how weights are drawn in the terminal"},
	{0},
};

static heed_code write_out(const heed_cli *cli, const heed_explanation *e, FILE *out)
{
	const struct explain_options *o = cli->options;
	const heed_explain_view view = {.columns = o->columns,
					.terminal = heed_heatmap_view(cli, (heed_heatmap_paint)o->paint),
					.bold = cli->color};

	if (cli->json)
		return heed_explain_json(e, heed_heatmap_write, out);
	if (o->html)
		return heed_explain_html(cli->ctx, e, &view, heed_heatmap_write, out);
	return heed_explain_terminal(cli->ctx, e, &view, heed_heatmap_write, out);
}

static int show(heed_cli *cli, const heed_explanation *e)
{
	const struct explain_options *o = cli->options;
	FILE *const out = heed_cli_output(cli, o->html);

	if (!out)
		return HEED_EXIT_FAILED;
	if (write_out(cli, e, out) && !ferror(out))
		return heed_cli_fail(cli);
	return heed_cli_commit(cli);
}

static int run(heed_cli *cli)
{
	const struct explain_options *o = cli->options;
	const heed_explain_options chosen = {.layer = o->layer, .head = o->head, .top = o->top};
	heed_trained *model;
	heed_explanation *e;
	int status;

	if (cli->json && o->html)
		return heed_cli_refuse(cli, "--json and --html: only one of them");
	if (heed_trained_open(cli->ctx, o->model, &model))
		return heed_cli_fail(cli);
	e = heed_explain(model, cli->words[0], cli->word_count > 1 ? cli->words[1] : NULL, &chosen);
	status = e ? show(cli, e) : heed_cli_fail(cli);
	heed_explanation_free(e);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_explain = {
	.name = "explain",
	.kind = HEED_KIND_LOOK,
	.about = "one pass of a model, step by step with its numbers",
	.operands = "TEXT [TARGET]",
	.min_words = 1,
	.max_words = 2,
	.options = options,
	.size = sizeof(struct explain_options),
	.run = run,
	.details =
		"Shows what a model makes of a text, from the tokens to the answer, each step with a "
		"sentence, the "
		"formula and the numbers. Attention: embeddings, positions, queries, keys, values, scores, "
		"weights "
		"and output of one head of one layer. Recurrent networks: gates, cells and states of one "
		"layer at "
		"every token. n-grams: how each word backs off. Feed-forward networks: window or mean, and "
		"the layers. "
		"Word vectors: their neighbours. Then the most probable next tokens, or the labels.\n"
		"For models that translate, TARGET is what has been said so far; without it the model "
		"translates "
		"first. --json gives all numbers in full.",
	.examples = "heed explain -m en-es.heed 'The dog ran' 'El perro'\n"
		    "heed explain -m gpt.heed 'To be, or' --layer 3 --head 1 --columns 8\n"
		    "heed explain -m lstm.heed 'the dog ran' --html dog.html\n",
};
