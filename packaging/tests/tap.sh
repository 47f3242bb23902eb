# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Sourced by the tests: TAP.

tap_n=0
tap_failed=0

# ok NAME COMMAND...: one test; what the command says is shown only if it fails
ok() {
	tap_name=$1
	shift
	tap_n=$((tap_n + 1))
	if tap_said=$("$@" 2>&1 </dev/null); then
		echo "ok $tap_n - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_n - $tap_name"
		printf '%s\n' "$tap_said" | tail -n 40 | sed 's/^/#   /'
	fi
}

# need NAME COMMAND...: the same; without it nothing that follows would mean anything
need() {
	tap_before=$tap_failed
	ok "$@"
	[ "$tap_failed" = "$tap_before" ] || done_testing
}

not() { ! "$@"; }

silent() { silent_said=$("$@" 2>&1) && [ -z "$silent_said" ] || { echo "$silent_said"; return 1; }; }

# same A B: two files, byte for byte; says where they differ
same() { diff -ru "$1" "$2"; }

done_testing() {
	echo "1..$tap_n"
	exit "$((tap_failed != 0))"
}
