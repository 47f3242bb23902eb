#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Local accounts never wait for Okta, never reach it, and get in with all of ours broken."""
import os
import re
import subprocess
import time

import login
import machine
from standin import Okta
from tap import Skip, check, equal, run, test
from world import CONF, HELPER, LOCAL_PASSWORD, SNAPSHOT, STATE, World

okta = Okta()
world = World(okta)
world.sync()
world.start_sshd()
okta.stop()
ONCE = ("-o", "NumberOfPasswordPrompts=1")
MODULE = world.out("sh", "-c", "ls -d /usr/lib/*/security/pam_okta.so")


def key_login(user):
    done = world.ssh_run(user, "echo", "GOT-IN", key=world.key(user))
    equal(done.stdout, "GOT-IN\n", "%s with a key (%s)" % (user, done.stderr[-200:]))


def password_login(user="opal", password=LOCAL_PASSWORD, wanted=True):
    child = world.ssh(user, "echo", "GOT-IN", options=ONCE)
    child.expect(login.PASSWORD_PROMPT)
    child.send(password.encode() + b"\r")
    status = login.finish(child)
    equal(b"GOT-IN" in child.seen, wanted, "%s with a password got in" % user)
    check(not re.search(login.CODE, bytes(child.seen)), "a code was shown to " + user)
    return status


def console_login(user, under=()):
    child = world.pty(*under, "setsid", "-c", "-w", "login", user)
    child.expect(login.PASSWORD_PROMPT)
    child.send(LOCAL_PASSWORD.encode() + b"\r")
    child.expect(login.SHELL)
    child.send(b"id -un; exit\r")
    login.finish(child)
    check(re.search(rb"(?m)^%s\r?$" % user.encode(), bytes(child.seen)), login.text(child))


def local_accounts_get_in(under=()):
    key_login("opal")
    key_login("root")
    password_login()
    console_login("opal", under)
    console_login("root", under)


def strace(trace):
    return ("strace", "-f", "-qq", "-A", "-e", "trace=connect,execve", "-e", "signal=none", "-o", trace)


def seen_in(trace, own):
    """(programs started, connections on the network but those to OWN)"""
    lines = world.read(trace).decode("utf-8", "replace").splitlines()
    return ([x for x in lines if "execve(" in x],
            [x for x in lines if "connect(" in x and "AF_INET" in x and own not in x])


def traced(action):
    """What strace saw of sshd and all it starts while ACTION ran, as (programs started,
    connections on the network).  sshd itself looks up the address of its own port for each
    client with connected datagram sockets: those are no traffic and none of ours."""
    if world.run("which", "strace", check=False).returncode:
        raise Skip("strace is not installed")
    world.script("sshd-stop")
    trace, port = "/run/trace", world.port
    world.write(trace, "")
    tracer = world.background(*strace(trace), "/usr/sbin/sshd", "-D", "-f", "/etc/ssh/sshd_world")
    end = time.monotonic() + 10
    while subprocess.run(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/%d" % world.port],
                         capture_output=True, check=False).returncode:
        check(tracer.poll() is None and time.monotonic() < end, "sshd does not start under strace")
        time.sleep(0.05)
    try:
        action()
        check(tracer.poll() is None, "it was another sshd that had the port")
    finally:
        world.script("sshd-stop")
        try:
            tracer.wait(5)
        except subprocess.TimeoutExpired:
            tracer.kill()
        world.start_sshd()
    return seen_in(trace, "htons(%d)" % port)


def unknown_user():
    child = world.ssh("nobodyhere", "echo", "GOT-IN", options=ONCE)
    if child.expect([login.PASSWORD_PROMPT, b"(?i)denied"]) == 0:
        child.send(b"x\r")
    check(login.finish(child) != 0, "an unknown user got in")


@test("Okta unreachable: the local user (password and key) and root (key) log in")
def _():
    local_accounts_get_in()
    password_login(password="wrong", wanted=False)


@test("logins of local and unknown users start no helper and connect to nothing on the network")
def _():
    console = "/run/trace-of-login"
    world.write(console, "")
    def all_of_them():
        local_accounts_get_in(strace(console))
        unknown_user()
    by_ssh, by_login = traced(all_of_them), seen_in(console, "nobody's")
    for started, connections in (by_ssh, by_login):
        equal(connections, [], "connections")
        equal([x for x in started if "okta-auth-helper" in x], [], "helpers")
    check(any("echo GOT-IN" in x for x in by_ssh[0]), "the trace saw no login by ssh at all")
    for user in ("opal", "root"):
        check(any('"login", "%s"' % user in x for x in by_login[0]), "no login of %s in the trace" % user)
    check(len([x for x in by_login[0] if '"-bash"' in x]) == 2, "the trace saw no shell of login's: %r" % by_login[0])


@test("the same trace does see ada's helper and its connection (control)")
def _():
    def ada():
        child = world.ssh("ada", "echo", "GOT-IN", options=ONCE)
        check(login.finish(child) != 0, "ada got in without Okta")
    def by_login():
        child = world.pty(*strace(console), "setsid", "-c", "-w", "login", "ada")
        child.expect(rb"Okta cannot be reached now")
        login.hang_up(child)
    console = "/run/trace-of-login"
    world.write(console, "")
    by_ssh = traced(ada)
    by_login()
    for started, connections in (by_ssh, seen_in(console, "nobody's")):
        check([x for x in started if "okta-auth-helper" in x], "no helper in the trace")
        check(connections, "no connection in the trace")


@test("a user with an SSH key logs in with Okta unreachable, without a connection")
def _():
    key = world.authorize("ada")
    def ada():
        done = world.ssh_run("ada", "echo", "GOT-IN", key=key)
        equal(done.stdout, "GOT-IN\n", "ada with a key (%s)" % done.stderr)
    equal(traced(ada)[1], [], "connections")


# --- configuration --------------------------------------------------------------------------

GOOD = world.read(CONF).decode()


def without_key(key):
    return re.sub(r"(?m)^%s = .*\n" % key, "", GOOD)


BAD = [
    ("missing", None, r"okta-login\.conf"),
    ("empty", "", r"okta-login\.conf.*org_url"),
    ("without org_url", without_key("org_url"), r"okta-login\.conf.*org_url"),
    ("without client_id", GOOD.replace("client_id = 0oanative", "#", 1), r"okta-login\.conf.*client_id"),
    ("without allow_groups", without_key("allow_groups"), r"okta-login\.conf.*allow_groups"),
    ("with an empty allow_groups", GOOD.replace("allow_groups = linux-users", "allow_groups ="),
     r"okta-login\.conf: line \d+: .*allow_groups"),
    ("with allow_groups twice", GOOD.replace("allow_groups = linux-users",
                                             "allow_groups = linux-users\nallow_groups = eng"),
     r"okta-login\.conf: line \d+: .*allow_groups"),
    ("with a misspelt key", GOOD.replace("allow_groups", "allow_group"),
     r"okta-login\.conf: line \d+: .*allow_group.*allow_groups"),
    ("with an unknown section", GOOD.replace("[users]", "[user]"), r"okta-login\.conf: line \d+: .*user"),
    ("with a text for a number", GOOD.replace("[sync]", "grace_s = soon\n[sync]"),
     r"okta-login\.conf: line \d+: .*grace_s"),
    ("with a number out of range", GOOD.replace("[sync]", "grace_s = 4294967316\n[sync]"),
     r"okta-login\.conf: line \d+: .*grace_s"),
    ("with http", GOOD.replace("https://", "http://"), r"okta-login\.conf: line \d+: .*org_url"),
    ("with a NUL byte", GOOD + "\0", r"okta-login\.conf"),
]


def refused_for_config(pattern):
    """ada is refused without a helper or a code; opal gets in."""
    since = world.mark()
    child = world.ssh("ada", "echo", "GOT-IN", options=ONCE)
    hit = child.expect([login.PASSWORD_PROMPT, b"(?i)denied|closed|error|configur", login.CODE])
    check(hit != 2, "a code was shown")
    equal(world.helpers(), [], "helpers")
    if hit == 0:
        child.send(b"x\r")
    check(login.finish(child) != 0 and b"GOT-IN" not in child.seen, "ada got in")
    world.logged(r"okta: .*" + pattern, since)
    key_login("opal")


@test("each broken configuration refuses Okta users with file, line and key in the log, and no local one")
def _():
    try:
        for what, text, pattern in BAD:
            print("# " + what)
            if text is None:
                os.unlink(world.path(CONF))
            else:
                world.write(CONF, text)
            refused_for_config(pattern)
    finally:
        world.write(CONF, GOOD)


@test("a configuration that others can write, or own, is refused")
def _():
    try:
        os.chmod(world.path(CONF), 0o666)
        refused_for_config(r"okta-login\.conf.*(writ|mode|chmod)")
        os.chmod(world.path(CONF), 0o644)
        world.run("chown", "opal", CONF)
        refused_for_config(r"okta-login\.conf.*own")
    finally:
        world.write(CONF, GOOD)


@test("a client secret that others can read is refused and named")
def _():
    world.configure({"login": {"client_secret_file": "/etc/okta-login/client-secret"}})
    try:
        os.chmod(world.path("/etc/okta-login/client-secret"), 0o644)
        refused_for_config(r"client-secret.*(0600|mode|chmod|read)")
    finally:
        os.chmod(world.path("/etc/okta-login/client-secret"), 0o600)
        world.write(CONF, GOOD)


@test("an argument the module does not know refuses Okta users and no local one")
def _():
    world.run("sh", "-c", "cp -a /etc/pam.d /etc/pam.d.kept; "
              "sed -i 's/pam_okta.so.*/& nosuchargument/' /etc/pam.d/*")
    try:
        refused_for_config("nosuchargument")
        password_login()
    finally:
        world.run("sh", "-c", "rm -r /etc/pam.d; mv /etc/pam.d.kept /etc/pam.d")


# --- everything of ours broken --------------------------------------------------------------

def broken(commands, restore):
    world.run("sh", "-c", commands)
    try:
        local_accounts_get_in()
        child = world.ssh("ada", "echo", "GOT-IN", options=ONCE)
        if child.expect([login.PASSWORD_PROMPT, b"(?i)denied|closed|error|configur|try|okta"]) == 0:
            child.send(b"x\r")
        check(login.finish(child) != 0 and b"GOT-IN" not in child.seen, "ada got in")
    finally:
        world.run("sh", "-c", restore)


@test("helper missing, snapshot missing, snapshot garbage, state directory gone: local accounts get in, ada does not")
def _():
    for commands, restore in (
            ("mv %s /run/kept" % HELPER, "mv /run/kept %s" % HELPER),
            ("chmod 644 %s" % HELPER, "chmod 755 %s" % HELPER),
            ("mv %s /run/kept" % SNAPSHOT, "mv /run/kept %s" % SNAPSHOT),
            ("mv %s /run/kept; head -c 5000 /dev/urandom >%s" % (SNAPSHOT, SNAPSHOT),
             "mv /run/kept %s" % SNAPSHOT),
            ("mv %s /run/kept" % STATE, "mv /run/kept %s" % STATE),
            ("userdel _okta", "useradd -r -M -d /nonexistent -s /usr/sbin/nologin _okta")):
        print("# " + commands)
        broken(commands, restore)


@test("modules missing or no shared objects, configuration and state gone: root and the local user get in")
def _():
    nss = world.out("sh", "-c", "ls /usr/lib/*/libnss_okta.so.2")
    ours = "/etc/okta-login %s %s %s %s" % (STATE, MODULE, nss, HELPER)
    broken("for p in %s; do mv $p $p.gone; done" % ours, "for p in %s; do mv $p.gone $p; done" % ours)
    broken("cp %s %s /run/; : >%s; : >%s" % (MODULE, nss, MODULE, nss),
           "cp /run/pam_okta.so %s; cp /run/libnss_okta.so.2 %s" % (MODULE, nss))


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
