/* The words of the phrase corpus: constant tables, and their inflection.
 *
 * Several forms of a word stand in one string, separated by blanks, in a fixed order; phrases_form() picks one.
 * What a regular rule gives is not written down; an irregular form always is. */
#ifndef HEED_PHRASES_WORDS_H
#define HEED_PHRASES_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* I, you, he/she/it, we, they: the order of verb forms. Spanish has no use for a plural "you" here. */
enum heed__person { FIRST, SECOND, THIRD, WE, THEY };

/* What a noun can be used for, and what a verb takes. */
#define N_PERSON     (UINT64_C(1) << 0)
#define N_KIN        (UINT64_C(1) << 1) /* belongs to somebody: my mother */
#define N_ANIMAL     (UINT64_C(1) << 2)
#define N_PET        (UINT64_C(1) << 3) /* an animal one has */
#define N_FOOD       (UINT64_C(1) << 4)
#define N_COOKED     (UINT64_C(1) << 5) /* cooked and eaten */
#define N_HOMEMADE   (UINT64_C(1) << 6) /* made in a kitchen */
#define N_DRINK      (UINT64_C(1) << 7)
#define N_TEXT       (UINT64_C(1) << 8)  /* to read */
#define N_WRITTEN    (UINT64_C(1) << 9)  /* to write: a letter, not a newspaper */
#define N_THING      (UINT64_C(1) << 10) /* to carry, find and lose */
#define N_BREAKABLE  (UINT64_C(1) << 11)
#define N_GIFT       (UINT64_C(1) << 12)
#define N_CLOTHES    (UINT64_C(1) << 13)
#define N_FURNITURE  (UINT64_C(1) << 14)
#define N_SURFACE    (UINT64_C(1) << 15) /* things lie on it */
#define N_HOLDER     (UINT64_C(1) << 16) /* things lie in it */
#define N_OPENING    (UINT64_C(1) << 17) /* to open and close */
#define N_VEHICLE    (UINT64_C(1) << 18) /* to drive */
#define N_TRANSPORT  (UINT64_C(1) << 19) /* arrives and leaves by itself */
#define N_BUILDING   (UINT64_C(1) << 20) /* to build */
#define N_CLEANED    (UINT64_C(1) << 21) /* gets dirty */
#define N_SONG       (UINT64_C(1) << 22)
#define N_FILM       (UINT64_C(1) << 23)
#define N_THOUGHT    (UINT64_C(1) << 24) /* to understand */
#define N_LANGUAGE   (UINT64_C(1) << 25)
#define N_LEARNT     (UINT64_C(1) << 26)
#define N_SPORT      (UINT64_C(1) << 27)
#define N_INSTRUMENT (UINT64_C(1) << 28)
#define N_MONEY      (UINT64_C(1) << 29)
#define N_HOME       (UINT64_C(1) << 30) /* places: rooms and what belongs to a home */
#define N_MEALS      (UINT64_C(1) << 31) /* restaurants */
#define N_SHOP       (UINT64_C(1) << 32)
#define N_QUIET      (UINT64_C(1) << 33) /* to read and learn in */
#define N_WORKPLACE  (UINT64_C(1) << 34)
#define N_OUTSIDE    (UINT64_C(1) << 35)
#define N_WATERSIDE  (UINT64_C(1) << 36) /* to swim in */
#define N_TOWN       (UINT64_C(1) << 37)
#define N_MUSIC      (UINT64_C(1) << 39)
#define N_STAY       (UINT64_C(1) << 38) /* to sleep in */
#define N_PLACE                                                                                              \
	(N_HOME | N_MEALS | N_SHOP | N_QUIET | N_WORKPLACE | N_OUTSIDE | N_WATERSIDE | N_TOWN | N_STAY)
#define N_SOMEBODY (N_PERSON | N_KIN)
#define N_ALIVE    (N_SOMEBODY | N_ANIMAL)

enum heed__noun_flags {
	NOUN_MASCULINE = 0,
	NOUN_FEMININE = 1 << 0,
	NOUN_MASS = 1 << 1,       /* no plural, no "a" */
	NOUN_ONE = 1 << 2,        /* never plural: my mother */
	NOUN_MANY = 1 << 3,       /* always plural: my parents */
	NOUN_STRESSED_A = 1 << 4, /* feminine, but el agua, un aguila */
	NOUN_BARE = 1 << 5,       /* no article: speak English */
	NOUN_AT = 1 << 6,         /* as a place: at, not in */
	NOUN_SPOUSE = 1 << 8,     /* of one person, of the other gender */
	NOUN_COMMON = 1 << 7,     /* nobody's: not "my bear", "my station" */
};

typedef struct heed__noun {
	const char *english, *spanish; /* "dog dogs"; one form where there is no other number */
	uint64_t classes;
	unsigned flags;
} heed__noun;

typedef struct heed__name {
	const char *english, *spanish;
	bool feminine;
} heed__name;

/* Spanish has two verbs for "to be". */
enum heed__copula { COPULA_SER, COPULA_ESTAR };

typedef struct heed__adjective {
	const char *english, *spanish; /* masculine, or masculine feminine masculines feminines */
	uint64_t fits;                 /* classes of nouns it goes with */
	enum heed__copula copula;
	const char *comparative; /* "bigger" or "more interesting"; NULL: not compared */
	const char *before;      /* Spanish forms in front of a noun; NULL: stands behind it */
	bool absolute;           /* is or is not: never "very red" */
} heed__adjective;

/* A word or phrase that has one form on each side. */
typedef struct heed__phrase {
	const char *english, *spanish;
	uint32_t mask; /* of times and frequencies: moods; of manners: kinds */
} heed__phrase;

/* Beside the moods in the mask of a time. */
#define TIME_LAST      (UINT32_C(1) << 30) /* not the first word of a sentence */
#define TIME_NO_OBJECT (UINT32_C(1) << 31) /* where nothing else is said: we swim in summer */

/* very: muy */
typedef struct heed__degree {
	const char *english, *spanish;
	const char *of_noun; /* Spanish, before a noun: very thirsty is mucha sed */
	bool attributive;    /* also inside a noun phrase: a very big house */
} heed__degree;

/* Tense, aspect and the verbs that lean on another verb. */
enum heed__mood {
	MOOD_PRESENT,
	MOOD_PAST,
	MOOD_FUTURE,
	MOOD_DOING,
	MOOD_WAS_DOING,
	MOOD_DONE,
	MOOD_GOING_TO,
	MOOD_CAN,
	MOOD_WANT_TO,
	MOOD_WANTED_TO,
	MOOD_HAVE_TO,
	MOOD_HAD_TO,
	MOOD_NEED_TO,
	MOODS,
	MOOD_BEING = MOODS /* of times only: goes with a state in the present, "is tired today" */
};

enum heed__spanish_tense { PRESENT, PRETERITE, IMPERFECT, FUTURE };
enum heed__spanish_form { INFINITIVE, GERUND, PARTICIPLE };

/* How a Spanish verb departs from the rules; NULL where it does not. Five forms in a string stand in the order
 * of heed__person. */
typedef struct heed__conjugation {
	const char *infinitive;
	const char *stressed; /* stem of the present where the stem carries the stress: cierr-o */
	const char *present, *preterite, *imperfect;
	const char *future; /* stem: tendr-e */
	const char *gerund, *participle;
} heed__conjugation;

enum heed__manner_kind { M_SPEED = 1, M_QUALITY = 2, M_WELL = 4, M_AMOUNT = 8, M_HOUR = 16 };

/* Where an act happens. */
enum heed__where {
	W_NOWHERE,
	W_MAY_BE_AT,
	W_IS_AT,
	W_COMES_FROM, /* or comes home, or here */
	W_GOES_TO,
	W_MAY_GO_TO,
};

enum heed__verb_flags {
	V_ALONE = 1 << 0,       /* the object may be left out */
	V_REFLEXIVE = 1 << 1,   /* me levanto */
	V_IMPERFECT = 1 << 2,   /* a state: its past is the Spanish imperfect */
	V_TO_SOMEBODY = 1 << 3, /* takes a receiver */
	V_MAY_BE_TO = 1 << 4,   /* may take a receiver */
	V_NO_PERSONAL_A = 1 << 5,
	V_NO_PRONOUN = 1 << 6,    /* the object is not a pronoun and is not asked for */
	V_TIMELESS = 1 << 7,      /* no "yesterday" */
	V_SAME_PAST = 1 << 8,     /* read, read: the plain present would read as the past */
	V_WITH = 1 << 9,          /* done in company */
	V_NEW_OBJECT = 1 << 10,   /* the object is a new one: a dog, two songs, not the dog */
	V_NAMED_OBJECT = 1 << 11, /* not "something" */
	V_MATTERS = 1 << 12,      /* a reason for being tired or happy */
};

typedef struct heed__verb {
	const char *english; /* base, third person, past, participle, -ing */
	const heed__conjugation *spanish;
	uint64_t actors, objects; /* classes of nouns */
	uint32_t lacks;           /* moods it is not used in */
	unsigned manners;         /* enum heed__manner_kind */
	enum heed__where where;
	uint64_t places; /* classes */
	unsigned flags;
	const char *particle; /* English, behind the verb: listen to, get up */
	const char *link;     /* Spanish, before the object: salir de */
	int weight;
} heed__verb;

extern const heed__noun heed__nouns[];
extern const int heed__noun_count;
extern const heed__name heed__names[];
extern const int heed__name_count;
extern const heed__phrase heed__cities[];
extern const int heed__city_count;
extern const heed__adjective heed__adjectives[];
extern const int heed__adjective_count;
extern const heed__phrase heed__professions[]; /* "doctor doctors", four Spanish forms */
extern const int heed__profession_count;
extern const heed__phrase heed__states[]; /* be hungry, tener hambre */
extern const int heed__state_count;
extern const heed__phrase heed__numbers[]; /* from two on */
extern const int heed__number_count;
extern const heed__phrase heed__manners[];
extern const int heed__manner_count;
extern const heed__degree heed__degrees[];
extern const int heed__degree_count;
extern const heed__phrase heed__frequencies[];
extern const int heed__frequency_count;
extern const heed__phrase heed__times[];
extern const int heed__time_count;
extern const heed__verb heed__verbs[];
extern const int heed__verb_count;

/* Verbs that the grammar itself needs. */
extern const heed__conjugation heed__ser, heed__estar, heed__haber, heed__tener, heed__ir, heed__poder,
	heed__querer, heed__necesitar, heed__gustar, heed__creer, heed__saber, heed__decir;

/* The k-th of the forms in a string, from 0; the last when there are fewer. */
const char *heed__phrases_form(const char *forms, int k, size_t *len);

/* A Spanish form in out, NUL-terminated, or cut off at `size`. */
void heed__phrases_conjugate(const heed__conjugation *verb, enum heed__spanish_tense tense,
			     enum heed__person person, char *out, size_t size);
void heed__phrases_nonfinite(const heed__conjugation *verb, enum heed__spanish_form form, char *out,
			     size_t size);
/* rojo roja rojos rojas, from "rojo" */
void heed__phrases_agree(const char *forms, bool feminine, bool plural, char *out, size_t size);

#endif
