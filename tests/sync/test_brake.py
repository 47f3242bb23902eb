#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync: removals that are too many are braked, however few come at a time."""
import os
import signal

from watched import ORG, Person, ask, fresh, left, with_log
from watcher import Watch, main
from world import has, same, test, user


@test
def the_brake_holds_changes_too_and_lets_go_when_told():
    h = with_log(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    ask(w)
    members = list(h.dump()[0])
    before = h.snapshot()
    with left(members[:3]):
        w.send(signal.SIGUSR2)
        w.says('--accept-shrink')
        same(h.snapshot(), before)
        h.sync('--accept-shrink')
        same(set(h.dump()[0]), set(members[3:]))
    w.stop()


class Crowd:
    """N people in linux-users who leave it a few at a time, and come again at the end."""
    def __init__(self, n):
        self.people = [Person(f'crowd{i}@acme.example', groups=['linux-users']) for i in range(n)]

    def __enter__(self):
        for p in self.people:
            p.__enter__()
        self.left = 0
        return self

    def leave(self, n):
        for p in self.people[self.left:self.left + n]:
            ORG.admin('DELETE', f'/groups/linux-users/members/{p.id}')
        self.left += n

    def __exit__(self, *_):
        for p in self.people:
            p.__exit__()


IN_SCOPE = {'sync__scope': 'groups', 'sync__scope_groups': 'linux-users', 'groups__match': 'linux-users'}


@test
def many_small_removals_are_braked_like_a_large_one_also_after_a_new_start_and_by_a_full_sync():
    h = with_log(**IN_SCOPE)
    with Crowd(30) as crowd:
        w = Watch(h)
        n = len(h.dump()[0])
        for _ in range(2):
            ask(w, lambda: crowd.leave(3))
        same(len(h.dump()[0]), n - 6)
        w.stop()
        w = Watch(h)
        crowd.leave(3)  # 9 of 36
        w.send(signal.SIGUSR2)
        w.says(f'{n - 9} of the {n} people of the last full synchronisation would be left', '--accept-shrink')
        same(len(h.dump()[0]), n - 6)
        w.send(signal.SIGUSR1)
        w.says(f'{n - 9} of the {n} people of', times=2)
        same(len(h.dump()[0]), n - 6)
        has(h.sync('--accept-shrink'), f'done: {n - 9} people')
        ask(w, lambda: crowd.leave(3))  # counted anew
        same(len(h.dump()[0]), n - 12)
        w.stop()


@test
def many_small_removals_of_memberships_are_braked_like_a_large_one():
    h = with_log(groups__match='linux-users')
    with Crowd(30) as crowd:
        w = Watch(h)
        n = h.status()['memberships']
        for _ in range(2):
            ask(w, lambda: crowd.leave(3))
        crowd.leave(3)
        w.send(signal.SIGUSR2)
        w.says(f'{n - 9} of the {n} group memberships of the last full synchronisation would be left')
        same(len(h.dump()[1]['linux-users']['members']), n - 6)
        w.stop()


@test
def many_small_removals_are_braked_also_with_full_syncs_between_them():
    h = with_log(**IN_SCOPE)
    with Crowd(30) as crowd:
        w = Watch(h)
        n = len(h.dump()[0])
        for _ in range(2):
            ask(w, lambda: crowd.leave(3))
            w.now()
            ask(w)  # a turn follows by itself, and must not see one of the next three
        crowd.leave(3)
        w.send(signal.SIGUSR1)
        w.says(f'{n - 9} of the {n} people of the last full synchronisation would be left')
        same(len(h.dump()[0]), n - 6)
        w.stop()


@test
def many_small_removals_are_braked_also_from_one_run_of_once_to_the_next_and_by_the_watcher_after_it():
    h = with_log(**IN_SCOPE)
    with Crowd(30) as crowd:
        Watch(h).stop()
        n = len(h.dump()[0])
        for _ in range(2):
            crowd.leave(3)
            h.sync()
        crowd.leave(3)
        for _ in range(2):  # a run that is braked forgets nothing
            h.kept(75, f'{n - 9} of the {n} people of the last full synchronisation would be left')
        w = Watch(h, wait=False)
        w.says(f'{n - 9} of the {n} people of')
        same(len(h.dump()[0]), n - 6)
        w.stop()
        h.sync('--accept-shrink')
        crowd.leave(3)  # counted anew
        h.sync()
        same(len(h.dump()[0]), n - 12)


@test
def another_release_publishes_anew_without_reading_everything_and_many_small_removals_are_braked_by_it_too():
    h = with_log(**IN_SCOPE)
    with Crowd(30) as crowd:
        w = Watch(h)
        n = len(h.dump()[0])
        for _ in range(2):
            ask(w, lambda: crowd.leave(3))
        w.stop()
        generation = h.dump()[2]['generation']
        w = Watch(h)
        same((h.dump()[2]['generation'], w.text()), (generation, ''))
        w.stop()
        h.upgrade()
        w = Watch(h)
        w.says(f'updated: {n - 6} people')
        same((h.dump()[2]['generation'], w.text().count('done:')), (generation + 1, 0))
        ask(w)
        same(h.dump()[2]['generation'], generation + 1)  # once is enough
        crowd.leave(3)
        w.send(signal.SIGUSR2)
        w.says(f'{n - 9} of the {n} people of the last full synchronisation would be left')
        same(len(h.dump()[0]), n - 6)
        w.stop()


@test
def many_small_removals_from_files_are_braked_also_after_a_new_start():
    h = fresh()
    people = [user(i, f'person{i}@acme.example') for i in range(30)]

    def start(n):
        h.use_files(users=people[:n], groups=[])
        return Watch(h, wait=False)

    for n in (30, 27, 24):
        w = start(n)
        w.says(f'done: {n} people')
        w.stop()
    w = start(21)
    w.says('21 of the 30 people of the last full synchronisation would be left')
    same(len(h.dump()[0]), 24)
    w.stop()


@test
def what_was_accepted_counts_also_where_the_base_could_not_be_written():
    h = with_log(**IN_SCOPE)
    base = os.path.join(h.state, 'sync-base')
    with Crowd(30) as crowd:
        w = Watch(h)
        n = len(h.dump()[0])
        crowd.leave(9)
        os.unlink(base)
        os.mkdir(base)  # nothing can be put in its place
        h.sync('--accept-shrink', expect=75)
        same(len(h.dump()[0]), n - 9)
        os.rmdir(base)
        has(h.sync(), f'done: {n - 9} people')
        w.stop()


if __name__ == '__main__':
    main()
