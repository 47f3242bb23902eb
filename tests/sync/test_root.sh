#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_root.sh BUILD: what okta-sync does as root, in a private mount namespace, as TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$PWD/$1
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # skip not root"
	exit 0
fi
if [ "${OKTA_IN_NS:-}" != 1 ]; then
	exec env OKTA_IN_NS=1 unshare -m "$0" "$1"
fi
mount --make-rprivate /
work=$(mktemp -d)
chmod 755 "$work"
trap 'umount /etc/group 2>/dev/null; umount /etc/passwd 2>/dev/null; umount "$work/state" 2>/dev/null; kill "$org" 2>/dev/null; rm -rf "$work"' EXIT
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
bad() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$work/out"; }
check() { name=$1; shift; if "$@"; then ok "$name"; else bad "$name"; fi; }

mkdir "$work/org" "$work/state" "$work/source"
node tests/okta/server.mjs --dir "$work/org" --port 0 >"$work/ready" 2>&1 &
org=$!
i=0
until grep -qs '^ready' "$work/ready" || [ $i -gt 200 ]; do sleep 0.1; i=$((i + 1)); done
url=$(sed -n 's/^ready //p' "$work/ready")
cp "$work/org/ca.pem" "$work/ca.pem"
chmod 644 "$work/ca.pem"
cat >"$work/okta-login.conf" <<EOF
[okta]
org_url = $url
ca_file = $work/ca.pem
[sync]
auth = private_key_jwt
client_id = 0oaserviceoktasync01
key_id = service-1
private_key_file = $work/org/service.key
max_removal_percent = 50
[users]
strip_domains = acme.example
EOF
sync() { "$build/okta-sync" --config "$work/okta-login.conf" --state "$work/state" --once >"$work/out" 2>&1; }
admin() {
	/usr/bin/python3 - "$work/ca.pem" "$url/__admin$2" "$1" "${3:-}" <<'EOF'
import ssl, sys, urllib.request
ca, url, method, body = sys.argv[1:]
print(urllib.request.urlopen(urllib.request.Request(url, body.encode() or None, {'content-type': 'application/json'}, method=method),
                             context=ssl.create_default_context(cafile=ca)).read().decode())
EOF
}

grep -v '^_okta:' /etc/passwd >"$work/passwd"
cp "$work/passwd" "$work/without"
mount --bind "$work/without" /etc/passwd
sync
status=$?
no_account() { [ $status = 78 ] && grep -q 'useradd' "$work/out"; }
check "root without the account _okta refuses to fetch and names the remedy" no_account
umount /etc/passwd

echo '_okta:x:61101:61101::/nonexistent:/usr/sbin/nologin' >>"$work/passwd"
mount --bind "$work/passwd" /etc/passwd
admin POST /faults '{"path":"^/api/v1/users","kind":"delay","delay_ms":8000,"times":1}' >"$work/made"
sync &
pid=$!
i=0
until admin GET /faults | grep -q '"times":0' || [ $i -gt 100 ]; do sleep 0.05; i=$((i + 1)); done
child=$(pgrep -P "$pid" okta-sync | head -n 1)
sub=$(pgrep -P "$child" | head -n 1)
[ -n "$sub" ] && child=$sub
cat "/proc/$child/status" >"$work/out" 2>&1
identity() {
	grep -q '^Uid:[[:space:]]*61101[[:space:]]*61101[[:space:]]*61101' "$work/out" &&
		grep -q '^Gid:[[:space:]]*61101' "$work/out" && grep -q '^Groups:[[:space:]]*$' "$work/out" &&
		grep -q '^NoNewPrivs:[[:space:]]*1' "$work/out" && grep -q '^CapEff:[[:space:]]*0*$' "$work/out"
}
check "the fetcher is _okta without groups, capabilities or new privileges" identity
find "/proc/$child/fd" -printf '%l\n' >"$work/out" 2>&1
descriptors() { ! grep -q "$work" "$work/out"; }
check "the fetcher holds no descriptor of the state directory, the configuration or the key" descriptors
wait "$pid"
status=$?
sync
worked() { [ $status = 0 ] && grep -q '8 people' "$work/out"; }
check "root fetches through it and publishes" worked
owned() { [ "$(stat -c %u:%a "$work/state/directory.snapshot")" = 0:644 ]; }
check "the snapshot belongs to root and everybody may read it" owned

echo 'bob:x:1999:1999::/home/bob:/bin/sh' >>"$work/passwd"
sync
local_wins() {
	grep -q 'refused user "bob@acme.example".*local user' "$work/out" &&
		! "$build/oktactl" --state "$work/state" user bob >/dev/null 2>&1
}
check "a local user made after the Okta one wins at the next sync" local_wins
uid=$("$build/oktactl" --state "$work/state" --json user ada | sed 's/.*"uid":\([0-9]*\).*/\1/')
echo "other:x:$uid:$uid::/home/other:/bin/sh" >>"$work/passwd"
sync
uid_wins() { grep -q 'refused user "ada@acme.example".*uid of a local user' "$work/out"; }
check "a local user with somebody's uid wins, and the uid is not moved" uid_wins
grep -v -e '^bob:' -e '^other:' "$work/passwd" >"$work/passwd.new" && cat "$work/passwd.new" >"$work/passwd"

cp /etc/group "$work/group"
printf 'eng:x:1998:\nheidi:x:1997:\n' >>"$work/group"
echo 'datasci:x:1996:1996::/home/datasci:/bin/sh' >>"$work/passwd"
printf '[groups]\nmatch = eng\nrename = Data Science:datasci\n' >>"$work/okta-login.conf"
mount --bind "$work/group" /etc/group
sync
groups_win() {
	grep -q 'refused group "eng".*local group' "$work/out" && grep -q 'refused group "Data Science".*local user' "$work/out" &&
		grep -q 'refused user "heidi@acme.example".*local group' "$work/out"
}
check "local groups and users win against Okta groups and users of their names" groups_win
umount /etc/group
grep -v '^datasci:' "$work/passwd" >"$work/passwd.new" && cat "$work/passwd.new" >"$work/passwd"

chmod 666 "$work/okta-login.conf"
sync
status=$?
conf_refused() { [ $status = 78 ] && grep -q 'chmod' "$work/out"; }
check "a configuration others can write is refused" conf_refused
chmod 644 "$work/okta-login.conf"

chown 61102 "$work/state"
sync
status=$?
owner() { [ $status = 78 ] && grep -q 'must be owned by uid 0' "$work/out"; }
check "a state directory of somebody else is refused" owner
chown 0 "$work/state"

rm -rf "$work/state/"*
mount -t tmpfs -o size=64k,mode=755 tmpfs "$work/state"
sync
cp "$work/state/directory.snapshot" "$work/good" 2>/dev/null
dd if=/dev/zero of="$work/state/filler" bs=1k count=64 >/dev/null 2>&1
sync
status=$?
full() {
	[ $status = 75 ] && cmp -s "$work/state/directory.snapshot" "$work/good" &&
		[ -z "$(find "$work/state" -name "*.tmp")" ]
}
check "a full disk keeps the last good snapshot and leaves no temporary file" full
rm "$work/state/filler"
sync
check "with room again the next sync goes on" grep -q '8 people' "$work/out"
cp "$work/state/directory.snapshot" "$work/good"
mount -o remount,ro "$work/state"
sync
status=$?
ro() { [ $status = 75 ] && cmp -s "$work/state/directory.snapshot" "$work/good" && grep -q 'Read-only' "$work/out"; }
check "a read-only file system is named" ro
mount -o remount,rw "$work/state"
echo "1..$n"
