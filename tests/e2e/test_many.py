#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many people at the prompt at once."""
import re
import time

import login
import machine
from login import Login
from standin import Okta
from tap import equal, run, test
from world import HELPER, World, wait

N = 20
okta = Okta()
okta.switches(device_interval=1)
for i in range(N):
    okta.admin("POST", "/users", {"login": "p%02d@acme.example" % i, "groups": ["linux-users"]})
world = World(okta)
world.sync()
world.start_sshd()


@test("20 people wait at their prompts at once, each approves, each gets in as himself, nobody as another")
def _():
    started = time.monotonic()
    children = [world.ssh("p%02d" % i, "id", "-un", timeout=60) for i in range(N)]
    waiting = [Login(c) for c in children]
    print("# all at the prompt after %.1f s" % (time.monotonic() - started))
    equal(len({w.code for w in waiting}), N, "different codes")
    equal(len(world.helpers()), N, "helpers")
    # one that waits, and the one that asks Okta; those that fetch keys have ended
    wait(lambda: len(world.processes(HELPER)) == 2 * N, 5)
    size = 0
    processes = world.processes(HELPER)
    for pid in processes:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
            size += int(re.search(r"(?m)^Pss:\s+(\d+)", f.read()).group(1))
    print("# memory of a waiting login: %d kB (PSS of its two processes)" % (size // N))
    okta.forget()
    for i, one in enumerate(waiting):
        okta.approve(one.code, "p%02d" % i)
    login.wait_for_token(okta, N, 40)  # the second ten ask each 15 s
    for one in waiting:
        one.press_enter()
    for i, one in enumerate(waiting):
        one.child.expect(rb"(?m)^p%02d\r?$" % i)
        equal(login.finish(one.child), 0, "exit status of p%02d" % i)
    world.wait_helpers(0, 2)


@test("while they wait, the local user and root get in with their keys")
def _():
    children = [world.ssh("p%02d" % i, "true", timeout=60) for i in range(N)]
    waiting = [Login(c) for c in children]
    for user in ("opal", "root"):
        done = world.ssh_run(user, "echo", "GOT-IN", key=world.key(user))
        equal(done.stdout, "GOT-IN\n", user)
    for one in waiting:
        login.hang_up(one.child)


@test("20 clients that hang up leave no helper behind after 2 s")
def _():
    world.wait_helpers(0, 2)
    okta.forget()
    time.sleep(2)
    equal(okta.requests("/v1/token"), [], "polls after they hung up")


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
