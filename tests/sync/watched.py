# SPDX-License-Identifier: BSD-2-Clause
"""An org that is watched, and people of it who come and go."""
import contextlib
import os

from world import Host, Org

ORG = Org()
LOGS = 'okta.users.read okta.groups.read okta.apps.read okta.logs.read'


def fresh(**keys):
    ORG.admin('DELETE', '/faults')
    ORG.admin('POST', '/rates/reset', {})
    ORG.admin('DELETE', '/log')
    return Host(ORG, **keys)


def without_log(**keys):
    ORG.switch(granted_scopes=LOGS.split()[:3])
    h = fresh(sync__interval_s='3600', **keys)
    h.logless = True
    return h


def with_log(**keys):
    ORG.switch(granted_scopes=LOGS.split())
    return fresh(sync__interval_s='3600', **keys)


def ask(w, *changes):
    """Make CHANGES, have Okta asked, and wait until that is through."""
    for c in changes:
        c()
    w.ask()


def asked(*but):
    """Paths of the management API since the log of requests was emptied."""
    return [x['path'] for x in ORG.log() if x['path'].startswith('/api/') and not any(b in x['path'] for b in but)]


def whole_lists():
    """Pages of the list of all people that were asked for."""
    return [x for x in asked() if x.startswith('/api/v1/users?') and 'search=' not in x]


def files_of(h):
    # the directory too: where a file comes and goes its time changes
    return {x: os.stat(os.path.join(h.state, x)).st_mtime_ns
            for x in ('directory.snapshot', 'registry.db', 'sync-base', '.')}


class Person:
    """Somebody who comes and, at the end, is gone."""
    def __init__(self, login='new@acme.example', **more):
        self.login, self.more = login, more

    def __enter__(self):
        self.id = ORG.admin('POST', '/users', {'login': self.login, **self.more})['id']
        return self

    def __exit__(self, *_):
        ORG.switch(search_delay_ms=0)
        try:
            ORG.admin('DELETE', '/users/' + self.id)
        except RuntimeError:
            pass  # the test did

    def patch(self, **what):
        ORG.admin('PATCH', '/users/' + self.id, what)


@contextlib.contextmanager
def left(names):
    """NAMES are not in linux-users, until the end."""
    try:
        for name in names:
            ORG.admin('DELETE', f'/groups/linux-users/members/{name}@acme.example')
        yield
    finally:
        for name in names:
            ORG.admin('PUT', f'/groups/linux-users/members/{name}@acme.example')
