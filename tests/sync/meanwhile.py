# SPDX-License-Identifier: BSD-2-Clause
"""An org whose pages can be made to wait, and what is published while everything is read from it."""
import contextlib
import os
import signal
import time

from watched import ORG
from world import same, wait_for

PEOPLE = '^/api/v1/users\\?(?!.*search=).*after='  # the people's list, behind its first page
MEMBERS = f"^/api/v1/groups/{ORG.org['group_ids']['linux-users']}/users.*after="
NEWS = ('search=', 'filter=', '/api/v1/logs')
HELD = 'STATUS=reading everything from Okta; up to date'


class Clock:
    skew = 0


def paged(make, **keys):
    """Okta's clock goes on, so that its log, in pages of two, does not hold what the tests before did."""
    Clock.skew += 1000
    ORG.admin('POST', '/clock', {'skew_s': Clock.skew})
    ORG.switch(page_size_cap=2)
    h = make(groups__match='linux-users, eng, Linux*', sync__max_removal_percent='100', **keys)
    h.meanwhile, h.spool = (os.path.join(h.state, x) for x in ('sync-meanwhile', 'sync-spool'))
    return h


def lists():
    return sum(x['path'].startswith('/api/v1/') and not any(n in x['path'] for n in NEWS) for x in ORG.log())


def begun():
    """How often the list of all people was begun."""
    paths = [x['path'] for x in ORG.log() if x['path'].startswith('/api/v1/users?')]
    return sum('after=' not in x and 'search=' not in x for x in paths)


def wait_until_held():
    """Nothing more of the lists comes: what can be read is read."""
    seen, since = lists(), time.monotonic()
    while seen == 0 or time.monotonic() - since < 0.4:
        time.sleep(0.05)
        if lists() != seen:
            seen, since = lists(), time.monotonic()


def begin(w, path=None):
    """One page of the lists that it reads has to wait; in scope groups there is no list of people."""
    path = path or (MEMBERS if 'sync.scope_groups' in w.host.keys else PEOPLE)
    ORG.fault(path=path, kind='hold', times=1)
    ORG.admin('DELETE', '/log')
    w.send(signal.SIGUSR1)
    wait_until_held()


@contextlib.contextmanager
def reading(w, path=None):
    """Everything is being read, and stops until this is over."""
    start = len(w.told)
    begin(w, path)
    yield
    same(w.fulls(start), 0)
    ORG.admin('DELETE', '/faults')
    wait_for(lambda: w.fulls(start) == 1, 20)


def publish(w, change, seen):
    """CHANGE, and wait until SEEN, of the people and groups that are published."""
    change()
    w.send(signal.SIGUSR2)
    wait_for(lambda: seen(*w.host.dump()[:2]))


def status_of(name, status):
    return lambda users, _: name in users and users[name]['status'] == status


def set_status(person, status):
    return lambda: ORG.admin('PATCH', '/users/' + person['okta_id'], {'status': status})


@contextlib.contextmanager
def somebody(h, first=True):
    """On the people's first page, which is read before it stops; or on its last.  He is ACTIVE in the end."""
    people = sorted((u for u in h.dump()[0].values() if u['name'] not in ('new', 'held')), key=lambda u: u['okta_id'])
    person = people[0 if first else -1]
    try:
        yield person
    finally:
        ORG.admin('DELETE', '/faults')
        set_status(person, 'ACTIVE')()


def ask_again(w):
    """Two more turns beside: the second began after this call."""
    for _ in range(2):
        n = w.count_told(HELD)
        w.send(signal.SIGUSR2)
        wait_for(lambda: w.count_told(HELD) > n, 20)


def spooled(h):
    wait_for(lambda: os.path.exists(h.spool) and os.path.getsize(h.spool) > 500)


def reader_of(w):
    """The process that writes the pages down."""
    for pid in w.children():
        with contextlib.suppress(OSError):  # it has ended
            fds = f'/proc/{pid}/fd'
            if w.host.spool in [os.readlink(os.path.join(fds, x)) for x in os.listdir(fds)]:
                return pid
    raise AssertionError('nobody reads')
