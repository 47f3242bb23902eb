# SPDX-License-Identifier: BSD-2-Clause
"""Test Anything Protocol: a test is a function with the decorator, its name the sentence.

    @test("ada gets a shell after approving in the browser")
    def _(): ...

    run()

The last test of every file is that the machine underneath is as it was.  A test passes when it returns, is skipped when it raises Skip, and fails otherwise: it says
why and where, and so does what `on_failure` returns.
"""
import sys
import time
import traceback

_tests = []


class Skip(Exception):
    pass


def test(sentence):
    def add(function):
        _tests.append((sentence, function))
        return function
    return add


def check(truth, message):
    if not truth:
        raise AssertionError(message)


def equal(got, wanted, what="value"):
    check(got == wanted, "%s is %r, not %r" % (what, got, wanted))


def _explain(error, on_failure):
    lines = ["".join(traceback.format_exception(error))]
    if on_failure:
        try:
            lines.append(on_failure())
        except Exception as second:  # the first failure is the one to report
            lines.append("no details: %r" % second)
    for line in "\n".join(lines).splitlines():
        print("# " + "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in line))


def run(on_failure=None, close=()):
    """Run all tests in order, then close what they used; exit status 1 if a test failed."""
    try:
        failed = _run(on_failure)
    finally:
        for each in close:
            each.close()
    sys.exit(1 if failed else 0)


def _run(on_failure):
    failed = 0
    print("1..%d" % len(_tests), flush=True)
    for number, (sentence, function) in enumerate(_tests, 1):
        started = time.monotonic()
        try:
            function()
            verdict, tail = "ok", ""
        except Skip as why:
            verdict, tail = "ok", " # SKIP %s" % why
        except Exception as error:
            failed += 1
            verdict, tail = "not ok", ""
            _explain(error, on_failure)
        print("%s %d - %s%s" % (verdict, number, sentence, tail))
        print("# %.1f s" % (time.monotonic() - started), flush=True)
    return failed
