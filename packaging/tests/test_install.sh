#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages through their whole life, in a booted Debian 12 without a network.  After each
# step a local account must get in by every service, and nobody else.
# shellcheck disable=SC2154 # the files sourced set them
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
. packaging/tests/root.sh
needs_boot
out=$packages
work=$(mktemp -d)
trap 'halt; drop_root install; rm -rf "$work"' EXIT
password=Quiet-Harbour-7

# --- the packages, and a next version of them ------------------------------------------------
. packaging/source.sh
copy_source "$work/next"
sed -i "s/^VERSION := .*/VERSION := $version.1/" "$work/next/Makefile"
sed -i "1s/($version)/($version.1)/" "$work/next/packaging/debian/changelog"
need 'the packages are built' packaging/deb.sh "$out"
need 'a next version of them is built' "$work/next/packaging/deb.sh" "$work/next-out"
need 'there is a fresh Debian 12' base_root
can_boot
new_root install
mkdir -p "$root/debs"
cp "$out"/{libnss-okta,libpam-okta,okta-login}_*.deb "$work"/next-out/{libnss-okta,libpam-okta,okta-login}_*.deb "$root/debs"
deb() { echo "/debs/$1_$2_$(dpkg --print-architecture).deb"; }
all() { echo "$(deb libnss-okta "$1") $(deb libpam-okta "$1") $(deb okta-login "$1")"; }
boot

# --- what is looked at after each step -------------------------------------------------------
inside useradd --create-home --groups sudo --shell /bin/bash local
hash=$(openssl passwd -6 -salt quiet "$password") # the same each time: shadow is compared later
inside sh -c "echo 'local:$hash' | chpasswd -e"

one_in() { # one_in SERVICE: with the password
	inside sh -c "printf '%s\n' '$password' | pamtester $1 local authenticate acct_mgmt 'open_session' close_session"
}
local_in() {
	local s
	for s in login sshd su; do one_in $s || { echo "local is shut out of $s"; return 1; }; done
	inside su -s /bin/sh local -c "printf '%s\n' '$password' | sudo -S -k id -u" || { echo 'sudo fails'; return 1; }
	inside su - local -c true && inside pamtester cron local acct_mgmt && inside pamtester cron root acct_mgmt
}
wrong_out() { not inside sh -c "printf 'wrong\n' | pamtester sshd local authenticate"; }
ada_by() { not inside sh -c "printf '\n$password\n' | timeout 60 pamtester $1 ada authenticate"; }
ada_su() { # root may su to anybody: local tries
	not inside sh -c "printf '\n$password\n' | timeout 60 su -s /bin/sh local -c 'su ada -c true'"
}
bob_out() { not inside pamtester sshd bob acct_mgmt; } # an SSH key brings him so far
step() { # step NAME COMMAND...: and nobody is locked out or let in by it
	local pids=() checks=(local_in wrong_out 'ada_by login' 'ada_by sshd' ada_su bob_out) i
	ok "$@"
	for i in "${!checks[@]}"; do # at once: each refusal waits for two seconds
		${checks[i]} >"$work/step.$i" 2>&1 </dev/null &
		pids[i]=$!
	done
	for i in "${!checks[@]}"; do wait "${pids[i]}"; echo $? >>"$work/step.$i"; done
	ok "  local logs in by login, sshd, su, sudo and cron" ended 0
	ok "  a wrong password does not" ended 1
	ok "  ada does not get in without Okta, by login, sshd or su" ended 2 3 4
	ok "  suspended bob does not get in by key" ended 5
}
ended() { local i; for i; do cat "$work/step.$i"; [ "$(tail -n 1 "$work/step.$i")" = 0 ] || return 1; done; }

# Everything that stays, with modes, owners and contents.
files() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./debs \
		-o -path ./var/log -o -path ./var/cache -o -path './var/lib/dpkg' -o -path './var/lib/systemd/random-seed' \
		-o -path './var/tmp' -o -path './var/lib/ucf' -o -path './home/local/.*' -o -path './etc/.pwd.lock' \
		-o -path './etc/*-' \) -prune -o -printf '%y %m %U:%G %p %l ' \( -type f -exec sha256sum {} \; -o -printf '\n' \) |
		LC_ALL=C sort)
}
files >"$work/files.before"
cp "$root/etc/nsswitch.conf" "$work/nsswitch.before"
cp -r "$root/etc/pam.d" "$work/pam.before"

# --- installation ----------------------------------------------------------------------------
# shellcheck disable=SC2046 # a list of words
unpacked() { inside dpkg --unpack $(all "$version"); }
step 'unpacked, not configured' unpacked
# one package after the other, as an interrupted run would leave them
step 'libpam-okta is configured' inside dpkg --configure libpam-okta
step 'libnss-okta is configured' inside dpkg --configure libnss-okta
step 'okta-login is configured' inside dpkg --configure okta-login

nsswitch() { diff <(sed -E 's/^passwd:( +)files/&X/; s/^group:( +)files/&Y/; s/X/ okta/; s/Y/ [SUCCESS=merge] okta/' "$work/nsswitch.before") \
	"$root/etc/nsswitch.conf"; }
ok 'nsswitch.conf: passwd and group ask okta after files; nothing else has changed' nsswitch
ok 'no PAM stack has changed' same "$work/pam.before" "$root/etc/pam.d"
ok 'root and local groups are as they were' inside sh -c 'getent passwd root && getent group sudo | grep -q local && id local'
account() { inside getent passwd _okta | grep -qE '^_okta:[^:]*:[0-9]{1,3}:[0-9]+:[^:]*:/nonexistent:/usr/sbin/nologin$' &&
	inside passwd -S _okta | grep -q '^_okta L'; }
ok 'the system user _okta has no home, no shell and no password' account
modes() {
	[ "$(inside stat -c '%a %U:%G %n' /etc/okta-login /etc/okta-login/conf.d /var/lib/okta-login /run/okta-login)" = \
		$'755 root:root /etc/okta-login\n755 root:root /etc/okta-login/conf.d\n755 root:root /var/lib/okta-login\n700 root:root /run/okta-login' ]
}
ok 'directories have the modes that keep secrets, and the snapshot readable' modes
ok 'okta-sync.service comes with the next boot' inside systemctl is-enabled okta-sync.service
idle() { inside systemctl start okta-sync.service && inside systemctl show -p ConditionResult okta-sync.service | grep -q =no &&
	[ ! -e "$root/var/lib/okta-login/lock" ]; }
ok 'without a configuration okta-sync is not started' idle
ok 'the unit is as systemd wants it' inside systemd-analyze verify --man=no okta-sync.service

# --- configuration ---------------------------------------------------------------------------
mkdir -p "$root/srv/pages"
cat >"$root/srv/pages/users.json" <<'EOJ'
[{"id":"00u00000000000000ada","status":"ACTIVE","profile":{"login":"ada@acme.example","firstName":"Ada","lastName":"L"}},
 {"id":"00u00000000000000bob","status":"SUSPENDED","profile":{"login":"bob@acme.example","firstName":"Bob","lastName":"B"}}]
EOJ
echo '[{"id":"00g0000000000000link","type":"OKTA_GROUP","profile":{"name":"linux-users"}}]' >"$root/srv/pages/groups.json"
cp "$root/srv/pages/users.json" "$root/srv/pages/group-00g0000000000000link-users.json"
cat >"$root/etc/okta-login/okta-login.conf" <<'EOC'
[okta]
org_url = https://localhost:8443
[login]
client_id = 0oaexamplenative0001
allow_groups = linux-users
[sync]
source = file
source_dir = /srv/pages
[users]
strip_domains = acme.example
[groups]
match = linux-*
local = linux-users:sudo
EOC
ok 'oktactl finds the configuration right' inside oktactl config check
unguarded() { inside systemctl start okta-sync.service; not inside systemctl is-active okta-sync.service &&
	[ ! -e "$root/var/lib/okta-login/directory.snapshot" ]; }
ok 'as long as no PAM stack has pam_okta.so, the service does not start and nobody is known' unguarded
ok 'by hand okta-sync does publish' inside okta-sync --once
ok 'the profile can be enabled' inside pam-auth-update --enable okta okta-password
synced() { inside systemctl start okta-sync.service && inside oktactl sync && inside systemctl is-active okta-sync.service ||
	{ inside journalctl --no-pager -u okta-sync | tail; return 1; }; }
ok 'okta-sync runs in its sandbox and publishes' synced
ok 'its words are in the journal' inside sh -c 'journalctl --no-pager -u okta-sync.service | grep -q "okta-sync\[.*2 people\|okta-sync\[.*people"'
known() { inside getent passwd ada && inside id ada | grep -q 'sudo' && inside getent group sudo | grep -q 'local,ada\|ada' &&
	inside getent group sudo | grep -q local; }
ok 'ada is known, and in the local group she joins, beside local' known
ok 'anybody can look names up, nobody but root the registry' \
	inside su -s /bin/sh nobody -c 'getent passwd ada && ! cat /var/lib/okta-login/registry.db && ! ls /run/okta-login'
ada=$(inside id -u ada)

# --- the service: reload, a wrong configuration, a process that hangs ------------------------------
conf=$root/etc/okta-login/okta-login.conf
cp "$conf" "$work/conf"
main=$(inside systemctl show -P MainPID okta-sync.service)
said() { inside journalctl --no-pager -u okta-sync.service | grep -qF "$1"; }
same_process() { inside systemctl is-active okta-sync.service && [ "$(inside systemctl show -P MainPID okta-sync.service)" = "$main" ]; }
reload() { inside systemctl reload okta-sync; }
has_shell() { inside getent passwd ada | grep -q ":$1$"; }
changed() { sed -i '/^strip_domains/a shell = /bin/sh' "$conf" && reload && soon has_shell /bin/sh; }
ok 'a changed configuration is taken up by systemctl reload' changed
wrong() { cp "$work/conf" "$conf" && echo 'no_such_key = 1' >>"$conf" && reload && soon said 'the old one stays in force'; }
ok 'of a wrong one the journal says that the old stays in force' wrong
ok '  and names the line' said 'no_such_key'
stays() { same_process && has_shell /bin/sh; }
ok '  and so it does: the process is the same, and nothing else has changed' stays
right() { cp "$work/conf" "$conf" && reload && soon has_shell /bin/bash && same_process; }
ok 'put right, it is taken up, by the same process' right
# The fetcher is _okta's: root without CAP_KILL may not signal it.
fetcher() { inside pgrep -u _okta -x okta-sync | head -n 1; }
hung=$(fetcher)
hangs() { [ -n "$hung" ] && inside kill -STOP "$hung" && reload && soon not inside kill -0 "$hung" && same_process; }
ok 'a fetcher that hangs is ended and replaced, without CAP_KILL' hangs
no_kill() { [ "$(inside systemctl show -P CapabilityBoundingSet okta-sync.service)" = 'cap_setgid cap_setuid' ]; }
ok '  which the service does not have' no_kill
restored() { # as a backup of the registry is put back
	cp "$root/var/lib/okta-login/registry.db" "$work/registry.db" && inside systemctl stop okta-sync.service &&
		cp "$work/registry.db" "$root/var/lib/okta-login/registry.db" && inside systemctl start okta-sync.service &&
		[ "$(inside id -u ada)" = "$ada" ]
}
ok 'the registry can be put back from a backup while the service is stopped' restored

step 'with the profile, nothing is different for' true
ada_by_key() { inside pamtester sshd ada acct_mgmt open_session close_session &&
	[ "$(inside stat -c '%a %U' /home/ada)" = '700 ada' ]; }
ok 'ada comes in by key and gets a home of her own' ada_by_key
asked() { inside sh -c 'printf "\n" | timeout 60 pamtester sshd ada authenticate' >"$work/said" 2>&1; cat "$work/said"
	grep -q 'Okta cannot be reached' "$work/said"; }
ok 'she is asked by okta, which says why she is refused' asked
passwords() {
	inside sh -c "printf '%s\n%s\n%s\n' '$password' '$password.x' '$password.x' | su -s /bin/sh local -c passwd" &&
		inside sh -c "echo 'local:$hash' | chpasswd -e"
}
ok 'local can still change his password' passwords
elsewhere() { inside sh -c 'printf "a\nb\nb\n" | pamtester passwd ada chauthtok' >"$work/said" 2>&1
	grep -qi 'okta' "$work/said"; }
ok 'ada is told where hers is changed' elsewhere

# The key is in nobody's reach but systemd's: refused by the file's absence, found as a credential.
credential() {
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$root/etc/okta-login/service.key" 2>/dev/null &&
		chmod 600 "$root/etc/okta-login/service.key"
	sed -i '/^source/d; s|^\[sync\]|&\nclient_id = 0oaexampleservice001\nkey_id = k1\nprivate_key_file = /run/credentials/okta-sync.service/service.key|' \
		"$root/etc/okta-login/okta-login.conf"
	inside systemctl restart okta-sync.service
	soon said 'okta-sync.service/service.key' || { inside journalctl --no-pager -u okta-sync.service | tail -n 5; return 1; }
	inside install -D -m 644 -t /etc/systemd/system/okta-sync.service.d "$1/okta-sync.service.d/credential.conf"
	inside systemctl daemon-reload
	inside systemctl restart okta-sync.service && inside systemctl is-active okta-sync.service && inside timeout 60 oktactl sync
	[ $? = 75 ] || { inside journalctl --no-pager -u okta-sync.service | tail -n 5; return 1; }
}
ok 'with the drop-in from the examples okta-sync gets its key as a credential' credential /usr/share/doc/okta-login/examples
cp "$work/conf" "$root/etc/okta-login/okta-login.conf"
rm -rf "$root/etc/systemd/system/okta-sync.service.d" "$root/etc/okta-login/service.key"
inside systemctl daemon-reload
inside systemctl restart okta-sync.service

sshd() { inside sh -c 'mkdir -p /run/sshd && install -m 644 -t /etc/ssh/sshd_config.d "$1"/sshd_config.d/okta-login.conf && sshd -t &&
	sshd -T | grep -x "kbdinteractiveauthentication yes" && sshd -T | grep -x "logingracetime 120" &&
	sshd -T | grep -x "maxstartups 100:30:200"; r=$?; rm /etc/ssh/sshd_config.d/okta-login.conf; exit $r' sh "$1"; }
ok 'the sshd drop-in from the examples takes effect' sshd /usr/share/doc/okta-login/examples

# --- a module that is not there --------------------------------------------------------------
libdir=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
away() { mv "$root$libdir/$1" "$root/debs/"; }
back() { mv "$root/debs/${1##*/}" "$root$libdir/$1"; }
step 'the file pam_okta.so is missing' away security/pam_okta.so
back security/pam_okta.so
step 'the file libnss_okta.so.2 is missing' away libnss_okta.so.2
back libnss_okta.so.2

# --- boot without a network ------------------------------------------------------------------
halt
boot
up() { [ "$(inside systemctl show -P ActiveState multi-user.target)" = active ] && inside getent passwd ada; }
ok 'booted without a network: the system is up and names are known' up
step 'after the boot' inside systemctl is-active okta-sync.service

# --- upgrade, interrupted; downgrade ---------------------------------------------------------
next=$version.1
for p in libnss-okta libpam-okta okta-login; do
	step "$p: the next version is unpacked over it, and the run breaks off" inside dpkg --unpack --force-depends "$(deb $p "$next")"
done
step 'dpkg goes on where it was' inside dpkg --configure -a
upgraded() { inside oktactl --version | grep -qF "$next" && [ "$(inside id -u ada)" = "$ada" ]; }
ok 'the next version is in place and ada is who she was' upgraded
out_of_nsswitch() { sed -E -i 's/ (\[SUCCESS=merge\] )?okta//' "$root/etc/nsswitch.conf"; }
out_of_nsswitch
# shellcheck disable=SC2046 # a list of words
step 'downgraded' inside dpkg --install $(all "$version")
ok 'what an admin took out of nsswitch.conf, no new version puts back' same "$work/nsswitch.before" "$root/etc/nsswitch.conf"

# --- earlier builds had a timer and started the service from it ---------------------------------
earlier() { # a package of today with the units of then
	local d=$work/earlier
	dpkg-deb -R "$out/okta-login_${version}_$(dpkg --print-architecture).deb" "$d" || return 1
	sed -i 's/^Version: .*/Version: 0.0.9/' "$d/DEBIAN/control"
	rm "$d/DEBIAN/preinst" "$d/DEBIAN/md5sums"
	sed -i 's/okta-sync\.service/okta-sync.timer/g' "$d"/DEBIAN/p*
	printf '%s\n' '[Service]' 'Type=oneshot' 'ExecStart=/usr/sbin/okta-sync --once' >"$d/lib/systemd/system/okta-sync.service"
	printf '%s\n' '[Timer]' 'OnCalendar=*:0/5' 'Persistent=yes' '[Install]' 'WantedBy=timers.target' \
		>"$d/lib/systemd/system/okta-sync.timer"
	dpkg-deb -b --root-owner-group "$d" "$root/debs/earlier.deb"
}
ok 'there is a package like those' earlier
timer() { # as if today's package had never been there
	inside sh -c 'systemctl disable --now okta-sync.service
		find /var/lib/systemd/deb-systemd-helper-enabled -name "okta-sync.service*" -delete'
	inside dpkg --install /debs/earlier.deb && inside systemctl is-active okta-sync.timer; }
no_timer() { not inside systemctl is-active okta-sync.timer &&
	not inside sh -c 'systemctl list-unit-files --all | grep okta-sync.timer || find /etc/systemd /var/lib/systemd -name "*okta-sync.timer*" | grep .'; }
ok 'its timer runs' timer
step 'today'"'"'s package is installed over it' inside dpkg --install "$(deb okta-login "$version")"
ok 'the service runs, and comes with the next boot' \
	inside sh -c 'systemctl is-active okta-sync.service && systemctl is-enabled okta-sync.service'
ok 'of the timer nothing is left' no_timer
off() { timer && inside systemctl disable --now okta-sync.timer && inside dpkg --install "$(deb okta-login "$version")"; }
ok 'the same, where an admin had turned the timer off' off
ok 'the service is off then' not inside sh -c 'systemctl is-active okta-sync.service || systemctl is-enabled okta-sync.service'
ok 'and of the timer nothing is left' no_timer
inside systemctl enable --now okta-sync.service

# --- removal ---------------------------------------------------------------------------------
inside sed -E -i '/^passwd:/s/files/files okta/; /^group:/s/files/files [SUCCESS=merge] okta/' /etc/nsswitch.conf
step 'okta-login is removed' inside dpkg --remove okta-login
ok 'libpam-okta does not go while libnss-okta still makes people known' not inside dpkg --remove libpam-okta
step 'libnss-okta is removed' inside dpkg --remove libnss-okta
ok 'nsswitch.conf is what it was, byte for byte' same "$work/nsswitch.before" "$root/etc/nsswitch.conf"
step 'libpam-okta is removed' inside dpkg --remove libpam-okta
ok 'every PAM stack is what it was, byte for byte' same "$work/pam.before" "$root/etc/pam.d"
ok 'registry and configuration are kept' \
	test -s "$root/var/lib/okta-login/registry.db" -a -s "$root/etc/okta-login/okta-login.conf"
ok 'nothing of ours runs or will' not inside systemctl is-active okta-sync.service

# shellcheck disable=SC2046
ok 'unpacked again' inside dpkg --unpack $(all "$version")
for p in libpam-okta libnss-okta okta-login; do
	step "$p is installed again on the configured host" inside dpkg --configure "$p"
done
ok 'nsswitch.conf asks okta again' nsswitch
same_uid() { [ "$(inside id -u ada)" = "$ada" ] && rm "$root/var/lib/okta-login/directory.snapshot" &&
	inside oktactl sync && [ "$(inside id -u ada)" = "$ada" ]; }
ok 'ada has her uid again, also by a new sync' same_uid

# --- purge -----------------------------------------------------------------------------------
step 'purged' inside dpkg --purge okta-login libpam-okta libnss-okta
ok 'configuration, state and records are gone' not ls -d "$root/etc/okta-login" "$root/var/lib/okta-login" "$root/run/okta-login"
ok 'the system user is gone, and its group' not inside sh -c 'getent passwd _okta || getent group _okta'
rm -rf "$root/home/ada" "$root/srv/pages"
files >"$work/files.after"
ok 'every file of the system is as before, with owner, mode and content' same "$work/files.before" "$work/files.after"
done_testing
