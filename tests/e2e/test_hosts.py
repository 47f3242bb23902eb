#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Ids: the same on every host, one person's for ever, never anybody else's."""
import login
import machine
from login import Login
from standin import Okta
from tap import check, equal, run, test
from world import World

okta = Okta("--users", "60", "--groups", "12")
okta.switches(device_interval=1)
one, two = World(okta, "web1"), World(okta, "web2")
GROUPS = {"groups": {"match": "*", "rename": "Data Science:data-science"}, "login": {"allow_groups": "*"}}
for w in (one, two):
    w.configure(GROUPS)
    w.sync()


def ids(world):
    lines = world.out("getent", "passwd").splitlines() + world.out("getent", "group").splitlines()
    return sorted(x for x in lines if int(x.split(":")[2]) >= 1879048192)


def uid(world, name):
    return world.run("id", "-u", name, check=False).stdout.strip()


@test("two hosts that sync by themselves give everybody and every group the same ids")
def _():
    check(len(ids(one)) > 60, "only %d entries" % len(ids(one)))
    equal(ids(one), ids(two), "entries of the second host")


@test("a second sync changes no id")
def _():
    before = ids(one)
    one.sync()
    equal(ids(one), before, "entries after a second sync")


@test("a user renamed in Okta keeps uid, gid, home and files, under the new name")
def _():
    number = uid(one, "bob")
    one.run("sh", "-c", "install -d -o bob -g bob /home/bob; echo mine >/home/bob/file; chown bob:bob /home/bob/file")
    okta.admin("PATCH", "/users/bob@acme.example", {"login": "robert@acme.example"})
    for w in (one, two):
        w.sync()
        equal(uid(w, "robert"), number, "uid of robert")
        equal(uid(w, "bob"), "", "uid of bob")
    fields = one.out("getent", "passwd", "robert").split(":")
    equal(fields[5], "/home/bob", "home of robert")
    check(" robert robert " in one.out("ls", "-l", "/home/bob/file"), one.out("ls", "-l", "/home/bob/file"))


@test("the renamed user logs in under the new name, not under the old one")
def _():
    one.start_sshd()
    attempt = Login(one.ssh("robert", "cat", "/home/bob/file"))
    okta.approve(attempt.code, "robert")
    login.wait_for_token(okta)
    attempt.press_enter()
    attempt.child.expect(b"mine")
    login.finish(attempt.child)
    login.nothing_but_a_password(
        one.ssh("bob", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1")))


@test("somebody new with the old name of a renamed user is another person with another uid and another home")
def _():
    okta.admin("POST", "/users", {"login": "bob@acme.example", "groups": ["linux-users"]})
    one.sync()
    check(uid(one, "bob") not in ("", uid(one, "robert")), "uid of the new bob: " + uid(one, "bob"))
    home = one.out("getent", "passwd", "bob").split(":")[5]
    print("# the new bob's home is " + home)
    check(home != "/home/bob", "the new bob has the old one's home")


@test("a deleted user's uid is never given again: somebody new with the same login gets another one")
def _():
    old = uid(one, "frank")
    okta.admin("PATCH", "/users/frank@acme.example", {"status": "DEPROVISIONED"})
    okta.admin("DELETE", "/users/frank@acme.example")
    for w in (one, two):
        w.sync()
        equal(uid(w, "frank"), "", "uid of the deleted frank")
    okta.admin("POST", "/users", {"login": "frank@acme.example", "groups": ["linux-users"]})
    for w in (one, two):
        w.sync()
        check(uid(w, "frank") not in ("", old), "uid of the new frank: %r, was %r" % (uid(w, "frank"), old))
    equal(uid(one, "frank"), uid(two, "frank"), "uid of the new frank on the second host")


@test("the old owner's approval does not open the new owner's account")
def _():
    since = one.mark()
    attempt = Login(one.ssh("bob", "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1")))
    okta.forget()
    okta.approve(attempt.code, "robert")
    login.wait_for_token(okta)
    attempt.press_enter()
    check(login.finish(attempt.child) != 0 and b"GOT-IN" not in attempt.child.seen, "robert got in as bob")
    one.logged(r"okta: user=bob .*result=refused reason=other_person", since)


@test("a group renamed in Okta keeps its gid")
def _():
    gid = one.out("getent", "group", "eng").split(":")[2]
    okta.admin("PATCH", "/groups/eng", {"name": "engineering"})
    one.sync()
    equal(one.out("getent", "group", "engineering").split(":")[2], gid, "gid of engineering")
    equal(one.run("getent", "group", "eng", check=False).stdout, "", "the group under its old name")


def details():
    return one.log()[-2000:] + two.log()[-1000:]


machine.unchanged()
run(details, close=(one, two, okta))
