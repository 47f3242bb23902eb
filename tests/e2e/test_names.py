#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every way to ask for a name gives one answer; a damaged snapshot harms nobody."""
import json
import os
import random
import re

import build
import machine
from standin import Okta
from tap import check, equal, run, test
from world import SNAPSHOT, World

okta = Okta()
world = World(okta)
world.sync()
LISTING = build.program("names", "base")
PEOPLE = ("ada", "bob", "carol", "frank", "grace", "heidi", "ivan", "mallory")


def passwd(name):
    return world.run("getent", "passwd", name, check=False).stdout.strip()


@test("getent passwd, id, a C program and Python's pwd say the same of every person")
def _():
    for name in PEOPLE:
        line = passwd(name)
        fields = line.split(":")
        equal(len(fields), 7, "fields of " + line)
        equal((fields[0], fields[1], fields[3], fields[5]), (name, "*", fields[2], "/home/" + name), line)
        equal(passwd(fields[2]), line, "the same by uid")
        equal(world.out("id", "-u", name), fields[2], "id -u")
        equal(world.out(LISTING, "passwd", name), line, "the C program's answer")
        equal(world.python("import pwd,sys; print(':'.join(map(str, pwd.getpwnam(sys.argv[1]))))", name), line,
              "Python's answer")


@test("getent group, a C program and Python's grp say the same of every group, by name and by gid")
def _():
    wanted = {"eng": {"ada", "bob"}, "linux-admins": {"ada"}, "data-science": {"grace"}, "ada": set()}
    for name, members in wanted.items():
        line = world.out("getent", "group", name)
        fields = line.split(":")
        equal(set(filter(None, fields[3].split(","))), members, "members of " + name)
        equal(world.out("getent", "group", fields[2]), line, "the same by gid")
        equal(world.out(LISTING, "group", name), line, "the C program's answer")
        equal(world.python("import grp,sys; g = grp.getgrnam(sys.argv[1]); "
                           "print(':'.join((g[0], g[1], str(g[2]), ','.join(g[3]))))", name), line, "Python's answer")


@test("id -G, getgrouplist, initgroups and Python's os.getgrouplist agree, the joined local group included")
def _():
    for name in PEOPLE + ("opal", "root"):
        gid = passwd(name).split(":")[3]
        ids = sorted(map(int, world.out("id", "-G", name).split()))
        equal(sorted(map(int, world.out(LISTING, "grouplist", name, gid).split())), ids, "getgrouplist of " + name)
        equal(sorted(json.loads(world.python("import os,sys; print(os.getgrouplist(sys.argv[1], int(sys.argv[2])))",
                                             name, gid))), ids, "Python's list of " + name)
        equal(sorted(map(int, world.out("setpriv", "--reuid", name, "--regid", gid, "--init-groups", "id", "-G").split())),
              ids, "initgroups of " + name)
    check("27" in world.out("id", "-G", "ada").split(), "ada is not in sudo")
    check("27" not in world.out("id", "-G", "bob").split(), "bob is in sudo")
    check("ada" in world.out("getent", "group", "sudo").split(":")[3].split(","),
          "the local group's merged members: " + world.out("getent", "group", "sudo"))


@test("getent passwd and getent group list local and Okta entries once each")
def _():
    for database, some in (("passwd", PEOPLE + ("root", "opal")), ("group", ("eng", "linux-admins", "data-science", "root"))):
        names = [line.split(":")[0] for line in world.out("getent", database).splitlines()]
        for name in some:
            equal(names.count(name), 1, "%s in getent %s" % (name, database))


@test("ls -l shows the owner's name and group")
def _():
    world.run("sh", "-c", "mkdir -p /home/x; : >/home/x/file; chown ada:eng /home/x/file")
    check(re.search(r" ada +eng ", world.out("ls", "-l", "/home/x/file")), world.out("ls", "-l", "/home/x/file"))


@test("nobody gets a reserved name, another domain's name, or a gecos with control characters")
def _():
    for name in ("judy", "sudo@okta", "Ivan", "dave", "erin", "ada@acme.example"):
        equal(passwd(name), "", "passwd entry of " + name)
    check("27" == world.out("getent", "group", "sudo").split(":")[2], "sudo is not the local group")
    gecos = passwd("mallory").split(":")[4]
    check(gecos.isprintable() and "\x1b" not in gecos, "gecos %r" % gecos)


@test("a local account of the same name wins at once, by name and by id, and in the groups")
def _():
    uid = passwd("grace").split(":")[2]
    # useradd would ask NSS, see ours and refuse: an image or another tool does not.
    before = {path: world.read(path) for path in ("/etc/passwd", "/etc/group")}
    world.write("/etc/passwd", before["/etc/passwd"] + b"grace:x:1500:1500::/home/grace:/bin/sh\n")
    world.write("/etc/group", before["/etc/group"] + b"grace:x:1500:\n")
    try:
        equal(passwd("grace").split(":")[2], "1500", "uid of grace")
        equal(world.out("id", "-u", "grace"), "1500", "uid of grace for id")
        equal(world.out("id", "-Gn", "grace"), "grace", "groups of the local grace before the next sync")
        world.sync()
        equal(world.out("sh", "-c", "getent passwd | grep -c ^grace:"), "1", "entries of grace after it")
        equal(world.out("id", "-Gn", "grace"), "grace", "groups of the local grace")
        equal(passwd(uid), "", "who has the Okta uid")
    finally:
        for path, data in before.items():
            world.write(path, data)
        world.sync()
    equal(passwd("grace").split(":")[2], uid, "uid of grace afterwards")


def fine_without_ours(what):
    """Local lookups work, nothing crashes; ours may be found or not."""
    check(world.run("id", "-un", "0").stdout.strip() == "root", what)
    check(world.run("id", "-u", "opal").stdout.strip().isdigit(), what)
    for command in (("getent", "passwd", "ada"), ("getent", "group", "eng"), ("id", "ada"), ("getent", "passwd"),
                    ("getent", "passwd", "2000000000"), ("getent", "passwd", "nobodyhere")):
        code = world.run(*command, check=False).returncode
        check(0 <= code <= 2, "%s: %s: exit status %d" % (what, " ".join(command), code))


def with_snapshot(data, what):
    world.write(SNAPSHOT, data)
    fine_without_ours(what)


@test("snapshot missing, empty, truncated, bit-flipped, garbage, a directory, a FIFO: no crash, local users unaffected")
def _():
    good = world.read(SNAPSHOT)
    dice = random.Random(8628)
    try:
        os.unlink(world.path(SNAPSHOT))
        fine_without_ours("missing")
        for size in (0, 1, 255, 256, 1000, len(good) // 2, len(good) - 1):
            with_snapshot(good[:size], "truncated to %d" % size)
        for _ in range(12):
            at, bit = dice.randrange(len(good)), dice.randrange(8)
            flipped = bytearray(good)
            flipped[at] ^= 1 << bit
            with_snapshot(flipped, "bit %d of byte %d" % (bit, at))
        with_snapshot(dice.randbytes(len(good)), "garbage")
        for make in ("mkdir", "mkfifo", "ln -s /etc/shadow", "ln -s /dev/zero"):
            world.run("sh", "-c", "rm -rf %s; %s %s" % (SNAPSHOT, make, SNAPSHOT))
            fine_without_ours(make)
        world.run("rm", "-rf", SNAPSHOT)
        with_snapshot(good, "good")
        os.chmod(world.path(SNAPSHOT), 0o666)
        equal(passwd("ada"), "", "ada of a snapshot that others can write")
    finally:
        world.run("rm", "-rf", SNAPSHOT)
        world.write(SNAPSHOT, good)
    check(passwd("ada").startswith("ada:*:"), "ada afterwards")


@test("a process that has the old snapshot mapped sees the new one after a sync")
def _():
    watcher = world.background("/usr/bin/python3", "-u", "-c", """
import pwd, sys, time
print(pwd.getpwnam('ada').pw_name)
end = time.time() + 10
while time.time() < end:
    try:
        print(pwd.getpwnam('newhire').pw_name)
        break
    except KeyError:
        time.sleep(0.05)
""")
    equal(watcher.stdout.readline(), "ada\n", "the first answer")
    okta.admin("POST", "/users", {"login": "newhire@acme.example", "groups": ["linux-users"]})
    world.sync()
    equal(watcher.stdout.readline(), "newhire\n", "the second answer")
    watcher.wait(10)


machine.unchanged()
run(None, close=(world, okta))
