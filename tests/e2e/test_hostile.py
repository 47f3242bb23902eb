#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What reaches a terminal is ours and printable; what is secret reaches no place at all."""
import json
import os
import re

import pexpect

import login
import machine
from login import Login
from standin import Okta
from tap import check, equal, run, test
from world import TREE, World

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
CONFIDENTIAL = {"login": {"client_id": okta.org["native_secret_client_id"],
                          "client_secret_file": "/etc/okta-login/client-secret", "allow_groups": "*"}}
world.configure(CONFIDENTIAL)
world.sync()
world.start_sshd()
ONCE = ("-o", "NumberOfPasswordPrompts=1")


def clean(child, what):
    """Printable ASCII and line ends only: the terminal makes CR LF of LF, the ssh client one
    more CR, and it starts its prompts with CR (USER@HOST)."""
    seen = re.sub(rb"\r+\n", b"\n", bytes(child.seen))
    seen = re.sub(rb"(^|\n)\r(\([a-z]+@127\.0\.0\.1\) )", rb"\1\2", seen)
    check(re.fullmatch(rb"[\x20-\x7e\n]*", seen), "%s: raw bytes on the terminal: %r" % (what, seen))


def on_each_terminal(user):
    yield "ssh", world.ssh(user, "true", options=ONCE), True
    yield "su", world.pty("su", user, user="opal"), False


@test("a display name full of terminal control codes never reaches a terminal or the log")
def _():
    since = world.mark()
    for what, child, enter in on_each_terminal("mallory"):
        one = Login(child, enter=enter)
        okta.approve(one.code, "mallory", "deny")
        if enter:
            one.press_enter()
        login.finish(child)
        clean(child, what)
    check("\\x1b" not in world.log(since), "an escape in the log:\n" + world.log(since))


@test("hostile texts in every field of Okta's answers never reach a terminal")
def _():
    with open(TREE + "/tests/vectors/own/terminal_injection.jsonl", encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    texts = []
    for row in rows:
        texts += [v for k, v in row.items() if k not in ("id", "expect", "note", "why", "kind", "field") and isinstance(v, str)]
    texts = [t for t in dict.fromkeys(texts) if not re.fullmatch(r"[A-Z0-9-]{4,16}", t)]
    check(len(texts) >= 10, "only %d texts in the vectors" % len(texts))
    good = {"device_code": "4ebdb4de-1f8b-4497-be01-ddfaf83c4e9c", "user_code": "MHXTFRPK",
            "verification_uri": okta.url + "/activate", "expires_in": 600, "interval": 5,
            "verification_uri_complete": okta.url + "/activate?user_code=MHXTFRPK"}
    for number, hostile in enumerate(texts[:24]):
        field = ("user_code", "verification_uri", "verification_uri_complete")[number % 3]
        bodies = [(200, {**good, field: hostile}), (400, {"error": "access_denied", "error_description": hostile}),
                  (400, {"error": hostile})]
        status, body = bodies[number // 3 % 3]
        okta.fault("/device/authorize", "status", status=status, body=json.dumps(body), times=1)
        since = world.mark()
        child = world.ssh("ada", "true", options=ONCE) if number % 2 else world.pty("su", "ada", user="opal")
        try:
            child.expect([rb"(?i)(not|denied|failure|failed)[^\n]*\n", login.CODE])
        finally:
            okta.no_faults()
            login.hang_up(child)
        clean(child, "%s = %r" % (field, hostile))
        check(not re.search(r"\\x[01][0-9a-f]|\\x7f|\\x9b", world.log(since)), "raw bytes in the log: " + world.log(since))


@test("a denial's description is shown to nobody and logged only as printable text")
def _():
    okta.fault("/v1/token", "status", status=403, times=1, body=json.dumps(
        {"error": "access_denied", "error_description": "\x1b[2J\x1b]0;x\x07\r\nPassword: \u202e"}))
    since = world.mark()
    one = Login(world.ssh("ada", "true", options=ONCE))
    one.press_enter()
    one.finish()
    clean(one.child, "error_description")
    check(not re.search(r"\\x[01][0-9a-f]", world.log(since)), "raw bytes in the log: " + world.log(since))
    okta.no_faults()


@test("a host name, user name and client address from outside cannot smuggle control codes into the log")
def _():
    since = world.mark()
    for name in ("ada\x1b[31m", "ada\nokta: user=ada result=accepted", "ada result=accepted", "x" * 300, "%n%s%s"):
        child = world.ssh(name, "true", options=ONCE)
        hit = child.expect([login.PASSWORD_PROMPT, b"(?i)denied|closed|invalid|error", login.CODE, pexpect.EOF])
        check(hit != 2, "a code for %r" % name)
        login.hang_up(child)
    lines = [x for x in world.log(since).splitlines() if re.match(r"[\d.]+ <\d+> \S*okta\S* *result=accepted", x)]
    equal(lines, [], "forged lines")


def everything_of(pids):
    for pid in pids:
        for name in ("environ", "cmdline"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as f:
                    yield "%s of %d" % (name, pid), f.read()
            except OSError:
                pass


def pids_inside():
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink("/proc/%s/ns/mnt" % name) == world.mounts:
                found.append(int(name))
        except OSError:
            pass
    return found


def files_inside():
    """Everything a login or sync may have written, but what must hold a secret.  /run/world is what the world is made of."""
    for top in ("/etc", "/run", "/var/lib/okta-login", "/var/log", "/tmp", "/var/tmp", "/home", "/root", "/dev/shm"):
        for directory, below, names in os.walk(world.path(top)):
            if directory == world.path("/run"):
                below.remove("world")
            for name in names:
                path = os.path.join(directory, name)
                inside = path[len(world.path("")):]
                # lastlog is a sparse file that grows with the highest uid
                if os.path.isfile(path) and not os.path.islink(path) and not inside.endswith("lastlog") and inside not in (
                        "/etc/okta-login/client-secret", "/etc/okta-login/service.key", "/etc/okta-login/ssws-token"):
                    with open(path, "rb") as f:
                        yield inside, f.read()


def say_all_there_is():
    """Each program at its highest level of debugging, and a /tmp of the world's own."""
    for service in ("sshd", "su", "sudo", "login"):
        world.run("sed", "-i", "s/pam_okta.so$/& debug/", "/etc/pam.d/" + service)
    world.start_sshd(LEVEL="DEBUG3")
    world.run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmp", "/tmp")  # this machine's has the stand-in's secrets


def say_less_again():
    world.run("umount", "/tmp")
    for service in ("sshd", "su", "sudo", "login"):
        world.run("sed", "-i", "s/pam_okta.so debug$/pam_okta.so/", "/etc/pam.d/" + service)
    world.start_sshd()


@test("client secrets, keys and tokens are in no log, argument, environment or file after logins and syncs")
def _():
    say_all_there_is()
    since = world.mark()
    canaries = {}
    for name in ("service-secret", "ssws-token"):
        with open(okta.dir + "/" + name, "rb") as f:
            canaries[name] = f.read().strip()
    with open(okta.dir + "/service.key", "rb") as f:
        canaries["service.key"] = f.read().splitlines()[3]
    for name, value in canaries.items():
        check(len(value) >= 16, "%s is too short for a canary" % name)
    seen = []
    one = Login(world.ssh("ada", "cat", "/proc/self/environ"))
    seen += list(everything_of(pids_inside()))
    okta.forget()
    okta.approve(one.code, "ada")
    login.wait_for_token(okta)
    one.child.send(b"hunter2-by-habit\r")  # typed where Enter was asked for
    canaries["what was typed at the prompt"] = b"hunter2-by-habit"
    one.finish()
    seen.append(("the session's environment and terminal", bytes(one.child.seen)))
    for auth in ({"sync": {}}, {"sync": {"auth": "client_secret", "client_id": okta.org["service_secret_client_id"],
                                         "client_secret_file": "/etc/okta-login/client-secret"}},
                 {"sync": {"auth": "ssws", "token_file": "/etc/okta-login/ssws-token"}}):
        world.configure({**CONFIDENTIAL, **auth})
        syncing = world.background("okta-sync", "--config", "/etc/okta-login/okta-login.conf", "--once")
        while syncing.poll() is None:
            seen += list(everything_of(pids_inside()))
        seen.append(("okta-sync's output", syncing.stdout.read().encode()))
        equal(syncing.returncode, 0, "exit status of okta-sync with %r: %r" % (auth, seen[-1]))
    world.write("/tmp/canary", b"in-/tmp")
    world.write("/run/canary", b"in-/run")
    seen.append(("the log", world.log().encode()))
    seen += list(files_inside())
    check(len(seen) > 20, "hardly anything was looked at")
    for where in ("/tmp", "/run"):
        check((where + "/canary", b"in-" + where.encode()) in seen, "%s was not looked at (control)" % where)
    check("debug3: " in world.log(since) and "okta: debug: " in world.log(since), "the log is not at its highest level (control)")
    token = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.")
    for where, data in seen:
        for name, value in canaries.items():
            check(value not in data, "%s is in %s" % (name, where))
        check(not token.search(data), "a token is in %s" % where)
    say_less_again()
    world.configure(CONFIDENTIAL)


@test("the helper's memory is not to be read by its own user, and it leaves no core")
def _():
    one = Login(world.ssh("ada", "true"))
    pid = world.helpers()[0]
    equal(os.stat("/proc/%d/environ" % pid).st_uid, 0, "owner of its /proc files: it is dumpable")
    with open("/proc/%d/limits" % pid, encoding="ascii") as f:
        check(re.search(r"Max core file size +0 +0 ", f.read()), "cores are allowed")
    with open("/proc/%d/maps" % pid, encoding="ascii") as f:
        check("curl" in f.read(), "this is not the helper")
    login.hang_up(one.child)
    for pid in world.processes("/usr/sbin/sshd"):
        with open("/proc/%d/maps" % pid, encoding="ascii") as f:
            maps = f.read()
        check(not re.search(r"libcurl|json-c|libssl|sqlite", maps), "a network library is mapped into sshd")


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
