#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whoever is out in Okta is out here: at the next login, and for keys after the next sync."""
import time

import build
import login
import machine
from login import Login, refused
from standin import Okta
from tap import check, equal, run, test
from world import SNAPSHOT, World

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
world.sync()
world.start_sshd()
ONCE = ("-o", "NumberOfPasswordPrompts=1")


# Its time runs while the other tests do.
world.configure({"login": {"grace_s": "20"}})
LATE_SINCE, LATE_AT = world.mark(), time.monotonic()
late = Login(world.ssh("ada", "echo", "GOT-IN", options=ONCE))
world.configure()


def key_login(user, key):
    return world.ssh_run(user, "echo", "GOT-IN", key=key)


def refused_after_approval(user, line):
    since = world.mark()
    one = Login(world.ssh(user, "echo", "GOT-IN", options=ONCE))
    login.approve_and_enter(okta, one, user)
    check(one.finish() != 0 and b"GOT-IN" not in one.child.seen, "got in")
    world.logged(line, since)


@test("oktactl explain says of each person what the door does")
def _():
    for user in ("ada", "bob", "carol", "frank", "grace", "heidi", "ivan", "mallory"):
        explained = world.run("oktactl", "explain", user, check=False)
        check(explained.returncode in (0, 1), "oktactl explain %s: %r" % (user, explained))
        let_in = key_login(user, world.authorize(user)).stdout == "GOT-IN\n"
        equal(explained.returncode == 0, let_in, "what oktactl says of %s (%s)" % (user, explained.stdout))
    equal(world.run("oktactl", "explain", "opal", check=False).returncode, 1, "exit status for a local account")


@test("out of the login group in Okta: refused at the next login by the claim, without a sync")
def _():
    okta.user("grace", groups=["Data Science"])
    refused_after_approval("grace", r"okta: user=grace .*result=refused reason=not_allowed")
    okta.user("grace", groups=["linux-users", "Data Science"])


@test("into a denied group in Okta: refused at the next login by the claim, without a sync")
def _():
    world.configure({"login": {"deny_groups": "sudo"}})
    world.sync()
    okta.user("grace", groups=["linux-users", "sudo"])
    refused_after_approval("grace", r"okta: user=grace .*result=refused reason=deny_group")
    okta.user("grace", groups=["linux-users", "Data Science"])


@test("in a denied group that the claim's filter leaves out: refused by the snapshot, and no code is made")
def _():
    okta.user("grace", groups=["linux-users", "eng-ad"])  # not an Okta group: no filter lets it through
    world.configure({"login": {"deny_groups": "eng-ad"}})
    world.sync()
    time.sleep(1.1)
    okta.forget()
    refused(world, "grace", rb"not permitted", world.mark(), r"okta: user=grace .*result=refused reason=deny_group")
    equal(okta.requests("/device/authorize"), [], "codes")
    okta.user("grace", groups=["linux-users", "Data Science"])
    world.configure()
    world.sync()


@test("suspended between approval and poll: no token, no session")
def _():
    okta.switches(device_interval=3)
    since = world.mark()
    one = Login(world.ssh("grace", "echo", "GOT-IN", options=ONCE))
    okta.switches(device_interval=1)
    okta.approve(one.code, "grace")
    okta.user("grace", status="SUSPENDED")
    one.press_enter()
    while one.child.expect([login.AGAIN, b"GOT-IN", rb"(?i)denied in Okta|refused the login|denied|not "], timeout=15) == 0:
        one.press_enter()
    check(login.finish(one.child) != 0 and b"GOT-IN" not in one.child.seen, "got in")
    world.logged(r"okta: user=grace .*result=refused", since)
    okta.user("grace", status="ACTIVE")


@test("suspended in the snapshot: refused at once, no code is made, and the log has the status")
def _():
    for user in ("carol", "heidi"):
        okta.forget()
        since = world.mark()
        login.nothing_but_a_password(world.ssh(user, "echo", "GOT-IN", options=ONCE))
        equal(okta.requests("/device/authorize"), [], "codes for " + user)
        world.logged(r"okta: user=%s .*result=refused reason=disabled .*(SUSPENDED|LOCKED_OUT)" % user, since)


@test("deactivated: known before the sync, unknown after it")
def _():
    okta.admin("POST", "/users", {"login": "nina@acme.example", "groups": ["linux-users"]})
    world.sync()
    check(world.out("id", "-u", "nina").isdigit(), "nina is unknown")
    okta.user("nina", status="DEPROVISIONED")
    world.sync()
    equal(world.run("id", "nina", check=False).returncode, 1, "exit status of id nina")
    login.nothing_but_a_password(world.ssh("nina", "echo", "GOT-IN", options=ONCE))


def out_after_sync(change, back, line, user="bob"):
    key = world.authorize(user)
    equal(key_login(user, key).stdout, "GOT-IN\n", "with a key, before")
    okta.user(user, **change)
    equal(key_login(user, key).stdout, "GOT-IN\n", "with a key, before the sync")
    world.sync()
    since = world.mark()
    done = key_login(user, key)
    check(done.returncode == 255 and "GOT-IN" not in done.stdout, "got in with a key: %r" % done)
    world.logged(line, since)
    okta.user(user, **back)
    world.sync()
    equal(key_login(user, key).stdout, "GOT-IN\n", "with a key, once allowed again")


@test("an SSH key of a suspended user opens until the next sync and not after it")
def _():
    out_after_sync({"status": "SUSPENDED"}, {"status": "ACTIVE"},
                   r"okta: user=bob .*result=refused reason=disabled")


@test("an SSH key of a user out of the login group opens until the next sync and not after it")
def _():
    out_after_sync({"groups": ["eng"]}, {"groups": ["linux-users", "eng"]},
                   r"okta: user=bob .*result=refused reason=not_allowed")


@test("an SSH key of a deactivated user opens nothing after the sync: there is no such user")
def _():
    key = world.authorize("frank")
    okta.user("frank", status="DEPROVISIONED")
    world.sync()
    done = key_login("frank", key)
    check(done.returncode == 255 and "GOT-IN" not in done.stdout, "got in with a key: %r" % done)


@test("into the login group in Okta after the last sync: the claim lets her in, and a claim alone is not kept for ever")
def _():
    okta.user("grace", groups=["Data Science"])
    world.sync()
    key = world.authorize("grace")
    check("GOT-IN" not in key_login("grace", key).stdout, "got in with a key, outside the login group")
    time.sleep(1.1)  # the claim must be newer than the snapshot, in whole seconds
    okta.user("grace", groups=["linux-users", "Data Science"])
    one = Login(world.ssh("grace", "echo", "GOT-IN", options=ONCE))
    login.approve_and_enter(okta, one, "grace")
    check(one.finish() == 0 and b"GOT-IN" in one.child.seen, "did not get in")
    equal(key_login("grace", key).stdout, "GOT-IN\n", "with a key, after the claim")
    okta.user("grace", groups=["Data Science"])
    time.sleep(1.1)
    world.sync()
    check("GOT-IN" not in key_login("grace", key).stdout, "got in with a key after a newer sync")
    okta.user("grace", groups=["linux-users", "Data Science"])
    world.sync()


@test("a snapshot older than its limit keeps SSH keys out and says so; local accounts go on")
def _():
    key = world.authorize("bob")
    age = build.program("age_snapshot", "snap", "base")
    world.configure({"login": {"snapshot_max_age_s": "3600"}})
    for seconds, wanted in (("3000", "GOT-IN\n"), ("4000", "")):
        world.run(age, SNAPSHOT, SNAPSHOT + ".old", seconds)
        world.run("mv", SNAPSHOT + ".old", SNAPSHOT)
        since = world.mark()
        equal(key_login("bob", key).stdout, wanted, "with a key, %s s after the sync" % seconds)
    world.logged(r"okta: user=bob .*result=refused reason=stale_snapshot", since)
    equal(key_login("opal", world.key("opal")).stdout, "GOT-IN\n", "a local account")
    world.configure()
    world.sync()


@test("an approval that comes after the deadline opens nothing")
def _():
    time.sleep(max(0, LATE_AT + 15.5 - time.monotonic()))
    equal(world.helpers(), [], "helpers after the deadline")
    okta.approve(late.code, "ada")
    okta.forget()
    time.sleep(1.5)
    equal(okta.requests("/v1/token"), [], "polls after the deadline")
    late.press_enter()
    late.child.expect(b"time for this login is over")
    check(login.finish(late.child) != 0 and b"GOT-IN" not in late.child.seen, "got in")
    world.logged(r"okta: user=ada service=sshd .*result=refused reason=deadline", LATE_SINCE)


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
