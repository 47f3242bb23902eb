#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random changes of the org: what --watch builds from changes equals what a full sync reads.

COUNT (mutations, each seen by three watchers) and SEED come from the environment.
"""
import http.client
import json
import os
import random
import shutil
import signal
import ssl
import sys
import time
import urllib.parse

from watcher import Watch
from world import Host, Org, main, same, test

COUNT = int(os.environ.get('COUNT', '150'))
SEED = int(os.environ.get('SEED', '1'))
BATCH = 15
ATTEMPTS = 4
LOG_PAGES = 20  # of a turn at most; the links of a log in pages of two keep that size
ORG = Org()
APP = '0oanativesecretlogi1'
STATUSES = ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'SUSPENDED', 'DEPROVISIONED']
FIXED = ['linux-users', 'Data Science', 'eng']  # named by the configuration
ENG = ORG.org['group_ids']['eng']
NAMES = ['team-a', 'team-b', 'Team-A', 'eng-1', 'eng-2', 'other', 'sudo', 'x y', 'ops']
LISTS = ['^/api/v1/users\\?(?!.*search=)', f'^/api/v1/apps/{APP}/users', '^/api/v1/groups/.*/users']
MISMATCH = 'changes end in another snapshot than a full sync'
LOG_SCOPES = ['okta.users.read', 'okta.groups.read', 'okta.apps.read', 'okta.logs.read']


class Admin:
    """The stand-in's admin API over one connection."""
    def __init__(self):
        self.c = http.client.HTTPSConnection(urllib.parse.urlsplit(ORG.url).netloc,
                                             context=ssl.create_default_context(cafile=ORG.ca))
        self.used = time.monotonic()

    def __call__(self, method, path, body=None):
        if time.monotonic() - self.used > 2:  # it is closed when nobody speaks for some seconds
            self.c.close()
        self.used = time.monotonic()
        self.c.request(method, '/__admin' + urllib.parse.quote(path), None if body is None else json.dumps(body),
                       {'content-type': 'application/json'})
        r = self.c.getresponse()
        text = r.read()
        if r.status == 400:
            return None  # a name that is taken, a transition that is none: no mutation
        if r.status >= 300:
            raise RuntimeError(f'{method} {path}: {r.status} {text!r}')
        return json.loads(text) if text else {}


class World:
    """What there is to mutate."""
    total = 0

    def __init__(self, rng, admin):
        self.rng, self.admin = rng, admin
        self.users, self.groups, self.n, self.lost, self.may_lose = [], {}, World.total, False, True
        for name in FIXED:
            self.groups[ORG.org['group_ids'][name]] = name
        while len(self.users) < 5:
            self.create()
        # somebody who stays in each scope: a scope that becomes empty is braked, as it should be
        anchor = admin('POST', '/users', {'login': f'anchor{World.total}@acme.example', 'groups': ['linux-users']})
        admin('PUT', f'/apps/{APP}/users/{anchor["id"]}')

    def user(self):
        return self.rng.choice(self.users)

    def group(self):
        return self.rng.choice(list(self.groups))

    def login(self):
        self.n = World.total = self.n + 1
        name = self.rng.choice([f'p{self.n}', f'P{self.n}', f'same{self.n % 7}', f'9{self.n}', 'root'])
        return f'{name}@{self.rng.choice(["acme.example"] * 4 + ["partner.example"])}'

    def create(self):
        made = self.admin('POST', '/users', {
            'login': self.login(), 'status': self.rng.choice(STATUSES),
            'groups': self.rng.sample(FIXED, self.rng.randrange(3))})
        if made:
            self.users.append(made['id'])
        return made

    def rename(self):
        return self.admin('PATCH', '/users/' + self.user(), {'login': self.login()})

    def profile(self):
        return self.admin('PATCH', '/users/' + self.user(), {'profile': {'displayName': f'Name {self.rng.random()}'}})

    def status(self):
        return self.admin('PATCH', '/users/' + self.user(), {'status': self.rng.choice(STATUSES[1:])})  # nobody becomes STAGED

    def delete(self):
        if len(self.users) < 4 or not self.may_lose:
            return None
        self.lost = True
        return self.admin('DELETE', '/users/' + self.users.pop(self.rng.randrange(len(self.users))))

    def join(self):
        return self.admin('PUT', f'/groups/{self.group()}/members/{self.user()}')

    def leave(self):
        return self.admin('DELETE', f'/groups/{self.group()}/members/{self.user()}')

    def make_group(self):
        made = self.admin('POST', '/groups', {'name': self.rng.choice(NAMES)})
        if made:
            self.groups[made['id']] = None
        return made

    def rename_group(self):
        free = [k for k, v in self.groups.items() if v is None]
        return free and self.admin('PATCH', '/groups/' + self.rng.choice(free), {'name': self.rng.choice(NAMES)})

    def drop_group(self):
        free = [k for k, v in self.groups.items() if v is None]
        if not free or not self.may_lose:
            return None
        self.lost = True
        gone = self.rng.choice(free)
        del self.groups[gone]
        return self.admin('DELETE', '/groups/' + gone)

    def assign(self):
        return self.admin(self.rng.choice(['PUT', 'DELETE']), f'/apps/{APP}/users/{self.user()}')

    def assign_group(self):
        return self.admin(self.rng.choice(['PUT', 'DELETE']), f'/apps/{APP}/groups/{self.rng.choice(FIXED[:2])}')

    def switch(self):
        """How Okta answers, within what it may."""
        return self.admin('PATCH', '/switches', {
            'page_size_cap': self.rng.choice([0, 0, 2, 5]), 'short_pages': self.rng.choice(['off', 'short', 'empty']),
            'link_header': self.rng.choice(['separate', 'folded']), 'header_case': self.rng.choice(['lower', 'mixed']),
            'log_repeat': self.rng.random() < 0.3, 'log_reverse': self.rng.random() < 0.3,
            'group_delete_member_events': self.rng.random() < 0.5})

    def fault(self):
        """Something goes wrong on the way, as often as it may before a run is given up, and oftener."""
        return self.admin('POST', '/faults', {
            'path': self.rng.choice(['^/api/v1/users', '^/api/v1/groups', '^/api/v1/apps', '^/api/v1/logs', '^/api/v1/',
                                     '^/oauth2/v1/token']),
            'kind': 'status', 'status': self.rng.choice([500, 503, 400, 401]), 'times': self.rng.choice([1, 2, 5])}
            if self.rng.random() < 0.5 else
            {'path': '^/api/v1/', 'kind': self.rng.choice(['drop', 'garbage', 'truncate', 'html', 'rate_limit']),
             'delay_ms': 100, 'times': self.rng.choice([1, 2])})

    def mutate(self):
        what = self.rng.choices(
            [self.create, self.rename, self.profile, self.status, self.delete, self.join, self.leave, self.make_group,
             self.rename_group, self.drop_group, self.assign, self.assign_group, self.switch, self.fault],
            [9, 4, 4, 8, 3, 9, 7, 2, 3, 1, 5, 1, 1, 2])[0]
        return bool(what())


class Watched:
    """One host under --watch; the same configuration read whole beside it; ids seen so far."""
    def __init__(self, log, **keys):
        self.host = Host(ORG, groups__match='linux-users, eng*, team-*, Team-*', sync__max_removal_percent='100',
                         sync__interval_s='3600', **keys)
        self.watch = Watch(self.host)
        self.full = Host(ORG)
        self.full.use_ssws()
        for k in ('groups.match', 'sync.max_removal_percent', 'sync.scope', 'sync.scope_groups', 'sync.app_id'):
            if k in self.host.keys:
                self.full.keys[k] = self.host.keys[k]
        self.id_of, self.owner_of, self.refusals, self.has_log = {}, {}, 0, log

    def kill(self, rng):
        """kill -9 of one of the three processes at a random moment of a turn; a full one goes on afterwards."""
        self.watch.send(rng.choice([signal.SIGUSR1, signal.SIGUSR2]))
        time.sleep(rng.random() * 0.06)
        pids = [self.watch.p.pid] + self.watch.children()
        victim = rng.choice(pids)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return
        if victim == pids[0]:
            self.watch.p.wait()
            self.watch = Watch(self.host, wait=False)
            self.refusals = 0
            self.watch.tells('READY=1')

    def read_beside(self, rng):
        """Everything is read while the next mutations are made: some page of it waits for them."""
        ORG.fault(path=rng.choice(LISTS), kind='hold', times=1, skip=rng.randrange(8))
        self.watch.send(signal.SIGUSR1)

    def read_whole(self):
        shutil.copy(os.path.join(self.host.state, 'registry.db'), self.full.state)
        for name in ('directory.snapshot', 'sync-base'):
            path = os.path.join(self.full.state, name)
            if os.path.exists(path):
                os.unlink(path)
        self.full.sync()

    def check_ids(self, users, groups):
        for okta_id, number in [(u['okta_id'], u['uid']) for u in users.values()] + \
                               [(g['okta_id'], g['gid']) for g in groups.values() if g.get('okta_id') and g.get('gid')]:
            same(self.id_of.setdefault(okta_id, number), number)
            same(self.owner_of.setdefault(number, okta_id), okta_id)

    def differences(self, mine, whole):
        yield f'{MISMATCH}, scope {self.host.keys.get("sync.scope", "all")}'
        for a, b in zip(mine, whole):
            for k in sorted(set(a) | set(b)):
                if a.get(k) != b.get(k):
                    yield f'  changes: {a.get(k)}'
                    yield f'  full:    {b.get(k)}'

    def turn(self, number):
        """Ask for one turn; whether there was more in the log than a turn reads."""
        if self.watch.text().count('System Log cannot be read') > self.refusals:
            self.refusals = self.watch.text().count('System Log cannot be read')
            if number == signal.SIGUSR2 and self.has_log:  # a fault refused it; it would be tried again in an hour
                self.watch.send(signal.SIGHUP)
                self.watch.tells('READY=1', self.watch.count_told('READY=1') + 1)
        ORG.admin('DELETE', '/log')
        self.watch.ask(number)
        return sum(x['path'].startswith('/api/v1/logs') for x in ORG.log()) >= LOG_PAGES

    def check(self, number):
        """A turn that ran while something was changed, or left some of the log unread, is followed by another; then
        they are equal.  Returns how many it took."""
        turns = done = 0
        while True:
            turns += 1
            done += not self.turn(number)
            self.read_whole()
            mine, whole = self.host.dump()[:2], self.full.dump()[:2]
            if mine == whole:
                self.check_ids(*mine)
                return turns
            if done == ATTEMPTS:
                asked = [f"{x['status']} {x['path']}" for x in ORG.log()[-60:]]
                raise AssertionError('\n'.join([*asked, *self.watch.lines[-40:], *self.differences(mine, whole)]))


def scopes(log):
    ORG.switch(granted_scopes=LOG_SCOPES[:4 if log else 3])


def quiet():
    ORG.admin('DELETE', '/faults')


def walk(count, seed, log, mutant=None):
    """COUNT mutations in batches; after each the watchers must equal full syncs.  MUTANT is how Okta errs."""
    rng, admin = random.Random(seed), Admin()
    ORG.switch(refuse_duplicate_group_names=False, **(mutant or {}))
    scopes(log)
    world = World(rng, admin)
    for name in ('Everyone', 'Data Science'):
        admin('DELETE', f'/apps/{APP}/groups/{name}')
    admin('PUT', f'/apps/{APP}/groups/linux-users')
    hosts = [Watched(log), Watched(log, sync__scope='groups', sync__scope_groups=f'linux-users, {ENG}'),
             Watched(log, sync__scope='app', sync__app_id=APP)]
    done, most, began = 0, 0, time.monotonic()
    try:
        while done < count:
            # without the log what is deleted is found by a full sync only: most batches delete nothing
            world.lost, world.may_lose = False, log or rng.random() < 0.25
            if rng.random() < 0.3:
                rng.choice(hosts).read_beside(rng)
            for i in range(BATCH):
                done += world.mutate()
                if i == BATCH // 2:
                    for h in hosts:
                        h.watch.send(signal.SIGUSR2)
            if rng.random() < 0.3:
                rng.choice(hosts).kill(rng)
            # a fault may be hit by any turn; what it breaks must be made good afterwards
            for h in hosts:
                h.watch.send(signal.SIGUSR2)
            time.sleep(0.05)
            quiet()
            for h in hosts:
                most = max(most, h.check(signal.SIGUSR1 if world.lost and not log else signal.SIGUSR2))
    finally:
        beside = sum(h.watch.count_told('STATUS=publishing what was read') for h in hosts)
        for h in hosts:
            h.watch.p.kill()
        quiet()
        ORG.switch(log_omit=[], search_delay_ms=0, page_size_cap=0, short_pages='off', link_header='separate', header_case='lower',
                   log_repeat=False, log_reverse=False)
    print(f'# seed {seed}: {done} mutations, three scopes each, log {"on" if log else "off"}, '
          f'equal after {most} turns at most, {beside} of the last watchers\' full ones beside changes, {time.monotonic() - began:.0f} s', flush=True)


@test
def with_the_log_changes_end_in_the_same_snapshot_as_a_full_sync_and_no_id_changes_or_comes_again():
    walk(COUNT // 2, SEED, True)


@test
def without_the_log_changes_end_in_the_same_snapshot_as_a_full_sync_and_no_id_changes_or_comes_again():
    walk(COUNT - COUNT // 2, SEED + 1, False)


def caught(log, mutant):
    try:
        walk(600, SEED + 2, log, mutant)
    except AssertionError as e:
        assert MISMATCH in str(e), e  # the two snapshots differ: nothing else went wrong
        return
    raise RuntimeError(f'nobody missed {mutant}')


@test
def the_same_walk_catches_a_log_that_drops_one_kind_of_event():
    kinds = ['group.user_membership.remove', 'user.lifecycle.suspend', 'user.account.update_profile']
    for kind in kinds if COUNT >= 1000 else kinds[:1]:
        caught(True, {'log_omit': [kind]})


@test
def the_same_walk_catches_a_search_index_that_does_not_catch_up():
    caught(False, {'search_delay_ms': 3600000})


if __name__ == '__main__':
    try:
        main()
    finally:
        Watch.end_all()
        sys.stdout.flush()
