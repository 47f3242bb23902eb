#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nss.sh BIN MODULE DIR USERS: lookups by name, ours beside glibc's, in one private namespace.
# BIN has lookup and mksnap; MODULE is our libnss_okta.so.2; DIR is scratch.
# Prints lines "WAY SERVICE NANOSECONDS", "-" for what is not on this machine.
set -eu
bin=$1 module=$2 dir=$3 users=$4
here=$(cd "$(dirname "$0")" && pwd)

if [ "${IN_NAMESPACE:-}" != yes ]; then
	mkdir -p "$dir"
	awk -v users="$users" -v groups=$((users / 20)) -v dir="$dir" -f "$here/people.awk"
	# a file that is read from its beginning costs the same for any choice of keys: few will do
	head -n 400 "$dir/keys" >"$dir/few"
	IN_NAMESPACE=yes exec unshare -m "$0" "$bin" "$module" "$dir" "$users"
fi

nsswitch() { printf 'passwd: %s\ngroup: %s\n' "$1" "$1" >"$dir/nsswitch.conf"; }
measure() { # measure WAY SERVICE MODULE KEYS
	printf '%s %s %s\n' "$1" "$2" "$("$bin/lookup" "$3" "$2" "$4" 2>"$dir/why" || echo -)"
}

# nothing is made on the machine itself, not even a directory
mount -t tmpfs -o mode=755 bench /var/lib
mkdir /var/lib/okta-login /var/lib/misc
"$bin/mksnap" "$dir/passwd" "$dir/group" /var/lib/okta-login/directory.snapshot
LD_LIBRARY_PATH=$(dirname "$module")
export LD_LIBRARY_PATH

nsswitch okta
mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf
measure direct okta "$module" "$dir/keys"
measure glibc okta - "$dir/keys"

nsswitch files
mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/group" /etc/group
libc=$(ldd "$bin/lookup" | sed -n 's,.* \(/[^ ]*/libc\.so\.6\) .*,\1,p')
measure direct files "$libc" "$dir/few"
measure glibc files - "$dir/few"

# glibc's nss_db, or the package of that name (Berkeley DB): each with its own makedb
db=$(dirname "$libc")/libnss_db.so.2
if [ -e "$db" ] && command -v makedb >/dev/null; then
	awk -F: '{ printf ".%s %s\n=%s %s\n", $1, $0, $3, $0 }' "$dir/passwd" >"$dir/db.text"
	makedb --quiet -o /var/lib/misc/passwd.db "$dir/db.text" 2>/dev/null ||
		awk -F: '{ printf "0%u %s\n.%s %s\n=%s %s\n", NR - 1, $0, $1, $0, $3, $0 }' "$dir/passwd" |
		makedb -o /var/lib/misc/passwd.db - 2>/dev/null || true
	nsswitch db
	measure direct db "$db" "$dir/keys"
	measure glibc db - "$dir/keys"
else
	printf 'direct db -\nglibc db -\n'
fi
