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


def clean(program, module, *args, builds=(BUILD,)):
    """Each sweep is in mount namespaces of its own: two go on side by side."""
    with ThreadPoolExecutor(len(builds)) as pool:
        sweeps = [pool.submit(sweep, program, build, module, *args) for build in builds]
    for s in sweeps:
        out, status = s.result()
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
    if FULL:  # each call, as the module is shipped too
        clean('pam', 'pam_okta.so', builds=(SAN, BUILD))
    else:
        clean('pam', 'pam_okta.so', '1', builds=(SAN,))


@test
def no_call_that_fails_in_nss_okta_makes_an_answer_wrong():
    clean('nss', 'libnss_okta.so.2', builds=(BUILD, SAN) if FULL else (BUILD,))


def caught(program, module, word):
    out, status = sweep(program, BUILD, module, '1', '1')
    found = re.findall(r'^# .* fails with .*', out, re.M)
    assert status != 0 and found, out
    assert any(word in x for x in found), found


@test
def the_sweep_catches_a_module_that_is_ignored_when_memory_runs_out():
    caught('pam', 'tests/fault/mutant-rc/pam_okta.so', 'alloc')


@test
def the_sweep_catches_a_module_that_lets_in_when_the_record_cannot_be_kept():
    caught('pam', 'tests/fault/mutant-auth/pam_okta.so', 'fsync')


@test
def the_sweep_catches_a_module_that_takes_an_error_for_nobody():
    out, status = sweep('nss', BUILD, 'tests/fault/mutant-nss/libnss_okta.so.2')
    assert status != 0 and 'getpwnam: fstat number 1' in out, out


if __name__ == '__main__':
    make('faults')
    make('all', 'faults', san=True)
    sys.exit(main())
