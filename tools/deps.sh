#!/bin/sh
# Sees to it that what heed needs is installed: deps.sh [--stamp FILE] build|test|lint|neon...
# As root, or with sudo, on Debian and Ubuntu missing packages are fetched; elsewhere they are named and the
# script fails. With --stamp nothing is looked at while FILE is newer than this script.
set -eu
stamp=
if [ "${1:-}" = --stamp ]; then
	stamp=$2
	shift 2
	[ -f "$stamp" ] && [ -n "$(find "$stamp" -newer "$0")" ] && grep -qx "${CC:-cc}" "$stamp" && exit 0
fi

missing=

need() { # need PACKAGE...: remember what to install
	for package in "$@"; do
		case " $missing " in
		*" $package "*) ;;
		*) missing="$missing $package" ;;
		esac
	done
}

compiler() { # compiler NAME: the package that holds a compiler
	case $1 in
	*clang*) echo clang libc6-dev ;;
	aarch64-linux-gnu-gcc*) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	*) echo gcc libc6-dev ;;
	esac
}

header() { # header FILE PACKAGE
	echo "#include <$1>" | ${CC:-cc} ${SYSROOT:+-I"$SYSROOT/usr/include"} -E -x c - >/dev/null 2>&1 || need "$2"
}

program() { # program NAME PACKAGE
	command -v "$1" >/dev/null 2>&1 || need "$2"
}

look() {
	missing=
	for group in "$@"; do
		case $group in
		build)
			# shellcheck disable=SC2046
			echo '#include <stdlib.h>' | ${CC:-cc} -E -x c - >/dev/null 2>&1 || need $(compiler "${CC:-cc}")
			program ar binutils
			[ -n "${SYSROOT:-}" ] || {
				header utf8proc.h libutf8proc-dev
				header zlib.h zlib1g-dev
			} ;;
		test)
			[ -n "${SYSROOT:-}" ] || {
				echo '#include <stdarg.h>
				#include <stddef.h>
				#include <stdint.h>
				#include <setjmp.h>
				#include <cmocka.h>' | ${CC:-cc} -E -x c - >/dev/null 2>&1 || need libcmocka-dev
				header jansson.h libjansson-dev
			} ;;
		lint)
			program clang clang
			program clang-format clang-format
			program clang-tidy clang-tidy
			program cppcheck cppcheck ;;
		neon)
			program aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
			program qemu-aarch64 qemu-user ;;
		*)
			echo "deps.sh: expected build, test, lint or neon, found \"$group\"" >&2
			exit 2 ;;
		esac
	done
}

install() {
	command -v apt-get >/dev/null 2>&1 || return 1
	as=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null 2>&1 || return 1
		as=sudo
	fi
	echo "fetching:$missing" >&2
	# The package lists may be absent or old: then they are fetched first.
	# shellcheck disable=SC2086
	$as env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >&2 2>/dev/null ||
		{ $as apt-get update -qq >&2 &&
			$as env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >&2; }
}

look "$@"
if [ -n "$missing" ]; then
	if ! install || { look "$@"; [ -n "$missing" ]; }; then
		cat >&2 <<-END
		heed needs packages that are not installed. On Debian and Ubuntu:
		    apt-get install$missing
		elsewhere the packages of the same things, with their headers.
		END
		exit 1
	fi
fi
if [ -n "$stamp" ]; then
	mkdir -p "$(dirname "$stamp")"
	echo "${CC:-cc}" >"$stamp"
fi
