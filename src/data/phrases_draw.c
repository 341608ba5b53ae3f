/* Draws what a sentence of the phrase corpus says.
 *
 * The weights make simple sentences common and give every word its share. Sense comes from the tables: what a verb
 * can be done to, what an adjective fits, which time goes with which mood. */
#include "data/phrases_clause.h"

#define COUNT_OF(a)   ((int)(sizeof(a) / sizeof(a)[0]))
#define BIT(mood)     (1u << (mood))
#define SMALL_NUMBERS 9 /* two to ten: of things; the others are for years */
#define HAS(set, bit) (((set)&BIT(bit)) != 0)

static const heed__np nothing = {.kind = NP_NONE, .adjective = -1, .degree = -1};

/* Uniform in [0, n), n > 0. */
static int roll(heed__dice *dice, int n)
{
	const uint64_t x = dice->used < dice->tape_len ? dice->tape[dice->used] : heed__rng_next(&dice->rng);

	dice->used++;
	return (int)((unsigned __int128)x * (unsigned)n >> 64);
}

static bool chance(heed__dice *dice, int percent)
{
	return roll(dice, 100) < percent;
}

/* An index, as often as its weight says; one weight at least is positive. */
static int pick(heed__dice *dice, const unsigned char *weights, int n)
{
	int total = 0, at, i = 0;

	for (int k = 0; k < n; k++)
		total += weights[k];
	for (at = roll(dice, total); at >= weights[i]; i++)
		at -= weights[i];
	return i;
}

static bool is_noun(int i, uint64_t classes, unsigned without)
{
	return heed__nouns[i].classes & classes && !(heed__nouns[i].flags & without);
}

static int count_nouns(uint64_t classes, unsigned without)
{
	int n = 0;

	for (int i = 0; i < heed__noun_count; i++)
		n += is_noun(i, classes, without);
	return n;
}

/* A noun of one of the classes and without the flags, or -1. */
static int pick_noun(heed__dice *dice, uint64_t classes, unsigned without)
{
	const int fitting = count_nouns(classes, without);
	int at;

	if (fitting == 0)
		return -1;
	at = roll(dice, fitting);
	for (int i = 0;; i++)
		if (is_noun(i, classes, without) && at-- == 0)
			return i;
}

/* An adjective that fits the classes, or -1. */
static int pick_adjective(heed__dice *dice, uint64_t classes, bool compared)
{
	int fitting = 0, at;

	for (int i = 0; i < heed__adjective_count; i++)
		fitting +=
			heed__adjectives[i].fits & classes && (!compared || heed__adjectives[i].comparative);
	if (fitting == 0)
		return -1;
	at = roll(dice, fitting);
	for (int i = 0;; i++)
		if (heed__adjectives[i].fits & classes && (!compared || heed__adjectives[i].comparative) &&
		    at-- == 0)
			return i;
}

/* One of the phrases whose mask has a bit of `mask`, or -1. */
static int pick_phrase(heed__dice *dice, const heed__phrase *phrases, int n, uint32_t mask)
{
	int fitting = 0, at;

	for (int i = 0; i < n; i++)
		fitting += (phrases[i].mask & mask) != 0;
	if (fitting == 0)
		return -1;
	at = roll(dice, fitting);
	for (int i = 0;; i++)
		if (phrases[i].mask & mask && at-- == 0)
			return i;
}

static heed__np pronoun(enum heed__pronoun index)
{
	heed__np np = nothing;

	np.kind = NP_PRONOUN;
	np.index = (int)index;
	return np;
}

static heed__np name(heed__dice *dice)
{
	heed__np np = nothing;

	np.kind = NP_NAME;
	np.index = roll(dice, heed__name_count);
	return np;
}

static heed__np indefinite(enum heed__np_word index)
{
	heed__np np = nothing;

	np.kind = NP_WORD;
	np.index = (int)index;
	return np;
}

/* Not it: that owns nothing here. */
static int owner(heed__dice *dice)
{
	static const unsigned char weights[PRONOUNS] = {
		[PRO_I] = 30, [PRO_YOU] = 20, [PRO_HE] = 13, [PRO_SHE] = 13, [PRO_WE] = 12, [PRO_THEY] = 12};

	return pick(dice, weights, PRONOUNS);
}

/* What a noun phrase is for, which decides how definite it is. */
enum role { ROLE_SUBJECT, ROLE_OBJECT, ROLE_NEW, ROLE_PLACE, ROLES };

static const unsigned char singular_weights[ROLES][DET_COUNT] = {
	[ROLE_SUBJECT] =
		{[DET_THE] = 62, [DET_A] = 6, [DET_MY] = 11, [DET_THIS] = 9, [DET_THAT] = 8, [DET_NAMES] = 4},
	[ROLE_OBJECT] = {[DET_THE] = 42,
			 [DET_A] = 25,
			 [DET_MY] = 14,
			 [DET_THIS] = 7,
			 [DET_THAT] = 6,
			 [DET_NAMES] = 4,
			 [DET_ANOTHER] = 3},
	[ROLE_NEW] = {[DET_A] = 88, [DET_ANOTHER] = 12},
	[ROLE_PLACE] = {[DET_THE] = 76, [DET_A] = 6, [DET_MY] = 8, [DET_THIS] = 6, [DET_THAT] = 4},
};
static const unsigned char plural_weights[ROLES][DET_COUNT] = {
	[ROLE_SUBJECT] = {[DET_THE] = 56,
			  [DET_MY] = 10,
			  [DET_THIS] = 9,
			  [DET_THAT] = 8,
			  [DET_MANY] = 5,
			  [DET_ALL] = 6},
	[ROLE_OBJECT] = {[DET_THE] = 36,
			 [DET_BARE] = 14,
			 [DET_MY] = 13,
			 [DET_THIS] = 8,
			 [DET_THAT] = 7,
			 [DET_NUMBER] = 9,
			 [DET_MANY] = 6,
			 [DET_SOME] = 4,
			 [DET_ALL] = 3},
	[ROLE_NEW] = {[DET_NUMBER] = 45, [DET_MANY] = 30, [DET_SOME] = 25},
	[ROLE_PLACE] = {[DET_THE] = 1},
};
static const unsigned char mass_weights[ROLES][DET_COUNT] = {
	[ROLE_SUBJECT] = {[DET_THE] = 70, [DET_MY] = 12, [DET_THIS] = 18},
	[ROLE_OBJECT] = {[DET_THE] = 42, [DET_BARE] = 36, [DET_MY] = 7, [DET_THIS] = 6, [DET_LOT] = 9},
	[ROLE_NEW] = {[DET_BARE] = 65, [DET_LOT] = 35},
	[ROLE_PLACE] = {[DET_THE] = 1},
};

static enum heed__determiner pick_determiner(heed__dice *dice, const heed__noun *noun, bool plural,
					     enum role role)
{
	enum heed__determiner d;

	if (noun->classes & N_KIN && role != ROLE_NEW)
		return chance(dice, 82) ? DET_MY : DET_NAMES;
	if (noun->flags & NOUN_BARE)
		return noun->classes & N_SPORT ? DET_GENERIC : DET_BARE;
	d = (enum heed__determiner)pick(dice,
					noun->flags & NOUN_MASS ? mass_weights[role]
					: plural                ? plural_weights[role]
								: singular_weights[role],
					DET_COUNT);
	if ((noun->classes & N_PERSON || noun->flags & NOUN_COMMON) && (d == DET_MY || d == DET_NAMES))
		return DET_THE;
	if (noun->classes & N_ALIVE && d == DET_BARE)
		return DET_THE;
	return d;
}

static void add_adjective(heed__dice *dice, heed__np *np)
{
	np->adjective = pick_adjective(dice, heed__nouns[np->index].classes, false);
	if ((np->determiner == DET_A || np->determiner == DET_BARE || np->determiner == DET_SOME) &&
	    np->adjective >= 0 && !heed__adjectives[np->adjective].absolute && chance(dice, 12)) {
		np->degree = roll(dice, heed__degree_count);
		if (!heed__degrees[np->degree].attributive)
			np->degree = -1;
	}
}

/* A noun phrase about a noun that is already chosen. */
static heed__np phrase_of(heed__dice *dice, int index, enum role role)
{
	static const unsigned char adjective_chance[ROLES] = {10, 17, 17, 6};
	const heed__noun *noun = &heed__nouns[index];
	heed__np np = nothing;

	np.kind = NP_NOUN;
	np.index = index;
	np.plural = noun->flags & NOUN_MANY ||
		    (!(noun->flags & (NOUN_ONE | NOUN_MASS)) && role != ROLE_PLACE && chance(dice, 32));
	np.determiner = pick_determiner(dice, noun, np.plural, role);
	if (noun->flags & NOUN_SPOUSE) {
		np.determiner = DET_MY;
		np.owner = roll(dice, 3);
		if (np.owner == PRO_HE && !(noun->flags & NOUN_FEMININE))
			np.owner = PRO_SHE;
	} else if (np.determiner == DET_MY)
		np.owner = owner(dice);
	else if (np.determiner == DET_NAMES)
		np.owner = roll(dice, heed__name_count);
	else if (np.determiner == DET_NUMBER)
		np.owner = roll(dice, SMALL_NUMBERS);
	if (!(noun->flags & NOUN_BARE) && chance(dice, noun->classes & N_KIN ? 4 : adjective_chance[role]))
		add_adjective(dice, &np);
	return np;
}

static heed__np noun_phrase(heed__dice *dice, uint64_t classes, enum role role)
{
	/* one has a brother, but the mother one has is known */
	const unsigned without = role == ROLE_NEW ? NOUN_ONE | NOUN_MANY : 0;

	return phrase_of(dice, pick_noun(dice, classes, without), role);
}

/* Who does it. A person unless only animals and things can. */
static void draw_subject(heed__dice *dice, heed__clause *c, uint64_t classes)
{
	static const unsigned char people[PRONOUNS] = {
		[PRO_I] = 26, [PRO_YOU] = 14, [PRO_HE] = 15, [PRO_SHE] = 15, [PRO_WE] = 15, [PRO_THEY] = 15};
	static const unsigned char kinds[] = {47, 16, 30, 4, 3};
	const int kind = classes & N_SOMEBODY ? pick(dice, kinds, COUNT_OF(kinds)) : 2;

	c->partner = nothing;
	switch (kind) {
	case 0:
		c->subject = pronoun((enum heed__pronoun)pick(dice, people, PRONOUNS));
		break;
	case 1:
		c->subject = name(dice);
		break;
	case 2:
		if (classes & N_ANIMAL && chance(dice, 40))
			classes = N_ANIMAL;
		else if (classes & N_TRANSPORT && chance(dice, 60))
			classes = N_TRANSPORT;
		c->subject = noun_phrase(dice, classes, ROLE_SUBJECT);
		break;
	case 3:
		c->subject = name(dice);
		c->partner = chance(dice, 50) ? pronoun(PRO_I) : name(dice);
		if (c->partner.kind == NP_NAME && c->partner.index == c->subject.index)
			c->partner.index = (c->subject.index + 1) % heed__name_count;
		break;
	default:
		c->subject = indefinite((enum heed__np_word)roll(dice, 3));
	}
}

/* Somebody who is neither the subject nor part of it. */
static heed__np other_pronoun(heed__dice *dice, const heed__clause *c)
{
	unsigned char weights[PRONOUNS] = {
		[PRO_I] = 22, [PRO_YOU] = 20, [PRO_HE] = 16, [PRO_SHE] = 16, [PRO_WE] = 10, [PRO_THEY] = 16};

	if (c->partner.kind == NP_PRONOUN ||
	    (c->subject.kind == NP_PRONOUN && (c->subject.index == PRO_I || c->subject.index == PRO_WE)))
		weights[PRO_I] = weights[PRO_WE] = 0;
	if (c->subject.kind == NP_PRONOUN && c->subject.index == PRO_YOU)
		weights[PRO_YOU] = 0;
	return pronoun((enum heed__pronoun)pick(dice, weights, PRONOUNS));
}

static heed__np other_person(heed__dice *dice, const heed__clause *c)
{
	static const unsigned char kinds[] = {50, 22, 28};
	heed__np np;

	switch (pick(dice, kinds, COUNT_OF(kinds))) {
	case 0:
		return other_pronoun(dice, c);
	case 1:
		np = name(dice);
		while (np.index == c->subject.index ||
		       (c->partner.kind == NP_NAME && np.index == c->partner.index))
			np.index = (np.index + 1) % heed__name_count;
		return np;
	default:
		return noun_phrase(dice, chance(dice, 60) ? N_KIN : N_PERSON, ROLE_OBJECT);
	}
}

static int draw_mood(heed__dice *dice, uint32_t without)
{
	unsigned char weights[MOODS] = {
		[MOOD_PRESENT] = 26,  [MOOD_PAST] = 26,     [MOOD_FUTURE] = 14,  [MOOD_DOING] = 8,
		[MOOD_WAS_DOING] = 3, [MOOD_DONE] = 5,      [MOOD_GOING_TO] = 4, [MOOD_CAN] = 4,
		[MOOD_WANT_TO] = 4,   [MOOD_WANTED_TO] = 1, [MOOD_HAVE_TO] = 3,  [MOOD_HAD_TO] = 1,
		[MOOD_NEED_TO] = 1};

	for (int i = 0; i < MOODS; i++)
		if (HAS(without, i))
			weights[i] = 0;
	return pick(dice, weights, MOODS);
}

static int draw_verb(heed__dice *dice)
{
	int total = 0, at;

	for (int i = 0; i < heed__verb_count; i++)
		total += heed__verbs[i].weight;
	at = roll(dice, total);
	for (int i = 0;; i++) {
		at -= heed__verbs[i].weight;
		if (at < 0)
			return i;
	}
}

/* The nouns that a question or an object word can stand for: people, or things. */
static bool only_people(uint64_t classes)
{
	return classes && !(classes & ~N_ALIVE);
}

static bool no_people(uint64_t classes)
{
	return classes && !(classes & N_ALIVE);
}

/* one has a dog, sees the dog, and leaves a house that one knows */
static enum role object_role(const heed__verb *verb)
{
	if (verb->flags & V_NEW_OBJECT)
		return ROLE_NEW;
	return verb->link ? ROLE_PLACE : ROLE_OBJECT;
}

static void draw_object(heed__dice *dice, heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];
	uint64_t classes = verb->objects;
	const bool pronouns = !(verb->flags & (V_NO_PRONOUN | V_NEW_OBJECT));

	if (classes & N_ALIVE && !only_people(classes))
		classes &= chance(dice, 55) ? N_ALIVE : ~N_ALIVE;
	if (pronouns && chance(dice, 30)) {
		c->object = no_people(classes) ? pronoun(chance(dice, 60) ? PRO_IT : PRO_THEY)
					       : other_pronoun(dice, c);
	} else if (!(verb->flags & (V_NO_PRONOUN | V_NAMED_OBJECT)) && c->subject.kind != NP_WORD &&
		   c->question == ASKS_NOTHING && chance(dice, 5)) {
		c->object = indefinite(no_people(classes) ? WORD_SOMETHING : WORD_SOMEONE);
	} else if (classes & N_SOMEBODY && !(verb->flags & V_NEW_OBJECT) && chance(dice, 35)) {
		c->object = name(dice);
		while (c->object.index == c->subject.index)
			c->object.index = (c->object.index + 1) % heed__name_count;
	} else {
		c->object = noun_phrase(dice, classes, object_role(verb));
	}
}

static void draw_place_word(heed__dice *dice, heed__clause *c, bool home)
{
	c->place.kind = NP_WHERE;
	c->place.index = home ? WHERE_HOME : chance(dice, 60) ? WHERE_HERE : WHERE_THERE;
}

static void draw_city(heed__dice *dice, heed__clause *c)
{
	c->place.kind = NP_CITY;
	c->place.index = roll(dice, heed__city_count);
}

/* A place of one of the classes. Only what is done in a home is done at home. */
static void draw_place(heed__dice *dice, heed__clause *c, uint64_t classes)
{
	const unsigned char spots[] = {74, classes & N_TOWN ? 20 : 2, classes & N_HOME ? 10 : 0, 8};

	c->relation = REL_AT;
	switch (pick(dice, spots, COUNT_OF(spots))) {
	case 0:
		c->place = noun_phrase(dice, classes, ROLE_PLACE);
		break;
	case 1:
		draw_city(dice, c);
		break;
	case 2:
		draw_place_word(dice, c, true);
		break;
	default:
		draw_place_word(dice, c, false);
	}
}

static void draw_goal(heed__dice *dice, heed__clause *c, uint64_t classes)
{
	draw_place(dice, c, classes);
	c->relation = REL_TO;
	if (c->place.kind == NP_WHERE && c->place.index == WHERE_HERE)
		c->place.index = WHERE_THERE; /* one comes here, and goes there */
}

/* from Madrid, from the market; or here, or home */
static void draw_origin(heed__dice *dice, heed__clause *c, uint64_t classes)
{
	c->relation = REL_TO;
	if (chance(dice, 25)) {
		draw_place_word(dice, c, true);
	} else if (chance(dice, 25)) {
		c->place.kind = NP_WHERE;
		c->place.index = WHERE_HERE;
	} else if (chance(dice, 45)) {
		draw_city(dice, c);
		c->relation = REL_FROM;
	} else {
		c->place = noun_phrase(dice, classes, ROLE_PLACE);
		c->relation = REL_FROM;
	}
}

static void draw_where(heed__dice *dice, heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];
	const uint64_t wild = N_HOME | N_OUTSIDE | N_WATERSIDE | N_TOWN;
	const bool animal = c->subject.kind == NP_NOUN && heed__nouns[c->subject.index].classes & N_ANIMAL;
	const uint64_t places = animal ? verb->places & wild : verb->places;

	if (verb->where == W_COMES_FROM)
		draw_origin(dice, c, places);
	else if (verb->where >= W_GOES_TO)
		draw_goal(dice, c, places);
	else
		draw_place(dice, c, places);
}

static bool needs_place(const heed__verb *verb)
{
	return verb->where == W_IS_AT || verb->where == W_GOES_TO;
}

static void draw_time(heed__dice *dice, heed__clause *c, uint32_t mask)
{
	uint32_t limits;

	c->time = pick_phrase(dice, heed__times, heed__time_count, mask);
	if (c->time < 0)
		return;
	limits = heed__times[c->time].mask;
	if (limits & TIME_NO_OBJECT && c->object.kind != NP_NONE)
		c->time = -1;
	else if (c->question == ASKS_NOTHING && !(limits & TIME_LAST))
		c->time_first = chance(dice, 22);
}

static void draw_manner(heed__dice *dice, heed__clause *c, unsigned kinds)
{
	if (c->object.kind != NP_NONE && !only_people(heed__verbs[c->verb].objects))
		kinds &= ~(unsigned)M_AMOUNT; /* "I read a lot", not "I read the book a lot" */
	c->manner = pick_phrase(dice, heed__manners, heed__manner_count, kinds);
	if (c->manner >= 0 && !(heed__manners[c->manner].mask & M_AMOUNT) && chance(dice, 40))
		c->degree = roll(dice, heed__degree_count);
}

/* Manner, place, company, time and frequency; two of them at most. */
static void draw_adjuncts(heed__dice *dice, heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];
	int left = 2;

	if (c->question != ASKS_WHERE &&
	    (needs_place(verb) || (verb->where != W_NOWHERE && chance(dice, 20)))) {
		draw_where(dice, c);
		left--;
	}
	if (verb->manners && chance(dice, c->object.kind == NP_NONE ? 32 : 10)) {
		draw_manner(dice, c, verb->manners);
		left--;
	}
	if (left > 0 && verb->flags & V_WITH && chance(dice, 10)) {
		c->companion = other_person(dice, c);
		left--;
	}
	if (c->question == ASKS_NOTHING && !c->negative && chance(dice, 10)) {
		c->frequency = pick_phrase(dice, heed__frequencies, heed__frequency_count, BIT(c->mood));
		if ((c->subject.kind == NP_WORD && c->subject.index == WORD_NOBODY) ||
		    (c->mood == MOOD_PAST && verb->flags & V_IMPERFECT))
			c->frequency = -1;
		if (c->frequency >= 0)
			left = 0;
	}
	if (left > 0 && !(verb->flags & V_TIMELESS) && c->question != ASKS_WHEN && chance(dice, 22))
		draw_time(dice, c, BIT(c->mood));
}

/* Which question suits the verb, or none. */
static enum heed__question draw_question(heed__dice *dice, const heed__verb *verb)
{
	static const enum heed__question kinds[] = {ASKS_NOTHING,  ASKS_WHETHER, ASKS_WHO,  ASKS_WHOM,
						    ASKS_WHAT,     ASKS_WHERE,   ASKS_WHEN, ASKS_WHY,
						    ASKS_HOW_MANY, ASKS_WHICH};
	unsigned char weights[COUNT_OF(kinds)] = {76, 11, 2, 2, 2, 2, 2, 2, 2, 1};

	if (!(verb->actors & N_SOMEBODY))
		weights[2] = 0;
	if (!(verb->objects & N_SOMEBODY) || verb->flags & (V_NO_PRONOUN | V_NO_PERSONAL_A))
		weights[3] = 0;
	if (!no_people(verb->objects) || verb->flags & V_NO_PRONOUN)
		weights[4] = 0;
	if (verb->where == W_NOWHERE || verb->where == W_COMES_FROM || verb->where == W_MAY_GO_TO)
		weights[5] = 0;
	if (verb->flags & V_TIMELESS)
		weights[6] = 0;
	if (!no_people(verb->objects) || verb->flags & V_NO_PRONOUN)
		weights[8] = weights[9] = 0;
	return kinds[pick(dice, weights, COUNT_OF(kinds))];
}

/* "a lot of", "some" and "something" affirm; "much" and "anything" ask and deny. */
static void suit_polarity(heed__clause *c)
{
	if (!c->negative && c->question == ASKS_NOTHING)
		return;
	if (c->object.determiner == DET_LOT)
		c->object.determiner = DET_MUCH;
	else if (c->object.determiner == DET_SOME)
		c->object.determiner = DET_MANY;
	if (c->object.kind == NP_WORD && c->object.index == WORD_SOMETHING)
		c->object.index = WORD_ANYTHING;
	else if (c->object.kind == NP_WORD && c->object.index == WORD_SOMEONE)
		c->object.index = WORD_ANYONE;
}

/* "They read the book" would be past or present: it is always the past. */
static void avoid_ambiguity(heed__clause *c)
{
	const bool third =
		c->subject.kind == NP_WHO ||
		(c->partner.kind == NP_NONE &&
		 (c->subject.kind == NP_PRONOUN ? c->subject.index >= PRO_HE && c->subject.index <= PRO_IT
						: !c->subject.plural));

	if (heed__verbs[c->verb].flags & V_SAME_PAST && c->mood == MOOD_PRESENT && !c->negative &&
	    (c->question == ASKS_NOTHING || c->question == ASKS_WHO) && !third)
		c->mood = MOOD_DOING;
}

static void draw_asked_object(heed__dice *dice, heed__clause *c)
{
	const uint64_t classes = heed__verbs[c->verb].objects;

	c->object = nothing;
	if (c->question == ASKS_HOW_MANY || c->question == ASKS_WHICH) {
		c->object.kind = NP_NOUN;
		c->object.index = pick_noun(dice, classes, NOUN_BARE | NOUN_MASS);
		if (c->object.index < 0) {
			c->object.kind = NP_NONE;
			c->question = ASKS_WHAT;
			return;
		}
		c->object.plural = c->question == ASKS_HOW_MANY || chance(dice, 25);
	}
}

/* Questions after a verb's subject are about real people: "does nobody sleep" is left out. */
static void suit_question(heed__dice *dice, heed__clause *c)
{
	/* rare enough without being asked */
	const uint32_t unasked = BIT(MOOD_WAS_DOING) | BIT(MOOD_DONE) | BIT(MOOD_WANTED_TO) |
				 BIT(MOOD_HAD_TO) | BIT(MOOD_NEED_TO);

	if (c->question == ASKS_WHO) {
		c->subject = nothing;
		c->subject.kind = NP_WHO;
		c->partner = nothing;
	} else if (c->subject.kind == NP_WORD && c->question != ASKS_NOTHING) {
		c->subject = name(dice);
	}
	if (c->question != ASKS_NOTHING && BIT(c->mood) & unasked)
		c->mood = MOOD_PAST;
	if (c->question == ASKS_WHEN && c->mood != MOOD_FUTURE && c->mood != MOOD_GOING_TO)
		c->mood = MOOD_PAST;
}

static void draw_verb_clause(heed__dice *dice, heed__clause *c, bool plain)
{
	const heed__verb *verb;

	c->verb = draw_verb(dice);
	verb = &heed__verbs[c->verb];
	c->mood = (enum heed__mood)draw_mood(dice, verb->lacks);
	c->question = plain ? ASKS_NOTHING : draw_question(dice, verb);
	draw_subject(dice, c, verb->actors);
	suit_question(dice, c);
	if (c->question == ASKS_NOTHING || c->question == ASKS_WHY)
		c->negative = !(c->subject.kind == NP_WORD) && chance(dice, 17);
	avoid_ambiguity(c);
	if (c->question >= ASKS_WHOM && (c->question <= ASKS_WHAT || c->question >= ASKS_HOW_MANY))
		draw_asked_object(dice, c);
	else if (verb->objects && !(verb->flags & V_ALONE && chance(dice, 25)))
		draw_object(dice, c);
	if (c->object.kind != NP_NONE &&
	    (verb->flags & V_TO_SOMEBODY || (verb->flags & V_MAY_BE_TO && chance(dice, 45))))
		c->receiver = other_person(dice, c);
	else if (verb->flags & V_TO_SOMEBODY)
		c->receiver = other_pronoun(dice, c);
	if (c->question < ASKS_HOW_MANY)
		suit_polarity(c);
	if (c->mood == MOOD_NEED_TO &&
	    (c->object.kind == NP_PRONOUN || c->receiver.kind != NP_NONE || verb->flags & V_REFLEXIVE))
		c->mood = MOOD_HAVE_TO; /* lo tengo que ver, but necesito verlo */
	if (c->receiver.kind == NP_NONE)
		draw_adjuncts(dice, c);
	else if (c->question == ASKS_NOTHING && chance(dice, 18))
		draw_time(dice, c, BIT(c->mood));
}

/* What one says something of is known: "a bear is at the station" would be "hay" in Spanish. */
static heed__np definite(heed__np np)
{
	if (np.kind == NP_NOUN && np.determiner == DET_A)
		np.determiner = DET_THE;
	return np;
}

/* The same without an adjective, for a clause that says one. */
static heed__np known(heed__np np)
{
	np.adjective = np.degree = -1;
	return definite(np);
}

/* Whom or what an adjective is said of. Returns the classes that its adjective may fit. */
static uint64_t draw_described(heed__dice *dice, heed__clause *c)
{
	static const unsigned char kinds[] = {45, 43, 6, 6};

	switch (pick(dice, kinds, COUNT_OF(kinds))) {
	case 0:
		draw_subject(dice, c, N_SOMEBODY);
		c->subject = known(c->subject);
		return c->subject.kind == NP_NOUN ? heed__nouns[c->subject.index].classes : N_SOMEBODY;
	case 1:
		c->partner = nothing;
		do
			c->subject = known(noun_phrase(dice, ~UINT64_C(0), ROLE_SUBJECT));
		while (heed__nouns[c->subject.index].flags & NOUN_BARE);
		return heed__nouns[c->subject.index].classes;
	case 2:
		c->subject = pronoun(PRO_IT);
		c->partner = nothing;
		return N_THING | N_CLOTHES | N_FURNITURE | N_TEXT | N_VEHICLE;
	default:
		c->partner = nothing;
		c->subject = phrase_of(dice, pick_noun(dice, N_ANIMAL, 0), ROLE_SUBJECT);
		c->subject.plural = !(heed__nouns[c->subject.index].flags & NOUN_MASS);
		c->subject.determiner = DET_GENERIC;
		c->subject.adjective = c->subject.degree = -1;
		return heed__nouns[c->subject.index].classes;
	}
}

static void draw_being_mood(heed__dice *dice, heed__clause *c)
{
	static const unsigned char weights[] = {[MOOD_PRESENT] = 62, [MOOD_PAST] = 28, [MOOD_FUTURE] = 10};

	c->mood = (enum heed__mood)pick(dice, weights, COUNT_OF(weights));
	if (c->subject.determiner == DET_GENERIC && c->subject.kind == NP_NOUN)
		c->mood = MOOD_PRESENT;
}

/* Statement or yes-or-no question, denied or not. */
static void draw_polarity(heed__dice *dice, heed__clause *c, bool plain)
{
	c->question = !plain && chance(dice, 16) ? ASKS_WHETHER : ASKS_NOTHING;
	if (c->subject.kind == NP_WORD)
		c->question = ASKS_NOTHING;
	else if (c->question == ASKS_NOTHING)
		c->negative = chance(dice, 16);
}

/* The red car is new: a colour or a country beside the adjective that is said. */
static void add_distinction(heed__dice *dice, heed__clause *c)
{
	int other;

	if (c->subject.kind != NP_NOUN || heed__adjectives[c->word].absolute || !chance(dice, 20))
		return;
	other = pick_adjective(dice, heed__nouns[c->subject.index].classes, false);
	if (heed__adjectives[other].absolute)
		c->subject.adjective = other;
}

static void draw_adjective_clause(heed__dice *dice, heed__clause *c, bool plain)
{
	bool lasting;

	do {
		const uint64_t classes = draw_described(dice, c);

		c->word = pick_adjective(dice, classes, false);
		lasting = c->word >= 0 && heed__adjectives[c->word].copula == COPULA_SER;
	} while (c->word < 0 ||
		 (!lasting && c->subject.kind == NP_NOUN && c->subject.determiner == DET_GENERIC));
	add_distinction(dice, c);
	draw_being_mood(dice, c);
	draw_polarity(dice, c, plain);
	if (!heed__adjectives[c->word].absolute && chance(dice, 22))
		c->degree = roll(dice, heed__degree_count);
	if (lasting)
		return;
	if (c->mood == MOOD_PRESENT && !c->negative && c->subject.kind != NP_WORD &&
	    c->question == ASKS_NOTHING && chance(dice, 10))
		c->frequency = pick_phrase(dice, heed__frequencies, heed__frequency_count, BIT(MOOD_PRESENT));
	else if (chance(dice, 16))
		draw_time(dice, c, BIT(c->mood == MOOD_PRESENT ? MOOD_BEING : c->mood));
}

/* X is taller than Y: two of one class. */
static void draw_comparison(heed__dice *dice, heed__clause *c, bool plain)
{
	static const uint64_t classes[] = {N_SOMEBODY,  N_ANIMAL,   N_FOOD,   N_CLOTHES,
					   N_FURNITURE, N_BUILDING, N_VEHICLE};
	const uint64_t set = classes[roll(dice, COUNT_OF(classes))];

	if (set == N_SOMEBODY)
		draw_subject(dice, c, set);
	else
		c->subject = noun_phrase(dice, set, ROLE_SUBJECT);
	c->subject = known(c->subject);
	if (set == N_SOMEBODY && chance(dice, 50)) {
		c->object = name(dice);
		if (c->object.index == c->subject.index)
			c->object.index = (c->object.index + 1) % heed__name_count;
	} else {
		do
			c->object = known(noun_phrase(dice, set, ROLE_SUBJECT));
		while (c->subject.kind == NP_NOUN && c->object.index == c->subject.index);
	}
	if (c->subject.kind == NP_WORD)
		c->subject = pronoun(PRO_SHE);
	do
		c->word = pick_adjective(
			dice, set == N_SOMEBODY ? N_SOMEBODY : heed__nouns[c->subject.index].classes, true);
	while (heed__adjectives[c->word].copula == COPULA_ESTAR);
	draw_being_mood(dice, c);
	draw_polarity(dice, c, plain);
}

static void draw_profession(heed__dice *dice, heed__clause *c, bool plain)
{
	do
		draw_subject(dice, c, N_KIN);
	while (c->subject.kind == NP_WORD);
	c->subject = known(c->subject);
	c->word = roll(dice, heed__profession_count);
	draw_being_mood(dice, c);
	if (c->mood == MOOD_FUTURE || chance(dice, 12))
		c->mood = MOOD_WANT_TO;
	draw_polarity(dice, c, plain);
}

/* She is my sister, Jack is Maria's friend */
static void draw_kin(heed__dice *dice, heed__clause *c, bool plain)
{
	bool feminine;

	if (chance(dice, 60)) {
		c->subject = name(dice);
		feminine = heed__names[c->subject.index].feminine;
	} else {
		feminine = chance(dice, 50);
		c->subject = pronoun(feminine ? PRO_SHE : PRO_HE);
	}
	do
		c->object.index = pick_noun(dice, N_KIN, NOUN_MANY);
	while ((heed__nouns[c->object.index].flags & NOUN_FEMININE) != (feminine ? NOUN_FEMININE : 0u) ||
	       heed__nouns[c->object.index].flags & NOUN_SPOUSE);
	c->object.kind = NP_NOUN;
	c->object.determiner = chance(dice, 85) ? DET_MY : DET_NAMES;
	c->object.owner = c->object.determiner == DET_MY ? owner(dice) : roll(dice, heed__name_count);
	if (c->object.determiner == DET_NAMES && c->object.owner == c->subject.index)
		c->object.owner = (c->object.owner + 1) % heed__name_count;
	c->mood = chance(dice, 85) ? MOOD_PRESENT : MOOD_PAST;
	draw_polarity(dice, c, plain);
}

static void draw_spot(heed__dice *dice, heed__clause *c, bool thing)
{
	static const enum heed__relation around[] = {REL_BEHIND, REL_NEAR, REL_BESIDE};

	if (thing && chance(dice, 62)) {
		const int which = roll(dice, 3);

		c->relation = which == 0 ? REL_ON : which == 1 ? REL_UNDER : REL_INSIDE;
		c->place = noun_phrase(dice, which == 2 ? N_HOLDER : N_SURFACE, ROLE_PLACE);
	} else if (thing) {
		draw_place(dice, c, N_HOME);
	} else if (chance(dice, 35)) {
		c->relation = around[roll(dice, COUNT_OF(around))];
		c->place = noun_phrase(dice, N_BUILDING | N_TRANSPORT | N_VEHICLE | N_WATERSIDE, ROLE_PLACE);
	} else {
		draw_place(dice, c, N_PLACE);
	}
}

static void draw_location(heed__dice *dice, heed__clause *c, bool plain)
{
	const bool thing = chance(dice, 45);

	if (thing)
		c->subject = noun_phrase(dice, N_THING | N_CLOTHES | N_TEXT, ROLE_SUBJECT);
	else
		draw_subject(dice, c, N_ALIVE);
	c->subject = definite(c->subject);
	draw_being_mood(dice, c);
	draw_polarity(dice, c, plain);
	if (!plain && c->subject.kind != NP_WORD && chance(dice, 14)) {
		c->question = ASKS_WHERE;
		c->negative = false;
		return;
	}
	draw_spot(dice, c, thing);
	if (!thing && chance(dice, 15))
		draw_time(dice, c, BIT(c->mood == MOOD_PRESENT ? MOOD_BEING : c->mood));
}

static void draw_how_is(heed__dice *dice, heed__clause *c)
{
	c->subject = chance(dice, 40) ? name(dice) : noun_phrase(dice, N_KIN, ROLE_SUBJECT);
	c->subject.adjective = c->subject.degree = -1;
	c->question = ASKS_HOW;
	c->kind = SAYS_ADJECTIVE;
}

static void draw_state(heed__dice *dice, heed__clause *c, bool plain)
{
	draw_subject(dice, c, N_ALIVE);
	c->subject = known(c->subject);
	c->word = roll(dice, heed__state_count);
	draw_being_mood(dice, c);
	draw_polarity(dice, c, plain);
	if (chance(dice, 30))
		c->degree = roll(dice, heed__degree_count);
	if (chance(dice, 15))
		draw_time(dice, c, BIT(c->mood == MOOD_PRESENT ? MOOD_BEING : c->mood));
}

static void draw_age(heed__dice *dice, heed__clause *c, bool plain)
{
	do
		draw_subject(dice, c, N_KIN);
	while (c->subject.kind == NP_WORD);
	c->subject = known(c->subject);
	/* a mother or a husband is not four */
	c->word = c->subject.kind == NP_NOUN && heed__nouns[c->subject.index].flags & (NOUN_ONE | NOUN_MANY)
			  ? SMALL_NUMBERS + roll(dice, heed__number_count - SMALL_NUMBERS)
			  : roll(dice, heed__number_count);
	draw_being_mood(dice, c);
	draw_polarity(dice, c, plain);
	if (!plain && chance(dice, 25)) {
		c->question = ASKS_HOW_MANY;
		c->negative = false;
	}
}

static heed__np liked(heed__dice *dice, bool by_animal)
{
	const uint64_t classes = N_FOOD | N_DRINK | N_ANIMAL | N_TEXT | N_SONG | N_MUSIC | N_FILM | N_SPORT |
				 N_CLOTHES | N_VEHICLE | N_LEARNT | N_BUILDING | N_GIFT;
	const int index = pick_noun(dice, by_animal ? N_FOOD : classes, 0);
	heed__np np = phrase_of(dice, index, ROLE_SUBJECT);

	if (heed__nouns[index].flags & NOUN_BARE || chance(dice, 40)) {
		np.determiner = DET_GENERIC;
		np.plural = !(heed__nouns[index].flags & NOUN_MASS);
	} else if (np.determiner == DET_A) {
		np.determiner = DET_THE;
	}
	return np;
}

static void draw_likes(heed__dice *dice, heed__clause *c, bool plain)
{
	do
		draw_subject(dice, c, c->kind == SAYS_LIKES ? N_ALIVE : N_SOMEBODY);
	while (c->partner.kind != NP_NONE ||
	       (c->subject.kind == NP_WORD && c->subject.index == WORD_SOMEONE));
	c->mood = chance(dice, 80) ? MOOD_PRESENT : MOOD_PAST;
	draw_polarity(dice, c, plain);
	if (c->kind == SAYS_LIKES) {
		c->object = liked(dice, c->subject.kind == NP_NOUN &&
						heed__nouns[c->subject.index].classes & N_ANIMAL);
		if (c->question == ASKS_NOTHING && chance(dice, 14))
			c->manner = 0; /* a lot */
		return;
	}
	do
		c->verb = draw_verb(dice);
	while (HAS(heed__verbs[c->verb].lacks, MOOD_WANT_TO) ||
	       heed__verbs[c->verb].flags & (V_REFLEXIVE | V_TO_SOMEBODY));
	if (heed__verbs[c->verb].objects)
		c->object =
			noun_phrase(dice, heed__verbs[c->verb].objects, object_role(&heed__verbs[c->verb]));
	suit_polarity(c);
	if (needs_place(&heed__verbs[c->verb]) ||
	    (heed__verbs[c->verb].where != W_NOWHERE && chance(dice, 20)))
		draw_where(dice, c);
}

static void draw_there_is(heed__dice *dice, heed__clause *c, bool plain)
{
	static const unsigned char moods[] = {[MOOD_PRESENT] = 68, [MOOD_PAST] = 26, [MOOD_FUTURE] = 6};
	const bool thing = chance(dice, 50);

	c->object = noun_phrase(dice, thing ? N_THING | N_FOOD | N_DRINK : N_ANIMAL | N_PERSON, ROLE_NEW);
	c->mood = (enum heed__mood)pick(dice, moods, COUNT_OF(moods));
	draw_polarity(dice, c, plain);
	suit_polarity(c);
	if (c->object.determiner == DET_THE)
		c->object.determiner = DET_MANY;
	if (chance(dice, 85))
		draw_spot(dice, c, thing);
}

static void draw_clause(heed__dice *dice, heed__clause *c, bool plain)
{
	static const struct {
		enum heed__clause_kind kind;
		void (*draw)(heed__dice *dice, heed__clause *c, bool plain);
	} kinds[] = {
		{SAYS_VERB, draw_verb_clause},
		{SAYS_ADJECTIVE, draw_adjective_clause},
		{SAYS_COMPARED, draw_comparison},
		{SAYS_EQUAL, draw_comparison},
		{SAYS_PROFESSION, draw_profession},
		{SAYS_KIN, draw_kin},
		{SAYS_PLACE, draw_location},
		{SAYS_STATE, draw_state},
		{SAYS_AGE, draw_age},
		{SAYS_LIKES, draw_likes},
		{SAYS_LIKES_DOING, draw_likes},
		{SAYS_THERE_IS, draw_there_is},
	};
	static const unsigned char weights[COUNT_OF(kinds)] = {134, 28, 3, 2, 5, 2, 12, 4, 2, 6, 3, 6};
	const int kind = pick(dice, weights, COUNT_OF(kinds));

	*c = (heed__clause){.subject = nothing,
			    .partner = nothing,
			    .object = nothing,
			    .receiver = nothing,
			    .companion = nothing,
			    .place = nothing,
			    .frequency = -1,
			    .manner = -1,
			    .degree = -1,
			    .time = -1};
	c->kind = kinds[kind].kind;
	if (c->kind == SAYS_ADJECTIVE && !plain && chance(dice, 4))
		draw_how_is(dice, c);
	else
		kinds[kind].draw(dice, c, plain);
}

/* The pronoun for a subject that was already named. */
static heed__np again(const heed__clause *c)
{
	const heed__np *np = &c->subject;

	if (c->partner.kind != NP_NONE)
		return pronoun(c->partner.kind == NP_PRONOUN ? PRO_WE : PRO_THEY);
	if (np->kind == NP_PRONOUN)
		return *np;
	if (np->kind == NP_NAME)
		return pronoun(heed__names[np->index].feminine ? PRO_SHE : PRO_HE);
	if (np->plural)
		return pronoun(PRO_THEY);
	return pronoun(heed__nouns[np->index].flags & NOUN_FEMININE ? PRO_SHE : PRO_HE);
}

/* Can this clause stand beside another? Somebody does or is something, briefly. */
static bool is_joinable(const heed__clause *c, int most)
{
	const int extra = (c->place.kind != NP_NONE) + (c->time >= 0) + (c->receiver.kind != NP_NONE) +
			  (c->companion.kind != NP_NONE);

	if (c->kind == SAYS_THERE_IS || c->subject.kind == NP_WORD || c->subject.kind == NP_NONE ||
	    (c->subject.kind == NP_PRONOUN && c->subject.index == PRO_IT) || extra > most || c->time_first)
		return false;
	return c->subject.kind != NP_NOUN || heed__nouns[c->subject.index].classes & N_SOMEBODY;
}

/* A subject that Spanish, dropping pronouns, would not take for that of the clause before. */
static bool is_another(const heed__np *np)
{
	return np->kind == NP_NAME || np->kind == NP_NOUN ||
	       (np->kind == NP_PRONOUN &&
		(np->index == PRO_I || np->index == PRO_YOU || np->index == PRO_WE));
}

static bool is_passing_state(const heed__clause *c)
{
	return (c->kind == SAYS_STATE ||
		(c->kind == SAYS_ADJECTIVE && heed__adjectives[c->word].copula == COPULA_ESTAR)) &&
	       c->mood <= MOOD_PAST && !c->negative && c->frequency < 0;
}

/* Is there a second clause that the joint can bring to this one? */
static bool may_begin(enum heed__joint joint, const heed__clause *first)
{
	switch (joint) {
	case JOINT_AND:
		return (first->kind == SAYS_VERB || first->kind == SAYS_ADJECTIVE) &&
		       first->mood <= MOOD_FUTURE && !first->negative && first->partner.kind == NP_NONE;
	case JOINT_BUT:
		return first->kind == SAYS_VERB && first->mood <= MOOD_PAST &&
		       first->object.kind == NP_NOUN &&
		       count_nouns(heed__verbs[first->verb].objects, NOUN_ONE | NOUN_MANY) > 1;
	case JOINT_BECAUSE:
		return is_passing_state(first);
	default:
		return true;
	}
}

static bool same_noun(const heed__np *a, const heed__np *b)
{
	return a->kind == b->kind && a->index == b->index;
}

/* Does the joint make sense between the two?
 *	Jack sings and Maria dances; I eat meat but I do not eat fish; he is tired because he worked */
static bool joins(enum heed__joint joint, const heed__clause *first, const heed__clause *second)
{
	const bool state = second->kind != SAYS_VERB || heed__verbs[second->verb].flags & V_IMPERFECT;

	switch (joint) {
	case JOINT_AND:
		return first->kind == second->kind && first->mood == second->mood && !second->negative &&
		       (first->object.kind == NP_NONE) == (second->object.kind == NP_NONE) &&
		       first->partner.kind == NP_NONE && second->partner.kind == NP_NONE &&
		       is_another(&second->subject) && !same_noun(&first->subject, &second->subject);
	case JOINT_BECAUSE:
		return second->kind == SAYS_VERB && heed__verbs[second->verb].flags & V_MATTERS &&
		       (second->mood == MOOD_PAST ||
			(first->mood == MOOD_PRESENT &&
			 (second->mood == MOOD_DONE || second->mood == MOOD_HAVE_TO)));
	case JOINT_SAID:
		return (second->mood == MOOD_PAST && state) || second->mood == MOOD_WAS_DOING;
	default:
		return true;
	}
}

/* I eat meat but I do not eat fish: the first clause again, of another object. */
static void contrast(heed__dice *dice, heed__sentence *s)
{
	heed__clause *c = &s->second;

	*c = s->first;
	c->subject = again(&s->first);
	c->partner = nothing;
	c->negative = !s->first.negative;
	c->frequency = c->manner = c->degree = -1;
	do
		draw_object(dice, c);
	while (c->object.kind != NP_NOUN || same_noun(&c->object, &s->first.object));
	suit_polarity(c);
	avoid_ambiguity(c);
}

/* The pronouns that a subject cannot have as an object: "I see me". */
static bool sees_itself(const heed__clause *c)
{
	const heed__np *const others[] = {&c->object, &c->receiver, &c->companion};
	const bool first = c->subject.index == PRO_I || c->subject.index == PRO_WE;

	if (c->kind != SAYS_VERB || c->subject.kind != NP_PRONOUN)
		return false;
	for (int i = 0; i < COUNT_OF(others); i++)
		if (others[i]->kind == NP_PRONOUN &&
		    (others[i]->index == c->subject.index ||
		     (first && (others[i]->index == PRO_I || others[i]->index == PRO_WE))))
			return c->subject.index != PRO_HE && c->subject.index != PRO_SHE &&
			       c->subject.index != PRO_THEY;
	return false;
}

void heed__phrases_draw(heed__dice *dice, heed__sentence *s)
{
	static const unsigned char joints[] = {
		[JOINT_NONE] = 182, [JOINT_AND] = 2,   [JOINT_BUT] = 2,  [JOINT_BECAUSE] = 5,
		[JOINT_THINKS] = 3, [JOINT_KNOWS] = 1, [JOINT_SAYS] = 1, [JOINT_SAID] = 1};

	s->joint = (enum heed__joint)pick(dice, joints, COUNT_OF(joints));
	draw_clause(dice, &s->first, s->joint != JOINT_NONE);
	if (s->joint == JOINT_NONE)
		return;
	while (!is_joinable(&s->first, 0) || !may_begin(s->joint, &s->first))
		draw_clause(dice, &s->first, true);
	if (s->joint == JOINT_BUT) {
		contrast(dice, s);
		return;
	}
	do {
		draw_clause(dice, &s->second, true);
		if (s->joint == JOINT_BECAUSE) {
			s->second.subject = again(&s->first);
			s->second.partner = nothing;
		}
	} while (!is_joinable(&s->second, 1) || !joins(s->joint, &s->first, &s->second) ||
		 sees_itself(&s->second));
	avoid_ambiguity(&s->second);
}
