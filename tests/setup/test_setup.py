#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""oktactl setup by flags, on a host where only the packages are installed: what it proves, what it
changes, that it can be taken back, and that it can be killed anywhere."""
import contextlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, HERE)
import host as place  # noqa: E402
import login  # noqa: E402
import machine  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from tap import check, equal, test  # noqa: E402

CONF, CANDIDATE, STATE = world.CONF, world.CONF + ".setup", world.STATE
JOURNAL = STATE + "/setup/journal"

okta = standin.Okta()
host = world.World(okta)
place.bare(host)
place.give_key(host, okta)
host.start_sshd()
BEFORE = place.files(host)
said = []


def setup(*options, status=0):
    done = host.run("oktactl", "setup", *options, check=False)
    said.append(done.stdout + done.stderr)
    if status is not None:
        equal(done.returncode, status, "exit status (%s%s)" % (done.stdout, done.stderr))
    return done.stdout + done.stderr


def set_up(status=0, **changes):
    return setup("--yes", *place.answers(okta, **changes), status=status)


def has(text, *words):
    for word in words:
        check(word in text, "%r is not in:\n%s" % (word, text))


def exists(path):
    return os.path.lexists(host.path(path))


def knows(name):
    return host.run("getent", "passwd", name, check=False).returncode == 0


def is_untouched():
    equal(place.difference(BEFORE, place.files(host)), [], "changed files")


def undo():
    setup("--undo")
    is_untouched()


@contextlib.contextmanager
def file(path, data=None, mode=None):
    there = exists(path)
    before = host.read(path) if there else None
    stat = os.stat(host.path(path)) if there else None
    if data is not None:
        host.write(path, data, 0o644)
    if mode is not None:
        os.chmod(host.path(path), mode)
    try:
        yield
    finally:
        if there:
            host.write(path, before, stat.st_mode & 0o7777)
        elif exists(path):
            os.unlink(host.path(path))


@contextlib.contextmanager
def switched(**values):
    before = okta.admin("GET", "/state")["switches"]
    okta.switches(**values)
    try:
        yield
    finally:
        okta.switches(**{name: before[name] for name in values})


@contextlib.contextmanager
def fault(path, kind, **more):
    okta.fault(path, kind, times=-1, **more)
    try:
        yield
    finally:
        okta.no_faults()


def local_gets_in():
    done = host.ssh_run("opal", "true", key=host.key("opal"))
    equal(done.returncode, 0, "local login (%s)" % done.stderr)


def account_step_is_on():
    text = b"".join(host.read("/etc/pam.d/" + name) for name in ("sshd", "common-account"))
    return re.search(rb"(?m)^account\s.*default=die\]\s+pam_okta\.so", text) is not None


def suspended_stays_out():
    """Nobody is known while the account step of sshd's stack has no pam_okta."""
    before = account_step_is_on()
    known = knows("carol")
    # it may have come, or the names gone, in between
    check(not known or before or account_step_is_on(), "names are known without pam_okta")


# --- what is refused before anything is changed -----------------------------------------------

@test("somebody who is not root is refused in one line")
def _():
    done = host.run("oktactl", "setup", "--yes", *place.answers(okta), user="opal", check=False)
    equal((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), "refusal")
    has(done.stderr, "only root")
    is_untouched()


@test("wrong usage ends with 64, wrong values with 78, before anything is changed")
def _():
    for options, status, word in (
            (["--verbose"], 64, "usage"), (["--org-url"], 64, "usage"), (["--undo", "--yes"], 64, "usage"),
            (["--yes"], 64, "--org-url is missing"), ([], 64, "no terminal"),
            (["--config", "/tmp/x", "--yes"], 64, "fixed places"), (["--state", "/tmp", "--undo"], 64, "fixed places"),
            (["--check", "api.nonsense"], 78, CONF),
            (["--yes", "--org-url", "http://acme.okta.com"], 78, "--org-url: must start with https://"),
            (["--yes", "--org-url", "https://acme-admin.okta.com"], 78, "remove -admin"),
            (["--yes", "--scope", "some"], 78, "--scope"), (["--yes", "--allow-groups", ""], 78, "must not be empty"),
            (["--yes", "--local", "sudo"], 78, "--local"), (["--yes", "--client-id", "a b"], 78, "--client-id"),
            (["--yes", "--match", "a\nb"], 78, "one line")):
        has(setup(*options, status=status), word)
    has(set_up(64, allow_groups=None), "--allow-groups is missing")
    # it had to look at the answers; nothing of it is on
    setup("--undo")
    is_untouched()


@test("a host where something is not installed is left alone")
def _():
    os.chmod(host.path(world.HELPER), 0o644)
    try:
        has(set_up(1), "not everything is installed", world.HELPER)
    finally:
        os.chmod(host.path(world.HELPER), 0o755)
    is_untouched()


@test("a configuration that is there and wrong is refused, and stays")
def _():
    with file(CONF, "[okta]\nnonsense = 1\n"):
        has(set_up(78), CONF, "nonsense")
        equal(host.read(CONF), b"[okta]\nnonsense = 1\n", "configuration")
    setup("--undo")
    is_untouched()


@test("an address that is no Okta org is refused with the reason")
def _():
    at = r"\.well-known/openid-configuration"
    with fault(at, "status", status=404, body="{}"):
        has(set_up(1), "failure  okta.discovery", "HTTP 404", "org_url must be")
    document = {"issuer": okta.url, "device_authorization_endpoint": okta.url + "/oauth2/v1/device/authorize",
                "grant_types_supported": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}
    for change, word in (({"issuer": "https://evil.example"}, 'calls itself "https://evil.example"'),
                         ({"issuer": None}, "calls itself"),
                         ({"device_authorization_endpoint": "https://evil.example/d"}, "https://evil.example/d"),
                         ({"grant_types_supported": ["authorization_code"]}, "no device_code"),
                         ({"grant_types_supported": "x"}, "no device_code")):
        with fault(at, "status", status=200, body=json.dumps({**document, **change})):
            has(set_up(1), "failure  okta.discovery", word)
    with fault(at, "status", status=200, body="<html>"):
        has(set_up(1), "failure  okta.discovery")
    setup("--undo")
    is_untouched()


# --- each permission --------------------------------------------------------------------------

def refused(sentence, failed, *words, how=contextlib.nullcontext, **changes):
    @test(sentence)
    def _():
        with how():
            text = set_up(1, **changes)
            has(text, "failure  " + failed, *words, "oktactl setup --check ID")
            again = setup("--check", failed, status=1)
            has(again, "failure  " + failed)
        check(not exists(CONF), "a configuration was written")
        check(not knows("ada"), "names are known")
        undo_keeps_key()


def undo_keeps_key():
    setup("--undo")
    is_untouched()


refused("a wrong client id of the native app is told apart, with the click", "okta.device", "invalid_client", "Client ID",
        client_id="0oanosuchclient00001")
refused("a wrong client id of the service app is told apart, with the click", "api.token", "invalid_client", "Public keys",
        sync_client_id="0oanosuchclient00001")
refused("a key Okta does not know is told apart, with the click", "api.token", "invalid_client",
        key_id="no-such-key")
refused("a missing scope is named", "api.users", "okta.users.read", how=lambda: switched(granted_scopes=["okta.groups.read"]))
refused("a missing admin role is named", "api.groups", "E0000006", "Admin roles", how=lambda: switched(admin_role="NONE"))
refused("an app id Okta does not know is named", "api.apps", "app_id", scope="app", app_id="0oanosuchapp00000001")


@contextlib.contextmanager
def clock(skew_s):
    okta.admin("POST", "/clock", {"skew_s": skew_s})
    try:
        yield
    finally:
        okta.admin("POST", "/clock", {"skew_s": 0})


refused("a clock more than five minutes wrong is named before what it breaks", "clock", "behind of Okta", "timedatectl",
        how=lambda: clock(330))


@test("the right to read the System Log is optional, and the text says so")
def _():
    with switched(granted_scopes=["okta.groups.read", "okta.users.read"]):
        text = set_up()
    has(text, "skipped  api.logs", "optional", "what changed every 60 s", "okta.logs.read")
    undo()


@test("an app without DPoP works, and the switch in Okta that would be better is named")
def _():
    text = set_up(sync_client_id="0oaservicenodpop0001")
    has(text, "warning  api.dpop", "Demonstrating Proof of Possession")
    undo()
    has(set_up(), "pass     api.dpop        the token is bound")
    undo()


@test("one proof can be repeated alone, and an id it does not know is wrong usage")
def _():
    with switched(admin_role="NONE"):
        set_up(1)
    okta.forget()
    text = setup("--check", "okta.device")
    equal([line.split()[1] for line in text.splitlines()], ["okta.device"], "checks")
    check(not any("/api/" in r["path"] for r in okta.requests()), "more was asked than that")
    has(setup("--check", "api.users"), "pass     api.users")
    has(setup("--check", "api.nonsense", status=64), "is none of", "api.users")
    undo_keeps_key()


# --- the key ----------------------------------------------------------------------------------

@test("a key pair is made once, root's alone, its public half printed as a JWK; the private half never is")
def _():
    mine = host.read(place.KEY)
    os.unlink(host.path(place.KEY))
    text = set_up(1)
    has(text, "Made the service app's private key", "Add key", "Okta API Scopes", "Read-Only Administrator", "DPoP")
    stat = os.stat(host.path(place.KEY))
    equal((stat.st_mode & 0o7777, stat.st_uid, stat.st_gid), (0o600, 0, 0), "mode and owner")
    made = host.read(place.KEY)
    jwk = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    equal((jwk["kty"], jwk["use"], jwk["alg"], jwk["kid"], jwk["e"]), ("RSA", "sig", "RS256", "service-1", "AQAB"), "jwk")
    equal(sorted(jwk), ["alg", "e", "kid", "kty", "n", "use"], "members")
    check(len(jwk["n"]) == 342, "n has %d characters" % len(jwk["n"]))
    for line in made.decode().splitlines()[1:-1]:
        check(line not in text, "the private key was printed")
    # Okta gets to know it
    with open(okta.dir + "/service.key", "wb") as f:
        f.write(made)
    okta.stop()
    okta.start()
    text = set_up()
    check("Made the service app's" not in text, "a second key")
    equal(host.read(place.KEY), made, "key")
    setup("--undo")
    check(not exists(place.KEY), "the key stays after --undo")
    with open(okta.dir + "/service.key", "wb") as f:
        f.write(mine)
    okta.stop()
    okta.start()
    place.give_key(host, okta)
    is_untouched()


# --- what it changes --------------------------------------------------------------------------

@test("by flags alone a bare host gets a working ssh login")
def _():
    text = set_up()
    has(text, "people: 8", "ada, bob, frank, grace, ivan", "carol, heidi, mallory", "ada (sudo)", "eng, linux-admins",
        "getent passwd ada\nada:*:", "0 failures", "Keep this root session open", "ssh ada@HOST")
    equal(os.stat(host.path(CONF)).st_mode & 0o7777, 0o644, "mode of the configuration")
    check(not exists(CANDIDATE) and not exists(STATE + "/setup/dry"), "something temporary stays")
    okta.forget()
    child = host.ssh("ada")
    at = login.Login(child)
    okta.approve(at.code, "ada")
    at.press_enter()
    at.until(login.SHELL)
    login.hang_up(child)
    local_gets_in()
    equal(host.ssh_run("carol", "true", key=host.authorize("carol")).returncode, 255, "carol, suspended, by key")
    host.run("rm", "-rf", "/home/carol")


DROP_IN = "/etc/ssh/sshd_config.d/okta-login.conf"
SILENT = "HostKey /etc/ssh/world_host_key\nUsePAM yes\nKbdInteractiveAuthentication no\n"


@contextlib.contextmanager
def moved(path):
    host.run("mv", path, path + ".away")
    try:
        yield
    finally:
        host.run("mv", path + ".away", path)


@contextlib.contextmanager
def directory(path):
    there = exists(path)
    host.run("mkdir", "-p", path)
    try:
        yield
    finally:
        if not there:
            host.run("rm", "-rf", path)


def sshd_says(word):
    return ("\n%s\n" % word) in host.run("/usr/sbin/sshd", "-T").stdout


@test("an sshd that asks nothing gets the drop-in, unless --keep-sshd: then the lines to add are printed; --undo takes it away")
def _():
    with directory("/etc/ssh/sshd_config.d"), file("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n" + SILENT):
        has(setup("--yes", "--keep-sshd", status=1), "sshd: left alone", "KbdInteractiveAuthentication yes",
            "sshd.kbdinteractive")
        check(not exists(DROP_IN), "a drop-in was written")
        has(setup("--yes"), "sshd: shows codes (%s)" % DROP_IN, "reload it", "0 failures")
        check(sshd_says("kbdinteractiveauthentication yes") and sshd_says("maxstartups 100:30:200"), "sshd was not told")
        equal(os.stat(host.path(DROP_IN)).st_mode & 0o7777, 0o644, "mode of the drop-in")
        setup("--undo")
        check(not exists(DROP_IN), "the drop-in stays")
        check(sshd_says("kbdinteractiveauthentication no"), "sshd is not as before")
    is_untouched()
    set_up()


@test("a drop-in that cannot help, since sshd reads none, is not left behind")
def _():
    with directory("/etc/ssh/sshd_config.d"), file("/etc/ssh/sshd_config", SILENT):
        has(setup("--yes", status=1), "a drop-in does not change that", "sshd.kbdinteractive")
        check(not exists(DROP_IN), "the drop-in stays")
        with moved("/etc/ssh/sshd_config.d"):
            has(setup("--yes", status=1), "sshd: left alone", "sshd.kbdinteractive")


@test("a second run changes nothing")
def _():
    before = place.files(host)
    has(setup("--yes"), "stays as it is", "PAM: on already", "NSS: on already")
    changed = place.difference(before, place.files(host))
    equal([p for p in changed if "/setup" not in p and not p.startswith(STATE + "/sync-status")
           and not p.startswith(STATE + "/directory.snapshot")], [], "changed")


@test("a flag changes its key and no other byte of the configuration, and what was edited by hand is kept")
def _():
    edited = host.read(CONF).decode().replace("[login]\n", "[login]\n# ours\nrequire_amr = pwd\n")
    host.write(CONF, edited)
    setup("--yes", "--allow-groups", "linux-users, linux-admins")
    equal(host.read(CONF).decode(), edited.replace("allow_groups = linux-users\n", "allow_groups = linux-users, linux-admins\n"),
          "configuration")
    equal(host.read(CONF + ".bak").decode(), edited, ".bak")


@test("--undo puts everything back byte for byte, keeps the registry, and nobody from Okta is known any more")
def _():
    setup("--undo")
    os.unlink(host.path(CONF + ".bak"))
    is_untouched()
    check(exists(STATE + "/registry.db"), "the registry is gone")
    check(not knows("ada"), "ada is known")
    local_gets_in()
    has(setup("--undo"), "nothing to put back")


@test("the same people get the same uids when it is set up again")
def _():
    set_up()
    first = host.out("getent", "passwd", "ada")
    undo()
    set_up()
    equal(host.out("getent", "passwd", "ada"), first, "ada")
    undo()


@test("a configuration that was there is kept through setup and --undo, key by key and byte for byte")
def _():
    text = ("# mine\n[login]\nallow_groups = linux-users\n\n[okta]\n# org\norg_url = %s\nca_file = /etc/okta-login/ca.pem\n"
            "[groups]\nmatch = eng,\n\tlinux-admins\n" % okta.url)
    host.write(CONF, text, 0o640)
    set_up(allow_groups=None, org_url=None, ca_file=None, match="eng", local=None)
    got = host.read(CONF).decode()
    has(got, "# mine\n[login]\nallow_groups = linux-users\nclient_id = ", "\n\n[okta]\n# org\norg_url", "\nmatch = eng\n")
    check("linux-admins" not in got, "the old list goes on")
    equal(os.stat(host.path(CONF)).st_mode & 0o7777, 0o640, "mode")
    setup("--undo")
    equal(host.read(CONF).decode(), text, "configuration")
    equal(os.stat(host.path(CONF)).st_mode & 0o7777, 0o640, "mode")
    os.unlink(host.path(CONF))
    is_untouched()


@test("what somebody changed since is not overwritten by --undo: okta goes, his edit stays")
def _():
    set_up()
    nss = host.read("/etc/nsswitch.conf").decode()
    auth = host.read("/etc/pam.d/common-auth").decode()
    conf = host.read(CONF).decode()
    host.write("/etc/nsswitch.conf", nss + "# edited\n")
    host.write("/etc/pam.d/common-auth", "# edited\n" + auth)
    host.write(CONF, conf + "# edited\n")
    has(setup("--undo", status=1), "somebody changed it since", CONF)
    equal(host.read("/etc/nsswitch.conf"), nss.replace(" [SUCCESS=merge] okta", "").replace(" okta", "").encode() + b"# edited\n",
          "nsswitch.conf")
    auth = host.read("/etc/pam.d/common-auth").decode()
    check("edited" in auth and "pam_okta" not in auth, "common-auth: " + auth)
    equal(host.read(CONF).decode(), conf + "# edited\n", "configuration")
    check(not knows("ada"), "ada is known")
    local_gets_in()
    os.unlink(host.path(CONF))
    setup("--undo")
    for path in ("/etc/nsswitch.conf", *("/etc/pam.d/common-" + s for s in place.STACKS),
                 *("/var/lib/pam/" + s for s in [*place.STACKS, "seen"])):
        with open(path, "rb") as f:
            data = f.read()
        if path == "/etc/nsswitch.conf":
            data = re.sub(rb"(?m)^hosts:.*", b"hosts: files", data)
        host.write(path, data)
    is_untouched()


@test("a list too long for one line goes on in the next, and none of it is lost")
def _():
    groups = ["linux-users"] + ["no-such-group-%03d" % n for n in range(60)]
    set_up(allow_groups=", ".join(groups))
    lines = host.read(CONF).decode().splitlines()
    check(max(len(line) for line in lines) <= 198, "a line is too long")
    at = next(n for n, line in enumerate(lines) if line.startswith("allow_groups"))
    text = lines[at] + "".join(line for line in lines[at + 1:lines.index("", at)] if line.startswith("\t"))
    equal([g.strip() for g in text.split("=")[1].split(",")], groups, "groups")
    undo()


@test("nobody whose name could be one here: the text names what is likely missing")
def _():
    has(set_up(1, strip_domains=None), "nobody would be known", "strip_domains")
    undo_keeps_key()


@test("nobody who could log in: nothing is switched on")
def _():
    has(set_up(1, allow_groups="no-such-group"), "nobody could log in", "allow_groups")
    check(not exists(CONF) and not knows("ada"), "something was switched on")
    undo_keeps_key()


@test("many people: counts, and the first twenty in the order of the alphabet")
def _():
    for n in range(30):
        okta.admin("POST", "/users", {"login": "p%02d@acme.example" % (29 - n), "firstName": "P", "lastName": "Q",
                                      "groups": ["linux-users"]})
    try:
        text = set_up()
    finally:
        for n in range(30):
            okta.admin("DELETE", "/users/p%02d@acme.example" % n)
    has(text, "people: 38", "of these may log in: 35", "and 15 more")
    names = re.search(r"may log in: 35\n((?:      .*\n|.*more\n|.*, .*\n)+?)  may not", text).group(1)
    names = re.findall(r"[a-z]+[0-9]*", names.split(",and")[0].replace("and 15 more", ""))
    equal(names, ["ada", "bob", "frank", "grace", "ivan"] + ["p%02d" % n for n in range(15)], "names")
    undo()


# --- PAM that is not ours to change -----------------------------------------------------------

@test("a host without a profile for PAM gets the lines to add, and goes on once they are there")
def _():
    profile = host.read("/usr/share/pam-configs/okta")
    os.unlink(host.path("/usr/share/pam-configs/okta"))
    try:
        text = set_up(1)
        has(text, "auth     [success=done user_unknown=ignore", "account  [success=ok ignore=ignore default=die]", "pam_localuser.so",
            "after these lines are there, run oktactl setup")
        check(not knows("ada") and not exists(STATE + "/directory.snapshot"), "names are known before PAM is on")
        kept = {}
        for service in ("sshd", "su", "sudo", "login"):
            kept[service] = host.read("/etc/pam.d/" + service)
            with open(world.TREE + "/conf/pam/" + service, "rb") as f:
                host.write("/etc/pam.d/" + service, f.read())
        has(setup("--yes"), "PAM: on already", "getent passwd ada")
        setup("--undo")
        for service, data in kept.items():
            host.write("/etc/pam.d/" + service, data)
    finally:
        host.write("/usr/share/pam-configs/okta", profile)
    is_untouched()


def program(path, text):
    host.write(path, "#!/bin/sh\n" + text, 0o755)


@test("where authselect looks after PAM its profile is selected with the features kept, and taken back")
def _():
    update = host.read("/usr/sbin/pam-auth-update")
    os.unlink(host.path("/usr/sbin/pam-auth-update"))
    kept = host.read("/etc/nsswitch.conf")
    host.write("/run/profile", "sssd with-sudo with-mkhomedir\n")
    # what authselect does, as far as setup can see
    program("/usr/bin/authselect", r'''
case $1 in
current) cat /run/profile ;;
list-features) [ "$2" = okta ] && printf 'with-faillock\nwith-mkhomedir\n' ;;
select)
	shift
	umask >/run/umask
	echo "$@" | sed 's/ --force$//' >/run/profile
	for s in sshd su sudo login; do
		[ -e /run/kept-$s ] || cp -p /etc/pam.d/$s /run/kept-$s
		if [ "$1" = okta ]; then cp ''' + world.TREE + r'''/conf/pam/$s /etc/pam.d/$s; else cp -p /run/kept-$s /etc/pam.d/$s; fi
	done ;;
*) exit 1 ;;
esac
''')
    try:
        has(set_up(), "PAM: on\n", "getent passwd ada")
        equal(host.read("/run/profile"), b"okta with-mkhomedir\n", "profile")
        equal(host.read("/run/umask"), b"0022\n", "umask: everybody must be able to read what it writes")
        setup("--undo")
        equal(host.read("/run/profile"), b"sssd with-sudo with-mkhomedir\n", "profile")
        equal(host.read("/etc/nsswitch.conf"), kept, "nsswitch.conf")
    finally:
        host.write("/usr/sbin/pam-auth-update", update, 0o755)
        host.run("rm", "-f", "/usr/bin/authselect")
    is_untouched()


@test("stacks that would not hold are not gone on with")
def _():
    sshd = host.read("/etc/pam.d/sshd")
    host.write("/etc/pam.d/sshd", "account sufficient pam_permit.so\n" + sshd.decode())
    try:
        has(set_up(1), "PAM is not as it must be", "pam.sshd.account")
        check(not knows("ada") and not exists(STATE + "/directory.snapshot"), "names are known before PAM is on")
    finally:
        host.write("/etc/pam.d/sshd", sshd)
        setup("--undo")
    is_untouched()


# --- systemd ----------------------------------------------------------------------------------

@contextlib.contextmanager
def systemd():
    """One unit, /run/enabled and /run/active; what is asked of it is in /run/calls."""
    real = host.read("/bin/systemctl")
    host.run("mkdir", "-p", "/run/systemd/system")
    program("/bin/systemctl", r'''
echo "$@" >>/run/calls
case $1 in
cat) ;;
is-enabled) [ -e /run/enabled ] ;;
is-active) [ -e /run/active ] ;;
enable) touch /run/enabled /run/active ;;
disable) rm -f /run/enabled /run/active ;;
start | restart) touch /run/active ;;
stop) rm -f /run/active ;;
esac
''')
    try:
        yield
    finally:
        host.write("/bin/systemctl", real, 0o755)
        host.run("rm", "-rf", "/run/systemd/system", "/run/enabled", "/run/active", "/run/calls")


@contextlib.contextmanager
def another_sync():
    """An okta-sync that holds the state directory."""
    host.run("mkfifo", "/run/hold")
    holder = host.background("flock", "--no-fork", STATE + "/lock", "sh", "-c", "echo held; exec cat /run/hold")
    holder.stdout.readline()
    try:
        yield
    finally:
        host.run("sh", "-c", ": >/run/hold")  # a writer that comes and goes ends it
        holder.wait()
        host.run("rm", "/run/hold")


@test("where systemd runs okta-sync.service is enabled and started, and taken back")
def _():
    with systemd():
        has(set_up(), "okta-sync.service: on\n")
        check(exists("/run/enabled") and exists("/run/active"), "not on")
        has(setup("--yes"), "okta-sync.service: on already")
        has(host.read("/run/calls").decode(), "restart --quiet okta-sync.service")
        undo()
        check(not exists("/run/enabled") and not exists("/run/active"), "still on")
        host.run("touch", "/run/enabled")
        set_up()
        check(exists("/run/active"), "not started")
        undo()
        check(exists("/run/enabled") and not exists("/run/active"), "not as before: enabled, not running")
        host.run("touch", "/run/active")
        set_up()
        undo()
        check(exists("/run/enabled") and exists("/run/active"), "not as before: running")


@test("an --undo that another okta-sync is in the way of leaves okta-sync.service running")
def _():
    with systemd():
        host.run("touch", "/run/enabled", "/run/active")
        set_up()
        with another_sync():
            has(setup("--undo", status=1), "an okta-sync is at work")
            has(host.read("/run/calls").decode(), "stop --quiet okta-sync.service")
            check(exists("/run/active"), "it was not started again")
        undo()
        check(exists("/run/active"), "not as before: running")


# --- killed anywhere --------------------------------------------------------------------------

def killed_at(call, n, *options):
    """Run setup until it makes its Nth CALL, and kill it there; False: it never made so many."""
    done = host.run("strace", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                    "inject=%s:signal=SIGKILL:when=%d" % (call, n), "oktactl", "setup", *options, check=False)
    said.append(done.stdout + done.stderr)
    return done.returncode not in (0, 1)


@contextlib.contextmanager
def name_service_is_on():
    """As libnss-okta leaves it when it is installed: whatever gets into the snapshot is known at once."""
    text = host.read("/etc/nsswitch.conf").decode()
    text = re.sub(r"(?m)^(passwd: +files)", r"\1 okta", text)
    with file("/etc/nsswitch.conf", re.sub(r"(?m)^(group: +files)", r"\1 [SUCCESS=merge] okta", text)):
        before = place.files(host)
        yield
        equal(place.difference(before, place.files(host)), [], "changed files")


@test("killed at each other write it makes, --undo gives the host back as it was, and nobody gets in meanwhile who should not")
def _():
    n = 1
    while killed_at("rename", n, "--yes", *place.answers(okta)):
        n += 2
        suspended_stays_out()
        undo()
    check(n >= 20, "only %d writes" % n)
    undo()
    local_gets_in()


@test("killed at each write where the name service is on from the start, as the package leaves it")
def _():
    with name_service_is_on():
        n = 0
        while killed_at("rename", n + 1, "--yes", *place.answers(okta)):
            n += 1
            suspended_stays_out()
            if n % 6 == 0:
                local_gets_in()
            setup("--undo")
            check(not knows("ada"), "ada is known after --undo")
        check(n >= 20, "only %d kills" % n)
        # and while it runs on, all the time
        running = host.background("oktactl", "setup", "--yes", *place.answers(okta))
        while running.poll() is None:
            suspended_stays_out()
        equal(running.wait(), 0, "exit status")
        running = host.background("oktactl", "setup", "--undo")
        while running.poll() is None:
            suspended_stays_out()
        equal(running.wait(), 0, "exit status")
        local_gets_in()


@test("killed again and again, a run that is let through finishes")
def _():
    kills = 0
    while kills < 60 and killed_at("rename", 8, "--yes", *place.answers(okta)):
        kills += 1
        suspended_stays_out()
    has(set_up(), "getent passwd ada", "0 failures")
    check(kills >= 1, "never killed")
    local_gets_in()
    suspended_stays_out()


@test("--undo that is killed at each thing it takes away can be run again")
def _():
    for call, at in (("rename", lambda kills: 2), ("unlink", lambda kills: kills + 2)):
        set_up()
        kills = 0
        while kills < 60 and killed_at(call, at(kills), "--undo"):
            kills += 1
            suspended_stays_out()
        check(10 <= kills < 60, "%d kills at %s" % (kills, call))
        setup("--undo")
        is_untouched()
    local_gets_in()


@test("pam-auth-update killed half way is started anew from the files of before")
def _():
    # account's stack is replaced, what the tool remembers of it is not: an admin's edit, it would think
    real = host.read("/usr/sbin/pam-auth-update")
    host.write("/usr/sbin/pam-auth-update.real", real, 0o755)
    program("/usr/sbin/pam-auth-update", r'''
mkdir /run/half && cp -p /etc/pam.d/common-* /run/half && cp -pr /var/lib/pam /run/half/pam
/usr/sbin/pam-auth-update.real "$@"
cp -p /etc/pam.d/common-account /run/half/
cp -p /run/half/common-* /etc/pam.d && cp -p /run/half/pam/* /var/lib/pam && rm -rf /run/half
kill -9 $$
''')
    try:
        has(set_up(1), "pam-auth-update --package: exit status")
    finally:
        host.write("/usr/sbin/pam-auth-update", real, 0o755)
        host.run("rm", "/usr/sbin/pam-auth-update.real")
    half = [b"pam_okta" in host.read("/etc/pam.d/common-" + name) for name in ("account", "password")]
    equal(half, [True, False], "pam_okta in account and password")
    local_gets_in()
    suspended_stays_out()
    has(set_up(), "PAM: on\n", "0 failures")
    undo()


@test("pam-auth-update that failed by itself: what the admin then mends by hand is not overwritten")
def _():
    real = host.read("/usr/sbin/pam-auth-update")
    program("/usr/sbin/pam-auth-update", "echo debconf is locked; exit 1\n")
    try:
        has(set_up(1), "debconf is locked")
    finally:
        host.write("/usr/sbin/pam-auth-update", real, 0o755)
    mended = host.read("/etc/pam.d/common-account")
    host.write("/etc/pam.d/common-account", mended + b"# mended\n")
    try:
        setup("--undo", status=None)
        has(host.read("/etc/pam.d/common-account").decode(), "# mended")
    finally:
        host.write("/etc/pam.d/common-account", mended)
    host.run("oktactl", "setup", "--undo", check=False)
    is_untouched()


@test("two at once: the second is refused in one line")
def _():
    with fault("/api/v1/users", "delay", delay_ms=600):
        first = host.background("oktactl", "setup", "--yes", *place.answers(okta))
        world.wait(lambda: exists(STATE + "/setup"), 5)
        has(setup("--undo", status=1), "another oktactl setup is at work")
        has(set_up(1), "another oktactl setup is at work")
        first.communicate()
    setup("--undo")
    is_untouched()


@test("--undo waits for no okta-sync that is at work, and lets none make people known meanwhile")
def _():
    set_up()
    with another_sync():
        has(setup("--undo", status=1), "an okta-sync is at work")
        check(knows("ada") and exists(CONF), "half of it was taken back")
    undo()


@test("a journal that cannot be read is not guessed at")
def _():
    set_up()
    journal = host.read(JOURNAL)
    host.write(JOURNAL, journal.replace(b"\t420\t", b"\tx\t"), 0o600)
    has(setup("--undo", status=1), "is damaged")
    has(set_up(1), "is damaged")
    host.write(JOURNAL, journal, 0o644)
    has(setup("--undo", status=1), JOURNAL)
    host.write(JOURNAL, journal, 0o600)
    os.chmod(host.path(STATE + "/setup"), 0o755)
    has(setup("--undo", status=1), "is not root's alone")
    os.chmod(host.path(STATE + "/setup"), 0o700)
    undo()


@test("no run printed a secret or anything a terminal would obey")
def _():
    secret = [line for line in host.read(place.KEY).decode().splitlines()[1:-1]]
    check(len(secret) > 5 and len(said) > 50, "too little to look at")
    for text in said:
        check(not any(line in text for line in secret), "a secret was printed")
        check(all(c in "\n\t" or " " <= c <= "~" for c in text), "not printable: %r" % text)


machine.unchanged()
tap.run(close=(host, okta))
