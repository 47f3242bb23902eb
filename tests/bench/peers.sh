#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# peers.sh DIR: fetch what we are measured against from Debian and unpack it below DIR.
#
# Nothing is installed: this machine's own NSS and PAM stay as they are.  DIR/usr and DIR/etc
# hold what the packages (and those they need and this machine lacks) hold; glibc's nss_db,
# which Debian builds and leaves out, is built from glibc's source.  DIR/why/NAME says in one
# line why NAME is not there.  Done once; a DIR that is complete is left alone.
set -u
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e "$dir/complete" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/debs/partial" "$dir/why" "$dir/usr/lib" "$dir/etc"
log=$dir/log

fetch() { # fetch PACKAGE...: with all that they need
	apt-get install -q -y --download-only --no-install-recommends -o Debug::NoLocking=1 \
		-o Dir::Cache::archives="$(realpath "$dir")/debs" "$@" >>"$log" 2>&1 </dev/null
}
unpack() {
	for deb in "$dir"/debs/*.deb; do
		[ -e "$deb" ] || continue
		dpkg -x "$deb" "$dir" >>"$log" 2>&1 && rm -f "$deb"
	done
	# packages that still say /lib and /sbin mean /usr/lib and /usr/sbin
	for d in lib lib64 bin sbin; do
		[ -d "$dir/$d" ] || continue
		mkdir -p "$dir/usr/$d"
		cp -a "$dir/$d/." "$dir/usr/$d/" && rm -rf "${dir:?}/$d"
	done
}
peer() { # peer NAME PACKAGE...
	name=$1
	shift
	fetch "$@" || { [ -e "$dir/updated" ] || apt-get update -q >>"$log" 2>&1; : >"$dir/updated"; fetch "$@"; } || {
		echo "apt-get cannot download $*" >"$dir/why/$name"
		return 0
	}
	unpack
}

peer extrausers libnss-extrausers
peer cache libnss-cache
peer sss sssd-common sssd-proxy libnss-sss
peer nscd nscd
peer db glibc-source
if [ ! -e "$dir/why/db" ]; then
	tarball=$(find "$dir/usr/src/glibc" /usr/src/glibc -name 'glibc-*.tar.xz' 2>/dev/null | head -n 1)
	mkdir -p "$dir/nssdb"
	"$here/nssdb.sh" "$tarball" "$dir/nssdb" >>"$log" 2>&1 || echo "glibc's nss_db does not build: see $log" >"$dir/why/db"
	rm -rf "$dir/usr/src"
fi
# what failed is tried again the next time
[ -n "$(ls "$dir/why")" ] || : >"$dir/complete"
