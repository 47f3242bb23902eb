#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""person.py DIR PERSON CODES EXPECT COMMAND...: what a person does on a terminal.

Runs COMMAND.  CODES says how each code is shown that comes up: "enter" where the prompt then waits
for Enter (ssh), "plain" where it goes on by itself.  Other things that come up are "local", a local
password, and "shell", which is asked who one is; several with commas, "-" for nothing.  Each code is approved as PERSON at the stand-in whose --dir is DIR.
Exit status 0: COMMAND ended well and the terminal has shown EXPECT, a regular expression.  With an
EXPECT that begins with "!", COMMAND must fail, and the rest be seen.
"""
import json
import os
import re
import sys

import pexpect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "e2e"))
import login  # noqa: E402
from standin import Okta  # noqa: E402
from world import watch  # noqa: E402

TERMINAL = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8"}


class Running(Okta):
    """A stand-in that somebody else has started."""

    def __init__(self, directory):
        self.dir = directory
        with open(directory + "/org.json", encoding="utf-8") as f:
            self.org = json.load(f)
        self.url = self.org["org_url"]


def play(child, okta, person, codes):
    for kind in codes:
        if kind == "local":
            child.expect(login.PASSWORD_PROMPT)
            child.send(os.environ["LOCAL_PASSWORD"].encode() + b"\r")
            continue
        if kind == "shell":
            child.expect(rb"[$#] $")
            child.send(b"id -un; exit\r")
            continue
        one = login.Login(child, enter=kind == "enter")
        if kind == "enter":
            login.approve_and_enter(okta, one, person)
        else:
            okta.approve(one.code, person)


def main():
    directory, person, codes, expected, *command = sys.argv[1:]
    child = watch(pexpect.spawn(command[0], command[1:], timeout=20, encoding=None,
                                dimensions=(40, 200), env=TERMINAL))
    fails = expected.startswith("!")
    try:
        play(child, Running(directory), person, [c for c in codes.split(",") if c != "-"])
        status = login.finish(child)
    except pexpect.ExceptionPexpect as error:
        print(login.text(child))
        sys.exit("person.py: %s" % str(error).splitlines()[0])
    seen = login.text(child)
    print(seen)
    if (status != 0) != fails:
        sys.exit("person.py: exit status %s" % status)
    if not re.search(expected.lstrip("!"), seen):
        sys.exit("person.py: %r was not seen" % expected)


if __name__ == "__main__":
    main()
