/* The context: options, the last error, log, interruption. */
#include "base/context_struct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *system_alloc(void *user, void *p, size_t n)
{
	(void)user;
	if (n == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, n);
}

static int processors(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > HEED__MAX_THREADS ? HEED__MAX_THREADS : (int)n;
}

heed_ctx *heed__ctx_make(const heed_ctx_options *o, const struct heed__kernels *kernels)
{
	heed_alloc_fn *const alloc = o->alloc != NULL ? o->alloc : system_alloc;
	heed_ctx *ctx;

	if (o->threads < 0 || o->threads > HEED__MAX_THREADS)
		return NULL;
	ctx = alloc(o->alloc_user, NULL, sizeof *ctx);
	if (ctx == NULL)
		return NULL;
	memset(ctx, 0, sizeof *ctx);
	ctx->alloc = alloc;
	ctx->alloc_user = o->alloc_user;
	ctx->threads = o->threads > 0 ? o->threads : processors();
	ctx->seed = o->seed;
	ctx->log = o->log;
	ctx->log_user = o->log_user;
	ctx->kernels = kernels;
	return ctx;
}

heed_ctx *heed__ctx_beside(const heed_ctx *parent, int threads, uint64_t seed)
{
	return heed__ctx_make(&(heed_ctx_options){.threads = threads,
						  .seed = seed,
						  .alloc = parent->alloc,
						  .alloc_user = parent->alloc_user},
			      parent->kernels);
}

void heed_ctx_free(heed_ctx *ctx)
{
	if (ctx == NULL)
		return;
	heed__pool_free(ctx);
	heed__free(ctx, ctx->shared.data);
	heed__free(ctx, ctx->each.data);
	ctx->alloc(ctx->alloc_user, ctx, 0);
}

/* Names from hostile files stand in messages: a message stays one line and moves no terminal. */
static void keep_to_one_line(char *message)
{
	for (; *message != '\0'; message++)
		if ((unsigned char)*message < 0x20 || *message == 0x7f)
			*message = '?';
}

heed_code heed__error(heed_ctx *ctx, heed_code code, const char *fmt, ...)
{
	va_list args;

	ctx->code = code;
	va_start(args, fmt);
	vsnprintf(ctx->message, sizeof ctx->message, fmt, args);
	va_end(args);
	keep_to_one_line(ctx->message);
	return code;
}

heed_code heed__error_prefix(heed_ctx *ctx, const char *fmt, ...)
{
	char prefix[sizeof ctx->message], message[sizeof ctx->message];
	va_list args;
	size_t n;

	va_start(args, fmt);
	vsnprintf(prefix, sizeof prefix, fmt, args);
	va_end(args);
	keep_to_one_line(prefix);
	memcpy(message, ctx->message, sizeof message);
	snprintf(ctx->message, sizeof ctx->message, "%s", prefix);
	n = strlen(ctx->message);
	snprintf(ctx->message + n, sizeof ctx->message - n, ": %s", message);
	return ctx->code;
}

heed_code heed_error_code(const heed_ctx *ctx)
{
	return ctx->code;
}

const char *heed_error_message(const heed_ctx *ctx)
{
	return ctx->message;
}

void heed_error_clear(heed_ctx *ctx)
{
	ctx->code = HEED_OK;
	ctx->message[0] = '\0';
	atomic_store(&ctx->interrupted, 0);
}

static const char *const code_names[] = {
#define X(code, sentence) #code,
	HEED_CODES(X)
#undef X
};

static const char *const code_sentences[] = {
#define X(code, sentence) sentence,
	HEED_CODES(X)
#undef X
};

const char *heed_code_name(heed_code code)
{
	return (size_t)code < sizeof code_names / sizeof *code_names ? code_names[code] : "HEED_E_UNKNOWN";
}

const char *heed_code_sentence(heed_code code)
{
	return (size_t)code < sizeof code_sentences / sizeof *code_sentences ? code_sentences[code]
									     : "unknown error";
}

void heed__log(heed_ctx *ctx, heed_log_level level, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (ctx->log == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	keep_to_one_line(line);
	ctx->log(ctx->log_user, level, line);
}

void heed_interrupt(heed_ctx *ctx)
{
	atomic_store(&ctx->interrupted, 1);
}

int heed_interrupted(const heed_ctx *ctx)
{
	return atomic_load(&ctx->interrupted);
}

int heed_ctx_threads(const heed_ctx *ctx)
{
	return ctx->threads;
}

uint64_t heed_ctx_seed(const heed_ctx *ctx)
{
	return ctx->seed;
}

const struct heed__kernels *heed__ctx_kernels(const heed_ctx *ctx)
{
	return ctx->kernels;
}

const char *heed_version(void)
{
	return HEED_VERSION;
}
