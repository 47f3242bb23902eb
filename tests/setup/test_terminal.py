#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""oktactl setup and oktactl doctor on a real terminal, in tmux, as an admin uses them."""
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
sys.path.insert(0, HERE)
import host as place  # noqa: E402
import login  # noqa: E402
import machine  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import world  # noqa: E402
from tap import check, equal, test  # noqa: E402

okta = standin.Okta()
host = world.World(okta)
place.bare(host)
host.start_sshd()
BEFORE = place.files(host)


class Terminal:
    """A terminal of tmux's with one program in the world."""

    def __init__(self, *command):
        self.socket = host.dir + "/tmux"
        self.done = host.dir + "/done"
        self.answered = None  # what the screen showed then
        if os.path.exists(self.done):
            os.unlink(self.done)
        enter = host._command(command)
        # the status where the test can read it; the screen stays to be read too
        script = 'trap : INT; "$@"; echo $? >%s.new; mv %s.new %s; exec sleep 600' % ((self.done,) * 3)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "200", "sh", "-c", script, "sh", *enter)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-J", "-S", "-2000")

    def expect(self, pattern, timeout=15):
        """Wait until what was shown since the last answer matches PATTERN at its end."""
        end = time.monotonic() + timeout
        while True:
            text = self.screen().rstrip()
            if text != self.answered and re.search(pattern + r"\s*$", text):
                return text
            if os.path.exists(self.done) or time.monotonic() > end:
                raise AssertionError("%r is not at the end of the screen:\n%s" % (pattern, text))
            time.sleep(0.05)

    def answer(self, text=""):
        self.answered = self.screen().rstrip()
        self.tmux("send-keys", "-l", text) if text else None
        self.tmux("send-keys", "Enter")

    def finish(self, timeout=30):
        """Its exit status and all it has shown."""
        world.wait(lambda: os.path.exists(self.done), timeout)
        with open(self.done, encoding="ascii") as f:
            status = int(f.read())
        text = self.screen()
        self.close()
        return status, text

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


terminals = []


def start(*command):
    for each in terminals:
        each.close()
    terminals[:] = [Terminal(*command)]
    return terminals[0]


def screen():
    return terminals[0].screen() if terminals else "no terminal"


class Tidy:
    def close(self):
        for each in terminals:
            each.close()


QUESTION = {
    "org": r"Okta org\n.*\n.*\n  (\[\S+\])?: ?",
    "native": r"Client id of the native app.*\n(  .*\n)+  (\[\S+\])?: ?",
    "service": r"Client id of the service app.*\n(  .*\n)+  (\[\S+\])?: ?",
    "kid": r"Name \(kid\).*\n(  .*\n)+  \[\S+\]: ?",
    "scope": r"Whom to know.*\n(  .*\n)+  \[all\]: ?",
    "domains": r"Domains to cut off.*\n(  .*\n)+  \[.*\]: ?",
    "allow": r"Groups that may log in.*\n(  .*\n)+  (\[.*\])?: ?",
    "claim": r"claim lets through.*\n(  .*\n)+  \[.*\]: ?",
    "match": r"Unix groups.*\n(  .*\n)+  \[.*\]: ?",
    "local": r"join a local group.*\n(  .*\n)+  \[.*\]: ?",
}
RIGHT = [("org", lambda: okta.url), ("native", lambda: okta.org["native_client_id"]),
         ("service", lambda: okta.org["service_client_id"]), ("kid", lambda: okta.org["service_kid"]), ("scope", lambda: ""),
         ("domains", lambda: "acme.example"), ("allow", lambda: "linux-users"), ("claim", lambda: ""),
         ("match", lambda: "eng, linux-admins"), ("local", lambda: "linux-admins:sudo")]
KEY_IS_IN = r"Press Enter when that is done \(s stops\):"
AGAIN = r"press Enter to check just that again \(s stops\):"
GO_ON = r"switch on PAM and NSS now\? \[y/N\]"


def answer_all(terminal, **instead):
    for name, value in RIGHT:
        terminal.expect(QUESTION[name])
        terminal.answer(instead.get(name, value()))
    terminal.expect(KEY_IS_IN)


def tell_okta():
    """What the admin does with the printed JWK: Okta knows this key now."""
    with open(okta.dir + "/service.key", "wb") as f:
        f.write(host.read(place.KEY))
    okta.stop()
    okta.start()


def undo():
    status, text = start("oktactl", "setup", "--undo").finish()
    equal(status, 0, "exit status (%s)" % text)
    equal(place.difference(BEFORE, place.files(host)), [], "changed files")


def words(text, *wanted):
    flat = " ".join(text.split())
    for word in wanted:
        check(word in flat, "%r is not in:\n%s" % (word, text))


@test("from the first question to an ssh login, with a wrong answer asked again with its reason")
def _():
    t = start("oktactl", "setup", "--ca-file", place.CONF_DIR + "/ca.pem")
    t.expect(QUESTION["org"])
    t.answer("acme.okta.com")
    words(t.expect(QUESTION["org"]), "Not so: it must start with https://")
    t.answer("https://localhost:1")
    words(t.expect(QUESTION["org"]), "cannot be reached", "nothing is changed on this host")
    t.answer(okta.url)
    t.expect(QUESTION["native"])
    t.answer("")
    words(t.expect(QUESTION["native"]), "Not so: it must not be empty")
    t.answer(okta.org["native_client_id"])
    for name, value in RIGHT[2:]:
        t.expect(QUESTION[name])
        t.answer(value())
    words(t.expect(KEY_IS_IN), "Made the service app's private key: " + place.KEY, '"kid":"service-1"', "Add key",
          "Okta API Scopes", "Read-Only Administrator")
    t.answer()  # too early
    words(t.expect(AGAIN), "failure api.token", "invalid_client", "Public keys")
    tell_okta()
    t.answer()
    words(t.expect(GO_ON), "pass api.token", "pass api.groups", "people: 8", "ada, bob, frank, grace, ivan", "ada (sudo)")
    equal(t.screen().count("pass     okta.device"), 1, "proofs of the device grant: only what failed is repeated")
    check(not os.path.exists(host.path(world.CONF)), "a configuration before the admin agreed")
    t.answer("y")
    status, text = t.finish()
    equal(status, 0, "exit status (%s)" % text)
    words(text, "PAM: on", "NSS: on", "getent passwd ada ada:*:", "0 failures", "Keep this root session open", "ssh ada@HOST")
    okta.forget()
    child = host.ssh("ada")
    at = login.Login(child)
    okta.approve(at.code, "ada")
    at.press_enter()
    at.until(login.SHELL)
    login.hang_up(child)


@test("doctor on a terminal says that all is well, and what is not once something breaks")
def _():
    status, text = start("oktactl", "doctor").finish()
    equal(status, 0, "exit status (%s)" % text)
    words(text, "0 warnings, 0 failures")
    with open(host.path("/etc/nsswitch.conf"), encoding="utf-8") as f:
        before = f.read()
    host.write("/etc/nsswitch.conf", before.replace("files okta", "files"))
    okta.switches(admin_role="NONE")
    okta.admin("POST", "/clock", {"skew_s": 330})
    try:
        status, text = start("oktactl", "doctor").finish()
    finally:
        host.write("/etc/nsswitch.conf", before)
        okta.switches(admin_role="SUPER_ADMIN")
        okta.admin("POST", "/clock", {"skew_s": 0})
    equal(status, 2, "exit status (%s)" % text)
    words(text, "failure nss.passwd", "cure: in /etc/nsswitch.conf: passwd: files okta", "failure clock", "timedatectl")


@test("run again, Enter takes what is there, and --undo gives the host back")
def _():
    t = start("oktactl", "setup")
    for name, value in RIGHT:
        shown = t.expect(QUESTION[name])
        wanted = {"scope": "all", "claim": "*"}.get(name, value())
        check("[%s]" % wanted in shown.splitlines()[-1], "%s is not the default: %s" % (wanted, shown.splitlines()[-1]))
        t.answer()
    t.expect(KEY_IS_IN)
    t.answer()
    t.expect(GO_ON)
    t.answer("y")
    status, text = t.finish()
    equal(status, 0, "exit status (%s)" % text)
    words(text, "stays as it is", "PAM: on already", "NSS: on already")
    undo()


def corrected(sentence, failed, how, cure, **instead):
    """A permission that is wrong, put right at the prompt, and only that proved again."""
    @test(sentence)
    def _():
        place.give_key(host, okta)
        how(True)
        try:
            t = start("oktactl", "setup", "--ca-file", place.CONF_DIR + "/ca.pem")
            answer_all(t, **instead)
            t.answer()
            words(t.expect(AGAIN), "failure " + failed, *cure)
        finally:
            how(False)
        t.answer()
        words(t.expect(GO_ON, timeout=20), "pass " + failed)
        t.answer("n")
        status, text = t.finish()
        equal(status, 1, "exit status")
        words(text, "nothing is switched on", "oktactl setup --undo")
        check(host.run("getent", "passwd", "ada", check=False).returncode == 2, "ada is known")
        os.unlink(host.path(place.KEY))
        undo()


corrected("a missing scope: the click, and on once it is granted", "api.users",
          lambda wrong: okta.switches(granted_scopes=["okta.groups.read"] if wrong else
                                      ["okta.users.read", "okta.groups.read", "okta.apps.read", "okta.logs.read"]),
          ["okta.users.read", "Okta API Scopes"])
corrected("a missing admin role: the click, and on once it is assigned", "api.groups",
          lambda wrong: okta.switches(admin_role="NONE" if wrong else "SUPER_ADMIN"), ["E0000006", "Admin roles"])
corrected("a clock five minutes and more wrong: the command, and on once it is right", "clock",
          lambda wrong: okta.admin("POST", "/clock", {"skew_s": 330 if wrong else 0}), ["behind of Okta", "timedatectl"])


@test("a wrong client id: told apart, stopped by s, and asked for again by the next run")
def _():
    place.give_key(host, okta)
    t = start("oktactl", "setup", "--ca-file", place.CONF_DIR + "/ca.pem")
    answer_all(t, native="0oanosuchclient00001")
    t.answer()
    words(t.expect(AGAIN), "failure okta.device", "invalid_client", "Client ID")
    t.answer("s")
    status, text = t.finish()
    equal(status, 1, "exit status (%s)" % text)
    words(text, "oktactl setup --check ID", "oktactl setup --undo")
    t = start("oktactl", "setup")
    t.expect(QUESTION["org"])
    t.answer()
    words(t.expect(QUESTION["native"]), "An earlier run did not come to its end", "[0oanosuchclient00001]")
    t.answer(okta.org["native_client_id"])
    for name, _ in RIGHT[2:]:
        t.expect(QUESTION[name])
        t.answer()
    t.expect(KEY_IS_IN)
    t.answer()
    t.expect(GO_ON)
    t.tmux("send-keys", "C-c")
    status, text = t.finish()
    check(status != 0, "exit status %d" % status)
    os.unlink(host.path(place.KEY))
    undo()


def with_app(client, *wanted):
    place.give_key(host, okta)
    t = start("oktactl", "setup", "--ca-file", place.CONF_DIR + "/ca.pem", "--sync-client-id", client)
    for name, value in RIGHT:
        if name != "service":
            t.expect(QUESTION[name])
            t.answer(value())
    t.expect(KEY_IS_IN)
    t.answer()
    words(t.expect(GO_ON), *wanted)
    t.answer()  # no is the default
    equal(t.finish()[0], 1, "exit status")
    os.unlink(host.path(place.KEY))
    undo()


@test("DPoP on passes; DPoP off is a warning that names the switch; a flag is not asked about")
def _():
    with_app("0oaserviceoktasync01", "pass api.dpop")
    with_app("0oaservicenodpop0001", "warning api.dpop", "Demonstrating Proof of Possession")


@test("input that ends in the middle changes nothing")
def _():
    t = start("oktactl", "setup")
    t.expect(QUESTION["org"])
    t.tmux("send-keys", "C-d")
    status, text = t.finish()
    equal(status, 1, "exit status (%s)" % text)
    words(text, "stopped: nothing is switched on")
    undo()


machine.unchanged()
tap.run(on_failure=screen, close=(Tidy(), host, okta))
