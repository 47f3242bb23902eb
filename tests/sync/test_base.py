#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch: what it goes on from after a new start."""
import mmap
import os
import shutil
import signal
import tempfile

from watched import ORG, Person, ask, asked, whole_lists, with_log, without_log
from watcher import Watch, main
from world import flip, lacks, same, test


@test
def a_watcher_that_starts_again_goes_on_where_it_was():
    h = with_log()
    Watch(h).stop()
    ORG.admin('DELETE', '/log')
    with Person():
        w = Watch(h)
        assert 'new' in h.dump()[0]
        same(whole_lists(), [])
        w.stop()


@test
def a_base_that_is_damaged_missing_or_of_another_configuration_means_reading_everything():
    h = with_log(sync__max_removal_percent='100')
    base = os.path.join(h.state, 'sync-base')

    def damage():
        flip(base, 120)

    Watch(h).stop()
    same(os.stat(base).st_mode & 0o777, 0o600)
    for spoil in (damage, lambda: os.unlink(base), lambda: os.truncate(base, 60), lambda: os.chmod(base, 0o644),
                  lambda: h.set(groups__match='linux-users, sudo')):
        spoil()
        ORG.admin('DELETE', '/log')
        Watch(h).stop()
        assert whole_lists(), asked()
    w = Watch(h)
    ask(w)
    damage()  # while it runs
    with Person():
        w.send(signal.SIGUSR2)
        w.says('done: 9 people')
    w.stop()


@test
def once_leaves_nothing_that_a_change_is_put_on():
    h = with_log()
    Watch(h).stop()
    h.sync()
    lacks(open(os.path.join(h.state, 'sync-base'), 'rb').read().decode('latin-1'), '00u', '00g')
    ORG.admin('DELETE', '/log')
    Watch(h).stop()
    assert whole_lists(), asked()


def with_the_base_of_before(h, change):
    """CHANGE while the snapshot was published, but its base was not written any more."""
    base = os.path.join(h.state, 'sync-base')
    w = Watch(h)
    shutil.copy2(base, h.path('before'))
    change(w)
    w.stop()
    shutil.copy2(h.path('before'), base)


@test
def whoever_is_gone_stays_gone_when_the_base_is_older_than_the_snapshot():
    h = with_log()
    with Person() as p:
        with_the_base_of_before(h, lambda w: (ORG.admin('DELETE', '/users/' + p.id), w.now()))
        assert 'new' not in h.dump()[0]
    with Person('other@acme.example'):
        w = Watch(h)
        w.says('done:')
        same([x in h.dump()[0] for x in ('new', 'other')], [False, True])
        w.stop()


@test
def a_directory_that_is_again_as_an_older_base_says_is_published():
    h = with_log()
    came = []
    try:
        with_the_base_of_before(h, lambda w: (came.append(Person().__enter__()), w.now()))
        assert 'new' in h.dump()[0]
    finally:
        for p in came:
            p.__exit__()
    w = Watch(h)
    w.says('done: 8 people')
    assert 'new' not in h.dump()[0]
    w.stop()


@test
def no_secret_is_in_the_base():
    h = with_log()
    Watch(h).stop()
    ORG.has_no_secret_in(os.path.join(h.state, 'sync-base'))


@test
def a_registry_that_was_changed_between_two_turns_is_checked_page_by_page_again():
    """Its rows and indexes would say nothing: what is wrong is how many pages are free."""
    h = without_log()
    w = Watch(h)
    with Person('before@acme.example'):
        ask(w)
        assert 'before' in h.dump()[0], w.text()
    with open(os.path.join(h.state, 'registry.db'), 'r+b') as f:
        f.seek(36)
        f.write(b'\0\0\0\7')
    with Person():
        w.send(signal.SIGUSR2)
        w.says('registry.db', 'registry import')
        assert 'new' not in h.dump()[0]
    w.stop()


@test
def a_full_sync_checks_each_page_of_a_registry_that_looks_as_it_was_left():
    """As when a disk loses a bit: in memory only the first write by mmap sets the times."""
    tempfile.tempdir = '/dev/shm'
    h = without_log()
    tempfile.tempdir = None
    w = Watch(h)
    path = os.path.join(h.state, 'registry.db')
    with open(path, 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
        m[36:40] = m[36:40]
        with Person('before@acme.example'):
            ask(w)  # it is left, and looked at, later than that
        before = os.stat(path)
        m[36:40] = b'\0\0\0\7'
        after = os.stat(path)
    same((after.st_ino, after.st_mtime_ns, after.st_ctime_ns), (before.st_ino, before.st_mtime_ns, before.st_ctime_ns))
    with Person():
        w.send(signal.SIGUSR1)
        w.says('registry.db', 'registry import')
        assert 'new' not in h.dump()[0]
    w.stop()


if __name__ == '__main__':
    main()
