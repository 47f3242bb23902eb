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

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, 'tests'))
import tap  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else 'build')
FULL = 'full' in sys.argv[2:]
TESTS = []
SITES = 1024
DEPTH = 16
HEAD = 8


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


class Plan:
    """The memory that libfault.so finds under FAULT_PLAN."""

    def __init__(self, path):
        self.path = path
        self.names = calls()
        self.size = HEAD * 8 + len(self.names) * (8 + 4 * SITES) + 4 * DEPTH
        with open(path, 'wb') as f:
            f.truncate(self.size)
        os.chmod(path, 0o666)
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), self.size)

    def env(self, **more):
        return dict(LD_PRELOAD=os.path.join(BUILD, 'tests/fault/libfault.so'), FAULT_PLAN=self.path, **more)

    def set(self, call=None, nth=0, how='SHORT', everything=False):
        self.map[:] = bytes(self.size)
        error = 0 if how == 'SHORT' else getattr(errno, how)
        index = -1 if call is None else self.names.index(call)
        struct.pack_into('<5q', self.map, 0, 1, int(everything), index, nth, error)

    def counts(self):
        return dict(zip(self.names, struct.unpack_from(f'<{len(self.names)}q', self.map, HEAD * 8)))

    def sites(self, call):
        """Where the calls were made, in order."""
        at = HEAD * 8 + len(self.names) * 8 + self.names.index(call) * 4 * SITES
        return struct.unpack_from(f'<{min(self.counts()[call], SITES)}I', self.map, at)

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
