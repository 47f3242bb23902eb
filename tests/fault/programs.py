# SPDX-License-Identifier: BSD-2-Clause
"""Run a program of this folder that prints TAP, as built and with sanitizers, as one TAP stream."""
import os
import re
import subprocess
import sys

from fault import BUILD, FULL, make

SAN = BUILD + '-address,undefined'
LINE = re.compile(r'^(not )?ok \d+ - (.*)$')


def lines_of(command, seconds):
    """[(passed, name)] and the other lines of COMMAND; what it left unsaid is a test that failed."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP', ASAN_OPTIONS='detect_leaks=1:allocator_may_return_null=1',
               UBSAN_OPTIONS='halt_on_error=1:print_stacktrace=1')
    try:
        p = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors='replace', timeout=seconds, check=False)
        text, status = p.stdout, p.returncode
    except subprocess.TimeoutExpired as e:
        text, status = (e.stdout or b'').decode(errors='replace'), 'none after %d s' % seconds
    tests, rest = [], []
    for line in text.splitlines():
        m = LINE.match(line)
        if m:
            tests.append((not m[1], m[2]))
        elif line.startswith('# ') and not line.startswith(('# ok', '# not ok')):
            rest.append(line)
        elif not line.startswith(('1..', '# ')):
            rest.append('# ' + line)
    planned = re.search(r'^1\.\.(\d+)', text, re.M)
    if not planned or int(planned[1]) != len(tests):
        tests.append((False, 'the program goes on to its end, exit status %s' % status))
    return tests, rest


def main(name, module, seconds=300):
    """Of tests/fault/NAME and MODULE; with `full` the long way, and the short one sanitized."""
    if os.geteuid() != 0:
        print('1..0 # SKIP needs root for a mount namespace')
        return 0
    n = failed = 0
    for build in [BUILD, SAN] if FULL else [BUILD]:
        program = os.path.join(build, 'tests/fault', name)
        make(os.path.join(build, module), program, os.path.join(build, 'tests/pam/liar'), san=build == SAN)
        tests, rest = lines_of([program, build, module, *(['full'] if FULL and build == BUILD else [])], seconds)
        for passed, sentence in tests:
            n += 1
            failed += not passed
            print('%sok %d - %s%s' % ('' if passed else 'not ', n, sentence, ' (sanitized)' if build == SAN else ''))
        # what a sanitized program measures is not what is promised
        print('\n'.join(x for x in rest if build == BUILD or not x.startswith('# figure')), flush=True)
    print('1..%d' % n)
    return 1 if failed or n == 0 else 0


def run(name, module):
    sys.exit(main(name, module))
