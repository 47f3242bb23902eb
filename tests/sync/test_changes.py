#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch: what changed is asked for and published, and nothing is missed."""
import contextlib
import signal
import time

from watched import LOGS, ORG, Person, ask, asked, files_of, fresh, with_log, without_log
from watcher import Watch, main
from world import has, lacks, same, test, wait_for


@test
def a_change_is_published_without_reading_everything_again():
    h = without_log()
    w = Watch(h)
    ORG.admin('DELETE', '/log')
    with Person(groups=['linux-users']) as p:
        ask(w)
        w.says('updated: 9 people')
        assert 'new' in h.dump()[1]['linux-users']['members']
        h.equal_to_full()
        ask(w, lambda: p.patch(status='SUSPENDED'))
        same(h.dump()[0]['new']['status'], 'SUSPENDED')
        ask(w, lambda: ORG.admin('DELETE', '/groups/linux-users/members/new@acme.example'))
        lacks(str(h.dump()[1]['linux-users']['members']), 'new')
        h.equal_to_full()
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
        h.equal_to_full()
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
def a_change_that_took_many_requests_does_not_put_off_the_next():
    ORG.switch(granted_scopes=LOGS.split()[:3])
    h = fresh(sync__interval_s='10')
    w = Watch(h)
    with contextlib.ExitStack() as people:
        for i in range(20):
            p = people.enter_context(Person(f'many{i}@acme.example'))
        wait_for(lambda: 'many19' in h.dump()[0], 30)
        p.patch(status='SUSPENDED')
        wait_for(lambda: h.dump()[0]['many19']['status'] == 'SUSPENDED', 30)
    w.stop()


@test
def who_is_known_to_be_suspended_stays_so_whatever_an_index_that_lags_says_of_many():
    h = with_log()
    with contextlib.ExitStack() as people:
        p = [people.enter_context(Person(f'p{i}@acme.example')) for i in range(110)][0]
        w = Watch(h)
        w.ask()
        time.sleep(1)  # Okta's stamps are whole seconds
        ORG.switch(search_delay_ms=600000)
        ask(w, lambda: p.patch(status='SUSPENDED'))
        same(h.dump()[0]['p0']['status'], 'SUSPENDED')
        told = len(w.told)
        w.send(signal.SIGHUP)  # a new fetcher, which asks who changed and remembers nobody
        wait_for(lambda: w.turns(told) >= 1)
        assert len([x for x in asked() if 'search=' in x]) > 0
        same(h.dump()[0]['p0']['status'], 'SUSPENDED')
        ORG.switch(search_delay_ms=0)
        w.ask()
        h.equal_to_full()
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
def more_people_than_are_read_one_by_one_are_asked_for_again_when_the_search_index_may_have_them():
    """The log says so once; an index that was behind then must not cost them an hour."""
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(Person(f'bulk{i}@acme.example')) for i in range(105)]
        h = with_log(sync__max_removal_percent='100')
        h.set(sync__interval_s='10')
        w = Watch(h)
        w.ask()
        w.ask()  # the first turn with the log may be one of changes
        ORG.switch(search_delay_ms=5000)
        for p in many:
            p.patch(status='SUSPENDED')
        w.ask()
        same(sum(h.dump()[0][f'bulk{i}']['status'] == 'SUSPENDED' for i in range(105)), 0)  # or it proves nothing
        wait_for(lambda: all(h.dump()[0][f'bulk{i}']['status'] == 'SUSPENDED' for i in range(105)), 30)
        w.stop()


@test
def a_group_whose_name_has_a_NUL_stops_neither_the_log_nor_what_changed():
    made = ORG.admin('POST', '/groups', {'name': 'a\0b'})['id']
    try:
        for host in with_log, without_log:
            h = host()
            w = Watch(h)
            with Person() as p:
                ask(w, lambda: ORG.admin('PATCH', '/groups/' + made, {'name': f'a\0{p.id}'}))
                assert 'new' in h.dump()[0], w.text()
                h.equal_to_full()
            w.stop()
    finally:
        ORG.admin('DELETE', '/groups/' + made)


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
            h.equal_to_full()
        ask(w)
        h.equal_to_full()
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
def scope_groups_with_the_log_but_without_okta_users_read_reads_everything_each_time():
    ORG.switch(granted_scopes=['okta.groups.read', 'okta.logs.read'])
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', sync__interval_s='3600')
    w = Watch(h)
    w.ask()
    w.says('Okta cannot be asked who changed')
    with Person(groups=['linux-users']):
        w.ask()
        assert 'new' in h.dump()[0]
    w.ask()
    assert 'new' not in h.dump()[0]
    same(h.status()['log'], False)
    w.stop()


@test
def scope_groups_without_okta_users_read_reads_everything_each_time_and_says_so_once():
    ORG.switch(granted_scopes=['okta.groups.read'])
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', sync__interval_s='3600')
    try:
        w = Watch(h)
        w.ask()
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
            h.equal_to_full()
            ask(w, lambda: ORG.admin('DELETE', '/groups/eng/members/' + p.login))
            assert 'new' not in h.dump()[0]
            h.equal_to_full()
        w.stop()


@test
def whoever_comes_into_scope_brings_the_memberships_that_were_read_before():
    h = with_log(sync__scope='groups', sync__scope_groups='eng', groups__match='eng, linux-users')
    w = Watch(h)
    try:
        ask(w, lambda: ORG.admin('PUT', '/groups/eng/members/heidi@acme.example'))
        assert 'heidi' in h.dump()[1]['linux-users']['members']
        h.equal_to_full()
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
                h.equal_to_full()
                ask(w, lambda: ORG.admin('DELETE', f'/apps/{app}/users/{p.login}'))
                assert 'new' not in h.dump()[0]
                ask(w, lambda: ORG.admin('PUT', '/groups/eng/members/' + p.login))
                assert 'new' in h.dump()[0]
                h.equal_to_full()
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
            h.equal_to_full()
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


if __name__ == '__main__':
    main()
