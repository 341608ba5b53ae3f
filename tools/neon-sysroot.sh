#!/bin/sh
# Fetches the libraries of heed for aarch64 into a folder of their own: neon-sysroot.sh FOLDER.
# They come from the package archive that this Debian or Ubuntu uses; the system stays as it is and no root is
# needed.
set -eu
root=$1
[ -f "$root/complete" ] && exit 0
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/cache/archives/partial"
root=$(cd "$root" && pwd)

apt() {
	apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
		-o Dir::State::lists="$root/apt/lists" -o Dir::Cache="$root/apt/cache" \
		-o Dir::State::status=/dev/null "$@"
}

packages='libcmocka0 libcmocka-dev libutf8proc2 libutf8proc-dev libjansson4 libjansson-dev zlib1g zlib1g-dev'
echo "fetching for aarch64: $packages" >&2
apt update >&2
# Newer releases have other numbers behind the names of libraries.
cd "$root/apt"
for package in $packages; do
	case $package in
	*-dev) apt download "$package" >&2 ;;
	*) apt download "$package" >&2 2>/dev/null || apt download "${package}t64" >&2 ;;
	esac
done
for package in "$root"/apt/*.deb; do
	dpkg-deb -x "$package" "$root"
done
rm -rf "$root/apt"
touch "$root/complete"
