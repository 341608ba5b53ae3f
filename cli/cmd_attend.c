/* heed attend: what a model looks at while it reads and translates a sentence. */
#include "heed/translate.h"
#include "heatmap.h"
#include "opening.h"

#include <stdlib.h>
#include <string.h>

enum { KIND_CROSS, KIND_ENCODER, KIND_DECODER };

struct attend_options {
	const char *model, *svg, *html;
	int kind, layer, head, paint, beam;
};

static const heed_field options[] = {
	{.name = "model",
	 .letter = 'm',
	 HEED_PATH(struct attend_options, model),
	 .required = true,
	 .help = "a model that heed train made"},
	{.name = "kind",
	 HEED_CHOICE(struct attend_options, kind),
	 .choices = "cross encoder decoder",
	 .initial = "cross",
	 .help = "target to source, source to itself, or target to itself"},
	{.name = "layer",
	 HEED_INT(struct attend_options, layer),
	 .min = 0,
	 .max = 1000,
	 .help = "which layer, from 0; without it the last one"},
	{.name = "head",
	 HEED_INT(struct attend_options, head),
	 .min = 0,
	 .max = 1000,
	 .help = "which head, from 0; without it the mean of all"},
	{.name = "beam",
	 HEED_INT(struct attend_options, beam),
	 .min = 1,
	 .max = HEED_BEAM_MAX,
	 .initial = "5",
	 .help = "hypotheses that are followed when there is no TARGET"},
	{.name = "svg", HEED_PATH(struct attend_options, svg), .help = "a picture", .group = "Output"},
	{.name = "html", HEED_PATH(struct attend_options, html), .help = "a page to click through"},
	{.name = "paint",
	 HEED_CHOICE(struct attend_options, paint),
	 .choices = HEED_HEATMAP_PAINTS,
	 .initial = "auto",
	 .help = "how weights are drawn in the terminal"},
	{0},
};

static bool is_kind(const heed_attention_map *m, int kind)
{
	const bool cross = strstr(m->name, "cross") != NULL, encoder = strncmp(m->name, "enc", 3) == 0;

	return kind == KIND_CROSS ? cross : !cross && encoder == (kind == KIND_ENCODER);
}

/* Which maps are asked for. A file shows all of them unless options choose; the terminal shows one. */
struct choice {
	int kind, layer, head; /* -1: any */
};

static bool chosen(const heed_attention_map *m, const struct choice *c)
{
	return (c->kind < 0 || is_kind(m, c->kind)) && (c->layer < 0 || m->layer == c->layer) &&
	       (c->head < 0 || m->head == c->head);
}

static struct choice choice_for_file(const heed_cli *cli)
{
	const struct attend_options *o = cli->options;

	return (struct choice){heed_cli_given(cli, "kind") ? o->kind : -1,
			       heed_cli_given(cli, "layer") ? o->layer : -1,
			       heed_cli_given(cli, "head") ? o->head : -1};
}

static struct choice choice_for_terminal(const heed_cli *cli, const heed_attended *a)
{
	const struct attend_options *o = cli->options;
	struct choice c = choice_for_file(cli);

	c.kind = o->kind;
	for (int i = 0; i < a->mean_count && !heed_cli_given(cli, "layer"); i++)
		if (is_kind(&a->means[i], c.kind) && a->means[i].layer > c.layer)
			c.layer = a->means[i].layer;
	return c;
}

/* The chosen ones of some maps, for the caller to free; NULL when there is none or no memory. */
static heed_attention_map *pick(const heed_attention_map *maps, int count, const struct choice *c,
				int *picked)
{
	heed_attention_map *out = calloc((size_t)count + 1, sizeof *out);

	*picked = 0;
	for (int i = 0; out && i < count; i++)
		if (chosen(&maps[i], c))
			out[(*picked)++] = maps[i];
	if (*picked > 0)
		return out;
	free(out);
	return NULL;
}

static int none_chosen(heed_cli *cli, const heed_attended *a)
{
	int layers = 0, heads = 0;

	for (int i = 0; i < a->map_count; i++) {
		layers = a->maps[i].layer >= layers ? a->maps[i].layer + 1 : layers;
		heads = a->maps[i].head >= heads ? a->maps[i].head + 1 : heads;
	}
	return heed_cli_stop(cli, "no such attention: the model has %d layers with %d heads, counted from 0",
			     layers, heads);
}

static int show_terminal(heed_cli *cli, const heed_attended *a)
{
	const struct choice c = choice_for_terminal(cli, a);
	const bool mean = c.head < 0;
	const struct attend_options *o = cli->options;
	int count, status = HEED_EXIT_OK;
	heed_attention_map *maps =
		pick(mean ? a->means : a->maps, mean ? a->mean_count : a->map_count, &c, &count);

	if (!maps)
		return none_chosen(cli, a);
	for (int i = 0; i < count && status == HEED_EXIT_OK; i++)
		status = heed_heatmap_print(cli, &maps[i], (heed_heatmap_paint)o->paint);
	free(maps);
	return status;
}

typedef heed_code view_fn(heed_ctx *ctx, const char *title, const heed_attention_map *maps, int count,
			  heed_write_fn *write, void *user);

static int show_file(heed_cli *cli, const heed_attended *a, const char *path, view_fn *view)
{
	const struct choice c = choice_for_file(cli);
	int count, status;
	heed_attention_map *maps = pick(a->maps, a->map_count, &c, &count);
	FILE *out = maps ? heed_cli_output(cli, path) : NULL;

	if (!maps)
		return none_chosen(cli, a);
	if (!out)
		status = HEED_EXIT_FAILED;
	else if (view(cli->ctx, a->text, maps, count, heed_heatmap_write, out) && !ferror(out))
		status = heed_cli_fail(cli);
	else
		status = heed_cli_commit(cli);
	free(maps);
	return status;
}

static int show(heed_cli *cli, const heed_attended *a)
{
	const struct attend_options *o = cli->options;
	int status = HEED_EXIT_OK;

	if (cli->word_count == 1)
		heed_cli_note(cli, "%s", a->text);
	if (o->svg)
		status = show_file(cli, a, o->svg, heed_view_svg);
	if (o->html && status == HEED_EXIT_OK)
		status = show_file(cli, a, o->html, heed_view_html);
	if (status != HEED_EXIT_OK || (!cli->json && (o->svg || o->html)))
		return status;
	return cli->json ? show_file(cli, a, "-", heed_view_json) : show_terminal(cli, a);
}

static int with_model(heed_cli *cli, const heed_trained *model)
{
	const struct attend_options *o = cli->options;
	heed_translate_options t = heed_translate_defaults();
	heed_attended *a = NULL;
	heed_translator *translator;
	int status;

	t.beam = o->beam;
	translator = heed_translator_new(model, &t);
	if (translator)
		a = heed_attend(translator, cli->words[0], cli->word_count > 1 ? cli->words[1] : NULL);
	status = a ? show(cli, a) : heed_cli_fail(cli);
	heed_attended_free(a);
	heed_translator_free(translator);
	return status;
}

static int run(heed_cli *cli)
{
	const struct attend_options *o = cli->options;
	heed_trained *model;
	int status = heed_cli_open_model(cli, o->model, 1U << HEED_TASK_TRANSLATE, &model);

	if (status)
		return status;
	status = with_model(cli, model);
	heed_trained_close(model);
	return status;
}

const heed_command heed_cmd_attend = {
	.name = "attend",
	.kind = HEED_KIND_LOOK,
	.about = "show what each token looks at",
	.operands = "SOURCE [TARGET]",
	.min_words = 1,
	.max_words = 2,
	.options = options,
	.size = sizeof(struct attend_options),
	.run = run,
	.details =
		"Draws the attention weights of a sentence and its translation, which the model makes itself "
		"when "
		"there is no TARGET. In the terminal stands one map: the mean of the heads of one layer, or "
		"one "
		"head. --svg, --html and --json give all heads of all layers, or those that --kind, --layer "
		"and "
		"--head choose.\n"
		"A row of cross-attention is the token that was said there; a row of the decoder's attention "
		"to itself is the token that was read.",
	.examples = "heed attend -m en-es.heed 'The dog ran really fast'\n"
		    "heed attend -m en-es.heed 'The dog ran' 'El perro corrió' --layer 2 --head 0\n"
		    "heed attend -m en-es.heed 'The dog ran' --html dog.html\n",
};
