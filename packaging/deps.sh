#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deps.sh deb|rpm|check: install what building or checking packages needs from Debian.
# Does nothing where everything is there.  Starts no service.
set -eu
cd "$(dirname "$0")/.."

want=${1:?usage: packaging/deps.sh deb|rpm|check}

libs="libpam0g-dev libcurl4-openssl-dev libssl-dev libjson-c-dev libsqlite3-dev libinih-dev
  libqrencode-dev libseccomp-dev pkg-config"
deb="$libs build-essential debhelper fakeroot"
rpm="$libs build-essential rpm"
# systemd for systemd-analyze; the policy tools check the AppArmor and SELinux sources
check="$deb $rpm lintian rpmlint debootstrap systemd systemd-container apparmor checkpolicy
  semodule-utils selinux-policy-dev shellcheck python3 util-linux curl"

case $want in
deb) packages=$deb ;;
rpm) packages=$rpm ;;
check) packages=$check ;;
*)
	echo "deps.sh: $want: not deb, rpm or check" >&2
	exit 64
	;;
esac

missing=
for p in $packages; do
	dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "deps.sh: not root; install by hand:$missing" >&2
	exit 77
fi

echo "installing:$missing"
mkdir -p build
log=build/packages-deps.log
# shellcheck disable=SC2086 # a list of words
{ apt-get update -q &&
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } \
	>"$log" 2>&1 </dev/null || {
	tail -n 20 "$log" >&2
	echo "deps.sh: failed to install:$missing" >&2
	exit 1
}
