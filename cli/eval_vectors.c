/* Word vectors: analogies answered rightly, and rank correlation with what people say. */
#include "evaluation.h"

#include "heed/json.h"
#include "heed/nearest.h"

#include <math.h>

static double share(const heed_analogy_section *s)
{
	return s->asked > 0 ? (double)s->right / (double)s->asked : NAN;
}

static void json_section(heed_json *j, const heed_analogy_section *s)
{
	heed_json_double(j, "accuracy", share(s));
	heed_json_int(j, "asked", s->asked);
	heed_json_int(j, "right", s->right);
	heed_json_int(j, "skipped", s->skipped);
}

static void tell_analogies(heed_json *j, const char *path, const heed_analogies *a)
{
	if (!j) {
		printf("analogies\t%.4f\nasked\t%lld\nskipped\t%lld\n", share(&a->total),
		       (long long)a->total.asked, (long long)a->total.skipped);
		return;
	}
	heed_json_object(j, NULL);
	heed_json_string(j, "file", path);
	json_section(j, &a->total);
	heed_json_array(j, "sections");
	for (int i = 0; i < a->count; i++) {
		heed_json_object(j, NULL);
		heed_json_string(j, "name", a->sections[i].name);
		json_section(j, &a->sections[i]);
		heed_json_end(j);
	}
	heed_json_end(j);
	heed_json_end(j);
}

static void tell_similarity(heed_json *j, const char *path, const heed_similarity *s)
{
	if (!j) {
		printf("similarity\t%.4f\npairs\t%lld\nskipped\t%lld\n", s->spearman, (long long)s->pairs,
		       (long long)s->skipped);
		return;
	}
	heed_json_object(j, NULL);
	heed_json_string(j, "file", path);
	heed_json_double(j, "spearman", s->spearman);
	heed_json_int(j, "pairs", s->pairs);
	heed_json_int(j, "skipped", s->skipped);
	heed_json_end(j);
}

static heed_code eval_analogies(heed_vectors *v, const char *path, heed_json *j)
{
	heed_analogies *a;
	const heed_code code = heed_analogies_evaluate(v, path, &a);

	if (code)
		return code;
	tell_analogies(j, path, a);
	heed_analogies_free(a);
	return HEED_OK;
}

static heed_code eval_similarity(heed_vectors *v, const char *path, heed_json *j)
{
	heed_similarity s;
	const heed_code code = heed_similarity_evaluate(v, path, &s);

	if (code == HEED_OK)
		tell_similarity(j, path, &s);
	return code;
}

/* One kind of files; j is NULL where lines are printed. */
static heed_code eval_files(heed_vectors *v, const heed_list *files, bool named, heed_json *j,
			    const char *name,
			    heed_code (*eval)(heed_vectors *v, const char *path, heed_json *j))
{
	heed_code code = HEED_OK;

	if (files->count == 0)
		return HEED_OK;
	if (j)
		heed_json_array(j, name);
	for (size_t i = 0; i < files->count && code == HEED_OK; i++) {
		if (named && !j)
			printf("file\t%s\n", files->items[i]);
		code = eval(v, files->items[i], j);
	}
	if (j)
		heed_json_end(j);
	return code;
}

int heed_eval_vectors(heed_cli *cli)
{
	const struct eval_options *o = cli->options;
	const bool named = o->analogies.count + o->similarity.count > 1;
	heed_vectors *v;
	heed_json json, *j = NULL;
	heed_code code = heed_vectors_open(cli->ctx, o->model, &v);

	if (code)
		return heed_cli_fail(cli);
	if (cli->json) {
		heed_json_to_file(&json, stdout);
		heed_json_object(&json, NULL);
		j = &json;
	}
	code = eval_files(v, &o->analogies, named, j, "analogies", eval_analogies);
	if (code == HEED_OK)
		code = eval_files(v, &o->similarity, named, j, "similarity", eval_similarity);
	if (j && code == HEED_OK) {
		heed_json_end(j);
		putchar('\n');
	}
	heed_vectors_free(v);
	return code ? heed_cli_fail(cli) : HEED_EXIT_OK;
}
