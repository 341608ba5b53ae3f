/* Where a report goes: a folder with a page, plots and numbers, and standard output. */
#ifndef HEED_REPORT_FILES_H
#define HEED_REPORT_FILES_H

#include "heed/report.h"
#include "options.h"

#include <string.h>

/* All return an exit status; what is wrong has been said. */

/* Makes the folder unless it is there. */
int heed_report_folder(heed_cli *cli, const char *folder);
/* Writes FOLDER/index.html, FOLDER/PLOT.svg for every plot, and the numbers as FOLDER/JSON. */
int heed_report_files(heed_cli *cli, const heed_report *report, const char *folder, const char *json);
/* To standard output, as text or, with --json, as JSON. */
int heed_report_print(heed_cli *cli, const heed_report *report);

#endif
