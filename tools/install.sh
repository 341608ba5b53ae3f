#!/bin/sh
# install.sh install|uninstall, with BUILD, VERSION, DESTDIR and PREFIX from the Makefile.
set -eu
prefix=${PREFIX:?}
root=${DESTDIR:-}$prefix

uninstall() {
	rm -rf "$root/include/heed"
	rm -f "$root/bin/heed" "$root/lib/libheed.a" "$root/lib/libheed.so" "$root/lib/libheed.so.0" \
		"$root/lib/pkgconfig/heed.pc" "$root/share/bash-completion/completions/heed" \
		"$root/share/zsh/site-functions/_heed"
	for page in "$root"/share/man/man1/heed.1 "$root"/share/man/man1/heed-*.1; do
		rm -f "$page"
	done
}

if [ "${1:-}" = uninstall ]; then
	uninstall
	exit 0
fi

put() { # put MODE FOLDER FILE...
	mode=$1 folder=$root/$2
	shift 2
	install -d "$folder"
	install -m "$mode" "$@" "$folder"
}

uninstall # headers and pages of an older version
put 755 bin "$BUILD/heed"
put 644 include/heed include/heed/*.h
put 644 lib "$BUILD/libheed.a"
install -m 755 "$BUILD/libheed.so" "$root/lib/libheed.so.0"
ln -sf libheed.so.0 "$root/lib/libheed.so"
put 644 share/man/man1 "$BUILD"/man/*.1
put 644 share/bash-completion/completions "$BUILD/completions/heed"
put 644 share/zsh/site-functions "$BUILD/completions/_heed"
install -d "$root/lib/pkgconfig"
cat >"$root/lib/pkgconfig/heed.pc" <<END
prefix=$prefix
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: heed
Description: Sequence models with attention, and their forerunners
Version: $VERSION
Cflags: -I\${includedir}
Libs: -L\${libdir} -lheed
Libs.private: -lutf8proc -lz -lm -lpthread
END
echo "installed heed $VERSION under $prefix"
