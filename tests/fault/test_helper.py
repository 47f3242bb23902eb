#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_helper.py BUILD [full]: okta-auth-helper and the processes it makes, while calls of the C library
fail: a verdict only over what Okta signed for a login that was approved, otherwise a failure or nothing;
nobody left behind.  `full`: each call of ours and a share of those of curl, OpenSSL and json-c."""
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import fault
from fault import BUILD, FULL, Plan, functions, group_is_gone, main, make, test

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/net'))
os.environ['HELPER'] = os.path.join(BUILD, 'okta-auth-helper')
import helper  # noqa: E402
from okta import Okta  # noqa: E402

# A verdict in spite of a failure: what failed gives something back, or spares memory, or spreads
# requests over time; or it is Landlock, which not every kernel has; or the login goes on with
# less (curl asks for room for one more line of a header, a wait is over at once or has no end but
# the login's, a key that cannot be read is left out).
SPARED = {'close', 'munmap', 'madvise', 'kill', 'waitpid'}
SPARED_IN = {'malloc': ('okta_slim_before_fork', 'wiping_realloc', 'read_key'), 'sysconf': ('drop_clean_pages',),
             'syscall': ('okta_sandbox_landlock',), 'getrandom': ('poll_once',),
             'clock_gettime': ('wait_for', 'hear', 'send_bytes', 'send_frame')}
# Also whatever befell the process that brings keys while the person reads, which are asked for
# again when they are wanted, or the one that asks /userinfo, which is not always needed; whoever
# starts these or hears them has the same answer.  Of the process that brings the token, which is
# heard in the same place, none is spared: it is not started twice.
ANOTHER = {'run_keys', 'run_userinfo', 'start_worker', 'worker_hear'}
okta = None
work = None


def drop_root_and_lead():
    """The processes of one login in a group of their own, by which they are found."""
    os.setsid()
    drop_root()


drop_root, helper.drop_root = helper.drop_root, drop_root_and_lead


def is_spared(call, how, plan):
    """Whether a login may succeed although CALL failed as PLAN says."""
    if call in SPARED or how in ('SHORT', 'EINTR'):
        return True
    return not (ANOTHER | set(SPARED_IN.get(call, ()))).isdisjoint(functions(plan, helper.HELPER))


def login(plan, program, action):
    """(what was said last, exit status, stray?) of one login."""
    try:
        h = helper.Helper(okta.url, env=plan.env(), program=program, ca_file=okta.ca)
    except BrokenPipeError:  # it ended before it was told what to do
        return {'type': None}, 1, False
    last = {'type': None}
    with h:
        try:
            m = h.read(25)
            if m['type'] == helper.PROMPT:
                okta.approve(m, action=action)
                m = h.read(25)
            last = m
        except (TimeoutError, AssertionError) as e:
            last = {'type': str(e) or 'not a message'}
        h.sock.close()
        try:
            status = h.proc.wait(10)
        except Exception:  # pylint: disable=broad-except
            status = 'hangs'
    return last, status, not group_is_gone(h.proc.pid)


def wrong_with(last, status, action):
    if last['type'] == helper.CLAIMS:
        if action != 'approve':
            return 'a verdict for a login that was not approved'
        if last.get('iss') != okta.url or not str(last.get('sub')).startswith('00u'):
            return f'a verdict over {last}'
    elif last['type'] not in (None, helper.FAILURE):
        return last['type']
    elif any(lie in last.get('detail', '') for lie in ('talks nonsense', 'more than')):
        return f'a failure of this host is put on somebody else: {last["detail"]}'
    if status == 'hangs':
        return 'hangs'
    # a sandbox that cannot be made, or an answer that cannot be sent, ends with an error status
    if isinstance(status, int) and status < 0 and -status not in (signal.SIGSYS, signal.SIGKILL):
        return f'ends with signal {-status}'
    return None


def sweep(action, limit, everything=False, program=helper.HELPER, only=None):
    first = Plan(os.path.join(work, 'plan'))
    first.set(everything=everything)
    last, _, _ = login(first, program, action)
    assert (last['type'] == helper.CLAIMS) == (action == 'approve'), last
    todo = [t for t in first.sweep(limit) if only in (None, t[0])]
    kinds = sum(1 for n in first.counts().values() if n)

    def one(item):
        n, (call, nth, how) = item
        plan = Plan(os.path.join(work, f'plan-{action}-{n}'))
        plan.set(call, nth, how, everything)
        last, status, stray = login(plan, program, action)
        os.unlink(plan.path)
        if plan.fired() is None:
            return None
        wrong = wrong_with(last, status, action) or (stray and 'a process is left')
        if last['type'] == helper.CLAIMS and not everything and not is_spared(call, how, plan):
            wrong = wrong or 'a verdict all the same'
        return last['type'] == helper.CLAIMS, wrong and f'{call} number {nth}, {how}, {" < ".join(functions(plan, helper.HELPER))}: {wrong}'

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        rows = [r for r in pool.map(one, enumerate(todo)) if r]
    return kinds, len(rows), sum(r[0] for r in rows), [r[1] for r in rows if r[1]]


def report(name, action, *args, **more):
    kinds, n, verdicts, bad = sweep(action, *args, **more)
    print(f'# figure S12 {name} calls={kinds} n={n} verdicts={verdicts} bad={len(bad)}', flush=True)
    assert not bad, '\n'.join(bad)
    return n, verdicts


@test
def no_call_that_fails_makes_the_helper_say_yes_to_a_login_that_was_denied():
    n, verdicts = report('helper-denied', 'deny', 1000 if FULL else 1)
    assert n > 40 and verdicts == 0, (n, verdicts)


@test
def a_clock_that_cannot_be_read_once_whenever_that_is_keeps_nobody_waiting():
    """Of the clock each call is tried: all are made in one place."""
    _, n, _, bad = sweep('deny', 1000, only='clock_gettime')
    assert n > 10 and not bad, (n, bad)


@test
def no_call_that_fails_makes_the_helper_say_yes_to_what_okta_did_not_sign():
    n, verdicts = report('helper', 'approve', 1000 if FULL else 1)
    assert n > 40 and n - verdicts > 30, (n, verdicts)


@test
def what_cannot_be_received_is_said_to_be_nobodys_doing():
    """Of what is received each is tried: all is in one place."""
    _, n, _, bad = sweep('approve', 1000, only='recvmsg')
    assert n > 10 and not bad, (n, bad)


@test
def the_sweep_catches_a_helper_that_goes_on_without_a_clock():
    _, _, _, bad = sweep('approve', 1, program=os.path.join(BUILD, 'tests/fault/mutant-helper'), only='clock_gettime')
    assert any('clock_gettime' in x for x in bad), bad


if FULL:
    @test
    def neither_does_one_that_fails_in_a_library():
        report('helper-libraries', 'approve', 2, everything=True)


if __name__ == '__main__':
    make('all', 'faults')
    okta = Okta()
    work = tempfile.mkdtemp(prefix='okta-fault-')
    os.chmod(work, 0o755)
    try:
        okta.switches(device_interval=1, max_pending_codes=1000000)  # those of killed logins stay open
        status_of_all = main()
    finally:
        okta.close()
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(status_of_all)
