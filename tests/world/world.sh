#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# world.sh - a host of its own, made of this machine's files, in private namespaces.
#
# /etc, /usr, /var, /home, /root, /run and /dev inside are private and start as this machine's
# (/home, /root, /run, /dev start empty): what is installed and changed there is seen by
# nobody else and gone with the world.  The machine's own PAM, NSS and sshd stay as they are.
# The network is the machine's loopback, so the Okta stand-in and a browser outside reach it.
#
#   WORLD=DIR world.sh up [HOSTNAME]   make the namespaces; DIR (created, root only) keeps
#                                      pid, log (everything sent to /dev/log), ssh keys
#   WORLD=DIR world.sh install         `make install` from this tree, then nsswitch, PAM, _okta
#   WORLD=DIR world.sh configure DIR2  okta-login.conf and secrets for the stand-in whose
#                                      --dir is DIR2
#   WORLD=DIR world.sh prepare DIR2    up, install and configure in one go
#   WORLD=DIR world.sh exec CMD...     run CMD inside, as root
#   WORLD=DIR world.sh sshd [PORT]     start sshd on 127.0.0.1 (a free port unless given);
#                                      prints the port and writes DIR/port
#   WORLD=DIR world.sh sshd-stop
#   WORLD=DIR world.sh down            end every process of the world; DIR stays
#
# B, if set, is the build directory that is installed from.
#
# One local account besides root: "opal", key DIR/opal.key; root's key is DIR/root.key, the
# password of both "Loc4l-Passw0rd".  WORLD_OVERLAY=no uses copies instead of overlayfs.
# WORLD_ALIVE=N at `up`: the world ends when descriptor N, a pipe, has no writer any more.
# Exit status: the command's, or 1 with one line on standard error.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)

die() {
	echo "world.sh: $*" >&2
	exit 1
}

inside() {
	pid=$(cat "$WORLD/pid" 2>/dev/null) || die "no world in $WORLD: run 'up' first"
	[ -d "/proc/$pid" ] || die "the world in $WORLD has ended: run 'up' again"
	exec nsenter -t "$pid" -m -u -p --wd=/ -- "$@"
}

up() {
	[ "$(id -u)" = 0 ] || die "must be run as root: it makes mount namespaces"
	[ -d "$WORLD" ] || mkdir -m 700 "$WORLD"
	for key in host root opal; do
		[ -f "$WORLD/$key.key" ] || ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$WORLD/$key.key"
	done
	rm -f "$WORLD/ready" "$WORLD/pid"
	: >"$WORLD/log"
	alive=${WORLD_ALIVE:-}
	[ -n "$alive" ] || exec {alive}</dev/null
	# A process namespace of its own: when its first process ends, all of it ends.
	setsid unshare -m -u -p -f --mount-proc --kill-child --propagation private \
	    "$here/inside.sh" "$WORLD" "${1:-web1}" <&"$alive" >"$WORLD/up.log" 2>&1 &
	outer=$!
	for _ in $(seq 200); do
		[ -e "$WORLD/ready" ] && break
		kill -0 $outer 2>/dev/null || break
		sleep 0.05
	done
	[ -e "$WORLD/ready" ] || die "namespaces could not be made: $(tail -n 3 "$WORLD/up.log")"
	tr -d ' ' <"/proc/$outer/task/$outer/children" >"$WORLD/pid"
}

install_products() {
	make -s -C "$tree" ${B:+"B=$B"} all || die "the tree does not build"
	# The jobserver of an outer make must not be asked from in here.
	(inside env -u MAKEFLAGS -u MFLAGS make -s -C "$tree" ${B:+"B=$B"} install DESTDIR=) || die "make install failed"
	(inside "$here/integrate.sh" "$tree/conf/pam") || die "could not set up nsswitch and PAM"
}

configure() {
	[ -f "$1/org.json" ] || die "$1/org.json is missing: start tests/okta/server.mjs --dir $1"
	(
		umask 077
		/usr/bin/python3 "$here/config.py" "$1" >"$WORLD/okta-login.conf"
	)
	(inside "$here/put_config.sh" "$WORLD/okta-login.conf" "$1")
}

start_sshd() {
	port=${1:-$(/usr/bin/python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}
	(inside "$here/sshd.sh" start "$port" "$WORLD")
	for _ in $(seq 100); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port" | tee "$WORLD/port"
			return
		fi
		sleep 0.05
	done
	die "sshd does not answer on port $port: see $WORLD/log"
}

[ -n "${WORLD:-}" ] || die "set WORLD to a directory for this world's keys and logs"
case "${1:-}" in
up) up "${2:-}" ;;
install) install_products ;;
configure) configure "${2:?the stand-in\'s directory}" ;;
prepare)
	up
	install_products
	configure "${2:?the stand-in\'s directory}"
	;;
exec)
	shift
	inside "$@"
	;;
sshd) start_sshd "${2:-}" ;;
sshd-stop) inside "$here/sshd.sh" stop ;;
down)
	pid=$(cat "$WORLD/pid" 2>/dev/null) || exit 0
	# Only our own first process: the pid may have been given to another one since.
	if [ "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" != "$(readlink /proc/self/ns/mnt)" ]; then
		kill -KILL "$pid" 2>/dev/null || true
	fi
	rm -f "$WORLD/pid" "$WORLD/ready" "$WORLD/port"
	;;
*) die "usage: up | install | configure DIR | prepare DIR | exec CMD... | sshd [PORT] | sshd-stop | down" ;;
esac
