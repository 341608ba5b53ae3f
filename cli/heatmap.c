/* Attention in the terminal. */
#include "heatmap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static heed_view_paint view_paint(const heed_cli *cli, heed_heatmap_paint paint)
{
	const char *depth = getenv("COLORTERM");

	switch (paint) {
	case HEED_HEATMAP_DIGITS:
		return HEED_VIEW_DIGITS;
	case HEED_HEATMAP_SHADES:
		return HEED_VIEW_SHADES;
	case HEED_HEATMAP_256:
		return HEED_VIEW_COLOR_256;
	case HEED_HEATMAP_TRUECOLOR:
		return HEED_VIEW_TRUECOLOR;
	case HEED_HEATMAP_AUTO:
		break;
	}
	if (!cli->color)
		return isatty(STDOUT_FILENO) ? HEED_VIEW_SHADES : HEED_VIEW_DIGITS;
	return depth && (strcmp(depth, "truecolor") == 0 || strcmp(depth, "24bit") == 0)
		       ? HEED_VIEW_TRUECOLOR
		       : HEED_VIEW_COLOR_256;
}

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 0;
	return size.ws_col < 20 ? 20 : size.ws_col > 1000 ? 1000 : size.ws_col;
}

heed_code heed_heatmap_write(void *file, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, file) == n ? HEED_OK : HEED_E_IO;
}

heed_view_terminal_options heed_heatmap_view(const heed_cli *cli, heed_heatmap_paint paint)
{
	return (heed_view_terminal_options){view_paint(cli, paint), terminal_width()};
}

int heed_heatmap_print(heed_cli *cli, const heed_attention_map *map, heed_heatmap_paint paint)
{
	const heed_view_terminal_options view = heed_heatmap_view(cli, paint);

	if (!heed_view_terminal(cli->ctx, map, &view, heed_heatmap_write, stdout))
		return HEED_EXIT_OK;
	return ferror(stdout) ? heed_cli_flush(cli) : heed_cli_fail(cli);
}
