# SPDX-License-Identifier: BSD-2-Clause
"""What the tests here share: TAP, the build, and the plan of tests/fault/plan.h in a file."""
import ctypes
import errno
import mmap
import os
import re
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, 'tests'))
import tap  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else 'build')
FULL = 'full' in sys.argv[2:]
TESTS = []
SITES = 1024
DEPTH = 16
HEAD = 11


def test(f):
    TESTS.append(f)
    return f


def main():
    return tap.status_of(TESTS)


def make(*targets, san=False):
    # relative paths, as make check gives: what is noted of headers is noted under that name
    build = os.path.relpath(BUILD, ROOT) + ('-address,undefined' if san else '')
    targets = [os.path.relpath(t, ROOT) if os.path.isabs(t) else t for t in targets]
    subprocess.run(['make', '-s', '-C', ROOT, 'WERROR=1', 'B=' + build,
                    *(['SAN=address,undefined'] if san else []), *targets],
                   check=True, stdout=subprocess.DEVNULL)


def calls():
    """Names of calls.h, in the order of enum fault_call."""
    with open(os.path.join(HERE, 'calls.h'), encoding='ascii') as f:
        return re.findall(r'^CALL\((\w+),', f.read(), re.M)


def ways():
    """(call, how) of calls.h; how is an errno's name or SHORT."""
    with open(os.path.join(HERE, 'calls.h'), encoding='ascii') as f:
        return re.findall(r'^(?:CALL|TWICE)\((\w+), (\w+)\)', f.read(), re.M)


def adopt_orphans():
    """Children of children that are left behind become ours, so that they can be counted."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def stray():
    """Number of a process that was left behind, or 0; what only has to be reaped is."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == 0:
            with open('/proc/self/task/%d/children' % os.getpid(), encoding='ascii') as f:
                return int(f.read().split()[0])


def group_is_gone(pid):
    """PID, which was reaped, led it: what it made dies with it, its group is empty."""
    for _ in range(100):
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def functions(plan, program):
    """Those of PROGRAM that were being run when it happened, the innermost first."""
    out = subprocess.run(['addr2line', '-f', '-i', '-e', program, *(hex(x - 1) for x in plan.stack())], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    return out.split('\n')[:-1:2]


class Plan:
    """The memory that libfault.so finds under FAULT_PLAN."""

    def __init__(self, path):
        self.path = path
        self.names = calls()
        self.size = HEAD * 8 + len(self.names) * (8 + 5 * SITES) + 4 * DEPTH
        with open(path, 'wb') as f:
            f.truncate(self.size)
        os.chmod(path, 0o666)
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), self.size)

    def env(self, **more):
        return dict(LD_PRELOAD=os.path.join(BUILD, 'tests/fault/libfault.so'), FAULT_PLAN=self.path, **more)

    def set(self, call=None, nth=0, how='SHORT', everything=False, process=0, armed=True):
        self.map[:] = bytes(self.size)
        error = 0 if how == 'SHORT' else getattr(errno, how)
        index = -1 if call is None else self.names.index(call)
        struct.pack_into('<9q', self.map, 0, int(armed), int(everything), index, nth, error, 0, 0, 0, process)

    def arm(self):
        struct.pack_into('<q', self.map, 0, 1)

    def counts(self):
        return dict(zip(self.names, struct.unpack_from(f'<{len(self.names)}q', self.map, HEAD * 8)))

    def sites(self, call):
        """Where the calls were made, in order."""
        at = HEAD * 8 + len(self.names) * 8 + self.names.index(call) * 4 * SITES
        return struct.unpack_from(f'<{min(self.counts()[call], SITES)}I', self.map, at)

    def makers(self, call):
        """Which process made them, in order; the first is 1, then as fork() made them."""
        at = HEAD * 8 + len(self.names) * (8 + 4 * SITES) + self.names.index(call) * SITES
        return struct.unpack_from(f'<{min(self.counts()[call], SITES)}B', self.map, at)

    def fired(self):
        """Process and place of the failure, or None."""
        pid, site = struct.unpack_from('<2q', self.map, 40)
        return (pid, hex(site)) if pid else None

    def stack(self):
        """Where the process was in the program when it happened, the innermost place first."""
        return [x for x in struct.unpack_from(f'<{DEPTH}I', self.map, self.size - 4 * DEPTH) if x]

    def sweep(self, limit):
        """Every (call, nth, how) after a run that only counted: at most LIMIT at one place."""
        out = []
        for call, how in ways():
            seen = {}
            for nth, site in enumerate(self.sites(call), 1):
                seen[site] = seen.get(site, 0) + 1
                if seen[site] <= limit:
                    out.append((call, nth, how))
        return out

    def sweep_of_each(self, limit):
        """Every (process, call, nth of that process, how, place): at most LIMIT of one process at one place."""
        out = []
        for call, how in ways():
            seen, made = {}, {}
            for process, site in zip(self.makers(call), self.sites(call)):
                made[process] = made.get(process, 0) + 1
                seen[process, site] = seen.get((process, site), 0) + 1
                if seen[process, site] <= limit:
                    out.append((process, call, made[process], how, site))
        return out
