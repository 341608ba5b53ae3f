/* All ops of this build; the list is generated from the files of this folder. */
#include "tensor/tape.h"

#define X(name) extern const heed_op heed__op_##name;
#include "gen/op_list.h"
#undef X

const heed_op *const *heed__ops(void)
{
	static const heed_op *const ops[] = {
#define X(name) &heed__op_##name,
#include "gen/op_list.h"
#undef X
		NULL,
	};

	return ops;
}
