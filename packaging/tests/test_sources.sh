#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What needs no package built: scripts, units, policies.
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ok 'the shell scripts are clean' shellcheck -S warning packaging/*.sh packaging/tests/*.sh packaging/tests/list \
	packaging/debian/*.p{re,ost}{inst,rm} packaging/completion/oktactl
for p in okta-auth-helper okta-sync; do
	ok "AppArmor profile $p parses" apparmor_parser -Q -K -I /etc/apparmor.d "packaging/apparmor/$p"
done

selinux() { cp packaging/selinux/* "$work" && make -C "$work" -f /usr/share/selinux/devel/Makefile okta_login.pp &&
	[ -s "$work/okta_login.pp" ]; }
ok 'the SELinux module compiles, with its file contexts' selinux

# The units name a program that is not installed here.
units() { mkdir -p "$work/units" && cp packaging/systemd/* "$work/units" &&
	sed -i 's,^ExecStart=.*,ExecStart=/bin/true,' "$work/units/okta-sync.service"; }
verify() { systemd-analyze verify --man=no "$work"/units/okta-sync.service "$work"/units/okta-sync.timer; }
units
ok 'systemd takes both units without a word' silent verify
exposure() { (cd "$work/units" && systemd-analyze security --offline=yes --threshold=20 ./okta-sync.service); }
ok 'okta-sync.service has an exposure of at most 2.0' exposure
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
done_testing
