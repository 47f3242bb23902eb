#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch: what changes while everything is read is published meanwhile, and what was read does not undo it."""
import contextlib
import os
import signal
import time

from meanwhile import (
    HELD, MEMBERS, PEOPLE, Clock, ask_again, begin, begun, paged, publish, reader_of, reading, set_status, somebody, spooled, status_of,
    wait_until_held)
from watched import ORG, Person, ask, with_log, without_log
from watcher import Watch, kill_together, main
from world import flip, has, lacks, same, test, wait_for

APP = '0oanativesecretlogi1'


def suspended_meanwhile(make):
    h = paged(make)
    w = Watch(h)
    ask(w)
    with somebody(h) as person:
        with reading(w):
            publish(w, set_status(person, 'SUSPENDED'), status_of(person['name'], 'SUSPENDED'))
            wait_for(lambda: w.count_told(HELD) > 0)
        same(h.dump()[0][person['name']]['status'], 'SUSPENDED')
        same([x for x in os.listdir(h.state) if x in ('sync-meanwhile', 'sync-read', 'sync-spool')], [])
        h.equal_to_full()
        w.stop()


@test
def with_the_log_a_suspension_comes_while_everything_is_read_and_an_older_page_does_not_undo_it():
    suspended_meanwhile(with_log)


@test
def without_the_log_a_suspension_comes_while_everything_is_read_and_an_older_page_does_not_undo_it():
    suspended_meanwhile(without_log)


@test
def who_is_again_what_he_was_is_not_what_a_page_between_says():
    for make in (with_log, without_log):
        for first, between in (('ACTIVE', 'SUSPENDED'), ('SUSPENDED', 'ACTIVE')):
            h = paged(make)
            w = Watch(h)
            with somebody(h) as person:
                publish(w, set_status(person, first), status_of(person['name'], first))
                ask(w)
                set_status(person, between)()
                with reading(w):
                    set_status(person, first)()
                    ask_again(w)
                same(h.dump()[0][person['name']]['status'], first)
                h.equal_to_full()
                w.stop()


def member(how, group, name):
    return lambda: ORG.admin(how, f'/groups/{group}/members/{name}@acme.example')


def is_in(group, name):
    return lambda _, groups: name in groups[group]['members']


def is_not_in(group, name):
    return lambda _, groups: name not in groups[group]['members']


SCOPES = ({}, {'sync__scope': 'groups', 'sync__scope_groups': 'linux-users, eng'})


@test
def who_joins_a_group_or_leaves_it_meanwhile_is_where_he_was_last():
    for make in (with_log, without_log):
        for keys in SCOPES:
            with Person('held@acme.example', groups=['linux-users']), Person('left@acme.example', groups=['linux-users', 'eng']):
                h = paged(make, **keys)
                w = Watch(h)
                ask(w)
                with reading(w):
                    publish(w, member('PUT', 'eng', 'held'), is_in('eng', 'held'))
                    publish(w, member('DELETE', 'eng', 'left'), is_not_in('eng', 'left'))
                    publish(w, member('DELETE', 'linux-users', 'left'), is_not_in('linux-users', 'left'))
                    same('left' in h.dump()[0], not keys)
                    publish(w, member('PUT', 'linux-users', 'left'), is_in('linux-users', 'left'))
                    publish(w, member('DELETE', 'linux-users', 'held'), is_not_in('linux-users', 'held'))
                    publish(w, member('DELETE', 'eng', 'held'), is_not_in('eng', 'held'))
                    same('held' in h.dump()[0], not keys)
                    before = h.dump()[:2]
                same(h.dump()[:2], before)
                h.equal_to_full()
                w.stop()


@test
def who_comes_or_is_deleted_meanwhile_is_there_or_gone_whatever_the_pages_say():
    for make in (with_log, without_log):
        for keys in SCOPES:
            with Person('held@acme.example', groups=['linux-users']) as old:
                h = paged(make, **keys)
                w = Watch(h)
                ask(w)
                # the first page is read when these come; without the log nobody says that somebody is deleted
                with contextlib.ExitStack() as stack:
                    with reading(w):
                        stack.enter_context(Person(groups=['linux-users', 'eng']))
                        publish(w, lambda: None, is_in('eng', 'new'))
                        if make == with_log:
                            publish(w, lambda: ORG.admin('DELETE', '/users/' + old.id), lambda users, _: 'held' not in users)
                        before = h.dump()[:2]
                    same(h.dump()[:2], before)
                    h.equal_to_full()
                w.stop()


@test
def a_group_that_comes_goes_or_is_renamed_meanwhile_is_what_it_was_last():
    for make in (with_log, without_log):
        made = [ORG.admin('POST', '/groups', {'name': n})['id'] for n in ('Linux-a', 'Linux-b')]
        try:
            for g in made:
                ORG.admin('PUT', f'/groups/{g}/members/ada@acme.example')
            h = paged(make)
            w = Watch(h)
            ask(w)
            with reading(w):
                publish(w, lambda: ORG.admin('PATCH', '/groups/' + made[0], {'name': 'Linux-c'}), lambda _, g: 'linux-c' in g)
                made.append(ORG.admin('POST', '/groups', {'name': 'Linux-d'})['id'])
                publish(w, lambda: ORG.admin('PUT', f'/groups/{made[2]}/members/ada@acme.example'),
                        lambda _, g: 'ada' in g.get('linux-d', {'members': []})['members'])
                if make == with_log:
                    publish(w, lambda: ORG.admin('DELETE', '/groups/' + made[1]), lambda _, g: 'linux-b' not in g)
                before = h.dump()[:2]
            same(h.dump()[:2], before)
            h.equal_to_full()
            w.stop()
        finally:
            for g in made:
                with contextlib.suppress(RuntimeError):
                    ORG.admin('DELETE', '/groups/' + g)


@test
def who_is_assigned_to_the_app_or_not_meanwhile_is_what_he_was_last():
    for make in (with_log, without_log):
        with Person('held@acme.example') as old:
            for g in ('Everyone', 'Data Science'):
                ORG.admin('DELETE', f'/apps/{APP}/groups/{g}')
            ORG.admin('PUT', f'/apps/{APP}/groups/linux-users')
            ORG.admin('PUT', f'/apps/{APP}/users/{old.id}')
            h = paged(make, sync__scope='app', sync__app_id=APP)
            w = Watch(h)
            ask(w)
            assert 'held' in h.dump()[0]
            with Person() as p:
                with reading(w, MEMBERS):  # all who are assigned are read by then
                    publish(w, lambda: ORG.admin('PUT', f'/apps/{APP}/users/{p.id}'), lambda users, _: 'new' in users)
                    publish(w, lambda: ORG.admin('DELETE', f'/apps/{APP}/users/{old.id}'), lambda users, _: 'held' not in users)
                    before = h.dump()[:2]
                same(h.dump()[:2], before)
                h.equal_to_full()
            w.stop()


@test
def what_changed_before_everything_was_interrupted_is_not_undone_by_the_pages_that_it_goes_on_with():
    for victim in ('watcher', 'reader'):
        h = paged(with_log)
        w = Watch(h)
        ask(w)
        with somebody(h) as person:
            ask(w)
            start = len(w.told)
            begin(w)
            spooled(h)
            publish(w, set_status(person, 'SUSPENDED'), status_of(person['name'], 'SUSPENDED'))
            ask_again(w)  # it is written down too
            if victim == 'watcher':
                kill_together([w.p.pid] + w.children())
                w.p.wait()
                ORG.admin('DELETE', '/faults')
                w = Watch(h, wait=False)
            else:
                os.kill(reader_of(w), signal.SIGKILL)
                w.says('was killed')
                ORG.admin('DELETE', '/faults')
                w.send(signal.SIGHUP)  # instead of waiting for the next try
            w.says('goes on where a full synchronisation was interrupted')
            start = 0 if victim == 'watcher' else start
            wait_for(lambda: w.fulls(start) > 0, 20)
            same(h.dump()[0][person['name']]['status'], 'SUSPENDED')
            h.equal_to_full()
            w.stop()


@test
def without_all_that_changed_meanwhile_what_was_read_is_of_no_use_and_everything_is_read_anew():
    spoils = {
        'gone': os.unlink,
        'damaged': lambda path: flip(path, os.path.getsize(path) - 1),
        'older': None,
    }
    for how, spoil in spoils.items():
        h = paged(with_log)
        w = Watch(h)
        ask(w)
        with somebody(h) as person:
            start = len(w.told)
            begin(w)
            if how == 'older':  # a change that nobody wrote down was published
                with open(h.meanwhile, 'rb') as f:
                    kept = f.read()
            publish(w, set_status(person, 'SUSPENDED'), status_of(person['name'], 'SUSPENDED'))
            ask_again(w)
            if how == 'older':
                with open(h.meanwhile, 'wb') as f:
                    f.write(kept)
            else:
                spoil(h.meanwhile)
            ORG.admin('DELETE', '/log')
            ORG.admin('DELETE', '/faults')
            # at once, or by the next try
            wait_for(lambda: w.fulls(start) == 1, 40)
            same(begun(), 1)
            w.says('everything was read, but not all is known that changed meanwhile')
            same(h.dump()[0][person['name']]['status'], 'SUSPENDED')
            h.equal_to_full()
            w.stop()


def states_of(h, name, seconds):
    """What was published of NAME, each state once in a row."""
    seen, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        state = h.dump()[0].get(name, {}).get('status')
        if seen[-1:] != [state]:
            seen.append(state)
        time.sleep(0.02)
    return seen


@test
def where_changes_cannot_be_put_on_a_base_no_page_of_before_one_is_gone_on_with():
    for how in ('base gone', 'base of before', 'base gone meanwhile'):
        h = paged(with_log)
        w = Watch(h)
        ask(w)
        base = os.path.join(h.state, 'sync-base')
        with somebody(h) as person, somebody(h, False) as other:
            begin(w)
            spooled(h)
            with open(base, 'rb') as f:
                before = f.read()
            publish(w, set_status(person, 'SUSPENDED'), status_of(person['name'], 'SUSPENDED'))
            ask_again(w)
            kill_together([w.p.pid] + w.children())
            w.p.wait()
            ORG.admin('DELETE', '/faults')
            if how == 'base gone':
                os.unlink(base)
            elif how == 'base of before':  # as if it was killed before it wrote the next
                with open(base, 'wb') as f:
                    f.write(before)
            else:
                ORG.fault(path=PEOPLE, kind='hold', times=1)
            w = Watch(h, wait=False)
            if how == 'base gone meanwhile':
                w.says('goes on where a full synchronisation')
                ask_again(w)
                os.unlink(base)
                set_status(other, 'SUSPENDED')()
                w.send(signal.SIGUSR2)
            same(states_of(h, person['name'], 4), ['SUSPENDED'])
            wait_for(lambda: 'done:' in w.text(), 20)
            ORG.admin('DELETE', '/faults')
            h.equal_to_full()
            w.stop()


@test
def who_was_assigned_while_his_page_was_read_and_is_no_more_does_not_come_in():
    with Person('held@acme.example', groups=['eng']) as old:
        for g in ('Everyone', 'Data Science'):
            ORG.admin('DELETE', f'/apps/{APP}/groups/{g}')
        ORG.admin('PUT', f'/apps/{APP}/groups/linux-users')
        h = paged(without_log, sync__scope='app', sync__app_id=APP)
        w = Watch(h)
        ask(w)
        ORG.admin('PUT', f'/apps/{APP}/users/{old.id}')
        with reading(w, MEMBERS):
            ORG.admin('DELETE', f'/apps/{APP}/users/{old.id}')
            ask_again(w)
        same('held' in h.dump()[0], False)
        h.equal_to_full()
        w.stop()


@test
def what_changed_in_a_group_that_was_not_known_yet_is_asked_once_more():
    made = ORG.admin('POST', '/groups', {'name': 'Linux-late'})['id']
    try:
        ORG.admin('PUT', f'/groups/{made}/members/ada@acme.example')
        h = paged(with_log)
        Clock.skew += 1000  # the log does not say any more that it was made
        ORG.admin('POST', '/clock', {'skew_s': Clock.skew})
        ORG.switch(gzip=False)
        ORG.fault(path='^/api/v1/groups\\?', kind='hide', id=made, times=-1)
        w = Watch(h)
        ask(w)
        same('linux-late' in h.dump()[1], False)
        ORG.admin('DELETE', '/faults')
        with reading(w):
            ORG.admin('DELETE', f'/groups/{made}/members/ada@acme.example')
            ask_again(w)
        ask(w)
        same(h.dump()[1]['linux-late']['members'], [])
        h.equal_to_full()
        w.stop()
    finally:
        ORG.switch(gzip=True)
        ORG.admin('DELETE', '/faults')
        ORG.admin('DELETE', '/groups/' + made)


@test
def what_the_brake_refused_meanwhile_does_not_keep_anybody_from_leaving_with_accept_shrink():
    ids = [ORG.admin('POST', '/users', {'login': f'crowd{i}@acme.example'})['id'] for i in range(12)]
    try:
        h = paged(with_log)
        h.set(sync__max_removal_percent='20')
        w = Watch(h)
        ask(w)
        begin(w)
        for i in ids[:8]:
            ORG.admin('DELETE', '/users/' + i)
        w.send(signal.SIGUSR2)
        w.says('would be removed')
        asked = h.start('--accept-shrink')
        ORG.admin('DELETE', '/faults')
        out, _ = asked.communicate(timeout=60)
        same(asked.returncode, 0)
        has(out, 'done:')
        lacks(str(h.dump()[0]), ids[0], ids[7])
        has(str(h.dump()[0]), ids[8])
        h.equal_to_full()
        w.stop()
    finally:
        ORG.admin('DELETE', '/faults')
        for i in ids:
            with contextlib.suppress(RuntimeError):
                ORG.admin('DELETE', '/users/' + i)


@test
def who_asks_while_everything_is_read_is_answered_by_a_run_that_begins_afterwards():
    h = paged(with_log)
    w = Watch(h)
    ask(w)
    with reading(w):
        ORG.admin('DELETE', '/log')
        asked = h.start()
        ask_again(w)
        same(asked.poll(), None)
    out, _ = asked.communicate(timeout=60)
    same(asked.returncode, 0)
    has(out, 'done:')
    same(begun(), 1)
    w.stop()


@test
def who_asked_is_answered_though_the_reading_failed_just_as_the_configuration_was_read_anew():
    h = paged(with_log)
    w = Watch(h)
    ask(w)
    ORG.fault(path=PEOPLE, kind='hold', times=1)
    ORG.admin('DELETE', '/log')
    asked = h.start()
    wait_until_held()
    ORG.fault(path='^/api/v1/logs', kind='hold', times=1)
    n = len(w.children())
    w.send(signal.SIGUSR2)
    wait_for(lambda: len(w.children()) > n)  # as long as it is at work nothing is said of the other
    reader = reader_of(w)
    os.kill(reader, signal.SIGKILL)
    wait_for(lambda: reader not in w.children())
    time.sleep(0.2)
    lacks(w.text(), 'was killed')
    w.send(signal.SIGHUP)
    w.tells('STATUS=configuration read anew')
    ORG.admin('DELETE', '/faults')
    out, _ = asked.communicate(timeout=60)
    same(asked.returncode, 0)
    has(out, 'done:')
    w.stop()


@test
def an_answer_is_found_though_other_turns_have_ended_since():
    h = paged(with_log)
    w = Watch(h)
    ask(w)
    asked = h.start('--accept-shrink')
    os.kill(asked.pid, signal.SIGSTOP)
    asked_for = os.path.join(h.state, 'sync-request.lock')
    if not os.path.exists(asked_for):  # it was stopped too early: it asks first
        os.kill(asked.pid, signal.SIGCONT)
        wait_for(lambda: os.path.exists(asked_for))
        time.sleep(0.05)
        os.kill(asked.pid, signal.SIGSTOP)
    time.sleep(0.5)
    with Person() as p:
        for status in ('SUSPENDED', 'ACTIVE'):
            publish(w, lambda: p.patch(status=status), status_of('new', status))
    publish(w, lambda: None, lambda users, _: 'new' not in users)
    os.kill(asked.pid, signal.SIGCONT)
    out, _ = asked.communicate(timeout=30)
    same(asked.returncode, 0)
    has(out, 'done:')
    w.stop()


@test
def both_together_make_ten_requests_at_once_at_most():
    made = [ORG.admin('POST', '/groups', {'name': f'Linux-{i}'})['id'] for i in range(12)]
    try:
        for g in made:
            for name in ('ada', 'bob', 'grace', 'frank'):
                ORG.admin('PUT', f'/groups/{g}/members/{name}@acme.example')
        h = paged(without_log)
        w = Watch(h)
        ask(w)
        start = len(w.told)
        ORG.fault(path='^/api/v1/', kind='delay', delay_ms=150, times=-1)
        ORG.admin('DELETE', '/log')
        w.send(signal.SIGUSR1)
        for i in range(3):
            for g in made:
                ORG.admin('DELETE' if i % 2 == 0 else 'PUT', f'/groups/{g}/members/bob@acme.example')
            w.send(signal.SIGUSR2)
            time.sleep(0.7)
        wait_for(lambda: w.fulls(start) == 1, 60)
        log = [x for x in ORG.log() if x['path'].startswith('/api/')]
        most = max(x['in_flight'] for x in log)
        assert 7 < most <= 10, most
        ORG.admin('DELETE', '/faults')
        ask(w)
        h.equal_to_full()
        w.stop()
    finally:
        ORG.admin('DELETE', '/faults')
        for g in made:
            ORG.admin('DELETE', '/groups/' + g)


@test
def reading_everything_leaves_some_of_each_limit_to_the_question_what_changed():
    ids = [ORG.admin('POST', '/users', {'login': f'crowd{i}@acme.example'})['id'] for i in range(200)]
    h = paged(without_log)
    ORG.switch(enforce_rate_limits=True, rate_limits={'users': 50}, rate_limit_window_s=5)
    ORG.admin('POST', '/rates/reset', {})
    w = Watch(h, wait=False)
    wait_for(lambda: w.fulls() == 1, 90)
    Clock.skew += 1000  # and nobody of them is new any more
    ORG.admin('POST', '/clock', {'skew_s': Clock.skew})
    ask(w)
    try:
        start = len(w.told)
        ORG.admin('DELETE', '/log')
        w.send(signal.SIGUSR1)
        while w.fulls(start) == 0:
            time.sleep(1.5)
            w.send(signal.SIGUSR2)
        log = [x for x in ORG.log() if x['path'].startswith('/api/v1/users')]
        has(str(log), 'search=')
        same([x['path'] for x in log if x['status'] == 429], [])
        w.stop()
    finally:
        ORG.switch(enforce_rate_limits=False, rate_limits={}, rate_limit_window_s=60)
        for i in ids:
            ORG.admin('DELETE', '/users/' + i)


@test
def the_progress_that_is_shown_is_of_what_takes_long():
    h = paged(with_log)
    w = Watch(h)
    ask(w)
    progress = os.path.join(h.state, 'sync-progress.json')
    with reading(w):
        wait_for(lambda: os.path.exists(progress), 20)
        ORG.fault(path='^/api/v1/logs', kind='delay', delay_ms=3000, times=1)
        ask_again(w)
        same(os.path.exists(progress), True)
        has(h.ctl('status', expect=None), 'sync runs')
    same(os.path.exists(progress), False)
    w.stop()


@test
def other_groups_in_scope_end_what_is_read_beside_and_everything_is_read_anew():
    made = ORG.admin('POST', '/groups', {'name': 'Linux-scope'})['id']
    other = None
    try:
        ORG.admin('PUT', f'/groups/{made}/members/ada@acme.example')
        h = paged(with_log, sync__scope='groups', sync__scope_groups='linux-users, Linux-scope')
        w = Watch(h)
        ask(w)
        start = len(w.told)
        begin(w)
        other = ORG.admin('POST', '/groups', {'name': 'Linux-other'})['id']
        ORG.admin('PUT', f'/groups/{other}/members/mallory@acme.example')
        ORG.admin('PATCH', '/groups/' + made, {'name': 'Linux-was'})
        ORG.admin('PATCH', '/groups/' + other, {'name': 'Linux-scope'})
        w.send(signal.SIGUSR2)
        # not the one that still waits, which knows the old one
        wait_for(lambda: w.fulls(start) == 1, 20)
        assert 'mallory' in h.dump()[0], h.dump()[0]
        ORG.admin('DELETE', '/faults')
        h.equal_to_full()
        w.stop()
    finally:
        ORG.admin('DELETE', '/faults')
        for g in (made, other):
            if g:
                ORG.admin('DELETE', '/groups/' + g)


if __name__ == '__main__':
    main()
