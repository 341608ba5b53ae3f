/* Lines of text in the portions in which they come: as many as are at hand, waiting for one at least.
 *
 *	heed_lines in;
 *	int status = heed_lines_open(&in, cli, files, 1000, strict);
 *
 *	while (!status && (status = heed_lines_read(&in)) == HEED_EXIT_OK && in.count)
 *		... in.lines[0], ..., in.lines[in.count - 1]; the first is line in.before + 1 of the input
 *	heed_lines_close(&in); */
#ifndef HEED_LINES_H
#define HEED_LINES_H

#include "heed/corpus.h"
#include "heed/line.h"
#include "options.h"

typedef struct heed_lines {
	heed_cli *cli;
	heed_corpus *corpus;
	heed_line *lines; /* [count], until the next read */
	size_t count, window;
	int64_t before; /* lines of earlier portions */
	char *bytes;
	size_t used, cap;
} heed_lines;

/* At most `window` lines a portion. No files: standard input. Both return an exit status; what is wrong has been
 * said. Close in any case. */
int heed_lines_open(heed_lines *in, heed_cli *cli, heed_files files, size_t window, bool strict);
/* No line: the input has ended. */
int heed_lines_read(heed_lines *in);
void heed_lines_close(heed_lines *in); /* says what was repaired */

#endif
