#!/bin/sh
# Man pages and completions from the program itself: gen-docs.sh BUILD.
set -eu
build=$1
mkdir -p "$build/man" "$build/completions"
rm -f "$build"/man/*.1
"$build/heed" help --man >"$build/man/heed.1"
# The commands are the indented names of the overview.
"$build/heed" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | while read -r command; do
	"$build/heed" help --man "$command" >"$build/man/heed-$command.1"
done
"$build/heed" help --completion bash >"$build/completions/heed"
"$build/heed" help --completion zsh >"$build/completions/_heed"
