#include "heed/classes.h"

#include "base/map.h"
#include "base/vector.h"

typedef struct tally {
	int64_t truths, guesses, right;
} tally;

HEED__VECTOR(tallies, tally);

struct heed_classes {
	heed_ctx *ctx;
	tallies classes;
	heed__map confusions; /* the bytes of (truth, guess) to items */
	int64_t items;
};

heed_classes *heed_classes_new(heed_ctx *ctx)
{
	heed_classes *c = heed__calloc(ctx, 1, sizeof *c);

	if (!c)
		return NULL;
	c->ctx = ctx;
	c->confusions = heed__map_init(ctx);
	return c;
}

void heed_classes_free(heed_classes *c)
{
	if (!c)
		return;
	HEED__VECTOR_RELEASE(c->ctx, &c->classes);
	heed__map_release(&c->confusions);
	heed__free(c->ctx, c);
}

heed_code heed_classes_add(heed_classes *c, int truth, int guess)
{
	const int pair[] = {truth, guess}, larger = truth > guess ? truth : guess;
	int64_t *items;

	if (truth < 0 || guess < 0 || larger >= HEED_CLASSES_MAX)
		return heed__error(c->ctx, HEED_E_ARGUMENT,
				   "classes: truth %d and guess %d, expected 0 to %d", truth, guess,
				   HEED_CLASSES_MAX - 1);
	while (c->classes.len <= (size_t)larger)
		if (!HEED__PUSH(c->ctx, &c->classes, ((tally){0})))
			return HEED_E_MEMORY;
	items = heed__map_put(&c->confusions, (const char *)pair, sizeof pair, 0);
	if (!items)
		return HEED_E_MEMORY;
	++*items;
	c->items++;
	c->classes.data[truth].truths++;
	c->classes.data[guess].guesses++;
	c->classes.data[truth].right += truth == guess;
	return HEED_OK;
}

int heed_classes_count(const heed_classes *c)
{
	return (int)c->classes.len;
}

static double share(int64_t part, int64_t all)
{
	return all > 0 ? (double)part / (double)all : 0;
}

heed_class_score heed_classes_score(const heed_classes *c, int class_number)
{
	tally t = {0};

	if (class_number >= 0 && (size_t)class_number < c->classes.len)
		t = c->classes.data[class_number];
	return (heed_class_score){
		.truths = t.truths,
		.guesses = t.guesses,
		.right = t.right,
		.precision = share(t.right, t.guesses),
		.recall = share(t.right, t.truths),
		.f1 = share(2 * t.right, t.truths + t.guesses),
	};
}

int64_t heed_classes_confusion(const heed_classes *c, int truth, int guess)
{
	const int pair[] = {truth, guess};
	const int64_t *items = heed__map_get(&c->confusions, (const char *)pair, sizeof pair);

	return items ? *items : 0;
}

heed_classes_summary heed_classes_total(const heed_classes *c)
{
	heed_classes_summary all = {.items = c->items};

	for (int i = 0; i < heed_classes_count(c); i++) {
		const heed_class_score s = heed_classes_score(c, i);

		if (s.truths + s.guesses == 0)
			continue;
		all.classes++;
		all.right += s.right;
		all.precision += s.precision;
		all.recall += s.recall;
		all.f1 += s.f1;
	}
	all.accuracy = share(all.right, all.items);
	if (all.classes > 0) {
		all.precision /= all.classes;
		all.recall /= all.classes;
		all.f1 /= all.classes;
	}
	return all;
}
