/* heed verify: whether model files are whole and can be used. */
#include "heed/json.h"
#include "heed/trained.h"
#include "heed/model_file.h"
#include "options.h"

/* Every checksum, then everything that using the model needs. */
static heed_code verify(heed_ctx *ctx, const char *path)
{
	heed_trained *model = NULL;
	heed_code code = heed_model_file_verify(ctx, path);

	if (code == HEED_OK)
		code = heed_trained_open(ctx, path, &model);
	heed_trained_close(model);
	return code;
}

static void print_json(const char *path, const char *error)
{
	heed_json j;

	heed_json_to_file(&j, stdout);
	heed_json_object(&j, NULL);
	heed_json_string(&j, "file", path);
	heed_json_bool(&j, "good", !error);
	if (error)
		heed_json_string(&j, "error", error);
	heed_json_end(&j);
	putchar('\n');
}

static int run(heed_cli *cli)
{
	int status = HEED_EXIT_OK;

	for (int i = 0; i < cli->word_count && !heed_interrupted(cli->ctx); i++) {
		const char *path = cli->words[i];
		const bool good = verify(cli->ctx, path) == HEED_OK;

		if (cli->json)
			print_json(path, good ? NULL : heed_error_message(cli->ctx));
		else if (good)
			printf("%s: good\n", path);
		fflush(stdout); /* so that lines and errors come in order where both are shown */
		if (!good)
			status = heed_cli_fail(cli);
	}
	return status;
}

const heed_command heed_cmd_verify = {
	.name = "verify",
	.kind = HEED_KIND_LOOK,
	.about = "check that model files are whole",
	.operands = "MODEL...",
	.min_words = 1,
	.max_words = -1,
	.run = run,
	.details =
		"Checks every checksum and that the model can be opened, and says \"FILE: good\" or, on "
		"standard error, what is wrong. Checkpoints are model files too. The exit status is 1 when "
		"any of the files is bad.",
	.examples = "heed verify en-de.heed\n"
		    "heed verify en-de.heed.run/*\n",
};
