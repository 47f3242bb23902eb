#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""oktactl: what it says to people and to programs, and its exit statuses."""
import json
import os
import shutil
import sqlite3
import subprocess
import time

from world import BUILD, ROOT, Host, as_uid, group, has, lacks, main, same, test, user

EVIL = 'x\u001b[31m"\\\u009b y'


def host(**keys):
    keys.setdefault('groups__match', 'eng')
    h = Host(sync__max_removal_percent='100', **keys)
    g = group(1, 'eng')
    admins = group(2, EVIL)
    h.use_files(users=[user(1, 'ada@acme.example', displayName=EVIL), user(2, 'bob@acme.example', 'SUSPENDED'), user(3, 'eve@acme.example')],
                groups=[g, admins], **{f'group__{g["id"]}__users': [{'id': f'00u{n:017d}'} for n in (1, 2)],
                                       f'group__{admins["id"]}__users': [{'id': f'00u{1:017d}'}]})
    h.sync()
    return h


@test
def config_check_says_whether_the_configuration_is_complete():
    h = host()
    has(h.ctl('config', 'check'), 'complete')
    same(json.loads(h.ctl('--json', 'config', 'check')), {'ok': True, 'error': None})
    h.set(login__allow_groups=None)
    has(h.ctl('config', 'check', expect=78), 'allow_groups')
    same(json.loads(h.ctl('config', 'check', '--json', expect=78))['ok'], False)


@test
def config_check_looks_at_the_secrets_too():
    h = host(login__client_secret_file='/nonexistent/secret')
    has(h.ctl('config', 'check', expect=78), 'client_secret_file')


@test
def config_keys_lists_every_key_for_programs():
    keys = json.loads(host().ctl('--json', 'config', 'keys'))
    assert {('okta', 'org_url'), ('sync', 'scope'), ('groups', 'local')} <= {(k['section'], k['key']) for k in keys}


@test
def user_and_group_print_what_the_snapshot_has_and_fail_for_strangers():
    h = host()
    has(h.ctl('user', 'ada'), 'uid', '/home/ada', 'eng')
    same(json.loads(h.ctl('user', 'ada', '--json'))['home'], '/home/ada')
    same(set(json.loads(h.ctl('--json', 'group', 'eng'))['members']), {'ada', 'bob'})
    same(json.loads(h.ctl('--json', 'group', 'ada'))['kind'], 'private')
    h.ctl('user', 'nobodyhere', expect=1)
    h.ctl('group', 'nobodyhere', expect=1)


@test
def hostile_text_is_printable_for_people_and_valid_JSON_for_programs():
    h = host(login__allow_groups='eng, ' + group(2, '')['id'])
    for command in (['user', 'ada'], ['explain', 'ada'], ['registry', 'list'], ['status']):
        for c in h.ctl(*command, expect=None):
            assert c == '\n' or ' ' <= c <= '~', (command, c)
    for command in (['user', 'ada'], ['group', EVIL], ['explain', 'ada'], ['status']):
        text = h.ctl('--json', *command, expect=None)
        json.loads(text)
        assert all(c == '\n' or ' ' <= c <= '~' for c in text)
    has(json.loads(h.ctl('--json', 'group', EVIL))['okta_name'], EVIL)


@test
def explain_names_each_rule_and_the_one_that_decides():
    h = host(login__allow_groups='eng')
    has(h.ctl('explain', 'ada'), 'may log in', 'allow_groups', 'via eng')
    has(h.ctl('explain', 'bob', expect=1), 'may not log in', 'SUSPENDED')
    has(h.ctl('explain', 'eve', expect=1), 'NO', 'is in none of them')
    has(h.ctl('explain', 'root', expect=1), 'local account')
    has(h.ctl('explain', 'no such', expect=1), 'the name')
    h.set(login__deny_groups='eng')
    has(h.ctl('explain', 'ada', expect=1), 'deny_groups', 'is in eng')
    rules = json.loads(h.ctl('--json', 'explain', 'ada', expect=1))
    same([r['passed'] for r in rules['rules'] if r['rule'] == 'deny_groups'], [False])


@test
def snapshot_verify_and_dump_refuse_a_damaged_file():
    h = host()
    path = os.path.join(h.state, 'directory.snapshot')
    has(h.ctl('snapshot', 'verify'), 'sound')
    data = bytearray(h.snapshot())
    for at in (40, len(data) // 2, len(data) - 9):
        bad = bytearray(data)
        bad[at] ^= 1
        with open(path, 'wb') as f:
            f.write(bad)
        h.ctl('snapshot', 'verify', expect=1)
        h.ctl('snapshot', 'verify', path, '--json', expect=1)
    with open(path, 'wb') as f:
        f.write(data[:200])
    h.ctl('snapshot', 'dump', expect=1)
    h.ctl('snapshot', 'dump', '/nonexistent', expect=1)


@test
def status_without_a_snapshot_or_with_an_old_one_is_a_problem():
    h = Host()
    has(h.ctl('status', expect=1), 'there is none yet')
    h = host(login__snapshot_max_age_s='60')
    has(h.ctl('status'), 'no problem found')
    h.use_files(users='not JSON')
    h.sync(expect=75)
    has(h.ctl('status', expect=1), 'the last sync')
    same(json.loads(h.ctl('status', '--json', expect=1))['ok'], False)


@test
def status_says_it_when_everything_was_read_longer_than_two_full_intervals_ago():
    h = host(sync__full_interval_s='3600')
    path = os.path.join(h.state, 'sync-status.json')

    def read_at(age_s, mode='watch'):
        status = {**h.status(), 'mode': mode, 'last_full': int(time.time()) - age_s}
        with open(path, 'w', encoding='utf-8') as f:
            json.dump(status, f)

    for age, mode in ((7100, 'watch'), (90000, 'once')):
        read_at(age, mode)
        has(h.ctl('status'), 'no problem found')
    read_at(7300)
    has(h.ctl('status', expect=1), 'more than two [sync] full_interval_s', 'run okta-sync --once')
    has(json.loads(h.ctl('--json', 'status', expect=1))['problems'][0], 'full_interval_s')


def aged(h, seconds):
    """The snapshot of H as it would be if its data were older, or (below 0) newer."""
    path, program = os.path.join(h.state, 'directory.snapshot'), h.path('age')
    subprocess.run(['gcc', '-D_GNU_SOURCE', f'-I{ROOT}/common', '-o', program, f'{ROOT}/tests/e2e/age_snapshot.c',
                    f'{BUILD}/libsnap.a', f'{BUILD}/libbase.a'], check=True)
    subprocess.run([program, path, path + '.new', str(seconds)], check=True)
    os.rename(path + '.new', path)
    return h


@test
def status_and_explain_say_of_a_snapshot_from_the_future_what_every_login_will():
    h = aged(host(), -200)
    has(h.ctl('status'), 'no problem found', 's in the future, generation')
    has(h.ctl('explain', 'ada'), 'may log in', 's in the future, [login] snapshot_max_age_s')
    aged(h, -200)
    has(h.ctl('status', expect=1), 'nobody of Okta\'s can log in', "set this host's clock")
    has(h.ctl('explain', 'ada', expect=1), 'may not log in', 'snapshot age   NO   the data is', "set this host's clock")
    rules = json.loads(h.ctl('--json', 'explain', 'ada', expect=1))
    same([r['rule'] for r in rules['rules'] if not r['passed']], ['snapshot age'])


@test
def registry_list_is_for_the_owner_alone():
    h = host()
    rows = [json.loads(x) for x in h.ctl('--json', 'registry', 'list').splitlines()]
    same({r['name'] for r in rows}, {'ada', 'bob', 'eve', 'eng'})
    os.chmod(os.path.join(h.state, 'registry.db'), 0o644)
    has(h.ctl('registry', 'list', expect=1), 'chmod')


@test
def registry_list_that_nobody_reads_to_its_end_keeps_okta_sync_from_nothing():
    h = Host(groups__match='eng')
    h.use_files(users=[user(n, f'person{n}@acme.example') for n in range(3000)], groups=[])
    h.sync()
    command = [os.path.join(BUILD, 'oktactl'), '--config', h.conf, '--state', h.state, 'registry', 'list']
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=as_uid) as p:
        os.read(p.stdout.fileno(), 1)  # the pager's first screen
        h.sync()
        same(p.poll(), None)
        same(len(p.stdout.read().splitlines()), 3000)
    same(p.returncode, 0)


@test
def registry_list_of_a_registry_whose_writer_was_killed_says_what_mends_it():
    h = host()
    path = os.path.join(h.state, 'registry.db')
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('PRAGMA cache_size = 1')  # so that pages go to the file before the end
    db.execute('BEGIN')
    for n in range(2000):
        db.execute("INSERT INTO object VALUES (?, 'u', ?, ?, ?, 0)", (n + 2000, f'00x{n}', f'x{n}', f'x{n}'))
    for x in ('', '-journal'):
        shutil.copy(path + x, h.path('killed' + x))
    db.execute('ROLLBACK')
    db.close()
    for x in ('', '-journal'):
        shutil.copy(h.path('killed' + x), path + x)
        os.chmod(path + x, 0o600)
    has(h.ctl('registry', 'list', expect=1), 'registry.db: a write was interrupted: okta-sync --once')
    h.sync()
    same({r['name'] for r in map(json.loads, h.ctl('--json', 'registry', 'list').splitlines())}, {'ada', 'bob', 'eve', 'eng'})


def wide(**keys):
    """A host on which people from another directory may keep their numbers."""
    h = Host(users__id_range='1000-2147483646', groups__match='eng', **keys)
    h.use_files(users=[user(1, 'ada@acme.example'), user(2, 'bob@acme.example')], groups=[group(1, 'eng')],
                **{f'group__{group(1, "")["id"]}__users': [{'id': f'00u{1:017d}'}]})
    return h


def give_lines(h, text):
    with open(h.path('ids'), 'w', encoding='utf-8') as f:
        f.write(text)
    return h.path('ids')


def registry(h):
    return {(r['kind'], r['name']): r for r in map(json.loads, h.ctl('--json', 'registry', 'list').splitlines())}


@test
def registry_import_of_passwd_and_group_lines_keeps_uids_and_gids_for_the_same_names():
    h = wide()
    said = h.ctl('registry', 'import', give_lines(h, 'eng:x:7001:ada\nada:x:5001:\nada:x:5001:5001:Ada:/home/ada:/bin/bash\n'
                                                     'carol:*:5003:100::/home/carol:/bin/sh\n\n# nobody\n'))
    has(said, '4 ids are kept', '1 people had a primary group')
    rows = registry(h)
    same({(k, r['id'], r['waiting'], r['gone'], r['okta_id']) for k, r in rows.items()},
         {(('user', 'ada'), 5001, True, False, None), (('user', 'carol'), 5003, True, False, None),
          (('group', 'eng'), 7001, True, False, None)})
    has(h.ctl('registry', 'list'), 'waiting')
    h.sync()
    users, groups, _ = h.dump()
    same((users['ada']['uid'], users['ada']['gid'], groups['eng']['gid']), (5001, 5001, 7001))
    assert users['bob']['uid'] not in (5001, 5003, 7001)
    rows = registry(h)
    same((rows['user', 'ada']['okta_id'], rows['user', 'ada']['waiting']), (f'00u{1:017d}', False))
    same(rows['user', 'carol']['waiting'], True)  # a sync that does not know her leaves her id alone
    h.use_files(users=[user(1, 'ada@acme.example'), user(2, 'bob@acme.example'), user(3, 'carol@acme.example')])
    h.sync()
    same(h.dump()[0]['carol']['uid'], 5003)


@test
def registry_import_takes_login_and_uid_with_the_domain_and_capitals_that_okta_sync_takes_away():
    h = wide()
    h.ctl('registry', 'import', give_lines(h, 'Ada@ACME.example, 5001\nbob,5002,5002\n'))
    h.sync()
    same({n: u['uid'] for n, u in h.dump()[0].items()}, {'ada': 5001, 'bob': 5002})
    h.ctl('registry', 'import', h.path('ids'))  # again: nothing to do, nothing wrong


@test
def registry_import_names_each_line_it_cannot_take_and_imports_none():
    h = wide()
    bad = {'root:x:0:0:root:/root:/bin/bash': 'reserved', 'low, 999': 'below 1000', 'dyn, 61190': '61184', 'big, 4294967296': 'above',
           'neg, -1': 'plain decimal', 'x y, 5005': 'x y', 'eve@other.example, 5006': 'strip_domains', 'a:b:c': 'no line of passwd(5)',
           'lone': 'no line of passwd(5)', 'sudo:x:5027:ada': 'reserved', 'again, 5001': 'belongs to good', 'good, 5009': 'has id 5001',
           ', 5010': 'line 14'}
    said = h.ctl('registry', 'import', give_lines(h, 'good, 5001\n' + ''.join(x + '\n' for x in bad)), expect=1)
    for n, why in enumerate(bad.values(), 2):
        line = [x for x in said.splitlines() if f': line {n}: ' in x]
        same((n, len(line)), (n, 1))
        has(line[0], why)
    has(said, '13 faults', 'nothing was imported')
    same(registry(h), {})
    has(Host().ctl('registry', 'import', give_lines(h, 'good, 5001\n'), expect=1), 'id_range')


@test
def registry_import_keeps_nobody_waiting_while_its_complaints_are_read():
    h = wide()
    h.sync()
    lines = give_lines(h, ''.join(f'p{i}, 5\n' for i in range(5000)))
    command = [os.path.join(BUILD, 'oktactl'), '--config', h.conf, '--state', h.state, 'registry', 'import', lines]
    with subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=as_uid) as p:
        os.read(p.stderr.fileno(), 1)  # more than a pipe holds
        h.use_files(users=[user(n, f'p{n}@acme.example') for n in (1, 2, 3)])
        h.sync()
        same(p.poll(), None)
        said = p.stderr.read().decode()
    same(p.returncode, 1)
    has(said, 'line 5000: ', '5000 faults, listed above: nothing was imported')


@test
def registry_import_refuses_lines_for_people_who_have_another_id_already():
    h = wide()
    h.sync()
    before = registry(h)
    has(h.ctl('registry', 'import', give_lines(h, 'ada, 5001\n'), expect=1), 'ada')
    has(h.ctl('registry', 'import', give_lines(h, 'eng:x:7001:\n'), expect=1), 'eng (00g', 'for ever')
    same(registry(h), before)


@test
def registry_import_of_a_damaged_snapshot_is_not_taken_for_text():
    h = host()
    data = h.snapshot()
    give_lines(h, '')
    with open(h.path('ids'), 'wb') as f:
        f.write(data[:300])
    has(h.ctl('registry', 'import', h.path('ids'), expect=1), 'neither a sound snapshot nor text')


@test
def registry_import_of_a_file_others_can_write_is_refused():
    h = wide()
    give_lines(h, 'ada, 5001\n')
    os.chmod(h.path('ids'), 0o666)
    h.ctl('registry', 'import', h.path('ids'), expect=1)
    os.chmod(h.path('ids'), 0o600)
    h.ctl('registry', 'import', h.path('ids'))


@test
def registry_forget_takes_back_an_id_that_waits_and_none_that_somebody_has():
    h = wide()
    h.ctl('registry', 'import', give_lines(h, 'ada, 5001\nbob, 5002\n'))
    h.ctl('registry', 'forget', 'bob')
    h.sync()
    users = h.dump()[0]
    same(users['ada']['uid'], 5001)
    assert users['bob']['uid'] != 5002
    for name in ('ada', 'bob', 'nobodyhere', 'x' * 400):
        has(h.ctl('registry', 'forget', name, expect=1), 'no id waits')


@test
def an_answer_that_cannot_be_written_is_74_and_no_yes():
    h = host()
    for args in (['--version'], ['--help'], ['config', 'check'], ['config', 'keys'], ['status'], ['user', 'ada'], ['group', 'eng'],
                 ['explain', 'ada'], ['snapshot', 'verify'], ['snapshot', 'dump'], ['registry', 'list']):
        for option in ([], ['--json']):
            with open('/dev/full', 'w', encoding='utf-8') as full:
                p = subprocess.run([os.path.join(BUILD, 'oktactl'), '--config', h.conf, '--state', h.state, *option, *args], stdout=full,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=as_uid, check=False)
            same((args, option, p.returncode), (args, option, 74))
            same(p.stderr, 'oktactl: cannot write\n')
    h.set(login__deny_groups='eng').write()
    with open('/dev/full', 'w', encoding='utf-8') as full:
        p = subprocess.run([os.path.join(BUILD, 'oktactl'), '--config', h.conf, '--state', h.state, 'explain', 'ada'], stdout=full,
                           stderr=subprocess.PIPE, preexec_fn=as_uid, check=False)
    same(p.returncode, 1)  # a no stays one


@test
def wrong_usage_is_64_and_names_the_right_one():
    for args in ([], ['frob'], ['user'], ['explain', 'a', 'b'], ['snapshot', 'eat'], ['registry', 'import'], ['registry', 'forget'], ['registry', 'eat', 'x'], ['token'], ['config'], ['--config']):
        p = subprocess.run([os.path.join(BUILD, 'oktactl'), *args], capture_output=True, text=True, check=False)
        same((args, p.returncode), (args, 64))
        has(p.stderr, 'usage')
        lacks(p.stdout, 'usage')


if __name__ == '__main__':
    main()
