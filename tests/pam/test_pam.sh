#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_pam.sh BUILD: pam_okta.so in a mount namespace of its own, plain and with sanitizers.
# One TAP stream out of them all.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
san=address,undefined
programs="auth who names waiting process account cred stack meanwhile functions wipe"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0

not_ok() {
	n=$((n + 1))
	echo "not ok $n - $1"
	grep -v '^ok' "$log" | head -40 | sed 's/^/# /'
}

targets() { # targets BUILD
	echo "$1/pam_okta.so $1/tests/pam/liar"
	for program in $programs; do echo "$1/tests/pam/$program"; done
}

run() { # run NAME PROGRAM BUILD
	CMOCKA_MESSAGE_OUTPUT=TAP "$2" "$3" >"$log" 2>&1
	status=$?
	sed -n "s/^\(not \)\{0,1\}ok [0-9]* - \(.*\)/\1\2/p" "$log" >"$log.names"
	while read -r line; do
		n=$((n + 1))
		case $line in
		"not "*) echo "not ok $n - ${line#not } ($1)" ;;
		*) echo "ok $n - $line ($1)" ;;
		esac
	done <"$log.names"
	grep '^# [^o]' "$log"
	if [ "$status" -ne 0 ] && ! grep -q '^not ok' "$log"; then
		not_ok "$1 ended with status $status"
	fi
	rm -f "$log.names"
}

if [ "$(id -u)" -ne 0 ]; then
	echo "1..0 # SKIP needs root for a mount namespace"
	exit 0
fi
# shellcheck disable=SC2046 # file names of ours have no blanks
if ! make -s WERROR=1 $(targets "$build") >"$log" 2>&1 ||
	! make -s WERROR=1 SAN="$san" $(targets "build-$san") >"$log" 2>&1; then
	not_ok "the test programs build"
	exit 1
fi
for program in $programs; do run plain "$build/tests/pam/$program" "$build"; done
for program in $programs; do run sanitized "build-$san/tests/pam/$program" "build-$san"; done
echo "1..$n"
