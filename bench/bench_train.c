/* Times steps of training: the Transformer-Tiny of Wu et al. 2021, or the preset of another family, on batches that a
 * file gives or on made-up ones.
 *
 *	bench_train [--family NAME --preset NAME] [--settings "NAME=VALUE ..."] [--batches FILE] [--vocab N] ...
 *
 * --settings are those of the family, on top of its preset. FILE holds a pair a line, `source ids<TAB>target ids`
 * without bos and eos, and an empty line behind each batch; language models read the target side alone, and those that
 * carry a state go on with it from batch to batch. bench/train_tiny.py, gpt_char.py and recurrent_torch.py make it, and
 * their peers take the same. A step is what src/train/trainer.c does for a batch: forward, backward, the norm of the
 * gradient, clipping if asked for, Adam. One JSON object goes to standard output, its rates as in peer_train.py: source
 * and target tokens a second, ends counted; the best and the median of all runs of --block steps in a row.
 * `allocations` is how often the context got memory during the timed steps. */
#include "base/file.h"
#include "heed/json.h"
#include "heed/model.h"
#include "train/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct options {
	const char *family, *preset, *settings, *batches;
	int vocab, steps, warmup, block, threads, batch_tokens;
	double attention_dropout, clip;
};

static const heed_field options_table[] = {
	{"family", HEED_TEXT(struct options, family), .initial = "transformer"},
	{"preset", HEED_TEXT(struct options, preset), .initial = "tiny"},
	{"settings", HEED_TEXT(struct options, settings), .initial = "",
	 .help = "more of the family's, NAME=VALUE with spaces between"},
	{"batches", HEED_PATH(struct options, batches), .help = "the batches; without, they are made up"},
	{"vocab", HEED_INT(struct options, vocab), .initial = "10000", .min = 4, .max = 1 << 22},
	{"steps", HEED_INT(struct options, steps), .initial = "20", .min = 1, .max = 1000000},
	{"warmup", HEED_INT(struct options, warmup), .initial = "5", .max = 1000000},
	{"block", HEED_INT(struct options, block), .initial = "10", .min = 1, .max = 1000000},
	{"threads", HEED_INT(struct options, threads), .initial = "0", .max = 64},
	{"batch-tokens", HEED_INT(struct options, batch_tokens), .initial = "4096", .min = 1, .max = 1 << 24,
	 .help = "made-up batches: most pairs times longest side"},
	{"attention-dropout", HEED_FLOAT(struct options, attention_dropout), .initial = "0.3", .max = 0.95},
	{"clip", HEED_FLOAT(struct options, clip), .max = 1000,
	 .help = "largest norm of the gradient; 0: any"},
	{0},
};

/* A list of numbers that grows. */
typedef struct list {
	int *at;
	size_t count, cap;
} list;

static bool push(list *l, int x)
{
	if (l->count == l->cap) {
		const size_t cap = 2 * l->cap + 1024;
		int *const more = reallocarray(l->at, cap, sizeof *more);

		if (more == NULL)
			return false;
		l->at = more;
		l->cap = cap;
	}
	l->at[l->count++] = x;
	return true;
}

/* A batch in the form that models read. */
typedef struct pack {
	list source, source_start, input, input_start, targets;
} pack;

static heed_batch batch_of(const pack *p)
{
	return (heed_batch){
		.source = {{(int)p->source_start.count - 1, p->source_start.at}, p->source.at},
		.input = {{(int)p->input_start.count - 1, p->input_start.at}, p->input.at},
		.targets = p->targets.at,
	};
}

typedef struct packs {
	pack *at; /* the last one is being filled while there is one to fill */
	size_t count, cap;
	bool open;
} packs;

static pack *last_pack(packs *all)
{
	if (!all->open) {
		if (all->count == all->cap) {
			const size_t cap = 2 * all->cap + 64;
			pack *const more = reallocarray(all->at, cap, sizeof *more);

			if (more == NULL)
				return NULL;
			all->at = more;
			all->cap = cap;
		}
		all->at[all->count++] = (pack){0};
		all->open = true;
	}
	return &all->at[all->count - 1];
}

static void free_packs(packs *all)
{
	for (size_t i = 0; i < all->count; i++) {
		pack *const p = &all->at[i];

		free(p->source.at);
		free(p->source_start.at);
		free(p->input.at);
		free(p->input_start.at);
		free(p->targets.at);
	}
	free(all->at);
}

/* One pair behind the others of its batch. */
static bool add_pair(packs *all, const list *source, const list *target)
{
	pack *const p = last_pack(all);
	bool good = p != NULL;

	if (good && p->source.count == 0)
		good = push(&p->source_start, 0) && push(&p->input_start, 0);
	for (size_t i = 0; good && i < source->count; i++)
		good = push(&p->source, source->at[i]);
	good = good && push(&p->source, HEED_EOS_ID) && push(&p->input, HEED_BOS_ID);
	for (size_t i = 0; good && i < target->count; i++)
		good = push(&p->input, target->at[i]) && push(&p->targets, target->at[i]);
	return good && push(&p->targets, HEED_EOS_ID) && push(&p->source_start, (int)p->source.count) &&
	       push(&p->input_start, (int)p->input.count);
}

/* --- batches from a file --- */

/* Reads numbers up to the end of the side. false: something that is none, or not below `vocab`. */
static bool read_side(const char **at, char end, int vocab, list *side)
{
	side->count = 0;
	while (**at != end) {
		int id = 0;

		if (**at < '0' || **at > '9')
			return false;
		for (; **at >= '0' && **at <= '9'; (*at)++)
			if ((id = id * 10 + (**at - '0')) >= vocab)
				return false;
		if (**at == ' ')
			(*at)++;
		if (!push(side, id))
			return false;
	}
	(*at)++;
	return true;
}

static heed_code read_batches(heed_ctx *ctx, const char *path, int vocab, packs *all)
{
	list source = {0}, target = {0};
	heed_code code = HEED_OK;
	const char *at;
	char *text;
	size_t len;
	int line = 1;

	code = heed__file_read(ctx, path, 0, &text, &len);
	if (code != HEED_OK)
		return code;
	for (at = text; code == HEED_OK && *at != '\0'; line++) {
		if (*at == '\n') {
			at++;
			all->open = false;
		} else if (!read_side(&at, '\t', vocab, &source) || !read_side(&at, '\n', vocab, &target) ||
			   !add_pair(all, &source, &target)) {
			code = heed__error(ctx, HEED_E_FORMAT,
					   "%s: expected ids below %d, a tab, ids, line %d", path, vocab,
					   line);
		}
	}
	if (code == HEED_OK && all->count == 0)
		code = heed__error(ctx, HEED_E_FORMAT, "%s: it has no pairs", path);
	heed__free(ctx, text);
	free(source.at);
	free(target.at);
	return code;
}

/* --- made-up batches --- */

enum { MADE_BATCHES = 16, SHORTEST = 5, LONGEST = 25 };

static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Ids as often as Zipf's law has it. */
static bool draw_side(uint64_t *state, int tokens, int vocab, list *side)
{
	side->count = 0;
	for (int i = 0; i < tokens; i++) {
		const double u = (double)draw(state) / 2147483648.0;
		const int id = HEED_SPECIAL_IDS - 1 + (int)exp(u * log(vocab - HEED_SPECIAL_IDS));

		if (!push(side, id))
			return false;
	}
	return true;
}

static heed_code make_batches(heed_ctx *ctx, const struct options *o, packs *all)
{
	list source = {0}, target = {0};
	uint64_t state = 1;
	bool good = true;

	for (int b = 0; b < MADE_BATCHES; b++) {
		const int length = SHORTEST + b * (LONGEST - SHORTEST) / (MADE_BATCHES - 1);

		for (int i = 0; good && (i + 1) * (length + 1) <= o->batch_tokens; i++)
			good = draw_side(&state, length - (int)(draw(&state) % 3), o->vocab, &source) &&
			       draw_side(&state, length - (int)(draw(&state) % 3), o->vocab, &target) &&
			       add_pair(all, &source, &target);
		all->open = false;
	}
	free(source.at);
	free(target.at);
	if (!good)
		return heed__error(ctx, HEED_E_MEMORY, "batches: out of memory");
	if (all->count < MADE_BATCHES)
		return heed__error(ctx, HEED_E_ARGUMENT, "batch-tokens: expected at least %d, found %d",
				   LONGEST + 1, o->batch_tokens);
	return HEED_OK;
}

/* --- training --- */

typedef struct run {
	heed_ctx *ctx;
	const struct options *o;
	packs batches;
	heed_model *model;
	float *carry; /* [most sequences of a batch, model's carry]; NULL when the model has none */
	heed_tape *tape;
	heed_train_options training;
	heed__optimizer optimizer;
	double *seconds, *busy; /* [warmup + steps] wall and processor time of each step */
	double first_loss, last_loss;
	uint64_t allocations;
} run;

/* Those the model reads. */
static int64_t tokens_of(const run *r, const pack *p)
{
	const bool pairs = r->model->family->task == HEED_TASK_TRANSLATE;

	return (int64_t)(p->input.count + (pairs ? p->source.count : 0));
}

/* What --settings says, and the dropout of attention where the family has it. */
static heed_code set_fields(const run *r, const heed_field *fields, void *config)
{
	char text[512], *rest = text;
	const heed_field *field = heed_field_find(fields, "attention-dropout");
	heed_code code = HEED_OK;

	if (field != NULL) {
		snprintf(text, sizeof text, "%g", r->o->attention_dropout);
		code = heed_field_set(r->ctx, field, config, text);
	}
	if (snprintf(text, sizeof text, "%s", r->o->settings) >= (int)sizeof text)
		return heed__error(r->ctx, HEED_E_ARGUMENT, "settings: expected at most %zu characters",
				   sizeof text - 1);
	for (char *name; code == HEED_OK && (name = strsep(&rest, " ")) != NULL;) {
		char *value = name;

		if (*strsep(&value, "=") == '\0')
			continue;
		field = heed_field_find(fields, name);
		code = field != NULL && value != NULL
			       ? heed_field_set(r->ctx, field, config, value)
			       : heed__error(r->ctx, HEED_E_ARGUMENT,
					     "settings: expected NAME=VALUE of %s, found \"%s\"",
					     r->o->family, name);
	}
	return code;
}

static heed_code make_carry(run *r)
{
	const heed_model *const m = r->model;
	size_t sequences = 0;
	int window;

	if (m->family->carry == NULL || heed_model_form(m->family, m->config, &window) != HEED_FORM_STREAM)
		return HEED_OK;
	for (size_t i = 0; i < r->batches.count; i++)
		if (r->batches.at[i].input_start.count - 1 > sequences)
			sequences = r->batches.at[i].input_start.count - 1;
	r->carry = calloc(sequences * (size_t)m->family->carry(m), sizeof *r->carry);
	return r->carry != NULL ? HEED_OK : heed__error(r->ctx, HEED_E_MEMORY, "carry: out of memory");
}

static heed_code make_model(run *r)
{
	const heed_model_class *const family = heed_model_class_find(r->o->family);
	const heed_preset *preset;
	void *config;
	heed_code code;

	if (family == NULL)
		return heed__error(r->ctx, HEED_E_ARGUMENT, "family: there is no \"%s\"", r->o->family);
	preset = heed_preset_find(r->ctx, family, r->o->preset);
	if (preset == NULL)
		return heed_error_code(r->ctx);
	config = calloc(1, family->config_size);
	if (config == NULL)
		return heed__error(r->ctx, HEED_E_MEMORY, "model: out of memory");
	code = heed_fields_default(r->ctx, family->fields, config);
	for (const char *const *s = preset->settings; code == HEED_OK && *s != NULL; s += 2)
		code = heed_field_set(r->ctx, heed_field_find(family->fields, s[0]), config, s[1]);
	if (code == HEED_OK)
		code = set_fields(r, family->fields, config);
	if (code == HEED_OK)
		code = heed_fields_default(r->ctx, heed_train_fields, &r->training);
	if (code == HEED_OK) {
		r->model = heed_model_new(r->ctx, family, config, r->o->vocab, r->o->vocab, HEED_MODEL_TRAIN);
		r->tape = heed_tape_new(r->ctx, HEED_TAPE_GRAD | HEED_TAPE_TRAIN);
		code = r->model != NULL && r->tape != NULL
			       ? heed__optimizer_init(&r->optimizer, r->ctx, &r->training,
						      heed_params_size(r->model->params))
			       : heed_error_code(r->ctx);
	}
	free(config);
	return code == HEED_OK ? make_carry(r) : code;
}

static heed_code gradient(run *r, const pack *p, int number, double *loss)
{
	heed_batch batch = batch_of(p);
	heed_tensor *mean;
	heed_code code;

	batch.carry = r->carry;
	heed_params_begin(r->model->params);
	heed_tape_reset(r->tape, (uint32_t)number);
	mean = r->model->family->loss(r->model, r->tape, &batch, NULL);
	code = heed_tape_backward(r->tape, mean);
	if (code == HEED_OK)
		*loss = mean->data[0];
	heed_params_settle(r->model->params);
	return code;
}

/* Without an update, so that memory has its final size before the clock runs: the batches with the most tokens and
 * with the longest sentences. */
static heed_code grow(run *r)
{
	const pack *most = r->batches.at, *longest = r->batches.at;
	heed_code code;
	double loss;

	for (size_t i = 1; i < r->batches.count; i++) {
		const pack *const p = &r->batches.at[i];

		if (tokens_of(r, p) > tokens_of(r, most))
			most = p;
		if (p->source_start.count < longest->source_start.count)
			longest = p;
	}
	code = gradient(r, most, 0, &loss);
	return code != HEED_OK ? code : gradient(r, longest, 0, &loss);
}

static heed_code step(run *r, int number, double *loss)
{
	heed_params *const p = r->model->params;
	const heed_code code = gradient(r, &r->batches.at[(size_t)number % r->batches.count], number, loss);
	double norm;

	if (code != HEED_OK)
		return code;
	norm = heed__optimizer_norm(&r->optimizer, heed_params_gradients(p));
	if (!isfinite(norm))
		return heed__error(r->ctx, HEED_E_NONFINITE, "step %d: the gradient is not finite", number);
	heed__optimizer_step(&r->optimizer, heed_params_values(p), heed_params_gradients(p),
			     r->o->clip > 0 && norm > r->o->clip ? r->o->clip / norm : 1, 1e-3);
	return HEED_OK;
}

static double processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static heed_code all_steps(run *r)
{
	const int count = r->o->warmup + r->o->steps;
	uint64_t before = 0;
	heed_code code = HEED_OK;

	for (int i = 0; i < count && code == HEED_OK; i++) {
		const double start = heed__clock(), busy = processor_time();

		if (i == r->o->warmup)
			before = heed_ctx_memory(r->ctx).allocations;
		code = step(r, i, &r->last_loss);
		r->seconds[i] = heed__clock() - start;
		r->busy[i] = processor_time() - busy;
		if (i == 0)
			r->first_loss = r->last_loss;
	}
	r->allocations = heed_ctx_memory(r->ctx).allocations - before;
	return code;
}

/* --- what came out --- */

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Tokens a second of each run of `width` steps, slowest first; returns how many. */
static int rates(const run *r, const double *times, double *out)
{
	const struct options *const o = r->o;
	const int width = o->block < o->steps ? o->block : o->steps;
	int count = 0;

	for (int begin = o->warmup; begin + width <= o->warmup + o->steps; begin++) {
		double time = 0;
		int64_t tokens = 0;

		for (int i = begin; i < begin + width; i++) {
			time += times[i];
			tokens += tokens_of(r, &r->batches.at[(size_t)i % r->batches.count]);
		}
		out[count++] = (double)tokens / time;
	}
	qsort(out, (size_t)count, sizeof *out, by_size);
	return count;
}

static heed_code print(const run *r)
{
	const struct options *const o = r->o;
	double *const wall = calloc((size_t)o->steps * 2, sizeof *wall);
	struct rusage usage;
	int64_t epoch = 0;
	double *busy;
	heed_json j;
	int count;

	if (wall == NULL)
		return heed__error(r->ctx, HEED_E_MEMORY, "rates: out of memory");
	busy = wall + o->steps;
	count = rates(r, r->seconds, wall);
	rates(r, r->busy, busy);
	for (size_t i = 0; i < r->batches.count; i++)
		epoch += tokens_of(r, &r->batches.at[i]);
	getrusage(RUSAGE_SELF, &usage);
	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "heed", heed_version());
	heed_json_string(&j, "kernels", heed_ctx_cpu(r->ctx));
	heed_json_int(&j, "threads", heed_ctx_threads(r->ctx));
	heed_json_double(&j, "attention_dropout", o->attention_dropout);
	heed_json_int(&j, "vocabulary", o->vocab);
	heed_json_int(&j, "parameters", (int64_t)heed_params_total(r->model->params));
	heed_json_int(&j, "batches", (int64_t)r->batches.count);
	heed_json_int(&j, "tokens_an_epoch", epoch);
	heed_json_int(&j, "steps", o->steps);
	heed_json_double(&j, "best_tokens_per_second", round(wall[count - 1]));
	heed_json_double(&j, "median_tokens_per_second", round(wall[count / 2]));
	heed_json_double(&j, "best_tokens_per_processor_second", round(busy[count - 1]));
	heed_json_double(&j, "median_tokens_per_processor_second", round(busy[count / 2]));
	heed_json_int(&j, "peak_rss_bytes", (int64_t)usage.ru_maxrss * 1024);
	heed_json_int(&j, "allocations", (int64_t)r->allocations);
	heed_json_double(&j, "first_loss", r->first_loss);
	heed_json_double(&j, "last_loss", r->last_loss);
	heed_json_end(&j);
	putchar('\n');
	free(wall);
	return fflush(stdout) == 0 ? HEED_OK : HEED_E_IO;
}

static heed_code bench(run *r)
{
	const size_t count = (size_t)(r->o->warmup + r->o->steps);
	heed_code code;

	r->seconds = calloc(count, sizeof *r->seconds);
	r->busy = calloc(count, sizeof *r->busy);
	if (r->seconds == NULL || r->busy == NULL)
		return heed__error(r->ctx, HEED_E_MEMORY, "times: out of memory");
	code = r->o->batches != NULL ? read_batches(r->ctx, r->o->batches, r->o->vocab, &r->batches)
				     : make_batches(r->ctx, r->o, &r->batches);
	if (code == HEED_OK)
		code = make_model(r);
	if (code == HEED_OK)
		code = grow(r);
	if (code == HEED_OK)
		code = all_steps(r);
	return code == HEED_OK ? print(r) : code;
}

static void release(run *r)
{
	heed__optimizer_release(&r->optimizer);
	heed_tape_free(r->tape);
	heed_model_free(r->model);
	free_packs(&r->batches);
	free(r->carry);
	free(r->seconds);
	free(r->busy);
}

static bool read_options(heed_ctx *ctx, int argc, char **argv, struct options *o)
{
	if (heed_fields_default(ctx, options_table, o) != HEED_OK)
		return false;
	for (int i = 1; i < argc; i += 2) {
		const heed_field *const field =
			strncmp(argv[i], "--", 2) == 0 ? heed_field_find(options_table, argv[i] + 2) : NULL;

		if (field == NULL || i + 1 == argc) {
			heed__error(ctx, HEED_E_ARGUMENT, "expected --NAME VALUE, found \"%s\"", argv[i]);
			return false;
		}
		if (heed_field_set(ctx, field, o, argv[i + 1]) != HEED_OK)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *const op = getenv("HEED_BENCH_OP");
	heed_ctx *options_ctx, *ctx = NULL;
	struct options o;
	int status = 1;

	if (op != NULL && *op != '\0')
		return 0; /* one op is being timed, which this is not */
	options_ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	if (options_ctx == NULL)
		return 1;
	if (!read_options(options_ctx, argc, argv, &o)) {
		fprintf(stderr, "bench_train: %s\n", heed_error_message(options_ctx));
		status = 2;
	} else if ((ctx = heed_ctx_new(&(heed_ctx_options){.threads = o.threads, .seed = 1})) != NULL) {
		run r = {.ctx = ctx, .o = &o, .optimizer = {.ctx = ctx}};

		status = bench(&r) != HEED_OK;
		if (status)
			fprintf(stderr, "bench_train: %s\n", heed_error_message(ctx));
		release(&r);
	}
	heed_ctx_free(ctx);
	heed_ctx_free(options_ctx);
	return status;
}
