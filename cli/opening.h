/* Opening the model of a command that only some models can do. */
#ifndef HEED_OPENING_H
#define HEED_OPENING_H

#include "heed/trained.h"
#include "options.h"

/* Opens the file and checks that its model is of one of the tasks, a sum of 1 << HEED_TASK_...; an exit status. What
 * is wrong has been said: of a model of another task, what it does and which commands take it. */
int heed_cli_open_model(heed_cli *cli, const char *path, unsigned tasks, heed_trained **model);

#endif
