#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_calls.py BUILD [full]: every call of the C library that the two modules make fails, one at a
time, and the sweep that shows it is itself shown broken modules.  `full`: each call, as shipped and
sanitized; otherwise each place in the code once, sanitized."""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from fault import BUILD, FULL, HERE, calls, main, make, test

SAN = BUILD + '-address,undefined'
PAM = [('pam', b, 'pam_okta.so', *([] if FULL else ['1'])) for b in ([SAN, BUILD] if FULL else [SAN])]
NSS = [('nss', b, 'libnss_okta.so.2') for b in ([BUILD, SAN] if FULL else [BUILD])]
IGNORED = ('pam', BUILD, 'tests/fault/mutant-rc/pam_okta.so', '1', '1')
LET_IN = ('pam', BUILD, 'tests/fault/mutant-auth/pam_okta.so', '1', '1')
NOBODY = ('nss', BUILD, 'tests/fault/mutant-nss/libnss_okta.so.2')
SWEEPS = {}  # all of them, begun before the first test: each is in mount namespaces of its own, so two go on side by side


def sweep(program, build, module, *args):
    """(output, exit status) of a sweep over MODULE."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='STDOUT', LD_LIBRARY_PATH=os.path.abspath(build),
               ASAN_OPTIONS='detect_leaks=1:allocator_may_return_null=1')
    if os.geteuid() != 0:
        print('# needs root for a mount namespace')
    p = subprocess.run([os.path.join(build, 'tests/fault', program), build, os.path.join(build, module), *args],
                       env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=1500)
    return p.stdout, p.returncode


def figure(out):
    for line in out.splitlines():
        if line.startswith('# figure'):
            print(line, flush=True)


def clean(sweeps):
    for x in sweeps:
        out, status = SWEEPS[x].result()
        figure(out)
        assert status == 0 and '# figure' in out, out


@test
def each_call_that_a_product_imports_can_be_made_to_fail_or_is_known_not_to():
    known = set(calls())
    with open(os.path.join(HERE, 'cannot_fail'), encoding='ascii') as f:
        known |= {w for line in f if not line.startswith('#') for w in line.split()}
    unknown = {}
    n = 0
    for product in ('libnss_okta.so.2', 'pam_okta.so', 'okta-auth-helper', 'okta-sync'):
        text = subprocess.run(['nm', '-D', '--undefined-only', os.path.join(BUILD, product)], stdout=subprocess.PIPE,
                              text=True, check=True).stdout
        for line in text.splitlines():
            name, _, version = line.split()[-1].partition('@')
            if version and not version.startswith('GLIBC'):
                continue
            if not version and not name.startswith('_'):
                continue  # a library without versions of its symbols
            n += 1
            if name not in known:
                unknown.setdefault(name, []).append(product)
    assert n > 200, n
    assert not unknown, f'in neither calls.h nor cannot_fail: {unknown}'


@test
def no_call_that_fails_in_pam_okta_lets_anybody_in_or_is_ignored_or_loses_memory():
    clean(PAM)


@test
def no_call_that_fails_in_nss_okta_makes_an_answer_wrong():
    clean(NSS)


def caught(broken, word):
    out, status = SWEEPS[broken].result()
    found = re.findall(r'^# .* fails with .*', out, re.M)
    assert status != 0 and found, out
    assert any(word in x for x in found), found


@test
def the_sweep_catches_a_module_that_is_ignored_when_memory_runs_out():
    caught(IGNORED, 'alloc')


@test
def the_sweep_catches_a_module_that_lets_in_when_the_record_cannot_be_kept():
    caught(LET_IN, 'fsync')


@test
def the_sweep_catches_a_module_that_takes_an_error_for_nobody():
    out, status = SWEEPS[NOBODY].result()
    assert status != 0 and 'getpwnam: fstat number 1' in out, out


if __name__ == '__main__':
    make('faults')
    make('all', 'faults', san=True)
    with ThreadPoolExecutor(2) as pool:
        SWEEPS.update((x, pool.submit(sweep, *x)) for x in PAM + NSS + [IGNORED, LET_IN, NOBODY])
        sys.exit(main())
