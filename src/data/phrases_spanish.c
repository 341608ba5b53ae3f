/* Says a sentence of the phrase corpus in Spanish. */
#include "data/phrases_clause.h"
#include "data/phrases_line.h"

#include <stdio.h>
#include <string.h>

enum { FORM_BYTES = 48 };

/* Person, gender and number of a subject or of the owner of an adjective. */
typedef struct agreement {
	enum heed__person person;
	bool feminine, plural;
} agreement;

/* How a mood is built: an auxiliary verb in a tense, a word between, and a form of the main verb. */
static const struct {
	const heed__conjugation *auxiliary; /* NULL: the main verb itself */
	enum heed__spanish_tense tense;
	const char *between;
	enum heed__spanish_form form;
	bool subject_inside; /* a question puts the subject behind the auxiliary: puede Ana nadar */
} moods[MOODS] = {
	[MOOD_PRESENT] = {NULL, PRESENT, NULL, INFINITIVE, false},
	[MOOD_PAST] = {NULL, PRETERITE, NULL, INFINITIVE, false},
	[MOOD_FUTURE] = {NULL, FUTURE, NULL, INFINITIVE, false},
	[MOOD_DOING] = {&heed__estar, PRESENT, NULL, GERUND, false},
	[MOOD_WAS_DOING] = {&heed__estar, IMPERFECT, NULL, GERUND, false},
	[MOOD_DONE] = {&heed__haber, PRESENT, NULL, PARTICIPLE, false},
	[MOOD_GOING_TO] = {&heed__ir, PRESENT, "a", INFINITIVE, false},
	[MOOD_CAN] = {&heed__poder, PRESENT, NULL, INFINITIVE, true},
	[MOOD_WANT_TO] = {&heed__querer, PRESENT, NULL, INFINITIVE, true},
	[MOOD_WANTED_TO] = {&heed__querer, IMPERFECT, NULL, INFINITIVE, true},
	[MOOD_HAVE_TO] = {&heed__tener, PRESENT, "que", INFINITIVE, false},
	[MOOD_HAD_TO] = {&heed__tener, PRETERITE, "que", INFINITIVE, false},
	[MOOD_NEED_TO] = {&heed__necesitar, PRESENT, NULL, INFINITIVE, true},
};

/* Does the word begin with the sound of i, so that "y" before it is "e"? */
static bool begins_with_i(const char *s)
{
	if (*s == 'h' || *s == 'H')
		s++;
	if (strncmp(s, "í", 2) == 0)
		return true;
	return (*s == 'i' || *s == 'I') && !strchr("aeo", s[1]);
}

/* Words, with the contractions al and del, and e for y. */
static void word(heed__line *line, const char *words)
{
	if (!words || !*words)
		return;
	if (strcmp(words, "el") == 0 && (heed__line_ends(line, "a") || heed__line_ends(line, "de"))) {
		heed__line_add(line, "l" /* a-l, de-l */, 1);
		return;
	}
	if (heed__line_ends(line, "y") && begins_with_i(words))
		line->data[line->last] = 'e';
	heed__line_words(line, words);
}

static void form(heed__line *line, const char *forms, int k)
{
	size_t n;
	const char *one = heed__phrases_form(forms, k, &n);
	char copy[FORM_BYTES];

	snprintf(copy, sizeof copy, "%.*s", (int)n, one);
	word(line, copy);
}

static void agree(heed__line *line, const char *forms, agreement a)
{
	char out[FORM_BYTES];

	heed__phrases_agree(forms, a.feminine, a.plural, out, sizeof out);
	word(line, out);
}

static agreement agreement_of(const heed__np *np)
{
	static const enum heed__person pronouns[PRONOUNS] = {FIRST, SECOND, THIRD, THIRD, THIRD, WE, THEY};
	agreement a = {.person = THIRD};

	switch (np->kind) {
	case NP_PRONOUN:
		a.person = pronouns[np->index];
		a.feminine = np->index == PRO_SHE;
		break;
	case NP_NAME:
		a.feminine = heed__names[np->index].feminine;
		break;
	case NP_NOUN:
		a.feminine = heed__nouns[np->index].flags & NOUN_FEMININE;
		if (np->plural)
			a.person = THEY;
		break;
	case NP_WORD:
		if (np->index == WORD_EVERYONE)
			a.person = THEY; /* todos */
		break;
	default:
		break;
	}
	a.plural = a.person >= WE;
	return a;
}

static agreement subject_agreement(const heed__clause *c)
{
	agreement a = agreement_of(&c->subject);

	if (c->partner.kind == NP_NONE)
		return a;
	a.feminine = a.feminine && agreement_of(&c->partner).feminine;
	a.person = c->partner.kind == NP_PRONOUN ? WE : THEY;
	a.plural = true;
	return a;
}

/* The determiner before the noun; what stands behind it is in owner(). */
static void determiner(heed__line *line, const heed__np *np, agreement a)
{
	const int k = 2 * a.plural + a.feminine;
	switch (np->determiner) {
	case DET_ALL:
		form(line, "todo toda todos todas", k);
		form(line, "el la los las", k);
		break;
	case DET_THE:
	case DET_GENERIC:
	case DET_NAMES:
		form(line, "el la los las",
		     heed__nouns[np->index].flags & NOUN_STRESSED_A ? 2 * a.plural : k);
		break;
	case DET_A:
	case DET_SOME:
		form(line, "un una unos unas", k);
		break;
	case DET_THIS:
		form(line, "este esta estos estas", k);
		break;
	case DET_THAT:
		form(line, "ese esa esos esas", k);
		break;
	case DET_MY:
		if (np->owner == PRO_WE)
			form(line, "nuestro nuestra nuestros nuestras", k);
		else
			form(line, a.plural ? "mis tus sus sus sus sus sus" : "mi tu su su su su su",
			     np->owner);
		break;
	case DET_NUMBER:
		word(line, heed__numbers[np->owner].spanish);
		break;
	case DET_MANY:
	case DET_LOT:
	case DET_MUCH:
		form(line, "mucho mucha muchos muchas", k);
		break;
	case DET_ANOTHER:
		form(line, "otro otra otros otras", k);
		break;
	case DET_BARE:
	case DET_COUNT:
		break;
	}
}

static void adjective(heed__line *line, int index, int degree, agreement a)
{
	if (degree >= 0)
		word(line, heed__degrees[degree].spanish);
	agree(line, heed__adjectives[index].spanish, a);
}

static void noun(heed__line *line, const heed__np *np)
{
	const agreement a = agreement_of(np);
	const bool before = np->adjective >= 0 && np->degree < 0 && heed__adjectives[np->adjective].before;

	determiner(line, np, a);
	if (before)
		agree(line, heed__adjectives[np->adjective].before, a);
	form(line, heed__nouns[np->index].spanish, np->plural);
	if (np->adjective >= 0 && !before)
		adjective(line, np->adjective, np->degree, a);
	if (np->determiner == DET_NAMES) {
		word(line, "de");
		word(line, heed__names[np->owner].spanish);
	}
}

/* `behind` a preposition or a verb; before it, as a subject, a pronoun is dropped. */
static void noun_phrase(heed__line *line, const heed__np *np, bool behind)
{
	static const char *const words[] = {"todos", "nadie", "alguien", "alguien", "algo", "algo"};

	switch (np->kind) {
	case NP_PRONOUN:
		if (behind)
			form(line, "mí ti él ella él nosotros ellos", np->index);
		break;
	case NP_NAME:
		word(line, heed__names[np->index].spanish);
		break;
	case NP_CITY:
		word(line, heed__cities[np->index].spanish);
		break;
	case NP_WORD:
		word(line, words[np->index]);
		break;
	case NP_WHO:
		word(line, "quién");
		break;
	case NP_NOUN:
		noun(line, np);
		break;
	case NP_NONE:
	case NP_WHERE:
		break;
	}
}

static void subject(heed__line *line, const heed__clause *c)
{
	noun_phrase(line, &c->subject, false);
	if (c->partner.kind == NP_PRONOUN) {
		word(line, "y yo");
	} else if (c->partner.kind != NP_NONE) {
		word(line, "y");
		noun_phrase(line, &c->partner, false);
	}
}

/* A person is an object with "a": veo a Ana, veo el perro. */
static bool takes_personal_a(const heed__np *np)
{
	switch (np->kind) {
	case NP_NAME:
		return true;
	case NP_NOUN:
		return heed__nouns[np->index].classes & N_SOMEBODY;
	case NP_WORD:
		return np->index < WORD_SOMETHING;
	default:
		return false;
	}
}

static void object(heed__line *line, const heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];

	if (c->object.kind == NP_NONE || c->object.kind == NP_PRONOUN || c->question == ASKS_HOW_MANY ||
	    c->question == ASKS_WHICH)
		return;
	if (verb->link)
		word(line, verb->link);
	else if (!(verb->flags & V_NO_PERSONAL_A) && takes_personal_a(&c->object))
		word(line, "a");
	if (c->negative && c->object.kind == NP_WORD)
		word(line, c->object.index == WORD_ANYONE ? "nadie" : "nada");
	else
		noun_phrase(line, &c->object, true);
}

/* The object pronouns, all of which stand before the verb: me levanto, te lo doy. */
static void clitics(heed__line *line, const heed__clause *c, enum heed__person person)
{
	static const char datives[] = "me te le le le nos les", accusatives[] = "me te lo la lo nos los";
	const heed__verb *verb = &heed__verbs[c->verb];
	const bool given = c->receiver.kind != NP_NONE, it = c->object.kind == NP_PRONOUN;

	if (verb->flags & V_REFLEXIVE)
		form(line, "me te se nos se", (int)person);
	if (given) {
		const int whom = c->receiver.kind == NP_PRONOUN      ? c->receiver.index
				 : agreement_of(&c->receiver).plural ? PRO_THEY
								     : PRO_HE;

		if (it && whom != PRO_I && whom != PRO_YOU && whom != PRO_WE)
			word(line, "se"); /* le lo would be said se lo */
		else
			form(line, datives, whom);
	}
	if (it)
		form(line, accusatives, c->object.index);
}

static void denial(heed__line *line, const heed__clause *c)
{
	if (c->negative)
		word(line, "no");
	if (c->frequency >= 0)
		word(line, heed__frequencies[c->frequency].spanish);
}

static void finite(heed__line *line, const heed__conjugation *verb, enum heed__spanish_tense tense,
		   enum heed__person person)
{
	char out[FORM_BYTES];

	heed__phrases_conjugate(verb, tense, person, out, sizeof out);
	word(line, out);
}

static bool inverted(const heed__clause *c)
{
	return c->question != ASKS_NOTHING && c->question != ASKS_WHO;
}

/* puede Ana abrir la puerta, but la puede abrir Ana */
static bool subject_inside(const heed__clause *c)
{
	const bool clitic =
		c->kind == SAYS_VERB && (c->object.kind == NP_PRONOUN || c->receiver.kind != NP_NONE ||
					 heed__verbs[c->verb].flags & V_REFLEXIVE);

	return inverted(c) && moods[c->mood].subject_inside && !clitic;
}

/* The verb in its mood, with the subject where a question wants it. `state`: its past is the imperfect. */
static void verb_group(heed__line *line, const heed__clause *c, const heed__conjugation *verb,
		       enum heed__person person, bool state)
{
	const heed__conjugation *auxiliary = moods[c->mood].auxiliary;
	char out[FORM_BYTES];

	finite(line, auxiliary ? auxiliary : verb,
	       c->mood == MOOD_PAST && state ? IMPERFECT : moods[c->mood].tense, person);
	if (subject_inside(c))
		subject(line, c);
	if (auxiliary) {
		word(line, moods[c->mood].between);
		heed__phrases_nonfinite(verb, moods[c->mood].form, out, sizeof out);
		word(line, out);
	}
}

static void subject_behind(heed__line *line, const heed__clause *c)
{
	if (inverted(c) && !subject_inside(c))
		subject(line, c);
}

static void subject_before(heed__line *line, const heed__clause *c)
{
	if (!inverted(c))
		subject(line, c);
}

static void place(heed__line *line, const heed__clause *c)
{
	static const char *const relations[RELATIONS] = {
		[REL_AT] = "en",
		[REL_TO] = "a",
		[REL_FROM] = "de",
		[REL_ON] = "sobre",
		[REL_INSIDE] = "en",
		[REL_UNDER] = "debajo de",
		[REL_BEHIND] = "detrás de",
		[REL_NEAR] = "cerca de",
		[REL_BESIDE] = "al lado de",
	};

	if (c->place.kind == NP_NONE)
		return;
	if (c->place.kind == NP_WHERE) {
		if (c->place.index == WHERE_HOME)
			word(line, c->relation == REL_AT ? "en casa" : "a casa");
		else
			word(line, c->place.index == WHERE_HERE ? "aquí" : "allí");
		return;
	}
	word(line, relations[c->relation]);
	noun_phrase(line, &c->place, true);
}

static void companion(heed__line *line, const heed__clause *c)
{
	const heed__np *with = &c->companion;

	if (with->kind == NP_PRONOUN && (with->index == PRO_I || with->index == PRO_YOU)) {
		word(line, with->index == PRO_I ? "conmigo" : "contigo");
	} else if (with->kind != NP_NONE) {
		word(line, "con");
		noun_phrase(line, with, true);
	}
}

static void manner(heed__line *line, const heed__clause *c)
{
	if (c->manner < 0)
		return;
	if (c->degree >= 0)
		word(line, heed__degrees[c->degree].spanish);
	word(line, heed__manners[c->manner].spanish);
}

/* mucho, bien and mal follow the verb at once; the longer ones wait for the object. */
static bool manner_first(const heed__clause *c)
{
	return c->manner >= 0 && heed__manners[c->manner].mask & (M_AMOUNT | M_QUALITY);
}

static void question_words(heed__line *line, const heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];

	switch (c->question) {
	case ASKS_WHOM:
		word(line, "a quién");
		break;
	case ASKS_WHAT:
		word(line, "qué");
		break;
	case ASKS_WHERE:
		word(line, c->kind == SAYS_VERB && verb->where >= W_GOES_TO ? "adónde" : "dónde");
		break;
	case ASKS_WHEN:
		word(line, "cuándo");
		break;
	case ASKS_WHY:
		word(line, "por qué");
		break;
	case ASKS_HOW:
		word(line, "cómo");
		break;
	case ASKS_HOW_MANY:
		if (c->kind == SAYS_AGE) {
			word(line, "cuántos años");
			break;
		}
		agree(line, "cuánto cuánta cuántos cuántas", agreement_of(&c->object));
		form(line, heed__nouns[c->object.index].spanish, c->object.plural);
		break;
	case ASKS_WHICH:
		word(line, "qué");
		form(line, heed__nouns[c->object.index].spanish, c->object.plural);
		break;
	case ASKS_NOTHING:
	case ASKS_WHETHER:
	case ASKS_WHO:
		break;
	}
}

static void verb_clause(heed__line *line, const heed__clause *c)
{
	const heed__verb *verb = &heed__verbs[c->verb];
	const enum heed__person person = subject_agreement(c).person;

	subject_before(line, c);
	denial(line, c);
	clitics(line, c, person);
	verb_group(line, c, verb->spanish, person, verb->flags & V_IMPERFECT);
	subject_behind(line, c);
	if (manner_first(c))
		manner(line, c);
	object(line, c);
	if (c->receiver.kind != NP_NONE && c->receiver.kind != NP_PRONOUN) {
		word(line, "a");
		noun_phrase(line, &c->receiver, true);
	}
	if (!manner_first(c))
		manner(line, c);
}

/* Gustar: what is liked is the subject, who likes it has a clitic, and stands before with "a" unless a pronoun. */
static void likes(heed__line *line, const heed__clause *c)
{
	const agreement a = subject_agreement(c);
	const bool doing = c->kind == SAYS_LIKES_DOING;
	const enum heed__person liked = !doing && agreement_of(&c->object).plural ? THEY : THIRD;

	if (c->subject.kind != NP_PRONOUN) {
		word(line, "a");
		subject(line, c);
	}
	denial(line, c);
	form(line, "me te le nos les", (int)a.person);
	finite(line, &heed__gustar, c->mood == MOOD_PAST ? IMPERFECT : PRESENT, liked);
	manner(line, c);
	if (doing) {
		char out[FORM_BYTES];

		heed__phrases_nonfinite(heed__verbs[c->verb].spanish, INFINITIVE, out, sizeof out);
		word(line, out);
		object(line, c);
	} else {
		noun_phrase(line, &c->object, true);
	}
}

static void there_is(heed__line *line, const heed__clause *c)
{
	denial(line, c);
	word(line, c->mood == MOOD_PAST ? "había" : c->mood == MOOD_FUTURE ? "habrá" : "hay");
	noun_phrase(line, &c->object, true);
}

static bool with_estar(const heed__clause *c)
{
	if (c->kind == SAYS_PLACE || c->question == ASKS_HOW)
		return true;
	return (c->kind == SAYS_ADJECTIVE || c->kind == SAYS_COMPARED || c->kind == SAYS_EQUAL) &&
	       heed__adjectives[c->word].copula == COPULA_ESTAR;
}

static void state(heed__line *line, const heed__clause *c)
{
	const agreement a = {.feminine = heed__states[c->word].mask};

	if (c->degree >= 0) /* very hungry is much hunger: mucha hambre */
		agree(line, heed__degrees[c->degree].of_noun, a);
	word(line, heed__states[c->word].spanish);
}

static void predicate(heed__line *line, const heed__clause *c, agreement a)
{
	switch (c->kind) {
	case SAYS_ADJECTIVE:
		if (c->question != ASKS_HOW)
			adjective(line, c->word, c->degree, a);
		break;
	case SAYS_COMPARED:
	case SAYS_EQUAL:
		word(line, c->kind == SAYS_COMPARED ? "más" : "tan");
		adjective(line, c->word, -1, a);
		word(line, c->kind == SAYS_COMPARED ? "que" : "como");
		noun_phrase(line, &c->object, true);
		break;
	case SAYS_PROFESSION:
		agree(line, heed__professions[c->word].spanish, a);
		break;
	case SAYS_KIN:
		noun_phrase(line, &c->object, true);
		break;
	case SAYS_STATE:
		state(line, c);
		break;
	case SAYS_AGE:
		if (c->question == ASKS_HOW_MANY)
			break;
		word(line, heed__numbers[c->word].spanish);
		word(line, "años");
		break;
	default:
		break;
	}
}

/* To be, in its Spanish kinds. A question has the subject at the end, es caro el coche, but before what is long:
 * es el coche tan caro como el tren. */
static void be(heed__line *line, const heed__clause *c)
{
	const agreement a = subject_agreement(c);
	const bool has = c->kind == SAYS_STATE || c->kind == SAYS_AGE;
	const heed__conjugation *verb = has ? &heed__tener : with_estar(c) ? &heed__estar : &heed__ser;
	const bool subject_soon = c->kind == SAYS_COMPARED || c->kind == SAYS_EQUAL ||
				  c->kind == SAYS_PLACE || c->kind == SAYS_AGE;

	subject_before(line, c);
	denial(line, c);
	verb_group(line, c, verb, a.person, true);
	if (subject_soon)
		subject_behind(line, c);
	predicate(line, c, a);
	if (!subject_soon)
		subject_behind(line, c);
}

static void clause(heed__line *line, const heed__clause *c)
{
	if (c->time >= 0 && c->time_first)
		word(line, heed__times[c->time].spanish);
	question_words(line, c);
	if (c->kind == SAYS_VERB)
		verb_clause(line, c);
	else if (c->kind == SAYS_LIKES || c->kind == SAYS_LIKES_DOING)
		likes(line, c);
	else if (c->kind == SAYS_THERE_IS)
		there_is(line, c);
	else
		be(line, c);
	place(line, c);
	companion(line, c);
	if (c->time >= 0 && !c->time_first)
		word(line, heed__times[c->time].spanish);
}

static void thinks(heed__line *line, const heed__sentence *s)
{
	const heed__conjugation *verb = s->joint == JOINT_THINKS  ? &heed__creer
					: s->joint == JOINT_KNOWS ? &heed__saber
								  : &heed__decir;

	subject(line, &s->first);
	finite(line, verb, s->joint == JOINT_SAID ? PRETERITE : PRESENT, subject_agreement(&s->first).person);
	word(line, "que");
}

bool heed__phrases_spanish(const heed__sentence *s, char *out, size_t size)
{
	static const char *const joints[] = {
		[JOINT_AND] = "y", [JOINT_BUT] = "pero", [JOINT_BECAUSE] = "porque", [JOINT_SAID] = NULL};
	const bool question = s->first.question != ASKS_NOTHING;
	heed__line line = heed__line_start(out, size);

	if (question)
		heed__line_open(&line, "¿");
	if (s->joint >= JOINT_THINKS)
		thinks(&line, s);
	else
		clause(&line, &s->first);
	if (s->joint != JOINT_NONE) {
		word(&line, joints[s->joint]);
		clause(&line, &s->second);
	}
	if (question)
		heed__line_add(&line, "?", 1);
	heed__line_capitalise(&line);
	return !line.full;
}
