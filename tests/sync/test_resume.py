#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A full synchronisation that is interrupted goes on where it was, or begins anew when it must."""
import os
import shutil
import signal
import sqlite3

from watcher import Watch, kill_together, main
from world import Host, Org, flip, has, lacks, same, test, wait_for

ORG = Org()
LATER = '^/api/v1/users\\?.*after='  # the people's list, behind its first page
MINE = ('/api/v1/users?', '/api/v1/groups')
TRIES = 4  # of a page that Okta itself fails at
NOT_FULL = ('search=', 'filter=', '/api/v1/logs')


def calm():
    ORG.admin('DELETE', '/faults')
    ORG.admin('POST', '/clock', {'skew_s': 0})


def fresh(**keys):
    calm()
    ORG.switch(page_size_cap=2, granted_scopes=['okta.users.read', 'okta.groups.read', 'okta.apps.read'])
    ORG.admin('DELETE', '/log')
    h = Host(ORG, sync__interval_s='3600', **keys)
    h.spool, h.base, h.snap, h.meanwhile = (
        os.path.join(h.state, x) for x in ('sync-spool', 'sync-base', 'directory.snapshot', 'sync-meanwhile'))
    return h


def pages():
    """Pages of a full synchronisation that were asked for since the log was emptied."""
    return sorted(x['path'] for x in ORG.log() if x['path'].startswith(MINE) and not any(n in x['path'] for n in NOT_FULL))


def all_pages():
    calm()
    ORG.admin('DELETE', '/log')
    h = fresh()
    h.sync()
    return pages()


ALL = all_pages()
assert len(ALL) > 10, ALL


def hold(**fault):
    """From its third page on the people's list is not answered: all else is read then."""
    ORG.fault(**{'path': LATER, 'kind': 'delay', 'delay_ms': 60000, 'times': -1, 'skip': 1, **fault})
    ORG.admin('DELETE', '/log')


def held():
    """What was read, when nothing more comes."""
    people = [x for x in ALL if x.startswith('/api/v1/users?')]
    wait_for(lambda: len(pages()) == len(ALL) - len(people) + 3)
    asked = pages()
    late = [x for x in asked if x in people and 'after=' in x]
    same(len(late), 2)
    return asked, max(late, key=lambda x: [y['path'] for y in ORG.log()].index(x))


def spooled(h, size):
    wait_for(lambda: os.path.exists(h.spool) and os.path.getsize(h.spool) > size)


def watch(h):
    w = Watch(h)
    w.ask(turns=2)  # the log, which is refused, and then what changed
    return w


def kill(w):
    kill_together([w.p.pid] + w.children())
    w.p.wait()


def interrupted(h, published=True):
    """A full synchronisation of H, killed in mid-run; what was read."""
    if published:
        w = watch(h)
        hold()
        w.send(signal.SIGUSR1)
    else:
        hold()
        w = Watch(h, wait=False)
    asked, late = held()
    spooled(h, 1000)
    kill(w)
    calm()
    ORG.admin('DELETE', '/log')
    asked.remove(late)  # asked for, and not answered
    return asked


def go_on(h):
    w = Watch(h, wait=False)
    wait_for(lambda: w.fulls() > 0, 20)
    return w


@test
def killed_in_mid_run_the_first_full_sync_goes_on_and_no_page_is_asked_for_again():
    h = fresh()
    read = interrupted(h, published=False)
    same(h.snapshot(), None)
    w = go_on(h)
    w.says('goes on where a full synchronisation was interrupted')
    same(sorted(read + pages()), ALL)
    h.equal_to_full()
    w.stop()
    same(os.path.exists(h.spool), False)


@test
def killed_in_mid_run_a_full_sync_goes_on_before_anything_else_though_none_is_due():
    h = fresh()
    read = interrupted(h)
    w = go_on(h)
    w.says('goes on where a full synchronisation was interrupted')
    same(sorted(read + pages()), ALL)
    h.equal_to_full()
    w.stop()


@test
def after_a_lost_connection_a_full_sync_goes_on():
    h = fresh()
    hold(kind='drop')
    w = Watch(h, wait=False)
    wait_for(lambda: os.path.exists(os.path.join(h.state, 'sync-status.json')), 40)
    same(h.status()['result'], 'kept')
    read = set(pages())
    calm()
    ORG.admin('DELETE', '/log')
    w.send(signal.SIGHUP)  # instead of waiting for the next try
    w.says('goes on where', 'done:')
    late = [x for x in ALL if x.startswith('/api/v1/users?') and x not in read]
    again = set(pages()) & read
    same(len(again), 1)  # the page that was lost
    same(sorted(pages()), sorted(late + list(again)))
    h.equal_to_full()
    w.stop()


@test
def what_changed_on_a_page_that_was_read_before_the_interruption_is_not_undone_by_it():
    h = fresh()
    w = Watch(h)
    first = min(h.dump()[0].values(), key=lambda u: u['okta_id'])
    w.stop()
    interrupted(h)
    ORG.admin('PATCH', '/users/' + first['okta_id'], {'status': 'SUSPENDED'})
    try:
        # so long ago that what overlaps does not reach it
        ORG.admin('POST', '/clock', {'skew_s': 1000})
        w = go_on(h)
        w.says('goes on where')
        same(h.dump()[0][first['name']]['status'], 'SUSPENDED')
        w.stop()
    finally:
        calm()
        ORG.admin('PATCH', '/users/' + first['okta_id'], {'status': 'ACTIVE'})


@test
def what_is_damaged_of_another_configuration_or_of_an_older_snapshot_is_thrown_away():
    h = fresh(sync__max_removal_percent='100')

    def publish():
        ORG.switch(granted_scopes=['okta.users.read', 'okta.groups.read'])
        shutil.copy2(h.spool, h.path('spool'))
        h.sync()
        same(os.path.exists(h.spool), False)
        shutil.copy2(h.path('spool'), h.spool)
        h.write()
        ORG.admin('DELETE', '/log')

    for spoil in (lambda: flip(h.spool, 20), lambda: flip(h.spool, os.path.getsize(h.spool) // 2),
                  lambda: os.chmod(h.spool, 0o640), publish, lambda: h.set(groups__match='linux-users, eng, sudo')):
        os.path.exists(h.snap) and os.unlink(h.snap)
        os.path.exists(h.base) and os.unlink(h.base)
        interrupted(h, published=False)
        spoil()
        w = Watch(h, wait=False)
        w.says('done:')
        lacks(w.text(), 'goes on where')
        first = [x for x in ALL if x.startswith('/api/v1/users?') and 'after=' not in x]
        assert first[0] in pages(), pages()
        w.stop()
        same(os.path.exists(h.spool), False)


@test
def what_another_release_left_is_thrown_away():
    h = fresh()
    interrupted(h, published=False)
    h.upgrade()
    w = Watch(h, wait=False)
    w.says('done:')
    lacks(w.text(), 'goes on where')
    same(pages(), ALL)
    w.stop()


@test
def whoever_asks_for_a_full_sync_gets_one_from_the_first_page_on():
    h = fresh()
    w = watch(h)
    hold()
    w.send(signal.SIGUSR1)
    held()
    kill_together(w.children())
    w.says('was killed')
    calm()
    ORG.admin('DELETE', '/log')
    has(h.sync(), 'done:')
    same(pages(), ALL)
    lacks(w.text(), 'goes on where')
    w.stop()


@test
def a_place_that_Okta_knows_no_more_begins_anew_at_once_and_says_so():
    for status, times in ((400, 1), (404, 1), (410, 1), (500, TRIES)):
        h = fresh()
        interrupted(h)
        ORG.fault(path=LATER, kind='status', status=status, times=times)
        w = Watch(h, wait=False)
        w.says('begins anew', f'{status}')
        wait_for(lambda: any(x.startswith('/api/v1/users?') and 'after=' not in x for x in pages()))
        wait_for(lambda: not os.path.exists(h.meanwhile) and w.fulls() > 0)
        h.equal_to_full()
        w.stop()


@test
def a_place_that_cannot_be_reached_just_now_is_gone_on_from_later():
    h = fresh()
    interrupted(h)
    ORG.fault(path=LATER, kind='status', status=503, times=TRIES)
    w = Watch(h, wait=False)
    w.says('goes on where', 'HTTP 503')
    lacks(w.text(), 'begins anew')
    same(os.path.exists(h.spool), True)
    w.stop()


def kill_turn(w, fetcher):
    for pid in set(w.children()) - {fetcher}:
        os.kill(pid, signal.SIGKILL)
    w.says('was killed')


@test
def where_nobody_can_be_asked_what_changed_a_full_sync_begins_anew():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users, eng')
    ORG.switch(granted_scopes=['okta.groups.read'])
    w = Watch(h)
    w.send(signal.SIGUSR2)
    w.says('cannot be asked who changed')
    wait_for(lambda: len(w.children()) == 1)
    fetcher, = w.children()
    members = '^/api/v1/groups/.*/users.*after='
    hold(path=members)
    w.send(signal.SIGUSR2)
    wait_for(lambda: sum('/users?' in x and 'after=' in x for x in pages()) >= 2)
    spooled(h, 500)
    read = [x for x in pages() if 'after=' not in x]
    kill_turn(w, fetcher)
    calm()
    ORG.admin('DELETE', '/log')
    w.send(signal.SIGUSR2)
    w.says('done:', times=2)
    lacks(w.text(), 'goes on where')
    same(sorted(x for x in pages() if 'after=' not in x), read)
    w.stop()


@test
def pages_without_a_time_of_Okta_are_not_gone_on_from_and_the_first_page_with_one_is_enough():
    people = [x for x in ALL if x.startswith('/api/v1/users?')]
    for times, resumes in ((-1, False), (1, True)):
        h = fresh()
        hold(skip=0)
        ORG.fault(path='^/api/v1/(groups|users\\?(?!.*after=))', kind='no_date', times=times)
        w = Watch(h, wait=False)
        wait_for(lambda: len(pages()) == len(ALL) - len(people) + 2)
        spooled(h, 1000)
        kill(w)
        calm()
        w = go_on(h)
        same('goes on where' in w.text(), resumes)
        h.equal_to_full()
        w.stop()


@test
def what_was_read_whole_and_braked_is_not_taken_again():
    h = fresh()
    w = Watch(h)
    people = [x for x in ALL if x.startswith('/api/v1/users?') and 'after=' not in x]
    w.ask(turns=2)
    ORG.fault(path='^/api/v1/users\\?', kind='empty_page', times=1)
    w.send(signal.SIGUSR1)
    w.says('Okta returned no person')
    wait_for(lambda: h.status()['result'] == 'kept')
    same(os.path.exists(h.spool), False)
    ORG.admin('DELETE', '/log')
    w.now()
    assert people[0] in pages()
    w.stop()


def gone_on_from():
    """A host whose interrupted synchronisation is through, and what had been kept of it."""
    h = fresh()
    interrupted(h)
    kept = h.path('kept')
    shutil.copy2(h.spool, kept)
    go_on(h).stop()
    return h, kept


@test
def a_change_that_was_published_ends_what_was_kept():
    h, kept = gone_on_from()
    w = watch(h)
    shutil.copy2(kept, h.spool)
    made = ORG.admin('POST', '/users', {'login': 'late@acme.example'})
    try:
        w.ask()
        assert 'late' in h.dump()[0]
        same(os.path.exists(h.spool), False)
        w.stop()
    finally:
        ORG.admin('DELETE', '/users/' + made['id'])


@test
def a_change_that_was_taken_back_ends_what_was_kept_though_nothing_is_published():
    h, kept = gone_on_from()
    bob, = [u for u in h.dump()[0].values() if u['name'] == 'bob']
    w = watch(h)
    shutil.copy2(kept, h.spool)
    before = h.snapshot()
    for status in ('SUSPENDED', 'ACTIVE'):
        ORG.admin('PATCH', '/users/' + bob['okta_id'], {'status': status})
    w.ask()
    same(h.snapshot(), before)
    same(os.path.exists(h.spool), False)
    w.stop()


@test
def a_turn_that_heard_of_no_change_leaves_what_was_kept():
    h, kept = gone_on_from()
    w = watch(h)
    ORG.admin('POST', '/clock', {'skew_s': 1000})  # what overlaps is older than all changes
    w.ask()
    w.ask()
    shutil.copy2(kept, h.spool)
    w.ask()
    same(os.path.exists(h.spool), True)
    w.stop()
    calm()


@test
def once_everything_was_read_its_pages_are_gone_before_that_is_published():
    h = fresh()
    w = watch(h)
    fetcher, = w.children()
    registry = sqlite3.connect(os.path.join(h.state, 'registry.db'), isolation_level=None)
    registry.execute('BEGIN EXCLUSIVE')  # whoever publishes waits for it
    try:
        ORG.admin('DELETE', '/log')
        w.send(signal.SIGUSR1)
        wait_for(lambda: pages() == ALL)
        wait_for(lambda: not os.path.exists(h.spool), 3)
        kill_turn(w, fetcher)
    finally:
        registry.close()
    lacks(w.text(), 'registry')  # it was waiting
    w.stop()
    ORG.admin('DELETE', '/log')
    w = Watch(h)
    w.now()
    lacks(w.text(), 'goes on where')
    w.stop()


@test
def what_is_kept_is_for_root_alone_and_holds_no_secret():
    h = fresh()
    interrupted(h)
    same(os.stat(h.spool).st_mode & 0o777, 0o600)
    with open(h.spool, 'rb') as f:
        has(f.read().decode('latin-1'), 'linux-users')
    ORG.has_no_secret_in(h.spool)


if __name__ == '__main__':
    main()
