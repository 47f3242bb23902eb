# SPDX-License-Identifier: BSD-2-Clause
"""An org in three states, one after the other, and hosts that know the first of them."""
import os
import shutil
import sqlite3
import subprocess
import sys

import fault
from fault import BUILD
from site_of_sync import registry_of

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
from world import UID, Host, Org  # noqa: E402

SCOPES = 'okta.users.read okta.groups.read okta.apps.read'.split()
LOGS = 'okta.logs.read'
BUCKETS = 'users user user_write groups group apps logs other oauth'.split()
STATES = 3
OWNER = {'user': UID, 'group': UID, 'extra_groups': []} if os.geteuid() == 0 else {}


def dumped(host):
    """All lines of a snapshot but the first, which says when it was made; raises if it is not whole."""
    lines = []
    for word in ('verify', 'dump'):
        p = subprocess.run([os.path.join(BUILD, 'oktactl'), '--config', host.conf, '--state', host.state, 'snapshot', word],
                           capture_output=True, text=True, check=False, **OWNER)
        if p.returncode != 0:
            raise AssertionError(p.stdout + p.stderr)
        lines = p.stdout.splitlines()[1:]
    return lines


class Place(Host):
    """A host that its owner takes away."""

    def gone(self):
        Host.made.remove(self)
        shutil.rmtree(self.dir, ignore_errors=True)


class OrgOfSync:
    """In each state another one of three people is suspended and out of a group."""

    def __init__(self, **keys):
        self.org = Org()
        self.org.switch(granted_scopes=[*SCOPES, LOGS], rate_limits={x: 1000000 for x in BUCKETS})
        self.keys = {'sync.interval_s': '3600', 'sync.max_removal_percent': '100', **keys}
        for n in range(STATES):
            self.org.admin('POST', '/users', {'login': f'x{n}@acme.example', 'groups': ['linux-users', 'eng']})
        self.contents = []
        host = Place(self.org)
        host.keys.update(self.keys)
        for n in (*range(STATES), 0):
            self.become(n)
            host.sync()
            if len(self.contents) < STATES:
                self.contents.append(dumped(host))
        self.ids = registry_of(host)
        self.kept = host.state

    def become(self, state):
        """Nothing else than these few changes: nobody's id changes."""
        for n in range(STATES):
            login = f'x{n}@acme.example'
            self.org.admin('PATCH', '/users/' + login, {'status': 'SUSPENDED' if n == state else 'ACTIVE'})
            self.org.admin('DELETE' if n == state else 'PUT', '/groups/eng/members/' + login)

    def place(self):
        """A host whose snapshot is of the first state."""
        host = Place(self.org)
        host.keys.update(self.keys)
        shutil.copytree(self.kept, host.state, dirs_exist_ok=True)
        host.write()
        return host

    def is_in(self, host, state):
        """Whether the snapshot of HOST is of STATE."""
        return dumped(host) == self.contents[state]

    def wrong_with(self, host, state):
        """What is wrong with the files of HOST, whose snapshot must be of STATE, or None."""
        try:
            if not self.is_in(host, state):
                return f'the snapshot is not of state {state}: {dumped(host)}'
            ids = registry_of(host)
            if ids != self.ids:
                return f'ids changed: {ids}'
        except (AssertionError, sqlite3.Error) as e:
            return f'{type(e).__name__}: {e}'
        return None
