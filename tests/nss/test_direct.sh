#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_direct.sh BUILD: the module's entry points, called directly; once as it is shipped and
# once built for the thread sanitizer.
set -eu
cd "$(dirname "$0")/../.."
b=${1:-build}
programs="snapshot contract threads"

# direct BUILD [SANITIZER]: the callers link what the module must not
direct() {
	make -s ${2:+SAN=$2} B="$1" WERROR=1 "$1/libnss_okta.so.2" "$1/libsnapw.a" "$1/libsnap.a" "$1/libbase.a" >/dev/null
	mkdir -p "$1/tests/nss"
	for program in $programs; do
		cc -std=gnu11 -D_GNU_SOURCE -Icommon -DOKTA_CONF_DIR='"/etc/okta-login"' \
		  -DOKTA_STATE_DIR='"/var/lib/okta-login"' -DOKTA_RUN_DIR='"/run/okta-login"' \
		  -DOKTA_LIBEXEC_DIR='"/usr/libexec/okta-login"' -Wall -Wextra -Wshadow -Wconversion -Werror \
		  -O1 -g ${2:+-fsanitize=$2} -rdynamic -o "$1/tests/nss/$program" "tests/nss/$program.c" \
		  "$1/libsnapw.a" "$1/libsnap.a" "$1/libbase.a" -lcmocka -lpthread
	done
}

direct "$b"
direct "$b-thread" thread

callers() { # callers BUILD
	failed=0
	for program in $programs; do
		TSAN_OPTIONS="halt_on_error=1 exitcode=66 die_after_fork=0" \
		    "$1/tests/nss/$program" "$1/libnss_okta.so.2" || failed=1
	done
	return $failed
}

# side by side: each is in a mount namespace of its own
status=0
callers "$b-thread" >"$b-thread/tests/nss/said" 2>&1 &
callers "$b" || status=1
wait $! || status=1
cat "$b-thread/tests/nss/said"
exit $status
