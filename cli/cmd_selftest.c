/* heed selftest: heed checks its own arithmetic on this machine. */
#include "heed/json.h"
#include "heed/selftest.h"
#include "options.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct selftest_options {
	const char *op;
	bool verbose;
};

static const heed_field options[] = {
	{.name = "op", HEED_TEXT(struct selftest_options, op), .unit = "NAME", .help = "check this op only"},
	{.name = "verbose",
	 .letter = 'v',
	 HEED_FLAG(struct selftest_options, verbose),
	 .help = "a line for each check"},
	{0},
};

enum { GRADIENT, KERNELS, REFUSAL, KINDS };
static const char *const kinds[KINDS] = {"gradient", "kernels", "refusal"};

/* The checks of one op, under all kernels. Some cases are not for plain C, which others are compared with. */
struct tally {
	const char *op, *last_case, *cpu;
	int cases_here, cases; /* under the latest kernels; at most under any */
	int checks, failed;
	double worst[KINDS]; /* -1: no check of that kind */
};

struct report {
	heed_cli *cli;
	heed_progress progress;
	struct tally *ops;
	size_t count, cap;
	int64_t passed, failed;
	bool no_memory;
	heed_json json;
	char cpus[128]; /* the kernels that ran, with spaces between */
};

static int kind_of(const heed_check *c)
{
	int k = 0;

	while (k + 1 < KINDS && strcmp(c->kind, kinds[k]) != 0)
		k++;
	return k;
}

/* The kernels are run one after another, so that the same op comes again. */
static struct tally *tally_of(struct report *r, const char *op)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->ops[i].op, op) == 0)
			return &r->ops[i];
	if (r->count == r->cap) {
		const size_t cap = 2 * r->cap + 16;
		struct tally *more = reallocarray(r->ops, cap, sizeof *more);

		if (!more)
			return NULL;
		r->ops = more;
		r->cap = cap;
	}
	r->ops[r->count] = (struct tally){.op = op, .worst = {-1, -1, -1}};
	return &r->ops[r->count++];
}

static void add_cpu(struct report *r, const char *cpu)
{
	const size_t used = strlen(r->cpus), n = strlen(cpu);

	if (used >= n && strcmp(r->cpus + used - n, cpu) == 0)
		return;
	snprintf(r->cpus + used, sizeof r->cpus - used, "%s%s", used ? " " : "", cpu);
}

static void count_case(struct tally *t, const heed_check *c)
{
	const bool other_cpu = !t->cpu || strcmp(t->cpu, c->cpu) != 0;

	if (other_cpu)
		t->cases_here = 0;
	if (other_cpu || strcmp(t->last_case, c->name) != 0)
		t->cases_here++;
	if (t->cases_here > t->cases)
		t->cases = t->cases_here;
	t->cpu = c->cpu;
	t->last_case = c->name;
}

static void json_check(heed_json *j, const heed_check *c)
{
	heed_json_object(j, NULL);
	heed_json_string(j, "op", c->op);
	heed_json_string(j, "case", c->name);
	heed_json_string(j, "kind", c->kind);
	heed_json_string(j, "kernels", c->cpu);
	heed_json_bool(j, "passed", c->passed);
	heed_json_double(j, "error", c->error);
	heed_json_double(j, "limit", c->limit);
	if (!c->passed)
		heed_json_string(j, "message", c->message);
	heed_json_end(j);
}

static void json_begin(struct report *r, bool verbose)
{
	heed_json_to_file(&r->json, stdout);
	heed_json_object(&r->json, NULL);
	heed_json_array(&r->json, verbose ? "checks" : "failures");
}

static void print_check(const heed_check *c)
{
	printf("%-4s  %-22s %-20s %-8s %s", c->passed ? "ok" : "FAIL", c->op, c->name, c->cpu, c->kind);
	if (c->limit > 0)
		printf("%*s %.1e", (int)(sizeof "gradient" - 1 - strlen(c->kind)), "", c->error);
	if (!c->passed && c->limit > 0)
		printf(", at most %.1e", c->limit);
	printf("%s%s\n", *c->message ? ": " : "", c->message);
}

static void on_check(void *user, const heed_check *c)
{
	struct report *r = user;
	const struct selftest_options *o = r->cli->options;
	struct tally *t = tally_of(r, c->op);
	const int kind = kind_of(c);

	if (r->cli->json && r->passed + r->failed == 0)
		json_begin(r, o->verbose);
	if (c->passed)
		r->passed++;
	else
		r->failed++;
	if (!t) {
		r->no_memory = true;
		return;
	}
	add_cpu(r, c->cpu);
	count_case(t, c);
	t->checks++;
	t->failed += !c->passed;
	if (!(c->error <= t->worst[kind]))
		t->worst[kind] = c->error;
	if (r->cli->json && (o->verbose || !c->passed))
		json_check(&r->json, c);
	if (!r->cli->json && (o->verbose || !c->passed)) {
		heed_progress_clear(&r->progress);
		print_check(c);
	}
	heed_progress_at(&r->progress, r->passed + r->failed, "%s, %s kernels", c->op, c->cpu);
}

static void print_error(double worst)
{
	if (worst < 0)
		printf(" %9s", "-");
	else
		printf(" %9.1e", worst);
}

static void print_table(const struct report *r)
{
	printf("%-24s %6s %7s %9s %9s\n", "op", "cases", "checks", "gradient", "kernels");
	for (size_t i = 0; i < r->count; i++) {
		const struct tally *t = &r->ops[i];

		printf("%-24s %6d %7d", t->op, t->cases, t->checks);
		print_error(t->worst[GRADIENT]);
		print_error(t->worst[KERNELS]);
		if (t->failed)
			printf("  %d FAILED", t->failed);
		putchar('\n');
	}
	printf("\nkernels: %s\n%lld passed, %lld failed\n", r->cpus, (long long)r->passed,
	       (long long)r->failed);
}

static void json_error(heed_json *j, const char *key, double worst)
{
	if (worst < 0)
		heed_json_null(j, key);
	else
		heed_json_double(j, key, worst);
}

static void json_end(struct report *r)
{
	heed_json *j = &r->json;

	heed_json_end(j);
	heed_json_array(j, "ops");
	for (size_t i = 0; i < r->count; i++) {
		const struct tally *t = &r->ops[i];

		heed_json_object(j, NULL);
		heed_json_string(j, "op", t->op);
		heed_json_int(j, "cases", t->cases);
		heed_json_int(j, "checks", t->checks);
		heed_json_int(j, "failed", t->failed);
		json_error(j, "gradient_error", t->worst[GRADIENT]);
		json_error(j, "kernel_error", t->worst[KERNELS]);
		heed_json_end(j);
	}
	heed_json_end(j);
	heed_json_string(j, "kernels", r->cpus);
	heed_json_int(j, "passed", r->passed);
	heed_json_int(j, "failed", r->failed);
	heed_json_end(j);
	putchar('\n');
}

static void tell(struct report *r)
{
	if (r->cli->json)
		json_end(r);
	else
		print_table(r);
	fflush(stdout);
}

static int run(heed_cli *cli)
{
	const struct selftest_options *o = cli->options;
	struct report r = {.cli = cli, .progress = heed_progress_start(cli, "checking", "check", 0)};
	heed_code code;
	int status = HEED_EXIT_OK;

	code = heed_selftest(cli->ctx, o->op, on_check, &r);
	heed_progress_end(&r.progress);
	if (r.count)
		tell(&r);
	if (r.no_memory)
		status = heed_cli_stop(cli, "out of memory");
	else if (code == HEED_E_ARGUMENT)
		status = heed_cli_refuse(cli, "--op: there is no op \"%s\"", o->op);
	else if (code)
		status = heed_cli_fail(cli);
	free(r.ops);
	return status;
}

const heed_command heed_cmd_selftest = {
	.name = "selftest",
	.kind = HEED_KIND_SHIP,
	.about = "check heed's arithmetic on this machine",
	.options = options,
	.size = sizeof(struct selftest_options),
	.run = run,
	.details =
		"Under each set of kernels that this machine can run, every op's gradient is compared with "
		"finite differences, its results with those of plain C, and shapes that do not fit must be "
		"refused. The columns gradient and kernels hold the worst distance, by norm over norm. The "
		"exit status is 1 when a check fails.",
	.examples = "heed selftest\n"
		    "heed selftest --op attention --verbose\n",
};
