#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many people wait for an approval at the same time (R9, S25, S40).  CROWD says how many: 40."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
from crowd import Crowd, pss_kb, work  # noqa: E402
from standin import Okta  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from world import HELPER, World, wait  # noqa: E402

N = int(os.environ.get("CROWD", "40"))
WINDOW_S = 20 if N <= 60 else 60
PEOPLE = ["p%03d" % i for i in range(N)]
PSS_KB = 2048 if N >= 500 else 2560  # fewer share what is shared
# okta-login.conf(5): 10 places poll each 5 s, 20 each 15 s, the rest each 40 s
PER_MINUTE = (min(N, 10) * 60 / 5 + min(max(N - 10, 0), 20) * 60 / 15 + max(N - 30, 0) * 60 / 40)

okta = Okta()
for name in PEOPLE:
    okta.admin("POST", "/users", {"login": name + "@acme.example", "groups": ["linux-users"]})
world = World(okta)
world.sync()
world.authorize("opal")
STARTUPS = "%d:30:%d" % (N + 100, 2 * N + 200)
world.start_sshd(GRACE="900", STARTUPS=STARTUPS)


def configure(**keys):
    world.configure({"login": {"grace_s": "900", "max_waiting": str(N), **keys}})


def figure(invariant, **values):
    print("# figure %s %s" % (invariant, " ".join("%s=%s" % pair for pair in values.items())))


def ask(crowd):
    for one in crowd:
        okta.approve(one.code, one.user)


@test("%d people wait at once: none is lost, each gets in as himself" % N)
def _():
    configure()
    crowd = Crowd(world, PEOPLE)
    try:
        waiting = crowd.gather(400)
        equal(len(waiting), N, "people at the prompt")
        equal(len({one.code for one in waiting}), N, "different codes")
        # one that waits, and the one that asks Okta; those that fetch keys have ended
        wait(lambda: len(world.processes(HELPER)) == 2 * N, 60)
        helpers, sshds = world.processes(HELPER), world.processes("/usr/sbin/sshd")
        pss = pss_kb(helpers) / N
        okta.switches(enforce_rate_limits=True)
        okta.forget()
        ran, slept = work(helpers)
        crowd.stay(WINDOW_S)
        ran_after, slept_after = work(helpers)
        polls = okta.requests("/v1/token")
        figure("R9", waiting=N, pss_kb=round(pss), sshd_pss_kb=round(pss_kb(sshds) / N), polls=len(polls),
               window_s=WINDOW_S, cpu_ms_per_poll=round((ran_after - ran) / max(len(polls), 1), 1),
               sleeps_per_poll=round((slept_after - slept) / max(len(polls), 1), 1),
               cpu_ms_per_minute_each=round((ran_after - ran) * 60 / WINDOW_S / N, 1))
        check(pss <= PSS_KB, "a waiting login has %d kB" % pss)
        # each of the slow ones may have its turn at the edge of the window
        check(len(polls) <= PER_MINUTE * WINDOW_S / 60 + N / 4 + 10,
              "%d polls in %d s, not at most %d a minute" % (len(polls), WINDOW_S, PER_MINUTE))
        for user in ("opal", "root"):
            done = world.ssh_run(user, "echo", "GOT-IN", key=world.key(user))
            equal(done.stdout, "GOT-IN\n", user + " with a key, while all places are taken")
        ask(waiting)
        lost = crowd.until_all_ended(180)
        limited = [r for r in okta.requests() if r["status"] == 429]
        figure("R9", waiting=N, lost=len(lost), answers_429=len(limited))
        equal([one.user for one in lost], [], "lost")
        equal(len(limited), 0, "answers 429 of an Okta that allows an app 1000 a minute")
        check(any(b"may take 40 s" in one.seen for one in waiting) or N <= 30, "nobody was told to be patient")
    finally:
        crowd.close()
    okta.switches(enforce_rate_limits=False)
    world.wait_helpers(0, 5)


@test("a host that has one place less loses one, which this harness sees; a key gets in, and so does who comes later")
def _():
    few = PEOPLE[:4]
    configure(max_waiting="3")
    since = world.mark()
    crowd = Crowd(world, few, at_once=1)
    try:
        waiting = crowd.gather(60)
        equal([one.user for one in waiting], few[:3], "at the prompt")
        check(b"Too many logins wait for approval now" in crowd.all[3].seen, "not told why:\n%s" % crowd.all[3].seen)
        world.logged("user=%s .*reason=too_many_waiting" % few[3], since)
        equal(world.ssh_run("opal", "echo", "GOT-IN", key=world.key("opal")).stdout, "GOT-IN\n", "opal")
        ask(waiting)
        equal([one.user for one in crowd.until_all_ended(60)], few[3:], "lost")
    finally:
        crowd.close()
    again = Crowd(world, few[3:])
    try:
        ask(again.gather(30))
        equal(again.until_all_ended(60), [], "lost of those who came later")
    finally:
        again.close()


@test("whose clients are killed have their places free again, without anything tidying up")
def _():
    configure(max_waiting="3")
    crowd = Crowd(world, PEOPLE[:3])
    equal(len(crowd.gather(60)), 3, "at the prompt")
    crowd.close()
    world.wait_helpers(0, 5)
    again = Crowd(world, PEOPLE[:3])
    try:
        ask(again.gather(60))
        equal(again.until_all_ended(60), [], "lost")
    finally:
        again.close()


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
