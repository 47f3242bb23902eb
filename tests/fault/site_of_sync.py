# SPDX-License-Identifier: BSD-2-Clause
"""A host that okta-sync keeps, and what must hold of its files at any time."""
import glob
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

import fault
from fault import BUILD

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
from world import Host, as_uid, user  # noqa: E402

if os.path.isdir('/dev/shm'):
    tempfile.tempdir = '/dev/shm'  # what a disk does slowly is not the subject
PEOPLE = 4


def crowd(first, n=PEOPLE):
    return [user(i, f'u{i}@acme.example') for i in range(first, first + n)]


def registry_of(host):
    """{Okta id: number}; raises if the file is not whole."""
    db = sqlite3.connect(os.path.join(host.state, 'registry.db'))
    try:
        if db.execute('PRAGMA integrity_check').fetchall() != [('ok',)]:
            raise AssertionError('the registry is damaged')
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        rows = {}
        for table in tables:
            names = [r[1] for r in db.execute(f'PRAGMA table_info({table})')]
            if 'okta_id' in names:
                number = [c for c in names if c in ('uid', 'gid', 'number', 'id')][0]
                rows.update((table + ' ' + str(r[0]), r[1]) for r in db.execute(f'SELECT okta_id, {number} FROM {table}'))
        assert rows, tables
        return rows
    finally:
        db.close()


class Site:
    """A host whose directory has two states, and what must hold of it at any time."""

    def __init__(self, n=PEOPLE):
        self.host = Host(sync__max_removal_percent='100')
        self.crowds = [crowd(1, n), crowd(2, n)]
        self.host.use_files(users=self.crowds[0], groups=[])
        self.host.sync()
        self.host.use_files(users=self.crowds[1], groups=[])
        self.host.sync()
        self.ids = self.registry()
        self.turn = 1
        self.path = os.path.join(self.host.state, 'directory.snapshot')

    def flip(self):
        self.turn = 1 - self.turn
        self.host.use_files(users=self.crowds[self.turn], groups=[])
        self.host.write()

    def registry(self):
        return registry_of(self.host)

    def names(self):
        """Who is in the snapshot; raises if it is not whole."""
        p = subprocess.run([os.path.join(BUILD, 'oktactl'), 'snapshot', 'verify', self.path], capture_output=True,
                           text=True, preexec_fn=as_uid, check=False)
        if p.returncode != 0:
            raise AssertionError(p.stdout + p.stderr)
        return sorted(self.host.dump()[0])

    def wanted(self, turn):
        return sorted(u['profile']['login'].split('@')[0] for u in self.crowds[turn])

    def check(self, before, status):
        """What is wrong after a run that ended with STATUS, or None."""
        with open(self.path, 'rb') as f:
            now = f.read()
        old = now[:48] == before[:48] and now[52:] == before[52:]
        try:
            if status == 0 or not old:
                if self.names() != self.wanted(self.turn):
                    return f'exit status {status}, and the snapshot has {self.names()}'
            if self.registry() != self.ids:
                return f'ids changed: {self.registry()}'
        except (AssertionError, sqlite3.Error) as e:
            return f'exit status {status}: {e}'
        return None

    def is_dated(self):
        """The snapshot's times are of now."""
        head = self.host.dump()[2]
        return all(abs(time.time() - head[name]) < 600 for name in ('published', 'source_time'))

    def repair(self):
        """A run in which nothing fails makes all well."""
        self.host.sync()
        assert self.names() == self.wanted(self.turn)
        assert self.registry() == self.ids
        left = glob.glob(os.path.join(self.host.state, '*.tmp'))
        assert not left, left
