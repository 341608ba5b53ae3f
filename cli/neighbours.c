#include "neighbours.h"

#include "heed/json.h"

static void print_json(const struct neighbours *n)
{
	heed_json w;

	heed_json_to_file(&w, stdout);
	heed_json_object(&w, NULL);
	heed_json_string(&w, "query", n->query);
	heed_json_array(&w, "nearest");
	for (int i = 0; i < n->count; i++) {
		heed_json_object(&w, NULL);
		heed_json_string(&w, "word", heed_vectors_word(n->vectors, n->near[i].index));
		heed_json_float(&w, "cosine", n->near[i].cosine);
		heed_json_end(&w);
	}
	heed_json_end(&w);
	heed_json_end(&w);
	putchar('\n');
}

void heed_neighbours_print(const heed_cli *cli, const struct neighbours *n)
{
	if (cli->json) {
		print_json(n);
		return;
	}
	for (int i = 0; i < n->count; i++) {
		if (n->title)
			printf("%s\t", n->query);
		printf("%s\t%.6f\n", heed_vectors_word(n->vectors, n->near[i].index),
		       (double)n->near[i].cosine);
	}
}
