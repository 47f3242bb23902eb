#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch: signals, the service manager, requests, the log."""
import os
import signal
import subprocess
import time

from watched import ORG, Person, ask, fresh, left, with_log
from watcher import Watch, main
from world import as_uid, gone, has, lacks, same, test, user, wait_for


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


def held_in_the_middle(start, times=1):
    """What START gives; the turn it begins waits for Okta then."""
    ORG.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=times)
    ORG.admin('DELETE', '/log')
    begun = start()
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in ORG.log()))
    return begun


@test
def SIGTERM_in_the_middle_of_a_sync_ends_it_and_everything_it_started():
    h = fresh()
    w = Watch(h)
    before = h.snapshot()
    held_in_the_middle(lambda: w.send(signal.SIGUSR1), times=-1)
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
    known = set(w.children())
    p = held_in_the_middle(h.start)
    for pid in set(w.children()) - known:
        os.kill(pid, signal.SIGKILL)
    out, _ = p.communicate(timeout=20)
    same(p.returncode, 75)
    has(out, 'was killed')
    w.stop()


@test
def whoever_asks_is_told_when_the_answer_cannot_be_written_and_the_next_one_is_answered():
    h = fresh()
    w = Watch(h)
    status = os.path.join(h.state, 'sync-status.json')
    os.unlink(status)
    os.mkdir(status)  # as on a full disk it cannot be replaced
    generation = h.dump()[2]['generation']
    askers = [h.start() for _ in range(2)]
    for p in askers:
        has(p.communicate(timeout=20)[0], 'could not write how its run ended')
        same(p.returncode, 75)
    same(h.dump()[2]['generation'], generation + 2)  # both were served
    os.kill(w.children()[0], signal.SIGKILL)
    os.rename(h.path('service.key'), h.path('away'))
    has(h.sync(expect=75, timeout=20), 'could not write how its run ended')  # of a turn that could not begin
    os.rename(h.path('away'), h.path('service.key'))
    os.rmdir(status)
    has(h.sync(timeout=20), 'done:')
    w.stop()


@test
def whoever_waits_is_told_when_another_watcher_stands_in_the_place_of_the_one_that_was_asked():
    h = fresh()
    w = Watch(h)
    p = held_in_the_middle(h.start)
    try:
        w.p.kill()
        w.p.wait(10)
        v = Watch(h)
        has(p.communicate(timeout=10)[0], 'ended before it answered')
        same(p.returncode, 75)
        has(h.sync(timeout=20), 'done:')
        v.stop()
    finally:
        p.kill()


@test
def accept_shrink_reaches_the_watcher():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    members = list(h.dump()[0])
    with left(members[:3]):
        has(h.sync(expect=75), '--accept-shrink')
        same(set(h.dump()[0]), set(members))
        has(h.sync('--accept-shrink'), 'done:')
        same(set(h.dump()[0]), set(members[3:]))
    w.stop()


@test
def a_permission_that_nobody_waits_for_any_more_lifts_no_brake():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    request = os.path.join(h.state, 'sync-request')
    w = Watch(h)
    members = list(h.dump()[0])
    w.send(signal.SIGSTOP)
    p = h.start('--accept-shrink')
    wait_for(lambda: os.path.exists(request))
    w.p.kill()
    has(p.communicate(timeout=10)[0], 'ended before it answered')
    same((p.returncode, os.path.exists(request)), (75, False))
    w.p.wait(10)
    with open(request, 'w', encoding='utf-8') as f:  # of an asker that was killed
        f.write('1-1 accept-shrink')
    os.chmod(request, 0o600)
    with left(members[:3]):
        w = Watch(h, wait=False)
        wait_for(lambda: not os.path.exists(request))
        w.send(signal.SIGUSR1)
        w.tells('STATUS=reading everything')
        w.says('would be removed', times=2)
        same(set(h.dump()[0]), set(members))
        w.stop()


@test
def two_who_ask_at_once_are_both_answered_and_no_permission_is_lost():
    h = fresh(sync__scope='groups', sync__scope_groups='linux-users', groups__match='linux-users')
    w = Watch(h)
    members = list(h.dump()[0])
    askers = []
    try:
        with left(members[:3]):
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
    w.stop()


@test
def whoever_asked_while_a_run_was_on_is_answered_after_a_reload():
    h = fresh()
    w = Watch(h)
    held_in_the_middle(lambda: w.send(signal.SIGUSR1))
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
    known = set(w.children())
    held_in_the_middle(lambda: w.send(signal.SIGUSR1))
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


@test
def of_more_refusals_than_are_remembered_only_the_number_is_said_when_it_is_another():
    h = fresh(groups__match='eng', sync__max_removal_percent='100')
    people = [user(n, f'person{n}@other.example') for n in range(5000)] + [user(9999, 'ada@acme.example')]

    def refused(start, n):
        h.use_files(users=people[start:start + n] + people[-1:], groups=[])
        h.write()
        w.now()
        more = [x for x in w.lines if x.startswith('and ')]
        return w.text().count('refused user'), [x.split()[1] for x in more]

    h.use_files(users=people[-1:], groups=[])
    w = Watch(h)
    same(refused(0, 4096), (4096, []))
    same(refused(0, 4200), (4096, ['105']))
    same(refused(0, 4200), (4096, ['105']))
    same(refused(0, 4201), (4096, ['105', '106']))
    has(w.text(), 'and 106 more: stop okta-sync --watch and run okta-sync --once to see them all')
    same(refused(100, 4096), (4197, ['105', '106']))  # a hundred that were not listed before, and one that was forgotten
    w.stop()


@test
def it_sees_a_turn_end_also_where_SIGCHLD_was_ignored_when_it_was_started():
    h = with_log()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        w = Watch(h, wait=False)
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    w.up_to_date(0)
    with Person():
        ask(w)
        assert 'new' in h.dump()[0]
    w.stop()


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
    main()
