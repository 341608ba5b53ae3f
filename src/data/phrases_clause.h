/* What a sentence of the phrase corpus says, before it is said in either language.
 *
 * heed__phrases_draw() rolls dice and fills a sentence; heed__phrases_english() and heed__phrases_spanish() say it.
 * Both read the same structs and draw nothing, so the two sides always mean the same. */
#ifndef HEED_PHRASES_CLAUSE_H
#define HEED_PHRASES_CLAUSE_H

#include "base/philox.h"
#include "data/phrases_words.h"

/* Dice whose throws are numbers of a counter, or are read from a tape first: a test walks to the sentence it
 * wants by changing one throw of the tape at a time. */
typedef struct heed__dice {
	heed__rng rng;
	const uint64_t *tape; /* borrowed; may be NULL */
	size_t tape_len, used;
} heed__dice;

enum heed__pronoun { PRO_I, PRO_YOU, PRO_HE, PRO_SHE, PRO_IT, PRO_WE, PRO_THEY, PRONOUNS };

enum heed__np_kind {
	NP_NONE,
	NP_PRONOUN, /* index: heed__pronoun */
	NP_NAME,
	NP_NOUN,
	NP_CITY,
	NP_WORD,  /* index: heed__np_word */
	NP_WHERE, /* index: heed__where_word */
	NP_WHO,
};
enum heed__np_word { WORD_EVERYONE, WORD_NOBODY, WORD_SOMEONE, WORD_ANYONE, WORD_SOMETHING, WORD_ANYTHING };
enum heed__where_word { WHERE_HERE, WHERE_THERE, WHERE_HOME };

enum heed__determiner {
	DET_THE,
	DET_A,
	DET_BARE,    /* none in either language */
	DET_GENERIC, /* none in English, the article in Spanish: dogs, los perros */
	DET_THIS,
	DET_THAT,
	DET_MY,     /* owner: heed__pronoun */
	DET_NAMES,  /* owner: a name; Maria's */
	DET_NUMBER, /* owner: a number */
	DET_MANY,
	DET_LOT,
	DET_MUCH,
	DET_SOME,
	DET_ALL,
	DET_ANOTHER,
	DET_COUNT
};

/* A noun phrase. */
typedef struct heed__np {
	enum heed__np_kind kind;
	int index;
	enum heed__determiner determiner;
	int owner;
	bool plural;
	int adjective; /* -1: none */
	int degree;    /* of the adjective; -1: none */
} heed__np;

enum heed__relation {
	REL_AT,
	REL_TO,
	REL_FROM,
	REL_ON,
	REL_INSIDE,
	REL_UNDER,
	REL_BEHIND,
	REL_NEAR,
	REL_BESIDE,
	RELATIONS
};

enum heed__clause_kind {
	SAYS_VERB,
	SAYS_ADJECTIVE, /* is red, is tired */
	SAYS_COMPARED,  /* is taller than */
	SAYS_EQUAL,     /* is as tall as */
	SAYS_PROFESSION,
	SAYS_KIN,   /* is my sister */
	SAYS_PLACE, /* is in the garden */
	SAYS_STATE, /* is hungry */
	SAYS_AGE,
	SAYS_LIKES,
	SAYS_LIKES_DOING,
	SAYS_THERE_IS,
};

enum heed__question {
	ASKS_NOTHING,
	ASKS_WHETHER,
	ASKS_WHO, /* the subject */
	ASKS_WHOM,
	ASKS_WHAT,
	ASKS_WHERE,
	ASKS_WHEN,
	ASKS_WHY,
	ASKS_HOW,
	ASKS_HOW_MANY, /* of the object, or how old */
	ASKS_WHICH,
};

typedef struct heed__clause {
	enum heed__clause_kind kind;
	enum heed__mood mood;
	enum heed__question question;
	bool negative;
	heed__np subject, partner; /* partner: the second of "Maria and Jack" */
	int verb;
	heed__np object; /* also what a comparison compares with, and what there is */
	heed__np receiver;
	heed__np companion;
	int frequency; /* -1: none; the same of the next three */
	int manner, degree;
	int time;
	bool time_first;
	enum heed__relation relation;
	heed__np place;
	int word; /* adjective, profession, state or number */
} heed__clause;

enum heed__joint {
	JOINT_NONE,
	JOINT_AND,
	JOINT_BUT,
	JOINT_BECAUSE,
	JOINT_THINKS,
	JOINT_KNOWS,
	JOINT_SAYS,
	JOINT_SAID
};

typedef struct heed__sentence {
	enum heed__joint joint;
	heed__clause first;  /* from JOINT_THINKS on only its subject counts */
	heed__clause second; /* when there is a joint */
} heed__sentence;

void heed__phrases_draw(heed__dice *dice, heed__sentence *sentence);

/* Write the sentence and a NUL. False: it does not fit. */
bool heed__phrases_english(const heed__sentence *sentence, char *out, size_t size);
bool heed__phrases_spanish(const heed__sentence *sentence, char *out, size_t size);

#endif
