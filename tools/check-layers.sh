#!/bin/sh
# Fails when an #include points up: check-layers.sh [ROOT].
# The table is that of doc/architecture.md, section "Rooms": a folder may use those named beside it and all that
# these may use. Programs see the public headers only; tests and benches may look inside.
set -eu
cd "${1:-$(dirname "$0")/..}"

table='
base:
kernel: base
tensor: base kernel
op: tensor kernel
nn: op
model: nn
text: base
data: text
io: base
metric: base
store: model text io
train: store data metric decode
decode: store data
view: decode
study: train view
serve: decode view
cuda: tensor op
'

set -- 
for folder in include src cli examples bench test; do
	[ -d "$folder" ] && set -- "$@" "$folder"
done
find "$@" \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.inc' \) -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
	awk -v table="$table" '
	BEGIN {
		rows = split(table, row, "\n")
		for (i = 1; i <= rows; i++) {
			if (split(row[i], word, /[: ]+/) < 2 || word[1] == "") continue
			room[word[1]] = 1
			may[word[1], word[1]] = 1
			for (j = 2; j in word; j++) if (word[j] != "") may[word[1], word[j]] = 1
			delete word
		}
		do { # the closure
			grown = 0
			for (a in room) for (b in room) if ((a, b) in may)
				for (c in room) if ((b, c) in may && !((a, c) in may)) { may[a, c] = 1; grown = 1 }
		} while (grown)
		for (a in room) for (b in room) if (a < b && ((a, b) in may) && ((b, a) in may)) {
			print "check-layers.sh: the table lets " a " and " b " use each other"; bad = 1
		}
	}
	{
		split($0, part, ":")
		path = part[1]; line = part[2]
		split($0, quoted, "\"")
		target = quoted[2]
		n = split(path, from, "/")
		split(target, to, "/")
		reason = ""
		if (to[1] == "heed" || to[1] == "gen") next
		if (from[1] == "include") reason = "public headers may include heed/ only"
		else if (from[1] == "src" && !(from[2] in room)) reason = "src/" from[2] " is not in the table"
		else if (from[1] == "src" && !(to[1] in room)) reason = "write it as FOLDER/FILE, from src/"
		else if (from[1] == "src" && !((from[2], to[1]) in may)) reason = from[2] " may not use " to[1]
		else if ((from[1] == "cli" || from[1] == "examples") && index(target, "/"))
			reason = from[1] " may include heed/ only"
		if (reason != "") { printf "%s:%s: #include \"%s\": %s\n", path, line, target, reason; bad = 1 }
	}
	END { exit bad }'
