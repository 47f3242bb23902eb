# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by deb.sh and rpm.sh, from the top of the tree: what is packed, and under which date.

# Nothing of the make that calls, nor of the caller's habits, gets into the build below.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL SAN WERROR B CC CFLAGS CPPFLAGS LDFLAGS DEB_BUILD_OPTIONS DEB_BUILD_PROFILES
umask 022

version=$(sed -n 's/^VERSION := //p' Makefile)

# The commit's time, so that the same commit gives the same bytes.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) ||
		SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p;T;q' packaging/debian/changelog)" +%s)
fi
export SOURCE_DATE_EPOCH

# copy_source DIR: what git would commit; in an unpacked tarball, everything but build*.
copy_source() {
	mkdir -p "$1"
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -path './build*' -prune -o \( -type f -o -type l \) -printf '%P\0'
	fi | LC_ALL=C sort -z >"$1/.list"
	# a file removed but not yet committed is still in the list
	tar -c --mode=u=rwX,go=rX --null --verbatim-files-from --ignore-failed-read --warning=none -T "$1/.list" | tar -x --no-same-owner -C "$1"
	rm "$1/.list"
}

# A package's version is the programs'.
same_version() { # same_version FILE VERSION
	[ "$2" = "$version" ] && return 0
	echo "$1: is version $2, the Makefile says $version: make them agree" >&2
	exit 1
}
