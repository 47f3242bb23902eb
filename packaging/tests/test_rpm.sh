#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The rpm packages: built, linted, installed with their scriptlets into a root of their own, erased.
# That root is a Debian with rpm's database in it: no rpm distribution can be had offline, so this
# does not prove that they fit one.
# shellcheck disable=SC2154 # the files sourced set them
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
. packaging/tests/root.sh
needs_boot
out=$packages
work=$(mktemp -d)
trap 'halt; drop_root rpm; rm -rf "$work"' EXIT
. packaging/source.sh

copy_source "$work/here"
mkdir -p "$work/some/where"
cp -a "$work/here" "$work/some/where/else"
need 'the packages are built' "$work/here/packaging/rpm.sh" "$out"
other_habits() { # another umask, time zone, language, home and user's name than the first's
	(umask 077 && TZ=Pacific/Chatham LC_ALL=C LANG=de_DE.UTF-8 HOME=$work USER=nobody LOGNAME=nobody CFLAGS=-O0 MAKEFLAGS=-k \
		"$@")
}
need 'a second build, in another directory, with another umask and time zone, works' \
	other_habits "$work/some/where/else/packaging/rpm.sh" "$work/again"
equal() {
	local f
	for f in "$out"/*.rpm; do cmp "$f" "$work/again/${f##*/}" || return 1; done
}
ok 'both builds gave the same bytes' equal
lint() { rpmlint -c packaging/rpm/rpmlint.toml "$out/okta-login.spec" "$out"/*.rpm >"$work/lint" 2>&1
	! grep ': E: ' "$work/lint" && grep -q '0 errors' "$work/lint"; }
ok 'rpmlint finds no error' lint
ok 'every filter of rpmlint'"'"'s still has something to filter' \
	sh -c 'rpmlint "$1"/*.rpm >"$2/lint" 2>&1; sed -n "s/^    \"\([a-z-]*\).*/\1/p" packaging/rpm/rpmlint.toml |
		while read -r f; do grep -q ": E: $f" "$2/lint" || { echo "$f: not needed"; exit 1; }; done' sh "$out" "$work"
glibc() { # EL 9 has 2.34
	local v
	for v in $(rpm -qp --requires "$out"/*-okta-*.x86_64.rpm "$out"/okta-login-*.x86_64.rpm 2>/dev/null |
		sed -n 's/.*(GLIBC_\([0-9.]*\)).*/\1/p' | sort -Vu); do
		[ "$(printf '%s\n2.34\n' "$v" | sort -V | tail -n 1)" = 2.34 ] || { echo "needs GLIBC_$v"; return 1; }
	done
}
ok 'nothing newer than glibc 2.34 is needed' glibc

# --- installed -------------------------------------------------------------------------------
need 'there is a root to install into' base_root
new_root rpm
on_root() { rpm --root "$root" --nodeps --nosignature "$@"; }
cp "$root/etc/nsswitch.conf" "$work/nsswitch.before"
echo /usr/lib64 >"$root/etc/ld.so.conf.d/lib64.conf"
rpms=$(ls "$out"/{nss-okta,pam-okta,okta-login}-*.x86_64.rpm)
# shellcheck disable=SC2086 # a list of words
need 'the packages install' on_root -i $rpms
failed() { # shellcheck disable=SC2086
	! on_root -i --replacepkgs -v $rpms 2>&1 | grep -i 'scriptlet failed\|warning'; }
ok 'no scriptlet fails, also a second time' failed
ok 'what is on disk is what was packed' sh -c '! rpm --root "$1" -V --nodeps nss-okta pam-okta okta-login | grep -v "missing .*/run/"' sh "$root"
nsswitch() { grep -qx 'passwd: *files okta' "$root/etc/nsswitch.conf" &&
	grep -qx 'group: *files \[SUCCESS=merge\] okta' "$root/etc/nsswitch.conf"; }
ok 'nsswitch.conf asks okta after files' nsswitch
account() { grep -q '^_okta:x:[0-9]*:[0-9]*:[^:]*:/nonexistent:/usr/sbin/nologin$' "$root/etc/passwd"; }
ok 'the system user _okta is there' account
libs() { local f
	for f in /usr/sbin/okta-sync /usr/sbin/oktactl /usr/libexec/okta-login/okta-auth-helper \
		/usr/lib64/security/pam_okta.so /usr/lib64/libnss_okta.so.2; do
		! chroot "$root" ldd "$f" | grep 'not found' || return 1
	done; }
ok 'every library is found' libs

can_boot
boot
ok 'the units are as systemd wants them' inside systemd-analyze verify --man=no okta-sync.service
ok 'the unit is enabled' inside systemctl is-enabled okta-sync.service
mkdir -p "$root/srv/pages"
echo '[{"id":"00u00000000000000ada","status":"ACTIVE","profile":{"login":"ada@acme.example","firstName":"A","lastName":"L"}}]' \
	>"$root/srv/pages/users.json"
echo '[]' >"$root/srv/pages/groups.json"
printf '%s\n' '[okta]' 'org_url = https://localhost:8443' '[login]' 'client_id = 0oaexamplenative0001' 'allow_groups = *' \
	'[sync]' 'source = file' 'source_dir = /srv/pages' '[users]' 'strip_domains = acme.example' >"$root/etc/okta-login/okta-login.conf"
ok 'okta-sync publishes' inside okta-sync --once
ok 'getent knows ada through the installed module' inside getent passwd ada
# Debian's libpam looks for modules elsewhere: by path
stack() { # stack FILE: our profile's lines of one kind, as a service
	sed -n -E "s,^($1 .*) (pam_okta\.so)$,\1 /usr/lib64/security/\2,p; t; /^$1 /{/pwquality|faildelay/!p}" \
		packaging/rpm/authselect/system-auth
}
{ stack auth; stack account; } >"$root/etc/pam.d/okta-test"
inside useradd local
inside sh -c 'echo local:Quiet-Harbour-7 | chpasswd'
local_in() { inside sh -c 'echo Quiet-Harbour-7 | pamtester okta-test local authenticate acct_mgmt'; }
ok 'profile okta: a local account gets in' local_in
ok 'profile okta: a wrong password does not' not inside sh -c 'echo wrong | pamtester okta-test local authenticate'
ok 'profile okta: ada does not without Okta, and hears why' \
	sh -c '! "$@" >"$0" 2>&1 && grep -q "Okta cannot be reached" "$0"' "$work/said" \
	nsenter -t "$leader" -a pamtester okta-test ada authenticate
mv "$root/usr/lib64/security/pam_okta.so" "$root/srv/"
ok 'profile okta, module missing: a local account gets in' local_in
ok 'profile okta, module missing: ada does not, by no way' \
	not inside sh -c 'echo Quiet-Harbour-7 | pamtester okta-test ada authenticate || pamtester okta-test ada acct_mgmt'
mv "$root/srv/pam_okta.so" "$root/usr/lib64/security/"
halt

# --- erased ----------------------------------------------------------------------------------
ok 'the packages are erased' on_root -e okta-login nss-okta pam-okta
ok 'nsswitch.conf is what it was, byte for byte' same "$work/nsswitch.before" "$root/etc/nsswitch.conf"
ok 'configuration and registry are kept' \
	test -s "$root/etc/okta-login/okta-login.conf" -a -s "$root/var/lib/okta-login/registry.db"

# --- where authselect looks after the files: one that writes down what it is asked --------------
cat >"$root/usr/bin/authselect" <<'EOA'
#!/bin/sh
echo "$*" >>/authselect.log
case $1 in current) echo okta ;; esac
EOA
chmod 755 "$root/usr/bin/authselect"
# shellcheck disable=SC2086
ok 'beside authselect the packages install' on_root -i $rpms
ok 'and leave its nsswitch.conf alone' same "$work/nsswitch.before" "$root/etc/nsswitch.conf"
ok 'erased, they leave a profile of local accounts' \
	sh -c 'rpm --root "$1" --nodeps -e okta-login nss-okta pam-okta && grep -q "^select local --force" "$1/authselect.log"' sh "$root"
ok 'and leave its nsswitch.conf alone then too' same "$work/nsswitch.before" "$root/etc/nsswitch.conf"
done_testing
