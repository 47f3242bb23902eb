#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What needs no package built: scripts, units, policies.
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ok 'the shell scripts are clean' shellcheck -S warning packaging/*.sh packaging/tests/*.sh packaging/tests/list \
	packaging/debian/*.p{re,ost}{inst,rm} packaging/completion/oktactl .ci/run
for p in okta-auth-helper okta-sync; do
	ok "AppArmor profile $p parses" apparmor_parser -Q -K -I /etc/apparmor.d "packaging/apparmor/$p"
done

selinux() { cp packaging/selinux/* "$work" && make -C "$work" -f /usr/share/selinux/devel/Makefile okta_login.pp &&
	[ -s "$work/okta_login.pp" ]; }
ok 'the SELinux module compiles, with its file contexts' selinux

# The units name a program that is not installed here.
units() { mkdir -p "$work/units" && cp packaging/systemd/* "$work/units" &&
	sed -i 's,^ExecStart=.*,ExecStart=/bin/true,' "$work/units/okta-sync.service"; }
verify() { systemd-analyze verify --man=no "$work"/units/okta-sync.service; }
units
ok 'systemd takes the unit without a word' silent verify
exposure() { (cd "$work/units" && systemd-analyze security --offline=yes --threshold=19 ./okta-sync.service); }
ok 'okta-sync.service has an exposure below 2.0' exposure
ok 'no unit waits for the network, and nothing waits for ours' \
	not grep -rnE '^(Before|After|Wants|Requires|RequiredBy|Upholds)=' packaging/systemd
ok 'sysusers.d and tmpfiles.d are understood' \
	sh -c 'systemd-sysusers --root="$1" --dry-run "$PWD"/packaging/sysusers/okta-login.conf &&
		mkdir -p "$1/var/lib" "$1/run" "$1/etc" && printf "root:x:0:0::/:/bin/sh\n" >"$1/etc/passwd" &&
		printf "root:x:0:\n" >"$1/etc/group" && systemd-tmpfiles --root="$1" --create "$PWD/packaging/tmpfiles/okta-login.conf" &&
		[ "$(stat -c "%a %U" "$1/var/lib/okta-login")" = "755 root" ] &&
		[ "$(stat -c "%a %U" "$1/run/okta-login")" = "700 root" ]' sh "$work/root"

# stands for the program, which is not built here: its usage
usage() { sed -n 's/^    "\(.*\)\\n".*/\1/p' cmd/oktactl/main.c; }
complete_to() { # complete_to EXPECTED WORD...
	local want=$1
	shift
	# shellcheck disable=SC2016 # for the inner bash
	[ "$(USAGE=$(usage) bash -c 'oktactl() { echo "$USAGE"; }; . packaging/completion/oktactl; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _oktactl; echo "${COMPREPLY[*]}"' \
		bash "$@")" = "$want" ]
}
ok 'completion: commands' complete_to 'snapshot' oktactl --state /x sn
ok 'completion: words of a command' complete_to 'verify' oktactl --json snapshot v
subcommands() { # those of the usage's "snapshot verify|dump"
	local line command words
	while read -r line; do
		command=${line%% *}
		words=${line#* }
		complete_to "${words//|/ }" oktactl "$command" '' || { echo "$line"; return 1; }
	done < <(usage | sed -n -E 's/^  (config|snapshot|registry|token) +([a-z|]+) .*/\1 \2/p' |
		awk '{ w[$1] = w[$1] ? w[$1] "|" $2 : $2 } END { for (c in w) print c, w[c] }')
}
ok 'completion knows what follows config, snapshot, registry and token, and no more' subcommands
# --- what CI runs: the sum of two suites -------------------------------------------------------
# A make that says what is in the files named after its targets, and ends as their first line says.
mkdir -p "$work/ci/.ci" "$work/ci/bin"
cp .ci/run "$work/ci/.ci/"
cat >"$work/ci/bin/make" <<'EOM'
#!/bin/sh
sed 1d "$1.says"
exit "$(head -n 1 "$1.says")"
EOM
chmod 755 "$work/ci/bin/make"
ci() { # ci STATUS LAST-LINE CHECK CHECK-INSTALL: each "STATUS|LINE|LINE"
	local r=0
	echo "$3" | tr '|' '\n' >"$work/ci/check.says"
	echo "$4" | tr '|' '\n' >"$work/ci/check-install.says"
	PATH=$work/ci/bin:$PATH "$work/ci/.ci/run" >"$work/ci/out" 2>&1 || r=1
	cat "$work/ci/out"
	[ "$r" = "$1" ] && [ "$(tail -n 1 "$work/ci/out")" = "$2" ] && [ "$(grep -c ' passed, ' "$work/ci/out")" = 1 ]
}
ok 'CI: one sum of both suites, as the last line' ci 0 '12 passed, 0 failed, 3 skipped' \
	'0|ok x|10 passed, 0 failed, 1 skipped' '0|2 passed, 0 failed, 2 skipped'
ok 'CI: a failure in the first suite fails, and the second runs all the same' ci 1 '12 passed, 1 failed, 0 skipped' \
	'2|10 passed, 1 failed, 0 skipped|make: error' '0|2 passed, 0 failed, 0 skipped'
ok 'CI: a failure in the second suite fails' ci 1 '10 passed, 2 failed, 0 skipped' \
	'0|10 passed, 0 failed, 0 skipped' '2|0 passed, 2 failed, 0 skipped'
ok 'CI: a suite that breaks off counts as a failure' ci 1 '10 passed, 1 failed, 0 skipped' \
	'0|10 passed, 0 failed, 0 skipped' '2|cc: error'
ok 'CI: an error outside of the tests counts as a failure' ci 1 '12 passed, 1 failed, 0 skipped' \
	'0|10 passed, 0 failed, 0 skipped' '2|2 passed, 0 failed, 0 skipped|make: error'
done_testing
