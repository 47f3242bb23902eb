#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync with a fetcher that lies: the old snapshot stays, or a sound one comes out.  The
writer has sanitizers.  Argument: the build directory."""
import os
import re
import subprocess
import sys

import world
from watched import Person, without_log
from watcher import Watch, main
from world import ROOT, Host, lacks, same, test

BUILD = os.path.relpath(world.BUILD, ROOT) if world.BUILD.startswith(ROOT + '/') else world.BUILD
SAN = 'address,undefined'
# like the tree's own name for it; a build elsewhere keeps its sanitized one beside it
SANITIZED = f'build-{SAN}' if BUILD == 'build' else os.path.join(ROOT, BUILD + '-' + SAN)
LIAR = os.path.join(ROOT, SANITIZED, 'tests/sync/liar-sync')
CHANGES = os.path.join(ROOT, BUILD, 'tests/sync/liar-changes')
MUTANT = os.path.join(ROOT, BUILD, 'tests/sync/mutant-sync')


def build(*args):
    subprocess.run(['make', '-s', 'WERROR=1', *args], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


build(f'SAN={SAN}', f'B={SANITIZED}', f'{SANITIZED}/tests/sync/liar-sync')
build(f'B={BUILD}', f'{BUILD}/tests/sync/mutant-sync', f'{BUILD}/tests/sync/liar-changes')

TRUTH = {f'person{i}' for i in range(20)}


class Lied(Host):
    def __init__(self, program=LIAR):
        self.program = program
        super().__init__(groups__match='linux-users, team-*', users__shell_from='shell',
                         users__shells='/bin/sh, /bin/bash')
        same(self.hear('truth', 0)[0], 0)
        self.good = self.snapshot()
        self.users = self.dump()[0]
        same(set(self.users), TRUTH)

    def command(self, *args):
        return [self.program] + super().command(*args)[1:]

    def hear(self, lie, number, *args):
        """Exit status and output of a run in which the fetcher tells this lie."""
        source = self.path(f'{lie}.{number}')
        os.makedirs(source, exist_ok=True)
        self.set(sync__source='file', sync__source_dir=source)
        p = self.start(*args)
        out, _ = p.communicate(timeout=60)
        os.rmdir(source)
        return p.returncode, out

    def survives(self, lie, number, *args):
        """Whether the lie was refused; anything but old or sound is an error."""
        before = self.snapshot()
        status, out = self.hear(lie, number, *args)
        if status not in (0, 75, 78):
            raise AssertionError(f'{lie}.{number}: ended with {status}:\n{out}')
        if re.search(r'[^\n\t\x20-\x7e]', out):
            raise AssertionError(f'{lie}.{number}: bytes of the liar on the terminal: {out!r}')
        if status != 0:
            same(self.snapshot(), before)
        self.is_sound(f'{lie}.{number}')
        return status != 0

    def is_sound(self, what):
        users, groups, _ = self.dump()
        for u in users.values():
            if not re.fullmatch(r'[a-z_][a-z0-9_.-]{0,31}', u['name']) or \
                    not 1879048192 <= u['uid'] <= 2147483646 or u['uid'] != u['gid'] or \
                    not re.fullmatch(r'/home/[a-z_][a-z0-9_.-]{0,31}', u['home']) or u['shell'] not in ('/bin/sh', '/bin/bash') or \
                    re.search(r'[:\x00-\x1f\x7f]', u['gecos']):
                raise AssertionError(f'{what}: {u}')
            if u['name'] in self.users and u['okta_id'] == self.users[u['name']]['okta_id']:
                same(u['uid'], self.users[u['name']]['uid'])
        for g in groups.values():
            if g['name'] and not re.fullmatch(r'[a-z_][a-z0-9_.-]{0,31}', g['name']):
                raise AssertionError(f'{what}: {g}')
        bad = {'root', 'daemon', 'nobody', 'sudo', 'sshd', '_okta', '0day', '0x0', '1000'}
        bad &= set(users) | {g['name'] for g in groups.values()}
        if bad:
            raise AssertionError(f'{what}: {bad}')

    def back(self):
        same(self.hear('truth', 0, '--accept-shrink')[0], 0)


host = Lied()


def all_refused(lie, numbers, by=host):
    for n in numbers:
        if not by.survives(lie, n):
            raise AssertionError(f'{lie}.{n} was believed')


def each_survived(lie, numbers):
    """A lie about somebody may be believed as far as it is sound; it is counted which."""
    refused = sum(host.survives(lie, n) for n in numbers)
    print(f'# {lie}: {refused} of {len(numbers)} refused, the rest sound')
    host.back()


@test
def a_stream_that_is_no_stream_changes_nothing():
    all_refused('garbage', range(12))
    all_refused('zeros', (3, 4, 5))
    all_refused('version', (1, 2, 200))
    all_refused('type', (0, 3, 200))
    all_refused('longer', (0,))


@test
def a_stream_cut_anywhere_changes_nothing():
    all_refused('cut', range(24))


@test
def a_stream_without_its_end_or_with_another_count_changes_nothing():
    all_refused('no-end', (0,))
    all_refused('count', range(3))
    all_refused('drop', range(12))


@test
def what_comes_after_the_end_changes_nothing():
    for lie in ('early-end', 'twice-end'):
        host.survives(lie, 0)
        if 'late' in host.dump()[0]:
            raise AssertionError('somebody came after the end')
    host.back()


@test
def a_record_of_no_kind_or_a_member_of_no_group_changes_nothing():
    all_refused('kind', range(5))
    all_refused('member', range(5))
    all_refused('id', (0, 1, 2, 5, 6))


@test
def nobody_at_all_changes_nothing():
    all_refused('empty', (0,))


@test
def a_failure_that_lies_about_itself_changes_nothing_and_reaches_no_terminal():
    all_refused('fail', range(5))
    for n in range(4):
        host.survives('wait', n)


@test
def records_in_any_order_or_twice_give_the_old_or_a_sound_snapshot():
    each_survived('shuffle', range(8))
    each_survived('shuffle-all', range(8))
    each_survived('repeat', range(8))
    each_survived('everybody-twice', range(1))


@test
def hostile_people_and_groups_give_a_sound_snapshot():
    each_survived('person', range(29))
    each_survived('group', range(24))
    each_survived('status', range(1))
    each_survived('id', (3, 4))


@test
def one_wrong_bit_or_byte_anywhere_gives_the_old_or_a_sound_snapshot():
    each_survived('flip', range(20))
    each_survived('noise', range(20))


@test
def that_nobody_may_be_asked_who_changed_is_not_believed_of_a_run_that_did_not_ask():
    os.makedirs(host.path('no-search.0'))
    for scope in ('all', 'groups'):
        host.set(sync__scope=scope, sync__scope_groups='linux-users' if scope == 'groups' else None,
                 sync__source_dir=host.path('no-search.0'))
        before = host.snapshot()
        w = Watch(host, wait=False)
        w.says("the fetcher's records cannot be used")
        lacks(w.text(), 'cannot be asked who changed', 'done:')
        same(host.snapshot(), before)
        w.stop()
    host.set(sync__scope=None, sync__scope_groups=None)


@test
def that_nobody_may_be_asked_who_changed_is_believed_in_scope_groups_only():
    """In any other it would put off each revocation until the next full sync."""
    h = without_log()
    w = Watch(h)  # everybody is there
    h.command = lambda *args: [CHANGES] + Host.command(h, *args)[1:]
    w.stop()
    with Person():
        w = Watch(h, wait=False)
        w.says("the fetcher's records cannot be used", 'refuses to say who changed')
        lacks(w.text(), 'cannot be asked who changed')
        w.stop()
    h.set(sync__scope='groups', sync__scope_groups='linux-users')
    w = Watch(h, wait=False)
    w.says('cannot be asked who changed')
    lacks(w.text(), 'cannot be used')
    w.stop()


@test
def a_writer_that_does_not_count_what_came_is_caught():
    mutant = Lied(MUTANT)
    try:
        all_refused('count', range(3), mutant)
    except AssertionError as e:
        same(str(e), 'count.0 was believed')
    else:
        raise AssertionError('the harness is blind')


@test
def after_all_that_everybody_has_the_ids_of_the_first_day():
    host.back()
    same({n: u['uid'] for n, u in host.dump()[0].items() if n in TRUTH},
         {n: u['uid'] for n, u in host.users.items()})


main()
