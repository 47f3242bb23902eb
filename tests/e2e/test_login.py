#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The device flow through a real sshd: approval, refusal, hang-up, and whose session it is."""
import os
import re
import subprocess
import time

import login
import machine
from login import Login
from standin import OKTA, PASSWORD, Okta
from tap import Skip, check, equal, run, test
from world import BUILD, World

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
world.sync()
world.start_sshd()
ARTEFACTS = BUILD + "/artefacts"


def ssh(user="ada", *command, **how):
    return Login(world.ssh(user, *command, **how))


def polls():
    return okta.requests("/v1/token")


def group_names(child, user):
    """What `id -Gn` printed: the private group comes first."""
    shown = re.findall(r"^%s(?: [a-z-]+)*$" % user, login.text(child).replace("\r", ""), re.M)
    check(shown, "no groups in:\n" + login.text(child))
    return shown[-1].split()


@test("ada approves her code in a real browser, presses Enter and has a shell with her own ids and groups")
def _():
    if not os.path.exists("/usr/bin/chromium"):
        raise Skip("chromium is not installed")
    os.makedirs(ARTEFACTS, exist_ok=True)
    since = world.mark()
    one = ssh()
    done = subprocess.run(
        ["node", OKTA + "/browser/approve.mjs", one.url, "ada@acme.example", PASSWORD,
         "--screenshot", ARTEFACTS + "/login"], capture_output=True, text=True, timeout=60, check=False)
    equal(done.returncode, 0, "the browser's result (%s%s)" % (done.stdout, done.stderr[-300:]))
    login.wait_for_token(okta)
    one.press_enter()
    one.child.expect(login.SHELL)
    one.child.send(b"id; pwd; exit\r")
    login.finish(one.child)
    seen = login.text(one.child)
    found = re.search(r"uid=(\d+)\(ada\) gid=(\d+)\(ada\) groups=(\S+)", seen)
    check(found, "no id in:\n" + seen)
    uid, gid, groups = found.groups()
    check(1879048192 <= int(uid) <= 2147483646, "uid %s is out of range" % uid)
    equal(gid, uid, "gid of the private group")
    equal(sorted(re.findall(r"\(([^)]+)\)", groups)), ["ada", "eng", "linux-admins", "sudo"], "groups")
    check("(sudo)" in groups and "27(sudo)" in groups, "sudo is not the local group: " + groups)
    check("/home/ada" in seen, "not at home:\n" + seen)
    line = world.logged(r"okta: user=ada service=sshd .*result=accepted", since)
    check(okta.org["user_ids"]["ada@acme.example"] in line, "the log does not name the person: " + line)
    check("rhost=127.0.0.1" in line, "the log does not name the client: " + line)
    with open(ARTEFACTS + "/login-terminal.txt", "w", encoding="utf-8") as f:
        f.write(seen)


@test("Enter after the approval returns at once: the token was fetched while the prompt waited")
def _():
    okta.forget()
    one = ssh("ada", "echo", "GOT-IN")
    okta.approve(one.code, "ada")
    login.wait_for_token(okta)
    time.sleep(0.3)
    okta.forget()
    started = time.monotonic()
    one.press_enter()
    one.child.expect(b"GOT-IN")
    equal(polls(), [], "token polls after Enter")
    print("# from Enter to the shell: %.2f s" % (time.monotonic() - started))
    login.finish(one.child)


@test("Enter before the approval asks again and lets ada in once she has approved")
def _():
    one = ssh("ada", "echo", "GOT-IN")
    one.press_enter()
    one.child.expect(login.AGAIN)
    okta.approve(one.code, "ada")
    one.press_enter()
    one.until(b"GOT-IN")
    login.finish(one.child)


@test("the prompt names host, user and client address, and tells to approve only one's own login")
def _():
    one = ssh()
    shown = login.text(one.child)
    for part in ("web1", "ada", "127.0.0.1", one.code):
        check(part in shown, "%s is not in the prompt:\n%s" % (part, shown))
    check(re.search(r"(?i)only", shown), "no warning:\n" + shown)
    login.hang_up(one.child)


@test("with qr = utf8 a code for the camera stands above the link, and the login works as before")
def _():
    world.configure({"login": {"qr": "utf8"}})
    one = ssh("ada", "echo", "GOT-IN")
    world.configure()
    above = login.text(one.child).split("  Open:")[0]
    rows = [row for row in above.splitlines() if re.search("[\u2580\u2584\u2588]", row)]
    check(len(rows) >= 12, "no QR in:\n" + above)
    check(all(re.fullmatch("[ \u2580\u2584\u2588]+", re.sub(r"^\(ada@127\.0\.0\.1\) ", "", row.strip("\r"))) for row in rows),
          "more than blocks:\n" + above)
    login.approve_and_enter(okta, one)
    one.until(b"GOT-IN")
    login.finish(one.child)


@test("bob approves ada's code: refused, and the log says that somebody else approved")
def _():
    since = world.mark()
    one = ssh("ada", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1"))
    login.approve_and_enter(okta, one, "bob")
    one.until(b"Somebody else approved the code")
    check(login.finish(one.child) != 0, "bob got in as ada")
    check(b"GOT-IN" not in one.child.seen, "bob got in as ada")
    line = world.logged(r"okta: user=ada .*result=refused reason=other_person", since)
    check("bob@acme.example" in line, "the log does not name bob: " + line)


@test("somebody outside the snapshot approves bob's code: refused")
def _():
    since = world.mark()
    one = ssh("bob", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1"))
    login.approve_and_enter(okta, one, "mallory")
    check(one.finish() != 0 and b"GOT-IN" not in one.child.seen, "got in")
    world.logged(r"okta: user=bob .*result=refused reason=other_person", since)


@test("a denied code is refused with a message and its own log line")
def _():
    since = world.mark()
    one = ssh("ada", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1"))
    okta.approve(one.code, "ada", "deny")
    one.press_enter()
    check(one.child.expect([b"login was denied in Okta", b"GOT-IN"], timeout=8) == 0, "no message")
    check(login.finish(one.child) != 0, "got in")
    world.logged(r"okta: user=ada service=sshd .*result=refused reason=denied", since)


@test("an expired code is refused with a message and its own log line, and is polled no more")
def _():
    okta.switches(device_expires_in=3)
    since = world.mark()
    one = ssh("ada", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1"))
    okta.switches(device_expires_in=600)
    time.sleep(3.2)
    one.press_enter()
    check(one.child.expect([b"code expired before it was approved", b"GOT-IN"], timeout=8) == 0, "no message")
    check(login.finish(one.child) != 0, "got in")
    world.logged(r"okta: user=ada service=sshd .*result=refused reason=expired", since)
    okta.forget()
    time.sleep(1.5)
    equal(polls(), [], "polls after the refusal")


@test("a client that hangs up at the prompt: the helper is gone within 2 s and polling stops")
def _():
    since = world.mark()
    one = ssh()
    equal(len(world.helpers()), 1, "helpers while waiting")
    login.hang_up(one.child)
    print("# helper gone after %.2f s" % world.wait_helpers(0, 2))
    world.logged("Connection closed by authenticating user ada", since)
    okta.forget()
    time.sleep(2.5)
    equal(polls(), [], "polls after the hang-up")


@test("a client that hangs up after Enter: the helper is gone within 2 s of the next prompt and polling stops")
def _():
    one = ssh()
    one.press_enter()
    time.sleep(0.2)
    login.hang_up(one.child)
    print("# helper gone after %.2f s" % world.wait_helpers(0, 2.5))
    okta.forget()
    time.sleep(2.5)
    equal(polls(), [], "polls after the hang-up")


@test("a client without a terminal answers every prompt itself: it neither spins nor gets in")
def _():
    okta.forget()
    client = subprocess.Popen(
        world.ssh_command("ada", "echo", "GOT-IN", tty=False),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(5)
    client.terminate()
    said = client.communicate()[0]
    check(b"GOT-IN" not in said, "got in")
    check(len(polls()) <= 6, "%d polls in 5 s" % len(polls()))
    codes = okta.requests("/device/authorize")
    check(len(codes) <= 2, "%d codes in 5 s" % len(codes))
    world.wait_helpers(0, 2.5)


@test("password authentication cannot show the code: refused, no helper is left, and no password is logged")
def _():
    world.start_sshd(PASSWORD="yes")
    since = world.mark()
    child = world.ssh("ada", "echo", "GOT-IN", options=(
        "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"))
    child.expect(login.PASSWORD_PROMPT)
    child.send(b"hunter2-by-habit\r")
    check(login.finish(child) != 0 and b"GOT-IN" not in child.seen, "got in")
    world.wait_helpers(0, 2)
    check("hunter2" not in world.log(since), "the password is in the log")
    world.start_sshd()


@test("a group removed in Okta after the last sync is missing from the session's groups")
def _():
    okta.user("ada", groups=["linux-users", "linux-admins"])
    one = ssh("ada", "id", "-Gn")
    login.approve_and_enter(okta, one)
    one.finish()
    groups = group_names(one.child, "ada")
    check("eng" not in groups, "eng is still there: %r" % groups)
    check("linux-admins" in groups, "linux-admins is gone too: %r" % groups)


@test("a group added in Okta after the last sync is in the session's groups, but never a local one")
def _():
    okta.user("bob", groups=["linux-users", "eng", "linux-admins"])
    one = ssh("bob", "id", "-Gn")
    login.approve_and_enter(okta, one, "bob")
    one.finish()
    groups = group_names(one.child, "bob")
    check("linux-admins" in groups, "linux-admins is missing: %r" % groups)
    check("sudo" not in groups, "a claim alone gave a local group: %r" % groups)


@test("after the next sync the joined local group follows")
def _():
    world.sync()
    one = ssh("bob", "id", "-Gn")
    login.approve_and_enter(okta, one, "bob")
    one.finish()
    check("sudo" in group_names(one.child, "bob"), "no sudo:\n" + login.text(one.child))
    okta.user("bob", groups=["linux-users", "eng"])
    okta.user("ada", groups=["linux-users", "linux-admins", "eng", "eng-ad"])
    world.sync()


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
