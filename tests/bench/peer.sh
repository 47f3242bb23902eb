#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# peer.sh PEER SIZE: measure one service with one directory, in a private mount namespace.
#
# PEER: okta, null, files, extrausers, cache, db, sss or nscd.  BENCH is the directory that
# `run` made: bin, peers, data/SIZE, and work for what is built here.  BENCH_LIB has our
# module.  Prints lines, tab-separated, times in nanoseconds:
#   SIZE PEER WAY OP MEDIAN P99 LEAST CALLS      WAY: direct, glibc or cost
#   SIZE PEER WAY OP - REASON                    not measured
# What is measured several times has several lines; the middle one counts.
set -eu
peer=$1 size=$2
here=$(cd "$(dirname "$0")" && pwd)
bin=$BENCH/bin peers=$BENCH/peers data=$BENCH/data/$size work=$BENCH/work/$peer-$size
multiarch=$(gcc -print-multiarch)
lib=/usr/lib/$multiarch
daemon=

say() { sed -u "s/^/$size\t$peer\t$1\t/"; }
not_measured() { # not_measured REASON OP...
	reason=$1
	shift
	for op in "$@"; do printf '%s\t-\t%s\n' "$op" "$reason"; done
}
all="name name-held name-new name-hot uid uid-held uid-hot miss miss-hot group gid init-10 init-10-hot init-1000 big enum"

if [ -e "$peers/why/$peer" ]; then
	# shellcheck disable=SC2086 # a list of words
	not_measured "$(cat "$peers/why/$peer")" $all fresh | say direct
	exit 0
fi
if [ "${IN_NAMESPACE:-}" != yes ]; then
	rm -rf "$work"
	mkdir -p "$work"
	# processes of its own as well: a daemon ends with it, whatever happens
	IN_NAMESPACE=yes exec unshare -m -p -f --mount-proc --kill-child --propagation private "$0" "$@"
fi

# --- a host that has every peer's files and none of its own state ----------------------------
mkdir -p "$work/usr/lib/$multiarch" "$work/log"
cp "$BENCH_LIB/libnss_okta.so.2" "$bin/libnss_null.so.2" "$work/usr/lib/$multiarch/"
[ -e "$peers/why/db" ] || cp "$peers/nssdb/libnss_db.so.2" "$work/usr/lib/$multiarch/"
mount -t overlay bench -o "lowerdir=$work/usr:$peers/usr:/usr" /usr
mount -t tmpfs -o mode=755 bench /run
mkdir -p /run/etc/u /run/etc/w /run/nscd
mount -t overlay bench -o "lowerdir=$peers/etc:/etc,upperdir=/run/etc/u,workdir=/run/etc/w" /etc
for d in /var/lib /var/cache /var/log; do mount -t tmpfs -o mode=755 bench $d; done
nsswitch() { printf 'passwd: %s\ngroup: %s\ninitgroups: %s\n' "$1" "$1" "$1" >/etc/nsswitch.conf; }
# on the disk, as on a host: what is mapped from a tmpfs counts differently
snapshot=/var/lib/okta-login/directory.snapshot
have_snapshot() {
	mkdir -p /var/lib/okta-login "$BENCH/work/state-$size"
	mount --bind "$BENCH/work/state-$size" /var/lib/okta-login
	[ -s "$snapshot" ]
}

# --- measuring -------------------------------------------------------------------------------
# A peer that reads a file from its beginning needs no more than a glance.
seconds=0.2
lookup() { "$bin/lookup" -t "$seconds" "$@" 2>>"$work/log/lookup"; }
direct() { # direct MODULE NAME OP...
	lookup "$1" "$2" "$data" "${@:3}" | say direct
}
glibc() { # glibc OP...
	lookup - - "$data" "$@" | say glibc
}
fresh() { # fresh MODULE NAME
	"$bin/fresh" "$1" "$2" "$data" 201 2>>"$work/log/fresh" || echo "fresh	-	a process found nobody"
}
calls() { # calls MODULE NAME OP: of the system, by one warm lookup
	strace -f -o "$work/strace" "$bin/calls" "$1" "$2" "$data" "$3" 0.3 2>>"$work/log/calls" || {
		printf 'calls-%s\t-\twrong answer\n' "$3"
		return 0
	}
	awk -v op="$3" '/"begin"/ { on = 1; next } /"end / { split($0, t, /"/); split(t[2], w, " "); on = 0 }
		on { n++ } END { printf "calls-%s\t%.5f\t0\t0\t%d\n", op, n / w[2], w[2] }' "$work/strace"
	rm -f "$work/strace"
}
bytes() { # bytes FILE...: of the files that hold the directory
	printf 'bytes\t%s\t0\t0\t0\n' "$(stat -Lc %s "$@" | awk '{ s += $1 } END { print s }')" | say cost
}
resident() { # resident PROGRAM...: KiB of running daemons, shared pages counted once
	for p in "$@"; do
		for exe in /proc/[0-9]*/exe; do
			[ "$(readlink "$exe" 2>/dev/null)" = "$p" ] && sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "${exe%exe}smaps_rollup"
		done
	done | awk '{ s += $1 } END { printf "daemons\t%d\t0\t0\t%d\n", s, NR }' | say cost
}
wait_for() { # wait_for SECONDS COMMAND...
	tries=$(($1 * 10))
	shift
	while [ $tries -gt 0 ] && ! "$@" >/dev/null 2>&1; do
		kill -0 "$daemon" 2>/dev/null || return 1
		sleep 0.1
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ]
}

files_in() { # files_in DIR [SUFFIX]
	mkdir -p "$1"
	for f in passwd group; do
		: >"$1/$f${2:-}"
		mount --bind "$data/$f" "$1/$f${2:-}"
	done
}
# Where the kernel puts a file's pages differs from one publication to the next.
published() {
	"$bin/build" "$(wc -l <"$data/passwd")" "$(wc -l <"$data/group")" "$snapshot" | say cost
	direct "$lib/libnss_okta.so.2" okta name name-held uid uid-held miss init-10
}
# Reading a text from its beginning takes as long for any key: one set of keys will do.
linear() { # linear MODULE NAME
	[ "$size" = 1k ] || seconds=0.1
	direct "$1" "$2" memory name uid miss group gid init-10 init-1000 big enum
	nsswitch "$2"
	glibc name uid miss init-10 big
	{ fresh "$1" "$2"; calls "$1" "$2" name; } | say direct
	{ fresh - -; calls - - name; } | say glibc
}

case $peer in
okta)
	mkdir -p "$BENCH/work/state-$size"
	have_snapshot || :
	published
	bytes "$snapshot"
	direct "$lib/libnss_okta.so.2" okta memory name-hot uid-hot miss-hot group gid init-10-hot init-1000 big enum threads
	nsswitch okta
	glibc name name-held name-hot uid uid-held uid-hot miss miss-hot group gid init-10 init-10-hot init-1000 big enum
	{
		fresh "$lib/libnss_okta.so.2" okta
		for op in name uid miss group init-10-hot big; do calls "$lib/libnss_okta.so.2" okta $op; done
	} | say direct
	{ fresh - -; calls - - name; } | say glibc
	record=$(($(stat -c %s "$snapshot") / $(wc -l <"$data/passwd"))) answer=$((18 * $(awk '{ print $3 }' "$data/big")))
	"$bin/floor" "$snapshot" "$record" "$answer" | sed 's/$/\t0\t0\t0/' | say floor
	times=20
	[ "$size" != 1m ] || times=8
	"$bin/replace" "$lib/libnss_okta.so.2" okta "$data" "$snapshot" $times | say cost
	;;
null)
	nsswitch null
	lookup -u - - "$data" name name-hot uid uid-hot | say glibc
	calls - - name | grep -v wrong | say glibc || :
	;;
files)
	files_in /etc
	bytes /etc/passwd /etc/group
	linear "$lib/libc.so.6" files
	;;
extrausers)
	files_in /var/lib/extrausers
	bytes /var/lib/extrausers/passwd /var/lib/extrausers/group
	linear /usr/lib/libnss_extrausers.so.2 extrausers
	;;
cache)
	files_in /etc .cache
	for f in passwd.name.0 passwd.uid.2 group.name.0 group.gid.2; do
		IFS=. read -r db key field <<-X
			$f
		X
		/usr/bin/python3 "$here/cacheindex.py" "$data/$db" "$field" "$work/$db.cache.ix$key"
		: >"/etc/$db.cache.ix$key"
		mount --bind "$work/$db.cache.ix$key" "/etc/$db.cache.ix$key"
	done
	bytes /etc/passwd.cache /etc/group.cache /etc/*.cache.ix*
	[ "$size" = 1k ] || seconds=0.1
	direct "$lib/libnss_cache.so.2" cache memory name name-held name-hot uid uid-held uid-hot miss group gid \
		init-10 init-1000 big enum
	nsswitch cache
	glibc name name-held uid miss init-10 big
	{ fresh "$lib/libnss_cache.so.2" cache; calls "$lib/libnss_cache.so.2" cache name; } | say direct
	{ fresh - -; calls - - name; } | say glibc
	;;
db)
	mkdir -p /var/lib/misc
	for f in passwd group; do
		{
			awk -F: '{ printf ".%s %s\n=%s %s\n", $1, $0, $3, $0 }' "$data/$f"
			[ $f = passwd ] || sed 's/^\([^ ]*\) /:\1 \1 /' "$data/memberships"
		} | "$peers/nssdb/makedb" --quiet -o "$work/$f.db" -
		: >/var/lib/misc/$f.db
		mount --bind "$work/$f.db" /var/lib/misc/$f.db
	done
	bytes "$work/passwd.db" "$work/group.db"
	# a machine that others use as well is faster at one minute than at the next
	have_snapshot || :
	for _ in 1 2; do
		peer=okta published
		direct "$lib/libnss_db.so.2" db name name-held uid uid-held miss init-10
	done
	direct "$lib/libnss_db.so.2" db memory name name-held name-hot uid uid-held uid-hot miss miss-hot group gid \
		init-10 init-10-hot init-1000 big enum threads
	nsswitch db
	glibc name name-held name-hot uid uid-held uid-hot miss miss-hot group gid init-10 init-10-hot init-1000 big enum
	{ fresh "$lib/libnss_db.so.2" db; calls "$lib/libnss_db.so.2" db name; calls "$lib/libnss_db.so.2" db init-10-hot; } | say direct
	{ fresh - -; calls - - name; } | say glibc
	;;
nscd)
	# what answers behind it does not matter for what it holds: ours, since it is quick to ask
	have_snapshot
	nsswitch okta
	mkdir -p /var/cache/nscd
	for s in passwd group; do
		printf '%s\t%s\t%s\n' enable-cache $s yes positive-time-to-live $s 36000 negative-time-to-live $s 36000 \
			suggested-size $s 20011 max-db-size $s 1073741824 check-files $s no persistent $s no shared $s yes
	done >"$work/nscd.conf"
	nscd -F -f "$work/nscd.conf" >"$work/log/nscd" 2>&1 &
	daemon=$!
	trap 'kill $daemon 2>/dev/null || :; wait' EXIT
	if ! wait_for 10 test -S /run/nscd/socket; then
		# shellcheck disable=SC2086 # a list of words
		not_measured "nscd does not start: $(tail -n 1 "$work/log/nscd")" $all | say glibc
		exit 0
	fi
	lookup -w - - "$data" name-held name-hot uid-held uid-hot miss-hot group gid init-10-hot init-1000 big | say glibc
	{ fresh - -; calls - - name; } | say glibc
	lookup - - "$data" name-new | say glibc
	resident /usr/sbin/nscd
	not_measured "nscd is asked through glibc only" name-held name-hot uid-held uid-hot | say direct
	not_measured "nscd does not keep it: glibc asks the module" enum | say glibc
	;;
sss)
	have_snapshot
	printf 'passwd: files\ngroup: files\n' >/etc/nsswitch.conf
	mkdir -p /var/lib/sss/{db,mc,pipes/private,pubconf/krb5.include.d,secrets,gpo_cache,keytabs} /var/log/sssd /etc/sssd
	printf '%s\n' '[sssd]' 'services = nss' 'domains = bench' '[nss]' 'memcache_timeout = 36000' \
		'memcache_size_passwd = 32' 'memcache_size_group = 32' 'memcache_size_initgroups = 32' \
		'[domain/bench]' 'id_provider = proxy' 'proxy_lib_name = okta' 'proxy_pam_target = other' \
		'auth_provider = none' 'access_provider = permit' 'min_id = 1' 'entry_cache_timeout = 360000' \
		'ignore_group_members = true' >/etc/sssd/sssd.conf
	chmod 600 /etc/sssd/sssd.conf
	sssd -i --logger=stderr >"$work/log/sssd" 2>&1 &
	daemon=$!
	trap 'kill $daemon 2>/dev/null || :; wait' EXIT
	module=$lib/libnss_sss.so.2
	if ! wait_for 20 "$bin/fresh" "$module" sss "$data" 1; then
		# shellcheck disable=SC2086 # a list of words
		not_measured "sssd does not start: $(tail -n 1 "$work/log/sssd")" $all fresh | say direct
		exit 0
	fi
	nsswitch sss # not before: its processes look for root
	lookup -w "$module" sss "$data" memory name-held name-hot uid-held uid-hot threads | say direct
	if [ "$size" = 1m ]; then
		not_measured "SSSD takes longer than a minute to store one person's ten groups of a thousand" init-10-hot | say direct
	else
		lookup -w "$module" sss "$data" init-10-hot | say direct
		lookup -w - - "$data" init-10-hot | say glibc
		calls "$module" sss init-10-hot | say direct
	fi
	lookup "$module" sss "$data" name-new miss-hot | say direct
	lookup -w - - "$data" name-held name-hot uid-held | say glibc
	{ fresh "$module" sss; calls "$module" sss name; } | say direct
	{ fresh - -; calls - - name; } | say glibc
	bytes /var/lib/sss/db/* /var/lib/sss/mc/*
	resident /usr/sbin/sssd /usr/libexec/sssd/sssd_be /usr/libexec/sssd/sssd_nss /usr/libexec/sssd/proxy_child
	not_measured "SSSD's cache holds who was asked for; asking for 200,000 takes five minutes" name uid | say direct
	not_measured "SSSD takes seconds to store a group of a thousand members and minutes for one of 50,000" group gid init-1000 big | say direct
	not_measured "SSSD enumerates only what it has fetched whole (enumerate = true)" enum | say direct
	;;
*)
	echo "peer.sh: unknown peer $peer" >&2
	exit 64
	;;
esac
