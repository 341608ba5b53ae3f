#!/bin/sh
# clang-format over all C sources: format.sh rewrites them, format.sh --check names those that would change.
set -eu
cd "$(dirname "$0")/.."
command -v clang-format >/dev/null || { echo "format.sh: clang-format is not installed" >&2; exit 1; }
find include src cli test bench examples \( -name '*.c' -o -name '*.h' \) 2>/dev/null | LC_ALL=C sort |
	if [ "${1:-}" = --check ]; then
		xargs -r clang-format --dry-run -Werror
	else
		xargs -r clang-format -i
	fi
