# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by the tests: throw-away Debian 12 roots with a real systemd, without a network.

packages=$(realpath -m "${B:-build}/packages")
base=$packages/root-base

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
	include=$include,systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,cron,pamtester,apparmor
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
	mkdir -p "$packages/roots/$1"/{u,w,m}
	mount -t overlay "okta-packages-$1" \
		-o "lowerdir=$base,upperdir=$packages/roots/$1/u,workdir=$packages/roots/$1/w" "$root"
}

drop_root() {
	while mountpoint -q "$packages/roots/$1/m"; do umount -l "$packages/roots/$1/m"; done
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
