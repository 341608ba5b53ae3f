/* Where commands write: standard output or a file. A file appears only when it is whole. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct heed_cli_output {
	FILE *file; /* NULL: standard output */
	char path[PATH_MAX], temporary[PATH_MAX];
};

static bool standard(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

static FILE *no_output(const heed_cli *cli, const char *path)
{
	heed_say_error("%s: %s: %s", cli->title, path, strerror(errno));
	return NULL;
}

static FILE *open_temporary(struct heed_cli_output *out)
{
	const mode_t mask = umask(0);
	int fd;

	umask(mask);
	fd = mkostemp(out->temporary, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fchmod(fd, 0666 & ~mask) == 0 && (out->file = fdopen(fd, "w")))
		return out->file;
	close(fd);
	unlink(out->temporary);
	return NULL;
}

FILE *heed_cli_output(heed_cli *cli, const char *path)
{
	struct heed_cli_output *out;
	struct stat info;

	if (standard(path))
		return stdout;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		errno = EISDIR;
		return no_output(cli, path);
	}
	out = calloc(1, sizeof *out);
	if (!out)
		return no_output(cli, path);
	cli->output = out;
	snprintf(out->path, sizeof out->path, "%s", path);
	/* Devices and pipes are written to as they are. */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
		out->file = fopen(path, "w");
	else if (snprintf(out->temporary, sizeof out->temporary, "%s.%ld.XXXXXX", path, (long)getpid()) >=
		 PATH_MAX)
		errno = ENAMETOOLONG;
	else
		open_temporary(out);
	return out->file ? out->file : no_output(cli, path);
}

void heed_cli_discard(heed_cli *cli)
{
	struct heed_cli_output *out = cli->output;

	if (out && out->file) {
		fclose(out->file);
		if (*out->temporary)
			unlink(out->temporary);
	}
	free(out);
	cli->output = NULL;
}

/* So that the new name is there after a power cut too. */
static void flush_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int heed_cli_commit(heed_cli *cli)
{
	struct heed_cli_output *out = cli->output;
	bool good;

	if (!out)
		return heed_cli_flush(cli);
	/* What was interrupted is not whole. */
	if (heed_interrupted(cli->ctx)) {
		heed_cli_discard(cli);
		return HEED_EXIT_FAILED;
	}
	good = !ferror(out->file) && fflush(out->file) == 0;
	if (*out->temporary)
		good = good && fsync(fileno(out->file)) == 0 && rename(out->temporary, out->path) == 0;
	if (!good)
		no_output(cli, out->path);
	else {
		if (*out->temporary)
			flush_folder(out->path);
		*out->temporary = '\0';
	}
	heed_cli_discard(cli);
	return good ? HEED_EXIT_OK : HEED_EXIT_FAILED;
}

int heed_cli_flush(heed_cli *cli)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return HEED_EXIT_OK;
	/* Whoever read the output has heard enough. */
	if (errno != EPIPE)
		heed_say_error("%s: standard output: %s", cli->title, strerror(errno ? errno : EIO));
	return HEED_EXIT_FAILED;
}
