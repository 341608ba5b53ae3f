/* word2vec (Mikolov et al. 2013a, "Efficient estimation of word representations in vector space"; 2013b, "Distributed
 * representations of words and phrases and their compositionality"): a vector for every word, such that words can
 * be told from those around them.
 *
 *	skip-gram    each word w of a window predicts the one in the middle, c: p(c | w) from e_w . o_c
 *	cbow         their mean does
 *	negative     log sigmoid(e . o_c) + sum over k words n drawn with count^0.75 of log sigmoid(-e . o_n)
 *	hierarchical sum over the inner nodes on the way to c in a Huffman tree of log sigmoid(+-e . o_node)
 *
 * Windows have 1 to `window` words on each side, drawn anew for each, and don't cross the end of a text. Unknown
 * words are left out of the text. Tokens that were not in it have the vector 0. */
#include "base/context_impl.h"
#include "model/word2vec_train.h"
#include "nn/blocks.h"

static const heed_field fields[] = {
	{"mode", HEED_CHOICE(heed__word2vec_settings, mode), .initial = "skip-gram",
	 .choices = "skip-gram cbow",
	 .help = "each word around predicts the one in the middle, or their mean does", .group = "Model"},
	{"loss", HEED_CHOICE(heed__word2vec_settings, loss), .initial = "negative",
	 .choices = "negative hierarchical",
	 .help = "tells words from random ones, or follows a Huffman tree"},
	{"width", HEED_INT(heed__word2vec_settings, width), .initial = "100", .min = 1, .max = 65536,
	 .help = "numbers that stand for a word"},
	{"window", HEED_INT(heed__word2vec_settings, window), .initial = "5", .min = 1, .max = 256,
	 .help = "most words on each side; each time 1 to so many"},
	{"negative", HEED_INT(heed__word2vec_settings, negative), .initial = "5", .min = 1, .max = 256,
	 .help = "random words a window, of --loss negative"},
	{"subsample", HEED_FLOAT(heed__word2vec_settings, subsample), .initial = "0.001", .max = 1,
	 .help = "words with a larger share of the text are left out at random; 0: none"},
	{0},
};

static const heed_preset presets[] = {
	{"cbow", "Mikolov et al. 2013, with the learning rate of their program",
	 HEED__SETTINGS("mode", "cbow"), HEED__SETTINGS("lr", "0.05")},
	{0},
};

static const char *const training[] = {"tokenizer", "word", "vocab", "4194304", "min-count", "5",
				       "epochs",    "5",    "lr",    "0.025",   NULL};

static heed_code init(heed_model *m)
{
	const heed__word2vec_settings *const s = m->config;
	const int nodes = s->loss == HEED__HIERARCHICAL ? m->source_vocab - 1 : m->source_vocab;

	heed_param(m->params, (heed_init){HEED_INIT_UNIFORM, 0.5 / s->width}, 2,
		   (int[]){m->source_vocab, s->width}, "embed");
	heed_param(m->params, (heed_init){HEED_INIT_ZERO, 0}, 2, (int[]){nodes, s->width}, "output");
	return HEED_OK;
}

static heed_code fit(heed_model *m, const heed_fit *text)
{
	const heed__word2vec_settings *const s = m->config;
	const double usual = s->mode == HEED__CBOW ? 0.05 : 0.025;
	heed__word2vec t;
	heed_code code = heed__word2vec_init(&t, m->ctx, s, text->ids, text->count, m->source_vocab);

	if (code != HEED_OK)
		return code;
	t.embed = heed_params_find(m->params, "embed")->data;
	t.output = heed_params_find(m->params, "output")->data;
	code = heed__word2vec_fit(&t, text, text->epochs > 0 ? text->epochs : 5,
				  text->lr > 0 ? text->lr : usual);
	heed__word2vec_release(&t);
	return code;
}

const heed_model_class heed__model_word2vec = {
	.name = "word2vec",
	.about = "word vectors by skip-gram or CBOW (Mikolov et al. 2013); preset cbow",
	.task = HEED_TASK_EMBED,
	.config_size = sizeof(heed__word2vec_settings),
	.fields = fields,
	.presets = presets,
	.training = training,
	.init = init,
	.fit = fit,
};
