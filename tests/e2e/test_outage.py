#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Okta away, slow, strange or lying: a clear message, a precise log line, nobody let in, no hang."""
import concurrent.futures
import json
import re
import socket
import time

import login
import machine
from login import Login, refused
from standin import Okta
from tap import check, equal, run, test
from world import World, wait

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
world.sync()
world.start_sshd()
ONCE = ("-o", "NumberOfPasswordPrompts=1")
LINE = r"okta: user=ada service=sshd .*result=(refused|unavailable) reason=%s"
SORRY = rb"Okta cannot be reached now"


def soon(took):
    print("# message after %.1f s" % took)
    check(took < 6, "the message came after %.1f s" % took)


@test("Okta refuses connections: a clear message within 5 s")
def _():
    okta.stop()
    try:
        soon(refused(world, "ada", SORRY, world.mark(), LINE % "unreachable"))
    finally:
        okta.start()
        okta.switches(device_interval=1)


class Hanging:
    """ada's login by su (which, unlike sshd, adds no delay of its own) while Okta hangs."""

    def __init__(self):
        self.since, self.wall = world.mark(), time.time()
        self.child = world.pty("su", "ada", user="opal", timeout=30)

    def end(self, reason):
        self.child.expect(rb"Okta cannot be reached now")
        check(login.finish(self.child) != 0, "ada got in")
        line = world.logged(r"okta: user=ada service=su .*result=unavailable reason=" + reason, self.since)
        took = float(line.split()[0]) - self.wall
        print("# refused after %.1f s: %s" % (took, line))
        check(took < 20, "took %.1f s" % took)


@test("Okta accepts and never answers (a hanging TLS handshake): a clear message in less than 20 s")
def _():
    okta.stop()
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", okta.port))
        silent.listen(50)
        Hanging().end("(unreachable|tls)")
    okta.start()
    okta.switches(device_interval=1)


def with_certificate(kind):
    okta.stop()
    okta.start("--tls", kind)
    try:
        soon(refused(world, "ada", rb"(?i)okta", world.mark(), LINE % "tls"))
    finally:
        okta.stop()
        okta.start()
        okta.switches(device_interval=1)


@test("a certificate that is expired, self-signed or for another host is refused and named in the log")
def _():
    for kind in ("expired", "self-signed", "wrong-host"):
        print("# " + kind)
        with_certificate(kind)


unanswered = None


@test("Okta takes the request and never answers it: nothing is shown at first (the end is below)")
def _():
    global unanswered
    okta.forget()
    okta.fault("/device/authorize", "delay", delay_ms=60000, times=1)
    unanswered = Hanging()
    wait(lambda: okta.requests("/device/authorize"), 5)
    equal(bytes(unanswered.child.seen), b"", "the terminal")


@test("the keys are rotated while the prompt waits: the login succeeds")
def _():
    for mode in ("normal", "emergency"):
        one = Login(world.ssh("ada", "echo", "GOT-IN"))
        okta.admin("POST", "/rotate", {"mode": mode})
        login.approve_and_enter(okta, one)
        one.until(b"GOT-IN")
        login.finish(one.child)
        check(len(okta.requests("/v1/keys")) <= 2, "%r" % okta.requests("/v1/keys"))


@test("429 for the code: a message to try again, and its own log line")
def _():
    for body in ("E0000047", "oauth"):
        okta.fault("/device/authorize", "rate_limit", times=-1, body=body, delay_ms=60000)
        try:
            soon(refused(world, "ada", rb"Okta is busy", world.mark(), LINE % "rate_limited"))
        finally:
            okta.no_faults()


@test("too many user codes: the same")
def _():
    okta.switches(max_pending_codes=0)
    try:
        soon(refused(world, "ada", rb"Okta is busy", world.mark(), LINE % r"\w+"))
    finally:
        okta.switches(max_pending_codes=1000)


@test("429, 5xx, dropped and cut answers while polling are waited out: the login succeeds")
def _():
    for fault in ({"kind": "rate_limit", "delay_ms": 1000}, {"kind": "status", "status": 503},
                  {"kind": "drop"}, {"kind": "truncate"}, {"kind": "html"}):
        print("# %r" % fault)
        one = Login(world.ssh("ada", "echo", "GOT-IN"))
        okta.forget()
        okta.fault("/v1/token", times=1, **fault)
        # A lost answer that carried the tokens is lost for good: the code is used up by it.
        wait(lambda: okta.admin("GET", "/faults")[0]["times"] == 0, 5)
        login.approve_and_enter(okta, one)
        one.until(b"GOT-IN")
        login.finish(one.child)
        okta.no_faults()


@test("answers to the code request that make no sense: refused, each with a log line")
def _():
    good = {"device_code": "4ebdb4de-1f8b-4497-be01-ddfaf83c4e9c", "user_code": "MHXTFRPK",
            "verification_uri": okta.url + "/activate", "expires_in": 600, "interval": 5,
            "verification_uri_complete": okta.url + "/activate?user_code=MHXTFRPK"}
    bad = [{"user_code": "MH\x1b[31mX"}, {"user_code": "mhxtfrpk"}, {"user_code": "M" * 64},
           {"user_code": ""}, {"user_code": 7}, {"verification_uri": "https://evil.example/activate"},
           {"verification_uri_complete": okta.url.replace("https", "http") + "/activate?user_code=MHXTFRPK"},
           {"verification_uri_complete": okta.url + "@evil.example/?user_code=MHXTFRPK"},
           {"verification_uri": okta.url + "/activate\r\nPassword:"}, {"device_code": ""},
           {"expires_in": 0}, {"expires_in": -1}, {"expires_in": 1e300}, {"interval": -5}]
    bodies = ["", "{", "[]", "null", '{"a":' * 100, "\ufeff{}"]
    bodies += [json.dumps({**good, **change}) for change in bad]
    def one(body):
        since = world.mark()
        child = world.ssh("ada", "echo", "GOT-IN", options=ONCE)
        shown = child.expect([rb"(?i)okta", rb"evil\.example", rb"\x1b\["])
        equal(shown, 0, "what the terminal showed for %r" % body)
        check(login.finish(child) != 0 and b"GOT-IN" not in child.seen, "got in")
        check(b"evil" not in child.seen and b"MHXTFRPK" not in child.seen,
              "%r reached the terminal: %s" % (body, login.text(child)))
        world.logged(LINE % "answer", since)
    for body in bodies:
        okta.fault("/device/authorize", "garbage", times=1, body=body)
        try:
            one(body)
        finally:
            okta.no_faults()


@test("garbage from the token endpoint for ever: refused before the code expires, without a hang")
def _():
    okta.fault("/v1/token", "garbage", times=-1)
    try:
        since = world.mark()
        one = Login(world.ssh("ada", "echo", "GOT-IN", options=ONCE))
        started = time.monotonic()
        one.press_enter()
        one.until(SORRY, timeout=40)
        print("# refused after %.1f s" % (time.monotonic() - started))
        check(login.finish(one.child) != 0 and b"GOT-IN" not in one.child.seen, "got in")
        world.logged(LINE % "answer", since)
    finally:
        okta.no_faults()


BAD_TOKENS = ("wrong_kid other_key alg_none hs256 no_signature tampered not_a_jwt expired issued_in_future "
              "not_before no_exp wrong_aud aud_array wrong_azp wrong_iss wrong_sub no_sub").split()


@test("an ID token that is bad in any one way opens nothing")
def _():
    since = world.mark()
    def one(kind):
        # Which login gets which bad token does not matter: all of them are to be refused.
        okta.admin("POST", "/token", {"kind": kind, "times": 1})
        begun = Login(world.ssh("ada", "echo", "GOT-IN", options=ONCE, timeout=30))
        okta.approve(begun.code, "ada")
        begun.press_enter()
        while begun.child.expect([login.AGAIN, rb"could not be verified|cannot be reached|not set up|denied|Somebody else|not for this"], timeout=20) == 0:
            begun.press_enter()
        status = login.finish(begun.child)
        return status != 0 and b"GOT-IN" not in begun.child.seen
    # as many as one address may have waiting for one person
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(one, BAD_TOKENS))
    equal([k for k, good in zip(BAD_TOKENS, verdicts) if not good], [], "tokens that opened the door")
    equal(okta.admin("GET", "/state")["bad_tokens"], [], "bad tokens nobody fetched")
    lines = [x for x in world.log(since).splitlines() if re.search("result=(refused|unavailable)", x)]
    equal(len(lines), len(BAD_TOKENS), "refusals in the log")
    check(not re.search(r"eyJ[A-Za-z0-9_-]{8}", world.log(since)), "a token is in the log")


@test("a token with a groups claim of the wrong type, or too many groups, opens nothing; without one, userinfo decides")
def _():
    okta.switches(groups_claim_limit=1)
    try:
        since = world.mark()
        one = Login(world.ssh("ada", "echo", "GOT-IN", options=ONCE))
        okta.approve(one.code, "ada")
        one.press_enter()
        check(one.finish() != 0 and b"GOT-IN" not in one.child.seen, "got in")
        world.logged(LINE % r"too_many_groups", since)
    finally:
        okta.switches(groups_claim_limit=100)
    okta.admin("POST", "/token", {"kind": "no_groups", "times": 1})
    one = Login(world.ssh("ada", "echo", "GOT-IN"))
    login.approve_and_enter(okta, one)
    one.until(b"GOT-IN")
    login.finish(one.child)
    equal(len(okta.requests("/v1/userinfo")), 1, "userinfo requests")


@test("each way of client authentication and DPoP at the login works, and so does a custom authorization server")
def _():
    okta.switches(custom_groups_scope=True)
    for changes in (
            {"login": {"client_id": okta.org["native_secret_client_id"],
                       "client_secret_file": "/etc/okta-login/client-secret"}},
            {"login": {"client_id": okta.org["native_dpop_client_id"]}},
            {"okta": {"authorization_server": "default"}}):
        print("# %r" % changes)
        world.configure(changes)
        one = Login(world.ssh("ada", "echo", "GOT-IN"))
        login.approve_and_enter(okta, one)
        one.until(b"GOT-IN")
        login.finish(one.child)
    world.configure()


@test("clocks five minutes apart log in; a day apart is refused with a message that names the clock")
def _():
    for skew, wanted in ((295, True), (-295, True), (-86400, False), (86400, False)):
        print("# %d s" % skew)
        world.configure()
        okta.admin("POST", "/clock", {"skew_s": skew})
        since = world.mark()
        one = Login(world.ssh("ada", "echo", "GOT-IN", options=ONCE))
        okta.approve(one.code, "ada")
        one.press_enter()
        one.finish()
        equal(b"GOT-IN" in one.child.seen, wanted, "got in with a skew of %d s" % skew)
        if not wanted:
            world.logged(r"(?i)okta: user=ada .*result=refused .*(clock|exp|iat|issued)", since)
    okta.admin("POST", "/clock", {"skew_s": 0})
    world.configure()


@test("Okta takes the request and never answers it: a clear message in less than 20 s")
def _():
    unanswered.end("unreachable")


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
