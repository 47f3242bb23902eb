#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who gets which name and id: DESIGN 5 through the whole of okta-sync, mostly from files."""
import json
import os
import random
import re
import sqlite3

from world import ROOT, Host, Org, group, has, lacks, main, same, test, user

EVERYBODY_HERE = [user(1, 'ada@acme.example', displayName='Ada Lovelace'), user(2, 'bob@acme.example'), user(3, 'eve@acme.example')]


def files(users, groups=(), members=None, **keys):
    """A host that reads USERS and GROUPS from disk; MEMBERS: {group number: [user numbers]}."""
    h = Host(**keys)
    give(h, users, groups, members or {})
    return h


def give(h, users, groups=(), members=None):
    pages = {'users': users, 'groups': list(groups)}
    for g in groups:
        n = int(g['id'][3:])
        pages[f'group__{g["id"]}__users'] = [{'id': f'00u{m:017d}'} for m in (members or {}).get(n, [])]
    h.use_files(**pages)


def names(h):
    return set(h.dump()[0])


def uids(h):
    return {u['okta_id']: u['uid'] for u in h.dump()[0].values()}


@test
def source_file_reads_the_same_pages_from_disk():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], {1: [1, 2]}, groups__match='eng')
    h.sync()
    users, groups, _ = h.dump()
    same(set(users), {'ada', 'bob', 'eve'})
    same(users['ada']['gecos'], 'Ada Lovelace')
    same(set(groups['eng']['members']), {'ada', 'bob'})


@test
def source_file_takes_several_pages_in_the_order_of_their_names():
    h = files(EVERYBODY_HERE[:1])
    h.use_files(users=EVERYBODY_HERE[:1], users__2=EVERYBODY_HERE[1:])
    h.sync()
    same(names(h), {'ada', 'bob', 'eve'})


@test
def source_file_refuses_a_list_without_a_file_and_files_others_can_write():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], groups__match='eng')
    h.sync()
    os.unlink(h.path(f'source/group-{group(1, "")["id"]}-users.json'))
    h.kept(75, 'has no group-')
    h = files(EVERYBODY_HERE)
    os.chmod(h.path('source/users.json'), 0o666)
    h.sync(expect=78)
    h = files(EVERYBODY_HERE)
    os.chmod(h.path('source'), 0o777)
    h.sync(expect=78)


@test
def two_hosts_and_any_order_of_pages_give_the_same_ids():
    rng = random.Random(7)
    people = [user(n, f'user{n}@acme.example') for n in range(1, 300)]
    a, b = files(people), files(rng.sample(people, len(people)))
    a.sync()
    b.sync()
    same(uids(a), uids(b))


@test
def a_second_sync_of_the_same_directory_changes_only_times_and_generation():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], {1: [1, 3]}, groups__match='eng')
    h.sync()
    one = h.snapshot()
    h.sync()
    two = h.snapshot()
    same(len(one), len(two))
    differ = {i for i in range(len(one)) if one[i] != two[i]}
    # header checksum, superseded word, generation, published, source time
    assert differ <= set(range(16, 24)) | set(range(32, 56)), sorted(differ)


@test
def a_rename_keeps_the_uid_and_the_home():
    h = files(EVERYBODY_HERE)
    h.sync()
    before = h.dump()[0]['ada']
    give(h, [user(1, 'lovelace@acme.example')] + EVERYBODY_HERE[1:])
    h.sync()
    after = h.dump()[0]['lovelace']
    same((after['uid'], after['home']), (before['uid'], before['home']))


@test
def a_deleted_persons_uid_and_home_go_to_nobody_else():
    h = files(EVERYBODY_HERE, sync__max_removal_percent='50')
    h.sync()
    before = h.dump()[0]['ada']
    give(h, EVERYBODY_HERE[1:])
    h.sync()
    assert 'gone' in [x for x in h.ctl('registry', 'list').splitlines() if ' ada ' in x][0]
    give(h, EVERYBODY_HERE[1:] + [user(9, 'ada@acme.example')])
    h.sync()
    after = h.dump()[0]['ada']
    assert after['uid'] != before['uid']
    same(after['home'], f'/home/ada-{after["uid"]}')
    give(h, EVERYBODY_HERE[1:] + [user(1, 'ada1@acme.example')])
    h.sync()
    same(h.dump()[0]['ada1']['uid'], before['uid'])


@test
def a_group_rename_keeps_the_gid():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], {1: [1]}, groups__match='*')
    h.sync()
    gid = h.dump()[1]['eng']['gid']
    give(h, EVERYBODY_HERE, [group(1, 'engineering')], {1: [1]})
    h.sync()
    same(h.dump()[1]['engineering']['gid'], gid)


@test
def two_people_with_one_name_get_neither():
    h = files(EVERYBODY_HERE + [user(7, 'ADA@acme.example')])
    out = h.sync()
    same(names(h), {'bob', 'eve'})
    same(out.count('neither is served'), 2)
    has(out, 'refused user "ada@acme.example" (00u00000000000000001)', 'refused user "ADA@acme.example"')


@test
def people_who_are_deactivated_or_staged_are_left_out_and_others_kept_with_their_status():
    every = ['ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'SUSPENDED', 'PROVISIONED', 'STAGED', 'DEPROVISIONED', 'NEW_THING']
    h = files([user(n, f'u{n}', status) for n, status in enumerate(every)])
    out = h.sync()
    same({u['status'] for u in h.dump()[0].values()}, set(every[:6]))
    has(out, 'refused user "u8"', 'status this release does not know', '2 not active in Okta')


@test
def a_group_named_like_a_person_takes_neither():
    h = files(EVERYBODY_HERE, [group(1, 'bob')], {1: [1]}, groups__match='*')
    out = h.sync()
    users, groups, _ = h.dump()
    same(set(users), {'ada', 'eve'})
    assert 'bob' not in groups
    has(out, 'refused group "bob"', 'refused user "bob@acme.example"')


@test
def two_selected_groups_that_map_to_one_name_get_neither():
    h = files(EVERYBODY_HERE, [group(1, 'Eng'), group(2, 'eng'), group(3, 'ops')], {1: [1], 2: [2], 3: [3]}, groups__match='*')
    out = h.sync()
    same({g['name'] for g in h.dump()[1].values() if g['kind'] == 'served'}, {'ops'})
    same(out.count('the same Unix name'), 2)


@test
def a_name_two_groups_have_selects_neither_and_joins_nothing():
    """Whoever may create groups must not get another group's rights by its name (S6)."""
    both = [group(1, 'admins'), group(2, 'admins'), group(3, 'eng')]
    rules = dict(groups__match='admins, eng', groups__local='admins:adm', login__allow_groups='admins')
    h = files(EVERYBODY_HERE, both, {1: [1], 2: [3], 3: [2]}, **rules)
    out = h.sync()
    users, groups, _ = h.dump()
    same({g['name'] for g in groups.values() if g['kind'] == 'served'}, {'eng'})
    same([u['gids'] for u in (users['ada'], users['eve'])], [[], []])
    has(out, 'another group in Okta has the same name')
    has(h.ctl('explain', 'ada', expect=1), 'NO')
    h.set(groups__match=f'{both[0]["id"]}, eng', groups__local=f'{both[0]["id"]}:adm', login__allow_groups=both[0]['id'])
    h.sync()
    users, groups, _ = h.dump()
    same(groups['admins']['members'], ['ada'])
    # a groups claim says "admins" for both: it must find neither
    assert groups['admins']['okta_name'] != 'admins'
    same(users['eve']['gids'], [])
    assert 4 in users['ada']['gids'] or len(users['ada']['gids']) == 2
    has(h.ctl('explain', 'ada'), 'may log in')
    h.ctl('explain', 'eve', expect=1)


@test
def a_denial_by_a_name_two_groups_have_means_the_members_of_both():
    h = files(EVERYBODY_HERE, [group(1, 'contractors'), group(3, 'eng')], {1: [1], 3: [1, 2, 3]},
              login__allow_groups='eng', login__deny_groups='contractors')
    h.sync()
    h.ctl('explain', 'ada', expect=1)
    give(h, EVERYBODY_HERE, [group(1, 'contractors'), group(2, 'contractors'), group(3, 'eng')], {1: [1], 2: [3], 3: [1, 2, 3]})
    h.sync()
    for name in 'ada', 'eve':
        has(h.ctl('explain', name, expect=1), 'contractors')
    has(h.ctl('explain', 'bob'), 'may log in')
    h.set(groups__match=group(2, '')['id'])
    h.kept(78, 'two groups are called "contractors"', 'by its id here, too')


@test
def a_denied_group_that_is_not_there_keeps_the_last_snapshot_with_its_members():
    h = files(EVERYBODY_HERE, [group(1, 'contractors'), group(3, 'eng')], {1: [1], 3: [1, 2]},
              login__allow_groups='eng', login__deny_groups='contractors')
    h.sync()
    for now in 'suppliers', 'n' * 1100:
        give(h, EVERYBODY_HERE, [group(1, now), group(3, 'eng')], {1: [1], 3: [1, 2]})
        h.kept(78, '[login] deny_groups: Okta has no group "contractors"')
        h.ctl('explain', 'ada', expect=1)
    h.set(login__deny_groups=f'suppliers, {group(1, "")["id"]}')
    h.kept(78, 'no group "suppliers"')
    h.set(login__deny_groups=group(1, '')['id'])
    h.sync()
    h.ctl('explain', 'ada', expect=1)


@test
def a_group_whose_name_no_claim_can_carry_is_known_by_its_id_alone():
    odd = [group(1, 'n' * 1100), group(2, 'n' * 1101), group(3, '\x01' + group(4, 'eng')['id']), group(4, 'eng')]
    h = files(EVERYBODY_HERE, odd, {1: [1], 2: [2], 3: [3], 4: [1]}, groups__match='eng',
              login__allow_groups=f'{odd[0]["id"]}, {odd[2]["id"]}, {"n" * 100}')
    h.sync()
    groups = h.dump()[1].values()
    assert all(len(g['okta_name']) < 100 for g in groups)
    same(len({g['okta_name'] for g in groups}), len(groups))
    has(h.ctl('explain', 'ada'), 'may log in')
    h.ctl('explain', 'bob', expect=1)
    has(h.ctl('explain', 'eve'), 'may log in')


@test
def groups_are_renamed_prefixed_and_joined_only_by_explicit_rules():
    h = files(EVERYBODY_HERE, [group(1, 'Data Science'), group(2, 'eng'), group(3, 'Linux Admins'), group(4, 'other')],
              {1: [1], 2: [2], 3: [3], 4: [1]}, groups__match='eng', groups__prefix='okta-', groups__rename='Data Science:datasci',
              groups__local='Linux Admins:adm, eng:nosuchgroup')
    out = h.sync()
    users, groups, _ = h.dump()
    same({g['name'] for g in groups.values() if g['kind'] == 'served'}, {'datasci', 'okta-eng'})
    same([(g['name'], g['members']) for g in groups.values() if g['kind'] == 'local'], [('adm', ['eve'])])
    has(out, 'no local group "nosuchgroup"')
    same(len(users['eve']['gids']), 1)


@test
def a_local_group_and_a_reserved_name_are_never_served():
    h = files(EVERYBODY_HERE, [group(1, 'users'), group(2, 'sudo'), group(3, 'Docker'), group(4, 'systemd-x'), group(5, 'ok')],
              groups__match='*')
    out = h.sync()
    same({g['name'] for g in h.dump()[1].values() if g['kind'] == 'served'}, {'ok'})
    for name in ('users', 'sudo', 'Docker', 'systemd-x'):
        has(out, f'refused group "{name}"')


@test
def uid_from_takes_the_directorys_numbers_and_refuses_bad_and_double_ones():
    people = [user(1, 'a', unixUid=20001), user(2, 'b', unixUid='20002'), user(3, 'c', unixUid=0), user(4, 'd', unixUid=4294967296),
              user(5, 'e', unixUid='20005 '), user(6, 'f', unixUid=20006), user(7, 'g', unixUid=20006), user(8, 'h'),
              user(9, 'i', unixUid=65534), user(10, 'j', unixUid=-1), user(11, 'k', unixUid=1.5), user(12, 'l', unixUid='1879048192')]
    h = files(people, users__uid_from='unixUid', users__id_range='20000-70000')
    out = h.sync()
    same({k: u['uid'] for k, u in h.dump()[0].items()}, {'a': 20001, 'b': 20002})
    for n in 'cdefghijkl':
        has(out, f'refused user "{n}"')


@test
def a_uid_that_changes_in_the_directory_is_reported_and_not_followed():
    h = files([user(1, 'a', unixUid=20001), user(2, 'b', unixUid=20002)], users__uid_from='unixUid', users__id_range='20000-30000')
    h.sync()
    give(h, [user(1, 'a', unixUid=20009), user(2, 'b', unixUid=20002)])
    has(h.sync(), 'keeps uid 20001')
    same(h.dump()[0]['a']['uid'], 20001)
    # and 20001 is not free for anybody else either
    give(h, [user(1, 'a', unixUid=20009), user(2, 'b', unixUid=20002), user(3, 'c', unixUid=20001)])
    has(h.sync(), 'refused user "c"', 'for ever')


@test
def an_exhausted_range_refuses_the_newcomer_and_names_the_remedy():
    h = files([user(n, f'u{n}') for n in range(6)], users__id_range='20000-20004')
    out = h.sync()
    same(len(h.dump()[0]), 5)
    has(out, 'no id is left', 'id_range')


@test
def home_shell_and_gecos_follow_the_rules():
    h = files([user(1, 'a', displayName='A:B\n\u0007C', unixShell='/bin/sh'), user(2, 'b', firstName='B', lastName='Bee', unixShell='/bin/evil'),
               user(3, 'c', firstName='Cé', lastName='Dee')], users__shell_from='unixShell', users__home='/srv/%u')
    out = h.sync()
    users = h.dump()[0]
    same(set(users), {'a', 'c'})
    has(out, 'refused user "b"')
    same((users['a']['shell'], users['c']['shell'], users['a']['home']), ('/bin/sh', '/bin/bash', '/srv/a'))
    lacks(users['a']['gecos'], ':', '\n', '\x07')
    same(users['c']['gecos'], 'Cé Dee')


@test
def a_primary_group_replaces_private_ones():
    h = files(EVERYBODY_HERE, [group(1, 'people')], {1: [1]}, groups__match='people', users__primary_group='people')
    h.sync()
    users, groups, _ = h.dump()
    same({u['gid'] for u in users.values()}, {groups['people']['gid']})
    h.set(groups__match='nothing').kept(78, 'primary_group')


@test
def a_shared_page_item_counts_once():
    h = files(EVERYBODY_HERE + EVERYBODY_HERE[:1], [group(1, 'eng'), group(1, 'eng')], {1: [1, 1]}, groups__match='eng')
    h.sync()
    users, groups, _ = h.dump()
    same(set(users), {'ada', 'bob', 'eve'})
    same(groups['eng']['members'], ['ada'])


def hostile(kind):
    path = os.path.join(ROOT, 'tests/vectors/own/hostile_identities.jsonl')
    if not os.path.exists(path):
        path = os.path.join(ROOT, '../shared/vectors/own/hostile_identities.jsonl')
    with open(path, encoding='utf-8') as f:
        rows = [r for r in map(json.loads, f) if r['kind'] == kind and isinstance(r['value'], str)]
    # a lone surrogate is no JSON text at all: the whole page would be refused
    return [r for r in rows if not any(0xd800 <= ord(c) <= 0xdfff for c in r['value'])]


@test
def no_hostile_name_of_the_corpus_becomes_a_user():
    rows = [r for r in hostile('user') if r['expect'] == 'reject']
    assert len(rows) > 50
    h = files([user(n, r['value']) for n, r in enumerate(rows)] + [user(999999, 'good')])
    h.sync()
    same(names(h) & {r['value'] for r in rows}, set())
    for name in names(h):
        assert re.fullmatch(r'[a-z_][a-z0-9_.-]{0,31}', name), name
        assert name == 'good' or name not in {'root', 'sudo'}, name


@test
def no_hostile_name_of_the_corpus_becomes_a_group():
    rows = [r for r in hostile('group') if r['expect'] == 'reject']
    assert len(rows) > 20
    h = files([user(1, 'good')], [group(n, r['value'] or ' ') for n, r in enumerate(rows)], groups__match='*')
    h.sync()
    same({g['name'] for g in h.dump()[1].values() if g['kind'] == 'served'} & {r['value'] for r in rows}, set())


@test
def hostile_text_reaches_neither_the_terminal_nor_the_status_raw():
    evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u202e\u009b'
    h = files([user(1, 'good'), user(2, evil), user(3, 'x\u0000y')], [group(1, evil)], groups__match='*')
    out = h.sync()
    for c in out:
        assert c == '\n' or ' ' <= c <= '~', repr(c)
    for line in h.status()['problems']:
        assert all(' ' <= c <= '~' for c in line), line


@test
def a_registry_that_was_lost_is_refused_until_it_is_imported():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], {1: [1]}, groups__match='eng')
    h.sync()
    before = uids(h)
    gid = h.dump()[1]['eng']['gid']
    h.sync()
    os.unlink(os.path.join(h.state, 'registry.db'))
    h.kept(78, 'registry import')
    os.unlink(os.path.join(h.state, 'registry.db'))
    has(h.ctl('registry', 'import', os.path.join(h.state, 'directory.snapshot')), '4 ids')
    h.sync()
    same(uids(h), before)
    same(h.dump()[1]['eng']['gid'], gid)


@test
def a_registry_import_leaves_everybody_his_home_however_short_the_name_was_that_it_is_of():
    h = files([user(1, 'al@acme.example'), user(2, 'elisabeth@acme.example')], sync__max_removal_percent='100')
    h.sync()
    people = [user(1, 'alice@acme.example'), user(2, 'eli@acme.example')]
    give(h, people)
    h.sync()
    before = {name: u['home'] for name, u in h.dump()[0].items()}
    same(before, {'alice': '/home/al', 'eli': '/home/elisabeth'})
    os.unlink(os.path.join(h.state, 'registry.db'))
    h.ctl('registry', 'import', os.path.join(h.state, 'directory.snapshot'))
    give(h, people + [user(3, 'al@acme.example')])
    h.sync()
    after = {name: u['home'] for name, u in h.dump()[0].items()}
    same(after.pop('al'), f'/home/al-{h.dump()[0]["al"]["uid"]}')  # whose files the other one is
    same(after, before)


@test
def a_registry_import_of_another_org_or_against_other_ids_changes_nothing():
    h = files(EVERYBODY_HERE)
    h.sync()
    snap = os.path.join(h.state, 'directory.snapshot')
    other = files([user(1, 'zed', unixUid=20001)], users__uid_from='unixUid', users__id_range='20000-30000')
    other.sync()
    before = other.ctl('registry', 'list')
    has(other.ctl('registry', 'import', snap, expect=1), 'conflict:', 'nothing was imported')
    same(other.ctl('registry', 'list'), before)
    other.set(okta__org_url='https://other.example')
    has(other.ctl('registry', 'import', snap, expect=1), 'another org')
    has(other.sync(expect=78), 'another org')
    empty = Host(okta__org_url='https://other.example')
    has(empty.ctl('registry', 'import', snap, expect=1), 'another org')
    same(os.listdir(empty.state), [])


def registry(h, *statements):
    """Change it by hand; its generation goes ahead, or it would be refused as an old one."""
    db = sqlite3.connect(os.path.join(h.state, 'registry.db'))
    for q in ("UPDATE meta SET value = value + 1 WHERE key = 'generation'", *statements):
        db.execute(q)
    db.commit()
    db.close()


@test
def a_registry_with_another_uid_or_gid_is_refused_whatever_is_accepted():
    h = files(EVERYBODY_HERE, [group(1, 'eng')], {1: [1, 2, 3]}, groups__match='eng')
    h.sync()
    for name, what in ('ada', 'the uid of ada would change'), ('eng', 'the gid of eng would change'):
        registry(h, f"UPDATE object SET id = id + 1 WHERE name = '{name}'")
        h.kept(78, what, 'registry import', args=('--accept-shrink',))
        registry(h, f"UPDATE object SET id = id - 1 WHERE name = '{name}'")
    h.sync()


@test
def a_registry_that_forgot_who_left_is_refused():
    both = [group(1, 'eng'), group(2, 'ops')]
    for name, users, groups, what in (('ada', EVERYBODY_HERE[1:], both, 'does not know that uid'),
                                      ('ops', EVERYBODY_HERE, both[:1], 'does not know that gid')):
        h = files(EVERYBODY_HERE, both, {1: [2, 3], 2: [2]}, groups__match='eng, ops', sync__max_removal_percent='100')
        h.sync()
        registry(h, f"DELETE FROM object WHERE name = '{name}'")
        give(h, users, groups, {1: [2, 3], 2: [2]})
        h.kept(78, what, f'was given to {name}', args=('--accept-shrink',))


@test
def an_older_registry_is_refused_whatever_is_accepted():
    h = files(EVERYBODY_HERE)
    h.sync()
    with open(os.path.join(h.state, 'registry.db'), 'rb') as f:
        old = f.read()
    give(h, EVERYBODY_HERE + [user(4, 'new@acme.example')])
    h.sync()
    with open(os.path.join(h.state, 'registry.db'), 'wb') as f:
        f.write(old)
    h.kept(78, 'older than', args=('--accept-shrink',))


@test
def a_thousand_random_changes_never_change_or_reuse_an_id():
    rng = random.Random(11)
    h = files([user(0, 'u0')], sync__max_removal_percent='100')
    people, owner, nxt = {}, {}, 1
    for _ in range(40):
        for _ in range(25):
            what = rng.random()
            if what < 0.5 or not people:
                people[nxt] = f'n{rng.randrange(60)}'
                nxt += 1
            elif what < 0.75:
                people.pop(rng.choice(list(people)))
            else:
                people[rng.choice(list(people))] = f'n{rng.randrange(60)}'
        give(h, [user(n, x) for n, x in people.items()] or [user(0, 'u0')])
        h.sync()
        for okta_id, uid in uids(h).items():
            same(owner.setdefault(uid, okta_id), okta_id)
    ids = {}
    for uid, okta_id in owner.items():
        assert ids.setdefault(okta_id, uid) == uid


@test
def a_person_and_a_group_renamed_deleted_and_made_again_in_Okta_itself():
    org = Org()
    h = Host(org, sync__max_removal_percent='60', groups__match='eng, ops')
    h.sync()
    before = h.dump()[0]
    org.admin('PATCH', '/users/bob@acme.example', {'login': 'robert@acme.example'})
    org.admin('DELETE', '/users/grace@acme.example')
    org.admin('PATCH', '/groups/eng', {'name': 'ops'})
    h.sync()
    users, groups, _ = h.dump()
    same(users['robert']['uid'], before['bob']['uid'])
    same(set(groups['ops']['members']), {'ada', 'robert'})
    assert 'grace' not in users and 'eng' not in groups
    org.admin('POST', '/users', {'login': 'grace@acme.example', 'firstName': 'G', 'lastName': 'H', 'groups': [], 'status': 'ACTIVE'})
    h.sync()
    assert h.dump()[0]['grace']['uid'] != before['grace']['uid']


if __name__ == '__main__':
    main()
