#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# sshd.sh start PORT DIR | stop - OpenSSH as an admin would set it up for this (run inside).
set -eu
case $1 in
start)
	install -m 600 "$3/host.key" /etc/ssh/world_host_key
	cat >/etc/ssh/sshd_world <<X
Port $2
ListenAddress 127.0.0.1
HostKey /etc/ssh/world_host_key
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication ${PASSWORD:-no}
PubkeyAuthentication yes
PermitRootLogin prohibit-password
LoginGraceTime ${GRACE:-120}
MaxStartups ${STARTUPS:-100:30:200}
MaxSessions 10
LogLevel ${LEVEL:-VERBOSE}
PidFile /run/sshd.pid
AcceptEnv LANG LC_*
X
	/usr/sbin/sshd -f /etc/ssh/sshd_world
	;;
stop)
	[ -f /run/sshd.pid ] || exit 0
	pid=$(cat /run/sshd.pid)
	kill "$pid" 2>/dev/null || true
	# until then it has the port, and it takes the pid file away as the last it does
	timeout 10 tail -s 0.02 --pid="$pid" -f /dev/null
	rm -f /run/sshd.pid
	;;
esac
