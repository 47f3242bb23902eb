# SPDX-License-Identifier: BSD-2-Clause
"""Run functions whose name is the sentence they prove; print TAP."""
import sys
import traceback

LINES = 80  # of a failure: its end says where


def status_of(tests):
    """The exit status: 1 if one failed."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for n, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {n} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {n} - {name}")
            for line in traceback.format_exc().splitlines()[-LINES:]:
                print(f"# {line}")
            sys.stdout.flush()
    return 1 if failed else 0


def run(tests):
    sys.exit(status_of(tests))
