#!/bin/sh
# Static analysis with no findings allowed: cppcheck over everything, clang-tidy over library and program.
# Names of single files may be given.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
jobs=$(nproc 2>/dev/null || echo 2)
tools/gen-lists.sh "$build/gen"
if [ $# = 0 ]; then
	# shellcheck disable=SC2046
	set -- $(find src cli -name '*.c' ! -path 'src/cuda/*' ! -name kernel_neon.c | LC_ALL=C sort)
fi

cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 -j "$jobs" \
	-D_GNU_SOURCE -D__x86_64__ -D__linux__ -Iinclude -Isrc -Icli -I"$build" \
	--suppressions-list=tools/cppcheck.txt "$@"

# context.c defines what analyzer.h redefines.
# shellcheck disable=SC2016
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh -c '
	case $1 in
	src/base/context.c) before= ;;
	*) before="-include tools/analyzer.h" ;;
	esac
	clang-tidy --quiet "$1" -- $before -std=c11 -D_GNU_SOURCE -Iinclude -Isrc -Icli -I'"$build"' \
		-mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -Wno-gnu-zero-variadic-macro-arguments 2>/dev/null' lint
echo "lint: no findings in $# files"
