#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""su, sudo and login on a terminal; and what a hostile caller's environment can do: nothing."""
import os
import re
import shutil
import socket
import stat
import tempfile
import threading
import time

import build
import login
import machine
from login import Login
from standin import Okta
from tap import check, equal, run, test
from world import World, wait

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
world.sync()
world.start_sshd()
UID = world.out("id", "-u", "ada")


def begin(child, user="ada", person=None):
    """The code is shown, approved, and used without Enter; CHILD goes on by itself."""
    one = Login(child, enter=False)
    okta.approve(one.code, person or user)
    return one


def shell_says(child, command, pattern):
    child.expect(login.SHELL)
    child.send(command + b"\r")
    child.expect(pattern)
    child.send(b"exit\r")
    login.finish(child)


def make_home(user):
    world.run("install", "-d", "-o", user, "-g", user, "/home/" + user)


make_home("ada")


@test("su: the local user becomes ada after her approval, without pressing Enter")
def _():
    since = world.mark()
    one = begin(world.pty("su", "ada", user="opal"))
    shell_says(one.child, b"id -u", UID.encode())
    world.logged(r"okta: user=ada service=su .*result=accepted", since)


@test("su -: the same, with her own groups")
def _():
    since = world.mark()
    one = begin(world.pty("su", "-", "ada", user="opal"))
    shell_says(one.child, b"id -Gn", rb"ada[^\r\n]*linux-admins")
    world.logged(r"okta: user=ada service=su-l .*result=accepted", since)


@test("su: bob approves ada's code: refused")
def _():
    since = world.mark()
    one = begin(world.pty("su", "ada", user="opal"), person="bob")
    check(login.finish(one.child) != 0, "su let bob in as ada")
    world.logged(r"okta: user=ada service=su .*result=refused reason=other_person", since)


@test("su to a local user and to root never mention Okta")
def _():
    okta.forget()
    for user in ("opal", "root"):
        child = world.pty("su", user, user="ada")
        child.expect(login.PASSWORD_PROMPT)
        child.send(b"wrong\r")
        check(login.finish(child) != 0, "a wrong password let ada in as " + user)
        check(b"kta" not in child.seen and not re.search(login.CODE, bytes(child.seen)), login.text(child))
    equal(okta.requests(), [], "requests to Okta")


@test("sudo: ada is root through the joined local group after her approval")
def _():
    since = world.mark()
    one = begin(world.pty("sudo", "-k", "id", "-u", user="ada"))
    check(login.finish(one.child) == 0, "sudo failed:\n" + login.text(one.child))
    check(re.search(rb"(?m)^0\r?$", bytes(one.child.seen)), "not root:\n" + login.text(one.child))
    world.logged(r"okta: user=ada service=sudo .*result=accepted", since)


@test("sudo: bob is in no group that sudoers names and does not become root, approval or not")
def _():
    child = world.pty("sudo", "-k", "id", "-u", user="bob")
    hit = child.expect([login.CODE, rb"(?i)not in the sudoers|not allowed"], timeout=10)
    if hit == 0:
        okta.approve(child.match.group(1).decode(), "bob")
    check(login.finish(child) != 0, "bob became root")
    check(not re.search(rb"(?m)^0\r?$", bytes(child.seen)), login.text(child))


@test("sudo without a terminal, the code has nowhere to go: refused, no hang, no helper left")
def _():
    started = time.monotonic()
    done = world.run("setsid", "sudo", "-k", "-n", "id", "-u", user="ada", check=False)
    check(done.returncode != 0 and done.stdout.strip() != "0", "%r" % done)
    check(time.monotonic() - started < 10, "it took long")
    world.wait_helpers(0, 2)


@test("^C while su waits: the helper is gone within 2 s")
def _():
    child = world.pty("su", "ada", user="opal")
    Login(child, enter=False)
    child.send(b"\x03")
    login.finish(child)
    world.wait_helpers(0, 2)


@test("^C while sudo waits, which does not heed it: it ends all the same, and nobody is called for")
def _():
    since = world.mark()
    # a terminal that is sudo's alone: what starts it here would end by ^C as well
    child = world.pty("setsid", "-c", "-w", "setpriv", "--reuid", "ada", "--regid", "ada", "--init-groups", "--", "sudo", "-k", "id", "-u")
    Login(child, enter=False)
    child.send(b"\x03")
    started = time.monotonic()
    check(login.finish(child) != 0, "sudo went on")
    check(time.monotonic() - started < 5, "it took long")
    check(b"not set up" not in child.seen, login.text(child))
    world.logged(r"okta: user=ada service=sudo .*result=refused reason=conversation", since)
    world.wait_helpers(0, 2)


@test("login on a terminal: code, approval, shell")
def _():
    since = world.mark()
    one = begin(world.pty("setsid", "-c", "-w", "login", "ada"))
    shell_says(one.child, b"id -u", UID.encode())
    world.logged(r"okta: user=ada service=login .*result=accepted", since)


@test("login: a local user types a password as ever")
def _():
    child = world.pty("setsid", "-c", "-w", "login", "opal")
    child.expect(login.PASSWORD_PROMPT)
    child.send(b"Loc4l-Passw0rd\r")
    shell_says(child, b"id -un", b"opal")


# --- a hostile environment ------------------------------------------------------------------

class Trap:
    """A directory and a listener that nobody should ever touch."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="e2e-trap-")
        os.chmod(self.dir, 0o777)
        self.connections = []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(20)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        for name in (".netrc", ".curlrc", "hosts", "resolv", "openssl.cnf", "passwd", "group"):
            with open(os.path.join(self.dir, name), "w", encoding="ascii") as f:
                f.write({".netrc": "default login evil password evil\n",
                         ".curlrc": "trace %s/curl-trace\n" % self.dir,
                         "hosts": "localhost evil.example\n",
                         "openssl.cnf": "openssl_conf = x\n[x]\nengines = y\n[y]\nz = w\n[w]\n"
                                        "dynamic_path = %s/engine.so\ninit = 1\n" % self.dir,
                         "passwd": "ada:x:0:0::/:/bin/sh\n"}.get(name, ""))
        self.before = self.files()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.connections.append(connection.recv(200))
            except OSError as error:
                self.connections.append(repr(error))
            connection.close()

    def files(self):
        return sorted(os.listdir(self.dir))

    def environment(self):
        d, url = self.dir, "http://127.0.0.1:%d" % self.port
        names = {}
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            names[name] = url
        for name in ("SSLKEYLOGFILE", "CURL_TRACE", "MALLOC_TRACE", "LD_DEBUG_OUTPUT", "LD_PROFILE_OUTPUT"):
            names[name] = d + "/" + name
        for name in ("OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_DIR", "TMPDIR", "TMP", "TEMP", "GCONV_PATH",
                     "LOCPATH", "NLSPATH", "CURL_HOME", "XDG_CONFIG_HOME", "LD_LIBRARY_PATH", "LIBPATH",
                     "COREDUMP_DIR", "QEMU_LD_PREFIX"):
            names[name] = d
        names.update(
            OPENSSL_CONF=d + "/openssl.cnf", SSL_CERT_FILE=d + "/ca.pem", CURL_CA_BUNDLE=d + "/ca.pem",
            NO_PROXY="", no_proxy="", CURL_SSL_BACKEND="gnutls", HOME=d, RES_OPTIONS="debug", LOCALDOMAIN="evil.example",
            HOSTALIASES=d + "/hosts", RESOLV_CONF=d + "/resolv", LD_PRELOAD=d + "/evil.so", LD_AUDIT=d + "/evil.so",
            LD_DEBUG="all", GLIBC_TUNABLES="glibc.malloc.check=3", MALLOC_CHECK_="3", TZ=":" + d + "/tz", TZDIR=d,
            NSS_WRAPPER_PASSWD=d + "/passwd", NSS_WRAPPER_GROUP=d + "/group", SOCKET_WRAPPER_DIR=d,
            GETCONF_DIR=d, OKTA_ORG_URL=url, OKTA_CLIENT_ORGURL=url, PAM_USER="root", LANG="x_Y.EVIL", LANGUAGE=d,
            LC_ALL="x_Y.EVIL", JSON_C_DEBUG="1", IFS="x", PATH="/usr/bin:/bin", TERM="xterm")
        return names

    def untouched(self):
        time.sleep(0.2)
        equal(self.connections, [], "connections to the trap")
        equal(self.files(), self.before, "files in the trap")

    def close(self):
        self.listener.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def control(trap):
    """What libcurl in a set-uid program does with the same environment."""
    program = build.program("setuid_curl", libs=["-lcurl"])
    world.run("install", "-m", "4755", "-o", "root", program, "/usr/local/bin/setuid_curl")
    world.run("install", "-m", "644", okta.dir + "/ca.pem", "/run/ca.pem")
    world.run("/usr/local/bin/setuid_curl", okta.url + "/oauth2/v1/keys", "/run/ca.pem", user="opal",
              env=trap.environment(), check=False)
    wait(lambda: trap.connections, 5)
    direct = {k: v for k, v in trap.environment().items() if "proxy" not in k.lower()}
    world.run("/usr/local/bin/setuid_curl", okta.url + "/oauth2/v1/keys", "/run/ca.pem", user="opal", env=direct, check=False)
    wait(lambda: "SSLKEYLOGFILE" in trap.files(), 5)


@test("control: a set-uid program that links libcurl does obey https_proxy and SSLKEYLOGFILE of its caller")
def _():
    trap = Trap()
    try:
        control(trap)
    finally:
        trap.close()


def helper_environment(one):
    wait(lambda: world.helpers(), 5)
    pid = world.helpers()[0]
    with open("/proc/%d/environ" % pid, "rb") as f:
        equal(f.read(), b"", "the helper's environment")
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        equal(f.read().count(b"\0"), 1, "the helper's arguments")
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        status = f.read()
    ids = re.search(r"Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", status).groups()
    equal(set(ids), {world.out("id", "-u", "_okta")}, "the helper's uids")
    check("NoNewPrivs:\t1" in status, "the helper may gain privileges")
    descriptors = sorted(os.listdir("/proc/%d/fd" % pid), key=int)
    kinds = [os.stat("/proc/%d/fd/%s" % (pid, d)).st_mode for d in descriptors[:3]]
    check(stat.S_ISSOCK(kinds[0]), "descriptor 0 is no socket")
    for number in (1, 2):
        equal(os.readlink("/proc/%d/fd/%d" % (pid, number)), "/dev/null", "descriptor %d" % number)


@test("su and sudo started with forty hostile variables: same result, no file, no other connection, an empty environment for the helper")
def _():
    trap = Trap()
    try:
        for command, user in ((("su", "ada"), "opal"), (("sudo", "-k", "id", "-u"), "ada")):
            one = Login(world.pty(*command, user=user, env=trap.environment()), enter=False)
            helper_environment(one)
            okta.approve(one.code, "ada")
            if command[0] == "su":
                one.child.expect(rb"[$#] $")
                one.child.send(b"id -u; exit\r")
            login.finish(one.child)
            check((UID.encode() if command[0] == "su" else b"\n0\r") in bytes(one.child.seen), login.text(one.child))
            trap.untouched()
    finally:
        trap.close()


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
