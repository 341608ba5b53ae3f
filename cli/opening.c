#include "opening.h"

static const struct {
	const char *does, *commands;
} tasks_of_models[] = {
	[HEED_TASK_TRANSLATE] = {"translates", "translate, score, eval and attend"},
	[HEED_TASK_GENERATE] = {"continues texts", "generate, score and eval"},
	[HEED_TASK_CLASSIFY] = {"classifies texts", "classify and eval"},
	[HEED_TASK_EMBED] = {"makes vectors of words", "embed, nearest, analogy and eval"},
};

int heed_cli_open_model(heed_cli *cli, const char *path, unsigned tasks, heed_trained **model)
{
	const heed_model_class *family;
	int status;

	if (heed_trained_open(cli->ctx, path, model))
		return heed_cli_fail(cli);
	family = (*model)->model->family;
	if (tasks & 1U << family->task)
		return HEED_EXIT_OK;
	status = heed_cli_stop(cli, "%s is a model of the family %s, which %s; it is for heed %s", path,
			       family->name, tasks_of_models[family->task].does,
			       tasks_of_models[family->task].commands);
	heed_trained_close(*model);
	*model = NULL;
	return status;
}
