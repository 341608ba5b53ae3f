/* Says a sentence of the phrase corpus in English. */
#include "data/phrases_clause.h"
#include "data/phrases_line.h"

#include <string.h>

/* Forms of an English verb in their string. */
enum { BASE, THIRD_PERSON, PAST, PARTICIPLE_FORM, ING };

static const char be_forms[] = "be is was been being";
static const char like_forms[] = "like likes liked liked liking";

/* How a mood is built: a helper verb, words between it and the main verb, and the form of the main verb. With no
 * helper the first verb is finite itself and asks and denies with "do"; that is the main verb, or `first`. */
static const struct {
	const char *helper; /* forms for I, you, he, we, they; NULL: none */
	const char *first;
	bool past;
	const char *between;
	int form;
} moods[MOODS] = {
	[MOOD_PRESENT] = {NULL, NULL, false, NULL, BASE},
	[MOOD_PAST] = {NULL, NULL, true, NULL, BASE},
	[MOOD_FUTURE] = {"will", NULL, false, NULL, BASE},
	[MOOD_DOING] = {"am are is are are", NULL, false, NULL, ING},
	[MOOD_WAS_DOING] = {"was were was were were", NULL, true, NULL, ING},
	[MOOD_DONE] = {"have have has have have", NULL, false, NULL, PARTICIPLE_FORM},
	[MOOD_GOING_TO] = {"am are is are are", NULL, false, "going to", BASE},
	[MOOD_CAN] = {"can", NULL, false, NULL, BASE},
	[MOOD_WANT_TO] = {NULL, "want wants wanted", false, "to", BASE},
	[MOOD_WANTED_TO] = {NULL, "want wants wanted", true, "to", BASE},
	[MOOD_HAVE_TO] = {NULL, "have has had", false, "to", BASE},
	[MOOD_HAD_TO] = {NULL, "have has had", true, "to", BASE},
	[MOOD_NEED_TO] = {NULL, "need needs needed", false, "to", BASE},
};

static void word(heed__line *line, const char *words)
{
	if (words && *words && strchr("aeiou", *words) && heed__line_ends(line, "a"))
		heed__line_add(line, "n", 1);
	heed__line_words(line, words);
}

static void form(heed__line *line, const char *forms, int k)
{
	size_t n;
	const char *one = heed__phrases_form(forms, k, &n);

	if (strchr("aeiou", *one) && heed__line_ends(line, "a"))
		heed__line_add(line, "n", 1);
	heed__line_form(line, forms, k);
}

static enum heed__person person_of(const heed__clause *c)
{
	static const enum heed__person pronouns[PRONOUNS] = {FIRST, SECOND, THIRD, THIRD, THIRD, WE, THEY};
	const heed__np *subject = &c->subject, *partner = &c->partner;

	if (partner->kind == NP_PRONOUN)
		return WE; /* Maria and I */
	if (partner->kind != NP_NONE)
		return THEY;
	if (subject->kind == NP_PRONOUN)
		return pronouns[subject->index];
	return subject->kind == NP_NOUN && subject->plural ? THEY : THIRD;
}

static void determiner(heed__line *line, const heed__np *np)
{
	static const char *const plain[DET_COUNT] = {
		[DET_THE] = "the",   [DET_A] = "a",       [DET_MANY] = "many",   [DET_LOT] = "a lot of",
		[DET_MUCH] = "much", [DET_SOME] = "some", [DET_ALL] = "all the", [DET_ANOTHER] = "another",
	};

	switch (np->determiner) {
	case DET_THIS:
		word(line, np->plural ? "these" : "this");
		break;
	case DET_THAT:
		word(line, np->plural ? "those" : "that");
		break;
	case DET_MY:
		form(line, "my your his her its our their", np->owner);
		break;
	case DET_NAMES:
		word(line, heed__names[np->owner].english);
		heed__line_add(line, "'s", 2);
		break;
	case DET_NUMBER:
		word(line, heed__numbers[np->owner].english);
		break;
	default:
		word(line, plain[np->determiner]);
	}
}

static void adjective(heed__line *line, int index, int degree)
{
	if (degree >= 0)
		word(line, heed__degrees[degree].english);
	word(line, heed__adjectives[index].english);
}

/* `object`: me, not I */
static void noun_phrase(heed__line *line, const heed__np *np, bool object)
{
	static const char *const words[] = {"everyone", "nobody",    "someone",
					    "anyone",   "something", "anything"};

	switch (np->kind) {
	case NP_PRONOUN:
		form(line, object ? "me you him her it us them" : "I you he she it we they", np->index);
		break;
	case NP_NAME:
		word(line, heed__names[np->index].english);
		break;
	case NP_CITY:
		word(line, heed__cities[np->index].english);
		break;
	case NP_WORD:
		word(line, words[np->index]);
		break;
	case NP_WHO:
		word(line, "who");
		break;
	case NP_NOUN:
		determiner(line, np);
		if (np->adjective >= 0)
			adjective(line, np->adjective, np->degree);
		form(line, heed__nouns[np->index].english, np->plural);
		break;
	case NP_NONE:
	case NP_WHERE:
		break;
	}
}

static void subject(heed__line *line, const heed__clause *c)
{
	noun_phrase(line, &c->subject, false);
	if (c->partner.kind != NP_NONE) {
		word(line, "and");
		noun_phrase(line, &c->partner, false);
	}
}

/* Subject and verb. The helper is what a question puts before the subject and what "not" follows. */
static void subject_and_verb(heed__line *line, const heed__clause *c, const char *forms)
{
	const enum heed__person person = person_of(c);
	const bool inverted = c->question != ASKS_NOTHING && c->question != ASKS_WHO;
	const char *helper = moods[c->mood].helper, *first = moods[c->mood].first;
	const bool be = forms == be_forms && !helper && !first;
	const bool finite = !helper && !be && !inverted && !c->negative;

	if (be)
		helper = moods[c->mood].past ? "was were was were were" : "am are is are are";
	else if (!helper && !finite)
		helper = moods[c->mood].past ? "did" : "do do does do do";
	if (!first && !moods[c->mood].helper)
		first = forms;

	if (inverted)
		form(line, helper, (int)person);
	subject(line, c);
	if (helper && !inverted) {
		form(line, helper, (int)person);
		if (c->negative && c->mood == MOOD_CAN)
			heed__line_add(line, "not", 3);
	}
	if (c->negative && (inverted || c->mood != MOOD_CAN))
		word(line, "not");
	if (c->frequency >= 0)
		word(line, heed__frequencies[c->frequency].english);
	if (be)
		return;
	if (finite)
		form(line, first, moods[c->mood].past ? PAST : person == THIRD ? THIRD_PERSON : BASE);
	else if (first)
		form(line, first, BASE);
	word(line, moods[c->mood].between);
	if (first != forms)
		form(line, forms, moods[c->mood].form);
}

static void place(heed__line *line, const heed__clause *c)
{
	static const char *const relations[RELATIONS] = {
		[REL_TO] = "to",       [REL_FROM] = "from",     [REL_ON] = "on",     [REL_INSIDE] = "in",
		[REL_UNDER] = "under", [REL_BEHIND] = "behind", [REL_NEAR] = "near", [REL_BESIDE] = "next to",
	};

	if (c->place.kind == NP_WHERE) {
		form(line, "here there home", c->place.index);
		return;
	}
	if (c->relation == REL_AT)
		word(line,
		     c->place.kind == NP_NOUN && heed__nouns[c->place.index].flags & NOUN_AT ? "at" : "in");
	else
		word(line, relations[c->relation]);
	noun_phrase(line, &c->place, true);
}

/* What follows verb and object, in every kind of clause. */
static void adjuncts(heed__line *line, const heed__clause *c)
{
	if (c->manner >= 0) {
		if (c->degree >= 0)
			word(line, heed__degrees[c->degree].english);
		word(line, heed__manners[c->manner].english);
	}
	if (c->place.kind != NP_NONE) {
		if (c->place.kind == NP_WHERE && c->place.index == WHERE_HOME && c->relation == REL_AT)
			word(line, "at");
		place(line, c);
	}
	if (c->companion.kind != NP_NONE) {
		word(line, "with");
		noun_phrase(line, &c->companion, true);
	}
	if (c->time >= 0 && !c->time_first)
		word(line, heed__times[c->time].english);
}

static void question_words(heed__line *line, const heed__clause *c)
{
	switch (c->question) {
	case ASKS_WHOM:
		word(line, "who");
		break;
	case ASKS_WHAT:
		word(line, "what");
		break;
	case ASKS_WHERE:
		word(line, "where");
		break;
	case ASKS_WHEN:
		word(line, "when");
		break;
	case ASKS_WHY:
		word(line, "why");
		break;
	case ASKS_HOW:
		word(line, "how");
		break;
	case ASKS_HOW_MANY:
		if (c->kind == SAYS_AGE) {
			word(line, "how old");
			break;
		}
		word(line, c->object.plural ? "how many" : "how much");
		form(line, heed__nouns[c->object.index].english, c->object.plural);
		break;
	case ASKS_WHICH:
		word(line, "which");
		form(line, heed__nouns[c->object.index].english, c->object.plural);
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
	const bool asked = c->question == ASKS_HOW_MANY || c->question == ASKS_WHICH;

	subject_and_verb(line, c, c->kind == SAYS_LIKES_DOING ? like_forms : verb->english);
	if (c->kind == SAYS_LIKES_DOING) {
		word(line, "to");
		form(line, verb->english, BASE);
	}
	word(line, verb->particle);
	if (!asked)
		noun_phrase(line, &c->object, true);
	if (c->receiver.kind != NP_NONE) {
		word(line, "to");
		noun_phrase(line, &c->receiver, true);
	}
}

static void comparison(heed__line *line, const heed__clause *c)
{
	if (c->kind == SAYS_EQUAL)
		word(line, "as");
	word(line, c->kind == SAYS_EQUAL ? heed__adjectives[c->word].english
					 : heed__adjectives[c->word].comparative);
	word(line, c->kind == SAYS_EQUAL ? "as" : "than");
	noun_phrase(line, &c->object, true);
}

static void profession(heed__line *line, const heed__clause *c)
{
	const bool plural = person_of(c) >= WE;

	if (!plural)
		word(line, "a");
	form(line, heed__professions[c->word].english, plural);
}

static void there_is(heed__line *line, const heed__clause *c)
{
	static const char *const verbs[2][2] = {{"is", "are"}, {"was", "were"}};
	const char *verb = c->mood == MOOD_FUTURE ? "will" : verbs[c->mood == MOOD_PAST][c->object.plural];

	if (c->question == ASKS_WHETHER)
		word(line, verb);
	word(line, "there");
	if (c->question != ASKS_WHETHER)
		word(line, verb);
	if (c->negative)
		word(line, "not");
	if (c->mood == MOOD_FUTURE)
		word(line, "be");
	noun_phrase(line, &c->object, true);
}

static void clause(heed__line *line, const heed__clause *c)
{
	if (c->time >= 0 && c->time_first)
		word(line, heed__times[c->time].english);
	question_words(line, c);
	switch (c->kind) {
	case SAYS_VERB:
	case SAYS_LIKES_DOING:
		verb_clause(line, c);
		break;
	case SAYS_LIKES:
		subject_and_verb(line, c, like_forms);
		noun_phrase(line, &c->object, true);
		break;
	case SAYS_THERE_IS:
		there_is(line, c);
		break;
	default:
		subject_and_verb(line, c, be_forms);
	}
	switch (c->kind) {
	case SAYS_ADJECTIVE:
		if (c->question != ASKS_HOW)
			adjective(line, c->word, c->degree);
		break;
	case SAYS_COMPARED:
	case SAYS_EQUAL:
		comparison(line, c);
		break;
	case SAYS_PROFESSION:
		profession(line, c);
		break;
	case SAYS_KIN:
		noun_phrase(line, &c->object, true);
		break;
	case SAYS_STATE:
		if (c->degree >= 0)
			word(line, heed__degrees[c->degree].english);
		word(line, heed__states[c->word].english);
		break;
	case SAYS_AGE:
		if (c->question == ASKS_HOW_MANY)
			break;
		word(line, heed__numbers[c->word].english);
		word(line, "years old");
		break;
	default:
		break;
	}
	adjuncts(line, c);
}

static void thinks(heed__line *line, const heed__sentence *s)
{
	static const char *const forms[] = {[JOINT_THINKS] = "think thinks thought",
					    [JOINT_KNOWS] = "know knows knew",
					    [JOINT_SAYS] = "say says said",
					    [JOINT_SAID] = "say says said"};
	const enum heed__person person = person_of(&s->first);

	subject(line, &s->first);
	form(line, forms[s->joint], s->joint == JOINT_SAID ? PAST : person == THIRD ? THIRD_PERSON : BASE);
	word(line, "that");
}

bool heed__phrases_english(const heed__sentence *s, char *out, size_t size)
{
	static const char *const joints[] = {
		[JOINT_AND] = "and", [JOINT_BUT] = "but", [JOINT_BECAUSE] = "because", [JOINT_SAID] = NULL};
	heed__line line = heed__line_start(out, size);

	if (s->joint >= JOINT_THINKS)
		thinks(&line, s);
	else
		clause(&line, &s->first);
	if (s->joint != JOINT_NONE) {
		word(&line, joints[s->joint]);
		clause(&line, &s->second);
	}
	if (s->first.question != ASKS_NOTHING)
		heed__line_add(&line, "?", 1);
	heed__line_capitalise(&line);
	return !line.full;
}
