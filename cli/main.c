/* heed COMMAND ...: finds the command, reads its options, runs it. */
#include "options.h"

#include <signal.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* What a signal handler can reach: the context to interrupt, and which signal came. */
static heed_ctx *volatile interrupted_ctx;
static volatile sig_atomic_t signal_seen;

/* The first signal asks the work to stop; the second one is not caught. */
static void on_signal(int number)
{
	signal_seen = number;
	if (interrupted_ctx)
		heed_interrupt(interrupted_ctx);
}

static void catch_signals(heed_ctx *ctx)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	interrupted_ctx = ctx;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void release_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	interrupted_ctx = NULL;
}

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "an unknown compiler"
#endif

#if defined(__x86_64__)
#define PROCESSOR "x86-64"
#elif defined(__aarch64__)
#define PROCESSOR "aarch64"
#else
#define PROCESSOR "an unknown processor"
#endif

void heed_version_print(FILE *out)
{
	const char *kernels[] = {"plain", "avx2", "avx512", "neon"};
	heed_ctx *ctx;

	fprintf(out, "heed %s\ncompiled by %s for %s\nkernels that run here:", heed_version(), COMPILER,
		PROCESSOR);
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1, .cpu = kernels[i]});
		if (ctx)
			fprintf(out, " %s", kernels[i]);
		heed_ctx_free(ctx);
	}
	ctx = heed_ctx_new(&(heed_ctx_options){.threads = 1});
	if (ctx)
		fprintf(out, "; in use: %s", heed_ctx_cpu(ctx));
	heed_ctx_free(ctx);
	fputc('\n', out);
}

static int run_command(int argc, char **argv)
{
	heed_cli cli = {0};
	int status = HEED_EXIT_OK;

	switch (heed_cli_parse(&cli, argc, argv)) {
	case HEED_PARSED_HELP:
		heed_help_command(stdout, cli.command, cli.title, &cli.family);
		break;
	case HEED_PARSED_VERSION:
		heed_version_print(stdout);
		break;
	case HEED_PARSED_WRONG:
		status = HEED_EXIT_USAGE;
		break;
	case HEED_PARSED_RUN:
		catch_signals(cli.ctx);
		status = cli.command->run(&cli);
		release_signals();
		break;
	}
	if (status == HEED_EXIT_OK)
		status = heed_cli_flush(&cli);
	heed_cli_release(&cli);
	return signal_seen ? HEED_EXIT_SIGNAL + (int)signal_seen : status;
}

/* Has memory of megabytes given back when it is freed. Otherwise glibc keeps more and more of it, and n-grams, whose
 * tables are freed one by one while the model grows, would need almost half as much again. */
static void return_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	heed_cli none = {.title = "help"};

	return_freed_memory();
	signal(SIGPIPE, SIG_DFL);
	if (!word) {
		heed_help_all(stderr);
		return HEED_EXIT_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		heed_help_all(stdout);
	else if (strcmp(word, "--version") == 0)
		heed_version_print(stdout);
	else if (word[0] == '-') {
		heed_say_error("expected a command, found \"%.60s\"; heed --help lists them", word);
		return HEED_EXIT_USAGE;
	} else
		return run_command(argc - 1, argv + 1);
	return heed_cli_flush(&none);
}
