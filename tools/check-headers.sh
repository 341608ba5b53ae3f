#!/bin/sh
# Every public header compiles alone, as C11 and as C++ (CUDA sources include them).
set -eu
cd "$(dirname "$0")/.."
bad=0
for header in include/heed/*.h; do
	name=heed/$(basename "$header")
	echo "#include \"$name\"" | clang -x c -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only - || bad=1
	echo "#include \"$name\"" | clang -x c++ -std=c++11 -Wall -Wextra -Werror -Iinclude -fsyntax-only - || bad=1
done
exit $bad
