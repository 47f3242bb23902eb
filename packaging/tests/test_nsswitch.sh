#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How nsswitch.conf is edited: add.sed and remove.sed on lines admins really have.
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

edit() { sed -E -f "packaging/nsswitch/$1.sed"; }

becomes() { # becomes BEFORE AFTER: and back again, and once more is no change
	local after
	after=$(printf '%s\n' "$1" | edit add)
	[ "$after" = "$2" ] || { echo "is: $after"; return 1; }
	[ "$(printf '%s\n' "$after" | edit add)" = "$2" ] || { echo 'added twice'; return 1; }
	[ "$(printf '%s\n' "$after" | edit remove; echo .)" = "$1"$'\n.' ] ||
		{ echo "back: $(printf '%s\n' "$after" | edit remove)"; return 1; }
}

ok 'passwd: okta stands after files and before everything slower' \
	becomes 'passwd:         files systemd sss' 'passwd:         files okta systemd sss'
ok 'group: answers of okta are merged with those of files' \
	becomes 'group:          files' 'group:          files [SUCCESS=merge] okta'
ok 'group: a merge that is there already stays for the next service' \
	becomes 'group: files [SUCCESS=merge] systemd' 'group: files [SUCCESS=merge] okta [SUCCESS=merge] systemd'
ok 'passwd: an action of files stays with files' \
	becomes 'passwd: files [NOTFOUND=return] sss' 'passwd: files [NOTFOUND=return] okta sss'
ok 'group: an action of files stays with files' \
	becomes 'group: files [NOTFOUND=return] sss' 'group: files [NOTFOUND=return] okta sss'
ok 'compat counts as files' becomes 'passwd: compat' 'passwd: compat okta'
ok 'blanks at the end of a line and tabs stay' becomes $'group:\tfiles\tsss ' $'group:\tfiles [SUCCESS=merge] okta\tsss '
ok 'a comment behind the services stays one' becomes 'passwd: files # files okta' 'passwd: files okta # files okta'
ok 'a comment right behind the services stays one' becomes 'group: files# okta' 'group: files [SUCCESS=merge] okta# okta'
ok 'a line without files is left alone' becomes 'passwd: db sss' 'passwd: db sss'
ok 'other databases are left alone' becomes 'shadow: files' 'shadow: files'
ok 'a commented line is left alone' becomes '#passwd: files' '#passwd: files'

by_hand() { [ "$(printf 'passwd: okta files\ngroup: files okta\n' | edit add)" = $'passwd: okta files\ngroup: files okta' ]; }
ok 'what an admin wrote himself is not added to' by_hand
taken_out() { [ "$(printf 'passwd: files  okta sss\ngroup: files  [SUCCESS=merge]  okta\n' | edit remove)" = $'passwd: files  sss\ngroup: files ' ]; }
ok 'what an admin wrote himself is removed too' taken_out
done_testing
