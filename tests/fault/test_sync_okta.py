#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_sync_okta.py BUILD [full]: okta-sync that reads from Okta, once and with --watch, while calls of the C
library fail in each of its processes: the old snapshot or the new one, the ids as they were, nobody left
behind, and what happened in Okta is published once nothing fails any more.  `full`: each call."""
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import fault
from fault import BUILD, FULL, Plan, functions, group_is_gone, main, make, test

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
import watcher  # noqa: E402
import world  # noqa: E402
from org_of_sync import LOGS, SCOPES, OrgOfSync  # noqa: E402
from watcher import Watch  # noqa: E402
from world import Org, as_uid  # noqa: E402

SYNC = os.path.join(BUILD, 'okta-sync')
BROKEN = os.path.join(BUILD, 'tests/fault/mutant-empty')
NOTHING = (0, None, 0, 'SHORT', 0)
BEGUN = ('STATUS=started', 'STATUS=reading', 'STATUS=asking')
WATCHER, FETCHER = 1, 2  # in the order in which they are made; then come the turns
AGAIN_S = 1.5  # so often Okta is asked anew
PATIENCE_S = 60
LOOK_S = 10  # so often the watcher looks by itself whether a turn still runs
REST = 7  # descriptors of a watcher that waits


def lead():
    """The processes of one okta-sync in a group of their own, by which they are found."""
    os.setsid()
    as_uid()


watcher.as_uid = lead


def until(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def generation(host):
    return host.snapshot()[32:40]


class Run:
    """One okta-sync, of which a call fails, as okta-sync --once is."""

    def __init__(self, org, what, program):
        self.org, self.what, self.program = org, what, program
        self.host = org.place()
        self.plan = Plan(self.host.path('plan'))
        self.before = self.host.snapshot()
        self.wrong = self.status = None

    def set(self, armed=True):
        process, call, nth, how, _ = self.what
        self.plan.set(call, nth, how, process=process, armed=armed)

    def is_wrong(self, what):
        self.wrong = self.wrong or what

    def start(self):
        self.set()
        return subprocess.Popen([self.program, *self.host.command()[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, text=True, preexec_fn=lead, env=self.plan.env())

    def once(self):
        p = self.start()
        try:
            out, _ = p.communicate(timeout=PATIENCE_S)
            self.status = p.returncode
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, _ = p.communicate()
            self.status = 'hangs'
        self.judge(1)
        return self.end(p.pid, out, 1)

    def judge(self, state):
        """The snapshot is of STATE, or the one that was there, to the byte."""
        now = self.host.snapshot()
        # between the two stands whether readers should look for a newer one
        if now[:48] != self.before[:48] or now[52:] != self.before[52:]:
            self.is_wrong(self.org.wrong_with(self.host, state))

    def end(self, pid, out, state):
        """(did the call fail, exit status, what is wrong) of a run that ended when the org was in STATE."""
        if self.status == 'hangs' or self.status < 0:
            self.is_wrong(f'ends with {self.status}')
        elif self.status > 0 and not out.strip():
            self.is_wrong(f'exit status {self.status} without a word')
        if not group_is_gone(pid):
            self.is_wrong('a process is left')
        if self.status != 0 or (FULL and not isinstance(self, WatchRun)):
            self.sync()
        self.is_wrong(self.org.wrong_with(self.host, state))
        if self.wrong:
            process, call, nth, how, _ = self.what
            self.wrong = (f'{call} number {nth} of process {process} fails with {how}, '
                          f'{" < ".join(functions(self.plan, self.program))}: {self.wrong}\n{out[-400:]}')
        fired = self.plan.fired() is not None
        self.host.gone()
        return fired, self.status, self.wrong

    def sync(self):
        """Nothing fails any more."""
        try:
            self.host.sync()
            left = [x for x in os.listdir(self.host.state) if x.endswith('.tmp')]
            self.is_wrong(left and f'{left} are left')
        except (AssertionError, subprocess.TimeoutExpired) as e:
            self.is_wrong(f'the sync afterwards: {e}')


class WatchRun(Run):
    """okta-sync --watch: everything is read, then what changed since."""

    def __init__(self, org, what, program, late):
        super().__init__(org, what, program)
        self.set(armed=not late)
        self.watch = Watch(self.host, env=self.plan.env(), wait=False, program=program)
        self.old = generation(self.host)

    def is_over(self):
        return self.watch.p.poll() is not None

    def first(self):
        """Until everything was read, or it said what is amiss; what it said may be lost."""
        until(lambda: self.is_over() or generation(self.host) != self.old or any(
            x.startswith('STATUS=') and not x.startswith(BEGUN) for x in list(self.watch.told)), 10)
        self.judge(1)

    def has(self, state):
        now = generation(self.host)
        if now == self.old:
            return False
        self.old = now
        return self.org.is_in(self.host, state)

    def then(self, state, asks, patience_s):
        """Okta is asked by these signals until STATE is published, and everything was read if it is asked for that;
        without a signal it has to do so by itself."""
        self.old = b''
        fulls = self.watch.text().count(' done: ')
        end = time.monotonic() + patience_s
        is_in = False
        try:
            while not self.wrong:
                for number in asks:
                    self.watch.send(number)
                is_in = until(lambda: self.is_over() or self.has(state), AGAIN_S) or is_in
                if is_in and (signal.SIGUSR1 not in asks or until(
                        lambda: self.is_over() or self.watch.text().count(' done: ') > fulls, AGAIN_S)):
                    break
                if time.monotonic() > end:
                    self.is_wrong('what changed is not published')
        except AssertionError as e:
            self.is_wrong(str(e))
        if not self.is_over():
            self.rest()

    def rest(self):
        """It holds what it holds after any other run, and the fetcher is its only child."""
        fds = '/proc/%d/fd' % self.watch.p.pid
        if not until(lambda: len(os.listdir(fds)) <= REST and len(self.watch.children()) <= 1, LOOK_S + 5):
            self.is_wrong(f'it rests with {len(os.listdir(fds))} descriptors and the children {self.watch.children()}')

    def close(self, state):
        unasked = self.is_over()
        self.watch.send(signal.SIGTERM)
        try:
            self.status = self.watch.p.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.watch.p.pid, signal.SIGKILL)
            self.watch.p.wait()
            self.status = 'hangs'
        self.watch.forget()
        if unasked and self.status == 0:
            self.is_wrong('it ended unasked')
        return self.end(self.watch.p.pid, self.watch.text(), state)


class Sweep:
    """Which calls fail, and what came of it."""

    def __init__(self, org, program=SYNC, limit=1000, known=None, choose=lambda x: True):
        self.org, self.program, self.limit, self.known, self.choose = org, program, limit, known, choose

    def todo(self, plan):
        todo = []
        for what in filter(self.choose, plan.sweep_of_each(self.limit)):
            if self.known is None or what[1:2] + what[3:] not in self.known:
                todo.append(what)
            if self.known is not None:
                self.known.add(what[1:2] + what[3:])
        return todo

    def once(self):
        """(kinds of calls, rows) of okta-sync --once."""
        self.org.become(1)
        first = Run(self.org, NOTHING, self.program)
        row = first.once()
        assert row == (False, 0, None), row
        todo = self.todo(first.plan)
        with ThreadPoolExecutor(8) as pool:
            rows = list(pool.map(lambda x: Run(self.org, x, self.program).once(), todo))
        return len({x[1] for x in todo}), rows

    def watch(self, late=False, asks=(signal.SIGUSR2,), patience_s=PATIENCE_S, at_once=24):
        """The same of --watch; LATE: what fails does so once everything was read."""
        def together(whats):
            self.org.become(1)
            runs = list(pool.map(lambda x: WatchRun(self.org, x, self.program, late), whats))
            list(pool.map(lambda x: x.first(), runs))
            self.org.become(2)
            for x in runs:
                x.plan.arm()
            list(pool.map(lambda x: x.then(2, asks, patience_s), runs))
            return runs[0].plan, list(pool.map(lambda x: x.close(2), runs))

        with ThreadPoolExecutor(at_once) as pool:
            plan, rows = together([NOTHING])
            assert rows == [(False, 0, None)], rows
            todo = self.todo(plan)
            rows = [row for i in range(0, len(todo), at_once) for row in together(todo[i:i + at_once])[1]]
        return len({x[1] for x in todo}), rows


def report(name, kinds, rows):
    n = sum(fired for fired, _, _ in rows)
    refused = sum(status != 0 for fired, status, _ in rows if fired)
    bad = [wrong for _, _, wrong in rows if wrong]
    print(f'# figure R8 {name} calls={kinds} n={n} refused={refused} bad={len(bad)}', flush=True)
    assert not bad, '\n'.join(bad)
    assert n > 10, n


def calloc_of_the_fetcher(what):
    return what[:2] == (FETCHER, 'calloc')


# Otherwise each place in the code once, in the process that comes there first.
KNOWN = None if FULL else set()


@test
def no_call_that_fails_while_okta_is_read_leaves_another_snapshot_than_the_old_or_the_new():
    report('sync-okta', *Sweep(ORG, known=KNOWN, choose=lambda x: FULL or x[0] == FETCHER).once())


@test
def the_sweep_catches_an_okta_sync_that_takes_what_it_has_no_memory_for_to_be_empty():
    _, rows = Sweep(ORG, BROKEN, limit=1, choose=calloc_of_the_fetcher).once()
    assert any('the snapshot is not of state' in (wrong or '') for _, _, wrong in rows), rows


@test
def no_call_that_fails_in_a_watcher_its_fetcher_or_its_turns_loses_what_the_log_says_changed():
    report('sync-watch-log', *Sweep(ORG, known=KNOWN).watch())


@test
def a_clock_that_a_watcher_cannot_read_once_whenever_that_is_does_not_end_its_asking():
    """Of the clock each call is tried: all are made in one place."""
    report('sync-watch-clock', *CLOCK.result())


@test
def nor_does_one_that_fails_while_the_log_or_what_changed_is_read():
    """The log is read in the sweep above as well; there the fetcher's calls failed before, in a share of it."""
    for name, scopes in (('sync-watch-changes', SCOPES), ('sync-watch-late', [*SCOPES, LOGS]))[:1 if FULL else 2]:
        ORG.org.switch(granted_scopes=scopes)
        report(name, *Sweep(ORG, limit=1000 if FULL else 1, choose=lambda x: FULL or x[0] == FETCHER).watch(late=True))


@test
def nor_does_one_that_fails_while_everything_is_read_beside_what_changed():
    ORG.org.switch(granted_scopes=SCOPES)
    report('sync-watch-beside', *Sweep(ORG, known=KNOWN).watch(late=True, asks=(signal.SIGUSR1, signal.SIGUSR2)))


@test
def the_sweep_of_a_watcher_catches_one_that_takes_what_it_has_no_memory_for_to_be_empty():
    ORG.org.switch(granted_scopes=[*SCOPES, LOGS])
    _, rows = Sweep(ORG, BROKEN, limit=1, choose=calloc_of_the_fetcher).watch(late=True, patience_s=6)
    assert any('what changed is not published' in (wrong or '') for _, _, wrong in rows), rows


if __name__ == '__main__':
    make('all', 'faults')
    try:
        with ThreadPoolExecutor(1) as one:
            ORG = OrgOfSync()
            # those wait for the watcher to ask by itself, which costs nothing
            CLOCK = one.submit(Sweep(OrgOfSync(), choose=lambda x: x[:2] == (WATCHER, 'clock_gettime')).watch,
                               asks=(), at_once=48)
            end = main()
    finally:
        Org.stop_all()
        for h in list(world.Host.made):
            shutil.rmtree(h.dir, ignore_errors=True)
    sys.exit(end)
