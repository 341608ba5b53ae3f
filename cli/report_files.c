#include "report_files.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static heed_code put(void *user, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, user) == n ? HEED_OK : HEED_E_IO;
}

int heed_report_folder(heed_cli *cli, const char *folder)
{
	struct stat st;

	if (mkdir(folder, 0777) == 0)
		return HEED_EXIT_OK;
	if (errno != EEXIST)
		return heed_cli_stop(cli, "%s: this folder can not be made: %s", folder, strerror(errno));
	errno = stat(folder, &st) == 0 && !S_ISDIR(st.st_mode) ? ENOTDIR : 0;
	if (errno == 0 && access(folder, W_OK | X_OK) == 0)
		return HEED_EXIT_OK;
	return heed_cli_stop(cli, "%s: this folder can not be written to: %s", folder, strerror(errno));
}

/* FOLDER/NAME and what follows it; the caller frees it. */
static char *path_of(const char *folder, const char *name, const char *ending)
{
	const size_t size = strlen(folder) + strlen(name) + strlen(ending) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s%s", folder, name, ending);
	return path;
}

/* What fills a file: the page, the numbers, or plot number `plot`. */
struct content {
	const heed_report *report;
	enum { PAGE, NUMBERS, PLOT } kind;
	int plot;
};

static heed_code fill(const struct content *c, FILE *file)
{
	heed_json w;
	heed_code code;

	switch (c->kind) {
	case PAGE:
		return heed_report_html(c->report, put, file);
	case PLOT:
		return heed_report_plot_svg(c->report, c->plot, put, file);
	case NUMBERS:
		break;
	}
	heed_json_to_file(&w, file);
	code = heed_report_json(c->report, &w);
	return code ? code : put(file, "\n", 1);
}

static int write_file(heed_cli *cli, const struct content *c, const char *folder, const char *name,
		      const char *ending)
{
	char *path = path_of(folder, name, ending);
	FILE *file = path ? heed_cli_output(cli, path) : NULL;
	int status = HEED_EXIT_FAILED;
	heed_code code;

	if (!path)
		return heed_cli_stop(cli, "out of memory");
	if (file) {
		code = fill(c, file); /* what the stream refused, the commit says */
		status = code && code != HEED_E_IO ? heed_cli_fail(cli) : heed_cli_commit(cli);
	}
	free(path);
	return status;
}

int heed_report_files(heed_cli *cli, const heed_report *report, const char *folder, const char *json)
{
	int status = write_file(cli, &(struct content){report, PAGE, 0}, folder, "index", ".html");

	if (!status)
		status = write_file(cli, &(struct content){report, NUMBERS, 0}, folder, json, "");
	for (int i = 0; !status && i < heed_report_plots(report); i++)
		status = write_file(cli, &(struct content){report, PLOT, i}, folder,
				    heed_report_plot_name(report, i), ".svg");
	if (!status)
		heed_cli_note(cli, "%s/index.html is ready", folder);
	return status;
}

int heed_report_print(heed_cli *cli, const heed_report *report)
{
	FILE *out = heed_cli_output(cli, NULL);
	heed_code code;

	if (!out)
		return HEED_EXIT_FAILED;
	code = cli->json ? fill(&(struct content){report, NUMBERS, 0}, out)
			 : heed_report_terminal(report, 0, put, out);
	if (code && code != HEED_E_IO)
		return heed_cli_fail(cli);
	return heed_cli_commit(cli);
}
