/* Lines in memory as a corpus for heed_tokenizer_train, and random text. */
#ifndef HEED_TEST_SAMPLE_LINES_H
#define HEED_TEST_SAMPLE_LINES_H

#include <string.h>

#include "base/philox.h"
#include "base/utf8.h"
#include "heed/tokenizer.h"

typedef struct corpus_lines {
	const char *text; /* lines, each but the last ended by "\n"; not empty */
	size_t pos, len;
} corpus_lines;

static inline corpus_lines corpus_of(const char *text)
{
	return (corpus_lines){.text = text, .len = strlen(text)};
}

/* A heed_line_fn. */
static inline heed_code next_corpus_line(void *user, const char **line, size_t *len)
{
	corpus_lines *c = user;
	const char *start = c->text + c->pos, *end;

	*line = NULL;
	if (c->pos >= c->len)
		return HEED_OK;
	end = memchr(start, '\n', c->len - c->pos);
	*line = start;
	*len = end ? (size_t)(end - start) : c->len - c->pos;
	c->pos += *len + 1;
	return HEED_OK;
}

static inline heed_tokenizer *train_on(heed_ctx *in, const heed_tokenizer_options *options, const char *text)
{
	corpus_lines lines = corpus_of(text);

	return heed_tokenizer_train(in, options, next_corpus_line, &lines);
}

static inline heed__rng test_rng(uint32_t step)
{
	return (heed__rng){.seed = 1, .stream = HEED__STREAM_TEST, .step = step};
}

/* A random code point out of ranges where something may go wrong. */
static inline uint32_t random_point(heed__rng *rng)
{
	static const uint32_t ranges[][2] = {
		{0, 0x7F},          {0x20, 0x21},       {'a', 'e'},         {'A', 'Z'},
		{0xA0, 0x17F},      {0x300, 0x345},     {0x370, 0x3FF},     {0x590, 0x5FF},
		{0x900, 0x9FF},     {0xFB0, 0xFBF},     {0x1100, 0x11FF},   {0x1E00, 0x1FFF},
		{0x2000, 0x206F},   {0x2100, 0x218F},   {0x2580, 0x2582},   {0x3000, 0x30FF},
		{0x4E00, 0x4E20},   {0xAC00, 0xAC40},   {0xF900, 0xFB50},   {0xFE00, 0xFE0F},
		{0x1D15E, 0x1D170}, {0x1F300, 0x1F600}, {0x2F800, 0x2F820}, {0x10FFF0, 0x10FFFF},
	};
	const uint32_t *range = ranges[heed__rng_below(rng, sizeof ranges / sizeof *ranges)];

	return range[0] + (uint32_t)heed__rng_below(rng, range[1] - range[0] + 1);
}

/* Writes at most `room` bytes of random valid UTF-8, returns how many. */
static inline size_t random_text(heed__rng *rng, char *text, size_t room)
{
	const size_t wanted = (size_t)heed__rng_below(rng, room - 3);
	size_t len = 0;

	while (len < wanted)
		len += (size_t)heed__utf8_encode(random_point(rng), text + len);
	return len;
}

#endif
