/* Language models: loss, perplexity of tokens and words, bits per character. */
#include "evaluation.h"

#include "heed/json.h"
#include "heed/score.h"
#include "progress.h"

#include <math.h>

/* A share of the text, as lines. */
static void at(void *user, double share)
{
	heed_progress *p = user;

	heed_progress_at(p, (int64_t)(share * (double)p->total), NULL);
}

static void print_json(const heed_text_score *s, double loss, double word_perplexity, double bits)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_double(&j, "loss", loss);
	heed_json_double(&j, "perplexity", exp(loss));
	heed_json_double(&j, "word_perplexity", word_perplexity);
	heed_json_double(&j, "bits_per_character", bits);
	heed_json_int(&j, "tokens", s->tokens);
	heed_json_int(&j, "unknown", s->unknown);
	heed_json_int(&j, "words", s->words);
	heed_json_int(&j, "characters", s->characters);
	heed_json_int(&j, "lines", s->lines);
	heed_json_end(&j);
	putchar('\n');
}

static void print_text(const heed_text_score *s, double loss, double word_perplexity, double bits)
{
	printf("loss\t%.4f\nperplexity\t%.4f\n", loss, exp(loss));
	printf("word-perplexity\t%.4f\nbits-per-character\t%.4f\n", word_perplexity, bits);
	printf("tokens\t%lld\nunknown\t%lld\n", (long long)s->tokens, (long long)s->unknown);
	printf("words\t%lld\ncharacters\t%lld\n", (long long)s->words, (long long)s->characters);
	printf("lines\t%lld\n", (long long)s->lines);
}

static void tell(heed_cli *cli, const heed_text_score *s)
{
	const double loss = -s->logp / (double)s->tokens;
	const double word_perplexity = exp(-s->logp / (double)s->words);
	const double bits = -s->logp / log(2) / (double)s->characters;

	heed_cli_warn_long(cli, s->cut, "line", "read in pieces", s->first_cut + 1);
	if (cli->json)
		print_json(s, loss, word_perplexity, bits);
	else
		print_text(s, loss, word_perplexity, bits);
}

int heed_eval_text(heed_cli *cli, const heed_trained *model)
{
	const struct eval_options *o = cli->options;
	const heed_corpus_options each = heed_eval_every_line(o);
	heed_scorer *scorer = heed_scorer_new(model, &(heed_score_options){o->batch_tokens, o->strict});
	heed_examples *examples = NULL;
	heed_corpus *corpus = NULL;
	heed_text_score score;
	heed_progress progress;
	heed_code code;
	int status;

	if (!scorer)
		return heed_cli_fail(cli);
	code = heed_corpus_open_text(cli->ctx, heed_eval_files(&o->text), &each, &corpus);
	status = heed_eval_read(cli, code, corpus, &o->text, &examples);
	if (status == HEED_EXIT_OK) {
		progress = heed_progress_start(cli, "evaluating", "line", heed_examples_count(examples));
		if (heed_score_text(scorer, examples, at, &progress, &score))
			status = heed_cli_fail(cli);
		heed_progress_end(&progress);
	}
	if (status == HEED_EXIT_OK)
		tell(cli, &score);
	heed_examples_free(examples);
	heed_scorer_free(scorer);
	return status;
}
