/* What trainings of a test program write, by name; and a disk that need not be waited for. */
#ifndef HEED_TEST_TRAINING_NAMES_H
#define HEED_TEST_TRAINING_NAMES_H

#include "tiny_training.h"

int fsync(int fd)
{
	(void)fd;
	return 0; /* the machine does not die */
}

/* Two models in the scratch folder, and the checkpoint that belongs to the first. */
static char output[512], other[512], checkpoint[560];

static inline int make_names(void **state)
{
	if (scratch_make(state) != 0)
		return -1;
	snprintf(output, sizeof output, "%s", scratch("a.heed"));
	snprintf(other, sizeof other, "%s", scratch("b.heed"));
	snprintf(checkpoint, sizeof checkpoint, "%s.run/checkpoint", output);
	return 0;
}

static inline int remove_names(void **state)
{
	tiny_forget(output);
	tiny_forget(other);
	return scratch_remove(state);
}

#endif
