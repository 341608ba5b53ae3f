/* The context: who allocates, how many threads run, where messages go, and what went wrong last.
 *
 *	heed_ctx *ctx = heed_ctx_new(&(heed_ctx_options){ .threads = 2, .seed = 1 });
 *	...
 *	if (heed_translate(...) != HEED_OK)
 *		fprintf(stderr, "heed: %s\n", heed_error_message(ctx));
 *	heed_ctx_free(ctx);
 *
 * A context serves one calling thread at a time; its own worker threads are hidden inside the calls.
 * The library never exits, aborts or prints: it returns a heed_code and keeps the sentence here. */
#ifndef HEED_CONTEXT_H
#define HEED_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(code, sentence): codes, names and sentences come from this one list. */
#define HEED_CODES(X)                                                                                        \
	X(HEED_OK, "no error")                                                                               \
	X(HEED_E_MEMORY, "out of memory")                                                                    \
	X(HEED_E_ARGUMENT, "an argument or option is out of range")                                          \
	X(HEED_E_SHAPE, "shapes do not fit each other")                                                      \
	X(HEED_E_IO, "the operating system refused a read or a write")                                       \
	X(HEED_E_FORMAT, "a file is not what it should be")                                                  \
	X(HEED_E_TEXT, "text is not valid")                                                                  \
	X(HEED_E_UNSUPPORTED, "the model or build does not support this")                                    \
	X(HEED_E_NONFINITE, "a number is infinite or not a number")                                          \
	X(HEED_E_INTERRUPTED, "stopped on request")                                                          \
	X(HEED_E_INTERNAL, "a mistake in heed itself")

typedef enum heed_code {
#define X(code, sentence) code,
	HEED_CODES(X)
#undef X
} heed_code;

typedef enum heed_log_level { HEED_LOG_INFO, HEED_LOG_WARN } heed_log_level;

/* Gets one line without a newline, valid during the call only. */
typedef void heed_log_fn(void *user, heed_log_level level, const char *line);

/* Takes the next n bytes of some output. Anything but HEED_OK stops the writer and is what the call that
 * writes returns. */
typedef heed_code heed_write_fn(void *user, const char *bytes, size_t n);

/* realloc-like: n == 0 frees p and returns NULL; p == NULL allocates. NULL for n > 0 is "out of memory".
 * Must give memory aligned for any type, and may be called from worker threads. */
typedef void *heed_alloc_fn(void *user, void *p, size_t n);

typedef struct heed_ctx_options {
	int threads;      /* 0: one a processor, at most 64 */
	uint64_t seed;    /* every random number of the library is a function of this and a counter */
	const char *cpu;  /* kernels: NULL (HEED_CPU, else the best), "plain", "avx2", "avx512", "neon" */
	heed_log_fn *log; /* NULL: silence */
	void *log_user;
	heed_alloc_fn *alloc; /* NULL: realloc and free */
	void *alloc_user;
} heed_ctx_options;

typedef struct heed_ctx heed_ctx;

/* NULL options are all defaults. Returns NULL when memory is short or the named kernels do not exist
 * or cannot run here. The caller frees it, after everything that was made with it. */
heed_ctx *heed_ctx_new(const heed_ctx_options *options);
void heed_ctx_free(heed_ctx *ctx);

/* The last error. The message is one line: what, expected and found with numbers, and the place in a
 * file where there is one; "" when nothing failed. Valid until the next error or the end of ctx. */
heed_code heed_error_code(const heed_ctx *ctx);
const char *heed_error_message(const heed_ctx *ctx);
void heed_error_clear(heed_ctx *ctx);
const char *heed_code_name(heed_code code);
const char *heed_code_sentence(heed_code code);

int heed_ctx_threads(const heed_ctx *ctx);
uint64_t heed_ctx_seed(const heed_ctx *ctx);
const char *heed_ctx_cpu(const heed_ctx *ctx); /* name of the kernel set in use */

/* Asks the work in progress to save what it must and return HEED_E_INTERRUPTED. Async-signal-safe, and
 * callable from any thread. heed_error_clear() withdraws it. */
void heed_interrupt(heed_ctx *ctx);
int heed_interrupted(const heed_ctx *ctx);

/* Allocations made through ctx so far (calls that got new memory), and bytes held now and at most. */
typedef struct heed_memory {
	uint64_t allocations;
	size_t bytes, peak;
} heed_memory;
heed_memory heed_ctx_memory(const heed_ctx *ctx);

#define HEED_VERSION "0.1.0"
const char *heed_version(void);

#ifdef __cplusplus
}
#endif
#endif
