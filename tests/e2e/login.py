# SPDX-License-Identifier: BSD-2-Clause
"""What a person does at the prompt: read the code, approve it, press Enter, look."""
import re
import time

import pexpect

from tap import check

# Between the code and Enter there may be a QR and other lines.
CODE = rb"user_code=([A-Z]{8})"
ENTER = rb"Press Enter after approving: "
AGAIN = rb"No approval seen yet, it may take some seconds\. Press Enter after approving: "
SHELL = rb"@web\d[$#] $"
PASSWORD_PROMPT = rb"(?i)password( for [a-z]+)?: ?"


class Login:
    """One login on a terminal CHILD that has been started."""

    def __init__(self, child, enter=True):
        self.child = child
        child.expect(CODE)
        self.code = child.match.group(1).decode()
        self.url = re.findall(rb"https://[^\s\x1b]+user_code=[A-Z]{8}", child.before + child.after)[-1].decode()
        self.asks_enter = enter
        if enter:
            child.expect(ENTER)

    def press_enter(self):
        self.child.send(b"\r")

    def until(self, pattern, timeout=20):
        """Wait for PATTERN; each time no approval was seen yet, press Enter again."""
        end = time.monotonic() + timeout
        while True:
            hit = self.child.expect([pattern, AGAIN], timeout=max(0.1, end - time.monotonic()))
            if hit == 0:
                return
            self.press_enter()

    def finish(self, timeout=20):
        """The same until the end; the exit status."""
        self.until(pexpect.EOF, timeout)
        return finish(self.child)


def text(child):
    """What the terminal has shown so far."""
    return bytes(child.seen).decode("utf-8", "backslashreplace")


def finish(child, timeout=20):
    """Wait for the end of CHILD; its exit status."""
    child.expect(pexpect.EOF, timeout=timeout)
    child.close()
    return child.exitstatus


def hang_up(child):
    child.close(force=True)


def approve_and_enter(okta, login, person="ada"):
    okta.forget()
    okta.approve(login.code, person)
    wait_for_token(okta)
    login.press_enter()


def wait_for_token(okta, count=1, timeout=8):
    """Until the token endpoint has answered with tokens COUNT times."""
    end = time.monotonic() + timeout
    while True:
        done = [r for r in okta.requests("/v1/token") if r["status"] == 200]
        if len(done) >= count:
            return
        check(time.monotonic() < end, "no token was fetched: %r" % okta.requests("/token"))
        time.sleep(0.05)


def nothing_but_a_password(child):
    """Who gets no code is asked for a password like everybody else; none will do."""
    hit = child.expect([PASSWORD_PROMPT, rb"(?i)permission denied", CODE])
    check(hit != 2, "a code was shown")
    if hit == 0:
        child.send(b"x\r")
    check(finish(child) != 0 and b"GOT-IN" not in child.seen, "got in")


def refused(world, user, message, since, line, timeout=15, code=None, **how):
    """USER is refused: the terminal says MESSAGE, the log has LINE; returns seconds to it."""
    started = time.monotonic()
    child = world.ssh(user, "echo", "GOT-IN", options=("-o", "NumberOfPasswordPrompts=1"), **how)
    hit = child.expect([message, rb"GOT-IN", pexpect.EOF], timeout=timeout)
    took = time.monotonic() - started
    check(hit == 0, "the terminal never said %r:\n%s" % (message, text(child)))
    check(code is True or not re.search(CODE, bytes(child.seen)), "a code was shown:\n" + text(child))
    status = finish(child, timeout)
    check(status != 0 and b"GOT-IN" not in child.seen, "got in")
    world.logged(line, since)
    return took
