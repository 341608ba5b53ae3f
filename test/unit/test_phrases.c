/* The phrase corpus: its Spanish, its splits, its sentences for showing, and how many pairs there are. */
#include "heed/phrases.h"

#include "base/map.h"
#include "data/phrases_clause.h"
#include "one_ctx.h"

#include <stdio.h>
#include <string.h>

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* --- verbs --- */

static const heed__conjugation *const grammar_verbs[] = {
	&heed__ser,    &heed__estar,     &heed__haber,  &heed__tener, &heed__ir,    &heed__poder,
	&heed__querer, &heed__necesitar, &heed__gustar, &heed__creer, &heed__saber, &heed__decir,
};

static const heed__conjugation *find_verb(const char *infinitive)
{
	for (int i = 0; i < COUNT_OF(grammar_verbs); i++)
		if (strcmp(grammar_verbs[i]->infinitive, infinitive) == 0)
			return grammar_verbs[i];
	for (int i = 0; i < heed__verb_count; i++)
		if (strcmp(heed__verbs[i].spanish->infinitive, infinitive) == 0)
			return heed__verbs[i].spanish;
	return NULL;
}

/* As in the golden file: comer, como comes ..., comi ..., comia ..., comere ..., comiendo comido */
static void conjugate_all(const heed__conjugation *verb, char *out, size_t size)
{
	char form[64];
	size_t len = (size_t)snprintf(out, size, "%s", verb->infinitive);

	for (int tense = PRESENT; tense <= FUTURE; tense++)
		for (int person = FIRST; person <= THEY; person++) {
			heed__phrases_conjugate(verb, (enum heed__spanish_tense)tense,
						(enum heed__person)person, form, sizeof form);
			len += (size_t)snprintf(out + len, size - len, "%s %s", person == FIRST ? "," : "",
						form);
		}
	heed__phrases_nonfinite(verb, GERUND, form, sizeof form);
	len += (size_t)snprintf(out + len, size - len, ", %s", form);
	heed__phrases_nonfinite(verb, PARTICIPLE, form, sizeof form);
	snprintf(out + len, size - len, " %s\n", form);
}

/* The file was written by hand-checked rules and compared with an independent conjugator. */
static void test_conjugations(void **state)
{
	FILE *file = fopen("test/golden/phrases/conjugations.txt", "r");
	char line[1024], ours[1024];
	int lines = 0, used = COUNT_OF(grammar_verbs);

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		char infinitive[64];
		const heed__conjugation *verb;

		snprintf(infinitive, sizeof infinitive, "%.*s", (int)strcspn(line, ","), line);
		verb = find_verb(infinitive);
		assert_non_null(verb);
		conjugate_all(verb, ours, sizeof ours);
		assert_string_equal(ours, line);
		lines++;
	}
	fclose(file);
	for (int i = 0; i < heed__verb_count; i++) {
		bool before = false;

		for (int k = 0; k < COUNT_OF(grammar_verbs); k++)
			before = before || heed__verbs[i].spanish == grammar_verbs[k];
		for (int k = 0; k < i; k++)
			before = before || heed__verbs[i].spanish == heed__verbs[k].spanish;
		used += !before;
	}
	assert_int_equal(lines, used); /* no verb of the grammar is missing from the file */
}

static void test_short_buffers(void **state)
{
	char out[8];

	(void)state;
	heed__phrases_conjugate(find_verb("encontrar"), PRESENT, FIRST, out, 4);
	assert_string_equal(out, "enc");
	heed__phrases_conjugate(find_verb("encontrar"), PRESENT, FIRST, out, 1);
	assert_string_equal(out, "");
}

static void test_adjectives_agree(void **state)
{
	static const char *const forms[][5] = {
		{"rojo", "rojo", "roja", "rojos", "rojas"},
		{"grande", "grande", "grande", "grandes", "grandes"},
		{"azul", "azul", "azul", "azules", "azules"},
		{"joven joven jóvenes jóvenes", "joven", "joven", "jóvenes", "jóvenes"},
		{"francés francesa franceses francesas", "francés", "francesa", "franceses", "francesas"},
	};
	char out[64];

	(void)state;
	for (int i = 0; i < COUNT_OF(forms); i++)
		for (int k = 0; k < 4; k++) {
			heed__phrases_agree(forms[i][0], k % 2, k / 2, out, sizeof out);
			assert_string_equal(out, forms[i][k + 1]);
		}
}

static int count_forms(const char *forms)
{
	int n = 1;

	for (; *forms; forms++)
		n += *forms == ' ';
	return n;
}

/* Each string of forms has as many as it must. */
static void test_tables(void **state)
{
	(void)state;
	for (int i = 0; i < heed__noun_count; i++) {
		const heed__noun *noun = &heed__nouns[i];
		const int forms = noun->flags & (NOUN_MASS | NOUN_ONE | NOUN_MANY) ? 1 : 2;

		assert_int_equal(count_forms(noun->english), forms);
		assert_int_equal(count_forms(noun->spanish), forms);
	}
	for (int i = 0; i < heed__verb_count; i++)
		assert_int_equal(count_forms(heed__verbs[i].english), 5);
	for (int i = 0; i < heed__adjective_count; i++) {
		const int forms = count_forms(heed__adjectives[i].spanish);

		assert_true(forms == 1 || forms == 4);
		assert_true(!heed__adjectives[i].before || count_forms(heed__adjectives[i].before) == 4);
	}
	for (int i = 0; i < heed__profession_count; i++)
		assert_int_equal(count_forms(heed__professions[i].spanish), 4);
}

/* --- walking to a sentence --- */

enum { TAPE = 64, MOST_WORDS = 16, MOST_WALKS = 400, STEPS = 4000 };

static int split_words(const char *s, const char **word, size_t *len)
{
	int n = 0;

	while (n < MOST_WORDS) {
		word[n] = s;
		len[n] = strcspn(s, " ");
		s += len[n++];
		if (!*s++)
			break;
	}
	return n;
}

/* The words that must be put in, taken out or changed to make one sentence of the other (Levenshtein). */
static int distance(const char *a, const char *b)
{
	const char *x[MOST_WORDS], *y[MOST_WORDS];
	size_t nx[MOST_WORDS], ny[MOST_WORDS];
	const int m = split_words(a, x, nx), n = split_words(b, y, ny);
	int row[MOST_WORDS + 1];

	for (int k = 0; k <= n; k++)
		row[k] = k;
	for (int i = 0; i < m; i++) {
		int corner = row[0];

		row[0] = i + 1;
		for (int k = 0; k < n; k++) {
			const bool same = nx[i] == ny[k] && memcmp(x[i], y[k], nx[i]) == 0;
			int best = corner + !same;

			corner = row[k + 1];
			best = best < corner + 1 ? best : corner + 1;
			row[k + 1] = best < row[k] + 1 ? best : row[k] + 1;
		}
	}
	return row[n];
}

/* Says the sentence of a tape; returns how far its English is from the one wanted. */
static int say(const uint64_t *tape, const char *wanted, heed__sentence *sentence, size_t *used)
{
	char english[HEED_PHRASES_BYTES];
	heed__dice dice = {.tape = tape, .tape_len = TAPE};

	heed__phrases_draw(&dice, sentence);
	*used = dice.used < TAPE ? dice.used : TAPE;
	if (!heed__phrases_english(sentence, english, sizeof english))
		return INT32_MAX;
	return distance(english, wanted);
}

/* Looks for throws of the dice that make the grammar say the English sentence: changes a throw or two at a time and
 * keeps what is not worse. Writes the Spanish. */
static bool walk_to(const char *english, char *spanish, size_t size)
{
	heed__rng rng = {.seed = 1, .stream = HEED__STREAM_TEST};
	heed__sentence sentence;
	uint64_t tape[TAPE], other[TAPE];
	size_t used, other_used;

	for (int walk = 0; walk < MOST_WALKS; walk++) {
		int far;

		for (int i = 0; i < TAPE; i++)
			tape[i] = heed__rng_next(&rng);
		far = say(tape, english, &sentence, &used);
		for (int step = 0; step < STEPS && far > 0; step++) {
			int d;

			memcpy(other, tape, sizeof tape);
			for (uint64_t k = 0; k <= heed__rng_below(&rng, 3); k++)
				other[heed__rng_below(&rng, used)] = heed__rng_next(&rng);
			d = say(other, english, &sentence, &other_used);
			if (d > far)
				continue;
			far = d;
			used = other_used;
			memcpy(tape, other, sizeof tape);
		}
		if (far == 0) {
			say(tape, english, &sentence, &used);
			return heed__phrases_spanish(&sentence, spanish, size);
		}
	}
	return false;
}

static void assert_says(const char *english, const char *spanish)
{
	char ours[HEED_PHRASES_BYTES];

	if (!walk_to(english, ours, sizeof ours))
		fail_msg("the grammar does not say: %s", english);
	assert_string_equal(ours, spanish);
}

static void test_shown_sentences(void **state)
{
	const char *english = NULL, *spanish = NULL;
	int n = 0;

	(void)state;
	for (; heed_phrases_shown(n, &english, &spanish); n++) {
		assert_says(english, spanish);
		assert_int_equal(heed_phrases_split_of(english), HEED_PHRASES_SHOWN);
	}
	assert_true(n >= 12);
	assert_false(heed_phrases_shown(-1, &english, &spanish));
}

/* Sentences whose Spanish was written by hand. */
static void test_spanish(void **state)
{
	static const char *const pairs[][2] = {
		/* persons and tenses */
		{"I eat", "Como"},
		{"You eat an apple", "Comes una manzana"},
		{"She ate the bread", "Comió el pan"},
		{"We will eat fish", "Comeremos pescado"},
		{"They are eating", "Están comiendo"},
		{"He was sleeping", "Estaba durmiendo"},
		{"I have written a letter", "He escrito una carta"},
		{"She has opened the door", "Ha abierto la puerta"},
		{"I am going to sing", "Voy a cantar"},
		{"You can swim", "Puedes nadar"},
		{"He wants to dance", "Quiere bailar"},
		{"We have to work", "Tenemos que trabajar"},
		{"They had to wait for us", "Nos tuvieron que esperar"},
		{"I looked for the key", "Busqué la llave"},
		{"I arrived late", "Llegué tarde"},
		{"They slept a lot", "Durmieron mucho"},
		{"He read the newspaper", "Leyó el periódico"},
		{"She was happy", "Estaba contenta"},
		/* agreement */
		{"The girl is tired", "La niña está cansada"},
		{"My sisters are tired", "Mis hermanas están cansadas"},
		{"Our house is white", "Nuestra casa es blanca"},
		{"The red car is expensive", "El coche rojo es caro"},
		{"The water is cold", "El agua está fría"},
		{"I drank the cold water", "Bebí el agua fría"},
		{"She is a teacher", "Es profesora"},
		{"Maria and I are tall", "María y yo somos altos"},
		{"Maria and Isabel are tall", "María e Isabel son altas"},
		{"Everyone is sad", "Todos están tristes"},
		{"I need a good book", "Necesito un buen libro"},
		{"She wears a blue dress", "Lleva un vestido azul"},
		/* pronouns */
		{"I love you", "Te amo"},
		{"I see him", "Lo veo"},
		{"She gave it to me", "Me lo dio"},
		{"I gave it to him", "Se lo di"},
		{"We sent the letters to them", "Les enviamos las cartas"},
		{"He showed the photo to Maria", "Le mostró la foto a María"},
		{"They want to see us", "Nos quieren ver"},
		{"I am reading it", "Lo estoy leyendo"},
		{"I get up early", "Me levanto temprano"},
		/* the personal a and the contractions */
		{"I see Maria", "Veo a María"},
		{"I see the dog", "Veo el perro"},
		{"I see a dog", "Veo un perro"},
		{"She helped her brother", "Ayudó a su hermano"},
		{"He went to the market", "Fue al mercado"},
		{"I did not see anyone", "No vi a nadie"},
		/* denying, adverbs, times */
		{"The dog does not sleep here", "El perro no duerme aquí"},
		{"He never drinks milk", "Nunca bebe leche"},
		{"She sings very well", "Canta muy bien"},
		{"He runs too fast", "Corre demasiado rápido"},
		{"Yesterday we bought a car", "Ayer compramos un coche"},
		/* questions */
		{"Did the dog run?", "¿Corrió el perro?"},
		{"Where is the cat?", "¿Dónde está el gato?"},
		{"Where did they go?", "¿Adónde fueron?"},
		{"Who broke the window?", "¿Quién rompió la ventana?"},
		{"Who did you see?", "¿A quién viste?"},
		{"What did Jack buy?", "¿Qué compró Jack?"},
		{"How many apples did she eat?", "¿Cuántas manzanas comió?"},
		{"How old is your brother?", "¿Cuántos años tiene tu hermano?"},
		{"How is your mother?", "¿Cómo está tu madre?"},
		{"Why are you crying?", "¿Por qué estás llorando?"},
		/* turns of phrase */
		{"I like dogs", "Me gustan los perros"},
		{"Maria likes to swim", "A María le gusta nadar"},
		{"We are very hungry", "Tenemos mucha hambre"},
		{"He is twenty years old", "Tiene veinte años"},
		{"There are many birds in the park", "Hay muchos pájaros en el parque"},
		{"Jack is taller than Jill", "Jack es más alto que Jill"},
		{"She plays the guitar", "Toca la guitarra"},
		{"We play soccer", "Jugamos al fútbol"},
		{"Maria's car is new", "El coche de María es nuevo"},
		{"I think that he is sick", "Creo que está enfermo"},
		{"I eat meat but I do not eat fish", "Como carne pero no como pescado"},
		{"He came with me", "Vino conmigo"},
	};

	(void)state;
	for (int i = 0; i < COUNT_OF(pairs); i++)
		assert_says(pairs[i][0], pairs[i][1]);
}

/* --- splits and counts --- */

static void draw(uint64_t seed, heed_phrases_split split, uint64_t index, heed_phrases_pair *pair)
{
	assert_int_equal(heed_phrases_at(ctx, seed, split, index, pair), HEED_OK);
}

static void test_determinism(void **state)
{
	heed_phrases_pair a, b;
	heed_phrases *phrases = heed_phrases_new(ctx, 7, HEED_PHRASES_TRAIN, 0);
	int same = 0;

	(void)state;
	assert_non_null(phrases);
	for (uint64_t i = 0; i < 200; i++) {
		assert_int_equal(heed_phrases_next(phrases, &a), HEED_OK);
		draw(7, HEED_PHRASES_TRAIN, i, &b);
		assert_string_equal(a.english, b.english);
		assert_string_equal(a.spanish, b.spanish);
		draw(8, HEED_PHRASES_TRAIN, i, &b);
		same += strcmp(a.english, b.english) == 0;
	}
	assert_true(same < 20); /* another seed, other sentences */
	heed_phrases_free(phrases);
}

static void test_splits_are_disjoint(void **state)
{
	static const heed_phrases_split splits[] = {HEED_PHRASES_TRAIN, HEED_PHRASES_VALID,
						    HEED_PHRASES_TEST};
	static const uint64_t counts[] = {50000, 500, 500};
	heed__map seen = heed__map_init(ctx);
	heed_phrases_pair pair;

	(void)state;
	for (int s = 0; s < COUNT_OF(splits); s++)
		for (uint64_t seed = 1; seed <= 2; seed++)
			for (uint64_t i = 0; i < counts[s]; i++) {
				int64_t *in;

				draw(seed, splits[s], i, &pair);
				assert_int_equal(heed_phrases_split_of(pair.english), splits[s]);
				in = heed__map_put(&seen, pair.english, strlen(pair.english), s);
				assert_non_null(in);
				assert_int_equal(*in, s);
			}
	heed__map_release(&seen);
}

/* About one sentence of a hundred is for validation and one for test, whatever text it is. */
static void test_split_sizes(void **state)
{
	int counts[HEED_PHRASES_SHOWN + 1] = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "Sentence %d", i);
		counts[heed_phrases_split_of(text)]++;
	}
	assert_in_range(counts[HEED_PHRASES_VALID], 850, 1150);
	assert_in_range(counts[HEED_PHRASES_TEST], 850, 1150);
	assert_int_equal(counts[HEED_PHRASES_SHOWN], 0);
}

static void test_distinct(void **state)
{
	heed_phrases *phrases = heed_phrases_new(ctx, 3, HEED_PHRASES_TEST, 1);
	heed__map seen = heed__map_init(ctx);
	heed_phrases_pair pair;

	(void)state;
	assert_non_null(phrases);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(heed_phrases_next(phrases, &pair), HEED_OK);
		assert_null(heed__map_get(&seen, pair.english, strlen(pair.english)));
		assert_non_null(heed__map_put(&seen, pair.english, strlen(pair.english), 0));
	}
	heed__map_release(&seen);
	heed_phrases_free(phrases);
}

static int capital(const char *s)
{
	if ((unsigned char)s[0] == 0xC3)
		return (unsigned char)s[1] < 0xA0;
	return s[0] >= 'A' && s[0] <= 'Z';
}

static bool ends_with(const char *s, const char *tail)
{
	const size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

/* What no pair may hold: a contraction not made, a word twice, a wrong ending of a question. */
static void check_form(const heed_phrases_pair *pair)
{
	static const char opening[] = "¿";
	static const char *const never[] = {" a el ", " de el ",  "  ",     " y i",
					    " y I",   " un agua", " lo lo", " le lo "};
	const bool question = ends_with(pair->english, "?");
	const bool opens = strncmp(pair->spanish, opening, sizeof opening - 1) == 0;

	assert_int_equal(question, opens);
	assert_int_equal(question, ends_with(pair->spanish, "?"));
	assert_true(capital(pair->english));
	assert_true(capital(pair->spanish + (opens ? sizeof opening - 1 : 0)));
	for (int i = 0; i < COUNT_OF(never); i++)
		if (strstr(pair->spanish, never[i]))
			fail_msg("\"%s\" in: %s", never[i], pair->spanish);
	for (const char *p = strstr(pair->english, " a "); p; p = strstr(p + 1, " a "))
		if (strchr("aeiou", p[3]))
			fail_msg("a before a vowel: %s", pair->english);
}

static void add_words(heed__map *words, const char *sentence)
{
	static const char marks[] = " ?";

	if (strncmp(sentence, "¿", 2) == 0)
		sentence += 2;
	while (*sentence) {
		const size_t n = strcspn(sentence, marks);

		assert_non_null(heed__map_put(words, sentence, n, 0));
		sentence += n;
		sentence += strspn(sentence, marks);
	}
}

/* One translation for each English sentence, and vocabularies of the size that the documents name. */
static void test_one_translation(void **state)
{
	heed__map seen = heed__map_init(ctx), english = heed__map_init(ctx), spanish = heed__map_init(ctx);
	heed_phrases_pair pair, before;

	(void)state;
	for (int64_t i = 0; i < 300000; i++) {
		int64_t *first;

		draw(11, HEED_PHRASES_TRAIN, (uint64_t)i, &pair);
		check_form(&pair);
		first = heed__map_put(&seen, pair.english, strlen(pair.english), i);
		assert_non_null(first);
		if (*first != i) {
			draw(11, HEED_PHRASES_TRAIN, (uint64_t)*first, &before);
			assert_string_equal(pair.spanish, before.spanish);
		} else if (i < 30000) {
			add_words(&english, pair.english);
			add_words(&spanish, pair.spanish);
		}
	}
	assert_in_range(english.count, 600, 1000);
	assert_in_range(spanish.count, 1500, 2600);
	heed__map_release(&seen);
	heed__map_release(&english);
	heed__map_release(&spanish);
}

/* There are over a million distinct sentences: of about 1.4 million pairs drawn, so many hashes differ, and equal
 * sentences have equal hashes. */
static void test_over_a_million(void **state)
{
	enum { SLOTS = 1 << 22 };
	uint64_t *slots = calloc(SLOTS, sizeof *slots);
	heed_phrases_pair pair;
	int distinct = 0;

	(void)state;
	assert_non_null(slots);
	for (uint64_t i = 0; distinct <= 1000000 && i < 2000000; i++) {
		uint64_t h = UINT64_C(0xcbf29ce484222325), at;

		draw(5, HEED_PHRASES_TRAIN, i, &pair);
		for (const char *p = pair.english; *p; p++)
			h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
		h |= 1; /* 0 marks a free slot */
		for (at = h >> 42; slots[at % SLOTS] && slots[at % SLOTS] != h; at++)
			;
		distinct += slots[at % SLOTS] == 0;
		slots[at % SLOTS] = h;
	}
	free(slots);
	assert_true(distinct > 1000000);
}

static void test_errors(void **state)
{
	heed_phrases_pair pair;
	heed_phrases *phrases = heed_phrases_new(ctx, 1, HEED_PHRASES_SHOWN, 0);

	(void)state;
	assert_non_null(phrases);
	assert_int_equal(heed_phrases_next(phrases, &pair), HEED_E_ARGUMENT);
	assert_string_equal(heed_error_message(ctx), "phrases: split 3 has no pairs to draw");
	heed_phrases_free(phrases);
	heed_phrases_free(NULL);
	assert_int_equal(heed_phrases_at(ctx, 1, HEED_PHRASES_TRAIN, UINT64_C(1) << 40, &pair),
			 HEED_E_ARGUMENT);
	draw(1, HEED_PHRASES_TRAIN, (UINT64_C(1) << 40) - 1, &pair);
}

static void test_out_of_memory(void **state)
{
	shortage s = {.rest = true};
	heed_code code;

	(void)state;
	do {
		heed_phrases *phrases = NULL;
		heed_phrases_pair pair;
		heed_ctx *poor;

		code = HEED_E_MEMORY;
		shortage_begin(&s);
		poor = shortage_ctx(&s);
		if (poor != NULL) {
			phrases = heed_phrases_new(poor, 1, HEED_PHRASES_TRAIN, 1);
			code = heed_error_code(poor);
		}
		for (int i = 0; code == HEED_OK && i < 500; i++)
			code = heed_phrases_next(phrases, &pair);
		heed_phrases_free(phrases);
		heed_ctx_free(poor);
	} while (shortage_felt(&s, code));
	assert_true(s.tries > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conjugations),     cmocka_unit_test(test_short_buffers),
		cmocka_unit_test(test_adjectives_agree), cmocka_unit_test(test_tables),
		cmocka_unit_test(test_shown_sentences),  cmocka_unit_test(test_spanish),
		cmocka_unit_test(test_determinism),      cmocka_unit_test(test_splits_are_disjoint),
		cmocka_unit_test(test_split_sizes),      cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_one_translation),  cmocka_unit_test(test_over_a_million),
		cmocka_unit_test(test_errors),           cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, make_ctx, free_ctx);
}
