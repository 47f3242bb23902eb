#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every command that README.md, doc/*.md and the manual pages' EXAMPLES show is run: here, on a
host of its own with the Okta stand-in, or by a test that is named in ELSEWHERE."""
import base64
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import login  # noqa: E402
import machine  # noqa: E402
import shown  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from tap import check, equal, test  # noqa: E402

SETUP = "tests/setup/test_setup.py"
INSTALL = "packaging/tests/test_install.sh"
LOGIN = "packaging/tests/test_login.sh"
# command: (file, the test's sentence in it, what of the command stands there)
ELSEWHERE = {
    "make check": (".ci/run", "make check", "make check"),
    "make check-install": (".ci/run", "make check-install", "make check-install"),
    "make check-hostile": ("tests/tests.mk", "check-hostile:", "tests/hostile-list $B"),
    # the same program, for as long as one likes
    "make soak TIME=SECONDS": ("tests/list", "load", "load"),
    "make check-mutants": ("tests/list", "a slice of make check-mutants", "tests/mutants/run $b"),
    "make figures": ("tests/docs/test_threats.py", "the table of the invariants is the one made of", "summary.table()"),
    "make check-fuzz-mutants": ("tests/hostile-list", "fuzz/mutants", "make -s check-fuzz-mutants"),
    "make fuzz TIME=600 TARGET=snap": ("tests/hostile-list", "fuzz/targets", "make -s fuzz TIME="),
    "tests/deps.sh fuzz": ("tests/fuzz/fuzz.mk", "check-fuzz-mutants:", "tests/deps.sh fuzz"),
    "make SAN=address,undefined": ("tests/tests.mk", "check:", "SAN=$(SANITIZE) all"),
    "tests/deps.sh check": ("tests/tests.mk", "check:", "tests/deps.sh check"),
    "apt-get install make": ("tests/deps.sh", "apt-get install", "apt-get install -y"),
    "make deb": ("packaging/tests/test_build.sh", "the packages are built", "packaging/deb.sh"),
    "oktactl setup": ("tests/setup/test_terminal.py", "from the first question to an ssh login", "oktactl setup"),
    "oktactl setup --undo": (SETUP, "--undo puts everything back byte for byte, keeps the registry", '"--undo"'),
    "oktactl setup --yes --org-url https://acme.okta.com --client-id 0oaexamplenative0001 --sync-client-id 0oaexampleservice001"
    " --allow-groups 00gexampleusers00001 --strip-domains acme.example": (SETUP, "by flags alone a bare host gets a working ssh login", '"--yes"'),
    "okta-sync --watch": ("tests/sync/test_watch.py", "it_is_ready_before_the_first_sync_is_through_and_tells_how_that_went", "--watch"),
    # apt hands local files to dpkg; whose steps are looked at one by one
    "apt install ./build/packages/{libnss-okta,libpam-okta,okta-login}_*.deb": (INSTALL, "unpacked, not configured", "dpkg --unpack"),
    "apt remove okta-login libnss-okta libpam-okta": (INSTALL, "okta-login is removed", "dpkg --remove okta-login"),
    "apt purge okta-login libnss-okta libpam-okta": (INSTALL, "purged", "dpkg --purge okta-login libpam-okta libnss-okta"),
    "systemctl start okta-sync.service": (INSTALL, "okta-sync runs in its sandbox and publishes", "systemctl start okta-sync.service"),
    "systemctl is-active okta-sync.service": (INSTALL, "okta-sync runs in its sandbox and publishes", "systemctl is-active okta-sync.service"),
    "systemctl stop okta-sync.service": (INSTALL, "the registry can be put back from a backup while the service is stopped", "systemctl stop okta-sync.service"),
    "cp /usr/share/doc/okta-login/examples/sshd_config.d/okta-login.conf /etc/ssh/sshd_config.d/":
        (LOGIN, "configured by file, synchronised, switched on", "cp /usr/share/doc/okta-login/examples/sshd_config.d/okta-login.conf"),
    "sshd -t && systemctl reload ssh": (LOGIN, "configured by file, synchronised, switched on", "sshd -t && systemctl reload ssh"),
    "systemctl reload okta-sync": (INSTALL, "a changed configuration is taken up by systemctl reload", "systemctl reload okta-sync"),
    "make rpm": ("packaging/tests/test_rpm.sh", "the packages are built", "packaging/rpm.sh"),
}
# The same program by another name, which is run here or listed above.
SAME = {
    "make demo": "make demo AUTO=1",
    "ssh ada@host": "make demo AUTO=1",
    "ls -l": "ls -ln /home",
    "getent passwd": "getent passwd ada",
    "getent group": "getent group | awk -F: '$3 >= 1000 && $3 < 60000' >>/root/ids",
    "oktactl registry import": "oktactl registry import /root/ids",
    "oktactl registry forget": "oktactl registry forget ada",
    "make install": "tests/deps.sh build && make && make install",
    "oktactl setup --yes": "oktactl setup --yes --org-url https://acme.okta.com --client-id 0oaexamplenative0001"
                           " --sync-client-id 0oaexampleservice001 --allow-groups 00gexampleusers00001 --strip-domains acme.example",
    "apt purge": "apt purge okta-login libnss-okta libpam-okta",
}
# What looks like a command and is half of a sentence.
WORDS = {"chown root", "chmod go-w", "make it from okta-login.conf.example"}

SHOWN = shown.all_shown()
done = set()

okta = standin.Okta()
host = world.World(okta)


def run(*lines, status=0, before="", user=None):
    """Run LINES, each of which must be shown, as one script in the host; what it printed."""
    for line in lines:
        check(line in SHOWN, "no document shows: %s" % line)
        done.add(line)
    script = "\n".join([before, *lines])
    result = host.run("bash", "-ec", script, user=user, check=False, timeout=120)
    equal(result.returncode, status, "exit status of %r (%s%s)" % (lines, result.stdout, result.stderr))
    return result.stdout + result.stderr


def in_tree(*lines):
    """LINES in the tree, outside of the host; what a make of the tests says is not theirs."""
    for line in lines:
        check(line in SHOWN, "no document shows: %s" % line)
        done.add(line)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    result = subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=shown.TREE, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, errors="backslashreplace", check=False)
    equal(result.returncode, 0, "exit status of %r (%s)" % (lines, (result.stdout + result.stderr)[-2000:]))
    return result.stdout


def has(text, *parts):
    for part in parts:
        check(part in text, "%r is not in: %s" % (part, text))


# --- by hand, as the README has it ------------------------------------------------------------

@test("README, by hand: build, install, make the account, take the example, and be told what it lacks")
def _():
    host.run("userdel", "_okta", check=False)
    has(run("tests/deps.sh build && make && make install", "useradd -r -U -M -d /nonexistent -s /usr/sbin/nologin _okta",
            before="cd %s; unset MAKEFLAGS MFLAGS" % shown.TREE), "install")
    run("install -m 644 conf/okta-login.conf.example /etc/okta-login/okta-login.conf", before="cd " + shown.TREE)
    has(run("oktactl config check", status=78), "[sync] client_id: is missing")
    host.configure()
    has(run("oktactl config check"), "complete")


@test("the key made by hand is the one that is printed, and nobody else can read it")
def _():
    before = host.read("/etc/okta-login/service.key")
    for kid, path, lines in (
            ("hosts-1", "service.key", [
                "umask 077; mkdir -p /etc/okta-login; cd /etc/okta-login",
                "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out service.key",
                "n=$(openssl rsa -in service.key -RSAPublicKey_out -outform DER | tail -c 261 | head -c 256 | basenc -w0 --base64url | tr -d =)",
                """printf '{"kty":"RSA","use":"sig","alg":"RS256","kid":"hosts-1","e":"AQAB","n":"%s"}\\n' "$n\"""",
                "chmod 755 /etc/okta-login"]),
            ("hosts-2", "service-2.key", [
                "umask 077",
                "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out /etc/okta-login/service-2.key",
                "n=$(openssl rsa -in /etc/okta-login/service-2.key -RSAPublicKey_out -outform DER | tail -c 261 | head -c 256 | basenc -w0 --base64url | tr -d =)",
                """printf '{"kty":"RSA","use":"sig","alg":"RS256","kid":"hosts-2","e":"AQAB","n":"%s"}\\n' "$n\""""])):
        jwk = json.loads([x for x in run(*lines).splitlines() if x.startswith("{")][0])
        equal((jwk["kid"], jwk["e"], len(jwk["n"])), (kid, "AQAB", 342), "key")
        modulus = host.out("openssl", "rsa", "-in", "/etc/okta-login/" + path, "-noout", "-modulus").split("=")[1]
        n = int.from_bytes(base64.urlsafe_b64decode(jwk["n"] + "=="), "big")
        equal("%X" % n, modulus, "n")
        equal(os.stat(host.path("/etc/okta-login/" + path)).st_mode & 0o777, 0o600, "mode")
    equal(os.stat(host.path("/etc/okta-login")).st_mode & 0o777, 0o755, "mode of the directory")
    host.write("/etc/okta-login/service.key", before, 0o600)


# --- a host in use ----------------------------------------------------------------------------

@test("the first synchronisation, and names")
def _():
    has(run("okta-sync --once"), "done:", "people")
    has(run("getent passwd ada; id ada"), "/home/ada", "linux-admins")
    run("getent passwd ada")
    run("id ada")
    has(run("getent passwd ada bob"), "ada:", "bob:")
    has(run("getent -s okta passwd ada"), "ada:*:")
    has(run("""oktactl snapshot dump | grep '"name":"ada"'"""), '"type":"user"')


@test("what to look at: explain, user, group, status, doctor")
def _():
    has(run("oktactl explain ada"), "may log in", "linux-users")
    has(run("oktactl user ada"), "uid")
    has(run("oktactl group eng"), "gid")
    has(run("oktactl status", user="opal"), "no problem found")
    status = json.loads(run("oktactl --json status"))
    for member in re.findall(r"^\| `(?:(snapshot|last_sync)\.)?([a-z_]+)` \|", shown.read("doc/OPERATING.md"), re.M):
        check(member[1] in (status[member[0]] if member[0] else status), "status has no %s.%s" % member)
    equal(status["last_sync"]["result"], "done", "result")
    # The world's sshd_config is made for logins; here only that the command says what it looked at.
    for command in ("oktactl doctor", "oktactl doctor --offline"):
        check(host.run("sh", "-c", command, check=False).returncode in (0, 1, 2), command)
        done.add(command)
    done.add("oktactl doctor --json")
    ids = {f["id"] for f in json.loads(host.run("oktactl", "doctor", "--json", check=False).stdout)}
    for text in map(shown.read, ("README.md", "doc/OPERATING.md", "doc/LOGS.md")):
        for named in re.findall(r"`((?:api|net|ids|snapshot|nss|pam|sshd|mac|okta|config)\.[a-z.]+)`", text):
            check(named in ids or named.endswith((".so", ".conf", ".db", ".snapshot")) or named in ("snapshot.age_s", "snapshot.users", "pam.d"),
                  "doctor has no check %s" % named)
    date = run("date -u")
    has(date, "UTC")


@test("oktactl sync brings a change of Okta's to the host, and okta-sync --accept-shrink one that is too large")
def _():
    okta.user("bob", status="SUSPENDED")
    has(run("oktactl sync"), "done:")
    has(host.run("oktactl", "explain", "bob", check=False).stdout, "SUSPENDED")
    okta.user("bob", status="ACTIVE")
    people = [u for u in ("ada", "grace", "frank", "heidi", "mallory")]
    for person in people:
        okta.user(person, status="DEPROVISIONED")
    equal(host.sync(check=False).returncode, 75, "exit status")
    has(run("okta-sync --once --accept-shrink"), "done:")
    for person in people:
        okta.user(person, status="ACTIVE")
    host.sync()


@test("whoever must go now loses the running processes too")
def _():
    host.run("install", "-d", "-o", "grace", "/home/grace")
    sleeper = host.background("setpriv", "--reuid", "grace", "--clear-groups", "sleep", "600")
    world.wait(lambda: host.run("pgrep", "-u", "ada", "sleep", check=False).returncode == 1
               and host.run("pgrep", "-u", "grace", "sleep", check=False).returncode == 0, 5)
    sleeper.terminate()
    sleeper.wait()
    sleeper = host.background("setpriv", "--reuid", "ada", "--clear-groups", "sleep", "600")
    world.wait(lambda: host.run("pgrep", "-u", "ada", "sleep", check=False).returncode == 0, 5)
    run("pkill -u ada")
    check(sleeper.wait(5) != 0, "still there")


# --- the registry -----------------------------------------------------------------------------

def uid(name):
    return int(host.out("id", "-u", name))


@test("the registry: a backup, a loss, a restore, and everybody keeps the number")
def _():
    run("umask 077", """sqlite3 /var/lib/okta-login/registry.db ".backup /var/backups/okta-registry.db\"""", before="mkdir -p /var/backups")
    equal(os.stat(host.path("/var/backups/okta-registry.db")).st_mode & 0o777, 0o600, "mode of the backup")
    okta.admin("POST", "/users", {"login": "late@acme.example", "firstName": "La", "lastName": "Te", "status": "ACTIVE"})
    host.sync()
    before = {name: uid(name) for name in ("ada", "bob", "late")}
    host.write("/var/lib/okta-login/registry.db", b"", 0o600)
    run("rm -f /var/lib/okta-login/registry.db-journal", "install -m 600 /var/backups/okta-registry.db /var/lib/okta-login/registry.db")
    equal(host.sync(check=False).returncode, 78, "exit status with a registry that is older than the snapshot")
    has(run("oktactl registry import /var/lib/okta-login/directory.snapshot"), "ids are as")
    run("okta-sync --once")
    equal({name: uid(name) for name in before}, before, "uids")
    has(run("oktactl registry list"), "late")


@test("moving a local account: the number is written down, waits, and is the person's from Okta afterwards")
def _():
    host.run("useradd", "-m", "-u", "5001", "trudy")
    host.run("useradd", "-m", "-u", "5002", "-g", "trudy", "victor")
    okta.admin("POST", "/users", {"login": "trudy@acme.example", "firstName": "Tru", "lastName": "Dy", "status": "ACTIVE"})
    host.configure({"users": {"id_range": "1000-2147483646"}})
    run("getent passwd | awk -F: '$3 >= 1000 && $3 < 60000' >/root/ids", "getent group | awk -F: '$3 >= 1000 && $3 < 60000' >>/root/ids")
    # Who will not come from Okta is taken out, as the guide says.
    host.write("/root/ids", "".join(x + "\n" for x in host.read("/root/ids").decode().splitlines() if re.match("trudy|victor", x)))
    has(run("oktactl registry import /root/ids"), "3 ids are kept", "1 people had a primary group")
    has(run("oktactl registry list"), "waiting")
    has(run("okta-sync --once"), 'refused user "trudy@acme.example"', "a local user has this name")
    # The guide's ada, here by the name of the one who moves.
    host.run("userdel", "trudy", check=False)
    host.run("sed", "-i", "/^trudy:/d", "/etc/group")
    host.run("oktactl", "sync")
    equal(uid("trudy"), 5001, "uid")
    equal(os.stat(host.path("/home/trudy")).st_uid, 5001, "owner of the home")
    has(run("ls -ln /home"), " 5001 ")
    host.run("userdel", "-r", "victor", check=False)
    run("find /home -xdev -nouser -o -nogroup")
    host.run("oktactl", "registry", "forget", "victor")
    host.write("/root/ids", "wendy, 5003\n")
    host.run("oktactl", "registry", "import", "/root/ids")
    equal(host.run("oktactl", "registry", "forget", "wendy").returncode, 0, "exit status")


@test("a person's number that waits is taken back by name, and the name is free for a local account to leave")
def _():
    host.run("useradd", "-u", "5010", "-M", "-N", "-g", "nogroup", "zoe")
    okta.admin("POST", "/users", {"login": "zoe@acme.example", "firstName": "Zo", "lastName": "E", "status": "ACTIVE"})
    host.write("/root/ids", "ada2, 5011\nzoe, 5010\n")
    host.run("oktactl", "registry", "import", "/root/ids")
    # These two lines of the guide are about ada, who has a number already: the name is the only difference.
    for line, name in (("oktactl registry forget ada", "ada2"), ("userdel ada", "zoe")):
        check(line in SHOWN, line)
        done.add(line)
        host.run("sh", "-c", line.replace("ada", name))
    run("oktactl sync")
    equal(uid("zoe"), 5010, "uid")


# --- logs, on this machine's own journal program ----------------------------------------------

JOURNAL = [
    "journalctl -g okta: -p notice", "journalctl -t sshd -t su -t sudo -t login -g okta:", "journalctl -t okta-sync -p warning",
    "journalctl -t okta-sync -p err --since -1h", "journalctl -g 'okta: .* result=unavailable' --since -1h",
    "journalctl -g 'okta: .* reason=(other_person|old_token|token) ' --since -1h", "journalctl -g 'okta: user=ada '",
    "journalctl -t sshd -g okta:",
]


def other_person_approves():
    child = host.pty("su", "ada", "-c", "true", user="opal")
    code = login.Login(child, enter=False).code
    okta.approve(code, "grace")
    check(login.finish(child) != 0, "got in")


@test("each journalctl line finds what it is for, and nothing else")
def _():
    if not os.path.exists("/lib/systemd/systemd-journald"):
        done.update(JOURNAL)
        raise tap.Skip("this machine has no systemd-journald")
    journald = host.background("/lib/systemd/systemd-journald")
    try:
        world.wait(lambda: os.path.exists(host.path("/run/systemd/journal/dev-log")), 10)
        host.run("mv", "/dev/log", "/dev/log.world")
        host.run("ln", "-s", "/run/systemd/journal/dev-log", "/dev/log")
        host.configure()
        okta.user("bob", status="SUSPENDED")
        host.sync()
        check(host.run("su", "bob", "-c", "true", check=False).returncode != 0, "suspended, and got in")
        other_person_approves()
        host.configure({"okta": {"org_url": "http://plain.example"}})
        check(host.run("su", "ada", "-c", "true", check=False).returncode != 0, "got in")
        equal(host.sync(check=False).returncode, 78, "exit status")
        host.configure({"users": {"strip_domains": "other.example"}})
        host.sync(check=False)
        host.configure()
        host.run("logger", "-t", "sshd", "-p", "authpriv.notice", "okta: user=ada service=sshd rhost=::1 result=accepted reason=ok detail=\"\"")
        host.run("logger", "-t", "cron", "okta is mentioned")
        host.run("journalctl", "--sync", check=False)
        found = {line: run(line) for line in JOURNAL}
    finally:
        host.run("sh", "-c", "mv -f /dev/log.world /dev/log", check=False)
        journald.terminate()
        journald.wait()
    has(found[JOURNAL[0]], "reason=disabled", "reason=other_person", "reason=config", "reason=ok")
    has(found[JOURNAL[1]], "user=bob", "user=ada")
    has(found[JOURNAL[2]], "refused user")
    has(found[JOURNAL[3]], "org_url")
    check("refused user" not in found[JOURNAL[3]], "a warning is shown as an error")
    has(found[JOURNAL[4]], "reason=config")
    check("reason=disabled" not in found[JOURNAL[4]], "a refusal is shown as unavailable")
    has(found[JOURNAL[5]], "reason=other_person")
    check("reason=config" not in found[JOURNAL[5]] and "reason=disabled" not in found[JOURNAL[5]], found[JOURNAL[5]])
    check("user=bob" not in found[JOURNAL[6]], "bob's line is shown for ada")
    has(found[JOURNAL[7]], "reason=ok")


# --- taking it out ----------------------------------------------------------------------------

@test("locked out: names are taken out of nsswitch.conf, the profiles out of PAM, and only ours")
def _():
    host.run("install", "-m", "644", "-t", "/usr/share/pam-configs", shown.TREE + "/packaging/pam-configs/okta",
             shown.TREE + "/packaging/pam-configs/okta-password")
    host.run("env", "DEBIAN_FRONTEND=noninteractive", "pam-auth-update", "--force", "--package", "--enable", "okta", "okta-password")
    has(host.read("/etc/pam.d/common-account").decode(), "pam_okta.so")
    others = [x for x in host.read("/etc/nsswitch.conf").decode().splitlines() if not re.match("(passwd|group):", x)]
    run("""sed -E -i 's/ (\\[SUCCESS=merge\\] )?okta//' /etc/nsswitch.conf""", "pam-auth-update --disable okta okta-password",
        before="export DEBIAN_FRONTEND=noninteractive")
    for common in ("auth", "account", "session", "password"):
        check("pam_okta" not in host.read("/etc/pam.d/common-" + common).decode(), common)
    equal(host.run("getent", "passwd", "ada", check=False).returncode, 2, "exit status of getent")
    after = host.read("/etc/nsswitch.conf").decode().splitlines()
    equal([x for x in after if re.match("(passwd|group):", x)], ["passwd: files", "group: files"], "lines")
    equal([x for x in after if not re.match("(passwd|group):", x)], others, "other lines")
    host.run("id", "opal")


@test("the old key is shredded")
def _():
    run("shred -u /etc/okta-login/service.key")
    check(not os.path.exists(host.path("/etc/okta-login/service.key")), "still there")


# --- the tree ---------------------------------------------------------------------------------

@test("HACKING: one product, one test, an installation elsewhere")
def _():
    in_tree("make", "make WERROR=1 build/libnss_okta.so.2", "make build/tests/unit/test_names && build/tests/unit/test_names")
    run("make install DESTDIR=/var/tmp/okta-root prefix=/usr", before="cd %s; unset MAKEFLAGS MFLAGS" % shown.TREE)
    for path in ("/usr/sbin/oktactl", "/usr/share/man/man8/oktactl.8", "/usr/share/doc/okta-login/README.md",
                 "/usr/share/doc/okta-login/doc/OPERATING.md"):
        check(os.path.exists(host.path("/var/tmp/okta-root" + path)), "%s is not installed" % path)
    run("tests/deps.sh build", before="cd " + shown.TREE)


@test("make demo AUTO=1 logs in and says so")
def _():
    has(in_tree("make demo AUTO=1"), "Open:  https://localhost:", "Approve only if you started this login yourself", "uid=")


@test("make bench and every other target that is shown is one of the Makefile's")
def _():
    targets = {c.split()[1] for c in SHOWN if re.match(r"make [a-z-]+( |$)", c) and c not in WORDS}
    check({"check", "check-install", "bench", "deb", "rpm", "demo", "install"} <= targets, "targets: %r" % targets)
    for target in sorted(targets):
        done_here = subprocess.run(["make", "-n", target], cwd=shown.TREE, capture_output=True, text=True, check=False)
        equal(done_here.returncode, 0, "make -n %s: %s" % (target, done_here.stderr[-300:]))
    check(os.access(shown.TREE + "/tests/bench/run", os.X_OK), "tests/bench/run cannot be run")
    done.add("make bench")


# --- nothing is left out ----------------------------------------------------------------------

@test("a command hidden in a block of another kind, or in a text, is seen")
def _():
    text = "x\n\n    make love\n\n```text\noktactl doctor\n```\n\n```\nfoo\n```\nSay `oktactl user eve`.\n```sh\nfrob -x   # why\n```\n"
    equal(shown.hidden(text), ["make love", "oktactl doctor", "a block of the kind ''"], "hidden")
    equal(shown.in_document(text), ["frob -x", "oktactl user eve"], "shown")


@test("no document has a command in a block that is not marked sh")
def _():
    equal([(path, h) for path in shown.documents() for h in shown.hidden(shown.read(path))], [], "hidden commands")


@test("every test that is named for a command exists and has the command")
def _():
    for command, (path, sentence, part) in ELSEWHERE.items():
        check(command in SHOWN, "no document shows any more: %s" % command)
        check(os.path.exists(os.path.join(shown.TREE, path)), "%s: %s does not exist" % (command, path))
        text = shown.read(path)
        check(sentence in text, "%s: %s has no test %r" % (command, path, sentence))
        check(part in text, "%s: %s does not have %r" % (command, path, part))
    for command, other in SAME.items():
        check(command in SHOWN, "no document shows any more: %s" % command)
        check(other in SHOWN, "%s: %s is not shown" % (command, other))


@test("every command shown is run here or by a test that is named")
def _():
    known = done | set(ELSEWHERE) | set(SAME) | WORDS
    equal(sorted("%s (%s)" % (c, ", ".join(sorted(set(SHOWN[c])))) for c in set(SHOWN) - known), [], "run by nothing")


@test("install, set up, operate and remove stand in the README's first two screens, the demo and the tests in its first")
def _():
    lines = shown.read("README.md").splitlines()
    for heading in ("Install", "Set up", "Operate", "Remove"):
        check("## " + heading in lines[:100], heading)
    for command in ("make demo", "make check"):
        check(any(line.startswith(command) for line in lines[:24]), command)


@test("every link of a document leads to a file and a heading that are there")
def _():
    def anchors(path):
        heads = re.findall(r"^#+ (.*)$", shown.read(path), re.M)
        return {re.sub(r"[^a-z0-9 _-]", "", h.lower()).replace(" ", "-") for h in heads}
    for path in shown.documents():
        for target in re.findall(r"\]\(([^)]+)\)", shown.read(path)):
            if target.startswith("http"):
                continue
            name, _, anchor = target.partition("#")
            full = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            check(os.path.exists(os.path.join(shown.TREE, full)), "%s: %s is not there" % (path, target))
            check(not anchor or anchor in anchors(full), "%s: %s has no such heading" % (path, target))


machine.unchanged()

if __name__ == "__main__":
    tap.run(lambda: host.log()[-2000:], close=[host, okta])
