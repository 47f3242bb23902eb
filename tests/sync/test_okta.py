#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync against the stand-in org: credentials, scopes, paging, and everything Okta can answer."""
import json
import os
import pty
import re
import signal
import subprocess

from world import BUILD, Host, Org, as_uid, has, lacks, main, same, test, wait_for

ORG = Org()
MASS = Org('--mass', '3000,60,30000')
PEOPLE = {'ada', 'bob', 'carol', 'frank', 'grace', 'mallory', 'heidi', 'ivan'}


def fresh(**keys):
    ORG.admin('DELETE', '/faults')
    ORG.admin('POST', '/rates/reset', {})
    ORG.admin('DELETE', '/log')
    return Host(ORG, **keys)


def check_all(host):
    users, groups, _ = host.dump()
    same(set(users), PEOPLE)
    same(set(groups['eng']['members']), {'ada', 'bob'})
    same(set(groups['linux-users']['members']), PEOPLE - {'mallory'})


@test
def private_key_jwt_with_DPoP_that_Okta_demands_gets_everybody():
    h = fresh()
    out = h.sync()
    check_all(h)
    has(out, '8 people', 'refused user "judy@partner.example"', 'strip_domains')
    api = [x for x in ORG.log() if x['path'].startswith('/api/')]
    assert api and all(x['auth'] == 'DPoP' and x['dpop'] for x in api)


@test
def private_key_jwt_without_DPoP_gets_everybody():
    h = fresh()
    h.use_key('0oaservicenodpop0001')
    h.sync()
    check_all(h)
    assert all(x['auth'] == 'Bearer' for x in ORG.log() if x['path'].startswith('/api/'))


@test
def a_client_secret_gets_everybody_with_and_without_DPoP():
    for required in ('per_client', 'always'):
        h = fresh()
        h.use_secret()
        ORG.switch(dpop_required=required)
        try:
            h.sync()
        finally:
            ORG.switch(dpop_required='per_client')
        check_all(h)


@test
def an_SSWS_token_gets_everybody():
    h = fresh()
    h.use_ssws()
    h.sync()
    check_all(h)
    assert all(x['auth'] == 'SSWS' for x in ORG.log() if x['path'].startswith('/api/'))


@test
def a_DPoP_nonce_that_is_forgotten_in_the_middle_costs_nothing():
    h = fresh()
    h.sync()
    ORG.admin('POST', '/nonce/expire', {})
    h.sync()


@test
def a_token_refused_in_the_middle_is_renewed_once():
    h = fresh()
    h.sync()
    ORG.fault(path='/api/v1/users', kind='status', status=401, times=1)
    h.sync()
    check_all(h)
    assert sum(x['path'].startswith('/oauth2/v1/token') and x['status'] == 200 for x in ORG.log()) >= 3


@test
def scope_groups_takes_the_members_of_the_named_groups_only():
    h = fresh(sync__scope='groups', sync__scope_groups='eng, Data Science', groups__match='eng, linux-users')
    h.sync()
    users, groups, _ = h.dump()
    same(set(users), {'ada', 'bob', 'grace'})
    same(set(groups['linux-users']['members']), {'ada', 'bob', 'grace'})
    lacks(str([x['path'] for x in ORG.log()]), '/api/v1/users?')


@test
def scope_groups_refuses_a_group_that_does_not_exist():
    fresh(sync__scope='groups', sync__scope_groups='eng, no such').kept(78, 'no group "no such"')


@test
def scope_groups_refuses_a_name_that_two_groups_have_and_names_both_ids():
    ORG.switch(refuse_duplicate_group_names=False)
    extra = ORG.admin('POST', '/groups', {'name': 'Data Science'})
    try:
        out = fresh(sync__scope='groups', sync__scope_groups='Data Science').kept(78, 'two groups are called')
        has(out, extra['id'], ORG.org['group_ids']['Data Science'])
        h = fresh(sync__scope='groups', sync__scope_groups=ORG.org['group_ids']['Data Science'])
        h.sync()
        same(set(h.dump()[0]), {'grace'})
    finally:
        ORG.admin('DELETE', '/groups/' + extra['id'])


@test
def scope_app_takes_who_is_assigned_with_Oktas_own_status():
    app = '0oanativesecretlogi1'
    h = fresh(sync__scope='app', sync__app_id=app)
    h.sync()
    users = h.dump()[0]
    same(set(users), PEOPLE)
    same(users['carol']['status'], 'SUSPENDED')


@test
def scope_app_refuses_an_app_that_does_not_exist():
    fresh(sync__scope='app', sync__app_id='0oanothinghere000001').kept(78, '[sync] app_id')


@test
def every_form_of_paging_gives_the_same_snapshot():
    forms = [dict(page_size_cap=1), dict(page_size_cap=3, link_header='folded', header_case='mixed'),
             dict(page_size_cap=2, link_self=False, cursor_form='base64'), dict(page_size_cap=3, short_pages='short'),
             dict(page_size_cap=2, short_pages='empty'), dict(gzip=False)]
    default = dict(page_size_cap=0, link_header='separate', header_case='lower', link_self=True, cursor_form='id',
                   short_pages='off', gzip=True)
    for form in forms:
        h = fresh()
        ORG.switch(**form)
        try:
            h.sync()
        finally:
            ORG.switch(**default)
        check_all(h)


@test
def a_next_link_to_another_host_is_not_followed():
    h = fresh()
    h.sync()
    for link in ('<https://evil.example/api/v1/users?after=x>; rel="next"', '<http://' + ORG.url[8:] + '/api/v1/users>; rel="next"',
                 '<' + ORG.url + '@evil.example/api/v1/users>; rel="next"', 'garbage; rel="next"'):
        ORG.fault(path='^/api/v1/users', kind='status', status=200, body=[], headers={'link': link}, times=1)
        h.kept(75, 'next' if 'garbage' not in link else 'Link header')


@test
def a_next_link_that_leads_round_ends():
    h = fresh()
    path = '/api/v1/groups?limit=200'
    ORG.fault(path='^/api/v1/groups', kind='status', status=200, body=[], headers={'link': f'<{ORG.url}{path}>; rel="next"'}, times=-1)
    has(h.sync(expect=75), 'lead round')


@test
def a_token_answer_that_makes_no_sense_is_refused():
    good = {'access_token': 'x', 'token_type': 'Bearer', 'expires_in': 3600}
    for bad in ({'access_token': ''}, {'access_token': 'a b'}, {'access_token': 7}, {'token_type': 'MAC'}, {'token_type': 'DPoP'},
                {'expires_in': 0}, {'expires_in': '3600'}, {'expires_in': -1}):
        h = fresh()
        ORG.fault(path='^/oauth2/v1/token', kind='status', status=200, body={**good, **bad}, times=1)
        has(h.sync(expect=75), 'makes no sense')


@test
def an_empty_list_of_people_changes_nothing():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='empty_page', times=1)
    h.kept(75, 'no person at all')
    h.sync()
    ORG.fault(path='^/api/v1/users', kind='empty_page', times=1)
    h.kept(75, 'no person at all', '--accept-shrink')
    check_all(h)


def without_members_of_eng(h):
    """The group is deleted behind the list of groups."""
    ORG.fault(path=f'^/api/v1/groups/{ORG.org["group_ids"]["eng"]}/users', kind='status', status=404, times=-1)
    return h


@test
def a_group_that_is_deleted_while_everything_is_read_takes_nobody_else_along():
    h = without_members_of_eng(fresh(sync__max_removal_percent='50'))
    h.sync()
    users, groups, _ = h.dump()
    same(set(users), PEOPLE)
    same(groups['eng']['members'], [])
    same(set(groups['linux-users']['members']), PEOPLE - {'mallory'})


@test
def a_page_of_members_that_okta_knows_no_more_is_not_the_end_of_the_group():
    eng = ORG.org['group_ids']['eng']
    h = fresh()
    ORG.switch(page_size_cap=1)
    ORG.fault(path=f'^/api/v1/groups/{eng}/users.*after=', kind='status', status=404, times=-1)
    try:
        has(h.sync(expect=75), 'it was deleted while we read')
        assert not os.path.exists(os.path.join(h.state, 'directory.snapshot'))
    finally:
        ORG.switch(page_size_cap=0)


@test
def a_group_that_denies_or_says_who_is_in_scope_must_not_be_deleted_meanwhile():
    for keys in ({'login__deny_groups': 'eng'}, {'sync__scope': 'groups', 'sync__scope_groups': 'eng'}):
        h = without_members_of_eng(fresh(**keys))
        has(h.sync(expect=75), 'it was deleted while we read')
        assert not os.path.exists(os.path.join(h.state, 'directory.snapshot'))


@test
def half_the_people_gone_is_braked_and_accepted_only_when_told():
    h = fresh()
    h.sync()
    half = [{'id': ORG.org['user_ids'][x + '@acme.example'], 'status': 'ACTIVE', 'profile': {'login': x + '@acme.example'}}
            for x in ('ada', 'bob', 'grace', 'frank')]
    ORG.fault(path='^/api/v1/users', kind='status', status=200, body=half, times=2)
    h.kept(75, '4 of 8 people', '20 %', '--accept-shrink')
    h.sync('--accept-shrink')
    same(set(h.dump()[0]), {'ada', 'bob', 'grace', 'frank'})


@test
def a_group_whose_members_vanish_is_braked():
    h = fresh()
    h.sync()
    ORG.fault(path='^/api/v1/groups/' + ORG.org['group_ids']['linux-users'] + '/users', kind='empty_page', times=1)
    h.kept(75, 'memberships', '--accept-shrink')


@test
def a_missing_scope_is_named():
    h = fresh()
    h.sync()
    ORG.switch(granted_scopes=['okta.users.read'])
    try:
        h.kept(78, 'okta.groups.read')
        ORG.switch(granted_scopes=[])
        h.kept(78, 'consent_required', 'grant')
    finally:
        ORG.switch(granted_scopes=['okta.users.read', 'okta.groups.read', 'okta.apps.read', 'okta.logs.read'])


@test
def a_missing_admin_role_is_named():
    h = fresh()
    h.sync()
    ORG.switch(admin_role='NONE')
    try:
        h.kept(78, 'E0000006', 'admin role')
    finally:
        ORG.switch(admin_role='SUPER_ADMIN')


@test
def an_admin_role_narrowed_to_one_group_is_braked():
    h = fresh()
    h.sync()
    ORG.switch(admin_role='CUSTOM', resource_set_groups=['eng'])
    try:
        h.kept(75, 'would be removed')
    finally:
        ORG.switch(admin_role='SUPER_ADMIN', resource_set_groups=[])


@test
def a_wrong_key_is_named_and_not_retried():
    h = fresh()
    h.sync()
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', h.path('service.key')],
                   check=True, capture_output=True)
    ORG.admin('DELETE', '/log')
    h.kept(78, 'invalid_client', 'private_key_file')
    same(len(ORG.log()), 1)


@test
def a_wrong_client_secret_and_a_wrong_SSWS_token_are_named():
    h = fresh()
    h.use_secret()
    with open(h.path('service-secret'), 'w', encoding='utf-8') as f:
        f.write('wrong\n')
    has(h.sync(expect=78), 'client_secret_file')
    h = fresh()
    h.use_ssws()
    with open(h.path('ssws-token'), 'w', encoding='utf-8') as f:
        f.write('00wrong\n')
    has(h.sync(expect=78), 'E0000011')


@test
def an_empty_401_and_an_empty_403_are_understood():
    h = fresh()
    for status in (401, 403):
        ORG.fault(path='^/api/v1/groups', kind='status', status=status, body='', times=2)
        out = h.sync(expect=78)
        has(out, '/api/v1/groups')
        ORG.admin('DELETE', '/faults')


@test
def garbage_and_truncated_answers_change_nothing():
    h = fresh()
    h.sync()
    for kind in ('garbage', 'truncate', 'html'):
        for path in ('^/api/v1/users', '^/api/v1/groups\\?', '^/api/v1/groups/', '^/oauth2/v1/token'):
            ORG.fault(path=path, kind=kind, times=-1)
            h.kept(75)
            ORG.admin('DELETE', '/faults')


@test
def a_person_without_id_or_status_refuses_the_page():
    h = fresh()
    h.sync()
    for body in ([{'id': '00u1', 'profile': {}}], [{'status': 'ACTIVE', 'profile': {}}], {'a': 1}, [None]):
        ORG.fault(path='^/api/v1/users', kind='status', status=200, body=body, times=1)
        h.kept(75, 'cannot be used')


@test
def a_429_is_waited_for_by_Oktas_clock_and_then_goes_on():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='rate_limit', delay_ms=2000, times=1)
    ORG.fault(path='^/oauth2/v1/token', kind='rate_limit', delay_ms=1000, times=1, body='oauth')
    h.sync()
    check_all(h)


@test
def a_concurrency_429_is_backed_off_from():
    h = fresh()
    ORG.fault(path='^/api/v1/groups/', kind='rate_limit', delay_ms=600000, times=3, body='concurrency')
    h.sync()
    check_all(h)


def refused(org):
    return [x for x in org.log() if x['status'] == 429]


@test
def a_small_bucket_is_never_overrun():
    h = fresh()
    ORG.switch(enforce_rate_limits=True, rate_limits={'users': 3, 'groups': 4}, rate_limit_window_s=2, page_size_cap=2)
    try:
        h.sync()
        same(refused(ORG), [])
    finally:
        ORG.switch(enforce_rate_limits=False, rate_limits={}, rate_limit_window_s=60, page_size_cap=0)
    check_all(h)


@test
def many_groups_are_read_at_once_packed_and_without_a_single_429():
    MASS.switch(enforce_rate_limits=True, rate_limits={'users': 10, 'groups': 30}, rate_limit_window_s=2)
    MASS.fault(path='^/api/v1/groups/', kind='delay', delay_ms=30, times=-1)
    h = Host(MASS, groups__match='team-*')
    has(h.sync(), '3000 people, 60 groups, 30000 memberships')
    same(refused(MASS), [])
    lists = [x for x in MASS.log() if x['path'].startswith('/api/')]
    same([x['path'] for x in lists if not x['gzip']], [])
    assert 4 <= max(x['in_flight'] for x in lists) <= 10, [x['in_flight'] for x in lists]
    # the people's list did not wait for the groups' window, nor the other way round
    paths = [x['path'] for x in lists]
    last_people = max(i for i, p in enumerate(paths) if p.startswith('/api/v1/users'))
    first_members = min(i for i, p in enumerate(paths) if re.match('/api/v1/groups/.*/users', p))
    assert first_members < last_people, paths


@test
def pages_that_are_too_much_get_smaller_and_then_larger_again():
    MASS.admin('DELETE', '/faults')
    MASS.admin('DELETE', '/log')
    MASS.switch(enforce_rate_limits=False, rate_limits={})
    MASS.fault(path='^/api/v1/users[?].*limit=200', kind='status', status=504, times=1)
    MASS.fault(path='^/api/v1/users[?].*limit=100', kind='status', status=500, times=1)
    h = Host(MASS, groups__match='team-00001')
    has(h.sync(), '3000 people, 1 groups')
    sizes = [int(re.search(r'limit=(\d+)', x['path']).group(1)) for x in MASS.log() if x['path'].startswith('/api/v1/users')]
    same(sizes[:3], [200, 100, 50])
    same(sizes[3:10], [50] * 7)
    assert 100 in sizes[10:12] and sizes[-1] == 200, sizes


@test
def somebody_deactivated_is_in_no_group():
    h = fresh()
    ORG.admin('PATCH', '/users/dave@acme.example', {'groups': ['eng', 'linux-users']})
    try:
        h.sync()
        check_all(h)
    finally:
        ORG.admin('PATCH', '/users/dave@acme.example', {'groups': []})


@test
def a_clock_ten_minutes_wrong_costs_nothing():
    for skew in (600, -600):
        for client in ('0oaserviceoktasync01', '0oaservicenodpop0001'):
            h = fresh()
            h.use_key(client)
            ORG.admin('POST', '/clock', {'skew_s': skew})
            ORG.fault(path='^/api/v1/users', kind='rate_limit', delay_ms=1000, times=1)
            try:
                h.sync(timeout=30)
            finally:
                ORG.admin('POST', '/clock', {'skew_s': 0})
            check_all(h)
    ORG.admin('POST', '/rates/reset', {})


def running(h):
    return json.loads(h.ctl('--json', 'status', expect=None))['running']


@test
def while_it_runs_status_says_how_far_it_is_and_what_it_waits_for():
    h = fresh()
    h.sync()
    same(running(h), None)
    ORG.fault(path='^/api/v1/groups/', kind='rate_limit', delay_ms=600000, times=-1)
    p = h.start()
    try:
        wait_for(lambda: (running(h) or {}).get('waiting_s', 0) > 60, 30)
        now = running(h)
        same(now['people'], 10)
        has(now['waiting_for'], 'rate limit')
        has(h.ctl('status', expect=None), 'sync runs', 'it waits', 'rate limit is used up')
        same(os.stat(os.path.join(h.state, 'sync-progress.json')).st_mode & 0o777, 0o644)
    finally:
        p.send_signal(signal.SIGKILL)
        out = p.communicate()[0]
        ORG.admin('DELETE', '/faults')
    has(out, '10 people', 'waiting', "Okta's rate limit is used up")
    h.sync()
    same(running(h), None)
    same(os.path.exists(os.path.join(h.state, 'sync-progress.json')), False)


@test
def a_progress_that_nobody_renews_is_no_sync():
    h = fresh()
    h.sync()
    line = {'version': 1, 'started': 1, 'updated': 1, 'people': 1, 'groups': 1, 'memberships': 1, 'per_second': 1,
            'lists_done': 1, 'lists': 1, 'left_s': 1, 'waiting_s': 1, 'waiting_for': 'x'}
    with open(os.path.join(h.state, 'sync-progress.json'), 'w', encoding='utf-8') as f:
        f.write(json.dumps(line))
    same(running(h), None)


@test
def on_a_terminal_one_line_shows_how_far_it_is():
    h = fresh()
    ORG.fault(path='^/api/v1/groups/', kind='rate_limit', delay_ms=2000, times=1)
    ours, theirs = pty.openpty()
    h.write()
    with subprocess.Popen(h.command(), stdout=subprocess.DEVNULL, stderr=theirs, stdin=subprocess.DEVNULL, preexec_fn=as_uid) as p:
        os.close(theirs)
        text = b''
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the last writer is gone
                break
            text += piece
        same(p.wait(), 0)
    os.close(ours)
    text = text.decode()
    has(text, '\r\033[K', 'people', 'memberships so far', 'a second', 'waiting', 'rate limit is used up')
    assert text.endswith('\r\033[K'), repr(text)


@test
def a_5xx_is_retried_and_a_4xx_is_not():
    h = fresh()
    ORG.fault(path='^/api/v1/users', kind='status', status=503, times=2)
    h.sync()
    check_all(h)
    ORG.admin('DELETE', '/log')
    ORG.fault(path='^/api/v1/users', kind='status', status=400, times=-1)
    h.kept(75, 'HTTP 400')
    same(sum(x['path'].startswith('/api/v1/users') for x in ORG.log()), 1)
    ORG.admin('DELETE', '/faults')
    ORG.admin('DELETE', '/log')
    ORG.fault(path='^/api/v1/users', kind='status', status=500, times=-1)
    h.kept(75, 'HTTP 500')
    same(sum(x['path'].startswith('/api/v1/users') for x in ORG.log()), 4)


@test
def a_dropped_connection_is_retried():
    h = fresh()
    ORG.fault(path='^/api/v1/groups', kind='drop', times=1)
    h.sync()
    check_all(h)


@test
def an_unreachable_Okta_changes_nothing():
    h = fresh()
    h.sync()
    h.set(okta__org_url='https://localhost:1')
    h.kept(75)


@test
def a_certificate_nobody_vouches_for_changes_nothing():
    h = fresh()
    h.sync()
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=other', '-keyout', '/dev/null',
                    '-out', h.path('ca.pem')], check=True, capture_output=True)
    h.kept(75)


@test
def a_secret_that_others_can_read_is_refused():
    h = fresh()
    os.chmod(h.path('service.key'), 0o644)
    has(h.sync(expect=78), 'private_key_file')


@test
def the_status_says_how_the_last_sync_went():
    h = fresh()
    h.sync()
    has(h.ctl('status'), '8 people', 'no problem found')
    ORG.switch(admin_role='NONE')
    try:
        h.sync(expect=78)
    finally:
        ORG.switch(admin_role='SUPER_ADMIN')
    has(h.ctl('status', expect=1), 'admin role')


@test
def the_usage_is_refused_by_name():
    for args in ([], ['--once', '--watch'], ['--once', 'x'], ['--frob']):
        p = subprocess.run([os.path.join(BUILD, 'okta-sync'), *args], capture_output=True, text=True, check=False)
        same(p.returncode, 64)
        has(p.stderr, 'once')


if __name__ == '__main__':
    main()
