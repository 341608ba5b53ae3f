/* Verbs of the phrase corpus: how Spanish ones are conjugated, and which ones the sentences use.
 *
 * The regular endings follow the three conjugations in -ar, -er and -ir; a verb lists whatever departs from
 * them, changes of spelling (busque with an accent, from buscar) included. */
#include "data/phrases_words.h"

#include <string.h>

const heed__conjugation heed__ser = {.infinitive = "ser",
				     .present = "soy eres es somos son",
				     .preterite = "fui fuiste fue fuimos fueron",
				     .imperfect = "era eras era éramos eran"};
const heed__conjugation heed__estar = {.infinitive = "estar",
				       .present = "estoy estás está estamos están",
				       .preterite = "estuve estuviste estuvo estuvimos estuvieron"};
const heed__conjugation heed__haber = {.infinitive = "haber",
				       .present = "he has ha hemos han",
				       .preterite = "hube hubiste hubo hubimos hubieron",
				       .future = "habr"};
const heed__conjugation heed__tener = {.infinitive = "tener",
				       .present = "tengo tienes tiene tenemos tienen",
				       .preterite = "tuve tuviste tuvo tuvimos tuvieron",
				       .future = "tendr"};
const heed__conjugation heed__ir = {.infinitive = "ir",
				    .present = "voy vas va vamos van",
				    .preterite = "fui fuiste fue fuimos fueron",
				    .imperfect = "iba ibas iba íbamos iban",
				    .gerund = "yendo"};
const heed__conjugation heed__poder = {.infinitive = "poder",
				       .stressed = "pued",
				       .preterite = "pude pudiste pudo pudimos pudieron",
				       .future = "podr",
				       .gerund = "pudiendo"};
const heed__conjugation heed__querer = {.infinitive = "querer",
					.stressed = "quier",
					.preterite = "quise quisiste quiso quisimos quisieron",
					.future = "querr"};
const heed__conjugation heed__necesitar = {.infinitive = "necesitar"};
const heed__conjugation heed__gustar = {.infinitive = "gustar"};
const heed__conjugation heed__creer = {.infinitive = "creer",
				       .preterite = "creí creíste creyó creímos creyeron",
				       .gerund = "creyendo",
				       .participle = "creído"};
const heed__conjugation heed__saber = {.infinitive = "saber",
				       .present = "sé sabes sabe sabemos saben",
				       .preterite = "supe supiste supo supimos supieron",
				       .future = "sabr"};
const heed__conjugation heed__decir = {.infinitive = "decir",
				       .present = "digo dices dice decimos dicen",
				       .preterite = "dije dijiste dijo dijimos dijeron",
				       .future = "dir",
				       .gerund = "diciendo",
				       .participle = "dicho"};

static const heed__conjugation abrir = {.infinitive = "abrir", .participle = "abierto"};
static const heed__conjugation amar = {.infinitive = "amar"};
static const heed__conjugation aprender = {.infinitive = "aprender"};
static const heed__conjugation ayudar = {.infinitive = "ayudar"};
static const heed__conjugation bailar = {.infinitive = "bailar"};
static const heed__conjugation beber = {.infinitive = "beber"};
static const heed__conjugation buscar = {.infinitive = "buscar",
					 .preterite = "busqué buscaste buscó buscamos buscaron"};
static const heed__conjugation caminar = {.infinitive = "caminar"};
static const heed__conjugation cantar = {.infinitive = "cantar"};
static const heed__conjugation cerrar = {.infinitive = "cerrar", .stressed = "cierr"};
static const heed__conjugation cocinar = {.infinitive = "cocinar"};
static const heed__conjugation comer = {.infinitive = "comer"};
static const heed__conjugation comprar = {.infinitive = "comprar"};
static const heed__conjugation conducir = {.infinitive = "conducir",
					   .present = "conduzco conduces conduce conducimos conducen",
					   .preterite = "conduje condujiste condujo condujimos condujeron"};
static const heed__conjugation conocer = {.infinitive = "conocer",
					  .present = "conozco conoces conoce conocemos conocen"};
static const heed__conjugation construir = {
	.infinitive = "construir",
	.present = "construyo construyes construye construimos construyen",
	.preterite = "construí construiste construyó construimos construyeron",
	.gerund = "construyendo"};
static const heed__conjugation correr = {.infinitive = "correr"};
static const heed__conjugation dar = {
	.infinitive = "dar", .present = "doy das da damos dan", .preterite = "di diste dio dimos dieron"};
static const heed__conjugation dibujar = {.infinitive = "dibujar"};
static const heed__conjugation dormir = {.infinitive = "dormir",
					 .stressed = "duerm",
					 .preterite = "dormí dormiste durmió dormimos durmieron",
					 .gerund = "durmiendo"};
static const heed__conjugation encontrar = {.infinitive = "encontrar", .stressed = "encuentr"};
static const heed__conjugation ensenar = {.infinitive = "enseñar"};
static const heed__conjugation entender = {.infinitive = "entender", .stressed = "entiend"};
static const heed__conjugation enviar = {.infinitive = "enviar",
					 .present = "envío envías envía enviamos envían"};
static const heed__conjugation escribir = {.infinitive = "escribir", .participle = "escrito"};
static const heed__conjugation escuchar = {.infinitive = "escuchar"};
static const heed__conjugation esperar = {.infinitive = "esperar"};
static const heed__conjugation estudiar = {.infinitive = "estudiar"};
static const heed__conjugation ganar = {.infinitive = "ganar"};
static const heed__conjugation hablar = {.infinitive = "hablar"};
static const heed__conjugation hacer = {.infinitive = "hacer",
					.present = "hago haces hace hacemos hacen",
					.preterite = "hice hiciste hizo hicimos hicieron",
					.future = "har",
					.participle = "hecho"};
static const heed__conjugation jugar = {
	.infinitive = "jugar", .stressed = "jueg", .preterite = "jugué jugaste jugó jugamos jugaron"};
static const heed__conjugation lavar = {.infinitive = "lavar"};
static const heed__conjugation leer = {.infinitive = "leer",
				       .preterite = "leí leíste leyó leímos leyeron",
				       .gerund = "leyendo",
				       .participle = "leído"};
static const heed__conjugation levantar = {.infinitive = "levantar"};
static const heed__conjugation llamar = {.infinitive = "llamar"};
static const heed__conjugation llegar = {.infinitive = "llegar",
					 .preterite = "llegué llegaste llegó llegamos llegaron"};
static const heed__conjugation llevar = {.infinitive = "llevar"};
static const heed__conjugation llorar = {.infinitive = "llorar"};
static const heed__conjugation mostrar = {.infinitive = "mostrar", .stressed = "muestr"};
static const heed__conjugation nadar = {.infinitive = "nadar"};
static const heed__conjugation oir = {.infinitive = "oír",
				      .present = "oigo oyes oye oímos oyen",
				      .preterite = "oí oíste oyó oímos oyeron",
				      .future = "oir",
				      .gerund = "oyendo",
				      .participle = "oído"};
static const heed__conjugation pedir = {.infinitive = "pedir",
					.stressed = "pid",
					.preterite = "pedí pediste pidió pedimos pidieron",
					.gerund = "pidiendo"};
static const heed__conjugation perder = {.infinitive = "perder", .stressed = "pierd"};
static const heed__conjugation romper = {.infinitive = "romper", .participle = "roto"};
static const heed__conjugation salir = {
	.infinitive = "salir", .present = "salgo sales sale salimos salen", .future = "saldr"};
static const heed__conjugation tocar = {.infinitive = "tocar",
					.preterite = "toqué tocaste tocó tocamos tocaron"};
static const heed__conjugation trabajar = {.infinitive = "trabajar"};
static const heed__conjugation traer = {.infinitive = "traer",
					.present = "traigo traes trae traemos traen",
					.preterite = "traje trajiste trajo trajimos trajeron",
					.gerund = "trayendo",
					.participle = "traído"};
static const heed__conjugation vender = {.infinitive = "vender"};
static const heed__conjugation venir = {.infinitive = "venir",
					.present = "vengo vienes viene venimos vienen",
					.preterite = "vine viniste vino vinimos vinieron",
					.future = "vendr",
					.gerund = "viniendo"};
static const heed__conjugation ver = {.infinitive = "ver",
				      .present = "veo ves ve vemos ven",
				      .preterite = "vi viste vio vimos vieron",
				      .imperfect = "veía veías veía veíamos veían",
				      .participle = "visto"};
static const heed__conjugation viajar = {.infinitive = "viajar"};
static const heed__conjugation visitar = {.infinitive = "visitar"};
static const heed__conjugation vivir = {.infinitive = "vivir"};
static const heed__conjugation volver = {.infinitive = "volver", .stressed = "vuelv", .participle = "vuelto"};

#define B(mood)     (1u << MOOD_##mood)
#define GOODS       (N_FOOD | N_DRINK | N_THING | N_CLOTHES | N_FURNITURE | N_VEHICLE | N_TEXT | N_INSTRUMENT)
#define NOT_DOING   (B(DOING) | B(WAS_DOING))
#define NOT_MEANT   (B(CAN) | B(WANT_TO) | B(WANTED_TO) | B(HAVE_TO) | B(HAD_TO) | B(NEED_TO))
#define ONLY(moods) (((1u << MOODS) - 1) & ~(moods))

const heed__verb heed__verbs[] = {

	/* food and the house */
	{.english = "eat eats ate eaten eating",
	 .spanish = &comer,
	 .actors = N_ALIVE,
	 .objects = N_FOOD,
	 .manners = M_AMOUNT | M_SPEED,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_MEALS | N_OUTSIDE | N_QUIET,
	 .flags = V_ALONE | V_WITH,
	 .weight = 4},
	{.english = "drink drinks drank drunk drinking",
	 .spanish = &beber,
	 .actors = N_ALIVE,
	 .objects = N_DRINK,
	 .lacks = B(FUTURE),
	 .weight = 3},
	{.english = "cook cooks cooked cooked cooking",
	 .spanish = &cocinar,
	 .actors = N_SOMEBODY,
	 .objects = N_COOKED,
	 .lacks = B(FUTURE),
	 .manners = M_QUALITY | M_AMOUNT,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_MEALS,
	 .flags = V_MATTERS | V_ALONE | V_WITH | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "make makes made made making",
	 .spanish = &hacer,
	 .actors = N_SOMEBODY,
	 .objects = N_HOMEMADE,
	 .flags = V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "ask asks asked asked asking",
	 .spanish = &pedir,
	 .actors = N_SOMEBODY,
	 .objects = N_FOOD | N_DRINK | N_MONEY,
	 .lacks = B(FUTURE),
	 .particle = "for",
	 .weight = 3},
	{.english = "wash washes washed washed washing",
	 .spanish = &lavar,
	 .actors = N_SOMEBODY,
	 .objects = N_CLOTHES | N_VEHICLE,
	 .lacks = B(FUTURE),
	 .flags = V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "open opens opened opened opening",
	 .spanish = &abrir,
	 .actors = N_SOMEBODY,
	 .objects = N_OPENING,
	 .lacks = B(FUTURE),
	 .weight = 3},
	{.english = "close closes closed closed closing",
	 .spanish = &cerrar,
	 .actors = N_SOMEBODY,
	 .objects = N_OPENING,
	 .lacks = B(FUTURE),
	 .flags = V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "break breaks broke broken breaking",
	 .spanish = &romper,
	 .actors = N_ALIVE,
	 .objects = N_BREAKABLE,
	 .lacks = B(FUTURE) | NOT_MEANT | NOT_DOING,
	 .flags = V_MATTERS,
	 .weight = 3},
	{.english = "build builds built built building",
	 .spanish = &construir,
	 .actors = N_SOMEBODY,
	 .objects = N_BUILDING,
	 .lacks = B(FUTURE),
	 .flags = V_NEW_OBJECT | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "draw draws drew drawn drawing",
	 .spanish = &dibujar,
	 .actors = N_SOMEBODY,
	 .objects = N_ANIMAL | N_BUILDING,
	 .lacks = B(FUTURE),
	 .manners = M_QUALITY,
	 .flags = V_ALONE | V_NO_PERSONAL_A | V_NEW_OBJECT | V_NAMED_OBJECT,
	 .weight = 3},

	/* having, finding, buying */
	{.english = "have has had had having",
	 .spanish = &heed__tener,
	 .actors = N_SOMEBODY,
	 .objects = GOODS | N_KIN | N_PET | N_MONEY | N_THOUGHT,
	 .lacks = ONLY(B(PRESENT) | B(PAST) | B(FUTURE)),
	 .flags = V_TIMELESS | V_IMPERFECT | V_NO_PERSONAL_A | V_NEW_OBJECT | V_NAMED_OBJECT,
	 .weight = 4},
	{.english = "want wants wanted wanted wanting",
	 .spanish = &heed__querer,
	 .actors = N_SOMEBODY,
	 .objects = GOODS | N_MONEY,
	 .lacks = ONLY(B(PRESENT) | B(PAST)),
	 .flags = V_IMPERFECT | V_NO_PERSONAL_A | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "need needs needed needed needing",
	 .spanish = &heed__necesitar,
	 .actors = N_SOMEBODY,
	 .objects = GOODS | N_MONEY,
	 .lacks = ONLY(B(PRESENT) | B(PAST) | B(FUTURE)),
	 .flags = V_IMPERFECT | V_NO_PERSONAL_A | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "buy buys bought bought buying",
	 .spanish = &comprar,
	 .actors = N_SOMEBODY,
	 .objects = GOODS,
	 .where = W_MAY_BE_AT,
	 .places = N_SHOP | N_TOWN,
	 .weight = 4},
	{.english = "sell sells sold sold selling",
	 .spanish = &vender,
	 .actors = N_SOMEBODY,
	 .objects = GOODS,
	 .lacks = B(FUTURE),
	 .weight = 3},
	{.english = "find finds found found finding",
	 .spanish = &encontrar,
	 .actors = N_ALIVE,
	 .objects = N_THING | N_ANIMAL | N_PERSON | N_CLOTHES,
	 .lacks = B(FUTURE) | NOT_DOING,
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .weight = 3},
	{.english = "look looks looked looked looking",
	 .spanish = &buscar,
	 .actors = N_ALIVE,
	 .objects = N_THING | N_ANIMAL | N_SOMEBODY | N_CLOTHES,
	 .lacks = B(FUTURE),
	 .flags = V_NAMED_OBJECT,
	 .particle = "for",
	 .weight = 3},
	{.english = "lose loses lost lost losing",
	 .spanish = &perder,
	 .actors = N_SOMEBODY,
	 .objects = N_THING | N_CLOTHES | N_MONEY,
	 .lacks = B(FUTURE) | NOT_MEANT | NOT_DOING,
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .flags = V_MATTERS,
	 .weight = 3},
	{.english = "wear wears wore worn wearing",
	 .spanish = &llevar,
	 .actors = N_SOMEBODY,
	 .objects = N_CLOTHES,
	 .lacks = B(FUTURE) | NOT_DOING | B(DONE),
	 .flags = V_IMPERFECT | V_NAMED_OBJECT,
	 .weight = 3},

	/* between people */
	{.english = "give gives gave given giving",
	 .spanish = &dar,
	 .actors = N_SOMEBODY,
	 .objects = N_FOOD | N_DRINK | N_THING | N_GIFT | N_MONEY,
	 .flags = V_TO_SOMEBODY,
	 .weight = 4},
	{.english = "send sends sent sent sending",
	 .spanish = &enviar,
	 .actors = N_SOMEBODY,
	 .objects = N_WRITTEN | N_GIFT | N_MONEY,
	 .lacks = B(FUTURE),
	 .flags = V_MAY_BE_TO,
	 .weight = 3},
	{.english = "show shows showed shown showing",
	 .spanish = &mostrar,
	 .actors = N_SOMEBODY,
	 .objects = N_THING | N_TEXT | N_GIFT | N_BUILDING,
	 .lacks = B(FUTURE),
	 .flags = V_TO_SOMEBODY,
	 .weight = 3},
	{.english = "bring brings brought brought bringing",
	 .spanish = &traer,
	 .actors = N_SOMEBODY,
	 .objects = N_FOOD | N_DRINK | N_THING | N_GIFT,
	 .lacks = B(FUTURE),
	 .flags = V_MAY_BE_TO,
	 .weight = 3},
	{.english = "teach teaches taught taught teaching",
	 .spanish = &ensenar,
	 .actors = N_SOMEBODY,
	 .objects = N_LEARNT,
	 .lacks = B(FUTURE),
	 .flags = V_MAY_BE_TO | V_NO_PRONOUN,
	 .weight = 3},
	{.english = "love loves loved loved loving",
	 .spanish = &amar,
	 .actors = N_SOMEBODY,
	 .objects = N_KIN,
	 .lacks = ONLY(B(PRESENT) | B(PAST)),
	 .manners = M_AMOUNT,
	 .flags = V_IMPERFECT | V_TIMELESS,
	 .weight = 4},
	{.english = "help helps helped helped helping",
	 .spanish = &ayudar,
	 .actors = N_SOMEBODY,
	 .objects = N_SOMEBODY,
	 .manners = M_AMOUNT,
	 .flags = V_MATTERS,
	 .weight = 4},
	{.english = "know knows knew known knowing",
	 .spanish = &conocer,
	 .actors = N_SOMEBODY,
	 .objects = N_SOMEBODY,
	 .lacks = ONLY(B(PRESENT) | B(PAST)),
	 .manners = M_WELL,
	 .flags = V_IMPERFECT | V_TIMELESS,
	 .weight = 3},
	{.english = "call calls called called calling",
	 .spanish = &llamar,
	 .actors = N_SOMEBODY,
	 .objects = N_SOMEBODY,
	 .weight = 3},
	{.english = "visit visits visited visited visiting",
	 .spanish = &visitar,
	 .actors = N_SOMEBODY,
	 .objects = N_SOMEBODY,
	 .flags = V_MATTERS,
	 .weight = 3},
	{.english = "wait waits waited waited waiting",
	 .spanish = &esperar,
	 .actors = N_ALIVE,
	 .objects = N_SOMEBODY | N_TRANSPORT,
	 .lacks = B(FUTURE),
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .particle = "for",
	 .weight = 3},
	{.english = "see sees saw seen seeing",
	 .spanish = &ver,
	 .actors = N_ALIVE,
	 .objects = N_ALIVE | N_THING | N_VEHICLE | N_TRANSPORT,
	 .lacks = NOT_DOING,
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .weight = 4},
	{.english = "hear hears heard heard hearing",
	 .spanish = &oir,
	 .actors = N_ALIVE,
	 .objects = N_ANIMAL | N_SONG | N_MUSIC | N_TRANSPORT,
	 .lacks = B(FUTURE) | NOT_DOING,
	 .flags = V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "listen listens listened listened listening",
	 .spanish = &escuchar,
	 .actors = N_SOMEBODY,
	 .objects = N_SOMEBODY | N_SONG | N_MUSIC,
	 .lacks = B(FUTURE),
	 .particle = "to",
	 .weight = 3},

	/* words, music, play */
	{.english = "read reads read read reading",
	 .spanish = &leer,
	 .actors = N_SOMEBODY,
	 .objects = N_TEXT,
	 .manners = M_AMOUNT | M_SPEED | M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_QUIET | N_OUTSIDE,
	 .flags = V_ALONE | V_SAME_PAST,
	 .weight = 4},
	{.english = "write writes wrote written writing",
	 .spanish = &escribir,
	 .actors = N_SOMEBODY,
	 .objects = N_WRITTEN,
	 .manners = M_AMOUNT | M_SPEED | M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_QUIET | N_WORKPLACE,
	 .flags = V_ALONE | V_MAY_BE_TO,
	 .weight = 4},
	{.english = "watch watches watched watched watching",
	 .spanish = &ver,
	 .actors = N_SOMEBODY,
	 .objects = N_FILM,
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .flags = V_WITH | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "speak speaks spoke spoken speaking",
	 .spanish = &hablar,
	 .actors = N_SOMEBODY,
	 .objects = N_LANGUAGE,
	 .manners = M_QUALITY,
	 .flags = V_NO_PRONOUN,
	 .weight = 3},
	{.english = "talk talks talked talked talking",
	 .spanish = &hablar,
	 .actors = N_SOMEBODY,
	 .manners = M_AMOUNT | M_SPEED,
	 .where = W_MAY_BE_AT,
	 .places = N_PLACE,
	 .flags = V_WITH,
	 .weight = 3},
	{.english = "learn learns learned learned learning",
	 .spanish = &aprender,
	 .actors = N_SOMEBODY,
	 .objects = N_LEARNT,
	 .lacks = B(FUTURE),
	 .manners = M_SPEED,
	 .where = W_MAY_BE_AT,
	 .places = N_QUIET,
	 .flags = V_NO_PRONOUN,
	 .weight = 3},
	{.english = "study studies studied studied studying",
	 .spanish = &estudiar,
	 .actors = N_SOMEBODY,
	 .objects = N_LEARNT,
	 .lacks = B(FUTURE),
	 .manners = M_AMOUNT,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_QUIET,
	 .flags = V_MATTERS | V_ALONE | V_NO_PRONOUN | V_WITH,
	 .weight = 3},
	{.english = "understand understands understood understood understanding",
	 .spanish = &entender,
	 .actors = N_SOMEBODY,
	 .objects = N_THOUGHT | N_SOMEBODY | N_WRITTEN,
	 .lacks = B(FUTURE) | NOT_DOING,
	 .manners = M_WELL,
	 .weight = 3},
	{.english = "sing sings sang sung singing",
	 .spanish = &cantar,
	 .actors = N_SOMEBODY,
	 .objects = N_SONG,
	 .manners = M_QUALITY | M_AMOUNT,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_QUIET | N_MEALS | N_OUTSIDE,
	 .flags = V_ALONE | V_WITH | V_NAMED_OBJECT,
	 .weight = 4},
	{.english = "play plays played played playing",
	 .spanish = &tocar,
	 .actors = N_SOMEBODY,
	 .objects = N_INSTRUMENT,
	 .manners = M_QUALITY,
	 .flags = V_NO_PRONOUN,
	 .weight = 3},
	{.english = "play plays played played playing",
	 .spanish = &jugar,
	 .actors = N_SOMEBODY,
	 .objects = N_SPORT,
	 .manners = M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_OUTSIDE | N_HOME | N_QUIET,
	 .flags = V_MATTERS | V_NO_PRONOUN | V_WITH,
	 .link = "a",
	 .weight = 3},
	{.english = "play plays played played playing",
	 .spanish = &jugar,
	 .actors = N_ALIVE,
	 .manners = M_AMOUNT,
	 .where = W_IS_AT,
	 .places = N_OUTSIDE | N_HOME | N_QUIET,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 3},

	/* on the way */
	{.english = "go goes went gone going",
	 .spanish = &heed__ir,
	 .actors = N_ALIVE,
	 .lacks = NOT_DOING,
	 .where = W_GOES_TO,
	 .places = N_PLACE,
	 .flags = V_WITH,
	 .weight = 4},
	{.english = "come comes came come coming",
	 .spanish = &venir,
	 .actors = N_ALIVE,
	 .lacks = NOT_DOING,
	 .manners = M_HOUR,
	 .where = W_COMES_FROM,
	 .places = N_PLACE,
	 .flags = V_WITH,
	 .weight = 3},
	{.english = "walk walks walked walked walking",
	 .spanish = &caminar,
	 .actors = N_ALIVE,
	 .lacks = B(FUTURE),
	 .manners = M_SPEED | M_AMOUNT,
	 .where = W_MAY_GO_TO,
	 .places = N_PLACE,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 3},
	{.english = "run runs ran run running",
	 .spanish = &correr,
	 .actors = N_ALIVE,
	 .lacks = B(FUTURE),
	 .manners = M_SPEED | M_AMOUNT,
	 .where = W_MAY_BE_AT,
	 .places = N_OUTSIDE,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 4},
	{.english = "arrive arrives arrived arrived arriving",
	 .spanish = &llegar,
	 .actors = N_SOMEBODY | N_TRANSPORT,
	 .lacks = NOT_MEANT,
	 .manners = M_HOUR,
	 .weight = 3},
	{.english = "leave leaves left left leaving",
	 .spanish = &salir,
	 .actors = N_SOMEBODY,
	 .objects = N_BUILDING,
	 .lacks = B(FUTURE),
	 .manners = M_HOUR,
	 .flags = V_NO_PRONOUN | V_NAMED_OBJECT,
	 .link = "de",
	 .weight = 3},
	{.english = "return returns returned returned returning",
	 .spanish = &volver,
	 .actors = N_SOMEBODY,
	 .manners = M_HOUR,
	 .where = W_GOES_TO,
	 .places = N_PLACE,
	 .flags = V_WITH,
	 .weight = 3},
	{.english = "travel travels traveled traveled traveling",
	 .spanish = &viajar,
	 .actors = N_SOMEBODY,
	 .manners = M_AMOUNT,
	 .where = W_MAY_GO_TO,
	 .places = N_TOWN | N_WATERSIDE,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 3},
	{.english = "drive drives drove driven driving",
	 .spanish = &conducir,
	 .actors = N_SOMEBODY,
	 .objects = N_VEHICLE,
	 .lacks = B(FUTURE),
	 .manners = M_SPEED | M_QUALITY,
	 .flags = V_MATTERS | V_ALONE | V_NAMED_OBJECT,
	 .weight = 3},
	{.english = "swim swims swam swum swimming",
	 .spanish = &nadar,
	 .actors = N_ALIVE,
	 .lacks = B(FUTURE),
	 .manners = M_SPEED | M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_WATERSIDE,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 3},

	/* the day */
	{.english = "get gets got gotten getting",
	 .spanish = &levantar,
	 .actors = N_SOMEBODY,
	 .lacks = B(FUTURE),
	 .manners = M_HOUR,
	 .flags = V_REFLEXIVE,
	 .particle = "up",
	 .weight = 3},
	{.english = "sleep sleeps slept slept sleeping",
	 .spanish = &dormir,
	 .actors = N_ALIVE,
	 .manners = M_AMOUNT | M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_STAY | N_HOME | N_OUTSIDE,
	 .flags = V_MATTERS,
	 .weight = 4},
	{.english = "work works worked worked working",
	 .spanish = &trabajar,
	 .actors = N_SOMEBODY,
	 .manners = M_AMOUNT | M_QUALITY | M_SPEED,
	 .where = W_MAY_BE_AT,
	 .places = N_WORKPLACE | N_TOWN | N_HOME,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 4},
	{.english = "live lives lived lived living",
	 .spanish = &vivir,
	 .actors = N_ALIVE,
	 .lacks = NOT_DOING | B(DONE),
	 .where = W_IS_AT,
	 .places = N_TOWN | N_STAY,
	 .flags = V_IMPERFECT | V_WITH | V_TIMELESS,
	 .weight = 4},
	{.english = "dance dances danced danced dancing",
	 .spanish = &bailar,
	 .actors = N_SOMEBODY,
	 .manners = M_AMOUNT | M_QUALITY,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_MEALS | N_OUTSIDE,
	 .flags = V_MATTERS | V_WITH,
	 .weight = 3},
	{.english = "cry cries cried cried crying",
	 .spanish = &llorar,
	 .actors = N_SOMEBODY,
	 .lacks = B(FUTURE) | NOT_MEANT,
	 .manners = M_AMOUNT,
	 .where = W_MAY_BE_AT,
	 .places = N_HOME | N_QUIET | N_OUTSIDE,
	 .weight = 3},
	{.english = "win wins won won winning",
	 .spanish = &ganar,
	 .actors = N_SOMEBODY,
	 .manners = M_AMOUNT,
	 .flags = V_MATTERS,
	 .weight = 3},
};
const int heed__verb_count = sizeof heed__verbs / sizeof heed__verbs[0];

const char *heed__phrases_form(const char *forms, int k, size_t *len)
{
	const char *blank;

	while (k-- > 0 && (blank = strchr(forms, ' ')))
		forms = blank + 1;
	blank = strchr(forms, ' ');
	*len = blank ? (size_t)(blank - forms) : strlen(forms);
	return forms;
}

/* The stem of an infinitive, and which of the three conjugations it has: 0 -ar, 1 -er, 2 -ir. */
static size_t stem_of(const char *infinitive, int *conjugation)
{
	const size_t n = strlen(infinitive) - 1; /* without the r */

	*conjugation = infinitive[n - 1] == 'a' ? 0 : infinitive[n - 1] == 'e' ? 1 : 2;
	return (infinitive[n - 1] & 0x80) ? n - 2 : n - 1; /* oir is written with an accent, two bytes */
}

/* out = a b, as much of it as fits */
static void join(const char *a, size_t a_len, const char *b, size_t b_len, char *out, size_t size)
{
	if (a_len > size - 1)
		a_len = size - 1;
	if (b_len > size - 1 - a_len)
		b_len = size - 1 - a_len;
	memcpy(out, a, a_len);
	memcpy(out + a_len, b, b_len);
	out[a_len + b_len] = 0;
}

/* out = stem and the k-th of the endings */
static void append(const char *stem, size_t stem_len, const char *endings, int k, char *out, size_t size)
{
	size_t len;
	const char *ending = heed__phrases_form(endings, k, &len);

	join(stem, stem_len, ending, len, out, size);
}

void heed__phrases_conjugate(const heed__conjugation *verb, enum heed__spanish_tense tense,
			     enum heed__person person, char *out, size_t size)
{
	static const char *const present[3] = {"o as a amos an", "o es e emos en", "o es e imos en"};
	static const char *const preterite[3] = {"é aste ó amos aron", "í iste ió imos ieron",
						 "í iste ió imos ieron"};
	static const char *const imperfect[3] = {"aba abas aba ábamos aban", "ía ías ía íamos ían",
						 "ía ías ía íamos ían"};
	static const char *const future = "é ás á emos án";
	const char *const irregular[] = {verb->present, verb->preterite, verb->imperfect, NULL};
	int conjugation;
	const size_t stem = stem_of(verb->infinitive, &conjugation);

	if (tense == FUTURE) {
		const char *base = verb->future ? verb->future : verb->infinitive;

		append(base, strlen(base), future, (int)person, out, size);
	} else if (irregular[tense]) {
		append("", 0, irregular[tense], (int)person, out, size);
	} else if (tense == PRESENT && verb->stressed && person != WE) {
		append(verb->stressed, strlen(verb->stressed), present[conjugation], (int)person, out, size);
	} else {
		const char *const *endings = tense == PRESENT     ? present
					     : tense == PRETERITE ? preterite
								  : imperfect;

		append(verb->infinitive, stem, endings[conjugation], (int)person, out, size);
	}
}

void heed__phrases_nonfinite(const heed__conjugation *verb, enum heed__spanish_form form, char *out,
			     size_t size)
{
	const char *irregular = form == GERUND ? verb->gerund : form == PARTICIPLE ? verb->participle : NULL;
	int conjugation;
	const size_t stem = stem_of(verb->infinitive, &conjugation);

	if (form == INFINITIVE)
		join(verb->infinitive, strlen(verb->infinitive), "", 0, out, size);
	else if (irregular)
		join(irregular, strlen(irregular), "", 0, out, size);
	else if (form == GERUND)
		append(verb->infinitive, stem, "ando iendo iendo", conjugation, out, size);
	else
		append(verb->infinitive, stem, "ado ido ido", conjugation, out, size);
}

void heed__phrases_agree(const char *forms, bool feminine, bool plural, char *out, size_t size)
{
	const size_t n = strlen(forms);

	if (strchr(forms, ' '))
		append("", 0, forms, 2 * plural + feminine, out, size);
	else if (forms[n - 1] == 'o')
		append(forms, n - 1, "o a os as", 2 * plural + feminine, out, size);
	else
		append(forms, n, strchr("ae", forms[n - 1]) ? " s" : " es", plural, out, size);
}
