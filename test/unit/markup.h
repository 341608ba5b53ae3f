/* For tests of drawings: whether what was written is markup. */
#ifndef HEED_TEST_MARKUP_H
#define HEED_TEST_MARKUP_H

#include "sink.h"

/* A reader of just enough XML: tags nest, attributes are quoted, references are known. */
static inline void check_reference(const char *s)
{
	static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	size_t i = 0;

	while (i < 5 && strncmp(s, known[i], strlen(known[i])) != 0)
		i++;
	assert_true(i < 5);
}

static inline const char *skip_tag(const char *s)
{
	for (; *s != '>'; s++) {
		assert_true(*s != '\0' && *s != '<');
		if (*s != '"')
			continue;
		for (s++; *s != '"'; s++) {
			assert_true(*s != '\0' && *s != '<');
			if (*s == '&')
				check_reference(s);
		}
	}
	return s;
}

static inline void check_xml(const char *s)
{
	const char *open[16];
	size_t depth = 0;

	for (; *s != '\0'; s++) {
		const char *const tag = s + 1;

		assert_true((unsigned char)*s >= 0x20 || *s == '\n');
		if (*s == '&')
			check_reference(s);
		if (*s != '<')
			continue;
		s = skip_tag(tag);
		if (*tag == '/') {
			assert_true(depth > 0);
			depth--;
			assert_memory_equal(tag + 1, open[depth], strcspn(open[depth], " >"));
		} else if (s[-1] != '/') {
			assert_true(depth < 16);
			open[depth++] = tag;
		}
	}
	assert_int_equal(depth, 0);
}

static inline size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

#endif
