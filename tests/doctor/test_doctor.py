#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""oktactl doctor on a host of its own: a sound one passes; each thing that is broken is found,
and nothing else."""
import contextlib
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import build  # noqa: E402
import config  # noqa: E402
import machine  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from tap import check, equal, test  # noqa: E402

CONF, SNAPSHOT, STATUS = world.CONF, world.SNAPSHOT, world.STATE + "/sync-status.json"
LIB = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True, check=True).stdout.strip()
NSS_MODULE = "/usr/lib/%s/libnss_okta.so.2" % LIB
PAM_MODULE = "/usr/lib/%s/security/pam_okta.so" % LIB
SSHD_CONFIG = """HostKey /etc/ssh/world_host_key
UsePAM yes
KbdInteractiveAuthentication yes
LoginGraceTime 120
MaxStartups 100:30:200
"""
# On a sound host of the default configuration, with neither AppArmor nor SELinux.
SKIPPED = {"api.apps", "mac.apparmor", "mac.selinux"}

okta = standin.Okta()
host = world.World(okta)
host.run("sed", "-i", "/^Include/d", "/etc/ssh/sshd_config", check=False)
with open(host.dir + "/host.key", "rb") as key:
    host.write("/etc/ssh/world_host_key", key.read(), 0o600)
host.write("/etc/ssh/sshd_config", SSHD_CONFIG)
host.sync()
said = []  # everything any run printed


def doctor(*options, user=None, config_changes=None):
    """{id: finding} of one run; its exit status must fit its worst finding."""
    if config_changes:
        host.configure(config_changes)
    try:
        done = host.run("oktactl", "doctor", "--json", *options, user=user, check=False)
    finally:
        if config_changes:
            host.configure()
    said.append(done.stdout + done.stderr)
    findings = json.loads(done.stdout)
    levels = {f["level"] for f in findings}
    check(levels <= {"pass", "skipped", "warning", "failure"}, "levels: %r" % levels)
    equal(done.returncode, 2 if "failure" in levels else 1 if "warning" in levels else 0, "exit status")
    equal(done.stderr, "", "standard error")
    for f in findings:
        equal(f["cure"] is None, f["level"] in ("pass", "skipped"), "cure of %s is missing" % f["id"])
    by_id = {f["id"]: f for f in findings}
    equal(len(by_id), len(findings), "number of different ids")
    equal(list(by_id), doctor.ids or list(by_id), "ids")
    doctor.ids = list(by_id)
    return by_id


doctor.ids = None


def finds(wanted, *words, offline=True, **more):
    """Exactly the findings WANTED, {id: level}; each of WORDS is in one of their texts."""
    found = doctor(*(["--offline"] if offline else []), **more)
    bad = {i: f["level"] for i, f in found.items() if f["level"] in ("warning", "failure")}
    texts = " ".join("%s %s" % (f["reason"], f["cure"]) for f in found.values() if f["cure"])
    equal(bad, wanted, "findings (%s)" % texts)
    for word in words:
        check(word in texts, "%r is not in: %s" % (word, texts))
    return found


@contextlib.contextmanager
def file(path, data=None, mode=None, owner=None):
    """PATH with other content (None: as it is, "": away), mode or owner; afterwards as it was."""
    there = os.path.exists(host.path(path))
    before = host.read(path) if there else None
    stat = os.stat(host.path(path)) if there else None
    if data == "":
        os.unlink(host.path(path))
    elif data is not None:
        host.write(path, data, stat.st_mode & 0o7777 if there else 0o644)
    if mode is not None:
        os.chmod(host.path(path), mode)
    if owner is not None:
        os.chown(host.path(path), owner, owner)
    try:
        yield
    finally:
        if there:
            host.write(path, before, stat.st_mode & 0o7777)
        elif os.path.exists(host.path(path)):
            os.unlink(host.path(path))


@contextlib.contextmanager
def fault(path, kind, **more):
    okta.fault(path, kind, times=-1, **more)
    try:
        yield
    finally:
        okta.no_faults()


@contextlib.contextmanager
def switched(**values):
    before = okta.admin("GET", "/state")["switches"]
    okta.switches(**values)
    try:
        yield
    finally:
        okta.switches(**{name: before[name] for name in values})


def case(sentence, wanted, *words, place=None, **more):
    """A test that breaks one thing by PLACE, a context."""
    @test(sentence)
    def _():
        with place() if place else contextlib.nullcontext():
            finds(wanted, *words, **more)


# --- the sound host ---------------------------------------------------------------------------

@test("a sound host passes every check, with exit status 0")
def _():
    found = doctor()
    odd = {i: f for i, f in found.items() if f["level"] != "pass"}
    equal(set(odd), SKIPPED, "not passed (%r)" % odd)


@test("people read one line a check, aligned, with the cure below what failed, and a sum")
def _():
    lines = host.run("oktactl", "doctor", "--offline").stdout.splitlines()
    equal([line[9:].split()[0] for line in lines[:-1]], doctor.ids, "ids")
    levels = [line[:8].strip() for line in lines[:-1]]
    equal(lines[-1], "%d passed, 0 warnings, 0 failures, %d skipped" % (levels.count("pass"), levels.count("skipped")),
          "sum")
    with file(CONF, mode=0o666):
        done = host.run("oktactl", "doctor", "--offline", check=False)
    at = [n for n, line in enumerate(done.stdout.splitlines()) if line.startswith("failure  config.file ")]
    equal(len(at), 1, "lines")
    check(done.stdout.splitlines()[at[0] + 1].startswith(" " * 30 + "cure: chown root"), done.stdout)


@test("with --offline Okta is not asked a thing")
def _():
    okta.forget()
    found = finds({})
    equal(okta.requests(), [], "requests")
    equal({i for i, f in found.items() if f["reason"] == "--offline"},
          {i for i in found if i.split(".")[0] in ("net", "clock", "okta", "api")}, "skipped")


@test("somebody who is not root gets what he may know, and no failure for the rest")
def _():
    found = finds({}, offline=False, user="opal")
    for skipped in ("config.secrets", "api.token", "api.users", "sshd.config", "sshd.prompt"):
        equal(found[skipped]["level"], "skipped", skipped)
    for passed in ("config.keys", "okta.device", "snapshot.integrity", "nss.lookup", "pam.sshd.auth"):
        equal(found[passed]["level"], "pass", passed)


@test("what is hidden from somebody who is not root is no failure to him")
def _():
    for path, mode in ((CONF, 0o600), ("/etc/okta-login", 0o700)):
        before = os.stat(host.path(path)).st_mode & 0o7777
        os.chmod(host.path(path), mode)
        try:
            found = finds({}, offline=False, user="opal")
        finally:
            os.chmod(host.path(path), before)
        equal(found["config.keys"]["level"], "skipped", "config.keys")
        equal(found["net.connect"]["reason"], "no configuration to use", "net.connect")


@test("an argument it does not know is wrong usage")
def _():
    equal(host.run("oktactl", "doctor", "--verbose", check=False).returncode, 64, "exit status")


@test("the code it makes is never polled for, and only reading is done with the service app's token")
def _():
    okta.forget()
    doctor()
    asked = okta.requests()
    equal([r["path"] for r in asked if "device/authorize" in r["path"]], ["/oauth2/v1/device/authorize"], "codes")
    for r in asked:
        if "/api/" in r["path"]:
            equal(r["method"], "GET", r["path"])
    check(len(asked) <= 8, "%d requests" % len(asked))


# --- configuration ----------------------------------------------------------------------------

case("a missing configuration is found", {"config.file": "failure"}, "does not exist",
     place=lambda: file(CONF, ""))
case("a configuration others can write is found", {"config.file": "failure"}, CONF, "written by others",
     place=lambda: file(CONF, mode=0o646))
case("a configuration that is somebody else's is found", {"config.file": "failure"}, CONF, "somebody else",
     place=lambda: file(CONF, owner=12345))
case("a drop-in others can write is found", {"config.file": "failure"}, "conf.d/x.conf",
     place=lambda: file("/etc/okta-login/conf.d/x.conf", "[login]\n", mode=0o666))


case("a file in conf.d that is no configuration does not matter", {},
     place=lambda: file("/etc/okta-login/conf.d/x.conf.old", "[login]\n", mode=0o666))


@test("a configuration directory others can write is found")
def _():
    os.chmod(host.path("/etc/okta-login"), 0o777)
    try:
        finds({"config.file": "failure"}, "/etc/okta-login:")
    finally:
        os.chmod(host.path("/etc/okta-login"), 0o755)


case("a key that is missing is named", {"config.keys": "failure"}, "allow_groups",
     config_changes={"login": {"allow_groups": None}})
case("a secret others can read is named by its key", {"config.secrets": "failure"}, "[sync] private_key_file",
     place=lambda: file("/etc/okta-login/service.key", mode=0o644))
case("a secret that is not there is named by its key", {"config.secrets": "failure"}, "[login] client_secret_file",
     config_changes={"login": {"client_secret_file": "/etc/okta-login/none"}})
case("a CA file the helper cannot read is found", {"config.ca": "failure"}, "cannot read it",
     place=lambda: file("/etc/okta-login/ca.pem", mode=0o600))
case("a CA file without certificate is found", {"config.ca": "failure"}, "no PEM certificate",
     place=lambda: file("/etc/okta-login/ca.pem", "hello\n"))

# --- what was installed -----------------------------------------------------------------------

case("a PAM module others can write is found", {"module.pam": "failure"}, PAM_MODULE,
     place=lambda: file(PAM_MODULE, mode=0o666))
case("a missing PAM module is found", {"module.pam": "failure"}, PAM_MODULE, place=lambda: file(PAM_MODULE, ""))
case("an NSS module that is somebody else's is found", {"module.nss": "failure"}, NSS_MODULE,
     place=lambda: file(NSS_MODULE, owner=12345))
case("a missing helper is found", {"helper": "failure"}, world.HELPER, place=lambda: file(world.HELPER, ""))
case("a helper that cannot be run is found", {"helper": "failure"}, "0644",
     place=lambda: file(world.HELPER, mode=0o644))


@test("a missing system account is found")
def _():
    passwd = host.read("/etc/passwd").decode()
    with file("/etc/passwd", "".join(x for x in passwd.splitlines(True) if not x.startswith("_okta:"))):
        finds({"account": "failure"}, "_okta", "systemd-sysusers")


@test("a system account that is root is found")
def _():
    passwd = host.read("/etc/passwd").decode()
    with file("/etc/passwd", "".join("_okta:x:0:0::/:/bin/false\n" if x.startswith("_okta:") else x
                                     for x in passwd.splitlines(True))):
        finds({"account": "failure"}, "must not be root")


@test("a helper that is no file is found")
def _():
    with file(world.HELPER, ""):
        os.mkdir(host.path(world.HELPER))
        try:
            finds({"helper": "failure"}, "is not a regular file")
        finally:
            os.rmdir(host.path(world.HELPER))


# --- the way to Okta --------------------------------------------------------------------------

case("a proxy that does not answer is found", {"net.proxy": "failure"}, "127.0.0.1:1", "refused", offline=False,
     config_changes={"okta": {"proxy": "http://127.0.0.1:1"}})
case("a proxy nobody knows is found", {"net.proxy": "failure"}, "proxy.invalid", offline=False,
     config_changes={"okta": {"proxy": "http://proxy.invalid:3128"}})


def relay(a, b):
    with contextlib.suppress(OSError):
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)


class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().split()
        if len(words) < 2 or words[0] != b"CONNECT":
            return
        while self.rfile.readline() > b"\r\n":
            pass
        with socket.create_connection(("127.0.0.1", okta.port)) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=relay, args=(there, self.connection))
            back.start()
            relay(self.connection, there)
            back.join()


@test("a host behind a proxy is sound, and leaves names to the proxy")
def _():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        found = finds({}, offline=False, config_changes={
            "okta": {"proxy": "http://127.0.0.1:%d" % proxy.server_address[1]}})
        proxy.shutdown()
    for each in ("net.proxy", "net.tls", "okta.device", "api.groups"):
        equal(found[each]["level"], "pass", each)
    equal(found["net.dns"]["level"], "skipped", "net.dns")


case("a host name nobody knows is found", {"net.dns": "failure"}, "localhost", offline=False,
     place=lambda: file("/etc/hosts", "127.0.1.1 web1\n"))


@test("an org that does not answer is found, and nothing more is asked")
def _():
    okta.stop()
    try:
        found = finds({"net.connect": "failure"}, "cannot be reached", offline=False)
    finally:
        okta.start()
    equal(found["api.token"]["reason"], "Okta cannot be reached", "api.token")


case("an org that takes the request and never answers is given up", {"net.connect": "failure"}, "deadline",
     offline=False, place=lambda: fault("/oauth2/v1/keys", "delay", delay_ms=20000))


@test("a certificate of an unknown CA is found")
def _():
    key, cert = host.dir + "/other.key", host.dir + "/other.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=other", "-keyout", key, "-out", cert], check=True, capture_output=True)
    with open(cert, "rb") as f, file("/etc/okta-login/ca.pem", f.read()):
        finds({"net.tls": "failure"}, "ca_file", offline=False)


@test("a certificate for another host name is found")
def _():
    okta.stop()
    okta.start("--tls", "wrong-host")
    try:
        finds({"net.tls": "failure"}, "TLS refused", offline=False)
    finally:
        okta.stop()
        okta.start()


@test("a clock a minute and a half wrong is a warning")
def _():
    okta.admin("POST", "/clock", {"skew_s": 90})
    try:
        finds({"clock": "warning"}, "s behind of Okta", offline=False)
    finally:
        okta.admin("POST", "/clock", {"skew_s": 0})


def keys_with(**changes):
    with urllib.request.urlopen(okta.url + "/oauth2/v1/keys", timeout=10,
                                context=ssl.create_default_context(cafile=okta.dir + "/ca.pem")) as answer:
        keys = answer.read().decode()
    return fault("/oauth2/v1/keys", "status", status=200, **{"body": keys, **changes})


def date(offset_s):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + offset_s))


case("a clock six minutes wrong is a failure", {"clock": "failure"}, "ahead", "timedatectl", offline=False,
     place=lambda: keys_with(headers={"date": date(-360)}))
case("an issuer without keys is found", {"okta.jwks": "failure"}, "HTTP 404", "authorization_server", offline=False,
     place=lambda: fault("/oauth2/v1/keys", "status", status=404, body="{}"))
case("a set of keys without any for RSA is found", {"okta.jwks": "failure"}, "no RSA key", offline=False,
     place=lambda: keys_with(body='{"keys":[]}'))
case("an address whose discovery document is another issuer's is found", {"okta.discovery": "failure"}, "calls itself", "org_url",
     offline=False, place=lambda: fault(r"\.well-known/openid-configuration", "status", status=200,
                                        body='{"issuer": "https://evil.example"}'))
case("an org without the device grant is found", {"okta.discovery": "failure"}, "no device_code", "Identity Engine",
     offline=False, place=lambda: fault(r"\.well-known/openid-configuration", "status", status=200, body=json.dumps(
         {"issuer": okta.url, "device_authorization_endpoint": okta.url + "/oauth2/v1/device/authorize",
          "grant_types_supported": ["authorization_code"]})))
case("keys that are no JSON are found", {"okta.jwks": "failure"}, offline=False,
     place=lambda: keys_with(body="<html>"))
case("an answer that leads elsewhere is refused and found", {"okta.jwks": "failure"}, "redirect", offline=False,
     place=lambda: fault("/oauth2/v1/keys", "status", status=302, headers={"location": "https://localhost:1/"}))

# --- the native app ---------------------------------------------------------------------------

case("a wrong client id is told apart, with the click", {"okta.device": "failure"}, "invalid_client", "Client ID",
     offline=False, config_changes={"login": {"client_id": "0oanosuchclient00001"}})
case("an app without the device grant is told apart, with the click", {"okta.device": "failure"},
     "unauthorized_client", "tick Device Authorization", offline=False,
     place=lambda: fault("device/authorize", "status", status=400, body=json.dumps(
         {"error": "unauthorized_client", "error_description": "The client is not authorized."})))
case("a scope the server does not have is told apart, with the click", {"okta.device": "failure"}, "invalid_scope",
     "Scopes", offline=False, config_changes={"login": {"scopes": "openid, profile, nosuchscope"}})
case("a policy that refuses is told apart, with the click", {"okta.device": "failure"}, "access_denied",
     "Access Policies", offline=False, place=lambda: fault("device/authorize", "status", status=401, body=json.dumps(
         {"error": "access_denied", "error_description": "Policy evaluation failed for this request"})))
case("a rate limit on codes is a warning", {"okta.device": "warning"}, "try again", offline=False,
     place=lambda: fault("device/authorize", "status", status=429, body='{"error":"too_many_user_codes"}'))
case("a connection that breaks before the code is there is found", {"okta.device": "failure"}, "try again", offline=False,
     place=lambda: fault("device/authorize", "drop"))
case("a code to be typed in at another host is found", {"okta.device": "failure"}, "verification_uri", offline=False,
     place=lambda: fault("device/authorize", "status", status=200, body=json.dumps(
         {"device_code": "d", "user_code": "ABCDEFGH", "verification_uri": "https://evil.example/activate",
          "expires_in": 600})))


@test("what Okta says is made printable before anybody reads it")
def _():
    with fault("device/authorize", "status", status=400, body=json.dumps(
            {"error": "x\x1b[31m", "error_description": "\x07\u202e y"})):
        done = host.run("oktactl", "doctor", check=False)
    check("no code: x?[31m" in done.stdout, done.stdout)
    check(all(c == "\n" or " " <= c <= "~" for c in done.stdout), "not printable: %r" % done.stdout)


case("a secret that is not secret is not used either", {"config.secrets": "failure", "api.token": "failure"},
     "see config.secrets", offline=False, place=lambda: file("/etc/okta-login/service.key", mode=0o644))

@test("what reads answers from the network is not root")
def _():
    with fault("/oauth2/v1/keys", "delay", delay_ms=700):
        running = host.background("oktactl", "doctor", "--json")
        uids = set()
        while running.poll() is None:
            for pid in host.processes("/usr/sbin/oktactl"):
                with contextlib.suppress(OSError), open("/proc/%d/status" % pid, encoding="ascii") as f:
                    uids.add(tuple(next(line for line in f if line.startswith("Uid:")).split()[1:]))
            time.sleep(0.02)
        running.communicate()
    equal(uids, {("0",) * 4, (host.out("id", "-u", "_okta"),) * 4}, "uids seen")


# --- the service app --------------------------------------------------------------------------

case("a key Okta does not know is found, with the click", {"api.token": "failure"}, "invalid_client", "Public keys",
     offline=False, config_changes={"sync": {"key_id": "no-such-key"}})


@test("a token endpoint that is out of order is found without waiting for it")
def _():
    okta.forget()
    with fault("/oauth2/v1/token", "status", status=503, body="{}"):
        finds({"api.token": "failure"}, "503", offline=False)
    equal(len(okta.requests("/oauth2/v1/token")), 1, "requests for a token")


case("scopes that were never granted are found, with the click", {"api.token": "failure"}, "Okta API Scopes",
     offline=False, place=lambda: switched(granted_scopes=[]))
case("a missing scope for people is found", {"api.users": "failure"}, "okta.users.read", offline=False,
     place=lambda: switched(granted_scopes=["okta.groups.read"]))
case("a missing scope for groups is found", {"api.groups": "failure"}, "okta.groups.read", offline=False,
     place=lambda: switched(granted_scopes=["okta.users.read"]))
case("a missing admin role is found, with the click", {"api.users": "failure", "api.groups": "failure"},
     "E0000006", "Admin roles", offline=False, place=lambda: switched(admin_role="NONE"))
case("an admin role that covers nothing is a warning", {"api.users": "warning", "api.groups": "warning"},
     "resource set", offline=False, place=lambda: switched(admin_role="CUSTOM", resource_set_groups=[]))
case("an app id Okta does not know is found", {"api.apps": "failure"}, "app_id", offline=False,
     config_changes={"sync": {"scope": "app", "app_id": "0oanosuchapp00000001"}})
case("little left of a rate limit is a warning", {"api.rate": "warning"}, "3 of 600", offline=False,
     place=lambda: fault(r"/api/v1/users\?limit=1", "status", status=200, body='[{"id":"x"}]', headers={
         "x-rate-limit-limit": "600", "x-rate-limit-remaining": "3", "x-rate-limit-reset": "1800000000"}))
case("an API token Okta does not know is found", {"api.users": "failure", "api.groups": "failure"}, "E0000011",
     offline=False, place=lambda: file("/etc/okta-login/ssws-token", "00no-such-token\n"),
     config_changes={"sync": {"auth": "ssws", "token_file": "/etc/okta-login/ssws-token", "client_id": None,
                              "private_key_file": None, "key_id": None}})


@test("each way to authenticate and each scope passes where it is right")
def _():
    keys = {"client_id": None, "private_key_file": None, "key_id": None}
    for name, sync in (
            ("without DPoP", {"client_id": "0oaservicenodpop0001"}),
            ("API token", {**keys, "auth": "ssws", "token_file": "/etc/okta-login/ssws-token"}),
            ("secret", {**keys, "auth": "client_secret", "client_id": "0oaservicesecret0001",
                        "client_secret_file": "/etc/okta-login/client-secret"}),
            ("app", {"scope": "app", "app_id": okta.org["native_client_id"]}),
            ("groups", {"scope": "groups", "scope_groups": "linux-users"})):
        found = doctor(config_changes={"sync": sync})
        bad = {i: f for i, f in found.items() if f["level"] in ("warning", "failure")}
        equal(bad, {}, name)
        equal(found["api.users"]["level"], "skipped" if name == "groups" else "pass", name)
        equal(found["api.apps"]["level"], "pass" if name == "app" else "skipped", name)


# --- the snapshot -----------------------------------------------------------------------------

case("a missing snapshot is found", {"snapshot.file": "failure"}, "there is none yet",
     place=lambda: file(SNAPSHOT, ""))
case("a snapshot only root can read is found", {"snapshot.file": "failure"}, "only root can read it",
     place=lambda: file(SNAPSHOT, mode=0o600))
case("a snapshot others can write is found", {"snapshot.file": "failure"}, "not root's alone",
     place=lambda: file(SNAPSHOT, mode=0o666))
case("a snapshot that is somebody else's is found", {"snapshot.file": "failure"}, "not root's alone",
     place=lambda: file(SNAPSHOT, owner=12345))


@test("a state directory only root can enter is found")
def _():
    os.chmod(host.path(world.STATE), 0o700)
    try:
        finds({"snapshot.file": "failure"}, "chmod 755 the directory")
    finally:
        os.chmod(host.path(world.STATE), 0o755)


@test("a snapshot that is no snapshot is found")
def _():
    with file(SNAPSHOT, host.read(SNAPSHOT)[:300]):
        finds({"snapshot.file": "failure"}, "damaged")


@test("one wrong bit in the body of a snapshot is found")
def _():
    data = bytearray(host.read(SNAPSHOT))
    at = data.index(b"grace")
    data[at] ^= 1
    with file(SNAPSHOT, bytes(data)):
        finds({"snapshot.integrity": "failure"}, "okta-sync --once")


def aged(seconds):
    """The snapshot as it would be if its data were older, or (below 0) newer."""
    program = build.program("age_snapshot", "snap", "base")
    with tempfile.NamedTemporaryFile() as before, tempfile.NamedTemporaryFile() as after:
        before.write(host.read(SNAPSHOT))
        before.flush()
        subprocess.run([program, before.name, after.name, str(seconds)], check=True)
        return file(SNAPSHOT, after.read())


case("a snapshot older than it may be is a failure", {"snapshot.age": "failure"}, "snapshot_max_age_s",
     place=lambda: aged(4 * 86400))
case("a snapshot that has used up half of its time is a warning", {"snapshot.age": "warning"}, "more than half",
     place=lambda: aged(2 * 86400))
case("a snapshot from the future, which lets nobody in, is a failure", {"snapshot.age": "failure"}, "set the clock",
     place=lambda: aged(-3600))
case("a snapshot of another org is found", {"snapshot.org": "failure"}, "https://other.example",
     config_changes={"okta": {"org_url": "https://other.example"}})


def status(result, message="x"):
    return file(STATUS, json.dumps({"version": 1, "started": 1, "ended": int(time.time()), "result": result, "exit": 0,
                                    "message": message, "problem_count": 0, "problems": []}))


case("a sync that kept the last good snapshot is a warning", {"sync.result": "warning"}, "Okta is away",
     place=lambda: status("kept", "Okta is away"))
case("a sync that was refused is a failure", {"sync.result": "failure"}, "no role", place=lambda: status("refused", "no role"))
case("a result of a sync that cannot be read is a warning", {"sync.result": "warning"}, "damaged",
     place=lambda: file(STATUS, "{}"))
case("a sync that never ran is a warning", {"sync.result": "warning"}, "okta-sync.service",
     place=lambda: file(STATUS, ""))


@test("what the last sync said is made printable before anybody reads it")
def _():
    with status("refused", "x\x1b[31m\u202e\x9b y"):
        done = host.run("oktactl", "doctor", "--offline", check=False)
        finds({"sync.result": "failure"}, "x?[31m")
    check("x?[31m" in done.stdout, done.stdout)
    check(all(c == "\n" or " " <= c <= "~" for c in done.stdout), "not printable: %r" % done.stdout)


# --- names ------------------------------------------------------------------------------------

def switch(database, line):
    text = host.read("/etc/nsswitch.conf").decode()
    lines = [x for x in text.splitlines() if not x.startswith(database + ":")]
    return file("/etc/nsswitch.conf", "\n".join(lines + ([database + ": " + line] if line else [])) + "\n")


case("okta missing for passwd is found", {"nss.passwd": "failure"}, "passwd: files okta",
     place=lambda: switch("passwd", "files systemd"))
case("okta before files is found", {"nss.passwd": "failure"}, "before okta", place=lambda: switch("passwd", "okta files"))
case("an action that never lets okta be asked is found", {"nss.passwd": "failure"}, "never asked",
     place=lambda: switch("passwd", "files [!UNAVAIL=return] okta"))
case("a database without a line is found", {"nss.passwd": "failure"}, "is missing", place=lambda: switch("passwd", None))
case("a service that may be slow before okta is a warning", {"nss.passwd": "warning"}, "sss",
     place=lambda: switch("passwd", "files sss okta"))
case("okta missing for group is found", {"nss.group": "failure"}, "[SUCCESS=merge]", place=lambda: switch("group", "files"))
case("no merge with the local groups people join is a warning", {"nss.group": "warning"}, "getent group",
     place=lambda: switch("group", "files okta"))
case("an initgroups line without okta is found", {"nss.group": "failure"}, "initgroups",
     place=lambda: switch("initgroups", "files"))
case("without joined local groups no merge is needed", {}, place=lambda: switch("group", "files [NOTFOUND=continue] okta"),
     config_changes={"groups": {"local": None}})
case("a module glibc cannot use is found", {"nss.lookup": "failure"}, "through glibc",
     place=lambda: file(NSS_MODULE, host.read("/usr/bin/true")))


@contextlib.contextmanager
def module(body):
    """An NSS module of that name whose getpwnam_r is BODY."""
    with tempfile.TemporaryDirectory() as place:
        with open(place + "/m.c", "w", encoding="ascii") as f:
            f.write("#include <pwd.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                    "int _nss_okta_getpwnam_r(char *name, struct passwd *pw, char *buf, size_t size, int *error);\n"
                    "int _nss_okta_getpwnam_r(char *name, struct passwd *pw, char *buf, size_t size, int *error)\n"
                    "{ (void)buf; (void)size; (void)error; *pw = (struct passwd){ name, name, 1, 1, name, name, name };\n"
                    "%s }\n" % body)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", place + "/m.so", place + "/m.c"], check=True)
        with open(place + "/m.so", "rb") as f, file(NSS_MODULE, f.read()):
            yield


@test("a name service that hangs is ended and named, and the other checks go on")
def _():
    with module("sleep(60); return 0;"):
        started = time.monotonic()
        found = finds({"nss.lookup": "failure"}, "within 10 seconds")
        check(9 < time.monotonic() - started < 14, "it took %.1f s" % (time.monotonic() - started))
    equal(found["sshd.prompt"]["level"], "pass", "sshd.prompt")


FIRST = next(x for x in map(json.loads, host.out("oktactl", "snapshot", "dump").splitlines()) if x["type"] == "user")
case("a name service that crashes takes nothing else with it", {"nss.lookup": "failure"}, "broke off",
     place=lambda: module("abort();"))
case("another uid than the snapshot's is found", {"nss.lookup": "failure"}, "has uid 4242 through glibc",
     place=lambda: module("pw->pw_uid = 4242; return 1;"))
case("a uid without name is found", {"nss.lookup": "failure"}, "uid %d is not" % FIRST["uid"],
     place=lambda: module("pw->pw_uid = %d; return 1;" % FIRST["uid"]))
case("a missing nsswitch.conf is found", {"nss.passwd": "failure"}, "put the file back",
     place=lambda: file("/etc/nsswitch.conf", ""))

# --- ids --------------------------------------------------------------------------------------

def passwd_with(line):
    return file("/etc/passwd", host.read("/etc/passwd") + line.encode())


def uid_of(name):
    return int(host.out("getent", "passwd", name).split(":")[2])


ADA = uid_of("ada")
case("a range that systemd gives to containers is a warning", {"ids.range": "warning"}, "systemd-nspawn",
     config_changes={"users": {"id_range": "600000-700000"}})
case("a range that overlaps subordinate ids is a warning", {"ids.range": "warning"}, "/etc/subuid",
     place=lambda: file("/etc/subuid", "opal:%d:1\n" % (ADA + 1)))
case("a range that subordinate ids run into is a warning", {"ids.range": "warning"}, "/etc/subgid",
     place=lambda: file("/etc/subgid", "opal:1879048000:193\n"))
case("subordinate ids that end before the range are none of ours", {},
     place=lambda: file("/etc/subgid", "opal:1879048000:192\n"))
case("an id somebody's containers have is a failure", {"ids.subids": "failure", "ids.range": "warning"}, "ada",
     place=lambda: file("/etc/subgid", "opal:%d:1\n" % ADA))
case("a name that became local is a warning", {"ids.names": "warning"}, ": ada",
     place=lambda: passwd_with("ada:x:5000:5000::/:/bin/sh\n"))
case("a uid that became local is a failure", {"ids.numbers": "failure"}, ": ada",
     place=lambda: passwd_with("zed:x:%d:5000::/:/bin/sh\n" % ADA))
case("a group's name that became local is a warning", {"ids.names": "warning"}, ": eng",
     place=lambda: file("/etc/group", host.read("/etc/group") + b"eng:x:5000:\n"))
case("a gid that became local is a failure", {"ids.numbers": "failure"}, ": eng",
     place=lambda: file("/etc/group", host.read("/etc/group") +
                        ("zed:x:%s:\n" % host.out("getent", "group", "eng").split(":")[2]).encode()))

case("local files that cannot be compared with are a failure", {"ids.names": "failure"}, "/etc/group",
     place=lambda: file("/etc/group", ""))

# --- PAM --------------------------------------------------------------------------------------

AUTH = "[success=done user_unknown=ignore ignore=ignore module_unknown=ignore default=die]"
ACCOUNT = "[success=ok ignore=ignore default=die]"
LOCAL = "account [success=1 default=ignore] pam_localuser.so\n"
GOOD_AUTH = "auth %s pam_okta.so\n@include common-auth\n" % AUTH
GOOD_ACCOUNT = LOCAL + "account %s pam_okta.so\n@include common-account\n" % ACCOUNT


def stack(service, auth=GOOD_AUTH, account=GOOD_ACCOUNT, **others):
    """SERVICE's file; OTHERS are further files of /etc/pam.d, underscores for hyphens."""
    @contextlib.contextmanager
    def place():
        with contextlib.ExitStack() as all_of_them:
            for name, text in {service: auth + account, **others}.items():
                all_of_them.enter_context(file("/etc/pam.d/" + name.replace("_", "-"), text))
            yield
    return place


PERMIT = "auth required pam_permit.so\n"
for name, auth, level, word in (
        ("without pam_okta", "@include common-auth\n", "failure", "not in it"),
        ("that goes on to permit after a refusal", "auth sufficient pam_okta.so\n" + PERMIT, "failure", "nobody approved"),
        ("that ignores every answer of pam_okta before permit", "auth [default=ignore] pam_okta.so\n" + PERMIT, "failure",
         "nobody approved"),
        ("that lets local accounts in without password", "auth sufficient pam_localuser.so\n" + GOOD_AUTH, "failure",
         "without password"),
        ("that lets people in while Okta is away",
         "auth [success=done auth_err=die perm_denied=die default=ignore] pam_okta.so\n" + PERMIT, "failure",
         "nobody approved"),
        ("that asks for the local password whoever Okta approved", "auth required pam_okta.so\n@include common-auth\n",
         "failure", "approved are locked out"),
        ("that shuts local accounts out", "auth %s pam_okta.so\nauth required pam_deny.so\n" % AUTH, "failure",
         "local accounts are locked out"),
        ("that shuts local accounts out while the module is missing",
         "auth [success=done user_unknown=ignore ignore=ignore default=die] pam_okta.so\n@include common-auth\n", "warning",
         "while pam_okta.so is missing"),
        ("where a later module decides after a refusal", "auth sufficient pam_okta.so\n@include common-auth\n", "warning",
         "a later module decides"),
        ("that asks for a password first",
         "auth [success=done default=ignore] pam_unix.so\nauth %s pam_okta.so\nauth required pam_deny.so\n" % AUTH,
         "warning", "password first"),
        ("with an argument pam_okta does not know", "auth %s pam_okta.so nullok\n@include common-auth\n" % AUTH, "failure",
         "argument"),
        ("with a control libpam does not know", "auth suficient pam_okta.so\n@include common-auth\n", "failure",
         "suficient"),
        ("that includes a file that is not there", GOOD_AUTH + "@include common-nothing\n", None, "common-nothing")):
    wanted = {"pam.sshd.auth": level} if level else {"pam.sshd.auth": "failure", "pam.sshd.account": "failure"}
    case("an auth stack %s is found" % name, wanted, word, place=stack("sshd", auth=auth))

for name, account, level, word in (
        ("without pam_okta", "@include common-account\n", "failure", "suspended"),
        ("with a sufficient pam_okta", LOCAL + "account sufficient pam_okta.so\n@include common-account\n", "failure",
         "suspended"),
        ("that is through before pam_okta", "account sufficient pam_unix.so\n" + GOOD_ACCOUNT, "failure", "suspended"),
        ("that lets suspended people in while the module is missing",
         "account [success=ok ignore=ignore module_unknown=ignore default=die] pam_okta.so\n@include common-account\n",
         "failure", "is missing"),
        ("that shuts people from Okta out", "account required pam_localuser.so\n" + GOOD_ACCOUNT, "failure",
         "people from Okta are locked out"),
        ("that shuts local accounts out",
         "account [success=ok default=die] pam_okta.so\n@include common-account\n", "failure",
         "local accounts are locked out"),
        ("that lets expired local accounts in", "account sufficient pam_localuser.so\n" + GOOD_ACCOUNT, "failure",
         "expired"),
        ("that shuts local accounts out while the module is missing",
         "account required pam_okta.so\n@include common-account\n", "warning", "is missing"),
        ("with a warning and a failure", LOCAL + "account [success=1 default=ignore] pam_access.so\n"
         "account [success=ok ignore=ignore module_unknown=ignore default=die] pam_okta.so\n@include common-account\n",
         "failure", "gets in while pam_okta.so is missing"),
        ("that skips pam_okta for some",
         "account [success=2 default=ignore] pam_succeed_if.so user ingroup x\n" + GOOD_ACCOUNT, "warning",
         "if another module agrees")):
    case("an account stack %s is found" % name, {"pam.sshd.account": level}, word, place=stack("sshd", account=account))

for service in ("login", "sudo"):
    case("pam_okta missing in auth of %s alone is a failure" % service, {"pam.%s.auth" % service: "failure"},
         "/etc/pam.d/%s" % service, place=stack(service, auth="@include common-auth\n"))
    case("a %s that does without Okta is a warning" % service,
         {"pam.%s.auth" % service: "warning", "pam.%s.account" % service: "warning"}, "not in it",
         place=stack(service, auth="@include common-auth\n", account="@include common-account\n"))
case("su and su-l, which includes it, are both found", {"pam.su.auth": "failure", "pam.su-l.auth": "failure"},
     place=stack("su", auth="auth sufficient pam_rootok.so\nauth sufficient pam_okta.so\n" + PERMIT))

case("the stacks pam-auth-update makes of our profile pass", {}, place=stack(
    "sshd", auth="@include common-auth\n", account="@include common-account\n",
    common_auth="auth [success=end user_unknown=ignore ignore=ignore module_unknown=ignore default=die] pam_okta.so\n"
                "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
                .replace("end", "2"),
    common_account="account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\n"
                   "account required pam_permit.so\n" + LOCAL + "account %s pam_okta.so\n" % ACCOUNT))
case("stacks of Fedora's form, with substack, pass", {}, place=stack(
    "sshd", auth="auth substack password-auth\nauth include postlogin\n", account="account required pam_nologin.so\n"
    "account include password-auth\n", postlogin="auth optional pam_warn.so\n",
    password_auth="auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\nauth %s pam_okta.so\n"
    "auth sufficient pam_unix.so nullok\nauth required pam_deny.so\n"
    "%saccount %s pam_okta.so\naccount required pam_unix.so\naccount sufficient pam_localuser.so\n"
    "account sufficient pam_usertype.so issystem\naccount required pam_permit.so\n" % (AUTH, LOCAL, ACCOUNT)))


# --- sshd -------------------------------------------------------------------------------------

def sshd_with(old, new):
    return lambda: file("/etc/ssh/sshd_config", SSHD_CONFIG.replace(old, new))


case("UsePAM no is found", {"sshd.usepam": "failure"}, "suspended people keep their SSH keys",
     place=sshd_with("UsePAM yes", "UsePAM no"))
case("KbdInteractiveAuthentication no is found", {"sshd.kbdinteractive": "failure"}, "no way to show",
     place=sshd_with("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no"))
case("AuthenticationMethods that leave it out are found", {"sshd.kbdinteractive": "failure"}, "publickey",
     place=sshd_with("UsePAM", "AuthenticationMethods publickey\nUsePAM"))
case("a LoginGraceTime shorter than ours is a warning", {"sshd.gracetime": "warning"}, "60 is shorter", "(120)",
     place=sshd_with("Time 120", "Time 60"))
case("a LoginGraceTime longer than ours is a warning", {"sshd.gracetime": "warning"}, "121 is longer", "(120)", "never answers",
     place=sshd_with("Time 120", "Time 121"))
case("a LoginGraceTime without end is a warning", {"sshd.gracetime": "warning"}, "0 is no limit", "(120)", "never answers",
     place=sshd_with("Time 120", "Time 0"))
case("the stock MaxStartups is a warning", {"sshd.maxstartups": "warning"}, "10:30:100",
     place=sshd_with("100:30:200", "10:30:100"))
case("a MaxStartups that those who may wait use up is a warning", {"sshd.maxstartups": "warning"}, "100:30:200", "lets 100 wait",
     config_changes={"login": {"max_waiting": "100"}})
case("a configuration sshd refuses is found, in its own words", {"sshd.config": "failure"}, "NoSuchOption",
     place=sshd_with("UsePAM", "NoSuchOption yes\nUsePAM"))
case("an sshd that shows text only with a prompt, and no Enter asked for, is found", {"sshd.prompt": "failure"},
     "nobody would see the code", config_changes={"login": {"enter_services": "vsftpd"}})


def other_sshd(version, first=""):
    settings = "usepam yes\nkbdinteractiveauthentication yes\nlogingracetime 120\nmaxstartups 100:30:200"
    return lambda: file("/usr/sbin/sshd", "#!/bin/sh\n%s[ $1 = -V ] && { echo OpenSSH_%s; exit 1; }\necho '%s'\n" % (
        first, version, settings))


case("OpenSSH 10.3 needs no Enter", {}, place=other_sshd("10.3p1"),
     config_changes={"login": {"enter_services": "vsftpd"}})
case("OpenSSH 10.2 does", {"sshd.prompt": "failure"}, "10.2", place=other_sshd("10.2p1"),
     config_changes={"login": {"enter_services": "vsftpd"}})
case("an sshd that does not tell its limits is a warning", {"sshd.gracetime": "warning", "sshd.maxstartups": "warning"},
     "LoginGraceTime", "MaxStartups",
     place=other_sshd("10.3", "[ $1 = -T ] && { printf 'usepam yes\\nkbdinteractiveauthentication yes\\n'; exit; }\n"))
case("a version nobody can read is a warning", {"sshd.prompt": "warning"}, place=other_sshd("unknown"))
case("an sshd that hangs is ended and found", {"sshd.config": "failure"}, "hangs",
     place=other_sshd("9.2", "/usr/bin/sleep 60\n"))
case("an sshd that leaves a process behind with its output has ended", {}, place=other_sshd("10.3", "/usr/bin/sleep 60 &\n"))
case("the environment does not reach sshd", {}, place=other_sshd("10.3", '[ -z "$HOSTILE" ] || exit 9\n'))


# --- AppArmor, SELinux ------------------------------------------------------------------------

@contextlib.contextmanager
def active(place, name, log, line):
    host.run("mount", "-t", "tmpfs", "none", place)
    host.run("mkdir", "-p", os.path.dirname(place + name), os.path.dirname(log))
    host.write(place + name, "1\n")
    try:
        with file(log, "Jan 1 kernel: something else\n%s\n" % line):
            yield
    finally:
        host.run("umount", place)


ARMOR = ("/sys/kernel/security", "/apparmor/profiles", "/var/log/kern.log")
LINUX = ("/sys/fs", "/selinux/enforce", "/var/log/audit/audit.log")
case("what AppArmor kept from ours is a warning", {"mac.apparmor": "warning"}, "okta-auth-helper", place=lambda: active(
    *ARMOR, 'audit: apparmor="DENIED" operation="open" profile="/usr/libexec/okta-login/okta-auth-helper"'))
case("what SELinux kept from ours is a warning", {"mac.selinux": "warning"}, "restorecon", place=lambda: active(
    *LINUX, 'type=AVC msg=audit(1:2): avc:  denied  { read } comm="sshd" path="/var/lib/okta-login/directory.snapshot"'))


@test("denials of others are none of ours")
def _():
    with active(*ARMOR, 'audit: apparmor="DENIED" operation="open" profile="/usr/sbin/cupsd"'):
        equal(finds({})["mac.apparmor"]["level"], "pass", "mac.apparmor")
    with active(*LINUX, "type=AVC msg=audit(1:2): avc:  denied  { read } comm=\"cupsd\""):
        equal(finds({})["mac.selinux"]["level"], "pass", "mac.selinux")


# --- afterwards -------------------------------------------------------------------------------

@test("no run printed a secret")
def _():
    secrets = [host.read("/etc/okta-login/" + name).decode().strip() for name in ("client-secret", "ssws-token")]
    secrets += host.read("/etc/okta-login/service.key").decode().splitlines()[1:-1]
    check(len(secrets) > 5 and len(said) > 50, "too little to look at")
    for secret in secrets:
        check(not any(secret in text for text in said), "a secret was printed")


@test("after all of it the host is sound again")
def _():
    equal({i for i, f in doctor().items() if f["level"] != "pass"}, SKIPPED, "not passed")


machine.unchanged()
tap.run(close=(host, okta))
