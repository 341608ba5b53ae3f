/* The settings of a training run as one table. */
#include "heed/train_fields.h"

const heed_field heed_train_fields[] = {
	HEED_TRAIN_FIELDS,
	{0},
};
