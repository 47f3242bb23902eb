#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Logins in a row in programs that live on: nothing grows (R10).

ROWS says how many logins (100), SOAK for how many seconds instead.
"""
import os
import selectors
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import machine  # noqa: E402
from standin import Okta  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from world import HELPER, TREE, World  # noqa: E402

ROWS = int(os.environ.get("ROWS", "100"))
SOAK_S = int(os.environ.get("SOAK", "0"))
MANY = ROWS > 200 or SOAK_S
# Ten that wait on one host ask as often as Okta allows, five of them local; any more ask seldom.
HOSTS, PROGRAMS = (3, 10) if MANY else (1, 5)
WARM = 5  # logins until caches, locale and resolver have what they keep
HEAP_PER_LOGIN = 8  # bytes; a single lost allocation is more

okta = Okta()
okta.switches(device_interval=1)
for i in range(HOSTS * PROGRAMS):
    okta.admin("POST", "/users", {"login": "p%02d@acme.example" % i, "groups": ["linux-users"]})
worlds = [World(okta, "web%d" % (i + 1)) for i in range(HOSTS)]
for world in worlds:
    world.sync()
    world.configure({"login": {"max_waiting_address": "100"}})
    world.write("/etc/pam.d/rows", "auth required pam_okta.so\naccount required pam_okta.so\n")
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-o", world.dir + "/rows",
                    TREE + "/tests/load/rows.c", "-lpam"], check=True)


class Program:
    def __init__(self, number, leak):
        world, self.user, self.samples = worlds[number % HOSTS], "p%02d" % number, []
        # without caches of freed memory the bytes in use are exact
        exact = {"PATH": "/usr/bin:/bin", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        address = ["192.0.2.%d" % number] if number // HOSTS >= 5 else []
        self.process = subprocess.Popen(world._command([world.dir + "/rows", str(leak), *address], env=exact),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def begin(self):
        self.process.stdin.write(self.user + "\n")
        self.process.stdin.flush()

    def hear(self):
        """One line; True when a login is over."""
        words = self.process.stdout.readline().split()
        check(words, "%s: the program ended" % self.user)
        if words[0] == "CODE":
            okta.approve(words[1], self.user)
            return False
        self.samples.append(tuple(map(int, words[1:])))
        return True

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def log_in(programs, enough):
    """All at once, each one login after the other until ENOUGH(its logins so far)."""
    loop = selectors.DefaultSelector()
    for one in programs:
        loop.register(one.process.stdout, selectors.EVENT_READ, one)
        one.begin()
    while loop.get_map():
        ready = loop.select(60)
        check(ready, "nothing has come for a minute")
        for key, _ in ready:
            one = key.data
            if one.hear():
                if enough(len(one.samples)):
                    loop.unregister(one.process.stdout)
                else:
                    one.begin()


def slope(values):
    """By least squares, for each login."""
    n, mean = len(values), sum(values) / len(values)
    middle = (n - 1) / 2
    return sum((i - middle) * (v - mean) for i, v in enumerate(values)) / sum((i - middle) ** 2 for i in range(n))


def growth(programs):
    """(bytes for each login of the worst, descriptors of the worst, children left)"""
    settled = [one.samples[WARM:] for one in programs]
    return (max(slope([s[1] for s in each]) for each in settled),
            max(slope([s[2] for s in each]) for each in settled),
            sum(s[3] for each in settled for s in each))


def many(leak, programs, enough):
    running = [Program(i, leak) for i in range(programs)]
    try:
        log_in(running, enough)
        return running, growth(running)
    finally:
        for one in running:
            one.close()


@test("logins in a row leave no memory, no descriptor and no process behind")
def _():
    each = -(-ROWS // (HOSTS * PROGRAMS))
    until = time.monotonic() + SOAK_S
    processes = [len(os.listdir(world.path("/proc"))) for world in worlds]
    programs, (heap, descriptors, children) = many(
        0, HOSTS * PROGRAMS, (lambda n: time.monotonic() > until and n > 2 * WARM) if SOAK_S else (lambda n: n >= each))
    results = [s[0] for one in programs for s in one.samples]
    print("# figure R10 logins=%d refused=%d heap_bytes_per_login=%.2f descriptors_per_login=%.4f children=%d" % (
        len(results), sum(r != 0 for r in results), heap, descriptors, children))
    equal([r for r in results if r], [], "PAM results of refused logins")
    check(abs(heap) <= HEAP_PER_LOGIN, "%.1f bytes more with each login" % heap)
    equal(round(descriptors, 4), 0.0, "descriptors more with each login")
    equal(children, 0, "children")
    for world, before in zip(worlds, processes):
        world.wait_helpers(0, 5)
        equal(world.processes(HELPER), [], "helpers")
        check(abs(len(os.listdir(world.path("/proc"))) - before) <= 2, "processes of the world")


@test("what is kept on disk of logins has the same size after any number of them")
def _():
    for world in worlds:
        names = world.out("find", "/run/okta-login", "-type", "f", "-printf", "%P %s\\n").splitlines()
        size = {name: int(bytes_) for name, bytes_ in (line.split() for line in names)}
        check(size.pop("waiting") <= 72 * 80, "places: %r" % size)
        equal(len(size), 2 * PROGRAMS, "a record and a list for each person")
        check(all(s <= 4224 for name, s in size.items() if name.startswith("used/")), "%r" % size)


@test("a program that loses a kilobyte and a descriptor with each login is seen")
def _():
    _, (heap, descriptors, _) = many(1, 2, lambda n: n >= 2 * WARM)
    print("# the control: %.0f bytes and %.1f descriptors for each login" % (heap, descriptors))
    check(heap > HEAP_PER_LOGIN and round(descriptors, 4) > 0, "not seen")


def details():
    return "".join("log of %s:\n%s\n" % (i, world.log()[-2000:]) for i, world in enumerate(worlds, 1))


machine.unchanged()
run(details, close=(*worlds, okta))
