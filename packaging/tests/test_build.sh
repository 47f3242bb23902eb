#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The packages as files: they build, lint clean, are the same each time, and hold what they should.
# shellcheck disable=SC2154 # the files sourced set them
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
out=$(realpath -m "${B:-build}/packages")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Two trees at paths of different length and depth, so that no path of the build can be in both.
. packaging/source.sh
copy_source "$work/here"
mkdir -p "$work/some/where"
cp -a "$work/here" "$work/some/where/else"

need 'the packages are built' "$work/here/packaging/deb.sh" "$out"
other_habits() { # another umask, time zone, language, home and user's name than the first's
	(umask 077 && TZ=Pacific/Chatham LC_ALL=C LANG=de_DE.UTF-8 HOME=$work USER=nobody LOGNAME=nobody CFLAGS=-O0 MAKEFLAGS=-k \
		"$@")
}
need 'a second build, in another directory, with another umask and time zone, works' \
	other_habits "$work/some/where/else/packaging/deb.sh" "$work/again"
equal() {
	local f n=0
	for f in "$out"/*.deb; do
		cmp "$f" "$work/again/${f##*/}" || return 1
		n=$((n + 1))
	done
	[ $n -ge 3 ]
}
ok 'both builds gave the same bytes, debug symbols included' equal

ok 'lintian has no error and no warning' lintian --fail-on error,warning "$out"/*.changes
no_overrides() { ! dpkg-deb -c "$1" | grep lintian/overrides; }
for p in libnss-okta libpam-okta okta-login; do
	deb=$(echo "$out/${p}_"*.deb)
	ok "$p overrides nothing of lintian's" no_overrides "$deb"
	dpkg -x "$deb" "$work/$p"
done

binaries=$(find "$work"/{libnss-okta,libpam-okta,okta-login} -type f -exec sh -c 'file -b "$1" | grep -q ELF' sh {} \; -print)
count() { [ "$(echo "$binaries" | wc -l)" = 5 ]; }
ok 'five binaries are shipped' count
hardened() {
	local f
	for f in $binaries; do
		readelf -dW "$f" | grep -q 'BIND_NOW\|FLAGS_1.*NOW' || { echo "$f: not bound at start"; return 1; }
		readelf -lW "$f" | grep -q GNU_RELRO || { echo "$f: no RELRO"; return 1; }
		readelf -lW "$f" | grep GNU_STACK | grep -q 'RW ' || { echo "$f: executable stack"; return 1; }
		readelf -hW "$f" | grep -q 'Type:.*DYN' || { echo "$f: not position independent"; return 1; }
		! readelf -dW "$f" | grep -E 'RPATH|RUNPATH' || { echo "$f: has a run path"; return 1; }
	done
}
ok 'they are position independent, bound at start, with RELRO and without executable stack' hardened
needed() { # needed FILE ALLOWED: S13
	! readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vxE "$2"
}
ok 'libnss_okta.so.2 needs nothing but libc' needed "$(echo "$binaries" | grep nss)" 'libc\.so\.6'
ok 'pam_okta.so needs nothing but libc, libpam and libinih' \
	needed "$(echo "$binaries" | grep pam_okta)" 'libc\.so\.6|libpam\.so\.0|libinih\.so\.1'
paths() { ! grep -rlaF -e "$PWD/" -e "$work/" "$work"/{libnss-okta,libpam-okta,okta-login}; }
ok 'no path of the build is in any file' paths
ownership() {
	local d
	for d in "$out"/*.deb; do
		! dpkg-deb -c "$d" | grep -vE '^(lrwxrwxrwx|[-d]rw[-x]r-[-x]r-[-x]) root/root ' || return 1
	done
}
ok 'all is root'"'"'s, nothing is set-uid and nobody else can write' ownership
done_testing
