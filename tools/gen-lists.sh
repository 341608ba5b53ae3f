#!/bin/sh
# Writes the lists that the sources share, made from the sources themselves: gen-lists.sh FOLDER.
# A list holds one line X(name) for each definition found, sorted; a file is rewritten only when it changes.
set -eu
out=$1
mkdir -p "$out"

keep() { # keep FILE: standard input becomes FILE unless it is that already
	cat >"$out/$1.new"
	if cmp -s "$out/$1.new" "$out/$1"; then
		rm -f "$out/$1.new"
	else
		mv -f "$out/$1.new" "$out/$1"
	fi
}

list() { # list FILE PREFIX GLOB...: names N of definitions that begin with "const PREFIXN"
	file=$1 prefix=$2
	shift 2
	{
		for source in "$@"; do
			[ -f "$source" ] && sed -n "s/^const $prefix\([A-Za-z0-9_]\{1,\}\)[^A-Za-z0-9_;]*=.*/X(\1)/p" "$source"
		done
		:
	} | LC_ALL=C sort | keep "$file"
}

list op_list.h 'heed_op heed__op_' src/op/*.c
list model_list.h 'heed_model_class heed__model_' src/model/*.c
list tokenizer_list.h 'heed__tokenizer_class heed__tokenizer_' src/text/*.c
list claim_list.h 'heed__claim heed__claim_' src/study/*.c
list command_list.h 'heed_command heed_cmd_' cli/cmd_*.c
find src -name '*.c' 2>/dev/null | LC_ALL=C sort | keep sources
