#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deb.sh DIR: build the Debian packages into DIR.  The top of the tree has no debian/; the build
# runs in a copy that has one.
# shellcheck disable=SC2154 # the files sourced set them
set -eu
out=$(realpath -m "${1:?usage: packaging/deb.sh DIR}")
cd "$(dirname "$0")/.."
. packaging/source.sh

same_version packaging/debian/changelog \
	"$(sed -n '1s/^okta-login (\([^)]*\)).*/\1/p' packaging/debian/changelog)"

work=$out/work-deb
tree=$work/okta-login-$version
log=$out/deb.log
rm -rf "$work"
copy_source "$tree"
cp -r packaging/debian "$tree/debian"

if ! (cd "$tree" && LC_ALL=C.UTF-8 TZ=UTC dpkg-buildpackage -b -us -uc) >"$log" 2>&1 </dev/null; then
	tail -n 30 "$log" >&2
	echo "deb.sh: the build failed; all of it is in $log" >&2
	exit 1
fi
rm -f "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out"
rm -rf "$work"
ls "$out"/*.deb
