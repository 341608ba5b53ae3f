/* Nouns, adjectives and the small words of the phrase corpus. */
#include "data/phrases_words.h"

#define F           NOUN_FEMININE
#define COUNT_OF(a) ((int)(sizeof(a) / sizeof(a)[0]))

const heed__noun heed__nouns[] = {
	/* people */
	{"man men", "hombre hombres", N_PERSON, 0},
	{"woman women", "mujer mujeres", N_PERSON, F},
	{"boy boys", "niño niños", N_PERSON, 0},
	{"girl girls", "niña niñas", N_PERSON, F},
	{"doctor doctors", "médico médicos", N_PERSON, 0},
	{"teacher teachers", "profesor profesores", N_PERSON, 0},
	{"student students", "estudiante estudiantes", N_PERSON, 0},
	{"nurse nurses", "enfermera enfermeras", N_PERSON, F},
	{"farmer farmers", "granjero granjeros", N_PERSON, 0},
	{"king kings", "rey reyes", N_PERSON, 0},
	{"queen queens", "reina reinas", N_PERSON, F},
	{"children", "niños", N_PERSON, NOUN_MANY},
	{"friend friends", "amigo amigos", N_KIN, 0},
	{"neighbor neighbors", "vecino vecinos", N_KIN, 0},
	{"brother brothers", "hermano hermanos", N_KIN, 0},
	{"sister sisters", "hermana hermanas", N_KIN, F},
	{"son sons", "hijo hijos", N_KIN, 0},
	{"daughter daughters", "hija hijas", N_KIN, F},
	{"cousin cousins", "primo primos", N_KIN, 0},
	{"uncle uncles", "tío tíos", N_KIN, 0},
	{"aunt aunts", "tía tías", N_KIN, F},
	{"mother", "madre", N_KIN, F | NOUN_ONE},
	{"father", "padre", N_KIN, NOUN_ONE},
	{"parents", "padres", N_KIN, NOUN_MANY},
	{"grandmother", "abuela", N_KIN, F | NOUN_ONE},
	{"grandfather", "abuelo", N_KIN, NOUN_ONE},
	{"husband", "esposo", N_KIN, NOUN_ONE | NOUN_SPOUSE},
	{"wife", "esposa", N_KIN, F | NOUN_ONE | NOUN_SPOUSE},

	/* animals */
	{"dog dogs", "perro perros", N_ANIMAL | N_PET, 0},
	{"cat cats", "gato gatos", N_ANIMAL | N_PET, 0},
	{"horse horses", "caballo caballos", N_ANIMAL | N_PET, 0},
	{"bird birds", "pájaro pájaros", N_ANIMAL | N_PET, 0},
	{"cow cows", "vaca vacas", N_ANIMAL | N_PET, F},
	{"rabbit rabbits", "conejo conejos", N_ANIMAL | N_PET, 0},
	{"mouse mice", "ratón ratones", N_ANIMAL, NOUN_COMMON},
	{"bear bears", "oso osos", N_ANIMAL, NOUN_COMMON},
	{"wolf wolves", "lobo lobos", N_ANIMAL, NOUN_COMMON},
	{"duck ducks", "pato patos", N_ANIMAL | N_PET, 0},
	{"turtle turtles", "tortuga tortugas", N_ANIMAL | N_PET, F},
	{"elephant elephants", "elefante elefantes", N_ANIMAL, NOUN_COMMON},

	/* food and drink */
	{"apple apples", "manzana manzanas", N_FOOD, F},
	{"orange oranges", "naranja naranjas", N_FOOD, F},
	{"tomato tomatoes", "tomate tomates", N_FOOD, 0},
	{"potato potatoes", "papa papas", N_FOOD | N_COOKED, F},
	{"egg eggs", "huevo huevos", N_FOOD | N_COOKED, 0},
	{"cake cakes", "pastel pasteles", N_HOMEMADE | N_FOOD | N_COOKED | N_GIFT, 0},
	{"sandwich sandwiches", "sándwich sándwiches", N_HOMEMADE | N_FOOD, 0},
	{"cookie cookies", "galleta galletas", N_HOMEMADE | N_FOOD, F},
	{"bread", "pan", N_HOMEMADE | N_FOOD | N_COOKED, NOUN_MASS},
	{"meat", "carne", N_FOOD | N_COOKED, F | NOUN_MASS},
	{"fish", "pescado", N_FOOD | N_COOKED, NOUN_MASS},
	{"rice", "arroz", N_FOOD | N_COOKED, NOUN_MASS},
	{"cheese", "queso", N_FOOD, NOUN_MASS},
	{"soup", "sopa", N_HOMEMADE | N_FOOD | N_COOKED, F | NOUN_MASS},
	{"fruit", "fruta", N_FOOD, F | NOUN_MASS},
	{"water", "agua", N_DRINK, F | NOUN_MASS | NOUN_STRESSED_A},
	{"milk", "leche", N_DRINK, F | NOUN_MASS},
	{"coffee", "café", N_HOMEMADE | N_DRINK, NOUN_MASS},
	{"tea", "té", N_HOMEMADE | N_DRINK, NOUN_MASS},
	{"juice", "jugo", N_HOMEMADE | N_DRINK, NOUN_MASS},
	{"wine", "vino", N_DRINK, NOUN_MASS},
	{"beer", "cerveza", N_DRINK, F | NOUN_MASS},

	/* things */
	{"book books", "libro libros", N_TEXT | N_WRITTEN | N_THING | N_GIFT, 0},
	{"letter letters", "carta cartas", N_TEXT | N_WRITTEN, F},
	{"message messages", "mensaje mensajes", N_TEXT | N_WRITTEN, 0},
	{"poem poems", "poema poemas", N_TEXT | N_WRITTEN, 0},
	{"story stories", "cuento cuentos", N_TEXT | N_WRITTEN, 0},
	{"newspaper newspapers", "periódico periódicos", N_TEXT, 0},
	{"key keys", "llave llaves", N_THING, F},
	{"phone phones", "teléfono teléfonos", N_THING | N_GIFT | N_BREAKABLE, 0},
	{"bag bags", "bolsa bolsas", N_THING | N_HOLDER | N_OPENING, F},
	{"box boxes", "caja cajas", N_THING | N_HOLDER | N_OPENING, F},
	{"pencil pencils", "lápiz lápices", N_THING, 0},
	{"watch watches", "reloj relojes", N_THING | N_GIFT | N_BREAKABLE, 0},
	{"ball balls", "pelota pelotas", N_THING, F},
	{"map maps", "mapa mapas", N_THING, 0},
	{"photo photos", "foto fotos", N_THING | N_GIFT, F},
	{"ring rings", "anillo anillos", N_THING | N_GIFT, 0},
	{"ticket tickets", "boleto boletos", N_THING, 0},
	{"flower flowers", "flor flores", N_GIFT, F},
	{"gift gifts", "regalo regalos", N_THING | N_GIFT, 0},
	{"cup cups", "taza tazas", N_THING | N_BREAKABLE, F},
	{"plate plates", "plato platos", N_THING | N_BREAKABLE, 0},
	{"bottle bottles", "botella botellas", N_THING | N_BREAKABLE | N_OPENING, F},
	{"computer computers", "computadora computadoras", N_THING | N_BREAKABLE, F},
	{"money", "dinero", N_MONEY, NOUN_MASS},
	{"table tables", "mesa mesas", N_FURNITURE | N_SURFACE | N_CLEANED, F},
	{"chair chairs", "silla sillas", N_FURNITURE | N_SURFACE | N_BREAKABLE, F},
	{"bed beds", "cama camas", N_FURNITURE | N_SURFACE, F},
	{"door doors", "puerta puertas", N_OPENING | N_CLEANED, F},
	{"window windows", "ventana ventanas", N_OPENING | N_CLEANED | N_BREAKABLE, F},
	{"shirt shirts", "camisa camisas", N_CLOTHES, F},
	{"dress dresses", "vestido vestidos", N_CLOTHES, 0},
	{"skirt skirts", "falda faldas", N_CLOTHES, F},
	{"hat hats", "sombrero sombreros", N_CLOTHES | N_GIFT, 0},
	{"shoe shoes", "zapato zapatos", N_CLOTHES, 0},
	{"coat coats", "abrigo abrigos", N_CLOTHES, 0},
	{"car cars", "coche coches", N_VEHICLE, 0},
	{"truck trucks", "camión camiones", N_VEHICLE, 0},
	{"bicycle bicycles", "bicicleta bicicletas", N_THING | N_GIFT, F},
	{"train trains", "tren trenes", N_TRANSPORT, NOUN_COMMON},
	{"bus buses", "autobús autobuses", N_TRANSPORT, NOUN_COMMON},
	{"plane planes", "avión aviones", N_TRANSPORT, NOUN_COMMON},
	{"boat boats", "barco barcos", N_TRANSPORT, 0},
	{"guitar guitars", "guitarra guitarras", N_INSTRUMENT | N_THING | N_GIFT, F},
	{"piano pianos", "piano pianos", N_INSTRUMENT, 0},
	{"violin violins", "violín violines", N_INSTRUMENT | N_THING | N_GIFT, 0},

	/* places */
	{"house houses", "casa casas", N_HOME | N_STAY | N_BUILDING | N_CLEANED, F},
	{"kitchen kitchens", "cocina cocinas", N_HOME | N_CLEANED, F},
	{"garden gardens", "jardín jardines", N_HOME | N_OUTSIDE, 0},
	{"school schools", "escuela escuelas", N_QUIET | N_WORKPLACE | N_BUILDING, F},
	{"library libraries", "biblioteca bibliotecas", N_QUIET | N_WORKPLACE | N_BUILDING,
	 F | NOUN_AT | NOUN_COMMON},
	{"office offices", "oficina oficinas", N_WORKPLACE | N_CLEANED, F | NOUN_AT},
	{"hospital hospitals", "hospital hospitales", N_WORKPLACE | N_BUILDING, NOUN_COMMON},
	{"hotel hotels", "hotel hoteles", N_STAY | N_WORKPLACE | N_BUILDING, NOUN_AT | NOUN_COMMON},
	{"restaurant restaurants", "restaurante restaurantes", N_MEALS | N_WORKPLACE | N_BUILDING,
	 NOUN_AT | NOUN_COMMON},
	{"store stores", "tienda tiendas", N_SHOP | N_WORKPLACE | N_BUILDING | N_OPENING, F | NOUN_COMMON},
	{"market markets", "mercado mercados", N_SHOP | N_WORKPLACE, NOUN_AT | NOUN_COMMON},
	{"station stations", "estación estaciones", N_WORKPLACE, F | NOUN_AT | NOUN_COMMON},
	{"church churches", "iglesia iglesias", N_QUIET | N_BUILDING, F | NOUN_COMMON},
	{"park parks", "parque parques", N_OUTSIDE, NOUN_COMMON},
	{"street streets", "calle calles", N_OUTSIDE, F | NOUN_COMMON},
	{"forest forests", "bosque bosques", N_OUTSIDE, NOUN_COMMON},
	{"beach beaches", "playa playas", N_OUTSIDE | N_WATERSIDE, F | NOUN_AT | NOUN_COMMON},
	{"river rivers", "río ríos", N_WATERSIDE, NOUN_COMMON},
	{"lake lakes", "lago lagos", N_WATERSIDE, NOUN_COMMON},
	{"city cities", "ciudad ciudades", N_TOWN, F},
	{"village villages", "pueblo pueblos", N_TOWN, 0},

	/* songs, films, thoughts, lessons, games */
	{"song songs", "canción canciones", N_SONG, F},
	{"music", "música", N_MUSIC, F | NOUN_MASS},
	{"movie movies", "película películas", N_FILM, F},
	{"program programs", "programa programas", N_FILM, 0},
	{"question questions", "pregunta preguntas", N_THOUGHT, F},
	{"problem problems", "problema problemas", N_THOUGHT, 0},
	{"idea ideas", "idea ideas", N_THOUGHT, F},
	{"lesson lessons", "lección lecciones", N_THOUGHT, F},
	{"English", "inglés", N_LANGUAGE | N_LEARNT, NOUN_MASS | NOUN_BARE},
	{"Spanish", "español", N_LANGUAGE | N_LEARNT, NOUN_MASS | NOUN_BARE},
	{"French", "francés", N_LANGUAGE | N_LEARNT, NOUN_MASS | NOUN_BARE},
	{"history", "historia", N_LEARNT, F | NOUN_MASS | NOUN_BARE},
	{"soccer", "fútbol", N_SPORT, NOUN_MASS | NOUN_BARE},
	{"tennis", "tenis", N_SPORT, NOUN_MASS | NOUN_BARE},
	{"chess", "ajedrez", N_SPORT, NOUN_MASS | NOUN_BARE},
};
const int heed__noun_count = COUNT_OF(heed__nouns);

const heed__name heed__names[] = {
	{"Jack", "Jack", false},    {"Jill", "Jill", true},      {"Tom", "Tom", false},
	{"Emma", "Emma", true},     {"Carlos", "Carlos", false}, {"Maria", "María", true},
	{"Pablo", "Pablo", false},  {"Elena", "Elena", true},    {"David", "David", false},
	{"Isabel", "Isabel", true}, {"Oscar", "Óscar", false},   {"Lucia", "Lucía", true},
};
const int heed__name_count = COUNT_OF(heed__names);

const heed__phrase heed__cities[] = {
	{"Madrid", "Madrid", 0}, {"London", "Londres", 0}, {"Paris", "París", 0},    {"Rome", "Roma", 0},
	{"Spain", "España", 0},  {"Mexico", "México", 0},  {"France", "Francia", 0}, {"Italy", "Italia", 0},
};
const int heed__city_count = COUNT_OF(heed__cities);

#define OBJECTS                                                                                              \
	(N_THING | N_CLOTHES | N_FURNITURE | N_VEHICLE | N_TRANSPORT | N_GIFT | N_INSTRUMENT | N_OPENING)
#define READ_OR_SEEN (N_TEXT | N_FILM | N_LEARNT | N_LANGUAGE)

const heed__adjective heed__adjectives[] = {
	{"big", "grande", N_ANIMAL | OBJECTS | N_PLACE, COPULA_SER, "bigger", NULL, false},
	{"small", "pequeño", N_ANIMAL | OBJECTS | N_PLACE, COPULA_SER, "smaller", NULL, false},
	{"tall", "alto", N_SOMEBODY, COPULA_SER, "taller", NULL, false},
	{"long", "largo", N_TEXT | N_FILM | N_SONG, COPULA_SER, NULL, NULL, false},
	{"new", "nuevo", OBJECTS | N_BUILDING | READ_OR_SEEN | N_SONG, COPULA_SER, NULL, NULL, false},
	{"old", "viejo", N_PERSON | N_ANIMAL | OBJECTS | N_BUILDING, COPULA_SER, NULL, NULL, false},
	{"young", "joven joven jóvenes jóvenes", N_PERSON, COPULA_SER, NULL, NULL, false},
	{"beautiful", "hermoso", N_PERSON | N_ANIMAL | N_PLACE | N_CLOTHES | N_GIFT | N_SONG | N_MUSIC,
	 COPULA_SER, "more beautiful", NULL, false},
	{"ugly", "feo", N_ANIMAL | N_CLOTHES | N_FURNITURE | N_BUILDING, COPULA_SER, "uglier", NULL, false},
	{"red", "rojo", OBJECTS, COPULA_SER, NULL, NULL, true},
	{"white", "blanco", OBJECTS | N_ANIMAL | N_BUILDING, COPULA_SER, NULL, NULL, true},
	{"black", "negro", OBJECTS | N_ANIMAL, COPULA_SER, NULL, NULL, true},
	{"blue", "azul", OBJECTS, COPULA_SER, NULL, NULL, true},
	{"green", "verde", OBJECTS, COPULA_SER, NULL, NULL, true},
	{"yellow", "amarillo", OBJECTS, COPULA_SER, NULL, NULL, true},
	{"expensive", "caro", OBJECTS | N_FOOD | N_DRINK, COPULA_SER, "more expensive", NULL, false},
	{"cheap", "barato", OBJECTS | N_FOOD | N_DRINK, COPULA_SER, "cheaper", NULL, false},
	{"good", "bueno", N_PERSON | N_ANIMAL | READ_OR_SEEN | N_SONG | N_MUSIC | N_VEHICLE | N_THOUGHT,
	 COPULA_SER, NULL, "buen buena buenos buenas", false},
	{"bad", "malo", READ_OR_SEEN | N_SONG | N_MUSIC | N_THOUGHT, COPULA_SER, NULL, "mal mala malos malas",
	 false},
	{"interesting", "interesante", READ_OR_SEEN | N_THOUGHT | N_PLACE, COPULA_SER, NULL, NULL, false},
	{"boring", "aburrido", READ_OR_SEEN | N_SPORT | N_SONG | N_MUSIC, COPULA_SER, NULL, NULL, false},
	{"difficult", "difícil", N_THOUGHT | N_LEARNT | N_LANGUAGE | N_SPORT, COPULA_SER, NULL, NULL, false},
	{"easy", "fácil", N_THOUGHT | N_LEARNT | N_LANGUAGE | N_SPORT, COPULA_SER, NULL, NULL, false},
	{"important", "importante", N_THOUGHT | N_LEARNT | N_WRITTEN | N_PERSON | N_BUILDING, COPULA_SER,
	 NULL, NULL, false},
	{"famous", "famoso", N_PERSON | N_FILM | N_SONG | N_MUSIC | N_TEXT | N_BUILDING | N_TOWN, COPULA_SER,
	 NULL, NULL, false},
	{"modern", "moderno", N_BUILDING | N_VEHICLE | N_TRANSPORT | N_FURNITURE, COPULA_SER, NULL, NULL,
	 false},
	{"rich", "rico", N_SOMEBODY, COPULA_SER, NULL, NULL, false},
	{"strong", "fuerte", N_SOMEBODY | N_ANIMAL, COPULA_SER, "stronger", NULL, false},
	{"intelligent", "inteligente", N_SOMEBODY | N_ANIMAL, COPULA_SER, "more intelligent", NULL, false},
	{"kind", "amable", N_SOMEBODY, COPULA_SER, NULL, NULL, false},
	{"brave", "valiente", N_SOMEBODY, COPULA_SER, NULL, NULL, false},
	{"lazy", "perezoso", N_SOMEBODY | N_ANIMAL, COPULA_SER, NULL, NULL, false},
	{"Spanish", "español española españoles españolas", N_PERSON | N_TEXT | N_FILM | N_SONG | N_MUSIC,
	 COPULA_SER, NULL, NULL, true},
	{"French", "francés francesa franceses francesas", N_PERSON | N_TEXT | N_FILM | N_SONG | N_MUSIC,
	 COPULA_SER, NULL, NULL, true},
	{"Mexican", "mexicano", N_PERSON | N_FOOD | N_SONG | N_MUSIC | N_FILM, COPULA_SER, NULL, NULL, true},
	{"happy", "contento", N_SOMEBODY | N_ANIMAL, COPULA_ESTAR, NULL, NULL, false},
	{"sad", "triste", N_SOMEBODY | N_ANIMAL, COPULA_ESTAR, NULL, NULL, false},
	{"tired", "cansado", N_SOMEBODY | N_ANIMAL, COPULA_ESTAR, NULL, NULL, false},
	{"sick", "enfermo", N_SOMEBODY | N_ANIMAL, COPULA_ESTAR, NULL, NULL, false},
	{"angry", "enojado", N_SOMEBODY | N_ANIMAL, COPULA_ESTAR, NULL, NULL, false},
	{"busy", "ocupado", N_SOMEBODY, COPULA_ESTAR, NULL, NULL, false},
	{"clean", "limpio", N_CLOTHES | N_CLEANED | N_VEHICLE | N_PLACE, COPULA_ESTAR, NULL, NULL, false},
	{"dirty", "sucio", N_CLOTHES | N_CLEANED | N_VEHICLE | N_PLACE | N_ANIMAL, COPULA_ESTAR, NULL, NULL,
	 false},
	{"open", "abierto", N_OPENING, COPULA_ESTAR, NULL, NULL, true},
	{"closed", "cerrado", N_OPENING, COPULA_ESTAR, NULL, NULL, true},
	{"broken", "roto", N_BREAKABLE, COPULA_ESTAR, NULL, NULL, true},
	{"empty", "vacío", N_HOLDER | N_PLACE, COPULA_ESTAR, NULL, NULL, true},
	{"hot", "caliente", N_COOKED | N_DRINK, COPULA_ESTAR, NULL, NULL, false},
	{"cold", "frío", N_COOKED | N_DRINK, COPULA_ESTAR, NULL, NULL, false},
	{"delicious", "delicioso", N_FOOD | N_DRINK, COPULA_ESTAR, NULL, NULL, false},
};
const int heed__adjective_count = COUNT_OF(heed__adjectives);

const heed__phrase heed__professions[] = {
	{"doctor doctors", "médico médica médicos médicas", 0},
	{"teacher teachers", "profesor profesora profesores profesoras", 0},
	{"student students", "estudiante estudiante estudiantes estudiantes", 0},
	{"nurse nurses", "enfermero enfermera enfermeros enfermeras", 0},
	{"farmer farmers", "granjero granjera granjeros granjeras", 0},
	{"writer writers", "escritor escritora escritores escritoras", 0},
	{"lawyer lawyers", "abogado abogada abogados abogadas", 0},
	{"singer singers", "cantante cantante cantantes cantantes", 0},
};
const int heed__profession_count = COUNT_OF(heed__professions);

/* mask: 1 when the Spanish noun is feminine */
const heed__phrase heed__states[] = {
	{"hungry", "hambre", 1},
	{"thirsty", "sed", 1},
	{"sleepy", "sueño", 0},
	{"afraid", "miedo", 0},
};
const int heed__state_count = COUNT_OF(heed__states);

const heed__phrase heed__numbers[] = {
	{"two", "dos", 0},         {"three", "tres", 0},     {"four", "cuatro", 0},
	{"five", "cinco", 0},      {"six", "seis", 0},       {"seven", "siete", 0},
	{"eight", "ocho", 0},      {"nine", "nueve", 0},     {"ten", "diez", 0},
	{"twenty", "veinte", 0},   {"thirty", "treinta", 0}, {"forty", "cuarenta", 0},
	{"fifty", "cincuenta", 0},
};
const int heed__number_count = COUNT_OF(heed__numbers);

const heed__phrase heed__manners[] = {
	{"a lot", "mucho", M_AMOUNT},    {"fast", "rápido", M_SPEED},
	{"slowly", "despacio", M_SPEED}, {"well", "bien", M_QUALITY | M_WELL},
	{"badly", "mal", M_QUALITY},     {"early", "temprano", M_HOUR},
	{"late", "tarde", M_HOUR},
};
const int heed__manner_count = COUNT_OF(heed__manners);

const heed__degree heed__degrees[] = {
	{"very", "muy", "mucho", true},
	{"really", "muy", "mucho", true},
	{"too", "demasiado", "demasiado", false},
	{"so", "tan", "tanto", false},
};
const int heed__degree_count = COUNT_OF(heed__degrees);

#define B(mood)    (1u << MOOD_##mood)
#define TO_COME    (B(FUTURE) | B(GOING_TO))
#define TO_BE_DONE (B(HAVE_TO) | B(NEED_TO) | B(WANT_TO) | B(CAN))
#define PASSED     (B(PAST) | B(HAD_TO) | B(WANTED_TO))

const heed__phrase heed__frequencies[] = {
	{"always", "siempre", B(PRESENT) | B(HAVE_TO) | B(WANT_TO) | B(FUTURE)},
	{"never", "nunca", B(PRESENT) | B(PAST) | B(DONE) | B(FUTURE) | B(CAN)},
	{"often", "a menudo", B(PRESENT) | B(HAVE_TO)},
	{"sometimes", "a veces", B(PRESENT) | B(HAVE_TO)},
	{"also", "también", B(PRESENT) | B(PAST) | B(FUTURE) | B(DONE) | B(CAN) | B(WANT_TO) | B(HAVE_TO)},
	{"already", "ya", B(DONE)},
};
const int heed__frequency_count = COUNT_OF(heed__frequencies);

const heed__phrase heed__times[] = {
	{"today", "hoy", PASSED | TO_COME | TO_BE_DONE | B(DONE) | B(BEING)},
	{"yesterday", "ayer", PASSED},
	{"tomorrow", "mañana", TO_COME | TO_BE_DONE},
	{"now", "ahora", B(DOING) | TO_BE_DONE | B(BEING)},
	{"every day", "todos los días", B(PRESENT) | B(HAVE_TO)},
	{"last night", "anoche", PASSED | B(WAS_DOING)},
	{"this morning", "esta mañana", PASSED | B(WAS_DOING) | B(BEING)},
	{"tonight", "esta noche", TO_COME | TO_BE_DONE},
	{"last week", "la semana pasada", PASSED},
	{"next week", "la próxima semana", TO_COME | B(HAVE_TO)},
	{"last year", "el año pasado", PASSED},
	{"next year", "el próximo año", TO_COME},
	{"soon", "pronto", TO_COME | TIME_LAST},
	{"in the morning", "por la mañana", B(PRESENT) | B(HAVE_TO)},
	{"in the afternoon", "por la tarde", B(PRESENT) | B(HAVE_TO)},
	{"at night", "por la noche", B(PRESENT) | B(HAVE_TO)},
	{"in summer", "en verano", B(PRESENT) | TIME_NO_OBJECT},
	{"in winter", "en invierno", B(PRESENT) | TIME_NO_OBJECT},
	{"on Monday", "el lunes", B(PAST) | TO_COME | B(HAVE_TO) | B(HAD_TO)},
	{"on Friday", "el viernes", B(PAST) | TO_COME | B(HAVE_TO) | B(HAD_TO)},
	{"on Saturday", "el sábado", B(PAST) | TO_COME | B(HAVE_TO) | B(HAD_TO)},
	{"on Sundays", "los domingos", B(PRESENT) | B(HAVE_TO)},
	{"again", "otra vez", B(PAST) | TO_COME | B(DOING) | B(WANT_TO) | TIME_LAST},
};
const int heed__time_count = COUNT_OF(heed__times);
