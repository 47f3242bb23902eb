#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch: signals, the service manager, requests, changes, the log."""
import os
import shutil
import signal
import subprocess
import time

from watcher import Watch
from world import Host, Org, as_uid, gone, has, lacks, main, same, test, user, wait_for

ORG = Org()
LOGS = 'okta.users.read okta.groups.read okta.apps.read okta.logs.read'


def fresh(**keys):
    ORG.admin('DELETE', '/faults')
    ORG.admin('POST', '/rates/reset', {})
    ORG.admin('DELETE', '/log')
    return Host(ORG, **keys)


@test
def it_is_ready_before_the_first_sync_is_through_and_tells_how_that_went():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=1500, times=1)
    w = Watch(h, wait=False)
    w.tells('READY=1')
    same(h.snapshot(), None)
    w.says('done: 8 people')
    w.tells('STATUS=up to date; done: 8 people')
    w.stop()
    w.tells('STOPPING=1')


@test
def an_abstract_notify_address_is_understood():
    w = Watch(fresh(), abstract=True)
    w.tells('READY=1')
    w.stop()


@test
def a_notify_address_that_is_none_is_refused():
    h = fresh()
    h.write()
    p = subprocess.run(h.command(), env={'NOTIFY_SOCKET': 'relative'}, capture_output=True, text=True, check=False,
                       preexec_fn=as_uid)
    same(p.returncode, 75)
    has(p.stderr, 'NOTIFY_SOCKET', 'relative')


@test
def signs_of_life_come_while_a_sync_runs():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=3000, times=1)
    w = Watch(h, wait=False, env={'WATCHDOG_USEC': '200000'})
    w.tells('WATCHDOG=1', times=6)
    lacks(w.text(), 'done:')
    w.says('done:')
    w.stop()


@test
def signs_of_life_meant_for_another_process_are_not_sent():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=500, times=1)
    w = Watch(h, wait=False, env={'WATCHDOG_USEC': '100000', 'WATCHDOG_PID': '1'})
    w.says('done:')
    w.tells('STATUS=up to date')
    lacks('\n'.join(w.told), 'WATCHDOG')
    w.stop()


@test
def SIGTERM_in_the_middle_of_a_sync_ends_it_and_everything_it_started():
    h = fresh()
    w = Watch(h)
    before = h.snapshot()
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=-1)
    ORG.admin('DELETE', '/log')
    w.send(signal.SIGUSR1)
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in ORG.log()))
    pids = w.children()
    same(len(pids), 2)
    w.stop()
    same(h.snapshot(), before)
    wait_for(lambda: all(gone(x) for x in pids))


@test
def SIGTERM_while_it_waits_ends_it():
    has(Watch(fresh()).stop(), 'done:')


@test
def SIGHUP_takes_a_good_configuration():
    h = fresh()
    w = Watch(h)
    same('data' in str(h.dump()[1]), False)
    h.set(groups__match='linux-users, eng, Data Science', groups__rename='Data Science:data')
    h.write()
    w.send(signal.SIGHUP)
    w.says('done:', times=2)
    has(str(h.dump()[1]), "'data'")
    w.tells('RELOADING=1\nMONOTONIC_USEC=')
    w.tells('READY=1', times=2)
    w.stop()


@test
def SIGHUP_with_any_rule_changed_publishes_what_the_new_one_says():
    h = with_log(sync__max_removal_percent='100')
    w = Watch(h)
    for n, keys in enumerate(({'users__strip_domains': 'acme.example, partner.example'}, {'users__home': '/srv/%u'},
                              {'users__shells': '/bin/bash, /bin/sh, /bin/dash'}, {'users__shell': '/bin/sh'},
                              {'users__reserved_names': 'judy'}, {'groups__prefix': 'okta-'})):
        h.set(**keys)
        h.write()
        w.send(signal.SIGHUP)
        w.says('done:', times=n + 2)
    users, groups, _ = h.dump()
    same((users['ada']['home'], users['ada']['shell'], 'judy' in users), ('/srv/ada', '/bin/sh', False))
    assert 'okta-eng' in groups
    w.stop()


@test
def SIGHUP_keeps_the_old_configuration_when_the_new_one_is_wrong_and_says_so():
    h = fresh()
    w = Watch(h)
    h.set(sync__scope='nonsense')
    h.write()
    w.send(signal.SIGHUP)
    w.says('the old one stays in force', 'scope')
    w.tells('READY=1', times=2)
    w.now()
    same(len(h.dump()[0]), 8)
    w.stop()


@test
def a_wrong_configuration_at_the_start_ends_it_with_78():
    h = fresh(sync__scope='nonsense')
    w = Watch(h, wait=False)
    w.p.wait(10)
    same(w.p.returncode, 78)
    w.says('scope')
    lacks('\n'.join(w.told), 'READY')


@test
def once_asks_the_watcher_and_gives_its_answer():
    h = fresh()
    w = Watch(h)
    made = ORG.admin('POST', '/users', {'login': 'asked@acme.example'})
    try:
        out = h.sync()
        has(out, 'is asked for a full sync', 'done: 9 people')
        assert 'asked' in h.dump()[0]
        ORG.switch(admin_role='NONE')
        before = h.snapshot()
        has(h.sync(expect=78), 'admin role')
        same(h.snapshot(), before)
    finally:
        ORG.switch(admin_role='SUPER_ADMIN')
        ORG.admin('DELETE', '/users/' + made['id'])
    w.stop()
    same('sync-request' in os.listdir(h.state), False)


@test
def a_request_is_answered_also_when_nothing_could_be_asked_or_the_turn_was_killed():
    h = fresh()
    w = Watch(h)
    os.kill(w.children()[0], signal.SIGKILL)
    os.rename(h.path('service.key'), h.path('away'))
    has(h.sync(expect=78), 'private_key_file')
    os.rename(h.path('away'), h.path('service.key'))
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=1)
    ORG.admin('DELETE', '/log')
    known = set(w.children())
    p = h.start()
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in ORG.log()))
    for pid in set(w.children()) - known:
        os.kill(pid, signal.SIGKILL)
    out, _ = p.communicate(timeout=20)
    same(p.returncode, 75)
    has(out, 'was killed')
    w.stop()


@test
def accept_shrink_reaches_the_watcher():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    members = list(h.dump()[0])
    try:
        for name in members[:3]:
            ORG.admin('DELETE', f'/groups/linux-users/members/{name}@acme.example')
        has(h.sync(expect=75), '--accept-shrink')
        same(set(h.dump()[0]), set(members))
        has(h.sync('--accept-shrink'), 'done:')
        same(set(h.dump()[0]), set(members[3:]))
    finally:
        for name in members[:3]:
            ORG.admin('PUT', f'/groups/linux-users/members/{name}@acme.example')
    w.stop()


@test
def two_who_ask_at_once_are_both_answered_and_no_permission_is_lost():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    members = list(h.dump()[0])
    askers = []
    try:
        for name in members[:3]:
            ORG.admin('DELETE', f'/groups/linux-users/members/{name}@acme.example')
        ORG.fault(path='^/api/v1/groups', kind='delay', delay_ms=1500, times=1)
        w.send(signal.SIGUSR1)
        w.tells('STATUS=reading everything', times=2)
        for args in (('--accept-shrink',), ()):
            askers.append(h.start(*args))
            has(askers[-1].stdout.readline(), 'is asked for a full sync')
            time.sleep(0.3)  # the watcher has taken it, while a turn runs
        for p in askers:
            has(p.communicate(timeout=15)[0], 'done:')
            same(p.returncode, 0)
        same(set(h.dump()[0]), set(members[3:]))
    finally:
        for p in askers:
            p.kill()
        for name in members[:3]:
            ORG.admin('PUT', f'/groups/linux-users/members/{name}@acme.example')
    w.stop()


@test
def whoever_asked_while_a_run_was_on_is_answered_after_a_reload():
    h = fresh()
    w = Watch(h)
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=1)
    ORG.admin('DELETE', '/log')
    w.send(signal.SIGUSR1)
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in ORG.log()))
    p = h.start()
    try:
        has(p.stdout.readline(), 'is asked for a full sync')
        time.sleep(0.3)  # the watcher has taken it
        w.send(signal.SIGHUP)
        has(p.communicate(timeout=10)[0], 'done:')
    finally:
        p.kill()
    w.stop()


@test
def a_watcher_that_cannot_wait_any_more_says_so_and_ends_with_75():
    w = Watch(fresh())
    # poll() of two is refused then
    subprocess.run(['prlimit', f'--pid={w.p.pid}', '--nofile=1:1'], preexec_fn=as_uid, check=True)
    w.send(signal.SIGUSR2)
    w.p.wait(10)
    w.says('poll: ')
    w.stop(expect=75)


@test
def a_second_watcher_is_refused():
    h = fresh()
    w = Watch(h)
    v = Watch(h, wait=False, abstract=True)
    v.p.wait(10)
    same(v.p.returncode, 75)
    v.says('another okta-sync')
    w.stop()


@test
def a_run_that_fails_keeps_the_snapshot_says_one_line_and_is_tried_again():
    h = fresh()
    w = Watch(h)
    before = h.snapshot()
    ORG.fault(path='^/api/v1/', kind='status', status=400, times=-1)
    w.send(signal.SIGUSR1)
    w.says('HTTP 400')
    same(w.text().count('HTTP 400'), 1)
    same(h.snapshot(), before)
    wait_for(lambda: h.status()['result'] == 'kept')
    ORG.admin('DELETE', '/faults')
    w.now()
    w.stop()


@test
def a_turn_that_is_killed_is_said_and_does_not_end_the_watch():
    h = fresh()
    w = Watch(h)
    before = h.snapshot()
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=1)
    ORG.admin('DELETE', '/log')
    known = set(w.children())
    w.send(signal.SIGUSR1)
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in ORG.log()))
    for pid in set(w.children()) - known:
        os.kill(pid, signal.SIGKILL)
    w.says('was killed')
    same(h.snapshot(), before)
    w.now()
    w.stop()


@test
def no_refusal_is_said_twice_unless_it_comes_back():
    h = fresh()
    w = Watch(h)
    w.now()
    same(w.text().count('refused user "judy@partner.example"'), 1)
    w.stop()


def ask(w, *changes):
    """Make CHANGES, have Okta asked, and wait until that is through."""
    for c in changes:
        c()
    w.ask()


def content(h):
    return h.dump()[:2]


def equal_to_full(h):
    """What is published is what a full sync of the same directory publishes."""
    full = Host(ORG)
    full.keys = dict(h.keys)
    shutil.copy(os.path.join(h.state, 'registry.db'), full.state)
    full.sync()
    same(content(h), content(full))


def asked(*but):
    """Paths of the management API since the log of requests was emptied."""
    return [x['path'] for x in ORG.log() if x['path'].startswith('/api/') and not any(b in x['path'] for b in but)]


def without_log(**keys):
    ORG.switch(granted_scopes=LOGS.split()[:3])
    h = fresh(sync__interval_s='3600', **keys)
    h.logless = True
    return h


def with_log(**keys):
    ORG.switch(granted_scopes=LOGS.split())
    return fresh(sync__interval_s='3600', **keys)


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


def files_of(h):
    return {x: os.stat(os.path.join(h.state, x)).st_mtime_ns
            for x in ('directory.snapshot', 'registry.db', 'sync-base')}


@test
def a_change_is_published_without_reading_everything_again():
    h = without_log()
    w = Watch(h)
    ORG.admin('DELETE', '/log')
    with Person(groups=['linux-users']) as p:
        ask(w)
        w.says('updated: 9 people')
        assert 'new' in h.dump()[1]['linux-users']['members']
        equal_to_full(h)
        ask(w, lambda: p.patch(status='SUSPENDED'))
        same(h.dump()[0]['new']['status'], 'SUSPENDED')
        ask(w, lambda: ORG.admin('DELETE', '/groups/linux-users/members/new@acme.example'))
        lacks(str(h.dump()[1]['linux-users']['members']), 'new')
        equal_to_full(h)
    w.stop()


@test
def with_the_log_what_its_events_name_is_read_anew_and_nothing_else():
    h = with_log()
    w = Watch(h)
    ask(w)
    ORG.admin('DELETE', '/log')
    with Person(groups=['linux-users']) as p:
        ask(w)
        assert 'new' in h.dump()[1]['linux-users']['members']
        same([x for x in asked('/api/v1/logs') if p.id not in x], [])
        equal_to_full(h)
    ask(w)
    assert 'new' not in h.dump()[0]
    w.stop()


@test
def where_nothing_changes_two_requests_are_made_and_nothing_is_written():
    h = without_log()
    w = Watch(h)

    def price():
        ORG.admin('DELETE', '/log')
        ask(w)
        return len(asked())

    wait_for(lambda: price() == 2)  # groups whose last change is younger than two seconds are read again
    before = files_of(h)
    for _ in range(3):
        same(price(), 2)
    same(files_of(h), before)
    w.stop()


@test
def with_the_log_where_nothing_changes_one_request_is_made_and_nothing_is_written():
    h = with_log()
    w = Watch(h)
    ask(w)
    before = files_of(h)
    for _ in range(3):
        ORG.admin('DELETE', '/log')
        ask(w)
        same(len(asked()), 1)
    same(files_of(h), before)
    w.stop()


@test
def what_is_read_anew_and_is_as_it_was_is_not_published():
    h = with_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        before = files_of(h)
        ORG.admin('DELETE', '/log')
        ask(w, lambda: p.patch(profile={'firstName': 'Test'}))
        has(str(asked()), p.id)
        same(files_of(h), before)
    w.stop()


@test
def a_host_whose_clock_is_ten_minutes_wrong_misses_nothing():
    for skew in (600, -600):
        for make in (with_log, without_log):
            h = make()
            h.use_ssws()
            ORG.admin('POST', '/clock', {'skew_s': skew})
            if make is without_log:
                ORG.fault(path='^/api/v1/logs', kind='status', status=403, body='', times=-1)
            try:
                w = Watch(h)
                ask(w)
                with Person(groups=['eng']) as p:
                    ask(w)
                    assert 'new' in h.dump()[1]['eng']['members']
                    ask(w, lambda: p.patch(status='SUSPENDED'))
                    same(h.dump()[0]['new']['status'], 'SUSPENDED')
                w.stop()
            finally:
                ORG.admin('POST', '/clock', {'skew_s': 0})
                ORG.admin('DELETE', '/faults')


@test
def a_change_that_the_search_index_shows_late_is_not_missed():
    h = without_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        ORG.switch(search_delay_ms=1500)
        ask(w, lambda: p.patch(status='SUSPENDED'))
        ask(w)
        wait_for(lambda: ask(w) or h.dump()[0]['new']['status'] == 'SUSPENDED')
    w.stop()


@test
def whoever_becomes_again_what_the_search_index_said_is_seen():
    h = without_log()
    w = Watch(h)
    # what is newer than the index comes by a full sync, or by reading him anew
    for name, between in (('full', w.now), ('byid', None)):
        with Person(name + '@acme.example') as p:
            ask(w)
            if between:
                ask(w, lambda p=p: p.patch(status='SUSPENDED'))
                p.patch(status='ACTIVE')
                between()
            else:
                p.patch(status='SUSPENDED')
                ORG.switch(search_delay_ms=600000)
                ask(w, lambda p=p: p.patch(status='ACTIVE'))  # the index has him as SUSPENDED
            same(h.dump()[0][name]['status'], 'ACTIVE')
            ask(w, lambda p=p: p.patch(status='SUSPENDED'))
            same(h.dump()[0][name]['status'], 'SUSPENDED')
    w.stop()


@test
def what_the_search_index_still_says_does_not_undo_what_was_read_by_id():
    h = with_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        ORG.switch(search_delay_ms=600000)
        ask(w, lambda: p.patch(status='SUSPENDED'))
        same(h.dump()[0]['new']['status'], 'SUSPENDED')
        w.stop()
        ORG.admin('DELETE', '/log')
        w = Watch(h)  # begins by asking what changed
        has(str(asked()), 'search=')
        same(h.dump()[0]['new']['status'], 'SUSPENDED')
    w.stop()


@test
def a_watcher_that_starts_again_goes_on_where_it_was():
    h = with_log()
    Watch(h).stop()
    ORG.admin('DELETE', '/log')
    with Person():
        w = Watch(h)
        assert 'new' in h.dump()[0]
        same([x for x in asked() if x.startswith('/api/v1/users?') and 'search=' not in x], [])
        w.stop()


@test
def a_link_of_the_log_that_Okta_knows_no_more_is_replaced_and_nothing_is_missed():
    h = with_log()
    w = Watch(h)
    ask(w)
    with Person() as p:
        ORG.fault(path='^/api/v1/logs.*after=', kind='status', status=400, times=1)
        ask(w)
        assert 'new' in h.dump()[0]
        lacks(w.text(), 'HTTP 400')
        ask(w, lambda: p.patch(status='SUSPENDED'))
        same(h.dump()[0]['new']['status'], 'SUSPENDED')
    w.stop()


@test
def events_that_come_twice_and_in_another_order_change_nothing():
    h = with_log()
    ORG.switch(log_repeat=True, log_reverse=True)
    try:
        w = Watch(h)
        ask(w)
        with Person(groups=['eng']) as p:
            ORG.admin('DELETE', '/groups/eng/members/' + p.login)
            ORG.admin('PUT', '/groups/eng/members/' + p.login)
            ask(w)
            equal_to_full(h)
        ask(w)
        equal_to_full(h)
        w.stop()
    finally:
        ORG.switch(log_repeat=False, log_reverse=False)


@test
def a_log_where_something_happens_all_the_time_ends_at_a_page_that_is_not_full_or_after_twenty():
    h = with_log()
    w = Watch(h)
    ask(w)
    ORG.switch(log_busy=True)
    try:
        with Person() as p:
            for cap, pages in ((0, 1), (1, 20)):
                ORG.switch(page_size_cap=cap)
                ORG.admin('DELETE', '/log')
                ask(w, lambda: p.patch(status='SUSPENDED' if cap else 'ACTIVE'))
                same(h.dump()[0]['new']['status'], 'SUSPENDED' if cap else 'ACTIVE')
                same(len([x for x in asked() if x.startswith('/api/v1/logs')]), pages)
    finally:
        ORG.switch(log_busy=False, page_size_cap=0)
    w.stop()


def log_asked():
    return [x for x in asked() if x.startswith('/api/v1/logs')]


@test
def after_everything_was_read_the_log_goes_on_from_that_time():
    h = with_log()
    w = Watch(h)
    ask(w)
    w.now()
    ORG.admin('DELETE', '/log')
    ask(w)
    has(log_asked()[0], 'since=')
    lacks(log_asked()[0], 'after=')
    w.stop()


@test
def a_reload_goes_on_in_the_log_where_the_watcher_was():
    h = with_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        before = files_of(h)
        ask(w, lambda: p.patch(profile={'firstName': 'Test'}))
        same(files_of(h), before)  # the link of it is in memory alone
        ORG.admin('DELETE', '/log')
        ask(w)
        link = log_asked()
        has(link[0], 'after=')
        n = w.count_told('STATUS=up to date')
        w.send(signal.SIGHUP)
        w.up_to_date(n)
        ORG.admin('DELETE', '/log')
        ask(w)
        same(log_asked(), link)
    w.stop()


@test
def a_log_that_may_not_be_read_is_said_once_with_the_remedy():
    h = without_log()
    w = Watch(h)
    ask(w)
    ask(w)
    w.says('okta.logs.read is not granted')
    same(w.text().count('System Log'), 1)
    with Person():
        ask(w)
        same(h.status()['log'], False)
    w.stop()


@test
def scope_groups_without_okta_users_read_reads_everything_each_time_and_says_so_once():
    ORG.switch(granted_scopes=['okta.groups.read'])
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', sync__interval_s='3600')
    h.logless = True
    try:
        w = Watch(h)
        with Person(groups=['linux-users']):
            ask(w)
            assert 'new' in h.dump()[0]
        same(w.text().count('cannot be asked who changed'), 1)
        has(w.text(), 'okta.users.read')
        w.stop()
    finally:
        ORG.switch(granted_scopes=LOGS.split())


@test
def to_be_refused_altogether_is_a_failure_and_not_a_search_that_is_refused():
    h = with_log(sync__scope='groups', sync__scope_groups='linux-users')
    Watch(h).stop()
    before = h.snapshot()
    ORG.fault(path='^/api/v1/', kind='status', status=403, times=-1)
    w = Watch(h, wait=False)  # begins by asking what changed
    w.says('Okta refuses')
    wait_for(lambda: h.status()['result'] == 'refused')
    lacks(w.text(), 'cannot be asked who changed')
    same(h.snapshot(), before)
    ORG.admin('DELETE', '/faults')
    ORG.admin('DELETE', '/log')
    with Person(groups=['linux-users']):
        w.ask()
        assert 'new' in h.dump()[0]
    has(str(asked()), 'search=')
    w.stop()


@test
def a_log_that_is_refused_after_a_failure_does_not_make_it_a_success():
    h = with_log()
    w = Watch(h)
    ask(w)
    same(h.status()['result'], 'done')
    ORG.fault(path='^/api/v1/', kind='status', status=403, times=-1)
    w.send(signal.SIGUSR1)
    wait_for(lambda: h.status()['result'] == 'refused')
    delta = h.status()['last_delta']
    w.tells('STATUS=Okta refuses')
    time.sleep(1.1)  # stamps are whole seconds
    w.send(signal.SIGUSR2)
    w.says('System Log cannot be read')
    w.says('Okta refuses', times=3)  # everything, the log, and then what changed
    lacks(w.text(), 'updated:')
    same(h.status()['last_delta'], delta)
    same(h.status()['result'], 'refused')
    ORG.admin('DELETE', '/faults')
    w.stop()


@test
def people_come_into_and_leave_groups_in_scope_with_the_memberships_they_have():
    for make in (with_log, without_log):
        h = make(sync__scope='groups', sync__scope_groups='eng', groups__match='eng, linux-users',
                 sync__max_removal_percent='100')
        with Person(groups=['linux-users']) as p:
            w = Watch(h)  # the group he is in is read while he is nobody in scope
            ask(w)
            same(set(h.dump()[0]), {'ada', 'bob'})
            ask(w, lambda: ORG.admin('PUT', '/groups/eng/members/' + p.login))
            assert 'new' in h.dump()[1]['linux-users']['members']
            equal_to_full(h)
            ask(w, lambda: ORG.admin('DELETE', '/groups/eng/members/' + p.login))
            assert 'new' not in h.dump()[0]
            equal_to_full(h)
        w.stop()


@test
def whoever_comes_into_scope_brings_the_memberships_that_were_read_before():
    h = with_log(sync__scope='groups', sync__scope_groups='eng', groups__match='eng, linux-users')
    w = Watch(h)
    try:
        ask(w, lambda: ORG.admin('PUT', '/groups/eng/members/heidi@acme.example'))
        assert 'heidi' in h.dump()[1]['linux-users']['members']
        equal_to_full(h)
    finally:
        ORG.admin('DELETE', '/groups/eng/members/heidi@acme.example')
    w.stop()


@test
def people_are_assigned_to_the_app_and_unassigned():
    app = '0oanativesecretlogi1'
    ORG.admin('DELETE', f'/apps/{app}/groups/Everyone')
    ORG.admin('PUT', f'/apps/{app}/groups/eng')
    try:
        for make in (with_log, without_log):
            h = make(sync__scope='app', sync__app_id=app, sync__max_removal_percent='100')
            w = Watch(h)
            same(set(h.dump()[0]), {'ada', 'bob'})
            with Person(groups=['linux-users']) as p:
                ask(w, lambda: ORG.admin('PUT', f'/apps/{app}/users/{p.login}'))
                assert 'new' in h.dump()[1]['linux-users']['members']
                equal_to_full(h)
                ask(w, lambda: ORG.admin('DELETE', f'/apps/{app}/users/{p.login}'))
                assert 'new' not in h.dump()[0]
                ask(w, lambda: ORG.admin('PUT', '/groups/eng/members/' + p.login))
                assert 'new' in h.dump()[0]
                equal_to_full(h)
            ORG.admin('DELETE', f'/apps/{app}/groups/eng')
            ORG.admin('PUT', f'/apps/{app}/users/ada@acme.example')
            ask(w)
            same(set(h.dump()[0]), {'ada'})
            ORG.admin('DELETE', f'/apps/{app}/users/ada@acme.example')
            ORG.admin('PUT', f'/apps/{app}/groups/eng')
            w.stop()
    finally:
        ORG.admin('DELETE', f'/apps/{app}/groups/eng')
        ORG.admin('PUT', f'/apps/{app}/groups/Everyone')


@test
def a_group_that_comes_into_a_rule_by_its_new_name_brings_its_members():
    for make in (with_log, without_log):
        made = ORG.admin('POST', '/groups', {'name': 'quiet'})
        h = make(groups__match='linux-users, loud')
        try:
            ORG.admin('PUT', f'/groups/{made["id"]}/members/ada@acme.example')
            w = Watch(h)
            ask(w, lambda: ORG.admin('PATCH', '/groups/' + made['id'], {'name': 'loud'}))
            same(h.dump()[1]['loud']['members'], ['ada'])
            ask(w, lambda: ORG.admin('PATCH', '/groups/' + made['id'], {'name': 'quiet'}))
            assert 'loud' not in h.dump()[1]
            equal_to_full(h)
            w.stop()
        finally:
            ORG.admin('DELETE', '/groups/' + made['id'])


@test
def when_a_group_in_scope_gets_another_name_everything_is_read_and_the_error_is_said():
    made = ORG.admin('POST', '/groups', {'name': 'chosen'})
    ORG.admin('PUT', f'/groups/{made["id"]}/members/ada@acme.example')
    h = with_log(sync__scope='groups', sync__scope_groups='chosen, linux-users')
    try:
        w = Watch(h)
        before = h.snapshot()
        ORG.admin('PATCH', '/groups/' + made['id'], {'name': 'renamed'})
        w.send(signal.SIGUSR2)
        w.says('no group "chosen"')
        same(h.snapshot(), before)
        w.stop()
    finally:
        ORG.admin('DELETE', '/groups/' + made['id'])


@test
def a_deletion_that_leaves_no_trace_is_found_by_the_next_full_sync():
    h = without_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        assert 'new' in h.dump()[0]
        ask(w, lambda: ORG.admin('DELETE', '/users/' + p.id))
        w.now()
        assert 'new' not in h.dump()[0]
    w.stop()


@test
def the_brake_holds_changes_too_and_lets_go_when_told():
    h = with_log(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    ask(w)
    members = list(h.dump()[0])
    before = h.snapshot()
    try:
        for name in members[:3]:
            ORG.admin('DELETE', f'/groups/linux-users/members/{name}@acme.example')
        w.send(signal.SIGUSR2)
        w.says('--accept-shrink')
        same(h.snapshot(), before)
        h.sync('--accept-shrink')
        same(set(h.dump()[0]), set(members[3:]))
    finally:
        for name in members[:3]:
            ORG.admin('PUT', f'/groups/linux-users/members/{name}@acme.example')
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


@test
def what_the_log_said_while_nobody_listened_is_read_although_its_link_is_lost_and_changes_came_first():
    h = with_log()
    w = Watch(h)
    with Person() as p:
        ask(w)
        assert 'new' in h.dump()[0]
        w.stop()
        ORG.admin('DELETE', '/users/' + p.id)
        ORG.admin('DELETE', '/log')
        try:
            # so long ago that what overlaps does not reach it
            ORG.admin('POST', '/clock', {'skew_s': 1000})
            ORG.fault(path='^/api/v1/logs.*after=', kind='status', status=400, times=1)
            w = Watch(h)
            has(str(asked()), 'search=')
            ask(w)
            assert 'new' not in h.dump()[0]
            w.stop()
        finally:
            ORG.admin('POST', '/clock', {'skew_s': 0})


@test
def a_base_that_is_damaged_missing_or_of_another_configuration_means_reading_everything():
    h = with_log(sync__max_removal_percent='100')
    base = os.path.join(h.state, 'sync-base')

    def damage():
        with open(base, 'r+b') as f:
            f.seek(120)
            byte = f.read(1)
            f.seek(120)
            f.write(bytes([byte[0] ^ 1]))

    Watch(h).stop()
    same(os.stat(base).st_mode & 0o777, 0o600)
    for spoil in (damage, lambda: os.unlink(base), lambda: os.truncate(base, 60), lambda: os.chmod(base, 0o644),
                  lambda: h.set(groups__match='linux-users, sudo')):
        spoil()
        ORG.admin('DELETE', '/log')
        Watch(h).stop()
        assert any(x.startswith('/api/v1/users?') and 'search=' not in x for x in asked()), asked()
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
    assert any(x.startswith('/api/v1/users?') and 'search=' not in x for x in asked()), asked()


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
    with open(os.path.join(h.state, 'sync-base'), 'rb') as f:
        data = f.read().decode('latin-1')
    lacks(data, 'eyJ', ORG.secret('ssws-token'), *[x for x in ORG.secret('service.key').splitlines() if len(x) == 64])


@test
def a_fetcher_that_dies_is_replaced():
    h = with_log()
    w = Watch(h)
    ask(w)
    os.kill(w.children()[0], signal.SIGKILL)
    with Person():
        ask(w)
        assert 'new' in h.dump()[0]
    w.stop()


if __name__ == '__main__':
    try:
        main()
    finally:
        Watch.end_all()
