#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deps.sh build|demo|check|bench|fuzz: install what that needs from Debian and, for the stand-in,
# from the npm registry.  Does nothing where everything is there.  Starts no service.
set -eu
cd "$(dirname "$0")/.."

want=${1:?usage: tests/deps.sh build|demo|check|bench|fuzz}

build="gcc libc6-dev pkg-config libpam0g-dev libcurl4-openssl-dev libssl-dev libjson-c-dev
  libsqlite3-dev libinih-dev libqrencode-dev libseccomp-dev"
# what sshd, taken out of its package, links to
sshd_libs="libwrap0 libselinux1 libgssapi-krb5-2 libkrb5-3 libcom-err2 libaudit1 libsystemd0"
demo="$build ca-certificates openssl openssh-client openssh-sftp-server $sshd_libs procps iproute2 python3
  python3-pexpect libpam-modules sudo"
check="$demo git curl libcmocka-dev libjwt-dev libcjose-dev clang-format cppcheck shellcheck mandoc strace binutils chromium libasan8
  libubsan1 libtsan2 login sqlite3 tmux util-linux"

case $want in
build) packages=$build ;;
demo) packages=$demo ;;
bench) packages="$demo strace xz-utils" ;;
check) packages=$check ;;
fuzz) packages="$build libcmocka-dev clang libclang-rt-14-dev llvm" ;;
*)
	echo "deps.sh: $want: not build, demo, check, bench or fuzz" >&2
	exit 64
	;;
esac
# Debian's nodejs only where no node is: a newer one is as good.
if [ "$want" != build ] && [ "$want" != fuzz ]; then
	command -v node >/dev/null 2>&1 || packages="$packages nodejs"
	command -v npm >/dev/null 2>&1 || packages="$packages npm"
fi

missing=
for p in $packages; do
	dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done

log=build/deps.log
mkdir -p build

quietly() {
	"$@" >>"$log" 2>&1 || {
		echo "deps.sh: failed: $*" >&2
		tail -n 20 "$log" >&2
		exit 1
	}
}

if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "deps.sh: not root; install by hand:$missing" >&2
		exit 77
	fi
	echo "installing:$missing"
	quietly apt-get update -q
	# shellcheck disable=SC2086 # a list of words
	quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

# The sshd of the tests is unpacked, not installed: the package would start a server here.
if [ "$want" != build ] && [ "$want" != fuzz ] && [ ! -x /usr/sbin/sshd ] && [ ! -x build/tools/usr/sbin/sshd ]; then
	echo "unpacking: openssh-server"
	mkdir -p build/tools
	quietly sh -c 'cd build/tools && apt-get download -q openssh-server && dpkg -x openssh-server_*.deb .'
fi

npm_tree() { # npm_tree DIR: node_modules exactly as its lock file says
	[ -f "$1/package-lock.json" ] || return 0
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed" && return 0
	echo "npm ci: $1"
	quietly npm ci --prefix "$1" --no-fund --no-audit --ignore-scripts
	cp "$1/package-lock.json" "$1/node_modules/.installed"
}

case $want in
demo | bench | check) npm_tree tests/okta ;;
esac
case $want in
demo) if command -v chromium >/dev/null 2>&1; then npm_tree tests/okta/browser; fi ;;
check)
	npm_tree tests/okta/browser
	npm_tree tests/okta/fidelity
	;;
esac
