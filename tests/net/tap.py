# SPDX-License-Identifier: BSD-2-Clause
"""Run functions whose name is the sentence they prove; print TAP."""
import sys
import traceback


def run(tests):
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for n, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {n} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        else:
            print(f"ok {n} - {name}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
