#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who asks sshd for names learns nothing from what it says and when (S39): is a person unknown, or suspended?
TRIALS says how often each is asked for: 1000.  It is timed, so make check leaves it out.

A person who may log in gets a code, which nobody else gets: that cannot be hidden, and THREATS.md says so.
"""
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import machine  # noqa: E402
from standin import Okta  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from world import World  # noqa: E402

import pexpect  # noqa: E402

TRIALS = int(os.environ.get("TRIALS", "1000"))
FEW = min(TRIALS, 60)  # enough for 20 ms
MEDIAN_MS = 5.0
SHUFFLES = 500

okta = Okta()
WHO = {"unknown": "nobody%d", "suspended": "sus%d"}
PEOPLE = 8  # of each kind, so that a cache of one name shows nothing
for i in range(PEOPLE):
    okta.admin("POST", "/users", {"login": "sus%d@acme.example" % i, "groups": ["linux-users"]})
    okta.user("sus%d" % i, status="SUSPENDED")
world = World(okta)
world.sync()
# the delay of some seconds at random after a wrong password would hide what is looked for
world.run("sed", "-i", "s/pam_unix.so/& nodelay/", "/etc/pam.d/common-auth")
world.start_sshd(STARTUPS="200:30:400")


def ask(user):
    """(milliseconds to the first prompt, milliseconds to the refusal, what was said)"""
    argv = world.ssh_command(user, "true", options=(
        "-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=keyboard-interactive"))
    started = time.monotonic()
    child = pexpect.spawn(argv[0], argv[1:], timeout=30, encoding="utf-8", codec_errors="replace",
                          env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"})
    child.expect("(?i)password: ?")
    prompt, said = time.monotonic(), child.before + child.after
    child.send("x\r")
    answered = time.monotonic()
    child.expect(pexpect.EOF)
    refused = time.monotonic()
    child.close()
    text = re.sub(r"\S+@127\.0\.0\.1|\[127\.0\.0\.1\]:\d+|'[^']*'", "...", said + child.before)
    return (prompt - started) * 1000, (refused - answered) * 1000, text


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def chance(a, b):
    """How often two medians of values dealt at random are as far apart as those of A and B."""
    far, both, n = abs(median(a) - median(b)), a + b, 0
    for _ in range(SHUFFLES):
        random.shuffle(both)
        n += abs(median(both[:len(a)]) - median(both[len(a):])) >= far
    return n / SHUFFLES


def trials(kinds, times):
    """For each of KINDS what ask() said, in random order."""
    got = {kind: [] for kind in kinds}
    for number in range(times):
        for kind in random.sample(kinds, len(kinds)):
            got[kind].append(ask(WHO[kind] % (number % PEOPLE)))
    return got


def compare(got, kinds):
    """[(what, difference of the medians in ms, chance)]"""
    result = []
    for column, what in ((0, "prompt"), (1, "refusal")):
        a, b = ([t[column] for t in got[kind]] for kind in kinds)
        result.append((what, median(b) - median(a), chance(a, b)))
    return result


kept = {}


@test("unknown and suspended people are refused with the same words")
def _():
    kinds = ["unknown", "suspended"]
    kept.update(trials(kinds, TRIALS))
    said = [{t[2] for t in kept[kind]} for kind in kinds]
    equal(said[0], said[1], "words")
    equal(len(said[0]), 1, "different answers")


@test("and in the same time: medians at most %.0f ms apart" % MEDIAN_MS)
def _():
    for what, apart, p in compare(kept, ["unknown", "suspended"]):
        print("# figure S39 what=%s trials=%d median_ms_apart=%.2f p=%.3f" % (what, TRIALS, apart, p))
        check(abs(apart) <= MEDIAN_MS, "%s: %.2f ms apart" % (what, apart))


SLOWER = "/usr/local/sbin/slower"


@test("a host that takes 20 ms longer for one of them is seen")
def _():
    world.write(SLOWER, "#!/bin/sh\ncase $PAM_USER in sus*) sleep 0.02 ;; esac\n", 0o755)
    # behind pam_unix, so that only the refusal waits: the way to the prompt varies by more
    world.run("sed", "-i", "s/success=1 /success=2 /; /pam_deny.so/i auth optional pam_exec.so quiet " + SLOWER,
              "/etc/pam.d/common-auth")
    kinds = ["unknown", "suspended"]
    what, apart, p = compare(trials(kinds, FEW), kinds)[1]
    print("# on the slower host: what=%s trials=%d median_ms_apart=%.2f p=%.3f" % (what, FEW, apart, p))
    check(apart > MEDIAN_MS and p < 0.01, "%s: %.2f ms apart, p %.3f" % (what, apart, p))


def details():
    return "log:\n" + world.log()[-2000:]


machine.unchanged()
run(details, close=(world, okta))
