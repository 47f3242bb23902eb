#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# People log in through the installed packages, in a booted Debian 12 that reaches the Okta stand-in
# and nothing else: ssh, sudo, su, login; after a reboot without a network, an upgrade, a removal.
# shellcheck disable=SC2154 # the files sourced set them
set -u
cd "$(dirname "$0")/../.." || exit 1
. packaging/tests/tap.sh
. packaging/tests/root.sh
needs_boot
work=$(mktemp -d)
trap 'okta_down; halt; drop_root login; rm -rf "$work"' EXIT
export LOCAL_PASSWORD=Quiet-Harbour-7

# --- the host --------------------------------------------------------------------------------
need 'the packages are built' packaging/deb.sh "$packages"
need 'there is a fresh Debian 12' base_root
can_boot
new_root login
mkdir -p "$root/debs" "$root/etc/ssh/authorized"
cp "$packages"/{libnss-okta,libpam-okta,okta-login}_*.deb "$root/debs"
echo web1 >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 web1\n' >"$root/etc/hosts"
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
for user in local ada bob carol; do cp "$work/key.pub" "$root/etc/ssh/authorized/$user"; done
echo 'AuthorizedKeysFile /etc/ssh/authorized/%u' >"$root/etc/ssh/sshd_config.d/keys.conf"
boot
inside useradd --create-home --shell /bin/bash local
inside sh -c "echo 'local:$LOCAL_PASSWORD' | chpasswd"

# What each way of logging in waits for, before ours is there.
logins='ssh.service console-getty.service getty.target systemd-logind.service systemd-user-sessions.service
	nss-user-lookup.target dbus.service'
graph() {
	local unit
	for unit in $logins; do
		inside systemctl list-dependencies --after --plain --all "$unit" | sed 's/^[● ]*/  /' |
			grep -v '\.scope$\|user@\|user-runtime-dir@\|run-credentials-\|user-[0-9]*\.slice' | LC_ALL=C sort -u
	done
}
graph >"$work/graph.before"

# --- what people do --------------------------------------------------------------------------
ssh_to() { # ssh_to USER COMMAND...: as a terminal's words
	local user=$1
	shift
	echo nsenter -t "$leader" -n ssh -F none -tt -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 "$user@127.0.0.1" "$@"
}
on_tty() { # on_tty USER COMMAND: on a terminal of the root's own
	echo nsenter -t "$leader" -a setpriv --reuid "$1" --regid "$1" --init-groups
}
person() { nsenter -t "$leader" -n packaging/tests/person.py "$work/okta" "$@"; }
by_key() {
	nsenter -t "$leader" -n ssh -F none -i "$work/key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null "$1@127.0.0.1" id -un
}
# shellcheck disable=SC2046 # lists of words
by_code() { person "${2:-ada}" enter "${3:-(?m)^$1[\r ]}" $(ssh_to "$1" id -un); }
# shellcheck disable=SC2046
by_password() { person - local "${1:-(?m)^local[\r ]}" $(ssh_to local id -un); }
safe() { # safe WHEN: the local account gets in, carol does not: she is suspended in Okta
	ok "  $1: local logs in by key" by_key local
	ok "  $1: carol, suspended in Okta, does not get in by key" not by_key carol
}
# --- installation ----------------------------------------------------------------------------
unpack() { inside sh -c 'dpkg --install /debs/*.deb'; }
need 'the packages install' unpack
safe 'installed'
okta_up "$work/okta" || exit 1

configured() { # by file, as the documents say; the certificate of the stand-in is the CA
	local etc=$root/etc/okta-login
	/usr/bin/python3 tests/world/config.py "$work/okta" >"$etc/okta-login.conf" &&
		install -m 644 "$work/okta/ca.pem" "$etc/ca.pem" &&
		install -m 600 "$work/okta/service.key" "$etc/service.key" &&
		inside sh -c 'oktactl config check && pam-auth-update --enable okta okta-password && okta-sync --once &&
			cp /usr/share/doc/okta-login/examples/sshd_config.d/okta-login.conf /etc/ssh/sshd_config.d/ &&
			sshd -t && systemctl reload ssh && systemctl start okta-sync'
}
ok 'configured by file, synchronised, switched on' configured
safe 'configured'

# --- every way in ----------------------------------------------------------------------------
uid=$(inside id -u ada)
ok 'ssh: ada approves the code, presses Enter and is in' by_code ada
ok 'ssh: she has a home of her own and is in the local group she joins' \
	sh -c '[ "$(stat -c "%a %u" "$1/home/ada")" = "700 $2" ] && nsenter -t "$3" -a id -Gn ada | grep -qw sudo' sh "$root" "$uid" "$leader"
ok 'ssh: bob approves the code of ada and is not in' by_code ada bob '!Somebody else approved'
# shellcheck disable=SC2046
ok 'sudo: in a session by ssh ada approves a second code and is root' \
	person ada enter,plain '(?m)^0\r?$' $(ssh_to ada sudo id -u)
as_local() { on_tty local; }
# shellcheck disable=SC2046
ok 'su: local becomes ada with her approval' \
	person ada plain '(?m)^ada\r?$' $(as_local) script -qec 'su ada -c "id -un"' /dev/null
# shellcheck disable=SC2046
ok 'su: without an approval by ada he does not' \
	person bob plain '!(?s)' $(as_local) script -qec 'su ada -c "id -un"' /dev/null
ok 'login: ada approves the code and has a shell' \
	person ada plain,shell 'ada\r\n' nsenter -t "$leader" -a script -qec 'login ada' /dev/null
ok 'login: local types his password and has a shell' \
	person - local,shell 'local\r\n' nsenter -t "$leader" -a script -qec 'login local' /dev/null
ok 'ssh: local types his password and is in' by_password
ok 'the journal names who came in, how, and by which rule' \
	sh -c 'nsenter -t "$1" -a journalctl --no-pager -t sshd | grep "okta: user=ada service=sshd .*result=accepted reason=ok"' sh "$leader"
ok 'no login has left a helper behind' not inside pgrep okta-auth-help

# --- what the programs touch, against their AppArmor profiles ----------------------------------
trace=(strace -f -y -qq -s 256 -e "trace=%file,%desc,%process,%creds,socket,connect" -o)
confine() { packaging/tests/confine.py "$1" "$2" "$root/${2##*/}.trace"; }
sync=/usr/sbin/okta-sync
helper=/usr/libexec/okta-login/okta-auth-helper
watched() { # a whole life of the service's program: start, a run, its end
	local strace r
	inside systemctl stop okta-sync.service
	inside "${trace[@]}" /okta-sync.trace okta-sync --watch &
	strace=$!
	soon grep -q inotify_add_watch "$root/okta-sync.trace" && inside timeout 60 oktactl sync
	r=$?
	inside pkill -TERM -x okta-sync
	wait $strace
	inside systemctl start okta-sync.service
	return $r
}
ok 'strace: okta-sync fetches and publishes' watched
ok 'AppArmor profile okta-sync allows all of that' confine packaging/apparmor/okta-sync $sync
ok 'strace: ada logs in with a code' \
	person ada plain 'successfully authenticated' nsenter -t "$leader" -a "${trace[@]}" /okta-auth-helper.trace \
	pamtester -v -I tty=tty9 login ada authenticate
ok 'AppArmor profile okta-auth-helper allows all that the helper did' confine packaging/apparmor/okta-auth-helper $helper
killed() { # the same trace, with a process in it that was killed as it entered a call
	printf '%s\n' '1 ???( <unfinished ...>' '1 <... ??? resumed>)                = ?' >>"$root/okta-sync.trace"
	confine packaging/apparmor/okta-sync $sync
}
ok '  and one of its processes killed amid a call is no hindrance' killed
narrow() { # narrow PROGRAM LINE: without LINE its profile refuses something
	grep -vxF -e "$2" "packaging/apparmor/${1##*/}" >"$work/profile" &&
		! cmp -s "$work/profile" "packaging/apparmor/${1##*/}" || return 1
	confine "$work/profile" "$1"
	[ $? = 1 ]
}
ok 'control: without its rule for /etc/passwd the profile okta-sync would not' narrow $sync '  /etc/passwd r,'
ok 'control: without its rule for streams the profile okta-auth-helper would not' narrow $helper '  network inet stream,'

# --- taken away in Okta ----------------------------------------------------------------------
ok 'bob comes in by key' by_key bob
suspend() { okta PATCH /users/bob@acme.example '{"status": "SUSPENDED"}' && inside okta-sync --once; }
ok 'bob is suspended in Okta, and the directory synchronised' suspend
ok 'bob does not come in by key any more' not by_key bob
# shellcheck disable=SC2046
ok 'nor by a code: he gets none' person - local '!(?i)denied' $(ssh_to bob id -un)
ok 'ada still does' by_key ada

# --- doctor ----------------------------------------------------------------------------------
doctor() { inside oktactl doctor >"$work/doctor"; r=$?; grep -v '^pass ' "$work/doctor"; return $r; }
ok 'oktactl doctor finds nothing wrong on the installed host' doctor
ok '  and nothing to warn of' grep -q ' 0 warnings, 0 failures' "$work/doctor"
# --- a reboot without a network --------------------------------------------------------------
okta_down
halt
boot
reached() { inside systemctl is-active ssh.service systemd-logind.service getty.target multi-user.target; }
ok 'rebooted without a network: the ways of logging in are there' soon reached
unordered() { graph >"$work/graph.after"; same "$work/graph.before" "$work/graph.after"; }
ok 'each of them waits for what it waited for before the installation, and nothing more' unordered
ok 'nothing has asked for network-online.target' not inside systemctl is-active network-online.target
ok 'getent knows ada, with her uid' test "$(inside id -u ada)" = "$uid"
ok 'okta-sync.service is ready, though it cannot reach Okta' inside systemctl is-active okta-sync.service
safe 'without a network'
ok 'ada comes in by key' by_key ada
# shellcheck disable=SC2046
ok 'by ssh she hears at once that Okta cannot be reached' \
	person - - '!Okta cannot be reached' $(ssh_to ada id -un)
okta_up "$work/okta"
ok 'Okta is back, and she logs in with a code' by_code ada

# --- once more, and away ---------------------------------------------------------------------
ok 'the packages are installed over themselves' unpack
safe 'installed again'
ok 'ada logs in with a code' by_code ada
ok 'she is who she was' test "$(inside id -u ada)" = "$uid"
ok 'the packages are removed' inside dpkg --remove okta-login libnss-okta libpam-okta
safe 'removed'
ok 'ada, too, is nobody now' not by_key ada
ok 'the packages are purged' inside dpkg --purge okta-login libnss-okta libpam-okta
safe 'purged'
ok 'local still logs in with his password' by_password

# --- configured by oktactl setup -------------------------------------------------------------
need 'the packages install again' unpack
cp "$root/etc/nsswitch.conf" "$work/nsswitch.before"
cp -r "$root/etc/pam.d" "$work/pam.before"
conf_files() {
	install -m 644 "$work/okta/ca.pem" "$root/etc/okta-login/ca.pem" &&
		install -m 600 "$work/okta/service.key" "$root/etc/okta-login/service.key"
}
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/org.json"))[sys.argv[2]])' "$work/okta" "$1"; }
set_up() {
	conf_files && inside oktactl setup --yes --org-url "$(value org_url)" --ca-file /etc/okta-login/ca.pem \
		--client-id "$(value native_client_id)" --allow-groups linux-users --sync-client-id "$(value service_client_id)" \
		--key-id "$(value service_kid)" --strip-domains acme.example --match 'eng, linux-admins' --local linux-admins:sudo
}
ok 'oktactl setup, by flags, sets the host up' set_up
safe 'set up'
ok 'ada logs in with a code' by_code ada
ok 'okta-sync.service runs' inside systemctl is-active okta-sync.service
ok 'oktactl setup --undo puts it back' inside oktactl setup --undo
ok 'the PAM stacks and nsswitch.conf are what they were, byte for byte' \
	sh -c 'diff -r "$1/pam.before" "$2/etc/pam.d" && cmp "$1/nsswitch.before" "$2/etc/nsswitch.conf"' sh "$work" "$root"
safe 'undone'
done_testing
