#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# demo.sh - what this project does, on this machine, without changing it: a stand-in for Okta,
# one sync, an sshd in a private namespace, and an ssh login that shows the code.
# AUTO=1 approves by itself and exits 0 only if the login and what it shows are right.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
	echo "demo.sh: must be run as root: it makes namespaces and installs into them" >&2
	exit 1
}

dir=build/demo
mkdir -p "$dir"
chmod 700 "$dir"
dir=$(realpath "$dir")
export WORLD=$dir/world
okta=$dir/okta
standin=

finish() {
	tests/world/world.sh down || true
	[ -z "$standin" ] || kill "$standin" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\033[1m== %s\033[0m\n' "$*"; }

step "starting the stand-in for Okta"
rm -rf "$okta" "$WORLD"
mkdir -m 700 "$okta"
# 8443 makes a link that is easy to type; any free port will do
port=8443
if (exec 3<>/dev/tcp/127.0.0.1/8443) 2>/dev/null; then port=0; fi
node tests/okta/server.mjs --dir "$okta" --port $port >"$okta/ready" 2>"$okta/server.log" &
standin=$!
for _ in $(seq 200); do
	grep -q '^ready' "$okta/ready" 2>/dev/null && break
	kill -0 $standin 2>/dev/null || break
	sleep 0.1
done
org=$(sed -n 's/^ready //p' "$okta/ready")
[ -n "$org" ] || {
	echo "demo.sh: the stand-in did not start:" >&2
	tail -n 20 "$okta/server.log" >&2
	exit 1
}
echo "   $org (its own certificate authority: $okta/ca.pem)"

step "installing the modules into a private copy of this machine"
tests/world/world.sh prepare "$okta"

step "okta-sync --once: reading people and groups"
tests/world/world.sh exec okta-sync --once

step "getent passwd ada; id ada"
tests/world/world.sh exec getent passwd ada
tests/world/world.sh exec id ada

step "starting sshd in there"
ssh_port=$(tests/world/world.sh sshd)

if [ "${AUTO:-}" = 1 ]; then
	step "ssh ada@127.0.0.1 -p $ssh_port, approved automatically"
	/usr/bin/python3 tests/demo_auto.py "$ssh_port" "$org" "$okta/ca.pem"
	exit
fi

cat <<TEXT

   You are about to log in as ada through "Okta".  The prompt will show a link and a code.
   - In a browser on this machine: open the link, accept the certificate, press Yes and sign in
     as  ada@acme.example  with the password  Passw0rd!
   - Or in a second terminal here:
     node tests/okta/approve.mjs CODE ada@acme.example 'Passw0rd!' --org $org --ca $okta/ca.pem
   Then press Enter at the prompt.  Leave the session with exit; everything is gone after it.

TEXT
step "ssh ada@127.0.0.1 -p $ssh_port"
ssh -tt -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	-o PreferredAuthentications=keyboard-interactive -p "$ssh_port" ada@127.0.0.1
