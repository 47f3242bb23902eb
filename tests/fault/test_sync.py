#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_sync.py BUILD [full]: okta-sync --once while calls of the C library fail and while it is killed:
the old snapshot or the new one, a registry that is whole, an exit status that is true, nobody left
behind.  `full`: each call, also those of SQLite and json-c; 1,000 kills."""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import fault
from fault import BUILD, FULL, Plan, adopt_orphans, main, make, stray, test

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
import world  # noqa: E402
from site_of_sync import Site  # noqa: E402
from world import UID, Host, as_uid  # noqa: E402

# Success in spite of a failure: what failed gives something back, removes rubbish, waits, or says
# what was done; the status file is told of in a line; readers see a new snapshot within a second
# even if the old one could not be marked; a second try makes a temporary file that was not
# locked; Landlock is not in every kernel.  No other.
SPARED = {'close', 'munmap', 'madvise', 'kill', 'unlink', 'unlinkat', 'waitpid', 'fflush'}
STATUS = ('okta_file_replace', 'sync_directory_of', 'write_all')
OLD = ('open_old', 'replace')
RUBBISH = ('remove_stale', 'sync_state_clean')
SPARED_IN = {
    'open': STATUS, 'write': STATUS, 'fsync': STATUS, 'rename': STATUS, 'fchmod': STATUS,
    'openat': OLD + RUBBISH, 'pread': OLD, 'pwrite': OLD, 'fstat': OLD + ('create_tmp',), 'fstatat': ('create_tmp',),
    'flock': ('create_tmp',), 'opendir': RUBBISH, 'fdopendir': RUBBISH, 'readdir': RUBBISH,
    'malloc': ('wiping_realloc', 'reserve'), 'linkat': OLD, 'syscall': ('okta_sandbox_landlock',), 'clock_gettime': ('system_mono_ms',),
}


def is_spared(call, how, site, program):
    if call in SPARED or how in ('SHORT', 'EINTR'):
        return True
    names = subprocess.run(['addr2line', '-f', '-i', '-e', program or os.path.join(BUILD, 'okta-sync'),
                            hex(int(site, 16) - 1)], text=True, stdout=subprocess.PIPE, check=True).stdout
    return any(name in names.split() for name in SPARED_IN.get(call, ()))


def run(site, plan, program=None):
    """(status, text) of one run of which PLAN says what fails."""
    command = site.host.command()
    if program:
        command[0] = program
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                         preexec_fn=as_uid, env=plan.env(), start_new_session=True)
    try:
        out, _ = p.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return 'hangs', ''
    return p.returncode, out


def sweep(limit, everything, program=None, only=None):
    site = Site()
    plan = Plan(site.host.path('plan'))
    plan.set(everything=everything)
    site.flip()
    status, out = run(site, plan, program)
    assert status == 0, out
    todo = [t for t in plan.sweep(limit) if not only or t[0] in only]
    kinds = {c for c, n in plan.counts().items() if n}
    bad, refused = [], 0
    for call, nth, how in todo:
        site.flip()
        with open(site.path, 'rb') as f:
            before = f.read()
        plan.set(call, nth, how, everything)
        status, out = run(site, plan, program)
        place = plan.fired()
        if place is None:
            continue
        refused += status != 0
        wrong = site.check(before, status)
        if status == 'hangs' or status < 0:
            wrong = f'ends with {status}'
        elif status == 0 and not everything and not is_spared(call, how, place[1], program) and not (
                call == 'clock_gettime' and site.is_dated()):  # of a line for somebody to read
            wrong = 'exit status 0 all the same'
        elif status != 0 and not out.strip():
            wrong = f'exit status {status} without a word'
        pid = stray()
        if pid:
            wrong = f'process {pid} is left'
        if wrong:
            bad.append(f'{call} number {nth} fails with {how} at {place[1]}: {wrong}\n{out[-300:]}')
            if len(bad) > 80:
                break
    if not program:
        site.repair()
    return len(kinds), len(todo), refused, bad


@test
def no_call_that_fails_leaves_another_snapshot_than_the_old_or_the_new():
    kinds, n, refused, bad = sweep(1000 if FULL else 1, False)
    print(f'# figure R8 sync calls={kinds} n={n} refused={refused} bad={len(bad)}')
    assert not bad, '\n'.join(bad)
    assert refused > 50, refused


@test
def the_sweep_catches_an_okta_sync_that_does_without_the_brake():
    _, _, _, bad = sweep(1, False, os.path.join(BUILD, 'tests/fault/mutant-sync'), ('openat', 'fstat', 'mmap'))
    assert any('exit status 0 all the same' in x for x in bad), bad


if FULL:
    @test
    def neither_does_one_that_fails_in_a_library():
        kinds, n, refused, bad = sweep(2, True)
        print(f'# figure R8 sync-libraries calls={kinds} n={n} refused={refused} bad={len(bad)}')
        assert not bad, '\n'.join(bad)


class Small:
    """The state directory on a disk of 1 MiB of its own, in a mount namespace of ours."""

    def __init__(self, site):
        self.site = site
        copy = site.host.path('kept')
        shutil.copytree(site.host.state, copy)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size=1m,mode=755,uid={UID},gid={UID}', 'small', site.host.state],
                       check=True)
        for name in os.listdir(copy):
            shutil.copy2(os.path.join(copy, name), site.host.state)
            os.chown(os.path.join(site.host.state, name), UID, UID)

    def leave(self, free):
        """Fill the disk but for FREE bytes."""
        path = os.path.join(self.site.host.state, 'fill')
        if os.path.exists(path):
            os.unlink(path)
        st = os.statvfs(self.site.host.state)
        with open(path, 'wb') as f:
            f.write(bytes(max(0, st.f_bavail * st.f_frsize - free)))

    def gone(self):
        subprocess.run(['umount', self.site.host.state], check=True)


@test
def a_full_disk_however_much_room_is_left_keeps_the_last_good_snapshot_or_takes_the_new_one():
    site = Site(400)
    small = Small(site)
    bad, full = [], 0
    try:
        for free in range(0, 36 if FULL else 18):
            site.flip()
            small.leave(free * 8192)
            with open(site.path, 'rb') as f:
                before = f.read()
            p = site.host.start()
            out, _ = p.communicate(timeout=60)
            full += p.returncode != 0
            wrong = site.check(before, p.returncode)
            if wrong or (p.returncode != 0 and not out.strip()):
                bad.append(f'{free}: {wrong}: {out}')
        os.unlink(os.path.join(site.host.state, 'fill'))
        site.repair()
    finally:
        small.gone()
    print(f'# figure R8 disk-full n={free + 1} refused={full} bad={len(bad)}')
    assert not bad, bad
    assert 0 < full < free, full


@test
def a_read_only_file_system_keeps_the_last_good_snapshot():
    site = Site(10)
    small = Small(site)
    try:
        site.flip()
        subprocess.run(['mount', '-o', 'remount,ro', site.host.state], check=True)
        with open(site.path, 'rb') as f:
            before = f.read()
        p = subprocess.run(site.host.command(), capture_output=True, text=True, preexec_fn=as_uid, check=False)
        with open(site.path, 'rb') as f:
            assert f.read() == before
        assert p.returncode != 0 and 'ead-only' in p.stdout + p.stderr, (p.returncode, p.stdout, p.stderr)
        subprocess.run(['mount', '-o', 'remount,rw', site.host.state], check=True)
        site.repair()
    finally:
        small.gone()


def kill_often(site, times, start, check, longest):
    """(kills that met a running program, how often CHECK found something)."""
    rng = random.Random(7)
    killed, bad = 0, []
    for _ in range(6 * times):
        site.flip()
        with open(site.path, 'rb') as f:
            before = f.read()
        p = start()
        try:
            p.wait(rng.random() * longest)
        except subprocess.TimeoutExpired:
            pass
        p.kill()
        p.communicate()
        killed += p.returncode == -signal.SIGKILL
        # the span follows the machine, whose load changes
        longest *= 1.02 if p.returncode == -signal.SIGKILL else 0.96
        wrong = check(before, p.returncode)
        if wrong:
            bad.append(wrong)
        if killed == times:
            break
    return killed, bad


@test
def kill_9_at_any_instant_leaves_the_old_snapshot_or_the_new_and_the_same_ids():
    times = 1000 if FULL else 100
    site = Site(60)
    site.flip()
    begin = time.monotonic()
    site.host.sync()
    longest = (time.monotonic() - begin) * 1.2
    fresh = [0]

    def check(before, status):
        with open(site.path, 'rb') as f:
            fresh[0] += f.read()[:40] != before[:40]
        return site.check(before, status)

    killed, bad = kill_often(site, times, lambda: subprocess.Popen(
        site.host.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=as_uid),
        check, longest)
    print(f'# figure R4 kills={killed} new={fresh[0]} bad={len(bad)}')
    assert not bad, '\n'.join(bad[:10])
    assert killed == times and fresh[0] > 0, (killed, fresh)
    site.repair()


IN_PLACE = '''
import sys, time
data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "r+b", buffering=0) as f:
    print("begun", flush=True)
    for i in range(0, len(data), 256):
        f.write(data[i:i + 256])
        time.sleep(0.001)
'''


@test
def the_same_kills_catch_a_writer_that_writes_in_place():
    times = 250 if FULL else 25
    site = Site(60)
    copies = []
    for n in (0, 1):
        site.flip()
        site.host.sync()
        copies.append(site.host.path(f'copy{n}'))
        with open(site.path, 'rb') as f, open(copies[n], 'wb') as g:
            g.write(f.read())
    turn = [0]

    def start():
        turn[0] = 1 - turn[0]
        with open(copies[1 - turn[0]], 'rb') as f, open(site.path, 'wb') as g:
            g.write(f.read())
        p = subprocess.Popen([sys.executable, '-c', IN_PLACE, copies[turn[0]], site.path], stdout=subprocess.PIPE)
        assert p.stdout.readline() == b'begun\n'  # how long python takes to start does not count
        return p

    def check(_before, _status):
        try:
            site.names()
        except AssertionError as e:
            return str(e)
        return None

    killed, bad = kill_often(site, times, start, check, 0.15)
    print(f'# figure R4 control kills={killed} bad={len(bad)}')
    assert len(bad) > (100 if FULL else 5), (killed, len(bad))


if __name__ == '__main__':
    if os.geteuid() == 0 and os.environ.get('OKTA_FAULT_SYNC') != 'inside':
        os.environ['OKTA_FAULT_SYNC'] = 'inside'  # mounts of a namespace of our own
        os.execvp('unshare', ['unshare', '-m', sys.executable, *sys.argv])
    make('all', 'faults')
    adopt_orphans()
    try:
        end = main()
    finally:
        for h in Host.made:
            world.shutil.rmtree(h.dir, ignore_errors=True)
    sys.exit(end)
