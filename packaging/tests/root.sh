# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by the tests: throw-away Debian 12 roots with a real systemd, without a network.

packages=$(realpath -m "${B:-build}/packages")
base=$packages/root-base

# needs_boot: ends the test with a reason where no root can be booted.
needs_boot() {
	local why=
	if [ "$(id -u)" != 0 ]; then
		why='not root'
	elif ! why=$(unshare -m -p -n -u -i -f --mount-proc sh -c 'd=$(mktemp -d) && mkdir "$d/m" "$d/t" &&
		mount -t tmpfs t "$d/t" && mkdir "$d/t/u" "$d/t/w" &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$d/t/u,workdir=$d/t/w" o "$d/m"
		r=$?; umount "$d/m" "$d/t" 2>/dev/null; rm -rf "$d"; exit $r' 2>&1); then
		why="no namespaces or no overlayfs for us here: ${why%%$'\n'*}"
	else
		return 0
	fi
	printf '1..1\nok 1 - %s # SKIP %s\n' "${0##*/}: in a booted Debian 12" "$why"
	exit 0
}

# Where this machine's own apt gets bookworm's main from.
mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(CREATED_BY) $(REPO_URI)' |
		awk '$1 == "bookworm" && $2 == "main" && $3 == "Packages" { print $4; exit }'
}

# What our packages depend on is in the root beforehand: installing them needs no network then.
base_root() {
	local include=libcurl4,libinih1,libjson-c5,libqrencode4,libsqlite3-0,libssl3,ca-certificates
	local log=$packages/debootstrap.log
	include=$include,libseccomp2,systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,cron,pamtester,apparmor,strace
	mkdir -p "$packages"
	[ -e "$base/.complete" ] && return 0
	rm -rf "$base"
	debootstrap --variant=minbase --include="$include" bookworm "$base" "$(mirror)" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
	rm -f "$base"/var/cache/apt/archives/*.deb
	echo 'packages' >"$base/etc/hostname"
	: >"$base/etc/machine-id"
	touch "$base/.complete"
}

root='' leader='' nspawn=''

# A writable root over the base one.
new_root() { # new_root NAME: sets $root
	root=$packages/roots/$1/m
	drop_root "$1"
	mkdir -p "$packages/roots/$1"/{m,top}
	# an overlay cannot lie upon an overlay, as a container's disk is one: memory can
	mount_root "$1" 2>/dev/null || { mount -t tmpfs "okta-packages-$1" "$packages/roots/$1/top" && mount_root "$1"; }
}

mount_root() {
	mkdir -p "$packages/roots/$1/top"/{u,w}
	mount -t overlay "okta-packages-$1" \
		-o "lowerdir=$base,upperdir=$packages/roots/$1/top/u,workdir=$packages/roots/$1/top/w" "$packages/roots/$1/m"
}

# A machine that cannot boot the bare root says nothing of our packages.
can_boot() {
	local root status=0
	new_root bare && boot || status=1
	halt
	drop_root bare
	[ "$status" != 0 ] || return 0
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - ${0##*/}: in a booted Debian 12 # SKIP a root without our packages does not boot here"
	done_testing
}

drop_root() {
	while mountpoint -q "$packages/roots/$1/m"; do umount -l "$packages/roots/$1/m"; done
	while mountpoint -q "$packages/roots/$1/top"; do umount -l "$packages/roots/$1/top"; done
	rm -rf "$packages/roots/$1"
}

# boot: systemd as process 1 in $root; with the loopback interface only
boot() {
	local i
	systemd-nspawn -q -b -D "$root" --register=no --keep-unit --private-network --console=pipe \
		--machine="okta-$$" >"$packages/boot.log" 2>&1 </dev/null &
	nspawn=$!
	leader=
	for ((i = 0; i < 200; i++)); do
		leader=$(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null)
		leader=${leader%% *}
		[ -n "$leader" ] && nsenter -t "$leader" -a test -S /run/systemd/private 2>/dev/null && break
		sleep 0.1
	done
	[ -n "$leader" ] || { cat -v "$packages/boot.log" >&2; return 1; }
	inside systemctl is-system-running --wait >/dev/null 2>&1
	return 0
}

inside() { nsenter -t "$leader" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive HOME=/root "$@"; }

halt() {
	[ -n "$leader" ] || return 0
	inside systemctl poweroff >/dev/null 2>&1 </dev/null
	wait "$nspawn" 2>/dev/null
	leader=
}

# soon COMMAND...: it holds now or within half a minute
soon() {
	local i
	for ((i = 0; i < 150; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	"$@"
}

# --- the Okta stand-in, in the root's network, which has nothing but loopback ---------------------
okta=
okta_up() { # okta_up DIR
	mkdir -p "$1"
	rm -f "$1/ready"
	mkfifo "$1/ready"
	nsenter -t "$leader" -n node tests/okta/server.mjs --dir "$1" >"$1/ready" 2>>"$1/stderr" </dev/null &
	okta=$!
	okta_dir=$1
	read -r <"$1/ready" && okta PATCH /switches '{"device_interval": 1}' >/dev/null
}
okta_down() {
	[ -n "$okta" ] || return 0
	kill "$okta" 2>/dev/null
	wait "$okta" 2>/dev/null
	okta=
}
okta() { # okta METHOD PATH [JSON]: its admin API
	nsenter -t "$leader" -n curl -sSf --cacert "$okta_dir/ca.pem" -X "$1" -H 'Content-Type: application/json' \
		${3:+--data "$3"} "https://localhost:8443/__admin$2"
}
