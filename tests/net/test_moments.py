#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-auth-helper while the world changes under a login: Okta's keys are rotated at each of its moments, every
answer is 429 for a while, and somebody sets the host's clock.  TAP.  Argument: the build directory."""
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
os.environ["HELPER"] = os.path.join(BUILD, "okta-auth-helper")

# pylint: disable=wrong-import-position
from helper import CLAIMS, FAILURE, PROMPT, ROOT, Helper
from okta import Okta
from tap import run

class Clock:
    """The wall clock of a process, which can be set."""

    def __init__(self):
        library = os.path.join(BUILD, "tests/fault/libjump.so")
        subprocess.run(["make", "-s", "-C", ROOT, "B=" + BUILD, "WERROR=1", library], check=True)
        self.file = tempfile.NamedTemporaryFile(prefix="okta-clock-")
        self.file.write(bytes(8))
        self.file.flush()
        os.chmod(self.file.name, 0o644)
        self.map = mmap.mmap(self.file.fileno(), 8)
        self.env = {"LD_PRELOAD": library, "JUMP": self.file.name}
        self.set(1000)  # else nothing below would prove anything
        told = subprocess.run(["date", "+%s"], env=self.env, stdout=subprocess.PIPE, check=True).stdout
        assert 990 < int(told) - time.time() < 1010, told

    def set(self, ahead_s):
        struct.pack_into("<q", self.map, 0, ahead_s)


def backdated():
    """A stand-in whose certificate is two days old: else a host whose clock is behind sees that first."""
    clock = Clock()
    clock.set(-2 * 86400)
    os.environ.update(clock.env)
    try:
        started = Okta()
    finally:
        for name in clock.env:
            del os.environ[name]
    clock.set(0)
    return started, clock


okta, clock_of_okta = backdated()
TOKEN, KEYS = "/oauth2/v1/token", "/oauth2/v1/keys"


def fresh(**switches):
    okta.forget()
    okta.admin("POST", "/clock", {"skew_s": 0})
    okta.switches(**{"device_interval": 1, "device_expires_in": 600, "id_token": "fat", **switches})


def count(path, status=None):
    return sum(r["path"].split("?")[0] == path and status in (None, r["status"]) for r in okta.requests())


def until(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# --- keys -------------------------------------------------------------------------------------

def rotated(mode, moment):
    """(claims or failure, fetches of the keys) of a login in which the keys are rotated at MOMENT."""
    def rotate():
        okta.admin("POST", "/rotate", {"mode": mode, "server": "org"})
    fresh()
    if moment == "before it begins":
        rotate()
    if moment == "while the first keys are on their way":
        okta.fault(path="/keys", kind="delay", delay_ms=600, times=1)
    if moment == "while the token is on its way":
        okta.fault(path="/v1/token", kind="slow", delay_ms=600, times=-1)
    with Helper(okta.url, ca_file=okta.ca) as h:
        prompt = h.prompt()
        if moment == "while the first keys are on their way":
            time.sleep(0.2)
            rotate()
        elif moment == "behind the prompt":
            until(lambda: count(KEYS))
            rotate()
        okta.approve(prompt)
        if moment == "behind the approval":
            rotate()
        if moment == "while the token is on its way":
            time.sleep(1.3)
            rotate()
        m = h.read(20)
    return m, count(KEYS)


MOMENTS = ["before it begins", "while the first keys are on their way", "behind the prompt", "behind the approval",
           "while the token is on its way"]


def keys_rotated_at_any_moment_of_a_login_keep_nobody_out_and_cost_one_fetch_more():
    n, fetches = 0, []
    for mode in ("normal", "next", "emergency"):
        for moment in MOMENTS:
            m, times = rotated(mode, moment)
            assert m["type"] == CLAIMS, (mode, moment, m)
            n += 1
            fetches.append(times)
    print("# figure R15 what=rotated-at-each-moment n=%d refused=0 most_fetches=%d" % (n, max(fetches)), flush=True)
    assert max(fetches) <= 2, fetches


# --- 429 --------------------------------------------------------------------------------------

def logins_that_meet_nothing_but_429_for_a_while_ask_as_told_and_succeed_afterwards():
    waiting, told_s, storm_s = 12, 3, 10
    fresh()
    logins = [Helper(okta.url, ca_file=okta.ca, deadline_s=90) for _ in range(waiting)]
    try:
        prompts = [h.prompt() for h in logins]
        okta.fault(path="/v1/token", kind="rate_limit", times=-1, delay_ms=told_s * 1000)
        okta.admin("DELETE", "/log")
        for prompt in prompts:
            okta.approve(prompt)
        time.sleep(storm_s)
        asked = count(TOKEN, 429)
        okta.admin("DELETE", "/faults")
        results = [h.read(60) for h in logins]
    finally:
        for h in logins:
            h.end()
    budget = waiting * (1 + storm_s // told_s)
    print("# figure R17 what=429-storm logins=%d seconds=%d requests=%d budget=%d lost=%d" % (
        waiting, storm_s, asked, budget, sum(m["type"] != CLAIMS for m in results)), flush=True)
    assert all(m["type"] == CLAIMS for m in results), results
    assert waiting <= asked <= budget, asked


# --- the clock --------------------------------------------------------------------------------

def jump_amid(clock, ahead_s, token=None, before=0):
    """What becomes of an approved login if the clock jumps behind its prompt; BEFORE: it was off from the start."""
    fresh()
    if token:
        okta.admin("POST", "/token", {"kind": token, "times": 1})
    clock.set(before)
    with Helper(okta.url, ca_file=okta.ca, env=clock.env, deadline_s=12, clock_skew_s=300) as h:
        m = h.read(15)
        if m["type"] != PROMPT:
            return m
        clock.set(before + ahead_s)
        okta.approve(m)
        return h.read(15)


def a_clock_that_is_minutes_off_lets_log_in_and_one_that_is_hours_off_does_not():
    clock = Clock()
    for off, wanted in ((-280, CLAIMS), (280, CLAIMS), (3 * 3600, FAILURE), (-3600, FAILURE), (86400, FAILURE), (-86400, FAILURE)):
        m = jump_amid(clock, 0, before=off)
        assert m["type"] == wanted, (off, m)
        assert wanted == CLAIMS or m["code"] in ("TOKEN", "TLS"), (off, m)
    print("# figure R14 what=clock-off n=6 wrong=0", flush=True)


def a_clock_that_is_set_by_minutes_amid_a_login_keeps_nobody_out_and_by_hours_ends_it():
    clock = Clock()
    for jump, wanted in ((-200, CLAIMS), (200, CLAIMS), (5000, FAILURE), (-5000, FAILURE)):
        m = jump_amid(clock, jump)
        assert m["type"] == wanted, (jump, m)
        assert wanted == CLAIMS or m["code"] == "TOKEN" and "clock" in m["detail"], (jump, m)
    print("# figure R14 what=clock-set-amid-a-login n=4 wrong=0", flush=True)


def a_clock_that_is_set_back_amid_a_login_makes_no_expired_token_good():
    clock = Clock()
    jumps = (0, -1800, -5400, -86400)
    for jump in jumps:
        m = jump_amid(clock, jump, token="expired")
        assert m["type"] == FAILURE, (jump, m)
    print("# figure R14 what=expired-and-set-back n=%d accepted=0" % len(jumps), flush=True)


def a_clock_that_is_set_extends_and_shortens_no_deadline():
    clock = Clock()
    for jump in (-86400, 86400):
        fresh()
        clock.set(0)
        with Helper(okta.url, ca_file=okta.ca, env=clock.env, deadline_s=5) as h:
            h.prompt()
            clock.set(jump)
            began = time.monotonic()
            m = h.failure(20)
            took = time.monotonic() - began
        assert m["code"] == "DEADLINE" and 3 < took < 6, (jump, m, took)
    print("# figure R14 what=deadline-and-clock-set n=2 moved=0", flush=True)


try:
    run([
        a_clock_that_is_set_back_amid_a_login_makes_no_expired_token_good,
        a_clock_that_is_minutes_off_lets_log_in_and_one_that_is_hours_off_does_not,
        a_clock_that_is_set_by_minutes_amid_a_login_keeps_nobody_out_and_by_hours_ends_it,
        a_clock_that_is_set_extends_and_shortens_no_deadline,
        keys_rotated_at_any_moment_of_a_login_keep_nobody_out_and_cost_one_fetch_more,
        logins_that_meet_nothing_but_429_for_a_while_ask_as_told_and_succeed_afterwards,
    ])
finally:
    okta.close()
